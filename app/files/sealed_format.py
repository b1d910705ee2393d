"""How an object lies in the store when it is encrypted: a head, then chunks, each sealed by itself. Pure.

::

    head    8   magic ``OFHSEAL1``
            16  id of the store key, ASCII, filled up with zero bytes
            32  salt: the file's own key is made of the store key and this (HKDF-SHA256, RFC 5869)
            4   bytes of plain text in a chunk, big-endian
            8   bytes of plain text in all, big-endian
    chunk   AES-256-GCM of up to so many bytes, and its tag of 16; the nonce is the chunk's number

Any range is read by opening the chunks that it touches. The tags cover head, object's name and chunk's number: sealed
bytes that were changed, put elsewhere, exchanged or cut off are never taken for the file. A whole file that is not
sealed at all is: objects from before there was a key are served as they are, so whoever can write to the store can put
another file in one's place. Each file has its own key, so no nonce is ever used twice under one (NIST SP 800-38D, 8.2).
"""

import hmac
import secrets
import struct
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MAGIC: Final = b"OFHSEAL1"
#: Bytes of plain text that are sealed together.
CHUNK_BYTES: Final = 64 * 1024
TAG_BYTES: Final = 16
LONGEST_KEY_ID: Final = 16

_HEAD: Final = struct.Struct(f">8s{LONGEST_KEY_ID}s32sIQ")
HEAD_BYTES: Final = _HEAD.size
_SALT_BYTES: Final = 32
_LARGEST_CHUNK: Final = 16 * 1024 * 1024
_PURPOSE: Final = b"offhook stored object 1"


class SealBrokenError(Exception):
    """The bytes are not those that were stored under this name."""


@dataclass(frozen=True, slots=True)
class Head:
    """What the beginning of an encrypted object says."""

    key_id: str
    salt: bytes
    chunk_bytes: int
    plain_bytes: int

    @classmethod
    def new(cls, key_id: str, plain_bytes: int) -> "Head":
        return cls(key_id, secrets.token_bytes(_SALT_BYTES), CHUNK_BYTES, plain_bytes)

    @property
    def chunks(self) -> int:
        """How many there are; of an empty file one, so that there is a tag to vouch for it."""
        return max(1, -(-self.plain_bytes // self.chunk_bytes))

    @property
    def sealed_bytes(self) -> int:
        """The object's size in the store."""
        return HEAD_BYTES + self.plain_bytes + self.chunks * TAG_BYTES

    def span_of(self, chunk: int) -> tuple[int, int]:
        """Where in the object a chunk lies: from, up to (not with)."""
        begin = HEAD_BYTES + chunk * (self.chunk_bytes + TAG_BYTES)
        return begin, begin + self.plain_length(chunk) + TAG_BYTES

    def plain_length(self, chunk: int) -> int:
        """How many bytes of plain text a chunk has."""
        return max(0, min(self.chunk_bytes, self.plain_bytes - chunk * self.chunk_bytes))

    def encode(self) -> bytes:
        return _HEAD.pack(MAGIC, self.key_id.encode("ascii"), self.salt, self.chunk_bytes, self.plain_bytes)


def read_head(beginning: bytes) -> Head | None:
    """The head of an object that begins so; None when it is not encrypted.

    Raises:
        SealBrokenError: it is, and the head makes no sense.
    """
    if not beginning.startswith(MAGIC):
        return None
    if len(beginning) < HEAD_BYTES:
        raise SealBrokenError
    _, key_id, salt, chunk_bytes, plain_bytes = _HEAD.unpack_from(beginning)
    name = key_id.rstrip(b"\x00")
    if not name.isascii() or not 1 <= chunk_bytes <= _LARGEST_CHUNK:
        raise SealBrokenError
    return Head(name.decode("ascii"), salt, chunk_bytes, plain_bytes)


class FileCipher:
    """Seals and opens the chunks of one object."""

    def __init__(self, store_key: bytes, head: Head, object_key: str) -> None:
        # HKDF: one block of each of its two steps is all that 32 bytes need.
        extracted = hmac.digest(head.salt, store_key, "sha256")
        self._cipher = AESGCM(hmac.digest(extracted, _PURPOSE + b"\x01", "sha256"))
        self._vouched = head.encode() + object_key.encode()

    def seal(self, number: int, plain: bytes) -> bytes:
        return self._cipher.encrypt(_nonce(number), plain, self._vouched)

    def open(self, number: int, sealed: bytes) -> bytes:
        """A chunk's plain text.

        Raises:
            SealBrokenError: these are not its bytes, or the key is another one.
        """
        try:
            return self._cipher.decrypt(_nonce(number), sealed, self._vouched)
        except (InvalidTag, ValueError) as error:  # ValueError: shorter than a tag
            raise SealBrokenError from error


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")
