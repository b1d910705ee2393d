"""A telephone down at the byte: it answers calls, and in their dialogs it sends whatever a test wants sent.

It has no ears and no mouth. The far end (``far_end``) is for sound; this one for SIP that no
well-meaning program sends.
"""

import asyncio
import contextlib
import re
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import cast

PATIENCE_SECONDS = 30.0
_SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio 40000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
)


def header(message: str, name: str) -> str:
    """The first header of this name. Raises StopIteration when there is none."""
    wanted = f"{name.lower()}:"
    return next(line.partition(":")[2].strip() for line in message.split("\r\n") if line.lower().startswith(wanted))


@dataclass(frozen=True, slots=True)
class Dialog:
    """A call that the phone answered: its INVITE, and the tag that the phone gave it."""

    invite: str
    own_tag: str

    @property
    def call_id(self) -> str:
        return header(self.invite, "Call-ID")

    @property
    def their_tag(self) -> str:
        found = re.search(r";tag=([^;>\s]+)", header(self.invite, "From"))
        assert found is not None
        return found[1]

    @property
    def replaces(self) -> str:
        """What names this dialog to its other side in a Replaces header (RFC 3891)."""
        return f"{self.call_id};to-tag={self.their_tag};from-tag={self.own_tag}"


class BarePhone(asyncio.DatagramProtocol):
    """``received`` are the messages that came, oldest first."""

    def __init__(self, port: int) -> None:
        self.received: list[str] = []
        self._port = port
        self._news = asyncio.Event()
        self._sequence = 100
        self._transport: asyncio.DatagramTransport | None = None
        self._peer = ("127.0.0.1", 0)
        self._answered: set[str] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        message = data.decode(errors="replace")
        self._peer = addr
        self.received.append(message)
        if message.startswith(("OPTIONS", "NOTIFY", "BYE", "CANCEL")):
            self._send(self._response(message, "200 OK"))
        self._news.set()

    async def answer(self) -> Dialog:
        """Answer the next INVITE that opens a dialog."""
        invite = await self._wait_for(
            lambda message: message.startswith("INVITE") and header(message, "Call-ID") not in self._answered
        )
        self._answered.add(header(invite, "Call-ID"))
        dialog = Dialog(invite, uuid.uuid4().hex[:8])
        self._send(self._response(invite, "200 OK", dialog.own_tag, _SDP))
        return dialog

    async def refer(self, dialog: Dialog, refer_to: str, *extra: str) -> str:
        """Send a REFER in a dialog, and give the status line of its final answer."""
        target = re.search(r"<(.*?)>", header(dialog.invite, "Contact"))
        assert target is not None
        return await self._request(
            f"REFER {target[1]} SIP/2.0",
            f"From: {header(dialog.invite, 'To')};tag={dialog.own_tag}",
            f"To: {header(dialog.invite, 'From')}",
            f"Call-ID: {dialog.call_id}",
            f"Refer-To: {refer_to}",
            *extra,
        )

    async def hang_up(self, dialog: Dialog) -> None:
        """Send a BYE in a dialog."""
        target = re.search(r"<(.*?)>", header(dialog.invite, "Contact"))
        assert target is not None
        await self._request(
            f"BYE {target[1]} SIP/2.0",
            f"From: {header(dialog.invite, 'To')};tag={dialog.own_tag}",
            f"To: {header(dialog.invite, 'From')}",
            f"Call-ID: {dialog.call_id}",
        )

    async def expect_refer(self, dialog: Dialog) -> str:
        """The REFER that has come in a dialog, which is not answered yet."""
        return await self._wait_for(
            lambda message: message.startswith("REFER ") and header(message, "Call-ID") == dialog.call_id
        )

    def answer_refer(self, dialog: Dialog, refer: str, status: str = "202 Accepted") -> None:
        """Answer it."""
        self._send(self._response(refer, status, dialog.own_tag))

    async def tell(self, dialog: Dialog, status: str) -> None:
        """Say how the call that a REFER asked for is coming out (RFC 3515, 2.4.4); one of 200 and more is the last."""
        target = re.search(r"<(.*?)>", header(dialog.invite, "Contact"))
        assert target is not None
        state = "active;expires=60" if status.startswith("1") else "terminated;reason=noresource"
        await self._request(
            f"NOTIFY {target[1]} SIP/2.0",
            f"From: {header(dialog.invite, 'To')};tag={dialog.own_tag}",
            f"To: {header(dialog.invite, 'From')}",
            f"Call-ID: {dialog.call_id}",
            "Event: refer",
            f"Subscription-State: {state}",
            "Content-Type: message/sipfrag;version=2.0",
            body=f"SIP/2.0 {status}\r\n",
        )

    def told(self, dialog: Dialog) -> list[str]:
        """The statuses that NOTIFY has told of this dialog's REFERs, oldest first."""
        return [
            message.partition("\r\n\r\n")[2].strip()
            for message in self.received
            if message.startswith("NOTIFY ") and header(message, "Call-ID") == dialog.call_id
        ]

    async def wait_until_told(self, dialog: Dialog, status: str) -> None:
        """Return once NOTIFY has told this status."""
        await self._wait_for(lambda _: any(one.startswith(status) for one in self.told(dialog)))

    async def wait_until_declined(self, dialog: Dialog, *, after: int) -> None:
        """Return once NOTIFY has told a failure, after so many that were told before; a success is a mistake."""
        await self._wait_for(lambda _: any(not one.startswith("SIP/2.0 1") for one in self.told(dialog)[after:]))
        (last,) = [one for one in self.told(dialog)[after:] if not one.startswith("SIP/2.0 1")]
        assert last.startswith(("SIP/2.0 4", "SIP/2.0 5", "SIP/2.0 6"))

    async def replace(self, dialog: Dialog) -> str:
        """Send an INVITE that is to take a dialog's place, and give the status line of its final answer."""
        return await self._request(
            f"INVITE sip:2001@127.0.0.1:{self._peer[1]} SIP/2.0",
            f"From: <sip:x@127.0.0.1>;tag={uuid.uuid4().hex[:8]}",
            "To: <sip:2001@127.0.0.1>",
            f"Call-ID: {uuid.uuid4().hex}",
            f"Replaces: {dialog.replaces}",
            "Content-Type: application/sdp",
            body=_SDP,
        )

    async def wait_for_request(self, method: str) -> None:
        """Return once a request of this method has come; it is answered with 200."""
        await self._wait_for(lambda message: message.startswith(f"{method} "))

    async def _request(self, line: str, *headers: str, body: str = "") -> str:
        self._sequence += 1
        sequence = f"{self._sequence} {line.partition(' ')[0]}"
        self._send(
            "\r\n".join(
                (
                    line,
                    f"Via: SIP/2.0/UDP 127.0.0.1:{self._port};branch=z9hG4bK{uuid.uuid4().hex[:10]};rport",
                    "Max-Forwards: 70",
                    f"CSeq: {sequence}",
                    f"Contact: <sip:x@127.0.0.1:{self._port}>",
                    *headers,
                    f"Content-Length: {len(body)}",
                    "",
                    body,
                )
            )
        )
        answer = await self._wait_for(
            lambda message: (
                message.startswith("SIP/2.0")
                and not message.startswith("SIP/2.0 1")
                and header(message, "CSeq") == sequence
            )
        )
        if line.startswith("INVITE"):
            self._acknowledge(line, answer)
        return answer.partition("\r\n")[0]

    def _acknowledge(self, line: str, answer: str) -> None:
        """Until then whoever answered may not hang up (RFC 3261, 15)."""
        self._send(
            "\r\n".join(
                (
                    line.replace("INVITE", "ACK"),
                    f"Via: SIP/2.0/UDP 127.0.0.1:{self._port};branch=z9hG4bK{uuid.uuid4().hex[:10]};rport",
                    "Max-Forwards: 70",
                    f"From: {header(answer, 'From')}",
                    f"To: {header(answer, 'To')}",
                    f"Call-ID: {header(answer, 'Call-ID')}",
                    f"CSeq: {self._sequence} ACK",
                    "Content-Length: 0",
                    "",
                    "",
                )
            )
        )

    async def _wait_for(self, is_wanted: Callable[[str], bool]) -> str:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                found = next((message for message in self.received if is_wanted(message)), None)
                if found is not None:
                    return found
                self._news.clear()
                await self._news.wait()

    def _response(self, request: str, status: str, tag: str = "phone", body: str = "") -> str:
        to = header(request, "To")
        vias = [line for line in request.split("\r\n") if line.lower().startswith("via:")]
        content = ("Content-Type: application/sdp",) if body else ()
        return "\r\n".join(
            (
                f"SIP/2.0 {status}",
                *vias,
                f"From: {header(request, 'From')}",
                f"To: {to if ';tag=' in to else f'{to};tag={tag}'}",
                f"Call-ID: {header(request, 'Call-ID')}",
                f"CSeq: {header(request, 'CSeq')}",
                f"Contact: <sip:x@127.0.0.1:{self._port}>",
                *content,
                f"Content-Length: {len(body)}",
                "",
                body,
            )
        )

    def _send(self, message: str) -> None:
        assert self._transport is not None
        self._transport.sendto(message.encode(), self._peer)


@contextlib.asynccontextmanager
async def bare_phone(port: int) -> AsyncIterator[BarePhone]:
    """A phone at ``127.0.0.1:<port>`` over UDP."""
    loop = asyncio.get_running_loop()
    transport, phone = await loop.create_datagram_endpoint(lambda: BarePhone(port), local_addr=("127.0.0.1", port))
    try:
        yield phone
    finally:
        transport.close()
