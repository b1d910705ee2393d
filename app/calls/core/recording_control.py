"""What may be asked of a call's recordings: begin and end one in mid call, pause it, resume it.

One recording of a call runs at a time, so that a pause is a pause of all that is recorded.
"""

from typing import assert_never

import msgspec

from app.calls.core.commands import MuteParts
from app.calls.core.following import open_gap, voices
from app.calls.core.model.recording import PartState, Recording
from app.calls.core.model.timers import TimerName
from app.calls.core.recording import CHECK_SECONDS, begin, end, fail, is_open
from app.calls.core.turn import Turn
from app.calls.core.verbs import PauseRecording, ResumeRecording, StartRecording, StopRecording
from app.errors import Problem, RefusedError
from app.facts.recordings import RecordingPaused, RecordingResumed
from app.facts.stretches import Gap
from app.facts.vocabulary import CallState, RecordingState
from app.ids import RecordingId


def on_requested(turn: Turn, verb: StartRecording | StopRecording | PauseRecording | ResumeRecording) -> None:
    """Do what is asked.

    Raises:
        RefusedError: INVALID_STATE, NOT_FOUND; the turn is to be dropped.
    """
    match verb:
        case StartRecording():
            start(turn, verb)
        case StopRecording():
            stop(turn, verb)
        case PauseRecording():
            pause(turn, verb)
        case ResumeRecording():
            resume(turn, verb)
        case _:
            assert_never(verb)


def start(turn: Turn, verb: StartRecording) -> None:
    """Record from now on. The same asked again is the same recording."""
    call = turn.call
    if call.recording(verb.recording_id) is not None:
        return
    running = next((one for one in call.recordings if is_open(one)), None)
    if running is not None:
        state = running.shown_state.value
        raise _refused("The call is being recorded already: stop that recording first.", state, "callId")
    legs = voices(call, verb.mode)
    if call.state is not CallState.CONNECTED or legs is None:
        state = call.state.value if call.transfer is None else f"TRANSFER_{call.transfer.state}"
        raise _refused("There are no two parties that talk: wait until there are.", state, "callId")
    recording = Recording(
        id=verb.recording_id, mode=verb.mode, state=RecordingState.PENDING, created_at=turn.now, parts=()
    )
    turn.change(recordings=(*call.recordings, recording))
    begin(turn, recording, legs)


def stop(turn: Turn, verb: StopRecording) -> None:
    """End a recording; the call goes on."""
    recording = _running(turn, verb.recording_id)
    if recording.state is RecordingState.PENDING:
        fail(turn, recording, "it was stopped before it had begun")
    else:
        end(turn, recording)


def pause(turn: Turn, verb: PauseRecording) -> None:
    """Keep what is said out of the recording. One that is paused in this way already is left so."""
    recording = _running(turn, verb.recording_id)
    if recording.pause is not None:
        if recording.pause.pause is verb.mode:
            return
        message = "The recording is paused in the other way: resume it first."
        raise _refused(message, recording.shown_state.value, "recordingId")
    gap = Gap(began_at=turn.at, pause=verb.mode)
    recording = turn.change_recording(recording.id, gaps=open_gap(recording, gap))
    turn.say(
        RecordingPaused(
            call=turn.call.ref,
            recording_id=recording.id,
            mode=recording.mode,
            pause_mode=verb.mode,
            paused_at=gap.began_at,
        )
    )
    _mute(turn, recording)


def resume(turn: Turn, verb: ResumeRecording) -> None:
    """Record what is said again. One that is not paused is left so."""
    recording = _running(turn, verb.recording_id)
    gap = recording.pause
    if gap is None or gap.pause is None:
        return
    # Not before now: what waited for its turn meanwhile was said in the pause.
    closed = msgspec.structs.replace(gap, ended_at=turn.now)
    gaps = tuple(closed if one is gap else one for one in recording.gaps)
    recording = turn.change_recording(recording.id, gaps=gaps)
    turn.say(
        RecordingResumed(
            call=turn.call.ref,
            recording_id=recording.id,
            mode=recording.mode,
            pause_mode=gap.pause,
            paused_at=gap.began_at,
            resumed_at=turn.now,
        )
    )
    _mute(turn, recording)


def mute_again(turn: Turn) -> None:
    """Nobody knows whether Asterisk heard of pauses and their ends: say it again."""
    for recording in turn.call.recordings:
        if is_open(recording) and any(gap.pause is not None for gap in recording.gaps):
            _mute(turn, recording)


def on_mute_failed(turn: Turn, recording_id: RecordingId) -> None:
    """Asterisk may write on what must not be heard. It is silenced all the same when the file is made; try again."""
    recording = turn.call.recording(recording_id)
    if recording is not None and is_open(recording) and not turn.call.is_ending:
        turn.set_timer(TimerName.RECORDING_MUTE, CHECK_SECONDS)


def _mute(turn: Turn, recording: Recording) -> None:
    # Also those that only begin: they may be written before it is told that they are.
    parts = tuple(
        (part.role, part.number) for part in recording.parts if part.is_beginning or part.state is PartState.RECORDING
    )
    if parts:
        turn.ask(MuteParts(recording_id=recording.id, parts=parts, is_muted=recording.pause is not None))


def _running(turn: Turn, recording_id: RecordingId) -> Recording:
    recording = turn.call.recording(recording_id)
    if recording is None:
        raise RefusedError(Problem("NOT_FOUND", "There is no such recording.", ("recordingId",)))
    if not is_open(recording) or not recording.parts:
        message = "The recording is over." if recording.parts else "The recording has not begun."
        raise _refused(message, recording.shown_state.value, "recordingId")
    return recording


def _refused(message: str, state: str, field: str) -> RefusedError:
    return RefusedError(Problem("INVALID_STATE", message, (field,), current_state=state))
