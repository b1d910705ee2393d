"""Channels of trunks: never more calls than a trunk may have, whoever asks, and none lost with a process."""

import asyncio
from dataclasses import dataclass

import msgspec
import pytest

from app.accounts.audit import AuditLog
from app.accounts.principal import Principal
from app.accounts.scopes import Scope
from app.accounts.service import Accounts
from app.calls.core.model.call import Call
from app.calls.core.model.leg import Leg
from app.db.engine import Database
from app.facts.vocabulary import CallState, LegState
from app.ids import Kind, new_id
from app.routing.channels import UNWRITTEN_SECONDS, TrunkChannels
from app.routing.resources import RoutingResources
from app.secrets.sealing import Sealer
from tests.calls.making import make_call
from tests.calls.rows import insert_calls
from tests.calls.standing_in import HandClock


@dataclass
class Carrier:
    """An account with a trunk."""

    database: Database
    channels: TrunkChannels
    clock: HandClock
    routing: RoutingResources
    by: Principal
    trunk_id: str

    async def take(self) -> tuple[str, bool]:
        leg_id = new_id(Kind.LEG)
        return leg_id, await self.channels.take(self.trunk_id, leg_id)

    async def limit(self, most: int | None) -> None:
        await self.routing.trunks.update(self.by, self.trunk_id, {"max_channels": most})

    async def write(self, leg_id: str, state: LegState) -> None:
        """Write a call whose first leg this is."""
        call = make_call(account_id=self.by.account_id)
        first = msgspec.structs.replace(call.legs[0], id=leg_id, state=state, trunk_id=self.trunk_id)
        ended = CallState.ENDED if state is LegState.ENDED else CallState.DIALING
        await insert_calls(self.database, [_with(call, first, ended)])


def _with(call: Call, leg: Leg, state: CallState) -> Call:
    return msgspec.structs.replace(call, legs=(leg, *call.legs[1:]), state=state)


@pytest.fixture
async def carrier(database: Database) -> Carrier:
    audit = AuditLog(database)
    account = await Accounts(database, audit).create("acme", display_name="Acme")
    by = Principal(
        account_id=account.id,
        account_name="acme",
        default_region="US",
        key_id="key_1",
        scopes=frozenset({Scope.ROUTING}),
        is_test=False,
    )
    routing = RoutingResources.open(database, audit, Sealer(bytes(32)))
    trunk = await routing.trunks.create(by, "carrier", {"host": "192.0.2.7", "max_channels": 3})
    clock = HandClock(make_call().created_at)
    return Carrier(database, TrunkChannels(database, clock), clock, routing, by, trunk.id)


async def test_given_many_at_once_when_a_trunk_takes_three_then_exactly_three_have_a_channel(carrier: Carrier) -> None:
    other_process = TrunkChannels(carrier.database, carrier.clock)
    takers = [channels.take(carrier.trunk_id, new_id(Kind.LEG)) for channels in (carrier.channels, other_process) * 10]
    assert sum(await asyncio.gather(*takers)) == 3
    assert await carrier.channels.used(carrier.trunk_id) == 3
    assert not (await carrier.take())[1]


async def test_given_a_full_trunk_when_a_leg_has_ended_then_its_channel_is_free_and_no_other(carrier: Carrier) -> None:
    legs = [(await carrier.take())[0] for _ in range(3)]
    for leg_id in legs:
        await carrier.write(leg_id, LegState.UP)
    carrier.clock.advance(UNWRITTEN_SECONDS * 10)  # however long it talks
    assert not (await carrier.take())[1]
    async with carrier.database.acquire() as connection:
        await connection.execute("UPDATE leg SET state = 'ENDED' WHERE id = $1", legs[0])
    assert await carrier.channels.used(carrier.trunk_id) == 2
    assert (await carrier.take())[1]
    assert not (await carrier.take())[1]


async def test_given_a_leg_that_has_a_channel_when_it_asks_again_then_it_keeps_the_one_it_has(carrier: Carrier) -> None:
    await carrier.limit(1)
    leg_id, has_it = await carrier.take()
    assert has_it
    assert await carrier.channels.take(carrier.trunk_id, leg_id)
    assert not (await carrier.take())[1]


async def test_given_a_process_that_died_before_its_call_was_written_when_a_while_is_over_then_the_channel_is_free(
    carrier: Carrier,
) -> None:
    await carrier.limit(1)
    assert (await carrier.take())[1]
    carrier.clock.advance(UNWRITTEN_SECONDS - 1)
    assert not (await carrier.take())[1]
    carrier.clock.advance(2)
    assert (await carrier.take())[1]


async def test_given_a_call_that_never_came_to_be_when_its_channel_is_given_back_then_another_has_it(
    carrier: Carrier,
) -> None:
    await carrier.limit(1)
    leg_id, _ = await carrier.take()
    await carrier.channels.give_back(leg_id)
    assert (await carrier.take())[1]


async def test_given_calls_from_before_there_was_a_limit_when_one_is_set_then_they_count(carrier: Carrier) -> None:
    for state in (LegState.UP, LegState.RINGING, LegState.ENDED, LegState.PLANNED):
        await carrier.write(new_id(Kind.LEG), state)
    assert (await carrier.take())[1]
    assert not (await carrier.take())[1]
    await carrier.limit(None)
    assert (await carrier.take())[1]


async def test_given_a_trunk_that_is_not_there_when_asked_for_then_there_is_no_channel(carrier: Carrier) -> None:
    assert not await carrier.channels.take("trunk_none", new_id(Kind.LEG))
