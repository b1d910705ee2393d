"""Whole files in and out of :mod:`~app.files.sealed_format`, in blocks of many chunks."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO, Final

from app.files.errors import StoreUnavailableError
from app.files.sealed_format import FileCipher, Head

#: Bytes that are read, sealed or opened at once.
READ_BLOCK: Final = 1024 * 1024


async def seal_file(path: Path, head: Head, cipher: FileCipher) -> AsyncIterator[bytes]:
    """A file's encrypted form, in blocks.

    Raises:
        StoreUnavailableError: the file has not as many bytes as were announced.
    """
    yield head.encode()
    at_once = max(1, READ_BLOCK // head.chunk_bytes)
    with await asyncio.to_thread(path.open, "rb") as file:
        for first in range(0, head.chunks, at_once):
            after = min(first + at_once, head.chunks)
            yield await asyncio.to_thread(_seal_chunks, file, cipher, head, first, after)
        if await asyncio.to_thread(file.read, 1):
            raise _changed_on_the_way()


def open_chunks(cipher: FileCipher, head: Head, first: int, after: int, sealed: bytes) -> bytes:
    """The plain text of chunks ``first`` up to (not with) ``after``, which ``sealed`` holds.

    Raises:
        SealBrokenError: these are not their bytes, or the key is another one.
    """
    begin = head.span_of(first)[0]
    plain = bytearray()
    for number in range(first, after):
        low, high = head.span_of(number)
        plain += cipher.open(number, sealed[low - begin : high - begin])
    return bytes(plain)


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
