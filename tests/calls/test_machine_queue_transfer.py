"""A customer who is given to a queue: by a transfer, or because nobody else of the agent's side could be had."""

from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.calls.core import commands, inputs
from app.calls.core.inputs import OverflowChosen, QueueRefused, TransferRequested
from app.calls.core.model.leg import Place
from app.calls.core.model.queue import QueueStage, QueueWait
from app.calls.core.model.timers import TimerName
from app.calls.core.verbs import CancelTransfer, CompleteTransfer, Hold
from app.facts.calls import CallConnected, LegHeld, LegUnheld
from app.facts.event import SYSTEM
from app.facts.queues import QueueAbandoned, QueueJoined, QueueLeaving, QueueLeft
from app.facts.transfers import TransferCancelled, TransferCompleted, TransferFailed, TransferStarted
from app.facts.vocabulary import CallState, Disposition, EndCode, LegRole, LegState, TransferKind, TransferState
from app.ids import LegId
from tests.calls.asking import ask, ask_transfer
from tests.calls.driving import Driver, connected_call
from tests.calls.making import CUSTOMER_NUMBER, make_call, make_inbound_call
from tests.calls.queue_calls import QUEUE, agent_leg, offer, waiting_call
from tests.calls.resting import assert_in_place, assert_nobody_is_alone, assert_transfers_add_up
from tests.calls.simulated_asterisk import Stage

WAIT = QueueWait(queue_id=QUEUE, max_wait_seconds=60, music_class="jazz")


def _to_queue(*, recalls: bool = True, by: LegId | None = None, key: str | None = None) -> TransferRequested:
    """Somebody gives the other party to a queue."""
    asked = ask_transfer(TransferKind.BLIND, by=by, key=key, recalls=recalls)
    return msgspec.structs.replace(
        asked, leg=None, or_legs=(), agent_id=None, agent_name=None, queue=WAIT, queue_name="Support"
    )


def _given(*, recalls: bool = True) -> Driver:
    """A call whose agent has given the customer to a queue half a minute after they began to talk."""
    driver = connected_call()
    driver.pass_seconds(30)
    assert not driver.feed(_to_queue(recalls=recalls)).problems
    driver.hear_all()
    return driver


def _answer(driver: Driver, leg_id: LegId) -> None:
    driver.hear_all()
    driver.asterisk.ring(leg_id)
    driver.hear_all()
    driver.asterisk.answer(leg_id)
    driver.hear_all()


def _state(driver: Driver) -> CallState:
    return driver.call.state


def _only(driver: Driver, kind: type) -> object:
    (found,) = [fact for fact in driver.facts if isinstance(fact, kind)]
    return found


def _end(driver: Driver) -> None:
    driver.feed(inputs.HangupRequested(actor=SYSTEM))
    driver.drain()


def test_given_a_talk_when_the_customer_is_given_to_a_queue_then_it_waits_with_music_and_the_agent_is_let_go() -> None:
    driver = _given()
    customer = driver.leg(LegRole.CUSTOMER)
    assert _state(driver) is CallState.WAITING_IN_QUEUE
    assert driver.call.transfer is not None
    assert (driver.call.transfer.state, driver.call.transfer.target_party.display) == (TransferState.WAITING, "Support")
    started = _only(driver, TransferStarted)
    assert isinstance(started, TransferStarted)
    assert (started.queue_id, started.target.display) == (QUEUE, "Support")
    joined = _only(driver, QueueJoined)
    assert isinstance(joined, QueueJoined)
    assert joined.joined_at == driver.now
    channel = driver.asterisk.channels[customer.id]
    assert (channel.has_music, channel.is_bridged) == (True, False)
    assert driver.leg(LegRole.AGENT).state is LegState.ENDED
    assert list(driver.asterisk.channels) == [customer.id]
    assert not [fact for fact in driver.facts if isinstance(fact, LegHeld)]
    assert commands.StartMusic(leg_id=customer.id, music_class="jazz") in driver.asked


