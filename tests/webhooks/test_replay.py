"""Sending again what is over: the same ids, in order, bounded, and safe to repeat."""

import asyncio
from datetime import timedelta

import pytest

from app.errors import RefusedError
from app.facts.event import Event
from app.ids import Kind, new_id
from app.webhooks.model import DeliveryFilter, DeliveryState
from app.webhooks.replay import Replayed, WebhookReplays
from tests.webhooks.rig import Rig, eventually
from tests.webhooks.sink import Reply, Sink

pytestmark = pytest.mark.postgres

EXHAUSTED = DeliveryFilter(states=(DeliveryState.EXHAUSTED,))
ALL_STATES = DeliveryFilter(states=(DeliveryState.DELIVERED, DeliveryState.EXHAUSTED, DeliveryState.DROPPED))
FAILS = Reply(status=500)


def replays(rig: Rig) -> WebhookReplays:
    return WebhookReplays(rig.database, rig.clock)


async def deliver_all(rig: Rig, **states: int) -> None:
    async with rig.delivering():
        await rig.wait_for_states(**states)


async def exhaust(rig: Rig, sink: Sink, times: int = 2) -> list[Event]:
    """So many events of one call, all given up."""
    sink.behaviours["/"] = lambda _: FAILS
    events = list(await rig.happen(new_id(Kind.CALL), times))
    async with rig.database.acquire() as connection:
        await connection.execute("UPDATE webhook_delivery SET attempts = 9")
    async with rig.delivering() as deliverer:
        await rig.wait_for_states(EXHAUSTED=times)
        deliverer.wake()
    sink.behaviours.clear()
    sink.received.clear()
    return events


async def test_given_exhausted_deliveries_when_replayed_then_they_come_in_order_under_the_same_ids_and_say_so(
    rig: Rig, sink: Sink
) -> None:
    await rig.add_endpoint(sink.url(), "call.*")
    events = await exhaust(rig, sink, 3)
    assert await replays(rig).replay(rig.account_id, EXHAUSTED) == Replayed(3, 0, None)
    await deliver_all(rig, DELIVERED=3)
    assert [request.webhook_id for request in sink.received] == [event.id for event in events]
    assert [request.headers["offhook-replay"] for request in sink.received] == ["true"] * 3
    assert [request.headers["offhook-attempt"] for request in sink.received] == ["11"] * 3
    assert [request.headers["offhook-delivery-sequence"] for request in sink.received] == ["1", "2", "3"]
    await rig.happen(new_id(Kind.CALL))
    await deliver_all(rig, DELIVERED=4)
    assert "offhook-replay" not in sink.received[-1].headers


async def test_given_a_replay_that_fails_when_time_passes_then_it_has_a_whole_schedule_and_is_exhausted_anew(
    rig: Rig, sink: Sink
) -> None:
    await rig.add_endpoint(sink.url(), "call.*")
    await exhaust(rig, sink, 1)
    await replays(rig).replay(rig.account_id, EXHAUSTED)
    sink.behaviours["/"] = lambda _: FAILS
    async with rig.delivering() as deliverer:
        await rig.try_all(deliverer, since=1)
        await rig.wait_for_states(EXHAUSTED=1)
    assert len(sink.received) == 10
    assert await rig.fetch("SELECT count(*) FROM event WHERE type = 'webhook.exhausted'") == [(2,)]


async def test_given_the_same_replay_twice_when_asked_then_what_waits_is_left_alone(rig: Rig, sink: Sink) -> None:
    await rig.add_endpoint(sink.url())
    await rig.happen(new_id(Kind.CALL), 3)
    await deliver_all(rig, DELIVERED=3)
    first, second = await asyncio.gather(*(replays(rig).replay(rig.account_id, ALL_STATES) for _ in range(2)))
    assert first.count + second.count == 3
    assert await replays(rig).replay(rig.account_id, ALL_STATES) == Replayed(0, 0, None)
    await deliver_all(rig, DELIVERED=3)
    assert len(sink.received) == 6


async def test_given_an_idempotency_key_when_repeated_after_the_replay_was_delivered_then_nothing_is_sent_twice(
    rig: Rig, sink: Sink
) -> None:
    await rig.add_endpoint(sink.url())
    await rig.happen(new_id(Kind.CALL), 3)
    await deliver_all(rig, DELIVERED=3)
    assert await replays(rig).replay(rig.account_id, ALL_STATES, key="once") == Replayed(3, 0, None)
    await deliver_all(rig, DELIVERED=3)
    assert await replays(rig).replay(rig.account_id, ALL_STATES, key="once") == Replayed(0, 3, None, is_replayed=True)
    # Another condition is another request, and so is another key.
    delivered = DeliveryFilter(states=(DeliveryState.DELIVERED,))
    assert (await replays(rig).replay(rig.account_id, delivered, key="once")).count == 3
    await deliver_all(rig, DELIVERED=3)
    assert (await replays(rig).replay(rig.account_id, delivered, key="twice")).count == 3
    await deliver_all(rig, DELIVERED=3)
    assert len(sink.received) == 12


