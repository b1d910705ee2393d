"""Changes of live calls while the database is away: on disk first, in the database as soon as it is back.

From the first change that cannot be committed until the last of them is in the database, all changes of live calls go
through here, in the order in which they came: so nothing of a call overtakes what happened before. A change counts as
written once it is on disk, and the call goes on.
"""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from typing import Final

import msgspec
import structlog

from app.calls.keeping.change import Change, FencedError
from app.calls.keeping.commit import ChangesRefusedError, Committer, is_fenced
from app.calls.keeping.refusals import Refusals
from app.calls.keeping.spool import Leftover, Spool, SpoolFullError
from app.calls.keeping.spool_records import decode_change, encode_change
from app.errors import DatabaseUnavailableError
from app.metrics import SET_ASIDE_CHANGES, SPOOLED_CHANGES

_log = structlog.get_logger(__name__)

_LARGEST_BATCH: Final = 256
#: So many changes are tried one by one at a time while all of them are refused.
_MOST_REFUSED_IN_A_ROW: Final = 8
_FIRST_WAIT_SECONDS: Final = 0.1
_SLOWEST_WAIT_SECONDS: Final = 2.0
#: How long whoever reads calls waits for what happened to them to be in the database.
_PATIENCE_SECONDS: Final = 10.0


class Postponed:
    """The spool of one node, and the way from it into the database. ``run`` applies; nothing is applied without."""

    def __init__(self, spool: Spool, committer: Committer) -> None:
        self._spool = spool
        self._committer = committer
        self._waiting: deque[Change] = deque()
        #: Those that the server answers and refuses: they are tried again beside the others, and keep none back.
        self._refusals = Refusals(lambda: committer.accepted)
        self._counted = 0
        self._leftovers: list[Leftover] = []
        self._has_records = asyncio.Event()
        self._is_empty = asyncio.Event()
        self._has_looked = asyncio.Event()
        self._appending = 0
        # Until all of this is in the database: calls of which a change was set aside, and with it all that follows.
        self._broken: set[str] = set()
        # Calls with a change of this process here, and those of them whose actor goes on from what was never written.
        # What an earlier process left bars nobody: its calls are taken over as the database has them.
        self._ours: set[str] = set()
        self._barred: set[str] = set()
        self._is_full = False
        self.is_away = False

    @property
    def is_open(self) -> bool:
        """Whether something waits for the database, so that live calls' changes must go behind it."""
        return not self._is_empty.is_set()

    def lift_bar(self, call_id: str) -> bool:
        """Whether a call's actor here has to end, since a change of its own could not be applied.

        It is told once: whoever has the call next has it from the database.
        """
        if call_id not in self._barred:
            return False
        self._barred.remove(call_id)
        return True

    async def append(self, changes: Sequence[Change], reason: str) -> None:
        """Make changes of live calls durable here.

        Raises:
            DatabaseUnavailableError: the spool is full, or the disk refuses. They are not written.
        """
        if not self.is_open:
            self.is_away = True
            _log.error("commits_postponed", reason=reason, changes=len(changes), spool=str(self._spool.directory))
        self._is_empty.clear()
        self._appending += 1
        try:
            await asyncio.to_thread(self._spool.append, [encode_change(change) for change in changes])
        except SpoolFullError as error:
            self._say_full("spool_full", f"it may hold {self._spool.limit_bytes} bytes")
            message = "The database is away, and so much is waiting for it that no more can be kept."
            raise DatabaseUnavailableError(message) from error
        except OSError as error:
            self._say_full("spool_not_writable", type(error).__name__)
            raise DatabaseUnavailableError("The database is away, and nothing can be kept on disk.") from error
        else:
            self._is_full = False
            self._ours.update(change.call.id for change in changes)
            self._wait_for_database(changes)
        finally:
            self._appending -= 1
            self._has_records.set()

    async def wait_until_looked(self) -> None:
        """Return once it is known what an earlier process left; it need not be applied yet."""
        await self._has_looked.wait()

    async def wait_until_empty(self) -> None:
        """Return once the database knows all that happened.

        Raises:
            DatabaseUnavailableError: it is away, or that takes too long.
        """
        if not self.is_open:
            return
        if not self.is_away:
            try:
                async with asyncio.timeout(_PATIENCE_SECONDS):
                    await self._is_empty.wait()
            except TimeoutError:
                pass  # said below
            else:
                return
        raise DatabaseUnavailableError("The database does not know yet what happened while it was away.")

    async def run(self) -> None:
        """Apply what an earlier process left, and from then on whatever is postponed, until cancelled."""
        try:
            await self._take_leftovers()
            self._has_looked.set()
            while True:
                self._has_records.clear()
                await self._apply_all()
                if not self._appending:
                    self._finish()
                await self._has_records.wait()
        finally:
            self._waiting.clear()
            self._refusals.clear()
            self._count()
            self._close()

    async def _take_leftovers(self) -> None:
        try:
            self._leftovers = await asyncio.to_thread(self._spool.read_leftovers)
        except OSError as error:
            _log.error("spool_not_readable", error=type(error).__name__, spool=str(self._spool.directory))
            return
        for leftover in self._leftovers:
            changes, unknown = _decode_all(leftover.records)
            _log.warning(
                "spool_found",
                file=leftover.path.name,
                changes=len(changes),
                torn_bytes=leftover.torn_bytes,
                is_damaged=leftover.is_damaged,
            )
            if unknown:
                await self._set_aside(unknown, "unknown_form")
            self._wait_for_database(changes)

    async def _apply_all(self) -> None:
        loop = asyncio.get_running_loop()
        seconds, again_at = _FIRST_WAIT_SECONDS, loop.time()
        while self._waiting or self._refusals:
            try:
                if self._waiting:
                    await self._apply_waiting()
                    self.is_away, seconds = False, seconds if self._refusals else _FIRST_WAIT_SECONDS
                if self._refusals and loop.time() >= again_at:
                    await self._try_refused()
                    again_at, seconds = loop.time() + seconds, min(2 * seconds, _SLOWEST_WAIT_SECONDS)
            except DatabaseUnavailableError as error:
                if not self.is_away:
                    self.is_away = True
                    _log.warning("database_still_away", reason=error.message, changes=len(self._waiting))
                await asyncio.sleep(seconds)
                seconds = min(2 * seconds, _SLOWEST_WAIT_SECONDS)
            else:
                if self._refusals and not self._waiting:
                    self.is_away = self._refusals.is_general
                    await self._wait_for_records(again_at - loop.time())
            finally:
                self._count()

    async def _wait_for_records(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._has_records.wait()
        self._has_records.clear()

    async def _apply_waiting(self) -> None:
        """Write what waits, in order; what can never be written is set aside, what is refused for now is held back.

        Raises:
            DatabaseUnavailableError: nothing of what still waits may be given up yet.
        """
        alone = refused_in_a_row = 0
        while self._waiting:
            first = self._waiting[0]
            if first.call.id in self._broken:
                await self._break_off(first, "after_another")
            elif not self._refusals.take(first):
                if not alone:
                    batch = _first_of_each_call(self._waiting, lambda call_id: not self._is_odd(call_id))
                    if await self._write_together(batch):
                        for _ in batch:
                            self._waiting.popleft()
                        continue
                    alone = len(batch)
                alone -= 1
                refused_in_a_row = 0 if await self._settle(first) else refused_in_a_row + 1
            self._waiting.popleft()
            if refused_in_a_row == _MOST_REFUSED_IN_A_ROW:
                # Perhaps it refuses all of them: they are not to be tried one by one for ever.
                raise DatabaseUnavailableError("The database refuses one change after another.")

    async def _try_refused(self) -> None:
        """Try what was refused once more, some of it: whatever is settled lets those behind it go on."""
        for change in self._refusals.firsts[:_MOST_REFUSED_IN_A_ROW]:
            if await self._settle(change):
                self._waiting.extendleft(reversed(self._refusals.settle(change)))

    def _is_odd(self, call_id: str) -> bool:
        """Whether the changes of a call cannot go with the others."""
        return call_id in self._broken or self._refusals.has(call_id)

    async def _write_together(self, batch: Sequence[Change]) -> bool:
        """Write several; False when something is wrong with one of them, which must not keep the others back."""
        if len(batch) < 2:  # noqa: PLR2004 -- one alone is settled for itself
            return False
        try:
            await self._committer.write(batch, is_replay=True)
        except DatabaseUnavailableError as error:
            if not isinstance(error, ChangesRefusedError):
                raise
            return False
        except Exception:  # noqa: BLE001 -- it is raised again, by the one that it is about, and judged there
            return False
        return True

    async def _settle(self, change: Change) -> bool:
        """Write one change, or set it aside when it can never be written; False when it is refused for now.

        Raises:
            DatabaseUnavailableError: it may not be given up yet.
        """
        try:
            await self._committer.write([change], is_replay=True)
        except ChangesRefusedError as error:
            is_new = not self._refusals.has(change.call.id)
            if not self._refusals.refuse(change, error.sqlstate) or is_new:
                if is_new:
                    _log.error("change_refused", call_id=change.call.id, sqlstate=error.sqlstate, reason=error.message)
                return False
            await self._break_off(change, f"refused_{error.sqlstate}")
        except DatabaseUnavailableError:
            raise
        except Exception as error:  # whatever is wrong with it would be wrong another time
            if isinstance(error, FencedError) and error.args != (change.call.id,):
                # Not this call but all of them: this process may not write. Its successor on this disk goes on.
                raise DatabaseUnavailableError("Another process drives this Asterisk.") from error
            await self._break_off(change, "fenced" if is_fenced(error) else type(error).__name__)
        return True

    async def _break_off(self, change: Change, reason: str) -> None:
        call_id = change.call.id
        self._broken.add(call_id)
        if call_id in self._ours:
            self._barred.add(call_id)
        await self._set_aside([encode_change(change)], reason, call_id=call_id)

    async def _set_aside(self, records: Sequence[bytes], reason: str, *, call_id: str | None = None) -> None:
        lines = [
            msgspec.json.encode({"setAsideAt": time.time(), "reason": reason, "change": _as_json(record)})
            for record in records
        ]
        try:
            path = await asyncio.to_thread(self._spool.set_aside, lines)
        except OSError as error:
            # Then they must stay in the spool, and with them all that is behind them.
            raise DatabaseUnavailableError("What cannot be applied cannot be set aside either.") from error
        SET_ASIDE_CHANGES.inc(len(records))
        _log.error("change_set_aside", call_id=call_id, changes=len(records), reason=reason, file=str(path))

    def _wait_for_database(self, changes: Collection[Change]) -> None:
        # The try that failed may have got through after all; or, for a leftover, that of the process that left it.
        self._waiting.extend(replace(change, is_retry=True) for change in changes)
        self._count()

    def _count(self) -> None:
        """Tell how many wait, beside those of others in this process."""
        counted, self._counted = self._counted, len(self._waiting) + len(self._refusals)
        SPOOLED_CHANGES.inc(self._counted - counted)

    def _finish(self) -> None:
        """Everything is in the database: forget the files. No await in here, so nothing is appended meanwhile."""
        had_files = bool(self._spool.size or self._leftovers)
        try:
            self._spool.clear()
            for leftover in self._leftovers:
                self._spool.finish(leftover)
        except OSError as error:
            # They are applied once more by the next start, which changes nothing.
            _log.warning("spool_not_removed", error=type(error).__name__)
        self._leftovers = []
        self._broken.clear()
        self._ours.clear()
        self._is_empty.set()
        if had_files:
            _log.info("commits_resumed")

    def _close(self) -> None:
        self._spool.close()
        for leftover in self._leftovers:
            self._spool.leave(leftover)
        self._leftovers = []

    def _say_full(self, event: str, reason: str) -> None:
        if not self._is_full:
            self._is_full = True
            _log.error(event, reason=reason, spool=str(self._spool.directory), advice="calls wait for the database")


def _first_of_each_call(changes: Iterable[Change], is_plain: Callable[[str], bool]) -> list[Change]:
    """The next changes that can be written together: as far as each is of another call, and of a plain one."""
    batch: dict[str, Change] = {}
    for change in changes:
        if change.call.id in batch or len(batch) == _LARGEST_BATCH or not is_plain(change.call.id):
            break
        batch[change.call.id] = change
    return list(batch.values())


def _decode_all(records: Sequence[bytes]) -> tuple[list[Change], list[bytes]]:
    """The changes, and the records that are none which this version knows."""
    changes: list[Change] = []
    unknown: list[bytes] = []
    for record in records:
        try:
            changes.append(decode_change(record))
        except (msgspec.DecodeError, KeyError):  # written by a newer version; people can read it
            unknown.append(record)
    return changes, unknown


def _as_json(record: bytes) -> msgspec.Raw | str:
    try:
        msgspec.json.decode(record)
    except msgspec.DecodeError:
        return record.hex()
    return msgspec.Raw(record)
