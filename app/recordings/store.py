"""Where recordings live: a folder, S3 or Google Cloud Storage, behind one small interface.

Objects are written whole or not at all, and never changed afterwards. With a key they are encrypted on the way in
(see ``sealed_format``) and opened on the way out: nobody who uses a store sees the difference, and in one store there
may be objects of either kind, and of several keys.
"""

import asyncio
import os
import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Final, Self
from urllib.parse import unquote, urlsplit

import obstore
from obstore import exceptions as obstore_errors
from obstore.store import LocalStore, MemoryStore, ObjectStore, from_url

from app.config import Settings
from app.errors import ConfigurationError, NotFoundError, UnavailableError
from app.ids import Kind, kind_of
from app.recordings.sealed_format import HEAD_BYTES, FileCipher, Head, SealBrokenError, read_head
from app.recordings.store_keys import StoreKeys

_READ_BLOCK: Final = 1024 * 1024
_UPLOAD_PART: Final = 8 * 1024 * 1024
_UPLOADS_AT_ONCE: Final = 4
#: An upload of a whole file gets this long on top of the time-out of one request: 1 MB/s for 15 minutes.
_SECONDS_PER_BYTE: Final = 1 / 1_000_000
_SAFE_PART: Final = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_ID_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_ID_TIME_SHIFT: Final = 80
_CONNECT_SECONDS: Final = 5
_CLOUD_RETRIES: Final = 3
#: Under this, one object for each key that objects were encrypted with: who has the key can read it.
KEY_MARKS: Final = "keys/"
_KEY_MARK: Final = b"Objects in this store are encrypted with this key."
_LISTED_AT_ONCE: Final = 1000
_CLOUD_SCHEMES: Final = frozenset({"s3", "gs"})


class StoreUnavailableError(UnavailableError):
    """The store for recordings cannot be reached, refuses us, or did not answer in time."""

    code = "STORE_UNAVAILABLE"


class ObjectMissingError(NotFoundError):
    """There is no such object in the store."""


class ObjectSealedError(StoreUnavailableError):
    """The object is encrypted with a key that is not among ours, or is not what was stored under its name."""

    code = "OBJECT_SEALED"


@dataclass(frozen=True, slots=True)
class Stored:
    """How an object lies in the store: its size there, and its head when it is encrypted."""

    bytes: int
    head: Head | None

    @property
    def plain_bytes(self) -> int:
        return self.bytes if self.head is None else self.head.plain_bytes


def object_key(account_id: str, recording_id: str) -> str:
    """Where a recording's file lies: ``<account>/<yyyy>/<mm>/<dd>/<recording id>.wav``.

    The day (UTC) is the one in the id itself, so the key follows from the two ids alone: whoever collects a recording
    a second time finds what the first time left. The id's 80 random bits make the key unguessable.

    Raises:
        ValueError: one of the two is not an id.
    """
    if _SAFE_PART.fullmatch(account_id) is None or kind_of(recording_id) is not Kind.RECORDING:
        raise ValueError(f"not ids of an account and a recording: {account_id!r}, {recording_id!r}")
    value = 0
    for character in recording_id.partition("_")[2]:
        value = value << 5 | _ID_ALPHABET.index(character)
    try:
        made_at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=value >> _ID_TIME_SHIFT)
    except OverflowError as error:
        raise ValueError(f"the recording's id has an impossible time: {recording_id!r}") from error
    return f"{account_id}/{made_at:%Y/%m/%d}/{recording_id}.wav"


