"""Hold and mute, and where each leg belongs.

A held leg is in no bridge: nothing of the talk can reach it, nor the other way round, and it hears music.
"""

from typing import assert_never

from app.calls.core import waves
from app.calls.core.commands import (
    Command,
    CreateBridge,
    JoinBridge,
    JoinStream,
    LeaveBridge,
    SetMute,
    SetPitch,
    StartMusic,
    StartRingback,
    StopMusic,
    StopRingback,
)
from app.calls.core.model.leg import Leg, Place
from app.calls.core.model.timers import TimerName
from app.calls.core.turn import Turn
from app.calls.core.verbs import Hold, Mute, Unhold, Unmute
from app.errors import Problem, RefusedError
from app.facts.calls import LegHeld, LegMuted, LegUnheld, LegUnmuted
from app.facts.vocabulary import CallState, LegRole, LegState, MuteDirection, TransferKind
from app.ids import LegId

#: How soon a leg that may not be where it belongs is put there again.
PLACE_SECONDS = 2.0

_DIRECTIONS = {
    None: frozenset[str](),
    MuteDirection.IN: frozenset({"in"}),
    MuteDirection.OUT: frozenset({"out"}),
    MuteDirection.BOTH: frozenset({"in", "out"}),
}
_NAME = {directions: name for name, directions in _DIRECTIONS.items()}


def hold(turn: Turn, verb: Hold) -> None:
    """Take the leg out of the talk. One that is held already is left so."""
    move(turn, _talking_leg(turn, verb.leg_id), Place.HOLD)


def unhold(turn: Turn, verb: Unhold) -> None:
    """Bring the leg back. One that is in the talk is left there."""
    leg = _talking_leg(turn, verb.leg_id)
    transfer = turn.call.transfer
    if transfer is not None and leg.id == transfer.transferee and transfer.kind is TransferKind.ATTENDED:
        message = "A transfer is under way: complete or cancel it."
        state = f"TRANSFER_{transfer.state}"
        raise RefusedError(Problem("INVALID_STATE", message, ("callId",), current_state=state))
    move(turn, leg, waves.place_of_those_who_wait(turn.call))


def move(turn: Turn, leg: Leg, place: Place) -> None:
    """Have a leg in the talk, held, or waiting for phones that ring; one that is there is left there."""
    if leg.state is not LegState.UP or leg.is_leaving or leg.place is place:
        return
    was = leg.place
    leg = turn.change_leg(leg.id, place=place)
    if Place.HOLD in {was, place}:
        turn.say((LegHeld if place is Place.HOLD else LegUnheld)(call=turn.call.ref, leg=leg.ref))
    turn.ask(*_leaving(leg, was), *_entering(leg))


def put_quietly(turn: Turn, leg: Leg, place: Place) -> None:
    """Have a leg elsewhere without a word: who waits, or is led through a flow, was not held."""
    was = leg.place
    leg = turn.change_leg(leg.id, place=place)
    entering = _entering(leg) if place is not Place.ALONE or turn.call.has_bridge else ()
    turn.ask(*_leaving(leg, was), *entering)


def mute(turn: Turn, verb: Mute) -> None:
    """Silence the leg in one more direction."""
    leg = answered_leg(turn, verb.leg_id)
    wanted = _NAME[_DIRECTIONS[leg.muted] | _DIRECTIONS[verb.direction]]
    if wanted is leg.muted or wanted is None:
        return
    leg = turn.change_leg(leg.id, muted=wanted, was_muted=True)
    turn.say(LegMuted(call=turn.call.ref, leg=leg.ref, muted=wanted))
    turn.ask(SetMute(leg_id=leg.id, direction=wanted))


def unmute(turn: Turn, verb: Unmute) -> None:
    """End the leg's silence in one direction."""
    leg = answered_leg(turn, verb.leg_id)
    wanted = _NAME[_DIRECTIONS[leg.muted] - _DIRECTIONS[verb.direction]]
    if wanted is leg.muted:
        return
    leg = turn.change_leg(leg.id, muted=wanted)
    turn.say(LegUnmuted(call=turn.call.ref, leg=leg.ref, muted=wanted))
    turn.ask(SetMute(leg_id=leg.id, direction=wanted))


def put_in_place(leg: Leg) -> tuple[Command, ...]:
    """What brings a leg to where it belongs, wherever it is."""
    elsewhere = [place for place in (Place.HOLD, Place.RINGBACK) if place is not leg.place]
    leaving = [command for place in elsewhere for command in _leaving(leg, place)]
    return () if leg.place in {Place.NOWHERE, Place.AWAY} else (*leaving, *_entering(leg))


def _leaving(leg: Leg, place: Place) -> tuple[Command, ...]:
    match place:
        case Place.NOWHERE | Place.TALK | Place.ALONE | Place.AWAY | Place.STREAM:
            return ()
        case Place.HOLD:
            return (StopMusic(leg_id=leg.id),)
        case Place.RINGBACK:
            return (StopRingback(leg_id=leg.id),)
        case _:
            assert_never(place)


