"""Spans in memory: what a service would have sent to a collector."""

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from app import tracing
from app.otlp import OtlpTracer


class Spans:
    """The spans that have ended."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self.tracer = OtlpTracer(SimpleSpanProcessor(self._exporter), node="n1")

    @property
    def all(self) -> tuple[ReadableSpan, ...]:
        """In the order of ending."""
        return self._exporter.get_finished_spans()

    def of(self, trace_id: str) -> list[ReadableSpan]:
        """Those of one trace."""
        return [span for span in self.all if trace_id_of(span) == trace_id]

    def named(self, name: str) -> list[ReadableSpan]:
        return [span for span in self.all if span.name == name]


@contextmanager
def spans_in_memory() -> Iterator[Spans]:
    """Trace into memory inside the block."""
    spans = Spans()
    with tracing.arming(spans.tracer):
        yield spans


def trace_id_of(span: ReadableSpan) -> str:
    return f"{span.context.trace_id:032x}"


def span_id_of(span: ReadableSpan) -> str:
    return f"{span.context.span_id:016x}"


def parent_of(span: ReadableSpan) -> str | None:
    return None if span.parent is None else f"{span.parent.span_id:016x}"


def about(span: ReadableSpan, name: str) -> object:
    """An attribute."""
    return (span.attributes or {}).get(name)
