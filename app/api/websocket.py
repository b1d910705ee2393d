"""GraphQL over websockets: ``graphql-transport-ws``, and nothing else.

Operations are executed by Strawberry; the protocol is here. Each connection has a task that reads, and one for each
operation that is being executed. A subscription that follows live events needs none: its audience executes it for
all who asked the same, and writes to the connection's outbox (``subscriptions.audience``).

A client that reads slowly holds its own operations back; what many follow does not wait for it, so it is told ``Gap``
and goes on from the log. A client that reads nothing at all is closed.

Close codes: 4400 malformed message, 4401 no good key (wrong, revoked, not from here, its account suspended), 4403 it
was good and has expired, or may do other things now: connect again; 4406 wrong subprotocol, 4408 no connection_init in
time, 4409 id in use, 4429 two connection_inits, 4430 nothing was read for too long, 1013 nobody can say right now
whether the key is good: come back; 1008 it sends too fast, 1009 a message is too large.
"""

import asyncio
import contextlib
import dataclasses
import traceback
from contextlib import aclosing
from typing import Any, Final, cast

import orjson
import structlog
from graphql import GraphQLError
from starlette.websockets import WebSocket
from strawberry.types.execution import ExecutionResult, PreExecutionError

from app.api.admission import NOT_ADMITTED
from app.api.auditing import note_closing, note_refusals
from app.api.context import Context, Options, request_id_from
from app.api.documents import take_document
from app.api.errors import as_graphql_error, error_code
from app.api.metrics import Metrics
from app.api.outbox import ClosedError, Outbox
from app.api.pace import Pace
from app.api.schema import OffhookSchema
from app.api.socket_credential import TRY_AGAIN_LATER, UNAUTHORIZED, SocketCredential
from app.api.subscriptions.audience import Audiences, Reader, next_frame, payload_of
from app.api.subscriptions.likeness import Asked
from app.api.wire import TOO_FAST, WIRE, Wire, text_frame
from app.errors import AuthenticationError, ConfigurationError, OffhookError, OverloadedError, UnavailableError
from app.services import Services

PROTOCOL: Final = "graphql-transport-ws"

MALFORMED: Final = 4400
WRONG_SUBPROTOCOL: Final = 4406
INIT_TOO_LATE: Final = 4408
ID_IN_USE: Final = 4409
TOO_MANY_INITS: Final = 4429
NOTHING_READ: Final = 4430

#: What the audit log calls a closing that a client brought upon itself. Keys that are not good are noted elsewhere.
_REFUSALS: Final = {
    MALFORMED: "BAD_REQUEST",
    WRONG_SUBPROTOCOL: "BAD_REQUEST",
    INIT_TOO_LATE: "BAD_REQUEST",
    ID_IN_USE: "BAD_REQUEST",
    TOO_MANY_INITS: "BAD_REQUEST",
    TOO_FAST: "RATE_LIMITED",
}
_LONGEST_REASON: Final = 123  # bytes: RFC 6455, 5.5
_LONGEST_ID: Final = 255
MESSAGES_AT_ONCE: Final = 1000
MESSAGES_PER_SECOND: Final = 200.0

_log = structlog.get_logger(__name__)


class SocketEndpoint:
    """Answers websockets on ``/graphql``."""

    def __init__(self, schema: OffhookSchema, services: Services, options: Options, metrics: Metrics) -> None:
        self.schema = schema
        self.audiences = Audiences(schema)
        self._services = services
        self._options = options
        self._metrics = metrics

    async def answer(self, websocket: WebSocket) -> None:
        """Serve one connection to its end. A page of any origin may open one.

        A page of another origin brings no credential that a browser would add by itself: the key must be in
        connection_init, so there is nothing for such a page to abuse.
        """
        wire = websocket.scope["extensions"].get(WIRE)
        if not isinstance(wire, Wire):
            raise ConfigurationError("Websockets need uvicorn to be run with app.asgi.SERVER_OPTIONS.")
        context = Context(
            services=self._services,
            options=self._options,
            metrics=self._metrics,
            request_id=request_id_from(websocket.headers.get("x-request-id")),
            remote_address=websocket.client.host if websocket.client else None,
            is_socket=True,
        )
        # The task is this connection's alone.
        structlog.contextvars.bind_contextvars(request_id=context.request_id)
        if PROTOCOL not in websocket.scope["subprotocols"]:
            await websocket.accept()
            wire.close(WRONG_SUBPROTOCOL, f"Speak {PROTOCOL}", grace_seconds=self._options.close_grace_seconds)
            note_closing(context, _REFUSALS[WRONG_SUBPROTOCOL], WRONG_SUBPROTOCOL)
            return
        await websocket.accept(subprotocol=PROTOCOL)
        self._metrics.sockets.inc()
        try:
            await _Connection(self, websocket, wire, context).serve()
        finally:
            self._metrics.sockets.dec()


