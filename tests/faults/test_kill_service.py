"""kill -9 of the service at the worst moments; the next start makes the records whole and leaves nobody alone."""

import asyncio
import contextlib
import itertools
import random
import signal
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest

from app.config import Settings
from app.errors import RefusedError, UnavailableError
from app.facts.vocabulary import LegRole, RecordingMode
from app.local.asterisk import AsteriskInstall
from tests.rig.checker import assert_all_hold, dialled_by_sipp, evidence_of
from tests.rig.desk import Desk, PlacedCall
from tests.rig.far_end import FarEnd, FarEndCall
from tests.rig.graphql_line import GraphQLLine
from tests.rig.load import Plan, make_plans
from tests.rig.service import RunningOffhook, running_offhook
from tests.rig.service_process import ServiceProcess, service_process
from tests.rig.sipp import SippPorts, sipp_called_party
from tests.rig.story import assert_is_whole
from tests.rig.witness import Witness

pytestmark = pytest.mark.asterisk

_numbers = itertools.count(1)


def _number() -> str:
    """Each test dials numbers of its own, so that the far end can tell them."""
    return f"+1555016{next(_numbers):04d}"


@contextlib.asynccontextmanager
async def _doomed(settings: Settings, directory: Path) -> AsyncIterator[tuple[ServiceProcess, Desk]]:
    """A service process with an account, and a desk that reaches it over GraphQL."""
    async with running_offhook(settings) as first:
        token, trunks, node = first.token, first.trunks, first.node
    async with service_process(settings, directory) as process, GraphQLLine.to(process.url, token) as line:
        yield process, Desk(line, node, trunks)


async def _connect(desk: Desk, far_end: FarEnd, mode: RecordingMode) -> tuple[PlacedCall, FarEndCall, FarEndCall]:
    """A call between two parties at the far end, in talk."""
    agent_number, customer_number = _number(), _number()
    placed = await desk.place_call(customer_number, connect_number=agent_number, trunk="farend", record=mode)
    agent = await far_end.expect_call(agent_number)
    await agent.answer()
    customer = await far_end.expect_call(customer_number)
    await customer.answer()
    await _until_told(desk, placed, "call.connected" if mode is RecordingMode.OFF else "recording.started")
    return placed, agent, customer


async def _until_told(desk: Desk, placed: PlacedCall, type_name: str) -> None:
    """By asking, since this desk does not listen: its line is about to be cut."""
    async with asyncio.timeout(30):
        while type_name not in [fact.type for fact in await desk.line.facts(placed.id)]:
            await asyncio.sleep(0.05)


async def test_given_a_ringing_call_when_the_service_is_killed_then_the_next_one_adopts_it_and_connects_it(
    settings: Settings, tmp_path: Path, far_end: FarEnd, witness: Witness
) -> None:
    agent_number, customer_number = _number(), _number()
    heard_before = len(far_end.ears.events)
    async with _doomed(settings, tmp_path) as (process, desk):
        placed = await desk.place_call(
            customer_number, connect_number=agent_number, trunk="farend", first=LegRole.CUSTOMER
        )
        customer = await far_end.expect_call(customer_number)
        await customer.ring()
        await _until_told(desk, placed, "leg.ringing")
        await process.kill()
    assert not customer.has_ended
    async with running_offhook(settings) as offhook, offhook.desk() as desk:
        await desk.wait_for(placed.id, "call.recovered")
        await customer.answer()
        agent = await far_end.expect_call(agent_number)
        await agent.answer()
        await desk.wait_for(placed.id, "call.connected")
        await agent.hang_up()
        story = await desk.wait_for_end(placed.id)
        await assert_is_whole(desk, story)
        assert (story.disposition, story.end) == ("ANSWERED", ("HANGUP", "AGENT"))
        assert story.record["source"] == "RECOVERED"
        assert len(story.all_of("call.recovered")) == 1
        await customer.wait_until_ended()
        await offhook.assert_nothing_is_left(witness)
    invites = [event["args"][-1] for event in far_end.ears.events[heard_before:] if event["type"] == "StasisStart"]
    assert invites == [customer_number, agent_number]  # nobody was rung twice


