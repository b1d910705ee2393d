"""A caller who waits for an agent: who is rung, who answers, who goes, and what is said of it."""

from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.calls.core import commands, inputs
from app.calls.core.inputs import OverflowChosen, PositionKnown, QueueRefused
from app.calls.core.machine import step
from app.calls.core.model.queue import QueueStage, QueueWait
from app.calls.core.model.timers import TimerName
from app.facts.calls import CallConnected
from app.facts.event import SYSTEM
from app.facts.queues import QueueAbandoned, QueueJoined, QueueLeaving, QueueLeft, QueueOffered
from app.facts.vocabulary import CallState, Disposition, EndCode, LegRole, LegState
from app.ids import Kind, LegId, PlaybackId, new_id
from tests.calls.driving import Driver
from tests.calls.making import make_inbound_call
from tests.calls.queue_calls import QUEUE, agent_leg, coming_call, offer, waiting_call
from tests.calls.simulated_asterisk import Fate, Stage


def _left(driver: Driver) -> QueueLeft:
    (left,) = [fact for fact in driver.facts if isinstance(fact, QueueLeft)]
    return left


def _state(driver: Driver) -> CallState:
    return driver.call.state


def _ring_and_answer(driver: Driver, leg_id: LegId) -> None:
    driver.hear_all()
    driver.asterisk.ring(leg_id)
    driver.hear_all()
    driver.asterisk.answer(leg_id)
    driver.hear_all()


def test_given_a_customer_who_answers_when_it_is_for_a_queue_then_it_waits_with_the_queues_music() -> None:
    driver = waiting_call()
    customer = driver.leg(LegRole.CUSTOMER)
    assert driver.words[-3:] == ["leg.answered CUSTOMER", "call.waiting", "queue.joined"]
    (joined,) = [fact for fact in driver.facts if isinstance(fact, QueueJoined)]
    assert joined.joined_at == customer.answered_at
    assert driver.asterisk.channels[customer.id].has_music
    assert driver.asked[-1] == commands.StartMusic(leg_id=customer.id, music_class="jazz")
    assert not driver.asterisk.has_bridge


def test_given_an_agent_who_answers_when_offered_then_they_talk_and_the_record_has_queue_and_wait() -> None:
    driver = waiting_call()
    driver.pass_seconds(7)
    offered = offer()
    driver.feed(offered)
    assert _state(driver) is CallState.WAITING_IN_QUEUE
    driver.hear_all()
    assert not driver.asterisk.channels[offered.leg.id].is_bridged
    driver.pass_seconds(3)
    _ring_and_answer(driver, offered.leg.id)
    assert _state(driver) is CallState.CONNECTED
    assert {channel.is_bridged for channel in driver.asterisk.channels.values()} == {True}
    assert not any(channel.has_music for channel in driver.asterisk.channels.values())
    left = _left(driver)
    assert (left.reason, left.wait_seconds, left.agent_id) == (QueueLeaving.ANSWERED, 10.0, "agent_2001")
    driver.feed(inputs.HangupRequested(actor=SYSTEM))
    driver.drain()
    record = driver.ended.cdr
    assert (record.disposition, record.agent_id, record.extension) == (Disposition.ANSWERED, "agent_2001", "2001")
    assert (record.queue_id, record.queue_wait_seconds) == (QUEUE, 10.0)
    assert record.customer.number is not None
    assert record.agent.extension == "2001"


def test_given_an_agent_who_does_not_answer_when_its_time_is_over_then_the_caller_waits_on_in_its_place() -> None:
    driver = waiting_call()
    wait = driver.call.queue
    first = offer("2001")
    driver.feed(first)
    driver.hear_all()
    driver.fire(TimerName.RING)
    driver.hear_all()
    assert _state(driver) is CallState.WAITING_IN_QUEUE
    assert driver.call.leg(first.leg.id).state is LegState.ENDED
    assert wait is not None
    assert driver.call.queue is not None
    assert (driver.call.queue.joined_at, driver.call.queue.offers) == (wait.joined_at, ())
    second = offer("2002")
    driver.feed(second)
    _ring_and_answer(driver, second.leg.id)
    assert _state(driver) is CallState.CONNECTED
    assert _left(driver).agent_id == "agent_2002"


