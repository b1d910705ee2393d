"""Recordings that are begun, ended and paused in mid call: what is written of whom, and what must never be heard."""

import pytest

from app.calls.core import commands, inputs
from app.calls.core.following import MOST_FAILURES, MOST_GAPS
from app.calls.core.inputs import FailureKind
from app.calls.core.model.recording import PartState, Recording
from app.calls.core.model.timers import TimerName
from app.calls.core.verbs import Hold, PauseRecording, ResumeRecording, StartRecording, StopRecording, Unhold, Verb
from app.facts.recordings import RecordingPaused, RecordingResumed
from app.facts.vocabulary import CallState, LegRole, PauseMode, RecordingMode, RecordingState
from app.ids import Kind, RecordingId, new_id
from tests.calls.asking import ask
from tests.calls.driving import Driver
from tests.calls.making import SOMEBODY, make_call

BOTH_PARTS = ((LegRole.AGENT, 1), (LegRole.CUSTOMER, 1))


def _talking(mode: RecordingMode = RecordingMode.OFF) -> Driver:
    driver = Driver(make_call(recording_mode=mode))
    driver.feed(inputs.Start())
    driver.go_on_until(CallState.CONNECTED)
    driver.hear_all()
    driver.pass_seconds(10)
    return driver


def _start(driver: Driver, mode: RecordingMode = RecordingMode.BOTH) -> RecordingId:
    recording_id = RecordingId(new_id(Kind.RECORDING))
    assert not driver.feed(ask(StartRecording(recording_id=recording_id, mode=mode))).problems
    return recording_id


def _refusal(driver: Driver, verb: Verb) -> tuple[str, str | None]:
    step = driver.feed(ask(verb))
    assert not step.commands
    assert not step.happenings
    (problem,) = step.problems
    return problem.code, problem.current_state


def _the(driver: Driver) -> Recording:
    return driver.call.recordings[-1]


def _asked(driver: Driver, kind: type[commands.Command]) -> list[commands.Command]:
    return [command for command in driver.asked if isinstance(command, kind)]


def _of_recording(driver: Driver) -> list[str]:
    return [word for word in driver.words if word.startswith("recording.")]


def _pause(driver: Driver, mode: PauseMode = PauseMode.SILENCE) -> None:
    assert not driver.feed(ask(PauseRecording(recording_id=_the(driver).id, mode=mode))).problems


def _resume(driver: Driver) -> None:
    assert not driver.feed(ask(ResumeRecording(recording_id=_the(driver).id))).problems


def _muted(driver: Driver) -> list[bool]:
    return [snoop.is_muted for snoop in driver.asterisk.snoops.values()]


def test_given_a_talk_when_recorded_twice_in_its_midst_then_each_is_saved_while_it_goes_on() -> None:
    driver = _talking()
    for _ in range(2):
        recording_id = _start(driver)
        driver.hear_all()
        assert _the(driver).state is RecordingState.RECORDING
        driver.pass_seconds(5)
        driver.feed(ask(StopRecording(recording_id=recording_id)))
        assert _the(driver).shown_state is RecordingState.COLLECTING
        driver.hear_all()
        driver.collect()
        assert _the(driver).state is RecordingState.SAVED
    assert driver.call.state is CallState.CONNECTED
    assert not driver.asterisk.snoops
    assert _of_recording(driver) == ["recording.started", "recording.saved"] * 2
    driver.drain()
    assert driver.call.is_settled
    assert _of_recording(driver) == ["recording.started", "recording.saved"] * 2


def test_given_a_recording_that_runs_when_another_is_begun_then_it_is_refused_with_the_state_of_the_first() -> None:
    driver = _talking(RecordingMode.AGENT)
    verb = StartRecording(recording_id=RecordingId(new_id(Kind.RECORDING)), mode=RecordingMode.BOTH)
    assert _refusal(driver, verb) == ("INVALID_STATE", "RECORDING")
    _pause(driver)
    assert _refusal(driver, verb) == ("INVALID_STATE", "PAUSED")


def test_given_a_call_that_rings_when_recording_is_asked_for_then_it_is_refused_with_the_calls_state() -> None:
    driver = Driver(make_call())
    driver.feed(inputs.Start())
    verb = StartRecording(recording_id=RecordingId(new_id(Kind.RECORDING)), mode=RecordingMode.BOTH)
    assert _refusal(driver, verb) == ("INVALID_STATE", driver.call.state.value)
    driver.go_on_until(CallState.CONNECTED)
    driver.feed(inputs.HangupRequested(actor=SOMEBODY))
    assert _refusal(driver, verb) == ("INVALID_STATE", "CONNECTED")
    driver.drain()
    assert _refusal(driver, verb) == ("INVALID_STATE", "ENDED")


def test_given_the_same_request_twice_when_the_call_changes_hands_between_then_it_is_one_recording() -> None:
    driver = _talking()
    recording_id = _start(driver)
    driver.feed(ask(StartRecording(recording_id=recording_id, mode=RecordingMode.BOTH)))
    driver.hear_all()
    assert [one.id for one in driver.call.recordings] == [recording_id]
    assert len(_asked(driver, commands.CreateSnoop)) == 2


