"""The sounds that Asterisk fetched over HTTP, and would keep for ever: deleted once nobody is likely to want them."""

import asyncio
import time
from pathlib import Path
from typing import ClassVar, Final

from app.clock import Clock
from app.daemon import Daemon

#: As Asterisk calls them in its cache directory.
_FETCHED: Final = "bucket-*"
#: Longer than any sound lasts; what was spoken may be a one-time password.
KEPT_SECONDS: Final = 86_400.0


def drop_fetched_sounds(cache: Path, *, now: float | None = None) -> int:
    """Delete what was fetched more than a day ago; gives how many files that were.

    Asterisk fetches a sound anew that is gone, and goes on with one that it plays: it has that open.
    """
    before = (time.time() if now is None else now) - KEPT_SECONDS
    dropped = 0
    for path in cache.glob(_FETCHED):
        try:
            if path.stat().st_mtime < before:
                path.unlink()
                dropped += 1
        except FileNotFoundError:
            pass  # another process is tidying up, too
    return dropped


class FetchedSoundsSweeper(Daemon):
    """Tidies up the embedded Asterisk's cache as long as it runs."""

    name: ClassVar[str] = "fetched-sounds-sweeper"
    poll_seconds = 3600.0

    def __init__(self, cache: Path, clock: Clock) -> None:
        super().__init__(clock)
        self._cache = cache

    async def run_round(self) -> bool:
        await asyncio.to_thread(drop_fetched_sounds, self._cache)
        return False
