"""Calls and transfers to ring groups over a real database: who is rung, in which order, and whose group it is."""

from dataclasses import replace

import msgspec
import pytest

from app.accounts.audit import AuditLog
from app.accounts.service import Accounts
from app.calls.core import inputs
from app.calls.core.model.leg import Leg
from app.calls.core.verbs import StartTransfer, Target
from app.errors import RefusedError
from app.facts.vocabulary import CallState, LegRole, TransferKind, TransferState
from app.flows.steps import Flow, HangUp, Play, PlayInstalled
from app.ids import Kind, new_id
from app.routing.flows import FlowChanges
from app.routing.model import RingGroupMember
from app.routing.resources import RoutingResources
from app.routing.service import Routing
from app.routing.targets import CallTarget, ToCallFlow, ToQueue
from app.routing.words import QueueStrategy, RingStrategy
from app.secrets.sealing import Sealer
from tests.calls.standing_in import until
from tests.calls.standing_in_process import Process

pytestmark = pytest.mark.postgres


async def _group(process: Process, strategy: RingStrategy, *numbers: str, overflow: CallTarget | None = None) -> str:
    """A ring group of the sandbox's extensions."""
    database, account_id = process.database, process.principal.account_id
    extensions = {one.number: one.id for one in await Routing(database, AuditLog(database)).list_extensions(account_id)}
    members = [RingGroupMember(agent_id=None, extension_id=extensions[number]) for number in numbers]
    resources = RoutingResources.open(database, AuditLog(database), Sealer(bytes(32)))
    group = await resources.ring_groups.create(
        process.principal,
        {
            "name": f"{strategy} {numbers}",
            "strategy": strategy,
            "ring_seconds": 12.0,
            "members": members,
            "overflow": overflow,
        },
    )
    return group.id


def _rung(legs: tuple[Leg, ...]) -> list[tuple[int, str | None, float]]:
    return [(leg.wave, leg.party.extension, leg.ring_seconds) for leg in legs if leg.role is LegRole.AGENT]


async def test_given_a_group_in_order_when_connected_then_each_member_is_a_wave_and_the_key_gives_the_call_back(
    process: Process,
) -> None:
    group_id = await _group(process, RingStrategy.IN_ORDER, "2003", "2001")
    placed = await process.place(connect_extension=None, connect_ring_group_id=group_id)
    assert _rung(placed.call.legs) == [(0, "2003", 12.0), (1, "2001", 12.0)]
    assert placed.call.planned == 3
    assert (placed.call.agent_id, placed.call.extension) == (None, None)
    again = await process.place(connect_extension=None, connect_ring_group_id=group_id)
    assert (again.is_replayed, again.call.id) == (True, placed.call.id)
    other = await _group(process, RingStrategy.ALL, "2003")
    assert await process.refuse(connect_extension=None, connect_ring_group_id=other) == ["IDEMPOTENCY_KEY_REUSED"]
    await process.end(await process.only_actor())


async def test_given_a_group_of_all_when_connected_for_a_time_then_they_ring_together_for_it(process: Process) -> None:
    group_id = await _group(process, RingStrategy.ALL, "2003", "2001")
    placed = await process.place(connect_extension=None, connect_ring_group_id=group_id, agent_ring_seconds=7.0)
    assert _rung(placed.call.legs) == [(0, "2003", 7.0), (0, "2001", 7.0)]
    await process.end(await process.only_actor())


async def test_given_a_group_of_one_when_connected_then_the_call_names_its_agent_from_the_start(
    process: Process,
) -> None:
    group_id = await _group(process, RingStrategy.RANDOM, "2003")
    placed = await process.place(connect_extension=None, connect_ring_group_id=group_id)
    assert (placed.call.agent_name, placed.call.extension) == ("Chiara Lindqvist", "2003")
    await process.end(await process.only_actor())


