"""Answers made of rows column by column, without an object for each row and a value for each field of it.

A list of objects can say, beside how each object is made (``make``), how the plain fields of its type are read from all
records at once: that is its :class:`Projection`. A page of 50 records of 40 fields is then some 40 passes over a
column, most of them in C, and one ``msgspec`` encoding, instead of 50 objects and 2,000 field values:

1. ``fast_path`` finds the selection plain, and describes it as a :class:`Selection`: response names, attributes and
   what is selected inside of them, with aliases, fragments and directives resolved by graphql-core itself.
2. ``Selection.write`` makes of it, once for each selection and projection, a struct whose fields are the response's
   names, fills one for each record (``map(Struct, *columns)``), and encodes them.

Whatever is out of the ordinary (an attribute that the projection does not have, a value that the type forbids) raises,
and ``fast_path`` has the objects made and read as ever, which says what is wrong in its place. So a projection decides
how long an answer takes, never what it is: ``tests/api/test_projection.py`` compares both ways. (It does not look at
what nobody selected: a record of which only that cannot be read is answered, where making its object would fail.)
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import chain, islice, repeat
from math import isfinite
from operator import attrgetter
from typing import Any, Final, Generic, Protocol, TypeAlias, TypeVar, overload

import msgspec

from app.facts.catalogue import rfc3339
from app.facts.masking import Sight

T = TypeVar("T")

#: One value for each record of a source, in order.
Read: TypeAlias = Callable[[Any, Sight], Iterable[Any]]


class NotProjectedError(Exception):
    """The projection cannot answer this; the objects themselves can."""


class Columns(Protocol):
    """Records that give one column's values at once, such as ``app.paging.Rows``."""

    def column(self, name: str) -> Sequence[Any]: ...
    def __len__(self) -> int: ...


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """How the plain fields of a GraphQL type, by their Python names, are read from many records at once.

    ``struct`` is what the records are, if they are structs whose own JSON is the answer when all of it is selected.
    """

    fields: Mapping[str, "Read | One | Many"]
    struct: type[msgspec.Struct] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class One:
    """A field that is an object: its fields, and where its records come from: one for each, or None."""

    source: Callable[[Any, Sight], Columns | Sequence[Any]]
    projection: Projection


@dataclass(frozen=True, slots=True, eq=False)
class Many:
    """A field that is a list of objects: for each record the sequence that they are made of."""

    source: Callable[[Any, Sight], Sequence[Sequence[Any]]]
    projection: Projection


def column(name: str) -> Read:
    """Texts, booleans and 32-bit integers: what the database gives is the answer."""
    return lambda source, _sight: source.column(name)


def attribute(name: str) -> Read:
    """The same of records that are objects."""
    get = attrgetter(name)
    return lambda source, _sight: map(get, source)


def texts(name: str) -> Read:
    """A column of lists of texts, none of which may be null."""

    def read(source: Columns, _sight: Sight) -> Sequence[Sequence[str]]:
        values = source.column(name)
        if any(None in one for one in values):
            raise NotProjectedError
        return values

    return read


def member(name: str, kind: type[Enum]) -> Read:
    """A column that holds an enum's values; GraphQL calls its members by their names."""
    names = {one.value: one.name for one in kind}
    return lambda source, _sight: map(names.__getitem__, source.column(name))


def seconds(name: str) -> Read:
    """Numbers, each of which must be one: GraphQL knows no infinity."""

    def read(source: Columns, _sight: Sight) -> Sequence[float]:
        values = source.column(name)
        if not isfinite(sum(values)):
            raise NotProjectedError
        return values

    return read


def instant(name: str) -> Read:
    """Instants in UTC, or None. The encoder writes them as RFC 3339, but leaves out a fraction that is zero."""
    return lambda source, _sight: [
        at if at is None or at.microsecond else rfc3339(at) for at in source.column(name)
    ]  # fmt: skip


def same(source: Any, _sight: Sight) -> Any:
    """The records themselves: the source of an object whose values lie in its parent's columns."""
    return source