async def test_given_more_than_one_request_goes_through_when_continued_then_each_is_replayed_once_and_no_newcomer(
    rig: Rig, sink: Sink
) -> None:
    await rig.add_endpoint(sink.url())
    await rig.log.append([rig.draft(new_id(Kind.CALL)) for _ in range(25)])
    await deliver_all(rig, DELIVERED=25)
    counts, position = [], None
    while True:
        done = await replays(rig).replay(rig.account_id, ALL_STATES, after=position, at_most=10)
        counts.append(done.count)
        if done.position is None:
            break
        position = done.position
        await deliver_all(rig, DELIVERED=25 + len(counts) - 1)  # delivered again before the next request
        await rig.happen(new_id(Kind.CALL))
        await deliver_all(rig, DELIVERED=25 + len(counts))
    assert counts == [10, 10, 5]
    await deliver_all(rig, DELIVERED=27)
    ids = [request.webhook_id for request in sink.received]
    assert len(ids) == 25 + 25 + 2
    assert sorted(ids.count(one) for one in set(ids)) == [1, 1] + [2] * 25


async def test_given_conditions_when_replayed_then_only_those_that_meet_all_of_them_are(rig: Rig, sink: Sink) -> None:
    one, _ = await rig.add_endpoint(sink.url("/one"))
    await rig.add_endpoint(sink.url("/other"))
    early, late = new_id(Kind.CALL), new_id(Kind.CALL)
    begin = rig.clock.now()
    await rig.happen(early, 2)
    rig.clock.advance(3600)
    await rig.happen(late)
    await deliver_all(rig, DELIVERED=6)
    middle = begin + timedelta(minutes=30)
    for where, count in (
        (DeliveryFilter(subject_id=early), 4),
        (DeliveryFilter(subject_id=early, endpoint_id=one), 2),
        (DeliveryFilter(created_from=middle), 2),
        (DeliveryFilter(created_to=middle, endpoint_id=one), 2),
        (DeliveryFilter(created_from=begin, created_to=begin), 0),
        (DeliveryFilter(subject_id=late, event_types=("call.ended",)), 0),
        (DeliveryFilter(subject_id=late, event_types=("call.ended", "call.updated")), 2),
        (EXHAUSTED, 0),
    ):
        sink.received.clear()
        assert (await replays(rig).replay(rig.account_id, where)).count == count, where
        await deliver_all(rig, DELIVERED=6)
        assert len(sink.received) == count


async def test_given_deliveries_by_name_when_replayed_then_those_alone_are_and_nobody_elses(
    rig: Rig, sink: Sink
) -> None:
    await rig.add_endpoint(sink.url())
    events = await rig.happen(new_id(Kind.CALL), 3)
    await deliver_all(rig, DELIVERED=3)
    sink.received.clear()
    async with rig.database.acquire() as connection:
        rows = await connection.fetch("SELECT id FROM webhook_delivery ORDER BY event_sequence")
    first, second, third = (row["id"] for row in rows)
    other = await rig.add_account("other")
    assert await replays(rig).replay(other, DeliveryFilter(), delivery_ids=[first]) == Replayed(0, 0, None)
    named = [third, first, "whd_nobodys"]
    assert await replays(rig).replay(rig.account_id, DeliveryFilter(), delivery_ids=named, key="k") == Replayed(
        2, 0, None
    )
    await deliver_all(rig, DELIVERED=3)
    assert [one.webhook_id for one in sink.received] == [events[0].id, events[2].id]
    again = await replays(rig).replay(
        rig.account_id, DeliveryFilter(), delivery_ids=[first, *named[:1], named[2]], key="k"
    )
    assert again == Replayed(0, 2, None, is_replayed=True)
    assert await replays(rig).replay(rig.account_id, DeliveryFilter(), delivery_ids=[second], key="k") == Replayed(
        1, 0, None
    )


