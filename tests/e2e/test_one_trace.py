"""What an operator's own collector gets of one call on a real Asterisk: one trace, from the request to the webhook."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from app.local.asterisk import AsteriskInstance
from tests.rig.service import RunningOffhook, make_settings, running_offhook
from tests.rig.witness import Witness
from tests.webhooks.sink import Sink, running_sink

pytestmark = pytest.mark.asterisk

TRACE: Final = "4bf92f3577b34da6a3ce929d0e0e4736"
CLIENT: Final = "00f067aa0ba902b7"
_SECONDS: Final = 60.0
#: The agent's phone answers; this number of the sandbox says 486, over SIP.
_BUSY: Final = "+15550100001"
_SIP_BUSY: Final = 486
_ENDPOINT: Final = """mutation($url: String!) {
  createWebhookEndpoint(input: {url: $url, eventTypes: ["call.ended"]}) { endpoint: webhookEndpoint { id }
    userErrors { message } } }"""
_PLACE: Final = """mutation($to: PhoneNumber!) { originateCall(input: {idempotencyKey: "one-trace",
  destination: {number: $to}, connect: {extension: "2001"}}) { call { id } userErrors { message } } }"""


@pytest.fixture
async def collector() -> AsyncIterator[Sink]:
    async with running_sink() as sink:
        yield sink


@pytest.fixture
async def traced(
    asterisk: AsteriskInstance, database_dsn: str, tmp_path: Path, witness: Witness, collector: Sink
) -> AsyncIterator[RunningOffhook]:
    """A service that sends its traces to the collector, as an operator has it."""
    settings = make_settings(asterisk, database_dsn, tmp_path / "data", traces_url=collector.url(""))
    async with running_offhook(settings, is_serving=True) as running:
        yield running
        await running.assert_nothing_is_left(witness)


def _spans(collector: Sink) -> list[Span]:
    """All that came over OTLP, in the order of coming."""
    requests = [ExportTraceServiceRequest.FromString(one.body) for one in collector.at("/v1/traces")]
    return [span for one in requests for of in one.resource_spans for scope in of.scope_spans for span in scope.spans]


def _said(span: Span) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value") or "string_value") for one in span.attributes}


def _named(spans: Mapping[str, Span], name: str) -> list[Span]:
    return [span for span in spans.values() if span.name == name]


def _ours(collector: Sink) -> dict[str, Span]:
    return {span.span_id.hex(): span for span in _spans(collector) if span.trace_id.hex() == TRACE}


def _is_whole(spans: Mapping[str, Span]) -> bool:
    """All that has an end has come: spans come when they end, so children before parents."""
    ends = (len(_named(spans, "webhook")), len(_named(spans, "leg")), _facts(spans).count("call.ended"))
    return ends == (1, 2, 1) and all(span.parent_span_id.hex() in {CLIENT, *spans} for span in spans.values())


def _facts(spans: Mapping[str, Span]) -> list[str]:
    return [
        value.string_value
        for span in sorted(_named(spans, "commit"), key=lambda one: one.start_time_unix_nano)
        for one in span.attributes
        if one.key == "offhook.event.types"
        for value in one.value.array_value.values
    ]


async def _ask(offhook: RunningOffhook, query: str, **variables: str) -> Any:
    headers = {"Authorization": f"Bearer {offhook.token}", "traceparent": f"00-{TRACE}-{CLIENT}-01"}
    async with httpx.AsyncClient(trust_env=False, timeout=_SECONDS) as http:
        answer = await http.post(
            f"{offhook.url}/graphql", json={"query": query, "variables": variables}, headers=headers
        )
    payload = next(iter(answer.json()["data"].values()))
    assert payload["userErrors"] == []
    return payload


async def test_given_a_collector_when_a_real_call_has_ended_then_request_commands_sip_facts_and_webhook_are_one_trace(
    traced: RunningOffhook, collector: Sink, webhook_sink: Sink
) -> None:
    await _ask(traced, _ENDPOINT, url=webhook_sink.url("/hook"))
    placed = await _ask(traced, _PLACE, to=_BUSY)
    await webhook_sink.wait_for(1, "/hook")
    # Each stands under another of the trace, up to the span that the client named.
    await collector.wait_until(lambda: _is_whole(_ours(collector)))

    ours = _ours(collector)
    # Nothing of this call is anywhere else.
    call_id = placed["call"]["id"]
    assert {one.trace_id.hex() for one in _spans(collector) if _said(one).get("offhook.call.id") == call_id} == {TRACE}

    (mutation,) = _named(ours, "mutation originateCall")
    assert (mutation.parent_span_id.hex(), mutation.kind) == (CLIENT, Span.SPAN_KIND_SERVER)
    assert _said(mutation)["offhook.subject.id"] == call_id
    root = mutation.span_id

    dials = _named(ours, "command DialChannel")
    assert {span.parent_span_id for span in dials} == {root}
    asked = {span.parent_span_id: span for span in _named(ours, "ARI POST /channels/{}/dial")}
    assert asked.keys() == {span.span_id for span in dials}
    assert {_said(span)["http.response.status_code"] for span in asked.values()} == {204}

    legs = {_said(span)["offhook.leg.role"]: span for span in _named(ours, "leg")}
    assert legs.keys() == {"AGENT", "CUSTOMER"}
    assert {span.parent_span_id for span in legs.values()} == {root}
    assert [one.name for one in legs["AGENT"].events] == ["ringing", "answered"]
    assert _said(legs["CUSTOMER"])["offhook.sip.status"] == _SIP_BUSY
    assert all(span.start_time_unix_nano < span.end_time_unix_nano for span in legs.values())

    facts = _facts(ours)
    assert facts[0] == "call.created"
    assert facts[-1] == "call.ended"
    assert {"leg.dialing", "leg.ringing", "leg.answered", "leg.ended"} <= set(facts)

    (webhook,) = _named(ours, "webhook")
    (delivered,) = webhook_sink.at("/hook")
    assert (webhook.parent_span_id, webhook.kind) == (root, Span.SPAN_KIND_CLIENT)
    assert _said(webhook)["offhook.event.id"] == delivered.webhook_id
    assert delivered.headers["traceparent"] == f"00-{TRACE}-{webhook.span_id.hex()}-01"
    assert delivered.json["data"]["call"]["id"] == call_id

    sent = b"".join(one.body for one in collector.received)
    assert all(secret.encode() not in sent for secret in (_BUSY.removeprefix("+"), traced.token, webhook_sink.url()))
