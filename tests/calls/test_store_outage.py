"""The database goes away under live calls: what happens is kept on disk, and written in order when it is back."""

import asyncio
import random
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from app.calls.core.model.call import Call
from app.calls.keeping.spool import Spool
from app.calls.keeping.spool_records import decode_change, encode_change
from app.calls.keeping.store import CallStore, Change, FencedError
from app.db.engine import Database
from app.db.kept import KeptConnection
from app.errors import DatabaseUnavailableError
from app.events.log import Appended, EventLog
from app.facts.vocabulary import RecordingMode
from app.metrics import SET_ASIDE_CHANGES, SPOOLED_CHANGES
from tests.calls.lives import changes_of_life
from tests.calls.making import make_call
from tests.calls.standing_in import running, until

pytestmark = pytest.mark.postgres


class Outage:
    """The way to the database: open, shut, or swallowing whatever is sent."""

    def __init__(self) -> None:
        self.is_shut = False
        self.is_hung = False

    async def pass_through(self) -> None:
        if self.is_hung:
            await asyncio.sleep(60)
        if self.is_shut:
            raise DatabaseUnavailableError("The database is not available (test).")


@pytest.fixture
def outage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Outage]:
    way = Outage()

    class Connection(KeptConnection):
        @asynccontextmanager
        async def use(self) -> AsyncIterator[Any]:
            await way.pass_through()
            async with super().use() as connection:
                yield connection

    monkeypatch.setattr("app.calls.keeping.commit.KeptConnection", Connection)
    monkeypatch.setattr("app.calls.keeping.postponed._SLOWEST_WAIT_SECONDS", 0.1)
    yield way
    assert SPOOLED_CHANGES._value.get() == 0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spool"


def _store(
    database: Database, folder: Path, log: EventLog | None = None, *, limit_bytes: int = 10_000_000
) -> CallStore:
    return CallStore(database, log or EventLog(database), spool=Spool(folder, "n1", limit_bytes=limit_bytes))


def _life(seed: int = 2, call: Call | None = None) -> list[Change]:
    return changes_of_life(call or make_call(recording_mode=RecordingMode.BOTH), random.Random(seed))


async def _facts(database: Database, call: Call) -> list[tuple[str, int | None]]:
    events = await EventLog(database).read_after(0, limit=1000)
    return [(event.type, event.call_sequence) for event in events if event.subject_id == call.id]


def _told(life: list[Change]) -> list[tuple[str, int | None]]:
    return [(draft.fact.type, draft.call_sequence) for change in life for draft in change.drafts]


def _files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


@pytest.mark.parametrize("seed", range(5))
def test_given_any_change_when_written_to_the_spool_and_read_then_it_is_the_same(seed: int) -> None:
    for change in _life(seed)[1:]:
        read = decode_change(encode_change(change))
        assert (read.call, read.drafts, read.legs) == (change.call, change.drafts, change.legs)
        assert read.recordings == change.recordings
        assert read.is_retry


async def test_given_live_calls_when_the_database_goes_away_then_they_go_on_and_all_is_written_in_order_afterwards(
    database: Database, folder: Path, outage: Outage
) -> None:
    log, announced = EventLog(database), list[Appended]()
    log.on_appended(announced.append)
    store = _store(database, folder, log)
    lives = [_life(seed) for seed in range(4)]
    async with running(store.run()):
        for life in lives:
            await store.commit(life[0])
        outage.is_shut = True
        for life in lives:
            for change in life[1:-1]:
                assert await store.commit(change) is None
        with pytest.raises(DatabaseUnavailableError):
            await store.commit(_life()[0])
        with pytest.raises(DatabaseUnavailableError, match="does not know yet"):
            await store.load_open("n1")
        for life in lives:
            assert await _facts(database, life[0].call) == _told(life[:1])
        assert len(_files(folder)) == 1
        outage.is_shut = False
        await asyncio.gather(*(store.commit(life[-1]) for life in lives))
        await until(lambda: not _files(folder))
        newcomer = _life(7)
        assert await store.commit(newcomer[0]) is None
        for life in lives:
            assert await store.load(life[0].call.id) == life[-1].call
            assert await _facts(database, life[0].call) == _told(life)
    heard = [event.id for one in announced for event in one.events]
    assert sorted(heard) == sorted(
        draft.id for life in [*lives, newcomer[:1]] for change in life for draft in change.drafts
    )
    assert await EventLog(database).head() == announced[-1].events[-1].sequence


async def test_given_one_cut_connection_when_committed_then_nothing_is_postponed(
    database: Database, folder: Path, outage: Outage
) -> None:
    life = _life()
    store = _store(database, folder)
    passes = 0

    async def fail_once() -> None:
        nonlocal passes
        passes += 1
        if passes == 2:
            raise DatabaseUnavailableError("cut")

    outage.pass_through = fail_once  # type: ignore[method-assign]  # the way is cut once
    async with running(store.run()):
        for change in life:
            assert await store.commit(change) is None
        assert not folder.exists()
    assert await _facts(database, life[0].call) == _told(life)