@pytest.mark.parametrize("sip_code", [486, 603, 480])
def test_given_an_agent_who_refuses_when_offered_then_the_caller_waits_on(sip_code: int) -> None:
    driver = waiting_call()
    offered = offer()
    driver.feed(offered)
    driver.hear_all()
    driver.asterisk.end(offered.leg.id, cause=17, sip_code=sip_code)
    driver.hear_all()
    assert _state(driver) is CallState.WAITING_IN_QUEUE
    assert driver.call.queue is not None
    assert driver.call.queue.offers == ()
    assert {timer.name for timer in driver.call.timers} == {TimerName.QUEUE_WAIT}


def test_given_somebody_who_is_rung_when_another_is_offered_then_it_is_refused_unless_all_are_to_ring() -> None:
    driver = waiting_call()
    driver.feed(offer("2001"))
    refused = driver.feed(offer("2002"))
    assert [problem.code for problem in refused.problems] == ["INVALID_STATE"]
    accepted = driver.feed(offer("2003", is_with_others=True))
    assert not accepted.problems
    assert driver.call.queue is not None
    assert len(driver.call.queue.offers) == 2


def test_given_all_who_are_rung_when_one_answers_then_the_others_are_let_go() -> None:
    driver = waiting_call()
    offers = [offer(extension, is_with_others=True) for extension in ("2001", "2002", "2003")]
    for one in offers:
        driver.feed(one)
    driver.hear_all()
    for one in offers:
        driver.asterisk.ring(one.leg.id)
    driver.hear_all()
    driver.asterisk.answer(offers[1].leg.id)
    driver.asterisk.answer(offers[2].leg.id)  # in the same moment, and told later
    driver.hear_all()
    assert _state(driver) is CallState.CONNECTED
    alive = {leg.id for leg in driver.call.legs if leg.is_alive}
    assert alive == {driver.leg(LegRole.CUSTOMER).id, offers[1].leg.id}
    assert driver.leg(LegRole.AGENT).id == offers[1].leg.id
    assert Counter(type(fact) for fact in driver.facts)[CallConnected] == 1


def test_given_a_caller_who_hangs_up_when_waiting_then_it_is_abandoned_and_whoever_rings_is_let_go() -> None:
    driver = waiting_call()
    driver.feed(offer())
    driver.hear_all()
    driver.pass_seconds(12)
    driver.asterisk.end(driver.leg(LegRole.CUSTOMER).id)
    driver.drain()
    assert driver.ended.disposition is Disposition.ABANDONED
    assert driver.ended.cdr.agent.extension is None
    assert driver.ended.cdr.queue_wait_seconds == 12.0
    (abandoned,) = [fact for fact in driver.facts if isinstance(fact, QueueAbandoned)]
    assert abandoned.wait_seconds == 12.0
    assert _left(driver).reason is QueueLeaving.ABANDONED
    assert not driver.asterisk.channels


def test_given_a_customer_who_never_answers_when_it_is_for_a_queue_then_nobody_waited() -> None:
    driver = coming_call()
    driver.feed(inputs.Start())
    driver.hear_all()
    driver.fire(TimerName.RING)
    driver.drain()
    assert driver.ended.disposition is Disposition.NO_ANSWER
    assert not [word for word in driver.words if word.startswith("queue.")]


def test_given_the_wait_limit_when_nothing_is_chosen_in_time_then_the_call_ends_unserved() -> None:
    driver = waiting_call(max_wait_seconds=30)
    offered = offer()
    driver.feed(offered)
    driver.hear_all()
    driver.fire(TimerName.QUEUE_WAIT)
    driver.hear_all()
    assert _left(driver).reason is QueueLeaving.TIMEOUT
    assert _left(driver).wait_seconds == 30.0
    assert driver.call.leg(offered.leg.id).state is LegState.ENDED
    late = driver.feed(offer("2002"))
    assert late.problems
    driver.fire(TimerName.QUEUE_OVERFLOW)
    driver.drain()
    assert driver.ended.disposition is Disposition.NO_ANSWER
    assert driver.ended.end_reason.code is EndCode.QUEUE_TIMEOUT


def test_given_an_overflow_when_its_target_answers_then_they_talk_and_the_wait_is_the_queues() -> None:
    driver = waiting_call(max_wait_seconds=30)
    driver.fire(TimerName.QUEUE_WAIT)
    target = agent_leg("2009")
    driver.feed(OverflowChosen(legs=(target,), agent_id="agent_9"))
    driver.pass_seconds(4)
    _ring_and_answer(driver, target.id)
    assert _state(driver) is CallState.CONNECTED
    driver.feed(inputs.HangupRequested(actor=SYSTEM))
    driver.drain()
    assert driver.ended.cdr.queue_wait_seconds == 30.0
    assert driver.ended.cdr.agent_id == "agent_9"
    assert _left(driver).reason is QueueLeaving.TIMEOUT


