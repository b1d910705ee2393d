"""Hold and mute, and where each leg belongs.

A held leg is in no bridge: nothing of the talk can reach it, nor the other way round, and it hears music.
"""

from typing import assert_never

from app.calls.core.commands import Command, CreateBridge, JoinBridge, LeaveBridge, SetMute, StartMusic, StopMusic
from app.calls.core.model import Leg, Place
from app.calls.core.turn import Turn
from app.calls.core.verbs import Hold, Mute, Unhold, Unmute
from app.errors import Problem, RefusedError
from app.facts.calls import LegHeld, LegMuted, LegUnheld, LegUnmuted
from app.facts.vocabulary import CallState, LegRole, LegState, MuteDirection
from app.ids import LegId

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
    if transfer is not None and leg.id == transfer.transferee:
        message = "A transfer is under way: complete or cancel it."
        state = f"TRANSFER_{transfer.state}"
        raise RefusedError(Problem("INVALID_STATE", message, ("callId",), current_state=state))
    move(turn, leg, Place.TALK)


def move(turn: Turn, leg: Leg, place: Place) -> None:
    """Have a leg in the talk, or held; one that is there is left there."""
    if leg.state is not LegState.UP or leg.place is place:
        return
    leg = turn.change_leg(leg.id, place=place)
    turn.say((LegHeld if place is Place.HOLD else LegUnheld)(call=turn.call.ref, leg=leg.ref))
    turn.ask(*put_in_place(leg))


def mute(turn: Turn, verb: Mute) -> None:
    """Silence the leg in one more direction."""
    leg = answered_leg(turn, verb.leg_id)
    wanted = _NAME[_DIRECTIONS[leg.muted] | _DIRECTIONS[verb.direction]]
    if wanted is leg.muted or wanted is None:
        return
    leg = turn.change_leg(leg.id, muted=wanted)
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
    match leg.place:
        case Place.NOWHERE:
            return ()
        case Place.TALK:
            return (StopMusic(leg_id=leg.id), JoinBridge(leg_id=leg.id))
        case Place.HOLD:
            return (LeaveBridge(leg_id=leg.id), StartMusic(leg_id=leg.id))
        case _:
            assert_never(leg.place)


def put_back(turn: Turn, leg_id: LegId) -> None:
    """A leg is not where it belongs, or nobody knows: put it there."""
    leg = turn.call.leg(leg_id)
    if leg.state is LegState.UP and not turn.call.is_ending:
        if leg.place is Place.TALK:
            turn.ask(CreateBridge())  # it is there, unless somebody took it away
        turn.ask(*put_in_place(leg))
        if leg.muted is not None:
            turn.ask(SetMute(leg_id=leg.id, direction=leg.muted))


def answered_leg(turn: Turn, leg_id: LegId) -> Leg:
    """The leg, which must be up."""
    try:
        leg = turn.call.leg(leg_id)
    except KeyError:
        raise RefusedError(Problem("NOT_FOUND", "The call has no such leg.", ("legId",))) from None
    if leg.state is not LegState.UP:
        message = "The leg is not up: it must have answered, and not have ended."
        raise RefusedError(Problem("INVALID_STATE", message, ("legId",), current_state=leg.state.value))
    return leg


def _talking_leg(turn: Turn, leg_id: LegId | None) -> Leg:
    """The leg, which must be up in a connected call; None: the customer's."""
    leg = turn.call.leg_of(LegRole.CUSTOMER) if leg_id is None else None
    leg = leg or answered_leg(turn, LegId(leg_id or ""))
    if turn.call.state is not CallState.CONNECTED:
        message = "Nobody talks yet: wait until the call is CONNECTED."
        raise RefusedError(Problem("INVALID_STATE", message, ("callId",), current_state=turn.call.state.value))
    return leg
