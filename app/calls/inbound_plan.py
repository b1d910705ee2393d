"""From a call that has come in, and what the account's rows say, to a call that can be started. Pure."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Final, assert_never

from app.calls.arrival import Arrival
from app.calls.core.model import Call, Leg, Outcome
from app.calls.plan import Defaults, trunk_endpoint
from app.calls.queue_plan import wait_in
from app.facts.vocabulary import CallKind, Direction, Disposition, EndCode, EndParty, EndReason, LegRole, Party
from app.ids import CallId, Kind, LegId
from app.numbers.policy import Denied, evaluate
from app.routing.model import OriginateResolution
from app.routing.stops import Stop
from app.routing.targets import ToAgent, ToExtension, ToNumber, ToQueue
from app.routing.ways_in import WayIn, read_number

_DIGITS: Final = re.compile(r"\+?[0-9]{1,32}", re.ASCII)
_LONGEST_NAME: Final = 80
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f\"<>\\]")
_ANONYMOUS: Final = "Anonymous"


def read_caller(arrival: Arrival, *, default_region: str) -> Party:
    """Who calls, as far as the network says; anonymous without a number."""
    name = _UNPRINTABLE.sub("", arrival.caller_name)[:_LONGEST_NAME].strip() or None
    if _DIGITS.fullmatch(arrival.caller_number) is None:
        return Party(is_anonymous=True)
    return Party(number=read_number(arrival.caller_number, default_region=default_region), display=name)


def plan_inbound(
    arrival: Arrival,
    way: WayIn,
    *,
    node: str,
    now: datetime,
    defaults: Defaults,
    make_id: Callable[[Kind], str],
) -> Call:
    """The call, ready to be started; without anybody to ring it says how it came out (``best_failure``)."""
    caller = read_caller(arrival, default_region=way.default_region)
    customer = Leg(
        id=LegId(make_id(Kind.LEG)),
        role=LegRole.CUSTOMER,
        party=caller,
        endpoint=f"PJSIP/{arrival.endpoint}",
        ring_seconds=0.0,
        shown_number=way.dialled,
        channel_id=arrival.channel_id,
        channel_name=arrival.channel_name,
    )
    legs: list[Leg] = []
    failure = None if way.has_route else _outcome(Disposition.INVALID_NUMBER, EndCode.INVALID_NUMBER)
    for stop in way.stops:
        found = _legs_of(stop, caller, defaults, make_id)
        if isinstance(found, Outcome):
            failure = failure or found
        else:
            legs += found
    has_somebody = bool(legs) or way.queue is not None
    people = {(leg.agent_id, leg.party.display, leg.party.extension) for leg in legs}
    agent_id, agent_name, extension = people.pop() if len(people) == 1 else (None, None, None)
    return Call(
        id=CallId(make_id(Kind.CALL)),
        account_id=way.account_id,
        node=node,
        kind=CallKind.INBOUND,
        direction=Direction.INBOUND,
        legs=(customer, *legs),
        planned=1 + len(legs),
        best_failure=None if has_somebody else failure or _outcome(Disposition.UNREACHABLE, EndCode.UNREACHABLE),
        queue=None if way.queue is None else wait_in(way.queue),
        created_at=now,
        max_duration_seconds=defaults.max_duration_seconds,
        is_sandbox=way.is_sandbox,
        agent_id=agent_id,
        agent_name=agent_name,
        extension=extension,
        dialled_number=way.dialled,
        caller_id=caller.number,
        caller_id_name=caller.display,
        trunk_id=way.trunk_id,
        cdr_id=make_id(Kind.CDR),
    )


def _legs_of(stop: Stop, caller: Party, defaults: Defaults, make_id: Callable[[Kind], str]) -> list[Leg] | Outcome:
    """The phones of somebody who may be rung, or why there are none."""
    match stop.target:
        case ToAgent() | ToExtension():
            return _phones(stop, caller, defaults, make_id)
        case ToNumber():
            return _outside(stop, stop.target, caller, defaults, make_id)
        case ToQueue():
            return _outcome(
                Disposition.UNREACHABLE, EndCode.UNREACHABLE
            )  # it is gone, or comes after a ring group: those do not lead into one
        case _:
            assert_never(stop.target)


def _phones(stop: Stop, caller: Party, defaults: Defaults, make_id: Callable[[Kind], str]) -> list[Leg] | Outcome:
    person = stop.found.connect
    if person is None or not person.endpoints:
        return _outcome(Disposition.UNREACHABLE, EndCode.UNREACHABLE)
    return [
        Leg(
            id=LegId(make_id(Kind.LEG)),
            role=LegRole.AGENT,
            party=Party(extension=person.number, display=person.agent_name),
            endpoint=f"PJSIP/{endpoint}",
            ring_seconds=stop.ring_seconds or defaults.agent_ring_seconds,
            shown_number=caller.number,
            shown_name=_ANONYMOUS if caller.is_anonymous else caller.display,
            wave=stop.wave,
            agent_id=person.agent_id,
        )
        for endpoint in person.endpoints
    ]


def _outside(
    stop: Stop, target: ToNumber, caller: Party, defaults: Defaults, make_id: Callable[[Kind], str]
) -> list[Leg] | Outcome:
    found = stop.found
    if found.trunk is None or found.caller_id is None:
        return _outcome(Disposition.UNREACHABLE, EndCode.UNREACHABLE)
    if not _is_allowed(target, found):
        return _outcome(Disposition.REJECTED, EndCode.REJECTED)
    # Over a trunk only the account's own number may be shown, not the caller's.
    return [
        Leg(
            id=LegId(make_id(Kind.LEG)),
            role=LegRole.AGENT,
            party=Party(number=target.number),
            endpoint=trunk_endpoint(found.trunk, target.number),
            ring_seconds=stop.ring_seconds or defaults.customer_ring_seconds,
            shown_number=found.caller_id.number,
            shown_name=caller.display,
            wave=stop.wave,
        )
    ]


def _is_allowed(target: ToNumber, found: OriginateResolution) -> bool:
    """As for a call that is placed: the account's destination policy."""
    shown = None if found.caller_id is None else found.caller_id.number
    return not isinstance(evaluate(target.number, found.rules, caller_id=shown), Denied)


def _outcome(disposition: Disposition, code: EndCode) -> Outcome:
    return Outcome(disposition=disposition, end_reason=EndReason(code=code, party=EndParty.SYSTEM))
