"""What commands need that work over the API, as any other client: where it is, the key, and one question at a time."""

import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import httpx

from app.accounts.credentials import ACCESS_PREFIX, LIVE_PREFIX, TEST_PREFIX
from app.errors import (
    AuthenticationError,
    BadRequestError,
    ConfigurationError,
    OffhookError,
    Problem,
    RefusedError,
    ScopeError,
    UnavailableError,
)
from app.terminal import own_command

_SECONDS: Final = 30.0
_SCHEMES: Final = ("http://", "https://")
#: An access token works where a key does.
_KEY: Final = re.compile(f"(?:{LIVE_PREFIX}|{TEST_PREFIX}|{ACCESS_PREFIX})[0-9A-Za-z]+")


@dataclass(frozen=True, slots=True)
class Api:
    """The API at an address without a slash at its end, and the key it is asked with."""

    url: str
    key: str

    @property
    def socket_url(self) -> str:
        """Where subscriptions go."""
        return f"ws{self.url.removeprefix('http')}/graphql"

    @asynccontextmanager
    async def opened(self) -> AsyncIterator["Line"]:
        """A line to it, for several questions."""
        async with httpx.AsyncClient(
            base_url=self.url, timeout=_SECONDS, headers={"Authorization": f"Bearer {self.key}"}
        ) as client:
            yield Line(client)


@dataclass(frozen=True, slots=True)
class Line:
    """Questions to the API, over connections that are kept."""

    _client: httpx.AsyncClient

    async def ask(self, query: str, **variables: object) -> Any:
        """The ``data`` of a query or mutation.

        Raises:
            OffhookError: what the API said, as it is inside Offhook; UnavailableError when it did not answer.
        """
        answer = await self._send("POST", "/graphql", {"query": query, "variables": variables})
        for error in answer.get("errors") or ():
            raise error_of(error)
        return answer["data"]

    async def event_types(self) -> tuple[str, ...]:
        """The public names of all events that the service there knows."""
        return tuple(await self._send("GET", "/schemas/events", None))

    async def _send(self, method: str, path: str, body: object) -> Any:
        try:
            response = await self._client.request(method, path, json=body)
            return response.json()
        except httpx.TransportError as error:
            raise UnavailableError(
                f"Nobody answers at {self._client.base_url}: {_say_how(error)}. Does Offhook serve there? "
                "OFFHOOK_URL or --url names another address."
            ) from error
        except ValueError as error:
            raise UnavailableError(f"What answers at {self._client.base_url} is not Offhook.") from error


def _say_how(error: httpx.TransportError) -> str:
    match error:
        case httpx.ConnectError():
            return "there was no connection"
        case httpx.TimeoutException():
            return "there was no answer in time"
        case _:
            return "the connection broke off"


def how_to_make_a_key() -> str:
    """The sentence for whoever has no key that works here."""
    return f"`{own_command()} key create sandbox` makes one for the sandbox."


def read_api(url: str, key: str | None) -> Api:
    """Raises ConfigurationError when the key is missing or has not the form of one, or the address is none."""
    name = "--key" if key else "OFFHOOK_KEY"
    key = key or os.environ.get("OFFHOOK_KEY")
    if not key:
        raise ConfigurationError(f"Set OFFHOOK_KEY to an API key; {how_to_make_a_key()}")
    if not _KEY.fullmatch(key):
        raise ConfigurationError(
            f"{name} is no API key: those begin with {TEST_PREFIX} or {LIVE_PREFIX}, and letters and digits follow. "
            f"{how_to_make_a_key()}"
        )
    if not url.startswith(_SCHEMES):
        raise ConfigurationError(f"{url} is no address of an API: it begins with http:// or https://.")
    return Api(url.rstrip("/").removesuffix("/graphql"), key)


def error_of(error: Any) -> OffhookError:
    """A top-level error of GraphQL's as the exception it was; what is unexpected brings its request id."""
    extensions = error.get("extensions") or {}
    code, message = extensions.get("code"), str(error.get("message"))
    for known in (AuthenticationError, BadRequestError):
        if code == known.code:
            return known(message)
    if code == ScopeError.code:
        return RefusedError(Problem(ScopeError.code, message))
    if extensions.get("retryable"):
        return UnavailableError(message)
    request_id = extensions.get("requestId")
    told = f"{message} ({code})" if request_id is None else f"{message} ({code}, request id {request_id})"
    return RefusedError(Problem(str(code), told))


def raise_refusals(payload: Any) -> None:
    """Raises RefusedError when a mutation's payload has ``userErrors``."""
    problems = [
        Problem(error["code"], error["message"], tuple(error["field"] or ())) for error in payload["userErrors"]
    ]
    if problems:
        raise RefusedError(problems)
