"""From Asterisk's events to the inputs of calls. Pure; whatever is not about a thing of ours gives nothing."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec

from app.ari.signals import (
    AnySignal,
    ChannelDestroyed,
    ChannelDtmfReceived,
    ChannelStateChange,
    Dial,
    PlaybackFinished,
    PlaybackStarted,
    RecordingFailed,
    RecordingFinished,
    RecordingStarted,
    StasisStart,
)
from app.calls.arrival import Arrival, read_arrival
from app.calls.core import inputs
from app.calls.names import leg_in, playback_in, recorded_part, stream_in, tap_in
from app.calls.quality import parse_quality
from app.facts.vocabulary import AnsweredBy
from app.ids import LegId

#: ``channelvars`` in ari.conf names it, so that Asterisk sends it with its events.
QUALITY_VARIABLE: Final = "RTPAUDIOQOS"


#: The first argument with which the dialplan gives a leg back that it was lent.
REFERRED: Final = "referred"
#: Likewise, of a leg that was lent to find out what has answered; then AMD's verdict and its reason.
DETECTED: Final = "amd"
#: Likewise, of a leg that the operator's own dialplan had.
GIVEN_BACK: Final = "back"
_VERDICTS: Final = frozenset(AnsweredBy)
_LONGEST_CAUSE: Final = 64
_SIP_STATUS: Final = re.compile(r"[1-6][0-9]{2}", re.ASCII)


class Addressed(msgspec.Struct, frozen=True, gc=False):
    """An input, the public id of the leg or recording it is about, and when Asterisk says it happened."""

    subject_id: str
    input: inputs.Input
    at: datetime | None


class Known(NamedTuple):
    """How channels are told: by the name this node gave them, and, of those that came by themselves, by their legs."""

    node: str
    callers: Mapping[str, LegId]

    def leg_of(self, channel_id: str) -> LegId | None:
        """The leg whose channel this is."""
        return leg_in(self.node, channel_id) or self.callers.get(channel_id)


def translate(
    node: str, event: AnySignal, callers: Mapping[str, LegId] = MappingProxyType({})
) -> Addressed | Arrival | None:
    """What an event means for one of this node's calls, or None when it means nothing to any.

    ``callers`` are the channels that came to us by themselves, with their legs.
    """
    read = _READERS.get(type(event))
    return None if read is None else read(Known(node, callers), event)


def _on_stasis_start(known: Known, event: StasisStart) -> Addressed | Arrival | None:
    if event.args[:1] == (REFERRED,):
        return _on_referred(known, event)
    if event.args[:1] == (DETECTED,):
        return _on_detected(known, event)
    if event.args[:1] == (GIVEN_BACK,):
        return _on_given_back(known, event)
    leg_id = leg_in(known.node, event.channel.id)
    if leg_id is not None:
        return Addressed(leg_id, inputs.LegCreated(leg_id=leg_id, channel_name=event.channel.name), event.timestamp)
    part = recorded_part(known.node, event.channel.id)
    if part is not None:
        return Addressed(part.recording_id, inputs.SnoopCreated(**part._asdict()), event.timestamp)
    tap = tap_in(known.node, event.channel.id)
    if tap is not None:
        ready = inputs.TapReady(supervision_id=tap.supervision_id, number=tap.number, kind=tap.kind)
        return Addressed(tap.supervision_id, ready, event.timestamp)
    stream_id = stream_in(known.node, event.channel.id)
    if stream_id is not None:
        return Addressed(stream_id, inputs.StreamReady(stream_id=stream_id), event.timestamp)
    channel = event.channel
    return read_arrival(channel.id, channel.name, event.args, channel.caller.number, channel.caller.name)


def _on_referred(known: Known, event: StasisStart) -> Addressed | None:
    """The dialplan gives a leg back whose device was told to call somebody."""
    leg_id = known.leg_of(event.channel.id)
    if leg_id is None:
        return None
    status, code = (*event.args[1:], "", "")[:2]
    back = inputs.LegReferred(
        leg_id=leg_id,
        is_done=status == "SUCCESS",
        is_timed_out=status == "TIMEOUT",
        sip_code=int(code) if _SIP_STATUS.fullmatch(code) else None,
    )
    return Addressed(leg_id, back, event.timestamp)


def _on_detected(known: Known, event: StasisStart) -> Addressed | None:
    """The dialplan gives a leg back that it has listened to. A verdict of another Asterisk's is none."""
    leg_id = known.leg_of(event.channel.id)
    if leg_id is None:
        return None
    status, cause, silence = (*event.args[1:], "", "", "")[:3]
    verdict = AnsweredBy(status) if status in _VERDICTS else AnsweredBy.UNKNOWN
    back = inputs.LegDetected(
        leg_id=leg_id, answered_by=verdict, cause=cause[:_LONGEST_CAUSE], is_after_beep=silence == "SILENCE"
    )
    return Addressed(leg_id, back, event.timestamp)


