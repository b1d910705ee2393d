"""Caps where phones are rung: calls, transfers and guests, calls of our own; and what is given back."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import msgspec
import pytest

from app.accounts.principal import Principal
from app.calls.core import inputs
from app.calls.core.commands import CreateChannel
from app.calls.core.inputs import FailureKind
from app.calls.core.verbs import AddParticipant, StartSupervision, StartTransfer, Target
from app.calls.doing.executor import Executor
from app.calls.keeping.change import Change, FencedError
from app.calls.keeping.commit import ChangesRefusedError
from app.calls.living.actor import CallActor
from app.calls.planning.admission import Admission
from app.calls.planning.requests import OwnCall
from app.db.engine import Database
from app.errors import DatabaseUnavailableError, OverloadedError, RefusedError
from app.facts.vocabulary import (
    CallKind,
    CallState,
    Disposition,
    EndCode,
    Errand,
    LegRole,
    SupervisionMode,
    TransferKind,
)
from app.ids import CallId, Kind, LegId, new_id
from app.usage.caps import CapacityDesk, LimitReachedError, OutsideLeg
from app.usage.service import AccountLimits, LimitChanges
from tests.calls.driving import Driver, connected_call
from tests.calls.making import make_call
from tests.calls.standing_in import until
from tests.calls.standing_in_process import Process, make_request

pytestmark = pytest.mark.postgres

TO_NUMBER = StartTransfer(
    idempotency_key="t1", kind=TransferKind.ATTENDED, target=Target(number="+15550100003"), consult_seconds=60.0
)
TO_EXTENSION = msgspec.structs.replace(TO_NUMBER, target=Target(extension="2002"))
PARTICIPANT = AddParticipant(idempotency_key="p1", target=Target(number="+15550100003"))
SUPERVISION = StartSupervision(idempotency_key="s1", supervisor=Target(extension="2002"), mode=SupervisionMode.MONITOR)


@pytest.fixture
async def capped(database: Database, principal: Principal) -> AsyncIterator[Process]:
    """A process whose calls are admitted."""
    made = Process(database, principal, is_capped=True, capacity=3)
    async with made.living():
        yield made


async def _grant(process: Process, **caps: int | None) -> None:
    limits = AccountLimits(process.database, process.audit, process.clock, process.desk)
    await limits.grant(process.principal.account_id, LimitChanges(**caps))  # type: ignore[typeddict-item]


async def _in_use(process: Process) -> int:
    async with process.database.acquire() as connection:
        return int(await connection.fetchval("SELECT live FROM account_usage"))


async def _talking(process: Process) -> CallActor:
    placed = await process.place()
    actor = process.registry.find(placed.call.id)
    assert actor is not None
    await process.answer(actor, LegRole.AGENT, LegRole.CUSTOMER)
    await until(lambda: actor.call.state is CallState.CONNECTED)
    return actor


async def _codes(process: Process, actor: CallActor, verb: StartTransfer | AddParticipant) -> list[str]:
    with pytest.raises(RefusedError) as caught:
        await process.calls.act(process.principal, actor.call.id, verb)
    return [problem.code for problem in caught.value.problems]


def _own_call() -> OwnCall:
    return OwnCall(
        kind=CallKind.CAMPAIGN, errand=Errand(campaign_id="camp_1"), call_id=CallId(new_id(Kind.CALL)), keys="campaign"
    )


async def test_given_a_call_that_ends_when_another_is_placed_then_its_place_is_free(capped: Process) -> None:
    await _grant(capped, concurrent_calls=1)
    actor = await _talking(capped)
    assert await capped.refuse(idempotency_key="next") == ["CONCURRENT_CALLS_REACHED"]
    await capped.end(actor)
    await capped.place(idempotency_key="next")
    assert await _in_use(capped) == 1


async def test_given_a_key_that_comes_many_times_when_it_is_placed_once_then_one_place_is_taken(
    capped: Process,
) -> None:
    await _grant(capped, concurrent_calls=3)
    placed = await asyncio.gather(*(capped.place() for _ in range(3)))
    assert len({one.call.id for one in placed}) == 1
    assert await _in_use(capped) == 1


async def test_given_a_node_that_is_full_when_a_call_is_not_begun_then_its_place_is_given_back(
    capped: Process,
) -> None:
    await _grant(capped, concurrent_calls=100)
    for number in range(3):
        await capped.place(idempotency_key=f"{number}")
    with pytest.raises(OverloadedError):
        await capped.place(idempotency_key="more")
    assert await _in_use(capped) == 3


async def test_given_a_dry_run_when_there_is_no_room_then_nothing_is_taken_by_it(capped: Process) -> None:
    await _grant(capped, concurrent_calls=1)
    await capped.place(dry_run=True)
    assert await _in_use(capped) == 0


@pytest.mark.parametrize("verb", [TO_NUMBER, PARTICIPANT])
async def test_given_no_room_for_another_when_a_live_call_is_to_ring_a_number_then_it_is_refused_until_there_is(
    capped: Process, verb: StartTransfer | AddParticipant
) -> None:
    await _grant(capped, concurrent_calls=1)
    actor = await _talking(capped)
    assert await _codes(capped, actor, verb) == ["CONCURRENT_CALLS_REACHED"]
    assert not any(leg.party.number == "+15550100003" for leg in actor.call.legs)
    await _grant(capped, concurrent_calls=2)
    await capped.calls.act(capped.principal, actor.call.id, verb)
    assert await _in_use(capped) == 2


@pytest.mark.parametrize("verb", [TO_EXTENSION, SUPERVISION])
async def test_given_no_room_for_another_when_somebody_inside_is_rung_then_that_costs_no_place(
    capped: Process, verb: StartTransfer | StartSupervision
) -> None:
    await _grant(capped, concurrent_calls=1, calls_per_second=1)
    actor = await _talking(capped)
    await capped.calls.act(capped.principal, actor.call.id, verb)
    assert await _in_use(capped) == 1


async def test_given_a_transfer_that_the_call_refuses_when_it_was_admitted_then_its_place_is_given_back(
    capped: Process,
) -> None:
    await _grant(capped, concurrent_calls=5)
    placed = await capped.place()
    actor = capped.registry.find(placed.call.id)
    assert actor is not None  # it rings, and nobody can be transferred yet
    assert await _codes(capped, actor, TO_NUMBER) == ["INVALID_STATE"]
    assert await _in_use(capped) == 1


@pytest.mark.parametrize("verb", [TO_NUMBER, PARTICIPANT])
async def test_given_a_call_with_a_full_mailbox_when_a_request_is_not_taken_then_its_place_is_given_back(
    capped: Process, verb: StartTransfer | AddParticipant, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _grant(capped, concurrent_calls=5)
    actor = await _talking(capped)

    def refuse(_event: inputs.Asked) -> None:
        raise OverloadedError("full")

    monkeypatch.setattr(actor, "ask", refuse)
    with pytest.raises(OverloadedError):
        await capped.calls.act(capped.principal, actor.call.id, verb)
    assert await _in_use(capped) == 1


@pytest.mark.parametrize(
    ("error", "in_use"),
    [
        (OverloadedError("the store is full"), 0),
        (FencedError("call_1"), 0),
        (ChangesRefusedError("these values", "42501"), 0),
        (DatabaseUnavailableError("nobody knows"), 1),
    ],
)
async def test_given_a_first_commit_that_fails_when_it_is_sure_that_nothing_is_placed_then_its_place_is_given_back(
    capped: Process, error: Exception, in_use: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _grant(capped, concurrent_calls=5)

    async def fail(_change: Change) -> None:
        raise error

    monkeypatch.setattr(capped.store, "commit", fail)
    with pytest.raises(type(error)):
        await capped.place()
    assert await _in_use(capped) == in_use


@pytest.mark.parametrize("verb", [TO_EXTENSION, TO_NUMBER, SUPERVISION, PARTICIPANT])
async def test_given_a_suspended_account_when_a_live_call_is_to_ring_anybody_then_it_is_refused(
    capped: Process, verb: StartTransfer | AddParticipant
) -> None:
    actor = await _talking(capped)
    async with capped.database.acquire() as connection:
        await connection.execute("UPDATE account SET suspended_at = now(), suspended_by = 'ACCOUNT'")
    legs = actor.call.legs
    assert await _codes(capped, actor, verb) == ["ACCOUNT_SUSPENDED"]
    assert actor.call.legs == legs
    assert await capped.refuse(idempotency_key="next") == ["ACCOUNT_SUSPENDED"]


async def test_given_a_call_of_our_own_when_there_is_no_room_then_it_may_be_tried_again_and_its_key_is_not_burnt(
    capped: Process,
) -> None:
    await _grant(capped, concurrent_calls=0)
    own = _own_call()
    with pytest.raises(LimitReachedError):
        await capped.calls.place(capped.principal, make_request(), own)
    await _grant(capped, concurrent_calls=1)
    placed = await capped.calls.place(capped.principal, make_request(), own)
    assert (placed.call.id, placed.is_replayed) == (own.call_id, False)


async def test_given_calls_of_our_own_when_only_the_rate_is_in_their_way_then_nobody_waits_and_it_says_for_how_long(
    capped: Process,
) -> None:
    await _grant(capped, calls_per_second=1)
    said = await asyncio.gather(
        *(
            capped.calls.place(capped.principal, make_request(idempotency_key=f"{number}"), _own_call())
            for number in range(2)
        ),
        return_exceptions=True,
    )
    (refused,) = [one for one in said if isinstance(one, BaseException)]
    assert isinstance(refused, LimitReachedError)
    assert refused.retry_after_seconds is not None
    assert 0 < refused.retry_after_seconds <= 1


async def test_given_one_place_when_a_key_comes_many_times_at_once_then_all_get_the_call_and_nobody_a_refusal(
    capped: Process,
) -> None:
    await _grant(capped, concurrent_calls=1)
    placed = await asyncio.gather(*(capped.place() for _ in range(8)))
    assert len({one.call.id for one in placed}) == 1
    assert sorted(one.is_replayed for one in placed) == [False] + [True] * 7
    assert await _in_use(capped) == 1
    assert await capped.refuse(idempotency_key="next") == ["CONCURRENT_CALLS_REACHED"]


async def test_given_a_transfer_whose_key_comes_twice_at_once_when_it_is_carried_out_once_then_it_holds_one_place(
    capped: Process,
) -> None:
    await _grant(capped, concurrent_calls=5)
    actor = await _talking(capped)
    acted = await asyncio.gather(*(capped.calls.act(capped.principal, actor.call.id, TO_NUMBER) for _ in range(2)))
    assert sorted(one.is_replayed for one in acted) == [False, True]
    assert await _in_use(capped) == 2


async def test_given_a_process_that_died_when_another_counts_anew_then_only_what_lives_is_counted(
    database: Database, principal: Principal
) -> None:
    before = Process(database, principal, is_capped=True)
    async with before.living():
        await _grant(before, concurrent_calls=2)
        actor = await _talking(before)
        await before.desk.take(principal.account_id, new_id(Kind.CALL), (), is_new=True)  # and never written
        assert await before.refuse(idempotency_key="next") == ["CONCURRENT_CALLS_REACHED"]
    async with database.acquire() as connection:
        await connection.execute("UPDATE usage_hold SET taken_at = taken_at - interval '5 minutes'")
    after = Process(database, principal, is_capped=True)
    async with after.living():
        await after.desk.rebuild_all()
        assert await _in_use(after) == 1
        await after.place(idempotency_key="next")
        assert await after.refuse(idempotency_key="more") == ["CONCURRENT_CALLS_REACHED"]
    assert actor.call.state is CallState.CONNECTED


class Clerk(CapacityDesk):
    """A desk that says what a test says, and notes who asked."""

    def __init__(self, refusal: RefusedError | None) -> None:
        self.refusal = refusal
        self.asked: list[str] = []

    async def take(self, _account_id: str, _call_id: str, legs: Sequence[OutsideLeg], **_: object) -> None:  # type: ignore[override]  # whatever else is said
        self.asked += [leg.id for leg in legs]
        if self.refusal is not None:
            raise self.refusal


def _later_leg(driver: Driver) -> tuple[inputs.CommandFailed, LegId]:
    """A call whose third leg, to a number, is about to be made; and the news that the account may not have it."""
    command = next(one for one in reversed(driver.asked) if isinstance(one, CreateChannel))
    failed = inputs.CommandFailed(command=command, kind=FailureKind.CAPPED, detail="no more")
    return failed, command.leg_id


async def test_given_a_leg_that_was_not_planned_when_its_channel_is_to_be_made_then_the_account_is_asked() -> None:
    refusal = RefusedError([])
    refusal.message = "no more"
    call = make_call()
    later = msgspec.structs.replace(call.legs[1], id=LegId(new_id(Kind.LEG)))
    call = msgspec.structs.replace(call, legs=(*call.legs, later))
    clerk = Clerk(refusal)
    executor = Executor(None, node="n1", collect=lambda _: None, admission=Admission(clerk))  # type: ignore[arg-type]  # nobody is asked
    command = CreateChannel(
        leg_id=later.id, endpoint=later.endpoint, shown_number=None, shown_name=None, lifetime_seconds=60.0
    )
    (failed,) = await executor.carry_out(call, command)
    assert isinstance(failed, inputs.CommandFailed)
    assert (failed.kind, failed.detail, clerk.asked) == (FailureKind.CAPPED, "no more", [later.id])
    admission = Admission(clerk)
    assert [await admission.admit_leg(call, leg) for leg in call.legs[:2]] == [None, None]
    # Of a call that came in nothing was asked for before.
    caller = msgspec.structs.replace(call.legs[1], channel_id="1234.5")
    outside = msgspec.structs.replace(call, legs=(caller, later), planned=2)
    assert await admission.admit_leg(outside, later) == "no more"
    assert await admission.admit_leg(outside, caller) is None


def test_given_a_leg_that_the_account_may_not_have_when_it_was_the_only_one_then_the_call_says_so() -> None:
    driver = Driver(make_call(dial_first=LegRole.CUSTOMER))
    driver.feed(inputs.Start())
    failed, leg_id = _later_leg(driver)
    driver.feed(failed)
    driver.hear_all()
    driver.drain()
    assert driver.ended.disposition is Disposition.CONGESTION
    assert driver.ended.end_reason.code is EndCode.LIMIT_REACHED
    assert driver.call.leg(leg_id).failure == "no more"


def test_given_a_call_that_talks_when_news_of_a_refused_leg_comes_twice_then_the_second_changes_nothing() -> None:
    driver = connected_call()
    command = CreateChannel(
        leg_id=driver.call.legs[1].id, endpoint="PJSIP/x", shown_number=None, shown_name=None, lifetime_seconds=1.0
    )
    before = driver.call
    driver.feed(inputs.CommandFailed(command=command, kind=FailureKind.CAPPED, detail="no more"))
    assert driver.call.state is before.state is CallState.CONNECTED
