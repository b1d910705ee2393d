"""Whatever happens while a machine's beep is listened for: one verdict at most, and nothing is said before it."""

import hypothesis.strategies as st
import msgspec
from hypothesis import HealthCheck, settings
from hypothesis.stateful import initialize, invariant, precondition, rule

from app.calls.core import commands, inputs
from app.facts.calls import MachineDetectionFinished
from app.facts.vocabulary import AnsweredBy, LegRole, MediaStreamEnd
from app.flows.steps import HangUp
from tests.calls import flow_calls
from tests.calls.any_order import AnyOrder

_ENDS = (
    ("BEEP", MediaStreamEnd.BOT_CLOSED),
    ("SILENCE", MediaStreamEnd.BOT_CLOSED),
    ("TIMEOUT", MediaStreamEnd.BOT_CLOSED),
    ("FAX", MediaStreamEnd.BOT_CLOSED),
    (None, MediaStreamEnd.MEDIA_LOST),
    (None, MediaStreamEnd.OVERLOADED),
)


class AnyBeep(AnyOrder):
    """The customer is dialled for a flow, and looked into; from there on everything may happen, in any order."""

    @initialize(head_start=st.integers(0, 6))
    def begin(self, head_start: int) -> None:
        driver = flow_calls.coming_call((flow_calls.say("message", "bye"), HangUp(name="bye")))
        driver.call = msgspec.structs.replace(driver.call, detects_machine=True)
        self.driver = driver
        driver.feed(inputs.Start())
        for _ in range(head_start):
            driver.go_on()

    @precondition(lambda self: any(channel.is_away for channel in self.driver.asterisk.channels.values()))
    @rule(answered_by=st.sampled_from([AnsweredBy.MACHINE, AnsweredBy.MACHINE, AnsweredBy.HUMAN]), beep=st.booleans())
    def the_dialplan_gives_the_leg_back(self, answered_by: AnsweredBy, *, beep: bool) -> None:
        lent = [leg_id for leg_id, channel in self.driver.asterisk.channels.items() if channel.is_away]
        self.driver.asterisk.find_out(lent[0], answered_by, is_after_beep=beep)

    @precondition(lambda self: self.driver.asterisk.streams)
    @rule(end=st.sampled_from(_ENDS))
    def listening_comes_to_an_end(self, end: tuple[str | None, MediaStreamEnd]) -> None:
        stream_id = next(iter(self.driver.asterisk.streams))
        self.driver.asterisk.close_stream(stream_id, end[1], outcome=end[0])

    @invariant()
    def nothing_is_said_before_the_verdict_and_there_is_one(self) -> None:
        if not hasattr(self, "driver"):
            return
        verdicts = [fact.answered_by for fact in self.driver.facts if isinstance(fact, MachineDetectionFinished)]
        assert len(verdicts) <= 1
        has_said = any(isinstance(one, commands.StartPlayback) for one in self.driver.asked)
        assert verdicts or not has_said

    @invariant()
    def no_event_tells_of_the_stream(self) -> None:
        if hasattr(self, "driver"):
            assert not [word for word in self.driver.words if word.startswith("mediastream.")]
            assert self.driver.call.listening is None or self.driver.call.leg_of(LegRole.CUSTOMER) is not None


TestAnyBeep = AnyBeep.TestCase
TestAnyBeep.settings = settings(
    max_examples=200, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
