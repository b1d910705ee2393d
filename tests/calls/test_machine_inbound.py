"""A call that comes in: the caller is there first, pays for nothing before somebody answers, and is told the outcome.

Every row of the page's table of them is driven through the machine.
"""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from app.calls.core import commands, inputs
from app.calls.core.causes import cause_for
from app.calls.core.machine import step
from app.calls.core.model.call import Call, Outcome
from app.calls.core.model.leg import HangupReason
from app.calls.core.model.timers import TimerName
from app.calls.core.verbs import CancelTransfer
from app.facts.calls import CallCreated, CallEnded
from app.facts.transfers import TransferFailed
from app.facts.vocabulary import (
    CallState,
    CdrSource,
    Disposition,
    EndCode,
    EndParty,
    EndReason,
    LegRole,
    LegState,
    Party,
    TransferKind,
)
from tests.calls.asking import ask, ask_transfer, target_of
from tests.calls.driving import Driver
from tests.calls.making import NOON, SOMEBODY, make_inbound_call
from tests.calls.simulated_asterisk import Fate, Stage
from tests.rig.page_tables import Row, read_tables


def arrived(call: Call | None = None) -> Driver:
    """A call that has been taken, whose first phone is being made."""
    driver = Driver(call or make_inbound_call())
    driver.feed(inputs.Start())
    return driver


def ringing(call: Call | None = None) -> Driver:
    driver = arrived(call)
    driver.go_on_until(CallState.RINGING)
    return driver


def outcome(driver: Driver) -> tuple[Disposition, EndCode, EndParty]:
    ended = driver.ended
    return ended.disposition, ended.end_reason.code, ended.end_reason.party


def told(driver: Driver) -> int:
    """The cause that the caller is hung up with."""
    return cause_for(driver.call, driver.leg(LegRole.CUSTOMER), HangupReason.CALL_OVER)


def test_given_a_caller_when_the_phone_is_answered_then_the_caller_is_answered_and_only_then_do_they_talk() -> None:
    driver = ringing()
    caller, phone = driver.leg(LegRole.CUSTOMER), driver.leg(LegRole.AGENT)
    assert caller.state is LegState.RINGING
    assert not any(isinstance(one, commands.AnswerChannel | commands.CreateBridge) for one in driver.asked)
    driver.asterisk.answer(phone.id)
    driver.hear()
    assert driver.words[-1] == "leg.answered AGENT"
    assert [type(one) for one in driver.asked[-4:]] == [
        commands.AnswerChannel,
        commands.CreateBridge,
        commands.JoinBridge,
        commands.JoinBridge,
    ]
    driver.hear_all()
    assert driver.call.state is CallState.CONNECTED
    assert driver.words == [
        "call.created",
        "leg.dialing AGENT",
        "leg.ringing AGENT",
        "leg.answered AGENT",
        "leg.answered CUSTOMER",
        "call.connected",
    ]
    assert driver.call.timer(TimerName.JOIN) is None
    assert driver.call.unique_id == caller.channel_id
    driver.pass_seconds(5)
    driver.asterisk.end(caller.id)
    driver.drain()
    assert outcome(driver) == (Disposition.ANSWERED, EndCode.HANGUP, EndParty.CUSTOMER)
    assert driver.ended.talk_seconds == 5.0
    assert not driver.asterisk.channels


@pytest.mark.parametrize("is_ringing", [False, True])
def test_given_a_caller_who_gives_up_when_nobody_has_answered_then_it_is_cancelled_and_the_phones_fall_silent(
    is_ringing: bool,
) -> None:
    driver = ringing(make_inbound_call(agent_waves=(0, 0))) if is_ringing else arrived()
    driver.asterisk.end(driver.leg(LegRole.CUSTOMER).id, cause=127)
    driver.drain()
    assert outcome(driver) == (Disposition.CANCELLED, EndCode.HANGUP, EndParty.CUSTOMER)
    assert not driver.asterisk.channels


def test_given_one_phone_was_busy_when_the_caller_gives_up_at_the_next_then_it_is_the_caller_who_decided() -> None:
    driver = ringing(make_inbound_call(agent_waves=(0, 1)))
    driver.asterisk.end(driver.call.legs[1].id, cause=17, sip_code=486)
    driver.hear_all()
    driver.asterisk.end(driver.leg(LegRole.CUSTOMER).id)
    driver.drain()
    assert outcome(driver) == (Disposition.CANCELLED, EndCode.HANGUP, EndParty.CUSTOMER)


