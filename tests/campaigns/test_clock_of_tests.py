"""Campaigns of test keys by the account's test clock; those of live keys by the true time, whatever it shows."""

from datetime import UTC, datetime, timedelta

import pytest

from app.accounts.audit import AuditLog
from app.accounts.principal import Principal
from app.accounts.scopes import Scope
from app.campaigns.claim import LEASE
from app.campaigns.core.rules import FREQUENCY_PERIOD
from app.campaigns.core.schedule import Schedule
from app.campaigns.core.words import DelayReason
from app.campaigns.forecast import Forecaster
from app.campaigns.store import get_campaigns
from app.facts.campaigns import CampaignFinished, ContactAttempted
from app.facts.vocabulary import Disposition
from app.hours.local_time import LocalTime
from app.testclock.service import SandboxClocks
from tests.campaigns.hall import Hall
from tests.campaigns.sheet import ALWAYS, MORNING, number_of, numbers, retry
from tests.campaigns.test_dialer import Node, wait_until

DAY = 86_400.0
LAWFUL = Schedule()
#: When the lawful window opens in New York on the day of MORNING, where it is four o'clock.
OPENING = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)


class Sandbox:
    """The test clock of the hall's account."""

    def __init__(self, hall: Hall) -> None:
        self.hall = hall
        self.key = Principal(
            account_id=hall.account_id,
            account_name="acme",
            default_region="US",
            key_id="key_test",
            scopes=frozenset({Scope.CAMPAIGNS_WRITE}),
            is_test=True,
        )
        self.clocks = SandboxClocks(hall.database, AuditLog(hall.database), hall.clock, changed=self._changed)
        self.node: Node | None = None
        self._times = 0

    async def _changed(self) -> None:
        if self.node is not None:
            self.node.news.hear("")

    async def advance(self, seconds: float) -> None:
        self._times += 1
        await self.clocks.advance(self.key, f"advance {self._times}", by_seconds=seconds)

    async def reset(self) -> None:
        await self.clocks.reset(self.key)


@pytest.fixture
def sandbox(hall: Hall) -> Sandbox:
    return Sandbox(hall)


async def test_given_a_window_that_is_closed_when_the_clock_is_advanced_then_it_opens_and_contacts_are_called(
    hall: Hall, sandbox: Sandbox
) -> None:
    await hall.add_list(numbers(2))
    await hall.begin(schedule=LAWFUL, is_sandbox=True)
    assert await hall.call_all_due() == 0
    [*rows] = (await hall.contacts()).values()
    assert {row["due_at"] for row in rows} == {OPENING}
    batch = await hall.claim()
    assert batch.again_at == OPENING
    await sandbox.advance(4 * 3600 + 1)
    called = 0
    for _ in range(2):
        called += await hall.call_all_due()
        hall.clock.pass_seconds(1)
    assert called == 2
    assert {call.created_at for call in hall.telephone.calls.values()} <= {MORNING, MORNING + timedelta(seconds=1)}


async def test_given_a_live_campaign_when_the_test_clock_is_advanced_then_it_goes_by_the_true_time(
    hall: Hall, sandbox: Sandbox
) -> None:
    await hall.add_list(numbers(1))
    await hall.begin(schedule=LAWFUL)
    await sandbox.advance(4 * 3600 + 1)
    assert await hall.call_all_due() == 0
    [row] = (await hall.contacts()).values()
    assert (row["due_at"], row["reason"]) == (OPENING, DelayReason.OUTSIDE_WINDOW)
    hall.clock.pass_seconds(60)
    assert await hall.call_all_due() == 0


async def test_given_a_window_that_closes_by_the_test_clock_when_dialled_then_the_call_may_begin_until_then_truly(
    hall: Hall, sandbox: Sandbox
) -> None:
    await hall.add_list(numbers(1))
    await hall.begin(schedule=LAWFUL, is_sandbox=True)
    closing = OPENING + timedelta(hours=13)
    await sandbox.advance((closing - MORNING).total_seconds() - 7.5)
    assert await hall.call_all_due() == 1
    assert hall.telephone.bounds == [MORNING + timedelta(seconds=7.5)]


