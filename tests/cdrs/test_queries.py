"""Reading records: one account's, by id, by call, by filter, in every order, page by page."""

from datetime import timedelta
from operator import attrgetter

import pytest

from app.cdrs.filters import CallFilter
from app.cdrs.queries import CdrOrder, CdrQueries
from app.db.engine import Database
from app.errors import RefusedError
from app.facts.calls import CdrRecord
from app.facts.vocabulary import CallKind, CallState, Direction, Disposition, Errand
from app.paging import PageRequest
from tests.calls.making import NOON
from tests.cdrs.records import insert_cdrs, make_cdr

pytestmark = pytest.mark.postgres


async def _insert(database: Database, *records: CdrRecord, account_id: str = "acc_1") -> CdrQueries:
    async with database.acquire() as connection:
        await insert_cdrs(connection, [(account_id, record) for record in records])
    return CdrQueries(database)


async def test_given_records_when_asked_for_by_id_or_call_then_those_there_are_come_back(database: Database) -> None:
    one, two = make_cdr(), make_cdr()
    queries = await _insert(database, one, two)
    assert await queries.get("acc_1", one.id) == one
    assert await queries.get_many("acc_1", [two.id, one.id, "cdr_none"]) == {one.id: one, two.id: two}
    assert await queries.get_by_call("acc_1", [str(two.call_id), "call_none"]) == {two.call_id: two}
    assert await queries.get_many("acc_1", []) == await queries.get_by_call("acc_1", []) == {}


async def test_given_another_accounts_record_when_asked_for_then_it_does_not_exist(database: Database) -> None:
    record = make_cdr()
    queries = await _insert(database, record, account_id="acc_other")
    assert await queries.get("acc_1", record.id) is None
    assert await queries.get_by_call("acc_1", [str(record.call_id)]) == {}
    assert not (await queries.page("acc_1", CallFilter(), PageRequest())).items
    assert (await queries.count("acc_1", CallFilter())).count == 0


@pytest.mark.parametrize(
    ("order", "field", "is_descending"),
    [
        (CdrOrder.CREATED_AT_DESC, "created_at", True),
        (CdrOrder.CREATED_AT_ASC, "created_at", False),
        (CdrOrder.DURATION_DESC, "duration_seconds", True),
        (CdrOrder.DURATION_ASC, "duration_seconds", False),
        (CdrOrder.TALK_DESC, "talk_seconds", True),
        (CdrOrder.TALK_ASC, "talk_seconds", False),
    ],
)
async def test_given_ties_when_paged_in_an_order_then_each_record_comes_once_and_in_it(
    database: Database, order: CdrOrder, field: str, is_descending: bool
) -> None:
    records = [
        make_cdr(NOON + timedelta(minutes=number % 3), duration_seconds=10.1 * (number % 4), talk_seconds=number % 5)
        for number in range(17)
    ]
    queries = await _insert(database, *records)
    expected = [record.id for record in sorted(records, key=attrgetter(field, "id"), reverse=is_descending)]
    found: list[str] = []
    request = PageRequest(limit=4)
    while True:
        page = await queries.page("acc_1", CallFilter(), request, order=order)
        found += [record.id for record in page.items]
        if not page.has_next:
            break
        request = PageRequest(limit=4, position=page.positions[-1])
    assert found == expected
    backwards = PageRequest(limit=3, position=page.positions[0], backwards=True)
    page = await queries.page("acc_1", CallFilter(), backwards, order=order)
    assert [record.id for record in page.items] == expected[13:16]


async def test_given_a_position_of_another_order_when_paged_then_it_is_refused(database: Database) -> None:
    queries = await _insert(database, make_cdr(), make_cdr())
    page = await queries.page("acc_1", CallFilter(), PageRequest(limit=1))
    with pytest.raises(RefusedError):
        await queries.page("acc_1", CallFilter(), PageRequest(position=page.positions[0]), order=CdrOrder.DURATION_DESC)


_TOLD_APART = {
    "plain": make_cdr(),
    "later": make_cdr(NOON + timedelta(minutes=10)),
    "number": make_cdr(dialled_number="+15550100042"),
    "agent": make_cdr(agent_id="agent_2"),
    "extension": make_cdr(extension="2002"),
    "external_id": make_cdr(external_id="lead-8"),
    "tags": make_cdr(tags=("spring", "hot")),
    "busy": make_cdr(disposition=Disposition.BUSY),
    "inbound": make_cdr(
        direction=Direction.INBOUND, kind=CallKind.INBOUND, dialled_number="+15550100000", caller_id="+15550100077"
    ),
    "shown": make_cdr(caller_id="+15550100077"),
    "trunk": make_cdr(trunk_id="trunk_2"),
    "queue": make_cdr(queue_id="queue_1"),
    "campaign": make_cdr(errand=Errand(campaign_id="cmp_1", contact_id="con_1", contact_list_id="lst_1")),
}


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (CallFilter(created_from=NOON + timedelta(minutes=10)), {"later"}),
        (CallFilter(created_from=NOON + timedelta(minutes=10, microseconds=1)), set()),
        (CallFilter(created_to=NOON + timedelta(minutes=10)), set(_TOLD_APART) - {"later"}),
        (CallFilter(number="+15550100042"), {"number"}),
        (CallFilter(agent_ids=("agent_2", "agent_3")), {"agent"}),
        (CallFilter(extensions=("2002",)), {"extension"}),
        (CallFilter(external_id="lead-8"), {"external_id"}),
        (CallFilter(tag="hot"), {"tags"}),
        (CallFilter(dispositions=(Disposition.BUSY,)), {"busy"}),
        (CallFilter(directions=(Direction.INBOUND,), kinds=(CallKind.INBOUND,)), {"inbound"}),
        (CallFilter(states=(CallState.CONNECTED, CallState.ENDED)), set(_TOLD_APART)),
        (CallFilter(states=(CallState.CONNECTED,)), set()),
        (CallFilter(number="+15550100042", tag="hot"), set()),
        (CallFilter(customer_number="+15550100042"), {"number"}),
        (CallFilter(customer_number="+15550100077"), {"inbound"}),
        (CallFilter(customer_number="+15550100000"), set(_TOLD_APART) - {"number", "inbound"}),
        (CallFilter(trunk_ids=("trunk_2", "trunk_3")), {"trunk"}),
        (CallFilter(queue_ids=("queue_1",)), {"queue"}),
        (CallFilter(campaign_id="cmp_1"), {"campaign"}),
        (CallFilter(contact_id="con_1"), {"campaign"}),
        (CallFilter(contact_id="con_2"), set()),
        (CallFilter(callback_id="cb_1"), set()),
    ],
)
async def test_given_a_filter_when_listed_and_counted_then_only_what_it_admits_is_there(
    database: Database, where: CallFilter, expected: set[str]
) -> None:
    queries = await _insert(database, *_TOLD_APART.values())
    page = await queries.page("acc_1", where, PageRequest())
    assert {name for name, record in _TOLD_APART.items() if record in page.items} == expected
    assert (await queries.count("acc_1", where)).count == len(expected)
