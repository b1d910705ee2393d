"""When `make check` says that the dashboard must be built anew, and when it does not."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from graphql import build_schema, parse

_SCRIPT = Path(__file__).resolve().parents[2] / "scripts/check_dashboard.py"

_SCHEMA = """
type Query { call(id: ID!, first: Int): Call }
type Call { id: ID! state: State! legs(filter: LegFilter): [Leg!]! notes: String }
type Leg { id: ID! }
input LegFilter { role: Role }
enum Role { AGENT CUSTOMER }
enum State { RINGING ENDED }
"""
_OPERATIONS = "query ($id: ID!, $filter: LegFilter) { call(id: $id) { state legs(filter: $filter) { id } } }"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("check_dashboard", _SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _digest(script: ModuleType, *changes: tuple[str, str]) -> str:
    schema = _SCHEMA
    for before, after in changes:
        assert before in schema
        schema = schema.replace(before, after)
    return str(script.digest_of_schema(build_schema(schema), parse(_OPERATIONS)))


@pytest.mark.parametrize(
    "change",
    [
        ("notes: String", "notes: [String!]"),
        ("first: Int", "first: Float"),
        ("type Leg { id: ID! }", "type Leg { id: ID! number: String }"),
    ],
)
def test_given_what_it_does_not_ask_for_when_that_changes_then_no_build_is_needed(
    script: ModuleType, change: tuple[str, str]
) -> None:
    assert _digest(script, change) == _digest(script)


@pytest.mark.parametrize(
    "change",
    [
        ("state: State!", "state: State"),
        ("call(id: ID!", "call(id: String!"),
        ("type Leg { id: ID! }", "type Leg { id: ID }"),
        ("RINGING ENDED", "RINGING ENDED PARKED"),
        ("AGENT CUSTOMER", "AGENT CUSTOMER SUPERVISOR"),
        ("role: Role", "role: Role!"),
    ],
)
def test_given_what_it_asks_for_when_its_type_changes_then_a_build_is_needed(
    script: ModuleType, change: tuple[str, str]
) -> None:
    assert _digest(script, change) != _digest(script)
