"""A click-to-call from its start to its end: the facts in their order, and what is asked of Asterisk for them."""

from datetime import timedelta

import pytest

from app.calls.core import commands, inputs
from app.calls.core.model.leg import HangupReason
from app.calls.core.model.timers import TimerName
from app.facts.calls import CallUpdated, DtmfReceived, LegEnded
from app.facts.event import SYSTEM, Actor, ActorKind
from app.facts.vocabulary import (
    CallState,
    CdrSource,
    Disposition,
    EndCode,
    EndParty,
    EndReason,
    LegRole,
    LegState,
    Pair,
)
from tests.calls.driving import Driver, connected_call, started_call
from tests.calls.making import NOON, SOMEBODY, make_call
from tests.calls.simulated_asterisk import Fate, Stage

BOTH_ORDERS = pytest.mark.parametrize("dial_first", [LegRole.AGENT, LegRole.CUSTOMER])


@BOTH_ORDERS
def test_given_two_parties_who_answer_when_one_hangs_up_then_the_facts_come_in_their_order(
    dial_first: LegRole,
) -> None:
    driver = connected_call(dial_first)
    first, second = (leg.role for leg in driver.call.legs)
    driver.pass_seconds(60)
    driver.asterisk.end(driver.leg(second).id)
    driver.hear_all()
    assert driver.words == [
        "call.created",
        f"leg.dialing {first}",
        f"leg.ringing {first}",
        f"leg.answered {first}",
        f"leg.dialing {second}",
        f"leg.ringing {second}",
        f"leg.answered {second}",
        "call.connected",
        f"leg.ended {second}",
        f"leg.ended {first}",
        "call.ended",
    ]
    assert [type(command).__name__ for command in driver.asked] == [
        "CreateChannel",
        "DialChannel",
        "CreateBridge",
        "JoinBridge",
        "CreateChannel",
        "JoinBridge",
        "DialChannel",
        "HangupChannel",
        "DestroyBridge",
        "ForgetHangups",
    ]
    assert driver.call.is_settled
    assert not driver.call.timers


@BOTH_ORDERS
def test_given_a_talk_of_a_minute_when_it_is_over_then_the_record_tells_its_times(dial_first: LegRole) -> None:
    driver = connected_call(dial_first)
    driver.pass_seconds(60)
    driver.asterisk.end(driver.call.legs[0].id)
    driver.hear_all()
    record = driver.ended.cdr
    # Each leg rings 1.5 s after it was dialled, and answers 1.5 s later.
    assert (record.ring_seconds, record.talk_seconds, record.duration_seconds) == (3.0, 60.0, 66.0)
    assert record.ringing_at == NOON + timedelta(seconds=4.5)
    assert record.answered_at == record.connected_at == NOON + timedelta(seconds=6)
    assert (record.created_at, record.ended_at) == (NOON, NOON + timedelta(seconds=66))
    assert (record.agent.display, record.customer.display) == ("Ada", "Grace")
    assert (record.source, record.recording_ids, record.dtmf) == (CdrSource.LIVE, (), None)
    assert (record.metadata, record.tags, record.external_id) == (
        (Pair(key="campaign", value="spring"),),
        ("spring",),
        "lead-7",
    )


def test_given_a_call_when_it_starts_then_its_first_leg_is_made_with_a_limit_inside_asterisk() -> None:
    driver = started_call()
    (create,) = driver.asked
    assert isinstance(create, commands.CreateChannel)
    # An hour of talk, both rings and both makings, and a margin.
    assert create.lifetime_seconds == 3600 + 30 + 45 + 2 * 10 + 60
    assert create.endpoint == "PJSIP/acme-2001"
    driver.hear_all()
    dial = driver.asked[-1]
    assert dial == commands.DialChannel(leg_id=driver.call.legs[0].id, timeout_seconds=35.0)


@BOTH_ORDERS
def test_given_each_phase_when_reached_then_only_its_own_timer_runs(dial_first: LegRole) -> None:
    driver = started_call(dial_first)
    phases = [[timer.name for timer in driver.call.timers]]
    while driver.call.state is not CallState.CONNECTED:
        if not driver.asterisk.said:
            driver.go_on()
        driver.hear()
        phases.append([timer.name for timer in driver.call.timers])
    setup, ring = [TimerName.SETUP], [TimerName.RING]
    assert phases == [setup, ring, ring, setup, ring, ring, [TimerName.MAX_DURATION]]
    driver.feed(inputs.HangupRequested(actor=SOMEBODY))
    assert [timer.name for timer in driver.call.timers] == [TimerName.TEARDOWN]