async def test_given_no_such_group_when_connected_then_one_of_another_account_is_not_told_from_none(
    process: Process,
) -> None:
    database = process.database
    other = await Accounts(database, AuditLog(database)).create("other", display_name="Other")
    ours = process.principal
    process.principal = replace(ours, account_id=other.id)
    theirs = await _group(process, RingStrategy.ALL)
    process.principal = ours
    for group_id in (new_id(Kind.RING_GROUP), new_id(Kind.QUEUE), "nonsense", theirs):
        with pytest.raises(RefusedError) as refused:
            await process.place(connect_extension=None, connect_ring_group_id=group_id)
        assert [(one.code, one.field) for one in refused.value.problems] == [("NOT_FOUND", ("connect", "ringGroupId"))]
    assert await process.count_rows() == (0, 0)


async def test_given_a_group_in_which_nobody_has_a_phone_when_connected_then_that_is_said(process: Process) -> None:
    group_id = await _group(process, RingStrategy.ALL)
    assert await process.refuse(connect_extension=None, connect_ring_group_id=group_id) == ["AGENT_OFFLINE"]


async def test_given_a_talk_when_transferred_to_a_group_then_its_members_ring_for_the_target(process: Process) -> None:
    group_id = await _group(process, RingStrategy.ALL, "2003", "2004")
    await process.place()
    actor = await process.only_actor()
    await process.answer(actor, LegRole.AGENT, LegRole.CUSTOMER)
    await until(lambda: actor.call.state is CallState.CONNECTED)
    verb = StartTransfer(idempotency_key="t", kind=TransferKind.ATTENDED, target=Target(ring_group_id=group_id))
    acted = await process.calls.act(process.principal, actor.call.id, verb)
    assert _rung(acted.call.legs[2:]) == [(0, "2003", 12.0), (0, "2004", 12.0)]
    chosen = acted.call.legs[3]
    actor.post(inputs.LegCreated(leg_id=chosen.id, channel_name="PJSIP/x"))
    actor.post(inputs.LegAnswered(leg_id=chosen.id))
    await until(lambda: actor.call.transfer is not None and actor.call.transfer.target == chosen.id)
    with pytest.raises(RefusedError) as refused:
        await process.calls.act(
            process.principal,
            actor.call.id,
            StartTransfer(
                idempotency_key="u", kind=TransferKind.BLIND, target=Target(ring_group_id=new_id(Kind.RING_GROUP))
            ),
        )
    assert [(one.code, one.field) for one in refused.value.problems] == [("NOT_FOUND", ("target", "ringGroupId"))]
    await process.end(actor)


async def test_given_a_group_that_overflows_into_a_flow_when_transferred_to_and_nobody_answers_then_it_leads_on(
    process: Process,
) -> None:
    flows = RoutingResources.open(process.database, AuditLog(process.database), Sealer(bytes(32))).flows
    steps = (Play(name="sorry", sounds=(PlayInstalled(name="vm-sorry"),), next="bye"), HangUp(name="bye"))
    flow = await flows.create(process.principal, FlowChanges(name="nobody", flow=Flow(start="sorry", steps=steps)))
    group_id = await _group(process, RingStrategy.ALL, "2003", overflow=ToCallFlow(id=flow.id))
    await process.place()
    actor = await process.only_actor()
    await process.answer(actor, LegRole.AGENT, LegRole.CUSTOMER)
    await until(lambda: actor.call.state is CallState.CONNECTED)
    verb = StartTransfer(idempotency_key="t", kind=TransferKind.BLIND, target=Target(ring_group_id=group_id))
    acted = await process.calls.act(process.principal, actor.call.id, verb)
    assert _rung(acted.call.legs[2:]) == [(0, "2003", 12.0)]
    assert acted.call.flow is None
    actor.post(inputs.LegCreated(leg_id=acted.call.legs[2].id, channel_name="PJSIP/x"))
    actor.post(inputs.LegDestroyed(leg_id=acted.call.legs[2].id, cause=17, sip_code=486))
    await until(lambda: actor.call.flow is not None and actor.call.flow.step == "sorry")
    assert actor.call.flow is not None
    assert (actor.call.flow.flow_id, actor.call.flow.version, actor.call.transfer) == (flow.id, 1, None)
    await process.end(actor)


