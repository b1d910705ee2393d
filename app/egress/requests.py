"""The only way out over HTTP: requests that cannot be led to where they must not go.

The guard sits where connections are opened: a name is resolved there, only permitted addresses are ever connected
to, by number, and the address of the other end is looked at once more. So it does not matter
what a name resolved to when the endpoint was made, or what it resolves to a second later.
"""

import asyncio
import functools
import ipaddress
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from app.egress.addresses import Address, AddressPolicy, Network, Target, UrlRefusedError, parse_url
from app.egress.connection import BROKEN, Connection
from app.errors import Problem, RefusedError

Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[Address]]]
Permit: TypeAlias = Callable[[Address], bool]

EXCERPT_BYTES: Final = 2048
#: An answer up to this size is read to its end, so that the connection can be used again.
_DRAINED_BYTES: Final = 65_536
_BODY_SECONDS: Final = 3.0
_KEEP_ALIVE_SECONDS: Final = 30.0


class EgressError(Exception):
    """The request brought no answer. ``failure`` says why in words that the endpoint's owner may read."""

    def __init__(self, failure: str) -> None:
        super().__init__(failure)
        self.failure = failure


class AddressDeniedError(EgressError):
    """The host has no address that may be connected to."""

    def __init__(self) -> None:
        # Without the address: what internal names resolve to is nobody's business.
        super().__init__("the host has no address that webhooks may reach")


class UnresolvedError(EgressError):
    """The host's name does not resolve."""

    def __init__(self) -> None:
        super().__init__("the host name does not resolve")


class NoAnswerError(EgressError):
    """No connection, no valid TLS, or no proper and timely HTTP answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the endpoint answered: the status, ``Retry-After`` as sent, and the body's beginning, 2 KB, as text."""

    status: int
    retry_after: str | None
    excerpt: str


async def resolve_name(host: str, port: int) -> Sequence[Address]:
    """The addresses of a name, by the machine's own resolver.

    Raises:
        UnresolvedError: it has none.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:  # UnicodeError: a label that IDNA cannot encode
        raise UnresolvedError from error
    return list(dict.fromkeys(_read_address(str(entry[4][0])) for entry in found))


@dataclass(frozen=True, slots=True)
class _Origin:
    """What a connection can be used again for."""

    scheme: str
    host: str
    port: int


@functools.cache
def _trusting_the_system() -> ssl.SSLContext:
    """One for all: reading the system's authorities takes some 60 ms."""
    return ssl.create_default_context()


