"""Which addresses and URLs may be reached from here: pure rules, no look-ups.

The networks are those of IANA's special-purpose address registries (RFC 6890 and its updates) that are not
globally reachable, and the few public addresses behind which clouds hide their machines' own secrets.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final, TypeAlias
from urllib.parse import SplitResult, urlsplit

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

LONGEST_URL: Final = 2048
_LONGEST_HOST: Final = 253
_FIRST_FREE_PORT: Final = 1024
_STANDARD_PORTS: Final = {"https": 443, "http": 80}

#: Ports from 1024 up that other protocols listen on and that browsers refuse as well (the Fetch standard's list).
_OTHER_PROTOCOLS: Final = frozenset(
    {1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080}
)

_DENIED_V4: Final = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT; a cloud's metadata at 100.100.100.200
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # Azure's wire server
        "169.254.0.0/16",  # link-local; metadata at 169.254.169.254
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments; metadata at 192.0.0.192
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
#: Everything public in IPv6 is inside this; all the rest is loopback, local, multicast or unassigned.
_GLOBAL_V6: Final = IPv6Network("2000::/3")
_DENIED_V6: Final = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: any IPv4 address in disguise
        "3fff::/20",  # documentation
    )
)
_MAPPED_V4: Final = IPv6Network("::ffff:0:0/96")
_NAT64: Final = IPv6Network("64:ff9b::/96")
_HOST: Final = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*")
#: Stricter than the standard library, whose reading of brackets differs between its versions.
_AUTHORITY: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\[\]:]*)(:[0-9]{1,5})?")
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")


class UrlRefusedError(ValueError):
    """The URL is not one that a request may go to; the text says why, and may be shown."""


@dataclass(frozen=True, slots=True)
class Target:
    """A URL taken apart.

    ``host`` is lower case, an IPv6 address in it without brackets; ``authority`` is the Host header,
    ``request_target`` the path with the query.
    """

    scheme: str
    host: str
    port: int
    authority: str
    request_target: str


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """Public addresses are permitted, and those in ``allow_networks``."""

    allow_networks: Sequence[Network] = ()

    def is_listed(self, address: Address) -> bool:
        """Whether the operator's list has the address: there plain http is permitted too."""
        plain = _unwrap(address)
        return any(plain in network for network in self.allow_networks)

    def is_permitted(self, address: Address) -> bool:
        """Whether the address may be connected to."""
        return self.is_listed(address) or is_public(address)


def is_public(address: Address) -> bool:
    """Whether the address is one on the public internet. IPv4 inside IPv6 is judged as what it is."""
    plain = _unwrap(address)
    if isinstance(plain, IPv4Address):
        return not any(plain in network for network in _DENIED_V4)
    return plain in _GLOBAL_V6 and not any(plain in network for network in _DENIED_V6)


def _unwrap(address: Address) -> Address:
    if isinstance(address, IPv6Address) and (address in _MAPPED_V4 or address in _NAT64):
        return IPv4Address(address.packed[-4:])
    return address


def parse_url(url: str) -> Target:
    """Take a webhook URL apart.

    Raises:
        UrlRefusedError: it is no plain http or https URL with a host and a sensible port.
    """
    if len(url) > LONGEST_URL:
        raise UrlRefusedError(f"The URL is longer than {LONGEST_URL} characters.")
    # urlsplit drops tabs and line breaks and takes blanks as they come; here they are an attack or a mistake.
    if not url.isascii() or any(character <= " " or character in '\\"<>^`{|}\x7f' for character in url):
        raise UrlRefusedError("The URL holds characters that must be percent-encoded (in the host: written as xn--…).")
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").lower()
    except ValueError as error:
        raise UrlRefusedError("This is not a URL.") from error
    if parts.scheme not in _STANDARD_PORTS:
        raise UrlRefusedError("The URL must begin with https://.")
    if "@" in parts.netloc:
        raise UrlRefusedError("The URL must not hold a user name or password: use the signature instead.")
    if parts.fragment or url.endswith("#"):
        raise UrlRefusedError("The URL must not have a fragment (#…): it is never sent.")
    if _AUTHORITY.fullmatch(parts.netloc) is None:
        raise UrlRefusedError("The URL has no proper host name and port.")
    _check_host(host, parts)
    if port is None:
        port = _STANDARD_PORTS[parts.scheme]
    if (port < _FIRST_FREE_PORT and port not in _STANDARD_PORTS.values()) or port in _OTHER_PROTOCOLS:
        raise UrlRefusedError(f"Port {port} is not for webhooks: use 443 or one from {_FIRST_FREE_PORT} up.")
    return Target(
        scheme=parts.scheme,
        host=host,
        port=port,
        authority=parts.netloc.lower(),
        request_target=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
    )


def _check_host(host: str, parts: SplitResult) -> None:
    if "[" in parts.netloc:
        try:
            IPv6Address(host)
        except ValueError as error:
            raise UrlRefusedError("The host is not an IPv6 address.") from error
        return
    if not host or len(host) > _LONGEST_HOST or _HOST.fullmatch(host) is None:
        raise UrlRefusedError("The URL has no proper host name.")
    # What ends in a number is an address to a resolver, in whatever base and however short: 2130706433, 0x7f.1,
    # 0177.0.0.1, 127.1. Only the one usual spelling is let through.
    if _NUMBER.fullmatch(host.rpartition(".")[2]):
        try:
            IPv4Address(host)
        except ValueError as error:
            raise UrlRefusedError("Write an IPv4 address as four decimal numbers.") from error
