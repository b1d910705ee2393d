"""A reader's place in the log, over any interleaving: each event once, in order, whatever is slow."""

import asyncio
from collections.abc import AsyncIterator, Callable
from random import Random
from types import SimpleNamespace
from typing import Any, cast

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from app.api.outbox import ClosedError, Outbox
from app.api.subscriptions.audience import Audiences, Reader, next_frame
from app.api.subscriptions.likeness import Asked
from app.events.feed import CaughtUp, Gap
from app.events.log import EVERYTHING
from app.facts.event import Event
from tests.api.frames import read_text_frames
from tests.calls.making import NOON
from tests.events.drafts import make_draft


class Line:
    """A socket whose client reads when it is told to."""

    def __init__(self) -> None:
        self.is_writable = True
        self.is_closed = False
        self.written = b""
        self._listener: Callable[[], None] = lambda: None

    def on_writable(self, listener: Callable[[], None]) -> None:
        self._listener = listener

    def write(self, frame: bytes) -> None:
        assert self.is_writable
        self.written += frame

    def turn(self, *, is_writable: bool) -> None:
        self.is_writable = is_writable
        if is_writable:
            self._listener()


class World:
    """A log, a feed whose head follows it, and an audience that tells later than that. Every wait is a drawn one."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self.events: list[Event] = []
        self._head = 0
        self.told_to = 0
        self.joined_after: float = 0
        self.reader: Reader | None = None
        self.services = SimpleNamespace(feed=self)

    async def pause(self) -> None:
        for _ in range(self._random.choice((0, 0, 1, 3, 9))):
            await asyncio.sleep(0)

    def append(self, hole: int) -> None:
        draft = make_draft()
        sequence = (self.events[-1].sequence if self.events else 0) + 1 + hole
        self.events.append(
            Event(
                id=draft.id,
                type="webhook.test",
                timestamp=NOON,
                sequence=sequence,
                account_id="acc_1",
                subject_id="whe_1",
                actor=draft.actor,
                fact=draft.fact,
            )
        )

    def hand_out(self) -> None:
        """The feed's head moves to the log's end."""
        self._head = self.events[-1].sequence if self.events else 0

    def tell(self) -> None:
        """The audience has executed the next event that was handed out."""
        # What it reads from the log may lie ahead of the feed's head.
        end = self.events[-1].sequence if self.events and self._random.random() < 0.3 else self._head
        for event in self.events:
            if self.told_to < event.sequence <= end:
                self.told_to = event.sequence
                if self.reader is not None:
                    self.reader.push(event.sequence, next_frame("1", orjson.dumps(event.sequence)), is_event=True)
                return

    @property
    def is_all_told(self) -> bool:
        return not self.events or self.told_to >= self.events[-1].sequence

    async def head(self) -> int:
        await self.pause()
        return self._head

    async def read_up(self, _account: str, cursor: int, _where: object, *, until: int) -> AsyncIterator[Event]:
        for event in list(self.events):
            if cursor < event.sequence <= until:
                await self.pause()
                yield event

    def join(self, reader: Reader, _asked: Asked, _info: object, head: int) -> Any:
        # Somebody else may have been in the audience for a while.
        self.reader = reader
        self.told_to = max(self.told_to, head)
        return self


async def _live_through(random: Random) -> None:  # noqa: PLR0915  # one world, and all that goes on in it
    world, line = World(random), Line()
    for _ in range(random.randint(0, 6)):
        world.append(random.randint(0, 2))
    world.hand_out()
    after = random.choice([None, 0, *(event.sequence for event in world.events)])
    outbox = Outbox(
        line, most_frames=random.randint(1, 3), most_bytes=10_000, unread_seconds=60, on_stalled=lambda: None
    )
    behind = asyncio.Event()
    audiences, asked = cast("Audiences", world), Asked("", None, None)
    reader = Reader(audiences, asked, "1", outbox, on_behind=behind.set, on_over=lambda: None)
    info: Any = SimpleNamespace(context=SimpleNamespace(services=world.services, account_id="acc_1"))

    async def execute() -> None:
        """What a connection does with an operation."""
        while True:
            await outbox.until_idle()
            async for item in reader.follow(info, after=after, where=EVERYTHING, is_refilled=True):
                words: Any = item.sequence if isinstance(item, Event) else _words_of(item)
                await world.pause()
                await outbox.send(next_frame("1", orjson.dumps(words)))
            assert reader.is_cut
            if reader.go_live():
                await behind.wait()
                behind.clear()

    async def write() -> None:
        for _ in range(random.randint(0, 25)):
            await world.pause()
            world.append(random.randint(0, 2))
            if random.random() < 0.5:
                world.hand_out()
        world.hand_out()

    async def tell() -> None:
        while True:
            await world.pause()
            await asyncio.sleep(0)
            world.tell()

    async def read() -> None:
        for _ in range(random.randint(0, 12)):
            await world.pause()
            line.turn(is_writable=not line.is_writable)
        line.turn(is_writable=True)

    tasks = [asyncio.create_task(one()) for one in (execute, tell)]
    await asyncio.gather(write(), read())

    def told() -> list[Any]:
        return [orjson.loads(text)["payload"] for text in read_text_frames(line.written)]

    def numbers() -> list[int]:
        return [one for one in told() if isinstance(one, int)]

    def expected() -> list[int]:
        # Without a cursor it begins wherever the feed stands when the reader is served.
        begin = told()[0]["caughtUp"] if after is None else after
        return [event.sequence for event in world.events if event.sequence > begin]

    async with asyncio.timeout(60):
        while not (told() and world.is_all_told and len(numbers()) >= len(expected())):
            await asyncio.sleep(0)
    for _ in range(20):  # whatever is said twice comes now
        await asyncio.sleep(0)
    outbox.close()
    for task in tasks:
        task.cancel()
    ends = await asyncio.gather(*tasks, return_exceptions=True)
    assert {type(one) for one in ends} <= {asyncio.CancelledError, ClosedError}
    assert numbers() == expected()
    _check_words(told())


def _words_of(item: CaughtUp | Gap) -> dict[str, int]:
    match item:
        case CaughtUp():
            return {"caughtUp": item.sequence}
        case Gap():
            return {"from": item.from_sequence, "to": item.to_sequence, "missed": item.missed_count}


def _check_words(told: list[Any]) -> None:
    """Nothing that ``CaughtUp`` covers comes after it, and a gap lies where it says and holds what follows."""
    last = 0
    for number, one in enumerate(told):
        match one:
            case int():
                assert one > last
                last = one
            case {"caughtUp": place}:
                assert place >= last
                last = place
            case {"from": start, "to": end, "missed": missed}:
                assert start == last
                following = [later for later in told[number + 1 :] if isinstance(later, int) and later <= end]
                assert len(following) == missed


@given(st.integers(0, 2**32))
@settings(max_examples=300, deadline=None)
def test_given_any_interleaving_of_writers_audience_and_a_slow_client_when_followed_then_each_event_comes_once_in_order(
    seed: int,
) -> None:
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(_live_through(Random(seed)))
    finally:
        loop.close()
