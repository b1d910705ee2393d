"""Uploads: a signed address is given out, a file is put there once, and its id goes into the mutation that uses it."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import asyncpg

from app.accounts.principal import Principal
from app.clock import Clock
from app.db.engine import Database, PooledConnection
from app.errors import OffhookError, Problem, RefusedError
from app.files.store import FileStore
from app.files.urls import SignedUrls
from app.ids import Kind, kind_of, new_id
from app.resources.shelf import raise_all

LARGEST_UPLOAD: Final = 50 * 1024 * 1024
LARGEST_CSV: Final = 512 * 1024 * 1024
MOST_UPLOADS: Final = 100
#: How long an address works, and how long the file may then wait for its use.
LIFETIME: Final = timedelta(hours=1)
#: What sound files are called by browsers and libraries.
SOUND_TYPES: Final = frozenset(
    {
        *("audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave"),
        *("audio/mpeg", "audio/mp3"),
        *("audio/flac", "audio/x-flac"),
        *("audio/ogg", "application/ogg"),
    }
)
#: What files of contacts and numbers are called; on some machines a CSV file is a spreadsheet's.
CSV_TYPES: Final = frozenset(
    {"text/csv", "application/csv", "text/plain", "text/tab-separated-values", "application/vnd.ms-excel"}
)
CONTENT_TYPES: Final = SOUND_TYPES | CSV_TYPES


UPLOAD_COLUMNS: Final = "id, content_type, size_bytes, created_at, expires_at, received_at"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that is to come, or has come. Instants are UTC; ``received_at`` None: it has not come yet."""

    id: str
    content_type: str
    size_bytes: int
    created_at: datetime
    expires_at: datetime
    received_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedUpload:
    """A file that has come, and where it lies in the store."""

    id: str
    size_bytes: int
    object_key: str


class UploadCompleteError(OffhookError):
    """Something was put there already: an address takes one file."""

    code = "UPLOAD_COMPLETE"
    http_status = 409


@dataclass(frozen=True, slots=True)
class UploadTicket:
    """An upload and where its file is put: path and query of the address."""

    upload: Upload
    path: str


def used_already() -> RefusedError:
    """An upload is used once."""
    return RefusedError(Problem("NOT_FOUND", "This upload was used already.", ("uploadId",)))