def test_given_an_overflow_when_nobody_of_its_target_answers_then_the_call_ends() -> None:
    driver = waiting_call(max_wait_seconds=30)
    driver.fire(TimerName.QUEUE_WAIT)
    legs = (agent_leg("2008"), agent_leg("2009"))
    driver.feed(OverflowChosen(legs=legs))
    driver.hear_all()
    driver.asterisk.end(legs[0].id, cause=17)
    driver.hear_all()
    assert not driver.call.is_ending
    driver.asterisk.end(legs[1].id, cause=17)
    driver.drain()
    assert driver.ended.end_reason.code is EndCode.QUEUE_TIMEOUT


@pytest.mark.parametrize("reason", [QueueLeaving.FULL, QueueLeaving.NO_AGENTS])
def test_given_a_queue_that_cannot_have_the_caller_when_another_can_then_it_waits_there(reason: QueueLeaving) -> None:
    driver = waiting_call()
    driver.feed(QueueRefused(queue_id=QUEUE, reason=reason))
    assert _left(driver).reason is reason
    driver.pass_seconds(1)
    driver.feed(OverflowChosen(queue=QueueWait(queue_id="queue_2", max_wait_seconds=60)))
    assert _state(driver) is CallState.WAITING_IN_QUEUE
    offered = offer(queue_id="queue_2")
    assert driver.feed(offer()).problems  # the first queue has no say any more
    assert not driver.feed(offered).problems
    _ring_and_answer(driver, offered.leg.id)
    driver.feed(inputs.HangupRequested(actor=SYSTEM))
    driver.drain()
    assert driver.ended.cdr.queue_id == "queue_2"


def test_given_queues_that_lead_to_each_other_when_all_are_full_then_the_call_comes_to_an_end() -> None:
    driver = waiting_call()
    for _ in range(20):
        if driver.call.queue is None or driver.call.is_ending:
            break
        driver.feed(QueueRefused(queue_id=driver.call.queue.queue_id, reason=QueueLeaving.FULL))
        driver.feed(OverflowChosen(queue=QueueWait(queue_id="queue_2", max_wait_seconds=60)))
    driver.drain()
    assert driver.ended.end_reason.code is EndCode.QUEUE_TIMEOUT


def test_given_a_service_that_died_when_it_is_back_then_the_caller_waits_with_music_and_the_offer_stands() -> None:
    driver = waiting_call()
    offered = offer()
    driver.feed(offered)
    driver.hear_all()
    driver.asterisk.channels[driver.leg(LegRole.CUSTOMER).id].has_music = False  # it was never asked for
    driver.restart_service()
    driver.hear_all()
    assert _state(driver) is CallState.WAITING_IN_QUEUE
    assert driver.asterisk.channels[driver.leg(LegRole.CUSTOMER).id].has_music
    assert driver.asterisk.dials[offered.leg.id] == 1
    _ring_and_answer(driver, offered.leg.id)
    assert _state(driver) is CallState.CONNECTED


def test_given_a_request_to_hang_up_when_the_caller_waits_then_the_wait_ends_with_the_call() -> None:
    driver = waiting_call()
    driver.feed(inputs.HangupRequested(actor=SYSTEM))
    driver.drain()
    assert _left(driver).reason is QueueLeaving.ENDED
    assert driver.ended.disposition is Disposition.CANCELLED


def test_given_a_call_without_a_queue_when_an_agent_is_offered_then_it_is_refused() -> None:
    driver = waiting_call()
    driver.feed(inputs.HangupRequested(actor=SYSTEM))
    assert driver.feed(offer()).problems
    assert step(driver.call, offer(), driver.now).call is driver.call


