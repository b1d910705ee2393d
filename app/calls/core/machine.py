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

from app.calls.core import control, ending, holding, inputs, playing, recording, releasing, setup, transfer
from app.calls.core.commands import (
    CollectRecording,
    CreateBridge,
    CreateChannel,
    CreateSnoop,
    DialChannel,
    EndPlayback,
    HangupChannel,
    JoinBridge,
    LeaveBridge,
    RecordSnoop,
    SendDigits,
    SetMute,
    StartMusic,
    StartPlayback,
    StopMusic,
    VerifyLeg,
)
from app.calls.core.inputs import FailureKind, Input
from app.calls.core.model import Call, Leg, TimerName, side_of
from app.calls.core.outcome import outcome_of_leg_end, outcome_of_system
from app.calls.core.turn import Step, Turn
from app.errors import RefusedError
from app.facts.calls import CallRecovered, CallUpdated, DtmfReceived, LegEnded
from app.facts.event import SYSTEM, Actor, ActorKind
from app.facts.vocabulary import CdrSource, Disposition, EndCode, EndParty, EndReason, LegState
from app.ids import LegId


def step(call: Call, event: Input, now: datetime, *, at: datetime | None = None) -> Step:
    """The next call, what is said about it, and what is to be done, for one input that happened ``at`` (or now)."""
    if not call.sequence and not isinstance(event, inputs.Start):
        return Step(call=call)  # before its start nothing is so, and nothing of it is anywhere
    turn = Turn(call, now, at=at, actor=_actor_of(call, event), request_id=_request_of(call, event))
    try:
        _take(turn, event)
    except RefusedError as refused:
        return Step(call=call, problems=refused.problems)
    return turn.done()


def _take(turn: Turn, event: Input) -> None:
    match event:
        case inputs.Start():
            setup.start(turn)
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
            _verify(turn, event.leg_id)
        case inputs.DtmfReceived():
            _on_dtmf(turn, event)
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
        case inputs.TimerFired():
            _on_timer(turn, event.name)
        case inputs.CommandFailed():
            _on_failure(turn, event)
        case inputs.HangupRequested() | inputs.UpdateRequested() | inputs.Requested() | inputs.TransferRequested():
            _on_request(turn, event)
        case inputs.SoundStarted():
            playing.on_started(turn, event.playback_id)
        case inputs.SoundEnded():
            playing.on_ended(turn, event.playback_id, event.failure)
        case inputs.LegMisplaced():
            holding.put_back(turn, event.leg_id)
        case inputs.Recovered():
            _on_recovered(turn, event)
        case inputs.NodeLost():
            _on_node_lost(turn)
        case _:
            assert_never(event)


