"""What follows an attempt: another one later, or the contact is done.

A disposition is tried again when the campaign's ``retryOn`` names it and fewer than ``maxRetries`` retries were made.
Some never are, whatever the campaign says: a number that does not exist (INVALID_NUMBER) will not answer next time
either, DNC and BLOCKED forbid the call, and whoever ANSWERED was reached.
"""

from datetime import datetime, timedelta
from typing import Final, TypeAlias

from app.facts.campaigns import GivenUp
from app.facts.vocabulary import Disposition, Words

#: What is never tried again.
FINAL: Final = frozenset(
    {Disposition.ANSWERED, Disposition.INVALID_NUMBER, Disposition.DNC, Disposition.BLOCKED},
)


class RetryRule(Words, frozen=True, kw_only=True, omit_defaults=True):
    """A campaign's rule: ``max_retries`` beyond the first attempt, each ``retry_after_seconds`` after the last end."""

    retry_on: tuple[Disposition, ...] = (Disposition.BUSY, Disposition.NO_ANSWER, Disposition.CONGESTION)
    max_retries: int = 0
    retry_after_seconds: float = 3600.0


class Retry(Words, frozen=True, kw_only=True, tag_field="next", tag="RETRY"):
    """Ask `rules.decide` again at ``at``, for the attempt with this number (the first has 1)."""

    at: datetime
    attempt: int


class Done(Words, frozen=True, kw_only=True, tag_field="next", tag="DONE"):
    """The contact has its outcome."""

    reason: GivenUp


AfterAttempt: TypeAlias = Retry | Done


def after_attempt(rule: RetryRule, disposition: Disposition, attempts: int, ended_at: datetime) -> AfterAttempt:
    """What follows when the contact's attempt number ``attempts`` came out like this.

    The rule is the one of now: a campaign that is changed while it runs changes what follows, not what was.
    """
    if disposition is Disposition.ANSWERED:
        return Done(reason=GivenUp.ANSWERED)
    if disposition in FINAL:
        return Done(reason=GivenUp.NEVER_RETRIED)
    if disposition not in rule.retry_on:
        return Done(reason=GivenUp.NOT_IN_RETRY_ON)
    if attempts > rule.max_retries:
        return Done(reason=GivenUp.NO_RETRIES_LEFT)
    return Retry(at=ended_at + timedelta(seconds=rule.retry_after_seconds), attempt=attempts + 1)


def never_retried(rule: RetryRule) -> tuple[Disposition, ...]:
    """Those of ``retry_on`` that would have no effect, so that whoever writes the rule is told."""
    return tuple(disposition for disposition in rule.retry_on if disposition in FINAL)
