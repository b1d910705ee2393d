"""The service's one secret, and the keys derived from it: one for each purpose, so that none can stand in for another.

All processes of one Offhook share the secret: it is in ``OFFHOOK_SECRET_KEY``, or made once and kept in ``data_dir``.
Losing it makes every API key, cursor, signed address and sealed webhook secret worthless.
"""

import contextlib
import hmac
import os
import secrets
import stat
from enum import StrEnum
from pathlib import Path
from typing import Final, Self

from app.config import Settings
from app.errors import ConfigurationError

SECRET_FILE: Final = "secret.key"  # noqa: S105  # a file's name
_SALT: Final = b"offhook/1"
_LEAST_CHARACTERS: Final = 32
_FOREIGN_EYES: Final = stat.S_IRWXG | stat.S_IRWXO


class Purpose(StrEnum):
    """What a derived key is for; the value goes into the derivation and must never change."""

    API_KEYS = "api-keys"
    CURSORS = "cursors"
    URLS = "urls"
    SEALING = "sealing"
    SPEECH = "speech"
    OTPS = "otps"
    ERASURES = "erasures"
    REQUEST_KEYS = "request-keys"


class ServiceSecret:
    """The secret, behind the one thing that may be done with it."""

    __slots__ = ("_root",)

    def __init__(self, text: str) -> None:
        # HKDF-Extract (RFC 5869, 2.2): whatever the form of the text, the root is 32 uniform bytes.
        self._root = hmac.digest(_SALT, text.encode(), "sha256")

    @classmethod
    def load(cls, settings: Settings) -> Self:
        """The secret of these settings, made on first use.

        Raises:
            ConfigurationError: the file cannot be read or written, is too short, or others may read it.
        """
        if settings.secret_key is not None:
            return cls(settings.secret_key.get_secret_value())
        return cls(_read_or_create(settings.data_dir / SECRET_FILE))

    def derive(self, purpose: Purpose) -> bytes:
        """The 32-byte key for a purpose: HKDF-Expand (RFC 5869, 2.3), one block."""
        return hmac.digest(self._root, f"offhook/{purpose.value}".encode() + b"\x01", "sha256")

    def __repr__(self) -> str:
        return "ServiceSecret(…)"


def _read_or_create(path: Path) -> str:
    try:
        return _read(path)
    except FileNotFoundError:
        pass  # the first start
    except OSError as error:
        raise ConfigurationError(_cannot(path, error)) from error
    try:
        _create(path)
        return _read(path)
    except OSError as error:
        raise ConfigurationError(_cannot(path, error)) from error


def _read(path: Path) -> str:
    mode = path.stat().st_mode
    if mode & _FOREIGN_EYES:
        raise ConfigurationError(f"Others may read the secret in {path}. Mend it with: chmod 600 {path}")
    text = path.read_text(encoding="ascii", errors="replace").strip()
    if len(text) < _LEAST_CHARACTERS:
        raise ConfigurationError(
            f"The secret in {path} is too short or empty. Restore it from a backup; if there is none, remove the file: "
            "a new one is made, and all API keys and webhook secrets must be made anew."
        )
    return text


def _create(path: Path) -> None:
    """Write it whole and only once, also when two processes start together: a link to a name that exists fails."""
    path.parent.mkdir(mode=0o711, parents=True, exist_ok=True)  # the database server's user passes through it
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):  # the other process was first: its secret counts
            os.link(draft, path)
    finally:
        draft.unlink()


def _cannot(path: Path, error: OSError) -> str:
    return (
        f"The secret in {path} cannot be read or made: {error.strerror}. "
        "Make the directory writable, choose another OFFHOOK_DATA_DIR, or set OFFHOOK_SECRET_KEY."
    )
