"""Where a request is in a trace, what spans may say, and what becomes of them on their way out."""

import asyncio
import logging
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import pytest
import structlog.testing
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from pydantic import ValidationError

from app import otlp, tracing
from app.config import Settings
from app.errors import ConfigurationError
from app.metrics import REGISTRY
from app.otlp import BoundedBatches, OtlpTracer
from app.process.tracing import enter_tracing
from app.tracing import Role, read_traceparent
from tests.calls.standing_in import until
from tests.rig.traces import about, parent_of, span_id_of, spans_in_memory, trace_id_of
from tests.webhooks.sink import Reply, Sink, running_sink

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"
GIVEN = f"00-{TRACE}-{PARENT}-01"
DEADLINE_SECONDS = 30.0


@pytest.fixture
async def collector() -> AsyncIterator[Sink]:
    async with running_sink() as sink:
        yield sink


def count(outcome: str) -> float:
    return REGISTRY.get_sample_value("offhook_trace_spans_total", {"outcome": outcome}) or 0.0


def is_armed() -> bool:
    return tracing.armed is not None


def armed() -> tracing.Tracer:
    assert tracing.armed is not None
    return tracing.armed


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ([GIVEN], GIVEN),
        ([f"  {GIVEN}\t"], GIVEN),
        ([f"00-{TRACE}-{PARENT}-00"], f"00-{TRACE}-{PARENT}-00"),
        ([f"00-{TRACE}-{PARENT}-03"], GIVEN),
        ([f"00-{TRACE}-{PARENT}-fe"], f"00-{TRACE}-{PARENT}-00"),
        ([f"cc-{TRACE}-{PARENT}-01"], GIVEN),
        ([f"cc-{TRACE}-{PARENT}-01-what-the-future-brings"], GIVEN),
        ([], None),
        ([GIVEN, GIVEN], None),
        ([""], None),
        ([f"ff-{TRACE}-{PARENT}-01"], None),
        ([f"{GIVEN}-more"], None),
        ([f"cc-{TRACE}-{PARENT}-01more"], None),
        ([f"00-{'0' * 32}-{PARENT}-01"], None),
        ([f"00-{TRACE}-{'0' * 16}-01"], None),
        ([GIVEN.upper()], None),
        ([f"00-{TRACE[:-1]}-{PARENT}-01"], None),
        ([f"00-{TRACE}-{PARENT}-1"], None),
        ([f"00-{TRACE[:-1]}٣-{PARENT}-01"], None),
        ([f"{GIVEN}\n"], None),
    ],
)
def test_given_headers_when_read_then_only_a_good_traceparent_alone_counts(given: list[str], read: str | None) -> None:
    assert read_traceparent(given) == read


def test_given_no_setting_when_the_service_is_imported_then_nothing_of_opentelemetry_is() -> None:
    program = (
        "import sys, app.process.serve, app.cli.program\n"
        "from app import tracing\n"
        "assert tracing.armed is None\n"
        "print(*[name for name in sys.modules if name.partition('.')[0] in {'opentelemetry', 'requests'}])\n"
    )
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == []


async def test_given_the_setting_without_the_extra_when_started_then_the_message_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "app.otlp", None)
    async with AsyncExitStack() as stack:
        with pytest.raises(ConfigurationError, match=r"pip install 'offhook\[traces\]'"):
            await enter_tracing(stack, Settings(traces_url="http://127.0.0.1:4318"))
    assert not is_armed()


@pytest.mark.parametrize("path", ["", "/", "/custom/traces"])
async def test_given_the_setting_when_a_service_has_run_then_what_it_traced_is_with_the_collector(
    collector: Sink, path: str
) -> None:
    sent = count("sent")
    async with AsyncExitStack() as stack:
        await enter_tracing(stack, Settings(traces_url=f"http://127.0.0.1:{collector.port}{path}", node="n7"))
        with armed().span("mutation hangupCall", parent=GIVEN, role=Role.ANSWERS, about={"offhook.x": "y"}):
            pass
    assert not is_armed()
    (request,) = collector.received
    assert request.path == (path if len(path) > 1 else "/v1/traces")
    (resource,) = ExportTraceServiceRequest.FromString(request.body).resource_spans
    who = {one.key: one.value.string_value for one in resource.resource.attributes}
    assert (who["service.name"], who["service.instance.id"]) == ("offhook", "n7")
    (span,) = resource.scope_spans[0].spans
    assert (span.name, span.trace_id.hex(), span.parent_span_id.hex()) == ("mutation hangupCall", TRACE, PARENT)
    assert count("sent") == sent + 1


