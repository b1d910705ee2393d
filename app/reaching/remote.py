"""The asking side of the inbox: a command is written down and announced, and its reply waited for."""

import asyncio
from typing import Final

import orjson
import structlog

from app.accounts.principal import Principal
from app.accounts.scopes import Scope
from app.calls.core.model.call import Call
from app.calls.core.verbs import Verb, scope_of
from app.calls.keeping.keys import check_key
from app.calls.planning.originate_checks import check_request
from app.calls.planning.requests import Acted, OriginateRequest, Placed, UpdateRequest
from app.calls.time_limits import ANSWER_SECONDS, TAKE_GRACE_SECONDS, TAKE_SECONDS
from app.calls.traces.words import Document
from app.db.engine import Database
from app.errors import AsteriskUnavailableError, OverloadedError
from app.events.bus import Bus
from app.ids import Kind, new_id
from app.ownership.inbox import COMMANDS, REPLIES
from app.ownership.wire import (
    Act,
    Changed,
    Command,
    Failed,
    HangUp,
    Originate,
    ReadTrace,
    Reply,
    Stands,
    Traced,
    Update,
    Withdrawn,
    decode_reply,
    encode,
    kind_of_command,
)

_log = structlog.get_logger(__name__)

#: Commands of this process that wait for their replies.
CAPACITY: Final = 2000
_POLL_SECONDS: Final = 0.5

_PUT: Final = f"""
WITH put AS (
    INSERT INTO call_command (id, node, kind, payload, deadline)
    VALUES ($1, $2, $3, $4, clock_timestamp() + make_interval(secs => $5))
    RETURNING node
)
SELECT pg_notify('{COMMANDS}', node) FROM put
"""  # noqa: S608 -- only our own constant
_LOOK: Final = "SELECT reply::text FROM call_command WHERE id = $1"
_WITHDRAW: Final = """
UPDATE call_command SET reply = $2, replied_at = clock_timestamp()
WHERE id = $1 AND claimed_token IS NULL AND reply IS NULL
RETURNING true
"""


class RemoteCalls:
    """Asks whichever process has the Asterisk."""

    def __init__(
        self,
        database: Database,
        bus: Bus,
        *,
        take_seconds: float = TAKE_SECONDS,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._database = database
        self._take_seconds = take_seconds
        self._answer_seconds = answer_seconds
        self._waiting: dict[str, asyncio.Event] = {}
        bus.on(REPLIES, self._hear)

    async def originate(self, node: str, principal: Principal, request: OriginateRequest) -> Placed:
        """Have a call placed on a node; does not wait for what becomes of it.

        Raises:
            OffhookError: whatever the node's own process raised.
            AsteriskUnavailableError: nobody took the command, so nothing was done; or nobody knows what became of it:
                the same key tells.
        """
        principal.require(Scope.CALLS_ORIGINATE)
        check_key(request.idempotency_key)
        check_request(request)
        reply = await self._ask(node, Originate(principal=principal, request=request))
        if not isinstance(reply, Stands):
            raise _unexpected(reply)
        return reply.placed

    async def hang_up(self, node: str, principal: Principal, call_id: str) -> Call:
        """Have a call ended. Raises as :meth:`originate`."""
        principal.require(Scope.CALLS_CONTROL)
        reply = await self._ask(node, HangUp(principal=principal, call_id=call_id))
        if not isinstance(reply, Changed):
            raise _unexpected(reply)
        return reply.call

    async def update(self, node: str, principal: Principal, request: UpdateRequest) -> Call:
        """Have a call's own data changed. Raises as :meth:`originate`."""
        principal.require(Scope.CALLS_CONTROL)
        reply = await self._ask(node, Update.of(principal, request))
        if not isinstance(reply, Changed):
            raise _unexpected(reply)
        return reply.call

    async def act(self, node: str, principal: Principal, call_id: str, verb: Verb) -> Acted:
        """Have something done with a call. Raises as :meth:`originate`."""
        principal.require(scope_of(verb))
        reply = await self._ask(node, Act(principal=principal, call_id=call_id, verb=verb))
        if not isinstance(reply, Changed):
            raise _unexpected(reply)
        return Acted(call=reply.call, is_replayed=reply.is_replayed)

    async def live_trace(self, node: str, principal: Principal, call_id: str) -> Document | None:
        """The trace of a live call. Raises as :meth:`originate`."""
        principal.require(Scope.CALLS_READ)
        reply = await self._ask(node, ReadTrace(principal=principal, call_id=call_id))
        if not isinstance(reply, Traced):
            raise _unexpected(reply)
        return reply.document

    async def _ask(self, node: str, command: Command) -> Reply:
        if len(self._waiting) >= CAPACITY:
            raise OverloadedError(f"{CAPACITY} commands of this process are waiting for the one with the Asterisk.")
        command_id = new_id(Kind.COMMAND)
        answered = self._waiting[command_id] = asyncio.Event()
        try:
            body = orjson.Fragment(encode(command))
            async with self._database.acquire() as connection:
                await connection.execute(_PUT, command_id, node, kind_of_command(command), body, self._take_seconds)
            reply = await self._wait(command_id, answered, self._take_seconds + TAKE_GRACE_SECONDS)
            if reply is None and await self._withdraw(command_id):
                raise AsteriskUnavailableError(
                    f"No process drives the Asterisk of node {node} just now. Nothing was done."
                )
            if reply is None:
                reply = await self._wait(command_id, answered, self._answer_seconds)
        finally:
            del self._waiting[command_id]
        match reply:
            case None:
                raise AsteriskUnavailableError(
                    "The process that drives the Asterisk took the request and did not answer in time. "
                    "Ask again with the same idempotency key."
                )
            case Failed():
                raise reply.as_error()
            case _:
                return reply

    async def _wait(self, command_id: str, answered: asyncio.Event, seconds: float) -> Reply | None:
        deadline = asyncio.get_running_loop().time() + seconds
        while (left := deadline - asyncio.get_running_loop().time()) > 0:
            try:
                async with asyncio.timeout(min(left, _POLL_SECONDS)):
                    await answered.wait()
            except TimeoutError:
                pass  # the notification may have been lost: the row is looked at
            answered.clear()
            async with self._database.acquire() as connection:
                text = await connection.fetchval(_LOOK, command_id)
            if text is not None:
                return decode_reply(text)
        return None

    async def _withdraw(self, command_id: str) -> bool:
        """Whether nobody has taken the command, and from now on nobody will."""
        async with self._database.acquire() as connection:
            return bool(await connection.fetchval(_WITHDRAW, command_id, orjson.Fragment(encode(Withdrawn()))))

    def _hear(self, command_id: str) -> None:
        if command_id:
            if (answered := self._waiting.get(command_id)) is not None:
                answered.set()
            return
        for answered in self._waiting.values():
            answered.set()


def _unexpected(reply: Reply) -> AsteriskUnavailableError:
    _log.error("reply_of_wrong_kind", kind=type(reply).__name__)
    return AsteriskUnavailableError("The process that drives the Asterisk gave an answer of the wrong kind.")
