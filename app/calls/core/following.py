"""How recordings follow the conversation, whatever moves it: looked at after every input, and told by nobody.

A recording holds what the two parties say to each other, and what those say who were brought into their talk, on the
agent's side. While one of the two is away (on hold, consulting, transferred and not there yet) nothing is recorded, of
anybody. A program to which a call flow leads the customer is the other party as long as they talk: it is recorded on
the agent's side, by what the customer hears.
"""

from typing import TypeAlias

import msgspec

from app.calls.core.model.call import Call
from app.calls.core.model.flow import FlowStage
from app.calls.core.model.leg import Leg, Place
from app.calls.core.model.recording import PartState, Recording, RecordingPart
from app.calls.core.model.timers import TimerName
from app.calls.core.recording import CHECK_SECONDS, ROLES, begin, end, is_open, leg_of_part, stop_part
from app.calls.core.turn import Turn
from app.facts.stretches import Gap
from app.facts.vocabulary import (
    CallState,
    LegRole,
    LegState,
    MediaStreamState,
    RecordingKind,
    RecordingMode,
    RecordingState,
    SupervisionMode,
    SupervisionState,
)

#: A leg whose recording keeps breaking off is not tried for ever.
MOST_PARTS = 128
MOST_FAILURES = 3
_SHORT_SECONDS = 2.0

#: More than anybody needs; from there on a gap goes on instead of another being begun, which records less, never more.
MOST_GAPS = 500

#: A leg, and the side of the recording that its voice belongs to.
Voice: TypeAlias = tuple[LegRole, Leg]


def voices(call: Call, mode: RecordingMode) -> list[Voice] | None:
    """Whom to listen to; None while there are no two parties."""
    led = _with_program(call)
    if led is not None:
        return [(role, led) for role in ROLES[mode]]
    agent, customer = call.seats
    if agent is None or customer is None or not _is_there(agent) or not _is_there(customer):
        return None
    found = [(LegRole.AGENT, agent), (LegRole.CUSTOMER, customer)]
    found += [(LegRole.AGENT, leg) for leg in call.legs if not call.is_seated(leg) and _is_heard(call, leg)]
    return [(role, leg) for role, leg in found if role in ROLES[mode]]


def are_talking(call: Call) -> bool:
    """Whether the two parties can hear each other."""
    if _with_program(call) is not None:
        return True
    return call.state is CallState.CONNECTED and all(
        leg is not None and _is_there(leg) and leg.place is Place.TALK for leg in call.seats
    )


def follow(turn: Turn) -> None:
    """Have recordings keep up with the call as it is now."""
    if turn.call.is_ending:
        return
    for recording in turn.call.recordings:
        is_to_begin = recording.parts or _with_program(turn.call) is not None
        if is_open(recording) and is_to_begin and recording.kind is RecordingKind.CALL:
            _follow(turn, recording)


def on_check_timer(turn: Turn) -> None:
    """A part had ended by itself: if its leg is in the talk still, another takes over."""
    for recording in turn.call.recordings:
        if not is_open(recording) or recording.state is not RecordingState.RECORDING:
            continue
        if recording.kind is not RecordingKind.CALL:
            continue  # nobody but the caller is in it
        lacking, _ = _lacking(recording, voices(turn.call, recording.mode) or [])
        hopeful = [voice for voice in lacking if _failures(recording, *voice) < MOST_FAILURES]
        if hopeful:
            _begin(turn, recording, hopeful)
        elif lacking and not any(_is_live(part) for part in recording.parts):
            end(turn, recording)  # Asterisk writes nothing any more: what there is of it is all there will be


def _follow(turn: Turn, recording: Recording) -> None:
    wanted = voices(turn.call, recording.mode)
    has_lost = False
    for part in recording.parts:
        if _is_live(part) and _is_unwanted(turn.call, part, wanted):
            recording, has_lost = stop_part(turn, recording, part), True
    if recording.state is RecordingState.RECORDING:
        lacking, broken_off = _lacking(recording, wanted or [])
        _begin(turn, recording, [voice for voice in lacking if voice not in broken_off])
        # Its leg may be gone as well, and the news of that on its way; if it is not, another part takes over.
        is_hopeless = all(_failures(recording, *voice) >= MOST_FAILURES for voice in broken_off)
        is_told_enough = is_hopeless and any(_is_live(part) for part in recording.parts)
        if broken_off and not is_told_enough and turn.call.timer(TimerName.RECORDING_CHECK) is None:
            turn.set_timer(TimerName.RECORDING_CHECK, CHECK_SECONDS)
    else:
        # They begin together, so those who were to begin with one that is gone begin anew, once there are two again.
        for part in recording.parts if has_lost else ():
            if _is_live(part):
                recording = stop_part(turn, recording, part)
        if not any(_is_live(part) for part in recording.parts):
            _begin(turn, recording, wanted or [])
    _mark_gap(turn, turn.call.recording(recording.id) or recording)