def test_given_a_customer_in_a_queue_when_an_agent_answers_then_the_transfer_is_done_and_the_record_has_it() -> None:
    driver = _given()
    connected_at = driver.call.connected_at
    driver.pass_seconds(12)
    offered = offer("2002")
    assert not driver.feed(offered).problems
    driver.hear_all()
    assert not driver.asterisk.channels[offered.leg.id].is_bridged
    _answer(driver, offered.leg.id)
    assert (driver.call.state, driver.call.transfer, driver.call.connected_at) == (
        CallState.CONNECTED, None, connected_at,
    )  # fmt: skip
    assert {channel.is_bridged for channel in driver.asterisk.channels.values()} == {True}
    completed = _only(driver, TransferCompleted)
    assert isinstance(completed, TransferCompleted)
    assert completed.leg is not None
    assert (completed.leg.id, completed.target.extension, completed.queue_id) == (offered.leg.id, "2002", QUEUE)
    assert_in_place(driver)
    assert_nobody_is_alone(driver.call)
    _end(driver)
    assert Counter(type(fact) for fact in driver.facts)[CallConnected] == 1
    record = driver.ended.cdr
    assert (record.agent_id, record.extension, record.queue_id, record.queue_wait_seconds) == (
        "agent_2002", "2002", QUEUE, 12.0,
    )  # fmt: skip
    assert (record.disposition, record.agent.extension) == (Disposition.ANSWERED, "2002")
    assert record.connected_at == connected_at


def test_given_a_customer_on_hold_when_given_to_a_queue_then_the_hold_is_over_and_it_hears_the_queues_music() -> None:
    driver = connected_call()
    driver.feed(ask(Hold()))
    assert not driver.feed(_to_queue()).problems
    driver.hear_all()
    assert [type(fact) for fact in driver.facts if isinstance(fact, LegHeld | LegUnheld)] == [LegHeld, LegUnheld]
    asked = [one for one in driver.asked if isinstance(one, commands.StartMusic | commands.StopMusic)]
    assert [type(one) for one in asked] == [commands.StartMusic, commands.StopMusic, commands.StartMusic]
    assert driver.asterisk.channels[driver.leg(LegRole.CUSTOMER).id].has_music
    offered = offer()
    driver.feed(offered)
    _answer(driver, offered.leg.id)
    assert len([fact for fact in driver.facts if isinstance(fact, LegUnheld)]) == 1


def test_given_nobody_in_time_when_the_queue_has_no_overflow_then_whoever_transferred_is_called_back() -> None:
    driver = _given()
    driver.fire(TimerName.QUEUE_WAIT)
    driver.feed(OverflowChosen())
    failed = _only(driver, TransferFailed)
    assert isinstance(failed, TransferFailed)
    assert (failed.disposition, failed.end_reason.code, failed.is_recalled, failed.queue_id) == (
        Disposition.NO_ANSWER, EndCode.QUEUE_TIMEOUT, True, QUEUE,
    )  # fmt: skip
    assert _state(driver) is CallState.CONNECTED
    driver.hear_all()
    assert not driver.asterisk.channels[driver.leg(LegRole.CUSTOMER).id].has_music
    recalled = driver.call.legs[-1]
    assert recalled.party == driver.call.legs[0].party
    _answer(driver, recalled.id)
    assert driver.call.transfer is None
    assert_in_place(driver)
    assert_nobody_is_alone(driver.call)
    _end(driver)
    assert driver.ended.cdr.agent.extension == "2001"
    assert driver.ended.cdr.queue_wait_seconds == 60.0


def test_given_nobody_in_time_when_there_is_no_recall_then_the_call_ends_as_a_transfer_that_failed() -> None:
    driver = _given(recalls=False)
    driver.fire(TimerName.QUEUE_WAIT)
    driver.fire(TimerName.QUEUE_OVERFLOW)
    driver.drain()
    assert (driver.ended.disposition, driver.ended.end_reason.code) == (Disposition.ANSWERED, EndCode.TRANSFER_FAILED)
    assert not driver.asterisk.channels


