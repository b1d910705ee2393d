"""The schema itself: described in full, guarded in full, equal to the catalogue, and exported."""

import ast
import importlib.util
import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    parse,
    validate,
)
from strawberry.types.base import StrawberryObjectDefinition

from app.api.auth import Requires
from app.api.mutations.root import Mutation
from app.api.queries.nodes import FINDERS
from app.api.queries.root import Query
from app.api.schema import build_schema
from app.api.sdl import print_sdl
from app.api.subscriptions.root import Subscription
from app.api.types.enums.events import EventType
from app.api.types.event_mapping import EVENT_TYPES
from app.api.types.node import Node
from app.api.types.problem import UserErrorCode
from app.facts.calls import CallRef
from app.facts.catalogue import FACT_TYPES, graphql_name
from app.facts.vocabulary import Errand

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema()._schema


def _described(schema: GraphQLSchema) -> Iterator[tuple[str, str | None]]:
    for name, kind in schema.type_map.items():
        if name.startswith("__"):
            continue
        yield name, kind.description
        if isinstance(kind, GraphQLEnumType):
            for value_name, value in kind.values.items():
                yield f"{name}.{value_name}", value.description
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            for field_name, field in kind.fields.items():
                yield f"{name}.{field_name}", field.description
                for argument_name, argument in getattr(field, "args", {}).items():
                    yield f"{name}.{field_name}({argument_name})", argument.description


def test_given_the_schema_when_walked_then_everything_in_it_is_described_in_a_sentence(schema: GraphQLSchema) -> None:
    texts = dict(_described(schema))
    assert len(texts) > 400
    assert [name for name, text in texts.items() if not text or len(text.strip()) < 4] == []
    ours = {name: text for name, text in texts.items() if name not in {"ID", "Int", "Float", "String", "Boolean"}}
    assert [
        name for name, text in ours.items() if text and "\n\n" not in text and not re.search(r"[.:]$", text.strip())
    ] == []


def test_given_the_schema_when_its_words_are_read_then_names_in_code_marks_are_spelt_as_graphql_spells_them(
    schema: GraphQLSchema,
) -> None:
    wrong = {name: text for name, text in _described(schema) if text and re.search(r"`[a-z]+_[a-z]+`", text)}
    # The one exception is the protocol's own word.
    assert {name for name, text in wrong.items() if not re.search("`connection_(init|ack)`", text)} == set()
    pythons = re.compile(r"\b(is|are|be) None\b|\bNone (when|while|in)\b|`[A-Za-z]+`,? None\b")
    assert [name for name, text in _described(schema) if text and pythons.search(text)] == []


@pytest.mark.parametrize("root", [Query, Mutation, Subscription])
def test_given_a_root_field_when_looked_at_then_it_declares_its_scope_and_its_description_says_so(root: Any) -> None:
    fields = root.__strawberry_definition__.fields
    assert fields
    for field in fields:
        guards = [one for one in field.extensions if isinstance(one, Requires)]
        assert len(guards) == 1, field.python_name
        assert field.extensions[0] is guards[0], "the guard comes first"
    kind = build_schema()._schema.type_map[root.__name__]
    assert isinstance(kind, GraphQLObjectType)
    for name, field in kind.fields.items():
        assert "Needs " in (field.description or ""), name


def test_given_a_field_that_loads_something_else_when_looked_at_then_it_is_guarded_and_may_be_null(
    schema: GraphQLSchema,
) -> None:
    """A key without the scope loses that field alone, not all that stands around it."""
    guarded = set()
    for definition in build_schema().schema_converter.type_map.values():
        kind = definition.definition
        if not isinstance(kind, StrawberryObjectDefinition) or kind.name in {"Query", "Mutation", "Subscription"}:
            continue
        for field in getattr(kind, "fields", ()):
            if any(isinstance(one, Requires) for one in field.extensions):
                graphql_type = schema.type_map[kind.name]
                assert isinstance(graphql_type, GraphQLObjectType | GraphQLInterfaceType)
                name = build_schema().config.name_converter.get_graphql_name(field)
                assert not str(graphql_type.fields[name].type).endswith("!"), f"{kind.name}.{name}"
                guarded.add(f"{kind.name}.{name}")
    assert {"Call.recordings", "Call.cdr", "Call.events", "Cdr.call", "Cdr.recordings", "Recording.url"} <= guarded


def test_given_the_catalogue_when_compared_then_enum_types_and_fields_are_equal_to_it() -> None:
    assert {one.name: one.value for one in EventType} == {graphql_name(name): name for name in FACT_TYPES}
    assert set(EVENT_TYPES) == set(FACT_TYPES.values())
    for fact, kind in EVENT_TYPES.items():
        assert kind.__name__ == "".join(part.capitalize() for part in re.split(r"[._]", fact.type)) + "Event"
        own = {field.python_name for field in kind.__strawberry_definition__.fields}  # type: ignore[attr-defined]
        expected = {name for name in fact.__struct_fields__ if name != "call"}
        if "call" in fact.__struct_fields__:
            expected |= {"call_id", "call", *Errand.__struct_fields__}
            expected |= {name for name in CallRef.__struct_fields__ if name not in {"id", "errand"}}
        assert expected <= own, fact


def test_given_the_interface_event_when_looked_at_then_it_has_the_fields_of_the_contract(schema: GraphQLSchema) -> None:
    event = schema.type_map["Event"]
    assert isinstance(event, GraphQLInterfaceType)
    assert set(event.fields) == {
        "id", "cursor", "type", "timestamp", "sequence", "subjectId", "callSequence", "actor", "requestId", "sandbox",
    }  # fmt: skip


