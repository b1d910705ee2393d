"""The media streams' part of the machine: a leg that talks to a program instead of to the others.

::

    asked ─> the program is connected to, the leg stays where it is ─┬─ ready ─> the leg is with it ─> ended ─> back
                                                                     └─ not had ─────────────────────> failed

Nothing of it outlives the process that relays it: whoever takes the call over ends the stream, and the leg goes back.
Whatever else moves the leg (hold, a transfer, a queue's agent) ends it as well.
"""

from collections.abc import Sequence
from datetime import timedelta

import msgspec

from app.calls.core import flow_run, holding, waves
from app.calls.core.commands import CloseStream, OpenStream, PressInStream, VerifyLeg
from app.calls.core.inputs import StreamClosed, StreamReady
from app.calls.core.model.call import Call
from app.calls.core.model.leg import Leg, Place
from app.calls.core.model.media import MediaStream
from app.calls.core.model.timers import TimerName
from app.calls.core.record import seconds_between
from app.calls.core.turn import Turn
from app.calls.core.verbs import StartMediaStream, StopMediaStream
from app.errors import Problem, RefusedError
from app.facts.media_streams import MediaStreamConnected, MediaStreamEnded, MediaStreamFailed
from app.facts.vocabulary import CallState, LegRole, LegState, MediaStreamEnd, MediaStreamState, Pair
from app.ids import LegId, MediaStreamId

#: How long a program, and Asterisk's channel for it, may take. Whoever connects says sooner.
OPEN_SECONDS = 30.0
#: Streams of one call at once.
MOST_STREAMS = 4
LISTENING_RATE = 8000
_FROM = frozenset({Place.TALK, Place.ALONE, Place.HOLD})


def start(turn: Turn, verb: StartMediaStream) -> None:
    """Have a program talk to a leg of a connected call.

    Raises:
        RefusedError: NOT_FOUND, INVALID_STATE.
    """
    call = turn.call
    leg = holding.answered_leg(turn, verb.leg_id)
    if call.state is not CallState.CONNECTED:
        raise _refused("Nobody talks yet: wait until the call is CONNECTED.", call.state.value)
    if leg.role is LegRole.SUPERVISOR:
        raise _refused("A supervisor is not in the talk.", leg.role.value)
    if call.stream_on(leg.id) is not None:
        raise _refused("The leg has a media stream already: stop it first.", "MEDIA_STREAM")
    if _is_transferring(call, leg):
        state = "TRANSFER" if call.transfer is None else f"TRANSFER_{call.transfer.state}"
        raise _refused("A transfer of this leg is under way. Complete or cancel it first.", state)
    if len(call.media_streams) >= MOST_STREAMS:
        raise _refused(f"The call has its {MOST_STREAMS} media streams already.", "MEDIA_STREAM")
    begin(
        turn,
        leg,
        stream_id=verb.stream_id,
        url=verb.url,
        host=verb.host,
        sample_rate=verb.sample_rate,
        parameters=verb.parameters,
    )


def begin(
    turn: Turn,
    leg: Leg,
    *,
    stream_id: MediaStreamId,
    url: str,
    host: str,
    sample_rate: int,
    parameters: Sequence[Pair],
) -> None:
    """Have the program connected to; the leg stays where it is until then."""
    stream = MediaStream(id=stream_id, leg_id=leg.id, host=host, sample_rate=sample_rate, asked_at=turn.now)
    turn.change(media_streams=(*turn.call.media_streams, stream))
    turn.ask(
        OpenStream(stream_id=stream_id, leg_id=leg.id, url=url, sample_rate=sample_rate, parameters=tuple(parameters))
    )


def listen(turn: Turn, leg: Leg, stream_id: MediaStreamId) -> None:
    """Have a leg listened to by ourselves, until a machine's beep is over; it says nothing but that."""
    stream = MediaStream(
        id=stream_id, leg_id=leg.id, host="", sample_rate=LISTENING_RATE, asked_at=turn.now, is_own=True
    )
    turn.change(media_streams=(*turn.call.media_streams, stream))
    turn.ask(OpenStream(stream_id=stream_id, leg_id=leg.id, url="", sample_rate=LISTENING_RATE, finds_beep=True))


