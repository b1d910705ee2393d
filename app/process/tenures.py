"""How a tenure is put together: the parts that act on one Asterisk, made anew for each lease."""

from contextlib import suppress
from dataclasses import dataclass

from app.accounts.audit import AuditLog
from app.ari.client import AriClient
from app.ari.stream import EventStream
from app.calls.asking.service import CallService
from app.calls.core import inputs
from app.calls.core.commands import CollectRecording
from app.calls.core.inputs import FailureKind, Input
from app.calls.doing.executor import Executor
from app.calls.hearing.controller import Controller
from app.calls.hearing.inbound import InboundCalls
from app.calls.hearing.missed import MissedCalls
from app.calls.keeping.counted import occupants
from app.calls.keeping.spool import Spool
from app.calls.keeping.store import CallStore
from app.calls.leading.flow_desk import FlowDesk
from app.calls.leading.flow_sounds import FlowSounds
from app.calls.living.registry import CallRegistry
from app.calls.mending.reconcile import Reconciler
from app.calls.mending.tidy import Tidier
from app.calls.planning.admission import Admission
from app.calls.planning.placing import Readiness
from app.calls.planning.plan import Defaults
from app.calls.planning.refer_targets import ReferTargets
from app.calls.reading.live_counts import LiveCounts
from app.calls.traces.keeper import TraceKeeper
from app.campaigns.claiming import Claims
from app.campaigns.closing import Closing
from app.campaigns.dialer import CampaignDialer
from app.campaigns.dialing import Dialing
from app.campaigns.following import Following
from app.campaigns.news import CampaignNews
from app.clock import Clock
from app.config import Settings
from app.contacts.dnc_entries import DncEntries
from app.db.engine import Database
from app.egress.streams import StreamGuard
from app.errors import OverloadedError
from app.events.log import EventLog
from app.files.store import FileStore
from app.ids import MediaStreamId, RecordingId, new_id
from app.media.desk import MediaStreams
from app.media.endpoints import MediaEndpoints
from app.media.model import Report
from app.ownership.fence import Fence
from app.ownership.inbox import Inbox
from app.ownership.lease import Lease
from app.ownership.tenure import Tenure
from app.process.errands import Errands
from app.provisioning.states import LineStates
from app.provisioning.store import LineStore
from app.provisioning.sync import Provisioner
from app.queues.agent_rows import AgentRows
from app.queues.claims import AgentClaims
from app.queues.dispatcher import Dispatcher
from app.queues.news import QueueNews
from app.queues.overflow import Overflow
from app.queues.waiting import WaitingRooms
from app.recordings.collecting import Collected, CollectFailed, CollectResult
from app.recordings.collector import RecordingCollector
from app.reputation.caller_ids import CallerIds
from app.routing.channels import TrunkChannels
from app.routing.directory import Directory
from app.routing.stops import Stops
from app.routing.ways_in import WaysIn
from app.secrets.sealing import Seals
from app.usage.caps import CapacityDesk


@dataclass(frozen=True, slots=True)
class AriClients:
    """One for each application that we are in Asterisk."""

    calls: AriClient
    lines: AriClient


