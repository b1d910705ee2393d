"""Writing a group of changes in one transaction.

There are two ways. At once: one statement, which is a transaction of its own, on a connection that the writer keeps;
that is one round trip. Or with care: the same statement in a transaction that has looked first, for changes of which
somebody may have been quicker: retries, changes without facts, keys that turn out to be taken.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg
import structlog

from app.calls.keeping.change import Change, FencedError, KeyTaken
from app.calls.keeping.counted import ended_of
from app.calls.keeping.keys import claim_keys, find_holders
from app.calls.keeping.rows import KEYS_TAKEN, fill_calls, fill_claims, fill_legs, fill_recordings, fill_uses
from app.cdrs.rows import fill_cdrs
from app.db.compound import Filled
from app.db.engine import Database, PooledConnection
from app.db.kept import KeptConnection
from app.errors import DatabaseUnavailableError
from app.events.log import Appended, EventLog
from app.facts.calls import CallEnded
from app.facts.event import Draft
from app.metrics import COMMIT_CHANGES, COMMIT_SECONDS
from app.usage.settling import fill_ended

_log = structlog.get_logger(__name__)

Admit = Callable[["asyncpg.Connection[Any]"], Awaitable[None]]

_TRIES_AFTER_ROLLBACK: Final = 3
_SLOW: Final = "The database does not answer in time."
#: Of the unique index over (subject, number in the call): what a second writer of the same call runs into.
_FENCE: Final = "event_by_call"
#: What a change runs into whose earlier try was still on its way when it was looked for.
_WRITTEN: Final = frozenset({_FENCE, "event_by_id"})
#: SQLSTATE classes that speak of the values: data exceptions and violated constraints. They are final.
_OF_THE_VALUES: Final = frozenset({"22", "23"})
#: Classes that speak of the server or the session (connection, state, rights to log in, rollback, resources, objects in
#: use, an operator, the disk): they are said of any change, and pass. What any other says is not known from it alone.
_OF_THE_SERVER: Final = frozenset({"08", "25", "28", "3D", "40", "53", "55", "57", "58"})


class ChangesRefusedError(DatabaseUnavailableError):
    """The server answers, and refuses: one of these changes, or, as it is just now, any."""

    def __init__(self, message: str, sqlstate: str) -> None:
        super().__init__(message)
        self.sqlstate = sqlstate


class Committer:
    """The one connection over which calls are written. Its users wait for each other.

    ``admit`` is awaited with each new connection: it raises FencedError when this process may not write any more.
    """

    def __init__(self, database: Database, log: EventLog, *, admit: Admit | None = None) -> None:
        self._connection = KeptConnection(database, on_open=admit)
        self._event_log = log
        self._turn = asyncio.Lock()
        #: How often the server has taken changes.
        self.accepted = 0

    async def write(
        self, changes: Sequence[Change], *, is_replay: bool = False, deadline: float | None = None
    ) -> dict[str, KeyTaken]:
        """Write changes, one of each call, and announce their facts. Gives the calls whose key belongs to another.

        ``is_replay``: a change without facts that has been overtaken is left out; it was written once. ``deadline``,
        by the loop's clock: what is not written by then counts as an outage.

        Raises:
            DatabaseUnavailableError: nobody knows whether they were written.
            ChangesRefusedError: one of that kind: they were not, and the server gave a reason that may be theirs.
            FencedError, asyncpg.UniqueViolationError: a call has gone on in other hands (``is_fenced`` tells); nothing
                was written.
            Exception: any other is the fault of one of these changes, and would be the same another time.
        """
        with COMMIT_SECONDS.time():
            taken, appended = await self._write_despite_rollbacks(changes, is_replay=is_replay, deadline=deadline)
        COMMIT_CHANGES.observe(len(changes))
        self.accepted += bool(appended.events)
        try:
            self._event_log.announce(appended)
        except Exception:  # noqa: BLE001 -- what is committed stays committed, whatever a listener makes of it
            _log.exception("announcement_failed")
        return taken

    async def open(self) -> None:
        """Become the one who writes: what an earlier writer had under way is written or rolled back after this.

        Raises:
            FencedError: another process writes.
            DatabaseUnavailableError: the database is away.
        """
        try:
            async with self._turn, self._connection.use():
                return
        except asyncpg.PostgresError as error:
            raise self._give_up_on(error) from error

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    async def _write_despite_rollbacks(
        self, changes: Sequence[Change], *, is_replay: bool, deadline: float | None
    ) -> tuple[dict[str, KeyTaken], Appended]:
        """PostgreSQL rolls one of two transactions back that wait for each other; it wants to be asked again."""
        tries_left = _TRIES_AFTER_ROLLBACK
        while True:
            try:
                async with self._use(deadline) as connection:
                    return await self._write(connection, changes, is_replay=is_replay)
            except asyncpg.TransactionRollbackError as error:
                _log.info("commit_rolled_back", error=type(error).__name__)
                if not tries_left:
                    message = "The database keeps rolling these changes back."
                    raise DatabaseUnavailableError(message) from error
                tries_left -= 1
            except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                if _is_of_the_values(error):
                    raise
                raise self._give_up_on(error) from error

    @asynccontextmanager
    async def _use(self, deadline: float | None) -> AsyncIterator[PooledConnection]:
        """The connection, in turn, until the deadline at the longest.

        Then it is cut rather than the block cancelled: a cancelled transaction wants to be rolled back, and would wait
        for a server that does not answer until the statement's own time is over.
        """
        if deadline is None:
            async with self._turn, self._connection.use() as connection:
                yield connection
            return
        loop = asyncio.get_running_loop()
        if loop.time() >= deadline:
            raise DatabaseUnavailableError(_SLOW)
        is_mine = False

        def end() -> None:
            if is_mine:
                self._connection.close()
            # Whoever waits for its turn, or for a new connection, has no statement that could fail.
            limit.reschedule(loop.time())

        try:
            async with asyncio.timeout(None) as limit:
                ending = loop.call_at(deadline, end)
                try:
                    async with self._turn:
                        is_mine = True
                        async with self._connection.use() as connection:
                            yield connection
                finally:
                    ending.cancel()
        except TimeoutError as error:
            raise DatabaseUnavailableError(_SLOW) from error

    def _give_up_on(self, error: Exception) -> DatabaseUnavailableError:
        """The server's own trouble: another session of it may fare better."""
        _log.warning("commit_refused", error=type(error).__name__, sqlstate=getattr(error, "sqlstate", None))
        self._connection.close()
        message = f"The database takes no changes just now ({type(error).__name__})."
        sqlstate = str(getattr(error, "sqlstate", None) or "")
        if not sqlstate or sqlstate[:2] in _OF_THE_SERVER:
            return DatabaseUnavailableError(message)
        return ChangesRefusedError(message, sqlstate)

    async def _write(
        self, connection: PooledConnection, changes: Sequence[Change], *, is_replay: bool
    ) -> tuple[dict[str, KeyTaken], Appended]:
        if not self._event_log.needs_transaction and all(_is_plain(change) for change in changes):
            try:
                return {}, await self._write_rows(connection, changes, with_claims=True)
            except asyncpg.UniqueViolationError as error:
                if error.constraint_name != KEYS_TAKEN:
                    raise
        try:
            return await self._write_with_care(connection, changes, is_replay=is_replay)
        except asyncpg.UniqueViolationError as error:
            if error.constraint_name not in _WRITTEN or not any(change.is_retry for change in changes):
                raise
        # An earlier try may have been on its way still when it was looked for; by now it is seen.
        return await self._write_with_care(connection, changes, is_replay=is_replay)

    async def _write_with_care(
        self, connection: PooledConnection, changes: Sequence[Change], *, is_replay: bool
    ) -> tuple[dict[str, KeyTaken], Appended]:
        # Unless it is known to be in flight until it is committed, a new webhook endpoint could miss what it appends.
        with self._event_log.in_flight():
            async with connection.transaction():
                return await self._write_in(connection, changes, is_replay=is_replay)

    async def _write_in(
        self, connection: PooledConnection, changes: Sequence[Change], *, is_replay: bool
    ) -> tuple[dict[str, KeyTaken], Appended]:
        taken = await _claim(connection, changes)
        known = await _written_before(connection, changes)
        new = [change for change in changes if change.call.id not in taken and change.call.id not in known]
        overtaken = await _overtaken(connection, new)
        if overtaken and not is_replay:
            raise FencedError(min(overtaken))
        new = [change for change in new if change.call.id not in overtaken]
        return taken, await self._write_rows(connection, new)

    async def _write_rows(
        self, connection: PooledConnection, changes: Sequence[Change], *, with_claims: bool = False
    ) -> Appended:
        if not changes:
            return Appended(0, ())
        drafts = [draft for change in changes for draft in change.drafts]
        return await self._event_log.write(connection, _fill(changes, drafts, with_claims=with_claims), drafts)