def test_given_a_started_call_when_started_again_then_nothing_happens() -> None:
    driver = started_call()
    result = driver.feed(inputs.Start())
    assert (result.happenings, result.commands) == ((), ())


@pytest.mark.parametrize(
    "event",
    [
        inputs.HangupRequested(actor=SOMEBODY),
        inputs.UpdateRequested(actor=SOMEBODY, tags=("x",)),
        inputs.NodeLost(),
        inputs.Recovered(blind_from=NOON, blind_until=NOON),
    ],
    ids=lambda event: type(event).__name__,
)
def test_given_a_call_that_has_not_started_when_anything_happens_then_it_is_as_it_was(event: inputs.Input) -> None:
    driver = Driver(make_call())
    before = driver.call
    assert driver.feed(event).happenings == ()
    assert driver.call == before


@BOTH_ORDERS
@pytest.mark.parametrize("steps", range(7))
@pytest.mark.parametrize("who", [0, 1, None])
def test_given_any_phase_when_a_side_or_a_request_ends_it_then_nobody_is_left_alone(
    dial_first: LegRole, steps: int, who: int | None
) -> None:
    driver = started_call(dial_first)
    for _ in range(steps):
        driver.go_on()
    driver.hear_all()
    if who is None:
        driver.feed(inputs.HangupRequested(actor=SOMEBODY, request_id="req_9"))
    else:
        leg = driver.call.legs[who]
        if leg.id not in driver.asterisk.channels:
            assert leg.state is LegState.PLANNED
            return
        driver.asterisk.end(leg.id)
    driver.hear_all()
    assert driver.call.is_settled
    assert not driver.asterisk.channels
    assert not driver.asterisk.has_bridge
    ended = driver.ended
    was_connected = "call.connected" in driver.words
    if who is None:
        assert ended.end_reason == EndReason(code=EndCode.API_HANGUP, party=EndParty.SYSTEM)
        assert ended.disposition is (Disposition.ANSWERED if was_connected else Disposition.CANCELLED)
    else:
        assert ended.end_reason.party.value == driver.call.legs[who].role.value
        assert (ended.disposition is Disposition.ANSWERED) == was_connected


def test_given_a_request_to_hang_up_when_the_call_ends_then_the_first_facts_name_who_asked() -> None:
    driver = connected_call()
    update = driver.feed(inputs.UpdateRequested(actor=SOMEBODY, request_id="req_10", tags=("done",)))
    assert [(one.actor, one.request_id) for one in update.happenings] == [(SOMEBODY, "req_10")]
    result = driver.feed(inputs.HangupRequested(actor=SOMEBODY, request_id="req_9"))
    assert not result.happenings
    driver.hear_all()
    ends = [happening for happening in driver.log if isinstance(happening.fact, LegEnded)]
    assert {end.actor.kind for end in ends} == {ActorKind.PARTY}
    assert {end.fact.ended_by for end in ends if isinstance(end.fact, LegEnded)} == {EndParty.SYSTEM}
    assert driver.log[0].actor == SOMEBODY
    assert driver.log[0].request_id == "req_1"


def test_given_an_ended_call_when_it_is_updated_then_nothing_is_said_after_its_end() -> None:
    driver = connected_call()
    driver.feed(inputs.HangupRequested(actor=SOMEBODY))
    driver.hear_all()
    before = driver.call.tags
    result = driver.feed(inputs.UpdateRequested(actor=SOMEBODY, tags=("late",)))
    assert (result.happenings, result.call.tags) == ((), before)


def test_given_a_far_end_that_acts_when_facts_are_told_then_its_leg_is_the_actor() -> None:
    driver = connected_call()
    ringing = driver.log[2]
    assert ringing.actor == Actor(kind=ActorKind.PARTY, id=driver.call.legs[0].id)
    driver.fire(TimerName.MAX_DURATION)
    assert driver.log[-1].actor != SYSTEM  # the leg's own end, heard at once


