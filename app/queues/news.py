"""What dispatchers have to hear of, kept until they look: which accounts' agents or callers have changed."""

import asyncio
from typing import Final

from app.events.log import Appended
from app.facts.calls import CallEnded, LegAnswered, LegDialing, LegEnded
from app.facts.queues import CallWaiting, QueueLeft

#: The channel on which changes of agents and queues are announced between processes; the payload is an account.
QUEUES_CHANGED: Final = "offhook_queues"

_TELLING: Final = (CallWaiting, QueueLeft, LegDialing, LegAnswered, LegEnded, CallEnded)


class QueueNews:
    """One in a process, for whichever dispatcher runs there. ``log.on_appended(news.on_appended)``."""

    def __init__(self) -> None:
        self._accounts: set[str] = set()
        self._named: set[str] = set()
        self._is_everywhere = False
        self._has_come = asyncio.Event()

    def on_appended(self, appended: Appended) -> None:
        """Facts of calls that this process has written. What was said of agents is a dispatcher's own word."""
        for event in appended.events:
            if isinstance(event.fact, _TELLING):
                self._accounts.add(event.account_id)
                self._has_come.set()

    def hear(self, account_id: str) -> None:
        """Somebody has changed an account's agents or queues; an empty id: perhaps anybody's."""
        if account_id:
            self._named.add(account_id)
        else:
            self._is_everywhere = True
        self._has_come.set()

    async def wait(self, seconds: float) -> None:
        """Until there is news, or for so long."""
        try:
            async with asyncio.timeout(seconds):
                await self._has_come.wait()
        except TimeoutError:
            pass  # the time is news enough

    def take(self) -> tuple[frozenset[str], frozenset[str], bool]:
        """The accounts whose calls have changed, those whose agents have, and whether all are to be looked at."""
        taken = frozenset(self._accounts), frozenset(self._named), self._is_everywhere
        self._accounts.clear()
        self._named.clear()
        self._is_everywhere = False
        self._has_come.clear()
        return taken
