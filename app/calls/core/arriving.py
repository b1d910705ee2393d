"""A call that comes to us: its first leg is there before the call is, and waits to be answered.

The caller hears ringing while somebody is looked for, and is answered only when somebody has been found: until then the
call costs nobody anything. What is written down of a call that nobody watched is here as well.

::

    Start ─┬─> receive the caller, ring the others ─> one of them answers ─> answer, bridge, join both ─> CONNECTED
           └─> receive and answer the caller, for a queue ─> it waits (``queueing``)
"""

from typing import Final

from app.calls.core import ending
from app.calls.core.commands import AnswerChannel, CreateBridge, JoinBridge, ReceiveChannel
from app.calls.core.inputs import MissedWhileAway
from app.calls.core.model.call import Call
from app.calls.core.model.leg import Leg
from app.calls.core.model.timers import TimerName
from app.calls.core.outcome import outcome_of_system
from app.calls.core.turn import Turn
from app.facts.calls import CallCreated
from app.facts.vocabulary import (
    CallState,
    CdrSource,
    Disposition,
    EndCode,
    EndParty,
    EndReason,
    LegRole,
    LegState,
    Party,
)

#: How long Asterisk may take to say that the caller is answered.
ANSWER_SECONDS: Final = 10.0


def party_of(call: Call, role: LegRole) -> Party:
    """Who is on a side; nobody, where the call has no leg for it."""
    try:
        return call.leg_of(role).party
    except KeyError:  # a call that came in and could go nowhere
        return Party()


def receive(turn: Turn, caller: Leg, *, lifetime_seconds: float) -> None:
    """The caller waits."""
    turn.change_leg(caller.id, state=LegState.RINGING, created_at=turn.now, ringing_at=turn.now)
    turn.ask(ReceiveChannel(leg_id=caller.id, lifetime_seconds=lifetime_seconds))


def refuse(turn: Turn) -> None:
    """There is nobody to be rung: the plan says how it came out."""
    failure = turn.call.best_failure
    if failure is None:
        ending.begin(turn, *outcome_of_system(turn.call, EndCode.DIAL_FAILED))
    else:
        turn.change(best_failure=None)
        ending.begin(turn, failure.disposition, failure.end_reason)


def answer_to_wait(turn: Turn, caller: Leg) -> None:
    """The caller is to wait in a queue, which nobody does unanswered: it joins once Asterisk says that it is up."""
    turn.set_timer(TimerName.JOIN, ANSWER_SECONDS)
    turn.ask(AnswerChannel(leg_id=caller.id))


def answer(turn: Turn, caller: Leg) -> None:
    """Somebody has been found: the caller is answered, and put together with them once Asterisk says it is up."""
    turn.change(state=CallState.ANSWERED, has_bridge=True)
    turn.set_timer(TimerName.JOIN, ANSWER_SECONDS)
    _ask_to_answer(turn, caller)


def remind(turn: Turn) -> None:
    """Nobody watched for a while: what was asked for a caller who waits may never have left."""
    call = turn.call
    for caller in call.legs:
        if not caller.has_come or caller.state is not LegState.RINGING or caller.hangup_reason is not None:
            continue
        if call.has_bridge:
            _ask_to_answer(turn, caller)
        elif call.queue is not None or call.flow is not None:
            turn.ask(AnswerChannel(leg_id=caller.id))
        else:
            turn.ask(ReceiveChannel(leg_id=caller.id, lifetime_seconds=call.max_duration_seconds))


def _ask_to_answer(turn: Turn, caller: Leg) -> None:
    other = turn.call.other(caller)
    turn.ask(AnswerChannel(leg_id=caller.id), CreateBridge(), JoinBridge(leg_id=caller.id))
    if other is not None and other.state is LegState.UP:
        turn.ask(JoinBridge(leg_id=other.id))


def write_down(turn: Turn, event: MissedWhileAway) -> None:
    """The caller was told by Asterisk alone that nobody can take the call, and is gone: only the record is left."""
    call = turn.call
    if call.state is not CallState.PENDING or call.sequence:
        return
    turn.change(state=CallState.DIALING, source=CdrSource.BACKFILL, best_failure=None)
    turn.say(
        CallCreated(
            call=call.ref,
            agent=party_of(call, LegRole.AGENT),
            customer=party_of(call, LegRole.CUSTOMER),
            dial_first=call.legs[0].role,
            recording_mode=call.recording_mode,
        )
    )
    caller = turn.call.legs[0]
    turn.change_leg(
        caller.id,
        state=LegState.ENDED,
        created_at=call.created_at,
        answered_at=call.created_at if event.was_answered else None,
        ended_at=max(event.ended_at, call.created_at),
    )
    if event.was_answered:
        ending.begin(turn, Disposition.ABANDONED, EndReason(code=EndCode.SERVICE_AWAY, party=EndParty.SYSTEM))
    else:
        ending.begin(turn, Disposition.CONGESTION, EndReason(code=EndCode.CONGESTION, party=EndParty.SYSTEM))
