"""Lists of deliveries stay cheap: with many rows each page is answered from an index, in the list's own order."""

from collections.abc import AsyncIterator

import pytest

from app.db.engine import Database
from app.db.keyset import page_sql
from app.local.postgres import LocalPostgres
from app.paging import PageRequest
from app.webhooks.model import DeliveryFilter, DeliveryState
from app.webhooks.queries import _KEYS, WebhookQueries, _list

pytestmark = pytest.mark.postgres

_FILL = """
INSERT INTO account (id, name, display_name, default_region, is_sandbox)
SELECT 'acc_' || n, 'acme' || n, '', 'US', false FROM generate_series(0, 2) n;

INSERT INTO webhook_endpoint (id, account_id, url, api_version, secret_sealed, is_enabled, next_delivery_sequence)
SELECT 'end_' || n, 'acc_' || n, 'http://127.0.0.1:9', '1', '', true, 1 FROM generate_series(0, 2) n;

INSERT INTO event (sequence, id, account_id, type, subject_id, occurred_at, actor_kind, is_sandbox, data)
OVERRIDING SYSTEM VALUE
SELECT n, 'evt_' || n, 'acc_' || n % 3, 'call.updated', 'call_' || n / 10, now(), 'SYSTEM', false, '{}'
FROM generate_series(1, 30000) n;

INSERT INTO webhook_delivery (id, account_id, endpoint_id, event_sequence, event_type, subject_id, delivery_sequence,
                              state, finished_at)
SELECT 'del_' || n, 'acc_' || n % 3, 'end_' || n % 3, n, 'call.updated', 'call_' || n / 10, n,
       CASE WHEN n % 100 < 3 THEN 'EXHAUSTED' ELSE 'DELIVERED' END, now()
FROM generate_series(1, 30000) n;

ANALYZE webhook_delivery, event;
"""


@pytest.fixture(scope="module")
async def filled(postgres: LocalPostgres, migrated_template: str) -> AsyncIterator[Database]:
    """Many deliveries of three accounts, few of them undelivered."""
    dsn = await postgres.create_database_from_template("delivery_plans", migrated_template)
    database = await Database.connect(dsn, pool_size=2, command_timeout=60.0)
    async with database.acquire() as connection:
        await connection.execute(_FILL)
    yield database
    await database.aclose()
    await postgres.drop_database("delivery_plans")


@pytest.mark.parametrize(
    ("where", "index"),
    [
        (DeliveryFilter(), "webhook_delivery_by_time"),
        (DeliveryFilter(endpoint_id="end_1"), "webhook_delivery_"),  # whichever: both are in the order of the log
        (DeliveryFilter(event_types=("call.updated", "call.ended")), "webhook_delivery_by_time"),
        (DeliveryFilter(states=(DeliveryState.EXHAUSTED,)), "webhook_delivery_undelivered"),
        (DeliveryFilter(states=(DeliveryState.DROPPED, DeliveryState.EXHAUSTED)), "webhook_delivery_undelivered"),
        (DeliveryFilter(subject_id="call_77"), "event_by_subject"),
    ],
)
async def test_given_many_deliveries_when_a_deep_page_is_read_then_an_index_answers_it(
    filled: Database, where: DeliveryFilter, index: str
) -> None:
    page = PageRequest(limit=20, position=(20_000, "del_20000"))
    statement, values = page_sql(_list("acc_1", where), keys=_KEYS, descending=True, page=page)
    async with filled.acquire() as connection:
        lines = [row[0] for row in await connection.fetch(f"EXPLAIN {statement}", *values)]
    plan = "\n".join(lines)
    assert index in plan, plan
    assert "Seq Scan" not in plan, plan
    found = await WebhookQueries(filled).page("acc_1", page, where)
    assert found.items
    assert all(delivery.event_sequence < 20_000 for delivery in found.items)
    assert {delivery.event_id for delivery in found.items} == {f"evt_{one.event_sequence}" for one in found.items}
