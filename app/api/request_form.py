"""The forms in which HTTP may bring an operation, and how large it may be.

``POST`` with a JSON object brings any operation. ``GET`` with the query in the address brings queries alone, and is not
taken from another site's page: what is asked that way changes nothing, and its answer could not be read there anyway.
Forms, plain text and batches are refused, so that no page can make a browser send an operation without asking first.
"""

import asyncio
from dataclasses import dataclass
from typing import Any, Final

import orjson
from starlette.requests import ClientDisconnect, Request

from app.errors import OffhookError

LARGEST_BODY: Final = 1024 * 1024

_JSON: Final = "application/json"
_UTF_8: Final = frozenset({"", "utf-8", "utf8"})
#: Where a browser says that a request comes from; pages cannot write this header.
_OWN_SITE: Final = frozenset({"same-origin", "none"})


class RefusedRequestError(OffhookError):
    """The HTTP request is not one that can hold an operation."""

    def __init__(self, status: int, code: str, message: str, **headers: str) -> None:
        super().__init__(message)
        self.http_status = status  # type: ignore[misc]  # this one class stands for several statuses
        self.code = code  # type: ignore[misc]
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """What a request asks for. ``is_safe``: it came in a way that may change nothing."""

    query: str
    variables: dict[str, Any] | None
    operation_name: str | None
    is_safe: bool = False


async def read_request(request: Request, body_seconds: float) -> GraphQLRequest:
    """The operation that a request brings.

    Raises:
        RefusedRequestError: it brings none, or in another way.
    """
    if request.method == "GET" and "query" in request.query_params:
        return _read_address(request)
    if request.method != "POST":
        raise RefusedRequestError(
            405, "METHOD_NOT_ALLOWED", "Send operations with POST; a browser's GET shows the IDE.", Allow="GET, POST"
        )
    content_type, _, parameters = request.headers.get("content-type", "").partition(";")
    if content_type.strip().lower() != _JSON or _charset(parameters) not in _UTF_8:
        raise RefusedRequestError(
            415, "UNSUPPORTED_MEDIA_TYPE", "Send the operation as application/json in UTF-8.", Accept_Post=_JSON
        )
    body = _read_json(await _read_body(request, body_seconds), "The body is not JSON")
    if isinstance(body, list):
        raise _bad("Send one operation in each request; batches are not taken.")
    if not isinstance(body, dict):
        raise _bad("The body is a JSON object with 'query'.")
    return _read_form(body)


def _read_address(request: Request) -> GraphQLRequest:
    if request.headers.get("sec-fetch-site", "none") not in _OWN_SITE:
        raise RefusedRequestError(403, "CROSS_SITE", "A page of another site may not send queries by GET; use POST.")
    form: dict[str, Any] = {}
    for name in ("query", "operationName", "variables", "extensions"):
        values = request.query_params.getlist(name)
        if len(values) > 1:
            raise _bad(f"{name!r} is in the address more than once.")
        if values:
            is_json = name in {"variables", "extensions"}
            form[name] = _read_json(values[0].encode(), f"{name!r} is not JSON") if is_json else values[0]
    return _read_form(form, is_safe=True)


def _read_form(form: dict[str, Any], *, is_safe: bool = False) -> GraphQLRequest:
    query, variables, name = form.get("query"), form.get("variables"), form.get("operationName")
    if not isinstance(query, str) or not query.strip():
        raise _bad("'query' is a text with the operation.")
    if not isinstance(variables, dict | None):
        raise _bad("'variables' is an object.")
    if not isinstance(name, str | None):
        raise _bad("'operationName' is a text.")
    if not isinstance(form.get("extensions"), dict | None):
        raise _bad("'extensions' is an object.")
    return GraphQLRequest(query=query, variables=variables, operation_name=name, is_safe=is_safe)


def _read_json(text: bytes, problem: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        # A line that is broken within a text, mostly: the place tells.
        raise _bad(f"{problem}: {error.msg} (line {error.lineno}, column {error.colno}).") from error


async def _read_body(request: Request, seconds: float) -> bytes:
    too_large = RefusedRequestError(413, "PAYLOAD_TOO_LARGE", f"A request has at most {LARGEST_BODY} bytes.")
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > LARGEST_BODY:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                body += chunk
                if len(body) > LARGEST_BODY:
                    raise too_large
    except ClientDisconnect as error:
        raise _bad("The body did not come whole.") from error
    except TimeoutError as error:
        # Whoever sends a byte a minute would hold a connection, and what was read of it, for ever.
        raise RefusedRequestError(
            408, "REQUEST_TIMEOUT", f"The body did not come whole in {seconds:g} seconds.", Connection="close"
        ) from error
    return bytes(body)


def _charset(parameters: str) -> str:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip('"').lower()
    return ""


def _bad(message: str) -> RefusedRequestError:
    return RefusedRequestError(400, "BAD_REQUEST", message)
