"""Reading calls: one account's, by id, by leg, by filter, page by page."""

import itertools
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from app.calls.core.model.call import Call
from app.calls.reading.queries import CallOrder, CallQueries
from app.cdrs.filters import CallFilter
from app.db.engine import Database
from app.errors import RefusedError
from app.facts.vocabulary import CallKind, CallState, Direction, Disposition
from app.paging import PageRequest
from tests.calls.making import NOON, make_call
from tests.calls.rows import insert_calls

pytestmark = pytest.mark.postgres


def _at(minutes: int, **fields: Any) -> Call:
    return make_call(created_at=NOON + timedelta(minutes=minutes), **fields)


async def test_given_a_call_when_read_by_id_then_it_is_the_very_same(database: Database) -> None:
    call = make_call()
    await insert_calls(database, [call])
    queries = CallQueries(database)
    assert await queries.get("acc_1", call.id) == call
    assert await queries.get_many("acc_1", [call.id, "call_none"]) == {call.id: call}
    assert await queries.get_many("acc_1", []) == {}
    for leg in call.legs:
        assert await queries.find_leg("acc_1", leg.id) == (call, leg)


async def test_given_another_accounts_call_when_asked_for_then_it_does_not_exist(database: Database) -> None:
    call = make_call(account_id="acc_other")
    await insert_calls(database, [call])
    queries = CallQueries(database)
    assert await queries.get("acc_1", call.id) is None
    assert await queries.get_many("acc_1", [call.id]) == {}
    assert await queries.find_leg("acc_1", call.legs[0].id) is None
    page = await queries.page("acc_1", CallFilter(), PageRequest())
    assert (list(page.items), page.has_next, page.has_previous) == ([], False, False)
    assert (await queries.count("acc_1", CallFilter())).count == 0


async def test_given_a_channel_when_its_live_call_is_asked_for_then_ended_ones_and_other_accounts_are_not_found(
    database: Database,
) -> None:
    live = _with_channel(_at(0), "PJSIP/101-0000023c")
    over = msgspec.structs.replace(_at(1), state=CallState.ENDED, ended_at=NOON + timedelta(minutes=2))
    ended = _with_channel(over, "PJSIP/101-0000023d")
    other = _with_channel(_at(2, account_id="acc_other"), "PJSIP/101-0000023e")
    await insert_calls(database, [live, ended, other])
    queries = CallQueries(database)
    assert await queries.find_channel("acc_1", "PJSIP/101-0000023c") == live
    for name in ("PJSIP/101-0000023d", "PJSIP/101-0000023e", "PJSIP/101-0000023%", ""):
        assert await queries.find_channel("acc_1", name) is None
    again = _with_channel(_at(3), "PJSIP/101-0000023c")
    await insert_calls(database, [again])
    assert await queries.find_channel("acc_1", "PJSIP/101-0000023c") == again


def _with_channel(call: Call, channel_name: str) -> Call:
    first, *others = call.legs
    return msgspec.structs.replace(call, legs=(msgspec.structs.replace(first, channel_name=channel_name), *others))


