"""Bringing a store under another key, or under none, while it is in use."""

from pathlib import Path

import pytest

from app.db.engine import Database
from app.files.keys import StoreKeys
from app.files.resealing import Resealed, reseal
from app.files.store import KEY_MARKS, FileStore, ObjectMissingError
from app.ids import Kind, new_id
from tests.files.test_sealed_store import keys_of, put, read

pytestmark = pytest.mark.postgres

CONTENT = b"what was said " * 1000
_KEPT = {
    "upload": "WITH its AS (INSERT INTO account (id, name, display_name, default_region, is_sandbox) "
    "VALUES ('acc_1', 'one', 'One', 'US', true)) "
    "INSERT INTO upload (id, account_id, content_type, size_bytes, expires_at, object_key) "
    "VALUES ('upl_1', 'acc_1', 'text/csv', 1, now() + interval '1 hour', $1)",
    "report": "INSERT INTO job (id, account_id, kind, state, scope, payload, counts, due_at, created_at, updated_at, "
    "actor_kind, report_key) "
    "VALUES ('job_1', 'acc_1', 'EXPORT', 'FINISHED', 'x', '{}', '{}', now(), now(), now(), 'SYSTEM', $1)",
}
_DELETED = {"upload": "DELETE FROM upload", "report": "UPDATE job SET report_key = NULL"}


def hear_nothing(_so_far: Resealed) -> None:
    """Nobody waits."""


async def test_given_files_of_all_kinds_when_resealed_then_all_have_the_new_key_and_the_old_ones_are_not_needed(
    tmp_path: Path, database: Database
) -> None:
    await put(FileStore.open(None, tmp_path), tmp_path, CONTENT, "plain")
    await put(FileStore.open(None, tmp_path, keys=keys_of("one")), tmp_path, CONTENT, "a/old")
    store = FileStore.open(None, tmp_path, keys=keys_of("two", "one"))
    await put(store, tmp_path, CONTENT, "a/new")
    steps: list[Resealed] = []

    done = await reseal(store, database, tmp_path / "work", told=steps.append)

    assert done == Resealed(written=2, right=1) == steps[-1]
    again = FileStore.open(None, tmp_path, keys=keys_of("two"))
    for name in ("plain", "a/old", "a/new"):
        assert await read(again, 0, len(CONTENT), name) == CONTENT
    assert await again.missing_keys() == []
    assert [name async for name in again.names(KEY_MARKS)] == [KEY_MARKS + "two"]
    assert await reseal(again, database, tmp_path / "work", told=hear_nothing) == Resealed(right=3)
    assert list((tmp_path / "work").iterdir()) == []


async def test_given_a_key_that_is_gone_when_resealed_then_its_files_stay_as_they_are_and_so_does_its_mark(
    tmp_path: Path, database: Database
) -> None:
    await put(FileStore.open(None, tmp_path, keys=keys_of("one")), tmp_path, CONTENT, "old")
    before = (tmp_path / "recordings" / "old").read_bytes()
    store = FileStore.open(None, tmp_path, keys=keys_of("two"))

    assert await reseal(store, database, tmp_path / "work", told=hear_nothing) == Resealed(closed=1)

    assert (tmp_path / "recordings" / "old").read_bytes() == before
    assert await store.missing_keys() == ["one"]


async def test_given_files_are_to_be_plain_when_resealed_then_they_are_as_they_were(
    tmp_path: Path, database: Database
) -> None:
    keys = keys_of("one")
    await put(FileStore.open(None, tmp_path, keys=keys), tmp_path, CONTENT, "old")
    store = FileStore.open(None, tmp_path, keys=StoreKeys(keys.keys, None))

    assert await reseal(store, database, tmp_path / "work", told=hear_nothing) == Resealed(written=1)

    assert (tmp_path / "recordings" / "old").read_bytes() == CONTENT
    assert [name async for name in store.names(KEY_MARKS)] == []


async def test_given_a_recording_is_deleted_while_it_is_resealed_then_it_is_not_there_again(
    tmp_path: Path, database: Database
) -> None:
    recording_id = new_id(Kind.RECORDING)
    name = f"acc_1/2026/05/01/{recording_id}.wav"
    await put(FileStore.open(None, tmp_path), tmp_path, CONTENT, name)
    async with database.acquire() as connection:
        await connection.execute(
            "INSERT INTO recording (id, account_id, call_id, mode, state, created_at, deleted_at) "
            "VALUES ($1, 'acc_1', 'call_1', 'BOTH', 'DELETED', now(), now())",
            recording_id,
        )
    store = FileStore.open(None, tmp_path, keys=keys_of("one"))

    await reseal(store, database, tmp_path / "work", told=hear_nothing)

    with pytest.raises(ObjectMissingError):
        await store.size(name)


@pytest.mark.parametrize("table", ["upload", "report"])
async def test_given_an_upload_or_report_is_deleted_while_it_is_resealed_then_it_is_not_there_again(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    name = f"acc_1/{table}"
    await put(FileStore.open(None, tmp_path), tmp_path, CONTENT, name)
    async with database.acquire() as connection:
        await connection.execute(_KEPT[table], name)
    store = FileStore.open(None, tmp_path, keys=keys_of("one"))
    put_file = store.put_file

    async def delete_before(key: str, path: Path, size_bytes: int) -> None:
        async with database.acquire() as connection:
            await connection.execute(_DELETED[table])
        await store.delete(key)
        await put_file(key, path, size_bytes)

    monkeypatch.setattr(store, "put_file", delete_before)

    await reseal(store, database, tmp_path / "work", told=hear_nothing)

    with pytest.raises(ObjectMissingError):
        await store.size(name)


@pytest.mark.parametrize("table", ["upload", "report"])
async def test_given_an_upload_or_report_that_stays_when_it_is_resealed_then_it_is_there(
    tmp_path: Path, database: Database, table: str
) -> None:
    name = f"acc_1/{table}"
    await put(FileStore.open(None, tmp_path), tmp_path, CONTENT, name)
    async with database.acquire() as connection:
        await connection.execute(_KEPT[table], name)
    store = FileStore.open(None, tmp_path, keys=keys_of("one"))

    await reseal(store, database, tmp_path / "work", told=hear_nothing)

    assert await read(store, 0, len(CONTENT), name) == CONTENT
