"""Whose call it is that comes in, and what the account's rows say of a call that goes out."""

import pytest

from app.accounts.audit import AuditLog
from app.accounts.principal import Principal
from app.accounts.scopes import Scope
from app.accounts.service import Accounts
from app.db.engine import Database
from app.numbers.parse import E164
from app.routing.directory import Directory
from app.routing.resources import RoutingResources
from app.routing.service import Routing
from app.routing.stops import StopTarget
from app.routing.targets import ToExtension, ToNumber
from app.routing.ways_in import WaysIn
from app.routing.words import CallerIdPolicy, NumberCapability
from app.secrets.sealing import Sealer

pytestmark = pytest.mark.postgres


@pytest.fixture
def resources(database: Database) -> RoutingResources:
    return RoutingResources.open(database, AuditLog(database), Sealer(bytes(32)))


async def owner(database: Database, name: str) -> Principal:
    """Somebody who may do everything in an account of this name."""
    account = await Accounts(database, AuditLog(database)).create(name)
    return Principal(
        account_id=account.id, account_name=name, default_region="US", key_id="key_1", scopes=frozenset(Scope)
    )


async def test_given_two_accounts_when_a_call_comes_then_its_trunk_says_whose_it_is_and_the_route_where_it_goes(
    database: Database, resources: RoutingResources
) -> None:
    acme, rival = await owner(database, "acme"), await owner(database, "rival")
    trunk = await resources.trunks.create(acme, "in", {"host": "192.0.2.7"})
    await resources.trunks.create(rival, "in", {"host": "192.0.2.8"})
    await resources.extensions.create(acme, {"number": "2001"})
    await resources.routes.create(acme, {"pattern": "+1212*", "target": ToExtension(number="2001")})
    elsewhere = ToNumber(number=E164("+12125550100"))
    mine = await resources.routes.create(acme, {"pattern": "*", "target": elsewhere, "trunk_id": trunk.id})
    await resources.routes.create(rival, {"pattern": "+12125550123", "target": elsewhere})

    ways = WaysIn(database)

    async def where(dialled: str, endpoint: str = trunk.endpoint) -> tuple[str, list[StopTarget]] | None:
        way = await ways.find(endpoint, dialled)
        return None if way is None else (way.account_id, [stop.target for stop in way.stops])

    assert await where("12125550123") == (acme.account_id, [ToExtension(number="2001")])
    assert await where("+4930123456") == (acme.account_id, [elsewhere])
    await resources.routes.update(acme, mine.id, {"is_enabled": False})
    assert await where("+4930123456") == (acme.account_id, [])
    assert await where("+4930123456", "sandbox-2001") is None
    await resources.trunks.update(acme, trunk.id, {"is_enabled": False})
    assert await where("12125550123") is None


async def test_given_agents_with_phones_of_their_own_when_called_then_the_right_phones_ring(
    database: Database, resources: RoutingResources
) -> None:
    acme = await owner(database, "acme")
    desk = await resources.extensions.create(acme, {"number": "2001"})
    ada = await resources.agents.create(acme, {"name": "Ada", "extension_id": desk.id})
    bob = await resources.agents.create(acme, {"name": "Bob", "extension_id": desk.id})
    for changes in ({"extension_id": desk.id}, {"agent_id": ada.id}, {"agent_id": bob.id}):
        await resources.devices.create(acme, changes)  # type: ignore[arg-type]  # one owner each
    directory = Directory(database)
    extension = (await directory.resolve_originate(acme.account_id, extension="2001")).connect
    agent = (await directory.resolve_originate(acme.account_id, agent_id=bob.id)).connect
    assert extension is not None
    assert agent is not None
    assert extension.endpoints == ("ofh-acme-1", "ofh-acme-2", "ofh-acme-3")
    assert agent.endpoints == ("ofh-acme-1", "ofh-acme-3")


async def test_given_a_trunks_rules_when_a_call_goes_out_then_only_numbers_and_trunks_that_may_are_found(
    database: Database, resources: RoutingResources
) -> None:
    acme = await owner(database, "acme")
    trunk = await resources.trunks.create(
        acme, "out", {"host": "192.0.2.7", "caller_id_policy": CallerIdPolicy.TRUNK_NUMBERS}
    )
    first = E164("+12125550100")
    await resources.numbers.create(acme, first, {})
    second = await resources.numbers.create(acme, E164("+12125550101"), {"trunk_id": trunk.id})
    for number in (first, second.number):
        await Routing(database, AuditLog(database)).verify_outbound_number(acme.account_id, number)
    directory = Directory(database)
    by_default = (await directory.resolve_originate(acme.account_id)).caller_id
    assert by_default is not None
    assert by_default.number == second.number
    assert (await directory.resolve_originate(acme.account_id, caller_id=first)).caller_id is None
    await resources.numbers.update(acme, second.id, {"capabilities": [NumberCapability.INBOUND]})
    assert (await directory.resolve_originate(acme.account_id, caller_id=second.number)).caller_id is None
    await resources.trunks.update(acme, trunk.id, {"is_enabled": False})
    assert (await directory.resolve_originate(acme.account_id)).trunk is None
    assert (await directory.resolve_originate(acme.account_id, trunk_id=trunk.id)).trunk is None
    shown = (await directory.resolve_originate(acme.account_id)).caller_id
    assert shown is not None
    assert shown.number == first
