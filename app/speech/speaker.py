"""From a text to something Asterisk plays: checked, given a voice, spoken once, kept."""

import asyncio
import errno
import hmac
from collections.abc import Sequence
from weakref import WeakValueDictionary

import msgspec
import structlog

from app.clock import Clock
from app.errors import Problem, RefusedError
from app.speech import samples, texts
from app.speech.cache import ContentKey, SpeechCache, content_key
from app.speech.engine import SpeechEngine, SpeechUnavailableError, Spoken, not_supported
from app.speech.model import DEFAULT_LANGUAGE, SAMPLE_RATES, MediaUri, Speech, Voice, VoiceSettings
from app.speech.urls import MediaUrls
from app.speech.words import EngineType

_log = structlog.get_logger(__name__)

#: The first choice among an engine's voices of a language, if it is there; other languages take their first.
_PREFERRED = "Joanna"


class Speaker:
    """``engines`` in the order in which they are asked for a voice that was not named. ``secret`` names the sounds.

    What is put together of several texts goes into ``passing`` (else where all else goes): it is kept for one call.
    """

    def __init__(
        self,
        engines: Sequence[SpeechEngine],
        cache: SpeechCache,
        urls: MediaUrls,
        clock: Clock,
        *,
        secret: bytes,
        sample_rate: int = SAMPLE_RATES[0],
        passing: SpeechCache | None = None,
    ) -> None:
        self._engines = tuple(engines)
        self._cache = cache
        self._passing = passing or cache
        self._urls = urls
        self._clock = clock
        self._secret = secret
        self._sample_rate = sample_rate
        self._locks: WeakValueDictionary[ContentKey, asyncio.Lock] = WeakValueDictionary()

    async def list_voices(self) -> list[Voice]:
        """The voices of all engines that answer.

        Raises:
            SpeechUnavailableError: none does.
        """
        voices: list[Voice] = []
        failure: SpeechUnavailableError | None = None
        for engine in self._engines:
            try:
                voices += await engine.list_voices()
            except SpeechUnavailableError as error:
                _log.warning("voices_unknown", engine=engine.engine.value, reason=error.message)
                failure = failure or error
        if not voices and failure is not None:
            raise failure
        return voices

    async def render(self, account_id: str, speech: Speech, *, sample_rate: int | None = None) -> MediaUri:
        """What to have Asterisk play, so that this is heard. On return the sound is made.

        ``sample_rate``: 8000 or 16000; None: as the operator has set it.

        Raises:
            RefusedError: REQUIRED, INVALID_INPUT, for the text or a setting; NOT_FOUND, there is no such voice;
                SPEECH_NOT_SUPPORTED, the voice does not do this.
            SpeechUnavailableError, OverloadedError: see ``engine``.
        """
        key = await self._make(account_id, speech)
        return self._urls.media(key, sample_rate or self._sample_rate, self._clock.now())

    async def render_joined(
        self, account_id: str, name: str, parts: Sequence[Speech | float], *, sample_rate: int | None = None
    ) -> MediaUri:
        """As :meth:`render`, for several texts one after the other, with pauses (seconds) where a part is a number.

        Each text is spoken, and kept, by itself: who speaks them never has the whole. The whole is kept under ``name``,
        which must stand for the parts, until it is forgotten.

        Raises:
            RefusedError, SpeechUnavailableError, OverloadedError: as :meth:`render`.
        """
        key = self._name(account_id, name)
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:
            if not await asyncio.to_thread(_has, self._passing, key):
                keys = [part if isinstance(part, float) else await self._make(account_id, part) for part in parts]
                try:
                    await asyncio.to_thread(self._join, key, keys)
                except OSError as error:
                    _log.error("speech_not_kept", reason=error.strerror)
                    raise SpeechUnavailableError("The disk does not keep what was spoken.") from error
        return self._urls.media(key, sample_rate or self._sample_rate, self._clock.now())

    async def find_joined(self, account_id: str, name: str, *, sample_rate: int | None = None) -> MediaUri | None:
        """What :meth:`render_joined` gave for this name, while it is kept here."""
        key = self._name(account_id, name)
        is_here = await asyncio.to_thread(_has, self._passing, key)
        return self._urls.media(key, sample_rate or self._sample_rate, self._clock.now()) if is_here else None

    async def forget_joined(self, account_id: str, name: str) -> None:
        """Nobody is to hear it again."""
        await asyncio.to_thread(self._passing.drop, self._name(account_id, name), SAMPLE_RATES)

    def _name(self, account_id: str, name: str) -> ContentKey:
        content = msgspec.json.encode(("joined", account_id, name))
        return ContentKey(hmac.digest(self._secret, content, "sha256").hex())

    def _join(self, key: ContentKey, parts: "Sequence[ContentKey | float]") -> None:
        files = {}
        for rate in SAMPLE_RATES:
            pieces = []
            for part in parts:
                if isinstance(part, float):
                    pieces.append(samples.silence(part, rate))
                    continue
                wav = self._cache.read(part, rate)
                if wav is None:
                    raise OSError(errno.ENOENT, "what was spoken is gone already")
                pieces.append(samples.trim(samples.read_spoken(wav).samples))
            files[rate] = samples.write_wav(b"".join(pieces), rate)
        self._passing.put(key, files)

    async def _make(self, account_id: str, speech: Speech) -> ContentKey:
        """Have it spoken, unless it was; gives where it is kept."""
        problems = [*texts.check_text(speech.text, "text"), *texts.check_settings(speech.settings)]
        if problems:
            raise RefusedError(problems)
        speech = Speech(text=texts.fold(speech.text), settings=speech.settings)
        engine, voice, language = await self._cast(speech.settings)
        key = content_key(self._secret, account_id, speech, voice, language)
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:  # who asks for the same at the same time waits for the one who makes it
            if not await asyncio.to_thread(_has, self._cache, key):
                spoken = await engine.speak(speech, voice, language)
                try:
                    await asyncio.to_thread(self._keep, key, spoken)
                except OSError as error:
                    _log.error("speech_not_kept", reason=error.strerror)
                    raise SpeechUnavailableError("The disk does not keep what was spoken.") from error
        return key

    async def check(self, settings: VoiceSettings) -> None:
        """Whether there is such a voice and it can do this; for settings that are stored.

        Raises:
            RefusedError, SpeechUnavailableError: as :meth:`render`.
        """
        problems = texts.check_settings(settings)
        if problems:
            raise RefusedError(problems)
        await self._cast(settings)

    def _keep(self, key: ContentKey, spoken: Spoken) -> None:
        self._cache.put(key, {rate: samples.write_wav(samples.convert(spoken, rate), rate) for rate in SAMPLE_RATES})

    async def _cast(self, settings: VoiceSettings) -> tuple[SpeechEngine, Voice, str]:
        """The engine, the voice and its language for these settings."""
        if settings.voice is None:
            engine = self._engines[0]
            voice, language = choose_voice(await engine.list_voices(), settings)
            engine.check(settings, voice)
            return engine, voice, language
        failure: SpeechUnavailableError | None = None
        for engine in self._engines:
            try:
                voices = await engine.list_voices()
            except SpeechUnavailableError as error:
                failure = failure or error
                continue
            for voice in voices:
                if voice.id == settings.voice:
                    language = language_of(voice, settings.language)
                    engine.check(settings, voice)
                    return engine, voice, language
        if failure is not None:
            raise failure
        raise RefusedError(Problem("NOT_FOUND", "There is no such voice; `voices` lists them.", ("voice", "id")))


