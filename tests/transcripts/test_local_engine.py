"""The local engine: what it hears without phrases, what it refuses, and a recogniser that misbehaves."""

import sys
import textwrap
from pathlib import Path

import pytest

from app.speech.samples import silence
from app.transcripts.engine import HearingFailedError, HearingUnavailableError, Piece
from app.transcripts.local_engine import LocalEngine
from tests.transcripts.conftest import RATE, Say


def _piece(samples: bytes = bytes(2 * RATE), *phrases: str, language: str = "en-US") -> Piece:
    return Piece(samples=samples, sample_rate=RATE, language=language, phrases=phrases)


def _program(tmp_path: Path, text: str) -> tuple[str, ...]:
    path = tmp_path / "recogniser.py"
    path.write_text(textwrap.dedent(text))
    return (sys.executable, str(path))


async def test_given_free_english_when_heard_then_there_are_words_and_a_time(
    local_engine: LocalEngine, say: Say
) -> None:
    (heard,) = await local_engine.hear(_piece(silence(0.5, RATE) + await say("yes forty two") + silence(0.5, RATE)))
    assert "forty two" in heard.text
    assert 0.2 < heard.start_seconds < heard.end_seconds < 4.0


async def test_given_a_word_that_is_not_in_its_dictionary_when_heard_then_it_has_failed_and_names_it(
    local_engine: LocalEngine,
) -> None:
    with pytest.raises(HearingFailedError, match="“zyxwoq”"):
        await local_engine.hear(_piece(bytes(2 * RATE), "please zyxwoq"))


@pytest.mark.parametrize("phrase", ["a ) | ( b", "hello;", "<said>", "café", "42"])
async def test_given_phrases_that_are_grammar_or_no_english_when_heard_then_they_are_refused_or_plain_words(
    local_engine: LocalEngine, phrase: str
) -> None:
    if phrase == "hello;":
        assert list(await local_engine.hear(_piece(bytes(2 * RATE), phrase))) == []
        return
    with pytest.raises(HearingFailedError):
        await local_engine.hear(_piece(bytes(2 * RATE), phrase))


async def test_given_another_language_when_heard_then_it_has_failed_and_says_what_it_hears() -> None:
    with pytest.raises(HearingFailedError, match="English alone"):
        await LocalEngine().hear(_piece(language="de-DE"))


async def test_given_a_machine_without_pocketsphinx_when_heard_then_it_says_how_to_get_an_engine(
    tmp_path: Path,
) -> None:
    (tmp_path / "pocketsphinx.py").write_text("raise ImportError('it is not there')\n")
    engine = LocalEngine(environment={"PYTHONPATH": str(tmp_path)})
    with pytest.raises(HearingFailedError, match=r"pip install 'offhook\[transcription\]'.*OFFHOOK_TRANSCRIPTION_URL"):
        await engine.hear(_piece())


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("import sys; sys.exit(3)", "status 3"),
        ("print('no JSON')", "cannot be read"),
        ("print('x' * 2_000_000)", "too much"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "status -11"),
    ],
)
async def test_given_a_recogniser_that_fails_when_heard_then_it_may_be_tried_again(
    tmp_path: Path, program: str, message: str
) -> None:
    with pytest.raises(HearingUnavailableError, match=message):
        await LocalEngine(_program(tmp_path, program)).hear(_piece(bytes(2_000_000)))


async def test_given_a_recogniser_that_hangs_when_heard_then_it_is_ended_in_time(tmp_path: Path) -> None:
    engine = LocalEngine(_program(tmp_path, "import time; time.sleep(600)"), timeout_seconds=0.5)
    with pytest.raises(HearingUnavailableError, match=r"did not end within 0\.5 s"):
        await engine.hear(_piece())


async def test_given_no_program_when_heard_then_it_may_be_tried_again() -> None:
    with pytest.raises(HearingUnavailableError, match="cannot be started"):
        await LocalEngine(("/nowhere/python",)).hear(_piece())
