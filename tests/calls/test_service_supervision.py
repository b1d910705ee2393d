"""Supervising and calling others in over a real database: who may, whom, once, and what the audit log keeps of it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from app.accounts.scopes import Scope
from app.calls.core import commands
from app.calls.core.verbs import (
    AddParticipant,
    RemoveParticipant,
    StartSupervision,
    StopSupervision,
    Target,
    UpdateSupervision,
    Verb,
)
from app.calls.living.actor import CallActor
from app.calls.planning.requests import Acted
from app.errors import RefusedError, ScopeError
from app.facts.vocabulary import CallState, LegRole, LegState, SupervisionMode
from app.ids import Kind, new_id
from tests.calls.standing_in import until
from tests.calls.standing_in_process import Process

pytestmark = pytest.mark.postgres

M, W = SupervisionMode.MONITOR, SupervisionMode.WHISPER


async def _connected(process: Process) -> CallActor:
    await process.place()
    actor = await process.only_actor()
    await process.answer(actor, LegRole.AGENT, LegRole.CUSTOMER)
    await until(lambda: actor.call.state is CallState.CONNECTED)
    return actor


def _start(key: str = "s", mode: SupervisionMode = M, **target: Any) -> StartSupervision:
    return StartSupervision(idempotency_key=key, mode=mode, supervisor=Target(**(target or {"extension": "2005"})))


async def _refused(process: Process, subject_id: str, verb: Verb) -> list[tuple[str, tuple[str, ...]]]:
    with pytest.raises(RefusedError) as caught:
        await process.calls.act(process.principal, subject_id, verb)
    return [(problem.code, problem.field) for problem in caught.value.problems]


async def _lines(process: Process) -> list[tuple[str, str, str, Mapping[str, Any]]]:
    await process.audit.flush()
    async with process.database.acquire() as connection:
        rows = await connection.fetch(
            "SELECT action, outcome, subject_id, details FROM audit_line WHERE action LIKE 'supervision.%' ORDER BY id"
        )
    return [(row["action"], row["outcome"], row["subject_id"], row["details"]) for row in rows]


async def test_given_a_talk_when_supervised_then_the_supervisor_is_dialled_once_and_the_audit_log_has_who_hears_whom(
    process: Process,
) -> None:
    actor = await _connected(process)
    first: Acted = await process.calls.act(process.principal, actor.call.id, _start())
    again: Acted = await process.calls.act(process.principal, actor.call.id, _start())
    assert (first.is_replayed, again.is_replayed) == (False, True)
    (one,) = again.call.supervisions
    leg = again.call.leg(one.leg_id)
    assert (leg.role, leg.party.extension, leg.endpoint) == (LegRole.SUPERVISOR, "2005", "PJSIP/sandbox-2005")
    await process.calls.act(process.principal, one.id, UpdateSupervision(supervision_id=one.id, mode=W))
    await process.calls.act(process.principal, one.id, StopSupervision(supervision_id=one.id))
    assert await _refused(process, one.id, StopSupervision(supervision_id=one.id)) == [
        ("NOT_FOUND", ("supervisionId",))
    ]
    who = {"call_id": actor.call.id, "supervisor": "2005", "listens_to": "2001", "agent_id": actor.call.agent_id}
    assert await _lines(process) == [
        ("supervision.start", "OK", one.id, who | {"mode": "MONITOR"}),
        ("supervision.update", "OK", one.id, who | {"mode": "WHISPER"}),
        ("supervision.stop", "OK", one.id, {"call_id": actor.call.id}),
        ("supervision.stop", "NOT_FOUND", one.id, {}),
    ]
    assert actor.call.state is CallState.CONNECTED


async def test_given_a_key_without_the_scope_when_it_supervises_then_it_may_not_but_may_call_others_in(
    process: Process,
) -> None:
    actor = await _connected(process)
    agent = replace(process.principal, scopes=frozenset({Scope.CALLS_CONTROL}))
    for verb in (
        _start(),
        UpdateSupervision(supervision_id="sup_x", mode=W),
        StopSupervision(supervision_id="sup_x"),
    ):
        with pytest.raises(ScopeError):
            await process.calls.act(agent, actor.call.id, verb)
    supervisor = replace(process.principal, scopes=frozenset({Scope.SUPERVISE}))
    assert (await process.calls.act(supervisor, actor.call.id, _start())).call.supervisions
    other = AddParticipant(idempotency_key="p", target=Target(extension="2006"))
    with pytest.raises(ScopeError):
        await process.calls.act(supervisor, actor.call.id, other)
    assert (await process.calls.act(agent, actor.call.id, other)).call.participants


async def test_given_somebody_who_cannot_be_had_when_supervision_is_asked_for_then_all_is_told_and_nothing_rings(
    process: Process,
) -> None:
    actor = await _connected(process)
    call_id, legs = actor.call.id, len(actor.call.legs)
    field = "supervisor"
    assert await _refused(process, call_id, _start(extension="2999")) == [("NOT_FOUND", (field, "extension"))]
    assert await _refused(process, call_id, _start(agent_id=new_id(Kind.AGENT))) == [("NOT_FOUND", (field, "agentId"))]
    assert await _refused(process, call_id, _start(number="+15550100001")) == [("REQUIRED", (field,))]
    short = replace_ring(_start(), 0.0)
    assert [code for code, _ in await _refused(process, call_id, short)] == ["INVALID_INPUT"]
    assert await _refused(process, call_id, _start(key="")) == [("INVALID_INPUT", ("idempotencyKey",))]
    assert len(actor.call.legs) == legs
    outcomes = [(action, outcome) for action, outcome, _, _ in await _lines(process)]
    assert outcomes == [
        ("supervision.start", code) for code in ("NOT_FOUND", "NOT_FOUND", "REQUIRED", "INVALID_INPUT", "INVALID_INPUT")
    ]


def replace_ring(verb: StartSupervision, seconds: float) -> StartSupervision:
    """The same, with another time to ring."""
    return StartSupervision(
        idempotency_key=verb.idempotency_key, mode=verb.mode, supervisor=verb.supervisor, ring_seconds=seconds
    )


async def test_given_a_key_that_was_used_when_something_else_is_asked_with_it_then_it_is_refused(
    process: Process,
) -> None:
    actor = await _connected(process)
    await process.calls.act(process.principal, actor.call.id, _start())
    assert await _refused(process, actor.call.id, _start(mode=W)) == [("IDEMPOTENCY_KEY_REUSED", ("idempotencyKey",))]
    other = AddParticipant(idempotency_key="s", target=Target(number="+15550100001"))
    await process.calls.act(process.principal, actor.call.id, other)  # of another mutation it is another key
    changed = AddParticipant(idempotency_key="s", target=Target(number="+15550100002"))
    assert await _refused(process, actor.call.id, changed) == [("IDEMPOTENCY_KEY_REUSED", ("idempotencyKey",))]


async def test_given_a_talk_when_a_number_is_called_in_then_the_rules_of_a_new_call_hold_for_it(
    process: Process,
) -> None:
    actor = await _connected(process)

    def add(key: str, **target: Any) -> AddParticipant:
        return AddParticipant(idempotency_key=key, target=Target(**target))

    number = ("target", "number")
    assert await _refused(process, actor.call.id, add("a", number="nonsense")) == [("INVALID_NUMBER", number)]
    assert await _refused(process, actor.call.id, add("b", number="+442071838750")) == [("DESTINATION_DENIED", number)]
    assert await _refused(process, actor.call.id, add("c")) == [("REQUIRED", ("target",))]
    acted = await process.calls.act(process.principal, actor.call.id, add("d", number="+15550100001"))
    leg = acted.call.legs[-1]
    assert (leg.role, leg.party.number, leg.shown_number) == (
        LegRole.PARTICIPANT,
        "+15550100001",
        actor.call.caller_id,
    )
    await until(lambda: actor.call.leg(leg.id).state is LegState.DIALING)
    await process.calls.act(process.principal, leg.id, RemoveParticipant(leg_id=leg.id))
    await until(lambda: actor.call.leg(leg.id).state is LegState.ENDED)
    assert len(process.executor.asked(commands.CreateChannel)) == 3
    assert actor.call.state is CallState.CONNECTED
