"""An account with outbound numbers and pools of them, for tests of what is thought of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from app.accounts.audit import AuditLog
from app.accounts.principal import Principal
from app.accounts.scopes import Scope
from app.accounts.service import Accounts
from app.db.engine import Database
from app.facts.vocabulary import Disposition, EndCode, EndParty, EndReason
from app.numbers.parse import E164
from app.reputation.judging import Rules
from app.reputation.rows import NumberStanding
from app.reputation.service import Reputation
from app.routing.resources import RoutingResources
from app.secrets.sealing import Sealer
from tests.accounts.stepped_clock import SteppedClock
from tests.cdrs.records import insert_cdrs, make_cdr

FIRST, SECOND, THIRD = E164("+12024561111"), E164("+12024562222"), E164("+12123456789")
NOT_ANSWERED: dict[str, Any] = {
    "disposition": Disposition.NO_ANSWER,
    "end_reason": EndReason(code=EndCode.NO_ANSWER, party=EndParty.CUSTOMER),
    "connected_at": None,
    "answered_at": None,
}


@dataclass(frozen=True, slots=True)
class NumberOffice:
    """The account, who acts for it, and its numbers by what they are."""

    database: Database
    clock: SteppedClock
    audit: AuditLog
    by: Principal
    routing: RoutingResources
    reputation: Reputation
    ids: dict[E164, str]

    @property
    def account_id(self) -> str:
        return self.by.account_id

    async def standing(self, number: E164) -> NumberStanding:
        return (await self.reputation.standings(self.account_id, [number]))[number]

    async def make_pool(self, *numbers: E164) -> str:
        made = await self.routing.pools.create(
            self.by, {"name": "pool", "number_ids": [self.ids[one] for one in numbers]}
        )
        return made.id

    async def note_calls(self, number: E164, count: int, *, at: datetime | None = None, **fields: Any) -> None:
        """Write records of so many calls that showed the number, answered ones when ``fields`` say nothing else."""
        records = [
            make_cdr(at or self.clock.now(), caller_id=number, **{"is_sandbox": False, **fields}) for _ in range(count)
        ]
        async with self.database.acquire() as connection, connection.transaction():
            await insert_cdrs(connection, [(self.account_id, record) for record in records])

    async def actions(self) -> list[str]:
        """What the audit log says was done, without the making of things."""
        await self.audit.flush()
        async with self.database.acquire() as connection:
            rows = await connection.fetch(
                "SELECT action FROM audit_line WHERE account_id = $1 ORDER BY id", self.account_id
            )
        return [row["action"] for row in rows if not row["action"].endswith(".create")]


async def open_office(
    database: Database,
    name: str = "acme",
    *,
    numbers: Sequence[E164] = (FIRST, SECOND, THIRD),
    rules: Rules | None = None,
) -> NumberOffice:
    clock, audit = SteppedClock(), AuditLog(database)
    account = await Accounts(database, audit).create(name)
    by = Principal(
        account_id=account.id,
        account_name=name,
        default_region="US",
        key_id="key_1",
        scopes=frozenset(Scope),
        request_id="req_1",
    )
    routing = RoutingResources.open(database, audit, Sealer(bytes(32)))
    ids = {number: (await routing.numbers.create(by, number, {})).id for number in numbers}
    async with database.acquire() as connection:
        await connection.execute("UPDATE outbound_number SET verified_at = now() WHERE account_id = $1", account.id)
    reputation = Reputation(database, audit, clock, rules or Rules())
    return NumberOffice(database, clock, audit, by, routing, reputation, ids)


def stranger_to(office: NumberOffice) -> Principal:
    """Somebody of another account."""
    return replace(office.by, account_id="acc_other")
