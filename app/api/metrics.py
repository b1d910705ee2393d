"""What ``/metrics`` tells about the surfaces, and after it what the process counts (``app.metrics``).

Each application has a registry of its own: tests run many.
"""

import math
from collections.abc import Mapping
from datetime import datetime
from itertools import product
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from app import metrics
from app.campaigns.activity import Activity
from app.facts.jobs import JobKind, JobState
from app.jobs.backlog import JobBacklog
from app.routing.words import LineState
from app.webhooks.queries import Backlog

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
        metrics.begin_at_nought(self.operations, ("query", "mutation"), ("ok", "INTERNAL"))
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

        self.webhooks_pending = Gauge(
            "offhook_webhook_deliveries_pending",
            "Deliveries to enabled webhook endpoints that wait: for the first attempt (new) or a further one (retry).",
            ("attempt",),
            registry=self.registry,
        )
        self.webhooks_oldest_seconds = Gauge(
            "offhook_webhook_oldest_pending_seconds",
            "How long the oldest delivery has been waiting; 0 when none is.",
            registry=self.registry,
        )
        self.webhook_endpoints = Gauge(
            "offhook_webhook_endpoints",
            "Webhook endpoints: enabled, of these failing just now, and disabled.",
            ("state",),
            registry=self.registry,
        )

        self.campaigns = Gauge(
            "offhook_campaigns",
            "Campaigns of all accounts that are scheduled, running or paused.",
            ("state",),
            registry=self.registry,
        )
        self.campaign_contacts = Gauge(
            "offhook_campaign_contacts_in_flight",
            "Contacts of campaigns that are being called: claimed for a call, or with a call under way (dialing).",
            ("state",),
            registry=self.registry,
        )
        self.jobs = Gauge(
            "offhook_jobs",
            "Jobs of all accounts that are not over.",
            ("kind", "state"),
            registry=self.registry,
        )
        self.jobs_oldest_seconds = Gauge(
            "offhook_job_oldest_queued_seconds",
            "How long the oldest queued job has been due and nobody has taken it; 0 when none is.",
            registry=self.registry,
        )
        self.callback_late_seconds = Gauge(
            "offhook_callback_oldest_due_seconds",
            "How late the oldest callback is that is due and has not been placed; 0 when none is.",
            registry=self.registry,
        )
        self.trunks = Gauge(
            "offhook_trunks",
            "Trunks of all accounts that are in use, as the Asterisk says that says the worst of them.",
            ("state",),
            registry=self.registry,
        )

    def note_webhooks(self, backlog: Backlog | None, now: datetime) -> None:
        """How webhooks stand; None when nobody can say: then no old number is told."""
        if backlog is None:
            self.webhooks_pending.clear()
            self.webhook_endpoints.clear()
            self.webhooks_oldest_seconds.set(math.nan)
            return
        self.webhooks_pending.labels("new").set(backlog.pending - backlog.retrying)
        self.webhooks_pending.labels("retry").set(backlog.retrying)
        waited = 0.0 if backlog.oldest_at is None else (now - backlog.oldest_at).total_seconds()
        self.webhooks_oldest_seconds.set(max(0.0, waited))
        self.webhook_endpoints.labels("enabled").set(backlog.enabled_endpoints)
        self.webhook_endpoints.labels("failing").set(backlog.failing_endpoints)
        self.webhook_endpoints.labels("disabled").set(backlog.disabled_endpoints)

    def note_campaigns(self, activity: Activity | None) -> None:
        """What campaigns are at; None when nobody can say."""
        self.campaigns.clear()
        self.campaign_contacts.clear()
        if activity is None:
            return
        for campaign_state, number in activity.campaigns.items():
            self.campaigns.labels(campaign_state.value).set(number)
        for contact_state, number in activity.contacts.items():
            self.campaign_contacts.labels(contact_state.value).set(number)

    def note_jobs(self, backlog: JobBacklog | None, now: datetime) -> None:
        """How jobs stand; None when nobody can say."""
        self.jobs.clear()
        if backlog is None:
            self.jobs_oldest_seconds.set(math.nan)
            return
        for kind, state in product(JobKind, (JobState.QUEUED, JobState.RUNNING)):
            self.jobs.labels(kind.value, state.value).set(backlog.numbers.get((kind, state), 0))
        waited = 0.0 if backlog.oldest_due_at is None else (now - backlog.oldest_due_at).total_seconds()
        self.jobs_oldest_seconds.set(max(0.0, waited))

    def note_callbacks(self, late_seconds: float | None) -> None:
        """How late the oldest due callback is; None when nobody can say."""
        self.callback_late_seconds.set(math.nan if late_seconds is None else late_seconds)

    def note_trunks(self, numbers: Mapping[LineState, int] | None) -> None:
        """How trunks stand; None when nobody can say."""
        self.trunks.clear()
        for state, number in (numbers or {}).items():
            self.trunks.labels(state.value).set(number)

    def expose(self) -> bytes:
        """All of it, and the process's own, in Prometheus' text format."""
        return generate_latest(self.registry) + metrics.expose()
