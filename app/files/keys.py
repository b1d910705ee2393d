"""The keys that objects in the store are encrypted with: ``<id>:<base64 of 32 bytes>``, the first for what is new."""

import base64
import binascii
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from app.config import Settings
from app.errors import ConfigurationError
from app.files.sealed_format import LONGEST_KEY_ID

_ID: Final = re.compile(rf"[a-z0-9-]{{1,{LONGEST_KEY_ID}}}", re.ASCII)
_KEY_BYTES: Final = 32
_FOREIGN_EYES: Final = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class StoreKeys:
    """Keys by their ids. ``current`` is the id of the one that new objects get; None: they are stored as they are."""

    keys: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    current: str | None = None

    @classmethod
    def load(cls, settings: Settings) -> Self:
        """The keys of these settings: of the environment, or of a file with one in a line.

        Raises:
            ConfigurationError: one is malformed; the file cannot be read, or others may read it.
        """
        if settings.store_keys is not None:
            return cls.read("OFFHOOK_STORE_KEYS", settings.store_keys.get_secret_value().replace(",", "\n"))
        if settings.store_keys_file is None:
            return cls()
        path = settings.store_keys_file
        return cls.read(str(path), _read_file(path))

    @classmethod
    def read(cls, source: str, text: str) -> Self:
        """Keys as they are written, one a line.

        Raises:
            ConfigurationError: one is malformed, or an id is there twice.
        """
        keys: dict[str, bytes] = {}
        for line in filter(None, map(str.strip, text.splitlines())):
            key_id, _, encoded = line.partition(":")
            try:
                key = base64.b64decode(encoded.strip(), validate=True)
            except (binascii.Error, ValueError):
                key = b""
            if _ID.fullmatch(key_id) is None or len(key) != _KEY_BYTES or key_id in keys:
                raise ConfigurationError(
                    f"{source}: write each key as <id>:<base64 of {_KEY_BYTES} bytes>, with an id of its own of "
                    f"at most {LONGEST_KEY_ID} of a-z, 0-9 and '-'. Make one with: openssl rand -base64 32"
                )
            keys[key_id] = key
        return cls(keys, next(iter(keys), None))


def _read_file(path: Path) -> str:
    try:
        if path.stat().st_mode & _FOREIGN_EYES:
            raise ConfigurationError(f"Others may read the keys in {path}. Mend it with: chmod 600 {path}")
        return path.read_text(encoding="ascii", errors="replace")
    except OSError as error:
        raise ConfigurationError(f"The keys in {path} cannot be read: {error.strerror}.") from error
