"""A program hears every frame of a telephone's sound, whatever the numbers of its packets.

Asterisk as Debian builds it drops packets that it takes for late ones wherever it makes samples of coded sound: the one
after number 65535, and, where another source goes on with lower numbers, all until these have caught up.
"""

from collections.abc import Callable

import pytest

from app.calls.core.verbs import StartMediaStream
from app.facts.vocabulary import LegRole
from app.ids import Kind, LegId, MediaStreamId, new_id
from app.media.g711 import Law, encode
from tests.rig.bot import running_bot
from tests.rig.desk import Desk
from tests.rig.level_steps import END, PING, frame_of, has_level, numbers_in, steady, wanted_numbers
from tests.rig.lossy_phone import lossy_phone
from tests.rig.service import RunningOffhook
from tests.rig.sipp import SippPorts

pytestmark = pytest.mark.asterisk

NUMBER = "+15550116301"
PHONE_RATE = 8000
PINGS, FRAMES, ENDS = 20, 100, 5
MIDDLE = PINGS + FRAMES // 2


def _beginning_anew(packet: int) -> tuple[int, int]:
    return 7, (1 << 16) - MIDDLE + packet


def _from_another_source(packet: int) -> tuple[int, int]:
    return (7, 40_000 + packet) if packet < MIDDLE else (8, 20_000 + packet)


def _say(packet: int) -> bytes:
    number = packet - PINGS
    if number < 0:
        sound = steady(PING, PHONE_RATE)
    elif number < FRAMES:
        sound = frame_of(number, PHONE_RATE)
    else:
        sound = steady(END if number < FRAMES + ENDS else 0, PHONE_RATE)
    return encode(Law.ULAW, sound)


@pytest.mark.parametrize("rate", [8000, 16000])
@pytest.mark.parametrize("numbers", [_beginning_anew, _from_another_source])
async def test_given_packets_whose_numbers_do_not_go_on_when_a_program_listens_then_it_hears_every_frame(
    offhook: RunningOffhook,
    desk: Desk,
    sipp_ports: SippPorts,
    rate: int,
    numbers: Callable[[int], tuple[int, int]],
) -> None:
    async with (
        running_bot() as bot,
        lossy_phone(sipp_ports, numbers=numbers, says=_say, waits=True) as phone,
    ):
        await offhook.service.services.media_endpoints.create(offhook.principal, url=bot.url)
        placed = await desk.place_call(NUMBER, trunk="sipp", first=LegRole.CUSTOMER)
        await desk.wait_for(placed.id, "call.connected")
        leg_id = LegId((await desk.wait_for(placed.id, "leg.answered", "CUSTOMER")).body["leg"]["id"])
        verb = StartMediaStream(
            stream_id=MediaStreamId(new_id(Kind.MEDIA_STREAM)), leg_id=leg_id, url=bot.url, sample_rate=rate
        )
        await desk.act(leg_id, verb)
        talk = await bot.expect_talk()
        await desk.wait_for(placed.id, "mediastream.connected")
        phone.may_speak.set()
        await talk.wait_until(lambda: has_level(b"".join(talk.frames), rate, END), what="the end of what is said")
        assert numbers_in(b"".join(talk.frames), rate) == wanted_numbers(FRAMES)
        await desk.hang_up(placed.id)
        await desk.wait_for_end(placed.id)
        await talk.wait_until_over()
