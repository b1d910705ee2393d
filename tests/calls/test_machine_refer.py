"""Transfers by REFER: asked for by telephones, and carried out by the transferee's device."""

import msgspec
import pytest

from app.calls.core import commands, inputs
from app.calls.core.inputs import FailureKind
from app.calls.core.model.leg import Place
from app.calls.core.model.timers import TimerName
from app.calls.core.verbs import CancelTransfer, CompleteTransfer, Hold
from app.facts.transfers import TransferCancelled, TransferCompleted, TransferFailed, TransferStarted
from app.facts.vocabulary import Disposition, EndCode, EndParty, LegRole, TransferKind, TransferState
from tests.calls.asking import TARGET_NUMBER, ask, ask_transfer
from tests.calls.asking_refer import link, refer_aimed, refer_asked, refer_refused, talk_over_trunks, tell_device
from tests.calls.driving import Driver, connected_call
from tests.calls.making import SOMEBODY, make_call
from tests.calls.resting import assert_alive, assert_in_place, assert_nobody_is_alone, assert_transfers_add_up
from tests.calls.simulated_asterisk import Fate

SEATS = [LegRole.AGENT, LegRole.CUSTOMER]


def _across(role: LegRole) -> LegRole:
    return LegRole.CUSTOMER if role is LegRole.AGENT else LegRole.AGENT


def _assert_at_rest(driver: Driver) -> None:
    driver.settle()
    assert_nobody_is_alone(driver.call)
    assert_in_place(driver)
    assert_alive(driver)
    assert_transfers_add_up(driver.call, driver.facts)


def _told(driver: Driver) -> list[type]:
    kinds = (TransferStarted, TransferCompleted, TransferCancelled, TransferFailed)
    return [type(fact) for fact in driver.facts if isinstance(fact, kinds)]


@pytest.mark.parametrize("by", SEATS)
def test_given_a_phone_that_transfers_when_it_hangs_up_before_the_target_is_found_then_nobody_is_lost(
    by: LegRole,
) -> None:
    driver = connected_call()
    leg = driver.leg(by)
    asked = refer_asked(leg)
    driver.fates = [Fate.LOST]  # our own hang-up is late: the phone's comes first
    driver.feed(asked)
    driver.asterisk.end(leg.id)
    driver.hear_all()
    assert not driver.call.is_ending
    _assert_at_rest(driver)
    assert driver.call.leg_of(_across(by)).place is Place.RINGBACK
    driver.feed(refer_aimed(asked.transfer_id))
    driver.go_on()
    driver.go_on()
    driver.go_on()
    _assert_at_rest(driver)
    assert _told(driver) == [TransferStarted, TransferCompleted]
    assert driver.call.leg_of(by).party.number == TARGET_NUMBER
    driver.drain()


@pytest.mark.parametrize("by", SEATS)
def test_given_a_phone_that_transfers_to_whom_it_may_not_when_refused_then_it_is_called_back(by: LegRole) -> None:
    driver = connected_call()
    asked = refer_asked(driver.leg(by))
    driver.feed(asked)
    driver.feed(refer_refused(asked.transfer_id))
    (failed,) = [fact for fact in driver.facts if isinstance(fact, TransferFailed)]
    assert (failed.disposition, failed.is_recalled) == (Disposition.REJECTED, True)
    assert driver.call.transfer is not None
    assert driver.call.transfer.state is TransferState.RECALLING
    assert driver.call.transfer.target == asked.recall_leg_id
    _assert_at_rest(driver)
    driver.drain()


def test_given_a_look_up_that_never_comes_back_when_its_time_is_over_then_the_transferor_is_called_back() -> None:
    driver = connected_call()
    driver.feed(refer_asked(driver.leg(LegRole.AGENT)))
    driver.restart_service()
    driver.fire(TimerName.CONSULT)
    assert _told(driver) == [TransferStarted, TransferCancelled]
    _assert_at_rest(driver)
    driver.drain()


def test_given_an_answer_that_comes_too_late_when_aimed_then_nobody_is_rung_for_it() -> None:
    driver = connected_call()
    asked = refer_asked(driver.leg(LegRole.AGENT))
    driver.feed(asked)
    driver.feed(ask(CancelTransfer()))
    legs = len(driver.call.legs)
    assert not driver.feed(refer_aimed(asked.transfer_id)).commands
    assert not driver.feed(refer_refused(asked.transfer_id)).commands
    assert len(driver.call.legs) == legs
    driver.drain()


