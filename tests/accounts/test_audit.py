"""The audit log: beside the work, in batches, bounded, and honest about what it dropped."""

import asyncio
import inspect

import pytest

from app.accounts.audit import AuditEntry, AuditLog
from app.db.engine import Database
from app.errors import DatabaseUnavailableError

pytestmark = pytest.mark.postgres


async def stored_actions(database: Database) -> list[str]:
    async with database.acquire() as connection:
        return [row["action"] for row in await connection.fetch("SELECT action FROM audit_line ORDER BY id")]


async def test_given_more_lines_than_a_batch_when_flushed_then_all_are_stored_in_order(database: Database) -> None:
    audit = AuditLog(database)
    for number in range(1200):
        audit.record(AuditEntry(account_id="acc_1", action=f"test.{number}"))

    await audit.flush()

    assert await stored_actions(database) == [f"test.{number}" for number in range(1200)]


async def test_given_the_log_runs_when_it_is_cancelled_then_what_was_queued_is_stored(database: Database) -> None:
    audit = AuditLog(database)
    log = audit.run()
    running = asyncio.ensure_future(log)
    audit.record(AuditEntry(account_id=None, action="test.last"))
    async with asyncio.timeout(60):
        while inspect.getcoroutinestate(log) != inspect.CORO_SUSPENDED:  # it has begun, and waits
            await asyncio.sleep(0)
    running.cancel()

    with pytest.raises(asyncio.CancelledError):
        await running
    assert await stored_actions(database) == ["test.last"]


async def test_given_the_log_runs_when_a_line_is_recorded_then_it_is_stored_soon(database: Database) -> None:
    audit = AuditLog(database)
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        running = group.create_task(audit.run())
        audit.record(AuditEntry(account_id=None, action="test.soon"))
        while await stored_actions(database) != ["test.soon"]:  # another program's state
            await asyncio.sleep(0.02)
        running.cancel()


async def test_given_a_full_queue_when_more_comes_then_it_is_dropped_counted_and_said(database: Database) -> None:
    audit = AuditLog(database, queue_size=3)
    for number in range(5):
        audit.record(AuditEntry(account_id=None, action=f"test.{number}"))

    await audit.flush()
    await audit.flush()

    assert audit.dropped == 2
    assert await stored_actions(database) == ["test.0", "test.1", "test.2", "audit.drop"]
    async with database.acquire() as connection:
        assert await connection.fetchval("SELECT details FROM audit_line WHERE action = 'audit.drop'") == {"lines": 2}


async def test_given_hostile_strings_when_stored_then_no_line_sinks_its_batch(database: Database) -> None:
    audit = AuditLog(database)
    audit.record(
        AuditEntry(account_id="a\x00b", action="test.nul", details={"k\x00": "v\x00", "n": 1, "long": "x" * 9999})
    )
    audit.record(AuditEntry(account_id="\ud800", action="test.surrogate", details={"s": "\udfff"}))
    audit.record(AuditEntry(account_id="b", action="test.fine"))

    await audit.flush()

    assert await stored_actions(database) == ["test.nul", "test.surrogate", "test.fine"]


async def test_given_the_database_is_away_when_flushed_then_lines_wait_and_go_later(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    audit = AuditLog(database)
    audit.record(AuditEntry(account_id=None, action="test.waits"))

    async def fail(_batch: object) -> None:
        raise DatabaseUnavailableError("away")

    with monkeypatch.context() as patch:
        patch.setattr(audit, "_store", fail)
        with pytest.raises(DatabaseUnavailableError):
            await audit.flush()
    await audit.flush()

    assert await stored_actions(database) == ["test.waits"]
