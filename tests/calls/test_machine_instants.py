"""What Asterisk tells late was so all the same: legs and records have the true instants, facts their place in the log.

The line to Asterisk stands still, a timer of ours comes due meanwhile, and then the held-back events arrive.
"""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.calls.core import commands, inputs
from app.calls.core.machine import step
from app.calls.core.model.call import Call
from app.calls.core.model.timers import TimerName
from app.calls.core.turn import Happening
from app.facts import calls as facts
from app.facts.vocabulary import CallState, CdrSource, Disposition, EndCode, EndParty, LegRole
from tests.calls.driving import Driver, started_call
from tests.calls.making import NOON, SOMEBODY, make_call
from tests.calls.simulated_asterisk import Fate, Stage

BOTH_ORDERS = pytest.mark.parametrize("dial_first", [LegRole.AGENT, LegRole.CUSTOMER])
HELD_SECONDS = 2.8


def _rung(dial_first: LegRole, *, second: bool) -> Driver:
    """A call whose first (or second) leg was dialled and rings, all of it heard."""
    driver = started_call(dial_first)
    for _ in range(50):
        driver.hear_all()
        leg = driver.call.legs[1 if second else 0]
        channel = driver.asterisk.channels.get(leg.id)
        if channel is not None and channel.stage is Stage.RINGING:
            return driver
        driver.go_on()
    raise AssertionError("it never rang")


def _the(driver: Driver, kind: type[facts.CallFact], leg_id: str | None = None) -> Happening:
    (found,) = [
        one
        for one in driver.log
        if isinstance(one.fact, kind)
        and (leg_id is None or (isinstance(one.fact, facts.LegFact) and one.fact.leg.id == leg_id))
    ]
    return found


@BOTH_ORDERS
@pytest.mark.parametrize("second", [False, True])
def test_given_an_answer_in_the_gap_when_the_ring_timer_was_quicker_then_the_leg_has_its_true_instant(
    dial_first: LegRole, second: bool
) -> None:
    driver = _rung(dial_first, second=second)
    leg_id = driver.call.legs[1 if second else 0].id
    timer = driver.call.timer(TimerName.RING)
    assert timer is not None
    driver.asterisk.now = timer.due - timedelta(seconds=HELD_SECONDS)
    answered_at = driver.now
    driver.asterisk.answer(leg_id)
    driver.fire(TimerName.RING)  # nobody has heard the answer
    told_at = driver.now
    assert driver.call.is_ending
    driver.drain()
    leg = driver.call.leg(leg_id)
    assert (leg.answered_at, leg.ended_at) == (answered_at, told_at)
    told = _the(driver, facts.LegAnswered, leg_id)
    assert isinstance(told.fact, facts.LegAnswered)
    assert (told.fact.answered_at, told.at) == (answered_at, told_at)
    ended = _the(driver, facts.LegEnded, leg_id).fact
    assert isinstance(ended, facts.LegEnded)
    assert (ended.ended_at, ended.talk_seconds) == (told_at, HELD_SECONDS)
    record = driver.ended.cdr
    assert record.answered_at == answered_at
    if not second:
        # It answered, so it is no party that did not.
        assert (record.disposition, record.end_reason.code) == (Disposition.CANCELLED, EndCode.HANGUP)
        assert (record.end_reason.party, record.connected_at, record.talk_seconds) == (EndParty.SYSTEM, None, 0.0)
        return
    # They were in one bridge since then, and both networks have counted it.
    assert (record.connected_at, record.talk_seconds) == (answered_at, HELD_SECONDS)
    assert (record.disposition, record.end_reason.code, record.end_reason.party) == (
        Disposition.ANSWERED,
        EndCode.HANGUP,
        EndParty.SYSTEM,
    )
    connected = _the(driver, facts.CallConnected)
    assert isinstance(connected.fact, facts.CallConnected)
    assert (connected.fact.connected_at, connected.at) == (answered_at, told_at)


