"""What a client is told, in the dialect's own form: ``{"response": {…, "success": "true"}}``. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Final

from app.facts.vocabulary import Disposition

#: How a call came out, in Asterisk's words for the result of a dialling, which this dialect's clients know.
DIAL_STATUSES: Final[Mapping[Disposition, str]] = {
    Disposition.ANSWERED: "ANSWER",
    Disposition.MACHINE: "ANSWER",
    Disposition.VOICEMAIL: "ANSWER",
    Disposition.BUSY: "BUSY",
    Disposition.NO_ANSWER: "NOANSWER",
    Disposition.CANCELLED: "CANCEL",
    Disposition.ABANDONED: "CANCEL",
    Disposition.CONGESTION: "CONGESTION",
    Disposition.REJECTED: "CHANUNAVAIL",
    Disposition.UNREACHABLE: "CHANUNAVAIL",
    Disposition.INVALID_NUMBER: "CHANUNAVAIL",
    Disposition.FAILED: "CHANUNAVAIL",
    Disposition.BLOCKED: "CHANUNAVAIL",
    Disposition.DNC: "DND",
}
#: The same in the words of Asterisk's own records.
CALL_STATUSES: Final[Mapping[str, str]] = {
    "ANSWER": "ANSWERED",
    "BUSY": "BUSY",
    "NOANSWER": "NO ANSWER",
    "CANCEL": "NO ANSWER",
    "CONGESTION": "CONGESTION",
    "CHANUNAVAIL": "FAILED",
}


def succeed(**told: Any) -> dict[str, Any]:
    """A request that was done, with what is told of it."""
    return {"response": {**told, "success": "true"}}


def fail(code: str, message: str) -> dict[str, Any]:
    """A request that was refused. ``error_code`` is the schema's code for it."""
    return {"response": {"error_code": code, "message": message, "success": "false"}}


def write_instant(instant: str | None) -> str:
    """An instant of the schema as RFC 1123 has it, ``Fri, 07 Jul 2023 06:08:09 GMT``; empty when there is none."""
    if instant is None:
        return ""
    return format_datetime(datetime.fromisoformat(instant).astimezone(UTC), usegmt=True)


def write_party(party: Mapping[str, Any] | None) -> str:
    """A party's digits, without the plus sign; empty when there are none."""
    if party is None:
        return ""
    digits: str = party.get("number") or party.get("extension") or ""
    return digits.removeprefix("+")


def write_number(value: float) -> str:
    """A number as the dialect has it: a string, and without a point where it is whole."""
    return str(int(value)) if value == int(value) else str(value)


def number_of(record_id: str) -> int:
    """A whole number for a record whose id is ours: of the id's random bits as many as every client's numbers hold.

    Two records of an account have the same with the odds of two among 2^53.
    """
    return sum(
        _ALPHABET.index(letter) << (5 * place) for place, letter in enumerate(reversed(record_id[-_LETTERS:]))
    ) & (2**53 - 1)


_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_LETTERS: Final = 11
