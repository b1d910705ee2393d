"""Supervisors, participants and those who are called back have several phones: all ring, one is answered."""

import msgspec
import pytest

from app.calls.core import commands
from app.calls.core.model.call import Call
from app.calls.core.model.leg import HangupReason, Leg
from app.calls.core.model.timers import TimerName
from app.calls.core.verbs import RemoveParticipant, StopSupervision
from app.facts.calls import LegEnded
from app.facts.supervisions import ParticipantJoined, SupervisionEnded, SupervisionStarted
from app.facts.vocabulary import CallState, Disposition, LegRole, Party, SupervisionEnd, TransferKind
from app.ids import Kind, LegId, new_id
from tests.calls.asking import ask, ask_transfer, target_of
from tests.calls.asking_guests import ask_participant, ask_supervision
from tests.calls.driving import Driver, connected_call
from tests.calls.resting import assert_in_place, assert_nobody_is_alone, assert_supervised
from tests.calls.simulated_asterisk import Stage

GUESTS = (LegRole.SUPERVISOR, LegRole.PARTICIPANT)
PHONES = 3


def _called(role: LegRole) -> Driver:
    """A guest's three phones ring."""
    driver = connected_call()
    is_supervisor = role is LegRole.SUPERVISOR
    driver.feed(ask_supervision(phones=PHONES) if is_supervisor else ask_participant(phones=PHONES))
    driver.hear_all()
    for leg in _phones(driver.call, role):
        assert driver.asterisk.channels[leg.id].stage is Stage.DIALLED
        driver.asterisk.ring(leg.id)
    driver.hear_all()
    return driver


def _phones(call: Call, role: LegRole) -> list[Leg]:
    return [leg for leg in call.legs if leg.role is role]


def _elsewhere(driver: Driver) -> list[str]:
    return [fact.leg.id for fact in driver.facts if isinstance(fact, LegEnded) and fact.answered_elsewhere]


@pytest.mark.parametrize("role", GUESTS)
@pytest.mark.parametrize("number", range(PHONES))
def test_given_a_guest_with_three_phones_when_one_is_answered_then_the_others_stop_and_missed_nothing(
    role: LegRole, number: int
) -> None:
    driver = _called(role)
    phones = _phones(driver.call, role)
    assert len({leg.endpoint for leg in phones}) == PHONES
    winner = phones.pop(number)
    driver.asterisk.answer(winner.id)
    driver.hear_all()
    assert _elsewhere(driver) == [leg.id for leg in phones]
    assert set(driver.asterisk.channels) == {*(leg.id for leg in driver.call.seats if leg is not None), winner.id}
    came = [fact for fact in driver.facts if isinstance(fact, SupervisionStarted | ParticipantJoined)]
    assert [one.leg_id if isinstance(one, SupervisionStarted) else one.leg.id for one in came] == [winner.id]
    assert_nobody_is_alone(driver.call)
    assert_supervised(driver)
    assert_in_place(driver)
    driver.asterisk.end(winner.id)
    driver.hear_all()
    assert not driver.call.supervisions
    assert not driver.call.participants
    assert driver.call.state is CallState.CONNECTED


@pytest.mark.parametrize("role", GUESTS)
def test_given_a_guest_with_three_phones_when_two_are_answered_at_once_then_the_first_is_let_in(role: LegRole) -> None:
    driver = _called(role)
    first, second, third = _phones(driver.call, role)
    driver.asterisk.answer(second.id)
    driver.asterisk.answer(first.id)
    driver.hear_all()
    assert driver.call.leg(first.id).hangup_reason is HangupReason.ANSWERED_ELSEWHERE
    assert {first.id, third.id} & set(driver.asterisk.channels) == set()
    assert driver.asterisk.channels[second.id].is_bridged is (role is LegRole.PARTICIPANT)
    assert not [one for one in driver.asked if isinstance(one, commands.JoinBridge) and one.leg_id == first.id]
    assert_supervised(driver)


