"""What media streams are measured in: legs whose sound is ours, a program, and Offhook's relay between them.

A leg is here a channel of Asterisk whose sound this process sends and hears itself (chan_websocket), one numbered frame
each 20 ms. It is joined with the stream as a call's leg would be, whose program echoes whatever comes; or it runs
``Echo()``. Each frame's time from being sent to being heard is measured, and each must come back, whole and in order:
one that does not is an error. In an interruption the program says ten seconds at once and, while they are heard,
``clear``: how long something is heard after that is what it took.
"""

import asyncio
import contextlib
import json
import struct
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
import orjson
import websockets
from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_connect, ws_create_server

from app.local.asterisk import AsteriskConfig, AsteriskInstance, running_asterisk
from bench.harness import BenchError, Context, percentile
from bench.media_relay import NODE

_APP: Final = "bench-media"
_FRAME_SAMPLES: Final = 160
_FRAME_SECONDS: Final = 0.02
_WAIT_SECONDS: Final = 30.0
# Above every frame's number.
_LOUD: Final = 30_001
_PING: Final = 30_002
_SPEECH_SECONDS: Final = 10
_CLEAR_AFTER_SECONDS: Final = 1.0
# Far apart, so that no queue builds up anywhere.
_PING_SECONDS: Final = 0.2


def _frame(value: int) -> bytes:
    return struct.pack("<h", value) * _FRAME_SAMPLES


class Probe(WSListener):
    """A leg: what it sends is heard by whatever it is joined with; each frame's number with when it was heard."""

    def __init__(self) -> None:
        self.heard: dict[int, float] = {}
        self.order: list[int] = []
        self.last_loud = 0.0
        self.is_back = False
        self.transport: WSTransport | None = None

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:  # noqa: ARG002 -- the library's signature
        if frame.msg_type is not WSMsgType.BINARY:
            return
        content = frame.get_payload_as_bytes()
        now = time.perf_counter()
        value = struct.unpack_from("<h", content)[0]
        if content != _frame(value):
            return  # a tone of Asterisk's
        if value == _LOUD:
            self.last_loud = now
        elif value == _PING:
            self.is_back = True
        elif value and value not in self.heard:
            self.heard[value] = now
            self.order.append(value)

    def send(self, frame: bytes) -> None:
        assert self.transport is not None
        self.transport.send(WSMsgType.BINARY, frame)


class EchoBot(WSListener):
    """The program: sends back what it hears, until it is told to speak itself."""

    def __init__(self) -> None:
        self.transport: WSTransport | None = None
        self.speaks = False
        self.gaps = 0

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type is WSMsgType.BINARY and not self.speaks:
            transport.send(WSMsgType.BINARY, frame.get_payload_as_bytes())
        elif frame.msg_type is WSMsgType.TEXT:
            self.gaps += orjson.loads(frame.get_payload_as_bytes())["event"] == "gap"

    def say(self, sound: bytes) -> None:
        assert self.transport is not None
        self.speaks = True
        self.transport.send(WSMsgType.BINARY, sound)

    def clear(self) -> None:
        assert self.transport is not None
        self.transport.send(WSMsgType.TEXT, b'{"event":"clear"}')


