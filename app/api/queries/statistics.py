"""Statistics over call detail records."""

import dataclasses
from datetime import datetime
from typing import Annotated

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import guarded_field
from app.api.filters import CallFilterInput, read_call_filter
from app.api.instants import TimeRangeInput, read_range, read_zone
from app.api.types.statistics import CdrStatistics
from app.cdrs.statistics import GroupBy, StatisticsRequest
from app.cdrs.statistics_slices import Interval


@strawberry.type
class StatisticsQueries:
    @guarded_field(
        Scope.CDRS_READ,
        "Call detail records of a range of time, counted and summed up. The time of a record is its `createdAt`.",
    )
    async def cdr_statistics(
        self,
        info: Info,
        range: Annotated[  # noqa: A002  # the argument's public name
            TimeRangeInput, strawberry.argument(description="Which time, `from` and `to` both given.")
        ],
        group_by: Annotated[
            list[GroupBy] | None,
            strawberry.argument(description="What records are told apart by; nothing by default."),
        ] = None,
        interval: Annotated[
            Interval | None, strawberry.argument(description="Cut the range up into pieces: a time series.")
        ] = None,
        time_zone: Annotated[
            str,
            strawberry.argument(
                description="Whose clock hours, days, weeks and months go by: an IANA zone such as `Europe/Berlin`."
            ),
        ] = "UTC",
        filter: Annotated[  # noqa: A002
            CallFilterInput | None,
            strawberry.argument(description="Which records; all by default. Its `created` narrows the range further."),
        ] = None,
    ) -> CdrStatistics:
        context = info.context
        begin, end = read_range(range, field=("range",))
        where = read_call_filter(filter, context.caller)
        request = StatisticsRequest(
            where=dataclasses.replace(
                where,
                created_from=_later(begin, where.created_from),
                created_to=None if end is None else min(end, where.created_to or end),
            ),
            group_by=frozenset(group_by or ()),
            interval=interval,
            zone=read_zone(time_zone, field=("timeZone",)),
        )
        return CdrStatistics.of(await context.services.cdr_statistics.read(context.account_id, request))


def _later(begin: datetime | None, other: datetime | None) -> datetime | None:
    """The range's beginning, moved on by the filter; a filter's cannot stand for one that is missing."""
    return None if begin is None else max(begin, other or begin)
