"""Documents that were found valid before: neither parsed nor validated again.

A client sends the same few documents all day, with other variables. Parsing and validating one costs more than a small
query itself; and of what remains, Strawberry's extensions, each with its phases, cost more than anything they do here.
So a known query that comes over HTTP is executed directly (:func:`execute_known`). What the extensions of ``schema``
would do at such an operation is done here in so many words; ``tests/api/test_documents.py`` compares both ways.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    execute,
)
from strawberry.execution import optimized_is_awaitable
from strawberry.extensions import SchemaExtension

from app.api.context import Context
from app.api.fast_path import LONGEST_KEPT, FastExecutor
from app.api.limits import has_nul, seconds_for

if TYPE_CHECKING:
    from app.api.schema import OffhookSchema


class Outcome(NamedTuple):
    """What an operation came to."""

    data: dict[str, Any] | None
    errors: list[GraphQLError] | None


class _Documents:
    """Documents that a schema found valid, by their text; the least recently used are forgotten first."""

    def __init__(self, capacity: int, longest: int) -> None:
        self._capacity = capacity
        self._longest = longest
        self._kept: OrderedDict[tuple[int, str], tuple[object, DocumentNode]] = OrderedDict()

    def find(self, schema: object, text: str | None) -> DocumentNode | None:
        key = (id(schema), text or "")
        found = self._kept.get(key)
        if found is None:
            return None
        self._kept.move_to_end(key)
        return found[1]

    def keep(self, schema: object, text: str | None, document: DocumentNode) -> None:
        if not text or len(text) > self._longest:
            return
        self._kept[id(schema), text] = (schema, document)
        if len(self._kept) > self._capacity:
            self._kept.popitem(last=False)


_DOCUMENTS: Final = _Documents(capacity=500, longest=LONGEST_KEPT)


class KnownDocuments(SchemaExtension):
    """Parses and validates a document the first time only. Bounded: strangers choose what documents there are.

    Only what was found valid is kept; whether variables and their values fit is looked at each time, elsewhere.
    """

    def on_parse(self) -> Iterator[None]:
        execution = self.execution_context
        if execution.graphql_document is None:
            execution.graphql_document = _DOCUMENTS.find(execution.schema, execution.query)
        yield None

    def on_validate(self) -> Iterator[None]:
        execution = self.execution_context
        document = execution.graphql_document
        if document is not None and document is _DOCUMENTS.find(execution.schema, execution.query):
            if execution.pre_execution_errors is None:
                execution.pre_execution_errors = []
            yield None
            return
        yield None
        if document is not None and not execution.pre_execution_errors:
            _DOCUMENTS.keep(execution.schema, execution.query, document)


async def execute_known(
    schema: "OffhookSchema",
    query: str,
    variables: dict[str, Any] | None,
    operation_name: str | None,
    context: Context,
) -> Outcome | None:
    """Execute a query or mutation whose document is known; None when it is not, or anything about it is unusual.

    Whatever is not let in here goes the ordinary way, which says what is wrong with it.
    """
    document = _DOCUMENTS.find(schema, query)
    operation = None if document is None else _only_operation(document)
    if document is None or operation is None or operation.operation is OperationType.SUBSCRIPTION:
        return None
    if operation_name is not None and (operation.name is None or operation.name.value != operation_name):
        return None
    if has_nul(variables):
        return None
    context.operation = operation.operation.value
    try:
        async with asyncio.timeout(seconds_for(operation.operation, context.options) - context.age_seconds):
            running: Any = execute(
                schema._schema,  # noqa: SLF001  # Strawberry keeps graphql-core's schema there, and has no other name for it
                document,
                context_value=context,
                variable_values=variables,
                operation_name=operation_name,
                is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type]  # as Strawberry gives it
                executor_class=FastExecutor,
                operation_extensions=None,
            )
            result: ExecutionResult = await running if optimized_is_awaitable(running) else running
    except Exception as error:  # noqa: BLE001  # as Strawberry does it: ``errors`` knows what may be told
        wrapped = error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error)
        return Outcome(None, [wrapped])
    return Outcome(result.data, result.errors)


def _only_operation(document: DocumentNode) -> OperationDefinitionNode | None:
    operations = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    return operations[0] if len(operations) == 1 else None
