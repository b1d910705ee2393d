"""What has answered is found out before anybody is rung for it: a person, a machine, or nobody knows."""

from typing import Any

import msgspec
import pytest

from app.calls.core import commands, inputs
from app.calls.core.detection import LONGEST_SECONDS
from app.calls.core.inputs import FailureKind
from app.calls.core.model.leg import Leg, Place
from app.calls.core.model.timers import TimerName
from app.calls.core.verbs import Mute, SendDtmf, Verb
from app.facts.calls import MachineDetectionFinished
from app.facts.flows import FlowStepEntered
from app.facts.vocabulary import (
    AnsweredBy,
    CallState,
    Disposition,
    EndCode,
    EndParty,
    GreetingEnd,
    LegRole,
    LegState,
    MediaStreamEnd,
)
from app.flows.steps import Branch, Case, HangUp, Step, VariableIs
from tests.calls import flow_calls, queue_calls
from tests.calls.asking import ask
from tests.calls.driving import Driver
from tests.calls.making import SOMEBODY, make_call


def _answered(**fields: Any) -> Driver:
    """The customer, dialled first, has answered."""
    call = fields.pop("call", None) or make_call(dial_first=LegRole.CUSTOMER)
    driver = Driver(msgspec.structs.replace(call, detects_machine=True, **fields))
    driver.feed(inputs.Start())
    driver.go_on_until(CallState.ANSWERED)
    driver.hear_all()
    assert _customer(driver).place is Place.AWAY
    return driver


def _customer(driver: Driver) -> Leg:
    return driver.leg(LegRole.CUSTOMER)


def _told(driver: Driver) -> list[MachineDetectionFinished]:
    return [fact for fact in driver.facts if isinstance(fact, MachineDetectionFinished)]


def _find_out(driver: Driver, answered_by: AnsweredBy, **said: Any) -> None:
    driver.asterisk.find_out(_customer(driver).id, answered_by, **said)
    driver.hear_all()


def test_given_an_answer_when_it_is_not_known_yet_who_it_was_then_no_agent_is_rung_and_nothing_is_bridged() -> None:
    driver = _answered()
    assert driver.leg(LegRole.AGENT).state is LegState.PLANNED
    assert not driver.asterisk.has_bridge
    assert driver.asterisk.channels[_customer(driver).id].is_away
    assert driver.call.answered_by is None


@pytest.mark.parametrize("answered_by", [AnsweredBy.HUMAN, AnsweredBy.UNKNOWN])
def test_given_a_person_or_nobody_knows_when_it_is_found_out_then_the_agent_is_rung_and_they_talk(
    answered_by: AnsweredBy,
) -> None:
    driver = _answered()
    _find_out(driver, answered_by)
    driver.go_on_until(CallState.CONNECTED)
    (told,) = _told(driver)
    assert (told.answered_by, told.leg.id, told.cause) == (answered_by, _customer(driver).id, "LONG-1")
    assert driver.call.answered_by is answered_by
    assert driver.asterisk.channels[_customer(driver).id].is_bridged
    assert driver.call.timer(TimerName.DETECTION) is None


def test_given_a_machine_when_it_is_found_out_then_it_is_hung_up_and_no_agent_was_rung() -> None:
    driver = _answered()
    _find_out(driver, AnsweredBy.MACHINE)
    driver.drain()
    ended = driver.ended
    assert (ended.disposition, ended.end_reason.code, ended.end_reason.party) == (
        Disposition.MACHINE,
        EndCode.MACHINE,
        EndParty.CUSTOMER,
    )
    assert driver.asterisk.dials[driver.leg(LegRole.AGENT).id] == 0
    assert len(_told(driver)) == 1


def test_given_a_fax_when_it_is_found_out_then_it_is_hung_up_and_said_so() -> None:
    driver = _answered()
    _find_out(driver, AnsweredBy.FAX)
    driver.drain()
    ended = driver.ended
    assert (ended.disposition, ended.end_reason.code, ended.end_reason.party) == (
        Disposition.MACHINE,
        EndCode.FAX,
        EndParty.CUSTOMER,
    )


