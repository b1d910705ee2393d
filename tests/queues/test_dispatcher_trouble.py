"""A dispatcher whose look fails, whatever from, looks again at everything: what it had heard went with that look."""

import asyncio
from datetime import datetime
from typing import Any

import pytest

from app import daemon
from app.clock import SystemClock
from app.errors import DatabaseUnavailableError
from app.queues.dispatcher import Dispatcher
from app.queues.news import QueueNews

DEADLINE_SECONDS = 60.0


class Claims:
    """Fails as it is told, look by look; nobody waits and nothing is due."""

    def __init__(self, *failures: Exception | None) -> None:
        self.failures = list(failures)
        self.looks = 0
        self.settled: list[str] = []
        self.is_done = asyncio.Event()

    async def accounts(self) -> list[str]:
        self.looks += 1
        return ["acc_1", "acc_2"]

    async def settle(self, account_id: str) -> datetime | None:
        if account_id == "acc_1" and self.failures and (failure := self.failures.pop(0)) is not None:
            raise failure
        self.settled.append(account_id)
        if account_id == "acc_2" and not self.failures:
            self.is_done.set()
        return None


@pytest.mark.parametrize("error", [DatabaseUnavailableError("The database is away."), RuntimeError("a mistake")])
async def test_given_a_look_that_fails_when_the_next_one_comes_then_it_is_at_every_account_and_the_dispatcher_is_well(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(daemon, "FIRST_BACKOFF_SECONDS", 0.001)
    claims: Any = Claims(error, error)
    nothing: Any = ()
    dispatcher = Dispatcher(claims, nothing, nothing, nothing, nothing, QueueNews(), SystemClock())
    async with asyncio.timeout(DEADLINE_SECONDS), asyncio.TaskGroup() as group:
        task = group.create_task(dispatcher.run())
        await claims.is_done.wait()
        while not dispatcher.health.is_healthy:
            await asyncio.sleep(0)
        assert dispatcher.health.last_error == type(error).__name__
        task.cancel()
    assert claims.looks == 3
    assert claims.settled[:2] == ["acc_1", "acc_2"]
    assert not dispatcher.health.is_running
