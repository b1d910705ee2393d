"""An account with limits over a real database."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec
import pytest

from app.accounts.audit import AuditLog
from app.accounts.principal import Principal
from app.accounts.scopes import Scope
from app.accounts.service import Accounts
from app.calls.core.lifetimes import allowance
from app.calls.core.model.call import Call
from app.calls.keeping.counted import occupants, outside_legs
from app.db.engine import Database
from app.errors import RefusedError
from app.events.log import EventLog
from app.facts.event import Event
from app.facts.vocabulary import CallState, LegState
from app.usage.caps import CapacityDesk
from app.usage.ledger import Ledger
from app.usage.rates import Rate
from app.usage.service import AccountLimits, LimitChanges, Limits
from tests.accounts.stepped_clock import SteppedClock
from tests.calls.making import make_call
from tests.calls.rows import insert_calls

PRICE = Rate(prefix="+1555", minute_micros=60_000)  # a thousandth a second


@dataclass
class Customer:
    """An account, its limits, and all that has to do with them; the clock is moved by hand."""

    database: Database
    account_id: str
    clock: SteppedClock = field(default_factory=SteppedClock)

    def __post_init__(self) -> None:
        self.log = EventLog(self.database)
        self.audit = AuditLog(self.database)
        self.desk = CapacityDesk(self.database, self.log, self.clock, occupants)
        self.limits = AccountLimits(self.database, self.audit, self.clock, self.desk)
        self.ledger = Ledger(self.database)

    def make_call(self, *, seconds: float = 60.0, numbers: int = 1) -> Call:
        """A call to so many outside numbers, that may talk so long."""
        call = make_call(
            account_id=self.account_id,
            max_duration_seconds=seconds,
            created_at=self.clock.now(),
            customer_waves=(0,) * max(1, numbers),
        )
        call = msgspec.structs.replace(call, allowance_seconds=allowance(seconds, None))
        if numbers:
            return call
        inside = call.legs[0].party
        return msgspec.structs.replace(
            call, legs=tuple(msgspec.structs.replace(leg, party=inside) for leg in call.legs)
        )

    async def take(self, call: Call | None = None, *, desk: CapacityDesk | None = None) -> str | None:
        """Have room for a call; the code of why not, if not."""
        call = call or self.make_call()
        try:
            legs = outside_legs(call, call.legs)
            await (desk or self.desk).take(self.account_id, call.id, legs, is_new=True)
        except RefusedError as refused:
            return refused.problems[0].code
        return None

    async def grant(self, **caps: int | None) -> Limits:
        return await self.limits.grant(self.account_id, LimitChanges(**caps))  # type: ignore[typeddict-item]

    async def lower(self, **caps: int | None) -> Limits:
        """One of the account's own keys speaks."""
        by = Principal(
            account_id=self.account_id,
            account_name="acme",
            default_region="US",
            key_id="key_1",
            scopes=frozenset({Scope.USAGE}),
        )
        return await self.limits.set_own(by, LimitChanges(**caps))  # type: ignore[typeddict-item]

    async def price(self, *rates: Rate) -> None:
        await self.limits.set_rates(self.account_id, rates or (PRICE,))

    async def write(self, call: Call, state: LegState = LegState.UP) -> None:
        """Write a call whose legs are in this state, as somebody else did."""
        ended = CallState.ENDED if state is LegState.ENDED else CallState.CONNECTED
        legs = tuple(msgspec.structs.replace(leg, state=state) for leg in call.legs)
        await insert_calls(self.database, [msgspec.structs.replace(call, legs=legs, state=ended)])

    async def standing(self) -> tuple[int, int, int]:
        """How many calls are counted, what is held for them, and what is spent, in millionths."""
        now = await self.limits.read(self.account_id)
        return now.concurrent_calls, now.held_micros, now.spent_micros

    async def holds(self) -> int:
        async with self.database.acquire() as connection:
            return int(await connection.fetchval("SELECT count(*) FROM usage_hold"))

    async def events(self) -> Sequence[Event]:
        return await self.log.read_after(0, limit=1000)


@pytest.fixture
async def customer(database: Database) -> Customer:
    account = await Accounts(database, AuditLog(database)).create("acme")
    return Customer(database, account.id)
