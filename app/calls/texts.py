"""The caller's own texts and limits, checked before anything else is done with them. Pure."""

import math
import unicodedata
from typing import Final

from app.errors import Problem
from app.facts.vocabulary import Pair
from app.ids import is_variable_name

LONGEST_EXTERNAL_ID: Final = 255
MOST_PAIRS: Final = 50
LONGEST_PAIR_KEY: Final = 64
LONGEST_PAIR_VALUE: Final = 1000
MOST_TAGS: Final = 20
LONGEST_TAG: Final = 64
SHORTEST_RING_SECONDS: Final = 1.0
LONGEST_RING_SECONDS: Final = 600.0
SHORTEST_TALK_SECONDS: Final = 1.0
LONGEST_TALK_SECONDS: Final = 86_400.0

LONGEST_MESSAGE_BYTES: Final = 800
LOWEST_PITCH: Final = 0.1
HIGHEST_PITCH: Final = 2.0
LONGEST_VARIABLE: Final = 255

#: Categories of characters that no single-line text may hold: controls, lone surrogates, line and paragraph ends.
_FORBIDDEN: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})


def is_plain_text(text: str, *, may_have_lines: bool = False) -> bool:
    """Whether a text is free of control characters and lone surrogates (and, mostly, of line ends)."""
    allowed = "\n\t" if may_have_lines else ""
    return all(char in allowed or unicodedata.category(char) not in _FORBIDDEN for char in text)


def check_external_id(text: str | None) -> list[Problem]:
    """What is wrong with the CRM's own id of a call."""
    if text is None or (1 <= len(text) <= LONGEST_EXTERNAL_ID and is_plain_text(text)):
        return []
    message = f"An external id has 1 to {LONGEST_EXTERNAL_ID} characters, none of them a control character."
    return [Problem("INVALID_INPUT", message, ("externalId",))]


def check_metadata(pairs: tuple[Pair, ...]) -> list[Problem]:
    """What is wrong with the caller's own pairs."""
    problems = []
    if len(pairs) > MOST_PAIRS:
        problems.append(Problem("INVALID_INPUT", f"A call has at most {MOST_PAIRS} pairs of metadata.", ("metadata",)))
    if len({pair.key for pair in pairs}) != len(pairs):
        problems.append(Problem("INVALID_INPUT", "A metadata key is given twice.", ("metadata",)))
    for number, pair in enumerate(pairs[:MOST_PAIRS]):
        if not 1 <= len(pair.key) <= LONGEST_PAIR_KEY or not is_plain_text(pair.key):
            message = f"A metadata key has 1 to {LONGEST_PAIR_KEY} characters, none of them a control character."
            problems.append(Problem("INVALID_INPUT", message, ("metadata", str(number), "key")))
        if len(pair.value) > LONGEST_PAIR_VALUE or not is_plain_text(pair.value, may_have_lines=True):
            message = f"A metadata value has at most {LONGEST_PAIR_VALUE} characters and no control characters."
            problems.append(Problem("INVALID_INPUT", message, ("metadata", str(number), "value")))
    return problems


def check_tags(tags: tuple[str, ...]) -> list[Problem]:
    """What is wrong with the caller's own tags."""
    problems = []
    if len(tags) > MOST_TAGS:
        problems.append(Problem("INVALID_INPUT", f"A call has at most {MOST_TAGS} tags.", ("tags",)))
    if len(set(tags)) != len(tags):
        problems.append(Problem("INVALID_INPUT", "A tag is given twice.", ("tags",)))
    for number, tag in enumerate(tags[:MOST_TAGS]):
        if not 1 <= len(tag) <= LONGEST_TAG or not is_plain_text(tag):
            message = f"A tag has 1 to {LONGEST_TAG} characters, none of them a control character."
            problems.append(Problem("INVALID_INPUT", message, ("tags", str(number))))
    return problems


def check_message(text: str, field: str) -> list[Problem]:
    """What is wrong with a text for a telephone's screen.

    Outside of a session a SIP MESSAGE as a whole stays under 1300 bytes (RFC 3428, section 8): the rest is headers.
    """
    size = len(text.encode(errors="surrogatepass"))
    if text.strip() and size <= LONGEST_MESSAGE_BYTES and is_plain_text(text, may_have_lines=True):
        return []
    message = (
        f"A message has some text, at most {LONGEST_MESSAGE_BYTES} bytes of UTF-8, and no control characters but line "
        "ends and tabs."
    )
    return [Problem("INVALID_INPUT", message, (field,))]


def check_pitch(pitch: float | None, field: str) -> list[Problem]:
    """What is wrong with how high a voice is to sound."""
    if pitch is None or (math.isfinite(pitch) and LOWEST_PITCH <= pitch <= HIGHEST_PITCH):
        return []
    message = f"{field} is between {LOWEST_PITCH:g} and {HIGHEST_PITCH:g}; 1 is the voice as it is."
    return [Problem("INVALID_INPUT", message, (field,))]


def check_variables(pairs: tuple[Pair, ...], allowed: frozenset[str]) -> list[Problem]:
    """What is wrong with variables for a call's channels; ``allowed`` are the names that the operator allows."""
    problems = []
    if len(pairs) > MOST_PAIRS:
        problems.append(Problem("INVALID_INPUT", f"A call has at most {MOST_PAIRS} variables.", ("variables",)))
    if len({pair.key for pair in pairs}) != len(pairs):
        problems.append(Problem("INVALID_INPUT", "A variable is given twice.", ("variables",)))
    for number, pair in enumerate(pairs[:MOST_PAIRS]):
        if pair.key not in allowed or not is_variable_name(pair.key):
            message = "The server does not allow this variable; OFFHOOK_CHANNEL_VARIABLES lists those that it does."
            problems.append(Problem("INVALID_INPUT", message, ("variables", str(number), "key")))
        if len(pair.value) > LONGEST_VARIABLE or not is_plain_text(pair.value):
            message = f"A variable has at most {LONGEST_VARIABLE} characters, none of them a control character."
            problems.append(Problem("INVALID_INPUT", message, ("variables", str(number), "value")))
    return problems