def test_given_a_supervisor_with_three_phones_when_none_is_answered_then_the_nearest_to_an_answer_is_told_once() -> (
    None
):
    driver = _called(LegRole.SUPERVISOR)
    for leg, (cause, sip_code) in zip(
        _phones(driver.call, LegRole.SUPERVISOR), ((21, 603), (17, 486), (1, 404)), strict=True
    ):
        assert not [fact for fact in driver.facts if isinstance(fact, SupervisionEnded)]
        driver.asterisk.end(leg.id, cause=cause, sip_code=sip_code)
        driver.hear_all()
    (ended,) = [fact for fact in driver.facts if isinstance(fact, SupervisionEnded)]
    assert (ended.reason, ended.disposition) == (SupervisionEnd.NOT_REACHED, Disposition.BUSY)
    assert_nobody_is_alone(driver.call)


@pytest.mark.parametrize("role", GUESTS)
def test_given_a_guest_with_three_phones_when_its_time_is_over_then_all_stop(role: LegRole) -> None:
    driver = _called(role)
    driver.fire(TimerName.RING)
    driver.hear_all()
    assert not [leg for leg in _phones(driver.call, role) if leg.is_alive]
    assert not driver.call.supervisions
    assert not driver.call.participants
    dispositions = [fact.disposition for fact in driver.facts if isinstance(fact, SupervisionEnded)]
    assert dispositions == ([Disposition.NO_ANSWER] if role is LegRole.SUPERVISOR else [])
    assert not [word for word in driver.words if word.startswith("participant")]
    assert_nobody_is_alone(driver.call)


@pytest.mark.parametrize("role", GUESTS)
@pytest.mark.parametrize("is_refused_by_first", [False, True])
def test_given_a_guest_whose_phones_ring_when_it_is_not_wanted_any_more_then_none_rings_on(
    role: LegRole, is_refused_by_first: bool
) -> None:
    driver = _called(role)
    first, *_ = _phones(driver.call, role)
    if is_refused_by_first:
        driver.asterisk.end(first.id, cause=21, sip_code=603)
        driver.hear_all()
    if role is LegRole.SUPERVISOR:
        driver.feed(ask(StopSupervision(supervision_id=driver.call.supervisions[0].id)))
    else:
        driver.feed(ask(RemoveParticipant(leg_id=first.id)))
    driver.hear_all()
    assert not [leg for leg in _phones(driver.call, role) if leg.is_alive]
    assert len(driver.asterisk.channels) == len(driver.call.seats)
    assert not _elsewhere(driver)
    assert_nobody_is_alone(driver.call)


def test_given_an_agent_with_three_phones_when_its_transfer_fails_then_all_are_called_back_and_one_is_answered() -> (
    None
):
    driver = connected_call()
    agent = driver.leg(LegRole.AGENT)
    party = Party(extension="2001")
    others = tuple(
        Leg(
            id=LegId(new_id(Kind.LEG)),
            role=LegRole.AGENT,
            party=party,
            endpoint=f"{agent.endpoint}-{number}",
            ring_seconds=20.0,
        )
        for number in (2, 3)
    )
    assert agent.party.extension == party.extension
    # As they are once another of the agent's phones has answered: rung in vain.
    ended = tuple(msgspec.structs.replace(leg, state=agent.state.ENDED) for leg in others)
    driver.call = msgspec.structs.replace(driver.call, legs=(*driver.call.legs, *ended))
    recalls = (LegId(new_id(Kind.LEG)), LegId(new_id(Kind.LEG)))
    event = ask_transfer(TransferKind.BLIND)
    driver.feed(msgspec.structs.replace(event, or_recall_leg_ids=recalls))
    driver.hear_all()
    driver.asterisk.end(target_of(driver.call).id, cause=17, sip_code=486)
    driver.hear_all()
    rung = [driver.call.leg(leg_id) for leg_id in (event.recall_leg_id, *recalls)]
    assert [leg.endpoint for leg in rung] == [agent.endpoint, *(leg.endpoint for leg in others)]
    assert_nobody_is_alone(driver.call)
    driver.asterisk.answer(rung[1].id)
    driver.hear_all()
    assert driver.call.transfer is None
    assert driver.leg(LegRole.AGENT).id == rung[1].id
    assert _elsewhere(driver) == [rung[0].id, rung[2].id]
    assert_nobody_is_alone(driver.call)
    assert_in_place(driver)
