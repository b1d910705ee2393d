"""Keyset pages: what a list query is asked for and what it gives back, without knowing SQL or GraphQL.

A cursor is opaque, signed, and bound to the account, the list, its filter and its order, so that one cannot be made
up or carried over to another list (INVALID_CURSOR). It holds the position's sort values and id.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar, overload

import msgspec

from app.errors import Problem, RefusedError

T = TypeVar("T")

DEFAULT_PAGE: Final = 50
LARGEST_PAGE: Final = 200
_SIGNATURE_BYTES: Final = 12

#: Sort values and id of one row, as JSON can hold them: the place in a list that a cursor marks.
Position = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page: ``limit`` items after (or, going ``backwards``, before) ``position``; None is the very start."""

    limit: int = DEFAULT_PAGE
    position: Position | None = None
    backwards: bool = False


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Items in the list's order, each with its position, and whether there is more on either side."""

    items: Sequence[T]
    positions: Sequence[Position]
    has_next: bool
    has_previous: bool


class Rows(Sequence[T]):
    """Rows as the database gave them: each becomes an item when somebody looks at it, and not before.

    Whoever wants the values of many rows rather than items takes them by :meth:`column`, which costs next to nothing.
    """

    __slots__ = ("_columns", "_make", "_names", "_rows")

    def __init__(self, rows: Sequence[Any], names: Sequence[str], make: Callable[[Any], T]) -> None:
        """``names`` are the columns of each row, in order; ``make`` makes the item of a row."""
        self._rows = rows
        self._names = names
        self._make = make
        self._columns: dict[str, tuple[Any, ...]] | None = None

    def column(self, name: str) -> tuple[Any, ...]:
        """One column's values, in the rows' order. Raises KeyError: there is no such column."""
        if self._columns is None:
            values: Iterator[tuple[Any, ...]] = zip(*self._rows, strict=True) if self._rows else iter(())
            self._columns = (
                dict(zip(self._names, values, strict=True)) if self._rows else dict.fromkeys(self._names, ())
            )
        return self._columns[name]

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[T]:
        return map(self._make, self._rows)

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice) -> "Rows[T]": ...
    def __getitem__(self, place: int | slice) -> "T | Rows[T]":
        if isinstance(place, slice):
            return Rows(self._rows[place], self._names, self._make)
        return self._make(self._rows[place])


class CursorSigner:
    """Writes and reads cursors for one list of one account: the same filter and order, or none at all."""

    def __init__(self, secret: bytes, *, account_id: str, list_name: str, shape: object) -> None:
        """``shape`` is the filter and order in a form JSON can hold; equal shapes make equal cursors."""
        bound = msgspec.json.encode([account_id, list_name, shape], order="deterministic")
        self._key = hmac.digest(secret, b"cursor:" + hashlib.sha256(bound).digest(), "sha256")

    def write(self, position: Position) -> str:
        """The cursor of a position."""
        body = msgspec.json.encode(position)
        signature = hmac.digest(self._key, body, "sha256")[:_SIGNATURE_BYTES]
        return base64.urlsafe_b64encode(signature + body).decode("ascii").rstrip("=")

    def read(self, cursor: str, *, field: str) -> Position:
        """The position of a cursor.

        Raises:
            RefusedError: INVALID_CURSOR, it was not written for this very list.
        """
        refused = RefusedError(
            Problem(
                "INVALID_CURSOR",
                "This cursor was not given out for this list, filter and order. Start again without it.",
                (field,),
            )
        )
        try:
            raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        except ValueError as error:
            raise refused from error
        signature, body = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, hmac.digest(self._key, body, "sha256")[:_SIGNATURE_BYTES]):
            raise refused
        position: list[Any] = msgspec.json.decode(body)
        return tuple(position)


def page_request(
    signer: CursorSigner,
    *,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
) -> PageRequest:
    """Relay's four arguments as one request.

    Raises:
        RefusedError: INVALID_INPUT when the four do not go together or a size is out of 1…200; INVALID_CURSOR.
    """
    if (first is not None or after is not None) and (last is not None or before is not None):
        raise RefusedError(
            Problem(
                "INVALID_INPUT", "Page forwards with first/after or backwards with last/before, not both.", ("first",)
            )
        )
    backwards = last is not None or before is not None
    size_name, size = ("last", last) if backwards else ("first", first)
    if size is not None and not 1 <= size <= LARGEST_PAGE:
        raise RefusedError(Problem("INVALID_INPUT", f"A page has 1 to {LARGEST_PAGE} items.", (size_name,)))
    cursor_name, cursor = ("before", before) if backwards else ("after", after)
    position = None if cursor is None else signer.read(cursor, field=cursor_name)
    return PageRequest(limit=size or DEFAULT_PAGE, position=position, backwards=backwards)