def test_given_an_overflow_when_somebody_there_answers_then_the_transfer_is_completed_with_them() -> None:
    driver = _given()
    driver.feed(QueueRefused(queue_id=QUEUE, reason=QueueLeaving.NO_AGENTS))
    target = agent_leg("2009")
    driver.feed(OverflowChosen(legs=(target,), agent_id="agent_9"))
    _answer(driver, target.id)
    completed = _only(driver, TransferCompleted)
    assert isinstance(completed, TransferCompleted)
    assert completed.target.extension == "2009"
    assert_in_place(driver)


def test_given_a_customer_in_a_queue_when_it_hangs_up_then_it_has_left_the_queue_and_the_call_was_answered() -> None:
    driver = _given()
    driver.feed(offer())
    driver.hear_all()
    driver.pass_seconds(5)
    driver.asterisk.end(driver.leg(LegRole.CUSTOMER).id)
    driver.drain()
    assert driver.ended.disposition is Disposition.ANSWERED
    assert (driver.ended.end_reason.code, driver.ended.end_reason.party.value) == (EndCode.HANGUP, "CUSTOMER")
    left = _only(driver, QueueLeft)
    assert isinstance(left, QueueLeft)
    assert left.reason is QueueLeaving.ABANDONED
    assert isinstance(_only(driver, QueueAbandoned), QueueAbandoned)
    assert isinstance(_only(driver, TransferCancelled), TransferCancelled)
    assert not driver.asterisk.channels


def test_given_a_customer_in_a_queue_when_the_transfer_is_cancelled_then_whoever_rings_is_let_go_for_a_recall() -> None:
    driver = _given()
    offered = offer("2002")
    driver.feed(offered)
    driver.hear_all()
    assert [one.current_state for one in driver.feed(ask(CompleteTransfer())).problems] == ["TRANSFER_WAITING"]
    assert not driver.feed(ask(CancelTransfer())).problems
    driver.hear_all()
    assert driver.call.leg(offered.leg.id).state is LegState.ENDED
    left = _only(driver, QueueLeft)
    assert isinstance(left, QueueLeft)
    assert left.reason is QueueLeaving.ENDED
    assert driver.feed(offer("2003")).problems
    _answer(driver, driver.call.legs[-1].id)
    assert (driver.call.state, driver.call.transfer) == (CallState.CONNECTED, None)
    assert_in_place(driver)
    _end(driver)
    assert driver.ended.disposition is Disposition.ANSWERED


def test_given_the_customer_as_transferor_when_it_asks_for_a_queue_then_it_is_refused() -> None:
    driver = connected_call()
    refused = driver.feed(_to_queue(by=driver.leg(LegRole.CUSTOMER).id))
    assert [one.code for one in refused.problems] == ["INVALID_INPUT"]
    assert _state(driver) is CallState.CONNECTED


def test_given_the_same_key_when_asked_again_then_the_customer_waits_once() -> None:
    driver = connected_call()
    again = _to_queue(key="once")
    driver.feed(again)
    assert not driver.feed(again).problems
    assert len([fact for fact in driver.facts if isinstance(fact, QueueJoined)]) == 1


def test_given_a_service_that_died_when_it_is_back_then_the_customer_still_waits_and_is_served() -> None:
    driver = _given()
    driver.asterisk.channels[driver.leg(LegRole.CUSTOMER).id].has_music = False
    driver.restart_service()
    driver.hear_all()
    assert _state(driver) is CallState.WAITING_IN_QUEUE
    assert driver.asterisk.channels[driver.leg(LegRole.CUSTOMER).id].has_music
    offered = offer()
    driver.feed(offered)
    _answer(driver, offered.leg.id)
    assert_in_place(driver)


def test_given_the_longest_duration_when_it_is_over_in_a_queue_then_the_call_ends() -> None:
    driver = _given()
    driver.fire(TimerName.MAX_DURATION)
    driver.drain()
    assert driver.ended.end_reason.code is EndCode.MAX_DURATION
    left = _only(driver, QueueLeft)
    assert isinstance(left, QueueLeft)
    assert left.reason is QueueLeaving.ENDED


# A ring group, or an agent, that overflows into a queue.


