"""Documents made from the schema: for each field the least that it takes, so that tests can walk all of them."""

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    Undefined,
    get_named_type,
    is_interface_type,
    is_leaf_type,
    is_object_type,
    is_union_type,
)

from app.accounts.scopes import Scope
from app.api.schema import build_schema
from app.ids import Kind, new_id, part_id

_SCOPE: Final = re.compile(r"Needs the scope `([a-z:]+)`\.")
_FURTHER: Final = re.compile(r"the scopes? (`[a-z:]+`(, | and )?)+ as well")
_NAMED: Final = re.compile(r"`([a-z:]+)`")
_ANY_KEY: Final = "Needs any valid key."
_IDEMPOTENCY_KEYS: Final = itertools.count()

_SCALARS: Final[dict[str, Any]] = {
    "Boolean": False,
    "Date": "2030-01-31",
    "DateTime": "2030-01-31T09:30:00Z",
    "Float": 1.0,
    "Int": 1,
    "LocalDateTime": "2030-01-31T09:30:00",
    "Long": 1,
    "PhoneNumber": "+15550100000",
    "String": "x",
}

#: A place in a field's arguments, such as ``("input", "callId")``.
Path = tuple[str, ...]
#: Gives an id for a place.
IdMaker = Callable[[Path], str]


@dataclass(frozen=True, slots=True)
class Root:
    """A field of one of the three roots."""

    operation: str
    name: str
    field: GraphQLField

    @property
    def scope(self) -> Scope | None:
        """What it says that it takes; None: any key."""
        return declared_scope(self.field.description)

    @property
    def further(self) -> frozenset[Scope]:
        """The scopes that it takes beside that one, as it says too."""
        sentence = _FURTHER.search(self.field.description or "")
        return frozenset(Scope(one) for one in _NAMED.findall(sentence[0])) if sentence else frozenset()

    def __str__(self) -> str:
        return self.name


def schema_types() -> dict[str, Any]:
    """All of the schema's types by name."""
    return build_schema()._schema.type_map


def roots(*operations: str) -> list[Root]:
    """The fields of these roots (``query``, ``mutation``, ``subscription``), or of all three."""
    schema = build_schema()._schema
    types = {"query": schema.query_type, "mutation": schema.mutation_type, "subscription": schema.subscription_type}
    return [
        Root(operation, name, field)
        for operation in operations or tuple(types)
        for name, field in _fields_of(types[operation])
    ]


def _fields_of(kind: GraphQLObjectType | None) -> Iterator[tuple[str, GraphQLField]]:
    assert kind is not None
    yield from kind.fields.items()


def guarded_fields() -> list[tuple[GraphQLObjectType, str, GraphQLField]]:
    """The fields below the roots that say that they take something."""
    at_root = {"Query", "Mutation", "Subscription"}
    return [
        (kind, name, field)
        for kind in schema_types().values()
        if is_object_type(kind) and kind.name not in at_root and not kind.name.startswith("__")
        for name, field in kind.fields.items()
        if "Needs " in (field.description or "")
    ]


def declared_scope(description: str | None) -> Scope | None:
    """The scope that a description names; None for any key. Fails when it says neither."""
    found = _SCOPE.findall(description or "")
    if found:
        assert len(found) == 1, description
        return Scope(found[0])
    assert _ANY_KEY in (description or ""), f"it does not say what it needs: {description}"
    return None


def unknown_id(path: Path) -> str:
    """An id that nothing has, of the kind that a place wants as far as can be told."""
    return nobodys_id(kind_wanted(path) or Kind.CALL)


def nobodys_id(kind: Kind) -> str:
    """An id of a kind that nothing has."""
    match kind:
        case Kind.CAMPAIGN_CONTACT:
            return part_id(kind, new_id(Kind.CAMPAIGN), new_id(Kind.CONTACT))
        case Kind.DNC_ENTRY:
            return part_id(kind, new_id(Kind.DNC_LIST), 1)
    return new_id(kind)


def kind_wanted(path: Path) -> Kind | None:
    """The kind of thing that a place in an input names, by its own name."""
    return _KINDS.get(path[-1])


def document_for(root: Root, make_id: IdMaker = unknown_id, *, through: Path = ()) -> tuple[str, dict[str, Any]]:
    """The least document that asks for a field, and its variables; ``through`` is a place that is to have a value."""
    given = {
        name: value_for(argument.type, make_id, (name,), through)
        for name, argument in root.field.args.items()
        if _is_wanted(argument, (name,), through)
    }
    declared = ", ".join(f"${name}: {root.field.args[name].type}" for name in given)
    passed = ", ".join(f"{name}: ${name}" for name in given)
    head = f"{root.operation} G({declared})" if given else f"{root.operation} G"
    arguments = f"({passed})" if given else ""
    return f"{head} {{ answer: {root.name}{arguments} {_selection_of(root.field.type)} }}", given


