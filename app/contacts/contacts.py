"""Contacts by hand: looked up, listed, added, changed, removed."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final, TypedDict

from app.accounts.audit import AuditLog, entry_by
from app.accounts.principal import Principal
from app.accounts.service import check_text
from app.clock import Clock
from app.contacts.accounts import find_reader
from app.contacts.csv_columns import LONGEST_EXTERNAL_ID, LONGEST_NAME, LONGEST_VALUE, has_forbidden
from app.contacts.lists import check_fields, touch_contacts
from app.contacts.model import Contact, ContactFilter, GivenContact
from app.contacts.numbers import NumberReader, NumberRefusedError, ZoneRefusedError
from app.contacts.rows import (
    CONTACT_COLUMNS,
    CONTACT_NAMES,
    NewContact,
    Written,
    number_data_of,
    read_contact,
    write_contacts,
)
from app.db.conditions import Conditions
from app.db.engine import Database, PooledConnection
from app.db.keyset import DEFAULT_COUNT_LIMIT, Key, Listing, RowCount, count_listed, keyset_rows
from app.errors import Problem, RefusedError
from app.numbers.parse import E164
from app.numbers.zones import Zones
from app.paging import Page, PageRequest

MOST_AT_ONCE: Final = 1000

_KEYS: Final = (Key("position", int),)
_LIVING: Final = """
account_id = $1 AND deleted_at IS NULL
    AND EXISTS (SELECT FROM contact_list WHERE contact_list.id = list_id AND contact_list.deleted_at IS NULL)
