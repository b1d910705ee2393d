"""What is claimed is dialled once: not after a stop, not when the number was forbidden meanwhile, and whoever dies."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from app.accounts.principal import Principal
from app.calls.core.model.call import Call
from app.calls.core.model.flow import Variable
from app.calls.living.actor import CallActor
from app.calls.planning.requests import OriginateRequest, OwnCall, Placed
from app.campaigns.claim import LEASE, Claim
from app.campaigns.core.lifecycle import Step
from app.campaigns.core.words import DelayReason, SkipReason
from app.campaigns.dialing import PLACE_SECONDS, Dialing
from app.campaigns.model import FlowContent, OptOut
from app.db.locks import CAMPAIGN_DIALING
from app.errors import AsteriskUnavailableError, DatabaseUnavailableError, Problem, RefusedError
from app.facts.campaigns import CampaignPaused, ContactSkipped, PauseReason
from app.facts.vocabulary import CallKind, Disposition, EndCode, MachineAction
from app.flows.steps import Gather, Play
from tests.calls.making import make_call
from tests.campaigns.hall import Hall
from tests.campaigns.sheet import number_of, numbers, say

_PATIENCE_SECONDS = 60.0
#: Whoever waits for a lock of this class, in this test's database: the server has others.
_WAITING = """
SELECT FROM pg_locks
WHERE locktype = 'advisory' AND classid = $1 AND NOT granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


async def test_given_claims_when_dialled_then_each_is_a_call_of_the_campaign_under_the_claimed_id(hall: Hall) -> None:
    await hall.add_list(numbers(3))
    await hall.begin()
    batches: list[Claim] = []
    for _ in range(2):
        hall.clock.pass_seconds(1)
        batch = await hall.claim()
        batches += batch.claims
        assert await hall.dial(batch) == len(batch.claims)
    assert [call.id for call in hall.telephone.calls.values()] == [one.call_id for one in batches]
    for claim, call in zip(batches, hall.telephone.calls.values(), strict=True):
        assert call.kind is CallKind.CAMPAIGN
        assert call.errand is not None
        assert (call.errand.campaign_id, call.errand.contact_id) == (hall.campaign_id, claim.contact.id)
    rows = await hall.contacts()
    assert {(row["state"], row["attempts"]) for row in rows.values()} == {("DIALING", 1)}
    assert (await hall.totals())["DIALLED"] == 3


async def test_given_an_announcement_when_dialled_then_the_contact_is_led_through_it_with_its_own_fields(
    hall: Hall,
) -> None:
    await hall.add_list(numbers(1))
    await hall.begin(content=say("Hello {name}, you owe {debt}"), on_machine=MachineAction.HANG_UP)
    await hall.call_all_due()
    [lead] = hall.telephone.leads
    assert lead is not None
    assert isinstance(lead.steps[0], Play)
    assert set(lead.variables) == {
        Variable(name="debt", held="12"),
        Variable(name="name", held="Contact 0"),
        Variable(name="number", held=number_of(0)),
    }
    assert lead.refuses_machines


async def test_given_a_key_to_opt_out_when_dialled_then_the_announcement_listens_for_it(hall: Hall) -> None:
    await hall.add_list(numbers(1))
    content = say("Press nine")
    await hall.begin(content=type(content)(announcement=content.announcement, opt_out=OptOut(digit="9")))
    await hall.call_all_due()
    [lead] = hall.telephone.leads
    assert lead is not None
    ask = lead.steps[0]
    assert isinstance(ask, Gather)
    assert [one.digits for one in ask.options] == ["9"]
    assert {one.name for one in lead.steps} >= {ask.no_input, ask.next, ask.options[0].next}


async def test_given_a_claim_when_the_campaign_is_stopped_first_then_it_is_not_dialled(hall: Hall) -> None:
    await hall.add_list(numbers(1))
    await hall.begin()
    batch = await hall.claim()
    assert await hall.take(Step.STOP)
    assert await hall.dial(batch) == 0
    assert not hall.telephone.dialled
    [row] = (await hall.contacts()).values()
    assert (row["state"], row["attempts"]) == ("WAITING", 0)


