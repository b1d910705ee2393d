"""The sandbox account: ten phones and a trunk to made-up numbers, made through the same services as any other's.

What the phones and numbers do is in Asterisk's sandbox configuration; here they get their rows. Seeding again changes
nothing and mends what is missing.
"""

from dataclasses import dataclass
from typing import Final

from app.accounts.audit import AuditLog
from app.accounts.service import Account, Accounts
from app.db.engine import Database
from app.db.locks import SANDBOX_SEED
from app.numbers.parse import E164, SANDBOX_PREFIX
from app.numbers.policy import Rule
from app.routing.model import Trunk
from app.routing.policies import DestinationPolicies
from app.routing.service import Routing

SANDBOX_ACCOUNT: Final = "sandbox"
TRUNK_NAME: Final = "main"

#: Whom a demonstration talks to; extension 2009 is always busy and 2010 never answers.
AGENT_NAMES: Final = {
    "2001": "Amara Osei",
    "2002": "Bruno Castellanos",
    "2003": "Chiara Lindqvist",
    "2004": "Dmitri Vance",
    "2005": "Eleni Marchetti",
    "2006": "Farid Haddad",
    "2007": "Grace Okonkwo",
    "2008": "Hiro Tanabe",
    "2009": "Ines Duarte",
    "2010": "Jonas Weidmann",
}

#: What the sandbox's customers see; the first is the default.
OUTBOUND_NUMBERS: Final = (E164("+15550100100"), E164("+15550100101"), E164("+15550100102"))

_POLICY: Final = (Rule(SANDBOX_PREFIX, is_allowed=True, note="The sandbox's made-up numbers, and nothing else."),)

_SEED_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Sandbox:
    """The sandbox account and its way out."""

    account: Account
    trunk: Trunk


async def seed_sandbox(database: Database, audit: AuditLog) -> Sandbox:
    """Make what is missing of the sandbox account.

    Raises:
        DatabaseUnavailableError: the database is away; seeding again goes on where this ended.
    """
    async with database.acquire() as guard, guard.transaction():
        # It holds this lock and nothing else, while the work is done over other connections.
        await guard.execute(f"SET LOCAL idle_in_transaction_session_timeout = '{_SEED_SECONDS}s'")
        # Two processes may seed at once.
        await guard.execute("SELECT pg_advisory_xact_lock($1)", SANDBOX_SEED)
        return await _seed(database, audit)


async def _seed(database: Database, audit: AuditLog) -> Sandbox:
    accounts, routing = Accounts(database, audit), Routing(database, audit)
    account = await accounts.find(SANDBOX_ACCOUNT)
    if account is None:
        account = await accounts.create(SANDBOX_ACCOUNT, display_name="Sandbox", is_sandbox=True)
    await DestinationPolicies(database, audit).ensure_rules(account.id, _POLICY)
    await _seed_phones(routing, account.id)
    trunk = next((trunk for trunk in await routing.list_trunks(account.id) if trunk.name == TRUNK_NAME), None)
    if trunk is None:
        trunk = await routing.create_trunk(
            account.id, TRUNK_NAME, dial_template="{e164}", is_default=True, is_sandbox=True
        )
    known = {outbound.number for outbound in await routing.list_outbound_numbers(account.id)}
    for number in OUTBOUND_NUMBERS:
        if number not in known:
            await routing.create_outbound_number(account.id, number, label="Sandbox")
    return Sandbox(account=account, trunk=trunk)


async def _seed_phones(routing: Routing, account_id: str) -> None:
    extensions = {extension.number: extension for extension in await routing.list_extensions(account_id)}
    seated = {agent.extension_id for agent in await routing.list_agents(account_id)}
    equipped = {device.extension_id for device in await routing.list_devices(account_id)}
    for number, name in AGENT_NAMES.items():
        extension = extensions.get(number) or await routing.create_extension(account_id, number, label=name)
        if extension.id not in seated:
            await routing.create_agent(account_id, name, extension_id=extension.id)
        if extension.id not in equipped:
            await routing.create_device(account_id, extension.id, label="Desk phone")