def is_fenced(error: Exception) -> bool:
    """Whether an error of :meth:`Committer.write` says that the call is in other hands."""
    if isinstance(error, asyncpg.UniqueViolationError):
        return error.constraint_name == _FENCE
    return isinstance(error, FencedError)


def is_unwritten(error: Exception) -> bool:
    """Whether an error of :meth:`Committer.write`, or of whoever hands changes to it, says that nothing was written.

    Of an outage nobody knows.
    """
    return isinstance(error, ChangesRefusedError) or not isinstance(error, DatabaseUnavailableError)


def _is_of_the_values(error: Exception) -> bool:
    return isinstance(error, asyncpg.PostgresError) and str(error.sqlstate or "")[:2] in _OF_THE_VALUES


def _is_plain(change: Change) -> bool:
    """Whether PostgreSQL finds out by itself, in the unique index, that somebody was quicker with this change."""
    return bool(change.drafts) and not change.is_retry


def _fill(changes: Sequence[Change], drafts: Sequence[Draft], *, with_claims: bool) -> list[Filled]:
    """The rows of all tables but the log. Parts without rows are left out."""
    filled = [fill_calls(change.call for change in changes)]
    claims = [change.claim for change in changes if change.claim is not None]
    if claims and with_claims:
        filled.insert(0, fill_claims(claims))
    uses = [use for change in changes for use in change.uses]
    if uses:
        filled.append(fill_uses(uses))
    legs = [(change.call, leg) for change in changes for leg in change.legs]
    if legs:
        filled.append(fill_legs(legs))
    recordings = [(change.call, one) for change in changes for one in change.recordings]
    if recordings:
        filled.append(fill_recordings(recordings))
    records = [(draft.account_id, draft.fact.cdr) for draft in drafts if isinstance(draft.fact, CallEnded)]
    if records:
        filled.append(fill_cdrs(records))
    ended = [one for change in changes for one in ended_of(change)]
    if ended:
        filled.append(fill_ended(ended))
    return filled