@dataclass(slots=True)
class Studio:
    """A running Asterisk with our application, and a program that streams go to."""

    asterisk: AsteriskInstance
    http: httpx.AsyncClient
    bot_url: str
    bots: list[EchoBot]
    started: list[str] = field(default_factory=list)
    numbers: int = 0

    async def ask(self, method: str, path: str, **query: Any) -> Any:
        answer = await self.http.request(method, path, params=query)
        if answer.is_error:
            raise BenchError(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None

    async def wait_for(self, holds: Callable[[], bool], what: str) -> None:
        try:
            async with asyncio.timeout(_WAIT_SECONDS):
                while not holds():  # noqa: ASYNC110 -- what is waited for is told by callbacks of several kinds
                    await asyncio.sleep(0.01)
        except TimeoutError:
            raise BenchError(f"{what} did not come in {_WAIT_SECONDS:g} s") from None

    async def open_probe(self) -> tuple[str, Probe]:
        """A leg of ours, and its channel's name."""
        self.numbers += 1
        name, probe = f"probe-{self.numbers}", Probe()
        channel = await self.ask(
            "POST",
            "/channels/externalMedia",
            channelId=name,
            app=_APP,
            external_host="INCOMING",
            encapsulation="none",
            transport="websocket",
            connection_type="server",
            format="slin",
        )
        address = channel["channelvars"]["MEDIA_WEBSOCKET_CONNECTION_ID"]
        await ws_connect(lambda: probe, f"{self.asterisk.ari_url.replace('http', 'ws', 1)}/media/{address}")
        await self.wait_for(lambda: name in self.started, "a probe's channel")
        return name, probe

    @asynccontextmanager
    async def relaying(self, streams: int) -> AsyncIterator[list[str]]:
        """Offhook's relay with so many streams; gives the names of their channels."""
        known, told = set(self.started), len(self.bots)
        asked = {
            "ari": {
                "url": self.asterisk.ari_url,
                "username": self.asterisk.ari_username,
                "password": self.asterisk.ari_password,
                "app": _APP,
            },
            "bot": self.bot_url,
            "streams": streams,
        }
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bench.media_relay", json.dumps(asked)), stdin=asyncio.subprocess.PIPE
        )
        assert process.stdin is not None
        prefix = f"ofk.{NODE}."
        try:
            await self.wait_for(
                lambda: sum(one.startswith(prefix) and one not in known for one in self.started) == streams,
                f"{streams} streams",
            )
            yield [one for one in self.started if one.startswith(prefix) and one not in known]
        finally:
            process.stdin.close()
            status = await asyncio.wait_for(process.wait(), _WAIT_SECONDS)
        if status or any(bot.gaps for bot in self.bots[told:]):
            raise BenchError("the relay lost sound, or a stream")


