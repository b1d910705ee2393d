"""Two nodes ring the same agents for callers of one queue: nobody is rung for two, and all go in their order."""

import asyncio
import itertools
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from app.accounts.audit import AuditLog
from app.accounts.principal import Principal
from app.calls.core import commands, inputs
from app.calls.core.commands import Command
from app.calls.core.inputs import Input
from app.calls.planning.plan import Defaults
from app.clock import SystemClock
from app.db.engine import Database
from app.events.log import EventLog
from app.facts.event import Event
from app.facts.queues import AgentState, QueueJoined, QueueLeaving, QueueOffered
from app.facts.vocabulary import CallState
from app.ids import new_id
from app.paging import PageRequest
from app.queues.agent_rows import AgentRows
from app.queues.agents import AgentStates
from app.queues.claims import AgentClaims, Claim
from app.queues.dispatcher import Dispatcher, why_refused
from app.queues.news import QueueNews
from app.queues.overflow import Overflow
from app.queues.strategy import Caller, Line, Member
from app.queues.waiting import QueueRules, WaitingRoom, WaitingRooms
from app.routing.directory import Directory
from app.routing.groups import Queues
from app.routing.model import QueueMember
from app.routing.resources import RoutingResources
from app.routing.targets import ToExtension
from app.routing.words import QueueStrategy
from app.secrets.sealing import Sealer
from tests.calls.standing_in import running, until
from tests.calls.standing_in_process import Process, make_principal
from tests.webhooks.rig import SEALING_KEY

pytestmark = pytest.mark.postgres

CALLERS = 16


def _everybody_answers(command: Command) -> tuple[Input, ...]:
    match command:
        case commands.CreateChannel():
            return (inputs.LegCreated(leg_id=command.leg_id, channel_name="PJSIP/x"),)
        case commands.DialChannel():
            return (inputs.LegAnswered(leg_id=command.leg_id),)
        case commands.HangupChannel():
            return (inputs.LegDestroyed(leg_id=command.leg_id, cause=16),)
        case _:
            return ()


@asynccontextmanager
async def _node(process: Process) -> AsyncIterator[QueueNews]:
    """A process with a dispatcher, before phones that all answer at once."""
    process.executor.answer = _everybody_answers
    clock, news = SystemClock(), QueueNews()
    process.log.on_appended(news.on_appended)
    directory = Directory(process.database)
    defaults = Defaults(agent_ring_seconds=30, customer_ring_seconds=45, max_duration_seconds=3600)
    dispatcher = Dispatcher(
        AgentClaims(AgentRows(process.database, process.log, clock)),
        WaitingRooms(process.database),
        directory,
        Overflow(process.database, directory, defaults=defaults, make_id=new_id),
        process.registry,
        news,
        clock,
    )
    async with process.living(), running(dispatcher.run()):
        yield news


async def _queue(database: Database, by: Principal, agents: int) -> tuple[str, list[str]]:
    """A queue served by some of the sandbox's agents."""
    routing = RoutingResources.open(database, AuditLog(database), Sealer(SEALING_KEY))
    people = (await routing.agents.page(by.account_id, PageRequest(limit=agents))).items
    queues: Queues = routing.queues
    queue = await queues.create(
        by,
        {
            "name": "support",
            "strategy": QueueStrategy.LONGEST_IDLE,
            "music_class": "default",
            "ring_seconds": 10.0,
            "members": [QueueMember(agent_id=one.id, penalty=0) for one in people],
        },
    )
    return queue.id, [one.id for one in people]


async def _events(database: Database, by: Principal) -> list[Event]:
    return await EventLog(database).read_after(0, limit=10_000, account_id=by.account_id)


async def test_given_two_nodes_and_three_agents_when_all_callers_are_served_then_no_agent_was_rung_for_two(
    database: Database,
) -> None:
    by = await make_principal(database)
    nodes = [Process(database, by, capacity=100), Process(database, by, capacity=100)]
    queue_id, agents = await _queue(database, by, 3)
    states = AgentStates(AgentRows(database, EventLog(database), SystemClock()))
    async with _node(nodes[0]), _node(nodes[1]):
        for number in range(CALLERS):
            placed = await nodes[number % 2].place(
                idempotency_key=f"k{number}", connect_extension=None, connect_queue_id=queue_id
            )
            actor = nodes[number % 2].registry.find(placed.call.id)
            assert actor is not None
            await actor.wait_until(lambda call: call.state is CallState.WAITING_IN_QUEUE)
        for agent_id in agents:
            await states.set_state(by, agent_id, AgentState.AVAILABLE)

        async def hang_up_whoever_talks(node: Process) -> None:
            while len(node.registry):
                for actor in node.registry:
                    if actor.call.state is CallState.CONNECTED and not actor.call.is_ending:
                        await node.calls.hang_up(by, actor.call.id)
                await asyncio.sleep(0.002)

        async with asyncio.timeout(60):
            await asyncio.gather(*(hang_up_whoever_talks(node) for node in nodes))
        await until(lambda: _all_free(states, by))
    _assert_nobody_was_rung_for_two(await _events(database, by), agents)


async def _all_free(states: AgentStates, by: Principal) -> bool:
    return {one.state for one in await states.of_account(by.account_id)} == {AgentState.AVAILABLE}


