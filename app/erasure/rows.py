"""A person's rows: found piece by piece, whatever table they are in, and rewritten a few at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import asyncpg
import orjson

from app.calls.keeping.keys import KeyVeil
from app.db.engine import Database, PooledConnection
from app.erasure.inventory import WRITTEN, Key, Table, read_tables
from app.erasure.person import Person, new_tombstone
from app.erasure.wiping import erase, is_about, names_beside, names_in, wipe

#: Rows that one statement looks through: bounded, so that no statement takes long however large a table is.
_PIECE: Final = 2000
#: Rows that are rewritten in one transaction.
AT_ONCE: Final = 100
_OF_CONTACTS: Final = """
held.campaign_id IN (SELECT id FROM campaign WHERE account_id = $1) AND held.contact_id = ANY($2::text[])
"""
_ATTEMPTS_FOR_CALLS: Final = """
held.delivery_id IN (
    SELECT its.id FROM webhook_delivery AS its JOIN event ON event.sequence = its.event_sequence
    WHERE event.account_id = $1 AND event.subject_id = ANY($2::text[])
)
"""
#: What belongs to a row that is the person's, by its table: other tables, and which of their rows. $2: the rows' ids.
_BELONGING: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "contact": (
        ("campaign_contact", _OF_CONTACTS),
        ("campaign_decision", _OF_CONTACTS),
        ("event", "held.account_id = $1 AND held.subject_id = ANY($2::text[])"),
        ("request_key", "held.account_id = $1 AND held.subject_id = ANY($2::text[])"),
    ),
    "callback": (
        ("event", "held.account_id = $1 AND held.subject_id = ANY($2::text[])"),
        ("request_key", "held.account_id = $1 AND held.subject_id = ANY($2::text[])"),
    ),
    "otp": (
        ("event", "held.account_id = $1 AND held.subject_id = ANY($2::text[])"),
        ("request_key", "held.account_id = $1 AND held.subject_id = ANY($2::text[])"),
    ),
    "call": (
        ("leg", "held.account_id = $1 AND held.call_id = ANY($2::text[])"),
        ("cdr", "held.account_id = $1 AND held.call_id = ANY($2::text[])"),
        ("recording", "held.account_id = $1 AND held.call_id = ANY($2::text[])"),
        ("event", "held.account_id = $1 AND held.subject_id = ANY($2::text[])"),
        ("number_complaint", "held.account_id = $1 AND held.call_id = ANY($2::text[])"),
        ("request_key", "held.account_id = $1 AND held.subject_id = ANY($2::text[])"),
        ("webhook_attempt", _ATTEMPTS_FOR_CALLS),
    ),
}
_REQUEST_KEY: Final = ("request_key", "key")
_DROP_TRACES: Final = "DELETE FROM call_trace WHERE account_id = $1 AND call_id = ANY($2::text[])"


@dataclass(frozen=True, slots=True)
class Place:
    """A row's primary key, as texts."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """Some rows were looked through, as far as ``last``; None: there are no more."""

    hits: tuple[Place, ...]
    last: Place | None
    looked_at: int


@dataclass(slots=True)
class Rewriting:
    """What a rewriting has done: rows by table, the names that it met, and the calls."""

    rows: dict[str, int] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    call_ids: list[str] = field(default_factory=list)

    def count(self, table: str, number: int) -> None:
        if number:
            self.rows[table] = self.rows.get(table, 0) + number