def _group_call(role: LegRole | None, waves: tuple[int, ...] = (0, 1)) -> Driver:
    """A call to phones of which each wave rings after the other, and a queue after them. None: it comes in."""
    call = make_inbound_call(agent_waves=waves) if role is None else make_call(dial_first=role, agent_waves=waves)
    driver = Driver(msgspec.structs.replace(call, next_queue=WAIT))
    driver.feed(inputs.Start())
    driver.hear_all()
    return driver


def _fail_all_phones(driver: Driver) -> None:
    agents = {leg.id for leg in driver.call.legs if leg.role is LegRole.AGENT}
    while ringing := [leg_id for leg_id in driver.asterisk.channels if leg_id in agents]:
        driver.asterisk.end(ringing[0], cause=17, sip_code=486)
        driver.hear_all()


@pytest.mark.parametrize("waves", [(0,), (0, 0), (0, 1)])
def test_given_a_call_that_comes_in_when_nobody_of_the_group_answers_then_the_caller_waits_in_the_queue(
    waves: tuple[int, ...],
) -> None:
    driver = _group_call(None, waves)
    _fail_all_phones(driver)
    assert _state(driver) is CallState.WAITING_IN_QUEUE
    customer = driver.leg(LegRole.CUSTOMER)
    assert driver.asterisk.channels[customer.id].has_music
    assert driver.call.next_queue is None
    offered = offer()
    driver.feed(offered)
    _answer(driver, offered.leg.id)
    assert _state(driver) is CallState.CONNECTED
    assert_in_place(driver)
    _end(driver)
    record = driver.ended.cdr
    assert (record.disposition, record.queue_id, record.agent_id) == (Disposition.ANSWERED, QUEUE, "agent_2001")
    assert record.answered_at == customer.answered_at
    assert Counter(type(fact) for fact in driver.facts)[CallConnected] == 1


@pytest.mark.parametrize("waves", [(0,), (0, 0), (0, 1)])
def test_given_a_customer_who_was_dialled_first_when_nobody_of_the_group_answers_then_it_waits_in_the_queue(
    waves: tuple[int, ...],
) -> None:
    driver = _group_call(LegRole.CUSTOMER, waves)
    customer = driver.leg(LegRole.CUSTOMER)
    _answer(driver, customer.id)
    assert _state(driver) is CallState.ANSWERED
    driver.pass_seconds(3)
    _fail_all_phones(driver)
    assert _state(driver) is CallState.WAITING_IN_QUEUE
    channel = driver.asterisk.channels[customer.id]
    assert (channel.has_music, channel.is_bridged, channel.has_ringback) == (True, False, False)
    joined = _only(driver, QueueJoined)
    assert isinstance(joined, QueueJoined)
    assert joined.joined_at == driver.now
    offered = offer()
    driver.feed(offered)
    _answer(driver, offered.leg.id)
    assert_in_place(driver)


def test_given_agents_who_are_dialled_first_when_nobody_answers_then_the_customer_is_dialled_and_waits() -> None:
    driver = _group_call(LegRole.AGENT)
    customer = driver.leg(LegRole.CUSTOMER)
    assert customer.id not in driver.asterisk.channels
    _fail_all_phones(driver)
    assert not driver.call.is_ending
    _answer(driver, customer.id)
    assert _state(driver) is CallState.WAITING_IN_QUEUE
    _end(driver)
    assert driver.ended.cdr.customer.number == CUSTOMER_NUMBER
    assert driver.ended.disposition is Disposition.CANCELLED


def test_given_phones_that_ring_too_long_when_a_queue_follows_then_they_stop_and_late_answers_come_to_nothing() -> None:
    driver = _group_call(None, (0, 0))
    phones = [leg for leg in driver.call.legs if leg.role is LegRole.AGENT]
    for leg in phones:
        driver.asterisk.ring(leg.id)
    driver.hear_all()
    driver.pass_seconds(30)
    driver.asterisk.answer(phones[0].id)  # told too late
    driver.fire(TimerName.RING)
    driver.hear_all()
    assert _state(driver) is CallState.WAITING_IN_QUEUE
    assert list(driver.asterisk.channels) == [driver.leg(LegRole.CUSTOMER).id]


