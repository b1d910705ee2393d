"""Exports as their owners ask for them, and as jobs: page by page into a file, which then goes to the store."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime
from typing import Any, BinaryIO, Final, assert_never

import msgspec

from app.accounts.audit import AuditLog, entry_by
from app.accounts.principal import Principal
from app.accounts.scopes import Scope
from app.cdrs.queries import CdrOrder, CdrQueries
from app.contacts.resources import ContactResources
from app.errors import RefusedError
from app.events.log import EventLog
from app.exports.columns import cells_of, json_of, names_of
from app.exports.course import MOST_COUNTED, Course
from app.exports.plan import SCOPES, ExportFormat, ExportKind, ExportOrder
from app.exports.sheets import write_rows
from app.facts.jobs import Counts, JobKind
from app.jobs.model import Done, Job, JobFailedError, NewJob, ReportName
from app.jobs.progress import Progress
from app.jobs.runner import Runner
from app.jobs.service import Jobs
from app.paging import Page, PageRequest
from app.recordings.queries import RecordingQueries

_PAGE: Final = 1000
_CONTENT_TYPES: Final = {
    ExportFormat.CSV: "text/csv; charset=utf-8",
    ExportFormat.NDJSON: "application/x-ndjson",
}
_NAMES: Final = {
    ExportKind.CDRS: "cdrs",
    ExportKind.CONTACTS: "contacts",
    ExportKind.DNC_ENTRIES: "dnc-entries",
    ExportKind.RECORDINGS: "recordings",
    ExportKind.EVENTS: "events",
}


class Exports:
    """Begins exports."""

    def __init__(self, jobs: Jobs, contacts: ContactResources, audit: AuditLog) -> None:
        self._jobs = jobs
        self._contacts = contacts
        self._audit = audit

    async def begin(self, by: Principal, order: ExportOrder) -> Job:
        """Have a file made. It shows what the key may see now, and no more.

        Raises:
            ScopeError: the key lacks what the kind needs.
            RefusedError: NOT_FOUND, there is no such list; INVALID_STATE, too many jobs wait.
            DatabaseUnavailableError.
        """
        by.require(SCOPES[order.kind])
        if order.list_id is not None:
            await self._check_list(by, order)
        order = msgspec.structs.replace(order, has_numbers=by.has(Scope.PII_READ), has_digits=by.has(Scope.DTMF_READ))
        job = await self._jobs.enqueue(
            NewJob(
                account_id=by.account_id,
                kind=JobKind.EXPORT,
                subject_id=order.list_id,
                payload=order,
                scope=SCOPES[order.kind],
                actor=by.actor,
                request_id=by.request_id,
                is_sandbox=by.is_test,
            )
        )
        self._audit.record(entry_by(by, "export.create", account_id=by.account_id, subject_id=job.id))
        return job

    async def _check_list(self, by: Principal, order: ExportOrder) -> None:
        lists = self._contacts.lists if order.kind is ExportKind.CONTACTS else self._contacts.dnc_lists
        assert order.list_id is not None  # the caller's
        if await lists.get(by.account_id, order.list_id) is None:
            raise lists.shelf.missing("listId")


class ExportRunner(Runner):
    """Writes the rows that there were when the export was asked for, oldest first; a later attempt begins anew."""

    kind = JobKind.EXPORT
    at_once = 2
    per_account = 2

    def __init__(
        self, cdrs: CdrQueries, recordings: RecordingQueries, log: EventLog, contacts: ContactResources
    ) -> None:
        self._cdrs = cdrs
        self._recordings = recordings
        self._log = log
        self._contacts = contacts

    async def run(self, job: Job, progress: Progress) -> Done:
        order = msgspec.json.decode(job.payload, type=ExportOrder)
        ending = order.format.value.lower()
        path = progress.folder / f"export.{ending}"
        fields = await self._fields(job.account_id, order)
        total = await self._count(job, order)
        course = Course(order.kind, total, job.created_at)
        count = 0
        write = _row_writer(order, fields)
        with await asyncio.to_thread(path.open, "wb") as file:
            await asyncio.to_thread(file.write, _heading(order, fields))
            async with aclosing(self._pages(job, order)) as pages:
                async for items in pages:
                    await asyncio.to_thread(_write_page, file, write, items)
                    count += len(items)
                    progress.note(
                        counts=Counts(total=max(total, count) if total is not None else None, processed=count),
                        fraction=course.fraction(count, items[0], items[-1]),
                    )
        return Done(
            counts=Counts(total=count, processed=count),
            file=path,
            report=ReportName(f"{_NAMES[order.kind]}.{ending}", _CONTENT_TYPES[order.format]),
        )

    async def _fields(self, account_id: str, order: ExportOrder) -> tuple[str, ...]:
        if order.kind is not ExportKind.CONTACTS:
            return ()
        found = await self._contacts.lists.get(account_id, order.list_id or "")
        if found is None:
            raise JobFailedError("The list was deleted.")
        return found.columns

    async def _count(self, job: Job, order: ExportOrder) -> int | None:
        """How many rows there will be, a few that have come since perhaps; None when nobody counts so far."""
        account_id, list_id = job.account_id, order.list_id or ""
        match order.kind:
            case ExportKind.CDRS:
                counted = await self._cdrs.count(account_id, order.calls, at_most=MOST_COUNTED)
            case ExportKind.CONTACTS:
                contacts = self._contacts.contacts
                counted = await contacts.count(account_id, list_id, order.contacts, at_most=MOST_COUNTED)
            case ExportKind.DNC_ENTRIES:
                counted = await self._contacts.dnc_entries.count(account_id, list_id, None, at_most=MOST_COUNTED)
            case ExportKind.RECORDINGS:
                counted = await self._recordings.count(account_id, order.recordings, at_most=MOST_COUNTED)
            case ExportKind.EVENTS:
                counted = await self._log.count(account_id, order.events, at_most=MOST_COUNTED)
            case _:
                assert_never(order.kind)
        return counted.count if counted.is_exact else None

    async def _pages(self, job: Job, order: ExportOrder) -> AsyncGenerator[Sequence[Any], None]:
        """The rows, a page at a time, each by its keys alone: no page costs more than another."""
        request = PageRequest(limit=_PAGE)
        while True:
            try:
                page = await self._page(job, order, request)
            except RefusedError as refused:
                raise JobFailedError(refused.message) from refused
            if len(page.items):
                yield page.items
            if not page.has_next:
                return
            request = replace(request, position=page.positions[-1])

    async def _page(self, job: Job, order: ExportOrder, request: PageRequest) -> Page[Any]:
        account_id, list_id = job.account_id, order.list_id or ""
        until = job.created_at  # what comes later is not waited for
        match order.kind:
            case ExportKind.CDRS:
                calls = replace(order.calls, created_to=_earlier(order.calls.created_to, until))
                return await self._cdrs.page(account_id, calls, request, order=CdrOrder.CREATED_AT_ASC)
            case ExportKind.CONTACTS:
                return await self._contacts.contacts.page(account_id, list_id, order.contacts, request)
            case ExportKind.DNC_ENTRIES:
                return await self._contacts.dnc_entries.page(account_id, list_id, None, request)
            case ExportKind.RECORDINGS:
                recordings = replace(order.recordings, created_to=_earlier(order.recordings.created_to, until))
                return await self._recordings.page(account_id, recordings, request, descending=False)
            case ExportKind.EVENTS:
                events = replace(order.events, occurred_to=_earlier(order.events.occurred_to, until))
                return await self._log.page(account_id, events, request)
            case _:
                assert_never(order.kind)


def _earlier(given: datetime | None, until: datetime) -> datetime:
    return until if given is None else min(given, until)


def _heading(order: ExportOrder, fields: Sequence[str]) -> bytes:
    return write_rows([names_of(order.kind, fields)]) if order.format is ExportFormat.CSV else b""


def _row_writer(order: ExportOrder, fields: Sequence[str]) -> Callable[[Sequence[Any]], bytes]:
    """Makes the bytes of some rows."""
    if order.format is ExportFormat.CSV:
        cells = cells_of(order.kind, order.sight, fields)
        return lambda items: write_rows(map(cells, items))
    as_json = json_of(order.kind, order.sight)
    return lambda items: b"".join(as_json(item) + b"\n" for item in items)


def _write_page(file: BinaryIO, write: Callable[[Sequence[Any]], bytes], items: Sequence[Any]) -> None:
    file.write(write(items))
