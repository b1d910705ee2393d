"""The verbs' part of the machine: what is asked of a call as it stands, refused with the state that is in the way."""

from typing import NoReturn, assert_never

from app.calls.core import (
    conference,
    holding,
    playing,
    recording_control,
    referred,
    referring,
    streams,
    supervision,
    transfer,
    voice,
)
from app.calls.core.inputs import LegReplaced, ParticipantRequested, SupervisionRequested, TransferRequested
from app.calls.core.turn import Turn
from app.calls.core.verbs import (
    AddParticipant,
    CancelTransfer,
    CompleteTransfer,
    Hold,
    Mute,
    PauseRecording,
    Play,
    RemoveParticipant,
    ResumeRecording,
    SendDtmf,
    SendMessage,
    SetVoicePitch,
    StartMediaStream,
    StartRecording,
    StartSupervision,
    StartTransfer,
    StopMediaStream,
    StopPlayback,
    StopRecording,
    StopSupervision,
    Unhold,
    Unmute,
    UpdateSupervision,
    Verb,
)
from app.errors import Problem, RefusedError
from app.facts.vocabulary import CallKind, TransferMethod


def on_requested(turn: Turn, verb: Verb) -> None:
    """Do what is asked.

    Raises:
        RefusedError: INVALID_STATE, NOT_FOUND; the turn is to be dropped.
    """
    _refuse_unless_open(turn)
    match verb:
        case StartTransfer():
            msg = "a target is looked up before the call is asked: TransferRequested"
            raise TypeError(msg)
        case StartSupervision() | AddParticipant():
            msg = "whoever is to be dialled is looked up before the call is asked"
            raise TypeError(msg)
        case UpdateSupervision():
            supervision.update(turn, verb)
        case StopSupervision():
            supervision.stop(turn, verb)
        case RemoveParticipant():
            conference.remove(turn, verb)
        case CompleteTransfer():
            transfer.complete(turn)
        case CancelTransfer():
            transfer.cancel(turn)
        case StartMediaStream():
            streams.start(turn, verb)
        case StopMediaStream():
            streams.stop(turn, verb)
        case SendDtmf():
            playing.send_dtmf(turn, verb)
        case SendMessage():
            voice.send_message(turn, verb)
        case SetVoicePitch():
            voice.set_pitch(turn, verb)
        case Play():
            playing.play(turn, verb)
        case StopPlayback():
            playing.stop(turn, verb)
        case Hold():
            holding.hold(turn, verb)
        case Unhold():
            holding.unhold(turn, verb)
        case Mute():
            holding.mute(turn, verb)
        case Unmute():
            holding.unmute(turn, verb)
        case StartRecording() | StopRecording() | PauseRecording() | ResumeRecording():
            recording_control.on_requested(turn, verb)
        case _:
            assert_never(verb)


def on_transfer_requested(turn: Turn, event: TransferRequested) -> None:
    """Begin a transfer. Raises as :func:`on_requested`."""
    _refuse_unless_open(turn)
    if event.method is TransferMethod.REFER:
        referring.start(turn, event)
    else:
        transfer.start(turn, event)


def on_replaced(turn: Turn, event: LegReplaced) -> None:
    """A phone has transferred attended. Raises as :func:`on_requested`."""
    _refuse_unless_open(turn)
    referred.on_replaced(turn, event)


def on_guest_requested(turn: Turn, event: SupervisionRequested | ParticipantRequested) -> None:
    """Ring somebody who is to listen or to join. Raises as :func:`on_requested`."""
    _refuse_unless_open(turn)
    match event:
        case SupervisionRequested():
            supervision.start(turn, event)
        case ParticipantRequested():
            conference.start(turn, event)
        case _:
            assert_never(event)


def _refuse_unless_open(turn: Turn) -> None:
    if turn.call.is_ending:
        _refuse(turn, "The call has ended." if turn.call.is_ended else "The call is ending.")
    if turn.call.kind is CallKind.OTP:
        _refuse(turn, "A one-time password is told in this call: nobody else hears it, and nothing is done to it.")


def _refuse(turn: Turn, message: str) -> NoReturn:
    raise RefusedError(Problem("INVALID_STATE", message, ("callId",), current_state=turn.call.state.value))
