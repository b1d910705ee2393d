"""Several phones for one side: they ring together or one after the other, and one of them is the party."""

import pytest

from app.calls.core import commands, inputs
from app.calls.core.inputs import FailureKind
from app.calls.core.model.leg import HangupReason, Leg, Place
from app.calls.core.model.timers import TimerName
from app.calls.core.verbs import CancelTransfer, CompleteTransfer, Hold, Unhold
from app.facts.calls import LegAnswered, LegEnded
from app.facts.transfers import TransferCompleted, TransferFailed
from app.facts.vocabulary import (
    CallState,
    Disposition,
    EndCode,
    EndParty,
    LegRole,
    LegState,
    TransferKind,
    TransferState,
)
from tests.calls.asking import ask, ask_transfer
from tests.calls.driving import Driver, connected_call
from tests.calls.making import make_call
from tests.calls.simulated_asterisk import Fate

AGENT, CUSTOMER = LegRole.AGENT, LegRole.CUSTOMER


def _ringing(
    *, agents: tuple[int, ...] = (0, 0), customers: tuple[int, ...] = (0,), dial_first: LegRole = AGENT
) -> Driver:
    """A call whose first phones ring."""
    driver = Driver(make_call(dial_first=dial_first, agent_waves=agents, customer_waves=customers))
    driver.feed(inputs.Start())
    driver.hear_all()
    _ring_all(driver)
    return driver


def _waiting(waves: tuple[int, ...] = (0, 0)) -> Driver:
    """A call whose customer has answered and waits for the agent's phones, which ring."""
    driver = _ringing(agents=waves, dial_first=CUSTOMER)
    _answer(driver, driver.leg(CUSTOMER))
    _ring_all(driver)
    return driver


def _ring_all(driver: Driver) -> None:
    for leg in driver.call.legs:
        if leg.state is LegState.DIALING:
            driver.asterisk.ring(leg.id)
    driver.hear_all()


def _answer(driver: Driver, leg: Leg) -> None:
    driver.pass_seconds(1.0)
    driver.asterisk.answer(leg.id)
    driver.hear_all()


def _legs(driver: Driver, role: LegRole = AGENT) -> list[Leg]:
    return [leg for leg in driver.call.legs if leg.role is role]


def _ends(driver: Driver) -> dict[str, LegEnded]:
    return {fact.leg.id: fact for fact in driver.facts if isinstance(fact, LegEnded)}


def test_given_phones_of_one_wave_when_the_call_starts_then_all_ring_and_those_of_the_next_wait() -> None:
    driver = _ringing(agents=(0, 0, 1))
    assert [leg.state for leg in _legs(driver)] == [LegState.RINGING, LegState.RINGING, LegState.PLANNED]
    assert driver.words.count("leg.ringing AGENT") == 2


def test_given_phones_that_ring_together_when_one_answers_then_the_others_are_let_go_as_answered_elsewhere() -> None:
    driver = _ringing(agents=(0, 0, 0, 1))
    first, second, third, later = _legs(driver)
    _answer(driver, second)
    assert driver.call.agent_leg_id == second.id
    reason = HangupReason.ANSWERED_ELSEWHERE
    for loser in (first, third):
        assert commands.HangupChannel(leg_id=loser.id, reason=reason) in driver.asked
        assert (_ends(driver)[loser.id].answered_elsewhere, _ends(driver)[loser.id].ended_by) == (True, EndParty.SYSTEM)
    assert driver.call.leg(later.id).state is LegState.ENDED
    assert later.id not in _ends(driver), "it was never dialled, and nothing is said of it"
    driver.go_on_until(CallState.CONNECTED)
    assert driver.call.timer(TimerName.RING) is None


