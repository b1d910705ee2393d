"""``/api/originate-call``: an agent, a queue or a place in the dialplan is connected with a customer.

Parameters come as PHP's arrays in a query or form, or as JSON; ``api_hash`` is ``md5(http_build_query(params) + key)``
over all the others, in the order in which they came.
"""

import hashlib
import hmac
import re
from collections.abc import Collection, Mapping
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from app.accounts.dialects import Dialect
from app.answers import json_answer, retry_after
from app.dialects.bodies import METHODS, BodyRefusedError, check_method, parse_json_object, read_body
from app.dialects.desk import LONGEST_SECONDS, AskRefusedError, Desk
from app.dialects.gate import Gate
from app.dialects.names import AmbiguousNameError, find_queue, find_trunk, find_user, is_online
from app.dialects.php_query import QueryError, Tree, build_query, parse_query
from app.dialects.refusals import DialectRefusedError
from app.errors import OffhookError

PATH: Final = "/api/originate-call"

_MANDATORY: Final = ("project_id", "caller_id", "caller_id_name", "type", "destination", "external_id")
_INVALID: Final = {
    "user": "Invalid User. Check if pbx user exists",
    "queue": "Invalid Queue. Check if pbx queue exists",
    "context": "Invalid Context. Check if pbx context exists",
    "trunk": "Invalid Trunk. Check if pbx trunk exists",
}
_OFFLINE: Final = "The user is not online. Check that a phone of the user's is registered"
_UNANSWERED: Final = {
    "NO_ANSWER": "Timeout. The {who} did not answer",
    "BUSY": "The {who} is busy",
    "REJECTED": "The {who} rejected the call",
    "UNREACHABLE": "The {who} cannot be reached",
    "ABANDONED": "The customer hung up",
    "CANCELLED": "The call was given up",
}
#: What the audit log has of what this dialect refuses by itself.
_BAD_REQUEST: Final = "BAD_REQUEST"
_INVALID_INPUT: Final = "INVALID_INPUT"
#: Of whoever's answer somebody waits for: with it, what becomes of the call is known within the longest wait.
_RING_SECONDS: Final = 40.0
#: Where a context begins (Asterisk's own convention for a call without an extension).
_START: Final = "s"
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}", re.ASCII)
#: A name in which something is quoted, as companies' are. Phones' protocols quote the name itself so.
_QUOTED: Final = re.compile(r'"([^"<>\\]+)"')
_TRUE: Final = frozenset({"1", "true", "yes", "on"})
_FALSE: Final = frozenset({"0", "false", "no", "off", ""})

ORIGINATE: Final = """mutation DialectOriginate($input: OriginateCallInput!) {
  originateCall(input: $input) {
    call { id disposition endReason { code party } }
    waitOutcome
    userErrors { code message field currentState retryAfterSeconds }
  }
}"""


class _RefusedError(DialectRefusedError):
    """What is wrong, in the dialect's words."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class _NotYetError(Exception):
    """Nobody has answered in all the time that somebody waits for it: the call may go on, and an equal request asks
    what has become of it.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def routes(gate: Gate) -> list[BaseRoute]:
    """The dialect's addresses."""
    return [Route(PATH, OriginateCall(gate).answer, methods=list(METHODS), name="originate-call")]


class OriginateCall:
    """Answers the one address."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    async def answer(self, request: Request) -> Response:
        try:
            given = await _read(request)
            desk = await self._admit(request, given)
        except BodyRefusedError as error:
            self._gate.note_refusal(request, _BAD_REQUEST)
            return json_answer(_failure(error.message), error.status, error.headers)
        except OffhookError as error:
            return _fail(error.http_status, error.message, error.retry_after_seconds)
        try:
            said = await _originate(desk, _mend(given.get("data")))
        except AmbiguousNameError as error:
            desk.note_refusal(_INVALID_INPUT)
            return _fail(200, _INVALID[error.noun])
        except _RefusedError as error:
            desk.note_refusal(_INVALID_INPUT)
            return _fail(200, error.message)
        except _NotYetError as error:
            return _fail(200, error.message)
        except AskRefusedError as error:
            wait = error.extensions.get("retryAfterSeconds")
            return _fail(200 if error.http_status == 400 else error.http_status, error.message, wait)  # noqa: PLR2004
        return json_answer({"has_error": False, "messages": [], "results": [said]})

    async def _admit(self, request: Request, given: Tree) -> Desk:
        """Raises AuthenticationError, RateLimitedError, DatabaseUnavailableError."""
        name, password, signature = (given.get(f"api_{part}") for part in ("username", "password", "hash"))
        texts = [_mend(one) if isinstance(one, str) else "" for one in (name, password, signature)]
        holder = await self._gate.find_holder(request, Dialect.ORIGINATE_CALL, texts[1], user_name=texts[0])
        signed = {key: value for key, value in given.items() if key != "api_hash"}
        if not is_signed(signed, holder.signing_key or "", texts[2]):
            raise self._gate.refuse_signature(request, holder)
        return self._gate.desk(request, Dialect.ORIGINATE_CALL, holder)


def _mend(given: Any) -> Any:
    """Texts and names in which bytes that are no UTF-8 were kept for the signature's sake, without these."""
    match given:
        case str():
            return given.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        case dict():
            return {_mend(name): _mend(value) for name, value in given.items()}
        case _:
            return given