class _Operation:
    """One operation of a connection."""

    __slots__ = ("asked", "id", "reader", "task")

    def __init__(self, operation_id: str, asked: Asked) -> None:
        self.id = operation_id
        self.asked = asked
        self.reader: Reader
        self.task: asyncio.Task[None] | None = None

    def stop(self) -> None:
        self.reader.leave()
        if self.task is not None:
            self.task.cancel()


class _Connection:
    """One websocket."""

    def __init__(self, endpoint: SocketEndpoint, websocket: WebSocket, wire: Wire, context: Context) -> None:
        self._endpoint = endpoint
        self._websocket = websocket
        self._wire = wire
        self._context = context
        self._options = context.options
        self._operations: dict[str, _Operation] = {}
        self._is_init_received = False
        self._is_acknowledged = False
        self._group = asyncio.TaskGroup()
        self._timer: asyncio.TimerHandle | None = None
        self._pace = Pace(at_once=MESSAGES_AT_ONCE, per_second=MESSAGES_PER_SECOND)
        self._outbox = Outbox(
            wire,
            most_frames=self._options.most_waiting_frames,
            most_bytes=self._options.most_waiting_bytes,
            unread_seconds=self._options.unread_seconds,
            on_stalled=self._close_unread,
        )
        self._credential = SocketCredential(
            context, websocket.headers, self._outbox, close=self._close, spawn=self._group.create_task
        )

    async def serve(self) -> None:
        async with self._group:
            self._set_timer(self._options.init_seconds, self._refuse_late_init)
            try:
                # After a close of ours nothing more is taken, though it may have come already.
                while not self._wire.is_closed:
                    message = await self._websocket.receive()
                    if message["type"] != "websocket.receive" or self._wire.is_closed:
                        break
                    with contextlib.suppress(ClosedError):  # the loop's condition says the same
                        await self._take(message)
            finally:
                self._credential.end()
                if self._timer is not None:
                    self._timer.cancel()
                self._outbox.close()
                for operation in list(self._operations.values()):
                    operation.stop()
                self._operations.clear()

    # Messages

    async def _take(self, message: Any) -> None:
        if not self._pace.admits_one():
            self._close(TOO_FAST, "Too many messages")
            return
        text = message.get("text")
        if text is None:
            self._close(MALFORMED, "WebSocket message type must be text")
            return
        try:
            decoded = orjson.loads(text)
        except orjson.JSONDecodeError:
            self._close(MALFORMED, "WebSocket message must be valid JSON")
            return
        problem = _find_problem(decoded)
        if problem is not None:
            self._close(MALFORMED, problem)
            return
        match decoded["type"]:
            case "connection_init":
                await self._init(decoded.get("payload"))
            case "ping":
                said = await self._credential.renew(decoded.get("payload"))
                await self._send({"type": "pong"} if said is None else {"type": "pong", "payload": said})
            case "subscribe":
                await self._subscribe(decoded["id"], decoded["payload"])
            case "complete":
                operation = self._operations.pop(decoded["id"], None)
                if operation is not None:
                    operation.stop()

    async def _init(self, payload: dict[str, Any] | None) -> None:
        if self._is_init_received:
            self._close(TOO_MANY_INITS, "Too many initialisation requests")
            return
        self._is_init_received = True
        try:
            await self._credential.begin(payload)
        except AuthenticationError as error:
            self._close(UNAUTHORIZED, error.message)
            return
        except UnavailableError as error:
            self._close(TRY_AGAIN_LATER, error.message)
            return
        seconds = self._options.heartbeat_seconds
        await self._send({"type": "connection_ack", "payload": {"heartbeatSeconds": seconds}})
        self._is_acknowledged = True
        self._set_timer(seconds, self._beat_soon)

    async def _subscribe(self, operation_id: str, payload: dict[str, Any]) -> None:
        if not self._is_acknowledged:
            note_closing(self._context, AuthenticationError.code, UNAUTHORIZED)
            self._close(UNAUTHORIZED, "Unauthorized")
            return
        if operation_id in self._operations:
            self._close(ID_IN_USE, f"Subscriber for {operation_id} already exists")
            return
        most = self._options.most_operations_per_socket
        if len(self._operations) >= most:
            error = OverloadedError(f"A connection has at most {most} operations at once; complete one first.")
            await self._send_error(operation_id, [as_graphql_error(error, self._context.request_id)])
            return
        asked = Asked(payload["query"], payload.get("variables"), payload.get("operationName"))
        operation = _Operation(operation_id, asked)
        operation.reader = Reader(
            self._endpoint.audiences,
            asked,
            operation_id,
            self._outbox,
            on_behind=lambda: self._start(operation),
            on_over=lambda: self._complete(operation),
        )
        self._operations[operation_id] = operation
        self._start(operation)

    # Operations

    def _start(self, operation: _Operation) -> None:
        operation.task = self._group.create_task(self._run(operation))

    async def _run(self, operation: _Operation) -> None:
        """Execute an operation, until it is complete or its audience tells what follows."""
        try:
            await self._outbox.until_idle()
            while await self._execute(operation):
                if operation.reader.go_live():
                    operation.task = None
                    return
                await self._outbox.until_idle()
        except ClosedError:
            return  # the client went away: nobody is left to be told
        except Exception as error:  # noqa: BLE001  # one operation must not end the others of its connection
            _log.error(  # where it came from, but not the exception's own text: that may quote values
                "websocket_operation_failed",
                request_id=self._context.request_id,
                error=type(error).__name__,
                stack="".join(traceback.format_tb(error.__traceback__)),
            )
        self._complete(operation)

    async def _execute(self, operation: _Operation) -> bool:
        """Execute an operation and send what comes of it. True when its audience tells what follows."""
        asked, reader = operation.asked, operation.reader
        try:
            take_document(self._endpoint.schema, asked.query, self._context)
        except OffhookError as error:
            self._forget(operation)
            refused = [as_graphql_error(error, self._context.request_id)]
            note_refusals(refused, self._context)
            await self._send_error(operation.id, refused)
            return False
        stream = await self._endpoint.schema.stream(
            asked.query,
            variable_values=asked.variables,
            context_value=dataclasses.replace(self._context, following=reader),
            operation_name=asked.name,
        )
        has_begun = False
        async with aclosing(cast("Any", stream)):
            async for result in stream:
                assert isinstance(result, PreExecutionError | ExecutionResult), (
                    "incremental delivery is not switched on"
                )
                if not has_begun and _was_refused(result):
                    # A document that cannot be read ends its own operation, not the connection and all others on it.
                    assert result.errors
                    self._forget(operation)
                    await self._send_error(operation.id, result.errors)
                    return False
                await self._outbox.send(next_frame(operation.id, payload_of(result)))
                has_begun = True
        return reader.is_cut

    def _complete(self, operation: _Operation) -> None:
        if self._forget(operation):
            frame = text_frame(orjson.dumps({"id": operation.id, "type": "complete"}))
            self._outbox.offer(frame, is_forced=True)

    def _forget(self, operation: _Operation) -> bool:
        """Free an operation's id; False when it is over already."""
        operation.reader.leave()
        if self._operations.get(operation.id) is not operation:
            return False
        del self._operations[operation.id]
        return True

    # Time

    def _set_timer(self, seconds: float, then: Any) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, then)

    def _refuse_late_init(self) -> None:
        if not self._is_init_received:
            self._close(INIT_TOO_LATE, "Connection initialisation timeout")

    def _beat_soon(self) -> None:
        self._group.create_task(self._beat())

    async def _beat(self) -> None:
        """Tell the client that the connection lives, and look whether its key is still good for it."""
        try:
            await self._credential.check()
            if self._wire.is_writable:  # to a client that does not read it would only add to what waits
                await self._send({"type": "ping"})
        except ClosedError:
            return  # the connection is over, and its reader is about to notice
        if self._wire.is_closed:
            return  # while nobody could say; a timer set now would find no group to beat in
        self._set_timer(self._options.heartbeat_seconds, self._beat_soon)

    # Sending

    async def _send(self, message: dict[str, Any]) -> None:
        await self._outbox.send(text_frame(orjson.dumps(message)))

    async def _send_error(self, operation_id: str, errors: list[GraphQLError]) -> None:
        await self._send({"id": operation_id, "type": "error", "payload": [error.formatted for error in errors]})

    def _close_unread(self) -> None:
        self._close(NOTHING_READ, f"Nothing was read for {self._options.unread_seconds:g} seconds.")

    def _close(self, code: int, reason: str) -> None:
        """Begin the end; the first reason is the true one."""
        if code in _REFUSALS and not self._wire.is_closed:
            note_closing(self._context, _REFUSALS[code], code)
        self._outbox.close()
        self._wire.close(code, _shorten(reason), grace_seconds=self._options.close_grace_seconds)


def _shorten(reason: str) -> str:
    """As many whole sentences of it as a closing has room for; of a first one that is too long, its beginning."""
    while len(reason.encode()) > _LONGEST_REASON:
        sentences, separator, _ = reason.rpartition(". ")
        if not separator:
            return reason.encode()[:_LONGEST_REASON].decode(errors="ignore")
        reason = f"{sentences}."
    return reason


def _was_refused(result: PreExecutionError | ExecutionResult) -> bool:
    """Whether nothing was executed: the document is wrong, or the operation was not let in."""
    if isinstance(result, PreExecutionError):
        return True
    return result.data is None and any(error_code(error) in NOT_ADMITTED for error in result.errors or ())


def _find_problem(message: object) -> str | None:
    """What is wrong with a message's form; None when nothing is."""
    match message:
        case {"type": "connection_init", **rest}:
            return None if isinstance(rest.get("payload"), dict | None) else "Invalid connection init payload"
        case {"type": "ping" | "pong" as kind, **rest}:
            return None if isinstance(rest.get("payload"), dict | None) else f"Invalid {kind} payload"
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
