"""What a call needs to know, in one round trip, and never another account's."""

from dataclasses import dataclass

import pytest

from app.accounts.audit import AuditLog
from app.accounts.service import Account, Accounts
from app.db.engine import Database
from app.errors import RefusedError
from app.numbers.policy import Rule
from app.routing.directory import Directory
from app.routing.model import Agent, Extension, OutboundNumber, Trunk
from app.routing.policies import DestinationPolicies
from app.routing.service import Routing

pytestmark = pytest.mark.postgres


@dataclass(frozen=True, slots=True)
class Office:
    """An account with one of everything."""

    account: Account
    extension: Extension
    agent: Agent
    trunk: Trunk
    number: OutboundNumber


async def furnish(
    accounts: Accounts, policies: DestinationPolicies, routing: Routing, name: str, number: str
) -> Office:
    account = await accounts.create(name)
    await policies.set_rules(account.id, [Rule("+1", is_allowed=True), Rule("+1212", is_allowed=False)])
    extension = await routing.create_extension(account.id, "2001", label="Desk")
    agent = await routing.create_agent(account.id, f"Agent of {name}", extension_id=extension.id)
    await routing.create_device(account.id, extension.id)
    trunk = await routing.create_trunk(account.id, "main", dial_template="9{digits}")
    outbound = await routing.create_outbound_number(account.id, number, label="Main line")
    return Office(account, extension, agent, trunk, outbound)


@pytest.fixture
def audit(database: Database) -> AuditLog:
    return AuditLog(database)


@pytest.fixture
def routing(database: Database, audit: AuditLog) -> Routing:
    return Routing(database, audit)


@pytest.fixture
def accounts(database: Database, audit: AuditLog) -> Accounts:
    return Accounts(database, audit)


@pytest.fixture
def policies(database: Database, audit: AuditLog) -> DestinationPolicies:
    return DestinationPolicies(database, audit)


@pytest.fixture
async def acme(accounts: Accounts, policies: DestinationPolicies, routing: Routing) -> Office:
    return await furnish(accounts, policies, routing, "acme", "+12024561111")


@pytest.fixture
async def rival(accounts: Accounts, policies: DestinationPolicies, routing: Routing) -> Office:
    return await furnish(accounts, policies, routing, "rival", "+12024562222")


@pytest.fixture
def directory(database: Database) -> Directory:
    return Directory(database)


async def test_given_an_extension_when_resolved_then_all_that_a_call_needs_comes_at_once(
    directory: Directory, acme: Office, rival: Office
) -> None:
    resolved = await directory.resolve_originate(acme.account.id, extension="2001")

    assert resolved.connect is not None
    assert resolved.connect.id == acme.extension.id
    assert resolved.connect.agent_id == acme.agent.id
    assert resolved.connect.agent_name == "Agent of acme"
    assert resolved.connect.endpoints == ("acme-2001",)
    assert resolved.destination is None
    assert resolved.trunk is not None
    assert (resolved.trunk.id, resolved.trunk.endpoint) == (acme.trunk.id, "acme-trunk-main")
    assert resolved.trunk.dial_template == "9{digits}"
    assert resolved.caller_id is not None
    assert resolved.caller_id.number == "+12024561111"
    assert resolved.rules == (Rule("+1", is_allowed=True), Rule("+1212", is_allowed=False))


async def test_given_an_agent_when_resolved_then_the_extension_where_that_agent_sits_is_given(
    directory: Directory, routing: Routing, acme: Office
) -> None:
    second = await routing.create_agent(acme.account.id, "Second at the desk", extension_id=acme.extension.id)

    resolved = await directory.resolve_originate(acme.account.id, agent_id=second.id)

    assert resolved.has_agent
    assert resolved.connect is not None
    assert (resolved.connect.number, resolved.connect.agent_name) == ("2001", "Second at the desk")
    by_number = (await directory.resolve_originate(acme.account.id, extension="2001")).connect
    assert by_number is not None
    assert by_number.agent_id == acme.agent.id


