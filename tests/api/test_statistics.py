"""``cdrStatistics``: the same from the rollup and from the records, by whose clock it is asked, and only one's own."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.accounts.scopes import Scope
from app.facts.calls import CdrRecord
from app.facts.vocabulary import CallKind, Direction, Disposition
from tests.api.conftest import Surface
from tests.cdrs.records import insert_cdrs, make_cdr

pytestmark = pytest.mark.postgres

_NUMBERS = "calls connectedCalls ringSeconds talkSeconds durationSeconds longestTalkSeconds averageTalkSeconds"
_GROUP = f"beginsAt hour weekday disposition direction kind agentId extension {_NUMBERS}"
ASK = f"""query($range: TimeRangeInput!, $groupBy: [CdrGroupBy!], $interval: StatisticsInterval, $zone: String! = "UTC",
    $filter: CallFilterInput) {{
  cdrStatistics(range: $range, groupBy: $groupBy, interval: $interval, timeZone: $zone, filter: $filter) {{
    groups {{ {_GROUP} }} total {{ {_GROUP} }} }} }}"""

# A week around the night in which Berlin's clocks go forward.
BEGIN = datetime(2025, 3, 27, tzinfo=UTC)
RANGE = {"from": {"at": "2025-03-27T00:07:03Z"}, "to": {"at": "2025-04-03T00:00:00Z"}}


async def _store(surface: Surface, count: int = 400) -> list[CdrRecord]:
    rng = random.Random(3)
    records = []
    for number in range(count):
        at = BEGIN + timedelta(seconds=rng.uniform(0, 7 * 86_400))
        is_connected = rng.random() < 0.6
        talk = round(rng.uniform(0, 900), 6) if is_connected else 0.0
        records.append(
            make_cdr(
                created_at=at,
                connected_at=at if is_connected else None,
                talk_seconds=talk,
                ring_seconds=round(rng.uniform(0, 30), 6),
                duration_seconds=round(talk + 31, 6),
                disposition=rng.choice([Disposition.ANSWERED, Disposition.BUSY, Disposition.NO_ANSWER]),
                direction=rng.choice(list(Direction)),
                kind=rng.choice(list(CallKind)),
                agent_id=rng.choice(["agent_1", "agent_2", None]),
                extension=rng.choice(["2001", None]),
                tags=("all",) if number % 2 else ("all", "vip"),
            )
        )
    async with surface.database.acquire() as connection, connection.transaction():
        await insert_cdrs(connection, [(surface.account.id, record) for record in records])
    return records


async def _ask(surface: Surface, **variables: Any) -> Any:
    return (await surface.ask(ASK, {"range": RANGE, **variables}))["cdrStatistics"]


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"groupBy": ["DISPOSITION"]},
        {"groupBy": ["DISPOSITION", "DIRECTION", "KIND"], "interval": "DAY", "zone": "Europe/Berlin"},
        {"groupBy": ["HOUR"], "zone": "Asia/Kathmandu"},
        {"groupBy": ["WEEKDAY"], "zone": "America/New_York"},
        {"groupBy": ["AGENT", "EXTENSION"], "interval": "WEEK"},
        {"groupBy": ["AGENT"], "interval": "MONTH", "zone": "Australia/Lord_Howe"},
        {"interval": "HOUR", "zone": "Europe/Berlin", "filter": {"dispositions": ["ANSWERED", "BUSY"]}},
    ],
    ids=str,
)
async def test_given_records_when_the_rollup_and_the_records_themselves_are_asked_then_both_say_the_same(
    surface: Surface, asked: dict[str, Any]
) -> None:
    await _store(surface)
    rolled = await _ask(surface, **asked)
    # Every record has this tag, of which the rollup knows nothing: so these are counted one by one.
    counted = await _ask(surface, **{**asked, "filter": {**asked.get("filter", {}), "tag": "all"}})
    assert rolled == counted
    assert rolled["groups"]


async def test_given_records_when_grouped_by_local_day_and_disposition_then_each_number_is_that_of_the_records(
    surface: Surface,
) -> None:
    records = [one for one in await _store(surface) if one.created_at >= BEGIN + timedelta(minutes=7, seconds=3)]
    zone = ZoneInfo("Europe/Berlin")
    asked = await _ask(surface, groupBy=["DISPOSITION"], interval="DAY", zone=zone.key)
    expected: Counter[tuple[str, str]] = Counter()
    for one in records:
        local = one.created_at.astimezone(zone)
        midnight = datetime(local.year, local.month, local.day, tzinfo=zone).astimezone(UTC)
        expected[midnight.strftime("%Y-%m-%dT%H:%M:%S.000000Z"), one.disposition] += 1
    assert {(one["beginsAt"], one["disposition"]): one["calls"] for one in asked["groups"]} == expected
    total, connected = asked["total"], [one for one in records if one.connected_at is not None]
    assert (total["calls"], total["connectedCalls"]) == (len(records), len(connected))
    assert total["talkSeconds"] == pytest.approx(sum(one.talk_seconds for one in records), abs=1e-5)
    assert total["ringSeconds"] == pytest.approx(sum(one.ring_seconds for one in records), abs=1e-5)
    assert total["durationSeconds"] == pytest.approx(sum(one.duration_seconds for one in records), abs=1e-5)
    assert total["longestTalkSeconds"] == max(one.talk_seconds for one in records)
    assert total["averageTalkSeconds"] == pytest.approx(total["talkSeconds"] / len(connected))
    assert all(total[name] is None for name in ("beginsAt", "hour", "disposition", "agentId"))


async def test_given_a_filter_with_a_range_of_its_own_when_asked_then_both_ranges_hold(surface: Surface) -> None:
    records = await _store(surface)
    noon = BEGIN + timedelta(hours=12)
    narrowed = {"created": {"from": {"at": "2025-03-26T00:00:00Z"}, "to": {"at": "2025-03-27T12:00:00Z"}}}
    found = await _ask(surface, filter={**narrowed, "tag": "vip"})
    expected = [
        one for one in records if BEGIN + timedelta(minutes=7, seconds=3) <= one.created_at < noon and "vip" in one.tags
    ]
    assert expected
    assert found["total"]["calls"] == len(expected)
    before = {"created": {"to": {"at": "2025-03-01T00:00:00Z"}}}
    assert (await _ask(surface, filter=before))["groups"] == []


async def test_given_no_records_when_asked_then_the_total_is_zero_and_has_no_average(surface: Surface) -> None:
    found = await _ask(surface, groupBy=["AGENT"])
    assert found["groups"] == []
    assert found["total"]["calls"] == 0
    assert found["total"]["averageTalkSeconds"] is None


async def test_given_another_accounts_key_or_one_without_the_scope_when_asked_then_nothing_is_told(
    surface: Surface,
) -> None:
    await _store(surface, 20)
    stranger = await surface.key(account=await surface.accounts.create("rival"))
    found = await surface.ask(ASK, {"range": RANGE}, token=stranger)
    assert found["cdrStatistics"]["total"]["calls"] == 0
    without = await surface.key(set(Scope) - {Scope.CDRS_READ})
    assert (await surface.refuse(ASK, {"range": RANGE}, token=without))["code"] == "FORBIDDEN"


@pytest.mark.parametrize(
    ("variables", "code", "field"),
    [
        ({"range": {"from": {"at": "2025-03-27T00:00:00Z"}}}, "REQUIRED", ["range"]),
        ({"range": {"to": {"at": "2025-03-27T00:00:00Z"}}}, "REQUIRED", ["range"]),
        ({"range": {}, "filter": {"created": RANGE}}, "REQUIRED", ["range"]),
        ({"range": {"from": RANGE["to"], "to": RANGE["from"]}}, "INVALID_INPUT", ["range"]),
        ({"zone": "Nowhere/City"}, "INVALID_INPUT", ["timeZone"]),
        ({"zone": "../etc/passwd"}, "INVALID_INPUT", ["timeZone"]),
        ({"zone": ""}, "INVALID_INPUT", ["timeZone"]),
        (
            {"range": {"from": {"at": "1990-01-01T00:00:00Z"}, "to": RANGE["to"]}, "interval": "HOUR"},
            "INVALID_INPUT",
            ["range"],
        ),
        (
            {
                "range": {"from": {"at": "9999-12-31T00:00:00Z"}, "to": {"at": "9999-12-31T23:00:00Z"}},
                "interval": "DAY",
                "zone": "Asia/Kolkata",
            },
            "INVALID_INPUT",
            ["range"],
        ),
    ],
)
async def test_given_what_makes_no_statistics_when_asked_then_the_error_names_code_and_field(
    surface: Surface, variables: dict[str, Any], code: str, field: list[str]
) -> None:
    extensions = await surface.refuse(ASK, {"range": RANGE, **variables})
    assert (extensions["code"], extensions["field"]) == (code, field)