@BOTH_ORDERS
@pytest.mark.parametrize("second", [False, True])
@pytest.mark.parametrize("is_decided", [False, True])
def test_given_a_leg_that_answered_and_ended_unheard_when_asterisk_is_asked_then_all_of_it_is_told(
    dial_first: LegRole, second: bool, is_decided: bool
) -> None:
    """As on a line that is dead, on which the ring timer comes due or not before anybody can ask."""
    driver = _rung(dial_first, second=second)
    role = driver.call.legs[1 if second else 0].role
    leg_id = driver.call.legs[1 if second else 0].id
    timer = driver.call.timer(TimerName.RING)
    assert timer is not None
    driver.asterisk.now = answered_at = timer.due - timedelta(seconds=HELD_SECONDS)
    driver.asterisk.answer(leg_id)
    driver.pass_seconds(1.0)
    driver.asterisk.end(leg_id)
    driver.asterisk.said.clear()
    if is_decided:
        driver.fates = [Fate.UNSENT] * 2
        driver.fire(TimerName.RING)
        assert driver.call.leg(leg_id).is_alive, "nobody knows, so nobody says"
    driver.feed(inputs.LegDoubtful(leg_id=leg_id))
    driver.drain()
    leg = driver.call.leg(leg_id)
    assert (leg.answered_at, leg.ended_at) == (answered_at, answered_at + timedelta(seconds=1))
    ended = _the(driver, facts.LegEnded, leg_id).fact
    assert isinstance(ended, facts.LegEnded)
    assert (ended.talk_seconds, ended.ended_by.value) == (1.0, role.value), "nobody hung it up"
    record = driver.ended.cdr
    assert record.source is CdrSource.RECOVERED
    assert (record.answered_at, record.talk_seconds) == (answered_at, 1.0 if second else 0.0)
    assert record.disposition is (Disposition.ANSWERED if second else Disposition.CANCELLED)
    assert (record.end_reason.code, record.end_reason.party.value) == (EndCode.HANGUP, role.value)
    rung = {command.leg_id for command in driver.asked if isinstance(command, commands.CreateChannel)}
    assert len(rung) == (2 if second else 1), "nobody is rung for a party that has left"


def test_given_a_leg_that_answered_unheard_when_it_is_found_up_then_it_counts_since_then() -> None:
    driver = _rung(LegRole.AGENT, second=True)
    answered_at = driver.now
    driver.asterisk.answer(driver.leg(LegRole.CUSTOMER).id)
    driver.asterisk.said.clear()
    driver.pass_seconds(HELD_SECONDS)
    driver.reconcile()
    assert driver.call.state is CallState.CONNECTED
    assert (driver.call.connected_at, driver.leg(LegRole.CUSTOMER).answered_at) == (answered_at, answered_at)


def test_given_a_hang_up_asked_for_while_the_answer_was_held_back_then_the_talk_counts_and_the_reason_stays() -> None:
    driver = _rung(LegRole.AGENT, second=True)
    answered_at = driver.now
    driver.asterisk.answer(driver.leg(LegRole.CUSTOMER).id)
    driver.pass_seconds(HELD_SECONDS)
    driver.feed(inputs.HangupRequested(actor=SOMEBODY))
    driver.drain()
    record = driver.ended.cdr
    assert (record.connected_at, record.talk_seconds) == (answered_at, HELD_SECONDS)
    assert (record.disposition, record.end_reason.code) == (Disposition.ANSWERED, EndCode.API_HANGUP)


def test_given_an_answer_after_the_end_was_decided_when_it_is_told_then_nobody_was_connected() -> None:
    driver = _rung(LegRole.AGENT, second=True)
    customer = driver.leg(LegRole.CUSTOMER).id
    result = step(driver.call, inputs.HangupRequested(actor=SOMEBODY), driver.now)
    late = driver.now + timedelta(seconds=0.02)
    after = step(result.call, inputs.LegAnswered(leg_id=customer), late, at=late).call
    assert after.leg(customer).answered_at == late
    assert (after.connected_at, after.outcome) == (None, Disposition.CANCELLED)


def test_given_the_other_party_left_before_the_answer_when_told_out_of_turn_then_nobody_was_connected() -> None:
    driver = _rung(LegRole.AGENT, second=True)
    agent, customer = driver.leg(LegRole.AGENT).id, driver.leg(LegRole.CUSTOMER).id
    left_at = driver.now
    call = step(driver.call, inputs.LegDestroyed(leg_id=agent, cause=16), left_at).call
    later = left_at + timedelta(seconds=1)
    call = step(call, inputs.LegAnswered(leg_id=customer), later, at=later).call
    assert call.connected_at is None
    # Told in the wrong order, and truly before: then they talked until the agent left.
    call = step(driver.call, inputs.LegDestroyed(leg_id=agent, cause=16), later, at=later).call
    call = step(call, inputs.LegAnswered(leg_id=customer), later, at=left_at).call
    assert (call.connected_at, call.outcome) == (left_at, Disposition.ANSWERED)


