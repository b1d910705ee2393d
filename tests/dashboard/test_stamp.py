"""When `make check` says that the dashboard must be built anew, and when it does not."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from graphql import build_schema, parse

_SCRIPT = Path(__file__).resolve().parents[2] / "scripts/check_dashboard.py"

_SCHEMA = """
type Query { call(id: ID!, first: Int): Call }
type Call { id: ID! state: State! legs(filter: LegFilter): [Leg!]! seat: Seat! notes: String }
type Leg implements Seat { id: ID! }
interface Seat { id: ID! }
input LegFilter { role: Role }
enum Role { AGENT CUSTOMER }
enum State { RINGING ENDED }
"""
_OPERATIONS = (
    "query ($id: ID!, $filter: LegFilter) { call(id: $id) { state legs(filter: $filter) { id } seat { id } } }"
)


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
        ("type Leg implements Seat { id: ID! }", "type Leg implements Seat { id: ID! number: String }"),
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
        ("legs(filter: LegFilter): [Leg!]!", "legs(filter: LegFilter): [Leg]!"),
        ("input LegFilter", "type Chair implements Seat { id: ID! }\ninput LegFilter"),
        ("RINGING ENDED", "RINGING ENDED PARKED"),
        ("AGENT CUSTOMER", "AGENT CUSTOMER SUPERVISOR"),
        ("role: Role", "role: Role!"),
    ],
)
def test_given_what_it_asks_for_when_its_type_changes_then_a_build_is_needed(
    script: ModuleType, change: tuple[str, str]
) -> None:
    assert _digest(script, change) != _digest(script)


def test_given_a_build_when_a_file_is_missing_or_changed_or_added_then_it_is_not_the_one_that_was_stamped(
    script: ModuleType, tmp_path: Path
) -> None:
    page, part, stamp = tmp_path / "index.html", tmp_path / "dashboard/calls-1.js", tmp_path / "stamp.json"
    part.parent.mkdir()
    page.write_text("<!doctype html>")
    part.write_text("export {};")

    def digest() -> str:
        return str(script.digest_of_files(tmp_path, script.built_files(tmp_path)))

    stamped = digest()
    stamp.write_text("{}")
    assert digest() == stamped
    part.write_text("export default 1;")
    assert digest() != stamped
    part.unlink()
    assert digest() != stamped
    part.write_text("export {};")
    assert digest() == stamped
    part.with_name("calls-0.js").write_text("export {};")
    assert digest() != stamped
