"""``/api/calls`` and below: lists of the calls of users, queues and ring groups, and a number is called for a user.

Who asks shows a key, and comes from a listed address; else the answer is 401, whatever the reason.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any, Final, TypeAlias

import orjson
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from app.accounts.dialects import Dialect
from app.answers import json_answer, retry_after
from app.dialects.bodies import METHODS, BodyRefusedError, check_method, parse_json_object, read_body
from app.dialects.desk import LONGEST_SECONDS, AskRefusedError, Desk
from app.dialects.gate import Gate, one_header
from app.dialects.names import AmbiguousNameError, find_queue, find_ring_group, find_user
from app.dialects.refusals import DialectRefusedError
from app.dialects.slices import read_slice
from app.errors import AuthenticationError, OffhookError

CALLS_PATH: Final = "/api/calls"

_TAKEN_BY_CALLS: Final = ("POST",)
_TAKEN_BY_LISTS: Final = ("GET", "HEAD")
_HEADERS: Final = ("api-key", "x-api-key")
_NOT_AUTHORISED: Final = "Not authorised"
_DEFAULT_LIMIT: Final = 50
_MOST_ITEMS: Final = 200
_FARTHEST: Final = 10_000
_MOST_NAMES: Final = 50
_YEARS: Final = range(1970, 9999)
_MOST_DIGITS: Final = 9
_SORTS: Final = {
    "date": "CREATED_AT_ASC",
    "-date": "CREATED_AT_DESC",
    "asc": "CREATED_AT_ASC",
    "desc": "CREATED_AT_DESC",
    "oldest": "CREATED_AT_ASC",
    "newest": "CREATED_AT_DESC",
    "duration": "DURATION_ASC",
    "-duration": "DURATION_DESC",
}
_QUEUE_STATUSES: Final = {"ANSWERED": "answered", "ABANDONED": "abandoned"}

LIST: Final = """query DialectCalls($filter: CallFilterInput!, $order: CdrOrder!, $first: Int!, $after: String) {
  cdrs(filter: $filter, order: $order, first: $first, after: $after) {
    nodes {
      id callId direction createdAt durationSeconds disposition extension agentName queueId
      callerId { number display extension }
      customerParty { number display extension }
      dialledNumber { number extension }
    }
    pageInfo { hasNextPage endCursor }
  }
}"""
SKIP: Final = """query DialectSkipCalls($filter: CallFilterInput!, $order: CdrOrder!, $first: Int!, $after: String) {
  cdrs(filter: $filter, order: $order, first: $first, after: $after) { pageInfo { hasNextPage endCursor } }
}"""
CALL: Final = """mutation DialectCallNumber($input: OriginateCallInput!) {
  originateCall(input: $input) {
    call { id extension agentName dialledNumber { number } }
    userErrors { code message field currentState retryAfterSeconds }
  }
}"""

Chosen: TypeAlias = dict[str, list[str]]


class _FailedError(DialectRefusedError):
    """The status, and what is told."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def routes(gate: Gate) -> list[BaseRoute]:
    """The dialect's addresses."""
    api = CloudPbx(gate)
    return [
        Route(CALLS_PATH, api.call_number, methods=list(METHODS), name="pbx-call"),
        Route(f"{CALLS_PATH}/users", api.list_users, methods=list(METHODS), name="pbx-user-calls"),
        Route(f"{CALLS_PATH}/queues", api.list_queues, methods=list(METHODS), name="pbx-queue-calls"),
        Route(f"{CALLS_PATH}/ring-groups", api.list_groups, methods=list(METHODS), name="pbx-ring-group-calls"),
    ]


