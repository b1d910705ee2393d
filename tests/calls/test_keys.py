"""Idempotency keys: one key, one effect, whoever asks at the same moment."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from app.calls.core import inputs
from app.calls.core.machine import step
from app.calls.keeping.keys import LONGEST_KEY, KeyClaim, KeyHolder, check_key, check_same_input, hash_input
from app.calls.keeping.store import CallStore, Change, KeyTaken, make_drafts
from app.db.engine import Database
from app.errors import RefusedError
from app.events.log import EventLog
from tests.calls.making import make_call
from tests.calls.standing_in import claim_for, running, until

_KEYS = [f"key-{number:02}" for number in range(12)]


def _first(key: str) -> Change:
    call = make_call()
    result = step(call, inputs.Start(), call.created_at)
    drafts = make_drafts(result.call, result.happenings)
    return Change(call=result.call, drafts=drafts, legs=result.call.legs, claim=claim_for(call, key))


async def _gather(store: CallStore, changes: Sequence[Change]) -> "asyncio.Future[list[KeyTaken | None]]":
    """Hand changes in before the store's writer runs, so that they are one group."""
    waiting = asyncio.gather(*(store.commit(change) for change in changes))
    await until(lambda: store.backlog == len(changes))
    return waiting


@pytest.mark.parametrize("key", ["a", " ", "x" * LONGEST_KEY, "3f0c-42~!"])
def test_given_printable_ascii_when_a_key_is_checked_then_it_passes(key: str) -> None:
    check_key(key)


@pytest.mark.parametrize("key", ["", "x" * (LONGEST_KEY + 1), "a\nb", "a\0", "\x7f", "é", "\ud800", "１", "a\u200b"])
def test_given_anything_else_when_a_key_is_checked_then_it_is_refused_by_field(key: str) -> None:
    with pytest.raises(RefusedError) as caught:
        check_key(key)
    assert [(one.code, one.field) for one in caught.value.problems] == [("INVALID_INPUT", ("idempotencyKey",))]


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.integers() | st.text("ab"), min_size=1))
def test_given_the_same_fields_in_another_order_when_hashed_then_the_mark_is_the_same(
    fields: dict[str, object],
) -> None:
    assert hash_input(fields) == hash_input(dict(reversed(fields.items())))
    assert hash_input(fields) != hash_input({**fields, next(iter(fields)): ["other"]})


def test_given_another_input_under_a_key_when_checked_then_it_is_refused() -> None:
    holder = KeyHolder(hash_input({"a": 1}), "call_1")
    check_same_input(holder, hash_input({"a": 1}))
    with pytest.raises(RefusedError) as caught:
        check_same_input(holder, hash_input({"a": 2}))
    assert [one.code for one in caught.value.problems] == ["IDEMPOTENCY_KEY_REUSED"]


@pytest.mark.postgres
async def test_given_one_key_twice_in_a_group_when_committed_then_the_first_has_it_and_the_other_hears_whose_it_is(
    database: Database,
) -> None:
    store = CallStore(database, EventLog(database))
    one, other = _first("same"), _first("same")
    waiting = await _gather(store, [one, other])
    async with running(store.run()):
        assert await waiting == [None, KeyTaken(KeyHolder(b"h", one.call.id))]
        assert await store.find_key("acc_1", "originateCall", "same") == KeyHolder(b"h", one.call.id)
        assert await store.find_key("acc_1", "originateCall", "other") is None
        assert await store.find_key("acc_2", "originateCall", "same") is None
        assert await store.find_key("acc_1", "announceOtp", "same") is None
        assert await store.load(other.call.id) is None


@pytest.mark.postgres
async def test_given_two_processes_with_the_same_key_when_they_race_then_exactly_one_wins_and_the_other_learns_who(
    database: Database, database_dsn: str
) -> None:
    second = await Database.connect(database_dsn, pool_size=2)
    stores = [CallStore(one, EventLog(one)) for one in (database, second)]
    async with running(*(store.run() for store in stores)):
        for number in range(20):
            changes = [_first(f"race-{number}") for _ in stores]
            results = await asyncio.gather(
                *(store.commit(change) for store, change in zip(stores, changes, strict=True))
            )
            (winner,) = [change.call.id for change, taken in zip(changes, results, strict=True) if taken is None]
            (taken,) = [taken for taken in results if taken is not None]
            assert taken.holder == KeyHolder(b"h", winner)
            assert [await stores[0].load(change.call.id) is not None for change in changes] == [
                change.call.id == winner for change in changes
            ]
    await second.aclose()


@pytest.mark.postgres
async def test_given_two_processes_with_keys_in_crossing_order_when_both_claim_them_then_they_do_not_block_each_other(
    database: Database, database_dsn: str
) -> None:
    others = [await Database.connect(database_dsn, pool_size=2) for _ in range(2)]
    stores = [CallStore(one, EventLog(one)) for one in others]
    forwards, backwards = [_first(key) for key in _KEYS], [_first(key) for key in reversed(_KEYS)]
    waiting = [await _gather(stores[0], forwards), await _gather(stores[1], backwards)]
    with capture_logs() as logs:
        # One key in the middle is held, so that both are in the midst of claiming when it is let go.
        async with database.acquire() as guard:
            transaction = guard.transaction()
            await transaction.start()
            held = KeyClaim("acc_1", "originateCall", _KEYS[6], b"h", "call_held")
            await guard.execute(
                "INSERT INTO request_key (account_id, mutation, key, input_hash, subject_id) "
                "VALUES ($1, $2, $3, $4, $5)",
                *(held.account_id, held.mutation, held.key, held.input_hash, held.subject_id),
            )
            async with running(*(store.run() for store in stores)):

                async def are_both_waiting() -> bool:
                    query = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"
                    return int(await guard.fetchval(query)) == len(stores)

                await until(are_both_waiting)
                await transaction.rollback()
                async with asyncio.timeout(10):
                    results = [await one for one in waiting]
    for store in others:
        await store.aclose()
    by_key = zip(results[0], reversed(results[1]), strict=True)
    assert all((one is None) != (other is None) for one, other in by_key)
    assert [line["event"] for line in logs] == []  # in one order everywhere: nothing had to be rolled back
