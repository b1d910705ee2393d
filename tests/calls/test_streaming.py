"""Media streams between the machine and Asterisk: what goes over the wire, what is looked for, what is taken away."""

from collections.abc import AsyncIterator

import msgspec
import orjson
import pytest

from app.ari.resources import Channel
from app.ari.signals import decode_signal
from app.calls.core import commands, inputs
from app.calls.core.commands import Command
from app.calls.core.inputs import FailureKind
from app.calls.core.model.call import Call
from app.calls.doing.executor import Executor
from app.calls.hearing.translate import Addressed, translate
from app.calls.mending.sighting import Seen, is_misplaced
from app.calls.names import bridge_of, channel_of, stream_in, stream_of
from app.db.engine import Database
from app.errors import OverloadedError
from app.facts.vocabulary import LegRole, MediaStreamEnd
from app.ids import MediaStreamId
from app.media.model import StreamJob
from tests.calls.asking import ask_stream
from tests.calls.driving import connected_call
from tests.calls.reconcile_world import World, have_legs, running_world
from tests.calls.standing_in import until
from tests.calls.standing_in_asterisk import ScriptedAsterisk, channel_json

_STREAM = MediaStreamId("strm_01k3v7q2h4n8r6t0w5y9abcdef")


def _streaming_call(*, is_ready: bool = True) -> Call:
    driver = connected_call()
    driver.feed(ask_stream(driver.leg(LegRole.CUSTOMER).id))
    if is_ready:
        driver.hear_all()
    return driver.call


class JournalRelays:
    """Stands where the relays stand."""

    def __init__(self) -> None:
        self.lines: list[object] = []
        self.is_full = False

    def open(self, job: StreamJob) -> None:
        if self.is_full:
            raise OverloadedError("This node has its 0 media streams already.")
        self.lines.append(job)

    def press(self, stream_id: str, digit: str, duration_milliseconds: int) -> None:
        self.lines.append((stream_id, digit, duration_milliseconds))

    def close(self, stream_id: str, reason: MediaStreamEnd) -> None:
        self.lines.append((stream_id, reason))


class Scene:
    """A call one of whose legs talks to a program, before an Asterisk that has its channels."""

    def __init__(self, executor: Executor, asterisk: ScriptedAsterisk, relays: JournalRelays) -> None:
        self.executor, self.asterisk, self.relays = executor, asterisk, relays
        self.call = _streaming_call()
        (stream,) = self.call.media_streams
        self.id, self.leg_id = stream.id, stream.leg_id
        self.name, self.talk = stream_of("n1", stream.id), bridge_of("n1", self.call.id)
        self.agent, self.customer = (channel_of("n1", leg.id) for leg in self.call.seats if leg is not None)
        asterisk.channels |= {self.agent: "Up", self.customer: "Up", self.name: "Up"}
        asterisk.bridges[self.talk] = (self.agent,)

    async def do(self, command: Command) -> tuple[inputs.Input, ...]:
        self.asterisk.requests.clear()
        return await self.executor.carry_out(self.call, command)


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    asterisk, relays = ScriptedAsterisk(), JournalRelays()
    async with asterisk.client() as ari:
        yield Scene(Executor(ari, node="n1", collect=lambda _: None, relays=relays), asterisk, relays)


async def test_given_a_program_to_be_connected_to_when_asked_then_the_relays_get_what_they_need(scene: Scene) -> None:
    open_stream = ask_stream(scene.leg_id).verb
    command = commands.OpenStream(
        stream_id=scene.id,
        leg_id=scene.leg_id,
        url=open_stream.url,  # type: ignore[union-attr]  # it is a StartMediaStream
        sample_rate=16000,
        parameters=open_stream.parameters,  # type: ignore[union-attr]
    )
    assert await scene.do(command) == ()
    assert scene.relays.lines == [
        StreamJob(
            stream_id=scene.id,
            call_id=scene.call.id,
            leg_id=scene.leg_id,
            account_id=scene.call.account_id,
            url="wss://bot.example/talk?token=secret",
            sample_rate=16000,
            parameters={"language": "en"},
            leg_channel=scene.customer,
        )
    ]
    scene.relays.is_full = True
    (failed,) = await scene.do(command)
    assert isinstance(failed, inputs.CommandFailed)
    assert failed.kind is FailureKind.UNSENT
    assert scene.asterisk.requests == []


async def test_given_a_program_that_is_there_when_the_leg_joins_it_then_they_are_in_a_bridge_of_their_own(
    scene: Scene,
) -> None:
    for _ in range(2):  # twice does no harm
        assert await scene.do(commands.JoinStream(leg_id=scene.leg_id)) == ()
        joins = [line for line in scene.asterisk.lines if "addChannel" in line]
        assert [line for line in joins if "inhibitConnectedLineUpdates=true" not in line] == []
        assert scene.asterisk.bridges[scene.name] == (scene.name, scene.customer)
        assert scene.asterisk.bridges[scene.talk] == (scene.agent,)
    scene.call = msgspec.structs.replace(scene.call, media_streams=())
    assert await scene.do(commands.JoinStream(leg_id=scene.leg_id)) == ()
    assert scene.asterisk.requests == [], "it is over by now"


