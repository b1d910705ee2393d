"""The recording's part of the machine.

::

    PENDING ──connected──> (snoops made, ready) ──> RECORDING ──ended or stopped──> COLLECTING ──> SAVED
       │                          │                     │                               └───────> FAILED
       └── call never connects:   └── cannot start: FAILED
           dropped, no trace

One snoop per recorded voice hears only what that leg says. The first begin to be written together, so that a stereo
file's channels line up; ``following`` has others written as legs come and go.
"""

from collections.abc import Sequence

import msgspec

from app.calls.core.commands import CollectRecording, CreateSnoop, MuteParts, RecordSnoop, StopPart
from app.calls.core.inputs import (
    PartStarted,
    PartStopped,
    RecordingCollected,
    RecordingLost,
    SnoopCreated,
    SnoopMissing,
)
from app.calls.core.model.call import Call
from app.calls.core.model.leg import Leg
from app.calls.core.model.recording import PartState, Recording, RecordingPart
from app.calls.core.model.timers import TimerName
from app.calls.core.turn import Turn
from app.facts.flows import VoicemailReceived
from app.facts.recordings import RecordingFailed, RecordingSaved, RecordingStarted
from app.facts.vocabulary import LegRole, RecordingKind, RecordingMode, RecordingState
from app.ids import RecordingId

START_SECONDS = 5.0
STOP_SECONDS = 10.0
CHECK_SECONDS = 1.0

ROLES = {
    RecordingMode.OFF: (),
    RecordingMode.AGENT: (LegRole.AGENT,),
    RecordingMode.CUSTOMER: (LegRole.CUSTOMER,),
    RecordingMode.BOTH: (LegRole.AGENT, LegRole.CUSTOMER),
}


def start_recordings(turn: Turn) -> None:
    """The call is connected: begin what was asked for."""
    for recording in turn.call.recordings:
        if recording.state is RecordingState.PENDING and not recording.parts:
            begin(turn, recording, [(role, turn.call.leg_of(role)) for role in ROLES[recording.mode]])


def begin(turn: Turn, recording: Recording, legs: Sequence[tuple[LegRole, Leg]]) -> None:
    """Have these legs' voices written, each on a side; one of each side together, under one number."""
    number = max((part.number for part in recording.parts), default=0) + 1
    taken: set[tuple[LegRole, int]] = set()
    parts: list[RecordingPart] = []
    for role, leg in legs:
        its_number = number
        while (role, its_number) in taken:
            its_number += 1
        taken.add((role, its_number))
        parts.append(RecordingPart(role=role, number=its_number, leg_id=leg.id))
    turn.change_recording(recording.id, parts=(*recording.parts, *parts))
    for part, (_, leg) in zip(parts, legs, strict=True):
        turn.ask(_snoop(recording, part, leg))
    if parts:
        turn.set_timer(TimerName.RECORDING_START, START_SECONDS)


def stop_recordings(turn: Turn) -> None:
    """The end is decided: stop what runs, and forget what never began to."""
    turn.clear_timers(TimerName.RECORDING_START, TimerName.RECORDING_CHECK, TimerName.RECORDING_MUTE)
    kept = tuple(one for one in turn.call.recordings if one.state is not RecordingState.PENDING or one.parts)
    turn.change(recordings=kept)
    for recording in kept:
        if recording.state is RecordingState.RECORDING:
            end(turn, recording)
        elif recording.state is RecordingState.PENDING:
            fail(turn, recording, "the call ended before the recording had begun")


def end(turn: Turn, recording: Recording) -> None:
    """Stop what is written of a recording; it is collected once all of it is whole."""
    if recording.ends_at is None:
        recording = turn.change_recording(recording.id, ends_at=turn.at)
    _stop_parts(turn, recording)
    turn.set_timer(TimerName.RECORDING_STOP, STOP_SECONDS)
    _collect_if_whole(turn, recording.id)


def stop_again(turn: Turn) -> None:
    """Ask once more for the end of what should have stopped."""
    for recording in turn.call.recordings:
        if _is_ending(turn, recording):
            _stop_parts(turn, recording)


def stop_part(turn: Turn, recording: Recording, part: RecordingPart, *, is_let_go: bool = True) -> Recording:
    """End one part while the recording goes on; one that was not begun yet is forgotten.

    Without ``is_let_go`` it is given up, and its leg is to be written all the same.
    """
    turn.ask(StopPart(recording_id=recording.id, role=part.role, number=part.number))
    state = PartState.ABSENT if part.is_beginning else PartState.STOPPING
    return turn.change_part(recording, part, state=state, is_let_go=is_let_go)


