"""What wakes those who place callbacks and tell one-time passwords: something is due sooner, or their call has ended.

Whoever is not woken looks by itself, twice a second.
"""

from collections.abc import Callable, Sequence
from typing import Final

from app.events.log import Appended
from app.facts.calls import CallEnded

#: The channel on which it is announced between processes that something is due; the payload says nothing.
ERRANDS_CHANGED: Final = "offhook_errands"


class ErrandNews:
    """One in a process, for whichever tenure runs there. ``log.on_appended(news.on_appended)``."""

    def __init__(self) -> None:
        self._wakes: Sequence[Callable[[], None]] = ()

    def attend(self, *wakes: Callable[[], None]) -> None:
        """From here on these are woken, and nobody else."""
        self._wakes = wakes

    def on_appended(self, appended: Appended) -> None:
        """Facts that this process has written: ends of calls that were placed for somebody here."""
        for event in appended.events:
            fact = event.fact
            if isinstance(fact, CallEnded) and fact.call.errand is not None:
                self.hear()
                return

    def hear(self, _payload: str = "") -> None:
        """Something is due, or perhaps is."""
        for wake in self._wakes:
            wake()
