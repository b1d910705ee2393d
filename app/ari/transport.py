"""One HTTP request to Asterisk and its outcome: the part all operations share."""

import asyncio
import base64
import json
import logging
from collections.abc import AsyncGenerator, Mapping
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self, TypeAlias, TypeVar
from urllib.parse import quote

import httpx
import msgspec
import structlog

from app.ari.connections import KeepAliveTransport
from app.ari.errors import AriBadAnswer, AriError, AriRefused, AriServerError, AriUnavailable, refusal
from app.ari.safety import safe_id

log = structlog.get_logger(__name__)

T = TypeVar("T")
QueryValue: TypeAlias = str | int | bool | None

# Asterisk's `sessionlimit` is 100 by default, websockets included; 200 calls/s at ten requests each and a few
# milliseconds per request keep well under 64 busy.
MAX_CONNECTIONS = 64
# Asterisk closes an idle connection after 15 s (`session_keep_alive`); ours go first, so that no request meets a
# connection that is just being closed.
KEEPALIVE_SECONDS = 10.0
MESSAGE_CHARACTERS = 200
# Failures that happen before a byte of the request is on the wire.
NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


def basic_authorization(username: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode("ascii")


class AriTransport:
    """Sends requests with credentials in a header, a time-out on each, and answers as types or errors.

    `base_url` is where Asterisk's HTTP server is (`http://127.0.0.1:8088`), with or without the `/ari` behind it.
    """

    def __init__(
        self,
        base_url: str,
        username: str,
        password: str,
        *,
        app: str,
        timeout_seconds: float = 5.0,
        http_transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        root = base_url.rstrip("/")
        # Asterisk's HTTP prefix may stand before it; ARI itself is always called so.
        self.base_url = root if root.endswith("/ari") else f"{root}/ari"
        self.app = safe_id(app, "application name", operation="GET /events")
        self._timeout_seconds = timeout_seconds
        # httpx writes every URL to its log at INFO, and ours hold numbers.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        self.authorization = basic_authorization(username, password)
        self._connections = KeepAliveTransport(max_connections=MAX_CONNECTIONS, idle_seconds=KEEPALIVE_SECONDS)
        self._http = httpx.AsyncClient(
            headers={"Authorization": self.authorization, "Accept": "application/json"},
            timeout=timeout_seconds,
            transport=http_transport or self._connections,
            # No proxy and no .netrc between us and Asterisk.
            trust_env=False,
            follow_redirects=False,
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.base_url!r}, app={self.app!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the pooled connections."""
        await self._http.aclose()

    def drop_idle_connections(self) -> None:
        """Forget the pooled connections: the line they run over has proved to be dead."""
        self._connections.drop_idle_connections()

    async def _send(
        self,
        operation: str,
        *parts: str,
        query: Mapping[str, QueryValue] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> bytes:
        """Carry out `METHOD /path/{}/…` with `parts` in its gaps; returns the body of a success.

        Raises:
            AriRefused: Asterisk said no; its subclass says how.
            AriUnavailable: no answer within the time-out, or no connection.
        """
        method = operation.partition(" ")[0]
        request = self._build(operation, parts, query, body)
        is_read = method == "GET"
        try:
            async with asyncio.timeout(self._timeout_seconds):
                response = await self._http.send(request)
        except NEVER_SENT as error:
            raise self._unavailable(operation, error, outcome_unknown=False) from error
        except (httpx.TransportError, TimeoutError) as error:
            # What is idle may be as dead as this one; a new connection is cheap, another time-out is not.
            self.drop_idle_connections()
            raise self._unavailable(operation, error, outcome_unknown=not is_read) from error
        if not response.is_success:
            raise self._refused(operation, response)
        return response.content

    async def _fetch(
        self,
        answer: type[T],
        operation: str,
        *parts: str,
        query: Mapping[str, QueryValue] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> T:
        """Like `_send`, with the body read as `answer`. Raises AriBadAnswer when it is something else."""
        content = await self._send(operation, *parts, query=query, body=body)
        try:
            return msgspec.json.decode(content, type=answer)
        except (msgspec.DecodeError, UnicodeError) as error:
            # Also a validation error: msgspec makes it a subclass.
            log.warning("ari_answer_unreadable", operation=operation, reason=str(error))
            raise AriBadAnswer(f"answer is not a {answer!r}: {error}", operation=operation) from error

    async def _download(self, operation: str, *parts: str) -> AsyncGenerator[bytes, None]:
        """Yield a body piece by piece; the time-out holds for each piece."""
        request = self._build(operation, parts, None, None)
        try:
            response = await self._http.send(request, stream=True)
            try:
                if not response.is_success:
                    await response.aread()
                    raise self._refused(operation, response)
                async for piece in response.aiter_bytes():
                    yield piece
            finally:
                await response.aclose()
        except httpx.TransportError as error:
            raise self._unavailable(operation, error, outcome_unknown=False) from error

    def _build(
        self,
        operation: str,
        parts: tuple[str, ...],
        query: Mapping[str, QueryValue] | None,
        body: Mapping[str, Any] | None,
    ) -> httpx.Request:
        method, _, template = operation.partition(" ")
        path = template.format(*(quote(part, safe="") for part in parts))
        parameters = {name: _write(value) for name, value in (query or {}).items() if value is not None}
        return self._http.build_request(
            method,
            self.base_url + path,
            params=parameters or None,
            json=body or None,
        )

    def _unavailable(self, operation: str, error: Exception, *, outcome_unknown: bool) -> AriError:
        # An httpx error's own text may be empty, and may quote the URL: the class says enough.
        reason = type(error).__name__
        log.warning("ari_unavailable", operation=operation, reason=reason, outcome_unknown=outcome_unknown)
        return AriUnavailable(reason, operation=operation, outcome_unknown=outcome_unknown)

    def _refused(self, operation: str, response: httpx.Response) -> AriRefused:
        error = refusal(response.status_code, _message(response), operation=operation)
        write = log.warning if isinstance(error, AriServerError) else log.info
        write("ari_refused", operation=operation, status=error.status, message=error.message)
        return error


def _write(value: str | bool | int) -> str:
    # Asterisk reads `true`, not Python's `True`.
    match value:
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)


def _message(response: httpx.Response) -> str:
    """Asterisk's own words: `{"message": …}`, or `{"error": …}` when allocation failed."""
    fallback = HTTPStatus(response.status_code).phrase if response.status_code in set(HTTPStatus) else "refused"
    try:
        body = json.loads(response.content)
    except ValueError:
        # Asterisk's HTTP layer answers in HTML where ARI is not reached at all.
        return fallback
    if not isinstance(body, dict):
        return fallback
    return str(body.get("message") or body.get("error") or fallback)[:MESSAGE_CHARACTERS]
