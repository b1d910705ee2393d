"""Who is at the other end: the peer's address, or what a trusted proxy says of whom it speaks for.

Everything behind this (allow-lists, the audit log, limits) reads ``scope["client"]`` and nothing else. What a stranger
writes into ``X-Forwarded-For`` is never read: only a proxy of ``OFFHOOK_TRUSTED_PROXIES`` is believed, and of its list
only the last entry that is not a trusted proxy's own, since whoever stands before that could have written the rest.
"""

from collections.abc import Sequence
from ipaddress import IPv6Address, ip_address
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from app.accounts.allow_list import Network, is_address_in

_HEADER: Final = "x-forwarded-for"
_MOST_HOPS: Final = 20


class PeerAddress:
    """ASGI middleware that puts the true peer into ``scope["client"]``."""

    def __init__(self, app: ASGIApp, *, trusted: Sequence[Network]) -> None:
        self._app = app
        self._trusted = tuple(trusted)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in {"http", "websocket"}:
            peer = scope.get("client")
            if peer is not None and is_address_in(peer[0], self._trusted):
                forwarded = ",".join(Headers(scope=scope).getlist(_HEADER))
                scope["client"] = find_peer(peer, forwarded, self._trusted)
        await self._app(scope, receive, send)


def find_peer(peer: tuple[str, int], forwarded: str, trusted: Sequence[Network]) -> tuple[str, int] | None:
    """Who speaks through a trusted proxy; None when the proxy's word cannot be read: nobody is then let in by address.

    Without the header it is the proxy itself that asks: a health check, say.
    """
    hops = [hop.strip() for hop in forwarded.split(",") if hop.strip()]
    found = peer
    for hop in reversed(hops[-_MOST_HOPS:]):
        address = _read_address(hop)
        if address is None:
            return None
        found = (address, 0)
        if not is_address_in(address, trusted):
            break
    return found


def _read_address(hop: str) -> str | None:
    text = hop
    if text.startswith("["):  # [2001:db8::1]:443
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:  # 192.0.2.1:443
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return str(address)
