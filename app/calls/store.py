"""The call store: what all calls have ready goes into one transaction while the next is being gathered.

One row in a transaction of its own costs PostgreSQL a flush; a hundred together cost the same flush. So actors hand
over their changes and wait; the store writes whatever has gathered since the last commit.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import asyncpg
import structlog

from app.calls.keys import KeyClaim, KeyHolder, claim_keys, find_key
from app.calls.model import Call, Leg, Recording, decode_call
from app.calls.rows import UPSERT_CALL, UPSERT_LEG, UPSERT_RECORDING, call_row, leg_row, recording_row
from app.calls.turn import Happening
from app.cdrs.rows import insert_cdrs
from app.db.engine import Database, PooledConnection
from app.errors import DatabaseUnavailableError, OverloadedError, UnavailableError
from app.events.log import Appended, EventLog
from app.facts.calls import CallEnded
from app.facts.event import Draft
from app.ids import Kind, new_id
from app.metrics import COMMIT_CHANGES, COMMIT_SECONDS

_log = structlog.get_logger(__name__)

LARGEST_GROUP: Final = 256
_TRIES_AFTER_ROLLBACK: Final = 3
#: Of the unique index over (subject, number in the call): what a second writer of the same call runs into.
_FENCE: Final = "event_by_call"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What one call has ready to be written: itself, the facts that led here, and what of it is new.

    ``claim`` comes with the very first change of a call that was asked for with an idempotency key. ``is_retry``: an
    earlier try failed, perhaps after the commit; the drafts' ids tell.
    """

    call: Call
    drafts: tuple[Draft, ...]
    is_retry: bool = False
    legs: tuple[Leg, ...] = ()
    recordings: tuple[Recording, ...] = ()
    claim: KeyClaim | None = None


@dataclass(frozen=True, slots=True)
class KeyTaken:
    """The change was not written: its key belongs to an earlier request."""

    holder: KeyHolder


class FencedError(Exception):
    """Another process writes this call: its next fact is in the log already. Hands off, without a word to Asterisk."""