def _has(cache: SpeechCache, key: ContentKey) -> bool:
    return all(cache.has(key, rate) for rate in SAMPLE_RATES)


def choose_voice(voices: Sequence[Voice], settings: VoiceSettings) -> tuple[Voice, str]:
    """A voice for a language: of that very language, else of what it is a kind of, else of a kind of it.

    Raises:
        RefusedError: SPEECH_NOT_SUPPORTED.
    """
    wanted = settings.language or DEFAULT_LANGUAGE
    able = [voice for voice in voices if settings.engine_type in voice.engine_types]
    if not able:
        raise not_supported(f"No voice here is {settings.engine_type.lower()}.", "engineType")
    for fits in (_is_same, _is_broader, _is_narrower):
        found = [(voice, one) for voice in able for one in voice.languages if fits(one, wanted)]
        if found:
            return next((pair for pair in found if pair[0].id == _PREFERRED), found[0])
    kind = "" if settings.engine_type is EngineType.STANDARD else f" {settings.engine_type.lower()}"
    raise not_supported(f"No{kind} voice speaks this language.", "languageCode")


def language_of(voice: Voice, wanted: str | None) -> str:
    """In which of its languages a voice that was named is to speak.

    Raises:
        RefusedError: SPEECH_NOT_SUPPORTED.
    """
    if wanted is None:
        return voice.languages[0]
    for fits in (_is_same, _is_broader, _is_narrower):
        for one in voice.languages:
            if fits(one, wanted):
                return one
    raise not_supported("This voice does not speak this language.", "languageCode")


def _is_same(language: str, wanted: str) -> bool:
    return language.lower() == wanted.lower()


def _is_broader(language: str, wanted: str) -> bool:
    return wanted.lower().startswith(f"{language.lower()}-")


def _is_narrower(language: str, wanted: str) -> bool:
    return language.lower().startswith(f"{wanted.lower()}-")