def _with_agent_waiting(**fields: Any) -> Driver:
    """The agent was dialled first, and the customer has answered."""
    driver = Driver(msgspec.structs.replace(make_call(), detects_machine=True, **fields))
    driver.feed(inputs.Start())
    for _ in range(100):
        if driver.call.detecting_until is not None:
            driver.hear_all()
            assert driver.leg(LegRole.AGENT).state is LegState.UP
            return driver
        driver.go_on()
    raise AssertionError("nobody is being looked into")


@pytest.mark.parametrize("answered_by", [AnsweredBy.HUMAN, AnsweredBy.UNKNOWN])
def test_given_an_agent_that_waits_when_it_is_a_person_then_it_hears_ringing_until_then_and_they_talk(
    answered_by: AnsweredBy,
) -> None:
    driver = _with_agent_waiting()
    agent = driver.leg(LegRole.AGENT)
    assert agent.place is Place.RINGBACK
    assert not driver.asterisk.channels[agent.id].is_bridged
    assert driver.asterisk.channels[_customer(driver).id].is_away
    driver.pass_seconds(2.5)
    said_at = driver.now
    _find_out(driver, answered_by)
    assert driver.call.state is CallState.CONNECTED
    assert driver.call.connected_at == said_at, "not from the customer's answer on"
    for leg in (driver.leg(LegRole.AGENT), _customer(driver)):
        assert leg.place is Place.TALK
        assert driver.asterisk.channels[leg.id].is_bridged


@pytest.mark.parametrize(
    ("answered_by", "code"), [(AnsweredBy.MACHINE, EndCode.MACHINE), (AnsweredBy.FAX, EndCode.FAX)]
)
def test_given_an_agent_that_waits_when_it_is_no_person_then_both_are_hung_up(
    answered_by: AnsweredBy, code: EndCode
) -> None:
    driver = _with_agent_waiting()
    _find_out(driver, answered_by)
    driver.drain()
    assert (driver.ended.disposition, driver.ended.end_reason.code) == (Disposition.MACHINE, code)
    assert driver.call.connected_at is None


def test_given_a_wish_to_talk_to_machines_when_it_is_one_then_they_are_connected() -> None:
    for driver in (_with_agent_waiting(connects_machines=True), _answered(connects_machines=True)):
        _find_out(driver, AnsweredBy.MACHINE)
        driver.go_on_until(CallState.CONNECTED)
        assert driver.call.answered_by is AnsweredBy.MACHINE


def test_given_an_agent_that_waits_when_it_hangs_up_meanwhile_then_the_call_ends_by_it() -> None:
    driver = _with_agent_waiting()
    driver.asterisk.end(driver.leg(LegRole.AGENT).id)
    driver.drain()
    assert (driver.ended.disposition, driver.ended.end_reason.code, driver.ended.end_reason.party) == (
        Disposition.CANCELLED,
        EndCode.HANGUP,
        EndParty.AGENT,
    )


def test_given_an_agent_that_waits_when_the_service_dies_meanwhile_then_it_hears_ringing_again_and_they_talk() -> None:
    driver = _with_agent_waiting()
    driver.restart_service()
    driver.hear_all()
    _find_out(driver, AnsweredBy.HUMAN)
    assert driver.call.state is CallState.CONNECTED
    for leg in (driver.leg(LegRole.AGENT), _customer(driver)):
        assert driver.asterisk.channels[leg.id].is_bridged


def _machine_for_a_flow() -> Driver:
    """A machine has answered to whom a flow is to talk: its beep is listened for."""
    driver = flow_calls.coming_call(_STEPS)
    driver.call = msgspec.structs.replace(driver.call, detects_machine=True)
    driver.feed(inputs.Start())
    driver.go_on_until(CallState.ANSWERED)
    driver.hear_all()
    _find_out(driver, AnsweredBy.MACHINE)
    assert _customer(driver).place is Place.STREAM
    return driver


def _hear_beep(
    driver: Driver, outcome: str | None = "BEEP", reason: MediaStreamEnd = MediaStreamEnd.BOT_CLOSED
) -> None:
    (stream,) = driver.call.media_streams
    driver.asterisk.close_stream(stream.id, reason, outcome=outcome)
    driver.hear_all()


