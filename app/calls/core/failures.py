"""What becomes of a call when a command failed: refused, for something that is gone, or nobody knows whether done."""

from app.calls.core import ending, holding, inputs, playing, recording, recording_control, setup, supervision, waves
from app.calls.core.commands import (
    AnswerChannel,
    CollectRecording,
    CreateBridge,
    CreateChannel,
    CreateSnoop,
    CreateTaps,
    DialChannel,
    EndPlayback,
    HangupChannel,
    JoinBridge,
    LeaveBridge,
    MuteParts,
    PlaceSupervisor,
    ReceiveChannel,
    RecordSnoop,
    SendDigits,
    SetMute,
    StartMusic,
    StartPlayback,
    StartRingback,
    StopMusic,
    StopRingback,
)
from app.calls.core.departure import end_leg, verify
from app.calls.core.inputs import FailureKind
from app.calls.core.model import TimerName, side_of
from app.calls.core.turn import Turn
from app.facts.vocabulary import CallState, Disposition, EndCode, EndReason, LegState
from app.ids import LegId


def on_failure(turn: Turn, event: inputs.CommandFailed) -> None:
    match event.command:
        case CreateChannel(leg_id=leg_id) if event.kind in {FailureKind.REFUSED, FailureKind.GONE}:
            _refuse_leg(turn, leg_id, event.detail)
        case CreateChannel(leg_id=leg_id) if event.kind is FailureKind.UNSENT:
            setup.give_up(turn, turn.call.leg(leg_id))
        case DialChannel(leg_id=leg_id) if event.kind in {FailureKind.REFUSED, FailureKind.UNSENT}:
            setup.give_up(turn, turn.call.leg(leg_id))
            verify(turn, leg_id)
        case CreateChannel(leg_id=leg_id) | DialChannel(leg_id=leg_id):
            verify(turn, leg_id)
        case HangupChannel(leg_id=leg_id) if event.kind is FailureKind.GONE:
            verify(turn, leg_id)
        case ReceiveChannel(leg_id=leg_id) | AnswerChannel(leg_id=leg_id):
            verify(turn, leg_id)
        case JoinBridge(leg_id=leg_id):
            _on_not_joined(turn, event, leg_id)
        case LeaveBridge(leg_id=leg_id) | StartMusic(leg_id=leg_id) | StopMusic(leg_id=leg_id) | SetMute(leg_id=leg_id):
            holding.try_again(turn, turn.call.leg(leg_id))
            verify(turn, leg_id)
        case StartRingback(leg_id=leg_id) | StopRingback(leg_id=leg_id):
            holding.try_again(turn, turn.call.leg(leg_id))
            verify(turn, leg_id)
        case SendDigits(leg_id=leg_id):
            verify(turn, leg_id)
        case StartPlayback(playback_id=playback_id):
            playing.on_ended(turn, playback_id, event.detail)
        case EndPlayback(playback_id=playback_id) if event.kind is FailureKind.GONE:
            playing.on_ended(turn, playback_id, None)
        case CreateTaps() | PlaceSupervisor():
            supervision.on_failure(turn, event.command.supervision_id, event.command.number)
        case CreateBridge():
            ending.begin_by_system(turn, EndCode.BRIDGE_FAILED)
        case CreateSnoop() | RecordSnoop():
            recording.on_not_begun(turn, event.command, event.detail)
            if isinstance(event.command, CreateSnoop) and event.kind is FailureKind.GONE:
                verify(turn, event.command.leg_id)
        case MuteParts(recording_id=recording_id):
            recording_control.on_mute_failed(turn, recording_id)
        case CollectRecording(recording_id=recording_id):
            recording.collect_later(turn, recording_id)
        case _:
            pass  # the rest is retried by its timer or found by the next reconcile


def _on_not_joined(turn: Turn, event: inputs.CommandFailed, leg_id: LegId) -> None:
    leg = turn.call.leg(leg_id)
    if not leg.is_leaving and (not turn.call.may_take_seat(leg) or waves.is_one_of_several(turn.call, leg_id)):
        setup.give_up(turn, leg)
        return
    if not leg.is_leaving:
        if _is_unclear(event) and turn.call.state is CallState.CONNECTED:
            holding.try_again(turn, leg)
        elif event.kind is not FailureKind.GONE:
            ending.begin_by_system(turn, EndCode.BRIDGE_FAILED)
        elif not turn.call.is_ending:
            # A party that left in this very moment decides the call itself. One that did not is alone: that ends it.
            turn.set_timer(TimerName.JOIN, setup.JOIN_SECONDS)
    verify(turn, leg_id)


def _is_unclear(event: inputs.CommandFailed) -> bool:
    """Whether a command may be carried out, or not, when it is asked for once more."""
    return event.kind in {FailureKind.UNCLEAR, FailureKind.UNSENT}


def _refuse_leg(turn: Turn, leg_id: LegId, detail: str) -> None:
    """Asterisk will not even make the channel: there is no way to this party."""
    leg = turn.call.leg(leg_id)
    if leg.state is not LegState.CREATING:
        return
    reason = EndReason(code=EndCode.UNREACHABLE, party=side_of(leg.role))
    end_leg(turn, leg, ended_at=turn.now, failure=detail, decided=(Disposition.UNREACHABLE, reason))
