"""The tables, one file an area, as SQLModel classes: what the migrations must lead to. The service imports none of it.

Rows that a call's life writes (call, leg, cdr, recording, event, request_key) carry no foreign keys: they are
written together in one transaction by the call store, in batches, and checked by the tests instead of at every
insert. Configuration rows do have them.
"""

from app.db.tables.accounts import AccessToken, Account, ApiKey, AuditLine, DialectCredential, DialectRequest
from app.db.tables.calls import CallRow, CallTrace, CdrRow, LegRow, RecordingRow, RequestKey
from app.db.tables.campaigns import (
    CampaignAgent,
    CampaignContact,
    CampaignDecision,
    CampaignList,
    CampaignMinute,
    CampaignRow,
    CampaignTotal,
    NumberAttempt,
)
from app.db.tables.contacts import ContactListRow, ContactRow, DncEntryRow, DncListRow
from app.db.tables.errands import CallbackAttemptRow, CallbackRow, OtpRow
from app.db.tables.events import EventRow
from app.db.tables.jobs import JobReportPart, JobRow
from app.db.tables.media import MediaEndpointRow
from app.db.tables.ownership import AsteriskLease, CallCommand
from app.db.tables.reputation import (
    NumberComplaint,
    NumberHistory,
    NumberListing,
    NumberOpinion,
    NumberReputation,
    NumberUse,
)
from app.db.tables.routing import (
    Agent,
    AgentStateRow,
    CallFlow,
    CallFlowVersion,
    DestinationRule,
    Device,
    Extension,
    InboundRoute,
    LineState,
    OutboundNumber,
    OutboundNumberPool,
    OutboundNumberPoolMember,
    Queue,
    QueueMember,
    RingGroup,
    RingGroupMember,
    Trunk,
)
from app.db.tables.speech import AnnouncementTemplateRow, AudioFileRow, UploadRow
from app.db.tables.statistics import CdrRollup
from app.db.tables.testclock import TestClockRow
from app.db.tables.transcripts import TranscriptRow
from app.db.tables.usage import AccountLimits, AccountUsage, DestinationRate, UsageDay, UsageHold
from app.db.tables.webhooks import WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookWorker

__all__ = [
    "AccessToken",
    "Account",
    "AccountLimits",
    "AccountUsage",
    "Agent",
    "AgentStateRow",
    "AnnouncementTemplateRow",
    "ApiKey",
    "AsteriskLease",
    "AudioFileRow",
    "AuditLine",
    "CallCommand",
    "CallFlow",
    "CallFlowVersion",
    "CallRow",
    "CallTrace",
    "CallbackAttemptRow",
    "CallbackRow",
    "CampaignAgent",
    "CampaignContact",
    "CampaignDecision",
    "CampaignList",
    "CampaignMinute",
    "CampaignRow",
    "CampaignTotal",
    "CdrRollup",
    "CdrRow",
    "ContactListRow",
    "ContactRow",
    "DestinationRate",
    "DestinationRule",
    "Device",
    "DialectCredential",
    "DialectRequest",
    "DncEntryRow",
    "DncListRow",
    "EventRow",
    "Extension",
    "InboundRoute",
    "JobReportPart",
    "JobRow",
    "LegRow",
    "LineState",
    "MediaEndpointRow",
    "NumberAttempt",
    "NumberComplaint",
    "NumberHistory",
    "NumberListing",
    "NumberOpinion",
    "NumberReputation",
    "NumberUse",
    "OtpRow",
    "OutboundNumber",
    "OutboundNumberPool",
    "OutboundNumberPoolMember",
    "Queue",
    "QueueMember",
    "RecordingRow",
    "RequestKey",
    "RingGroup",
    "RingGroupMember",
    "TestClockRow",
    "TranscriptRow",
    "Trunk",
    "UploadRow",
    "UsageDay",
    "UsageHold",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookWorker",
]
