"""A customer in a call flow: what is said, what is pressed, where it leads, who is reached, what is recorded."""

import msgspec
import pytest

from app.calls.core import commands, inputs
from app.calls.core.model.flow import MOST_ENTERED, FlowStage
from app.calls.core.model.queue import QueueStage, QueueWait
from app.calls.core.model.timers import TimerName
from app.facts.event import SYSTEM
from app.facts.flows import FlowEnding, FlowStarted, VoicemailReceived
from app.facts.recordings import RecordingFailed
from app.facts.vocabulary import (
    CallState,
    Disposition,
    EndCode,
    EndParty,
    LegRole,
    LegState,
    RecordingKind,
    RecordingState,
    Tone,
    TransferKind,
)
from app.flows.steps import (
    Branch,
    Case,
    Enqueue,
    Gather,
    HangUp,
    Option,
    Play,
    PlayInstalled,
    PlaySpeech,
    PlayTone,
    Record,
    Speak,
    Step,
    Target,
    Transfer,
    VariableIs,
    Voicemail,
)
from tests.calls.asking import ask_transfer
from tests.calls.driving import connected_call
from tests.calls.flow_calls import (
    FlowDriver,
    call_in_flow,
    coming_call,
    inbound_call_in_flow,
    menu,
    run_of,
    say,
    survey,
)
from tests.calls.making import make_call, make_inbound_call
from tests.calls.queue_calls import QUEUE, agent_leg, waiting_call

BYE = HangUp(name="bye")
NUMBER = Gather(
    name="number",
    min_digits=3,
    max_digits=5,
    next="read",
    variable="order",
    no_input="bye",
    no_match="wrong",
    retries=0,
)
READ = Speak(name="read", speech=PlaySpeech(text="Order {order}"), next="bye")


def _ending(driver: FlowDriver) -> tuple[Disposition, EndCode, EndParty]:
    driver.drain()
    return driver.ended.disposition, driver.ended.end_reason.code, driver.ended.end_reason.party


@pytest.mark.parametrize(
    ("presses", "waits", "path", "gathered"),
    [
        (["1"], 0, ["menu", "one", "bye"], [("MATCHED", "1")]),
        (["2"], 0, ["menu", "two", "bye"], [("MATCHED", "2")]),
        (["3", "1"], 0, ["menu", "one", "bye"], [("NO_MATCH", "3"), ("MATCHED", "1")]),
        (["3", "4"], 0, ["menu", "wrong", "bye"], [("NO_MATCH", "3"), ("NO_MATCH", "4")]),
        ([], 2, ["menu", "nothing", "bye"], [("NO_INPUT", ""), ("NO_INPUT", "")]),
        (["3"], 1, ["menu", "nothing", "bye"], [("NO_MATCH", "3"), ("NO_INPUT", "")]),
        (["#", "2"], 0, ["menu", "two", "bye"], [("NO_INPUT", ""), ("MATCHED", "2")]),
    ],
)
def test_given_a_survey_when_a_caller_presses_or_waits_then_its_own_branch_is_taken(
    presses: list[str], waits: int, path: list[str], gathered: list[tuple[str, str]]
) -> None:
    driver = call_in_flow(survey())
    for digit in presses:
        driver.press(digit)
    for _ in range(waits):
        driver.hear_out()
        driver.fire(TimerName.FLOW)
    driver.hear_out()
    assert driver.path == path
    assert driver.gathered == gathered
    assert driver.played[-1] == f"sound:{path[1]}"
    assert _ending(driver) == (Disposition.ANSWERED, EndCode.FLOW_ENDED, EndParty.SYSTEM)
    assert driver.flow_ended.ending is FlowEnding.COMPLETED
    assert driver.ended.cdr.connected_at is None
    assert driver.ended.cdr.talk_seconds == 0.0


