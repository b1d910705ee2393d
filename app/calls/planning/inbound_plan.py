"""From a call that has come in, and what the account's rows say, to a call that can be started. Pure."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Final

import msgspec

from app.calls.arrival import Arrival
from app.calls.core.lifetimes import allowance
from app.calls.core.model.call import Call, Outcome
from app.calls.core.model.leg import Leg
from app.calls.planning.flow_plan import optional_run_of
from app.calls.planning.group_plan import rung
from app.calls.planning.plan import NO_ID, Defaults, recordings_of
from app.calls.planning.queue_plan import wait_in
from app.facts.vocabulary import (
    CallKind,
    Direction,
    Disposition,
    EndCode,
    EndParty,
    EndReason,
    LegRole,
    Party,
    RecordingMode,
)
from app.ids import CallId, Kind, LegId
from app.resources.shown_names import clean_shown_name
from app.routing.ways_in import WayIn, read_number

_DIGITS: Final = re.compile(r"\+?[0-9]{1,32}", re.ASCII)
_ANONYMOUS: Final = "Anonymous"


def read_caller(arrival: Arrival, *, default_region: str) -> Party:
    """Who calls, as far as the network says; anonymous without a number."""
    name = clean_shown_name(arrival.caller_name)
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
        trunk_id=way.trunk_id,
        is_counted=way.max_channels is not None,
        role=LegRole.CUSTOMER,
        party=caller,
        endpoint=f"PJSIP/{arrival.endpoint}",
        ring_seconds=0.0,
        shown_number=way.dialled,
        channel_id=arrival.channel_id,
        channel_name=arrival.channel_name,
    )
    pattern = Leg(
        id=NO_ID,
        role=LegRole.AGENT,
        party=Party(),
        endpoint="",
        ring_seconds=0.0,
        shown_number=caller.number,
        shown_name=_ANONYMOUS if caller.is_anonymous else caller.display,
    )
    found = rung(way.stops, pattern, ring_seconds=None, defaults=defaults, make_id=make_id)
    legs = found.legs
    wait = None if way.queue is None else wait_in(way.queue)
    flow = optional_run_of(way.flow)
    has_somebody = bool(legs) or wait is not None or flow is not None
    if not way.has_route:
        failure = _outcome(Disposition.INVALID_NUMBER, EndCode.INVALID_NUMBER)
    elif found.is_denied:
        failure = _outcome(Disposition.REJECTED, EndCode.REJECTED)
    else:
        failure = _outcome(Disposition.UNREACHABLE, EndCode.UNREACHABLE)
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
        best_failure=None if has_somebody else failure,
        queue=None if legs else wait,
        next_queue=wait if legs else None,
        flow=None if legs else flow,
        next_flow=flow if legs else None,
        created_at=now,
        recording_mode=way.recording_mode,
        recordings=recordings_of(way.recording_mode, now, make_id),
        max_duration_seconds=defaults.max_duration_seconds,
        # Whoever is rung outside for a call that came in talks as soon as it answers, limits or not.
        allowance_seconds=allowance(defaults.max_duration_seconds, None),
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


def without_room(call: Call) -> Call:
    """The call as it is when its trunk has as many as it may: nobody is rung for it, and the network hears why."""
    caller = msgspec.structs.replace(call.legs[0], trunk_id=None, is_counted=False)  # it has no channel of the trunk's
    failure = _outcome(Disposition.CONGESTION, EndCode.TRUNK_FULL)
    return msgspec.structs.replace(
        call,
        legs=(caller,),
        planned=1,
        best_failure=failure,
        queue=None,
        next_queue=None,
        flow=None,
        next_flow=None,
        agent_id=None,
        agent_name=None,
        extension=None,
        recording_mode=RecordingMode.OFF,
        recordings=(),
    )


def _outcome(disposition: Disposition, code: EndCode) -> Outcome:
    return Outcome(disposition=disposition, end_reason=EndReason(code=code, party=EndParty.SYSTEM))
