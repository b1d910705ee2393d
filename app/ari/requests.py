"""From an operation and its arguments to the bytes of an HTTP request.

All that varies is percent-encoded or JSON, so nothing in an argument can end a line or a path part; what an argument
may hold at all is `app.ari.safety`'s.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from urllib.parse import quote, urlsplit

import msgspec

from app.ari.errors import AriUnsafeArgument

QueryValue: TypeAlias = str | int | bool | None

_STEPS: Final = frozenset({".", ".."})
_VISIBLE: Final = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True)
class Target:
    """Where Asterisk's HTTP server is. ``path`` is what stands before every operation's."""

    host: str
    port: int
    is_secure: bool
    path: str
    host_header: str

    @classmethod
    def parse(cls, base_url: str) -> "Target":
        """Read an ``http`` or ``https`` address.

        Raises:
            ValueError: it is none; the message does not quote it, for there may be a password in it.
        """
        parts = urlsplit(base_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or not _VISIBLE.fullmatch(base_url):
            raise ValueError("Asterisk's address is http://host:port or https://host:port")
        is_secure = parts.scheme == "https"
        host_header = parts.netloc.rpartition("@")[2]
        return cls(
            host=parts.hostname,
            port=parts.port or (443 if is_secure else 80),
            is_secure=is_secure,
            path=parts.path,
            host_header=host_header,
        )


@dataclass(frozen=True, slots=True)
class _Plan:
    """What of an operation is the same each time. ``is_read``: doing it twice is doing it once."""

    start: str
    gaps: tuple[str, ...]
    is_read: bool
    has_length: bool


class RequestWriter:
    """Writes requests to one server, each operation's unchanging part made once."""

    def __init__(self, target: Target, authorization: str) -> None:
        if not re.fullmatch(r"[ -~]+", authorization):
            raise ValueError("an authorization is one line of visible characters")
        self._path = target.path
        self._headers = (
            f" HTTP/1.1\r\nHost: {target.host_header}\r\nAuthorization: {authorization}\r\nAccept: application/json\r\n"
        )
        self._plans: dict[str, _Plan] = {}

    def is_read(self, operation: str) -> bool:
        """Whether an operation changes nothing in Asterisk."""
        return self._plan(operation).is_read

    def write(
        self,
        operation: str,
        parts: tuple[str, ...],
        query: Mapping[str, QueryValue] | None,
        body: Mapping[str, Any] | None,
    ) -> bytes:
        """The request for ``METHOD /path/{}/…`` with ``parts`` in its gaps; None in the query is left out.

        Raises:
            AriUnsafeArgument: a part is a step within the path (RFC 3986, 5.2.4), which no encoding takes from it.
        """
        plan = self._plan(operation)
        pieces = [plan.start]
        for part, after in zip(parts, plan.gaps, strict=True):
            if part in _STEPS:
                raise AriUnsafeArgument("a part of the path is a step within it", operation=operation)
            pieces += (quote(part, safe=""), after)
        if query:
            separator = "?"
            for name, value in query.items():
                if value is not None:
                    pieces += (separator, name, "=", _write(value))
                    separator = "&"
        pieces.append(self._headers)
        if body:
            content = msgspec.json.encode(body)
            pieces.append(f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n")
            return "".join(pieces).encode("ascii") + content
        pieces.append("Content-Length: 0\r\n\r\n" if plan.has_length else "\r\n")
        return "".join(pieces).encode("ascii")

    def _plan(self, operation: str) -> _Plan:
        plan = self._plans.get(operation)
        if plan is None:
            method, _, template = operation.partition(" ")
            first, *gaps = template.split("{}")
            plan = self._plans[operation] = _Plan(
                start=f"{method} {self._path}{first}",
                gaps=tuple(gaps),
                is_read=method == "GET",
                has_length=method in {"POST", "PUT"},
            )
        return plan


def _write(value: str | bool | int) -> str:
    # Asterisk reads `true`, not Python's `True`.
    if value is True or value is False:
        return "true" if value else "false"
    return quote(str(value), safe="")
