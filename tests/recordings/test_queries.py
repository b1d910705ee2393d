import itertools
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from app.clock import SystemClock
from app.db.engine import Database
from app.db.keyset import RowCount, page_sql
from app.errors import RefusedError
from app.facts.vocabulary import RecordingKind, RecordingMode, RecordingState
from app.files.store import FileStore
from app.files.urls import SignedUrls
from app.ids import Kind, new_id
from app.paging import PageRequest, Position
from app.recordings.model import Recording, RecordingFilter
from app.recordings.object_keys import object_key
from app.recordings.queries import _SHAPE, RecordingQueries
from app.recordings.serve import RecordingFiles

pytestmark = pytest.mark.postgres

NOON = datetime(2026, 5, 1, 12, 0, 0, 123456, tzinfo=UTC)
OURS, THEIRS = new_id(Kind.ACCOUNT), new_id(Kind.ACCOUNT)
CALL = new_id(Kind.CALL)
ALL = RecordingFilter()


def make_row(
    account_id: str = OURS, *, seconds: float = 0, number: str = "+15550100012", call_id: str | None = None
) -> Recording:
    recording_id = new_id(Kind.RECORDING)
    return Recording(
        id=recording_id,
        account_id=account_id,
        call_id=call_id or new_id(Kind.CALL),
        mode=RecordingMode.BOTH,
        state=RecordingState.SAVED,
        created_at=NOON + timedelta(seconds=seconds),
        started_at=NOON + timedelta(seconds=seconds),
        saved_at=NOON + timedelta(seconds=seconds + 30),
        customer_number=number,
        extension="2001",
        object_key=object_key(account_id, recording_id),
        duration_seconds=12.34,
        size_bytes=5_000_000_000,
        channels=2,
        sample_rate=8000,
        sha256="ab" * 32,
        lost_seconds=1.729,
    )


async def insert(database: Database, *rows: Recording) -> list[str]:
    names = [field.name for field in fields(Recording)]
    async with database.acquire() as connection:
        await connection.copy_records_to_table(
            "recording", columns=names, records=[tuple(getattr(row, name) for name in names) for row in rows]
        )
    return [row.id for row in rows]


async def test_given_a_recording_when_got_then_every_field_is_there_and_for_its_account_only(
    database: Database,
) -> None:
    row = make_row(call_id=CALL)
    await insert(database, row)
    queries = RecordingQueries(database)

    assert await queries.get(OURS, row.id) == Recording(
        id=row.id,
        account_id=OURS,
        call_id=CALL,
        mode=RecordingMode.BOTH,
        state=RecordingState.SAVED,
        created_at=NOON,
        started_at=NOON,
        saved_at=NOON + timedelta(seconds=30),
        customer_number="+15550100012",
        extension="2001",
        object_key=object_key(OURS, row.id),
        duration_seconds=12.34,
        size_bytes=5_000_000_000,
        channels=2,
        sample_rate=8000,
        sha256="ab" * 32,
        lost_seconds=1.729,
        failure=None,
    )
    assert await queries.get(THEIRS, row.id) is None
    assert await queries.get(OURS, new_id(Kind.RECORDING)) is None
    assert (await queries.get_signed(row.id)) == await queries.get(OURS, row.id)
    assert await queries.get_signed("rec_none") is None


