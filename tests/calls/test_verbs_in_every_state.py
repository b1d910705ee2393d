"""Every verb asked of a call in every state: a right effect, or a refusal that says what is in the way."""

from collections.abc import Callable
from typing import Any, get_args

import msgspec
import pytest

from app.calls.core import inputs, verbs
from app.calls.core.model.call import Call
from app.calls.core.verbs import Target, Verb, scope_of
from app.facts.vocabulary import (
    CallState,
    LegRole,
    MuteDirection,
    PauseMode,
    RecordingMode,
    SupervisionMode,
    TransferKind,
)
from app.ids import Kind, LegId, PlaybackId, RecordingId, new_id
from tests.calls.asking import ask, ask_stream, ask_transfer, target_of
from tests.calls.asking_guests import ask_participant, ask_supervision, leg_with
from tests.calls.driving import Driver, connected_call, started_call
from tests.calls.making import make_call
from tests.calls.resting import assert_nobody_is_alone

_CODES = {"INVALID_STATE", "NOT_FOUND", "REQUIRED", "ALREADY_EXISTS"}
_NOWHERE = LegId("leg_" + "0" * 26)


def _ringing_second() -> Driver:
    driver = started_call()
    driver.go_on_until(CallState.ANSWERED)
    driver.hear_all()
    return driver


def _recorded() -> Driver:
    driver = Driver(make_call(recording_mode=RecordingMode.BOTH))
    driver.feed(inputs.Start())
    driver.go_on_until(CallState.CONNECTED)
    driver.hear_all()
    return driver


def _playing() -> Driver:
    driver = connected_call()
    sound = verbs.Play(playback_id=PlaybackId(new_id(Kind.PLAYBACK)), media=("sound:beep",))
    driver.feed(ask(sound))
    driver.hear_all()
    return driver


def _held() -> Driver:
    driver = connected_call()
    driver.feed(ask(verbs.Hold()))
    return driver


def _transferring(kind: TransferKind, *, is_answered: bool = False) -> Driver:
    driver = connected_call()
    driver.feed(ask_transfer(kind))
    driver.hear_all()
    if is_answered:
        driver.asterisk.answer(target_of(driver.call).id)
        driver.hear_all()
    return driver


def _recalling() -> Driver:
    driver = _transferring(TransferKind.BLIND)
    driver.asterisk.end(target_of(driver.call).id, cause=17, sip_code=486)
    driver.hear_all()
    return driver


def _with(role: LegRole, *, is_answered: bool) -> Driver:
    driver = connected_call()
    driver.feed(ask_supervision() if role is LegRole.SUPERVISOR else ask_participant())
    driver.hear_all()
    if is_answered:
        driver.asterisk.answer(leg_with(driver.call, role).id)
        driver.hear_all()
    return driver


def _streaming() -> Driver:
    driver = connected_call()
    driver.feed(ask_stream(driver.leg(LegRole.CUSTOMER).id))
    driver.hear_all()
    return driver


def _ending() -> Driver:
    driver = connected_call()
    driver.asterisk.end(driver.leg(LegRole.CUSTOMER).id)
    driver.hear()
    assert driver.call.is_ending
    assert not driver.call.is_ended
    return driver


def _ended() -> Driver:
    driver = _ending()
    driver.hear_all()
    assert driver.call.is_ended
    return driver


STATES: dict[str, Callable[[], Driver]] = {
    "dialling": started_call,
    "second rings": _ringing_second,
    "connected": connected_call,
    "recorded": _recorded,
    "playing": _playing,
    "held": _held,
    "blind transfer": lambda: _transferring(TransferKind.BLIND),
    "attended transfer": lambda: _transferring(TransferKind.ATTENDED),
    "consulting": lambda: _transferring(TransferKind.ATTENDED, is_answered=True),
    "recalling": _recalling,
    "supervisor rings": lambda: _with(LegRole.SUPERVISOR, is_answered=False),
    "supervised": lambda: _with(LegRole.SUPERVISOR, is_answered=True),
    "participant rings": lambda: _with(LegRole.PARTICIPANT, is_answered=False),
    "conference": lambda: _with(LegRole.PARTICIPANT, is_answered=True),
    "streaming": _streaming,
    "ending": _ending,
    "ended": _ended,
}


