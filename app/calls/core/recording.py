"""The recording's part of the machine.

::

    PENDING ──connected──> (snoops made, ready) ──> RECORDING ──ended or stopped──> COLLECTING ──> SAVED
       │                          │                     │                               └───────> FAILED
       └── call never connects:   └── cannot start: FAILED
           dropped, no trace

One snoop per recorded side hears only what that side says. All sides begin to be written together, so that a stereo
file's channels line up.
"""

import msgspec

from app.calls.core.commands import CollectRecording, CreateSnoop, RecordSnoop, StopPart
from app.calls.core.inputs import (
    PartStarted,
    PartStopped,
    RecordingCollected,
    RecordingLost,
    SnoopCreated,
    SnoopMissing,
)
from app.calls.core.model import Call, PartState, Recording, RecordingPart, TimerName
from app.calls.core.turn import Turn
from app.facts.recordings import RecordingFailed, RecordingSaved, RecordingStarted
from app.facts.vocabulary import LegRole, RecordingMode, RecordingState
from app.ids import RecordingId

START_SECONDS = 5.0
STOP_SECONDS = 10.0

_ROLES = {
    RecordingMode.OFF: (),
    RecordingMode.AGENT: (LegRole.AGENT,),
    RecordingMode.CUSTOMER: (LegRole.CUSTOMER,),
    RecordingMode.BOTH: (LegRole.AGENT, LegRole.CUSTOMER),
}


def start_recordings(turn: Turn) -> None:
    """The call is connected: begin what was asked for."""
    for recording in turn.call.recordings:
        if recording.state is RecordingState.PENDING and not recording.parts:
            roles = _ROLES[recording.mode]
            turn.change_recording(recording.id, parts=tuple(RecordingPart(role=role) for role in roles))
            for role in roles:
                leg = turn.call.leg_of(role)
                turn.ask(CreateSnoop(recording_id=recording.id, role=role, leg_id=leg.id))
            turn.set_timer(TimerName.RECORDING_START, START_SECONDS)


def stop_recordings(turn: Turn) -> None:
    """The end is decided: stop what runs, and forget what never began to."""
    turn.clear_timers(TimerName.RECORDING_START)
    kept = tuple(one for one in turn.call.recordings if one.state is not RecordingState.PENDING or one.parts)
    turn.change(recordings=kept)
    for recording in kept:
        if recording.state is RecordingState.RECORDING:
            _stop_parts(turn, recording)
            turn.set_timer(TimerName.RECORDING_STOP, STOP_SECONDS)
        elif recording.state is RecordingState.PENDING:
            _fail(turn, recording, "the call ended before the recording had begun")


def stop_again(turn: Turn) -> None:
    """Ask once more for the end of what should have stopped."""
    for recording in turn.call.recordings:
        if recording.state is RecordingState.RECORDING:
            _stop_parts(turn, recording)


def on_snoop_created(turn: Turn, event: SnoopCreated) -> None:
    """One side can be heard; once all can, they are written."""
    recording = turn.call.recording(event.recording_id)
    part = recording.part(event.role) if recording else None
    if recording is None or part is None or not _is_wanted(recording):
        turn.ask(StopPart(recording_id=event.recording_id, role=event.role))
        return
    if part.state is PartState.READY and event.is_late:
        # Nobody knows whether it was asked to be written; it is not being written.
        turn.set_timer(TimerName.RECORDING_START, START_SECONDS)
        turn.ask(RecordSnoop(recording_id=recording.id, roles=(part.role,)))
        return
    if part.state is not PartState.SNOOPING:
        return  # said twice
    if event.is_late:
        turn.set_timer(TimerName.RECORDING_START, START_SECONDS)
    recording = turn.change_part(recording, part, state=PartState.READY)
    if all(one.state is PartState.READY for one in recording.parts):
        turn.ask(RecordSnoop(recording_id=recording.id, roles=tuple(one.role for one in recording.parts)))


def on_snoop_missing(turn: Turn, event: SnoopMissing) -> None:
    """The service died before it could ask: ask now, rather than leave the talk without its recording."""
    recording = turn.call.recording(event.recording_id)
    part = recording.part(event.role) if recording else None
    if recording is None or part is None or part.state is not PartState.SNOOPING or not _is_wanted(recording):
        return
    turn.set_timer(TimerName.RECORDING_START, START_SECONDS)
    leg = turn.call.leg_of(event.role)
    turn.ask(CreateSnoop(recording_id=recording.id, role=event.role, leg_id=leg.id))


def on_part_started(turn: Turn, event: PartStarted) -> None:
    """One side is being written."""
    recording = turn.call.recording(event.recording_id)
    part = recording.part(event.role) if recording else None
    if recording is None or part is None or not _is_wanted(recording):
        # It had been given up, and began all the same.
        turn.ask(StopPart(recording_id=event.recording_id, role=event.role))
        return
    if part.state in {PartState.RECORDING, PartState.STOPPED}:
        return
    recording = turn.change_part(recording, part, state=PartState.RECORDING, started_at=event.at)
    if recording.state is RecordingState.PENDING and all(one.started_at is not None for one in recording.parts):
        turn.clear_timers(TimerName.RECORDING_START)
        first = min(one.started_at for one in recording.parts if one.started_at is not None)
        turn.change_recording(recording.id, state=RecordingState.RECORDING, started_at=first)
        turn.say(RecordingStarted(call=turn.call.ref, recording_id=recording.id, mode=recording.mode))


