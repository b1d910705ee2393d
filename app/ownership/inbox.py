"""The holder's side of the inbox: takes the commands that other processes wrote, carries them out, replies.

A command is taken once for each tenure, by the token of the lease, and never after its deadline, by the database's
clock. When a tenure ends before its reply is written, the next takes the command again: an origination finds its
idempotency key, and a call is ended or changed once, however often that is asked.
"""

import asyncio
import time
from typing import ClassVar, Final

import msgspec
import orjson
import structlog

from app.calls.asking.service import CallService
from app.calls.keeping.change import FencedError
from app.daemon import Daemon
from app.db.engine import Database
from app.errors import DatabaseUnavailableError, OffhookError
from app.ownership.lease import HandedOverError, Lease
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
    decode_command,
    encode,
)

_log = structlog.get_logger(__name__)

#: Heard by holders; the payload is the node.
COMMANDS: Final = "offhook_command"
#: Heard by those who asked; the payload is the command's id.
REPLIES: Final = "offhook_reply"
#: Commands under way at once.
CONCURRENCY: Final = 256
_PURGE_SECONDS: Final = 60.0
_REPLY_TRIES: Final = 3
_REPLY_PAUSE_SECONDS: Final = 0.5

_CLAIM: Final = """
UPDATE call_command SET claimed_at = clock_timestamp(), claimed_token = $2
WHERE id IN (
    SELECT id FROM call_command
    WHERE node = $1 AND reply IS NULL AND deadline > clock_timestamp() AND (claimed_token IS NULL OR claimed_token < $2)
    ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED
) AND EXISTS (SELECT FROM asterisk_lease WHERE node = $1 AND token = $2)
RETURNING id, payload::text AS payload
"""
_ANSWER: Final = f"""
WITH answered AS (
    UPDATE call_command SET reply = $3, replied_at = clock_timestamp()
    WHERE id = $1 AND claimed_token = $2 AND reply IS NULL
    RETURNING id
)
SELECT pg_notify('{REPLIES}', id) FROM answered
"""  # noqa: S608 -- only our own constant
#: They hold telephone numbers, and nobody waits for them any more.
_PURGE: Final = "DELETE FROM call_command WHERE created_at < clock_timestamp() - interval '10 minutes'"


class Inbox(Daemon):
    """Takes commands for the length of one tenure."""

    name: ClassVar[str] = "inbox"
    poll_seconds = 1.0

    def __init__(self, database: Database, calls: CallService, lease: Lease) -> None:
        super().__init__()
        self._database = database
        self._calls = calls
        self._lease = lease
        self._busy = 0
        self._purged_at = -_PURGE_SECONDS

    async def run(self) -> None:
        """Take commands until cancelled; those under way are given up, for the next tenure to take."""
        async with asyncio.TaskGroup() as self._group:
            await super().run()

    async def run_round(self) -> bool:
        await self._purge()
        free = CONCURRENCY - self._busy
        if free <= 0:
            return False  # the next one that is done wakes us
        async with self._database.acquire() as connection:
            rows = await connection.fetch(_CLAIM, self._lease.node, self._lease.token, free)
        for row in sorted(rows, key=lambda row: str(row["id"])):
            self._busy += 1
            self._group.create_task(self._take(row["id"], row["payload"]), name=f"command {row['id']}")
        return len(rows) == free

    async def _take(self, command_id: str, payload: str) -> None:
        try:
            await self._answer(command_id, await self._carry_out(command_id, payload))
        except (FencedError, HandedOverError):
            pass  # the Asterisk is in other hands by now: its next holder takes the command and replies
        finally:
            self._busy -= 1
            if self._busy == CONCURRENCY - 1:
                self.wake()

    async def _carry_out(self, command_id: str, payload: str) -> Reply:
        try:
            return await self._do(decode_command(payload))
        except (FencedError, HandedOverError):
            raise
        except OffhookError as error:
            return Failed.of(error)
        except msgspec.DecodeError:
            # A newer version asks, while it is rolled out.
            _log.warning("command_unreadable", command_id=command_id)
            return Failed(code="UNAVAILABLE", message="The process that has the Asterisk does not know this command.")
        except Exception:  # noqa: BLE001 -- whoever asked is told, and the others' commands go on
            _log.exception("command_failed_inside", command_id=command_id)
            return Failed(code=OffhookError.code, message="Something went wrong in Offhook; it was logged.")

    async def _do(self, command: Command) -> Reply:
        match command:
            case Originate():
                return Stands.of(await self._calls.originate(command.principal, command.request))
            case HangUp():
                return Changed(call=await self._calls.hang_up(command.principal, command.call_id))
            case Update():
                return Changed(call=await self._calls.update(command.principal, command.request))
            case Act():
                acted = await self._calls.act(command.principal, command.call_id, command.verb)
                return Changed(call=acted.call, is_replayed=acted.is_replayed)
            case ReadTrace():
                return Traced(document=self._calls.live_trace(command.principal, command.call_id))

    async def _answer(self, command_id: str, reply: Reply) -> None:
        body = orjson.Fragment(encode(reply))
        for tries_left in range(_REPLY_TRIES - 1, -1, -1):
            try:
                async with self._database.acquire() as connection:
                    await connection.execute(_ANSWER, command_id, self._lease.token, body)
            except DatabaseUnavailableError as error:
                if not tries_left:
                    # Whoever asked is told that nobody knows, and asks again.
                    _log.warning("reply_lost", command_id=command_id, reason=error.message)
                    return
                await asyncio.sleep(_REPLY_PAUSE_SECONDS)
            else:
                return

    async def _purge(self) -> None:
        if time.monotonic() - self._purged_at >= _PURGE_SECONDS:
            self._purged_at = time.monotonic()
            async with self._database.acquire() as connection:
                await connection.execute(_PURGE)