def _steps(driver: Driver) -> list[str]:
    return [fact.step for fact in driver.facts if isinstance(fact, FlowStepEntered)]


@pytest.mark.parametrize(
    ("outcome", "verdict", "after", "step"),
    [
        ("BEEP", AnsweredBy.MACHINE, GreetingEnd.BEEP, "message"),
        ("SILENCE", AnsweredBy.MACHINE, GreetingEnd.SILENCE, "message"),
        ("TIMEOUT", AnsweredBy.MACHINE, None, "message"),
        ("FAX", AnsweredBy.FAX, None, "fax"),
    ],
)
def test_given_a_machine_for_a_flow_when_its_beep_is_found_or_is_not_then_the_flow_begins_and_no_stream_is_told(
    outcome: str,
    verdict: AnsweredBy,
    after: GreetingEnd | None,
    step: str,
) -> None:
    driver = _machine_for_a_flow()
    _hear_beep(driver, outcome)
    (told,) = _told(driver)
    assert (told.answered_by, told.is_after_beep, told.greeting_ended_by) == (verdict, after is not None, after)
    assert _steps(driver) == ["who", step]
    driver.drain()
    assert [word for word in driver.words if word.startswith("mediastream.")] == []
    assert driver.call.listening is None


@pytest.mark.parametrize("reason", [MediaStreamEnd.MEDIA_LOST, MediaStreamEnd.OVERLOADED])
@pytest.mark.parametrize("is_silent", [True, False])
def test_given_a_machine_when_nobody_can_listen_then_the_dialplan_waits_for_silence(
    reason: MediaStreamEnd, *, is_silent: bool
) -> None:
    driver = _machine_for_a_flow()
    _hear_beep(driver, None, reason)
    assert isinstance(driver.asked[-1], commands.AwaitSilence)
    assert _customer(driver).place is Place.AWAY
    _find_out(driver, AnsweredBy.MACHINE, is_after_beep=is_silent)
    (told,) = _told(driver)
    assert (told.answered_by, told.cause, told.is_after_beep) == (AnsweredBy.MACHINE, "LONG-1", is_silent)
    assert told.greeting_ended_by is (GreetingEnd.SILENCE if is_silent else None)
    assert _steps(driver) == ["who", "message"]


def test_given_a_machine_when_neither_can_then_the_flow_begins_without() -> None:
    driver = _machine_for_a_flow()
    _hear_beep(driver, None, MediaStreamEnd.MEDIA_LOST)
    asked = commands.AwaitSilence(leg_id=_customer(driver).id)
    driver.feed(inputs.CommandFailed(command=asked, kind=FailureKind.REFUSED, detail="409"))
    driver.fire(TimerName.DETECTION)
    assert [one.is_after_beep for one in _told(driver)] == [False]
    assert _steps(driver) == ["who", "message"]


def test_given_a_machine_when_no_word_comes_of_its_beep_then_the_flow_begins_when_time_is_up() -> None:
    driver = _machine_for_a_flow()
    while not _told(driver):
        driver.fire(TimerName.DETECTION)
    assert [one.is_after_beep for one in _told(driver)] == [False]
    driver.hear_all()
    assert _steps(driver) == ["who", "message"]
    assert not driver.call.media_streams


def test_given_a_machine_when_the_service_dies_meanwhile_then_the_next_one_listens_anew() -> None:
    driver = _machine_for_a_flow()
    (first,) = driver.call.media_streams
    driver.restart_service()
    driver.hear_all()
    (second,) = driver.call.media_streams
    assert second.id != first.id
    _hear_beep(driver)
    assert [one.is_after_beep for one in _told(driver)] == [True]


def test_given_a_machine_that_hangs_up_when_its_beep_is_listened_for_then_the_call_ends() -> None:
    driver = _machine_for_a_flow()
    driver.asterisk.end(_customer(driver).id)
    driver.drain()
    assert (driver.ended.end_reason.code, driver.ended.end_reason.party) == (EndCode.HANGUP, EndParty.CUSTOMER)
    assert _told(driver) == []


