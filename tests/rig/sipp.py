"""SIPp as the called party of a trunk: scenarios for load and for odd SIP, and what its message log proves.

Scenarios are the XML files in ``tests/rig/sipp``; each says in its first comment what it does.
"""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from app.local.asterisk import AsteriskInstall
from app.local.process import SupervisedProcess

_SCENARIOS = Path(__file__).with_name("sipp")
_READY_SECONDS = 60.0
_POLL_SECONDS = 0.02
_LOG_POLL_SECONDS = 0.2  # the whole log is read each time
# ----------------------------------------------- 2026-11-21T00:59:12.123456Z
_ENTRY = re.compile(r"^-{10,} (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z)\n", re.MULTILINE)
_DIRECTION = re.compile(r"message (received|sent)")


@dataclass(frozen=True, slots=True)
class SippPorts:
    """``sip`` is UDP; RTP goes to ``rtp_first``, where nobody listens unless the scenario echoes."""

    sip: int
    rtp_first: int


@dataclass(frozen=True, slots=True)
class SippMessage:
    """One SIP message. ``start_line`` is its first line, ``is_sent`` is true for SIPp's own.

    ``body`` has plain line ends.
    """

    at: datetime
    is_sent: bool
    start_line: str
    call_id: str
    cseq_method: str
    caller: str
    body: str = ""

    @property
    def method(self) -> str | None:
        """The request's method, None for a response."""
        return None if self.start_line.startswith("SIP/2.0") else self.start_line.split()[0]

    @property
    def status(self) -> int | None:
        """The response's status, None for a request."""
        return int(self.start_line.split()[1]) if self.start_line.startswith("SIP/2.0") else None


@dataclass(frozen=True, slots=True)
class SippCall:
    """What one Call-ID amounts to; retransmissions do not count twice.

    ``talk_seconds``: from the first ACK of a 200 to the first BYE, from either side; None when there was no talk.
    ``connected_at`` and ``disconnected_at`` are those instants; ``hung_up_by``: ``caller``, ``called`` (SIPp) or None.
    """

    call_id: str
    dialled: str
    caller: str
    final_status: int | None
    talk_seconds: float | None
    hung_up_by: str | None
    was_cancelled: bool
    connected_at: datetime | None = None
    disconnected_at: datetime | None = None


class SippServer:
    """A running SIPp that is being called."""

    def __init__(self, ports: SippPorts, message_log: Path, process: SupervisedProcess) -> None:
        self.ports = ports
        self._message_log = message_log
        self._process = process

    def messages(self) -> list[SippMessage]:
        """Return every message so far, in order."""
        try:
            text = self._message_log.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:  # it is made with the first message
            return []
        return list(_parse_messages(text))

    def calls(self) -> list[SippCall]:
        """Return one entry for each Call-ID, in the order of their INVITEs.

        What has no INVITE is of an earlier SIPp on this port: a BYE or a CANCEL that it left unanswered.
        """
        by_call: dict[str, list[SippMessage]] = {}
        for message in self.messages():
            by_call.setdefault(message.call_id, []).append(message)
        return [
            _sum_up(call_id, messages)
            for call_id, messages in by_call.items()
            if any(message.method == "INVITE" for message in messages)
        ]

    def kill(self) -> None:
        """End SIPp without a word to whoever is talking to it: its RTP stops, and no BYE comes."""
        self._process.kill()

    async def wait_until_idle(self, call_count: int, *, seconds: float = 60.0) -> list[SippCall]:
        """Wait until so many calls have come and all have got a final answer and, if they were talking, a BYE."""
        calls: list[SippCall] = []
        is_open: list[SippCall] = []
        try:
            async with asyncio.timeout(seconds):
                while True:
                    calls = await asyncio.to_thread(self.calls)  # a long log takes its time
                    is_open = [
                        c for c in calls if c.final_status is None or (c.final_status == 200 and not c.hung_up_by)
                    ]
                    if len(calls) >= call_count and not is_open:
                        return calls
                    await asyncio.sleep(_LOG_POLL_SECONDS)
        except TimeoutError:
            # SIPp at times has no answer for a CANCEL that meets it between two steps: the call is over all the same.
            if len(calls) >= call_count and all(one.was_cancelled for one in is_open):
                return calls
            raise AssertionError(
                f"after {seconds:g} s SIPp has {len(calls)} of {call_count} calls, open are {is_open[:5]}"
            ) from None


def _header(text: str, name: str) -> str:
    found = re.search(rf"^{name}\s*:\s*(.*?)\s*$", text, re.MULTILINE | re.IGNORECASE)
    return found.group(1) if found else ""


