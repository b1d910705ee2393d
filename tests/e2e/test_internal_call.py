"""Calls between two extensions of an account: no trunk, no number, and the same story."""

import asyncio

import pytest

from app.errors import RefusedError
from app.facts.vocabulary import LegRole
from app.local.asterisk import AsteriskInstance
from tests.e2e.phones import the_phone_that_rings
from tests.rig.ari_ears import AriEars
from tests.rig.desk import PATIENCE_SECONDS, Desk
from tests.rig.story import assert_is_whole

pytestmark = pytest.mark.asterisk


async def test_given_two_extensions_when_connected_in_both_orders_then_the_call_is_internal(
    graphql_desk: Desk,
) -> None:
    desk = graphql_desk

    async def place(first: LegRole) -> None:
        call = await desk.place_call(None, destination_extension="2002", connect="2001", first=first)
        await desk.wait_for(call.id, "call.connected")
        await desk.hang_up(call.id)
        story = await desk.wait_for_end(call.id)
        await assert_is_whole(desk, story)
        assert (story.disposition, story.end) == ("ANSWERED", ("API_HANGUP", "SYSTEM"))
        assert story.record["direction"] == "INTERNAL"
        assert story.record["extension"] == "2001"
        assert [fact.role for fact in story.all_of("leg.dialing")] == [
            first,
            next(r for r in (LegRole.AGENT, LegRole.CUSTOMER) if r is not first),
        ]

    await asyncio.gather(*(place(first) for first in (LegRole.AGENT, LegRole.CUSTOMER)))


async def test_given_a_call_that_is_over_when_asterisk_is_looked_at_then_no_variable_of_its_legs_is_left(
    desk: Desk, asterisk: AsteriskInstance
) -> None:
    call = await desk.place_call(None, destination_extension="2002", connect="2001")
    await desk.wait_for(call.id, "call.connected")
    await desk.hang_up(call.id)
    story = await desk.wait_for_end(call.id)
    legs = {str(fact.body["leg"]["id"]) for fact in story.all_of("leg.dialing")}
    assert len(legs) == 2
    async with asyncio.timeout(PATIENCE_SECONDS):
        while _named(legs, await asterisk.run_cli("dialplan show globals")):
            await asyncio.sleep(0.05)


def _named(legs: set[str], text: str) -> bool:
    return any(leg in text for leg in legs)


async def test_given_an_extension_when_another_calls_it_then_its_phone_shows_that_ones_number_and_name(
    desk: Desk, ears: AriEars
) -> None:
    call = await desk.place_call(None, destination_extension="2010", connect="2001", first=LegRole.CUSTOMER)
    await desk.wait_for(call.id, "leg.ringing", "CUSTOMER")
    assert await the_phone_that_rings(ears) == {"number": "2001", "name": "Amara Osei"}
    await desk.hang_up(call.id)
    assert (await desk.wait_for_end(call.id)).disposition == "CANCELLED"


async def test_given_an_extension_that_is_not_there_when_called_then_it_is_refused(desk: Desk) -> None:
    with pytest.raises(RefusedError) as refused:
        await desk.place_call(None, destination_extension="2999", connect="2001")
    assert [(p.code, p.field) for p in refused.value.problems] == [("NOT_FOUND", ("destination", "extension"))]