class PersonRows:
    """Of one account. Every method raises DatabaseUnavailableError when the database is away."""

    def __init__(self, database: Database, account_id: str, veil: KeyVeil, *, is_dry_run: bool) -> None:
        """``veil`` hides idempotency keys, which go on keeping their requests from being carried out once more."""
        self._database = database
        self._account_id = account_id
        self._veil = veil
        self.is_dry_run = is_dry_run
        #: Of a dry run, what was counted: a row is found by itself, and with what it belongs to.
        self._counted: set[tuple[str, ...]] = set()

    async def read_tables(self) -> dict[str, Table]:
        """The tables that are to be swept: contacts first, whose names are looked for in the rest."""
        async with self._database.acquire() as connection:
            tables = await read_tables(connection)
        swept = {name: one for name, one in tables.items() if one.scope is not None and one.swept and one.keys}
        first = [name for name in _BELONGING if name in swept]
        return {name: swept[name] for name in (*first, *(name for name in sorted(swept) if name not in first))}

    async def look(self, table: Table, person: Person, after: Place | None) -> Piece:
        """The next rows of a table, and which of them are worth a closer look."""
        keys = ", ".join(f'held."{key.name}"' for key in table.keys)
        values: list[Any] = [self._account_id, person.candidates]
        where = ""
        if after is not None:
            places = ", ".join(_cast(key, len(values) + place) for place, key in enumerate(table.keys, start=1))
            where = f"WHERE ({keys}) > ({places})"
            values += after.values
        found = " OR ".join(f"{_as_text(table, column)} ~ $2" for column in table.swept)
        told = ", ".join(f'held."{key.name}"::text' for key in table.keys)
        statement = (
            f"SELECT {told}, CASE WHEN {table.scope} THEN coalesce({found}, false) ELSE false END AS is_hit "  # noqa: S608  # names from the catalogue of the database itself
            f'FROM (SELECT * FROM "{table.name}" AS held {where} ORDER BY {keys} LIMIT {_PIECE}) AS held '
            f"ORDER BY {keys}"
        )
        async with self._database.acquire() as connection:
            rows = await connection.fetch(statement, *values)
        places_of = [Place(tuple(row)[:-1]) for row in rows]
        return Piece(
            hits=tuple(place for place, row in zip(places_of, rows, strict=True) if row["is_hit"]),
            last=places_of[-1] if len(rows) == _PIECE else None,
            looked_at=len(rows),
        )

    async def rewrite(
        self,
        connection: PooledConnection,
        tables: Mapping[str, Table],
        table: Table,
        places: Sequence[Place],
        person: Person,
    ) -> Rewriting:
        """Rewrite rows of a table, and all that belongs to them, in the caller's transaction.

        On a dry run nothing is written; what is given back is what would have been.
        """
        done = Rewriting()
        alike = " AND ".join(
            f'held."{key.name}" = {_cast(key, place)}' for place, key in enumerate(table.keys, start=1)
        )
        found = []
        for place in places:
            found += [
                row
                for row in await self._read(connection, table, alike, place.values)
                if any(person.is_in(text) for text in _texts_of(table, row))
            ]
        mentions = [row for row in found if not is_about(row, person)]
        own = [row for row in found if is_about(row, person)]
        groups: list[tuple[Table, list[dict[str, Any]], bool]] = [(table, own, True), (table, mentions, False)]
        if table.name in _BELONGING and own:
            ids = [row["id"] for row in own]
            for name, condition in _BELONGING[table.name]:
                if name in tables:
                    rows = await self._read(connection, tables[name], condition, (self._account_id, ids))
                    groups.append((tables[name], rows, True))
            if table.name == "call":
                done.call_ids += ids
        for of, rows, is_own in groups:
            if is_own:
                for row in rows:
                    done.names.update(_names_of(of, row, person))
        person = person.known_as(done.names)
        for of, rows, is_own in groups:
            done.count(of.name, await self._write(connection, of, rows, person, is_own=is_own))
        if done.call_ids and not self.is_dry_run:
            await connection.execute(_DROP_TRACES, self._account_id, done.call_ids)
        return done

    async def _read(
        self, connection: PooledConnection, table: Table, condition: str, values: Sequence[Any]
    ) -> list[dict[str, Any]]:
        columns = [
            *(f'held."{name}"::text AS "{name}"' for name in table.documents),
            *(f'held."{name}"' for name in (*table.texts, *table.lists)),
            *(f'held."{key.name}"::text AS "key {place}"' for place, key in enumerate(table.keys)),
            *(
                f'held."{name}" IS DISTINCT FROM ({_of_held(name, put)}) AS "has {name}"'
                for name, put in table.wiped.items()
            ),
        ]
        statement = f'SELECT {", ".join(columns)} FROM "{table.name}" AS held WHERE {condition} FOR UPDATE'  # noqa: S608  # as above
        rows = []
        for found in await connection.fetch(statement, *values):
            row = dict(found)
            for name in table.documents:
                row[name] = None if row[name] is None else orjson.loads(row[name])
            rows.append(row)
        return rows

    async def _write(
        self,
        connection: PooledConnection,
        table: Table,
        rows: Sequence[dict[str, Any]],
        person: Person,
        *,
        is_own: bool,
    ) -> int:
        """Write what is left of rows; gives how many are changed by it."""
        rewritten = {}
        wiped = table.wiped if is_own else {}
        columns = [name for name in table.swept if name not in wiped]
        for row in rows:
            after = self._left_of_row(table, row, columns, person, is_own=is_own)
            if any(after[name] != row[name] for name in columns) or any(row[f"has {name}"] for name in wiped):
                key = tuple(row[f"key {place}"] for place in range(len(table.keys)))
                rewritten[key] = after
        if self.is_dry_run:
            new = {(table.name, *key) for key in rewritten} - self._counted
            self._counted |= new
            return len(new)
        if not rewritten:
            return 0
        statement = _update(table, columns, wiped)
        try:
            async with connection.transaction():
                await connection.executemany(
                    statement, [(*key, *(after[name] for name in columns)) for key, after in rewritten.items()]
                )
        except asyncpg.UniqueViolationError:
            # Two rows differed in nothing but the way in which they wrote the number.
            for key, after in rewritten.items():
                await self._write_one(connection, statement, key, [after[name] for name in columns], person)
        return len(rewritten)

    def _left_of_row(
        self, table: Table, row: Mapping[str, Any], columns: Sequence[str], person: Person, *, is_own: bool
    ) -> dict[str, Any]:
        named = names_beside(row, person) if is_own else {}
        after: dict[str, Any] = {}
        for name in columns:
            if name in named:
                after[name] = None
            elif (table.name, name) == _REQUEST_KEY:
                # Rewritten like others it would be a key that nobody has used, and its request carried out once more.
                is_kept = not is_own and not person.is_in(row[name])
                after[name] = row[name] if is_kept else self._veil.of(self._account_id, row["mutation"], row[name])
            else:
                after[name] = _left_of(table, name, row[name], person, is_own=is_own)
        return after

    async def _write_one(
        self, connection: PooledConnection, statement: str, key: Sequence[str], values: Sequence[Any], person: Person
    ) -> None:
        try:
            async with connection.transaction():
                await connection.execute(statement, *key, *values)
        except asyncpg.UniqueViolationError:
            another = f"{person.tombstone}-{new_tombstone()}"
            told_apart = [
                value.replace(person.tombstone, another) if isinstance(value, str) else value for value in values
            ]
            await connection.execute(statement, *key, *told_apart)


