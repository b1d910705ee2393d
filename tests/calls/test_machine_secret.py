"""Calls in which a one-time password is told: nobody else gets into them, and nothing that is pressed is kept."""

import msgspec
import pytest

from app.calls.core import commands, inputs
from app.calls.core.inputs import Input
from app.calls.core.machine import step
from app.calls.core.verbs import Mute, Play, SendDtmf, SetVoicePitch, StartRecording, Verb
from app.facts.event import SYSTEM
from app.facts.playbacks import PlaybackFailed
from app.facts.vocabulary import CallKind, LegRole, RecordingMode, TransferKind
from app.flows.steps import HangUp, PlaySecret
from app.flows.steps import Play as PlayStep
from app.ids import Kind, PlaybackId, RecordingId, new_id
from tests.calls.asking import ask, ask_stream, ask_transfer
from tests.calls.asking_guests import ask_participant, ask_supervision
from tests.calls.driving import Driver, connected_call
from tests.calls.flow_calls import call_in_flow

SECRET = PlaySecret(secret_id="otp_1")
TELLING = (PlayStep(name="reading-1", sounds=(SECRET,), next="over", failed="not-spoken"),)
ENDS = (HangUp(name="over"), HangUp(name="not-spoken"))


def _telling_call() -> Driver:
    """As open to verbs as a call can be, but for what it is for."""
    driver = connected_call()
    driver.call = msgspec.structs.replace(driver.call, kind=CallKind.OTP)
    return driver


def _verbs(driver: Driver) -> list[Verb]:
    leg_id = driver.call.leg_of(LegRole.CUSTOMER).id
    return [
        StartRecording(recording_id=RecordingId(new_id(Kind.RECORDING)), mode=RecordingMode.BOTH),
        Play(playback_id=PlaybackId(new_id(Kind.PLAYBACK)), media=("sound:hello",)),
        Mute(leg_id=leg_id),
        SendDtmf(leg_id=leg_id, digits="1", duration_milliseconds=100, between_milliseconds=100),
        SetVoicePitch(leg_id=leg_id, pitch=1.5),
    ]


def test_given_a_call_that_tells_a_code_when_anything_is_asked_of_it_then_it_is_refused() -> None:
    driver = _telling_call()
    asked: list[Input] = [
        *(ask(verb) for verb in _verbs(driver)),
        ask_stream(driver.call.leg_of(LegRole.CUSTOMER).id),
        ask_transfer(TransferKind.BLIND),
        ask_supervision(),
        ask_participant(),
    ]
    for event in asked:
        result = step(driver.call, event, driver.now)
        assert [(one.code, one.current_state) for one in result.problems] == [("INVALID_STATE", "CONNECTED")], event
        assert result.call is driver.call
        assert not result.commands


def test_given_a_call_that_tells_a_code_when_it_is_hung_up_by_request_then_it_ends() -> None:
    driver = _telling_call()
    driver.feed(inputs.HangupRequested(actor=SYSTEM))
    assert driver.call.is_ending


@pytest.mark.parametrize("kind", [CallKind.OTP, CallKind.CALLBACK])
def test_given_pressed_keys_when_a_code_is_told_then_none_is_kept_and_in_other_calls_all_are(kind: CallKind) -> None:
    driver = connected_call()
    driver.call = msgspec.structs.replace(driver.call, kind=kind)
    leg_id = driver.call.leg_of(LegRole.CUSTOMER).id
    for digit in "471":
        driver.feed(inputs.DtmfReceived(leg_id=leg_id, digit=digit, duration_milliseconds=100))
    is_kept = kind is not CallKind.OTP
    assert driver.call.dtmf == ("471" if is_kept else "")
    assert [fact.type for fact in driver.facts].count("dtmf.received") == (3 if is_kept else 0)


def test_given_a_secret_to_be_told_when_it_is_asked_for_then_only_its_id_is_in_the_call_and_its_commands() -> None:
    driver = call_in_flow((*TELLING, *ENDS))
    prepare = driver.assist(inputs.PromptReady(number=0, media=("sound:http://media/x.wav",)))
    assert isinstance(prepare, commands.PreparePrompt)
    assert prepare.sounds == (SECRET,)
    driver.hear_out()
    assert driver.flow.path == ("reading-1", "over")


def test_given_a_secret_that_cannot_be_made_when_that_is_told_then_the_flow_takes_its_other_way() -> None:
    driver = call_in_flow((*TELLING, *ENDS))
    driver.assist(inputs.PromptFailed(number=0, reason="no voice"))
    assert driver.flow.path == ("reading-1", "not-spoken")
    assert any(isinstance(fact, PlaybackFailed) for fact in driver.facts)
