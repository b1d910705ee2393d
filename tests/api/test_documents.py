"""A document that was seen before is answered directly, and as it was the first time."""

import asyncio
from typing import Any

import pytest

from app.accounts.scopes import Scope
from app.api.context import Context, Options
from app.api.documents import execute_known
from app.api.metrics import Metrics
from app.api.schema import OffhookSchema, build_schema
from tests.api.conftest import Surface

pytestmark = pytest.mark.postgres

PAGE = "query Page($first: Int, $filter: CallFilterInput) { cdrs(first: $first, filter: $filter) { nodes { id } } }"


@pytest.fixture
def ordinary(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The documents that went the ordinary way."""
    seen: list[str] = []
    original = OffhookSchema.execute

    async def execute(self: Any, query: str, *args: Any, **kwargs: Any) -> Any:
        seen.append(query)
        return await original(self, query, *args, **kwargs)

    monkeypatch.setattr(OffhookSchema, "execute", execute)
    return seen


def _shown(response: Any) -> Any:
    body = response.json()
    for error in body.get("errors", ()):
        assert error["extensions"].pop("requestId")
    if "extensions" in body:
        assert body["extensions"]["cost"].pop("remaining")  # each time less, however it was asked
    return response.status_code, response.headers["content-type"], body


_HANGUP = """mutation Hang($id: ID!) { hangupCall(input: {callId: $id}) {
  call { id } userErrors { code field message } } }"""
#: Documents that are valid, with variables that are good or not.
_ASKED: list[tuple[str, dict[str, Any] | None]] = [
    ("{ viewer { __typename } }", None),
    (PAGE, {"first": 3}),
    (PAGE, {"first": 0}),
    (PAGE, {"first": "three"}),
    (PAGE, {"first": 2**40}),
    (PAGE, {"filter": {"dialledNumber": "nonsense"}}),
    (PAGE, {"filter": {"created": {"from": {"at": "yesterday"}}}}),
    (PAGE, {"filter": {"unknown": 1}}),
    (PAGE, {"filter": {"tag": "a\x00b"}}),
    (PAGE, None),
    (_HANGUP, {"id": "call_nowhere"}),
    (_HANGUP, {}),
    ("query($yes: Boolean!) { viewer @include(if: $yes) { __typename } }", {"yes": False}),
    ('{ call(id: "nothing") { id } }', None),
]  # fmt: skip


@pytest.mark.parametrize(("query", "variables"), _ASKED)
@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json"])
async def test_given_a_valid_document_when_asked_again_then_the_answer_is_that_of_the_ordinary_way(
    surface: Surface,
    monkeypatch: pytest.MonkeyPatch,
    query: str,
    variables: dict[str, Any] | None,
    accept: str,
) -> None:
    headers = {"accept": accept}
    monkeypatch.setattr("app.api.http.execute_known", _never)
    for token in ("", await surface.key({Scope.CALLS_READ}), None):
        ordinary = [_shown(await surface.post(query, variables, token=token, headers=headers)) for _ in range(2)]
        monkeypatch.setattr("app.api.http.execute_known", execute_known)
        known = _shown(await surface.post(query, variables, token=token, headers=headers))
        assert [known, known] == ordinary
        monkeypatch.setattr("app.api.http.execute_known", _never)


async def _never(*_: Any) -> None:
    return None


async def test_given_a_document_when_it_comes_again_then_it_goes_the_short_way(
    surface: Surface, ordinary: list[str]
) -> None:
    query = "query Once($first: Int) { cdrs(first: $first) { shortWay: nodes { id } } }"
    for first in (1, 2, 3):
        assert await surface.ask(query, {"first": first}) == {"cdrs": {"shortWay": []}}
    assert ordinary == [query]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"query": "query A { viewer { __typename } } query B { viewer { __typename } }"}, "BAD_REQUEST"),
        ({"query": "query A { viewer { __typename } }", "operationName": "B"}, "BAD_REQUEST"),
        ({"query": "subscription { events { __typename } }"}, "BAD_REQUEST"),
        ({"query": "query A($tag: String) { cdrs(filter: {tag: $tag}) { nodes { id } } }",
          "variables": {"tag": "\x00"}}, "BAD_USER_INPUT"),
    ],
)  # fmt: skip
async def test_given_what_cannot_be_executed_when_asked_twice_then_it_is_refused_twice_alike(
    surface: Surface, body: dict[str, Any], code: str
) -> None:
    headers = {"authorization": f"Bearer {surface.token}"}
    answers = [_shown(await surface.client.post("/graphql", json=body, headers=headers)) for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    assert answers[0][2]["errors"][0]["extensions"]["code"] == code


async def test_given_a_known_document_when_it_takes_too_long_then_it_is_given_up(
    surface: Surface, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = "{ cdrs { slow: nodes { id } } }"
    await surface.ask(query)

    async def hang(*_args: Any, **_kwargs: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(type(surface.services.cdr_queries), "page", hang)
    monkeypatch.setattr("app.api.documents.seconds_for", lambda _operation, _options: 0.05)
    assert (await surface.refuse(query))["code"] == "TIMEOUT"


async def test_given_a_known_document_when_a_key_without_the_scope_asks_then_it_is_refused(surface: Surface) -> None:
    query = "{ cdrs { guarded: nodes { id } } }"
    await surface.ask(query)
    assert (await surface.refuse(query, token=await surface.key({Scope.CALLS_READ})))["code"] == "FORBIDDEN"
    assert (await surface.refuse(query, token=None))["code"] == "UNAUTHENTICATED"


async def test_given_a_document_nobody_asked_before_when_the_short_way_is_asked_then_it_does_not_answer() -> None:
    context = Context(services=None, options=Options(), metrics=Metrics(), request_id="request-1")  # type: ignore[arg-type]  # not reached
    assert await execute_known(build_schema(), "{ neverSeen: __typename }", None, None, context) is None
