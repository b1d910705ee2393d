"""One websocket connection to Asterisk's events, from the handshake to its end: frames in, messages and an end out.

Knows nothing of reconnecting; `app.ari.stream` does.
"""

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import Callable
from enum import StrEnum
from time import monotonic
from typing import Final
from urllib.parse import urlencode, urlsplit, urlunsplit

from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSParsedURL, WSTransport, ws_connect
from picows import WSError as WSError  # noqa: PLC0414 -- what connecting may raise, for those who connect
from picows.picows import WSCloseHandshake

# Asterisk's largest events (two bridges and six channels) are a few tens of kilobytes.
LARGEST_MESSAGE_BYTES: Final = 4 * 1024 * 1024
# After a stop of the whole process the deadline is due before what came meanwhile has been read.
_GRACE_SECONDS: Final = 0.25
_FAREWELL_SECONDS: Final = 0.5
# picows writes addresses at INFO, and the handshake with its credentials below DEBUG; this logger goes nowhere near.
_quiet_logger: Final = logging.getLogger("app.ari.event_socket")
_quiet_logger.setLevel(logging.CRITICAL)


# As module constants: a look-up in the library's enum costs as much as reading the frame.
_TEXT: Final = WSMsgType.TEXT
_CLOSE: Final = WSMsgType.CLOSE
_PONG: Final = WSMsgType.PONG
_DATA: Final = frozenset({WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.CONTINUATION})


class DisconnectReason(StrEnum):
    """Why events stopped coming."""

    CLOSED = "closed"  # a proper close, which is no reason to believe that nothing was missed
    RESET = "reset"  # the connection broke
    SILENT = "silent"  # half-open: no answer to a ping
    TOO_BIG = "too_big"  # a message over the limit
    ABSENT = "absent"  # the socket is there and requests find no ARI: its modules are not loaded
    OVERFLOW = "overflow"  # the consumer fell behind by a whole queue


def _ignore(_: object) -> None:
    pass


class HandshakeLost(WSError):  # noqa: N818 -- says what happened
    """The connection ended before the handshake was answered: a session limit, or no HTTP server."""


class EventSocket(WSListener):
    """Calls ``on_message`` with each whole message, and ``on_end`` once with the reason. Both must not block."""

    def __init__(self, on_message: Callable[[bytes], None], on_end: Callable[[DisconnectReason], None]) -> None:
        self._on_message = on_message
        self._on_end = on_end
        self._transport: WSTransport | None = None
        self._parts: bytearray | None = None
        self._reason: DisconnectReason | None = None
        self._is_heard = False
        #: Until when everything is heard, in `time.monotonic` seconds: since the latest ping that was answered left. On
        #: one line in one order, what Asterisk had sent before came before its pong.
        self.heard_until = monotonic()
        self._pinged_at = self.heard_until
        self._is_paused = False
        self._ping_interval = self._ping_timeout = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self.is_over = False

    def begin_pings(self, *, interval: float, timeout: float) -> None:
        """From here on, an end of the line that says nothing is an end: found after ``interval`` + ``timeout``."""
        self._ping_interval, self._ping_timeout = interval, timeout
        self._ping()

    def end(self, reason: DisconnectReason) -> None:
        """Take no more messages, and close at once for this reason."""
        if self._reason is None:
            self._reason = reason
            self.abort()

    def abandon(self) -> None:
        """Close, and call nobody any more."""
        self._on_message = self._on_end = _ignore
        self.close()

    def abort(self) -> None:
        """Close without waiting for anybody."""
        if self._transport is not None:
            self._transport.disconnect(graceful=False)

    def close(self) -> None:
        """Say good-bye and close; what the far end does about it does not matter."""
        if self._transport is not None and not self.is_over:
            self._transport.send_close(WSCloseCode.OK)
            self._transport.disconnect()
            # A far end that takes nothing any more would keep the good-bye, and with it the connection.
            self._call_later(_FAREWELL_SECONDS, self.abort)

    def pause_reading(self) -> None:
        """Let what comes wait in the socket, and TCP push back on Asterisk."""
        if self._transport is not None and not self._is_paused and not self.is_over:
            self._is_paused = True
            self._transport.underlying_transport.pause_reading()

    def resume_reading(self) -> None:
        if self._transport is not None and self._is_paused and not self.is_over:
            self._is_paused = False
            self._transport.underlying_transport.resume_reading()

    async def wait_until_over(self) -> None:
        """Return when ``on_end`` has been called. Raises whatever a callback raised: a defect of ours."""
        assert self._transport is not None
        # A WSError says that what came was no websocket traffic; on_end has the reason.
        with contextlib.suppress(WSError):
            await self._transport.wait_disconnected()

    # picows calls these

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:  # noqa: ARG002 -- the library's signature
        self._is_heard = True
        if frame.msg_type is _PONG:
            self.heard_until = self._pinged_at
        if self._reason is not None:
            return  # after an end nothing counts: there may be a gap before it
        try:
            if frame.payload_size > LARGEST_MESSAGE_BYTES:
                # The library has said so already, and still reads it to its end.
                self.end(DisconnectReason.TOO_BIG)
            elif frame.msg_type is _TEXT and frame.fin:
                self._on_message(frame.get_payload_as_bytes())
            elif frame.msg_type in _DATA:
                self._take_part(frame)
            elif frame.msg_type is _CLOSE:
                self._reason = DisconnectReason.CLOSED
                self.close()
        except BaseException:
            # A defect of ours: wait_until_over raises it, and the messages behind this one must not come before it.
            self._reason = DisconnectReason.RESET
            raise

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.is_over = True
        if self._timer is not None:
            self._timer.cancel()
        if self._reason is None:
            self._reason = DisconnectReason.TOO_BIG if was_too_big(transport) else DisconnectReason.RESET
        self._on_end(self._reason)

    def pause_writing(self) -> None:
        """Nothing but pings is written; one that does not get away is not answered either."""

    def resume_writing(self) -> None:
        """See pause_writing."""

    def _take_part(self, frame: WSFrame) -> None:
        """Asterisk sends each event in one frame; what stands between us and it may cut them up (RFC 6455, 5.4)."""
        if self._parts is None:
            self._parts = bytearray()
        self._parts += frame.get_payload_as_bytes()
        if len(self._parts) > LARGEST_MESSAGE_BYTES:
            self.end(DisconnectReason.TOO_BIG)
        elif frame.fin:
            message, self._parts = bytes(self._parts), None
            self._on_message(message)

    def _ping(self) -> None:
        assert self._transport is not None
        self._is_heard = False
        if self.heard_until == self._pinged_at:
            # Of several that are under way, a pong does not say which it answers: the first one's time is safe.
            self._pinged_at = monotonic()
        self._transport.send_ping()
        self._call_later(self._ping_timeout, self._look)

    def _look(self) -> None:
        if self._is_heard or self._is_paused:
            self._call_later(max(0.0, self._ping_interval - self._ping_timeout), self._ping)
        else:
            self._call_later(_GRACE_SECONDS, self._decide)

    def _decide(self) -> None:
        if self._is_heard or self._is_paused:
            self._ping()
        else:
            self.end(DisconnectReason.SILENT)

    def _call_later(self, seconds: float, action: Callable[[], None]) -> None:
        if not self.is_over:
            self._timer = asyncio.get_running_loop().call_later(seconds, action)


