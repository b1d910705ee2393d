"""What becomes of a call when a command failed: refused, for something that is gone, or nobody knows whether done."""

import msgspec

from app.calls.core import (
    detection,
    ending,
    flow,
    holding,
    inputs,
    playing,
    recording,
    recording_control,
    referring,
    setup,
    streams,
    supervision,
    waves,
)
from app.calls.core.commands import (
    AdoptChannel,
    AnswerChannel,
    AwaitSilence,
    CollectRecording,
    CreateBridge,
    CreateChannel,
    CreateSnoop,
    CreateTaps,
    DetectMachine,
    DialChannel,
    EndPlayback,
    EnterDialplan,
    FindTarget,
    HangupChannel,
    JoinBridge,
    JoinStream,
    LeaveBridge,
    MuteParts,
    OpenStream,
    PlaceSupervisor,
    PreparePrompt,
    ReceiveChannel,
    RecordSnoop,
    ReferLeg,
    SendDigits,
    SetMute,
    SetPitch,
    StartMusic,
    StartPlayback,
    StartRingback,
    StopMusic,
    StopRingback,
)
from app.calls.core.departure import end_leg, verify
from app.calls.core.inputs import FailureKind
from app.calls.core.model.leg import side_of
from app.calls.core.model.timers import TimerName
from app.calls.core.turn import Turn
from app.facts.vocabulary import CallState, Disposition, EndCode, EndParty, EndReason, LegState
from app.ids import LegId


def on_failure(turn: Turn, event: inputs.CommandFailed) -> None:  # noqa: PLR0915  # one case for each command
    match event.command:
        case CreateChannel(leg_id=leg_id) if event.kind in {FailureKind.REFUSED, FailureKind.GONE}:
            _refuse_leg(turn, leg_id, event.detail)
        case CreateChannel(leg_id=leg_id) if event.kind is FailureKind.FULL:
            _on_trunk_full(turn, event.command, leg_id, event.detail)
        case CreateChannel(leg_id=leg_id) if event.kind is FailureKind.CAPPED:
            _on_capped(turn, leg_id, event.detail)
        case CreateChannel(leg_id=leg_id) if event.kind is FailureKind.UNSENT:
            setup.give_up(turn, turn.call.leg(leg_id))
        case DialChannel(leg_id=leg_id) if event.kind in {FailureKind.REFUSED, FailureKind.UNSENT}:
            setup.give_up(turn, turn.call.leg(leg_id))
            verify(turn, leg_id)
        case CreateChannel(leg_id=leg_id) | DialChannel(leg_id=leg_id):
            verify(turn, leg_id)
        case HangupChannel(leg_id=leg_id) if event.kind is FailureKind.GONE:
            verify(turn, leg_id)
        case ReceiveChannel(leg_id=leg_id) | AdoptChannel(leg_id=leg_id) | AnswerChannel(leg_id=leg_id):
            verify(turn, leg_id)
        case ReferLeg(leg_id=leg_id):
            if event.kind is not FailureKind.UNCLEAR:
                referring.on_failure(turn, leg_id)
            verify(turn, leg_id)
        case DetectMachine(leg_id=leg_id) | AwaitSilence(leg_id=leg_id):
            if event.kind is not FailureKind.UNCLEAR:
                detection.on_failure(turn, leg_id)
            verify(turn, leg_id)
        case EnterDialplan(leg_id=leg_id):
            if event.kind is not FailureKind.UNCLEAR:
                flow.on_not_handed_over(turn, leg_id)
            verify(turn, leg_id)
        case JoinBridge(leg_id=leg_id):
            _on_not_joined(turn, event, leg_id)
        case LeaveBridge(leg_id=leg_id) | StartMusic(leg_id=leg_id) | StopMusic(leg_id=leg_id) | SetMute(leg_id=leg_id):
            holding.try_again(turn, turn.call.leg(leg_id))
            verify(turn, leg_id)
        case StartRingback(leg_id=leg_id) | StopRingback(leg_id=leg_id) | SetPitch(leg_id=leg_id):
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
        case JoinStream(leg_id=leg_id):
            streams.on_not_joined(turn, leg_id, is_refused=event.kind is FailureKind.REFUSED)
        case OpenStream(stream_id=stream_id):
            streams.on_not_opened(turn, stream_id, event.detail)
        case CreateBridge():
            ending.begin_by_system(turn, EndCode.BRIDGE_FAILED)
        case CreateSnoop() | RecordSnoop():
            recording.on_not_begun(turn, event.command, event.detail)
            if isinstance(event.command, CreateSnoop) and event.kind is FailureKind.GONE:
                verify(turn, event.command.leg_id)
        case PreparePrompt() | FindTarget():
            flow.on_not_asked(turn, event.command, event.detail)
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


def _on_capped(turn: Turn, leg_id: LegId, detail: str) -> None:
    """The account has as much as it may: the leg is not dialled, over whatever trunk."""
    leg = turn.call.leg(leg_id)
    if leg.state is LegState.CREATING:
        reason = EndReason(code=EndCode.LIMIT_REACHED, party=EndParty.SYSTEM)
        end_leg(turn, leg, ended_at=turn.now, failure=detail, decided=(Disposition.CONGESTION, reason))


def _on_trunk_full(turn: Turn, command: CreateChannel, leg_id: LegId, detail: str) -> None:
    """The trunk has no free channel: the leg goes over another, or not at all."""
    leg = turn.call.leg(leg_id)
    if leg.state is not LegState.CREATING or leg.trunk_id != command.trunk_id:
        return
    if not leg.other_ways or leg.hangup_reason is not None:
        reason = EndReason(code=EndCode.TRUNK_FULL, party=EndParty.SYSTEM)
        end_leg(turn, leg, ended_at=turn.now, failure=detail, decided=(Disposition.CONGESTION, reason))
        return
    way, *others = leg.other_ways
    if turn.call.trunk_id == leg.trunk_id:
        turn.change(trunk_id=way.trunk_id)
    turn.change_leg(
        leg.id, endpoint=way.endpoint, trunk_id=way.trunk_id, is_counted=way.is_counted, other_ways=tuple(others)
    )
    trunk_id = way.trunk_id if way.is_counted else None
    turn.ask(msgspec.structs.replace(command, endpoint=way.endpoint, trunk_id=trunk_id))
