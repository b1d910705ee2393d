"""Call flows by what a caller at the far end hears, presses and says: a survey, a spoken answer, a message."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from app.config import Settings
from app.facts.vocabulary import Tone
from app.flows.steps import (
    Flow,
    Gather,
    HangUp,
    Option,
    Play,
    PlayFile,
    PlaySpeech,
    PlayTone,
    Speak,
    Step,
    Voicemail,
)
from app.local.asterisk import AsteriskInstall, AsteriskInstance
from app.routing.flows import FlowChanges
from app.routing.targets import ToCallFlow
from tests.rig.audio import read_wav, write_tone
from tests.rig.desk import PATIENCE_SECONDS, Desk, Fact, Story
from tests.rig.exchange import Exchange, make_exchange
from tests.rig.far_end import FarEnd, FarEndCall
from tests.rig.service import RunningOffhook, make_settings
from tests.rig.sound_files import upload_sound
from tests.rig.spoken import write_espeak
from tests.rig.story import assert_is_whole

pytestmark = pytest.mark.asterisk

NUMBER = "+15550117301"
CALLER_HERTZ = 1000
#: The survey's branches, by what is heard there; no multiples of each other.
WAYS = {"one": 700, "two": 1100, "wrong": 1700, "nothing": 2300}
WAY_SECONDS = 2.0
#: Of the dial tone, in the zone of the Asterisk: one of its two.
DIAL_HERTZ = 350
LOUD_DBFS = -30.0
ABSENT_DBFS = -50.0
SPOKEN_DBFS = -40.0


@pytest.fixture
def settings(
    asterisk: AsteriskInstance, asterisk_install: AsteriskInstall, database_dsn: str, tmp_path: Path
) -> Settings:
    """Of the one service that the dialplan sends calls to, with the espeak-ng that was found for this machine."""
    made = make_settings(asterisk, database_dsn, tmp_path / "data", espeak=write_espeak(asterisk_install, tmp_path))
    return made.model_copy(update={"ari_application": asterisk.config.stasis_app})


@pytest.fixture
async def calling(served_offhook: RunningOffhook) -> AsyncIterator[Desk]:
    async with served_offhook.desk() as desk:
        yield desk


@pytest.fixture
async def exchange(served_offhook: RunningOffhook, asterisk: AsteriskInstance, far_end: FarEnd) -> Exchange:
    return await make_exchange(served_offhook, asterisk, far_end)


async def lead(exchange: Exchange, *steps: Step) -> None:
    """Whoever calls is led through these steps."""
    flow = Flow(start=steps[0].name, steps=steps)
    made = await exchange.routing.flows.create(exchange.offhook.principal, FlowChanges(name="menu", flow=flow))
    await exchange.route(NUMBER, ToCallFlow(id=made.id))


async def call_in(exchange: Exchange, desk: Desk) -> tuple[FarEndCall, str]:
    """A caller who is in the flow, with the call's id."""
    caller = await exchange.call(NUMBER)
    call_id = await desk.wait_for_arrival(NUMBER)
    await desk.wait_for(call_id, "flow.started")
    return caller, call_id


async def wait_for_step(desk: Desk, call_id: str, step: str) -> None:
    def is_there(facts: list[Fact]) -> bool:
        return any(fact.type == "flow.step_entered" and fact.body["step"] == step for fact in facts)

    await desk.wait_until(call_id, is_there, what=f"the step {step}")


def path(story: Story) -> list[str]:
    return [fact.body["step"] for fact in story.all_of("flow.step_entered")]


