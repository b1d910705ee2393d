"""Whether a person or an answering machine has answered: the customer's leg is lent to Asterisk's dialplan to find out.

::

    answered ─ lent ─┬─ a person, or nobody knows ──> as after any answer
                     ├─ a machine, and a call flow ─> (after the beep) the flow, which may branch on it
                     └─ a machine, and none ────────> hung up: MACHINE

Nothing can be asked of the leg meanwhile but to hang up. It comes back with the verdict by itself; should it not, or
should it never have left, it is taken to be a person.
"""

from datetime import timedelta
from typing import Final

from app.calls.core import ending
from app.calls.core.answering import take_seat
from app.calls.core.commands import DetectMachine, VerifyLeg
from app.calls.core.inputs import LegDetected
from app.calls.core.model.call import Call
from app.calls.core.model.leg import Leg, Place
from app.calls.core.model.timers import TimerName
from app.calls.core.turn import Turn
from app.facts.calls import MachineDetectionFinished
from app.facts.vocabulary import AnsweredBy, CallState, Disposition, EndCode, EndParty, EndReason, LegRole, LegState
from app.ids import LegId

#: The dialplan (offhook-amd) takes up to 5 s, and up to 30 s more until a machine's beep is over.
LONGEST_SECONDS: Final = 45.0
#: How often it is looked whether the leg is there.
_LOOK_SECONDS: Final = 5.0


def is_due(call: Call, leg: Leg) -> bool:
    """Whether this answer is to be looked into."""
    return (
        call.detects_machine and call.answered_by is None and leg.role is LegRole.CUSTOMER and leg.place is Place.TALK
    )


def begin(turn: Turn, leg: Leg) -> None:
    """The customer has answered: find out what it is."""
    turn.clear_timers(TimerName.RING, TimerName.DIAL_CHECK)
    take_seat(turn, leg)
    turn.change_leg(leg.id, place=Place.AWAY)
    turn.change(state=CallState.ANSWERED, detecting_until=turn.now + timedelta(seconds=LONGEST_SECONDS))
    waits = turn.call.flow is not None
    turn.ask(DetectMachine(leg_id=leg.id, waits_for_beep=waits))
    turn.set_timer(TimerName.DETECTION, _LOOK_SECONDS)


def on_detected(turn: Turn, event: LegDetected) -> Leg | None:
    """The leg is back. Gives it, if the call is to go on with it."""
    return _finish(turn, event.leg_id, event.answered_by, event.cause, is_after_beep=event.is_after_beep)


def on_failure(turn: Turn, leg_id: LegId) -> None:
    """The leg could not be lent."""
    if _is_away(turn.call, leg_id):
        turn.change(detecting_until=turn.now)
        turn.set_timer(TimerName.DETECTION, 0.0)


def on_timer(turn: Turn) -> Leg | None:
    """Look whether the leg is there still; gives it once it is given up to wait for a verdict."""
    leg_id = turn.call.customer_leg_id
    if leg_id is None or not _is_away(turn.call, leg_id):
        return None
    if turn.call.detecting_until is None or turn.now >= turn.call.detecting_until:
        return _finish(turn, leg_id, AnsweredBy.UNKNOWN, "no verdict", is_after_beep=False)
    turn.ask(VerifyLeg(leg_id=leg_id))
    turn.set_timer(TimerName.DETECTION, _LOOK_SECONDS)
    return None


def on_recovered(turn: Turn) -> None:
    """Nobody watched for a while: the dialplan offers the leg again, and gets the time for it."""
    if turn.call.customer_leg_id is not None and _is_away(turn.call, turn.call.customer_leg_id):
        turn.change(detecting_until=turn.now + timedelta(seconds=LONGEST_SECONDS))
        turn.set_timer(TimerName.DETECTION, _LOOK_SECONDS)


def _finish(turn: Turn, leg_id: LegId, answered_by: AnsweredBy, cause: str, *, is_after_beep: bool) -> Leg | None:
    if not _is_away(turn.call, leg_id):
        return None
    turn.clear_timers(TimerName.DETECTION)
    turn.change(answered_by=answered_by, detecting_until=None)
    leg = turn.change_leg(leg_id, place=Place.TALK)
    told = MachineDetectionFinished(
        call=turn.call.ref, leg=leg.ref, answered_by=answered_by, cause=cause, is_after_beep=is_after_beep
    )
    turn.say(told)
    if answered_by is AnsweredBy.MACHINE and turn.call.flow is None:
        ending.begin(turn, Disposition.MACHINE, EndReason(code=EndCode.MACHINE, party=EndParty.CUSTOMER))
        return None
    return leg


def _is_away(call: Call, leg_id: LegId) -> bool:
    """Whether the leg is lent for this, and the call still wants to know."""
    leg = call.leg(leg_id)
    is_there = leg.state is LegState.UP and leg.place is Place.AWAY and not leg.is_leaving
    return is_there and call.detects_machine and call.answered_by is None and not call.is_ending
