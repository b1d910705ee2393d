"""Which texts are spoken, and how templates become texts. Pure.

Nothing of a text is in a problem's message: it may hold a one-time password.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final

from app.errors import Problem, RefusedError
from app.speech.model import VoiceSettings

#: Amazon Polly's own limit for one request of billed characters.
LONGEST_TEXT: Final = 3000
LONGEST_VALUE: Final = 500
LONGEST_FIELD: Final = 40
MOST_FIELDS: Final = 50

#: Controls, lone surrogates, private use, unassigned, and ends of lines and paragraphs that are no white space here.
_FORBIDDEN: Final = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})
_WHITE_SPACE: Final = frozenset(" \t\r\n")
#: Characters that turn the direction of what follows: what is read would not be what is spoken.
_DIRECTION: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_MARKUP: Final = re.compile(r"<[A-Za-z/!?]|&(?:#[0-9xX]|[A-Za-z]{2,8};)")
_SPOKEN: Final = frozenset("LN")
_SPACES: Final = re.compile(r"\s+")
_FIELD: Final = re.compile(rf"\{{([A-Za-z_][A-Za-z0-9_]{{0,{LONGEST_FIELD - 1}}})\}}", re.ASCII)
_FIELD_NAME: Final = re.compile(rf"[A-Za-z_][A-Za-z0-9_]{{0,{LONGEST_FIELD - 1}}}", re.ASCII)
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}", re.ASCII)
_VOICE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9+_-]{0,63}", re.ASCII)


def fold(text: str) -> str:
    """The text as it is spoken: composed characters, one space for any white space."""
    return _SPACES.sub(" ", unicodedata.normalize("NFC", text)).strip()


def check_text(text: str, *field: str) -> list[Problem]:
    """What is wrong with a text that is to be spoken, of 1 to LONGEST_TEXT characters."""
    if not text.strip():
        return [Problem("REQUIRED", "There is nothing to say.", field)]
    problems = _check_characters(text, field, longest=LONGEST_TEXT)
    if not problems and not any(unicodedata.category(one)[0] in _SPOKEN for one in text):
        return [Problem("INVALID_INPUT", "There is nothing to say: give letters or digits.", field)]
    return problems


def check_settings(settings: VoiceSettings) -> list[Problem]:
    """What is wrong with the form of a voice's name or a language; whether there are such is the engine's to say."""
    problems = []
    if settings.voice is not None and _VOICE.fullmatch(settings.voice) is None:
        problems.append(Problem("INVALID_INPUT", "This cannot be the id of a voice.", ("voice", "id")))
    if settings.language is not None and _LANGUAGE.fullmatch(settings.language) is None:
        message = "Give a language tag such as en-US."
        problems.append(Problem("INVALID_INPUT", message, ("voice", "languageCode")))
    return problems


def check_template(text: str, *field: str) -> list[Problem]:
    """What is wrong with a template's text: as a text, and in its ``{field}``s."""
    problems = check_text(_FIELD.sub("x", text), *field)
    if len(text) > LONGEST_TEXT and not problems:
        problems.append(Problem("INVALID_INPUT", f"Use at most {LONGEST_TEXT} characters.", field))
    rest = _FIELD.sub("", text)
    if "{" in rest or "}" in rest:
        message = (
            f"Write a field as {{name}}: a letter or _, then letters, digits and _, at most {LONGEST_FIELD}. "
            "Other braces are not allowed."
        )
        problems.append(Problem("INVALID_INPUT", message, field))
    if len(fields_of(text)) > MOST_FIELDS:
        problems.append(Problem("INVALID_INPUT", f"A template has at most {MOST_FIELDS} fields.", field))
    return problems


def fields_of(text: str) -> tuple[str, ...]:
    """The fields of a template, each once, in their order."""
    return tuple(dict.fromkeys(_FIELD.findall(text)))


def is_field_name(name: str) -> bool:
    """Whether a template may have such a field."""
    return _FIELD_NAME.fullmatch(name) is not None


def fill_template(text: str, values: Mapping[str, str], *field: str) -> str:
    """The template's text with its fields filled, once: what looks like a field in a value stays as it is.

    Values that the template has no field for are left aside.

    Raises:
        RefusedError: FIELD_MISSING, for each field without a value; INVALID_INPUT for a value that is not spoken, or a
            text that becomes too long.
    """
    problems: list[Problem] = []
    for name in fields_of(text):
        value = values.get(name, "")
        if not value.strip():
            problems.append(Problem("FIELD_MISSING", f"The template's field {name!r} needs a value.", (*field, name)))
        else:
            problems += _check_characters(value, (*field, name), longest=LONGEST_VALUE)
    if problems:
        raise RefusedError(problems)
    filled = _FIELD.sub(lambda found: values[found[1]], text)
    problems = check_text(filled, *field)
    if problems:
        raise RefusedError(problems)
    return filled


def _check_characters(text: str, field: Sequence[str], *, longest: int) -> list[Problem]:
    path = tuple(field)
    if len(text) > longest:
        return [Problem("INVALID_INPUT", f"Use at most {longest} characters.", path)]
    if any((unicodedata.category(one) in _FORBIDDEN and one not in _WHITE_SPACE) or one in _DIRECTION for one in text):
        return [Problem("INVALID_INPUT", "Control characters are not spoken.", path)]
    if _MARKUP.search(text):
        message = "Give plain text: SSML and other markup are not taken. Volume, rate and pitch are settings."
        return [Problem("INVALID_INPUT", message, path)]
    return []
