"""How much one request may ask for: characters, tokens, depth, width, aliases, directives, repeats, time, variables.

The counts are of the operation with its fragments spread out, each fragment counted once and multiplied, so that a
document that is small and grows by spreading is refused before anything spreads it. They are counted before any other
rule looks at the document: some of those take time that grows with the square of what is repeated.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    StringValueNode,
)
from graphql.validation import ASTValidationRule
from strawberry.extensions import SchemaExtension
from strawberry.types.graphql import OperationType

from app.api.context import Context, Options
from app.api.cost import MONEY_MUTATIONS

LONGEST_DOCUMENT: Final = 100_000
MOST_TOKENS: Final = 4000
DEEPEST: Final = 14
MOST_FIELDS: Final = 2000
MOST_ALIASES: Final = 60
MOST_ROOT_FIELDS: Final = 20
MOST_MONEY_MUTATIONS: Final = 10
MOST_DIRECTIVES: Final = 100
MOST_REPEATS: Final = 50
MOST_FRAGMENTS: Final = 100
MOST_OPERATIONS: Final = 20
MOST_WHOLE_SCHEMAS: Final = 1
MOST_ERRORS: Final = 10

DEEPEST_VARIABLE: Final = 32
LONGEST_LIST: Final = 5_000
MOST_VALUES: Final = 100_000

_TOO_COMPLEX: Final = {"code": "QUERY_TOO_COMPLEX"}
_BAD_INPUT: Final = {"code": "BAD_USER_INPUT"}


@dataclass(frozen=True, slots=True)
class _Size:
    """Of a selection set, with fragments spread out."""

    depth: int = 0
    fields: int = 0
    spreads: int = 0
    aliases: int = 0
    directives: int = 0
    money: int = 0
    schemas: int = 0
    schema_aliases: int = 0

    def beside(self, other: "_Size") -> "_Size":
        return _Size(
            max(self.depth, other.depth),
            self.fields + other.fields,
            self.spreads + other.spreads,
            self.aliases + other.aliases,
            self.directives + other.directives,
            self.money + other.money,
            self.schemas + other.schemas,
            self.schema_aliases + other.schema_aliases,
        )


class _Ruler:
    """Measures one document's operations, and its fragments, whether they are spread or not."""

    def __init__(self, document: DocumentNode) -> None:
        self._document = document
        self._fragments = {
            one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)
        }
        self._sizes: dict[str, _Size] = {}
        self._open: set[str] = set()
        self._has_circle = False

    def find_excesses(self) -> Iterator[GraphQLError]:
        operations = [one for one in self._document.definitions if isinstance(one, OperationDefinitionNode)]
        if len(operations) > MOST_OPERATIONS:
            yield _excess(f"A document may have at most {MOST_OPERATIONS} operations.")
        if len(self._document.definitions) - len(operations) > MOST_FRAGMENTS:
            yield _excess(f"A document may have at most {MOST_FRAGMENTS} fragments.")
            return  # a chain of fragments is measured by going down it
        for one in self._document.definitions:
            if isinstance(one, OperationDefinitionNode | FragmentDefinitionNode):
                yield from self._check(one)

    def _check(self, node: OperationDefinitionNode | FragmentDefinitionNode) -> Iterator[GraphQLError]:
        size = self._measure(node.selection_set).beside(_Size(directives=len(node.directives or ())))
        # What follows spreads fragments out, and so only what was found small is looked at.
        is_finite = size.fields <= MOST_FIELDS and size.spreads <= MOST_FIELDS and not self._has_circle
        is_countable = is_finite and isinstance(node, OperationDefinitionNode)
        for measured, most, what in (
            (size.depth, DEEPEST, "levels deep"),
            (size.fields, MOST_FIELDS, "fields, fragments spread out"),
            (size.spreads, MOST_FIELDS, "spread fragments"),
            (size.aliases, MOST_ALIASES, "aliases"),
            (size.directives, MOST_DIRECTIVES, "directives"),
            (
                self._count_roots(node.selection_set, frozenset()) if is_countable else 0,
                MOST_ROOT_FIELDS,
                "root fields",
            ),
            (size.money, MOST_MONEY_MUTATIONS, "mutations that ring a phone or spend money"),
            (size.schemas, MOST_WHOLE_SCHEMAS, "times '__schema'"),
            (size.schema_aliases, 0, "aliases inside '__schema' and '__type'"),
            (self._count_repeats(node.selection_set) if is_countable else 0, MOST_REPEATS, "times the same field"),
        ):
            if measured > most:
                # No number of what was found: it may have a million digits.
                yield _excess(f"An operation may have at most {most} {what}.", node)

    def _measure(self, selections: SelectionSetNode) -> _Size:
        size = _Size()
        for node in selections.selections:
            size = size.beside(_Size(directives=len(node.directives or ())))
            match node:
                case FieldNode():
                    size = size.beside(self._measure_field(node))
                case InlineFragmentNode():
                    size = size.beside(self._measure(node.selection_set))
                case FragmentSpreadNode():
                    size = size.beside(self._measure_fragment(node.name.value)).beside(_Size(spreads=1))
        return size

    def _measure_field(self, node: FieldNode) -> _Size:
        inner = self._measure(node.selection_set) if node.selection_set else _Size()
        name = node.name.value
        is_introspection = name.startswith("__")
        return _Size(
            # Introspection has a rule of its own about its depth, in graphql-core.
            depth=0 if is_introspection else inner.depth + 1,
            fields=inner.fields + 1,
            spreads=inner.spreads,
            aliases=inner.aliases + (node.alias is not None),
            directives=inner.directives,
            money=inner.money + (name in MONEY_MUTATIONS),
            schemas=inner.schemas + (name == "__schema"),
            schema_aliases=inner.aliases if is_introspection else inner.schema_aliases,
        )

    def _measure_fragment(self, name: str) -> _Size:
        if name in self._sizes:
            return self._sizes[name]
        fragment = self._fragments.get(name)
        if fragment is None or name in self._open:
            self._has_circle = self._has_circle or fragment is not None
            return _Size()  # unknown, or a circle: other rules say so
        self._open.add(name)
        size = self._measure(fragment.selection_set)
        self._open.discard(name)
        self._sizes[name] = size
        return size

    def _count_roots(self, selections: SelectionSetNode, seen: frozenset[str] = frozenset()) -> int:
        count = 0
        for node in selections.selections:
            match node:
                case FieldNode():
                    count += 1
                case InlineFragmentNode():
                    count += self._count_roots(node.selection_set, seen)
                case FragmentSpreadNode() if node.name.value in self._fragments and node.name.value not in seen:
                    seen |= {node.name.value}  # execution spreads a fragment once in a selection
                    count += self._count_roots(self._fragments[node.name.value].selection_set, seen)
            if count > MOST_ROOT_FIELDS:
                break
        return count

    def _count_repeats(self, selections: SelectionSetNode) -> int:
        """How often the field stands that stands most often at one place of the answer."""
        counted: Counter[tuple[str, ...]] = Counter()
        self._spread(selections, (), counted)
        return max(counted.values(), default=0)

    def _spread(self, selections: SelectionSetNode, place: tuple[str, ...], counted: Counter[tuple[str, ...]]) -> None:
        for node in selections.selections:
            match node:
                case FieldNode():
                    here = (*place, (node.alias or node.name).value)
                    counted[here] += 1
                    if node.selection_set is not None:
                        self._spread(node.selection_set, here, counted)
                case InlineFragmentNode():
                    self._spread(node.selection_set, place, counted)
                case FragmentSpreadNode() if node.name.value in self._fragments:
                    self._spread(self._fragments[node.name.value].selection_set, place, counted)