def on_snoop_created(turn: Turn, event: SnoopCreated) -> None:
    """One leg can be heard; once all that begin together can, they are written."""
    recording = turn.call.recording(event.recording_id)
    part = recording.part(event.role, event.number) if recording else None
    if recording is None or part is None or not is_open(recording) or part.state is PartState.ABSENT:
        turn.ask(StopPart(recording_id=event.recording_id, role=event.role, number=event.number))
        return
    if part.state is PartState.READY and event.is_late:
        # Nobody knows whether it was asked to be written; it is not being written.
        turn.set_timer(TimerName.RECORDING_START, START_SECONDS)
        silence = recording.silence_seconds
        turn.ask(
            RecordSnoop(recording_id=recording.id, roles=(part.role,), number=part.number, silence_seconds=silence)
        )
        return
    if part.state is not PartState.SNOOPING:
        return  # said twice
    if event.is_late:
        turn.set_timer(TimerName.RECORDING_START, START_SECONDS)
    recording = turn.change_part(recording, part, state=PartState.READY)
    together = [one for one in recording.parts if one.number == part.number and one.state is not PartState.ABSENT]
    if all(one.state is PartState.READY for one in together):
        roles = tuple(one.role for one in together)
        silence = recording.silence_seconds
        turn.ask(RecordSnoop(recording_id=recording.id, roles=roles, number=part.number, silence_seconds=silence))


def on_snoop_missing(turn: Turn, event: SnoopMissing) -> None:
    """The service died before it could ask: ask now, rather than leave the talk without its recording."""
    recording = turn.call.recording(event.recording_id)
    part = recording.part(event.role, event.number) if recording else None
    if recording is None or part is None or part.state is not PartState.SNOOPING or not is_open(recording):
        return
    turn.set_timer(TimerName.RECORDING_START, START_SECONDS)
    turn.ask(_snoop(recording, part, leg_of_part(turn.call, part)))


def on_part_started(turn: Turn, event: PartStarted) -> None:
    """One voice is being written."""
    recording = turn.call.recording(event.recording_id)
    part = recording.part(event.role, event.number) if recording else None
    if recording is None or part is None or not is_open(recording) or part.state is PartState.ABSENT:
        # It had been given up, and began all the same.
        turn.ask(StopPart(recording_id=event.recording_id, role=event.role, number=event.number))
        return
    if not part.is_beginning:
        return
    recording = turn.change_part(
        recording,
        part,
        state=PartState.RECORDING,
        started_at=event.at,
        heard_at=turn.now,
        is_start_guessed=event.is_guessed,
    )
    if recording.pause is not None:
        turn.ask(MuteParts(recording_id=recording.id, parts=((part.role, part.number),), is_muted=True))
    _clear_start_timer(turn)
    begun = [one.started_at for one in recording.parts if one.state is not PartState.ABSENT]
    if recording.state is RecordingState.PENDING and None not in begun:
        first = min(instant for instant in begun if instant is not None)
        turn.change_recording(recording.id, state=RecordingState.RECORDING, started_at=first)
        turn.say(RecordingStarted(call=turn.call.ref, recording_id=recording.id, mode=recording.mode))


def on_part_stopped(turn: Turn, event: PartStopped) -> None:
    """One part is whole; once all are, and no more will come, they are collected."""
    recording = turn.call.recording(event.recording_id)
    part = recording.part(event.role, event.number) if recording else None
    if recording is None or part is None or part.is_over or recording.is_settled:
        return  # of one that was given up nothing is whole: what is left of it is not all there is
    if event.failure is not None and _is_wanted(recording):
        if recording.state is RecordingState.PENDING or not part.is_beginning:
            fail(turn, recording, event.failure)  # takes the part's snoop away too, which outlives its recording
        else:
            stop_part(turn, recording, part, is_let_go=False)
        return
    was_silent = event.talking_seconds == 0
    turn.change_part(recording, part, state=PartState.STOPPED, stopped_at=event.at, was_silent=was_silent)
    _collect_if_whole(turn, recording.id)


def on_start_timeout(turn: Turn) -> None:
    """A recording, or a part of one, did not begin in time."""
    for recording in turn.call.recordings:
        if recording.state is RecordingState.PENDING and recording.parts:
            fail(turn, recording, f"it did not begin within {START_SECONDS:g} s")
        elif recording.state is RecordingState.RECORDING:
            for part in recording.parts:
                if part.is_beginning:
                    stop_part(turn, turn.call.recording(recording.id) or recording, part, is_let_go=False)