@asynccontextmanager
async def running_studio(context: Context) -> AsyncIterator[Studio]:
    """A studio on an Asterisk of its own."""
    install = await context.asterisk_install()
    bots: list[EchoBot] = []

    def take(_request: WSUpgradeRequest) -> EchoBot:
        bots.append(EchoBot())
        return bots[-1]

    async with running_asterisk(AsteriskConfig(stasis_app=_APP), install=install) as asterisk:
        server = await ws_create_server(take, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        auth = asterisk.ari_username, asterisk.ari_password
        events = f"{asterisk.ari_url.replace('http', 'ws', 1)}/ari/events?app={_APP}&api_key={auth[0]}:{auth[1]}"
        async with (
            server,
            httpx.AsyncClient(base_url=f"{asterisk.ari_url}/ari", auth=auth, timeout=_WAIT_SECONDS) as http,
            websockets.connect(events, max_size=None, proxy=None) as socket,
            asyncio.TaskGroup() as group,
        ):
            studio = Studio(asterisk, http, f"ws://127.0.0.1:{port}/", bots)
            reading = group.create_task(_read(socket, studio.started))
            try:
                yield studio
            finally:
                reading.cancel()


async def _read(socket: websockets.ClientConnection, started: list[str]) -> None:
    with contextlib.suppress(websockets.ConnectionClosed):
        async for message in socket:
            event = orjson.loads(message)
            if event["type"] == "StasisStart":
                started.append(event["channel"]["id"])


async def _time_frames(studio: Studio, probes: list[Probe], seconds: float) -> list[float]:
    """Milliseconds that each frame took, all probes together; all of them came back, in order."""
    sent: list[dict[int, float]] = [{} for _ in probes]
    began = time.perf_counter()
    count = int(seconds / _FRAME_SECONDS)
    for number in range(1, count + 1):
        await asyncio.sleep(max(0.0, began + number * _FRAME_SECONDS - time.perf_counter()))
        frame = _frame(number)
        for probe, times in zip(probes, sent, strict=True):
            times[number] = time.perf_counter()
            probe.send(frame)
    await studio.wait_for(lambda: all(len(probe.heard) == count for probe in probes), "the last frame")
    if any(probe.order != sorted(probe.order) for probe in probes):
        raise BenchError("frames came back out of order")
    return [
        1000 * (probe.heard[number] - at)
        for probe, times in zip(probes, sent, strict=True)
        for number, at in times.items()
    ]


async def _time_interruption(studio: Studio, probe: Probe, bot: EchoBot) -> float:
    """Milliseconds from ``clear`` until nothing is heard any more, the length of the last frame included."""
    probe.last_loud = 0.0
    bot.say(_frame(_LOUD) * (_SPEECH_SECONDS * 50))
    await studio.wait_for(lambda: probe.last_loud > 0.0, "the program's speech")
    await asyncio.sleep(_CLEAR_AFTER_SECONDS)
    cleared = time.perf_counter()
    bot.clear()
    await asyncio.sleep(_CLEAR_AFTER_SECONDS)
    heard_for = time.perf_counter() - probe.last_loud
    if heard_for < _CLEAR_AFTER_SECONDS / 2:
        raise BenchError("the program is heard half a second after it cleared")
    return 1000 * max(0.0, probe.last_loud + _FRAME_SECONDS - cleared)


@dataclass(frozen=True, slots=True)
class Measured:
    """One round: milliseconds a frame took, and what an interruption took, where there was one."""

    p50: float
    p99: float
    frames: int
    interruptions: tuple[float, ...] = ()


async def echo(studio: Studio, streams: int, seconds: float) -> Measured:
    """So many legs that run ``Echo()``."""
    opened = [await studio.open_probe() for _ in range(streams)]
    for name, _ in opened:
        await studio.ask("POST", f"/channels/{name}/continue", context="sandbox-numbers", extension="0011", priority=3)
    for _, probe in opened:
        await _until_echoed(probe)
    times = await _time_frames(studio, [probe for _, probe in opened], seconds)
    await _close(studio, opened)
    return Measured(percentile(times, 50), percentile(times, 99), len(times))


async def _until_echoed(probe: Probe) -> None:
    """``Echo()`` begins a while after its dialplan; what is sent before is heard by nobody."""
    for _ in range(int(_WAIT_SECONDS / _PING_SECONDS)):
        probe.send(_frame(_PING))
        await asyncio.sleep(_PING_SECONDS)
        if probe.is_back:
            return
    raise BenchError("nothing comes back")


async def stream(studio: Studio, streams: int, seconds: float, *, interruptions: int = 0) -> Measured:
    """So many legs with a program each; after their frames, so many times the first one's is interrupted."""
    opened = [await studio.open_probe() for _ in range(streams)]
    before = len(studio.bots)
    async with studio.relaying(streams) as channels:
        for (name, _), channel in zip(opened, channels, strict=True):
            await studio.ask("POST", f"/bridges/{name}", type="mixing")
            await studio.ask("POST", f"/bridges/{name}/addChannel", channel=f"{channel},{name}")
        for _, probe in opened:
            await _until_echoed(probe)
        times = await _time_frames(studio, [probe for _, probe in opened], seconds)
        took = [await _time_interruption(studio, opened[0][1], studio.bots[before]) for _ in range(interruptions)]
    await _close(studio, opened)
    return Measured(percentile(times, 50), percentile(times, 99), len(times), tuple(took))


async def _close(studio: Studio, opened: list[tuple[str, Probe]]) -> None:
    for name, probe in opened:
        if probe.transport is not None:
            probe.transport.disconnect()
        with contextlib.suppress(BenchError):  # there is one for streams only
            await studio.ask("DELETE", f"/bridges/{name}")
    names = {name for name, _ in opened}
    for _ in range(int(_WAIT_SECONDS / 0.05)):
        if not names & {one["id"] for one in await studio.ask("GET", "/channels")}:
            return
        await asyncio.sleep(0.05)
    raise BenchError("a probe's channel stays")
