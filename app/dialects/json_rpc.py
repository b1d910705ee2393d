"""JSON-RPC 2.0 around a dialect's bodies (jsonrpc.org/specification). Pure. One call in each request, no batches."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from app.api.limits import find_problem
from app.dialects.bodies import trim_names

INVALID_REQUEST: Final = -32600
METHOD_NOT_FOUND: Final = -32601
INVALID_PARAMS: Final = -32602
#: Of those that are the server's own to define: the request was understood and refused.
REFUSED: Final = -32000

_LONGEST_ID: Final = 255


class NotJsonError(ValueError):
    """The body is not JSON, or more of it than one request may have."""


class RpcError(Exception):
    """It is no request of JSON-RPC that can be answered: ``code`` and ``message`` are the specification's."""

    def __init__(self, code: int, message: str, call_id: object = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.call_id = call_id


@dataclass(frozen=True, slots=True)
class Asked:
    """A request. Without an id it is a notification, which nobody answers."""

    params: dict[str, Any]
    call_id: str | int | float | None
    wants_answer: bool


def parse(body: bytes) -> Any:
    """JSON of a bounded size and depth.

    Raises:
        NotJsonError: it is none.
    """
    try:
        read = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise NotJsonError("not JSON") from error
    if find_problem({"body": read}) is not None:
        raise NotJsonError("too much of it")
    return read


def read(given: Any, methods: Collection[str], parameters: Sequence[str]) -> Asked | None:
    """The request in an envelope; None when it comes without one. ``parameters`` name those that come in a list.

    Raises:
        RpcError: there is an envelope, and it is not as it must be.
    """
    if isinstance(given, list):
        raise RpcError(INVALID_REQUEST, "Invalid Request: send one call in each request; batches are not taken")
    if not isinstance(given, dict) or "jsonrpc" not in given:
        return None
    call_id = given.get("id")
    if isinstance(call_id, bool) or not isinstance(call_id, str | int | float | None):
        raise RpcError(INVALID_REQUEST, "Invalid Request: an id is a text, a number or null")
    if isinstance(call_id, str) and len(call_id) > _LONGEST_ID:
        raise RpcError(INVALID_REQUEST, f"Invalid Request: an id has at most {_LONGEST_ID} characters")
    if given["jsonrpc"] != "2.0" or not isinstance(given.get("method"), str):
        raise RpcError(INVALID_REQUEST, "Invalid Request", call_id)
    if given["method"] not in methods:
        raise RpcError(METHOD_NOT_FOUND, "Method not found", call_id)
    match given.get("params", {}):
        case dict() as params:
            named = trim_names(params)
        case list() as values if len(values) <= len(parameters):
            named = dict(zip(parameters, values, strict=False))
        case _:
            raise RpcError(INVALID_PARAMS, "Invalid params", call_id)
    return Asked(named, call_id, wants_answer="id" in given)


def succeed(asked: Asked, result: Any) -> dict[str, Any]:
    """The answer to a request that was done."""
    return {"jsonrpc": "2.0", "result": result, "id": asked.call_id}


def fail(asked: Asked, body: Any, *, is_about_params: bool) -> dict[str, Any]:
    """The answer to one that was refused; the dialect's own body is its ``data``."""
    code = INVALID_PARAMS if is_about_params else REFUSED
    return {"jsonrpc": "2.0", "error": {"code": code, "message": body["error"], "data": body}, "id": asked.call_id}


def refuse(error: RpcError) -> dict[str, Any]:
    """The answer to what is no such request."""
    return {"jsonrpc": "2.0", "error": {"code": error.code, "message": error.message}, "id": error.call_id}
