"""How lists, contacts and entries lie in the database, and many of them are written at once."""

import base64
import functools
import importlib.metadata
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import asyncpg
import orjson

from app.contacts.model import Contact, ContactList, DncEntry, DncList
from app.contacts.words import DncSource
from app.db.engine import PooledConnection
from app.ids import Kind, new_id
from app.numbers.zones import Zones, ZoneSource
from app.resources.shelf import Shelf

CONTACT_NAMES: Final = (
    *("id", "account_id", "list_id", "position", "number", "name", "time_zone", "zones", "zone_source", "fields"),
    *("external_id", "created_at", "updated_at"),
)
CONTACT_COLUMNS: Final = ", ".join(CONTACT_NAMES)
ENTRY_NAMES: Final = ("list_id", "account_id", "position", "number", "reason", "source", "created_at")
ENTRY_COLUMNS: Final = ", ".join(ENTRY_NAMES)

_RANDOM_BYTES: Final = 10
_RANDOM_LETTERS: Final = 16
_TO_OURS: Final = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"0123456789abcdefghjkmnpqrstvwxyz")

#: What is written of a new contact; its position is the table's to give.
_NEW_COLUMNS: Final = (
    *("id", "account_id", "list_id", "number", "name", "time_zone", "zones", "zone_source", "number_data", "fields"),
    *("external_id", "created_at", "updated_at"),
)
_KNOWN: Final = "SELECT number FROM contact WHERE list_id = $1 AND number = ANY($2::text[])"
# What an import has touched has its very instant, so that a number that comes again in its file is known as such. What
# is given takes the place of what was there; what is not stays. Who was removed comes back as somebody new.
_WRITE: Final = """
INSERT INTO contact (id, account_id, list_id, number, name, time_zone, zones, zone_source, number_data, fields,
                     external_id, created_at, updated_at)
SELECT given.id, $1, $2, given.number, given.name, given.time_zone, string_to_array(given.zones, ','),
       given.zone_source, given.number_data, given.fields::jsonb, given.external_id, $3, $3
FROM unnest($5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[],
    $13::text[]) AS given(id, number, name, time_zone, zones, zone_source, number_data, fields, external_id)
ON CONFLICT (list_id, number) DO UPDATE SET
    name = coalesce(EXCLUDED.name, contact.name),
    time_zone = coalesce(EXCLUDED.time_zone, contact.time_zone),
    zones = CASE WHEN contact.deleted_at IS NULL AND EXCLUDED.time_zone IS NULL
        THEN contact.zones ELSE EXCLUDED.zones END,
    zone_source = CASE WHEN contact.deleted_at IS NULL AND EXCLUDED.time_zone IS NULL
        THEN contact.zone_source ELSE EXCLUDED.zone_source END,
    number_data = CASE WHEN contact.deleted_at IS NULL AND EXCLUDED.time_zone IS NULL
        THEN contact.number_data ELSE EXCLUDED.number_data END,
    fields = contact.fields || EXCLUDED.fields,
    external_id = coalesce(EXCLUDED.external_id, contact.external_id),
    position = CASE WHEN contact.deleted_at IS NULL THEN contact.position ELSE EXCLUDED.position END,
    created_at = CASE WHEN contact.deleted_at IS NULL THEN contact.created_at ELSE EXCLUDED.created_at END,
    updated_at = EXCLUDED.updated_at,
    deleted_at = NULL
WHERE contact.deleted_at IS NOT NULL OR ($4 AND contact.updated_at <> $3)
RETURNING number, created_at = $3 AS is_new
"""
_WRITTEN_BEFORE: Final = """
SELECT number FROM contact WHERE list_id = $1 AND number = ANY($2::text[]) AND updated_at = $3 AND deleted_at IS NULL
"""
_WRITE_ENTRIES: Final = """
INSERT INTO dnc_entry (list_id, number, account_id, reason, source, created_at)
SELECT $1, given.number, $2, given.reason, $4, $3 FROM unnest($5::text[], $6::text[]) AS given(number, reason)
ON CONFLICT (list_id, number) DO NOTHING
RETURNING number
"""
_ENTERED_BEFORE: Final = """
SELECT number FROM dnc_entry WHERE list_id = $1 AND number = ANY($2::text[]) AND created_at = $3
"""
_FIND_DNC: Final = """
SELECT entry.number, list.id, list.version
FROM dnc_entry AS entry JOIN dnc_list AS list ON list.id = entry.list_id AND list.deleted_at IS NULL
WHERE entry.account_id = $1 AND entry.number = ANY($2::text[])
    AND (list.applies_to_all OR list.id = ANY($3::text[]))
ORDER BY list.id
"""


@dataclass(frozen=True, slots=True)
class NewContact:
    """A contact to be written, checked."""

    number: str
    name: str | None
    time_zone: str | None
    zones: Zones
    fields: Mapping[str, str]
    external_id: str | None


@dataclass(frozen=True, slots=True)
class NewEntry:
    """A number that must not be called, checked."""

    number: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Written:
    """Which numbers came in, and which were there and got what was given. ``again`` were written at this very instant
    before; all others were there and stayed as they were.
    """

    added: frozenset[str]
    updated: frozenset[str]
    again: frozenset[str]


@dataclass(frozen=True, slots=True)
class DncHit:
    """The list that has a number, and at which version it was asked."""

    list_id: str
    version: int


