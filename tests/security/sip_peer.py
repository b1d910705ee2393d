"""A SIP program down at the byte: it sends whatever a test wants sent, and answers calls with whatever a test says."""

import asyncio
import contextlib
import re
import socket
import uuid
from collections.abc import AsyncIterator, Callable
from typing import cast

PATIENCE_SECONDS = 30.0
_SDP = (
    b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    b"m=audio 40000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
)


def header(message: bytes, name: str) -> bytes:
    """The first header of this name; empty when there is none."""
    found = re.search(
        rb"^%s[ \t]*:[ \t]*(.*?)[ \t]*\r?$" % re.escape(name.encode()), message, re.MULTILINE | re.IGNORECASE
    )
    return found[1] if found else b""


class SipPeer(asyncio.DatagramProtocol):
    """``received``: the messages that came, oldest first. ``moved_to``: every INVITE is answered with a 302 there."""

    def __init__(self, port: int, server_port: int) -> None:
        self.received: list[bytes] = []
        self.moved_to: str | None = None
        self.port = port
        self._server = ("127.0.0.1", server_port)
        self._news = asyncio.Event()
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.received.append(data)
        if data.startswith((b"OPTIONS ", b"BYE ", b"CANCEL ", b"NOTIFY ")):
            self._answer(data, "200 OK", addr)
        elif data.startswith(b"INVITE ") and self.moved_to is not None:
            self._answer(data, "302 Moved Temporarily", addr, f"Contact: {self.moved_to}")
        self._news.set()

    def send(self, data: bytes) -> None:
        """Send a datagram as it is."""
        assert self._transport is not None
        self._transport.sendto(data, self._server)

    def request(
        self,
        method: str,
        user: str,
        *,
        display: bytes = b"",
        caller: bytes = b"+4930123456",
        headers: tuple[bytes, ...] = (),
        body: bytes = b"",
    ) -> bytes:
        """Send a request outside of any dialog, and give its Call-ID."""
        call_id = uuid.uuid4().hex.encode()
        host = b"127.0.0.1:%d" % self._server[1]
        lines = (
            b"%s sip:%s@%s SIP/2.0" % (method.encode(), user.encode(), host),
            b"Via: SIP/2.0/UDP 127.0.0.1:%d;branch=z9hG4bK%s;rport" % (self.port, uuid.uuid4().hex[:12].encode()),
            b"Max-Forwards: 70",
            b"From: %s<sip:%s@127.0.0.1>;tag=%s" % (display, caller, uuid.uuid4().hex[:8].encode()),
            b"To: <sip:%s@%s>" % (user.encode(), host),
            b"Call-ID: " + call_id,
            b"CSeq: 1 " + method.encode(),
            b"Contact: <sip:peer@127.0.0.1:%d>" % self.port,
            *headers,
            *((b"Content-Type: application/sdp",) if body else ()),
            b"Content-Length: %d" % len(body),
            b"",
            body,
        )
        self.send(b"\r\n".join(lines))
        return call_id

    def invite(
        self,
        user: str,
        *,
        display: bytes = b"",
        caller: bytes = b"+4930123456",
        headers: tuple[bytes, ...] = (),
    ) -> bytes:
        """Call, and give the Call-ID."""
        return self.request("INVITE", user, display=display, caller=caller, headers=headers, body=_SDP)

    async def final_of(self, call_id: bytes) -> bytes:
        """The status line of a request's final answer; an INVITE's is acknowledged."""
        answer = await self.wait_for(
            lambda message: (
                message.startswith(b"SIP/2.0")
                and not message.startswith(b"SIP/2.0 1")
                and header(message, "Call-ID") == call_id
            )
        )
        if header(answer, "CSeq").endswith(b"INVITE"):
            self._acknowledge(answer)
        return answer.partition(b"\r\n")[0]

    async def wait_for(self, is_wanted: Callable[[bytes], bool]) -> bytes:
        """The first message that is wanted, once it has come."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                found = next((message for message in self.received if is_wanted(message)), None)
                if found is not None:
                    return found
                self._news.clear()
                await self._news.wait()

    def invites(self) -> set[bytes]:
        """The request lines of the INVITEs that came, and the dialogs they are of; each once however often it came."""
        return {
            message.partition(b"\r\n")[0] + b" " + header(message, "Call-ID")
            for message in self.received
            if message.startswith(b"INVITE ")
        }

    def _acknowledge(self, answer: bytes) -> None:
        to = header(answer, "To")
        via = header(answer, "Via")
        self.send(
            b"\r\n".join(
                (
                    b"ACK %s SIP/2.0" % to.partition(b"<")[2].partition(b">")[0],
                    # Of a refused INVITE the ACK is in the same transaction, of an accepted one it is one of its own.
                    b"Via: "
                    + (via if not answer.startswith(b"SIP/2.0 2") else via.replace(b"z9hG4bK", b"z9hG4bKa", 1)),
                    b"Max-Forwards: 70",
                    b"From: " + header(answer, "From"),
                    b"To: " + to,
                    b"Call-ID: " + header(answer, "Call-ID"),
                    b"CSeq: 1 ACK",
                    b"Content-Length: 0",
                    b"",
                    b"",
                )
            )
        )

    def _answer(self, request: bytes, status: str, to: tuple[str, int], *extra: str) -> None:
        vias = [line for line in request.split(b"\r\n") if line.lower().startswith(b"via:")]
        tag = b"" if b";tag=" in header(request, "To") else b";tag=peer"
        answer = b"\r\n".join(
            (
                b"SIP/2.0 " + status.encode(),
                *vias,
                b"From: " + header(request, "From"),
                b"To: " + header(request, "To") + tag,
                b"Call-ID: " + header(request, "Call-ID"),
                b"CSeq: " + header(request, "CSeq"),
                *(one.encode() for one in extra),
                b"Content-Length: 0",
                b"",
                b"",
            )
        )
        assert self._transport is not None
        self._transport.sendto(answer, to)


@contextlib.asynccontextmanager
async def sip_peer(server_port: int, *, port: int = 0) -> AsyncIterator[SipPeer]:
    """One on a port of 127.0.0.1, any free one by default, that talks to a server there."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.bind(("127.0.0.1", port))
        peer = SipPeer(opened.getsockname()[1], server_port)
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: peer, sock=opened)
        try:
            yield peer
        finally:
            transport.close()
