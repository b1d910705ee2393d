"""How a stage of several loops fares, told as one :class:`~app.daemon.Health`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from app.clock import Clock
from app.daemon import Health


class Vitals:
    """Hears of each loop's rounds. The stage fares as the loop that has failed most often in a row."""

    def __init__(self, name: str, clock: Clock) -> None:
        self._clock = clock
        self._health = Health(name)
        self._failures: dict[str, int] = {}

    @property
    def health(self) -> Health:
        """How the stage fares at this moment."""
        return replace(self._health, consecutive_failures=max(self._failures.values(), default=0))

    @contextmanager
    def running(self) -> Iterator[None]:
        """The stage runs, for the block."""
        self._health = replace(self._health, is_running=True)
        try:
            yield
        finally:
            self._health = replace(self._health, is_running=False)

    def note_success(self, loop: str) -> None:
        """A round of this loop did what it should."""
        self._failures.pop(loop, None)
        self._health = replace(self._health, last_success_at=self._clock.now())

    def note_failure(self, loop: str, error: Exception) -> int:
        """A round of this loop failed. Gives how many have in a row."""
        failures = self._failures[loop] = self._failures.get(loop, 0) + 1
        self._health = replace(self._health, last_error_at=self._clock.now(), last_error=type(error).__name__)
        return failures

    def forget(self, *loops: str) -> None:
        """These loops are over, however they fared."""
        for loop in loops:
            self._failures.pop(loop, None)
