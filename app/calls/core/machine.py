"""The call machine: ``step(call, input, now)`` is all there is to how a call changes.

Pure: no I/O, no clock, no randomness. Every interleaving of answers, hang-ups, timers, requests, lost events and failed
commands goes through here, and always ends in exactly one final state.

There are two instants. ``now`` is when the call takes an input: it never runs backwards from step to step, facts are
dated by it, and timers count from it. ``at`` is when the input truly happened: what Asterisk tells late, because the
line stood still, was so all the same when Asterisk dates it. The instants of legs and of the connection, and with them
every duration, are by ``at``.
"""

from datetime import datetime
from typing import assert_never

from app.calls.core import (
    answering,
    arriving,
    conference,
    control,
    detection,
    ending,
    failures,
    flow,
    following,
    guests,
    holding,
    inputs,
    playing,
    queueing,
    recording,
    recording_control,
    referred,
    referring,
    releasing,
    setup,
    streams,
    supervision,
    taps,
    transfer,
)
from app.calls.core.departure import end_leg, verify
from app.calls.core.inputs import Input
from app.calls.core.model.call import Call
from app.calls.core.model.leg import HangupReason, Leg
from app.calls.core.model.timers import TimerName
from app.calls.core.purpose import Purpose, purpose_of
from app.calls.core.turn import Step, Turn
from app.errors import RefusedError
from app.facts.calls import CallRecovered, CallUpdated, DtmfReceived
from app.facts.event import SYSTEM, Actor, ActorKind
from app.facts.vocabulary import CallKind, CdrSource, Disposition, EndCode, EndParty, EndReason, LegState


def step(call: Call, event: Input, now: datetime, *, at: datetime | None = None) -> Step:
    """The next call, what is said about it, and what is to be done, for one input that happened ``at`` (or now)."""
    if not call.sequence and not isinstance(event, inputs.Start | inputs.MissedWhileAway):
        return Step(call=call)  # before its start nothing is so, and nothing of it is anywhere
    turn = Turn(call, now, at=at, actor=_actor_of(call, event), request_id=_request_of(call, event))
    try:
        _take(turn, event)
        streams.follow(turn)
        _go_on(turn, detection.follow(turn))
        flow.follow(turn)
        supervision.follow(turn)
        guests.watch(turn)
        following.follow(turn)
    except RefusedError as refused:
        return Step(call=call, problems=refused.problems)
    return turn.done()


def _take(turn: Turn, event: Input) -> None:
    if isinstance(event, inputs.Asked):
        _on_request(turn, event)
        return
    match event:
        case inputs.Start():
            setup.start(turn)
        case inputs.MissedWhileAway():
            arriving.write_down(turn, event)
        case inputs.LegCreated():
            setup.on_created(turn, event)
        case inputs.LegRinging():
            setup.on_ringing(turn, event)
        case inputs.LegAnswered():
            _on_answered(turn, event)
        case inputs.LegDestroyed():
            _on_destroyed(turn, event)
        case inputs.LegSilent():
            setup.on_silent(turn, event)
        case inputs.LegDoubtful():
            verify(turn, event.leg_id)
        case inputs.DtmfReceived():
            _on_dtmf(turn, event)
        case (
            inputs.SnoopCreated()
            | inputs.SnoopMissing()
            | inputs.PartStarted()
            | inputs.PartStopped()
            | inputs.RecordingCollected()
            | inputs.RecordingLost()
        ):
            _on_recording(turn, event)
        case inputs.TimerFired():
            _on_timer(turn, event.name)
        case inputs.CommandFailed():
            failures.on_failure(turn, event)
        case inputs.TapReady() | inputs.SupervisionPlaced() | inputs.SupervisionSeen():
            supervision.on_news(turn, event)
        case inputs.AgentOffered() | inputs.QueueRefused() | inputs.OverflowChosen() | inputs.PositionKnown():
            queueing.on_news(turn, event)
        case inputs.PromptReady() | inputs.PromptFailed() | inputs.TargetFound():
            flow.on_news(turn, event)
        case inputs.ReferAsked() | inputs.ReferAimed() | inputs.ReferRefused():
            referred.on_news(turn, event)
        case inputs.LegReferred() | inputs.LegDetected() | inputs.LegGivenBack():
            _on_given_back(turn, event)
        case inputs.StreamReady() | inputs.StreamClosed():
            _on_stream(turn, event)
        case inputs.SoundStarted() | inputs.SoundEnded():
            _on_sound(turn, event)
        case inputs.LegMisplaced():
            holding.put_back(turn, event.leg_id)
        case inputs.Recovered():
            _on_recovered(turn, event)
        case inputs.NodeLost():
            _on_node_lost(turn, event)
        case _:
            assert_never(event)


