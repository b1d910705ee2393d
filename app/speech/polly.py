"""Amazon Polly, over its HTTP API: ``POST /v1/speech`` and ``GET /v1/voices``, signed with version 4."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode
from xml.sax.saxutils import escape

import httpx
import structlog

from app.clock import Clock
from app.errors import Problem, RefusedError
from app.speech import sigv4
from app.speech.engine import SpeechUnavailableError, Spoken, not_supported
from app.speech.model import Speech, Voice, VoiceSettings
from app.speech.words import Engine, EngineType, Gender, Pitch, Rate, Volume
from app.waiting import Room

_log = structlog.get_logger(__name__)

TIMEOUT_SECONDS: Final = 10.0
#: Of PCM; Polly gives no more, and both our rates are made of it.
SAMPLE_RATE: Final = 16_000
MOST_BYTES: Final = 30_000_000
_VOICES_SECONDS: Final = 3600.0
_MOST_PAGES: Final = 20
_THROTTLED_SECONDS: Final = 1.0
_SERVICE: Final = "polly"
_ENGINES: Final = {"standard": EngineType.STANDARD, "neural": EngineType.NEURAL}
_GENDERS: Final = {"Female": Gender.FEMALE, "Male": Gender.MALE}
_TEXT_ERRORS: Final = {
    "TextLengthExceededException": "This is too long for Amazon Polly: make it shorter.",
    "InvalidSsmlException": "Amazon Polly does not speak this text.",
}
_UNSUPPORTED_ERRORS: Final = {
    "LanguageNotSupportedException": ("This voice does not speak this language.", "languageCode"),
    "EngineNotSupportedException": ("This voice is not there in this engine type.", "engineType"),
}
_SERVER_ERROR: Final = 500
_TOO_MANY: Final = 429


class PollyEngine:
    """``url`` is the service's in the region, such as ``https://polly.eu-central-1.amazonaws.com``."""

    def __init__(
        self,
        *,
        url: str,
        region: str,
        credentials: sigv4.Credentials,
        clock: Clock,
        timeout_seconds: float = TIMEOUT_SECONDS,
        most_at_once: int = 8,
        most_waiting: int = 256,
    ) -> None:
        self._url = url.rstrip("/")
        self._region = region
        self._credentials = credentials
        self._clock = clock
        self._timeout_seconds = timeout_seconds
        self._room = Room("speech", most_at_once=most_at_once, most_waiting=most_waiting)
        self._client = httpx.AsyncClient(timeout=timeout_seconds, trust_env=False, follow_redirects=False)
        self._voices: tuple[Voice, ...] = ()
        self._voices_at = float("-inf")
        self._listing = asyncio.Lock()
        self._failure: SpeechUnavailableError | None = None
        self._failed_at = float("-inf")

    async def aclose(self) -> None:
        """Let go of the connections."""
        await self._client.aclose()

    @property
    def engine(self) -> Engine:
        return Engine.POLLY

    async def list_voices(self) -> Sequence[Voice]:
        """All standard and neural voices of the region; asked for once an hour.

        Whoever waits for another's asking shares what comes of it: nobody waits for longer than one time-out.
        """
        loop = asyncio.get_running_loop()
        came_at = loop.time()
        async with self._listing:
            if self._failure is not None and self._failed_at > came_at:
                raise _again(self._failure)
            if loop.time() - self._voices_at < _VOICES_SECONDS:
                return self._voices
            try:
                async with asyncio.timeout(self._timeout_seconds):
                    self._voices = await self._ask_for_voices()
            except TimeoutError:  # of all pages together
                self._failure, self._failed_at = self._too_late(), loop.time()
                raise _again(self._failure) from None
            except SpeechUnavailableError as error:
                self._failure, self._failed_at = _again(error), loop.time()
                raise
            self._voices_at = loop.time()
            return self._voices

    async def _ask_for_voices(self) -> tuple[Voice, ...]:
        voices: list[Voice] = []
        token: str | None = None
        for _ in range(_MOST_PAGES):
            query = {} if token is None else {"NextToken": token}
            page = _read_json(await self._ask("GET", "/v1/voices", query, b""))
            try:
                voices += [voice for one in page["Voices"] if (voice := _read_voice(one)) is not None]
                token = page.get("NextToken")
            except (KeyError, TypeError, AttributeError) as error:
                raise SpeechUnavailableError("Amazon Polly's list of voices cannot be read.") from error
            if token is None:
                break
        return tuple(voices)

    def _too_late(self) -> SpeechUnavailableError:
        return SpeechUnavailableError(f"Amazon Polly did not answer within {self._timeout_seconds:g} s.")

    def check(self, settings: VoiceSettings, voice: Voice) -> None:
        if settings.engine_type not in voice.engine_types:
            raise not_supported(f"{voice.name} has no {settings.engine_type.lower()} voice.", "engineType")
        if settings.engine_type is EngineType.NEURAL and settings.pitch is not Pitch.MEDIUM:
            raise not_supported("Amazon Polly's neural voices have no pitch: leave it at MEDIUM.", "pitch")

    async def speak(self, speech: Speech, voice: Voice, language: str) -> Spoken:
        settings = speech.settings
        self.check(settings, voice)
        text, kind = write_text(speech.text, settings)
        body = json.dumps(
            {
                "Engine": settings.engine_type.lower(),
                "LanguageCode": language,
                "OutputFormat": "pcm",
                "SampleRate": str(SAMPLE_RATE),
                "Text": text,
                "TextType": kind,
                "VoiceId": voice.id,
            },
            ensure_ascii=False,
            separators=(",", ":"),
        ).encode()
        answer = await self._ask("POST", "/v1/speech", {}, body)
        if not answer:
            raise RefusedError(Problem("INVALID_INPUT", "This voice finds nothing to say in the text.", ("text",)))
        if len(answer) % 2:
            raise SpeechUnavailableError("Amazon Polly's answer was cut off.")
        return Spoken(answer, SAMPLE_RATE)

    async def _ask(self, method: str, path: str, query: Mapping[str, str], body: bytes) -> bytes:
        url = self._url + path + (f"?{urlencode(query)}" if query else "")
        headers = {"Content-Type": "application/json"} if body else {}
        async with self._room.entered():
            signed = sigv4.sign(
                method,
                url,
                headers,
                body,
                credentials=self._credentials,
                region=self._region,
                service=_SERVICE,
                now=self._clock.now(),
            )
            try:
                async with (
                    asyncio.timeout(self._timeout_seconds),
                    self._client.stream(method, url, headers=signed, content=body) as response,
                ):
                    answer = bytearray()
                    async for block in response.aiter_bytes():
                        answer += block
                        if len(answer) > MOST_BYTES:
                            message = "This takes too long to say: make it shorter."
                            raise RefusedError(Problem("INVALID_INPUT", message, ("text",)))
            except TimeoutError:
                raise self._too_late() from None
            except httpx.HTTPError as error:
                # Its own text may quote addresses.
                raise SpeechUnavailableError(f"Amazon Polly cannot be reached ({type(error).__name__}).") from error
        if response.status_code != httpx.codes.OK:
            raise _as_error(response, bytes(answer))
        return bytes(answer)