def is_signed(params: Mapping[str, Any], key: str, signature: str) -> bool:
    """Whether the signature is that of these parameters, under a key that is not empty."""
    text = build_query(params) + key
    expected = hashlib.md5(text.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()
    return bool(key) and hmac.compare_digest(expected.encode(), signature.lower().encode("utf-8", "replace"))


async def _originate(desk: Desk, data: object) -> str:
    """Place the call that is asked for; gives what is said of it.

    Raises:
        _RefusedError, AskRefusedError: it was not placed, or nobody took it.
        _NotYetError: nobody has taken it yet.
    """
    fields = _read_data(data)
    kind, destination = fields["type"], fields["destination"]
    fields["caller_id_name"] = _QUOTED.sub(r"'\1'", fields["caller_id_name"])
    is_waited_for = _read_flag(fields.get("async"), "async", default=True) is False
    target = await _find_target(desk, kind, destination, is_waited_for=is_waited_for)
    given: dict[str, Any] = {
        "destination": {"number": fields["caller_id"]},
        "connect": target,
        "destinationName": fields["caller_id_name"],
        "externalId": fields["external_id"],
        "tags": [f"project:{fields['project_id']}"],
        "metadata": [{"key": key, "value": value} for key, value in fields["vars"].items()],
        "variables": [{"key": key, "value": value} for key, value in fields["vars"].items()],
        "waitFor": "CREATED",
    }
    if fields.get("outbound_number"):
        given["callerId"] = fields["outbound_number"]
    if fields.get("outbound_trunk"):
        trunk_id = await find_trunk(desk, fields["outbound_trunk"])
        if trunk_id is None:
            raise _RefusedError(_INVALID["trunk"])
        given["trunkId"] = trunk_id
    if is_waited_for:
        given["waitFor"] = "FIRST_ANSWER" if kind == "context" else "AGENT_ANSWERED"
        given["agentRingSeconds"] = _RING_SECONDS
        if kind != "user":  # there the customer is called first
            given["customerRingSeconds"] = _RING_SECONDS
    parts = f"POST {PATH} ".encode() + orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)
    async with desk.repeating(parts, LONGEST_SECONDS) as key:
        placed = await _place(desk, kind, {**given, "idempotencyKey": key})
        return _tell(placed, kind, destination, is_waited_for=is_waited_for)


async def _place(desk: Desk, kind: str, given: dict[str, Any]) -> Mapping[str, Any]:
    """Place it; variables that the server does not let onto channels are data of the call alone."""
    try:
        return await _ask(desk, given)
    except AskRefusedError as error:
        problems = (error.data.get("originateCall") or {}).get("userErrors") or ()
        refused = {problem["field"][1] for problem in problems if _is_about_a_variable(problem)}
        # Of one that is left out, it does not matter that its value cannot be on a channel either.
        if not refused or not all(_is_about_one_of(refused, problem) for problem in problems):
            raise _in_words(error, kind) from error
        kept = [pair for index, pair in enumerate(given["variables"]) if str(index) not in refused]
    try:
        return await _ask(desk, {**given, "variables": kept})
    except AskRefusedError as error:
        raise _in_words(error, kind) from error


async def _ask(desk: Desk, given: Mapping[str, Any]) -> Mapping[str, Any]:
    answered: Mapping[str, Any] = (await desk.ask(ORIGINATE, {"input": given}))["originateCall"]
    return answered


def _is_about_a_variable(problem: Mapping[str, Any]) -> bool:
    """A name that the server's setting does not list. A value that cannot be one is refused, listed or not."""
    match problem["field"]:
        case ["variables", _, "key"]:
            return True
        case _:
            return False


def _is_about_one_of(variables: Collection[str], problem: Mapping[str, Any]) -> bool:
    match problem["field"]:
        case ["variables", place, *_]:
            return place in variables
        case _:
            return False