def test_given_a_prompt_when_the_first_key_is_pressed_then_it_stops_at_once_and_is_not_waited_for() -> None:
    driver = call_in_flow(survey())
    playing = driver.flow.playback_id
    assert playing in driver.asterisk.playbacks
    driver.feed(inputs.DtmfReceived(leg_id=driver.caller.id, digit="1", duration_milliseconds=80))
    assert commands.EndPlayback(playback_id=playing) in driver.asked
    assert playing not in driver.asterisk.playbacks
    assert driver.flow.step == "one"


def test_given_several_digits_when_pressed_then_the_terminator_the_last_one_or_a_pause_ends_them() -> None:
    steps: tuple[Step, ...] = (NUMBER, READ, say("wrong", "bye"), BYE)
    for digits, fires in (("123#", False), ("12345", False), ("1234", True)):
        driver = call_in_flow(steps)
        driver.press(digits)
        if fires:
            assert driver.flow.stage is FlowStage.COLLECTING
            driver.fire(TimerName.FLOW)
        asked = driver.assist()
        said = digits.rstrip("#")
        assert isinstance(asked, commands.PreparePrompt)
        assert asked.sounds == (PlaySpeech(text=f"Order {' '.join(said)}"),)
    driver = call_in_flow(steps)
    driver.press("12#")
    assert driver.path[-1] == "wrong"


def test_given_keys_between_two_when_pressed_late_then_each_begins_the_wait_anew() -> None:
    driver = call_in_flow((NUMBER, READ, say("wrong", "bye"), BYE))
    driver.press("1234", seconds_between=2.9)
    assert driver.flow.digits == "1234"
    assert not driver.gathered


def test_given_a_text_when_made_then_it_is_played_and_an_older_answer_is_none() -> None:
    driver = call_in_flow((Speak(name="hi", speech=PlaySpeech(text="Hi {caller}"), next="bye"), BYE))
    asked = driver.assist()
    assert driver.flow.stage is FlowStage.PREPARING
    driver.feed(inputs.PromptReady(number=asked.number - 1, media=("sound:old",)))
    assert driver.played == []
    driver.feed(inputs.PromptReady(number=asked.number, media=("sound:http://x/1",)))
    assert driver.played == ["sound:http://x/1"]
    driver.hear_out()
    assert _ending(driver)[0] is Disposition.ANSWERED


@pytest.mark.parametrize("is_told", [True, False])
@pytest.mark.parametrize("failed", [None, "sorry"])
def test_given_a_text_when_it_cannot_be_made_then_the_stated_step_comes_or_the_flow_goes_on(
    is_told: bool, failed: str | None
) -> None:
    steps: tuple[Step, ...] = (
        Speak(name="hi", speech=PlaySpeech(text="Hi"), next="two", failed=failed),
        say("two", "bye"),
        *([say("sorry", "bye")] if failed else []),
        BYE,
    )
    driver = call_in_flow(steps)
    if is_told:
        driver.assist(inputs.PromptFailed(number=0, reason="no voice"))
    else:
        driver.fire(TimerName.FLOW)
    assert driver.path == ["hi", failed or "two"]
    assert [fact.type for fact in driver.facts].count("playback.failed") == 1


def test_given_a_sound_when_asterisk_cannot_play_it_then_the_others_are_and_the_step_for_that_comes() -> None:
    sounds = (PlayInstalled(name="missing"), PlayInstalled(name="there"))
    driver = call_in_flow((Play(name="a", sounds=sounds, next="bye", failed="oh"), say("oh", "bye"), BYE))
    playback_id = driver.flow.playback_id
    assert playback_id is not None
    driver.asterisk.playbacks.remove(playback_id)
    driver.feed(inputs.SoundEnded(playback_id=playback_id, failure="no such file"))
    driver.fire(TimerName.FLOW)  # its caller is there still
    assert driver.played == ["sound:missing", "sound:there"]
    driver.hear_out()
    assert driver.path == ["a", "oh", "bye"]