def on_stop_timeout(turn: Turn) -> None:
    """Asterisk did not say that a recording is whole, or nobody would collect it: collecting finds out."""
    for recording in turn.call.recordings:
        if _is_ending(turn, recording) or recording.state is RecordingState.COLLECTING:
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
        segments=event.segments,
        lost_seconds=event.lost_seconds,
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
            lost_seconds=event.lost_seconds,
        )
    )
    if recording.kind is RecordingKind.VOICEMAIL:
        turn.say(
            VoicemailReceived(
                call=turn.call.ref,
                recording_id=recording.id,
                caller=leg_of_part(turn.call, recording.parts[0]).party,
                duration_seconds=event.duration_seconds,
                flow_id=recording.flow_id or "",
                step=recording.step or "",
            )
        )


def on_lost(turn: Turn, event: RecordingLost) -> None:
    """The file could not be had, for good."""
    recording = turn.call.recording(event.recording_id)
    if recording is not None and not recording.is_settled:
        fail(turn, recording, event.reason)


def on_not_begun(turn: Turn, command: CreateSnoop | RecordSnoop, detail: str) -> None:
    """Asterisk refused to begin a recording, or a part of one."""
    recording = turn.call.recording(command.recording_id)
    if recording is None:
        return
    if recording.state is RecordingState.PENDING:
        fail(turn, recording, f"Asterisk could not begin it: {detail}")
        return
    roles = command.roles if isinstance(command, RecordSnoop) else (command.role,)
    for part in recording.parts:
        # Of several, some may be written all the same; those tell so themselves.
        if part.role in roles and part.number == command.number and part.is_beginning and is_open(recording):
            recording = stop_part(turn, recording, part, is_let_go=False)


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


def is_open(recording: Recording) -> bool:
    """Whether more is to be written of it."""
    return _is_wanted(recording) and recording.ends_at is None


def leg_of_part(call: Call, part: RecordingPart) -> Leg:
    """The leg whose voice it is."""
    if part.leg_id is not None:
        return call.leg(part.leg_id)
    return next(leg for leg in call.legs if leg.role is part.role)  # written down when each side had one leg for good


def hears_out(role: LegRole, leg: Leg) -> bool:
    """Whether a side's voice is what the leg hears: a program talks to the customer, and has no leg of its own."""
    return role is LegRole.AGENT and leg.role is LegRole.CUSTOMER


def _snoop(recording: Recording, part: RecordingPart, leg: Leg) -> CreateSnoop:
    return CreateSnoop(
        recording_id=recording.id,
        role=part.role,
        leg_id=leg.id,
        number=part.number,
        hears_out=hears_out(part.role, leg),
    )


def fail(turn: Turn, recording: Recording, reason: str) -> None:
    """Give a recording up: what is written of it goes."""
    _stop_parts(turn, recording)
    turn.change_recording(recording.id, state=RecordingState.FAILED, failure=reason)
    _clear_start_timer(turn)
    turn.say(RecordingFailed(call=turn.call.ref, recording_id=recording.id, mode=recording.mode, reason=reason))


def _is_wanted(recording: Recording) -> bool:
    return recording.state in {RecordingState.PENDING, RecordingState.RECORDING}


def _is_ending(turn: Turn, recording: Recording) -> bool:
    is_asked = recording.ends_at is not None or turn.call.is_ending
    return recording.state is RecordingState.RECORDING and is_asked


def _collect_if_whole(turn: Turn, recording_id: RecordingId) -> None:
    recording = turn.call.recording(recording_id)
    if recording is None or not _is_ending(turn, recording):
        return
    if all(part.is_over for part in recording.parts):
        _collect(turn, recording)


def _collect(turn: Turn, recording: Recording) -> None:
    parts = tuple(
        msgspec.structs.replace(part, state=PartState.ABSENT if part.is_beginning else PartState.STOPPED)
        if not part.is_over
        else part
        for part in recording.parts
    )
    turn.change_recording(recording.id, state=RecordingState.COLLECTING, parts=parts)
    if not any(_is_ending(turn, one) for one in turn.call.recordings):
        turn.clear_timers(TimerName.RECORDING_STOP)
    turn.ask(CollectRecording(recording_id=recording.id))


def _clear_start_timer(turn: Turn) -> None:
    if not any(is_open(one) and any(part.is_beginning for part in one.parts) for one in turn.call.recordings):
        turn.clear_timers(TimerName.RECORDING_START)


def _stop_parts(turn: Turn, recording: Recording) -> None:
    for part in recording.parts:
        if not part.is_over:
            turn.ask(StopPart(recording_id=recording.id, role=part.role, number=part.number))
