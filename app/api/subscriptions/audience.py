"""One execution per fact: subscribers of equal live subscriptions share it, and the bytes that come of it.

What a subscription says about an event depends on its document, variables, account and rights, and on nothing else. So
subscribers for which all of these are equal make up an *audience*. It follows the feed once, executes the operation
once for each event, serialises the result once, and hands the same bytes to each of its readers' outboxes.

A reader is in one of three states:

- *Reading by itself*, in an execution of its own: the past that it asked for, up to ``CaughtUp``. That it is in the
  audience is settled first, at a number of the log: as far as the feed has handed out, and the audience has told. All
  up to it is read from the log; all after it is what the audience tells, kept in ``_pending`` meanwhile. No event is
  skipped or told twice.
- *Live*: what the audience tells goes into the outbox. Nothing of the reader's own runs.
- *Behind*: its outbox was full. What the audience tells is counted, no more. When the client has read what waited, the
  reader reads by itself again, beginning with a ``Gap``.

``tests/api/test_audience.py`` holds that a shared subscriber gets, byte for byte, what an execution of its own gives.
"""

import asyncio
import dataclasses
import math
import traceback
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any, Final, cast

import orjson
import structlog
from strawberry import Schema

from app.api.context import Context, Info
from app.api.errors import error_code
from app.api.outbox import Outbox
from app.api.subscriptions.likeness import Asked, Likeness, likeness_of
from app.api.wire import text_frame
from app.events.feed import CaughtUp, FeedItem, Gap, GapReason
from app.events.log import EventFilter
from app.facts.event import Event

#: How many readers are told before everything else has its turn: some milliseconds' worth.
_AT_A_TIME: Final = 250
#: Of what an audience says as it breaks off: to every reader, wherever it stands.
_AT_ANY_PLACE: Final = math.inf

_log = structlog.get_logger(__name__)


def payload_of(result: Any) -> bytes:
    """An execution's result as the payload of a ``next`` message."""
    payload: dict[str, Any] = {"data": result.data}
    if result.errors:
        payload["errors"] = [error.formatted for error in result.errors]
    if result.extensions:
        payload["extensions"] = result.extensions
    return orjson.dumps(payload)


def next_frame(operation_id: str, payload: bytes) -> bytes:
    """The websocket frame of a ``next`` message: only the id differs between the readers of an audience."""
    return text_frame(b'{"id":%b,"type":"next","payload":%b}' % (orjson.dumps(operation_id), payload))


