"""From Asterisk's events to the inputs of calls. Pure; whatever is not about a thing of ours gives nothing."""

from datetime import datetime
from typing import NamedTuple

from app.ari.events import (
    ChannelDestroyed,
    ChannelDtmfReceived,
    ChannelStateChange,
    Dial,
    Event,
    RecordingFailed,
    RecordingFinished,
    RecordingStarted,
    StasisStart,
)
from app.calls import inputs
from app.calls.names import leg_in, recorded_side


class Addressed(NamedTuple):
    """An input, the public id of the leg or recording it is about, and when Asterisk says it happened."""

    subject_id: str
    input: inputs.Input
    at: datetime | None


def translate(node: str, event: Event) -> Addressed | None:
    """What an event means for one of this node's calls, or None when it means nothing to any."""
    match event:
        case StasisStart():
            return _on_stasis_start(node, event)
        case ChannelStateChange():
            leg_id = leg_in(node, event.channel.id)
            match event.channel.state:
                case "Ringing" if leg_id:
                    return Addressed(leg_id, inputs.LegRinging(leg_id=leg_id), event.timestamp)
                case "Up" if leg_id:
                    return Addressed(leg_id, inputs.LegAnswered(leg_id=leg_id), event.timestamp)
                case _:
                    return None
        case Dial():
            leg_id = leg_in(node, event.peer.id)
            match event.dialstatus:
                case "RINGING" | "PROGRESS" if leg_id:
                    return Addressed(leg_id, inputs.LegRinging(leg_id=leg_id), event.timestamp)
                case "ANSWER" if leg_id:
                    return Addressed(leg_id, inputs.LegAnswered(leg_id=leg_id), event.timestamp)
                case _:
                    return None
        case ChannelDestroyed():
            return _on_destroyed(node, event)
        case ChannelDtmfReceived():
            leg_id = leg_in(node, event.channel.id)
            if leg_id is None:
                return None
            key = inputs.DtmfReceived(leg_id=leg_id, digit=event.digit, duration_milliseconds=event.duration_ms)
            return Addressed(leg_id, key, event.timestamp)
        case RecordingStarted() | RecordingFinished() | RecordingFailed():
            return _on_recording(node, event)
        case _:
            return None


def _on_stasis_start(node: str, event: StasisStart) -> Addressed | None:
    leg_id = leg_in(node, event.channel.id)
    if leg_id is not None:
        return Addressed(leg_id, inputs.LegCreated(leg_id=leg_id, channel_name=event.channel.name), event.timestamp)
    side = recorded_side(node, event.channel.id)
    if side is not None:
        recording_id, role = side
        return Addressed(recording_id, inputs.SnoopCreated(recording_id=recording_id, role=role), event.timestamp)
    return None


def _on_destroyed(node: str, event: ChannelDestroyed) -> Addressed | None:
    leg_id = leg_in(node, event.channel.id)
    if leg_id is None:
        return None
    end = inputs.LegDestroyed(leg_id=leg_id, cause=event.cause, sip_code=event.tech_cause)
    return Addressed(leg_id, end, event.timestamp)


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
