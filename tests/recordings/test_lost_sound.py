"""Sound that Asterisk had no time to write: how much it was, and that it is told."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import structlog.testing

from app.facts.vocabulary import LegRole, RecordingMode
from app.recordings.audio import Track, assemble, find_lost
from app.recordings.collecting import CollectJob
from app.recordings.wave_format import WaveLayout, read_layout, read_lost, write_lost, write_segments
from tests.recordings.collector_world import NOON, World, unavailable
from tests.recordings.tones import make_tone, write_wave

RATE = 8000
#: Of a part: its channel, its leg, how long it was recorded (None: nobody heard its end), how long the file is.
Took = tuple[int, str, float | None, float]
WHOLE: Took = (0, "leg_a", 5.07, 5.06)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def _track(took: Took, *, is_measurable: bool = True) -> tuple[Track, WaveLayout]:
    channel, leg_id, recorded, length = took
    finished_at = None if recorded is None else NOON + timedelta(seconds=recorded)
    track = Track(Path("part.wav"), NOON, finished_at, channel, leg_id, is_measurable)
    return track, WaveLayout(channels=1, sample_rate=RATE, data_offset=44, frames=round(length * RATE))


@pytest.mark.parametrize(
    ("parts", "lost"),
    [
        pytest.param([(0, "leg_a", 5.0, 5.0)], 0.0, id="as long as it was recorded"),
        pytest.param([(0, "leg_a", 5.0, 4.8)], 0.0, id="0.2 s shorter: the instants are not that exact"),
        pytest.param([(0, "leg_a", 5.0, 4.75)], 0.0, id="just as much as they may disagree"),
        pytest.param([(0, "leg_a", 5.0, 4.74)], 0.26, id="more than they may disagree"),
        pytest.param([(0, "leg_a", 5.0696, 3.341)], 1.729, id="1.7 s shorter, to the millisecond"),
        pytest.param([(0, "leg_a", 5.0, 5.9)], 0.0, id="longer than the clock says"),
        pytest.param([(0, "leg_a", 5.0, 0.0)], 5.0, id="nothing of it"),
        pytest.param([(0, "leg_a", None, 3.3)], None, id="nobody heard its end"),
        pytest.param([WHOLE, (1, "leg_c", 5.0, 3.3)], 1.7, id="the other side is whole"),
        pytest.param([(0, "leg_a", 5.0, 4.0), (1, "leg_c", 5.0, 3.3)], 1.7, id="both lack some: the greater"),
        pytest.param([(0, "leg_a", 5.0, 4.0), (0, "leg_a", 9.0, 8.5)], 1.5, id="two parts of one leg: both"),
        pytest.param([(0, "leg_a", 5.0, 4.0), (0, "leg_b", 9.0, 8.5)], 1.0, id="two legs on one side: the greater"),
        pytest.param([(0, "leg_a", 5.0, 5.9), (0, "leg_a", 9.0, 8.5)], 0.5, id="a long one makes up for nothing"),
        pytest.param([(0, "leg_a", None, 1.0), (1, "leg_c", 5.0, 3.3)], 1.7, id="one is known"),
        pytest.param([(0, "leg_a", None, 1.0), WHOLE], 0.0, id="one is known, and whole"),
        pytest.param([(0, "leg_a", None, 1.0), (1, "leg_c", None, 3.3)], None, id="none is known"),
    ],
)
def test_given_parts_when_compared_with_how_long_they_were_recorded_then_what_is_missing_is_told(
    parts: list[Took], lost: float | None
) -> None:
    tracks, layouts = zip(*(_track(one) for one in parts), strict=True)
    assert find_lost(tracks, layouts) == lost


def test_given_a_start_that_is_a_guess_when_the_file_is_shorter_then_nobody_knows_what_is_missing() -> None:
    guessed, layout = _track((0, "leg_a", 5.0, 3.3), is_measurable=False)
    assert find_lost([guessed], [layout]) is None
    known, whole = _track(WHOLE)
    assert find_lost([guessed, known], [layout, whole]) == 0.0


def test_given_sides_without_a_channel_of_their_own_when_compared_then_each_place_is_a_voice() -> None:
    tracks, layouts = zip(*(_track((0, "leg_a", 5.0, 4.0)) for _ in range(2)), strict=True)
    apart = [replace(track, channel=None, leg_id=None) for track in tracks]
    assert find_lost(apart, layouts) == 1.0


def test_given_clocks_that_go_forward_in_mid_recording_when_compared_then_the_hour_is_not_missing() -> None:
    zone = ZoneInfo("Europe/Warsaw")
    began = datetime(2026, 3, 29, 0, 59, 58, tzinfo=UTC)
    track, layout = _track((0, "leg_a", 5.0, 5.0))
    ended = began + timedelta(seconds=5)
    moved = replace(track, started_at=began.astimezone(zone), finished_at=ended.astimezone(zone))
    assert find_lost([moved], [layout]) == 0.0


@pytest.mark.parametrize(("recorded", "lost"), [(2.7, 1.7), (1.0, 0.0), (None, None)])
def test_given_a_side_that_lacks_sound_when_assembled_then_the_result_and_the_file_alone_tell_it(
    recorded: float | None, lost: float | None, tmp_path: Path
) -> None:
    path = write_wave(tmp_path / "agent.wav", make_tone(1000, 1))
    finished_at = None if recorded is None else NOON + timedelta(seconds=recorded)

    result = assemble([Track(path, NOON, finished_at)], tmp_path / "out.wav")

    data = (tmp_path / "out.wav").read_bytes()
    layout = read_layout(data, len(data))
    assert (result.lost_seconds, result.duration_seconds, result.size_bytes) == (lost, 1.0, len(data))
    assert read_lost(data[layout.data_end :]) == lost


def test_given_a_trailer_that_does_not_say_when_read_then_nobody_knows() -> None:
    whole = write_segments(()) + write_lost(1.7)
    assert read_lost(whole) == 1.7
    for trailer in (b"", write_segments(()), write_lost(None), whole[:-3], b"LIST\xff\xff\xff\xff" + write_lost(1.7)):
        assert read_lost(trailer) is None


def _short(world: World, *, recorded: float, is_measurable: bool = True) -> CollectJob:
    """Both sides of a talk, of which Asterisk has written one second."""
    job = world.record_both(1)
    finished_at = NOON + timedelta(seconds=recorded)
    return replace(
        job, parts=tuple(replace(one, finished_at=finished_at, is_measurable=is_measurable) for one in job.parts)
    )


async def test_given_sides_that_lack_sound_when_collected_then_that_is_told_and_one_line_of_the_log_warns(
    world: World,
) -> None:
    job = _short(world, recorded=2.7)

    with structlog.testing.capture_logs() as logs:
        result = world.assert_true(job, await world.collect(job))

    assert result.lost_seconds == 1.7
    assert [line for line in logs if line["event"] == "recording_lost_sound"] == [
        {
            "event": "recording_lost_sound",
            "log_level": "warning",
            "call_id": job.call_id,
            "recording_id": job.recording_id,
            "lost_seconds": 1.7,
        }
    ]


@pytest.mark.parametrize(("is_measurable", "lost"), [(True, 0.0), (False, None)])
async def test_given_nothing_that_is_known_to_be_missing_when_collected_then_no_line_of_the_log_warns(
    world: World, is_measurable: bool, lost: float | None
) -> None:
    job = _short(world, recorded=1.0 if is_measurable else 2.7, is_measurable=is_measurable)

    with structlog.testing.capture_logs() as logs:
        result = world.assert_true(job, await world.collect(job))

    assert result.lost_seconds == lost
    assert not [line for line in logs if line["event"] == "recording_lost_sound"]


async def test_given_a_stored_file_that_lacks_sound_when_collecting_is_tried_again_then_that_is_not_forgotten(
    world: World,
) -> None:
    job = _short(world, recorded=2.7)
    world.disk.delete_failures = [unavailable()]

    result = world.assert_true(job, await world.collect(job))

    assert world.disk.downloads == 2, "the second attempt has found it in the store"
    assert result.lost_seconds == 1.7


async def test_given_a_leg_that_was_written_in_two_parts_when_both_lack_sound_then_what_is_missing_is_summed_up(
    world: World,
) -> None:
    job = world.record(
        RecordingMode.AGENT, (LegRole.AGENT, make_tone(1000, 1), 0), (LegRole.AGENT, make_tone(1000, 1), 4)
    )
    first, second = job.parts
    name = f"{second.stored_name}-2"
    world.disk.files[name] = world.disk.files[second.stored_name]
    begun = datetime(2026, 5, 1, 12, 0, 4, tzinfo=UTC)
    parts = (
        replace(first, leg_id="leg_a", finished_at=NOON + timedelta(seconds=2)),
        replace(second, stored_name=name, leg_id="leg_a", is_again=True, finished_at=begun + timedelta(seconds=1.5)),
    )

    result = world.assert_true(job, await world.collect(replace(job, parts=parts)))

    assert result.lost_seconds == 1.5
