"""An erasure as a job: halt, wait, rewrite table by table, drop files, look once more."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from app.calls.keeping.keys import KeyVeil
from app.clock import Clock
from app.db.engine import Database, PooledConnection
from app.erasure.files import Objects, PersonFiles
from app.erasure.halting import Halting
from app.erasure.inventory import Table
from app.erasure.order import ErasureOrder, seal, unseal
from app.erasure.person import Person
from app.erasure.rows import AT_ONCE, PersonRows, Place, Rewriting
from app.events.log import EventLog
from app.facts.event import Draft
from app.facts.jobs import Counts, JobKind
from app.facts.vocabulary import Words
from app.jobs.model import Done, Job, JobFailedError, ReportName
from app.jobs.progress import Progress
from app.jobs.runner import Runner
from app.recordings.deletion import RecordingDeletion
from app.secrets.sealing import Sealer

#: Where in the store an account lays files ready for imports.
IMPORT_FOLDER: Final = "{account_id}/imports/"
#: Looking through everything again as long as something was found, so often at most.
_MOST_ROUNDS: Final = 3
_SAVED_EVERY: Final = 10
_FORGET: Final = "UPDATE job SET payload = $2::json WHERE id = $1"
_LATE_TRACES: Final = """
DELETE FROM call_trace USING call
WHERE call.id = call_trace.call_id AND call_trace.account_id = $1 AND $2 IN (call.dialled_number, call.caller_id)
"""
_DNC_REASONS: Final = "UPDATE dnc_entry SET reason = NULL WHERE account_id = $1 AND number = $2 AND reason IS NOT NULL"
_DNC_KEPT: Final = "SELECT count(*) FROM dnc_entry WHERE account_id = $1 AND number = $2"


class _Checkpoint(Words, frozen=True, kw_only=True):
    """How far it is: ``table`` was looked through as far as ``after``, in this ``round``. ``sealed`` has the names."""

    sealed: str
    round: int = 1
    table: str | None = None
    after: tuple[str, ...] | None = None
    looked_at: int = 0
    found_in_round: int = 0
    rows: dict[str, int] = {}  # noqa: RUF012  # msgspec copies it


class ErasureReport(Words, frozen=True, kw_only=True):
    """What was erased, or on a dry run would be: rows by table, files by kind; and entries of DNC lists that stay."""

    tombstone: str
    is_dry_run: bool
    rows: dict[str, int]
    files: dict[str, int]
    dnc_entries_kept: int


class ErasureRunner(Runner):
    """Erases persons, one at a time for each account.

    ``patience_seconds``: how long calls and jobs under way are waited for.
    """

    kind = JobKind.ERASURE
    at_once = 2
    per_account = 1

    def __init__(
        self,
        database: Database,
        log: EventLog,
        store: Objects,
        deletion: RecordingDeletion,
        sealer: Sealer,
        clock: Clock,
        *,
        veil: KeyVeil,
        look_seconds: float = 2.0,
        patience_seconds: float = 6 * 3600.0,
    ) -> None:
        self._database = database
        self._event_log = log
        self._store = store
        self._deletion = deletion
        self._sealer = sealer
        self._clock = clock
        self._veil = veil
        self._halting = Halting(database, log, clock)
        self._look_seconds = look_seconds
        self._patience_seconds = patience_seconds

    async def run(self, job: Job, progress: Progress) -> Done:
        order = msgspec.json.decode(job.payload, type=ErasureOrder)
        person = order.person(self._sealer)
        if person is None:
            raise JobFailedError("Nobody knows any more whom this was about.")
        if not order.is_dry_run:
            await self._halt(job, person)
        swept = await self._sweep(job, order, person, progress)
        person = unseal(swept.sealed, order.tombstone, self._sealer)
        files = await self._drop_files(job, order, person)
        kept = await self._keep_dnc(job.account_id, order, person)
        report = ErasureReport(
            tombstone=order.tombstone, is_dry_run=order.is_dry_run, rows=swept.rows, files=files, dnc_entries_kept=kept
        )
        path = progress.folder / "erasure.json"
        await asyncio.to_thread(_write, path, report)
        total = sum(swept.rows.values()) + sum(files.values())
        return Done(
            counts=Counts(total=total, processed=total, updated=total, skipped=kept),
            file=path,
            report=ReportName("erasure.json", "application/json"),
            in_transaction=lambda connection: self._forget(connection, job),
        )

    async def ended(self, connection: PooledConnection, job: Job) -> Sequence[Draft]:
        """Given up or cancelled: who it was about goes all the same. Whoever wants it done asks again."""
        await self._forget(connection, job)
        return ()

    async def _forget(self, connection: PooledConnection, job: Job) -> None:
        order = msgspec.json.decode(job.payload, type=ErasureOrder)
        await connection.execute(_FORGET, job.id, msgspec.to_builtins(order.forgotten()))

    async def _halt(self, job: Job, person: Person) -> None:
        until = self._clock.monotonic() + self._patience_seconds
        while True:
            await self._halting.call_off(job.account_id, person)
            waits_for = await self._halting.under_way(job.account_id, person, before=job.created_at)
            if waits_for is None:
                return
            if self._clock.monotonic() >= until:
                raise JobFailedError(f"It waited in vain for the end of {waits_for}. End that, and ask again.")
            await asyncio.sleep(self._look_seconds)

    async def _sweep(self, job: Job, order: ErasureOrder, person: Person, progress: Progress) -> _Checkpoint:
        """Look through all tables, and again until nothing is found. Gives where it has come to."""
        rows = PersonRows(self._database, job.account_id, self._veil, is_dry_run=order.is_dry_run)
        tables = await rows.read_tables()
        names = list(tables)
        at = _Checkpoint(sealed=order.sealed or "")
        if progress.checkpoint is not None:
            at = msgspec.json.decode(progress.checkpoint, type=_Checkpoint)
            person = unseal(at.sealed, order.tombstone, self._sealer)
        while True:
            begin = names.index(at.table) if at.table in tables else 0
            for number, name in enumerate(names[begin:], start=begin):
                at = msgspec.structs.replace(at, table=name, after=at.after if name == at.table else None)
                at, person = await self._sweep_table(job, rows, tables, person, progress, at, number / len(names))
            if order.is_dry_run or at.found_in_round == 0 or at.round == _MOST_ROUNDS:
                return at
            at = msgspec.structs.replace(at, round=at.round + 1, table=None, after=None, found_in_round=0)
            await progress.save(checkpoint=at)

    async def _sweep_table(
        self,
        job: Job,
        rows: PersonRows,
        tables: Mapping[str, Table],
        person: Person,
        progress: Progress,
        at: _Checkpoint,
        fraction: float,
    ) -> tuple[_Checkpoint, Person]:
        table = tables[at.table or ""]
        pieces = 0
        while True:
            after = None if at.after is None else Place(at.after)
            piece = await rows.look(table, person, after)
            for begin in range(0, len(piece.hits), AT_ONCE):
                done = await self._rewrite(
                    job, rows, tables, table, piece.hits[begin : begin + AT_ONCE], person, progress
                )
                person = person.known_as(done.names)
                at = _counted(at, done, sealed=seal(person, self._sealer))
            at = msgspec.structs.replace(at, looked_at=at.looked_at + piece.looked_at)
            if piece.last is None:
                await progress.save(checkpoint=at, counts=_counts(at), fraction=fraction)
                return msgspec.structs.replace(at, after=None), person
            at = msgspec.structs.replace(at, after=piece.last.values)
            pieces += 1
            if piece.hits or pieces % _SAVED_EVERY == 0:
                await progress.save(checkpoint=at, counts=_counts(at), fraction=fraction)

    async def _rewrite(
        self,
        job: Job,
        rows: PersonRows,
        tables: Mapping[str, Table],
        table: Table,
        hits: Sequence[Place],
        person: Person,
        progress: Progress,
    ) -> Rewriting:
        async with self._event_log.transaction() as transaction:
            # It locks the job: once that is cancelled, or another worker's, nothing more is rewritten.
            await progress.save_in(transaction.connection)
            done = await rows.rewrite(transaction.connection, tables, table, hits, person)
            if done.call_ids and not rows.is_dry_run:
                await self._deletion.erase(
                    transaction, job.account_id, done.call_ids, actor=job.actor, request_id=job.request_id
                )
        return done

    async def _drop_files(self, job: Job, order: ErasureOrder, person: Person) -> dict[str, int]:
        files = PersonFiles(self._database, self._store, job.account_id, is_dry_run=order.is_dry_run)
        if not order.is_dry_run:
            while await self._deletion.remove_files():
                pass
            async with self._database.acquire() as connection:
                # Traces are written a moment after their calls are over.
                await connection.execute(_LATE_TRACES, job.account_id, order.tombstone)
        dropped = {
            "reports": await files.drop_reports(person, job.id),
            "uploads": await files.drop_uploads(person),
            "imports": await files.drop_laid_ready(person, IMPORT_FOLDER.format(account_id=job.account_id)),
        }
        return {kind: number for kind, number in dropped.items() if number}

    async def _keep_dnc(self, account_id: str, order: ErasureOrder, person: Person) -> int:
        async with self._database.acquire() as connection:
            if not order.is_dry_run:
                await connection.execute(_DNC_REASONS, account_id, person.number)
            kept: int = await connection.fetchval(_DNC_KEPT, account_id, person.number)
        return kept


def _counted(at: _Checkpoint, done: Rewriting, *, sealed: str) -> _Checkpoint:
    rows = dict(at.rows)
    for table, number in done.rows.items():
        rows[table] = rows.get(table, 0) + number
    found = at.found_in_round + sum(done.rows.values())
    return msgspec.structs.replace(at, rows=rows, found_in_round=found, sealed=sealed)


def _counts(at: _Checkpoint) -> Counts:
    return Counts(processed=at.looked_at, updated=sum(at.rows.values()))


def _write(path: Path, report: ErasureReport) -> None:
    path.write_bytes(msgspec.json.format(msgspec.json.encode(report)))
