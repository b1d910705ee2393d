"""Following the log: everything once, in order, from any place on, whoever appended it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from app.db.engine import Database
from app.events.feed import CaughtUp, Feed, FeedItem, Gap, GapReason, _Subscriber
from app.events.log import EVERYTHING, EventFilter, EventLog
from app.facts.event import Event
from app.facts.webhooks import WebhookDisabled
from tests.events.drafts import ids, make_draft

pytestmark = pytest.mark.postgres

PATIENCE_SECONDS = 60.0


@asynccontextmanager
async def _running(*feeds: Feed) -> AsyncIterator[None]:
    async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as group:
        for feed in feeds:
            await feed.begin()
            group.create_task(feed.run())
        yield
        for feed in feeds:
            feed.stop()


@asynccontextmanager
async def _following(
    feed: Feed, account_id: str = "acc_1", *, after: int | None = None, where: EventFilter = EVERYTHING
) -> AsyncIterator[AsyncIterator[FeedItem]]:
    """A subscriber that is caught up with nothing yet, and goes away at the end."""
    items = feed.follow(account_id, after=after, where=where)
    try:
        yield items
    finally:
        await items.aclose()


async def _take(items: AsyncIterator[FeedItem], count: int) -> list[FeedItem]:
    return [await anext(items) for _ in range(count)]


async def _take_events(items: AsyncIterator[FeedItem], count: int) -> list[Event]:
    found: list[Event] = []
    while len(found) < count:
        item = await anext(items)
        if isinstance(item, Event):
            found.append(item)
    return found


async def test_given_a_past_when_followed_from_its_start_then_it_comes_first_and_the_present_after(
    database: Database,
) -> None:
    log = EventLog(database)
    feed = Feed(log)
    past = await log.append([make_draft() for _ in range(3)])
    async with _running(feed), _following(feed, after=0) as items:
        assert await _take(items, 4) == [*past, CaughtUp(past[-1].sequence)]
        assert feed.subscriber_count == 1
        live = await log.append([make_draft(), make_draft()])
        assert await _take(items, 2) == list(live)
    assert feed.subscriber_count == 0


async def test_given_a_cursor_when_followed_then_only_what_comes_after_it_is_delivered(database: Database) -> None:
    log = EventLog(database)
    feed = Feed(log)
    past = await log.append([make_draft() for _ in range(5)])
    async with _running(feed):
        async with _following(feed, after=past[2].sequence) as items:
            assert await _take(items, 3) == [past[3], past[4], CaughtUp(past[4].sequence)]
        async with _following(feed) as items:
            assert await _take(items, 1) == [CaughtUp(past[4].sequence)]
            (live,) = await log.append([make_draft()])
            assert await _take(items, 1) == [live]


async def test_given_a_past_longer_than_one_read_when_followed_then_all_of_it_comes(database: Database) -> None:
    log = EventLog(database)
    feed = Feed(log)
    past = await log.append([make_draft() for _ in range(1001)])
    async with _running(feed), _following(feed, after=0) as items:
        assert ids(await _take_events(items, 1001)) == ids(past)
        assert await _take(items, 1) == [CaughtUp(past[-1].sequence)]


async def test_given_other_accounts_and_types_when_followed_with_a_filter_then_they_never_come(
    database: Database,
) -> None:
    log = EventLog(database)
    feed = Feed(log)
    disabled = WebhookDisabled(endpoint_id="whe_1", reason="410")
    async with (
        _running(feed),
        _following(feed, where=EventFilter(types=("webhook.disabled",))) as filtered,
        _following(feed, "acc_other") as other,
    ):
        await _take(filtered, 1)
        await _take(other, 1)
        mixed = await log.append(
            [make_draft(), make_draft(account_id="acc_other"), make_draft(fact=disabled), make_draft()]
        )
        assert await _take(filtered, 1) == [mixed[2]]
        assert await _take(other, 1) == [mixed[1]]


async def test_given_a_subscriber_that_falls_behind_when_it_comes_back_then_it_is_told_and_gets_everything(
    database: Database,
) -> None:
    log = EventLog(database)
    feed = Feed(log, queue_size=5)
    async with _running(feed), _following(feed) as items:
        assert await _take(items, 1) == [CaughtUp(0)]
        events = await log.append([make_draft() for _ in range(12)])
        assert await _take(items, 5) == list(events[:5])
        gap, *rest = await _take(items, 9)
        assert gap == Gap(events[4].sequence, events[11].sequence, 7, GapReason.SLOW_SUBSCRIBER)
        assert rest == [*events[5:], CaughtUp(events[11].sequence)]
        more = await log.append([make_draft() for _ in range(3)])
        assert await _take(items, 3) == list(more)


async def test_given_a_subscriber_that_falls_behind_in_the_past_when_it_catches_up_then_nothing_comes_twice(
    database: Database,
) -> None:
    log = EventLog(database)
    feed = Feed(log, queue_size=2)
    past = await log.append([make_draft() for _ in range(3)])
    async with _running(feed), _following(feed, after=0) as items:
        found = await _take(items, 1)
        live = await log.append([make_draft() for _ in range(6)])
        while len(found) < 9 or not isinstance(found[-1], CaughtUp):
            found += await _take(items, 1)
        last = await log.append([make_draft()])
        found += await _take_events(items, 1)
        assert [item for item in found if isinstance(item, Event)] == [*past, *live, *last]


async def test_given_live_events_that_the_past_already_brought_when_the_queue_overflowed_then_no_gap_is_told(
    database: Database,
) -> None:
    log = EventLog(database)
    feed = Feed(log, queue_size=2)
    past = await log.append([make_draft() for _ in range(500)])
    async with _running(feed), _following(feed, after=0) as items:
        await _take(items, 1)  # the first part of the past is read
        live = await log.append([make_draft() for _ in range(6)])
        assert await _take(items, 506) == [*past[1:], *live, CaughtUp(live[-1].sequence)]
        last = await log.append([make_draft()])
        assert await _take(items, 1) == list(last)


async def test_given_two_processes_on_one_database_when_both_append_then_each_sees_everything_in_order(
    database_dsn: str,
) -> None:
    databases = [await Database.connect(database_dsn, pool_size=6) for _ in range(2)]
    logs = [EventLog(database) for database in databases]
    feeds = [Feed(log) for log in logs]
    for feed in feeds:
        feed.poll_seconds = 0.02

    async def append(log: EventLog) -> None:
        for _ in range(40):
            await log.append([make_draft(), make_draft()])

    async with (
        _running(*feeds),
        _following(feeds[0]) as one,
        _following(feeds[0]) as two,
        _following(feeds[1]) as three,
    ):
        followers = (one, two, three)
        for items in followers:
            await _take(items, 1)
        async with asyncio.TaskGroup() as group:
            taking = [group.create_task(_take_events(items, 320)) for items in followers]
            for log in (*logs, *logs):
                group.create_task(append(log))
    expected = await logs[0].read_after(0, limit=1000)
    assert len(expected) == 320
    for task in taking:
        assert task.result() == expected
    for database in databases:
        await database.aclose()


async def test_given_events_announced_out_of_turn_when_followed_then_they_come_in_the_logs_order(
    database: Database,
) -> None:
    log = EventLog(database)
    feed = Feed(log)
    async with _running(feed), _following(feed) as items:
        await _take(items, 1)
        async with database.acquire() as connection, connection.transaction():
            first = await log.append_in(connection, [make_draft()])
        async with database.acquire() as connection, connection.transaction():
            second = await log.append_in(connection, [make_draft()])
        log.announce(second)
        log.announce(first)
        assert await _take(items, 2) == [*first.events, *second.events]


async def test_given_an_event_that_the_past_has_brought_when_it_is_announced_later_then_it_comes_once(
    database: Database,
) -> None:
    log = EventLog(database)
    feed = Feed(log)
    feed.poll_seconds = PATIENCE_SECONDS
    async with _running(feed):
        while feed.health.last_success_at is None:
            await asyncio.sleep(0.01)  # its first round is over, and the next far away
        async with database.acquire() as connection, connection.transaction():
            early = await log.append_in(connection, [make_draft()])
        async with _following(feed, after=0) as items:
            assert await _take(items, 2) == [*early.events, CaughtUp(early.events[0].sequence)]
            log.announce(early)
            later = await log.append([make_draft()])
            assert await _take(items, 1) == list(later)


async def test_given_a_queue_that_overflowed_when_it_has_room_again_then_nothing_jumps_over_what_is_missing(
    database: Database,
) -> None:
    one, two, three, four = await EventLog(database).append([make_draft() for _ in range(4)])
    subscriber = _Subscriber("acc_1", EVERYTHING, 2)
    subscriber.offer((one, two, three))
    subscriber.forget(two.sequence)  # the log has brought the first two only
    subscriber.offer((four,))
    assert await subscriber.take() == []
    assert (subscriber.dropped, subscriber.dropped_to) == (2, four.sequence)
    subscriber.forget(four.sequence)
    assert subscriber.dropped == 0


async def test_given_an_append_nobody_announced_when_the_next_poll_comes_then_it_is_delivered(
    database: Database,
) -> None:
    log = EventLog(database)
    feed = Feed(log)
    feed.poll_seconds = 0.02
    async with _running(feed), _following(feed) as items:
        await _take(items, 1)
        unheard = await EventLog(database).append([make_draft() for _ in range(600)])
        assert ids(await _take_events(items, 600)) == ids(unheard)


async def test_given_a_feed_that_has_not_begun_when_followed_then_the_subscriber_waits_and_misses_nothing(
    database: Database,
) -> None:
    log = EventLog(database)
    feed = Feed(log)
    (past,) = await log.append([make_draft()])
    async with asyncio.timeout(PATIENCE_SECONDS), _following(feed, after=0) as items, asyncio.TaskGroup() as group:
        waiting = group.create_task(_take(items, 2))
        await asyncio.sleep(0)
        assert not waiting.done()
        group.create_task(feed.run())
        assert await waiting == [past, CaughtUp(past.sequence)]
        feed.stop()
