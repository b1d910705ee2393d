"""Traces of calls that are over go to the database: in the background, a few at a time, and not for ever."""

import asyncio
import zlib
from collections import deque
from contextlib import suppress
from datetime import timedelta
from importlib.metadata import version
from itertools import islice
from typing import ClassVar, Final

import structlog

from app.calls.core.model.call import Call
from app.calls.traces.trace import Trace
from app.calls.traces.words import Document, decode_document, encode
from app.clock import Clock
from app.daemon import Daemon
from app.db.engine import Database
from app.errors import DatabaseUnavailableError

_log = structlog.get_logger(__name__)

#: Traces that wait to be written; beyond it, new ones are not kept.
CAPACITY: Final = 2000
#: Written at once: packing them holds the loop for some milliseconds.
BATCH: Final = 20
#: Bytes of one, packed. What is larger is cut from its oldest end.
LARGEST: Final = 256 * 1024
#: Of a document before it is packed: a reader takes no more than this from a row.
_LARGEST_UNPACKED: Final = 8 * 1024 * 1024
_SWEEP_SECONDS: Final = 600.0
_SWEPT_AT_ONCE: Final = 1000
_LAST_SECONDS: Final = 0.3
#: The quickest of zlib's: a fifth of the size for a tenth of a millisecond.
_LEVEL: Final = 1

_WRITE: Final = """
INSERT INTO call_trace (call_id, account_id, document)
SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[])
ON CONFLICT (call_id) DO UPDATE SET document = excluded.document, written_at = now()
"""
_SWEEP: Final = """
DELETE FROM call_trace
WHERE call_id IN (SELECT call_id FROM call_trace WHERE written_at < now() - $1::interval LIMIT $2)
"""
_READ: Final = "SELECT document FROM call_trace WHERE account_id = $1 AND call_id = $2"


class TraceKeeper(Daemon):
    """Begins traces, writes those that are handed to it, and deletes the old ones."""

    name: ClassVar[str] = "traces"
    poll_seconds = 1.0

    def __init__(self, database: Database, clock: Clock, *, retention: timedelta) -> None:
        super().__init__(clock)
        self._database = database
        self._clock = clock
        self._retention = retention
        self._waiting: deque[tuple[Call, Trace]] = deque()
        self._swept_at = -_SWEEP_SECONDS
        self._is_full = False
        self._version = version("offhook")

    def begin(self, call: Call) -> Trace:
        """A trace for a call that begins to live here."""
        return Trace(call, self._clock.now(), version=self._version)

    def keep(self, call: Call, trace: Trace) -> None:
        """Have the trace of a call that is over written, when there is time. Never blocks, never raises."""
        if len(self._waiting) >= CAPACITY:
            if not self._is_full:
                _log.warning("traces_not_kept", waiting=CAPACITY, advice="the database takes no traces just now")
            self._is_full = True
            return
        self._waiting.append((call, trace))
        if len(self._waiting) >= BATCH:
            self.wake()  # else with the next poll: a statement for each call would cost more than the traces do

    async def run(self) -> None:
        """Write until cancelled; then what waits still has a moment."""
        try:
            await super().run()
        finally:
            with suppress(TimeoutError, DatabaseUnavailableError):  # it was for diagnostics, and we are to end
                async with asyncio.timeout(_LAST_SECONDS):
                    while self._waiting:
                        await self._write()

    async def run_round(self) -> bool:
        await self._write()
        await self._sweep()
        return bool(self._waiting)

    async def _write(self) -> None:
        batch = list(islice(self._waiting, BATCH))
        if not batch:
            return
        packed = [pack(trace.document()) for call, trace in batch]
        rows = {call.id: (call.account_id, document) for (call, _), document in zip(batch, packed, strict=True)}
        async with self._database.acquire() as connection:
            await connection.execute(
                _WRITE, list(rows), [account for account, _ in rows.values()], [text for _, text in rows.values()]
            )
        for _ in batch:  # only now: what a sick database did not take stays
            self._waiting.popleft()
        self._is_full = False

    async def _sweep(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._swept_at < _SWEEP_SECONDS:
            return
        self._swept_at = now
        async with self._database.acquire() as connection:
            while await connection.execute(_SWEEP, self._retention, _SWEPT_AT_ONCE) == f"DELETE {_SWEPT_AT_ONCE}":
                pass


class TraceQueries:
    """Reads what was kept; always one account's, in SQL itself."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, account_id: str, call_id: str) -> Document | None:
        """The trace of a call that is over; None when there is none, or it is another account's.

        Raises:
            DatabaseUnavailableError: the database is away.
        """
        async with self._database.acquire() as connection:
            packed = await connection.fetchval(_READ, account_id, call_id)
        return None if packed is None else unpack(packed)


def pack(document: Document) -> bytes:
    """A document as it is stored. One that is too large loses its wire traffic; its inputs can be done again whole."""
    packed = zlib.compress(encode(document), _LEVEL)
    if len(packed) <= LARGEST:
        return packed
    # What is left is bounded by the number of inputs and the size that a request may have.
    return zlib.compress(encode(document.without_traffic()), _LEVEL)


def unpack(packed: bytes) -> Document:
    """The document that was stored."""
    return decode_document(zlib.decompressobj().decompress(packed, _LARGEST_UNPACKED))
