"""Placing callbacks when they are due: each once, whoever dies meanwhile, and telling what came of it.

A round claims what is due (locked rows are another's, a claim is a lease), places the calls, and notes that they are
there. The call's id and its idempotency key ``<callback>:<n>`` are known before it is: whoever dies in between leaves
a claim, and the next who takes it finds the call by its key, or places it. Nobody dials twice. What came of a call is
read off its row, so nobody has to have watched it. One that was lost with its process before it rang is placed anew.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final

import asyncpg
import structlog

from app import failpoints
from app.accounts.principal import Principal
from app.callbacks import store
from app.callbacks.model import Callback
from app.callbacks.telling import say
from app.calls.change import FencedError
from app.calls.placing import Places, Readiness
from app.calls.requests import OwnCall
from app.clock import Clock
from app.daemon import Daemon
from app.db.engine import Database, PooledConnection
from app.errors import DatabaseUnavailableError, OffhookError, RefusedError
from app.events.log import EventLog
from app.facts.callbacks import CallbackCompleted, CallbackFailed, CallbackFailure, CallbackStarted, CallbackUpdated
from app.facts.event import Draft
from app.facts.vocabulary import CallKind, Disposition, Errand
from app.ids import CallId, Kind, new_id

_log = structlog.get_logger(__name__)

#: The space of its calls' idempotency keys: no client's mutation has this name.
KEYS: Final = "callback"
BATCH: Final = 20
#: A claim that nobody has made good after this is anybody's.
LEASE: Final = timedelta(seconds=30)
#: After a call that could not be placed just now, the next try.
TRY_AGAIN: Final = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class _Claimed:
    callback: Callback
    call_id: CallId
    principal: Principal


class CallbackScheduler(Daemon):
    """One tenure's."""

    name: ClassVar[str] = "callbacks"
    poll_seconds = 0.5

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
                    group.create_task(self._try_to_place(one), name=f"callback {one.callback.id}")
        return has_more or ended == BATCH

    async def _claim(self) -> tuple[list[_Claimed], bool]:
        """Those to be placed now; whoever is too late, or must not be called, is told so here."""
        if self._readiness.why_not_ready is not None:
            return [], False  # what is due waits; should it take too long, it is told when somebody is ready again
        now = self._clock.now()
        claimed: list[_Claimed] = []
        async with self._database.acquire() as connection:
            with self._event_log.in_flight():
                async with connection.transaction():
                    rows = await store.lock_due(connection, now=now, node=self._node, limit=BATCH)
                    drafts = await self._sort(connection, rows, now, claimed)
                    appended = await self._event_log.append_in(connection, drafts)
        self._event_log.announce(appended)
        return claimed, len(rows) == BATCH

    async def _sort(
        self, connection: PooledConnection, rows: Sequence[asyncpg.Record], now: datetime, claimed: list[_Claimed]
    ) -> list[Draft]:
        if not rows:
            return []
        due = [store.read(row) for row in rows]
        accounts = await store.accounts_of(connection, sorted({one.account_id for one in due}))
        there = await store.calls_there(connection, [one.call_id for one in due if one.call_id is not None])
        barred = await store.not_to_be_called(connection, due)
        drafts: list[Draft] = []
        for row, one in zip(rows, due, strict=True):
            if one.call_id not in there:  # what has been dialled has been dialled
                if one.id in barred:
                    detail = "The number is on a do-not-call list."
                    drafts += await self._fail(connection, one.id, CallbackFailure.DNC, detail, now)
                    continue
                if _is_too_late(one, now):
                    detail = f"Nobody could place it within {one.grace_seconds:g} seconds."
                    drafts += await self._fail(connection, one.id, CallbackFailure.MISSED, detail, now)
                    continue
            call_id = CallId(one.call_id or new_id(Kind.CALL))
            await store.claim(connection, one.id, call_id=call_id, node=self._node, until=now + LEASE)
            account = accounts[one.account_id]
            principal = store.read_asked_by(row).principal(
                account_id=one.account_id, account_name=account["name"], default_region=account["default_region"]
            )
            claimed.append(_Claimed(one, call_id, principal))
        return drafts

    async def _try_to_place(self, claimed: _Claimed) -> None:
        """One that meets an outage must not take the others with it: what it claimed is claimed again."""
        try:
            await self._place(claimed)
        except DatabaseUnavailableError as error:
            _log.warning("callback_not_noted", callback_id=claimed.callback.id, reason=error.message)

    async def _place(self, claimed: _Claimed) -> None:
        callback = claimed.callback
        if failpoints.armed is not None:
            await failpoints.reach(failpoints.Failpoint.ERRAND_CLAIMED)
        key = f"{callback.id}:{callback.attempt + 1}"
        own = OwnCall(
            kind=CallKind.CALLBACK, errand=Errand(callback_id=callback.id), call_id=claimed.call_id, keys=KEYS
        )
        try:
            await self._calls.place(claimed.principal, callback.wanted.request(key), own)
        except RefusedError as refused:
            await self._give_up(callback, refused)
        except FencedError:
            pass  # the calls are in other hands by now, and with them this claim
        except OffhookError as error:
            # It is away, or nobody knows what it is: it is tried until the grace is over.
            _log.warning("callback_not_placed", callback_id=callback.id, reason=error.code)
            async with self._database.acquire() as connection:
                try_at = self._clock.now() + TRY_AGAIN
                await store.release(connection, callback.id, claimed.call_id, try_at=try_at)
        else:
            if failpoints.armed is not None:
                await failpoints.reach(failpoints.Failpoint.ERRAND_PLACED)
            await self._note_started(callback, claimed.call_id)

    async def _note_started(self, callback: Callback, call_id: CallId) -> None:
        now = self._clock.now()
        async with self._database.acquire() as connection:
            with self._event_log.in_flight():
                async with connection.transaction():
                    started = await store.start(connection, callback, call_id, at=now)
                    if started is None:
                        return
                    late = max(0.0, round((now - callback.due_at).total_seconds(), 3))
                    fact = say(CallbackStarted, started, at=now, call_id=call_id, late_seconds=late)
                    appended = await self._event_log.append_in(connection, [fact])
        self._event_log.announce(appended)

    async def _give_up(self, callback: Callback, refused: RefusedError) -> None:
        detail = "; ".join(f"{one.code}: {one.message}" for one in refused.problems)
        now = self._clock.now()
        async with self._database.acquire() as connection:
            with self._event_log.in_flight():
                async with connection.transaction():
                    drafts = await self._fail(connection, callback.id, CallbackFailure.REFUSED, detail, now)
                    appended = await self._event_log.append_in(connection, drafts)
        self._event_log.announce(appended)

    async def _settle(self) -> int:
        """Tell what came of calls that have ended; gives how many."""
        now = self._clock.now()
        drafts: list[Draft] = []
        async with self._database.acquire() as connection:
            with self._event_log.in_flight():
                async with connection.transaction():
                    rows = await store.lock_ended(connection, BATCH)
                    for row in rows:
                        drafts += await self._settle_one(connection, row, now)
                    appended = await self._event_log.append_in(connection, drafts)
        self._event_log.announce(appended)
        return len(rows)

    async def _settle_one(self, connection: PooledConnection, row: asyncpg.Record, now: datetime) -> list[Draft]:
        callback, is_connected, is_lost = store.read(row), row["connected_at"] is not None, row["is_lost"]
        await store.end_attempt(
            connection,
            callback.id,
            callback.attempt,
            at=row["call_ended_at"],
            disposition=None if is_lost else row["disposition"],
            is_connected=is_connected,
        )
        if is_lost and _is_too_late(callback, now):
            detail = f"Its call was lost before anybody's phone rang, and {callback.grace_seconds:g} seconds were over."
            return await self._fail(connection, callback.id, CallbackFailure.MISSED, detail, now)
        if is_lost:
            again = await store.place_anew(connection, callback.id, now=now)
            return [say(CallbackUpdated, again, at=now, is_retry=True)]
        if is_connected:
            await store.complete(connection, callback.id, now=now)
            talked = row["talk_seconds"] or 0.0
            return [say(CallbackCompleted, callback, at=now, call_id=callback.call_id, talk_seconds=talked)]
        if await store.attempts_used(connection, callback.id) < callback.max_attempts:
            again = await store.schedule_again(connection, callback.id, now=now, after=callback.retry_after_seconds)
            return [say(CallbackUpdated, again, at=now, is_retry=True)]
        disposition = Disposition(row["disposition"]) if row["disposition"] else None
        detail = f"Its call ended without a connection ({disposition})."
        return await self._fail(
            connection, callback.id, CallbackFailure.NOT_CONNECTED, detail, now, disposition=disposition
        )

    async def _fail(
        self,
        connection: PooledConnection,
        callback_id: str,
        failure: CallbackFailure,
        detail: str,
        now: datetime,
        *,
        disposition: Disposition | None = None,
    ) -> list[Draft]:
        row = await store.fail(connection, callback_id, failure, detail, now=now)
        if row is None:
            return []
        one = store.read(row)
        fact = say(
            CallbackFailed, one, at=now, reason=failure, detail=detail, call_id=one.call_id, disposition=disposition
        )
        return [fact]


def _is_too_late(callback: Callback, now: datetime) -> bool:
    return now > callback.due_at + timedelta(seconds=callback.grace_seconds)
