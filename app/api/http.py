"""``POST /graphql``: one operation in, one answer out, JSON only.

GET, forms and other types are refused, so that no page can make a browser send an operation without asking first
(a JSON body is never sent across origins without a preflight, which nobody here answers). A GET from a browser gets the
IDE. Status codes follow GraphQL over HTTP: 200 whenever the operation was executed; with
``Accept: application/graphql-response+json`` 400 when it could not be; 401 and 503 when nobody could say who calls.
"""

import time
from dataclasses import dataclass
from typing import Any, Final

import orjson
from graphql import GraphQLError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.execution import ExecutionResult
from strawberry.types.graphql import OperationType

from app.api.auth import authenticate, read_bearer
from app.api.context import Context, Options
from app.api.documents import Outcome, execute_known
from app.api.errors import as_graphql_error, error_code, present_errors
from app.api.ide import ide_response
from app.api.metrics import Metrics
from app.api.schema import OffhookSchema
from app.errors import AuthenticationError, OffhookError
from app.services import Services

LARGEST_BODY: Final = 1024 * 1024

_JSON: Final = "application/json"
_GRAPHQL_JSON: Final = "application/graphql-response+json"
_OPERATIONS: Final = (OperationType.QUERY, OperationType.MUTATION)


class RefusedRequestError(OffhookError):
    """The HTTP request is not one that can hold an operation."""

    def __init__(self, status: int, code: str, message: str, **headers: str) -> None:
        super().__init__(message)
        self.http_status = status  # type: ignore[misc]  # this one class stands for several statuses
        self.code = code  # type: ignore[misc]
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """What a body asks for."""

    query: str
    variables: dict[str, Any] | None
    operation_name: str | None


class GraphQLEndpoint:
    """Answers HTTP on ``/graphql``."""

    def __init__(self, schema: OffhookSchema, services: Services, options: Options, metrics: Metrics) -> None:
        self._schema = schema
        self._services = services
        self._options = options
        self._metrics = metrics

    async def answer(self, request: Request) -> Response:
        if request.method == "GET" and "query" not in request.query_params and _wants_page(request):
            return ide_response()
        request_id: str = request.state.request_id
        try:
            asked = await _read_request(request)
            context = await self._make_context(request, request_id)
        except RefusedRequestError as error:
            return _fail(error, request_id, error.headers)
        except OffhookError as error:
            headers = {"WWW-Authenticate": "Bearer"} if isinstance(error, AuthenticationError) else {}
            if error.retry_after_seconds is not None:
                headers["Retry-After"] = str(max(1, round(error.retry_after_seconds)))
            return _fail(error, request_id, headers)
        return await self._execute(request, context, asked)

    async def _make_context(self, request: Request, request_id: str) -> Context:
        remote = request.client.host if request.client else None
        context = Context(
            services=self._services,
            options=self._options,
            metrics=self._metrics,
            request_id=request_id,
            remote_address=remote,
            takes_json=True,
        )
        token = read_bearer(request.headers.get("authorization"))
        if token is not None:
            context.admit(await authenticate(self._services, token, remote))
        # Without a key the schema itself can be read; every field of ours says UNAUTHENTICATED.
        return context

    async def _execute(self, request: Request, context: Context, asked: GraphQLRequest) -> Response:
        began = time.perf_counter()
        try:
            result: Outcome | ExecutionResult | None = await execute_known(
                self._schema, asked.query, asked.variables, asked.operation_name, context
            )
            if result is None:
                result = await self._schema.execute(
                    asked.query,
                    variable_values=asked.variables,
                    context_value=context,
                    operation_name=asked.operation_name,
                    allowed_operation_types=_OPERATIONS,
                )
            data, errors = result.data, present_errors(result.errors, context)
        except (MissingQueryError, CannotGetOperationTypeError, InvalidOperationTypeError) as error:
            # Which operation is meant cannot be told, or it is a subscription: nothing was executed.
            data, errors = None, present_errors([GraphQLError(str(error), original_error=error)], context)
        kind = context.operation
        self._metrics.operations.labels(kind, error_code(errors[0]) if errors else "ok").inc()
        self._metrics.operation_seconds.labels(kind).observe(time.perf_counter() - began)
        is_modern = _GRAPHQL_JSON in request.headers.get("accept", "")
        status, headers = 200, {}
        if errors and context.principal is None and any(error_code(one) == "UNAUTHENTICATED" for one in errors):
            status, headers = 401, {"WWW-Authenticate": "Bearer"}
        elif is_modern and errors and data is None and all(one.path is None for one in errors):
            status = 400
        body: dict[str, Any] = {"data": data}
        if errors:
            # What never began has no data at all, which is not the same as null.
            body = {"errors": [one.formatted for one in errors]}
            if data is not None or any(one.path is not None for one in errors):
                body["data"] = data
        return _respond(body, status, headers, _GRAPHQL_JSON if is_modern else _JSON)


async def _read_request(request: Request) -> GraphQLRequest:
    if request.method != "POST":
        raise RefusedRequestError(
            405, "METHOD_NOT_ALLOWED", "Send operations with POST; a browser's GET shows the IDE.", Allow="GET, POST"
        )
    content_type, _, _ = request.headers.get("content-type", "").partition(";")
    if content_type.strip().lower() != _JSON:
        raise RefusedRequestError(
            415, "UNSUPPORTED_MEDIA_TYPE", "Send the operation as application/json.", Accept_Post=_JSON
        )
    try:
        body = orjson.loads(await _read_body(request))
    except orjson.JSONDecodeError as error:
        raise RefusedRequestError(400, "BAD_REQUEST", "The body is not JSON.") from error
    if isinstance(body, list):
        raise RefusedRequestError(400, "BAD_REQUEST", "Send one operation in each request; batches are not taken.")
    if not isinstance(body, dict):
        raise RefusedRequestError(400, "BAD_REQUEST", "The body is a JSON object with 'query'.")
    query, variables, name = body.get("query"), body.get("variables"), body.get("operationName")
    if not isinstance(query, str) or not query.strip():
        raise RefusedRequestError(400, "BAD_REQUEST", "'query' is a text with the operation.")
    if not isinstance(variables, dict | None):
        raise RefusedRequestError(400, "BAD_REQUEST", "'variables' is an object.")
    if not isinstance(name, str | None):
        raise RefusedRequestError(400, "BAD_REQUEST", "'operationName' is a text.")
    return GraphQLRequest(query=query, variables=variables, operation_name=name)


async def _read_body(request: Request) -> bytes:
    too_large = RefusedRequestError(413, "PAYLOAD_TOO_LARGE", f"A request has at most {LARGEST_BODY} bytes.")
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > LARGEST_BODY:
        raise too_large
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > LARGEST_BODY:
                raise too_large
    except ClientDisconnect as error:
        raise RefusedRequestError(400, "BAD_REQUEST", "The body did not come whole.") from error
    return bytes(body)


def _wants_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


def _fail(error: OffhookError, request_id: str, headers: dict[str, str]) -> Response:
    body = {"errors": [as_graphql_error(error, request_id).formatted]}
    return _respond(body, error.http_status, headers, _JSON)


def _respond(body: dict[str, Any], status: int, headers: dict[str, str], media_type: str) -> Response:
    return Response(
        orjson.dumps(body),
        status_code=status,
        headers={"Cache-Control": "no-store", **headers},
        media_type=f"{media_type}; charset=utf-8",
    )