def stop(turn: Turn, verb: StopMediaStream) -> None:
    """End a stream; the leg goes back to where it was.

    Raises:
        RefusedError: NOT_FOUND.
    """
    stream = turn.call.media_stream(verb.stream_id)
    if stream is None:
        raise RefusedError(Problem("NOT_FOUND", "No such media stream is under way.", ("mediaStreamId",)))
    end(turn, stream, MediaStreamEnd.STOPPED)


def on_ready(turn: Turn, event: StreamReady) -> None:
    """The program is there, and its channel in Asterisk: the leg goes to it."""
    stream = turn.call.media_stream(event.stream_id)
    if stream is None:
        # Of one that was given up.
        turn.ask(CloseStream(stream_id=event.stream_id, leg_id=None, reason=MediaStreamEnd.STOPPED))
        return
    if stream.state is not MediaStreamState.CONNECTING:
        return
    leg = turn.call.leg(stream.leg_id)
    if not _is_free(turn.call, leg):
        end(turn, stream, MediaStreamEnd.LEG_MOVED)
        return
    stream = _change(turn, stream, state=MediaStreamState.ACTIVE, came_from=leg.place, connected_at=turn.now)
    if not stream.is_own:
        turn.say(
            MediaStreamConnected(
                call=turn.call.ref,
                stream_id=stream.id,
                leg=leg.ref,
                host=stream.host,
                sample_rate=stream.sample_rate,
            )
        )
    holding.move(turn, leg, Place.STREAM)


def on_closed(turn: Turn, event: StreamClosed) -> None:
    """The program is gone, was not had, or its channel is gone; or nobody relays any more."""
    stream = turn.call.media_stream(event.stream_id)
    if stream is not None:
        end(turn, stream, event.reason, detail=event.detail, outcome=event.outcome)


def on_not_joined(turn: Turn, leg_id: LegId, *, is_refused: bool) -> None:
    """Asterisk did not put the leg and its program together; or one of them is gone, or nobody knows.

    Of a program that is gone its relay tells, and better why.
    """
    stream = turn.call.stream_on(leg_id)
    leg = turn.call.leg(leg_id)
    if stream is None or turn.call.is_ending:
        return
    if is_refused:
        end(turn, stream, MediaStreamEnd.FAILED, detail="Asterisk could not join the leg and the stream")
    else:
        holding.try_again(turn, leg)
    if leg.is_alive:
        turn.ask(VerifyLeg(leg_id=leg.id))


def on_not_opened(turn: Turn, stream_id: MediaStreamId, detail: str) -> None:
    """It could not even be asked for."""
    stream = turn.call.media_stream(stream_id)
    if stream is not None:
        end(turn, stream, MediaStreamEnd.OVERLOADED, detail=detail)


def pass_on(turn: Turn, leg: Leg, digit: str, duration_milliseconds: int) -> None:
    """A key was pressed: its program hears of it."""
    stream = turn.call.stream_on(leg.id)
    if stream is not None and stream.state is MediaStreamState.ACTIVE:
        turn.ask(PressInStream(stream_id=stream.id, digit=digit, duration_milliseconds=duration_milliseconds))


def follow(turn: Turn) -> None:
    """Have streams keep up with the call: looked at after every input, whatever moved the leg."""
    if turn.call.is_ending:
        return
    for stream in turn.call.media_streams:
        leg = turn.call.leg(stream.leg_id)
        if leg.is_leaving:
            end(turn, stream, MediaStreamEnd.LEG_ENDED)
        elif stream.state is MediaStreamState.ACTIVE and leg.place is not Place.STREAM:
            end(turn, stream, MediaStreamEnd.LEG_MOVED)
    waiting = [one.asked_at for one in turn.call.media_streams if one.state is MediaStreamState.CONNECTING]
    timer = turn.call.timer(TimerName.STREAM)
    if not waiting:
        if timer is not None:
            turn.clear_timers(TimerName.STREAM)
    elif timer is None or timer.due != min(waiting) + timedelta(seconds=OPEN_SECONDS):
        turn.set_timer(TimerName.STREAM, OPEN_SECONDS, since=min(waiting))


