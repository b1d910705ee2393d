"""Whom a target means: the members of ring groups in their order, and where groups overflow to."""

import random
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.accounts.audit import AuditLog
from app.accounts.principal import Principal
from app.accounts.scopes import Scope
from app.accounts.service import Accounts
from app.db.engine import Database
from app.ids import Kind, new_id
from app.numbers.parse import E164
from app.routing.model import RingGroupMember
from app.routing.resources import RoutingResources
from app.routing.service import Routing
from app.routing.stops import MOST_GROUPS, Stops, arrange
from app.routing.targets import CallTarget, ToExtension, ToNumber, ToQueue, ToRingGroup
from app.routing.words import RingStrategy
from app.secrets.sealing import Sealer

OUTSIDE = ToNumber(number=E164("+12125550123"))
_MEMBERS = st.lists(st.text(min_size=1), unique=True).map(
    lambda ids: [RingGroupMember(agent_id=None, extension_id=one) for one in ids]
)


@given(members=_MEMBERS, seed=st.integers())
def test_given_any_members_when_arranged_then_each_rings_once_and_at_random_the_seed_decides(
    members: list[RingGroupMember], seed: int
) -> None:
    assert arrange(members, RingStrategy.ALL, random.Random(seed)) == [(0, member) for member in members]
    assert arrange(members, RingStrategy.IN_ORDER, random.Random(seed)) == list(enumerate(members))
    shuffled = arrange(members, RingStrategy.RANDOM, random.Random(seed))
    assert [wave for wave, _ in shuffled] == list(range(len(members)))
    assert sorted((member for _, member in shuffled), key=repr) == sorted(members, key=repr)
    assert arrange(members, RingStrategy.RANDOM, random.Random(seed)) == shuffled


def test_given_a_group_at_random_when_arranged_often_then_everybody_comes_first_now_and_then() -> None:
    members = [RingGroupMember(agent_id=None, extension_id=str(number)) for number in range(3)]
    shuffle = random.Random(7)
    firsts = {arrange(members, RingStrategy.RANDOM, shuffle)[0][1].extension_id for _ in range(100)}
    assert firsts == {"0", "1", "2"}


@dataclass(frozen=True, slots=True)
class Office:
    """An account with the extensions 2001 to 2003."""

    stops: Stops
    routing: RoutingResources
    principal: Principal
    extensions: tuple[str, ...]

    async def group(self, name: str, strategy: RingStrategy, *numbers: int, overflow: CallTarget | None = None) -> str:
        members = [RingGroupMember(agent_id=None, extension_id=self.extensions[number - 2001]) for number in numbers]
        made = await self.routing.ring_groups.create(
            self.principal,
            {"name": name, "strategy": strategy, "ring_seconds": 20.0, "members": members, "overflow": overflow},
        )
        return made.id

    async def find(self, target: CallTarget) -> list[tuple[int, CallTarget, float | None]]:
        found = await self.stops.find(self.principal.account_id, target)
        return [(stop.wave, stop.target, stop.ring_seconds) for stop in found]


@pytest.fixture
async def office(database: Database) -> Office:
    audit = AuditLog(database)
    account = await Accounts(database, audit).create("acme", display_name="Acme")
    routing = Routing(database, audit)
    extensions = [await routing.create_extension(account.id, number) for number in ("2001", "2002", "2003")]
    await routing.create_device(account.id, extensions[0].id)
    principal = Principal(
        account_id=account.id,
        account_name="acme",
        default_region="US",
        key_id=new_id(Kind.API_KEY),
        scopes=frozenset(Scope),
        request_id="req_1",
    )
    resources = RoutingResources.open(database, audit, Sealer(bytes(32)))
    return Office(Stops(database, shuffle=random.Random(1)), resources, principal, tuple(one.id for one in extensions))


async def test_given_a_group_in_order_when_asked_for_then_its_members_come_before_those_it_overflows_to(
    office: Office,
) -> None:
    second = await office.group("second", RingStrategy.ALL, 2001, 2003, overflow=OUTSIDE)
    first = await office.group("first", RingStrategy.IN_ORDER, 2003, 2002, overflow=ToRingGroup(id=second))
    assert await office.find(ToRingGroup(id=first)) == [
        (0, ToExtension(number="2003"), 20.0),
        (1, ToExtension(number="2002"), 20.0),
        (2, ToExtension(number="2001"), 20.0),
        (2, ToExtension(number="2003"), 20.0),
        (3, OUTSIDE, None),
    ]
    stops = await office.stops.find(office.principal.account_id, ToRingGroup(id=first))
    phones = [stop.found.connect.endpoints for stop in stops if stop.found.connect is not None]
    assert phones == [(), (), ("acme-2001",), ()]
    assert [stop.group_id for stop in stops] == [first, first, second, second, None]


async def test_given_one_who_is_no_group_when_asked_for_then_it_is_the_only_stop(office: Office) -> None:
    for target in (ToExtension(number="2001"), OUTSIDE, ToQueue(id="queue_1")):
        assert await office.find(target) == [(0, target, None)]


async def test_given_groups_that_overflow_on_and_on_when_asked_for_then_it_comes_to_an_end(office: Office) -> None:
    last = await office.group("0", RingStrategy.ALL, 2001)
    for number in range(MOST_GROUPS + 2):
        last = await office.group(f"{number + 1}", RingStrategy.ALL, 2001, overflow=ToRingGroup(id=last))
    assert [wave for wave, _, _ in await office.find(ToRingGroup(id=last))] == list(range(MOST_GROUPS))


async def test_given_a_group_of_another_account_when_asked_for_then_nobody_is_meant(
    office: Office, database: Database
) -> None:
    group_id = await office.group("ours", RingStrategy.ALL, 2001)
    other = await Accounts(database, AuditLog(database)).create("other", display_name="Other")
    stops = Stops(database)
    assert await stops.find(other.id, ToRingGroup(id=group_id)) == ()
    assert await stops.find_group(other.id, group_id) is None
