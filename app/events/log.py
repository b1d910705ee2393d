"""The event log: appended in order, read by cursor, never skipped.

A plain sequence is not commit order: a slow transaction could make a lower number visible after a reader has passed
it. So appending takes one lock that PostgreSQL holds until the commit, and numbers are given out under it: what a
reader sees is always everything up to the highest number it sees. Appending in groups keeps the lock cheap.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, Final

import asyncpg
import msgspec
from orjson import Fragment

from app import tracing
from app.db.compound import Filled, Part, write_all_written, write_expressions
from app.db.conditions import Conditions
from app.db.engine import Database, PooledConnection
from app.db.keyset import DEFAULT_COUNT_LIMIT, Key, Listing, RowCount, count_listed, keyset_rows
from app.db.locks import EVENT_LOG
from app.facts.catalogue import decode_fact
from app.facts.event import Actor, ActorKind, Draft, Event
from app.paging import Page, PageRequest

# The lock is taken after whatever else the statement writes (so all who append lock rows first and the log last) and
# before the events' rows are sorted, and the numbers are given out after that: it is held by then. The statement's own
# view of the tables may be older than the lock, so nothing here may look at them.
_APPEND: Final = f"""
appending AS MATERIALIZED (SELECT pg_advisory_xact_lock({EVENT_LOG}) WHERE {{all_written}}),
appended AS (
    INSERT INTO event (id, account_id, type, subject_id, call_sequence, occurred_at, actor_kind, actor_id, request_id,
                       is_sandbox, traceparent, data)
    SELECT draft.id, draft.account_id, draft.type, draft.subject_id, draft.call_sequence, draft.occurred_at,
           draft.actor_kind, draft.actor_id, draft.request_id, draft.is_sandbox, draft.traceparent,
           draft.data
    FROM json_populate_recordset(NULL::event, {{rows}}) AS draft
    CROSS JOIN appending
    -- sequence is the draft's place among them here; the table gives the number
    ORDER BY draft.sequence
    RETURNING sequence, id, account_id, type, subject_id
)"""  # noqa: S608  # our own number

_ENCODER: Final = msgspec.json.Encoder()

_NAMES: Final = (
    *("sequence", "id", "account_id", "type", "subject_id", "call_sequence", "occurred_at", "actor_kind", "actor_id"),
    *("request_id", "is_sandbox", "data"),
)
_COLUMNS: Final = ", ".join("data::text AS data" if name == "data" else name for name in _NAMES)
_KEYS: Final = (Key("sequence", int),)

#: Runs inside the appending transaction, after the events have their numbers.
AppendHook = Callable[[PooledConnection, Sequence[Event]], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class InlineHook:
    """What a hook does for facts of calls, in the very statement that appends them.

    ``call`` is an SQL number that reads the relation ``appended`` (sequence, id, account_id, type, subject_id) and
    takes ``parameters()`` as ``{0}``, ``{1}``, …; ``heard`` is told the number. For accounts for which it ``is_idle``
    it is left out.
    """

    call: str
    parameters: Callable[[], Sequence[Any]]
    heard: Callable[[int], None]
    is_idle: Callable[[Collection[str]], bool]


@dataclass(frozen=True, slots=True)
class Appended:
    """Events that were appended together.

    ``previous`` is the number before theirs: that of the event before, or, after a rolled-back transaction, nobody's.
    """

    previous: int
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Which events; every field that is set must hold. ``[occurred_from, occurred_to)``."""

    types: tuple[str, ...] = ()
    subject_id: str | None = None
    occurred_from: datetime | None = None
    occurred_to: datetime | None = None

    def admits(self, event: Event) -> bool:
        """Whether an event is one of these."""
        return (
            (not self.types or event.type in self.types)
            and (self.subject_id is None or event.subject_id == self.subject_id)
            and (self.occurred_from is None or event.timestamp >= self.occurred_from)
            and (self.occurred_to is None or event.timestamp < self.occurred_to)
        )


EVERYTHING: Final = EventFilter()


