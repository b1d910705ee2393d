import asyncio
import re
import secrets
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path

import obstore
import pytest
from obstore.store import MemoryStore

from app.errors import ConfigurationError
from app.files.keys import StoreKeys
from app.files.store import FileStore, ObjectMissingError, StoreUnavailableError
from app.ids import Kind, new_id
from app.recordings.object_keys import object_key
from tests.files.s3_server import S3Server, running_s3

MEGABYTE = 1024 * 1024
GOOD_ID = "rec_01jc" + "0" * 22


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Server]:
    with running_s3() as server:
        monkeypatch.setenv("AWS_ENDPOINT", server.url)
        monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "made-up")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "made-up")
        monkeypatch.setenv("AWS_REGION", "eu-test-1")
        yield server


@pytest.fixture(params=["folder", "memory", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> FileStore:
    match request.param:
        case "folder":
            return FileStore.open(None, tmp_path)
        case "memory":
            return FileStore.open("memory://", tmp_path)
        case _:
            request.getfixturevalue("s3")
            return FileStore.open("s3://bucket/recordings", tmp_path)


async def test_given_s3_when_a_large_file_is_stored_then_it_goes_in_parts_below_the_prefix(
    s3: S3Server, tmp_path: Path
) -> None:
    store = FileStore.open("s3://bucket/some/prefix", tmp_path)
    (tmp_path / "file").write_bytes(b"x" * (17 * MEGABYTE))

    await store.put_file("a/b.wav", tmp_path / "file", 17 * MEGABYTE)

    (key,) = s3.objects
    assert key.endswith("/some/prefix/a/b.wav")
    assert sum(request.startswith("PUT") for request in s3.requests) == 4  # of 5 MiB each, and the rest


async def test_given_s3_that_is_busy_for_a_moment_when_read_then_it_is_asked_again(
    s3: S3Server, tmp_path: Path
) -> None:
    store = FileStore.open("s3://bucket", tmp_path)
    (tmp_path / "file").write_bytes(b"12345")
    await store.put_file("a/b.wav", tmp_path / "file", 5)
    s3.failures = 1

    assert await read_all(store, "a/b.wav", 1, 4) == b"234"


async def test_given_s3_that_stays_away_when_used_then_the_store_is_unavailable(s3: S3Server, tmp_path: Path) -> None:
    store = FileStore.open("s3://bucket", tmp_path, timeout_seconds=0.3)
    s3.failures = 1000

    with pytest.raises(StoreUnavailableError):
        await store.size("a/b.wav")


async def read_all(store: FileStore, key: str, start: int, end: int) -> bytes:
    return b"".join([block async for block in store.read(key, start, end)])


def test_given_ids_when_a_key_is_made_then_it_is_dated_by_the_recording_and_always_the_same() -> None:
    account, recording = "acc_" + "0" * 26, GOOD_ID

    assert object_key(account, recording) == f"{account}/2024/11/06/{recording}.wav"
    fresh = new_id(Kind.RECORDING)
    assert re.fullmatch(rf"{account}/\d{{4}}/\d\d/\d\d/{fresh}\.wav", object_key(account, fresh))


@pytest.mark.parametrize(
    ("account", "recording"),
    [
        ("../etc", GOOD_ID),
        ("", GOOD_ID),
        ("acc/x", GOOD_ID),
        ("acc_1", "rec_../../passwd"),
        ("acc_1", "call_01jc" + "0" * 22),
        ("acc_1", ""),
        ("acc_1", "rec_" + "z" * 26),
    ],
)
def test_given_what_is_no_id_when_a_key_is_made_then_it_is_refused(account: str, recording: str) -> None:
    with pytest.raises(ValueError, match=r"id"):
        object_key(account, recording)


@pytest.mark.parametrize("size", [0, 1, MEGABYTE, 9 * MEGABYTE + 7])
async def test_given_a_file_when_stored_then_its_size_and_every_range_come_back(
    store: FileStore, size: int, tmp_path: Path
) -> None:
    data = bytes(number % 251 for number in range(size))
    path = tmp_path / "file.bin"
    path.write_bytes(data)

    await store.put_file("a/2026/05/01/b.wav", path, size)

    assert await store.size("a/2026/05/01/b.wav") == size
    assert await read_all(store, "a/2026/05/01/b.wav", 0, size) == data
    assert (
        await read_all(store, "a/2026/05/01/b.wav", size // 3, size - size // 5) == data[size // 3 : size - size // 5]
    )


async def test_given_an_object_when_put_again_or_deleted_twice_then_it_is_replaced_and_gone(
    store: FileStore, tmp_path: Path
) -> None:
    path = tmp_path / "file.bin"
    for text in (b"first", b"second one"):
        path.write_bytes(text)
        await store.put_file("a/b.wav", path, len(text))

    assert await read_all(store, "a/b.wav", 0, 10) == b"second one"
    await store.delete("a/b.wav")
    await store.delete("a/b.wav")
    with pytest.raises(ObjectMissingError):
        await store.size("a/b.wav")
    with pytest.raises(ObjectMissingError):
        await read_all(store, "a/b.wav", 0, 5)


async def test_given_an_object_shorter_than_asked_when_read_then_it_fails_rather_than_end_early(
    store: FileStore, tmp_path: Path
) -> None:
    path = tmp_path / "file.bin"
    path.write_bytes(b"12345")
    await store.put_file("a/b.wav", path, 5)

    with pytest.raises(StoreUnavailableError):
        await read_all(store, "a/b.wav", 0, 6)


async def test_given_a_half_written_file_of_a_killed_process_when_stored_again_then_only_the_whole_one_is_there(
    tmp_path: Path,
) -> None:
    store = FileStore.open(None, tmp_path)
    folder = tmp_path / "recordings" / "a"
    folder.mkdir()
    for name in ("b.wav#1", "b.wav#2", "c.wav#1"):
        (folder / name).write_bytes(b"ha")
    (tmp_path / "file").write_bytes(b"whole")
    await store.put_file("a/b.wav", tmp_path / "file", 5)
    assert {path.name for path in folder.iterdir()} == {"b.wav", "c.wav#1"}  # the other is somebody else's
    assert await read_all(store, "a/b.wav", 0, 5) == b"whole"


async def test_given_readers_when_an_object_is_replaced_then_none_ever_sees_a_part(
    store: FileStore, tmp_path: Path
) -> None:
    size = 9 * MEGABYTE
    for letter in b"ab":
        (tmp_path / f"{letter}.bin").write_bytes(bytes([letter]) * size)
    await store.put_file("k.wav", tmp_path / f"{ord('a')}.bin", size)
    writes = asyncio.create_task(_replace_often(store, tmp_path, size))

    reads = 0
    while not writes.done() or reads < 5:
        assert await store.size("k.wav") == size
        async with aclosing(store.read("k.wav", 0, 1000)) as blocks:
            async for block in blocks:
                assert len(set(block)) == 1
        reads += 1
    await writes


@pytest.mark.parametrize(("before", "after"), [(None, "one"), ("one", "two"), ("one", None)])
async def test_given_a_reader_in_the_middle_when_the_file_is_written_anew_under_another_key_then_it_reads_on(
    store: FileStore, tmp_path: Path, before: str | None, after: str | None
) -> None:
    content, path = secrets.token_bytes(3 * MEGABYTE + 5), tmp_path / "given"
    path.write_bytes(content)
    await keyed(store, before).put_file("k.wav", path, len(content))
    begin, end = 7, len(content) - 3
    async with aclosing(keyed(store, "two", "one").read("k.wav", begin, end)) as blocks:
        got = await anext(blocks)

        await keyed(store, after).put_file("k.wav", path, len(content))

        got += b"".join([block async for block in blocks])
    assert got == content[begin:end]


async def test_given_a_reader_in_the_middle_when_the_file_has_another_length_by_now_then_it_is_told(
    store: FileStore, tmp_path: Path
) -> None:
    path = tmp_path / "given"
    path.write_bytes(bytes(3 * MEGABYTE))
    await store.put_file("k.wav", path, 3 * MEGABYTE)
    async with aclosing(store.read("k.wav", 0, 3 * MEGABYTE)) as blocks:
        await anext(blocks)
        path.write_bytes(bytes(4 * MEGABYTE))
        await store.put_file("k.wav", path, 4 * MEGABYTE)

        with pytest.raises(StoreUnavailableError):
            await anext(blocks)


def keyed(store: FileStore, *ids: str | None) -> FileStore:
    """The same objects, written with the first of these keys and read with all."""
    keys = {one: one.encode().ljust(32, b".") for one in ids if one is not None}
    return FileStore(store._objects, keys=StoreKeys(keys, ids[0]))


async def _replace_often(store: FileStore, folder: Path, size: int) -> None:
    for letter in b"baba":
        await store.put_file("k.wav", folder / f"{letter}.bin", size)


async def test_given_a_local_file_that_is_gone_when_stored_then_the_store_failed(
    store: FileStore, tmp_path: Path
) -> None:
    with pytest.raises(StoreUnavailableError):
        await store.put_file("a/b.wav", tmp_path / "none.wav", 5)


async def test_given_a_folder_that_is_a_file_by_now_when_used_then_the_store_is_unavailable(tmp_path: Path) -> None:
    store = FileStore.open(None, tmp_path)
    (tmp_path / "recordings").rmdir()
    (tmp_path / "recordings").write_text("not a folder")

    with pytest.raises(StoreUnavailableError):
        await store.size("a/b.wav")


async def test_given_a_store_that_never_answers_when_used_then_the_time_out_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def hang(*_args: object, **_options: object) -> None:
        await asyncio.Event().wait()

    for name in ("head_async", "get_range_async", "delete_async", "put_async"):
        monkeypatch.setattr(obstore, name, hang)
    store = FileStore(MemoryStore(), timeout_seconds=0.01)

    with pytest.raises(StoreUnavailableError, match="TimeoutError"):
        await store.size("a")
    with pytest.raises(StoreUnavailableError):
        await read_all(store, "a", 0, 1)
    with pytest.raises(StoreUnavailableError):
        await store.delete("a")
    with pytest.raises(StoreUnavailableError):
        await store.put_file("a", Path("/dev/null"), 0)


def test_given_no_address_when_opened_then_the_folder_is_for_this_user_alone(tmp_path: Path) -> None:
    FileStore.open(None, tmp_path / "data")

    assert (tmp_path / "data" / "recordings").stat().st_mode & 0o777 == 0o700


async def test_given_a_file_address_with_escapes_when_opened_then_that_folder_is_used(tmp_path: Path) -> None:
    store = FileStore.open(f"file://{tmp_path}/my%20recordings", tmp_path)
    (tmp_path / "x").write_bytes(b"x")

    await store.put_file("a/b.wav", tmp_path / "x", 1)

    assert (tmp_path / "my recordings" / "a" / "b.wav").read_bytes() == b"x"


@pytest.mark.parametrize(
    "url", ["", "ftp://x/y", "/just/a/path", "file://host/path", "file:///", "s3://", "s3:", "https://bucket.example/x"]
)
def test_given_an_address_of_no_known_kind_when_opened_then_the_setting_is_named(url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="OFFHOOK_RECORDINGS_URL"):
        FileStore.open(url, tmp_path)


def test_given_a_folder_that_cannot_be_made_when_opened_then_it_is_a_configuration_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")

    with pytest.raises(ConfigurationError, match="folder"):
        FileStore.open(None, tmp_path / "file")