def document_of_many(root: Root, many: Sequence[dict[str, Any]]) -> tuple[str, dict[str, Any]]:
    """One document that asks for a field several times, with each of what `document_for` gives; as ``a0``, ``a1``, …"""
    asked = [(number, name) for number, given in enumerate(many) for name in given]
    declared = ", ".join(f"${name}{number}: {root.field.args[name].type}" for number, name in asked)
    answers = []
    for number, given in enumerate(many):
        passed = ", ".join(f"{name}: ${name}{number}" for name in given)
        arguments = f"({passed})" if given else ""
        answers.append(f"a{number}: {root.name}{arguments} {_selection_of(root.field.type)}")
    head = f"{root.operation} G({declared})" if declared else f"{root.operation} G"
    return f"{head} {{ {' '.join(answers)} }}", {f"{name}{number}": many[number][name] for number, name in asked}


def id_places(root: Root) -> list[Path]:
    """Every place in a field's arguments that takes an id, or names one in a text."""
    return [
        place for name, argument in root.field.args.items() for place in _id_places(argument.type, (name,), frozenset())
    ]


def _id_places(kind: GraphQLInputType, path: Path, above: frozenset[str]) -> Iterator[Path]:
    named = get_named_type(kind)
    if isinstance(named, GraphQLInputObjectType):
        if named.name not in above:
            for name, field in named.fields.items():
                yield from _id_places(field.type, (*path, name), above | {named.name})
    elif named.name == "ID":
        yield path


def _selection_of(kind: GraphQLOutputType) -> str:
    """What is asked of an answer: of a payload what was refused, of a list what is in it, else as little as can be."""
    named = get_named_type(kind)
    if is_leaf_type(named):
        return ""
    fields = getattr(named, "fields", {})
    if is_union_type(named) or is_interface_type(named) or not fields:
        return "{ __typename }"
    if "userErrors" in fields:
        return "{ __typename userErrors { code message field currentState } }"
    if "nodes" in fields and "pageInfo" in fields:
        return "{ nodes { __typename } pageInfo { hasNextPage } totalCount { count } }"
    return "{ __typename }"


def _is_wanted(place: GraphQLArgument | GraphQLInputField, path: Path, through: Path) -> bool:
    is_required = isinstance(place.type, GraphQLNonNull) and place.default_value is Undefined
    return is_required or through[: len(path)] == path


def _is_one_of(kind: GraphQLInputObjectType) -> bool:
    return bool(getattr(kind.extensions.get("strawberry-definition"), "is_one_of", False))


def value_for(kind: GraphQLInputType, make_id: IdMaker, path: Path, through: Path = ()) -> Any:
    """A value that the type takes."""
    match kind:
        case GraphQLNonNull():
            return value_for(kind.of_type, make_id, path, through)
        case GraphQLList():
            return [value_for(kind.of_type, make_id, path, through)]
        case GraphQLEnumType():
            return next(iter(kind.values))
        case GraphQLInputObjectType():
            wanted = {name: field for name, field in kind.fields.items() if _is_wanted(field, (*path, name), through)}
            if _is_one_of(kind) and not wanted:
                wanted = dict([next(iter(kind.fields.items()))])
            return {name: value_for(field.type, make_id, (*path, name), through) for name, field in wanted.items()}
        case GraphQLScalarType(name="ID"):
            return make_id(path)
        case GraphQLScalarType():
            if path[-1] == "idempotencyKey":
                return f"generated-{next(_IDEMPOTENCY_KEYS)}"
            return _SCALARS[kind.name]
    raise AssertionError(f"no value for {kind}")


_KINDS: Final[dict[str, Kind]] = {
    "agentId": Kind.AGENT,
    "agentIds": Kind.AGENT,
    "audioFileId": Kind.AUDIO_FILE,
    "callFlowId": Kind.CALL_FLOW,
    "callId": Kind.CALL,
    "callerIdPoolId": Kind.OUTBOUND_NUMBER_POOL,
    "campaignId": Kind.CAMPAIGN,
    "contactIds": Kind.CONTACT,
    "contactListIds": Kind.CONTACT_LIST,
    "dncListIds": Kind.DNC_LIST,
    "endpointId": Kind.WEBHOOK_ENDPOINT,
    "extensionId": Kind.EXTENSION,
    "keyId": Kind.API_KEY,
    "legId": Kind.LEG,
    "listId": Kind.CONTACT_LIST,
    "mediaStreamId": Kind.MEDIA_STREAM,
    "numberIds": Kind.OUTBOUND_NUMBER,
    "optOutDncListId": Kind.DNC_LIST,
    "outboundNumberId": Kind.OUTBOUND_NUMBER,
    "playbackId": Kind.PLAYBACK,
    "queueId": Kind.QUEUE,
    "recordingId": Kind.RECORDING,
    "ringGroupId": Kind.RING_GROUP,
    "supervisionId": Kind.SUPERVISION,
    "templateId": Kind.ANNOUNCEMENT_TEMPLATE,
    "trunkId": Kind.TRUNK,
    "uploadId": Kind.UPLOAD,
}
