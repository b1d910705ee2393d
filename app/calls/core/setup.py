"""The setting-up's part of the machine: one leg after the other, then the connection.

::

    Start ─> create first ─> created ─> dial ─> ringing ─> answered
                                                                    │
        CONNECTED <─ answered <─ ringing <─ join, dial <─ created <─ bridge, join, create second

The second leg joins the bridge before it is dialled, so that the first party hears the network's own ringing and
announcements. Where several legs ring for one side (``waves``), a leg joins only when it answers: until then the first
party hears the tone of ringing phones.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from app.calls.core import arriving, ending, holding, lifetimes, queue_wait, recording, voice, waves
from app.calls.core.answering import take_seat
from app.calls.core.commands import (
    CreateBridge,
    CreateChannel,
    DialChannel,
    HangupChannel,
    JoinBridge,
    StartRingback,
    VerifyLeg,
)
from app.calls.core.inputs import LegCreated, LegRinging, LegSilent
from app.calls.core.model.call import Call, Outcome
from app.calls.core.model.flow import LONGEST_SECONDS, MOST_FLOWS, FlowRun
from app.calls.core.model.leg import HangupReason, Leg, Place, side_of
from app.calls.core.model.queue import MOST_QUEUES, QueueWait
from app.calls.core.model.timers import TimerName
from app.calls.core.outcome import outcome_of_leg_end, outcome_of_system
from app.calls.core.purpose import is_guest
from app.calls.core.releasing import release
from app.calls.core.turn import Turn
from app.facts.calls import CallConnected, CallCreated, LegDialing
from app.facts.calls import LegRinging as LegRingingFact
from app.facts.vocabulary import CallState, Disposition, EndCode, EndReason, LegRole, LegState

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
            agent=arriving.party_of(call, LegRole.AGENT),
            customer=arriving.party_of(call, LegRole.CUSTOMER),
            dial_first=call.legs[0].role,
            recording_mode=call.recording_mode,
        )
    )
    first = turn.call.legs[0]
    if first.has_come:
        _look_for_somebody(turn, first)
        return
    ring(turn, turn.call.candidates(first), presenting=_presented_across(turn.call, first))


def _look_for_somebody(turn: Turn, caller: Leg) -> None:
    """A call that came to us: the caller waits while those are rung who may take it."""
    arriving.receive(turn, caller, lifetime_seconds=backstop_seconds(turn.call))
    if turn.call.queue is not None or turn.call.flow is not None:
        arriving.answer_to_wait(turn, caller)
        return
    others = tuple(leg for leg in turn.call.legs[: turn.call.planned] if leg.role is not caller.role)
    if not others:
        arriving.refuse(turn)
        return
    ring(turn, others, presenting=_presented_across(turn.call, others[0]))


def ring(
    turn: Turn, legs: Sequence[Leg], *, presenting: tuple[str | None, str | None], waiting: Leg | None = None
) -> None:
    """Have those of the legs rung whose turn it is. ``waiting``: who hears that, unless it hears music."""
    wave = waves.next_wave(legs)
    if waiting is not None and not waiting.is_on_hold:
        holding.move(turn, waiting, Place.TALK if len(wave) == 1 else Place.RINGBACK)
    for leg in wave:
        create(turn, leg, presenting=presenting)


def ring_on(
    turn: Turn,
    leg: Leg,
    outcome: tuple[Disposition, EndReason],
    *,
    presenting: tuple[str | None, str | None],
    waiting: Leg | None = None,
) -> Outcome | None:
    """A leg was not had: its wave rings on, or gives way to the next, or (gives how it came out) nobody is left."""
    waves.note_failure(turn, *outcome)
    legs = turn.call.candidates(leg)
    if waves.is_ringing(legs):
        return None
    if waves.has_more(legs):
        ring(turn, legs, presenting=presenting, waiting=waiting)
        return None
    return waves.take_best_failure(turn)


def on_created(turn: Turn, event: LegCreated) -> None:
    """The leg's channel is there: dial it, unless nobody wants it any more."""
    leg = turn.call.leg(event.leg_id)
    if turn.call.is_ending or leg.state is LegState.ENDED or leg.hangup_reason is not None:
        turn.ask(HangupChannel(leg_id=leg.id, reason=leg.hangup_reason or HangupReason.CALL_OVER))
        return
    if leg.state is not LegState.CREATING:
        return
    leg = turn.change_leg(leg.id, state=LegState.DIALING, channel_name=event.channel_name, dialing_at=turn.now)
    turn.say(LegDialing(call=turn.call.ref, leg=leg.ref))
    time_phones(turn)
    is_offered = turn.call.queue is not None and turn.call.queue.offer_of(leg.id) is not None
    rings_apart = is_guest(leg) or is_offered or waves.rings_with_others(turn.call, leg)
    if turn.call.has_bridge and not rings_apart:
        turn.ask(JoinBridge(leg_id=leg.id))
    turn.ask(DialChannel(leg_id=leg.id, timeout_seconds=leg.ring_seconds + DIAL_MARGIN_SECONDS))
    voice.on_dialled(turn, leg)


