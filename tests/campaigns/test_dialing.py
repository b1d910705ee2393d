"""What is claimed is dialled once: not after a stop, not when the number was forbidden meanwhile, and whoever dies."""

import asyncio
from dataclasses import replace

import pytest

from app.calls.core.model.flow import Variable
from app.campaigns.claiming import LEASE, Claim
from app.campaigns.core.lifecycle import Step
from app.campaigns.model import FlowContent, MachineAction, OptOut
from app.errors import AsteriskUnavailableError, DatabaseUnavailableError, Problem, RefusedError
from app.facts.campaigns import CampaignPaused, ContactSkipped, PauseReason
from app.facts.vocabulary import CallKind, Disposition
from app.flows.steps import Gather, Play
from tests.campaigns.hall import Hall
from tests.campaigns.sheet import number_of, numbers, say


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
        waiting = "SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        while not await hall.fetch(waiting):
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
