"""What is said to a customer who talks to nobody: heard at the far end, told how it came out."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import numpy as np
import pytest

from app.config import Settings
from app.flows.steps import Announcement, PlayFile, PlaySpeech
from app.ids import Kind, new_id
from app.local.asterisk import AsteriskInstall, AsteriskInstance
from app.media.beep import SILENCE_MS
from app.routing.targets import ToAnnouncement
from tests.rig.answering_machine import BEEP_ENDS_SECONDS, write_machine
from tests.rig.audio import Sound
from tests.rig.desk import Desk
from tests.rig.exchange import Exchange, make_exchange
from tests.rig.far_end import FarEnd, FarEndCall
from tests.rig.service import RunningOffhook, make_settings
from tests.rig.spoken import write_espeak
from tests.rig.story import assert_is_whole

pytestmark = pytest.mark.asterisk

NUMBER, CALLED = "+15550117601", "+15550117602"
TEXT = "Your order is ready."
LOUD_DBFS = -40.0
PIECE_SECONDS = 0.1


@pytest.fixture
def settings(
    asterisk: AsteriskInstance, asterisk_install: AsteriskInstall, database_dsn: str, tmp_path: Path
) -> Settings:
    """Of the one service that the dialplan sends calls to, with the espeak-ng that was found for this machine."""
    made = make_settings(asterisk, database_dsn, tmp_path / "data", espeak=write_espeak(asterisk_install, tmp_path))
    return made.model_copy(update={"ari_application": asterisk.config.stasis_app})


@pytest.fixture
async def calling(served_offhook: RunningOffhook) -> AsyncIterator[Desk]:
    async with served_offhook.desk() as desk:
        yield desk


@pytest.fixture
async def exchange(served_offhook: RunningOffhook, asterisk: AsteriskInstance, far_end: FarEnd) -> Exchange:
    return await make_exchange(served_offhook, asterisk, far_end)


async def _hear_out(call: FarEndCall, desk: Desk, call_id: str) -> Sound:
    """All that is heard until it is hung up."""
    async with call.hearing() as heard:
        await call.wait_until_ended()
    await desk.wait_for_end(call_id)
    (sound,) = heard
    return sound


def _stretches(sound: Sound) -> list[tuple[float, float]]:
    """From when to when somebody speaks; pauses between words are part of it."""
    count = int(sound.seconds / PIECE_SECONDS)
    loud = [sound.between(n * PIECE_SECONDS, (n + 1) * PIECE_SECONDS).rms_dbfs() > LOUD_DBFS for n in range(count)]
    found: list[list[int]] = []
    for n in np.flatnonzero(loud):
        if found and n - found[-1][1] <= 8:  # 0.8 s: less than the pause
            found[-1][1] = int(n)
        else:
            found.append([int(n), int(n)])
    return [(first * PIECE_SECONDS, (last + 1) * PIECE_SECONDS) for first, last in found]


async def test_given_a_text_to_be_said_twice_when_the_customer_answers_then_it_hears_it_twice_and_is_hung_up(
    calling: Desk, exchange: Exchange, far_end: FarEnd
) -> None:
    announcement = Announcement(sound=PlaySpeech(text=TEXT), repeat=2, pause_seconds=1.5)
    placed = await calling.place_call(CALLED, connect=None, connect_announcement=announcement, trunk="farend")
    customer = await far_end.expect_call(CALLED)
    async with customer.hearing() as heard:
        await customer.answer()
        story = await calling.wait_for_end(placed.id)
    first, second = _stretches(heard[0])
    assert second[0] - first[1] == pytest.approx(1.5, abs=0.5)
    assert second[1] - second[0] == pytest.approx(first[1] - first[0], abs=0.3)
    assert first[1] - first[0] > 0.8
    assert (story.disposition, story.end) == ("ANSWERED", ("ANNOUNCEMENT_ENDED", "SYSTEM"))
    assert len(story.all_of("playback.finished")) == 2
    assert [word for word in story.words if word.startswith(("flow.", "call.connected"))] == []
    assert story.record["talkSeconds"] == 0
    await assert_is_whole(calling, story)


async def test_given_an_announcement_when_the_customer_hangs_up_before_its_end_then_that_is_how_it_ended(
    calling: Desk, exchange: Exchange, far_end: FarEnd
) -> None:
    announcement = Announcement(sound=PlaySpeech(text=" ".join(10 * [TEXT])))
    placed = await calling.place_call(CALLED, connect=None, connect_announcement=announcement, trunk="farend")
    customer = await far_end.expect_call(CALLED)
    await customer.answer()
    await calling.wait_for(placed.id, "playback.started")
    await customer.hang_up()
    story = await calling.wait_for_end(placed.id)
    assert (story.disposition, story.end) == ("ANSWERED", ("HANGUP", "CUSTOMER"))
    await assert_is_whole(calling, story)


async def test_given_a_sound_file_that_is_gone_when_it_is_to_be_played_then_the_caller_is_hung_up_as_failed(
    calling: Desk, exchange: Exchange
) -> None:
    await exchange.route(NUMBER, ToAnnouncement(announcement=Announcement(sound=PlaySpeech(text="x"))))
    gone = ToAnnouncement(announcement=Announcement(sound=PlayFile(audio_file_id=new_id(Kind.AUDIO_FILE))))
    async with exchange.offhook.service.database.acquire() as connection:
        await connection.execute(
            "UPDATE inbound_route SET target = $1::text::jsonb", msgspec.json.encode(gone).decode()
        )
    caller = await exchange.call(NUMBER)
    await caller.wait_until_ended()
    call_id = await calling.wait_for_arrival(NUMBER)
    story = await calling.wait_for_end(call_id)
    assert (story.disposition, story.end) == ("FAILED", ("ANNOUNCEMENT_FAILED", "SYSTEM"))
    assert len(story.all_of("playback.failed")) == 1
    await assert_is_whole(calling, story)


async def test_given_a_route_to_an_announcement_when_somebody_calls_then_it_hears_that_and_is_hung_up(
    calling: Desk, exchange: Exchange
) -> None:
    await exchange.route(NUMBER, ToAnnouncement(announcement=Announcement(sound=PlaySpeech(text=TEXT))))
    caller = await exchange.call(NUMBER)
    call_id = await calling.wait_for_arrival(NUMBER)
    sound = await _hear_out(caller, calling, call_id)
    story = await calling.wait_for_end(call_id)
    assert len(_stretches(sound)) == 1
    assert (story.disposition, story.end) == ("ANSWERED", ("ANNOUNCEMENT_ENDED", "SYSTEM"))
    await assert_is_whole(calling, story)


async def test_given_an_answering_machine_when_something_is_to_be_said_then_it_is_said_after_its_beep(
    calling: Desk, exchange: Exchange, far_end: FarEnd
) -> None:
    announcement = Announcement(sound=PlaySpeech(text=TEXT))
    placed = await calling.place_call(
        CALLED, connect=None, connect_announcement=announcement, detect_machine=True, trunk="farend"
    )
    machine = await far_end.expect_call(CALLED)
    greeting = far_end.ears.scratch_directory / "greeting-and-beep.wav"
    write_machine(greeting)
    async with machine.hearing() as heard:
        await machine.answer()
        async with machine.playing(f"sound:{greeting.with_suffix('')}"):
            await calling.wait_for_end(placed.id)
    story = await calling.wait_for_end(placed.id)
    told = story.the("machine.detection_finished").body
    assert (told["answeredBy"], told["isAfterBeep"], told["greetingEndedBy"]) == ("MACHINE", True, "BEEP")
    ((began, _),) = _stretches(heard[0])
    # Sooner than silence alone would have told.
    assert BEEP_ENDS_SECONDS <= began < BEEP_ENDS_SECONDS + SILENCE_MS / 1000
    assert story.end == ("ANNOUNCEMENT_ENDED", "SYSTEM")
    await assert_is_whole(calling, story)
