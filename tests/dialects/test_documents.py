"""What the dialects ask the schema: every document of theirs is valid, and looks at what can be refused."""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest
from graphql import DocumentNode, FieldNode, OperationDefinitionNode, OperationType, parse, validate

import app.dialects
from app.api.schema import build_schema

_USER_ERRORS = {"code", "message", "field", "currentState", "retryAfterSeconds"}


def _documents() -> Iterator[tuple[str, str]]:
    for module in pkgutil.walk_packages(app.dialects.__path__, "app.dialects."):
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, str) and value.lstrip().startswith(("query ", "mutation ")):
                yield f"{module.name.removeprefix('app.dialects.')}.{name}", value


_DOCUMENTS = dict(_documents())


def test_given_the_dialects_when_looked_through_then_there_are_documents() -> None:
    assert {name.split(".")[0] for name in _DOCUMENTS} >= {"asteriskapi", "originate_call", "cloud_pbx", "cpaas"}


@pytest.mark.parametrize("name", sorted(_DOCUMENTS))
def test_given_a_dialects_document_when_validated_then_the_schema_knows_all_of_it(name: str) -> None:
    document = parse(_DOCUMENTS[name])
    assert validate(build_schema()._schema, document) == []
    (operation,) = (one for one in document.definitions if isinstance(one, OperationDefinitionNode))
    if operation.operation is OperationType.MUTATION:
        assert all(_selected(field, "userErrors") >= _USER_ERRORS for field in _fields(document))


def _fields(document: DocumentNode) -> list[FieldNode]:
    (operation,) = (one for one in document.definitions if isinstance(one, OperationDefinitionNode))
    return [one for one in operation.selection_set.selections if isinstance(one, FieldNode)]


def _selected(field: FieldNode, name: str) -> set[str]:
    for one in field.selection_set.selections if field.selection_set else ():
        if isinstance(one, FieldNode) and one.name.value == name and one.alias is None and one.selection_set:
            return {inner.name.value for inner in one.selection_set.selections if isinstance(inner, FieldNode)}
    return set()
