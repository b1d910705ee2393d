"""How a dialer of several loops says that it fares, and what it says while the database is away."""

import asyncio
from typing import Any

import pytest

from app import daemon
from app.campaigns.dialer import CampaignDialer
from app.campaigns.news import CampaignNews
from app.clock import SystemClock
from app.daemon import Vitals
from app.db.engine import Database
from app.errors import DatabaseUnavailableError

DEADLINE_SECONDS = 60.0


def test_given_a_loop_that_fails_beside_one_that_does_not_when_asked_then_the_worse_one_is_told_until_it_is_well() -> (
    None
):
    vitals = Vitals("campaigns", SystemClock())
    before = vitals.health
    assert not before.is_healthy
    with vitals.running():
        begun = vitals.health
        assert begun.is_healthy
        assert [vitals.note_failure("camp_1", RuntimeError("secret")) for _ in range(2)] == [1, 2]
        vitals.note_failure("camp_2", ValueError("secret"))
        vitals.note_success("camp_3")
        health = vitals.health
        assert (health.name, health.is_healthy, health.consecutive_failures) == ("campaigns", False, 2)
        assert health.last_error == "ValueError"
        assert health.last_error_at is not None
        vitals.note_success("camp_1")
        assert vitals.health.consecutive_failures == 1
        vitals.note_success("camp_2")
        assert vitals.health.is_healthy
        assert vitals.health.last_success_at is not None
    assert not vitals.health.is_running


def test_given_a_loop_that_fails_when_it_is_over_then_it_is_held_against_nobody() -> None:
    vitals = Vitals("campaigns", SystemClock())
    with vitals.running():
        vitals.note_failure("camp_1", RuntimeError())
        vitals.forget("camp_1", "camp_2")
        assert vitals.health.is_healthy


class Closes:
    """Dialling that has nothing to dial."""

    def close(self) -> None:
        pass


async def _until_fares(dialer: CampaignDialer, *, is_healthy: bool) -> None:
    async with asyncio.timeout(DEADLINE_SECONDS):
        while dialer.health.is_healthy is not is_healthy or dialer.health.last_error_at is None:
            await asyncio.sleep(0.005)


@pytest.mark.postgres
@pytest.mark.parametrize("error", [DatabaseUnavailableError("The database is away."), RuntimeError("a mistake")])
async def test_given_a_dialer_that_cannot_look_when_it_can_again_then_its_health_tells_both_and_it_lives(
    database: Database, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(daemon, "FIRST_BACKOFF_SECONDS", 0.001)
    monkeypatch.setattr(daemon, "LONGEST_BACKOFF_SECONDS", 0.01)
    is_away = True
    acquire = database.acquire

    def acquire_or_not() -> Any:
        if is_away:
            raise error
        return acquire()

    monkeypatch.setattr(database, "acquire", acquire_or_not)
    nothing: Any = Closes()
    dialer = CampaignDialer(
        database=database,
        claims=nothing,
        dialing=nothing,
        following=nothing,
        closing=nothing,
        readiness=nothing,
        news=CampaignNews(),
        clock=SystemClock(),
        look_seconds=0.01,
    )
    async with asyncio.TaskGroup() as group:
        task = group.create_task(dialer.run())
        await _until_fares(dialer, is_healthy=False)
        assert dialer.health.last_error == type(error).__name__
        is_away = False
        await _until_fares(dialer, is_healthy=True)
        task.cancel()
    assert not dialer.health.is_running
