"""The recording of a call: begun when it connects, whole when it ends, and always settled."""

import pytest

from app.calls.core import commands, inputs
from app.calls.core.inputs import FailureKind
from app.calls.core.model.recording import PartState, Recording
from app.calls.core.model.timers import TimerName
from app.calls.core.recording import resume_collecting
from app.facts.calls import CallEnded
from app.facts.recordings import RecordingFailed, RecordingSaved, RecordingStarted
from app.facts.vocabulary import CallState, LegRole, RecordingMode, RecordingState
from app.ids import RecordingId
from tests.calls.driving import Driver
from tests.calls.making import SOMEBODY, make_call
from tests.calls.simulated_asterisk import Fate

_SIDES = {
    RecordingMode.AGENT: (LegRole.AGENT,),
    RecordingMode.CUSTOMER: (LegRole.CUSTOMER,),
    RecordingMode.BOTH: (LegRole.AGENT, LegRole.CUSTOMER),
}
RECORDED = pytest.mark.parametrize("mode", _SIDES)
BOTH_ORDERS = pytest.mark.parametrize("dial_first", [LegRole.AGENT, LegRole.CUSTOMER])


def _connecting(mode: RecordingMode, dial_first: LegRole = LegRole.AGENT) -> Driver:
    """Connected, with what Asterisk says of the snoops still unheard."""
    driver = Driver(make_call(recording_mode=mode, dial_first=dial_first))
    driver.feed(inputs.Start())
    while driver.call.state is not CallState.CONNECTED:
        if not driver.asterisk.said:
            driver.go_on()
        driver.hear()
    return driver


def _recorded(mode: RecordingMode, dial_first: LegRole = LegRole.AGENT) -> Driver:
    driver = _connecting(mode, dial_first)
    driver.hear_all()
    assert _recording(driver).state is RecordingState.RECORDING
    driver.pass_seconds(30)
    return driver


def _recording(driver: Driver) -> Recording:
    (recording,) = driver.call.recordings
    return recording


def _asked(driver: Driver, kind: type[commands.Command]) -> list[commands.Command]:
    return [command for command in driver.asked if isinstance(command, kind)]


def _of_recording(driver: Driver) -> list[str]:
    return [word for word in driver.words if word.startswith("recording.")]


@RECORDED
@BOTH_ORDERS
def test_given_a_mode_when_the_call_connects_then_just_those_sides_are_heard_and_written_together(
    mode: RecordingMode, dial_first: LegRole
) -> None:
    driver = _recorded(mode, dial_first)
    recording_id = _recording(driver).id
    assert _asked(driver, commands.CreateSnoop) == [
        commands.CreateSnoop(recording_id=recording_id, role=role, leg_id=driver.leg(role).id) for role in _SIDES[mode]
    ]
    assert _asked(driver, commands.RecordSnoop) == [commands.RecordSnoop(recording_id=recording_id, roles=_SIDES[mode])]
    assert driver.words[-2:] == ["call.connected", "recording.started"]
    assert driver.call.timer(TimerName.RECORDING_START) is None


@RECORDED
@BOTH_ORDERS
def test_given_a_recorded_call_when_it_is_over_then_the_recording_stops_first_and_is_saved_once(
    mode: RecordingMode, dial_first: LegRole
) -> None:
    driver = _recorded(mode, dial_first)
    asked = len(driver.asked)
    driver.feed(inputs.HangupRequested(actor=SOMEBODY))
    kinds = [type(command) for command in driver.asked[asked:]]
    assert kinds == [commands.StopPart] * len(_SIDES[mode]) + [commands.HangupChannel] * 2
    driver.drain()
    assert _of_recording(driver) == ["recording.started", "recording.saved"]
    assert driver.words.index("call.ended") < driver.words.index("recording.saved")
    assert driver.call.is_settled
    assert not driver.call.timers
    assert not driver.asterisk.snoops
    ended = next(fact for fact in driver.facts if isinstance(fact, CallEnded))
    assert ended.cdr.recording_ids == (_recording(driver).id,)