def test_given_a_phone_that_is_not_answered_when_its_time_is_over_then_the_next_rings_and_may_answer() -> None:
    driver = ringing(make_inbound_call(agent_waves=(0, 1)))
    first, second = driver.call.legs[1], driver.call.legs[2]
    driver.fire(TimerName.RING)
    driver.hear_all()
    assert driver.asterisk.channels.keys() == {driver.leg(LegRole.CUSTOMER).id, second.id}
    driver.go_on_until(CallState.CONNECTED)
    assert driver.leg(LegRole.AGENT).id == second.id
    assert driver.call.leg(first.id).state is LegState.ENDED


def _planned(disposition: Disposition, code: EndCode) -> Driver:
    """Nobody could be rung, for this reason."""
    failure = Outcome(disposition=disposition, end_reason=EndReason(code=code, party=EndParty.SYSTEM))
    return arrived(msgspec.structs.replace(make_inbound_call(agent_waves=()), best_failure=failure))


def _phone_says(cause: int, sip_code: int) -> Driver:
    driver = arrived()
    driver.hear_all()
    driver.asterisk.end(driver.leg(LegRole.AGENT).id, cause=cause, sip_code=sip_code)
    driver.hear()
    return driver


def _talk_ends(who: LegRole) -> Driver:
    driver = ringing()
    driver.go_on_until(CallState.CONNECTED)
    driver.asterisk.end(driver.leg(who).id)
    return driver


def _gives_up() -> Driver:
    driver = ringing()
    driver.asterisk.end(driver.leg(LegRole.CUSTOMER).id)
    return driver


def _nobody_answers() -> Driver:
    driver = ringing()
    driver.fire(TimerName.RING)
    return driver


def _is_hung_up() -> Driver:
    driver = ringing()
    driver.feed(inputs.HangupRequested(actor=SOMEBODY))
    return driver


def _caller_is_not_answered() -> Driver:
    driver = ringing()
    driver.asterisk.answer(driver.leg(LegRole.AGENT).id)
    driver.fates = [Fate.LOST]
    driver.hear()
    driver.fire(TimerName.JOIN)
    return driver


def _is_written_down(*, was_answered: bool) -> Driver:
    driver = Driver(make_inbound_call(agent_waves=()))
    driver.asterisk.channels.clear()
    driver.pass_seconds(60)
    driver.feed(inputs.MissedWhileAway(ended_at=driver.now, was_answered=was_answered))
    return driver


_HAPPENINGS: dict[str, Callable[[], Driver]] = {
    "somebody answers, the caller hangs up": lambda: _talk_ends(LegRole.CUSTOMER),
    "somebody answers and hangs up": lambda: _talk_ends(LegRole.AGENT),
    "the caller gives up while phones ring": _gives_up,
    "the phone is busy": lambda: _phone_says(17, 486),
    "nobody answers in time": _nobody_answers,
    "the phone rejects": lambda: _phone_says(21, 603),
    "the phone cannot be reached": lambda: _phone_says(19, 480),
    "the phone's network is congested": lambda: _phone_says(34, 503),
    "the account has no route for what was dialled": lambda: _planned(
        Disposition.INVALID_NUMBER, EndCode.INVALID_NUMBER
    ),
    "the target has no phone, or is a queue that nobody serves": lambda: _planned(
        Disposition.UNREACHABLE, EndCode.UNREACHABLE
    ),
    "the target is a number that the destination policy denies": lambda: _planned(
        Disposition.REJECTED, EndCode.REJECTED
    ),
    "the trunk has as many calls as it may": lambda: _planned(Disposition.CONGESTION, EndCode.TRUNK_FULL),
    "hangupCall while phones ring": _is_hung_up,
    "Asterisk does not answer the caller": _caller_is_not_answered,
    "Offhook is away": lambda: _is_written_down(was_answered=True),
    "Offhook has no room, or is about to end": lambda: _is_written_down(was_answered=False),
}
_PAGE = Path(__file__).parents[2] / "docs" / "reference" / "dispositions.md"
_ROWS = read_tables(_PAGE)["a call that comes in|disposition"]


def test_given_the_page_when_its_rows_are_counted_then_each_is_driven() -> None:
    assert [row["a call that comes in"] for row in _ROWS] == list(_HAPPENINGS)


@pytest.mark.parametrize("row", _ROWS, ids=lambda row: row["a call that comes in"])
def test_given_a_row_of_the_page_when_it_happens_then_the_call_comes_out_as_it_says(row: Row) -> None:
    driver = _HAPPENINGS[row["a call that comes in"]]()
    if row["the network hears"] != "–":
        assert told(driver) == int(row["the network hears"].partition(",")[0])
    driver.drain()
    assert outcome(driver) == (row["disposition"], row["code"], row["party"])
    assert not driver.asterisk.channels
    asked_to_answer = any(isinstance(command, commands.AnswerChannel) for command in driver.asked)
    assert asked_to_answer is (row["code"] in {"HANGUP", "BRIDGE_FAILED"} and row["disposition"] != "CANCELLED")


