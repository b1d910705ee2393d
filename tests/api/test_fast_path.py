"""The short way through graphql-core answers what the long way does: data, its order, errors and their places."""

import asyncio
import importlib
from datetime import UTC, datetime
from enum import Enum
from types import SimpleNamespace
from typing import Annotated, Any

import orjson
import pytest
import strawberry
from graphql import GraphQLError
from hypothesis import given
from hypothesis import strategies as st
from strawberry.extensions import FieldExtension, SchemaExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.types.execution import ExecutionResult

from app.api.context import Options
from app.api.documents import KnownDocuments
from app.api.fast_path import FastExecutor
from app.api.limits import Limits
from app.api.scalars import SCALARS


@strawberry.enum
class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Loud(FieldExtension):
    def resolve(self, next_: Any, source: Any, info: Any, **kwargs: Any) -> Any:
        return f"{next_(source, info, **kwargs)}!"


@strawberry.interface
class Named:
    id: strawberry.ID


@strawberry.type
class Leaf:
    word: str
    maybe: str | None
    number: int
    share: float
    truth: bool
    colour: Colour | None
    at: datetime | None


@strawberry.type
class Other:
    word: str


@strawberry.type
class Twig(Named):
    word: str | None
    leaf: Leaf | None
    sure: Leaf
    leaves: list[Leaf | None] | None
    words: list[str]
    either: Annotated[Leaf | Other, strawberry.union("Either")] | None
    named: Named | None

    @strawberry.field
    def resolved(self, times: int = 1) -> str:
        if self.word == "fail":
            raise ValueError("no such word")
        return str(self.word) * times

    @strawberry.field
    async def later(self) -> str | None:
        await asyncio.sleep(0)
        if self.word == "fail":
            raise ValueError("later, no such word")
        return self.word

    @strawberry.field(extensions=[Loud()])  # type: ignore[untyped-decorator]  # strawberry's overloads
    def loud(self) -> str:
        return "hey"


@strawberry.type
class Query:
    @strawberry.field
    def twigs(self, info: strawberry.Info) -> list[Twig | None] | None:
        found: list[Twig | None] | None = info.context
        return found

    @strawberry.field
    async def twig(self, info: strawberry.Info) -> Twig:
        found: Twig = info.context[0]
        return found


class Shouting(SchemaExtension):
    def resolve(self, _next: Any, root: Any, info: Any, *args: str, **kwargs: Any) -> Any:
        result = _next(root, info, *args, **kwargs)
        return result.upper() if isinstance(result, str) else result


def _schema(*, is_fast: bool, extensions: Any = ()) -> strawberry.Schema:
    class Quiet(strawberry.Schema):
        def process_errors(self, errors: list[GraphQLError], execution_context: Any = None) -> None:
            """Errors are compared, not logged."""

    return Quiet(
        query=Query,
        types=[Other],
        config=StrawberryConfig(scalar_map=SCALARS),
        execution_context_class=FastExecutor if is_fast else None,
        extensions=extensions,
    )


SLOW, FAST = _schema(is_fast=False), _schema(is_fast=True)

_BAD: Any = st.sampled_from(
    [
        None,
        ValueError("an error as a value"),
        object(),
        float("nan"),
        float("inf"),
        2**31,
        -(2**31) - 1,
        True,
        "7",
        7,
        7.0,
        Colour.RED,
        "RED",
        "red",
        [],
        ("a", "b"),
        {"a": 1},
        datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        datetime(2026, 1, 2, 3, 4, 5),  # noqa: DTZ001  # the bad one
        SimpleNamespace(word="a stranger"),
    ]
)
_TEXT = st.text(max_size=5) | st.just("fail")
_AT = st.datetimes(timezones=st.just(UTC))


def _mostly(good: Any) -> Any:
    return st.one_of(*[good] * 12, _BAD)


_LEAF = st.builds(
    Leaf,
    word=_mostly(_TEXT),
    maybe=_mostly(st.none() | _TEXT),
    number=_mostly(st.integers(-(2**31), 2**31 - 1)),
    share=_mostly(st.floats(allow_nan=False, allow_infinity=False)),
    truth=_mostly(st.booleans()),
    colour=_mostly(st.none() | st.sampled_from(Colour)),
    at=_mostly(st.none() | _AT),
)
_OTHER = st.builds(Other, word=_mostly(_TEXT))


def _twigs(named: Any) -> Any:
    return st.builds(
        Twig,
        id=_mostly(_TEXT),
        word=_mostly(st.none() | _TEXT),
        leaf=_mostly(st.none() | _LEAF),
        sure=_mostly(_LEAF),
        leaves=_mostly(st.none() | st.lists(st.none() | _LEAF, max_size=3)),
        words=_mostly(st.lists(_mostly(_TEXT), max_size=3)),
        either=_mostly(st.none() | _LEAF | _OTHER),
        named=_mostly(named),
    )


_TWIG = _twigs(st.none() | _twigs(st.none()))

