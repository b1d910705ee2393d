"""Who has answered, by a real Asterisk: the sandbox's answering machine is told from its people."""

import pytest

from app.facts.vocabulary import LegRole, MachineAction
from app.flows.steps import Branch, Case, Flow, HangUp, PlayInstalled, Step, VariableIs
from app.flows.steps import Play as PlayStep
from app.routing.flows import FlowChanges
from tests.rig.desk import Desk
from tests.rig.service import RunningOffhook
from tests.rig.story import assert_is_whole

pytestmark = pytest.mark.asterisk

PERSON = "+15550100000"
MACHINE = "+15550100006"
FAX_THAT_ANSWERS = "+15550100020"
FAX_THAT_CALLS = "+15550100021"

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
    told = story.the("machine.detection_finished").body
    assert (told["isAfterBeep"], told["greetingEndedBy"]) == (beeped, "BEEP" if beeped else None)
    assert [fact.body["step"] for fact in story.all_of("flow.step_entered")] == ["who", step, "bye"]
    assert story.end == ("FLOW_ENDED", "SYSTEM")
    await assert_is_whole(desk, story)


async def test_given_a_call_flow_that_is_for_persons_when_a_machine_answers_then_it_is_hung_up_and_nothing_is_said(
    offhook: RunningOffhook, desk: Desk
) -> None:
    flow = Flow(
        start="talk", steps=(PlayStep(name="talk", sounds=(PlayInstalled(name="beep"),), next="bye"), STEPS[-1])
    )
    flows = offhook.service.services.routing.flows
    made = await flows.create(offhook.principal, FlowChanges(name="talks to persons", flow=flow))
    placed = await desk.place_call(
        MACHINE,
        connect=None,
        connect_call_flow_id=made.id,
        detect_machine=True,
        on_machine=MachineAction.HANG_UP,
    )
    story = await desk.wait_for_end(placed.id)
    assert story.the("machine.detection_finished").body["answeredBy"] == "MACHINE"
    assert (story.disposition, story.end) == ("MACHINE", ("MACHINE", "CUSTOMER"))
    assert story.all_of("flow.step_entered") == []
    await assert_is_whole(desk, story)


async def test_given_a_customer_that_hangs_up_while_it_is_listened_to_when_it_is_gone_then_the_call_ends(
    desk: Desk,
) -> None:
    placed = await desk.place_call("+15550100008", first=LegRole.CUSTOMER, detect_machine=True)
    story = await desk.wait_for_end(placed.id)
    assert story.end == ("HANGUP", "CUSTOMER")
    await assert_is_whole(desk, story)


@pytest.mark.parametrize(("number", "cause"), [(FAX_THAT_ANSWERS, "CED"), (FAX_THAT_CALLS, "CNG")])
async def test_given_a_fax_when_its_tone_is_heard_then_it_is_hung_up_and_said_so(
    desk: Desk, number: str, cause: str
) -> None:
    placed = await desk.place_call(number, first=LegRole.CUSTOMER, detect_machine=True)
    story = await desk.wait_for_end(placed.id)
    told = story.the("machine.detection_finished").body
    assert (told["answeredBy"], told["cause"]) == ("FAX", cause)
    assert (story.disposition, story.end) == ("MACHINE", ("FAX", "CUSTOMER"))
    await assert_is_whole(desk, story)


async def test_given_an_agent_that_was_dialled_first_when_it_is_a_person_then_they_talk_from_the_verdict_on(
    desk: Desk,
) -> None:
    placed = await desk.place_call(PERSON, detect_machine=True)
    await desk.wait_for(placed.id, "call.connected")
    await desk.hang_up(placed.id)
    story = await desk.wait_for_end(placed.id)
    words = story.words
    assert words.index("leg.answered AGENT") < words.index("leg.answered CUSTOMER")
    assert words.index("machine.detection_finished CUSTOMER") < words.index("call.connected")
    assert story.the("machine.detection_finished").body["answeredBy"] == "HUMAN"
    assert story.disposition == "ANSWERED"
    await assert_is_whole(desk, story)


async def test_given_an_agent_that_was_dialled_first_when_it_is_a_machine_then_both_are_hung_up(desk: Desk) -> None:
    placed = await desk.place_call(MACHINE, detect_machine=True)
    story = await desk.wait_for_end(placed.id)
    assert (story.disposition, story.end) == ("MACHINE", ("MACHINE", "CUSTOMER"))
    assert story.all_of("call.connected") == []
    await assert_is_whole(desk, story)


async def test_given_a_wish_to_talk_to_machines_when_it_is_one_then_the_agent_is_connected(
    graphql_desk: Desk,
) -> None:
    desk = graphql_desk
    placed = await desk.place_call(MACHINE, detect_machine=True, on_machine=MachineAction.CONNECT)
    await desk.wait_for(placed.id, "call.connected")
    await desk.hang_up(placed.id)
    story = await desk.wait_for_end(placed.id)
    assert story.the("machine.detection_finished").body["answeredBy"] == "MACHINE"
    assert story.disposition == "ANSWERED"
    await assert_is_whole(desk, story)
