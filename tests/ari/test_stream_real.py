"""The event stream over a line that can be cut, with a real Asterisk behind it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Protocol
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from app.ari.client import AriClient
from app.ari.event_socket import DisconnectReason
from app.ari.events import ChannelDestroyed, StasisStart
from app.ari.news import Connected, Disconnected
from app.ari.stream import EventStream, StreamTimings
from tests.rig.free_port import reserve_port

pytestmark = pytest.mark.asterisk

DEADLINE_SECONDS = 60
QUICK = StreamTimings(ping_interval=0.3, ping_timeout=3.0, back_off_first=0.05)


class RunningAsterisk(Protocol):
    @property
    def ari_url(self) -> str: ...
    @property
    def ari_username(self) -> str: ...
    @property
    def ari_password(self) -> str: ...


class Cable:
    """A TCP relay to Asterisk that can be pulled out or go dead."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._ends: list[asyncio.StreamWriter] = []
        self._dead: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._reserved = reserve_port()
        self.port: int = self._reserved.getsockname()[1]

    async def plug_in(self) -> None:
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", self.port)

    async def pull_out(self) -> None:
        """Nothing listens, and what was open breaks."""
        assert self._server is not None
        self._server.close()
        for end in self._ends:
            end.transport.abort()
        await self._server.wait_closed()

    def close(self) -> None:
        """Pulled out for good."""
        self._reserved.close()

    def go_dead(self) -> None:
        """What is open stays open, and not a byte passes any more; new connections work."""
        self._dead.update(self._ends)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(*self._target)
        self._ends += [writer, far_writer]
        async with asyncio.TaskGroup() as group:
            group.create_task(self._copy(reader, far_writer))
            group.create_task(self._copy(far_reader, writer))

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A broken pipe is what this relay is for.
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65_536):
                if writer not in self._dead:
                    writer.write(data)
                    await writer.drain()
        writer.close()


@pytest.fixture(name="cable")
async def _cable(asterisk: RunningAsterisk) -> AsyncIterator[Cable]:
    target = urlsplit(asterisk.ari_url)
    assert target.hostname
    assert target.port
    cable = Cable(target.hostname, target.port)
    await cable.plug_in()
    yield cable
    await cable.pull_out()
    cable.close()


@contextlib.asynccontextmanager
async def streaming(asterisk: RunningAsterisk, cable: Cable) -> AsyncIterator[tuple[AriClient, EventStream]]:
    app = f"ofhtest-{uuid4().hex[:8]}"
    async with (
        asyncio.timeout(DEADLINE_SECONDS),
        AriClient(f"http://127.0.0.1:{cable.port}", asterisk.ari_username, asterisk.ari_password, app=app) as ari,
        EventStream(ari, timings=QUICK) as stream,
    ):
        yield ari, stream


async def test_given_a_pulled_cable_when_it_is_back_then_events_flow_and_the_living_channel_is_found(
    asterisk: RunningAsterisk, cable: Cable
) -> None:
    async with streaming(asterisk, cable) as (ari, stream):
        assert isinstance(await anext(stream), Connected)
        channel_id = f"{ari.app}-1"
        await ari.create_channel("PJSIP/sandbox-2001", channel_id)
        await seen(stream, StasisStart)

        await cable.pull_out()
        while not isinstance(item := await anext(stream), Disconnected):
            pass  # the channel's other events
        assert item == Disconnected(DisconnectReason.RESET)
        assert not stream.is_connected
        await cable.plug_in()
        again = await anext(stream)

        assert isinstance(again, Connected)
        assert not again.is_restart
        assert (await ari.get_channel(channel_id)).state == "Down"
        await ari.hangup(channel_id)
        await seen(stream, ChannelDestroyed)


async def test_given_a_dead_line_when_pings_go_unanswered_then_a_new_one_is_made_and_asterisk_takes_it(
    asterisk: RunningAsterisk, cable: Cable
) -> None:
    # To Asterisk the old socket still lives, so the new one replaces it; that must not look like somebody else's doing.
    async with streaming(asterisk, cable) as (ari, stream):
        assert isinstance(await anext(stream), Connected)

        cable.go_dead()
        ended = await anext(stream)
        assert ended == Disconnected(DisconnectReason.SILENT)
        assert isinstance(ended, Disconnected)
        assert ended.silent_seconds >= QUICK.ping_timeout  # a ping went out, and was not answered for so long
        assert isinstance(await anext(stream), Connected)

        channel_id = f"{ari.app}-1"
        await ari.create_channel("PJSIP/sandbox-2001", channel_id)
        await seen(stream, StasisStart)
        await ari.hangup(channel_id)
        await seen(stream, ChannelDestroyed)
        assert stream.is_connected


async def seen(stream: EventStream, kind: type[StasisStart | ChannelDestroyed]) -> None:
    async for item in stream:
        assert not isinstance(item, Disconnected)
        if isinstance(item, kind):
            return
