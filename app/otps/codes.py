"""Codes: made, hashed, sealed, compared. The only place that has one in hand, besides who speaks it."""

import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Final

from app.secrets.sealing import Seals

_SALT_BYTES: Final = 16
_CODE: Final = re.compile(r"[0-9]+", re.ASCII)
#: What people write between digits.
_BETWEEN: Final = re.compile(r"[\s\-.]+")


@dataclass(frozen=True, slots=True)
class KeptCode:
    """A code as it is kept: to be compared, and, until it has been spoken, to be spoken."""

    salt: bytes
    digest: bytes
    sealed: bytes


class Codes:
    """``key`` is ``ServiceSecret.derive(Purpose.OTPS)``: without it nobody can try out codes against their hashes."""

    def __init__(self, key: bytes, seals: Seals) -> None:
        self._key = key
        self._seals = seals

    def make(self, length: int) -> str:
        """A fresh code of so many digits."""
        return "".join(str(secrets.randbelow(10)) for _ in range(length))

    def keep(self, otp_id: str, code: str) -> KeptCode:
        """What is kept of a code."""
        salt = secrets.token_bytes(_SALT_BYTES)
        return KeptCode(salt, self._digest(otp_id, salt, code), self._seals.seal(code.encode(), owner_id=otp_id))

    def fits(self, otp_id: str, salt: bytes, digest: bytes, offered: str) -> bool:
        """Whether it is the code. It takes as long whatever is offered."""
        return hmac.compare_digest(digest, self._digest(otp_id, salt, _BETWEEN.sub("", offered)))

    def open(self, otp_id: str, sealed: bytes) -> str:
        """The code, to be spoken.

        Raises:
            ConfigurationError: it was sealed under another secret.
        """
        return self._seals.open(sealed, owner_id=otp_id).decode()

    def mark(self, code: str) -> str:
        """What stands for a code in an idempotency key's fingerprint: of a plain hash the code could be found out."""
        return hmac.digest(self._key, b"mark/" + code.encode(), "sha256").hex()

    def _digest(self, otp_id: str, salt: bytes, code: str) -> bytes:
        return hmac.digest(self._key, salt + otp_id.encode() + b"/" + code.encode(), "sha256")


def is_code(text: str, *, shortest: int, longest: int) -> bool:
    """Whether a text is a code: digits alone, so many."""
    return shortest <= len(text) <= longest and _CODE.fullmatch(text) is not None
