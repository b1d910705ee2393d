"""The addresses of programs: what may be asked for, and which of them an account allows. Pure rules, no look-ups.

An account allows an address by a URL whose scheme, host and port must be the same, and whose path must be the same or
end in ``/`` and be the beginning. The query is the caller's own.
"""

import re
from typing import Final
from urllib.parse import unquote, urlsplit

from app.egress.addresses import Target, UrlRefusedError, parse_url
from app.egress.streams import url_refused

_SCHEMES: Final = {"wss": "https", "ws": "http"}
#: What servers may take for a step up, or for a separator: two of them need not agree on where it leads.
_AMBIGUOUS: Final = re.compile(r"%2f|%5c|%25|%00|;|//", re.IGNORECASE)


def parse_stream_url(url: str) -> Target:
    """Take a program's URL apart; ``scheme`` is ``https`` for ``wss`` and ``http`` for ``ws``.

    Raises:
        UrlRefusedError: it is no plain websocket URL with a host and a sensible port.
    """
    scheme, colon, rest = url.partition(":")
    plain = _SCHEMES.get(scheme)
    if plain is None or not colon:
        raise UrlRefusedError("The URL must begin with wss://.")
    target = parse_url(f"{plain}:{rest}")
    path, *_ = target.request_target.partition("?")
    if _AMBIGUOUS.search(path) or any(segment in {".", ".."} for segment in unquote(path).split("/")):
        raise UrlRefusedError("The URL's path must lead where it says: no //, ;, dots alone, or encoded separators.")
    return target


def parse_endpoint_url(url: str) -> Target:
    """Take a URL apart that an account wants to allow. Raises UrlRefusedError: as above, or it has a query."""
    target = parse_stream_url(url)
    if "?" in url:
        raise UrlRefusedError("The URL must have no query (?…): that is up to each stream.")
    return target


def is_below(url: str, endpoint_url: str) -> bool:
    """Whether a URL is one that an endpoint allows. Both have been taken apart without complaint before."""
    asked, allowed = parse_stream_url(url), parse_endpoint_url(endpoint_url)
    if (asked.scheme, asked.host, asked.port) != (allowed.scheme, allowed.host, allowed.port):
        return False
    path = asked.request_target.partition("?")[0]
    return path == allowed.request_target or (
        allowed.request_target.endswith("/") and path.startswith(allowed.request_target)
    )


def host_of(url: str) -> str:
    """The host that may be shown where the URL may not: its query can hold what is nobody's business."""
    return urlsplit(url).hostname or ""


def read_stream_url(url: str, *, field: tuple[str, ...]) -> Target:
    """Take a program's URL apart.

    Raises:
        RefusedError: URL_NOT_ALLOWED.
    """
    try:
        return parse_stream_url(url)
    except UrlRefusedError as error:
        raise url_refused(str(error), field) from error
