"""What the contacts of a campaign hear, and are led through, by ears at the far end of the trunk."""

from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from app.campaigns.model import FlowContent, SayContent
from app.clock import SystemClock
from app.config import Settings
from app.facts.vocabulary import MachineAction, Tone
from app.flows.announcement import Announcement
from app.flows.steps import (
    Branch,
    Case,
    Flow,
    HangUp,
    MediaStream,
    Play,
    PlayFile,
    PlaySpeech,
    PlayTone,
    Step,
    Target,
    Transfer,
    VariableIs,
)
from app.local.asterisk import AsteriskInstall, AsteriskInstance
from app.routing.flows import FlowChanges
from tests.campaigns.live import speaking_settings, wait_for_state, wake
from tests.campaigns.sheet import Sheet, say
from tests.rig.answering_machine import BEEP_ENDS_SECONDS, write_machine
from tests.rig.audio import Sound, write_tone
from tests.rig.bot import running_bot, tone
from tests.rig.desk import Desk, Story
from tests.rig.far_end import FarEnd
from tests.rig.service import RunningOffhook
from tests.rig.sound_files import upload_sound
from tests.rig.story import assert_is_whole

pytestmark = pytest.mark.asterisk

CALLED = "+15550117801"
A_MACHINE = "+15550100006"
FILE_HERTZ, CUSTOMER_HERTZ, BOT_HERTZ = 700, 1000, 600
FILE_SECONDS, PAUSE_SECONDS = 1.0, 1.0
LOUD_DBFS = -30.0
SPOKEN_DBFS = -45.0
PIECE_SECONDS = 0.1


@pytest.fixture
def settings(
    asterisk: AsteriskInstance, asterisk_install: AsteriskInstall, database_dsn: str, tmp_path: Path
) -> Settings:
    return speaking_settings(asterisk, asterisk_install, database_dsn, tmp_path)


@pytest.fixture
async def calling(served_offhook: RunningOffhook) -> AsyncIterator[Desk]:
    async with served_offhook.desk() as desk:
        yield desk


@pytest.fixture
async def sheet(served_offhook: RunningOffhook) -> Sheet:
    return Sheet(served_offhook.service.database, served_offhook.principal.account_id, SystemClock())


async def _lead(offhook: RunningOffhook, *steps: Step) -> FlowContent:
    """A call flow of these steps, for a campaign."""
    flow = Flow(start=steps[0].name, steps=steps, fields=("name",))
    made = await offhook.service.services.routing.flows.create(offhook.principal, FlowChanges(name="led", flow=flow))
    return FlowContent(call_flow_id=made.id)


async def _story(sheet: Sheet, desk: Desk, number: str = CALLED) -> Story:
    """The one call to the contact, once the campaign is over."""
    await wait_for_state(sheet, "FINISHED")
    row = (await sheet.contacts())[number]
    story = await desk.wait_for_end(row["call_id"])
    await assert_is_whole(desk, story)
    assert story.record["kind"] == "CAMPAIGN"
    return story


def _times(sound: Sound, hertz: float) -> list[tuple[float, float]]:
    """From when to when this tone is heard, each time; what a late packet has torn out is part of it."""
    count = int(sound.seconds / PIECE_SECONDS)
    pieces = [sound.between(n * PIECE_SECONDS, (n + 1) * PIECE_SECONDS) for n in range(count)]
    found: list[list[int]] = []
    for n in np.flatnonzero([piece.tone_dbfs(hertz) > LOUD_DBFS for piece in pieces]):
        if found and n - found[-1][1] <= 5:  # half a second: less than the pause
            found[-1][1] = int(n)
        else:
            found.append([int(n), int(n)])
    return [(first * PIECE_SECONDS, (last + 1) * PIECE_SECONDS) for first, last in found]


