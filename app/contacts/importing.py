"""A file into a list: batch by batch, each in one transaction with its place in the file and its lines of the report.

So a process that is killed leaves whole batches behind, and whoever goes on begins with the next row: no row is half
there, and none is taken in twice. Within a file a number counts once, the first time: all that an import writes carries
the job's own instant, so a later batch sees what an earlier one, or an earlier attempt, has written. Memory holds two
batches, whatever the file's size.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Final, Protocol

import msgspec

from app import failpoints
from app.contacts.import_batches import REPORT_HEADING, Batch, Form, ReportLine, examine, read_batches, report_bytes
from app.contacts.import_plan import Checkpoint, ImportOptions, OnDnc, OnDuplicate
from app.contacts.lists import touch_contacts, touch_dnc
from app.contacts.numbers import NumberReader
from app.contacts.rows import NewEntry, Written, find_dnc, write_contacts, write_entries
from app.contacts.words import DncSource, RowOutcome
from app.db.engine import Database, PooledConnection
from app.facts.jobs import Counts

#: What the report says of a contact whose number must not be called.
ON_DNC_LIST: Final = "ON_DNC_LIST"
#: What it says of a number that the list had before.
ALREADY_IN_LIST: Final = "ALREADY_IN_LIST"


class Saving(Protocol):
    """What keeps how far an import is: ``app.jobs.progress.Progress``."""

    @property
    def checkpoint(self) -> bytes | None: ...
    @property
    def counts(self) -> Counts: ...
    async def save_in(
        self,
        connection: PooledConnection,
        *,
        checkpoint: Any = None,
        counts: Counts | None = None,
        fraction: float | None = None,
        report: bytes = b"",
    ) -> None: ...


class Target(Protocol):
    """A list that takes rows; ``is_dnc`` says of which kind."""

    @property
    def is_dnc(self) -> bool: ...
    async def write(self, connection: PooledConnection, batch: Batch, form: Form) -> list[ReportLine]:
        """Write a batch's rows in the caller's transaction; what became of each.

        Raises:
            RefusedError: NOT_FOUND, the list was deleted.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactTarget:
    """Takes rows into a contact list. ``at`` is the import's own instant, the same over all attempts."""

    account_id: str
    list_id: str
    at: datetime
    on_duplicate: OnDuplicate = OnDuplicate.UPDATE
    on_dnc: OnDnc = OnDnc.KEEP
    is_dnc: ClassVar[bool] = False

    async def write(self, connection: PooledConnection, batch: Batch, form: Form) -> list[ReportLine]:
        await touch_contacts(
            connection, self.account_id, self.list_id, self.at, form.layout.field_names, field="listId"
        )
        dnc = await find_dnc(connection, self.account_id, batch.rows)
        is_kept = self.on_dnc is OnDnc.KEEP
        written = await write_contacts(
            connection,
            self.account_id,
            self.list_id,
            [contact for _, contact, _ in batch.rows.values() if is_kept or contact.number not in dnc],
            at=self.at,
            may_update=self.on_duplicate is OnDuplicate.UPDATE,
        )
        lines = []
        for number, (row, _, _) in batch.rows.items():
            if number in dnc and not is_kept:
                lines.append(ReportLine(row, RowOutcome.SKIPPED, ON_DNC_LIST))
            else:
                lines.append(_line(row, number, written, ON_DNC_LIST if number in dnc else ""))
        return lines


@dataclass(frozen=True, slots=True, kw_only=True)
class DncTarget:
    """Takes rows onto a DNC list."""

    account_id: str
    list_id: str
    at: datetime
    is_dnc: ClassVar[bool] = True

    async def write(self, connection: PooledConnection, batch: Batch, form: Form) -> list[ReportLine]:
        del form
        await touch_dnc(connection, self.account_id, self.list_id, self.at, field="listId")
        entries = [NewEntry(number, reason) for number, (_, _, reason) in batch.rows.items()]
        written = await write_entries(
            connection, self.account_id, self.list_id, entries, at=self.at, source=DncSource.IMPORT
        )
        return [_line(row, number, written) for number, (row, _, _) in batch.rows.items()]


