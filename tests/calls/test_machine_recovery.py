"""The service dies between what it wrote and what it wanted to do: nobody is rung twice, no call waits for nothing."""

import pytest

from app.calls.core import commands, inputs, setup
from app.calls.core.model.recording import PartState
from app.calls.core.model.timers import TimerName
from app.facts.vocabulary import (
    CallState,
    CdrSource,
    Disposition,
    EndCode,
    EndParty,
    LegRole,
    LegState,
    RecordingMode,
    RecordingState,
)
from tests.calls.driving import Driver, connected_call, started_call
from tests.calls.making import SOMEBODY, make_call
from tests.calls.simulated_asterisk import Fate, Stage

BOTH_ORDERS = pytest.mark.parametrize("dial_first", [LegRole.AGENT, LegRole.CUSTOMER])


def _created(driver: Driver, role: LegRole) -> inputs.LegCreated:
    return inputs.LegCreated(leg_id=driver.leg(role).id, channel_name="PJSIP/x")


def _go_on_until_said(driver: Driver, kind: type[inputs.Input], role: LegRole) -> None:
    """Until Asterisk has said this of the leg, and nobody has heard it yet."""
    for _ in range(50):
        said = driver.asterisk.said
        event = said[0].event if said else None
        if isinstance(event, kind) and getattr(event, "leg_id", None) == driver.leg(role).id:
            return
        if said:
            driver.hear()
        else:
            driver.go_on()
    raise AssertionError(f"{kind.__name__} never came")


def _assert_never_dialled(driver: Driver) -> None:
    reason = driver.call.end_reason
    assert reason is not None
    assert (driver.call.outcome, reason.code, reason.party) == (
        Disposition.FAILED,
        EndCode.DIAL_FAILED,
        EndParty.SYSTEM,
    )


@BOTH_ORDERS
def test_given_a_call_written_and_its_channel_never_made_when_looked_for_then_it_ends_at_once_as_never_dialled(
    dial_first: LegRole,
) -> None:
    driver = Driver(make_call(dial_first=dial_first))
    driver.die_before_acting(inputs.Start(), away_seconds=3)
    assert driver.call.is_ended
    _assert_never_dialled(driver)
    assert not driver.asterisk.dials
    assert driver.call.source is CdrSource.RECOVERED


@BOTH_ORDERS
def test_given_a_leg_written_as_dialling_and_never_dialled_when_its_far_end_is_silent_then_it_ends_undialled(
    dial_first: LegRole,
) -> None:
    driver = started_call(dial_first)
    driver.asterisk.said.clear()
    driver.die_before_acting(_created(driver, dial_first))
    assert driver.leg(dial_first).state is LegState.DIALING
    began = driver.now
    driver.fire()
    driver.hear_all()
    assert driver.call.is_ended
    assert (driver.now - began).total_seconds() == setup.SILENCE_SECONDS  # and not the whole time of ringing
    _assert_never_dialled(driver)
    assert not driver.asterisk.dials


def test_given_a_leg_written_as_dialling_when_looked_at_after_its_silence_then_it_ends_at_once() -> None:
    driver = started_call()
    driver.asterisk.said.clear()
    driver.die_before_acting(_created(driver, LegRole.AGENT), away_seconds=setup.SILENCE_SECONDS)
    driver.hear_all()
    assert driver.call.is_ended
    _assert_never_dialled(driver)


def test_given_a_leg_that_was_dialled_when_its_far_end_has_spoken_then_it_is_waited_for() -> None:
    driver = started_call()
    driver.hear_all()
    assert driver.asterisk.channels[driver.leg(LegRole.AGENT).id].stage is Stage.DIALLED
    driver.pass_seconds(setup.SILENCE_SECONDS)
    driver.restart_service()
    driver.go_on_until(CallState.CONNECTED)
    assert set(driver.asterisk.dials.values()) == {1}


