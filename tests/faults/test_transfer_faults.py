"""kill -9 of the service with a transfer in flight: it comes out once, and the target is rung once at most."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.calls.core.verbs import CompleteTransfer, StartTransfer, Target
from app.config import Settings
from app.errors import UnavailableError
from app.facts.vocabulary import TransferKind
from tests.rig.desk import Desk, Fact, Story
from tests.rig.far_end import FarEnd, FarEndCall
from tests.rig.graphql_line import GraphQLLine
from tests.rig.service import running_offhook
from tests.rig.service_process import ServiceProcess, service_process
from tests.rig.story import assert_is_whole
from tests.rig.witness import Witness

pytestmark = pytest.mark.asterisk

_OUTCOMES = ("transfer.completed", "transfer.cancelled", "transfer.failed")
_PARTIES = 3
_numbers = itertools.count(1)


def _number() -> str:
    """Each test dials numbers of its own, so that the far end can tell them."""
    return f"+1555013{next(_numbers):04d}"


@dataclass(slots=True)
class _Transferring:
    """A call of two at the far end, about to be transferred, and the service that will not live to see the end."""

    desk: Desk
    far_end: FarEnd
    process: ServiceProcess
    id: str
    agent: FarEndCall
    customer: FarEndCall
    verb: StartTransfer
    target_number: str

    async def ask(self) -> None:
        with contextlib.suppress(UnavailableError):  # it was killed before it could answer
            await self.desk.act(self.id, self.verb)

    async def until_told(self, type_name: str, times: int = 1) -> None:
        """By asking, since this desk does not listen: its line is about to be cut."""
        async with asyncio.timeout(30):
            while [fact.type for fact in await self.desk.line.facts(self.id)].count(type_name) < times:
                await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def _transferring(
    settings: Settings, directory: Path, far_end: FarEnd, kind: TransferKind, failpoint: str | None = None
) -> AsyncIterator[_Transferring]:
    async with running_offhook(settings) as first:
        token, trunks, node = first.token, first.trunks, first.node
    async with (
        service_process(settings, directory, failpoint=failpoint) as process,
        GraphQLLine.to(process.url, token) as line,
    ):
        desk = Desk(line, node, trunks)
        agent_number, customer_number, target_number = _number(), _number(), _number()
        placed = await desk.place_call(customer_number, connect_number=agent_number, trunk="farend")
        agent = await far_end.expect_call(agent_number)
        await agent.answer()
        customer = await far_end.expect_call(customer_number)
        await customer.answer()
        verb = StartTransfer(
            idempotency_key=f"transfer-{target_number}", kind=kind, target=Target(number=target_number)
        )
        world = _Transferring(desk, far_end, process, placed.id, agent, customer, verb, target_number)
        await world.until_told("call.connected")
        yield world


def _invites(far_end: FarEnd, number: str) -> int:
    """How often a number was rung: each INVITE is a call of its own at the far end."""
    return sum(event["type"] == "StasisStart" and event["args"][-1:] == [number] for event in far_end.ears.events)


async def _check(desk: Desk, far_end: FarEnd, world: _Transferring, outcome: str, *, invites: int) -> Story:
    story = await desk.wait_for_end(world.id)
    await assert_is_whole(desk, story)
    assert [name for name in story.types if name in _OUTCOMES] == [outcome]
    story.the("transfer.started")
    assert _invites(far_end, world.target_number) == invites
    assert story.record["source"] == "RECOVERED"
    return story


def _have_three_answered(facts: list[Fact]) -> bool:
    return sum(fact.type == "leg.answered" for fact in facts) == _PARTIES


@pytest.mark.parametrize("kind", TransferKind)
@pytest.mark.parametrize("place", ["before-create", "before-dial"])
async def test_given_a_transfer_when_the_service_is_killed_before_the_target_is_dialled_then_it_fails_once_unrung(
    settings: Settings, tmp_path: Path, far_end: FarEnd, witness: Witness, kind: TransferKind, place: str
) -> None:
    async with _transferring(settings, tmp_path, far_end, kind, failpoint=f"{place}:kill:3") as world:
        await world.ask()
        async with asyncio.timeout(30):
            await world.process.process.wait()
    async with running_offhook(settings) as offhook, offhook.desk() as desk:
        failed = await desk.wait_for(world.id, "transfer.failed")
        assert (failed.body["disposition"], failed.body["endReason"]["code"]) == ("FAILED", "DIAL_FAILED")
        await desk.act(world.id, world.verb)  # the same key: it was carried out, whatever became of it
        agent = world.agent
        if kind is TransferKind.BLIND:
            await agent.wait_until_ended()
            agent = await far_end.expect_call(agent.dialled)
            await agent.answer()
            await desk.wait_until(world.id, _have_three_answered, what="the recall's answer")
        else:
            await desk.wait_for(world.id, "leg.unheld", "CUSTOMER")
        await agent.hang_up()
        story = await _check(desk, far_end, world, "transfer.failed", invites=0)
        assert story.end[0] == "HANGUP"
        await world.customer.wait_until_ended()
        await offhook.assert_nothing_is_left(witness)


@pytest.mark.parametrize("kind", TransferKind)
async def test_given_a_transfer_when_the_service_is_killed_while_the_target_rings_then_it_completes_with_one_invite(
    settings: Settings, tmp_path: Path, far_end: FarEnd, witness: Witness, kind: TransferKind
) -> None:
    async with _transferring(settings, tmp_path, far_end, kind) as world:
        await world.ask()
        target = await far_end.expect_call(world.target_number)
        await target.ring()
        await world.until_told("leg.ringing")
        await world.process.kill()
    async with running_offhook(settings) as offhook, offhook.desk() as desk:
        await desk.wait_for(world.id, "call.recovered")
        await desk.act(world.id, world.verb)
        await target.answer()
        if kind is TransferKind.ATTENDED:
            await desk.wait_until(world.id, _have_three_answered, what="the target's answer")
            await desk.act(world.id, CompleteTransfer())
        await desk.wait_for(world.id, "transfer.completed")
        await world.agent.wait_until_ended()
        await world.customer.hang_up()
        await _check(desk, far_end, world, "transfer.completed", invites=1)
        await target.wait_until_ended()
        await offhook.assert_nothing_is_left(witness)


async def test_given_a_consultation_when_the_service_is_killed_and_the_agent_goes_meanwhile_then_it_completes(
    settings: Settings, tmp_path: Path, far_end: FarEnd, witness: Witness
) -> None:
    async with _transferring(settings, tmp_path, far_end, TransferKind.ATTENDED) as world:
        await world.ask()
        target = await far_end.expect_call(world.target_number)
        await target.answer()
        await world.until_told("leg.answered", times=_PARTIES)
        await world.process.kill()
        await world.agent.hang_up()
    async with running_offhook(settings) as offhook, offhook.desk() as desk:
        await desk.wait_for(world.id, "transfer.completed")
        await desk.act(world.id, world.verb)
        await target.hang_up()
        story = await _check(desk, far_end, world, "transfer.completed", invites=1)
        assert story.end == ("HANGUP", "AGENT")
        await world.customer.wait_until_ended()
        await offhook.assert_nothing_is_left(witness)
