"""Secrets that must be kept to be used again, encrypted at rest with AES-256-GCM."""

import secrets
from typing import Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.errors import ConfigurationError

_VERSION: Final = b"\x01"
_NONCE_BYTES: Final = 12


class Seals(Protocol):
    """Keeps a secret that must be used again: `app.secrets.sealing.Sealer`."""

    def seal(self, plain: bytes, *, owner_id: str) -> bytes: ...
    def open(self, sealed: bytes, *, owner_id: str) -> bytes: ...


class Sealer:
    """Seals short secrets under a 32-byte key: ``ServiceSecret.derive(Purpose.SEALING)``.

    A sealed secret is bound to the row it belongs to: moved to another row it cannot be opened.
    """

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, plain: bytes, *, owner_id: str) -> bytes:
        """Version, nonce and ciphertext. Never twice the same."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return _VERSION + nonce + self._cipher.encrypt(nonce, plain, owner_id.encode())

    def open(self, sealed: bytes, *, owner_id: str) -> bytes:
        """What was sealed for this owner.

        Raises:
            ConfigurationError: it was sealed under another key, or tampered with.
        """
        version, nonce, body = sealed[:1], sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            plain = self._cipher.decrypt(nonce, body, owner_id.encode())
        except (InvalidTag, ValueError) as error:  # ValueError: cut short
            raise _unopened(owner_id) from error
        if version != _VERSION:
            raise _unopened(owner_id)
        return plain


def _unopened(owner_id: str) -> ConfigurationError:
    return ConfigurationError(
        f"The secret of {owner_id} cannot be opened: the service's secret is not the one it was sealed with."
    )
