"""Somebody who was called by a dialer and for whom no agent comes in time: words instead of waiting, and ABANDONED."""

import msgspec

from app.calls.core import inputs
from app.calls.core.inputs import QueueRefused
from app.calls.core.model.flow import FlowRun, FlowStage
from app.calls.core.model.queue import QueueStage
from app.calls.core.model.timers import TimerName
from app.calls.planning.flow_plan import run_of
from app.facts.queues import QueueLeaving, QueueLeft
from app.facts.vocabulary import CallState, Disposition, LegRole, Tone
from app.flows.announcement import Announcement
from app.flows.steps import HangUp, Play, PlayInstalled, PlaySpeech, PlayTone
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
