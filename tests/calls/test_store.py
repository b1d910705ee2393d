"""The call store on a real PostgreSQL: groups, fences, retries, and keys that only one may have."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import asyncpg
import msgspec
import pytest
from structlog.testing import capture_logs

from app.calls.core import inputs
from app.calls.core.inputs import Input
from app.calls.core.machine import step
from app.calls.core.model.call import Call
from app.calls.keeping.store import LARGEST_GROUP, CallStore, Change, FencedError, KeyTaken, make_drafts
from app.db.engine import Database, PooledConnection
from app.db.kept import KeptConnection
from app.errors import DatabaseUnavailableError, OverloadedError
from app.events.log import Appended, EventLog
from app.facts.event import SYSTEM, Event
from app.facts.vocabulary import CallState
from tests.calls.making import make_call
from tests.calls.standing_in import claim_for, running, until

pytestmark = pytest.mark.postgres


def _change(call: Call, event: Input, *, seconds: float = 0.0, key: str | None = None) -> Change:
    """What the actor of a call would hand in after this input."""
    result = step(call, event, call.created_at + timedelta(seconds=seconds))
    return Change(
        call=result.call,
        drafts=make_drafts(result.call, result.happenings),
        legs=tuple(leg for leg in result.call.legs if leg not in call.legs or not call.sequence),
        claim=None if key is None else claim_for(call, key),
    )


def _first(key: str | None = None, call: Call | None = None) -> Change:
    return _change(call or make_call(), inputs.Start(), key=key)


def _created(change: Change) -> Change:
    """The change after the first: the leg's channel is there."""
    leg_id = change.call.legs[0].id
    return _change(change.call, inputs.LegCreated(leg_id=leg_id, channel_name="PJSIP/a"), seconds=1)


def _as_retry(change: Change) -> Change:
    return Change(call=change.call, drafts=change.drafts, is_retry=True, legs=change.legs, recordings=change.recordings)


class ForgetfulConnection(KeptConnection):
    """A connection whose next answers after the commit are lost on the way."""

    answers_to_lose = 0

    @asynccontextmanager
    async def use(self) -> AsyncIterator[Any]:
        async with super().use() as connection:
            yield connection
        if ForgetfulConnection.answers_to_lose:
            ForgetfulConnection.answers_to_lose -= 1
            raise DatabaseUnavailableError("The answer was lost.")


async def _count(database: Database, table: str, call_id: str) -> int:
    column = {"call": "id", "leg": "call_id", "event": "subject_id", "request_key": "subject_id", "cdr": "call_id"}
    async with database.acquire() as connection:
        query = f"SELECT count(*) FROM {table} WHERE {column[table]} = $1"  # noqa: S608 -- the names above
        return int(await connection.fetchval(query, call_id))


async def _words(database: Database, call_id: str) -> list[str]:
    events = await EventLog(database).read_after(0, limit=1000)
    return [event.type for event in events if event.subject_id == call_id]


async def _commit_all(store: CallStore, changes: Sequence[Change]) -> list[KeyTaken | BaseException | None]:
    """Hand them in before the writer runs, so that they are one group."""
    waiting = [asyncio.create_task(store.commit(change)) for change in changes]
    await until(lambda: store.backlog == len(changes))
    async with running(store.run()):
        return await asyncio.gather(*waiting, return_exceptions=True)


async def test_given_many_calls_are_ready_when_committed_then_they_share_one_transaction_and_one_announcement(
    database: Database,
) -> None:
    log, announced = EventLog(database), list[Appended]()
    log.on_appended(announced.append)
    changes = [_first(key=str(number)) for number in range(100)]
    assert await _commit_all(CallStore(database, log), changes) == [None] * 100
    async with database.acquire() as connection:
        transactions = await connection.fetchval("SELECT count(DISTINCT xmin::text) FROM call")
        assert await connection.fetchval("SELECT count(*) FROM call") == 100
        assert await connection.fetchval("SELECT count(*) FROM leg") == 200
        assert await connection.fetchval("SELECT count(*) FROM request_key") == 100
    assert transactions == 1
    assert [len(one.events) for one in announced] == [100]
    assert [event.subject_id for event in announced[0].events] == [change.call.id for change in changes]


