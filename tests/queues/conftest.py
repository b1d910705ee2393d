"""An account with agents at their phones, on a real database, and a clock that is moved by hand."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from app.accounts.audit import AuditLog
from app.accounts.principal import Principal
from app.accounts.scopes import Scope
from app.accounts.service import Accounts
from app.calls.core.model.call import Call
from app.calls.core.model.leg import HangupReason
from app.db.engine import Database
from app.events.log import Appended, EventLog
from app.facts.calls import Fact
from app.facts.queues import AgentState, AgentStateChanged
from app.facts.vocabulary import CallState, LegState
from app.ids import Kind, new_id
from app.queues.agent_rows import AgentRows
from app.queues.agents import AgentStates
from app.queues.claims import AgentClaims, Claim
from app.routing.groups import Queues
from app.routing.model import Queue, QueueMember
from app.routing.resources import RoutingResources
from app.routing.service import Routing
from app.routing.words import QueueStrategy
from app.secrets.sealing import Sealer
from tests.calls.making import make_call
from tests.calls.rows import insert_calls
from tests.webhooks.rig import SEALING_KEY


class HandClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self._now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._now.timestamp()

    def pass_seconds(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)


@dataclass
class CallCentre:
    """Agents at extensions 2001, 2002, …, and one queue that they serve."""

    database: Database
    clock: HandClock
    states: AgentStates
    claims: AgentClaims
    queues: Queues
    by: Principal
    stranger: Principal
    agents: list[str]
    queue: Queue
    told: list[Fact] = field(default_factory=list)

    @property
    def news(self) -> list[tuple[int, str]]:
        """What was told of agents: which one, and what it does."""
        changed = [fact for fact in self.told if isinstance(fact, AgentStateChanged)]
        return [(self.agents.index(fact.agent_id), fact.state.value) for fact in changed]

    async def state_of(self, number: int) -> AgentState:
        found = await self.states.get_many(self.by.account_id, [self.agents[number]])
        return found[self.agents[number]].state

    async def make_available(self, *numbers: int) -> None:
        for number in numbers:
            await self.states.set_state(self.by, self.agents[number], AgentState.AVAILABLE)

    async def claim(self, *numbers: int, call_id: str = "call_x") -> list[Claim]:
        """Claims of agents that were had."""
        claims = [
            Claim(agent_id=self.agents[number], leg_id=new_id(Kind.LEG), call_id=call_id, queue_id=self.queue.id)
            for number in numbers
        ]
        taken = await self.claims.claim(self.by.account_id, claims)
        return [claim for claim in claims if claim.leg_id in taken]

    async def write_leg(
        self,
        number: int,
        leg_id: str | None = None,
        *,
        state: LegState,
        is_answered: bool = False,
        reason: HangupReason | None = None,
    ) -> Call:
        """A call with a leg at an agent's extension, as its store writes it; the same leg again changes it."""
        call = make_call(account_id=self.by.account_id, extension=f"200{number + 1}", created_at=self.clock.now())
        now = self.clock.now()
        leg = msgspec.structs.replace(
            call.legs[0],
            id=leg_id or call.legs[0].id,
            state=state,
            created_at=call.created_at,
            answered_at=now if is_answered else None,
            ended_at=now if state is LegState.ENDED else None,
            hangup_reason=reason,
        )
        over = CallState.ENDED if state is LegState.ENDED else CallState.RINGING
        call = msgspec.structs.replace(call, legs=(leg, call.legs[1]), sequence=1, state=over)
        await insert_calls(self.database, [call])
        return call


@pytest.fixture
async def centre(database: Database) -> CallCentre:
    audit = AuditLog(database)
    account, other = await Accounts(database, audit).create("acme"), await Accounts(database, audit).create("other")
    routing = Routing(database, audit)
    agents = []
    for number in ("2001", "2002", "2003"):
        extension = await routing.create_extension(account.id, number)
        await routing.create_device(account.id, extension.id)
        agents.append((await routing.create_agent(account.id, f"Agent {number}", extension_id=extension.id)).id)
    by, stranger = (
        Principal(
            account_id=one.id, account_name=one.name, default_region="US", key_id="key_1", scopes=frozenset(Scope)
        )
        for one in (account, other)
    )
    queues = RoutingResources.open(database, audit, Sealer(SEALING_KEY)).queues
    queue = await queues.create(
        by,
        {
            "name": "support",
            "strategy": QueueStrategy.LONGEST_IDLE,
            "music_class": "default",
            "ring_seconds": 10.0,
            "wrap_up_seconds": 30.0,
            "members": [QueueMember(agent_id=agent_id, penalty=0) for agent_id in agents],
        },
    )
    log, clock = EventLog(database), HandClock()
    rows = AgentRows(database, log, clock)
    claims = AgentClaims(rows, misses_allowed=2, rest_seconds=5.0)
    made = CallCentre(database, clock, AgentStates(rows), claims, queues, by, stranger, agents, queue)

    def hear(appended: Appended) -> None:
        made.told += [event.fact for event in appended.events]

    log.on_appended(hear)
    return made
