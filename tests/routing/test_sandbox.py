"""The sandbox account: seeded through the services, as often as you like."""

import asyncio

import pytest

from app.accounts.audit import AuditLog
from app.db.engine import Database
from app.numbers.parse import E164, dial_digits
from app.numbers.policy import Allowed, Denied, evaluate
from app.routing.directory import Directory
from app.routing.sandbox import AGENT_NAMES, OUTBOUND_NUMBERS, seed_sandbox
from app.routing.service import Routing

pytestmark = pytest.mark.postgres


@pytest.fixture
def audit(database: Database) -> AuditLog:
    return AuditLog(database)


async def test_given_an_empty_database_when_seeded_then_phones_trunk_numbers_and_policy_are_there(
    database: Database, audit: AuditLog
) -> None:
    sandbox = await seed_sandbox(database, audit)

    directory = Directory(database)
    for number, name in AGENT_NAMES.items():
        target = (await directory.resolve_originate(sandbox.account.id, extension=number)).connect
        assert target is not None
        assert (target.agent_name, target.endpoints) == (name, (f"sandbox-{number}",))
    resolved = await directory.resolve_originate(sandbox.account.id, extension="2001")
    assert resolved.trunk is not None
    assert (resolved.trunk.endpoint, resolved.trunk.is_sandbox) == ("sandbox-trunk-main", True)
    assert resolved.caller_id is not None
    assert resolved.caller_id.number == OUTBOUND_NUMBERS[0]
    assert dial_digits(resolved.trunk.dial_template, E164("+15550100000")) == "+15550100000"
    assert isinstance(evaluate(E164("+15550100000"), resolved.rules), Allowed)
    assert isinstance(evaluate(E164("+12024561111"), resolved.rules), Denied)
    assert sandbox.account.is_sandbox


async def test_given_a_seeded_database_when_seeded_again_and_at_once_then_nothing_doubles(
    database: Database, audit: AuditLog
) -> None:
    first, second = await asyncio.gather(seed_sandbox(database, audit), seed_sandbox(database, audit))
    third = await seed_sandbox(database, audit)

    routing = Routing(database, audit)
    account_id = first.account.id
    assert first == second == third
    assert len(await routing.list_extensions(account_id)) == 10
    assert len(await routing.list_agents(account_id)) == 10
    assert len(await routing.list_devices(account_id)) == 10
    assert len(await routing.list_trunks(account_id)) == 1
    assert [number.number for number in await routing.list_outbound_numbers(account_id)] == list(OUTBOUND_NUMBERS)


async def test_given_a_missing_part_when_seeded_again_then_it_is_mended(database: Database, audit: AuditLog) -> None:
    sandbox = await seed_sandbox(database, audit)
    async with database.acquire() as connection:
        await connection.execute("DELETE FROM device WHERE endpoint = 'sandbox-2003'")
        await connection.execute("DELETE FROM outbound_number WHERE number = $1", OUTBOUND_NUMBERS[2])

    await seed_sandbox(database, audit)

    directory = Directory(database)
    target = (await directory.resolve_originate(sandbox.account.id, extension="2003")).connect
    assert target is not None
    assert target.endpoints == ("sandbox-2003",)
    assert (await directory.resolve_originate(sandbox.account.id, caller_id=OUTBOUND_NUMBERS[2])).caller_id is not None
