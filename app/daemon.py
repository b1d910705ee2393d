"""One base for every background loop: rounds of work, woken or polled, with back-off and health.

Run one inside a TaskGroup::

    async with asyncio.TaskGroup() as group:
        group.create_task(deliverer.run())
        …
        deliverer.stop()
"""

import asyncio
import random
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar, Final

import structlog

from app.clock import Clock, SystemClock
from app.errors import DatabaseUnavailableError

FIRST_BACKOFF_SECONDS: Final = 0.25
LONGEST_BACKOFF_SECONDS: Final = 30.0

_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Health:
    """How a loop fares. ``last_error`` is the kind of error alone: its text may quote what must not be shown."""

    name: str
    is_running: bool = False
    last_success_at: datetime | None = None
    last_error_at: datetime | None = None
    last_error: str | None = None
    consecutive_failures: int = 0

    @property
    def is_healthy(self) -> bool:
        """Running, and its latest round was not a failure."""
        return self.is_running and self.consecutive_failures == 0


def backoff_seconds(
    failures: int,
    *,
    first: float | None = None,
    longest: float | None = None,
    spread: Callable[[float, float], float] = random.uniform,
) -> float:
    """The pause after the n-th failure in a row: doubling up to the longest, of which a random half to whole.

    From a quarter of a second up to half a minute, where nothing else is said. The jitter keeps several processes that
    lost the same database from coming back in step.
    """
    first = FIRST_BACKOFF_SECONDS if first is None else first
    longest = LONGEST_BACKOFF_SECONDS if longest is None else longest
    ceiling = min(longest, first * 2.0 ** min(failures - 1, 30))
    return spread(ceiling / 2, ceiling)


class Vitals:
    """How a stage of several loops fares: as the loop that has failed most often in a row. It hears of their rounds."""

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


#: The loop that looks for what there is to do, among those that a stage has begun for it.
LOOKING: Final = "looking"


async def look_again_and_again(
    vitals: Vitals,
    look: Callable[[], Awaitable[None]],
    *,
    event: str,
    rest: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Look until cancelled, whatever a look meets. It waits by itself before it returns, or else in ``rest``.

    A look that failed is noted and logged as this ``event``, and the next one comes after a pause.
    """
    while True:
        try:
            await look()
        except DatabaseUnavailableError as error:
            failures = vitals.note_failure(LOOKING, error)
            level = _logger.warning if failures == 1 else _logger.debug
            level(event, reason=error.message)
            await asyncio.sleep(backoff_seconds(failures))
        except Exception as error:  # a mistake of ours must not end all that this node does
            failures = vitals.note_failure(LOOKING, error)
            _logger.exception(event)
            await asyncio.sleep(backoff_seconds(failures))
        else:
            vitals.note_success(LOOKING)
            if rest is not None:
                await rest()


class Daemon(ABC):
    """A loop of rounds. Subclasses say what one round is; the loop never ends because a round failed.

    After a round that has more to do the next follows at once; otherwise the loop sleeps until it is woken, or for
    ``poll_seconds``: a wake-up that was lost costs that long and nothing else.
    """

    name: ClassVar[str]
    poll_seconds: float = 1.0

    def __init__(self, clock: Clock | None = None) -> None:
        self._daemon_clock: Clock = clock or SystemClock()
        self._wake = asyncio.Event()
        self._stopping = asyncio.Event()
        self._health = Health(self.name)

    @property
    def health(self) -> Health:
        """How the loop fares at this moment."""
        return self._health

    @property
    def is_stopping(self) -> bool:
        """Whether :meth:`stop` was called."""
        return self._stopping.is_set()

    def wake(self) -> None:
        """Have the next round begin now. Wakings during a round run together into one more round."""
        self._wake.set()

    def stop(self) -> None:
        """Ask the loop to end after its present round; :meth:`run` then returns."""
        self._stopping.set()
        self._wake.set()

    @abstractmethod
    async def run_round(self) -> bool:
        """Do one round of work. Returns whether there is more to do at once."""

    async def run(self) -> None:
        """Go round until stopped or cancelled."""
        self._health = replace(self._health, is_running=True)
        try:
            while not self.is_stopping:
                await self._go_round()
        finally:
            self._health = replace(self._health, is_running=False)

    async def _go_round(self) -> None:
        # Cleared before the round: what is announced during it may have come too late for it.
        self._wake.clear()
        if self.is_stopping:
            return
        try:
            has_more = await self.run_round()
        except Exception as error:  # whatever a round meets, the loop must live to try again
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                # A library that met an error of its own while it was being cancelled must not keep us from ending.
                raise asyncio.CancelledError from error
            failures = self._health.consecutive_failures + 1
            pause = backoff_seconds(failures)
            self._health = replace(
                self._health,
                last_error_at=self._daemon_clock.now(),
                last_error=type(error).__name__,
                consecutive_failures=failures,
            )
            # The traceback once per outage; a line for each further failure.
            _logger.warning(
                "daemon_round_failed",
                daemon=self.name,
                error=type(error).__name__,
                failures=failures,
                retry_in_seconds=round(pause, 2),
                exc_info=error if failures == 1 else None,
            )
            # Waking does not cut a back-off short: it comes from traffic, and traffic mends nothing.
            await _wait_at_most(self._stopping, pause)
            return
        if self._health.consecutive_failures:
            _logger.info("daemon_recovered", daemon=self.name, failures=self._health.consecutive_failures)
        self._health = replace(self._health, last_success_at=self._daemon_clock.now(), consecutive_failures=0)
        if has_more:
            await asyncio.sleep(0)  # a round that never really waits must not starve the others
        else:
            await _wait_at_most(self._wake, self.poll_seconds)


async def _wait_at_most(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass  # the poll: the other of the two ways a wait ends