@RECORDED
def test_given_a_party_that_hangs_up_when_its_snoop_goes_with_it_then_the_recording_is_whole(
    mode: RecordingMode,
) -> None:
    driver = _recorded(mode)
    driver.asterisk.end(driver.leg(LegRole.CUSTOMER).id)
    driver.drain()
    assert _of_recording(driver) == ["recording.started", "recording.saved"]
    assert len(_asked(driver, commands.CollectRecording)) == 1
    saved = next(fact for fact in driver.facts if isinstance(fact, RecordingSaved))
    assert (saved.mode, saved.size_bytes, saved.sha256, saved.lost_seconds) == (mode, 16044, "ab" * 32, 0.5)
    recording = _recording(driver)
    assert (recording.state, recording.duration_seconds, recording.lost_seconds, recording.saved_at) == (
        RecordingState.SAVED,
        1.0,
        0.5,
        driver.now,
    )


def test_given_mode_off_when_the_call_is_over_then_nothing_of_a_recording_was_ever_asked() -> None:
    driver = _connecting(RecordingMode.OFF)
    driver.drain()
    assert _of_recording(driver) == []
    assert not [command for command in driver.asked if hasattr(command, "recording_id")]


@RECORDED
@BOTH_ORDERS
@pytest.mark.parametrize("steps", range(4))
def test_given_a_call_that_never_connects_when_it_is_over_then_no_trace_of_a_recording_is_left(
    mode: RecordingMode, dial_first: LegRole, steps: int
) -> None:
    driver = Driver(make_call(recording_mode=mode, dial_first=dial_first))
    driver.feed(inputs.Start())
    for _ in range(steps):
        driver.go_on()
    driver.hear_all()
    driver.feed(inputs.HangupRequested(actor=SOMEBODY))
    driver.drain()
    assert driver.call.recordings == ()
    assert _of_recording(driver) == []
    ended = next(fact for fact in driver.facts if isinstance(fact, CallEnded))
    assert ended.cdr.recording_ids == ()


@RECORDED
def test_given_a_recording_that_does_not_begin_when_its_time_is_over_then_it_failed_and_the_call_goes_on(
    mode: RecordingMode,
) -> None:
    driver = _connecting(mode)
    driver.asterisk.said.clear()
    driver.fire(TimerName.RECORDING_START)
    assert _of_recording(driver) == ["recording.failed"]
    assert driver.call.state is CallState.CONNECTED
    assert not driver.asterisk.snoops
    driver.drain()
    ended = next(fact for fact in driver.facts if isinstance(fact, CallEnded))
    assert ended.cdr.recording_ids == ()


@RECORDED
def test_given_a_call_that_ends_before_its_recording_began_when_over_then_it_failed_and_says_why(
    mode: RecordingMode,
) -> None:
    driver = _connecting(mode)
    driver.feed(inputs.HangupRequested(actor=SOMEBODY))
    driver.drain()
    (failed,) = [fact for fact in driver.facts if isinstance(fact, RecordingFailed)]
    assert failed.reason == "the call ended before the recording had begun"
    assert not driver.asterisk.snoops
    assert driver.call.is_settled


@RECORDED
@pytest.mark.parametrize("kind", FailureKind)
@pytest.mark.parametrize("command_type", [commands.CreateSnoop, commands.RecordSnoop])
def test_given_a_refused_snoop_or_record_when_told_then_the_recording_failed_and_nothing_of_it_runs(
    mode: RecordingMode, kind: FailureKind, command_type: type[commands.Command]
) -> None:
    driver = _connecting(mode)
    while not _asked(driver, command_type):
        driver.hear()
    command = _asked(driver, command_type)[-1]
    driver.feed(inputs.CommandFailed(command=command, kind=kind, detail="no room"))
    driver.hear_all()
    assert _of_recording(driver) == ["recording.failed"]
    assert "no room" in str(_recording(driver).failure)
    assert not driver.asterisk.snoops
    assert driver.call.state is CallState.CONNECTED


@RECORDED
@pytest.mark.parametrize("fate", [Fate.ANSWER_LOST, Fate.LATE])
def test_given_a_record_whose_answer_was_lost_when_it_begins_all_the_same_then_it_is_stopped(
    mode: RecordingMode, fate: Fate
) -> None:
    driver = _connecting(mode)
    driver.fates = [Fate.DONE] * 0
    while driver.asterisk.said:
        is_last = len(driver.asterisk.said) == 1
        driver.fates = [fate] if is_last else []
        driver.hear()
        if is_last:
            break
    while driver.asterisk.underway:
        driver.asterisk.catch_up()
    driver.hear_all()
    assert not driver.asterisk.snoops
    assert _recording(driver).state is RecordingState.FAILED
    assert driver.words.count("recording.started") == 0


