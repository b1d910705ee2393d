"""The setting-up's part of the machine: one leg after the other, then the connection.

::

    Start ─> create first ─> created ─> dial ─> ringing ─> answered
                                                                    │
        CONNECTED <─ answered <─ ringing <─ join, dial <─ created <─ bridge, join, create second

The second leg joins the bridge before it is dialled, so that the first party hears the network's own ringing and
announcements.
"""

from datetime import datetime

from app.calls.core import ending, recording
from app.calls.core.commands import CreateBridge, CreateChannel, DialChannel, HangupChannel, JoinBridge, VerifyLeg
from app.calls.core.inputs import LegAnswered, LegCreated, LegRinging, LegSilent
from app.calls.core.model import Call, HangupReason, Leg, Place, TimerName, side_of
from app.calls.core.releasing import release
from app.calls.core.turn import Turn
from app.facts.calls import CallConnected, CallCreated, LegDialing
from app.facts.calls import LegAnswered as LegAnsweredFact
from app.facts.calls import LegRinging as LegRingingFact
from app.facts.vocabulary import CallState, Disposition, EndCode, EndParty, EndReason, LegRole, LegState, Party

SETUP_SECONDS = 10.0
#: How long the far end may leave an INVITE without any response, before a leg of which nobody knows whether it was
#: dialled counts as never dialled. SIP's own retransmissions fall into it (RFC 3261, 17.1.1.2: 0.5, 1.5, 3.5 s).
SILENCE_SECONDS = 5.0
#: How long a party that could not be bridged has to turn out gone.
JOIN_SECONDS = 2.0
#: How much longer than our own limits the ones inside Asterisk are: they are for when Offhook is away.
BACKSTOP_SECONDS = 60.0
DIAL_MARGIN_SECONDS = 5.0


def start(turn: Turn) -> None:
    """The call exists from here on."""
    call = turn.call
    if call.state is not CallState.PENDING or call.sequence:
        return
    turn.change(state=CallState.DIALING)
    turn.say(
        CallCreated(
            call=call.ref,
            agent=_party_of(call, LegRole.AGENT),
            customer=_party_of(call, LegRole.CUSTOMER),
            dial_first=call.legs[0].role,
            recording_mode=call.recording_mode,
        )
    )
    create(turn, turn.call.legs[0], presenting=_presented_across(turn.call, turn.call.legs[0]))


def on_created(turn: Turn, event: LegCreated) -> None:
    """The leg's channel is there: dial it, unless nobody wants it any more."""
    leg = turn.call.leg(event.leg_id)
    if turn.call.is_ending or leg.state is LegState.ENDED:
        turn.ask(HangupChannel(leg_id=leg.id, reason=leg.hangup_reason or HangupReason.CALL_OVER))
        return
    if leg.state is not LegState.CREATING:
        return
    leg = turn.change_leg(leg.id, state=LegState.DIALING, channel_name=event.channel_name, dialing_at=turn.now)
    turn.say(LegDialing(call=turn.call.ref, leg=leg.ref))
    turn.clear_timers(TimerName.SETUP)
    turn.set_timer(TimerName.RING, leg.ring_seconds)
    if turn.call.has_bridge:
        turn.ask(JoinBridge(leg_id=leg.id))
    turn.ask(DialChannel(leg_id=leg.id, timeout_seconds=leg.ring_seconds + DIAL_MARGIN_SECONDS))


def on_ringing(turn: Turn, event: LegRinging) -> None:
    """The far end rings."""
    leg = turn.call.leg(event.leg_id)
    if leg.state is not LegState.DIALING:
        return
    leg = turn.change_leg(leg.id, state=LegState.RINGING, ringing_at=turn.instant_of(leg))
    if not turn.call.is_ending and turn.call.state is CallState.DIALING:
        turn.change(state=CallState.RINGING)
    turn.say(LegRingingFact(call=turn.call.ref, leg=leg.ref, ringing_at=leg.ringing_at))


def take_answer(turn: Turn, event: LegAnswered) -> Leg | None:
    """The far end answered. Gives the leg, unless nothing is to come of it any more."""
    leg = turn.call.leg(event.leg_id)
    if leg.state not in {LegState.DIALING, LegState.RINGING}:
        return None
    leg = turn.change_leg(leg.id, state=LegState.UP, answered_at=turn.instant_of(leg), place=Place.TALK)
    turn.say(LegAnsweredFact(call=turn.call.ref, leg=leg.ref, answered_at=leg.answered_at))
    if turn.call.is_ending:
        # It answered in the very moment it was being cancelled: it is on the record, and goes.
        _connect_after_all(turn, leg)
        turn.ask(HangupChannel(leg_id=leg.id, reason=leg.hangup_reason or HangupReason.CALL_OVER))
        return None
    return leg


def on_answered(turn: Turn, leg: Leg) -> None:
    """Somebody takes a seat: the first waits in the bridge for the second; with the second, they talk."""
    turn.clear_timers(TimerName.RING, TimerName.DIAL_CHECK)
    other = turn.call.other(leg)
    if other is None or other.state is LegState.UP:
        _connect(turn)
        return
    turn.change(state=CallState.ANSWERED, has_bridge=True)
    turn.ask(CreateBridge(), JoinBridge(leg_id=leg.id))
    create(turn, other, presenting=_presented_across(turn.call, other))


