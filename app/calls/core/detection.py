"""Whether a person or an answering machine has answered: the customer's leg is lent to Asterisk's dialplan to find out.

::

    answered ─ lent ─┬─ a person, or nobody knows ──> as after any answer
                     ├─ a machine, and a call flow ─> listened to until its beep is over (a stream of our own, or, where
                     │                                that cannot be, the dialplan, which waits for silence): then the
                     │                                flow, which may branch on it
                     ├─ a machine, and none (or one that refuses machines) ─> hung up: MACHINE, unless it is to be
                     │                                                         connected all the same
                     └─ a fax ──────────────────────> a call flow may branch on it; else hung up: MACHINE

An agent that was dialled first hears ringing meanwhile, as before the answer. Nothing can be asked of the leg meanwhile
but to hang up. It comes back with the verdict by itself; should it not, or should it never have left, it is taken to be
a person.
"""

from datetime import timedelta
from typing import Final, assert_never

from app.calls.core import ending, holding, streams
from app.calls.core.answering import take_seat
from app.calls.core.commands import AwaitSilence, DetectMachine, JoinBridge, VerifyLeg
from app.calls.core.inputs import LegDetected
from app.calls.core.model.call import Call
from app.calls.core.model.leg import Leg, Place
from app.calls.core.model.media import Listening
from app.calls.core.model.timers import TimerName
from app.calls.core.turn import Turn
from app.facts.calls import MachineDetectionFinished
from app.facts.vocabulary import (
    AnsweredBy,
    CallState,
    Disposition,
    EndCode,
    EndParty,
    EndReason,
    GreetingEnd,
    LegRole,
    LegState,
    MediaStreamEnd,
)
from app.ids import Kind, LegId, MediaStreamId, derived_id

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
    agent = _waiting_agent(turn.call)
    if agent is not None:
        holding.move(turn, agent, Place.RINGBACK)
    turn.change_leg(leg.id, place=Place.AWAY)
    turn.change(state=CallState.ANSWERED, detecting_until=turn.now + timedelta(seconds=LONGEST_SECONDS))
    turn.ask(DetectMachine(leg_id=leg.id, waits_for_beep=_wants_beep(turn.call)))
    turn.set_timer(TimerName.DETECTION, _LOOK_SECONDS)


def on_detected(turn: Turn, event: LegDetected) -> Leg | None:
    """The leg is back. Gives it, if the call is to go on with it."""
    if not _is_away(turn.call, event.leg_id):
        return None
    listening = turn.call.listening
    if listening is not None:
        return _finish(turn, event.leg_id, AnsweredBy.MACHINE, listening.cause, ended_by=_silence(event))
    if event.answered_by is AnsweredBy.MACHINE and _wants_beep(turn.call):
        _listen(turn, turn.call.leg(event.leg_id), event.cause)
        return None
    return _finish(turn, event.leg_id, event.answered_by, event.cause, ended_by=_silence(event))


def _silence(event: LegDetected) -> GreetingEnd | None:
    """The dialplan waits for silence, and knows of no beeps."""
    return GreetingEnd.SILENCE if event.is_after_beep else None


def follow(turn: Turn) -> Leg | None:
    """Once nobody listens any more for the machine's beep: gives the leg, if the call is to go on with it."""
    call, listening = turn.call, turn.call.listening
    if listening is None or not listening.is_over or call.is_ending or call.answered_by is not None:
        return None
    leg_id = call.customer_leg_id
    leg = None if leg_id is None else call.leg(leg_id)
    if leg is None or leg.state is not LegState.UP or leg.is_leaving:
        return None
    match listening.outcome:
        case GreetingEnd.BEEP | GreetingEnd.SILENCE:
            ended_by = GreetingEnd(listening.outcome)
            return _finish(turn, leg.id, AnsweredBy.MACHINE, listening.cause, ended_by=ended_by)
        case "FAX":
            return _finish(turn, leg.id, AnsweredBy.FAX, "CED")
        case None if listening.ended is MediaStreamEnd.SERVICE_RESTARTED:
            _listen(turn, leg, listening.cause)
        case None if listening.ended is not MediaStreamEnd.STOPPED:
            # Nobody here can listen: the dialplan tells at least when it is silent.
            turn.change(listening=Listening(cause=listening.cause))
            turn.change_leg(leg.id, place=Place.AWAY)
            turn.ask(AwaitSilence(leg_id=leg.id))
        case _:
            return _finish(turn, leg.id, AnsweredBy.MACHINE, listening.cause)
    return None


def _listen(turn: Turn, leg: Leg, cause: str) -> None:
    number = turn.call.sequence
    stream_id = MediaStreamId(derived_id(Kind.MEDIA_STREAM, turn.now, f"{turn.call.id}/beep/{number}"))
    turn.change(listening=Listening(cause=cause, stream_id=stream_id))
    leg = turn.change_leg(leg.id, place=Place.ALONE)
    streams.listen(turn, leg, stream_id)
    turn.change(detecting_until=turn.now + timedelta(seconds=LONGEST_SECONDS))
    turn.set_timer(TimerName.DETECTION, _LOOK_SECONDS)


