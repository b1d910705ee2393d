"""What commands about accounts work on: the database of these settings and the services over it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from app.accounts.access import Access
from app.accounts.audit import AuditLog
from app.accounts.keys import ApiKeys
from app.accounts.service import Account, Accounts
from app.accounts.sessions import CREDENTIALS_CHANGED
from app.cli.logs import log_errors_alone
from app.clock import SystemClock
from app.config import load_settings
from app.db.engine import Database
from app.errors import Problem, RefusedError
from app.events.bus import Bus
from app.local.database import open_database
from app.reputation.service import Reputation
from app.reputation.setting_up import read_rules
from app.routing.directory import Directory
from app.routing.policies import DestinationPolicies
from app.routing.sandbox import SANDBOX_ACCOUNT
from app.secrets.service_secret import Purpose, ServiceSecret


@dataclass(frozen=True, slots=True)
class Opened:
    """The services that commands use."""

    database: Database
    audit: AuditLog
    accounts: Accounts
    access: Access
    policies: DestinationPolicies
    directory: Directory
    reputation: Reputation
    #: Whether a service with these settings makes the sandbox's account.
    makes_sandbox: bool

    @property
    def keys(self) -> ApiKeys:
        """The API keys; what runs hears of a change at once."""
        return self.access.keys

    async def find_account(self, name_or_id: str) -> Account:
        """The account, or RefusedError NOT_FOUND."""
        account = await self.accounts.find(name_or_id)
        if account is None and self.makes_sandbox and name_or_id == SANDBOX_ACCOUNT:
            raise RefusedError(
                Problem(
                    "NOT_FOUND",
                    f"The account {name_or_id!r} is not there yet: Offhook makes it when it starts. "
                    "Wait until it says that it is up, then try again.",
                )
            )
        if account is None:
            raise RefusedError(
                Problem("NOT_FOUND", f"There is no account {name_or_id!r}. `offhook account list` names them.")
            )
        return account


@asynccontextmanager
async def opened_services() -> AsyncIterator[Opened]:
    """Open the database, which may be the one that a running service uses; store audit lines at the end.

    Raises:
        ConfigurationError, DatabaseUnavailableError: as `open_database`.
    """
    settings = load_settings()
    log_errors_alone(settings)
    async with open_database(settings, may_join=True) as database:
        # After the database: it makes the data directory in the way that its server's user can pass through.
        secret = ServiceSecret.load(settings)
        audit = AuditLog(database)
        try:
            yield Opened(
                database=database,
                audit=audit,
                accounts=Accounts(database, audit),
                access=Access.open(
                    *(database, secret.derive(Purpose.API_KEYS), audit, SystemClock()),
                    tell=partial(Bus(database).publish, CREDENTIALS_CHANGED),
                ),
                policies=DestinationPolicies(database, audit),
                directory=Directory(database),
                reputation=Reputation(database, audit, SystemClock(), read_rules(settings)),
                makes_sandbox=settings.ari_url is None,
            )
        finally:
            await audit.flush()
