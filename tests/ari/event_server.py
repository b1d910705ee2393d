"""A websocket server that behaves as Asterisk's event socket does, on good days and on bad ones."""

import asyncio
import json
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import httpx
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from app.ari.client import AriClient
from app.ari.transport import basic_authorization
from tests.ari.http_stand_in import StandInExchanger

USERNAME = "offhook"
PASSWORD = "s3cret pass:word"
APPLICATION = {
    "name": "offhook",
    "channel_ids": [],
    "bridge_ids": [],
    "endpoint_ids": [],
    "device_names": [],
    "events_allowed": [],
    "events_disallowed": [],
}

Behaviour = Callable[[ServerConnection], Awaitable[None]]


async def stay_open(connection: ServerConnection) -> None:
    await connection.wait_closed()


def channel_json(channel_id: str = "ofh-1") -> dict[str, Any]:
    return {
        "id": channel_id,
        "name": f"PJSIP/2001-{channel_id}",
        "protocol_id": "",
        "state": "Up",
        "caller": {"name": "", "number": ""},
        "connected": {"name": "", "number": ""},
        "accountcode": "",
        "dialplan": {"context": "default", "exten": "s", "priority": 1, "app_name": "", "app_data": ""},
        "creationtime": "2026-01-02T03:04:05.678+0100",
        "language": "en",
    }


def event_json(event_type: str, **fields: Any) -> str:
    return json.dumps(
        {
            "type": event_type,
            "application": "offhook",
            "timestamp": "2026-01-02T03:04:05.678+0000",
            "asterisk_id": "00:00:00:00:00:01",
            **fields,
        }
    )


class EventServer:
    """Answers one connection after the other with the next of `behaviours`; the last one goes on for good."""

    def __init__(self) -> None:
        self.behaviours: list[Behaviour] = [stay_open]
        self.refuse_with: HTTPStatus | None = None
        self.is_absent = False
        self.connections = 0
        self.open: list[ServerConnection] = []
        self.infos = 0
        self.refusals = 0
        self.paths: list[str] = []
        self.filters: list[dict[str, Any]] = []
        self.filter_refusals_left = 0
        self.started_at = "2026-01-02T03:00:00.000+0000"
        self.version = "22.10.1"
        self.port = 0

    def admit(self, connection: ServerConnection, request: Request) -> Response | None:
        self.paths.append(request.path)
        if self.refuse_with is not None:
            self.refusals += 1
            return connection.respond(self.refuse_with, "no\n")
        if request.headers.get("Authorization") != basic_authorization(USERNAME, PASSWORD):
            self.refusals += 1
            return connection.respond(HTTPStatus.UNAUTHORIZED, "no\n")
        return None

    async def handle(self, connection: ServerConnection) -> None:
        behaviour = self.behaviours.pop(0) if len(self.behaviours) > 1 else self.behaviours[0]
        self.connections += 1
        self.open.append(connection)
        await behaviour(connection)

    def answer_rest(self, request: httpx.Request) -> httpx.Response:
        """The two requests a stream makes beside its socket."""
        if self.is_absent:
            return httpx.Response(404, json={"message": "Resource not found"})
        match request.method, request.url.path:
            case "GET", "/ari/asterisk/info":
                self.infos += 1
                status = {"startup_time": self.started_at, "last_reload_time": self.started_at}
                system = {"version": self.version, "entity_id": "00:00:00:00:00:01"}
                return httpx.Response(200, json={"status": status, "system": system})
            case "PUT", "/ari/applications/offhook/eventFilter":
                if self.filter_refusals_left:
                    self.filter_refusals_left -= 1
                    return httpx.Response(404, json={"message": "Application not found"})
                self.filters.append(json.loads(request.content))
                return httpx.Response(200, json=APPLICATION)
            case other:
                raise AssertionError(f"unexpected request {other}")

    @asynccontextmanager
    async def client(self, *, password: str = PASSWORD) -> AsyncIterator[AriClient]:
        exchanger = StandInExchanger(self.answer_rest)
        base_url = f"http://127.0.0.1:{self.port}/ari"
        async with AriClient(
            base_url, USERNAME, password, app="offhook", exchanger=exchanger, timeout_seconds=30
        ) as client:
            yield client


@asynccontextmanager
async def running_event_server() -> AsyncIterator[EventServer]:
    events = EventServer()
    server: Server
    async with serve(
        events.handle,
        "127.0.0.1",
        0,
        process_request=events.admit,
        compression=None,
        ping_interval=None,
        close_timeout=0.2,
        max_size=None,
    ) as server:
        events.port = next(iter(server.sockets)).getsockname()[1]
        try:
            yield events
        finally:
            # A connection that no longer listens would not hear of the end.
            for connection in events.open:
                connection.transport.abort()


def reset(connection: ServerConnection) -> None:
    """Break the connection with a RST, as a crashed host's router does."""
    raw = connection.transport.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.transport.abort()


def stop_listening(connection: ServerConnection) -> None:
    """Leave the connection open and never read again, so that a ping stays without an answer."""
    transport = connection.transport
    assert isinstance(transport, asyncio.ReadTransport)
    transport.pause_reading()


async def until(is_true: Callable[[], bool]) -> None:
    """Wait for a condition that others bring about, a minute at most."""
    async with asyncio.timeout(60):
        while not is_true():
            await asyncio.sleep(0.005)
