"""Keyset lists over a table of their own: every kind of key, both ways, and counts that stop."""

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from app.db.conditions import Conditions
from app.db.engine import Database
from app.db.keyset import Key, Listing, RowCount, count_listed, keyset_rows
from app.errors import RefusedError
from app.paging import Page, PageRequest, Position

pytestmark = pytest.mark.postgres

NOON = datetime(2026, 5, 1, 12, 0, 0, 123456, tzinfo=UTC)
NAMES = ("at", "size", "number", "id")
KEYS = {"at": Key("at", datetime), "size": Key("size", float), "number": Key("number", int)}
ID = Key("id", str)


@pytest.fixture
async def sheet(database: Database) -> Database:
    """Eleven rows, of which several are equal in each column but the id."""
    rows = [
        (NOON + timedelta(microseconds=number // 3), (number % 4) / 3, 2**40 + number // 5, f"id_{number:02}")
        for number in range(11)
    ]
    async with database.acquire() as connection:
        await connection.execute(
            "CREATE TABLE sheet "
            "(at timestamptz NOT NULL, size float8 NOT NULL, number bigint NOT NULL, id text NOT NULL)"
        )
        await connection.copy_records_to_table("sheet", records=rows, columns=NAMES)
    return database


def _all() -> Listing:
    return Listing("sheet", NAMES, ", ".join(NAMES), Conditions())


async def _page(database: Database, key: Key, page: PageRequest, *, descending: bool) -> Page[dict[str, Any]]:
    async with database.acquire() as connection:
        return await keyset_rows(connection, _all(), keys=(key, ID), descending=descending, page=page, item=dict)


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("backwards", [True, False])
@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS.keys())
async def test_given_ties_in_a_key_when_walked_page_by_page_then_each_row_comes_once_in_order(
    sheet: Database, key: Key, backwards: bool, descending: bool
) -> None:
    async with sheet.acquire() as connection:
        rows = await connection.fetch("SELECT * FROM sheet")
    order = sorted(rows, key=lambda row: (row[key.name], row["id"]), reverse=descending)
    seen: list[str] = []
    position: Position | None = None
    while True:
        request = PageRequest(limit=3, position=position, backwards=backwards)
        page = await _page(sheet, key, request, descending=descending)
        found = [item["id"] for item in page.items]
        seen = [*found, *seen] if backwards else [*seen, *found]
        assert (page.has_next if backwards else page.has_previous) is (position is not None)
        if not (page.has_previous if backwards else page.has_next):
            break
        position = page.positions[0 if backwards else -1]
    assert seen == [row["id"] for row in order]


async def test_given_a_page_when_nobody_looks_at_its_items_then_none_is_made(sheet: Database) -> None:
    made: list[str] = []

    def make(row: asyncpg.Record) -> str:
        made.append(row["id"])
        return str(row["id"])

    async with sheet.acquire() as connection:
        page = await keyset_rows(connection, _all(), keys=(ID,), descending=False, page=PageRequest(limit=2), item=make)
    assert (len(page.items), made) == (2, [])
    assert list(page.positions) == [("id_00",), ("id_01",)]
    assert made == []
    assert page.items[1] == "id_01"
    assert made == ["id_01"]
    assert list(page.items) == ["id_00", "id_01"]


async def test_given_timestamps_when_a_position_is_written_then_it_is_text_in_utc_to_the_microsecond(
    sheet: Database,
) -> None:
    page = await _page(sheet, KEYS["at"], PageRequest(limit=1), descending=False)
    assert page.positions[0] == ("2026-05-01T12:00:00.123456+00:00", "id_00")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("at", "2026-05-01T12:00:00"),
        ("at", "noon"),
        ("at", 5),
        ("size", "5"),
        ("size", True),
        ("size", float("nan")),
        ("number", 5.0),
        ("number", True),
        ("number", "5"),
        ("number", None),
    ],
)
async def test_given_a_position_of_another_form_when_paged_then_the_cursor_is_invalid(
    sheet: Database, key: str, value: object
) -> None:
    for position in ((value, "id_01"), (value,), (value, "id_01", "more")):
        with pytest.raises(RefusedError) as refused:
            await _page(sheet, KEYS[key], PageRequest(position=position), descending=True)
        assert refused.value.problems[0].code == "INVALID_CURSOR"


async def test_given_conditions_when_listed_and_counted_then_both_go_by_them_and_the_count_stops_at_its_limit(
    sheet: Database,
) -> None:
    where = Conditions()
    where.add("number BETWEEN {} AND {}", 2**40, 2**40)
    where.add_any_of("id", ["id_00", "id_01", "id_02", "id_07"])
    where.add_any_of("id", [])
    where.add_given("size = {}", None)
    listing = Listing("sheet", NAMES, ", ".join(NAMES), where)
    async with sheet.acquire() as connection:
        for _ in range(2):  # nothing is added to a listing by reading it
            page = await keyset_rows(
                connection,
                listing,
                keys=(ID,),
                descending=True,
                page=PageRequest(position=("id_02",)),
                item=lambda row: row["id"],
            )
            assert list(page.items) == ["id_01", "id_00"]
        assert await count_listed(connection, listing) == RowCount(3, is_exact=True)
        assert await count_listed(connection, listing, at_most=3) == RowCount(3, is_exact=True)
        assert await count_listed(connection, listing, at_most=2) == RowCount(2, is_exact=False)


def test_given_values_of_any_number_when_one_of_several_is_asked_for_then_the_statement_is_the_same() -> None:
    def text(*given: str) -> str:
        where = Conditions("acc_1")
        where.add_any_of("agent_id", given)
        return str(where)

    assert text() == "true"
    assert text("a") == text("b") == "agent_id = $2"
    assert text("a", "b") == text("a", "b", "c") == "agent_id = ANY($2::text[])"
