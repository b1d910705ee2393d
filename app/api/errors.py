"""From exceptions to what a client reads.

- RefusedError in a mutation: the payload's ``userErrors``.
- Every other OffhookError: a top-level error with ``extensions {code requestId retryable retryAfterSeconds}``.
- RefusedError in a query, which has no payload: a top-level error with the problem's own code, and its ``field``.
- Syntax, validation and variables: GRAPHQL_PARSE_FAILED, GRAPHQL_VALIDATION_FAILED, BAD_USER_INPUT.
- Whatever else: INTERNAL, with nothing told but the request id, under which the log has where it came from.
"""

import traceback
from collections.abc import Iterator
from typing import Any, Final

import structlog
from graphql import GraphQLError, GraphQLSyntaxError
from strawberry.extensions import FieldExtension, SchemaExtension
from strawberry.extensions.field_extension import AsyncExtensionResolver
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.execution import StreamExecutionResult

from app.api.auditing import note_refusals
from app.api.context import Context, Info
from app.api.types.problem import Payload, UserError
from app.errors import OffhookError, RefusedError

_log = structlog.get_logger(__name__)

_MASKED: Final = "Something went wrong in Offhook. It was logged under this request id."


def present_errors(errors: list[GraphQLError] | None, context: Context) -> list[GraphQLError] | None:
    """The errors as the client may see them; what is unexpected is logged on the way."""
    return [_present(error, context) for error in errors] if errors else None


def error_code(error: GraphQLError) -> str:
    """The code of a presented error."""
    return str((error.extensions or {}).get("code", "INTERNAL"))


def as_graphql_error(error: OffhookError, request_id: str) -> GraphQLError:
    """An error that came before any field, as GraphQL writes it."""
    return GraphQLError(error.message, extensions=_extensions(error.code, request_id, error))


def _present(error: GraphQLError, context: Context) -> GraphQLError:
    cause = _cause(error)
    match cause:
        case RefusedError(problems=[first, *_]):
            extensions = _extensions(first.code, context.request_id, cause)
            if first.field:
                extensions["field"] = list(first.field)
            return _rewrite(error, cause.message, extensions)
        case OffhookError():
            return _rewrite(error, cause.message, _extensions(cause.code, context.request_id, cause))
        case TimeoutError():
            extensions = _extensions("TIMEOUT", context.request_id)
            return _rewrite(error, "This took too long and was given up.", {**extensions, "retryable": True})
        case CannotGetOperationTypeError():
            return _rewrite(error, cause.as_http_error_reason(), _extensions("BAD_REQUEST", context.request_id))
        case InvalidOperationTypeError():
            message = "Subscriptions need a websocket (graphql-transport-ws)."
            return _rewrite(error, message, _extensions("BAD_REQUEST", context.request_id))
        case None:
            code = _code_before_execution(error)
            return _rewrite(error, error.message, _extensions(code, context.request_id))
    _log.error(
        "graphql_field_failed",
        request_id=context.request_id,
        path=error.path,
        error=type(cause).__name__,
        # Where, but not the exception's own text: that may quote values.
        stack="".join(traceback.format_tb(cause.__traceback__)),
    )
    return _rewrite(error, _MASKED, _extensions("INTERNAL", context.request_id))


def _cause(error: GraphQLError) -> BaseException | None:
    """The exception behind an error; None for what GraphQL itself found wrong with the request."""
    cause: BaseException | None = error.original_error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    if cause is None and error.path is not None:
        return error  # found while executing: a type of ours that did not keep its promise
    return cause


def _code_before_execution(error: GraphQLError) -> str:
    if error.extensions and "code" in error.extensions:
        return error_code(error)
    if isinstance(error, GraphQLSyntaxError):
        return "GRAPHQL_PARSE_FAILED"
    return "BAD_USER_INPUT"  # the variables, once the document itself was found good


def _extensions(code: str, request_id: str, error: OffhookError | None = None) -> dict[str, Any]:
    extensions: dict[str, Any] = {
        "code": code,
        "requestId": request_id,
        "retryable": error is not None and error.retryable,
    }
    if error is not None and error.retry_after_seconds is not None:
        extensions["retryAfterSeconds"] = error.retry_after_seconds
    return extensions


def _rewrite(error: GraphQLError, message: str, extensions: dict[str, Any]) -> GraphQLError:
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions=extensions,
    )


class SocketResults(SchemaExtension):
    """What a websocket's operations need beside HTTP's: a context of their own, and each result's errors presented."""

    def on_operation(self) -> Iterator[None]:
        context: Context = self.execution_context.context
        if context.is_socket:
            self.execution_context.context = context.for_operation()
        yield None

    def on_stream_result(self, result: StreamExecutionResult) -> Iterator[None]:
        context: Context = self.execution_context.context
        errors = present_errors(getattr(result, "errors", None), context)
        if errors:
            result.errors = errors  # type: ignore[union-attr]
            note_refusals(errors, context)
        context.metrics.messages.labels(error_code(errors[0]) if errors else "ok").inc()
        yield None


class Refusals(FieldExtension):
    """A refused mutation answers with its payload, empty but for ``userErrors``."""

    def __init__(self, payload: type[Payload]) -> None:
        self._payload = payload

    async def resolve_async(self, next_: AsyncExtensionResolver, source: Any, info: Info, **kwargs: Any) -> Any:
        try:
            return await next_(source, info, **kwargs)
        except RefusedError as refused:
            # The caller can mend it: that is what userErrors are for.
            return self._payload(user_errors=[UserError.of(problem) for problem in refused.problems])