async def _claim(connection: PooledConnection, changes: Sequence[Change]) -> dict[str, KeyTaken]:
    # In one order everywhere, so that two processes with the same keys cannot wait for each other.
    ordered = sorted(
        (change.claim for change in changes if change.claim),
        key=lambda claim: (claim.account_id, claim.mutation, claim.key),
    )
    claims = {claim.subject_id: claim for claim in ordered}
    if not claims:
        return {}
    held = await claim_keys(connection, list(claims.values()))
    refused = [claim for subject_id, claim in claims.items() if subject_id not in held]
    # All at once: live calls wait behind this, and a crowd with one key would have each of its claims asked for.
    holders = await find_holders(connection, refused) if refused else {}
    return {
        claim.subject_id: KeyTaken(holder) for claim, holder in holders.items() if holder.subject_id != claim.subject_id
    }


async def _overtaken(connection: PooledConnection, changes: Sequence[Change]) -> frozenset[str]:
    """The calls that have gone on without a change that has no facts: it meets no unique index, so it is looked up.

    The snapshot in the database tells more than theirs.
    """
    silent = {change.call.id: change.call.sequence for change in changes if not change.drafts}
    if not silent:
        return frozenset()
    rows = await connection.fetch(
        "SELECT id, coalesce((snapshot->>'sequence')::int, 0) AS sequence FROM call "
        "WHERE id = ANY($1::text[]) ORDER BY id FOR UPDATE",
        sorted(silent),
    )
    return frozenset(row["id"] for row in rows if row["sequence"] > silent[row["id"]])


async def _written_before(connection: PooledConnection, changes: Sequence[Change]) -> frozenset[str]:
    """The calls whose change is in the log already: its commit went through, and only the answer was lost."""
    firsts = {change.drafts[0].id: change.call.id for change in changes if change.is_retry and change.drafts}
    if not firsts:
        return frozenset()
    rows = await connection.fetch("SELECT id FROM event WHERE id = ANY($1::text[])", list(firsts))
    return frozenset(firsts[row["id"]] for row in rows)
