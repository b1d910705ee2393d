"""One process of the service over a real database, before an Asterisk that does as it is told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from app.accounts.audit import AuditLog
from app.accounts.principal import Principal
from app.accounts.scopes import Scope
from app.calls.asking.service import CallService
from app.calls.core import inputs
from app.calls.core.model.call import Call
from app.calls.keeping.counted import occupants
from app.calls.keeping.store import CallStore
from app.calls.living.actor import CallActor
from app.calls.living.registry import CallRegistry
from app.calls.planning.admission import Admission
from app.calls.planning.plan import Defaults
from app.calls.planning.requests import OriginateRequest, Placed
from app.calls.time_limits import ACCEPT_SECONDS
from app.clock import SystemClock
from app.db.engine import Database
from app.errors import (
    RefusedError,
)
from app.events.log import EventLog
from app.facts.vocabulary import LegRole, LegState
from app.reputation.caller_ids import CallerIds
from app.routing.directory import Directory
from app.routing.sandbox import seed_sandbox
from app.routing.stops import Stops
from app.usage.caps import CapacityDesk
from tests.calls.standing_in import JournalExecutor, obey, running, until


class Ready:
    """A node that may dial until a test says otherwise."""

    why_not_ready: str | None = None


class Process:
    """One process of the service: registry, store and use cases; Asterisk does as it is told."""

    def __init__(
        self,
        database: Database,
        principal: Principal,
        *,
        capacity: int = 10,
        accept_seconds: float = ACCEPT_SECONDS,
        is_capped: bool = False,
    ) -> None:
        self.principal = principal
        self.database = database
        self.ready = Ready()
        self.audit = AuditLog(database)
        self.executor = JournalExecutor()
        self.executor.answer = obey
        self.log = EventLog(database)
        self.store = CallStore(database, self.log)
        self.clock = clock = SystemClock()
        executor: Any = self.executor
        self.registry = CallRegistry(self.store, executor, clock, capacity=capacity)
        self.desk = CapacityDesk(database, self.log, clock, occupants)
        self.calls = CallService(
            registry=self.registry,
            store=self.store,
            directory=Directory(database),
            caller_ids=CallerIds(database, clock),
            stops=Stops(database),
            readiness=self.ready,
            clock=clock,
            node="n1",
            defaults=Defaults(agent_ring_seconds=30, customer_ring_seconds=45, max_duration_seconds=3600),
            accept_seconds=accept_seconds,
            audit=self.audit,
            admission=Admission(self.desk) if is_capped else None,
        )

    @asynccontextmanager
    async def living(self) -> AsyncIterator[None]:
        async with running(self.store.run(), self.registry.run()):
            yield

    async def place(self, **fields: Any) -> Placed:
        return await self.calls.originate(self.principal, make_request(**fields))

    def place_later(self, **fields: Any) -> "asyncio.Task[Placed]":
        return asyncio.create_task(self.place(**fields))

    async def only_actor(self) -> CallActor:
        """The one live call's, once its first leg is dialled."""
        await until(lambda: any(actor.call.legs[0].state is LegState.DIALING for actor in self.registry))
        (actor,) = self.registry
        return actor

    async def answer(self, actor: CallActor, *roles: LegRole) -> None:
        for role in roles:
            await until(lambda role=role: actor.call.leg_of(role).state is LegState.DIALING)  # type: ignore[misc]
            actor.post(inputs.LegAnswered(leg_id=actor.call.leg_of(role).id))

    async def end(self, actor: CallActor) -> Call:
        """Both parties hang up."""
        await self.calls.hang_up(self.principal, actor.call.id)
        await until(lambda: self.registry.find(actor.call.id) is None)
        return actor.call

    async def refuse(self, **fields: Any) -> list[str]:
        with pytest.raises(RefusedError) as caught:
            await self.place(**fields)
        return [problem.code for problem in caught.value.problems]

    async def count_rows(self) -> tuple[int, int]:
        """Calls and keys."""
        async with self.database.acquire() as connection:
            return (
                int(await connection.fetchval("SELECT count(*) FROM call")),
                int(await connection.fetchval("SELECT count(*) FROM request_key")),
            )


def make_request(**fields: Any) -> OriginateRequest:
    return OriginateRequest(
        **{"idempotency_key": "k", "destination_number": "+15550100000", "connect_extension": "2001", **fields}
    )


async def make_principal(database: Database) -> Principal:
    """One who may do everything in the sandbox account."""
    account = (await seed_sandbox(database, AuditLog(database))).account
    return Principal(
        account_id=account.id,
        account_name="sandbox",
        default_region="US",
        key_id="key_1",
        scopes=frozenset(Scope),
        request_id="req_1",
    )
