"""Recordings follow the conversation: who is written after each turn of a transfer, and when nobody is to be heard."""

from collections.abc import Callable

import msgspec
import pytest

from app.calls.core import commands, inputs
from app.calls.core.model.guests import Supervision
from app.calls.core.model.leg import Leg, Place
from app.calls.core.model.recording import PartState, Recording
from app.calls.core.verbs import CancelTransfer, CompleteTransfer, PauseRecording
from app.facts.vocabulary import (
    CallState,
    LegRole,
    LegState,
    Party,
    PauseMode,
    RecordingMode,
    RecordingState,
    SupervisionMode,
    SupervisionState,
    TransferKind,
)
from app.ids import Kind, LegId, SupervisionId, new_id
from tests.calls.asking import ask, ask_transfer, target_of
from tests.calls.driving import Driver
from tests.calls.making import make_call


def _talking(mode: RecordingMode = RecordingMode.BOTH) -> Driver:
    driver = Driver(make_call(recording_mode=mode))
    driver.feed(inputs.Start())
    driver.go_on_until(CallState.CONNECTED)
    driver.hear_all()
    driver.pass_seconds(10)
    return driver


def _the(driver: Driver) -> Recording:
    (recording,) = driver.call.recordings
    return recording


def _written(driver: Driver) -> list[tuple[LegRole, LegId | None]]:
    """Side and leg of what is being written, by the call's word; which is Asterisk's."""
    recording = _the(driver)
    parts = [part for part in recording.parts if part.state is PartState.RECORDING]
    in_asterisk = {(role, number) for _, role, number in driver.asterisk.snoops}
    assert in_asterisk == {(part.role, part.number) for part in parts}
    return sorted((part.role, part.leg_id) for part in parts)


def _apart(driver: Driver) -> list[bool]:
    """Each time that the two were not together: whether it goes on."""
    return [gap.is_open for gap in _the(driver).gaps if gap.pause is None]


def _answer_target(driver: Driver) -> None:
    target = target_of(driver.call)
    driver.hear_all()
    driver.asterisk.ring(target.id)
    driver.asterisk.answer(target.id)
    driver.hear_all()
    driver.pass_seconds(5)


def _seated(driver: Driver) -> list[tuple[LegRole, LegId | None]]:
    agent, customer = driver.call.seats
    assert agent is not None
    assert customer is not None
    return sorted([(LegRole.AGENT, agent.id), (LegRole.CUSTOMER, customer.id)])


def _blind(driver: Driver) -> None:
    driver.feed(ask_transfer(TransferKind.BLIND))
    driver.hear_all()
    assert _apart(driver) == [True]
    _answer_target(driver)


def _blind_recalled(driver: Driver) -> None:
    driver.feed(ask_transfer(TransferKind.BLIND))
    driver.hear_all()
    driver.asterisk.end(target_of(driver.call).id)
    driver.hear_all()
    assert _apart(driver) == [True]
    _answer_target(driver)


def _attended(driver: Driver) -> None:
    driver.feed(ask_transfer(TransferKind.ATTENDED))
    _answer_target(driver)
    assert _apart(driver) == [True]
    assert len(_written(driver)) == 2, "the target is not written while they consult"
    driver.feed(ask(CompleteTransfer()))
    driver.hear_all()


def _cancelled(driver: Driver) -> None:
    driver.feed(ask_transfer(TransferKind.ATTENDED))
    _answer_target(driver)
    driver.feed(ask(CancelTransfer()))
    driver.hear_all()


def _agent_goes(driver: Driver) -> None:
    driver.feed(ask_transfer(TransferKind.ATTENDED))
    _answer_target(driver)
    driver.asterisk.end(driver.leg(LegRole.AGENT).id)
    driver.hear_all()


@pytest.mark.parametrize("play", [_blind, _blind_recalled, _attended, _cancelled, _agent_goes])
def test_given_a_recorded_talk_when_transferred_then_those_who_talk_are_written_and_one_file_is_saved(
    play: Callable[[Driver], None],
) -> None:
    driver = _talking()
    play(driver)
    assert _written(driver) == _seated(driver)
    assert _apart(driver) == [False]
    driver.drain()
    assert driver.call.is_settled
    assert [word for word in driver.words if word.startswith("recording.")] == ["recording.started", "recording.saved"]


@pytest.mark.parametrize("mode", [RecordingMode.AGENT, RecordingMode.CUSTOMER])
def test_given_one_side_recorded_when_transferred_then_that_side_is_written_whoever_is_on_it(
    mode: RecordingMode,
) -> None:
    driver = _talking(mode)
    driver.feed(ask_transfer(TransferKind.BLIND))
    _answer_target(driver)
    assert _written(driver) == [side for side in _seated(driver) if RecordingMode(side[0]) is mode]
    driver.drain()
    assert _the(driver).state is RecordingState.SAVED


