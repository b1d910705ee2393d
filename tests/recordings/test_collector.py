import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from app.errors import OverloadedError
from app.facts.vocabulary import LegRole, RecordingMode
from app.files.store import StoreUnavailableError
from app.recordings.collecting import Collected, CollectFailed, CollectJob, Part
from app.recordings.collector import CollectorLimits, RecordingCollector
from app.recordings.wave_format import write_header
from tests.recordings.collector_world import NOON, QUICK, World, unavailable
from tests.recordings.tones import loudest_hertz, make_silence, make_tone, onset_seconds, read_wave, share_at


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.mark.parametrize("rate", [8000, 16000])
async def test_given_both_sides_when_collected_then_agent_is_left_customer_right_and_clicks_align(
    world: World, rate: int
) -> None:
    # The same moment, 2 s into the agent's side, 1.66 s into the customer's, which began 340 ms later.
    job = world.record(
        RecordingMode.BOTH,
        (LegRole.CUSTOMER, np.concatenate([make_silence(1.66, rate), make_tone(400, 2, rate)]), 0.34),
        (LegRole.AGENT, np.concatenate([make_silence(2, rate), make_tone(1000, 3, rate)]), 0),
        rate=rate,
    )

    result = world.assert_true(job, await world.collect(job))

    samples, _rate = read_wave(world.stored_path(job))
    left, right = samples[:, 0], samples[:, 1]
    assert loudest_hertz(left, rate) == pytest.approx(1000, abs=2)
    assert loudest_hertz(right, rate) == pytest.approx(400, abs=2)
    assert share_at(left, rate, 400) < 1e-4
    assert share_at(right, rate, 1000) < 1e-4
    assert abs(onset_seconds(left, rate) - onset_seconds(right, rate)) < 0.04
    assert result.duration_seconds == pytest.approx(5.0)


@pytest.mark.parametrize("role", [LegRole.AGENT, LegRole.CUSTOMER])
async def test_given_one_side_when_collected_then_it_is_mono(world: World, role: LegRole) -> None:
    job = world.record(RecordingMode(role), (role, make_tone(1000, 2), 0))

    result = world.assert_true(job, await world.collect(job))

    assert (result.channels, result.sample_rate, result.duration_seconds) == (1, 8000, 2.0)


@pytest.mark.parametrize("failures", [1, 3])
async def test_given_asterisk_fails_in_the_middle_of_a_download_when_collected_then_it_is_tried_again(
    world: World, failures: int
) -> None:
    job = world.record_both()
    world.disk.download_failures = [unavailable()] * failures

    result = await world.collect(job)

    world.assert_true(job, result)
    assert world.disk.downloads == failures + 2


async def test_given_asterisk_stays_away_when_collected_then_the_failure_is_not_final_and_a_later_job_succeeds(
    world: World,
) -> None:
    job = world.record_both()
    world.disk.download_failures = [unavailable()] * 4

    result = await world.collect(job)

    assert isinstance(result, CollectFailed)
    assert not result.is_final
    assert "Asterisk did not give the agent's side: ConnectError" in result.reason
    assert len(world.disk.files) == 2
    world.assert_true(job, await world.collect(job))


@pytest.mark.parametrize("role", [LegRole.AGENT, LegRole.CUSTOMER])
async def test_given_a_missing_side_when_collected_then_it_fails_for_good_and_keeps_the_other(
    world: World, role: LegRole
) -> None:
    job = world.record_both()
    (missing,) = (part.stored_name for part in job.parts if part.role is role)
    del world.disk.files[missing]

    result = await world.collect(job)

    assert result == CollectFailed(
        recording_id=job.recording_id,
        reason=f"Asterisk has no recording of the {role.lower()}'s side.",
        is_final=True,
    )
    assert len(world.disk.files) == 1
    assert not world.stored_path(job).exists()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "The file is empty."),
        (write_header(1, 8000, 10)[:30], "The WAV header is cut off."),
        (write_header(1, 16000, 10) + bytes(20), "The sides have different sample rates: 8000, 16000 Hz."),
    ],
)
async def test_given_a_damaged_side_when_collected_then_it_fails_for_good_with_the_reason(
    world: World, data: bytes, reason: str
) -> None:
    job = world.record_both()
    world.disk.files[job.parts[0].stored_name] = data

    result = await world.collect(job)

    assert result == CollectFailed(recording_id=job.recording_id, reason=reason, is_final=True)
    assert world.disk.downloads == 2


@pytest.mark.parametrize(
    ("data", "reason"), [(b"", "The file is empty."), (write_header(1, 8000, 0), "No audio was recorded.")]
)
async def test_given_sides_with_nothing_in_them_when_collected_then_it_fails_and_asterisk_keeps_nothing(
    world: World, data: bytes, reason: str
) -> None:
    job = world.record_both()
    for part in job.parts:
        world.disk.files[part.stored_name] = data

    result = await world.collect(job)

    assert result == CollectFailed(recording_id=job.recording_id, reason=reason, is_final=True)
    assert not world.disk.files


