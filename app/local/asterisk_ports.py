"""Ports for several Asterisk instances on one machine, without a race between looking and binding.

The range below the kernel's own ephemeral ports is cut into blocks of a thousand. Holding the abstract unix socket of
a block's name is holding the block: the name lives in the network namespace, exactly as ports do, is the same for all
users, and is given back by the kernel however its holder ends. Programs that know nothing of this (a SIP server on
one of the numbers) are stepped around by trying to bind.
"""

import contextlib
import os
import socket
from collections.abc import Iterator

from app.errors import AsteriskUnavailableError
from app.local.asterisk_config import AsteriskPorts

_FIRST_PORT = 12_000
_BLOCK_SIZE = 1_000
_BLOCK_COUNT = 20
_SIGNALLING_PORTS = 10  # the first ten of a block are for HTTP and SIP, the others for RTP
_SHARED = (socket.SOCK_STREAM, socket.SOCK_DGRAM)


def _hold_block(index: int) -> socket.socket | None:
    lock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        lock.bind(f"\0offhook-asterisk-ports-{index}")
    except OSError:  # EADDRINUSE is the only one an abstract name can give: somebody has it
        lock.close()
        return None
    return lock


def _is_free(port: int, address: str) -> bool:
    for kind in _SHARED:
        with socket.socket(socket.AF_INET, kind) as probe:
            if kind is socket.SOCK_STREAM:
                # As Asterisk does it: connections of an earlier instance in TIME_WAIT are no hindrance.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError:  # taken, by whomever
                return False
    return True


@contextlib.contextmanager
def reserve_ports(*, rtp_port_count: int, address: str = "127.0.0.1") -> Iterator[AsteriskPorts]:
    """Hold enough consecutive blocks for ``rtp_port_count`` RTP ports until the end of the block.

    Raises:
        AsteriskUnavailableError: too many instances run already, or too many ports were asked for.
    """
    width = -(-(rtp_port_count + _SIGNALLING_PORTS) // _BLOCK_SIZE)
    # Each process begins elsewhere, so that two that start together rarely meet, and ports still lingering from an
    # instance that just ended are not the first choice.
    offset = os.getpid() % _BLOCK_COUNT
    for attempt in range(_BLOCK_COUNT):
        start = (offset + attempt) % _BLOCK_COUNT
        if start + width > _BLOCK_COUNT:
            continue
        with contextlib.ExitStack() as stack:
            for index in range(start, start + width):
                lock = _hold_block(index)
                if lock is None:
                    break
                stack.callback(lock.close)
            else:
                first = _FIRST_PORT + start * _BLOCK_SIZE
                free = [port for port in range(first, first + _SIGNALLING_PORTS) if _is_free(port, address)]
                if len(free) >= 3:  # noqa: PLR2004  # HTTP, SIP, the sandbox's SIP
                    yield AsteriskPorts(
                        http=free[0],
                        sip=free[1],
                        sandbox_sip=free[2],
                        rtp_first=first + _SIGNALLING_PORTS,
                        rtp_last=first + _SIGNALLING_PORTS + rtp_port_count - 1,
                    )
                    return
    raise AsteriskUnavailableError(
        f"No {width} thousand free ports between {_FIRST_PORT} and {_FIRST_PORT + _BLOCK_COUNT * _BLOCK_SIZE}: "
        "stop another Offhook or Asterisk on this machine."
    )
