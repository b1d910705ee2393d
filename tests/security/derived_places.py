"""Every place in the schema that takes a value, and what is hostile there, by its scalar and its name."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLInputType, get_named_type

from tests.security.derived_good import make_whole
from tests.security.generated import IdMaker, Path, Root, document_for, roots
from tests.security.hostile import Field, rows
from tests.security.hostile import samples as samples_of

#: Nothing takes these as text, whatever it is for: what ends a string for others, what nobody means to read, and what
#: is a line or an order to whoever shows it (a few fields may have lines: ``derived_exempt`` names them).
WITH_LINES: Final = ("a\r\nX: 1",)
_TEXTS: Final = ("nul\x00here", "x" * 100_000, *WITH_LINES, "a\x1b[2J")
_BY_SCALAR: Final = {
    "ID": Field.ID,
    "PhoneNumber": Field.NUMBER,
    "Int": Field.COUNT,
    "Long": Field.COUNT,
    "Float": Field.SECONDS,
}
_BY_NAME: Final = {
    "after": Field.CURSOR,
    "callerId": Field.CALLER_ID,
    "callerIds": Field.CALLER_ID,
    "first": Field.PAGE_SIZE,
    "installed": Field.FILE_NAME,
    "idempotencyKey": Field.IDEMPOTENCY_KEY,
    "timeZone": Field.ZONE,
    "url": Field.WEBHOOK_URL,
}
_SAMPLES: Final[dict[str, tuple[Any, ...]]] = {
    "Boolean": ("yes", 1, {}),
    "Date": ("2027-02-30", "0000-00-00", "x" * 10_000, 1),
    "DateTime": ("2027-02-30T12:00:00Z", "now", "2027-01-01T00:00:00", "x" * 10_000, 1),
    "LocalDateTime": ("2027-02-30T12:00:00", "now", "2027-01-01T00:00:00Z", "x" * 10_000, 1),
    "String": _TEXTS,
}
_MOST_OF_A_CLASS: Final = 2
#: What happens at once, with a call.
_LEADING: Final = frozenset({"originateCall", "transferCall"})
_NUMBERS: Final = itertools.count(100)
_GOOD_TEXTS: Final = {
    "at": (datetime.now(UTC) + timedelta(days=20)).isoformat(),
    "languageCode": "en-US",
    "name": "derived-{}",
    "pattern": "+1212{}*",
    "text": "Hello.",
    "timeZone": "Europe/Berlin",
    "url": "wss://8.8.8.8/{}",
}


@dataclass(frozen=True, slots=True)
class Spot:
    """A value in a root field's arguments. ``kind`` is its scalar's or enum's name."""

    root: Root
    path: Path
    kind: str
    is_enum: bool

    def __str__(self) -> str:
        return f"{self.root.name}({'.'.join(self.path)})"

    @property
    def field(self) -> Field | None:
        """The table's kind of field; None where the schema's own word on it is all."""
        if self.is_enum:
            return None
        return _BY_NAME.get(self.path[-1]) or _BY_SCALAR.get(self.kind)

    def samples(self) -> list[Any]:
        """A few of each class."""
        if self.is_enum:
            return ["NO_SUCH_VALUE", 1, ""]
        if self.field is None:
            looked_for = samples_of(Field.SEARCH) if "filter" in self.path and self.kind == "String" else []
            given = [*_SAMPLES[self.kind], *looked_for]
            # What is spoken may have lines: a call would be led to it, and what is asked of the call next be refused.
            is_led = self.root.name in _LEADING and self.path[-1] == "text"
            return [one for one in given if not (is_led and one in WITH_LINES)]
        kinds: dict[str, list[Any]] = {}
        for row in rows(self.field):
            if row.kind != "ten megabytes":
                kinds.setdefault(row.kind, []).append(row.sample)
        return [sample for of in kinds.values() for sample in (of[0], of[-1])[:_MOST_OF_A_CLASS]]

    def asked_with(self, sample: Any, make_id: IdMaker) -> tuple[str, dict[str, Any]]:
        """The least document that has the sample in this place, and its variables."""
        document, variables = document_for(self.root, make_id, through=self.path)
        _make_good(variables)
        make_whole(self.root, variables, make_id)
        _put(variables, self.path, sample)
        return document, variables

    def asked_well(self, make_id: IdMaker) -> tuple[str, dict[str, Any]]:
        """The same with a value in this place that the schema takes."""
        document, variables = document_for(self.root, make_id, through=self.path)
        _make_good(variables)
        make_whole(self.root, variables, make_id)
        return document, variables

    def is_pointed_at(self, field_names: Sequence[str]) -> bool:
        """Whether that is the place itself, what is in it, or what it is in."""
        told, where = [name for name in field_names if not name.isdigit()], self.path[1:]
        length = min(len(told), len(where))
        return length > 0 and tuple(told[:length]) == where[:length]


def spots(*operations: str) -> list[Spot]:
    """All that there are."""
    return [
        Spot(root, path, kind.name, isinstance(kind, GraphQLEnumType))
        for root in roots(*operations)
        for name, argument in root.field.args.items()
        for path, kind in _leaves(argument.type, (name,), frozenset())
    ]


def _leaves(kind: GraphQLInputType, path: Path, above: frozenset[str]) -> Iterator[tuple[Path, Any]]:
    named: Any = get_named_type(kind)
    if not isinstance(named, GraphQLInputObjectType):
        yield path, named
    elif named.name not in above:
        for name, field in named.fields.items():
            yield from _leaves(field.type, (*path, name), above | {named.name})


def _make_good(inside: Any) -> None:
    """Texts that would be refused for themselves, wherever they stand: a name that is taken, what is no address."""
    if isinstance(inside, list):
        for one in inside:
            _make_good(one)
    elif isinstance(inside, dict):
        for name, value in inside.items():
            if name in _GOOD_TEXTS and isinstance(value, str):
                inside[name] = _GOOD_TEXTS[name].format(next(_NUMBERS))
            else:
                _make_good(value)


def _put(inside: Any, path: Path, sample: Any) -> None:
    while isinstance(inside, list):
        inside = inside[0]
    first, *rest = path
    if rest:
        _put(inside[first], tuple(rest), sample)
    else:
        inside[first] = [sample] if isinstance(inside[first], list) else sample
