"""The rows of callbacks: every statement that reads or writes them, each in its caller's transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import asyncpg
import msgspec

from app.accounts.asked_by import AskedBy
from app.callbacks.model import Attempt, Callback, CallbackFilter, CallbackState, Wanted
from app.db.conditions import Conditions
from app.db.engine import PooledConnection
from app.db.kept import read_by_index
from app.db.keyset import Key
from app.db.reader import Shape
from app.facts.callbacks import CallbackFailure
from app.facts.vocabulary import Disposition
from app.hours.local_time import LocalTime, Resolution
from app.testclock.rows import advanced_of, ahead_of

#: About to be placed by the scheduler that claimed it. To the outside it has started.
CLAIMED: Final = "CLAIMED"

_NAMES: Final = (
    *("id", "account_id", "state", "due_at", "local_time", "time_zone", "resolution", "wanted", "grace_seconds"),
    *("max_attempts", "retry_after_seconds", "attempt", "call_id", "failure", "detail", "is_sandbox", "created_at"),
    *("updated_at", "started_at", "ended_at"),
)
_COLUMNS: Final = ", ".join(_NAMES)

#: Whose time is the account's test clock: what a test key asked for.
_IS_OF_TEST: Final = "callback.is_sandbox AND coalesce((callback.asked_by->>'isTest')::boolean, false)"
_AHEAD: Final = ahead_of("callback", when=_IS_OF_TEST)
_CLOCK: Final = f"{_AHEAD} AS ahead_seconds, {advanced_of('callback', when=_IS_OF_TEST)} AS advanced_at"

_ATTEMPTS: Final = """
SELECT attempt, call_id, due_at, started_at, ended_at, disposition, is_connected
FROM callback_attempt WHERE callback_id = $1 ORDER BY attempt
"""
_INSERT: Final = f"""
INSERT INTO callback
    (id, account_id, state, due_at, try_at, local_time, time_zone, resolution, number, external_id, wanted, asked_by,
     is_sandbox, grace_seconds, max_attempts, retry_after_seconds, created_at, updated_at)
VALUES ($1, $2, 'SCHEDULED', $3, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15)
RETURNING {_COLUMNS}
"""  # noqa: S608  # our own names
# The row must be as it was read: what was checked outside the transaction is what is written.
_CHANGE: Final = f"""
UPDATE callback
SET due_at = $4, try_at = CASE WHEN due_at = $4 THEN try_at ELSE $4 END, local_time = $5, time_zone = $6,
    resolution = $7, number = $8, external_id = $9, wanted = $10, asked_by = $11, is_sandbox = $12, grace_seconds = $13,
    max_attempts = $14, retry_after_seconds = $15, updated_at = $16
WHERE account_id = $1 AND id = $2 AND state = 'SCHEDULED' AND updated_at = $3
RETURNING {_COLUMNS}
"""  # noqa: S608  # our own names
_CANCEL: Final = f"""
UPDATE callback SET state = 'CANCELLED', updated_at = $3, ended_at = $3
WHERE account_id = $1 AND id = $2 AND state = 'SCHEDULED'
RETURNING {_COLUMNS}
"""  # noqa: S608  # our own names

# A node places in rounds, so what it has claimed before one was left by somebody who died. Others' claims run out.
_DUE: Final = f"""
SELECT {_COLUMNS}, asked_by, {_CLOCK} FROM callback
WHERE state IN ('SCHEDULED', 'CLAIMED') AND try_at <= $1
  AND CASE state WHEN 'CLAIMED' THEN lease_until <= $1 OR claimed_by = $2 ELSE due_at <= $1 END