async def test_given_more_than_a_group_holds_when_committed_then_the_rest_follows_in_the_next(
    database: Database,
) -> None:
    log, announced = EventLog(database), list[Appended]()
    log.on_appended(announced.append)
    changes = [_first() for _ in range(LARGEST_GROUP + 10)]
    assert await _commit_all(CallStore(database, log), changes) == [None] * len(changes)
    assert [len(one.events) for one in announced] == [LARGEST_GROUP, 10]


def _with_text(text: str) -> Change:
    call = make_call(external_id=text)
    return _first(call=call)


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(lambda: _with_text("a\0b"), id="PostgreSQL refuses NUL in a text"),
        pytest.param(lambda: _with_text("\ud800"), id="a lone surrogate cannot be encoded"),
    ],
)
async def test_given_one_change_that_cannot_be_stored_when_a_group_is_written_then_the_others_are(
    database: Database, bad: Any
) -> None:
    changes = [_first(), _first(key="k"), bad(), _first()]
    results = await _commit_all(CallStore(database, EventLog(database)), changes)
    assert isinstance(results[2], Exception)
    assert not isinstance(results[2], DatabaseUnavailableError)
    assert [results[number] for number in (0, 1, 3)] == [None] * 3
    assert [await _count(database, "event", change.call.id) for change in changes] == [1, 1, 0, 1]
    assert [await _count(database, "call", change.call.id) for change in changes] == [1, 1, 0, 1]


class Refusing:
    """A hook in the transaction that fails for the first so many times, as PostgreSQL does."""

    def __init__(self, times: int, error: type[asyncpg.PostgresError] = asyncpg.SerializationError) -> None:
        self.times = times
        self.error = error
        self.runs = 0

    async def __call__(self, _connection: PooledConnection, _events: Sequence[Event]) -> None:
        self.runs += 1
        if self.runs <= self.times:
            raise self.error("rolled back")


@pytest.mark.parametrize("error", [asyncpg.SerializationError, asyncpg.DeadlockDetectedError])
async def test_given_postgresql_rolls_back_when_committed_then_it_is_tried_again_and_written_once(
    database: Database, error: type[asyncpg.PostgresError]
) -> None:
    hook = Refusing(3, error)
    changes = [_first(key="a"), _first(key="b")]
    assert await _commit_all(CallStore(database, EventLog(database, hooks=[hook])), changes) == [None, None]
    assert hook.runs == 4
    assert [await _count(database, "event", change.call.id) for change in changes] == [1, 1]


async def test_given_nothing_but_serialization_failures_when_committed_then_it_is_an_outage_that_a_call_outlives(
    database: Database,
) -> None:
    results = await _commit_all(CallStore(database, EventLog(database, hooks=[Refusing(1000)])), [_first()])
    assert isinstance(results[0], DatabaseUnavailableError)


async def test_given_the_answer_to_a_commit_is_lost_when_it_is_tried_again_then_the_facts_are_written_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.calls.keeping.commit.KeptConnection", ForgetfulConnection)
    store = CallStore(database, EventLog(database))
    async with running(store.run()):
        change = _first(key="k")
        assert await store.commit(change) is None
        following = _created(change)
        monkeypatch.setattr(ForgetfulConnection, "answers_to_lose", 2)
        for attempt in (following, _as_retry(following)):
            with pytest.raises(DatabaseUnavailableError):
                await store.commit(attempt)
        assert await store.commit(_as_retry(following)) is None
        assert (await store.load(change.call.id)) == following.call
    assert await _words(database, change.call.id) == ["call.created", "leg.dialing"]


async def test_given_a_commit_that_never_got_through_when_it_is_tried_again_then_it_is_written(
    database: Database,
) -> None:
    store = CallStore(database, EventLog(database))
    change = _first()
    async with running(store.run()):
        assert await store.commit(change) is None
        assert await store.commit(_as_retry(_created(change))) is None
    assert await _words(database, change.call.id) == ["call.created", "leg.dialing"]


