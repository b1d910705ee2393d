"""What a caller says into a flow: one voice, recorded like any other, until it has said enough."""

from app.calls.core import flow_run, recording
from app.calls.core.commands import StopPart
from app.calls.core.model.flow import FlowRun, FlowStage
from app.calls.core.model.leg import Leg
from app.calls.core.model.recording import PartState, Recording
from app.calls.core.model.timers import TimerName
from app.calls.core.record import seconds_between
from app.calls.core.turn import Turn
from app.facts.vocabulary import LegRole, RecordingKind, RecordingMode, RecordingState
from app.flows.steps import Record, Voicemail
from app.ids import Kind, RecordingId

#: Less than that says nothing.
SHORTEST_SECONDS = 1.0
_NOTHING = "nothing was said"


def begin(turn: Turn, run: FlowRun, step: Record | Voicemail, caller: Leg) -> None:
    """Have what the caller says written from now on."""
    run, name = flow_run.name_next(turn, run, Kind.RECORDING)
    new = Recording(
        id=RecordingId(name),
        mode=RecordingMode.CUSTOMER,
        state=RecordingState.PENDING,
        created_at=turn.now,
        parts=(),
        kind=RecordingKind.VOICEMAIL if isinstance(step, Voicemail) else RecordingKind.MESSAGE,
        silence_seconds=step.silence_seconds,
        flow_id=run.flow_id,
        step=step.name,
    )
    turn.change(recordings=(*turn.call.recordings, new))
    flow_run.change(turn, run, stage=FlowStage.RECORDING, recording_id=new.id)
    recording.begin(turn, new, [(LegRole.CUSTOMER, caller)])
    turn.set_timer(TimerName.FLOW, step.max_seconds)


def is_over(turn: Turn, run: FlowRun) -> bool:
    """Whether Asterisk has ended it by itself (the caller was silent), or it could not be."""
    written = _current(turn, run)
    return run.stage is FlowStage.RECORDING and (
        written is None or not recording.is_open(written) or all(part.is_over for part in written.parts)
    )


def wait_a_moment(turn: Turn, run: FlowRun) -> None:
    """Asterisk has ended it: the caller was silent, or has hung up, and then the news of that is on its way."""
    if not run.is_settling:
        flow_run.change(turn, run, is_settling=True)
        turn.set_timer(TimerName.FLOW, flow_run.SETTLE_SECONDS)


def finish(turn: Turn, run: FlowRun) -> bool:
    """No more is to be said; whether there is a message."""
    turn.clear_timers(TimerName.FLOW)
    written = _current(turn, run)
    flow_run.change(turn, run, recording_id=None, is_settling=False)
    if written is None or not recording.is_open(written):
        return False
    (part,) = written.parts
    seconds = seconds_between(part.started_at, part.stopped_at or turn.at)
    if part.state is PartState.STOPPED:
        # Asterisk has ended it; the channel that listened is there still.
        turn.ask(StopPart(recording_id=written.id, role=part.role, number=part.number))
    if part.started_at is None or part.was_silent or seconds < SHORTEST_SECONDS:
        recording.fail(turn, written, _NOTHING)
        return False
    recording.end(turn, written)
    return True


def _current(turn: Turn, run: FlowRun) -> Recording | None:
    return None if run.recording_id is None else turn.call.recording(run.recording_id)
