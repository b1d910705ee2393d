"""A telephone of a few lines: registers with digest authentication, says that it is there, rings, answers, hangs up.

It speaks SIP over UDP as RFC 3261 has it, as much as a test needs, and nothing of Offhook: what it is given is what a
person would type into a phone.
"""

import asyncio
import contextlib
import hashlib
import re
import secrets
from collections.abc import AsyncIterator
from typing import Any, Self

_ANSWER_SECONDS = 10.0
_RESEND_SECONDS = 0.5


class Phone(asyncio.DatagramProtocol):
    """One line. ``port`` is its own; ``register`` gives the registrar's final status."""

    def __init__(self, username: str, secret: str, registrar_port: int) -> None:
        self.username = username
        self.secret = secret
        self.registrar_port = registrar_port
        self.invites: list[str] = []
        self.options_count = 0
        self.answers_options = True
        self._changed = asyncio.Condition()
        self._answers: dict[tuple[str, int], asyncio.Future[str]] = {}
        self._transport: asyncio.DatagramTransport | None = None
        self._cseq = 0
        self._call_id = secrets.token_hex(8)
        self._tasks: set[asyncio.Task[Any]] = set()

    @classmethod
    @contextlib.asynccontextmanager
    async def at(cls, username: str, secret: str, registrar_port: int) -> AsyncIterator[Self]:
        """A phone on a port of its own, on this machine."""
        loop = asyncio.get_running_loop()
        phone = cls(username, secret, registrar_port)
        transport, _ = await loop.create_datagram_endpoint(lambda: phone, local_addr=("127.0.0.1", 0))
        try:
            yield phone
        finally:
            transport.close()
            for task in phone._tasks:
                task.cancel()
            await asyncio.gather(*phone._tasks, return_exceptions=True)

    @property
    def port(self) -> int:
        assert self._transport is not None
        port: int = self._transport.get_extra_info("sockname")[1]
        return port

    async def register(self, *, expires: int = 300) -> int:
        """Say where we are (or, with 0, that we go); 401 twice means that the secret is not taken."""
        answer = await self._ask_to_register(expires, "")
        if _status(answer) != 401:
            return _status(answer)
        return _status(await self._ask_to_register(expires, self._authorization(answer)))

    async def wait_until_called(self, count: int = 1) -> str:
        """The INVITE that makes it so many."""
        async with asyncio.timeout(_ANSWER_SECONDS), self._changed:
            await self._changed.wait_for(lambda: len(self.invites) >= count)
        return self.invites[count - 1]

    async def _ask_to_register(self, expires: int, authorization: str) -> str:
        self._cseq += 1
        key = (self._call_id, self._cseq)
        answered = self._answers[key] = asyncio.get_running_loop().create_future()
        contact = f"<sip:{self.username}@127.0.0.1:{self.port}>"
        lines = [
            f"REGISTER sip:127.0.0.1:{self.registrar_port} SIP/2.0",
            f"Via: SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bK{secrets.token_hex(6)};rport",
            f"From: <sip:{self.username}@127.0.0.1>;tag={secrets.token_hex(4)}",
            f"To: <sip:{self.username}@127.0.0.1>",
            f"Call-ID: {self._call_id}",
            f"CSeq: {self._cseq} REGISTER",
            f"Contact: {contact}",
            f"Expires: {expires}",
            "Max-Forwards: 70",
            *([authorization] if authorization else []),
            "Content-Length: 0",
        ]
        async with asyncio.timeout(_ANSWER_SECONDS):
            while not answered.done():
                self._send("\r\n".join([*lines, "", ""]), ("127.0.0.1", self.registrar_port))
                await asyncio.wait([answered], timeout=_RESEND_SECONDS)
        answer: str = answered.result()
        return answer

    def _authorization(self, challenge: str) -> str:
        header = re.search(r"^WWW-Authenticate: Digest (.*)$", challenge, re.MULTILINE | re.IGNORECASE)
        assert header is not None
        given = dict(re.findall(r'(\w+)="?([^",\s]+)"?', header[1]))
        uri, nonce, realm = f"sip:127.0.0.1:{self.registrar_port}", given["nonce"], given["realm"]
        cnonce = secrets.token_hex(8)

        def digest(text: str) -> str:
            return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

        ha1, ha2 = digest(f"{self.username}:{realm}:{self.secret}"), digest(f"REGISTER:{uri}")
        response = digest(f"{ha1}:{nonce}:00000001:{cnonce}:auth:{ha2}")
        return (
            f'Authorization: Digest username="{self.username}", realm="{realm}", nonce="{nonce}", uri="{uri}", '
            f'response="{response}", algorithm=MD5, cnonce="{cnonce}", qop=auth, nc=00000001, '
            f'opaque="{given.get("opaque", "")}"'
        )

    # asyncio calls these

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # it is a datagram one

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        message = data.decode(errors="replace")
        if message.startswith("SIP/2.0"):
            call_id, cseq = _header(message, "Call-ID"), int(_header(message, "CSeq").split()[0])
            waiting = self._answers.get((call_id, cseq))
            if waiting is not None and not waiting.done() and _status(message) >= 200:
                waiting.set_result(message)
            return
        match message.split(" ", 1)[0]:
            case "OPTIONS":
                self.options_count += 1
                if self.answers_options:
                    self._send(_answer(message, "200 OK"), addr)
            case "INVITE":
                is_new = _header(message, "Call-ID") not in {_header(one, "Call-ID") for one in self.invites}
                self._send(_answer(message, "180 Ringing"), addr)
                self._send(_answer(message, "200 OK", contact=self._contact(), body=self._session()), addr)
                if is_new:
                    self.invites.append(message)
                    self._notify()
            case "BYE" | "CANCEL":
                self._send(_answer(message, "200 OK"), addr)
            case _:
                pass  # an ACK

    def _notify(self) -> None:
        async def tell() -> None:
            async with self._changed:
                self._changed.notify_all()

        task = asyncio.get_running_loop().create_task(tell())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _contact(self) -> str:
        return f"<sip:{self.username}@127.0.0.1:{self.port}>"

    def _session(self) -> str:
        # Audio goes to the discard port's neighbour: nobody listens, and nobody has to.
        return (
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
            "m=audio 19 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
        )

    def _send(self, message: str, address: tuple[str, int]) -> None:
        assert self._transport is not None
        self._transport.sendto(message.encode(), address)


def _answer(request: str, status: str, *, contact: str | None = None, body: str = "") -> str:
    head = request.split("\r\n\r\n", 1)[0].split("\r\n")[1:]
    kept = [
        line for line in head if line.split(":", 1)[0].lower() in {"via", "from", "call-id", "cseq", "record-route"}
    ]
    to = next(line for line in head if line.lower().startswith("to:"))
    lines = [f"SIP/2.0 {status}", *kept, to if ";tag=" in to else f"{to};tag=phone"]
    if contact is not None:
        lines.append(f"Contact: {contact}")
    if body:
        lines.append("Content-Type: application/sdp")
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", body])


def _header(message: str, name: str) -> str:
    found = re.search(rf"^{name}\s*:\s*(.*?)\s*$", message, re.MULTILINE | re.IGNORECASE)
    return found[1] if found else ""


def _status(answer: str) -> int:
    return int(answer.split()[1])