@pytest.mark.parametrize(
    "url",
    [
        "http://[bad",
        "http://collector:99999",
        "http://collector:0",
        "http:///v1/traces",
        "http://:4318",
        "http://collector:4318/v1/traces?token=hidden",
        "http://collector:4318#hidden",
    ],
)
def test_given_an_address_that_no_span_would_reach_when_set_then_it_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(ValidationError, match="traces_url"):
        Settings(traces_url=url)


async def test_given_a_collector_that_refuses_when_much_is_sent_then_the_log_says_so_once_and_once_when_it_takes_again(
    collector: Sink, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(otlp, "_LONGEST_WAIT_MILLISECONDS", 10)

    async def send(times: int, outcome: str) -> None:
        for _ in range(times):
            before = count(outcome)
            with armed().span("commit", parent=GIVEN):
                pass
            await until(lambda: count(outcome) == before + 1)  # noqa: B023 -- awaited here

    async with AsyncExitStack() as stack:
        await enter_tracing(stack, Settings(traces_url=f"http://127.0.0.1:{collector.port}"))
        with structlog.testing.capture_logs() as logs:
            collector.behaviours["/v1/traces"] = lambda _: Reply(status=403)
            await send(3, "failed")
            collector.behaviours.clear()
            await send(2, "sent")
    assert [{**line, "log_level": None} for line in logs] == [
        {"event": "traces_not_taken", "reason": "status 403", "log_level": None},
        {"event": "traces_taken_again", "log_level": None},
    ]
    assert [line for line in caplog.records if line.name.startswith("opentelemetry")] == []


async def test_given_nobody_at_the_address_when_sent_then_the_log_does_not_quote_it(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(otlp, "_LONGEST_WAIT_MILLISECONDS", 10)
    monkeypatch.setattr(otlp, "_SENDING_SECONDS", 0.2)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # taken, and nobody listens
        async with AsyncExitStack() as stack:
            await enter_tracing(stack, Settings(traces_url=f"http://127.0.0.1:{nobody.getsockname()[1]}/hidden"))
            with structlog.testing.capture_logs() as logs:
                before = count("failed")
                with armed().span("commit", parent=GIVEN):
                    pass
                await until(lambda: count("failed") == before + 1)
    assert [line["event"] for line in logs] == ["traces_not_taken"]
    assert "hidden" not in f"{logs} {[line.getMessage() for line in caplog.records if line.levelno > logging.DEBUG]}"


def test_given_what_the_exporter_logs_when_kept_as_a_reason_then_it_is_the_errors_name_or_the_status() -> None:
    reason = otlp._Reason()
    error = ConnectionError("HTTPConnectionPool(host='collector'): Max retries exceeded with url: /hidden")
    for message, arguments, kept in (
        ("Transient error %s while exporting %s batch, retrying in %.2fs.", (error, "spans", 1.0), "ConnectionError"),
        ("Failed to export %s batch due to timeout.", ("spans",), "ConnectionError"),
        ("Failed to export %s batch code: %s, reason: %s", ("spans", 401, "Unauthorized"), "status 401"),
        ("Shutdown in progress.", (), "status 401"),
    ):
        record = logging.LogRecord("exporter", logging.ERROR, "", 0, message, arguments, None)
        assert not reason.filter(record)
        assert reason.latest == kept


class HeldExporter(SpanExporter):
    """A collector that takes nothing until it is let."""

    def __init__(self) -> None:
        self.may_go_on = threading.Event()
        self.is_asked = threading.Event()
        self.taken = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.is_asked.set()
        assert self.may_go_on.wait(DEADLINE_SECONDS)
        self.taken += len(spans)
        return SpanExportResult.SUCCESS


async def test_given_a_collector_that_stands_still_when_more_comes_than_there_is_room_for_then_it_is_dropped_and_counted() -> (  # noqa: E501 -- a sentence
    None
):
    exporter, dropped, sent = HeldExporter(), count("dropped"), count("sent")
    tracer = OtlpTracer(BoundedBatches(exporter, room=8), node="n1")
    for _ in range(20):
        with tracer.span("commit", parent=GIVEN):
            pass
    assert await asyncio.to_thread(exporter.is_asked.wait, DEADLINE_SECONDS)
    assert count("dropped") == dropped + 12
    exporter.may_go_on.set()
    await tracer.aclose()
    assert exporter.taken == 8
    assert count("sent") == sent + 8


async def test_given_a_collector_that_stands_still_when_the_service_ends_then_it_does_not_wait_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(otlp, "_CLOSING_SECONDS", 0.05)
    exporter = HeldExporter()
    tracer = OtlpTracer(BoundedBatches(exporter), node="n1")
    with tracer.span("commit", parent=GIVEN):
        pass
    try:
        async with asyncio.timeout(DEADLINE_SECONDS / 2):
            await tracer.aclose()
    finally:
        exporter.may_go_on.set()


def test_given_what_fails_with_a_number_in_its_text_when_traced_then_the_span_has_only_the_errors_name() -> None:
    with spans_in_memory() as spans:
        with pytest.raises(ValueError, match="5550100"), spans.tracer.span("command DialChannel", parent=GIVEN):
            raise ValueError("cannot call +15550100000")
        (span,) = spans.all
    assert (span.status.is_ok, span.status.description) == (False, "ValueError")
    assert "5550100" not in span.to_json()


def test_given_spans_in_spans_when_traced_then_each_is_at_its_place_and_the_task_is_where_it_was_after() -> None:
    with spans_in_memory() as spans:
        assert tracing.present() is None
        with spans.tracer.span("outer", parent=GIVEN) as outer:
            assert tracing.present() == outer.traceparent
            with spans.tracer.span("inner", parent=tracing.present()):
                pass
        assert tracing.present() is None
        inner_span, outer_span = spans.all
    assert (parent_of(inner_span), parent_of(outer_span)) == (span_id_of(outer_span), PARENT)
    assert trace_id_of(inner_span) == trace_id_of(outer_span) == TRACE


def test_given_no_parent_when_traced_then_it_is_in_no_trace_unless_it_begins_one() -> None:
    now = datetime.now(UTC)
    with spans_in_memory() as spans:
        with spans.tracer.span("commit", parent=None) as span:
            span.say({"x": 1})
            span.fail("FULL")
            assert span.traceparent is None
        assert spans.tracer.tell("leg", parent=None, began=now, ended=now) is None
        assert spans.all == ()
        begun = spans.tracer.tell("call", parent=None, began=now, ended=now, begins=True)
        assert begun is not None
        (root,) = spans.of(tracing.trace_of(begun))
    assert root.parent is None


def test_given_a_switched_off_sdk_when_traced_then_what_would_begin_a_trace_has_no_place_in_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    with spans_in_memory() as spans:
        with spans.tracer.span("mutation holdCall", parent=None, begins=True) as span:
            assert span.traceparent is None
        with spans.tracer.span("mutation holdCall", parent=GIVEN, begins=True) as span:
            assert span.traceparent == GIVEN
        assert spans.all == ()


def test_given_a_trace_that_its_client_does_not_keep_when_traced_then_nothing_is_kept_here_and_the_place_says_so() -> (
    None
):
    with spans_in_memory() as spans:
        with spans.tracer.span("mutation holdCall", parent=f"00-{TRACE}-{PARENT}-00", begins=True) as span:
            assert span.traceparent is not None
            assert tracing.trace_of(span.traceparent) == TRACE
            assert span.traceparent.endswith("-00")
        assert spans.all == ()


def test_given_what_was_done_when_told_then_its_instants_are_its_own_to_the_microsecond() -> None:
    began = datetime(2026, 3, 2, 12, 0, 0, 123457, tzinfo=UTC)
    ended, rang = began + timedelta(seconds=3), began + timedelta(seconds=1)
    with spans_in_memory() as spans:
        spans.tracer.tell(
            "leg",
            parent=GIVEN,
            began=began,
            ended=ended,
            moments={"ringing": rang, "answered": None},
            about={"no": None},
        )
        spans.tracer.tell("leg", parent=GIVEN, began=began, ended=began - timedelta(seconds=1))
        span, turned = spans.all
    seconds = int(began.timestamp())
    assert span.start_time == seconds * 10**9 + 123457000
    assert span.end_time == span.start_time + 3 * 10**9
    assert [(one.name, one.timestamp) for one in span.events] == [("ringing", span.start_time + 10**9)]
    assert about(span, "no") is None
    assert turned.end_time == turned.start_time
