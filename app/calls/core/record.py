"""The call detail record: derived from the named instants of an ended call, never from counters."""

from collections.abc import Sequence
from datetime import datetime

from app.calls.core.model.call import Call
from app.calls.core.model.leg import Leg, Place
from app.facts.calls import CdrRecord
from app.facts.vocabulary import Disposition, LegRole, Party, Quality, RecordingState


def seconds_between(start: datetime | None, end: datetime | None) -> float:
    """Seconds from one instant to another; 0 when either is unknown or they are the wrong way round."""
    if start is None or end is None:
        return 0.0
    return max(0.0, round((end - start).total_seconds(), 3))


def talk_seconds(call: Call) -> float:
    """How long both parties could talk: from the connection until the first of those who talked last was gone."""
    ends = [leg.ended_at for leg in call.seats if leg is not None and leg.ended_at is not None]
    return seconds_between(call.connected_at, min(ends, default=None))


def deciding_legs(call: Call) -> tuple[Leg, ...]:
    """The legs of the side that was tried last: those whose ringing the record tells."""
    dialled = [leg for leg in call.legs[: call.planned] if leg.dialing_at is not None]
    tried = call.candidates(dialled[-1] if dialled else call.legs[0])
    if call.queue is not None and _answered_at(call, tried) is None:
        return call.candidates(call.leg_of(LegRole.CUSTOMER))  # it went to a queue, and nobody of these mattered
    return tried


def ringing_at(legs: Sequence[Leg], answered_at: datetime | None) -> datetime | None:
    """When the first of them rang, before one answered if one did."""
    instants = [leg.ringing_at for leg in legs if leg.ringing_at is not None]
    return min((one for one in instants if answered_at is None or one <= answered_at), default=None)


def ring_seconds(call: Call) -> float:
    """How long who was tried last rang or was tried: from the first dialling to the answer, else to the last's end."""
    legs = deciding_legs(call)
    began = [leg.dialing_at for leg in legs if leg.dialing_at is not None]
    ended = [leg.ended_at for leg in legs if leg.ended_at is not None]
    return seconds_between(min(began, default=None), _answered_at(call, legs) or max(ended, default=None))


def _answered_at(call: Call, legs: Sequence[Leg]) -> datetime | None:
    """When they answered: of several, by the one that was let in."""
    seats = (call.agent_leg_id, call.customer_leg_id)
    heard = [leg for leg in legs if len(legs) == 1 or leg.place is not Place.NOWHERE or leg.id in seats]
    return next((leg.answered_at for leg in heard if leg.answered_at is not None), None)


def worst_quality(call: Call) -> Quality | None:
    """How the leg sounded that sounded worst; None when nothing is known of any."""
    known = [leg.quality for leg in call.legs if leg.quality is not None]
    return min(known, key=lambda quality: quality.mos, default=None)


def _customer_of(call: Call, seated: Leg) -> Leg:
    """Whom the call was for: when a participant went on in the customer's place, still the customer."""
    if any(one.leg_id == seated.id for one in call.participants):
        return next(leg for leg in call.legs if leg.role is LegRole.CUSTOMER)
    return seated


def make_record(call: Call, *, record_id: str, ended_at: datetime, disposition: Disposition) -> CdrRecord:
    """The record of a call whose end is known."""
    if call.end_reason is None:
        msg = "a record needs an end reason"
        raise ValueError(msg)
    deciders = deciding_legs(call)
    answered_at = _answered_at(call, deciders)
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
        ringing_at=ringing_at(deciders, answered_at),
        answered_at=answered_at,
        connected_at=call.connected_at,
        ended_at=ended_at,
        ring_seconds=ring_seconds(call),
        talk_seconds=talk_seconds(call),
        duration_seconds=seconds_between(call.created_at, ended_at),
        agent=Party() if agent is None else agent.party,
        customer=Party() if customer is None else _customer_of(call, customer).party,
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
        quality=worst_quality(call),
        queue_id=None if call.queue is None else call.queue.queue_id,
        queue_wait_seconds=None if call.queue is None else call.queue.wait_seconds,
        errand=call.errand,
        ring_group_id=_ring_group_of(call),
    )


def _ring_group_of(call: Call) -> str | None:
    """The ring group whose member answered last, else the one that was rung last."""
    rung = [leg for leg in call.legs if leg.ring_group_id is not None and leg.dialing_at is not None]
    last = max(rung, key=lambda leg: (leg.answered_at is not None, leg.answered_at or leg.dialing_at), default=None)
    return None if last is None else last.ring_group_id