async def test_given_many_calls_of_one_instant_when_paged_both_ways_then_each_comes_once_in_order(
    database: Database,
) -> None:
    calls = [_at(number // 5) for number in range(23)]
    await insert_calls(database, calls)
    queries = CallQueries(database)
    for order, reverse in ((CallOrder.CREATED_AT_DESC, True), (CallOrder.CREATED_AT_ASC, False)):
        expected = [call.id for call in sorted(calls, key=lambda call: (call.created_at, call.id), reverse=reverse)]
        forwards: list[str] = []
        request: PageRequest | None = PageRequest(limit=4)
        last_position = None
        while request is not None:
            page = await queries.page("acc_1", CallFilter(), request, order=order)
            forwards += [call.id for call in page.items]
            last_position = page.positions[-1]
            request = PageRequest(limit=4, position=last_position) if page.has_next else None
        assert forwards == expected
        page = await queries.page(
            "acc_1", CallFilter(), PageRequest(limit=5, position=last_position, backwards=True), order=order
        )
        assert [call.id for call in page.items] == expected[-6:-1]
        assert (page.has_previous, page.has_next) == (True, True)


async def test_given_a_position_of_another_form_when_paged_then_it_is_refused(database: Database) -> None:
    with pytest.raises(RefusedError) as caught:
        await CallQueries(database).page("acc_1", CallFilter(), PageRequest(position=(1, 2)))
    assert caught.value.problems[0].code == "INVALID_CURSOR"


@pytest.fixture
async def told_apart(database: Database) -> tuple[CallQueries, dict[str, Call]]:
    """One plain call, and for each thing a filter knows one that differs in it."""
    plain = _at(0)
    calls = {
        "plain": plain,
        "later": _at(10),
        "number": _at(0, number="+15550100042"),
        "agent": _at(0, agent_id="agent_2"),
        "extension": _at(0, extension="2002"),
        "external_id": _at(0, external_id=None),
        "tags": _at(0, tags=("spring", "vip")),
        "ended": msgspec.structs.replace(_at(0), state=CallState.ENDED, outcome=Disposition.BUSY),
        "inbound": msgspec.structs.replace(
            _at(0), direction=Direction.INBOUND, kind=CallKind.INBOUND, caller_id="+15550100077"
        ),
        "trunk": msgspec.structs.replace(_at(0), trunk_id="trunk_2"),
    }
    await insert_calls(database, list(calls.values()))
    return CallQueries(database), calls


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (CallFilter(created_from=NOON + timedelta(minutes=10)), {"later"}),
        (CallFilter(created_to=NOON), set()),
        (CallFilter(number="+15550100042"), {"number"}),
        (CallFilter(agent_ids=("agent_2",)), {"agent"}),
        (CallFilter(extensions=("2002", "2003")), {"extension"}),
        (CallFilter(dispositions=(Disposition.BUSY, Disposition.FAILED)), {"ended"}),
        (CallFilter(states=(CallState.ENDED,)), {"ended"}),
        (CallFilter(directions=(Direction.INBOUND,)), {"inbound"}),
        (CallFilter(kinds=(CallKind.INBOUND, CallKind.OTP)), {"inbound"}),
        (CallFilter(tag="vip"), {"tags"}),
        (CallFilter(external_id="lead-8"), set()),
        (CallFilter(tag="spring", agent_ids=("agent_2",), extensions=("2002",)), set()),
        (CallFilter(customer_number="+15550100042"), {"number"}),
        (CallFilter(customer_number="+15550100077"), {"inbound"}),
        (CallFilter(trunk_ids=("trunk_2",)), {"trunk"}),
        (CallFilter(queue_ids=("queue_1",)), set()),
    ],
)
async def test_given_a_filter_when_listed_and_counted_then_only_what_it_admits_is_there(
    told_apart: tuple[CallQueries, dict[str, Call]], where: CallFilter, expected: set[str]
) -> None:
    queries, calls = told_apart
    page = await queries.page("acc_1", where, PageRequest())
    assert {name for name, call in calls.items() if call in page.items} == expected
    assert (await queries.count("acc_1", where)).count == len(page.items) == len(expected)


async def test_given_the_external_id_when_filtered_then_calls_without_it_are_left_out(
    told_apart: tuple[CallQueries, dict[str, Call]],
) -> None:
    queries, calls = told_apart
    page = await queries.page("acc_1", CallFilter(external_id="lead-7"), PageRequest())
    assert {call.id for call in page.items} == {call.id for call in calls.values() if call.external_id}


async def test_given_more_calls_than_are_counted_when_counted_then_it_says_so(database: Database) -> None:
    await insert_calls(database, [_at(minute) for minute in range(6)])
    queries = CallQueries(database)
    counted = [await queries.count("acc_1", CallFilter(), at_most) for at_most in (5, 6, 7)]
    assert [(count.count, count.is_exact) for count in counted] == [(5, False), (6, True), (6, True)]


async def test_given_a_list_when_paged_then_positions_survive_json(database: Database) -> None:
    calls = [_at(minute) for minute in range(3)]
    await insert_calls(database, calls)
    queries = CallQueries(database)
    page = await queries.page("acc_1", CallFilter(), PageRequest(limit=3))
    positions = [tuple(msgspec.json.decode(msgspec.json.encode(position))) for position in page.positions]
    for position, (_, following) in zip(positions, itertools.pairwise(page.items), strict=False):
        after = await queries.page("acc_1", CallFilter(), PageRequest(limit=1, position=position))
        assert after.items[0] == following
