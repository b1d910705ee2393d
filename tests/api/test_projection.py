"""Records read column by column answer as the objects made of them do, whatever is selected and whatever is in them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
import orjson
import pytest
import sqlalchemy as sa
import strawberry
from graphql import GraphQLNonNull, GraphQLObjectType
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strawberry.schema.config import StrawberryConfig

from app.api.fast_path import FastExecutor
from app.api.fields import RememberedNames
from app.api.paging import Connection
from app.api.paging import _connection as connection_of
from app.api.projection import Made, NotProjectedError, One, Selection
from app.api.scalars import SCALARS
from app.api.schema import build_schema
from app.api.types.cdr import CDR, Cdr
from app.cdrs.reading import RECORD_NAMES, read_record
from app.db.tables import CdrRow
from app.facts.masking import Sight
from app.facts.vocabulary import CallKind, CdrSource, Direction, Disposition, EndCode, EndParty, Pair, Party
from app.paging import CursorSigner, Page, Rows

SIGHTS = [Sight(has_numbers=numbers, has_digits=digits) for numbers in (False, True) for digits in (False, True)]
SIGNER = CursorSigner(bytes(32), account_id="acc_1", list_name="cdrs", shape=None)


class Asked(NamedTuple):
    """An operation's context: the records, how they are seen, and how the answer is taken."""

    rows: list[tuple[Any, ...]]
    sight: Sight
    takes_json: bool = False


async def _count() -> Any:
    raise AssertionError("nobody asked for a count")


def _connection(asked: Asked) -> Connection[Any]:
    rows = Rows(asked.rows, RECORD_NAMES, read_record)
    positions = Rows(asked.rows, RECORD_NAMES, lambda row: (row[0],))
    page = Page(items=rows, positions=positions, has_next=True, has_previous=False)
    return connection_of(page, lambda record: Cdr.of(record, asked.sight), SIGNER, _count, CDR, asked.sight)


@strawberry.type
class Query:
    @strawberry.field
    def cdrs(self, info: strawberry.Info) -> Connection[Cdr]:
        return _connection(info.context)


class Quiet(strawberry.Schema):
    def process_errors(self, errors: list[Any], execution_context: Any = None) -> None:
        """Errors are compared, not logged."""


def _schema(*, is_fast: bool) -> strawberry.Schema:
    return Quiet(
        query=Query,
        config=StrawberryConfig(scalar_map=SCALARS, name_converter=RememberedNames()),
        execution_context_class=FastExecutor if is_fast else None,
    )


SLOW, FAST = _schema(is_fast=False), _schema(is_fast=True)

_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8)
_MAYBE = st.none() | _TEXT
_AT = st.datetimes(
    min_value=datetime(1970, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)  # noqa: DTZ001
) | st.just(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))  # fmt: skip
_NUMBER = st.from_regex(r"\+[1-9][0-9]{0,14}", fullmatch=True)
_DIALLED = st.none() | _NUMBER | st.from_regex(r"[0-9]{2,6}", fullmatch=True)
_PARTY = st.builds(Party, number=st.none() | _NUMBER, display=_MAYBE, extension=_MAYBE, is_anonymous=st.booleans())
# The last three are what GraphQL has no word for.
_SECONDS = st.floats(0, 1e9) | st.sampled_from([float("inf"), float("nan"), float("-inf")])
_INT = st.none() | st.integers(-(2**31), 2**31 - 1)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _kept(kind: type[Any]) -> Any:
    return st.sampled_from([one.value for one in kind])


_ROW = st.fixed_dictionaries(
    {
        **dict.fromkeys(RECORD_NAMES, _TEXT),
        **dict.fromkeys(("agent_id", "agent_name", "extension", "caller_id_name", "trunk_id"), _MAYBE),
        **dict.fromkeys(("external_id", "request_id", "dtmf"), _MAYBE),
        "kind": _kept(CallKind),
        "direction": _kept(Direction),
        "disposition": _kept(Disposition),
        "end_code": _kept(EndCode),
        "end_party": _kept(EndParty),
        "source": _kept(CdrSource),
        "sip_code": _INT,
        "hangup_cause": _INT,
        "created_at": _AT,
        "ended_at": _AT,
        **dict.fromkeys(("ringing_at", "answered_at", "connected_at"), st.none() | _AT),
        **dict.fromkeys(("ring_seconds", "talk_seconds", "duration_seconds"), _SECONDS),
        "dialled_number": _DIALLED,
        "caller_id": st.none() | _NUMBER,
        "recording_ids": st.lists(_TEXT | st.just("rec_1"), max_size=2),
        "tags": st.lists(_TEXT, max_size=3),
        "metadata_pairs": st.lists(st.builds(Pair, key=_TEXT, value=_TEXT), max_size=3).map(_json),
        "is_sandbox": st.booleans(),
        "agent_party": _PARTY.map(_json),
        "customer_party": _PARTY.map(_json),
    }
).map(lambda row: tuple(row[name] for name in RECORD_NAMES))


