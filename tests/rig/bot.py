"""A program at the other end of media streams, whose every move a test decides.

::

    async with running_bot() as bot:
        …
        talk = await bot.expect_talk()
        await talk.say(tone(1000, 1.0))
        heard = await talk.hear(1.5)
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import Any

import numpy as np
import websockets
from websockets.asyncio.server import ServerConnection, serve

from tests.rig.ari_ears import PATIENCE_SECONDS
from tests.rig.audio import Sound

LOOPBACK = IPv4Network("127.0.0.0/8")
_FULL_SCALE = 32768


def tone(frequency: float, seconds: float, *, rate: int = 8000, level_dbfs: float = -12.0) -> bytes:
    """A steady tone as the protocol has it."""
    phase = 2 * np.pi * frequency * np.arange(int(seconds * rate)) / rate
    samples = np.sin(phase) * 10 ** (level_dbfs / 20) * (_FULL_SCALE - 1)
    return samples.astype("<i2").tobytes()


def as_sound(content: bytes, *, rate: int = 8000) -> Sound:
    samples = np.frombuffer(content, dtype="<i2").astype(np.float64) / _FULL_SCALE
    return Sound(rate, samples.reshape(-1, 1))


@dataclass(slots=True)
class BotTalk:
    """One connection: what it was told at the start, what it hears and is told since."""

    socket: ServerConnection
    headers: Mapping[str, str]
    path: str
    start: dict[str, Any] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    frames: list[bytes] = field(default_factory=list)
    #: Time of arrival of each frame, in the loop's seconds.
    times: list[float] = field(default_factory=list)
    is_over: bool = False
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def rate(self) -> int:
        return int(self.start["format"]["sampleRate"])

    async def say(self, sound: bytes) -> None:
        await self.socket.send(sound)

    async def tell(self, event: str, **fields: Any) -> None:
        await self.socket.send(json.dumps({"event": event, **fields}))

    async def hear(self, seconds: float) -> Sound:
        """What comes from now on, until it is so long."""
        first = len(self.frames)
        wanted = int(seconds * 50)
        await self.wait_until(lambda: len(self.frames) >= first + wanted, what=f"{seconds:g} s of sound")
        return as_sound(b"".join(self.frames[first : first + wanted]), rate=self.rate)

    async def expect(self, event: str, **fields: Any) -> dict[str, Any]:
        """The first event of this kind with these fields, past or future."""

        def found() -> list[dict[str, Any]]:
            return [one for one in self.events if one["event"] == event and fields.items() <= one.items()]

        await self.wait_until(lambda: bool(found()), what=f"{event} {fields}")
        return found()[0]

    async def wait_until_over(self) -> None:
        await self.wait_until(lambda: self.is_over, what="the end of the connection")

    async def wait_until(self, holds: Any, *, what: str) -> None:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS), self.changed:
                await self.changed.wait_for(lambda: holds() or self.is_over)
        except TimeoutError:
            raise AssertionError(f"{what} did not come; told: {self.events[-8:]}") from None
        assert holds(), f"the connection is over and {what} did not come; told: {self.events[-8:]}"

    async def take(self) -> None:
        """Read until the end."""
        try:
            async for message in self.socket:
                async with self.changed:
                    if isinstance(message, str):
                        told = json.loads(message)
                        if told["event"] == "start":
                            self.start = told
                        else:
                            self.events.append(told)
                    else:
                        self.frames.append(message)
                        self.times.append(asyncio.get_running_loop().time())
                    self.changed.notify_all()
        except websockets.ConnectionClosedError:
            pass  # the other side broke it off, which some tests are about
        async with self.changed:
            self.is_over = True
            self.changed.notify_all()


class Bot:
    """The program. ``url`` is where it is; its path is the test's."""

    def __init__(self) -> None:
        self.url = ""
        self.talks: list[BotTalk] = []
        self.reads = True
        self._taken = 0
        self._came = asyncio.Condition()

    async def expect_talk(self) -> BotTalk:
        """The next connection that no test has taken yet, once it has been told its start."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS), self._came:
                await self._came.wait_for(lambda: len(self.talks) > self._taken)
        except TimeoutError:
            raise AssertionError("nobody connected to the bot") from None
        talk = self.talks[self._taken]
        self._taken += 1
        if self.reads:
            await talk.wait_until(lambda: bool(talk.start), what="start")
        return talk

    async def take(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        talk = BotTalk(socket, socket.request.headers, socket.request.path)
        async with self._came:
            self.talks.append(talk)
            self._came.notify_all()
        if self.reads:
            await talk.take()
        else:
            await socket.wait_closed()


@asynccontextmanager
async def running_bot(**options: Any) -> AsyncIterator[Bot]:
    """A bot on a free port of this machine."""
    bot = Bot()
    async with serve(bot.take, "127.0.0.1", 0, compression=None, max_size=None, **options) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        bot.url = f"ws://127.0.0.1:{port}/talk"
        yield bot
