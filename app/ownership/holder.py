"""Who holds a lease: a process, named so that others on the same machine can tell that it is dead."""

import os
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

_PARTS = 6
#: Fields of /proc/<pid>/stat behind the command's closing parenthesis, proc(5): state, and start time in ticks.
_STATE_FIELD = 0
_START_FIELD = 19
#: Dead, and only waiting for a parent to ask.
_ENDED_STATES = frozenset({"Z", "X", "x"})


@dataclass(frozen=True, slots=True)
class Holder:
    """A process. ``boot`` and ``namespace`` say in which world ``pid`` means anything; ``nonce`` tells services of one
    process apart.
    """

    host: str
    boot: str
    namespace: str
    pid: int
    started: str
    nonce: str

    @classmethod
    def me(cls) -> Self:
        """This process, under a new nonce."""
        pid = os.getpid()
        return cls(
            host=socket.gethostname().replace("/", "-"),
            boot=_read_boot(),
            namespace=_read_namespace(),
            pid=pid,
            started="?" if (stat := _read_stat(pid)) is None else stat.started,
            nonce=secrets.token_hex(4),
        )

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The holder behind its text; None when another version wrote it in another form."""
        parts = text.split("/")
        if len(parts) != _PARTS or not parts[3].isdecimal():
            return None
        return cls(parts[0], parts[1], parts[2], int(parts[3]), parts[4], parts[5])

    def __str__(self) -> str:
        return "/".join((self.host, self.boot, self.namespace, str(self.pid), self.started, self.nonce))

    @property
    def shown(self) -> str:
        """For people."""
        return f"process {self.pid} on {self.host}"

    @property
    def is_surely_dead(self) -> bool:
        """Whether its process is known to be gone. Nothing is known of other machines, boots and containers."""
        if not self.boot or not self.namespace:
            return False
        if (self.boot, self.namespace) != (_read_boot(), _read_namespace()):
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            pass  # somebody else's, and there; /proc may hide such ones, and what is hidden is not dead
        stat = _read_stat(self.pid)
        # Ended and not yet asked after by its parent, or a later process with its number.
        return stat is not None and (stat.state in _ENDED_STATES or stat.started != self.started)


def is_surely_dead(text: str | None) -> bool:
    """Whether a lease's holder is known to be gone."""
    holder = None if text is None else Holder.parse(text)
    return holder is not None and holder.is_surely_dead


def _read_boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""  # not Linux: then nobody is ever known to be dead, and leases run out


def _read_namespace() -> str:
    try:
        return str(Path("/proc/self/ns/pid").readlink()).removeprefix("pid:")
    except OSError:
        return ""  # as above


class _Stat(NamedTuple):
    """What the kernel tells of a process; ``started`` in its own count."""

    state: str
    started: str


def _read_stat(pid: int) -> _Stat | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None  # no such process, or none that we may see
    return _Stat(fields[_STATE_FIELD], fields[_START_FIELD])
