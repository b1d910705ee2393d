"""Every method of the client at least once against a real Asterisk, over real SIP and RTP.

The sandbox phones and numbers are the far ends: 2001 answers and talks, 0011 echoes, 0001 is busy.
"""

import asyncio
import io
import uuid
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import pytest
import soundfile  # type: ignore[import-untyped]

from app.ari.channels import HangupReason, MuteDirection, SnoopDirection
from app.ari.client import AriClient
from app.ari.errors import (
    AriConflict,
    AriInvalid,
    AriNotFound,
    AriServerError,
    AriUnauthorized,
)
from app.ari.events import (
    ChannelDestroyed,
    ChannelDtmfReceived,
    ChannelEnteredBridge,
    ChannelLeftBridge,
    Dial,
    KnownEvent,
    MalformedEvent,
    PlaybackFinished,
    PlaybackStarted,
    RecordingFailed,
    RecordingFinished,
    RecordingStarted,
    StasisEnd,
    StasisStart,
    UnknownEvent,
)
from app.ari.news import Connected, News, Replaced
from app.ari.resources import ChannelState
from app.ari.safety import CallerId
from app.ari.stream import EventStream

pytestmark = pytest.mark.asterisk

DEADLINE_SECONDS = 60
T = TypeVar("T", bound=KnownEvent)


class RunningAsterisk(Protocol):
    """What these tests need of the rig's Asterisk."""

    @property
    def ari_url(self) -> str: ...
    @property
    def ari_username(self) -> str: ...
    @property
    def ari_password(self) -> str: ...
    async def run_cli(self, command: str) -> str: ...


