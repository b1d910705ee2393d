"""What ``/metrics`` tells about the surfaces. Each application has a registry of its own: tests run many."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """The instruments."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.operations = Counter(
            "offhook_graphql_operations",
            "GraphQL operations over HTTP, by type and outcome (ok, or the first error's code).",
            ("type", "outcome"),
            registry=self.registry,
        )
        self.operation_seconds = Histogram(
            "offhook_graphql_operation_seconds",
            "How long queries and mutations took.",
            ("type",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.sockets = Gauge("offhook_websockets", "Open GraphQL websockets.", registry=self.registry)
        self.messages = Counter(
            "offhook_websocket_results",
            "Results sent over websockets, by outcome (ok, or the first error's code).",
            ("outcome",),
            registry=self.registry,
        )
        self.http_requests = Counter(
            "offhook_http_requests",
            "HTTP requests by route and status.",
            ("route", "method", "status"),
            registry=self.registry,
        )
        self.subscribers = Gauge("offhook_subscribers", "Followers of the event feed.", registry=self.registry)
        self.part_ready = Gauge(
            "offhook_part_ready", "Whether a part is ready (1) or not (0).", ("part",), registry=self.registry
        )

    def expose(self) -> bytes:
        """All of it in Prometheus' text format."""
        return generate_latest(self.registry)
