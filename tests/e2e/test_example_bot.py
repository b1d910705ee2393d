"""The bot of ``examples/bot``: a conversation with it, on the real Asterisk."""

import asyncio
import importlib.util
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from app.facts.vocabulary import Tone
from app.flows.steps import Branch, Case, Flow, HangUp, MediaStream, Play, PlayTone, Step, VariableIs
from app.local.asterisk import AsteriskInstall
from app.routing.flows import FlowChanges
from app.speech import samples
from app.speech.engine import Spoken
from app.speech.words import Rate
from tests.rig.ari_ears import PATIENCE_SECONDS
from tests.rig.audio import Sound
from tests.rig.desk import Desk, Fact
from tests.rig.far_end import FarEnd
from tests.rig.free_port import reserve_port
from tests.rig.service import RunningOffhook
from tests.rig.spoken import speak
from tests.rig.story import assert_is_whole

pytestmark = pytest.mark.asterisk

BOT = Path(__file__).resolve().parents[2] / "examples" / "bot" / "bot.py"
PRESSING_NUMBER, SPEAKING_NUMBER = "+15550116001", "+15550116002"
AUDIBLE_DBFS = -45.0
TELEPHONE_RATE = 8_000
#: A word that a busy machine's line has damaged may be misheard: so often it is said, and so often the flow asks.
CHANCES = 3
#: After the word, for the bot to answer or to ask again.
PAUSE_SECONDS = 8.0
#: The beep of the flow has 0.4 s, and the greeting goes on as long until the bot has noticed that somebody speaks.
MORE_THAN_BEEP_SECONDS = 1.2


@asynccontextmanager
async def _running_bot(install: AsteriskInstall, url: str, secret: str) -> AsyncIterator[None]:
    assert install.espeak is not None
    environment = {
        **os.environ,
        "BOT_URL": url,
        "BOT_SECRET": secret,
        "BOT_LISTEN": url.split("/")[2],
        "BOT_ESPEAK": " ".join(install.espeak),
    }
    process = await asyncio.create_subprocess_exec(
        *(os.environ.get("EXAMPLE_BOT_PYTHON", sys.executable), str(BOT)),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        said = await asyncio.wait_for(process.stdout.readline(), PATIENCE_SECONDS)
        assert said.startswith(b"listening"), said
        yield
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), PATIENCE_SECONDS)


@asynccontextmanager
async def _reception(offhook: RunningOffhook, install: AsteriskInstall, chances: int) -> AsyncIterator[str]:
    """The bot, and a flow that asks it so often what the caller wants, and goes on to sales when it is that."""
    with reserve_port() as reserved:
        url = f"ws://127.0.0.1:{reserved.getsockname()[1]}/talk"
        created = await offhook.service.services.media_endpoints.create(offhook.principal, url=url)
        is_sales = Case(condition=VariableIs(variable="wish", one_of=("sales",)), next="sales")
        steps: list[Step] = []
        for one, other in pairwise(range(1, chances + 2)):
            steps += (
                MediaStream(
                    name=f"bot{one}", url=url, sample_rate=16000, variable="wish", next=f"which{one}", failed="bye"
                ),
                Branch(name=f"which{one}", cases=(is_sales,), otherwise=f"bot{other}" if one < chances else "bye"),
            )
        steps += (Play(name="sales", sounds=(PlayTone(tone=Tone.BEEP),), next="bye"), HangUp(name="bye"))
        flow = await offhook.service.services.routing.flows.create(
            offhook.principal, FlowChanges(name="reception", flow=Flow(start="bot1", steps=tuple(steps)))
        )
        async with _running_bot(install, url, created.secret):
            yield flow.id


