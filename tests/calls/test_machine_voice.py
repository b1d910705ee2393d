"""What the phones of the agent's side are written, how high a voice is made to sound, and what channels are given."""

from typing import Any

import msgspec

from app.calls.core import commands, inputs
from app.calls.core.inputs import FailureKind
from app.calls.core.model.timers import TimerName
from app.calls.core.verbs import SendMessage, SetVoicePitch, Verb
from app.facts.calls import CallUpdated
from app.facts.vocabulary import CallState, LegRole, Pair, TransferKind
from app.ids import LegId
from tests.calls.asking import ask, ask_transfer
from tests.calls.driving import Driver, connected_call, started_call
from tests.calls.making import make_call

MESSAGE = "Ask for Grace.\nShe has an offer."


def _placed(**fields: Any) -> Driver:
    making = {name: fields.pop(name) for name in ("agent_waves", "dial_first") if name in fields}
    driver = Driver(msgspec.structs.replace(make_call(**making), **fields))
    driver.feed(inputs.Start())
    return driver


def _made(driver: Driver) -> dict[LegId, commands.CreateChannel]:
    return {one.leg_id: one for one in driver.asked if isinstance(one, commands.CreateChannel)}


def _pitch_of(driver: Driver, leg_id: LegId) -> float | None:
    return driver.asterisk.channels[leg_id].pitch


def _refusal(driver: Driver, verb: Verb) -> tuple[str, str | None]:
    step = driver.feed(ask(verb))
    assert not step.commands
    (problem,) = step.problems
    return problem.code, problem.current_state


def test_given_a_message_when_an_agent_with_two_phones_is_dialled_then_both_get_it_and_the_customer_does_not() -> None:
    driver = _placed(softphone_message=MESSAGE, agent_waves=(0, 0))
    driver.go_on_until(CallState.CONNECTED)
    agents = [leg.id for leg in driver.call.legs if leg.role is LegRole.AGENT]
    assert sorted(driver.asterisk.written) == sorted((leg_id, MESSAGE) for leg_id in agents)


def test_given_a_message_and_an_agent_behind_a_trunk_when_it_is_dialled_then_nobody_is_written() -> None:
    call = make_call()
    legs = tuple(
        msgspec.structs.replace(leg, endpoint="PJSIP/15550100000@acme-trunk-main", shown_number=call.caller_id)
        for leg in call.legs
    )
    driver = Driver(msgspec.structs.replace(call, legs=legs, softphone_message=MESSAGE))
    driver.feed(inputs.Start())
    driver.go_on_until(CallState.CONNECTED)
    assert driver.asterisk.written == []


def test_given_a_message_when_the_call_is_transferred_then_whoever_gets_it_is_not_written() -> None:
    driver = _placed(softphone_message=MESSAGE)
    driver.go_on_until(CallState.CONNECTED)
    written = list(driver.asterisk.written)
    event = ask_transfer(TransferKind.BLIND)
    assert event.leg is not None
    driver.feed(msgspec.structs.replace(event, leg=msgspec.structs.replace(event.leg, endpoint="PJSIP/acme-2002")))
    driver.hear_all()
    assert driver.asterisk.written == written


def test_given_a_phone_that_takes_no_message_when_the_sending_fails_then_the_call_goes_on() -> None:
    driver = _placed(softphone_message=MESSAGE)
    failed = commands.SendText(leg_id=driver.call.legs[0].id, message_text=MESSAGE)
    driver.feed(inputs.CommandFailed(command=failed, kind=FailureKind.REFUSED, detail="404"))
    driver.go_on_until(CallState.CONNECTED)


def test_given_a_talk_when_a_message_is_sent_then_the_agents_phone_gets_it() -> None:
    driver = connected_call()
    driver.feed(ask(SendMessage(message_text=MESSAGE)))
    assert driver.asterisk.written == [(driver.leg(LegRole.AGENT).id, MESSAGE)]


def test_given_a_leg_without_a_phone_of_ours_when_written_to_then_it_is_refused() -> None:
    driver = connected_call()
    assert _refusal(driver, SendMessage(message_text=MESSAGE, leg_id=driver.leg(LegRole.CUSTOMER).id)) == (
        "INVALID_STATE",
        "CUSTOMER",
    )
    nobody = SendMessage(message_text=MESSAGE, leg_id=LegId("leg_x"))
    assert _refusal(driver, nobody) == ("NOT_FOUND", None)