@pytest.mark.parametrize("kind", TransferKind)
def test_given_a_transfer_under_way_when_a_phone_asks_for_another_then_its_leg_is_put_back(kind: TransferKind) -> None:
    driver = connected_call()
    driver.feed(ask_transfer(kind, by=driver.leg(LegRole.CUSTOMER).id))
    agent = driver.leg(LegRole.AGENT)
    before = driver.call.transfer
    driver.feed(refer_asked(agent))
    assert driver.call.transfer == before
    assert _told(driver) == [TransferStarted]
    _assert_at_rest(driver)
    driver.drain()


@pytest.mark.parametrize("by", SEATS)
def test_given_two_calls_put_together_when_the_link_is_there_then_its_end_has_the_seat(by: LegRole) -> None:
    driver = connected_call()
    leg = driver.leg(by)
    linked = link(leg)
    driver.asterisk.replace(leg.id, linked.link_leg_id)
    assert not driver.feed(linked).problems
    _assert_at_rest(driver)
    assert driver.call.leg_of(by).id == linked.link_leg_id
    assert _told(driver) == [TransferStarted, TransferCompleted]
    driver.asterisk.end(linked.link_leg_id)
    driver.drain()
    assert (driver.ended.end_reason.code, driver.ended.end_reason.party) == (EndCode.HANGUP, EndParty(by.value))
    assert not driver.asterisk.channels


def test_given_a_call_that_cannot_be_transferred_when_linked_then_that_is_refused_with_its_state() -> None:
    driver = Driver(make_call())
    driver.feed(inputs.Start())
    refused = driver.feed(link(driver.leg(LegRole.AGENT)))
    assert [one.code for one in refused.problems] == ["INVALID_STATE"]
    driver.feed(inputs.HangupRequested(actor=SOMEBODY))
    assert [one.code for one in driver.feed(link(driver.leg(LegRole.AGENT))).problems] == ["INVALID_STATE"]
    driver.drain()


@pytest.mark.parametrize("by", SEATS)
def test_given_a_device_that_was_told_when_it_follows_then_the_call_ends_by_who_transferred(by: LegRole) -> None:
    driver = talk_over_trunks()
    driver.feed(tell_device(by, call=driver.call))
    transferee = driver.leg(_across(by))
    assert_nobody_is_alone(driver.call)
    assert_in_place(driver)
    assert driver.asterisk.channels[transferee.id].is_away
    driver.asterisk.give_back(transferee.id, is_done=True)
    driver.drain()
    assert _told(driver) == [TransferStarted, TransferCompleted]
    assert driver.ended.disposition is Disposition.ANSWERED
    assert (driver.ended.end_reason.code, driver.ended.end_reason.party) == (EndCode.TRANSFERRED, EndParty(by.value))
    assert not driver.asterisk.channels


@pytest.mark.parametrize(
    ("said", "disposition"),
    [
        ({"sip_code": 486}, Disposition.BUSY),
        ({"sip_code": 603}, Disposition.REJECTED),
        ({"sip_code": 299}, Disposition.FAILED),
        ({}, Disposition.FAILED),
        ({"is_timed_out": True}, Disposition.NO_ANSWER),
    ],
)
@pytest.mark.parametrize("by", SEATS)
def test_given_a_device_that_was_told_when_it_does_not_follow_then_the_two_talk_again(
    by: LegRole, said: dict[str, int | bool], disposition: Disposition
) -> None:
    driver = talk_over_trunks()
    driver.feed(ask(Hold()))
    driver.feed(tell_device(by, call=driver.call))
    driver.asterisk.give_back(driver.leg(_across(by)).id, **said)
    driver.hear_all()
    (failed,) = [fact for fact in driver.facts if isinstance(fact, TransferFailed)]
    assert (failed.disposition, failed.is_recalled) == (disposition, False)
    _assert_at_rest(driver)
    assert {leg.place for leg in driver.call.seats if leg is not None} == {Place.TALK}
    driver.drain()


