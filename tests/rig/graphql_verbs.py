"""The verbs of live calls as GraphQL's mutations: the name and the input of each."""

from typing import assert_never

from app.calls.core import verbs
from app.calls.core.media import tone_media
from app.calls.core.verbs import Verb
from app.facts.vocabulary import Tone
from app.flows.steps import Announcement, DialplanTarget, PlayFile, StreamTarget
from tests.rig.desk import Body

_TONES = {tone_media(tone): tone.value for tone in Tone}


def as_mutation(subject_id: str, verb: Verb) -> tuple[str, Body]:
    """The mutation that asks for a verb."""
    match verb:
        case verbs.Hold():
            return "holdCall", {"callId": subject_id, "legId": verb.leg_id}
        case verbs.Unhold():
            return "unholdCall", {"callId": subject_id, "legId": verb.leg_id}
        case verbs.Mute():
            return "muteLeg", {"legId": verb.leg_id, "direction": verb.direction.value}
        case verbs.Unmute():
            return "unmuteLeg", {"legId": verb.leg_id, "direction": verb.direction.value}
        case verbs.SendDtmf():
            return "sendDtmf", {
                "legId": verb.leg_id,
                "digits": verb.digits,
                "durationMilliseconds": verb.duration_milliseconds,
                "betweenMilliseconds": verb.between_milliseconds,
            }
        case verbs.SendMessage():
            return "sendSoftphoneMessage", {"callId": subject_id, "legId": verb.leg_id, "text": verb.message_text}
        case verbs.SetVoicePitch():
            return "setVoicePitch", {"callId": subject_id, "legId": verb.leg_id, "pitch": verb.pitch}
        case verbs.Play():
            # The service makes the playback's id.
            sounds = [_sound(media) for media in verb.media]
            return "playAudio", {"callId": subject_id, "legId": verb.leg_id, "sounds": sounds}
        case verbs.StopPlayback():
            return "stopPlayback", {"callId": subject_id, "playbackId": verb.playback_id}
        case verbs.StartTransfer():
            return "transferCall", _transfer(subject_id, verb)
        case verbs.StartSupervision():
            return "startSupervision", {
                "idempotencyKey": verb.idempotency_key,
                "callId": subject_id,
                "mode": verb.mode.value,
                "supervisor": _target(verb.supervisor),
                "ringSeconds": verb.ring_seconds,
            }
        case verbs.UpdateSupervision():
            return "updateSupervision", {"supervisionId": verb.supervision_id, "mode": verb.mode.value}
        case verbs.StopSupervision():
            return "stopSupervision", {"supervisionId": verb.supervision_id}
        case verbs.AddParticipant():
            return "addParticipant", {
                "idempotencyKey": verb.idempotency_key,
                "callId": subject_id,
                "target": _target(verb.target),
                "ringSeconds": verb.ring_seconds,
            }
        case verbs.RemoveParticipant():
            return "removeParticipant", {"legId": verb.leg_id}
        case verbs.StartMediaStream():
            # The service makes the stream's id.
            return "startMediaStream", {
                "legId": verb.leg_id,
                "url": verb.url,
                "sampleRate": verb.sample_rate,
                "parameters": [{"name": pair.key, "value": pair.value} for pair in verb.parameters],
            }
        case verbs.StopMediaStream():
            return "stopMediaStream", {"mediaStreamId": verb.stream_id}
        case verbs.CompleteTransfer():
            return "completeTransfer", {"callId": subject_id}
        case verbs.CancelTransfer():
            return "cancelTransfer", {"callId": subject_id}
        case verbs.StartRecording():
            # The service makes the recording's id.
            return "startRecording", {"callId": subject_id, "mode": verb.mode.value}
        case verbs.StopRecording():
            return "stopRecording", {"recordingId": verb.recording_id}
        case verbs.PauseRecording():
            return "pauseRecording", {"recordingId": verb.recording_id, "mode": verb.mode.value}
        case verbs.ResumeRecording():
            return "resumeRecording", {"recordingId": verb.recording_id}
        case _:
            assert_never(verb)


def _transfer(call_id: str, verb: verbs.StartTransfer) -> Body:
    return {
        "idempotencyKey": verb.idempotency_key,
        "callId": call_id,
        "kind": verb.kind.value,
        "target": _target(verb.target),
        "legId": verb.by,
        "ringSeconds": verb.ring_seconds,
        "consultSeconds": verb.consult_seconds,
        "recall": verb.recalls,
        "music": verb.with_music,
        "method": verb.method.value,
    }


def written_announcement(announcement: Announcement | None) -> Body | None:
    """An announcement as `CallTarget` takes it; a voice of its own is not written."""
    if announcement is None:
        return None
    sound = announcement.sound
    repeated = {"repeat": announcement.repeat, "pauseSeconds": announcement.pause_seconds}
    if isinstance(sound, PlayFile):
        return {"audioFileId": sound.audio_file_id, **repeated}
    if sound.template is None:
        return {"text": sound.text, **repeated}
    fields = [{"name": pair.key, "value": pair.value} for pair in sound.template.fields]
    return {"templateId": sound.template.template_id, "fields": fields, **repeated}


def written_stream(stream: StreamTarget | None) -> Body | None:
    """A program as `CallTarget` takes it."""
    if stream is None:
        return None
    parameters = [{"name": pair.key, "value": pair.value} for pair in stream.parameters]
    return {"url": stream.url, "sampleRate": stream.sample_rate, "parameters": parameters}


def written_dialplan(place: DialplanTarget | None) -> Body | None:
    """A place in the dialplan as `CallTarget` takes it."""
    return None if place is None else {"context": place.context, "extension": place.extension}


def _target(target: verbs.Target) -> Body:
    given = {
        "agentId": target.agent_id,
        "extension": target.extension,
        "number": target.number,
        "ringGroupId": target.ring_group_id,
        "queueId": target.queue_id,
        "callFlowId": target.call_flow_id,
        "announcement": written_announcement(target.announcement),
        "mediaStream": written_stream(target.media_stream),
        "dialplan": written_dialplan(target.dialplan),
    }
    return {name: value for name, value in given.items() if value is not None}


def _sound(media: str) -> Body:
    if media in _TONES:
        return {"tone": _TONES[media]}
    scheme, _, rest = media.partition(":")
    return {"digits": rest} if scheme == "digits" else {"installed": rest}