async def test_given_calls_that_are_being_dialled_when_a_stop_is_asked_for_then_it_is_answered_after_the_last_of_them(
    hall: Hall,
) -> None:
    await hall.add_list(numbers(1))
    await hall.begin()
    batch = await hall.claim()
    is_placing, may_place = asyncio.Event(), asyncio.Event()
    place = hall.telephone.place

    async def place_slowly(*args: object) -> object:
        is_placing.set()
        await may_place.wait()
        return await place(*args)  # type: ignore[arg-type]

    hall.telephone.place = place_slowly  # type: ignore[method-assign,assignment]
    async with asyncio.TaskGroup() as group:
        dialling = group.create_task(hall.dial(batch))
        await is_placing.wait()
        stopping = group.create_task(hall.take(Step.STOP))
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while not await hall.fetch(_WAITING, CAMPAIGN_DIALING):
                assert not stopping.done()
        assert not hall.telephone.dialled
        may_place.set()
    assert dialling.result() == 1
    assert stopping.result()
    assert await hall.call_all_due() == 0


async def test_given_a_number_that_is_forbidden_after_its_claim_when_dialled_then_it_is_skipped(hall: Hall) -> None:
    await hall.add_list(numbers(1))
    await hall.begin()
    batch = await hall.claim()
    await hall.forbid(number_of(0))
    assert await hall.dial(batch) == 0
    hall.clock.pass_seconds(2)
    assert await hall.call_all_due() == 0
    [row] = (await hall.contacts()).values()
    assert (row["state"], row["reason"]) == ("SKIPPED", "DNC")
    assert not hall.telephone.dialled


async def test_given_an_asterisk_that_is_away_when_dialled_then_the_contact_is_called_a_little_later(
    hall: Hall,
) -> None:
    await hall.add_list(numbers(1))
    await hall.begin()
    hall.telephone.refusal = AsteriskUnavailableError("It is away.")
    assert await hall.call_all_due() == 0
    hall.telephone.refusal = None
    assert await hall.call_all_due() == 0
    hall.clock.pass_seconds(1)
    assert await hall.call_all_due() == 1
    [row] = (await hall.contacts()).values()
    assert row["attempts"] == 1


async def test_given_a_call_of_which_nobody_knows_whether_it_began_when_its_lease_is_over_then_it_is_dialled_once(
    hall: Hall,
) -> None:
    await hall.add_list(numbers(1))
    await hall.begin()
    hall.telephone.crash = DatabaseUnavailableError("Nobody knows.")
    assert await hall.call_all_due() == 0  # it was placed, and the answer was lost
    hall.telephone.crash = None
    hall.clock.pass_seconds(LEASE.total_seconds() + 1)
    assert await hall.call_all_due() == 0
    assert hall.telephone.dialled == {number_of(0): 1}
    await hall.hang_up()
    [row] = (await hall.contacts()).values()
    assert (row["state"], row["attempts"], row["disposition"]) == ("FINISHED", 1, "ANSWERED")
    assert (await hall.totals())["DIALLED"] == 1


async def test_given_a_number_that_is_refused_when_dialled_then_it_is_skipped_and_the_campaign_goes_on(
    hall: Hall,
) -> None:
    await hall.add_list(numbers(1))
    await hall.begin()
    hall.telephone.refusal = RefusedError(Problem("DESTINATION_DENIED", "It is the caller id itself."))
    assert await hall.call_all_due() == 0
    [row] = (await hall.contacts()).values()
    assert (row["state"], row["reason"]) == ("SKIPPED", "DESTINATION_DENIED")
    assert [fact.reason for fact in hall.told if isinstance(fact, ContactSkipped)] == ["DESTINATION_DENIED"]
    [decided] = await hall.fetch("SELECT decision FROM campaign_decision")
    assert decided["decision"]["outcome"] == {"outcome": "SKIP", "reason": "DESTINATION_DENIED"}
    assert await hall.state() == "RUNNING"