def test_given_somebody_of_the_group_when_it_answers_then_the_queue_has_no_part_in_the_call() -> None:
    driver = _group_call(None, (0, 1))
    _answer(driver, driver.leg(LegRole.AGENT).id)
    assert _state(driver) is CallState.CONNECTED
    _end(driver)
    assert driver.ended.cdr.queue_id is None


def test_given_a_transfer_to_a_group_when_nobody_there_answers_then_the_customer_waits_in_its_queue() -> None:
    driver = connected_call()
    asked = ask_transfer(TransferKind.BLIND, waves=(0, 1))
    driver.feed(msgspec.structs.replace(asked, queue=WAIT))
    driver.hear_all()
    targets = {asked.leg.id if asked.leg else None, *(leg.id for leg in asked.or_legs)}
    while ringing := [leg_id for leg_id in driver.asterisk.channels if leg_id in targets]:
        driver.asterisk.end(ringing[0], cause=17, sip_code=486)
        driver.hear_all()
    assert _state(driver) is CallState.WAITING_IN_QUEUE
    assert not [fact for fact in driver.facts if isinstance(fact, TransferFailed)]
    offered = offer()
    driver.feed(offered)
    _answer(driver, offered.leg.id)
    assert isinstance(_only(driver, TransferCompleted), TransferCompleted)
    assert_in_place(driver)


def test_given_a_customer_with_two_phones_when_one_answers_to_wait_then_the_other_stops_and_nothing_is_abandoned() -> (
    None
):
    call = make_call(dial_first=LegRole.CUSTOMER, customer_waves=(0, 0))
    customers = tuple(leg for leg in call.legs if leg.role is LegRole.CUSTOMER)
    driver = Driver(msgspec.structs.replace(call, legs=customers, planned=2, queue=WAIT, agent_id=None, extension=None))
    driver.feed(inputs.Start())
    driver.hear_all()
    _answer(driver, customers[1].id)
    assert _state(driver) is CallState.WAITING_IN_QUEUE
    assert list(driver.asterisk.channels) == [customers[1].id]
    assert not [fact for fact in driver.facts if isinstance(fact, QueueLeft)]
    offered = offer()
    driver.feed(offered)
    _answer(driver, offered.leg.id)
    assert _state(driver) is CallState.CONNECTED


class _Play:
    """Whatever can happen to a customer who is given to a queue, in any order."""

    def __init__(self, *, recalls: bool) -> None:
        self.driver = connected_call()
        self.driver.feed(_to_queue(recalls=recalls))
        self.number = 0

    def do(self, what: str, pick: int) -> None:
        driver = self.driver
        customer = driver.call.leg_of(LegRole.CUSTOMER).id
        channels = [leg_id for leg_id in driver.asterisk.channels if leg_id != customer]
        match what:
            case "offer":
                self.number += 1
                driver.feed(offer(f"20{self.number:02}"))
            case "hear" if driver.asterisk.said:
                driver.hear(pick % len(driver.asterisk.said))
            case "answer" if channels:
                leg_id = channels[pick % len(channels)]
                if driver.asterisk.channels[leg_id].stage in {Stage.DIALLED, Stage.RINGING}:
                    driver.asterisk.answer(leg_id)
            case "end" if channels:
                driver.asterisk.end(channels[pick % len(channels)], cause=17, sip_code=486)
            case "caller_gone" if customer in driver.asterisk.channels:
                driver.asterisk.end(customer)
            case "fire" if driver.call.timers:
                driver.fire()
            case "refuse" if driver.call.queue is not None:
                driver.feed(QueueRefused(queue_id=driver.call.queue.queue_id, reason=QueueLeaving.FULL))
            case "overflow_leg":
                driver.feed(OverflowChosen(legs=(agent_leg("2090"),)))
            case "overflow_queue":
                driver.feed(OverflowChosen(queue=WAIT))
            case "nowhere":
                driver.feed(OverflowChosen())
            case "cancel":
                driver.feed(ask(CancelTransfer()))
            case "again":
                driver.feed(_to_queue(key=f"again{pick}"))
            case "hold":
                driver.feed(ask(Hold()))
            case "restart":
                driver.restart_service()
            case _:
                driver.pass_seconds(pick)