def _asked(verb: type[Any], call: Call) -> list[inputs.Input]:
    """A verb in all its forms that this call gives something to ask it of; and of a leg that is not the call's."""
    legs = [*(leg.id for leg in call.legs), _NOWHERE]
    match verb:
        case verbs.Hold | verbs.Unhold:
            return [ask(verb(leg_id=leg_id)) for leg_id in (None, *legs)]
        case verbs.Mute | verbs.Unmute:
            return [ask(verb(leg_id=leg_id, direction=way)) for leg_id in legs for way in MuteDirection]
        case verbs.SendDtmf:
            return [
                ask(verb(leg_id=leg_id, digits="1", duration_milliseconds=80, between_milliseconds=80))
                for leg_id in legs
            ]
        case verbs.SendMessage:
            return [ask(verb(message_text="Ask for Grace.", leg_id=leg_id)) for leg_id in (None, *legs)]
        case verbs.SetVoicePitch:
            return [ask(verb(pitch=1.5, leg_id=leg_id)) for leg_id in (None, *legs)]
        case verbs.Play:
            return [
                ask(verb(playback_id=PlaybackId(new_id(Kind.PLAYBACK)), media=("sound:beep",), leg_id=leg_id))
                for leg_id in (None, *legs)
            ]
        case verbs.StopPlayback:
            return [ask(verb(playback_id=one)) for one in (None, "play_x", *(one.id for one in call.playbacks))]
        case verbs.StartTransfer:
            return [ask_transfer(kind, by=by) for kind in TransferKind for by in (None, *legs)]
        case verbs.StartSupervision:
            return [ask_supervision(mode) for mode in SupervisionMode]
        case verbs.UpdateSupervision:
            ids = ("sup_x", *(one.id for one in call.supervisions))
            return [ask(verb(supervision_id=one, mode=mode)) for one in ids for mode in SupervisionMode]
        case verbs.StopSupervision:
            return [ask(verb(supervision_id=one)) for one in ("sup_x", *(one.id for one in call.supervisions))]
        case verbs.AddParticipant:
            return [ask_participant()]
        case verbs.RemoveParticipant:
            return [ask(verb(leg_id=leg_id)) for leg_id in legs]
        case verbs.StartMediaStream:
            return [ask_stream(leg_id) for leg_id in legs]
        case verbs.StopMediaStream:
            return [ask(verb(stream_id=one)) for one in ("strm_x", *(one.id for one in call.media_streams))]
        case _:
            return _asked_by_fields(verb, call)


def _asked_by_fields(verb: type[Any], call: Call) -> list[inputs.Input]:
    """A verb whose fields say by their names and types what it wants; one that wants anything else needs a case."""
    recordings = [RecordingId("rec_" + "0" * 26), *(one.id for one in call.recordings)]
    choices: list[dict[str, Any]] = [{}]
    for field in msgspec.structs.fields(verb):
        values: list[Any]
        if field.name == "recording_id":
            values = list(recordings)
        elif field.type is RecordingMode:
            values = [mode for mode in RecordingMode if mode is not RecordingMode.OFF]
        elif field.type is PauseMode:
            values = list(PauseMode)
        else:
            raise AssertionError(f"say above how {verb.__name__} is asked: {field.name}")
        choices = [choice | {field.name: value} for choice in choices for value in values]
    return [ask(verb(**choice)) for choice in choices]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("verb", get_args(Verb), ids=lambda verb: verb.__name__)
def test_given_a_call_in_a_state_when_a_verb_is_asked_then_it_is_done_or_refused_with_what_is_in_the_way(
    verb: type[Any], state: str
) -> None:
    for number in range(len(_asked(verb, STATES[state]().call))):
        driver = STATES[state]()
        event = _asked(verb, driver.call)[number]
        before = driver.call
        step = driver.feed(event)
        if step.problems:
            assert driver.call is before, "of a refused request nothing comes"
            assert {one.code for one in step.problems} <= _CODES
            assert all(one.message and one.field for one in step.problems)
            assert all(one.current_state for one in step.problems if one.code == "INVALID_STATE")
        if before.is_ending:
            assert [one.code for one in step.problems] == ["INVALID_STATE"]
            assert step.problems[0].current_state == before.state.value
        driver.hear_all()
        if not driver.call.is_ending and driver.call.transfer is None:
            assert_nobody_is_alone(driver.call)
        driver.drain()
        assert driver.call.is_ended
        assert not driver.asterisk.channels


def test_given_every_verb_when_its_scope_is_asked_for_then_those_of_supervision_have_their_own() -> None:
    target = Target(extension="2001")
    supervise = {
        scope_of(verbs.StartSupervision(idempotency_key="k", mode=SupervisionMode.MONITOR, supervisor=target)),
        scope_of(verbs.UpdateSupervision(supervision_id="sup_x", mode=SupervisionMode.MONITOR)),
        scope_of(verbs.StopSupervision(supervision_id="sup_x")),
    }
    assert {scope.value for scope in supervise} == {"supervise"}
    assert scope_of(verbs.AddParticipant(idempotency_key="k", target=target)).value == "calls:control"
