"""The rollup: records counted and summed up in the transaction that writes them, so that no statistics read them all.

There are four grains. A whole day that no boundary cuts is read from one row for each sort of record; a day that a
boundary cuts, from hours, and an hour that one cuts, from quarters, since every time zone's offset is whole quarters.
Agents are told apart by days only, and then kinds and directions are not: what an agent does in an hour, or in a day in
all its sorts, is hardly fewer rows than calls. What no grain can tell is read from the records themselves
(``statistics``), so the rollup decides how long an answer takes, never what it is.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import Final

from app.db.engine import PooledConnection
from app.facts.calls import CdrRecord


class Grain(IntEnum):
    """How long a row's span is, and what it tells apart: all but agents and extensions, or (AGENT_DAY) these and
    dispositions. What is not told apart is an empty text. Values are stored.
    """

    QUARTER = 1
    HOUR = 2
    DAY = 3
    AGENT_DAY = 4


#: What is counted and summed up of records, by the rollup's column. Seconds become whole microseconds: those add up
#: to the same in any order, which floating-point numbers do not.
MEASURES: Final = {
    "calls": "count(*)",
    "connected_calls": "count(*) FILTER (WHERE is_connected)",
    "ring_microseconds": "sum(round(ring_seconds * 1e6)::bigint)",
    "talk_microseconds": "sum(round(talk_seconds * 1e6)::bigint)",
    "duration_microseconds": "sum(round(duration_seconds * 1e6)::bigint)",
    "longest_talk_microseconds": "max(round(talk_seconds * 1e6)::bigint)",
}
#: How two rows' measures become one's.
MERGES: Final = {name: "greatest" if name.startswith("longest") else "+" for name in MEASURES}

_EPOCH: Final = "1970-01-01 00:00:00+00"
_KEY: Final = "account_id, grain, begins_at, agent_id, extension, direction, kind, disposition"


def _merge(name: str) -> str:
    if MERGES[name] == "+":
        return f"{name} = cdr_rollup.{name} + excluded.{name}"
    return f"{name} = greatest(cdr_rollup.{name}, excluded.{name})"


def _upsert(source: str) -> str:
    # In the order of the key, so that two writers who meet in several rows lock them in the same order.
    return f"""
INSERT INTO cdr_rollup ({_KEY}, {", ".join(MEASURES)})
SELECT record.account_id, span.grain, span.begins_at, span.agent_id, span.extension,
       span.direction, span.kind, record.disposition, {", ".join(MEASURES.values())}
FROM {source}
CROSS JOIN LATERAL (VALUES
    ({Grain.QUARTER:d}, date_bin('15 minutes', record.created_at, '{_EPOCH}'), '', '', record.direction, record.kind),
    ({Grain.HOUR:d}, date_bin('1 hour', record.created_at, '{_EPOCH}'), '', '', record.direction, record.kind),
    ({Grain.DAY:d}, date_bin('1 day', record.created_at, '{_EPOCH}'), '', '', record.direction, record.kind),
    ({Grain.AGENT_DAY:d}, date_bin('1 day', record.created_at, '{_EPOCH}'),
     coalesce(record.agent_id, ''), coalesce(record.extension, ''), '', '')
) AS span (grain, begins_at, agent_id, extension, direction, kind)
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
ORDER BY 1, 2, 3, 4, 5, 6, 7, 8
ON CONFLICT ({_KEY}) DO UPDATE SET {", ".join(_merge(name) for name in MEASURES)}
"""  # noqa: S608  # our own column names


_ADD: Final = _upsert(
    "unnest($1::text[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bool[], "
    "$9::float8[], $10::float8[], $11::float8[]) AS record (account_id, created_at, agent_id, extension, direction, "
    "kind, disposition, is_connected, ring_seconds, talk_seconds, duration_seconds)"
)

#: The whole rollup anew from the records, for a table that was emptied: migrations and repairs.
REBUILD: Final = _upsert("(SELECT *, connected_at IS NOT NULL AS is_connected FROM cdr) AS record")


async def add_to_rollup(connection: PooledConnection, records: Sequence[tuple[str, CdrRecord]]) -> None:
    """Count records, each with its account's id, in the caller's transaction: the one that wrote them.

    A record that was there before must not be given again.
    """
    if not records:
        return
    await connection.execute(
        _ADD,
        [account_id for account_id, _ in records],
        [record.created_at for _, record in records],
        [record.agent_id for _, record in records],
        [record.extension for _, record in records],
        [record.direction.value for _, record in records],
        [record.kind.value for _, record in records],
        [record.disposition.value for _, record in records],
        [record.connected_at is not None for _, record in records],
        [record.ring_seconds for _, record in records],
        [record.talk_seconds for _, record in records],
        [record.duration_seconds for _, record in records],
    )