class RecordingStore:
    """The files. Every request has a time-out; every failure but a missing object is a StoreUnavailableError."""

    def __init__(self, objects: ObjectStore, *, timeout_seconds: float = 30.0, keys: StoreKeys | None = None) -> None:
        self._objects = objects
        self._timeout_seconds = timeout_seconds
        self._keys = keys or StoreKeys()
        self._has_marked = False

    @classmethod
    def open(
        cls, url: str | None, data_dir: Path, *, timeout_seconds: float = 30.0, keys: StoreKeys | None = None
    ) -> Self:
        """The store at an address (``file:///…``, ``s3://bucket/…``, ``gs://bucket/…``, ``memory://``).

        Without one, ``data_dir/recordings``. A folder is made if need be, readable by this user alone. S3 and Google
        take credentials from their usual environment variables; AWS_ENDPOINT names another S3, and AWS_ALLOW_HTTP=true
        lets it be plain HTTP.

        Raises:
            ConfigurationError: the address is of no known kind, or the folder cannot be made.
        """
        address = urlsplit(url or "")
        if url is None:
            objects: ObjectStore = _open_folder(data_dir / "recordings")
        elif address.scheme == "file" and address.netloc in {"", "localhost"} and address.path not in {"", "/"}:
            objects = _open_folder(Path(unquote(address.path)))
        elif address.scheme == "memory":
            objects = MemoryStore()
        elif address.scheme in _CLOUD_SCHEMES and address.netloc:
            objects = _open_cloud(url, timeout_seconds)
        else:
            raise ConfigurationError(
                "OFFHOOK_RECORDINGS_URL: use file:///folder, s3://bucket/prefix, gs://bucket/prefix or memory://"
            )
        return cls(objects, timeout_seconds=timeout_seconds, keys=keys)

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The store of these settings, with their keys.

        Raises:
            ConfigurationError: as :meth:`open` and ``StoreKeys.load``.
        """
        return cls.open(settings.recordings_url, settings.data_dir, keys=StoreKeys.load(settings))

    @property
    def keys_held(self) -> StoreKeys:
        """The keys that it encrypts and opens with."""
        return self._keys

    async def put_file(self, key: str, path: Path, size_bytes: int) -> None:
        """Store a local file under a key, in place of what was there. Readers see the old or the new, never a part.

        On return the object is durable: what it was made from may be deleted. ``size_bytes`` is the file's, and decides
        how long this may take; an encrypted object has so many bytes, and a file that has others is not stored.

        Raises:
            StoreUnavailableError: it did not work; trying again is safe.
        """
        current = self._keys.current
        if current is None:
            await self._put(key, path, size_bytes)
            return
        await self._mark_key(current)
        head = Head.new(current, size_bytes)
        await self._put(key, _seal_file(path, head, FileCipher(self._keys.keys[current], head, key)), size_bytes)

    async def _put(self, key: str, source: "Path | bytes | AsyncIterator[bytes]", size_bytes: int) -> None:
        try:
            with _telling_errors():
                async with asyncio.timeout(self._timeout_seconds + size_bytes * _SECONDS_PER_BYTE):
                    await obstore.put_async(
                        self._objects, key, source, chunk_size=_UPLOAD_PART, max_concurrency=_UPLOADS_AT_ONCE
                    )
                    if isinstance(self._objects, LocalStore) and self._objects.prefix is not None:
                        await asyncio.to_thread(_make_durable, self._objects.prefix, key)
                        await asyncio.to_thread(_discard_unfinished, self._objects.prefix, key)
        except ObjectMissingError as error:
            # The bucket, the local file or the folder is gone; none of these is a missing recording.
            raise StoreUnavailableError("The store for recordings failed (nothing to write to or from).") from error

    async def _mark_key(self, key_id: str) -> None:
        """Leave word of the key before anything is encrypted with it: see :meth:`missing_keys`."""
        if self._has_marked:
            return
        name = KEY_MARKS + key_id
        head = Head.new(key_id, len(_KEY_MARK))
        sealed = FileCipher(self._keys.keys[key_id], head, name).seal(0, _KEY_MARK)
        if key_id in await self.missing_keys():
            raise ConfigurationError(
                f"The store has objects of another key of the id {key_id!r}. Give a new key an id of its own."
            )
        await self._put(name, head.encode() + sealed, HEAD_BYTES + len(sealed))
        self._has_marked = True

    async def missing_keys(self) -> list[str]:
        """The ids of keys that objects were encrypted with, and that are not among ours or are others of that id.

        Raises:
            StoreUnavailableError: nobody can say.
        """
        missing = []
        async with aclosing(self.names(KEY_MARKS)) as names:
            async for name in names:
                try:
                    async with aclosing(self.read(name, 0, len(_KEY_MARK))) as blocks:
                        _ = [block async for block in blocks]
                except ObjectSealedError:
                    missing.append(name.removeprefix(KEY_MARKS))
        return missing

    async def names(self, prefix: str = "") -> AsyncGenerator[str, None]:
        """The names of the objects below a folder (``some/folder/``), in no particular order.

        Raises:
            StoreUnavailableError: the store failed.
        """
        with _telling_errors():
            listed = obstore.list(self._objects, prefix or None, chunk_size=_LISTED_AT_ONCE)
            while True:
                async with asyncio.timeout(self._timeout_seconds):
                    some = await anext(listed, None)
                if some is None:
                    return
                for one in some:
                    yield one["path"]

    async def stat(self, key: str) -> Stored:
        """How an object lies in the store.

        Raises:
            ObjectMissingError: there is no such object.
            StoreUnavailableError: nobody can say.
        """
        with _telling_errors():
            async with asyncio.timeout(self._timeout_seconds):
                size: int = (await obstore.head_async(self._objects, key))["size"]
                beginning = b""
                if size >= HEAD_BYTES:
                    beginning = bytes(await obstore.get_range_async(self._objects, key, start=0, end=HEAD_BYTES))
        try:
            head = read_head(beginning)
        except SealBrokenError as error:
            raise _sealed(key) from error
        if head is not None and head.sealed_bytes != size:
            raise _sealed(key)
        return Stored(size, head)

    async def size(self, key: str) -> int:
        """An object's size in bytes, as it was before it was encrypted.

        Raises:
            ObjectMissingError: there is no such object.
            StoreUnavailableError: nobody can say.
        """
        return (await self.stat(key)).plain_bytes

    async def read(self, key: str, start: int, end: int) -> AsyncGenerator[bytes, None]:
        """Bytes ``start`` up to (not with) ``end``, in blocks of up to about 1 MiB.

        Each block is a request of its own: a listener may take hours over a file, a connection to the store may not.

        Raises:
            ObjectMissingError: there is no such object (any more).
            StoreUnavailableError: the store failed, or the object is shorter than ``end``.
            ObjectSealedError: it cannot be opened.
        """
        head = (await self.stat(key)).head
        if head is None:
            for first in range(start, end, _READ_BLOCK):
                yield await self._read_range(key, first, min(first + _READ_BLOCK, end))
            return
        if end > head.plain_bytes:
            raise _gave_less()
        store_key = self._keys.keys.get(head.key_id)
        if store_key is None:
            raise _sealed(key)
        cipher, at_once = FileCipher(store_key, head, key), max(1, _READ_BLOCK // head.chunk_bytes)
        # Of an empty file there is a chunk as well, and nothing in it.
        last = -(-end // head.chunk_bytes)
        for first in range(start // head.chunk_bytes, last if end > start else 0, at_once):
            after = min(first + at_once, last)
            sealed = await self._read_range(key, head.span_of(first)[0], head.span_of(after - 1)[1])
            try:
                plain = await asyncio.to_thread(_open_chunks, cipher, head, first, after, sealed)
            except SealBrokenError as error:
                raise _sealed(key) from error
            begin = first * head.chunk_bytes
            yield plain[max(0, start - begin) : end - begin]

    async def _read_range(self, key: str, first: int, last: int) -> bytes:
        with _telling_errors():
            async with asyncio.timeout(self._timeout_seconds):
                block = bytes(await obstore.get_range_async(self._objects, key, start=first, end=last))
        if len(block) != last - first:
            raise _gave_less()
        return block

    async def delete(self, key: str) -> None:
        """Delete an object; that it is not there is fine.

        Raises:
            StoreUnavailableError: it may still be there.
        """
        try:
            with _telling_errors():
                async with asyncio.timeout(self._timeout_seconds):
                    await obstore.delete_async(self._objects, key)
        except ObjectMissingError:
            return  # gone is what was asked for


def _gave_less() -> StoreUnavailableError:
    return StoreUnavailableError("The store gave less of a recording than it holds.")


def _sealed(key: str) -> ObjectSealedError:
    del key  # it names an account
    return ObjectSealedError("The file is encrypted with a key that is not at hand, or was changed in the store.")


async def _seal_file(path: Path, head: Head, cipher: FileCipher) -> AsyncIterator[bytes]:
    """A file's encrypted form, in blocks.

    Raises:
        StoreUnavailableError: the file has not as many bytes as were announced.
    """
    yield head.encode()
    at_once = max(1, _READ_BLOCK // head.chunk_bytes)
    with await asyncio.to_thread(path.open, "rb") as file:
        for first in range(0, head.chunks, at_once):
            after = min(first + at_once, head.chunks)
            yield await asyncio.to_thread(_seal_chunks, file, cipher, head, first, after)
        if await asyncio.to_thread(file.read, 1):
            raise _changed_on_the_way()


def _seal_chunks(file: BinaryIO, cipher: FileCipher, head: Head, first: int, after: int) -> bytes:
    sealed = bytearray()
    for number in range(first, after):
        plain = file.read(head.plain_length(number))
        if len(plain) != head.plain_length(number):
            raise _changed_on_the_way()
        sealed += cipher.seal(number, plain)
    return bytes(sealed)


def _changed_on_the_way() -> StoreUnavailableError:
    return StoreUnavailableError("The file changed while it was being stored.")


def _open_chunks(cipher: FileCipher, head: Head, first: int, after: int, sealed: bytes) -> bytes:
    begin = head.span_of(first)[0]
    plain = bytearray()
    for number in range(first, after):
        low, high = head.span_of(number)
        plain += cipher.open(number, sealed[low - begin : high - begin])
    return bytes(plain)


def _open_folder(folder: Path) -> LocalStore:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return LocalStore(folder)
    except (OSError, obstore_errors.BaseError) as error:
        raise ConfigurationError(f"The folder for recordings cannot be used: {folder}: {error}") from error


def _make_durable(folder: Path, key: str) -> None:
    """Have the disk hold a file and the names that lead to it, which a rename alone does not promise."""
    for path in (folder / key, *(folder / key).relative_to(folder).parents):
        descriptor = os.open(folder / path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _discard_unfinished(folder: Path, key: str) -> None:
    """Delete what a process that was killed left half-written: ``<key>#1``, which was to be renamed to the key."""
    file = folder / key
    for path in file.parent.glob(f"{file.name}#*"):
        path.unlink(missing_ok=True)


