"""This process's share in one Asterisk: it competes for the lease, drives the Asterisk while it holds it, hands off.

::

    standby ──(free, run out, holder dead)──> holding ──(lost, replaced)──> hands off ──> standby
                                                 └──(told to stop)──> flush ──> release ──> end
"""

import asyncio
import time
from collections.abc import Iterator
from enum import StrEnum
from typing import Final

import structlog

from app.calls.keeping.change import FencedError
from app.calls.living.registry import CallRegistry
from app.errors import AsteriskUnavailableError, DatabaseUnavailableError
from app.events.bus import Bus
from app.ownership.holder import Holder
from app.ownership.inbox import COMMANDS
from app.ownership.lease import CHANNEL, RENEW_SECONDS, Lease, Leases, LeaseState
from app.ownership.tenure import MakeTenure, Tenure

_log = structlog.get_logger(__name__)

#: How often a standby looks, beside being told.
STANDBY_SECONDS: Final = 1.0
#: How long to leave an application alone that somebody took who does not hold the lease.
ASIDE_SECONDS: Final = 30.0
_SETTLE_SECONDS: Final = 5.0
#: How soon others are told that the Asterisk has become ready or unready.
_LOOK_SECONDS: Final = 0.2
_REPLACED: Final = (
    "Another program has taken over this Asterisk application, and it does not share this database. "
    "Give them different OFFHOOK_ARI_APPLICATION names."
)


class _End(StrEnum):
    """How a tenure ended."""

    STOPPED = "stopped"
    LOST = "lost"
    REPLACED = "replaced"


class _LostError(Exception):
    """The lease has gone to another process."""


class _StoppedError(Exception):
    """We were told to stop."""


