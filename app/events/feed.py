"""Following the log: from any cursor to the present and on, for many subscribers at once.

One head moves along the log. Events that this process appended right behind the head are handed to the subscribers at
once; whenever something else was appended in between (by another process), or nothing was heard for a while, the
missing part is read from the log first. So everybody sees everything, once, in order.

A subscriber has a bounded queue. When it overflows the subscriber is told (``Gap``) and goes on from the log.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from app.daemon import Daemon
from app.errors import Problem, RefusedError
from app.events.log import EVERYTHING, Appended, EventFilter, EventLog
from app.facts.event import Event
from app.metrics import EVENT_LAG_SECONDS

_READ_SIZE = 500


class GapReason(StrEnum):
    """Why a subscriber did not get events as they happened."""

    SLOW_SUBSCRIBER = "SLOW_SUBSCRIBER"


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """Everything up to this number has been delivered; what follows is live."""

    sequence: int


@dataclass(frozen=True, slots=True)
class Gap:
    """The subscriber fell behind by a whole queue; what it missed follows, read from the log."""

    from_sequence: int
    to_sequence: int
    missed_count: int
    reason: GapReason


FeedItem = Event | CaughtUp | Gap


class _Subscriber:
    """One reader's bounded queue."""

    def __init__(
        self, account_id: str, where: EventFilter, limit: int, stands_for: Callable[[], int] = lambda: 1
    ) -> None:
        self._account_id = account_id
        self._where = where
        self._limit = limit
        self._queue: deque[Event] = deque()
        self._wake = asyncio.Event()
        self.stands_for = stands_for
        self.dropped = 0
        self.dropped_to = 0

    def offer(self, events: tuple[Event, ...]) -> None:
        for event in events:
            if event.account_id == self._account_id and self._where.admits(event):
                if len(self._queue) >= self._limit or self.dropped:
                    self.dropped += 1
                    self.dropped_to = event.sequence
                else:
                    self._queue.append(event)
                self._wake.set()

    def forget(self, cursor: int) -> None:
        """The log has brought everything up to here: what is queued or was dropped of it is not missing."""
        while self._queue and self._queue[0].sequence <= cursor:
            self._queue.popleft()
        if self.dropped_to <= cursor:
            self.dropped = 0

    async def take(self) -> list[Event]:
        """What has come, at least one event or a drop."""
        await self._wake.wait()
        self._wake.clear()
        taken = list(self._queue)
        self._queue.clear()
        return taken


class Feed(Daemon):
    """The live end of the log, for this process."""

    name = "feed"
    poll_seconds = 1.0

    def __init__(self, log: EventLog, *, queue_size: int = 1000) -> None:
        super().__init__()
        self._event_log = log
        self._queue_size = queue_size
        self._head = 0
        self._subscribers: set[_Subscriber] = set()
        self._is_started = asyncio.Event()
        log.on_appended(self._hear)

    @property
    def subscriber_count(self) -> int:
        """How many follow right now, each of those counted that share a place."""
        return sum(subscriber.stands_for() for subscriber in self._subscribers)

    @property
    def queue_size(self) -> int:
        """How many events may wait for one subscriber."""
        return self._queue_size

    async def head(self) -> int:
        """The number of the last event that was handed out: all up to it are in the log, all after it are to come."""
        await self._is_started.wait()
        return self._head

    async def begin(self) -> None:
        """Place the head at the log's end; subscribers may come from here on."""
        self._head = await self._event_log.head()
        self._is_started.set()

    async def run_round(self) -> bool:
        """Read what others appended since the head."""
        if not self._is_started.is_set():
            await self.begin()
        events = await self._event_log.read_after(self._head, limit=_READ_SIZE)
        # What this process appended meanwhile has moved the head by itself.
        self._advance(tuple(event for event in events if event.sequence > self._head))
        return len(events) == _READ_SIZE

    async def follow(
        self,
        account_id: str,
        *,
        after: int | None = None,
        where: EventFilter = EVERYTHING,
        stands_for: Callable[[], int] = lambda: 1,
    ) -> AsyncGenerator[FeedItem, None]:
        """The account's events after a number (None: from now on), then live, for as long as the reader likes.

        ``stands_for`` says how many subscribers share this one, for the count.

        Raises:
            DatabaseUnavailableError: the database is away while the past is being read.
            RefusedError: CURSOR_EXPIRED, part of what comes after the number is no longer in the log.
        """
        await self._is_started.wait()
        subscriber = _Subscriber(account_id, where, self._queue_size, stands_for)
        cursor = self._head if after is None else after
        self._subscribers.add(subscriber)
        try:
            if after is not None:
                async for event in self.read_up(account_id, cursor, where):
                    cursor = event.sequence
                    yield event
                subscriber.forget(cursor)
            yield CaughtUp(cursor)
            while True:
                for event in await subscriber.take():
                    if event.sequence > cursor:
                        cursor = event.sequence
                        yield event
                if subscriber.dropped:
                    yield Gap(cursor, subscriber.dropped_to, subscriber.dropped, GapReason.SLOW_SUBSCRIBER)
                    async for event in self.read_up(account_id, cursor, where):
                        cursor = event.sequence
                        yield event
                    subscriber.forget(cursor)
                    yield CaughtUp(cursor)
        finally:
            self._subscribers.discard(subscriber)

    async def read_up(
        self, account_id: str, cursor: int, where: EventFilter, *, until: int | None = None
    ) -> AsyncGenerator[Event, None]:
        """The account's events after a number, from the log: to its end, or no further than ``until``.

        Raises:
            DatabaseUnavailableError: the database is away.
            RefusedError: CURSOR_EXPIRED, part of them is no longer in the log.
        """
        while until is None or cursor < until:
            events = await self._event_log.read_after(cursor, limit=_READ_SIZE, account_id=account_id, where=where)
            # Looked at after reading: whatever is deleted from now on was there when it was read.
            await self._check_kept(cursor)
            for event in events:
                if until is not None and event.sequence > until:
                    return
                cursor = event.sequence
                yield event
            if len(events) < _READ_SIZE:
                return

    async def _check_kept(self, cursor: int) -> None:
        """A cursor is the number of an event (0: of none); when that one is gone, later ones may be gone as well."""
        if not cursor:
            return
        oldest = await self._event_log.oldest()
        if oldest is None or cursor < oldest:
            raise RefusedError(
                Problem(
                    "CURSOR_EXPIRED",
                    "The log no longer goes back to this cursor: events after it are gone. Read what you need anew, "
                    "and follow without a cursor.",
                    ("after",),
                )
            )

    def _hear(self, appended: Appended) -> None:
        if not self._is_started.is_set():
            return
        if appended.previous <= self._head:
            self._advance(tuple(event for event in appended.events if event.sequence > self._head))
        else:
            self.wake()

    def _advance(self, events: tuple[Event, ...]) -> None:
        if not events:
            return
        self._head = events[-1].sequence
        for subscriber in self._subscribers:
            subscriber.offer(events)
        EVENT_LAG_SECONDS.observe(max(0.0, (datetime.now(UTC) - events[0].timestamp).total_seconds()))
