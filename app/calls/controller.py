"""The one reader of Asterisk's events: it reconciles at every connect, and hands each event to the call it is about."""

import asyncio
from datetime import datetime

import structlog

from app.ari.errors import AriError
from app.ari.events import Event, MalformedEvent, StasisStart, UnknownEvent
from app.ari.stream import Connected, Disconnected, EventStream, Replaced, StreamItem
from app.calls.reconcile import Reconciler
from app.calls.registry import CallRegistry
from app.calls.translate import translate
from app.clock import Clock
from app.errors import AsteriskUnavailableError, DatabaseUnavailableError

_log = structlog.get_logger(__name__)

AUDIT_SECONDS = 30.0
_FIRST_RETRY_SECONDS = 0.2
_SLOWEST_RETRY_SECONDS = 5.0


class _ReplacedError(Exception):
    """Another process has our application."""


class Controller:
    """Keeps this node's calls and its Asterisk together. ``run`` reads until cancelled or replaced."""

    def __init__(
        self, stream: EventStream, registry: CallRegistry, reconciler: Reconciler, clock: Clock, *, node: str
    ) -> None:
        self._stream = stream
        self._registry = registry
        self._reconciler = reconciler
        self._clock = clock
        self._node = node
        self._is_reconciled = False
        self._is_replaced = False
        self._is_node_lost = False
        self._blind_from: datetime | None = None
        self._reconciling = asyncio.Lock()

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
                async for item in self._stream:
                    if isinstance(item, Replaced):
                        self._is_replaced = True
                        raise _ReplacedError  # from inside, so that the group cancels what it may still be doing
                    await self._take(item)
                audits.cancel()
        except BaseExceptionGroup as group:
            if group.subgroup(_ReplacedError) is None:
                raise
            raise AsteriskUnavailableError(
                "Another process has taken over this Asterisk application, so this one ends. "
                "Run one Offhook for each Asterisk, or give them different OFFHOOK_ARI_APPLICATION names."
            ) from group

    async def _audit_regularly(self) -> None:
        while True:
            await asyncio.sleep(AUDIT_SECONDS)
            if not self.is_ready:
                continue
            async with self._reconciling:
                try:
                    await self._reconciler.audit()
                except (AriError, DatabaseUnavailableError) as error:
                    _log.warning("audit_failed", error=str(error))

    async def _take(self, item: StreamItem) -> None:
        match item:
            case Connected():
                await self._on_connected(item)
            case Disconnected():
                self._is_reconciled = False
                self._blind_from = self._blind_from or self._clock.now()
                _log.warning("asterisk_disconnected", reason=item.reason.value)
            case MalformedEvent():
                _log.warning("asterisk_event_malformed", reason=item.reason, event_type=item.event_type)
            case UnknownEvent():
                _log.debug("asterisk_event_unknown", event_type=item.type)
            case Replaced():
                pass  # handled by run
            case _:
                addressed = translate(self._node, item)
                if addressed is not None and not self._registry.post(
                    addressed.subject_id, addressed.input, at=addressed.at
                ):
                    self._on_unowned(item)

    def _on_unowned(self, event: Event) -> None:
        """A channel of ours came to us and its call is over: a request that Asterisk carried out very late."""
        if isinstance(event, StasisStart):
            self._strays.create_task(self._reconciler.hang_up(event.channel.id), name="stray")

    async def _on_connected(self, connected: Connected) -> None:
        seconds = _FIRST_RETRY_SECONDS
        # A restart stays one until its calls are closed, however many connects that takes.
        self._is_node_lost |= connected.is_restart
        while self._stream.is_connected:
            try:
                async with self._reconciling:
                    await self._reconciler.run(blind_from=self._blind_from, is_node_lost=self._is_node_lost)
            except (AriError, DatabaseUnavailableError) as error:
                # Not ready until it succeeds: nothing is dialled, and events wait in the stream's own queue.
                _log.warning("reconcile_failed", error=str(error), again_in_seconds=seconds)
                await asyncio.sleep(seconds)
                seconds = min(seconds * 2, _SLOWEST_RETRY_SECONDS)
            else:
                self._is_reconciled = True
                self._blind_from = None
                self._is_node_lost = False
                _log.info("asterisk_connected", version=connected.version)
                return
