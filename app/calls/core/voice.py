"""What an agent is written and how it sounds: messages to its phones, and the pitch of its voice."""

from app.calls.core.commands import SendText, SetPitch
from app.calls.core.holding import answered_leg
from app.calls.core.model.call import Call
from app.calls.core.model.leg import Leg
from app.calls.core.turn import Turn
from app.calls.core.verbs import SendMessage, SetVoicePitch
from app.errors import Problem, RefusedError
from app.facts.calls import CallUpdated
from app.facts.vocabulary import LegRole

_ENDPOINT = "PJSIP/"


def has_phone(leg: Leg) -> bool:
    """Whether a telephone of the account's own is at the leg's far end, and not the network behind a trunk."""
    return leg.endpoint.startswith(_ENDPOINT) and "@" not in leg.endpoint


def on_dialled(turn: Turn, leg: Leg) -> None:
    """The phone is about to ring: whoever is to take the call reads there what it is about."""
    message = turn.call.softphone_message
    if message is not None and leg.role is LegRole.AGENT and has_phone(leg) and _is_first_reached(turn.call, leg):
        turn.ask(SendText(leg_id=leg.id, message_text=message))


def send_message(turn: Turn, verb: SendMessage) -> None:
    """Write to a phone, or to all phones of the agent's side that ring or talk.

    Raises:
        RefusedError: INVALID_STATE, NOT_FOUND.
    """
    for leg in _written_to(turn.call, verb):
        turn.ask(SendText(leg_id=leg.id, message_text=verb.message_text))


def set_pitch(turn: Turn, verb: SetVoicePitch) -> None:
    """Change how high a leg's voice is for everybody else.

    Raises:
        RefusedError: INVALID_STATE, NOT_FOUND.
    """
    call = turn.call
    seated = call.seats[0]
    if verb.leg_id is None and seated is None:
        message = "Nobody sits on the agent's side yet: wait, or name a leg that has answered."
        raise RefusedError(Problem("INVALID_STATE", message, ("callId",), current_state=call.state.value))
    chosen = call.legs[0] if seated is None else seated
    leg = answered_leg(turn, chosen.id if verb.leg_id is None else verb.leg_id)
    is_agents = seated is not None and leg.id == seated.id
    if leg.voice_pitch == verb.pitch:
        return
    turn.change_leg(leg.id, voice_pitch=verb.pitch)
    if is_agents:
        turn.change(voice_pitch=verb.pitch)
    turn.say(CallUpdated(call=turn.call.ref, changed=("voicePitch",)))
    turn.ask(SetPitch(leg_id=leg.id, pitch=verb.pitch))


def _is_first_reached(call: Call, leg: Leg) -> bool:
    """Whether the leg is to take the call, rather than to have it from somebody who has."""
    return call.transfer is None or leg.id not in call.transfer.targets


def _written_to(call: Call, verb: SendMessage) -> tuple[Leg, ...]:
    if verb.leg_id is None:
        legs = tuple(leg for leg in call.legs if leg.role is LegRole.AGENT and leg.is_alive and not leg.is_leaving)
        phones = tuple(leg for leg in legs if has_phone(leg))
        if phones:
            return phones
        message = "No phone of the agent's side rings or talks."
        raise RefusedError(Problem("INVALID_STATE", message, ("callId",), current_state=call.state.value))
    leg = next((one for one in call.legs if one.id == verb.leg_id), None)
    if leg is None:
        raise RefusedError(Problem("NOT_FOUND", "The call has no such leg.", ("legId",)))
    if not leg.is_alive or leg.is_leaving:
        message = "The leg neither rings nor talks."
        raise RefusedError(Problem("INVALID_STATE", message, ("legId",), current_state=leg.state.value))
    if not has_phone(leg):
        message = "There is no phone of the account's own at this leg's far end."
        raise RefusedError(Problem("INVALID_STATE", message, ("legId",), current_state=leg.role.value))
    return (leg,)
