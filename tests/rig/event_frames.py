"""What Asterisk says on its event socket, cut into messages, so that a wire between can change them."""

import struct
from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

#: Gives what is passed on instead of a message: none, one or several.
Change: TypeAlias = Callable[[bytes], Iterable[bytes]]

_TEXT: Final = 0x81
_SWITCHED: Final = b"HTTP/1.1 101"
_END_OF_HEAD: Final = b"\r\n\r\n"


def text_frame(message: bytes) -> bytes:
    """One message as a server sends it: whole and unmasked (RFC 6455, 5.2)."""
    length = len(message)
    if length < 126:
        return bytes((_TEXT, length)) + message
    if length < 1 << 16:
        return bytes((_TEXT, 126)) + struct.pack("!H", length) + message
    return bytes((_TEXT, 127)) + struct.pack("!Q", length) + message


#: A proper good-bye, code 1000.
CLOSE_FRAME: Final = b"\x88\x02\x03\xe8"


class EventFrames:
    """One connection's answers. What is no event socket passes as it is."""

    def __init__(self) -> None:
        self.is_event_socket = False
        self._has_begun = False
        self._rest = b""

    def pass_on(self, block: bytes, change: Change | None) -> bytes:
        """What goes on to the client for a block that came from the server."""
        passed: list[bytes] = []
        if not self._has_begun:
            self._has_begun = True
            self.is_event_socket = block.startswith(_SWITCHED)
            if self.is_event_socket:
                head, end, block = block.partition(_END_OF_HEAD)
                passed += (head, end)
        if not self.is_event_socket:
            return block
        self._rest += block
        while (frame := self._take_frame()) is not None:
            is_text = frame[0] == _TEXT
            if is_text and change is not None:
                passed += map(text_frame, change(frame[_start_of(frame) :]))
            else:
                passed.append(frame)
        return b"".join(passed)

    def _take_frame(self) -> bytes | None:
        if len(self._rest) < 2 or len(self._rest) < (start := _start_of(self._rest)):
            return None
        match start:
            case 2:
                length = self._rest[1]
            case 4:
                (length,) = struct.unpack("!H", self._rest[2:4])
            case _:
                (length,) = struct.unpack("!Q", self._rest[2:10])
        if len(self._rest) < start + length:
            return None
        frame, self._rest = self._rest[: start + length], self._rest[start + length :]
        return frame


def _start_of(frame: bytes) -> int:
    """Where the payload begins."""
    return {126: 4, 127: 10}.get(frame[1], 2)