def _assert_nobody_was_rung_for_two(events: list[Event], agents: list[str]) -> None:
    ended = {event.fact.leg.id: event.sequence for event in events if event.type == "leg.ended"}  # type: ignore[attr-defined]  # a leg's fact has it
    spans: dict[str | None, list[tuple[int, int]]] = defaultdict(list)
    offers: dict[str, int] = defaultdict(int)
    for event in events:
        if isinstance(event.fact, QueueOffered):
            offers[event.subject_id] += 1
            spans[event.fact.agent_id].append((event.sequence, ended[event.fact.leg.id]))
    assert set(spans) == set(agents)
    for of_agent in spans.values():
        assert all(end < begin for (_, end), (begin, _) in itertools.pairwise(of_agent))
    assert set(offers.values()) == {1}
    assert len(offers) == CALLERS == sum(isinstance(event.fact, QueueJoined) for event in events)


async def test_given_a_node_that_died_with_a_claim_when_another_comes_then_the_caller_is_served_all_the_same(
    database: Database,
) -> None:
    """The claim was committed and the phone never asked for: the agent is free once the claim has lapsed."""
    by = await make_principal(database)
    node = Process(database, by)
    queue_id, agents = await _queue(database, by, 1)
    rows = AgentRows(database, EventLog(database), SystemClock())
    states = AgentStates(rows)
    await states.set_state(by, agents[0], AgentState.AVAILABLE)
    claim = Claim(agent_id=agents[0], leg_id="leg_never", call_id="call_dead", queue_id=queue_id)
    assert await AgentClaims(rows).claim(by.account_id, [claim]) == {"leg_never"}
    async with database.acquire() as connection:
        await connection.execute("UPDATE agent_state SET claimed_at = claimed_at - interval '1 hour'")
    async with _node(node):
        placed = await node.place(connect_extension=None, connect_queue_id=queue_id)
        actor = node.registry.find(placed.call.id)
        assert actor is not None
        async with asyncio.timeout(60):
            call = await actor.wait_until(lambda call: call.state is CallState.CONNECTED)
        assert call.agent_id == agents[0]
        await node.end(actor)


NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("max_length", "has_overflow", "present", "reason"),
    [
        (None, False, False, None),
        (None, True, False, QueueLeaving.NO_AGENTS),
        (None, True, True, None),
        (2, True, True, None),
        (1, True, True, QueueLeaving.FULL),
        (1, False, False, QueueLeaving.FULL),
    ],
)
def test_given_a_second_caller_when_the_queue_is_asked_then_it_refuses_as_by_the_table(
    max_length: int | None, has_overflow: bool, present: bool, reason: QueueLeaving | None
) -> None:
    callers = tuple(
        Caller(call_id=call_id, queue_id="q", joined_at=NOON.replace(minute=minute))
        for minute, call_id in enumerate(("first", "second"))
    )
    room = WaitingRoom(
        callers=callers,
        lines={"q": Line(queue_id="q", strategy=QueueStrategy.LONGEST_IDLE, members=(Member(agent_id="anna"),))},
        rules={
            "q": QueueRules(
                name="q",
                ring_seconds=10,
                max_length=max_length,
                overflow=ToExtension(number="2001") if has_overflow else None,
            )
        },
        servers={},
        present=frozenset({"anna"} if present else ()),
        ring_seconds={},
    )
    assert why_refused(callers[1], room) is reason


async def test_given_an_agent_that_has_just_said_something_when_it_is_called_then_it_is_busy_as_long(
    database: Database,
) -> None:
    """Nobody waits in any queue: what agents do is told all the same."""
    by = await make_principal(database)
    node = Process(database, by)
    async with _node(node) as news:
        rows = AgentRows(database, node.log, SystemClock())
        states = AgentStates(rows, changed=lambda account_id: _hear(news, account_id))
        _, (agent_id,) = await _queue(database, by, 1)
        await states.set_state(by, agent_id, AgentState.AVAILABLE)
        placed = await node.place(connect_extension=None, connect_agent_id=agent_id)

        async def is_busy() -> bool:
            return (await states.get_many(by.account_id, [agent_id]))[agent_id].state is AgentState.BUSY

        await until(is_busy)
        actor = node.registry.find(placed.call.id)
        assert actor is not None
        await node.end(actor)
        await until(lambda: _all_free(states, by))


async def _hear(news: QueueNews, account_id: str) -> None:
    news.hear(account_id)


async def test_given_a_queue_that_tells_places_when_callers_wait_then_each_hears_its_own_again_and_again(
    database: Database,
) -> None:
    by = await make_principal(database)
    node = Process(database, by)
    queue_id, _ = await _queue(database, by, 1)
    async with database.acquire() as connection:
        await connection.execute("UPDATE queue SET announce_position_seconds = 0.1 WHERE id = $1", queue_id)
    async with _node(node):
        calls = []
        for number in range(2):
            placed = await node.place(idempotency_key=f"k{number}", connect_extension=None, connect_queue_id=queue_id)
            actor = node.registry.find(placed.call.id)
            assert actor is not None
            await actor.wait_until(lambda call: call.state is CallState.WAITING_IN_QUEUE)
            calls.append(actor)

        def heard() -> list[tuple[str, ...]]:
            return [one.media for one in node.executor.commands if isinstance(one, commands.StartPlayback)]

        await until(lambda: len(heard()) == 2)
        assert sorted(heard()) == [
            ("sound:queue-thereare", "number:2", "sound:queue-callswaiting"),
            ("sound:queue-youarenext",),
        ]
        for actor in calls:
            (playback,) = actor.call.playbacks
            actor.post(inputs.SoundEnded(playback_id=playback.id))
        await until(lambda: len(heard()) == 4)
        for actor in calls:
            await node.calls.hang_up(by, actor.call.id)
        await until(lambda: not len(node.registry))