def on_ringing(turn: Turn, event: LegRinging) -> None:
    """The far end rings."""
    leg = turn.call.leg(event.leg_id)
    if leg.state is not LegState.DIALING:
        return
    leg = turn.change_leg(leg.id, state=LegState.RINGING, ringing_at=turn.instant_of(leg))
    if not turn.call.is_ending and turn.call.state is CallState.DIALING:
        turn.change(state=CallState.RINGING)
    turn.say(LegRingingFact(call=turn.call.ref, leg=leg.ref, ringing_at=leg.ringing_at))


def on_answered(turn: Turn, leg: Leg) -> None:
    """Somebody takes a seat: the first waits in the bridge for the second; with the second, they talk."""
    turn.clear_timers(TimerName.RING, TimerName.DIAL_CHECK)
    other = turn.call.other(leg)
    if leg.has_come:
        turn.clear_timers(TimerName.JOIN)
    if other is None or other.state is LegState.UP:
        if other is not None:
            holding.move(turn, other, Place.TALK)
        take_seat(turn, leg)
        _connect(turn, leg)
        return
    if other.has_come:
        take_seat(turn, leg)
        arriving.answer(turn, other)
        return
    seconds = turn.call.candidates(other)
    if len(waves.next_wave(seconds)) == 1:
        turn.ask(CreateBridge(), JoinBridge(leg_id=leg.id))
    else:
        turn.change_leg(leg.id, place=Place.RINGBACK)
        turn.ask(CreateBridge(), StartRingback(leg_id=leg.id))
    take_seat(turn, leg)
    turn.change(state=CallState.ANSWERED, has_bridge=True)
    ring(turn, seconds, presenting=_presented_across(turn.call, other))
    time_phones(turn)  # those of the other side may ring already, where the first has come by itself


def on_candidate_ended(turn: Turn, leg: Leg, decided: tuple[Disposition, EndReason] | None) -> None:
    """A leg is gone that sat in a seat, or could have taken it."""
    is_seated = leg.id in {turn.call.agent_leg_id, turn.call.customer_leg_id}
    if leg.has_come or (leg.answered_at is not None and (is_seated or leg.hangup_reason is None)):
        ending.begin(turn, *(decided or outcome_of_leg_end(turn.call, leg)))
    elif leg.hangup_reason is None:
        _on_not_had(turn, leg, decided or outcome_of_leg_end(turn.call, leg))


def _on_not_had(turn: Turn, leg: Leg, outcome: tuple[Disposition, EndReason]) -> None:
    if leg.role is LegRole.AGENT and turn.call.queue is not None and not turn.call.queue.is_over:
        return  # another of them was the last, in this same moment: the customer waits in a queue by now
    other = turn.call.other(leg)
    waiting = other if other is not None and other.state is LegState.UP else None
    best = ring_on(turn, leg, outcome, presenting=_presented_across(turn.call, leg), waiting=waiting)
    if best is None:
        return
    if turn.call.next_queue is not None and leg.role is LegRole.AGENT:
        _wait_instead(turn, leg, turn.call.next_queue)
    elif turn.call.next_flow is not None and leg.role is LegRole.AGENT:
        _lead_instead(turn, leg, turn.call.next_flow)
    else:
        ending.begin(turn, best.disposition, best.end_reason)


