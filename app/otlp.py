"""Traces on their way out: spans by OpenTelemetry's SDK, sent in batches over OTLP/HTTP.

Imported only where ``OFFHOOK_TRACES_URL`` is set: it needs what ``pip install 'offhook[traces]'`` brings. Headers,
certificates and the share of traces that is kept are said by the SDK's own variables, ``OTEL_EXPORTER_OTLP_HEADERS``,
``OTEL_EXPORTER_OTLP_CERTIFICATE``, ``OTEL_TRACES_SAMPLER`` and ``OTEL_TRACES_SAMPLER_ARG``.
"""

import asyncio
import logging
import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import Any, Final
from urllib.parse import urlsplit

import structlog
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)
from opentelemetry.trace import Span as OpenSpan

from app import tracing
from app.config import Settings
from app.metrics import TRACE_SPANS
from app.tracing import About, Role

#: Spans that wait to be sent, or are being sent; what comes then is dropped, and counted.
ROOM: Final = 4096
_LARGEST_BATCH: Final = 512
_LONGEST_WAIT_MILLISECONDS: Final = 1000
#: How long one batch may take. Nobody waits for it but the batches behind it.
_SENDING_SECONDS: Final = 5.0
#: How long the end of the process waits for the last of them.
_CLOSING_SECONDS: Final = 2.0
_PATH: Final = "/v1/traces"
_KINDS: Final = {Role.ANSWERS: SpanKind.SERVER, Role.ASKS: SpanKind.CLIENT, Role.INSIDE: SpanKind.INTERNAL}
_log = structlog.get_logger(__name__)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class _Reason(logging.Filter):
    """Keeps why spans were not taken, of what the exporter logs: that is several lines for each batch."""

    def __init__(self) -> None:
        super().__init__()
        self.latest: str | None = None

    def filter(self, record: logging.LogRecord) -> bool:
        for one in record.args if isinstance(record.args, tuple) else ():
            if isinstance(one, BaseException):
                self.latest = type(one).__name__  # its text quotes the address
            elif isinstance(one, int):
                self.latest = f"status {one}"
        return False


_reason: Final = _Reason()


class _Counted(SpanExporter):
    """An exporter whose outcomes are counted. Once ``closing_at`` has come nothing more is tried."""

    def __init__(self, exporter: SpanExporter, gate: "_Gate") -> None:
        self._exporter = exporter
        self._gate = gate
        self._is_refused = False
        self.closing_at: float | None = None

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = SpanExportResult.FAILURE
        try:
            if self.closing_at is None or time.monotonic() < self.closing_at:
                _reason.latest = None
                result = self._exporter.export(spans)
                self._say(is_refused=result is not SpanExportResult.SUCCESS)
        finally:
            TRACE_SPANS.labels("sent" if result is SpanExportResult.SUCCESS else "failed").inc(len(spans))
            self._gate.leave(len(spans))
        return result

    def _say(self, *, is_refused: bool) -> None:
        if is_refused and not self._is_refused:
            _log.warning("traces_not_taken", reason=_reason.latest)
        elif self._is_refused and not is_refused:
            _log.info("traces_taken_again")
        self._is_refused = is_refused

    def shutdown(self) -> None:
        self._exporter.shutdown()


class _Gate:
    """Lets in as many as there is room for. Spans end in the service's thread, and are sent in another."""

    def __init__(self, room: int) -> None:
        self._free = room
        self._lock = threading.Lock()

    def enter(self) -> bool:
        with self._lock:
            if not self._free:
                return False
            self._free -= 1
            return True

    def leave(self, count: int) -> None:
        with self._lock:
            self._free += count


class BoundedBatches(SpanProcessor):
    """Hands spans to an exporter in batches, in a thread of its own. What finds no room is lost; nobody waits."""

    def __init__(self, exporter: SpanExporter, *, room: int = ROOM) -> None:
        self._gate = _Gate(room)
        self._exporter = _Counted(exporter, self._gate)
        self._batches = BatchSpanProcessor(
            self._exporter,
            max_queue_size=room,
            max_export_batch_size=min(_LARGEST_BATCH, room),
            schedule_delay_millis=_LONGEST_WAIT_MILLISECONDS,
        )

    def on_start(self, span: Any, parent_context: Context | None = None) -> None:
        pass  # only what is over is sent

    def on_end(self, span: ReadableSpan) -> None:
        if span.context is None or not span.context.trace_flags.sampled:
            return
        if self._gate.enter():
            self._batches.on_end(span)
        else:
            TRACE_SPANS.labels("dropped").inc()

    def shutdown(self) -> None:
        self._exporter.closing_at = time.monotonic() + _CLOSING_SECONDS
        self._batches.shutdown()  # type: ignore[no-untyped-call]  # it has no types

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        return self._batches.force_flush(timeout_millis)


