"""The call store: what all calls have ready goes into one transaction while the next is being gathered.

One row in a transaction of its own costs PostgreSQL a flush; a hundred together cost the same flush. So actors hand
over their changes and wait; the store writes whatever has gathered since the last commit. While the database is away
what happens to live calls is ``postponed``, and no new call begins.
"""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import structlog

from app import tracing
from app.calls.core.model.call import Call, decode_call
from app.calls.keeping.change import Change, FencedError, KeyTaken, make_drafts
from app.calls.keeping.commit import Admit, Committer, is_fenced
from app.calls.keeping.keys import KeyHolder, KeyVeil, find_key
from app.calls.keeping.postponed import Postponed
from app.calls.keeping.spool import Spool
from app.db.engine import Database
from app.errors import DatabaseUnavailableError, OverloadedError, UnavailableError
from app.events.log import EventLog

__all__ = ["CallStore", "Change", "FencedError", "KeyTaken", "make_drafts"]

_log = structlog.get_logger(__name__)

LARGEST_GROUP: Final = 256
#: How long live calls wait for the database before it counts as away, where there is a spool for what happens then.
_PATIENCE_SECONDS: Final = 3.0
#: A try that failed sooner than this is made once more at once: a connection was cut, and the next one is good.
_QUICK_SECONDS: Final = 1.0


@dataclass(slots=True)
class _Waiting:
    """``traceparent`` is the place in a trace of whoever waits."""

    change: Change
    done: "asyncio.Future[KeyTaken | None]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    traceparent: str | None = None