class Egress:
    """Posts to endpoints: keep-alive, no redirects, no proxies, no cookies, a limit on time and on what is read.

    Plain http goes only to the operator's listed networks, https also to every public address. ``ssl_context``
    verifies certificates by default and should only be given to trust more authorities.
    """

    def __init__(
        self,
        *,
        allow_networks: Sequence[Network] = (),
        timeout_seconds: float = 15.0,
        max_idle: int = 64,
        ssl_context: ssl.SSLContext | None = None,
        resolve: Resolve = resolve_name,
        keep_bytes: int = EXCERPT_BYTES,
        body_seconds: float = _BODY_SECONDS,
    ) -> None:
        """``keep_bytes`` of an answer's body are kept, and it may take ``body_seconds`` after its head."""
        self._keep_bytes = keep_bytes
        self._body_seconds = body_seconds
        self.timeout_seconds = timeout_seconds
        self._resolve = resolve
        policy = AddressPolicy(tuple(allow_networks))
        self._permits: Mapping[str, Permit] = {"https": policy.is_permitted, "http": policy.is_listed}
        self._tls = ssl_context or _trusting_the_system()
        self._most_idle = max_idle
        # In the order in which they became idle, over all origins.
        self._idle: dict[Connection, _Origin] = {}

    @property
    def longest_seconds(self) -> float:
        """The longest a request can take, the reading of the answer's body included."""
        return self.timeout_seconds + self._body_seconds

    async def aclose(self) -> None:
        """Close all idle connections; those in use are their requests' to close."""
        for connection in self._idle:
            connection.close()
        self._idle.clear()
        await asyncio.sleep(0)  # the transports say goodbye in the loop's next round

    async def check(self, url: str, *, field: tuple[str, ...] = ("url",)) -> Target:
        """Refuse a URL as early as its owner can be told; the guard checks it again at every connection.

        Raises:
            RefusedError: URL_NOT_ALLOWED.
        """
        try:
            target = parse_url(url)
            async with asyncio.timeout(self.timeout_seconds):
                addresses = await self._resolve(target.host, target.port)
        except UrlRefusedError as error:
            raise _refusal(str(error), field) from error
        except (UnresolvedError, TimeoutError) as error:
            raise _refusal("The URL's host name does not resolve.", field) from error
        if any(self._permits[target.scheme](address) for address in addresses):
            return target
        if any(self._permits["https"](address) for address in addresses):
            raise _refusal("The URL must begin with https://.", field)
        raise _refusal(
            "The URL's host has no address that webhooks may reach: it must be public, or in the operator's "
            "OFFHOOK_WEBHOOK_ALLOW_NETWORKS.",
            field,
        )

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send one request and read what comes back.

        Raises:
            EgressError: there was no answer, or the URL or address is not permitted.
        """
        try:
            target = parse_url(url)
        except UrlRefusedError as error:
            raise NoAnswerError("the URL is no longer permitted") from error
        try:
            async with asyncio.timeout(self.timeout_seconds) as limit:
                return await self._exchange(target, {"host": target.authority, **headers}, body, limit)
        except TimeoutError as error:
            raise NoAnswerError(f"no answer within {self.timeout_seconds:g} s") from error
        except BROKEN as error:
            raise NoAnswerError(f"the connection broke or the answer was not HTTP ({type(error).__name__})") from error

    async def _exchange(
        self, target: Target, headers: Mapping[str, str], body: bytes, limit: asyncio.Timeout
    ) -> Answer:
        origin = _Origin(target.scheme, target.host, target.port)
        connection = self._take_idle(origin)
        if connection is not None:
            try:
                return await self._converse(connection, origin, target, headers, body, limit)
            except BROKEN:
                # The other side had closed it while it was idle, as it may. Without a word of an answer the request
                # is made again; should it have arrived after all, its webhook-id says that it is the same.
                if connection.has_answer:
                    raise
        connection = await self._connect(origin)
        return await self._converse(connection, origin, target, headers, body, limit)

    async def _converse(
        self,
        connection: Connection,
        origin: _Origin,
        target: Target,
        headers: Mapping[str, str],
        body: bytes,
        limit: asyncio.Timeout,
    ) -> Answer:
        try:
            response = await connection.post(target.request_target, headers, body)
            # The status is the verdict: from here on a body that breaks off or dawdles does not change it, and has
            # a shorter limit of its own.
            limit.reschedule(None)
            excerpt = bytearray()
            try:
                async with asyncio.timeout(self._body_seconds):
                    await connection.read_body(
                        keep=self._keep_bytes, at_most=max(_DRAINED_BYTES, self._keep_bytes), into=excerpt
                    )
            except (TimeoutError, *BROKEN):
                pass  # what came so far is the excerpt
        finally:
            self._put_back(connection, origin)
        return Answer(
            status=response.status_code,
            retry_after=next(
                (value.decode("latin-1") for name, value in response.headers if name == b"retry-after"), None
            ),
            # PostgreSQL's text cannot hold NUL.
            excerpt=excerpt.decode("utf-8", errors="replace").replace("\x00", "\N{REPLACEMENT CHARACTER}"),
        )

    async def _connect(self, origin: _Origin) -> Connection:
        """Connect to the first permitted address of the host that answers.

        Raises:
            AddressDeniedError: none is permitted.
            UnresolvedError: there is none.
            NoAnswerError: none answers.
        """
        permit = self._permits[origin.scheme]
        permitted = [address for address in await self._resolve(origin.host, origin.port) if permit(address)]
        if not permitted:
            raise AddressDeniedError
        refusal: NoAnswerError | None = None
        for address in permitted:
            try:
                connection = await Connection.open(
                    str(address),
                    origin.port,
                    tls=self._tls if origin.scheme == "https" else None,
                    server_name=origin.host,
                )
            except OSError as error:
                refusal = NoAnswerError(_say_no_connection(error))  # the next address may answer
                continue
            # Belt and braces: whatever lies between us and the kernel, this is the other end that it reports.
            if not permit(_read_address(connection.peer)):
                connection.close()
                raise AddressDeniedError
            return connection
        assert refusal is not None
        raise refusal

    def _take_idle(self, origin: _Origin) -> Connection | None:
        """An idle connection to the origin; those that went stale are closed on the way."""
        oldest = time.monotonic() - _KEEP_ALIVE_SECONDS
        found: Connection | None = None
        for connection in [each for each, its_origin in self._idle.items() if its_origin == origin]:
            del self._idle[connection]
            if connection.is_reusable and connection.idle_since > oldest:
                found = connection
                break
            connection.close()
        return found

    def _put_back(self, connection: Connection, origin: _Origin) -> None:
        if not connection.is_reusable:
            connection.close()
            return
        connection.idle_since = time.monotonic()
        self._idle[connection] = origin
        stale = connection.idle_since - _KEEP_ALIVE_SECONDS
        while (oldest := next(iter(self._idle))).idle_since < stale or len(self._idle) > self._most_idle:
            del self._idle[oldest]
            oldest.close()


def _refusal(message: str, field: tuple[str, ...]) -> RefusedError:
    return RefusedError(Problem("URL_NOT_ALLOWED", message, field))


def _read_address(text: str) -> Address:
    # An IPv6 socket address may carry a zone ("fe80::1%eth0").
    return ipaddress.ip_address(text.partition("%")[0])


def _say_no_connection(error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"TLS: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS: {error.reason or 'the handshake failed'}"
    return "no connection"