async def write_contacts(
    connection: PooledConnection,
    account_id: str,
    list_id: str,
    contacts: Sequence[NewContact],
    *,
    at: datetime,
    may_update: bool = True,
) -> Written:
    """Put contacts into a list, no number twice. The list's row must be held: see ``lists.touch_contacts``."""
    known = {row["number"] for row in await connection.fetch(_KNOWN, list_id, [one.number for one in contacts])}
    new = [one for one in contacts if one.number not in known]
    if new:
        # Nobody else writes this list now, so what is not there can be copied: a third of what an INSERT costs that
        # must reckon with conflicts.
        ids = new_contact_ids(len(new))
        await connection.copy_records_to_table(
            "contact",
            columns=_NEW_COLUMNS,
            records=[
                (
                    *(one_id, account_id, list_id, one.number, one.name, one.time_zone, one.zones.names),
                    *(one.zones.source.value, number_data_of(one.zones), one.fields, one.external_id, at, at),
                )
                for one_id, one in zip(ids, new, strict=True)
            ],
        )
    added = frozenset(one.number for one in new)
    if not known:
        return Written(added, frozenset(), frozenset())
    rest = [one for one in contacts if one.number in known]
    written = await _write_known(connection, account_id, list_id, rest, at=at, may_update=may_update)
    return Written(added | written.added, written.updated, written.again)


async def _write_known(
    connection: PooledConnection,
    account_id: str,
    list_id: str,
    contacts: Sequence[NewContact],
    *,
    at: datetime,
    may_update: bool,
) -> Written:
    """As :func:`write_contacts`, for those that the list has, or had."""
    numbers = [one.number for one in contacts]
    rows = await connection.fetch(
        _WRITE,
        account_id,
        list_id,
        at,
        may_update,
        new_contact_ids(len(contacts)),
        numbers,
        [one.name for one in contacts],
        [one.time_zone for one in contacts],
        [",".join(one.zones.names) for one in contacts],
        [one.zones.source.value for one in contacts],
        [number_data_of(one.zones) for one in contacts],
        [orjson.dumps(one.fields).decode() if one.fields else "{}" for one in contacts],
        [one.external_id for one in contacts],
    )
    added = frozenset(row["number"] for row in rows if row["is_new"])
    updated = frozenset(row["number"] for row in rows if not row["is_new"])
    again: frozenset[str] = frozenset()
    if len(rows) < len(contacts):
        others = [number for number in numbers if number not in added and number not in updated]
        again = frozenset(row["number"] for row in await connection.fetch(_WRITTEN_BEFORE, list_id, others, at))
    return Written(added, updated, again)


async def write_entries(
    connection: PooledConnection,
    account_id: str,
    list_id: str,
    entries: Sequence[NewEntry],
    *,
    at: datetime,
    source: DncSource,
) -> Written:
    """Put numbers on a list, none twice. The list's row must be held: see ``lists.touch``."""
    numbers = [one.number for one in entries]
    rows = await connection.fetch(
        _WRITE_ENTRIES, list_id, account_id, at, source.value, numbers, [one.reason for one in entries]
    )
    added = frozenset(row["number"] for row in rows)
    again: frozenset[str] = frozenset()
    if len(rows) < len(entries):
        others = [number for number in numbers if number not in added]
        again = frozenset(row["number"] for row in await connection.fetch(_ENTERED_BEFORE, list_id, others, at))
    return Written(added, frozenset(), again)


async def find_dnc(
    connection: PooledConnection, account_id: str, numbers: Iterable[str], list_ids: Sequence[str] = ()
) -> dict[str, DncHit]:
    """Which of some numbers must not be called: those on lists that apply to all, and on these lists."""
    rows = await connection.fetch(_FIND_DNC, account_id, list(numbers), list(list_ids))
    return {row["number"]: DncHit(row["id"], row["version"]) for row in rows}


def number_data_of(zones: Zones) -> str | None:
    """The version of the numbering plans that zones were read from just now; None when they were not."""
    return _number_data() if zones.source is ZoneSource.NUMBER else None


@functools.cache
def _number_data() -> str:
    return importlib.metadata.version("phonenumbers")


def new_contact_ids(count: int) -> list[str]:
    """So many fresh ids, as ``app.ids.new_id`` makes one: a batch of them costs a hundredth."""
    # The last 16 letters of an id are its 80 random bits, which are 10 bytes in base 32.
    letters = base64.b32encode(secrets.token_bytes(count * _RANDOM_BYTES)).translate(_TO_OURS).decode("ascii")
    head = new_id(Kind.CONTACT)[:-_RANDOM_LETTERS]
    return [head + letters[at : at + _RANDOM_LETTERS] for at in range(0, len(letters), _RANDOM_LETTERS)]


def read_contact(row: asyncpg.Record) -> Contact:
    """A contact of a row of CONTACT_COLUMNS."""
    values = dict(zip(CONTACT_NAMES, row, strict=True))
    values["zones"] = tuple(values["zones"])
    values["zone_source"] = ZoneSource(values["zone_source"])
    return Contact(**values)


def read_entry(row: asyncpg.Record) -> DncEntry:
    """An entry of a row of ENTRY_COLUMNS."""
    values = dict(zip(ENTRY_NAMES, row, strict=True))
    values["source"] = DncSource(values["source"])
    return DncEntry(**values)


def _read_contact_list(row: asyncpg.Record) -> ContactList:
    values = dict(row)
    values["columns"] = tuple(values["columns"])
    return ContactList(**values)


def _read_dnc_list(row: asyncpg.Record) -> DncList:
    return DncList(**dict(row))


_OF_A_LIST: Final = ("id", "account_id", "name", "description", "version", "created_at", "updated_at")
CONTACT_LISTS: Final = Shelf("contact_list", "contact list", (*_OF_A_LIST, "columns"), _read_contact_list)
DNC_LISTS: Final = Shelf("dnc_list", "DNC list", (*_OF_A_LIST, "applies_to_all"), _read_dnc_list)
