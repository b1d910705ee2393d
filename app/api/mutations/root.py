"""Every area's mutations under one root."""

import strawberry

from app.api.mutations.access import AccessMutations
from app.api.mutations.agent_states import AgentStateMutations
from app.api.mutations.call_control import CallControlMutations
from app.api.mutations.callbacks import CallbackMutations
from app.api.mutations.calls import CallMutations
from app.api.mutations.campaign_agents import CampaignAgentMutations
from app.api.mutations.campaigns import CampaignMutations
from app.api.mutations.contacts import ContactMutations
from app.api.mutations.destinations import DestinationMutations
from app.api.mutations.dialects import DialectMutations
from app.api.mutations.dnc import DncMutations
from app.api.mutations.erasure import ErasureMutations
from app.api.mutations.exports import ExportMutations
from app.api.mutations.jobs import JobMutations
from app.api.mutations.media_streams import MediaStreamMutations
from app.api.mutations.otps import OtpMutations
from app.api.mutations.playing import PlayingMutations
from app.api.mutations.recordings import RecordingMutations
from app.api.mutations.reputation import ReputationMutations
from app.api.mutations.routing import RoutingMutations
from app.api.mutations.speech import SpeechMutations
from app.api.mutations.supervision import SupervisionMutations
from app.api.mutations.testclock import TestClockMutations
from app.api.mutations.transcripts import TranscriptMutations
from app.api.mutations.transfers import TransferMutations
from app.api.mutations.usage import UsageMutations
from app.api.mutations.verification import VerificationMutations
from app.api.mutations.voice import VoiceMutations
from app.api.mutations.webhooks import WebhookMutations


@strawberry.type(
    description="Doing. Each mutation takes one `input` and gives a payload whose `userErrors` hold what the caller "
    "can mend: nothing was done then. What their codes mean is said at `UserErrorCode`, which states a "
    "mutation refuses (`INVALID_STATE`) at the mutation. Authentication, scope, outages and faults are "
    "top-level errors; their codes are in the documentation: docs/reference/errors.md."
)
class Mutation(
    CallMutations,
    CallControlMutations,
    PlayingMutations,
    VoiceMutations,
    RecordingMutations,
    TransferMutations,
    SupervisionMutations,
    MediaStreamMutations,
    WebhookMutations,
    RoutingMutations,
    DestinationMutations,
    VerificationMutations,
    ReputationMutations,
    SpeechMutations,
    ContactMutations,
    DncMutations,
    CampaignMutations,
    CampaignAgentMutations,
    ExportMutations,
    ErasureMutations,
    JobMutations,
    TranscriptMutations,
    AgentStateMutations,
    OtpMutations,
    CallbackMutations,
    TestClockMutations,
    AccessMutations,
    DialectMutations,
    UsageMutations,
):
    pass
