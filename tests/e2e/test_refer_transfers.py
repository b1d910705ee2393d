"""Telephones that transfer by SIP REFER, at the far end with ears: what comes of it, and who talks to whom then."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from app.accounts.audit import AuditLog
from app.calls.core.verbs import StartTransfer, Target
from app.facts.vocabulary import TransferKind
from app.routing.service import Routing
from tests.rig.bare_phone import BarePhone, Dialog, bare_phone
from tests.rig.desk import Desk, Story
from tests.rig.far_end import FarEnd, FarEndCall
from tests.rig.fixtures import BARE_PHONE
from tests.rig.office import CUSTOMER_NUMBER, Office, assert_talk, furnish
from tests.rig.service import RunningOffhook
from tests.rig.sipp import SippPorts
from tests.rig.story import assert_is_whole

pytestmark = pytest.mark.asterisk

OUTSIDE_NUMBER = "+15550116005"
FORBIDDEN_NUMBER = "+447911123456"  # a real number, which nobody in the sandbox reaches
OTHER_CUSTOMER = "+15550116006"


@pytest.fixture
async def office(offhook: RunningOffhook, desk: Desk, far_end: FarEnd) -> Office:
    return await furnish(offhook, desk, far_end)


@dataclass(slots=True)
class Talk:
    """Extension 3002 talks to a customer."""

    office: Office
    id: str
    agent: FarEndCall
    customer: FarEndCall

    async def refer(self, dialled: str) -> None:
        """As a telephone does it: ask, take the answer, and hang up."""
        await self.agent.refer_to(f"sip:{dialled}@offhook.invalid")
        await self.office.desk.wait_for(self.id, "transfer.started")
        await self.agent.hang_up()


async def _talking(office: Office, number: str = CUSTOMER_NUMBER) -> Talk:
    placed = await office.desk.place_call(number, connect="3002", trunk="farend")
    agent = await office.far_end.expect_call("3002")
    await agent.answer()
    customer = await office.far_end.expect_call(number)
    await customer.answer()
    await office.desk.wait_for(placed.id, "call.connected")
    return Talk(office, placed.id, agent, customer)


def _transfers(story: Story) -> list[str]:
    return [name for name in story.types if name.startswith("transfer")]


async def test_given_a_talk_when_the_agents_phone_refers_to_an_extension_then_that_one_talks_to_the_customer(
    office: Office,
) -> None:
    talk = await _talking(office)
    await talk.refer("3003")
    target = await office.far_end.expect_call("3003")
    await target.ring()
    await target.answer()
    await office.desk.wait_for(talk.id, "transfer.completed")
    await assert_talk(target, talk.customer)
    await talk.customer.hang_up()
    await target.wait_until_ended()
    story = await office.desk.wait_for_end(talk.id)
    assert (story.disposition, story.end) == ("ANSWERED", ("HANGUP", "CUSTOMER"))
    assert _transfers(story) == ["transfer.started", "transfer.completed"]
    started = story.the("transfer.started")
    assert (started.body["kind"], started.body["by"]["role"]) == ("BLIND", "AGENT")
    assert started.body["target"]["extension"] == "3003"
    assert (story.record["agentName"], story.record["extension"]) == ("Rita Reed", "3003")
    await assert_is_whole(office.desk, story)


async def test_given_a_talk_when_the_agents_phone_refers_to_a_number_then_it_is_dialled_over_the_trunk(
    office: Office,
) -> None:
    talk = await _talking(office)
    await talk.refer(OUTSIDE_NUMBER)
    target = await office.far_end.expect_call(OUTSIDE_NUMBER)
    await target.answer()
    await office.desk.wait_for(talk.id, "transfer.completed")
    await office.desk.hang_up(talk.id)
    story = await office.desk.wait_for_end(talk.id)
    assert story.the("transfer.completed").body["target"]["number"] == OUTSIDE_NUMBER
    await assert_is_whole(office.desk, story)


async def test_given_a_target_that_is_busy_when_the_phone_has_referred_to_it_then_it_is_called_back_and_they_talk(
    office: Office,
) -> None:
    talk = await _talking(office)
    await talk.refer("3003")
    await (await office.far_end.expect_call("3003")).reject(486)
    failed = await office.desk.wait_for(talk.id, "transfer.failed")
    assert (failed.body["disposition"], failed.body["isRecalled"]) == ("BUSY", True)
    recalled = await office.far_end.expect_call("3002")
    await recalled.answer()
    await office.desk.wait_until(
        talk.id, lambda facts: sum(fact.word == "leg.answered AGENT" for fact in facts) == 2, what="the recall"
    )
    await assert_talk(recalled, talk.customer)
    await recalled.hang_up()
    story = await office.desk.wait_for_end(talk.id)
    assert story.end == ("HANGUP", "AGENT")
    await assert_is_whole(office.desk, story)


@pytest.mark.parametrize(
    ("dialled", "disposition"),
    [("3999", "INVALID_NUMBER"), (FORBIDDEN_NUMBER, "REJECTED"), ("00000000", "INVALID_NUMBER")],
)
async def test_given_somebody_who_may_not_be_called_when_the_phone_has_referred_there_then_nobody_is_and_it_is_recalled(
    office: Office, dialled: str, disposition: str
) -> None:
    talk = await _talking(office)
    await talk.refer(dialled)
    failed = await office.desk.wait_for(talk.id, "transfer.failed")
    assert (failed.body["disposition"], failed.body["isRecalled"]) == (disposition, True)
    recalled = await office.far_end.expect_call("3002")
    await recalled.answer()
    await office.desk.wait_until(
        talk.id, lambda facts: sum(fact.word == "leg.answered AGENT" for fact in facts) == 2, what="the recall"
    )
    await assert_talk(recalled, talk.customer)
    await office.desk.hang_up(talk.id)
    story = await office.desk.wait_for_end(talk.id)
    assert len(story.all_of("leg.dialing")) == 3
    await assert_is_whole(office.desk, story)


async def test_given_a_consultation_when_the_agents_phone_refers_then_that_is_its_hanging_up_and_the_transfer_is_done(
    office: Office,
) -> None:
    talk = await _talking(office)
    verb = StartTransfer(idempotency_key=str(uuid.uuid4()), kind=TransferKind.ATTENDED, target=Target(extension="3003"))
    await office.desk.act(talk.id, verb)
    target = await office.far_end.expect_call("3003")
    await target.answer()
    await office.desk.wait_for(talk.id, "leg.held", "CUSTOMER")
    await talk.refer(OUTSIDE_NUMBER)
    await office.desk.wait_for(talk.id, "transfer.completed")
    await assert_talk(target, talk.customer)
    await target.hang_up()
    story = await office.desk.wait_for_end(talk.id)
    assert _transfers(story) == ["transfer.started", "transfer.completed"]
    assert len(story.all_of("leg.dialing")) == 3
    await assert_is_whole(office.desk, story)


@pytest.fixture
async def bare(offhook: RunningOffhook, sipp_ports: SippPorts) -> AsyncIterator[BarePhone]:
    """The telephone of extension 3009."""
    database, account = offhook.service.database, offhook.principal.account_id
    routing = Routing(database, AuditLog(database))
    extension = await routing.create_extension(account, "3009")
    assert (await routing.create_device(account, extension.id)).endpoint == BARE_PHONE
    async with bare_phone(sipp_ports.sip) as phone:
        yield phone


@dataclass(slots=True)
class BareTalk:
    """Extension 3009 talks to a customer at the far end."""

    id: str
    agent: Dialog
    customer: FarEndCall


async def _bare_talk(desk: Desk, far_end: FarEnd, bare: BarePhone, number: str = CUSTOMER_NUMBER) -> BareTalk:
    placed = await desk.place_call(number, connect="3009", trunk="farend")
    agent = await bare.answer()
    customer = await far_end.expect_call(number)
    await customer.answer()
    await desk.wait_for(placed.id, "call.connected")
    return BareTalk(placed.id, agent, customer)


def _replacing(dialog: Dialog) -> str:
    escaped = dialog.replaces.replace(";", "%3B").replace("=", "%3D").replace("@", "%40")
    return f"<sip:{CUSTOMER_NUMBER}@127.0.0.1?Replaces={escaped}>"


#: Refused at once, or declined by a NOTIFY: what is not a number or an extension from its first to its last character.
HOSTILE = (
    "<sip:@127.0.0.1>",
    "<sip:127.0.0.1>",
    "<tel:+15551234567>",
    "nothing",
    f"<sip:{'9' * 3000}@x>",
    "<sip:h@x>",
    "<sip:${SHELL(id)}@x>",
    "<sip:3003,evil@x>",
    "<sip:3003%2cevil%00@x>",
    "<sip:3003@x?Replaces=>",
    "<sip:3003@x?Replaces=a%3Bto-tag%3Db%3Bfrom-tag%3Dc>",
    f"<sip:3003@x?Replaces={'z' * 2000}>",
    "<sip:3003@x;Replaces=abc>",
    "<sip:external_replaces@x>",
    "<sip:i@x>",
    '"' * 900,
)


@pytest.mark.parametrize("extra", [(), ("Refer-Sub: false",)], ids=["with_notify", "without_notify"])
async def test_given_a_phone_that_refers_to_nonsense_when_it_does_then_nothing_changes_and_asterisk_lives(
    desk: Desk, far_end: FarEnd, offhook: RunningOffhook, bare: BarePhone, extra: tuple[str, ...]
) -> None:
    talk = await _bare_talk(desk, far_end, bare)
    told_before = len(desk.heard(talk.id))
    for refer_to in HOSTILE:
        count = len(bare.told(talk.agent))
        status = await bare.refer(talk.agent, refer_to, *extra)
        if status.startswith("SIP/2.0 2"):
            assert not extra, "without NOTIFY a success is final"
            await bare.wait_until_declined(talk.agent, after=count)
    call = offhook.service.registry.find(talk.id)
    assert call is not None
    assert [leg.is_alive for leg in call.call.legs] == [True, True]
    assert len(desk.heard(talk.id)) == told_before
    await desk.hang_up(talk.id)
    story = await desk.wait_for_end(talk.id)
    await assert_is_whole(desk, story)


async def test_given_a_phone_that_wants_no_notify_when_it_refers_then_it_is_transferred_all_the_same(
    desk: Desk, far_end: FarEnd, bare: BarePhone
) -> None:
    talk = await _bare_talk(desk, far_end, bare)
    assert await bare.refer(talk.agent, f"<sip:{OUTSIDE_NUMBER}@x>", "Refer-Sub: false") == "SIP/2.0 200 OK"
    await bare.hang_up(talk.agent)
    target = await far_end.expect_call(OUTSIDE_NUMBER)
    await target.answer()
    await desk.wait_for(talk.id, "transfer.completed")
    await assert_talk(target, talk.customer)
    await desk.hang_up(talk.id)
    await assert_is_whole(desk, await desk.wait_for_end(talk.id))


async def test_given_two_calls_of_one_phone_when_it_puts_them_together_then_the_customers_talk_and_both_are_told(
    desk: Desk, far_end: FarEnd, bare: BarePhone
) -> None:
    first = await _bare_talk(desk, far_end, bare)
    second = await _bare_talk(desk, far_end, bare, OTHER_CUSTOMER)
    assert await bare.refer(first.agent, _replacing(second.agent)) == "SIP/2.0 202 Accepted"
    await bare.wait_until_told(first.agent, "SIP/2.0 200")
    await bare.hang_up(first.agent)
    for talk, other in ((first, OTHER_CUSTOMER), (second, CUSTOMER_NUMBER)):
        completed = await desk.wait_for(talk.id, "transfer.completed")
        assert (completed.body["kind"], completed.body["target"]["number"]) == ("ATTENDED", other)
        assert completed.body["leg"]["role"] == "AGENT"
    await assert_talk(first.customer, second.customer)
    await second.customer.hang_up()
    await first.customer.wait_until_ended()
    ends = []
    for talk in (first, second):
        story = await desk.wait_for_end(talk.id)
        assert _transfers(story) == ["transfer.started", "transfer.completed"]
        await assert_is_whole(desk, story)
        ends.append(story.end)
    assert ends == [("HANGUP", "AGENT"), ("HANGUP", "CUSTOMER")]
