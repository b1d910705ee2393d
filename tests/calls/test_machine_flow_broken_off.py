"""A sound that breaks off in a call flow: its caller has hung up, which is said a moment later; or it has not."""

import pytest

from app.calls.core.model.flow import FlowStage
from app.calls.core.model.timers import TimerName
from app.facts.flows import FlowEnding
from app.facts.vocabulary import Disposition, EndCode, EndParty, Tone
from app.flows.steps import HangUp, Option, Play, PlayInstalled, PlayTone, Step, Voicemail
from tests.calls.flow_calls import FlowDriver, call_in_flow, menu, say, survey

BYE = HangUp(name="bye")

#: What a caller may hear as it hangs up, and how Asterisk says that it is over: a moment before it says why.
BROKEN_OFF: dict[str, tuple[Step, str | None]] = {
    "a sound": (say("a", "bye"), "Asterisk could not play it"),
    "a sound with a step for its failure": (say("a", "bye", failed="oh"), "Asterisk could not play it"),
    "a tone": (Play(name="a", sounds=(PlayTone(tone=Tone.BUSY, seconds=9.0),), next="bye", failed="oh"), None),
    "a prompt": (menu(name="a", options=(Option(digits="1", next="bye"),), no_input="bye", no_match=None), "failed"),
    "a greeting": (Voicemail(name="a", greeting=(PlayInstalled(name="vm-intro"),), next="bye"), "failed"),
}


def _ending(driver: FlowDriver) -> tuple[Disposition, EndCode, EndParty]:
    driver.drain()
    return driver.ended.disposition, driver.ended.end_reason.code, driver.ended.end_reason.party


@pytest.mark.parametrize("what", BROKEN_OFF)
def test_given_a_caller_who_hangs_up_when_a_sound_breaks_off_first_then_the_flow_takes_no_step_more(what: str) -> None:
    step, failure = BROKEN_OFF[what]
    driver = call_in_flow((step, say("oh", "bye"), BYE))
    playing = driver.flow.playback_id
    assert playing is not None
    driver.asterisk.break_off(playing, failure)
    driver.hear_all()
    assert driver.flow.stage is FlowStage.PLAYING
    driver.pass_seconds(0.2)
    driver.hang_up()
    assert driver.path == ["a"]
    assert driver.gathered == []
    assert driver.call.recordings == ()
    assert _ending(driver) == (Disposition.ANSWERED, EndCode.HANGUP, EndParty.CUSTOMER)
    assert driver.flow_ended.ending is FlowEnding.HANGUP


@pytest.mark.parametrize("what", BROKEN_OFF)
def test_given_a_caller_who_is_there_still_when_a_sound_has_broken_off_then_the_flow_goes_on(what: str) -> None:
    step, failure = BROKEN_OFF[what]
    driver = call_in_flow((step, say("oh", "bye"), BYE))
    playing = driver.flow.playback_id
    assert playing is not None
    driver.asterisk.break_off(playing, failure)
    driver.hear_all()
    driver.fire(TimerName.FLOW)
    driver.hear_all()
    is_told = failure is not None and isinstance(step, Play) and step.failed is not None
    assert driver.path[1:2] == (["oh"] if is_told else ["bye"] if isinstance(step, Play) else [])
    assert (driver.flow.playback_id, driver.flow.is_settling) != (playing, True)


def test_given_a_prompt_that_broke_off_when_a_key_is_pressed_then_that_leads_on_at_once() -> None:
    driver = call_in_flow(survey())
    playing = driver.flow.playback_id
    assert playing is not None
    driver.asterisk.break_off(playing, "no such file")
    driver.hear_all()
    driver.press("1")
    assert driver.path == ["menu", "one"]
    assert not driver.flow.is_settling
    driver.hear_out()
    assert _ending(driver) == (Disposition.ANSWERED, EndCode.FLOW_ENDED, EndParty.SYSTEM)
