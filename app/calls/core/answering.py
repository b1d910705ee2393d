"""What is written down of a leg's answer, when it is heard and when it comes out only afterwards.

An answer that nobody heard was one all the same: the party talked, and somebody pays for it. So it stands in the record
with the instant that Asterisk remembers, and whatever was decided meanwhile as if nobody had answered is put right. The
end of the call itself stands.
"""

from datetime import datetime

from app.calls.core import lifetimes, waves
from app.calls.core.commands import HangupChannel
from app.calls.core.inputs import LegAnswered, LegDestroyed
from app.calls.core.model.leg import HangupReason, Leg, Place, side_of
from app.calls.core.purpose import Purpose, purpose_of
from app.calls.core.turn import Turn
from app.facts.calls import CallConnected
from app.facts.calls import LegAnswered as LegAnsweredFact
from app.facts.vocabulary import (
    CallState,
    CdrSource,
    Disposition,
    EndCode,
    EndParty,
    EndReason,
    LegRole,
    LegState,
)

_RINGS = frozenset({LegState.DIALING, LegState.RINGING})


def take_answer(turn: Turn, event: LegAnswered) -> Leg | None:
    """The far end answered. Gives the leg, unless nothing is to come of it any more."""
    leg = turn.call.leg(event.leg_id)
    if leg.state not in _RINGS:
        return None
    is_to_talk = leg.hangup_reason is None and leg.role is not LegRole.SUPERVISOR
    leg = _write_down(turn, leg, turn.instant_of(leg, event.at), place=Place.TALK if is_to_talk else Place.NOWHERE)
    if turn.call.is_ending:
        # It answered in the very moment it was being cancelled: it is on the record, and goes.
        _put_right(turn, leg, until=None)
        turn.ask(HangupChannel(leg_id=leg.id, reason=leg.hangup_reason or HangupReason.CALL_OVER))
        return None
    lifetimes.time_call(turn, leg)
    return leg


def take_missed_answer(turn: Turn, event: LegDestroyed, ended_at: datetime) -> None:
    """A leg that is gone since ``ended_at`` had answered, and nobody knew: nothing but the record comes of it now."""
    leg = turn.call.leg(event.leg_id)
    if event.answered_at is None or leg.state not in _RINGS:
        return
    turn.change(source=CdrSource.RECOVERED)
    leg = _write_down(turn, leg, min(turn.instant_of(leg, event.answered_at), ended_at), place=leg.place)
    decided_at = turn.call.decided_at
    if decided_at is not None and ended_at < decided_at:
        leg = turn.change_leg(leg.id, hangup_reason=None)  # it was gone before anybody wanted it to go
    if turn.call.is_ending or (leg.hangup_reason is None and purpose_of(turn.call, leg) is Purpose.SEAT):
        _put_right(turn, leg, until=ended_at)


def take_seat(turn: Turn, leg: Leg) -> None:
    """The leg has answered for its side, and whoever else was rung for it is let go."""
    is_one_of_several = len(turn.call.candidates(leg)) > 1
    waves.choose(turn, leg)
    if leg.role is LegRole.CUSTOMER:
        turn.change(customer_leg_id=leg.id)
        return
    turn.change(agent_leg_id=leg.id)
    if is_one_of_several:
        turn.change(agent_id=leg.agent_id, agent_name=leg.party.display, extension=leg.party.extension)


def _write_down(turn: Turn, leg: Leg, answered_at: datetime, *, place: Place) -> Leg:
    leg = turn.change_leg(leg.id, state=LegState.UP, answered_at=answered_at, place=place)
    turn.say(LegAnsweredFact(call=turn.call.ref, leg=leg.ref, answered_at=leg.answered_at))
    return leg


def _put_right(turn: Turn, leg: Leg, *, until: datetime | None) -> None:
    """A leg answered unheard, and was there ``until`` then (None: it is there): what that means for the call.

    If both sides were there at once before the end was decided, the parties have talked since. And nobody can have gone
    unanswered who answered before.
    """
    call, other = turn.call, turn.call.other(leg)
    if call.connected_at is not None or leg.answered_at is None or not call.may_take_seat(leg):
        return
    ends = [one for one in (call.decided_at, until, None if other is None else other.ended_at) if one is not None]
    # Of several that ring together, none is in the bridge before its answer is heard.
    if other is not None and other.answered_at is not None and not waves.rings_with_others(call, leg):
        connected_at = max(other.answered_at, leg.answered_at)
        if connected_at < min(ends):
            take_seat(turn, leg)
            turn.change(connected_at=connected_at)
            if not call.is_ending:
                turn.change(state=CallState.CONNECTED)
            _correct(turn, leg, Disposition.ANSWERED, until)
            turn.say(CallConnected(call=turn.call.ref, connected_at=connected_at))
            return
    if call.decided_at is not None and leg.answered_at < call.decided_at:
        _correct(turn, leg, Disposition.CANCELLED, until)


def _correct(turn: Turn, leg: Leg, disposition: Disposition, until: datetime | None) -> None:
    """Amend how the call is decided to come out; one that goes on is not decided."""
    reason, decided_at = turn.call.end_reason, turn.call.decided_at
    if reason is None or decided_at is None:
        return
    if reason.code is EndCode.NO_ANSWER:
        has_left = until is not None and until < decided_at
        reason = EndReason(code=EndCode.HANGUP, party=side_of(leg.role) if has_left else EndParty.SYSTEM)
    elif disposition is not Disposition.ANSWERED:
        return
    turn.change(outcome=disposition, end_reason=reason)
