"""What becomes a delivery, in the transaction of the log."""

import pytest

from app.db.engine import Database
from app.events.log import EventLog
from app.facts.calls import Fact
from app.facts.webhooks import WebhookDisabled, WebhookExhausted, WebhookTest
from app.ids import Kind, kind_of, new_id
from app.webhooks.enqueue import Enqueuer
from tests.webhooks.rig import Rig, webhooks_on

pytestmark = pytest.mark.postgres
URL = "http://127.0.0.1:9999/"


async def deliveries(rig: Rig) -> list[tuple[str, int, int]]:
    """Endpoint, event sequence and delivery sequence of each delivery."""
    return await rig.fetch(
        "SELECT endpoint_id, event_sequence, delivery_sequence FROM webhook_delivery "
        "ORDER BY event_sequence, endpoint_id"
    )


async def append_about(rig: Rig, endpoint_id: str, fact: Fact) -> None:
    draft = rig.draft(endpoint_id, fact)
    await rig.log.append([draft])


async def test_given_endpoints_with_patterns_when_facts_happen_then_each_gets_its_own_densely_numbered(
    rig: Rig,
) -> None:
    everything, _ = await rig.add_endpoint(URL, "*")
    calls, _ = await rig.add_endpoint(URL, "leg.*", "call.*")
    nothing, _ = await rig.add_endpoint(URL, "leg.*")
    events = [*await rig.happen("call_a", 2)]
    events += await rig.log.append([rig.draft("call_a"), rig.draft("call_b"), rig.draft("call_a")])
    found = await deliveries(rig)
    for endpoint_id in (everything, calls):
        mine = [row[1:] for row in found if row[0] == endpoint_id]
        assert mine == [(event.sequence, number) for number, event in enumerate(events, start=1)]
    assert not [row for row in found if row[0] == nothing]
    ids = [row[0] for row in await rig.fetch("SELECT id FROM webhook_delivery")]
    assert {kind_of(each) for each in ids} == {Kind.WEBHOOK_DELIVERY}
    assert len(set(ids)) == 10


async def test_given_a_transaction_that_is_rolled_back_when_it_appended_then_no_delivery_and_no_number_is_left(
    rig: Rig,
) -> None:
    await rig.add_endpoint(URL)
    async with rig.database.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await rig.log.append_in(connection, [rig.draft("call_a")])
        await transaction.rollback()
    assert await deliveries(rig) == []
    await rig.happen("call_b")
    assert [row[2] for row in await deliveries(rig)] == [1]


async def test_given_an_endpoint_that_is_disabled_when_facts_happen_then_they_are_kept_for_thirty_days(
    rig: Rig,
) -> None:
    endpoint_id, _ = await rig.add_endpoint(URL)
    await rig.endpoints.update(rig.account_id, endpoint_id, is_enabled=False)
    rig.clock.advance(30 * 86400 - 60)
    await rig.endpoints.update(rig.account_id, endpoint_id, is_enabled=False)  # it has been so all along
    await rig.happen("call_a")
    rig.clock.advance(120)
    await rig.happen("call_a")
    assert [row[2] for row in await deliveries(rig)] == [1]
    await rig.endpoints.update(rig.account_id, endpoint_id, is_enabled=True)
    await rig.happen("call_a")
    assert [row[2] for row in await deliveries(rig)] == [1, 2]


async def test_given_a_test_of_an_endpoint_that_was_disabled_meanwhile_when_appended_then_it_is_not_kept(
    rig: Rig,
) -> None:
    endpoint_id, _ = await rig.add_endpoint(URL)
    await rig.endpoints.update(rig.account_id, endpoint_id, is_enabled=False)
    await append_about(rig, endpoint_id, WebhookTest(endpoint_id=endpoint_id))
    assert await deliveries(rig) == []


async def test_given_another_accounts_and_deleted_endpoints_when_facts_happen_then_they_get_nothing(rig: Rig) -> None:
    other = await rig.add_account("other")
    await rig.add_endpoint(URL, account_id=other)
    deleted, _ = await rig.add_endpoint(URL)
    await rig.endpoints.delete(rig.account_id, deleted)
    await rig.happen("call_a")
    assert await deliveries(rig) == []


async def test_given_a_test_event_when_asked_for_one_endpoint_then_it_alone_gets_it_whatever_it_asks_for(
    rig: Rig,
) -> None:
    tested, _ = await rig.add_endpoint(URL, "call.ended")
    await rig.add_endpoint(URL, "*")
    await append_about(rig, tested, WebhookTest(endpoint_id=tested))
    assert [row[0] for row in await deliveries(rig)] == [tested]


@pytest.mark.parametrize("kind", ["webhook.exhausted", "webhook.disabled"])
async def test_given_an_endpoint_that_is_down_when_it_is_said_then_the_others_hear_it_and_not_itself(
    rig: Rig, kind: str
) -> None:
    down, _ = await rig.add_endpoint(URL, "*")
    well, _ = await rig.add_endpoint(URL, "*")
    fact: Fact = (
        WebhookDisabled(endpoint_id=down, reason="why") if kind == "webhook.disabled" else exhausted(down, "call.ended")
    )
    await append_about(rig, down, fact)
    assert [row[0] for row in await deliveries(rig)] == [well]


async def test_given_two_endpoints_that_are_down_when_news_of_one_is_exhausted_at_the_other_then_it_ends_there(
    rig: Rig,
) -> None:
    one, _ = await rig.add_endpoint(URL, "*")
    await rig.add_endpoint(URL, "*")
    await append_about(rig, one, exhausted(one, "webhook.exhausted"))
    assert await deliveries(rig) == []


async def test_given_a_schedule_that_begins_with_a_wait_when_a_fact_happens_then_its_first_attempt_waits(
    database: Database,
) -> None:
    async with webhooks_on(database, schedule=(30.0, 5.0)) as rig:
        await rig.add_endpoint(URL)
        await rig.happen("call_a")
        ((due,),) = await rig.fetch("SELECT next_attempt_at FROM webhook_delivery")
        assert (due - rig.clock.now()).total_seconds() == pytest.approx(30)


async def test_given_facts_of_calls_when_written_in_one_statement_then_the_same_deliveries_come_of_them(
    rig: Rig,
) -> None:
    enqueuer = Enqueuer(rig.clock, rig.schedule)
    log = EventLog(rig.database, hooks=[enqueuer.enqueue], inline=enqueuer.inline)
    everything, _ = await rig.add_endpoint(URL, "*")
    await rig.add_endpoint(URL, "leg.*")
    drafts = [rig.draft("call_a"), rig.draft("call_b"), rig.draft("call_a")]
    async with rig.database.acquire() as connection:
        written = await log.write(connection, (), drafts)
    assert enqueuer.take_news()
    assert not enqueuer.take_news()
    inline = [(everything, event.sequence, number) for number, event in enumerate(written.events, start=1)]
    assert await deliveries(rig) == inline
    rows = await rig.fetch("SELECT subject_id, event_type, created_at, next_attempt_at FROM webhook_delivery")
    assert rows == [(draft.subject_id, "call.updated", rig.clock.now(), rig.clock.now()) for draft in drafts]
    events = await log.append([rig.draft("call_a")])
    assert await deliveries(rig) == [*inline, (everything, events[0].sequence, 4)]


def exhausted(endpoint_id: str, event_type: str) -> WebhookExhausted:
    return WebhookExhausted(
        endpoint_id=endpoint_id,
        delivery_id=new_id(Kind.WEBHOOK_DELIVERY),
        event_id=new_id(Kind.EVENT),
        event_type=event_type,
        attempts=10,
    )
