"""One HTTP/1.1 connection as a client, on h11: it sends a request, reads the answer, and knows if it can be used again.

No redirects, no cookies, no proxies, no decompression: nothing here needs any of them, and each is a way in.
"""

import asyncio
import ssl
from collections.abc import Mapping
from typing import Final

import h11

_READ_BYTES: Final = 65_536
_SWITCHING_PROTOCOLS: Final = 101

#: What a connection that breaks raises; asyncio's own time-outs are not among them.
BROKEN: Final = (OSError, EOFError, h11.ProtocolError)


class Connection:
    """An open connection. Use it for one request at a time, and close it when :attr:`is_reusable` is false."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(our_role=h11.CLIENT)
        self.idle_since = 0.0
        #: Whether any byte of the present answer has come: before that, a request may be made again elsewhere.
        self.has_answer = False

    @classmethod
    async def open(cls, address: str, port: int, *, tls: ssl.SSLContext | None, server_name: str) -> "Connection":
        """Connect to an address given as a number. With ``tls``, the certificate must be for ``server_name``.

        Raises:
            OSError: nobody answers there, or (as ssl.SSLError) TLS failed.
        """
        reader, writer = await asyncio.open_connection(
            address, port, ssl=tls, server_hostname=None if tls is None else server_name
        )
        return cls(reader, writer)

    @property
    def peer(self) -> str:
        """The address of the other end, as the kernel reports it."""
        name: tuple[str, int] = self._writer.get_extra_info("peername")
        return name[0]

    @property
    def is_reusable(self) -> bool:
        """Whether another request can be sent: the last was answered in full and neither side has closed."""
        is_idle = self._http.our_state is h11.IDLE and self._http.their_state is h11.IDLE
        return is_idle and not self._reader.at_eof() and not self._writer.transport.is_closing()

    def close(self) -> None:
        """Drop the connection, at once: nothing unsent matters, and TLS's farewell may never be answered."""
        self._writer.transport.abort()

    async def post(self, target: str, headers: Mapping[str, str], body: bytes) -> h11.Response:
        """Send a request; returns the head of the answer, whose body :meth:`read_body` reads.

        Raises:
            OSError, EOFError: the connection broke.
            h11.ProtocolError: what came is not HTTP.
        """
        self.has_answer = False
        request = h11.Request(
            method="POST", target=target, headers=[*headers.items(), ("content-length", str(len(body)))]
        )
        head = self._http.send(request) or b""
        content = self._http.send(h11.Data(data=body)) or b""
        self._writer.write(head + content + (self._http.send(h11.EndOfMessage()) or b""))
        await self._writer.drain()
        while True:
            event = await self._next_event()
            if isinstance(event, h11.Response):
                return event
            if not isinstance(event, h11.InformationalResponse) or event.status_code == _SWITCHING_PROTOCOLS:
                raise h11.RemoteProtocolError("no answer to a request")

    async def read_body(self, *, keep: int, at_most: int, into: bytearray) -> None:
        """Read the body, the first ``keep`` bytes ``into`` the caller's hands, as they come.

        Beyond ``at_most`` bytes the rest is left unread, which costs the connection.

        Raises:
            OSError, EOFError, h11.ProtocolError: it broke off.
        """
        size = 0
        while size <= at_most:
            event = await self._next_event()
            if not isinstance(event, h11.Data):
                break
            data = bytes(event.data)
            size += len(data)
            into += data[: keep - len(into)]
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()

    async def _next_event(self) -> h11.Event:
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                data = await self._reader.read(_READ_BYTES)
                self.has_answer = self.has_answer or bool(data)
                self._http.receive_data(data)  # empty is the end, which h11 judges
                continue
            if isinstance(event, h11.ConnectionClosed) or event is h11.PAUSED:
                raise EOFError
            assert isinstance(event, h11.Event)
            return event