@dataclass
class Line:
    """A client with an application of its own, its stream, and ids nobody else has."""

    ari: AriClient
    stream: EventStream
    prefix: str
    seen: list[KnownEvent] = field(default_factory=list)

    def id(self, name: str) -> str:
        return f"{self.prefix}-{name}"

    async def until(self, kind: type[T], **wanted: str) -> T:
        """Read on until an event of that kind about that channel, playback, recording …; keeps what went by."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            while True:
                for event in self.seen:
                    if isinstance(event, kind) and all(is_about(event, *pair) for pair in wanted.items()):
                        self.seen.remove(event)
                        return event
                item = await anext(self.stream)
                assert not isinstance(item, News | MalformedEvent | UnknownEvent), item
                self.seen.append(item)

    async def call(self, endpoint: str, name: str, **variables: str) -> str:
        """Create, wait, dial, wait for the answer: the way every outbound leg goes."""
        channel_id = self.id(name)
        await self.ari.create_channel(endpoint, channel_id, app_args=["leg", name], variables=variables or None)
        await self.until(StasisStart, channel=channel_id)
        await self.ari.dial(channel_id, timeout_seconds=60)
        await self.until(Dial, peer=channel_id, dialstatus="ANSWER")
        return channel_id


def is_about(event: object, attribute: str, wanted: str) -> bool:
    value = getattr(event, attribute)
    return wanted in (value, getattr(value, "id", None), getattr(value, "name", None))


@pytest.fixture(name="line")
async def _line(asterisk: RunningAsterisk) -> AsyncIterator[Line]:
    prefix = f"ofhtest-{uuid.uuid4().hex[:8]}"
    async with opened(asterisk, prefix) as line:
        yield line
        for channel in await line.ari.list_channels():
            if channel.id.startswith(prefix):
                # It may be ending by itself just now.
                with suppress(AriNotFound):
                    await line.ari.hangup(channel.id)
        async with asyncio.timeout(DEADLINE_SECONDS):
            while any(channel.id.startswith(prefix) for channel in await line.ari.list_channels()):
                await asyncio.sleep(0.02)
        for bridge in await line.ari.list_bridges():
            if bridge.id.startswith(prefix):
                with suppress(AriNotFound):  # it may be going by itself just now
                    await line.ari.destroy_bridge(bridge.id)


@asynccontextmanager
async def opened(asterisk: RunningAsterisk, prefix: str) -> AsyncIterator[Line]:
    async with (
        AriClient(asterisk.ari_url, asterisk.ari_username, asterisk.ari_password, app=prefix) as ari,
        EventStream(ari) as stream,
    ):
        async with asyncio.timeout(DEADLINE_SECONDS):
            assert isinstance(await anext(stream), Connected)
        yield Line(ari=ari, stream=stream, prefix=prefix)


async def test_given_a_phone_when_created_dialled_and_hung_up_then_each_step_is_an_event(line: Line) -> None:
    channel_id = line.id("agent")

    created = await line.ari.create_channel(
        "PJSIP/sandbox-2001", channel_id, app_args=["agent", "1"], variables={"OFH_NOTE": 'süß, "quoted" & <b>'}
    )
    assert (created.id, created.state) == (channel_id, ChannelState.DOWN)
    started = await line.until(StasisStart, channel=channel_id)
    assert started.args == ("agent", "1")
    await line.ari.dial(channel_id, timeout_seconds=60)
    await line.until(Dial, peer=channel_id, dialstatus="RINGING")
    await line.until(Dial, peer=channel_id, dialstatus="ANSWER")

    assert (await line.ari.get_channel(channel_id)).state == ChannelState.UP
    assert channel_id in {channel.id for channel in await line.ari.list_channels()}
    assert await line.ari.get_variable(channel_id, "OFH_NOTE") == 'süß, "quoted" & <b>'
    await line.ari.set_variable(channel_id, "OFH_NOTE", "two")
    assert await line.ari.get_variable(channel_id, "OFH_NOTE") == "two"
    await line.ari.set_variable(channel_id, "PITCH_SHIFT(rx)", "1.2")

    await line.ari.hangup(channel_id, reason=HangupReason.NORMAL)
    await line.until(StasisEnd, channel=channel_id)
    assert (await line.until(ChannelDestroyed, channel=channel_id)).cause == 16
    with pytest.raises(AriNotFound):
        await line.ari.get_channel(channel_id)


async def test_given_a_busy_number_when_originated_then_its_cause_is_told(line: Line) -> None:
    channel_id = line.id("customer")

    await line.ari.originate(
        "PJSIP/+15550100001@sandbox-trunk-main",
        channel_id,
        timeout_seconds=60,
        caller_id=CallerId("+15550100000", "Offhook Test"),
        formats=["ulaw"],
        variables={"TIMEOUT(absolute)": "30"},
    )

    destroyed = await line.until(ChannelDestroyed, channel=channel_id)
    assert (destroyed.cause, destroyed.tech_cause) == (17, 486)


async def test_given_an_id_in_use_when_created_again_then_it_is_a_conflict(line: Line) -> None:
    channel_id = await line.call("PJSIP/sandbox-2001", "agent")

    with pytest.raises(AriConflict):
        await line.ari.create_channel("PJSIP/sandbox-2001", channel_id)
    await line.ari.hangup(channel_id, reason_code=21)
    assert (await line.until(ChannelDestroyed, channel=channel_id)).cause == 21


async def test_given_mistakes_when_requested_then_each_has_its_error(line: Line) -> None:
    with pytest.raises(AriServerError, match="Allocation failed"):
        await line.ari.create_channel("PJSIP/nobody-here", line.id("x"))
    await line.ari.create_channel("PJSIP/sandbox-2001", line.id("down"))
    await line.until(StasisStart, channel=line.id("down"))
    with pytest.raises(AriInvalid) as caught:
        await line.ari.play(line.id("down"), "sound:hello-world", line.id("pb"))
    assert caught.value.status == 412
    for nothing_there in (
        line.ari.hangup(line.id("gone")),
        line.ari.destroy_bridge(line.id("gone")),
        line.ari.get_bridge(line.id("gone")),
        line.ari.get_playback(line.id("gone")),
        line.ari.stop_playback(line.id("gone")),
        line.ari.get_live(line.id("gone")),
        line.ari.delete_stored(line.id("gone")),
    ):
        with pytest.raises(AriNotFound):
            await nothing_there


async def test_given_a_leg_when_signalled_to_then_asterisk_does_it(line: Line) -> None:
    channel_id = await line.call("PJSIP/+15550100011@sandbox-trunk-main", "echo")

    await line.ari.answer(channel_id)
    await line.ari.ring(channel_id)
    await line.ari.ring_stop(channel_id)
    for direction in MuteDirection:
        await line.ari.mute(channel_id, direction=direction)
        await line.ari.unmute(channel_id, direction=direction)
    await line.ari.hold(channel_id)
    await line.ari.unhold(channel_id)
    await line.ari.start_moh(channel_id)
    await line.ari.stop_moh(channel_id)

    # The number echoes what it hears, so the digits come back.
    await line.ari.send_dtmf(channel_id, "7#", duration_ms=120, between_ms=120)
    digits = [(await line.until(ChannelDtmfReceived, channel=channel_id)).digit for _ in range(2)]
    assert digits == ["7", "#"]


async def test_given_media_when_played_then_it_can_be_stopped(line: Line) -> None:
    channel_id = await line.call("PJSIP/sandbox-2001", "agent")

    playback = await line.ari.play(channel_id, ["sound:demo-congrats", "digits:12"], line.id("pb"), language="en")
    assert playback.id == line.id("pb")
    await line.until(PlaybackStarted, playback=line.id("pb"))
    assert (await line.ari.get_playback(line.id("pb"))).state == "playing"
    await line.ari.stop_playback(line.id("pb"))
    await line.until(PlaybackFinished, playback=line.id("pb"))


async def test_given_a_snoop_when_recorded_then_the_file_comes_over_http_and_goes_when_deleted(line: Line) -> None:
    channel_id = await line.call("PJSIP/+15550100012@sandbox-trunk-main", "tone")
    name = f"{line.prefix}/2026/customer.1"

    snoop = await line.ari.snoop(channel_id, line.id("snoop"), spy=SnoopDirection.IN, app_args=["snoop"])
    assert snoop.id == line.id("snoop")
    await line.until(StasisStart, channel=line.id("snoop"))
    await line.ari.record(line.id("snoop"), name, max_duration_seconds=30)
    await line.until(RecordingStarted, recording=name)
    assert (await line.ari.get_live(name)).state == "recording"
    await asyncio.sleep(1)  # so that there is a second of sound to be fetched
    await line.ari.mute_live(name)
    await line.ari.unmute_live(name)
    with pytest.raises(AriConflict):
        await line.ari.record(line.id("snoop"), name)
    await line.ari.stop_live(name)
    finished = await line.until(RecordingFinished, recording=name)
    assert finished.recording.state == "done"

    assert (name, "wav") in {(recording.name, recording.format) for recording in await line.ari.list_stored()}
    async with aclosing(line.ari.download_stored(name)) as pieces:
        content = b"".join([piece async for piece in pieces])
    samples, rate = soundfile.read(io.BytesIO(content), dtype="int16")
    assert rate == 8000
    assert len(samples) / rate >= 0.5
    assert abs(samples).max() > 1000
    await line.ari.delete_stored(name)
    with pytest.raises(AriNotFound):
        await line.ari.delete_stored(name)


async def test_given_a_dialled_leg_when_recorded_directly_then_asterisk_says_yes_and_fails(line: Line) -> None:
    # The reason why recordings go through snoops.
    channel_id = await line.call("PJSIP/sandbox-2001", "agent")
    name = f"{line.prefix}/direct"

    await line.ari.record(channel_id, name)

    failed = await line.until(RecordingFailed, recording=name)
    assert failed.recording.cause == "Cannot record channel while in bridge"


async def test_given_two_legs_when_bridged_then_they_come_and_go_and_the_bridge_plays(line: Line) -> None:
    agent, customer = await line.call("PJSIP/sandbox-2001", "agent"), await line.call("PJSIP/sandbox-2002", "customer")
    bridge_id = line.id("bridge")

    bridge = await line.ari.create_bridge(bridge_id, bridge_type=["mixing", "video_sfu"], name="call 1")
    assert (bridge.id, bridge.name) == (bridge_id, "call 1")
    await line.ari.add_channel(bridge_id, agent)
    await line.ari.add_channel(bridge_id, customer, mute=False, absorb_dtmf=False, inhibit_connected_line_updates=True)
    for channel_id in (agent, customer):
        await line.until(ChannelEnteredBridge, channel=channel_id)
    assert set((await line.ari.get_bridge(bridge_id)).channels) >= {agent, customer}
    assert bridge_id in {found.id for found in await line.ari.list_bridges()}

    await line.ari.play_to_bridge(bridge_id, "tone:ring;tonezone=us", line.id("tone"))
    await line.until(PlaybackStarted, playback=line.id("tone"))
    await line.ari.stop_playback(line.id("tone"))
    await line.until(PlaybackFinished, playback=line.id("tone"))

    await line.ari.remove_channel(bridge_id, customer)
    await line.until(ChannelLeftBridge, channel=customer)
    await line.ari.destroy_bridge(bridge_id)
    # Asterisk answers before the bridge's own thread has taken it off the list, and an
    # application that has left a bridge is not told of its end: so the list is asked again.
    async with asyncio.timeout(DEADLINE_SECONDS):
        while bridge_id in {found.id for found in await line.ari.list_bridges()}:
            await asyncio.sleep(0.02)
    with pytest.raises(AriNotFound):
        await line.ari.get_bridge(bridge_id)


async def test_given_a_leg_when_it_leaves_for_the_dialplan_then_the_application_is_told(line: Line) -> None:
    channel_id = await line.call("PJSIP/sandbox-2001", "agent")

    await line.ari.continue_in_dialplan(channel_id, context="sandbox-numbers", extension="0005", priority=1)

    await line.until(StasisEnd, channel=channel_id)
    assert (await line.until(ChannelDestroyed, channel=channel_id)).cause == 34


async def test_given_a_leg_when_redirected_then_the_device_is_asked(line: Line) -> None:
    channel_id = await line.call("PJSIP/sandbox-2001", "agent")

    await line.ari.redirect(channel_id, "PJSIP/sip:0011@127.0.0.1")

    with pytest.raises(AriInvalid):
        await line.ari.redirect(channel_id, "IAX2/elsewhere")


async def test_given_asterisk_itself_when_asked_then_it_says_who_it_is(line: Line) -> None:
    info, ping, modules = await asyncio.gather(line.ari.info(), line.ari.ping(), line.ari.list_modules())

    assert info.system is not None
    assert info.system.version.startswith(tuple("23456789"))
    assert info.status is not None
    assert info.status.startup_time.tzinfo is not None
    assert (ping.ping, ping.asterisk_id) == ("pong", info.system.entity_id)
    assert "chan_pjsip.so" in {module.name for module in modules}


async def test_given_a_global_when_set_then_it_is_read_and_forgotten(line: Line, asterisk: RunningAsterisk) -> None:
    name = f"hup_{uuid.uuid4().hex}"

    assert await line.ari.get_global_variable(name) == ""
    await line.ari.set_global_variable(name, "1732147200.123|16|SIP 200 OK")
    assert await line.ari.get_global_variable(name) == "1732147200.123|16|SIP 200 OK"
    assert name in await asterisk.run_cli("dialplan show globals")
    await line.ari.delete_global_variable(name)
    assert await line.ari.get_global_variable(name) == ""
    # An empty one reads the same, and would stay in the list that Asterisk walks through.
    assert name not in await asterisk.run_cli("dialplan show globals")


async def test_given_endpoints_when_listed_then_the_phones_are_among_them(line: Line) -> None:
    everyone = await line.ari.list_endpoints()
    over_sip = await line.ari.list_endpoints(technology="PJSIP")

    assert {"sandbox-2001", "sandbox-trunk-main"} <= {endpoint.resource for endpoint in over_sip}
    assert {endpoint.resource for endpoint in over_sip} <= {endpoint.resource for endpoint in everyone}


async def test_given_a_phone_when_sent_a_message_then_asterisk_accepts_it(line: Line) -> None:
    await line.ari.send_message(
        "PJSIP", "sandbox-2001", sender="sip:offhook@127.0.0.1", body="Your next call:\n+15550100000"
    )


async def test_given_the_application_when_filtered_then_asterisk_remembers_and_leaves_out(line: Line) -> None:
    application = await line.ari.get_application()
    assert application.name == line.prefix
    assert application.events_disallowed == ()

    application = await line.ari.set_event_filter(disallowed=["ChannelDialplan"])
    assert [entry["type"] for entry in application.events_disallowed] == ["ChannelDialplan"]


async def test_given_a_wrong_password_when_asked_then_it_is_unauthorized(asterisk: RunningAsterisk) -> None:
    async with AriClient(asterisk.ari_url, asterisk.ari_username, "wrong", app="ofhtest") as ari:
        with pytest.raises(AriUnauthorized):
            await ari.info()


async def test_given_a_second_stream_of_the_same_application_when_it_connects_then_the_first_is_replaced(
    line: Line, asterisk: RunningAsterisk
) -> None:
    async with opened(asterisk, line.prefix) as second, asyncio.timeout(DEADLINE_SECONDS):
        items = [item async for item in line.stream]

        assert isinstance(items[-1], Replaced)
        assert not line.stream.is_connected
        assert second.stream.is_connected
