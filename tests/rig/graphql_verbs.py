"""The verbs of live calls as GraphQL's mutations: the name and the input of each."""

from typing import assert_never

from app.calls.core import verbs
from app.calls.core.media import tone_media
from app.calls.core.verbs import Verb
from app.facts.vocabulary import Tone
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
        case verbs.Play():
            # The service makes the playback's id.
            sounds = [_sound(media) for media in verb.media]
            return "playAudio", {"callId": subject_id, "legId": verb.leg_id, "sounds": sounds}
        case verbs.StopPlayback():
            return "stopPlayback", {"callId": subject_id, "playbackId": verb.playback_id}
        case verbs.StartTransfer():
            return "transferCall", _transfer(subject_id, verb)
        case verbs.CompleteTransfer():
            return "completeTransfer", {"callId": subject_id}
        case verbs.CancelTransfer():
            return "cancelTransfer", {"callId": subject_id}
        case _:
            assert_never(verb)


def _transfer(call_id: str, verb: verbs.StartTransfer) -> Body:
    target = {"agentId": verb.target.agent_id, "extension": verb.target.extension, "number": verb.target.number}
    return {
        "idempotencyKey": verb.idempotency_key,
        "callId": call_id,
        "kind": verb.kind.value,
        "target": {name: value for name, value in target.items() if value is not None},
        "legId": verb.by,
        "ringSeconds": verb.ring_seconds,
        "consultSeconds": verb.consult_seconds,
        "recall": verb.recalls,
        "music": verb.with_music,
    }


def _sound(media: str) -> Body:
    if media in _TONES:
        return {"tone": _TONES[media]}
    scheme, _, rest = media.partition(":")
    return {"digits": rest} if scheme == "digits" else {"installed": rest}
