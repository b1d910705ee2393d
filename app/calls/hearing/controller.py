"""The one reader of Asterisk's events: it reconciles at every connect, and hands each event to the call it is about."""

import asyncio
import itertools
from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any

import structlog

from app.ari.errors import AriError
from app.ari.events import MalformedEvent, UnknownEvent
from app.ari.news import Connected, Disconnected, Doubted, Replaced, StreamItem
from app.ari.signals import UNREAD_EVENT_TYPES, AnySignal, StasisStart, decode_signal
from app.ari.stream import EventStream
from app.calls.arrival import Arrival
from app.calls.hearing.inbound import FULL, InboundCalls
from app.calls.hearing.intruders import Intruders, Targets
from app.calls.hearing.missed import MissedCalls
from app.calls.hearing.translate import translate
from app.calls.living.registry import CallRegistry
from app.calls.mending.reconcile import Reconciler
from app.calls.mending.tidy import Tidier
from app.clock import Clock
from app.errors import AsteriskUnavailableError, DatabaseUnavailableError

_log = structlog.get_logger(__name__)

AUDIT_SECONDS = 30.0
#: One audit in so many also tidies: what that looks for is harmless, and Asterisk walks a directory for it.
AUDITS_PER_TIDYING = 10
_FIRST_RETRY_SECONDS = 0.2
_SLOWEST_RETRY_SECONDS = 5.0
# However many messages cannot be read, Asterisk is not looked at more often than this for their sake.
DOUBT_SECONDS = 5.0
# A log names so many kinds of unreadable message after a connect, and no more.
_COMPLAINTS = 20
_LONGEST_TYPE = 64


class _ReplacedError(Exception):
    """Another process has our application."""