class _InNoTrace:
    """A span for what is in no trace."""

    traceparent: str | None = None

    def say(self, about: About) -> None:
        pass  # nobody reads it

    def fail(self, reason: str) -> None:
        pass  # nobody reads it


class _Written:
    """A span of OpenTelemetry's."""

    def __init__(self, span: OpenSpan) -> None:
        self._span = span

    @property
    def traceparent(self) -> str | None:
        return _write(self._span.get_span_context())

    def say(self, about: About) -> None:
        self._span.set_attributes(_known(about))

    def fail(self, reason: str) -> None:
        self._span.set_status(Status(StatusCode.ERROR, reason))


class OtlpTracer:
    """``tracing.Tracer`` on OpenTelemetry's SDK. ``aclose`` sends what is left."""

    def __init__(self, processor: SpanProcessor, *, node: str) -> None:
        attributes = {"service.version": version("offhook"), "service.instance.id": node}
        if not os.environ.get("OTEL_SERVICE_NAME"):
            attributes["service.name"] = "offhook"
        self._provider = TracerProvider(resource=Resource.create(attributes), shutdown_on_exit=False)
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("offhook", version("offhook"))

    @contextmanager
    def span(
        self,
        name: str,
        *,
        parent: str | None,
        role: Role = Role.INSIDE,
        about: About | None = None,
        links: Sequence[str] = (),
        begins: bool = False,
    ) -> Iterator[tracing.Span]:
        """As the protocol says."""
        if parent is None and not begins:
            yield _InNoTrace()
            return
        open_span = self._begin(name, parent, role, about, links, began=None)
        span = _Written(open_span)
        try:
            with tracing.at(span.traceparent):
                yield span
        except BaseException as error:
            span.fail(type(error).__name__)  # its text may quote what was asked
            raise
        finally:
            open_span.end()

    def tell(
        self,
        name: str,
        *,
        parent: str | None,
        began: datetime,
        ended: datetime,
        role: Role = Role.INSIDE,
        about: About | None = None,
        moments: Mapping[str, datetime | None] | None = None,
        failure: str | None = None,
        begins: bool = False,
    ) -> str | None:
        """As the protocol says."""
        if parent is None and not begins:
            return None
        span = self._begin(name, parent, role, about, (), began=_nanoseconds(began))
        for moment, at in (moments or {}).items():
            if at is not None:
                span.add_event(moment, timestamp=_nanoseconds(at))
        if failure is not None:
            span.set_status(Status(StatusCode.ERROR, failure))
        span.end(_nanoseconds(max(began, ended)))
        return _write(span.get_span_context())

    async def aclose(self) -> None:
        """Send what is left, for as long as the end of a process may wait for it."""
        # Its own waiting is not bounded by this, so it is left behind where it takes longer.
        closing = threading.Thread(target=self._provider.shutdown, name="traces-closing", daemon=True)
        closing.start()
        await asyncio.to_thread(closing.join, _CLOSING_SECONDS)

    def _begin(
        self,
        name: str,
        parent: str | None,
        role: Role,
        about: About | None,
        links: Sequence[str],
        *,
        began: int | None,
    ) -> OpenSpan:
        context = Context()
        if parent is not None:
            context = set_span_in_context(NonRecordingSpan(_read(parent)), context)
        return self._tracer.start_span(
            name,
            context=context,
            kind=_KINDS[role],
            attributes=_known(about or {}),
            links=[Link(_read(link)) for link in links],
            start_time=began,
        )


def open_tracer(settings: Settings) -> OtlpTracer:
    """The tracer that sends to ``OFFHOOK_TRACES_URL``; an address without a path gets OTLP's own."""
    url = str(settings.traces_url)
    if urlsplit(url).path in {"", "/"}:
        url = url.rstrip("/") + _PATH
    logging.getLogger(OTLPSpanExporter.__module__).addFilter(_reason)
    exporter = OTLPSpanExporter(endpoint=url, timeout=_SENDING_SECONDS)
    return OtlpTracer(BoundedBatches(exporter), node=settings.node)


def _known(about: About) -> dict[str, str | int | bool | Sequence[str]]:
    return {name: value for name, value in about.items() if value is not None}


def _read(traceparent: str) -> SpanContext:
    _, trace, span, flags = traceparent.split("-")
    return SpanContext(int(trace, 16), int(span, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16)))


def _write(context: SpanContext) -> str | None:
    """None with ``OTEL_SDK_DISABLED``, where what begins a trace gets no place in one."""
    if not context.is_valid:
        return None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags & TraceFlags.SAMPLED:02x}"


def _nanoseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1) * 1000
