"""A bounded number of things at once, a bounded number that wait, and word when that is full."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.errors import OverloadedError


class Room:
    """``most_at_once`` may be inside; ``most_waiting`` more may stand at the door."""

    def __init__(self, name: str, *, most_at_once: int, most_waiting: int) -> None:
        self._name = name
        self._inside = asyncio.Semaphore(most_at_once)
        self._waiting = 0
        self._most_waiting = most_waiting

    @asynccontextmanager
    async def entered(self) -> AsyncIterator[None]:
        """Be inside for the block.

        Raises:
            OverloadedError: too many wait already.
        """
        if self._waiting >= self._most_waiting:
            raise OverloadedError(f"Too much {self._name} waits to be made. Try again shortly.")
        self._waiting += 1
        try:
            await self._inside.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._inside.release()
