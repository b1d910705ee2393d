"""GraphQL over websockets: ``graphql-transport-ws``, and nothing else.

The protocol itself is Strawberry's. Ours are the key in ``connection_init``, the heartbeat (which also looks whether
the key is still good), and the refusal of messages that are not of the protocol's form. A client that reads slowly
holds its own operations back, for sending waits until the socket takes more; what piles up meanwhile is bounded by the
feed's queue, which then says so (``Gap``).

Close codes: 4400 malformed message, 4401 no good key, 4406 wrong subprotocol, 4408 no connection_init in time, 4409 id
in use, 4429 two connection_inits, 1013 nobody can say right now whether the key is good: come back.
"""

import asyncio
import traceback
from datetime import timedelta
from typing import Any, Final

import orjson
import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketState
from strawberry.asgi import ASGIWebSocketAdapter, GraphQL
from strawberry.http.exceptions import WebSocketDisconnected
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler
from strawberry.subscriptions.protocols.graphql_transport_ws.types import (
    ConnectionInitMessage,
    Message,
    SubscribeMessage,
)

from app.api.auth import authenticate, read_bearer
from app.api.context import Context, Options, request_id_from
from app.api.errors import as_graphql_error
from app.api.metrics import Metrics
from app.api.schema import OffhookSchema
from app.errors import AuthenticationError, OverloadedError, UnavailableError
from app.services import Services

MALFORMED: Final = 4400
UNAUTHORIZED: Final = 4401
TOO_MANY_INITS: Final = 4429
TRY_AGAIN_LATER: Final = 1013

_LONGEST_REASON: Final = 123  # bytes: RFC 6455, 5.5
_LONGEST_ID: Final = 255

_log = structlog.get_logger(__name__)


class SocketAdapter(ASGIWebSocketAdapter):
    """Strawberry's socket, which closes once (the first reason is the true one) and says when it is closed."""

    _is_closed = False

    async def send_json(self, message: Any) -> None:
        if self._is_closed:
            raise WebSocketDisconnected
        await super().send_json(message)

    async def close(self, code: int, reason: str) -> None:
        if self._is_closed or self.ws.application_state is WebSocketState.DISCONNECTED:
            return
        self._is_closed = True
        await self.ws.close(code=code, reason=reason.encode()[:_LONGEST_REASON].decode(errors="ignore"))


class SocketHandler(BaseGraphQLTransportWSHandler[Context, None]):
    """One connection."""

    _token: str | None = None

    async def handle(self) -> None:
        metrics = self.context.metrics
        metrics.sockets.inc()
        try:
            async with asyncio.TaskGroup() as group:
                heart = group.create_task(self._beat())
                try:
                    await super().handle()
                finally:
                    heart.cancel()
        finally:
            metrics.sockets.dec()

    async def handle_message(self, message: Message) -> None:
        problem = _find_problem(message)
        if problem is not None:
            await self.websocket.close(MALFORMED, problem)
            return
        await super().handle_message(message)

    async def handle_connection_init(self, message: ConnectionInitMessage) -> None:
        if self.connection_timed_out:
            return
        if self.connection_init_received:
            await self.websocket.close(TOO_MANY_INITS, "Too many initialisation requests")
            return
        self.connection_init_received = True
        try:
            self._token = read_bearer(_authorization(message.get("payload"), self.websocket))
            self.context.admit(await authenticate(self.context.services, self._token, self.context.remote_address))
        except AuthenticationError as error:
            await self.websocket.close(UNAUTHORIZED, error.message)
            return
        except UnavailableError as error:
            await self.websocket.close(TRY_AGAIN_LATER, error.message)
            return
        finally:
            if self.connection_init_timeout_task is not None:
                self.connection_init_timeout_task.cancel()
        seconds = self.context.options.heartbeat_seconds
        await self.send_message({"type": "connection_ack", "payload": {"heartbeatSeconds": seconds}})
        self.connection_acknowledged = True

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        most = self.context.options.most_operations_per_socket
        if self.connection_acknowledged and message["id"] not in self.operations and len(self.operations) >= most:
            error = OverloadedError(f"A connection has at most {most} operations at once; complete one first.")
            payload = [as_graphql_error(error, self.context.request_id).formatted]
            await self.send_message({"type": "error", "id": message["id"], "payload": payload})
            return
        await super().handle_subscribe(message)

    async def handle_task_exception(self, error: Exception) -> None:
        if isinstance(error, WebSocketDisconnected):
            return  # the client went away while something was being sent: nobody is left to be told
        _log.error(
            "websocket_operation_failed",
            request_id=self.context.request_id,
            error=type(error).__name__,
            stack="".join(traceback.format_tb(error.__traceback__)),
        )

    @staticmethod
    def _get_pre_execution_close_reason(_error: Any) -> None:
        """A document that cannot be read ends its own operation, not the connection and all others on it."""
        return

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self.context.options.heartbeat_seconds)
            if not self.connection_acknowledged:
                continue
            try:
                await authenticate(self.context.services, self._token, self.context.remote_address)
                await self.send_message({"type": "ping"})
            except AuthenticationError:
                await self.websocket.close(UNAUTHORIZED, "The key was revoked or has expired.")
                return
            except UnavailableError:
                continue  # nobody can say: the key was good when it was last looked at
            except WebSocketDisconnected:
                return  # the connection is over, and its reader is about to notice