def test_given_a_machine_when_its_beep_is_listened_for_then_nothing_can_be_asked_of_it_but_to_hang_up() -> None:
    driver = _machine_for_a_flow()
    (problem,) = driver.feed(ask(Mute(leg_id=_customer(driver).id))).problems
    assert (problem.code, problem.current_state) == ("INVALID_STATE", "DETECTING")
    driver.feed(inputs.HangupRequested(actor=SOMEBODY))
    driver.drain()
    assert driver.ended.end_reason.code is EndCode.API_HANGUP


def test_given_no_wish_for_it_when_the_customer_answers_then_nothing_is_found_out() -> None:
    driver = Driver(make_call(dial_first=LegRole.CUSTOMER))
    driver.feed(inputs.Start())
    driver.go_on_until(CallState.CONNECTED)
    assert not [one for one in driver.asked if isinstance(one, commands.DetectMachine)]


@pytest.mark.parametrize("kind", [FailureKind.REFUSED, FailureKind.UNSENT])
def test_given_a_leg_that_could_not_be_lent_when_that_is_known_then_it_counts_as_a_person(kind: FailureKind) -> None:
    driver = _answered()
    asked = commands.DetectMachine(leg_id=_customer(driver).id, waits_for_beep=False)
    driver.feed(inputs.CommandFailed(command=asked, kind=kind, detail="500"))
    driver.fire(TimerName.DETECTION)
    driver.go_on_until(CallState.CONNECTED)
    assert [one.answered_by for one in _told(driver)] == [AnsweredBy.UNKNOWN]


def test_given_no_verdict_when_the_time_is_up_then_it_counts_as_a_person_and_a_late_one_changes_nothing() -> None:
    driver = _answered()
    leg_id = _customer(driver).id
    while driver.call.answered_by is None:
        driver.fire(TimerName.DETECTION)
    assert (driver.now - driver.call.created_at).total_seconds() >= LONGEST_SECONDS
    driver.go_on_until(CallState.CONNECTED)
    driver.feed(inputs.LegDetected(leg_id=leg_id, answered_by=AnsweredBy.MACHINE, cause="LONG-1"))
    assert driver.call.state is CallState.CONNECTED
    assert [one.answered_by for one in _told(driver)] == [AnsweredBy.UNKNOWN]


def test_given_a_customer_that_hangs_up_meanwhile_when_it_is_gone_then_the_call_ends_without_a_verdict() -> None:
    driver = _answered()
    driver.asterisk.end(_customer(driver).id)
    driver.drain()
    assert (driver.ended.end_reason.code, driver.ended.end_reason.party) == (EndCode.HANGUP, EndParty.CUSTOMER)
    assert _told(driver) == []


def test_given_a_customer_that_is_gone_without_a_word_when_it_is_looked_then_the_call_ends() -> None:
    driver = _answered()
    driver.asterisk.end(_customer(driver).id)
    driver.asterisk.said.clear()
    driver.drain()
    assert driver.call.is_ended


def test_given_a_call_whose_answer_is_looked_into_when_it_is_hung_up_then_it_ends_and_a_late_verdict_is_nothing() -> (
    None
):
    driver = _answered()
    leg_id = _customer(driver).id
    driver.feed(inputs.HangupRequested(actor=SOMEBODY))
    driver.feed(inputs.LegDetected(leg_id=leg_id, answered_by=AnsweredBy.MACHINE, cause="LONG-1"))
    driver.drain()
    assert driver.ended.end_reason.code is EndCode.API_HANGUP
    assert _told(driver) == []


def test_given_a_leg_that_is_lent_when_anything_is_asked_of_it_then_it_is_refused() -> None:
    driver = _answered()
    leg_id = _customer(driver).id
    asked: tuple[Verb, ...] = (
        Mute(leg_id=leg_id),
        SendDtmf(leg_id=leg_id, digits="1", duration_milliseconds=80, between_milliseconds=80),
    )
    for verb in asked:
        (problem,) = driver.feed(ask(verb)).problems
        assert (problem.code, problem.current_state) == ("INVALID_STATE", "DETECTING")


