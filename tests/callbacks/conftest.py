"""Callbacks on a real database, with a clock that is moved by hand and calls that are placed on paper."""

import dataclasses
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from app.accounts.audit import AuditLog
from app.accounts.principal import Principal
from app.accounts.scopes import Scope
from app.accounts.service import Accounts
from app.callbacks.model import Callback, ScheduleRequest, Wanted, When
from app.callbacks.scheduler import CallbackScheduler
from app.callbacks.service import Callbacks
from app.calls.keeping.keys import KeyVeil
from app.calls.planning.requests import OriginateOutcome, OriginateRequest
from app.db.engine import Database
from app.events.log import Appended, EventLog
from app.facts.calls import Fact
from tests.callbacks.paper import NUMBER, Asterisk, Paper
from tests.calls.making import make_call
from tests.calls.standing_in import HandClock

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Judge:
    """Says of every call that it may be placed, unless ``fate`` is set."""

    def __init__(self) -> None:
        self.fate: Exception | None = None
        self.asked: list[OriginateRequest] = []

    async def originate(self, principal: Principal, request: OriginateRequest) -> OriginateOutcome:
        self.asked.append(request)
        if self.fate is not None:
            raise self.fate
        made = make_call(number=request.destination_number or NUMBER)
        call = msgspec.structs.replace(made, is_sandbox=principal.is_test)
        return OriginateOutcome(call=call, is_replayed=False, wait_outcome=None, lookup=None)


@dataclass
class World:
    database: Database
    log: EventLog
    clock: HandClock
    paper: Paper
    judge: Judge
    asterisk: Asterisk
    callbacks: Callbacks
    scheduler: CallbackScheduler
    by: Principal
    stranger: Principal
    told: list[Fact] = field(default_factory=list)
    changes: list[None] = field(default_factory=list)

    @property
    def types(self) -> list[str]:
        return [fact.type for fact in self.told]

    def another_scheduler(self, node: str) -> CallbackScheduler:
        """Of another node, or of the same in a process that came back."""
        return CallbackScheduler(self.database, self.log, self.paper, self.asterisk, self.clock, node=node)

    async def schedule(self, when: When | None = None, *, key: str = "key 1", **changes: object) -> Callback:
        """In an hour, unless told otherwise."""
        request = ScheduleRequest(
            idempotency_key=key,
            when=when or self.clock.now() + timedelta(hours=1),
            wanted=Wanted(destination_number=NUMBER, connect_extension="2001", external_id="lead 7"),
        )
        return (await self.callbacks.schedule(self.by, dataclasses.replace(request, **changes))).callback  # type: ignore[arg-type]  # fields of the request

    async def read(self, callback_id: str) -> Callback:
        found = await self.callbacks.get(self.by.account_id, callback_id)
        assert found is not None
        return found

    async def go_round(self) -> None:
        """As the scheduler does, until there is nothing to do at once."""
        while await self.scheduler.run_round():
            pass

    async def pass_seconds(self, seconds: float) -> None:
        self.clock.advance(seconds)
        await self.go_round()


@pytest.fixture
async def world(database: Database) -> World:
    audit = AuditLog(database)
    accounts = [await Accounts(database, audit).create(name) for name in ("acme", "other")]
    by, stranger = (
        Principal(
            account_id=one.id, account_name=one.name, default_region="US", key_id="key_1", scopes=frozenset(Scope)
        )
        for one in accounts
    )
    clock, log, paper, judge, asterisk = HandClock(NINE), EventLog(database), Paper(database), Judge(), Asterisk()
    changes: list[None] = []

    async def changed() -> None:
        changes.append(None)

    made = World(
        database=database,
        log=log,
        clock=clock,
        paper=paper,
        judge=judge,
        asterisk=asterisk,
        callbacks=Callbacks(database, log, judge, clock, grace_seconds=900.0, veil=KeyVeil(bytes(32)), changed=changed),
        scheduler=CallbackScheduler(database, log, paper, asterisk, clock, node="n1"),
        by=by,
        stranger=stranger,
        changes=changes,
    )

    def hear(appended: Appended) -> None:
        made.told += [event.fact for event in appended.events]

    log.on_appended(hear)
    return made
