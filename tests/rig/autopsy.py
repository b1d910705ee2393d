"""What is known of the calls that an invariant failed for: their facts, and what SIPp saw, side by side."""

import re
from collections.abc import Sequence

import asyncpg

from tests.rig.sipp import SippServer

_MOST_CALLS = 6
_SECONDS = 60.0
_ID = re.compile(r"\b(?:call|leg)_[0-9a-z]+")
_NUMBER = re.compile(r"\+\d{8,15}")


async def examine(dsn: str, sipp: SippServer, violations: str) -> str:
    """A few lines for each call that is named."""
    connection = await asyncpg.connect(dsn, timeout=_SECONDS, command_timeout=_SECONDS)
    try:
        rows = await connection.fetch(
            "SELECT DISTINCT call_id FROM leg WHERE id = ANY ($1::text[]) OR call_id = ANY ($1::text[]) LIMIT $2",
            _ID.findall(violations),
            _MOST_CALLS,
        )
        lines: list[str] = []
        for row in rows:
            legs = await connection.fetch("SELECT number FROM leg WHERE call_id = $1", row["call_id"])
            lines += await _facts(connection, row["call_id"])
            lines += _messages(sipp, [leg["number"] for leg in legs if leg["number"]])
    finally:
        await connection.close()
    numbers = [number for number in _NUMBER.findall(violations) if not any(number in line for line in lines)]
    return "\n".join([*lines, *_messages(sipp, numbers[:_MOST_CALLS])])


async def _facts(connection: "asyncpg.Connection[asyncpg.Record]", call_id: str) -> list[str]:
    rows = await connection.fetch(
        """SELECT occurred_at, type, data->'leg'->>'role' AS role,
                  concat_ws(' ', data->>'endedBy', data->>'disposition', data->>'blindFrom', data->>'blindUntil',
                            data->>'talkSeconds') AS more
           FROM event WHERE subject_id = $1 ORDER BY sequence""",
        call_id,
    )
    return [f"-- {call_id}"] + [
        f"   {row['occurred_at']:%H:%M:%S.%f} {row['type']} {row['role'] or ''} {row['more'] or ''}" for row in rows
    ]


def _messages(sipp: SippServer, numbers: Sequence[str]) -> list[str]:
    messages = sipp.messages()
    found: list[str] = []
    for number in numbers:
        ids = {one.call_id for one in messages if one.method == "INVITE" and number.lstrip("+") in one.start_line}
        found.append(f"   SIPp, {number}:")
        found += [
            f"   {one.at:%H:%M:%S.%f} {'sent' if one.is_sent else 'got '} {one.start_line} ({one.cseq_method})"
            for one in messages
            if one.call_id in ids
        ]
    return found