async def test_given_a_header_that_asterisk_never_mended_when_collected_then_all_samples_are_kept(
    world: World,
) -> None:
    job = world.record(RecordingMode.AGENT, (LegRole.AGENT, make_tone(1000, 2), 0))
    data = bytearray(world.disk.files[job.parts[0].stored_name])
    data[4:8] = data[40:44] = b"\0\0\0\0"
    world.disk.files[job.parts[0].stored_name] = bytes(data)

    result = world.assert_true(job, await world.collect(job))

    assert result.duration_seconds == 2.0


@pytest.mark.parametrize("left", ["both parts", "one part", "no part"])
async def test_given_a_crash_after_storing_when_collected_again_then_the_same_recording_is_reported(
    world: World, left: str
) -> None:
    job = world.record_both()
    parts = dict(world.disk.files)
    first = await world.collect(job)
    kept = {"both parts": 2, "one part": 1, "no part": 0}[left]
    world.disk.files = dict(list(parts.items())[:kept])
    downloads = world.disk.downloads

    second = await world.collect(job)

    assert second == first
    world.assert_true(job, second)
    assert world.disk.downloads == downloads


async def test_given_anothers_file_under_the_key_when_collected_then_it_is_replaced(world: World) -> None:
    job = world.record_both()
    world.stored_path(job).parent.mkdir(parents=True)
    world.stored_path(job).write_bytes(b"not audio")

    world.assert_true(job, await world.collect(job))


async def test_given_asterisk_fails_to_delete_when_collected_then_it_is_tried_again_without_a_new_download(
    world: World,
) -> None:
    job = world.record_both()
    world.disk.delete_failures = [None, unavailable(), unavailable()]

    world.assert_true(job, await world.collect(job))

    assert world.disk.downloads == 2


async def test_given_asterisk_never_deletes_when_collected_then_the_recording_is_saved_all_the_same(
    world: World,
) -> None:
    job = world.record_both()
    world.disk.delete_failures = [unavailable()] * 5

    result = await world.collect(job)

    assert isinstance(result, Collected)
    assert world.stored_path(job).exists()


async def test_given_a_store_that_fails_at_first_when_collected_then_it_is_tried_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = world.record_both()
    put, failures = world.store.put_file, [1, 1]

    async def fail_twice(key: str, path: Path, size_bytes: int) -> None:
        if failures:
            failures.pop()
            raise StoreUnavailableError("The store for recordings failed (TimeoutError).")
        await put(key, path, size_bytes)

    monkeypatch.setattr(world.store, "put_file", fail_twice)

    world.assert_true(job, await world.collect(job))