async def test_given_recordings_of_two_accounts_when_asked_for_by_ids_or_calls_then_only_ones_own_come(
    database: Database,
) -> None:
    ours, later, theirs = (
        make_row(call_id=CALL),
        make_row(call_id=CALL, seconds=5),
        make_row(THEIRS, call_id=CALL),
    )
    await insert(database, later, ours, theirs)
    queries = RecordingQueries(database)

    many = await queries.get_many(OURS, [ours.id, later.id, theirs.id, "rec_none"])
    assert {found.id for found in many} == {ours.id, later.id}
    assert [found.id for found in await queries.of_calls(OURS, [CALL, "call_none"])] == [ours.id, later.id]
    assert [found.id for found in await queries.of_calls(THEIRS, [CALL])] == [theirs.id]
    assert await queries.get_many(OURS, []) == []


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (ALL, [3, 2, 1, 0]),
        (RecordingFilter(number="+15550100012"), [3, 0]),
        (RecordingFilter(number="+1555010001"), []),
        (RecordingFilter(call_id=CALL), [1]),
        (RecordingFilter(created_from=NOON + timedelta(seconds=10)), [3, 2, 1]),
        (RecordingFilter(created_to=NOON + timedelta(seconds=20)), [1, 0]),
        (
            RecordingFilter(number="+15550100012", created_from=NOON, created_to=NOON + timedelta(seconds=1)),
            [0],
        ),
        (RecordingFilter(number="+15550100012", call_id=CALL), []),
        (RecordingFilter(number="' OR true --"), []),
        (RecordingFilter(kinds=(RecordingKind.VOICEMAIL,)), [2]),
        (RecordingFilter(kinds=(RecordingKind.VOICEMAIL, RecordingKind.MESSAGE)), [2]),
        (RecordingFilter(states=(RecordingState.SAVED,)), [2, 1, 0]),
        (RecordingFilter(states=(RecordingState.DELETED, RecordingState.FAILED)), [3]),
        (RecordingFilter(extensions=("2002",)), [2]),
    ],
)
async def test_given_a_condition_when_paged_and_counted_then_these_recordings_come(
    database: Database, condition: RecordingFilter, expected: list[int]
) -> None:
    ids = await insert(
        database,
        make_row(),
        make_row(seconds=10, number="+15550100099", call_id=CALL),
        replace(make_row(seconds=20, number="+15550100099"), kind=RecordingKind.VOICEMAIL, extension="2002"),
        replace(make_row(seconds=30), state=RecordingState.FAILED),
        make_row(THEIRS, call_id=CALL),
    )
    ids.pop()
    queries = RecordingQueries(database)

    page = await queries.page(OURS, condition, PageRequest())

    assert [ids.index(item.id) for item in page.items] == expected
    assert (page.has_next, page.has_previous) == (False, False)
    assert await queries.count(OURS, condition) == RowCount(len(expected), is_exact=True)


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("backwards", [True, False])
@pytest.mark.parametrize("limit", [1, 3, 4, 50])
async def test_given_ties_in_time_when_walked_page_by_page_then_each_recording_comes_once_in_order(
    database: Database, limit: int, backwards: bool, descending: bool
) -> None:
    ids = await insert(database, *(make_row(seconds=number // 3) for number in range(8)))
    order = sorted(ids, key=lambda one: (ids.index(one) // 3, one), reverse=descending)
    queries = RecordingQueries(database)

    seen: list[str] = []
    position: Position | None = None
    for number in itertools.count():
        page = await queries.page(
            OURS, ALL, PageRequest(limit=limit, position=position, backwards=backwards), descending=descending
        )
        found = [item.id for item in page.items]
        seen = [*found, *seen] if backwards else [*seen, *found]
        has_more = page.has_previous if backwards else page.has_next
        assert (page.has_next if backwards else page.has_previous) is (number > 0)
        if not has_more:
            break
        position = page.positions[0 if backwards else -1]

    assert seen == order


@pytest.mark.parametrize(
    "position",
    [
        (),
        ("2026-05-01T12:00:00+00:00",),
        ("2026-05-01T12:00:00+00:00", "rec_x", "more"),
        ("2026-05-01T12:00:00", "rec_x"),
        ("yesterday", "rec_x"),
        (5, "rec_x"),
        ("2026-05-01T12:00:00+00:00", 5),
        (None, None),
    ],
)
async def test_given_a_position_of_another_list_when_paged_then_the_cursor_is_invalid(
    database: Database, position: Position
) -> None:
    with pytest.raises(RefusedError) as refused:
        await RecordingQueries(database).page(OURS, ALL, PageRequest(position=position))

    assert refused.value.problems[0].code == "INVALID_CURSOR"


@pytest.mark.parametrize(
    ("condition", "index"),
    [
        (ALL, "recording_by_time"),
        (RecordingFilter(number="+15550100012"), "recording_by_number"),
        (RecordingFilter(call_id=CALL), "recording_by_call"),
    ],
)
async def test_given_many_rows_when_a_deep_page_is_planned_then_an_index_answers_it_without_sorting_all(
    database: Database, condition: RecordingFilter, index: str
) -> None:
    await insert(database, *(make_row(seconds=number, number=f"+1555010{number % 500:04}") for number in range(3000)))
    statement, values = page_sql(
        _SHAPE.listing(OURS, condition),
        keys=_SHAPE.keys,
        descending=True,
        page=PageRequest(limit=20, position=((NOON + timedelta(seconds=100)).isoformat(), "rec_x")),
    )

    async with database.acquire() as connection:
        await connection.execute("ANALYZE recording")
        plan = "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN {statement}", *values))

    assert index in plan, plan


async def test_given_a_saved_recording_when_its_address_is_followed_then_its_file_comes(
    database: Database, tmp_path: Path
) -> None:
    row = replace(make_row(), size_bytes=14)
    (tmp_path / "file").write_bytes(b"RIFF and so on")
    await insert(database, row)
    store, urls = FileStore.open(None, tmp_path), SignedUrls(b"s" * 32)
    await store.put_file(object_key(OURS, row.id), tmp_path / "file", 14)
    app = Starlette(routes=RecordingFiles(RecordingQueries(database), store, urls, SystemClock()).routes)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://offhook.test") as listener:
        answer = await listener.get(urls.sign(row.id, SystemClock().now(), timedelta(seconds=30)))

    assert (answer.status_code, answer.content) == (200, b"RIFF and so on")
