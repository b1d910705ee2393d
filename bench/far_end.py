"""SIPp as the far end of both legs, and an Asterisk that knows it as an agent's phone and as a trunk.

SIPp writes down what came over the wire and when; the figures of calls are read from there, not from anybody's word.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.local.asterisk import AsteriskConfig, AsteriskInstance, SipPeer, running_asterisk
from app.local.asterisk_ports import reserve_ports
from app.local.process import SupervisedProcess
from bench.harness import BenchError, Context

ACCOUNT: Final = "bench"
EXTENSION: Final = "2001"
TRUNK: Final = "main"
AGENT_ENDPOINT: Final = f"{ACCOUNT}-{EXTENSION}"
TRUNK_ENDPOINT: Final = f"{ACCOUNT}-trunk-{TRUNK}"

_SCENARIO: Final = Path(__file__).with_name("sipp") / "answer.xml"
_READY_SECONDS: Final = 10.0
_POLL_SECONDS: Final = 0.02
_CALL_RTP_PORTS: Final = 4  # RTP and RTCP for each of two legs
_MOST_LIVE_CALLS: Final = 1200
# 2026-11-21 <tab> 01:21:01.467586 <tab> 1795224061.467586 INVITE <Call-ID> <caller> <dialled>
_LINE: Final = re.compile(r"\S+\t\S+\t(\d+\.\d+) (INVITE|ACK|BYE) (\S+)(?: (\S*) ?(\S*))?$")


@dataclass(slots=True)
class WireLeg:
    """One INVITE at the far end. Instants are Unix time; None: it did not happen (yet)."""

    number: str
    is_agent: bool
    invited_at: float
    acknowledged_at: float | None = None
    ended_at: float | None = None


@dataclass(frozen=True, slots=True)
class WireCall:
    """Both legs of one call, told together by the customer's number."""

    agent: WireLeg
    customer: WireLeg

    @property
    def connected_at(self) -> float | None:
        """When both had been answered and acknowledged."""
        instants = (self.agent.acknowledged_at, self.customer.acknowledged_at)
        return max(at for at in instants if at is not None) if all(at is not None for at in instants) else None

    @property
    def has_ended(self) -> bool:
        return self.agent.ended_at is not None and self.customer.ended_at is not None


class WireLog:
    """SIPp's log, read on from where the last reading ended."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def skip(self) -> None:
        """Forget what has been written so far."""
        self._offset = self._path.stat().st_size if self._path.exists() else 0

    def read(self) -> dict[str, WireCall]:
        """The calls since `skip`, by the customer's number.

        Raises:
            BenchError: a leg was doubled or belongs to no call, or the log is not of the form we know.
        """
        return _pair(list(self._read_legs().values()))

    def _read_legs(self) -> dict[str, WireLeg]:
        if not self._path.exists():  # it is made with the first call
            return {}
        with self._path.open("rb") as file:
            file.seek(self._offset)
            text = file.read().decode("ascii", errors="replace")
        legs: dict[str, WireLeg] = {}
        complete, _, _ = text.rpartition("\n")  # SIPp may be writing the last one
        for line in complete.splitlines():
            found = _LINE.match(line.strip())
            if found is None:
                raise BenchError(f"SIPp's log has a line that is not ours: {line!r}")
            at, what, call_id, caller, dialled = found.groups()
            instant = float(at)
            if what == "INVITE":
                legs[call_id] = WireLeg(dialled or caller, not dialled, instant)
            elif call_id in legs:  # else it is the end of an earlier round's
                setattr(legs[call_id], "acknowledged_at" if what == "ACK" else "ended_at", instant)
        return legs


@dataclass(frozen=True, slots=True)
class FarEnd:
    """Running: the Asterisk, and what SIPp saw."""

    asterisk: AsteriskInstance
    wire: WireLog
    sipp_pid: int


def _pair(legs: list[WireLeg]) -> dict[str, WireCall]:
    agents = {leg.number: leg for leg in legs if leg.is_agent}
    customers = {leg.number: leg for leg in legs if not leg.is_agent}
    if len(agents) + len(customers) != len(legs):
        raise BenchError("A leg was dialled twice.")
    return {number: WireCall(agents[number], leg) for number, leg in customers.items() if number in agents}


@asynccontextmanager
async def running_far_end(context: Context, *, hold: bool = False) -> AsyncIterator[FarEnd]:
    """SIPp and Asterisk until the end of the block. With ``hold`` the customer stays, too."""
    install = await context.asterisk_install()
    assert install.sipp is not None
    folder = context.make_folder("far-end")
    with reserve_ports(rtp_port_count=100) as ports:
        sipp = await _start_sipp(install.sipp, ports.sip, ports.rtp_first, folder, hold=hold)
        async with sipp:
            config = AsteriskConfig(
                has_sandbox=False,
                peers=(SipPeer(name=AGENT_ENDPOINT, port=ports.sip), SipPeer(name=TRUNK_ENDPOINT, port=ports.sip)),
                rtp_port_count=_CALL_RTP_PORTS * _MOST_LIVE_CALLS,
            )
            async with running_asterisk(config, install=install) as asterisk:
                yield FarEnd(asterisk, WireLog(folder / "calls.log"), sipp.pid)


async def _start_sipp(
    program: tuple[str, ...], port: int, rtp_port: int, folder: Path, *, hold: bool
) -> SupervisedProcess:
    scenario = _SCENARIO
    if hold:
        scenario = folder / "hold.xml"
        # A customer who never hangs up does what an agent's phone does.
        scenario.write_text(_SCENARIO.read_text(encoding="utf-8").replace(' next="customer" test="customer"', ""))
    command = (
        *program,
        *("-sf", str(scenario), "-i", "127.0.0.1", "-p", str(port), "-mi", "127.0.0.1", "-mp", str(rtp_port)),
        *("-trace_logs", "-log_file", str(folder / "calls.log"), "-log_overwrite", "false"),
        *("-trace_err", "-error_file", str(folder / "errors.log")),
        *("-nostdin", "-skip_rlimit", "-aa"),
    )
    process = await SupervisedProcess.start(
        command, stdout_path=folder / "screen.log", cwd=folder, env={"TERM": "dumb"}, grace_seconds=1.0
    )
    async with asyncio.timeout(_READY_SECONDS):
        while not is_bound(port):
            if not process.is_running:
                raise BenchError(
                    f"SIPp ended at its start: {(folder / 'screen.log').read_text(errors='replace')[-500:]}"
                )
            await asyncio.sleep(_POLL_SECONDS)
    return process


def is_bound(port: int) -> bool:
    """Whether somebody listens on this UDP port of 127.0.0.1, by the kernel's table."""
    return f"0100007F:{port:04X}" in Path("/proc/net/udp").read_text(encoding="ascii")