ORDER BY try_at LIMIT $3
FOR NO KEY UPDATE SKIP LOCKED
"""  # noqa: S608  # our own names
# By the true time it is yet to come; by its account's test clock it is due. What was put off is tried at a true
# instant. From the clocks to what they bring forward, so that all else that waits costs nothing.
_DUE_IN_TESTS: Final = f"""
SELECT due.* FROM test_clock
CROSS JOIN LATERAL (
    SELECT {_COLUMNS}, asked_by, test_clock.ahead_seconds, test_clock.advanced_at
    FROM callback
    WHERE callback.account_id = test_clock.account_id AND is_sandbox AND state = 'SCHEDULED' AND {_IS_OF_TEST}
      AND due_at > $1 AND due_at <= $1::timestamptz + make_interval(secs => test_clock.ahead_seconds)
      AND (try_at = due_at OR try_at <= $1)
    ORDER BY due_at LIMIT $2
    FOR NO KEY UPDATE SKIP LOCKED
) AS due
ORDER BY due.due_at LIMIT $2
"""  # noqa: S608  # our own names
# What is due is tried soon: nobody puts it off by more than a moment, so the index ends the search.
_OLDEST_DUE: Final = """
SELECT min(due_at) FROM callback WHERE state IN ('SCHEDULED', 'CLAIMED') AND try_at <= $2 AND due_at <= $1
"""
_NOT_TO_BE_CALLED: Final = """
SELECT DISTINCT entry.account_id, entry.number
FROM unnest($1::text[], $2::text[]) AS asked (account_id, number)
JOIN dnc_entry entry ON entry.account_id = asked.account_id AND entry.number = asked.number
JOIN dnc_list list ON list.id = entry.list_id AND list.deleted_at IS NULL AND list.applies_to_all
"""
# Whoever goes on with it finds it among what is due, though its clock has been reset meanwhile.
_CLAIM: Final = """
UPDATE callback
SET state = 'CLAIMED', call_id = coalesce(call_id, $2), claimed_by = $3, lease_until = $4, try_at = least(try_at, $5)
WHERE id = $1
"""
_STARTED: Final = f"""
UPDATE callback
SET state = 'STARTED', attempt = attempt + 1, started_at = coalesce(started_at, $3), updated_at = $3,
    claimed_by = NULL, lease_until = NULL
WHERE id = $1 AND state = 'CLAIMED' AND call_id = $2
RETURNING {_COLUMNS}
"""  # noqa: S608  # our own names
_NOTE_ATTEMPT: Final = """
INSERT INTO callback_attempt (callback_id, attempt, call_id, due_at, started_at) VALUES ($1, $2, $3, $4, $5)
"""
# Its call's id stays its own: should the call have been written after all, the next try finds it.
_RELEASE: Final = """
UPDATE callback SET state = 'SCHEDULED', try_at = $3, claimed_by = NULL, lease_until = NULL
WHERE id = $1 AND state = 'CLAIMED' AND call_id = $2
"""
_FAIL: Final = f"""
UPDATE callback
SET state = 'FAILED', failure = $3, detail = $4, updated_at = $5, ended_at = $5, claimed_by = NULL, lease_until = NULL,
    call_id = CASE WHEN state = 'STARTED' THEN call_id END
WHERE id = $1 AND state = ANY($2::text[]) AND ($6::text IS NULL OR call_id = $6)
RETURNING {_COLUMNS}, asked_by
"""  # noqa: S608  # our own names
_ENDED: Final = f"""
SELECT {_COLUMNS}, asked_by, {_CLOCK}, ended.disposition, ended.call_ended_at, ended.connected_at, ended.talk_seconds,
    ended.is_lost
FROM callback
CROSS JOIN LATERAL (
    SELECT call.disposition, call.ended_at AS call_ended_at, call.connected_at, cdr.talk_seconds,
        coalesce(cdr.source = 'RECOVERED' OR cdr.end_code IN ('TRUNK_FULL', 'LIMIT_REACHED', 'DIAL_FAILED'), false)
            AND NOT EXISTS (SELECT FROM leg WHERE leg.call_id = call.id AND leg.dialing_at IS NOT NULL) AS is_lost
    FROM call LEFT JOIN cdr ON cdr.call_id = call.id
    WHERE call.id = callback.call_id AND call.state = 'ENDED'
) AS ended
WHERE state = 'STARTED'
ORDER BY id LIMIT $1
FOR NO KEY UPDATE OF callback SKIP LOCKED
"""  # noqa: S608  # our own names
_END_ATTEMPT: Final = """
UPDATE callback_attempt SET ended_at = $3, disposition = $4, is_connected = $5 WHERE callback_id = $1 AND attempt = $2
"""
# A call that was lost before anybody's phone rang is none of those that may be placed.
_USED: Final = """
SELECT count(*) FROM callback_attempt WHERE callback_id = $1 AND NOT (ended_at IS NOT NULL AND disposition IS NULL)
"""
_ANEW: Final = f"""
UPDATE callback SET state = 'SCHEDULED', try_at = $3, call_id = NULL, updated_at = $2 WHERE id = $1
RETURNING {_COLUMNS}
"""  # noqa: S608  # our own names
_COMPLETE: Final = """
UPDATE callback SET state = 'COMPLETED', updated_at = $2, ended_at = $2 WHERE id = $1
"""
_AGAIN: Final = f"""
UPDATE callback
SET state = 'SCHEDULED', due_at = $2, try_at = $2, local_time = NULL, time_zone = NULL, resolution = NULL,
    call_id = NULL, updated_at = $3
