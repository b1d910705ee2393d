"""Listening: the account's events as a webhook endpoint would get them, for a developer's machine that none can reach.

Events are read by the subscription ``events``, from the cursor of the one before: when the line breaks, or the service
restarts, what was missed comes first. Each is signed here and posted to the machine, one after the other, so that what
is posted is in the order of the log, and nothing is read that is not wanted yet.
"""

import asyncio
import hashlib
import hmac
import re
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, Final

import httpx
import orjson
import websockets
from websockets.asyncio.client import ClientConnection, connect

from app.cli.over_the_api import Api, error_of, how_to_make_a_key
from app.egress.signing import Signer
from app.errors import AuthenticationError, Problem, RefusedError, UnavailableError
from app.facts.catalogue import graphql_name
from app.facts.webhooks import WebhookTriggered

_SUBPROTOCOL: Final = websockets.Subprotocol("graphql-transport-ws")
_FOLLOW: Final = """
subscription Listen($after: String, $filter: EventFilterInput) {
  events(after: $after, filter: $filter) {
    ... on EventDelivered { cursor webhookBody }
    ... on CaughtUp { cursor }
  }
}
"""
_UNAUTHORIZED: Final = 4401
#: RFC 6455, 7.4.1, and the IANA's registry of close codes: going away, service restart.
_STOPPED: Final = frozenset({1001, 1012})
_PATIENCE_SECONDS: Final = 60.0  # three heartbeats of the service
_OPENING_SECONDS: Final = 15.0
_SHORTEST_PAUSE_SECONDS: Final = 0.5
_LONGEST_PAUSE_SECONDS: Final = 10.0
#: As long as a webhook waits for an answer.
_ANSWER_SECONDS: Final = 15.0
_USER_AGENT: Final = f"Offhook/{version('offhook')} (listen)"
_OK: Final = range(200, 300)
#: What a program that is not there says, or one that goes away while it is asked.
_ABSENCES: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.ReadError,
    httpx.WriteError,
    httpx.RemoteProtocolError,
)
_PORTS: Final = range(1, 65_536)


