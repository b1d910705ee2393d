"""The GraphQL schema as pages: one for each area, with its operations and the types that belong to them.

An operation's area is that of the module which defines it (``_AREAS``). A type belongs to the area whose operations
come to it in the fewest steps; one that several areas come to equally soon is told with the shared ones.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    Undefined,
    get_named_type,
)
from graphql.language import print_ast
from graphql.utilities import ast_from_value

from app.api.schema import build_schema

#: Page -> its title, and the modules under app/api (the last part of their names) whose operations are on it.
_AREAS: Final[Mapping[str, tuple[str, frozenset[str]]]] = {
    "calls": (
        "Calls",
        frozenset({"calls", "call_control", "playing", "voice", "transfers", "supervision", "live_calls"}),
    ),
    "events": ("Events", frozenset({"events"})),
    "records": ("Records and statistics", frozenset({"statistics", "live_statistics", "exports"})),
    "recordings": ("Recordings and transcripts", frozenset({"recordings", "transcripts"})),
    "agents": (
        "Agents, phones and queues",
        frozenset({"people", "groups", "agent_states", "agent_activity", "queue_activity"}),
    ),
    "routing": (
        "Trunks, numbers and routes",
        frozenset({"routing", "trunks", "numbers", "verification", "reputation", "destinations"}),
    ),
    "flows": ("Call flows", frozenset({"call_flows"})),
    "media-streams": ("Media streams", frozenset({"media_streams"})),
    "speech": ("Speech and sounds", frozenset({"speech"})),
    "campaigns": ("Campaigns", frozenset({"campaigns", "campaign_agents"})),
    "contacts": ("Contacts and do-not-call lists", frozenset({"contacts", "dnc"})),
    "callbacks": ("Callbacks and one-time passwords", frozenset({"errands", "callbacks", "otps", "testclock"})),
    "webhooks": ("Webhooks", frozenset({"webhooks", "webhook_operations"})),
    "access": ("Accounts, keys and limits", frozenset({"account", "access", "usage", "erasure", "dialects"})),
    "jobs": ("Jobs", frozenset({"jobs"})),
}
_OTHERS: Final = "others"
_SHARED: Final = "shared"
_ROOTS: Final = {"query": "Queries", "mutation": "Mutations", "subscription": "Subscriptions"}
#: Told once, on the first page, for all lists.
_OF_LISTS: Final = ("Connection", "Edge")
#: So many areas make a type everybody's.
_EVERYBODYS: Final = 3

_INDEX: Final = """\
# The GraphQL schema

Every operation and type, by area, as the running code has them; the IDE at `/graphql` shows the same. `offhook schema`
prints the whole schema as one file, which is `schema.graphql` in the repository.

**Lists** are connections, as [Relay](https://relay.dev/graphql/connections.htm) has them: `first` and `after` (or
`last` and `before`) ask for a page, `nodes` are its items, `edges` have each item's `cursor`, `pageInfo` tells whether
there is more, and `totalCount` is counted only when it is asked for.

**Mutations** take one `input` and answer with a payload. Its `userErrors` are empty when the thing was done; see
[error codes](../errors.md).

