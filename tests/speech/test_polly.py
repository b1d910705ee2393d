"""Amazon Polly, through a stand-in that checks each request: what is sent, and what becomes of each failure."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import structlog.testing

from app.errors import OverloadedError, RefusedError
from app.speech.engine import SpeechUnavailableError
from app.speech.model import Speech, Voice, VoiceSettings
from app.speech.polly import PollyEngine
from app.speech.words import EngineType, Pitch, Rate, Volume
from tests.speech.conftest import make_polly_engine
from tests.speech.polly_stand_in import Answer, Asked, PollyStandIn, failure, pcm, what_is_wrong_with_signature

SPEECH = Speech(text="Your code is 4711.")


async def _joanna(polly: PollyEngine) -> Voice:
    return next(voice for voice in await polly.list_voices() if voice.id == "Joanna")


async def _fail(polly: PollyEngine, speech: Speech = SPEECH) -> Exception:
    with pytest.raises((SpeechUnavailableError, RefusedError)) as raised:
        await polly.speak(speech, await _joanna(polly), "en-US")
    assert "4711" not in str(raised.value)
    return raised.value


async def test_given_pages_of_voices_when_listed_then_all_that_can_be_used_are_there(
    polly: PollyEngine, polly_stand_in: PollyStandIn
) -> None:
    voices = {voice.id: voice for voice in await polly.list_voices()}
    assert list(voices) == ["Ivy", "Lotte", "Joanna", "Aditi", "Olivia"]
    assert voices["Aditi"].languages == ("en-IN", "hi-IN")
    assert voices["Joanna"].engine_types == (EngineType.NEURAL, EngineType.STANDARD)
    await polly.list_voices()
    assert len(polly_stand_in.asked) == 2  # the second time they were known


async def test_given_a_plain_text_when_spoken_then_the_request_is_this_to_the_byte(
    polly: PollyEngine, polly_stand_in: PollyStandIn
) -> None:
    spoken = await polly.speak(Speech(text="Grüße & <3"), await _joanna(polly), "en-US")
    (asked,) = polly_stand_in.spoken
    assert (
        asked.body
        == (
            '{"Engine":"standard","LanguageCode":"en-US","OutputFormat":"pcm","SampleRate":"16000",'
            '"Text":"Grüße & <3","TextType":"text","VoiceId":"Joanna"}'
        ).encode()
    )
    assert asked.headers["content-type"] == "application/json"
    assert spoken.sample_rate == 16_000
    assert spoken.samples == pcm(0.15)


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        (VoiceSettings(volume=Volume.X_SOFT), '<speak><prosody volume="x-soft">A &amp; B</prosody></speak>'),
        (VoiceSettings(rate=Rate.X_SLOW), '<speak><prosody rate="x-slow">A &amp; B</prosody></speak>'),
        (
            VoiceSettings(volume=Volume.SILENT, rate=Rate.FAST, pitch=Pitch.X_HIGH),
            '<speak><prosody volume="silent" rate="fast" pitch="x-high">A &amp; B</prosody></speak>',
        ),
    ],
)
async def test_given_settings_when_spoken_then_they_are_prosody_around_escaped_text(
    polly: PollyEngine, polly_stand_in: PollyStandIn, settings: VoiceSettings, text: str
) -> None:
    await polly.speak(Speech(text="A & B", settings=settings), await _joanna(polly), "en-US")
    asked = polly_stand_in.spoken[0].json
    assert (asked["TextType"], asked["Text"]) == ("ssml", text)


async def test_given_a_neural_voice_when_spoken_then_the_engine_is_neural_and_volume_and_rate_go_with_it(
    polly: PollyEngine, polly_stand_in: PollyStandIn
) -> None:
    settings = VoiceSettings(engine_type=EngineType.NEURAL, volume=Volume.LOUD, rate=Rate.SLOW)
    await polly.speak(Speech(text="Hi", settings=settings), await _joanna(polly), "en-US")
    assert polly_stand_in.spoken[0].json["Engine"] == "neural"


async def test_given_a_neural_voice_when_a_pitch_is_asked_for_then_it_is_refused_and_nothing_is_paid_for(
    polly: PollyEngine, polly_stand_in: PollyStandIn
) -> None:
    error = await _fail(
        polly, Speech(text="Hi", settings=VoiceSettings(engine_type=EngineType.NEURAL, pitch=Pitch.HIGH))
    )
    assert isinstance(error, RefusedError)
    assert (error.problems[0].code, error.problems[0].field) == ("SPEECH_NOT_SUPPORTED", ("voice", "pitch"))
    assert polly_stand_in.spoken == []


async def test_given_a_second_language_of_a_voice_when_spoken_then_polly_is_told_which(
    polly: PollyEngine, polly_stand_in: PollyStandIn
) -> None:
    aditi = next(voice for voice in await polly.list_voices() if voice.id == "Aditi")
    await polly.speak(SPEECH, aditi, "hi-IN")
    assert polly_stand_in.spoken[0].json["LanguageCode"] == "hi-IN"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (failure(400, "ThrottlingException"), "SPEECH_UNAVAILABLE"),
        (failure(429, "TooManyRequestsException"), "SPEECH_UNAVAILABLE"),
        (failure(500, "ServiceFailureException"), "SPEECH_UNAVAILABLE"),
        (failure(503, "unknown", in_header=False), "SPEECH_UNAVAILABLE"),
        (Answer(502, {}, b"<html>bad gateway</html>"), "SPEECH_UNAVAILABLE"),
        (Answer(302, {"Location": "http://169.254.169.254/"}, b""), "SPEECH_UNAVAILABLE"),
        (failure(403, "UnrecognizedClientException"), "SPEECH_UNAVAILABLE"),
        (failure(403, "AccessDeniedException", in_header=False), "SPEECH_UNAVAILABLE"),
        (failure(400, "InvalidSampleRateException"), "SPEECH_UNAVAILABLE"),
        (failure(400, "TextLengthExceededException"), "INVALID_INPUT"),
        (failure(400, "TextLengthExceededException", in_header=False), "INVALID_INPUT"),
        (failure(400, "InvalidSsmlException"), "INVALID_INPUT"),
        (failure(400, "LanguageNotSupportedException"), "SPEECH_NOT_SUPPORTED"),
        (failure(400, "EngineNotSupportedException"), "SPEECH_NOT_SUPPORTED"),
        (Answer(200, {}, b""), "INVALID_INPUT"),
        (Answer(200, {}, b"\x00\x00\x00"), "SPEECH_UNAVAILABLE"),
        (Answer(200, {}, pcm(1.0), is_cut=True), "SPEECH_UNAVAILABLE"),
    ],
)
async def test_given_a_failure_when_spoken_then_it_is_typed_and_neither_error_nor_log_quotes_the_text(
    polly: PollyEngine, polly_stand_in: PollyStandIn, answer: Answer, code: str
) -> None:
    polly_stand_in.behaviour = lambda _: answer
    with structlog.testing.capture_logs() as logs:
        error = await _fail(polly)
    assert "4711" not in repr(logs)
    if isinstance(error, RefusedError):
        assert [problem.code for problem in error.problems] == [code]
    else:
        assert isinstance(error, SpeechUnavailableError)
        assert (error.code, error.retryable) == (code, True)


async def test_given_throttling_when_spoken_then_the_error_says_when_to_come_again_and_then_it_works(
    polly: PollyEngine, polly_stand_in: PollyStandIn
) -> None:
    usual = polly_stand_in.behaviour
    polly_stand_in.behaviour = lambda _: failure(400, "ThrottlingException")
    error = await _fail(polly)
    assert isinstance(error, SpeechUnavailableError)
    assert error.retry_after_seconds == 1.0
    polly_stand_in.behaviour = usual
    assert (await polly.speak(SPEECH, await _joanna(polly), "en-US")).samples


async def test_given_a_service_that_says_nothing_when_spoken_then_it_times_out(polly_stand_in: PollyStandIn) -> None:
    patient, hasty = make_polly_engine(polly_stand_in), make_polly_engine(polly_stand_in, timeout_seconds=0.5)
    voice = await _joanna(patient)
    polly_stand_in.behaviour = lambda _: Answer(is_silent=True)
    with pytest.raises(SpeechUnavailableError):
        await hasty.speak(SPEECH, voice, "en-US")
    await patient.aclose()
    await hasty.aclose()


async def test_given_a_service_that_says_nothing_when_voices_are_listed_then_all_who_wait_are_told_at_once(
    polly_stand_in: PollyStandIn,
) -> None:
    usual, pages = polly_stand_in.listing, 0

    def answer(asked: Asked) -> Answer:
        """The first page comes, the second never does."""
        nonlocal pages
        pages += 1
        return usual(asked) if pages == 1 else Answer(is_silent=True)

    polly_stand_in.listing = answer
    hasty = make_polly_engine(polly_stand_in, timeout_seconds=0.5)
    waiting = await asyncio.gather(*(hasty.list_voices() for _ in range(20)), return_exceptions=True)
    assert {(type(one), str(one)) for one in waiting} == {
        (SpeechUnavailableError, "Amazon Polly did not answer within 0.5 s.")
    }
    assert pages == 2, "one asked for all"
    polly_stand_in.listing = usual
    assert len(await hasty.list_voices()) == 5
    await hasty.aclose()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(503, body=b"busy"), "Amazon Polly"),
        (Answer(headers={"Content-Type": "application/json"}, body=b"<html>"), "Amazon Polly"),
        (Answer(headers={"Content-Type": "application/json"}, body=b'{"Voices": [1]}'), "cannot be read"),
        (Answer(headers={"Content-Type": "application/json"}, body=b'{"Voices": []}', is_cut=True), "Amazon Polly"),
    ],
)
async def test_given_a_service_that_fails_when_voices_are_listed_then_it_is_unavailable_and_asked_again(
    polly: PollyEngine, polly_stand_in: PollyStandIn, answer: Answer, said: str
) -> None:
    usual = polly_stand_in.listing
    polly_stand_in.listing = lambda _: answer
    with pytest.raises(SpeechUnavailableError, match=said):
        await polly.list_voices()
    polly_stand_in.listing = usual
    assert len(await polly.list_voices()) == 5


async def test_given_a_service_that_is_not_there_when_asked_then_it_is_unavailable(
    polly_stand_in: PollyStandIn,
) -> None:
    polly_stand_in.url = "http://127.0.0.1:9"
    polly = make_polly_engine(polly_stand_in)
    with pytest.raises(SpeechUnavailableError, match="cannot be reached"):
        await polly.list_voices()
    await polly.aclose()


async def test_given_another_secret_when_asked_then_the_stand_in_refuses_the_signature(
    polly_stand_in: PollyStandIn,
) -> None:
    polly = make_polly_engine(polly_stand_in, secret="another")
    with pytest.raises(SpeechUnavailableError, match="credentials"):
        await polly.list_voices()
    await polly.aclose()


@pytest.mark.parametrize(
    "change",
    [
        lambda asked: Asked(asked.method, asked.target, asked.headers, asked.body + b" "),
        lambda asked: Asked("PUT", asked.target, asked.headers, asked.body),
        lambda asked: Asked(asked.method, "/v1/lexicons", asked.headers, asked.body),
        lambda asked: Asked(asked.method, asked.target, {**asked.headers, "host": "evil.example"}, asked.body),
        lambda asked: Asked(asked.method, asked.target, {**asked.headers, "content-type": "text/x"}, asked.body),
    ],
)
async def test_given_a_request_that_was_changed_on_its_way_when_checked_then_the_signature_no_longer_fits(
    polly: PollyEngine, polly_stand_in: PollyStandIn, change: Callable[[Asked], Asked]
) -> None:
    await polly.speak(SPEECH, await _joanna(polly), "en-US")
    (asked,) = polly_stand_in.spoken
    assert what_is_wrong_with_signature(asked) is None
    assert what_is_wrong_with_signature(change(asked)) is not None


async def test_given_a_request_when_signed_then_the_date_is_of_now_and_utc(
    polly: PollyEngine, polly_stand_in: PollyStandIn
) -> None:
    await polly.list_voices()
    signed_at = datetime.strptime(polly_stand_in.asked[0].headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    assert abs((datetime.now(UTC) - signed_at).total_seconds()) < 300


async def test_given_too_many_that_wait_when_asked_then_it_is_said(polly_stand_in: PollyStandIn) -> None:
    patient = make_polly_engine(polly_stand_in)
    voice = await _joanna(patient)
    polly_stand_in.behaviour = lambda _: Answer(is_silent=True)
    busy = make_polly_engine(polly_stand_in)
    waiting = [asyncio.ensure_future(busy.speak(SPEECH, voice, "en-US")) for _ in range(8 + 256)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    with pytest.raises(OverloadedError):
        await busy.speak(SPEECH, voice, "en-US")
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    await patient.aclose()
    await busy.aclose()