@pytest.mark.parametrize(
    ("pressed", "way", "result"),
    [("1", "one", "MATCHED"), ("22", "two", "MATCHED"), ("7", "wrong", "NO_MATCH"), ("", "nothing", "NO_INPUT")],
)
async def test_given_a_survey_when_a_caller_presses_then_it_hears_the_branch_for_that(
    exchange: Exchange, calling: Desk, tmp_path: Path, pressed: str, way: str, result: str
) -> None:
    sounds = {}
    for name, hertz in WAYS.items():
        write_tone(tmp_path / f"{name}.wav", hertz, WAY_SECONDS)
        sounds[name] = PlayFile(audio_file_id=await upload_sound(exchange.offhook, tmp_path / f"{name}.wav"))
    await lead(
        exchange,
        Gather(
            name="menu",
            prompt=(PlayTone(tone=Tone.DIAL, seconds=2.0 if not pressed else 60.0),),
            max_digits=2,
            options=(Option(digits="1", next="one"), Option(digits="22", next="two")),
            first_digit_seconds=2.0,
            inter_digit_seconds=2.0,
            retries=0,
            no_input="nothing",
            no_match="wrong",
        ),
        *(Play(name=name, sounds=(sound,), next="bye") for name, sound in sounds.items()),
        HangUp(name="bye"),
    )
    caller, call_id = await call_in(exchange, calling)
    heard = await caller.hear(1.0)
    assert heard.between(0.3, heard.seconds).tone_dbfs(DIAL_HERTZ) > LOUD_DBFS
    async with caller.hearing() as told:
        if pressed:
            await caller.press(pressed)
        await caller.wait_until_ended()
    story = await calling.wait_for_end(call_id)
    await assert_is_whole(calling, story)
    assert path(story) == ["menu", way, "bye"]
    # The branch is the last thing before the hang-up: its middle is well clear of what stood before it.
    branch = told[0].between(told[0].seconds - 0.7 * WAY_SECONDS, told[0].seconds - 0.3 * WAY_SECONDS)
    assert branch.tone_dbfs(WAYS[way]) > LOUD_DBFS
    assert all(branch.tone_dbfs(hertz) < ABSENT_DBFS for name, hertz in WAYS.items() if name != way)
    gathered = story.the("flow.gathered").body
    assert (gathered["result"], gathered["digits"]) == (result, pressed)
    assert (story.disposition, story.end) == ("ANSWERED", ("FLOW_ENDED", "SYSTEM"))
    assert (story.record["kind"], story.record["dtmf"]) == ("INBOUND", pressed or None)


async def test_given_a_text_with_what_was_pressed_when_spoken_then_the_caller_hears_it_to_its_end(
    exchange: Exchange, calling: Desk
) -> None:
    await lead(
        exchange,
        Gather(name="ask", max_digits=3, next="read", variable="order", no_input="bye", first_digit_seconds=30.0),
        Speak(name="read", speech=PlaySpeech(text="Your order has the number {order}. Thank you."), next="bye"),
        HangUp(name="bye"),
    )
    caller, call_id = await call_in(exchange, calling)
    async with caller.hearing() as heard:
        await caller.press("407")
        await wait_for_step(calling, call_id, "read")
        story = await calling.wait_for_end(call_id)
    assert path(story) == ["ask", "read", "bye"]
    (started,), (finished,) = story.all_of("playback.started"), story.all_of("playback.finished")
    spoken = (finished.at - started.at).total_seconds()
    assert spoken > 2.0
    assert not finished.body["isStopped"]
    sound = heard[0]
    assert sound.between(sound.seconds - spoken, sound.seconds - 0.5).rms_dbfs() > SPOKEN_DBFS


async def test_given_a_caller_who_speaks_and_hangs_up_when_asked_for_a_message_then_it_can_be_fetched_and_heard(
    exchange: Exchange, calling: Desk
) -> None:
    await lead(
        exchange,
        Voicemail(name="message", greeting=(PlaySpeech(text="Please leave a message."),), max_seconds=60.0),
    )
    caller, call_id = await call_in(exchange, calling)
    await calling.wait_for(call_id, "recording.started")
    async with caller.playing_tone(CALLER_HERTZ):
        await asyncio.sleep(2.0)  # how long the message is
    await caller.hang_up()
    received = await calling.wait_for(call_id, "voicemail.received")
    story = await calling.wait_for_end(call_id)
    await assert_is_whole(calling, story)
    assert (story.disposition, story.end) == ("VOICEMAIL", ("HANGUP", "CUSTOMER"))
    assert received.body["caller"]["number"] == story.record["callerId"]
    (recording,) = await calling.line.recordings(call_id)
    assert (recording["id"], recording["state"]) == (received.body["recordingId"], "SAVED")
    async with httpx.AsyncClient(timeout=PATIENCE_SECONDS) as web:
        answer = await web.get(f"{exchange.offhook.url}{recording['url']}")
    sound = read_wav(answer.content)
    assert sound.seconds == pytest.approx(received.body["durationSeconds"], abs=0.01)
    assert sound.seconds > 1.5
    middle = sound.seconds / 2
    assert sound.between(middle - 0.4, middle + 0.4).tone_dbfs(CALLER_HERTZ) > LOUD_DBFS
