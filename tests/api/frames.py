"""What a server wrote on a websocket."""

from collections.abc import Iterator


def read_text_frames(data: bytes) -> Iterator[bytes]:
    """The payloads of unmasked text frames, one after the other."""
    position = 0
    while position < len(data):
        assert data[position] == 0x81, "a whole text message in one frame"
        length, position = data[position + 1], position + 2
        if length == 126:
            length, position = int.from_bytes(data[position : position + 2], "big"), position + 2
        elif length == 127:
            length, position = int.from_bytes(data[position : position + 8], "big"), position + 8
        yield data[position : position + length]
        position += length