def _entering(leg: Leg) -> tuple[Command, ...]:
    match leg.place:
        case Place.NOWHERE | Place.AWAY:
            return ()
        case Place.TALK:
            return (JoinBridge(leg_id=leg.id),)
        case Place.HOLD:
            return (LeaveBridge(leg_id=leg.id), StartMusic(leg_id=leg.id, music_class=leg.music_class))
        case Place.RINGBACK:
            return (LeaveBridge(leg_id=leg.id), StartRingback(leg_id=leg.id))
        case Place.ALONE:
            return (LeaveBridge(leg_id=leg.id),)
        case Place.STREAM:
            return (LeaveBridge(leg_id=leg.id), JoinStream(leg_id=leg.id))
        case _:
            assert_never(leg.place)


def put_back(turn: Turn, leg_id: LegId) -> None:
    """A leg is not where it belongs, or nobody knows: put it there."""
    leg = turn.call.leg(leg_id)
    if leg.state is LegState.UP and not leg.is_leaving and not turn.call.is_ending:
        if leg.place is Place.TALK:
            turn.ask(CreateBridge())  # it is there, unless somebody took it away
        turn.ask(*put_in_place(leg), *_sound_again(leg))


def put_all_back(turn: Turn) -> None:
    """Asterisk did not do, or did not say that it did, what brings a leg to where it belongs."""
    for leg in turn.call.legs:
        put_back(turn, leg.id)


def try_again(turn: Turn, leg: Leg) -> None:
    """What was asked for a leg's place may not have been done: ask again shortly."""
    if leg.state is LegState.UP and not leg.is_leaving and not turn.call.is_ending:
        turn.set_timer(TimerName.PLACE, PLACE_SECONDS)


def remind(turn: Turn) -> None:
    """Nobody watched for a while: what no look at Asterisk tells, music and silence, is asked for again."""
    for leg in turn.call.legs:
        if leg.state is LegState.UP and not leg.is_leaving:
            turn.ask(*_remind_of_place(leg), *_sound_again(leg))


def _remind_of_place(leg: Leg) -> tuple[Command, ...]:
    if leg.place in {Place.HOLD, Place.RINGBACK}:
        return put_in_place(leg)
    if leg.place is not Place.TALK or not leg.was_apart:
        return ()
    # What was begun for it and never answered may have begun since.
    return tuple(command for place in (Place.HOLD, Place.RINGBACK) for command in _leaving(leg, place))


def _sound_again(leg: Leg) -> tuple[Command, ...]:
    if leg.place is Place.AWAY:
        return ()
    mute = (SetMute(leg_id=leg.id, direction=leg.muted),) if leg.was_muted else ()
    pitch = (SetPitch(leg_id=leg.id, pitch=leg.voice_pitch),) if leg.voice_pitch is not None else ()
    return (*mute, *pitch)


def answered_leg(turn: Turn, leg_id: LegId) -> Leg:
    """The leg, which must be up."""
    try:
        leg = turn.call.leg(leg_id)
    except KeyError:
        raise RefusedError(Problem("NOT_FOUND", "The call has no such leg.", ("legId",))) from None
    if leg.state is not LegState.UP:
        message = "The leg is not up: it must have answered, and not have ended."
        raise RefusedError(Problem("INVALID_STATE", message, ("legId",), current_state=leg.state.value))
    if leg.is_leaving:
        raise RefusedError(Problem("INVALID_STATE", "The leg is on its way out.", ("legId",), current_state="LEAVING"))
    if leg.role is LegRole.CUSTOMER and turn.call.detecting_until is not None:
        message = "It is being found out what has answered: wait for that."
        raise RefusedError(Problem("INVALID_STATE", message, ("legId",), current_state="DETECTING"))
    if leg.place is Place.AWAY and turn.call.transfer is None:
        message = "The dialplan of the Asterisk has the leg."
        raise RefusedError(Problem("INVALID_STATE", message, ("legId",), current_state="DIALPLAN"))
    if leg.place is Place.AWAY:
        message = "The leg's device has been told to call somebody else: wait for what it says."
        raise RefusedError(Problem("INVALID_STATE", message, ("legId",), current_state="TRANSFER_DIALING"))
    return leg


def _talking_leg(turn: Turn, leg_id: LegId | None) -> Leg:
    """The leg, which must be up in a connected call; None: the customer's."""
    if leg_id is not None:
        leg = answered_leg(turn, leg_id)
        _check_connected(turn)
        if leg.role is LegRole.SUPERVISOR:
            message = "A supervisor is not in the talk: change its mode, or stop the supervision."
            raise RefusedError(Problem("INVALID_STATE", message, ("legId",), current_state=leg.role.value))
        return leg
    _check_connected(turn)
    customer = turn.call.seats[1]
    if customer is None:
        raise RefusedError(Problem("REQUIRED", "The call has no customer: name a leg.", ("legId",)))
    return answered_leg(turn, customer.id)


def _check_connected(turn: Turn) -> None:
    if turn.call.state is not CallState.CONNECTED:
        message = "Nobody talks yet: wait until the call is CONNECTED."
        raise RefusedError(Problem("INVALID_STATE", message, ("callId",), current_state=turn.call.state.value))
