"""How much one request may ask for: tokens, depth, width, aliases, time, and no NUL in any text.

The counts are of the operation with its fragments spread out, each fragment counted once and multiplied, so that a
document that is small and grows by spreading is refused before anything spreads it.
"""

import asyncio
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

MOST_TOKENS: Final = 4000
DEEPEST: Final = 14
MOST_FIELDS: Final = 2000
MOST_ALIASES: Final = 60
MOST_ROOT_FIELDS: Final = 20

_TOO_COMPLEX: Final = {"code": "QUERY_TOO_COMPLEX"}


@dataclass(frozen=True, slots=True)
class _Size:
    """Of a selection set, with fragments spread out."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0

    def beside(self, other: "_Size") -> "_Size":
        return _Size(max(self.depth, other.depth), self.fields + other.fields, self.aliases + other.aliases)


class SizeRule(ASTValidationRule):
    """Refuses documents that are too deep or too wide. Introspection counts as fields, not as depth."""

    def enter_document(self, node: Any, *_: Any) -> None:
        self._fragments = {one.name.value: one for one in node.definitions if isinstance(one, FragmentDefinitionNode)}
        self._sizes: dict[str, _Size] = {}
        self._open: set[str] = set()
        for operation in node.definitions:
            if isinstance(operation, OperationDefinitionNode):
                self._check(operation)

    def enter_string_value(self, node: StringValueNode, *_: Any) -> None:
        if "\x00" in node.value:
            self.report_error(GraphQLError("A text may not hold the character NUL.", node))

    def _check(self, operation: OperationDefinitionNode) -> None:
        size = self._measure(operation.selection_set)
        roots = self._count_roots(operation.selection_set, frozenset())
        for measured, most, what in (
            (size.depth, DEEPEST, "levels deep"),
            (size.fields, MOST_FIELDS, "fields, fragments spread out"),
            (size.aliases, MOST_ALIASES, "aliases"),
            (roots, MOST_ROOT_FIELDS, "root fields"),
        ):
            if measured > most:
                # No number of what was found: it may have a million digits.
                self.report_error(
                    GraphQLError(f"An operation may have at most {most} {what}.", operation, extensions=_TOO_COMPLEX)
                )

    def _measure(self, selections: SelectionSetNode) -> _Size:
        size = _Size()
        for node in selections.selections:
            match node:
                case FieldNode():
                    size = size.beside(self._measure_field(node))
                case InlineFragmentNode():
                    size = size.beside(self._measure(node.selection_set))
                case FragmentSpreadNode():
                    size = size.beside(self._measure_fragment(node.name.value))
        return size

    def _measure_field(self, node: FieldNode) -> _Size:
        inner = self._measure(node.selection_set) if node.selection_set else _Size()
        is_introspection = node.name.value.startswith("__")
        return _Size(
            depth=0 if is_introspection else inner.depth + 1,
            fields=inner.fields + 1,
            aliases=inner.aliases + (node.alias is not None),
        )

    def _measure_fragment(self, name: str) -> _Size:
        if name in self._sizes:
            return self._sizes[name]
        fragment = self._fragments.get(name)
        if fragment is None or name in self._open:
            return _Size()  # unknown, or a cycle: other rules say so
        self._open.add(name)
        size = self._measure(fragment.selection_set)
        self._open.discard(name)
        self._sizes[name] = size
        return size

    def _count_roots(self, selections: SelectionSetNode, seen: frozenset[str]) -> int:
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


class Limits(SchemaExtension):
    """Applies the rule, the limit of tokens, and the time an operation may take."""

    def on_operation(self) -> Iterator[None]:
        execution = self.execution_context
        execution.parse_options["max_tokens"] = MOST_TOKENS
        execution.validation_rules = (SizeRule, *execution.validation_rules)
        yield None

    def on_validate(self) -> Iterator[None]:
        execution = self.execution_context
        execution.context.operation = execution.operation_type.value
        if has_nul(execution.variables):
            execution.pre_execution_errors = [
                GraphQLError("A text may not hold the character NUL.", extensions={"code": "BAD_USER_INPUT"})
            ]
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


def has_nul(value: object) -> bool:
    """Whether any text in a JSON value holds NUL, which PostgreSQL cannot keep. The body's size bounds the work."""
    waiting: list[object] = [value]
    while waiting:
        match waiting.pop():
            case str() as text:
                if "\x00" in text:
                    return True
            case list() as items:
                waiting.extend(items)
            case dict() as members:
                waiting.extend(members.values())
            case _:
                pass
    return False
