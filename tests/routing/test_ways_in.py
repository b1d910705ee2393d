"""Whom a call that comes in leads to: by trunk and number, through groups and their overflow, read when it comes."""

import random

import pytest

from app.accounts.audit import AuditLog
from app.accounts.principal import Principal
from app.accounts.scopes import Scope
from app.accounts.service import Accounts
from app.db.engine import Database
from app.errors import RefusedError
from app.facts.vocabulary import RecordingMode
from app.flows.steps import Flow, HangUp
from app.numbers.parse import E164
from app.routing.model import CallFlow, RingGroupMember
from app.routing.resources import RoutingResources
from app.routing.stops import MOST_GROUPS
from app.routing.targets import CallTarget, ToAgent, ToCallFlow, ToExtension, ToNumber, ToQueue, ToRingGroup
from app.routing.ways_in import WayIn, WaysIn, read_number
from app.routing.words import QueueStrategy, RingStrategy
from app.secrets.sealing import Sealer

pytestmark = pytest.mark.postgres

DIALLED = "+12125550123"


class Office:
    """An account with a trunk, three extensions and an agent."""

    def __init__(self, database: Database, principal: Principal) -> None:
        self.principal = principal
        self.resources = RoutingResources.open(database, AuditLog(database), Sealer(bytes(32)))
        self.ways = WaysIn(database, shuffle=random.Random(7))
        self.extensions: dict[str, str] = {}
        self.agent_id = ""
        self.endpoint = ""

    async def furnish(self) -> None:
        trunk = await self.resources.trunks.create(self.principal, "in", {"host": "192.0.2.7"})
        self.endpoint = trunk.endpoint
        for number in ("2001", "2002", "2003"):
            made = await self.resources.extensions.create(self.principal, {"number": number})
            self.extensions[number] = made.id
        agent = await self.resources.agents.create(
            self.principal, {"name": "Ada", "extension_id": self.extensions["2003"]}
        )
        self.agent_id = agent.id

    async def route(self, pattern: str, target: CallTarget) -> None:
        await self.resources.routes.create(self.principal, {"pattern": pattern, "target": target})

    async def group(self, name: str, strategy: RingStrategy, overflow: CallTarget | None, *numbers: str) -> str:
        members = [RingGroupMember(agent_id=None, extension_id=self.extensions[number]) for number in numbers]
        made = await self.resources.ring_groups.create(
            self.principal,
            {"name": name, "strategy": strategy, "ring_seconds": 9.0, "members": members, "overflow": overflow},
        )
        return made.id

    async def way(self, dialled: str = DIALLED) -> WayIn:
        found = await self.ways.find(self.endpoint, dialled)
        assert found is not None
        return found


@pytest.fixture
async def office(database: Database) -> Office:
    account = await Accounts(database, AuditLog(database)).create("acme")
    principal = Principal(
        account_id=account.id, account_name="acme", default_region="US", key_id="key_1", scopes=frozenset(Scope)
    )
    made = Office(database, principal)
    await made.furnish()
    return made


async def test_given_patterns_when_a_number_is_dialled_then_the_closest_takes_it_however_the_carrier_writes_it(
    office: Office,
) -> None:
    await office.route("*", ToExtension(number="2001"))
    await office.route("+1212*", ToExtension(number="2002"))
    await office.route(DIALLED, ToAgent(id=office.agent_id))
    for written in (DIALLED, "12125550123", "2125550123"):
        way = await office.way(written)
        assert (way.dialled, [stop.target for stop in way.stops]) == (DIALLED, [ToAgent(id=office.agent_id)])
        assert way.stops[0].found.has_agent
    assert [stop.target for stop in (await office.way("+12125550100")).stops] == [ToExtension(number="2002")]
    assert [stop.target for stop in (await office.way("4711")).stops] == [ToExtension(number="2001")]


async def test_given_no_route_or_no_such_trunk_when_a_call_comes_then_the_two_are_told_apart(office: Office) -> None:
    way = await office.way()
    assert (way.account_id, way.has_route, way.stops) == (office.principal.account_id, False, ())
    assert await office.ways.find("sandbox-2001", DIALLED) is None


@pytest.mark.parametrize(
    ("strategy", "waves"), [(RingStrategy.ALL, [0, 0, 1]), (RingStrategy.IN_ORDER, [0, 1, 2])], ids=["all", "in order"]
)
async def test_given_a_ring_group_when_a_call_comes_then_its_members_ring_by_its_strategy_and_its_overflow_after_them(
    office: Office, strategy: RingStrategy, waves: list[int]
) -> None:
    elsewhere = ToNumber(number=E164("+12125550177"))
    await office.route("*", ToRingGroup(id=await office.group("desk", strategy, elsewhere, "2002", "2001")))
    way = await office.way()
    assert [stop.target for stop in way.stops] == [
        ToExtension(number="2002"), ToExtension(number="2001"), elsewhere,
    ]  # fmt: skip
    assert [stop.wave for stop in way.stops] == waves
    assert [stop.ring_seconds for stop in way.stops] == [9.0, 9.0, None]


async def test_given_a_random_group_when_calls_come_then_each_member_is_first_at_some_time(office: Office) -> None:
    group = await office.group("lottery", RingStrategy.RANDOM, None, "2001", "2002", "2003")
    await office.route("*", ToRingGroup(id=group))
    first = [(await office.way()).stops[0].target for _ in range(40)]
    assert {target.number for target in first if isinstance(target, ToExtension)} == {"2001", "2002", "2003"}