async def test_given_a_second_writer_of_a_call_when_it_commits_then_it_is_fenced_and_nothing_of_it_is_written(
    database: Database,
) -> None:
    ours, theirs = (CallStore(database, EventLog(database)) for _ in range(2))
    change = _first()
    await _commit_all(ours, [change])
    hung_up = _change(change.call, inputs.HangupRequested(actor=SYSTEM), seconds=5)
    ended = _change(hung_up.call, inputs.LegDestroyed(leg_id=change.call.legs[0].id, cause=16), seconds=6)
    await _commit_all(theirs, [hung_up])
    await _commit_all(theirs, [ended])

    bystander = _first()
    results = await _commit_all(ours, [_created(change), bystander])
    assert isinstance(results[0], FencedError)
    assert results[1] is None
    assert await ours.load(change.call.id) == ended.call
    assert await _words(database, change.call.id) == ["call.created", "leg.ended", "call.ended"]
    async with database.acquire() as connection:
        states = await connection.fetch("SELECT state FROM leg WHERE call_id = $1", change.call.id)
        row = await connection.fetchrow("SELECT state, is_settled FROM call WHERE id = $1", change.call.id)
    assert {one["state"] for one in states} == {"ENDED"}
    assert row is not None
    assert (row["state"], row["is_settled"]) == (CallState.ENDED, True)


async def test_given_both_writers_end_the_call_when_the_second_commits_then_it_is_fenced_and_the_record_stays(
    database: Database,
) -> None:
    store = CallStore(database, EventLog(database))
    change = _first()
    gone = inputs.LegDestroyed(leg_id=change.call.legs[0].id, cause=16)
    ended, ended_elsewhere = (_change(change.call, gone, seconds=seconds) for seconds in (5, 9))
    await _commit_all(store, [change])
    await _commit_all(store, [ended])
    assert isinstance((await _commit_all(store, [ended_elsewhere]))[0], FencedError)
    assert await store.load(change.call.id) == ended.call
    assert await _count(database, "cdr", change.call.id) == 1


async def test_given_a_stale_writer_with_nothing_to_say_when_it_commits_then_it_is_fenced_all_the_same(
    database: Database,
) -> None:
    store = CallStore(database, EventLog(database))
    change = _first()
    later = _created(change)
    silent = Change(call=msgspec.structs.replace(change.call, teardown_tries=7), drafts=())
    for one in (change, later):
        assert await _commit_all(store, [one]) == [None]
    bystander = _first()
    results = await _commit_all(store, [silent, bystander])
    assert isinstance(results[0], FencedError)
    assert results[1] is None
    assert await store.load(change.call.id) == later.call


async def test_given_the_calls_own_writer_with_nothing_to_say_when_it_commits_then_the_snapshot_is_kept(
    database: Database,
) -> None:
    store = CallStore(database, EventLog(database))
    change = _first()
    silent = Change(call=msgspec.structs.replace(change.call, teardown_tries=7), drafts=())
    await _commit_all(store, [change])
    assert await _commit_all(store, [silent]) == [None]
    assert await store.load(change.call.id) == silent.call


async def test_given_as_many_changes_wait_as_may_when_another_comes_then_the_store_says_it_is_full(
    database: Database,
) -> None:
    store = CallStore(database, EventLog(database), capacity=2)
    waiting = [asyncio.create_task(store.commit(_first())) for _ in range(2)]
    await until(lambda: store.backlog == 2)
    with pytest.raises(OverloadedError, match="2 changes"):
        await store.commit(_first())
    async with running(store.run()):
        assert await asyncio.gather(*waiting) == [None, None]
        assert await store.commit(_first()) is None


async def test_given_a_listener_that_fails_when_a_commit_is_announced_then_what_is_committed_is_not_written_again(
    database: Database,
) -> None:
    log = EventLog(database)

    def fail(_: Appended) -> None:
        raise KeyError("a mistake of ours")

    log.on_appended(fail)
    changes = [_first(), _first()]
    with capture_logs() as logs:
        assert await _commit_all(CallStore(database, log), changes) == [None, None]
    assert [line["event"] for line in logs] == ["announcement_failed"]


async def test_given_open_and_settled_calls_when_the_open_ones_are_loaded_then_they_are_this_nodes_oldest_first(
    database: Database,
) -> None:
    old, young = make_call(), make_call(created_at=make_call().created_at + timedelta(minutes=1))
    settled = msgspec.structs.replace(make_call(), state=CallState.ENDED)
    elsewhere = msgspec.structs.replace(make_call(), node="n2")
    store = CallStore(database, EventLog(database))
    await _commit_all(store, [Change(call=call, drafts=()) for call in (young, settled, elsewhere, old)])
    assert await store.load_open("n1") == [old, young]
    assert await store.load("call_none") is None
