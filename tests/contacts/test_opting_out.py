"""Who wishes to be called no more is on a list from then on, whatever lists there are."""

import asyncio

import pytest

from app.accounts.audit import AuditLog
from app.accounts.service import Accounts
from app.clock import SystemClock
from app.contacts.dnc_entries import OPT_OUT_LIST, DncEntries
from app.contacts.rows import find_dnc, new_contact_ids
from app.contacts.words import DncSource
from app.db.engine import Database
from app.events.log import EventLog
from app.facts.dnc import DncEntryAdded
from app.facts.vocabulary import Party
from app.ids import Kind, kind_of, new_id

pytestmark = pytest.mark.postgres

NUMBER = "+12125550123"


async def _account(database: Database) -> str:
    return (await Accounts(database, AuditLog(database)).create("acme", display_name="Acme")).id


async def _make_list(database: Database, account_id: str, name: str, *, applies_to_all: bool = True) -> str:
    list_id = new_id(Kind.DNC_LIST)
    async with database.acquire() as connection:
        await connection.execute(
            "INSERT INTO dnc_list (id, account_id, name, applies_to_all) VALUES ($1, $2, $3, $4)",
            *(list_id, account_id, name, applies_to_all),
        )
    return list_id


async def _opt_out(database: Database, account_id: str, list_id: str | None = None) -> list[str]:
    """Gives the lists that facts tell of."""
    log = EventLog(database)
    entries = DncEntries(database, log, AuditLog(database), SystemClock())
    async with database.acquire() as connection, connection.transaction():
        drafts = await entries.add_opt_out(
            connection, account_id, NUMBER, reason="pressed 9", list_id=list_id, call_id="call_1"
        )
        await log.append_in(connection, drafts)
    for draft in drafts:
        assert draft.fact == DncEntryAdded(
            list_id=draft.subject_id,
            party=Party(number=NUMBER),
            source=DncSource.OPT_OUT,
            reason="pressed 9",
            call_id="call_1",
        )
    return [draft.subject_id for draft in drafts]


async def _lists_with_it(database: Database, account_id: str, *more: str) -> list[str]:
    async with database.acquire() as connection:
        return [hit.list_id for hit in (await find_dnc(connection, account_id, [NUMBER], more)).values()]


async def test_given_no_list_when_somebody_opts_out_then_one_is_made_and_it_is_told_once(database: Database) -> None:
    account_id = await _account(database)
    (list_id,) = await _opt_out(database, account_id)
    assert await _opt_out(database, account_id) == []
    assert await _lists_with_it(database, account_id) == [list_id]
    async with database.acquire() as connection:
        assert await connection.fetchval("SELECT name FROM dnc_list WHERE id = $1", list_id) == OPT_OUT_LIST


async def test_given_several_at_once_without_a_list_when_they_opt_out_then_there_is_one_list_and_one_entry(
    database: Database,
) -> None:
    account_id = await _account(database)
    told = await asyncio.gather(*(_opt_out(database, account_id) for _ in range(4)))
    assert len([one for lists in told for one in lists]) == 1
    async with database.acquire() as connection:
        assert await connection.fetchval("SELECT count(*) FROM dnc_list") == 1


async def test_given_lists_when_somebody_opts_out_then_it_is_the_named_one_or_the_oldest_that_applies_to_all(
    database: Database,
) -> None:
    account_id = await _account(database)
    own = await _make_list(database, account_id, "own", applies_to_all=False)
    oldest = await _make_list(database, account_id, "all")
    await _make_list(database, account_id, "later")
    assert await _opt_out(database, account_id) == [oldest]
    assert await _opt_out(database, account_id, own) == [own]


async def test_given_the_named_list_is_deleted_when_somebody_opts_out_then_the_wish_holds_all_the_same(
    database: Database,
) -> None:
    account_id = await _account(database)
    gone = await _make_list(database, account_id, "gone")
    async with database.acquire() as connection:
        await connection.execute("UPDATE dnc_list SET deleted_at = now()")
    (list_id,) = await _opt_out(database, account_id, gone)
    assert list_id != gone
    assert await _lists_with_it(database, account_id) == [list_id]


async def test_given_a_list_that_not_all_ask_when_asked_for_numbers_then_only_who_names_it_hears_of_it(
    database: Database,
) -> None:
    account_id = await _account(database)
    own = await _make_list(database, account_id, "own", applies_to_all=False)
    await _opt_out(database, account_id, own)
    assert await _lists_with_it(database, account_id) == []
    assert await _lists_with_it(database, account_id, own) == [own]
    assert await _lists_with_it(database, "acc_other", own) == []


def test_given_many_ids_at_once_when_made_then_each_is_a_contacts_and_no_other() -> None:
    ids = new_contact_ids(5000)
    assert len(set(ids)) == 5000
    assert {kind_of(one) for one in ids} == {Kind.CONTACT}
    assert {len(one) for one in ids} == {len(new_id(Kind.CONTACT))}
    assert new_contact_ids(0) == []
