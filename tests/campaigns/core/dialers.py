"""A dialer that wakes when it can: at times soon, at times late."""

import random
from datetime import UTC, datetime, timedelta

from app.campaigns.core.pacing import Pace, calls_due, start_pace, take_slots

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def dial_all(pace: Pace, now: datetime) -> tuple[Pace, int]:
    """All calls that are due, and the pace after them."""
    due = calls_due(pace, now)
    return take_slots(pace, due, now), due


def dialled_each_minute(calls_per_minute: int, seed: int, minutes: int) -> list[int]:
    """How many calls begin in each minute of the clock, of a dialer that is late by up to 0.45 seconds."""
    draw = random.Random(seed)
    pace, now = start_pace(calls_per_minute, NINE), NINE
    counts = [0] * minutes
    while now < NINE + minutes * MINUTE:
        pace, calls = dial_all(pace, now)
        counts[(now - NINE) // MINUTE] += calls
        now += timedelta(seconds=draw.choice((draw.uniform(0.001, 0.02), draw.uniform(0.05, 0.2), 0.45)))
    return counts