def _on_given_back(known: Known, event: StasisStart) -> Addressed | None:
    """The operator's dialplan is done with a leg."""
    leg_id = known.leg_of(event.channel.id)
    return None if leg_id is None else Addressed(leg_id, inputs.LegGivenBack(leg_id=leg_id), event.timestamp)


def _on_state_change(known: Known, event: ChannelStateChange) -> Addressed | None:
    channel = event.channel
    kind = _MEANING_OF_STATE.get(channel.state)
    if kind is None:
        return None
    leg_id = known.leg_of(channel.id)
    return None if leg_id is None else Addressed(leg_id, kind(leg_id=leg_id), event.timestamp)


def _on_dial(known: Known, event: Dial) -> Addressed | None:
    kind = _MEANING_OF_DIAL.get(event.dialstatus)
    if kind is None:
        return None
    leg_id = known.leg_of(event.peer.id)
    return None if leg_id is None else Addressed(leg_id, kind(leg_id=leg_id), event.timestamp)


def _on_destroyed(known: Known, event: ChannelDestroyed) -> Addressed | None:
    leg_id = known.leg_of(event.channel.id)
    if leg_id is None:
        return None
    quality = parse_quality((event.channel.channelvars or {}).get(QUALITY_VARIABLE, ""))
    end = inputs.LegDestroyed(leg_id=leg_id, cause=event.cause, sip_code=event.tech_cause, quality=quality)
    return Addressed(leg_id, end, event.timestamp)


def _on_dtmf(known: Known, event: ChannelDtmfReceived) -> Addressed | None:
    leg_id = known.leg_of(event.channel.id)
    if leg_id is None:
        return None
    key = inputs.DtmfReceived(leg_id=leg_id, digit=event.digit, duration_milliseconds=event.duration_ms)
    return Addressed(leg_id, key, event.timestamp)


def _on_recording(known: Known, event: RecordingStarted | RecordingFinished | RecordingFailed) -> Addressed | None:
    part = recorded_part(known.node, event.recording.name)
    if part is None:
        return None
    match event:
        case RecordingStarted():
            start = inputs.PartStarted(**part._asdict(), at=event.timestamp)
            return Addressed(part.recording_id, start, event.timestamp)
        case RecordingFinished():
            talking_seconds = event.recording.talking_duration
            stop = inputs.PartStopped(**part._asdict(), at=event.timestamp, talking_seconds=talking_seconds)
            return Addressed(part.recording_id, stop, event.timestamp)
        case RecordingFailed():
            failure = "Asterisk could not write the recording"
            stop = inputs.PartStopped(**part._asdict(), failure=failure)
            return Addressed(part.recording_id, stop, event.timestamp)


def _on_playback_started(known: Known, event: PlaybackStarted) -> Addressed | None:
    playback_id = playback_in(known.node, event.playback.id)
    if playback_id is None:
        return None
    return Addressed(playback_id, inputs.SoundStarted(playback_id=playback_id), event.timestamp)


def _on_playback_finished(known: Known, event: PlaybackFinished) -> Addressed | None:
    playback_id = playback_in(known.node, event.playback.id)
    if playback_id is None:
        return None
    failure = None if event.playback.state == "done" else "Asterisk could not play it"
    return Addressed(playback_id, inputs.SoundEnded(playback_id=playback_id, failure=failure), event.timestamp)


_Meaning: TypeAlias = type[inputs.LegRinging] | type[inputs.LegAnswered]
_MEANING_OF_STATE: Final[dict[str, _Meaning]] = {"Ringing": inputs.LegRinging, "Up": inputs.LegAnswered}
# How a dial that failed ended comes with the channel's end.
_MEANING_OF_DIAL: Final[dict[str, _Meaning]] = {
    "RINGING": inputs.LegRinging,
    "PROGRESS": inputs.LegRinging,
    "ANSWER": inputs.LegAnswered,
}
# By class instead of by `match`: an event passes here a thousand times a second. The classes are those of each
# function's second parameter.
_READERS: Final[dict[type, Callable[[Known, Any], Addressed | Arrival | None]]] = {
    StasisStart: _on_stasis_start,
    ChannelStateChange: _on_state_change,
    Dial: _on_dial,
    ChannelDestroyed: _on_destroyed,
    ChannelDtmfReceived: _on_dtmf,
    RecordingStarted: _on_recording,
    RecordingFinished: _on_recording,
    RecordingFailed: _on_recording,
    PlaybackStarted: _on_playback_started,
    PlaybackFinished: _on_playback_finished,
}