def test_given_a_silent_leg_when_its_far_end_speaks_in_time_then_the_check_lets_it_go_on() -> None:
    driver = started_call()
    driver.asterisk.said.clear()
    driver.die_before_acting(_created(driver, LegRole.AGENT))
    # The request was on its way when the service died, and has come to Asterisk after the look.
    driver.asterisk.carry_out(commands.DialChannel(leg_id=driver.leg(LegRole.AGENT).id, timeout_seconds=30))
    driver.fire(TimerName.DIAL_CHECK)
    assert not driver.call.is_ending
    driver.go_on_until(CallState.CONNECTED)
    assert driver.call.timer(TimerName.DIAL_CHECK) is None


def test_given_a_dial_request_lost_without_an_answer_when_looked_at_then_it_fails_soon_and_is_not_sent_again() -> None:
    driver = started_call()
    driver.fates = [Fate.LOST]
    driver.hear_all()
    driver.fire(TimerName.DIAL_CHECK)
    driver.hear_all()
    assert driver.call.is_ended
    _assert_never_dialled(driver)
    assert not driver.asterisk.dials


def test_given_the_second_leg_never_dialled_when_it_ends_then_the_first_is_freed() -> None:
    driver = started_call()
    _go_on_until_said(driver, inputs.LegCreated, LegRole.CUSTOMER)
    driver.asterisk.said.clear()
    driver.die_before_acting(_created(driver, LegRole.CUSTOMER), away_seconds=setup.SILENCE_SECONDS)
    driver.hear_all()
    assert driver.call.is_ended
    _assert_never_dialled(driver)
    assert not driver.asterisk.channels
    assert driver.asterisk.dials == {driver.leg(LegRole.AGENT).id: 1}


def test_given_a_doubtful_leg_that_is_there_when_looked_for_then_nothing_changes() -> None:
    driver = connected_call()
    before = driver.call
    driver.feed(inputs.LegDoubtful(leg_id=driver.leg(LegRole.AGENT).id))
    assert driver.call == before


def test_given_a_hang_up_written_and_not_done_when_the_service_is_back_then_it_is_done() -> None:
    driver = connected_call()
    driver.die_before_acting(inputs.HangupRequested(actor=SOMEBODY))
    driver.hear_all()  # at once, and not when the next round of hanging up is due
    assert driver.call.is_settled
    assert driver.ended.end_reason.code is EndCode.API_HANGUP


def _snooped_call(mode: RecordingMode) -> Driver:
    driver = Driver(make_call(recording_mode=mode))
    driver.feed(inputs.Start())
    _go_on_until_said(driver, inputs.LegAnswered, LegRole.CUSTOMER)
    driver.hear()
    assert driver.call.state is CallState.CONNECTED
    assert driver.call.recordings[0].parts[0].state is PartState.SNOOPING
    return driver


def test_given_snoops_that_nobody_heard_of_when_looked_at_late_then_they_are_written_together() -> None:
    driver = _snooped_call(RecordingMode.BOTH)
    recording = driver.call.recordings[0]
    driver.asterisk.said.clear()
    driver.pass_seconds(60)
    for part in recording.parts:
        driver.feed(inputs.SnoopCreated(recording_id=recording.id, role=part.role, is_late=True))
    asked = [one for one in driver.asked if isinstance(one, commands.RecordSnoop)]
    assert [one.roles for one in asked] == [(LegRole.AGENT, LegRole.CUSTOMER)]
    timer = driver.call.timer(TimerName.RECORDING_START)
    assert timer is not None
    assert timer.due > driver.now, "the time that passed unseen is not held against it"
    driver.hear_all()
    assert driver.call.recordings[0].state is RecordingState.RECORDING


def test_given_snoops_that_were_ready_and_not_written_when_looked_at_late_then_they_are() -> None:
    driver = _snooped_call(RecordingMode.AGENT)
    recording = driver.call.recordings[0]
    driver.asterisk.said.clear()
    driver.die_before_acting(inputs.SnoopCreated(recording_id=recording.id, role=LegRole.AGENT))
    driver.feed(inputs.SnoopCreated(recording_id=recording.id, role=LegRole.AGENT, is_late=True))
    driver.hear_all()
    assert driver.call.recordings[0].state is RecordingState.RECORDING