def was_too_big(transport: WSTransport) -> bool:
    """Whether it was us who closed, for a message over the limit (RFC 6455, 7.4.1)."""
    # None when nobody said good-bye, whatever the library's annotation says.
    handshake: WSCloseHandshake | None = transport.close_handshake
    return handshake is not None and handshake.sent is not None and handshake.sent.code == WSCloseCode.MESSAGE_TOO_BIG


async def connect_event_socket(
    url: str,
    authorization: str,
    *,
    open_timeout: float,
    on_message: Callable[[bytes], None],
    on_end: Callable[[DisconnectReason], None],
) -> EventSocket:
    """Open the socket; credentials travel in a header.

    Raises:
        WSError: refused, or not a websocket server; `WSHandshakeError.response` says how.
        OSError, TimeoutError: not reachable, or no answer within ``open_timeout`` seconds.
    """
    opened: list[socket.socket] = []
    made: list[EventSocket] = []

    def make_listener() -> EventSocket:
        made.append(EventSocket(on_message, on_end))
        return made[-1]

    async def open_socket(parsed: WSParsedURL) -> socket.socket:
        opened.append(await _connect_tcp(parsed.host, parsed.port))
        return opened[-1]

    try:
        async with asyncio.timeout(open_timeout):
            await ws_connect(
                make_listener,
                url,
                ssl_context=ssl.create_default_context() if url.startswith("wss:") else None,
                websocket_handshake_timeout=open_timeout,
                logger_name=_quiet_logger,
                max_frame_size=LARGEST_MESSAGE_BYTES,
                extra_headers={"Authorization": authorization},
                max_redirects=0,
                socket_factory=open_socket,
                use_aiofastnet=False,
            )
    except BaseException:
        # picows leaves a connection alone whose opening is given up; shut down, it ends by itself.
        for listener in made:
            listener.abandon()
        for one in opened:
            _shut_down(one)
        raise
    if not made:
        raise HandshakeLost("the connection ended during the handshake")
    return made[-1]


def events_url(base_url: str, app: str) -> str:
    """The events address belonging to a REST base URL, without credentials in it."""
    scheme, netloc, path, _, _ = urlsplit(base_url)
    query = urlencode({"app": app, "subscribeAll": "false"})
    return urlunsplit(("wss" if scheme == "https" else "ws", netloc, f"{path}/events", query, ""))


async def _connect_tcp(host: str, port: int) -> socket.socket:
    """A connected socket to the first of a host's addresses that takes it. Raises OSError: the last one's."""
    loop = asyncio.get_running_loop()
    failure: OSError | None = None
    for family, kind, protocol, _, address in await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        one = socket.socket(family, kind, protocol)
        one.setblocking(False)
        try:
            await loop.sock_connect(one, address)
        except OSError as error:
            failure = error
            one.close()
        except BaseException:
            one.close()
            raise
        else:
            return one
    raise failure or OSError("no address")


def _shut_down(one: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it is closed already, or was never connected
        one.shutdown(socket.SHUT_RDWR)