def test_given_a_tone_when_its_seconds_are_over_then_it_is_stopped() -> None:
    tone = PlayTone(tone=Tone.BUSY, seconds=4.0)
    driver = call_in_flow((Play(name="a", sounds=(tone, PlayInstalled(name="b")), next="bye"), BYE))
    (began,) = [one.asked_at for one in driver.call.playbacks]
    playing = driver.flow.playback_id
    driver.fire(TimerName.FLOW)
    assert (driver.now - began).total_seconds() == 4.0
    assert playing not in driver.asterisk.playbacks
    assert driver.played == ["tone:busy", "sound:b"]


def test_given_variables_when_branched_on_then_the_first_case_that_holds_is_taken() -> None:
    steps: tuple[Step, ...] = (
        menu(options=(), next="which", variable="choice", no_match=None),
        Branch(
            name="which",
            cases=(
                Case(condition=VariableIs(variable="choice", one_of=("7",)), next="seven"),
                Case(condition=VariableIs(variable="caller", starts_with="+1555"), next="ours"),
            ),
            otherwise="other",
        ),
        *(say(name, "bye") for name in ("seven", "ours", "other", "nothing")),
        BYE,
    )
    driver = call_in_flow(steps)
    driver.press("7")
    assert driver.path == ["menu", "which", "seven"]
    driver = call_in_flow(steps)
    driver.press("8")
    assert driver.path == ["menu", "which", "ours"]


def test_given_a_caller_who_came_in_when_in_a_flow_then_it_was_answered_and_never_bridged() -> None:
    driver = inbound_call_in_flow(survey())
    assert driver.call.state is CallState.ANSWERED
    assert commands.AnswerChannel(leg_id=driver.caller.id) in driver.asked
    assert not driver.asterisk.has_bridge
    driver.hang_up()
    assert _ending(driver) == (Disposition.ANSWERED, EndCode.HANGUP, EndParty.CUSTOMER)
    assert driver.flow_ended.ending is FlowEnding.HANGUP


REACH: tuple[Step, ...] = (
    Transfer(name="agent", target=Target(agent_id="agent_1"), failed="sorry"),
    say("sorry", "bye"),
    BYE,
)


def test_given_somebody_who_answers_when_reached_then_they_talk_and_the_flow_is_over() -> None:
    driver = call_in_flow(REACH)
    leg = agent_leg()
    asked = driver.assist(inputs.TargetFound(number=0, legs=(leg,), agent_id="agent_1"))
    assert isinstance(asked, commands.FindTarget)
    assert asked.target == Target(agent_id="agent_1")
    assert driver.asterisk.channels[driver.caller.id].has_ringback
    assert not driver.asterisk.channels[leg.id].is_bridged
    driver.be_answered(leg)
    assert driver.call.state is CallState.CONNECTED
    assert {channel.is_bridged for channel in driver.asterisk.channels.values()} == {True}
    assert not driver.asterisk.channels[driver.caller.id].has_ringback
    assert driver.flow_ended.ending is FlowEnding.CONNECTED
    assert driver.flow.steps == ()
    assert driver.call.agent_id == "agent_1"
    driver.asterisk.end(leg.id)
    assert _ending(driver) == (Disposition.ANSWERED, EndCode.HANGUP, EndParty.AGENT)
    assert driver.ended.cdr.extension == "2001"


def test_given_waves_when_the_first_does_not_answer_then_the_next_rings_and_then_the_step_for_nobody_comes() -> None:
    driver = call_in_flow(REACH)
    first, second = agent_leg("2001"), agent_leg("2002", wave=1)
    driver.assist(inputs.TargetFound(number=0, legs=(first, second)))
    assert second.id not in driver.asterisk.channels
    driver.asterisk.end(first.id, cause=17, sip_code=486)
    driver.hear_all()
    assert second.id in driver.asterisk.channels
    driver.fire(TimerName.RING)
    driver.hear_all()
    assert driver.path == ["agent", "sorry"]
    assert not driver.asterisk.channels[driver.caller.id].has_ringback
    assert driver.call.leg(second.id).state is LegState.ENDED
    driver.hear_out()
    assert _ending(driver) == (Disposition.ANSWERED, EndCode.FLOW_ENDED, EndParty.SYSTEM)


