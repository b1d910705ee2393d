"""A call in trouble: commands fail, events go unheard, things restart. It ends, and nobody is left alone."""

from datetime import timedelta

import pytest

from app.calls.core import commands, inputs
from app.calls.core.inputs import FailureKind
from app.calls.core.model.timers import TimerName
from app.facts.calls import CallRecovered
from app.facts.vocabulary import (
    CdrSource,
    Disposition,
    EndCode,
    EndParty,
    LegRole,
)
from tests.calls.driving import Driver, connected_call, started_call
from tests.calls.making import NOON, SOMEBODY, make_call
from tests.calls.simulated_asterisk import Fate

BOTH_ORDERS = pytest.mark.parametrize("dial_first", [LegRole.AGENT, LegRole.CUSTOMER])


def test_given_a_leg_that_is_hung_up_in_vain_when_time_passes_then_it_is_asked_again_and_looked_for() -> None:
    driver = connected_call()
    driver.fates = [Fate.LOST, Fate.LOST]
    driver.feed(inputs.HangupRequested(actor=SOMEBODY))
    assert len(driver.asterisk.channels) == 2
    waits: list[float] = []
    for _ in range(8):
        timer = driver.call.timer(TimerName.TEARDOWN)
        assert timer is not None
        waits.append((timer.due - driver.now).total_seconds())
        driver.fates = [Fate.LOST, Fate.DONE, Fate.LOST, Fate.DONE]
        driver.fire(TimerName.TEARDOWN)
    assert waits == [10, 10, 20, 30, 40, 50, 60, 60]
    driver.fire(TimerName.TEARDOWN)
    driver.hear_all()
    assert driver.call.is_settled


def test_given_an_end_nobody_heard_when_time_passes_then_the_look_finds_it() -> None:
    driver = connected_call()
    driver.feed(inputs.HangupRequested(actor=SOMEBODY))
    driver.asterisk.said.clear()
    driver.fire(TimerName.TEARDOWN)
    assert driver.call.is_settled
    assert driver.ended.disposition is Disposition.ANSWERED


def test_given_a_leg_that_is_gone_already_when_hung_up_then_its_end_is_looked_up_at_once() -> None:
    driver = connected_call()
    driver.asterisk.end(driver.leg(LegRole.AGENT).id)
    driver.asterisk.said.clear()
    driver.feed(inputs.HangupRequested(actor=SOMEBODY))
    driver.hear_all()
    assert driver.call.is_ended, "without waiting for the next round"


def test_given_a_leg_that_could_not_join_when_its_end_comes_then_nothing_is_waited_for() -> None:
    driver = connected_call()
    join = next(command for command in driver.asked if isinstance(command, commands.JoinBridge))
    driver.feed(inputs.CommandFailed(command=join, kind=FailureKind.GONE, detail="422"))
    driver.asterisk.end(driver.leg(LegRole.AGENT).id)
    driver.hear_all()
    assert not driver.call.timers
    assert driver.ended.end_reason.code is EndCode.HANGUP


@pytest.mark.parametrize("kind", [FailureKind.REFUSED, FailureKind.UNCLEAR, FailureKind.UNSENT])
def test_given_a_leg_that_cannot_join_when_refused_then_the_call_ends_at_once(kind: FailureKind) -> None:
    driver = started_call()
    driver.go_on()
    driver.go_on()
    driver.go_on()
    driver.hear_all()
    join = next(command for command in driver.asked if isinstance(command, commands.JoinBridge))
    driver.feed(inputs.CommandFailed(command=join, kind=kind, detail="no"))
    driver.hear_all()
    assert driver.ended.end_reason.code is EndCode.BRIDGE_FAILED


def test_given_a_party_that_left_before_it_could_join_when_its_end_is_heard_then_that_party_decided() -> None:
    driver = started_call()
    driver.hear_all()
    leg = driver.call.legs[0]
    driver.asterisk.answer(leg.id)
    driver.asterisk.end(leg.id)
    driver.hear()
    assert driver.call.is_ending
    driver.hear_all()
    ended = driver.ended
    assert (ended.disposition, ended.end_reason.code, ended.end_reason.party) == (
        Disposition.CANCELLED,
        EndCode.HANGUP,
        EndParty.AGENT,
    )


def test_given_a_party_that_could_not_join_and_did_not_leave_when_time_passes_then_it_is_not_left_alone() -> None:
    driver = connected_call()
    join = next(command for command in driver.asked if isinstance(command, commands.JoinBridge))
    driver.feed(inputs.CommandFailed(command=join, kind=FailureKind.GONE, detail="422"))
    assert not driver.call.is_ending
    driver.fire(TimerName.JOIN)
    driver.hear_all()
    assert driver.ended.end_reason.code is EndCode.BRIDGE_FAILED
    assert not driver.asterisk.channels


@pytest.mark.parametrize("fate", [Fate.ANSWER_LOST, Fate.LOST, Fate.LATE])
def test_given_an_unclear_making_of_a_channel_when_it_is_looked_for_then_it_is_never_made_again(fate: Fate) -> None:
    driver = Driver(make_call())
    driver.fates = [fate]
    driver.feed(inputs.Start())
    driver.drain()
    creates = [command for command in driver.asked if isinstance(command, commands.CreateChannel)]
    assert len(creates) == (2 if fate is Fate.ANSWER_LOST and driver.call.legs[1].created_at else 1)
    assert driver.call.is_settled
    assert not driver.asterisk.channels


