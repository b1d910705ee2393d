"""The log: in order, whole, and never skipped by a reader, however many append at once."""

import asyncio
import contextlib
import random
from collections.abc import Iterator, Sequence
from datetime import timedelta

import asyncpg
import pytest

from app.db.engine import Database, PooledConnection
from app.events.log import EVERYTHING, Appended, AppendHook, EventFilter, EventLog
from app.facts.calls import CallCreated, CallRef
from app.facts.event import Event
from app.facts.vocabulary import CallKind, Direction, LegRole, Pair, Party, RecordingMode
from app.facts.webhooks import WebhookDisabled
from app.paging import PageRequest
from tests.calls.making import NOON
from tests.events.drafts import ids, make_draft

pytestmark = pytest.mark.postgres

_CREATED = CallCreated(
    call=CallRef(
        id="call_1",
        kind=CallKind.CLICK_TO_CALL,
        direction=Direction.OUTBOUND,
        unique_id="ofk.n1.leg_1",
        metadata=(Pair(key="é", value="\n"),),
        tags=("a", "b"),
    ),
    agent=Party(extension="2001"),
    customer=Party(number="+15550100000", is_anonymous=True),
    dial_first=LegRole.CUSTOMER,
    recording_mode=RecordingMode.BOTH,
)


async def test_given_drafts_when_appended_then_they_are_read_back_whole_and_in_their_order(database: Database) -> None:
    log = EventLog(database)
    drafts = [make_draft(1, subject_id="call_1", fact=_CREATED), *(make_draft() for _ in range(50))]
    events = await log.append(drafts)
    assert ids(events) == [draft.id for draft in drafts]
    assert [event.sequence for event in events] == sorted({event.sequence for event in events})
    assert await log.read_after(0, limit=100) == list(events)
    assert await log.get("acc_1", events[0].id) == events[0]
    first = events[0]
    assert (first.fact, first.type, first.call_sequence, first.request_id) == (_CREATED, "call.created", 1, "req_1")
    assert first.is_sandbox
    assert await log.head() == events[-1].sequence


async def test_given_nothing_when_appended_or_read_then_nothing_comes_of_it(database: Database) -> None:
    log = EventLog(database)
    heard: list[Appended] = []
    log.on_appended(heard.append)
    assert await log.append([]) == ()
    assert (await log.head(), await log.read_after(0, limit=10), heard) == (0, [], [])


async def test_given_another_accounts_event_when_read_then_it_does_not_exist(database: Database) -> None:
    log = EventLog(database)
    (event,) = await log.append([make_draft(account_id="acc_other")])
    assert await log.get("acc_1", event.id) is None
    assert await log.read_after(0, limit=10, account_id="acc_1") == []
    assert not (await log.page("acc_1", EVERYTHING, PageRequest())).items


async def test_given_a_filter_when_read_or_paged_then_both_give_what_it_admits(database: Database) -> None:
    log = EventLog(database)
    disabled = WebhookDisabled(endpoint_id="whe_2", reason="410")
    events = await log.append(
        [
            make_draft(minutes=0),
            make_draft(minutes=5, subject_id="whe_2"),
            make_draft(minutes=10, subject_id="whe_2", fact=disabled),
            make_draft(minutes=15, account_id="acc_other"),
        ]
    )
    filters = [
        EVERYTHING,
        EventFilter(types=("webhook.disabled", "call.ended")),
        EventFilter(subject_id="whe_2"),
        EventFilter(occurred_from=NOON + timedelta(minutes=5)),
        EventFilter(occurred_to=NOON + timedelta(minutes=5)),
        EventFilter(types=("webhook.test",), subject_id="whe_2", occurred_to=NOON + timedelta(minutes=9)),
    ]
    found = []
    for where in filters:
        read = await log.read_after(0, limit=10, account_id="acc_1", where=where)
        assert read == list((await log.page("acc_1", where, PageRequest())).items)
        assert read == [event for event in events[:3] if where.admits(event)]
        found.append(len(read))
    assert found == [3, 1, 2, 2, 1, 1]


async def test_given_many_events_when_paged_both_ways_then_each_comes_once(database: Database) -> None:
    log = EventLog(database)
    expected = ids(await log.append([make_draft() for _ in range(11)]))
    found: list[str] = []
    request = PageRequest(limit=4)
    while True:
        page = await log.page("acc_1", EVERYTHING, request)
        assert page.has_previous == (request.position is not None)
        found += [event.id for event in page.items]
        if not page.has_next:
            break
        request = PageRequest(limit=4, position=page.positions[-1])
    assert found == expected
    back = await log.page("acc_1", EVERYTHING, PageRequest(limit=4, position=page.positions[0], backwards=True))
    assert [event.id for event in back.items] == expected[4:8]
    assert (back.has_previous, back.has_next) == (True, True)
    newest = await log.page("acc_1", EVERYTHING, PageRequest(limit=2, backwards=True))
    assert [event.id for event in newest.items] == expected[-2:]
    assert (newest.has_previous, newest.has_next) == (True, False)