def _on_given_back(turn: Turn, event: inputs.LegReferred | inputs.LegDetected | inputs.LegGivenBack) -> None:
    match event:
        case inputs.LegReferred():
            referring.on_referred(turn, event)
        case inputs.LegDetected():
            _go_on(turn, detection.on_detected(turn, event))
        case inputs.LegGivenBack():
            flow.on_given_back(turn, event)
        case _:
            assert_never(event)


def _on_sound(turn: Turn, event: inputs.SoundStarted | inputs.SoundEnded) -> None:
    match event:
        case inputs.SoundStarted():
            playing.on_started(turn, event.playback_id)
        case inputs.SoundEnded():
            playing.on_ended(turn, event.playback_id, event.failure)
        case _:
            assert_never(event)


def _on_stream(turn: Turn, event: inputs.StreamReady | inputs.StreamClosed) -> None:
    match event:
        case inputs.StreamReady():
            streams.on_ready(turn, event)
        case inputs.StreamClosed():
            streams.on_closed(turn, event)
        case _:
            assert_never(event)


def _on_recording(
    turn: Turn,
    event: inputs.SnoopCreated
    | inputs.SnoopMissing
    | inputs.PartStarted
    | inputs.PartStopped
    | inputs.RecordingCollected
    | inputs.RecordingLost,
) -> None:
    match event:
        case inputs.SnoopCreated():
            recording.on_snoop_created(turn, event)
        case inputs.SnoopMissing():
            recording.on_snoop_missing(turn, event)
        case inputs.PartStarted():
            recording.on_part_started(turn, event)
        case inputs.PartStopped():
            recording.on_part_stopped(turn, event)
        case inputs.RecordingCollected():
            recording.on_collected(turn, event)
        case inputs.RecordingLost():
            recording.on_lost(turn, event)
        case _:
            assert_never(event)


def _on_request(
    turn: Turn,
    event: inputs.Asked,
) -> None:
    match event:
        case inputs.HangupRequested():
            ending.begin_by_system(turn, EndCode.API_HANGUP)
        case inputs.UpdateRequested():
            _on_update(turn, event)
        case inputs.Requested():
            control.on_requested(turn, event.verb)
        case inputs.TransferRequested():
            control.on_transfer_requested(turn, event)
        case inputs.SupervisionRequested() | inputs.ParticipantRequested():
            control.on_guest_requested(turn, event)
        case inputs.LegReplaced():
            control.on_replaced(turn, event)
        case _:
            assert_never(event)


def _on_answered(turn: Turn, event: inputs.LegAnswered) -> None:
    leg = answering.take_answer(turn, event)
    if leg is None:
        return
    if leg.hangup_reason is not None:
        releasing.release(turn, leg, leg.hangup_reason)
        return
    if detection.is_due(turn.call, leg):
        detection.begin(turn, leg)
        return
    _go_on(turn, leg)


def _go_on(turn: Turn, leg: Leg | None) -> None:
    """Somebody is there, and the call goes on with whoever that is; None: nobody is to be gone on with."""
    if leg is None:
        return
    match purpose_of(turn.call, leg):
        case Purpose.SEAT:
            setup.on_answered(turn, leg)
        case Purpose.QUEUE:
            queueing.on_leg_answered(turn, leg)
        case Purpose.FLOW:
            flow.on_leg_answered(turn, leg)
        case Purpose.TRANSFER:
            transfer.on_answered(turn, leg)
        case Purpose.SUPERVISION:
            supervision.on_answered(turn, leg)
        case Purpose.CONFERENCE:
            conference.on_answered(turn, leg)
        case Purpose.NOBODY:
            releasing.release(turn, leg, HangupReason.NOT_WANTED)


def _on_destroyed(turn: Turn, event: inputs.LegDestroyed) -> None:
    leg = turn.call.leg(event.leg_id)
    if not leg.is_alive:
        return
    ended_at = turn.instant_of(leg, event.at)
    if event.is_late:
        turn.change(source=CdrSource.RECOVERED)
    if event.is_untraced and leg.state is LegState.CREATING:
        # Dialling is written down before it is done, so this party's phone has not rung. It is not dialled now either:
        # whoever asked may have been told otherwise, or have asked elsewhere.
        decided = Disposition.FAILED, EndReason(code=EndCode.DIAL_FAILED, party=EndParty.SYSTEM)
        end_leg(turn, leg, ended_at=ended_at, failure="Asterisk has no channel for it", decided=decided)
        return
    answering.take_missed_answer(turn, event, ended_at)
    turn.change_leg(leg.id, quality=event.quality)
    end_leg(turn, turn.call.leg(leg.id), ended_at=ended_at, cause=event.cause, sip_code=event.sip_code)


def _on_dtmf(turn: Turn, event: inputs.DtmfReceived) -> None:
    leg = turn.call.leg(event.leg_id)
    if leg.state is not LegState.UP or turn.call.kind is CallKind.OTP:  # it may be the code, typed in by who hears it
        return
    turn.change(dtmf=turn.call.dtmf + event.digit)
    turn.say(
        DtmfReceived(
            call=turn.call.ref, leg=leg.ref, digit=event.digit, duration_milliseconds=event.duration_milliseconds
        )
    )
    taps.pass_on(turn, leg, event.digit, event.duration_milliseconds)
    streams.pass_on(turn, leg, event.digit, event.duration_milliseconds)
    flow.on_digit(turn, leg, event.digit)


