"""A customer that hears something, alone; or talks to a program, or is handed to the dialplan. Then it is hung up."""

import msgspec
import pytest

from app.calls.core import commands, inputs
from app.calls.core.model.flow import FlowStage
from app.calls.core.model.leg import Place
from app.calls.core.model.timers import TimerName
from app.calls.core.verbs import Mute
from app.calls.planning.flow_plan import run_of
from app.facts.vocabulary import AnsweredBy, CallState, Disposition, EndCode, EndParty, LegRole, MediaStreamEnd
from app.flows.steps import Announcement, DialplanTarget, PlayFile, PlaySpeech, StreamTarget
from tests.calls.asking import ask
from tests.calls.flow_calls import FlowDriver
from tests.calls.making import SOMEBODY, make_call

HELLO = PlaySpeech(text="Hello {caller}.", is_literal=True)


def announced(announcement: Announcement | StreamTarget | DialplanTarget, *, detects: bool = False) -> FlowDriver:
    """A call whose customer has answered this very instant."""
    call = make_call(dial_first=LegRole.CUSTOMER)
    nobody = {"planned": 1, "agent_id": None, "agent_name": None, "extension": None}
    run = run_of(announcement)
    driver = FlowDriver(msgspec.structs.replace(call, legs=call.legs[:1], flow=run, detects_machine=detects, **nobody))
    driver.feed(inputs.Start())
    while driver.caller.answered_at is None:
        if driver.asterisk.said:
            driver.hear()
        else:
            driver.go_on()
    if not isinstance(announcement, StreamTarget):
        driver.hear_all()
    return driver


def made(driver: FlowDriver, *media: str) -> commands.PreparePrompt:
    asked = driver.assist(inputs.PromptReady(number=0, media=media))
    assert isinstance(asked, commands.PreparePrompt)
    return asked


def hear_to_the_end(driver: FlowDriver) -> None:
    """All of it, with the silence between."""
    while driver.flow.stage is FlowStage.PLAYING:
        if driver.flow.playback_id is None:
            driver.fire(TimerName.FLOW)
        else:
            driver.pass_seconds(1)
            driver.asterisk.finish_sound(driver.flow.playback_id)
        driver.hear_all()


def ending(driver: FlowDriver) -> tuple[Disposition, EndCode, EndParty]:
    reason = driver.ended.end_reason
    return driver.ended.disposition, reason.code, reason.party


def test_given_an_announcement_when_it_is_heard_to_the_end_then_it_is_hung_up_and_said_so() -> None:
    driver = announced(Announcement(sound=HELLO))
    asked = made(driver, "sound:hello")
    assert asked.sounds == (HELLO,)  # to the letter: no variable of a flow is in it
    assert driver.call.state is CallState.ANSWERED
    hear_to_the_end(driver)
    driver.drain()
    assert ending(driver) == (Disposition.ANSWERED, EndCode.ANNOUNCEMENT_ENDED, EndParty.SYSTEM)
    assert driver.call.connected_at is None


def test_given_an_announcement_then_it_is_told_by_its_sounds_and_not_as_a_call_flow() -> None:
    driver = announced(Announcement(sound=HELLO))
    made(driver, "sound:hello")
    hear_to_the_end(driver)
    driver.drain()
    assert [word for word in driver.words if word.startswith("flow.")] == []
    assert [word for word in driver.words if word.startswith("playback.")] == ["playback.started", "playback.finished"]


@pytest.mark.parametrize(("pause", "silences"), [(1.5, 2), (0.0, 0)])
def test_given_an_announcement_to_be_repeated_then_it_is_made_once_and_said_so_often(
    pause: float, silences: int
) -> None:
    driver = announced(Announcement(sound=PlayFile(audio_file_id="audio_1"), repeat=3, pause_seconds=pause))
    asked = driver.asterisk.to_assist[0]
    assert isinstance(asked, commands.PreparePrompt)
    media = [None if isinstance(one, PlayFile) else "" for one in asked.sounds]
    assert media.count("") == silences
    began = driver.now
    made(driver, *("sound:file" if one is None else one for one in media))
    hear_to_the_end(driver)
    assert driver.played == 3 * ["sound:file"]
    assert (driver.now - began).total_seconds() == pytest.approx(3 + silences * pause)
    driver.drain()
    assert ending(driver)[1] is EndCode.ANNOUNCEMENT_ENDED


