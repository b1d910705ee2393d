"""The ways into a call flow and within it: what is recorded, what is asked for again, and flows that take over for
those whom nobody serves.
"""

from pathlib import Path

import pytest

from app.config import Settings
from app.facts.vocabulary import Tone
from app.flows.steps import Flow, Gather, HangUp, Option, Play, PlayInstalled, PlayTone, Record, Step
from app.local.asterisk import AsteriskInstance
from app.routing.flows import FlowChanges
from app.routing.targets import ToCallFlow
from tests.rig.call_centre import CallCentre, call_in
from tests.rig.desk import Desk, Fact, Story
from tests.rig.exchange import Exchange, make_exchange
from tests.rig.far_end import FarEnd
from tests.rig.service import RunningOffhook, make_settings
from tests.rig.story import assert_is_whole

pytestmark = pytest.mark.asterisk

NUMBER = "+15550117701"
STEADY_TONE = "+15550100012"
BYE = HangUp(name="bye")
SORRY: tuple[Step, ...] = (Play(name="sorry", sounds=(PlayInstalled(name="beep"),), next="bye"), BYE)


@pytest.fixture
def settings(asterisk: AsteriskInstance, database_dsn: str, tmp_path: Path) -> Settings:
    """Of the one service that the dialplan sends calls to."""
    made = make_settings(asterisk, database_dsn, tmp_path / "data")
    return made.model_copy(update={"ari_application": asterisk.config.stasis_app})


@pytest.fixture
async def exchange(offhook: RunningOffhook, asterisk: AsteriskInstance, far_end: FarEnd) -> Exchange:
    return await make_exchange(offhook, asterisk, far_end)


async def _keep(offhook: RunningOffhook, *steps: Step) -> ToCallFlow:
    flow = Flow(start=steps[0].name, steps=steps)
    flows = offhook.service.services.routing.flows
    return ToCallFlow(id=(await flows.create(offhook.principal, FlowChanges(name="ways", flow=flow))).id)


def _path(story: Story) -> list[str]:
    return [fact.body["step"] for fact in story.all_of("flow.step_entered")]


def _asked(facts: list[Fact] | tuple[Fact, ...]) -> list[tuple[int, str, str]]:
    gathered = [fact.body for fact in facts if fact.type == "flow.gathered"]
    return [(one["attempt"], one["result"], one["digits"]) for one in gathered]


async def test_given_a_step_that_records_when_the_customer_has_said_enough_then_it_is_kept_and_the_flow_goes_on(
    desk: Desk, offhook: RunningOffhook
) -> None:
    words = Record(name="words", next="thanks", no_message="bye", max_seconds=3.0, silence_seconds=None)
    thanks = Play(name="thanks", sounds=(PlayInstalled(name="beep"),), next="bye")
    flow = await _keep(offhook, words, thanks, BYE)
    placed = await desk.place_call(STEADY_TONE, connect=None, connect_call_flow_id=flow.id)
    saved = await desk.wait_for(placed.id, "recording.saved")
    story = await desk.wait_for_end(placed.id)
    await assert_is_whole(desk, story)
    assert _path(story) == ["words", "thanks", "bye"]
    (recording,) = await desk.line.recordings(placed.id)
    assert (recording["id"], recording["state"]) == (saved.body["recordingId"], "SAVED")
    assert 2.0 <= recording["durationSeconds"] <= 4.5
    assert story.record["recordingIds"] == [recording["id"]]
    assert story.all_of("voicemail.received") == []
    assert (story.disposition, story.end) == ("ANSWERED", ("FLOW_ENDED", "SYSTEM"))


async def test_given_a_caller_who_presses_nothing_at_first_when_asked_again_then_what_it_presses_counts(
    exchange: Exchange, desk: Desk, offhook: RunningOffhook
) -> None:
    menu = Gather(
        name="menu",
        prompt=(PlayTone(tone=Tone.RING, seconds=1.0),),
        options=(Option(digits="1", next="sorry"),),
        first_digit_seconds=2.0,
        retries=5,
        no_input="bye",
    )
    await exchange.route(NUMBER, await _keep(offhook, menu, *SORRY))
    caller = await exchange.call(NUMBER)
    call_id = await desk.wait_for_arrival(NUMBER)
    await desk.wait_for(call_id, "flow.gathered")
    await caller.press("1")
    story = await desk.wait_for_end(call_id)
    await assert_is_whole(desk, story)
    *unheard, last = _asked(story.facts)
    assert last == (len(unheard) + 1, "MATCHED", "1")
    assert unheard == [(number + 1, "NO_INPUT", "") for number in range(len(unheard))]
    assert unheard
    assert _path(story) == ["menu", "sorry", "bye"]


async def test_given_a_caller_who_never_presses_when_it_has_been_asked_often_enough_then_the_flow_goes_on_without(
    exchange: Exchange, desk: Desk, offhook: RunningOffhook
) -> None:
    menu = Gather(
        name="menu",
        prompt=(PlayTone(tone=Tone.RING, seconds=1.0),),
        options=(Option(digits="1", next="bye"),),
        first_digit_seconds=1.0,
        retries=2,
        no_input="sorry",
    )
    await exchange.route(NUMBER, await _keep(offhook, menu, *SORRY))
    caller = await exchange.call(NUMBER)
    call_id = await desk.wait_for_arrival(NUMBER)
    await caller.wait_until_ended()
    story = await desk.wait_for_end(call_id)
    await assert_is_whole(desk, story)
    assert _asked(story.facts) == [(number, "NO_INPUT", "") for number in (1, 2, 3)]
    assert len(story.all_of("playback.started")) == 4, "the question three times, and the last word"
    assert _path(story) == ["menu", "sorry", "bye"]


async def test_given_a_group_that_nobody_answers_for_when_its_overflow_is_a_flow_then_that_leads_the_caller(
    exchange: Exchange, desk: Desk, offhook: RunningOffhook
) -> None:
    flow = await _keep(offhook, *SORRY)
    await exchange.route(NUMBER, await exchange.group("2010", ring_seconds=1.0, overflow=flow))
    caller = await exchange.call(NUMBER)
    call_id = await desk.wait_for_arrival(NUMBER)
    await caller.wait_until_ended()
    story = await desk.wait_for_end(call_id)
    await assert_is_whole(desk, story)
    assert [fact.body["leg"]["party"]["extension"] for fact in story.all_of("leg.dialing")] == ["2010"]
    assert _path(story) == ["sorry", "bye"]
    assert story.end == ("FLOW_ENDED", "SYSTEM")
    assert story.the("flow.ended").body["ending"] == "COMPLETED"


async def test_given_a_queue_that_nobody_serves_when_its_overflow_is_a_flow_then_that_leads_the_customer(
    desk: Desk, offhook: RunningOffhook
) -> None:
    flow = await _keep(offhook, *SORRY)
    centre = await CallCentre.open(offhook.service.services, offhook.principal, ["2001"], overflow=flow)
    placed = await call_in(desk, centre)
    story = await desk.wait_for_end(placed.id)
    await assert_is_whole(desk, story)
    assert story.the("queue.left").body["reason"] == "NO_AGENTS"
    assert _path(story) == ["sorry", "bye"]
    assert story.end == ("FLOW_ENDED", "SYSTEM")
    assert story.the("flow.ended").body["ending"] == "COMPLETED"