def _cast(key: Key, place: int) -> str:
    return f"CAST(${place}::text AS {key.type})"


def _of_held(column: str, put: str) -> str:
    """What SQL puts into a column, told of the row as it is read."""
    return put.replace(f"({column}", f'(held."{column}"')


def _as_text(table: Table, column: str) -> str:
    if column in table.lists:
        return f"""array_to_string(held."{column}", ' ')"""
    return f'held."{column}"::text'


def _texts_of(table: Table, row: Mapping[str, Any]) -> list[str]:
    """All words of a row, to be looked through; those of documents as they are written."""
    texts = []
    for name in table.swept:
        value = row[name]
        if value is None:
            continue
        if name in table.documents:
            texts += _words_in(value)
        elif name in table.lists:
            texts += value
        else:
            texts.append(value)
    return texts


def _words_in(document: Any) -> list[str]:
    match document:
        case str():
            return [document]
        case bool() | None:
            return []
        case int():
            return [str(document)]
        case dict():
            return [*document, *(word for value in document.values() for word in _words_in(value))]
        case list():
            return [word for value in document for word in _words_in(value)]
        case _:
            return []


def _names_of(table: Table, row: Mapping[str, Any], person: Person) -> list[str]:
    names = list(names_in(row, person))
    if table.name == "contact" and row.get("name"):
        names.append(row["name"])
    return names


def _left_of(table: Table, name: str, value: Any, person: Person, *, is_own: bool) -> Any:
    if value is None:
        return None
    # By way of an object, so that a column named `answers` is treated as a document's part of that name is.
    left = wipe if is_own else erase
    return left({name: value}, person, is_free=(table.name, name) in WRITTEN)[name]


def _update(table: Table, columns: Sequence[str], wiped: Mapping[str, str]) -> str:
    keys = len(table.keys)
    changes = []
    for place, name in enumerate(columns, start=keys + 1):
        kind = table.documents.get(name)
        changes.append(f'"{name}" = ${place}' + (f"::{kind}" if kind else "::text[]" if name in table.lists else ""))
    changes += [f'"{name}" = {put}' for name, put in wiped.items()]
    where = " AND ".join(f'"{key.name}" = {_cast(key, place)}' for place, key in enumerate(table.keys, start=1))
    return f'UPDATE "{table.name}" SET {", ".join(changes)} WHERE {where}'  # noqa: S608  # as above
