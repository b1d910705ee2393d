"""Random transfers among three parties on a real Asterisk: each comes out as docs/reference/transfers.md says."""

import asyncio

import pytest

from tests.rig.desk import Desk
from tests.rig.far_end import FarEnd
from tests.rig.transfer_walk import TransferWalk

pytestmark = pytest.mark.asterisk

_WALKS = 20
_AT_ONCE = 8


async def test_given_twenty_random_transfers_when_they_are_over_then_each_came_out_as_the_page_says(
    desk: Desk, far_end: FarEnd
) -> None:
    slots = asyncio.Semaphore(_AT_ONCE)

    async def walk(seed: int) -> None:
        async with slots:
            await TransferWalk(desk, far_end, seed).run()

    results = await asyncio.gather(*(walk(seed) for seed in range(1, _WALKS + 1)), return_exceptions=True)
    failures = [str(result) for result in results if result is not None]
    assert not failures, "\n".join(failures)