def on_part_stopped(turn: Turn, event: PartStopped) -> None:
    """One side is whole; once all are, they are collected."""
    recording = turn.call.recording(event.recording_id)
    part = recording.part(event.role) if recording else None
    if recording is None or part is None or part.state is PartState.STOPPED:
        return
    if event.failure is not None and _is_wanted(recording):
        _fail(turn, recording, event.failure)  # takes this side's snoop away too, which outlives its recording
        return
    recording = turn.change_part(recording, part, state=PartState.STOPPED, stopped_at=event.at)
    if not _is_wanted(recording):
        return
    if all(one.state is PartState.STOPPED for one in recording.parts):
        _collect(turn, recording)


def on_start_timeout(turn: Turn) -> None:
    """A recording did not begin in time."""
    for recording in turn.call.recordings:
        if recording.state is RecordingState.PENDING and recording.parts:
            _fail(turn, recording, f"it did not begin within {START_SECONDS:g} s")


def on_stop_timeout(turn: Turn) -> None:
    """Asterisk did not say that a recording is whole, or nobody would collect it: collecting finds out."""
    for recording in turn.call.recordings:
        if recording.state in {RecordingState.RECORDING, RecordingState.COLLECTING}:
            _collect(turn, recording)


def on_collected(turn: Turn, event: RecordingCollected) -> None:
    """The file is in our store."""
    recording = turn.call.recording(event.recording_id)
    if recording is None or recording.is_settled:
        return
    recording = turn.change_recording(
        recording.id,
        state=RecordingState.SAVED,
        saved_at=turn.now,
        object_key=event.object_key,
        duration_seconds=event.duration_seconds,
        size_bytes=event.size_bytes,
        channels=event.channels,
        sample_rate=event.sample_rate,
        sha256=event.sha256,
    )
    turn.say(
        RecordingSaved(
            call=turn.call.ref,
            recording_id=recording.id,
            mode=recording.mode,
            duration_seconds=event.duration_seconds,
            size_bytes=event.size_bytes,
            channels=event.channels,
            sha256=event.sha256,
        )
    )


def on_lost(turn: Turn, event: RecordingLost) -> None:
    """The file could not be had, for good."""
    recording = turn.call.recording(event.recording_id)
    if recording is not None and not recording.is_settled:
        _fail(turn, recording, event.reason)


def fail_start(turn: Turn, recording_id: RecordingId, detail: str) -> None:
    """Asterisk refused to begin a recording."""
    recording = turn.call.recording(recording_id)
    if recording is not None and recording.state is RecordingState.PENDING:
        _fail(turn, recording, f"Asterisk could not begin it: {detail}")


def collect_later(turn: Turn, recording_id: RecordingId) -> None:
    """The collector did not take the recording: it stays in Asterisk, and is offered again."""
    recording = turn.call.recording(recording_id)
    if recording is not None and recording.state is RecordingState.COLLECTING:
        turn.set_timer(TimerName.RECORDING_STOP, STOP_SECONDS)


def resume_collecting(call: Call) -> tuple[CollectRecording, ...]:
    """What a restarted service has to ask for again."""
    return tuple(
        CollectRecording(recording_id=one.id) for one in call.recordings if one.state is RecordingState.COLLECTING
    )


def _is_wanted(recording: Recording) -> bool:
    return recording.state in {RecordingState.PENDING, RecordingState.RECORDING}


def _collect(turn: Turn, recording: Recording) -> None:
    stopped = tuple(msgspec.structs.replace(one, state=PartState.STOPPED) for one in recording.parts)
    turn.change_recording(recording.id, state=RecordingState.COLLECTING, parts=stopped)
    if not any(one.state is RecordingState.RECORDING for one in turn.call.recordings):
        turn.clear_timers(TimerName.RECORDING_STOP)
    turn.ask(CollectRecording(recording_id=recording.id))


def _fail(turn: Turn, recording: Recording, reason: str) -> None:
    _stop_parts(turn, recording)
    turn.change_recording(recording.id, state=RecordingState.FAILED, failure=reason)
    if not any(one.state is RecordingState.PENDING and one.parts for one in turn.call.recordings):
        turn.clear_timers(TimerName.RECORDING_START)
    turn.say(RecordingFailed(call=turn.call.ref, recording_id=recording.id, mode=recording.mode, reason=reason))


def _stop_parts(turn: Turn, recording: Recording) -> None:
    for part in recording.parts:
        if part.state is not PartState.STOPPED:
            turn.ask(StopPart(recording_id=recording.id, role=part.role))
