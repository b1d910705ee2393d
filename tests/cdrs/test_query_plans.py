"""Pages stay cheap: with many rows in the tables each is one statement, answered from an index."""

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import Any

import asyncpg
import msgspec
import orjson
import pytest

from app.calls.reading.queries import CallOrder, CallQueries
from app.cdrs.filters import CallFilter
from app.cdrs.queries import CdrOrder, CdrQueries
from app.db.engine import Database
from app.facts.vocabulary import Disposition
from app.local.postgres import LocalPostgres
from app.paging import Page, PageRequest
from tests.calls.making import NOON, make_call

pytestmark = pytest.mark.postgres

_ROWS = 50_000
_COLUMNS = (
    "id, account_id, kind, direction, created_at, agent_id, extension, dialled_number, disposition, tags, "
    "trunk_id, queue_id"
)
_VALUES = f"""
       'acc_' || number % 3, 'CLICK_TO_CALL', 'OUTBOUND', $1::timestamptz + number * interval '1 second',
       'agent_' || number % 40, (2000 + number % 40)::text, '+1555' || number % 5000,
       (ARRAY['ANSWERED', 'BUSY', 'NO_ANSWER'])[1 + number % 3], '{{}}'::text[],
       'trunk_' || number % 40, 'queue_' || number % 40
FROM generate_series(1, {_ROWS}) AS number
"""
_FILL_CDRS = f"""
INSERT INTO cdr (call_id, end_code, end_party, source, unique_id, ended_at, ring_seconds, talk_seconds,
                 duration_seconds, is_sandbox, {_COLUMNS})
SELECT 'call_' || number, 'HANGUP', 'AGENT', 'LIVE', 'ofk', now(), 1, number % 600, number % 900, false,
       'cdr_' || number, {_VALUES}
"""
_FILL_CALLS = f"""
INSERT INTO call (node, state, is_settled, is_sandbox, snapshot, {_COLUMNS})
SELECT 'n1', 'ENDED', true, false, $2::text::json, 'call_' || number, {_VALUES}
"""

Statement = tuple[str, tuple[Any, ...]]


@pytest.fixture(scope="module")
async def filled(postgres: LocalPostgres, migrated_template: str) -> AsyncIterator[Database]:
    """Many rows of three accounts in both tables."""
    dsn = await postgres.create_database_from_template("query_plans", migrated_template)
    database = await Database.connect(dsn, pool_size=2, command_timeout=60.0)
    async with database.acquire() as connection:
        await connection.execute(_FILL_CDRS, NOON)
        await connection.execute(_FILL_CALLS, NOON, msgspec.json.encode(make_call()).decode())
        await connection.execute("ANALYZE cdr, call")
    yield database
    await database.aclose()
    await postgres.drop_database("query_plans")


@contextmanager
def _listening() -> Iterator[list[Statement]]:
    """What is asked of the database meanwhile, by whoever runs in this context: not by services of other tests."""
    heard: list[Statement] = []
    is_listening: ContextVar[bool] = ContextVar("is_listening", default=False)
    is_listening.set(True)

    def hearing(original: Callable[..., Any]) -> Callable[..., Any]:
        def ask(connection: Any, text: str, *values: Any, **options: Any) -> Any:
            if is_listening.get():
                heard.append((text, values))
            return original(connection, text, *values, **options)

        return ask

    with pytest.MonkeyPatch.context() as patch:
        for name in ("fetch", "fetchval"):
            patch.setattr(asyncpg.Connection, name, hearing(getattr(asyncpg.Connection, name)))
        yield heard


