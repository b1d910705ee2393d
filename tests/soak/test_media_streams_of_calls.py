"""Fifty calls at once whose customers talk to programs: what a program says comes back whole, and in order.

Real calls over SIP, connected, each leg handed to its program by ``startMediaStream`` over GraphQL, half of them at
16 kHz. The customer is the sandbox's echo, so that what a program says goes over the relay, through Asterisk, out as
G.711, and comes back the same way: counted by its levels, for no codec keeps its bits.

None may be lost: half a minute of fifty calls is more packets than RTP has numbers, so that in most runs those of some
call begin anew (``tests/e2e/test_media_stream_frames``).
"""

import asyncio
import struct

import pytest

from app.calls.core.verbs import StartMediaStream
from app.calls.planning.requests import WaitFor
from app.ids import Kind, LegId, MediaStreamId, new_id
from tests.rig.bot import BotTalk, running_bot
from tests.rig.desk import Desk
from tests.rig.level_steps import END, PING, frame_of, has_level, numbers_in, steady, wanted_numbers
from tests.rig.service import RunningOffhook
from tests.rig.story import assert_is_whole

pytestmark = pytest.mark.asterisk

TONE, ECHO = "+15550100012", "+15550100011"
CALLS = 50
FRAMES = 1500  # half a minute
ENDS = 5
RATES = (8000, 16000)
#: Far apart, so that no queue builds up anywhere.
PING_SECONDS, MOST_PINGS = 0.3, 100
AT_ONCE = 5


async def _connect(desk: Desk, rate: int, url: str) -> str:
    """A connected call whose customer has begun to talk to a program; its id."""
    placed = await desk.place_call(ECHO, connect_number=TONE, wait_for=WaitFor.CONNECTED)
    leg_id = LegId((await desk.wait_for(placed.id, "leg.answered", "CUSTOMER")).body["leg"]["id"])
    verb = StartMediaStream(
        stream_id=MediaStreamId(new_id(Kind.MEDIA_STREAM)), leg_id=leg_id, url=url, sample_rate=rate
    )
    await desk.act(leg_id, verb)
    await desk.wait_for(placed.id, "mediastream.connected")
    return placed.id


async def _until_echoed(talk: BotTalk) -> None:
    """Where a party is moved to, it hears nothing for a moment."""
    for _ in range(MOST_PINGS):
        first = len(talk.frames)
        await talk.say(steady(PING, talk.rate))
        await asyncio.sleep(PING_SECONDS)
        if has_level(b"".join(talk.frames[first:]), talk.rate, PING):
            return
    raise AssertionError("the customer does not hear the program")


async def _speak(talk: BotTalk) -> None:
    """In real time, as somebody does who passes on what it hears."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number in range(FRAMES):
        await asyncio.sleep(max(0.0, began + number * 0.02 - loop.time()))
        await talk.say(frame_of(number, talk.rate))
    first = len(talk.frames)
    for _ in range(ENDS):
        await talk.say(steady(END, talk.rate))
    await talk.tell("mark", name="said")
    await talk.expect("mark", name="said", state="REACHED")
    await talk.wait_until(lambda: any(map(_is_end, talk.frames[first:])), what="the end")


def _count_lost(numbers: list[int]) -> int:
    """How many are missing of those that were said; what is there is in their order, and none of it twice."""
    said = iter(wanted_numbers(FRAMES))
    assert all(number in said for number in numbers)
    return FRAMES - len(numbers)


def _is_end(frame: bytes) -> bool:
    """Looked for fifty times a second in fifty talks, so by one sample: nothing else is as loud and below zero."""
    sample: int = struct.unpack_from("<h", frame, len(frame) // 4 * 2)[0]
    return abs(sample - END) < abs(END) // 10


async def test_given_fifty_calls_when_their_customers_talk_to_programs_then_it_comes_back_whole_and_in_order(
    served_offhook: RunningOffhook, graphql_desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = graphql_desk
    places = asyncio.Semaphore(AT_ONCE)

    async def connect(number: int, url: str) -> str:
        async with places:
            return await _connect(desk, RATES[number % 2], url)

    async with running_bot() as bot:
        await served_offhook.service.services.media_endpoints.create(served_offhook.principal, url=bot.url)
        call_ids = await asyncio.gather(*(connect(number, bot.url) for number in range(CALLS)))
        talks = [await bot.expect_talk() for _ in range(CALLS)]
        assert sorted(talk.start["callId"] for talk in talks) == sorted(call_ids)
        assert sorted(talk.rate for talk in talks) == sorted(RATES * (CALLS // 2))
        await asyncio.gather(*(_until_echoed(talk) for talk in talks))
        async with asyncio.TaskGroup() as speaking:
            for talk in talks:
                speaking.create_task(_speak(talk))
        for talk in talks:
            assert {len(frame) for frame in talk.frames} == {talk.start["format"]["frameBytes"]}
        lost = sum(_count_lost(numbers_in(b"".join(talk.frames), talk.rate)) for talk in talks)
        with capsys.disabled():
            print(f"\n{lost} of {CALLS * FRAMES} frames were lost", flush=True)  # noqa: T201  # what it is run for
        assert lost == 0
        assert [event for talk in talks for event in talk.events if event["event"] == "gap"] == []
        for call_id in call_ids:
            await desk.hang_up(call_id)
        for call_id in call_ids:
            story = await desk.wait_for_end(call_id)
            assert len(story.all_of("mediastream.ended")) == 1
            await assert_is_whole(desk, story)
        for talk in talks:
            await talk.wait_until_over()