class NodeReadiness:
    """Whether calls may be dialled, by the word of whoever is asked last: the node, which is made after its tenures."""

    def __init__(self) -> None:
        self.source: Readiness | None = None

    @property
    def why_not_ready(self) -> str | None:
        """As :class:`~app.calls.planning.placing.Readiness`."""
        return "Starting." if self.source is None else self.source.why_not_ready


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenures:
    """Makes tenures of one node."""

    settings: Settings
    clock: Clock
    database: Database
    log: EventLog
    ari: AriClient
    lines_ari: AriClient
    seals: Seals
    file_store: FileStore
    readiness: NodeReadiness
    counts: LiveCounts
    audit: AuditLog
    queue_news: QueueNews
    campaign_news: CampaignNews
    errands: Errands
    sounds: FlowSounds
    stream_guard: StreamGuard
    media_endpoints: MediaEndpoints
    traces: TraceKeeper | None = None

    def make(self, lease: Lease) -> Tenure:
        """The parts for one lease, not running yet. Each starts from nothing: what there is, it finds."""
        settings, clock, node = self.settings, self.clock, self.settings.node
        spool = Spool(settings.data_dir / "spool", node, limit_bytes=settings.spool_megabytes * 1_000_000)
        store = CallStore(self.database, self.log, admit=Fence(lease).arm, spool=spool, veil=self.errands.veil)

        async def on_collected(_call_id: str, result: CollectResult) -> None:
            registry.post(result.recording_id, _as_input(result))

        collector = RecordingCollector(self.ari, self.file_store, on_collected)
        room = TrunkChannels(self.database, clock)
        admission = Admission(CapacityDesk(self.database, self.log, clock, occupants))
        directory, stops = Directory(self.database), Stops(self.database)
        defaults = Defaults(
            agent_ring_seconds=settings.agent_ring_seconds,
            customer_ring_seconds=settings.customer_ring_seconds,
            max_duration_seconds=settings.max_duration_seconds,
        )

        def answer_flow(call_id: str, answer: Input) -> None:
            if (actor := registry.find(call_id)) is not None:
                with suppress(OverloadedError):  # its timer says the same
                    actor.post(answer)

        desk = FlowDesk(stops, directory, self.sounds, answer_flow, defaults=defaults, make_id=new_id, clock=clock)

        def take_report(report: Report) -> bool:
            actor = registry.find(report.call_id)
            if actor is None:
                return True
            try:
                actor.post(_as_news(report))
            except OverloadedError:
                return False
            return True

        streams = MediaStreams(
            self.ari,
            take_report,
            node=node,
            guard=self.stream_guard,
            allows=self.media_endpoints,
            clock=clock,
            connect_seconds=settings.media_connect_seconds,
            most=settings.max_media_streams,
        )
        executor = Executor(
            self.ari,
            node=node,
            collect=collector.submit,
            may_forget=lambda: not store.is_postponing,
            room=room,
            admission=admission,
            assist=desk.take,
            relays=streams,
            contexts=frozenset(settings.dialplan_contexts),
        )
        registry = CallRegistry(store, executor, clock, capacity=settings.max_live_calls, traces=self.traces)
        stream = EventStream(self.ari)
        self.counts.forget_all()
        reconciler = Reconciler(self.ari, store, registry, executor, clock, node=node, counts=self.counts)
        ways = WaysIn(self.database)
        calls = CallService(
            registry=registry,
            store=store,
            directory=directory,
            caller_ids=CallerIds(self.database, clock),
            stops=stops,
            readiness=self.readiness,
            clock=clock,
            node=node,
            defaults=defaults,
            audit=self.audit,
            variables=frozenset(settings.channel_variables),
            programs=self.media_endpoints,
            announcer=self.sounds,
            contexts=frozenset(settings.dialplan_contexts),
            admission=admission,
        )
        scheduler, otp_caller = self.errands.place_through(calls, self.readiness, node=node)
        return Tenure(
            lease=lease,
            registry=registry,
            store=store,
            collector=collector,
            stream=stream,
            controller=Controller(
                stream,
                registry,
                reconciler,
                clock,
                node=node,
                tidier=Tidier(self.ari, self.database, registry, node=node),
                inbound=InboundCalls(
                    self.ari, registry, ways, self.readiness, clock, node=node, defaults=defaults, room=room
                ),
                missed=MissedCalls(self.ari, registry, ways, clock, node=node, defaults=defaults),
                refer_targets=ReferTargets(self.database, directory, self.readiness, defaults=defaults, make_id=new_id),
            ),
            calls=calls,
            inbox=Inbox(self.database, calls, lease),
            provisioner=Provisioner(
                self.lines_ari,
                LineStore(self.database, self.seals, node=node),
                LineStates(self.database, self.log, node=node),
                clock,
            ),
            dispatcher=Dispatcher(
                AgentClaims(
                    AgentRows(self.database, self.log, clock),
                    misses_allowed=settings.queue_misses_allowed,
                    rest_seconds=settings.queue_rest_seconds,
                ),
                WaitingRooms(self.database),
                directory,
                Overflow(self.database, directory, defaults=defaults, make_id=new_id),
                registry,
                self.queue_news,
                clock,
            ),
            campaigns=CampaignDialer(
                database=self.database,
                claims=Claims(self.database, self.log, clock),
                dialing=Dialing(self.database, self.log, clock, calls=calls, living=registry, flows=stops),
                following=Following(
                    self.database, self.log, clock, DncEntries(self.database, self.log, self.audit, clock)
                ),
                closing=Closing(self.log, clock),
                readiness=self.readiness,
                news=self.campaign_news,
                clock=clock,
            ),
            callbacks=scheduler,
            otps=otp_caller,
            flow_desk=desk,
            media_streams=streams,
        )

    def idle_registry(self) -> CallRegistry:
        """A registry without calls, for whoever asks while there is no tenure."""
        executor = Executor(self.ari, node=self.settings.node, collect=lambda _: None)
        return CallRegistry(
            CallStore(self.database, self.log, veil=self.errands.veil), executor, self.clock, capacity=1
        )


def _as_news(report: Report) -> inputs.StreamClosed:
    return inputs.StreamClosed(
        stream_id=MediaStreamId(report.stream_id),
        reason=report.reason,
        detail=report.detail,
        outcome=report.outcome,
    )


def _as_input(result: CollectResult) -> inputs.Input:
    match result:
        case Collected():
            return inputs.RecordingCollected(
                recording_id=RecordingId(result.recording_id),
                object_key=result.object_key,
                duration_seconds=result.duration_seconds,
                size_bytes=result.size_bytes,
                channels=result.channels,
                sample_rate=result.sample_rate,
                sha256=result.sha256,
                segments=result.segments,
                lost_seconds=result.lost_seconds,
            )
        case CollectFailed(is_final=False):
            # The parts are still in Asterisk; the call offers them again after a while.
            command = CollectRecording(recording_id=RecordingId(result.recording_id))
            return inputs.CommandFailed(command=command, kind=FailureKind.UNSENT, detail=result.reason)
        case CollectFailed():
            return inputs.RecordingLost(recording_id=RecordingId(result.recording_id), reason=result.reason)
