"""Calls whose customer is led through a call flow."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from app.calls.core import commands, inputs
from app.calls.core.model.flow import FlowRun, FlowStage
from app.calls.core.model.leg import Leg
from app.calls.core.model.recording import Recording
from app.facts.flows import FlowEnded, FlowGathered, FlowStepEntered
from app.facts.vocabulary import LegRole
from app.flows.steps import Gather, HangUp, Option, Play, PlayInstalled, Step
from tests.calls.driving import Driver
from tests.calls.making import NOON, make_call, make_inbound_call

FLOW = "flow_1"


def run_of(steps: Sequence[Step], *, start: str | None = None, version: int = 1) -> FlowRun:
    """A run that has not begun."""
    return FlowRun(flow_id=FLOW, version=version, name="Main menu", start=start or steps[0].name, steps=tuple(steps))


def say(name: str, following: str, sound: str = "hello", *, failed: str | None = None) -> Play:
    return Play(name=name, sounds=(PlayInstalled(name=sound),), next=following, failed=failed)


def menu(**changes: object) -> Gather:
    """A menu with 1 and 2, asked for twice."""
    plain = Gather(
        name="menu",
        prompt=(PlayInstalled(name="press-1"),),
        options=(Option(digits="1", next="one"), Option(digits="2", next="two")),
        no_input="nothing",
        no_match="wrong",
        retries=1,
    )
    return msgspec.structs.replace(plain, **changes)


def survey(**changes: object) -> tuple[Step, ...]:
    """A menu with a step behind each of its ways."""
    ways = ("one", "two", "nothing", "wrong")
    return (menu(**changes), *(say(way, "bye", way) for way in ways), HangUp(name="bye"))


class FlowDriver(Driver):
    """A call in a flow, with words for what its caller does."""

    @property
    def flow(self) -> FlowRun:
        assert self.call.flow is not None
        return self.call.flow

    @property
    def caller(self) -> Leg:
        return self.call.leg_of(LegRole.CUSTOMER)

    @property
    def path(self) -> list[str]:
        return [fact.step for fact in self.facts if isinstance(fact, FlowStepEntered)]

    @property
    def gathered(self) -> list[tuple[str, str]]:
        return [(fact.result.value, fact.digits) for fact in self.facts if isinstance(fact, FlowGathered)]

    @property
    def flow_ended(self) -> FlowEnded:
        (ended,) = [fact for fact in self.facts if isinstance(fact, FlowEnded)]
        return ended

    @property
    def played(self) -> list[str]:
        """All that was played, in Asterisk's words."""
        return [one for command in self.asked if isinstance(command, commands.StartPlayback) for one in command.media]

    @property
    def recorded(self) -> Recording:
        (recording,) = self.call.recordings
        return recording

    def press(self, digits: str, *, seconds_between: float = 0.2) -> None:
        for digit in digits:
            self.pass_seconds(seconds_between)
            self.asterisk.press(self.caller.id, digit)
            self.hear_all()

    def hear_out(self) -> None:
        """All sounds of the prompt are heard to their end."""
        while self.flow.stage is FlowStage.PLAYING:
            self.pass_seconds(1)
            playback_id = self.flow.playback_id
            assert playback_id is not None
            self.asterisk.finish_sound(playback_id)
            self.hear_all()

    def assist(self, answer: inputs.Input | None = None) -> commands.PreparePrompt | commands.FindTarget:
        """What was asked for outside the machine; and give it this answer."""
        asked = self.asterisk.to_assist.pop(0)
        if answer is not None:
            self.feed(msgspec.structs.replace(answer, number=asked.number))
            self.hear_all()
        return asked

    def hang_up(self) -> None:
        self.asterisk.end(self.caller.id)
        self.hear_all()

    def be_answered(self, leg: Leg) -> None:
        self.hear_all()
        self.asterisk.ring(leg.id)
        self.hear_all()
        self.asterisk.answer(leg.id)
        self.hear_all()


def coming_call(steps: Sequence[Step], *, created_at: datetime = NOON, start: str | None = None) -> FlowDriver:
    """A call whose customer is to be led through a flow, not started."""
    call = make_call(dial_first=LegRole.CUSTOMER, created_at=created_at)
    return FlowDriver(
        msgspec.structs.replace(
            call,
            legs=call.legs[:1],
            planned=1,
            flow=run_of(steps, start=start),
            agent_id=None,
            agent_name=None,
            extension=None,
        )
    )


def call_in_flow(steps: Sequence[Step], *, created_at: datetime = NOON, start: str | None = None) -> FlowDriver:
    """A call whose customer has answered this very instant, and is in the flow."""
    driver = coming_call(steps, created_at=created_at, start=start)
    driver.feed(inputs.Start())
    for _ in range(10):
        if driver.flow.stage is not FlowStage.COMING:
            driver.hear_all()
            return driver
        driver.go_on()
    raise AssertionError("the flow never began")


def inbound_call_in_flow(steps: Sequence[Step], *, start: str | None = None) -> FlowDriver:
    """A call that has come in, was answered, and is in the flow."""
    call = make_inbound_call(agent_waves=())
    run = run_of(steps, start=start)
    driver = FlowDriver(msgspec.structs.replace(call, flow=run, agent_id=None, agent_name=None, extension=None))
    driver.feed(inputs.Start())
    driver.hear_all()
    return driver
