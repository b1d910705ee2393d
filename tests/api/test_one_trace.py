"""One trace: from the request, over what Asterisk is asked and the legs, to the webhook that tells of it."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from ipaddress import IPv4Network
from itertools import pairwise
from typing import Any

import pytest
import structlog
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind

from app.calls.asking.service import CallService
from app.calls.core import inputs
from app.calls.core.inputs import Input
from app.calls.doing.executor import Executor
from app.calls.living.actor import CallActor
from app.clock import SystemClock
from app.egress.requests import Egress
from app.facts.vocabulary import LegRole
from app.ids import LegId
from app.secrets.sealing import Sealer
from app.tracing import CALL_ID, LEG_ID
from app.webhooks.deliver import Deliverer
from app.webhooks.schedule import Schedule
from tests.api.conftest import Surface, until
from tests.api.lists_desk import make_dnc_list, mutation_of
from tests.api.test_subscriptions import PLACE
from tests.calls.standing_in_asterisk import ScriptedAsterisk
from tests.rig.traces import Spans, about, parent_of, span_id_of, spans_in_memory, trace_id_of
from tests.webhooks.sink import Reply, Sink, running_sink

pytestmark = pytest.mark.postgres

TRACE, CLIENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
GIVEN = {"traceparent": f"00-{TRACE}-{CLIENT}-01"}
HANG_UP = 'mutation { hangupCall(input: {callId: "%s"}) { call { id } userErrors { code } } }'


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    async with running_sink() as running:
        yield running


@pytest.fixture
def asterisk(surface: Surface) -> ScriptedAsterisk:
    """Asterisk's REST interface itself, instead of one that does what commands say."""
    scripted = ScriptedAsterisk()
    surface.registry._executor = Executor(scripted.client(), node="n1", collect=lambda _: None)
    return scripted


@asynccontextmanager
async def delivering(surface: Surface, sink: Sink, *event_types: str) -> AsyncIterator[str]:
    """A worker that sends the account's events to the sink. Gives the endpoint's id."""
    created = await surface.services.webhooks.create(surface.account.id, url=sink.url(), event_types=event_types)
    egress = Egress(allow_networks=(IPv4Network("127.0.0.0/8"),))
    deliverer = Deliverer(
        *(surface.database, surface.log, egress, Sealer(bytes(32)), SystemClock(), Schedule((0.0, 0.0, 0.0)))
    )
    surface.log.on_appended(lambda _: deliverer.wake())
    async with asyncio.TaskGroup() as group:
        group.create_task(deliverer.run())
        try:
            yield created.endpoint.id
        finally:
            deliverer.stop()
    await egress.aclose()


class Caller:
    """Moves the far ends of one call."""

    def __init__(self, surface: Surface, call_id: str) -> None:
        self.surface = surface
        self.call_id = call_id

    async def hear(self, role: LegRole, make: Callable[[LegId], Input]) -> None:
        """Asterisk says something of a leg, once that is dialled."""
        actor = self.surface.registry.find(self.call_id)
        assert actor is not None
        await until(lambda: actor.call.leg_of(role).is_alive)
        actor.post(make(actor.call.leg_of(role).id))

    async def answer(self, role: LegRole) -> None:
        await self.hear(role, created)
        await self.hear(role, lambda leg: inputs.LegRinging(leg_id=leg))
        await self.hear(role, lambda leg: inputs.LegAnswered(leg_id=leg))

    async def live(self) -> None:
        """Both answer, the customer's side ends with a SIP status, and the agent hangs up."""
        for role in (LegRole.AGENT, LegRole.CUSTOMER):
            await self.answer(role)
        await self.hear(LegRole.CUSTOMER, lambda leg: inputs.LegDestroyed(leg_id=leg, cause=17, sip_code=486))
        await self.hear(LegRole.AGENT, lambda leg: inputs.LegDestroyed(leg_id=leg, cause=16))
        await until(lambda: self.surface.registry.find(self.call_id) is None)


def created(leg_id: LegId) -> Input:
    return inputs.LegCreated(leg_id=leg_id, channel_name="PJSIP/x-1")


async def place(surface: Surface, headers: dict[str, str]) -> str:
    answer = await surface.post(PLACE, headers=headers)
    call_id: str = answer.json()["data"]["originateCall"]["call"]["id"]
    return call_id


def only(spans: Spans, name: str) -> ReadableSpan:
    (span,) = spans.named(name)
    return span


