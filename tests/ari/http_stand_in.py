"""Stands where the connections to Asterisk stand: a function of httpx's request and response answers.

The request is read from the very bytes that would have gone over the wire.
"""

import asyncio
import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import TypeAlias

import httpx

from app.ari.connections import Answer, AnswerInPieces, Exchanger, NoAnswer, NotSent

Handler: TypeAlias = Callable[[httpx.Request], httpx.Response | Awaitable[httpx.Response]]
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class StandInExchanger(Exchanger):
    """Passes each request to ``handler``; an httpx error that it raises becomes the one of ours for the same mishap."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler

    async def exchange(self, request: bytes, *, seconds: float) -> Answer:
        try:
            async with asyncio.timeout(seconds):
                answer = self._handler(read_request(request))
                response = await answer if inspect.isawaitable(answer) else answer
        except TimeoutError as error:
            raise NoAnswer("no answer in time") from error
        except _NEVER_SENT as error:
            raise NotSent(type(error).__name__) from error
        except httpx.TransportError as error:
            raise NoAnswer(type(error).__name__) from error
        return Answer(response.status_code, response.content)

    async def stream(self, request: bytes, *, seconds: float) -> AnswerInPieces:
        return _WholeAnswer(await self.exchange(request, seconds=seconds))

    def drop_idle_connections(self) -> None:
        """There are none."""

    async def aclose(self) -> None:
        """Nothing is open."""


class _WholeAnswer(AnswerInPieces):
    def __init__(self, answer: Answer) -> None:
        self.status = answer.status
        self._body = answer.body

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        yield self._body

    def close(self) -> None:
        """Nothing is open."""


def read_request(message: bytes) -> httpx.Request:
    """Read a request as a strict server does."""
    head, separator, body = message.partition(b"\r\n\r\n")
    assert separator
    first, *lines = head.decode("ascii").split("\r\n")
    method, target, version = first.split(" ")
    assert version == "HTTP/1.1"
    headers = dict(line.split(": ", 1) for line in lines)
    assert len(headers) == len(lines), "a header twice"
    assert len(body) == int(headers.get("Content-Length", "0"))
    return httpx.Request(method, f"http://{headers['Host']}{target}", headers=headers, content=body)