class _Play:
    """Whatever can happen to a caller who waits, in any order."""

    def __init__(self) -> None:
        self.driver = waiting_call(max_wait_seconds=60)
        self.number = 0

    def do(self, what: str, pick: int) -> None:
        driver = self.driver
        channels = [leg_id for leg_id in driver.asterisk.channels if leg_id != self.customer]
        match what:
            case "offer" | "offer_all":
                self.number += 1
                driver.feed(offer(f"20{self.number:02}", is_with_others=what == "offer_all"))
            case "hear" if driver.asterisk.said:
                driver.hear(pick % len(driver.asterisk.said))
            case "ring" if channels:
                leg_id = channels[pick % len(channels)]
                if driver.asterisk.channels[leg_id].stage is Stage.DIALLED:
                    driver.asterisk.ring(leg_id)
            case "answer" if channels:
                leg_id = channels[pick % len(channels)]
                if driver.asterisk.channels[leg_id].stage in {Stage.DIALLED, Stage.RINGING}:
                    driver.asterisk.answer(leg_id)
            case "end" if channels:
                driver.asterisk.end(channels[pick % len(channels)], cause=17, sip_code=486)
            case "caller_gone" if self.customer in driver.asterisk.channels:
                driver.asterisk.end(self.customer)
            case "fire" if driver.call.timers:
                driver.fire()
            case "refuse" if driver.call.queue is not None:
                driver.feed(QueueRefused(queue_id=driver.call.queue.queue_id, reason=QueueLeaving.FULL))
            case "overflow_leg":
                driver.feed(OverflowChosen(legs=(agent_leg("2090"),)))
            case "overflow_queue":
                driver.feed(OverflowChosen(queue=QueueWait(queue_id=QUEUE, max_wait_seconds=60)))
            case "told":
                driver.feed(_told(pick + 1))
            case "restart":
                driver.restart_service()
            case _:
                driver.pass_seconds(pick)

    @property
    def customer(self) -> LegId:
        return self.driver.call.leg_of(LegRole.CUSTOMER).id


_HAPPENINGS = st.sampled_from(
    [
        *("offer", "offer", "offer_all", "hear", "hear", "hear", "ring", "answer", "answer", "end", "fire"),
        *("caller_gone", "refuse", "overflow_leg", "overflow_queue", "restart", "time", "told"),
    ]
)


@given(st.lists(st.tuples(_HAPPENINGS, st.integers(0, 9)), max_size=40))
def test_given_anything_in_any_order_when_a_caller_waits_then_the_call_ends_once_and_nobody_is_left(
    happenings: list[tuple[str, int]],
) -> None:
    play = _Play()
    for what, pick in happenings:
        play.do(what, pick)
        _check_alone(play.driver)
    play.driver.drain()
    assert play.driver.call.is_ended
    assert not play.driver.asterisk.channels
    assert play.driver.call.queue is not None
    assert play.driver.call.queue.stage is QueueStage.OVER
    joined = sum(isinstance(fact, QueueJoined) for fact in play.driver.facts)
    assert sum(isinstance(fact, QueueLeft) for fact in play.driver.facts) == joined
    offered = [fact.leg.id for fact in play.driver.facts if isinstance(fact, QueueOffered)]
    assert len(offered) == len(set(offered))
    assert sum(isinstance(fact, CallConnected) for fact in play.driver.facts) <= 1


def _check_alone(driver: Driver) -> None:
    """Who waits is in no talk; who talks does so with one agent, and no other is rung."""
    call = driver.call
    if call.state is CallState.WAITING_IN_QUEUE:
        assert call.connected_at is None
    if call.state is CallState.CONNECTED and not call.is_ending:
        wanted = [leg for leg in call.legs if leg.is_alive and leg.hangup_reason is None]
        assert len(wanted) <= 2


def _arriving_call() -> Driver:
    """A call that has come in and is to wait in a queue."""
    call = make_inbound_call()
    wait = QueueWait(queue_id=QUEUE, max_wait_seconds=60)
    driver = Driver(
        msgspec.structs.replace(
            call, legs=call.legs[:1], planned=1, queue=wait, agent_id=None, agent_name=None, extension=None
        )
    )
    driver.feed(inputs.Start())
    return driver


def test_given_a_call_that_comes_in_when_it_is_for_a_queue_then_the_caller_is_answered_and_waits() -> None:
    driver = _arriving_call()
    driver.hear_all()
    assert _state(driver) is CallState.WAITING_IN_QUEUE
    offered = offer()
    driver.feed(offered)
    _ring_and_answer(driver, offered.leg.id)
    assert _state(driver) is CallState.CONNECTED
    assert {channel.is_bridged for channel in driver.asterisk.channels.values()} == {True}
    driver.feed(inputs.HangupRequested(actor=SYSTEM))
    driver.drain()
    assert driver.ended.cdr.queue_id == QUEUE
    assert driver.ended.disposition is Disposition.ANSWERED


