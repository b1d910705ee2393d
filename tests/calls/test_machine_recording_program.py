"""The recording of a customer whom a call flow leads to a program: both are heard, and nothing of the steps around."""

import msgspec
import pytest

from app.calls.core import commands, inputs
from app.calls.core.model.flow import FlowStage
from app.calls.core.model.recording import PartState
from app.calls.core.recording import hears_out
from app.calls.doing.recording_parts import collect_job
from app.facts.recordings import RecordingSaved, RecordingStarted
from app.facts.vocabulary import CallState, LegRole, MediaStreamEnd, RecordingMode, RecordingState
from app.flows.steps import Gather, HangUp, MediaStream, Option, Play, PlayInstalled, Step, Target, Transfer
from tests.calls.flow_calls import FlowDriver, coming_call
from tests.calls.making import make_call
from tests.calls.queue_calls import agent_leg

URL = "wss://bot.example/talk"
BYE = HangUp(name="bye")
STEPS: tuple[Step, ...] = (
    MediaStream(name="bot", url=URL, next="ask"),
    Gather(name="ask", options=(Option(digits="1", next="agent"), Option(digits="2", next="bot")), no_input="bye"),
    Transfer(name="agent", target=Target(agent_id="agent_1")),
    BYE,
)


def _led(mode: RecordingMode, steps: tuple[Step, ...] = STEPS) -> FlowDriver:
    """A call that is to be recorded, whose customer has just answered into the flow."""
    recorded = make_call(recording_mode=mode)
    call = msgspec.structs.replace(
        coming_call(steps).call, recordings=recorded.recordings, recording_mode=recorded.recording_mode
    )
    driver = FlowDriver(call)
    driver.feed(inputs.Start())
    while driver.flow.stage is FlowStage.COMING:
        driver.go_on()
    driver.hear_all()
    return driver


def _snoops(driver: FlowDriver) -> list[commands.CreateSnoop]:
    return [command for command in driver.asked if isinstance(command, commands.CreateSnoop)]


def _end_stream(driver: FlowDriver) -> None:
    driver.asterisk.close_stream(driver.call.media_streams[0].id, MediaStreamEnd.BOT_CLOSED)
    driver.hear_all()


@pytest.mark.parametrize(
    ("mode", "sides"),
    [
        (RecordingMode.BOTH, [(LegRole.AGENT, True), (LegRole.CUSTOMER, False)]),
        (RecordingMode.AGENT, [(LegRole.AGENT, True)]),
        (RecordingMode.CUSTOMER, [(LegRole.CUSTOMER, False)]),
        (RecordingMode.OFF, []),
    ],
)
def test_given_a_mode_when_the_customer_talks_to_a_program_then_those_sides_are_written_together(
    mode: RecordingMode, sides: list[tuple[LegRole, bool]]
) -> None:
    driver = _led(mode)
    assert driver.flow.stage is FlowStage.STREAMING
    assert [(one.role, one.hears_out) for one in _snoops(driver)] == sides
    assert {one.leg_id for one in _snoops(driver)} <= {driver.caller.id}
    assert [fact.type for fact in driver.facts].count("recording.started") == bool(sides)
    driver.pass_seconds(20)
    driver.hang_up()
    driver.drain()
    assert [fact.type for fact in driver.facts].count("recording.saved") == bool(sides)
    assert len(driver.ended.cdr.recording_ids) == bool(sides)


def test_given_a_program_when_it_was_not_had_then_nothing_was_recorded_and_no_trace_is_left() -> None:
    steps: tuple[Step, ...] = (Play(name="hi", sounds=(PlayInstalled(name="hello"),), next="bye"), BYE)
    driver = _led(RecordingMode.BOTH, steps)
    driver.hear_out()
    driver.drain()
    assert driver.call.recordings == ()
    assert driver.ended.cdr.recording_ids == ()


def test_given_a_program_that_is_done_when_the_flow_goes_on_then_that_is_left_out_and_a_second_talk_is_in() -> None:
    driver = _led(RecordingMode.BOTH)
    _end_stream(driver)
    (recording,) = driver.call.recordings
    (gap,) = recording.gaps
    assert gap.is_open
    driver.pass_seconds(3)
    driver.press("2")
    assert driver.flow.stage is FlowStage.STREAMING
    (recording,) = driver.call.recordings
    assert [one.is_open for one in recording.gaps] == [False]
    assert len(_snoops(driver)) == 2, "who was being written is written on"
    driver.hang_up()
    driver.drain()
    assert sum(isinstance(fact, RecordingSaved) for fact in driver.facts) == 1


def test_given_a_program_that_hands_over_when_an_agent_answers_then_the_agents_own_voice_is_on_its_side() -> None:
    driver = _led(RecordingMode.BOTH)
    _end_stream(driver)
    driver.press("1")
    leg = agent_leg("2001")
    driver.assist(inputs.TargetFound(number=0, legs=(leg,)))
    driver.be_answered(leg)
    driver.hear_all()
    assert driver.call.state is CallState.CONNECTED
    (recording,) = driver.call.recordings
    live = {(part.role, part.leg_id) for part in recording.parts if not part.is_over}
    assert live == {(LegRole.CUSTOMER, driver.caller.id), (LegRole.AGENT, leg.id)}
    assert _snoops(driver)[-1] == commands.CreateSnoop(
        recording_id=recording.id, role=LegRole.AGENT, leg_id=leg.id, number=2
    )
    assert [one.is_open for one in recording.gaps] == [False]
    job = collect_job("node", driver.call, recording)
    assert [part.leg_id for part in job.parts] == [None, driver.caller.id, leg.id], "a program has no leg of its own"
    driver.asterisk.end(leg.id)
    driver.hear_all()
    driver.drain()
    assert sum(isinstance(fact, RecordingStarted) for fact in driver.facts) == 1
    assert sum(isinstance(fact, RecordingSaved) for fact in driver.facts) == 1


def test_given_a_service_that_died_before_it_could_listen_when_it_looks_then_it_listens_to_what_it_was_to() -> None:
    driver = _led(RecordingMode.BOTH)
    (recording,) = driver.call.recordings
    snooping = tuple(msgspec.structs.replace(part, state=PartState.SNOOPING) for part in recording.parts)
    driver.call = msgspec.structs.replace(
        driver.call, recordings=(msgspec.structs.replace(recording, parts=snooping, state=RecordingState.PENDING),)
    )
    driver.asterisk.snoops.clear()
    before = len(_snoops(driver))
    for role in (LegRole.AGENT, LegRole.CUSTOMER):
        driver._made.clear()  # it is asked for again, since the first never left
        driver.feed(inputs.SnoopMissing(recording_id=recording.id, role=role, number=1))
    assert [(one.role, one.hears_out) for one in _snoops(driver)[before:]] == [
        (LegRole.AGENT, True),
        (LegRole.CUSTOMER, False),
    ]


def test_given_sides_when_asked_whom_to_hear_then_only_a_program_is_heard_by_what_its_customer_hears() -> None:
    agent, customer = make_call().legs
    assert not hears_out(LegRole.AGENT, agent)
    assert not hears_out(LegRole.CUSTOMER, customer)
    assert hears_out(LegRole.AGENT, customer)