class Controller:
    """Keeps this node's calls and its Asterisk together. ``run`` reads until cancelled or replaced.

    Events come to ``_take_message``, straight from the socket; what ``run`` reads is the news of the connection.
    """

    def __init__(
        self,
        stream: EventStream,
        registry: CallRegistry,
        reconciler: Reconciler,
        clock: Clock,
        *,
        node: str,
        tidier: Tidier | None = None,
        inbound: InboundCalls | None = None,
        missed: MissedCalls | None = None,
        refer_targets: Targets | None = None,
    ) -> None:
        self._stream = stream
        self._registry = registry
        self._reconciler = reconciler
        self._tidier = tidier
        self._inbound = inbound
        self._missed = missed
        self._intruders = Intruders(
            registry, node=node, hang_up=reconciler.hang_up, spawn=self._spawn, targets=refer_targets
        )
        self._asterisk_started_at: datetime | None = None
        self._clock = clock
        self._node = node
        self._is_reconciled = False
        self._is_replaced = False
        self._is_node_lost = False
        self._blind_from: datetime | None = None
        self._reconciling = asyncio.Lock()
        self._complaints: set[tuple[str, str | None]] = set()
        self._next_doubt: asyncio.TimerHandle | None = None
        self._doubted_at = -DOUBT_SECONDS
        # In the socket's own callback, without a task between: it only posts to mailboxes.
        stream.deliver_to(self._take_message, unwanted=UNREAD_EVENT_TYPES)

    @property
    def is_ready(self) -> bool:
        """Whether calls may be dialled: connected, and what was missed is made up for."""
        return self._stream.is_connected and self._is_reconciled and not self._is_replaced

    @property
    def why_not_ready(self) -> str | None:
        """What keeps calls from being dialled, fit to be shown; None when ready."""
        if self.is_ready:
            return None
        if self._is_replaced:
            return "Another process has taken over this Asterisk application."
        if not self._stream.is_connected:
            return f"No connection to Asterisk: {self._stream.last_failure or 'not connected yet'}"
        return "Reconciling with Asterisk after a connect."

    async def run(self) -> None:
        """Read events, and audit now and then, until cancelled.

        Raises:
            AsteriskUnavailableError: another process took the application over. The calls are in its hands now, so
                this one must end without touching them.
        """
        try:
            async with asyncio.TaskGroup() as self._strays:
                audits = self._strays.create_task(self._audit_regularly(), name="audit")
                arrivals = None if self._inbound is None else self._strays.create_task(self._inbound.run())
                async for item in self._stream:
                    if isinstance(item, Replaced):
                        self._is_replaced = True
                        raise _ReplacedError  # from inside, so that the group cancels what it may still be doing
                    await self._take(item)
                audits.cancel()
                if arrivals is not None:
                    arrivals.cancel()
        except BaseExceptionGroup as group:
            if group.subgroup(_ReplacedError) is None:
                raise
            raise AsteriskUnavailableError(
                "Another process has taken over this Asterisk application, so this one ends. "
                "Run one Offhook for each Asterisk, or give them different OFFHOOK_ARI_APPLICATION names."
            ) from group

    async def _audit_regularly(self) -> None:
        for number in itertools.count(1):
            await asyncio.sleep(AUDIT_SECONDS)
            if not self.is_ready:
                continue
            async with self._reconciling:
                try:
                    await self._reconciler.audit()
                except (AriError, DatabaseUnavailableError) as error:
                    _log.warning("audit_failed", error=str(error))
            self._take_found()
            await self._write_missed()
            if number % AUDITS_PER_TIDYING == 0:
                await self._tidy()

    async def _after_connect(self) -> None:
        await self._write_missed()
        await self._tidy()

    async def _tidy(self) -> None:
        if self._tidier is None:
            return
        try:
            await self._tidier.run()
        except (AriError, DatabaseUnavailableError) as error:
            _log.warning("tidying_failed", error=str(error))  # what is left does no harm until the next time

    def _take_found(self) -> None:
        """Channels that have come to us while nobody listened."""
        for arrival in self._reconciler.take_arrivals():
            self._take_arrival(arrival)

    def _take_arrival(self, arrival: Arrival) -> None:
        if self._inbound is not None and not self._inbound.take(arrival):
            self._strays.create_task(self._inbound.turn_away(arrival, FULL), name="arrival")

    async def _write_missed(self) -> None:
        if self._missed is None:
            return
        try:
            await self._missed.write_down()
        except (AriError, DatabaseUnavailableError) as error:
            _log.warning("missed_calls_not_written_down", error=str(error))  # Asterisk keeps them until the next time

    async def _take(self, item: StreamItem) -> None:
        match item:
            case Connected():
                await self._on_connected(item)
            case Disconnected():
                self._is_reconciled = False
                self._blind_from = self._blind_from or self._clock.now() - timedelta(seconds=item.silent_seconds)
                _log.warning("asterisk_disconnected", reason=item.reason.value)
            case Doubted():
                await self._reconcile(blind_from=self._clock.now())
                self._take_found()
            case _:
                pass  # Replaced is run's; an event comes to _take_message

    def _take_message(self, message: bytes) -> None:
        event = decode_signal(message)
        addressed = translate(self._node, event, self._registry.callers)
        if isinstance(addressed, Arrival):
            self._take_arrival(addressed)
        elif addressed is not None:
            self._registry.hear(addressed.subject_id, type(event).__name__, addressed.at)
            if not self._registry.post(addressed.subject_id, addressed.input, at=addressed.at):
                self._on_unowned(event)
        elif isinstance(event, StasisStart):
            self._intruders.take(event)
        elif isinstance(event, MalformedEvent):
            # Its text stays out of the log: it may hold numbers and keys that were pressed.
            self._complain("asterisk_event_malformed", event.reason, event.event_type)
            self._doubt()
        elif isinstance(event, UnknownEvent):
            self._complain("asterisk_event_unknown", "not described by Asterisk 22", event.type[:_LONGEST_TYPE])

    def _complain(self, what: str, reason: str, event_type: str | None) -> None:
        """Once for each kind: a stream of them is one line."""
        if len(self._complaints) < _COMPLAINTS and (what, event_type) not in self._complaints:
            self._complaints.add((what, event_type))
            _log.warning(what, reason=reason, event_type=event_type)

    def _doubt(self) -> None:
        """What could not be read may have been the end of a leg: look, soon and not too often."""
        if self._next_doubt is None:
            loop = asyncio.get_running_loop()
            self._next_doubt = loop.call_at(max(loop.time(), self._doubted_at + DOUBT_SECONDS), self._look_again)

    def _look_again(self) -> None:
        self._next_doubt = None
        self._doubted_at = asyncio.get_running_loop().time()
        self._stream.doubt()

    def _spawn(self, work: Coroutine[Any, Any, object]) -> None:
        self._strays.create_task(work, name="intruder")

    def _on_unowned(self, event: AnySignal) -> None:
        """A channel of ours came to us and its call is over: a request that Asterisk carried out very late."""
        if isinstance(event, StasisStart):
            self._strays.create_task(self._reconciler.hang_up(event.channel.id), name="stray")

    async def _on_connected(self, connected: Connected) -> None:
        # A restart stays one until its calls are closed, however many connects that takes.
        self._is_node_lost |= connected.is_restart
        self._asterisk_started_at = connected.asterisk_started_at
        self._complaints.clear()
        if await self._reconcile(blind_from=self._blind_from):
            self._is_reconciled = True
            self._blind_from = None
            self._is_node_lost = False
            _log.info("asterisk_connected", version=connected.version)
            self._take_found()
            self._strays.create_task(self._after_connect(), name="after connect")

    async def _reconcile(self, *, blind_from: datetime | None) -> bool:
        """Try until it succeeds; False when the connection went before."""
        seconds = _FIRST_RETRY_SECONDS
        while self._stream.is_connected:
            try:
                async with self._reconciling:
                    await self._reconciler.run(
                        blind_from=blind_from,
                        is_node_lost=self._is_node_lost,
                        asterisk_started_at=self._asterisk_started_at,
                    )
            except (AriError, DatabaseUnavailableError) as error:
                # Not ready until it succeeds: nothing is dialled, and events wait in the stream's own queue.
                _log.warning("reconcile_failed", error=str(error), again_in_seconds=seconds)
                await asyncio.sleep(seconds)
                seconds = min(seconds * 2, _SLOWEST_RETRY_SECONDS)
            else:
                return True
        return False
