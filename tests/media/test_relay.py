"""Streams from their beginning to their one report, on real sockets; Asterisk's side is a stand-in."""

import asyncio
import json
import ssl
import struct
from collections.abc import AsyncIterator, Sequence
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

import pytest
import websockets
from standardwebhooks.webhooks import Webhook

from app.egress.addresses import Address
from app.egress.signing import new_secret, show_secret
from app.egress.streams import StreamGuard
from app.errors import OverloadedError
from app.facts.vocabulary import MediaStreamEnd
from app.media.g711 import Law, decode, encode
from app.media.model import StreamJob
from app.media.playout import MOST_FRAMES, WINDOW_FRAMES
from app.media.relay import Relay
from tests.media.standing_in import FRAME, World, running_world
from tests.rig.bot import Bot, BotTalk, running_bot
from tests.webhooks.certificates import make_certificate

E = MediaStreamEnd


@pytest.fixture
async def bot() -> AsyncIterator[Bot]:
    async with running_bot() as running:
        yield running


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with running_world() as running:
        yield running


async def _open(world: World, bot: Bot, **parameters: str) -> tuple[StreamJob, BotTalk, str]:
    job = world.job(bot.url, parameters=parameters)
    world.streams.open(job)
    talk = await bot.expect_talk()
    return job, talk, await world.until_open(job)


async def test_given_a_stream_when_opened_then_the_program_is_told_what_it_is_signed_and_sound_goes_both_ways(
    world: World, bot: Bot
) -> None:
    second = new_secret()
    world.allows.keys = (*world.allows.keys, second)
    job, talk, channel = await _open(world, bot, language="en")
    assert talk.start["streamId"] == job.stream_id
    assert talk.start["parameters"] == {"language": "en"}
    for key in world.allows.keys:
        Webhook(show_secret(key)).verify(json.dumps(job.url), dict(talk.headers))
    assert world.asterisk.channels[channel] == {"format": "slin", "options": "f(json)"}

    for number in range(5):
        await world.asterisk.hear(channel, bytes([number]) * 320)
    await talk.wait_until(lambda: len(talk.frames) == 5, what="five frames")
    assert talk.frames == [bytes([number]) * 320 for number in range(5)]

    for number in range(1, 60):  # in pieces that are no frames
        await talk.say(bytes([number]) * 100)
    await talk.tell("mark", name="said")
    await world.asterisk.wait_until(lambda: world.asterisk.queued_bytes(channel) == 6080)
    await world.asterisk.play(channel, 100)
    assert world.asterisk.played[channel] == b"".join(bytes([n]) * 100 for n in range(1, 60)) + bytes(180)
    assert (await talk.expect("mark"))["state"] == "REACHED"

    world.streams.press(job.stream_id, "7", 90)
    assert await talk.expect("dtmf") == {"event": "dtmf", "digit": "7", "durationMilliseconds": 90}

    world.streams.close(job.stream_id, E.STOPPED)
    assert (await talk.expect("stop"))["reason"] == "STOPPED"
    await talk.wait_until_over()
    report = await world.reported()
    assert (report.stream_id, report.call_id, report.reason) == (job.stream_id, job.call_id, E.STOPPED)
    await world.asterisk.wait_until(lambda: channel not in world.asterisk.channels)
    assert world.streams.count == 0