def _on_timer(turn: Turn, name: TimerName) -> None:
    timer = turn.call.timer(name)
    if timer is None or timer.due > turn.now:
        return
    turn.clear_timers(name)
    match name:
        case TimerName.SETUP:
            setup.on_setup_timer(turn)
        case TimerName.DIAL_CHECK:
            setup.on_dial_check(turn)
        case TimerName.RING:
            setup.on_ring_timer(turn)
        case TimerName.JOIN:
            ending.begin_by_system(turn, EndCode.BRIDGE_FAILED)
        case TimerName.MAX_DURATION:
            flow.on_duration_timer(turn)
        case TimerName.TEARDOWN:
            ending.on_teardown_timer(turn)
        case TimerName.CONSULT:
            transfer.on_consult_timer(turn)
        case TimerName.DETECTION:
            _go_on(turn, detection.on_timer(turn))
        case TimerName.REFER:
            referring.on_timer(turn)
        case TimerName.TAPS:
            guests.on_timer(turn)
        case TimerName.RELEASE:
            releasing.release_again(turn)
        case TimerName.PLACE:
            holding.put_all_back(turn)
        case TimerName.QUEUE_WAIT:
            queueing.on_wait_timer(turn)
        case TimerName.QUEUE_OVERFLOW:
            queueing.on_overflow_timer(turn)
        case TimerName.FLOW:
            flow.on_timer(turn)
        case TimerName.FLOW_LIMIT:
            flow.on_limit_timer(turn)
        case TimerName.STREAM:
            streams.on_timer(turn)
        case TimerName.RECORDING_START:
            recording.on_start_timeout(turn)
        case TimerName.RECORDING_STOP:
            recording.on_stop_timeout(turn)
        case TimerName.RECORDING_CHECK:
            following.on_check_timer(turn)
        case TimerName.RECORDING_MUTE:
            recording_control.mute_again(turn)
        case _:
            assert_never(name)


def _on_update(turn: Turn, event: inputs.UpdateRequested) -> None:
    if turn.call.is_ended:
        return  # its record is written, and says what held then
    changed: list[str] = []
    wanted = {
        "external_id": None if event.clear_external_id else event.external_id or turn.call.external_id,
        "metadata": turn.call.metadata if event.metadata is None else event.metadata,
        "tags": turn.call.tags if event.tags is None else event.tags,
    }
    for name, value in wanted.items():
        if getattr(turn.call, name) != value:
            turn.change(**{name: value})
            changed.append(name)
    if changed:
        names = {"external_id": "externalId"}
        turn.say(CallUpdated(call=turn.call.ref, changed=tuple(names.get(name, name) for name in changed)))


def _on_recovered(turn: Turn, event: inputs.Recovered) -> None:
    if turn.call.is_ended:
        return
    turn.change(source=CdrSource.RECOVERED)
    turn.say(CallRecovered(call=turn.call.ref, blind_from=event.blind_from, blind_until=event.blind_until))
    if turn.call.is_ending:
        ending.take_down_again(turn)  # what was asked for may never have left
    else:
        detection.on_recovered(turn)
        releasing.release_again(turn)
        holding.remind(turn)
        arriving.remind(turn)
        flow.remind(turn)
        recording_control.mute_again(turn)


def _on_node_lost(turn: Turn, event: inputs.NodeLost) -> None:
    if turn.call.is_ended:
        return
    turn.change(source=CdrSource.RECOVERED)
    ending.begin_by_system(turn, EndCode.NODE_LOST)
    # Nobody talked while there was no Asterisk: what it was away for is nobody's to pay.
    gone_at = event.gone_at or turn.at
    at = max(gone_at, turn.call.connected_at or gone_at)
    for leg in turn.call.legs:
        if leg.is_alive:
            end_leg(turn, leg, ended_at=turn.instant_of(leg, at))


def _actor_of(call: Call, event: Input) -> Actor:
    if isinstance(event, inputs.Asked):
        return event.actor
    match event:
        case inputs.Start() | inputs.MissedWhileAway():
            return call.actor
        case (
            inputs.LegRinging()
            | inputs.LegAnswered()
            | inputs.LegDestroyed()
            | inputs.DtmfReceived()
            | inputs.ReferAsked()
        ):
            return Actor(kind=ActorKind.PARTY, id=event.leg_id)
        case _:
            return SYSTEM


def _request_of(call: Call, event: Input) -> str | None:
    if isinstance(event, inputs.Asked):
        return event.request_id
    match event:
        case inputs.Start():
            return call.request_id
        case _:
            return None