class CallStore:
    """Group commit for calls. ``run`` is its one writer.

    ``admit`` is awaited with each new connection of the writer's: it raises FencedError when this process may not write
    any more (see ``ownership.fence``), which costs nothing at the commits themselves. Without a ``spool`` live calls
    wait while the database is away. ``veil`` finds keys of requests whose persons are forgotten.
    """

    def __init__(
        self,
        database: Database,
        log: EventLog,
        *,
        capacity: int = 10_000,
        admit: Admit | None = None,
        spool: Spool | None = None,
        veil: KeyVeil | None = None,
    ) -> None:
        self._database = database
        self._veil = veil
        self._committer = Committer(database, log, admit=admit)
        self._postponed = None if spool is None else Postponed(spool, self._committer)
        self._capacity = capacity
        self._waiting: deque[_Waiting] = deque()
        self._in_flight = 0
        self._has_work = asyncio.Event()
        self._is_away = False

    @property
    def backlog(self) -> int:
        """Changes that are not durable yet: those that wait, and those that are being written."""
        return len(self._waiting) + self._in_flight

    @property
    def is_postponing(self) -> bool:
        """Whether changes are on this machine's disk only, until the database is back."""
        return self._postponed is not None and self._postponed.is_open

    async def commit(self, change: Change) -> KeyTaken | None:
        """Write a change; returns once it is durable and its facts are announced.

        While the database is away the announcement of a live call's facts follows when it is back.

        Raises:
            DatabaseUnavailableError: nobody knows whether it was written; the same change may be handed in again.
            FencedError: another process has written the call meanwhile.
            OverloadedError: too many changes wait already.
        """
        if tracing.armed is None:
            return await self._hand_in(change)
        with tracing.armed.span("commit", parent=change.call.traceparent, about=_about(change)) as span:
            return await self._hand_in(change, span.traceparent)

    async def _hand_in(self, change: Change, traceparent: str | None = None) -> KeyTaken | None:
        if self._postponed is not None and self._postponed.lift_bar(change.call.id):
            raise FencedError(change.call.id)
        if len(self._waiting) >= self._capacity:
            raise OverloadedError(f"The call store is full: {self._capacity} changes are waiting.")
        waiting = _Waiting(change, traceparent=traceparent)
        self._waiting.append(waiting)
        self._has_work.set()
        return await waiting.done

    async def open(self) -> None:
        """Become the one who writes these calls, before any of them is read.

        Raises:
            FencedError: another process writes them.
            DatabaseUnavailableError: the database is away.
        """
        await self._committer.open()

    async def run(self) -> None:
        """Write until cancelled; first of all what an earlier process could not."""
        try:
            if self._postponed is None:
                await self._write_all()
                return
            async with asyncio.TaskGroup() as group:
                group.create_task(self._postponed.run(), name="postponed")
                await self._postponed.wait_until_looked()
                await self._write_all()
        finally:
            self._committer.close()

    async def _write_all(self) -> None:
        while True:
            await self._has_work.wait()
            group = [self._waiting.popleft() for _ in range(min(LARGEST_GROUP, len(self._waiting)))]
            if not self._waiting:
                self._has_work.clear()
            self._in_flight = len(group)
            try:
                if self._postponed is None:
                    await self._write_or_tell(group)
                else:
                    await self._write_or_postpone(group, self._postponed)
            finally:
                self._in_flight = 0

    async def _write_or_postpone(self, group: Sequence[_Waiting], postponed: Postponed) -> None:
        # Whoever was barred while it waited here.
        barred = [waiting for waiting in group if postponed.lift_bar(waiting.change.call.id)]
        for waiting in barred:
            _tell([waiting], FencedError(waiting.change.call.id))
        group = [waiting for waiting in group if waiting not in barred] if barred else group
        new = [waiting for waiting in group if waiting.change.claim is not None]
        live = [waiting for waiting in group if waiting.change.claim is None]
        if not postponed.is_open:
            began = time.monotonic()
            error = await self._try(group) if group else None
            if error is None:
                return
            _tell(new, error)
            live = [
                _Waiting(replace(waiting.change, is_retry=True), waiting.done, waiting.traceparent)
                for waiting in live
                if not waiting.done.done()
            ]
            if live and time.monotonic() - began < _QUICK_SECONDS:
                error = await self._try(live)
                if error is None:
                    return
                live = [waiting for waiting in live if not waiting.done.done()]
            if live:
                await self._postpone(live, postponed, error.message)
            return
        if live:
            await self._postpone(live, postponed, "earlier changes wait")
        if new and postponed.is_away:
            _tell(new, DatabaseUnavailableError("The database is not available."))
        elif new:
            # Live calls come behind them: they wait no longer for a database that is back by half.
            await self._write_or_tell(new, _deadline())

    async def _try(self, group: Sequence[_Waiting]) -> UnavailableError | None:
        """Write a group, as long as live calls may wait; gives the error when the database is away."""
        try:
            await self._write(group, _deadline())
        except UnavailableError as error:
            return error
        return None

    async def _postpone(self, live: Sequence[_Waiting], postponed: Postponed, reason: str) -> None:
        try:
            await postponed.append([waiting.change for waiting in live], reason)
        except DatabaseUnavailableError as error:
            _tell(live, error)
        else:
            for waiting in live:
                if not waiting.done.done():
                    waiting.done.set_result(None)

    async def find_key(self, account_id: str, mutation: str, key: str) -> KeyHolder | None:
        """Who has this idempotency key, if anybody."""
        async with self._database.acquire() as connection:
            return await find_key(connection, account_id, mutation, key, self._veil)

    async def load(self, call_id: str) -> Call | None:
        """A call as it was last written, whoever's it is: for this service's own use."""
        await self._wait_for_postponed()
        async with self._database.acquire() as connection:
            snapshot = await connection.fetchval("SELECT snapshot::text FROM call WHERE id = $1", call_id)
        return None if snapshot is None else decode_call(snapshot)

    async def load_many(self, call_ids: Sequence[str]) -> list[Call]:
        """Calls as they were last written, in no order: for whoever takes them over, since they have no actor."""
        await self._wait_for_postponed()
        if self._postponed is not None:
            for call_id in call_ids:
                self._postponed.lift_bar(call_id)  # an actor that ended without another word left it behind
        async with self._database.acquire() as connection:
            rows = await connection.fetch("SELECT snapshot::text FROM call WHERE id = ANY($1::text[])", list(call_ids))
        return [decode_call(row["snapshot"]) for row in rows]

    async def load_open(self, node: str) -> list[Call]:
        """All calls of this node with something left to do."""
        await self._wait_for_postponed()
        async with self._database.acquire() as connection:
            rows = await connection.fetch(
                "SELECT snapshot::text FROM call WHERE node = $1 AND NOT is_settled ORDER BY created_at", node
            )
        return [decode_call(row["snapshot"]) for row in rows]

    async def _wait_for_postponed(self) -> None:
        """Calls are read as they are, never as they were before an outage.

        Raises:
            DatabaseUnavailableError: they cannot be read as they are yet.
        """
        if self._postponed is not None:
            await self._postponed.wait_until_empty()

    async def _write_or_tell(self, group: Sequence[_Waiting], deadline: float | None = None) -> None:
        try:
            await self._write(group, deadline)
        except UnavailableError as error:
            self._say_away(error, len(group))
            _tell(group, error)
        else:
            self._say_back()

    async def _write(self, group: Sequence[_Waiting], deadline: float | None) -> None:
        """Write a group and tell those who wait, of success and of whatever is wrong with their own change.

        Raises:
            UnavailableError: the database is away. Those who were not told yet wait.
        """
        try:
            taken = await self._write_together(group, deadline)
        except UnavailableError:
            raise
        except Exception as error:  # noqa: BLE001 -- each waiting actor hears it and decides; the writer must live
            if len(group) > 1:
                # One change that cannot be encoded, or that PostgreSQL does not take, must not sink the others.
                for waiting in group:
                    await self._write([waiting], deadline)
                return
            call_id = group[0].change.call.id
            fenced = is_fenced(error)
            _log.error("call_fenced" if fenced else "change_not_storable", call_id=call_id, error=type(error).__name__)
            _tell(group, FencedError(call_id) if fenced else error)
        else:
            for waiting in group:
                if not waiting.done.done():
                    waiting.done.set_result(taken.get(waiting.change.call.id))

    async def _write_together(self, group: Sequence[_Waiting], deadline: float | None) -> dict[str, KeyTaken]:
        changes = [waiting.change for waiting in group]
        if tracing.armed is None:
            return await self._committer.write(changes, deadline=deadline)
        # It is many calls', so it is in none of their traces, and says which wait for it.
        links = [waiting.traceparent for waiting in group if waiting.traceparent is not None]
        about = {"offhook.commit.changes": len(changes)}
        with (
            tracing.armed.span("commit group", parent=None, about=about, links=links, begins=bool(links)),
            tracing.at(None),
        ):
            return await self._committer.write(changes, deadline=deadline)

    def _say_away(self, error: UnavailableError, waiting: int) -> None:
        if not self._is_away:
            self._is_away = True
            _log.error("commits_postponed", code=error.code, reason=error.message, changes=waiting)

    def _say_back(self) -> None:
        if self._is_away:
            self._is_away = False
            _log.info("commits_resumed")


def _about(change: Change) -> tracing.About:
    """What a trace says of a change: its facts, by their types and ids."""
    return {
        tracing.CALL_ID: change.call.id,
        "offhook.event.types": [draft.fact.type for draft in change.drafts],
        "offhook.event.ids": [draft.id for draft in change.drafts],
    }


def _deadline() -> float:
    """Until when live calls wait from now on, by the loop's clock."""
    return asyncio.get_running_loop().time() + _PATIENCE_SECONDS


def _tell(group: Sequence[_Waiting], error: Exception) -> None:
    for waiting in group:
        if not waiting.done.done():
            waiting.done.set_exception(error)
