"""Placing the calls of errands when they are due: each once, whoever dies meanwhile, and telling what came of it.

A round settles what has ended, claims what is due (locked rows are another's, a claim is a lease), places the calls,
and notes that they are there. The call's id and its idempotency key are known before it is: whoever dies in between
leaves a claim, and the next who takes it finds the call by its key, or places it. Nobody dials twice. What came of a
call is read off its row, so nobody has to have watched it.
"""

import asyncio
from abc import abstractmethod
from datetime import datetime, timedelta
from typing import ClassVar, Final, Generic, Protocol, TypeVar

import asyncpg
import structlog

from app import failpoints
from app.accounts.asked_by import AskedBy
from app.accounts.principal import Principal
from app.calls.keeping.change import FencedError
from app.calls.planning.placing import Places, Readiness
from app.clock import Clock
from app.daemon import Daemon
from app.db.engine import Database
from app.errors import DatabaseUnavailableError, OffhookError, RefusedError
from app.events.log import EventLog
from app.usage.caps import LimitReachedError

_log = structlog.get_logger(__name__)

BATCH: Final = 20
#: A claim that nobody has made good after this is anybody's.
LEASE: Final = timedelta(seconds=30)
#: After a call that could not be placed just now, the next try.
TRY_AGAIN: Final = timedelta(seconds=2)


class ClaimedErrand(Protocol):
    """An errand whose call this process may place, for as long as its lease lasts."""

    @property
    def id(self) -> str:
        """The errand's own."""
        ...


Claimed = TypeVar("Claimed", bound=ClaimedErrand)


class ErrandPlacer(Daemon, Generic[Claimed]):
    """One kind's, in one tenure."""

    poll_seconds = 0.5
    #: After these there is no use in trying again.
    final_errors: ClassVar[tuple[type[OffhookError], ...]] = (RefusedError,)

    def __init__(
        self, database: Database, log: EventLog, calls: Places, readiness: Readiness, clock: Clock, *, node: str
    ) -> None:
        super().__init__(clock)
        self._database = database
        self._event_log = log
        self._calls = calls
        self._readiness = readiness
        self._clock = clock
        self._node = node

    async def run_round(self) -> bool:
        ended = await self._settle()
        claimed, has_more = await self._claim()
        if claimed:
            async with asyncio.TaskGroup() as group:
                for one in claimed:
                    group.create_task(self._try_to_place(one), name=f"{self.name} {one.id}")
        return has_more or ended == BATCH

    @abstractmethod
    async def _settle(self) -> int:
        """Tell what came of calls that have ended, of at most ``BATCH``; gives how many."""

    @abstractmethod
    async def _claim(self) -> tuple[list[Claimed], bool]:
        """Those to be placed now, at most ``BATCH``, and whether more are due."""

    @abstractmethod
    async def _dial(self, claimed: Claimed) -> None:
        """Place its call. Raises OffhookError."""

    @abstractmethod
    async def _note_placed(self, claimed: Claimed) -> None:
        """Its call is there."""

    @abstractmethod
    async def _put_off(self, claimed: Claimed, until: datetime) -> None:
        """Its call could not be placed just now; it is nobody's until then."""

    @abstractmethod
    async def _give_up(self, claimed: Claimed, error: OffhookError) -> None:
        """One of ``final_errors`` was met."""

    async def _try_to_place(self, claimed: Claimed) -> None:
        """One that meets trouble must not take the others with it: what it claimed is claimed again."""
        try:
            try:
                await self._place(claimed)
            except DatabaseUnavailableError:
                raise
            except Exception as error:  # noqa: BLE001 -- a mistake of ours, and of this one alone
                # The kind of error, never its text: that may quote whom it is about.
                _log.error("errand_failed", id=claimed.id, error=type(error).__name__)
                await self._put_off(claimed, self._clock.now() + TRY_AGAIN)
        except DatabaseUnavailableError as error:
            _log.warning("errand_not_noted", id=claimed.id, reason=error.message)

    async def _place(self, claimed: Claimed) -> None:
        if failpoints.armed is not None:
            await failpoints.reach(failpoints.Failpoint.ERRAND_CLAIMED)
        try:
            await self._dial(claimed)
        except self.final_errors as error:
            await self._give_up(claimed, error)
        except FencedError:
            pass  # the calls are in other hands by now, and with them this claim
        except OffhookError as error:
            # Asterisk is away, or nobody knows what it did: it is tried while there is time.
            _log.warning("errand_not_placed", id=claimed.id, reason=error.code)
            await self._put_off(claimed, self._clock.now() + _until_next_try(error))
        else:
            if failpoints.armed is not None:
                await failpoints.reach(failpoints.Failpoint.ERRAND_PLACED)
            await self._note_placed(claimed)


def _until_next_try(error: OffhookError) -> timedelta:
    """Where only calls per second are in its way, its turn may come sooner."""
    seconds = error.retry_after_seconds if isinstance(error, LimitReachedError) else None
    return TRY_AGAIN if seconds is None else timedelta(seconds=seconds)


def principal_of(account: asyncpg.Record, asked_by: AskedBy) -> Principal:
    """Whoever asked for an errand, as one who asks for its call."""
    return asked_by.principal(
        account_id=account["id"], account_name=account["name"], default_region=account["default_region"]
    )


def say_why(error: OffhookError) -> str:
    """Why a call was given up, in a line."""
    if isinstance(error, RefusedError):
        return "; ".join(f"{one.code}: {one.message}" for one in error.problems)
    return error.message
