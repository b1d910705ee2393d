"""What breaks while a blind transfer rings, another is consulted about, callers wait, one listens, three talk, and call
flows lead customers: one hears a sound, one is asked for a key, one leaves a message, one talks to a program. And while
a campaign calls, a callback is under way, and one-time passwords are told.

All of it is in flight at once (``tests/rig/scenes``), and each goes on to its one right end: nobody is left alone, no
phone rings twice, callers keep their places, the supervisor hears the talk, each contact, callback and code comes out
once, and the records are true to a second.
"""

import asyncio
import contextlib
import itertools
import os
import signal
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.calls.core.verbs import PauseRecording, StartMediaStream
from app.config import Settings
from app.errors import RefusedError, UnavailableError
from app.facts.vocabulary import PauseMode, RecordingMode
from app.failpoints import Failpoint
from app.ids import Kind, LegId, MediaStreamId, RecordingId, new_id
from app.local.asterisk import AsteriskConfig, AsteriskInstall, AsteriskInstance, SipPeer
from app.process.serve import serving
from tests.rig.ari_ears import AriEars
from tests.rig.bot import Bot, running_bot
from tests.rig.desk import Desk, Fact
from tests.rig.errand_scenes import keep_campaign
from tests.rig.far_end import FarEnd
from tests.rig.fault_proxy import FaultProxy
from tests.rig.fixtures import FAR_END_TRUNK
from tests.rig.floor import Floor, Scene, new_number
from tests.rig.flow_scenes import keep_flows
from tests.rig.graphql_line import GraphQLLine
from tests.rig.own_postgres import OwnPostgres
from tests.rig.scenes import all_scenes
from tests.rig.service import RunningOffhook, make_settings, prepare_account, running_offhook
from tests.rig.service_process import ServiceProcess, service_process
from tests.rig.spoken import write_espeak
from tests.rig.station import Station
from tests.rig.story import assert_is_whole
from tests.rig.talk import RECOVERY_SECONDS, behind_a_wire, call_busy, talk
from tests.rig.witness import Witness, watching
from tests.webhooks.sink import Sink

pytestmark = pytest.mark.asterisk

_KILLED_SECONDS = 30.0
_STOP_SECONDS = 10.0
#: Until a line on which nothing passes any more is known to be dead.
_SILENCE_SECONDS = 10.0

#: Requests that the scenes make on their way to the end, by what their first line holds.
REQUESTS = {
    "create": b"POST /ari/channels/create",
    "dial": b"/dial?",
    "join": b"/addChannel?",
    "mute": b"/mute",
    "end of music": b"/moh HTTP",
    "let go": b"DELETE /ari/channels/",
    "destroy": b"DELETE /ari/bridges/",
}
#: The others no call passes: two are of imports, two of what places calls later, three of campaigns.
_ELSEWHERE = {
    Failpoint.IMPORT_BATCH_WRITTEN,
    Failpoint.IMPORT_BATCH_COMMITTED,
    Failpoint.ERRAND_CLAIMED,
    Failpoint.ERRAND_PLACED,
    Failpoint.CAMPAIGN_CLAIMED,
    Failpoint.CAMPAIGN_HELD,
    Failpoint.CAMPAIGN_PLACED,
}
ON_A_CALLS_WAY = [place for place in Failpoint if place not in _ELSEWHERE]
QUIET_AND_BUSY = pytest.mark.parametrize("is_busy", [False, True], ids=["quiet", "busy"])


