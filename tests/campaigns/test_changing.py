"""Windows, a start or a daily cap that change while a campaign runs: whom it put off is judged by the new ones."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import msgspec
import pytest

from app.accounts.audit import AuditLog
from app.accounts.principal import Principal
from app.accounts.scopes import Scope
from app.campaigns import waking
from app.campaigns.changes import CampaignChanges
from app.campaigns.core.lifecycle import Step
from app.campaigns.core.rules import Decision, Later
from app.campaigns.core.schedule import Schedule
from app.campaigns.core.words import DelayReason
from app.campaigns.model import Pacing
from app.campaigns.service import Campaigns
from app.db.kept import read_by_index
from app.facts.vocabulary import Disposition
from app.hours.local_time import LocalTime
from app.hours.windows import CallingWindow
from app.speech.resources import SpeechResources
from tests.campaigns.hall import Hall
from tests.campaigns.sheet import ALWAYS, MORNING, numbers, retry
from tests.campaigns.test_claiming import nodes_of
from tests.campaigns.test_dialer import Node, wait_until

#: When the lawful window opens in New York on the day of MORNING, where it is four o'clock.
OPENING = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)
LAWFUL = Schedule()
ALL_DAY = (CallingWindow(from_time="00:00", to_time="24:00"),)
LATER = (CallingWindow(from_time="09:00", to_time="21:00"),)
LATEST = (CallingWindow(from_time="10:00", to_time="21:00"),)
PACING = Pacing(calls_per_minute=6_000, max_concurrent_calls=5_000)
NOON = LocalTime(date_time=datetime(2026, 3, 2, 12, 0), time_zone="Etc/UTC")  # noqa: DTZ001  # its zone is beside it


class Owner:
    """Changes the hall's campaign as its owner does over the API."""

    def __init__(self, hall: Hall) -> None:
        self.hall = hall
        self.node: Node | None = None
        self.key = Principal(
            account_id=hall.account_id,
            account_name="acme",
            default_region="US",
            key_id="key_live",
            scopes=frozenset({Scope.CAMPAIGNS_WRITE}),
        )
        nobody_speaks = cast("SpeechResources", None)
        audit = AuditLog(hall.database)
        self.campaigns = Campaigns(hall.log, audit, hall.clock, nobody_speaks, changed=self._changed)

    async def _changed(self, campaign_id: str) -> None:
        if self.node is not None:
            self.node.news.hear(campaign_id)

    async def change(self, **changes: Any) -> None:
        await self.campaigns.update(self.key, self.hall.campaign_id, cast("CampaignChanges", changes))


@pytest.fixture
def owner(hall: Hall) -> Owner:
    return Owner(hall)


@pytest.fixture
def few_at_once(monkeypatch: pytest.MonkeyPatch) -> int:
    """So many contacts are woken with one claim."""
    monkeypatch.setattr(waking, "MOST_WOKEN", 3)
    return waking.MOST_WOKEN


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ({"schedule": LAWFUL}, {"windows": ALL_DAY}, DelayReason.OUTSIDE_WINDOW),
        ({"schedule": Schedule(windows=ALL_DAY, starts=NOON)}, {"start_at": None}, DelayReason.NOT_STARTED),
    ],
)
async def test_given_contacts_that_were_put_off_when_they_may_be_called_now_then_they_are_called_at_once(
    hall: Hall, owner: Owner, before: dict[str, Any], after: dict[str, Any], reason: DelayReason
) -> None:
    await hall.add_list(numbers(2))
    await hall.begin(pacing=PACING, **before)
    assert await hall.call_all_due() == 0
    rows = (await hall.contacts()).values()
    assert {row["reason"] for row in rows} == {reason}
    assert min(row["due_at"] for row in rows) > MORNING + timedelta(hours=2)
    await owner.change(**after)
    assert await _call_for(hall, seconds=2) == 2
    assert await _mark(hall) is None


async def test_given_numbers_that_were_called_as_often_as_they_may_be_when_the_cap_is_raised_then_they_are_called(
    hall: Hall, owner: Owner
) -> None:
    await hall.add_list(numbers(2))
    await hall.begin(schedule=ALWAYS, pacing=PACING, most_per_day=1, retries=retry(Disposition.BUSY, times=3, after=60))
    assert await _call_for(hall, seconds=2) == 2
    await hall.hang_up(Disposition.BUSY)
    hall.clock.pass_seconds(60)
    assert await hall.call_all_due() == 0
    assert {row["reason"] for row in (await hall.contacts()).values()} == {DelayReason.FREQUENCY_CAP}
    await owner.change(max_calls_per_number_per_day=2)
    assert await _call_for(hall, seconds=2) == 2
    # Whoever is to be tried again later is not brought forward.
    await hall.hang_up(Disposition.BUSY)
    [due_at] = {row["due_at"] for row in (await hall.contacts()).values()}
    await owner.change(max_calls_per_number_per_day=None)
    assert await _call_for(hall, seconds=2) == 0
    assert {row["due_at"] for row in (await hall.contacts()).values()} == {due_at}


