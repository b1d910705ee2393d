"""Asterisk restarts, stops gracefully, cannot write recordings, or is an old version, under live calls."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from app.ari.versions import VERSION_FLOOR
from app.errors import UnavailableError
from app.facts.vocabulary import LegRole, RecordingMode
from app.local.asterisk import AsteriskConfig, AsteriskInstall, SipPeer
from tests.rig.checker import dialled_at_far_end
from tests.rig.desk import Desk, PlacedCall, Story
from tests.rig.far_end import FarEnd
from tests.rig.fixtures import FAR_END_TRUNK
from tests.rig.mounts import small_file_system
from tests.rig.service import RunningOffhook, make_settings, running_offhook
from tests.rig.station import Station
from tests.rig.story import assert_is_whole
from tests.rig.talk import RECOVERY_SECONDS, answer_both, assert_all_hold_at_far_end, call_busy, talk
from tests.rig.witness import watching

pytestmark = pytest.mark.asterisk

AGENT, CUSTOMER, LATER = "+15550180011", "+15550180012", "+15550180013"


@pytest.fixture
async def station(asterisk_install: AsteriskInstall, far_end: FarEnd) -> AsyncIterator[Station]:
    config = AsteriskConfig(peers=(SipPeer(name=FAR_END_TRUNK, port=far_end.sip_port),))
    station = Station(config, asterisk_install)
    await station.start()
    yield station
    await station.close()


@contextlib.asynccontextmanager
async def _calling(station: Station, dsn: str, directory: Path) -> AsyncIterator[tuple[RunningOffhook, Desk]]:
    settings = make_settings(station.asterisk, dsn, directory / "data", ari_url=station.wire.address)
    async with running_offhook(settings) as offhook, offhook.desk() as desk:
        yield offhook, desk


async def _assert_all_hold(
    offhook: RunningOffhook, station: Station, far_end: FarEnd, since: int, *acknowledged: str
) -> None:
    here = station.asterisk
    async with watching(here.ari_url, here.ari_username, here.ari_password) as witness:
        await assert_all_hold_at_far_end(offhook.service.settings, witness, far_end, since, *acknowledged)


async def test_given_a_talk_when_asterisk_is_restarted_at_once_then_the_call_is_closed_and_the_next_one_is_dialled(
    station: Station, database_dsn: str, tmp_path: Path, far_end: FarEnd
) -> None:
    since = len(far_end.ears.events)
    async with _calling(station, database_dsn, tmp_path) as (offhook, desk):
        placed, agent, customer = await talk(desk, far_end, AGENT, CUSTOMER)
        await station.restart_now()  # it says BYE to everybody, and somebody starts it again
        await asyncio.gather(agent.wait_until_ended(), customer.wait_until_ended())
        await station.start()
        await offhook.wait_until_ready(seconds=RECOVERY_SECONDS)
        story = await desk.wait_for_end(placed.id, seconds=RECOVERY_SECONDS)
        await assert_is_whole(desk, story)
        assert story.disposition == "ANSWERED"
        assert story.end[0] in {"HANGUP", "NODE_LOST"}  # told by its last events, or by its new beginning
        await call_busy(desk, far_end, LATER)
        await _assert_all_hold(offhook, station, far_end, since, placed.id)


async def test_given_a_talk_when_asterisk_stops_gracefully_then_it_talks_to_its_end_and_nobody_new_is_dialled(
    station: Station, database_dsn: str, tmp_path: Path, far_end: FarEnd
) -> None:
    since = len(far_end.ears.events)
    async with _calling(station, database_dsn, tmp_path) as (offhook, desk), asyncio.TaskGroup() as group:
        placed, agent, customer = await talk(desk, far_end, AGENT, CUSTOMER)
        stopping = group.create_task(station.command("core stop gracefully"))
        await asyncio.wait(
            [stopping], timeout=3.0
        )  # the console's program has to start first, and may wait for the end
        refused = await _try_while_stopping(desk)
        assert not agent.has_ended
        await customer.hang_up()
        await agent.wait_until_ended()
        async with asyncio.timeout(RECOVERY_SECONDS):
            await station.asterisk.process.wait()
            await stopping
        await station.start()
        await offhook.wait_until_ready(seconds=RECOVERY_SECONDS)
        story = await desk.wait_for_end(placed.id, seconds=RECOVERY_SECONDS)
        await assert_is_whole(desk, story)
        assert (story.disposition, story.end) == ("ANSWERED", ("HANGUP", "CUSTOMER"))
        for other in refused:
            ended = await desk.wait_for_end(other.id, seconds=RECOVERY_SECONDS)
            assert ended.end[1] in {"SYSTEM", "CUSTOMER"}
            assert ended.disposition in {"UNREACHABLE", "FAILED"}
        await call_busy(desk, far_end, LATER)
        assert [one.number for one in dialled_at_far_end(far_end, since=since)] == [AGENT, CUSTOMER, LATER]
        await _assert_all_hold(offhook, station, far_end, since, placed.id)


async def _try_while_stopping(desk: Desk) -> list[PlacedCall]:
    """Whether the call is refused at once or fails on its way is the same to whoever is not rung."""
    try:
        return [await desk.place_call("+15550180014", trunk="farend", first=LegRole.CUSTOMER)]
    except UnavailableError:
        return []


async def test_given_a_recording_directory_that_takes_nothing_when_a_call_is_recorded_then_it_talks_on_and_says_so(
    station: Station, database_dsn: str, tmp_path: Path, far_end: FarEnd
) -> None:
    since = len(far_end.ears.events)
    directory = station.asterisk.directory / "spool" / "recording"
    directory.rmdir()
    directory.touch()  # not even root can make a file in a file
    async with _calling(station, database_dsn, tmp_path) as (offhook, desk):
        placed = await desk.place_call(CUSTOMER, connect_number=AGENT, trunk="farend", record=RecordingMode.BOTH)
        _, customer = await answer_both(far_end, AGENT, CUSTOMER)
        await desk.wait_for(placed.id, "recording.failed", seconds=RECOVERY_SECONDS)
        assert not customer.has_ended
        await customer.hang_up()
        story = await desk.wait_for_end(placed.id, seconds=RECOVERY_SECONDS)
        await assert_is_whole(desk, story)
        assert (story.disposition, story.end) == ("ANSWERED", ("HANGUP", "CUSTOMER"))
        assert story.all_of("recording.saved") == []
        story.the("recording.failed")
        directory.unlink()
        directory.mkdir()  # without one, Asterisk cannot even say that it has no recordings
        await _assert_all_hold(offhook, station, far_end, since, placed.id)


@pytest.mark.needs_root
async def test_given_a_recording_directory_that_is_full_when_a_call_is_recorded_then_it_talks_on_and_what_fits_is_kept(
    station: Station, database_dsn: str, tmp_path: Path, far_end: FarEnd
) -> None:
    since = len(far_end.ears.events)
    async with (
        small_file_system(station.asterisk.directory / "spool" / "recording", size_bytes=64 * 1024),
        _calling(station, database_dsn, tmp_path) as (offhook, desk),
    ):
        placed, _, customer = await talk(desk, far_end, AGENT, CUSTOMER, record=RecordingMode.BOTH)
        async with customer.playing_tone(440):
            await asyncio.sleep(4.0)  # twice 64 000 bytes of sound, in a place for half of that
        assert not customer.has_ended
        await customer.hang_up()
        story = await desk.wait_for_end(placed.id, seconds=2 * RECOVERY_SECONDS)
        await assert_is_whole(desk, story)
        assert (story.disposition, story.end) == ("ANSWERED", ("HANGUP", "CUSTOMER"))
        _assert_recording_is_honest(story)
        await _assert_all_hold(offhook, station, far_end, since, placed.id)


def _assert_recording_is_honest(story: Story) -> None:
    """Saved with the length that it has, or failed: told once, and never as if it were whole."""
    saved, failed = story.all_of("recording.saved"), story.all_of("recording.failed")
    assert len(saved) + len(failed) == 1
    assert all(fact.body["durationSeconds"] <= story.record["talkSeconds"] + 0.5 for fact in saved)


async def test_given_an_asterisk_older_than_the_floor_when_it_is_connected_then_that_is_said_and_calls_are_made(
    station: Station, database_dsn: str, tmp_path: Path, far_end: FarEnd
) -> None:
    """Its announcement is what is old here: the wire rewrites it. No old Asterisk comes to this machine."""
    since = len(far_end.ears.events)
    told = station.asterisk.install.version.partition("+")[0]
    older = "18.0.0".ljust(len(told), "0")
    station.wire.rewrite_answers(told.encode(), older.encode())
    with capture_logs() as logs:
        async with _calling(station, database_dsn, tmp_path) as (offhook, desk):
            placed, _, customer = await talk(desk, far_end, AGENT, CUSTOMER)
            await customer.hang_up()
            story = await desk.wait_for_end(placed.id)
            await assert_is_whole(desk, story)
            await _assert_all_hold(offhook, station, far_end, since, placed.id)
    said = [line for line in logs if line["log_level"] in {"warning", "error"} and older in str(line.get("version"))]
    assert said, f"nobody was told that Asterisk is older than {VERSION_FLOOR}"