@pytest.mark.parametrize("verb_type", [StopRecording, ResumeRecording])
def test_given_no_such_recording_when_asked_then_it_is_not_found_and_one_that_is_over_is_refused(
    verb_type: type[StopRecording] | type[ResumeRecording],
) -> None:
    driver = _talking(RecordingMode.BOTH)
    unknown = verb_type(recording_id=RecordingId(new_id(Kind.RECORDING)))
    assert _refusal(driver, unknown) == ("NOT_FOUND", None)
    driver.feed(ask(StopRecording(recording_id=_the(driver).id)))
    over = verb_type(recording_id=_the(driver).id)
    assert _refusal(driver, over) == ("INVALID_STATE", "COLLECTING")
    driver.hear_all()
    driver.collect()
    assert _refusal(driver, over) == ("INVALID_STATE", "SAVED")


def test_given_a_recording_that_has_not_begun_when_stopped_then_it_failed_and_another_may_begin() -> None:
    driver = _talking()
    driver.feed(ask(StopRecording(recording_id=_start(driver))))
    assert _the(driver).state is RecordingState.FAILED
    driver.hear_all()
    assert not driver.asterisk.snoops
    _start(driver)
    driver.hear_all()
    assert _the(driver).state is RecordingState.RECORDING


@pytest.mark.parametrize("mode", PauseMode)
def test_given_a_recording_when_paused_then_asterisk_is_told_and_the_time_is_kept_with_it(mode: PauseMode) -> None:
    driver = _talking(RecordingMode.BOTH)
    recording_id, began = _the(driver).id, driver.now
    _pause(driver, mode)
    assert _the(driver).shown_state is RecordingState.PAUSED
    assert _muted(driver) == [True, True]
    driver.pass_seconds(30)
    ended = driver.now
    _resume(driver)
    assert _muted(driver) == [False, False]
    assert _asked(driver, commands.MuteParts) == [
        commands.MuteParts(recording_id=recording_id, parts=BOTH_PARTS, is_muted=is_muted) for is_muted in (True, False)
    ]
    (gap,) = _the(driver).gaps
    assert (gap.began_at, gap.ended_at, gap.pause) == (began, ended, mode)
    paused, resumed = (fact for fact in driver.facts if isinstance(fact, RecordingPaused | RecordingResumed))
    assert (paused.paused_at, paused.pause_mode) == (began, mode)
    assert isinstance(resumed, RecordingResumed)
    assert (resumed.paused_at, resumed.resumed_at) == (began, ended)
    assert _of_recording(driver) == ["recording.started", "recording.paused", "recording.resumed"]


def test_given_a_pause_asked_for_before_it_could_be_taken_when_taken_then_it_began_when_asked_and_ends_no_earlier() -> (
    None
):
    driver = _talking(RecordingMode.BOTH)
    asked = driver.now
    driver.pass_seconds(2)
    driver.feed(ask(PauseRecording(recording_id=_the(driver).id, mode=PauseMode.SKIP)), at=asked)
    driver.pass_seconds(5)
    asked_again = driver.now
    driver.pass_seconds(2)
    driver.feed(ask(ResumeRecording(recording_id=_the(driver).id)), at=asked_again)
    (gap,) = _the(driver).gaps
    assert (gap.began_at, gap.ended_at) == (asked, driver.now)


def test_given_a_pause_when_asked_for_again_then_nothing_changes_and_the_other_way_is_refused() -> None:
    driver = _talking(RecordingMode.BOTH)
    _resume(driver)
    _pause(driver, PauseMode.SKIP)
    _pause(driver, PauseMode.SKIP)
    assert len(_the(driver).gaps) == 1
    other = PauseRecording(recording_id=_the(driver).id, mode=PauseMode.SILENCE)
    assert _refusal(driver, other) == ("INVALID_STATE", "PAUSED")
    assert _of_recording(driver) == ["recording.started", "recording.paused"]


def test_given_a_recording_that_only_begins_when_paused_then_it_is_silenced_as_soon_as_it_is_written() -> None:
    driver = _talking()
    _start(driver)
    _pause(driver)
    driver.hear_all()
    assert _the(driver).shown_state is RecordingState.PAUSED
    assert _muted(driver) == [True, True]


@pytest.mark.parametrize("is_paused", [True, False])
def test_given_a_service_that_dies_before_it_told_asterisk_when_it_is_back_then_it_tells_it(is_paused: bool) -> None:
    driver = _talking(RecordingMode.BOTH)
    recording_id = _the(driver).id
    if is_paused:
        driver.die_before_acting(ask(PauseRecording(recording_id=recording_id, mode=PauseMode.SILENCE)))
    else:
        _pause(driver)
        driver.die_before_acting(ask(ResumeRecording(recording_id=recording_id)))
    assert _muted(driver) == [is_paused] * 2
    assert (_the(driver).pause is not None) == is_paused


