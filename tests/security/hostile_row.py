"""What a row of the table of hostile input is; the tables themselves are beside this, and ``hostile`` has them all."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

GOOD_NUMBER: Final = "+15550114001"
#: One of the sandbox account's own, which its calls show.
OWN_NUMBER: Final = "+15550100100"

#: What a request is refused with before any field of it is looked at.
BEFORE_THE_FIELD: Final = frozenset(
    {
        "BAD_USER_INPUT",
        "GRAPHQL_VALIDATION_FAILED",
        "GRAPHQL_PARSE_FAILED",
        "BAD_REQUEST",
        "QUERY_TOO_COMPLEX",
        "PAYLOAD_TOO_LARGE",
    }
)


class Field(StrEnum):
    """What kind of field a sample is meant for."""

    NUMBER = "NUMBER"
    EXTENSION = "EXTENSION"
    CALLER_ID = "CALLER_ID"
    SHOWN_NAME = "SHOWN_NAME"
    VARIABLES = "VARIABLES"
    CONTEXT = "CONTEXT"
    DIALPLAN_EXTENSION = "DIALPLAN_EXTENSION"
    MESSAGE = "MESSAGE"
    OTP_CODE = "OTP_CODE"
    SPOKEN_TEXT = "SPOKEN_TEXT"
    FLOW_TEXT = "FLOW_TEXT"
    OTP_TEXT = "OTP_TEXT"
    FIELD_VALUE = "FIELD_VALUE"
    TEMPLATE = "TEMPLATE"
    VOICE = "VOICE"
    VOICE_NAME = "VOICE_NAME"
    LANGUAGE = "LANGUAGE"
    PHRASES = "PHRASES"
    NOTE = "NOTE"
    PITCH = "PITCH"
    ID = "ID"
    INSTANT = "INSTANT"
    LOCAL_TIME = "LOCAL_TIME"
    ZONE = "ZONE"
    SECONDS = "SECONDS"
    COUNT = "COUNT"
    IDEMPOTENCY_KEY = "IDEMPOTENCY_KEY"
    PAGE_SIZE = "PAGE_SIZE"
    CURSOR = "CURSOR"
    WEBHOOK_URL = "WEBHOOK_URL"
    STREAM_URL = "STREAM_URL"
    FILE_NAME = "FILE_NAME"
    SEARCH = "SEARCH"
    CSV_CELL = "CSV_CELL"
    SIP_TEXT = "SIP_TEXT"


@dataclass(frozen=True, slots=True)
class Row:
    """One sample. ``codes`` are the refusals that fit; empty where the sample is taken and must do no harm."""

    field: Field
    kind: str
    sample: Any
    codes: frozenset[str] = frozenset({"INVALID_INPUT"})

    def __str__(self) -> str:
        text = ascii(self.sample)
        return f"{self.kind}: {text if len(text) <= 60 else text[:57] + '...'}"


def codes_of(*codes: str) -> frozenset[str]:
    return frozenset(codes)


def each(field: Field, kind: str, given: Iterable[Any], codes: frozenset[str] | None = None) -> list[Row]:
    return [Row(field, kind, one, codes_of("INVALID_INPUT") if codes is None else codes) for one in given]


#: Characters that nobody sees, or that end something.
INVISIBLE: Final = (
    *("\r\n", "\r", "\n", "\x00", "\t", "\x0b", "\x1b[2J", "\x7f", "\x85"),
    *("\u2028", "\u2029", "\u200b", "\u200f", "\u202e", "\u00ad", "\ufeff", "\u3000", "\u00a0"),
)