async def test_given_a_database_that_does_not_answer_when_committed_then_a_live_call_waits_a_little_and_goes_on(
    database: Database, folder: Path, outage: Outage, monkeypatch: pytest.MonkeyPatch
) -> None:
    life = _life()
    store = _store(database, folder)
    async with running(store.run()):
        await store.commit(life[0])
        monkeypatch.setattr("app.calls.keeping.store._PATIENCE_SECONDS", 0.05)
        outage.is_hung = True
        async with asyncio.timeout(5):
            assert await store.commit(life[1]) is None
            assert await store.commit(life[2]) is None
        assert len(_files(folder)) == 1
        outage.is_hung = False
    successor = _store(database, folder)
    async with running(successor.run()):
        assert await successor.load(life[0].call.id) == life[2].call


async def test_given_the_process_dies_in_the_outage_when_the_next_starts_then_it_writes_first_what_was_kept(
    database: Database, folder: Path, outage: Outage
) -> None:
    lives = [_life(seed) for seed in range(3)]
    first = _store(database, folder)
    async with running(first.run()):
        for life in lives:
            await first.commit(life[0])
        outage.is_shut = True
        for life in lives:
            for change in life[1:]:
                await first.commit(change)
    second = _store(database, folder)
    async with running(second.run()):
        reading = asyncio.create_task(second.load(lives[0][0].call.id))
        with pytest.raises(DatabaseUnavailableError):  # still away: nobody may act on what the database says
            await reading
        outage.is_shut = False
        await until(lambda: not _files(folder))
        for life in lives:
            assert await second.load(life[0].call.id) == life[-1].call
            assert await _facts(database, life[0].call) == _told(life)


async def test_given_the_kept_changes_were_written_but_not_removed_when_applied_again_then_nothing_changes(
    database: Database, folder: Path, outage: Outage
) -> None:
    life = _life()
    silent = [
        Change(call=msgspec.structs.replace(change.call, teardown_tries=number), drafts=(), is_retry=False)
        for number, change in enumerate(life, 1)
    ]
    changes = [one for pair in zip(life[1:], silent[1:], strict=True) for one in pair]
    store = _store(database, folder)
    async with running(store.run()):
        await store.commit(life[0])
        outage.is_shut = True
        for change in changes:
            await store.commit(change)
        (path,) = folder.iterdir()
        content = path.read_bytes()
        outage.is_shut = False
        await until(lambda: not _files(folder))
    path.write_bytes(content)
    again = _store(database, folder)
    async with running(again.run()):
        await until(lambda: not _files(folder))
        assert await again.load(life[0].call.id) == changes[-1].call
    assert await _facts(database, life[0].call) == _told(life)


async def test_given_another_process_wrote_the_call_meanwhile_when_applied_then_its_changes_are_set_aside_and_told(
    database: Database, folder: Path, outage: Outage
) -> None:
    fenced, bystander = _life(3), _life(4)
    set_aside = SET_ASIDE_CHANGES._value.get()
    ours, theirs = _store(database, folder), CallStore(database, EventLog(database))
    async with running(ours.run()):
        for life in (fenced, bystander):
            await ours.commit(life[0])
        outage.is_shut = True
        for life in (fenced, bystander):
            for change in life[1:-1]:
                await ours.commit(change)
        # They get there first, with other facts under the same numbers.
        other = Change(
            call=fenced[2].call,
            drafts=tuple(
                msgspec.structs.replace(draft, id=f"{draft.id[:-3]}zzz")
                for change in fenced[1:3]
                for draft in change.drafts
            ),
        )
        await _write_past(outage, theirs, other)
        outage.is_shut = False
        await until(lambda: _files(folder) == ["n1.aside"])
        assert await ours.load(bystander[0].call.id) == bystander[-2].call
        assert await ours.load(fenced[0].call.id) == other.call
        with pytest.raises(FencedError):
            await ours.commit(fenced[-1])
        assert await ours.commit(bystander[-1]) is None
    lines = [msgspec.json.decode(line) for line in (folder / "n1.aside").read_bytes().splitlines()]
    assert [line["reason"] for line in lines] == ["fenced", *["after_another"] * (len(fenced) - 3)]
    assert [line["change"]["call"]["id"] for line in lines] == [fenced[0].call.id] * len(lines)
    assert SET_ASIDE_CHANGES._value.get() - set_aside == len(lines)
    assert await _facts(database, bystander[0].call) == _told(bystander)


async def _outcome(committing: Coroutine[Any, Any, Any]) -> str:
    try:
        await committing
    except DatabaseUnavailableError as error:
        return error.message
    return "written"


async def _write_past(outage: Outage, store: CallStore, change: Change) -> None:
    """Another process, for which the database is not away."""
    pass_through = outage.pass_through

    them = asyncio.current_task()

    async def let_through() -> None:
        if asyncio.current_task() is not them:
            await pass_through()

    committer = store._committer
    outage.pass_through = let_through  # type: ignore[method-assign]
    try:
        await committer.write([change])
    finally:
        outage.pass_through = pass_through  # type: ignore[method-assign]
        committer.close()


