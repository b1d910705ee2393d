"""Supervision in the pure machine: who hears whom, and what is told of it."""

import pytest

from app.calls.core import commands, inputs
from app.calls.core.inputs import FailureKind
from app.calls.core.model.guests import TapKind
from app.calls.core.model.leg import Leg
from app.calls.core.model.timers import TimerName
from app.calls.core.supervision import MOST_SUPERVISORS
from app.calls.core.taps import MOST_TRIES, SHORTEST_KEY
from app.calls.core.verbs import Hold, Mute, StopSupervision, Unhold, UpdateSupervision
from app.facts.supervisions import SupervisionChanged, SupervisionEnded, SupervisionStarted
from app.facts.vocabulary import (
    CallState,
    Disposition,
    EndParty,
    LegRole,
    LegState,
    SupervisionEnd,
    SupervisionMode,
    SupervisionState,
    TransferKind,
)
from tests.calls.asking import ask, ask_transfer, target_of
from tests.calls.asking_guests import RING_SECONDS, ask_supervision, leg_with
from tests.calls.driving import Driver, connected_call, started_call
from tests.calls.resting import assert_nobody_is_alone, assert_supervised
from tests.calls.simulated_asterisk import Fate, Stage

M, W, B = SupervisionMode.MONITOR, SupervisionMode.WHISPER, SupervisionMode.BARGE


def _reach(driver: Driver, leg: Leg) -> None:
    """The phone rings, and somebody answers."""
    driver.hear_all()
    assert driver.asterisk.channels[leg.id].stage is Stage.DIALLED
    driver.asterisk.ring(leg.id)
    driver.asterisk.answer(leg.id)
    driver.hear_all()


def _supervised(mode: SupervisionMode = M) -> Driver:
    driver = connected_call()
    driver.feed(ask_supervision(mode))
    _reach(driver, leg_with(driver.call, LegRole.SUPERVISOR))
    return driver


def _ends(driver: Driver) -> list[tuple[SupervisionEnd, Disposition | None]]:
    return [(fact.reason, fact.disposition) for fact in driver.facts if isinstance(fact, SupervisionEnded)]


def _problems(driver: Driver, event: inputs.Input) -> list[tuple[str, str | None]]:
    return [(one.code, one.current_state) for one in driver.feed(event).problems]


@pytest.mark.parametrize("mode", SupervisionMode)
def test_given_a_talk_when_the_supervisor_answers_then_it_hears_and_speaks_to_whom_the_mode_says(
    mode: SupervisionMode,
) -> None:
    driver = _supervised(mode)
    (one,) = driver.call.supervisions
    assert (one.state, one.mode, one.listens_to) == (SupervisionState.ACTIVE, mode, driver.leg(LegRole.AGENT).id)
    assert_supervised(driver)
    (started,) = [fact for fact in driver.facts if isinstance(fact, SupervisionStarted)]
    assert (started.mode, started.supervisor.extension, started.leg_id) == (mode, "2005", one.leg_id)
    assert started.listens_to.role is LegRole.AGENT


def test_given_a_supervisor_when_its_phone_rings_then_it_is_in_no_bridge_and_shown_the_agent() -> None:
    driver = connected_call()
    driver.feed(ask_supervision())
    driver.hear_all()
    leg = leg_with(driver.call, LegRole.SUPERVISOR)
    assert leg.shown_number == driver.leg(LegRole.AGENT).party.extension
    assert not [one for one in driver.asked if isinstance(one, commands.JoinBridge) and one.leg_id == leg.id]
    driver.asterisk.answer(leg.id)
    driver.hear_all()
    assert not driver.asterisk.channels[leg.id].is_bridged
    assert driver.call.state is CallState.CONNECTED


