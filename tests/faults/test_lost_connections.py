"""Asterisk's or the database's connection goes under live calls, and comes back: nothing is lost, nothing lingers."""

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from app.calls import setup
from app.errors import AsteriskUnavailableError, DatabaseUnavailableError
from app.facts.vocabulary import LegRole, RecordingMode
from app.ids import asterisk_prefix
from app.local.asterisk import AsteriskInstance
from app.local.postgres import LocalPostgres, running_postgres
from app.local.temporary import UNSAFE_AND_FAST
from tests.rig.ari_ears import AriEars
from tests.rig.desk import Desk, PlacedCall
from tests.rig.far_end import FarEnd, FarEndCall
from tests.rig.fault_proxy import FaultProxy, proxy_to_asterisk
from tests.rig.service import RunningOffhook, make_settings, running_offhook
from tests.rig.story import assert_is_whole
from tests.rig.witness import Witness

pytestmark = pytest.mark.asterisk

AGENT = "+15550170001"
CUSTOMER = "+15550170002"


async def _talk(
    desk: Desk, far_end: FarEnd, *, record: RecordingMode = RecordingMode.OFF, **fields: Any
) -> tuple[PlacedCall, FarEndCall, FarEndCall]:
    placed = await desk.place_call(CUSTOMER, connect_number=AGENT, trunk="farend", record=record, **fields)
    agent = await far_end.expect_call(AGENT)
    await agent.answer()
    customer = await far_end.expect_call(CUSTOMER)
    await customer.answer()
    await desk.wait_for(placed.id, "call.connected" if record is RecordingMode.OFF else "recording.started")
    return placed, agent, customer


def _when(event: dict[str, str]) -> datetime:
    return datetime.fromisoformat(event["timestamp"])


@contextlib.asynccontextmanager
async def _behind_a_wire(
    asterisk: AsteriskInstance, dsn: str, directory: Path
) -> AsyncIterator[tuple[RunningOffhook, Desk, FaultProxy]]:
    """A service whose connection to Asterisk can be cut."""
    async with proxy_to_asterisk(asterisk.ari_url) as wire:
        settings = make_settings(asterisk, dsn, directory, ari_url=wire.address, ari_timeout_seconds=2.0)
        async with running_offhook(settings) as offhook, offhook.desk() as desk:
            yield offhook, desk, wire


async def test_given_a_talk_when_asterisk_is_out_of_reach_for_a_while_then_it_goes_on_and_is_told_recovered(
    asterisk: AsteriskInstance, database_dsn: str, tmp_path: Path, far_end: FarEnd, witness: Witness
) -> None:
    async with _behind_a_wire(asterisk, database_dsn, tmp_path) as (offhook, desk, wire):
        placed, agent, customer = await _talk(desk, far_end, record=RecordingMode.BOTH)
        wire.cut()
        await offhook.wait_until_unready()
        with pytest.raises(AsteriskUnavailableError):
            await desk.place_call("+15550170003", trunk="farend", first=LegRole.CUSTOMER, key="later")
        wire.mend()
        await desk.wait_for(placed.id, "call.recovered")
        await offhook.wait_until_ready()
        later = await desk.place_call("+15550170003", trunk="farend", first=LegRole.CUSTOMER, key="later")
        assert not later.is_replayed
        await (await far_end.expect_call("+15550170003")).reject(486)
        assert not agent.has_ended
        await customer.hang_up()
        story = await desk.wait_for_end(placed.id)
        await assert_is_whole(desk, story)
        assert (story.disposition, story.end) == ("ANSWERED", ("HANGUP", "CUSTOMER"))
        assert story.record["source"] == "RECOVERED"
        blind = story.the("call.recovered").body
        assert blind["blindFrom"] < blind["blindUntil"]
        assert story.the("recording.saved").body["durationSeconds"] == pytest.approx(
            story.record["talkSeconds"], abs=0.5
        )
        assert (await desk.wait_for_end(later.id)).record["source"] == "LIVE"
        await offhook.assert_nothing_is_left(witness)


