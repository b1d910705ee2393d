"""Whoever is rung over a trunk sees a number of the account's calling, whichever way a call leads there.

The far end reads it off the INVITE itself: From and P-Asserted-Identity. Phones inside see whom they will talk to.
"""

import re
import uuid
from typing import Any

import pytest

from app.calls.core.verbs import AddParticipant, CancelTransfer, CompleteTransfer, StartTransfer, Target
from app.config import Settings
from app.facts.vocabulary import LegRole, TransferKind
from app.flows.steps import Flow, Transfer
from app.flows.steps import Target as FlowTarget
from app.local.asterisk import AsteriskInstance
from app.numbers.parse import E164
from app.routing.flows import FlowChanges
from app.routing.targets import CallTarget, ToCallFlow, ToExtension, ToNumber, ToQueue
from app.routing.words import RingStrategy
from tests.rig.call_centre import CallCentre
from tests.rig.desk import Desk, PlacedCall
from tests.rig.exchange import Exchange, make_exchange
from tests.rig.far_end import FarEnd, FarEndCall
from tests.rig.office import Office, furnish
from tests.rig.service import RunningOffhook
from tests.rig.story import assert_is_whole

pytestmark = pytest.mark.asterisk

#: The account's default, and another of its numbers.
OWN, OTHER_OWN = "+15550100100", "+15550100101"
AGENT = "+15550118001"
CUSTOMER, CUSTOMER_NAME = "+15550118002", "Ms Marple"
OUTSIDE = "+15550118003"
DIALLED = "+15550118100"
CALLER, CALLER_NAME = "+4930123456", "Erika Mustermann"


@pytest.fixture
def settings(settings: Settings, asterisk: AsteriskInstance) -> Settings:
    """Of the one service that the dialplan sends calls to."""
    return settings.model_copy(update={"ari_application": asterisk.config.stasis_app})


@pytest.fixture
async def office(offhook: RunningOffhook, desk: Desk, far_end: FarEnd) -> Office:
    return await furnish(offhook, desk, far_end)


@pytest.fixture
async def exchange(offhook: RunningOffhook, asterisk: AsteriskInstance, far_end: FarEnd) -> Exchange:
    return await make_exchange(offhook, asterisk, far_end)


async def _assert_shown(call: FarEndCall, number: str, name: str = "") -> None:
    """The INVITE says this of who calls, in both places."""
    for header in ("From", "P-Asserted-Identity"):
        text = await call.header(header)
        said = re.match(r'(?:"(?P<name>[^"]*)" )?<sip:(?P<number>[^@;>]*)@', text)
        assert said is not None, text
        assert (said["number"], said["name"] or "") == (number, name), f"{header}: {text}"


async def _end(desk: Desk, call_id: str) -> None:
    await desk.hang_up(call_id)
    await assert_is_whole(desk, await desk.wait_for_end(call_id))


async def _talk(desk: Desk, far_end: FarEnd, *, caller_id: str = OWN) -> tuple[PlacedCall, FarEndCall]:
    """A customer outside talks to extension 3002, which sees who that is; gives the call and the phone's end."""
    placed = await desk.place_call(
        CUSTOMER, connect="3002", trunk="farend", destination_name=CUSTOMER_NAME, caller_id=caller_id
    )
    phone = await far_end.expect_call("3002")
    await _assert_shown(phone, CUSTOMER, CUSTOMER_NAME)
    await phone.answer()
    customer = await far_end.expect_call(CUSTOMER)
    await _assert_shown(customer, caller_id)
    await customer.answer()
    await desk.wait_for(placed.id, "call.connected")
    return placed, phone


def _transfer(kind: TransferKind = TransferKind.BLIND, *, with_music: bool = False, **target: Any) -> StartTransfer:
    return StartTransfer(
        idempotency_key=str(uuid.uuid4()),
        kind=kind,
        target=Target(**(target or {"number": OUTSIDE})),
        with_music=with_music,
    )