def test_given_no_step_for_nobody_when_nobody_answers_then_the_call_comes_out_as_it_did_with_them() -> None:
    driver = call_in_flow((Transfer(name="agent", target=Target(extension="2001"), with_music=True),))
    leg = agent_leg()
    driver.assist(inputs.TargetFound(number=0, legs=(leg,)))
    assert driver.asterisk.channels[driver.caller.id].has_music
    driver.asterisk.end(leg.id, cause=17, sip_code=486)
    driver.hear_all()
    assert _ending(driver) == (Disposition.BUSY, EndCode.BUSY, EndParty.AGENT)
    assert driver.flow_ended.ending is FlowEnding.FAILED


def test_given_a_caller_who_hangs_up_when_phones_ring_then_they_stop_and_the_call_was_cancelled() -> None:
    driver = call_in_flow(REACH)
    driver.assist(inputs.TargetFound(number=0, legs=(agent_leg("2001"), agent_leg("2002"))))
    driver.hang_up()
    assert _ending(driver) == (Disposition.CANCELLED, EndCode.HANGUP, EndParty.CUSTOMER)
    assert not driver.asterisk.channels


def test_given_a_target_that_nobody_finds_when_its_time_is_over_then_it_is_nobody() -> None:
    driver = call_in_flow(REACH)
    driver.fire(TimerName.FLOW)
    assert driver.path == ["agent", "sorry"]


def test_given_a_queue_when_reached_then_the_caller_waits_there_and_the_channel_may_live_as_long() -> None:
    driver = call_in_flow((Enqueue(name="wait", queue_id=QUEUE, priority=5),))
    asked = driver.assist(inputs.TargetFound(number=0, queue=QueueWait(queue_id=QUEUE, max_wait_seconds=9000.0)))
    assert isinstance(asked, commands.FindTarget)
    assert (asked.target, asked.priority) == (Target(queue_id=QUEUE), 5)
    assert driver.call.state is CallState.WAITING_IN_QUEUE
    assert driver.asterisk.channels[driver.caller.id].has_music
    (kept,) = [one for one in driver.asked if isinstance(one, commands.KeepChannel)]
    assert kept.lifetime_seconds > 9000.0
    assert driver.flow_ended.ending is FlowEnding.QUEUED
    driver.hang_up()
    assert _ending(driver)[0] is Disposition.ABANDONED


def test_given_a_queue_that_overflows_into_a_flow_when_it_does_then_the_flow_leads_the_caller_on() -> None:
    waiting = waiting_call()
    driver = FlowDriver(waiting.call)
    driver.asterisk, driver.log, driver.asked = waiting.asterisk, waiting.log, waiting.asked
    driver.fire(TimerName.QUEUE_WAIT)
    driver.feed(inputs.OverflowChosen(flow=run_of(survey())))
    driver.hear_all()
    assert driver.call.queue is not None
    assert driver.call.queue.stage is QueueStage.OVER
    assert not driver.asterisk.channels[driver.caller.id].has_music
    assert driver.path == ["menu"]
    driver.press("1")
    driver.hear_out()
    assert _ending(driver)[0] is Disposition.ANSWERED


def test_given_flows_that_lead_to_each_other_when_it_is_too_many_then_there_is_nobody() -> None:
    driver = call_in_flow((Transfer(name="on", target=Target(call_flow_id="flow_2")),))
    for _ in range(5):
        driver.assist(
            inputs.TargetFound(number=0, flow=run_of((Transfer(name="on", target=Target(call_flow_id="x")),)))
        )
    assert [type(fact) for fact in driver.facts].count(FlowStarted) == 5
    assert _ending(driver)[:2] == (Disposition.UNREACHABLE, EndCode.UNREACHABLE)