_LEAF_FIELDS = st.lists(
    st.sampled_from(
        [
            "word",
            "maybe",
            "number",
            "share",
            "truth",
            "colour",
            "at",
            "__typename",
            "again: word",
            "shown: number @include(if: $yes)",
            "hidden: at @skip(if: $yes)",
        ]
    ),
    min_size=1,
    max_size=6,
    unique=True,
).map(" ".join)


def _in_braces(name: str, fields: Any) -> Any:
    return fields.map(lambda inner: f"{name} {{ {inner} }}")


_TWIG_FIELD: Any = st.one_of(
    st.sampled_from(
        ["id", "word", "words", "__typename", "resolved", "resolved(times: 2)", "later", "loud", "...F"]
    ).map(lambda field: f"twice: {field}" if field.startswith("resolved(") else field),
    _in_braces("leaf", _LEAF_FIELDS),
    _in_braces("sure", _LEAF_FIELDS),
    _in_braces("leaves", _LEAF_FIELDS),
    _LEAF_FIELDS.map(lambda inner: f"either {{ ... on Leaf {{ {inner} }} ... on Other {{ spoken: word }} }}"),
    st.just("named { id __typename ... on Twig { word sure { word } } }"),
)
_SELECTION = st.lists(_TWIG_FIELD, min_size=1, max_size=7).map(" ".join)


def _document(root: str, selection: str) -> str:
    fragment = "fragment F on Twig { id sure { number word } }" if "...F" in selection else ""
    uses = "($yes: Boolean!)" if "$yes" in selection else ""
    return f"query Q{uses} {{ {root} {{ {selection} }} }} {fragment}"


def _shown(result: ExecutionResult) -> Any:
    errors = [
        (error.message, error.path, [(place.line, place.column) for place in error.locations or ()])
        for error in result.errors or ()
    ]
    return orjson.dumps(result.data), sorted(errors, key=str)


async def _ask(schema: strawberry.Schema, document: str, context: Any) -> Any:
    variables = {"yes": True} if "$yes" in document else None
    return _shown(await schema.execute(document, variable_values=variables, context_value=context))


@given(st.sampled_from(["twigs", "twig"]), _SELECTION, st.lists(st.none() | _TWIG, min_size=1, max_size=4))
def test_given_any_objects_and_selection_when_executed_both_ways_then_data_and_errors_are_equal(
    root: str, selection: str, twigs: list[Any]
) -> None:
    document = _document(root, selection)

    async def both() -> tuple[Any, Any]:
        return await _ask(SLOW, document, twigs), await _ask(FAST, document, twigs)

    slow, fast = asyncio.run(both())
    assert fast == slow


LEAF = Leaf(
    word="w", maybe=None, number=1, share=0.5, truth=True, colour=Colour.BLUE, at=datetime(2026, 1, 2, tzinfo=UTC)
)


def _twig(**fields: Any) -> Twig:
    values: dict[str, Any] = {"word": "w", "leaf": None, "sure": LEAF, "leaves": [LEAF], "words": ["a"], "either": LEAF}
    return Twig(**{"id": strawberry.ID("t"), "named": None, **values, **fields})


