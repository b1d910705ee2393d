"""Addresses of sounds, for Asterisk alone, and of uploads, for their sender alone: signed, and only for a time.

Asterisk's media cache sets conditions on an address:

- It must end in the sound's extension: the end decides as what the file is read.
- It must be longer than the path of Asterisk's own copy, or playing fails.
- It should stay the same for as long as the sound does: each address is a file of its own in that cache.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from app.files.urls import SignedUrls
from app.speech.model import MediaUri

MEDIA_PREFIX: Final = "/media/"
#: How a WAV file of each rate ends for Asterisk.
EXTENSIONS: Final = {8_000: "wav", 16_000: "wav16"}

_MEDIA_PURPOSE: Final = b"offhook media address 1"
#: An address of a sound works for one to two of these.
_PERIOD: Final = timedelta(days=7)


class MediaUrls:
    """``base_url`` is how Asterisk reaches this process."""

    def __init__(self, secret: bytes, base_url: str) -> None:
        self._urls = SignedUrls(secret, purpose=_MEDIA_PURPOSE, path_prefix=MEDIA_PREFIX)
        self._base_url = base_url.rstrip("/")

    def media(self, name: str, sample_rate: int, now: datetime) -> MediaUri:
        """What Asterisk is told to play for a sound that is kept under a name."""
        until = _end_of_next_period(now)
        file_name = f"{name}.{EXTENSIONS[sample_rate]}"
        expires, signature = self._urls.sign_parts(file_name, until, timedelta())
        return MediaUri(f"sound:{self._base_url}{MEDIA_PREFIX}{expires}/{signature}/{file_name}")

    def verify(self, file_name: str, expires: str, signature: str, now: datetime) -> tuple[str, int]:
        """The name and rate behind an address.

        Raises:
            UrlInvalidError, UrlExpiredError: as ``SignedUrls.verify``.
        """
        self._urls.verify(file_name, [expires], [signature], now)
        # What we signed has this form.
        name, _, extension = file_name.partition(".")
        return name, next(rate for rate, end in EXTENSIONS.items() if end == extension)


def _end_of_next_period(now: datetime) -> datetime:
    start = datetime(1970, 1, 1, tzinfo=UTC)
    return start + ((now - start) // _PERIOD + 2) * _PERIOD
