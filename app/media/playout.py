"""A program's sound on its way to a leg: what waits here, what Asterisk has, and what has been heard. Pure.

Asterisk plays what it is given frame by frame, and drops what is more than it can keep without a word. So it never has
more than a window's worth: marks of our own, set into the sound, say how far it has come. What a program sends beyond
that waits here, up to a limit; what is more is dropped, and said.
"""

from collections import deque
from typing import Final, NamedTuple, TypeAlias

from app.media.model import FRAME_MILLISECONDS, Sound

#: Frames that Asterisk may have: five seconds, of the twenty that it keeps.
WINDOW_FRAMES: Final = 250
#: A mark of our own after so many.
FRAMES_PER_MARK: Final = 25
#: Frames that wait here: a minute.
MOST_FRAMES: Final = 3000
#: A program's own marks that are not reached yet.
MOST_MARKS: Final = 1000
#: In one message to Asterisk.
FRAMES_PER_MESSAGE: Final = 10


class SetMark(NamedTuple):
    """Have Asterisk say when it gets here."""

    number: int


ToAsterisk: TypeAlias = bytes | SetMark


class TooManyMarksError(Exception):
    """A program sets marks without end."""


class Playout:
    """One stream's."""

    def __init__(self, sound: Sound, *, window_frames: int = WINDOW_FRAMES, most_frames: int = MOST_FRAMES) -> None:
        self._frame_bytes = sound.frame_bytes
        self._window = window_frames
        self._most = most_frames
        self._rest = bytearray()
        # A piece of whole frames, or the name of a mark.
        self._queue: deque[bytes | str] = deque()
        self._waiting_frames = 0
        self._sent = 0
        self._heard = 0
        self._unmarked = 0
        self._number = 0
        # Where each mark that Asterisk has stands, and its name if it is the program's; in order.
        self._marks: dict[int, tuple[int, str | None]] = {}
        self._named = 0
        #: All that was dropped for want of room, in frames.
        self.dropped_frames = 0

    def take(self, audio: bytes) -> int:
        """Take sound, in pieces of any length; gives how many milliseconds of it were dropped: there was no room."""
        self._rest += audio
        frames = len(self._rest) // self._frame_bytes
        whole = bytes(self._rest[: frames * self._frame_bytes])
        del self._rest[: len(whole)]
        kept = min(frames, self._most - self._waiting_frames)
        size = FRAMES_PER_MESSAGE * self._frame_bytes
        for start in range(0, kept * self._frame_bytes, size):
            self._queue.append(whole[start : min(start + size, kept * self._frame_bytes)])
        self._waiting_frames += kept
        self.dropped_frames += frames - kept
        return (frames - kept) * FRAME_MILLISECONDS

    def set_mark(self, name: str) -> None:
        """Mark the end of what was taken so far; a frame that is not full is filled up with silence.

        Raises:
            TooManyMarksError: as its class says.
        """
        if self._named >= MOST_MARKS:
            raise TooManyMarksError
        if self._rest:
            self.take(bytes(self._frame_bytes - len(self._rest)))
        self._queue.append(name)
        self._named += 1

    def clear(self) -> list[str]:
        """Forget all that was not heard; gives the names of the marks in it, in order. Asterisk is to do so as well."""
        names = [name for _, name in self._marks.values() if name is not None]
        names += [one for one in self._queue if isinstance(one, str)]
        self._queue.clear()
        self._rest.clear()
        self._marks.clear()
        self._waiting_frames = self._unmarked = self._named = 0
        self._heard = self._sent
        return names

    def next(self) -> list[ToAsterisk]:
        """What may go to Asterisk now."""
        out: list[ToAsterisk] = []
        while self._queue:
            first = self._queue[0]
            if isinstance(first, str):
                self._queue.popleft()
                out.append(self._mark(first))
                continue
            frames = len(first) // self._frame_bytes
            if self._sent - self._heard + frames > self._window:
                break
            self._queue.popleft()
            self._waiting_frames -= frames
            self._sent += frames
            self._unmarked += frames
            out.append(first)
            if self._unmarked >= FRAMES_PER_MARK:
                out.append(self._mark(None))
        return out

    def reach(self, number: int) -> str | None:
        """Asterisk got to a mark; gives its name, if it is the program's. One that was cleared is nobody's."""
        found = self._marks.pop(number, None)
        if found is None:
            return None
        position, name = found
        self._heard = max(self._heard, position)
        if name is not None:
            self._named -= 1
        return name

    def _mark(self, name: str | None) -> SetMark:
        self._number += 1
        self._unmarked = 0
        self._marks[self._number] = (self._sent, name)
        return SetMark(self._number)