def test_given_the_customer_waits_when_several_phones_ring_then_ringing_is_heard_and_nobody_is_in_the_bridge() -> None:
    driver = _waiting()
    customer = driver.leg(CUSTOMER)
    assert customer.place is Place.RINGBACK
    assert driver.asterisk.channels[customer.id].has_ringback
    assert not any(channel.is_bridged for channel in driver.asterisk.channels.values())
    winner = _legs(driver)[1]
    _answer(driver, winner)
    assert driver.call.state is CallState.CONNECTED
    assert not driver.asterisk.channels[customer.id].has_ringback
    assert {leg_id for leg_id, channel in driver.asterisk.channels.items() if channel.is_bridged} == {
        customer.id,
        winner.id,
    }
    assert not [word for word in driver.words if word.startswith(("leg.held", "leg.unheld"))]


def test_given_a_wave_that_rang_out_when_the_next_has_one_phone_then_it_rings_in_the_bridge() -> None:
    driver = _waiting((0, 0, 1))
    customer, (*_, last) = driver.leg(CUSTOMER), _legs(driver)
    driver.fire(TimerName.RING)
    driver.hear_all()
    assert driver.call.leg(last.id).state is LegState.DIALING
    assert driver.call.leg(customer.id).place is Place.TALK
    assert driver.asterisk.channels[last.id].is_bridged
    assert not driver.asterisk.channels[customer.id].has_ringback
    missed = [end for end in _ends(driver).values() if end.leg.role is AGENT]
    assert [end.answered_elsewhere for end in missed] == [False, False], "they rang out: these did miss a call"


def test_given_two_answers_at_once_when_both_are_heard_then_the_first_is_the_party_and_the_other_goes() -> None:
    driver = _waiting()
    first, second = _legs(driver)
    driver.asterisk.answer(first.id)
    driver.asterisk.answer(second.id)
    driver.hear_all()
    assert driver.call.agent_leg_id == first.id
    assert driver.call.state is CallState.CONNECTED
    answers = [fact.leg.id for fact in driver.facts if isinstance(fact, LegAnswered) and fact.leg.role is AGENT]
    assert answers[0] == first.id
    assert second.id not in driver.asterisk.channels
    assert commands.JoinBridge(leg_id=second.id) not in driver.asked
    driver.hear_all()
    driver.drain()
    assert driver.ended.cdr.answered_at == driver.call.leg(first.id).answered_at


def test_given_a_phone_that_rang_out_when_its_answer_comes_late_then_it_is_let_go_and_the_next_wave_rings() -> None:
    driver = _ringing(agents=(0, 1))
    first, second = _legs(driver)
    driver.fates.append(Fate.LOST)  # the hang-up
    driver.fire(TimerName.RING)
    driver.asterisk.answer(first.id)
    driver.hear_all()
    assert driver.call.agent_leg_id is None
    assert first.id not in driver.asterisk.channels
    driver.hear_all()
    _ring_all(driver)
    _answer(driver, second)
    assert driver.call.agent_leg_id == second.id


@pytest.mark.parametrize(
    ("causes", "best"),
    [
        ([(19, 480), (17, 486)], Disposition.BUSY),
        ([(17, 486), (19, 480)], Disposition.BUSY),
        ([(21, 603), (19, 480)], Disposition.NO_ANSWER),
        ([(21, 603), (34, 503)], Disposition.REJECTED),
        ([(1, 404), (34, 503)], Disposition.CONGESTION),
        ([(1, 404), (127, 488)], Disposition.INVALID_NUMBER),
    ],
)
@pytest.mark.parametrize("waves", [(0, 0), (0, 1)])
def test_given_phones_that_all_fail_when_the_last_has_then_the_call_ends_as_with_the_one_nearest_to_answering(
    causes: list[tuple[int, int]], best: Disposition, waves: tuple[int, ...]
) -> None:
    driver = _ringing(agents=waves)
    for leg, (cause, sip_code) in zip(_legs(driver), causes, strict=True):
        assert not driver.call.is_ending
        _ring_all(driver)
        driver.pass_seconds(1.0)
        driver.asterisk.end(leg.id, cause=cause, sip_code=sip_code)
        driver.hear_all()
    assert driver.ended.disposition is best
    assert driver.ended.end_reason.party is EndParty.AGENT
    assert driver.ended.cdr.agent.extension == "2001"