class CloudPbx:
    """Answers the addresses."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    async def list_users(self, request: Request) -> Response:
        return await self._answer(request, lambda desk: _list(desk, request, ("users", "user"), _choose_users))

    async def list_queues(self, request: Request) -> Response:
        return await self._answer(request, lambda desk: _list(desk, request, ("queues", "queue"), _choose_queues))

    async def list_groups(self, request: Request) -> Response:
        names = ("ring_groups", "ring_group", "ring-groups", "ring-group")
        return await self._answer(request, lambda desk: _list(desk, request, names, _choose_groups))

    async def call_number(self, request: Request) -> Response:
        return await self._answer(request, lambda desk: _call(desk, request))

    async def _answer(self, request: Request, work: Callable[[Desk], Awaitable[dict[str, Any]]]) -> Response:
        try:
            desk = await self._gate.open_by_key(request, Dialect.CLOUD_PBX, _read_key(request))
        except AuthenticationError:
            return _fail(401, _NOT_AUTHORISED)
        except OffhookError as error:
            return _fail(error.http_status, error.message, error.retry_after_seconds)
        try:
            check_method(request, _TAKEN_BY_CALLS if request.url.path.endswith(CALLS_PATH) else _TAKEN_BY_LISTS)
            return json_answer(await work(desk))
        except AskRefusedError as error:
            return _fail(error.http_status, error.message, error.extensions.get("retryAfterSeconds"))
        except BodyRefusedError as error:
            desk.note_refusal("BAD_REQUEST")
            return json_answer({"error": error.message}, error.status, error.headers)
        except AmbiguousNameError as error:
            desk.note_refusal("NOT_FOUND")
            return _fail(404, f"There is more than one {error.noun} of this name")
        except _FailedError as error:
            desk.note_refusal("NOT_FOUND" if error.status == 404 else "INVALID_INPUT")  # noqa: PLR2004  # HTTP's
            return _fail(error.status, error.message)


def _read_key(request: Request) -> str | None:
    """Raises AuthenticationError."""
    return next((key for name in _HEADERS if (key := one_header(request, name)) is not None), None)


async def _list(
    desk: Desk,
    request: Request,
    names: tuple[str, ...],
    choose: Callable[[Desk, list[str]], Awaitable[Chosen]],
) -> dict[str, Any]:
    """One page of a list. Raises _FailedError, AskRefusedError."""
    query = request.query_params
    began, ended = _read_days(query, desk.zone)
    order = _SORTS.get(query.get("sort", "-date").strip(" ").lower())
    if order is None:
        raise _FailedError(400, f"Invalid sort: use one of {', '.join(_SORTS)}")
    offset = _read_count(query, "offset", 0, _FARTHEST, least=0)
    limit = _read_count(query, "limit", _DEFAULT_LIMIT, _MOST_ITEMS, least=1)
    chosen = await choose(desk, _read_names(query, names))
    where = {**chosen, "created": {"from": {"at": began.isoformat()}, "to": {"at": ended.isoformat()}}}
    nodes = await read_slice(desk, LIST, SKIP, {"filter": where, "order": order}, offset=offset, count=limit)
    return {"calls": [_tell(node, desk.zone) for node in nodes], "offset": offset, "limit": limit}


def _tell(node: Mapping[str, Any], zone: tzinfo) -> dict[str, Any]:
    is_inbound = node["direction"] == "INBOUND"
    caller = node["customerParty"] if is_inbound else node["callerId"] or {}
    told = {
        "id": node["callId"] or node["id"],
        "type": node["direction"].lower(),
        "caller_id": _number(caller) or ("" if is_inbound else node["extension"] or ""),
        "caller_name": caller.get("display") or "",
        "destination": _number(node["dialledNumber"]),
        "user": node["agentName"] or "",
        "extension": node["extension"] or "",
        "date": datetime.fromisoformat(node["createdAt"]).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S"),
        "duration": round(node["durationSeconds"]),
    }
    if node["queueId"] is not None:
        told["queue_status"] = _QUEUE_STATUSES.get(node["disposition"], "unanswered")
    return told


def _number(party: Mapping[str, Any] | None) -> str:
    return (party or {}).get("number") or (party or {}).get("extension") or ""


async def _choose_users(desk: Desk, names: list[str]) -> Chosen:
    """What of a filter means these users. Raises _FailedError: nobody of that name; AskRefusedError."""
    chosen: Chosen = {}
    for name in names:
        user = await find_user(desk, name)
        if user is None:
            raise _FailedError(404, f"There is no such user: {name[:64]}")
        if user.agent_id is not None:
            chosen.setdefault("agentIds", []).append(user.agent_id)
        else:
            chosen.setdefault("extensions", []).append(user.number or "")
    if len(chosen) > 1:
        raise _FailedError(400, "Give all users by their extensions, or all by their names")
    return chosen


async def _choose_queues(desk: Desk, names: list[str]) -> Chosen:
    return {"queueIds": [await _find(desk, find_queue, name, "queue") for name in names]}


async def _choose_groups(desk: Desk, names: list[str]) -> Chosen:
    return {"ringGroupIds": [await _find(desk, find_ring_group, name, "ring group") for name in names]}


async def _find(desk: Desk, look: Callable[[Desk, str], Awaitable[str | None]], name: str, noun: str) -> str:
    found = await look(desk, name)
    if found is None:
        raise _FailedError(404, f"There is no such {noun}: {name[:64]}")
    return found


async def _call(desk: Desk, request: Request) -> dict[str, Any]:
    """Call a number for a user: the user's phones ring first, and show the number.

    Raises:
        _FailedError, BodyRefusedError, AskRefusedError: nothing was dialled.
    """
    given = parse_json_object(await read_body(request))
    name = _text(given.get("user"))
    number = _text(given.get("number")) or _text(given.get("destination"))
    missing = [what for what, value in (("user", name), ("number", number)) if not value]
    if missing:
        raise _FailedError(400, f"Missing parameters: {', '.join(missing)}")
    user = await find_user(desk, name)
    if user is None:
        raise _FailedError(404, f"There is no such user: {name[:64]}")
    parts = f"POST {CALLS_PATH} ".encode() + orjson.dumps([name, number])
    asked = {
        "destination": {"number": number},
        "connect": user.target,
        "agentDisplay": "DESTINATION",
    }
    async with desk.repeating(parts, LONGEST_SECONDS) as key:
        call = (await desk.ask(CALL, {"input": {**asked, "idempotencyKey": key}}))["originateCall"]["call"]
    return {
        "id": call["id"],
        "status": "calling",
        "user": call["agentName"] or name,
        "extension": call["extension"] or "",
        "destination": _number(call["dialledNumber"]),
    }


def _read_names(query: QueryParams, names: tuple[str, ...]) -> list[str]:
    given = [value for name in names for key in (name, f"{name}[]") for value in query.getlist(key)]
    read = [one for value in given for one in (part.strip(" ") for part in value.split(",")) if one]
    if not read:
        raise _FailedError(400, f"Missing parameters: {names[0]}")
    if len(read) > _MOST_NAMES:
        raise _FailedError(400, f"Give at most {_MOST_NAMES} {names[0]}")
    return list(dict.fromkeys(read))


def _read_days(query: QueryParams, zone: tzinfo) -> tuple[datetime, datetime]:
    """From the beginning of the first day to the end of the last, in the account's zone. Raises _FailedError."""
    text = query.get("date", "").strip(" ")
    parts = [part.strip(" ") for part in text.replace("/", ",").split(",")] if text else []
    if not parts:
        parts = [one for name in ("date_from", "date_to") if (one := query.get(name, "").strip(" "))]
    if not parts:
        raise _FailedError(400, "Missing parameters: date")
    try:
        days = [date.fromisoformat(part) for part in parts]
    except ValueError as error:
        raise _FailedError(400, "Invalid date: use 2026-01-31, or two days with a comma between") from error
    first, last = days[0], days[-1]
    if len(days) > 2 or last < first or first.year not in _YEARS or last.year not in _YEARS:  # noqa: PLR2004  # two
        raise _FailedError(400, "Invalid date: use 2026-01-31, or two days with a comma between, the earlier first")
    return datetime.combine(first, time(), zone), datetime.combine(last + timedelta(days=1), time(), zone)


def _read_count(query: QueryParams, name: str, default: int, most: int, *, least: int) -> int:
    text = query.get(name, str(default)).strip(" ")
    count = int(text) if text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS else -1
    if not least <= count <= most:
        raise _FailedError(400, f"Invalid {name}: use a number from {least} to {most}")
    return count


def _text(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value).strip(" ")


def _fail(status: int, message: str, retry_after_seconds: float | None = None) -> Response:
    return json_answer({"error": message}, status, retry_after(retry_after_seconds))
