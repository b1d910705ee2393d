"""What this process counts and measures for ``/metrics``, beside what the web surfaces count of themselves.

Counters belong to the process, as Prometheus expects: they only grow, and nobody passes them around. What is a matter
of the moment (live calls, backlogs) is asked for when it is looked at, of whoever said with ``watching`` that they
know; of several (tests run many services in one process) the sum is told.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from itertools import product
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from app.facts.calls import CallEnded, LegEnded
from app.facts.event import Event
from app.facts.vocabulary import Direction, Disposition, EndParty

REGISTRY: Final = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

EVENTS: Final = Counter("offhook_events", "Events that this process wrote, by type.", ("type",), registry=REGISTRY)
CALLS_ENDED: Final = Counter(
    "offhook_calls_ended", "Calls that ended, by how they came out.", ("disposition", "direction"), registry=REGISTRY
)
LEGS_ENDED: Final = Counter(
    "offhook_legs_ended",
    "Legs that ended, by the class of the far end's final SIP status (4xx; none: it gave none) and who ended them.",
    ("sip_class", "ended_by"),
    registry=REGISTRY,
)
ARRIVALS: Final = Counter(
    "offhook_arrivals",
    "Calls that came in over trunks: taken, refused (why), turned away (how), or missed and written down later.",
    ("fate",),
    registry=REGISTRY,
)
CALL_SETUP_SECONDS: Final = Histogram(
    "offhook_call_setup_seconds",
    "From the request for a call, or its arrival, until a phone rang and until both parties were connected; told at "
    "the call's end.",
    ("direction", "until"),
    buckets=(0.1, 0.25, 0.5, 1, 2, 3, 5, 7.5, 10, 15, 20, 30, 45, 60, 120),
    registry=REGISTRY,
)
EVENT_LAG_SECONDS: Final = Histogram(
    "offhook_event_lag_seconds",
    "From when something happened until this process handed its event to subscribers: of each hand-out the oldest.",
    buckets=(0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
    registry=REGISTRY,
)
ARI_SECONDS: Final = Histogram(
    "offhook_ari_request_seconds",
    "How long Asterisk took to answer requests, by method and outcome (ok; refused; unavailable: no answer).",
    ("method", "outcome"),
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
    registry=REGISTRY,
)
ARI_DISCONNECTS: Final = Counter(
    "offhook_asterisk_disconnects",
    "Ends of the connection over which Asterisk tells what happens, by why it ended.",
    ("reason",),
    registry=REGISTRY,
)
PACING_ERROR_SECONDS: Final = Histogram(
    "offhook_campaign_pacing_error_seconds",
    "How late calls of campaigns were claimed, against the instant that pace and caps had set for them.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
    registry=REGISTRY,
)
COMMIT_SECONDS: Final = Histogram(
    "offhook_commit_seconds",
    "How long one group of call changes took to be committed.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=REGISTRY,
)
COMMIT_CHANGES: Final = Histogram(
    "offhook_commit_changes",
    "How many calls' changes one commit held.",
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256),
    registry=REGISTRY,
)
SPOOLED_CHANGES: Final = Gauge(
    "offhook_spooled_changes", "Call changes on disk that wait for the database to come back.", registry=REGISTRY
)
SET_ASIDE_CHANGES: Final = Counter(
    "offhook_set_aside_changes",
    "Call changes from the spool that could not be applied, and were kept in a file for people.",
    registry=REGISTRY,
)
WEBHOOK_ATTEMPTS: Final = Counter(
    "offhook_webhook_attempts", "Requests to webhook endpoints: delivered or failed.", ("outcome",), registry=REGISTRY
)
WEBHOOK_SECONDS: Final = Histogram(
    "offhook_webhook_attempt_seconds",
    "How long webhook endpoints took to answer, or not to.",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30),
    registry=REGISTRY,
)
WEBHOOK_DELIVERY_SECONDS: Final = Histogram(
    "offhook_webhook_delivery_seconds",
    "From when something happened until an endpoint had taken its webhook, at the first attempt or at a retry; replays "
    "are left out.",
    ("attempt",),
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200, 43200),
    registry=REGISTRY,
)
WEBHOOKS_EXHAUSTED: Final = Counter(
    "offhook_webhook_deliveries_exhausted", "Deliveries whose last attempt failed.", registry=REGISTRY
)

TRACE_SPANS: Final = Counter(
    "offhook_trace_spans",
    "Spans of traces (OFFHOOK_TRACES_URL): sent; failed, nobody took them; dropped, too many waited to be sent.",
    ("outcome",),
    registry=REGISTRY,
)


class Watched(Collector):
    """A number that is read where it lives, when somebody scrapes."""

    def __init__(self, name: str, help_text: str, *, family: type[GaugeMetricFamily | CounterMetricFamily]) -> None:
        self._name = name
        self._help = help_text
        self._family = family
        self._readers: list[Callable[[], float]] = []
        REGISTRY.register(self)

    def collect(self) -> Iterable[Metric]:
        """The sum over all who know; nothing while nobody does."""
        if self._readers:
            yield self._family(self._name, self._help, value=sum(read() for read in self._readers))

    def describe(self) -> Iterable[Metric]:
        """Its name alone: registering must not ask."""
        yield self._family(self._name, self._help)

    @contextmanager
    def watching(self, read: Callable[[], float]) -> Iterator[None]:
        """Ask this reader too, inside the block. It must be quick and must not raise."""
        self._readers.append(read)
        try:
            yield
        finally:
            self._readers.remove(read)


class WatchedTable(Collector):
    """Numbers by labels that are read where they live, when somebody scrapes."""

    def __init__(self, name: str, help_text: str, labels: tuple[str, ...]) -> None:
        self._name = name
        self._help = help_text
        self._labels = labels
        self._readers: list[Callable[[], Mapping[tuple[str, ...], float]]] = []
        REGISTRY.register(self)

    def collect(self) -> Iterable[Metric]:
        """The sums over all who know; nothing while nobody does."""
        if not self._readers:
            return
        sums: dict[tuple[str, ...], float] = {}
        for read in self._readers:
            for labels, value in read().items():
                sums[labels] = sums.get(labels, 0.0) + value
        family = GaugeMetricFamily(self._name, self._help, labels=self._labels)
        for labels, value in sorted(sums.items()):
            family.add_metric(labels, value)
        yield family

    def describe(self) -> Iterable[Metric]:
        """Its name alone: registering must not ask."""
        yield GaugeMetricFamily(self._name, self._help, labels=self._labels)

    @contextmanager
    def watching(self, read: Callable[[], Mapping[tuple[str, ...], float]]) -> Iterator[None]:
        """Ask this reader too, inside the block. It must be quick and must not raise."""
        self._readers.append(read)
        try:
            yield
        finally:
            self._readers.remove(read)


LIVE_DRIFT: Final = Counter(
    "offhook_live_drift",
    "What the audit found amiss between the log, the calls and Asterisk, and healed, by what it was.",
    ("what",),
    registry=REGISTRY,
)
LIVE_CALLS_BY_STATE: Final = WatchedTable(
    "offhook_live_calls_by_state", "Live calls of this node as its facts tell them.", ("kind", "state")
)
ASTERISK_SOCKETS: Final = WatchedTable(
    "offhook_asterisk_sockets",
    "Connections over which Asterisk tells what happens: connected, disconnected, or none on standby.",
    ("state",),
)
LIVE_CALLS: Final = Watched("offhook_live_calls", "Calls that are alive on this node.", family=GaugeMetricFamily)
STORE_BACKLOG: Final = Watched(
    "offhook_store_backlog", "Call changes that wait for their commit.", family=GaugeMetricFamily
)
STREAM_BACKLOG: Final = Watched(
    "offhook_stream_backlog", "Messages of Asterisk that were read and not yet acted on.", family=GaugeMetricFamily
)
COLLECTOR_BACKLOG: Final = Watched(
    "offhook_recordings_uncollected", "Recordings on their way into the store.", family=GaugeMetricFamily
)
AUDIT_DROPS: Final = Watched(
    "offhook_audit_lines_dropped", "Audit lines that found the queue full.", family=CounterMetricFamily
)


def begin_at_nought(instrument: Counter | Histogram, *labels: Iterable[str]) -> None:
    """Tell the series of all these labels' values from the start.

    Prometheus' ``increase()`` compares what it has seen: of a series that appears with its first count it sees nothing,
    and an alert on it would miss the first of what it is for.
    """
    for values in product(*labels):
        instrument.labels(*values)


begin_at_nought(CALLS_ENDED, Disposition, Direction)
begin_at_nought(LEGS_ENDED, ("none", "2xx", "3xx", "4xx", "5xx", "6xx"), EndParty)
begin_at_nought(ARRIVALS, ("taken", "missed", "lost", "trunk_full"))
begin_at_nought(CALL_SETUP_SECONDS, Direction, ("ringing", "connected"))


@cache
def _events_of(event_type: str) -> Counter:
    """The counter of one type; looking it up by its label each time costs more than counting."""
    return EVENTS.labels(event_type)


def count_events(events: Iterable[Event]) -> None:
    """Count what was written: a listener for ``EventLog.on_appended`` hands it ``appended.events``."""
    for event in events:
        _events_of(event.type).inc()
        match event.fact:
            case CallEnded(disposition=disposition, call=call, cdr=cdr):
                CALLS_ENDED.labels(disposition.value, call.direction.value).inc()
                for until, at in (("ringing", cdr.ringing_at), ("connected", cdr.connected_at)):
                    if at is not None:
                        seconds = max(0.0, (at - cdr.created_at).total_seconds())
                        CALL_SETUP_SECONDS.labels(call.direction.value, until).observe(seconds)
            case LegEnded(sip_code=sip_code, ended_by=ended_by):
                LEGS_ENDED.labels("none" if sip_code is None else f"{sip_code // 100}xx", ended_by.value).inc()
            case _:
                pass  # its type was counted


def expose() -> bytes:
    """All of it in Prometheus' text format."""
    return generate_latest(REGISTRY)
