"""What was said in a real call, written down by the local recogniser: as the call was to be, and again with phrases."""

import asyncio
import wave
from pathlib import Path
from typing import Any

import pytest

from app.facts.vocabulary import RecordingMode
from app.local.asterisk import AsteriskInstall
from app.speech.samples import silence
from tests.rig.desk import PATIENCE_SECONDS, Desk
from tests.rig.far_end import FarEnd, FarEndCall
from tests.rig.graphql_line import GraphQLLine
from tests.rig.service import RunningOffhook
from tests.rig.spoken import speak
from tests.rig.story import assert_is_whole

pytestmark = pytest.mark.asterisk

AGENT_NUMBER, CUSTOMER_NUMBER = "+15550117501", "+15550117502"
RATE = 8_000
SENTENCE = "send the invoice to the office on monday"
PHRASES = (SENTENCE, "please call me tomorrow", "no thank you", "i would like to speak to the sales department please")
_READ = """
query($id: ID!) { call(id: $id) { transcript { id state languageCode
  segments { channel role startSeconds endSeconds text } } } }
"""
_TRANSCRIBE = """
mutation($input: TranscribeInput!) { transcribe(input: $input) { transcript { id } userErrors { code message } } }
"""


def _write(path: Path, samples: bytes) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples)


async def _say(party: FarEndCall, name: str, samples: bytes) -> None:
    """All of it."""
    path = party.ears.scratch_directory / f"{name}.wav"
    _write(path, samples)
    media = f"sound:{path.with_suffix('')}"
    async with party.playing(media):
        await party.ears.wait_for(
            lambda event: event["type"] == "PlaybackFinished" and event["playback"]["media_uri"] == media,
            what="the end of the sentence",
        )


async def _wait_for_transcript(line: GraphQLLine, call_id: str, *, after: str | None = None) -> Any:
    """The call's newest transcript, once it is made; ``after``: another one than that."""
    async with asyncio.timeout(2 * PATIENCE_SECONDS):
        while True:
            found = (await line.ask(_READ, id=call_id))["call"]["transcript"]
            if found is not None and found["id"] != after and found["state"] != "PENDING":
                return found
            await asyncio.sleep(0.2)


async def test_given_a_call_that_is_to_be_transcribed_when_the_customer_speaks_then_its_transcript_has_the_sentence(
    served_offhook: RunningOffhook, graphql_desk: Desk, far_end: FarEnd, asterisk_install: AsteriskInstall
) -> None:
    desk = graphql_desk
    assert served_offhook.url is not None
    sentence = await speak(asterisk_install, SENTENCE, sample_rate=RATE)
    placed = await desk.place_call(
        CUSTOMER_NUMBER, connect_number=AGENT_NUMBER, trunk="farend", record=RecordingMode.BOTH, transcribe=True
    )
    agent = await far_end.expect_call(AGENT_NUMBER)
    await agent.answer()
    customer = await far_end.expect_call(CUSTOMER_NUMBER)
    await customer.answer()
    await desk.wait_for(placed.id, "recording.started")
    await _say(customer, "sentence", silence(1.0, RATE) + sentence + silence(1.0, RATE))
    await desk.hang_up(placed.id)
    story = await desk.wait_for_end(placed.id)
    await assert_is_whole(desk, story)
    (recording_id,) = story.recording_ids
    async with GraphQLLine.to(served_offhook.url, served_offhook.token) as line:
        # By itself, because the call was to be: what is heard without a hint of what is said is the recogniser's guess.
        first = await _wait_for_transcript(line, placed.id)
        assert (first["state"], first["languageCode"]) == ("READY", "en-US")
        assert [one["role"] for one in first["segments"] if one["channel"] == 2] != []

        given = {"recordingId": recording_id, "phrases": list(PHRASES)}
        asked = (await line.ask(_TRANSCRIBE, input=given))["transcribe"]
        assert asked["userErrors"] == []
        ready = await _wait_for_transcript(line, placed.id, after=first["id"])
    assert (ready["id"], ready["state"]) == (asked["transcript"]["id"], "READY")
    said = [one for one in ready["segments"] if one["channel"] == 2]
    assert [(one["role"], one["text"]) for one in said] == [("CUSTOMER", SENTENCE)]
    spoken_seconds = len(sentence) / 2 / RATE
    assert said[0]["endSeconds"] - said[0]["startSeconds"] == pytest.approx(spoken_seconds, abs=1.0)
