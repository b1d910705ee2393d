"""What a flow says: its sounds are made, then played, one after the other.

Whatever must be made first (speech, files) is asked for all at once, so that nobody waits between two sounds. What
cannot be made or played is told (``playback.failed``), and noted for the step to decide.
"""

from collections.abc import Sequence
from typing import assert_never

import msgspec

from app.calls.core import flow_run, media, playing
from app.calls.core.commands import PreparePrompt, StartPlayback
from app.calls.core.inputs import PromptFailed, PromptReady
from app.calls.core.model.call import Playback
from app.calls.core.model.flow import FlowRun, FlowStage
from app.calls.core.model.timers import TimerName
from app.calls.core.turn import Turn
from app.calls.core.verbs import StopPlayback
from app.facts.playbacks import PlaybackFailed
from app.facts.vocabulary import Tone
from app.flows.speaking import fill
from app.flows.steps import PlayDigits, PlayFile, PlayInstalled, PlaySecret, PlaySilence, PlaySpeech, PlayTone, Sound
from app.ids import Kind, PlaybackId

#: How long a prompt may take to be made.
PREPARE_SECONDS = 15.0
#: How long a sound may last; after that nobody believes that its end will be told.
LONGEST_SOUND_SECONDS = 900.0


def begin(turn: Turn, run: FlowRun, sounds: Sequence[Sound]) -> bool:
    """Begin to say this; whether there is anything to be said."""
    run = flow_run.change(turn, run, media=(), heard=0, has_failed=False, playback_id=None)
    if not sounds:
        return False
    made = tuple(_made(sound) for sound in sounds)
    plain = tuple(words for words in made if words is not None)
    if len(plain) == len(made):
        run = flow_run.change(turn, run, media=plain)
        play_next(turn, run)
        return True
    values = run.values
    filled = tuple(_filled(sound, values) for sound in sounds)
    run = flow_run.change(turn, run, stage=FlowStage.PREPARING, number=run.number + 1)
    turn.set_timer(TimerName.FLOW, PREPARE_SECONDS)
    turn.ask(PreparePrompt(number=run.number, sounds=filled))
    return True


def on_ready(turn: Turn, run: FlowRun, event: PromptReady, sounds: Sequence[Sound]) -> bool:
    """The sounds are made: play them. Whether it was for what is waited for."""
    if run.stage is not FlowStage.PREPARING or run.number != event.number or len(event.media) != len(sounds):
        return False
    lengths = [_seconds(sound) for sound in sounds]
    run = flow_run.change(turn, run, media=tuple(zip(event.media, lengths, strict=True)))
    play_next(turn, run)
    return True


def on_failed(turn: Turn, run: FlowRun, event: PromptFailed) -> bool:
    """They cannot be made. Whether it was for what is waited for."""
    if run.stage is not FlowStage.PREPARING or run.number != event.number:
        return False
    give_up(turn, run, event.reason)
    return True


def give_up(turn: Turn, run: FlowRun, reason: str) -> None:
    """What was to be said will not be heard: tell so, and note it."""
    run, playback_id = flow_run.name_next(turn, run, Kind.PLAYBACK)
    flow_run.change(turn, run, media=(), heard=0, has_failed=True, playback_id=None)
    turn.clear_timers(TimerName.FLOW)
    heard_by = None if run.leg_id is None else turn.call.leg(run.leg_id).ref
    turn.say(PlaybackFailed(call=turn.call.ref, playback_id=playback_id, heard_by=heard_by, reason=reason))


def play_next(turn: Turn, run: FlowRun) -> bool:
    """Play the next sound; False when all have been heard."""
    turn.clear_timers(TimerName.FLOW)
    if run.heard >= len(run.media):
        flow_run.change(turn, run, playback_id=None)
        return False
    words, seconds = run.media[run.heard]
    if not words:
        flow_run.change(turn, run, stage=FlowStage.PLAYING, playback_id=None)
        turn.set_timer(TimerName.FLOW, seconds)
        return True
    run, name = flow_run.name_next(turn, run, Kind.PLAYBACK)
    playback_id = PlaybackId(name)
    flow_run.change(turn, run, stage=FlowStage.PLAYING, playback_id=playback_id)
    turn.set_timer(TimerName.FLOW, seconds or LONGEST_SOUND_SECONDS)
    playback = Playback(id=playback_id, asked_at=turn.now, leg_id=run.leg_id)
    turn.change(playbacks=(*turn.call.playbacks, playback))
    turn.ask(StartPlayback(playback_id=playback_id, media=(words,), leg_id=run.leg_id))
    return True


def go_on(turn: Turn, run: FlowRun) -> bool:
    """A sound is over: play the next; False when all have been heard."""
    run = flow_run.change(turn, run, heard=run.heard + 1, playback_id=None)
    return play_next(turn, run)


def on_timer(turn: Turn, run: FlowRun) -> bool:
    """A tone has lasted long enough, a sound's end was never told, or its caller is there though it broke off: the
    next; False when all have been heard.
    """
    return go_on(turn, stop(turn, run))


def stop(turn: Turn, run: FlowRun) -> FlowRun:
    """Stop what is being played, if anything is; its end is nobody's business any more."""
    turn.clear_timers(TimerName.FLOW)
    if run.playback_id is not None and turn.call.playback(run.playback_id) is not None:
        playing.stop(turn, StopPlayback(playback_id=run.playback_id))
    return flow_run.change(turn, run, playback_id=None, is_settling=False)


def is_heard(turn: Turn, run: FlowRun) -> bool:
    """Whether the sound that was being played is over, and its caller is there still."""
    is_playing = run.stage is FlowStage.PLAYING and run.playback_id is not None and not run.is_settling
    return is_playing and run.playback_id is not None and turn.call.playback(run.playback_id) is None


def _made(sound: Sound) -> tuple[str, float] | None:
    """A sound in Asterisk's words, where Asterisk has it; and when it is to be stopped, 0 for never."""
    match sound:
        case PlayTone(tone=tone):
            return media.tone_media(tone), _seconds(sound)
        case PlayInstalled(name=name):
            return media.sound_media(name) or media.tone_media(Tone.BEEP), 0.0
        case PlayDigits(digits=digits):
            return f"digits:{digits}", 0.0  # checked when the flow was kept
        case PlaySilence(seconds=seconds):
            return "", seconds
        case PlayFile() | PlaySpeech() | PlaySecret():
            return None
        case _:
            assert_never(sound)


def words_of(sound: Sound) -> str | None:
    """A sound in Asterisk's words, where Asterisk has it (none for silence); None for what must be made first."""
    made = _made(sound)
    return None if made is None else made[0]


def _seconds(sound: Sound) -> float:
    if isinstance(sound, PlaySilence):
        return sound.seconds
    return sound.seconds if isinstance(sound, PlayTone) and sound.tone is not Tone.BEEP else 0.0


def _filled(sound: Sound, values: dict[str, str]) -> Sound:
    if not isinstance(sound, PlaySpeech) or sound.is_literal:
        return sound
    return msgspec.structs.replace(sound, text=fill(sound.text, values))
