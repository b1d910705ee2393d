"""Who places a call with which idempotency key this moment, in this process: what is not written yet, nobody can read.

Of two requests with one key the one that comes second may find no room, for the first has it. It is not refused for
that: it waits for the first, whose call is its own.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from app.calls.keeping.keys import KeyClaim, KeyHolder
from app.calls.keeping.store import CallStore


class Placings:
    """By account, kind of key, and key."""

    def __init__(self, store: CallStore) -> None:
        self._store = store
        self._under_way: dict[tuple[str, str, str], list[asyncio.Event]] = {}

    @contextmanager
    def placing(self, claim: KeyClaim) -> Iterator[asyncio.Event]:
        """Have it known while a call is placed; that is over with the block, or when the event is set before."""
        name, is_over = _name_of(claim), asyncio.Event()
        self._under_way.setdefault(name, []).append(is_over)
        try:
            yield is_over
        finally:
            is_over.set()
            left = [one for one in self._under_way[name] if one is not is_over]
            if left:
                self._under_way[name] = left
            else:
                del self._under_way[name]

    async def find_first(self, claim: KeyClaim, seconds: float) -> KeyHolder | None:
        """Who has the key, once it is known what comes of those who place a call with it now; so long at most.

        Raises:
            DatabaseUnavailableError: nobody knows.
        """
        try:
            async with asyncio.timeout(seconds):
                for one in tuple(self._under_way.get(_name_of(claim), ())):
                    await one.wait()
        except TimeoutError:
            pass  # it may be written all the same
        return await self._store.find_key(claim.account_id, claim.mutation, claim.key)


def _name_of(claim: KeyClaim) -> tuple[str, str, str]:
    return claim.account_id, claim.mutation, claim.key
