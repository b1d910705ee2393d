"""Call flows on the real Asterisk: what is heard, what was pressed, where it leads, and messages that are left."""

import pytest

from app.facts.vocabulary import Tone
from app.flows.steps import (
    Flow,
    Gather,
    HangUp,
    Option,
    Play,
    PlayInstalled,
    PlayTone,
    Step,
    Target,
    Transfer,
    Voicemail,
)
from app.routing.flows import FlowChanges
from tests.rig.desk import Desk, PlacedCall, Story
from tests.rig.service import RunningOffhook
from tests.rig.story import assert_is_whole

pytestmark = pytest.mark.asterisk

PRESSES_ONE = "+15550100007"
PRESSES_1_2_3_HASH = "+15550100010"
STEADY_TONE = "+15550100012"
STAYS = "+15550100013"

#: Longer than any of the numbers above waits before it presses: a digit interrupts it.
LONG_PROMPT = (PlayTone(tone=Tone.RING, seconds=30.0),)


async def place_into(desk: Desk, offhook: RunningOffhook, number: str, *steps: Step, name: str = "menu") -> PlacedCall:
    """A customer is called, and led through these steps."""
    flow = Flow(start=steps[0].name, steps=steps)
    made = await offhook.service.services.routing.flows.create(offhook.principal, FlowChanges(name=name, flow=flow))
    return await desk.place_call(number, connect=None, connect_call_flow_id=made.id)


def path(story: Story) -> list[str]:
    return [fact.body["step"] for fact in story.all_of("flow.step_entered")]


async def test_given_a_customer_who_presses_one_when_asked_then_the_prompt_stops_and_the_option_is_taken(
    desk: Desk, offhook: RunningOffhook
) -> None:
    placed = await place_into(
        desk,
        offhook,
        PRESSES_ONE,
        Gather(
            name="menu",
            prompt=LONG_PROMPT,
            options=(Option(digits="1", next="one"), Option(digits="2", next="bye")),
            no_input="bye",
        ),
        Play(name="one", sounds=(PlayInstalled(name="beep"),), next="bye"),
        HangUp(name="bye"),
    )
    story = await desk.wait_for_end(placed.id)
    await assert_is_whole(desk, story)
    assert path(story) == ["menu", "one", "bye"]
    gathered = story.the("flow.gathered").body
    assert (gathered["result"], gathered["digits"], gathered["attempt"]) == ("MATCHED", "1", 1)
    assert story.all_of("playback.finished")[0].body["isStopped"]
    assert (story.disposition, story.end) == ("ANSWERED", ("FLOW_ENDED", "SYSTEM"))
    assert story.the("flow.ended").body["ending"] == "COMPLETED"
    assert story.record["talkSeconds"] == 0


async def test_given_a_customer_who_presses_several_when_ended_by_a_terminator_then_the_digits_before_it_are_gathered(
    desk: Desk, offhook: RunningOffhook
) -> None:
    placed = await place_into(
        desk,
        offhook,
        PRESSES_1_2_3_HASH,
        Gather(
            name="number",
            prompt=LONG_PROMPT,
            min_digits=2,
            max_digits=10,
            inter_digit_seconds=30.0,
            next="bye",
            no_input="bye",
            variable="number",
        ),
        HangUp(name="bye"),
    )
    story = await desk.wait_for_end(placed.id)
    assert story.the("flow.gathered").body["digits"] == "123"
    assert story.record["dtmf"] == "123#"


async def test_given_a_customer_who_speaks_when_the_time_is_over_then_its_message_can_be_fetched(
    desk: Desk, offhook: RunningOffhook
) -> None:
    placed = await place_into(
        desk,
        offhook,
        STEADY_TONE,
        Voicemail(name="message", greeting=(PlayInstalled(name="vm-intro"),), max_seconds=3.0),
    )
    story = await desk.wait_for_end(placed.id)
    received = await desk.wait_for(placed.id, "voicemail.received")
    assert (story.disposition, story.end) == ("VOICEMAIL", ("FLOW_ENDED", "SYSTEM"))
    (recording,) = await desk.line.recordings(placed.id)
    assert received.body["recordingId"] == recording["id"]
    # Three seconds, less what Asterisk had no time to write: a machine that is too busy for it lost 0.9 s of them.
    assert 1.0 <= received.body["durationSeconds"] <= 4.0
    assert story.record["recordingIds"] == [recording["id"]]


async def test_given_a_flow_that_leads_to_a_phone_when_it_answers_then_they_talk(
    desk: Desk, offhook: RunningOffhook
) -> None:
    placed = await place_into(
        desk,
        offhook,
        STAYS,
        Play(name="hello", sounds=(PlayInstalled(name="beep"),), next="busy"),
        Transfer(name="busy", target=Target(extension="2009"), failed="agent"),
        Transfer(name="agent", target=Target(extension="2001"), with_music=True),
    )
    await desk.wait_for(placed.id, "call.connected")
    await desk.hang_up(placed.id)
    story = await desk.wait_for_end(placed.id)
    await assert_is_whole(desk, story)
    assert path(story) == ["hello", "busy", "agent"]
    assert story.the("flow.ended").body["ending"] == "CONNECTED"
    assert story.record["extension"] == "2001"
    assert (story.disposition, story.end) == ("ANSWERED", ("API_HANGUP", "SYSTEM"))
