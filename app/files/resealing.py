"""Bringing all objects of a store under one key: when the first key is given, when a new one is, or when none is to be.

Each is written whole in place of itself, so it can be read all the while, and the work can be broken off at any point
and begun again. Keys of before must be at hand until it is done.
"""

import asyncio
import tempfile
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Final

from app.db.engine import Database
from app.files.store import KEY_MARKS, FileStore, ObjectMissingError, ObjectSealedError

_WAS_DELETED: Final = "SELECT EXISTS (SELECT FROM recording WHERE id = $1 AND deleted_at IS NOT NULL)"
_IS_NAMED: Final = """
SELECT EXISTS (SELECT FROM upload WHERE object_key = $1) OR EXISTS (SELECT FROM job WHERE report_key = $1)
"""


@dataclass(frozen=True, slots=True)
class Resealed:
    """How many objects were written anew, were right already, and cannot be opened with the keys at hand."""

    written: int = 0
    right: int = 0
    closed: int = 0


async def reseal(store: FileStore, database: Database, work_dir: Path, *, told: Callable[[Resealed], None]) -> Resealed:
    """Write every object that is not as new ones are; ``told`` hears how far it is, after each.

    Marks of keys that nothing is encrypted with any more go at the end, if everything could be opened.

    Raises:
        StoreUnavailableError, DatabaseUnavailableError: begin again later.
        OSError: ``work_dir`` has no room for the largest object.
    """
    done, current = Resealed(), store.keys_held.current
    async with aclosing(store.names()) as names:
        async for name in names:
            if name.startswith(KEY_MARKS):
                continue
            try:
                head = (await store.stat(name)).head
                if (None if head is None else head.key_id) == current:
                    done = replace(done, right=done.right + 1)
                else:
                    was_named = await _is_named(database, name)
                    await _write_anew(store, name, work_dir)
                    await _delete_again(store, database, name, was_named=was_named)
                    done = replace(done, written=done.written + 1)
            except ObjectMissingError:
                continue  # deleted meanwhile
            except ObjectSealedError:
                done = replace(done, closed=done.closed + 1)
            told(done)
    if done.closed == 0:
        async with aclosing(store.names(KEY_MARKS)) as names:
            for mark in [name async for name in names]:
                if mark != f"{KEY_MARKS}{current}":
                    await store.delete(mark)
    return done


async def _write_anew(store: FileStore, name: str, work_dir: Path) -> None:
    await asyncio.to_thread(work_dir.mkdir, mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="reseal-", dir=work_dir) as folder:
        path, size = Path(folder, "plain"), await store.size(name)
        with await asyncio.to_thread(path.open, "wb") as file:
            async with aclosing(store.read(name, 0, size)) as blocks:
                async for block in blocks:
                    await asyncio.to_thread(file.write, block)
        await store.put_file(name, path, size)


async def _is_named(database: Database, name: str) -> bool:
    """Whether a row of an upload or of a job's report leads to the object."""
    async with database.acquire() as connection:
        found: bool = await connection.fetchval(_IS_NAMED, name)
    return found


async def _delete_again(store: FileStore, database: Database, name: str, *, was_named: bool) -> None:
    """What was deleted while it was on its way would be there once more: a recording, an upload, a report."""
    async with database.acquire() as connection:
        was_deleted = await connection.fetchval(_WAS_DELETED, PurePosixPath(name).stem)
    if was_deleted or (was_named and not await _is_named(database, name)):
        await store.delete(name)
