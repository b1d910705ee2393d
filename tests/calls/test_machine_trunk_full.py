"""A trunk that has as many calls as it may: another is taken, or the call ends and says why."""

from typing import Any

import msgspec

from app.calls.core import commands, inputs
from app.calls.core.model.leg import Leg, Way
from app.facts.calls import LegEnded
from app.facts.event import SYSTEM
from app.facts.transfers import TransferFailed
from app.facts.vocabulary import CallState, Disposition, EndCode, EndParty, LegRole, LegState, TransferKind
from tests.calls.asking import ask_transfer
from tests.calls.driving import Driver, connected_call
from tests.calls.making import make_call

SECOND = Way(endpoint="PJSIP/1@acme-trunk-second", trunk_id="trunk_2", is_counted=True)
THIRD = Way(endpoint="PJSIP/1@acme-trunk-third", trunk_id="trunk_3")


def _counted(leg: Leg, **fields: Any) -> Leg:
    return msgspec.structs.replace(leg, trunk_id="trunk_1", is_counted=True, **fields)


def _call(*others: Way, full: set[str]) -> Driver:
    """A call whose customer is dialled first, over a trunk with a limit."""
    call = make_call(dial_first=LegRole.CUSTOMER)
    customer, *agents = call.legs
    driver = Driver(msgspec.structs.replace(call, legs=(_counted(customer, other_ways=others), *agents)))
    driver.asterisk.full_trunks = full
    driver.feed(inputs.Start())
    driver.hear_all()
    return driver


def _ways(driver: Driver) -> list[tuple[str, str | None]]:
    return [(one.endpoint, one.trunk_id) for one in driver.asked if isinstance(one, commands.CreateChannel)]


def test_given_room_when_a_call_is_placed_then_a_channel_is_taken_first_and_nothing_else_is_different() -> None:
    driver = _call(SECOND, full=set())
    assert [trunk_id for _, trunk_id in _ways(driver)] == ["trunk_1"]
    assert driver.leg(LegRole.CUSTOMER).state is LegState.DIALING


def test_given_a_full_trunk_when_there_is_no_other_then_the_call_ends_as_congestion_and_says_why() -> None:
    driver = _call(full={"trunk_1"})
    driver.drain()
    assert driver.ended.disposition is Disposition.CONGESTION
    assert (driver.ended.end_reason.code, driver.ended.end_reason.party) == (EndCode.TRUNK_FULL, EndParty.SYSTEM)
    (ended,) = [fact for fact in driver.facts if isinstance(fact, LegEnded)]
    assert ended.ended_by is EndParty.SYSTEM
    assert driver.call.legs[0].failure == "no free channel"
    assert not driver.asterisk.channels


def test_given_a_full_trunk_when_others_have_room_then_the_first_of_these_is_taken_and_recorded() -> None:
    driver = _call(SECOND, THIRD, full={"trunk_1", "trunk_2"})
    assert [trunk_id for _, trunk_id in _ways(driver)] == ["trunk_1", "trunk_2", None]
    assert _ways(driver)[-1][0] == THIRD.endpoint
    customer = driver.leg(LegRole.CUSTOMER)
    assert (customer.state, customer.trunk_id, customer.other_ways) == (LegState.DIALING, "trunk_3", ())
    driver.go_on_until(CallState.CONNECTED)
    driver.feed(inputs.HangupRequested(actor=SYSTEM))
    driver.drain()
    assert driver.ended.cdr.trunk_id == "trunk_3"


def test_given_all_trunks_full_when_a_call_is_placed_then_each_was_tried_once() -> None:
    driver = _call(SECOND, full={"trunk_1", "trunk_2"})
    driver.drain()
    assert [trunk_id for _, trunk_id in _ways(driver)] == ["trunk_1", "trunk_2"]
    assert driver.ended.end_reason.code is EndCode.TRUNK_FULL


def test_given_an_agent_who_waits_when_the_customers_trunk_is_full_then_it_is_let_go_with_the_call() -> None:
    call = make_call()
    agent, customer = call.legs
    driver = Driver(msgspec.structs.replace(call, legs=(agent, _counted(customer))))
    driver.asterisk.full_trunks = {"trunk_1"}
    driver.feed(inputs.Start())
    for _ in range(4):
        driver.go_on()
    driver.drain()
    assert driver.ended.end_reason.code is EndCode.TRUNK_FULL
    assert not driver.asterisk.channels


def test_given_a_transfer_over_a_full_trunk_when_asked_for_then_it_failed_and_whoever_transferred_is_called_back() -> (
    None
):
    driver = connected_call()
    driver.asterisk.full_trunks = {"trunk_1"}
    asked = ask_transfer(TransferKind.BLIND)
    assert asked.leg is not None
    driver.feed(msgspec.structs.replace(asked, leg=_counted(asked.leg)))
    (failed,) = [fact for fact in driver.facts if isinstance(fact, TransferFailed)]
    assert (failed.disposition, failed.end_reason.code, failed.is_recalled) == (
        Disposition.CONGESTION, EndCode.TRUNK_FULL, True,
    )  # fmt: skip
    driver.go_on()
    driver.go_on()
    driver.hear_all()
    assert (driver.call.state, driver.call.transfer) == (CallState.CONNECTED, None)


def test_given_a_transferor_outside_when_it_is_called_back_then_that_takes_a_channel_as_well() -> None:
    driver = connected_call()
    agent, *others = driver.call.legs
    driver.call = msgspec.structs.replace(driver.call, legs=(_counted(agent), *others))
    driver.feed(ask_transfer(TransferKind.BLIND))
    driver.hear_all()
    assert driver.call.transfer is not None
    assert driver.call.transfer.target is not None
    driver.asterisk.end(driver.call.transfer.target, cause=17, sip_code=486)
    driver.hear_all()
    assert [one.trunk_id for one in driver.asked if isinstance(one, commands.CreateChannel)][-1] == "trunk_1"


def test_given_a_channel_that_was_refused_late_when_the_leg_goes_another_way_already_then_nothing_is_made_twice() -> (
    None
):
    driver = _call(SECOND, full={"trunk_1"})
    first = next(one for one in driver.asked if isinstance(one, commands.CreateChannel))
    driver.feed(inputs.CommandFailed(command=first, kind=inputs.FailureKind.FULL, detail="again"))
    assert [trunk_id for _, trunk_id in _ways(driver)] == ["trunk_1", "trunk_2"]