@pytest.mark.parametrize("recalls", [True, False])
def test_given_a_transferor_that_has_gone_when_the_device_does_not_follow_then_it_is_called_back_if_wanted(
    recalls: bool,
) -> None:
    driver = talk_over_trunks()
    driver.feed(tell_device(call=driver.call, recalls=recalls))
    driver.asterisk.end(driver.leg(LegRole.AGENT).id)
    driver.hear_all()
    assert not driver.call.is_ending
    driver.asterisk.give_back(driver.leg(LegRole.CUSTOMER).id, sip_code=486)
    driver.hear_all()
    assert driver.call.is_ending is not recalls
    _assert_at_rest(driver)
    driver.drain()
    assert driver.ended.end_reason.code is EndCode.TRANSFER_FAILED or recalls


def test_given_a_device_that_was_told_when_it_hangs_up_unheard_then_that_is_found_soon() -> None:
    driver = talk_over_trunks()
    driver.feed(tell_device(call=driver.call))
    driver.asterisk.end(driver.leg(LegRole.CUSTOMER).id)
    driver.asterisk.said.clear()
    driver.fire(TimerName.REFER)
    driver.drain()
    assert _told(driver) == [TransferStarted, TransferCancelled]
    assert (driver.ended.end_reason.code, driver.ended.end_reason.party) == (EndCode.HANGUP, EndParty.CUSTOMER)


def test_given_a_device_that_was_told_when_nothing_ever_comes_back_then_the_transfer_fails() -> None:
    driver = talk_over_trunks()
    driver.feed(tell_device(call=driver.call))
    for _ in range(9):
        if driver.call.transfer is not None:
            driver.fire(TimerName.REFER)
    assert _told(driver) == [TransferStarted, TransferFailed]
    _assert_at_rest(driver)
    driver.drain()


@pytest.mark.parametrize("kind", [FailureKind.REFUSED, FailureKind.UNSENT, FailureKind.GONE])
def test_given_a_device_that_cannot_be_told_when_that_is_known_then_the_two_talk_again(kind: FailureKind) -> None:
    driver = talk_over_trunks()
    driver.fates = [Fate.DONE, Fate.DONE, Fate.LOST]
    driver.feed(tell_device(call=driver.call))
    driver.fates.clear()
    (told,) = [one for one in driver.asked if isinstance(one, commands.ReferLeg)]
    driver.feed(inputs.CommandFailed(command=told, kind=kind, detail="no"))
    assert _told(driver) == [TransferStarted, TransferFailed]
    _assert_at_rest(driver)
    driver.drain()


def test_given_a_device_that_was_told_when_asked_to_take_it_back_then_that_is_refused_and_nothing_changes() -> None:
    driver = talk_over_trunks()
    driver.feed(tell_device(call=driver.call))
    before = driver.call
    for verb in (CancelTransfer(), CompleteTransfer(), Hold()):
        (problem,) = driver.feed(ask(verb)).problems
        assert (problem.code, problem.current_state) == ("INVALID_STATE", "TRANSFER_DIALING")
    assert driver.call == before
    driver.drain()


def test_given_a_party_at_a_phone_of_the_account_when_its_device_is_to_be_told_then_that_is_refused() -> None:
    driver = connected_call()
    (problem,) = driver.feed(tell_device(call=driver.call)).problems
    assert (problem.code, problem.field) == ("INVALID_INPUT", ("method",))
    assert driver.call.transfer is None
    driver.drain()


def test_given_the_same_key_when_a_device_is_to_be_told_twice_then_it_is_told_once() -> None:
    driver = talk_over_trunks()
    asked = tell_device(call=driver.call)
    driver.feed(asked)
    again = driver.feed(msgspec.structs.replace(asked))
    assert not again.commands
    assert not again.problems
    driver.drain()


@pytest.mark.parametrize("by", SEATS)
def test_given_a_party_that_came_in_and_transfers_when_nobody_is_found_in_time_then_the_call_ends_as_cancelled_transfer(
    by: LegRole,
) -> None:
    driver = connected_call()
    linked = link(driver.leg(by))
    driver.asterisk.replace(linked.leg_id, linked.link_leg_id)
    driver.feed(linked)
    driver.hear_all()
    came_in = driver.call.leg_of(by)
    assert came_in.id == linked.link_leg_id
    driver.feed(refer_asked(came_in))
    driver.fire(TimerName.CONSULT)
    _assert_at_rest(driver)
    driver.drain()
    assert _told(driver)[-2:] == [TransferStarted, TransferCancelled]
    assert driver.call.is_settled
    assert driver.call.end_reason is not None
    assert driver.call.end_reason.code is EndCode.TRANSFER_FAILED