| area | queries | mutations | subscriptions |
|---|---|---|---|"""

Inputs = Mapping[str, GraphQLArgument | GraphQLInputField]


@dataclass(slots=True)
class _Page:
    title: str
    operations: dict[str, dict[str, GraphQLField]] = field(default_factory=lambda: {root: {} for root in _ROOTS})
    types: list[GraphQLNamedType] = field(default_factory=list)


def render_schema() -> dict[str, str]:
    """Each page's text by its file's name."""
    return _Reference(build_schema()._schema).render()  # noqa: SLF001  # strawberry has no public way to its types


class _Reference:
    def __init__(self, schema: GraphQLSchema) -> None:
        self._roots = {
            "query": schema.query_type,
            "mutation": schema.mutation_type,
            "subscription": schema.subscription_type,
        }
        self._pages = {name: _Page(title) for name, (title, _) in _AREAS.items()}
        self._pages |= {_OTHERS: _Page("Everything else"), _SHARED: _Page("Shared types")}
        self._implementations = {
            one.name: list(schema.get_possible_types(one))
            for one in schema.type_map.values()
            if isinstance(one, GraphQLInterfaceType | GraphQLUnionType)
        }
        self._types = schema.type_map
        self._inlined = set(self._find_inlined())
        self._place_operations()
        self._places = self._place_types(schema)

    def render(self) -> dict[str, str]:
        pages = {
            f"{name}.md": self._render_page(page)
            for name, page in self._pages.items()
            if page.types or any(page.operations.values())
        }
        return {"index.md": self._render_index(), **pages}

    def _place_operations(self) -> None:
        areas = {module: name for name, (_, modules) in _AREAS.items() for module in modules}
        for kind, root in self._roots.items():
            for name, operation in sorted(root.fields.items() if root else ()):
                area = areas.get(_module_of(operation), _OTHERS)
                self._pages[area].operations[kind][name] = operation

    def _find_inlined(self) -> Iterator[str]:
        """Types that are told where the one operation is that has them: a mutation's payload and its input."""
        mutations = self._roots["mutation"]
        uses: dict[str, int] = {}
        for operation in mutations.fields.values() if mutations else ():
            for used in (operation.type, *(argument.type for argument in operation.args.values())):
                name = get_named_type(used).name
                uses[name] = uses.get(name, 0) + 1
        yield from (name for name, count in uses.items() if count == 1 and name.endswith(("Payload", "Input")))

    def _place_types(self, schema: GraphQLSchema) -> dict[str, str]:
        """The page of each type, by the steps that it takes from each area's operations."""
        steps = {
            area: self._measure(
                operation for operations in page.operations.values() for operation in operations.values()
            )
            for area, page in self._pages.items()
        }
        places: dict[str, str] = {}
        root_names = {root.name for root in self._roots.values() if root}
        for name, one in sorted(schema.type_map.items()):
            if name.startswith("__") or name in root_names or name.endswith(_OF_LISTS) or name in self._inlined:
                continue
            found = {area: distances[name] for area, distances in steps.items() if name in distances}
            nearest = [area for area, distance in found.items() if distance == min(found.values())]
            is_shared = len(nearest) != 1 and (len(nearest) >= _EVERYBODYS or isinstance(one, GraphQLScalarType))
            places[name] = _SHARED if is_shared or not nearest else nearest[0]
            self._pages[places[name]].types.append(one)
        return places

    def _measure(self, operations: Iterable[GraphQLField]) -> dict[str, int]:
        distances: dict[str, int] = {}
        frontier = [one for operation in operations for one in _types_of_field(operation)]
        distance = 1
        while frontier:
            following: list[GraphQLNamedType] = []
            for one in frontier:
                if one.name in distances:
                    continue
                # A page of a list and a mutation's own envelope are no step of their own.
                distances[one.name] = distance
                following += self._neighbours(one)
            frontier = following
            distance += 1
        return distances

    def _neighbours(self, one: GraphQLNamedType) -> Iterator[GraphQLNamedType]:
        match one:
            case GraphQLObjectType() | GraphQLInterfaceType():
                for part in one.fields.values():
                    yield from _types_of_field(part)
            case GraphQLInputObjectType():
                for part in one.fields.values():
                    yield get_named_type(part.type)
            case _:
                pass
        yield from self._implementations.get(one.name, ())

    def _render_index(self) -> str:
        lines = [_INDEX]
        for name, page in self._pages.items():
            if not any(page.operations.values()):
                continue
            cells = [
                " ".join(f"[`{one}`]({name}.md#{one.lower()}-{kind})" for one in operations) or "–"
                for kind, operations in page.operations.items()
            ]
            lines.append(f"| [{page.title}]({name}.md) | {' | '.join(cells)} |")
        lines += ["", f"Types that many areas have: [{self._pages[_SHARED].title.lower()}]({_SHARED}.md)."]
        return _as_page(lines)

    def _render_page(self, page: _Page) -> str:
        lines = [f"# {page.title}"]
        for kind, title in _ROOTS.items():
            if page.operations[kind]:
                lines += ["", f"## {title}"]
            for name, operation in page.operations[kind].items():
                lines += self._render_operation(kind, name, operation)
        if page.types:
            lines += ["", "## Types"]
        for one in page.types:
            lines += ["", f"### `{one.name}` {_kind_of(one)}", *_paragraphs(one.description), *self._render_type(one)]
        return _as_page(lines)

    def _render_operation(self, kind: str, name: str, operation: GraphQLField) -> list[str]:
        lines = ["", f"### `{name}` {kind}", *_paragraphs(operation.description)]
        if operation.deprecation_reason:
            lines += ["", f"**Deprecated.** {operation.deprecation_reason}"]
        given = operation.args.get("input")
        input_type = None if given is None else get_named_type(given.type)
        if isinstance(input_type, GraphQLInputObjectType) and input_type.name in self._inlined:
            lines += ["", f"Input `{input_type.name}`:", *self._render_inputs(input_type.fields)]
        elif operation.args:
            lines += ["", "Arguments:", *self._render_inputs(operation.args)]
        answer = get_named_type(operation.type)
        if isinstance(answer, GraphQLObjectType) and answer.name in self._inlined:
            lines += ["", f"Answer `{answer.name}`:", *self._render_fields(answer.fields)]
        else:
            lines += ["", f"Answer: {self._link(operation.type)}"]
        return lines

    def _render_type(self, one: GraphQLNamedType) -> list[str]:
        match one:
            case GraphQLObjectType() | GraphQLInterfaceType():
                inherited = {name for base in one.interfaces for name in base.fields}
                own = {name: part for name, part in one.fields.items() if name not in inherited}
                bases = ", ".join(self._link(base) for base in one.interfaces)
                told = ["", f"Has the fields of {bases}{', and these:' if own else '.'}"] if bases else []
                return [*told, *(self._render_fields(own) if own else ())]
            case GraphQLInputObjectType():
                return self._render_inputs(one.fields)
            case GraphQLEnumType():
                rows = [f"| `{name}` | {_cell(value.description)} |" for name, value in one.values.items()]
                return ["", "| value | means |", "|---|---|", *rows]
            case GraphQLUnionType():
                return ["", f"One of {', '.join(self._link(member) for member in one.types)}."]
            case _:
                return []

    def _render_fields(self, fields: Mapping[str, GraphQLField]) -> list[str]:
        rows = []
        for name, part in sorted(fields.items()):
            told = _cell(part.description)
            if part.args:
                told += " Takes " + ", ".join(f"`{one}`" for one in part.args) + "."
            if part.deprecation_reason:
                told += f" **Deprecated:** {_cell(part.deprecation_reason)}"
            rows.append(f"| `{name}` | {self._link(part.type)} | {told} |")
        return ["", "| field | type | what it is |", "|---|---|---|", *rows]

    def _render_inputs(self, parts: Inputs) -> list[str]:
        rows = []
        for name, part in sorted(parts.items()):
            told = _cell(part.description)
            if part.default_value is not Undefined:
                literal = ast_from_value(part.default_value, part.type)
                told += f" Default: `{print_ast(literal)}`." if literal else ""
            rows.append(f"| `{name}` | {self._link(part.type)} | {told} |")
        return ["", "| name | type | what it is |", "|---|---|---|", *rows]

    def _link(self, kind: Any) -> str:
        """A type as the schema writes it, with a link to where it is told."""
        name = get_named_type(kind).name
        place = self._places.get(name)
        if name.endswith("Connection") and place is None:
            node = name.removesuffix("Connection")
            return f"list of {self._link(self._types[node])}" if node in self._types else f"`{kind}`"
        if place is None:  # inlined: no heading of its own
            return f"`{kind}`"
        heading = f"{name.lower()}-{_kind_of(get_named_type(kind))}"
        return f"[`{kind}`]({place}.md#{heading})"


def _module_of(operation: GraphQLField) -> str:
    definition = operation.extensions.get("strawberry-definition")
    resolver = getattr(definition, "base_resolver", None)
    return "" if resolver is None else str(resolver.wrapped_func.__module__).rpartition(".")[2]


def _types_of_field(part: GraphQLField) -> Iterator[GraphQLNamedType]:
    yield get_named_type(part.type)
    for argument in part.args.values():
        yield get_named_type(argument.type)


def _kind_of(one: GraphQLNamedType) -> str:
    match one:
        case GraphQLObjectType():
            return "type"
        case GraphQLInterfaceType():
            return "interface"
        case GraphQLInputObjectType():
            return "input"
        case GraphQLEnumType():
            return "enum"
        case GraphQLUnionType():
            return "union"
        case _:
            return "scalar"


def _paragraphs(text: str | None) -> list[str]:
    if not text:
        return []
    return ["", *(line.strip() for line in text.strip().splitlines())]


def _cell(text: str | None) -> str:
    return " ".join((text or "").split()).replace("|", "\\|")


def _as_page(lines: list[str]) -> str:
    return "\n".join(lines).rstrip() + "\n"
