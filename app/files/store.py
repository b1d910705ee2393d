"""Where files live: a folder, S3 or Google Cloud Storage, behind one small interface.

Objects are written whole or not at all, and their content never changes afterwards. With a key they are encrypted on
the way in (see ``sealed_format``) and opened on the way out: nobody who uses a store sees the difference, and in one
store there may be objects of either kind, and of several keys.
"""

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import unquote, urlsplit

import obstore
from obstore import exceptions as obstore_errors
from obstore.store import LocalStore, MemoryStore, ObjectStore, from_url

from app.config import Settings
from app.errors import ConfigurationError
from app.files.errors import ObjectMissingError, ObjectSealedError, StoreUnavailableError
from app.files.keys import StoreKeys
from app.files.sealed_files import READ_BLOCK, open_chunks, seal_file
from app.files.sealed_format import HEAD_BYTES, FileCipher, Head, SealBrokenError, read_head

if TYPE_CHECKING:
    from obstore import GetOptions

__all__ = [
    "KEY_MARKS",
    "FileStore",
    "ObjectMissingError",
    "ObjectSealedError",
    "StoreUnavailableError",
    "Stored",
]

#: In parts of so many bytes a file is read to be stored, and so many of them are in memory at once, some of them twice:
#: 8 MB in all for a folder, 35 MB for a cloud, which takes no smaller parts (S3: 5 MiB).
_LOCAL_PART: Final = 1024 * 1024
_LOCAL_PARTS_AT_ONCE: Final = 4
_CLOUD_PART: Final = 5 * 1024 * 1024
_CLOUD_PARTS_AT_ONCE: Final = 2
#: An object is written anew once in a long time; so often in a row while it is read, and something else is wrong.
_MOST_CHANGES: Final = 5
#: An upload of a whole file gets this long on top of the time-out of one request: 1 MB/s for 15 minutes.
_SECONDS_PER_BYTE: Final = 1 / 1_000_000
_CONNECT_SECONDS: Final = 5
_CLOUD_RETRIES: Final = 3
#: Under this, one object for each key that objects were encrypted with: who has the key can read it.
KEY_MARKS: Final = "keys/"
_KEY_MARK: Final = b"Objects in this store are encrypted with this key."
_LISTED_AT_ONCE: Final = 1000
_CLOUD_SCHEMES: Final = frozenset({"s3", "gs"})


class _ChangedError(Exception):
    """The object is another one by now than the one that was asked for."""


@dataclass(frozen=True, slots=True)
class Stored:
    """How an object lies in the store: its size there, its head when it is encrypted, and the store's word for it as
    it is now, which changes when it is written anew.
    """

    bytes: int
    head: Head | None
    e_tag: str | None = None

    @property
    def plain_bytes(self) -> int:
        return self.bytes if self.head is None else self.head.plain_bytes


class FileStore:
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
        await self._put(key, seal_file(path, head, FileCipher(self._keys.keys[current], head, key)), size_bytes)

    async def _put(self, key: str, source: "Path | bytes | AsyncIterator[bytes]", size_bytes: int) -> None:
        is_local = isinstance(self._objects, LocalStore)
        part = _LOCAL_PART if is_local else _CLOUD_PART
        at_once = _LOCAL_PARTS_AT_ONCE if is_local else _CLOUD_PARTS_AT_ONCE
        try:
            with _telling_errors():
                async with asyncio.timeout(self._timeout_seconds + size_bytes * _SECONDS_PER_BYTE):
                    await obstore.put_async(self._objects, key, source, chunk_size=part, max_concurrency=at_once)
                    if isinstance(self._objects, LocalStore) and self._objects.prefix is not None:
                        await asyncio.to_thread(_make_durable, self._objects.prefix, key)
                        await asyncio.to_thread(_discard_unfinished, self._objects.prefix, key)
        except ObjectMissingError as error:
            # The bucket, the local file or the folder is gone; none of these is a missing file.
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
        for _ in range(_MOST_CHANGES):
            with _telling_errors():
                async with asyncio.timeout(self._timeout_seconds):
                    told = await obstore.head_async(self._objects, key)
            size, e_tag = told["size"], told["e_tag"]
            beginning = b""
            try:
                if size >= HEAD_BYTES:
                    beginning = await self._read_range(key, 0, HEAD_BYTES, e_tag)
            except _ChangedError:
                continue
            try:
                head = read_head(beginning)
            except SealBrokenError as error:
                raise _sealed(key) from error
            if head is not None and head.sealed_bytes != size:
                raise _sealed(key)
            return Stored(size, head, e_tag)
        raise _changes_too_often()

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
        Meanwhile the object may be written anew under another key, or under none: then it is read on in its new form,
        whose content is the same.

        Raises:
            ObjectMissingError: there is no such object (any more).
            StoreUnavailableError: the store failed, or the object is shorter than ``end``.
            ObjectSealedError: it cannot be opened.
        """
        at, changes, stored = start, 0, await self.stat(key)
        while at < end:
            if end > stored.plain_bytes:
                raise _gave_less()
            try:
                async with aclosing(self._read_as(stored, key, at, end)) as blocks:
                    async for block in blocks:
                        at += len(block)
                        changes = 0
                        yield block
            except _ChangedError:
                changes += 1
                if changes == _MOST_CHANGES:
                    raise _changes_too_often() from None
                again = await self.stat(key)
                if again.plain_bytes != stored.plain_bytes:
                    raise StoreUnavailableError("The file is another one by now.") from None
                stored = again

    async def _read_as(self, stored: Stored, key: str, start: int, end: int) -> AsyncGenerator[bytes, None]:
        """As :meth:`read`, of an object as it lay in the store a moment ago. Raises _ChangedError when it does not."""
        head = stored.head
        if head is None:
            for first in range(start, end, READ_BLOCK):
                yield await self._read_range(key, first, min(first + READ_BLOCK, end), stored.e_tag)
            return
        store_key = self._keys.keys.get(head.key_id)
        if store_key is None:
            raise _sealed(key)
        cipher, at_once = FileCipher(store_key, head, key), max(1, READ_BLOCK // head.chunk_bytes)
        last = -(-end // head.chunk_bytes)
        for first in range(start // head.chunk_bytes, last, at_once):
            after = min(first + at_once, last)
            sealed = await self._read_range(key, head.span_of(first)[0], head.span_of(after - 1)[1], stored.e_tag)
            try:
                plain = await asyncio.to_thread(open_chunks, cipher, head, first, after, sealed)
            except SealBrokenError as error:
                raise _sealed(key) from error
            begin = first * head.chunk_bytes
            yield plain[max(0, start - begin) : end - begin]

    async def _read_range(self, key: str, first: int, last: int, e_tag: str | None) -> bytes:
        options: GetOptions = {"range": (first, last)}
        if e_tag is not None:
            options["if_match"] = e_tag
        with _telling_errors():
            async with asyncio.timeout(self._timeout_seconds):
                try:
                    got = await obstore.get_async(self._objects, key, options=options)
                    block = bytes(await got.bytes_async())
                except obstore_errors.PreconditionError as error:
                    raise _ChangedError from error
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


def _changes_too_often() -> StoreUnavailableError:
    return StoreUnavailableError("The file is written anew time and again while it is read.")


def _gave_less() -> StoreUnavailableError:
    return StoreUnavailableError("The store gave less of a recording than it holds.")


def _sealed(key: str) -> ObjectSealedError:
    del key  # it names an account
    return ObjectSealedError("The file is encrypted with a key that is not at hand, or was changed in the store.")


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