class Uploads:
    """Every method raises DatabaseUnavailableError when the database is away."""

    def __init__(self, database: Database, store: FileStore, urls: SignedUrls, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._urls = urls
        self._clock = clock

    async def create(self, by: Principal, *, content_type: str, size_bytes: int) -> UploadTicket:
        """Have an address made for a file of this type and of exactly this size.

        Raises:
            RefusedError: INVALID_INPUT; INVALID_STATE, too many are open.
        """
        raise_all(_check(content_type, size_bytes))
        now = self._clock.now()
        async with self._database.acquire() as connection, connection.transaction():
            # One at a time, or the limit is none.
            await connection.execute("SELECT FROM account WHERE id = $1 FOR NO KEY UPDATE", by.account_id)
            count = await connection.fetchval(
                "SELECT count(*) FROM upload WHERE account_id = $1 AND expires_at > $2", by.account_id, now
            )
            if count >= MOST_UPLOADS:
                message = f"{MOST_UPLOADS} uploads are open, which is the most. Use them, or let them expire."
                raise RefusedError(Problem("INVALID_STATE", message, (), current_state="FULL"))
            row = await connection.fetchrow(
                "INSERT INTO upload (id, account_id, content_type, size_bytes, created_at, expires_at) "  # noqa: S608  # constant columns
                f"VALUES ($1, $2, $3, $4, $5, $6) RETURNING {UPLOAD_COLUMNS}",
                new_id(Kind.UPLOAD),
                by.account_id,
                content_type,
                size_bytes,
                now,
                now + LIFETIME,
            )
        assert row is not None  # INSERT … RETURNING gives its row
        upload = read_upload(row)
        return UploadTicket(upload, self._urls.sign(upload.id, now, LIFETIME))

    async def expected(self, upload_id: str, now: datetime) -> Upload | None:
        """An upload by its signed id, while a file may come for it.

        Raises:
            UploadCompleteError: it has come.
        """
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(
                f"SELECT {UPLOAD_COLUMNS} FROM upload WHERE id = $1 AND expires_at > $2",  # noqa: S608  # constant columns
                upload_id,
                now,
            )
        if row is None:
            return None
        upload = read_upload(row)
        if upload.received_at is not None:
            raise UploadCompleteError("A file was put here already. Create another upload.")
        return upload

    async def keep(self, upload: Upload, file: Path) -> None:
        """Take the file that has come.

        Raises:
            StoreUnavailableError: it was not kept; it may be put again.
            UploadCompleteError: another one was faster.
        """
        # A key of its own for each attempt: of two who put at once, the slower one spoils nothing.
        key = f"uploads/{upload.id}-{secrets.token_hex(8)}"
        await self._store.put_file(key, file, upload.size_bytes)
        async with self._database.acquire() as connection:
            done = await connection.execute(
                "UPDATE upload SET received_at = $2, object_key = $3 WHERE id = $1 AND received_at IS NULL",
                upload.id,
                self._clock.now(),
                key,
            )
        if done != "UPDATE 1":
            await self._store.delete(key)
            raise UploadCompleteError("A file was put here already. Create another upload.")

    async def find_received(self, account_id: str, upload_id: str) -> ReceivedUpload:
        """An upload that can be used.

        Raises:
            RefusedError: NOT_FOUND; INVALID_STATE, its file has not come.
        """
        row = None
        if kind_of(upload_id) is Kind.UPLOAD:
            async with self._database.acquire() as connection:
                row = await connection.fetchrow(
                    "SELECT id, size_bytes, object_key FROM upload "
                    "WHERE id = $1 AND account_id = $2 AND expires_at > $3",
                    upload_id,
                    account_id,
                    self._clock.now(),
                )
        if row is None:
            raise RefusedError(Problem("NOT_FOUND", "There is no such upload, or it has expired.", ("uploadId",)))
        if row["object_key"] is None:
            message = "No file was put to the upload's address yet."
            raise RefusedError(Problem("INVALID_STATE", message, ("uploadId",), current_state="WAITING"))
        return ReceivedUpload(**dict(row))

    async def find_csv(self, account_id: str, upload_id: str) -> ReceivedUpload:
        """As :meth:`find_received`, of a file that was announced as CSV.

        Raises:
            RefusedError: NOT_FOUND; INVALID_STATE, its file has not come; INVALID_INPUT, it is a sound file.
        """
        found = await self.find_received(account_id, upload_id)
        async with self._database.acquire() as connection:
            content_type = await connection.fetchval("SELECT content_type FROM upload WHERE id = $1", upload_id)
        if content_type not in CSV_TYPES:
            raise RefusedError(Problem("INVALID_INPUT", "This upload was announced as a sound file.", ("uploadId",)))
        return found

    async def hand_over(self, connection: PooledConnection, account_id: str, upload_id: str, until: datetime) -> None:
        """Take an upload for long work, in the transaction that begins it. Nobody else finds it by its id any more.

        Its file stays until then, or until :meth:`let_go`.

        Raises:
            RefusedError: NOT_FOUND, another request was faster.
        """
        done = await connection.execute(
            "UPDATE upload SET id = $3, expires_at = $4 WHERE id = $1 AND account_id = $2",
            upload_id,
            account_id,
            new_id(Kind.UPLOAD),
            until,
        )
        if done != "UPDATE 1":
            raise used_already()

    async def note_kept(
        self,
        connection: PooledConnection,
        account_id: str,
        upload_id: str,
        object_key: str,
        size_bytes: int,
        lifetime: timedelta,
    ) -> None:
        """A CSV file is in the store that nobody has put to an address: it is kept as after :meth:`hand_over`."""
        now = self._clock.now()
        await connection.execute(
            "INSERT INTO upload (id, account_id, content_type, size_bytes, created_at, expires_at, received_at, "
            "object_key) VALUES ($1, $2, 'text/csv', $3, $4, $5, $4, $6)",
            upload_id,
            account_id,
            size_bytes,
            now,
            now + lifetime,
            object_key,
        )

    async def let_go(self, connection: PooledConnection, object_key: str) -> None:
        """The work is over: the file goes with the next sweep."""
        await connection.execute(
            "UPDATE upload SET expires_at = $2 WHERE object_key = $1 AND expires_at > $2", object_key, self._clock.now()
        )

    async def use(self, connection: PooledConnection, account_id: str, upload_id: str) -> None:
        """Take an upload away, in the transaction that uses it. Its file is the caller's to delete.

        Raises:
            RefusedError: NOT_FOUND, another request was faster.
        """
        used = await connection.fetchval(
            "DELETE FROM upload WHERE id = $1 AND account_id = $2 RETURNING true", upload_id, account_id
        )
        if used is None:
            raise used_already()


def _check(content_type: str, size_bytes: int) -> list[Problem]:
    problems = []
    if content_type not in CONTENT_TYPES:
        message = f"Sound files and CSV files are taken: {', '.join(sorted(CONTENT_TYPES))}."
        problems.append(Problem("INVALID_INPUT", message, ("contentType",)))
    largest = LARGEST_CSV if content_type in CSV_TYPES else LARGEST_UPLOAD
    if not 1 <= size_bytes <= largest:
        message = f"Give the file's size in bytes: 1 to {largest}."
        problems.append(Problem("INVALID_INPUT", message, ("sizeBytes",)))
    return problems


def read_upload(row: asyncpg.Record) -> Upload:
    return Upload(**{name: row[name] for name in UPLOAD_COLUMNS.split(", ")})