"""
_GET_MANY: Final = f"SELECT {CONTACT_COLUMNS} FROM contact WHERE {_LIVING} AND id = ANY($2::text[])"  # noqa: S608  # our own names
_GET_NUMBERS: Final = f"""
SELECT {CONTACT_COLUMNS} FROM contact WHERE {_LIVING} AND list_id = $2 AND number = ANY($3::text[]) ORDER BY position
"""  # noqa: S608  # our own names
# The number stays, so that the contact keeps its history should it come back; what is known of a person goes.
_REMOVE: Final = """
UPDATE contact SET deleted_at = $3, updated_at = $3, name = NULL, time_zone = NULL, external_id = NULL, fields = '{}'
WHERE account_id = $1 AND id = ANY($2::text[]) AND deleted_at IS NULL
RETURNING id
"""


class ContactChanges(TypedDict, total=False):
    """What is there is set; None clears. ``fields`` are set one by one: None clears that one."""

    name: str | None
    time_zone: str | None
    external_id: str | None
    fields: Mapping[str, str | None]


class Contacts:
    """Every method takes the account and looks nowhere else, and raises DatabaseUnavailableError when it is away."""

    def __init__(self, database: Database, audit: AuditLog, clock: Clock) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock

    async def get(self, account_id: str, contact_id: str) -> Contact | None:
        """One, None when the account has no such."""
        found = await self.get_many(account_id, (contact_id,))
        return found[0] if found else None

    async def get_many(self, account_id: str, ids: Sequence[str]) -> list[Contact]:
        """Those of them that the account has, in no particular order."""
        async with self._database.acquire() as connection:
            return [read_contact(row) for row in await connection.fetch(_GET_MANY, account_id, list(ids))]

    async def page(self, account_id: str, list_id: str, where: ContactFilter, request: PageRequest) -> Page[Contact]:
        """A list's contacts, in the order in which they came.

        Raises:
            RefusedError: INVALID_CURSOR.
        """
        async with self._database.acquire() as connection:
            listing = _listing(account_id, list_id, where)
            return await keyset_rows(connection, listing, keys=_KEYS, descending=False, page=request, item=read_contact)

    async def count(
        self, account_id: str, list_id: str, where: ContactFilter, *, at_most: int = DEFAULT_COUNT_LIMIT
    ) -> RowCount:
        """How many there are, counting no further than ``at_most``."""
        async with self._database.acquire() as connection:
            return await count_listed(connection, _listing(account_id, list_id, where), at_most=at_most)

    async def add(self, by: Principal, list_id: str, given: Sequence[GivenContact]) -> tuple[list[Contact], Written]:
        """Put contacts into a list, all or none. Who is in it already gets what is given, and keeps the rest.

        Raises:
            RefusedError: NOT_FOUND; INVALID_INPUT, INVALID_NUMBER for each that is malformed or given twice;
                INVALID_STATE, too many free fields.
        """
        if not 1 <= len(given) <= MOST_AT_ONCE:
            raise RefusedError(Problem("INVALID_INPUT", f"Give 1 to {MOST_AT_ONCE} contacts.", ("contacts",)))
        now = self._clock.now()
        async with self._database.acquire() as connection:
            reader = await find_reader(connection, by.account_id, is_test=by.is_test)
        contacts = await asyncio.to_thread(_read_all, reader, given)  # of new ranges, a thousand take a while
        columns = tuple(dict.fromkeys(name for one in contacts for name in one.fields))
        async with self._database.acquire() as connection, connection.transaction():
            await touch_contacts(connection, by.account_id, list_id, now, columns, field="listId")
            written = await write_contacts(connection, by.account_id, list_id, contacts, at=now)
            rows = await connection.fetch(_GET_NUMBERS, by.account_id, list_id, [one.number for one in contacts])
        self._note(by, "add", list_id)
        return [read_contact(row) for row in rows], written

    async def update(self, by: Principal, contact_id: str, changes: ContactChanges) -> Contact:
        """Change what is given.

        Raises:
            RefusedError: NOT_FOUND; INVALID_INPUT; INVALID_STATE, too many free fields.
        """
        now = self._clock.now()
        set_fields = {name: value for name, value in changes.get("fields", {}).items() if value is not None}
        cleared = [name for name, value in changes.get("fields", {}).items() if value is None]
        problems = _check(changes.get("name"), changes.get("external_id"), {**changes.get("fields", {})}, ())
        if problems:
            raise RefusedError(problems)
        found = await self.get(by.account_id, contact_id)
        if found is None:
            raise _missing(("id",))
        async with self._database.acquire() as connection:
            reader = await find_reader(connection, by.account_id, is_test=by.is_test)
        zone = changes.get("time_zone", found.time_zone)
        zones = _zones(reader, found.number, zone)
        async with self._database.acquire() as connection, connection.transaction():
            await touch_contacts(connection, by.account_id, found.list_id, now, tuple(set_fields))
            row = await connection.fetchrow(
                "UPDATE contact SET name = $3, time_zone = $4, zones = $5, zone_source = $6, external_id = $7, "  # noqa: S608  # our own names
                "fields = (fields || $8) - $9::text[], updated_at = $10, number_data = $11 "
                f"WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL RETURNING {CONTACT_COLUMNS}",
                by.account_id,
                contact_id,
                changes.get("name", found.name),
                zone,
                list(zones.names),
                zones.source.value,
                changes.get("external_id", found.external_id),
                set_fields,
                cleared,
                now,
                number_data_of(zones),
            )
        if row is None:
            raise _missing(("id",))
        self._note(by, "update", contact_id)
        return read_contact(row)

    async def remove(self, by: Principal, ids: Sequence[str]) -> list[str]:
        """Take contacts out of their lists; gives the ids of those that were there. What is known of them goes.

        Raises:
            RefusedError: INVALID_INPUT, none or too many.
        """
        if not 1 <= len(ids) <= MOST_AT_ONCE:
            raise RefusedError(Problem("INVALID_INPUT", f"Give 1 to {MOST_AT_ONCE} contacts.", ("ids",)))
        now = self._clock.now()
        async with self._database.acquire() as connection, connection.transaction():
            lists = await connection.fetch(
                "SELECT DISTINCT list_id FROM contact WHERE account_id = $1 AND id = ANY($2::text[]) "
                "AND deleted_at IS NULL ORDER BY list_id",  # in one order, so that two who remove do not wait for ever
                by.account_id,
                list(ids),
            )
            for row in lists:
                await _hold(connection, by.account_id, row["list_id"])
            removed = {row["id"] for row in await connection.fetch(_REMOVE, by.account_id, list(ids), now)}
        self._note(by, "remove", None)
        return [one for one in dict.fromkeys(ids) if one in removed]

    def _note(self, by: Principal, verb: str, subject_id: str | None) -> None:
        self._audit.record(entry_by(by, f"contact.{verb}", account_id=by.account_id, subject_id=subject_id))


async def _hold(connection: PooledConnection, account_id: str, list_id: str) -> None:
    """A list that is deleted meanwhile takes its contacts with it: nothing to say then."""
    await connection.execute(
        "UPDATE contact_list SET version = version + 1 WHERE id = $1 AND account_id = $2", list_id, account_id
    )


def _listing(account_id: str, list_id: str, where: ContactFilter) -> Listing:
    found = Conditions()
    found.add("account_id = {}", account_id)
    found.add("list_id = {}", list_id)
    found.add("deleted_at IS NULL")
    found.add(
        "EXISTS (SELECT FROM contact_list WHERE contact_list.id = {} AND contact_list.deleted_at IS NULL)", list_id
    )
    found.add_given("number = {}", where.number)
    found.add_given("external_id = {}", where.external_id)
    return Listing("contact", CONTACT_NAMES, CONTACT_COLUMNS, found)


def _read_all(reader: NumberReader, given: Sequence[GivenContact]) -> list[NewContact]:
    contacts: list[NewContact] = []
    problems: list[Problem] = []
    places: dict[str, int] = {}
    for place, one in enumerate(given):
        under = ("contacts", str(place))
        problems += _check(one.name, one.external_id, one.fields, under)
        try:
            number = reader.read(one.number)
            zones = reader.zones(number, one.time_zone)
        except NumberRefusedError as refused:
            problems.append(Problem("INVALID_NUMBER", str(refused), (*under, "number")))
            continue
        except ZoneRefusedError as refused:
            problems.append(Problem("INVALID_INPUT", str(refused), (*under, "timeZone")))
            continue
        if number in places:
            message = f"This is the number of contact {places[number]} as well."
            problems.append(Problem("INVALID_INPUT", message, (*under, "number")))
        places.setdefault(number, place)
        contacts.append(NewContact(number, one.name, one.time_zone, zones, dict(one.fields), one.external_id))
    if problems:
        raise RefusedError(problems[:MOST_AT_ONCE])
    return contacts


def _zones(reader: NumberReader, number: str, given: str | None) -> Zones:
    try:
        return reader.zones(E164(number), given)
    except ZoneRefusedError as refused:
        raise RefusedError(Problem("INVALID_INPUT", str(refused), ("timeZone",))) from refused


def _check(
    name: str | None, external_id: str | None, fields: Mapping[str, str | None], under: tuple[str, ...]
) -> list[Problem]:
    problems = []
    if name is not None:
        problems += check_text(name, (*under, "name"), longest=LONGEST_NAME)
    if external_id is not None:
        problems += check_text(external_id, (*under, "externalId"), longest=LONGEST_EXTERNAL_ID)
    problems += [Problem(one.code, one.message, (*under, *one.field)) for one in check_fields(tuple(fields), "fields")]
    for name_of, value in fields.items():
        if value is not None and (len(value) > LONGEST_VALUE or has_forbidden(value)):
            message = f"A free field has at most {LONGEST_VALUE} characters, none of them a control character."
            problems.append(Problem("INVALID_INPUT", message, (*under, "fields", name_of)))
    return problems


def _missing(field: tuple[str, ...]) -> RefusedError:
    return RefusedError(Problem("NOT_FOUND", "There is no such contact.", field))
