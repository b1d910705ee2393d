"""Claiming the next 100 contacts of a campaign, whose list is long or short: shared by the figures about it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Final

from orjson import Fragment

from app.accounts.audit import AuditLog
from app.accounts.service import Accounts
from app.campaigns.claim import MOST_CLAIMS
from app.campaigns.claiming import Claims
from app.campaigns.core.schedule import Schedule
from app.campaigns.model import Definition, Pacing, SayContent, definition_as_json
from app.db.engine import Database
from app.events.log import EventLog
from app.flows.announcement import Announcement
from app.flows.steps import PlaySpeech
from app.hours.windows import CallingWindow
from app.ids import Kind, new_id
from app.numbers.policy import Rule
from app.process.serve import tune_collector
from app.routing.policies import DestinationPolicies
from bench.harness import BenchError, Context, percentile

LONG: Final = 1_000_000
SHORT: Final = 10_000
#: One in so many contacts is on a do-not-call list.
_LISTED: Final = 50
_ALWAYS: Final = Schedule(windows=(CallingWindow(from_time="00:00", to_time="24:00"),))

_CONTACTS: Final = """
INSERT INTO contact (id, account_id, list_id, number, name, zones, zone_source, fields)
SELECT 'cont_' || $1::text || lpad(one::text, 10, '0'), $2, $3, '+1212' || (2000000 + $5::int + one)::text,
    'Contact ' || one, ARRAY['America/New_York'], 'NUMBER', '{"city": "New York"}'::jsonb
FROM generate_series(0, $4::int - 1) AS one
"""
_ENTRIES: Final = """
INSERT INTO dnc_entry (list_id, number, account_id, source)
SELECT $1, '+1212' || (2000000 + $5::int + one)::text, $2, 'IMPORT' FROM generate_series(0, $3::int - 1, $4::int) AS one
"""


class HandClock:
    """Stands still until it is moved, so that a pace is never in the way."""

    def __init__(self) -> None:
        self._now = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._now.timestamp()

    def pass_seconds(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)


@dataclass(frozen=True, slots=True)
class ClaimTimes:
    """Milliseconds of each claim of 100 contacts, on the long list and on the short one."""

    long: list[float]
    short: list[float]

    @property
    def long_p99(self) -> float:
        return percentile(self.long, 99)

    @property
    def short_p99(self) -> float:
        return percentile(self.short, 99)


async def measure_claims(context: Context) -> ClaimTimes:
    """Both, in turn, on one database; measured once in a run."""
    return await context.shared("campaign claims", lambda: _measure(context))


async def _measure(context: Context) -> ClaimTimes:
    database = await Database.connect(await context.database(), command_timeout=600.0)
    try:
        clock = HandClock()
        audit = AuditLog(database)
        account = await Accounts(database, audit).create("bench")
        await DestinationPolicies(database, audit).set_rules(account.id, [Rule("+1", is_allowed=True)])
        size = context.count(LONG, 100_000)
        context.say(f"writing {size:,} contacts")
        claims = Claims(database, EventLog(database), clock)
        long_id = await begin_campaign(database, account.id, clock.now(), size, "l")
        times = ClaimTimes([], [])
        tune_collector()  # as the service does that dials
        for part in range(context.count(4, 1)):
            first = LONG + part * SHORT
            short_id = await begin_campaign(database, account.id, clock.now(), SHORT, f"s{part}", first=first)
            async with database.acquire() as connection:  # what writing the lists has left to be done is done
                await connection.execute("VACUUM (ANALYZE)")
            for _ in range(3):  # their paces begin, and what is prepared once is prepared
                clock.pass_seconds(0.2)
                for campaign_id in (long_id, short_id):
                    await claims.claim(campaign_id)
                    await _finish(database, campaign_id)
            for _ in range(context.count(90, 40)):
                for campaign_id, taken in ((long_id, times.long), (short_id, times.short)):
                    clock.pass_seconds(0.2)
                    began = perf_counter()
                    batch = await claims.claim(campaign_id)
                    taken.append((perf_counter() - began) * 1000)
                    if len(batch.claims) != MOST_CLAIMS:
                        raise BenchError(f"a claim had {len(batch.claims)} contacts where {MOST_CLAIMS} were due")
                    await _finish(database, campaign_id)
        return times
    finally:
        await database.aclose()


async def begin_campaign(
    database: Database,
    account_id: str,
    at: datetime,
    size: int,
    mark: str,
    *,
    calls_per_minute: int = 60_000,
    first: int = 0,
) -> str:
    """A campaign that runs since ``at``, over a list of so many contacts; ``mark`` makes their ids its own, ``first``
    their numbers.
    """
    list_id, dnc_id, campaign_id = new_id(Kind.CONTACT_LIST), new_id(Kind.DNC_LIST), new_id(Kind.CAMPAIGN)
    definition = Definition(
        content=SayContent(announcement=Announcement(sound=PlaySpeech(text="Hello {name}"))),
        pacing=Pacing(calls_per_minute=calls_per_minute, max_concurrent_calls=100_000),
        schedule=_ALWAYS,
        most_per_day=3,
    )
    async with database.acquire() as connection, connection.transaction():
        await connection.execute(
            "INSERT INTO contact_list (id, account_id, name) VALUES ($1, $2, $1)", list_id, account_id
        )
        await connection.execute(_CONTACTS, mark, account_id, list_id, size, first)
        await connection.execute("INSERT INTO dnc_list (id, account_id, name) VALUES ($1, $2, $1)", dnc_id, account_id)
        await connection.execute(_ENTRIES, dnc_id, account_id, size, _LISTED, first)
        await connection.execute(
            """
            INSERT INTO campaign (id, account_id, name, kind, state, definition, list_ids, began_at, resumed_at)
            VALUES ($1, $2, $1, 'ANNOUNCEMENT', 'RUNNING', $3, $4, $5, $5)
            """,
            campaign_id,
            account_id,
            Fragment(definition_as_json(definition)),
            [list_id],
            at,
        )
        await connection.execute(
            "INSERT INTO campaign_list (campaign_id, list_id, place) VALUES ($1, $2, 0)", campaign_id, list_id
        )
    return campaign_id


async def _finish(database: Database, campaign_id: str) -> None:
    """The calls are over at once: a campaign never has more of them than it may have at the same time."""
    async with database.acquire() as connection:
        await connection.execute(
            "UPDATE campaign_contact SET state = 'FINISHED' WHERE campaign_id = $1 AND state = 'CLAIMED'", campaign_id
        )
