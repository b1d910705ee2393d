"""What the texts, seconds and ids of a request may be. Hostile ones are refused, each where it stands."""

import math
from typing import Any, Final

import pytest

from app.calls.planning.originate_checks import check_request
from app.calls.planning.requests import OriginateRequest
from app.errors import RefusedError
from app.facts.vocabulary import AgentDisplay, Pair
from app.resources.shown_names import check_shown_name, clean_shown_name

AGENT_ID = "agent_01k3v7q2h4n8r6t0w5y9abcdef"
TRUNK_ID = "trunk_01k3v7q2h4n8r6t0w5y9abcdef"
CALL_ID = "call_01k3v7q2h4n8r6t0w5y9abcdef"
DESTINATION = "+12125550123"
#: https://www.unicode.org/Public/UCD/latest/ucd/PropList.txt: the property Bidi_Control.
TURNS_DIRECTION: Final = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def _request(**fields: Any) -> OriginateRequest:
    given = {"idempotency_key": "k", "destination_number": DESTINATION, "connect_extension": "2001", **fields}
    return OriginateRequest(**given)


def _problems(request: OriginateRequest) -> list[tuple[str, tuple[str, ...]]]:
    """What is wrong with the request alone."""
    try:
        check_request(request)
    except RefusedError as refused:
        return [(problem.code, problem.field) for problem in refused.problems]
    return []


def test_given_a_plain_request_when_checked_then_nothing_is_wrong_with_it() -> None:
    assert _problems(_request()) == []


@pytest.mark.parametrize("field", ["caller_id_name", "destination_name"])
@pytest.mark.parametrize(
    ("name", "is_fine"),
    [
        ("Grace O'Neill, Ltd. (North) & Søn 株式会社", True),
        ("x" * 80, True),
        ("", False),
        ("x" * 81, False),
        ('Bob" <+19005550123>', False),
        ("Bob <b@evil>", False),
        ("a>b", False),
        ("a\\b", False),
        ("Bob\r\nX-Evil: 1", False),
        ("a\0b", False),
        ("a\tb", False),
        ("a\x1b[31m", False),
        ("a\x7fb", False),
        ("a\x85b", False),
        ("a\u2028b", False),
        ("a\u2029b", False),
        ("a\ud800b", False),
    ],
)
def test_given_a_name_to_be_shown_when_checked_then_none_that_could_break_out_of_a_sip_header_passes(
    field: str, name: str, is_fine: bool
) -> None:
    path = {"caller_id_name": "callerIdName", "destination_name": "destinationName"}[field]
    assert _problems(_request(**{field: name})) == ([] if is_fine else [("INVALID_INPUT", (path,))])


def _pairs(*pairs: tuple[str, str]) -> tuple[Pair, ...]:
    return tuple(Pair(key=key, value=value) for key, value in pairs)


@pytest.mark.parametrize(
    ("metadata", "fields"),
    [
        (_pairs(("a", ""), ("ключ", "line 1\nline 2\t")), []),
        (tuple(Pair(key=str(number), value="") for number in range(50)), []),
        (tuple(Pair(key=str(number), value="") for number in range(51)), [("metadata",)]),
        (_pairs(("a", "1"), ("a", "2")), [("metadata",)]),
        (_pairs(("", "x")), [("metadata", "0", "key")]),
        (_pairs(("ok", "x"), ("k" * 65, "x")), [("metadata", "1", "key")]),
        (_pairs(("a\nb", "x")), [("metadata", "0", "key")]),
        (_pairs(("a", "v" * 1000)), []),
        (_pairs(("a", "v" * 1001)), [("metadata", "0", "value")]),
        (_pairs(("a", "\r")), [("metadata", "0", "value")]),
        (_pairs(("a", "\0")), [("metadata", "0", "value")]),
        (_pairs(("\ud800", "\udfff")), [("metadata", "0", "key"), ("metadata", "0", "value")]),
    ],
)
def test_given_metadata_when_checked_then_each_pair_that_cannot_be_kept_is_named(
    metadata: tuple[Pair, ...], fields: list[tuple[str, ...]]
) -> None:
    assert _problems(_request(metadata=metadata)) == [("INVALID_INPUT", field) for field in fields]