async def test_given_contacts_that_may_still_not_be_called_when_the_window_moves_then_each_is_put_off_anew_once(
    hall: Hall, owner: Owner, few_at_once: int
) -> None:
    await hall.add_list(numbers(3 * few_at_once + 1))
    await hall.begin(schedule=LAWFUL, pacing=PACING)
    await hall.claim()
    await owner.change(windows=LATER)
    for _ in range(3):
        batch = await hall.claim()
        assert batch.again_at == hall.clock.now()
        assert await _mark(hall) is not None
    assert (await hall.claim()).again_at == OPENING + timedelta(hours=1)
    assert await _mark(hall) is None
    rows = (await hall.contacts()).values()
    assert {(row["reason"], row["due_at"], row["decisions"]) for row in rows} == {
        (DelayReason.OUTSIDE_WINDOW, OPENING + timedelta(hours=1), 2)
    }
    told = await hall.fetch("SELECT decision FROM campaign_decision WHERE n = 2")
    decisions = [msgspec.convert(row["decision"], Decision) for row in told]
    assert len(decisions) == len(rows)
    assert {(one.outcome, one.basis.campaign.version) for one in decisions} == {
        (Later(at=OPENING + timedelta(hours=1), reason=DelayReason.OUTSIDE_WINDOW), 2)
    }


async def test_given_contacts_that_are_being_woken_when_the_window_moves_again_then_all_are_judged_by_the_last_one(
    hall: Hall, owner: Owner, few_at_once: int
) -> None:
    await hall.add_list(numbers(2 * few_at_once))
    await hall.begin(schedule=LAWFUL, pacing=PACING)
    await hall.claim()
    await owner.change(windows=LATER)
    await hall.claim()
    await owner.change(windows=LATEST)
    await owner.change(name="Summer")  # which does not make the mark forgotten
    for _ in range(3):
        await hall.claim()
    assert await _mark(hall) is None
    assert {row["due_at"] for row in (await hall.contacts()).values()} == {OPENING + timedelta(hours=2)}


async def test_given_a_paused_campaign_when_its_window_is_widened_then_contacts_are_called_once_it_goes_on(
    hall: Hall, owner: Owner
) -> None:
    await hall.add_list(numbers(1))
    await hall.begin(schedule=LAWFUL, pacing=PACING)
    await hall.claim()
    assert await hall.take(Step.PAUSE)
    await owner.change(windows=ALL_DAY)
    assert await hall.call_all_due() == 0
    assert await hall.take(Step.RESUME)
    assert await _call_for(hall, seconds=2) == 1


async def test_given_a_change_of_something_else_when_claimed_then_contacts_go_on_waiting(
    hall: Hall, owner: Owner
) -> None:
    await hall.add_list(numbers(1))
    await hall.begin(schedule=LAWFUL, pacing=PACING)
    await hall.claim()
    await owner.change(name="Summer", windows=LAWFUL.windows)
    await hall.claim()
    [row] = (await hall.contacts()).values()
    assert (row["due_at"], row["decisions"]) == (OPENING, 1)


async def test_given_a_dialer_when_the_window_is_widened_then_it_wakes_all_without_waiting_and_calls_at_its_pace(
    hall: Hall, owner: Owner, few_at_once: int
) -> None:
    await hall.add_list(numbers(4 * few_at_once))
    await hall.begin(schedule=LAWFUL, pacing=PACING)
    owner.node = Node(hall)
    async with owner.node.running():
        await owner.node.wait_for_looks(hall.campaign_id, 1)
        owner.node.news.hear(hall.campaign_id)
        await owner.node.wait_for_looks(hall.campaign_id, 2)
        await owner.change(windows=ALL_DAY)
        await wait_until(lambda: len(hall.telephone.dialled) == 1)  # time stands still
        looks = owner.node.following.looks[hall.campaign_id]
        await owner.node.wait_for_looks(hall.campaign_id, looks + 5)
    assert await _mark(hall) is None
    waiting = [row for row in (await hall.contacts()).values() if row["state"] == "WAITING"]
    assert {row["due_at"] for row in waiting} == {MORNING}
    assert len(waiting) == 4 * few_at_once - 1


async def test_given_a_campaign_newer_than_the_statistics_when_woken_then_no_more_is_read_than_is_woken(
    hall: Hall,
) -> None:
    await hall.add_list(numbers(1))
    campaign_id = await hall.begin(schedule=LAWFUL)
    await hall.fetch("ANALYZE campaign_contact")
    async with hall.database.acquire() as connection, connection.transaction():
        await read_by_index(connection)
        statement, *values = waking.wake_statement(campaign_id, "", MORNING, MORNING)
        plan = await connection.fetchval(f"EXPLAIN (FORMAT JSON) {statement}", *values)
    nodes = [one for one in nodes_of(plan[0]["Plan"]) if one.get("Relation Name") == "campaign_contact"]
    scans = [one for one in nodes if one["Node Type"] != "ModifyTable"]
    assert [one["Index Name"] for one in scans] == ["campaign_contact_by_reason"]
    assert all(name in scans[0]["Index Cond"] for name in ("campaign_id", "reason", "contact_id"))


async def _mark(hall: Hall) -> str | None:
    [row] = await hall.fetch("SELECT woken_to FROM campaign WHERE id = $1", hall.campaign_id)
    return cast("str | None", row["woken_to"])


async def _call_for(hall: Hall, *, seconds: int) -> int:
    """Rounds, a second apart; gives how many calls began."""
    called = 0
    for _ in range(seconds):
        called += await hall.call_all_due()
        hall.clock.pass_seconds(1)
    return called