async def test_given_a_ringing_call_when_it_is_answered_while_the_service_is_dead_then_the_next_one_goes_on_with_it(
    settings: Settings, tmp_path: Path, far_end: FarEnd, witness: Witness
) -> None:
    agent_number, customer_number = _number(), _number()
    heard_before = len(far_end.ears.events)
    async with _doomed(settings, tmp_path) as (process, desk):
        placed = await desk.place_call(
            customer_number, connect_number=agent_number, trunk="farend", first=LegRole.CUSTOMER
        )
        customer = await far_end.expect_call(customer_number)
        await customer.ring()
        await _until_told(desk, placed, "leg.ringing")
        await process.kill()
        await customer.answer()
    async with running_offhook(settings) as offhook, offhook.desk() as desk:
        # Its answer found nobody to hear it; the next service looks, and goes on where the call stands.
        agent = await far_end.expect_call(agent_number)
        await agent.answer()
        await desk.wait_for(placed.id, "call.connected")
        await customer.hang_up()
        story = await desk.wait_for_end(placed.id)
        await assert_is_whole(desk, story)
        assert (story.disposition, story.end) == ("ANSWERED", ("HANGUP", "CUSTOMER"))
        assert story.record["source"] == "RECOVERED"
        await agent.wait_until_ended()
        await offhook.assert_nothing_is_left(witness)
    invites = [event["args"][-1] for event in far_end.ears.events[heard_before:] if event["type"] == "StasisStart"]
    assert invites == [customer_number, agent_number]


async def test_given_a_recorded_talk_when_the_service_is_killed_then_the_next_one_goes_on_with_it(
    settings: Settings, tmp_path: Path, far_end: FarEnd, witness: Witness
) -> None:
    async with _doomed(settings, tmp_path) as (process, desk):
        placed, agent, customer = await _connect(desk, far_end, RecordingMode.BOTH)
        await process.kill()
    async with running_offhook(settings) as offhook, offhook.desk() as desk:
        await desk.wait_for(placed.id, "call.recovered")
        await desk.hang_up(placed.id)
        story = await desk.wait_for_end(placed.id)
        await assert_is_whole(desk, story)
        assert (story.disposition, story.end) == ("ANSWERED", ("API_HANGUP", "SYSTEM"))
        assert story.record["source"] == "RECOVERED"
        saved = story.the("recording.saved").body
        assert saved["durationSeconds"] == pytest.approx(story.record["talkSeconds"], abs=0.5)
        await asyncio.gather(agent.wait_until_ended(), customer.wait_until_ended())
        await offhook.assert_nothing_is_left(witness)


async def test_given_a_recorded_talk_when_it_ends_while_the_service_is_dead_then_its_true_end_is_told(
    settings: Settings, tmp_path: Path, far_end: FarEnd, witness: Witness
) -> None:
    async with _doomed(settings, tmp_path) as (process, desk):
        placed, agent, customer = await _connect(desk, far_end, RecordingMode.BOTH)
        await process.kill()
        await customer.hang_up()
    hung_up_at = datetime.fromisoformat((await customer.wait_until_ended())["timestamp"])
    await asyncio.sleep(3.0)  # the end that would be told if the end of the outage were taken for the call's
    async with running_offhook(settings) as offhook, offhook.desk() as desk:
        story = await desk.wait_for_end(placed.id)
        await assert_is_whole(desk, story)
        assert (story.disposition, story.end) == ("ANSWERED", ("HANGUP", "CUSTOMER"))
        assert story.record["source"] == "RECOVERED"
        assert abs((story.the("leg.ended", "CUSTOMER").happened_at - hung_up_at).total_seconds()) < 1.5
        connected_at = story.the("call.connected").happened_at
        assert story.record["talkSeconds"] == pytest.approx((hung_up_at - connected_at).total_seconds(), abs=1.5)
        assert story.the("recording.saved").body["channels"] == 2
        await agent.wait_until_ended()  # never a party left alone
        await offhook.assert_nothing_is_left(witness)


