"""The HTTP surface: / and /dashboard/…, /graphql, /recordings/{id}, /uploads/{id}, /job-reports/{id},
/v1/calls/{id}/diagnostics.ndjson, /media/…, /healthz, /readyz, /metrics, and the addresses of the dialects.

A process without the role ``api`` has the four from ``/media`` on, without the dialects.

Errors outside GraphQL are JSON: ``{"error": {"code", "message", "retryable", "requestId"}}``.
"""

import asyncio
import time
import traceback
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager, nullcontext
from typing import Any, Final, TypeVar

import structlog
from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import tracing
from app.answers import json_answer
from app.api import event_schemas
from app.api.budget import Budget, Introspection
from app.api.context import Options, request_id_from
from app.api.diagnostics import DiagnosticsFiles
from app.api.http import GraphQLEndpoint
from app.api.metrics import CONTENT_TYPE, Metrics
from app.api.peers import PeerAddress
from app.api.refused_files import audited
from app.api.schema import build_schema
from app.api.websocket import SocketEndpoint
from app.api.wire import Wire
from app.config import Settings
from app.dashboard import files
from app.dialects.desk import Surface
from app.dialects.mounting import dialect_routes
from app.errors import DatabaseUnavailableError, OffhookError
from app.health import HealthSource, PartHealth
from app.recordings.serve import RecordingFiles
from app.services import Services

_log = structlog.get_logger(__name__)

T = TypeVar("T")

#: How uvicorn must be run for the limits that only it can keep; times are seconds, sizes bytes.
SERVER_OPTIONS: Final[dict[str, Any]] = {
    "ws": Wire,
    "ws_max_size": 1024 * 1024,
    "ws_max_queue": 32,
    "ws_ping_interval": 20.0,
    "ws_ping_timeout": 20.0,
    # Compression would keep a window of memory for each socket, and its ratio tells about secrets in the text.
    "ws_per_message_deflate": False,
    "server_header": False,
    "access_log": False,
    "timeout_keep_alive": 75,
    "h11_max_incomplete_event_size": 64 * 1024,
}

_HEALTH_SECONDS: Final = 5.0
#: Without these nothing can be done here, so traffic should go elsewhere; ``health`` is the check itself. What else is
#: amiss (a feed or webhooks that lag, a full disk under recordings) is told, and is no reason to send callers away.
_DECIDING: Final = frozenset({"database", "asterisk", "health", "shutdown"})
_SECURITY_HEADERS: Final = (
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
)
#: Clients that came over TLS once must not come without it again.
_HTTPS_HEADERS: Final = (("strict-transport-security", "max-age=31536000"),)
_CODES: Final = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED"}
_MESSAGES: Final = {404: "There is nothing at this address.", 405: "This address does not take this method."}

Lifespan = Callable[[Starlette], AbstractAsyncContextManager[Any]]


def create_app(
    services: Services,
    settings: Settings,
    *,
    health: HealthSource,
    recordings: RecordingFiles,
    is_api: bool = True,
    lifespan: Lifespan | None = None,
    options: Options | None = None,
) -> Starlette:
    """The application, around services that run. Serve it with ``SERVER_OPTIONS``."""
    options = options or Options(
        most_waiting_frames=settings.subscriber_queue_size,
        introspection=Introspection(settings.introspection),
        budget=Budget(settings.api_points_per_minute),
    )
    metrics = Metrics()
    probes = _Probes(services, health, metrics)
    return Starlette(
        routes=[
            *(_api_routes(services, options, metrics, recordings) if is_api else ()),
            *audited(services.speech.media_files.routes, services.access.audit, "media.read"),
            Route("/healthz", probes.answer_alive, methods=["GET"], name="healthz"),
            Route("/readyz", probes.answer_ready, methods=["GET"], name="readyz"),
            Route("/metrics", probes.answer_metrics, methods=["GET"], name="metrics"),
        ],
        middleware=[
            Middleware(PeerAddress, trusted=settings.trusted_proxies),
            Middleware(Envelope, metrics=metrics, is_https=(settings.public_url or "").startswith("https:")),
        ],
        exception_handlers={HTTPException: _answer_http_error},
        lifespan=lifespan,
    )


