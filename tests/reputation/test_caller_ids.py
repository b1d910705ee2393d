"""A pool's number for a call, over a real PostgreSQL."""

import asyncio
from collections import Counter

import pytest

from app.db.engine import Database
from app.errors import RefusedError
from app.facts.vocabulary import Nearness
from app.ids import Kind, new_id
from app.numbers.parse import E164
from app.reputation.caller_ids import CallerIds
from app.routing.directory import Directory
from app.routing.words import CallerIdPolicy, NumberCapability
from tests.reputation.offices import FIRST, SECOND, THIRD, NumberOffice, open_office

pytestmark = pytest.mark.postgres
WASHINGTON, LONDON = E164("+12024569999"), E164("+442071234567")


@pytest.fixture
async def office(database: Database) -> NumberOffice:
    return await open_office(database)


async def choose(
    office: NumberOffice,
    pool_id: str,
    seen_by: E164 | None = None,
    *,
    trunk_id: str | None = None,
    is_dry: bool = False,
) -> E164:
    office.clock.advance(1)
    chosen = await CallerIds(office.database, office.clock).choose(
        office.account_id, pool_id, seen_by=seen_by, trunk_id=trunk_id, is_dry=is_dry
    )
    assert office.ids[chosen.number] == chosen.number_id
    return chosen.number


async def refusal_of(office: NumberOffice, pool_id: str, seen_by: E164 | None = None) -> tuple[str, str]:
    with pytest.raises(RefusedError) as refused:
        await choose(office, pool_id, seen_by)
    (problem,) = refused.value.problems
    assert problem.field == ("callerIdPoolId",)
    return problem.code, problem.message


async def test_given_a_pool_when_calls_take_numbers_then_they_take_turns_and_a_dry_run_takes_none(
    office: NumberOffice,
) -> None:
    pool_id = await office.make_pool(THIRD, FIRST, SECOND)
    assert [await choose(office, pool_id, LONDON, is_dry=True) for _ in range(2)] == [THIRD, THIRD]
    assert [await choose(office, pool_id, LONDON) for _ in range(4)] == [THIRD, FIRST, SECOND, THIRD]
    assert [await choose(office, pool_id, WASHINGTON) for _ in range(3)] == [FIRST, SECOND, FIRST]


async def test_given_a_pool_when_calls_begin_at_once_then_its_numbers_are_used_alike(office: NumberOffice) -> None:
    pool_id = await office.make_pool(FIRST, SECOND, THIRD)
    taken = Counter(await asyncio.gather(*(choose(office, pool_id) for _ in range(12))))
    assert taken == {FIRST: 4, SECOND: 4, THIRD: 4}


async def test_given_flagged_numbers_when_a_pool_chooses_then_never_one_of_them_and_refuses_when_all_are(
    office: NumberOffice,
) -> None:
    pool_id = await office.make_pool(FIRST, SECOND)
    await office.reputation.flag(office.by, office.ids[FIRST], "doubt")
    assert [await choose(office, pool_id, WASHINGTON) for _ in range(3)] == [SECOND] * 3
    chosen = await CallerIds(office.database, office.clock).choose(
        office.account_id, pool_id, seen_by=WASHINGTON, trunk_id=None, is_dry=True
    )
    assert (chosen.size, chosen.flagged, chosen.nearness) == (2, 1, Nearness.SAME_AREA)
    await office.reputation.flag(office.by, office.ids[SECOND], "doubt")
    code, message = await refusal_of(office, pool_id)
    assert code == "CALLER_ID_FLAGGED"
    assert "unflagOutboundNumber" in message
    await office.reputation.unflag(office.by, office.ids[FIRST])
    assert await choose(office, pool_id) == FIRST


async def test_given_a_pool_that_has_nothing_to_show_when_asked_then_it_is_refused_as_what_it_is(
    office: NumberOffice,
) -> None:
    empty = await office.make_pool()
    for pool_id in (new_id(Kind.OUTBOUND_NUMBER_POOL), office.ids[FIRST], "pool", "", "pool_x' OR true"):
        assert (await refusal_of(office, pool_id))[0] == "NOT_FOUND"
    assert (await refusal_of(office, empty))[0] == "CALLER_ID_NOT_OWNED"
    await office.routing.pools.update(office.by, empty, {"number_ids": [office.ids[FIRST]]})
    assert (await refusal_of(office, empty, FIRST))[0] == "CALLER_ID_NOT_OWNED"
    await office.routing.numbers.update(office.by, office.ids[FIRST], {"capabilities": [NumberCapability.INBOUND]})
    assert (await refusal_of(office, empty))[0] == "CALLER_ID_NOT_OWNED"
    await office.routing.pools.delete(office.by, empty)
    assert (await refusal_of(office, empty))[0] == "NOT_FOUND"


async def test_given_another_accounts_pool_when_asked_then_it_is_not_there(
    office: NumberOffice, database: Database
) -> None:
    rival = await open_office(database, "rival")
    assert (await refusal_of(rival, await office.make_pool(FIRST)))[0] == "NOT_FOUND"


async def test_given_a_trunk_that_shows_its_own_numbers_alone_when_a_pool_chooses_then_one_of_those(
    office: NumberOffice,
) -> None:
    trunk = await office.routing.trunks.create(
        office.by, "main", {"host": "192.0.2.1", "caller_id_policy": CallerIdPolicy.TRUNK_NUMBERS}
    )
    pool_id = await office.make_pool(FIRST, SECOND)
    await office.routing.numbers.update(office.by, office.ids[SECOND], {"trunk_id": trunk.id})
    assert [await choose(office, pool_id, WASHINGTON, trunk_id=trunk.id) for _ in range(2)] == [SECOND, SECOND]
    assert await choose(office, pool_id, WASHINGTON) == FIRST


async def test_given_a_flagged_number_when_a_call_would_show_it_then_the_directory_says_what_speaks_against_it(
    office: NumberOffice,
) -> None:
    directory = Directory(office.database)
    await office.reputation.flag(office.by, office.ids[FIRST], "doubt")
    by_default = (await directory.resolve_originate(office.account_id)).caller_id
    other = (await directory.resolve_originate(office.account_id, caller_id=SECOND)).caller_id
    assert by_default is not None
    assert other is not None
    assert (by_default.number, by_default.flagged_for) == (FIRST, ("It was flagged by hand: doubt",))
    assert other.flagged_for == ()