@pytest.mark.parametrize(
    ("tags", "fields"),
    [
        (("spring", "vip 2", "büro"), []),
        (tuple(str(number) for number in range(20)), []),
        (tuple(str(number) for number in range(21)), [("tags",)]),
        (("a", "a"), [("tags",)]),
        (("",), [("tags", "0")]),
        (("ok", "t" * 65), [("tags", "1")]),
        (("a\n",), [("tags", "0")]),
        (("\ud800",), [("tags", "0")]),
    ],
)
def test_given_tags_when_checked_then_each_that_cannot_be_kept_is_named(
    tags: tuple[str, ...], fields: list[tuple[str, ...]]
) -> None:
    assert _problems(_request(tags=tags)) == [("INVALID_INPUT", field) for field in fields]


@pytest.mark.parametrize(
    ("external_id", "is_fine"), [("lead/7 é", True), ("x" * 255, True), ("", False), ("x" * 256, False), ("a\0", False)]
)
def test_given_an_external_id_when_checked_then_it_is_kept_or_refused(external_id: str, is_fine: bool) -> None:
    assert _problems(_request(external_id=external_id)) == ([] if is_fine else [("INVALID_INPUT", ("externalId",))])


@pytest.mark.parametrize(
    ("field", "path", "most"),
    [
        ("agent_ring_seconds", "agentRingSeconds", 600.0),
        ("customer_ring_seconds", "customerRingSeconds", 600.0),
        ("max_duration_seconds", "maxDurationSeconds", 86_400.0),
    ],
)
def test_given_seconds_when_checked_then_only_finite_ones_within_the_limits_pass(
    field: str, path: str, most: float
) -> None:
    for fine in (1.0, 1, 59.5, most):
        assert _problems(_request(**{field: fine})) == []
    hostile = [math.nan, math.inf, -math.inf, 0, 0.0, -0.0, 0.999, -1, most + 0.001, 2**31, 2**63, 1e308]
    for value in hostile:
        assert _problems(_request(**{field: value})) == [("INVALID_INPUT", (path,))], value


@pytest.mark.parametrize(
    "text", [AGENT_ID.replace("agent", "leg"), TRUNK_ID, CALL_ID, "", "agent_x", "' OR 1=1 --", "\0"]
)
def test_given_an_id_of_another_kind_when_checked_then_there_is_no_such_thing(text: str) -> None:
    request = _request(connect_extension=None, connect_agent_id=text)
    assert _problems(request) == [("NOT_FOUND", ("connect", "agentId"))]
    if text != TRUNK_ID:
        assert _problems(_request(trunk_id=text)) == [("NOT_FOUND", ("trunkId",))]
    assert _problems(_request(trunk_id=AGENT_ID)) == [("NOT_FOUND", ("trunkId",))]


@pytest.mark.parametrize("text", ["", "1", "1234567", "20 01", "2001;", "２００１", "2001@evil", "+2001", "2001\n"])
def test_given_an_extension_that_is_none_when_checked_then_it_is_refused_where_it_stands(text: str) -> None:
    assert _problems(_request(connect_extension=text)) == [("INVALID_NUMBER", ("connect", "extension"))]
    assert _problems(_request(destination_number=None, destination_extension=text)) == [
        ("INVALID_NUMBER", ("destination", "extension"))
    ]


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"destination_number": None}, "destination"),
        ({"destination_extension": "2002"}, "destination"),
        ({"connect_extension": None}, "connect"),
        ({"connect_agent_id": AGENT_ID}, "connect"),
        ({"connect_number": "+12125550124"}, "connect"),
        ({"agent_display": AgentDisplay.CUSTOM}, "destinationName"),
    ],
)
def test_given_one_too_many_or_too_few_when_checked_then_it_is_said_what_is_required(
    fields: dict[str, Any], path: str
) -> None:
    assert _problems(_request(**fields)) == [("REQUIRED", (path,))]


def test_given_much_that_is_wrong_when_checked_then_all_of_it_is_told_at_once() -> None:
    request = _request(destination_number=None, connect_extension="x", tags=("",), agent_ring_seconds=math.nan)
    assert [field for _, field in _problems(request)] == [
        ("destination",),
        ("tags", "0"),
        ("agentRingSeconds",),
        ("connect", "extension"),
    ]


@pytest.mark.parametrize("mark", TURNS_DIRECTION)
def test_given_a_name_that_turns_the_direction_of_its_text_when_checked_then_it_is_refused_and_cleaned_of_it(
    mark: str,
) -> None:
    assert [problem.field for problem in check_shown_name(f"Ada{mark}ecalevoL", "displayName")] == [("displayName",)]
    assert clean_shown_name(f"Ada{mark}") == "Ada"
