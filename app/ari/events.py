"""ARI events as a closed union, and the one function that reads them off the wire.

`Event` is every event type Asterisk describes, `UnknownEvent` for those it does not (yet), and `MalformedEvent`
for what cannot be read at all. Reading never raises: a stream must outlive any message.
"""

from typing import Any, TypeAlias

import msgspec

from app.ari._generated import events as generated
from app.ari._generated.events import (
    ApplicationMoveFailed,
    ApplicationRegistered,
    ApplicationReplaced,
    ApplicationUnregistered,
    AriEvent,
    BridgeAttendedTransfer,
    BridgeBlindTransfer,
    BridgeCreated,
    BridgeDestroyed,
    BridgeMerged,
    BridgeVideoSourceChanged,
    CallBroadcast,
    CallClaimed,
    ChannelCallerId,
    ChannelConnectedLine,
    ChannelCreated,
    ChannelDestroyed,
    ChannelDialplan,
    ChannelDtmfReceived,
    ChannelEnteredBridge,
    ChannelHangupRequest,
    ChannelHold,
    ChannelLeftBridge,
    ChannelStateChange,
    ChannelTalkingFinished,
    ChannelTalkingStarted,
    ChannelToneDetected,
    ChannelTransfer,
    ChannelUnhold,
    ChannelUserevent,
    ChannelVarset,
    ContactStatusChange,
    DeviceStateChanged,
    Dial,
    EndpointStateChange,
    KnownEvent,
    PeerStatusChange,
    PlaybackContinuing,
    PlaybackFinished,
    PlaybackStarted,
    RecordingFailed,
    RecordingFinished,
    RecordingStarted,
    StasisEnd,
    StasisStart,
    TextMessageReceived,
)

RAW_KEPT_CHARACTERS = 2_000


class UnknownEvent(msgspec.Struct, frozen=True):
    """A JSON object with a `type` that this Asterisk's description does not name."""

    type: str
    raw: dict[str, Any]


class MalformedEvent(msgspec.Struct, frozen=True):
    """A message that is not an event: no JSON, no `type`, or a known type without a field it must have.

    `raw` is the beginning of the message (at most 2,000 characters); it may hold numbers and digits, so it does
    not belong in a log. Whoever gets one may have missed something: looking at Asterisk's channels tells.
    """

    reason: str
    event_type: str | None
    raw: str

    def __repr__(self) -> str:
        return f"MalformedEvent(reason={self.reason!r}, event_type={self.event_type!r}, {len(self.raw)} characters)"


Event: TypeAlias = KnownEvent | UnknownEvent | MalformedEvent

_decoder: msgspec.json.Decoder[KnownEvent] = msgspec.json.Decoder(KnownEvent)
KNOWN_EVENT_TYPES = frozenset(
    name
    for name, value in vars(generated).items()
    if isinstance(value, type) and issubclass(value, AriEvent) and value is not AriEvent
)


def decode_event(message: str | bytes) -> Event:
    """Read one websocket message. Never raises, whatever the message is."""
    try:
        return _decoder.decode(message)
    except msgspec.ValidationError as error:
        return _decode_unexpected(message, reason=str(error))
    except (msgspec.DecodeError, UnicodeError) as error:
        # Not JSON, or not UTF-8: nothing more can be learned from it.
        return _malformed(message, reason=str(error))
    except RecursionError:
        return _malformed(message, reason="nested too deeply")


def _decode_unexpected(message: str | bytes, *, reason: str) -> Event:
    """It is JSON, but not an event we know: tell the new type from the broken one."""
    try:
        raw = msgspec.json.decode(message)
    except (msgspec.DecodeError, UnicodeError) as error:
        # The typed reader stops at the first surprise, so the rest of the text may still not be JSON.
        return _malformed(message, reason=str(error))
    except RecursionError:
        return _malformed(message, reason="nested too deeply")
    if not isinstance(raw, dict) or not isinstance(raw.get("type"), str):
        return _malformed(message, reason=reason)
    if raw["type"] in KNOWN_EVENT_TYPES:
        return _malformed(message, reason=reason, event_type=raw["type"])
    return UnknownEvent(type=raw["type"], raw=raw)


def _malformed(message: str | bytes, *, reason: str, event_type: str | None = None) -> MalformedEvent:
    start = message[: RAW_KEPT_CHARACTERS * 4]
    text = start if isinstance(start, str) else start.decode("utf-8", errors="replace")
    return MalformedEvent(reason=reason, event_type=event_type, raw=text[:RAW_KEPT_CHARACTERS])


__all__ = [
    "KNOWN_EVENT_TYPES",
    "ApplicationMoveFailed",
    "ApplicationRegistered",
    "ApplicationReplaced",
    "ApplicationUnregistered",
    "AriEvent",
    "BridgeAttendedTransfer",
    "BridgeBlindTransfer",
    "BridgeCreated",
    "BridgeDestroyed",
    "BridgeMerged",
    "BridgeVideoSourceChanged",
    "CallBroadcast",
    "CallClaimed",
    "ChannelCallerId",
    "ChannelConnectedLine",
    "ChannelCreated",
    "ChannelDestroyed",
    "ChannelDialplan",
    "ChannelDtmfReceived",
    "ChannelEnteredBridge",
    "ChannelHangupRequest",
    "ChannelHold",
    "ChannelLeftBridge",
    "ChannelStateChange",
    "ChannelTalkingFinished",
    "ChannelTalkingStarted",
    "ChannelToneDetected",
    "ChannelTransfer",
    "ChannelUnhold",
    "ChannelUserevent",
    "ChannelVarset",
    "ContactStatusChange",
    "DeviceStateChanged",
    "Dial",
    "EndpointStateChange",
    "Event",
    "KnownEvent",
    "MalformedEvent",
    "PeerStatusChange",
    "PlaybackContinuing",
    "PlaybackFinished",
    "PlaybackStarted",
    "RecordingFailed",
    "RecordingFinished",
    "RecordingStarted",
    "StasisEnd",
    "StasisStart",
    "TextMessageReceived",
    "UnknownEvent",
    "decode_event",
]
