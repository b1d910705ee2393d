"""A change that PostgreSQL answers and refuses for ever: others go on, and it is set aside in the end, never lost."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest
import structlog

from app.calls.keeping import refusals
from app.calls.keeping.spool_records import decode_change
from app.calls.keeping.store import CallStore, Change, FencedError
from app.db.engine import Database, PooledConnection
from app.errors import DatabaseUnavailableError
from app.facts.event import Event
from app.metrics import SET_ASIDE_CHANGES, SPOOLED_CHANGES
from tests.calls.standing_in import DEADLINE_SECONDS, running, until
from tests.calls.storing import facts_of, files_in, logged_facts, store_with, told_life

pytestmark = pytest.mark.postgres


class Refusing:
    """A hook in the writer's transactions: refuses whatever tells of one of these calls, or of any."""

    def __init__(self, error: type[asyncpg.PostgresError] = asyncpg.ProgramLimitExceededError) -> None:
        self.error = error
        self.call_ids: set[str] = set()
        self.is_of_all = False
        self.refused = 0

    async def __call__(self, _connection: PooledConnection, events: Sequence[Event]) -> None:
        if self.is_of_all or any(event.subject_id in self.call_ids for event in events):
            self.refused += 1
            raise self.error("refused")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("app.calls.keeping.postponed._SLOWEST_WAIT_SECONDS", 0.05)
    return tmp_path / "spool"


def _set_aside(folder: Path) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line) for line in (folder / "n1.aside").read_bytes().splitlines()]