async def test_given_groups_that_overflow_in_a_circle_when_a_call_comes_then_each_rings_once(office: Office) -> None:
    one = await office.group("one", RingStrategy.ALL, None, "2001")
    two = await office.group("two", RingStrategy.ALL, ToRingGroup(id=one), "2002")
    await office.resources.ring_groups.update(office.principal, one, {"overflow": ToRingGroup(id=two)})
    await office.route("*", ToRingGroup(id=one))
    assert [stop.target for stop in (await office.way()).stops] == [
        ToExtension(number="2001"), ToExtension(number="2002"),
    ]  # fmt: skip


async def test_given_a_long_chain_of_groups_when_a_call_comes_then_it_ends(office: Office) -> None:
    overflow: CallTarget | None = None
    for number in range(MOST_GROUPS + 2):
        overflow = ToRingGroup(id=await office.group(f"g{number}", RingStrategy.ALL, overflow, "2001"))
    assert overflow is not None
    await office.route("*", overflow)
    assert [stop.wave for stop in (await office.way()).stops] == list(range(MOST_GROUPS))


def test_given_what_a_network_writes_when_read_then_it_is_e164_where_that_is_sure() -> None:
    written = ("+12125550123", "12125550123", "2125550123", "2001", "sip", "+1 555")
    assert [read_number(text, default_region="US") for text in written] == [
        "+12125550123", "+12125550123", "+12125550123", "2001", "sip", "+1 555",
    ]  # fmt: skip


async def test_given_a_route_to_a_queue_when_a_call_comes_then_it_is_to_wait_there(
    office: Office,
) -> None:
    queue = await office.resources.queues.create(
        office.principal,
        {"name": "support", "strategy": QueueStrategy.LONGEST_IDLE, "music_class": "default", "ring_seconds": 9.0},
    )
    await office.route(DIALLED, ToQueue(id=queue.id))
    way = await office.way()
    assert way.queue == queue
    assert [stop.target for stop in way.stops] == [ToQueue(id=queue.id)]


async def test_given_a_group_that_overflows_into_a_queue_when_a_call_comes_then_the_queue_takes_whom_nobody_had(
    office: Office,
) -> None:
    queue = await office.resources.queues.create(
        office.principal,
        {"name": "later", "strategy": QueueStrategy.LONGEST_IDLE, "music_class": "default", "ring_seconds": 9.0},
    )
    group = await office.group("first", RingStrategy.ALL, ToQueue(id=queue.id), "2001", "2002")
    await office.route(DIALLED, ToRingGroup(id=group))
    way = await office.way()
    assert [stop.target for stop in way.stops] == [
        ToExtension(number="2001"),
        ToExtension(number="2002"),
        ToQueue(id=queue.id),
    ]
    assert way.queue == queue


async def test_given_a_route_with_an_overflow_when_a_call_comes_then_it_is_after_all_that_the_target_means(
    office: Office,
) -> None:
    group = await office.group("first", RingStrategy.ALL, ToExtension(number="2002"), "2001")
    made = await office.resources.routes.create(
        office.principal,
        {
            "pattern": DIALLED,
            "target": ToRingGroup(id=group),
            "overflow": ToExtension(number="2003"),
            "recording_mode": RecordingMode.BOTH,
        },
    )
    way = await office.way()
    assert [(stop.wave, stop.target) for stop in way.stops] == [
        (0, ToExtension(number="2001")),
        (1, ToExtension(number="2002")),
        (2, ToExtension(number="2003")),
    ]
    assert (way.queue, way.recording_mode) == (None, RecordingMode.BOTH)
    changed = await office.resources.routes.update(office.principal, made.id, {"overflow": None})
    assert (changed.overflow, changed.recording_mode) == (None, RecordingMode.BOTH)
    assert len((await office.way()).stops) == 2


async def test_given_an_overflow_that_makes_no_sense_when_a_route_is_made_then_it_is_refused(office: Office) -> None:
    queue = await office.resources.queues.create(
        office.principal,
        {"name": "later", "strategy": QueueStrategy.LONGEST_IDLE, "music_class": "default", "ring_seconds": 9.0},
    )
    there = ToExtension(number="2001")
    for target, overflow, code in (
        (ToQueue(id=queue.id), there, "INVALID_INPUT"),
        (there, there, "INVALID_INPUT"),
        (there, ToExtension(number="4444"), "NOT_FOUND"),
    ):
        with pytest.raises(RefusedError) as refused:
            await office.resources.routes.create(
                office.principal, {"pattern": DIALLED, "target": target, "overflow": overflow}
            )
        assert [(one.code, one.field[0]) for one in refused.value.problems] == [(code, "overflow")]
    await office.resources.routes.create(
        office.principal, {"pattern": DIALLED, "target": there, "overflow": ToQueue(id=queue.id)}
    )
    with pytest.raises(RefusedError) as in_use:
        await office.resources.queues.delete(office.principal, queue.id)
    assert in_use.value.problems[0].current_state == "IN_USE"


async def test_given_a_call_flow_as_target_or_overflow_when_a_call_comes_then_its_latest_version_is_there(
    office: Office,
) -> None:
    flow = Flow(start="bye", steps=(HangUp(name="bye"),))
    made = await office.resources.flows.create(office.principal, {"name": "menu", "flow": flow})
    await office.resources.flows.update(office.principal, made.id, {"name": "main menu"})
    await office.route("*", ToCallFlow(id=made.id))
    way = await office.way()
    assert isinstance(way.flow, CallFlow)
    assert (way.flow.id, way.flow.version, way.flow.name, way.queue) == (made.id, 2, "main menu", None)
    group = await office.group("desk", RingStrategy.ALL, ToCallFlow(id=made.id), "2001")
    await office.route(DIALLED, ToRingGroup(id=group))
    way = await office.way()
    assert [stop.target for stop in way.stops] == [ToExtension(number="2001"), ToCallFlow(id=made.id)]
    assert way.flow is not None
