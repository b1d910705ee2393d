"""Channels that Asterisk puts in a leg's place: which are transfers, and which have to go."""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from app.ari.signals import Named, StartedChannel, StasisStart
from app.calls.core import inputs
from app.calls.core.model.call import Call
from app.calls.hearing.intruders import Intruders
from app.calls.names import channel_of
from app.errors import Problem, RefusedError
from app.facts.vocabulary import LegRole, Party
from app.ids import LegId, TransferId
from tests.calls.asking_refer import refer_refused
from tests.calls.making import make_call

_LINK = "Local/_attended@transfer-0000001f;"


class _Actor:
    def __init__(self, call: Call, *, is_refusing: bool = False) -> None:
        self.call = call
        self.asked: list[Any] = []
        self.is_refusing = is_refusing

    def ask(self, event: Any) -> "asyncio.Future[Call]":
        self.asked.append(event)
        answer: asyncio.Future[Call] = asyncio.get_running_loop().create_future()
        if self.is_refusing:
            answer.set_exception(RefusedError(Problem("INVALID_STATE", "no", current_state="CONFERENCE")))
        else:
            answer.set_result(self.call)
        return answer


class World:
    """A node with calls, and what was done and posted there. It is the registry, and who looks up, too."""

    def __init__(self) -> None:
        self.actors: dict[str, _Actor] = {}
        self.posted: list[Any] = []
        self.hung_up: list[str] = []
        self.dialled: list[str] = []
        self.callers: dict[str, LegId] = {}
        self._tasks: set[asyncio.Task[object]] = set()
        registry: Any = self
        self.intruders = Intruders(registry, node="n1", hang_up=self.hang_up, spawn=self._spawn, targets=self)

    def have(self, *, account_id: str = "acc_1", is_refusing: bool = False) -> _Actor:
        call = make_call()
        agent, customer = call.legs[0], call.legs[1]
        call = msgspec.structs.replace(call, account_id=account_id, agent_leg_id=agent.id, customer_leg_id=customer.id)
        actor = _Actor(call, is_refusing=is_refusing)
        self.actors |= {leg.id: actor for leg in call.legs}
        return actor

    def owner_of(self, subject_id: str) -> _Actor | None:
        return self.actors.get(subject_id)

    def post(self, subject_id: str, event: Any, *, at: datetime | None = None) -> bool:  # noqa: ARG002  # as the registry's
        self.posted.append(event)
        return subject_id in self.actors

    async def hang_up(self, channel_id: str) -> bool:
        self.hung_up.append(channel_id)
        return True

    async def find(self, call: Call, by: LegId, transfer_id: TransferId, dialled: str) -> inputs.ReferRefused:
        assert by in {leg.id for leg in call.legs}
        self.dialled.append(dialled)
        return refer_refused(transfer_id)

    def _spawn(self, work: Coroutine[Any, Any, object]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def rest(self) -> None:
        while self._tasks:
            await asyncio.gather(*self._tasks)

    async def take(self, name: str, replaced: str | None, channel_id: str = "a.1") -> None:
        channel = StartedChannel(id=channel_id, name=name)
        gone = None if replaced is None else Named(id=replaced)
        self.intruders.take(StasisStart(timestamp=datetime.now(UTC), channel=channel, replace_channel=gone))
        await self.rest()


@pytest.fixture
async def world() -> World:
    return World()


def _agent(actor: _Actor) -> LegId:
    return actor.call.leg_of(LegRole.AGENT).id


@pytest.mark.parametrize(
    ("dialled", "party"),
    [
        ("2002", Party(extension="2002")),
        ("+15550100000", Party(number="+15550100000")),
        ("0301234567", Party(number="0301234567")),
    ],
)
async def test_given_what_a_phone_dialled_when_it_transfers_blind_then_the_call_knows_at_once_and_it_is_looked_up(
    world: World, dialled: str, party: Party
) -> None:
    actor = world.have()
    await world.take(f"Local/{dialled}@offhook-refer-0000002a;1", channel_of("n1", _agent(actor)))
    asked, found = world.posted
    assert isinstance(asked, inputs.ReferAsked)
    assert (asked.leg_id, asked.target) == (_agent(actor), party)
    assert isinstance(found, inputs.ReferRefused)
    assert found.transfer_id == asked.transfer_id
    assert world.dialled == [dialled]
    assert world.hung_up == ["a.1"]


@pytest.mark.parametrize(
    "name",
    [
        "PJSIP/acme-2001-00000001",
        "Local/2002,evil@offhook-refer-0000002a;1",
        "Local/2002@offhook-refer-0000002a;2",
        "Local/2@offhook-refer-0000002a;1",
        "Local/2002@elsewhere-0000002a;1",
        "Local/s@offhook-refer-0000002a;1",
        "Local/٢٠٠٢@offhook-refer-0000002a;1",
    ],
)
async def test_given_anybody_else_in_a_legs_place_when_seen_then_that_one_goes_and_the_leg_comes_back(
    world: World, name: str
) -> None:
    actor = world.have()
    await world.take(name, channel_of("n1", _agent(actor)))
    assert world.posted == [inputs.LegMisplaced(leg_id=_agent(actor))]
    assert world.hung_up == ["a.1"]
    assert not world.dialled


async def test_given_a_channel_in_the_place_of_nobody_or_of_others_when_seen_then_it_is_left_alone(
    world: World,
) -> None:
    await world.take("Local/2002@offhook-refer-0000002a;1", None)
    await world.take("Local/2002@offhook-refer-0000002a;1", "other.5")
    assert not world.posted
    assert not world.hung_up


async def test_given_both_ends_of_a_link_when_seen_then_each_call_is_told_who_is_at_the_other_end(world: World) -> None:
    first, second = world.have(), world.have()
    await world.take(f"{_LINK}2", channel_of("n1", _agent(second)), "a.2")
    assert not second.asked
    await world.take(f"{_LINK}1", channel_of("n1", _agent(first)), "a.1")
    for actor, other, channel_id in ((first, second, "a.1"), (second, first, "a.2")):
        (replaced,) = actor.asked
        assert (replaced.leg_id, replaced.channel_id) == (_agent(actor), channel_id)
        assert replaced.party == other.call.leg_of(LegRole.CUSTOMER).party
        assert replaced.actor.id == _agent(actor)
    assert not world.hung_up


async def test_given_two_accounts_when_a_phone_links_their_calls_then_nothing_comes_of_it(world: World) -> None:
    first, second = world.have(), world.have(account_id="acc_2")
    await world.take(f"{_LINK}2", channel_of("n1", _agent(second)), "a.2")
    await world.take(f"{_LINK}1", channel_of("n1", _agent(first)), "a.1")
    assert not first.asked
    assert not second.asked
    assert sorted(world.hung_up) == ["a.1", "a.2"]
    assert {event.leg_id for event in world.posted} == {_agent(first), _agent(second)}


async def test_given_a_call_that_refuses_when_linked_then_its_end_of_the_link_goes(world: World) -> None:
    first, second = world.have(), world.have(is_refusing=True)
    await world.take(f"{_LINK}1", channel_of("n1", _agent(first)), "a.1")
    await world.take(f"{_LINK}2", channel_of("n1", _agent(second)), "a.2")
    assert world.hung_up == ["a.2"]
    assert world.posted == [inputs.LegMisplaced(leg_id=_agent(second))]


async def test_given_one_end_of_a_link_alone_when_its_time_is_over_then_it_goes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.calls.hearing.intruders._PAIR_SECONDS", 0.0)
    actor = world.have()
    await world.take(f"{_LINK}1", channel_of("n1", _agent(actor)))
    async with asyncio.timeout(10):
        while not world.hung_up:
            await asyncio.sleep(0)
    assert world.posted == [inputs.LegMisplaced(leg_id=_agent(actor))]
