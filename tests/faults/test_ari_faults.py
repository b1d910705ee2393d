"""What can go wrong on the way to Asterisk's events and requests, and what calls and the service make of it."""

import asyncio
import contextlib
import gc
import http.client
import json
import random
import threading
import time
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import structlog
from pydantic import SecretStr

from app.ari.client import AriClient
from app.ari.event_socket import DisconnectReason
from app.ari.events import ChannelUserevent, MalformedEvent
from app.ari.news import Connected, Disconnected
from app.ari.stream import EventStream, StreamTimings
from app.facts.vocabulary import LegRole, RecordingMode
from app.local.asterisk import AsteriskConfig, AsteriskInstall, AsteriskInstance, SipPeer, running_asterisk
from app.process.serve import serving
from tests.ari.event_server import running_event_server, stay_open
from tests.rig.desk import PATIENCE_SECONDS, Desk, PlacedCall
from tests.rig.event_frames import Change, text_frame
from tests.rig.far_end import FarEnd, FarEndCall
from tests.rig.fault_proxy import proxy_to_asterisk
from tests.rig.fixtures import FAR_END_TRUNK
from tests.rig.service import make_settings, running_offhook
from tests.rig.story import assert_is_whole
from tests.rig.talk import RECOVERY_SECONDS, assert_ended_by_customer, behind_a_wire, talk
from tests.rig.witness import Witness

pytestmark = pytest.mark.asterisk

AGENT = "+15550190001"
CUSTOMER = "+15550190002"
#: Until a line on which nothing passes any more is known to be dead.
SILENCE_SECONDS = 6.0


async def _finish(desk: Desk, placed: PlacedCall, agent: FarEndCall, customer: FarEndCall, *, source: str) -> None:
    """The customer hangs up, and the call's story is whole."""
    await customer.hang_up()
    story = await assert_ended_by_customer(desk, placed.id, seconds=PATIENCE_SECONDS)
    assert story.record["source"] == source
    await agent.wait_until_ended()


def _said(logs: Sequence[Mapping[str, object]], event: str) -> set[object]:
    """The reasons that were given; each of the service's event sockets says its own once, not at each attempt."""
    said = [(entry["app"], entry["reason"]) for entry in logs if entry["event"] == event]
    assert len({app for app, _ in said}) == len(said), said
    return {reason for _, reason in said}


@pytest.mark.parametrize(("how", "reason"), [("close", "closed"), ("fin", "reset"), ("reset", "reset")])
async def test_given_a_talk_when_the_event_socket_ends_then_it_is_back_at_once_and_the_call_goes_on(
    asterisk: AsteriskInstance,
    database_dsn: str,
    tmp_path: Path,
    far_end: FarEnd,
    witness: Witness,
    how: str,
    reason: str,
) -> None:
    async with behind_a_wire(asterisk, database_dsn, tmp_path) as (offhook, desk, wire):
        placed, agent, customer = await talk(desk, far_end, AGENT, CUSTOMER)
        with structlog.testing.capture_logs() as logs:
            wire.end_event_sockets(how=how)
            await desk.wait_for(placed.id, "call.recovered")
            await offhook.wait_until_ready(seconds=RECOVERY_SECONDS)
        assert _said(logs, "ari_disconnected") == {reason}
        await _finish(desk, placed, agent, customer, source="RECOVERED")
        await offhook.assert_nothing_is_left(witness)


