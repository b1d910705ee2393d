"""The engine elsewhere: what it is sent, to the byte, and what is made of its answers, failures and silence."""

import json
import socket

import numpy as np
import pytest

from app.egress.requests import Egress
from app.transcripts.engine import Heard, HearingFailedError, HearingUnavailableError, Piece
from app.transcripts.openai_engine import OpenAiEngine
from tests.recordings.tones import make_tone
from tests.transcripts.conftest import LOOPBACK, RATE, make_openai_engine
from tests.transcripts.openai_stand_in import KEY, MODEL, Answer, OpenAiStandIn, hearing

TONE = make_tone(440, 2.0, RATE)
PIECE = Piece(samples=TONE.tobytes(), sample_rate=RATE, language="en-GB", phrases=("Müller", "invoice"))


async def test_given_a_piece_when_it_is_sent_then_the_form_has_it_whole_and_what_was_asked(
    openai: OpenAiStandIn, openai_engine: OpenAiEngine
) -> None:
    openai.says = ["hello"]
    await openai_engine.hear(PIECE)
    (asked,) = openai.asked
    assert asked.fields == {
        "model": MODEL,
        "response_format": "verbose_json",
        "language": "en",
        "prompt": "Müller, invoice",
    }
    samples, rate = asked.sound
    assert rate == RATE
    assert np.array_equal(samples[:, 0], TONE)
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert int(asked.headers["content-length"]) == len(asked.body)


async def test_given_a_piece_without_phrases_when_it_is_sent_then_there_is_no_prompt(
    openai: OpenAiStandIn, openai_engine: OpenAiEngine
) -> None:
    openai.says = ["hello"]
    await openai_engine.hear(Piece(samples=TONE.tobytes(), sample_rate=RATE, language="de"))
    assert set(openai.asked[0].fields) == {"model", "response_format", "language"}
    assert openai.asked[0].fields["language"] == "de"


async def test_given_times_that_cannot_be_when_read_then_they_are_kept_within_the_piece(
    openai: OpenAiStandIn, openai_engine: OpenAiEngine
) -> None:
    openai.behaviour = lambda _: hearing([(-1.0, 0.5, "one"), (1.5, 9.0, "two"), (1.9, 1.0, "three"), (0, 1, " ")])
    assert [(one.start_seconds, one.end_seconds, one.text) for one in await openai_engine.hear(PIECE)] == [
        (0.0, 0.5, "one"),
        (1.5, 2.0, "two"),
        (1.9, 1.9, "three"),
    ]


async def test_given_a_service_that_gives_text_alone_when_read_then_it_is_one_segment_without_confidence(
    openai: OpenAiStandIn, openai_engine: OpenAiEngine
) -> None:
    openai.behaviour = lambda _: Answer(body=json.dumps({"text": " hello there "}).encode())
    assert await openai_engine.hear(PIECE) == [Heard(start_seconds=0.0, end_seconds=2.0, text="hello there")]
    openai.behaviour = lambda _: Answer(body=json.dumps({"text": ""}).encode())
    assert await openai_engine.hear(PIECE) == []


async def test_given_a_long_answer_when_read_then_all_of_it_is_there(
    openai: OpenAiStandIn, openai_engine: OpenAiEngine
) -> None:
    many = [(number / 1000, (number + 1) / 1000, f"word {number}") for number in range(1999)]
    openai.behaviour = lambda _: hearing(many)
    heard = await openai_engine.hear(PIECE)
    assert [one.text for one in heard] == [text for _, _, text in many]


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (400, "refused the recording"),
        (401, "OFFHOOK_TRANSCRIPTION_KEY"),
        (403, "OFFHOOK_TRANSCRIPTION_KEY"),
        (404, "OFFHOOK_TRANSCRIPTION_URL"),
        (413, "refused the recording"),
        (302, "refused the recording"),
    ],
)
async def test_given_a_service_that_refuses_when_asked_then_it_has_failed_with_what_to_do_and_no_word_of_its_own(
    openai: OpenAiStandIn, openai_engine: OpenAiEngine, status: int, word: str
) -> None:
    openai.behaviour = lambda _: Answer(status, {"Location": "http://127.0.0.1:1/"}, b"the recording said 4711")
    with pytest.raises(HearingFailedError) as failed:
        await openai_engine.hear(PIECE)
    assert word in str(failed.value)
    assert "4711" not in str(failed.value)
    assert len(openai.asked) == 1


@pytest.mark.parametrize(
    ("answer", "after"),
    [
        (Answer(500, body=b"4711"), None),
        (Answer(503, {"Retry-After": "7"}), 7.0),
        (Answer(429, {"Retry-After": "120"}), 120.0),
        (Answer(429, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}), None),
        (Answer(429, {"Retry-After": "999999"}), 3600.0),
        (Answer(408), None),
        (Answer(200, body=b"<html>4711</html>"), None),
        (Answer(200, body=b'{"segments": [{"start": "4711"}]}'), None),
        (Answer(200, body=b'{"text": "it was cut off in the middle, 4711"}', is_cut=True), None),
    ],
)
async def test_given_a_service_that_fails_when_asked_then_it_may_be_tried_again_when_it_says(
    openai: OpenAiStandIn, openai_engine: OpenAiEngine, answer: Answer, after: float | None
) -> None:
    openai.behaviour = lambda _: answer
    with pytest.raises(HearingUnavailableError) as unavailable:
        await openai_engine.hear(PIECE)
    assert "4711" not in unavailable.value.message
    if after is not None:
        assert unavailable.value.retry_after_seconds == after
    elif answer.status != 200:
        assert unavailable.value.retry_after_seconds is None


async def test_given_a_service_that_says_nothing_when_asked_then_it_is_given_up_in_time(openai: OpenAiStandIn) -> None:
    openai.behaviour = lambda _: Answer(is_silent=True)
    engine, egress = make_openai_engine(openai, seconds=0.3)
    with pytest.raises(HearingUnavailableError, match=r"no answer within 0\.3 s"):
        await engine.hear(PIECE)
    await egress.aclose()


async def test_given_nobody_at_the_address_when_asked_then_it_may_be_tried_again(openai: OpenAiStandIn) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        egress = Egress(allow_networks=LOOPBACK, timeout_seconds=5.0)
        engine = OpenAiEngine(egress, url=f"http://127.0.0.1:{taken.getsockname()[1]}", key=None, model=MODEL)
        with pytest.raises(HearingUnavailableError):
            await engine.hear(PIECE)
        await egress.aclose()


async def test_given_an_address_inside_that_is_not_listed_when_asked_then_nothing_is_sent_and_it_has_failed(
    openai: OpenAiStandIn,
) -> None:
    egress = Egress(timeout_seconds=5.0)
    engine = OpenAiEngine(egress, url=openai.url, key=KEY, model=MODEL)
    with pytest.raises(HearingFailedError, match="OFFHOOK_TRANSCRIPTION_ALLOW_NETWORKS"):
        await engine.hear(PIECE)
    assert openai.asked == []
    await egress.aclose()
