"""The rollup: records counted and summed up in the transaction that writes them, so that no statistics read them all.

There are four grains. A whole day that no boundary cuts is read from one row for each sort of record; a day that a
boundary cuts, from hours, and an hour that one cuts, from quarters, since every time zone's offset is whole quarters.
Agents are told apart by days only, and then kinds and directions are not: what an agent does in an hour, or in a day in
all its sorts, is hardly fewer rows than calls. What no grain can tell is read from the records themselves
(``statistics``), so the rollup decides how long an answer takes, never what it is.
"""

from enum import IntEnum
from typing import Final


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


#: What of a record decides where it is counted, and as how much.
COUNTED_COLUMNS: Final = (
    *("account_id", "created_at", "agent_id", "extension", "direction", "kind", "disposition", "connected_at"),
    *("ring_seconds", "talk_seconds", "duration_seconds"),
)


def count_in_rollup(records: str) -> str:
    """An SQL statement that counts these records: a relation with ``COUNTED_COLUMNS``. Gives a row for each of its own.

    A record that was counted before must not be among them.
    """
    told = f"(SELECT *, connected_at IS NOT NULL AS is_connected FROM {records}) AS record"  # noqa: S608 -- our own
    return f"{_upsert(told)} RETURNING 1"
