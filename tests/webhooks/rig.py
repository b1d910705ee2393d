"""Everything webhooks need, put together on a real database: what the tests of this folder hold in hand."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network
from typing import Any

from standardwebhooks.webhooks import Webhook

from app.db.engine import Database
from app.egress.requests import Egress
from app.events.log import EventLog
from app.facts.calls import CallRef, CallUpdated, Fact
from app.facts.event import Draft, Event
from app.facts.vocabulary import CallKind, Direction
from app.ids import Kind, new_id
from app.secrets.sealing import Sealer
from app.webhooks.deliver import Deliverer
from app.webhooks.endpoints import WebhookEndpoints
from app.webhooks.enqueue import Enqueuer
from app.webhooks.payload import MintUrl
from app.webhooks.queries import WebhookQueries
from app.webhooks.schedule import Schedule
from tests.webhooks.sink import DEADLINE_SECONDS, Received

LOOPBACK = (IPv4Network("127.0.0.0/8"),)
SEALING_KEY = bytes(range(32))
WAITS = (0.0, 5.0, 300.0, 1800.0, 7200.0, 18000.0, 36000.0, 50400.0, 72000.0, 86400.0)


class TestClock:
    """Stands at the present until it is moved."""

    __test__ = False

    def __init__(self) -> None:
        self._now = datetime.now(UTC)

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._now.timestamp()

    def advance(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)


def call_ref(call_id: str) -> CallRef:
    return CallRef(
        id=call_id, kind=CallKind.CLICK_TO_CALL, direction=Direction.OUTBOUND, unique_id="PJSIP/sandbox-2001-00000001"
    )


@dataclass
class Rig:
    database: Database
    clock: TestClock
    log: EventLog
    endpoints: WebhookEndpoints
    egress: Egress
    sealer: Sealer
    queries: WebhookQueries
    account_id: str
    schedule: Schedule
    _call_sequences: dict[str, int]

    async def add_account(self, name: str) -> str:
        account_id = new_id(Kind.ACCOUNT)
        async with self.database.acquire() as connection:
            await connection.execute(
                "INSERT INTO account (id, name, display_name, default_region, is_sandbox) "
                "VALUES ($1, $2, $2, 'US', false)",
                account_id,
                name,
            )
        return account_id

    async def add_endpoint(self, url: str, *event_types: str, account_id: str | None = None) -> tuple[str, str]:
        """The new endpoint's id and secret."""
        created = await self.endpoints.create(account_id or self.account_id, url=url, event_types=event_types or ("*",))
        return created.endpoint.id, created.secret

    def draft(self, call_id: str, fact: Fact | None = None, *, account_id: str | None = None) -> Draft:
        sequence = self._call_sequences[call_id] = self._call_sequences.get(call_id, 0) + 1
        return Draft(
            id=new_id(Kind.EVENT),
            account_id=account_id or self.account_id,
            subject_id=call_id,
            occurred_at=self.clock.now(),
            fact=fact or CallUpdated(call=call_ref(call_id), changed=("tags",)),
            call_sequence=sequence,
        )

    async def happen(self, call_id: str, times: int = 1) -> Sequence[Event]:
        """Append so many facts about a call, one transaction each, as they would come in life."""
        events: list[Event] = []
        for _ in range(times):
            events += await self.log.append([self.draft(call_id)])
        return events

    @asynccontextmanager
    async def delivering(
        self,
        *,
        concurrency: int = 16,
        lease_seconds: float | None = None,
        egress: Egress | None = None,
        mint: MintUrl | None = None,
    ) -> AsyncIterator[Deliverer]:
        """A worker at work. Leaving the block stops it as a clean shutdown does."""
        deliverer = self.make_deliverer(concurrency=concurrency, lease_seconds=lease_seconds, egress=egress, mint=mint)
        async with asyncio.TaskGroup() as group:
            group.create_task(deliverer.run())
            try:
                yield deliverer
            finally:
                deliverer.stop()

    def make_deliverer(
        self,
        *,
        concurrency: int = 16,
        lease_seconds: float | None = None,
        egress: Egress | None = None,
        mint: MintUrl | None = None,
    ) -> Deliverer:
        deliverer = Deliverer(
            self.database,
            self.log,
            egress or self.egress,
            self.sealer,
            self.clock,
            self.schedule,
            concurrency=concurrency,
            lease_seconds=lease_seconds,
            mint=mint,
        )
        self.log.on_appended(lambda _: deliverer.wake())
        return deliverer

    async def fetch(self, query: str, *values: Any) -> list[Any]:
        async with self.database.acquire() as connection:
            return [tuple(row) for row in await connection.fetch(query, *values)]

    async def states(self) -> dict[str, int]:
        """How many deliveries are in each state."""
        return dict(await self.fetch("SELECT state, count(*) FROM webhook_delivery GROUP BY state"))

    async def wait_for_states(self, **expected: int) -> None:
        await eventually(lambda: self._has_states(expected))

    async def _has_states(self, expected: dict[str, int]) -> bool:
        return await self.states() == expected

    async def try_all(self, deliverer: Deliverer, *, since: int = 0, waits: Sequence[float] = WAITS) -> None:
        """Move the clock through a schedule, attempt by attempt, for one delivery that had ``since`` before."""
        for number, wait in enumerate(waits, start=1):
            self.clock.advance(wait * 1.2)
            deliverer.wake()
            await self.wait_for_attempts(since + number)

    async def wait_for_attempts(self, count: int) -> None:
        """Until so many attempts are written, and no lease of them is left."""

        async def are_written() -> bool:
            (row,) = await self.fetch(
                "SELECT (SELECT count(*) FROM webhook_attempt), "
                "(SELECT count(*) FROM webhook_delivery WHERE leased_until IS NOT NULL)"
            )
            attempts, leased = row
            return bool(attempts >= count and leased == 0)

        await eventually(are_written)


def is_signed(request: Received, secret: str) -> bool:
    """Whether a signature is good, by the public library's reckoning, whatever day the test's clock shows."""
    at = datetime.fromtimestamp(int(request.headers["webhook-timestamp"]), UTC)
    expected = Webhook(secret).sign(request.webhook_id, at, request.body.decode())
    return expected in request.headers["webhook-signature"].split(" ")


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    """Until the condition holds, looked at again and again, at most until the deadline."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not await condition():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def webhooks_on(
    database: Database, *, schedule: Sequence[float] = WAITS, timeout_seconds: float = 60.0
) -> AsyncIterator[Rig]:
    clock = TestClock()
    waits = Schedule(tuple(schedule))
    sealer = Sealer(SEALING_KEY)
    egress = Egress(allow_networks=LOOPBACK, timeout_seconds=timeout_seconds)
    rig = Rig(
        database=database,
        clock=clock,
        log=EventLog(database, hooks=[Enqueuer(clock, waits).enqueue]),
        endpoints=WebhookEndpoints(database, sealer, egress, clock),
        egress=egress,
        sealer=sealer,
        queries=WebhookQueries(database),
        account_id="",
        schedule=waits,
        _call_sequences={},
    )
    rig.account_id = await rig.add_account("acme")
    try:
        yield rig
    finally:
        await egress.aclose()
