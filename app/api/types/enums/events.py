"""What happens, who set it in motion, and how it is told."""

from enum import StrEnum

from app.api.types.enums.describing import OPEN, describe
from app.events.feed import GapReason
from app.facts.catalogue import FACT_TYPES, graphql_name, in_public_words
from app.facts.event import ActorKind
from app.webhooks.model import DeliveryState


class EventType(StrEnum):
    """The catalogue's event types under their GraphQL names; a test keeps the two equal."""

    CALL_CREATED = "call.created"
    CALL_UPDATED = "call.updated"
    LEG_DIALING = "leg.dialing"
    LEG_RINGING = "leg.ringing"
    LEG_ANSWERED = "leg.answered"
    MACHINE_DETECTION_FINISHED = "machine.detection_finished"
    LEG_HELD = "leg.held"
    LEG_UNHELD = "leg.unheld"
    LEG_MUTED = "leg.muted"
    LEG_UNMUTED = "leg.unmuted"
    LEG_ENDED = "leg.ended"
    CALL_CONNECTED = "call.connected"
    DTMF_RECEIVED = "dtmf.received"
    CALL_RECOVERED = "call.recovered"
    CALL_ENDED = "call.ended"
    PLAYBACK_STARTED = "playback.started"
    PLAYBACK_FINISHED = "playback.finished"
    PLAYBACK_FAILED = "playback.failed"
    TRANSFER_STARTED = "transfer.started"
    TRANSFER_COMPLETED = "transfer.completed"
    TRANSFER_CANCELLED = "transfer.cancelled"
    TRANSFER_FAILED = "transfer.failed"
    SUPERVISION_STARTED = "supervision.started"
    SUPERVISION_CHANGED = "supervision.changed"
    SUPERVISION_ENDED = "supervision.ended"
    PARTICIPANT_JOINED = "participant.joined"
    PARTICIPANT_LEFT = "participant.left"
    MEDIASTREAM_CONNECTED = "mediastream.connected"
    MEDIASTREAM_ENDED = "mediastream.ended"
    MEDIASTREAM_FAILED = "mediastream.failed"
    CALL_WAITING = "call.waiting"
    QUEUE_JOINED = "queue.joined"
    QUEUE_OFFERED = "queue.offered"
    QUEUE_LEFT = "queue.left"
    QUEUE_ABANDONED = "queue.abandoned"
    AGENT_STATE_CHANGED = "agent.state_changed"
    FLOW_STARTED = "flow.started"
    FLOW_STEP_ENTERED = "flow.step_entered"
    FLOW_GATHERED = "flow.gathered"
    FLOW_ENDED = "flow.ended"
    VOICEMAIL_RECEIVED = "voicemail.received"
    RECORDING_STARTED = "recording.started"
    RECORDING_PAUSED = "recording.paused"
    RECORDING_RESUMED = "recording.resumed"
    RECORDING_SAVED = "recording.saved"
    RECORDING_FAILED = "recording.failed"
    RECORDING_DELETED = "recording.deleted"
    CAMPAIGN_CREATED = "campaign.created"
    CAMPAIGN_STARTED = "campaign.started"
    CAMPAIGN_PAUSED = "campaign.paused"
    CAMPAIGN_RESUMED = "campaign.resumed"
    CAMPAIGN_STOPPED = "campaign.stopped"
    CAMPAIGN_FINISHED = "campaign.finished"
    CONTACT_ATTEMPTED = "contact.attempted"
    CONTACT_SKIPPED = "contact.skipped"
    CONTACT_FINISHED = "contact.finished"
    DNC_ENTRY_ADDED = "dnc.entry_added"
    OTP_ANNOUNCED = "otp.announced"
    OTP_FAILED = "otp.failed"
    OTP_VERIFIED = "otp.verified"
    CALLBACK_SCHEDULED = "callback.scheduled"
    CALLBACK_UPDATED = "callback.updated"
    CALLBACK_CANCELLED = "callback.cancelled"
    CALLBACK_STARTED = "callback.started"
    CALLBACK_COMPLETED = "callback.completed"
    CALLBACK_FAILED = "callback.failed"
    TRANSCRIPT_READY = "transcript.ready"
    TRANSCRIPT_FAILED = "transcript.failed"
    JOB_FINISHED = "job.finished"
    JOB_FAILED = "job.failed"
    JOB_CANCELLED = "job.cancelled"
    DEVICE_REGISTERED = "device.registered"
    DEVICE_UNREGISTERED = "device.unregistered"
    TRUNK_DOWN = "trunk.down"
    TRUNK_UP = "trunk.up"
    USAGE_LIMIT_REACHED = "usage.limit_reached"
    ACCOUNT_SUSPENDED = "account.suspended"
    ACCOUNT_RESUMED = "account.resumed"
    WEBHOOK_TEST = "webhook.test"
    WEBHOOK_TRIGGERED = "webhook.triggered"
    WEBHOOK_EXHAUSTED = "webhook.exhausted"
    WEBHOOK_DISABLED = "webhook.disabled"


describe(
    EventType,
    "What happened. The value is the public name in capitals with `_` for `.`: `CALL_CONNECTED` is `call.connected` in "
    "webhooks, and the type `CallConnectedEvent` here. " + OPEN,
    {graphql_name(name): f"`{name}`: {in_public_words(fact.__doc__ or '')}" for name, fact in FACT_TYPES.items()},
)
describe(
    ActorKind,
    "Who set something in motion. " + OPEN,
    {
        "API_KEY": "A request made with an API key.",
        "SYSTEM": "Offhook itself.",
        "PARTY": "A party of the call.",
    },
)
describe(
    GapReason,
    "Why a subscriber did not get events as they happened. " + OPEN,
    {"SLOW_SUBSCRIBER": "It read more slowly than events came, by a whole queue."},
)
describe(
    DeliveryState,
    "Where a webhook delivery stands. " + OPEN,
    {
        "PENDING": "To be sent, or to be sent again at `nextAttemptAt`.",
        "DELIVERED": "The endpoint answered with a 2xx status.",
        "EXHAUSTED": "The last attempt failed; the event stays in the log.",
        "DROPPED": "Can no longer be delivered: the endpoint was deleted, or became `CLASSIC`, which has no body for "
        "it; or the event is no longer in the log.",
    },
)