async def test_given_a_request_in_a_trace_when_its_call_has_ended_then_all_of_it_to_the_webhook_is_in_that_trace(
    surface: Surface, asterisk: ScriptedAsterisk, sink: Sink
) -> None:
    with spans_in_memory() as spans:
        async with delivering(surface, sink, "call.ended"):
            call_id = await place(surface, GIVEN | {"x-request-id": "request-0001"})
            await Caller(surface, call_id).live()
            await sink.wait_for(1)
            await until(lambda: bool(spans.named("webhook")))
    ours = spans.of(TRACE)
    assert {trace_id_of(span) for span in spans.all if span.name != "commit group"} == {TRACE}

    request = only(spans, "mutation originateCall")
    assert (parent_of(request), request.kind) == (CLIENT, SpanKind.SERVER)
    assert about(request, "offhook.request.id") == "request-0001"
    assert about(request, "offhook.subject.id") == call_id

    by_id = {span_id_of(span): span for span in ours}
    commands = [span for span in ours if span.name.startswith("command ")]
    assert [span.name for span in commands][:2] == ["command CreateChannel", "command DialChannel"]
    assert {parent_of(span) for span in commands} == {span_id_of(request)}
    assert {about(span, CALL_ID) for span in commands} == {call_id}

    asked = [span for span in ours if span.name.startswith("ARI ")]
    assert [span.name for span in asked] == [f"ARI {line}" for line in map(plain, asterisk.lines)]
    assert all(by_id[parent_of(span) or ""].name.startswith("command ") for span in asked)
    assert {span.kind for span in asked} == {SpanKind.CLIENT}

    legs = spans.named("leg")
    assert [about(span, "offhook.sip.status") for span in legs] == [486, None]
    assert [about(span, "offhook.leg.role") for span in legs] == ["CUSTOMER", "AGENT"]
    assert [[one.name for one in span.events] for span in legs] == [["ringing", "answered"]] * 2
    assert {parent_of(span) for span in legs} == {span_id_of(request)}
    assert all((span.start_time or 0) <= (span.end_time or 0) for span in legs)
    assert {about(span, LEG_ID) for span in legs} == {about(span, LEG_ID) for span in commands} - {None}

    events = await surface.log.read_after(0, limit=100, account_id=surface.account.id)
    of_call = [event for event in events if event.subject_id == call_id]
    written = [one for span in spans.named("commit") for one in ids(about(span, "offhook.event.ids"))]
    assert written == [event.id for event in of_call]

    webhook = only(spans, "webhook")
    assert (parent_of(webhook), webhook.kind) == (span_id_of(request), SpanKind.CLIENT)
    assert about(webhook, "offhook.event.id") == sink.received[0].webhook_id == of_call[-1].id
    assert about(webhook, "http.response.status_code") == 200
    assert sink.received[0].headers["traceparent"] == f"00-{TRACE}-{span_id_of(webhook)}-01"


def plain(line: str) -> str:
    """``POST /channels/create?…`` as an operation: what is particular to one call is left out."""
    method, _, path = line.partition("?")[0].partition(" ")
    parts = path.split("/")
    for before, part in pairwise(parts):
        if before in {"channels", "bridges", "subscription"} and part != "create":
            parts[parts.index(part)] = "{}"
    return f"{method} {'/'.join(parts)}"


def ids(value: object) -> tuple[str, ...]:
    assert isinstance(value, tuple)
    return value


async def test_given_a_call_when_traced_then_no_span_has_a_number_a_name_or_what_the_account_keeps_with_the_call(
    surface: Surface, asterisk: ScriptedAsterisk, sink: Sink
) -> None:
    query = """mutation { originateCall(input: {idempotencyKey: "key-of-mine", externalId: "lead-of-mine",
      metadata: [{key: "note", value: "text-of-mine"}], tags: ["tag-of-mine"], destination: {number: "+15550100000"},
      connect: {extension: "2001"}}) { call { id } userErrors { message } } }"""
    with spans_in_memory() as spans:
        async with delivering(surface, sink, "call.ended"):
            answer = await surface.post(query, headers=GIVEN)
            caller = Caller(surface, answer.json()["data"]["originateCall"]["call"]["id"])
            await caller.answer(LegRole.AGENT)
            await until(lambda: len(spans.named("command DialChannel")) == 1)
            asterisk.fates.append((r"POST /channels/[^/]+/dial", 500))
            await caller.hear(LegRole.CUSTOMER, created)
            await until(lambda: any(not span.status.is_ok for span in spans.named("command DialChannel")))
            await caller.hear(LegRole.AGENT, lambda leg: inputs.LegDestroyed(leg_id=leg, cause=16))
            await sink.wait_for(1)
            await until(lambda: bool(spans.named("webhook")))
    failed = [span for span in spans.named("command DialChannel") if not span.status.is_ok]
    assert [span.status.description for span in failed] == ["REFUSED"]
    for span in spans.all:
        told = span.to_json()
        for secret in ("5550100000", "of-mine", "scripted 500", surface.token, sink.url()):
            assert secret not in told, told
        # Times and ids may have these digits among others, by chance.
        assert re.search(r"(?<![0-9A-Za-z.])2001(?![0-9A-Za-z])", told) is None, told


