"""``/api/v1/asteriskapi.pl`` and ``/recorded/v1/find_phone_files.pl``: a call is issued, recordings are found.

The same bodies also come inside JSON-RPC 2.0 (``json_rpc``).
"""

import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Final, TypeAlias

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from app.accounts.dialects import Dialect
from app.answers import json_answer, retry_after
from app.dialects import json_rpc
from app.dialects.bodies import METHODS, BodyRefusedError, check_method, read_body, trim_names
from app.dialects.desk import LONGEST_SECONDS, AskRefusedError, Desk
from app.dialects.gate import Gate, one_header
from app.errors import OffhookError

CALL_PATH: Final = "/api/v1/asteriskapi.pl"
FILES_PATH: Final = "/recorded/v1/find_phone_files.pl"

_MISSING_FOR_CALL: Final = "Missing parameters: api-key, extension, or destination"
_MISSING_FOR_FILES: Final = "Missing parameters: api-key or phone"
_STATUS_WORDS: Final = {
    400: "400 Bad Request",
    401: "401 Unauthorized",
    403: "403 Forbidden",
    405: "405 Method Not Allowed",
    408: "408 Request Timeout",
    413: "413 Payload Too Large",
    429: "429 Too Many Requests",
    500: "500 Internal Server Error",
    503: "503 Service Unavailable",
    504: "504 Gateway Timeout",
}
#: Everything else that may be written there means that the agent is called first.
_CUSTOMER_FIRST: Final = frozenset({"false", "0", "no", "off"})
_BAD_REQUEST: Final = 400
_LONGEST_ECHO: Final = 64
_MOST_PAGES: Final = 5  # of 200 recordings each


ISSUE: Final = """mutation DialectIssueCall($input: OriginateCallInput!) {
  originateCall(input: $input) {
    call { id }
    lookup { isValid country callingCode carrier isFlaggedAsSpam }
    callerId { number { number } }
    userErrors { code message field currentState retryAfterSeconds }
  }
}"""
FIND: Final = """query DialectFindRecordings($number: PhoneNumber!, $after: String) {
  recordings(filter: {customerNumber: $number, states: [SAVED]}, first: 200, after: $after) {
    nodes { startedAt createdAt durationSeconds url { url } }
    pageInfo { hasNextPage endCursor }
  }
}"""


#: What answers a request of either address, with its parameters.
_Work: TypeAlias = Callable[[Request, Mapping[str, Any]], Awaitable[dict[str, Any] | list[dict[str, Any]]]]


@dataclass(frozen=True, slots=True)
class _Address:
    """What is taken there: HTTP's methods, the names that JSON-RPC's may have, and the parameters in their order."""

    taken: tuple[str, ...]
    methods: frozenset[str]
    parameters: tuple[str, ...]


_CALL: Final = _Address(
    ("POST",),
    frozenset({"asteriskapi.pl", "asteriskapi", "issue_call"}),
    ("extension", "destination", "voice_pitch", "call_in_out", "msg"),
)
_FILES: Final = _Address(("GET", "HEAD", "POST"), frozenset({"find_phone_files.pl", "find_phone_files"}), ("phone",))


class _FailedError(Exception):
    """What came of a request that was refused: the status, and the body as the dialect has it."""

    def __init__(self, status: int, body: Mapping[str, Any], retry_after_seconds: float | None = None) -> None:
        super().__init__(body["error"])
        self.status = status
        self.body = body
        self.retry_after_seconds = retry_after_seconds


def routes(gate: Gate) -> list[BaseRoute]:
    """The dialect's addresses. Recordings are asked for with GET and a body, which curl sends as POST."""
    api = AsteriskApi(gate)
    return [
        Route(CALL_PATH, api.answer_call, methods=list(METHODS), name="asteriskapi"),
        Route(FILES_PATH, api.answer_files, methods=list(METHODS), name="find-phone-files"),
    ]