WHERE id = $1
RETURNING {_COLUMNS}
"""  # noqa: S608  # our own names


def read(row: asyncpg.Record) -> Callback:
    """A row as a callback."""
    local = row["local_time"]
    return Callback(
        id=row["id"],
        account_id=row["account_id"],
        state=CallbackState.STARTED if row["state"] == CLAIMED else CallbackState(row["state"]),
        due_at=row["due_at"],
        local=None if local is None else LocalTime(date_time=datetime.fromisoformat(local), time_zone=row["time_zone"]),
        resolution=None if row["resolution"] is None else Resolution(row["resolution"]),
        wanted=msgspec.convert(row["wanted"], Wanted),
        grace_seconds=row["grace_seconds"],
        max_attempts=row["max_attempts"],
        retry_after_seconds=row["retry_after_seconds"],
        attempt=row["attempt"],
        call_id=row["call_id"],
        failure=None if row["failure"] is None else CallbackFailure(row["failure"]),
        detail=row["detail"],
        is_sandbox=row["is_sandbox"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        started_at=row["started_at"],
        ended_at=row["ended_at"],
    )


def read_asked_by(row: asyncpg.Record) -> AskedBy:
    """At whose word."""
    return msgspec.convert(row["asked_by"], AskedBy)


async def attempts_of(connection: PooledConnection, callback_id: str) -> list[Attempt]:
    """The calls of a callback, first to last."""
    return [
        Attempt(
            number=row["attempt"],
            call_id=row["call_id"],
            due_at=row["due_at"],
            started_at=row["started_at"],
            ended_at=row["ended_at"],
            disposition=None if row["disposition"] is None else Disposition(row["disposition"]),
            is_connected=row["is_connected"],
        )
        for row in await connection.fetch(_ATTEMPTS, callback_id)
    ]


def _admit(conditions: Conditions, where: CallbackFilter) -> None:
    states = [state.value for state in where.states]
    conditions.add_any_of("state", [*states, CLAIMED] if CallbackState.STARTED in where.states else states)
    conditions.add_given("number = {}", where.number)
    conditions.add_given("external_id = {}", where.external_id)
    conditions.add_given("due_at >= {}", where.due_from)
    conditions.add_given("due_at < {}", where.due_to)


#: As an account reads them: those due first first.
SHAPE: Final[Shape[Callback, CallbackFilter]] = Shape(
    table="callback",
    names=_NAMES,
    expressions=_COLUMNS,
    admit=_admit,
    keys=(Key("due_at", datetime), Key("id", str)),
    descending=False,
    read=read,
)


def _when(due_at: datetime, local: LocalTime | None, resolution: Resolution | None) -> tuple[Any, ...]:
    if local is None:
        return due_at, None, None, None
    return due_at, local.date_time.isoformat(), local.time_zone, None if resolution is None else resolution.value


def _settings(one: Callback, asked_by: AskedBy) -> tuple[Any, ...]:
    return (
        one.wanted.destination_number,
        one.wanted.external_id,
        msgspec.to_builtins(one.wanted),
        msgspec.to_builtins(asked_by),
        one.is_sandbox,
        one.grace_seconds,
        one.max_attempts,
        one.retry_after_seconds,
    )


async def insert(connection: PooledConnection, one: Callback, asked_by: AskedBy) -> Callback:
    """Write a new one."""
    row = await connection.fetchrow(
        _INSERT,
        one.id,
        one.account_id,
        *_when(one.due_at, one.local, one.resolution),
        *_settings(one, asked_by),
        one.created_at,
    )
    assert row is not None  # INSERT … RETURNING gives its row
    return read(row)


async def change(
    connection: PooledConnection, before: Callback, after: Callback, asked_by: AskedBy, *, now: datetime
) -> Callback | None:
    """Write its changes; None when it is not as it was any more."""
    row = await connection.fetchrow(
        _CHANGE,
        before.account_id,
        before.id,
        before.updated_at,
        *_when(after.due_at, after.local, after.resolution),
        *_settings(after, asked_by),
        now,
    )
    return None if row is None else read(row)


async def cancel(connection: PooledConnection, account_id: str, callback_id: str, *, now: datetime) -> Callback | None:
    """Call it off; None when it is not SCHEDULED, or not there."""
    row = await connection.fetchrow(_CANCEL, account_id, callback_id, now)
    return None if row is None else read(row)


async def lock_due(connection: PooledConnection, *, now: datetime, node: str, limit: int) -> list[asyncpg.Record]:
    """Those that are due, and those whose claim is nobody's any more; locked. Each with its clock: `read_clock`."""
    rows: list[asyncpg.Record] = await connection.fetch(_DUE, now, node, limit)
    if len(rows) < limit:
        rows += await connection.fetch(_DUE_IN_TESTS, now, limit - len(rows))
    return rows


