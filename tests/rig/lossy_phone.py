"""The called party of a trunk whose line loses packets, by a plan: SIP (RFC 3261) and RTP (RFC 3550), by hand.

Of what it says, every ``lose_every``-th packet is never sent, though it is numbered; of what it hears, it reports
(RTCP) the share ``reports_lost`` as lost. Each packet has the source and the number that ``numbers`` gives for it, and
holds what ``says`` gives; both count packets from 0.
"""

import asyncio
import contextlib
import itertools
import re
import struct
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from tests.rig.sipp import SippPorts

PACKET_SECONDS = 0.02
_SAMPLES = 160
_REPORT_EVERY = 50  # packets: a report each second
_SSRC = 0x0FF0_0C01
_SILENCE = b"\xff" * _SAMPLES  # µ-law
_NEVER = 1 << 30

_NUMBERS = 1 << 16

_Address = tuple[str, int]


def _number_plainly(packet: int) -> tuple[int, int]:
    return _SSRC, packet + 1


class _Ear(asyncio.DatagramProtocol):
    """What comes to one port."""

    def __init__(self, phone: "LossyPhone") -> None:
        self._phone = phone


class _SipEar(_Ear):
    def datagram_received(self, data: bytes, addr: _Address) -> None:
        self._phone.take_sip(data.decode("utf-8", "replace"), addr)


class _RtpEar(_Ear):
    def datagram_received(self, data: bytes, addr: _Address) -> None:  # noqa: ARG002 -- asyncio's own name
        self._phone.take_rtp(data)


@dataclass
class LossyPhone:
    """Answers every call at once and talks until the other side hangs up; one call at a time.

    It waits with its first word for ``may_speak``.
    """

    ports: SippPorts
    lose_every: int = _NEVER
    reports_lost: float = 0.0
    numbers: Callable[[int], tuple[int, int]] = _number_plainly
    says: Callable[[int], bytes] = lambda _: _SILENCE
    may_speak: asyncio.Event = field(default_factory=asyncio.Event)
    sent: int = 0
    lost: int = 0
    heard: int = 0
    _peer_ssrc: int | None = None
    _highest: int = 0
    _talking: "asyncio.Task[None] | None" = None
    _tags: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    @property
    def loss_percent(self) -> float:
        """What of its packets truly went missing."""
        return 100 * self.lost / max(1, self.sent + self.lost)

    async def wait_until_said(self, packets: int, *, seconds: float = 60.0) -> None:
        """Return once it has sent or lost so many packets."""
        async with asyncio.timeout(seconds):
            while self.sent + self.lost < packets:
                await asyncio.sleep(PACKET_SECONDS)

    @contextlib.asynccontextmanager
    async def _listening(self) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        opened: list[asyncio.DatagramTransport] = []
        try:
            for ear, port in ((_SipEar, self.ports.sip), (_RtpEar, self.ports.rtp_first), (_Ear, self._rtcp_port)):
                transport, _ = await loop.create_datagram_endpoint(
                    lambda ear=ear: ear(self),  # type: ignore[misc]
                    local_addr=("127.0.0.1", port),
                )
                opened.append(transport)
            self._sip, self._rtp, self._rtcp = opened
            async with asyncio.TaskGroup() as self._group:
                try:
                    yield
                finally:
                    if self._talking is not None:
                        self._talking.cancel()
        finally:
            for transport in opened:
                transport.close()

    @property
    def _rtcp_port(self) -> int:
        return int(self.ports.rtp_first) + 1

    def take_sip(self, text: str, address: _Address) -> None:
        method = text.split(" ", 1)[0]
        if method in {"ACK", "SIP/2.0"}:
            return
        body = self._describe() if method == "INVITE" else ""
        self._sip.sendto(_respond(text, body, self.ports.sip, next(self._tags)).encode(), address)
        if method == "INVITE" and self._talking is None:
            host, port = _find(r"c=IN IP4 (\S+)", text), int(_find(r"m=audio (\d+)", text))
            self._talking = self._group.create_task(self._talk((host, port)))
        elif method == "BYE" and self._talking is not None:
            self._talking.cancel()

    def take_rtp(self, data: bytes) -> None:
        self.heard += 1
        sequence, _, self._peer_ssrc = struct.unpack_from("!HII", data, 2)
        self._highest = max(self._highest, sequence)

    async def _talk(self, to: _Address) -> None:
        loop = asyncio.get_running_loop()
        await self.may_speak.wait()
        began_at = loop.time()
        for number in itertools.count(1):
            await asyncio.sleep(began_at + number * PACKET_SECONDS - loop.time())
            if number % self.lose_every == 0:
                self.lost += 1
            else:
                source, sequence = self.numbers(number - 1)
                header = struct.pack("!BBHII", 0x80, 0, sequence % _NUMBERS, number * _SAMPLES, source)
                self._rtp.sendto(header + self.says(number - 1), to)
                self.sent += 1
            if number % _REPORT_EVERY == 0 and self._peer_ssrc is not None:
                self._rtcp.sendto(self._report(), (to[0], to[1] + 1))

    def _report(self) -> bytes:
        """A receiver report (RFC 3550, 6.4.2)."""
        assert self._peer_ssrc is not None
        lost = round(self.heard * self.reports_lost)
        block = struct.pack("!II", self._peer_ssrc, (round(self.reports_lost * 256) << 24) | lost)
        return struct.pack("!BBHI", 0x81, 201, 7, _SSRC) + block + struct.pack("!IIII", self._highest, 80, 0, 0)

    def _describe(self) -> str:
        lines = ("v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0")
        media = (f"m=audio {self.ports.rtp_first} RTP/AVP 0", "a=rtpmap:0 PCMU/8000", "a=ptime:20", "a=sendrecv")
        return "".join(f"{line}\r\n" for line in (*lines, *media))


def _find(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    assert found is not None, f"{pattern} is not in {text}"
    return found[1]


def _respond(request: str, body: str, port: int, tag: int) -> str:
    kept = re.findall(r"^(?:Via|From|Call-ID|CSeq|Record-Route):.*$", request, re.MULTILINE | re.IGNORECASE)
    to = _find(r"(?m)^(To:.*?)\r?$", request)
    lines = [
        "SIP/2.0 200 OK",
        *(line.rstrip("\r") for line in kept),
        to if ";tag=" in to else f"{to};tag=lossy{tag}",
        f"Contact: <sip:lossy@127.0.0.1:{port}>",
        *(["Content-Type: application/sdp"] if body else []),
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join(lines) + "\r\n\r\n" + body


@contextlib.asynccontextmanager
async def lossy_phone(
    ports: SippPorts,
    *,
    lose_every: int = _NEVER,
    reports_lost: float = 0.0,
    numbers: Callable[[int], tuple[int, int]] = _number_plainly,
    says: Callable[[int], bytes] = lambda _: _SILENCE,
    waits: bool = False,
) -> AsyncIterator[LossyPhone]:
    """A phone at the far end of the SIPp trunk; one that ``waits`` speaks when it is let (``may_speak``)."""
    phone = LossyPhone(ports, lose_every, reports_lost, numbers, says)
    if not waits:
        phone.may_speak.set()
    async with phone._listening():
        yield phone
