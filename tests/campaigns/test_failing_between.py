"""A mistake between a batch's hold, its calls and their note: who was called is not called again, all others are."""

import pytest

from app import failpoints
from app.campaigns.claim import LEASE
from app.failpoints import Armed, Effect, Failpoint, FailpointError
from tests.campaigns.hall import Hall
from tests.campaigns.sheet import number_of, numbers


@pytest.mark.parametrize(("place", "dialled"), [(Failpoint.CAMPAIGN_HELD, 0), (Failpoint.CAMPAIGN_PLACED, 1)])
async def test_given_a_batch_that_fails_at_a_named_place_when_its_lease_is_over_then_each_was_called_once(
    hall: Hall, monkeypatch: pytest.MonkeyPatch, place: Failpoint, dialled: int
) -> None:
    await hall.add_list(numbers(1))
    await hall.begin()
    batch = await hall.claim()
    monkeypatch.setattr(failpoints, "armed", Armed(place, Effect.RAISE))
    with pytest.raises(FailpointError):
        await hall.dial(batch)
    assert hall.telephone.dialled.total() == dialled
    [row] = (await hall.contacts()).values()
    assert (row["state"], row["attempts"]) == ("CLAIMED", 0)
    hall.clock.pass_seconds(LEASE.total_seconds() + 1)
    assert await hall.call_all_due() == 1 - dialled
    assert hall.telephone.dialled == {number_of(0): 1}
    await hall.hang_up()
    [row] = (await hall.contacts()).values()
    assert (row["state"], row["attempts"], row["disposition"]) == ("FINISHED", 1, "ANSWERED")
    assert (await hall.totals())["DIALLED"] == 1