async def test_given_a_talk_when_the_line_goes_dead_without_a_word_then_it_is_noticed_and_an_end_meanwhile_is_told(
    asterisk: AsteriskInstance, database_dsn: str, tmp_path: Path, far_end: FarEnd, witness: Witness
) -> None:
    async with behind_a_wire(asterisk, database_dsn, tmp_path) as (offhook, desk, wire):
        placed, agent, customer = await talk(desk, far_end, AGENT, CUSTOMER)
        wire.hold()
        await offhook.wait_until_unready(seconds=SILENCE_SECONDS)
        reason = offhook.service.node.why_not_ready
        assert reason is not None
        assert "silent" in reason
        await customer.hang_up()
        await customer.wait_until_ended()
        wire.mend()
        await offhook.wait_until_ready(seconds=RECOVERY_SECONDS)
        story = await desk.wait_for_end(placed.id)
        await assert_is_whole(desk, story)
        assert (story.disposition, story.end) == ("ANSWERED", ("HANGUP", "CUSTOMER"))
        assert story.record["source"] == "RECOVERED"
        await agent.wait_until_ended()
        await offhook.assert_nothing_is_left(witness)


def _double(message: bytes) -> Iterable[bytes]:
    return (message, message)


def _overtake() -> Change:
    """What says that a leg rings or answers comes after the event behind it."""
    held: list[bytes] = []

    def change(message: bytes) -> Iterable[bytes]:
        if not held and json.loads(message)["type"] in {"Dial", "ChannelStateChange"}:
            held.append(message)
            return ()
        passed = (message, *held)
        held.clear()
        return passed

    return change


SECRET = "4111111111111111"
NOISE = (
    b"not json " + SECRET.encode(),
    b'{"type": "ChannelDestroyed", "cause": ',
    json.dumps({"type": "ChannelDestroyed", "cause": SECRET, "channel": {"id": 7}}).encode(),
    json.dumps({"type": "ChannelLevitated", "digits": SECRET}).encode(),
    json.dumps({"type": "x" * 1_000_000}).encode(),
    b"[" * 10_000,
    b"\xff\xfe\x00",
    b"",
)


def _add_noise(message: bytes) -> Iterable[bytes]:
    return (*NOISE, message)


@pytest.mark.parametrize("kind", ["doubled", "reordered", "noise"])
async def test_given_events_that_come_twice_out_of_order_or_among_noise_when_a_call_is_made_then_it_is_as_ever(
    asterisk: AsteriskInstance, database_dsn: str, tmp_path: Path, far_end: FarEnd, witness: Witness, kind: str
) -> None:
    heard_before = len(far_end.ears.events)
    with structlog.testing.capture_logs() as logs:
        async with behind_a_wire(asterisk, database_dsn, tmp_path) as (offhook, desk, wire):
            wire.change_event = {"doubled": _double, "reordered": _overtake(), "noise": _add_noise}[kind]
            placed = await desk.place_call(
                CUSTOMER, connect_number=AGENT, trunk="farend", record=RecordingMode.BOTH, customer_ring_seconds=20
            )
            agent = await far_end.expect_call(AGENT)
            await agent.ring()
            await agent.answer()
            customer = await far_end.expect_call(CUSTOMER)
            await customer.answer()
            await desk.wait_for(placed.id, "recording.started")
            busy = await desk.place_call("+15550190003", trunk="farend", first=LegRole.CUSTOMER)
            await (await far_end.expect_call("+15550190003")).reject(486)
            await customer.hang_up()
            story, other = await desk.wait_for_end(placed.id), await desk.wait_for_end(busy.id)
            for each in (story, other):
                await assert_is_whole(desk, each)
            assert (story.disposition, story.end) == ("ANSWERED", ("HANGUP", "CUSTOMER"))
            assert (other.disposition, other.end) == ("BUSY", ("BUSY", "CUSTOMER"))
            story.the("recording.saved")
            wire.change_event = None
            await offhook.wait_until_ready()
            await offhook.assert_nothing_is_left(witness)
    invites = [event["args"][-1] for event in far_end.ears.events[heard_before:] if event["type"] == "StasisStart"]
    assert invites == [AGENT, CUSTOMER, "+15550190003"]
    complaints = [entry for entry in logs if entry["event"].startswith("asterisk_event_")]
    assert (len(complaints) > 0) is (kind == "noise")
    assert len(complaints) <= len(NOISE), "each kind is said once, however often it comes"
    assert SECRET not in str(logs)
    assert "x" * 100 not in str(logs)
    assert [entry for entry in logs if entry["event"] == "ari_disconnected"] == []


