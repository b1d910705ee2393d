"""The numbers on DNC lists by hand, and by those who wish to be called no more."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from app.accounts.audit import AuditLog, entry_by
from app.accounts.principal import Principal
from app.accounts.service import check_text
from app.clock import Clock
from app.contacts.accounts import find_reader
from app.contacts.csv_columns import LONGEST_REASON
from app.contacts.lists import touch_dnc
from app.contacts.model import DncEntry, GivenEntry
from app.contacts.numbers import NumberReader, NumberRefusedError
from app.contacts.rows import ENTRY_COLUMNS, ENTRY_NAMES, NewEntry, read_entry, write_entries
from app.contacts.words import DncSource
from app.db.conditions import Conditions
from app.db.engine import Database, PooledConnection
from app.db.keyset import DEFAULT_COUNT_LIMIT, Key, Listing, RowCount, count_listed, keyset_rows
from app.errors import Problem, RefusedError
from app.events.log import EventLog
from app.facts.dnc import DncEntryAdded
from app.facts.event import SYSTEM, Actor, Draft
from app.facts.vocabulary import Party
from app.ids import Kind, new_id
from app.paging import Page, PageRequest

MOST_AT_ONCE: Final = 1000
#: What the list is called that is made for those who opt out, where the account has none that applies to all.
OPT_OUT_LIST: Final = "Opt-outs"

_KEYS: Final = (Key("position", int),)
_LAST_POSITION: Final = 2**63 - 1
_FIND_OPT_OUT_LIST: Final = """
SELECT id FROM dnc_list WHERE account_id = $1 AND deleted_at IS NULL
    AND CASE WHEN $2::text IS NULL THEN applies_to_all ELSE id = $2 END
