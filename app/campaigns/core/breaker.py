"""The trunk's circuit breaker: a burst of failures on the network's side pauses the campaign, which says so.

Counted are attempts whose final SIP status is of the 5xx class (RFC 3261 section 21.5: the server failed) in the last
``seconds``; a campaign is paused when there were at least ``failures`` of them and they are at least ``share_percent``
of all attempts that ended in that time. Resuming begins to count anew.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from app.facts.vocabulary import Words


class BreakerRule(Words, frozen=True, kw_only=True, omit_defaults=True):
    """How many failures in how many seconds, and what part of all ends they must be."""

    failures: int = 10
    seconds: float = 60.0
    share_percent: int = 50


class Ending(Words, frozen=True, kw_only=True, omit_defaults=True):
    """When an attempt ended, and with which final SIP status, if any."""

    at: datetime
    sip_code: int | None = None

    @property
    def is_server_failure(self) -> bool:
        return self.sip_code is not None and self.sip_code // 100 == 5  # noqa: PLR2004  # RFC 3261's class 5xx


class Tally(Words, frozen=True, kw_only=True, omit_defaults=True):
    """How many attempts have ended of late, and how many of those the trunk failed."""

    ended: int
    failed: int

    def trips(self, rule: BreakerRule) -> bool:
        """Whether that is so many that no more calls should be sent there."""
        return self.failed >= max(1, rule.failures) and self.failed * 100 >= rule.share_percent * self.ended


def tally(rule: BreakerRule, endings: Iterable[Ending], now: datetime, resumed_at: datetime | None = None) -> Tally:
    """What counts for the rule of how attempts ended."""
    since = now - timedelta(seconds=rule.seconds)
    recent = [one for one in endings if one.at > since and (resumed_at is None or one.at >= resumed_at)]
    return Tally(ended=len(recent), failed=sum(one.is_server_failure for one in recent))