@pytest.mark.parametrize("caller_id", [OWN, OTHER_OWN])
@pytest.mark.parametrize(
    "verb",
    [
        _transfer(),
        _transfer(with_music=True),
        _transfer(TransferKind.ATTENDED),
        AddParticipant(idempotency_key="participant", target=Target(number=OUTSIDE)),
    ],
    ids=["blind", "blind_with_music", "attended", "participant"],
)
async def test_given_a_talk_when_a_number_is_rung_for_it_then_it_sees_the_calls_own_caller_id(
    office: Office, desk: Desk, far_end: FarEnd, verb: StartTransfer | AddParticipant, caller_id: str
) -> None:
    placed, _ = await _talk(desk, far_end, caller_id=caller_id)
    await desk.act(placed.id, verb)
    target = await far_end.expect_call(OUTSIDE)
    await _assert_shown(target, caller_id)
    await target.ring()
    if isinstance(verb, StartTransfer) and verb.kind is TransferKind.ATTENDED:
        await desk.act(placed.id, CompleteTransfer())
    await target.answer()
    await desk.wait_for(placed.id, "transfer.completed" if isinstance(verb, StartTransfer) else "participant.joined")
    await _end(desk, placed.id)


async def test_given_a_customer_whose_agent_is_transferred_when_a_number_is_rung_then_it_sees_the_calls_own_caller_id(
    office: Office, desk: Desk, far_end: FarEnd
) -> None:
    placed, _ = await _talk(desk, far_end)
    told = await desk.wait_for(placed.id, "leg.answered", "CUSTOMER")
    verb = StartTransfer(
        idempotency_key="by the customer",
        kind=TransferKind.BLIND,
        target=Target(number=OUTSIDE),
        by=told.body["leg"]["id"],
    )
    await desk.act(placed.id, verb)
    await _assert_shown(await far_end.expect_call(OUTSIDE), OWN)
    await _end(desk, placed.id)


async def test_given_an_agent_outside_when_it_is_called_back_then_it_sees_the_calls_own_caller_id(
    desk: Desk, far_end: FarEnd
) -> None:
    placed = await desk.place_call(CUSTOMER, connect_number=AGENT, trunk="farend")
    agent = await far_end.expect_call(AGENT)
    await _assert_shown(agent, OWN)
    await agent.answer()
    await (await far_end.expect_call(CUSTOMER)).answer()
    await desk.wait_for(placed.id, "call.connected")
    await desk.act(placed.id, _transfer())
    await (await far_end.expect_call(OUTSIDE)).ring()
    await desk.act(placed.id, CancelTransfer())
    await _assert_shown(await far_end.expect_call(AGENT), OWN)
    await _end(desk, placed.id)


async def test_given_an_agents_phone_when_it_refers_to_a_number_and_that_is_busy_then_each_sees_what_it_is_to_see(
    office: Office, desk: Desk, far_end: FarEnd
) -> None:
    placed, agent = await _talk(desk, far_end)
    await agent.refer_to(f"sip:{OUTSIDE}@offhook.invalid")
    await desk.wait_for(placed.id, "transfer.started")
    await agent.hang_up()
    target = await far_end.expect_call(OUTSIDE)
    await _assert_shown(target, OWN)
    await target.reject(486)
    recalled = await far_end.expect_call("3002")
    await _assert_shown(recalled, CUSTOMER, CUSTOMER_NAME)
    await recalled.answer()
    await desk.wait_until(
        placed.id, lambda facts: sum(fact.word == "leg.answered AGENT" for fact in facts) == 2, what="the recall"
    )
    await desk.act(placed.id, _transfer(extension="3003"))
    await _assert_shown(await far_end.expect_call("3003"), CUSTOMER, CUSTOMER_NAME)
    await _end(desk, placed.id)


