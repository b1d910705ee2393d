"""The machine runs out of disk or of file descriptors, or its clock steps, under live calls."""

import asyncio
import contextlib
import resource
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.config import Settings
from app.errors import OffhookError, UnavailableError
from app.facts.vocabulary import LegRole, RecordingMode
from app.local.asterisk import AsteriskInstance
from app.process.bootstrap import running_service
from tests.rig.desk import Desk
from tests.rig.far_end import FarEnd
from tests.rig.graphql_line import GraphQLLine
from tests.rig.mounts import filled, small_file_system
from tests.rig.own_postgres import own_postgres
from tests.rig.service import RunningOffhook, make_settings, prepare_account, running_offhook
from tests.rig.service_process import service_process
from tests.rig.story import assert_is_whole
from tests.rig.talk import RECOVERY_SECONDS, assert_all_hold_at_far_end, assert_ended_by_customer, call_busy, talk
from tests.rig.witness import Witness

pytestmark = pytest.mark.asterisk

AGENT, CUSTOMER, LATER = "+15550150001", "+15550150002", "+15550150003"


@pytest.fixture
def passable() -> Iterator[Path]:
    """A folder that every user may pass through, with an empty one in it."""
    with tempfile.TemporaryDirectory(prefix="offhook-fault-") as folder:
        path = Path(folder)
        path.chmod(0o711)
        (path / "small").mkdir()
        yield path


@pytest.mark.needs_root
async def test_given_a_full_disk_when_a_recording_ends_then_it_waits_in_asterisk_until_there_is_room(
    asterisk: AsteriskInstance, database_dsn: str, tmp_path: Path, far_end: FarEnd, witness: Witness
) -> None:
    since = len(far_end.ears.events)
    data = tmp_path / "data"
    data.mkdir()
    async with small_file_system(data, size_bytes=4 * 2**20):
        settings = make_settings(asterisk, database_dsn, data)
        async with running_offhook(settings) as offhook, offhook.desk() as desk:
            placed, _, customer = await talk(desk, far_end, AGENT, CUSTOMER, record=RecordingMode.BOTH)
            with filled(data):
                await asyncio.sleep(1.0)
                await customer.hang_up()
                await desk.wait_for(placed.id, "call.ended", seconds=RECOVERY_SECONDS)
                await asyncio.sleep(2.0)  # it tries, and there is no room
                assert "recording.saved" not in [fact.type for fact in desk.heard(placed.id)]
                assert "recording.failed" not in [fact.type for fact in desk.heard(placed.id)]
            story = await desk.wait_for_end(placed.id, seconds=3 * RECOVERY_SECONDS)
            await assert_is_whole(desk, story)
            assert story.the("recording.saved").body["durationSeconds"] == pytest.approx(
                story.record["talkSeconds"], abs=0.5
            )
            await assert_all_hold_at_far_end(settings, witness, far_end, since, placed.id)


@pytest.mark.needs_root
async def test_given_a_full_disk_under_the_database_when_a_call_ends_then_its_facts_are_written_once_there_is_room(
    asterisk: AsteriskInstance, tmp_path: Path, passable: Path, far_end: FarEnd, witness: Witness
) -> None:
    since = len(far_end.ears.events)
    async with (
        # Not below tmp_path: the server runs under another user, and each start of pytest closes its folders to others.
        small_file_system(passable / "small", size_bytes=320 * 2**20) as base,
        own_postgres(base=base, settings={"max_wal_size": "48MB", "min_wal_size": "32MB"}) as server,
    ):
        settings = make_settings(asterisk, server.dsn, tmp_path / "data", database_timeout_seconds=3.0)
        async with running_offhook(settings) as offhook, offhook.desk() as desk:
            placed, _, customer = await talk(desk, far_end, AGENT, CUSTOMER)
            refused = 0
            with filled(base):
                for number in range(40):  # until a page more is needed than there is
                    try:
                        call = await desk.place_call(f"+1555015{number:04d}", trunk="farend", first=LegRole.CUSTOMER)
                        await desk.hang_up(call.id)
                    except OffhookError:
                        refused += 1
                        break
                await customer.hang_up()
                await asyncio.sleep(2.0)
            if not server.server.process.is_running:  # it gives up when its own log has no room
                await server.stop()
                await server.start()
            await call_busy(desk, far_end, LATER, seconds=RECOVERY_SECONDS)
            await assert_ended_by_customer(desk, placed.id)
            assert refused, "the disk was never too full"
            await assert_all_hold_at_far_end(settings, witness, far_end, since, placed.id)