def write_text(text: str, settings: VoiceSettings) -> tuple[str, str]:
    """The text and its type, ``text`` or ``ssml``: prosody can only be said in SSML."""
    prosody = [
        f'{name}="{value.lower().replace("_", "-")}"'
        for name, value, usual in (
            ("volume", settings.volume, Volume.MEDIUM),
            ("rate", settings.rate, Rate.MEDIUM),
            ("pitch", settings.pitch, Pitch.MEDIUM),
        )
        if value is not usual
    ]
    if not prosody:
        return text, "text"
    return f"<speak><prosody {' '.join(prosody)}>{escape(text)}</prosody></speak>", "ssml"


def _read_voice(said: Mapping[str, Any]) -> Voice | None:
    types = tuple(_ENGINES[one] for one in said["SupportedEngines"] if one in _ENGINES)
    if not types:
        return None
    return Voice(
        id=said["Id"],
        engine=Engine.POLLY,
        name=said["Name"],
        languages=(said["LanguageCode"], *said.get("AdditionalLanguageCodes", ())),
        gender=_GENDERS.get(said.get("Gender", ""), Gender.UNKNOWN),
        engine_types=types,
    )


def _again(error: SpeechUnavailableError) -> SpeechUnavailableError:
    """The same for somebody else, without the way that the first one took."""
    return SpeechUnavailableError(str(error), retry_after_seconds=error.retry_after_seconds)


def _read_json(answer: bytes) -> dict[str, Any]:
    try:
        read = json.loads(answer)
    except ValueError as error:
        raise SpeechUnavailableError("Amazon Polly's answer cannot be read.") from error
    if not isinstance(read, dict):
        raise SpeechUnavailableError("Amazon Polly's answer cannot be read.")
    return read


def _as_error(response: httpx.Response, answer: bytes) -> RefusedError | SpeechUnavailableError:
    """An error of Polly's as ours; its message may quote the text, so only its type is passed on."""
    name = response.headers.get("x-amzn-errortype", "").partition(":")[0]
    if not name:
        try:
            name = str(json.loads(answer)["__type"]).rpartition("#")[2]
        except (ValueError, KeyError, TypeError):
            name = "unknown"
    name = name if name.isalnum() else "unknown"
    if name in _TEXT_ERRORS:
        return RefusedError(Problem("INVALID_INPUT", _TEXT_ERRORS[name], ("text",)))
    if name in _UNSUPPORTED_ERRORS:
        message, field = _UNSUPPORTED_ERRORS[name]
        return not_supported(message, field)
    _log.warning("polly_refused", status=response.status_code, error=name)
    if response.status_code == _TOO_MANY or name.startswith(("Throttl", "TooManyRequests", "RequestLimit")):
        return SpeechUnavailableError(
            "Amazon Polly takes no more requests just now.", retry_after_seconds=_THROTTLED_SECONDS
        )
    if response.status_code >= _SERVER_ERROR:
        return SpeechUnavailableError(f"Amazon Polly failed (status {response.status_code}).")
    if response.status_code in {httpx.codes.FORBIDDEN, httpx.codes.UNAUTHORIZED}:
        return SpeechUnavailableError("Amazon Polly does not accept our credentials. The operator must mend that.")
    return SpeechUnavailableError(f"Amazon Polly refused the request ({name}).")
