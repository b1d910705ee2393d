"""The log's lines about attempts that failed: ids, never the address, and only so many a minute for an endpoint."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog

from app.clock import Clock
from app.webhooks.model import Attempt

_MINUTE_SECONDS: Final = 60.0
#: Of one endpoint: whoever tries it out reads each attempt, and thousands that wait for one that is down flood no log.
MOST_A_MINUTE: Final = 10
_REMEMBERED: Final = 1000

_logger = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Minute:
    """An endpoint's minute, by the monotonic clock, and how many failures it has had no line for."""

    began: float
    lines: int = 0
    untold: int = 0


class FailureLines:
    """Writes ``webhook_attempt_failed``, at most ``MOST_A_MINUTE`` times a minute for each endpoint.

    The first line after that says how many had none before it (``untold``).
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        # Those that failed last come last.
        self._minutes: OrderedDict[str, _Minute] = OrderedDict()

    def say(self, account_id: str, endpoint_id: str, attempt: Attempt, *, next_attempt_at: datetime | None) -> None:
        """Tell an attempt that failed; ``next_attempt_at`` is None when there is none to come by itself."""
        minute = self._minute_of(endpoint_id)
        if minute.lines >= MOST_A_MINUTE:
            minute.untold += 1
            return
        minute.lines += 1
        about = {"untold": minute.untold} if minute.untold else {}
        minute.untold = 0
        _logger.info(
            "webhook_attempt_failed",
            account_id=account_id,
            endpoint_id=endpoint_id,
            delivery_id=attempt.delivery_id,
            attempt=attempt.number,
            status=attempt.status,
            failure=attempt.failure,
            next_attempt_at=None if next_attempt_at is None else next_attempt_at.isoformat(timespec="milliseconds"),
            **about,
        )

    def _minute_of(self, endpoint_id: str) -> _Minute:
        now = self._clock.monotonic()
        minute = self._minutes.setdefault(endpoint_id, _Minute(began=now))
        self._minutes.move_to_end(endpoint_id)
        if now - minute.began >= _MINUTE_SECONDS:
            minute.began, minute.lines = now, 0
        if len(self._minutes) > _REMEMBERED:
            self._minutes.popitem(last=False)
        return minute
