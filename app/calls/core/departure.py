"""A leg is gone: what is said of it, and what follows for the call, by what the leg was for."""

from datetime import datetime

from app.calls.core import conference, ending, flow, playing, queueing, setup, streams, supervision, transfer
from app.calls.core.commands import VerifyLeg
from app.calls.core.model.leg import HangupReason, Leg, side_of
from app.calls.core.purpose import Purpose, purpose_of
from app.calls.core.turn import Turn
from app.facts.calls import LegEnded
from app.facts.vocabulary import Disposition, EndParty, EndReason, LegRole, LegState
from app.ids import LegId


def end_leg(
    turn: Turn,
    leg: Leg,
    *,
    ended_at: datetime,
    cause: int | None = None,
    sip_code: int | None = None,
    failure: str | None = None,
    decided: tuple[Disposition, EndReason] | None = None,
) -> None:
    """A leg is gone: say so, and let it decide the call unless that is decided already."""
    by_us = leg.hangup_reason is not None or failure is not None
    leg = turn.change_leg(
        leg.id,
        state=LegState.ENDED,
        ended_at=ended_at,
        hangup_cause=cause,
        # After our own hang-up Asterisk mirrors our reason here: it is not the far end's word.
        sip_code=None if by_us else sip_code,
        failure=failure,
    )
    turn.say(
        LegEnded(
            call=turn.call.ref,
            leg=leg.ref,
            ended_by=EndParty.SYSTEM if by_us else side_of(leg.role),
            hangup_cause=leg.hangup_cause,
            sip_code=leg.sip_code,
            talk_seconds=_up_seconds(leg),
            ended_at=ended_at,
            answered_elsewhere=leg.hangup_reason is HangupReason.ANSWERED_ELSEWHERE,
        )
    )
    playing.end_for(turn, leg)
    streams.end_for(turn, leg)
    if leg.role is LegRole.PARTICIPANT:
        conference.on_leg_ended(turn, leg)
    if turn.call.is_ending:
        ending.finish_if_gone(turn)
        return
    match purpose_of(turn.call, leg):
        case Purpose.SEAT:
            if not conference.take_over(turn, leg):
                setup.on_candidate_ended(turn, leg, decided)
        case Purpose.QUEUE:
            queueing.on_leg_ended(turn, leg, decided)
        case Purpose.FLOW:
            flow.on_leg_ended(turn, leg, decided)
        case Purpose.TRANSFER:
            transfer.on_leg_ended(turn, leg, decided)
        case Purpose.SUPERVISION:
            supervision.on_leg_ended(turn, leg, decided)
        case Purpose.CONFERENCE | Purpose.NOBODY:
            pass


def _up_seconds(leg: Leg) -> float:
    if leg.answered_at is None or leg.ended_at is None:
        return 0.0
    return max(0.0, round((leg.ended_at - leg.answered_at).total_seconds(), 3))


def verify(turn: Turn, leg_id: LegId) -> None:
    """Have a leg that may be gone looked for."""
    if turn.call.leg(leg_id).is_alive:
        turn.ask(VerifyLeg(leg_id=leg_id))
