"""Placing callbacks when they are due, by their idempotency key ``<callback>:<n>``; and trying again.

A callback whose call came to nothing before anybody's phone rang (its process died, the trunk was full) is placed anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final

import asyncpg

from app.accounts.principal import Principal
from app.callbacks import store
from app.callbacks.model import Callback
from app.callbacks.telling import say
from app.calls.planning.requests import OwnCall
from app.db.engine import PooledConnection
from app.errands.placer import BATCH, LEASE, TRY_AGAIN, ErrandPlacer, principal_of, say_why
from app.errands.rows import accounts_of, calls_there
from app.errors import OffhookError
from app.facts.callbacks import CallbackCompleted, CallbackFailed, CallbackFailure, CallbackStarted, CallbackUpdated
from app.facts.event import Draft
from app.facts.vocabulary import CallKind, Disposition, Errand
from app.ids import CallId, Kind, new_id
from app.testclock.clock import SandboxClock
from app.testclock.rows import read_clock

#: The space of its calls' idempotency keys: no client's mutation has this name.
KEYS: Final = "callback"


@dataclass(frozen=True, slots=True)
class _Claimed:
    callback: Callback
    call_id: CallId
    principal: Principal
    #: By its clock; as a true instant.
    due_since: datetime

    @property
    def id(self) -> str:
        return self.callback.id


class CallbackScheduler(ErrandPlacer[_Claimed]):
    """One tenure's."""

    name: ClassVar[str] = "callbacks"

    async def _claim(self) -> tuple[list[_Claimed], bool]:
        """Those to be placed now; whoever is too late, or must not be called, is told so here."""
        if self._readiness.why_not_ready is not None:
            return [], False  # what is due waits; should it take too long, it is told when somebody is ready again
        now = self._clock.now()
        claimed: list[_Claimed] = []
        async with self._event_log.transaction() as transaction:
            rows = await store.lock_due(transaction.connection, now=now, node=self._node, limit=BATCH)
            await transaction.append(await self._sort(transaction.connection, rows, now, claimed))
        return claimed, len(rows) == BATCH

    async def _sort(
        self, connection: PooledConnection, rows: Sequence[asyncpg.Record], now: datetime, claimed: list[_Claimed]
    ) -> list[Draft]:
        if not rows:
            return []
        due = [store.read(row) for row in rows]
        accounts = await accounts_of(connection, sorted({one.account_id for one in due}))
        there = await calls_there(connection, [one.call_id for one in due if one.call_id is not None])
        barred = await store.not_to_be_called(connection, due)
        drafts: list[Draft] = []
        for row, one in zip(rows, due, strict=True):
            clock = read_clock(row)
            if one.call_id not in there:  # what has been dialled has been dialled
                if one.id in barred:
                    detail = "The number is on a do-not-call list."
                    drafts += await self._fail(connection, one.id, CallbackFailure.DNC, detail, now)
                    continue
                if _is_too_late(one, clock, now):
                    detail = f"Nobody could place it within {one.grace_seconds:g} seconds."
                    drafts += await self._fail(connection, one.id, CallbackFailure.MISSED, detail, now)
                    continue
            call_id = CallId(one.call_id or new_id(Kind.CALL))
            await store.claim(connection, one.id, call_id=call_id, node=self._node, until=now + LEASE, now=now)
            principal = principal_of(accounts[one.account_id], store.read_asked_by(row))
            claimed.append(_Claimed(one, call_id, principal, clock.became_due(one.due_at)))
        return drafts

    async def _dial(self, claimed: _Claimed) -> None:
        callback = claimed.callback
        own = OwnCall(
            kind=CallKind.CALLBACK, errand=Errand(callback_id=callback.id), call_id=claimed.call_id, keys=KEYS
        )
        await self._calls.place(
            claimed.principal, callback.wanted.request(f"{callback.id}:{callback.attempt + 1}"), own
        )

    async def _note_placed(self, claimed: _Claimed) -> None:
        callback, now = claimed.callback, self._clock.now()
        async with self._event_log.transaction() as transaction:
            started = await store.start(transaction.connection, callback, claimed.call_id, at=now)
            if started is not None:
                late = max(0.0, round((now - claimed.due_since).total_seconds(), 3))
                fact = say(CallbackStarted, started, at=now, call_id=claimed.call_id, late_seconds=late)
                await transaction.append([fact])

    async def _put_off(self, claimed: _Claimed, until: datetime) -> None:
        async with self._database.acquire() as connection:
            await store.release(connection, claimed.id, claimed.call_id, try_at=until)

    async def _give_up(self, claimed: _Claimed, error: OffhookError) -> None:
        async with self._event_log.transaction() as transaction:
            drafts = await self._fail(
                transaction.connection,
                claimed.id,
                CallbackFailure.REFUSED,
                say_why(error),
                self._clock.now(),
                claimed_call=claimed.call_id,
            )
            await transaction.append(drafts)

    async def _settle(self) -> int:
        now = self._clock.now()
        drafts: list[Draft] = []
        async with self._event_log.transaction() as transaction:
            rows = await store.lock_ended(transaction.connection, BATCH)
            for row in rows:
                drafts += await self._settle_one(transaction.connection, row, now)
            await transaction.append(drafts)
        return len(rows)

    async def _settle_one(self, connection: PooledConnection, row: asyncpg.Record, now: datetime) -> list[Draft]:
        callback, is_connected, is_lost = store.read(row), row["connected_at"] is not None, row["is_lost"]
        clock = read_clock(row)
        await store.end_attempt(
            connection,
            callback.id,
            callback.attempt,
            at=row["call_ended_at"],
            disposition=None if is_lost else row["disposition"],
            is_connected=is_connected,
        )
        if is_lost and _is_too_late(callback, clock, now):
            detail = f"Its call was lost before anybody's phone rang, and {callback.grace_seconds:g} seconds were over."
            return await self._fail(connection, callback.id, CallbackFailure.MISSED, detail, now)
        if is_lost:
            again = await store.place_anew(connection, callback.id, now=now, try_at=now + TRY_AGAIN)
            return [say(CallbackUpdated, again, at=now, is_retry=True)]
        if is_connected:
            await store.complete(connection, callback.id, now=now)
            talked = row["talk_seconds"] or 0.0
            return [say(CallbackCompleted, callback, at=now, call_id=callback.call_id, talk_seconds=talked)]
        if await store.attempts_used(connection, callback.id) < callback.max_attempts:
            due_at = clock.shows(now) + timedelta(seconds=callback.retry_after_seconds)
            again = await store.schedule_again(connection, callback.id, due_at=due_at, now=now)
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
        claimed_call: str | None = None,
    ) -> list[Draft]:
        row = await store.fail(connection, callback_id, failure, detail, now=now, claimed_call=claimed_call)
        if row is None:
            return []
        one = store.read(row)
        fact = say(
            CallbackFailed, one, at=now, reason=failure, detail=detail, call_id=one.call_id, disposition=disposition
        )
        return [fact]


def _is_too_late(callback: Callback, clock: SandboxClock, now: datetime) -> bool:
    return now > clock.became_due(callback.due_at) + timedelta(seconds=callback.grace_seconds)