@dataclass(slots=True)
class _Waiting:
    change: Change
    done: "asyncio.Future[KeyTaken | None]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class CallStore:
    """Group commit for calls. ``run`` is its one writer."""

    def __init__(self, database: Database, log: EventLog, *, capacity: int = 10_000) -> None:
        self._database = database
        self._event_log = log
        self._capacity = capacity
        self._waiting: deque[_Waiting] = deque()
        self._has_work = asyncio.Event()
        self._is_away = False

    @property
    def backlog(self) -> int:
        """Changes that wait for their commit."""
        return len(self._waiting)

    async def commit(self, change: Change) -> KeyTaken | None:
        """Write a change; returns once it is durable and its facts are announced.

        Raises:
            DatabaseUnavailableError: nobody knows whether it was written; the same change may be handed in again.
            FencedError: another process has written the call meanwhile.
            OverloadedError: too many changes wait already.
        """
        if len(self._waiting) >= self._capacity:
            raise OverloadedError(f"The call store is full: {self._capacity} changes are waiting.")
        waiting = _Waiting(change)
        self._waiting.append(waiting)
        self._has_work.set()
        return await waiting.done

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            await self._has_work.wait()
            group = [self._waiting.popleft() for _ in range(min(LARGEST_GROUP, len(self._waiting)))]
            if not self._waiting:
                self._has_work.clear()
            if group:
                await self._write_or_tell(group)

    async def find_key(self, account_id: str, mutation: str, key: str) -> KeyHolder | None:
        """Who has this idempotency key, if anybody."""
        async with self._database.acquire() as connection:
            return await find_key(connection, account_id, mutation, key)

    async def load(self, call_id: str) -> Call | None:
        """A call as it was last written, whoever's it is: for this service's own use."""
        async with self._database.acquire() as connection:
            snapshot = await connection.fetchval("SELECT snapshot::text FROM call WHERE id = $1", call_id)
        return None if snapshot is None else decode_call(snapshot)

    async def load_open(self, node: str) -> list[Call]:
        """All calls of this node with something left to do."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(
                "SELECT snapshot::text FROM call WHERE node = $1 AND NOT is_settled ORDER BY created_at", node
            )
        return [decode_call(row["snapshot"]) for row in rows]

    async def _write_or_tell(self, group: Sequence[_Waiting]) -> None:
        try:
            await self._write_despite_rollbacks(group)
        except UnavailableError as error:
            self._say_away(error, len(group))
            _tell(group, error)
        except Exception as error:  # noqa: BLE001 -- each waiting actor hears it and decides; the writer must live
            if len(group) > 1:
                # One change that cannot be encoded, or that PostgreSQL does not take, must not sink the others.
                for waiting in group:
                    await self._write_or_tell([waiting])
                return
            call_id = group[0].change.call.id
            is_fenced = _is_fenced(error)
            _log.error(
                "call_fenced" if is_fenced else "change_not_storable", call_id=call_id, error=type(error).__name__
            )
            _tell(group, FencedError(call_id) if is_fenced else error)
        else:
            self._say_back()

    async def _write_despite_rollbacks(self, group: Sequence[_Waiting]) -> None:
        """PostgreSQL rolls one of two transactions back that wait for each other; it wants to be asked again."""
        for tries_left in range(_TRIES_AFTER_ROLLBACK, -1, -1):
            try:
                await self._write(group)
            except asyncpg.TransactionRollbackError as error:
                _log.info("commit_rolled_back", error=type(error).__name__)
                if not tries_left:
                    message = "The database keeps rolling these changes back."
                    raise DatabaseUnavailableError(message) from error
            else:
                return

    def _say_away(self, error: UnavailableError, waiting: int) -> None:
        if not self._is_away:
            self._is_away = True
            _log.error("commits_postponed", code=error.code, reason=error.message, changes=waiting)

    def _say_back(self) -> None:
        if self._is_away:
            self._is_away = False
            _log.info("commits_resumed")

    async def _write(self, group: Sequence[_Waiting]) -> None:
        with COMMIT_SECONDS.time():
            taken, appended = await self._commit(group)
        COMMIT_CHANGES.observe(len(group))
        try:
            self._event_log.announce(appended)
        except Exception:  # noqa: BLE001 -- what is committed stays committed, whatever a listener makes of it
            _log.exception("announcement_failed")
        for waiting in group:
            if not waiting.done.done():
                waiting.done.set_result(taken.get(waiting.change.call.id))

    async def _commit(self, group: Sequence[_Waiting]) -> tuple[dict[str, KeyTaken], Appended]:
        async with self._database.acquire() as connection, connection.transaction():
            taken = await _claim(connection, group)
            known = await _written_before(connection, group)
            new = [one.change for one in group if one.change.call.id not in taken and one.change.call.id not in known]
            await _refuse_overtaken(connection, new)
            return taken, await self._write_changes(connection, new)

    async def _write_changes(self, connection: PooledConnection, changes: Sequence[Change]) -> Appended:
        if not changes:
            return Appended(0, ())
        await connection.executemany(UPSERT_CALL, [call_row(change.call) for change in changes])
        legs = [leg_row(change.call, leg) for change in changes for leg in change.legs]
        if legs:
            await connection.executemany(UPSERT_LEG, legs)
        recordings = [recording_row(change.call, one) for change in changes for one in change.recordings]
        if recordings:
            await connection.executemany(UPSERT_RECORDING, recordings)
        records = [
            (change.call.account_id, draft.fact.cdr)
            for change in changes
            for draft in change.drafts
            if isinstance(draft.fact, CallEnded)
        ]
        if records:
            await insert_cdrs(connection, records)
        return await self._event_log.append_in(connection, [draft for change in changes for draft in change.drafts])


def _is_fenced(error: Exception) -> bool:
    """Whether an error says that the call is in other hands."""
    if isinstance(error, asyncpg.UniqueViolationError):
        return error.constraint_name == _FENCE
    return isinstance(error, FencedError)


def _tell(group: Sequence[_Waiting], error: Exception) -> None:
    for waiting in group:
        if not waiting.done.done():
            waiting.done.set_exception(error)


async def _claim(connection: PooledConnection, group: Sequence[_Waiting]) -> dict[str, KeyTaken]:
    # In one order everywhere, so that two processes with the same keys cannot wait for each other.
    ordered = sorted(
        (waiting.change.claim for waiting in group if waiting.change.claim),
        key=lambda claim: (claim.account_id, claim.mutation, claim.key),
    )
    claims = {claim.subject_id: claim for claim in ordered}
    if not claims:
        return {}
    held = await claim_keys(connection, list(claims.values()))
    taken: dict[str, KeyTaken] = {}
    for subject_id, claim in claims.items():
        if subject_id in held:
            continue
        holder = await find_key(connection, claim.account_id, claim.mutation, claim.key)
        if holder is not None and holder.subject_id != subject_id:
            taken[subject_id] = KeyTaken(holder)
    return taken


async def _refuse_overtaken(connection: PooledConnection, changes: Sequence[Change]) -> None:
    """A change without facts meets no unique index: it is looked up that its call has not gone on in other hands.

    Raises:
        FencedError: it has; the snapshot in the database tells more than this one.
    """
    silent = {change.call.id: change.call.sequence for change in changes if not change.drafts}
    if not silent:
        return
    rows = await connection.fetch(
        "SELECT id, (snapshot->>'sequence')::int AS sequence FROM call WHERE id = ANY($1::text[]) FOR UPDATE",
        sorted(silent),
    )
    for row in rows:
        if row["sequence"] > silent[row["id"]]:
            raise FencedError(row["id"])


async def _written_before(connection: PooledConnection, group: Sequence[_Waiting]) -> frozenset[str]:
    """The calls whose change is in the log already: its commit went through, and only the answer was lost."""
    firsts = {
        waiting.change.drafts[0].id: waiting.change.call.id
        for waiting in group
        if waiting.change.is_retry and waiting.change.drafts
    }
    if not firsts:
        return frozenset()
    rows = await connection.fetch("SELECT id FROM event WHERE id = ANY($1::text[])", list(firsts))
    return frozenset(firsts[row["id"]] for row in rows)


def make_drafts(call: Call, happenings: Sequence[Happening]) -> tuple[Draft, ...]:
    """The facts of a step, ready for the log."""
    return tuple(
        Draft(
            id=new_id(Kind.EVENT),
            account_id=call.account_id,
            subject_id=call.id,
            occurred_at=happening.at,
            fact=happening.fact,
            actor=happening.actor,
            call_sequence=happening.sequence,
            request_id=happening.request_id,
            is_sandbox=call.is_sandbox,
        )
        for happening in happenings
    )