async def test_given_what_cannot_be_sent_any_more_when_replayed_then_it_is_left_out(rig: Rig, sink: Sink) -> None:
    deleted, _ = await rig.add_endpoint(sink.url("/deleted"))
    await rig.add_endpoint(sink.url("/kept"))
    gone, still_there = await rig.happen(new_id(Kind.CALL), 2)
    await deliver_all(rig, DELIVERED=4)
    await rig.endpoints.delete(rig.account_id, deleted)
    async with rig.database.acquire() as connection:
        await connection.execute("DELETE FROM event WHERE id = $1", gone.id)
    sink.received.clear()
    assert (await replays(rig).replay(rig.account_id, ALL_STATES)).count == 1
    await deliver_all(rig, DELIVERED=4)
    assert [(one.path, one.webhook_id) for one in sink.received] == [("/kept", still_there.id)]


async def test_given_a_disabled_endpoint_when_replayed_then_it_waits_until_it_is_enabled(rig: Rig, sink: Sink) -> None:
    endpoint_id, _ = await rig.add_endpoint(sink.url())
    await rig.happen(new_id(Kind.CALL))
    await deliver_all(rig, DELIVERED=1)
    await rig.endpoints.update(rig.account_id, endpoint_id, is_enabled=False)
    assert (await replays(rig).replay(rig.account_id, ALL_STATES)).count == 1
    async with rig.delivering() as deliverer:
        await rig.add_endpoint(sink.url("/witness"))
        await rig.happen(new_id(Kind.CALL))
        await sink.wait_for(1, "/witness")
        assert len(sink.at("/")) == 1
        await rig.endpoints.update(rig.account_id, endpoint_id, is_enabled=True)
        deliverer.wake()
        await rig.wait_for_states(DELIVERED=3)


async def test_given_no_condition_or_a_wrong_one_when_replayed_then_it_is_refused(rig: Rig) -> None:
    endpoint_id, _ = await rig.add_endpoint("http://127.0.0.1:9999/")
    other = await rig.add_account("other")
    for account_id, where, code, field in (
        (rig.account_id, DeliveryFilter(), "REQUIRED", ()),
        (rig.account_id, DeliveryFilter(endpoint_id=endpoint_id), "REQUIRED", ()),
        (rig.account_id, DeliveryFilter(states=(DeliveryState.PENDING,)), "INVALID_INPUT", ("states", "0")),
        (other, DeliveryFilter(endpoint_id=endpoint_id, subject_id="x"), "NOT_FOUND", ("endpointId",)),
    ):
        with pytest.raises(RefusedError) as refusal:
            await replays(rig).replay(account_id, where)
        assert [(one.code, one.field) for one in refusal.value.problems] == [(code, field)]
    for position in (("x",), (1, 2), ("1", 2, "x")):
        with pytest.raises(RefusedError) as refusal:
            await replays(rig).replay(rig.account_id, EXHAUSTED, after=position)
        assert refusal.value.problems[0].code == "INVALID_CURSOR"


async def test_given_another_accounts_deliveries_when_all_are_replayed_then_they_are_not(rig: Rig, sink: Sink) -> None:
    other = await rig.add_account("other")
    await rig.add_endpoint(sink.url(), account_id=other)
    await rig.log.append([rig.draft(new_id(Kind.CALL), account_id=other)])
    await deliver_all(rig, DELIVERED=1)
    assert await replays(rig).replay(rig.account_id, ALL_STATES) == Replayed(0, 0, None)
    assert await rig.states() == {"DELIVERED": 1}


async def test_given_events_on_their_way_when_an_earlier_one_is_replayed_then_they_are_not_sent_twice_or_called_back(
    rig: Rig, sink: Sink
) -> None:
    await rig.add_endpoint(sink.url())
    call = new_id(Kind.CALL)
    (old,) = await rig.happen(call)
    await deliver_all(rig, DELIVERED=1)
    replies = {old.id: FAILS}
    sink.behaviours["/"] = lambda request: replies.get(request.webhook_id, Reply(delay=0.5))
    new = await rig.happen(call, 3)
    async with rig.delivering() as deliverer:
        await sink.wait_for(2)  # the first of the new ones is on its way, the others are behind it
        await replays(rig).replay(rig.account_id, ALL_STATES)
        deliverer.wake()
        await eventually(lambda: is_true(old.id in [one.webhook_id for one in sink.received[1:]]))
        await rig.wait_for_states(DELIVERED=3, PENDING=1)
        replies.clear()
        rig.clock.advance(7)
        deliverer.wake()
        await rig.wait_for_states(DELIVERED=4)
    ours = [request.webhook_id for request in sink.received]
    assert [one for one in ours if one != old.id] == [event.id for event in new]
    assert ours.count(old.id) == 3


async def is_true(value: bool) -> bool:
    return value
