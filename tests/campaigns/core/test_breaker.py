"""When a trunk's failures pause a campaign."""

from datetime import UTC, datetime, timedelta

import pytest

from app.campaigns.core.breaker import BreakerRule, Ending, tally

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
RULE = BreakerRule(failures=3, seconds=10.0, share_percent=50)


def endings(*given_endings: tuple[float, int | None]) -> list[Ending]:
    return [Ending(at=NOON - timedelta(seconds=ago), sip_code=code) for ago, code in given_endings]


@pytest.mark.parametrize(
    ("ended", "tripped"),
    [
        (endings(), False),
        (endings((1, 503), (2, 503)), False),
        (endings((1, 503), (2, 500), (3, 599)), True),
        (endings((1, 503), (2, 503), (10, 503)), False),
        (endings((1, 503), (2, 503), (3, 503), (1, 200), (2, None), (3, 486)), True),
        (endings((1, 503), (2, 503), (3, 503), (1, 200), (2, None), (3, 486), (4, 200)), False),
        (endings((1, 603), (2, 486), (3, 404), (4, None)), False),
    ],
)
def test_given_how_calls_ended_of_late_when_asked_then_only_a_burst_of_server_failures_trips(
    ended: list[Ending], tripped: bool
) -> None:
    assert tally(RULE, ended, NOON).trips(RULE) is tripped


def test_given_a_campaign_that_was_resumed_when_asked_then_what_was_before_does_not_count() -> None:
    ended = endings((1, 503), (2, 503), (3, 503))
    assert tally(RULE, ended, NOON, resumed_at=NOON - timedelta(seconds=3)).trips(RULE)
    assert not tally(RULE, ended, NOON, resumed_at=NOON - timedelta(seconds=2)).trips(RULE)
