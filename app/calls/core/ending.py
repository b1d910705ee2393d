"""The ending's part of the machine: decide once, take everything down in order, write the record when all is gone.

Order (Asterisk overwrites hang-up causes when a bridge goes first): stop recordings, hang up legs, wait for their
channels to be gone, take the bridge away.
"""

from app.calls.core import flow_run, queue_wait, recording, streams, taps
from app.calls.core.commands import (
    DestroyBridge,
    ForgetHangups,
    HangupChannel,
    VerifyLeg,
)
from app.calls.core.model.call import Call
from app.calls.core.model.leg import HangupReason
from app.calls.core.model.timers import TimerName
from app.calls.core.outcome import outcome_of_system
from app.calls.core.record import make_record, talk_seconds
from app.calls.core.turn import Turn
from app.errors import Problem, RefusedError
from app.facts.calls import CallEnded
from app.facts.flows import FlowEnding
from app.facts.transfers import TransferCancelled
from app.facts.vocabulary import CallState, Disposition, EndCode, EndReason, LegState, TransferState

TEARDOWN_SECONDS = 10.0
#: After so many rounds the waits stop growing; a leg is never given up while Asterisk may still have it.
SLOWEST_TEARDOWN_ROUND = 6


def begin(turn: Turn, disposition: Disposition, reason: EndReason) -> None:
    """Decide how the call ends, and start taking it down. The first decision stands."""
    if turn.call.is_ending:
        return
    _end_transfer(turn)
    taps.end_all(turn)
    streams.end_all(turn)
    queue_wait.end(turn)
    flow_run.end(turn, FlowEnding.STOPPED)
    turn.change(outcome=disposition, end_reason=reason, decided_at=turn.at)
    turn.clear_timers(TimerName.SETUP, TimerName.DIAL_CHECK, TimerName.RING, TimerName.JOIN, TimerName.MAX_DURATION)
    turn.clear_timers(TimerName.CONSULT, TimerName.RELEASE, TimerName.REFER, TimerName.PLACE, TimerName.TAPS)
    turn.clear_timers(TimerName.STREAM, TimerName.DETECTION)
    recording.stop_recordings(turn)
    for leg in turn.call.legs:
        if leg.state is LegState.PLANNED:
            turn.change_leg(leg.id, state=LegState.ENDED)
        elif leg.is_alive:
            kept = leg.hangup_reason or HangupReason.CALL_OVER
            turn.change_leg(leg.id, hangup_reason=kept)
            turn.ask(HangupChannel(leg_id=leg.id, reason=kept))
    turn.set_timer(TimerName.TEARDOWN, TEARDOWN_SECONDS)
    finish_if_gone(turn)


def _end_transfer(turn: Turn) -> None:
    """Every transfer has exactly one outcome: of one under way nothing comes any more."""
    transfer = turn.call.transfer
    if transfer is None:
        return
    turn.change(transfer=None)
    if transfer.state is not TransferState.RECALLING:
        turn.say(
            TransferCancelled(
                call=turn.call.ref,
                transfer_id=transfer.id,
                kind=transfer.kind,
                by=turn.call.leg(transfer.by).ref,
                transferee=turn.call.leg(transfer.transferee).ref,
                target=transfer.target_party,
                queue_id=transfer.queue_id,
            )
        )


def take_down_again(turn: Turn) -> None:
    """Ask once more for what the end asked for."""
    recording.stop_again(turn)
    for leg in turn.call.legs:
        if leg.is_alive:
            turn.ask(HangupChannel(leg_id=leg.id, reason=leg.hangup_reason or HangupReason.CALL_OVER))


def begin_by_system(turn: Turn, code: EndCode) -> None:
    """Offhook or a request ends the call."""
    begin(turn, *outcome_of_system(turn.call, code))


def on_teardown_timer(turn: Turn) -> None:
    """Legs are still there: ask again, and look."""
    tries = turn.call.teardown_tries + 1
    turn.change(teardown_tries=tries)
    for leg in turn.call.legs:
        if leg.is_alive:
            turn.ask(
                HangupChannel(leg_id=leg.id, reason=leg.hangup_reason or HangupReason.CALL_OVER),
                VerifyLeg(leg_id=leg.id),
            )
    turn.set_timer(TimerName.TEARDOWN, TEARDOWN_SECONDS * min(tries, SLOWEST_TEARDOWN_ROUND))


def finish_if_gone(turn: Turn) -> None:
    """The last leg is gone: end the call, with its record."""
    call = turn.call
    if call.is_ended or not call.is_ending or any(leg.is_alive for leg in call.legs):
        return
    if call.outcome is None or call.end_reason is None or call.cdr_id is None:
        msg = "an ending call has an outcome, a reason and a record id"
        raise ValueError(msg)
    dialled = tuple(leg.id for leg in call.legs if leg.created_at is not None)
    ended_at = max((leg.ended_at for leg in call.legs if leg.ended_at is not None), default=turn.now)
    turn.change(state=CallState.ENDED, ended_at=ended_at)
    turn.clear_timers(TimerName.TEARDOWN)
    record = make_record(turn.call, record_id=call.cdr_id, ended_at=ended_at, disposition=call.outcome)
    turn.say(
        CallEnded(
            call=turn.call.ref,
            disposition=call.outcome,
            end_reason=call.end_reason,
            duration_seconds=record.duration_seconds,
            talk_seconds=talk_seconds(turn.call),
            cdr=record,
        )
    )
    if call.has_bridge:
        turn.ask(DestroyBridge())
    if dialled:
        turn.ask(ForgetHangups(leg_ids=dialled))


def has_ended(call: Call) -> RefusedError:
    """The refusal of whatever is asked of a call that is over."""
    message = "The call has ended."
    return RefusedError(Problem("INVALID_STATE", message, ("callId",), current_state=call.state.value))
