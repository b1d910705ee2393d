"""Sounds and keys: what is played to the parties, and pressed towards them."""

import msgspec

from app.calls.core import flow_run
from app.calls.core.commands import EndPlayback, SendDigits, StartMusic, StartPlayback
from app.calls.core.holding import answered_leg
from app.calls.core.model.call import Call, Playback
from app.calls.core.model.leg import Leg
from app.calls.core.turn import Turn
from app.calls.core.verbs import Play, SendDtmf, StopPlayback
from app.errors import Problem, RefusedError
from app.facts.calls import LegRef
from app.facts.playbacks import PlaybackFailed, PlaybackFinished, PlaybackStarted
from app.facts.vocabulary import CallState, LegState
from app.ids import LegId, PlaybackId

#: Sounds at once in one call.
MOST_PLAYBACKS = 16


def play(turn: Turn, verb: Play) -> None:
    """Begin to play.

    Raises:
        RefusedError: INVALID_STATE, NOT_FOUND.
    """
    call = turn.call
    if verb.leg_id is not None:
        answered_leg(turn, verb.leg_id)
    elif call.state is not CallState.CONNECTED:
        message = "Nobody talks yet: wait until the call is CONNECTED, or name a leg that has answered."
        raise RefusedError(Problem("INVALID_STATE", message, ("callId",), current_state=call.state.value))
    if call.playback(verb.playback_id) is not None:
        return
    if len(call.playbacks) >= MOST_PLAYBACKS:
        message = f"{MOST_PLAYBACKS} sounds are being played already. Stop one first."
        raise RefusedError(Problem("INVALID_STATE", message, ("callId",), current_state="PLAYING"))
    _begin(turn, verb.playback_id, verb.media, verb.leg_id)


def begin(turn: Turn, playback_id: PlaybackId, media: tuple[str, ...], leg: Leg) -> None:
    """Play something of our own to a leg that is up."""
    _begin(turn, playback_id, media, leg.id)


def has_any(call: Call, leg: Leg) -> bool:
    """Whether something is being played to the leg alone."""
    return any(one.leg_id == leg.id for one in call.playbacks)


def stop_for(turn: Turn, leg: Leg) -> None:
    """The leg is to talk: whatever is played to it alone would keep it from that until it is over."""
    for playback in turn.call.playbacks:
        if playback.leg_id == leg.id:
            _change(turn, playback, is_stopped=True)
            turn.ask(EndPlayback(playback_id=playback.id))


def stop(turn: Turn, verb: StopPlayback) -> None:
    """Stop one playback, or all.

    Raises:
        RefusedError: NOT_FOUND, when it is not running (any more).
    """
    found = [one for one in turn.call.playbacks if verb.playback_id in (None, one.id)]
    if not found and verb.playback_id is not None:
        raise RefusedError(Problem("NOT_FOUND", "No such sound is being played.", ("playbackId",)))
    for playback in found:
        _change(turn, playback, is_stopped=True)
        turn.ask(EndPlayback(playback_id=playback.id))


def send_dtmf(turn: Turn, verb: SendDtmf) -> None:
    """Press keys towards a leg.

    Raises:
        RefusedError: INVALID_STATE, NOT_FOUND.
    """
    leg = answered_leg(turn, verb.leg_id)
    turn.ask(
        SendDigits(
            leg_id=leg.id,
            digits=verb.digits,
            duration_milliseconds=verb.duration_milliseconds,
            between_milliseconds=verb.between_milliseconds,
        )
    )


def on_started(turn: Turn, playback_id: PlaybackId) -> None:
    """It can be heard."""
    playback = turn.call.playback(playback_id)
    if playback is None or playback.started_at is not None:
        return
    _change(turn, playback, started_at=turn.now)
    turn.say(PlaybackStarted(call=turn.call.ref, playback_id=playback_id, heard_by=_heard_by(turn, playback)))


def on_ended(turn: Turn, playback_id: PlaybackId, failure: str | None) -> None:
    """It is over, one way or the other."""
    playback = turn.call.playback(playback_id)
    if playback is None:
        return
    turn.change(playbacks=tuple(one for one in turn.call.playbacks if one.id != playback_id))
    if not playback.is_stopped:
        flow_run.note_sound(turn, playback_id, has_failed=failure is not None)
    heard_by = _heard_by(turn, playback)
    if failure is None or playback.is_stopped:
        is_stopped = playback.is_stopped
        turn.say(
            PlaybackFinished(call=turn.call.ref, playback_id=playback_id, heard_by=heard_by, is_stopped=is_stopped)
        )
    else:
        turn.say(PlaybackFailed(call=turn.call.ref, playback_id=playback_id, heard_by=heard_by, reason=failure))
    if playback.leg_id is not None and not turn.call.is_ending:
        _resume_music(turn, turn.call.leg(playback.leg_id))


def _resume_music(turn: Turn, leg: Leg) -> None:
    """A sound takes the place of music, which does not come back by itself."""
    if leg.is_on_hold and leg.state is LegState.UP and not leg.is_leaving and not has_any(turn.call, leg):
        turn.ask(StartMusic(leg_id=leg.id, music_class=leg.music_class))


def _begin(turn: Turn, playback_id: PlaybackId, media: tuple[str, ...], leg_id: LegId | None) -> None:
    playback = Playback(id=playback_id, asked_at=turn.now, leg_id=leg_id)
    turn.change(playbacks=(*turn.call.playbacks, playback))
    turn.ask(StartPlayback(playback_id=playback_id, media=media, leg_id=leg_id))


def end_for(turn: Turn, leg: Leg) -> None:
    """The leg is gone: nobody hears what was played to it, and with the last leg, what was played to all."""
    is_last = not any(one.is_alive for one in turn.call.legs)
    for playback in turn.call.playbacks:
        if playback.leg_id == leg.id or is_last:
            on_ended(turn, playback.id, "whoever heard it has gone")


def _change(turn: Turn, playback: Playback, **fields: object) -> None:
    changed = msgspec.structs.replace(playback, **fields)
    turn.change(playbacks=tuple(changed if one.id == playback.id else one for one in turn.call.playbacks))


def _heard_by(turn: Turn, playback: Playback) -> LegRef | None:
    return None if playback.leg_id is None else turn.call.leg(playback.leg_id).ref
