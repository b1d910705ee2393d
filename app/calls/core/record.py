"""The call detail record: derived from the named instants of an ended call, never from counters."""

from datetime import datetime

from app.calls.core.model import Call, Leg
from app.facts.calls import CdrRecord
from app.facts.vocabulary import Disposition, RecordingState


def seconds_between(start: datetime | None, end: datetime | None) -> float:
    """Seconds from one instant to another; 0 when either is unknown or they are the wrong way round."""
    if start is None or end is None:
        return 0.0
    return max(0.0, round((end - start).total_seconds(), 3))


def talk_seconds(call: Call) -> float:
    """How long both parties could talk: from the connection until the first of those who talked last was gone."""
    ends = [leg.ended_at for leg in call.seats if leg is not None and leg.ended_at is not None]
    return seconds_between(call.connected_at, min(ends, default=None))


def ring_seconds(leg: Leg) -> float:
    """How long a leg rang or was tried: from dialling to the answer, else to its end."""
    return seconds_between(leg.dialing_at, leg.answered_at or leg.ended_at)


def deciding_leg(call: Call) -> Leg:
    """The leg that was tried last: the one whose ringing the record tells."""
    first_talk = [leg for leg in call.legs[:2] if leg.dialing_at is not None]
    return first_talk[-1] if first_talk else call.legs[0]


def make_record(call: Call, *, record_id: str, ended_at: datetime, disposition: Disposition) -> CdrRecord:
    """The record of a call whose end is known."""
    if call.end_reason is None:
        msg = "a record needs an end reason"
        raise ValueError(msg)
    decider = deciding_leg(call)
    agent, customer = call.seats
    return CdrRecord(
        id=record_id,
        call_id=call.id,
        kind=call.kind,
        direction=call.direction,
        disposition=disposition,
        end_reason=call.end_reason,
        source=call.source,
        unique_id=call.unique_id,
        created_at=call.created_at,
        ringing_at=decider.ringing_at,
        answered_at=decider.answered_at,
        connected_at=call.connected_at,
        ended_at=ended_at,
        ring_seconds=ring_seconds(decider),
        talk_seconds=talk_seconds(call),
        duration_seconds=seconds_between(call.created_at, ended_at),
        agent=(agent or call.legs[0]).party,
        customer=(customer or call.legs[-1]).party,
        agent_id=call.agent_id,
        agent_name=call.agent_name,
        extension=call.extension,
        dialled_number=call.dialled_number,
        caller_id=call.caller_id,
        caller_id_name=call.caller_id_name,
        trunk_id=call.trunk_id,
        external_id=call.external_id,
        request_id=call.request_id,
        dtmf=call.dtmf or None,
        recording_ids=tuple(one.id for one in call.recordings if one.state is not RecordingState.FAILED),
        metadata=call.metadata,
        tags=call.tags,
        is_sandbox=call.is_sandbox,
    )
