"""An engine that hears what a test tells it."""

from collections.abc import Awaitable, Callable, Sequence

from app.transcripts.engine import Heard, Piece
from app.transcripts.model import TranscriptEngine

Hear = Callable[[Piece], Awaitable[Sequence[Heard]]]


async def hear_nothing(_piece: Piece) -> Sequence[Heard]:
    return ()


class TellingEngine:
    """Takes pieces of a second, and English alone."""

    def __init__(self, hear: Hear = hear_nothing, *, most_seconds: float = 1.0) -> None:
        self.told = hear
        self.pieces: list[Piece] = []
        self._most_seconds = most_seconds

    @property
    def engine(self) -> TranscriptEngine:
        return TranscriptEngine.LOCAL

    @property
    def most_seconds(self) -> float:
        return self._most_seconds

    def check(self, language: str, phrases: Sequence[str]) -> str | None:
        del phrases
        return None if language.startswith("en") else "It hears English alone."

    async def hear(self, piece: Piece) -> Sequence[Heard]:
        self.pieces.append(piece)
        return await self.told(piece)
