"""Where recordings live: a folder, S3 or Google Cloud Storage, behind one small interface.

Objects are written whole or not at all, and never changed afterwards.
"""

import asyncio
import os
import re
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Self
from urllib.parse import unquote, urlsplit

import obstore
from obstore import exceptions as obstore_errors
from obstore.store import LocalStore, MemoryStore, ObjectStore, from_url

from app.errors import ConfigurationError, NotFoundError, UnavailableError
from app.ids import Kind, kind_of

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
_CLOUD_SCHEMES: Final = frozenset({"s3", "gs"})


class StoreUnavailableError(UnavailableError):
    """The store for recordings cannot be reached, refuses us, or did not answer in time."""

    code = "STORE_UNAVAILABLE"


class ObjectMissingError(NotFoundError):
    """There is no such object in the store."""


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

    def __init__(self, objects: ObjectStore, *, timeout_seconds: float = 30.0) -> None:
        self._objects = objects
        self._timeout_seconds = timeout_seconds

    @classmethod
    def open(cls, url: str | None, data_dir: Path, *, timeout_seconds: float = 30.0) -> Self:
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
        return cls(objects, timeout_seconds=timeout_seconds)

    async def put_file(self, key: str, path: Path, size_bytes: int) -> None:
        """Store a local file under a key, in place of what was there. Readers see the old or the new, never a part.

        On return the object is durable: what it was made from may be deleted. ``size_bytes`` is the file's, and only
        decides how long this may take.

        Raises:
            StoreUnavailableError: it did not work; trying again is safe.
        """
        try:
            with _telling_errors():
                async with asyncio.timeout(self._timeout_seconds + size_bytes * _SECONDS_PER_BYTE):
                    await obstore.put_async(
                        self._objects, key, path, chunk_size=_UPLOAD_PART, max_concurrency=_UPLOADS_AT_ONCE
                    )
                    if isinstance(self._objects, LocalStore) and self._objects.prefix is not None:
                        await asyncio.to_thread(_make_durable, self._objects.prefix, key)
                        await asyncio.to_thread(_discard_unfinished, self._objects.prefix, key)
        except ObjectMissingError as error:
            # The bucket, the local file or the folder is gone; none of these is a missing recording.
            raise StoreUnavailableError("The store for recordings failed (nothing to write to or from).") from error

    async def size(self, key: str) -> int:
        """An object's size in bytes.

        Raises:
            ObjectMissingError: there is no such object.
            StoreUnavailableError: nobody can say.
        """
        with _telling_errors():
            async with asyncio.timeout(self._timeout_seconds):
                return (await obstore.head_async(self._objects, key))["size"]

    async def read(self, key: str, start: int, end: int) -> AsyncGenerator[bytes, None]:
        """Bytes ``start`` up to (not with) ``end``, in blocks of up to 1 MiB.

        Each block is a request of its own: a listener may take hours over a file, a connection to the store may not.

        Raises:
            ObjectMissingError: there is no such object (any more).
            StoreUnavailableError: the store failed, or the object is shorter than ``end``.
        """
        for first in range(start, end, _READ_BLOCK):
            last = min(first + _READ_BLOCK, end)
            with _telling_errors():
                async with asyncio.timeout(self._timeout_seconds):
                    block = bytes(await obstore.get_range_async(self._objects, key, start=first, end=last))
            if len(block) != last - first:
                raise StoreUnavailableError("The store gave less of a recording than it holds.")
            yield block

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