async def test_given_the_spool_is_full_when_a_live_call_changes_then_it_is_told_and_written_when_all_is_well(
    database: Database, folder: Path, outage: Outage
) -> None:
    life = _life()
    store = _store(database, folder, limit_bytes=6_000)
    async with running(store.run()):
        await store.commit(life[0])
        outage.is_shut = True
        kept = 1
        while (outcome := await _outcome(store.commit(life[kept]))) == "written":
            kept += 1
        assert outcome == "The database is away, and so much is waiting for it that no more can be kept."
        assert 1 < kept < len(life)
        outage.is_shut = False
        await until(lambda: not _files(folder))
        for change in life[kept:]:
            assert await store.commit(change) is None
    assert await _facts(database, life[0].call) == _told(life)


async def test_given_a_folder_that_cannot_be_written_when_the_database_is_away_then_a_live_call_is_told(
    database: Database, folder: Path, outage: Outage
) -> None:
    life = _life()
    folder.write_text("not a folder")
    store = _store(database, folder)
    async with running(store.run()):
        await store.commit(life[0])
        outage.is_shut = True
        with pytest.raises(DatabaseUnavailableError, match="on disk"):
            await store.commit(life[1])
        outage.is_shut = False
        await until(lambda: not store._postponed or not store._postponed.is_open)
        assert await store.commit(life[1]) is None
    folder.unlink()


async def test_given_what_a_dead_process_left_was_overtaken_when_its_call_is_taken_over_then_it_can_be_written_again(
    database: Database, folder: Path, outage: Outage
) -> None:
    life = _life(3)
    dead, heir = _store(database, folder), _store(database, folder)
    async with running(dead.run()):
        await dead.commit(life[0])
        outage.is_shut = True
        await dead.commit(life[1])
    await _write_past(outage, CallStore(database, EventLog(database)), _by_another(life[1:2]))
    outage.is_shut = False
    async with running(heir.run()):
        await until(lambda: _files(folder) == ["n1.aside"])
        assert await heir.load(life[0].call.id) == life[1].call
        for change in life[2:]:
            assert await heir.commit(change) is None
    assert await _facts(database, life[0].call) == _told(life)


@pytest.mark.parametrize("has_spoken_again", [True, False])
async def test_given_an_actor_whose_change_was_set_aside_when_another_takes_its_call_over_then_it_can_be_written_again(
    database: Database, folder: Path, outage: Outage, *, has_spoken_again: bool
) -> None:
    life = _life(3)
    store = _store(database, folder)
    async with running(store.run()):
        await store.commit(life[0])
        outage.is_shut = True
        await store.commit(life[1])
        await _write_past(outage, CallStore(database, EventLog(database)), _by_another(life[1:3]))
        outage.is_shut = False
        await until(lambda: _files(folder) == ["n1.aside"])
        if has_spoken_again:
            with pytest.raises(FencedError):
                await store.commit(life[2])
        (adopted,) = await store.load_many([life[0].call.id])
        assert adopted == life[2].call
        for change in life[3:]:
            assert await store.commit(change) is None
    assert await _facts(database, life[0].call) == _told(life)


async def test_given_a_change_that_waits_when_its_call_is_found_to_be_in_other_hands_then_it_is_not_written(
    database: Database, folder: Path
) -> None:
    life = _life(3)
    store = _store(database, folder)
    assert store._postponed is not None
    waiting = asyncio.create_task(store.commit(life[0]))
    await until(lambda: store.backlog == 1)
    store._postponed._barred.add(life[0].call.id)
    async with running(store.run()):
        with pytest.raises(FencedError):
            await waiting
    assert await _facts(database, life[0].call) == []


async def test_given_a_replay_that_hangs_when_a_new_call_comes_then_it_is_refused_in_time_and_live_calls_go_on(
    database: Database, folder: Path, outage: Outage, monkeypatch: pytest.MonkeyPatch
) -> None:
    life = _life()
    store = _store(database, folder)
    assert store._postponed is not None
    async with running(store.run()):
        await store.commit(life[0])
        outage.is_shut = True
        await store.commit(life[1])
        outage.is_hung = True
        await until(store._committer._turn.locked)
        monkeypatch.setattr("app.calls.keeping.store._PATIENCE_SECONDS", 0.05)
        store._postponed.is_away = False  # as after a batch that got through
        async with asyncio.timeout(5):
            with pytest.raises(DatabaseUnavailableError):
                await store.commit(_life(4)[0])
            assert await store.commit(life[2]) is None


def _by_another(changes: list[Change]) -> Change:
    """What another process has made of it: other facts under the same numbers."""
    return Change(
        call=changes[-1].call,
        drafts=tuple(
            msgspec.structs.replace(draft, id=f"{draft.id[:-3]}zzz") for change in changes for draft in change.drafts
        ),
    )
