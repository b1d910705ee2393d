"""Agents' states and queues over GraphQL: what is said, what is refused, and what dashboards are told."""

import asyncio
from typing import Any

import pytest

from app.accounts.scopes import Scope
from app.calls.core import inputs
from app.facts.vocabulary import LegRole
from tests.api.conftest import DEADLINE_SECONDS, Surface
from tests.api.silent_asterisk import move_leg
from tests.api.test_websocket import Socket, opened

pytestmark = pytest.mark.postgres

AGENTS = "query { agents(first: 3) { nodes { id name state activity { state since reason queueIds callId } } } }"
SET = """mutation($id: ID!, $state: AgentState!, $reason: String) {
  setAgentState(input: {agentId: $id, state: $state, reason: $reason}) {
    agent { id state activity { state reason since queueIds } } userErrors { code field } } }"""
JOIN = """mutation($id: ID!, $queue: ID!, $penalty: Int! = 0) {
  joinQueue(input: {agentId: $id, queueId: $queue, penalty: $penalty}) {
    agent { activity { queueIds } } userErrors { code field } } }"""
LEAVE = """mutation($id: ID!, $queue: ID!) {
  leaveQueue(input: {agentId: $id, queueId: $queue}) { agent { activity { queueIds } } userErrors { code field } } }"""
CREATE = """mutation { createQueue(input: {name: "support", strategy: LONGEST_IDLE}) { queue { id } } }"""
QUEUE = "query($id: ID!) { queue(id: $id) { name waitingCount longestWaitSeconds } }"
PLACE = """mutation($key: String!, $queue: ID!) {
  originateCall(input: {idempotencyKey: $key, destination: {number: "+15550100000"}, connect: {queueId: $queue},
    queuePriority: 3}) { call { id state legs { role } } userErrors { code field } } }"""
AGENT_ACTIVITY = """subscription { agentActivity { __typename
  ... on AgentSnapshot { chunk isLast agents { id state } }
  ... on AgentChanged { cursor agent { id state activity { reason } } } ... on Gap { missedCount } } }"""
QUEUE_ACTIVITY = """subscription { queueActivity { __typename
  ... on QueueSnapshot { queues { queueId waitingCount agents { state agents } } }
  ... on QueuesChanged { cursor queues { queueId waitingCount longestWaitSeconds queue { name }
    waiting { callId position priority joinedAt offeredAgentIds expectedWaitSeconds call { state } }
    agents { state agents } } } } }"""
LIVE = "query { liveStatistics { liveCalls waitingCalls agents { state agents } } }"


async def _agents(surface: Surface) -> list[str]:
    return [one["id"] for one in (await surface.ask(AGENTS))["agents"]["nodes"]]


async def _queue(surface: Surface) -> str:
    queue_id: str = (await surface.ask(CREATE))["createQueue"]["queue"]["id"]
    return queue_id


async def _message(socket: Socket, name: str) -> dict[str, Any]:
    async with asyncio.timeout(DEADLINE_SECONDS):
        received = await socket.receive()
    assert received["type"] == "next", received
    message: dict[str, Any] = received["payload"]["data"][name]
    return message


async def test_given_an_agent_when_it_says_what_it_does_then_it_is_so(surface: Surface) -> None:
    agent_id = (await _agents(surface))[0]
    assert (await surface.ask(AGENTS))["agents"]["nodes"][0]["activity"] == {
        "state": "OFFLINE",
        "since": None,
        "reason": None,
        "queueIds": [],
        "callId": None,
    }
    paused = (await surface.ask(SET, {"id": agent_id, "state": "PAUSED", "reason": "lunch"}))["setAgentState"]
    assert paused["userErrors"] == []
    assert paused["agent"]["state"] == "PAUSED"
    assert paused["agent"]["activity"]["reason"] == "lunch"
    assert paused["agent"]["activity"]["since"] is not None


async def test_given_what_cannot_be_when_asked_then_each_is_refused_with_its_field(surface: Surface) -> None:
    agent_id = (await _agents(surface))[0]
    queue_id = await _queue(surface)
    for query, variables, name, error in (
        (SET, {"id": agent_id, "state": "BUSY"}, "setAgentState", ("INVALID_INPUT", ["state"])),
        (SET, {"id": agent_id, "state": "AVAILABLE", "reason": "x"}, "setAgentState", ("INVALID_INPUT", ["reason"])),
        (SET, {"id": "agent_none", "state": "AVAILABLE"}, "setAgentState", ("NOT_FOUND", ["agentId"])),
        (JOIN, {"id": agent_id, "queue": "queue_none"}, "joinQueue", ("NOT_FOUND", ["queueId"])),
        (JOIN, {"id": agent_id, "queue": queue_id, "penalty": -1}, "joinQueue", ("INVALID_INPUT", ["penalty"])),
        (LEAVE, {"id": "agent_none", "queue": queue_id}, "leaveQueue", ("NOT_FOUND", ["agentId"])),
        (PLACE, {"key": "k", "queue": "queue_none"}, "originateCall", ("NOT_FOUND", ["connect", "queueId"])),
    ):
        payload = (await surface.ask(query, variables))[name]
        assert [(one["code"], one["field"]) for one in payload["userErrors"]] == [error]