async def test_given_a_campaign_whose_calls_are_all_refused_when_dialled_then_it_pauses_and_says_why(
    hall: Hall,
) -> None:
    await hall.add_list(numbers(5))
    await hall.begin()
    hall.telephone.refusal = RefusedError(Problem("CALLER_ID_NOT_OWNED", "It is not yours."))
    assert await hall.call_all_due() == 0
    assert await hall.state() == "PAUSED"
    assert [fact.reason for fact in hall.told if isinstance(fact, CampaignPaused)] == [PauseReason.CALLS_REFUSED]
    assert await hall.fetch("SELECT pause_detail FROM campaign") == [{"pause_detail": "CALLER_ID_NOT_OWNED"}]


async def test_given_a_flow_that_is_gone_when_dialled_then_the_campaign_pauses(hall: Hall) -> None:
    await hall.add_list(numbers(1))
    await hall.begin(content=FlowContent(call_flow_id="flow_gone"))
    assert await hall.call_all_due() == 0
    assert await hall.state() == "PAUSED"


async def test_given_several_caller_ids_when_dialled_then_they_are_shown_in_turn(hall: Hall) -> None:
    await hall.add_list(numbers(4))
    await hall.begin(caller_ids=("+12125550001", "+12125550002"))
    for _ in range(2):
        hall.clock.pass_seconds(1)
        await hall.call_all_due()
    assert sorted(str(one.caller_id)[-1] for one in hall.telephone.asked) == ["1", "1", "2", "2"]


@pytest.mark.parametrize("dies", ["before", "after"])
async def test_given_a_dialer_that_dies_while_it_dials_when_another_goes_on_then_the_contact_is_called_once(
    hall: Hall, dies: str
) -> None:
    await hall.add_list(numbers(1))
    await hall.begin()
    batch = await hall.claim()
    if dies == "before":
        hall.telephone.refusal = asyncio.CancelledError()
    else:
        hall.telephone.crash = asyncio.CancelledError()
    with pytest.raises((asyncio.CancelledError, BaseExceptionGroup)):
        await hall.dial(batch)
    hall.telephone.refusal = hall.telephone.crash = None
    hall.clock.pass_seconds(LEASE.total_seconds() + 1)
    await hall.call_all_due()
    assert hall.telephone.dialled == {number_of(0): 1}
    await hall.hang_up(Disposition.ANSWERED)
    [row] = (await hall.contacts()).values()
    assert (row["state"], row["attempts"]) == ("FINISHED", 1)
    assert replace(batch).claims  # the claim was the first process's


class _Gate:
    """Before the telephone: whoever calls is held up until it is opened, or told to fail for some numbers."""

    def __init__(self, hall: Hall, *, is_open: bool = False) -> None:
        self.is_reached = asyncio.Event()
        self.may_pass = asyncio.Event()
        self.broken: set[str] = set()
        if is_open:
            self.may_pass.set()
        self._place = hall.telephone.place
        hall.telephone.place = self.place  # type: ignore[method-assign]

    async def place(self, principal: Principal, request: OriginateRequest, own: OwnCall) -> Placed:
        self.is_reached.set()
        await self.may_pass.wait()
        if request.destination_number in self.broken:
            raise ValueError(request.destination_number)
        return await self._place(principal, request, own)


class _Actor:
    """Of a call of which nobody hears anything: whether it was given up."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.is_given_up = False

    async def wait_until(self, _: object) -> Call:
        await asyncio.Event().wait()
        return self.call

    def give_up(self) -> None:
        self.is_given_up = True


def _dial_otherwise(hall: Hall, **changes: Any) -> None:
    """Dial on other terms than usual."""
    hall.dialing.close()
    dialing = {"calls": hall.telephone, "living": hall.telephone, "flows": hall.flows, **changes}
    hall.dialing = Dialing(hall.database, hall.log, hall.clock, **dialing)


def _silent(hall: Hall, claim: Claim) -> _Actor:
    """The actor of a claim's call."""
    actor = _Actor(make_call())
    hall.telephone.actors[claim.call_id] = cast("CallActor", actor)
    return actor


_LANE = """
SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND application_name LIKE 'offhook dialing%' AND state <> 'idle'
"""