def _wait_instead(turn: Turn, leg: Leg, wait: QueueWait) -> None:
    """Nobody of the agent's side was had, and there is a queue for that: the customer is to wait there."""
    for other in turn.call.candidates(leg):
        release(turn, other, HangupReason.NOT_WANTED)
    turn.change(queue=wait, next_queue=None)
    customer = turn.call.leg_of(LegRole.CUSTOMER)
    if customer.state is LegState.UP:
        queue_wait.join(turn, customer, wait, since=turn.now)
    elif customer.has_come:
        arriving.answer_to_wait(turn, customer)
    else:
        ring(turn, turn.call.candidates(customer), presenting=(None, None))


def _lead_instead(turn: Turn, leg: Leg, flow: FlowRun) -> None:
    """Likewise, and there is a call flow for that: it begins as soon as the customer is there."""
    for other in turn.call.candidates(leg):
        release(turn, other, HangupReason.NOT_WANTED)
    turn.change(flow=flow, next_flow=None)
    customer = turn.call.leg_of(LegRole.CUSTOMER)
    if customer.state is LegState.UP:
        return
    if customer.has_come:
        arriving.answer_to_wait(turn, customer)
    else:
        ring(turn, turn.call.candidates(customer), presenting=(None, None))


def on_silent(turn: Turn, event: LegSilent) -> None:
    """The channel is there and nothing was ever heard of its far end.

    A leg that is written as dialling may have been dialled or not, if Offhook died or Asterisk's answer was lost just
    then. It is never dialled again: a second INVITE is worse than none. So it gets the time in which a far end says
    something, and then the call is over, as one that could not be dialled.
    """
    leg = turn.call.leg(event.leg_id)
    if leg.state is not LegState.DIALING or turn.call.is_ending or leg.is_leaving or leg.dialing_at is None:
        return
    left = SILENCE_SECONDS - (turn.now - leg.dialing_at).total_seconds()
    if left > 0:
        turn.set_timer(TimerName.DIAL_CHECK, left)
        return
    give_up(turn, leg)


def on_dial_check(turn: Turn) -> None:
    """Look once more at a leg that was silent when it was looked at."""
    for leg in turn.call.legs:
        if leg.state is LegState.DIALING and not leg.is_leaving:
            turn.ask(VerifyLeg(leg_id=leg.id))


def on_setup_timer(turn: Turn) -> None:
    """Asterisk did not hand the channel over in time."""
    for leg in turn.call.legs:
        created_at = _awaited_since(leg)
        if created_at is not None and created_at + timedelta(seconds=SETUP_SECONDS) <= turn.now:
            give_up(turn, leg)
    time_phones(turn)


def on_ring_timer(turn: Turn) -> None:
    """Nobody answered in time."""
    late = [leg for leg in turn.call.legs if (due := _ring_due(leg)) is not None and due <= turn.now]
    for leg in late:
        turn.change_leg(leg.id, hangup_reason=HangupReason.RING_TIMEOUT)
    for leg in late:
        if not turn.call.may_take_seat(leg) or waves.has_more(turn.call.candidates(leg)):
            release(turn, leg, HangupReason.RING_TIMEOUT)
        if turn.call.may_take_seat(leg):
            reason = EndReason(code=EndCode.NO_ANSWER, party=side_of(leg.role))
            _on_not_had(turn, leg, (Disposition.NO_ANSWER, reason))
    time_phones(turn)


def give_up(turn: Turn, leg: Leg) -> None:
    """The leg cannot be dialled, or nobody knows: it goes, and with the last that could take a seat the call."""
    if not leg.is_alive:
        return
    if not turn.call.may_take_seat(leg):
        release(turn, leg, HangupReason.SETUP_TIMEOUT)

        turn.ask(VerifyLeg(leg_id=leg.id))
    elif leg.hangup_reason is None:
        turn.change_leg(leg.id, hangup_reason=HangupReason.SETUP_TIMEOUT)
        if waves.has_more(turn.call.candidates(leg)):
            release(turn, leg, HangupReason.SETUP_TIMEOUT)
        if leg.state is LegState.UP:
            ending.begin_by_system(turn, EndCode.DIAL_FAILED)
        else:
            _on_not_had(turn, leg, outcome_of_system(turn.call, EndCode.DIAL_FAILED))