def test_given_asterisk_that_did_not_take_a_pause_when_the_time_has_come_then_it_is_told_again() -> None:
    driver = _talking(RecordingMode.BOTH)
    _pause(driver)
    for snoop in driver.asterisk.snoops.values():
        snoop.is_muted = False
    command = _asked(driver, commands.MuteParts)[-1]
    driver.feed(inputs.CommandFailed(command=command, kind=FailureKind.UNCLEAR, detail="no answer"))
    driver.fire(TimerName.RECORDING_MUTE)
    assert _muted(driver) == [True, True]


def test_given_a_pause_when_the_call_ends_in_it_then_it_is_never_ended_and_the_recording_is_saved() -> None:
    driver = _talking(RecordingMode.BOTH)
    _pause(driver)
    driver.feed(inputs.HangupRequested(actor=SOMEBODY))
    driver.drain()
    assert _the(driver).state is RecordingState.SAVED
    (gap,) = _the(driver).gaps
    assert gap.is_open
    assert driver.call.is_settled


def test_given_a_recorded_talk_when_the_customer_is_held_then_nothing_of_that_time_is_wanted() -> None:
    driver = _talking(RecordingMode.BOTH)
    assert _the(driver).gaps == ()
    began = driver.now
    driver.feed(ask(Hold()))
    driver.pass_seconds(20)
    ended = driver.now
    driver.feed(ask(Unhold()))
    (gap,) = _the(driver).gaps
    assert (gap.began_at, gap.ended_at, gap.pause) == (began, ended, None)
    assert len(_the(driver).parts) == 2, "the same snoops go on"


def test_given_a_part_that_breaks_off_when_its_leg_talks_on_then_another_takes_over() -> None:
    driver = _talking(RecordingMode.BOTH)
    recording_id = _the(driver).id
    del driver.asterisk.snoops[recording_id, LegRole.AGENT, 1]
    driver.feed(inputs.PartStopped(recording_id=recording_id, role=LegRole.AGENT))
    driver.fire(TimerName.RECORDING_CHECK)
    driver.hear_all()
    assert [(part.role, part.number, part.state) for part in _the(driver).parts] == [
        (LegRole.AGENT, 1, PartState.STOPPED),
        (LegRole.CUSTOMER, 1, PartState.RECORDING),
        (LegRole.AGENT, 2, PartState.RECORDING),
    ]
    driver.drain()
    assert _the(driver).state is RecordingState.SAVED


def _refuse_part(driver: Driver, recording_id: RecordingId) -> None:
    """The time has come for another part, and Asterisk refuses it."""
    driver.fire(TimerName.RECORDING_CHECK)
    part = _the(driver).parts[-1]
    driver.asterisk.snoops.pop((recording_id, part.role, part.number))
    driver.asterisk.said.clear()
    command = _asked(driver, commands.CreateSnoop)[-1]
    driver.feed(inputs.CommandFailed(command=command, kind=FailureKind.REFUSED, detail="409"))
    assert _the(driver).parts[-1].state is PartState.ABSENT


def test_given_a_voice_that_cannot_be_written_again_when_tried_some_times_then_the_other_is_written_on() -> None:
    driver = _talking(RecordingMode.BOTH)
    recording_id = _the(driver).id
    del driver.asterisk.snoops[recording_id, LegRole.AGENT, 1]
    driver.feed(inputs.PartStopped(recording_id=recording_id, role=LegRole.AGENT))
    for _ in range(MOST_FAILURES):
        _refuse_part(driver, recording_id)
    assert _the(driver).state is RecordingState.RECORDING
    assert driver.call.timer(TimerName.RECORDING_CHECK) is None
    driver.feed(inputs.HangupRequested(actor=SOMEBODY))
    driver.drain()
    assert _the(driver).state is RecordingState.SAVED


def test_given_an_asterisk_that_writes_nothing_when_tried_some_times_then_the_recording_ends_and_the_call_goes_on() -> (
    None
):
    driver = _talking(RecordingMode.AGENT)
    recording_id = _the(driver).id
    del driver.asterisk.snoops[recording_id, LegRole.AGENT, 1]
    driver.feed(inputs.PartStopped(recording_id=recording_id, role=LegRole.AGENT))
    for _ in range(MOST_FAILURES):
        _refuse_part(driver, recording_id)
    driver.fire(TimerName.RECORDING_CHECK)
    assert _the(driver).state is RecordingState.COLLECTING
    driver.collect(is_lost=True)
    assert _of_recording(driver) == ["recording.started", "recording.failed"]
    assert driver.call.state is CallState.CONNECTED


def test_given_more_pauses_than_are_kept_when_paused_again_then_the_last_goes_on_and_nothing_more_is_recorded() -> None:
    driver = _talking(RecordingMode.BOTH)
    for _ in range(MOST_GAPS):
        _pause(driver)
        _resume(driver)
    last = _the(driver).gaps[-1]
    driver.pass_seconds(5)
    _pause(driver)
    assert len(_the(driver).gaps) == MOST_GAPS
    assert _the(driver).gaps[-1].is_open
    assert _the(driver).gaps[-1].began_at == last.began_at
    assert _muted(driver) == [True, True]
    _resume(driver)
    assert _the(driver).gaps[-1].ended_at == driver.now
