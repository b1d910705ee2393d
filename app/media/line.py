"""One websocket of a relay, to the program or to Asterisk: messages in, messages out, and its end, told once.

Everything happens in the socket's own callbacks: a frame of sound is 20 ms, and a task between would cost more than
handing it on.
"""

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import Callable, Mapping
from enum import Enum, auto
from typing import Final

import structlog
from picows import WSCloseCode, WSError, WSFrame, WSHandshakeError, WSListener, WSMsgType, WSTransport, ws_connect

from app.ari.event_socket import was_too_big

_log = structlog.get_logger(__name__)

_FAREWELL_SECONDS: Final = 0.5
_PING_SECONDS: Final = 10.0
_TEXT: Final = WSMsgType.TEXT
_BINARY: Final = WSMsgType.BINARY
_CLOSE: Final = WSMsgType.CLOSE
_CONTINUATION: Final = WSMsgType.CONTINUATION
# picows writes addresses at INFO, and the handshake with what signs it below DEBUG; this logger goes nowhere near.
_quiet_logger: Final = logging.getLogger("app.media.line")
_quiet_logger.setLevel(logging.CRITICAL)


class HandshakeRefusedError(Exception):
    """There is an answer, and it is no websocket's. The text may be shown."""


class HandshakeFailedError(Exception):
    """There is no proper answer, or none in time. The text may be shown."""


class LineEnd(Enum):
    """How a line ended."""

    GOODBYE = auto()  # the far end closed it properly
    TOO_BIG = auto()  # a message over the limit
    BROKEN = auto()  # it broke, or nobody answered on it; or we closed it


class Line(WSListener):
    """An open websocket. ``on_end`` hears of its end once.

    What is called must not block, and must not raise: an error of ours ends the line as if it had broken.
    """

    def __init__(
        self,
        *,
        on_binary: Callable[[bytes], None],
        on_text: Callable[[bytes], None],
        on_end: Callable[[LineEnd], None],
        largest_bytes: int,
    ) -> None:
        self._on_binary = on_binary
        self._on_text = on_text
        self._on_end = on_end
        self._largest_bytes = largest_bytes
        self._transport: WSTransport | None = None
        self._parts: bytearray | None = None
        self._kind_of_parts = _TEXT
        self._has_said_goodbye = False
        self._is_too_big = False
        self.is_over = False

    @property
    def unsent_bytes(self) -> int:
        """What was sent and the kernel has not taken: it grows while the far end does not read."""
        if self._transport is None or self.is_over:
            return 0
        return self._transport.underlying_transport.get_write_buffer_size()

    def send_binary(self, content: bytes) -> None:
        """Send it; nothing goes out once the line is over."""
        if self._transport is not None and not self.is_over:
            self._transport.send(_BINARY, content)

    def send_text(self, content: bytes) -> None:
        """Likewise."""
        if self._transport is not None and not self.is_over:
            self._transport.send(_TEXT, content)

    def close(self) -> None:
        """Say good-bye and close; a far end that does not take it does not keep the line."""
        if self._transport is None or self.is_over:
            return
        self._transport.send_close(WSCloseCode.OK)
        self._transport.disconnect()
        asyncio.get_running_loop().call_later(_FAREWELL_SECONDS, self.abort)

    async def wait_until_over(self) -> None:
        """Return when the connection is gone, if there was one; ask it to close before."""
        if self._transport is None:
            return
        with contextlib.suppress(WSError, TimeoutError):  # no websocket traffic; ``on_end`` has heard how it ended
            async with asyncio.timeout(_FAREWELL_SECONDS * 2):
                await self._transport.wait_disconnected()

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None and not self.is_over:
            self._transport.disconnect(graceful=False)

    # picows calls these

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:  # noqa: ARG002 -- the library's signature
        if self._has_said_goodbye:
            return
        try:
            self._take(frame)
        except Exception:  # noqa: BLE001 -- one stream that meets a mistake of ours must not take the others with it
            _log.exception("media_message_not_handled")
            self.abort()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.is_over = True
        if self._is_too_big or was_too_big(transport):
            self._on_end(LineEnd.TOO_BIG)
        else:
            self._on_end(LineEnd.GOODBYE if self._has_said_goodbye else LineEnd.BROKEN)

    def pause_writing(self) -> None:
        """Who sends looks at :attr:`unsent_bytes`."""

    def resume_writing(self) -> None:
        """See pause_writing."""

    def _take(self, frame: WSFrame) -> None:
        kind = frame.msg_type
        if kind is _BINARY and frame.fin:
            self._on_binary(frame.get_payload_as_bytes())
        elif kind is _TEXT and frame.fin:
            self._on_text(frame.get_payload_as_bytes())
        elif kind is _CLOSE:
            self._has_said_goodbye = True
            self.close()
        elif kind in {_TEXT, _BINARY, _CONTINUATION}:
            self._take_part(frame)

    def _take_part(self, frame: WSFrame) -> None:
        """A message may come in several frames (RFC 6455, 5.4)."""
        if self._parts is None:
            self._parts, self._kind_of_parts = bytearray(), frame.msg_type
        self._parts += frame.get_payload_as_bytes()
        if len(self._parts) > self._largest_bytes:
            self._is_too_big = True
            self.abort()
        elif frame.fin:
            message, self._parts = bytes(self._parts), None
            (self._on_text if self._kind_of_parts is _TEXT else self._on_binary)(message)


async def open_line(
    line: Line,
    url: str,
    *,
    connected: socket.socket | None,
    headers: Mapping[str, str],
    seconds: float,
    tls: ssl.SSLContext | None,
    largest_bytes: int,
) -> None:
    """Make a line of ``url``, over a ``connected`` socket where one is given, which belongs to the line from then on.

    Raises:
        HandshakeRefusedError, HandshakeFailedError: it is none.
    """
    try:
        async with asyncio.timeout(seconds):
            await ws_connect(
                lambda: line,
                url,
                ssl_context=tls,
                websocket_handshake_timeout=seconds,
                logger_name=_quiet_logger,
                enable_auto_ping=True,
                auto_ping_idle_timeout=_PING_SECONDS,
                auto_ping_reply_timeout=_PING_SECONDS,
                max_frame_size=largest_bytes,
                extra_headers=dict(headers),
                max_redirects=0,
                socket_factory=(lambda _: connected) if connected is not None else None,
                use_aiofastnet=False,
            )
    except BaseException as error:
        # picows leaves a connection alone whose opening is given up; shut down, it ends by itself.
        line.abort()
        if connected is not None:
            with contextlib.suppress(OSError):  # it is closed already
                connected.shutdown(socket.SHUT_RDWR)
        match error:
            case WSHandshakeError(response=response) if response is not None:
                raise HandshakeRefusedError(f"it answered with status {int(response.status)}") from error
            case ssl.SSLCertVerificationError():
                raise HandshakeFailedError(f"TLS: {error.verify_message}") from error
            case TimeoutError():
                raise HandshakeFailedError(f"no answer within {seconds:g} s") from error
            case WSError() | OSError() | EOFError():
                raise HandshakeFailedError(f"no websocket answers there ({type(error).__name__})") from error
            case _:
                raise
    if line.is_over:
        raise HandshakeFailedError("the connection ended during the handshake")
