"""How long recordings are kept: as their account says, else as the service does."""

from datetime import timedelta

import pytest

from app.accounts.audit import AuditLog
from app.accounts.service import Accounts, Retention
from app.errors import RefusedError
from app.facts.recordings import DeletionReason, RecordingDeleted
from app.facts.vocabulary import RecordingKind, RecordingState
from tests.recordings.test_deletion import NOON, World, world

__all__ = ["world"]

pytestmark = pytest.mark.postgres


async def account_with(world: World, recording_days: float | None, voicemail_days: float | None) -> str:
    accounts = Accounts(world.database, AuditLog(world.database))
    account = await accounts.create("acme")
    await accounts.set_retention(account.id, Retention(recording_days, voicemail_days))
    assert await accounts.retention(account.id) == Retention(recording_days, voicemail_days)
    return account.id


async def have(world: World, kind: RecordingKind, *, days_ago: float) -> str:
    recording_id = await world.have(saved_at=NOON - timedelta(days=days_ago))
    async with world.database.acquire() as connection:
        await connection.execute("UPDATE recording SET kind = $2 WHERE id = $1", recording_id, kind.value)
    return recording_id


async def left(world: World, *recording_ids: str) -> list[bool]:
    found = {one.id: one for one in await world.queries.get_many(world.account, recording_ids)}
    states = [found[one].state is RecordingState.SAVED for one in recording_ids]
    assert states == [await world.has_file(one) for one in recording_ids]
    return states


async def test_given_an_account_with_terms_when_swept_then_calls_and_voicemails_go_by_their_own(world: World) -> None:
    world.account = await account_with(world, 10.0, 2.0)
    call, message = [await have(world, kind, days_ago=9) for kind in (RecordingKind.CALL, RecordingKind.MESSAGE)]
    old = await have(world, RecordingKind.CALL, days_ago=11)
    voicemail, new = [await have(world, RecordingKind.VOICEMAIL, days_ago=days) for days in (3, 1)]

    await world.sweep(timedelta(days=5))

    assert await left(world, call, message, old, voicemail, new) == [True, True, False, False, True]
    facts = [event.fact for event in await world.facts()]
    assert {fact.reason for fact in facts if isinstance(fact, RecordingDeleted)} == {DeletionReason.RETENTION}
    assert len(facts) == 2


async def test_given_an_account_that_keeps_for_ever_when_swept_then_the_service_s_term_is_not_its_own(
    world: World,
) -> None:
    world.account = await account_with(world, 0.0, None)
    call, voicemail = [await have(world, kind, days_ago=900) for kind in (RecordingKind.CALL, RecordingKind.VOICEMAIL)]

    await world.sweep(timedelta(days=30))

    assert await left(world, call, voicemail) == [True, False]


async def test_given_no_term_at_all_when_swept_then_everything_stays_and_an_account_s_own_term_counts_alone(
    world: World,
) -> None:
    mine = world.account
    kept = await have(world, RecordingKind.CALL, days_ago=900)
    world.account = await account_with(world, 10.0, None)
    gone = await have(world, RecordingKind.CALL, days_ago=900)

    await world.sweep(None)

    assert await left(world, gone) == [False]
    world.account = mine
    assert await left(world, kept) == [True]


@pytest.mark.parametrize("days", [-1.0, float("nan"), float("inf"), 36_526.0])
async def test_given_days_that_are_none_when_set_then_they_are_refused(world: World, days: float) -> None:
    accounts = Accounts(world.database, AuditLog(world.database))
    account = await accounts.create("acme")

    with pytest.raises(RefusedError):
        await accounts.set_retention(account.id, Retention(days, None))
    assert await accounts.retention(account.id) == Retention()
