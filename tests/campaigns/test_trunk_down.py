"""A trunk that is known not to answer: nobody is claimed for it, nobody pays for it, and the forecast says so."""

from app.campaigns.core.words import DelayReason
from app.campaigns.forecast import Forecaster
from app.campaigns.store import get_campaigns
from app.ids import Kind, new_id
from tests.campaigns.hall import Hall
from tests.campaigns.sheet import numbers


async def _add_trunk(hall: Hall, *, is_default: bool = True, qualify_seconds: int = 30) -> str:
    trunk_id = new_id(Kind.TRUNK)
    await hall.fetch(
        "INSERT INTO trunk (id, account_id, name, endpoint, dial_template, is_default, is_sandbox, is_provisioned, "
        "qualify_seconds) VALUES ($1, $2, $1, $1, '{digits}', $3, false, true, $4)",
        *(trunk_id, hall.account_id, is_default, qualify_seconds),
    )
    return trunk_id


async def _say(hall: Hall, trunk_id: str, state: str, *, node: str = "n1") -> None:
    await hall.fetch(
        "INSERT INTO line_state (line_id, node, account_id, state, changed_at) VALUES ($1, $2, $3, $4, $5) "
        "ON CONFLICT (line_id, node) DO UPDATE SET state = excluded.state",
        *(trunk_id, node, hall.account_id, state, hall.clock.now()),
    )


async def test_given_a_trunk_that_is_down_when_claimed_then_nobody_is_until_it_answers_and_no_outcome_is_burnt(
    hall: Hall,
) -> None:
    trunk_id = await _add_trunk(hall)
    await hall.add_list(numbers(3))
    await hall.begin()
    await _say(hall, trunk_id, "DOWN")
    for _ in range(3):
        batch = await hall.claim()
        assert (batch.claims, batch.is_exhausted) == ((), False)
        hall.clock.pass_seconds(1)
    assert await hall.contacts() == {}
    assert await hall.state() == "RUNNING"
    await _say(hall, trunk_id, "UP")
    assert await hall.call_all_due() > 0


async def test_given_a_trunk_that_one_of_two_asterisks_reaches_when_claimed_then_it_is_called_over(hall: Hall) -> None:
    trunk_id = await _add_trunk(hall)
    await hall.add_list(numbers(1))
    await hall.begin()
    await _say(hall, trunk_id, "DOWN", node="n1")
    await _say(hall, trunk_id, "UP", node="n2")
    assert await hall.call_all_due() == 1


async def test_given_a_trunk_that_is_not_asked_any_more_when_it_was_down_last_then_it_is_called_over(
    hall: Hall,
) -> None:
    trunk_id = await _add_trunk(hall, qualify_seconds=0)
    await hall.add_list(numbers(1))
    await hall.begin()
    await _say(hall, trunk_id, "DOWN")
    assert await hall.call_all_due() == 1


async def test_given_another_trunk_that_is_down_when_claimed_then_it_is_no_matter(hall: Hall) -> None:
    await _add_trunk(hall)
    other = await _add_trunk(hall, is_default=False)
    await hall.add_list(numbers(1))
    await hall.begin()
    await _say(hall, other, "DOWN")
    assert await hall.call_all_due() == 1


async def test_given_a_trunk_that_is_down_when_a_campaign_is_looked_ahead_then_all_who_would_be_called_wait_for_it(
    hall: Hall,
) -> None:
    trunk_id = await _add_trunk(hall)
    await hall.add_list(numbers(3))
    await hall.begin(trunk_id=trunk_id)
    await hall.forbid(numbers(1)[0])
    await _say(hall, trunk_id, "DOWN")
    async with hall.database.acquire() as connection:
        [campaign] = await get_campaigns(connection, hall.account_id, [hall.campaign_id])
    forecast = await Forecaster(hall.database, hall.clock).count(campaign)
    assert (forecast.dial, forecast.delayed) == (0, {DelayReason.TRUNK_DOWN: 2})
    await _say(hall, trunk_id, "UP")
    assert (await Forecaster(hall.database, hall.clock).count(campaign)).dial == 2
