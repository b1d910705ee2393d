"""Everything the surfaces (GraphQL, HTTP) may call, in one value. ``process.bootstrap`` fills it."""

from dataclasses import dataclass

from app.accounts.access import Access
from app.accounts.dialect_access import DialectAccess
from app.accounts.keys import ApiKeys
from app.accounts.sessions import Sessions
from app.callbacks.service import Callbacks
from app.calls.reading.queries import CallQueries
from app.campaigns.resources import CampaignResources
from app.cdrs.queries import CdrQueries
from app.cdrs.statistics import CdrStatistics
from app.clock import Clock
from app.contacts.resources import ContactResources
from app.erasure.service import Erasures
from app.events.feed import Feed
from app.events.log import EventLog
from app.exports.exporting import Exports
from app.files.urls import SignedUrls
from app.jobs.serve import JobReports
from app.jobs.service import Jobs
from app.media.endpoints import MediaEndpoints
from app.otps.service import Otps
from app.queues.agents import AgentStates
from app.queues.standings import QueueStandings
from app.reaching.calls import Calls
from app.reaching.diagnostics import Diagnostics
from app.reaching.status import SystemStatus
from app.recordings.deletion import RecordingDeletion
from app.recordings.queries import RecordingQueries
from app.reputation.service import Reputation
from app.routing.resources import RoutingResources
from app.services.usage import UsageStage
from app.speech.resources import SpeechResources
from app.testclock.service import SandboxClocks
from app.transcripts.rows import TranscriptQueries
from app.transcripts.service import Transcripts
from app.webhooks.endpoints import WebhookEndpoints
from app.webhooks.queries import WebhookQueries
from app.webhooks.replay import WebhookReplays
from app.webhooks.testing import WebhookTests


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The use cases and queries of every area."""

    clock: Clock
    access: Access
    dialects: DialectAccess
    calls: Calls
    call_queries: CallQueries
    diagnostics: Diagnostics
    system_status: SystemStatus
    cdr_queries: CdrQueries
    cdr_statistics: CdrStatistics
    recordings: RecordingQueries
    recording_deletion: RecordingDeletion
    recording_urls: SignedUrls
    event_log: EventLog
    feed: Feed
    routing: RoutingResources
    speech: SpeechResources
    contacts: ContactResources
    exports: Exports
    erasures: Erasures
    reputation: Reputation
    agent_states: AgentStates
    queue_standings: QueueStandings
    media_endpoints: MediaEndpoints
    campaigns: CampaignResources
    callbacks: Callbacks
    otps: Otps
    test_clocks: SandboxClocks
    jobs: Jobs
    job_reports: JobReports
    transcripts: Transcripts
    transcript_queries: TranscriptQueries
    usage: UsageStage
    webhooks: WebhookEndpoints
    webhook_queries: WebhookQueries
    webhook_replays: WebhookReplays
    webhook_tests: WebhookTests
    cursor_secret: bytes
    public_url: str
    recording_url_seconds: float

    @property
    def keys(self) -> ApiKeys:
        """The API keys, which everything else about access stands on."""
        return self.access.keys

    @property
    def sessions(self) -> Sessions:
        """What is open under a credential: tell it when what credentials may do has changed."""
        return self.access.sessions
