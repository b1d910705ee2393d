"""Documents and requests made to cost: each is refused whole, with a code, before anything of it is executed."""

import asyncio
import hashlib
from collections.abc import Iterator
from typing import Any, Final
from unittest.mock import patch

import orjson
import pytest
from graphql import Lexer
from graphql.language.parser import Parser

from app.accounts.scopes import Scope
from app.api.budget import Budget, Introspection
from app.api.context import Options
from app.api.limits import MOST_TOKENS
from tests.api.conftest import Surface
from tests.security.conftest import Tenant
from tests.security.raw_socket import message, raw_socket

pytestmark = pytest.mark.postgres

_COMPLEX: Final = "QUERY_TOO_COMPLEX"
_UNREAD: Final = "GRAPHQL_PARSE_FAILED"
_INVALID: Final = "GRAPHQL_VALIDATION_FAILED"


def _fragments(number: int, on: str, body: str) -> str:
    return "".join(f" fragment F{one} on {on} {{ {body.format(next=one + 1)} }}" for one in range(number))


def _money(number: int) -> str:
    given = 'input: {{idempotencyKey: "k{0}", destination: {{number: "+15550100000"}}, connect: {{extension: "2001"}}}}'
    place = "a{0}: originateCall(" + given + ") {{ call {{ id }} userErrors {{ code }} }}"
    return "mutation { " + " ".join(place.format(one) for one in range(number)) + " }"


_DOCUMENTS: Final[dict[str, tuple[str, str]]] = {
    "100,000 tokens": ("{ " + "a " * 100_000 + "}", _COMPLEX),
    "40,000 tokens of little text": ("{ " + "a " * 40_000 + "}", _UNREAD),
    "10,000 aliases": ("{ " + " ".join(f"a{n}:id" for n in range(10_000)) + " }", _UNREAD),
    "1,000 aliases of __typename": ("{ " + " ".join(f"a{n}: __typename" for n in range(1000)) + " }", _COMPLEX),
    "aliases in a fragment": (
        "{ viewer { ...F0 } }" + _fragments(1, "Viewer", " ".join(f"a{n}: keyId" for n in range(100))),
        _COMPLEX,
    ),
    "one field a thousand times": ("{ viewer { " + "keyId " * 1000 + "} }", _COMPLEX),
    "one field in eighty fragments": (
        "{ viewer { " + " ".join(f"...F{n}" for n in range(80)) + " } }" + _fragments(80, "Viewer", "keyId"),
        _COMPLEX,
    ),
    "three hundred fragments": ("{ ...F0 }" + _fragments(300, "Query", "...F{next} __typename"), _COMPLEX),
    "fragments in a circle": (
        "{ ...F0 }" + _fragments(30, "Query", "...F{next}") + " fragment F30 on Query { ...F0 }",
        _INVALID,
    ),
    "a fragment of itself": ("{ ...F } fragment F on Query { __typename ...F }", _INVALID),
    "fragments that double": (
        "{ ...F0 }" + _fragments(60, "Query", "...F{next} ...F{next}") + " fragment F60 on Query { __typename }",
        _COMPLEX,
    ),
    "fragments that double to nothing": ("{ ...F0 }" + _fragments(60, "Query", "...F{next} ...F{next}"), _COMPLEX),
    "fragments that all spread each other": (
        "{ ...F0 }" + _fragments(40, "Query", " ".join(f"...F{n}" for n in range(40))),
        _COMPLEX,
    ),
    "a fragment called __schema": ("{ ...__schema } fragment __schema on Query { nothing }", _INVALID),
    "a fragment nobody spreads": ("{ __typename } fragment F on Viewer { " + "keyId " * 2100 + " }", _COMPLEX),
    "500 directives": ("{ __typename " + "@unknown " * 500 + "}", _COMPLEX),
    "directives on spreads": (
        "{ viewer { " + "...F0 @include(if: true) " * 101 + "} }" + _fragments(1, "Viewer", "keyId"),
        _COMPLEX,
    ),
    "a hundred operations": (" ".join(f"query Q{n} {{ __typename }}" for n in range(100)), "BAD_REQUEST"),
    "30 levels": ("{ call(id: 1) " + "{ cdr { call " * 15 + "{ id }" + " } }" * 15 + " }", _COMPLEX),
    "900 levels": ("{ a " * 900 + "}" * 900, _UNREAD),
    "a list in a list, 900 times": ("{ call(id: " + "[" * 900 + "]" * 900 + ") { id } }", _UNREAD),
    "pages in pages": (
        "{ calls(first: 200) { nodes { recordings { call { recordings { call { id } } } } } } }",
        _COMPLEX,
    ),
    "the schema of the schema": ("{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }",
                                 _INVALID),
    "the schema twenty times": ("{ " + " ".join(f"a{n}: __schema {{ types {{ name }} }}" for n in range(20)) + " }",
                                _COMPLEX),
    "all types twenty times": ("{ __schema { " + " ".join(f"a{n}: types {{ name }}" for n in range(20)) + " } }",
                               _COMPLEX),
    "50 calls at once": (_money(50), _COMPLEX),
    "11 calls at once": (_money(11), _COMPLEX),
}  # fmt: skip


