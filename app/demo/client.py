"""A small GraphQL client: requests over HTTP, subscriptions over graphql-transport-ws."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx
import orjson
import websockets

from app.errors import OffhookError

_SECONDS: Final = 60.0


class DemoError(OffhookError):
    """The API answered otherwise than the demo needs; the message says how."""

    code = "DEMO_FAILED"


class GraphQLClient:
    """Speaks to one service with one key."""

    def __init__(self, url: str, key: str) -> None:
        self._url = url
        self._key = key
        self._http = httpx.AsyncClient(timeout=_SECONDS, headers={"Authorization": f"Bearer {key}"}, trust_env=False)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def run(self, query: str, **variables: object) -> dict[str, Any]:
        """The ``data`` of a query or mutation.

        Raises:
            DemoError: the answer has errors.
        """
        response = await self._http.post(f"{self._url}/graphql", json={"query": query, "variables": variables})
        answer: dict[str, Any] = response.json()
        if answer.get("errors"):
            raise DemoError("; ".join(error["message"] for error in answer["errors"]))
        data: dict[str, Any] = answer["data"]
        return data

    async def download(self, url: str) -> bytes:
        """A file by its signed address; no key goes along."""
        async with httpx.AsyncClient(timeout=_SECONDS, trust_env=False) as http:
            response = await http.get(url)
            response.raise_for_status()
            return response.content

    @asynccontextmanager
    async def subscribe(self, query: str, **variables: object) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
        """The stream of a subscription's ``data``; it is being followed once the block begins."""
        address = self._url.replace("http", "ws", 1) + "/graphql"
        async with websockets.connect(
            address, subprotocols=[websockets.Subprotocol("graphql-transport-ws")], proxy=None
        ) as socket:
            await _send(socket, {"type": "connection_init", "payload": {"Authorization": f"Bearer {self._key}"}})
            acknowledged = await _receive(socket)
            if acknowledged["type"] != "connection_ack":
                raise DemoError("The service did not accept the subscription's connection.")
            await _send(socket, {"id": "1", "type": "subscribe", "payload": {"query": query, "variables": variables}})
            yield _messages(socket)


async def _messages(socket: websockets.ClientConnection) -> AsyncIterator[dict[str, Any]]:
    while True:
        message = await _receive(socket)
        match message["type"]:
            case "next":
                if message["payload"].get("errors"):
                    raise DemoError("; ".join(error["message"] for error in message["payload"]["errors"]))
                yield message["payload"]["data"]
            case "error":
                raise DemoError("; ".join(error["message"] for error in message["payload"]))
            case "ping":
                await _send(socket, {"type": "pong"})
            case "complete":
                return
            case _:
                pass  # pong


async def _send(socket: websockets.ClientConnection, message: dict[str, Any]) -> None:
    async with asyncio.timeout(_SECONDS):
        await socket.send(orjson.dumps(message).decode())


async def _receive(socket: websockets.ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(_SECONDS):
        message: dict[str, Any] = orjson.loads(await socket.recv())
        return message