@RECORDED
def test_given_an_event_that_comes_twice_when_the_recording_runs_then_it_runs_on(mode: RecordingMode) -> None:
    driver = _recorded(mode)
    asked = len(driver.asked)
    recording = _recording(driver)
    for role in _SIDES[mode]:
        driver.feed(inputs.SnoopCreated(recording_id=recording.id, role=role))
        driver.feed(inputs.PartStarted(recording_id=recording.id, role=role, at=driver.now))
    assert driver.asked[asked:] == []
    assert _recording(driver) == recording
    assert len(driver.asterisk.snoops) == len(_SIDES[mode])


@RECORDED
def test_given_a_stop_nobody_heard_when_its_time_is_over_then_it_is_collected_all_the_same(
    mode: RecordingMode,
) -> None:
    driver = _recorded(mode)
    driver.feed(inputs.HangupRequested(actor=SOMEBODY))
    driver.asterisk.said = [one for one in driver.asterisk.said if not isinstance(one.event, inputs.PartStopped)]
    driver.hear_all()
    assert driver.call.is_ended
    assert not driver.call.is_settled
    driver.fire(TimerName.RECORDING_STOP)
    assert _recording(driver).state is RecordingState.COLLECTING
    driver.collect()
    assert _recording(driver).state is RecordingState.SAVED
    assert driver.call.is_settled


def test_given_one_side_that_stops_before_the_other_when_told_then_both_are_waited_for() -> None:
    driver = _recorded(RecordingMode.BOTH)
    recording_id = _recording(driver).id
    driver.feed(inputs.PartStopped(recording_id=recording_id, role=LegRole.CUSTOMER))
    assert _asked(driver, commands.CollectRecording) == []
    assert _recording(driver).state is RecordingState.RECORDING
    driver.feed(inputs.PartStopped(recording_id=recording_id, role=LegRole.AGENT))
    assert _recording(driver).state is RecordingState.RECORDING, "another part may take over"
    driver.feed(inputs.HangupRequested(actor=SOMEBODY))
    assert _asked(driver, commands.CollectRecording) == [commands.CollectRecording(recording_id=recording_id)]


@RECORDED
def test_given_a_recording_that_was_given_up_when_a_side_begins_all_the_same_then_it_is_stopped(
    mode: RecordingMode,
) -> None:
    driver = _connecting(mode)
    driver.asterisk.said.clear()
    driver.fire(TimerName.RECORDING_START)
    recording_id = _recording(driver).id
    for event in (
        inputs.PartStarted(recording_id=recording_id, role=_SIDES[mode][0], at=driver.now),
        inputs.SnoopCreated(recording_id=recording_id, role=_SIDES[mode][0]),
    ):
        result = driver.feed(event)
        assert result.happenings == ()
        assert result.commands == (commands.StopPart(recording_id=recording_id, role=_SIDES[mode][0]),)


def test_given_one_side_that_fails_on_asterisks_disk_when_told_then_the_recording_failed() -> None:
    driver = _recorded(RecordingMode.BOTH)
    driver.feed(inputs.PartStopped(recording_id=_recording(driver).id, role=LegRole.AGENT, failure="the disk is full"))
    driver.hear_all()
    assert _of_recording(driver) == ["recording.started", "recording.failed"]
    assert not driver.asterisk.snoops
    driver.drain()
    assert _asked(driver, commands.CollectRecording) == []


def test_given_a_recording_that_was_given_up_when_its_other_side_ends_then_nothing_of_it_counts_as_whole() -> None:
    driver = _recorded(RecordingMode.BOTH)
    recording_id = _recording(driver).id
    driver.feed(inputs.PartStopped(recording_id=recording_id, role=LegRole.AGENT, failure="the disk is full"))
    # Asterisk did not end it when it was asked to; its file is no use to anybody, and the tidier is to know that.
    driver.feed(inputs.PartStopped(recording_id=recording_id, role=LegRole.CUSTOMER))
    assert PartState.STOPPED not in {part.state for part in _recording(driver).parts}


