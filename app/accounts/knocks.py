"""How often the same thing was refused, so that it is told once in a while: nobody may fill a table by knocking."""

from collections.abc import Hashable
from datetime import datetime
from ipaddress import AddressValueError, IPv6Address
from typing import Final

_SECONDS: Final = 10.0
_MOST_REMEMBERED: Final = 10_000
_HOST_BYTES: Final = 8  # of an IPv6 address: whoever has one has a whole /64 of them (RFC 6177)


class Knocks:
    """Refusals that are told at once and then, while they go on, every ten seconds."""

    def __init__(self, *, most: int = _MOST_REMEMBERED) -> None:
        self._most = most
        self._told: dict[tuple[Hashable, ...], tuple[datetime, int]] = {}

    def count(self, knock: tuple[Hashable, ...], remote_address: str | None, now: datetime) -> int | None:
        """How many like this were not told since the last one that was; None: this one is not told either."""
        key = (*knock, _neighbourhood(remote_address))
        since, missed = self._told.get(key, (None, 0))
        if since is not None and (now - since).total_seconds() < _SECONDS:
            self._told[key] = (since, missed + 1)
            return None
        if since is None and len(self._told) >= self._most:
            self._make_room(now)
        self._told[key] = (now, 0)
        return missed

    def _make_room(self, now: datetime) -> None:
        self._told = {
            key: (since, missed)
            for key, (since, missed) in self._told.items()
            if (now - since).total_seconds() < _SECONDS
        }
        if len(self._told) >= self._most:
            self._told.clear()


def _neighbourhood(address: str | None) -> str | bytes | None:
    """The address, or the network of an IPv6 address that belongs to one host."""
    if address is None or ":" not in address:
        return address
    try:
        read = IPv6Address(address)
    except AddressValueError:
        return address  # as a proxy wrote it
    return read.packed[:_HOST_BYTES] if read.ipv4_mapped is None else str(read.ipv4_mapped)
