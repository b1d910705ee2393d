"""The events that calls are moved by, with the few fields that move them.

`app.ari.events` reads every field of every event; that is four times the work, and half of what Asterisk sends changes
no call. Here a message is still read to its end as JSON, but only what is named below becomes an object; an event that
is none of these is an object without fields that says its type, and one that Asterisk does not describe an
`UnknownEvent`. The classes are called as Asterisk calls the events, so `type(signal).__name__` is the event's type.
"""

from datetime import datetime
from typing import Any, Final, TypeAlias, Union, cast

import msgspec

from app.ari.events import KNOWN_EVENT_TYPES, MalformedEvent, UnknownEvent, decode_event


class Named(msgspec.Struct, frozen=True, gc=False):
    """A channel, as far as its event only has to say which."""

    id: str


class NamedChannel(Named, frozen=True, gc=False):
    name: str


class ChannelInState(Named, frozen=True, gc=False):
    state: str


class ChannelWithVariables(Named, frozen=True, gc=False):
    channelvars: dict[str, str] | None = None


class CallingParty(msgspec.Struct, frozen=True, gc=False):
    """Who calls, as far as the far end says."""

    number: str = ""
    name: str = ""


class StartedChannel(NamedChannel, frozen=True, gc=False):
    caller: CallingParty = CallingParty()


class NamedRecording(msgspec.Struct, frozen=True, gc=False):
    name: str


class Signal(msgspec.Struct, frozen=True, gc=False, tag_field="type"):
    """Any event that Asterisk describes. This class itself stands for those that change no call."""


class Timed(Signal, frozen=True, gc=False, tag_field="type"):
    timestamp: datetime


class StasisStart(Timed, frozen=True, gc=False, tag_field="type", tag="StasisStart"):
    channel: StartedChannel
    args: tuple[str, ...] = ()
    replace_channel: Named | None = None


class ChannelStateChange(Timed, frozen=True, gc=False, tag_field="type", tag="ChannelStateChange"):
    channel: ChannelInState


class Dial(Timed, frozen=True, gc=False, tag_field="type", tag="Dial"):
    dialstatus: str
    peer: Named


class ChannelDestroyed(Timed, frozen=True, gc=False, tag_field="type", tag="ChannelDestroyed"):
    cause: int
    channel: ChannelWithVariables
    tech_cause: int | None = None


class ChannelDtmfReceived(Timed, frozen=True, gc=False, tag_field="type", tag="ChannelDtmfReceived"):
    digit: str
    duration_ms: int
    channel: Named


class RecordingStarted(Timed, frozen=True, gc=False, tag_field="type", tag="RecordingStarted"):
    recording: NamedRecording


class FinishedRecording(NamedRecording, frozen=True, gc=False):
    """``talking_duration`` is there when silence was to end it: whole seconds."""

    talking_duration: int | None = None


class RecordingFinished(Timed, frozen=True, gc=False, tag_field="type", tag="RecordingFinished"):
    recording: FinishedRecording


class RecordingFailed(Timed, frozen=True, gc=False, tag_field="type", tag="RecordingFailed"):
    recording: NamedRecording


class RunningPlayback(Named, frozen=True, gc=False):
    state: str


class PlaybackStarted(Timed, frozen=True, gc=False, tag_field="type", tag="PlaybackStarted"):
    playback: Named


class PlaybackFinished(Timed, frozen=True, gc=False, tag_field="type", tag="PlaybackFinished"):
    playback: RunningPlayback


_READ: Final[tuple[type[Signal], ...]] = (
    StasisStart,
    ChannelStateChange,
    Dial,
    ChannelDestroyed,
    ChannelDtmfReceived,
    RecordingStarted,
    RecordingFinished,
    RecordingFailed,
    PlaybackStarted,
    PlaybackFinished,
)
#: The types of event whose content is read. ``ApplicationReplaced`` is the stream's own business.
READ_EVENT_TYPES: Final = frozenset(kind.__name__ for kind in _READ)
#: Those that need not be sent to us at all.
UNREAD_EVENT_TYPES: Final = KNOWN_EVENT_TYPES - READ_EVENT_TYPES - {"ApplicationReplaced"}

_UNREAD: Final[tuple[type[Signal], ...]] = tuple(
    cast(
        "type[Signal]", msgspec.defstruct(name, [], bases=(Signal,), frozen=True, gc=False, tag_field="type", tag=name)
    )
    for name in sorted(KNOWN_EVENT_TYPES - READ_EVENT_TYPES)
)
_union: Any = Union[_READ + _UNREAD]  # noqa: UP007 -- made of a tuple
_decode: Final = msgspec.json.Decoder(_union).decode

AnySignal: TypeAlias = Signal | UnknownEvent | MalformedEvent


def decode_signal(message: bytes) -> AnySignal:
    """Read one websocket message. Never raises, whatever the message is."""
    try:
        signal: Signal = _decode(message)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        # The full reader tells the new type from the broken one.
        event = decode_event(message)
        if isinstance(event, UnknownEvent | MalformedEvent):
            return event
        return MalformedEvent(reason=str(error), event_type=type(event).__name__, raw="")
    return signal
