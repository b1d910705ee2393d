"""A leg's sound on its way to a program that may not read it in time: what is sent, what is dropped, and said. Pure."""

from app.media.model import FRAME_MILLISECONDS, Sound

#: A program that is so far behind loses what comes next, until it has caught up by half.
MOST_SECONDS_BEHIND = 5.0


class Listening:
    """One stream's."""

    def __init__(self, sound: Sound) -> None:
        self._most = int(sound.bytes_per_second * MOST_SECONDS_BEHIND)
        self._is_behind = False
        self._dropped_frames = 0

    def may_send(self, unsent_bytes: int) -> bool:
        """Whether the next frame goes out; else it is dropped. ``unsent_bytes``: what the line has not taken yet."""
        if unsent_bytes > (self._most // 2 if self._is_behind else self._most):
            self._is_behind = True
            self._dropped_frames += 1
            return False
        self._is_behind = False
        return True

    def take_gap(self) -> int:
        """Milliseconds dropped and not told yet; they are told by whoever takes them."""
        dropped, self._dropped_frames = self._dropped_frames, 0
        return dropped * FRAME_MILLISECONDS
