"""``transferCall`` by REFER: the transferee's own device is told to call the target, and says what came of it."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from app.calls.core.verbs import CancelTransfer, Hold, StartTransfer, Target
from app.errors import RefusedError
from app.facts.vocabulary import TransferKind, TransferMethod
from app.ids import LegId
from tests.rig.bare_phone import BarePhone, Dialog, bare_phone, header
from tests.rig.desk import Desk
from tests.rig.sipp import SippPorts
from tests.rig.story import assert_is_whole

pytestmark = pytest.mark.asterisk

TARGET = "+15550124003"


@pytest.fixture
async def phone(sipp_ports: SippPorts) -> AsyncIterator[BarePhone]:
    """Whom the trunk ``sipp`` leads to."""
    async with bare_phone(sipp_ports.sip) as one:
        yield one


@dataclass(slots=True)
class Referred:
    """A talk whose customer's device has been told to call somebody else."""

    desk: Desk
    phone: BarePhone
    id: str
    agent: Dialog
    customer: Dialog
    refer: str

    def leg(self, role: str) -> LegId:
        told = [fact for fact in self.desk.heard(self.id) if fact.word == f"leg.answered {role}"]
        return LegId(told[0].body["leg"]["id"])


def _verb(
    kind: TransferKind = TransferKind.BLIND, *, recalls: bool = True, target: Target | None = None
) -> StartTransfer:
    return StartTransfer(
        idempotency_key=str(uuid.uuid4()),
        kind=kind,
        target=target or Target(number=TARGET),
        method=TransferMethod.REFER,
        recalls=recalls,
    )


async def _talk(desk: Desk, phone: BarePhone) -> tuple[str, Dialog, Dialog]:
    placed = await desk.place_call("+15550124001", connect_number="+15550124002", trunk="sipp")
    agent = await phone.answer()
    customer = await phone.answer()
    await desk.wait_for(placed.id, "call.connected")
    return placed.id, agent, customer


async def _refer(desk: Desk, phone: BarePhone, *, recalls: bool = True) -> Referred:
    call_id, agent, customer = await _talk(desk, phone)
    await desk.act(call_id, _verb(recalls=recalls))
    return Referred(desk, phone, call_id, agent, customer, await phone.expect_refer(customer))


async def test_given_a_device_that_follows_when_it_says_so_then_the_call_ends_as_transferred_and_nobody_was_dialled(
    desk: Desk, phone: BarePhone
) -> None:
    referred = await _refer(desk, phone)
    assert header(referred.refer, "Refer-To").partition("@")[0] == f"sip:{TARGET}"
    assert header(referred.refer, "Refer-To").partition("@")[2].startswith("127.0.0.1")
    phone.answer_refer(referred.customer, referred.refer)
    await phone.tell(referred.customer, "100 Trying")
    await phone.tell(referred.customer, "200 OK")
    completed = await desk.wait_for(referred.id, "transfer.completed")
    assert (completed.body["method"], completed.body.get("leg"), completed.body["target"]["number"]) == (
        "REFER",
        None,
        TARGET,
    )
    story = await desk.wait_for_end(referred.id)
    assert (story.disposition, story.end) == ("ANSWERED", ("TRANSFERRED", "AGENT"))
    assert len(story.all_of("leg.dialing")) == 2
    await assert_is_whole(desk, story)


