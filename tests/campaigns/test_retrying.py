"""Putting contacts to the start again reads those that it puts back, however many others there are."""

from collections import Counter

import pytest

from app.campaigns.retrying import Retried, RetryChoice, put_back, put_back_statement
from app.db.engine import Database
from app.db.kept import read_by_index
from app.facts.campaigns import SkipReason
from app.facts.vocabulary import Disposition
from tests.campaigns.hall import Hall
from tests.campaigns.sheet import MORNING, number_of, numbers, retry

pytestmark = pytest.mark.postgres

_CONTACTS = 6_000
_FILL = """
INSERT INTO campaign_contact (campaign_id, contact_id, account_id, list_id, number, state, disposition, reason,
    updated_at)
SELECT $1, 'cont_' || to_char(one, 'FM00000'), $2, 'list', 'number ' || one,
    CASE one % 4 WHEN 0 THEN 'SKIPPED' WHEN 3 THEN 'WAITING' ELSE 'FINISHED' END,
    CASE one % 4 WHEN 0 THEN NULL WHEN 1 THEN 'ANSWERED' ELSE 'BUSY' END,
    CASE one % 8 WHEN 0 THEN 'DNC' WHEN 4 THEN 'ZONE_UNKNOWN' END, $4
FROM generate_series(1, $3::int) AS one
"""


@pytest.fixture
async def campaign(hall: Hall) -> Hall:
    """With many contacts that are done: a quarter answered, a quarter busy, a quarter skipped, and others that wait."""
    await hall.begin()
    async with hall.database.acquire() as connection:
        await connection.execute(_FILL, hall.campaign_id, hall.account_id, _CONTACTS, MORNING)
        await connection.execute("ANALYZE campaign_contact")
    return hall


async def go_about(database: Database, campaign_id: str, choice: RetryChoice, at_most: int) -> tuple[int, str]:
    """How many were put back, and how it was gone about."""
    statement, *values = put_back_statement(campaign_id, choice, MORNING, at_most=at_most)
    count = "SELECT count(*) FROM campaign_contact WHERE campaign_id = $1 AND state = 'WAITING'"
    async with database.acquire() as connection, connection.transaction():
        await read_by_index(connection)
        before = await connection.fetchval(count, campaign_id)
        rows = await connection.fetch(f"EXPLAIN (ANALYZE, TIMING OFF) {statement}", *values)
        after = await connection.fetchval(count, campaign_id)
    return after - before, "\n".join(row[0] for row in rows)


@pytest.mark.parametrize(
    ("choice", "of_each"),
    [
        (RetryChoice(dispositions=(Disposition.BUSY,)), {"BUSY"}),
        (RetryChoice(skip_reasons=(SkipReason.DNC,)), {"DNC"}),
        (
            RetryChoice(dispositions=(Disposition.BUSY,), skip_reasons=(SkipReason.ZONE_UNKNOWN,)),
            {"BUSY", "ZONE_UNKNOWN"},
        ),
        (RetryChoice(), {"ANSWERED", "BUSY", "DNC", "ZONE_UNKNOWN"}),
    ],
)
async def test_given_many_contacts_when_put_back_part_by_part_then_each_part_reads_its_own_alone(
    campaign: Hall, choice: RetryChoice, of_each: set[str]
) -> None:
    query = (
        "SELECT coalesce(reason, disposition) AS word FROM campaign_contact "
        "WHERE campaign_id = $1 AND state IN ('FINISHED', 'SKIPPED')"
    )
    before = Counter(row["word"] for row in await campaign.fetch(query, campaign.campaign_id))
    chosen = sum(before[word] for word in of_each)
    put: list[int] = []
    while not put or put[-1] == 1000:
        count, plan = await go_about(campaign.database, campaign.campaign_id, choice, 1000)
        put.append(count)
        assert "Seq Scan" not in plan, plan
        assert "Rows Removed by Filter" not in plan, plan
    assert sum(put) == chosen
    after = Counter(row["word"] for row in await campaign.fetch(query, campaign.campaign_id))
    assert after == Counter({word: count for word, count in before.items() if word not in of_each})


async def test_given_contacts_by_name_when_put_back_then_their_rows_alone_are_read(campaign: Hall) -> None:
    named = tuple(f"cont_{number:05}" for number in range(1, 101))
    count, plan = await go_about(campaign.database, campaign.campaign_id, RetryChoice(contact_ids=named), 1000)
    assert count == sum(number % 4 != 3 for number in range(1, 101))  # of four, one waits
    assert "campaign_contact_pkey" in plan, plan
    assert "Seq Scan" not in plan, plan


async def test_given_contacts_that_are_skipped_and_put_back_when_they_are_skipped_again_then_each_counts_once(
    hall: Hall,
) -> None:
    await hall.add_list(numbers(4))
    await hall.fetch("UPDATE contact SET zones = '{}' WHERE number = $1", number_of(3))
    await hall.begin(retries=retry(Disposition.BUSY, times=0, after=30))
    for place in (1, 2):
        await hall.forbid(number_of(place))
    counted = []
    for _ in range(2):
        for _ in range(5):
            hall.clock.pass_seconds(1)
            await hall.call_all_due()
        await hall.hang_up(Disposition.BUSY)
        counted.append(await outcomes(hall))
        hall.clock.pass_seconds(60)
        async with hall.database.acquire() as connection, connection.transaction():
            assert await put_back(connection, hall.campaign_id, RetryChoice(), hall.clock.now()) == Retried(
                4, has_more=False
            )
        assert not any((await outcomes(hall)).values())
    assert counted == 2 * [{"FINISHED": 1, "SKIPPED": 3, "SKIP:DNC": 2, "SKIP:ZONE_UNKNOWN": 1}]


async def outcomes(hall: Hall) -> dict[str, int]:
    """How many contacts have come to their end, and how."""
    totals = await hall.totals()
    return {word: count for word, count in totals.items() if word in {"FINISHED", "SKIPPED"} or "SKIP:" in word}
