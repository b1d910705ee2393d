"""A transfer that nobody answers, and a flow for that: it leads the customer on, and whoever transferred is free."""

import msgspec
import pytest

from app.calls.core import inputs
from app.calls.core.model.flow import MOST_FLOWS, FlowStage
from app.calls.core.model.leg import Leg
from app.calls.core.model.queue import QueueWait
from app.calls.core.model.timers import TimerName
from app.facts.transfers import TransferCompleted, TransferFailed
from app.facts.vocabulary import CallState, Disposition, EndCode, EndParty, LegRole, LegState, TransferKind
from tests.calls.asking import ask_transfer
from tests.calls.driving import connected_call
from tests.calls.flow_calls import FlowDriver, run_of, survey
from tests.calls.queue_calls import QUEUE
from tests.calls.resting import assert_in_place

WAIT = QueueWait(queue_id=QUEUE, max_wait_seconds=60.0)


def talking() -> FlowDriver:
    connected = connected_call()
    driver = FlowDriver(connected.call)
    driver.asterisk, driver.log, driver.asked = connected.asterisk, connected.log, connected.asked
    return driver


def transfer(driver: FlowDriver, kind: TransferKind, *, by: Leg | None = None, **changes: object) -> list[Leg]:
    """Asked for, to a group of two waves; its legs."""
    asked = ask_transfer(kind, by=None if by is None else by.id, waves=(0, 0, 1))
    changes = {"flow": run_of(survey()), **changes}
    driver.feed(msgspec.structs.replace(asked, **changes))
    driver.hear_all()
    assert asked.leg is not None
    return [asked.leg, *asked.or_legs]


def let_all_fail(driver: FlowDriver, legs: list[Leg]) -> None:
    while ringing := [leg for leg in legs if leg.id in driver.asterisk.channels]:
        driver.asterisk.end(ringing[0].id, cause=17, sip_code=486)
        driver.hear_all()


@pytest.mark.parametrize("with_music", [False, True])
def test_given_a_group_that_overflows_into_a_flow_when_nobody_there_answers_then_it_leads_the_customer_on(
    with_music: bool,
) -> None:
    driver = talking()
    agent = driver.call.leg_of(LegRole.AGENT)
    legs = transfer(driver, TransferKind.BLIND, with_music=with_music)
    let_all_fail(driver, legs)
    told = [fact.type for fact in driver.facts if fact.type.startswith(("transfer.", "flow."))]
    assert told == ["transfer.started", "transfer.completed", "flow.started", "flow.step_entered"]
    completed = next(fact for fact in driver.facts if isinstance(fact, TransferCompleted))
    assert (completed.leg, completed.target.display) == (None, "Main menu")
    assert driver.call.leg(agent.id).state is LegState.ENDED
    assert driver.call.transfer is None
    assert driver.call.state is CallState.ANSWERED
    assert list(driver.asterisk.channels) == [driver.caller.id]
    assert_in_place(driver)
    driver.press("1")
    driver.hear_out()
    driver.drain()
    assert driver.path == ["menu", "one", "bye"]
    reason = driver.ended.end_reason
    assert (driver.ended.disposition, reason.code, reason.party) == (
        Disposition.ANSWERED,
        EndCode.FLOW_ENDED,
        EndParty.SYSTEM,
    )


def test_given_a_group_with_a_flow_for_nobody_when_somebody_answers_then_they_talk_and_it_never_begins() -> None:
    driver = talking()
    legs = transfer(driver, TransferKind.BLIND)
    driver.be_answered(legs[1])
    assert driver.call.state is CallState.CONNECTED
    assert driver.call.flow is None
    assert_in_place(driver)


def test_given_an_attended_transfer_when_nobody_answers_then_they_talk_again_and_no_flow_begins() -> None:
    driver = talking()
    let_all_fail(driver, transfer(driver, TransferKind.ATTENDED))
    assert driver.call.flow is None
    assert driver.call.state is CallState.CONNECTED
    assert [fact for fact in driver.facts if isinstance(fact, TransferFailed)]
    assert_in_place(driver)


def test_given_a_customer_who_transfers_when_nobody_answers_then_it_is_called_back_and_no_flow_leads_the_agent() -> (
    None
):
    driver = talking()
    let_all_fail(driver, transfer(driver, TransferKind.BLIND, by=driver.caller))
    assert driver.call.flow is None
    (failed,) = [fact for fact in driver.facts if isinstance(fact, TransferFailed)]
    assert failed.is_recalled


def test_given_a_call_that_was_in_too_many_flows_when_nobody_answers_then_whoever_transferred_is_called_back() -> None:
    driver = talking()
    over = msgspec.structs.replace(run_of(survey()), stage=FlowStage.OVER, runs=MOST_FLOWS)
    driver.call = msgspec.structs.replace(driver.call, flow=over)
    let_all_fail(driver, transfer(driver, TransferKind.BLIND))
    (failed,) = [fact for fact in driver.facts if isinstance(fact, TransferFailed)]
    assert failed.is_recalled


def test_given_a_transfer_to_a_queue_when_that_overflows_into_a_flow_then_the_flow_leads_the_customer_on() -> None:
    driver = talking()
    transfer(driver, TransferKind.BLIND, leg=None, or_legs=(), flow=None, queue=WAIT)
    assert driver.call.state is CallState.WAITING_IN_QUEUE
    driver.fire(TimerName.QUEUE_WAIT)
    driver.feed(inputs.OverflowChosen(flow=run_of(survey())))
    driver.hear_all()
    told = [fact.type for fact in driver.facts if fact.type.startswith(("transfer.", "flow.", "queue."))]
    assert told == [
        "transfer.started",
        "queue.joined",
        "queue.left",
        "transfer.completed",
        "flow.started",
        "flow.step_entered",
    ]
    driver.press("2")
    driver.hear_out()
    driver.drain()
    assert driver.path == ["menu", "two", "bye"]
    assert driver.ended.disposition is Disposition.ANSWERED


def test_given_a_group_whose_phones_ring_too_long_when_their_time_is_over_then_the_flow_leads_the_customer_on() -> None:
    driver = talking()
    transfer(driver, TransferKind.BLIND)
    for _ in range(20):
        if driver.call.flow is not None and driver.call.flow.stage is FlowStage.PLAYING:
            break
        driver.fire()
        driver.hear_all()
    assert driver.path == ["menu"]
    assert list(driver.asterisk.channels) == [driver.caller.id]