def test_given_an_announcement_when_the_customer_hangs_up_before_its_end_then_it_was_not_heard() -> None:
    driver = announced(Announcement(sound=HELLO, repeat=2))
    made(driver, "sound:hello", "", "sound:hello")
    driver.hang_up()
    driver.drain()
    assert ending(driver) == (Disposition.ANSWERED, EndCode.HANGUP, EndParty.CUSTOMER)


def test_given_an_announcement_when_it_cannot_be_made_then_the_call_failed() -> None:
    driver = announced(Announcement(sound=HELLO))
    driver.assist(inputs.PromptFailed(number=0, reason="no voice"))
    driver.drain()
    assert ending(driver) == (Disposition.FAILED, EndCode.ANNOUNCEMENT_FAILED, EndParty.SYSTEM)
    assert "playback.failed" in driver.words


def test_given_an_announcement_when_asterisk_cannot_play_it_then_the_call_failed() -> None:
    driver = announced(Announcement(sound=HELLO))
    made(driver, "sound:hello")
    playback_id = driver.flow.playback_id
    assert playback_id is not None
    driver.asterisk.break_off(playback_id, "no such file")
    driver.hear_all()
    driver.fire(TimerName.FLOW)  # the customer is there still
    driver.drain()
    assert ending(driver) == (Disposition.FAILED, EndCode.ANNOUNCEMENT_FAILED, EndParty.SYSTEM)


def test_given_silence_between_when_nobody_watched_for_a_while_then_it_is_said_from_the_beginning() -> None:
    driver = announced(Announcement(sound=HELLO, repeat=2))
    made(driver, "sound:hello", "", "sound:hello")
    playback_id = driver.flow.playback_id
    assert playback_id is not None
    driver.asterisk.finish_sound(playback_id)
    driver.hear_all()
    assert driver.flow.playback_id is None  # silence
    driver.restart_service()
    driver.hear_all()
    made(driver, "sound:hello", "", "sound:hello")
    hear_to_the_end(driver)
    assert driver.played == 3 * ["sound:hello"]
    driver.drain()
    assert ending(driver)[1] is EndCode.ANNOUNCEMENT_ENDED


def test_given_a_machine_when_something_is_to_be_said_then_it_is_said_after_the_beep() -> None:
    driver = announced(Announcement(sound=HELLO), detects=True)
    (asked,) = [one for one in driver.asked if isinstance(one, commands.DetectMachine)]
    assert asked.waits_for_beep
    driver.asterisk.find_out(driver.caller.id, AnsweredBy.MACHINE)
    driver.hear_all()
    assert not driver.asterisk.to_assist, "nothing is made before the beep"
    driver.asterisk.close_stream(driver.call.media_streams[0].id, MediaStreamEnd.BOT_CLOSED, outcome="BEEP")
    driver.hear_all()
    made(driver, "sound:hello")
    hear_to_the_end(driver)
    driver.drain()
    assert ending(driver)[1] is EndCode.ANNOUNCEMENT_ENDED
    assert driver.call.answered_by is AnsweredBy.MACHINE


@pytest.mark.parametrize(
    ("was_connected", "ends"),
    [
        (True, (Disposition.ANSWERED, EndCode.MEDIA_STREAM_ENDED, EndParty.SYSTEM)),
        (False, (Disposition.FAILED, EndCode.MEDIA_STREAM_FAILED, EndParty.SYSTEM)),
    ],
)
def test_given_a_program_to_connect_when_it_is_done_or_cannot_be_had_then_the_call_ends(
    *, was_connected: bool, ends: tuple[Disposition, EndCode, EndParty]
) -> None:
    driver = announced(StreamTarget(url="wss://bot.example/talk", sample_rate=16000))
    while not driver.call.media_streams:
        driver.hear()
    if was_connected:
        driver.hear_all()
    else:
        driver.asterisk.said.clear()  # nothing was heard of it yet
    reason = MediaStreamEnd.BOT_CLOSED if was_connected else MediaStreamEnd.BOT_UNREACHABLE
    driver.asterisk.close_stream(driver.call.media_streams[0].id, reason)
    driver.drain()
    assert ending(driver) == ends
    assert [word for word in driver.words if word.startswith("flow.")] == []