async def test_given_a_document_made_to_cost_when_sent_then_it_is_refused_before_anything_is_executed(
    surface: Surface, subtests: pytest.Subtests
) -> None:
    for name, (document, code) in _DOCUMENTS.items():
        with subtests.test(name):
            with patch("strawberry.schema.schema.execute", side_effect=AssertionError("it was executed")):
                response = await surface.post(document)
            body = response.json()
            assert response.status_code in {200, 400}
            assert "data" not in body
            assert {error["extensions"]["code"] for error in body["errors"]} == {code}
            # What is told of it stays small, too: a few errors, and no echo of the document.
            assert len(body["errors"]) <= 11
            assert len(response.content) < 20_000


@pytest.fixture
def advances() -> Iterator[list[int]]:
    """How often the lexer went on to another token, for each document that was parsed."""
    counted: list[int] = []
    begin, advance = Parser.__init__, Lexer.advance

    def begin_counting(self: Parser, *given: Any, **named: Any) -> None:
        counted.append(0)
        begin(self, *given, **named)

    def count(self: Lexer) -> Any:
        counted[-1] += 1
        return advance(self)

    with patch.object(Parser, "__init__", begin_counting), patch.object(Lexer, "advance", count):
        yield counted


async def test_given_more_tokens_than_may_be_when_sent_then_reading_stops_there_and_a_longer_text_is_not_read(
    surface: Surface, advances: list[int]
) -> None:
    assert (await surface.refuse("{ " + "b " * 45_000 + "}"))["code"] == _UNREAD
    assert (await surface.refuse("{ " + " ".join(f"a{n}:i" for n in range(9_999)) + " }"))["code"] == _UNREAD
    assert advances == [MOST_TOKENS + 1] * 2
    assert (await surface.refuse("{ " + "b " * 100_000 + "}"))["code"] == _COMPLEX
    assert len(advances) == 2


async def test_given_ten_money_mutations_under_aliases_when_sent_then_each_counts_by_itself(surface: Surface) -> None:
    body = (await surface.post(_money(10))).json()
    placed = [one["call"]["id"] for one in body["data"].values() if one["call"]]
    refused = [[error["code"] for error in one["userErrors"]] for one in body["data"].values() if not one["call"]]
    assert placed
    assert len(set(placed)) + len(refused) == 10
    # An account that may place fewer in a second is told so for each that is too many.
    assert all(codes == ["RATE_LIMITED"] for codes in refused)
    assert body["extensions"]["cost"]["points"] == 1 + 10 * (50 + 1 + 1 + 10)


async def test_given_the_limit_of_money_when_it_is_passed_in_a_fragment_then_no_call_is_there(
    surface: Surface,
) -> None:
    inner = _money(11).removeprefix("mutation ")
    document = "mutation { ...F } fragment F on Mutation " + inner
    assert (await surface.refuse(document))["code"] == _COMPLEX
    assert await surface.ask("{ calls { nodes { id } } }") == {"calls": {"nodes": []}}


_COSTLY_VARIABLES: Final[dict[str, dict[str, Any]]] = {
    "a long list": {"ids": ["x"] * 5001},
    "a long list that nobody uses": {"ids": [[["x"]]], "unused": [0] * 5001},
    "very many values": {"unused": {"a": {"b": [[1] * 3000] * 40}}},
    "nested 500 times": {"unused": orjson.loads("[" * 500 + "]" * 500)},
    "a name with NUL": {"unused": {"na\x00me": 1}},
}


async def test_given_variables_made_to_cost_when_sent_then_they_are_bad_input(
    surface: Surface, subtests: pytest.Subtests
) -> None:
    for number, (name, variables) in enumerate(_COSTLY_VARIABLES.items()):
        with subtests.test(name):
            query = f"query Q{number}($ids: [ID!]!) {{ nodes(ids: $ids) {{ id }} }}"
            assert (await surface.refuse(query, variables))["code"] == "BAD_USER_INPUT"
            await surface.post(query, {"ids": []})  # from here on the document is known
            assert (await surface.refuse(query, variables))["code"] == "BAD_USER_INPUT"


async def test_given_a_body_nested_thousands_of_times_when_sent_then_it_is_a_bad_request(surface: Surface) -> None:
    content = b'{"query": "{ __typename }", "variables": ' + b'{"a":' * 5000 + b"1" + b"}" * 5001
    response = await surface.client.post("/graphql", content=content, headers={"content-type": "application/json"})
    assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (400, "BAD_REQUEST")


