"""From the members of a ring group, as the account's rows have them, to the legs that ring for it. Pure."""

from collections.abc import Callable, Sequence
from typing import assert_never

import msgspec

from app.calls.core.model import Leg
from app.calls.plan import Defaults, several, trunk_endpoint
from app.errors import Problem, RefusedError
from app.facts.vocabulary import Party
from app.ids import Kind, LegId
from app.numbers.policy import Denied, evaluate
from app.routing.model import OriginateResolution
from app.routing.stops import Stop
from app.routing.targets import ToAgent, ToExtension, ToNumber, ToQueue


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
) -> tuple[Leg, ...]:
    """The legs for everybody in the group who has a phone, in their waves; a phone rings once in a wave.

    Args:
        stops: Who is meant.
        pattern: What all the legs have in common: role, and what is shown.
        ring_seconds: How long each rings, whatever the group says; None leaves it to the group.
        found: The call's own trunk, caller id and rules: those who are reached outside are dialled with these.
        defaults: For those of whom nobody says how long they ring.
        make_id: Makes new ids.
        field: The path of the input that names the group.
        is_test: Whether a test key asks, which reaches the sandbox only.

    Raises:
        RefusedError: AGENT_OFFLINE, when nobody in the group can be rung.
    """
    legs: list[Leg] = []
    for stop in stops:
        one = msgspec.structs.replace(pattern, wave=stop.wave)
        match stop.target:
            case ToAgent() | ToExtension():
                seconds = ring_seconds or stop.ring_seconds or defaults.agent_ring_seconds
                new = _inside(stop, msgspec.structs.replace(one, ring_seconds=seconds), make_id)
            case ToNumber():
                seconds = ring_seconds or stop.ring_seconds or defaults.customer_ring_seconds
                replaced = msgspec.structs.replace(one, ring_seconds=seconds)
                new = () if is_test and not _is_sandbox(found) else _outside(stop.target, replaced, found, make_id)
            case ToQueue():
                new = ()  # whoever places a call does not wait in a queue
            case _:
                assert_never(stop.target)
        taken = {leg.endpoint for leg in legs if leg.wave == stop.wave}
        legs += [leg for leg in new if leg.endpoint not in taken]
    if not legs:
        raise RefusedError(Problem("AGENT_OFFLINE", "Nobody in the ring group has a phone.", field))
    return tuple(legs)


def _is_sandbox(found: OriginateResolution) -> bool:
    return found.trunk is not None and found.trunk.is_sandbox


def _inside(stop: Stop, pattern: Leg, make_id: Callable[[Kind], str]) -> tuple[Leg, ...]:
    person = stop.found.connect
    if person is None or not person.endpoints:
        return ()
    one = msgspec.structs.replace(
        pattern,
        party=Party(extension=person.number, display=person.agent_name),
        endpoint=f"PJSIP/{person.endpoints[0]}",
        agent_id=person.agent_id,
    )
    return several(one, person, make_id)


def _outside(
    target: ToNumber,
    pattern: Leg,
    found: OriginateResolution,
    make_id: Callable[[Kind], str],
) -> tuple[Leg, ...]:
    trunk, caller_id = found.trunk, found.caller_id
    if trunk is None or caller_id is None:
        return ()
    if isinstance(evaluate(target.number, found.rules, caller_id=caller_id.number), Denied):
        return ()
    leg = msgspec.structs.replace(
        pattern,
        id=LegId(make_id(Kind.LEG)),
        party=Party(number=target.number),
        endpoint=trunk_endpoint(trunk, target.number),
        # Over a trunk only the account's own number may be shown.
        shown_number=caller_id.number,
    )
    return (leg,)