def test_given_a_customer_who_goes_while_they_consult_then_the_recording_ends_apart_and_is_saved() -> None:
    driver = _talking()
    driver.feed(ask_transfer(TransferKind.ATTENDED))
    _answer_target(driver)
    driver.asterisk.end(driver.leg(LegRole.CUSTOMER).id)
    driver.drain()
    assert _the(driver).state is RecordingState.SAVED
    assert _apart(driver) == [True]


def test_given_a_pause_when_the_call_is_transferred_in_it_then_the_new_voice_is_silenced_as_well() -> None:
    driver = _talking()
    driver.feed(ask(PauseRecording(recording_id=_the(driver).id, mode=PauseMode.SKIP)))
    _blind(driver)
    assert [snoop.is_muted for snoop in driver.asterisk.snoops.values()] == [True, True]


def test_given_a_recording_that_only_begins_when_an_agent_goes_then_it_begins_anew_with_the_next() -> None:
    driver = Driver(make_call(recording_mode=RecordingMode.BOTH))
    driver.feed(inputs.Start())
    while driver.call.state is not CallState.CONNECTED:
        if not driver.asterisk.said:
            driver.go_on()
        driver.hear()
    driver.feed(ask_transfer(TransferKind.BLIND))
    driver.hear_all()
    assert _the(driver).state is RecordingState.PENDING
    assert not driver.asterisk.snoops
    _answer_target(driver)
    assert _the(driver).state is RecordingState.RECORDING
    assert _written(driver) == _seated(driver)


def _join(driver: Driver, role: LegRole, **fields: object) -> Leg:
    """Somebody is in the talk, however that came."""
    leg = Leg(
        id=LegId(new_id(Kind.LEG)),
        role=role,
        party=Party(extension="2009"),
        endpoint="PJSIP/x",
        ring_seconds=10,
        state=LegState.UP,
        place=Place.TALK,
        answered_at=driver.now,
    )
    leg = msgspec.structs.replace(leg, **fields)
    driver.asterisk.channels[leg.id] = driver.asterisk.channels[driver.leg(LegRole.AGENT).id]
    driver.call = msgspec.structs.replace(driver.call, legs=(*driver.call.legs, leg))
    return leg


def _nudge(driver: Driver) -> None:
    """Any input: following looks after each."""
    driver.feed(inputs.DtmfReceived(leg_id=driver.leg(LegRole.CUSTOMER).id, digit="1", duration_milliseconds=80))
    driver.hear_all()


def test_given_somebody_who_is_called_into_the_talk_then_it_is_written_on_the_agents_side_until_it_is_held() -> None:
    driver = _talking()
    leg = _join(driver, LegRole.PARTICIPANT)
    _nudge(driver)
    assert _written(driver) == sorted([*_seated(driver), (LegRole.AGENT, leg.id)])
    held = tuple(
        msgspec.structs.replace(one, place=Place.HOLD) if one.id == leg.id else one for one in driver.call.legs
    )
    driver.call = msgspec.structs.replace(driver.call, legs=held)
    _nudge(driver)
    assert _written(driver) == _seated(driver)
    assert _apart(driver) == []


@pytest.mark.parametrize("mode", SupervisionMode)
def test_given_a_supervisor_then_its_voice_is_written_when_all_hear_it_and_only_then(mode: SupervisionMode) -> None:
    driver = _talking()
    leg = _join(driver, LegRole.SUPERVISOR, place=Place.NOWHERE)
    supervision = Supervision(
        id=SupervisionId(new_id(Kind.SUPERVISION)),
        mode=mode,
        leg_id=leg.id,
        asked_at=driver.now,
        listens_to=driver.leg(LegRole.AGENT).id,
        state=SupervisionState.ACTIVE,
    )
    driver.call = msgspec.structs.replace(driver.call, supervisions=(supervision,))
    _nudge(driver)
    is_written = (LegRole.AGENT, leg.id) in _written(driver)
    assert is_written is (mode is SupervisionMode.BARGE)


def test_given_a_talk_that_is_not_recorded_when_transferred_then_no_snoop_is_ever_asked_for() -> None:
    driver = _talking(RecordingMode.OFF)
    driver.feed(ask_transfer(TransferKind.BLIND))
    driver.hear_all()
    _answer_target(driver)
    driver.drain()
    assert not [command for command in driver.asked if isinstance(command, commands.CreateSnoop)]