async def test_given_a_key_without_the_scope_when_agents_are_changed_or_followed_then_it_is_refused(
    surface: Surface, port: int
) -> None:
    agent_id = (await _agents(surface))[0]
    token = await surface.key([Scope.CALLS_READ])
    assert (await surface.refuse(SET, {"id": agent_id, "state": "AVAILABLE"}, token=token))["code"] == "FORBIDDEN"
    async with opened(port) as socket:
        await socket.init(token)
        await socket.subscribe(AGENT_ACTIVITY)
        refused = await socket.receive()
        assert refused["type"] in {"error", "next"}
        assert "FORBIDDEN" in str(refused)


async def test_given_an_agent_that_joins_a_queue_when_looked_at_then_both_say_so(surface: Surface) -> None:
    agent_id, queue_id = (await _agents(surface))[0], await _queue(surface)
    joined = (await surface.ask(JOIN, {"id": agent_id, "queue": queue_id}))["joinQueue"]
    assert joined["agent"]["activity"]["queueIds"] == [queue_id]
    left = (await surface.ask(LEAVE, {"id": agent_id, "queue": queue_id}))["leaveQueue"]
    assert left["agent"]["activity"]["queueIds"] == []


async def test_given_a_dashboard_of_agents_when_one_changes_then_it_is_told_whole(surface: Surface, port: int) -> None:
    agents = await _agents(surface)
    async with opened(port) as socket:
        await socket.init(surface.token)
        await socket.subscribe(AGENT_ACTIVITY)
        snapshot = await _message(socket, "agentActivity")
        assert snapshot["__typename"] == "AgentSnapshot"
        assert snapshot["isLast"]
        assert {one["state"] for one in snapshot["agents"]} == {"OFFLINE"}
        assert set(agents) <= {one["id"] for one in snapshot["agents"]}
        await surface.ask(SET, {"id": agents[1], "state": "PAUSED", "reason": "tea"})
        changed = await _message(socket, "agentActivity")
        assert changed["__typename"] == "AgentChanged"
        assert changed["agent"] == {"id": agents[1], "state": "PAUSED", "activity": {"reason": "tea"}}


async def test_given_a_dashboard_of_queues_when_a_caller_comes_and_goes_then_it_is_told(
    surface: Surface, port: int
) -> None:
    agent_id, queue_id = (await _agents(surface))[0], await _queue(surface)
    async with opened(port) as socket:
        await socket.init(surface.token)
        await socket.subscribe(QUEUE_ACTIVITY)
        assert await _message(socket, "queueActivity") == {
            "__typename": "QueueSnapshot",
            "queues": [{"queueId": queue_id, "waitingCount": 0, "agents": []}],
        }
        await surface.ask(JOIN, {"id": agent_id, "queue": queue_id})
        told = await _message(socket, "queueActivity")
        assert told["queues"][0]["agents"] == [{"state": "OFFLINE", "agents": 1}]

        placed = (await surface.ask(PLACE, {"key": "one", "queue": queue_id}))["originateCall"]
        assert placed["userErrors"] == []
        assert placed["call"]["legs"] == [{"role": "CUSTOMER"}]
        call_id = placed["call"]["id"]
        move_leg(surface.registry, call_id, LegRole.CUSTOMER, inputs.LegAnswered)
        joined = (await _message(socket, "queueActivity"))["queues"][0]
        assert joined["queue"] == {"name": "support"}
        assert joined["waitingCount"] == 1
        (waiting,) = joined["waiting"]
        assert waiting.pop("joinedAt")
        assert waiting == {
            "callId": call_id,
            "position": 1,
            "priority": 3,
            "offeredAgentIds": [],
            "expectedWaitSeconds": None,
            "call": {"state": "WAITING_IN_QUEUE"},
        }
        found = (await surface.ask(QUEUE, {"id": queue_id}))["queue"]
        assert found["waitingCount"] == 1
        assert found["longestWaitSeconds"] >= 0
        live = (await surface.ask(LIVE))["liveStatistics"]
        assert (live["liveCalls"], live["waitingCalls"]) == (1, 1)
        assert {one["state"] for one in live["agents"]} == {"OFFLINE"}
        await surface.ask("mutation($id: ID!) { hangupCall(input: {callId: $id}) { call { id } } }", {"id": call_id})
        gone = (await _message(socket, "queueActivity"))["queues"][0]
        assert (gone["waitingCount"], gone["waiting"], gone["longestWaitSeconds"]) == (0, [], 0)
