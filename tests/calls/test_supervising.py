"""Supervision between the machine and Asterisk: what goes over the wire, what is looked for, what is taken away."""

from collections.abc import AsyncIterator

import msgspec
import orjson
import pytest

from app.ari.signals import decode_signal
from app.calls.core import commands, inputs
from app.calls.core.commands import Command
from app.calls.core.inputs import FailureKind
from app.calls.core.model.call import Call
from app.calls.core.model.guests import TapKind
from app.calls.core.model.leg import Place
from app.calls.doing.executor import Executor
from app.calls.hearing.translate import Addressed, translate
from app.calls.mending.sighting import Seen, is_misplaced, look_at
from app.calls.names import (
    booth_of,
    bridge_of,
    call_in,
    channel_of,
    recorded_part,
    supervision_bridge_of,
    supervision_in,
    tap_in,
    tap_of,
)
from app.db.engine import Database
from app.facts.vocabulary import EndCode, EndParty, EndReason, LegRole, SupervisionMode
from app.ids import Kind, SupervisionId, new_id
from tests.calls.asking_guests import ask_supervision, leg_with
from tests.calls.driving import connected_call
from tests.calls.reconcile_world import World, have_legs, running_world
from tests.calls.standing_in import until
from tests.calls.standing_in_asterisk import ScriptedAsterisk, channel_json

_SUPERVISION = SupervisionId("sup_01k3v7q2h4n8r6t0w5y9abcdef")
M, W, B = SupervisionMode.MONITOR, SupervisionMode.WHISPER, SupervisionMode.BARGE


def _supervised_call() -> Call:
    driver = connected_call()
    driver.feed(ask_supervision(W))
    driver.hear_all()
    driver.asterisk.answer(leg_with(driver.call, LegRole.SUPERVISOR).id)
    driver.hear_all()
    return driver.call


class Scene:
    """A supervised call, an executor and its scripted Asterisk, which has the call's channels and nothing else."""

    def __init__(self, executor: Executor, asterisk: ScriptedAsterisk) -> None:
        self.executor = executor
        self.asterisk = asterisk
        self.call = _supervised_call()
        (one,) = self.call.supervisions
        self.id, self.leg_id, self.number = one.id, one.leg_id, one.taps
        self.ear, self.mouth, self.voice, self.line = (tap_of("n1", one.id, one.taps, kind) for kind in TapKind)
        self.own, self.talk = supervision_bridge_of("n1", one.id), bridge_of("n1", self.call.id)
        self.booth = booth_of("n1", one.id)
        self.agent_leg = one.listens_to
        self.agent, self.supervisor = channel_of("n1", one.listens_to), channel_of("n1", one.leg_id)
        asterisk.channels |= {channel_of("n1", leg.id): "Up" for leg in self.call.legs}
        asterisk.bridges[self.talk] = (self.agent, channel_of("n1", self.call.leg_of(LegRole.CUSTOMER).id))
        self.customer = asterisk.bridges[self.talk][1]

    def agent_is(self, place: Place) -> None:
        """The call wants the agent there."""
        legs = [
            msgspec.structs.replace(leg, place=place) if leg.role is LegRole.AGENT else leg for leg in self.call.legs
        ]
        self.call = msgspec.structs.replace(self.call, legs=tuple(legs))

    def assert_apart(self) -> None:
        """The agent sits in the booth, and hears and is heard."""
        assert set(self.asterisk.bridges[self.booth]) == {self.line, self.agent}
        assert set(self.asterisk.bridges[self.talk]) == {self.customer, self.mouth, self.voice}

    async def do(self, command: Command) -> tuple[inputs.Input, ...]:
        self.asterisk.requests.clear()
        return await self.executor.carry_out(self.call, command)

    def create(self) -> commands.CreateTaps:
        listens_to = self.call.supervisions[0].listens_to
        return commands.CreateTaps(
            supervision_id=self.id, number=self.number, listens_to=listens_to, leg_id=self.leg_id
        )

    def place(self, mode: SupervisionMode) -> commands.PlaceSupervisor:
        return commands.PlaceSupervisor(supervision_id=self.id, number=self.number, leg_id=self.leg_id, mode=mode)


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    asterisk = ScriptedAsterisk()
    async with asterisk.client() as ari:
        yield Scene(Executor(ari, node="n1", collect=lambda _: None), asterisk)