async def _begin(store: CallStore, life: list[Change]) -> None:
    """A new call, asked for again until it is taken."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            try:
                assert await store.commit(life[0]) is None
            except DatabaseUnavailableError:  # in the first moment a refusal is taken for an outage
                await asyncio.sleep(0.01)
            else:
                return


async def _until_written(database: Database, life: list[Change]) -> None:
    async with asyncio.timeout(DEADLINE_SECONDS):
        while await logged_facts(database, life) != facts_of(life):
            await asyncio.sleep(0.01)


async def _until_tried_again(refusing: Refusing, folder: Path) -> None:
    before = refusing.refused
    await until(lambda: refusing.refused > before or ".aside" in files_in(folder))


async def test_given_one_call_is_refused_for_ever_when_others_are_taken_then_they_go_on_and_it_is_set_aside_and_told(
    database: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing = Refusing()
    store, refused, others = store_with(database, folder, refusing), told_life(), [told_life(seed) for seed in (3, 4)]
    counted = SET_ASIDE_CHANGES._value.get()
    with structlog.testing.capture_logs() as logs:
        async with running(store.run()):
            assert await store.commit(refused[0]) is None
            refusing.call_ids = {refused[0].call.id}
            for change in refused[1:-1]:
                assert await store.commit(change) is None  # on disk, like the calls' that come behind it
            # What is refused keeps nobody back: new calls begin, and live ones are written while it waits.
            for life in others:
                await _begin(store, life)
                for change in life[1:]:
                    assert await store.commit(change) is None
                await _until_written(database, life)
            assert files_in(folder) == [".spool"], "not yet: it may be the server's trouble all the same"
            monkeypatch.setattr(refusals, "SURELY_REFUSED_SECONDS", 0.0)
            for seed in range(100, 200):
                if ".aside" in files_in(folder):
                    break
                await _begin(store, told_life(seed))
                await _until_tried_again(refusing, folder)
            await until(lambda: files_in(folder) == [".aside"])
            with pytest.raises(FencedError):
                await store.commit(refused[-1])
    for life in others:
        assert await logged_facts(database, life) == facts_of(life)
    assert await logged_facts(database, refused) == facts_of(refused[:1])
    lines = _set_aside(folder)
    assert [line["reason"] for line in lines] == ["refused_54000", *["after_another"] * (len(refused) - 3)]
    kept = [decode_change(msgspec.json.encode(line["change"])) for line in lines]
    assert [change.drafts for change in kept] == [change.drafts for change in refused[1:-1]], "nothing is lost"
    assert SET_ASIDE_CHANGES._value.get() - counted == len(lines)
    assert SPOOLED_CHANGES._value.get() == 0
    (said,) = [entry for entry in logs if entry["event"] == "change_refused"]
    assert (said["call_id"], said["sqlstate"]) == (refused[0].call.id, "54000")
    assert [entry["reason"] for entry in logs if entry["event"] == "change_set_aside"] == [
        line["reason"] for line in lines
    ]


@pytest.mark.parametrize("error", [asyncpg.ProgramLimitExceededError, asyncpg.RaiseError])
async def test_given_a_refused_change_that_nothing_can_be_compared_with_when_time_is_over_then_it_is_set_aside(
    database: Database, folder: Path, monkeypatch: pytest.MonkeyPatch, error: type[asyncpg.PostgresError]
) -> None:
    monkeypatch.setattr(refusals, "LONGEST_REFUSED_SECONDS", 0.2)
    refusing = Refusing(error)
    store, life = store_with(database, folder, refusing), told_life()
    async with running(store.run()):
        assert await store.commit(life[0]) is None
        refusing.is_of_all = True
        assert await store.commit(life[1]) is None
        await until(lambda: files_in(folder) == [".aside"])
    assert await logged_facts(database, life) == facts_of(life[:1])


@pytest.mark.parametrize(
    "error", [asyncpg.UndefinedTableError, asyncpg.IndexCorruptedError, asyncpg.ProgramLimitExceededError]
)
async def test_given_all_calls_are_refused_when_time_passes_then_it_is_the_servers_trouble_and_nothing_is_set_aside(
    database: Database, folder: Path, monkeypatch: pytest.MonkeyPatch, error: type[asyncpg.PostgresError]
) -> None:
    monkeypatch.setattr(refusals, "SURELY_REFUSED_SECONDS", 0.0)
    monkeypatch.setattr(refusals, "LONGEST_REFUSED_SECONDS", 0.0)
    monkeypatch.setattr("app.calls.keeping.postponed._MOST_REFUSED_IN_A_ROW", 2)
    # One alone cannot be told from a refusal of its own, unless its kind is said of all.
    refusing = Refusing(asyncpg.UndefinedTableError)
    store, lives = store_with(database, folder, refusing), [told_life(seed) for seed in (2, 3, 4, 5, 6)]
    async with running(store.run()):
        for life in lives:
            assert await store.commit(life[0]) is None
        refusing.is_of_all = True
        for number in range(1, 5):
            for life in lives:
                assert await store.commit(life[number]) is None
        tries = refusing.refused
        await until(lambda: refusing.refused > tries + 3 * len(lives))
        refusing.error = error
        tries = refusing.refused
        await until(lambda: refusing.refused > tries + 5 * len(lives))
        with pytest.raises(DatabaseUnavailableError):
            await store.commit(told_life(7)[0])
        assert files_in(folder) == [".spool"]
        refusing.is_of_all = False
        await until(lambda: not files_in(folder))
    for life in lives:
        assert await logged_facts(database, life) == facts_of(life[:5])
    assert SPOOLED_CHANGES._value.get() == 0


async def test_given_a_refused_change_when_it_is_taken_after_all_then_its_call_is_written_in_order(
    database: Database, folder: Path
) -> None:
    refusing = Refusing()
    store, life, other = store_with(database, folder, refusing), told_life(), told_life(3)
    async with running(store.run()):
        for one in (life, other):
            assert await store.commit(one[0]) is None
        refusing.call_ids = {life[0].call.id}
        for change in (*life[1:], *other[1:]):
            assert await store.commit(change) is None
        await until(lambda: refusing.refused > 10)
        assert files_in(folder) == [".spool"]
        refusing.call_ids.clear()
        await until(lambda: not files_in(folder))
        assert await store.load(life[0].call.id) == life[-1].call
    assert await logged_facts(database, life) == facts_of(life)
    assert await logged_facts(database, other) == facts_of(other)


async def test_given_what_a_dead_process_left_is_refused_when_the_next_one_starts_then_it_does_not_wait_for_ever(
    database: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusals, "LONGEST_REFUSED_SECONDS", 0.2)
    refusing, life = Refusing(), told_life()
    async with running((store := store_with(database, folder, refusing)).run()):
        assert await store.commit(life[0]) is None
        refusing.error, refusing.is_of_all = asyncpg.PostgresIOError, True
        assert await store.commit(life[1]) is None
    refusing.error = asyncpg.ProgramLimitExceededError
    async with running((store := store_with(database, folder, refusing)).run()):
        await until(lambda: files_in(folder) == [".aside"])
        assert await store.load(life[0].call.id) == life[0].call
    assert [line["reason"] for line in _set_aside(folder)] == ["refused_54000"]