def test_given_a_call_whose_agent_is_not_dialled_yet_when_a_message_is_sent_then_it_is_refused() -> None:
    driver = started_call(dial_first=LegRole.CUSTOMER)
    assert _refusal(driver, SendMessage(message_text=MESSAGE)) == ("INVALID_STATE", "DIALING")
    planned = SendMessage(message_text=MESSAGE, leg_id=driver.leg(LegRole.AGENT).id)
    assert _refusal(driver, planned) == ("INVALID_STATE", "PLANNED")


def test_given_a_pitch_when_the_call_is_placed_then_the_agents_channel_has_it_and_the_customers_does_not() -> None:
    driver = _placed(voice_pitch=0.8)
    driver.go_on_until(CallState.CONNECTED)
    assert _pitch_of(driver, driver.leg(LegRole.AGENT).id) == 0.8
    assert _pitch_of(driver, driver.leg(LegRole.CUSTOMER).id) is None


def test_given_a_talk_when_the_pitch_is_set_twice_alike_then_it_is_told_and_asked_once() -> None:
    driver = connected_call()
    agent = driver.leg(LegRole.AGENT).id
    driver.feed(ask(SetVoicePitch(pitch=1.5)))
    told = driver.facts[-1]
    assert isinstance(told, CallUpdated)
    assert told.changed == ("voicePitch",)
    assert _pitch_of(driver, agent) == 1.5
    assert not driver.feed(ask(SetVoicePitch(pitch=1.5, leg_id=agent))).happenings
    assert [one for one in driver.asked if isinstance(one, commands.SetPitch)] == [
        commands.SetPitch(leg_id=agent, pitch=1.5)
    ]


def test_given_a_customer_when_its_pitch_is_set_then_the_agents_stays() -> None:
    driver = connected_call()
    customer = driver.leg(LegRole.CUSTOMER).id
    driver.feed(ask(SetVoicePitch(pitch=0.5, leg_id=customer)))
    assert _pitch_of(driver, customer) == 0.5
    assert driver.call.voice_pitch is None


def test_given_a_pitch_when_an_agent_is_recalled_then_it_sounds_as_before() -> None:
    driver = connected_call()
    driver.feed(ask(SetVoicePitch(pitch=1.5)))
    driver.feed(ask_transfer(TransferKind.BLIND))
    driver.hear_all()
    target = driver.call.legs[-1]
    assert _pitch_of(driver, target.id) == 1.5, "whoever takes the agent's seat"
    driver.asterisk.end(target.id, cause=17, sip_code=486)
    driver.hear_all()
    assert _pitch_of(driver, driver.call.legs[-1].id) == 1.5


def test_given_a_pitch_that_was_perhaps_not_set_when_its_time_comes_then_it_is_asked_for_again() -> None:
    driver = connected_call()
    driver.feed(ask(SetVoicePitch(pitch=1.5)))
    agent = driver.leg(LegRole.AGENT).id
    asked = commands.SetPitch(leg_id=agent, pitch=1.5)
    driver.asterisk.channels[agent].pitch = None
    driver.feed(inputs.CommandFailed(command=asked, kind=FailureKind.UNCLEAR, detail="time-out"))
    assert driver.call.timer(TimerName.PLACE) is not None
    driver.fire()
    assert _pitch_of(driver, agent) == 1.5


def test_given_a_service_that_was_away_when_it_looks_again_then_pitches_are_asked_for_again() -> None:
    driver = _placed(voice_pitch=0.8)
    driver.go_on_until(CallState.CONNECTED)
    agent = driver.leg(LegRole.AGENT).id
    driver.asterisk.channels[agent].pitch = None
    driver.feed(inputs.Recovered(blind_from=driver.now, blind_until=driver.now))
    assert _pitch_of(driver, agent) == 0.8


def test_given_an_agent_that_has_not_answered_when_the_pitch_is_set_then_it_is_refused() -> None:
    driver = started_call()
    assert _refusal(driver, SetVoicePitch(pitch=1.5)) == ("INVALID_STATE", driver.leg(LegRole.AGENT).state.value)


def test_given_variables_when_the_call_is_placed_then_every_channel_gets_them() -> None:
    pairs = (Pair(key="CRM_LEAD", value="7"),)
    driver = _placed(variables=pairs)
    driver.go_on_until(CallState.CONNECTED)
    assert [one.variables for one in _made(driver).values()] == [pairs, pairs]