async def test_given_a_call_that_takes_longer_than_a_transaction_may_be_idle_when_it_begins_then_it_is_noted(
    hall: Hall,
) -> None:
    hall.database._options["server_settings"]["idle_in_transaction_session_timeout"] = "2000"
    _dial_otherwise(hall, watch_seconds=60)
    await hall.add_list(numbers(1))
    await hall.begin()
    batch = await hall.claim()
    gate = _Gate(hall)
    async with asyncio.TaskGroup() as group:
        dialling = group.create_task(hall.dial(batch))
        await gate.is_reached.wait()
        is_long_idle = f"{_LANE} AND clock_timestamp() - state_change > interval '2.5 s'"
        async with asyncio.timeout(30):
            while not await hall.fetch(is_long_idle):
                assert await hall.fetch(_LANE)
                assert not dialling.done()
        gate.may_pass.set()
    assert dialling.result() == 1
    [row] = (await hall.contacts()).values()
    assert row["state"] == "DIALING"


async def test_given_a_session_that_dies_while_calls_are_placed_when_it_is_seen_then_none_of_them_is_dialled(
    hall: Hall,
) -> None:
    _dial_otherwise(hall, watch_seconds=0.02)
    await hall.add_list(numbers(1))
    await hall.begin()
    batch = await hall.claim()
    actor = _silent(hall, batch.claims[0])
    gate = _Gate(hall)

    async def dial() -> None:
        with pytest.raises(DatabaseUnavailableError):
            await hall.dial(batch)

    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        group.create_task(dial())
        await gate.is_reached.wait()
        [lane] = await hall.fetch(_LANE)
        await hall.fetch("SELECT pg_terminate_backend($1)", lane["pid"])
    gate.may_pass.set()
    assert actor.is_given_up
    assert not hall.telephone.dialled
    hall.telephone.actors.clear()
    hall.clock.pass_seconds(LEASE.total_seconds() + 1)
    assert await hall.call_all_due() == 1


async def test_given_a_call_that_cannot_be_placed_in_time_when_it_is_given_up_then_it_waits_for_the_end_of_its_lease(
    hall: Hall,
) -> None:
    _dial_otherwise(hall, place_seconds=0.02)
    await hall.add_list(numbers(1))
    await hall.begin()
    batch = await hall.claim()
    actor = _silent(hall, batch.claims[0])
    gate = _Gate(hall)
    assert await hall.dial(batch) == 0
    assert actor.is_given_up
    [row] = (await hall.contacts()).values()
    assert row["state"] == "CLAIMED"
    gate.may_pass.set()
    _dial_otherwise(hall)
    hall.telephone.actors.clear()
    assert await hall.call_all_due() == 0
    hall.clock.pass_seconds(LEASE.total_seconds() + 1)
    assert await hall.call_all_due() == 1
    assert hall.telephone.dialled == {number_of(0): 1}


async def test_given_a_call_that_is_not_dialled_when_it_has_been_waited_for_then_it_is_given_up(hall: Hall) -> None:
    _dial_otherwise(hall, dial_seconds=0.02)
    await hall.add_list(numbers(1))
    await hall.begin()
    batch = await hall.claim()
    actor = _silent(hall, batch.claims[0])
    assert await hall.dial(batch) == 1
    assert actor.is_given_up
    # It ends as a call that nobody was dialled for, and counts as none.
    await hall.hang_up(Disposition.FAILED, end_code=EndCode.DIAL_FAILED)
    [row] = (await hall.contacts()).values()
    assert (row["state"], row["attempts"]) == ("WAITING", 0)


async def test_given_claims_when_dialled_then_no_call_may_begin_after_its_lease(hall: Hall) -> None:
    await hall.add_list(numbers(1))
    await hall.begin()
    claimed_at = hall.clock.now()
    batch = await hall.claim()
    hall.clock.pass_seconds(LEASE.total_seconds() - PLACE_SECONDS - 1)
    assert await hall.dial(batch) == 1
    [bound] = hall.telephone.bounds
    assert bound is not None
    assert bound == hall.clock.now() + timedelta(seconds=PLACE_SECONDS)
    assert bound < claimed_at + LEASE