class SocketEndpoint(GraphQL[Context, None]):
    """Answers websockets on ``/graphql``. Its HTTP half is not used: see ``http``."""

    websocket_adapter_class = SocketAdapter
    graphql_transport_ws_handler_class = SocketHandler

    def __init__(self, schema: OffhookSchema, services: Services, options: Options, metrics: Metrics) -> None:
        super().__init__(
            schema,
            graphql_ide=None,
            allow_queries_via_get=False,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
            connection_init_wait_timeout=timedelta(seconds=options.init_seconds),
            max_subscriptions_per_connection=options.most_operations_per_socket,
            # A page of another origin brings no credential that a browser would add by itself: the key must be in
            # connection_init, so there is nothing for such a page to abuse.
            allowed_origins=("*",),
        )
        self._services = services
        self._options = options
        self._metrics = metrics

    async def answer(self, websocket: WebSocket) -> None:
        await self.run(websocket)

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        del response
        return Context(
            services=self._services,
            options=self._options,
            metrics=self._metrics,
            request_id=request_id_from(request.headers.get("x-request-id")),
            remote_address=request.client.host if request.client else None,
            is_socket=True,
        )

    def encode_json(self, data: object) -> str:
        return orjson.dumps(data).decode()  # text: bytes would make binary frames

    def decode_json(self, data: str | bytes) -> object:
        return orjson.loads(data)


def _authorization(payload: Any, websocket: Any) -> str | None:
    """From ``connection_init``, else from the handshake (programs can send headers, browsers cannot)."""
    for name in ("authorization", "Authorization"):
        value = (payload or {}).get(name)
        if value is not None:
            return value if isinstance(value, str) else ""
    header: str | None = websocket.ws.headers.get("authorization")
    return header


def _find_problem(message: object) -> str | None:
    """What is wrong with a message's form; None when nothing is."""
    match message:
        case {"type": "connection_init", **rest}:
            return None if isinstance(rest.get("payload"), dict | None) else "Invalid connection init payload"
        case {"type": "ping" | "pong"}:
            return None
        case {"type": "complete", "id": str()}:
            return None
        case {"type": "subscribe", "id": str(operation_id), "payload": {"query": str(), **rest}}:
            if not 1 <= len(operation_id) <= _LONGEST_ID:
                return "An operation's id has 1 to 255 characters"
            is_well_formed = isinstance(rest.get("variables"), dict | None) and isinstance(
                rest.get("operationName"), str | None
            )
            return None if is_well_formed else "Invalid subscribe payload"
        case {"type": str(kind)}:
            return f"Invalid message of type {kind[:40]!r}"
        case _:
            return "A message is a JSON object with a type"


__all__ = ["SocketEndpoint"]