async def test_given_a_sound_file_to_be_played_three_times_when_a_contact_answers_then_it_hears_it_three_times(
    served_offhook: RunningOffhook, calling: Desk, sheet: Sheet, far_end: FarEnd, tmp_path: Path
) -> None:
    write_tone(tmp_path / "jingle.wav", FILE_HERTZ, FILE_SECONDS)
    sound = PlayFile(audio_file_id=await upload_sound(served_offhook, tmp_path / "jingle.wav"))
    await sheet.add_list([CALLED])
    announcement = Announcement(sound=sound, repeat=3, pause_seconds=PAUSE_SECONDS)
    await sheet.begin(content=SayContent(announcement=announcement), trunk_id=served_offhook.trunks["farend"])
    await wake(served_offhook, sheet)
    customer = await far_end.expect_call(CALLED)
    async with customer.hearing() as heard:
        await customer.answer()
        await customer.wait_until_ended()
    story = await _story(sheet, calling)
    times = _times(heard[0], FILE_HERTZ)
    assert len(times) == 3
    for (_, end), (begin, _) in pairwise(times):
        assert begin - end == pytest.approx(PAUSE_SECONDS, abs=0.5)
    assert (story.disposition, story.end) == ("ANSWERED", ("ANNOUNCEMENT_ENDED", "SYSTEM"))
    assert [fact.body["isStopped"] for fact in story.all_of("playback.finished")] == [False, False, False]


async def test_given_an_answering_machine_when_a_campaign_goes_on_at_machines_then_it_is_spoken_to_after_its_beep(
    served_offhook: RunningOffhook, calling: Desk, sheet: Sheet, far_end: FarEnd
) -> None:
    await sheet.add_list([CALLED])
    await sheet.begin(
        content=say("We will call again tomorrow."),
        detect_machine=True,
        on_machine=MachineAction.GO_ON,
        trunk_id=served_offhook.trunks["farend"],
    )
    await wake(served_offhook, sheet)
    machine = await far_end.expect_call(CALLED)
    greeting = far_end.ears.scratch_directory / "campaign-greeting.wav"
    write_machine(greeting)
    async with machine.hearing() as heard:
        await machine.answer()
        async with machine.playing(f"sound:{greeting.with_suffix('')}"):
            await machine.wait_until_ended()
    story = await _story(sheet, calling)
    told = story.the("machine.detection_finished").body
    assert (told["answeredBy"], told["isAfterBeep"], told["greetingEndedBy"]) == ("MACHINE", True, "BEEP")
    assert story.end == ("ANNOUNCEMENT_ENDED", "SYSTEM")
    assert heard[0].between(0.0, BEEP_ENDS_SECONDS - 1.0).rms_dbfs() < SPOKEN_DBFS
    assert heard[0].between(BEEP_ENDS_SECONDS, heard[0].seconds).rms_dbfs() > SPOKEN_DBFS


async def test_given_a_flow_that_goes_on_at_machines_when_one_answers_then_its_message_is_left_after_the_beep(
    served_offhook: RunningOffhook, calling: Desk, sheet: Sheet, far_end: FarEnd
) -> None:
    content = await _lead(
        served_offhook,
        Play(name="message", sounds=(PlaySpeech(text="Hello {name}, please call us back."),), next="bye"),
        HangUp(name="bye"),
    )
    await sheet.add_list([CALLED])
    await sheet.begin(
        content=content,
        detect_machine=True,
        on_machine=MachineAction.GO_ON,
        trunk_id=served_offhook.trunks["farend"],
    )
    await wake(served_offhook, sheet)
    machine = await far_end.expect_call(CALLED)
    greeting = far_end.ears.scratch_directory / "flow-greeting.wav"
    write_machine(greeting)
    async with machine.hearing() as heard:
        await machine.answer()
        async with machine.playing(f"sound:{greeting.with_suffix('')}"):
            await machine.wait_until_ended()
    story = await _story(sheet, calling)
    told = story.the("machine.detection_finished").body
    assert (told["answeredBy"], told["isAfterBeep"], told["greetingEndedBy"]) == ("MACHINE", True, "BEEP")
    assert [one.body["step"] for one in story.all_of("flow.step_entered")] == ["message", "bye"]
    assert story.disposition == "ANSWERED"
    assert [one.body["isStopped"] for one in story.all_of("playback.finished")] == [False]
    assert heard[0].between(0.0, BEEP_ENDS_SECONDS - 1.0).rms_dbfs() < SPOKEN_DBFS
    assert heard[0].between(BEEP_ENDS_SECONDS, heard[0].seconds).rms_dbfs() > SPOKEN_DBFS
    [row] = (await sheet.contacts()).values()
    assert (row["state"], row["disposition"]) == ("FINISHED", "ANSWERED")