def test_given_a_channel_that_appears_after_its_leg_was_given_up_when_heard_then_it_is_hung_up() -> None:
    driver = Driver(make_call())
    driver.fates = [Fate.LATE]
    driver.feed(inputs.Start())
    assert driver.call.is_ended, "it was not there when looked for"
    driver.asterisk.catch_up()
    driver.hear_all()
    assert not driver.asterisk.channels
    assert len([word for word in driver.words if word == "call.ended"]) == 1


@pytest.mark.parametrize(("known_seconds", "talked_seconds"), [(30, 30), (0, 0), (-5, 0)])
def test_given_a_talk_when_asterisk_is_back_after_hours_then_the_talk_ended_when_it_was_last_known_to_be_there(
    known_seconds: float, talked_seconds: float
) -> None:
    driver = connected_call()
    connected_at = driver.call.connected_at
    assert connected_at is not None
    driver.pass_seconds(7200)
    driver.asterisk.restart()
    driver.feed(inputs.NodeLost(gone_at=connected_at + timedelta(seconds=known_seconds)))
    assert driver.ended.talk_seconds == talked_seconds
    assert driver.ended.cdr.ended_at == connected_at + timedelta(seconds=talked_seconds)
    assert driver.call.is_settled


@BOTH_ORDERS
@pytest.mark.parametrize("steps", range(7))
def test_given_any_phase_when_asterisk_starts_anew_then_the_call_ends_as_recovered(
    dial_first: LegRole, steps: int
) -> None:
    driver = started_call(dial_first)
    for _ in range(steps):
        driver.go_on()
    driver.restart_asterisk()
    ended = driver.ended
    assert (ended.end_reason.code, ended.end_reason.party) == (EndCode.NODE_LOST, EndParty.SYSTEM)
    assert ended.cdr.source is CdrSource.RECOVERED
    assert driver.call.is_settled


@pytest.mark.parametrize("steps", range(7))
def test_given_any_phase_when_the_service_restarts_then_the_call_goes_on_or_ends_but_is_never_stuck(
    steps: int,
) -> None:
    driver = started_call()
    for _ in range(steps):
        driver.go_on()
    driver.restart_service()
    assert isinstance(next(fact for fact in driver.facts if isinstance(fact, CallRecovered)), CallRecovered)
    for _ in range(8):
        driver.go_on()
    driver.drain()
    assert driver.call.is_settled
    assert not driver.asterisk.channels
    assert driver.ended.cdr.source is CdrSource.RECOVERED


def test_given_an_end_while_nobody_watched_when_learnt_then_the_record_has_the_true_instant() -> None:
    driver = connected_call()
    driver.pass_seconds(30)
    truly = driver.now
    driver.asterisk.end(driver.leg(LegRole.CUSTOMER).id)
    driver.pass_seconds(300)
    driver.restart_service()
    driver.hear_all()
    record = driver.ended.cdr
    assert record.source is CdrSource.RECOVERED
    assert driver.leg(LegRole.CUSTOMER).ended_at == truly
    assert record.talk_seconds == (truly - (record.connected_at or NOON)).total_seconds()
    assert record.end_reason.party is EndParty.CUSTOMER


@pytest.mark.parametrize("seconds", [-100, 100_000])
def test_given_a_clock_that_is_wrong_when_it_tells_an_end_then_the_end_lies_between_the_answer_and_now(
    seconds: float,
) -> None:
    driver = connected_call()
    driver.pass_seconds(5)
    told = NOON + timedelta(seconds=seconds)
    for leg in driver.call.legs:
        driver.feed(inputs.LegDestroyed(leg_id=leg.id, cause=16, at=told, is_late=True))
    for leg in driver.call.legs:
        assert leg.answered_at is not None
        assert leg.ended_at is not None
        assert leg.answered_at <= leg.ended_at <= driver.now
    record = driver.ended.cdr
    assert record.connected_at is not None
    assert record.connected_at <= record.ended_at <= driver.now


def test_given_events_of_a_call_that_is_over_when_they_come_late_then_nothing_more_is_told() -> None:
    driver = connected_call()
    driver.fire(TimerName.MAX_DURATION)
    driver.hear_all()
    told = len(driver.facts)
    for leg in driver.call.legs:
        for event in (
            inputs.LegRinging(leg_id=leg.id),
            inputs.LegAnswered(leg_id=leg.id),
            inputs.LegDestroyed(leg_id=leg.id, cause=17, sip_code=486),
            inputs.DtmfReceived(leg_id=leg.id, digit="1", duration_milliseconds=80),
        ):
            assert driver.feed(event).commands == ()
    driver.feed(inputs.HangupRequested(actor=SOMEBODY))
    driver.feed(inputs.NodeLost())
    driver.feed(inputs.Recovered(blind_from=NOON, blind_until=NOON))
    assert len(driver.facts) == told
