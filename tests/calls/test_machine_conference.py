"""Conferences in the pure machine: who joins, who leaves, and who sits in whose place then."""

import pytest

from app.calls.core import commands, inputs
from app.calls.core.conference import MOST_PARTICIPANTS
from app.calls.core.model.leg import Leg, Place
from app.calls.core.verbs import Hold, RemoveParticipant, Unhold
from app.facts.supervisions import ParticipantJoined, ParticipantLeft
from app.facts.vocabulary import CallState, Disposition, EndParty, LegRole, LegState, TransferKind
from tests.calls.asking import ask, ask_transfer
from tests.calls.asking_guests import ask_participant, ask_supervision, leg_with
from tests.calls.driving import Driver, connected_call, started_call
from tests.calls.resting import assert_in_place, assert_nobody_is_alone, assert_supervised

SEATS = (LegRole.AGENT, LegRole.CUSTOMER)


def _call_in(driver: Driver) -> Leg:
    """Somebody is called in, and answers."""
    driver.feed(ask_participant())
    driver.hear_all()
    leg = driver.call.legs[-1]
    driver.asterisk.ring(leg.id)
    driver.asterisk.answer(leg.id)
    driver.hear_all()
    return driver.call.leg(leg.id)


def _conference(others: int = 1) -> Driver:
    driver = connected_call()
    for _ in range(others):
        driver.pass_seconds(1.0)
        _call_in(driver)
    return driver


def _left(driver: Driver) -> list[tuple[str, str | None]]:
    facts = [fact for fact in driver.facts if isinstance(fact, ParticipantLeft)]
    return [(fact.leg.id, None if fact.taken_by is None else fact.taken_by.id) for fact in facts]


def _problems(driver: Driver, event: inputs.Input) -> list[tuple[str, str | None]]:
    return [(one.code, one.current_state) for one in driver.feed(event).problems]


def test_given_a_talk_when_another_is_called_in_then_it_joins_with_its_answer_and_not_before() -> None:
    driver = connected_call()
    driver.feed(ask_participant())
    driver.hear_all()
    leg = leg_with(driver.call, LegRole.PARTICIPANT)
    driver.asterisk.ring(leg.id)
    driver.hear_all()
    assert not driver.asterisk.channels[leg.id].is_bridged
    driver.asterisk.answer(leg.id)
    driver.hear_all()
    assert driver.asterisk.channels[leg.id].is_bridged
    (joined,) = [fact for fact in driver.facts if isinstance(fact, ParticipantJoined)]
    assert joined.leg.id == leg.id
    assert_nobody_is_alone(driver.call)
    assert_in_place(driver)


def test_given_somebody_who_is_busy_when_called_in_then_the_two_talk_on_and_nobody_has_joined_or_left() -> None:
    driver = connected_call()
    driver.feed(ask_participant())
    driver.hear_all()
    driver.asterisk.end(leg_with(driver.call, LegRole.PARTICIPANT).id, cause=17, sip_code=486)
    driver.hear_all()
    assert not [word for word in driver.words if word.startswith("participant")]
    assert not driver.call.participants
    assert_nobody_is_alone(driver.call)


def test_given_a_conference_when_the_participant_leaves_then_the_two_talk_on() -> None:
    driver = _conference()
    leg = leg_with(driver.call, LegRole.PARTICIPANT)
    driver.asterisk.end(leg.id)
    driver.hear_all()
    assert _left(driver) == [(leg.id, None)]
    assert driver.call.state is CallState.CONNECTED
    assert_nobody_is_alone(driver.call)
    driver.asterisk.end(driver.leg(LegRole.AGENT).id)
    driver.hear_all()
    assert driver.ended.end_reason.party is EndParty.AGENT


@pytest.mark.parametrize("seat", SEATS)
def test_given_a_conference_when_one_of_the_two_leaves_then_the_first_who_joined_takes_the_seat(seat: LegRole) -> None:
    driver = _conference(others=2)
    first, second = (leg_with(driver.call, LegRole.PARTICIPANT, number) for number in (0, 1))
    gone = driver.leg(seat)
    driver.pass_seconds(5.0)
    driver.asterisk.end(gone.id)
    driver.hear_all()
    assert _left(driver) == [(gone.id, first.id)]
    assert (driver.leg(seat).id, driver.leg(seat).role) == (first.id, seat)
    assert not driver.call.is_ending
    assert_nobody_is_alone(driver.call)
    driver.asterisk.end(second.id)
    driver.hear_all()
    assert not driver.call.is_ending
    driver.pass_seconds(5.0)
    driver.asterisk.end(first.id)
    driver.hear_all()
    record = driver.ended.cdr
    assert driver.call.is_ended
    assert record.talk_seconds == (driver.now - (driver.call.connected_at or driver.now)).total_seconds()
    assert (record.agent_id, record.agent.extension) == (
        ("agent_6", "2006") if seat is LegRole.AGENT else ("agent_1", "2001")
    )
    assert record.customer.number == "+15550100000", "the call was for the customer, whoever is left in the end"


def test_given_a_conference_when_nobody_but_two_strangers_are_left_then_they_talk_on_until_one_goes() -> None:
    driver = _conference(others=2)
    for seat in SEATS:
        driver.asterisk.end(driver.leg(seat).id)
        driver.hear_all()
    assert [driver.leg(seat).party.extension for seat in SEATS] == ["2006", "2006"]
    assert_nobody_is_alone(driver.call)
    driver.asterisk.end(driver.leg(LegRole.AGENT).id)
    driver.hear_all()
    assert driver.ended.disposition is Disposition.ANSWERED
    assert not driver.asterisk.channels