async def test_given_a_talk_when_it_ends_while_asterisk_is_out_of_reach_then_its_true_end_is_told(
    asterisk: AsteriskInstance, database_dsn: str, tmp_path: Path, far_end: FarEnd, witness: Witness
) -> None:
    async with _behind_a_wire(asterisk, database_dsn, tmp_path) as (offhook, desk, wire):
        placed, agent, customer = await _talk(desk, far_end)
        wire.cut()
        await customer.hang_up()
        hung_up_at = _when(await customer.wait_until_ended())
        await asyncio.sleep(1.0)  # so that the end of the outage is no answer for the end of the call
        wire.mend()
        story = await desk.wait_for_end(placed.id)
        await assert_is_whole(desk, story)
        assert (story.disposition, story.end) == ("ANSWERED", ("HANGUP", "CUSTOMER"))
        assert story.record["source"] == "RECOVERED"
        assert abs((story.the("leg.ended", "CUSTOMER").at - hung_up_at).total_seconds()) < 0.3
        await agent.wait_until_ended()
        await offhook.assert_nothing_is_left(witness)


async def test_given_a_talk_when_a_hang_up_is_asked_for_while_asterisk_is_out_of_reach_then_it_is_done_afterwards(
    asterisk: AsteriskInstance, database_dsn: str, tmp_path: Path, far_end: FarEnd, witness: Witness
) -> None:
    async with _behind_a_wire(asterisk, database_dsn, tmp_path) as (offhook, desk, wire):
        placed, agent, customer = await _talk(desk, far_end)
        wire.cut()
        await offhook.wait_until_unready()
        await desk.hang_up(placed.id)
        wire.mend()
        story = await desk.wait_for_end(placed.id)
        await assert_is_whole(desk, story)
        assert (story.disposition, story.end) == ("ANSWERED", ("API_HANGUP", "SYSTEM"))
        await asyncio.gather(agent.wait_until_ended(), customer.wait_until_ended())
        await offhook.assert_nothing_is_left(witness)