MESSAGE = Voicemail(name="message", greeting=(PlayInstalled(name="vm-intro"),), max_seconds=30.0)


def _recording_call(step: Voicemail | Record = MESSAGE, *others: Step) -> FlowDriver:
    driver = call_in_flow((step, *others))
    driver.hear_out()
    driver.hear_all()
    assert driver.played[-1] == "sound:beep"
    assert driver.flow.stage is FlowStage.RECORDING
    return driver


@pytest.mark.parametrize("ends", ["key", "time", "silence", "hangup"])
def test_given_a_message_when_it_is_over_in_any_way_then_it_is_received(ends: str) -> None:
    driver = _recording_call()
    assert driver.recorded.kind is RecordingKind.VOICEMAIL
    driver.pass_seconds(5)
    match ends:
        case "key":
            driver.press("#")
        case "time":
            driver.fire(TimerName.FLOW)
        case "silence":
            driver.asterisk.fall_silent(driver.recorded.id, talking_seconds=3)
            driver.hear_all()
            assert not driver.call.is_ending, "it may have hung up"
        case _:
            driver.hang_up()
    disposition, code, party = _ending(driver)
    assert disposition is Disposition.VOICEMAIL
    assert (code, party) == (
        (EndCode.HANGUP, EndParty.CUSTOMER) if ends == "hangup" else (EndCode.FLOW_ENDED, EndParty.SYSTEM)
    )
    (received,) = [fact for fact in driver.facts if isinstance(fact, VoicemailReceived)]
    assert received.recording_id == driver.recorded.id
    assert received.caller == driver.caller.party
    assert driver.ended.cdr.recording_ids == (driver.recorded.id,)
    assert not driver.asterisk.snoops, "nothing listens any more"


@pytest.mark.parametrize("ends", ["silence", "at once"])
def test_given_nothing_said_when_it_is_over_then_there_is_no_message(ends: str) -> None:
    driver = _recording_call()
    if ends == "silence":
        driver.pass_seconds(10)
        driver.asterisk.fall_silent(driver.recorded.id, talking_seconds=0)
    else:
        driver.pass_seconds(0.3)
        driver.asterisk.press(driver.caller.id, "#")
    driver.hear_all()
    assert _ending(driver)[0] is Disposition.ANSWERED
    assert driver.recorded.state is RecordingState.FAILED
    assert [fact.reason for fact in driver.facts if isinstance(fact, RecordingFailed)] == ["nothing was said"]
    assert not [fact for fact in driver.facts if isinstance(fact, VoicemailReceived)]
    assert not driver.asterisk.snoops


def test_given_a_record_step_when_something_was_said_or_not_then_its_two_ways_are_taken() -> None:
    step = Record(name="name", next="thanks", no_message="again", silence_seconds=4.0)
    others = (say("thanks", "bye"), say("again", "bye"), BYE)
    said = _recording_call(step, *others)
    asked = next(one for one in said.asked if isinstance(one, commands.RecordSnoop))
    assert asked.silence_seconds == 4.0
    said.pass_seconds(3)
    said.press("#")
    assert said.path == ["name", "thanks"]
    silent = _recording_call(step, *others)
    silent.pass_seconds(4)
    silent.asterisk.fall_silent(silent.recorded.id, talking_seconds=0)
    silent.hear_all()
    silent.fire(TimerName.FLOW)
    assert silent.path == ["name", "again"]
    silent.hear_out()
    silent.drain()
    assert silent.ended.disposition is Disposition.ANSWERED