def _open_cloud(url: str, timeout_seconds: float) -> ObjectStore:
    seconds = timedelta(seconds=timeout_seconds)
    try:
        return from_url(
            url,
            client_options={
                "connect_timeout": timedelta(seconds=_CONNECT_SECONDS),
                "timeout": seconds,
                # Options given here take the place of all from the environment; an S3 of one's own may want this one.
                "allow_http": os.environ.get("AWS_ALLOW_HTTP", "").lower() in {"1", "true"},
            },
            retry_config={"max_retries": _CLOUD_RETRIES, "retry_timeout": seconds},
        )
    except (ValueError, obstore_errors.BaseError) as error:
        # Not the error's own text: it may quote the environment's credentials.
        raise ConfigurationError(
            f"OFFHOOK_RECORDINGS_URL cannot be used ({type(error).__name__}): check address and credentials"
        ) from error


@contextmanager
def _telling_errors() -> Iterator[None]:
    """The errors of obstore as ours; their texts may hold addresses, so only their kind is passed on."""
    try:
        yield
    except (FileNotFoundError, obstore_errors.NotFoundError) as error:
        raise ObjectMissingError("There is no such file.") from error
    except (obstore_errors.BaseError, OSError, TimeoutError, ValueError) as error:
        raise StoreUnavailableError(f"The store for recordings failed ({type(error).__name__}).") from error
