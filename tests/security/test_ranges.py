"""Ranges of time wherever one is taken: backwards they are refused, and a hundred years of them cost nothing."""

import time
from collections.abc import Iterator
from typing import Any, Final

import pytest
from graphql import GraphQLInputObjectType, GraphQLInputType, get_named_type

from tests.security.conftest import Tenant
from tests.security.generated import Path, Root, document_for, roots
from tests.security.insides import INSIDES

pytestmark = pytest.mark.postgres

_RANGE: Final = "TimeRangeInput"
_BACKWARDS: Final = {"from": {"at": "2026-02-01T00:00:00Z"}, "to": {"at": "2026-01-01T00:00:00Z"}}
_BACKWARDS_BY_A_ZONE: Final = {
    "from": {"local": {"dateTime": "2026-01-01T12:00:00", "timeZone": "Pacific/Honolulu"}},
    "to": {"local": {"dateTime": "2026-01-01T13:00:00", "timeZone": "Pacific/Kiritimati"}},
}
_WIDE: Final = {
    "a hundred years": {"from": {"at": "1950-01-01T00:00:00Z"}, "to": {"at": "2050-01-01T00:00:00Z"}},
    "all there is": {"from": {"at": "0001-01-01T00:00:00Z"}, "to": {"at": "9999-12-31T23:59:59Z"}},
    "nothing": {"from": {"at": "2026-01-01T00:00:00Z"}, "to": {"at": "2026-01-01T00:00:00Z"}},
    "beyond all": {"from": {"at": "9999-12-31T23:59:59.999999Z"}, "to": {"at": "9999-12-31T23:59:59.999999Z"}},
}
_FITTING: Final = {"INVALID_INPUT", "NOT_FOUND", "REQUIRED"}
#: Far more than any of them takes, on any machine.
_CPU_SECONDS: Final = 2.0


def _places() -> list[tuple[Root, Path]]:
    return [
        (root, path)
        for root in roots("query", "mutation")
        for name, argument in root.field.args.items()
        for path in _ranges(argument.type, (name,), frozenset())
    ]


def _ranges(kind: GraphQLInputType, path: Path, above: frozenset[str]) -> Iterator[Path]:
    named: Any = get_named_type(kind)
    if named.name == _RANGE:
        yield path
    elif isinstance(named, GraphQLInputObjectType) and named.name not in above:
        for name, field in named.fields.items():
            yield from _ranges(field.type, (*path, name), above | {named.name})


async def _ask(tenant: Tenant, root: Root, path: Path, given: Any) -> list[dict[str, Any]]:
    """What is refused: top-level errors' extensions and user errors."""
    document, variables = document_for(root, through=path)
    inside: Any = variables
    for name in path[:-1]:
        inside = inside[name][0] if isinstance(inside[name], list) else inside[name]
    inside[path[-1]] = given
    began = time.process_time()
    response = await tenant.post(document, variables)
    assert time.process_time() - began < _CPU_SECONDS, (root, path, given)
    assert response.status_code < 500, (root, path, response.text[:300])
    assert INSIDES.search(response.text) is None, (root, path, response.text[:300])
    body = response.json()
    answer = (body.get("data") or {}).get("answer")
    told = answer.get("userErrors", []) if isinstance(answer, dict) else []
    return [*(error["extensions"] for error in body.get("errors") or []), *told]


@pytest.mark.parametrize(("root", "path"), _places(), ids=str)
async def test_given_a_range_that_is_backwards_or_a_hundred_years_when_asked_for_then_it_is_refused_or_answered_soon(
    tenant_a: Tenant, root: Root, path: Path
) -> None:
    for given in (_BACKWARDS, _BACKWARDS_BY_A_ZONE):
        refused = await _ask(tenant_a, root, path, given)
        assert [(one["code"], one["field"]) for one in refused] == [
            ("INVALID_INPUT", list(path[-len(refused[0]["field"]) :]))
        ]
    for name, given in _WIDE.items():
        assert {one["code"] for one in await _ask(tenant_a, root, path, given)} <= _FITTING, name


def test_given_the_schema_when_ranges_are_looked_for_then_there_are_many() -> None:
    assert len(_places()) >= 8
