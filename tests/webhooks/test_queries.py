"""Deliveries and attempts as their account reads them."""

import pytest

from app.facts.webhooks import WebhookTest
from app.ids import Kind, new_id
from app.paging import PageRequest
from app.webhooks.model import DeliveryFilter, DeliveryState
from tests.webhooks.rig import Rig
from tests.webhooks.sink import Reply, Sink

pytestmark = pytest.mark.postgres


async def test_given_deliveries_that_went_well_and_badly_when_read_then_their_states_and_attempts_tell(
    rig: Rig, sink: Sink
) -> None:
    good, _ = await rig.add_endpoint(sink.url("/good"))
    bad, _ = await rig.add_endpoint(sink.url("/bad"))
    sink.behaviours["/bad"] = lambda _: Reply(status=500, body=b"it broke")
    async with rig.delivering() as deliverer:
        events = [*await rig.happen(new_id(Kind.CALL)), *await rig.happen(new_id(Kind.CALL))]
        await rig.wait_for_attempts(4)
        rig.clock.advance(7)
        deliverer.wake()
        await rig.wait_for_attempts(6)

    everything = await rig.queries.page(rig.account_id, PageRequest())
    assert [each.event_sequence for each in everything.items] == sorted(
        (event.sequence for event in [*events, *events]), reverse=True
    )
    delivered = await rig.queries.page(rig.account_id, PageRequest(), DeliveryFilter(states=(DeliveryState.DELIVERED,)))
    assert {each.endpoint_id for each in delivered.items} == {good}
    assert all(each.next_attempt_at is None and each.finished_at is not None for each in delivered.items)
    to_bad = await rig.queries.page(rig.account_id, PageRequest(), DeliveryFilter(endpoint_id=bad))
    assert [each.event_id for each in to_bad.items] == [event.id for event in reversed(events)]
    assert all(each.state is DeliveryState.PENDING and each.attempts == 2 for each in to_bad.items)
    assert all(each.next_attempt_at is not None and each.next_attempt_at > rig.clock.now() for each in to_bad.items)

    ids = [each.id for each in everything.items]
    attempts = await rig.queries.attempts_of(rig.account_id, ids)
    assert list(attempts) == ids
    for delivery in to_bad.items:
        assert [each.number for each in attempts[delivery.id]] == [1, 2]
        assert {(each.status, each.failure, each.response_excerpt) for each in attempts[delivery.id]} == {
            (500, "answered 500", "it broke")
        }
        assert all(each.latency_seconds > 0 for each in attempts[delivery.id])
    for delivery in delivered.items:
        ((only),) = attempts[delivery.id]
        assert (only.status, only.failure, only.response_excerpt) == (200, None, "ok")


async def test_given_another_account_when_it_asks_for_deliveries_then_they_do_not_exist(rig: Rig, sink: Sink) -> None:
    endpoint_id, _ = await rig.add_endpoint(sink.url())
    async with rig.delivering():
        await rig.happen(new_id(Kind.CALL))
        await rig.wait_for_states(DELIVERED=1)
    (mine,) = (await rig.queries.page(rig.account_id, PageRequest())).items
    other = await rig.add_account("other")
    assert not (await rig.queries.page(other, PageRequest(), DeliveryFilter(endpoint_id=endpoint_id))).items
    assert await rig.queries.get(other, mine.id) is None
    assert await rig.queries.attempts_of(other, [mine.id]) == {mine.id: []}
    assert await rig.queries.get(rig.account_id, mine.id) == mine


async def test_given_deliveries_of_one_event_to_several_endpoints_when_paged_then_none_is_skipped(
    rig: Rig,
) -> None:
    for number in range(3):
        await rig.add_endpoint(f"http://127.0.0.1:9999/{number}")
    await rig.happen(new_id(Kind.CALL), 2)
    seen: list[str] = []
    request = PageRequest(limit=2)
    while True:
        page = await rig.queries.page(rig.account_id, request)
        seen += [each.id for each in page.items]
        if not page.has_next:
            break
        request = PageRequest(limit=2, position=page.positions[-1])
    assert len(seen) == len(set(seen)) == 6


async def test_given_what_waits_and_what_fails_when_counted_then_the_backlog_tells_and_disabled_endpoints_do_not_count(
    rig: Rig, sink: Sink
) -> None:
    await rig.add_endpoint(sink.url("/bad"))
    off, _ = await rig.add_endpoint(sink.url("/off"))
    sink.behaviours["/bad"] = lambda _: Reply(status=500)
    await rig.happen(new_id(Kind.CALL), 2)
    await rig.endpoints.update(rig.account_id, off, is_enabled=False)
    async with rig.delivering():
        await rig.wait_for_attempts(1)
    backlog = await rig.queries.backlog()
    assert (backlog.pending, backlog.retrying) == (2, 1)
    assert backlog.oldest_at == rig.clock.now()
    assert (backlog.enabled_endpoints, backlog.disabled_endpoints, backlog.failing_endpoints) == (1, 1, 1)


async def test_given_a_condition_when_deliveries_are_read_then_only_those_that_meet_all_of_it_come(
    rig: Rig, sink: Sink
) -> None:
    first, _ = await rig.add_endpoint(sink.url("/first"))
    await rig.add_endpoint(sink.url("/second"))
    early, late = new_id(Kind.CALL), new_id(Kind.CALL)
    begin = rig.clock.now()
    await rig.happen(early, 2)
    rig.clock.advance(3600)
    middle = rig.clock.now()
    await rig.happen(late)
    await rig.log.append([rig.draft(first, WebhookTest(endpoint_id=first))])

    async def found(where: DeliveryFilter) -> list[tuple[str, str]]:
        page = await rig.queries.page(rig.account_id, PageRequest(), where)
        assert (await rig.queries.count(rig.account_id, where)).count == len(page.items)
        return [(each.subject_id, each.event_type) for each in page.items]

    updated, tested = "call.updated", "webhook.test"
    assert await found(DeliveryFilter(subject_id=early)) == [(early, updated)] * 4
    assert await found(DeliveryFilter(subject_id=early, endpoint_id=first)) == [(early, updated)] * 2
    assert await found(DeliveryFilter(event_types=(tested,))) == [(first, tested)]
    assert await found(DeliveryFilter(event_types=(tested, updated), endpoint_id=first, created_from=middle)) == [
        (first, tested),
        (late, updated),
    ]
    assert await found(DeliveryFilter(created_from=begin, created_to=middle)) == [(early, updated)] * 4
    assert await found(DeliveryFilter(created_to=begin)) == []
    assert await found(DeliveryFilter(states=(DeliveryState.EXHAUSTED, DeliveryState.DROPPED))) == []
    assert len(await found(DeliveryFilter(states=(DeliveryState.PENDING,), subject_id=late))) == 2


async def test_given_an_event_past_retention_when_its_delivery_is_read_then_it_names_no_event(rig: Rig) -> None:
    await rig.add_endpoint("http://127.0.0.1:9999/")
    (event,) = await rig.happen(new_id(Kind.CALL))
    (delivery,) = await rig.queries.of_event(rig.account_id, event.id)
    assert delivery.event_id == event.id
    async with rig.database.acquire() as connection:
        await connection.execute("DELETE FROM event")
    found = await rig.queries.get(rig.account_id, delivery.id)
    assert found is not None
    assert (found.event_id, found.event_sequence) == (None, event.sequence)