def test_given_a_caller_for_a_queue_when_the_service_dies_before_it_is_answered_then_the_next_one_answers_it() -> None:
    driver = _arriving_call()
    driver.asterisk.said.clear()  # nobody heard that it is up
    driver.restart_service()
    driver.hear_all()
    assert _state(driver) is CallState.WAITING_IN_QUEUE


def test_given_a_caller_for_a_queue_when_asterisk_never_answers_it_then_the_call_ends() -> None:
    driver = _arriving_call()
    driver.asterisk.said.clear()
    driver.fire(TimerName.JOIN)
    driver.drain()
    assert driver.ended.end_reason.code is EndCode.BRIDGE_FAILED


def test_given_an_agent_with_two_phones_when_one_is_busy_then_the_other_rings_on_and_its_answer_counts() -> None:
    driver = waiting_call()
    offered = offer()
    other = agent_leg("2001")
    driver.feed(msgspec.structs.replace(offered, other_legs=(other,)))
    driver.hear_all()
    assert driver.words.count("queue.offered AGENT") == 1
    driver.asterisk.end(offered.leg.id, cause=17, sip_code=486)
    driver.hear_all()
    assert driver.feed(offer("2002")).problems  # the agent still rings
    _ring_and_answer(driver, other.id)
    assert _state(driver) is CallState.CONNECTED
    assert driver.call.agent_id == "agent_2001"


def _told(position: int, *, queue_id: str = QUEUE) -> PositionKnown:
    return PositionKnown(queue_id=queue_id, playback_id=PlaybackId(new_id(Kind.PLAYBACK)), position=position)


def test_given_a_caller_who_waits_when_its_place_is_known_then_it_hears_that_instead_of_music_and_music_again() -> None:
    driver = waiting_call()
    driver.pass_seconds(20)
    customer = driver.leg(LegRole.CUSTOMER)
    told = _told(3)
    driver.feed(told)
    (heard,) = [one for one in driver.asked if isinstance(one, commands.StartPlayback)]
    assert (heard.leg_id, heard.media) == (
        customer.id, ("sound:queue-thereare", "number:3", "sound:queue-callswaiting"),
    )  # fmt: skip
    assert not driver.asterisk.channels[customer.id].has_music
    assert driver.call.queue is not None
    assert driver.call.queue.told_at == driver.now
    assert not driver.feed(_told(2)).commands  # one after the other
    driver.hear_all()
    driver.asterisk.finish_sound(told.playback_id)
    driver.hear_all()
    assert driver.asterisk.channels[customer.id].has_music
    assert _state(driver) is CallState.WAITING_IN_QUEUE
    driver.feed(_told(1))
    assert [one.media for one in driver.asked if isinstance(one, commands.StartPlayback)][-1] == (
        "sound:queue-youarenext",
    )


def test_given_a_caller_who_hears_its_place_when_an_agent_answers_then_that_is_stopped_before_they_talk() -> None:
    driver = waiting_call()
    told = _told(1)
    driver.feed(told)
    driver.hear_all()
    offered = offer()
    driver.feed(offered)
    assert not driver.feed(_told(1)).commands  # somebody is rung
    _ring_and_answer(driver, offered.leg.id)
    customer = driver.leg(LegRole.CUSTOMER)
    asked = [type(one) for one in driver.asked if getattr(one, "leg_id", customer.id) == customer.id]
    assert asked.index(commands.EndPlayback) < asked.index(commands.JoinBridge)
    assert _state(driver) is CallState.CONNECTED
    assert not driver.asterisk.channels[customer.id].has_music
    assert not driver.call.playbacks


def test_given_words_that_cannot_be_played_when_a_place_is_told_then_the_music_goes_on() -> None:
    driver = waiting_call()
    driver.fates = [Fate.DONE, Fate.REFUSED]
    driver.feed(_told(1))
    assert driver.words[-1] == "playback.failed"
    assert driver.asterisk.channels[driver.leg(LegRole.CUSTOMER).id].has_music


@pytest.mark.parametrize("queue_id", [QUEUE, "queue_2"])
def test_given_a_place_in_another_queue_or_in_none_when_told_then_nothing_is_heard(queue_id: str) -> None:
    driver = waiting_call()
    if queue_id == QUEUE:
        driver.feed(inputs.HangupRequested(actor=SYSTEM))
    assert not driver.feed(_told(1, queue_id=queue_id)).commands