async def test_given_no_file_descriptor_is_left_when_the_service_has_a_talk_then_it_lives_and_recovers(
    settings: Settings, tmp_path: Path, far_end: FarEnd, witness: Witness
) -> None:
    since = len(far_end.ears.events)
    async with running_offhook(settings) as first:
        token, trunks, node = first.token, first.trunks, first.node
    async with (
        service_process(settings, tmp_path) as process,
        GraphQLLine.to(process.url, token) as line,
        Desk.listening(line, node, trunks) as desk,
    ):
        placed, agent, customer = await talk(desk, far_end, AGENT, CUSTOMER)
        async with contextlib.AsyncExitStack() as lines:
            lines.enter_context(_no_more_files(process.process.pid))
            async with asyncio.timeout(RECOVERY_SECONDS):
                await _exhaust(process.url, token, lines)
            assert process.process.is_running
            assert not agent.has_ended
            await customer.hang_up()
            await agent.wait_until_ended()  # what is open already goes on working
        await call_busy(desk, far_end, LATER, seconds=RECOVERY_SECONDS)
        await assert_ended_by_customer(desk, placed.id)
        await assert_all_hold_at_far_end(settings, witness, far_end, since, placed.id)


@contextlib.contextmanager
def _no_more_files(pid: int) -> Iterator[None]:
    """The process keeps what it has open, and can open nothing more."""
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    highest = max(int(entry.name) for entry in Path(f"/proc/{pid}/fd").iterdir())
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (highest + 1, before[1]))
    # Lower numbers that are free could be taken still: they are few, and the refusal below is waited for.
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)


async def _exhaust(url: str, token: str, lines: contextlib.AsyncExitStack) -> None:
    """Come with one connection after another, until the service has no descriptor to take the next with."""
    while True:
        line = await lines.enter_async_context(GraphQLLine.to(url, token))
        try:
            async with asyncio.timeout(1.0):
                await line.ask("{ viewer { __typename } }")
        except (TimeoutError, UnavailableError):
            return


class SteppedClock:
    """The machine's clock, as an operator or a bad time server sets it while everything runs."""

    def __init__(self) -> None:
        self.offset = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def monotonic(self) -> float:
        return time.monotonic()


@contextlib.asynccontextmanager
async def _with_clock(settings: Settings, clock: SteppedClock) -> AsyncIterator[tuple[RunningOffhook, Desk]]:
    async with running_service(settings, clock=clock) as service:
        offhook = await prepare_account(service)
        await offhook.wait_until_ready()
        async with offhook.desk() as desk:
            yield offhook, desk


@pytest.mark.parametrize("hours", [1, -1])
async def test_given_a_talk_when_our_clock_steps_by_an_hour_then_it_goes_on_and_its_seconds_are_true(
    settings: Settings, far_end: FarEnd, witness: Witness, hours: int
) -> None:
    since = len(far_end.ears.events)
    clock = SteppedClock()
    async with _with_clock(settings, clock) as (_, desk):
        placed, agent, customer = await talk(desk, far_end, AGENT, CUSTOMER)
        clock.offset = timedelta(hours=hours)
        await asyncio.sleep(2.0)
        assert not agent.has_ended
        await customer.hang_up()
        await assert_ended_by_customer(desk, placed.id)
        await call_busy(desk, far_end, LATER, seconds=RECOVERY_SECONDS)
        await assert_all_hold_at_far_end(settings, witness, far_end, since, placed.id)
