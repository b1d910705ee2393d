"""The trunk's circuit breaker: a burst of failures on the network's side pauses the campaign, which says so.

Counted are attempts in the last ``seconds`` whose final SIP status is of the 5xx class (RFC 3261 section 21.5: the
server failed), and those that never got to a network which said anything; a campaign is paused when there were at least
``failures`` of them and they are at least ``share_percent`` of all attempts that ended in that time. Resuming begins to
count anew.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from app.facts.vocabulary import CdrSource, Disposition, EndCode, EndParty, EndReason, Words

#: RFC 3261 section 21.4.9; one that nobody answers in time is given this status by the caller's own side (17.1.1.2).
_REQUEST_TIMEOUT: Final = 408


class BreakerRule(Words, frozen=True, kw_only=True, omit_defaults=True):
    """How many failures in how many seconds, and what part of all ends they must be."""

    failures: int = 10
    seconds: float = 60.0
    share_percent: int = 50


def never_got_there(disposition: Disposition, reason: EndReason, source: CdrSource) -> bool:
    """Whether an attempt that ended so says nothing of the contact, since no network ever said anything of its number.

    Asterisk could not dial it at all; or the contact's side is UNREACHABLE without any SIP status (Asterisk refuses the
    trunk), or by a time-out alone. One that rang before its time-out is NO_ANSWER, and was got to. Of what ended while
    nobody looked (RECOVERED) that is not known.
    """
    if source is not CdrSource.LIVE:
        return False
    if reason.code is EndCode.DIAL_FAILED:
        return True
    is_silent = reason.sip_code is None or reason.sip_code == _REQUEST_TIMEOUT
    return disposition is Disposition.UNREACHABLE and reason.party is EndParty.CUSTOMER and is_silent


class Ending(Words, frozen=True, kw_only=True, omit_defaults=True):
    """When an attempt ended, with which final SIP status, if any, and whether it never got there."""

    at: datetime
    sip_code: int | None = None
    is_lost: bool = False

    @property
    def is_failure(self) -> bool:
        """Whether it is the trunk's."""
        is_of_server = self.sip_code is not None and self.sip_code // 100 == 5  # noqa: PLR2004  # RFC 3261's class 5xx
        return self.is_lost or is_of_server


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
    return Tally(ended=len(recent), failed=sum(one.is_failure for one in recent))
