"""A file of what could not be committed: appended, synced, read again by whoever starts next.

::

    <data_dir>/spool/
    ├── n1-1795221571395000000.spool   one outage of node n1, as long as its changes are not in the database
    └── n1.aside                       what could never be applied, one JSON object a line, kept for people

A spool file is a line that names its format, then records: length and CRC-32 (both 4 bytes, big-endian), then that many
bytes. A record is acknowledged once it is synced, so what follows the last whole record of a file was promised to
nobody. Whoever writes or reads a file holds its lock.
"""

import fcntl
import os
import struct
import threading
import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_MAGIC: Final = b"offhook spool 1\n"
_HEAD: Final = struct.Struct(">II")
_SUFFIX: Final = ".spool"


class SpoolFullError(Exception):
    """The records do not fit under the limit; nothing of them was written."""


@dataclass(frozen=True, slots=True)
class Leftover:
    """A file that an earlier process left: its whole records, and what was wrong with it.

    ``torn_bytes``: the last record was being written when the process or machine died. ``is_damaged``: a record is
    there and does not match its sum; nothing after it can be read.
    """

    path: Path
    descriptor: int
    records: tuple[bytes, ...]
    torn_bytes: int
    is_damaged: bool


@dataclass(frozen=True, slots=True)
class _GivenUp:
    """A file of this process that may end in half a record: nothing is written to it any more. Its lock is kept."""

    path: Path
    descriptor: int
    size: int


class Spool:
    """The spool of one node, in one folder. Everything here blocks on the disk: call it in a thread.

    A file is made when it is first needed, and gone once :meth:`clear` says that all of it is in the database.
    """

    def __init__(self, directory: Path, node: str, *, limit_bytes: int) -> None:
        self.directory = directory
        self.limit_bytes = limit_bytes
        self._node = node
        self._path: Path | None = None
        self._descriptor = -1
        self._size = 0
        self._given_up: list[_GivenUp] = []
        self._turn = threading.Lock()  # whoever was cancelled while it waited for a thread did not stop that thread

    @property
    def size(self) -> int:
        """Bytes that wait here: in the file that is being written, and in those that were given up."""
        return self._size + sum(one.size for one in self._given_up)

    def append(self, records: Sequence[bytes]) -> None:
        """Write records; returns once they are on disk.

        Raises:
            SpoolFullError: see there.
            OSError: the disk refuses; what was written of them is taken back.
        """
        frames = b"".join(_HEAD.pack(len(record), zlib.crc32(record)) + record for record in records)
        with self._turn:
            self._append(frames)

    def clear(self) -> None:
        """All that was appended is in the database."""
        with self._turn:
            for one in self._given_up:
                one.path.unlink(missing_ok=True)
            if self._path is not None:
                self._path.unlink(missing_ok=True)
            self._close()

    def close(self) -> None:
        """Let go of the file; it stays for the next start when it was not cleared."""
        with self._turn:
            self._close()

    def _append(self, frames: bytes) -> None:
        if self.size + len(frames) > self.limit_bytes:
            raise SpoolFullError(f"{self.limit_bytes} bytes")
        if self._path is None:
            self._open()
        try:
            _write_all(self._descriptor, frames)
            os.fdatasync(self._descriptor)
        except OSError:
            self._take_back()
            raise
        self._size += len(frames)

    def _take_back(self) -> None:
        """See to it that the next record does not stand behind half of the last one, where nobody would read it."""
        assert self._path is not None  # it was opened to be written
        try:
            os.ftruncate(self._descriptor, self._size)
            os.lseek(self._descriptor, self._size, os.SEEK_SET)
        except OSError:
            # What was acknowledged stays in it, and is read before any younger file; the next record opens one.
            self._given_up.append(_GivenUp(self._path, self._descriptor, self._size))
            self._path, self._descriptor, self._size = None, -1, 0

    def _close(self) -> None:
        for one in self._given_up:
            os.close(one.descriptor)
        self._given_up = []
        if self._path is not None:
            os.close(self._descriptor)
        self._path, self._descriptor, self._size = None, -1, 0

    def read_leftovers(self) -> list[Leftover]:
        """What earlier processes of this node left, oldest first; each is locked until :meth:`finish`."""
        found: list[Leftover] = []
        for path in sorted(self.directory.glob(f"{self._node}-*{_SUFFIX}")):
            if path in self._own_paths() or not path.stem.removeprefix(f"{self._node}-").isdigit():
                continue
            try:
                descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            except FileNotFoundError:
                continue  # its owner has just cleared it
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)  # its owner lives
                continue
            found.append(_read(path, descriptor))
        return found

    def _own_paths(self) -> set[Path | None]:
        return {self._path, *(one.path for one in self._given_up)}

    def finish(self, leftover: Leftover) -> None:
        """A leftover's records are in the database: it goes, or, when it is damaged, is kept aside for people."""
        if leftover.is_damaged:
            leftover.path.rename(leftover.path.with_suffix(".damaged"))
        else:
            leftover.path.unlink(missing_ok=True)
        os.close(leftover.descriptor)

    def leave(self, leftover: Leftover) -> None:
        """Let go of a leftover that was not applied."""
        os.close(leftover.descriptor)

    def set_aside(self, lines: Sequence[bytes]) -> Path:
        """Keep what can never be applied; gives the file, which the lines are appended to.

        Raises:
            OSError: the disk refuses.
        """
        self._make_directory()
        path = self.directory / f"{self._node}.aside"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            _write_all(descriptor, b"".join(line + b"\n" for line in lines))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        _sync_directory(self.directory)
        return path

    def _open(self) -> None:
        self._make_directory()
        path = self.directory / f"{self._node}-{time.time_ns()}{_SUFFIX}"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _write_all(descriptor, _MAGIC)
            os.fsync(descriptor)
            _sync_directory(self.directory)
        except OSError:
            os.close(descriptor)
            path.unlink(missing_ok=True)
            raise
        self._path, self._descriptor, self._size = path, descriptor, len(_MAGIC)

    def _make_directory(self) -> None:
        made = [one for one in (self.directory, *self.directory.parents) if not one.exists()]
        # Its files name telephone numbers.
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        for one in made:
            _sync_directory(one.parent)


def _read(path: Path, descriptor: int) -> Leftover:
    content = path.read_bytes()
    if not content.startswith(_MAGIC):
        # Made, and not even named when the process died; or somebody else's.
        is_ours = _MAGIC.startswith(content)
        return Leftover(path, descriptor, (), len(content) if is_ours else 0, is_damaged=not is_ours)
    records: list[bytes] = []
    end = len(_MAGIC)
    is_damaged = False
    for begin, length, checksum in _frames(content):
        record = content[begin : begin + length]
        if not length:
            break  # no record is empty: after a machine's crash a file may end in zeros
        if len(record) == length and zlib.crc32(record) == checksum:
            records.append(record)
            end = begin + length
            continue
        # A record that reaches to the very end, or beyond, was never acknowledged: it was being written.
        is_damaged = begin + length < len(content)
        break
    return Leftover(path, descriptor, tuple(records), len(content) - end, is_damaged)


def _frames(content: bytes) -> Iterator[tuple[int, int, int]]:
    """Where each record begins, its length and sum, as its head says."""
    at = len(_MAGIC)
    while at + _HEAD.size <= len(content):
        length, checksum = _HEAD.unpack_from(content, at)
        yield at + _HEAD.size, length, checksum
        at += _HEAD.size + length


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _sync_directory(directory: Path) -> None:
    """A new file's or folder's name is on disk as well."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