def test_given_a_greeting_that_cannot_be_made_when_it_fails_then_the_beep_comes_and_a_message_can_be_left() -> None:
    driver = call_in_flow((msgspec.structs.replace(MESSAGE, greeting=(PlaySpeech(text="Hi"),)),))
    driver.assist(inputs.PromptFailed(number=0, reason="no voice"))
    assert driver.played == ["sound:beep"]
    driver.hear_out()
    assert driver.flow.stage is FlowStage.RECORDING


def test_given_a_gap_when_the_call_is_found_again_then_the_step_is_said_again_and_keys_are_asked_for_anew() -> None:
    driver = call_in_flow((NUMBER, READ, say("wrong", "bye"), BYE))
    driver.press("12")
    driver.restart_service()
    driver.hear_all()
    assert driver.flow.digits == ""
    assert driver.flow.stage is FlowStage.COLLECTING
    driver.press("345#")
    assert driver.gathered == [("MATCHED", "345")]
    driver = call_in_flow(survey())
    driver.restart_service()
    driver.hear_all()
    assert driver.played == ["sound:press-1"] * 2
    assert len(driver.asterisk.playbacks) == 1, "the one that was under way is not heard besides"


def test_given_a_gap_when_somebody_was_being_looked_up_then_it_is_asked_again() -> None:
    driver = call_in_flow(REACH)
    first = driver.assist()
    driver.restart_service()
    again = driver.assist()
    assert again.number > first.number
    driver.feed(inputs.TargetFound(number=first.number, legs=(agent_leg(),)))
    assert driver.flow.stage is FlowStage.FINDING


def test_given_an_end_asked_for_when_in_a_flow_then_it_was_stopped() -> None:
    driver = call_in_flow(survey())
    driver.feed(inputs.HangupRequested(actor=SYSTEM))
    assert _ending(driver) == (Disposition.CANCELLED, EndCode.API_HANGUP, EndParty.SYSTEM)
    assert driver.flow_ended.ending is FlowEnding.STOPPED


def test_given_a_caller_who_presses_for_ever_when_it_is_too_much_then_the_flow_fails() -> None:
    again = menu(prompt=(), options=(Option(digits="1", next="menu"),), no_match=None, no_input="bye")
    driver = call_in_flow((again, BYE))
    while not driver.call.is_ending:
        driver.feed(inputs.DtmfReceived(leg_id=driver.caller.id, digit="1", duration_milliseconds=80))
    assert driver.flow.entered == MOST_ENTERED
    assert _ending(driver)[1] is EndCode.FLOW_FAILED
    driver = call_in_flow(survey())
    driver.pass_seconds(3600)
    driver.fire(TimerName.FLOW_LIMIT)
    assert _ending(driver)[1] is EndCode.FLOW_FAILED


def test_given_keys_that_nobody_asked_for_when_pressed_then_they_are_told_and_nothing_else_comes_of_them() -> None:
    driver = call_in_flow((say("a", "bye"), BYE))
    before = driver.flow
    driver.press("5")
    assert driver.words[-1] == "dtmf.received CUSTOMER"
    assert driver.flow == before


def test_given_a_customer_who_never_answers_when_called_for_a_flow_then_the_flow_never_began() -> None:
    driver = coming_call(survey())
    driver.feed(inputs.Start())
    driver.hear_all()
    driver.asterisk.end(driver.call.legs[0].id, cause=17, sip_code=486)
    assert _ending(driver) == (Disposition.BUSY, EndCode.BUSY, EndParty.CUSTOMER)
    assert not [fact for fact in driver.facts if fact.type.startswith("flow.")]
    assert driver.leg(LegRole.CUSTOMER).state is LegState.ENDED


def _state(driver: FlowDriver) -> CallState:
    return driver.call.state