def on_timer(turn: Turn) -> None:
    """Nothing was heard of a stream that was asked for."""
    for stream in turn.call.media_streams:
        is_due = stream.asked_at + timedelta(seconds=OPEN_SECONDS) <= turn.now
        if stream.state is MediaStreamState.CONNECTING and is_due:
            end(turn, stream, MediaStreamEnd.FAILED, detail="it did not come about in time")


def end_for(turn: Turn, leg: Leg) -> None:
    """A leg is gone, and with it its stream."""
    stream = turn.call.stream_on(leg.id)
    if stream is not None:
        end(turn, stream, MediaStreamEnd.LEG_ENDED)


def end_all(turn: Turn) -> None:
    """The call ends, and with it whatever its legs talk to."""
    for stream in turn.call.media_streams:
        end(turn, stream, MediaStreamEnd.CALL_ENDED, goes_back=False)


def end(
    turn: Turn,
    stream: MediaStream,
    reason: MediaStreamEnd,
    *,
    detail: str | None = None,
    outcome: str | None = None,
    goes_back: bool = True,
) -> None:
    """The stream is over: said once, closed on both sides, and the leg goes back to where it was."""
    turn.change(media_streams=tuple(one for one in turn.call.media_streams if one.id != stream.id))
    leg = turn.call.leg(stream.leg_id)
    listening = turn.call.listening
    if listening is not None and listening.stream_id == stream.id:
        over = msgspec.structs.replace(listening, is_over=True, outcome=outcome, ended=reason)
        turn.change(listening=over)
    if stream.is_own:
        pass
    elif stream.connected_at is None:
        turn.say(
            MediaStreamFailed(
                call=turn.call.ref,
                stream_id=stream.id,
                leg=leg.ref,
                host=stream.host,
                reason=reason,
                detail=detail,
            )
        )
    else:
        turn.say(
            MediaStreamEnded(
                call=turn.call.ref,
                stream_id=stream.id,
                leg=leg.ref,
                host=stream.host,
                reason=reason,
                duration_seconds=seconds_between(stream.connected_at, turn.now),
                detail=detail,
                outcome=outcome,
            )
        )
    is_in = leg.place is Place.STREAM and leg.is_alive and not leg.is_leaving
    turn.ask(CloseStream(stream_id=stream.id, leg_id=leg.id if is_in else None, reason=reason))
    flow_run.note_stream(turn, stream.id, was_connected=stream.connected_at is not None, outcome=outcome)
    if goes_back and leg.place is Place.STREAM and not turn.call.is_ending:
        holding.move(turn, leg, _home(turn.call, stream))


def _home(call: Call, stream: MediaStream) -> Place:
    """Where the leg goes: to those who talk, if it came from there, or to wait as they do."""
    is_talk = call.state is CallState.CONNECTED and stream.came_from is Place.TALK
    return waves.place_of_those_who_wait(call) if is_talk else stream.came_from


def _is_free(call: Call, leg: Leg) -> bool:
    is_there = leg.state is LegState.UP and not leg.is_leaving and leg.place in _FROM
    return is_there and not call.is_ending and not _is_transferring(call, leg)


def _is_transferring(call: Call, leg: Leg) -> bool:
    transfer = call.transfer
    return transfer is not None and leg.id in {transfer.by, transfer.transferee, *transfer.targets}


def _change(turn: Turn, stream: MediaStream, **fields: object) -> MediaStream:
    changed = msgspec.structs.replace(stream, **fields)
    turn.change(media_streams=tuple(changed if one.id == changed.id else one for one in turn.call.media_streams))
    return changed


def _refused(message: str, state: str) -> RefusedError:
    return RefusedError(Problem("INVALID_STATE", message, ("legId",), current_state=state))