async def test_given_offhook_never_comes_back_in_time_when_the_backstop_is_over_then_asterisk_ends_the_call_itself(
    asterisk: AsteriskInstance,
    database_dsn: str,
    tmp_path: Path,
    far_end: FarEnd,
    witness: Witness,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # maxDurationSeconds 60, two rings of 2 s and twice the set-up's 10 s: with the margin set so, 4 s in all.
    monkeypatch.setattr(setup, "BACKSTOP_SECONDS", 4.0 - 60 - 2 * (2 + setup.SETUP_SECONDS))
    async with _behind_a_wire(asterisk, database_dsn, tmp_path) as (offhook, desk, wire):
        placed, agent, customer = await _talk(
            desk, far_end, max_duration_seconds=60.0, agent_ring_seconds=2.0, customer_ring_seconds=2.0
        )
        wire.cut()
        ended = await asyncio.gather(agent.wait_until_ended(), customer.wait_until_ended())
        first_end = min(_when(event) for event in ended)
        wire.mend()
        story = await desk.wait_for_end(placed.id)
        await assert_is_whole(desk, story)
        assert story.record["source"] == "RECOVERED"
        created_at = datetime.fromisoformat(story.record["createdAt"])
        assert (first_end - created_at).total_seconds() == pytest.approx(4.0, abs=1.0)
        assert abs((min(fact.at for fact in story.all_of("leg.ended")) - first_end).total_seconds()) < 0.3
        await offhook.assert_nothing_is_left(witness)


async def test_given_a_call_when_its_channels_are_looked_at_then_asterisk_holds_a_limit_of_its_own(
    desk: Desk, ears: AriEars, far_end: FarEnd, witness: Witness
) -> None:
    placed, _, customer = await _talk(
        desk, far_end, max_duration_seconds=30.0, agent_ring_seconds=5.0, customer_ring_seconds=7.0
    )
    wanted = 30 + (5 + 7 + 2 * setup.SETUP_SECONDS) + setup.BACKSTOP_SECONDS
    channels = (await witness.look(asterisk_prefix(desk.node))).channels
    assert len(channels) == 2
    for channel in channels:
        answer = await ears.request("GET", f"/channels/{channel}/variable", variable="TIMEOUT(absolute)")
        assert wanted - 20 < float(answer.json()["value"]) <= wanted
    await customer.hang_up()
    await desk.wait_for_end(placed.id)


async def test_given_a_limit_of_two_seconds_when_they_have_been_talked_then_the_call_is_ended(
    desk: Desk, far_end: FarEnd
) -> None:
    placed, agent, customer = await _talk(desk, far_end, max_duration_seconds=2.0)
    story = await desk.wait_for_end(placed.id)
    await assert_is_whole(desk, story)
    assert (story.disposition, story.end) == ("ANSWERED", ("MAX_DURATION", "SYSTEM"))
    assert story.record["talkSeconds"] == pytest.approx(2.0, abs=0.5)
    await asyncio.gather(agent.wait_until_ended(), customer.wait_until_ended())


class StoppablePostgres:
    """A server of the test's own, that can be stopped and started again on the same data."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._stack = contextlib.AsyncExitStack()

    async def start(self) -> LocalPostgres:
        return await self._stack.enter_async_context(
            running_postgres(self._directory / "postgresql", settings=UNSAFE_AND_FAST)
        )

    async def stop(self) -> None:
        await self._stack.aclose()


@pytest.fixture
async def own_postgres() -> AsyncIterator[tuple[StoppablePostgres, str]]:
    directory = Path(tempfile.mkdtemp(prefix="offhook-fault-"))
    directory.chmod(0o711)  # as root, the server runs under another user, who must get through
    server = StoppablePostgres(directory)
    try:
        yield server, (await server.start()).dsn
    finally:
        await server.stop()
        await asyncio.to_thread(shutil.rmtree, directory)


async def test_given_live_calls_when_the_database_is_away_for_three_seconds_then_nothing_of_them_is_lost(
    asterisk: AsteriskInstance,
    own_postgres: tuple[StoppablePostgres, str],
    tmp_path: Path,
    far_end: FarEnd,
    witness: Witness,
) -> None:
    server, dsn = own_postgres
    settings = make_settings(asterisk, dsn, tmp_path, database_timeout_seconds=3.0)
    async with running_offhook(settings) as offhook, offhook.desk() as desk:
        placed, agent, customer = await _talk(desk, far_end, record=RecordingMode.BOTH)
        ringing = await desk.place_call("+15550170005", trunk="farend", first=LegRole.CUSTOMER)
        ringing_end = await far_end.expect_call("+15550170005")
        await server.stop()
        away_since = asyncio.get_running_loop().time()
        with pytest.raises(DatabaseUnavailableError):
            await desk.place_call("+15550170006", trunk="farend", first=LegRole.CUSTOMER, key="later")
        await customer.hang_up()
        hung_up_at = _when(await customer.wait_until_ended())
        await ringing_end.reject(486)
        await asyncio.sleep(max(0.0, away_since + 3.0 - asyncio.get_running_loop().time()))
        await server.start()
        story = await desk.wait_for_end(placed.id)
        await assert_is_whole(desk, story)
        assert (story.disposition, story.end) == ("ANSWERED", ("HANGUP", "CUSTOMER"))
        assert abs((story.the("leg.ended", "CUSTOMER").at - hung_up_at).total_seconds()) < 0.3
        assert story.record["source"] == "LIVE"  # Asterisk was watched all the time
        story.the("recording.saved")
        busy = await desk.wait_for_end(ringing.id)
        await assert_is_whole(desk, busy)
        assert (busy.disposition, busy.end) == ("BUSY", ("BUSY", "CUSTOMER"))
        later = await desk.place_call("+15550170006", trunk="farend", first=LegRole.CUSTOMER, key="later")
        assert not later.is_replayed
        await (await far_end.expect_call("+15550170006")).reject(603)
        await desk.wait_for_end(later.id)
        await agent.wait_until_ended()
        await offhook.assert_nothing_is_left(witness)