def create(turn: Turn, leg: Leg, *, presenting: tuple[str | None, str | None]) -> None:
    """Have the leg's channel made. ``presenting``: number and name that others are shown of it, see CreateChannel."""
    pitch = turn.call.voice_pitch if leg.role is LegRole.AGENT else None
    turn.change_leg(leg.id, state=LegState.CREATING, created_at=turn.now, voice_pitch=pitch)
    time_phones(turn)
    turn.ask(
        CreateChannel(
            leg_id=leg.id,
            endpoint=leg.endpoint,
            shown_number=leg.shown_number,
            shown_name=leg.shown_name,
            lifetime_seconds=lifetime_of(turn.call, leg),
            presented_number=presenting[0],
            presented_name=presenting[1],
            trunk_id=leg.trunk_id if leg.is_counted else None,
            voice_pitch=pitch,
            variables=turn.call.variables,
        )
    )


def lifetime_of(call: Call, leg: Leg) -> float:
    """How long the leg may live inside Asterisk, should nobody end it: as long as it was allowed, or the call lasts."""
    allowed = lifetimes.allowed_seconds(call, leg)
    return backstop_seconds(call) if allowed is None else allowed


def lifetime_seconds(call: Call, wait: QueueWait) -> float:
    """How long a channel may be there whose party is to wait, counted from now."""
    return backstop_seconds(msgspec.structs.replace(call, queue=wait))


def backstop_seconds(call: Call) -> float:
    """How long a leg may live inside Asterisk, should nobody end it: longer than the call can last."""
    rings = sum(one.ring_seconds + SETUP_SECONDS for one in call.legs)
    # The caller may wait before it talks: in each queue that an overflow may lead to.
    wait = call.queue or call.next_queue
    waits = 0.0 if wait is None else MOST_QUEUES * wait.max_wait_seconds
    if call.flow is not None or call.next_flow is not None:
        waits += MOST_FLOWS * LONGEST_SECONDS
    return call.max_duration_seconds + rings + waits + BACKSTOP_SECONDS


def _presented_across(call: Call, leg: Leg) -> tuple[str | None, str | None]:
    """What the other side is to be shown of a leg, never who really sits there."""
    other = call.other(leg)
    return (None, None) if other is None else (other.shown_number, other.shown_name)


def _connect(turn: Turn, leg: Leg) -> None:
    connected_at = _connected_at(turn, leg)
    turn.change(state=CallState.CONNECTED, connected_at=connected_at)
    turn.say(CallConnected(call=turn.call.ref, connected_at=connected_at))
    lifetimes.end_within(turn, turn.call.max_duration_seconds, since=connected_at)
    recording.start_recordings(turn)


def _connected_at(turn: Turn, leg: Leg) -> datetime:
    """Both parties can talk since the later of their answers; of several that rang together, since one was let in."""
    since = [one.answered_at for one in turn.call.seats if one is not None and one.answered_at is not None]
    was_looked_into = leg.role is LegRole.CUSTOMER and turn.call.answered_by is not None
    if was_looked_into or waves.rings_with_others(turn.call, leg):
        since.append(turn.at)
    return max(since, default=turn.at)


def time_phones(turn: Turn) -> None:
    """Time the phones that are being made to ring, and those that ring: each has its own time, the first counts."""
    awaited = [since for leg in turn.call.legs if (since := _awaited_since(leg)) is not None]
    ringing = [due for leg in turn.call.legs if (due := _ring_due(leg)) is not None]
    if turn.call.is_ending or not awaited:
        turn.clear_timers(TimerName.SETUP)
    else:
        turn.set_timer(TimerName.SETUP, SETUP_SECONDS, since=min(awaited))
    if turn.call.is_ending or not ringing:
        turn.clear_timers(TimerName.RING)
    else:
        turn.set_timer(TimerName.RING, 0.0, since=min(ringing))


def _awaited_since(leg: Leg) -> datetime | None:
    """Since when Asterisk is to hand the leg's channel over."""
    return leg.created_at if leg.state is LegState.CREATING and leg.hangup_reason is None else None


def _ring_due(leg: Leg) -> datetime | None:
    """When a leg that rings has rung for long enough."""
    if leg.state not in {LegState.DIALING, LegState.RINGING} or leg.hangup_reason is not None:
        return None
    return None if leg.dialing_at is None else leg.dialing_at + timedelta(seconds=leg.ring_seconds)
