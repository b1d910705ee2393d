"""Spoken texts as files, by content: written whole or not at all, bounded, the longest unused dropped first.

A file's name is a keyed hash of all that makes the sound, so it says nothing of the text, not even to somebody who
guesses at it.
"""

import contextlib
import hmac
import os
import re
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NewType

import msgspec
import structlog

from app.speech.model import Speech, Voice

_log = structlog.get_logger(__name__)

ContentKey = NewType("ContentKey", str)

#: Raise it when the same content is to sound different.
_VERSION: Final = 1
_KEY: Final = re.compile(r"[0-9a-f]{64}")
#: What is left after room was made, so that it is not made for each file anew.
_KEPT_SHARE: Final = 0.9
#: Sounds used this lately are not dropped: Asterisk may be about to fetch them.
_FRESH_SECONDS: Final = 60.0
_ABANDONED_SECONDS: Final = 3600.0


def content_key(secret: bytes, account_id: str, speech: Speech, voice: Voice, language: str) -> ContentKey:
    """The name of what a checked and folded text sounds like. Accounts share nothing."""
    settings = speech.settings
    content = msgspec.json.encode(
        (
            _VERSION,
            account_id,
            voice.engine.value,
            voice.id,
            language,
            settings.engine_type.value,
            settings.volume.value,
            settings.rate.value,
            settings.pitch.value,
            speech.text,
        )
    )
    return ContentKey(hmac.digest(secret, content, "sha256").hex())


def is_content_key(name: str) -> bool:
    return _KEY.fullmatch(name) is not None


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    size: int
    used_at: float


class SpeechCache:
    """Files in a folder that several processes may share. Every method touches the disk: call it in a thread."""

    def __init__(self, folder: Path, *, most_bytes: int) -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        self._size: int | None = None

    def has(self, key: ContentKey, sample_rate: int) -> bool:
        """Whether the sound is there; it then counts as used now."""
        try:
            os.utime(self._path(key, sample_rate))
        except OSError:
            return False
        return True

    def read(self, key: ContentKey, sample_rate: int) -> bytes | None:
        """The whole file; None when it is not there (any more)."""
        path = self._path(key, sample_rate)
        try:
            content = path.read_bytes()
            os.utime(path)
        except OSError:
            return None
        return content

    def put(self, key: ContentKey, files: Mapping[int, bytes]) -> None:
        """Keep a sound in several rates.

        Raises:
            OSError: the disk is full or refuses us.
        """
        for sample_rate, content in files.items():
            path = self._path(key, sample_rate)
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(content)
                draft.replace(path)
            except BaseException:
                draft.unlink(missing_ok=True)
                raise
        if self._size is not None:
            self._size += sum(map(len, files.values()))
        if self._size is None or self._size > self._most_bytes:
            self._make_room()

    def drop(self, key: ContentKey, sample_rates: Sequence[int]) -> None:
        """Keep a sound no longer, if it is there."""
        for sample_rate in sample_rates:
            self._path(key, sample_rate).unlink(missing_ok=True)

    def drop_unused(self, seconds: float, *, now: float | None = None) -> int:
        """Keep no sound any longer that nobody has used for so long; gives how many files those were."""
        before = (time.time() if now is None else now) - seconds
        unused = [file.path for file in self._list() if file.used_at < before]
        for path in unused:
            path.unlink(missing_ok=True)
        return len(unused)

    def _path(self, key: ContentKey, sample_rate: int) -> Path:
        return self._folder / key[:2] / f"{key}-{sample_rate}.wav"

    def _make_room(self) -> None:
        files = self._list()
        size = sum(file.size for file in files)
        if size > self._most_bytes:
            dropped, now = 0, time.time()
            for file in sorted(files, key=lambda one: one.used_at):
                if size <= self._most_bytes * _KEPT_SHARE or now - file.used_at < _FRESH_SECONDS:
                    break
                file.path.unlink(missing_ok=True)
                size -= file.size
                dropped += 1
            _log.info("speech_cache_trimmed", dropped=dropped, bytes=size)
            if size > self._most_bytes:
                _log.warning("speech_cache_too_small", bytes=size, most_bytes=self._most_bytes)
        self._size = size

    def _list(self) -> list[_File]:
        """All sounds; what a process that was killed left half-written goes."""
        files, now = [], time.time()
        for path in self._folder.glob("*/*"):
            with contextlib.suppress(FileNotFoundError):  # another process dropped it
                status = path.stat()
                if path.name.startswith(".") and now - status.st_mtime > _ABANDONED_SECONDS:
                    path.unlink()
                else:
                    files.append(_File(path, status.st_size, status.st_mtime))
        return files