def find_excesses(document: DocumentNode) -> list[GraphQLError]:
    """What a document has too much of; empty when it is within the limits."""
    return list(_Ruler(document).find_excesses())


def _excess(message: str, node: Any = None) -> GraphQLError:
    return GraphQLError(message, node, extensions=_TOO_COMPLEX)


class NoNul(ASTValidationRule):
    """PostgreSQL cannot keep the character NUL."""

    def enter_string_value(self, node: StringValueNode, *_: Any) -> None:
        if "\x00" in node.value:
            self.report_error(GraphQLError("A text may not hold the character NUL.", node))


class Limits(SchemaExtension):
    """Applies the limits of variables and of the time an operation may take."""

    def on_validate(self) -> Iterator[None]:
        execution = self.execution_context
        execution.context.operation = execution.operation_type.value
        problem = find_problem(execution.variables)
        if problem is not None:
            execution.pre_execution_errors = [GraphQLError(problem, extensions=_BAD_INPUT)]
        elif _count_operations(execution.graphql_document) > 1 and execution._provided_operation_name is None:  # noqa: SLF001  # its public name gives the first operation's
            message = "The document has several operations: say which with operationName."
            execution.pre_execution_errors = [GraphQLError(message, extensions={"code": "BAD_REQUEST"})]
        yield None
        for error in execution.pre_execution_errors or ():
            # Said here, where it is known: what comes later without a place in the answer is about variables.
            error.extensions = {"code": "GRAPHQL_VALIDATION_FAILED", **(error.extensions or {})}

    async def on_execute(self) -> AsyncIterator[None]:
        context: Context = self.execution_context.context
        seconds = seconds_for(self.execution_context.operation_type, context.options)
        async with asyncio.timeout(seconds - context.age_seconds):
            yield None


def seconds_for(operation: Enum, options: Options) -> float:
    """How long an operation may take; of a subscription, its beginning: its messages come when they come."""
    return options.mutation_seconds if operation.value == OperationType.MUTATION.value else options.query_seconds


def _count_operations(document: DocumentNode | None) -> int:
    return sum(isinstance(one, OperationDefinitionNode) for one in document.definitions) if document else 0


def find_problem(variables: dict[str, Any] | None) -> str | None:
    """What is wrong with a request's variables, whatever they are for; None when nothing is.

    Lists too long, values nested too deeply, too many of them, and NUL, which PostgreSQL cannot keep.
    """
    waiting: list[tuple[object, int]] = [(variables, 0)]
    count = 0
    while waiting:
        value, depth = waiting.pop()
        count += 1
        match value:
            case str() as text:
                if "\x00" in text:
                    return "A text may not hold the character NUL."
                continue
            case list() as items:
                if len(items) > LONGEST_LIST:
                    return f"A list has at most {LONGEST_LIST} items."
                waiting.extend((item, depth + 1) for item in items)
            case dict() as members:
                if any("\x00" in name for name in members):
                    return "A name may not hold the character NUL."
                waiting.extend((member, depth + 1) for member in members.values())
            case _:
                continue
        if depth > DEEPEST_VARIABLE:
            return f"Variables are nested at most {DEEPEST_VARIABLE} levels deep."
        if count + len(waiting) > MOST_VALUES:
            return f"Variables have at most {MOST_VALUES} values."
    return None
