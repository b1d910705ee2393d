"""The bot of ``examples/bot``: a conversation with it, on the real Asterisk."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from app.facts.vocabulary import Tone
from app.flows.steps import Branch, Case, Flow, HangUp, MediaStream, Play, PlayTone, VariableIs
from app.local.asterisk import AsteriskInstall
from app.routing.flows import FlowChanges
from tests.rig.ari_ears import PATIENCE_SECONDS
from tests.rig.desk import Desk
from tests.rig.far_end import FarEnd
from tests.rig.free_port import reserve_port
from tests.rig.service import RunningOffhook
from tests.rig.story import assert_is_whole

pytestmark = pytest.mark.asterisk

BOT = Path(__file__).resolve().parents[2] / "examples" / "bot" / "bot.py"
CUSTOMER_NUMBER = "+15550116001"
AUDIBLE_DBFS = -45.0


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


async def test_given_the_example_when_a_caller_presses_one_in_its_greeting_then_it_answers_and_the_flow_goes_to_sales(
    desk: Desk, far_end: FarEnd, offhook: RunningOffhook, asterisk_install: AsteriskInstall
) -> None:
    with reserve_port() as reserved:
        port = reserved.getsockname()[1]
        url = f"ws://127.0.0.1:{port}/talk"
        created = await offhook.service.services.media_endpoints.create(offhook.principal, url=url)
        steps = (
            MediaStream(name="bot", url=url, sample_rate=16000, variable="wish", next="which", failed="bye"),
            Branch(
                name="which",
                cases=(Case(condition=VariableIs(variable="wish", one_of=("sales",)), next="sales"),),
                otherwise="bye",
            ),
            Play(name="sales", sounds=(PlayTone(tone=Tone.BEEP),), next="bye"),
            HangUp(name="bye"),
        )
        flow = await offhook.service.services.routing.flows.create(
            offhook.principal, FlowChanges(name="reception", flow=Flow(start="bot", steps=steps))
        )
        async with _running_bot(asterisk_install, url, created.secret):
            placed = await desk.place_call(CUSTOMER_NUMBER, connect=None, connect_call_flow_id=flow.id, trunk="farend")
            customer = await far_end.expect_call(CUSTOMER_NUMBER)
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
        assert [one.body["step"] for one in story.all_of("flow.step_entered")] == ["bot", "which", "sales", "bye"]
