"""From Asterisk's events to the inputs of calls. Pure; whatever is not about a thing of ours gives nothing."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, TypeAlias

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
from app.calls.core import inputs
from app.calls.names import leg_in, playback_in, recorded_side


class Addressed(msgspec.Struct, frozen=True, gc=False):
    """An input, the public id of the leg or recording it is about, and when Asterisk says it happened."""

    subject_id: str
    input: inputs.Input
    at: datetime | None


def translate(node: str, event: AnySignal) -> Addressed | None:
    """What an event means for one of this node's calls, or None when it means nothing to any."""
    read = _READERS.get(type(event))
    return None if read is None else read(node, event)


def _on_stasis_start(node: str, event: StasisStart) -> Addressed | None:
    leg_id = leg_in(node, event.channel.id)
    if leg_id is not None:
        return Addressed(leg_id, inputs.LegCreated(leg_id=leg_id, channel_name=event.channel.name), event.timestamp)
    side = recorded_side(node, event.channel.id)
    if side is not None:
        recording_id, role = side
        return Addressed(recording_id, inputs.SnoopCreated(recording_id=recording_id, role=role), event.timestamp)
    return None


def _on_state_change(node: str, event: ChannelStateChange) -> Addressed | None:
    channel = event.channel
    kind = _MEANING_OF_STATE.get(channel.state)
    if kind is None:
        return None
    leg_id = leg_in(node, channel.id)
    return None if leg_id is None else Addressed(leg_id, kind(leg_id=leg_id), event.timestamp)


def _on_dial(node: str, event: Dial) -> Addressed | None:
    kind = _MEANING_OF_DIAL.get(event.dialstatus)
    if kind is None:
        return None
    leg_id = leg_in(node, event.peer.id)
    return None if leg_id is None else Addressed(leg_id, kind(leg_id=leg_id), event.timestamp)


def _on_destroyed(node: str, event: ChannelDestroyed) -> Addressed | None:
    leg_id = leg_in(node, event.channel.id)
    if leg_id is None:
        return None
    end = inputs.LegDestroyed(leg_id=leg_id, cause=event.cause, sip_code=event.tech_cause)
    return Addressed(leg_id, end, event.timestamp)


def _on_dtmf(node: str, event: ChannelDtmfReceived) -> Addressed | None:
    leg_id = leg_in(node, event.channel.id)
    if leg_id is None:
        return None
    key = inputs.DtmfReceived(leg_id=leg_id, digit=event.digit, duration_milliseconds=event.duration_ms)
    return Addressed(leg_id, key, event.timestamp)


def _on_recording(node: str, event: RecordingStarted | RecordingFinished | RecordingFailed) -> Addressed | None:
    side = recorded_side(node, event.recording.name)
    if side is None:
        return None
    recording_id, role = side
    match event:
        case RecordingStarted():
            start = inputs.PartStarted(recording_id=recording_id, role=role, at=event.timestamp)
            return Addressed(recording_id, start, event.timestamp)
        case RecordingFinished():
            stop = inputs.PartStopped(recording_id=recording_id, role=role, at=event.timestamp)
            return Addressed(recording_id, stop, event.timestamp)
        case RecordingFailed():
            failure = "Asterisk could not write the recording"
            stop = inputs.PartStopped(recording_id=recording_id, role=role, failure=failure)
            return Addressed(recording_id, stop, event.timestamp)


def _on_playback_started(node: str, event: PlaybackStarted) -> Addressed | None:
    playback_id = playback_in(node, event.playback.id)
    if playback_id is None:
        return None
    return Addressed(playback_id, inputs.SoundStarted(playback_id=playback_id), event.timestamp)


def _on_playback_finished(node: str, event: PlaybackFinished) -> Addressed | None:
    playback_id = playback_in(node, event.playback.id)
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
_READERS: Final[dict[type, Callable[[str, Any], Addressed | None]]] = {
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
