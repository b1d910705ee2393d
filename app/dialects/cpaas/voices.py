"""How something is to be spoken. Clients know another service's voices by name; here it is whichever there are."""

import re
from typing import Any, Final

from app.dialects.cpaas.given import Given
from app.dialects.desk import Desk

_VOICES: Final = "query CpaasVoices { voices { id languageCodes engineTypes } }"

_LEVELS: Final = {"low": "LOW", "medium": "MEDIUM", "high": "HIGH"}
_PITCHES: Final = {"x-low": "X_LOW", **_LEVELS, "x-high": "X_HIGH"}
_RATES: Final = {"x-slow": "X_SLOW", "slow": "SLOW", "medium": "MEDIUM", "fast": "FAST", "x-fast": "X_FAST"}
_VOLUMES: Final = {
    "silent": "SILENT",
    "x-soft": "X_SOFT",
    "soft": "SOFT",
    "medium": "MEDIUM",
    "loud": "LOUD",
    "x-loud": "X_LOUD",
}
_ENGINES: Final = {"standard": "STANDARD", "neural": "NEURAL"}
_GIVEN_NAME: Final = re.compile(r"[A-Za-z]{2,32}")
_DEFAULT_LANGUAGE: Final = "en-US"


async def read_voice(desk: Desk, given: Given) -> dict[str, Any] | None:
    """The schema's input for what is given of a voice; None when nothing is.

    A voice that is not there is another of its language, and a kind of speech that nobody has is the standard one: what
    matters is that it is said. What is no name at all is left for the schema to refuse.

    Raises:
        GivenRefusedError: a word that is none of the document's.
        AskRefusedError: the voices cannot be asked for.
    """
    name, language = given.text("voice"), given.text("language_code")
    engine = given.word("tts_engine_type", _ENGINES)
    found = {
        "volume": given.word("volume", _VOLUMES),
        "rate": given.word("rate", _RATES),
        "pitch": given.word("pitch", _PITCHES),
        "languageCode": None if language is None else language.replace(" ", ""),
    }
    voice = {key: value for key, value in found.items() if value is not None}
    if name is not None or engine == "NEURAL":
        known = (await desk.ask(_VOICES))["voices"]
        voice |= choose_voice(known, name, voice.pop("languageCode", None), is_neural=engine == "NEURAL")
    return voice or None


def choose_voice(
    known: list[dict[str, Any]], name: str | None, language: str | None, *, is_neural: bool
) -> dict[str, Any]:
    """Voice, language and kind of speech, out of those there are. Pure."""
    named = next((one for one in known if name is not None and one["id"].lower() == name.lower()), None)
    chosen: dict[str, Any] = {} if language is None else {"languageCode": language}
    if named is not None:
        chosen["id"] = named["id"]
        if language is not None and language.lower() not in {one.lower() for one in named["languageCodes"]}:
            del chosen["languageCode"]  # a voice speaks its own language; that of a page of examples is another
    elif name is not None and _GIVEN_NAME.fullmatch(name) is None:
        chosen["id"] = name
    spoken = (language or _DEFAULT_LANGUAGE).lower()
    able = [named] if named else [one for one in known if spoken in {code.lower() for code in one["languageCodes"]}]
    if is_neural and any("NEURAL" in one["engineTypes"] for one in able):
        chosen["engineType"] = "NEURAL"
    return chosen