async def test_given_a_claim_when_its_window_is_jumped_over_before_it_is_dialled_then_nobody_is_called(
    hall: Hall, sandbox: Sandbox
) -> None:
    await hall.add_list(numbers(1))
    await sandbox.advance(5 * 3600)
    await hall.begin(schedule=LAWFUL, is_sandbox=True)
    batch = await hall.claim()
    assert batch.claims
    await sandbox.advance(13 * 3600)
    assert await hall.dial(batch) == 0
    assert not hall.telephone.dialled


async def test_given_claims_when_the_clock_is_advanced_then_their_leases_go_on_by_the_true_time(
    hall: Hall, sandbox: Sandbox
) -> None:
    await hall.add_list(numbers(1))
    await hall.begin(schedule=ALWAYS, is_sandbox=True)
    batch = await hall.claim()
    assert batch.claims
    await sandbox.advance(30 * DAY)
    assert await hall.claims.release_stale(hall.campaign_id) == 0
    assert await hall.dial(batch) == 1
    hall.clock.pass_seconds(LEASE.total_seconds() + 1)
    assert await hall.claims.release_stale(hall.campaign_id) == 0


async def test_given_a_clock_that_was_ahead_when_reset_then_the_pace_goes_on_at_once(
    hall: Hall, sandbox: Sandbox
) -> None:
    await hall.add_list(numbers(3))
    await sandbox.advance(30 * DAY)
    await hall.begin(schedule=ALWAYS, is_sandbox=True)
    assert await hall.call_all_due() == 1
    await sandbox.reset()
    hall.clock.pass_seconds(1)
    assert await hall.call_all_due() == 2


async def test_given_a_contact_that_is_to_be_tried_tomorrow_when_the_clock_is_advanced_then_it_is_called_again(
    hall: Hall, sandbox: Sandbox
) -> None:
    await hall.add_list(numbers(1))
    await sandbox.advance(3600)
    await hall.begin(schedule=ALWAYS, retries=retry(Disposition.BUSY, times=1, after=DAY), is_sandbox=True)
    assert await hall.call_all_due() == 1
    hall.clock.pass_seconds(10)
    await hall.hang_up(Disposition.BUSY)
    tomorrow = MORNING + timedelta(hours=1, days=1, seconds=10)
    [row] = (await hall.contacts()).values()
    assert row["due_at"] == tomorrow
    attempted = [fact for fact in hall.told if isinstance(fact, ContactAttempted)]
    assert [fact.next_at for fact in attempted] == [tomorrow]
    await sandbox.advance(DAY - 1)
    assert await hall.call_all_due() == 0
    hall.clock.pass_seconds(1)
    assert await hall.call_all_due() == 1


@pytest.mark.parametrize("is_sandbox", [True, False])
async def test_given_a_cap_on_calls_a_day_when_a_day_passes_by_the_test_clock_then_test_campaigns_alone_may_call_again(
    hall: Hall, sandbox: Sandbox, is_sandbox: bool
) -> None:
    await hall.add_list(numbers(1))
    await hall.begin(schedule=ALWAYS, most_per_day=1, is_sandbox=is_sandbox)
    assert await hall.call_all_due() == 1
    await hall.hang_up()
    await hall.begin(schedule=ALWAYS, most_per_day=1, name="Autumn", is_sandbox=is_sandbox)
    assert await hall.call_all_due() == 0
    [row] = (await hall.contacts()).values()
    assert (row["reason"], row["due_at"]) == (DelayReason.FREQUENCY_CAP, MORNING + FREQUENCY_PERIOD)
    await sandbox.advance(DAY)
    hall.clock.pass_seconds(1)
    assert await hall.call_all_due() == int(is_sandbox)
    # What was called tomorrow has not been called once it is today again.
    await hall.hang_up()
    await sandbox.reset()
    await hall.begin(schedule=ALWAYS, most_per_day=2, name="Winter", is_sandbox=is_sandbox)
    assert await hall.call_all_due() == 1


async def test_given_a_number_that_a_test_campaign_has_called_when_a_live_one_asks_then_that_does_not_count(
    hall: Hall, sandbox: Sandbox
) -> None:
    await hall.add_list(numbers(1))
    await sandbox.advance(DAY)
    await hall.begin(schedule=ALWAYS, most_per_day=1, is_sandbox=True)
    assert await hall.call_all_due() == 1
    await hall.begin(schedule=ALWAYS, most_per_day=1, name="Live")
    assert await hall.call_all_due() == 1
    assert hall.telephone.dialled[number_of(0)] == 2


