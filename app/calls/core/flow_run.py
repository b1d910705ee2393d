"""How a call flow changes: small steps, for all that have a part in it. Whatever else comes of them is for those."""

import msgspec

from app.calls.core.model.call import Call
from app.calls.core.model.flow import MOST_FLOWS, FlowRun, FlowStage, StreamResult, Variable
from app.calls.core.model.leg import Leg
from app.calls.core.model.timers import TimerName
from app.calls.core.record import seconds_between
from app.calls.core.turn import Turn
from app.facts.flows import FlowEnded, FlowEnding
from app.facts.vocabulary import LegState, RecordingKind, RecordingState
from app.ids import Kind, PlaybackId, derived_id

#: How long the news of a caller's hanging up may take after that of what it broke off.
SETTLE_SECONDS = 0.5


def running(call: Call) -> FlowRun | None:
    """The flow that the caller is in, or is on its way into."""
    return None if call.flow is None or call.flow.is_over else call.flow


def may_follow(call: Call) -> bool:
    """Whether there may be another flow in this call."""
    return call.flow is None or call.flow.runs < MOST_FLOWS


def send(turn: Turn, flow: FlowRun) -> None:
    """Have the customer led through this flow, from when it is there."""
    runs = 0 if turn.call.flow is None else turn.call.flow.runs
    turn.change(flow=msgspec.structs.replace(flow, runs=runs + 1))


def change(turn: Turn, run: FlowRun, **fields: object) -> FlowRun:
    """Change fields of the flow; gives it as it is now."""
    changed = msgspec.structs.replace(run, **fields)
    turn.change(flow=changed)
    return changed


def caller_in(call: Call, run: FlowRun) -> Leg | None:
    """Who is in the flow, while it is there."""
    if run.leg_id is None:
        return None
    leg = call.leg(run.leg_id)
    return leg if leg.state is LegState.UP and leg.hangup_reason is None else None


def name_next(turn: Turn, run: FlowRun, kind: Kind) -> tuple[FlowRun, str]:
    """A new id for something that the flow is about to make; the same again when the same step is done again."""
    run = change(turn, run, number=run.number + 1)
    return run, derived_id(kind, turn.now, f"{turn.call.id}/{run.runs}/{run.number}")


def note_stream(turn: Turn, stream_id: str, *, was_connected: bool, outcome: str | None) -> None:
    """A media stream is over: if it is the step's, the flow goes on from there."""
    run = running(turn.call)
    if run is not None and run.stream_id == stream_id and run.stage is FlowStage.STREAMING:
        change(turn, run, stream_end=StreamResult(was_connected=was_connected, outcome=outcome))


def note_sound(turn: Turn, playback_id: PlaybackId, *, has_failed: bool) -> None:
    """A sound is over that nobody of ours has stopped.

    When it failed, or when it was a tone that sounds until it is stopped, it broke off: the caller may have hung up,
    and then the news of that is on its way. Asterisk says the one before the other, and of a tone that it is done.
    """
    run = running(turn.call)
    if run is None or run.playback_id != playback_id:
        return
    is_endless = run.heard < len(run.media) and run.media[run.heard][1] > 0
    if not has_failed and not is_endless:
        return
    change(turn, run, has_failed=run.has_failed or has_failed, is_settling=True)
    turn.set_timer(TimerName.FLOW, SETTLE_SECONDS)


def keep(turn: Turn, run: FlowRun, name: str, held: str) -> FlowRun:
    """Set a variable; gives the flow as it is now."""
    if turn.call.errand is not None and turn.call.errand.campaign_id is not None:
        answered = tuple(one for one in turn.call.answers if one.name != name)
        turn.change(answers=(*answered, Variable(name=name, held=held)))
    others = tuple(one for one in run.variables if one.name != name)
    return change(turn, run, variables=(*others, Variable(name=name, held=held)))


def end(turn: Turn, ending: FlowEnding, failure: str | None = None) -> None:
    """Nobody is in the flow any more; said once. What the call needs of the steps is over, so they go."""
    run = running(turn.call)
    turn.clear_timers(TimerName.FLOW, TimerName.FLOW_LIMIT)
    if run is None:
        return
    is_begun = run.stage is not FlowStage.COMING
    run = change(
        turn,
        run,
        stage=FlowStage.OVER,
        ended_at=turn.now,
        ending=ending,
        steps=(),
        media=(),
        digits="",
        variables=(),
        then_queue=None,
        then_flow=None,
    )
    if is_begun and run.is_told:
        turn.say(
            FlowEnded(
                call=turn.call.ref,
                flow_id=run.flow_id,
                version=run.version,
                ending=ending,
                last_step=run.step,
                steps=run.entered,
                duration_seconds=seconds_between(run.started_at, run.ended_at),
                failure=failure,
            )
        )


def has_message(call: Call) -> bool:
    """Whether the caller has left a message, or what will be one."""
    return any(
        one.kind is RecordingKind.VOICEMAIL and one.parts and one.state is not RecordingState.FAILED
        for one in call.recordings
    )
