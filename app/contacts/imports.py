"""Imports as their owners begin them, and as jobs are done."""

import asyncio
import re
import secrets
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

import msgspec

from app.accounts.audit import AuditLog, entry_by
from app.accounts.principal import Principal
from app.contacts.accounts import find_reader
from app.contacts.csv_columns import MOST_COLUMNS, is_field_name
from app.contacts.import_batches import FileRefusedError
from app.contacts.import_plan import ImportOptions, ImportOrder
from app.contacts.importing import ContactTarget, DncTarget, Target, import_csv
from app.contacts.model import ContactList, DncList
from app.contacts.rows import CONTACT_LISTS, DNC_LISTS
from app.contacts.words import ColumnRole
from app.db.engine import Database, PooledConnection
from app.errors import Problem, RefusedError
from app.facts.event import Draft
from app.facts.jobs import JobKind
from app.files.store import FileStore, ObjectMissingError
from app.files.uploads import LARGEST_CSV, ReceivedUpload, Uploads
from app.ids import Kind, new_id
from app.jobs.model import Done, Job, JobFailedError, NewJob, ReportName
from app.jobs.progress import Progress
from app.jobs.runner import Runner
from app.jobs.service import Jobs
from app.resources.field_checks import check_name
from app.resources.shelf import Shelf, raise_all

#: How long a file is kept for a job that is never done.
_KEPT: Final = timedelta(days=7)
_OBJECT: Final = re.compile(
    r"(?=.{1,200}\Z)[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*){0,8}", re.ASCII
)


def object_folder(account_id: str) -> str:
    """Where in the store an account's own files lie that it may import without uploading them."""
    return f"{account_id}/imports/"


class Imports:
    """Begins imports. All raise DatabaseUnavailableError, and StoreUnavailableError for an object of the store."""

    def __init__(self, database: Database, audit: AuditLog, jobs: Jobs, uploads: Uploads, store: FileStore) -> None:
        self._database = database
        self._audit = audit
        self._jobs = jobs
        self._uploads = uploads
        self._store = store

    async def begin(
        self,
        by: Principal,
        kind: JobKind,
        list_id: str,
        options: ImportOptions,
        *,
        upload_id: str | None = None,
        object_name: str | None = None,
    ) -> Job:
        """Have a file read into a contact list or a DNC list, as the ``kind`` says.

        The file is an upload, which is used up, or an object in the account's own folder of the store.

        Raises:
            RefusedError: NOT_FOUND; INVALID_STATE, its file has not come, or too many jobs wait; INVALID_INPUT.
        """
        raise_all(_check(options))
        if upload_id is not None:
            found = await self._uploads.find_csv(by.account_id, upload_id)
        else:
            found = await self._find_object(by.account_id, object_name or "")
        shelf = CONTACT_LISTS if kind is JobKind.CONTACT_IMPORT else DNC_LISTS
        order = ImportOrder(
            list_id=list_id,
            object_key=found.object_key,
            size_bytes=found.size_bytes,
            options=options,
            is_test=by.is_test,
        )
        async with self._database.acquire() as connection, connection.transaction():
            await shelf.lock(connection, by.account_id, list_id, "listId")
            until = await connection.fetchval("SELECT now()") + _KEPT
            if upload_id is not None:
                await self._uploads.hand_over(connection, by.account_id, upload_id, until)
            job = await self._jobs.enqueue_in(
                connection,
                NewJob(
                    account_id=by.account_id,
                    kind=kind,
                    subject_id=list_id,
                    payload=order,
                    actor=by.actor,
                    request_id=by.request_id,
                    is_sandbox=by.is_test,
                ),
            )
        self._jobs.announce()
        noun = "contact" if kind is JobKind.CONTACT_IMPORT else "dnc_entry"
        self._audit.record(entry_by(by, f"{noun}.import", account_id=by.account_id, subject_id=list_id))
        return job

    async def begin_local(
        self, account_id: str, kind: JobKind, list_name: str, options: ImportOptions, path: Path, *, may_create: bool
    ) -> Job:
        """Have a file of this machine read into the list of this name or id, for the operator, who needs no key.

        The file is copied into the store first.

        Raises:
            RefusedError: NOT_FOUND, there is no such list; INVALID_INPUT; INVALID_STATE.
            OSError: the file cannot be read.
        """
        raise_all([*_check(options), *check_name(list_name)])
        size = (await asyncio.to_thread(path.stat)).st_size
        if not 1 <= size <= LARGEST_CSV:
            raise RefusedError(Problem("INVALID_INPUT", f"A file has 1 to {LARGEST_CSV} bytes.", ("file",)))
        shelf: Shelf[ContactList] | Shelf[DncList] = CONTACT_LISTS if kind is JobKind.CONTACT_IMPORT else DNC_LISTS
        async with self._database.acquire() as connection:
            list_id = await _find_list(connection, shelf, account_id, list_name)
            if list_id is None and may_create:
                new = new_id(Kind.CONTACT_LIST if kind is JobKind.CONTACT_IMPORT else Kind.DNC_LIST)
                list_id = (await shelf.insert(connection, {"id": new, "account_id": account_id, "name": list_name})).id
        if list_id is None:
            raise RefusedError(Problem("NOT_FOUND", f"There is no {shelf.noun} {list_name!r}.", ("list",)))
        upload_id = new_id(Kind.UPLOAD)
        key = f"uploads/{upload_id}-{secrets.token_hex(8)}"
        await self._store.put_file(key, path, size)
        order = ImportOrder(list_id=list_id, object_key=key, size_bytes=size, options=options)
        async with self._database.acquire() as connection, connection.transaction():
            await self._uploads.note_kept(connection, account_id, upload_id, key, size, _KEPT)
            job = await self._jobs.enqueue_in(
                connection, NewJob(account_id=account_id, kind=kind, subject_id=list_id, payload=order)
            )
        self._jobs.announce()
        noun = "contact" if kind is JobKind.CONTACT_IMPORT else "dnc_entry"
        self._audit.record(entry_by(None, f"{noun}.import", account_id=account_id, subject_id=list_id))
        return job

    async def _find_object(self, account_id: str, name: str) -> ReceivedUpload:
        field = ("source", "objectName")
        if _OBJECT.fullmatch(name) is None:
            message = "Give a name such as 2026/march.csv: letters, digits, `.`, `_` and `-`, in folders."
            raise RefusedError(Problem("INVALID_INPUT", message, field))
        key = object_folder(account_id) + name
        try:
            size = await self._store.size(key)
        except ObjectMissingError as error:
            raise RefusedError(Problem("NOT_FOUND", "There is no such object.", field)) from error
        if not 1 <= size <= LARGEST_CSV:
            raise RefusedError(Problem("INVALID_INPUT", f"A file has 1 to {LARGEST_CSV} bytes.", field))
        return ReceivedUpload(id="", size_bytes=size, object_key=key)