def _inner(*fields: str) -> Any:
    return st.lists(st.sampled_from([*fields, "__typename"]), min_size=1, max_size=6, unique=True).map(
        lambda chosen: " ".join(f"{name}: {name}" if number % 2 else name for number, name in enumerate(chosen))
    )


_PARTY_FIELDS = _inner("number", "display", "extension", "isAnonymous", "isMasked")
_OBJECTS = {
    "agentParty": _PARTY_FIELDS,
    "customerParty": _PARTY_FIELDS,
    "dialledNumber": _PARTY_FIELDS,
    "callerId": _PARTY_FIELDS,
    "endReason": _inner("code", "party", "sipCode", "hangupCause"),
    "metadata": _inner("key", "value"),
}
_LEAVES = [
    *("id", "callId", "kind", "direction", "disposition", "source", "uniqueId", "createdAt", "ringingAt", "answeredAt"),
    *("connectedAt", "endedAt", "ringSeconds", "talkSeconds", "durationSeconds", "agentId", "agentName", "extension"),
    *("trunkId", "externalId", "requestId", "dtmf", "recordingIds", "tags", "sandbox", "__typename"),
]
_SPICE = ["", " @include(if: $yes)", " @skip(if: $yes)", " @include(if: $no)"]


@st.composite
def _selections(draw: Any) -> str:
    parts = []
    for number, leaf in enumerate(draw(st.lists(st.sampled_from(_LEAVES), min_size=1, max_size=12))):
        alias = draw(st.sampled_from(["", "class: ", "field_0: ", f"a{number}: "]))
        # One response name must mean one field.
        alias = f"{alias[:-2]}{number}: " if alias else ""
        parts.append(f"{alias}{leaf}{draw(st.sampled_from(_SPICE))}")
    objects = draw(st.lists(st.sampled_from(sorted(_OBJECTS)), max_size=4, unique=True))
    parts += [f"{name} {{ {draw(_OBJECTS[name])} }}" for name in objects]
    if draw(st.booleans()):
        parts.append("...F")
    if draw(st.booleans()):
        parts.append("... on Cdr @include(if: $no) { gone: id } ... { again: agentParty { n: number } }")
    if draw(st.booleans()):
        parts.append("agentParty { display } agentParty { ...P }")
    return " ".join(draw(st.permutations(parts)))


def _document(selection: str, around: str) -> str:
    document = (
        "query Q($yes: Boolean = true, $no: Boolean = false) { a: __typename @include(if: $yes) "
        f"b: __typename @skip(if: $no) cdrs {{ {around.replace('SELECTION', selection)} }} }}"
    )
    if "...F" in selection:
        document += " fragment F on Cdr { disposition customerParty { number isMasked } metadata { value key } }"
    if "...P" in selection:
        document += " fragment P on Party { extension number }"
    return document


def _shown(result: Any) -> Any:
    errors = [(one.message, one.path) for one in result.errors or ()]
    data = None if result.data is None else orjson.loads(orjson.dumps(result.data))
    return orjson.dumps(data), sorted(errors, key=str)


_AROUND = ["nodes { SELECTION }", "edges { cursor node { SELECTION } __typename }", "edges { node { SELECTION } }"]


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=60)
@given(
    st.lists(_ROW, max_size=4),
    _selections(),
    st.sampled_from(_AROUND),
    st.sampled_from(SIGHTS),
    st.booleans(),
    st.booleans(),
)
async def test_given_any_rows_selection_and_sight_when_read_both_ways_then_the_answers_are_equal(
    rows: list[Any], selection: str, around: str, sight: Sight, takes_json: bool, yes: bool
) -> None:  # fmt: skip
    document, variables = _document(selection, around), {"yes": yes, "no": not yes}
    slow = await SLOW.execute(document, variable_values=variables, context_value=Asked(rows, sight))
    assert not [error for error in slow.errors or () if error.path is None], "the document is valid"
    for _ in range(2):  # as found out, and as remembered
        fast = await FAST.execute(document, variable_values=variables, context_value=Asked(rows, sight, takes_json))
        assert _shown(fast) == _shown(slow)