def on_silent(turn: Turn, event: LegSilent) -> None:
    """The channel is there and nothing was ever heard of its far end.

    A leg that is written as dialling may have been dialled or not, if Offhook died or Asterisk's answer was lost just
    then. It is never dialled again: a second INVITE is worse than none. So it gets the time in which a far end says
    something, and then the call is over, as one that could not be dialled.
    """
    leg = turn.call.leg(event.leg_id)
    if leg.state is not LegState.DIALING or turn.call.is_ending or leg.dialing_at is None:
        return
    left = SILENCE_SECONDS - (turn.now - leg.dialing_at).total_seconds()
    if left > 0:
        turn.set_timer(TimerName.DIAL_CHECK, left)
        return
    give_up(turn, leg)


def on_dial_check(turn: Turn) -> None:
    """Look once more at a leg that was silent when it was looked at."""
    for leg in turn.call.legs:
        if leg.state is LegState.DIALING:
            turn.ask(VerifyLeg(leg_id=leg.id))


def on_setup_timer(turn: Turn) -> None:
    """Asterisk did not hand the channel over in time."""
    for leg in turn.call.legs:
        if leg.state is LegState.CREATING:
            give_up(turn, leg)


def on_ring_timer(turn: Turn) -> None:
    """Nobody answered in time."""
    for leg in turn.call.legs:
        if leg.state not in {LegState.DIALING, LegState.RINGING} or leg.hangup_reason is not None:
            continue
        if not turn.call.is_seated(leg):
            release(turn, leg, HangupReason.RING_TIMEOUT)
        else:
            turn.change_leg(leg.id, hangup_reason=HangupReason.RING_TIMEOUT)
            reason = EndReason(code=EndCode.NO_ANSWER, party=side_of(leg.role))
            ending.begin(turn, Disposition.NO_ANSWER, reason)


def give_up(turn: Turn, leg: Leg) -> None:
    """The leg cannot be dialled, or nobody knows: in a seat it ends the call, elsewhere it goes alone."""
    if turn.call.is_seated(leg):
        turn.change_leg(leg.id, hangup_reason=leg.hangup_reason or HangupReason.SETUP_TIMEOUT)
        ending.begin_by_system(turn, EndCode.DIAL_FAILED)
    else:
        release(turn, leg, HangupReason.SETUP_TIMEOUT)
        turn.ask(VerifyLeg(leg_id=leg.id))


def create(turn: Turn, leg: Leg, *, presenting: tuple[str | None, str | None]) -> None:
    """Have the leg's channel made. ``presenting``: number and name that those in the bridge are shown of it."""
    turn.change_leg(leg.id, state=LegState.CREATING, created_at=turn.now)
    turn.set_timer(TimerName.SETUP, SETUP_SECONDS)
    rings = sum(one.ring_seconds + SETUP_SECONDS for one in turn.call.legs)
    turn.ask(
        CreateChannel(
            leg_id=leg.id,
            endpoint=leg.endpoint,
            shown_number=leg.shown_number,
            shown_name=leg.shown_name,
            lifetime_seconds=turn.call.max_duration_seconds + rings + BACKSTOP_SECONDS,
            presented_number=presenting[0],
            presented_name=presenting[1],
        )
    )


def _presented_across(call: Call, leg: Leg) -> tuple[str | None, str | None]:
    """What the other side is to be shown of a leg, never who really sits there.

    In the bridge each side is told the other's CALLERID, and the second leg joins before its INVITE is sent.
    """
    other = call.other(leg)
    return (None, None) if other is None else (other.shown_number, other.shown_name)


def _connect(turn: Turn) -> None:
    connected_at = _connected_at(turn)
    turn.change(state=CallState.CONNECTED, connected_at=connected_at)
    turn.say(CallConnected(call=turn.call.ref, connected_at=connected_at))
    turn.set_timer(TimerName.MAX_DURATION, turn.call.max_duration_seconds, since=connected_at)
    recording.start_recordings(turn)


def _connect_after_all(turn: Turn, leg: Leg) -> None:
    """Its answer was told late: if it came before the end was decided, the parties have been talking since.

    They have paid for it, so the record says so. The end stands; but nobody can have gone unanswered.
    """
    other, decided_at, reason = turn.call.other(leg), turn.call.decided_at, turn.call.end_reason
    if other is None or other.answered_at is None or decided_at is None or reason is None:
        return
    if turn.call.connected_at is not None or not turn.call.is_seated(leg):
        return
    connected_at = _connected_at(turn)
    if connected_at >= min(decided_at, other.ended_at or decided_at):
        return
    if reason.code is EndCode.NO_ANSWER:
        reason = EndReason(code=EndCode.HANGUP, party=EndParty.SYSTEM)
    turn.change(connected_at=connected_at, outcome=Disposition.ANSWERED, end_reason=reason)
    turn.say(CallConnected(call=turn.call.ref, connected_at=connected_at))


def _connected_at(turn: Turn) -> datetime:
    """Both parties can talk since the later of their answers."""
    return max((leg.answered_at for leg in turn.call.legs if leg.answered_at is not None), default=turn.at)


def _party_of(call: Call, role: LegRole) -> Party:
    return call.leg_of(role).party
