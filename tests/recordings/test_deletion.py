"""Deleting recordings, by request and by age: the row says so first, the file goes, and nothing is ever half of it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.db.engine import Database
from app.errors import RefusedError
from app.events.log import EventLog
from app.facts.event import Actor, ActorKind, Event
from app.facts.recordings import DeletionReason, RecordingDeleted
from app.facts.vocabulary import RecordingMode, RecordingState
from app.files.store import FileStore, ObjectMissingError, StoreUnavailableError
from app.ids import Kind, new_id
from app.recordings.deletion import RecordingDeletion, RecordingSweeper
from app.recordings.object_keys import object_key
from app.recordings.queries import RecordingQueries

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
SOMEBODY = Actor(kind=ActorKind.API_KEY, id="key_1")
MONTH = timedelta(days=30)

_INSERT = """
INSERT INTO recording (id, account_id, call_id, mode, state, created_at, saved_at, object_key, duration_seconds,
                       size_bytes, channels, sample_rate, sha256, leg_ids, lost_seconds)
VALUES ($1, $2, $3, 'BOTH', $4, $5, $5, $6, 1.5, 4, 2, 8000, 'ab', ARRAY['leg_1'], 0.5)
"""


@dataclass
class MovableClock:
    at: datetime = NOON

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()


class MoodyStore(FileStore):
    """A true store that can be away."""

    is_away = False

    async def delete(self, key: str) -> None:
        if self.is_away:
            raise StoreUnavailableError("away")
        await super().delete(key)


@dataclass
class World:
    database: Database
    log: EventLog
    store: MoodyStore
    folder: Path
    clock: MovableClock = field(default_factory=MovableClock)
    account: str = field(default_factory=lambda: new_id(Kind.ACCOUNT))

    def __post_init__(self) -> None:
        self.deletion = RecordingDeletion(self.database, self.log, self.store, self.clock)
        self.queries = RecordingQueries(self.database)

    async def have(self, state: RecordingState = RecordingState.SAVED, *, saved_at: datetime = NOON) -> str:
        recording_id = new_id(Kind.RECORDING)
        key = object_key(self.account, recording_id) if state is RecordingState.SAVED else None
        if key is not None:
            (self.folder / "made").write_bytes(b"wave")
            await self.store.put_file(key, self.folder / "made", 4)
        async with self.database.acquire() as connection:
            await connection.execute(_INSERT, recording_id, self.account, new_id(Kind.CALL), state.value, saved_at, key)
        return recording_id

    async def has_file(self, recording_id: str) -> bool:
        try:
            await self.store.size(object_key(self.account, recording_id))
        except ObjectMissingError:
            return False
        return True

    async def facts(self) -> list[Event]:
        return list(await self.log.read_after(0, limit=1000, account_id=self.account))

    async def key_of(self, recording_id: str) -> str | None:
        async with self.database.acquire() as connection:
            key: str | None = await connection.fetchval("SELECT object_key FROM recording WHERE id = $1", recording_id)
        return key

    async def sweep(self, retention: timedelta | None = MONTH) -> bool:
        return await RecordingSweeper(self.deletion, self.clock, retention=retention).run_round()


@pytest.fixture
async def world(database: Database, tmp_path: Path) -> World:
    store = MoodyStore.open(f"file://{tmp_path}/store", tmp_path)
    return World(database, EventLog(database), store, tmp_path)


async def test_given_a_recording_when_deleted_then_file_and_file_data_are_gone_and_the_row_and_a_fact_stay(
    world: World,
) -> None:
    recording_id = await world.have()
    await world.deletion.delete(world.account, recording_id, actor=SOMEBODY, request_id="req_1")
    row = await world.queries.get(world.account, recording_id)
    assert row is not None
    assert (row.state, row.deleted_at, row.leg_ids) == (RecordingState.DELETED, NOON, ("leg_1",))
    gone = (row.object_key, row.size_bytes, row.duration_seconds, row.channels, row.sample_rate, row.sha256)
    assert gone == (None,) * 6
    assert row.lost_seconds is None
    assert not await world.has_file(recording_id)
    (event,) = await world.facts()
    assert event.fact == RecordingDeleted(
        recording_id=recording_id,
        call_id=row.call_id,
        mode=RecordingMode.BOTH,
        is_expired=False,
        reason=DeletionReason.REQUESTED,
    )
    assert (event.subject_id, event.actor, event.request_id) == (recording_id, SOMEBODY, "req_1")


async def test_given_a_deleted_recording_when_deleted_again_then_nothing_more_is_said(world: World) -> None:
    recording_id = await world.have()
    for _ in range(2):
        await world.deletion.delete(world.account, recording_id, actor=SOMEBODY)
    assert len(await world.facts()) == 1


@pytest.mark.parametrize(
    "state", [RecordingState.PENDING, RecordingState.RECORDING, RecordingState.PAUSED, RecordingState.COLLECTING]
)
async def test_given_a_recording_that_is_being_made_when_deleted_then_it_is_refused_with_its_state(
    world: World, state: RecordingState
) -> None:
    recording_id = await world.have(state)
    with pytest.raises(RefusedError) as refused:
        await world.deletion.delete(world.account, recording_id, actor=SOMEBODY)
    (problem,) = refused.value.problems
    assert (problem.code, problem.current_state) == ("INVALID_STATE", state.value)
    assert await world.facts() == []


async def test_given_anothers_recording_when_deleted_then_there_is_none(world: World) -> None:
    recording_id = await world.have()
    with pytest.raises(RefusedError) as refused:
        await world.deletion.delete(new_id(Kind.ACCOUNT), recording_id, actor=SOMEBODY)
    assert refused.value.problems[0].code == "NOT_FOUND"
    assert await world.has_file(recording_id)


async def test_given_a_store_that_is_away_when_deleted_then_it_is_deleted_for_all_to_see_and_the_file_goes_later(
    world: World,
) -> None:
    recording_id = await world.have()
    world.store.is_away = True
    await world.deletion.delete(world.account, recording_id, actor=SOMEBODY)
    row = await world.queries.get(world.account, recording_id)
    assert row is not None
    assert row.state is RecordingState.DELETED
    assert await world.key_of(recording_id) == object_key(world.account, recording_id), "whoever sweeps finds the file"
    with pytest.raises(StoreUnavailableError):
        await world.sweep(None)
    world.store.is_away = False
    await world.sweep(None)
    assert not await world.has_file(recording_id)
    assert await world.key_of(recording_id) is None


async def test_given_recordings_of_all_ages_when_swept_then_only_those_whose_time_is_over_go(world: World) -> None:
    old = await world.have(saved_at=NOON - MONTH - timedelta(seconds=1))
    young = await world.have(saved_at=NOON - MONTH + timedelta(seconds=1))
    failed = await world.have(RecordingState.FAILED, saved_at=NOON - 2 * MONTH)
    await world.sweep()
    assert [await world.has_file(one) for one in (old, young)] == [False, True]
    assert [event.subject_id for event in await world.facts()] == [old]
    (fact,) = [event.fact for event in await world.facts()]
    assert isinstance(fact, RecordingDeleted)
    assert fact.is_expired
    assert fact.reason is DeletionReason.RETENTION
    world.clock.at += timedelta(seconds=2)
    await world.sweep()
    assert not await world.has_file(young)
    rows = {row.id: row.state for row in await world.queries.get_many(world.account, [old, young, failed])}
    assert rows == {old: RecordingState.DELETED, young: RecordingState.DELETED, failed: RecordingState.FAILED}


async def test_given_no_retention_when_swept_then_the_oldest_recording_stays(world: World) -> None:
    recording_id = await world.have(saved_at=NOON - 1000 * MONTH)
    assert not await world.sweep(None)
    assert await world.has_file(recording_id)
    assert await world.facts() == []


async def test_given_more_than_a_batch_when_swept_until_done_then_all_go_and_each_is_said_once(world: World) -> None:
    ids = {await world.have(saved_at=NOON - 2 * MONTH) for _ in range(103)}
    rounds = 1
    while await world.sweep():
        rounds += 1
    assert rounds >= 2
    assert sorted(event.subject_id for event in await world.facts()) == sorted(ids)
    assert not [one for one in ids if await world.has_file(one)]