async def test_given_a_supervisor_when_tapped_then_the_ear_hears_both_ways_and_whispers_to_the_agent_alone(
    scene: Scene,
) -> None:
    assert await scene.do(scene.create()) == ()
    asked = [(request.url.path.rpartition("/snoop/"), dict(request.url.params)) for request in scene.asterisk.requests]
    (ear, ear_asks), (mouth, mouth_asks), (voice, voice_asks), (line, line_asks) = asked
    assert (ear[0].endswith(scene.agent), ear[2]) == (True, scene.ear)
    assert (ear_asks["spy"], ear_asks["whisper"]) == ("both", "out")
    assert (mouth[0].endswith(scene.supervisor), mouth[2]) == (True, scene.mouth)
    assert (mouth_asks["spy"], mouth_asks.get("whisper", "none")) == ("in", "none")
    assert (voice[0].endswith(scene.agent), voice[2]) == (True, scene.voice)
    assert (voice_asks["spy"], voice_asks.get("whisper", "none")) == ("in", "none")
    assert (line[0].endswith(scene.voice), line[2]) == (True, scene.line)
    assert (line_asks["spy"], line_asks.get("whisper", "none")) == ("out", "none")
    scene.asterisk.fates = [("POST .*/snoop/.*", 409)] * 4
    assert await scene.do(scene.create()) == (), "they are there: an earlier answer was lost"


@pytest.mark.parametrize(
    ("mode", "silenced", "heard"),
    [(M, ["ear", "mouth"], []), (W, ["mouth"], ["ear"]), (B, ["ear"], ["mouth"])],
)
async def test_given_taps_when_placed_then_silence_comes_before_anybody_is_let_in(
    scene: Scene, mode: SupervisionMode, silenced: list[str], heard: list[str]
) -> None:
    await scene.do(scene.create())
    placed = inputs.SupervisionPlaced(supervision_id=scene.id, number=scene.number, mode=mode)
    assert await scene.do(scene.place(mode)) == (placed,)
    names = {scene.ear: "ear", scene.mouth: "mouth"}
    mutes = [line.split("/") for line in scene.asterisk.writes if "/mute" in line]
    assert sorted(names[one[2]] for one in mutes if one[0] == "POST ") == silenced
    assert [names[one[2]] for one in mutes if one[0] == "DELETE "] == heard
    kinds = ["mute" if "/mute" in line else "other" for line in scene.asterisk.writes]
    assert kinds == sorted(kinds), "mutes first"
    assert scene.asterisk.bridges[scene.own] == (scene.ear, scene.supervisor)
    scene.assert_apart()


async def test_given_a_placed_supervisor_when_the_mode_changes_then_nobody_is_moved(scene: Scene) -> None:
    await scene.do(scene.create())
    await scene.do(scene.place(M))
    scene.asterisk.fates = [("POST /bridges/[^/]*", 409)] * 2
    await scene.do(scene.place(B))
    assert not [line for line in scene.asterisk.writes if "addChannel" in line]


async def test_given_an_agent_that_is_listened_to_when_held_and_taken_back_then_it_hears_and_is_heard_as_in_any_call(
    scene: Scene,
) -> None:
    await scene.do(scene.create())
    await scene.do(scene.place(M))
    scene.agent_is(Place.HOLD)
    assert await scene.do(commands.LeaveBridge(leg_id=scene.agent_leg)) == ()
    assert set(scene.asterisk.bridges[scene.talk]) == {scene.customer, scene.mouth}
    assert scene.asterisk.bridges[scene.booth] == (scene.line,)
    await scene.do(scene.place(W))
    assert scene.asterisk.bridges[scene.booth] == (scene.line,), "it is not to talk"
    scene.agent_is(Place.TALK)
    assert await scene.do(commands.JoinBridge(leg_id=scene.agent_leg)) == ()
    scene.assert_apart()


@pytest.mark.parametrize("refused", ["POST .*booth/addChannel", "POST /bridges/[^/]*booth"])
async def test_given_a_booth_that_cannot_be_had_when_an_agent_is_to_sit_there_then_it_talks_all_the_same(
    scene: Scene, refused: str
) -> None:
    await scene.do(scene.create())
    scene.asterisk.fates = [(refused, 500)]
    (failed,) = await scene.do(scene.place(W))
    assert isinstance(failed, inputs.CommandFailed)
    assert isinstance(failed.command, commands.PlaceSupervisor)
    assert set(scene.asterisk.bridges[scene.talk]) == {scene.agent, scene.customer, scene.mouth}
    scene.asterisk.fates = [(refused, 500)]
    (failed,) = await scene.do(commands.JoinBridge(leg_id=scene.agent_leg))
    assert isinstance(failed, inputs.CommandFailed)
    assert isinstance(failed.command, commands.PlaceSupervisor), "it talks: what failed is the supervision"
    assert set(scene.asterisk.bridges[scene.talk]) == {scene.agent, scene.customer, scene.mouth}