ORDER BY created_at, id LIMIT 1
"""
_MAKE_OPT_OUT_LIST: Final = f"""
INSERT INTO dnc_list (id, account_id, name) VALUES ($1, $2, '{OPT_OUT_LIST}')
ON CONFLICT (account_id, name) WHERE deleted_at IS NULL DO UPDATE SET applies_to_all = true
RETURNING id
"""  # noqa: S608  # our own name


class DncEntries:
    """Every method takes the account and looks nowhere else, and raises DatabaseUnavailableError when it is away."""

    def __init__(self, database: Database, log: EventLog, audit: AuditLog, clock: Clock) -> None:
        self._database = database
        self._log = log
        self._audit = audit
        self._clock = clock

    async def get(self, account_id: str, list_id: str, position: int) -> DncEntry | None:
        """The entry at this place of a list; None when there is none (any more)."""
        if position > _LAST_POSITION:
            return None
        where = _listing(account_id, list_id, None).where
        where.add("position = {}", position)
        query = f"SELECT {ENTRY_COLUMNS} FROM dnc_entry WHERE {where}"  # noqa: S608  # our own names
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(query, *where.values)
        return None if row is None else read_entry(row)

    async def page(self, account_id: str, list_id: str, number: str | None, request: PageRequest) -> Page[DncEntry]:
        """A list's entries, in the order in which they came; with a ``number``, that one alone.

        Raises:
            RefusedError: INVALID_CURSOR.
        """
        async with self._database.acquire() as connection:
            listing = _listing(account_id, list_id, number)
            return await keyset_rows(connection, listing, keys=_KEYS, descending=False, page=request, item=read_entry)

    async def count(
        self, account_id: str, list_id: str, number: str | None, *, at_most: int = DEFAULT_COUNT_LIMIT
    ) -> RowCount:
        """How many there are, counting no further than ``at_most``."""
        async with self._database.acquire() as connection:
            return await count_listed(connection, _listing(account_id, list_id, number), at_most=at_most)

    async def add(self, by: Principal, list_id: str, given: Sequence[GivenEntry]) -> list[DncEntry]:
        """Put numbers on a list, all or none; gives the entries, also of those that were there and stay as they were.

        Raises:
            RefusedError: NOT_FOUND; INVALID_INPUT, INVALID_NUMBER for each that is malformed or given twice.
        """
        if not 1 <= len(given) <= MOST_AT_ONCE:
            raise RefusedError(Problem("INVALID_INPUT", f"Give 1 to {MOST_AT_ONCE} entries.", ("entries",)))
        now = self._clock.now()
        async with self._database.acquire() as connection:
            reader = await find_reader(connection, by.account_id, is_test=by.is_test)
        entries = await asyncio.to_thread(_read_all, reader, given)  # of new ranges, a thousand take a while
        numbers = [one.number for one in entries]
        async with self._log.transaction() as transaction:
            connection = transaction.connection
            await touch_dnc(connection, by.account_id, list_id, now, field="listId")
            written = await write_entries(connection, by.account_id, list_id, entries, at=now, source=DncSource.API)
            rows = await connection.fetch(
                f"SELECT {ENTRY_COLUMNS} FROM dnc_entry "  # noqa: S608  # our own names
                "WHERE list_id = $1 AND number = ANY($2::text[]) ORDER BY position",
                list_id,
                numbers,
            )
            found = [read_entry(row) for row in rows]
            drafts = [
                _draft(one, at=now, actor=by.actor, request_id=by.request_id, is_sandbox=by.is_test)
                for one in found
                if one.number in written.added
            ]
            await transaction.append(drafts)
        self._audit.record(entry_by(by, "dnc_entry.add", account_id=by.account_id, subject_id=list_id))
        return found

    async def remove(self, by: Principal, list_id: str, numbers: Sequence[str]) -> int:
        """Take numbers off a list; gives how many were on it.

        Raises:
            RefusedError: NOT_FOUND; INVALID_INPUT; INVALID_NUMBER for each that is malformed.
        """
        if not 1 <= len(numbers) <= MOST_AT_ONCE:
            raise RefusedError(Problem("INVALID_INPUT", f"Give 1 to {MOST_AT_ONCE} numbers.", ("numbers",)))
        now = self._clock.now()
        async with self._database.acquire() as connection:
            reader = await find_reader(connection, by.account_id, is_test=by.is_test)
        wanted = await asyncio.to_thread(_read_numbers, reader, numbers)
        async with self._database.acquire() as connection, connection.transaction():
            await touch_dnc(connection, by.account_id, list_id, now, field="listId")
            done = await connection.fetch(
                "DELETE FROM dnc_entry WHERE list_id = $1 AND account_id = $2 AND number = ANY($3::text[]) RETURNING 1",
                list_id,
                by.account_id,
                wanted,
            )
        self._audit.record(entry_by(by, "dnc_entry.remove", account_id=by.account_id, subject_id=list_id))
        return len(done)

    async def add_opt_out(
        self,
        connection: PooledConnection,
        account_id: str,
        number: str,
        *,
        reason: str | None = None,
        list_id: str | None = None,
        call_id: str | None = None,
        is_sandbox: bool = False,
    ) -> list[Draft]:
        """Put the number of somebody who wishes so on a list, in the caller's transaction.

        On the list that is given, else on the account's oldest that applies to all; where there is none, one is made.
        Gives the facts to be appended in the same transaction: none when the number was on the list.
        """
        now = self._clock.now()
        found = await connection.fetchval(_FIND_OPT_OUT_LIST, account_id, list_id)
        if found is None and list_id is not None:  # it was deleted meanwhile; the wish holds all the same
            found = await connection.fetchval(_FIND_OPT_OUT_LIST, account_id, None)
        if found is None:
            found = await connection.fetchval(_MAKE_OPT_OUT_LIST, new_id(Kind.DNC_LIST), account_id)
        await touch_dnc(connection, account_id, found, now)
        entry = NewEntry(number, reason)
        written = await write_entries(connection, account_id, found, [entry], at=now, source=DncSource.OPT_OUT)
        if not written.added:
            return []
        fact = DncEntryAdded(
            list_id=found, party=Party(number=number), source=DncSource.OPT_OUT, reason=reason, call_id=call_id
        )
        return [
            Draft(
                id=new_id(Kind.EVENT),
                account_id=account_id,
                subject_id=found,
                occurred_at=now,
                fact=fact,
                actor=SYSTEM,
                is_sandbox=is_sandbox,
            )
        ]


def _draft(entry: DncEntry, *, at: datetime, actor: Actor, request_id: str | None, is_sandbox: bool) -> Draft:
    return Draft(
        id=new_id(Kind.EVENT),
        account_id=entry.account_id,
        subject_id=entry.list_id,
        occurred_at=at,
        fact=DncEntryAdded(
            list_id=entry.list_id,
            party=Party(number=entry.number),
            source=entry.source,
            reason=entry.reason,
        ),
        actor=actor,
        request_id=request_id,
        is_sandbox=is_sandbox,
    )


def _listing(account_id: str, list_id: str, number: str | None) -> Listing:
    found = Conditions()
    found.add("account_id = {}", account_id)
    found.add("list_id = {}", list_id)
    found.add("EXISTS (SELECT FROM dnc_list WHERE dnc_list.id = {} AND dnc_list.deleted_at IS NULL)", list_id)
    found.add_given("number = {}", number)
    return Listing("dnc_entry", ENTRY_NAMES, ENTRY_COLUMNS, found)


def _read_all(reader: NumberReader, given: Sequence[GivenEntry]) -> list[NewEntry]:
    problems: list[Problem] = []
    entries: dict[str, NewEntry] = {}
    for place, one in enumerate(given):
        under = ("entries", str(place))
        if one.reason is not None:
            problems += check_text(one.reason, (*under, "reason"), longest=LONGEST_REASON)
        try:
            number = reader.read(one.number)
        except NumberRefusedError as refused:
            problems.append(Problem("INVALID_NUMBER", str(refused), (*under, "number")))
            continue
        if number in entries:
            problems.append(Problem("INVALID_INPUT", "This number is given twice.", (*under, "number")))
        entries[number] = NewEntry(number, one.reason)
    if problems:
        raise RefusedError(problems)
    return list(entries.values())


def _read_numbers(reader: NumberReader, numbers: Sequence[str]) -> list[str]:
    problems: list[Problem] = []
    wanted: list[str] = []
    for place, text in enumerate(numbers):
        try:
            wanted.append(reader.read(text))
        except NumberRefusedError as refused:
            problems.append(Problem("INVALID_NUMBER", str(refused), ("numbers", str(place))))
    if problems:
        raise RefusedError(problems)
    return wanted
