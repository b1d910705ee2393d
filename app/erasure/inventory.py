"""Every table that there is, as the database itself tells, and what a sweep needs to know of the few that are special.

A table that has an ``account_id`` is swept without being named here. One that has none must be, which a test sees to.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from app.db.engine import PooledConnection

#: Whose rows are an account's ($1) by way of another table.
SCOPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        table: f"EXISTS (SELECT FROM {owner} AS its WHERE its.id = held.{column} AND its.account_id = $1)"
        for table, column, owner in (
            ("webhook_attempt", "delivery_id", "webhook_delivery"),
            ("campaign_decision", "campaign_id", "campaign"),
            ("callback_attempt", "callback_id", "callback"),
            ("call_flow_version", "flow_id", "call_flow"),
        )
    }
)
#: Tables in which no person can be, and why.
WITHOUT_PERSONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "alembic_version": "the schema's own version",
        "account": "the account itself",
        "asterisk_lease": "processes and their machines",
        "webhook_worker": "processes",
        "call_command": "gone by itself some minutes after it was answered: an erasure waits for that",
        "job_report_part": "gone once its job is over, which an erasure waits for; the report is a file then",
        "campaign_list": "ids and places",
        "campaign_total": "words and counts",
        "campaign_minute": "words and counts",
        "outbound_number_pool_member": "ids and places",
        "ring_group_member": "ids and places",
        "queue_member": "ids and counts",
        "trunk_channel": "ids, while a leg lives",
    }
)
#: Columns that keep the number: entries of do-not-call lists go on protecting whoever has it.
KEPT: Final = frozenset({("dnc_entry", "number")})
#: Columns that go whole where the row is about the person, with what SQL puts there.
WIPED: Final[Mapping[tuple[str, str], str]] = MappingProxyType(
    {
        ("contact", "name"): "NULL",
        ("contact", "fields"): "'{}'::jsonb",
        ("contact", "external_id"): "NULL",
        ("contact", "time_zone"): "NULL",
        ("contact", "deleted_at"): "coalesce(deleted_at, now())",
        ("dnc_entry", "reason"): "NULL",
        ("call", "external_id"): "NULL",
        ("cdr", "external_id"): "NULL",
        ("cdr", "customer_name"): "NULL",
        ("cdr", "dtmf"): "repeat('x', length(dtmf))",
        ("callback", "external_id"): "NULL",
        ("callback", "detail"): "NULL",
        ("otp", "external_id"): "NULL",
        ("otp", "detail"): "NULL",
        ("otp", "code_sealed"): "NULL",
        ("campaign_contact", "answers"): "NULL",
        ("number_complaint", "note"): "NULL",
        ("webhook_attempt", "response_excerpt"): "NULL",
        ("request_key", "input_hash"): r"'\x'::bytea",
    }
)
#: Columns of people's own words, beside those whose name says so everywhere (see ``wiping``): names go from these.
WRITTEN: Final = frozenset(
    {
        ("audit_line", "details"),
        ("campaign", "name"),
        ("campaign", "pause_detail"),
        ("contact", "fields"),
        ("contact", "name"),
        ("contact_list", "name"),
        ("dnc_entry", "reason"),
        ("dnc_list", "name"),
        ("agent_state", "reason"),
        ("job", "error"),
        ("webhook_attempt", "response_excerpt"),
    }
)
_TEXT: Final = frozenset({"text", "varchar", "bpchar"})
_TEXTS: Final = frozenset({"_text", "_varchar"})
_JSON: Final = frozenset({"json", "jsonb"})

_COLUMNS: Final = """
SELECT told.table_name, told.column_name, told.udt_name
FROM information_schema.columns AS told
JOIN information_schema.tables AS its USING (table_schema, table_name)
WHERE told.table_schema = current_schema() AND its.table_type = 'BASE TABLE' AND told.is_generated = 'NEVER'
ORDER BY told.table_name, told.ordinal_position
"""
_KEYS: Final = """
SELECT held.relname AS table_name, named.attname AS column_name, format_type(named.atttypid, NULL) AS type
FROM pg_index AS key
JOIN pg_class AS held ON held.oid = key.indrelid
CROSS JOIN LATERAL unnest(key.indkey) WITH ORDINALITY AS part (number, place)
JOIN pg_attribute AS named ON named.attrelid = held.oid AND named.attnum = part.number
WHERE key.indisprimary AND held.relnamespace = current_schema()::regnamespace
ORDER BY held.relname, part.place
"""


@dataclass(frozen=True, slots=True)
class Key:
    """A column of a table's primary key, with its type in SQL's words."""

    name: str
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table: its key, and its columns that hold words, by what they are."""

    name: str
    keys: tuple[Key, ...]
    columns: frozenset[str]
    texts: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    documents: Mapping[str, str] = field(default_factory=dict)

    @property
    def scope(self) -> str | None:
        """The condition in SQL that a row, as ``held``, is the account's ($1); None for a table without accounts."""
        if "account_id" in self.columns:
            return "held.account_id = $1"
        return SCOPES.get(self.name)

    @property
    def swept(self) -> tuple[str, ...]:
        """The columns in which a number is looked for."""
        return tuple(name for name in (*self.texts, *self.lists, *self.documents) if (self.name, name) not in KEPT)

    @property
    def wiped(self) -> Mapping[str, str]:
        """The columns that go whole in a person's rows."""
        return {column: put for (table, column), put in WIPED.items() if table == self.name and column in self.columns}


async def read_tables(connection: PooledConnection) -> dict[str, Table]:
    """All tables of the schema, by their names."""
    keys: dict[str, list[Key]] = {}
    for row in await connection.fetch(_KEYS):
        keys.setdefault(row["table_name"], []).append(Key(row["column_name"], row["type"]))
    told: dict[str, list[tuple[str, str]]] = {}
    for row in await connection.fetch(_COLUMNS):
        told.setdefault(row["table_name"], []).append((row["column_name"], row["udt_name"]))
    return {
        name: Table(
            name=name,
            keys=tuple(keys.get(name, ())),
            columns=frozenset(column for column, _ in columns),
            texts=tuple(column for column, kind in columns if kind in _TEXT),
            lists=tuple(column for column, kind in columns if kind in _TEXTS),
            documents={column: kind for column, kind in columns if kind in _JSON},
        )
        for name, columns in told.items()
    }
