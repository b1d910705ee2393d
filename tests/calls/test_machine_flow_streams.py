"""A call flow's step that hands its caller to a program, and what comes after it."""

import pytest

from app.calls.core import inputs
from app.calls.core.model.flow import FlowStage
from app.calls.core.model.leg import Place
from app.facts.flows import FlowEnding
from app.facts.media_streams import MediaStreamConnected, MediaStreamEnded, MediaStreamFailed
from app.facts.vocabulary import Disposition, EndCode, MediaStreamEnd, Pair
from app.flows.steps import Branch, Case, HangUp, MediaStream, Play, PlayInstalled, Step, VariableIs
from tests.calls.flow_calls import FlowDriver, call_in_flow, coming_call
from tests.calls.resting import assert_streamed

STREAM = MediaStream(
    name="bot",
    url="wss://bot.example/talk?token=t",
    next="well",
    failed="sorry",
    variable="wish",
    sample_rate=16000,
    parameters=(Pair(key="language", value="en"),),
)


def _steps(stream: MediaStream = STREAM) -> tuple[Step, ...]:
    return (
        stream,
        Branch(
            name="well",
            cases=(Case(condition=VariableIs(variable="wish", one_of=("sales",)), next="sales"),),
            otherwise="bye",
        ),
        Play(name="sales", sounds=(PlayInstalled(name="beep"),), next="bye"),
        Play(name="sorry", sounds=(PlayInstalled(name="vm-sorry"),), next="bye"),
        HangUp(name="bye"),
    )


def _with_program(*steps: Step) -> FlowDriver:
    driver = call_in_flow(steps or _steps())
    assert driver.flow.stage is FlowStage.STREAMING
    return driver


def _asking(steps: tuple[Step, ...]) -> FlowDriver:
    """The program has been asked for, and nothing was heard of it yet."""
    driver = coming_call(steps)
    driver.feed(inputs.Start())
    for _ in range(100):
        if driver.call.media_streams:
            driver.asterisk.said.clear()
            return driver
        if driver.asterisk.said:
            driver.hear()
        else:
            driver.go_on()
    raise AssertionError("it never came to the step")


def _place(driver: FlowDriver) -> Place:
    return driver.caller.place


def test_given_a_caller_when_it_comes_to_the_step_then_it_is_with_the_program_until_that_is_done() -> None:
    driver = _with_program()
    assert _place(driver) is Place.STREAM
    (connected,) = [fact for fact in driver.facts if isinstance(fact, MediaStreamConnected)]
    assert (connected.host, connected.sample_rate) == ("bot.example", 16000)
    driver.asterisk.close_stream(driver.call.media_streams[0].id, MediaStreamEnd.BOT_CLOSED, outcome="sales")
    driver.hear_all()
    assert _place(driver) is Place.ALONE
    assert driver.flow.step == "sales"
    assert driver.played == ["sound:beep"]
    assert_streamed(driver)
    driver.hear_out()
    driver.drain()
    assert driver.flow_ended.ending is FlowEnding.COMPLETED


@pytest.mark.parametrize("outcome", [None, "support"])
def test_given_a_program_that_says_something_else_or_nothing_when_it_is_done_then_the_flow_branches_so(
    outcome: str | None,
) -> None:
    driver = _with_program()
    driver.asterisk.close_stream(driver.call.media_streams[0].id, MediaStreamEnd.BOT_LOST, outcome=outcome)
    driver.hear_all()
    driver.drain()
    assert driver.path[-1] == "bye"
    assert driver.played == []


@pytest.mark.parametrize(("failed", "step"), [("sorry", "sorry"), (None, "bye")])
def test_given_a_program_that_cannot_be_had_when_the_caller_comes_to_it_then_the_flow_goes_on_without(
    failed: str | None, step: str
) -> None:
    stream = MediaStream(name="bot", url="wss://bot.example/", next="bye", failed=failed)
    steps = (stream, *(one for one in _steps()[3:] if failed or one.name == "bye"))
    driver = _asking(steps)
    driver.asterisk.close_stream(driver.call.media_streams[0].id, MediaStreamEnd.BOT_UNREACHABLE)
    driver.hear_all()
    assert [fact.reason for fact in driver.facts if isinstance(fact, MediaStreamFailed)] == ["BOT_UNREACHABLE"]
    assert driver.flow.step == step


def test_given_a_step_with_nothing_after_it_when_the_program_is_done_then_the_call_ends() -> None:
    driver = _with_program(MediaStream(name="bot", url="wss://bot.example/"))
    driver.asterisk.close_stream(driver.call.media_streams[0].id, MediaStreamEnd.BOT_CLOSED)
    driver.drain()
    assert driver.flow_ended.ending is FlowEnding.COMPLETED
    assert driver.ended.end_reason.code is EndCode.FLOW_ENDED
    assert driver.ended.disposition is Disposition.ANSWERED


def test_given_a_caller_with_a_program_when_it_hangs_up_then_stream_flow_and_call_end_in_this_order() -> None:
    driver = _with_program()
    driver.hang_up()
    driver.drain()
    assert [fact.reason for fact in driver.facts if isinstance(fact, MediaStreamEnded)] == [MediaStreamEnd.LEG_ENDED]
    types = [fact.type for fact in driver.facts]
    order = [types.index(name) for name in ("mediastream.ended", "flow.ended", "call.ended")]
    assert order == sorted(order)
    assert_streamed(driver)


@pytest.mark.parametrize("is_connected", [True, False])
def test_given_a_caller_with_a_program_when_the_service_restarts_then_the_flow_goes_on_after_it(
    is_connected: bool,
) -> None:
    driver = _with_program() if is_connected else _asking(_steps())
    driver.restart_service()
    driver.hear_all()
    assert driver.flow.step == ("bye" if is_connected else "sorry")
    assert_streamed(driver)
    driver.drain()
    assert driver.call.is_ended


def test_given_a_caller_with_a_program_when_keys_are_pressed_then_the_program_gets_them_and_the_flow_stays() -> None:
    driver = _with_program()
    driver.press("12")
    assert [digit for _, digit in driver.asterisk.keys_streamed] == ["1", "2"]
    assert driver.flow.stage is FlowStage.STREAMING
