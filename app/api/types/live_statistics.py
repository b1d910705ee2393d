"""How many calls there are right now, and how today's came out."""

from datetime import UTC, datetime, timedelta
from typing import Final, Self
from zoneinfo import ZoneInfo

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Context, Info
from app.api.fields import guarded_field
from app.api.types.agent_activity import AgentStateCount
from app.api.types.statistics import sum_up
from app.calls.reading.queries import LiveCount
from app.cdrs.filters import CallFilter
from app.cdrs.statistics import GroupBy, StatisticsGroup, StatisticsRequest
from app.facts.vocabulary import CallKind, CallState, Direction, Disposition

#: Nothing is in the future, so where the day ends does not matter.
_LONGER_THAN_A_DAY: Final = timedelta(days=2)


@strawberry.type(description="How many calls of a kind and direction are in a state right now.")
class LiveCallCount:
    kind: CallKind = strawberry.field(description="Why the calls exist.")
    direction: Direction = strawberry.field(description="Which way they go.")
    state: CallState = strawberry.field(description="Where they stand; `ENDED` does not occur.")
    calls: int = strawberry.field(description="How many; groups without any are left out.")


@strawberry.type(description="How many calls came out in one way.")
class DispositionCount:
    disposition: Disposition = strawberry.field(description="How they came out.")
    calls: int = strawberry.field(description="How many.")


@strawberry.type(description="What has become of the calls that were accepted since midnight and are over.")
class DayStatistics:
    since: datetime = strawberry.field(description="The last midnight by the clock of `timeZone`.")
    calls: int = strawberry.field(description="How many.")
    connected_calls: int = strawberry.field(description="In how many of the calls both parties could talk.")
    talk_seconds: float = strawberry.field(description="How many seconds they talked, summed up.")
    dispositions: list[DispositionCount] = strawberry.field(
        description="How they came out; dispositions without calls are left out."
    )

    @classmethod
    def of(cls, since: datetime, groups: list[StatisticsGroup]) -> Self:
        total = sum_up(groups)
        return cls(
            since=since,
            calls=total.calls,
            connected_calls=total.connected_calls,
            talk_seconds=total.talk_seconds,
            dispositions=[
                DispositionCount(disposition=group.disposition, calls=group.calls)
                for group in groups
                if group.disposition is not None
            ],
        )


@strawberry.type(description="The account's calls, counted: those that are live, and those of today that are over.")
class LiveStatistics:
    counted_at: datetime = strawberry.field(description="When they were counted.")
    live_calls: int = strawberry.field(description="How many calls are live.")
    live: list[LiveCallCount] = strawberry.field(description="The live calls, counted by kind, direction and state.")
    waiting_calls: int = strawberry.field(description="How many live calls have a customer who waits in a queue.")
    zone: strawberry.Private[ZoneInfo]

    @classmethod
    async def read(cls, context: Context, zone: ZoneInfo) -> Self:
        return cls.of(await context.services.call_queries.count_live(context.account_id), context, zone)

    @classmethod
    def of(cls, counts: list[LiveCount], context: Context, zone: ZoneInfo) -> Self:
        return cls(
            counted_at=context.services.clock.now(),
            live_calls=sum(count.calls for count in counts),
            live=[
                LiveCallCount(kind=count.kind, direction=count.direction, state=count.state, calls=count.calls)
                for count in counts
            ],
            waiting_calls=sum(count.calls for count in counts if count.state is CallState.WAITING_IN_QUEUE),
            zone=zone,
        )

    @guarded_field(Scope.AGENTS, "What the account's agents do.")
    async def agents(self, info: Info) -> list[AgentStateCount] | None:
        counted = await info.context.services.queue_standings.count_agents(info.context.account_id)
        return [AgentStateCount(state=state, agents=agents) for state, agents in counted.items()]

    @guarded_field(Scope.CDRS_READ, "What has become of today's calls.")
    async def today(self, info: Info) -> DayStatistics | None:
        now = self.counted_at.astimezone(self.zone)
        since = now.replace(hour=0, minute=0, second=0, microsecond=0, fold=0).astimezone(UTC)
        request = StatisticsRequest(
            where=CallFilter(created_from=since, created_to=since + _LONGER_THAN_A_DAY),
            group_by=frozenset({GroupBy.DISPOSITION}),
            zone=self.zone,
        )
        groups = await info.context.services.cdr_statistics.read(info.context.account_id, request)
        return DayStatistics.of(since, list(groups))
