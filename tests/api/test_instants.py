"""Input times: instants, wall clocks, changes of clocks."""

from datetime import UTC, datetime

import pytest

from app.api.instants import LocalTimeInput, TimeInput, TimeRangeInput, read_range, read_time
from app.api.scalars import LocalDateTime
from app.errors import RefusedError


def _local(text: str, zone: str = "Europe/Berlin") -> TimeInput:
    return TimeInput(local=LocalTimeInput(date_time=LocalDateTime(datetime.fromisoformat(text)), time_zone=zone))


@pytest.mark.parametrize(
    ("local", "instant"),
    [
        ("2026-01-31T09:30:00", "2026-01-31T08:30:00+00:00"),
        ("2026-07-31T09:30:00", "2026-07-31T07:30:00+00:00"),
        ("2026-03-29T02:30:00", "2026-03-29T01:30:00+00:00"),  # left out: 03:30 summer time
        ("2026-10-25T02:30:00", "2026-10-25T00:30:00+00:00"),  # comes twice: the first
    ],
)
def test_given_a_wall_clocks_time_when_read_then_gaps_move_on_and_doubles_mean_the_first(
    local: str, instant: str
) -> None:
    assert read_time(_local(local), field=("x",)) == datetime.fromisoformat(instant)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd", "Europe", "/etc/localtime", "a\x00b", "x" * 300])
def test_given_no_such_zone_when_read_then_it_is_invalid_input(zone: str) -> None:
    with pytest.raises(RefusedError) as refused:
        read_time(_local("2026-01-31T09:30:00", zone), field=("filter", "created", "from"))
    assert refused.value.problems[0].code == "INVALID_INPUT"
    assert refused.value.problems[0].field == ("filter", "created", "from")


def test_given_a_time_at_the_calendars_edge_when_read_then_it_is_invalid_input() -> None:
    with pytest.raises(RefusedError):
        read_time(_local("0001-01-01T00:00:00"), field=("x",))


def test_given_a_range_that_ends_before_it_begins_when_read_then_it_is_invalid_input() -> None:
    early, late = TimeInput(at=datetime(2026, 1, 1, tzinfo=UTC)), TimeInput(at=datetime(2026, 1, 2, tzinfo=UTC))
    assert read_range(TimeRangeInput(from_=early, to=late), field=("x",)) == (early.at, late.at)
    assert read_range(TimeRangeInput(from_=early), field=("x",)) == (early.at, None)
    assert read_range(None, field=("x",)) == (None, None)
    with pytest.raises(RefusedError):
        read_range(TimeRangeInput(from_=late, to=early), field=("x",))
