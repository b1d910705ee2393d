"""Documents that were found valid before: neither parsed nor validated again.

A client sends the same few documents all day, with other variables. Parsing and validating one costs more than a small
query itself; and of what remains, Strawberry's extensions, each with its phases, cost more than anything they do here.
So a known query that comes over HTTP is executed directly (:func:`execute_known`). What the extensions of ``schema``
would do at such an operation is done here in so many words; ``tests/api/test_documents.py`` compares both ways. What a
document costs is worked out once, too, and kept beside it.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    execute,
    validate,
)
from strawberry.execution import optimized_is_awaitable
from strawberry.extensions import SchemaExtension
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from app.api.admission import admit, charge_reading, may_introspect, require_document
from app.api.context import Context
from app.api.cost import Priced, price_document
from app.api.fast_path import LONGEST_KEPT, FastExecutor
from app.api.limits import (
    LONGEST_DOCUMENT,
    MOST_ERRORS,
    MOST_TOKENS,
    NoNul,
    find_excesses,
    find_problem,
    seconds_for,
)
from app.errors import TooComplexError

if TYPE_CHECKING:
    from app.api.schema import OffhookSchema


class Outcome(NamedTuple):
    """What an operation came to."""

    data: dict[str, Any] | None
    errors: list[GraphQLError] | None


class _Known(NamedTuple):
    """A document that was found valid, and what it costs. The schema is held so that its id stays its own."""

    schema: object
    document: DocumentNode
    priced: Priced


class _Documents:
    """Documents that a schema found valid, by their text; the least recently used are forgotten first."""

    def __init__(self, capacity: int, longest: int) -> None:
        self._capacity = capacity
        self._longest = longest
        self._kept: OrderedDict[tuple[int, str], _Known] = OrderedDict()

    def find(self, schema: object, text: str | None) -> _Known | None:
        key = (id(schema), text or "")
        found = self._kept.get(key)
        if found is None:
            return None
        self._kept.move_to_end(key)
        return found

    def keep(self, known: _Known, text: str | None) -> None:
        if not text or len(text) > self._longest:
            return
        self._kept[id(known.schema), text] = known
        if len(self._kept) > self._capacity:
            self._kept.popitem(last=False)


_DOCUMENTS: Final = _Documents(capacity=500, longest=LONGEST_KEPT)


class KnownDocuments(SchemaExtension):
    """Reads and judges a document the first time only, and lets each operation in for its price.

    Bounded: strangers choose what documents there are. Only what was found valid is kept; whether variables and their
    values fit is looked at each time, elsewhere.
    """

    _known: _Known | None = None

    def on_parse(self) -> Iterator[None]:
        execution = self.execution_context
        self._known = _DOCUMENTS.find(execution.schema, execution.query)
        if self._known is not None:
            execution.graphql_document = self._known.document
        execution.parse_options["max_tokens"] = MOST_TOKENS
        yield None

    def on_validate(self) -> Iterator[None]:
        execution = self.execution_context
        document = execution.graphql_document
        if execution.pre_execution_errors is None and document is not None:
            execution.pre_execution_errors = []
            if self._known is None:
                execution.pre_execution_errors = self._judge(document)
        yield None

    async def on_execute(self) -> AsyncIterator[None]:
        execution = self.execution_context
        assert self._known is not None, "nothing is executed that was not found valid"
        admit(execution.context, self._known.priced, execution.operation_name, execution.variables)
        yield None

    def _judge(self, document: DocumentNode) -> list[GraphQLError]:
        execution = self.execution_context
        errors = find_excesses(document)[:MOST_ERRORS] or validate(
            execution.schema._schema,  # noqa: SLF001  # as below
            document,
            (NoNul, *execution.validation_rules, MaybeNullValidationRule, OneOfInputValidationRule),
            max_errors=MOST_ERRORS,
            # A suggestion tells names of the schema, and costs more than the rest of the error.
            hide_suggestions=not may_introspect(execution.context),
        )
        if not errors:
            self._known = _Known(execution.schema, document, price_document(execution.schema._schema, document))  # noqa: SLF001  # as below
            _DOCUMENTS.keep(self._known, execution.query)
        return errors

    def get_results(self) -> dict[str, Any]:
        """The price, in the answer's ``extensions``; not in each message of a subscription."""
        execution = self.execution_context
        cost = execution.context.cost
        if cost is None or execution.context.operation == OperationType.SUBSCRIPTION.value:
            return {}
        return {"cost": cost}


def take_document(schema: "OffhookSchema", text: str, context: Context) -> None:
    """Look at a document before anything reads it; what is not remembered has to be read, which is paid for.

    Raises:
        DocumentNotAllowedError: the key is limited to other documents.
        TooComplexError: it is too long.
        RateLimitedError: the caller has not the points that reading it costs.
    """
    require_document(context, text)
    if _DOCUMENTS.find(schema, text) is not None:
        return
    if len(text) > LONGEST_DOCUMENT:
        raise TooComplexError(f"A document has at most {LONGEST_DOCUMENT} characters; send values as variables.")
    charge_reading(context, text)


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
    known = _DOCUMENTS.find(schema, query)
    operation = None if known is None else _only_operation(known.document)
    if known is None or operation is None or operation.operation is OperationType.SUBSCRIPTION:
        return None
    if operation_name is not None and (operation.name is None or operation.name.value != operation_name):
        return None
    if variables and find_problem(variables) is not None:
        return None
    context.operation = operation.operation.value
    try:
        admit(context, known.priced, operation_name, variables)
        async with asyncio.timeout(seconds_for(operation.operation, context.options) - context.age_seconds):
            running: Any = execute(
                schema._schema,  # noqa: SLF001  # Strawberry keeps graphql-core's schema there, and has no other name for it
                known.document,
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
