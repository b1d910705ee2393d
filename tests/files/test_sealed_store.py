"""Objects that are encrypted in the store: read in any range, moved and changed in vain, of several keys."""

import base64
import secrets
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.config import Settings
from app.errors import ConfigurationError
from app.files.keys import StoreKeys
from app.files.sealed_format import CHUNK_BYTES, HEAD_BYTES, FileCipher, Head, SealBrokenError, read_head
from app.files.store import KEY_MARKS, FileStore, ObjectMissingError, ObjectSealedError, StoreUnavailableError

KEY = "acc_1/2026/01/02/rec_x.wav"


def keys_of(*ids: str) -> StoreKeys:
    return StoreKeys({key_id: key_id.encode().ljust(32, b".") for key_id in ids}, ids[0])


async def put(store: FileStore, tmp_path: Path, content: bytes, key: str = KEY) -> None:
    path = tmp_path / "given"
    path.write_bytes(content)
    await store.put_file(key, path, len(content))


async def read(store: FileStore, start: int, end: int, key: str = KEY) -> bytes:
    return b"".join([block async for block in store.read(key, start, end)])


async def test_given_a_key_when_a_file_is_stored_then_nothing_of_it_is_on_disk_and_all_of_it_is_read(
    tmp_path: Path,
) -> None:
    store = FileStore.open(None, tmp_path, keys=keys_of("one"))
    content = b"what was said " * 200_000

    await put(store, tmp_path, content)

    on_disk = (tmp_path / "recordings" / KEY).read_bytes()
    assert b"what was said" not in on_disk
    assert await store.size(KEY) == len(content)
    assert await read(store, 0, len(content)) == content


@pytest.mark.parametrize("length", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 17 * CHUNK_BYTES + 5])
async def test_given_any_length_when_it_is_stored_then_it_comes_back(tmp_path: Path, length: int) -> None:
    store, content = FileStore.open(None, tmp_path, keys=keys_of("one")), secrets.token_bytes(length)

    await put(store, tmp_path, content)

    assert await store.size(KEY) == length
    assert await read(store, 0, length) == content


async def test_given_an_encrypted_file_when_ranges_are_read_then_each_is_what_the_file_has_there(
    tmp_path: Path,
) -> None:
    store, content = FileStore.open(None, tmp_path, keys=keys_of("one")), secrets.token_bytes(40 * CHUNK_BYTES + 7)
    await put(store, tmp_path, content)
    edges = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 16 * CHUNK_BYTES, 39 * CHUNK_BYTES + 3, len(content)]

    for start in edges:
        for end in edges:
            if start <= end:
                assert await read(store, start, end) == content[start:end], (start, end)


async def test_given_a_range_beyond_the_end_when_it_is_read_then_the_store_says_so(tmp_path: Path) -> None:
    store = FileStore.open(None, tmp_path, keys=keys_of("one"))
    await put(store, tmp_path, b"short")

    with pytest.raises(StoreUnavailableError):
        await read(store, 0, 6)


async def test_given_files_of_before_there_was_a_key_when_they_are_read_then_they_are_read_as_they_are(
    tmp_path: Path,
) -> None:
    await put(FileStore.open(None, tmp_path), tmp_path, b"plain as ever" * 20)

    store = FileStore.open(None, tmp_path, keys=keys_of("one"))

    assert await read(store, 6, 8) == b"as"
    assert (await store.stat(KEY)).head is None


async def test_given_a_new_key_when_it_stands_first_then_new_files_have_it_and_old_ones_are_still_read(
    tmp_path: Path,
) -> None:
    await put(FileStore.open(None, tmp_path, keys=keys_of("one")), tmp_path, b"old")
    store = FileStore.open(None, tmp_path, keys=keys_of("two", "one"))

    await put(store, tmp_path, b"new", "another")

    assert await read(store, 0, 3) == b"old"
    assert await read(store, 0, 3, "another") == b"new"
    head = (await store.stat("another")).head
    assert head is not None
    assert head.key_id == "two"
    assert await store.missing_keys() == []


async def test_given_the_key_is_gone_when_a_file_is_read_then_nothing_of_it_is_given_and_the_key_is_named(
    tmp_path: Path,
) -> None:
    await put(FileStore.open(None, tmp_path, keys=keys_of("one")), tmp_path, b"lost?")

    for keys in (None, keys_of("two")):
        store = FileStore.open(None, tmp_path, keys=keys)
        with pytest.raises(ObjectSealedError):
            await read(store, 0, 5)
        assert await store.missing_keys() == ["one"]


async def test_given_another_key_of_the_same_id_when_something_is_stored_then_it_is_refused(tmp_path: Path) -> None:
    await put(FileStore.open(None, tmp_path, keys=keys_of("one")), tmp_path, b"first")
    other = StoreKeys({"one": bytes(32)}, "one")
    store = FileStore.open(None, tmp_path, keys=other)

    with pytest.raises(ConfigurationError, match="id of its own"):
        await put(store, tmp_path, b"second")
    assert await store.missing_keys() == ["one"]


