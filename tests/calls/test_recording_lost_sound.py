"""Of which parts of a recording it is known how long their files must be, and recordings of before that was asked."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from app.calls.core import inputs
from app.calls.core.model.call import Call, decode_call
from app.calls.core.model.recording import PartState, RecordingPart
from app.calls.doing.recording_parts import collect_job
from app.facts.catalogue import decode_fact
from app.facts.recordings import RecordingSaved
from app.facts.vocabulary import LegRole, RecordingMode, RecordingState
from tests.calls.making import NOON, make_call, run_steps
from tests.calls.standing_in import connected_call

ENDED = NOON + timedelta(seconds=5)


def _recorded(part: RecordingPart, **fields: Any) -> Call:
    call = connected_call(RecordingMode.AGENT)
    recording = msgspec.structs.replace(call.recordings[0], parts=(part,), **fields)
    return msgspec.structs.replace(call, recordings=(recording,))


@pytest.mark.parametrize(
    ("started_at", "is_guessed", "silence_seconds", "is_measurable"),
    [
        pytest.param(NOON, False, None, True, id="Asterisk said when it started"),
        pytest.param(NOON, True, None, False, id="nobody heard it, and it was guessed"),
        pytest.param(None, False, None, False, id="nobody ever heard of it"),
        pytest.param(NOON, False, 4.0, False, id="ended by silence, which Asterisk cuts off"),
    ],
)
def test_given_what_is_known_of_a_part_when_it_is_collected_then_it_is_measured_only_where_its_length_is_known(
    started_at: datetime | None, is_guessed: bool, silence_seconds: float | None, is_measurable: bool
) -> None:
    part = RecordingPart(
        role=LegRole.AGENT,
        state=PartState.STOPPED,
        started_at=started_at,
        stopped_at=ENDED,
        is_start_guessed=is_guessed,
    )
    call = _recorded(part, state=RecordingState.COLLECTING, silence_seconds=silence_seconds)
    (asked,) = collect_job("n1", call, call.recordings[0]).parts
    assert (asked.is_measurable, asked.finished_at) == (is_measurable, ENDED)


@pytest.mark.parametrize("is_guessed", [False, True])
def test_given_a_part_that_begins_when_told_since_when_then_it_is_kept_whether_that_is_a_guess(
    is_guessed: bool,
) -> None:
    call = _recorded(RecordingPart(role=LegRole.AGENT, state=PartState.READY))
    begun = inputs.PartStarted(recording_id=call.recordings[0].id, role=LegRole.AGENT, at=NOON, is_guessed=is_guessed)
    (part,) = run_steps(call, [begun])[-1].call.recordings[0].parts
    assert (part.state, part.started_at, part.is_start_guessed) == (PartState.RECORDING, NOON, is_guessed)


def test_given_a_snapshot_of_before_when_read_then_nobody_knows_what_is_missing() -> None:
    part = RecordingPart(role=LegRole.AGENT, state=PartState.STOPPED, is_start_guessed=True)
    call = _recorded(part, state=RecordingState.SAVED, lost_seconds=0.5)
    snapshot = msgspec.json.decode(msgspec.json.encode(call))
    (kept,) = snapshot["recordings"]
    assert (kept.pop("lostSeconds"), kept["parts"][0].pop("isStartGuessed")) == (0.5, True)
    (read,) = decode_call(msgspec.json.encode(snapshot)).recordings
    assert (read.state, read.lost_seconds, read.parts[0].is_start_guessed) == (RecordingState.SAVED, None, False)


def test_given_an_event_of_before_when_read_then_nobody_knows_what_is_missing() -> None:
    call = make_call()
    fact = RecordingSaved(
        call=call.ref,
        recording_id="rec_1",
        mode=RecordingMode.BOTH,
        duration_seconds=3.341,
        size_bytes=106_956,
        channels=2,
        sha256="ab" * 32,
        lost_seconds=1.729,
    )
    written = msgspec.json.decode(msgspec.json.encode(fact))
    assert written.pop("lostSeconds") == 1.729
    read = decode_fact(fact.type, msgspec.json.encode(written))
    assert read == msgspec.structs.replace(fact, lost_seconds=None)