async def test_given_two_supervisors_when_the_first_goes_then_the_agent_sits_in_the_booth_of_the_other(
    scene: Scene,
) -> None:
    first = scene.call.supervisions[0]
    other = msgspec.structs.replace(first, id=_SUPERVISION)
    scene.call = msgspec.structs.replace(scene.call, supervisions=(first, other))
    for one in (first, other):
        await scene.do(msgspec.structs.replace(scene.create(), supervision_id=one.id))
        await scene.do(msgspec.structs.replace(scene.place(W), supervision_id=one.id))
    assert set(scene.asterisk.bridges[scene.booth]) == {scene.line, scene.agent}
    scene.call = msgspec.structs.replace(scene.call, supervisions=(other,))
    await scene.do(commands.EndSupervision(supervision_id=first.id, number=first.taps))
    line, voice, mouth = (
        tap_of("n1", other.id, other.taps, kind) for kind in (TapKind.LINE, TapKind.VOICE, TapKind.MOUTH)
    )
    assert set(scene.asterisk.bridges[booth_of("n1", other.id)]) == {line, scene.agent}
    assert set(scene.asterisk.bridges[scene.talk]) == {scene.customer, mouth, voice}


async def test_given_taps_that_are_gone_when_placed_or_ended_then_the_one_is_told_and_the_other_is_done(
    scene: Scene,
) -> None:
    (failed,) = await scene.do(scene.place(W))
    assert isinstance(failed, inputs.CommandFailed)
    assert failed.kind is FailureKind.GONE
    assert await scene.do(commands.EndSupervision(supervision_id=scene.id, number=scene.number)) == ()
    assert await scene.do(commands.EndTaps(supervision_id=scene.id, number=scene.number)) == ()


async def test_given_a_supervision_when_it_ends_then_taps_and_bridge_are_taken_away(scene: Scene) -> None:
    await scene.do(scene.create())
    await scene.do(scene.place(W))
    await scene.do(commands.EndSupervision(supervision_id=scene.id, number=scene.number))
    assert {scene.ear, scene.mouth, scene.voice, scene.line}.isdisjoint(scene.asterisk.channels)
    assert {scene.own, scene.booth}.isdisjoint(scene.asterisk.bridges)
    assert set(scene.asterisk.bridges[scene.talk]) == {scene.agent, scene.customer}


async def test_given_a_call_that_ends_when_its_supervision_does_then_nobody_is_moved(scene: Scene) -> None:
    await scene.do(scene.create())
    await scene.do(scene.place(W))
    reason = EndReason(code=EndCode.API_HANGUP, party=EndParty.SYSTEM)
    scene.call = msgspec.structs.replace(scene.call, end_reason=reason, supervisions=())
    await scene.do(commands.EndSupervision(supervision_id=scene.id, number=scene.number))
    assert not [line for line in scene.asterisk.writes if "addChannel" in line]


def test_given_names_of_taps_when_read_back_then_they_are_those_and_nobody_elses() -> None:
    for kind in TapKind:
        for number in (1, 2, 10):
            name = tap_of("n1", _SUPERVISION, number, kind)
            assert tap_in("n1", name) == (_SUPERVISION, number, kind)
            assert tap_in("n2", name) is None
            assert recorded_part("n1", name) is None
    assert supervision_in("n1", supervision_bridge_of("n1", _SUPERVISION)) == _SUPERVISION
    assert call_in("n1", supervision_bridge_of("n1", _SUPERVISION)) is None
    for odd in ("", "-ear", "-0-ear", "-1-nose", "-1-EAR", "-1-ear-1"):
        assert tap_in("n1", f"ofk.n1.{_SUPERVISION}{odd}") is None
    assert tap_in("n1", f"ofk.n1.{new_id(Kind.RECORDING)}-1-ear") is None
    assert supervision_in("n1", booth_of("n1", _SUPERVISION)) == _SUPERVISION
    assert supervision_in("n1", tap_of("n1", _SUPERVISION, 1, TapKind.EAR)) is None