async def _find_list(
    connection: PooledConnection, shelf: Shelf[ContactList] | Shelf[DncList], account_id: str, name: str
) -> str | None:
    found = await shelf.find(connection, account_id, "$2 IN (id, name)", name)
    return found[0].id if found else None


class _Import(Runner):
    """What both kinds have in common."""

    at_once = 2
    per_account = 1
    report = ReportName("import.csv", "text/csv; charset=utf-8")

    def __init__(self, database: Database, store: FileStore, uploads: Uploads) -> None:
        self._database = database
        self._store = store
        self._uploads = uploads

    async def run(self, job: Job, progress: Progress) -> Done:
        order = msgspec.json.decode(job.payload, type=ImportOrder)
        path = progress.folder / "import.csv"
        await self._fetch(order, path)
        async with self._database.acquire() as connection:
            reader = await find_reader(connection, job.account_id, is_test=order.is_test)
        try:
            counts = await import_csv(
                path,
                order.options,
                database=self._database,
                target=self._target(job, order),
                reader=reader,
                saving=progress,
            )
        except FileRefusedError as error:
            raise JobFailedError(str(error)) from error
        except RefusedError as refused:
            raise JobFailedError(refused.message) from refused
        report = None if progress.checkpoint is None else self.report
        return Done(counts=counts, report=report, in_transaction=lambda connection: self._let_go(connection, order))

    async def ended(self, connection: PooledConnection, job: Job) -> Sequence[Draft]:
        await self._let_go(connection, msgspec.json.decode(job.payload, type=ImportOrder))
        return ()

    async def _let_go(self, connection: PooledConnection, order: ImportOrder) -> None:
        await self._uploads.let_go(connection, order.object_key)

    def _target(self, job: Job, order: ImportOrder) -> Target:
        raise NotImplementedError

    async def _fetch(self, order: ImportOrder, path: Path) -> None:
        """Bring the file onto our disk: it is read several times, and in threads."""
        try:
            with await asyncio.to_thread(path.open, "wb") as file:
                async for block in self._store.read(order.object_key, 0, order.size_bytes):
                    await asyncio.to_thread(file.write, block)
        except ObjectMissingError as error:
            raise JobFailedError("The file is no longer there. Upload it again.") from error


class ContactImport(_Import):
    """Reads a file into a contact list."""

    kind = JobKind.CONTACT_IMPORT

    def _target(self, job: Job, order: ImportOrder) -> Target:
        return ContactTarget(
            account_id=job.account_id,
            list_id=order.list_id,
            at=job.created_at,
            on_duplicate=order.options.on_duplicate,
            on_dnc=order.options.on_dnc,
        )


class DncImport(_Import):
    """Reads a file onto a DNC list."""

    kind = JobKind.DNC_IMPORT

    def _target(self, job: Job, order: ImportOrder) -> Target:
        return DncTarget(account_id=job.account_id, list_id=order.list_id, at=job.created_at)


def _check(options: ImportOptions) -> list[Problem]:
    problems = []
    if len(options.columns) > MOST_COLUMNS:
        problems.append(Problem("INVALID_INPUT", f"A file has at most {MOST_COLUMNS} columns.", ("columns",)))
    for place, column in enumerate(options.columns[:MOST_COLUMNS]):
        under = ("columns", str(place))
        if (column.heading is None) == (column.place is None):
            problems.append(Problem("INVALID_INPUT", "Name the column by its heading or by its place.", under))
        if column.field is not None and column.role is not ColumnRole.FIELD:
            problems.append(Problem("INVALID_INPUT", "Only a FIELD has a field's name.", (*under, "field")))
        if column.field is not None and not is_field_name(column.field):
            message = "A free field is a letter or `_`, then letters, digits and `_`."
            problems.append(Problem("INVALID_INPUT", message, (*under, "field")))
    fields = [column.field for column in options.columns if column.field is not None]
    if len(set(fields)) < len(fields):
        problems.append(Problem("INVALID_INPUT", "A field is named twice.", ("columns",)))
    return problems
