"""What runs in a process while it holds the lease of an Asterisk. It is made anew for each lease."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Protocol

import structlog

from app.ari.stream import EventStream
from app.calls.asking.service import CallService
from app.calls.core import inputs
from app.calls.hearing.controller import Controller
from app.calls.keeping.store import CallStore
from app.calls.living.actor import CallActor
from app.calls.living.registry import CallRegistry
from app.daemon import Health
from app.errors import DatabaseUnavailableError, OverloadedError
from app.facts.event import SYSTEM
from app.ownership.inbox import Inbox
from app.ownership.lease import HandedOverError, Lease
from app.provisioning.sync import Provisioner
from app.recordings.collector import RecordingCollector

_log = structlog.get_logger(__name__)

_FLUSH_SECONDS: Final = 1.0
_POLL_SECONDS: Final = 0.02
_AGAIN_SECONDS: Final = 0.5


class Runs(Protocol):
    """Something that runs until it is cancelled."""

    async def run(self) -> None:
        """Run."""
        ...


class Fares(Runs, Protocol):
    """Something that runs, and can say how it fares."""

    @property
    def health(self) -> Health:
        """At this moment."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenure:
    """The parts that act on one Asterisk, for as long as one lease is held.

    ``run`` ends by cancellation, by AsteriskUnavailableError when another process takes the application, or by
    FencedError when one took the lease.
    """

    lease: Lease
    registry: CallRegistry
    store: CallStore
    collector: RecordingCollector
    stream: EventStream
    controller: Controller
    calls: CallService
    inbox: Inbox
    provisioner: Provisioner
    dispatcher: Fares
    flow_desk: Fares
    campaigns: Fares
    callbacks: Fares
    otps: Fares
    media_streams: Runs

    @property
    def healths(self) -> tuple[Health, ...]:
        """How the loops fare that take orders of other processes, that lead calls on, and that call by themselves."""
        faring = (self.inbox, self.dispatcher, self.flow_desk, self.campaigns, self.callbacks, self.otps)
        return tuple(one.health for one in faring)

    async def run(self, on_leaving: Callable[[], None]) -> None:
        """Drive the Asterisk. At the end hands off: not a word more to it. ``on_leaving`` is called as that begins.

        Raises:
            FencedError: the lease has gone to another process already.
        """
        living: tuple[CallActor, ...] = ()
        try:
            await self._become_writer()
            async with asyncio.TaskGroup() as group:
                for coroutine, name in (
                    (self.store.run(), "call-store"),
                    (self.registry.run(), "calls"),
                    (self.collector.run(), "recordings"),
                    (self.inbox.run(), "inbox"),
                    (self.provisioner.run(), "lines"),
                    (self.dispatcher.run(), "queues"),
                    (self.flow_desk.run(), "call-flows"),
                    (self.campaigns.run(), "campaigns"),
                    (self.callbacks.run(), "callbacks"),
                    (self.otps.run(), "one-time-passwords"),
                    (self.media_streams.run(), "media-streams"),
                ):
                    group.create_task(coroutine, name=name)
                try:
                    async with self.stream:
                        await self.controller.run()
                finally:
                    on_leaving()
                    self.registry.close()
                    living = tuple(self.registry)
        finally:
            self.registry.close()
            for actor in (*living, *self.registry):
                if not actor.accepted.done():
                    actor.accepted.set_exception(HandedOverError("The Asterisk is changing hands. Ask again."))

    async def _become_writer(self) -> None:
        """First of all: a former holder that is only slow must not go on writing calls that we have read."""
        while True:
            try:
                await self.store.open()
            except DatabaseUnavailableError as error:
                _log.warning("writer_not_admitted", node=self.lease.node, reason=error.message)
                await asyncio.sleep(_AGAIN_SECONDS)
            else:
                return

    async def hang_up_all(self, seconds: float) -> None:
        """End every call properly, with its record: their Asterisk is about to stop."""
        for actor in self.registry:
            if not actor.call.is_ending:
                with suppress(OverloadedError):  # the next start closes it
                    actor.post(inputs.HangupRequested(actor=SYSTEM))
        try:
            async with asyncio.timeout(seconds):
                await self.registry.wait_until_empty()
        except TimeoutError:
            _log.warning("calls_left_behind", live=len(self.registry), advice="the next start closes them")

    async def flush(self) -> None:
        """Let what is decided be written, for some seconds."""
        try:
            async with asyncio.timeout(_FLUSH_SECONDS):
                while self.store.backlog:  # noqa: ASYNC110 -- for two seconds at most, once in a life
                    await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError:
            _log.warning("facts_left_unwritten", changes=self.store.backlog, advice="the next holder finds the calls")


MakeTenure = Callable[[Lease], Tenure]