async def test_given_a_talk_when_an_end_cannot_be_read_then_asterisk_is_looked_at_and_the_call_ends(
    asterisk: AsteriskInstance, database_dsn: str, tmp_path: Path, far_end: FarEnd, witness: Witness
) -> None:
    async with behind_a_wire(asterisk, database_dsn, tmp_path) as (offhook, desk, wire):
        placed, agent, customer = await talk(desk, far_end, AGENT, CUSTOMER)

        def garble_ends(message: bytes) -> Iterable[bytes]:
            return (b"{" + message if b"ChannelDestroyed" in message else message,)

        wire.change_event = garble_ends
        began = time.monotonic()
        await _finish(desk, placed, agent, customer, source="RECOVERED")
        assert time.monotonic() - began < RECOVERY_SECONDS, "an audit would have been later"
        await offhook.assert_nothing_is_left(witness)


async def test_given_a_talk_when_an_event_of_ten_megabytes_comes_then_the_socket_is_renewed_and_the_call_goes_on(
    asterisk: AsteriskInstance, database_dsn: str, tmp_path: Path, far_end: FarEnd, witness: Witness
) -> None:
    async with behind_a_wire(asterisk, database_dsn, tmp_path) as (offhook, desk, wire):
        placed, agent, customer = await talk(desk, far_end, AGENT, CUSTOMER)
        with structlog.testing.capture_logs() as logs:
            wire.say_as_asterisk(text_frame(json.dumps({"type": "StasisEnd", "x": "y" * 10_000_000}).encode()))
            await desk.wait_for(placed.id, "call.recovered")
            await offhook.wait_until_ready(seconds=RECOVERY_SECONDS)
        assert _said(logs, "ari_disconnected") == {"too_big"}
        await _finish(desk, placed, agent, customer, source="RECOVERED")
        await offhook.assert_nothing_is_left(witness)


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


async def test_given_many_messages_of_megabytes_when_they_are_refused_or_read_then_memory_does_not_grow() -> None:
    huge = "x" * 10_000_000
    large = json.dumps({"type": 7, "padding": "x" * 3_000_000})

    async def behave(connection: Any) -> None:
        await connection.send(large, text=True)
        await connection.send(huge, text=True)
        await stay_open(connection)

    timings = StreamTimings(back_off_first=0.01, back_off_most=0.01)
    async with running_event_server() as server, server.client() as client:
        server.behaviours = [behave]
        async with (
            asyncio.timeout(60),
            EventStream(client, timings=timings, jitter=random.Random(1)) as stream,
        ):
            sizes = []
            for _ in range(12):
                assert isinstance(await anext(stream), Connected)
                assert isinstance(await anext(stream), MalformedEvent)
                assert await anext(stream) == Disconnected(DisconnectReason.TOO_BIG)
                gc.collect()
                sizes.append(_resident_bytes())
    # Twelve times thirteen megabytes came by; what the first rounds needed is not needed again.
    assert sizes[-1] - sizes[3] < 2 * len(huge)


