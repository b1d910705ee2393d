"""News between processes, over PostgreSQL's LISTEN and NOTIFY: one connection for each process.

A notification says that there is something to look at, never what: readers go to the tables. So a lost one costs a
poll's length and nothing else, and whenever the connection was away everybody is told to look (with an empty payload).

NOTIFY makes the commits that send it wait for each other, so it is never sent in one that writes calls, and nothing is
sent at all while no other process is known to listen. Where all of them have NATS, news of events go over that
(``nats``), and the database is spared these commits; all else, and events while anybody is without it, as before.
"""

import asyncio
import secrets
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import asyncpg
import structlog

from app.daemon import backoff_seconds
from app.db.engine import Database
from app.db.kept import KeptConnection
from app.errors import DatabaseUnavailableError
from app.events.log import Appended

if TYPE_CHECKING:
    from app.events.nats import NatsLine  # needs an extra

_log = structlog.get_logger(__name__)

EVENTS: Final = "offhook_events"
_PRESENCE: Final = "offhook_presence"
_HAS_NATS: Final = "nats"
_BEAT_SECONDS: Final = 5.0
#: Another process that has not been heard for this long is not there.
_ABSENT_SECONDS: Final = 16.0
_STATEMENT_SECONDS: Final = 5.0

#: Hears a payload; empty: something may have been missed. It must not block.
Handler = Callable[[str], None]


class Bus:
    """This process's ear and mouth. ``run`` listens until cancelled."""

    def __init__(self, database: Database, *, nats: "NatsLine | None" = None) -> None:
        self._database = database
        self._nats = nats
        if nats is not None:
            nats.on(partial(self._hear, None, 0, EVENTS), changed=self._note_nats)
        self._id = secrets.token_hex(6)
        self._handlers: dict[str, list[Handler]] = {_PRESENCE: [self._hear_presence]}
        self._others: dict[str, float] = {}
        self._without_nats: set[str] = set()
        self._is_due = asyncio.Event()
        self._ear = KeptConnection(database, on_open=self._begin, application_name="offhook bus", settings={})
        self._appended_to = 0
        self._has_deliveries = False
        self._has_appended = asyncio.Event()

    def on(self, channel: str, handler: Handler) -> None:
        """Call this for each notification on a channel. Before ``run``."""
        self._handlers.setdefault(channel, []).append(handler)

    @property
    def has_others(self) -> bool:
        """Whether another process listens, as far as is known."""
        horizon = time.monotonic() - _ABSENT_SECONDS
        return any(heard_at > horizon for heard_at in self._others.values())

    async def publish(self, channel: str, payload: str) -> None:
        """Notify all processes, this one included. That it does not arrive is nothing that a caller has to know."""
        try:
            async with self._database.acquire() as connection:
                await connection.execute("SELECT pg_notify($1, $2)", channel, payload)
        except DatabaseUnavailableError as error:
            _log.debug("notification_lost", channel=channel, reason=error.message)

    def announce(self, appended: Appended, *, has_deliveries: bool) -> None:
        """Tell other processes of new events, if there are any processes; a listener for ``EventLog.on_appended``."""
        if self.has_others:
            self._appended_to = max(self._appended_to, appended.events[-1].sequence)
            self._has_deliveries |= has_deliveries
            self._has_appended.set()

    def announce_deliveries(self) -> None:
        """Tell other processes that there is something to deliver again, which came with no event."""
        if self.has_others:
            self._has_deliveries = True
            self._has_appended.set()

    def on_events(self, handler: Callable[[bool], None]) -> None:
        """Call this when another process has appended events; it hears whether there are deliveries among them."""

        def hear(payload: str) -> None:
            if not payload:
                handler(True)
                return
            sender, _, news = payload.partition(" ")
            if sender != self._id:
                handler(news.endswith("+"))

        self.on(EVENTS, hear)

    async def run(self) -> None:
        """Listen, and publish what was announced, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen_forever(), name="bus-ear")
            group.create_task(self._publish_announced(), name="bus-mouth")
            if self._nats is not None:
                group.create_task(self._nats.run(), name="bus-nats")

    async def _publish_announced(self) -> None:
        while True:
            await self._has_appended.wait()
            self._has_appended.clear()
            mark = "+" if self._has_deliveries else ""
            self._has_deliveries = False
            # What is appended while this one is on its way goes together into the next.
            news = f"{self._id} {self._appended_to}{mark}"
            if not await self._tell_over_nats(news):
                await self.publish(EVENTS, news)

    async def _tell_over_nats(self, news: str) -> bool:
        if self._nats is None or self._without_nats & self._others.keys():
            return False
        return await self._nats.publish(news)

    def _note_nats(self) -> None:
        """It is there, or gone: the others have to know, and something may have been missed."""
        self._is_due.set()
        self._hear(None, 0, EVENTS, "")

    async def _listen_forever(self) -> None:
        failures = 0
        try:
            while True:
                self._is_due.clear()
                try:
                    await self._beat()
                except (DatabaseUnavailableError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                    failures += 1
                    level = _log.warning if failures == 1 else _log.debug
                    level("bus_lost", error=type(error).__name__)
                    self._ear.close()
                    # Back soon: whoever waits for a reply only polls meanwhile.
                    await asyncio.sleep(min(2.0, backoff_seconds(failures)))
                else:
                    if failures:
                        _log.info("bus_back", failures=failures)
                    failures = 0
                    await self._until_due()
        finally:
            self._ear.close()

    async def _beat(self) -> None:
        """Tell the others that this process listens, and where; a lost connection is opened anew for it."""
        has_nats = self._nats is not None and self._nats.is_up
        word = f"{self._id} {_HAS_NATS}" if has_nats else self._id
        async with self._ear.use() as connection:
            await connection.execute("SELECT pg_notify($1, $2)", _PRESENCE, word, timeout=_STATEMENT_SECONDS)

    async def _begin(self, connection: "asyncpg.Connection[Any]") -> None:
        connection.add_termination_listener(lambda _: self._is_due.set())
        for channel in self._handlers:
            await connection.add_listener(channel, self._hear)
        self._tell_all_to_look()

    def _tell_all_to_look(self) -> None:
        """What was said while nobody listened is not said again."""
        for channel in self._handlers:
            if channel != _PRESENCE:
                self._hear(None, 0, channel, "")

    async def _until_due(self) -> None:
        """Until the next beat: sooner when the connection is lost, or somebody new is to be greeted."""
        try:
            async with asyncio.timeout(_BEAT_SECONDS):
                await self._is_due.wait()
        except TimeoutError:
            pass  # the beat

    def _hear(self, _connection: Any, _pid: int, channel: str, payload: object) -> None:
        for handler in self._handlers.get(channel, ()):
            try:
                handler(str(payload))
            except Exception:  # noqa: BLE001 -- one that hears badly must not deafen the others
                _log.exception("notification_handler_failed", channel=channel)

    def _hear_presence(self, payload: str) -> None:
        other, _, having = payload.partition(" ")
        if other in {"", self._id}:
            return
        if other not in self._others:
            self._is_due.set()
        self._others[other] = time.monotonic()
        horizon = time.monotonic() - _ABSENT_SECONDS
        self._others = {one: heard_at for one, heard_at in self._others.items() if heard_at > horizon}
        self._without_nats &= self._others.keys()
        (self._without_nats.discard if having == _HAS_NATS else self._without_nats.add)(other)
