"""The rows of test clocks, and what others put into their own statements, so that both are read at once."""

from datetime import datetime, timedelta
from typing import Final

import asyncpg

from app.accounts.principal import Principal
from app.db.engine import PooledConnection
from app.testclock.clock import TRUE_TIME, SandboxClock

_FIND: Final = "SELECT ahead_seconds, advanced_at FROM test_clock WHERE account_id = $1"
_KEEP: Final = """
INSERT INTO test_clock (account_id, ahead_seconds, advanced_at) VALUES ($1, $2, $3)
ON CONFLICT (account_id) DO UPDATE SET ahead_seconds = excluded.ahead_seconds, advanced_at = excluded.advanced_at
"""
_FORGET: Final = "DELETE FROM test_clock WHERE account_id = $1"
_LOCK: Final = "SELECT FROM account WHERE id = $1 FOR NO KEY UPDATE"


def ahead_of(table: str, *, when: str) -> str:
    """SQL: how many seconds the test clock is ahead for a row of this table, if ``when`` holds of it; 0 otherwise.

    Of a row for which ``when`` does not hold no clock is looked for.
    """
    clock = f"SELECT test_clock.ahead_seconds FROM test_clock WHERE test_clock.account_id = {table}.account_id"  # noqa: S608  # our own names
    return f"CASE WHEN {when} THEN coalesce(({clock}), 0) ELSE 0 END::double precision"


def advanced_of(table: str, *, when: str) -> str:
    """SQL: when that clock was advanced last; NULL when there is none."""
    clock = f"SELECT test_clock.advanced_at FROM test_clock WHERE test_clock.account_id = {table}.account_id"  # noqa: S608  # our own names
    return f"CASE WHEN {when} THEN ({clock}) END"


def read_clock(row: asyncpg.Record) -> SandboxClock:
    """The clock in a row with ``ahead_seconds`` and ``advanced_at``."""
    return SandboxClock(read_ahead(row["ahead_seconds"]), row["advanced_at"])


def read_ahead(seconds: float) -> timedelta:
    """How far ahead, as the rows have it."""
    return timedelta(seconds=seconds)


async def clock_of(connection: PooledConnection, principal: Principal) -> SandboxClock:
    """By which clock the caller's word is meant: a live key's is the true time, without asking."""
    return await find_clock(connection, principal.account_id) if principal.is_test else TRUE_TIME


async def find_clock(connection: PooledConnection, account_id: str) -> SandboxClock:
    """The account's test clock."""
    row = await connection.fetchrow(_FIND, account_id)
    return TRUE_TIME if row is None else read_clock(row)


async def keep_clock(connection: PooledConnection, account_id: str, ahead: timedelta, now: datetime) -> SandboxClock:
    """Set the clock of an account that is locked."""
    await connection.execute(_KEEP, account_id, ahead.total_seconds(), now)
    return SandboxClock(ahead, now)


async def forget_clock(connection: PooledConnection, account_id: str) -> bool:
    """Let it show the true time again; whether it did not."""
    status: str = await connection.execute(_FORGET, account_id)
    return status != "DELETE 0"


async def lock_account(connection: PooledConnection, account_id: str) -> None:
    """Keep others from setting the account's clock until the transaction ends."""
    await connection.execute(_LOCK, account_id)