async def test_given_a_loop_that_stands_still_for_five_seconds_when_events_come_at_200_a_second_then_none_is_lost(
    asterisk: AsteriskInstance,
) -> None:
    app, count, rate = "ofhtest-slow", 1_000, 200
    address = urlsplit(asterisk.ari_url)
    credentials = b64encode(f"{asterisk.ari_username}:{asterisk.ari_password}".encode()).decode()
    is_full = threading.Event()
    statuses: list[int] = []

    def post_events(channel_id: str) -> None:
        connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=10)
        began = time.monotonic()
        for number in range(count):
            connection.request(
                "POST",
                f"/ari/events/user/n?application={app}&source=channel:{channel_id}",
                json.dumps({"variables": {"number": str(number), "padding": "x" * 300}}),
                {"Authorization": f"Basic {credentials}", "Content-Type": "application/json"},
            )
            answer = connection.getresponse()
            answer.read()
            statuses.append(answer.status)
            time.sleep(max(0.0, began + number / rate - time.monotonic()))
        connection.close()
        is_full.set()

    async with (
        asyncio.timeout(60),
        AriClient(asterisk.ari_url, asterisk.ari_username, asterisk.ari_password, app=app) as ari,
        EventStream(ari) as stream,
    ):
        assert isinstance(await anext(stream), Connected)
        channel = await ari.create_channel("PJSIP/sandbox-2001", f"{app}-1")
        poster = threading.Thread(target=post_events, args=(channel.id,))
        poster.start()
        # Nothing is read, and no ping answered or sent, until the last event has been written.
        assert is_full.wait(30)
        numbers: list[int] = []
        while len(numbers) < count:
            item = await anext(stream)
            assert not isinstance(item, Disconnected), item
            if isinstance(item, ChannelUserevent):
                numbers.append(int(item.userevent["number"]))
        await ari.hangup(channel.id)
        await asyncio.to_thread(poster.join)
        assert stream.is_connected
    assert set(statuses) == {204}
    assert numbers == list(range(count))


async def _readyz(url: str) -> tuple[int, str]:
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.get(f"{url}/readyz")
    return answer.status_code, str(answer.json()["parts"]["asterisk"]["reason"])


async def _until_readyz(url: str, status: int, reason: str, *, seconds: float = RECOVERY_SECONDS) -> None:
    seen: tuple[int, str] = (0, "")
    try:
        async with asyncio.timeout(seconds):
            while not ((seen := await _readyz(url))[0] == status and reason in seen[1]):
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"/readyz says {seen}, not {status} {reason!r}, after {seconds:g} s") from None


async def test_given_a_wrong_password_when_the_service_runs_then_readyz_says_it_and_the_right_one_is_found_out(
    asterisk_install: AsteriskInstall, database_dsn: str, tmp_path: Path
) -> None:
    async with running_asterisk(install=asterisk_install) as own:
        settings = make_settings(own, database_dsn, tmp_path, ari_password=SecretStr("mistyped-password"))
        with structlog.testing.capture_logs() as logs:
            async with serving(settings) as running:
                await _until_readyz(running.url, 503, "unauthorized (wrong user or password)")
                configuration = own.paths.config_file.with_name("ari.conf")
                text = configuration.read_text()
                assert own.ari_password in text
                configuration.write_text(text.replace(own.ari_password, "mistyped-password"))
                await own.run_cli("module reload res_ari.so")
                await _until_readyz(running.url, 200, "None")
        assert _said(logs, "ari_connect_failed") == {"unauthorized (wrong user or password)"}
        assert "mistyped-password" not in str(logs)


async def test_given_a_talk_when_aris_modules_are_unloaded_and_loaded_then_the_call_lives_and_readyz_says_why_not(
    asterisk_install: AsteriskInstall, database_dsn: str, tmp_path: Path, far_end: FarEnd
) -> None:
    config = AsteriskConfig(peers=(SipPeer(name=FAR_END_TRUNK, port=far_end.sip_port),))
    async with running_asterisk(config, install=asterisk_install) as own, proxy_to_asterisk(own.ari_url) as wire:
        settings = make_settings(own, database_dsn, tmp_path, ari_url=wire.address, ari_timeout_seconds=2.0)
        async with running_offhook(settings, is_serving=True) as offhook, offhook.desk() as desk:
            assert offhook.url is not None
            placed, agent, customer = await talk(desk, far_end, AGENT, CUSTOMER)
            # Not the channels': Asterisk keeps them while there are some.
            modules = [f"res_ari_{name}.so" for name in ("events", "asterisk", "applications", "bridges", "recordings")]
            for module in modules:
                assert "Unloaded" in await own.run_cli(f"module unload {module}")
            wire.end_event_sockets(how="fin")  # Asterisk itself leaves it open
            await _until_readyz(offhook.url, 503, "status 404 (no ARI there")
            assert not customer.has_ended
            for module in modules:
                assert "Loaded" in await own.run_cli(f"module load {module}")
            await offhook.wait_until_ready(seconds=RECOVERY_SECONDS)
            await _finish(desk, placed, agent, customer, source="RECOVERED")
            await offhook.service.registry.wait_until_empty()


