"""``/graphql``: one operation in, one answer out, JSON only; ``request_form`` says in which forms it may come.

A JSON body is never sent across origins without a preflight, which is answered for pages that hold an access token
(``cross_origin``). A GET from a browser that brings no query gets the IDE. Status codes follow GraphQL over HTTP: 200
whenever the operation was executed; with ``Accept: application/graphql-response+json`` 400 when it could not be; 401,
429 and 503 when nobody could say who calls, or the caller has spent its points.
"""

import time
from typing import Any, Final

import orjson
from graphql import GraphQLError
from starlette.requests import Request
from starlette.responses import Response
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.execution import ExecutionResult
from strawberry.types.graphql import OperationType

from app.accounts.principal import Principal
from app.answers import retry_after
from app.api.auditing import note_refusals
from app.api.auth import authenticate, read_credential
from app.api.context import Context, Options
from app.api.cross_origin import answer_preflight, headers_for_origin
from app.api.documents import Outcome, execute_known, take_document
from app.api.errors import as_graphql_error, error_code, present_errors
from app.api.ide import ide_response
from app.api.metrics import Metrics
from app.api.request_form import GraphQLRequest, RefusedRequestError, read_request
from app.api.schema import OffhookSchema
from app.errors import AuthenticationError, OffhookError, RateLimitedError
from app.services import Services

_JSON: Final = "application/json"
_GRAPHQL_JSON: Final = "application/graphql-response+json"
_OPERATIONS: Final = (OperationType.QUERY, OperationType.MUTATION)
_QUERIES: Final = (OperationType.QUERY,)


class GraphQLEndpoint:
    """Answers HTTP on ``/graphql``."""

    def __init__(self, schema: OffhookSchema, services: Services, options: Options, metrics: Metrics) -> None:
        self._schema = schema
        self._services = services
        self._options = options
        self._metrics = metrics

    async def answer(self, request: Request) -> Response:
        allowed = await headers_for_origin(self._services, request.headers)
        if request.method == "OPTIONS" and (answer := answer_preflight(request.headers, allowed)) is not None:
            return answer
        response = await self._answer(request)
        response.headers.update(allowed)
        return response

    async def _answer(self, request: Request) -> Response:
        if request.method == "GET" and "query" not in request.query_params and _wants_page(request):
            return ide_response()
        request_id: str = request.state.request_id
        context: Context | None = None
        try:
            asked = await read_request(request, self._options.body_seconds)
            context = await self._make_context(request, request_id)
            take_document(self._schema, asked.query, context)
        except RefusedRequestError as error:
            self._note_refusal(request, request_id, error.code, None)
            return _fail(error, request_id, error.headers)
        except OffhookError as error:
            if context is not None:  # else it is about the key, and noted where that is read
                self._note_refusal(request, request_id, error.code, context.principal)
            challenge = {"WWW-Authenticate": "Bearer"} if isinstance(error, AuthenticationError) else {}
            return _fail(error, request_id, {**challenge, **retry_after(error.retry_after_seconds)})
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
        token = read_credential(self._services, request.headers.getlist("authorization"), remote, request_id)
        if token is not None:
            origin = request.headers.get("origin")
            context.admit(await authenticate(self._services, token, remote, origin, request_id))
        # Without a key the schema itself can be read; every field of ours says UNAUTHENTICATED.
        return context

    def _note_refusal(self, request: Request, request_id: str, code: str, principal: Principal | None) -> None:
        remote = request.client.host if request.client else None
        self._services.access.audit.refuse(
            "graphql.request", code, principal=principal, remote_address=remote, request_id=request_id
        )

    async def _execute(self, request: Request, context: Context, asked: GraphQLRequest) -> Response:
        began = time.perf_counter()
        try:
            result: Outcome | ExecutionResult | None = None
            if not asked.is_safe:
                result = await execute_known(self._schema, asked.query, asked.variables, asked.operation_name, context)
            if result is None:
                result = await self._schema.execute(
                    asked.query,
                    variable_values=asked.variables,
                    context_value=context,
                    operation_name=asked.operation_name,
                    allowed_operation_types=_QUERIES if asked.is_safe else _OPERATIONS,
                )
            data, errors = result.data, present_errors(result.errors, context)
        except (MissingQueryError, CannotGetOperationTypeError, InvalidOperationTypeError) as error:
            # Which operation is meant cannot be told, or it may not come this way: nothing was executed.
            if asked.is_safe and isinstance(error, InvalidOperationTypeError):
                refused = RefusedRequestError(405, "METHOD_NOT_ALLOWED", "GET brings queries alone: use POST.")
                self._note_refusal(request, context.request_id, refused.code, context.principal)
                return _fail(refused, context.request_id, {"Allow": "POST"})
            data, errors = None, present_errors([GraphQLError(str(error), original_error=error)], context)
        note_refusals(errors, context)
        kind = context.operation
        self._metrics.operations.labels(kind, error_code(errors[0]) if errors else "ok").inc()
        self._metrics.operation_seconds.labels(kind).observe(time.perf_counter() - began)
        is_modern = _GRAPHQL_JSON in request.headers.get("accept", "")
        status, headers = 200, {}
        if errors and context.principal is None and any(error_code(one) == "UNAUTHENTICATED" for one in errors):
            status, headers = 401, {"WWW-Authenticate": "Bearer"}
        elif errors and data is None and error_code(errors[0]) == RateLimitedError.code:
            seconds = (errors[0].extensions or {}).get("retryAfterSeconds", 1)
            status, headers = RateLimitedError.http_status, retry_after(seconds)
        elif is_modern and errors and data is None and all(one.path is None for one in errors):
            status = 400
        body: dict[str, Any] = {"data": data}
        if errors:
            # What never began has no data at all, which is not the same as null.
            body = {"errors": [one.formatted for one in errors]}
            if data is not None or any(one.path is not None for one in errors):
                body["data"] = data
        if context.cost is not None:
            body["extensions"] = {"cost": context.cost}
        return _respond(body, status, headers, _GRAPHQL_JSON if is_modern else _JSON)


def _wants_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


def _fail(error: OffhookError, request_id: str, headers: dict[str, str]) -> Response:
    body = {"errors": [as_graphql_error(error, request_id).formatted]}
    return _respond(body, error.http_status, headers, _JSON)


def _respond(body: dict[str, Any], status: int, headers: dict[str, str], media_type: str) -> Response:
    return Response(
        orjson.dumps(body, option=orjson.OPT_APPEND_NEWLINE),  # a shell's prompt begins its own line
        status_code=status,
        headers={"Cache-Control": "no-store", **headers},
        media_type=f"{media_type}; charset=utf-8",
    )