class AsteriskApi:
    """Answers both addresses."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    async def answer_call(self, request: Request) -> Response:
        return await self._answer(request, _CALL, self._issue)

    async def answer_files(self, request: Request) -> Response:
        return await self._answer(request, _FILES, self._find_files)

    async def _answer(self, request: Request, address: _Address, work: _Work) -> Response:
        try:
            check_method(request, address.taken)
            given = await _read(request)
            asked = json_rpc.read(given, address.methods, address.parameters)
        except json_rpc.RpcError as error:
            self._gate.note_refusal(request, "BAD_REQUEST")
            return json_answer(json_rpc.refuse(error))
        except BodyRefusedError as error:
            self._gate.note_refusal(request, "BAD_REQUEST")
            return json_answer(_fail(error.status, error.message).body, error.status, error.headers)
        fields = asked.params if asked is not None else _as_object(given)
        try:
            return _answer(asked, await work(request, fields))
        except _FailedError as error:
            return _answer(asked, error)

    async def _issue(self, request: Request, fields: Mapping[str, Any]) -> dict[str, Any]:
        extension, destination = _text(fields.get("extension")), _text(fields.get("destination"))
        told = {
            "message": "We fail on making a call. "
            f"caller : {extension[:_LONGEST_ECHO]}, callee : {destination[:_LONGEST_ECHO]}"
        }
        missing = _fail(_BAD_REQUEST, _MISSING_FOR_CALL, told)
        desk = await self._open(request, missing, told)
        if not (extension and destination):
            desk.note_refusal("REQUIRED")
            raise missing
        try:
            parts = f"POST {CALL_PATH} ".encode() + orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)
            given = _read_call(fields)
            async with desk.repeating(parts, LONGEST_SECONDS) as key:
                return _tell((await desk.ask(ISSUE, {"input": {**given, "idempotencyKey": key}}))["originateCall"])
        except _BadFieldError as error:
            desk.note_refusal("INVALID_INPUT")
            raise _fail(_BAD_REQUEST, str(error), told) from error
        except AskRefusedError as error:
            raise _fail(error.http_status, error.message, told, error.extensions.get("retryAfterSeconds")) from error

    async def _find_files(self, request: Request, fields: Mapping[str, Any]) -> list[dict[str, Any]]:
        phone = _text(fields.get("phone")) or request.query_params.get("phone", "").strip(" ")
        missing = _fail(_BAD_REQUEST, _MISSING_FOR_FILES)
        desk = await self._open(request, missing, {})
        if not phone:
            desk.note_refusal("REQUIRED")
            raise missing
        try:
            return await _find_recordings(desk, phone)
        except AskRefusedError as error:
            raise _fail(error.http_status, error.message, {}, error.extensions.get("retryAfterSeconds")) from error

    async def _open(self, request: Request, missing: _FailedError, told: Mapping[str, Any]) -> Desk:
        if not request.headers.get("api-key"):
            self._gate.note_refusal(request, "REQUIRED")
            raise missing
        try:
            return await self._gate.open_by_key(request, Dialect.ASTERISKAPI, one_header(request, "api-key"))
        except OffhookError as error:
            raise _fail(error.http_status, error.message, told, error.retry_after_seconds) from error


class _BadFieldError(ValueError):
    """A field is not of a type that is read; the message says which."""


def _read_call(fields: Mapping[str, Any]) -> dict[str, Any]:
    """An ``OriginateCallInput`` but for its key. Raises _BadFieldError."""
    given: dict[str, Any] = {
        "destination": {"number": _text(fields["destination"])},
        "connect": {"extension": _text(fields["extension"])},
        "recordingMode": "BOTH",  # its clients look for the recording of every call, and never ask for one
    }
    message = fields.get("msg", fields.get("Msg"))
    if message not in (None, ""):
        if not isinstance(message, str):
            raise _BadFieldError("msg is a text")
        given["softphoneMessage"] = message
    if _text(fields.get("call_in_out")).lower() in _CUSTOMER_FIRST:
        given["dialFirst"] = "CUSTOMER"
    pitch = fields.get("voice_pitch")
    if pitch not in (None, ""):
        given["voicePitch"] = _read_pitch(pitch)
    return given


def _read_pitch(given: object) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        raise _BadFieldError("voice_pitch is a number from 0.1 to 2.0")
    try:
        pitch = float(given)
    except (ValueError, OverflowError) as error:
        raise _BadFieldError("voice_pitch is a number from 0.1 to 2.0") from error
    if not math.isfinite(pitch):
        raise _BadFieldError("voice_pitch is a number from 0.1 to 2.0")
    return pitch


def _tell(placed: Mapping[str, Any]) -> dict[str, Any]:
    lookup, shown = placed["lookup"] or {}, placed["callerId"] or {}
    number: str = (shown.get("number") or {}).get("number") or ""
    return {
        "status": "true",
        "icon": lookup.get("country") or "",
        "message": "Success making a call",
        "phone_valid": "yes" if lookup.get("isValid") else "no",
        "country_code": lookup.get("callingCode") or 0,
        "carrier": lookup.get("carrier") or "",
        "caller_id": number.removeprefix("+"),
        "check_spam": "false" if lookup.get("isFlaggedAsSpam") else "true",
    }


async def _find_recordings(desk: Desk, phone: str) -> list[dict[str, Any]]:
    """The newest recordings of calls with a number, oldest first. Raises AskRefusedError."""
    found: list[dict[str, Any]] = []
    after: str | None = None
    for _ in range(_MOST_PAGES):
        page = (await desk.ask(FIND, {"number": phone, "after": after}))["recordings"]
        found += [_tell_recording(node, desk.zone) for node in page["nodes"] if node["url"] is not None]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    return found[::-1]


def _tell_recording(node: Mapping[str, Any], zone: tzinfo) -> dict[str, Any]:
    began = datetime.fromisoformat(node["startedAt"] or node["createdAt"]).astimezone(zone)
    return {
        "url": node["url"]["url"],
        "time": began.strftime("%H:%M:%S"),
        "duration": round(node["durationSeconds"] or 0),
        "date": began.strftime("%d/%m/%Y"),
    }


async def _read(request: Request) -> Any:
    """The body as JSON; an empty object when there is none. Raises BodyRefusedError."""
    body = await read_body(request)
    if not body.strip():
        return {}
    try:
        return json_rpc.parse(body)
    except json_rpc.NotJsonError as error:
        raise BodyRefusedError(_BAD_REQUEST, "The body is not JSON") from error


def _as_object(given: Any) -> dict[str, Any]:
    return trim_names(given) if isinstance(given, dict) else {}


def _text(value: object) -> str:
    match value:
        case str():
            return value.strip(" ")
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case _:
            return ""


def _fail(
    status: int, error: str, more: Mapping[str, Any] | None = None, retry_after_seconds: float | None = None
) -> _FailedError:
    body = {"status": _STATUS_WORDS.get(status, str(status)), "icon": "error", "error": error, **(more or {})}
    return _FailedError(status, body, retry_after_seconds)


def _answer(asked: json_rpc.Asked | None, came: dict[str, Any] | Sequence[Any] | _FailedError) -> Response:
    headers = retry_after(came.retry_after_seconds) if isinstance(came, _FailedError) else {}
    if asked is None:
        return json_answer(came.body, came.status, headers) if isinstance(came, _FailedError) else json_answer(came)
    if isinstance(came, _FailedError):
        status = 200 if came.status == _BAD_REQUEST else came.status
        body = json_rpc.fail(asked, came.body, is_about_params=came.status == _BAD_REQUEST)
        return json_answer(body, status, headers) if asked.wants_answer else Response(status_code=204)
    return json_answer(json_rpc.succeed(asked, came)) if asked.wants_answer else Response(status_code=204)