class Selection:
    """What is selected of a list's items: response names, Python attributes (None: ``__typename``), what is inside.

    It is made once for a selection set, and remembers the writers that projections gave for it.
    """

    __slots__ = ("_fields", "_type_name", "_writers")

    def __init__(self, type_name: str, fields: Sequence[tuple[str, str | None, "Selection | None"]]) -> None:
        self._type_name = type_name
        self._fields = fields
        self._writers: dict[Projection, Read] = {}

    def write(self, projection: Projection, source: Any, sight: Sight) -> bytes:
        """The items as a JSON array.

        Raises:
            NotProjectedError, or anything else: they must be read the ordinary way.
        """
        return _encode(list(self._writer(projection)(source, sight)))

    def _writer(self, projection: Projection) -> Read:
        writer = self._writers.get(projection)
        if writer is None:
            writer = self._writers[projection] = self._compile(projection)
        return writer

    def _compile(self, projection: Projection) -> Read:
        if projection.struct is not None and self._is_whole(projection.struct):
            return same
        reads = [self._read_field(projection, name, inner) for _, name, inner in self._fields]
        names = [f"field_{number}" for number in range(len(reads))]
        # Neutral names inside: a response name may be any word, Python's own among them.
        struct = msgspec.defstruct(
            "Answer",
            names,
            rename=dict(zip(names, (response for response, _, _ in self._fields), strict=True)),
            frozen=True,
            gc=False,
        )

        def write(source: Any, sight: Sight) -> Iterable[Any]:
            # islice: where every field is a __typename, no column ends.
            return islice(map(struct, *[read(source, sight) for read in reads]), len(source))

        return write

    def _is_whole(self, struct: type[msgspec.Struct]) -> bool:
        own = zip(struct.__struct_encode_fields__, struct.__struct_fields__, strict=True)
        return [(response, name) for response, name, _ in self._fields] == list(own)

    def _read_field(self, projection: Projection, name: str | None, inner: "Selection | None") -> Read:
        if name is None:
            return lambda _source, _sight, answer=self._type_name: repeat(answer)  # type: ignore[misc]
        match projection.fields.get(name), inner:
            case One(source, of_one), Selection():
                return _read_one(source, inner._writer(of_one))  # noqa: SLF001  # its own kind
            case Many(source, of_each), Selection():
                return _read_many(source, inner._writer(of_each))  # noqa: SLF001
            case read, None if callable(read):
                return read
            case _:
                raise NotProjectedError


def _read_one(source: Callable[[Any, Sight], Any], write: Read) -> Read:
    def read(outer: Any, sight: Sight) -> Iterable[Any]:
        records = source(outer, sight)
        if type(records) is not list or None not in records:
            return write(records, sight)
        made = iter(write([one for one in records if one is not None], sight))
        return [None if one is None else next(made) for one in records]

    return read


def _read_many(source: Callable[[Any, Sight], Sequence[Sequence[Any]]], write: Read) -> Read:
    def read(outer: Any, sight: Sight) -> Iterable[Any]:
        lists = source(outer, sight)
        made = iter(write(list(chain.from_iterable(lists)), sight))
        return [list(islice(made, len(each))) for each in lists]

    return read


_encode: Final = msgspec.json.Encoder().encode


class Made(Sequence[T], Generic[T]):
    """Objects of a GraphQL type, each made of a record when somebody looks at it; with a projection, perhaps never."""

    __slots__ = ("_make", "_projection", "_records", "_sight")

    def __init__(
        self,
        records: Sequence[Any],
        make: Callable[[Any], T],
        *,
        projection: Projection | None = None,
        sight: Sight | None = None,
    ) -> None:
        self._records = records
        self._make = make
        self._projection = projection
        self._sight = sight or Sight()

    def write(self, selection: Selection) -> bytes:
        """What is selected of all of them, as a JSON array.

        Raises:
            NotProjectedError, or anything else: look at the objects.
        """
        if self._projection is None:
            raise NotProjectedError
        return selection.write(self._projection, self._records, self._sight)

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[T]:
        return map(self._make, self._records)

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice) -> "Made[T]": ...
    def __getitem__(self, place: int | slice) -> "T | Made[T]":
        if isinstance(place, slice):
            return Made(self._records[place], self._make, projection=self._projection, sight=self._sight)
        return self._make(self._records[place])
