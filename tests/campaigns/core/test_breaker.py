"""When a trunk's failures pause a campaign."""

from datetime import UTC, datetime, timedelta

import pytest

from app.campaigns.core.breaker import BreakerRule, Ending, never_got_there, tally
from app.facts.vocabulary import CdrSource, Disposition, EndCode, EndParty, EndReason

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


@pytest.mark.parametrize(
    ("disposition", "reason", "source", "is_lost"),
    [
        (Disposition.FAILED, (EndCode.DIAL_FAILED, EndParty.SYSTEM, None), CdrSource.LIVE, True),
        (Disposition.FAILED, (EndCode.DIAL_FAILED, EndParty.SYSTEM, None), CdrSource.RECOVERED, False),
        (Disposition.UNREACHABLE, (EndCode.UNREACHABLE, EndParty.CUSTOMER, None), CdrSource.LIVE, True),
        (Disposition.UNREACHABLE, (EndCode.UNREACHABLE, EndParty.CUSTOMER, 408), CdrSource.LIVE, True),
        (Disposition.UNREACHABLE, (EndCode.UNREACHABLE, EndParty.CUSTOMER, 480), CdrSource.LIVE, False),
        (Disposition.UNREACHABLE, (EndCode.UNREACHABLE, EndParty.AGENT, None), CdrSource.LIVE, False),
        (Disposition.UNREACHABLE, (EndCode.UNREACHABLE, EndParty.CUSTOMER, None), CdrSource.RECOVERED, False),
        (Disposition.NO_ANSWER, (EndCode.NO_ANSWER, EndParty.CUSTOMER, 408), CdrSource.LIVE, False),
        (Disposition.BUSY, (EndCode.BUSY, EndParty.CUSTOMER, None), CdrSource.LIVE, False),
        (Disposition.CONGESTION, (EndCode.CONGESTION, EndParty.CUSTOMER, 503), CdrSource.LIVE, False),
    ],
)
def test_given_how_an_attempt_ended_when_no_network_said_anything_of_the_number_then_it_never_got_there(
    disposition: Disposition, reason: tuple[EndCode, EndParty, int | None], source: CdrSource, is_lost: bool
) -> None:
    code, party, sip_code = reason
    ended = EndReason(code=code, party=party, sip_code=sip_code)
    assert never_got_there(disposition, ended, source) is is_lost


def test_given_attempts_that_never_got_there_when_asked_then_they_trip_as_server_failures_do() -> None:
    lost = [Ending(at=NOON, sip_code=code, is_lost=True) for code in (None, 408, None)]
    assert tally(RULE, lost, NOON).trips(RULE)
