"""The loop that keeps one Asterisk's lines as the rows say, and the rows' states as Asterisk says.

It has an application and an event stream of its own in Asterisk: to hear of contacts one subscribes to endpoints, and
with them come all events of all their channels, which the stream of calls must not be burdened with. Here a filter in
Asterisk leaves everything away but the contacts.
"""

import asyncio
import dataclasses
from datetime import UTC, datetime
from typing import Final

import msgspec
import structlog

from app.ari.client import AriClient
from app.ari.errors import AriError
from app.ari.events import KNOWN_EVENT_TYPES
from app.ari.news import Connected, Disconnected, Replaced
from app.ari.stream import EventStream
from app.clock import Clock
from app.daemon import backoff_seconds
from app.errors import DatabaseUnavailableError
from app.facts.lines import DeviceGone
from app.provisioning.push import TECHNOLOGY, Pusher
from app.provisioning.states import LineStates, Saying, judge_contact, judge_endpoint
from app.provisioning.store import Line, LineKind, LineStore
from app.routing.words import LineState

_log = structlog.get_logger(__name__)

#: The channel on which changes of lines are announced between processes.
LINES_CHANGED: Final = "offhook_lines"
#: What is added to the application's name for the stream of contacts.
APPLICATION_SUFFIX: Final = "-lines"
#: How often the rows and the list of endpoints are looked at, beside being told.
LOOK_SECONDS: Final = 15.0
#: News of contacts that wait to be written; with more, the next look at the endpoints makes up for them.
_MOST_NEWS: Final = 10_000


class _Endpoint(msgspec.Struct, frozen=True):
    resource: str


class _ContactInfo(msgspec.Struct, frozen=True):
    uri: str
    contact_status: str


class _ContactNews(msgspec.Struct, frozen=True, tag_field="type", tag="ContactStatusChange"):
    endpoint: _Endpoint
    contact_info: _ContactInfo
    timestamp: datetime


class Provisioner:
    """One Asterisk's lines. ``run`` goes on until cancelled; Asterisk and database may come and go."""

    def __init__(
        self, ari: AriClient, store: LineStore, states: LineStates, clock: Clock, *, look_seconds: float = LOOK_SECONDS
    ) -> None:
        """``ari`` must be a client of its own, with an application that no other stream has."""
        self._ari = ari
        self._store = store
        self._states = states
        self._clock = clock
        self._look_seconds = look_seconds
        self._pusher = Pusher(ari)
        self._stream = EventStream(ari)
        self._stream.deliver_to(self._take_message, unwanted=KNOWN_EVENT_TYPES - {_NEWS_TYPE, "ApplicationReplaced"})
        self._news: asyncio.Queue[_ContactNews] = asyncio.Queue(maxsize=_MOST_NEWS)
        self._is_due = asyncio.Event()
        self._is_listening = False
        self._lines: dict[str, Line] = {}
        self._offline_since: dict[str, float] = {}

    def wake(self) -> None:
        """Rows have changed: look at them now."""
        self._is_due.set()

    async def run(self) -> None:
        """Push and listen until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._look_forever(), name="lines-look")
            group.create_task(self._write_news(), name="lines-news")
            async with self._stream:
                async for item in self._stream:
                    match item:
                        case Connected():
                            await self._on_connected()
                        case Disconnected():
                            self._is_listening = False
                        case Replaced():
                            # Another process drives this Asterisk now; ours is about to be told so.
                            self._is_listening = False
                            await asyncio.Event().wait()
                        case _:
                            pass

    async def _on_connected(self) -> None:
        failures = 0
        while self._stream.is_connected:
            try:
                await self._ari.subscribe_to_endpoints(TECHNOLOGY)
            except AriError as error:
                failures += 1
                _log.warning("lines_not_heard", operation=error.operation, failures=failures)
                await asyncio.sleep(backoff_seconds(failures))
            else:
                self._pusher.forget()
                self._offline_since.clear()
                self._is_listening = True
                self._is_due.set()
                return

    async def _look_forever(self) -> None:
        failures = 0
        while True:
            seconds = self._look_seconds if not failures else min(self._look_seconds, backoff_seconds(failures))
            try:
                async with asyncio.timeout(seconds):
                    await self._is_due.wait()
            except TimeoutError:
                pass  # the poll
            self._is_due.clear()
            if not self._is_listening:
                continue
            try:
                await self._look()
            except (AriError, DatabaseUnavailableError) as error:
                failures += 1
                level = _log.warning if failures == 1 else _log.debug
                level("lines_not_in_step", error=type(error).__name__, failures=failures)
            else:
                failures = 0

    async def _look(self) -> None:
        lines = await self._store.wanted()
        self._lines = {line.endpoint: line for line in lines}
        listed = {one.resource: one.state for one in await self._ari.list_endpoints(technology=TECHNOLOGY)}
        touched = await self._pusher.apply(lines, listed.keys())
        if touched:
            _log.info("lines_pushed", touched=touched, lines=len(lines))
        now = asyncio.get_running_loop().time()
        for line in lines:
            state = listed.get(line.endpoint)
            since = now
            if state == "offline" and line.state is LineState.UP:
                # Counted from when both are true: one that has just registered has not been asked yet.
                since = self._offline_since.setdefault(line.endpoint, now)
            else:
                self._offline_since.pop(line.endpoint, None)
            saying = judge_endpoint(line, state, offline_seconds=now - since)
            if saying is not None:
                await self._states.write(line, saying, at=self._clock.now())
        for line in await self._store.gone():
            await self._states.write(line, Saying(LineState.DOWN, reason=DeviceGone.DELETED), at=self._clock.now())

    def _take_message(self, message: bytes) -> None:
        try:
            news = _read_news(message)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return  # one that was on its way before the filter was set, or that nobody can read: the next look sees
        try:
            self._news.put_nowait(news)
        except asyncio.QueueFull:
            _log.warning("contact_news_dropped", waiting=self._news.qsize())

    async def _write_news(self) -> None:
        while True:
            news = await self._news.get()
            line = self._lines.get(news.endpoint.resource)
            if line is None:
                continue
            saying = judge_contact(line, news.contact_info.uri, news.contact_info.contact_status)
            if saying is None:
                continue
            try:
                await self._states.write(line, saying, at=news.timestamp.astimezone(UTC))
            except DatabaseUnavailableError as error:
                _log.warning("contact_news_lost", reason=error.message)  # the next look at the endpoints sees
                continue
            self._offline_since.pop(line.endpoint, None)
            if line.kind is LineKind.DEVICE:
                # Which address is the line's own decides what the next news means.
                self._lines[line.endpoint] = dataclasses.replace(line, state=saying.state, contact=saying.contact)


_NEWS_TYPE: Final = "ContactStatusChange"
_read_news: Final = msgspec.json.Decoder(_ContactNews).decode
