"""What a check says."""

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """OK, worth knowing, or in the way."""

    OK = "OK"
    WARNING = "WARNING"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line. ``mend`` says what to do; there is none when all is well."""

    check: str
    status: Status
    message: str
    mend: str | None = None


def ok(check: str, message: str) -> Finding:
    return Finding(check, Status.OK, message)


def warning(check: str, message: str, mend: str) -> Finding:
    return Finding(check, Status.WARNING, message, mend)


def failed(check: str, message: str, mend: str) -> Finding:
    return Finding(check, Status.FAILED, message, mend)
