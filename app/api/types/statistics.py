"""Statistics over call detail records."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Self

import strawberry

from app.api.types.enums.describing import describe
from app.cdrs.statistics import GroupBy, StatisticsGroup
from app.cdrs.statistics_slices import SECOND, Interval
from app.facts.vocabulary import CallKind, Direction, Disposition

describe(
    GroupBy,
    "What statistics tell records apart by.",
    {
        "HOUR": "The hour of the day, 0 to 23, by the clock of `timeZone`.",
        "WEEKDAY": "The day of the week, 1 (Monday) to 7 (Sunday), by the clock of `timeZone`.",
        "DISPOSITION": "How the call came out.",
        "DIRECTION": "Which way it went.",
        "KIND": "Why it existed.",
        "AGENT": "The agent; null stands for calls of which none was known.",
        "EXTENSION": "The agent's extension; null stands for calls of which none was known.",
    },
    name="CdrGroupBy",
)
describe(
    Interval,
    "How long the pieces of a time series are, by the clock of `timeZone`.",
    {
        "HOUR": "An hour. One that comes twice when clocks go back is two pieces.",
        "DAY": "A day, from midnight to midnight: 23 or 25 hours when clocks change.",
        "WEEK": "A week, from Monday.",
        "MONTH": "A month, from its first day.",
    },
    name="StatisticsInterval",
)


@strawberry.type(
    description="Some records, counted and summed up. What statistics were not asked to tell apart is null."
)
class CdrStatisticsGroup:
    begins_at: datetime | None = strawberry.field(
        description="With an `interval`: where the piece of time begins, also when that lies before the range."
    )
    hour: int | None = strawberry.field(description="The hour of the day, 0 to 23.")
    weekday: int | None = strawberry.field(description="The day of the week, 1 (Monday) to 7 (Sunday).")
    disposition: Disposition | None = strawberry.field(description="How the calls came out.")
    direction: Direction | None = strawberry.field(description="Which way they went.")
    kind: CallKind | None = strawberry.field(description="Why they existed.")
    agent_id: strawberry.ID | None = strawberry.field(description="The agent; null also where none was known.")
    extension: str | None = strawberry.field(description="The agent's extension; null also where none was known.")
    calls: int = strawberry.field(description="How many records.")
    connected_calls: int = strawberry.field(description="In how many of the calls both parties could talk.")
    ring_seconds: float = strawberry.field(description="Their `ringSeconds`, summed up.")
    talk_seconds: float = strawberry.field(description="Their `talkSeconds`, summed up.")
    duration_seconds: float = strawberry.field(description="Their `durationSeconds`, summed up.")
    longest_talk_seconds: float = strawberry.field(description="The largest of their `talkSeconds`; 0 without records.")
    average_talk_seconds: float | None = strawberry.field(
        description="`talkSeconds` for each connected call; null when none was connected."
    )

    @classmethod
    def of(cls, group: StatisticsGroup) -> Self:
        return cls(
            begins_at=group.begins_at,
            hour=group.hour,
            weekday=group.weekday,
            disposition=group.disposition,
            direction=group.direction,
            kind=group.kind,
            agent_id=None if group.agent_id is None else strawberry.ID(group.agent_id),
            extension=group.extension,
            calls=group.calls,
            connected_calls=group.connected_calls,
            ring_seconds=group.ring_seconds,
            talk_seconds=group.talk_seconds,
            duration_seconds=group.duration_seconds,
            longest_talk_seconds=group.longest_talk_seconds,
            average_talk_seconds=group.talk_seconds / group.connected_calls if group.connected_calls else None,
        )


@strawberry.type(description="Statistics over an account's call detail records, as exact as counting them one by one.")
class CdrStatistics:
    groups: list[CdrStatisticsGroup] = strawberry.field(
        description="The groups that have records, by time and then by what they are told apart by; one without "
        "`groupBy` and `interval`."
    )
    total: CdrStatisticsGroup = strawberry.field(description="All groups together.")

    @classmethod
    def of(cls, groups: Sequence[StatisticsGroup]) -> Self:
        return cls(groups=[CdrStatisticsGroup.of(one) for one in groups], total=CdrStatisticsGroup.of(sum_up(groups)))


def sum_up(groups: Sequence[StatisticsGroup]) -> StatisticsGroup:
    """All groups as one that tells nothing apart."""
    return StatisticsGroup(
        calls=sum(one.calls for one in groups),
        connected_calls=sum(one.connected_calls for one in groups),
        ring_seconds=_sum(one.ring_seconds for one in groups),
        talk_seconds=_sum(one.talk_seconds for one in groups),
        duration_seconds=_sum(one.duration_seconds for one in groups),
        longest_talk_seconds=max((one.longest_talk_seconds for one in groups), default=0.0),
    )


def _sum(seconds: Iterable[float]) -> float:
    # In whole microseconds, as they are kept: a sum of fractions would depend on the order of the groups.
    return sum(round(one * SECOND) for one in seconds) / SECOND