def _in_words(error: AskRefusedError, kind: str) -> Exception:
    """The refusals for which this dialect has words."""
    if error.code == "AGENT_OFFLINE":
        return _RefusedError(_OFFLINE)
    if error.code == "DIALPLAN_NOT_ALLOWED" or (error.code == "NOT_FOUND" and error.field[:1] == ("connect",)):
        return _RefusedError(_INVALID[kind])
    return error


async def _find_target(desk: Desk, kind: str, destination: str, *, is_waited_for: bool) -> dict[str, Any]:
    """A ``CallTarget``. Raises _RefusedError: there is none, or a user with no phone; AskRefusedError."""
    match kind:
        case "user":
            user = await find_user(desk, destination)
            if user is None:
                raise _RefusedError(_INVALID[kind])
            if not is_waited_for and not await is_online(desk, user):
                raise _RefusedError(_OFFLINE)
            return dict(user.target)
        case "queue":
            queue_id = await find_queue(desk, destination)
            if queue_id is None:
                raise _RefusedError(_INVALID[kind])
            return {"queueId": queue_id}
        case "context":
            return {"dialplan": {"context": destination, "extension": _START}}
        case _:
            raise _RefusedError("Invalid type. Use user, queue or context")


def _tell(placed: Mapping[str, Any], kind: str, destination: str, *, is_waited_for: bool) -> str:
    if is_waited_for and placed["waitOutcome"] == "CALL_ENDED":
        call = placed["call"] or {}
        who = "customer" if (call.get("endReason") or {}).get("party") == "CUSTOMER" else "user"
        raise _RefusedError(_UNANSWERED.get(call.get("disposition") or "", "The call failed").format(who=who))
    # A queue's customers wait there for longer than anybody waits for an answer.
    if is_waited_for and placed["waitOutcome"] == "TIMED_OUT" and kind != "queue":
        raise _NotYetError(_UNANSWERED["NO_ANSWER"].format(who="customer" if kind == "context" else "user"))
    return f"Call successfully originated for {kind}: {destination}"


def _read_data(data: object) -> dict[str, Any]:
    """The parameters as texts, ``vars`` as a map of texts. Raises _RefusedError."""
    if not isinstance(data, Mapping):
        raise _RefusedError(f"Missing parameters: {', '.join(_MANDATORY)}")
    fields: dict[str, Any] = {
        name: _read_text(value, name) for name, value in data.items() if name != "vars" and value is not None
    }
    missing = [name for name in _MANDATORY if not fields.get(name)]
    if missing:
        raise _RefusedError(f"Missing parameters: {', '.join(missing)}")
    variables = data.get("vars") or {}
    if isinstance(variables, list):
        variables = {str(index): value for index, value in enumerate(variables)}
    if not isinstance(variables, Mapping):
        raise _RefusedError("Invalid vars. Use an array of names and values")
    fields["vars"] = {
        name: _read_text(value, f"vars[{name[:64]}]") for name, value in variables.items() if value is not None
    }
    for name in fields["vars"]:
        if _VARIABLE.fullmatch(name) is None:
            raise _RefusedError("Invalid vars. A name is letters, digits and _")
    return fields


def _read_text(value: object, name: str) -> str:
    match value:
        case str():
            return value.strip(" ")
        case bool():
            return "1" if value else "0"
        case int() | float():
            return str(value)
        case _:
            raise _RefusedError(f"Invalid {name}. Use a text or a number")


def _read_flag(text: str | None, name: str, *, default: bool) -> bool:
    word = None if text is None else text.lower()
    if word is None or word == "":
        return default
    if word in _TRUE | _FALSE:
        return word in _TRUE
    raise _RefusedError(f"Invalid {name}. Use 1 or 0")


async def _read(request: Request) -> Tree:
    """All parameters, in their order. Raises BodyRefusedError."""
    check_method(request, ("GET", "POST"))
    try:
        if request.method == "GET":
            return parse_query(request.scope["query_string"].decode("utf-8", "surrogateescape"))
        body = await read_body(request)
        content_type = request.headers.get("content-type", "").partition(";")[0].strip(" ").lower()
        match content_type:
            case "application/json":
                return parse_json_object(body)
            case "multipart/form-data":
                raise BodyRefusedError(415, "Send the parameters in the address, as a form (urlencoded) or as JSON")
            case _:
                return parse_query(body.decode("utf-8", "surrogateescape"))
    except QueryError as error:
        raise BodyRefusedError(400, str(error)) from error


def _fail(status: int, message: str, retry_after_seconds: float | None = None) -> Response:
    return json_answer(_failure(message), status, retry_after(retry_after_seconds))


def _failure(message: str) -> dict[str, Any]:
    return {"has_error": True, "messages": [message], "results": []}
