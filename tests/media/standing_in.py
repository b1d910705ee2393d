"""What stands around a relay in its tests: Asterisk's media websocket, as far as it can tell, and an allow-list."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from ipaddress import IPv4Network
from types import MappingProxyType, SimpleNamespace
from typing import Any

import websockets
from websockets.asyncio.server import ServerConnection, serve

from app.ari.errors import AriNotFound, AriUnavailable
from app.clock import SystemClock
from app.egress.signing import new_secret
from app.egress.streams import StreamGuard
from app.errors import DatabaseUnavailableError
from app.ids import Kind, new_id
from app.media.desk import MediaStreams
from app.media.model import Report, StreamJob

DEADLINE_SECONDS = 60.0
FRAME = bytes(320)


class MediaAsterisk:
    """The client of Asterisk's REST interface, as far as streams use it, and the websocket behind each channel.

    A test plays what was sent to it, frame by frame: nothing is played by itself.
    """

    def __init__(self) -> None:
        self.base_url = ""
        self.channels: dict[str, dict[str, str]] = {}
        self.sockets: dict[str, ServerConnection] = {}
        #: What was sent to each channel and not played yet: frames' bytes, or a mark's id.
        self.queued: dict[str, list[bytes | str]] = {}
        self.played: dict[str, bytes] = {}
        self.flushes: list[str] = []
        self.is_away = False
        self.names_no_socket = False
        #: What each leg's channel says its codecs are.
        self.codecs: dict[str, str] = {}
        self.changed = asyncio.Condition()

    # as app.ari.client

    async def external_media(self, channel_id: str, *, audio_format: str, options: str = "") -> Any:
        await asyncio.sleep(0)
        if self.is_away:
            raise AriUnavailable("away", operation="POST /channels/externalMedia", outcome_unknown=False)
        self.channels[channel_id] = {"format": audio_format, "options": options}
        named = {} if self.names_no_socket else {"MEDIA_WEBSOCKET_CONNECTION_ID": f"id-{channel_id}"}
        return SimpleNamespace(channelvars=named)

    async def get_variable(self, channel_id: str, name: str) -> str:
        assert name == "CHANNEL(audionativeformat)"
        await asyncio.sleep(0)
        if channel_id not in self.codecs:
            raise AriNotFound("no such channel", operation="GET /channels/{}/variable", status=404)
        return self.codecs[channel_id]

    async def hangup(self, channel_id: str, *, reason_code: int) -> None:
        assert reason_code == 16
        await asyncio.sleep(0)
        if self.channels.pop(channel_id, None) is None:
            raise AriNotFound("no such channel", operation="DELETE /channels/{}", status=404)

    # what a test does with it

    async def hear(self, channel_id: str, frame: bytes) -> None:
        """The leg says something."""
        await self.sockets[channel_id].send(frame)

    async def play(self, channel_id: str, frames: int, *, frame_bytes: int = 320) -> None:
        """Play so many frames of what is queued, and say which marks were got to."""
        queue = self.queued[channel_id]
        while queue and (frames or isinstance(queue[0], str)):
            if isinstance(queue[0], str):
                marked = {"event": "MEDIA_MARK_PROCESSED", "channel_id": channel_id, "correlation_id": queue.pop(0)}
                await self.sockets[channel_id].send(json.dumps(marked))
                continue
            self.played[channel_id] = self.played.get(channel_id, b"") + queue[0][:frame_bytes]
            queue[0] = queue[0][frame_bytes:]
            if not queue[0]:
                queue.pop(0)
            frames -= 1

    def queued_bytes(self, channel_id: str) -> int:
        return sum(len(one) for one in self.queued[channel_id] if isinstance(one, bytes))

    async def wait_until(self, holds: Any) -> None:
        async with asyncio.timeout(DEADLINE_SECONDS), self.changed:
            await self.changed.wait_for(holds)

    async def take(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        channel_id = socket.request.path.removeprefix("/media/id-")
        self.sockets[channel_id], self.queued[channel_id] = socket, []
        await socket.send(json.dumps({"event": "MEDIA_START", "channel_id": channel_id}))
        try:
            async for message in socket:
                async with self.changed:
                    self._take(channel_id, message)
                    self.changed.notify_all()
        except websockets.ConnectionClosedError:
            pass  # the relay was cut off, which some tests are about
        self.channels.pop(channel_id, None)
        async with self.changed:
            self.changed.notify_all()

    def _take(self, channel_id: str, message: str | bytes) -> None:
        if isinstance(message, bytes):
            self.queued[channel_id].append(message)
            return
        command = json.loads(message)
        match command["command"]:
            case "MARK_MEDIA":
                self.queued[channel_id].append(command["correlation_id"])
            case "FLUSH_MEDIA":
                self.queued[channel_id].clear()
                self.flushes.append(channel_id)
            case other:
                raise AssertionError(other)


@asynccontextmanager
async def running_media_asterisk() -> AsyncIterator[MediaAsterisk]:
    asterisk = MediaAsterisk()
    async with serve(asterisk.take, "127.0.0.1", 0, compression=None, max_size=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        asterisk.base_url = f"http://127.0.0.1:{port}/ari"
        yield asterisk


class AllowList:
    """Allows every URL, with one key, unless a test says otherwise."""

    def __init__(self) -> None:
        self.keys: tuple[bytes, ...] = (new_secret(),)
        self.is_away = False

    async def keys_for(self, account_id: str, url: str) -> tuple[bytes, ...]:
        assert account_id
        assert url
        if self.is_away:
            raise DatabaseUnavailableError("The database is away.")
        return self.keys


class World:
    """The media streams of one node, before an Asterisk and an account that a test makes."""

    def __init__(self, asterisk: MediaAsterisk, **options: Any) -> None:
        self.asterisk = asterisk
        self.allows = AllowList()
        self.reports: list[Report] = []
        self.is_full = False
        guard = options.pop("guard", None) or StreamGuard(allow_networks=(IPv4Network("127.0.0.0/8"),))
        self.streams = MediaStreams(
            asterisk,  # type: ignore[arg-type]  # stands in for the client
            self._take,
            node="n1",
            guard=guard,
            allows=self.allows,
            clock=SystemClock(),
            **options,
        )

    def _take(self, report: Report) -> bool:
        if self.is_full:
            return False
        self.reports.append(report)
        return True

    def job(
        self,
        url: str,
        *,
        sample_rate: int = 8000,
        parameters: Mapping[str, str] = MappingProxyType({}),
        leg_channel: str | None = None,
    ) -> StreamJob:
        return StreamJob(
            stream_id=new_id(Kind.MEDIA_STREAM),
            call_id=new_id(Kind.CALL),
            leg_id=new_id(Kind.LEG),
            account_id="acc_1",
            url=url,
            sample_rate=sample_rate,
            parameters=parameters,
            leg_channel=leg_channel,
        )

    async def reported(self, count: int = 1) -> Report:
        """The latest report, once there are so many."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            while len(self.reports) < count:
                await asyncio.sleep(0.002)
        return self.reports[-1]

    async def until_open(self, job: StreamJob) -> str:
        """The name of a stream's channel, once its websocket is there."""
        name = f"ofk.n1.{job.stream_id}"
        async with asyncio.timeout(DEADLINE_SECONDS):
            while name not in self.asterisk.sockets:
                await asyncio.sleep(0.002)
        return name


@asynccontextmanager
async def running_world(**options: Any) -> AsyncIterator[World]:
    async with running_media_asterisk() as asterisk, asyncio.TaskGroup() as group:
        world = World(asterisk, **options)
        running = group.create_task(world.streams.run())
        try:
            yield world
        finally:
            running.cancel()