def _api_routes(services: Services, options: Options, metrics: Metrics, recordings: RecordingFiles) -> list[BaseRoute]:
    schema, audit = build_schema(), services.access.audit
    return [
        *files.ROUTES,
        # Every method: GraphQL says itself, in its own words, which it takes.
        Route(
            "/graphql",
            GraphQLEndpoint(schema, services, options, metrics).answer,
            methods=["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
            name="graphql",
        ),
        WebSocketRoute("/graphql", SocketEndpoint(schema, services, options, metrics).answer),
        *audited(recordings.routes, audit, "recording_file.read"),
        *audited(services.speech.upload_files.routes, audit, "upload_file.put"),
        *audited(services.job_reports.routes, audit, "job_report.read"),
        *DiagnosticsFiles(services, options.budget).routes,
        *dialect_routes(Surface(services=services, schema=schema, options=options, metrics=metrics)),
        *event_schemas.ROUTES,
    ]


class _Probes:
    """How the service fares, for machines."""

    def __init__(self, services: Services, health: HealthSource, metrics: Metrics) -> None:
        self._services = services
        self._health = health
        self._metrics = metrics

    async def answer_alive(self, _request: Request) -> Response:
        """The process runs and its loop turns; whether it can do anything is /readyz's business."""
        return json_answer({"status": "ok"})

    async def answer_ready(self, _request: Request) -> Response:
        parts = await self._check()
        is_ready = all(part.is_ready for part in parts if part.name in _DECIDING)
        is_whole = all(part.is_ready for part in parts)
        body = {
            "status": ("ready" if is_whole else "degraded") if is_ready else "unavailable",
            "parts": {part.name: {"ready": part.is_ready, "reason": part.reason} for part in parts},
        }
        return json_answer(body, 200 if is_ready else 503)

    async def answer_metrics(self, _request: Request) -> Response:
        parts = await self._check()
        self._metrics.part_ready.clear()  # a standby has fewer parts than it had when it drove its Asterisk
        for part in parts:
            self._metrics.part_ready.labels(part.name).set(part.is_ready)
        self._metrics.subscribers.set(self._services.feed.subscriber_count)
        await self._note_backlogs()
        return Response(self._metrics.expose(), headers={"Content-Type": CONTENT_TYPE})

    async def _note_backlogs(self) -> None:
        """One after the other, in one time for all: a scrape must not take several of the pool's connections."""
        services, told = self._services, self._metrics
        until = asyncio.get_running_loop().time() + _HEALTH_SECONDS
        told.note_webhooks(await _ask(services.webhook_queries.backlog, until), services.clock.now())
        told.note_campaigns(await _ask(services.campaigns.queries.activity, until))
        told.note_jobs(await _ask(services.jobs.backlog, until), services.clock.now())
        told.note_callbacks(await _ask(services.callbacks.late_seconds, until))
        told.note_trunks(await _ask(services.routing.trunks.count_by_state, until))

    async def _check(self) -> list[PartHealth]:
        try:
            async with asyncio.timeout(_HEALTH_SECONDS):
                return list(await self._health.check())
        except TimeoutError:
            # A check that hangs is an answer too.
            return [PartHealth("health", is_ready=False, reason="The check did not come to an end in time.")]


async def _ask(read: Callable[[], Awaitable[T]], until: float) -> T | None:
    try:
        async with asyncio.timeout_at(until):
            return await read()
    except (DatabaseUnavailableError, TimeoutError):
        return None  # the database's own part says so


class Envelope:
    """Around every request: its id, the security headers, one line in the log, and a mask over what is unexpected."""

    def __init__(self, app: ASGIApp, metrics: Metrics, *, is_https: bool) -> None:
        self._app = app
        self._metrics = metrics
        self._headers = (*_SECURITY_HEADERS, *(_HTTPS_HEADERS if is_https else ()))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = request_id_from(Headers(scope=scope).get("x-request-id"))
        scope.setdefault("state", {})["request_id"] = request_id
        began, status = time.perf_counter(), 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                for name, value in self._headers:
                    headers.setdefault(name, value)
            await send(message)

        try:
            # Every line of the log that is written for the request says which it was.
            with structlog.contextvars.bound_contextvars(request_id=request_id), _in_its_trace(scope):
                await self._app(scope, receive, send_with_headers)
        except Exception as error:
            _log.error(  # the exception's own text may quote values; where it came from may be said
                "http_request_failed",
                request_id=request_id,
                path=scope["path"],
                error=type(error).__name__,
                stack="".join(traceback.format_tb(error.__traceback__)),
            )
            if status:
                raise  # the answer is half out: only cutting the connection is left
            response = _fail(500, OffhookError.code, "Something went wrong in Offhook; it was logged.", request_id)
            await response(scope, receive, send_with_headers)
        finally:
            # Only names of routes: a path may hold anything that a stranger makes up.
            route = scope.get("route")
            name = getattr(route, "path", "unknown")
            self._metrics.http_requests.labels(name, scope["method"] if route else "other", str(status)).inc()
            _log.debug(
                "http_request",
                request_id=request_id,
                method=scope["method"],
                route=name,
                status=status,
                milliseconds=round((time.perf_counter() - began) * 1000, 1),
            )


def _in_its_trace(scope: Scope) -> AbstractContextManager[None]:
    """What is done for a request goes into the trace that the client names, if it names one."""
    if tracing.armed is None:
        return nullcontext()
    return tracing.at(tracing.read_traceparent(Headers(scope=scope).getlist("traceparent")))


async def _answer_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = error.status_code
    message = _MESSAGES.get(status, error.detail)
    return _fail(
        status, _CODES.get(status, "BAD_REQUEST"), message, request.state.request_id, dict(error.headers or {})
    )


def _fail(status: int, code: str, message: str, request_id: str, headers: dict[str, str] | None = None) -> Response:
    body = {"error": {"code": code, "message": message, "retryable": False, "requestId": request_id}}
    return json_answer(body, status, headers)