async def test_given_many_operations_in_one_array_when_sent_then_none_is_executed(surface: Surface) -> None:
    response = await surface.client.post(
        "/graphql",
        json=[{"query": _money(1)}] * 3,
        headers={"authorization": f"Bearer {surface.token}"},
    )
    assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (400, "BAD_REQUEST")
    assert await surface.ask("{ calls { nodes { id } } }") == {"calls": {"nodes": []}}


# Points


def _use(surface: Surface, monkeypatch: pytest.MonkeyPatch, options: Options) -> None:
    endpoint = next(route for route in surface.app.routes if getattr(route, "name", "") == "graphql").endpoint.__self__  # type: ignore[attr-defined]
    monkeypatch.setattr(endpoint, "_options", options)


def _purse(points: int) -> Budget:
    """A budget that no time refills."""
    return Budget(points, monotonic=lambda: 1.0)


async def test_given_an_operation_when_answered_then_its_price_and_what_is_left_are_told(
    surface: Surface, monkeypatch: pytest.MonkeyPatch
) -> None:
    _use(surface, monkeypatch, Options(budget=_purse(10_000)))
    query = "query($n: Int) { calls(first: $n) { nodes { id } } }"
    prices = [(await surface.post(query, {"n": n})).json()["extensions"]["cost"] for n in (5, 200)]
    assert [(one["points"], one["mostPoints"]) for one in prices] == [(7, 20_000), (202, 20_000)]
    assert prices[0]["remaining"] - prices[1]["remaining"] == 202