def test_given_a_collector_that_finds_nothing_when_told_then_the_recording_failed() -> None:
    driver = _recorded(RecordingMode.AGENT)
    driver.fire(TimerName.MAX_DURATION)
    driver.hear_all()
    driver.collect(is_lost=True)
    assert _of_recording(driver) == ["recording.started", "recording.failed"]
    assert driver.call.is_settled


def test_given_a_recording_that_is_settled_when_the_collector_speaks_again_then_it_stays_as_it_is() -> None:
    driver = _recorded(RecordingMode.AGENT)
    driver.drain()
    saved = _recording(driver)
    assert saved.state is RecordingState.SAVED
    driver.feed(inputs.RecordingLost(recording_id=saved.id, reason="a second look"))
    driver.asterisk.to_collect.append(saved.id)
    driver.collect()
    assert _recording(driver) == saved
    assert _of_recording(driver) == ["recording.started", "recording.saved"]


def test_given_a_collector_that_is_full_when_time_passes_then_the_recording_is_offered_again() -> None:
    driver = _recorded(RecordingMode.AGENT)
    # StopPart and two hang-ups go well; the collector takes nothing, twice.
    driver.fates = [Fate.DONE] * 3 + [Fate.UNSENT, Fate.DONE, Fate.DONE]
    driver.fire(TimerName.MAX_DURATION)
    driver.hear_all()
    assert _recording(driver).state is RecordingState.COLLECTING
    assert driver.call.is_ended
    driver.fates = [Fate.UNSENT]
    driver.fire(TimerName.RECORDING_STOP)
    assert not driver.asterisk.to_collect
    driver.fire(TimerName.RECORDING_STOP)
    driver.collect()
    assert _recording(driver).state is RecordingState.SAVED
    assert not driver.call.timers


def test_given_a_service_that_restarts_while_collecting_when_adopted_then_it_is_collected_again() -> None:
    driver = _recorded(RecordingMode.BOTH)
    driver.fire(TimerName.MAX_DURATION)
    driver.hear_all()
    recording = _recording(driver)
    assert [part.state for part in recording.parts] == [PartState.STOPPED] * 2
    assert resume_collecting(driver.call) == (commands.CollectRecording(recording_id=recording.id),)
    driver.restart_service()
    driver.collect()
    assert driver.call.is_settled
    assert resume_collecting(driver.call) == ()


def test_given_asterisk_that_starts_anew_when_recording_then_what_is_on_its_disk_is_collected() -> None:
    driver = _recorded(RecordingMode.BOTH)
    driver.restart_asterisk()
    assert driver.call.is_ended
    driver.drain()
    assert _of_recording(driver) == ["recording.started", "recording.saved"]


def test_given_words_about_a_recording_that_is_none_of_the_calls_when_heard_then_only_its_snoop_is_stopped() -> None:
    driver = _recorded(RecordingMode.AGENT)
    asked = len(driver.asked)
    nobodys = RecordingId("rec_nobodys")
    for event in (
        inputs.SnoopCreated(recording_id=nobodys, role=LegRole.AGENT),
        inputs.PartStarted(recording_id=nobodys, role=LegRole.AGENT, at=driver.now),
        inputs.PartStopped(recording_id=nobodys, role=LegRole.AGENT),
        inputs.RecordingLost(recording_id=nobodys, reason="?"),
    ):
        assert driver.feed(event).happenings == ()
    assert set(driver.asked[asked:]) == {commands.StopPart(recording_id=nobodys, role=LegRole.AGENT)}


def test_given_a_recording_that_began_when_told_then_its_start_is_that_of_the_first_side() -> None:
    driver = _connecting(RecordingMode.BOTH)
    driver.hear()
    driver.hear()
    first = driver.now
    driver.hear()
    driver.pass_seconds(0.02)
    last = driver.asterisk.said.pop().event
    assert isinstance(last, inputs.PartStarted)
    driver.feed(inputs.PartStarted(recording_id=last.recording_id, role=last.role, at=driver.now))
    assert _recording(driver).started_at == first
    assert [part.started_at for part in _recording(driver).parts] == [first, driver.now]
    assert len([fact for fact in driver.facts if isinstance(fact, RecordingStarted)]) == 1