async def test_given_a_talk_when_the_service_is_told_to_stop_then_it_ends_soon_and_leaves_the_talk_to_the_next_one(
    settings: Settings, tmp_path: Path, far_end: FarEnd, witness: Witness
) -> None:
    """The Asterisk is not the service's own: a new version of the service must not cost anybody their call."""
    async with _doomed(settings, tmp_path) as (process, desk):
        placed, agent, customer = await _connect(desk, far_end, RecordingMode.OFF)
        process.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(10):
            assert await process.process.wait() == 0
        assert not agent.has_ended
        assert not customer.has_ended
    async with running_offhook(settings) as offhook, offhook.desk() as desk:
        await desk.wait_for(placed.id, "call.recovered")
        await agent.hang_up()
        story = await desk.wait_for_end(placed.id)
        await assert_is_whole(desk, story)
        assert (story.disposition, story.end) == ("ANSWERED", ("HANGUP", "AGENT"))
        await customer.wait_until_ended()
        await offhook.assert_nothing_is_left(witness)


@pytest.mark.parametrize("seed", [1, 2])
async def test_given_calls_at_every_stage_when_the_service_is_killed_then_each_is_told_once_and_none_is_left(
    settings: Settings,
    tmp_path: Path,
    asterisk_install: AsteriskInstall,
    sipp_ports: SippPorts,
    witness: Witness,
    seed: int,
) -> None:
    rng = random.Random(seed)
    plans = make_plans(40, rng)
    async with sipp_called_party(asterisk_install, sipp_ports, tmp_path) as sipp:
        async with _doomed(settings, tmp_path) as (process, desk), asyncio.TaskGroup() as group:
            callers = [group.create_task(_try_to_place(desk, plan, index / 20)) for index, plan in enumerate(plans)]
            await asyncio.wait(callers, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.sleep(rng.uniform(0.8, 1.6))  # somewhere in the midst
            await process.kill()
        accepted = {placed.id for caller in callers if (placed := caller.result()) is not None}
        assert accepted
        async with running_offhook(settings) as offhook, offhook.desk() as desk:
            known = await _all_calls(offhook)
            assert accepted <= known  # what was acknowledged survives
            legs = 0
            for call_id in known:
                with contextlib.suppress(RefusedError):  # over already, which is as well
                    await desk.hang_up(call_id)
            for call_id in known:
                story = await desk.wait_for_end(call_id, seconds=60)
                await assert_is_whole(desk, story)
                legs += len(story.all_of("leg.dialing"))
            await assert_all_hold(
                evidence_of(settings, witness, dialled=lambda: dialled_by_sipp(sipp), acknowledged=accepted)
            )
        seen = await sipp.wait_until_idle(0)
        dialled = [call.dialled for call in seen]
        assert len(dialled) == len(set(dialled))  # nobody was rung twice
        assert len(dialled) <= legs  # nobody was rung without a record
        assert all(call.final_status is not None for call in seen)


async def _try_to_place(desk: Desk, plan: Plan, delay_seconds: float) -> PlacedCall | None:
    await asyncio.sleep(delay_seconds)
    try:
        return await desk.place_call(plan.customer, connect_number=plan.agent, trunk="sipp", first=plan.first)
    except UnavailableError:  # it was killed meanwhile
        return None


async def _all_calls(offhook: RunningOffhook) -> set[str]:
    async with offhook.service.database.acquire() as connection:
        return {row["id"] for row in await connection.fetch("SELECT id FROM call")}
