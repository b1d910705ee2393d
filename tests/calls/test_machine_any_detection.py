"""Whatever happens while it is found out what has answered: one verdict at most, and nobody is rung before it."""

import hypothesis.strategies as st
import msgspec
from hypothesis import HealthCheck, settings
from hypothesis.stateful import initialize, invariant, precondition, rule

from app.calls.core import commands, inputs
from app.calls.core.model.leg import Place
from app.calls.core.verbs import SendMessage, SetVoicePitch, Verb
from app.facts.calls import MachineDetectionFinished
from app.facts.vocabulary import AnsweredBy, CdrSource, Disposition, EndCode, LegRole, LegState, RecordingMode
from tests.calls.any_order import AnyOrder
from tests.calls.asking import ask
from tests.calls.driving import Driver
from tests.calls.making import make_call


class AnyDetection(AnyOrder):
    """The customer is looked into, whoever was dialled first; from there on everything may happen, in any order."""

    @initialize(
        mode=st.sampled_from([RecordingMode.OFF, RecordingMode.BOTH]),
        pitch=st.none() | st.just(0.8),
        message=st.none() | st.just("Ask for Grace."),
        head_start=st.integers(0, 6),
        first=st.sampled_from([LegRole.CUSTOMER, LegRole.AGENT]),
        connects=st.booleans(),
    )
    def begin(
        self,
        mode: RecordingMode,
        pitch: float | None,
        message: str | None,
        head_start: int,
        first: LegRole,
        connects: bool,
    ) -> None:
        call = make_call(dial_first=first, recording_mode=mode)
        wishes = {"voice_pitch": pitch, "softphone_message": message, "connects_machines": connects}
        wishes |= {"detects_machine": True}
        self.driver = Driver(msgspec.structs.replace(call, **wishes))
        self.driver.feed(inputs.Start())
        for _ in range(head_start):
            self.driver.go_on()

    @precondition(lambda self: any(channel.is_away for channel in self.driver.asterisk.channels.values()))
    @rule(answered_by=st.sampled_from(AnsweredBy), is_after_beep=st.booleans())
    def the_dialplan_gives_the_leg_back(self, answered_by: AnsweredBy, is_after_beep: bool) -> None:
        lent = [leg_id for leg_id, channel in self.driver.asterisk.channels.items() if channel.is_away]
        self.driver.asterisk.find_out(lent[0], answered_by, is_after_beep=is_after_beep)

    @rule(data=st.data(), pitch=st.sampled_from([0.5, 1.0, 2.0]))
    def somebody_speaks_otherwise_or_is_written_to(self, data: st.DataObject, pitch: float) -> None:
        leg_id = data.draw(st.sampled_from([None, *(leg.id for leg in self.driver.call.legs)]))
        verbs: list[Verb] = [
            SetVoicePitch(pitch=pitch, leg_id=leg_id),
            SendMessage(message_text="Hurry.", leg_id=leg_id),
        ]
        self.driver.feed(ask(data.draw(st.sampled_from(verbs))))

    @invariant()
    def there_is_one_verdict_at_most_and_no_agent_before_it(self) -> None:
        if not hasattr(self, "driver"):
            return
        verdicts = [fact.answered_by for fact in self.driver.facts if isinstance(fact, MachineDetectionFinished)]
        assert len(verdicts) <= 1
        assert verdicts == [one for one in (self.driver.call.answered_by,) if one is not None]
        agents = {leg.id for leg in self.driver.call.legs if leg.role is LegRole.AGENT}
        is_rung = any(isinstance(one, commands.DialChannel) and one.leg_id in agents for one in self.driver.asked)
        is_second = self.driver.call.legs[0].role is LegRole.CUSTOMER
        assert not is_second or not is_rung or (verdicts and verdicts[0] not in self.refused)

    @invariant()
    def nobody_talks_to_what_is_being_looked_into(self) -> None:
        if not hasattr(self, "driver"):
            return
        call = self.driver.call
        if call.detecting_until is not None and not call.is_ending:
            assert call.connected_at is None or call.source is not CdrSource.LIVE
            assert call.customer_leg_id is not None
            assert not any(leg.place is Place.TALK for leg in call.legs if leg.state is LegState.UP)

    @property
    def refused(self) -> set[AnsweredBy]:
        return {AnsweredBy.FAX} if self.driver.call.connects_machines else {AnsweredBy.FAX, AnsweredBy.MACHINE}

    @invariant()
    def a_machine_ends_the_call(self) -> None:
        if hasattr(self, "driver") and self.driver.call.answered_by in self.refused:
            call = self.driver.call
            assert call.is_ending
            assert call.end_reason is not None
            code = EndCode.FAX if call.answered_by is AnsweredBy.FAX else EndCode.MACHINE
            assert (call.outcome, call.end_reason.code) == (Disposition.MACHINE, code)


TestAnyDetection = AnyDetection.TestCase
TestAnyDetection.settings = settings(
    max_examples=200, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