def test_given_every_node_type_when_looked_for_then_node_finds_its_kind(schema: GraphQLSchema) -> None:
    node = schema.type_map["Node"]
    assert isinstance(node, GraphQLInterfaceType)
    events = {kind.__name__ for kind in EVENT_TYPES.values()}
    found = {one.name for one in schema.get_possible_types(node)} - events
    routing = {"Agent", "Extension", "Device", "RingGroup", "Queue", "Trunk", "OutboundNumber", "OutboundNumberPool"}
    routing |= {"CallFlow", "AnnouncementTemplate", "AudioFile", "MediaEndpoint", "ContactList", "Contact", "DncList"}
    routing |= {"Callback", "Otp", "Campaign", "CampaignContact", "DncEntry", "Job", "Transcript", "ApiKey"}
    assert found == routing | {"InboundRoute", "Call", "Leg", "Cdr", "Recording", "WebhookEndpoint", "WebhookDelivery"}
    assert len(FINDERS) == len(found) + 1
    assert issubclass(next(iter(EVENT_TYPES.values())), Node)


def test_given_every_problem_in_the_code_when_collected_then_its_code_is_a_user_error_code() -> None:
    used = set()
    for path in (ROOT / "app").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Problem":
                match [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "code")]:
                    case [ast.Constant(value=str(code)), *_]:
                        used.add(code)
    assert len(used) > 5
    assert used <= set(UserErrorCode)


def test_given_no_json_scalar_and_one_input_a_mutation_when_walked_then_the_conventions_hold(
    schema: GraphQLSchema,
) -> None:
    assert "JSON" not in schema.type_map
    assert schema.mutation_type
    for name, field in schema.mutation_type.fields.items():
        assert list(field.args) == ["input"], name
        assert str(field.args["input"].type).endswith("Input!"), name
        payload = field.type.of_type
        assert payload.name == name[0].upper() + name[1:] + "Payload"
        assert str(payload.fields["userErrors"].type) == "[UserError!]!"
        for other, inner in payload.fields.items():
            assert other == "userErrors" or not isinstance(getattr(inner.type, "of_type", None), GraphQLObjectType), (
                f"{payload.name}.{other} must be nullable"
            )
    for name in ("originateCall",):
        key = schema.mutation_type.fields[name].args["input"].type.of_type.fields["idempotencyKey"]
        assert str(key.type) == "String!"


def test_given_the_exported_sdl_when_compared_then_it_is_the_codes_and_the_same_each_time() -> None:
    sdl = print_sdl()
    assert (ROOT / "schema.graphql").read_text() == sdl
    assert print_sdl() == sdl
    assert "@oneOf" in sdl
    assert "= null" not in sdl


def test_given_the_schema_file_when_counted_then_it_stays_small() -> None:
    assert len((ROOT / "app/api/schema.py").read_text().splitlines()) <= 100


def test_given_the_ides_examples_when_validated_then_each_fits_the_schema(schema: GraphQLSchema) -> None:
    page = (ROOT / "app/api/ide.html").read_text()
    examples = page[page.index("const EXAMPLES") : page.index("/* ---- editors")]
    documents = [
        json.loads(f'"{text}"')
        for text in re.findall(r'": \["((?=\{|query|mutation|subscription)(?:\\.|[^"\\])*)"', examples)
    ]
    assert len(documents) > 6
    for document in documents:
        assert validate(schema, parse(document)) == []
    introspection = re.search(r"const INTROSPECTION = `(.*?)`", page, re.DOTALL)
    assert introspection
    assert validate(schema, parse(introspection[1])) == []


def test_given_imports_of_the_api_when_read_then_none_reaches_for_ari_or_the_database() -> None:
    for path in (ROOT / "app/api").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert not [name for name in names if name.startswith(("app.ari", "app.db"))], path


def _script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_given_a_removed_field_when_schemas_are_compared_then_it_breaks_unless_it_was_accepted_with_a_reason() -> None:
    script = _script("check_schema")
    old, new = "type Query { a: Int b: Int }", "type Query { a: Int }"
    breaking, _ = script.compare(old, new)
    assert len(breaking) == 1
    assert "b" in breaking[0]
    assert script.compare(old, new, script.read_accepted(f"{breaking[0]}  # nobody used it"))[0] == []
    assert script.compare(old, new, script.read_accepted(breaking[0]))[0] == breaking
    assert script.compare(new, old) == ([], [])


def test_given_a_new_enum_value_when_schemas_are_compared_then_it_is_dangerous_and_not_breaking() -> None:
    old, new = "type Query { a: E } enum E { X }", "type Query { a: E } enum E { X Y }"
    breaking, dangerous = _script("check_schema").compare(old, new)
    assert breaking == []
    assert len(dangerous) == 1


def test_given_all_events_when_one_document_selects_the_parties_of_each_then_it_is_valid(schema: GraphQLSchema) -> None:
    """A client that follows all events in one subscription must not meet a leg under one name in two shapes."""
    event = schema.type_map["CallEvent"]
    assert isinstance(event, GraphQLInterfaceType)
    fragments = []
    for kind in schema.get_implementations(event).objects:
        objects = [f"{name} {{ __typename }}" for name, field in kind.fields.items() if _needs_fields(field.type)]
        fragments.append(f"... on {kind.name} {{ __typename {' '.join(objects)} }}")
    document = f"subscription {{ callEvents {{ __typename {' '.join(fragments)} }} }}"
    assert len(fragments) > 30
    assert not [error.message for error in validate(schema, parse(document)) if "conflict" in error.message]


def _needs_fields(kind: object) -> bool:
    while isinstance(kind, GraphQLNonNull | GraphQLList):
        kind = kind.of_type
    return isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType)