def test_given_phones_that_ring_in_order_when_none_answers_then_each_had_its_time_and_the_record_tells_all_of_it() -> (
    None
):
    driver = _ringing(agents=(0, 1))
    driver.fire(TimerName.RING)
    driver.hear_all()
    _ring_all(driver)
    driver.fire(TimerName.RING)
    driver.hear_all()
    assert driver.ended.disposition is Disposition.NO_ANSWER
    assert driver.ended.cdr.ring_seconds == pytest.approx(60.0, abs=0.5)


def test_given_a_channel_that_asterisk_does_not_make_when_others_ring_then_they_ring_on() -> None:
    driver = Driver(make_call(agent_waves=(0, 0)))
    driver.fates = [Fate.REFUSED, Fate.DONE]
    driver.feed(inputs.Start())
    driver.hear_all()
    _ring_all(driver)
    first, second = _legs(driver)
    assert first.state is LegState.ENDED
    assert second.state is LegState.RINGING
    _answer(driver, second)
    assert driver.call.agent_leg_id == second.id


def test_given_a_channel_that_is_never_handed_over_when_time_is_up_then_only_that_phone_is_given_up() -> None:
    driver = Driver(make_call(agent_waves=(0, 0)))
    driver.feed(inputs.Start())
    first, second = _legs(driver)
    driver.asterisk.said.pop(0)
    driver.hear_all()
    _ring_all(driver)
    driver.fire(TimerName.SETUP)
    driver.hear_all()
    assert driver.call.leg(first.id).hangup_reason is HangupReason.SETUP_TIMEOUT
    _answer(driver, driver.call.leg(second.id))
    assert driver.call.agent_leg_id == second.id


def test_given_no_channel_is_handed_over_when_time_is_up_then_the_call_could_not_be_dialled() -> None:
    driver = Driver(make_call(agent_waves=(0, 0)))
    driver.feed(inputs.Start())
    driver.asterisk.said.clear()
    driver.fire(TimerName.SETUP)
    driver.hear_all()
    assert (driver.ended.disposition, driver.ended.end_reason.code) == (Disposition.FAILED, EndCode.DIAL_FAILED)


def test_given_a_phone_that_cannot_join_the_bridge_when_another_is_left_then_that_one_rings() -> None:
    driver = _ringing(agents=(0, 1), dial_first=CUSTOMER)
    _answer_only(driver, driver.leg(CUSTOMER))
    first, second = _legs(driver)
    join = commands.JoinBridge(leg_id=first.id)
    driver.feed(inputs.CommandFailed(command=join, kind=FailureKind.REFUSED, detail="409"))
    driver.hear_all()
    assert not driver.call.is_ending
    assert driver.call.leg(second.id).state in {LegState.DIALING, LegState.RINGING}


def _answer_only(driver: Driver, leg: Leg) -> None:
    driver.asterisk.answer(leg.id)
    driver.hear_all()


def test_given_several_phones_ring_when_the_one_who_waits_hangs_up_then_the_call_is_over_and_all_have_missed_it() -> (
    None
):
    driver = _waiting()
    driver.asterisk.end(driver.leg(CUSTOMER).id)
    driver.hear_all()
    assert (driver.ended.disposition, driver.ended.end_reason.party) == (Disposition.CANCELLED, EndParty.CUSTOMER)
    assert not any(end.answered_elsewhere for end in _ends(driver).values())


def test_given_the_service_died_before_the_losers_were_let_go_when_it_is_back_then_they_are() -> None:
    driver = _waiting()
    first, second = _legs(driver)
    driver.asterisk.answer(first.id)
    driver.asterisk.said.clear()
    driver.die_before_acting(inputs.LegAnswered(leg_id=first.id))
    driver.hear_all()
    assert second.id not in driver.asterisk.channels
    assert driver.asterisk.channels[first.id].is_bridged
    assert not driver.asterisk.channels[driver.leg(CUSTOMER).id].has_ringback