async def oldest_due(connection: PooledConnection, *, now: datetime, put_off_until: datetime) -> datetime | None:
    """When that was due which has been due for longest, of all accounts'; None when nothing is."""
    await read_by_index(connection)
    found: datetime | None = await connection.fetchval(_OLDEST_DUE, now, put_off_until)
    return found


async def not_to_be_called(connection: PooledConnection, rows: Sequence[Callback]) -> set[str]:
    """The ids of those whose number is on a do-not-call list that is asked for every call."""
    asked = [(one.account_id, one.wanted.destination_number) for one in rows if one.wanted.destination_number]
    found = await connection.fetch(_NOT_TO_BE_CALLED, [pair[0] for pair in asked], [pair[1] for pair in asked])
    hits = {(row["account_id"], row["number"]) for row in found}
    return {one.id for one in rows if (one.account_id, one.wanted.destination_number) in hits}


async def claim(
    connection: PooledConnection, callback_id: str, *, call_id: str, node: str, until: datetime, now: datetime
) -> None:
    """Be the one who places it; a call's id that it has already stays."""
    await connection.execute(_CLAIM, callback_id, call_id, node, until, now)


async def start(connection: PooledConnection, one: Callback, call_id: str, *, at: datetime) -> Callback | None:
    """Its call is there; None when somebody else has said so already."""
    row = await connection.fetchrow(_STARTED, one.id, call_id, at)
    if row is None:
        return None
    started = read(row)
    await connection.execute(_NOTE_ATTEMPT, one.id, started.attempt, call_id, one.due_at, at)
    return started


async def release(connection: PooledConnection, callback_id: str, call_id: str, *, try_at: datetime) -> None:
    """Its call could not be placed just now."""
    await connection.execute(_RELEASE, callback_id, call_id, try_at)


async def fail(
    connection: PooledConnection,
    callback_id: str,
    failure: CallbackFailure,
    detail: str,
    *,
    now: datetime,
    claimed_call: str | None = None,
) -> asyncpg.Record | None:
    """Nothing more is tried; None when that is no question any more.

    With ``claimed_call`` by whoever claimed it for this call, as long as nobody else has placed it meanwhile.
    """
    states = ["SCHEDULED", CLAIMED, "STARTED"] if claimed_call is None else [CLAIMED]
    return await connection.fetchrow(_FAIL, callback_id, states, failure.value, detail, now, claimed_call)


async def lock_ended(connection: PooledConnection, limit: int) -> list[asyncpg.Record]:
    """Those whose call has ended and who have not heard of it; locked."""
    rows: list[asyncpg.Record] = await connection.fetch(_ENDED, limit)
    return rows


async def end_attempt(
    connection: PooledConnection,
    callback_id: str,
    attempt: int,
    *,
    at: datetime,
    disposition: str | None,
    is_connected: bool,
) -> None:
    """How a call of it came out."""
    await connection.execute(_END_ATTEMPT, callback_id, attempt, at, disposition, is_connected)


async def attempts_used(connection: PooledConnection, callback_id: str) -> int:
    """How many of the calls that may be placed were."""
    used: int = await connection.fetchval(_USED, callback_id)
    return used


async def place_anew(connection: PooledConnection, callback_id: str, *, now: datetime, try_at: datetime) -> Callback:
    """Its call came to nothing before anybody's phone rang: another is tried from then on."""
    row = await connection.fetchrow(_ANEW, callback_id, now, try_at)
    assert row is not None  # it is locked
    return read(row)


async def complete(connection: PooledConnection, callback_id: str, *, now: datetime) -> None:
    """Both sides were connected."""
    await connection.execute(_COMPLETE, callback_id, now)


async def schedule_again(
    connection: PooledConnection, callback_id: str, *, due_at: datetime, now: datetime
) -> Callback:
    """Another call is due then."""
    row = await connection.fetchrow(_AGAIN, callback_id, due_at, now)
    assert row is not None  # it is locked
    return read(row)