@pytest.fixture(autouse=True)
def speaks(asterisk_install: AsteriskInstall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The espeak-ng that was found for this machine is on the PATH, also of processes."""
    write_espeak(asterisk_install, tmp_path / "bin")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)


@dataclass(slots=True)
class Doomed:
    """A service process whose floor is busy, and which will not live to see the end."""

    process: ServiceProcess
    line: GraphQLLine
    floor: Floor
    scenes: Sequence[Scene]


@contextlib.asynccontextmanager
async def _doomed(settings: Settings, directory: Path, far_end: FarEnd, witness: Witness) -> AsyncIterator[Doomed]:
    async with contextlib.AsyncExitStack() as stack:
        bot = await stack.enter_async_context(running_bot())
        async with running_offhook(settings) as first, first.desk() as desk:
            floor = await furnish(first, desk, far_end, witness, bot)
            token, trunks, node = first.token, first.trunks, first.node
        process = await stack.enter_async_context(service_process(settings, directory))
        line = await stack.enter_async_context(GraphQLLine.to(process.url, token))
        # This desk does not listen: its line is about to be cut.
        floor.desk = Desk(line, node, trunks)
        floor.orders = line
        scenes = all_scenes(floor)
        await floor.begin(scenes)
        yield Doomed(process, line, floor, scenes)


@contextlib.asynccontextmanager
async def _in_flight(
    offhook: RunningOffhook, desk: Desk, far_end: FarEnd, witness: Witness, bot: Bot | None = None
) -> AsyncIterator[tuple[Floor, Sequence[Scene]]]:
    assert offhook.url is not None
    async with contextlib.AsyncExitStack() as stack:
        if bot is None:
            bot = await stack.enter_async_context(running_bot())
        line = await stack.enter_async_context(GraphQLLine.to(offhook.url, offhook.token))
        floor = await furnish(offhook, desk, far_end, witness, bot)
        floor.orders = line
        scenes = all_scenes(floor)
        await floor.begin(scenes)
        yield floor, scenes


async def furnish(offhook: RunningOffhook, desk: Desk, far_end: FarEnd, witness: Witness, bot: Bot) -> Floor:
    """Seats, a queue, call flows, a program to talk to, and a campaign that is yet to begin."""
    floor = await Floor.furnish(offhook, far_end, witness, desk, bot)
    floor.flows = await keep_flows(offhook, bot)
    floor.campaign_id, floor.contacts = await keep_campaign(offhook, floor.flows["question"])
    return floor


async def _go_on_with(offhook: RunningOffhook, desk: Desk, floor: Floor, scenes: Sequence[Scene]) -> None:
    """The next service has the floor."""
    floor.serve_at(offhook, desk)
    await floor.wait_until_recovered(scenes)
    await floor.go_on(scenes)


@QUIET_AND_BUSY
async def test_given_call_control_in_flight_when_the_service_is_killed_then_the_next_one_brings_each_to_its_end(
    settings: Settings, tmp_path: Path, far_end: FarEnd, witness: Witness, *, is_busy: bool
) -> None:
    async with _doomed(settings, tmp_path, far_end, witness) as doomed:
        await doomed.process.kill()
        if is_busy:
            await doomed.floor.happen(doomed.scenes)
    async with running_offhook(settings, is_serving=True) as offhook, offhook.desk() as desk:
        await _go_on_with(offhook, desk, doomed.floor, doomed.scenes)


async def test_given_call_control_in_flight_when_the_service_is_told_to_stop_then_the_next_one_brings_each_to_its_end(
    settings: Settings, tmp_path: Path, far_end: FarEnd, witness: Witness
) -> None:
    async with _doomed(settings, tmp_path, far_end, witness) as doomed:
        os.kill(doomed.process.process.pid, signal.SIGTERM)
        async with asyncio.timeout(_STOP_SECONDS):
            assert await doomed.process.process.wait() == 0
    async with running_offhook(settings, is_serving=True) as offhook, offhook.desk() as desk:
        await _go_on_with(offhook, desk, doomed.floor, doomed.scenes)


@pytest.mark.parametrize("place", ON_A_CALLS_WAY)
async def test_given_call_control_in_flight_when_the_service_is_killed_at_a_named_place_then_each_comes_to_its_end(
    settings: Settings, tmp_path: Path, far_end: FarEnd, witness: Witness, webhook_sink: Sink, place: Failpoint
) -> None:
    async with running_bot() as bot:
        async with running_offhook(settings, is_serving=True) as first, first.desk() as desk:
            await first.service.services.webhooks.create(
                first.principal.account_id, url=webhook_sink.url("/told"), event_types=("call.ended",)
            )
            token, trunks, node = first.token, first.trunks, first.node
            async with _in_flight(first, desk, far_end, witness, bot) as (floor, scenes):
                two, _, _ = await talk(desk, far_end, new_number(), new_number())
                answered = await desk.wait_for(two.id, "leg.answered", "CUSTOMER")
        # A service that goes on with all that, has a program talk to one of the two, and meets its end over one call
        # more.
        async with (
            service_process(settings, tmp_path, failpoint=f"{place.value}:kill") as process,
            GraphQLLine.to(process.url, token) as line,
            asyncio.timeout(_KILLED_SECONDS),
            asyncio.TaskGroup() as group,
        ):
            numbers = new_number(), new_number()
            answering = group.create_task(_answer(far_end, *numbers))
            with contextlib.suppress(UnavailableError):  # it was killed before it could answer
                doomed = Desk(line, node, trunks)
                await _let_program_talk(doomed, two.id, LegId(answered.body["leg"]["id"]), bot)
                await _one_more_call(doomed, *numbers)
            await process.process.wait()
            answering.cancel()
        async with running_offhook(settings, is_serving=True) as offhook, offhook.desk() as desk:
            for call_id in await _others(offhook, scenes):
                with contextlib.suppress(RefusedError):  # it is over
                    await desk.hang_up(call_id)
            await _go_on_with(offhook, desk, floor, scenes)
            story = await desk.wait_for_end(two.id)
            await assert_is_whole(desk, story)
            told = [fact.type for fact in story.facts if fact.type.startswith("mediastream.")]
            assert told == ["mediastream.connected", "mediastream.ended"]


async def _let_program_talk(desk: Desk, call_id: str, leg_id: LegId, bot: Bot) -> None:
    """To one of two who talk, for as long as anybody lets it."""
    stream_id = MediaStreamId(new_id(Kind.MEDIA_STREAM))
    await desk.act(leg_id, StartMediaStream(stream_id=stream_id, leg_id=leg_id, url=bot.url))
    await _first_of(desk, call_id, "mediastream.connected")


async def _one_more_call(desk: Desk, agent: str, customer: str) -> None:
    """A recorded call that goes past every place, to its end."""
    placed = await desk.place_call(customer, connect_number=agent, trunk="farend", record=RecordingMode.BOTH)
    recording_id = RecordingId((await _first_of(desk, placed.id, "recording.started")).body["recordingId"])
    await desk.act(placed.id, PauseRecording(recording_id=recording_id, mode=PauseMode.SILENCE))
    await desk.hang_up(placed.id)


async def _answer(far_end: FarEnd, *numbers: str) -> None:
    for number in numbers:
        call = await far_end.expect_call(number)
        await call.ring()
        await call.answer()


async def _first_of(desk: Desk, call_id: str, type_name: str) -> Fact:
    """Asked for again and again: nothing is heard of a service that has met its end."""
    while True:
        for fact in await desk.line.facts(call_id):
            if fact.type == type_name:
                return fact
        await asyncio.sleep(0.05)


async def _others(offhook: RunningOffhook, scenes: Sequence[Scene]) -> list[str]:
    ours = set(itertools.chain.from_iterable(scene.call_ids for scene in scenes))
    async with offhook.service.database.acquire() as connection:
        rows = await connection.fetch("SELECT id FROM call WHERE state <> 'ENDED'")
    return [row["id"] for row in rows if row["id"] not in ours]


@pytest.mark.parametrize("how", ["close", "reset", "cut"])
async def test_given_call_control_in_flight_when_the_connection_to_asterisk_ends_then_each_comes_to_its_end(
    asterisk: AsteriskInstance, database_dsn: str, tmp_path: Path, far_end: FarEnd, witness: Witness, how: str
) -> None:
    async with (
        behind_a_wire(asterisk, database_dsn, tmp_path, is_serving=True) as (offhook, desk, wire),
        _in_flight(offhook, desk, far_end, witness) as (floor, scenes),
    ):
        if how == "cut":
            wire.cut()
            await offhook.wait_until_unready()
            await floor.happen(scenes)
            wire.mend()
        else:
            wire.end_event_sockets(how=how)
        await floor.wait_until_recovered(scenes)
        await offhook.wait_until_ready(seconds=RECOVERY_SECONDS)
        await floor.go_on(scenes)


@QUIET_AND_BUSY
async def test_given_call_control_in_flight_when_the_line_to_asterisk_goes_dead_then_each_comes_to_its_end(
    asterisk: AsteriskInstance, database_dsn: str, tmp_path: Path, far_end: FarEnd, witness: Witness, *, is_busy: bool
) -> None:
    async with (
        behind_a_wire(asterisk, database_dsn, tmp_path, is_serving=True) as (offhook, desk, wire),
        _in_flight(offhook, desk, far_end, witness) as (floor, scenes),
    ):
        wire.hold()
        if is_busy:
            await floor.happen(scenes)
        await offhook.wait_until_unready(seconds=_SILENCE_SECONDS)
        wire.mend()
        await floor.wait_until_recovered(scenes)
        await offhook.wait_until_ready(seconds=RECOVERY_SECONDS)
        await floor.go_on(scenes)


@pytest.mark.parametrize("request_name", REQUESTS)
async def test_given_call_control_in_flight_when_an_answer_of_asterisks_is_lost_then_each_comes_to_its_end(
    asterisk: AsteriskInstance, database_dsn: str, tmp_path: Path, far_end: FarEnd, witness: Witness, request_name: str
) -> None:
    async with (
        behind_a_wire(asterisk, database_dsn, tmp_path, is_serving=True) as (offhook, desk, wire),
        _in_flight(offhook, desk, far_end, witness) as (floor, scenes),
    ):
        wire.lose_answer_to(REQUESTS[request_name])
        await floor.go_on(scenes)
        await _until_lost(wire)


async def _until_lost(wire: FaultProxy) -> None:
    async with asyncio.timeout(60):  # the end is told before the last request is made
        while not wire.lost_answers:
            await asyncio.sleep(0.01)


async def test_given_call_control_in_flight_when_a_stranger_takes_the_application_then_the_next_service_goes_on(
    asterisk: AsteriskInstance, settings: Settings, far_end: FarEnd, witness: Witness
) -> None:
    async with running_offhook(settings, is_serving=True) as offhook, offhook.desk() as desk:
        async with _in_flight(offhook, desk, far_end, witness) as (floor, scenes):
            pass
        thief = AriEars.listening(
            asterisk.ari_url, asterisk.ari_username, asterisk.ari_password, settings.ari_application
        )
        async with thief, asyncio.timeout(60):
            while not offhook.service.node.is_aside:
                await asyncio.sleep(0.02)
    async with running_offhook(settings, is_serving=True) as second, second.desk() as desk:
        await _go_on_with(second, desk, floor, scenes)


@QUIET_AND_BUSY
async def test_given_call_control_in_flight_when_the_database_is_down_for_a_while_then_each_comes_to_its_end(
    server: OwnPostgres, faulty: Settings, far_end: FarEnd, witness: Witness, *, is_busy: bool
) -> None:
    async with (
        running_offhook(faulty, is_serving=True) as offhook,
        offhook.desk() as desk,
        _in_flight(offhook, desk, far_end, witness) as (floor, scenes),
    ):
        await server.end_at_once()
        if is_busy:
            await floor.happen(scenes)
        await server.start()
        spool = faulty.data_dir / "spool"
        async with asyncio.timeout(RECOVERY_SECONDS):
            while (why := offhook.service.node.why_not_ready) is not None or list(spool.glob("*.spool")):
                await asyncio.sleep(0.05)
        assert why is None
        await floor.go_on(scenes)


async def test_given_call_control_in_flight_when_another_service_takes_over_then_it_brings_each_to_its_end(
    settings: Settings, tmp_path: Path, far_end: FarEnd, witness: Witness
) -> None:
    async with _doomed(settings, tmp_path, far_end, witness) as doomed, serving(settings) as standby:
        second = await prepare_account(standby.service)
        assert not standby.service.node.is_ready
        await doomed.process.kill()
        await second.wait_until_ready(seconds=RECOVERY_SECONDS)
        async with second.desk() as desk:
            await _go_on_with(second, desk, doomed.floor, doomed.scenes)


@pytest.fixture
async def station(asterisk_install: AsteriskInstall, far_end: FarEnd, tmp_path: Path) -> AsyncIterator[Station]:
    """An Asterisk of the test's own, which keeps its recordings."""
    config = AsteriskConfig(peers=(SipPeer(name=FAR_END_TRUNK, port=far_end.sip_port),))
    station = Station(config, asterisk_install, tmp_path / "asterisk")
    await station.start()
    yield station
    await station.close()


@pytest.mark.parametrize("how", ["killed", "restarted"])
async def test_given_call_control_in_flight_when_asterisk_dies_then_each_is_closed_and_the_queue_goes_on(
    station: Station, database_dsn: str, tmp_path: Path, far_end: FarEnd, how: str
) -> None:
    settings = make_settings(station.asterisk, database_dsn, tmp_path / "data", ari_url=station.wire.address)
    here = station.asterisk
    async with (
        running_offhook(settings, is_serving=True) as offhook,
        offhook.desk() as desk,
        watching(here.ari_url, here.ari_username, here.ari_password) as before,
        _in_flight(offhook, desk, far_end, before) as (floor, scenes),
    ):
        await (station.kill() if how == "killed" else station.restart_now())
        await station.start()
        await offhook.wait_until_ready(seconds=RECOVERY_SECONDS)
        there = station.asterisk
        async with watching(there.ari_url, there.ari_username, there.ari_password) as witness:
            floor.witness = witness
            await floor.be_lost(scenes)
            await call_busy(desk, far_end, new_number())
            await floor.assert_all_hold(scenes, has_asterisk_died=True)
