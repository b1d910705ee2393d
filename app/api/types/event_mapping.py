"""From an event of the log to its GraphQL type. Field names are the facts' own, so one rule serves all."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec
import strawberry

from app.api.scalars import Long
from app.api.types import (
    call_events,
    campaign_events,
    dnc_events,
    errand_events,
    flow_events,
    job_events,
    line_events,
    media_stream_events,
    other_events,
    playback_events,
    queue_events,
    supervision_events,
    transcript_events,
    transfer_events,
    usage_events,
)
from app.api.types.cdr import Cdr
from app.api.types.enums.events import EventType
from app.api.types.event import Event, EventLeg
from app.api.types.job import JobCounts
from app.api.types.values import Actor, EndReason, MetadataPair, Money, Party
from app.facts import (
    callbacks,
    calls,
    campaigns,
    dnc,
    event,
    flows,
    jobs,
    lines,
    media_streams,
    otps,
    playbacks,
    queues,
    recordings,
    supervisions,
    transcripts,
    transfers,
    usage,
    vocabulary,
    webhooks,
)
from app.facts.calls import CallRef, Fact
from app.facts.masking import Sight, mask_digits
from app.facts.transfers import TransferFact
from app.paging import CursorSigner

#: The GraphQL type of each fact; a test keeps it equal to the catalogue, and the fields to the facts'.
EVENT_TYPES: Final[Mapping[type[Fact], type[Event]]] = MappingProxyType(
    {
        calls.CallCreated: call_events.CallCreatedEvent,
        calls.CallUpdated: call_events.CallUpdatedEvent,
        calls.MachineDetectionFinished: call_events.MachineDetectionFinishedEvent,
        calls.LegDialing: call_events.LegDialingEvent,
        calls.LegRinging: call_events.LegRingingEvent,
        calls.LegAnswered: call_events.LegAnsweredEvent,
        calls.LegHeld: call_events.LegHeldEvent,
        calls.LegUnheld: call_events.LegUnheldEvent,
        calls.LegMuted: call_events.LegMutedEvent,
        calls.LegUnmuted: call_events.LegUnmutedEvent,
        calls.LegEnded: call_events.LegEndedEvent,
        calls.CallConnected: call_events.CallConnectedEvent,
        calls.DtmfReceived: call_events.DtmfReceivedEvent,
        calls.CallRecovered: call_events.CallRecoveredEvent,
        calls.CallEnded: call_events.CallEndedEvent,
        playbacks.PlaybackStarted: playback_events.PlaybackStartedEvent,
        playbacks.PlaybackFinished: playback_events.PlaybackFinishedEvent,
        playbacks.PlaybackFailed: playback_events.PlaybackFailedEvent,
        transfers.TransferStarted: transfer_events.TransferStartedEvent,
        transfers.TransferCompleted: transfer_events.TransferCompletedEvent,
        transfers.TransferCancelled: transfer_events.TransferCancelledEvent,
        transfers.TransferFailed: transfer_events.TransferFailedEvent,
        supervisions.SupervisionStarted: supervision_events.SupervisionStartedEvent,
        supervisions.SupervisionChanged: supervision_events.SupervisionChangedEvent,
        supervisions.SupervisionEnded: supervision_events.SupervisionEndedEvent,
        supervisions.ParticipantJoined: supervision_events.ParticipantJoinedEvent,
        supervisions.ParticipantLeft: supervision_events.ParticipantLeftEvent,
        media_streams.MediaStreamConnected: media_stream_events.MediastreamConnectedEvent,
        media_streams.MediaStreamEnded: media_stream_events.MediastreamEndedEvent,
        media_streams.MediaStreamFailed: media_stream_events.MediastreamFailedEvent,
        queues.CallWaiting: queue_events.CallWaitingEvent,
        queues.QueueJoined: queue_events.QueueJoinedEvent,
        queues.QueueOffered: queue_events.QueueOfferedEvent,
        queues.QueueLeft: queue_events.QueueLeftEvent,
        queues.QueueAbandoned: queue_events.QueueAbandonedEvent,
        queues.AgentStateChanged: queue_events.AgentStateChangedEvent,
        flows.FlowStarted: flow_events.FlowStartedEvent,
        flows.FlowStepEntered: flow_events.FlowStepEnteredEvent,
        flows.FlowGathered: flow_events.FlowGatheredEvent,
        flows.FlowEnded: flow_events.FlowEndedEvent,
        flows.VoicemailReceived: flow_events.VoicemailReceivedEvent,
        recordings.RecordingStarted: other_events.RecordingStartedEvent,
        recordings.RecordingPaused: other_events.RecordingPausedEvent,
        recordings.RecordingResumed: other_events.RecordingResumedEvent,
        recordings.RecordingSaved: other_events.RecordingSavedEvent,
        recordings.RecordingFailed: other_events.RecordingFailedEvent,
        recordings.RecordingDeleted: other_events.RecordingDeletedEvent,
        campaigns.CampaignCreated: campaign_events.CampaignCreatedEvent,
        campaigns.CampaignStarted: campaign_events.CampaignStartedEvent,
        campaigns.CampaignPaused: campaign_events.CampaignPausedEvent,
        campaigns.CampaignResumed: campaign_events.CampaignResumedEvent,
        campaigns.CampaignStopped: campaign_events.CampaignStoppedEvent,
        campaigns.CampaignFinished: campaign_events.CampaignFinishedEvent,
        campaigns.ContactAttempted: campaign_events.ContactAttemptedEvent,
        campaigns.ContactSkipped: campaign_events.ContactSkippedEvent,
        campaigns.ContactFinished: campaign_events.ContactFinishedEvent,
        dnc.DncEntryAdded: dnc_events.DncEntryAddedEvent,
        otps.OtpAnnounced: errand_events.OtpAnnouncedEvent,
        otps.OtpFailed: errand_events.OtpFailedEvent,
        otps.OtpVerified: errand_events.OtpVerifiedEvent,
        callbacks.CallbackScheduled: errand_events.CallbackScheduledEvent,
        callbacks.CallbackUpdated: errand_events.CallbackUpdatedEvent,
        callbacks.CallbackCancelled: errand_events.CallbackCancelledEvent,
        callbacks.CallbackStarted: errand_events.CallbackStartedEvent,
        callbacks.CallbackCompleted: errand_events.CallbackCompletedEvent,
        callbacks.CallbackFailed: errand_events.CallbackFailedEvent,
        transcripts.TranscriptReady: transcript_events.TranscriptReadyEvent,
        transcripts.TranscriptFailed: transcript_events.TranscriptFailedEvent,
        jobs.JobFinished: job_events.JobFinishedEvent,
        jobs.JobFailed: job_events.JobFailedEvent,
        jobs.JobCancelled: job_events.JobCancelledEvent,
        lines.DeviceRegistered: line_events.DeviceRegisteredEvent,
        lines.DeviceUnregistered: line_events.DeviceUnregisteredEvent,
        lines.TrunkDown: line_events.TrunkDownEvent,
        lines.TrunkUp: line_events.TrunkUpEvent,
        usage.UsageLimitReached: usage_events.UsageLimitReachedEvent,
        usage.AccountSuspended: usage_events.AccountSuspendedEvent,
        usage.AccountResumed: usage_events.AccountResumedEvent,
        webhooks.WebhookTest: other_events.WebhookTestEvent,
        webhooks.WebhookTriggered: other_events.WebhookTriggeredEvent,
        webhooks.WebhookExhausted: other_events.WebhookExhaustedEvent,
        webhooks.WebhookDisabled: other_events.WebhookDisabledEvent,
    }
)


_NO_ERRAND: Final = vocabulary.Errand()
#: Where a call event has a field of that name already.
_RENAMED: Final = {"kind": "transfer_kind"}


def event_maker(sight: Sight, signer: CursorSigner) -> Callable[[event.Event], Event]:
    """Makes GraphQL's event of the log's, as far as the caller may see it."""

    def make(one: event.Event) -> Event:
        return EVENT_TYPES[type(one.fact)](
            id=strawberry.ID(one.id),
            cursor=signer.write((one.sequence,)),
            type=EventType(one.type),
            timestamp=one.timestamp,
            sequence=Long(one.sequence),
            subject_id=strawberry.ID(one.subject_id),
            call_sequence=one.call_sequence,
            actor=Actor.of(one.actor),
            request_id=one.request_id,
            sandbox=one.is_sandbox,
            **_payload(one.fact, sight),
        )

    return make


def _payload(fact: Fact, sight: Sight) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name in fact.__struct_fields__:
        value = getattr(fact, name)
        if isinstance(value, CallRef):
            values |= _call_fields(value, sight)
        elif name in {"digit", "digits"}:
            values[name] = value if sight.has_digits else mask_digits(value)
        elif name in _RENAMED and isinstance(fact, TransferFact):
            values[_RENAMED[name]] = value
        elif name == "event_type":
            values[name] = EventType(value)
        else:
            values[name] = _present(value, sight)
    return values


def _present(value: object, sight: Sight) -> object:
    match value:
        case vocabulary.Party():
            return Party.of(value, sight)
        case vocabulary.EndReason():
            return EndReason.of(value)
        case calls.LegRef():
            return EventLeg.of(value, sight)
        case calls.CdrRecord():
            return Cdr.of(value, sight)
        case vocabulary.Money():
            return Money.of(value)
        case jobs.Counts():
            return JobCounts.of(value)
        case tuple():
            return list(value)
        case _:
            return value


def _call_fields(call: CallRef, sight: Sight) -> dict[str, Any]:
    return {
        "call_id": strawberry.ID(call.id),
        "kind": call.kind,
        "direction": call.direction,
        "unique_id": call.unique_id,
        "dialled_number": Party.of_dialled(call.dialled_number, sight),
        "extension": call.extension,
        "caller_id": Party.of_number(call.caller_id, sight),
        "external_id": call.external_id,
        "metadata": MetadataPair.of_all(call.metadata),
        "tags": list(call.tags),
        **msgspec.structs.asdict(call.errand or _NO_ERRAND),
    }