class Node:
    """One Asterisk, as seen by a process with the role ``controller``. ``run`` competes and drives until stopped.

    ``hang_up_seconds``: how long calls may take to end when we stop, for an Asterisk that stops with us; None leaves
    them running for the successor.
    """

    def __init__(
        self,
        name: str,
        leases: Leases,
        bus: Bus,
        make_tenure: MakeTenure,
        *,
        idle_registry: CallRegistry,
        hang_up_seconds: float | None = None,
        renew_seconds: float = RENEW_SECONDS,
        aside_seconds: float = ASIDE_SECONDS,
    ) -> None:
        self.name = name
        self._leases = leases
        self._make_tenure = make_tenure
        self._idle_registry = idle_registry
        self._hang_up_seconds = hang_up_seconds
        self._renew_seconds = renew_seconds
        self._aside_seconds = aside_seconds
        self._holder = Holder.me()
        self._tenure: Tenure | None = None
        self._state: LeaseState | None = None
        self._confirmed_at = 0.0
        self._reason = "It has not looked at the lease yet."
        self._is_stopping = asyncio.Event()
        self._is_due = asyncio.Event()
        self._has_looked = asyncio.Event()
        bus.on(CHANNEL, self._hear_of_lease)
        bus.on(COMMANDS, self._hear_of_command)

    @property
    def tenure(self) -> Tenure | None:
        """What runs here while the lease is held; None on standby."""
        return self._tenure

    @property
    def registry(self) -> CallRegistry:
        """The live calls of this process; none on standby."""
        return self._idle_registry if self._tenure is None else self._tenure.registry

    @property
    def is_ready(self) -> bool:
        """Whether calls may be dialled by this process."""
        return self.why_not_ready is None

    @property
    def why_not_ready(self) -> str | None:
        """What keeps calls from being dialled by this process, fit to be shown; None when nothing does."""
        tenure = self._tenure
        if tenure is None:
            return self._reason
        if self._is_stopping.is_set():
            return "Shutting down."
        if time.monotonic() - self._confirmed_at > self._leases.seconds:
            return "The lease of the Asterisk cannot be renewed, so no new call is placed."
        return tenure.controller.why_not_ready

    @property
    def is_aside(self) -> bool:
        """Whether a stranger has the Asterisk application, so that neither we nor a peer can drive it."""
        return self._tenure is None and self._reason == _REPLACED

    @property
    def knows_best(self) -> bool:
        """Whether this process knows better than the lease's row how the Asterisk is: it drives it, or is aside."""
        return self._tenure is not None or self.is_aside

    @property
    def standing(self) -> str:
        """Holding, or standing by for whom; fit to be shown."""
        return f"Drives node {self.name}." if self._tenure is not None else self._reason

    async def wait_until_decided(self) -> None:
        """Return once this process drives the Asterisk or knows who does; after some seconds in any case."""
        try:
            async with asyncio.timeout(_SETTLE_SECONDS):
                await self._has_looked.wait()
        except TimeoutError:
            pass  # the database is slow, and says so itself

    async def run(self) -> None:
        """Compete and drive until stopped or cancelled; the lease is given back either way."""
        try:
            while (lease := await self._compete()) is not None:
                match await self._hold(lease):
                    case _End.LOST:
                        self._reason = "Its lease went to another process."
                    case _End.REPLACED:
                        self._reason = _REPLACED
                        _log.error("asterisk_application_taken", node=self.name, advice=_REPLACED)
                        await self._pause(self._aside_seconds, is_due_too=False)
                    case _End.STOPPED:
                        self._reason = "Shutting down."
        finally:
            await self._leases.aclose()

    def stop(self) -> None:
        """Hand over in order: what is decided is written, the lease given back. ``run`` returns when that is done."""
        self._is_stopping.set()
        self._is_due.set()

    async def _compete(self) -> Lease | None:
        """A lease, waited for; None when we are told to stop."""
        was_away = False
        while not self._is_stopping.is_set():
            self._is_due.clear()
            try:
                lease = await self._leases.acquire(self.name, self._holder, why_not_ready="It is being taken over.")
                self._state = None if lease is not None else await self._leases.read(self.name)
            except DatabaseUnavailableError as error:
                lease = None
                self._reason = error.message
                if not was_away:
                    was_away = True
                    _log.warning("lease_not_readable", node=self.name, reason=error.message)
            else:
                was_away = False
                if lease is not None:
                    _log.info("lease_acquired", node=self.name, tenure=lease.token)
                    return lease
                self._stand_by()
            self._has_looked.set()
            await self._pause(STANDBY_SECONDS)
        return None

    def _stand_by(self) -> None:
        state = self._state
        if state is None or not state.is_held:
            return  # it has only just become free
        reason = f"Standby: {state.shown_holder} drives node {self.name}."
        if reason != self._reason:
            self._reason = reason
            _log.info("standby", node=self.name, holder=state.shown_holder)

    async def _hold(self, lease: Lease) -> _End:
        self._confirmed_at = time.monotonic()
        tenure = self._tenure = self._make_tenure(lease)
        self._has_looked.set()
        end: _End | None = None
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(tenure.run(self._leave), name="tenure")
                group.create_task(self._keep(lease, tenure), name="lease")
                group.create_task(self._end_when_stopped(tenure), name="lease-end")
        except BaseExceptionGroup as errors:
            end = _read_end(errors)
            if end is None:
                raise
            if end is _End.REPLACED and not await self._is_ours(lease):
                end = _End.LOST  # by the lease, then by the application: a successor goes about it in that order
        finally:
            self._leave()
            if end is not _End.LOST:
                # Whatever ended it: whoever waits need not wait for the lease to run out.
                await self._give_back(lease)
        assert end is not None  # the tenure's tasks end by raising
        _log.info("hands_off", node=self.name, tenure=lease.token, end=end.value)
        return end

    async def _is_ours(self, lease: Lease) -> bool:
        try:
            return await self._leases.renew(lease, why_not_ready=_REPLACED)
        except DatabaseUnavailableError:
            # Nobody knows; if it is still ours, it runs out, and the next to be replaced will find out who did it.
            return False

    def _leave(self) -> None:
        self._tenure = None
        self._reason = "Its tenure is over."

    async def _keep(self, lease: Lease, tenure: Tenure) -> None:
        """Renew the lease; raises when it has gone."""
        told: str | None = ""
        renewed_at = 0.0
        is_away = False
        while True:
            now = time.monotonic()
            why = tenure.controller.why_not_ready
            if why != told or now - renewed_at >= self._renew_seconds:
                try:
                    version = tenure.stream.server_version
                    if not await self._leases.renew(lease, why_not_ready=why, asterisk_version=version):
                        raise _LostError
                except DatabaseUnavailableError as error:
                    # Nobody else can take it either. Live calls go on; new ones wait for the database anyway.
                    if not is_away:
                        is_away = True
                        _log.warning("lease_not_renewed", node=self.name, reason=error.message)
                else:
                    is_away = False
                    self._confirmed_at = renewed_at = now
                    told = why
            await asyncio.sleep(_LOOK_SECONDS)

    async def _end_when_stopped(self, tenure: Tenure) -> None:
        await self._is_stopping.wait()
        if self._hang_up_seconds is not None:
            await tenure.hang_up_all(self._hang_up_seconds)
        await tenure.flush()
        raise _StoppedError

    async def _give_back(self, lease: Lease) -> None:
        try:
            await self._leases.release(lease)
        except DatabaseUnavailableError as error:
            _log.warning("lease_not_released", node=self.name, reason=error.message)  # it runs out by itself

    async def _pause(self, seconds: float, *, is_due_too: bool = True) -> None:
        event = self._is_due if is_due_too else self._is_stopping
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            pass  # the poll

    def hear_of_lines(self) -> None:
        """Devices or trunks have changed: whoever drives the Asterisk tells it."""
        if self._tenure is not None:
            self._tenure.provisioner.wake()

    def _hear_of_lease(self, payload: str) -> None:
        if payload in {"", self.name}:
            self._is_due.set()

    def _hear_of_command(self, payload: str) -> None:
        if self._tenure is not None and payload in {"", self.name}:
            self._tenure.inbox.wake()


def _read_end(errors: BaseExceptionGroup[BaseException]) -> _End | None:
    """How a tenure ended, from what its tasks raised; None when it was none of the ways it may."""
    leaves = list(_leaves(errors))
    if all(isinstance(one, _LostError | FencedError | _StoppedError | AsteriskUnavailableError) for one in leaves):
        if any(isinstance(one, _LostError | FencedError) for one in leaves):
            return _End.LOST
        return _End.STOPPED if any(isinstance(one, _StoppedError) for one in leaves) else _End.REPLACED
    return None


def _leaves(errors: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for error in errors.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error
