"""What comes with a request: limited in size and time before anything reads it."""

import asyncio
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any, Final

import orjson
from starlette.requests import ClientDisconnect, Request

from app.api.limits import find_problem

LARGEST_BODY: Final = 1024 * 1024
_SECONDS: Final = 30.0


class BodyRefusedError(Exception):
    """Nothing that came can be a request: ``status`` is HTTP's, ``message`` may be told, ``headers`` go with both."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] = MappingProxyType({})) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers


#: Those that a dialect answers by itself: with what is asked, or that this address does not take them.
METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def check_method(request: Request, taken: Collection[str]) -> None:
    """Raises BodyRefusedError: 405, with the header ``Allow`` (RFC 9110, 15.5.6)."""
    if request.method not in taken:
        named = ", ".join(taken)
        raise BodyRefusedError(405, f"This address takes {named}.", {"Allow": named})


async def read_body(request: Request, *, largest: int = LARGEST_BODY, seconds: float = _SECONDS) -> bytes:
    """The body as it came.

    Raises:
        BodyRefusedError: 413, too large; 408, too slow; 400, cut off.
    """
    too_large = BodyRefusedError(413, f"A request has at most {largest} bytes.")
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > largest:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                body += chunk
                if len(body) > largest:
                    raise too_large
    except ClientDisconnect as error:
        raise BodyRefusedError(400, "The body did not come whole.") from error
    except TimeoutError as error:
        raise BodyRefusedError(408, f"The body did not come whole in {seconds:g} seconds.") from error
    return bytes(body)


def parse_json_object(body: bytes) -> dict[str, Any]:
    """A JSON object, with no blanks around its names: documents print them so.

    Raises:
        BodyRefusedError: 400, it is none, or is nested too deeply, too large, or holds NUL.
    """
    try:
        read = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BodyRefusedError(400, "The body is not JSON.") from error
    if not isinstance(read, dict):
        raise BodyRefusedError(400, "The body is not a JSON object.")
    problem = find_problem(read)
    if problem is not None:
        raise BodyRefusedError(400, problem)
    return trim_names(read)


def trim_names(given: dict[str, Any]) -> dict[str, Any]:
    """The same without blanks around names, at every level of objects; of two that become the same, the last counts."""
    return {
        name.strip(): trim_names(value) if isinstance(value, dict) else _trim_items(value)
        for name, value in given.items()
    }


def _trim_items(value: Any) -> Any:
    if isinstance(value, list):
        return [trim_names(item) if isinstance(item, dict) else item for item in value]
    return value
