"""The conference's part of the machine: more than two who talk.

A participant is called and joins the talk with its answer. While there is one, whoever leaves a seat leaves the others
to go on: the participant that joined first takes the seat, so that transfers, hold, recording and the record find two
parties as ever. When the last participant has gone, the call is one of two again, and ends as such.
"""

import msgspec

from app.calls.core import setup, waves
from app.calls.core.commands import JoinBridge
from app.calls.core.inputs import ParticipantRequested
from app.calls.core.model.guests import Participant
from app.calls.core.model.leg import HangupReason, Leg
from app.calls.core.model.timers import TimerName
from app.calls.core.releasing import release
from app.calls.core.showing import showing
from app.calls.core.turn import Turn
from app.calls.core.verbs import RemoveParticipant
from app.errors import Problem, RefusedError
from app.facts.supervisions import ParticipantJoined, ParticipantLeft
from app.facts.vocabulary import CallState, LegRole

#: Participants at once, besides the two: those who talk and those who are called.
MOST_PARTICIPANTS = 8


def start(turn: Turn, event: ParticipantRequested) -> None:
    """Ring somebody who is to join the talk.

    Raises:
        RefusedError: INVALID_STATE; IDEMPOTENCY_KEY_REUSED.
    """
    if turn.has_used(event.key):
        return
    call = turn.call
    if call.state is not CallState.CONNECTED:
        raise _refused("Nobody talks yet: wait until the call is CONNECTED.", call.state.value)
    if call.transfer is not None:
        raise _refused("A transfer is under way. Complete or cancel it first.", f"TRANSFER_{call.transfer.state}")
    if len([one for one in call.participants if one.seat is None]) >= MOST_PARTICIPANTS:
        raise _refused(f"The call has its {MOST_PARTICIPANTS} participants already.", "CONFERENCE")
    customer = call.seats[1]
    presenting = (None, None) if customer is None else (customer.shown_number, customer.shown_name)
    legs = [turn.add_leg(showing(one, LegRole.PARTICIPANT, customer)) for one in (event.leg, *event.or_legs)]
    participant = Participant(
        leg_id=legs[0].id,
        or_legs=tuple(leg.id for leg in legs[1:]),
        agent_id=event.agent_id,
        agent_name=event.agent_name,
    )
    turn.change(participants=(*call.participants, participant), keys=(*call.keys, event.key))
    for leg in legs:
        setup.create(turn, leg, presenting=presenting)


def remove(turn: Turn, verb: RemoveParticipant) -> None:
    """Let somebody go while the others go on: a participant, or in a conference any of those who talk.

    Of one whose phones ring, none rings on.

    Raises:
        RefusedError: NOT_FOUND, INVALID_STATE.
    """
    call = turn.call
    leg = next((one for one in call.legs if one.id == verb.leg_id), None)
    if leg is None:
        raise RefusedError(Problem("NOT_FOUND", "The call has no such leg.", ("legId",)))
    participant = call.participant(leg.id)
    legs = [leg] if participant is None else [call.leg(leg_id) for leg_id in participant.legs]
    legs = [one for one in legs if one.is_alive]
    if not legs:
        raise _refused("The leg has ended.", leg.state.value, "legId")
    if all(one.is_leaving for one in legs):
        raise _refused("The leg is on its way out.", "LEAVING", "legId")
    if participant is None and not (call.is_seated(leg) and call.conferees):
        message = "The leg is no participant, and without it there is nothing to go on: hang up the call."
        raise _refused(message, leg.role.value, "legId")
    waves.stop(turn, legs, HangupReason.NOT_WANTED)


def on_answered(turn: Turn, leg: Leg) -> None:
    """A participant has answered, and talks; its other phones stop ringing."""
    participant = turn.call.participant(leg.id)
    if participant is None or leg.hangup_reason is not None:
        release(turn, leg, leg.hangup_reason or HangupReason.NOT_WANTED)
        return
    others = [turn.call.leg(leg_id) for leg_id in participant.legs if leg_id != leg.id]
    _change(turn, participant, leg_id=leg.id, or_legs=(), joined_at=turn.instant_of(leg))
    waves.stop(turn, others, HangupReason.ANSWERED_ELSEWHERE)
    turn.say(ParticipantJoined(call=turn.call.ref, leg=leg.ref))
    turn.ask(JoinBridge(leg_id=leg.id))


def on_leg_ended(turn: Turn, leg: Leg) -> None:
    """A participant has gone, or never came; whether the call goes on or not."""
    participant = turn.call.participant(leg.id)
    if participant is None:
        return
    if any(turn.call.leg(leg_id).is_alive for leg_id in participant.legs):
        return  # another of its phones rings on
    turn.change(participants=tuple(one for one in turn.call.participants if one is not participant))
    if participant.joined_at is not None:
        turn.say(ParticipantLeft(call=turn.call.ref, leg=leg.ref))


def take_over(turn: Turn, leg: Leg) -> bool:
    """A seat is empty: the participant that joined first takes it. False when there is none, and the call is over."""
    conferees = turn.call.conferees
    if not conferees or turn.call.state is not CallState.CONNECTED:
        return False
    taker = turn.change_leg(conferees[0].id, role=leg.role)
    participant = next(one for one in turn.call.participants if one.leg_id == taker.id)
    _change(turn, participant, seat=leg.role)
    if leg.role is LegRole.AGENT:
        turn.change(
            agent_leg_id=taker.id,
            agent_id=participant.agent_id,
            agent_name=participant.agent_name,
            extension=taker.party.extension,
        )
    else:
        turn.change(customer_leg_id=taker.id)
    turn.clear_timers(TimerName.JOIN)
    turn.say(ParticipantLeft(call=turn.call.ref, leg=leg.ref, taken_by=taker.ref))
    return True


def _change(turn: Turn, participant: Participant, **fields: object) -> None:
    changed = msgspec.structs.replace(participant, **fields)
    turn.change(participants=tuple(changed if one is participant else one for one in turn.call.participants))


def _refused(message: str, state: str, field: str = "callId") -> RefusedError:
    return RefusedError(Problem("INVALID_STATE", message, (field,), current_state=state))
