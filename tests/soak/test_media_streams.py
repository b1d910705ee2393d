"""Fifty media streams at once through the real Asterisk: every frame comes through, whole, once and in order.

Each program's stream is in a bridge with another one's, so that what the one says the other hears bit by bit: over the
relay, through Asterisk, and over the relay again.
"""

import asyncio
import struct
from ipaddress import IPv4Network

import pytest

from app.ari.client import AriClient
from app.clock import SystemClock
from app.egress.streams import StreamGuard
from app.facts.vocabulary import MediaStreamEnd
from app.ids import Kind, new_id
from app.local.asterisk import AsteriskInstance
from app.media.asterisk_media import channel_of
from app.media.desk import MediaStreams
from app.media.model import Report, StreamJob
from tests.media.standing_in import AllowList
from tests.rig.ari_ears import AriEars
from tests.rig.bot import Bot, BotTalk, running_bot

pytestmark = pytest.mark.asterisk

APP, NODE = "soak-media", "soak"
PAIRS = 25
FRAMES = 3000  # a minute


def _frame(number: int) -> bytes:
    return struct.pack("<h", number + 1) * 160


def _numbers(talk: BotTalk) -> list[int]:
    """The frames that came, by their numbers; silence between them is Asterisk's."""
    found = []
    for frame in talk.frames:
        first = struct.unpack_from("<h", frame)[0]
        assert frame == struct.pack("<h", first) * 160, "a frame comes whole"
        if first:
            found.append(first - 1)
    return found


async def _speak(talk: BotTalk) -> None:
    """In real time, as somebody does who passes on what it hears."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number in range(FRAMES):
        await asyncio.sleep(max(0.0, began + number * 0.02 - loop.time()))
        await talk.say(_frame(number))
    await talk.tell("mark", name="said")
    await talk.expect("mark", name="said", state="REACHED")


async def _open_pair(streams: MediaStreams, bot: Bot, ears: AriEars) -> tuple[BotTalk, BotTalk]:
    talks = []
    for _ in range(2):
        job = StreamJob(
            stream_id=new_id(Kind.MEDIA_STREAM),
            call_id=new_id(Kind.CALL),
            leg_id=new_id(Kind.LEG),
            account_id="acc_1",
            url=bot.url,
            sample_rate=8000,
        )
        streams.open(job)
        talks.append(await bot.expect_talk())
    channels = [channel_of(NODE, talk.start["streamId"]) for talk in talks]
    for channel in channels:
        await ears.wait_for_channel(channel, "StasisStart")
    bridge = channels[0] + "-pair"
    await ears.request("POST", f"/bridges/{bridge}", type="mixing")
    await ears.request("POST", f"/bridges/{bridge}/addChannel", channel=",".join(channels))
    one, other = talks
    return one, other


async def test_given_fifty_streams_when_all_speak_for_a_minute_then_no_frame_is_lost(
    asterisk: AsteriskInstance,
) -> None:
    reports: list[Report] = []

    def take(report: Report) -> bool:
        reports.append(report)
        return True

    credentials = asterisk.ari_url, asterisk.ari_username, asterisk.ari_password
    async with (
        AriEars.listening(*credentials, APP) as ears,
        AriClient(*credentials, app=APP) as ari,
        running_bot() as bot,
        asyncio.TaskGroup() as group,
    ):
        streams = MediaStreams(
            ari,
            take,
            node=NODE,
            guard=StreamGuard(allow_networks=(IPv4Network("127.0.0.0/8"),)),
            allows=AllowList(),
            clock=SystemClock(),
            connect_seconds=20.0,
        )
        running = group.create_task(streams.run())
        pairs = [await _open_pair(streams, bot, ears) for _ in range(PAIRS)]
        talks = [talk for pair in pairs for talk in pair]
        async with asyncio.TaskGroup() as speaking:
            for talk in talks:
                speaking.create_task(_speak(talk))
        for talk in talks:
            await talk.wait_until(lambda talk=talk: FRAMES - 1 in _numbers_of_last(talk), what="the last frame")
        assert [_numbers(talk) == list(range(FRAMES)) for talk in talks] == [True] * len(talks)
        assert not [event for talk in talks for event in talk.events if event["event"] == "gap"]
        assert reports == []
        for talk in talks:
            streams.close(talk.start["streamId"], MediaStreamEnd.STOPPED)
        for talk in talks:
            await talk.wait_until_over()
        async with asyncio.timeout(60):
            while streams.count:
                await asyncio.sleep(0.01)
        running.cancel()
        async with asyncio.timeout(60):
            while left := [one["id"] for one in (await ears.request("GET", "/channels")).json()]:
                assert all(NODE in name for name in left)
                await asyncio.sleep(0.05)
        for bridge in (await ears.request("GET", "/bridges")).json():
            await ears.request("DELETE", f"/bridges/{bridge['id']}")


def _numbers_of_last(talk: BotTalk) -> set[int]:
    return {struct.unpack_from("<h", frame)[0] - 1 for frame in talk.frames[-100:]}