@pytest.mark.parametrize("place", [0, 9, 30, 57, 62, 66, HEAD_BYTES, HEAD_BYTES + 70_000, -1])
async def test_given_a_byte_was_changed_in_the_store_when_it_is_read_then_it_is_no_file(
    tmp_path: Path, place: int
) -> None:
    store, content = FileStore.open(None, tmp_path, keys=keys_of("one")), secrets.token_bytes(3 * CHUNK_BYTES)
    await put(store, tmp_path, content)
    path = tmp_path / "recordings" / KEY
    changed = bytearray(path.read_bytes())
    changed[place] ^= 1
    path.write_bytes(changed)

    if place == 0:  # it does not even say that it is encrypted: it is another file, and of another size
        assert await store.size(KEY) != len(content)
        return
    with pytest.raises(ObjectSealedError):
        await read(store, 0, len(content))


async def test_given_an_encrypted_file_when_it_is_put_in_another_place_or_cut_off_then_it_cannot_be_read(
    tmp_path: Path,
) -> None:
    store = FileStore.open(None, tmp_path, keys=keys_of("one"))
    await put(store, tmp_path, secrets.token_bytes(2 * CHUNK_BYTES))
    path = tmp_path / "recordings" / KEY
    moved = path.with_name("rec_y.wav")
    moved.write_bytes(path.read_bytes())
    path.write_bytes(path.read_bytes()[: -CHUNK_BYTES - 16])

    with pytest.raises(ObjectSealedError):
        await read(store, 0, 10, KEY.replace("rec_x", "rec_y"))
    with pytest.raises(ObjectSealedError):
        await store.size(KEY)


async def test_given_a_file_that_is_not_of_the_announced_size_when_it_is_stored_then_there_is_no_object(
    tmp_path: Path,
) -> None:
    store, path = FileStore.open(None, tmp_path, keys=keys_of("one")), tmp_path / "given"
    path.write_bytes(b"0123456789")

    for announced in (9, 11):
        with pytest.raises(StoreUnavailableError):
            await store.put_file(KEY, path, announced)
        with pytest.raises(ObjectMissingError):
            await store.size(KEY)


async def test_given_objects_in_folders_when_a_folder_is_listed_then_they_are_those_below_it(tmp_path: Path) -> None:
    store = FileStore.open(None, tmp_path, keys=keys_of("one"))
    for name in ("a/1", "a/b/2", "c/3"):
        await put(store, tmp_path, b"x", name)

    assert sorted([name async for name in store.names("a/")]) == ["a/1", "a/b/2"]
    assert sorted([name async for name in store.names()]) == ["a/1", "a/b/2", "c/3", KEY_MARKS + "one"]


@given(beginning=st.binary(max_size=200))
def test_given_any_bytes_when_they_are_read_as_a_head_then_they_are_one_or_are_refused(beginning: bytes) -> None:
    for told in (beginning, b"OFHSEAL1" + beginning):
        try:
            head = read_head(told)
        except SealBrokenError:
            continue
        assert head is None or head.encode() == told[:HEAD_BYTES]


@given(content=st.binary(max_size=300), number=st.integers(0, 2**40), other=st.integers(0, 2**40))
def test_given_any_chunk_when_it_is_opened_as_another_then_it_is_refused(
    content: bytes, number: int, other: int
) -> None:
    cipher = FileCipher(bytes(32), Head.new("one", 300), KEY)
    sealed = cipher.seal(number, content)

    assert cipher.open(number, sealed) == content
    if other != number:
        with pytest.raises(SealBrokenError):
            cipher.open(other, sealed)


def test_given_keys_as_they_are_written_when_they_are_read_then_the_first_is_for_new_files() -> None:
    one, two = (base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2))

    keys = StoreKeys.load(Settings(store_keys=f"b:{two},a:{one}"))  # type: ignore[arg-type]  # as it comes from the environment

    assert keys.current == "b"
    assert keys.keys == {"b": b"\x02" * 32, "a": b"\x01" * 32}
    assert one not in repr(keys)
    assert StoreKeys.load(Settings()).current is None


@pytest.mark.parametrize("text", ["a", "a:", "a:xyz", f"A:{'A' * 43}=", f"a:{'A' * 42}==", "a:AAAA,a:AAAA", ":"])
def test_given_a_key_that_is_none_when_it_is_read_then_it_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(ConfigurationError, match="openssl rand") as refused:
        StoreKeys.read("OFFHOOK_STORE_KEYS", text)
    assert "AAAA" not in str(refused.value)


def test_given_a_file_of_keys_when_others_may_read_it_then_it_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text(f"a:{base64.b64encode(bytes(32)).decode()}\n")
    path.chmod(0o644)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        StoreKeys.load(Settings(store_keys_file=path))

    path.chmod(0o600)
    assert StoreKeys.load(Settings(store_keys_file=path)).current == "a"