def test_given_a_supervision_when_its_mode_changes_then_nothing_but_silence_is_moved() -> None:
    driver = _supervised()
    (one,) = driver.call.supervisions
    asked = len(driver.asked)
    for mode in (W, B, M, B, W):
        driver.feed(ask(UpdateSupervision(supervision_id=one.id, mode=mode)))
        assert_supervised(driver)
    assert {type(command) for command in driver.asked[asked:]} == {commands.PlaceSupervisor}
    assert [fact.mode for fact in driver.facts if isinstance(fact, SupervisionChanged)] == [W, B, M, B, W]
    driver.feed(ask(UpdateSupervision(supervision_id=one.id, mode=W)))
    assert driver.asked[-1] is driver.asked[asked + 4]


def test_given_a_ringing_supervisor_when_the_mode_changes_then_it_begins_in_that_mode() -> None:
    driver = connected_call()
    driver.feed(ask_supervision())
    driver.feed(ask(UpdateSupervision(supervision_id=driver.call.supervisions[0].id, mode=W)))
    _reach(driver, leg_with(driver.call, LegRole.SUPERVISOR))
    assert_supervised(driver)
    assert not [fact for fact in driver.facts if isinstance(fact, SupervisionChanged)]
    (started,) = [fact for fact in driver.facts if isinstance(fact, SupervisionStarted)]
    assert started.mode is W


def test_given_an_agent_that_is_listened_to_when_keys_are_pressed_then_they_are_passed_on_to_those_who_talk() -> None:
    driver = _supervised()
    agent, customer = driver.leg(LegRole.AGENT), driver.leg(LegRole.CUSTOMER)
    for leg, key, milliseconds in ((agent, "5", 20), (customer, "7", 160), (_leg_of_supervisor(driver), "9", 100)):
        driver.feed(inputs.DtmfReceived(leg_id=leg.id, digit=key, duration_milliseconds=milliseconds))
    sent = [one for one in driver.asked if isinstance(one, commands.SendDigits)]
    assert [(one.leg_id, one.digits, one.duration_milliseconds) for one in sent] == [
        (customer.id, "5", SHORTEST_KEY),
        (agent.id, "7", 160),
    ]
    driver.feed(ask(Hold(leg_id=customer.id)))
    driver.feed(inputs.DtmfReceived(leg_id=agent.id, digit="5", duration_milliseconds=100))
    driver.feed(inputs.DtmfReceived(leg_id=customer.id, digit="7", duration_milliseconds=100))
    driver.feed(ask(Unhold(leg_id=customer.id)))
    driver.feed(ask(StopSupervision(supervision_id=driver.call.supervisions[0].id)))
    driver.hear_all()
    driver.feed(inputs.DtmfReceived(leg_id=agent.id, digit="5", duration_milliseconds=100))
    assert [one for one in driver.asked if isinstance(one, commands.SendDigits)] == sent, "Asterisk passes on the rest"


def _leg_of_supervisor(driver: Driver) -> Leg:
    return leg_with(driver.call, LegRole.SUPERVISOR)


def test_given_a_busy_supervisor_when_rung_then_the_supervision_ends_and_the_call_goes_on() -> None:
    driver = connected_call()
    driver.feed(ask_supervision())
    driver.hear_all()
    driver.asterisk.end(leg_with(driver.call, LegRole.SUPERVISOR).id, cause=17, sip_code=486)
    driver.hear_all()
    assert _ends(driver) == [(SupervisionEnd.NOT_REACHED, Disposition.BUSY)]
    assert_nobody_is_alone(driver.call)


def test_given_a_supervisor_that_does_not_answer_when_its_time_is_over_then_it_rings_no_more() -> None:
    driver = connected_call()
    driver.feed(ask_supervision())
    driver.hear_all()
    leg = leg_with(driver.call, LegRole.SUPERVISOR)
    driver.asterisk.ring(leg.id)
    driver.hear_all()
    assert driver.call.timer(TimerName.RING)
    driver.fire(TimerName.RING)
    driver.hear_all()
    dialling = driver.call.leg(leg.id).dialing_at
    assert dialling is not None
    assert (driver.now - dialling).total_seconds() == RING_SECONDS
    assert _ends(driver) == [(SupervisionEnd.NOT_REACHED, Disposition.NO_ANSWER)]
    assert driver.call.state is CallState.CONNECTED
    assert_nobody_is_alone(driver.call)