async def test_given_many_who_append_at_once_when_somebody_reads_along_then_nothing_is_skipped(
    database_dsn: str,
) -> None:
    database = await Database.connect(database_dsn, pool_size=12)
    log = EventLog(database)
    appended: list[Event] = []
    read: list[Event] = []
    is_done = asyncio.Event()

    async def append(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(12):
            drafts = [make_draft(account_id=f"acc_{seed}") for _ in range(chance.randint(1, 5))]
            async with database.acquire() as connection:
                transaction = connection.transaction()
                await transaction.start()
                await connection.execute("SELECT pg_sleep($1)", chance.random() / 100)
                events = (await log.append_in(connection, drafts)).events
                await connection.execute("SELECT pg_sleep($1)", chance.random() / 100)
                if chance.random() < 0.2:
                    await transaction.rollback()
                else:
                    await transaction.commit()
                    appended.extend(events)

    async def read_along() -> None:
        cursor = 0
        while True:
            was_done = is_done.is_set()
            events = await log.read_after(cursor, limit=7)
            read.extend(events)
            cursor = read[-1].sequence if read else 0
            if was_done and not events:
                return

    async with asyncio.TaskGroup() as group:
        reader = group.create_task(read_along())
        async with asyncio.TaskGroup() as writers:
            for seed in range(10):
                writers.create_task(append(seed))
        is_done.set()
        await reader
    await database.aclose()
    assert len(read) > 100
    assert read == sorted(appended, key=lambda event: event.sequence)


async def test_given_a_transaction_that_fails_when_it_had_appended_then_nobody_hears_or_reads_of_it(
    database: Database,
) -> None:
    written: list[str] = []

    async def hook(connection: PooledConnection, events: Sequence[Event]) -> None:
        for event in events:
            await connection.execute(
                "INSERT INTO account (id, name, display_name, default_region, is_sandbox) "
                "VALUES ($1, $1, 'x', 'US', true)",
                event.id,
            )
            written.append(event.id)

    log = EventLog(database, hooks=[hook])
    heard: list[Appended] = []
    log.on_appended(heard.append)

    async def append_and_fail() -> None:
        async with database.acquire() as connection, connection.transaction():
            await log.append_in(connection, [make_draft()])
            raise RuntimeError("afterwards")

    with pytest.raises(RuntimeError, match="afterwards"):
        await append_and_fail()
    (kept,) = await log.append([make_draft()])
    assert len(written) == 2
    async with database.acquire() as connection:
        assert [row["id"] for row in await connection.fetch("SELECT id FROM account")] == [kept.id]
    assert await log.read_after(0, limit=10) == [kept]
    assert [one.events for one in heard] == [(kept,)]


@contextlib.contextmanager
def _counting(in_flight: list[str]) -> Iterator[None]:
    in_flight.append("append")
    try:
        yield
    finally:
        in_flight.pop()


async def test_given_a_transaction_when_it_has_not_appended_yet_then_it_is_not_in_flight(database: Database) -> None:
    in_flight: list[str] = []
    log = EventLog(database, in_flight=lambda: _counting(in_flight))
    async with log.transaction() as transaction:
        assert not in_flight, "whoever waits in here for a lock holds up nobody"
        await transaction.append([make_draft()])
        await transaction.append([make_draft()])
        assert len(in_flight) == 1
    assert not in_flight


async def test_given_a_transaction_that_has_appended_when_it_fails_then_it_is_in_flight_no_more(
    database: Database,
) -> None:
    in_flight: list[str] = []

    async def fail() -> None:
        async with EventLog(database, in_flight=lambda: _counting(in_flight)).transaction() as transaction:
            await transaction.append([make_draft()])
            assert in_flight
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert not in_flight


async def test_given_a_hook_that_fails_when_appending_then_nothing_is_appended(database: Database) -> None:
    async def hook(_connection: PooledConnection, _events: Sequence[Event]) -> None:
        raise RuntimeError("no room for the deliveries")

    log = EventLog(database, hooks=[hook])
    heard: list[Appended] = []
    log.on_appended(heard.append)
    with pytest.raises(RuntimeError, match="no room"):
        await log.append([make_draft()])
    assert (await log.read_after(0, limit=10), heard) == ([], [])


async def test_given_hooks_when_appending_then_they_see_numbered_events_in_turn(database: Database) -> None:
    seen: list[tuple[str, list[int]]] = []

    def make_hook(name: str) -> AppendHook:
        async def hook(_connection: PooledConnection, events: Sequence[Event]) -> None:
            seen.append((name, [event.sequence for event in events]))

        return hook

    log = EventLog(database, hooks=[make_hook("one"), make_hook("two")])
    events = await log.append([make_draft(), make_draft()])
    numbers = [event.sequence for event in events]
    assert seen == [("one", numbers), ("two", numbers)]


async def test_given_appends_in_turn_when_announced_then_each_says_what_was_before_it(database: Database) -> None:
    log = EventLog(database)
    heard: list[Appended] = []
    log.on_appended(heard.append)
    one = await log.append([make_draft(), make_draft()])
    two = await log.append([make_draft()])
    assert [(said.previous, said.events) for said in heard] == [(0, one), (one[-1].sequence, two)]


async def test_given_an_event_that_is_in_the_log_when_appended_again_then_it_is_refused(database: Database) -> None:
    log = EventLog(database)
    draft = make_draft()
    await log.append([draft])
    with pytest.raises(asyncpg.UniqueViolationError):
        await log.append([draft])
    assert len(await log.read_after(0, limit=10)) == 1
