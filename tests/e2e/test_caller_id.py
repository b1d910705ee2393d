"""What the far end's phone shows, and what it can never be made to show."""

from typing import Any

import pytest

from app.errors import RefusedError
from app.facts.vocabulary import AgentDisplay, LegRole
from tests.e2e.phones import the_phone_that_rings
from tests.rig.ari_ears import AriEars
from tests.rig.desk import Desk
from tests.rig.far_end import FarEnd
from tests.rig.story import assert_is_whole
from tests.rig.witness import Witness

pytestmark = pytest.mark.asterisk

CUSTOMER = "+15550112001"
AGENT_OUTSIDE = "+15550112002"
DEFAULT_NUMBER = "+15550100100"
OTHER_NUMBER = "+15550100101"


@pytest.mark.parametrize("first", [LegRole.AGENT, LegRole.CUSTOMER])
async def test_given_a_caller_id_and_name_when_the_customer_rings_then_the_invite_says_both(
    desk: Desk, far_end: FarEnd, first: LegRole
) -> None:
    placed = await desk.place_call(
        CUSTOMER, trunk="farend", first=first, caller_id=OTHER_NUMBER, caller_id_name="Acme Support Ünïcode 😀"
    )
    call = await far_end.expect_call(CUSTOMER)
    assert (call.caller_number, call.caller_name) == (OTHER_NUMBER, "Acme Support Ünïcode 😀")
    await call.answer()
    await desk.wait_for(placed.id, "call.connected")
    await call.hang_up()
    story = await desk.wait_for_end(placed.id)
    await assert_is_whole(desk, story)
    assert (story.disposition, story.end) == ("ANSWERED", ("HANGUP", "CUSTOMER"))
    assert (story.record["callerId"], story.record["callerIdName"]) == (OTHER_NUMBER, "Acme Support Ünïcode 😀")


async def test_given_no_caller_id_when_the_customer_rings_then_it_is_the_accounts_default(
    desk: Desk, far_end: FarEnd
) -> None:
    placed = await desk.place_call(CUSTOMER, trunk="farend", first=LegRole.CUSTOMER)
    call = await far_end.expect_call(CUSTOMER)
    assert (call.caller_number, call.caller_name) == (DEFAULT_NUMBER, "")
    await call.reject(486)
    story = await desk.wait_for_end(placed.id)
    assert (story.disposition, story.end) == ("BUSY", ("BUSY", "CUSTOMER"))


async def test_given_an_agent_outside_when_called_over_the_trunk_then_only_the_accounts_number_is_shown(
    desk: Desk, far_end: FarEnd
) -> None:
    """Whatever agentDisplay says: over a trunk an agent is a customer of the network as well."""
    placed = await desk.place_call(
        CUSTOMER, connect_number=AGENT_OUTSIDE, trunk="farend", agent_display=AgentDisplay.DESTINATION
    )
    agent = await far_end.expect_call(AGENT_OUTSIDE)
    assert (agent.caller_number, agent.caller_name) == (DEFAULT_NUMBER, "")
    await agent.answer()
    customer = await far_end.expect_call(CUSTOMER)
    assert customer.caller_number == DEFAULT_NUMBER
    await customer.answer()
    await desk.wait_for(placed.id, "call.connected")
    await agent.hang_up()
    await customer.wait_until_ended()
    story = await desk.wait_for_end(placed.id)
    await assert_is_whole(desk, story)
    assert (story.disposition, story.end) == ("ANSWERED", ("HANGUP", "AGENT"))


@pytest.mark.parametrize(
    ("display", "shown"),
    [
        (AgentDisplay.DESTINATION, (CUSTOMER, "Ms Marple")),
        (AgentDisplay.CALLER_ID, (OTHER_NUMBER, "Acme")),
        (AgentDisplay.CUSTOM, (CUSTOMER, "Ms Marple")),
    ],
    ids=str,
)
@pytest.mark.parametrize("first", [LegRole.AGENT, LegRole.CUSTOMER])
async def test_given_an_agent_display_when_the_agents_phone_rings_then_it_shows_that(
    desk: Desk, far_end: FarEnd, ears: AriEars, first: LegRole, display: AgentDisplay, shown: tuple[str, str]
) -> None:
    placed = await desk.place_call(
        CUSTOMER,
        connect="2010",
        trunk="farend",
        first=first,
        agent_display=display,
        destination_name="Ms Marple",
        caller_id=OTHER_NUMBER,
        caller_id_name="Acme",
    )
    if first is LegRole.CUSTOMER:
        await (await far_end.expect_call(CUSTOMER)).answer()
    await desk.wait_for(placed.id, "leg.ringing", "AGENT")
    assert await _shown_at_the_phone(ears) == shown
    await desk.hang_up(placed.id)
    story = await desk.wait_for_end(placed.id)
    assert (story.disposition, story.end) == ("CANCELLED", ("API_HANGUP", "SYSTEM"))


HOSTILE_NAMES = (
    'Bob" <sip:+19005551234@evil>',
    "Bob\r\nX-Evil: 1",
    "Bob\nTo: <sip:evil>",
    "back\\slash",
    "<+19005551234>",
    "\x00",
    "a" * 81,
    "",
    "tab\there",
    "line\u2028end",
)


async def test_given_a_hostile_name_when_asked_for_then_it_is_refused_and_nothing_is_dialled(
    desk: Desk, witness: Witness, far_end: FarEnd
) -> None:
    heard_before = len(far_end.ears.events)
    for field, public_name in (("caller_id_name", "callerIdName"), ("destination_name", "destinationName")):
        for name in HOSTILE_NAMES:
            fields: dict[str, Any] = {field: name}
            with pytest.raises(RefusedError) as refused:
                await desk.place_call(CUSTOMER, trunk="farend", first=LegRole.CUSTOMER, **fields)
            problems = [(problem.code, problem.field) for problem in refused.value.problems]
            assert problems == [("INVALID_INPUT", (public_name,))], name
    assert (await witness.look(f"ofk.{desk.node}.")).is_empty
    assert far_end.calls_since(heard_before) == []


async def _shown_at_the_phone(ears: AriEars) -> tuple[str, str]:
    """Number and name as the phone got them: its end of the sandbox's loop is a channel of this Asterisk too."""
    phone = await the_phone_that_rings(ears)
    return phone["number"], phone["name"]