async def test_given_an_agent_without_an_extension_when_resolved_then_it_is_told_apart_from_no_agent(
    directory: Directory, routing: Routing, acme: Office
) -> None:
    homeless = await routing.create_agent(acme.account.id, "Nowhere yet")

    without = await directory.resolve_originate(acme.account.id, agent_id=homeless.id)
    unknown = await directory.resolve_originate(acme.account.id, agent_id="agent_unknown")

    assert (without.connect, without.has_agent) == (None, True)
    assert (unknown.connect, unknown.has_agent) == (None, False)


async def test_given_an_extension_as_destination_when_resolved_then_both_ends_are_given(
    directory: Directory, routing: Routing, acme: Office
) -> None:
    await routing.create_extension(acme.account.id, "2002")

    resolved = await directory.resolve_originate(acme.account.id, extension="2001", destination_extension="2002")

    assert resolved.connect is not None
    assert resolved.destination is not None
    assert (resolved.connect.number, resolved.destination.number) == ("2001", "2002")
    assert resolved.destination.endpoints == ()
    assert resolved.destination.agent_id is None


async def test_given_another_accounts_things_when_asked_for_then_they_do_not_exist(
    directory: Directory, acme: Office, rival: Office
) -> None:
    resolved = await directory.resolve_originate(
        acme.account.id, agent_id=rival.agent.id, trunk_id=rival.trunk.id, caller_id=rival.number.number
    )

    assert resolved.connect is None
    assert not resolved.has_agent
    assert resolved.trunk is None
    assert resolved.caller_id is None


async def test_given_unknown_names_when_resolved_then_nothing_is_found_and_no_default_steps_in(
    directory: Directory, acme: Office
) -> None:
    assert (await directory.resolve_originate(acme.account.id, extension="9999")).connect is None
    assert (await directory.resolve_originate(acme.account.id, agent_id="agent_x")).connect is None
    assert (await directory.resolve_originate(acme.account.id, trunk_id="trunk_x")).trunk is None
    assert (await directory.resolve_originate(acme.account.id, caller_id="+19999999999")).caller_id is None
    assert (await directory.resolve_originate("acc_nobody")).trunk is None
    assert (await directory.resolve_originate("acc_nobody")).rules == ()


async def test_given_deleted_rows_when_resolved_then_they_are_gone(
    directory: Directory, acme: Office, database: Database
) -> None:
    async with database.acquire() as connection:
        for table in ("agent", "device", "trunk", "outbound_number"):
            await connection.execute(f"UPDATE {table} SET deleted_at = now()")  # noqa: S608  # names of this test

    resolved = await directory.resolve_originate(acme.account.id, extension="2001")

    assert resolved.connect is not None
    assert (resolved.connect.agent_id, resolved.connect.endpoints) == (None, ())
    assert (resolved.trunk, resolved.caller_id) == (None, None)
    async with database.acquire() as connection:
        await connection.execute("UPDATE extension SET deleted_at = now()")
    assert (await directory.resolve_originate(acme.account.id, extension="2001")).connect is None
    assert (await directory.resolve_originate(acme.account.id, agent_id=acme.agent.id)).connect is None


async def test_given_a_second_default_when_made_then_it_takes_over(
    directory: Directory, routing: Routing, acme: Office
) -> None:
    plain = await routing.create_trunk(acme.account.id, "spare")
    assert not plain.is_default
    chosen = await routing.create_trunk(acme.account.id, "best", is_default=True)
    shown = await routing.create_outbound_number(acme.account.id, "+12024563333", is_default=True)

    resolved = await directory.resolve_originate(acme.account.id)

    assert resolved.trunk is not None
    assert resolved.trunk.id == chosen.id
    assert resolved.caller_id is not None
    assert resolved.caller_id.id == shown.id
    assert [trunk.name for trunk in await routing.list_trunks(acme.account.id) if trunk.is_default] == ["best"]


async def test_given_an_extension_with_three_devices_when_resolved_then_all_ring_under_names_of_their_own(
    directory: Directory, routing: Routing, acme: Office
) -> None:
    await routing.create_device(acme.account.id, acme.extension.id, label="Softphone")
    await routing.create_device(acme.account.id, acme.extension.id)

    target = (await directory.resolve_originate(acme.account.id, extension="2001")).connect

    assert target is not None
    assert target.endpoints == ("acme-2001", "acme-2001-2", "acme-2001-3")