def on_failure(turn: Turn, leg_id: LegId) -> None:
    """The leg could not be lent."""
    if _is_away(turn.call, leg_id):
        turn.change(detecting_until=turn.now)
        turn.set_timer(TimerName.DETECTION, 0.0)


def on_timer(turn: Turn) -> Leg | None:
    """Look whether the leg is there still; gives it once it is given up to wait for a verdict."""
    leg_id = turn.call.customer_leg_id
    if leg_id is None or not (_is_away(turn.call, leg_id) or _is_listened_to(turn.call, leg_id)):
        return None
    listening = turn.call.listening
    if listening is not None and (turn.call.detecting_until is None or turn.now >= turn.call.detecting_until):
        return _finish(turn, leg_id, AnsweredBy.MACHINE, listening.cause)
    if turn.call.detecting_until is None or turn.now >= turn.call.detecting_until:
        return _finish(turn, leg_id, AnsweredBy.UNKNOWN, "no verdict")
    turn.ask(VerifyLeg(leg_id=leg_id))
    turn.set_timer(TimerName.DETECTION, _LOOK_SECONDS)
    return None


def on_recovered(turn: Turn) -> None:
    """Nobody watched for a while: the dialplan offers the leg again, and gets the time for it."""
    if turn.call.customer_leg_id is not None and _is_away(turn.call, turn.call.customer_leg_id):
        turn.change(detecting_until=turn.now + timedelta(seconds=LONGEST_SECONDS))
        turn.set_timer(TimerName.DETECTION, _LOOK_SECONDS)


def _finish(
    turn: Turn, leg_id: LegId, answered_by: AnsweredBy, cause: str, *, ended_by: GreetingEnd | None = None
) -> Leg | None:
    if not (_is_away(turn.call, leg_id) or _is_listened_to(turn.call, leg_id)):
        return None
    turn.clear_timers(TimerName.DETECTION)
    turn.change(answered_by=answered_by, detecting_until=None, listening=None)
    stream = turn.call.stream_on(leg_id)
    if stream is not None:
        streams.end(turn, stream, MediaStreamEnd.STOPPED, goes_back=False)
    leg = turn.change_leg(leg_id, place=Place.TALK)
    told = MachineDetectionFinished(
        call=turn.call.ref,
        leg=leg.ref,
        answered_by=answered_by,
        cause=cause,
        is_after_beep=ended_by is not None,
        greeting_ended_by=ended_by,
    )
    turn.say(told)
    if _is_refused(turn.call, answered_by):
        code = EndCode.FAX if answered_by is AnsweredBy.FAX else EndCode.MACHINE
        ending.begin(turn, Disposition.MACHINE, EndReason(code=code, party=EndParty.CUSTOMER))
        return None
    if _waiting_agent(turn.call) is not None:
        turn.ask(JoinBridge(leg_id=leg.id))  # it left the bridge for the dialplan
    return leg


def _is_refused(call: Call, answered_by: AnsweredBy) -> bool:
    flow = call.flow
    match answered_by:
        case AnsweredBy.MACHINE:
            return not call.connects_machines if flow is None else flow.refuses_machines
        case AnsweredBy.FAX:  # nothing that is said reaches anybody; a flow may know what to do
            return flow is None or not flow.is_told or flow.refuses_machines
        case AnsweredBy.HUMAN | AnsweredBy.UNKNOWN:
            return False
        case _:
            assert_never(answered_by)


def _waiting_agent(call: Call) -> Leg | None:
    """The agent, where that was dialled first and is there."""
    agent = call.seats[0]
    return agent if agent is not None and agent.state is LegState.UP and not agent.is_leaving else None


def _wants_beep(call: Call) -> bool:
    """Whether something is to be said to a machine: then it is said after its beep."""
    return call.flow is not None and not call.flow.refuses_machines


def _is_listened_to(call: Call, leg_id: LegId) -> bool:
    """Whether the leg is with us, and its beep is listened for."""
    leg = call.leg(leg_id)
    is_there = leg.state is LegState.UP and not leg.is_leaving and leg.place in {Place.ALONE, Place.STREAM}
    return is_there and call.listening is not None and call.answered_by is None and not call.is_ending


def _is_away(call: Call, leg_id: LegId) -> bool:
    """Whether the leg is lent for this, and the call still wants to know."""
    leg = call.leg(leg_id)
    is_there = leg.state is LegState.UP and leg.place is Place.AWAY and not leg.is_leaving
    return is_there and call.detects_machine and call.answered_by is None and not call.is_ending
