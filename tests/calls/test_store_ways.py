"""The two ways of writing a group, at once and with care: the same rows, and the quick one is one round trip."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from app.calls.core import inputs
from app.calls.core.machine import step
from app.calls.core.model.call import Call
from app.calls.keeping.store import CallStore, Change, KeyTaken, make_drafts
from app.db.engine import Database, PooledConnection
from app.db.kept import KeptConnection
from app.events.log import EventLog
from app.facts.event import Event
from app.facts.vocabulary import RecordingMode
from app.local.postgres import LocalPostgres
from tests.calls.lives import changes_of_life
from tests.calls.making import make_call
from tests.calls.standing_in import claim_for, running

pytestmark = pytest.mark.postgres

TABLES = {
    "call": "id",
    "leg": "id",
    "recording": "id",
    "cdr": "id",
    "cdr_rollup": "account_id, grain, begins_at, agent_id, extension, direction, kind, disposition",
    "event": "sequence",
    "request_key": "account_id, mutation, key",
}


async def _nothing(_connection: PooledConnection, _events: Sequence[Event]) -> None:
    """A hook, so that the log needs a transaction around it."""


async def _write_groups(store: CallStore, groups: Sequence[Sequence[Change]]) -> None:
    """Write each group as one: it is handed in before the writer, which runs, gets its turn."""
    for group in groups:
        assert await asyncio.gather(*(store.commit(change) for change in group)) == [None] * len(group)


async def _rows(database: Database) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    async with database.acquire() as connection:
        for table, order in TABLES.items():
            rows = await connection.fetch(f"SELECT * FROM {table} ORDER BY {order}")  # noqa: S608 -- the names above
            # When a key was claimed is the one thing that each database says for itself.
            found[table] = [{**row, "created_at": None} if table == "request_key" else dict(row) for row in rows]
    return found


@pytest.mark.parametrize("seed", range(4))
async def test_given_any_lives_of_calls_when_written_at_once_or_with_care_then_every_table_is_the_same(
    postgres: LocalPostgres, migrated_template: str, seed: int
) -> None:
    rng = random.Random(seed)
    modes = list(RecordingMode)
    lives = [changes_of_life(make_call(recording_mode=rng.choice(modes)), rng) for _ in range(20)]
    groups: list[list[Change]] = []
    while any(lives):
        ready = [life for life in lives if life]
        chosen = rng.sample(ready, rng.randint(1, len(ready)))
        groups.append([life.pop(0) for life in chosen])
    found: list[dict[str, list[Any]]] = []
    for name, hooks in (("at_once", []), ("with_care", [_nothing])):
        dsn = await postgres.create_database_from_template(f"ways_{name}_{seed}", migrated_template)
        database = await Database.connect(dsn, pool_size=2)
        try:
            store = CallStore(database, EventLog(database, hooks=hooks))
            async with running(store.run()):
                await _write_groups(store, groups)
            found.append(await _rows(database))
        finally:
            await database.aclose()
            await postgres.drop_database(f"ways_{name}_{seed}")
    assert found[0] == found[1]
    assert all(found[0][table] for table in ("call", "leg", "cdr", "cdr_rollup", "event", "request_key"))


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement that the store sends, once it has written something."""
    sent: list[str] = []

    class CountingConnection(KeptConnection):
        @asynccontextmanager
        async def use(self) -> AsyncIterator[Any]:
            async with super().use() as connection:
                with connection.query_logger(lambda record: sent.append(record.query)):
                    yield connection

    monkeypatch.setattr("app.calls.keeping.commit.KeptConnection", CountingConnection)
    return sent


async def test_given_calls_with_and_without_keys_and_records_when_committed_then_each_group_is_one_statement(
    database: Database, statements: list[str]
) -> None:
    warm_up, *lives = [changes_of_life(make_call(), random.Random(2)) for _ in range(4)]
    groups = [list(group) for group in zip(*lives, strict=False) if all(change.drafts for change in group)]
    store = CallStore(database, EventLog(database))
    async with running(store.run()):
        await _write_groups(store, [warm_up[:1]])
        statements.clear()
        await _write_groups(store, groups)
    assert len(groups) > 5
    assert len(statements) == len(groups)


def _begin(call: Call, key: str) -> Change:
    result = step(call, inputs.Start(), call.created_at)
    drafts = make_drafts(result.call, result.happenings)
    return Change(call=result.call, drafts=drafts, legs=result.call.legs, claim=claim_for(call, key))


async def test_given_a_crowd_with_one_key_when_written_then_it_takes_no_more_round_trips_than_two_of_them(
    database: Database, statements: list[str]
) -> None:
    store = CallStore(database, EventLog(database))
    counts: list[int] = []
    async with running(store.run()):
        for key, crowd in (("warm-up", 2), ("two", 2), ("crowd", 100)):
            statements.clear()
            results = await asyncio.gather(*(store.commit(_begin(make_call(), key)) for _ in range(crowd)))
            assert results.count(None) == 1
            assert len({taken.holder.subject_id for taken in results if taken is not None}) == 1
            counts.append(len(statements))
    assert counts[1] == counts[2], statements


async def test_given_a_key_that_is_taken_when_written_at_once_then_it_is_done_again_with_care(
    database: Database, statements: list[str]
) -> None:
    first, second, bystander = make_call(), make_call(), make_call()
    log = EventLog(database)
    store = CallStore(database, log)

    async with running(store.run()):
        assert await store.commit(_begin(first, "same")) is None
        statements.clear()
        taken, other = await asyncio.gather(
            store.commit(_begin(second, "same")), store.commit(_begin(bystander, "another"))
        )
    assert [one for one in statements if one.startswith("BEGIN")], statements
    assert isinstance(taken, KeyTaken)
    assert taken.holder.subject_id == first.id
    assert other is None
    assert await store.load(second.id) is None
    assert await store.load(bystander.id) is not None
    events = await log.read_after(0, limit=10)
    assert [event.subject_id for event in events] == [first.id, bystander.id]