class Audiences:
    """All audiences of a process."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._audiences: dict[Likeness, _Audience] = {}

    def __len__(self) -> int:
        return len(self._audiences)

    @property
    def readers(self) -> list["Reader"]:
        """Everybody who is in one."""
        return [reader for audience in self._audiences.values() for reader in audience.readers]

    def join(self, reader: "Reader", asked: Asked, info: Info, head: int) -> "_Audience":
        """The audience of an operation; it tells of what comes after the head at the latest."""
        likeness = likeness_of(asked, info)
        audience = self._audiences.get(likeness)
        if audience is None:
            audience = _Audience(self._schema, asked, info.context, head, lambda: self._forget(likeness))
            self._audiences[likeness] = audience
        audience.readers.add(reader)
        return audience

    def _forget(self, likeness: Likeness) -> None:
        del self._audiences[likeness]


class _Audience:
    """Readers of one live subscription, and the one execution of it. It ends with its last reader."""

    def __init__(self, schema: Schema, asked: Asked, context: Context, head: int, on_over: Callable[[], None]) -> None:
        self.readers: set[Reader] = set()
        self._schema = schema
        self._asked = asked
        self._context = dataclasses.replace(context, following=self)
        self._head = head
        self._on_over = on_over
        #: The place of the latest that it has told. It may lie ahead of the feed's head: what the audience reads from
        #: the log can have come there a moment before the feed has heard of it.
        self.told_to = head
        self.joined_after: float = head
        self._place = head
        self._is_event = False
        self._last_error: bytes | None = None
        self._is_over = False
        # Not in a TaskGroup: it belongs to its readers, which come and go with sockets of their own. The last one ends
        # it, and an error of its own ends their operations.
        self._task = asyncio.get_running_loop().create_task(self._run(), name="audience")

    def leave(self, reader: "Reader") -> None:
        self.readers.discard(reader)
        if not self.readers and not self._is_over:
            self._task.cancel()
            self._end()

    async def follow(
        self, _info: Info, *, after: int | None, where: EventFilter, is_refilled: bool
    ) -> AsyncGenerator[FeedItem, None]:
        """The live part, for the resolver; each reader has read its own past."""
        del after, is_refilled
        items = self._context.services.feed.follow(
            self._context.account_id, after=self._head, where=where, stands_for=lambda: len(self.readers)
        )
        has_begun = False
        async with aclosing(items):
            async for item in items:
                if isinstance(item, CaughtUp) and not has_begun:
                    has_begun = True  # each reader is told so at a place of its own
                    continue
                self._place = item.to_sequence if isinstance(item, Gap) else item.sequence
                self._is_event = isinstance(item, Event)
                yield item

    async def _run(self) -> None:
        # It is everybody's who is in it: the request of whoever came first is not what it runs for.
        structlog.contextvars.clear_contextvars()
        try:
            stream = await self._schema.stream(
                self._asked.query,
                variable_values=self._asked.variables,
                context_value=self._context,
                operation_name=self._asked.name,
            )
            async with aclosing(cast("Any", stream)):
                async for result in stream:
                    await self._tell(result)
        except Exception as error:  # noqa: BLE001  # whatever it is, the readers must not wait for ever
            _log.error(  # where it came from, but not the exception's own text: that may quote values
                "audience_failed",
                request_id=self._context.request_id,
                error=type(error).__name__,
                stack="".join(traceback.format_tb(error.__traceback__)),
            )
        readers = list(self.readers)
        if not self._is_over:
            self._end()
        for reader in readers:
            try:
                if self._last_error is not None:
                    reader.push_error(self._place, next_frame(reader.operation_id, self._last_error))
                reader.end()
            except Exception as error:  # noqa: BLE001  # as in `_tell`
                _give_up(reader, error)

    async def _tell(self, result: Any) -> None:
        payload = payload_of(result)
        place, is_event = self._place, self._is_event
        self.told_to = max(self.told_to, place)
        self._last_error = payload if result.errors and result.data is None else None
        readers = list(self.readers)
        outcome = error_code(result.errors[0]) if result.errors else "ok"
        # The execution itself was counted where all are: see `SocketResults`.
        self._context.metrics.messages.labels(outcome).inc(max(0, len(readers) - 1))
        frames: dict[str, bytes] = {}
        for number, reader in enumerate(readers, 1):
            frame = frames.get(reader.operation_id)
            if frame is None:
                frame = frames[reader.operation_id] = next_frame(reader.operation_id, payload)
            try:
                reader.push(place, frame, is_event=is_event)
            except Exception as error:  # noqa: BLE001  # it concerns one reader, and must not end the audience for all
                _give_up(reader, error)
            if number % _AT_A_TIME == 0:
                await asyncio.sleep(0)

    def _end(self) -> None:
        self._is_over = True
        self._on_over()


def _give_up(reader: "Reader", error: Exception) -> None:
    """Complete the operation of one who cannot be told: its client can ask again."""
    _log.error(  # where it came from, but not the exception's own text: that may quote values
        "audience_push_failed",
        error=type(error).__name__,
        stack="".join(traceback.format_tb(error.__traceback__)),
    )
    reader.give_up()


class Reader:
    """One subscriber's place. ``follow`` is for executions of its own, ``push`` for its audience."""

    __slots__ = (
        "_asked",
        "_audience",
        "_audiences",
        "_has_ended",
        "_is_behind",
        "_is_live",
        "_joined_after",
        "_missed",
        "_missed_to",
        "_on_behind",
        "_on_over",
        "_outbox",
        "_pending",
        "_place",
        "is_cut",
        "operation_id",
    )

    def __init__(
        self,
        audiences: Audiences,
        asked: Asked,
        operation_id: str,
        outbox: Outbox,
        *,
        on_behind: Callable[[], None],
        on_over: Callable[[], None],
    ) -> None:
        """``on_behind``: execute the operation again once the outbox is idle. ``on_over``: it is complete."""
        self.operation_id = operation_id
        #: Whether its own execution came to an end because the audience tells what follows.
        self.is_cut = False
        self._audiences = audiences
        self._asked = asked
        self._outbox = outbox
        self._on_behind = on_behind
        self._on_over = on_over
        self._audience: _Audience | None = None
        self._joined_after: float = 0
        self._pending: deque[tuple[float, bytes, bool]] | None = None
        self._place = 0
        self._is_live = False
        self._is_behind = False
        self._missed = 0
        self._missed_to = 0
        self._has_ended = False

    @property
    def joined_after(self) -> float:
        """The place that the audience's telling begins after."""
        return self._joined_after

    async def follow(
        self, info: Info, *, after: int | None, where: EventFilter, is_refilled: bool
    ) -> AsyncGenerator[FeedItem, None]:
        """What the reader reads by itself, for the resolver; its end means that the audience tells what follows."""
        feed = info.context.services.feed
        if self._is_behind and self._missed:
            yield Gap(self._place, self._missed_to, self._missed, GapReason.SLOW_SUBSCRIBER)
        head = await feed.head()
        # From here to `_collect_after` nothing may wait: the audience would tell something in between.
        if self._audience is None:
            self._audience = self._audiences.join(self, self._asked, info, head)
        told_to = max(head, self._audience.told_to)
        cursor = self._place if self._is_behind else told_to if after is None else after
        if not is_refilled:
            cursor = told_to
        self._collect_after(max(cursor, told_to))
        while cursor < told_to:
            async for event in feed.read_up(info.context.account_id, cursor, where, until=told_to):
                cursor = event.sequence
                yield event
            cursor = told_to
            if self._is_behind:
                # Meanwhile more was told than is kept. The log has that too.
                told_to = max(await feed.head(), self._audience.told_to)
                self._collect_after(told_to)
        self._place = cursor
        yield CaughtUp(cursor)
        self.is_cut = True

    def push(self, place: float, frame: bytes, *, is_event: bool) -> None:
        """Take what the audience says at a place in the log. Never waits."""
        if place <= self._joined_after:
            return
        if self._is_behind:
            if is_event:
                self._missed += 1
                self._missed_to = int(place)
        elif self._pending is not None:
            if len(self._pending) < self._outbox.most_frames:
                self._pending.append((place, frame, is_event))
            else:
                self._fall_behind(place, is_event=is_event)
        elif self._outbox.offer(frame):
            if is_event:
                self._place = int(place)
        else:
            self._fall_behind(place, is_event=is_event)

    def push_error(self, place: float, frame: bytes) -> None:
        """Take what the audience ended with, unless it was taken at its place."""
        if place <= self._joined_after:
            self.push(_AT_ANY_PLACE, frame, is_event=False)

    def go_live(self) -> bool:
        """Pass on what was told while the reader read by itself, and live from now on.

        False when there is no room for it: the operation has to be executed again, once the outbox is idle.
        """
        pending, self._pending = self._pending, None
        was_behind, missed, missed_to = self._is_behind, self._missed, self._missed_to
        self._is_behind, self._missed, self._missed_to = False, 0, 0
        for place, frame, is_event in pending or ():
            self.push(place, frame, is_event=is_event)
        if was_behind:  # what was told after the last of `pending`
            self._is_behind, self._missed, self._missed_to = True, self._missed + missed, missed_to
        self._is_live = not self._is_behind
        self.is_cut = False
        if self._is_live and self._has_ended:
            self._on_over()
        return self._is_live

    def end(self) -> None:
        """The audience is over."""
        self._has_ended = True
        if self._is_live:
            self._on_over()

    def leave(self) -> None:
        """Nothing more is wanted, not even what the audience is about to say."""
        self._is_live = False
        self._joined_after = math.inf
        if self._audience is not None:
            self._audience.leave(self)

    def give_up(self) -> None:
        """Leave, and complete the operation."""
        self.leave()
        asyncio.get_running_loop().call_soon(self._on_over)

    def _collect_after(self, place: int) -> None:
        """From here on keep what the audience says about what comes after a place; all up to it is in the log."""
        self._joined_after = place
        if self._audience is not None:
            self._audience.joined_after = max(self._audience.joined_after, place)
        self._pending = deque()
        self._is_behind = False
        self._missed = self._missed_to = 0

    def _fall_behind(self, place: float, *, is_event: bool) -> None:
        self._is_behind = True
        self._missed, self._missed_to = (1, int(place)) if is_event else (0, 0)
        if self._is_live:
            self._is_live = False
            self._on_behind()