@pytest.fixture
def completions(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The fields that graphql-core executed its own way."""
    seen: list[str] = []
    original = FastExecutor.execute_field

    def execute_field(self: Any, parent: Any, source: Any, details: Any, path: Any, position: Any) -> Any:
        seen.append(details[0].node.name.value)
        return original(self, parent, source, details, path, position)

    monkeypatch.setattr(FastExecutor, "execute_field", execute_field)
    return seen


async def test_given_plain_objects_when_listed_then_graphql_core_executes_the_root_alone(
    completions: list[str],
) -> None:
    twigs = [_twig(leaf=LEAF)] * 3
    result = await FAST.execute(
        "{ twigs { __typename id words leaf { word colour at } leaves { number } } }", context_value=twigs
    )
    assert result.errors is None
    assert completions == ["twigs"]


async def test_given_one_resolver_when_listed_then_only_that_field_is_executed_the_long_way(
    completions: list[str],
) -> None:
    result = await FAST.execute("{ twigs { id later sure { word } resolved } }", context_value=[_twig()])
    assert result.data == {"twigs": [{"id": "t", "later": "w", "sure": {"word": "w"}, "resolved": "w"}]}
    assert list(result.data["twigs"][0]) == ["id", "later", "sure", "resolved"]
    assert completions == ["twigs", "later", "resolved"]


async def test_given_a_coroutine_as_an_attribute_when_read_then_it_is_awaited_as_ever() -> None:
    async def word() -> str:
        return "late"

    result = await FAST.execute("{ twigs { word id } }", context_value=[_twig(word=word())])
    assert result.data == {"twigs": [{"word": "late", "id": "t"}]}


async def test_given_an_extension_that_watches_every_field_when_executed_then_none_escapes_it() -> None:
    watched = _schema(is_fast=True, extensions=[Shouting])
    result = await watched.execute("{ twigs { word sure { word } } }", context_value=[_twig()])
    assert result.data == {"twigs": [{"word": "W", "sure": {"word": "W"}}]}


class Given(list[Any]):
    """What the fields give, as the context of an operation; and what is looked at before one is let in."""

    def __init__(self, *given: Any) -> None:
        super().__init__(given)
        self.options = Options()
        self.principal = self.remote_address = self.cost = None
        self.is_charged = self.is_socket = False
        self.operation = "query"
        self.age_seconds = 0.0


async def test_given_a_known_document_when_other_objects_come_then_each_answer_is_its_own() -> None:
    known = _schema(is_fast=True, extensions=[KnownDocuments])
    document = "{ twigs { id words sure { word colour } leaves { number } } }"
    rounds: list[list[Any]] = [
        [_twig()],
        [_twig(words=["b"]), _twig(sure=None), _twig(leaves=None)],
        [_twig(sure=Other(word="wrong"))],
        [_twig(leaves=[LEAF, None])],
        [_twig()],
    ]
    for twigs in rounds:
        assert await _ask(known, document, Given(*twigs)) == await _ask(SLOW, document, twigs)


async def test_given_a_known_document_when_a_variable_leaves_a_field_out_then_it_is_left_out() -> None:
    known = _schema(is_fast=True, extensions=[KnownDocuments])
    document = "query ($yes: Boolean!) { twigs { id sure { word number @include(if: $yes) } } }"
    for yes in (True, False, True):
        result = await known.execute(document, variable_values={"yes": yes}, context_value=Given(_twig()))
        assert result.data == {"twigs": [{"id": "t", "sure": {"word": "w", **({"number": 1} if yes else {})}}]}


async def test_given_two_schemas_when_one_knows_a_document_then_the_other_judges_it_itself() -> None:
    @strawberry.type(name="Query")
    class Smaller:
        other: str = "o"

    document = "{ twigs { id } }"
    known = _schema(is_fast=True, extensions=[KnownDocuments])
    assert (await known.execute(document, context_value=Given(_twig()))).errors is None
    smaller = strawberry.Schema(query=Smaller, extensions=[KnownDocuments])
    errors = (await smaller.execute(document, context_value=Given())).errors
    assert errors is not None
    assert "Cannot query field 'twigs'" in errors[0].message


class TestKnownDocuments:
    @pytest.fixture
    def schema(self) -> strawberry.Schema:
        return _schema(is_fast=True, extensions=[KnownDocuments, Limits])

    @pytest.fixture
    def parsed(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """The documents that were parsed, in order."""
        seen: list[str] = []
        module: Any = importlib.import_module("strawberry.schema.schema")
        original = module.parse

        def parse(text: str, **options: Any) -> Any:
            seen.append(text)
            return original(text, **options)

        monkeypatch.setattr(module, "parse", parse)
        return seen

    async def _ask(self, schema: strawberry.Schema, document: str, **variables: Any) -> ExecutionResult:
        return await schema.execute(document, variable_values=variables or None, context_value=Given())

    async def test_given_a_document_when_it_comes_again_then_it_is_not_parsed_again(
        self, schema: strawberry.Schema, parsed: list[str]
    ) -> None:
        document = "{ __typename first: __typename }"
        answers = [(await self._ask(schema, document)).data for _ in range(3)]
        assert answers == [{"__typename": "Query", "first": "Query"}] * 3
        assert parsed == [document]

    async def test_given_an_invalid_document_when_it_comes_again_then_it_is_refused_again(
        self, schema: strawberry.Schema
    ) -> None:
        for _ in range(3):
            result = await self._ask(schema, "{ unknown }")
            assert result.errors is not None
            assert "unknown" in result.errors[0].message

    async def test_given_a_known_document_when_its_variables_are_wrong_then_they_are_refused(
        self, schema: strawberry.Schema
    ) -> None:
        document = "query ($yes: Boolean!) { __typename @include(if: $yes) }"
        assert (await self._ask(schema, document, yes=True)).data == {"__typename": "Query"}
        for wrong in ({"yes": "\x00"}, {"yes": 7}, {}):
            assert (await self._ask(schema, document, **wrong)).errors

    async def test_given_more_documents_than_are_kept_when_they_come_then_the_oldest_is_forgotten(
        self, schema: strawberry.Schema, parsed: list[str]
    ) -> None:
        first = "{ forgotten: __typename }"
        await self._ask(schema, first)
        for number in range(500):
            await self._ask(schema, f"{{ field{number}: __typename }}")
        await self._ask(schema, first)
        assert parsed.count(first) == 2

    async def test_given_a_very_long_document_when_it_comes_again_then_it_was_not_kept(
        self, schema: strawberry.Schema, parsed: list[str]
    ) -> None:
        document = "{ __typename }" + " " * 20_000
        for _ in range(2):
            assert (await self._ask(schema, document)).data == {"__typename": "Query"}
        assert parsed == [document] * 2