def test_given_a_participant_that_only_rings_when_the_agent_leaves_then_the_call_ends_and_the_phone_is_let_go() -> None:
    driver = connected_call()
    driver.feed(ask_participant())
    driver.hear_all()
    driver.asterisk.end(driver.leg(LegRole.AGENT).id)
    driver.hear_all()
    assert driver.call.is_ended
    assert not driver.asterisk.channels
    assert not [word for word in driver.words if word.startswith("participant")]


def test_given_a_supervisor_beside_the_two_when_one_leaves_then_it_is_nobody_to_talk_to() -> None:
    driver = connected_call()
    driver.feed(ask_supervision())
    driver.hear_all()
    driver.asterisk.answer(leg_with(driver.call, LegRole.SUPERVISOR).id)
    driver.hear_all()
    driver.asterisk.end(driver.leg(LegRole.CUSTOMER).id)
    driver.hear_all()
    assert driver.call.is_ended


def test_given_a_supervised_conference_when_the_agent_leaves_then_whoever_takes_its_seat_is_listened_to() -> None:
    driver = _conference()
    driver.feed(ask_supervision())
    driver.hear_all()
    driver.asterisk.answer(driver.call.legs[-1].id)
    driver.hear_all()
    driver.asterisk.end(driver.leg(LegRole.AGENT).id)
    driver.hear_all()
    assert driver.call.supervisions[0].listens_to == driver.leg(LegRole.AGENT).id
    assert_supervised(driver)


def test_given_a_conference_when_one_is_held_then_it_is_out_of_the_talk_until_it_is_brought_back() -> None:
    driver = _conference()
    leg = leg_with(driver.call, LegRole.PARTICIPANT)
    driver.feed(ask(Hold(leg_id=leg.id)))
    assert driver.call.leg(leg.id).place is Place.HOLD
    assert_in_place(driver)
    driver.asterisk.end(driver.leg(LegRole.AGENT).id)
    driver.hear_all()
    assert driver.leg(LegRole.AGENT).place is Place.HOLD, "whoever held it brings it back"
    driver.feed(ask(Unhold(leg_id=leg.id)))
    assert_in_place(driver)
    assert_nobody_is_alone(driver.call)


def test_given_a_conference_when_a_participant_is_removed_then_it_goes_and_not_twice() -> None:
    driver = _conference()
    leg = leg_with(driver.call, LegRole.PARTICIPANT)
    driver.feed(ask(RemoveParticipant(leg_id=leg.id)))
    assert _problems(driver, ask(RemoveParticipant(leg_id=leg.id))) == [("INVALID_STATE", "LEAVING")]
    driver.hear_all()
    assert _left(driver) == [(leg.id, None)]
    assert driver.call.leg(leg.id).state is LegState.ENDED
    assert _problems(driver, ask(RemoveParticipant(leg_id=leg.id))) == [("INVALID_STATE", "ENDED")]


def test_given_a_conference_when_the_agent_is_removed_then_the_others_talk_on_but_not_from_a_talk_of_two() -> None:
    driver = _conference()
    agent, other = driver.leg(LegRole.AGENT), leg_with(driver.call, LegRole.PARTICIPANT)
    driver.feed(ask(RemoveParticipant(leg_id=agent.id)))
    driver.hear_all()
    assert _left(driver) == [(agent.id, other.id)]
    assert_nobody_is_alone(driver.call)
    assert _problems(driver, ask(RemoveParticipant(leg_id=other.id))) == [("INVALID_STATE", "AGENT")]


def test_given_participants_when_a_transfer_is_asked_for_then_it_is_refused_and_the_other_way_round() -> None:
    driver = connected_call()
    driver.feed(ask_participant())
    assert _problems(driver, ask_transfer(TransferKind.BLIND)) == [("INVALID_STATE", "CONFERENCE")]
    driver = connected_call()
    driver.feed(ask_transfer(TransferKind.ATTENDED))
    assert _problems(driver, ask_participant()) == [("INVALID_STATE", "TRANSFER_DIALING")]


def test_given_as_many_participants_as_may_be_when_one_more_is_asked_for_then_it_is_refused() -> None:
    driver = _conference(others=MOST_PARTICIPANTS)
    assert _problems(driver, ask_participant()) == [("INVALID_STATE", "CONFERENCE")]
    assert len([one for one in driver.asked if isinstance(one, commands.CreateChannel)]) == 2 + MOST_PARTICIPANTS


def test_given_the_same_key_when_asked_again_then_nobody_else_is_rung() -> None:
    driver = connected_call()
    driver.feed(ask_participant(key="k"))
    driver.feed(ask_participant(key="k"))
    assert len(driver.call.participants) == 1
    assert _problems(driver, ask_participant(key="k", input_hash="cd")) == [("IDEMPOTENCY_KEY_REUSED", None)]


def test_given_a_call_that_nobody_talks_on_when_another_is_called_in_then_it_is_refused_with_its_state() -> None:
    driver = started_call()
    assert _problems(driver, ask_participant()) == [("INVALID_STATE", driver.call.state.value)]