async def test_given_the_most_devices_when_one_more_is_made_then_it_is_refused(routing: Routing, acme: Office) -> None:
    for _ in range(9):
        await routing.create_device(acme.account.id, acme.extension.id)

    with pytest.raises(RefusedError, match="at most 10"):
        await routing.create_device(acme.account.id, acme.extension.id)


async def test_given_strings_that_look_like_sql_when_resolved_then_they_are_just_unknown(
    directory: Directory, acme: Office
) -> None:
    resolved = await directory.resolve_originate(
        acme.account.id, extension="' OR true --", trunk_id="%", caller_id="_", agent_id=None
    )

    assert (resolved.connect, resolved.trunk, resolved.caller_id) == (None, None, None)


async def test_given_foreign_or_missing_owners_when_rows_are_made_then_they_are_not_found(
    routing: Routing, acme: Office, rival: Office
) -> None:
    for work in (
        routing.create_extension("acc_nobody", "3001"),
        routing.create_agent("acc_nobody", "X"),
        routing.create_agent(acme.account.id, "X", extension_id=rival.extension.id),
        routing.create_device(acme.account.id, rival.extension.id),
        routing.create_trunk("acc_nobody", "main"),
        routing.create_outbound_number("acc_nobody", "+12024569999"),
    ):
        with pytest.raises(RefusedError) as refused:
            await work
        assert refused.value.problems[0].code == "NOT_FOUND"


async def test_given_taken_names_when_rows_are_made_again_then_they_exist_already(
    routing: Routing, acme: Office
) -> None:
    for work in (
        routing.create_extension(acme.account.id, "2001"),
        routing.create_trunk(acme.account.id, "main"),
        routing.create_outbound_number(acme.account.id, "+12024561111"),
    ):
        with pytest.raises(RefusedError) as refused:
            await work
        assert refused.value.problems[0].code == "ALREADY_EXISTS"


async def test_given_malformed_values_when_rows_are_made_then_each_is_refused_by_its_field(
    routing: Routing, acme: Office
) -> None:
    account_id, extension_id = acme.account.id, acme.extension.id
    cases = [
        (routing.create_extension(account_id, "1"), "number"),
        (routing.create_extension(account_id, "20０1"), "number"),
        (routing.create_extension(account_id, "2005", label="a\nb"), "label"),
        (routing.create_agent(account_id, ""), "name"),
        (routing.create_agent(account_id, "x" * 101), "name"),
        (routing.create_agent(account_id, 'Bob" <+1900>\r\n'), "name"),
        (routing.create_agent(account_id, "Bob", email="not an address"), "email"),
        (routing.create_device(account_id, extension_id, label=""), "label"),
        (routing.create_trunk(account_id, "Main"), "name"),
        (routing.create_trunk(account_id, "a/b"), "name"),
        (routing.create_trunk(account_id, "ok", dial_template="{digits}@evil"), "dialTemplate"),
        (routing.create_outbound_number(account_id, "12024561111"), "number"),
        (routing.create_outbound_number(account_id, "+1202 456 1111"), "number"),
    ]
    for work, field in cases:
        with pytest.raises(RefusedError) as refused:
            await work
        assert refused.value.problems[0].field == (field,)


async def test_given_rows_of_two_accounts_when_listed_then_each_sees_its_own(
    routing: Routing, acme: Office, rival: Office
) -> None:
    for office in (acme, rival):
        account_id = office.account.id
        assert await routing.list_extensions(account_id) == [office.extension]
        assert await routing.list_agents(account_id) == [office.agent]
        assert await routing.list_trunks(account_id) == [office.trunk]
        assert await routing.list_outbound_numbers(account_id) == [office.number]
        assert [device.endpoint for device in await routing.list_devices(account_id)] == [f"{office.account.name}-2001"]


