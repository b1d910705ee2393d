"""A call keeps its trace: over a kill, over an outage of the database, and where no request placed it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from app.accounts.principal import Principal
from app.accounts.scopes import Scope
from app.calls.core import inputs
from app.calls.core.model.call import Call
from app.calls.keeping.change import Change, make_drafts
from app.calls.keeping.spool_records import decode_change, encode_change
from app.calls.living.actor import CallActor
from app.db.engine import Database
from app.facts.vocabulary import LegRole
from app.ownership.wire import Originate, decode_command, encode
from app.tracing import CALL_ID, LEG_ID, trace_of
from tests.calls.making import make_call, run_steps
from tests.calls.standing_in import HandClock, JournalExecutor, JournalStore, make_actor, obey, running, until
from tests.calls.standing_in_process import Process, make_principal, make_request
from tests.calls.test_registry import World
from tests.rig.traces import Spans, about, parent_of, span_id_of, spans_in_memory, trace_id_of

TRACE, PLACED = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
PLACE = f"00-{TRACE}-{PLACED}-01"


@pytest.fixture
async def process(database: Database) -> Process:
    return Process(database, replace(await make_principal(database), traceparent=PLACE))


def traced_call(trace: str, **fields: Any) -> Call:
    return msgspec.structs.replace(make_call(**fields), traceparent=trace)


async def traceparents(database: Database) -> list[str | None]:
    async with database.acquire() as connection:
        return [row["traceparent"] for row in await connection.fetch("SELECT traceparent FROM event ORDER BY sequence")]


def everywhere(spans: Spans) -> set[str]:
    """The traces of all spans but those that are many calls'."""
    return {trace_id_of(span) for span in spans.all if span.name != "commit group"}


@pytest.mark.postgres
async def test_given_a_call_whose_process_dies_when_the_next_one_takes_it_over_then_its_trace_goes_on(
    process: Process, database: Database
) -> None:
    with spans_in_memory() as before:
        async with process.living():
            await process.place()
            actor = await process.only_actor()
            await process.answer(actor, LegRole.AGENT)
            await until(lambda: actor.call.leg_of(LegRole.CUSTOMER).dialing_at is not None)
        # Its tasks are gone, in the middle of the call: what the next process knows is in the database.
    successor = Process(database, replace(process.principal, traceparent=None))
    with spans_in_memory() as after:
        async with successor.living():
            (call,) = await successor.store.load_open("n1")
            adopted = successor.registry.adopt(call)
            successor.registry.release()
            await successor.end(adopted)
    assert everywhere(before) == everywhere(after) == {TRACE}
    legs = after.named("leg")
    assert {about(span, "offhook.leg.role") for span in legs} == {"AGENT", "CUSTOMER"}
    assert {parent_of(span) for span in legs} == {PLACED}
    agent = next(span for span in legs if about(span, "offhook.leg.role") == "AGENT")
    dialled_at = call.leg_of(LegRole.AGENT).dialing_at
    assert dialled_at is not None
    # By the other process, and its leg began then all the same.
    assert datetime.fromtimestamp((agent.start_time or 0) / 10**9, UTC) - dialled_at < timedelta(milliseconds=1)
    assert set(await traceparents(database)) == {PLACE}


@pytest.mark.postgres
async def test_given_a_call_from_before_tracing_was_switched_on_when_it_goes_on_then_it_is_in_no_trace(
    process: Process, database: Database
) -> None:
    process.principal = replace(process.principal, traceparent=None)
    async with process.living():
        await process.place()
        actor = await process.only_actor()
        with spans_in_memory() as spans:
            await process.end(actor)
    assert spans.all == ()
    assert set(await traceparents(database)) == {None}


@pytest.mark.postgres
async def test_given_two_calls_when_written_then_each_commit_is_in_its_own_trace_and_the_group_links_to_both(
    process: Process, database: Database
) -> None:
    other = f"00-{'a' * 32}-{'b' * 16}-01"
    with spans_in_memory() as spans:
        # Both are handed in before the writer runs, so they are one group.
        first, second = (
            process.registry.start(traced_call(trace, account_id=process.principal.account_id))
            for trace in (PLACE, other)
        )
        for actor in (first, second):
            actor.post(inputs.Start())
        async with running(process.registry.run()):
            await until(lambda: process.store.backlog == 2)
            async with running(process.store.run()):
                await until(lambda: all(actor.accepted.done() for actor in (first, second)))
    commits = [span for span in spans.named("commit") if "call.created" in tuple(about(span, "offhook.event.types"))]  # type: ignore[arg-type]
    assert {(trace_id_of(span), about(span, CALL_ID)) for span in commits} == {
        (TRACE, first.call.id),
        ("a" * 32, second.call.id),
    }
    group = spans.named("commit group")[0]
    assert {link.context.span_id for link in group.links} == {int(span_id_of(span), 16) for span in commits}
    assert group.parent is None


async def test_given_a_call_that_no_request_placed_when_it_starts_then_it_begins_a_trace_of_its_own() -> None:
    world = World()
    with spans_in_memory() as spans:
        actor = world.registry.start(make_call())
        placed = world.registry.start(traced_call(PLACE))
    (begun,) = spans.all
    assert (begun.name, begun.parent, about(begun, CALL_ID)) == ("call", None, actor.call.id)
    assert actor.call.traceparent is not None
    assert trace_of(actor.call.traceparent) == trace_id_of(begun)
    assert placed.call.traceparent == PLACE


async def test_given_nothing_is_traced_when_a_call_starts_then_it_has_no_trace() -> None:
    assert World().registry.start(make_call()).call.traceparent is None


async def test_given_a_leg_when_it_has_ended_then_its_span_is_told_once_after_the_commit() -> None:
    call = traced_call(PLACE)
    store, executor = JournalStore(), JournalExecutor()
    executor.answer = obey
    actor: CallActor = make_actor(call, store, executor, HandClock(call.created_at))
    first = call.legs[0]
    with spans_in_memory() as spans:
        async with running(actor.run()) as (task,):
            actor.post(inputs.Start())
            await until(lambda: "DialChannel" in executor.asked(*map(type, executor.commands)))
            actor.post(inputs.LegDestroyed(leg_id=first.id, cause=17, sip_code=486))
            await until(task.done)
        (span,) = spans.named("leg")
    assert (about(span, LEG_ID), about(span, "offhook.sip.status")) == (first.id, 486)
    assert about(span, "offhook.hangup_cause") == 17


def test_given_a_change_when_it_waits_on_disk_then_its_facts_keep_their_place_in_the_trace() -> None:
    step = run_steps(traced_call(PLACE), [inputs.Start()])[-1]
    drafts = make_drafts(step.call, step.happenings)
    assert {draft.traceparent for draft in drafts} == {PLACE}
    again = decode_change(encode_change(Change(call=step.call, drafts=drafts)))
    assert (again.call.traceparent, again.drafts) == (PLACE, drafts)


def test_given_a_request_for_another_process_when_it_arrives_there_then_it_is_at_its_place_in_the_trace() -> None:
    caller = Principal(
        account_id="acc_1",
        account_name="house",
        default_region="US",
        key_id="key_1",
        scopes=frozenset({Scope.CALLS_ORIGINATE}),
        traceparent=PLACE,
    )
    arrived = decode_command(encode(Originate(principal=caller, request=make_request())).decode())
    assert isinstance(arrived, Originate)
    assert arrived.principal == caller