@pytest.mark.parametrize("first", [LegRole.AGENT, LegRole.CUSTOMER])
async def test_given_a_ring_group_when_it_overflows_to_a_number_then_that_sees_the_calls_own_caller_id(
    office: Office, desk: Desk, far_end: FarEnd, first: LegRole
) -> None:
    group = await office.group(RingStrategy.IN_ORDER, ring_seconds=20.0, overflow=ToNumber(number=E164(OUTSIDE)))
    placed = await desk.place_call(
        CUSTOMER,
        connect=None,
        connect_ring_group_id=group,
        trunk="farend",
        first=first,
        destination_name=CUSTOMER_NAME,
        caller_id_name="Acme",
    )
    if first is LegRole.CUSTOMER:
        await (await far_end.expect_call(CUSTOMER)).answer()
    await _overflow(far_end)
    await _assert_shown(await far_end.expect_call(OUTSIDE), OWN, "Acme")
    await _end(desk, placed.id)


async def test_given_a_transfer_to_a_ring_group_when_that_overflows_then_the_number_sees_the_calls_own_caller_id(
    office: Office, desk: Desk, far_end: FarEnd
) -> None:
    group = await office.group(RingStrategy.IN_ORDER, ring_seconds=20.0, overflow=ToNumber(number=E164(OUTSIDE)))
    placed, _ = await _talk(desk, far_end)
    await desk.act(placed.id, _transfer(ring_group_id=group))
    await _overflow(far_end)
    await _assert_shown(await far_end.expect_call(OUTSIDE), OWN)
    await _end(desk, placed.id)


async def _overflow(far_end: FarEnd) -> None:
    """The phones of the office ring, see the customer, and are busy, one extension after the other."""
    for extension, phones in (("3001", 3), ("3002", 1), ("3003", 1)):
        rung = [await far_end.expect_call(f"{extension}0{n + 1}" if phones > 1 else extension) for n in range(phones)]
        for phone in rung:
            await _assert_shown(phone, CUSTOMER, CUSTOMER_NAME)
        for phone in rung:
            await phone.reject(486)


@pytest.mark.parametrize("way", ["number", "overflow", "group", "flow", "queue"])
async def test_given_a_call_that_comes_in_when_it_leads_to_a_number_then_that_never_sees_the_caller(
    exchange: Exchange, office: Office, desk: Desk, far_end: FarEnd, way: str
) -> None:
    rules: dict[str, CallTarget] = {}
    if way == "overflow":
        rules["overflow"] = ToNumber(number=E164(OUTSIDE))
    await exchange.route(DIALLED, await _leads_to(exchange, way), **rules)
    caller = await exchange.call(DIALLED, caller=CALLER, name=CALLER_NAME)
    if way in {"overflow", "group"}:
        phone = await far_end.expect_call("3002")
        await _assert_shown(phone, CALLER, CALLER_NAME)
        await phone.reject(486)
    target = await far_end.expect_call(OUTSIDE)
    await _assert_shown(target, OWN)
    call_id = await desk.wait_for_arrival(DIALLED)
    await target.answer()
    await desk.wait_for(call_id, "call.connected")
    await caller.ears.wait_for_channel(caller.channel_id, "Dial", dialstatus="ANSWER")
    await desk.act(call_id, _transfer(number=AGENT))
    await _assert_shown(await far_end.expect_call(AGENT), OWN)
    await desk.act(call_id, CancelTransfer())
    await _assert_shown(await far_end.expect_call(OUTSIDE), OWN)
    await _end(desk, call_id)


async def _leads_to(exchange: Exchange, way: str) -> CallTarget:
    outside = ToNumber(number=E164(OUTSIDE))
    services, principal = exchange.offhook.service.services, exchange.offhook.principal
    match way:
        case "number":
            return outside
        case "overflow":
            return ToExtension(number="3002")
        case "group":
            return await exchange.group("3002", ring_seconds=20.0, overflow=outside)
        case "flow":
            flow = Flow(start="out", steps=(Transfer(name="out", target=FlowTarget(number=OUTSIDE)),))
            made = await services.routing.flows.create(principal, FlowChanges(name="out", flow=flow))
            return ToCallFlow(id=made.id)
        case "queue":
            # Nobody who serves it is there.
            centre = await CallCentre.open(services, principal, ["2001"], overflow=outside)
            return ToQueue(id=centre.queue.id)
        case _:
            raise ValueError(way)
