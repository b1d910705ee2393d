"""Statistics from the rollup are those of the records, one by one, whatever is asked."""

import random
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import astuple, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.cdrs.filters import CallFilter
from app.cdrs.statistics import CdrStatistics, GroupBy, StatisticsGroup, StatisticsRequest
from app.cdrs.statistics_rollup import count_in_rollup
from app.cdrs.statistics_slices import Interval, cut, to_instant, to_microseconds
from app.db.engine import Database
from app.errors import RefusedError
from app.facts.calls import CdrRecord
from app.facts.vocabulary import CallKind, CallState, Direction, Disposition, Errand
from app.local.postgres import LocalPostgres
from tests.cdrs.records import insert_cdrs, make_cdr

pytestmark = pytest.mark.postgres

Written = list[tuple[str, CdrRecord]]


class Filled:
    """A database and what was written into it. Not a dataclass: Hypothesis would print all the records."""

    def __init__(self, database: Database, records: Written) -> None:
        self.database = database
        self.records = records


# Around both changes of clocks in New York, Berlin and Lord Howe, and over the turn of a month.
_MOMENTS = [
    datetime(2025, 3, 9, 7, tzinfo=UTC),
    datetime(2025, 3, 30, 1, tzinfo=UTC),
    datetime(2025, 4, 5, 15, tzinfo=UTC),
]
_ZONES = ["UTC", "America/New_York", "Europe/Berlin", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe"]
_QUARTER = timedelta(minutes=15)


def _make_records(count: int) -> Written:
    """Records of two accounts that lie close together, many of them a microsecond off a quarter of an hour."""
    rng = random.Random(7)
    made: Written = []
    for number in range(count):
        near = rng.choice(_MOMENTS) + rng.randint(-200, 200) * _QUARTER
        offset = rng.choice([timedelta(0), timedelta(microseconds=-1), timedelta(seconds=rng.uniform(0, 900))])
        agent = rng.randint(0, 4)
        is_connected = rng.random() < 0.5
        record = make_cdr(
            created_at=near + offset,
            connected_at=near if is_connected else None,
            disposition=rng.choice(list(Disposition)),
            direction=rng.choice(list(Direction)),
            kind=rng.choice(list(CallKind)),
            agent_id=f"agent_{agent}" if agent else None,
            extension=str(2000 + agent % 3) if agent % 3 else None,
            ring_seconds=rng.uniform(0, 40),
            talk_seconds=rng.uniform(0, 4000) if is_connected else 0.0,
            duration_seconds=rng.uniform(0, 5000),
            dialled_number=f"+1555010{number % 7:04d}",
            external_id=f"lead-{number % 5}" if number % 3 else None,
            tags=("vip",) if number % 4 == 0 else (),
            caller_id=f"+1555010{number % 9:04d}",
            trunk_id=f"trunk_{number % 3}",
            queue_id=f"queue_{number % 3}" if number % 2 else None,
            errand=Errand(campaign_id=f"cmp_{number % 4}", contact_id=f"con_{number % 50}") if number % 5 else None,
        )
        made.append((f"acc_{number % 2}", record))
    return made


@pytest.fixture(scope="module")
async def filled(postgres: LocalPostgres, migrated_template: str) -> AsyncIterator[Filled]:
    """Records, written in batches of all sizes as the call store does."""
    dsn = await postgres.create_database_from_template("statistics", migrated_template)
    database = await Database.connect(dsn, pool_size=2)
    records = _make_records(3_000)
    rng, start = random.Random(8), 0
    while start < len(records):
        batch = records[start : start + rng.randint(1, 200)]
        async with database.acquire() as connection, connection.transaction():
            await insert_cdrs(connection, batch)
        start += len(batch)
    yield Filled(database, records)
    await database.aclose()
    await postgres.drop_database("statistics")


def _admits(record: CdrRecord, where: CallFilter) -> bool:
    assert where.created_from is not None
    assert where.created_to is not None
    return (
        where.created_from <= record.created_at < where.created_to
        and (not where.agent_ids or record.agent_id in where.agent_ids)
        and (not where.extensions or record.extension in where.extensions)
        and (not where.dispositions or record.disposition in where.dispositions)
        and (not where.directions or record.direction in where.directions)
        and (not where.kinds or record.kind in where.kinds)
        and where.number in {None, record.dialled_number}
        and where.external_id in {None, record.external_id}
        and (where.tag is None or where.tag in record.tags)
        and where.customer_number
        in {None, record.caller_id if record.direction is Direction.INBOUND else record.dialled_number}
        and (not where.trunk_ids or record.trunk_id in where.trunk_ids)
        and (not where.queue_ids or record.queue_id in where.queue_ids)
        and where.campaign_id in {None, record.errand and record.errand.campaign_id}
        and where.contact_id in {None, record.errand and record.errand.contact_id}
    )


def _reckon(records: Sequence[CdrRecord], request: StatisticsRequest) -> list[StatisticsGroup]:
    """The same statistics, one record at a time."""
    groups: dict[Any, list[CdrRecord]] = defaultdict(list)
    where = request.where
    assert where.created_from is not None
    assert where.created_to is not None
    slices = list(
        cut(
            to_microseconds(where.created_from),
            to_microseconds(where.created_to),
            request.zone,
            interval=request.interval,
            by_hour=False,
            by_weekday=False,
        )
    )
    for record in records:
        if not _admits(record, where):
            continue
        at, local = to_microseconds(record.created_at), record.created_at.astimezone(request.zone)
        begins = next(one.label.begins_at for one in slices if one.begin <= at < one.end)
        key = {
            "begins_at": None if begins is None else to_instant(begins),
            "hour": local.hour if GroupBy.HOUR in request.group_by else None,
            "weekday": local.isoweekday() if GroupBy.WEEKDAY in request.group_by else None,
            "disposition": record.disposition if GroupBy.DISPOSITION in request.group_by else None,
            "direction": record.direction if GroupBy.DIRECTION in request.group_by else None,
            "kind": record.kind if GroupBy.KIND in request.group_by else None,
            "agent_id": record.agent_id if GroupBy.AGENT in request.group_by else None,
            "extension": record.extension if GroupBy.EXTENSION in request.group_by else None,
        }
        groups[tuple(key.items())].append(record)
    return [
        StatisticsGroup(
            **dict(key),
            calls=len(found),
            connected_calls=sum(one.connected_at is not None for one in found),
            ring_seconds=sum(round(one.ring_seconds * 1e6) for one in found) / 1e6,
            talk_seconds=sum(round(one.talk_seconds * 1e6) for one in found) / 1e6,
            duration_seconds=sum(round(one.duration_seconds * 1e6) for one in found) / 1e6,
            longest_talk_seconds=max(round(one.talk_seconds * 1e6) for one in found) / 1e6,
        )
        for key, found in groups.items()
    ]


def _ordered(groups: Sequence[StatisticsGroup]) -> list[Any]:
    return sorted((astuple(group) for group in groups), key=str)


_starts = st.builds(
    lambda moment, quarters, offset: moment + quarters * _QUARTER + timedelta(microseconds=offset),
    st.sampled_from(_MOMENTS),
    st.integers(-250, 200),
    st.sampled_from([0, 0, -1, 1, 400_000_000]),
)
_filters = st.fixed_dictionaries(
    {},
    optional={
        "agent_ids": st.just(("agent_1", "agent_3")),
        "extensions": st.just(("2001",)),
        "dispositions": st.just((Disposition.ANSWERED, Disposition.BUSY)),
        "directions": st.just((Direction.OUTBOUND,)),
        "kinds": st.just((CallKind.CAMPAIGN, CallKind.INBOUND)),
        "number": st.just("+15550100003"),
        "external_id": st.just("lead-2"),
        "tag": st.just("vip"),
        "customer_number": st.just("+15550100003"),
        "trunk_ids": st.just(("trunk_1",)),
        "queue_ids": st.just(("queue_0", "queue_1")),
        "campaign_id": st.just("cmp_1"),
        "contact_id": st.just("con_7"),
    },
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    start=_starts,
    length=st.integers(0, 30 * 96).map(lambda n: n * _QUARTER) | st.timedeltas(timedelta(0), timedelta(days=3)),
    zone=st.sampled_from(_ZONES).map(ZoneInfo),
    interval=st.none() | st.sampled_from(Interval),
    group_by=st.frozensets(st.sampled_from(GroupBy), max_size=3),
    filters=_filters,
)
async def test_given_any_question_when_read_then_the_answer_is_that_of_the_records_one_by_one(
    filled: Filled,
    start: datetime,
    length: timedelta,
    zone: ZoneInfo,
    interval: Interval | None,
    group_by: frozenset[GroupBy],
    filters: dict[str, Any],
) -> None:
    database, records = filled.database, filled.records
    request = StatisticsRequest(
        where=CallFilter(created_from=start, created_to=start + length, **filters),
        group_by=group_by,
        interval=interval,
        zone=zone,
    )
    found = await CdrStatistics(database).read("acc_1", request)
    assert _ordered(found) == _ordered(_reckon([one for account, one in records if account == "acc_1"], request))


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Europe/Berlin", "Asia/Kathmandu"])
@pytest.mark.parametrize("interval", Interval)
async def test_given_a_series_when_read_then_postgresqls_own_calendar_says_the_same(
    filled: Filled, zone: str, interval: Interval
) -> None:
    database = filled.database
    begin, end = datetime(2025, 3, 1, tzinfo=UTC), datetime(2025, 4, 15, tzinfo=UTC)
    request = StatisticsRequest(
        where=CallFilter(created_from=begin, created_to=end),
        group_by=frozenset({GroupBy.DISPOSITION}),
        interval=interval,
        zone=ZoneInfo(zone),
    )
    found = await CdrStatistics(database).read("acc_0", request)
    async with database.acquire() as connection:
        rows = await connection.fetch(
            "SELECT date_trunc($1, created_at, $2) AS begins_at, disposition, count(*) AS calls, "
            "sum(round(talk_seconds * 1e6)::bigint) / 1e6 AS talk "
            "FROM cdr WHERE account_id = 'acc_0' AND created_at >= $3 AND created_at < $4 GROUP BY 1, 2 ORDER BY 1, 2",
            *(interval.value.lower(), zone, begin, end),
        )
    assert len(found) > 5
    assert [(one.begins_at, one.disposition, one.calls, one.talk_seconds) for one in found] == [
        (row["begins_at"], row["disposition"], row["calls"], float(row["talk"])) for row in rows
    ]


async def test_given_many_batches_when_counted_then_the_rollup_is_as_if_made_at_once(
    filled: Filled,
) -> None:
    database = filled.database
    async with database.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        before = await connection.fetch("SELECT * FROM cdr_rollup ORDER BY 1, 2, 3, 4, 5, 6, 7, 8")
        await connection.execute("DELETE FROM cdr_rollup")
        await connection.execute(count_in_rollup("cdr"))
        after = await connection.fetch("SELECT * FROM cdr_rollup ORDER BY 1, 2, 3, 4, 5, 6, 7, 8")
        await transaction.rollback()
    assert len(before) > 1000
    assert after == before


async def test_given_a_month_of_days_when_read_then_no_record_is_looked_at(filled: Filled) -> None:
    database = filled.database
    request = StatisticsRequest(
        where=CallFilter(
            created_from=datetime(2025, 3, 1, tzinfo=ZoneInfo("America/New_York")),
            created_to=datetime(2025, 4, 1, tzinfo=ZoneInfo("America/New_York")),
        ),
        interval=Interval.DAY,
        zone=ZoneInfo("America/New_York"),
    )
    statistics = CdrStatistics(database)
    expected = await statistics.read("acc_1", request)
    async with database.acquire() as connection:
        await connection.execute("ALTER TABLE cdr RENAME TO cdr_away")
        try:
            await connection.execute("CREATE TABLE cdr (LIKE cdr_away)")
            assert await statistics.read("acc_1", request) == expected
        finally:
            await connection.execute("DROP TABLE cdr")
            await connection.execute("ALTER TABLE cdr_away RENAME TO cdr")
    assert sum(group.calls for group in expected) > 500


class TestRefusals:
    def _request(self, **fields: Any) -> StatisticsRequest:
        where = CallFilter(created_from=datetime(2025, 1, 1, tzinfo=UTC), created_to=datetime(2025, 4, 20, tzinfo=UTC))
        return StatisticsRequest(**{"where": where, **fields})

    async def _refuse(self, database: Database, request: StatisticsRequest) -> str:
        with pytest.raises(RefusedError) as refused:
            await CdrStatistics(database).read("acc_1", request)
        return refused.value.problems[0].code

    @pytest.mark.parametrize("missing", ["created_from", "created_to"])
    async def test_given_an_open_range_when_asked_then_it_is_refused(self, filled: Filled, missing: str) -> None:
        changes: Any = {missing: None}
        where = replace(self._request().where, **changes)
        assert await self._refuse(filled.database, StatisticsRequest(where=where)) == "REQUIRED"

    async def test_given_hours_of_many_years_when_asked_then_they_are_refused(self, filled: Filled) -> None:
        where = CallFilter(created_from=datetime(2000, 1, 1, tzinfo=UTC), created_to=datetime(2025, 1, 1, tzinfo=UTC))
        request = self._request(where=where, interval=Interval.HOUR)
        assert await self._refuse(filled.database, request) == "INVALID_INPUT"

    async def test_given_more_groups_than_an_answer_holds_when_asked_then_they_are_refused(
        self, filled: Filled, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("app.cdrs.statistics.MOST_GROUPS", 3)
        request = self._request(group_by=frozenset({GroupBy.DISPOSITION}))
        assert await self._refuse(filled.database, request) == "INVALID_INPUT"

    async def test_given_only_live_states_when_asked_then_there_is_nothing(self, filled: Filled) -> None:
        request = self._request()
        live = StatisticsRequest(
            where=CallFilter(
                created_from=request.where.created_from,
                created_to=request.where.created_to,
                states=(CallState.RINGING,),
            )
        )
        assert await CdrStatistics(filled.database).read("acc_1", live) == []
        assert len(await CdrStatistics(filled.database).read("acc_1", request)) == 1
