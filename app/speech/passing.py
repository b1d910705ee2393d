"""What was put together for one call, such as a one-time password, and is forgotten with it.

Whoever sees the call end forgets it. That may be another process than the one that made it, which has another disk: so
each drops what nobody has used for longer than a call takes.
"""

import asyncio
from typing import ClassVar, Final

from app.clock import Clock
from app.daemon import Daemon
from app.speech.cache import SpeechCache

#: From the making of such a sound to the last time that somebody may want it.
KEPT_SECONDS: Final = 3600.0


class PassingSoundSweeper(Daemon):
    """Tidies up one process's own disk."""

    name: ClassVar[str] = "passing-sound-sweeper"
    poll_seconds = 600.0

    def __init__(self, cache: SpeechCache, clock: Clock) -> None:
        super().__init__(clock)
        self._cache = cache

    async def run_round(self) -> bool:
        await asyncio.to_thread(self._cache.drop_unused, KEPT_SECONDS)
        return False