async def test_given_a_stream_when_closed_then_the_program_hears_why_the_leg_is_out_first_and_nothing_is_left(
    scene: Scene,
) -> None:
    await scene.do(commands.JoinStream(leg_id=scene.leg_id))
    close = commands.CloseStream(stream_id=scene.id, leg_id=scene.leg_id, reason=MediaStreamEnd.STOPPED)
    for _ in range(2):
        assert await scene.do(close) == ()
        assert scene.name not in scene.asterisk.bridges
        assert scene.name not in scene.asterisk.channels
        assert scene.customer in scene.asterisk.channels
    assert scene.relays.lines == [(scene.id, MediaStreamEnd.STOPPED)] * 2


async def test_given_a_stream_when_its_leg_presses_a_key_then_the_relays_get_it_and_asterisk_nothing(
    scene: Scene,
) -> None:
    await scene.do(commands.PressInStream(stream_id=scene.id, digit="5", duration_milliseconds=120))
    assert scene.relays.lines == [(scene.id, "5", 120)]
    assert scene.asterisk.requests == []


def test_given_a_channel_of_a_stream_when_it_comes_to_the_application_then_the_stream_is_ready() -> None:
    name = stream_of("n1", _STREAM)
    start = {"type": "StasisStart", "timestamp": "2026-03-02T12:00:01.500+0000", "application": "o", "args": []}
    event = decode_signal(orjson.dumps(start | {"channel": channel_json(name, "Up")}))
    read = translate("n1", event)
    assert isinstance(read, Addressed)
    assert (read.subject_id, read.input) == (_STREAM, inputs.StreamReady(stream_id=_STREAM))
    assert stream_in("n1", name) == _STREAM
    assert stream_in("n2", name) is None
    assert stream_in("n1", name + "-x") is None


@pytest.mark.parametrize(("bridge", "is_wrong"), [("stream", False), ("talk", True), (None, True)])
def test_given_a_leg_that_belongs_to_a_program_when_seen_elsewhere_then_it_is_misplaced(
    bridge: str | None, is_wrong: bool
) -> None:
    call = _streaming_call()
    (stream,) = call.media_streams
    leg = call.leg(stream.leg_id)
    names = {"stream": stream_of("n1", stream.id), "talk": bridge_of("n1", call.id)}
    channel = channel_of("n1", leg.id)
    listed = msgspec.convert(channel_json(channel, "Up"), type=Channel)
    where = {channel: names[bridge]} if bridge else {}
    seen = Seen("n1", {channel: listed}, tuple(names.values()), where)
    assert is_misplaced(call, leg, seen) is is_wrong


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    async with running_world(database) as running:
        yield running


@pytest.mark.parametrize("is_ready", [True, False])
async def test_given_a_stream_of_an_earlier_process_when_reconciled_then_it_ends_and_what_it_left_is_taken_away(
    world: World, is_ready: bool
) -> None:
    call = _streaming_call(is_ready=is_ready)
    have_legs(world, call)
    (stream,) = call.media_streams
    name, channel = stream_of("n1", stream.id), channel_of("n1", stream.leg_id)
    if is_ready:
        world.asterisk.bridges[name] = (channel,)
    await world.have_open(call)
    await world.reconciler.run(blind_from=None, is_node_lost=False)
    ending = "mediastream.ended" if is_ready else "mediastream.failed"

    async def is_told() -> bool:
        return ending in await world.words(call)

    await until(is_told)
    await until(lambda: name not in world.asterisk.bridges)
    await until(lambda: channel in world.asterisk.bridges[bridge_of("n1", call.id)])
    assert not (await world.stored(call)).media_streams


async def test_given_channels_and_bridges_of_streams_when_looked_at_then_those_of_no_call_go_and_the_others_stay(
    world: World,
) -> None:
    call = _streaming_call()
    (stream,) = call.media_streams
    own, stray = stream_of("n1", stream.id), stream_of("n1", _STREAM)
    world.adopt(call)
    have_legs(world, call)
    for name in (own, stray):
        world.asterisk.channels[name] = "Up"
        world.asterisk.bridges[name] = (name,)
    world.asterisk.bridges[own] = (own, channel_of("n1", stream.leg_id))
    await world.reconciler.audit()
    assert own in world.asterisk.channels
    assert own in world.asterisk.bridges
    assert stray not in world.asterisk.channels
    assert stray not in world.asterisk.bridges
