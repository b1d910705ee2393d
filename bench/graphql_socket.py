"""A subscriber that costs little: graphql-transport-ws over aiohttp, frames handed on as they are."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import aiohttp
import orjson

from bench.harness import BenchError

PROTOCOL: Final = "graphql-transport-ws"
_SECONDS: Final = 30.0


class ClosedError(BenchError):
    """The service has closed the socket, with this code (None: the connection was cut)."""

    def __init__(self, code: int | None, reason: str) -> None:
        super().__init__(f"The service closed the subscription: {code} {reason}")
        self.code = code


class Subscription:
    """The frames of one subscription, as text. Pings are answered."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket

    def __aiter__(self) -> AsyncIterator[str]:
        return self

    async def __anext__(self) -> str:
        while True:
            message = await self._socket.receive()
            if message.type is not aiohttp.WSMsgType.TEXT:
                raise ClosedError(self._socket.close_code, f"{message.type.name} {message.extra}")
            text: str = message.data
            if text.startswith('{"type":"ping"'):
                await self._socket.send_str('{"type":"pong"}')
                continue
            return text


@asynccontextmanager
async def subscribed(url: str, token: str, query: str) -> AsyncIterator[Subscription]:
    """Follow a subscription; the block begins when its first message (``CaughtUp``) is there, so nothing is missed.

    Raises:
        BenchError: it was refused.
    """
    address = f"{url.replace('http', 'ws', 1)}/graphql"
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(address, protocols=(PROTOCOL,), max_msg_size=0) as socket,
    ):
        await socket.send_str(
            orjson.dumps({"type": "connection_init", "payload": {"Authorization": f"Bearer {token}"}}).decode()
        )
        subscription = Subscription(socket)
        acknowledged = orjson.loads(await anext(subscription))
        if acknowledged["type"] != "connection_ack":
            raise BenchError(f"The service did not accept the connection: {acknowledged}")
        await socket.send_str(orjson.dumps({"id": "1", "type": "subscribe", "payload": {"query": query}}).decode())
        first = orjson.loads(await anext(subscription))
        data = first["payload"].get("data") if first["type"] == "next" else None
        if not data or "cursor" not in data["events"]:
            raise BenchError(f"The subscription did not begin with CaughtUp: {first}")
        yield subscription
