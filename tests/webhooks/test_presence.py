"""Who is alive, and who may say of another that it is not."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from app.webhooks import presence as module
from app.webhooks.presence import LostNumberError, Presence
from tests.webhooks.rig import Rig

pytestmark = pytest.mark.postgres


@asynccontextmanager
async def present(rig: Rig) -> AsyncIterator[Presence]:
    presence = Presence(rig.database, rig.clock, on_change=lambda: None)
    await presence.run_round()
    try:
        yield presence
    finally:
        presence._session.close()


async def numbers(rig: Rig) -> set[int]:
    return {number for (number,) in await rig.fetch("SELECT number FROM webhook_worker")}


async def test_given_a_worker_that_is_back_when_another_still_takes_it_for_dead_then_its_entry_stays(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with present(rig) as back, present(rig) as other:
        # What the other saw a moment ago, when the first one's session had just been cut.
        monkeypatch.setattr(module, "_DEAD", f"SELECT {back.number} AS number")
        await other.run_round()
        assert await numbers(rig) == {back.number, other.number}


async def test_given_a_worker_that_is_being_buried_when_it_comes_back_then_it_waits_and_is_present_afterwards(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with present(rig) as other:
        late = Presence(rig.database, rig.clock, on_change=lambda: None)
        await rig.fetch("INSERT INTO webhook_worker (number, started_at) VALUES ($1, now()) RETURNING 1", late.number)
        execute, refused = asyncpg.Connection.execute, list[str]()

        async def come_back(self: Any, query: str, *arguments: Any, **options: Any) -> str:
            if query == module._BURY and not refused:
                with pytest.raises(LostNumberError):
                    await late.run_round()
                refused.append(query)
            return await execute(self, query, *arguments, **options)

        monkeypatch.setattr(asyncpg.Connection, "execute", come_back)
        await other.run_round()
        assert refused
        assert await numbers(rig) == {other.number}
        await late.run_round()
        assert await numbers(rig) == {other.number, late.number}
        late._session.close()
