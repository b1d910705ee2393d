"""Somebody who was called by a dialer and for whom no agent comes in time: words instead of waiting, and ABANDONED."""

import msgspec
import pytest

from app.calls.core import inputs
from app.calls.core.inputs import QueueRefused
from app.calls.core.model.flow import FlowRun, FlowStage
from app.calls.core.model.leg import HangupReason
from app.calls.core.model.queue import QueueStage
from app.calls.core.model.timers import TimerName
from app.calls.planning.flow_plan import run_of
from app.campaigns.core.words import PacingMode
from app.campaigns.leading import apology_of
from app.campaigns.model import AgentContent, OptOut
from app.facts.calls import DtmfReceived
from app.facts.queues import QueueLeaving, QueueLeft
from app.facts.vocabulary import CallState, Disposition, LegRole, Tone
from app.flows.announcement import Announcement
from app.flows.steps import HangUp, Play, PlayFile, PlayInstalled, PlaySpeech, PlayTone
from tests.calls.driving import Driver
from tests.calls.queue_calls import QUEUE, coming_call, offer


def _apology() -> FlowRun:
    run = run_of(Announcement(sound=PlaySpeech(text="Sorry.")))
    steps = (
        Play(name="say", sounds=(PlayInstalled(name="beep"), PlayTone(tone=Tone.BEEP)), next="bye"),
        HangUp(name="bye"),
    )
    return msgspec.structs.replace(run, start="say", steps=steps, is_apology=True)


def _called(*, seconds: float = 1.5) -> Driver:
    driver = coming_call(max_wait_seconds=seconds)
    driver.call = msgspec.structs.replace(driver.call, next_flow=_apology())
    driver.feed(inputs.Start())
    driver.go_on_until(CallState.WAITING_IN_QUEUE)
    return driver


def _hear_to_the_end(driver: Driver) -> None:
    driver.hear_all()
    while driver.call.flow is not None and driver.call.flow.stage is FlowStage.PLAYING:
        assert driver.call.flow.playback_id is not None
        driver.asterisk.finish_sound(driver.call.flow.playback_id)
        driver.hear_all()
    driver.drain()


def test_given_no_agent_in_time_when_somebody_was_called_then_they_hear_words_and_the_call_was_abandoned() -> None:
    driver = _called()
    driver.fire(TimerName.QUEUE_WAIT)
    [left] = [fact for fact in driver.facts if isinstance(fact, QueueLeft)]
    assert left.reason is QueueLeaving.TIMEOUT
    assert driver.call.flow is not None
    assert driver.call.flow.is_apology
    _hear_to_the_end(driver)
    assert driver.call.outcome is Disposition.ABANDONED


def test_given_an_agent_who_answers_in_time_when_somebody_was_called_then_they_talk() -> None:
    driver = _called()
    offered = offer()
    driver.feed(offered)
    driver.hear_all()
    driver.asterisk.ring(offered.leg.id)
    driver.hear_all()
    driver.asterisk.answer(offered.leg.id)
    driver.hear_all()
    assert driver.call.state is CallState.CONNECTED
    assert driver.call.queue is not None
    assert driver.call.queue.stage is QueueStage.OVER
    driver.pass_seconds(5.0)
    assert driver.call.flow is None


def test_given_a_queue_that_nobody_serves_when_somebody_was_called_then_they_hear_words_at_once() -> None:
    driver = _called()
    driver.feed(QueueRefused(queue_id=QUEUE, reason=QueueLeaving.NO_AGENTS))
    assert driver.call.flow is not None
    _hear_to_the_end(driver)
    assert driver.call.outcome is Disposition.ABANDONED


def test_given_somebody_who_hangs_up_during_the_words_when_no_agent_came_then_it_is_abandoned_all_the_same() -> None:
    driver = _called()
    driver.fire(TimerName.QUEUE_WAIT)
    driver.asterisk.end(driver.leg(LegRole.CUSTOMER).id)
    driver.hear_all()
    assert driver.call.outcome is Disposition.ABANDONED


@pytest.mark.parametrize(("rang_seconds", "reason"), [(1.2, HangupReason.NOT_IN_TIME), (0.2, HangupReason.NOT_WANTED)])
def test_given_an_agent_whose_phone_rings_when_the_caller_can_wait_no_longer_then_it_is_told_whether_it_could_have_come(
    rang_seconds: float, reason: HangupReason
) -> None:
    driver = _called()
    driver.pass_seconds(1.5 - rang_seconds)
    offered = offer()
    driver.feed(offered)
    driver.hear_all()
    driver.asterisk.ring(offered.leg.id)
    driver.hear_all()
    driver.fire(TimerName.QUEUE_WAIT)
    assert driver.call.leg(offered.leg.id).hangup_reason is reason
    assert driver.call.flow is not None


@pytest.mark.parametrize("pressed", [["9"], ["5"], []])
def test_given_a_key_to_opt_out_of_the_words_when_it_is_pressed_or_not_then_it_is_told_and_the_call_was_abandoned(
    pressed: list[str],
) -> None:
    driver = coming_call(max_wait_seconds=1.5)
    message = Announcement(sound=PlayFile(audio_file_id="audio_1"))
    content = AgentContent(mode=PacingMode.PREDICTIVE, queue_id=QUEUE, message=message, opt_out=OptOut(digit="9"))
    driver.call = msgspec.structs.replace(driver.call, next_flow=apology_of(content))
    driver.feed(inputs.Start())
    driver.go_on_until(CallState.WAITING_IN_QUEUE)
    driver.fire(TimerName.QUEUE_WAIT)
    driver.hear_all()
    for digit in pressed:
        driver.asterisk.press(driver.leg(LegRole.CUSTOMER).id, digit)
        driver.hear_all()
    _hear_to_the_end(driver)
    while not driver.call.is_ended:
        driver.fire()
        _hear_to_the_end(driver)
    assert [fact.digit for fact in driver.facts if isinstance(fact, DtmfReceived)] == pressed
    assert driver.call.outcome is Disposition.ABANDONED
