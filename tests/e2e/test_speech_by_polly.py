"""A text that Amazon Polly speaks, from the request to the customer's ear: a stand-in checks what is asked of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.config import Settings
from app.local.asterisk import AsteriskInstance
from tests.rig.desk import Desk, Fact
from tests.rig.far_end import FarEnd
from tests.rig.graphql_line import GraphQLLine
from tests.rig.service import RunningOffhook, make_settings
from tests.rig.story import assert_is_whole
from tests.speech.polly_stand_in import KEY_ID, REGION, SECRET, Answer, PollyStandIn, pcm, running_polly

pytestmark = pytest.mark.asterisk

AGENT_NUMBER, CUSTOMER_NUMBER = "+15550117401", "+15550117402"
#: What the stand-in says, whatever it is asked to.
POLLY_HERTZ, POLLY_SECONDS = 700, 3.0
LOUD_DBFS, ABSENT_DBFS = -30.0, -50.0
TEXT = "Your code is on its way."
_SPEAK = "mutation($input: SpeakInput!) { speak(input: $input) { playbackId userErrors { code message field } } }"
_VOICES = "{ voices { id engine } }"


@pytest.fixture
async def polly() -> AsyncIterator[PollyStandIn]:
    async with running_polly() as stand_in:
        stand_in.behaviour = lambda _: Answer(headers={"Content-Type": "audio/pcm"}, body=pcm(POLLY_SECONDS))
        yield stand_in


@pytest.fixture
def settings(asterisk: AsteriskInstance, database_dsn: str, tmp_path: Path, polly: PollyStandIn) -> Settings:
    return make_settings(
        asterisk,
        database_dsn,
        tmp_path / "data",
        polly_region=REGION,
        polly_access_key_id=KEY_ID,
        polly_secret_access_key=SecretStr(SECRET),
        polly_url=polly.url,
    )


async def test_given_a_polly_voice_when_a_text_is_spoken_in_a_call_then_the_customer_hears_what_polly_said(
    served_offhook: RunningOffhook, graphql_desk: Desk, far_end: FarEnd, polly: PollyStandIn
) -> None:
    desk = graphql_desk
    assert served_offhook.url is not None
    placed = await desk.place_call(CUSTOMER_NUMBER, connect_number=AGENT_NUMBER, trunk="farend")
    agent = await far_end.expect_call(AGENT_NUMBER)
    await agent.answer()
    customer = await far_end.expect_call(CUSTOMER_NUMBER)
    await customer.answer()
    await desk.wait_for(placed.id, "call.connected")
    leg_id = (await desk.wait_for(placed.id, "leg.answered", "CUSTOMER")).body["leg"]["id"]
    async with GraphQLLine.to(served_offhook.url, served_offhook.token) as line:
        voices = {one["id"]: one["engine"] for one in (await line.ask(_VOICES))["voices"]}
        assert voices["Joanna"] == "POLLY"
        async with customer.hearing() as by_customer, agent.hearing() as by_agent:
            given = {"callId": placed.id, "legId": leg_id, "say": {"text": TEXT}, "voice": {"id": "Joanna"}}
            payload = (await line.ask(_SPEAK, input=given))["speak"]
            assert payload["userErrors"] == []

            def is_over(facts: list[Fact]) -> bool:
                ids = [fact.body["playbackId"] for fact in facts if fact.type == "playback.finished"]
                return payload["playbackId"] in ids

            await desk.wait_until(placed.id, is_over, what="the end of what is said")
    (asked,) = polly.spoken
    assert (asked.json["Text"], asked.json["VoiceId"], asked.json["OutputFormat"]) == (TEXT, "Joanna", "pcm")
    heard = by_customer[0]
    loud = [
        start
        for start in range(int(heard.seconds))
        if heard.between(start, start + 1).tone_dbfs(POLLY_HERTZ) > LOUD_DBFS
    ]
    assert len(loud) >= POLLY_SECONDS - 1
    assert by_agent[0].tone_dbfs(POLLY_HERTZ) < ABSENT_DBFS
    await desk.hang_up(placed.id)
    await assert_is_whole(desk, await desk.wait_for_end(placed.id))