async def test_given_a_lease_that_may_end_before_the_call_begins_when_dialled_then_it_is_left_to_whoever_comes_next(
    hall: Hall,
) -> None:
    await hall.add_list(numbers(1))
    await hall.begin()
    batch = await hall.claim()
    hall.clock.pass_seconds(LEASE.total_seconds() - PLACE_SECONDS)
    assert await hall.dial(batch) == 0
    assert hall.telephone.bounds == []
    hall.clock.pass_seconds(LEASE.total_seconds())
    assert await hall.call_all_due() == 1


async def test_given_a_contact_whose_call_breaks_us_when_dialled_then_the_others_are_called_and_it_is_skipped_at_last(
    hall: Hall,
) -> None:
    await hall.add_list(numbers(3))
    await hall.begin()
    await hall.claims.claim(hall.campaign_id)  # the pace begins
    hall.clock.pass_seconds(LEASE.total_seconds() + 1)
    await hall.claims.release_stale(hall.campaign_id)
    batch = await hall.claim()
    assert len(batch.claims) == 3
    gate = _Gate(hall, is_open=True)
    gate.broken = {number_of(1)}
    assert await hall.dial(batch) == 2
    assert hall.telephone.dialled == {number_of(0): 1, number_of(2): 1}
    for minutes in (1, 10):
        row = (await hall.contacts())[number_of(1)]
        assert (row["state"], row["reason"], row["attempts"]) == ("WAITING", DelayReason.CALL_FAILED, 0)
        assert row["due_at"] == hall.clock.now() + timedelta(minutes=minutes)
        hall.clock.pass_seconds(60 * minutes)
        assert await hall.call_all_due() == 0
    row = (await hall.contacts())[number_of(1)]
    assert (row["state"], row["reason"], row["attempts"]) == ("SKIPPED", SkipReason.CALL_FAILED, 0)
    told = [(fact.contact_id, fact.reason) for fact in hall.told if isinstance(fact, ContactSkipped)]
    assert told == [(row["contact_id"], SkipReason.CALL_FAILED)]
    totals = await hall.totals()
    assert (totals["DIALLED"], totals["SKIPPED"], totals["SKIP:CALL_FAILED"]) == (2, 1, 1)
    assert len(await hall.fetch("SELECT FROM number_attempt")) == 2
    assert await hall.state() == "RUNNING"


async def test_given_a_call_that_was_written_before_we_broke_when_noted_then_the_contact_is_not_called_again(
    hall: Hall,
) -> None:
    await hall.add_list(numbers(1))
    await hall.begin()
    hall.telephone.crash = ValueError("It was placed.")
    assert await hall.call_all_due() == 0
    hall.telephone.crash = None
    hall.clock.pass_seconds(LEASE.total_seconds() + 1)
    assert await hall.call_all_due() == 0
    await hall.hang_up()
    [row] = (await hall.contacts()).values()
    assert (row["state"], row["attempts"]) == ("FINISHED", 1)
    assert hall.telephone.dialled == {number_of(0): 1}


async def test_given_calls_that_take_their_time_when_dialled_then_the_log_does_not_wait_for_them(hall: Hall) -> None:
    in_flight = 0
    entered = 0

    @contextmanager
    def count() -> Iterator[None]:
        nonlocal in_flight, entered
        in_flight, entered = in_flight + 1, entered + 1
        yield
        in_flight -= 1

    await hall.add_list(numbers(1))
    await hall.begin()
    batch = await hall.claim()
    gate = _Gate(hall)
    hall.log.in_flight = count
    async with asyncio.TaskGroup() as group:
        dialling = group.create_task(hall.dial(batch))
        await gate.is_reached.wait()
        assert in_flight == 0
        gate.may_pass.set()
    assert dialling.result() == 1
    assert (in_flight, entered) == (0, 1)


async def test_given_a_list_that_the_campaign_heeds_since_the_claim_when_dialled_then_it_counts(hall: Hall) -> None:
    await hall.add_list(numbers(1))
    list_id = await hall.forbid(number_of(0), applies_to_all=False)
    await hall.begin()
    batch = await hall.claim()
    assert batch.claims
    await hall.fetch("UPDATE campaign SET dnc_list_ids = $2 WHERE id = $1", hall.campaign_id, [list_id])
    assert await hall.dial(batch) == 0
    assert not hall.telephone.dialled
