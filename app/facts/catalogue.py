"""Every fact type by its public name, how it is written as JSON, and its JSON Schema.

The public name (``call.connected``), the GraphQL enum value (``CALL_CONNECTED``) and the Python class are three
spellings of one thing; the mapping is this file and nothing else.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

import msgspec
import orjson

from app.facts import (
    callbacks,
    calls,
    campaigns,
    dnc,
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
    webhooks,
)
from app.facts.calls import Fact
from app.facts.event import Actor, Event
from app.facts.recordings import SignedUrl
from app.facts.vocabulary import Errand, Words

FACT_TYPES: Final[Mapping[str, type[Fact]]] = MappingProxyType(
    {
        fact.type: fact
        for fact in (
            calls.CallCreated,
            calls.CallUpdated,
            calls.LegDialing,
            calls.LegRinging,
            calls.LegAnswered,
            calls.MachineDetectionFinished,
            calls.LegHeld,
            calls.LegUnheld,
            calls.LegMuted,
            calls.LegUnmuted,
            calls.LegEnded,
            calls.CallConnected,
            calls.DtmfReceived,
            calls.CallRecovered,
            calls.CallEnded,
            playbacks.PlaybackStarted,
            playbacks.PlaybackFinished,
            playbacks.PlaybackFailed,
            transfers.TransferStarted,
            transfers.TransferCompleted,
            transfers.TransferCancelled,
            transfers.TransferFailed,
            supervisions.SupervisionStarted,
            supervisions.SupervisionChanged,
            supervisions.SupervisionEnded,
            supervisions.ParticipantJoined,
            supervisions.ParticipantLeft,
            media_streams.MediaStreamConnected,
            media_streams.MediaStreamEnded,
            media_streams.MediaStreamFailed,
            queues.CallWaiting,
            queues.QueueJoined,
            queues.QueueOffered,
            queues.QueueLeft,
            queues.QueueAbandoned,
            queues.AgentStateChanged,
            flows.FlowStarted,
            flows.FlowStepEntered,
            flows.FlowGathered,
            flows.FlowEnded,
            flows.VoicemailReceived,
            recordings.RecordingStarted,
            recordings.RecordingPaused,
            recordings.RecordingResumed,
            recordings.RecordingSaved,
            recordings.RecordingFailed,
            recordings.RecordingDeleted,
            campaigns.CampaignCreated,
            campaigns.CampaignStarted,
            campaigns.CampaignPaused,
            campaigns.CampaignResumed,
            campaigns.CampaignStopped,
            campaigns.CampaignFinished,
            campaigns.ContactAttempted,
            campaigns.ContactSkipped,
            campaigns.ContactFinished,
            dnc.DncEntryAdded,
            usage.UsageLimitReached,
            usage.AccountSuspended,
            usage.AccountResumed,
            otps.OtpAnnounced,
            otps.OtpFailed,
            otps.OtpVerified,
            callbacks.CallbackScheduled,
            callbacks.CallbackUpdated,
            callbacks.CallbackCancelled,
            callbacks.CallbackStarted,
            callbacks.CallbackCompleted,
            callbacks.CallbackFailed,
            transcripts.TranscriptReady,
            transcripts.TranscriptFailed,
            jobs.JobFinished,
            jobs.JobFailed,
            jobs.JobCancelled,
            lines.DeviceRegistered,
            lines.DeviceUnregistered,
            lines.TrunkDown,
            lines.TrunkUp,
            webhooks.WebhookTest,
            webhooks.WebhookTriggered,
            webhooks.WebhookExhausted,
            webhooks.WebhookDisabled,
        )
    }
)

#: Structs that are written without what has not been given.
_LEAVES_OUT: Final = frozenset({Errand.__name__})

_ENCODER: Final = msgspec.json.Encoder()
_DECODERS: Final = {name: msgspec.json.Decoder(fact) for name, fact in FACT_TYPES.items()}


def decode_fact(event_type: str, payload: bytes | str) -> Fact:
    """The fact behind a stored payload.

    Raises:
        KeyError: the type is not in the catalogue.
        msgspec.ValidationError: the payload is not of its type's form.
    """
    return _DECODERS[event_type].decode(payload)


def graphql_name(event_type: str) -> str:
    """The GraphQL enum value of an event type: ``call.connected`` is ``CALL_CONNECTED``."""
    return event_type.replace(".", "_").upper()


def in_public_words(docstring: str) -> str:
    """A docstring as readers outside get it: one line, single backticks, names of fields as in JSON."""
    line = " ".join(docstring.split()).replace("``", "`")
    return re.sub(r"`[a-z]+(?:_[a-z]+)+`", lambda name: re.sub("_(.)", lambda head: head[1].upper(), name[0]), line)


_TIMESTAMP: Final = (
    "When it was taken down, UTC; it never runs backwards within a call. What Asterisk told late happened earlier: "
    "instants in the data, such as answeredAt, say when."
)
_FULL_INSTANT: Final = len('"2026-01-31T09:30:00.000000Z"')


def rfc3339(instant: datetime) -> str:
    """An instant as every surface writes it: UTC, microseconds, ``Z``."""
    quick = orjson.dumps(instant, option=orjson.OPT_UTC_Z)
    if len(quick) == _FULL_INSTANT:
        return quick[1:-1].decode("ascii")
    # Another zone, or a fraction that is zero, which orjson leaves out.
    return instant.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def encode_event(event: Event, *, signed_url: SignedUrl | None = None) -> bytes:
    """An event as webhooks and dashboards get it: the envelope with the fact under ``data``.

    ``signed_url`` goes beside it: it is made for one attempt at a webhook and is no part of what happened.
    """
    link = {} if signed_url is None else {"signedUrl": signed_url}
    test = {"test": True} if event.is_test else {}
    return _ENCODER.encode(
        {
            "id": event.id,
            "type": event.type,
            "timestamp": rfc3339(event.timestamp),
            "sequence": event.sequence,
            "subjectId": event.subject_id,
            "callSequence": event.call_sequence,
            "actor": event.actor,
            "requestId": event.request_id,
            "sandbox": event.is_sandbox,
            "data": event.fact,
            **link,
            **test,
        }
    )


def json_schema(event_type: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of one event as webhooks carry it: the envelope, with the fact under ``data``.

    Raises:
        KeyError: there is no such event type.
    """
    fact, definitions = _components(FACT_TYPES[event_type])
    actor, more = _components(Actor)
    properties: dict[str, Any] = {
        "id": {"type": "string", "description": "The event's id; the same over retries and replays."},
        "type": {"const": event_type},
        "timestamp": {"type": "string", "format": "date-time", "description": _TIMESTAMP},
        "sequence": {"type": "integer", "description": "The event's number in the account's log; it may have holes."},
        "subjectId": {"type": "string", "description": "What the event is about, mostly a call."},
        "callSequence": {"type": ["integer", "null"], "description": "1, 2, 3 … within a call."},
        "actor": actor,
        "requestId": {"type": ["string", "null"], "description": "The request that set it in motion."},
        "sandbox": {"type": "boolean", "description": "Whether it happened in the sandbox."},
        "data": fact,
    }
    required = list(properties)
    properties["test"] = {
        "const": True,
        "description": "Only in samples that somebody asked for (triggerEvent): nothing of this happened.",
    }
    if event_type == recordings.RecordingSaved.type:
        link, link_definitions = _components(SignedUrl)
        more |= link_definitions
        properties["signedUrl"] = {
            **link,
            "description": "Where to fetch it: in webhooks to endpoints that may, made anew for each attempt.",
        }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": event_type,
        "description": in_public_words(FACT_TYPES[event_type].__doc__ or ""),
        "type": "object",
        "properties": properties,
        "required": required,
        "$defs": {**definitions, **more},
    }


def _components(struct: type[Words]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The schema of a struct as it is written, and of all in it.

    msgspec's is that of what it reads, where a field that has a default may be missing. It writes all of them, but for
    structs that leave out what has not been given.
    """
    (schema,), definitions = msgspec.json.schema_components((struct,), ref_template="#/$defs/{name}")
    for name, definition in definitions.items():
        if "description" in definition:
            definition["description"] = in_public_words(definition["description"])
        if "properties" in definition and name not in _LEAVES_OUT:
            definition["required"] = list(definition["properties"])
    return schema, definitions
