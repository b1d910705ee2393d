"""The audit of every half minute: what fell between is found, healed, counted and said."""

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import msgspec
import pytest

from app.calls.core import inputs
from app.calls.core.model.call import Call
from app.calls.names import channel_of
from app.db.engine import Database
from app.facts.vocabulary import (
    CallKind,
    CallState,
)
from tests.calls.making import make_call
from tests.calls.reconcile_world import World, drift, have_legs, running_world
from tests.calls.standing_in import connected_call, until
from tests.rig.hangup_memory import hangup_memory_of

pytestmark = pytest.mark.postgres


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    async with running_world(database) as made:
        yield made


async def test_given_a_stray_that_cannot_be_ended_now_when_reconciled_then_the_others_are_and_it_is_left_for_later(
    world: World,
) -> None:
    names = [channel_of("n1", make_call().legs[0].id) for _ in range(3)]
    world.asterisk.channels |= dict.fromkeys(names, "Up")
    world.asterisk.fates = [(rf"DELETE /channels/{names[1]}", 500)]
    await world.reconciler.run(blind_from=None, is_node_lost=False)
    assert list(world.asterisk.channels) == [names[1]]
    await world.reconciler.audit()
    assert world.asterisk.channels == {}


async def test_given_an_open_row_without_an_actor_when_audited_then_it_is_adopted_and_looked_up(world: World) -> None:
    lost, live = connected_call(), connected_call()
    world.adopt(live)
    await world.have_open(lost, live)
    have_legs(world, live)
    await world.reconciler.audit()
    await until(lambda: world.is_ended(lost))
    assert await world.words(live) == []
    # Neither has a memory of its end: so the call looks for itself before it believes that.
    looked_up = {line for line in world.asterisk.lines if line.startswith("GET /channels/")}
    assert looked_up == {f"GET /channels/{channel_of('n1', leg.id)}" for leg in lost.legs}


async def test_given_a_call_is_settled_while_the_list_is_read_when_audited_then_it_is_not_adopted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = connected_call()
    settled = msgspec.structs.replace(call, state=CallState.ENDED)
    await world.have_open(settled)

    async def list_as_it_was(_node: str) -> list[Call]:
        return [call]

    monkeypatch.setattr(world.store, "load_open", list_as_it_was)
    await world.reconciler.audit()
    assert len(world.registry) == 0
    assert world.asterisk.lines == ["GET /channels", "GET /bridges"]


async def test_given_a_leg_whose_end_nobody_heard_when_audited_then_it_is_closed_with_its_true_end_and_counted(
    world: World,
) -> None:
    call = connected_call()
    world.adopt(call)
    await world.have_open(call)
    ended_at = world.clock.now() - timedelta(seconds=5)
    memory = f"{ended_at.timestamp():.3f}|16|SIP 200 OK"
    world.asterisk.variables |= {hangup_memory_of("n1", leg.id): memory for leg in call.legs}
    before = drift("legs_without_channel")
    await world.reconciler.audit()
    await until(lambda: world.is_ended(call))
    assert (await world.stored(call)).ended_at == ended_at
    assert drift("legs_without_channel") == before + 2


async def test_given_a_leg_that_ends_while_it_is_audited_when_looked_at_again_then_it_is_no_drift(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = connected_call()
    actor = world.adopt(call)
    await world.have_open(call)
    world.counts.know(call)
    before = drift("legs_without_channel"), drift("miscounted_calls")

    def hear_late(_: httpx.Request) -> httpx.Response:
        for leg in call.legs:
            actor.post(inputs.LegDestroyed(leg_id=leg.id, cause=16))
        return httpx.Response(200, json=[])

    world.asterisk.fates = [("GET /channels", hear_late)]
    monkeypatch.setattr(world.reconciler, "_wait_for_news", lambda: until(lambda: world.is_ended(call)))
    await world.reconciler.audit()
    assert (await world.stored(call)).is_ended
    assert (drift("legs_without_channel"), drift("miscounted_calls")) == before


async def test_given_a_wrong_count_when_audited_then_it_is_seen_healed_and_told(world: World) -> None:
    call, ghost = connected_call(), connected_call()
    world.adopt(call)
    await world.have_open(call)
    have_legs(world, call)
    world.counts.know(ghost)
    before = drift("miscounted_calls")
    await world.reconciler.audit()
    assert world.counts.read() == {(CallKind.CLICK_TO_CALL, CallState.CONNECTED): 1.0}
    assert drift("miscounted_calls") == before + 2
    await world.reconciler.audit()
    assert drift("miscounted_calls") == before + 2


async def test_given_a_stray_that_goes_by_itself_when_audited_then_it_is_no_drift_and_one_that_stays_is(
    world: World,
) -> None:
    going, staying = (channel_of("n1", make_call().legs[0].id) for _ in range(2))
    before = drift("stray_channels")
    world.asterisk.channels |= {going: "Up", staying: "Up"}
    world.asterisk.fates = [(rf"DELETE /channels/{going}", 404)]
    await world.reconciler.audit()
    assert drift("stray_channels") == before + 1