def _begin(turn: Turn, recording: Recording, new: list[Voice]) -> None:
    if new and len(recording.parts) < MOST_PARTS:
        begin(turn, recording, new)


def _lacking(recording: Recording, wanted: list[Voice]) -> tuple[list[Voice], list[Voice]]:
    """Who is not written, and of these, whose last part ended by itself."""
    lacking: list[Voice] = []
    broken_off: list[Voice] = []
    for role, leg in wanted:
        parts = [part for part in recording.parts if part.role is role and part.leg_id in {leg.id, None}]
        if not any(_is_live(part) for part in parts):
            lacking.append((role, leg))
            if parts and not parts[-1].is_let_go:
                broken_off.append((role, leg))
    return lacking, broken_off


def open_gap(recording: Recording, gap: Gap) -> tuple[Gap, ...]:
    """The gaps of a recording with another, or, when there are too many, with the last of its kind going on."""
    alike = [one for one in recording.gaps if (one.pause is None) is (gap.pause is None)]
    if len(recording.gaps) < MOST_GAPS or not alike:
        return (*recording.gaps, gap)
    again = msgspec.structs.replace(alike[-1], ended_at=None)
    return tuple(again if one is alike[-1] else one for one in recording.gaps)


def _failures(recording: Recording, role: LegRole, leg: Leg) -> int:
    """How often in a row the writing of a leg broke off as good as at once."""
    count = 0
    for part in reversed([part for part in recording.parts if part.role is role and part.leg_id in {leg.id, None}]):
        if part.is_let_go or not _was_short(part):
            break
        count += 1
    return count


def _was_short(part: RecordingPart) -> bool:
    if part.state is PartState.ABSENT:
        return True
    if part.started_at is None or part.stopped_at is None:
        return False
    return (part.stopped_at - part.started_at).total_seconds() < _SHORT_SECONDS


def _mark_gap(turn: Turn, recording: Recording) -> None:
    apart = next((gap for gap in recording.gaps if gap.is_open and gap.pause is None), None)
    if are_talking(turn.call):
        if apart is not None:
            closed = msgspec.structs.replace(apart, ended_at=turn.now)
            turn.change_recording(recording.id, gaps=tuple(closed if one is apart else one for one in recording.gaps))
    elif apart is None:
        turn.change_recording(recording.id, gaps=open_gap(recording, Gap(began_at=turn.at)))


def _is_unwanted(call: Call, part: RecordingPart, wanted: list[Voice] | None) -> bool:
    leg = leg_of_part(call, part)
    if not _is_there(leg):
        return True
    return wanted is not None and not any(role is part.role and one.id == leg.id for role, one in wanted)


def _is_heard(call: Call, leg: Leg) -> bool:
    """Whether somebody in no seat is heard by the two."""
    if not _is_there(leg):
        return False
    if leg.role is LegRole.PARTICIPANT:
        return leg.place is Place.TALK
    return any(
        one.leg_id == leg.id and one.mode is SupervisionMode.BARGE and one.state is SupervisionState.ACTIVE
        for one in call.supervisions
    )


def _with_program(call: Call) -> Leg | None:
    """The customer, while it talks to a program that a call flow has led it to."""
    run = call.flow
    if run is None or run.stage is not FlowStage.STREAMING or run.leg_id is None:
        return None
    leg = call.leg(run.leg_id)
    stream = call.stream_on(leg.id)
    is_with_it = stream is not None and stream.state is MediaStreamState.ACTIVE and leg.place is Place.STREAM
    return leg if is_with_it and _is_there(leg) else None


def _is_live(part: RecordingPart) -> bool:
    return not part.is_over and part.state is not PartState.STOPPING


def _is_there(leg: Leg) -> bool:
    return leg.state is LegState.UP and leg.hangup_reason is None