def test_given_a_supervision_when_stopped_then_nothing_of_it_is_left_and_the_call_goes_on() -> None:
    driver = _supervised()
    (one,) = driver.call.supervisions
    driver.feed(ask(StopSupervision(supervision_id=one.id)))
    driver.hear_all()
    assert _ends(driver) == [(SupervisionEnd.STOPPED, None)]
    assert not driver.asterisk.taps
    assert not driver.asterisk.supervised
    assert one.leg_id not in driver.asterisk.channels
    assert_nobody_is_alone(driver.call)
    assert _problems(driver, ask(StopSupervision(supervision_id=one.id))) == [("NOT_FOUND", None)]
    assert _problems(driver, ask(UpdateSupervision(supervision_id=one.id, mode=W))) == [("NOT_FOUND", None)]


def test_given_a_supervision_when_the_supervisor_hangs_up_then_it_ends_by_its_own_side() -> None:
    driver = _supervised()
    driver.asterisk.end(leg_with(driver.call, LegRole.SUPERVISOR).id)
    driver.hear_all()
    assert _ends(driver) == [(SupervisionEnd.HANGUP, None)]
    (ended,) = [fact for fact in driver.facts if fact.type == "leg.ended"]
    assert ended.ended_by is EndParty.SUPERVISOR  # type: ignore[attr-defined]
    assert not driver.asterisk.taps
    assert_nobody_is_alone(driver.call)


@pytest.mark.parametrize("answers", [False, True])
def test_given_a_supervisor_when_the_call_ends_then_it_is_let_go_and_the_supervision_ends_before_the_call(
    answers: bool,
) -> None:
    driver = connected_call()
    driver.feed(ask_supervision())
    driver.hear_all()
    if answers:
        _reach(driver, leg_with(driver.call, LegRole.SUPERVISOR))
    driver.asterisk.end(driver.leg(LegRole.CUSTOMER).id)
    driver.hear_all()
    assert _ends(driver) == [(SupervisionEnd.CALL_ENDED, None)]
    assert driver.words.index("supervision.ended") < driver.words.index("call.ended")
    assert not driver.asterisk.channels
    assert not driver.asterisk.taps
    assert driver.ended.talk_seconds == 0.0
    assert driver.ended.end_reason.party is EndParty.CUSTOMER


def test_given_a_supervision_when_the_agent_transfers_then_whoever_takes_the_seat_is_listened_to() -> None:
    driver = _supervised(W)
    driver.feed(ask_transfer(TransferKind.BLIND))
    driver.hear_all()
    (one,) = driver.call.supervisions
    assert one.state is SupervisionState.JOINING
    assert_supervised(driver)
    _reach(driver, target_of(driver.call))
    assert driver.call.transfer is None
    assert_supervised(driver)
    (changed,) = [fact for fact in driver.facts if isinstance(fact, SupervisionChanged)]
    assert changed.listens_to.id == driver.leg(LegRole.AGENT).id
    assert driver.call.supervisions[0].state is SupervisionState.ACTIVE


def test_given_an_asterisk_that_refuses_the_taps_when_tried_often_enough_then_the_supervision_fails() -> None:
    driver = connected_call()
    driver.feed(ask_supervision())
    driver.hear_all()
    leg = leg_with(driver.call, LegRole.SUPERVISOR)
    driver.asterisk.answer(leg.id)
    for _ in range(MOST_TRIES):
        driver.fates = [Fate.REFUSED] * 2 if driver.call.supervisions[0].taps else [Fate.REFUSED]
        if driver.call.timer(TimerName.TAPS):
            driver.fire(TimerName.TAPS)
        driver.hear_all()
        driver.fates = []
    assert driver.call.supervisions[0].taps == MOST_TRIES
    driver.fire(TimerName.TAPS)
    driver.hear_all()
    assert _ends(driver) == [(SupervisionEnd.FAILED, None)]
    assert leg.id not in driver.asterisk.channels
    assert_nobody_is_alone(driver.call)


