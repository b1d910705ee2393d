"""The node of this process: what competes for its Asterisk, and drives it while it holds the lease."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Final

from app import metrics
from app.accounts.audit import AuditLog
from app.calls.leading.flow_sounds import FlowSounds
from app.calls.reading.live_counts import LiveCounts
from app.calls.traces.keeper import TraceKeeper
from app.calls.traces.trace import note_exchange
from app.campaigns.news import CAMPAIGNS_CHANGED, CampaignNews
from app.clock import Clock
from app.config import Settings
from app.db.engine import Database
from app.egress.streams import StreamGuard
from app.events.bus import Bus
from app.events.log import EventLog
from app.files.store import FileStore
from app.media.endpoints import MediaEndpoints
from app.ownership.lease import Leases
from app.ownership.node import Node
from app.ownership.tenure import Tenure
from app.process.errands import Errands
from app.process.tenures import AriClients, NodeReadiness, Tenures
from app.provisioning.sync import LINES_CHANGED
from app.queues.news import QUEUES_CHANGED, QueueNews
from app.secrets.sealing import Sealer

#: How long the calls of an Asterisk that stops with us may take to end.
HANG_UP_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """What a node stands on: what the other roles of its process have as well."""

    settings: Settings
    clock: Clock
    database: Database
    log: EventLog
    bus: Bus
    sealer: Sealer
    audit: AuditLog
    file_store: FileStore
    traces: TraceKeeper
    sounds: FlowSounds
    errands: Errands
    stream_guard: StreamGuard
    media_endpoints: MediaEndpoints


def make_node(stack: AsyncExitStack, grounds: Grounds, ari: AriClients, *, may_hang_up: bool) -> Node:
    """The node, not running yet. ``may_hang_up``: its Asterisk stops with it, so its calls are ended in order first."""
    settings = grounds.settings
    readiness, counts = NodeReadiness(), LiveCounts()
    queue_news, campaign_news = QueueNews(), CampaignNews()
    grounds.log.on_appended(counts.on_appended)
    if settings.call_traces == "on":
        ari.calls.on_exchange = note_exchange
    grounds.log.on_appended(queue_news.on_appended)
    grounds.bus.on(QUEUES_CHANGED, queue_news.hear)
    grounds.log.on_appended(campaign_news.on_appended)
    grounds.bus.on(CAMPAIGNS_CHANGED, campaign_news.hear)
    tenures = Tenures(
        settings=settings,
        clock=grounds.clock,
        database=grounds.database,
        log=grounds.log,
        ari=ari.calls,
        lines_ari=ari.lines,
        seals=grounds.sealer,
        file_store=grounds.file_store,
        readiness=readiness,
        audit=grounds.audit,
        counts=counts,
        traces=grounds.traces if settings.call_traces == "on" else None,
        queue_news=queue_news,
        campaign_news=campaign_news,
        sounds=grounds.sounds,
        errands=grounds.errands,
        stream_guard=grounds.stream_guard,
        media_endpoints=grounds.media_endpoints,
    )
    node = readiness.source = Node(
        settings.node,
        Leases(grounds.database, seconds=settings.lease_seconds),
        grounds.bus,
        tenures.make,
        idle_registry=tenures.idle_registry(),
        hang_up_seconds=HANG_UP_SECONDS if may_hang_up else None,
        renew_seconds=settings.lease_seconds / 3,
    )
    grounds.bus.on(LINES_CHANGED, lambda _: node.hear_of_lines())
    _watch_node(stack, node, counts)
    return node


def _watch_node(stack: AsyncExitStack, node: Node, counts: LiveCounts) -> None:
    def read(value: Callable[[Tenure], float]) -> Callable[[], float]:
        return lambda: 0 if node.tenure is None else value(node.tenure)

    for gauge, value in (
        (metrics.LIVE_CALLS, lambda tenure: len(tenure.registry)),
        (metrics.STORE_BACKLOG, lambda tenure: tenure.store.backlog),
        (metrics.STREAM_BACKLOG, lambda tenure: tenure.stream.backlog),
        (metrics.COLLECTOR_BACKLOG, lambda tenure: tenure.collector.unfinished),
    ):
        stack.enter_context(gauge.watching(read(value)))
    stack.enter_context(metrics.ASTERISK_SOCKETS.watching(lambda: {(_socket_state(node.tenure),): 1}))
    stack.enter_context(metrics.LIVE_CALLS_BY_STATE.watching(lambda: {} if node.tenure is None else counts.read()))


def _socket_state(tenure: Tenure | None) -> str:
    if tenure is None:
        return "none"
    return "connected" if tenure.stream.is_connected else "disconnected"