@pytest.mark.parametrize("verdict", list(AnsweredBy))
def test_given_a_service_that_dies_meanwhile_when_the_next_one_hears_the_verdict_then_it_goes_on(
    verdict: AnsweredBy,
) -> None:
    driver = _answered()
    driver.pass_seconds(100)
    driver.restart_service()
    assert driver.call.answered_by is None, "the dialplan offers it again"
    _find_out(driver, verdict)
    if verdict in {AnsweredBy.MACHINE, AnsweredBy.FAX}:
        driver.drain()
        assert driver.ended.disposition is Disposition.MACHINE
    else:
        driver.go_on_until(CallState.CONNECTED)
    assert [one.answered_by for one in _told(driver)] == [verdict]


def test_given_a_service_that_dies_before_it_lent_the_leg_when_time_is_up_then_it_counts_as_a_person() -> None:
    driver = Driver(msgspec.structs.replace(make_call(dial_first=LegRole.CUSTOMER), detects_machine=True))
    driver.feed(inputs.Start())
    driver.hear_all()
    leg_id = _customer(driver).id
    driver.asterisk.answer(leg_id)
    driver.asterisk.said.clear()
    driver.die_before_acting(inputs.LegAnswered(leg_id=leg_id))
    while driver.call.answered_by is None:
        driver.fire(TimerName.DETECTION)
    driver.go_on_until(CallState.CONNECTED)


_STEPS: tuple[Step, ...] = (
    Branch(
        name="who",
        cases=(
            Case(condition=VariableIs(variable="answeredBy", one_of=("MACHINE",)), next="message"),
            Case(condition=VariableIs(variable="answeredBy", one_of=("FAX",)), next="fax"),
        ),
        otherwise="talk",
    ),
    flow_calls.say("message", "bye", "vm-goodbye"),
    flow_calls.say("fax", "bye", "beep"),
    flow_calls.say("talk", "bye", "hello"),
    HangUp(name="bye"),
)


@pytest.mark.parametrize(
    ("verdict", "step"),
    [
        (AnsweredBy.HUMAN, "talk"),
        (AnsweredBy.MACHINE, "message"),
        (AnsweredBy.UNKNOWN, "talk"),
        (AnsweredBy.FAX, "fax"),
    ],
)
def test_given_a_flow_when_it_is_found_out_what_has_answered_then_the_flow_branches_on_it(
    verdict: AnsweredBy, step: str
) -> None:
    driver = flow_calls.coming_call(_STEPS)
    driver.call = msgspec.structs.replace(driver.call, detects_machine=True)
    driver.feed(inputs.Start())
    driver.go_on_until(CallState.ANSWERED)
    driver.hear_all()
    (lent,) = [one for one in driver.asked if isinstance(one, commands.DetectMachine)]
    assert lent.waits_for_beep
    _find_out(driver, verdict)
    if verdict is AnsweredBy.MACHINE:
        assert _told(driver) == [], "its beep is to be heard first"
        _hear_beep(driver)
    assert [one.is_after_beep for one in _told(driver)] == [verdict is AnsweredBy.MACHINE]
    driver.drain()
    assert [fact.step for fact in driver.facts if isinstance(fact, FlowStepEntered)] == ["who", step, "bye"]
    assert driver.ended.end_reason.code is EndCode.FLOW_ENDED


@pytest.mark.parametrize("verdict", list(AnsweredBy))
def test_given_a_queue_when_it_is_found_out_what_has_answered_then_persons_wait_and_machines_do_not(
    verdict: AnsweredBy,
) -> None:
    driver = queue_calls.coming_call()
    driver.call = msgspec.structs.replace(driver.call, detects_machine=True)
    driver.feed(inputs.Start())
    driver.go_on_until(CallState.ANSWERED)
    driver.hear_all()
    _find_out(driver, verdict)
    if verdict in {AnsweredBy.MACHINE, AnsweredBy.FAX}:
        driver.drain()
        assert driver.ended.disposition is Disposition.MACHINE
    else:
        assert driver.call.state is CallState.WAITING_IN_QUEUE