async def test_given_an_agent_with_phones_of_its_own_when_it_sits_nowhere_then_these_ring(
    database: Database, directory: Directory, routing: Routing, acme: Office, rival: Office
) -> None:
    roaming = await routing.create_agent(acme.account.id, "Roaming")
    async with database.acquire() as connection:
        for number in (1, 2):
            await connection.execute(
                "INSERT INTO device (id, account_id, agent_id, endpoint, created_at) "
                "VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5))",
                f"dev_{number}",
                acme.account.id,
                roaming.id,
                f"ofh-acme-{number}",
                number,
            )

    found = (await directory.resolve_originate(acme.account.id, agent_id=roaming.id)).connect
    foreign = await directory.resolve_originate(rival.account.id, agent_id=roaming.id)
    async with database.acquire() as connection:
        await connection.execute("UPDATE device SET deleted_at = now() WHERE id = 'dev_1'")
    fewer = (await directory.resolve_originate(acme.account.id, agent_id=roaming.id)).connect

    assert found is not None
    assert (found.id, found.number, found.agent_id, found.agent_name) == (None, None, roaming.id, "Roaming")
    assert found.endpoints == ("ofh-acme-1", "ofh-acme-2")
    assert (foreign.connect, foreign.has_agent) == (None, False)
    assert fewer is not None
    assert fewer.endpoints == ("ofh-acme-2",)


async def test_given_a_number_that_is_not_verified_when_it_is_to_be_shown_then_it_is_told_apart_from_anothers(
    database: Database, directory: Directory, acme: Office, rival: Office
) -> None:
    async def found(caller_id: str | None = None, of: Office = acme) -> tuple[bool, bool]:
        resolved = await directory.resolve_originate(of.account.id, caller_id=caller_id)
        return resolved.caller_id is not None, resolved.is_caller_id_unverified

    async def run(statement: str) -> None:
        async with database.acquire() as connection:
            await connection.execute(statement, acme.account.id)

    assert [await found(), await found(acme.number.number)] == [(True, False)] * 2
    await run("UPDATE outbound_number SET verified_at = NULL WHERE account_id = $1")
    assert [await found(), await found(acme.number.number)] == [(False, True)] * 2
    assert [await found("+19999999999"), await found(acme.number.number, rival)] == [(False, False)] * 2
    await run("UPDATE outbound_number SET capabilities = '{}' WHERE account_id = $1")
    assert await found(acme.number.number) == (False, False)
    await run("UPDATE outbound_number SET capabilities = '{CALLER_ID}', deleted_at = now() WHERE account_id = $1")
    assert await found(acme.number.number) == (False, False)


async def test_given_a_default_trunk_with_a_limit_when_none_is_named_then_others_that_may_show_the_number_follow(
    database: Database, directory: Directory, routing: Routing, acme: Office
) -> None:
    made = {name: await routing.create_trunk(acme.account.id, name) for name in ("second", "own", "down", "off", "box")}
    async with database.acquire() as connection:
        await connection.execute("UPDATE trunk SET max_channels = 3 WHERE id = $1", acme.trunk.id)
        await connection.execute("UPDATE trunk SET max_channels = 9 WHERE id = $1", made["second"].id)
        await connection.execute("UPDATE trunk SET caller_id_policy = 'TRUNK_NUMBERS' WHERE id = $1", made["own"].id)
        await connection.execute("UPDATE trunk SET is_enabled = false WHERE id = $1", made["off"].id)
        await connection.execute("UPDATE trunk SET is_sandbox = true WHERE id = $1", made["box"].id)
        await connection.execute(
            "INSERT INTO line_state (line_id, node, account_id, state, changed_at) "
            "VALUES ($1, 'n1', $2, 'DOWN', now())",
            made["down"].id,
            acme.account.id,
        )

    found = await directory.resolve_originate(acme.account.id)
    named = await directory.resolve_originate(acme.account.id, trunk_id=acme.trunk.id)
    async with database.acquire() as connection:
        await connection.execute("UPDATE outbound_number SET trunk_id = $1", made["own"].id)
    shown = await directory.resolve_originate(acme.account.id)
    async with database.acquire() as connection:
        await connection.execute("UPDATE trunk SET max_channels = NULL WHERE id = $1", acme.trunk.id)
    unlimited = await directory.resolve_originate(acme.account.id)

    assert found.trunk is not None
    assert found.trunk.max_channels == 3
    assert [(one.name, one.max_channels) for one in found.other_trunks] == [("second", 9)]
    assert named.other_trunks == ()
    assert [one.name for one in shown.other_trunks] == ["own", "second"]
    assert unlimited.other_trunks == ()
