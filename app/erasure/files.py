"""Files in the store that tell of a person: reports and exports, uploads, files laid ready for imports."""

import codecs
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final, Protocol

from app.db.engine import Database
from app.erasure.person import NumberSearch, Person
from app.files.store import ObjectMissingError

_REPORTS: Final = """
SELECT id, report_key, report_bytes FROM job WHERE account_id = $1 AND report_key IS NOT NULL AND id > $2 AND id <> $3
ORDER BY id LIMIT 100
"""
_FORGET_REPORT: Final = """
UPDATE job SET report_key = NULL, report_name = NULL, report_type = NULL, report_bytes = NULL
WHERE id = $1 AND report_key = $2
"""
_UPLOADS: Final = """
SELECT id, object_key FROM upload
WHERE account_id = $1 AND object_key IS NOT NULL AND content_type NOT LIKE 'audio/%' AND id > $2 ORDER BY id LIMIT 100
"""
_FORGET_UPLOAD: Final = "DELETE FROM upload WHERE id = $1 AND object_key = $2"


class Objects(Protocol):
    """What is needed of the store; FileStore has it."""

    async def size(self, key: str) -> int: ...
    def read(self, key: str, start: int, end: int) -> AsyncGenerator[bytes, None]: ...
    async def delete(self, key: str) -> None: ...
    def names(self, prefix: str) -> AsyncGenerator[str, None]: ...


class PersonFiles:
    """Of one account. A file that has the number goes whole: it is a copy, and can be made again without them.

    Every method raises DatabaseUnavailableError, StoreUnavailableError.
    """

    def __init__(self, database: Database, store: Objects, account_id: str, *, is_dry_run: bool) -> None:
        self._database = database
        self._store = store
        self._account_id = account_id
        self._is_dry_run = is_dry_run

    async def drop_reports(self, person: Person, own_job_id: str) -> int:
        """Drop jobs' reports and exports; the jobs stay. Gives how many."""
        dropped, last = 0, ""
        while True:
            async with self._database.acquire() as connection:
                rows = await connection.fetch(_REPORTS, self._account_id, last, own_job_id)
            for row in rows:
                last = row["id"]
                dropped += await self._drop(row["report_key"], person, _FORGET_REPORT, row["id"])
            if not rows:
                return dropped

    async def drop_uploads(self, person: Person) -> int:
        """Drop files that were uploaded, or kept for an import; how many."""
        dropped, last = 0, ""
        while True:
            async with self._database.acquire() as connection:
                rows = await connection.fetch(_UPLOADS, self._account_id, last)
            for row in rows:
                last = row["id"]
                dropped += await self._drop(row["object_key"], person, _FORGET_UPLOAD, row["id"])
            if not rows:
                return dropped

    async def drop_laid_ready(self, person: Person, folder: str) -> int:
        """Drop files of a folder of the store; how many."""
        dropped = 0
        async with aclosing(self._store.names(folder)) as names:
            async for key in names:
                dropped += await self._drop(key, person, None, "")
        return dropped

    async def _drop(self, key: str, person: Person, forget: str | None, row_id: str) -> int:
        if not await self._tells_of(key, person):
            return 0
        if not self._is_dry_run:
            # The file first: should that fail, the row still leads to it.
            await self._store.delete(key)
            if forget is not None:
                async with self._database.acquire() as connection:
                    await connection.execute(forget, row_id, key)
        return 1

    async def _tells_of(self, key: str, person: Person) -> bool:
        """Whether the number is in a file. A name alone may be anybody's."""
        search = NumberSearch(person)
        try:
            size = await self._store.size(key)
            # Of another encoding than UTF-8 digits are found as well: UTF-16's zeros are nothing to a reader.
            decoder = codecs.getincrementaldecoder("utf-8")("replace")
            async with aclosing(self._store.read(key, 0, size)) as blocks:
                async for block in blocks:
                    if search.is_in(decoder.decode(block).replace("\x00", "")):
                        return True
        except ObjectMissingError:
            return False  # somebody else was faster
        return search.is_at_end()