def test_given_everything_is_held_back_when_it_arrives_at_once_then_each_instant_is_its_own() -> None:
    driver = _rung(LegRole.AGENT, second=True)
    agent, customer = driver.leg(LegRole.AGENT).id, driver.leg(LegRole.CUSTOMER).id
    answered_at = driver.now + timedelta(seconds=0.5)
    driver.pass_seconds(0.5)
    driver.asterisk.answer(customer)
    driver.pass_seconds(1.5)
    driver.asterisk.end(customer)
    driver.pass_seconds(1.0)
    driver.feed(inputs.UpdateRequested(actor=SOMEBODY, tags=("late",)))  # a fact of this instant
    driver.drain()
    assert driver.call.leg(customer).answered_at == answered_at
    assert driver.call.leg(customer).ended_at == answered_at + timedelta(seconds=1.5)
    assert driver.call.leg(agent).ended_at == answered_at + timedelta(seconds=2.5)
    record = driver.ended.cdr
    assert (record.connected_at, record.talk_seconds) == (answered_at, 1.5)
    dated = [one.at for one in driver.log]
    assert dated == sorted(dated)


def test_given_a_connection_told_late_when_its_longest_duration_runs_then_it_counts_from_the_connection() -> None:
    driver = _rung(LegRole.AGENT, second=True)
    answered_at = driver.now
    driver.asterisk.answer(driver.leg(LegRole.CUSTOMER).id)
    driver.pass_seconds(HELD_SECONDS)
    driver.hear_all()
    assert driver.call.state is CallState.CONNECTED
    timer = driver.call.timer(TimerName.MAX_DURATION)
    assert timer is not None
    assert timer.due == answered_at + timedelta(seconds=driver.call.max_duration_seconds)


def _ringing(call: Call) -> Call:
    """The first leg was dialled two seconds after noon, and has rung since the fourth."""
    first = call.legs[0].id
    for seconds, event in (
        (0, inputs.Start()),
        (2, inputs.LegCreated(leg_id=first, channel_name="PJSIP/a")),
        (4, inputs.LegRinging(leg_id=first)),
    ):
        call = step(call, event, NOON + timedelta(seconds=seconds)).call
    return call


@pytest.mark.parametrize(
    ("dated", "told"),
    [
        (None, 10.0),
        (10.0, 10.0),
        (7.0, 7.0),
        (4.0, 4.0),
        (3.0, 4.0),  # before it rang
        (-5.0, 4.0),  # before the call
        (-7200.0, 4.0),  # a clock in another zone
        (10.5, 10.0),  # from the future
        (3600.0, 10.0),
    ],
)
@pytest.mark.parametrize("kind", [inputs.LegAnswered, inputs.LegDestroyed])
def test_given_any_date_of_asterisks_clock_when_a_leg_is_told_of_then_it_lies_where_it_can_be(
    kind: type[inputs.LegAnswered] | type[inputs.LegDestroyed], dated: float | None, told: float
) -> None:
    call = _ringing(make_call())
    at = None if dated is None else NOON + timedelta(seconds=dated)
    leg = step(call, kind(leg_id=call.legs[0].id), NOON + timedelta(seconds=10), at=at).call.legs[0]
    assert (leg.answered_at or leg.ended_at) == NOON + timedelta(seconds=told)


@given(
    dialled=st.floats(0, 5),
    said=st.tuples(*(st.floats(-20, 40) for _ in range(3))),
    passed=st.tuples(*(st.floats(0, 10) for _ in range(3))),
)
def test_given_any_dates_when_a_leg_rings_answers_and_ends_then_its_instants_are_in_order(
    dialled: float, said: tuple[float, ...], passed: tuple[float, ...]
) -> None:
    call = step(make_call(), inputs.Start(), NOON).call
    leg_id = call.legs[0].id
    now = NOON + timedelta(seconds=dialled)
    call = step(call, inputs.LegCreated(leg_id=leg_id, channel_name="PJSIP/a"), now).call
    floor = now
    told_of: tuple[inputs.Input, ...] = (
        inputs.LegRinging(leg_id=leg_id),
        inputs.LegAnswered(leg_id=leg_id),
        inputs.LegDestroyed(leg_id=leg_id),
    )
    for event, dated, seconds in zip(told_of, said, passed, strict=True):
        now += timedelta(seconds=seconds)
        at = NOON + timedelta(seconds=dated)
        call = step(call, event, now, at=at).call
        leg = call.leg(leg_id)
        told = leg.ended_at or leg.answered_at or leg.ringing_at
        assert told == _between(at, floor, now)
        assert told is not None
        floor = told


def _between(at: datetime, floor: datetime, ceiling: datetime) -> datetime:
    return max(floor, min(at, ceiling))
