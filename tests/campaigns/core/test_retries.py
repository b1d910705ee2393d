"""What follows an attempt."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.campaigns.core.retries import (
    FINAL,
    AfterAttempt,
    Done,
    Retry,
    RetryRule,
    after_attempt,
    never_retried,
)
from app.facts.campaigns import GivenUp
from app.facts.vocabulary import Disposition

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
D = Disposition
RULE = RetryRule(retry_on=(D.BUSY, D.NO_ANSWER, D.MACHINE), max_retries=2, retry_after_seconds=90.5)
AGAIN = NOON + timedelta(seconds=90.5)


@pytest.mark.parametrize(
    ("disposition", "attempts", "follows"),
    [
        (D.BUSY, 1, Retry(at=AGAIN, attempt=2)),
        (D.NO_ANSWER, 2, Retry(at=AGAIN, attempt=3)),
        (D.MACHINE, 3, Done(reason=GivenUp.NO_RETRIES_LEFT)),
        (D.CONGESTION, 1, Done(reason=GivenUp.NOT_IN_RETRY_ON)),
        (D.ANSWERED, 1, Done(reason=GivenUp.ANSWERED)),
        (D.INVALID_NUMBER, 1, Done(reason=GivenUp.NEVER_RETRIED)),
    ],
)
def test_given_an_attempt_that_ended_when_asked_what_follows_then_the_rule_decides(
    disposition: Disposition, attempts: int, follows: AfterAttempt
) -> None:
    assert after_attempt(RULE, disposition, attempts, NOON) == follows


@pytest.mark.parametrize("disposition", sorted(FINAL))
def test_given_a_rule_that_names_everything_when_the_number_is_unknown_or_forbidden_then_it_is_never_retried(
    disposition: Disposition,
) -> None:
    everything = RetryRule(retry_on=tuple(D), max_retries=100)
    assert isinstance(after_attempt(everything, disposition, 1, NOON), Done)
    assert disposition in never_retried(everything)


def test_given_a_rule_when_checked_then_only_what_has_no_effect_is_named() -> None:
    assert never_retried(RULE) == ()
    assert never_retried(RetryRule(retry_on=(D.BUSY, D.INVALID_NUMBER))) == (D.INVALID_NUMBER,)


@given(
    retries=st.integers(0, 10),
    dispositions=st.lists(st.sampled_from(list(D)), min_size=12, max_size=12),
    retry_on=st.lists(st.sampled_from(list(D)), unique=True).map(tuple),
)
def test_given_any_outcomes_when_retried_then_never_more_than_the_rule_says(
    retries: int, dispositions: list[Disposition], retry_on: tuple[Disposition, ...]
) -> None:
    rule = RetryRule(retry_on=retry_on, max_retries=retries)
    attempts = 0
    for disposition in dispositions:
        attempts += 1
        follows = after_attempt(rule, disposition, attempts, NOON)
        if isinstance(follows, Done):
            break
        assert follows.attempt == attempts + 1
        assert follows.at == NOON + timedelta(hours=1)
    assert attempts <= retries + 1