async def test_given_the_example_when_a_caller_presses_one_in_its_greeting_then_it_answers_and_the_flow_goes_to_sales(
    desk: Desk, far_end: FarEnd, offhook: RunningOffhook, asterisk_install: AsteriskInstall
) -> None:
    async with _reception(offhook, asterisk_install, 1) as flow_id:
        placed = await desk.place_call(PRESSING_NUMBER, connect=None, connect_call_flow_id=flow_id, trunk="farend")
        customer = await far_end.expect_call(PRESSING_NUMBER)
        await customer.answer()
        await desk.wait_for(placed.id, "mediastream.connected")
        assert (await customer.hear(2.0)).rms_dbfs() > AUDIBLE_DBFS, "the greeting"
        async with customer.hearing() as heard:
            await customer.press("1")
            await desk.wait_for(placed.id, "mediastream.ended")
        assert heard[0].rms_dbfs() > AUDIBLE_DBFS, "the answer"
        story = await desk.wait_for_end(placed.id)
    await assert_is_whole(desk, story)
    assert story.the("mediastream.ended").body["outcome"] == "sales"
    assert [one.body["step"] for one in story.all_of("flow.step_entered")] == ["bot1", "which1", "sales", "bye"]


async def test_given_the_example_when_a_caller_says_sales_then_it_understands_and_answers_and_the_flow_goes_to_sales(
    desk: Desk, far_end: FarEnd, offhook: RunningOffhook, asterisk_install: AsteriskInstall
) -> None:
    word = far_end.ears.scratch_directory / "sales.wav"
    said = await speak(asterisk_install, "sales", sample_rate=TELEPHONE_RATE, rate=Rate.SLOW)
    pause = samples.silence(PAUSE_SECONDS, TELEPHONE_RATE)
    word.write_bytes(samples.write_wav((said + pause) * CHANCES, TELEPHONE_RATE))

    def is_at_sales(facts: list[Fact]) -> bool:
        return any(fact.type == "flow.step_entered" and fact.body["step"] == "sales" for fact in facts)

    async with _reception(offhook, asterisk_install, CHANCES) as flow_id:
        placed = await desk.place_call(SPEAKING_NUMBER, connect=None, connect_call_flow_id=flow_id, trunk="farend")
        customer = await far_end.expect_call(SPEAKING_NUMBER)
        await customer.answer()
        await desk.wait_for(placed.id, "mediastream.connected")
        assert (await customer.hear(2.0)).rms_dbfs() > AUDIBLE_DBFS, "the greeting"
        async with customer.hearing() as heard, customer.playing(f"sound:{word.with_suffix('')}"):
            await desk.wait_until(placed.id, is_at_sales, what="the step of sales")
        assert _audible_seconds(heard[0]) > MORE_THAN_BEEP_SECONDS, "the answer"
        story = await desk.wait_for_end(placed.id)
    await assert_is_whole(desk, story)
    assert "dtmf.received" not in story.types
    assert story.all_of("mediastream.ended")[-1].body["outcome"] == "sales"
    assert [one.body["step"] for one in story.all_of("flow.step_entered")][-2:] == ["sales", "bye"]


@pytest.mark.parametrize("word", ["sales", "support", "goodbye"])
async def test_given_a_word_of_a_narrow_line_in_a_wide_stream_when_the_example_hears_it_often_then_it_understands_it(
    word: str, asterisk_install: AsteriskInstall
) -> None:
    specification = importlib.util.spec_from_file_location("example_bot", BOT)
    assert specification is not None
    assert specification.loader is not None
    bot = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(bot)
    said = await speak(asterisk_install, word, sample_rate=TELEPHONE_RATE, rate=Rate.SLOW)
    once = samples.convert(Spoken(samples.silence(1.0, TELEPHONE_RATE) + said, TELEPHONE_RATE), 16_000)
    sound = once * 10 + samples.silence(1.0, 16_000)
    ears = bot.Ears(16_000)
    understood = [ears.hear(sound[at : at + 640]) for at in range(0, len(sound), 640)]
    assert understood.count(word) >= 8, [one for one in understood if one is not None]


def _audible_seconds(sound: Sound) -> float:
    """How much of it is loud, by pieces of a tenth of a second."""
    pieces = (sound.between(tenth / 10, (tenth + 1) / 10) for tenth in range(int(sound.seconds * 10)))
    return sum(piece.rms_dbfs() > AUDIBLE_DBFS for piece in pieces) / 10
