"""Signed addresses: whoever holds one may have that file, and no other, until it expires."""

import base64
import hmac
import math
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import quote, urlencode

from app.errors import OffhookError
from app.facts.recordings import SignedUrl

#: Under this path recordings are served; see ``recordings.serve``.
PATH_PREFIX: Final = "/recordings/"
#: Under this one, reports of jobs.
REPORT_PREFIX: Final = "/job-reports/"

_EXPIRES: Final = re.compile(r"[1-9][0-9]{0,11}", re.ASCII)
_PURPOSE: Final = b"offhook recording address 1"
_REPORT_PURPOSE: Final = b"offhook job report address 1"


UPLOAD_PREFIX: Final = "/uploads/"
_UPLOAD_PURPOSE: Final = b"offhook upload address 1"


class UrlInvalidError(OffhookError):
    """The address was not signed by us, or was changed since."""

    code = "URL_SIGNATURE_INVALID"
    http_status = 403


class UrlExpiredError(OffhookError):
    """The address was good once; ask for a new one."""

    code = "URL_EXPIRED"
    http_status = 403


class SignedUrls:
    """Signs and checks addresses with a key of their own, made from the service's secret.

    The signature covers the file's id and the instant of expiry, and stands for reading (GET and HEAD) alone. It
    does not name the account: an address is only ever made for what the asking account owns, and ids are
    unique over all accounts.
    """

    def __init__(self, secret: bytes, *, purpose: bytes = _PURPOSE, path_prefix: str = PATH_PREFIX) -> None:
        """With another ``purpose``, addresses of other things: none of one purpose stands for one of another."""
        self._key = hmac.digest(secret, purpose, "sha256")
        self._path_prefix = path_prefix

    def sign(self, recording_id: str, now: datetime, ttl: timedelta) -> str:
        """Path and query of an address that works from now on for ``ttl``, to the full second (rounded up)."""
        expires, signature = self.sign_parts(recording_id, now, ttl)
        query = urlencode({"expires": expires, "signature": signature})
        return f"{self._path_prefix}{quote(recording_id, safe='')}?{query}"

    def sign_parts(self, recording_id: str, now: datetime, ttl: timedelta) -> tuple[str, str]:
        """The two parameters of such an address: ``expires`` and ``signature``."""
        expires = str(-int(-(now + ttl).timestamp() // 1))
        return expires, self._signature(recording_id, expires)

    def verify(self, recording_id: str, expires: Sequence[str], signature: Sequence[str], now: datetime) -> None:
        """Return when the address is ours and has not expired. Parameters as they came: every value given for each.

        Raises:
            UrlInvalidError: parameters are missing, doubled or malformed, or the signature is another's.
            UrlExpiredError: the signature is ours, the time is over.
        """
        invalid = UrlInvalidError("This address is not valid: take it whole, as it was given out.")
        if len(expires) != 1 or len(signature) != 1 or _EXPIRES.fullmatch(expires[0]) is None:
            raise invalid
        # Compared as text: one signature has exactly one spelling.
        expected = self._signature(recording_id, expires[0]).encode("ascii")
        if not hmac.compare_digest(expected, signature[0].encode("utf-8", "surrogateescape")):
            raise invalid
        if now.timestamp() >= int(expires[0]):
            raise UrlExpiredError("This address has expired. Ask for a new one.")

    def _signature(self, recording_id: str, expires: str) -> str:
        # Unambiguous: an id cannot hold a line feed that survives a path, and expiry is digits.
        message = f"READ\n{expires}\n{recording_id}".encode("utf-8", "surrogateescape")
        return base64.urlsafe_b64encode(hmac.digest(self._key, message, "sha256")).decode("ascii").rstrip("=")


def report_urls(secret: bytes) -> SignedUrls:
    """Signs the addresses of jobs' reports, which are kept and served as recordings are."""
    return SignedUrls(secret, purpose=_REPORT_PURPOSE, path_prefix=REPORT_PREFIX)


def url_minter(urls: SignedUrls, public_url: str, lifetime: timedelta) -> Callable[[str, datetime], SignedUrl]:
    """Makes whole addresses that work for ``lifetime`` from an instant on.

    For recordings of the asking account alone: nothing checks that later.
    """
    base = public_url.rstrip("/")

    def mint(recording_id: str, now: datetime) -> SignedUrl:
        # The signature holds to the full second, rounded up.
        expires_at = datetime.fromtimestamp(math.ceil((now + lifetime).timestamp()), UTC)
        return SignedUrl(url=base + urls.sign(recording_id, now, lifetime), expires_at=expires_at)

    return mint


def upload_urls(secret: bytes) -> SignedUrls:
    """Signs where an upload is put."""
    return SignedUrls(secret, purpose=_UPLOAD_PURPOSE, path_prefix=UPLOAD_PREFIX)