def _ringing_first(*, dial_first: LegRole) -> FlowDriver:
    """A call whose agent's phone rings, with a flow for when nobody answers there."""
    if dial_first is LegRole.CUSTOMER:
        driver = FlowDriver(msgspec.structs.replace(make_inbound_call(agent_waves=(0,)), next_flow=run_of(survey())))
    else:
        driver = FlowDriver(msgspec.structs.replace(make_call(dial_first=dial_first), next_flow=run_of(survey())))
    driver.feed(inputs.Start())
    driver.hear_all()
    return driver


@pytest.mark.parametrize("dial_first", [LegRole.AGENT, LegRole.CUSTOMER])
def test_given_a_flow_for_when_nobody_answers_when_nobody_does_then_it_leads_the_customer(dial_first: LegRole) -> None:
    driver = _ringing_first(dial_first=dial_first)
    agent = driver.call.leg_of(LegRole.AGENT)
    driver.asterisk.end(agent.id, cause=17, sip_code=486)
    for _ in range(6):
        driver.go_on()
        if driver.call.flow is not None and driver.call.flow.stage is FlowStage.PLAYING:
            break
    driver.press("1")
    driver.hear_out()
    assert driver.path == ["menu", "one", "bye"]
    assert _ending(driver) == (Disposition.ANSWERED, EndCode.FLOW_ENDED, EndParty.SYSTEM)


def test_given_a_flow_for_when_nobody_answers_when_somebody_does_then_it_never_begins() -> None:
    driver = _ringing_first(dial_first=LegRole.AGENT)
    driver.go_on_until(CallState.CONNECTED)
    assert driver.call.flow is None


def test_given_a_talk_when_the_customer_is_given_to_a_flow_then_it_is_led_alone_and_talks_again() -> None:
    talking = connected_call()
    driver = FlowDriver(talking.call)
    driver.asterisk, driver.log, driver.asked = talking.asterisk, talking.log, talking.asked
    before = driver.call.leg_of(LegRole.AGENT)
    connected_at = driver.call.connected_at
    asked = ask_transfer(TransferKind.BLIND)
    driver.feed(msgspec.structs.replace(asked, leg=None, or_legs=(), flow=run_of(REACH), queue_name="Main menu"))
    driver.hear_all()
    told = [fact.type for fact in driver.facts if fact.type.startswith(("transfer.", "flow."))]
    assert told == ["transfer.started", "transfer.completed", "flow.started", "flow.step_entered"]
    assert driver.call.leg(before.id).state is LegState.ENDED
    assert _state(driver) is CallState.ANSWERED
    assert not driver.asterisk.channels[driver.caller.id].is_bridged
    leg = agent_leg("2002")
    driver.assist(inputs.TargetFound(number=0, legs=(leg,)))
    assert not driver.asterisk.channels[leg.id].is_bridged
    driver.be_answered(leg)
    assert _state(driver) is CallState.CONNECTED
    assert driver.call.connected_at == connected_at
    assert {channel.is_bridged for channel in driver.asterisk.channels.values()} == {True}
    assert [fact.type for fact in driver.facts].count("call.connected") == 1
    driver.asterisk.end(leg.id)
    assert _ending(driver) == (Disposition.ANSWERED, EndCode.HANGUP, EndParty.AGENT)
    assert driver.ended.cdr.extension == "2002"


def test_given_a_talk_when_given_to_a_flow_that_reaches_nobody_then_it_was_answered_all_the_same() -> None:
    talking = connected_call(LegRole.CUSTOMER)
    driver = FlowDriver(talking.call)
    driver.asterisk, driver.log, driver.asked = talking.asterisk, talking.log, talking.asked
    flow = run_of((Transfer(name="agent", target=Target(extension="2001")),))
    asked = ask_transfer(TransferKind.BLIND)
    driver.feed(msgspec.structs.replace(asked, leg=None, or_legs=(), flow=flow, queue_name="Main menu"))
    driver.hear_all()
    driver.assist(inputs.TargetFound(number=0))
    assert _ending(driver)[:2] == (Disposition.ANSWERED, EndCode.UNREACHABLE)