async def test_given_a_request_in_no_trace_when_its_call_is_placed_then_it_begins_one(
    surface: Surface, asterisk: ScriptedAsterisk
) -> None:
    with spans_in_memory() as spans:
        for headers in ({}, {"traceparent": "00-nonsense"}):
            await place(surface, dict(headers))
        first, again = spans.named("mutation originateCall")
    assert first.parent is again.parent is None
    assert trace_id_of(first) != trace_id_of(again)


async def test_given_a_traced_request_when_its_mutation_and_its_call_write_log_lines_then_they_name_the_trace(
    surface: Surface, asterisk: ScriptedAsterisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    live, originate = CallActor.run, CallService.originate
    known: dict[str, object] = {}

    async def run(actor: CallActor) -> None:
        known["call"] = structlog.contextvars.get_contextvars().get("trace_id")
        await live(actor)

    async def ask(*given: Any, **more: Any) -> Any:
        known["mutation"] = structlog.contextvars.get_contextvars().get("trace_id")
        return await originate(*given, **more)

    monkeypatch.setattr(CallActor, "run", run)
    monkeypatch.setattr(CallService, "originate", ask)
    with spans_in_memory():
        await place(surface, GIVEN)
        await until(lambda: "call" in known)
    assert known == {"mutation": TRACE, "call": TRACE}


async def test_given_an_endpoint_that_fails_when_tried_again_then_each_attempt_is_a_span_and_the_failed_one_says_so(
    surface: Surface, asterisk: ScriptedAsterisk, sink: Sink
) -> None:
    sink.behaviours["/"] = lambda _: Reply(status=503 if len(sink.received) == 1 else 200)
    with spans_in_memory() as spans:
        async with delivering(surface, sink, "call.created"):
            await place(surface, GIVEN)
            await sink.wait_for(2)
            await until(lambda: len(spans.named("webhook")) == 2)
        attempts = spans.named("webhook")
    assert [(about(one, "offhook.attempt"), one.status.is_ok) for one in attempts] == [(1, False), (2, True)]
    assert {trace_id_of(one) for one in attempts} == {TRACE}
    assert [one.headers["traceparent"].split("-")[2] for one in sink.received] == [span_id_of(one) for one in attempts]


async def test_given_a_refused_mutation_when_traced_then_its_span_has_the_code(
    surface: Surface, asterisk: ScriptedAsterisk
) -> None:
    with spans_in_memory() as spans:
        await surface.ask(HANG_UP % "call_unknown")
        assert only(spans, "mutation hangupCall").status.description == "NOT_FOUND"


async def test_given_facts_of_no_call_when_a_traced_mutation_states_them_then_they_are_in_its_trace(
    surface: Surface,
) -> None:
    list_id = await make_dnc_list(surface)

    async def forbid(number: str) -> None:
        given = {"input": {"listId": list_id, "entries": [{"number": number}]}}
        await surface.post(mutation_of("addDncEntries"), given, headers=GIVEN)

    with spans_in_memory():
        await forbid("+12125550123")
    await forbid("+12125550124")
    async with surface.database.acquire() as connection:
        rows = await connection.fetch("SELECT traceparent FROM event WHERE type = 'dnc.entry_added' ORDER BY sequence")
    traced, untraced = (row["traceparent"] for row in rows)
    assert (traced.split("-")[1], untraced) == (TRACE, None)


async def test_given_nothing_is_traced_when_a_request_names_a_trace_then_nothing_is_kept_of_it_or_sent_on(
    surface: Surface, asterisk: ScriptedAsterisk, sink: Sink
) -> None:
    async with delivering(surface, sink, "call.created"):
        call_id = await place(surface, GIVEN)
        await sink.wait_for(1)
    assert "traceparent" not in sink.received[0].headers
    async with surface.database.acquire() as connection:
        assert await connection.fetchval("SELECT count(*) FROM event WHERE traceparent IS NOT NULL") == 0
        snapshot = await connection.fetchval("SELECT snapshot::text FROM call WHERE id = $1", call_id)
    assert TRACE not in snapshot
