"""From those whom a target means, as the account's rows have them, to the legs that ring for it. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import assert_never

import msgspec

from app.calls.core.model.leg import Leg
from app.calls.planning.plan import Defaults, over_trunk, several
from app.errors import Problem, RefusedError
from app.facts.vocabulary import Party
from app.ids import Kind, LegId
from app.numbers.parse import E164
from app.numbers.policy import Denied, evaluate
from app.routing.model import OriginateResolution
from app.routing.stops import Stop, flow_in, queue_in
from app.routing.targets import (
    ToAgent,
    ToAnnouncement,
    ToCallFlow,
    ToDialplan,
    ToExtension,
    ToMediaStream,
    ToNumber,
    ToQueue,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """The legs, in their waves. ``is_denied``: somebody is left out whom the destination policy does not allow."""

    legs: tuple[Leg, ...]
    is_denied: bool = False


def rung(
    stops: Sequence[Stop],
    pattern: Leg,
    *,
    ring_seconds: float | None,
    defaults: Defaults,
    make_id: Callable[[Kind], str],
    found: OriginateResolution | None = None,
    is_test: bool = False,
    outside_name: str | None = None,
) -> Rung:
    """The legs for everybody who has a phone, in their waves; a phone rings once in a wave.

    Args:
        stops: Who is meant. A queue or a flow among them is for whoever plans the call: nobody is rung for it yet.
        pattern: What all the legs have in common: role, and what is shown.
        ring_seconds: How long each rings, whatever the group says; None leaves it to the group.
        defaults: For those of whom nobody says how long they ring.
        make_id: Makes new ids.
        found: The call's own trunk, caller id and rules, with which those are dialled who are reached outside; None:
            with the account's.
        is_test: Whether a test key asks, which reaches the sandbox only.
        outside_name: What those see who are reached outside, beside the account's own number: never the pattern's name.
    """
    legs: list[Leg] = []
    is_denied = False
    for stop in stops:
        one = msgspec.structs.replace(pattern, wave=stop.wave, ring_group_id=stop.group_id)
        match stop.target:
            case ToAgent() | ToExtension():
                seconds = ring_seconds or stop.ring_seconds or defaults.agent_ring_seconds
                new = _inside(stop, msgspec.structs.replace(one, ring_seconds=seconds), make_id)
            case ToNumber(number=number):
                seconds = ring_seconds or stop.ring_seconds or defaults.customer_ring_seconds
                ways = found or stop.found
                is_denied |= not _is_allowed(number, ways)
                is_closed = is_test and not _is_sandbox(ways)
                outside = msgspec.structs.replace(one, ring_seconds=seconds, shown_name=outside_name)
                new = () if is_closed else _outside(number, outside, ways)
            case ToQueue() | ToCallFlow() | ToAnnouncement() | ToMediaStream() | ToDialplan():
                new = ()
            case _:
                assert_never(stop.target)
        taken = {leg.endpoint for leg in legs if leg.wave == stop.wave}
        legs += [msgspec.structs.replace(leg, id=LegId(make_id(Kind.LEG))) for leg in new if leg.endpoint not in taken]
    return Rung(legs=tuple(legs), is_denied=is_denied)


def group_legs(
    stops: Sequence[Stop],
    pattern: Leg,
    *,
    ring_seconds: float | None,
    found: OriginateResolution,
    defaults: Defaults,
    make_id: Callable[[Kind], str],
    field: tuple[str, ...],
    is_test: bool = False,
    outside_name: str | None = None,
) -> tuple[Leg, ...]:
    """The legs of a ring group that somebody asked for, as :func:`rung`; none when it leads to one of those at once.

    Raises:
        RefusedError: AGENT_OFFLINE, when nobody in the group can be rung: ``field`` is of the input that names it.
    """
    legs = rung(
        stops,
        pattern,
        ring_seconds=ring_seconds,
        defaults=defaults,
        make_id=make_id,
        found=found,
        is_test=is_test,
        outside_name=outside_name,
    ).legs
    if not legs and queue_in(stops) is None and flow_in(stops) is None:
        raise RefusedError(Problem("AGENT_OFFLINE", "Nobody in the ring group has a phone.", field))
    return legs


def _is_sandbox(found: OriginateResolution) -> bool:
    return found.trunk is not None and found.trunk.is_sandbox


def _is_allowed(number: E164, found: OriginateResolution) -> bool:
    """As for a call that is placed: the account's destination policy."""
    shown = None if found.caller_id is None else found.caller_id.number
    return not isinstance(evaluate(number, found.rules, caller_id=shown), Denied)


def _inside(stop: Stop, pattern: Leg, make_id: Callable[[Kind], str]) -> tuple[Leg, ...]:
    person = stop.found.connect
    if person is None or not person.endpoints:
        return ()
    party = Party(extension=person.number, display=person.agent_name)
    return several(msgspec.structs.replace(pattern, party=party), person, make_id)


def _outside(number: E164, pattern: Leg, found: OriginateResolution) -> tuple[Leg, ...]:
    if found.trunk is None or found.caller_id is None or not _is_allowed(number, found):
        return ()
    # Over a trunk only the account's own number may be shown.
    leg = msgspec.structs.replace(pattern, party=Party(number=number), shown_number=found.caller_id.number)
    return (over_trunk(leg, number, found),)