@dataclass(frozen=True, slots=True)
class Told:
    """An event: its place in the log, and the body that a webhook of it has."""

    cursor: str
    body: bytes

    @property
    def event(self) -> Any:
        """The body, read."""
        return orjson.loads(self.body)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the machine said: a status, or why there is none."""

    status: int | None
    failure: str | None
    latency_seconds: float

    @property
    def is_success(self) -> bool:
        """Whether a webhook would count as delivered."""
        return self.status in _OK


def secret_of(key: str) -> bytes:
    """What deliveries are signed with: always the same for a key, and nothing of the key can be told from it."""
    return hmac.digest(key.encode(), b"offhook listen", hashlib.sha256)


def check_target(url: str) -> None:
    """Whether events can be posted there.

    Raises:
        RefusedError: it is no address of HTTP, so waiting for somebody there would never end.
    """
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise _no_target(url) from error
    if parsed.scheme not in {"http", "https"} or not parsed.host or (parsed.port or _PORTS[0]) not in _PORTS:
        raise _no_target(url)


def _no_target(url: str) -> RefusedError:
    return RefusedError(Problem("INVALID_INPUT", f"{url!r} is no address such as http://127.0.0.1:9000/webhooks."))


def choose_types(globs: Sequence[str], known: Sequence[str]) -> frozenset[str]:
    """The event types that any of the globs names.

    Raises:
        RefusedError: a glob names none.
    """
    chosen: set[str] = set()
    for glob in globs:
        pattern = re.compile(".*".join(re.escape(part) for part in glob.split("*")))
        named = {name for name in known if pattern.fullmatch(name)}
        if not named:
            told = f"{glob!r} is no event type, and no pattern of any (such as '*' or 'call.*')."
            raise RefusedError(Problem("INVALID_INPUT", f"{told} `offhook trigger --list` names them."))
        chosen |= named
    return frozenset(chosen)


async def listen(
    api: Api,
    wanted: frozenset[str],
    *,
    is_all: bool,
    after: str | None = None,
    on_begin: Callable[[], None] = lambda: None,
    on_line: Callable[[str], None] = lambda _: None,
) -> AsyncGenerator[Told, None]:
    """Events of these types, and samples of them, each once, in the order of the log, however often the line breaks.

    Without ``is_all`` the service is asked for these types only. ``on_begin`` is called once, when the service has
    taken the key and what is asked for; ``on_line`` is told in words how the line fares.

    Raises:
        AuthenticationError, RefusedError: the key is no good, lacks ``calls:read``, or the cursor is none.
    """
    types = None if is_all else sorted(graphql_name(name) for name in {*wanted, WebhookTriggered.type})
    pause = _SHORTEST_PAUSE_SECONDS
    has_listened = is_listening = is_told = False
    while True:
        try:
            async with aclosing(_follow(api, after, types)) as messages:
                async for message in messages:
                    pause = _SHORTEST_PAUSE_SECONDS
                    if not has_listened:
                        on_begin()
                    if not is_listening:
                        on_line(f"listening to {api.url}" + (", from where it stopped" if has_listened else ""))
                        has_listened, is_listening, is_told = True, True, False
                    after = message.get("cursor", after)
                    body = message.get("webhookBody")
                    if body is not None and orjson.loads(body)["type"] in wanted:
                        yield Told(message["cursor"], body.encode())
            reason = f"Offhook at {api.url} ended the subscription"
        except (OSError, TimeoutError, websockets.WebSocketException, UnavailableError) as error:
            if isinstance(error, websockets.ConnectionClosed) and error.rcvd and error.rcvd.code == _UNAUTHORIZED:
                # Not the service's words: a closing has room for 123 bytes of them.
                raise AuthenticationError(
                    "Offhook does not take this key: it is wrong, expired or revoked, or may not be used from this "
                    f"address. {how_to_make_a_key()}"
                ) from error
            reason = _say_why(api.url, error)
        is_listening = False
        if not is_told:
            is_told = True
            on_line(f"{reason}; trying again")
        await asyncio.sleep(pause)
        pause = min(_LONGEST_PAUSE_SECONDS, pause * 2)


def _say_why(url: str, error: Exception) -> str:
    """Why the line is down, for whoever wonders whether to do something about it."""
    if isinstance(error, websockets.ConnectionClosed):
        closed = error.rcvd
        if closed is not None and closed.code in _STOPPED:
            return f"Offhook at {url} was stopped or restarts"
        said = "it broke off" if closed is None else closed.reason or f"code {closed.code}"
    else:
        said = str(error) or type(error).__name__
    return f"the line to {url} is down ({said})"


async def _follow(api: Api, after: str | None, types: list[str] | None) -> AsyncGenerator[dict[str, Any], None]:
    """What ``events`` says, on one line."""
    variables = {"after": after, "filter": None if types is None else {"types": types}}
    async with connect(
        api.socket_url, subprotocols=[_SUBPROTOCOL], open_timeout=_OPENING_SECONDS, close_timeout=1, max_size=None
    ) as socket:
        await _send(socket, type="connection_init", payload={"authorization": f"Bearer {api.key}"})
        await _receive(socket)
        await _send(socket, type="subscribe", id="1", payload={"query": _FOLLOW, "variables": variables})
        while True:
            message = await _receive(socket)
            match message["type"]:
                case "next":
                    for error in message["payload"].get("errors") or ():
                        raise error_of(error)
                    yield message["payload"]["data"]["events"]
                case "error":
                    raise error_of(message["payload"][0])
                case "ping":
                    await _send(socket, type="pong")
                case "complete":
                    return


async def _send(socket: ClientConnection, **message: Any) -> None:
    await socket.send(orjson.dumps(message).decode())


async def _receive(socket: ClientConnection) -> Any:
    async with asyncio.timeout(_PATIENCE_SECONDS):
        return orjson.loads(await socket.recv())


class Forwarder:
    """Posts events to the machine as a webhook endpoint gets them. It follows no redirect, as webhooks follow none."""

    def __init__(self, client: httpx.AsyncClient, url: str, secret: bytes) -> None:
        self._client = client
        self._url = url
        self._signer = Signer([secret])
        self._count = 0

    async def forward(self, told: Told, *, on_absence: Callable[[str], None] = lambda _: None) -> Answer:
        """Post one event. While nobody listens there, it waits for somebody who does, for programs are restarted.

        A program that goes away before it has answered gets the event again, under the same ``webhook-id``.
        """
        event = told.event
        self._count += 1
        attempt = 0
        pause = _SHORTEST_PAUSE_SECONDS
        while True:
            attempt += 1
            headers = {
                "content-type": "application/json",
                "user-agent": _USER_AGENT,
                "offhook-delivery-sequence": str(self._count),
                "offhook-attempt": str(attempt),
                **({"offhook-test": "true"} if event.get("test") else {}),
                **self._signer.headers(webhook_id=event["id"], at=datetime.now(UTC), body=told.body),
            }
            began = time.perf_counter()
            try:
                response = await self._client.post(
                    self._url, content=told.body, headers=headers, timeout=_ANSWER_SECONDS
                )
            except _ABSENCES as error:
                if attempt == 1:
                    reason = str(error) or type(error).__name__
                    on_absence(f"nobody answers at {self._url} ({reason}); trying again")
                await asyncio.sleep(pause)
                pause = min(_LONGEST_PAUSE_SECONDS, pause * 2)
            except httpx.RequestError as error:  # too late, or unreadable; a webhook would count it as failed
                return Answer(None, type(error).__name__, time.perf_counter() - began)
            else:
                return Answer(response.status_code, None, time.perf_counter() - began)
