"""The way out of a websocket: uvicorn's protocol, with a door that its ASGI interface lacks.

ASGI's ``send`` is a coroutine that waits while a peer does not read, says nothing of how much waits, and cannot cut a
connection off. For a fact that goes to a thousand sockets each of these matters: here a frame is made once, writing it
is one plain call, a full socket says so at once, and a peer that has stopped reading is got rid of.

A peer that sends control frames or pieces of a message without end is got rid of as well: answering a ping costs
memory when the peer does not read, and every frame costs time.

Everything else (handshake, reading, closing handshake) is uvicorn's own.
"""

import struct
from collections.abc import Callable
from typing import Any, Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState
from websockets.frames import Frame

from app.api.pace import Pace

#: Where the ASGI scope's ``extensions`` hold the wire of a websocket.
WIRE: Final = "offhook.wire"

_TEXT_HEAD: Final = 0x81  # the final frame of a text message: RFC 6455, 5.2
_KEEPALIVE_GRACE_SECONDS: Final = 5.0
_FLOOD_GRACE_SECONDS: Final = 1.0
#: RFC 6455, 7.4.1: a message that violates the endpoint's policy.
TOO_FAST: Final = 1008
PINGS_AT_ONCE: Final = 100
PINGS_PER_SECOND: Final = 10.0
#: Of one message. Clients that send in pieces send large ones.
MOST_PIECES: Final = 1024
_SHORT: Final = 126
_MEDIUM: Final = 1 << 16


def text_frame(payload: bytes) -> bytes:
    """A whole text message as a server sends it: unmasked, in one frame. ``payload`` is UTF-8."""
    length = len(payload)
    if length < _SHORT:
        return bytes((_TEXT_HEAD, length)) + payload
    if length < _MEDIUM:
        return struct.pack("!BBH", _TEXT_HEAD, _SHORT, length) + payload
    return struct.pack("!BBQ", _TEXT_HEAD, _SHORT + 1, length) + payload


class Wire(WebSocketsSansIOProtocol):
    """One websocket. Give it to uvicorn as ``ws``; the application finds it in the scope under `WIRE`."""

    _on_writable: Callable[[], None] | None = None
    _pings: Pace | None = None  # most peers never send one

    async def run_asgi(self) -> None:
        extensions: Any = self.scope["extensions"]  # others' extensions are dicts; ours is this object
        extensions[WIRE] = self
        await super().run_asgi()

    @property
    def is_writable(self) -> bool:
        """Whether the socket takes more; False once some 64 KiB wait in this process for the peer to read."""
        return self.writable.is_set()

    @property
    def is_closed(self) -> bool:
        """Whether nothing more can be sent."""
        return self.close_sent or self.disconnected or self.transport.is_closing()

    def on_writable(self, listener: Callable[[], None]) -> None:
        """Call this whenever the socket takes more again. It must not block."""
        self._on_writable = listener

    def write(self, frame: bytes) -> None:
        """Send a frame that `text_frame` made, or drop it when the connection is over."""
        if not self.is_closed:
            self.transport.write(frame)

    def close(self, code: int, reason: str, *, grace_seconds: float) -> None:
        """Begin the closing handshake now, whatever the peer does; cut the connection when it does not end in time."""
        if self.is_closed:
            return
        try:
            self.conn.send_close(code, reason)
        except InvalidState:  # the peer was faster
            return
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        # uvicorn would close the transport, which waits for the peer to read what was written; some never do.
        self.close_timer = self.loop.call_later(grace_seconds, self.transport.abort)

    def handle_ping(self) -> None:
        """Answer, unless nobody reads answers: RFC 6455, 5.5.3 asks for the latest ping's alone."""
        self._pings = self._pings or Pace(at_once=PINGS_AT_ONCE, per_second=PINGS_PER_SECOND)
        answer = b"".join(self.conn.data_to_send())
        if not self._pings.admits_one():
            self.close(TOO_FAST, "Too many pings", grace_seconds=_FLOOD_GRACE_SECONDS)
        elif self.is_writable and not self.is_closed:
            self.transport.write(answer)

    def handle_cont(self, event: Frame) -> None:
        if len(self.frames) >= MOST_PIECES:
            self.frames = []
            self.close(TOO_FAST, "Too many pieces of one message", grace_seconds=_FLOOD_GRACE_SECONDS)
        else:
            super().handle_cont(event)

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        # As in `close`: a peer that answers no ping will not read what waits for it either.
        self.loop.call_later(_KEEPALIVE_GRACE_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._on_writable is not None:
            self._on_writable()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._on_writable = None