def test_given_a_placing_that_was_never_sent_when_tried_again_then_the_supervisor_hears_and_is_told_once() -> None:
    driver = connected_call()
    driver.feed(ask_supervision())
    driver.hear_all()
    driver.asterisk.answer(leg_with(driver.call, LegRole.SUPERVISOR).id)
    driver.fates = [Fate.DONE, Fate.UNSENT]
    driver.hear_all()
    driver.fire(TimerName.TAPS)
    driver.hear_all()
    assert_supervised(driver)
    assert len([fact for fact in driver.facts if isinstance(fact, SupervisionStarted)]) == 1


def test_given_a_tap_of_an_earlier_pair_when_it_comes_after_all_then_it_is_taken_away() -> None:
    driver = _supervised()
    (one,) = driver.call.supervisions
    late = inputs.TapReady(supervision_id=one.id, number=one.taps + 1, kind=TapKind.EAR)
    assert driver.feed(late).commands == (commands.EndTaps(supervision_id=one.id, number=one.taps + 1),)
    failed = commands.CreateTaps(
        supervision_id=one.id, number=one.taps + 1, listens_to=one.listens_to, leg_id=one.leg_id
    )
    driver.feed(inputs.CommandFailed(command=failed, kind=FailureKind.GONE, detail="404"))
    assert driver.call.supervisions == (one,)


def test_given_a_supervision_when_the_service_dies_and_comes_back_then_it_goes_on() -> None:
    driver = _supervised(B)
    driver.restart_service()
    driver.hear_all()
    assert_supervised(driver)
    assert not _ends(driver)


def test_given_an_answer_when_the_service_dies_before_it_taps_then_the_next_one_does() -> None:
    driver = connected_call()
    driver.feed(ask_supervision(W))
    driver.hear_all()
    leg = leg_with(driver.call, LegRole.SUPERVISOR)
    driver.asterisk.answer(leg.id)
    driver.die_before_acting(inputs.LegAnswered(leg_id=leg.id))
    driver.hear_all()
    assert driver.call.leg(leg.id).state is LegState.UP
    assert_supervised(driver)


def test_given_the_same_key_when_asked_again_then_nobody_else_is_rung() -> None:
    driver = connected_call()
    driver.feed(ask_supervision(key="k"))
    driver.feed(ask_supervision(key="k"))
    assert len(driver.call.supervisions) == 1
    assert _problems(driver, ask_supervision(key="k", input_hash="cd")) == [("IDEMPOTENCY_KEY_REUSED", None)]


def test_given_as_many_supervisors_as_may_be_when_one_more_is_asked_for_then_it_is_refused() -> None:
    driver = connected_call()
    for _ in range(MOST_SUPERVISORS):
        driver.feed(ask_supervision())
    assert _problems(driver, ask_supervision()) == [("INVALID_STATE", "SUPERVISED")]
    driver.hear_all()
    for number in range(MOST_SUPERVISORS):
        _reach(driver, leg_with(driver.call, LegRole.SUPERVISOR, number))
    assert_supervised(driver)
    assert len({one.leg_id for one in driver.call.supervisions}) == MOST_SUPERVISORS


def test_given_a_call_that_nobody_talks_on_when_supervised_then_it_is_refused_with_its_state() -> None:
    driver = started_call()
    assert _problems(driver, ask_supervision()) == [("INVALID_STATE", driver.call.state.value)]
    assert not driver.call.supervisions


def test_given_a_supervisor_when_held_or_brought_into_the_talk_then_it_is_refused_and_muting_is_not() -> None:
    driver = _supervised()
    leg_id = driver.call.supervisions[0].leg_id
    for verb in (Hold(leg_id=leg_id), Unhold(leg_id=leg_id)):
        assert _problems(driver, ask(verb)) == [("INVALID_STATE", "SUPERVISOR")]
    assert not _problems(driver, ask(Mute(leg_id=leg_id)))
    assert_supervised(driver)
    assert not driver.asterisk.channels[leg_id].is_bridged
