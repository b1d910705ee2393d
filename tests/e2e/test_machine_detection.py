"""Who has answered, by a real Asterisk: the sandbox's answering machine is told from its people."""

import pytest

from app.errors import RefusedError
from app.facts.vocabulary import LegRole
from app.flows.steps import Branch, Case, Flow, HangUp, PlayInstalled, Step, VariableIs
from app.flows.steps import Play as PlayStep
from app.routing.flows import FlowChanges
from tests.rig.desk import Desk
from tests.rig.service import RunningOffhook
from tests.rig.story import assert_is_whole

pytestmark = pytest.mark.asterisk

PERSON = "+15550100000"
MACHINE = "+15550100006"

STEPS: tuple[Step, ...] = (
    Branch(
        name="who",
        cases=(Case(condition=VariableIs(variable="answeredBy", one_of=("MACHINE",)), next="message"),),
        otherwise="talk",
    ),
    PlayStep(name="message", sounds=(PlayInstalled(name="beep"),), next="bye"),
    PlayStep(name="talk", sounds=(PlayInstalled(name="beep"),), next="bye"),
    HangUp(name="bye"),
)


async def test_given_an_answering_machine_when_it_is_detected_then_it_is_hung_up_and_no_agent_is_rung(
    graphql_desk: Desk,
) -> None:
    desk = graphql_desk
    placed = await desk.place_call(MACHINE, first=LegRole.CUSTOMER, detect_machine=True)
    story = await desk.wait_for_end(placed.id)
    told = story.the("machine.detection_finished")
    assert (told.body["answeredBy"], told.role) == ("MACHINE", "CUSTOMER")
    assert told.body["cause"]
    assert (story.disposition, story.end) == ("MACHINE", ("MACHINE", "CUSTOMER"))
    assert story.all_of("leg.dialing", "AGENT") == []
    await assert_is_whole(desk, story)


async def test_given_a_person_when_it_is_detected_then_the_agent_is_rung_and_they_talk(graphql_desk: Desk) -> None:
    desk = graphql_desk
    placed = await desk.place_call(PERSON, first=LegRole.CUSTOMER, detect_machine=True)
    await desk.wait_for(placed.id, "call.connected")
    await desk.hang_up(placed.id)
    story = await desk.wait_for_end(placed.id)
    assert story.the("machine.detection_finished").body["answeredBy"] == "HUMAN"
    words = story.words
    assert words.index("machine.detection_finished CUSTOMER") < words.index("leg.dialing AGENT")
    assert story.disposition == "ANSWERED"
    await assert_is_whole(desk, story)


@pytest.mark.parametrize(("number", "step", "beeped"), [(MACHINE, "message", True), (PERSON, "talk", False)])
async def test_given_a_call_flow_when_something_answers_then_it_branches_on_what_after_a_machines_beep(
    offhook: RunningOffhook, desk: Desk, number: str, step: str, beeped: bool
) -> None:
    flow = Flow(start="who", steps=STEPS)
    flows = offhook.service.services.routing.flows
    made = await flows.create(offhook.principal, FlowChanges(name="leaves a message", flow=flow))
    placed = await desk.place_call(number, connect=None, connect_call_flow_id=made.id, detect_machine=True)
    story = await desk.wait_for_end(placed.id)
    assert story.the("machine.detection_finished").body["isAfterBeep"] is beeped
    assert [fact.body["step"] for fact in story.all_of("flow.step_entered")] == ["who", step, "bye"]
    assert story.end == ("FLOW_ENDED", "SYSTEM")
    await assert_is_whole(desk, story)


async def test_given_a_customer_that_hangs_up_while_it_is_listened_to_when_it_is_gone_then_the_call_ends(
    desk: Desk,
) -> None:
    placed = await desk.place_call("+15550100008", first=LegRole.CUSTOMER, detect_machine=True)
    story = await desk.wait_for_end(placed.id)
    assert story.end == ("HANGUP", "CUSTOMER")
    await assert_is_whole(desk, story)


async def test_given_an_agent_that_would_have_to_wait_when_detection_is_asked_for_then_it_is_refused(
    desk: Desk,
) -> None:
    with pytest.raises(RefusedError) as refused:
        await desk.place_call(PERSON, detect_machine=True)
    assert [(one.code, one.field) for one in refused.value.problems] == [("INVALID_INPUT", ("dialFirst",))]