async def test_given_a_store_that_keeps_less_when_collected_then_nothing_is_deleted_or_called_saved(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = world.record_both()
    put = world.store.put_file

    async def keep_half(key: str, path: Path, size_bytes: int) -> None:
        short = path.with_name("short.wav")
        short.write_bytes(b"x" * (size_bytes // 2))
        await put(key, short, size_bytes)

    monkeypatch.setattr(world.store, "put_file", keep_half)

    result = await world.collect(job)

    assert isinstance(result, CollectFailed)
    assert "bytes of" in result.reason
    assert not result.is_final
    assert len(world.disk.files) == 2


async def test_given_an_attempt_that_hangs_when_collected_then_its_time_is_bounded(world: World) -> None:
    world.disk.may_go_on.clear()

    result = await world.collect(world.record_both(), CollectorLimits(retry_schedule=(0.001,), attempt_seconds=0.02))

    assert isinstance(result, CollectFailed)
    assert "took over" in result.reason
    assert world.disk.at_once == 0


async def test_given_many_jobs_when_collecting_then_two_run_at_once_and_the_queue_says_when_it_is_full(
    world: World,
) -> None:
    world.disk.may_go_on.clear()
    jobs = [world.record_both(0.1) for _ in range(7)]
    async with world.collecting(replace(QUICK, capacity=6)) as collector:
        for job in jobs[:6]:
            collector.submit(job)
            collector.submit(job)  # the same recording once more changes nothing
        assert (collector.unfinished, collector.is_full) == (6, True)
        with pytest.raises(OverloadedError, match="full: 6"):
            collector.submit(jobs[6])
        collector.submit(jobs[0])
        await world.disk.until_at_once(2)
        world.disk.may_go_on.set()
        results = await world.owner.results(6)
        assert not collector.is_full
        collector.submit(jobs[6])
        results = await world.owner.results(7)

    assert world.disk.most_at_once == 2
    assert {result.recording_id for result in results} == {job.recording_id for job in jobs}
    assert all(isinstance(result, Collected) for result in results)


async def test_given_one_job_in_back_off_when_others_come_then_they_are_not_held_up(world: World) -> None:
    stuck = world.record_both(0.1)
    world.disk.download_failures = [unavailable()] * 2
    others = [world.record_both(0.1) for _ in range(3)]
    async with world.collecting(CollectorLimits(concurrency=1, retry_schedule=(600.0,))) as collector:
        for job in (stuck, *others):
            collector.submit(job)
        results = await world.owner.results(2)

    # Two jobs met the failures and wait; the other two came through on the one slot.
    assert all(isinstance(result, Collected) for result in results)


async def test_given_an_owner_that_cannot_listen_at_first_when_reported_then_it_hears_later(world: World) -> None:
    world.owner.failures = 2

    job = world.record_both()

    world.assert_true(job, await world.collect(job))


async def test_given_a_job_that_meets_a_mistake_of_ours_when_collecting_then_the_others_go_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = world.record_both(0.1), world.record_both(0.1)
    size = world.store.size

    async def crash_on_bad(key: str) -> int:
        if bad.recording_id in key:
            raise ZeroDivisionError
        return await size(key)

    monkeypatch.setattr(world.store, "size", crash_on_bad)
    async with world.collecting() as collector:
        collector.submit(bad)
        collector.submit(good)
        results = {result.recording_id: result for result in await world.owner.results(2)}

    assert results[bad.recording_id] == CollectFailed(
        recording_id=bad.recording_id, reason="Internal error.", is_final=False
    )
    assert isinstance(results[good.recording_id], Collected)


async def test_given_a_shutdown_while_collecting_then_nothing_is_reported_and_no_file_is_left(world: World) -> None:
    world.disk.may_go_on.clear()
    job = world.record_both()
    async with world.collecting() as collector:
        collector.submit(job)
        await world.disk.until_at_once(1)

    assert world.owner.heard == []
    assert list((world.folder / "work").iterdir()) == []
    assert len(world.disk.files) == 2
    world.disk.may_go_on.set()
    world.assert_true(job, await world.collect(job))


async def test_given_a_stop_at_any_moment_when_run_again_then_every_job_comes_to_its_result(world: World) -> None:
    jobs = [world.record_both(0.1) for _ in range(4)]
    collector = RecordingCollector(world.disk, world.store, world.owner, work_dir=world.folder / "work", limits=QUICK)
    for job in jobs:
        collector.submit(job)
    # Turns of the event loop until the stop: from before the first job starts to long after.
    for steps in range(60):
        running = asyncio.ensure_future(collector.run())
        for _ in range(steps):
            await asyncio.sleep(0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert {job.recording_id for job in jobs} == set(collector._unfinished) | {
            result.recording_id for _call, result in world.owner.heard
        }
    running = asyncio.ensure_future(collector.run())
    async with asyncio.timeout(60), world.owner.news:
        await world.owner.news.wait_for(lambda: not collector.unfinished)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    results = {result.recording_id: result for _call, result in world.owner.heard}
    for job in jobs:
        world.assert_true(job, results[job.recording_id])


def part(role: LegRole) -> Part:
    return Part(role=role, stored_name="x", started_at=NOON)


@pytest.mark.parametrize(
    ("mode", "parts"),
    [
        (RecordingMode.BOTH, (part(LegRole.AGENT),)),
        (RecordingMode.BOTH, (part(LegRole.AGENT), part(LegRole.AGENT))),
        (RecordingMode.AGENT, (part(LegRole.CUSTOMER),)),
        (RecordingMode.AGENT, ()),
        (RecordingMode.OFF, ()),
        (RecordingMode.AGENT, (replace(part(LegRole.AGENT), started_at=datetime(2026, 5, 1)),)),  # noqa: DTZ001 - the point
    ],
)
def test_given_sides_that_do_not_go_with_the_mode_then_there_is_no_such_job(
    mode: RecordingMode, parts: tuple[Part, ...]
) -> None:
    with pytest.raises(ValueError, match=r"mode|zone"):
        CollectJob(recording_id="rec_x", account_id="acc_x", call_id="call_x", mode=mode, parts=parts)


@pytest.mark.parametrize("left", [None, b"", b"RIFF"], ids=["no file", "an empty file", "half a header"])
async def test_given_a_voice_that_could_not_be_written_on_when_collected_then_what_there_is_of_it_is_a_recording(
    world: World, left: bytes | None
) -> None:
    job = world.record_both(2)
    again = Part(
        role=LegRole.AGENT,
        stored_name=f"{job.parts[0].stored_name}-again",
        started_at=NOON + timedelta(seconds=3),
        leg_id="leg_1",
        is_again=True,
    )
    if left is not None:
        world.disk.files[again.stored_name] = left
    job = replace(job, parts=(*job.parts, again))

    result = world.assert_true(job, await world.collect(job))

    assert (result.channels, result.duration_seconds) == (2, 2.0)
