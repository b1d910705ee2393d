"""The base of background loops."""

import asyncio
from collections.abc import Callable

import pytest

from app import daemon
from app.daemon import Daemon, backoff_seconds

DEADLINE_SECONDS = 60.0


class Loop(Daemon):
    name = "loop"
    poll_seconds = 60.0

    def __init__(self, round_: Callable[[int], bool]) -> None:
        super().__init__()
        self.rounds = 0
        self._round = round_
        self._news = asyncio.Condition()

    async def run_round(self) -> bool:
        self.rounds += 1
        async with self._news:
            self._news.notify_all()
        return self._round(self.rounds)

    async def wait_for_rounds(self, count: int) -> None:
        async with asyncio.timeout(DEADLINE_SECONDS), self._news:
            await self._news.wait_for(lambda: self.rounds >= count)

    async def settle(self) -> None:
        """Until the present round is over and noted."""
        for _ in range(3):
            await asyncio.sleep(0)


def idle(_: int) -> bool:
    return False


def fail(_: int) -> bool:
    raise RuntimeError("the round failed")


@pytest.fixture
def quick_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemon, "FIRST_BACKOFF_SECONDS", 0.001)


async def test_given_a_loop_with_more_to_do_when_run_then_rounds_follow_at_once_until_there_is_no_more() -> None:
    loop = Loop(lambda number: number < 5)
    async with asyncio.TaskGroup() as group:
        group.create_task(loop.run())
        await loop.wait_for_rounds(5)
        await loop.settle()
        assert loop.rounds == 5
        loop.stop()


async def test_given_a_sleeping_loop_when_woken_then_it_goes_round_without_waiting_for_the_poll() -> None:
    loop = Loop(idle)
    async with asyncio.TaskGroup() as group:
        group.create_task(loop.run())
        await loop.wait_for_rounds(1)
        await loop.settle()
        loop.wake()
        loop.wake()
        await loop.wait_for_rounds(2)
        await loop.settle()
        assert loop.rounds == 2
        loop.stop()


async def test_given_a_loop_when_woken_during_a_round_then_another_round_follows() -> None:
    def wake_in_the_first(number: int) -> bool:
        if number == 1:
            loop.wake()
        return False

    loop = Loop(wake_in_the_first)
    async with asyncio.TaskGroup() as group:
        group.create_task(loop.run())
        await loop.wait_for_rounds(2)
        loop.stop()


async def test_given_nobody_wakes_it_when_the_poll_is_due_then_it_goes_round() -> None:
    loop = Loop(idle)
    loop.poll_seconds = 0.001
    async with asyncio.TaskGroup() as group:
        group.create_task(loop.run())
        await loop.wait_for_rounds(3)
        loop.stop()


@pytest.mark.usefixtures("quick_backoff")
async def test_given_rounds_that_fail_when_one_succeeds_then_health_tells_both_and_the_loop_lives() -> None:
    is_mended = False
    loop = Loop(lambda number: not is_mended and fail(number))
    async with asyncio.TaskGroup() as group:
        group.create_task(loop.run())
        await loop.wait_for_rounds(3)
        await loop.settle()
        failing = loop.health
        is_mended = True
        await loop.wait_for_rounds(loop.rounds + 1)
        await loop.settle()
        well = loop.health
        loop.stop()
    assert failing.consecutive_failures >= 2
    assert not failing.is_healthy
    assert failing.last_error == "RuntimeError"
    assert failing.last_success_at is None
    assert well.is_healthy
    assert well.consecutive_failures == 0
    assert well.last_success_at is not None
    assert well.last_error_at is not None


async def test_given_a_failing_loop_when_woken_then_the_back_off_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemon, "FIRST_BACKOFF_SECONDS", 60.0)
    loop = Loop(fail)
    async with asyncio.TaskGroup() as group:
        group.create_task(loop.run())
        await loop.wait_for_rounds(1)
        await loop.settle()
        loop.wake()
        await loop.settle()
        assert loop.rounds == 1
        loop.stop()  # and a stop does end it


async def test_given_a_running_loop_when_cancelled_then_it_ends_and_says_so() -> None:
    loop = Loop(idle)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(loop.run())
        await loop.wait_for_rounds(1)
        assert loop.health.is_running
        task.cancel()
    assert task.cancelled()
    assert not loop.health.is_running


async def test_given_a_loop_stopped_before_it_ran_when_run_then_it_returns_at_once() -> None:
    loop = Loop(idle)
    loop.stop()
    async with asyncio.timeout(DEADLINE_SECONDS):
        await loop.run()
    assert loop.rounds == 0


@pytest.mark.parametrize(("failures", "ceiling"), [(1, 0.25), (2, 0.5), (4, 2.0), (9, 30.0), (10_000, 30.0)])
def test_given_failures_in_a_row_when_backing_off_then_the_pause_doubles_up_to_a_limit_and_is_spread(
    failures: int, ceiling: float
) -> None:
    pauses = [backoff_seconds(failures) for _ in range(200)]
    assert ceiling / 2 <= min(pauses) < max(pauses) <= ceiling