@pytest.mark.parametrize(
    ("answer", "said", "disposition"),
    [
        ("603 Decline", None, "REJECTED"),
        ("202 Accepted", "486 Busy Here", "BUSY"),
        ("501 Not Implemented", None, "FAILED"),
    ],
)
async def test_given_a_device_that_does_not_when_it_says_so_then_the_two_talk_again_and_the_status_is_told(
    desk: Desk, phone: BarePhone, answer: str, said: str | None, disposition: str
) -> None:
    referred = await _refer(desk, phone)
    phone.answer_refer(referred.customer, referred.refer, answer)
    if said is not None:
        await phone.tell(referred.customer, said)
    failed = await desk.wait_for(referred.id, "transfer.failed")
    assert (failed.body["disposition"], failed.body["endReason"]["sipCode"], failed.body["isRecalled"]) == (
        disposition,
        int((said or answer)[:3]),
        False,
    )
    await desk.act(referred.id, Hold())  # the leg is ours again
    await desk.wait_for(referred.id, "leg.held")
    await desk.hang_up(referred.id)
    story = await desk.wait_for_end(referred.id)
    assert story.end == ("API_HANGUP", "SYSTEM")
    await assert_is_whole(desk, story)


async def test_given_a_device_that_thinks_when_its_leg_is_held_or_the_transfer_cancelled_then_both_are_refused(
    desk: Desk, phone: BarePhone
) -> None:
    referred = await _refer(desk, phone)
    phone.answer_refer(referred.customer, referred.refer)
    for verb in (Hold(leg_id=referred.leg("CUSTOMER")), CancelTransfer()):
        with pytest.raises(RefusedError) as refused:
            await desk.act(referred.id, verb)
        assert [(one.code, one.current_state) for one in refused.value.problems] == [
            ("INVALID_STATE", "TRANSFER_DIALING")
        ]
    await desk.hang_up(referred.id)
    await phone.wait_for_request("BYE")
    await phone.tell(referred.customer, "487 Request Terminated")
    story = await desk.wait_for_end(referred.id)
    assert story.end == ("API_HANGUP", "SYSTEM")
    story.the("transfer.cancelled")
    await assert_is_whole(desk, story)


async def test_given_a_device_that_hangs_up_without_a_last_word_when_it_does_then_the_call_ends_by_the_customer(
    desk: Desk, phone: BarePhone
) -> None:
    referred = await _refer(desk, phone)
    phone.answer_refer(referred.customer, referred.refer)
    await phone.hang_up(referred.customer)
    story = await desk.wait_for_end(referred.id)
    assert story.end == ("HANGUP", "CUSTOMER")
    story.the("transfer.cancelled")
    await assert_is_whole(desk, story)
    # Until the device says how it came out, Asterisk lists a channel of which there is nothing left.
    await phone.tell(referred.customer, "487 Request Terminated")


async def test_given_a_transferor_that_has_gone_when_the_device_does_not_follow_then_it_is_called_back(
    desk: Desk, phone: BarePhone
) -> None:
    referred = await _refer(desk, phone)
    phone.answer_refer(referred.customer, referred.refer)
    await phone.hang_up(referred.agent)
    await desk.wait_for(referred.id, "leg.ended", "AGENT")
    await phone.tell(referred.customer, "486 Busy Here")
    failed = await desk.wait_for(referred.id, "transfer.failed")
    assert failed.body["isRecalled"] is True
    await phone.answer()
    await desk.wait_until(
        referred.id, lambda facts: sum(fact.word == "leg.answered AGENT" for fact in facts) == 2, what="the recall"
    )
    await desk.hang_up(referred.id)
    story = await desk.wait_for_end(referred.id)
    await assert_is_whole(desk, story)


@pytest.mark.parametrize(
    ("kind", "target"), [(TransferKind.ATTENDED, {"number": TARGET}), (TransferKind.BLIND, {"extension": "2002"})]
)
async def test_given_what_no_device_can_be_told_when_asked_then_it_is_refused_and_the_talk_goes_on(
    desk: Desk, phone: BarePhone, kind: TransferKind, target: dict[str, Any]
) -> None:
    call_id, _, _ = await _talk(desk, phone)
    with pytest.raises(RefusedError) as refused:
        await desk.act(call_id, _verb(kind, target=Target(**target)))
    assert [(one.code, one.field) for one in refused.value.problems] == [("INVALID_INPUT", ("method",))]
    await desk.hang_up(call_id)
    story = await desk.wait_for_end(call_id)
    assert "transfer.started" not in story.types
