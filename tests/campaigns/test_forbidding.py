"""Do-not-call entries that come while contacts are claimed and dialled: once one is answered for, nobody calls."""

import asyncio
import random
from collections import Counter

from app.accounts.principal import Principal
from app.accounts.scopes import Scope
from app.campaigns.core.lifecycle import Step
from app.campaigns.store import lock_dialing
from app.contacts.model import GivenEntry
from app.db.locks import CAMPAIGN_DIALING
from app.ids import Kind, new_id
from tests.campaigns.hall import Hall
from tests.campaigns.sheet import numbers

_PATIENCE_SECONDS = 60.0
_WAITING = """
SELECT FROM pg_locks
WHERE locktype = 'advisory' AND classid = $1 AND NOT granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


class _Owner:
    """Whoever puts numbers on the account's list, as `addDncEntries` does."""

    def __init__(self, hall: Hall, list_id: str) -> None:
        self._hall = hall
        self._list_id = list_id
        self._by = Principal(
            account_id=hall.account_id,
            account_name="acme",
            default_region="US",
            key_id="key_1",
            scopes=frozenset(Scope),
        )

    @classmethod
    async def with_list(cls, hall: Hall) -> "_Owner":
        list_id = new_id(Kind.DNC_LIST)
        await hall.fetch(
            "INSERT INTO dnc_list (id, account_id, name, applies_to_all) VALUES ($1, $2, $1, true)",
            list_id,
            hall.account_id,
        )
        return cls(hall, list_id)

    async def forbid(self, number: str) -> None:
        await self._hall.opt_outs.add(self._by, self._list_id, [GivenEntry(number=number)])


async def test_given_numbers_that_are_forbidden_while_they_are_claimed_and_dialled_when_told_so_then_none_is_called(
    hall: Hall,
) -> None:
    """Each batch is claimed and dialled while two of its numbers are put on a list; nobody waits for anybody."""
    called = numbers(120)
    await hall.add_list(called)
    await hall.begin()
    owner = await _Owner.with_list(hall)
    looked_at: dict[str, int] = {}  # when the dialling of a number began, in steps of what happened here
    answered: dict[str, int] = {}  # and when its entry was answered for
    steps = iter(range(10_000_000))
    chance = random.Random(7)

    async def call_next() -> None:
        batch = await hall.claim()
        for one in batch.claims:
            looked_at[one.contact.number] = next(steps)
        await hall.dial(batch)

    async def forbid(number: str, turns: int) -> None:
        for _ in range(turns):
            await asyncio.sleep(0)
        await owner.forbid(number)
        answered[number] = next(steps)

    left = list(called)
    while left:
        hall.clock.pass_seconds(0.006)
        some, left = left[:6], left[6:]
        doomed = chance.sample(some, 2)
        async with asyncio.timeout(_PATIENCE_SECONDS), asyncio.TaskGroup() as group:
            group.create_task(call_next())
            for number in doomed:
                group.create_task(forbid(number, chance.randrange(40)))
    while True:  # what was put off, and what the pace has left
        hall.clock.pass_seconds(2)
        batch = await hall.claim()
        for one in batch.claims:
            looked_at[one.contact.number] = next(steps)
        await hall.dial(batch)
        if not batch.claims and not any(one["state"] == "WAITING" for one in (await hall.contacts()).values()):
            break

    dialled = hall.telephone.dialled
    assert len(answered) == 40
    late = [number for number in dialled if number in answered and answered[number] < looked_at[number]]
    assert not late
    rows = await hall.contacts()
    assert set(rows) == set(called)
    for number, row in rows.items():
        found = (row["state"], row["reason"], dialled[number])
        assert found == ("DIALING", None, 1) if dialled[number] else found == ("SKIPPED", "DNC", 0), (number, found)
    assert set(called) - set(answered) <= set(dialled)
    told = Counter(row["state"] for row in rows.values())
    assert (await hall.totals())["DIALLED"] == dialled.total() == told["DIALING"]


async def test_given_an_entry_that_is_answered_while_a_batch_waits_to_be_dialled_when_it_goes_on_then_it_is_not_called(
    hall: Hall,
) -> None:
    await hall.add_list(numbers(3))
    await hall.begin()
    owner = await _Owner.with_list(hall)
    hall.clock.pass_seconds(1)
    await hall.call_all_due()  # the pace begins with the first look
    hall.clock.pass_seconds(1)
    batch = await hall.claim()
    kept, forbidden = [one.contact.number for one in batch.claims]
    async with (
        asyncio.timeout(_PATIENCE_SECONDS),
        asyncio.TaskGroup() as group,
        hall.database.acquire() as connection,
        connection.transaction(),
    ):
        await lock_dialing(connection, hall.campaign_id)  # as whoever is about to pause it
        dialling = group.create_task(hall.dial(batch))
        while not await hall.fetch(_WAITING, CAMPAIGN_DIALING):
            assert not dialling.done()
        await owner.forbid(forbidden)
        assert not dialling.done()
    assert dialling.result() == 1
    assert hall.telephone.dialled[kept] == 1
    hall.clock.pass_seconds(2)
    assert await hall.call_all_due() == 0
    row = (await hall.contacts())[forbidden]
    assert (row["state"], row["reason"], hall.telephone.dialled[forbidden]) == ("SKIPPED", "DNC", 0)
    assert await hall.take(Step.STOP)