class EventLog:
    """The log, on one database."""

    def __init__(
        self,
        database: Database,
        *,
        hooks: Sequence[AppendHook] = (),
        inline: InlineHook | None = None,
        in_flight: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        """``inline`` does for :meth:`write` all that the hooks do elsewhere; without it, they are run there too.

        ``in_flight`` is entered around every append, from before the hooks are asked for until it is committed or has
        failed.
        """
        #: For a transaction of one's own: enter it before, and leave it after the commit.
        self.in_flight = in_flight
        self._database = database
        self._hooks = tuple(hooks)
        self._inline = inline
        self._listeners: list[Callable[[Appended], None]] = []

    def on_appended(self, listener: Callable[[Appended], None]) -> None:
        """Call this listener after each commit of events by this process. It must not block."""
        self._listeners.append(listener)

    def announce(self, appended: Appended) -> None:
        """Tell the listeners; whoever appended in a transaction of its own calls this after its commit."""
        if appended.events:
            for listener in self._listeners:
                listener(appended)

    async def append(self, drafts: Sequence[Draft]) -> tuple[Event, ...]:
        """Append facts in a transaction of their own, and announce them.

        Raises:
            DatabaseUnavailableError: nothing was appended, or nobody knows; the drafts' ids tell when tried again.
        """
        async with self.transaction() as transaction:
            return await transaction.append(drafts)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator["LogTransaction"]:
        """Write rows and append facts about them, both or neither; after the commit the facts are announced.

        Raises:
            DatabaseUnavailableError: nothing was written, or nobody knows.
        """
        async with self._database.acquire() as connection:
            with ExitStack() as until_committed:
                async with connection.transaction():
                    transaction = LogTransaction(connection, self, until_committed)
                    yield transaction
        for appended in transaction.appended:
            self.announce(appended)

    async def append_in(self, connection: PooledConnection, drafts: Sequence[Draft]) -> Appended:
        """Append facts in the caller's transaction, in this order. Best last in it: it takes the log's lock.

        The transaction must be ``in_flight``.
        """
        if not drafts:
            return Appended(0, ())
        appended = await self._write(connection, (), drafts, None)
        for hook in self._hooks:
            await hook(connection, appended.events)
        return appended

    @property
    def needs_transaction(self) -> bool:
        """Whether :meth:`write` is more than one statement."""
        return bool(self._hooks) and self._inline is None

    async def write(self, connection: PooledConnection, rows: Sequence[Filled], drafts: Sequence[Draft]) -> Appended:
        """Write rows and append facts of calls, in this order: one statement, in the caller's transaction or its own.

        Where hooks must be run after it (``needs_transaction``) the caller's. A transaction must be ``in_flight``.
        """
        if self.needs_transaction:
            appended = await self._write(connection, rows, drafts, None)
            for hook in self._hooks if drafts else ():
                await hook(connection, appended.events)
            return appended
        with self.in_flight():
            return await self._write(connection, rows, drafts, self._inline if drafts else None)

    async def _write(
        self, connection: PooledConnection, rows: Sequence[Filled], drafts: Sequence[Draft], inline: InlineHook | None
    ) -> Appended:
        if inline is not None and inline.is_idle({draft.account_id for draft in drafts}):
            inline = None
        parameters: list[Any] = [Fragment(filled.rows) for filled in rows]
        if drafts:
            parameters.append(Fragment(_ENCODER.encode([_row(draft, at) for at, draft in enumerate(drafts)])))
        if inline is not None:
            parameters += inline.parameters()
        statement = _write_statement(tuple(filled.part for filled in rows), inline, has_events=bool(drafts))
        row = await connection.fetchrow(statement, *parameters)
        if not drafts or row is None:
            return Appended(0, ())
        numbers = sorted(row["sequences"])
        if inline is not None:
            inline.heard(row["hooked"])
        events = tuple(_number(draft, sequence) for draft, sequence in zip(drafts, numbers, strict=True))
        return Appended(numbers[0] - 1, events)

    async def head(self) -> int:
        """The number of the last event, 0 when there is none."""
        async with self._database.acquire() as connection:
            value = await connection.fetchval("SELECT max(sequence) FROM event")
        return int(value or 0)

    async def oldest(self) -> int | None:
        """The number of the first event that is still there, None when there is none."""
        async with self._database.acquire() as connection:
            value = await connection.fetchval("SELECT min(sequence) FROM event")
        return None if value is None else int(value)

    async def read_after(
        self, sequence: int, *, limit: int, account_id: str | None = None, where: EventFilter = EVERYTHING
    ) -> list[Event]:
        """The next events after a number, in order; of one account, or (for this service's own use) of all."""
        conditions = _conditions(where, account_id)
        conditions.add("sequence > {}", sequence)
        query = (
            f"SELECT {_COLUMNS} FROM event WHERE {conditions} "  # noqa: S608 -- only our own texts
            f"ORDER BY sequence LIMIT ${len(conditions.values) + 1}"
        )
        async with self._database.acquire() as connection:
            rows = await connection.fetch(query, *conditions.values, limit)
        return [_event(row) for row in rows]

    async def get(self, account_id: str, event_id: str) -> Event | None:
        """One event by its id."""
        query = f"SELECT {_COLUMNS} FROM event WHERE account_id = $1 AND id = $2"  # noqa: S608
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(query, account_id, event_id)
        return None if row is None else _event(row)

    async def count(self, account_id: str, where: EventFilter, *, at_most: int = DEFAULT_COUNT_LIMIT) -> RowCount:
        """How many events :meth:`page` goes through, counting no further than ``at_most``."""
        async with self._database.acquire() as connection:
            return await count_listed(connection, _list(account_id, where), at_most=at_most)

    async def page(self, account_id: str, where: EventFilter, page: PageRequest) -> Page[Event]:
        """A page of the account's events, oldest first; positions are ``(sequence,)``.

        Raises:
            RefusedError: INVALID_CURSOR.
        """
        async with self._database.acquire() as connection:
            return await keyset_rows(
                connection, _list(account_id, where), keys=_KEYS, descending=False, page=page, item=_event
            )


@dataclass(frozen=True, slots=True)
class LogTransaction:
    """A transaction that is open: rows go through its ``connection``, facts through :meth:`append`.

    It is ``in_flight`` from its first append on: whoever waits for a lock before holds up nobody.
    """

    connection: PooledConnection
    _log: EventLog
    _until_committed: ExitStack
    appended: list[Appended] = field(default_factory=list)

    async def append(self, drafts: Sequence[Draft]) -> tuple[Event, ...]:
        """Append facts, in this order. Best last in the transaction: it takes the log's lock."""
        if not self.appended:
            self._until_committed.enter_context(self._log.in_flight())
        appended = await self._log.append_in(self.connection, drafts)
        self.appended.append(appended)
        return appended.events


@cache
def _write_statement(parts: tuple[Part, ...], inline: InlineHook | None, *, has_events: bool) -> str:
    expressions = write_expressions(parts)
    results = ["true AS is_written"]
    if has_events:
        rows = f"${len(parts) + 1}::json"
        expressions.append(_APPEND.format(all_written=write_all_written(parts), rows=rows))
        results.append("ARRAY(SELECT sequence FROM appended) AS sequences")
    if inline is not None:
        names = [f"${len(parts) + 2 + number}" for number in range(len(inline.parameters()))]
        results.append(f"({inline.call.format(*names)}) AS hooked")
    return f"WITH {', '.join(expressions)}\nSELECT {', '.join(results)}"


def _row(draft: Draft, place: int) -> dict[str, Any]:
    return {
        "sequence": place,
        "id": draft.id,
        "account_id": draft.account_id,
        "type": draft.fact.type,
        "subject_id": draft.subject_id,
        "call_sequence": draft.call_sequence,
        "occurred_at": draft.occurred_at,
        "actor_kind": draft.actor.kind,
        "actor_id": draft.actor.id,
        "request_id": draft.request_id,
        "is_sandbox": draft.is_sandbox,
        "traceparent": draft.traceparent or tracing.present(),
        "data": draft.fact,
    }


def _list(account_id: str, where: EventFilter) -> Listing:
    return Listing("event", _NAMES, _COLUMNS, _conditions(where, account_id))


def _conditions(where: EventFilter, account_id: str | None) -> Conditions:
    conditions = Conditions()
    conditions.add_given("account_id = {}", account_id)
    conditions.add_any_of("type", where.types)
    conditions.add_given("subject_id = {}", where.subject_id)
    conditions.add_given("occurred_at >= {}", where.occurred_from)
    conditions.add_given("occurred_at < {}", where.occurred_to)
    return conditions


def _number(draft: Draft, sequence: int) -> Event:
    return Event(
        id=draft.id,
        type=draft.fact.type,
        timestamp=draft.occurred_at,
        sequence=sequence,
        account_id=draft.account_id,
        subject_id=draft.subject_id,
        actor=draft.actor,
        fact=draft.fact,
        call_sequence=draft.call_sequence,
        request_id=draft.request_id,
        is_sandbox=draft.is_sandbox,
    )


def _event(row: asyncpg.Record) -> Event:
    return Event(
        id=row["id"],
        type=row["type"],
        timestamp=row["occurred_at"],
        sequence=row["sequence"],
        account_id=row["account_id"],
        subject_id=row["subject_id"],
        actor=Actor(kind=ActorKind(row["actor_kind"]), id=row["actor_id"]),
        fact=decode_fact(row["type"], row["data"]),
        call_sequence=row["call_sequence"],
        request_id=row["request_id"],
        is_sandbox=row["is_sandbox"],
    )