async def test_given_a_key_whose_points_are_spent_when_it_asks_then_it_is_told_when_to_come_back_and_others_are_served(
    surface: Surface, tenant_b: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    _use(surface, monkeypatch, Options(budget=_purse(600)))
    query = "{ calls(first: 200) { nodes { id } } }"
    assert [(await surface.post(query)).status_code for _ in range(2)] == [200, 200]
    refused = await surface.post(query)
    assert refused.status_code == 429
    (error,) = refused.json()["errors"]
    assert (error["extensions"]["code"], error["extensions"]["retryable"]) == ("RATE_LIMITED", True)
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert error["extensions"]["retryAfterSeconds"] <= 60
    assert "data" not in refused.json()
    assert (await tenant_b.post(query)).status_code == 200


async def test_given_new_documents_one_after_the_other_when_read_then_reading_them_is_paid_for(
    surface: Surface, monkeypatch: pytest.MonkeyPatch
) -> None:
    _use(surface, monkeypatch, Options(budget=_purse(1000)))
    answers = [await surface.post("{ nothing" + " " * 8000 + f"{number} }}") for number in range(4)]
    codes = [one.json()["errors"][0]["extensions"]["code"] for one in answers]
    assert codes == [_UNREAD, _UNREAD, "RATE_LIMITED", "RATE_LIMITED"]
    assert [one.status_code for one in answers] == [200, 200, 429, 429]


# Documents and the schema


async def test_given_a_key_that_is_limited_to_documents_when_it_sends_another_then_it_is_refused_though_it_is_known(
    surface: Surface, port: int
) -> None:
    mine, other = "{ viewer { keyId } }", "{ viewer { keyId isTest } }"
    for query in (mine, other):
        await surface.ask(query)
    issued = await surface.services.keys.create(
        surface.account.id,
        name="leaves the building",
        scopes={Scope.CALLS_READ},
        document_hashes=[hashlib.sha256(mine.encode()).hexdigest()],
    )
    assert (await surface.ask(mine, token=issued.token))["viewer"]
    for query in (other, mine + " ", "{ viewer"):  # the last is not even read
        refused = await surface.post(query, token=issued.token)
        assert (refused.status_code, refused.json()["errors"][0]["extensions"]["code"]) == (403, "DOCUMENT_NOT_ALLOWED")
    async with raw_socket(port, token=issued.token) as socket:
        await socket.send(message(type="subscribe", id="1", payload={"query": other}))
        answer = await socket.receive()
        assert (answer["type"], answer["payload"][0]["extensions"]["code"]) == ("error", "DOCUMENT_NOT_ALLOWED")
        await socket.send(message(type="subscribe", id="1", payload={"query": mine}))
        assert (await socket.receive())["payload"]["data"]["viewer"]


_SCHEMA: Final = "{ __schema { queryType { name } } }"


@pytest.mark.parametrize(
    ("who", "scopes", "may"),
    [
        (Introspection.ANYONE, None, True),
        (Introspection.ANYONE, {Scope.CALLS_READ}, True),
        (Introspection.SCOPE, None, False),
        (Introspection.SCOPE, {Scope.CALLS_READ}, False),
        (Introspection.SCOPE, {Scope.SCHEMA}, True),
        (Introspection.NOBODY, {Scope.SCHEMA}, False),
    ],
)
async def test_given_who_may_read_the_schema_when_it_is_asked_for_then_they_alone_are_told_and_suggested_names(
    surface: Surface, monkeypatch: pytest.MonkeyPatch, who: Introspection, scopes: set[Scope] | None, may: bool
) -> None:
    token = None if scopes is None else await surface.key(scopes)
    await surface.ask(_SCHEMA)
    _use(surface, monkeypatch, Options(introspection=who))
    for query in (
        _SCHEMA,
        '{ __type(name: "Call") { name } }',
        "{ ...F } fragment F on Query { " + _SCHEMA[1:-1] + "}",
    ):
        body = (await surface.post(query, token=token)).json()
        if may:
            assert body["data"]
        else:
            assert body["errors"][0]["extensions"]["code"] == "INTROSPECTION_NOT_ALLOWED"
    (error,) = (await surface.post("{ viewr { keyId } }", token=token)).json()["errors"]
    assert ("Did you mean" in error["message"]) is may
    # The names of types say nothing that whoever asks did not know.
    assert (await surface.post("{ __typename }", token=token)).json()["data"] == {"__typename": "Query"}


# Ways of asking


async def test_given_a_query_in_the_address_when_got_then_it_is_answered_and_may_change_nothing(
    surface: Surface,
) -> None:
    headers = {"authorization": f"Bearer {surface.token}"}
    query = "query Page($n: Int) { calls(first: $n) { nodes { id } } }"
    params = {"query": query, "variables": '{"n": 3}', "operationName": "Page"}
    answer = await surface.client.get("/graphql", params=params, headers=headers)
    assert (answer.status_code, answer.json()["data"]) == (200, {"calls": {"nodes": []}})
    for _ in range(2):  # known documents as well
        mutation = _money(1)
        refused = await surface.client.get("/graphql", params={"query": mutation}, headers=headers)
        assert (refused.status_code, refused.headers["allow"]) == (405, "POST")
        assert refused.json()["errors"][0]["extensions"]["code"] == "METHOD_NOT_ALLOWED"
        await surface.post(mutation.replace("2001", "9999"))
        await surface.post(mutation.replace("k0", "k1"), token=None)
    assert await surface.ask("{ calls { nodes { id } } }") == {"calls": {"nodes": []}}


_MALFORMED: Final[list[dict[str, Any]]] = [
    {"query": "{ __typename }", "variables": "{"},
    {"query": "{ __typename }", "variables": "[]"},
    {"query": "{ __typename }", "extensions": '"x"'},
    {"query": " "},
    {"query": ["{ __typename }", "{ __typename }"]},
]


async def test_given_an_address_that_is_malformed_when_got_then_it_is_a_bad_request(
    surface: Surface, subtests: pytest.Subtests
) -> None:
    for params in _MALFORMED:
        with subtests.test(str(params)):
            response = await surface.client.get("/graphql", params=params)
            assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (400, "BAD_REQUEST")


async def test_given_another_sites_page_when_it_makes_a_browser_ask_then_it_is_refused(
    surface: Surface, subtests: pytest.Subtests
) -> None:
    for site in ["cross-site", "same-site"]:
        with subtests.test(site):
            headers = {
                "sec-fetch-site": site,
                "origin": "https://evil.example",
                "authorization": f"Bearer {surface.token}",
            }
            got = await surface.client.get("/graphql", params={"query": "{ __typename }"}, headers=headers)
            assert (got.status_code, got.json()["errors"][0]["extensions"]["code"]) == (403, "CROSS_SITE")
            # What a page can send without asking first: forms and plain text.
            body = orjson.dumps({"query": _money(1)})
            for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
                posted = await surface.client.post("/graphql", content=body, headers={**headers, "content-type": kind})
                assert posted.status_code == 415
            assert await surface.ask("{ calls { nodes { id } } }") == {"calls": {"nodes": []}}


async def test_given_json_in_another_encoding_when_posted_then_it_is_refused_with_415(
    surface: Surface, subtests: pytest.Subtests
) -> None:
    for kind in ["application/json; charset=utf-16", "application/json;charset=iso-8859-1"]:
        with subtests.test(kind):
            response = await surface.client.post(
                "/graphql", content=b'{"query": "{ __typename }"}', headers={"content-type": kind}
            )
            assert response.status_code == 415


async def test_given_a_body_that_does_not_come_when_its_time_is_up_then_it_is_refused_with_408(
    surface: Surface, monkeypatch: pytest.MonkeyPatch
) -> None:
    _use(surface, monkeypatch, Options(body_seconds=0.2))
    reached = asyncio.Event()

    async def drip() -> Any:
        yield b'{"query": '
        await reached.wait()

    response = await surface.client.post("/graphql", content=drip(), headers={"content-type": "application/json"})
    assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (408, "REQUEST_TIMEOUT")