async def test_given_calls_that_could_not_be_placed_when_let_go_then_they_wait_by_the_test_clock(
    hall: Hall, sandbox: Sandbox
) -> None:
    await hall.add_list(numbers(1))
    await sandbox.advance(DAY)
    await hall.begin(schedule=ALWAYS, is_sandbox=True)
    hall.telephone.refusal = ZeroDivisionError()
    await hall.call_all_due()
    [row] = (await hall.contacts()).values()
    assert (row["state"], row["due_at"]) == ("WAITING", MORNING + timedelta(days=1, minutes=1))
    hall.telephone.refusal = None
    assert await hall.call_all_due() == 0
    hall.clock.pass_seconds(60)
    assert await hall.call_all_due() == 1


async def test_given_a_campaign_when_its_end_comes_by_the_test_clock_then_the_dialer_that_is_told_ends_it(
    hall: Hall, sandbox: Sandbox
) -> None:
    """Also one that is paused, at which nobody looks."""
    sandbox.node = Node(hall)
    end = MORNING + timedelta(days=2)
    ends = LocalTime(date_time=end.replace(tzinfo=None), time_zone="Etc/UTC")
    await hall.add_list(numbers(3))
    paused = await hall.begin(name="Paused", state="PAUSED", schedule=Schedule(ends=ends), is_sandbox=True)
    live = await hall.begin(name="Live", schedule=Schedule(ends=ends))
    running = await hall.begin(name="Running", schedule=Schedule(ends=ends), is_sandbox=True)
    await hall.fetch("UPDATE campaign SET end_at = $1", end)
    async with sandbox.node.running():
        await sandbox.node.wait_for_looks(running, 1)
        await sandbox.node.wait_for_looks(live, 1)
        await sandbox.advance(2 * DAY)
        await wait_until(
            lambda: {fact.campaign_id for fact in hall.told if isinstance(fact, CampaignFinished)} == {paused, running}
        )
        looks = sandbox.node.following.looks[live]
        sandbox.node.news.hear(live)
        await sandbox.node.wait_for_looks(live, looks + 1)
    states = await hall.fetch("SELECT id, state, finished_at FROM campaign")
    assert {row["id"]: row["state"] for row in states} == {paused: "FINISHED", running: "FINISHED", live: "RUNNING"}
    assert {row["finished_at"] for row in states} == {MORNING, None}


async def test_given_a_campaign_that_is_scheduled_when_its_start_comes_by_the_test_clock_then_it_begins_and_calls(
    hall: Hall, sandbox: Sandbox
) -> None:
    sandbox.node = Node(hall)
    await hall.add_list(numbers(1))
    begun = await hall.begin(state="SCHEDULED", schedule=ALWAYS, is_sandbox=True)
    await hall.fetch("UPDATE campaign SET start_at = $1", MORNING + timedelta(days=2))
    async with sandbox.node.running():
        await sandbox.node.wait_for_looks(begun, 1)
        await sandbox.advance(DAY)
        await sandbox.node.wait_for_looks(begun, 2)
        assert await hall.state() == "SCHEDULED"
        await sandbox.advance(DAY)
        await wait_until(lambda: bool(hall.telephone.dialled))
    assert await hall.state() == "RUNNING"


async def test_given_a_forecast_when_the_clock_is_ahead_then_it_tells_what_would_happen_by_that_clock(
    hall: Hall, sandbox: Sandbox
) -> None:
    await hall.add_list(numbers(2))
    campaign_id = await hall.begin(schedule=LAWFUL, is_sandbox=True)
    forecaster = Forecaster(hall.database, hall.clock)

    async def dialled() -> tuple[datetime, int]:
        async with hall.database.acquire() as connection:
            [campaign] = await get_campaigns(connection, hall.account_id, [campaign_id])
        forecast = await forecaster.count(campaign)
        return forecast.at, forecast.dial

    assert await dialled() == (MORNING, 0)
    await sandbox.advance(5 * 3600)
    assert await dialled() == (MORNING + timedelta(hours=5), 2)