_HAPPENINGS = st.sampled_from(
    [
        *("offer", "offer", "hear", "hear", "hear", "answer", "answer", "end", "fire", "caller_gone", "refuse"),
        *("overflow_leg", "overflow_queue", "nowhere", "cancel", "again", "hold", "restart", "time"),
    ]
)


@given(st.booleans(), st.lists(st.tuples(_HAPPENINGS, st.integers(0, 9)), max_size=40))
def test_given_anything_in_any_order_when_a_customer_is_given_to_a_queue_then_all_adds_up_and_nobody_is_left(
    recalls: bool,  # drawn
    happenings: list[tuple[str, int]],
) -> None:
    play = _Play(recalls=recalls)
    for what, pick in happenings:
        play.do(what, pick)
        customer = play.driver.call.leg_of(LegRole.CUSTOMER)
        if play.driver.call.state is CallState.WAITING_IN_QUEUE and not play.driver.call.is_ending:
            assert customer.place is Place.HOLD
    play.driver.drain()
    call = play.driver.call
    assert call.is_ended
    assert not play.driver.asterisk.channels
    assert call.queue is not None
    assert call.queue.stage is QueueStage.OVER
    assert_transfers_add_up(call, play.driver.facts)
    joined = sum(isinstance(fact, QueueJoined) for fact in play.driver.facts)
    assert sum(isinstance(fact, QueueLeft) for fact in play.driver.facts) == joined
    assert sum(isinstance(fact, CallConnected) for fact in play.driver.facts) == 1
    held = Counter(type(fact) for fact in play.driver.facts if isinstance(fact, LegHeld | LegUnheld))
    assert held[LegUnheld] <= held[LegHeld]


@given(st.sampled_from([None, LegRole.AGENT, LegRole.CUSTOMER]), st.data())
def test_given_anything_in_any_order_when_a_group_overflows_into_a_queue_then_the_call_ends_once(
    role: LegRole | None, data: st.DataObject
) -> None:
    driver = _group_call(role, (0, 0, 1))
    for _ in range(data.draw(st.integers(0, 30))):
        channels = list(driver.asterisk.channels)
        pick = data.draw(st.integers(0, 9))
        match data.draw(st.sampled_from(["hear", "answer", "end", "fire", "offer", "restart", "time", "customer"])):
            case "hear" if driver.asterisk.said:
                driver.hear(pick % len(driver.asterisk.said))
            case "answer" if channels:
                leg_id = channels[pick % len(channels)]
                if driver.asterisk.channels[leg_id].stage in {Stage.DIALLED, Stage.RINGING}:
                    driver.asterisk.answer(leg_id)
            case "end" if channels:
                driver.asterisk.end(channels[pick % len(channels)], cause=17, sip_code=486)
            case "customer" if driver.leg(LegRole.CUSTOMER).id in driver.asterisk.channels and pick == 0:
                driver.asterisk.end(driver.leg(LegRole.CUSTOMER).id)
            case "fire" if driver.call.timers:
                driver.fire()
            case "offer":
                driver.feed(offer(f"21{pick:02}"))
            case "restart":
                driver.restart_service()
            case _:
                driver.pass_seconds(pick)
    driver.drain()
    assert driver.call.is_ended
    assert not driver.asterisk.channels
    joined = sum(isinstance(fact, QueueJoined) for fact in driver.facts)
    assert sum(isinstance(fact, QueueLeft) for fact in driver.facts) == joined
    assert sum(isinstance(fact, CallConnected) for fact in driver.facts) <= 1


def test_given_a_waiting_call_without_a_transfer_when_it_is_cancelled_then_it_is_refused_as_ever() -> None:
    driver = waiting_call()
    assert [one.code for one in driver.feed(ask(CancelTransfer())).problems] == ["INVALID_STATE"]