@BOTH_ORDERS
def test_given_a_phone_that_does_not_answer_when_its_time_is_over_then_it_is_cancelled_and_keeps_no_sip_status(
    dial_first: LegRole,
) -> None:
    driver = started_call(dial_first)
    driver.hear_all()
    leg = driver.call.legs[0]
    due = driver.call.timer(TimerName.RING)
    assert due is not None
    assert due.due == NOON + timedelta(seconds=leg.ring_seconds)
    driver.pass_seconds(leg.ring_seconds - 0.001)
    driver.feed(inputs.TimerFired(name=TimerName.RING))
    assert not driver.call.is_ending, "not due yet"
    driver.fire(TimerName.RING)
    assert driver.asked[-1] == commands.HangupChannel(leg_id=leg.id, reason=HangupReason.RING_TIMEOUT)
    driver.asterisk.said.clear()
    driver.feed(inputs.LegDestroyed(leg_id=leg.id, cause=16, sip_code=603))
    ended = driver.ended
    assert ended.disposition is Disposition.NO_ANSWER
    assert driver.call.legs[0].sip_code is None


def test_given_an_answer_in_the_moment_of_the_time_out_when_heard_then_it_is_told_and_the_leg_goes() -> None:
    driver = started_call()
    driver.hear_all()
    leg = driver.call.legs[0]
    driver.asterisk.answer(leg.id)
    driver.fates = [Fate.LOST]
    driver.fire(TimerName.RING)
    driver.hear_all()
    assert driver.words[-3:] == ["leg.answered AGENT", "leg.ended AGENT", "call.ended"]
    assert driver.ended.disposition is Disposition.CANCELLED, "it did answer, just before"
    assert not driver.asterisk.channels


def test_given_keys_when_pressed_while_up_then_they_are_facts_and_in_the_record() -> None:
    driver = started_call()
    driver.hear_all()
    leg = driver.call.legs[0]
    driver.asterisk.press(leg.id, "9")
    driver.hear_all()
    assert driver.words[-1] == "leg.dialing AGENT", "a key before the answer is not one"
    driver = connected_call()
    for digit in "12#":
        driver.asterisk.press(driver.leg(LegRole.CUSTOMER).id, digit)
    driver.hear_all()
    pressed = [fact for fact in driver.facts if isinstance(fact, DtmfReceived)]
    assert [(fact.digit, fact.leg.role, fact.duration_milliseconds) for fact in pressed] == [
        (digit, LegRole.CUSTOMER, 100) for digit in "12#"
    ]
    driver.fire(TimerName.MAX_DURATION)
    driver.hear_all()
    assert driver.ended.cdr.dtmf == "12#"


def test_given_an_update_when_something_changes_then_it_names_what_and_later_facts_carry_it() -> None:
    driver = connected_call()
    same = driver.feed(inputs.UpdateRequested(actor=SOMEBODY, tags=("spring",), external_id="lead-7"))
    assert same.happenings == ()
    driver.feed(
        inputs.UpdateRequested(
            actor=SOMEBODY, clear_external_id=True, tags=(), metadata=(Pair(key="result", value="sold"),)
        )
    )
    updated = driver.facts[-1]
    assert isinstance(updated, CallUpdated)
    assert updated.changed == ("externalId", "metadata", "tags")
    driver.fire(TimerName.MAX_DURATION)
    driver.hear_all()
    ended = driver.ended
    assert (ended.call.external_id, ended.cdr.tags) == (None, ())
    assert ended.cdr.metadata == (Pair(key="result", value="sold"),)


def test_given_a_talk_that_reaches_its_limit_when_it_is_due_then_both_are_hung_up() -> None:
    driver = connected_call()
    timer = driver.call.timer(TimerName.MAX_DURATION)
    assert timer is not None
    assert timer.due == (driver.call.connected_at or NOON) + timedelta(seconds=3600)
    driver.fire(TimerName.MAX_DURATION)
    driver.hear_all()
    ended = driver.ended
    assert (ended.end_reason.code, ended.talk_seconds) == (EndCode.MAX_DURATION, 3600)


def test_given_a_phone_that_sends_sound_before_it_answers_when_heard_then_it_rings_once() -> None:
    driver = started_call()
    driver.hear_all()
    leg = driver.call.legs[0]
    assert driver.asterisk.channels[leg.id].stage is Stage.DIALLED
    driver.asterisk.ring(leg.id)
    driver.asterisk.ring(leg.id)
    driver.hear_all()
    assert driver.words.count("leg.ringing AGENT") == 1
    assert driver.call.state is CallState.RINGING
