"""Between its claim and its INVITE a contact's calling window may close: then nobody is dialled any more."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import cast

import orjson
import pytest

from app.calls.core.model.call import Call
from app.calls.living.actor import CallActor
from app.campaigns.core.schedule import Schedule
from app.campaigns.dialing import PLACE_SECONDS, Dialing
from app.hours.local_time import LocalTime
from app.hours.windows import CallingWindow
from tests.calls.making import make_call
from tests.campaigns.hall import Hall
from tests.campaigns.sheet import number_of, numbers

#: The lawful window's end in New York, where the contacts are, on that day.
CLOSING = datetime(2026, 3, 3, 2, 0, tzinfo=UTC)
LAWFUL = Schedule()


def turn_to(hall: Hall, at: datetime) -> None:
    hall.clock.pass_seconds((at - hall.clock.now()).total_seconds())


async def test_given_a_claim_when_its_window_closes_before_it_is_dialled_then_nobody_is_called_until_it_opens(
    hall: Hall,
) -> None:
    turn_to(hall, CLOSING - timedelta(seconds=1))
    await hall.add_list(numbers(1))
    await hall.begin(schedule=LAWFUL)
    batch = await hall.claim()
    assert batch.claims
    turn_to(hall, CLOSING)
    assert await hall.dial(batch) == 0
    assert not hall.telephone.dialled
    hall.clock.pass_seconds(1)
    assert await hall.call_all_due() == 0
    [row] = (await hall.contacts()).values()
    assert (row["state"], row["reason"], row["attempts"]) == ("WAITING", "OUTSIDE_WINDOW", 0)
    assert row["due_at"] == CLOSING + timedelta(hours=11)


@pytest.mark.parametrize(
    ("seconds_before", "most_seconds"), [(3600.0, PLACE_SECONDS), (PLACE_SECONDS, PLACE_SECONDS), (7.5, 7.5)]
)
async def test_given_a_window_that_is_about_to_close_when_dialled_then_the_call_may_begin_until_then_and_no_later(
    hall: Hall, seconds_before: float, most_seconds: float
) -> None:
    turn_to(hall, CLOSING - timedelta(seconds=seconds_before))
    await hall.add_list(numbers(1))
    await hall.begin(schedule=LAWFUL)
    assert await hall.call_all_due() == 1
    assert hall.telephone.bounds == [hall.clock.now() + timedelta(seconds=most_seconds)]


async def test_given_contacts_on_both_sides_of_a_border_when_dialled_then_each_has_the_time_of_its_own_zones(
    hall: Hall,
) -> None:
    turn_to(hall, CLOSING - timedelta(seconds=10))
    await hall.add_list(numbers(1))
    await hall.add_list(numbers(2, first=1), zone="America/Chicago")
    await hall.fetch(
        "UPDATE contact SET zones = $2 WHERE number = $1", number_of(2), ["America/Chicago", "America/New_York"]
    )
    await hall.begin(schedule=LAWFUL)
    bounds = {}
    for _ in range(2):
        before = len(hall.telephone.bounds)
        await hall.call_all_due()
        for request, bound in zip(hall.telephone.asked[before:], hall.telephone.bounds[before:], strict=True):
            bounds[request.destination_number] = bound
        hall.clock.pass_seconds(1)
    border, west = bounds[number_of(2)], bounds[number_of(1)]
    assert (bounds[number_of(0)], border) == (CLOSING, CLOSING)
    assert west is not None
    assert west > CLOSING


async def test_given_a_campaign_that_ends_when_dialled_then_no_call_may_begin_after_its_end(hall: Hall) -> None:
    ends = LocalTime(date_time=(CLOSING - timedelta(hours=3)).replace(tzinfo=None), time_zone="Etc/UTC")
    turn_to(hall, CLOSING - timedelta(hours=3, seconds=4))
    await hall.add_list(numbers(1))
    await hall.begin(schedule=Schedule(ends=ends))
    assert await hall.call_all_due() == 1
    assert hall.telephone.bounds == [CLOSING - timedelta(hours=3)]


async def test_given_a_window_that_was_made_smaller_since_the_claim_when_dialled_then_the_new_one_counts(
    hall: Hall,
) -> None:
    turn_to(hall, CLOSING - timedelta(seconds=30))
    await hall.add_list(numbers(1))
    await hall.begin(schedule=LAWFUL)
    batch = await hall.claim()
    assert batch.claims
    smaller = {"windows": [{"fromTime": "08:00", "toTime": "20:00", "weekdays": []}]}
    await hall.fetch(
        "UPDATE campaign SET definition = jsonb_set(definition::jsonb, '{schedule}', $2::jsonb) WHERE id = $1",
        hall.campaign_id,
        orjson.Fragment(orjson.dumps(smaller)),
    )
    assert await hall.dial(batch) == 0
    assert not hall.telephone.dialled


class _Late:
    """The actor of a call that was written, and that Asterisk has not been told to dial."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.is_given_up = False

    async def wait_until(self, _: object) -> Call:
        await asyncio.Event().wait()
        return self.call

    def give_up(self) -> None:
        self.is_given_up = True


async def test_given_a_call_that_is_not_dialled_yet_when_the_window_closes_then_it_is_given_up(hall: Hall) -> None:
    turn_to(hall, CLOSING - timedelta(milliseconds=20))
    hall.dialing.close()
    telephone = hall.telephone
    # It would be waited for far longer than this test may take.
    hall.dialing = Dialing(
        *(hall.database, hall.log, hall.clock), calls=telephone, living=telephone, flows=hall.flows, dial_seconds=3600
    )
    await hall.add_list(numbers(1))
    await hall.begin(schedule=Schedule(windows=(CallingWindow(),)))
    batch = await hall.claim()
    late = _Late(make_call())
    telephone.actors[batch.claims[0].call_id] = cast("CallActor", late)
    async with asyncio.timeout(60):
        assert await hall.dial(batch) == 1
    assert late.is_given_up
