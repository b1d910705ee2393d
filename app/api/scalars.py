"""The scalars: instants, days, telephone numbers and large integers."""

import re
from datetime import UTC, date, datetime
from typing import Any, Final, NewType

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

from app.facts.catalogue import rfc3339

#: A telephone number as a client wrote it; the service that uses it says what is wrong with it.
PhoneNumber = NewType("PhoneNumber", str)
#: An integer beyond GraphQL's 32 bits.
Long = NewType("Long", int)
#: A wall clock's time, without a zone.
LocalDateTime = NewType("LocalDateTime", datetime)

_LONGEST_TEXT: Final = 64
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_LARGEST_LONG: Final = 2**53 - 1  # the largest integer that a JavaScript number holds


def _serialize_instant(value: Any) -> str:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise TypeError("an instant is an aware datetime")
    return rfc3339(value)


def _read_text(value: Any, what: str) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
        raise GraphQLError(f"{what} is a string of at most {_LONGEST_TEXT} characters.")
    return value


def _parse_instant(value: Any) -> datetime:
    text = _read_text(value, "DateTime")
    refused = GraphQLError("DateTime is an RFC 3339 instant with its offset, such as 2026-01-31T09:30:00Z.")
    try:
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is None or "T" not in text.upper():
            raise refused
        return instant.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise refused from error


def _parse_local(value: Any) -> LocalDateTime:
    text = _read_text(value, "LocalDateTime")
    refused = GraphQLError("LocalDateTime is a date and time without an offset, such as 2026-01-31T09:30:00.")
    try:
        local = datetime.fromisoformat(text)
    except ValueError as error:
        raise refused from error
    if local.tzinfo is not None or "T" not in text.upper():
        raise refused
    return LocalDateTime(local)


def _serialize_local(value: Any) -> str:
    if not isinstance(value, datetime):
        raise TypeError("a local time is a datetime")
    return value.replace(tzinfo=None).isoformat()


def _parse_day(value: Any) -> date:
    text = _read_text(value, "Date")
    refused = GraphQLError("Date is a day of the calendar, such as 2026-01-31.")
    if _DAY.fullmatch(text) is None:
        raise refused
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise refused from error


def _parse_number(value: Any) -> PhoneNumber:
    return PhoneNumber(_read_text(value, "A telephone number"))


def _parse_long(value: Any) -> Long:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _LARGEST_LONG:
        raise GraphQLError("Long is an integer of at most 53 bits.")
    return Long(value)


SCALARS: Final[dict[object, ScalarDefinition]] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description=(
            "An instant, as RFC 3339 text. Given out in UTC with microseconds and `Z`, such as "
            "`2026-01-31T09:30:00.000000Z`; taken in with any offset, which must be there."
        ),
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        serialize=_serialize_instant,
        parse_value=_parse_instant,
    ),
    date: strawberry.scalar(
        name="Date",
        description="A day of the calendar, such as `2026-01-31`.",
        serialize=date.isoformat,
        parse_value=_parse_day,
    ),
    LocalDateTime: strawberry.scalar(
        name="LocalDateTime",
        description="What a wall clock shows: date and time without an offset, such as `2026-01-31T09:30:00`.",
        serialize=_serialize_local,
        parse_value=_parse_local,
    ),
    PhoneNumber: strawberry.scalar(
        name="PhoneNumber",
        description=(
            "A telephone number, best in E.164: `+12125550123`. Spaces, hyphens, dots and one pair of parentheses are "
            "ignored; 11 to 15 digits without `+` are read as if it were there; fewer are a national number of the "
            "account's default region. Only inputs use it: outputs are a `Party`, which may be masked or anonymous."
        ),
        specified_by_url="https://www.itu.int/rec/T-REC-E.164",
        serialize=str,
        parse_value=_parse_number,
    ),
    Long: strawberry.scalar(
        name="Long",
        description="An integer that may exceed 32 bits and always fits a JavaScript number (53 bits). On the wire "
        "it is a JSON number, never a string, both ways.",
        serialize=int,
        parse_value=_parse_long,
    ),
}