def _parse_messages(text: str) -> Iterator[SippMessage]:
    parts = _ENTRY.split(text)[1:]
    for stamp, body in zip(parts[::2], parts[1::2], strict=True):
        head, _, message = body.partition("\n\n")
        direction = _DIRECTION.search(head)
        message = message.lstrip("\r\n")
        if direction is None or not message:
            continue
        cseq = _header(message, "CSeq").split()
        yield SippMessage(
            at=datetime.fromisoformat(stamp),
            is_sent=direction.group(1) == "sent",
            start_line=message.splitlines()[0].strip(),
            call_id=_header(message, "Call-ID"),
            cseq_method=cseq[-1] if cseq else "",
            caller=_header(message, "From"),
            body=message.replace("\r\n", "\n").partition("\n\n")[2].rstrip("\n"),
        )


def _sum_up(call_id: str, messages: list[SippMessage]) -> SippCall:
    invite = next((m for m in messages if m.method == "INVITE"), None)
    final = next((m.status for m in messages if m.cseq_method == "INVITE" and (m.status or 0) >= 200), None)
    ack = next((m for m in messages if m.method == "ACK"), None) if final == 200 else None
    bye = next((m for m in messages if m.method == "BYE"), None)
    dialled = re.search(r"sip:([^@;>]+)@", invite.start_line) if invite else None
    return SippCall(
        call_id=call_id,
        dialled=dialled.group(1) if dialled else "",
        caller=invite.caller if invite else "",
        final_status=final,
        talk_seconds=(bye.at - ack.at).total_seconds() if ack and bye else None,
        hung_up_by=None if bye is None else "called" if bye.is_sent else "caller",
        was_cancelled=any(m.method == "CANCEL" for m in messages),
        connected_at=ack.at if ack else None,
        disconnected_at=bye.at if bye else None,
    )


@contextlib.asynccontextmanager
async def sipp_called_party(
    install: AsteriskInstall, ports: SippPorts, directory: Path, *, scenario: str = "mix"
) -> AsyncIterator[SippServer]:
    """Run SIPp with one scenario until the end of the block; its logs are kept in ``directory``."""
    assert install.sipp is not None, "SIPp comes with the unpacked Asterisk; install it beside a system Asterisk"
    message_log = directory / "messages.log"
    command = (
        *install.sipp,
        *("-sf", str(_SCENARIOS / f"{scenario}.xml")),
        *("-i", "127.0.0.1", "-p", str(ports.sip), "-mi", "127.0.0.1", "-mp", str(ports.rtp_first)),
        *("-trace_msg", "-message_file", str(message_log), "-message_overwrite", "false"),
        *("-trace_err", "-error_file", str(directory / "errors.log")),
        *("-nostdin", "-skip_rlimit", "-aa"),
    )
    async with await SupervisedProcess.start(
        command, stdout_path=directory / "screen.log", cwd=directory, env={"TERM": "dumb"}, grace_seconds=1.0
    ) as process:
        async with asyncio.timeout(_READY_SECONDS):
            while not _is_bound(ports.sip):
                assert process.is_running, (directory / "screen.log").read_text(errors="replace")[-2000:]
                await asyncio.sleep(_POLL_SECONDS)
        yield SippServer(ports, message_log, process)


@contextlib.asynccontextmanager
async def sipp_phone(
    install: AsteriskInstall, ports: SippPorts, directory: Path, *, registrar_port: int, username: str, secret: str
) -> AsyncIterator[SippServer]:
    """Run SIPp as a phone: it registers with a secret, as its ``messages`` show, and answers whoever calls it then."""
    assert install.sipp is not None, "SIPp comes with the unpacked Asterisk; install it beside a system Asterisk"
    message_log = directory / "phone.log"
    credentials = directory / "phone.csv"
    credentials.write_text(f"SEQUENTIAL\n{username};[authentication username={username} password={secret}]\n")
    command = (
        *install.sipp,
        f"127.0.0.1:{registrar_port}",
        *("-sf", str(_SCENARIOS / "registers.xml"), "-oocsf", str(_SCENARIOS / "called.xml"), "-m", "1"),
        *("-inf", str(credentials), "-i", "127.0.0.1", "-p", str(ports.sip)),
        *("-mi", "127.0.0.1", "-mp", str(ports.rtp_first)),
        *("-trace_msg", "-message_file", str(message_log), "-message_overwrite", "false"),
        *("-trace_err", "-error_file", str(directory / "phone-errors.log")),
        *("-nostdin", "-skip_rlimit", "-aa"),
    )
    async with await SupervisedProcess.start(
        command, stdout_path=directory / "phone-screen.log", cwd=directory, env={"TERM": "dumb"}, grace_seconds=1.0
    ) as process:
        yield SippServer(ports, message_log, process)


def _is_bound(port: int) -> bool:
    """Look in the kernel's table whether somebody listens on this UDP port of 127.0.0.1."""
    return f"0100007F:{port:04X}" in Path("/proc/net/udp").read_text(encoding="ascii")