@pytest.mark.parametrize(
    ("action", "disposition", "end"),
    [
        (MachineAction.HANG_UP, "MACHINE", ("MACHINE", "CUSTOMER")),
        (MachineAction.GO_ON, "ANSWERED", ("ANNOUNCEMENT_ENDED", "SYSTEM")),
    ],
)
async def test_given_the_sandboxes_machine_when_a_campaign_calls_it_then_it_is_hung_up_or_left_a_message_as_set(
    served_offhook: RunningOffhook,
    calling: Desk,
    sheet: Sheet,
    action: MachineAction,
    disposition: str,
    end: tuple[str, str],
) -> None:
    await sheet.add_list([A_MACHINE])
    await sheet.begin(content=say("We will call again tomorrow."), detect_machine=True, on_machine=action)
    await wake(served_offhook, sheet)
    story = await _story(sheet, calling, A_MACHINE)
    row = (await sheet.contacts())[A_MACHINE]
    assert (row["state"], row["disposition"], story.disposition, story.end) == (
        "FINISHED",
        disposition,
        disposition,
        end,
    )
    is_left = action is MachineAction.GO_ON
    assert len(story.all_of("playback.finished")) == is_left
    if is_left:
        assert story.words.index("machine.detection_finished CUSTOMER") < story.types.index("playback.started")
        assert story.the("machine.detection_finished").body["greetingEndedBy"] == "BEEP"


async def test_given_a_flow_that_transfers_when_a_contact_answers_then_it_talks_to_the_agent_and_is_done(
    served_offhook: RunningOffhook, calling: Desk, sheet: Sheet, far_end: FarEnd
) -> None:
    content = await _lead(
        served_offhook,
        Play(name="hello", sounds=(PlaySpeech(text="Hello {name}, please hold."),), next="agent"),
        Transfer(name="agent", target=Target(extension="2001"), with_music=True),
    )
    await sheet.add_list([CALLED])
    await sheet.begin(content=content, trunk_id=served_offhook.trunks["farend"])
    await wake(served_offhook, sheet)
    customer = await far_end.expect_call(CALLED)
    await customer.answer()
    [row] = (await sheet.contacts()).values()
    await calling.wait_for(row["call_id"], "call.connected")
    assert (await customer.hear(3.0)).rms_dbfs() > SPOKEN_DBFS, "the agent's phone, which speaks"
    await customer.hang_up()
    story = await _story(sheet, calling)
    assert (story.disposition, story.end) == ("ANSWERED", ("HANGUP", "CUSTOMER"))
    assert (story.record["extension"], story.record["talkSeconds"] > 0) == ("2001", True)
    [row] = (await sheet.contacts()).values()
    assert (row["state"], row["disposition"], row["reason"]) == ("FINISHED", "ANSWERED", "ANSWERED")


async def test_given_a_flow_with_a_bot_when_a_contact_answers_then_they_hear_each_other_and_its_word_leads_on(
    served_offhook: RunningOffhook, calling: Desk, sheet: Sheet, far_end: FarEnd
) -> None:
    async with running_bot() as bot:
        await served_offhook.service.services.media_endpoints.create(served_offhook.principal, url=bot.url)
        is_sales = Case(condition=VariableIs(variable="wish", one_of=("sales",)), next="sales")
        content = await _lead(
            served_offhook,
            MediaStream(name="bot", url=bot.url, next="which", failed="bye", variable="wish"),
            Branch(name="which", cases=(is_sales,), otherwise="bye"),
            Play(name="sales", sounds=(PlayTone(tone=Tone.BEEP),), next="bye"),
            HangUp(name="bye"),
        )
        await sheet.add_list([CALLED])
        await sheet.begin(content=content, trunk_id=served_offhook.trunks["farend"])
        await wake(served_offhook, sheet)
        customer = await far_end.expect_call(CALLED)
        await customer.answer()
        with_bot = await bot.expect_talk()
        async with customer.playing_tone(CUSTOMER_HERTZ):
            assert (await with_bot.hear(1.5)).between(0.5, 1.5).tone_dbfs(CUSTOMER_HERTZ) > LOUD_DBFS
        await with_bot.say(tone(BOT_HERTZ, 3.0))
        assert (await customer.hear(1.5)).between(0.5, 1.5).tone_dbfs(BOT_HERTZ) > LOUD_DBFS
        await with_bot.tell("stop", outcome="sales")
        story = await _story(sheet, calling)
    assert [one.body["step"] for one in story.all_of("flow.step_entered")] == ["bot", "which", "sales", "bye"]
    assert story.the("mediastream.ended").body["outcome"] == "sales"
    [row] = (await sheet.contacts()).values()
    assert (row["disposition"], row["answers"]) == ("ANSWERED", [{"key": "wish", "value": "sales"}])
