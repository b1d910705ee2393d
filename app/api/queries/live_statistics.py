"""The account's counters, once."""

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import guarded_field
from app.api.instants import read_zone
from app.api.subscriptions.live_statistics import TimeZone
from app.api.types.live_statistics import LiveStatistics


@strawberry.type
class LiveStatisticsQueries:
    @guarded_field(Scope.CALLS_READ, "The account's calls, counted: those that are live, and those of today.")
    async def live_statistics(self, info: Info, time_zone: TimeZone = "UTC") -> LiveStatistics:
        return await LiveStatistics.read(info.context, read_zone(time_zone, field=("timeZone",)))