def test_given_a_tap_that_comes_to_us_when_translated_then_it_is_ready() -> None:
    name = tap_of("n1", _SUPERVISION, 2, TapKind.MOUTH)
    message = orjson.dumps(
        {
            "type": "StasisStart",
            "application": "offhook",
            "timestamp": "2026-03-02T12:00:01.500+0000",
            "args": ["tap"],
            "channel": channel_json(name, "Up"),
        }
    )
    addressed = translate("n1", decode_signal(message))
    assert isinstance(addressed, Addressed)
    assert addressed.subject_id == _SUPERVISION
    assert addressed.input == inputs.TapReady(supervision_id=_SUPERVISION, number=2, kind=TapKind.MOUTH)


async def test_given_a_look_at_asterisk_when_all_is_in_place_then_nothing_is_said_and_otherwise_what_is_there(
    scene: Scene,
) -> None:
    (one,) = scene.call.supervisions
    taps = (scene.ear, scene.mouth, scene.voice, scene.line)
    channels = {name: object() for name in (*taps, scene.agent, scene.supervisor)}
    places = {scene.ear: scene.own, scene.supervisor: scene.own, scene.mouth: scene.talk}
    places |= {scene.voice: scene.talk, scene.line: scene.booth, scene.agent: scene.booth}

    def found(gone: tuple[str, ...] = (), moved: tuple[str, ...] = ()) -> inputs.SupervisionSeen | None:
        there = {name: channel for name, channel in channels.items() if name not in gone}
        where = {name: "elsewhere" if name in moved else place for name, place in places.items()}
        seen = Seen("n1", there, (scene.own, scene.talk, scene.booth), where)  # type: ignore[arg-type]
        assert is_misplaced(scene.call, scene.call.leg(scene.agent_leg), seen) is bool(set(moved) & joined)
        return look_at(scene.call, one, seen)

    joined = {scene.voice, scene.line, scene.agent}
    assert found() is None
    for moved in places:
        seen = found(moved=(moved,))
        assert seen is not None
        assert seen.taps == tuple(TapKind)
    gone = found(gone=(scene.ear,), moved=(scene.ear,))
    assert gone is not None
    assert gone.taps == (TapKind.MOUTH, TapKind.VOICE, TapKind.LINE)
    scene.agent_is(Place.HOLD)
    del places[scene.voice], places[scene.agent]
    joined.clear()
    assert found() is None, "an agent on hold sits nowhere"
    places[scene.agent] = scene.booth
    joined.add(scene.ear)
    assert is_misplaced(
        scene.call,
        scene.call.leg(scene.agent_leg),
        Seen("n1", channels, (), places),  # type: ignore[arg-type]
    )


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    async with running_world(database) as made:
        yield made


@pytest.mark.postgres
async def test_given_a_supervised_call_of_an_earlier_process_when_reconciled_then_it_is_adopted_and_strays_go(
    world: World,
) -> None:
    call = _supervised_call()
    (one,) = call.supervisions
    await world.have_open(call)
    have_legs(world, call)
    ear, mouth, voice, line = taps = [tap_of("n1", one.id, one.taps, kind) for kind in TapKind]
    booth = booth_of("n1", one.id)
    own, talk = supervision_bridge_of("n1", one.id), bridge_of("n1", call.id)
    strays = [tap_of("n1", _SUPERVISION, 1, TapKind.EAR), tap_of("n1", one.id, one.taps + 1, TapKind.MOUTH)]
    world.asterisk.channels |= dict.fromkeys((*taps, *strays), "Up")
    world.asterisk.bridges[talk] += (mouth, voice)
    world.asterisk.bridges |= {own: (ear,), booth: (line,)}
    world.asterisk.bridges |= {supervision_bridge_of("n1", _SUPERVISION): (), booth_of("n1", _SUPERVISION): ()}

    await world.reconciler.run(blind_from=None, is_node_lost=False)
    supervisor = channel_of("n1", one.leg_id)
    await until(lambda: supervisor in world.asterisk.bridges[own])  # it was elsewhere
    agent = channel_of("n1", one.listens_to)
    await until(lambda: agent in world.asterisk.bridges[booth])  # likewise
    assert world.registry.owner_of(one.id) is world.registry.find(call.id)
    assert set(taps) <= set(world.asterisk.channels)
    assert not set(strays) & set(world.asterisk.channels)
    assert set(world.asterisk.bridges) == {own, talk, booth}
