"""Leftovers of calls that are over go from Asterisk; whatever somebody may still need stays."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx
import msgspec
import pytest

from app.ari.errors import AriUnavailable
from app.calls.core import inputs
from app.calls.core.inputs import Input
from app.calls.core.model.call import Call
from app.calls.core.model.recording import PartState, RecordingPart
from app.calls.doing.executor import Executor
from app.calls.keeping.rows import fill_recordings
from app.calls.keeping.store import CallStore
from app.calls.living.registry import CallRegistry
from app.calls.mending.tidy import Tidier
from app.calls.names import snoop_of
from app.db.engine import Database
from app.events.log import EventLog
from app.facts.event import SYSTEM
from app.facts.stretches import Gap
from app.facts.vocabulary import LegRole, PauseMode, RecordingMode, RecordingState
from tests.calls.making import NOON, make_call
from tests.calls.rows import insert, insert_calls
from tests.calls.standing_in import HandClock, connected_call, running, until
from tests.calls.standing_in_asterisk import ScriptedAsterisk
from tests.rig.hangup_memory import hangup_memory_of

pytestmark = pytest.mark.postgres


class World:
    """A tidier over a real database and a scripted Asterisk."""

    def __init__(self, ari: Any, asterisk: ScriptedAsterisk, database: Database) -> None:
        self.asterisk, self.database = asterisk, database
        self.store = CallStore(database, EventLog(database))
        self.registry = CallRegistry(
            self.store, Executor(ari, node="n1", collect=lambda _: None), HandClock(make_call().created_at), capacity=9
        )
        self.tidier = Tidier(ari, database, self.registry, node="n1")

    def have_stored(self, *names: str) -> None:
        self.asterisk.stored_recordings |= set(names)

    async def live_through(self, call: Call, events: Sequence[Input]) -> Call:
        actor = self.registry.start(call)
        for event in events:
            actor.post(event)
        # Not only ended: what it asked of Asterisk last is asked as well.
        await until(lambda: actor.call.is_ended and self.registry.find(call.id) is None)
        return actor.call


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    asterisk = ScriptedAsterisk()
    async with asterisk.client() as ari:
        made = World(ari, asterisk, database)
        async with running(made.store.run(), made.registry.run()):
            yield made


async def test_given_the_memory_of_ended_calls_when_tidied_then_it_is_gone_and_a_live_calls_is_kept(
    world: World,
) -> None:
    call = make_call()
    first = call.legs[0].id
    events: list[Input] = [
        inputs.Start(),
        inputs.LegCreated(leg_id=first, channel_name="PJSIP/a"),
        inputs.LegDestroyed(leg_id=first, cause=17),
    ]
    ended = await world.live_through(call, events)
    live = connected_call()
    await insert_calls(world.database, [live])
    kept = [hangup_memory_of("n1", live.legs[0].id), hangup_memory_of("n2", first)]
    left = hangup_memory_of("n1", ended.legs[0].id)
    world.asterisk.variables = dict.fromkeys([*kept, left], "1795221571.395|17|SIP 486 Busy Here")
    await world.tidier.run()
    assert left not in world.asterisk.variables
    assert all(world.asterisk.variables[name] for name in kept)


async def test_given_asterisk_goes_while_it_is_tidied_when_it_fails_then_that_is_told_and_the_rest_was_done(
    world: World,
) -> None:
    call = make_call()
    first = call.legs[0].id
    await world.live_through(
        call, [inputs.Start(), inputs.HangupRequested(actor=SYSTEM), inputs.LegDestroyed(leg_id=first, cause=16)]
    )
    before = len(world.asterisk.writes)
    world.asterisk.fates = [("POST /asterisk/variable", httpx.ConnectError)]
    with pytest.raises(AriUnavailable):
        await world.tidier.run()
    assert len(world.asterisk.writes) == before + len(call.legs)


def _recorded(state: RecordingState, part_state: PartState, *gaps: Gap) -> Call:
    call = connected_call(RecordingMode.AGENT)
    part = RecordingPart(role=LegRole.AGENT, state=part_state, started_at=call.connected_at)
    recording = msgspec.structs.replace(call.recordings[0], state=state, parts=(part,), gaps=gaps)
    return msgspec.structs.replace(call, recordings=(recording,))


async def test_given_stored_recordings_when_tidied_then_those_go_that_are_saved_elsewhere_or_were_given_up(
    world: World,
) -> None:
    saved = _recorded(RecordingState.SAVED, PartState.STOPPED)
    given_up = _recorded(RecordingState.FAILED, PartState.RECORDING)
    broken = _recorded(RecordingState.FAILED, PartState.STOPPED)  # all there is of it
    waiting = _recorded(RecordingState.COLLECTING, PartState.STOPPED)
    live = _recorded(RecordingState.SAVED, PartState.STOPPED)  # its call may be about to say something else
    paused = _recorded(RecordingState.FAILED, PartState.STOPPED, Gap(began_at=NOON, pause=PauseMode.SKIP))
    calls = (saved, given_up, broken, paused, waiting, live)
    await insert_calls(world.database, calls)
    await insert(world.database, fill_recordings((call, call.recordings[0]) for call in calls))
    world.registry.adopt(live)
    names = {call.id: snoop_of("n1", call.recordings[0].id, LegRole.AGENT) for call in calls}
    stranger = snoop_of("n1", connected_call(RecordingMode.AGENT).recordings[0].id, LegRole.AGENT)
    others = ["meeting-7", snoop_of("n2", saved.recordings[0].id, LegRole.AGENT)]
    world.have_stored(*names.values(), stranger, *others)
    await world.tidier.run()
    gone = {names[saved.id], names[given_up.id], names[paused.id]}
    assert world.asterisk.stored_recordings == {*names.values(), stranger, *others} - gone


async def test_given_a_recording_that_goes_by_itself_when_tidied_then_that_is_as_well(world: World) -> None:
    call = _recorded(RecordingState.SAVED, PartState.STOPPED)
    await insert_calls(world.database, [call])
    await insert(world.database, fill_recordings([(call, call.recordings[0])]))
    world.have_stored(snoop_of("n1", call.recordings[0].id, LegRole.AGENT))
    world.asterisk.fates = [("DELETE /recordings/stored/.*", 404)]
    await world.tidier.delete_recordings()
