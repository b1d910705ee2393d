"""Pages of lists cost the same however long the list is: each is read from an index in its own order."""

from datetime import UTC, datetime

import pytest

from app.contacts import contacts, dnc_entries
from app.contacts.model import ContactFilter
from app.contacts.rows import NewContact, NewEntry, write_contacts, write_entries
from app.contacts.words import DncSource
from app.db.engine import Database
from app.db.keyset import Key, Listing, page_sql
from app.numbers.zones import Zones, ZoneSource
from app.paging import PageRequest

pytestmark = pytest.mark.postgres

AT = datetime(2026, 3, 1, tzinfo=UTC)
ZONES = Zones(names=("America/New_York",), source=ZoneSource.NUMBER)
ROWS = 3000


@pytest.fixture
async def filled(database: Database) -> Database:
    numbers = [f"+1212555{one:05}" for one in range(ROWS)]
    async with database.acquire() as connection:
        for number in range(3):
            given = [NewContact(one, None, None, ZONES, {}, f"c{one[-3:]}") for one in numbers]
            await write_contacts(connection, "acc_1", f"list_{number}", given, at=AT)
            entries = [NewEntry(one, None) for one in numbers]
            await write_entries(connection, "acc_1", f"dnc_{number}", entries, at=AT, source=DncSource.API)
        await connection.execute("ANALYZE contact, dnc_entry")
    return database


async def _plan(database: Database, listing: Listing) -> str:
    request = PageRequest(limit=50, position=(1500,))
    statement, values = page_sql(listing, keys=(Key("position", int),), descending=False, page=request)
    async with database.acquire() as connection:
        return "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN {statement}", *values))


@pytest.mark.parametrize(
    ("where", "index"),
    [
        (ContactFilter(), "contact_by_list"),
        (ContactFilter(number="+121255501500"), "contact_number"),
        (ContactFilter(external_id="c150"), "contact_by_external_id"),
    ],
)
async def test_given_a_page_of_contacts_when_planned_then_an_index_gives_it(
    filled: Database, where: ContactFilter, index: str
) -> None:
    plan = await _plan(filled, contacts._listing("acc_1", "list_1", where))
    assert index in plan, plan
    assert "Seq Scan on contact " not in plan


async def test_given_a_page_of_dnc_entries_when_planned_then_an_index_gives_it(filled: Database) -> None:
    assert "dnc_entry_by_list" in await _plan(filled, dnc_entries._listing("acc_1", "dnc_1", None))
    assert "dnc_entry_pkey" in await _plan(filled, dnc_entries._listing("acc_1", "dnc_1", "+121255501500"))