def test_given_nobody_to_be_rung_when_the_call_is_taken_then_it_ends_as_planned_with_the_caller_as_its_only_leg() -> (
    None
):
    reason = EndReason(code=EndCode.INVALID_NUMBER, party=EndParty.SYSTEM)
    failure = Outcome(disposition=Disposition.INVALID_NUMBER, end_reason=reason)
    driver = arrived(msgspec.structs.replace(make_inbound_call(agent_waves=()), best_failure=failure))
    driver.drain()
    assert outcome(driver) == (Disposition.INVALID_NUMBER, EndCode.INVALID_NUMBER, EndParty.SYSTEM)
    assert driver.ended.cdr.agent == Party()
    assert not driver.asterisk.channels


def test_given_a_request_to_hang_up_when_the_caller_waits_then_it_is_cancelled_by_the_system() -> None:
    driver = ringing()
    driver.feed(inputs.HangupRequested(actor=SOMEBODY))
    driver.drain()
    assert outcome(driver) == (Disposition.CANCELLED, EndCode.API_HANGUP, EndParty.SYSTEM)


def test_given_asterisk_that_does_not_answer_the_caller_when_the_time_is_over_then_nobody_is_left_waiting() -> None:
    driver = ringing()
    driver.fates = [Fate.LOST]
    driver.asterisk.answer(driver.leg(LegRole.AGENT).id)
    driver.hear_all()
    assert driver.words[-1] == "leg.answered AGENT"
    driver.fire(TimerName.JOIN)
    driver.drain()
    assert outcome(driver) == (Disposition.FAILED, EndCode.BRIDGE_FAILED, EndParty.SYSTEM)
    assert not driver.asterisk.channels


def test_given_a_service_that_died_before_it_answered_the_caller_when_the_next_looks_then_they_talk() -> None:
    driver = ringing()
    phone = driver.leg(LegRole.AGENT)
    driver.asterisk.answer(phone.id)
    driver.asterisk.said.clear()
    driver.die_before_acting(inputs.LegAnswered(leg_id=phone.id))
    driver.hear_all()
    assert driver.call.state is CallState.CONNECTED
    assert all(channel.stage is Stage.UP and channel.is_bridged for channel in driver.asterisk.channels.values())


@pytest.mark.parametrize(
    ("was_answered", "disposition"), [(True, Disposition.ABANDONED), (False, Disposition.CONGESTION)]
)
def test_given_a_call_that_nobody_could_take_when_it_is_written_down_then_it_is_begun_and_ended_once(
    was_answered: bool, disposition: Disposition
) -> None:
    call = make_inbound_call(agent_waves=())
    missed = inputs.MissedWhileAway(ended_at=NOON + timedelta(seconds=7), was_answered=was_answered)
    result = step(call, missed, NOON + timedelta(hours=1))
    created, ended = (happening.fact for happening in result.happenings)
    assert isinstance(created, CallCreated)
    assert isinstance(ended, CallEnded)
    assert (ended.disposition, ended.cdr.source) == (disposition, CdrSource.BACKFILL)
    assert (ended.cdr.duration_seconds, ended.cdr.talk_seconds) == (7.0, 0.0)
    assert result.call.is_settled
    assert [type(one) for one in result.commands] == [commands.ForgetHangups]
    assert not step(result.call, missed, NOON + timedelta(hours=2)).happenings


def test_given_a_caller_from_outside_transferred_when_that_fails_then_nobody_is_dialled_back() -> None:
    driver = ringing()
    driver.asterisk.answer(driver.leg(LegRole.AGENT).id)
    driver.go_on_until(CallState.CONNECTED)
    driver.pass_seconds(30)
    driver.feed(ask_transfer(TransferKind.BLIND, by=driver.leg(LegRole.CUSTOMER).id))
    driver.hear_all()
    driver.asterisk.end(target_of(driver.call).id, cause=17, sip_code=486)
    driver.settle()
    (failed,) = [fact for fact in driver.facts if isinstance(fact, TransferFailed)]
    assert not failed.is_recalled
    assert driver.ended.end_reason.code is EndCode.TRANSFER_FAILED
    assert len([one for one in driver.asked if isinstance(one, commands.CreateChannel)]) == len(["agent", "target"])


def test_given_a_caller_from_outside_has_transferred_when_that_is_cancelled_then_it_is_refused_and_goes_on() -> None:
    driver = ringing()
    driver.asterisk.answer(driver.leg(LegRole.AGENT).id)
    driver.go_on_until(CallState.CONNECTED)
    driver.feed(ask_transfer(TransferKind.BLIND, by=driver.leg(LegRole.CUSTOMER).id))
    driver.hear_all()
    (problem,) = driver.feed(ask(CancelTransfer())).problems
    assert problem.code == "INVALID_STATE"
    assert target_of(driver.call).is_alive
