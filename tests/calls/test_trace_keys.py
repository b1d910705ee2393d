"""Traces of calls in call flows: no key is in one, and it is done again all the same."""

from datetime import datetime

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from app.calls.core import inputs
from app.calls.core.inputs import Input
from app.calls.core.model.call import Call
from app.calls.core.model.flow import FlowStage
from app.calls.core.model.timers import TimerName
from app.calls.core.turn import Step as TurnStep
from app.calls.traces import replay as replaying
from app.calls.traces.keeper import pack, unpack
from app.calls.traces.replay import Replayed, replay
from app.calls.traces.trace import Trace
from app.flows.steps import (
    Branch,
    Case,
    Gather,
    HangUp,
    Option,
    PlayInstalled,
    PlaySpeech,
    Record,
    Speak,
    Step,
    VariableIs,
    Voicemail,
)
from tests.calls.flow_calls import FlowDriver, coming_call, survey
from tests.calls.test_traces import file_of

BYE = HangUp(name="bye")
#: A secret that is asked for, kept, read out and branched on; and a name that a key ends.
STEPS: tuple[Step, ...] = (
    Gather(
        name="pin",
        prompt=(PlayInstalled(name="pin"),),
        min_digits=3,
        max_digits=6,
        options=(Option(digits="7777", next="name"), Option(digits="77", next="bye")),
        next="which",
        no_input="bye",
        no_match="name",
        variable="pin",
        retries=1,
    ),
    Branch(
        name="which",
        cases=(
            Case(condition=VariableIs(variable="pin", one_of=("4815", "9263")), next="read"),
            Case(condition=VariableIs(variable="pin", starts_with="49"), next="name"),
        ),
        otherwise="bye",
    ),
    Speak(name="read", speech=PlaySpeech(text="It is {pin}"), next="again"),
    Branch(
        name="again",
        cases=(Case(condition=VariableIs(variable="pin", starts_with="9"), next="message"),),
        otherwise="bye",
    ),
    Record(name="name", next="bye", no_message="message"),
    Voicemail(name="message", greeting=(PlayInstalled(name="vm-intro"),), next="bye"),
    BYE,
)
PRESSED = ["4815", "9263", "49123#", "7777", "77#", "123#", "000000", "#", "12#49#"]


class Traced(FlowDriver):
    """A call in a flow whose trace is kept."""

    def __init__(self, call: Call, *, size: int = 600) -> None:
        super().__init__(call)
        self.trace = Trace(call, call.created_at, version="1", size=size)
        self.taken = 0

    def _step(self, event: Input, at: datetime | None = None) -> TurnStep:
        self.taken += 1
        self.trace.take(event, self.now, at or self.now)
        result = super()._step(event, at)
        self.trace.come_of(result)
        return result

    def begin(self) -> None:
        self.feed(inputs.Start())
        while self.flow.stage is FlowStage.COMING:
            self.go_on()
        self.hear_all()

    def go_through(self, digits: str) -> None:
        """The caller presses these wherever it is asked, hears everything, and does nothing after that."""
        for digit in digits:
            self.hear_out()
            self.press(digit)
        for _ in range(100):
            if self.call.is_ended:
                return
            if self.asterisk.to_assist:
                self.assist(inputs.PromptReady(number=0, media=("sound:http://x/1",)))
            self.drain()

    def lines(self, *, numbers: bool = False) -> list[bytes]:
        return file_of(unpack(pack(self.trace.document())), self.log, numbers=numbers)


def traced(steps: tuple[Step, ...], *, size: int = 600) -> Traced:
    return Traced(coming_call(steps).call, size=size)


def assert_done_again(done: Replayed, driver: Traced) -> None:
    assert (done.difference, done.stopped_at) == (None, None)
    assert (done.facts, done.facts_missing) == (len(driver.log), 0)