def test_given_a_place_in_the_dialplan_when_the_customer_answers_then_it_is_there_until_it_is_gone() -> None:
    driver = announced(DialplanTarget(context="menus", extension="main"))
    (asked,) = [one for one in driver.asked if isinstance(one, commands.EnterDialplan)]
    assert (asked.leg_id, asked.context, asked.extension) == (driver.caller.id, "menus", "main")
    assert (driver.flow.stage, driver.caller.place) == (FlowStage.AWAY, Place.AWAY)
    assert driver.asterisk.channels[driver.caller.id].is_away
    driver.asterisk.end(driver.caller.id)
    driver.drain()
    assert ending(driver) == (Disposition.ANSWERED, EndCode.DIALPLAN_ENDED, EndParty.SYSTEM)
    assert [word for word in driver.words if word.startswith("flow.")] == []


def test_given_a_customer_in_the_dialplan_when_that_gives_it_back_then_it_is_hung_up() -> None:
    driver = announced(DialplanTarget(context="menus", extension="main"))
    driver.feed(inputs.LegGivenBack(leg_id=driver.caller.id))
    driver.drain()
    assert ending(driver) == (Disposition.ANSWERED, EndCode.DIALPLAN_ENDED, EndParty.SYSTEM)
    assert driver.caller.hangup_reason is not None


@pytest.mark.parametrize("kind", [inputs.FailureKind.REFUSED, inputs.FailureKind.UNSENT])
def test_given_a_dialplan_that_does_not_take_it_when_that_is_known_then_the_call_failed(
    kind: inputs.FailureKind,
) -> None:
    driver = announced(DialplanTarget(context="menus", extension="main"))
    asked = commands.EnterDialplan(leg_id=driver.caller.id, context="menus", extension="main")
    driver.feed(inputs.CommandFailed(command=asked, kind=kind, detail="no such context"))
    driver.drain()
    assert ending(driver) == (Disposition.FAILED, EndCode.DIALPLAN_FAILED, EndParty.SYSTEM)


def test_given_a_customer_in_the_dialplan_when_its_end_is_not_told_then_it_is_found_by_looking() -> None:
    driver = announced(DialplanTarget(context="menus", extension="main"))
    driver.asterisk.end(driver.caller.id)
    driver.asterisk.said.clear()
    driver.fire(TimerName.FLOW)
    driver.drain()
    assert ending(driver)[1] is EndCode.DIALPLAN_ENDED


def test_given_a_customer_in_the_dialplan_when_the_longest_talk_is_over_then_the_call_ends() -> None:
    driver = announced(DialplanTarget(context="menus", extension="main"))
    due = driver.call.timer(TimerName.FLOW_LIMIT)
    assert due is not None
    assert driver.caller.answered_at is not None
    assert (due.due - driver.caller.answered_at).total_seconds() == driver.call.max_duration_seconds
    driver.fire(TimerName.FLOW_LIMIT)
    driver.drain()
    assert ending(driver) == (Disposition.ANSWERED, EndCode.MAX_DURATION, EndParty.SYSTEM)


def test_given_a_customer_in_the_dialplan_when_anything_is_asked_of_it_then_it_is_refused_but_to_hang_up() -> None:
    driver = announced(DialplanTarget(context="menus", extension="main"))
    (problem,) = driver.feed(ask(Mute(leg_id=driver.caller.id))).problems
    assert (problem.code, problem.current_state) == ("INVALID_STATE", "DIALPLAN")
    driver.feed(inputs.HangupRequested(actor=SOMEBODY))
    driver.drain()
    assert ending(driver)[1] is EndCode.API_HANGUP


def test_given_a_service_that_dies_when_the_next_one_comes_then_the_dialplan_keeps_the_customer() -> None:
    driver = announced(DialplanTarget(context="menus", extension="main"))
    driver.restart_service()
    driver.hear_all()
    assert driver.caller.place is Place.AWAY
    driver.asterisk.end(driver.caller.id)
    driver.drain()
    assert ending(driver)[1] is EndCode.DIALPLAN_ENDED
