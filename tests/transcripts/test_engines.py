"""What both engines do alike: a sentence that somebody says is written down, with the time that it was said at."""

import pytest

from app.speech import samples
from app.speech.samples import silence
from app.transcripts.engine import HearingEngine, Piece
from app.transcripts.local_engine import LocalEngine
from app.transcripts.openai_engine import OpenAiEngine
from tests.transcripts.conftest import RATE, Say
from tests.transcripts.openai_stand_in import OpenAiStandIn

INVOICE = "send the invoice to the office on monday"
SALES = "i would like to speak to the sales department please"
PHRASES = (INVOICE, SALES, "please call me tomorrow", "no thank you", "send me the money")


@pytest.fixture(params=["local", "openai"])
def engine(
    request: pytest.FixtureRequest, local_engine: LocalEngine, openai_engine: OpenAiEngine, openai: OpenAiStandIn
) -> HearingEngine:
    openai.says = [INVOICE, SALES]
    return local_engine if request.param == "local" else openai_engine


def seconds_of(sound: bytes) -> float:
    return len(sound) / 2 / RATE


async def test_given_a_sentence_that_somebody_says_when_heard_then_it_is_written_down_with_its_time(
    engine: HearingEngine, say: Say
) -> None:
    spoken = await say(INVOICE)
    piece = Piece(
        samples=silence(1.0, RATE) + spoken + silence(1.0, RATE), sample_rate=RATE, language="en-US", phrases=PHRASES
    )
    (heard,) = await engine.hear(piece)
    assert heard.text == INVOICE
    assert heard.start_seconds == pytest.approx(1.0, abs=0.3)
    assert heard.end_seconds == pytest.approx(1.0 + seconds_of(spoken), abs=0.4)
    assert heard.confidence is not None
    assert 0.3 < heard.confidence <= 1.0


async def test_given_two_sentences_with_a_pause_when_heard_then_they_come_one_after_the_other(
    engine: HearingEngine, say: Say
) -> None:
    first, second = await say(INVOICE), await say(SALES)
    gap = silence(1.5, RATE)
    piece = Piece(samples=first + gap + second, sample_rate=RATE, language="en-US", phrases=PHRASES)
    heard = await engine.hear(piece)
    assert [one.text for one in heard] == [INVOICE, SALES]
    assert heard[0].end_seconds <= heard[1].start_seconds
    assert heard[1].start_seconds == pytest.approx(seconds_of(first) + 1.5, abs=0.4)
    # A recogniser hears the end a moment after it.
    assert heard[1].end_seconds <= seconds_of(piece.samples) + 0.5


async def test_given_a_piece_in_which_nobody_speaks_when_heard_then_nothing_is_made_up(engine: HearingEngine) -> None:
    piece = Piece(samples=silence(2.0, RATE), sample_rate=RATE, language="en-US", phrases=PHRASES)
    assert list(await engine.hear(piece)) == []


async def test_given_a_piece_at_16_khz_when_heard_then_its_times_are_seconds_as_well(
    engine: HearingEngine, say: Say
) -> None:
    spoken = await say(INVOICE)
    wide = samples.to_bytes(samples.resample(samples.from_bytes(spoken), RATE, 2 * RATE))
    piece = Piece(
        samples=silence(1.0, 2 * RATE) + wide + silence(0.5, 2 * RATE),
        sample_rate=2 * RATE,
        language="en-US",
        phrases=PHRASES,
    )
    (heard,) = await engine.hear(piece)
    assert heard.text == INVOICE
    assert heard.start_seconds == pytest.approx(1.0, abs=0.3)