@pytest.mark.parametrize("numbers", [False, True])
@pytest.mark.parametrize("pressed", PRESSED)
def test_given_keys_that_lead_a_flow_on_when_its_trace_is_done_again_then_it_comes_to_the_same(
    pressed: str, numbers: bool
) -> None:
    driver = traced(STEPS)
    driver.begin()
    driver.go_through(pressed)
    assert driver.call.is_ended
    lines = driver.lines(numbers=numbers)
    assert_done_again(replay(lines), driver)
    text = b"\n".join(lines).decode()
    assert not any(word in text for word in ("4815", "4 8 1 5", "9263", "9 2 6 3", "49123", "7777", '"49"', '"77"'))
    assert '"digit":"x"' in text


@pytest.mark.parametrize("pressed", ["1", "2", "3", "32", ""])
def test_given_a_survey_when_its_trace_is_done_again_then_the_branch_is_the_one_that_was_taken(pressed: str) -> None:
    driver = traced(survey())
    driver.begin()
    driver.go_through(pressed)
    assert_done_again(replay(driver.lines()), driver)


@pytest.mark.parametrize("ends_on", ["#", "*"])
def test_given_a_key_that_ends_a_message_when_its_trace_is_done_again_then_it_ends_there(ends_on: str) -> None:
    driver = traced(
        (Voicemail(name="message", greeting=(PlayInstalled(name="beep"),), ends_on=ends_on, next="bye"), BYE)
    )
    driver.begin()
    driver.hear_out()
    driver.pass_seconds(3)
    driver.press("1" + ends_on)
    driver.drain()
    assert driver.path == ["message", "bye"]
    assert_done_again(replay(driver.lines()), driver)


@pytest.mark.parametrize("pressed", ["4815", "9263", "49123#"])
@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 12])
def test_given_a_trace_whose_first_lines_are_gone_when_done_again_then_what_is_left_comes_to_the_same(
    pressed: str, size: int
) -> None:
    driver = traced(STEPS, size=size)
    driver.begin()
    driver.go_through(pressed)
    done = replay(driver.lines())
    assert (done.difference, done.stopped_at, done.inputs) == (None, None, size)
    assert done.dropped == driver.taken - size


def test_given_a_path_that_no_key_leads_to_when_done_again_then_the_difference_is_shown() -> None:
    driver = traced(survey())
    driver.begin()
    driver.go_through("1")
    lines = [line.replace(b'"step":"one"', b'"step":"elsewhere"') for line in driver.lines()]
    difference = replay(lines).difference
    assert difference is not None
    assert (difference.recorded, difference.replayed) == ("elsewhere", "one")


def test_given_more_ways_than_anybody_waits_for_when_done_again_then_it_says_where_it_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    driver = traced(STEPS)
    driver.begin()
    driver.go_through("9263")
    lines = driver.lines()
    monkeypatch.setattr(replaying, "_MOST_STEPS", 5)
    done = replay(lines)
    first = next(place for place, one in enumerate(driver.trace.document().entries, 1) if b"Dtmf" in _written(one))
    assert (done.difference, done.stopped_at, done.inputs) == (None, first, first - 1)


@given(
    pressed=st.lists(st.tuples(st.text("0123456789*#", min_size=1, max_size=4), st.booleans()), max_size=6),
    start=st.sampled_from([step.name for step in STEPS]),
)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_given_any_keys_at_any_time_when_their_trace_is_done_again_then_it_comes_to_the_same(
    pressed: list[tuple[str, bool]], start: str
) -> None:
    driver = Traced(coming_call(STEPS, start=start).call)
    driver.begin()
    for digits, waits in pressed:
        if driver.caller.id in driver.asterisk.channels:
            driver.press(digits)
        if waits and driver.call.timer(TimerName.FLOW) is not None:
            driver.fire(TimerName.FLOW)
    driver.go_through("")
    assert_done_again(replay(driver.lines()), driver)


def _written(entry: object) -> bytes:
    return msgspec.json.encode(entry)