def _walk(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from _walk(inner)


async def _explain(database: Database, statement: Statement) -> list[dict[str, Any]]:
    text, values = statement
    async with database.acquire() as connection:
        lines = await connection.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {text}", *values)
    documents = orjson.loads(lines) if isinstance(lines, str) else lines
    return list(_walk(documents[0]["Plan"]))


_FILTERS = {
    "everything": CallFilter(),
    "time": CallFilter(created_from=NOON + timedelta(hours=1), created_to=NOON + timedelta(hours=2)),
    "number": CallFilter(number="+1555123"),
    "agent": CallFilter(agent_ids=("agent_7",)),
    "extension": CallFilter(extensions=("2007",)),
    "disposition": CallFilter(dispositions=(Disposition.BUSY, Disposition.NO_ANSWER)),
    "external id": CallFilter(external_id="lead-7"),
    "customer": CallFilter(customer_number="+1555123", created_from=NOON, created_to=NOON + timedelta(hours=1)),
    "trunk": CallFilter(trunk_ids=("trunk_7",)),
    "queue": CallFilter(queue_ids=("queue_7",)),
    "callback": CallFilter(callback_id="cb_7"),
    "contact": CallFilter(contact_id="con_7", created_from=NOON, created_to=NOON + timedelta(hours=1)),
    "contact of a campaign": CallFilter(contact_id="con_7", campaign_id="cmp_7"),
}
Ask = Callable[[Database, CallFilter, PageRequest], Coroutine[Any, Any, Page[Any]]]


def _cdrs(order: CdrOrder) -> Ask:
    return lambda database, where, page: CdrQueries(database).page("acc_1", where, page, order=order)


def _calls(order: CallOrder) -> Ask:
    return lambda database, where, page: CallQueries(database).page("acc_1", where, page, order=order)


_LISTS = {f"cdrs {order}": _cdrs(order) for order in CdrOrder} | {
    f"calls {order}": _calls(order) for order in CallOrder
}


@pytest.mark.parametrize("where", _FILTERS.values(), ids=_FILTERS.keys())
@pytest.mark.parametrize("ask", _LISTS.values(), ids=_LISTS.keys())
async def test_given_many_rows_when_a_page_is_read_then_it_is_one_statement_over_an_index(
    filled: Database, ask: Ask, where: CallFilter
) -> None:
    with _listening() as heard:
        await ask(filled, where, PageRequest(limit=20))
    (statement,) = heard
    nodes = await _explain(filled, statement)
    listed = {"cdr", "call"}
    assert not [node for node in nodes if node["Node Type"] == "Seq Scan" and node["Relation Name"] in listed]
    assert [node for node in nodes if "Index Name" in node]


@pytest.mark.parametrize("ask", _LISTS.values(), ids=_LISTS.keys())
async def test_given_a_deep_position_when_the_next_page_is_read_then_only_its_rows_are_touched(
    filled: Database, ask: Ask
) -> None:
    first = await ask(filled, CallFilter(), PageRequest(limit=200))
    deep = await ask(filled, CallFilter(), PageRequest(limit=200, position=first.positions[-1]))
    with _listening() as heard:
        await ask(filled, CallFilter(), PageRequest(limit=20, position=deep.positions[-1]))
    nodes = await _explain(filled, heard[0])
    scan = next(node for node in nodes if "Index Name" in node)
    assert scan["Actual Rows"] <= 21
    assert scan.get("Rows Removed by Filter", 0) == 0


@pytest.mark.parametrize("table", ["cdr", "call"])
async def test_given_many_rows_when_a_numbers_calls_are_listed_then_its_own_index_serves(
    filled: Database, table: str
) -> None:
    ask = _LISTS[f"{table}s CREATED_AT_DESC"]
    with _listening() as heard:
        await ask(filled, CallFilter(number="+1555123"), PageRequest(limit=20))
    nodes = await _explain(filled, heard[0])
    assert f"{table}_by_number" in {node.get("Index Name") for node in nodes}


async def test_given_many_records_when_counted_up_to_a_limit_then_no_more_are_read(filled: Database) -> None:
    with _listening() as heard:
        counted = await CdrQueries(filled).count("acc_1", CallFilter(), at_most=100)
    assert (counted.count, counted.is_exact) == (100, False)
    nodes = await _explain(filled, heard[0])
    assert all(node["Actual Rows"] <= 101 for node in nodes)