async def _queue(process: Process, name: str = "later") -> str:
    resources = RoutingResources.open(process.database, AuditLog(process.database), Sealer(bytes(32)))
    made = await resources.queues.create(
        process.principal,
        {"name": name, "strategy": QueueStrategy.LONGEST_IDLE, "music_class": "jazz", "ring_seconds": 9.0},
    )
    return made.id


async def test_given_a_group_that_overflows_into_a_queue_when_connected_then_the_customer_is_to_wait_there_at_last(
    process: Process,
) -> None:
    queue_id = await _queue(process)
    group_id = await _group(process, RingStrategy.ALL, "2003", overflow=ToQueue(id=queue_id))
    placed = await process.place(connect_extension=None, connect_ring_group_id=group_id, queue_priority=7)
    assert _rung(placed.call.legs) == [(0, "2003", 12.0)]
    assert placed.call.queue is None
    assert placed.call.next_queue is not None
    assert (placed.call.next_queue.queue_id, placed.call.next_queue.priority) == (queue_id, 7)
    await process.end(await process.only_actor())


async def test_given_a_group_of_nobody_that_overflows_into_a_queue_when_connected_then_it_is_a_call_into_the_queue(
    process: Process,
) -> None:
    queue_id = await _queue(process)
    group_id = await _group(process, RingStrategy.ALL, overflow=ToQueue(id=queue_id))
    placed = await process.place(connect_extension=None, connect_ring_group_id=group_id)
    assert [leg.role for leg in placed.call.legs] == [LegRole.CUSTOMER]
    assert placed.call.queue is not None
    assert placed.call.queue.queue_id == queue_id
    await process.end(await process.only_actor())


async def test_given_a_talk_when_transferred_to_a_queue_then_the_customer_waits_and_the_key_is_remembered(
    process: Process,
) -> None:
    queue_id = await _queue(process)
    await process.place()
    actor = await process.only_actor()
    await process.answer(actor, LegRole.AGENT, LegRole.CUSTOMER)
    await until(lambda: actor.call.state is CallState.CONNECTED)
    verb = StartTransfer(idempotency_key="q", kind=TransferKind.BLIND, target=Target(queue_id=queue_id))
    acted = await process.calls.act(process.principal, actor.call.id, verb)
    assert acted.call.state is CallState.WAITING_IN_QUEUE
    assert acted.call.transfer is not None
    assert (acted.call.transfer.state, acted.call.transfer.target_party.display) == (TransferState.WAITING, "later")
    assert acted.call.legs[1].music_class == "jazz"
    again = await process.calls.act(process.principal, actor.call.id, verb)
    assert (again.is_replayed, len(again.call.legs)) == (True, 2)
    other = msgspec.structs.replace(verb, target=Target(queue_id=await _queue(process, "other")))
    with pytest.raises(RefusedError) as reused:
        await process.calls.act(process.principal, actor.call.id, other)
    assert [one.code for one in reused.value.problems] == ["IDEMPOTENCY_KEY_REUSED"]
    await process.calls.hang_up(process.principal, actor.call.id)
    await process.end(actor)


@pytest.mark.parametrize(
    ("kind", "queue_id", "code", "field"),
    [
        (TransferKind.ATTENDED, None, "INVALID_INPUT", ("kind",)),
        (TransferKind.BLIND, "queue_none", "NOT_FOUND", ("target", "queueId")),
        (TransferKind.BLIND, "nonsense", "NOT_FOUND", ("target", "queueId")),
    ],
)
async def test_given_a_transfer_to_a_queue_that_cannot_be_when_asked_for_then_it_says_why(
    process: Process, kind: TransferKind, queue_id: str | None, code: str, field: tuple[str, ...]
) -> None:
    target = Target(queue_id=queue_id or await _queue(process))
    await process.place()
    actor = await process.only_actor()
    await process.answer(actor, LegRole.AGENT, LegRole.CUSTOMER)
    await until(lambda: actor.call.state is CallState.CONNECTED)
    verb = StartTransfer(idempotency_key="q", kind=kind, target=target)
    with pytest.raises(RefusedError) as refused:
        await process.calls.act(process.principal, actor.call.id, verb)
    assert [(one.code, one.field) for one in refused.value.problems] == [(code, field)]
    assert actor.call.state is CallState.CONNECTED
    await process.end(actor)