def _on_request(
    turn: Turn,
    event: inputs.HangupRequested | inputs.UpdateRequested | inputs.Requested | inputs.TransferRequested,
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
        case _:
            assert_never(event)


def _on_answered(turn: Turn, event: inputs.LegAnswered) -> None:
    leg = setup.take_answer(turn, event)
    if leg is None:
        return
    if turn.call.is_seated(leg):
        setup.on_answered(turn, leg)
    else:
        transfer.on_answered(turn, leg)


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
        decided = outcome_of_system(turn.call, EndCode.DIAL_FAILED)
        _end_leg(turn, leg, ended_at=ended_at, failure="Asterisk has no channel for it", decided=decided)
        return
    _end_leg(turn, leg, ended_at=ended_at, cause=event.cause, sip_code=event.sip_code)


def _end_leg(
    turn: Turn,
    leg: Leg,
    *,
    ended_at: datetime,
    cause: int | None = None,
    sip_code: int | None = None,
    failure: str | None = None,
    decided: tuple[Disposition, EndReason] | None = None,
) -> None:
    """A leg is gone: say so, and let it decide the call unless that is decided already."""
    by_us = leg.hangup_reason is not None or failure is not None
    leg = turn.change_leg(
        leg.id,
        state=LegState.ENDED,
        ended_at=ended_at,
        hangup_cause=cause,
        # After our own hang-up Asterisk mirrors our reason here: it is not the far end's word.
        sip_code=None if by_us else sip_code,
        failure=failure,
    )
    turn.say(
        LegEnded(
            call=turn.call.ref,
            leg=leg.ref,
            ended_by=EndParty.SYSTEM if by_us else side_of(leg.role),
            hangup_cause=leg.hangup_cause,
            sip_code=leg.sip_code,
            talk_seconds=_up_seconds(leg),
            ended_at=ended_at,
        )
    )
    playing.end_for(turn, leg)
    if turn.call.is_ending:
        ending.finish_if_gone(turn)
    elif turn.call.transfer is not None:
        transfer.on_leg_ended(turn, leg, decided)
    elif turn.call.is_seated(leg):
        ending.begin(turn, *(decided or outcome_of_leg_end(turn.call, leg)))


def _up_seconds(leg: Leg) -> float:
    if leg.answered_at is None or leg.ended_at is None:
        return 0.0
    return max(0.0, round((leg.ended_at - leg.answered_at).total_seconds(), 3))


def _on_dtmf(turn: Turn, event: inputs.DtmfReceived) -> None:
    leg = turn.call.leg(event.leg_id)
    if leg.state is not LegState.UP:
        return
    turn.change(dtmf=turn.call.dtmf + event.digit)
    turn.say(
        DtmfReceived(
            call=turn.call.ref, leg=leg.ref, digit=event.digit, duration_milliseconds=event.duration_milliseconds
        )
    )


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
            ending.begin_by_system(turn, EndCode.MAX_DURATION)
        case TimerName.TEARDOWN:
            ending.on_teardown_timer(turn)
        case TimerName.CONSULT:
            transfer.on_consult_timer(turn)
        case TimerName.RELEASE:
            releasing.release_again(turn)
        case TimerName.RECORDING_START:
            recording.on_start_timeout(turn)
        case TimerName.RECORDING_STOP:
            recording.on_stop_timeout(turn)
        case _:
            assert_never(name)


def _on_failure(turn: Turn, event: inputs.CommandFailed) -> None:
    match event.command:
        case CreateChannel(leg_id=leg_id) if event.kind in {FailureKind.REFUSED, FailureKind.GONE}:
            _refuse_leg(turn, leg_id, event.detail)
        case CreateChannel(leg_id=leg_id) if event.kind is FailureKind.UNSENT:
            setup.give_up(turn, turn.call.leg(leg_id))
        case DialChannel(leg_id=leg_id) if event.kind in {FailureKind.REFUSED, FailureKind.UNSENT}:
            setup.give_up(turn, turn.call.leg(leg_id))
            _verify(turn, leg_id)
        case CreateChannel(leg_id=leg_id) | DialChannel(leg_id=leg_id):
            _verify(turn, leg_id)
        case HangupChannel(leg_id=leg_id) if event.kind is FailureKind.GONE:
            _verify(turn, leg_id)
        case JoinBridge(leg_id=leg_id) if event.kind is FailureKind.GONE:
            # A party that left in this very moment decides the call itself. One that did not is alone: that ends it.
            _verify(turn, leg_id)
            if not turn.call.is_ending:
                turn.set_timer(TimerName.JOIN, setup.JOIN_SECONDS)
        case JoinBridge(leg_id=leg_id):
            ending.begin_by_system(turn, EndCode.BRIDGE_FAILED)
            _verify(turn, leg_id)
        case LeaveBridge(leg_id=leg_id) | StartMusic(leg_id=leg_id) | StopMusic(leg_id=leg_id) | SetMute(leg_id=leg_id):
            _verify(turn, leg_id)
        case SendDigits(leg_id=leg_id):
            _verify(turn, leg_id)
        case StartPlayback(playback_id=playback_id):
            playing.on_ended(turn, playback_id, event.detail)
        case EndPlayback(playback_id=playback_id) if event.kind is FailureKind.GONE:
            playing.on_ended(turn, playback_id, None)
        case CreateBridge():
            ending.begin_by_system(turn, EndCode.BRIDGE_FAILED)
        case CreateSnoop(recording_id=recording_id) | RecordSnoop(recording_id=recording_id):
            recording.fail_start(turn, recording_id, event.detail)
        case CollectRecording(recording_id=recording_id):
            recording.collect_later(turn, recording_id)
        case _:
            pass  # the rest is retried by its timer or found by the next reconcile


def _verify(turn: Turn, leg_id: LegId) -> None:
    if turn.call.leg(leg_id).is_alive:
        turn.ask(VerifyLeg(leg_id=leg_id))


def _refuse_leg(turn: Turn, leg_id: LegId, detail: str) -> None:
    """Asterisk will not even make the channel: there is no way to this party."""
    leg = turn.call.leg(leg_id)
    if leg.state is not LegState.CREATING:
        return
    reason = EndReason(code=EndCode.UNREACHABLE, party=side_of(leg.role))
    _end_leg(turn, leg, ended_at=turn.now, failure=detail, decided=(Disposition.UNREACHABLE, reason))


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
        releasing.release_again(turn)


def _on_node_lost(turn: Turn) -> None:
    if turn.call.is_ended:
        return
    turn.change(source=CdrSource.RECOVERED)
    ending.begin_by_system(turn, EndCode.NODE_LOST)
    for leg in turn.call.legs:
        if leg.is_alive:
            _end_leg(turn, leg, ended_at=turn.now)


def _actor_of(call: Call, event: Input) -> Actor:
    match event:
        case inputs.HangupRequested() | inputs.UpdateRequested() | inputs.Requested() | inputs.TransferRequested():
            return event.actor
        case inputs.Start():
            return call.actor
        case inputs.LegRinging() | inputs.LegAnswered() | inputs.LegDestroyed() | inputs.DtmfReceived():
            return Actor(kind=ActorKind.PARTY, id=event.leg_id)
        case _:
            return SYSTEM


def _request_of(call: Call, event: Input) -> str | None:
    match event:
        case inputs.HangupRequested() | inputs.UpdateRequested() | inputs.Requested() | inputs.TransferRequested():
            return event.request_id
        case inputs.Start():
            return call.request_id
        case _:
            return None
