"""PostgreSQL is down under live calls: they go on, can be hung up, and everything is told when it is back."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from app.config import Settings
from app.errors import DatabaseUnavailableError
from app.facts.vocabulary import LegRole
from tests.rig.desk import Desk, PlacedCall
from tests.rig.far_end import FarEnd, FarEndCall
from tests.rig.graphql_line import GraphQLLine
from tests.rig.own_postgres import OwnPostgres
from tests.rig.service import running_offhook
from tests.rig.service_process import service_process
from tests.rig.story import assert_is_whole
from tests.rig.talk import RECOVERY_SECONDS, assert_all_hold_at_far_end
from tests.rig.witness import Witness

pytestmark = pytest.mark.asterisk

#: The parties of three calls, and of one that is not placed.
FIRST, SECOND, THIRD = (
    ("+15550191001", "+15550191002"),
    ("+15550191003", "+15550191004"),
    ("+15550191005", "+15550191006"),
)
LATER = "+15550191007"


async def _dial(desk: Desk, far_end: FarEnd, parties: tuple[str, str]) -> tuple[PlacedCall, FarEndCall, FarEndCall]:
    """A call whose agent has answered and whose customer rings."""
    agent_number, customer_number = parties
    placed = await desk.place_call(customer_number, connect_number=agent_number, trunk="farend")
    agent = await far_end.expect_call(agent_number)
    await agent.answer()
    customer = await far_end.expect_call(customer_number)
    await customer.ring()
    return placed, agent, customer


async def _until(holds: Callable[[], bool], *, seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.05)


def _spooled(settings: Settings) -> int:
    """Bytes in the spool."""
    return sum(path.stat().st_size for path in (settings.data_dir / "spool").glob("*.spool"))


async def test_given_live_calls_when_the_database_is_down_then_they_are_answered_ended_and_hung_up_as_ever(
    server: OwnPostgres, faulty: Settings, far_end: FarEnd, witness: Witness
) -> None:
    since = len(far_end.ears.events)
    async with running_offhook(faulty) as offhook, offhook.desk() as desk:
        first, first_agent, first_customer = await _dial(desk, far_end, FIRST)
        second, second_agent, second_customer = await _dial(desk, far_end, SECOND)
        third, third_agent, third_customer = await _dial(desk, far_end, THIRD)
        for placed, customer in ((first, first_customer), (second, second_customer)):
            await customer.answer()
            await desk.wait_for(placed.id, "call.connected")
        await desk.wait_until(
            third.id, lambda facts: "leg.ringing CUSTOMER" in [fact.word for fact in facts], what="ringing"
        )

        await server.end_at_once()
        await first_customer.hang_up()
        await first_agent.wait_until_ended()  # nobody is left alone, database or not
        await desk.hang_up(second.id)
        for party in (second_agent, second_customer):
            await party.wait_until_ended()
        await third_customer.answer()
        registry = offhook.service.registry
        await _until(lambda: (actor := registry.find(third.id)) is not None and actor.call.connected_at is not None)
        with pytest.raises(DatabaseUnavailableError):
            await desk.place_call(LATER, trunk="farend", first=LegRole.CUSTOMER, key="later")
        assert _spooled(faulty) > 0
        assert not third_agent.has_ended

        await server.start()
        await _until(lambda: not _spooled(faulty), seconds=RECOVERY_SECONDS)
        await third_agent.hang_up()
        stories = [await desk.wait_for_end(one.id, seconds=RECOVERY_SECONDS) for one in (first, second, third)]
        for story in stories:
            await assert_is_whole(desk, story)
            assert story.disposition == "ANSWERED"
            assert not story.all_of("call.recovered")  # it was watched all the time
        assert [story.end for story in stories] == [
            ("HANGUP", "CUSTOMER"),
            ("API_HANGUP", "SYSTEM"),
            ("HANGUP", "AGENT"),
        ]
        await assert_all_hold_at_far_end(faulty, witness, far_end, since, first.id, second.id, third.id)


async def test_given_the_service_is_killed_while_the_database_is_down_when_both_are_back_then_nothing_was_forgotten(
    server: OwnPostgres, faulty: Settings, far_end: FarEnd, witness: Witness, tmp_path: Path
) -> None:
    since = len(far_end.ears.events)
    async with running_offhook(faulty) as offhook:
        token, trunks, node = offhook.token, offhook.trunks, offhook.node
    async with service_process(faulty, tmp_path) as process, GraphQLLine.to(process.url, token) as line:
        desk = Desk(line, node, trunks)
        ended, agent, customer = await _dial(desk, far_end, FIRST)
        alive, _, other = await _dial(desk, far_end, SECOND)
        hung_up, waiting_agent, _ = await _dial(desk, far_end, THIRD)
        await customer.answer()
        await _until_told(desk, ended, "call.connected")
        for placed in (alive, hung_up):
            await _until_told(desk, placed, "leg.ringing")
        await server.end_at_once()
        await customer.hang_up()
        await agent.wait_until_ended()
        await other.answer()
        await desk.hang_up(hung_up.id)
        await waiting_agent.wait_until_ended()
        with pytest.raises(DatabaseUnavailableError):
            await desk.place_call(LATER, trunk="farend", first=LegRole.CUSTOMER, key="later")
        # It is all on disk: two ends and a connection.
        await _until(
            lambda: all(
                _has_spooled(faulty, placed, type_name)
                for placed, type_name in (
                    (ended, "call.ended"),
                    (hung_up, "call.ended"),
                    (alive, "call.connected"),
                )
            )
        )
        await process.kill()
    await server.start()
    async with running_offhook(faulty) as offhook, offhook.desk() as desk:
        story = await desk.wait_for_end(ended.id, seconds=RECOVERY_SECONDS)
        await assert_is_whole(desk, story)
        assert (story.disposition, story.end, story.record["source"]) == ("ANSWERED", ("HANGUP", "CUSTOMER"), "LIVE")
        assert not story.all_of("call.recovered")
        assert (await desk.wait_for_end(hung_up.id, seconds=RECOVERY_SECONDS)).end == ("API_HANGUP", "SYSTEM")
        await desk.wait_for(alive.id, "call.recovered")
        await other.hang_up()
        story = await desk.wait_for_end(alive.id)
        await assert_is_whole(desk, story)
        assert story.types.index("call.connected") < story.types.index("call.recovered")
        assert story.disposition == "ANSWERED"
        assert not list((faulty.data_dir / "spool").iterdir())
        await assert_all_hold_at_far_end(faulty, witness, far_end, since, ended.id, alive.id, hung_up.id)


def _has_spooled(settings: Settings, placed: PlacedCall, type_name: str) -> bool:
    files = list((settings.data_dir / "spool").glob("*.spool"))
    content = b"".join(path.read_bytes() for path in files)
    return any(placed.id.encode() in part and f'"{type_name}"'.encode() in part for part in content.split(b'{"call":{'))


async def _until_told(desk: Desk, placed: PlacedCall, type_name: str) -> None:
    """By asking, since this desk does not listen: its line is about to be cut."""
    async with asyncio.timeout(30):
        while type_name not in [fact.type for fact in await desk.line.facts(placed.id)]:
            await asyncio.sleep(0.05)