@pytest.mark.parametrize("rate", [8000, 16000])
@pytest.mark.parametrize(("codecs", "law"), [("(ulaw)", Law.ULAW), ("(alaw|ulaw)", Law.ALAW)])
async def test_given_a_leg_of_the_telephone_network_when_its_stream_opens_then_asterisk_hands_its_sound_on_as_it_is(
    world: World, bot: Bot, codecs: str, law: Law, rate: int
) -> None:
    world.asterisk.codecs["leg-1"] = codecs
    job = world.job(bot.url, sample_rate=rate, leg_channel="leg-1")
    world.streams.open(job)
    talk = await bot.expect_talk()
    channel = await world.until_open(job)
    assert world.asterisk.channels[channel]["format"] == law.value
    assert talk.start["format"]["sampleRate"] == rate

    for _ in range(3):
        await world.asterisk.hear(channel, encode(law, struct.pack("<160h", *[1000] * 160)))
    await talk.wait_until(lambda: len(talk.frames) == 3, what="three frames")
    assert {len(frame) for frame in talk.frames} == {rate // 25}
    (level,) = struct.unpack_from("<h", talk.frames[-1], rate // 50)
    assert level == pytest.approx(1000, abs=40)

    await talk.say(struct.pack("<h", -2000) * (rate // 10))
    await talk.tell("mark", name="said")
    await world.asterisk.wait_until(lambda: world.asterisk.queued_bytes(channel) == 5 * 160)
    await world.asterisk.play(channel, 5, frame_bytes=160)
    (level,) = struct.unpack_from("<h", decode(law, world.asterisk.played[channel]), 800)
    assert level == pytest.approx(-2000, abs=80)
    assert (await talk.expect("mark"))["state"] == "REACHED"


@pytest.mark.parametrize("codecs", ["(g722)", "(slin16|ulaw)", "nothing", None])
async def test_given_a_leg_with_another_codec_when_its_stream_opens_then_asterisk_makes_samples_of_it(
    world: World, bot: Bot, codecs: str | None
) -> None:
    if codecs is not None:
        world.asterisk.codecs["leg-1"] = codecs
    job = world.job(bot.url, leg_channel="leg-1")
    world.streams.open(job)
    await bot.expect_talk()
    assert world.asterisk.channels[await world.until_open(job)]["format"] == "slin"


async def test_given_a_long_speech_when_cleared_then_asterisk_drops_it_too_and_every_mark_is_told_once(
    world: World, bot: Bot
) -> None:
    _, talk, channel = await _open(world, bot)
    for number in range(10):
        await talk.say(bytes(320 * 50))
        await talk.tell("mark", name=f"m{number}")
    await world.asterisk.wait_until(lambda: world.asterisk.queued_bytes(channel) == 320 * WINDOW_FRAMES)
    await world.asterisk.play(channel, 75)
    assert (await talk.expect("mark", name="m0"))["state"] == "REACHED"
    await talk.tell("clear")
    await talk.expect("mark", name="m9", state="CLEARED")
    marks = [(one["name"], one["state"]) for one in talk.events if one["event"] == "mark"]
    assert marks == [("m0", "REACHED"), *((f"m{number}", "CLEARED") for number in range(1, 10))]
    await world.asterisk.wait_until(lambda: world.asterisk.flushes == [channel])
    await talk.say(b"\x05" * 320)
    await world.asterisk.wait_until(lambda: world.asterisk.queued[channel] == [b"\x05" * 320])


async def test_given_a_program_that_sends_more_than_is_kept_when_it_goes_on_then_it_is_told_what_was_dropped(
    world: World, bot: Bot
) -> None:
    _, talk, channel = await _open(world, bot)
    await talk.say(bytes(320 * (MOST_FRAMES // 2)))
    await talk.say(bytes(320 * (MOST_FRAMES // 2 + WINDOW_FRAMES + 100)))
    assert await talk.expect("gap") == {"event": "gap", "direction": "TO_CALL", "milliseconds": 2000}
    await world.asterisk.wait_until(lambda: world.asterisk.queued_bytes(channel) == 320 * WINDOW_FRAMES)
    assert world.reports == []


async def test_given_a_program_that_does_not_read_when_it_is_seconds_behind_then_it_misses_some_and_is_told_how_much(
    world: World, bot: Bot
) -> None:
    bot.reads = False
    job = world.job(bot.url, sample_rate=16000)
    world.streams.open(job)
    talk = await bot.expect_talk()
    channel = await world.until_open(job)
    sent = 0
    # As much as all buffers on the way take, and then what may wait here, and more.
    relay = world.streams._relays[job.stream_id]
    assert isinstance(relay, Relay)
    async with asyncio.timeout(60):
        while not relay._listening._dropped_frames:
            await world.asterisk.hear(channel, bytes([sent % 256]) * 640)
            sent += 1
            await asyncio.sleep(0)
    assert relay._bot.unsent_bytes <= 32_000 * 5 + 1000, "what waits is bounded"
    reading = asyncio.ensure_future(talk.take())
    async with asyncio.timeout(60):
        while not talk.events:
            await world.asterisk.hear(channel, bytes([sent % 256]) * 640)
            sent += 1
            await asyncio.sleep(0.005)
    (gap,) = talk.events
    assert (gap["event"], gap["direction"]) == ("gap", "FROM_CALL")
    world.streams.close(job.stream_id, E.STOPPED)
    await talk.wait_until_over()
    await reading
    # All that was not told as missing is there.
    missing = sent - len(talk.frames)
    assert missing * 20 >= gap["milliseconds"] > 0


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ('{"event":"mark"}', E.BOT_PROTOCOL),
        ("not json", E.BOT_PROTOCOL),
        ("x" * 5000, E.BOT_PROTOCOL),
        (bytes(2_000_000), E.BOT_PROTOCOL),
        ('{"event":"stop","outcome":"done"}', E.BOT_CLOSED),
    ],
    ids=["mark without a name", "no json", "long text", "long sound", "stop"],
)
async def test_given_a_program_that_ends_it_or_talks_nonsense_when_it_does_then_that_is_why_it_ends(
    world: World, bot: Bot, said: str | bytes, reason: MediaStreamEnd
) -> None:
    job, talk, channel = await _open(world, bot)
    await talk.socket.send(said)
    report = await world.reported()
    assert (report.stream_id, report.reason) == (job.stream_id, reason)
    assert report.outcome == ("done" if reason is E.BOT_CLOSED else None)
    await talk.wait_until_over()
    await world.asterisk.wait_until(lambda: channel not in world.asterisk.channels)


async def test_given_a_program_when_it_closes_properly_or_its_line_breaks_then_the_report_tells_which(
    world: World, bot: Bot
) -> None:
    _, talk, _ = await _open(world, bot)
    await talk.socket.close()
    assert (await world.reported()).reason is E.BOT_CLOSED
    _, talk, _ = await _open(world, bot)
    talk.socket.transport.abort()
    assert (await world.reported(2)).reason is E.BOT_LOST


@pytest.mark.parametrize("what", ["messages", "marks", "sound"])
async def test_given_a_program_that_floods_when_it_is_far_too_much_then_it_is_cut_off(
    world: World, bot: Bot, what: str
) -> None:
    _, talk, _ = await _open(world, bot)
    flood: str | bytes = bytes(960_000) if what == "sound" else json.dumps({"event": "clear"})
    if what == "marks":
        flood = json.dumps({"event": "mark", "name": "m"})

    async def send_on() -> None:
        while True:
            await talk.socket.send(flood)

    with pytest.raises(websockets.ConnectionClosed):
        await asyncio.wait_for(send_on(), 60)
    assert (await world.reported()).reason is E.BOT_FLOODED


async def test_given_asterisk_when_it_ends_the_channel_then_the_program_is_told_and_so_is_the_call(
    world: World, bot: Bot
) -> None:
    _, talk, channel = await _open(world, bot)
    await world.asterisk.sockets[channel].close()
    assert (await world.reported()).reason is E.MEDIA_LOST
    assert (await talk.expect("stop"))["reason"] == "MEDIA_LOST"


@pytest.mark.parametrize("trouble", ["away", "unnamed", "no socket"])
async def test_given_asterisk_that_gives_no_channel_when_the_program_is_there_then_it_is_told_and_nothing_is_left(
    world: World, bot: Bot, trouble: str
) -> None:
    world.asterisk.is_away = trouble == "away"
    world.asterisk.names_no_socket = trouble == "unnamed"
    if trouble == "no socket":
        world.asterisk.base_url = "http://127.0.0.1:1/ari"
    world.streams.open(world.job(bot.url))
    talk = await bot.expect_talk()
    assert (await talk.expect("stop"))["reason"] == "MEDIA_LOST"
    assert (await world.reported()).reason is E.MEDIA_LOST
    assert world.asterisk.channels == {}


async def test_given_no_program_when_opened_then_the_report_tells_why_and_asterisk_is_not_asked(bot: Bot) -> None:
    async def refuse(_connection: Any, _request: Any) -> Any:
        return _connection.respond(403, "no")

    async def stay_silent(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await hold.wait()
        writer.close()

    hold = asyncio.Event()
    async with (
        running_world(connect_seconds=20.0) as world,
        running_world(connect_seconds=0.3) as hurried,
        running_bot(process_request=refuse) as refusing,
        await asyncio.start_server(stay_silent, "127.0.0.1", 0) as silent,
    ):
        async with running_bot() as gone:
            gone_url = gone.url
        port = silent.sockets[0].getsockname()[1]
        cases = [
            (refusing.url, E.BOT_REFUSED, "status 403"),
            (gone_url, E.BOT_UNREACHABLE, "no connection"),
            ("wss://10.0.0.1/", E.URL_NOT_ALLOWED, "no address"),
            ("wss://127.1/", E.URL_NOT_ALLOWED, "decimal"),
        ]
        for number, (url, reason, words) in enumerate(cases, 1):
            world.streams.open(world.job(url))
            report = await world.reported(number)
            assert report.reason is reason
            assert words in (report.detail or "")
        hurried.streams.open(hurried.job(f"ws://127.0.0.1:{port}/"))
        report = await hurried.reported()
        assert (report.reason, report.detail) == (E.BOT_UNREACHABLE, "no answer within 0.3 s")
        world.allows.keys = ()
        world.streams.open(world.job(bot.url))
        assert (await world.reported(5)).reason is E.URL_NOT_ALLOWED
        world.allows.is_away = True
        world.streams.open(world.job(bot.url))
        assert (await world.reported(6)).reason is E.FAILED
        assert bot.talks == []
        assert world.asterisk.channels == {}
        hold.set()


async def test_given_as_many_streams_as_there_may_be_when_another_is_opened_then_it_is_refused(bot: Bot) -> None:
    async with running_world(most=2) as world:
        jobs = [world.job(bot.url) for _ in range(3)]
        world.streams.open(jobs[0])
        world.streams.open(jobs[0])  # it is open already
        world.streams.open(jobs[1])
        with pytest.raises(OverloadedError):
            world.streams.open(jobs[2])
        assert world.streams.count == 2


async def test_given_a_stream_that_is_closed_while_it_connects_when_it_comes_about_then_it_is_gone_at_once(
    world: World, bot: Bot
) -> None:
    job = world.job(bot.url)
    world.streams.open(job)
    world.streams.close(job.stream_id, E.CALL_ENDED)
    talk = await bot.expect_talk()
    assert (await talk.expect("stop"))["reason"] == "CALL_ENDED"
    await world.reported()
    assert world.asterisk.channels == {}


async def test_given_a_call_that_has_no_room_when_a_stream_ends_then_it_is_told_again_until_it_has(
    world: World, bot: Bot
) -> None:
    _, talk, _ = await _open(world, bot)
    world.is_full = True
    await talk.socket.close()
    await talk.wait_until_over()
    world.is_full = False
    assert (await world.reported()).reason is E.BOT_CLOSED


async def test_given_streams_when_whoever_relays_them_ends_then_both_ends_are_closed(bot: Bot) -> None:
    async with running_world() as world:
        _, talk, channel = await _open(world, bot)
        await world.asterisk.hear(channel, FRAME)
        await talk.wait_until(lambda: bool(talk.frames), what="a frame")
    await talk.wait_until_over()
    assert world.asterisk.channels == {}


@pytest.mark.parametrize("is_trusted", [True, False])
async def test_given_a_program_over_tls_when_connected_to_by_number_then_its_certificate_is_for_its_name(
    tmp_path: Path, is_trusted: bool
) -> None:
    async def resolve(_host: str, _port: int) -> Sequence[Address]:
        return [IPv4Address("127.0.0.1")]

    certificate = make_certificate(tmp_path)
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(certificate)
    guard = StreamGuard(allow_networks=(IPv4Network("127.0.0.0/8"),), resolve=resolve)
    tls = ssl.create_default_context(cafile=certificate) if is_trusted else None
    async with running_bot(ssl=serving) as bot, running_world(guard=guard, tls=tls) as world:
        bot.url = bot.url.replace("ws://127.0.0.1", "wss://hook.example")
        if is_trusted:
            _, talk, channel = await _open(world, bot)
            assert talk.headers["host"] == bot.url.split("/")[2]
            await world.asterisk.hear(channel, FRAME)
            await talk.wait_until(lambda: talk.frames == [FRAME], what="a frame")
        else:
            world.streams.open(world.job(bot.url))
            report = await world.reported()
            assert report.reason is E.BOT_UNREACHABLE
            assert "certificate" in (report.detail or "")
