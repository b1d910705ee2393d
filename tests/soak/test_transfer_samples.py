"""Two hundred random transfers on a real Asterisk, several at once: none leaves anybody alone, or anything behind."""

import asyncio
import secrets

import pytest

from tests.rig.desk import Desk
from tests.rig.far_end import FarEnd
from tests.rig.transfer_walk import TransferWalk

pytestmark = pytest.mark.asterisk

_WALKS = 200
_AT_ONCE = 8


async def test_given_two_hundred_random_transfers_when_they_are_over_then_each_came_out_as_the_page_says(
    desk: Desk, far_end: FarEnd
) -> None:
    slots = asyncio.Semaphore(_AT_ONCE)
    first = secrets.randbelow(90_000)  # a failure names its seed

    async def walk(seed: int) -> None:
        async with slots:
            await TransferWalk(desk, far_end, seed).run()

    results = await asyncio.gather(*(walk(first + index) for index in range(_WALKS)), return_exceptions=True)
    failures = [str(result) for result in results if result is not None]
    assert not failures, "\n".join(failures)