def _line(row: int, number: str, written: Written, remark: str = "") -> ReportLine:
    if number in written.added:
        return ReportLine(row, RowOutcome.ADDED, remark)
    if number in written.updated:
        return ReportLine(row, RowOutcome.UPDATED, remark)
    reason = "DUPLICATE_IN_FILE" if number in written.again else ALREADY_IN_LIST
    return ReportLine(row, RowOutcome.SKIPPED, reason)


async def import_csv(
    path: Path,
    options: ImportOptions,
    *,
    database: Database,
    target: Target,
    reader: NumberReader,
    saving: Saving,
) -> Counts:
    """Read a file into a list, going on behind the last checkpoint.

    Raises:
        FileRefusedError: nothing of the file can be read.
        RefusedError: NOT_FOUND, the list was deleted; INVALID_STATE, too many free fields.
        JobLostError: from ``saving``; the batch is not written.
        DatabaseUnavailableError.
    """
    before = None if saving.checkpoint is None else msgspec.json.decode(saving.checkpoint, type=Checkpoint)
    form = await asyncio.to_thread(examine, path, options, reader, before, is_dnc=target.is_dnc)
    size = (await asyncio.to_thread(path.stat)).st_size
    counts = saving.counts
    is_first = before is None
    with closing(read_batches(path, form, reader, after_row=0 if before is None else before.row)) as batches:
        ahead = _read_ahead(batches)
        try:
            # Shielded: to be cancelled must not look as if the thread had ended.
            while (batch := await asyncio.shield(ahead)) is not None:
                ahead = _read_ahead(batches)  # it is read while this one is written
                checkpoint = Checkpoint(row=batch.last_row, encoding=form.encoding, separator=form.separator)
                async with database.acquire() as connection, connection.transaction():
                    lines = [*await target.write(connection, batch, form), *batch.refused]
                    grown = _add(counts, lines)
                    await saving.save_in(
                        connection,
                        checkpoint=checkpoint,
                        counts=grown,
                        fraction=min(batch.bytes_read / size, 1.0),
                        report=(REPORT_HEADING if is_first else b"") + report_bytes(lines),
                    )
                    if failpoints.armed is not None:
                        await failpoints.reach(failpoints.Failpoint.IMPORT_BATCH_WRITTEN)
                if failpoints.armed is not None:
                    await failpoints.reach(failpoints.Failpoint.IMPORT_BATCH_COMMITTED)
                counts, is_first = grown, False
        finally:
            # A thread cannot be cancelled; the file is its own until it has ended, which takes as long as a batch.
            while not ahead.done():
                with suppress(asyncio.CancelledError):
                    await asyncio.wait([ahead])
            ahead.exception()  # known now, if there is one: what was raised first is what counts
    return msgspec.structs.replace(counts, total=counts.processed)


def _read_ahead(batches: Iterator[Batch]) -> "asyncio.Future[Batch | None]":
    return asyncio.ensure_future(asyncio.to_thread(next, batches, None))


def _add(counts: Counts, lines: Sequence[ReportLine]) -> Counts:
    found = dict.fromkeys(RowOutcome, 0)
    for line in lines:
        found[line.outcome] += 1
    return msgspec.structs.replace(
        counts,
        processed=counts.processed + len(lines),
        added=counts.added + found[RowOutcome.ADDED],
        updated=counts.updated + found[RowOutcome.UPDATED],
        skipped=counts.skipped + found[RowOutcome.SKIPPED],
        rejected=counts.rejected + found[RowOutcome.REJECTED],
        dnc=counts.dnc + sum(line.reason == ON_DNC_LIST for line in lines),
        existing=counts.existing + sum(line.reason == ALREADY_IN_LIST for line in lines),
    )