def _good_row(**values: Any) -> tuple[Any, ...]:
    at = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)
    row = {
        **dict.fromkeys(RECORD_NAMES, "text"),
        **dict.fromkeys(("created_at", "ended_at", "ringing_at", "answered_at", "connected_at"), at),
        **dict.fromkeys(("ring_seconds", "talk_seconds", "duration_seconds"), 1.5),
        "kind": "INBOUND",
        "direction": "INBOUND",
        "disposition": "BUSY",
        "end_code": "BUSY",
        "end_party": "AGENT",
        "source": "LIVE",
        "sip_code": 486,
        "hangup_cause": 17,
        "dialled_number": "+12125550123",
        "caller_id": "+12125550100",
        "recording_ids": ["rec_1"],
        "tags": ["a"],
        "metadata_pairs": "[]",
        "is_sandbox": False,
        "agent_party": '{"extension":"2001"}',
        "customer_party": '{"number":"+12125550123"}',
        **values,
    }
    return tuple(row[name] for name in RECORD_NAMES)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The records that objects were made of."""
    seen: list[Any] = []
    original = Cdr.of.__func__  # type: ignore[attr-defined]  # of a classmethod

    def of(cls: Any, record: Any, sight: Sight) -> Any:
        seen.append(record)
        return original(cls, record, sight)

    monkeypatch.setattr(Cdr, "of", classmethod(of))
    return seen


@pytest.mark.parametrize("around", _AROUND)
async def test_given_plain_fields_when_a_page_is_asked_for_then_no_object_is_made(made: list[Any], around: str) -> None:
    every = " ".join([*_LEAVES, *(f"{name} {{ __typename }}" for name in _OBJECTS)])
    asked = Asked([_good_row()] * 3, SIGHTS[0], takes_json=True)
    result = await FAST.execute(_document(every, around), context_value=asked)
    assert result.errors is None
    assert made == []


@pytest.mark.parametrize(
    "values",
    [{"kind": "A_LATER_WORD"}, {"talk_seconds": float("inf")}, {"agent_party": "{"}, {"tags": [None]}],
    ids=["enum", "number", "json", "list"],
)
async def test_given_a_value_that_the_type_forbids_when_read_then_the_objects_say_what_is_wrong(
    made: list[Any], values: dict[str, Any]
) -> None:
    asked = Asked([_good_row(), _good_row(**values)], SIGHTS[3], takes_json=True)
    document = "{ cdrs { nodes { id kind talkSeconds agentParty { extension } tags } } }"
    fast, slow = [await schema.execute(document, context_value=asked) for schema in (FAST, SLOW)]
    assert made
    assert slow.errors
    assert _shown(fast) == _shown(slow)


def test_given_the_types_when_compared_with_their_projections_then_every_plain_field_is_projected() -> None:
    definition: Any = Cdr.__strawberry_definition__  # type: ignore[attr-defined]  # put there by the decorator
    assert set(CDR.fields) == {field.python_name for field in definition.fields if field.base_resolver is None}
    for name, field in CDR.fields.items():
        if isinstance(field, One):
            kind: Any = build_schema()._schema.type_map[
                {"end_reason": "EndReason", "quality": "Quality"}.get(name, "Party")
            ]
            assert len(field.projection.fields) == len(kind.fields)


def test_given_the_table_when_compared_with_the_type_then_what_may_not_be_null_is_not_null_in_it() -> None:
    cdr = build_schema()._schema.type_map["Cdr"]  # Strawberry's only name for it
    assert isinstance(cdr, GraphQLObjectType)
    columns = sa.inspect(CdrRow).local_table.c
    own = {"sandbox": "is_sandbox", "metadata": "metadata_pairs", "end_reason": "end_code", "quality": "mos"}
    own |= {"is_dnc": "disposition"}
    for field in cdr.fields.values():
        name = getattr(field.extensions.get("strawberry-definition"), "python_name", "")
        if name in CDR.fields and isinstance(field.type, GraphQLNonNull):
            assert not columns[own.get(name, name)].nullable, name


def test_given_an_attribute_that_a_projection_lacks_when_selected_then_it_says_so() -> None:
    rows: Sequence[Any] = Rows([_good_row()], RECORD_NAMES, read_record)
    with pytest.raises(NotProjectedError):
        Selection("Cdr", [("x", "unknown", None)]).write(CDR, rows, SIGHTS[0])
    with pytest.raises(NotProjectedError):
        Selection("Cdr", [("x", "id", Selection("Y", [("z", None, None)]))]).write(CDR, rows, SIGHTS[0])
    with pytest.raises(NotProjectedError):
        Made([1], str).write(Selection("Cdr", [("x", None, None)]))


def test_given_made_objects_when_looked_at_then_they_are_a_sequence_like_any_other() -> None:
    made = Made([1, 2, 3], str)
    assert (list(made), len(made), made[0], list(made[1:]), made[-1]) == (["1", "2", "3"], 3, "1", ["2", "3"], "3")


def test_given_rows_when_looked_at_then_they_are_a_sequence_and_give_their_columns() -> None:
    rows: Rows[int] = Rows([(1, "a"), (2, "b")], ("number", "letter"), lambda row: row[0] * 10)
    assert (list(rows), len(rows), rows[-1], list(rows[:1])) == ([10, 20], 2, 20, [10])
    assert rows.column("letter") == ("a", "b")
    nothing: Rows[int] = Rows([], ("number",), lambda row: row[0])
    assert (list(nothing), nothing.column("number")) == ([], ())
    with pytest.raises(KeyError):
        rows.column("unknown")
