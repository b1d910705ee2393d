"""The only way out for media streams: connections that cannot be led to where they must not go.

As for requests (``egress.requests``): names are resolved here, only permitted addresses are connected to, by number,
and the address of the other end is looked at once more. Plain ``ws`` goes to the operator's listed networks alone.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from typing import Final

from app.egress.addresses import Address, AddressPolicy, Network, Target
from app.egress.requests import Resolve, UnresolvedError, resolve_name
from app.errors import Problem, RefusedError

#: What the kernel may keep of sound that a program does not read: beyond that it is for us to say that it is behind.
_SEND_BUFFER_BYTES: Final = 65_536


class NotPermittedError(Exception):
    """The host has no address that media streams may reach. The text may be shown: it names no address."""

    def __init__(self) -> None:
        super().__init__("the host has no address that media streams may reach")


class NoConnectionError(Exception):
    """Nobody answers there, or the name does not resolve. The text may be shown."""


class StreamGuard:
    """Checks URLs, and connects to them. ``resolve`` is for tests."""

    def __init__(
        self, *, allow_networks: Sequence[Network] = (), timeout_seconds: float = 5.0, resolve: Resolve = resolve_name
    ) -> None:
        self._policy = AddressPolicy(tuple(allow_networks))
        self._timeout_seconds = timeout_seconds
        self._resolve = resolve

    async def check(self, target: Target, *, field: tuple[str, ...]) -> None:
        """Refuse where a URL leads as early as its owner can be told; :meth:`connect` looks again.

        Raises:
            RefusedError: URL_NOT_ALLOWED.
        """
        try:
            async with asyncio.timeout(self._timeout_seconds):
                addresses = await self._resolve(target.host, target.port)
        except (UnresolvedError, TimeoutError) as error:
            raise url_refused("The URL's host name does not resolve.", field) from error
        if any(self._permits(target, address) for address in addresses):
            return
        if any(self._policy.is_permitted(address) for address in addresses):
            raise url_refused("The URL must begin with wss://.", field)
        raise url_refused(
            "The URL's host has no address that media streams may reach: it must be public, or in the operator's "
            "OFFHOOK_MEDIA_ALLOW_NETWORKS.",
            field,
        )

    async def connect(self, target: Target) -> socket.socket:
        """A connected socket to the first permitted address of the host that answers; the caller closes it.

        Raises:
            NotPermittedError: none is permitted.
            NoConnectionError: there is none, or none answers.
        """
        try:
            found = await self._resolve(target.host, target.port)
        except UnresolvedError as error:
            raise NoConnectionError("the host name does not resolve") from error
        permitted = [address for address in found if self._permits(target, address)]
        if not permitted:
            raise NotPermittedError
        for address in permitted:
            try:
                one = await _connect(address, target.port)
            except OSError:
                continue  # the next address may answer
            # Belt and braces: whatever lies between us and the kernel, this is the other end that it reports.
            if not self._permits(target, ipaddress.ip_address(one.getpeername()[0].partition("%")[0])):
                one.close()
                raise NotPermittedError
            return one
        raise NoConnectionError("no connection")

    def _permits(self, target: Target, address: Address) -> bool:
        is_plain = target.scheme == "http"
        return self._policy.is_listed(address) if is_plain else self._policy.is_permitted(address)


def url_refused(message: str, field: tuple[str, ...]) -> RefusedError:
    """The refusal of a URL."""
    return RefusedError(Problem("URL_NOT_ALLOWED", message, field))


async def _connect(address: Address, port: int) -> socket.socket:
    family = socket.AF_INET if address.version == ipaddress.IPv4Address(0).version else socket.AF_INET6
    one = socket.socket(family, socket.SOCK_STREAM)
    try:
        one.setblocking(False)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(one, (str(address), port))
    except BaseException:
        one.close()
        raise
    return one