async def test_given_a_call_when_asterisk_has_no_bridges_any_more_then_nothing_is_dialled_until_it_has(
    asterisk_install: AsteriskInstall, database_dsn: str, tmp_path: Path, far_end: FarEnd
) -> None:
    config = AsteriskConfig(peers=(SipPeer(name=FAR_END_TRUNK, port=far_end.sip_port),))
    async with running_asterisk(config, install=asterisk_install) as own:
        settings = make_settings(own, database_dsn, tmp_path, ari_timeout_seconds=2.0)
        async with running_offhook(settings, is_serving=True) as offhook, offhook.desk() as desk:
            assert offhook.url is not None
            placed = await desk.place_call(CUSTOMER, connect_number=AGENT, trunk="farend")
            agent = await far_end.expect_call(AGENT)
            assert "Unloaded" in await own.run_cli("module unload res_ari_bridges.so")
            with structlog.testing.capture_logs() as logs:
                await agent.answer()
                # The event socket is open all the time; the request for a bridge is what finds out.
                await offhook.wait_until_unready()
            assert _said(logs, "ari_disconnected") == {"absent"}
            assert "Loaded" in await own.run_cli("module load res_ari_bridges.so")
            await offhook.wait_until_ready(seconds=RECOVERY_SECONDS)
            story = await desk.wait_for_end(placed.id)
            await assert_is_whole(desk, story)
            assert story.disposition == "FAILED"
            await agent.wait_until_ended()
            await offhook.service.registry.wait_until_empty()


async def _take_session(port: int) -> asyncio.StreamWriter:
    """A connection that Asterisk keeps; it closes those over its limit at once."""
    async with asyncio.timeout(RECOVERY_SECONDS):
        while True:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                async with asyncio.timeout(0.5):
                    await reader.read()
            except TimeoutError:
                return writer
            writer.close()


async def test_given_a_talk_when_asterisks_sessions_are_used_up_then_it_is_said_and_recovered_from(
    asterisk_install: AsteriskInstall, database_dsn: str, tmp_path: Path, far_end: FarEnd
) -> None:
    config = AsteriskConfig(peers=(SipPeer(name=FAR_END_TRUNK, port=far_end.sip_port),))
    async with running_asterisk(config, install=asterisk_install) as own, proxy_to_asterisk(own.ari_url) as wire:
        settings = make_settings(own, database_dsn, tmp_path, ari_url=wire.address, ari_timeout_seconds=2.0)
        async with running_offhook(settings, is_serving=True) as offhook, offhook.desk() as desk:
            assert offhook.url is not None
            placed, agent, customer = await talk(desk, far_end, AGENT, CUSTOMER)
            configuration = own.paths.config_file.with_name("http.conf")
            configuration.write_text(configuration.read_text().replace("sessionlimit = 2000", "sessionlimit = 2"))
            await own.run_cli("module reload http")
            async with contextlib.AsyncExitStack() as hogs:
                wire.cut()
                await offhook.wait_until_unready()
                for _ in range(2):
                    hogs.callback((await _take_session(own.ports.http)).close)
                wire.mend()
                await _until_readyz(offhook.url, 503, "closed without an answer (is Asterisk at its session limit?)")
            configuration.write_text(configuration.read_text().replace("sessionlimit = 2\n", "sessionlimit = 2000\n"))
            await own.run_cli("module reload http")
            await offhook.wait_until_ready(seconds=RECOVERY_SECONDS)
            await _finish(desk, placed, agent, customer, source="RECOVERED")
            await offhook.service.registry.wait_until_empty()