def test_given_the_service_died_before_anybody_heard_ringing_when_it_is_back_then_they_do() -> None:
    driver = _ringing(agents=(0, 0), dial_first=CUSTOMER)
    customer = driver.leg(CUSTOMER)
    driver.asterisk.answer(customer.id)
    driver.asterisk.said.clear()
    driver._step(inputs.LegAnswered(leg_id=customer.id))  # what is stored, and nothing more
    for leg in _legs(driver):
        driver.asterisk.carry_out(
            commands.CreateChannel(
                leg_id=leg.id, endpoint=leg.endpoint, shown_number=None, shown_name=None, lifetime_seconds=1.0
            )
        )
    driver.restart_service()
    assert driver.asterisk.channels[customer.id].has_ringback


@pytest.mark.parametrize("kind", TransferKind)
def test_given_a_target_with_several_phones_when_one_answers_then_the_others_are_let_go(kind: TransferKind) -> None:
    driver = connected_call()
    driver.feed(ask_transfer(kind, waves=(0, 0)))
    driver.hear_all()
    _ring_all(driver)
    waiting = driver.leg(AGENT if kind is TransferKind.ATTENDED else CUSTOMER)
    assert waiting.place is Place.RINGBACK
    assert driver.asterisk.channels[waiting.id].has_ringback
    *_, first, second = driver.call.legs
    _answer(driver, second)
    assert _ends(driver)[first.id].answered_elsewhere
    if kind is TransferKind.ATTENDED:
        assert driver.call.transfer is not None
        assert driver.call.transfer.state is TransferState.CONSULTING
        driver.feed(ask(CompleteTransfer()))
    (completed,) = [fact for fact in driver.facts if isinstance(fact, TransferCompleted)]
    assert completed.leg is not None
    assert completed.leg.id == second.id
    assert driver.call.agent_id == "agent_21"
    assert driver.leg(CUSTOMER).place is Place.TALK
    assert not driver.asterisk.channels[driver.leg(CUSTOMER).id].has_ringback


def test_given_a_target_with_several_phones_when_all_are_busy_then_the_transfer_failed_once() -> None:
    driver = connected_call()
    driver.feed(ask_transfer(TransferKind.ATTENDED, waves=(0, 0, 1)))
    driver.hear_all()
    for leg in driver.call.legs[2:]:
        _ring_all(driver)
        driver.asterisk.end(leg.id, cause=17, sip_code=486)
        driver.hear_all()
    (failed,) = [fact for fact in driver.facts if isinstance(fact, TransferFailed)]
    assert failed.disposition is Disposition.BUSY
    assert [leg.place for leg in driver.call.legs[:2]] == [Place.TALK, Place.TALK]


def test_given_several_phones_of_a_target_when_the_transfer_is_taken_back_then_none_of_them_rings_on() -> None:
    driver = connected_call()
    driver.feed(ask_transfer(TransferKind.ATTENDED, waves=(0, 0, 1)))
    driver.hear_all()
    driver.feed(ask(CancelTransfer()))
    driver.hear_all()
    assert {leg.state for leg in driver.call.legs[2:]} == {LegState.ENDED}
    assert set(driver.asterisk.channels) == {leg.id for leg in driver.call.legs[:2]}
    assert [leg.place for leg in driver.call.legs[:2]] == [Place.TALK, Place.TALK]


def test_given_a_transferee_who_hears_several_phones_when_held_and_unheld_then_it_hears_them_again() -> None:
    driver = connected_call()
    driver.feed(ask_transfer(TransferKind.BLIND, waves=(0, 0)))
    driver.hear_all()
    customer = driver.leg(CUSTOMER)
    driver.feed(ask(Hold(leg_id=customer.id)))
    assert driver.asterisk.channels[customer.id].has_music
    assert not driver.asterisk.channels[customer.id].has_ringback
    driver.feed(ask(Unhold(leg_id=customer.id)))
    assert not driver.asterisk.channels[customer.id].has_music
    assert driver.asterisk.channels[customer.id].has_ringback
