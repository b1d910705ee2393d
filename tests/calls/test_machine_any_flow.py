"""Whatever happens, in whatever order, to a customer in a call flow: it ends once, and leaves nobody there."""

from collections import Counter

import hypothesis.strategies as st
import msgspec
from hypothesis import HealthCheck, settings
from hypothesis.stateful import initialize, invariant, precondition, rule

from app.calls.core import commands, inputs
from app.calls.core.model.flow import FlowStage
from app.calls.core.model.queue import QueueWait
from app.facts.flows import FlowEnded, FlowStarted, VoicemailReceived
from app.facts.recordings import RecordingSaved
from app.facts.vocabulary import LegState, MediaStreamEnd, RecordingMode, Tone, TransferKind
from app.flows.check import check_flow
from app.flows.steps import (
    Branch,
    Case,
    Enqueue,
    Flow,
    Gather,
    HangUp,
    MediaStream,
    Option,
    Play,
    PlayInstalled,
    PlaySpeech,
    PlayTone,
    Record,
    Speak,
    Step,
    Target,
    Transfer,
    VariableIs,
    Voicemail,
)
from tests.calls.any_order import AnyOrder
from tests.calls.asking import ask_transfer
from tests.calls.flow_calls import coming_call, inbound_call_in_flow, run_of
from tests.calls.making import make_call
from tests.calls.queue_calls import QUEUE, agent_leg

#: Every kind of step, and a way round that a caller can go for as long as it presses keys.
STEPS: tuple[Step, ...] = (
    Speak(name="welcome", speech=PlaySpeech(text="Hello {caller}"), next="hours", failed="menu"),
    Branch(
        name="hours",
        cases=(Case(condition=VariableIs(variable="choice", one_of=("9",)), next="bye"),),
        otherwise="menu",
    ),
    Gather(
        name="menu",
        prompt=(PlayInstalled(name="press-1"), PlayTone(tone=Tone.BUSY, seconds=1.0)),
        options=(
            Option(digits="1", next="agent"),
            Option(digits="2", next="wait"),
            Option(digits="3", next="message"),
            Option(digits="4", next="name"),
            Option(digits="5", next="welcome"),
            Option(digits="6", next="program"),
        ),
        variable="choice",
        no_input="bye",
        no_match="sorry",
        retries=1,
    ),
    Play(name="sorry", sounds=(PlayInstalled(name="sorry"),), next="agent"),
    Transfer(name="agent", target=Target(agent_id="agent_1"), failed="message"),
    Enqueue(name="wait", queue_id=QUEUE),
    Record(name="name", next="menu2", no_message="bye"),
    Gather(name="menu2", min_digits=2, max_digits=4, variable="pin", next="other", no_input="bye"),
    Transfer(name="other", target=Target(call_flow_id="flow_2"), with_music=True),
    MediaStream(name="program", url="wss://bot.example/talk", next="menu", failed="sorry", variable="choice"),
    Voicemail(name="message", greeting=(PlaySpeech(text="Leave a message"),), next="bye"),
    HangUp(name="bye"),
)


def test_given_the_flow_of_these_tests_when_checked_then_nothing_is_wrong_with_it() -> None:
    assert check_flow(Flow(start="welcome", steps=STEPS)) == []


class AnyFlow(AnyOrder):
    """The caller presses what it likes, or nothing; whoever is asked for is there, or not; sounds are made, or not."""

    @initialize(
        is_inbound=st.booleans(),
        start=st.sampled_from([step.name for step in STEPS]),
        head=st.integers(0, 6),
        mode=st.sampled_from(RecordingMode),
    )
    def begin(self, is_inbound: bool, start: str, head: int, mode: RecordingMode) -> None:
        if is_inbound:
            self.driver = inbound_call_in_flow(STEPS, start=start)
            return
        self.driver = coming_call(STEPS, start=start)
        recordings = make_call(recording_mode=mode).recordings
        self.driver.call = msgspec.structs.replace(self.driver.call, recordings=recordings, recording_mode=mode)
        self.driver.feed(inputs.Start())
        for _ in range(head):
            self.driver.go_on()

    @precondition(lambda self: self.driver.asterisk.to_assist)
    @rule(data=st.data(), phones=st.integers(0, 3), kind=st.sampled_from(["legs", "queue", "flow", "nobody", "late"]))
    def an_answer_comes(self, data: st.DataObject, phones: int, kind: str) -> None:
        asked = self.driver.asterisk.to_assist.pop(0)
        number = asked.number - (kind == "late")
        match asked:
            case commands.PreparePrompt() if kind == "nobody":
                self.driver.feed(inputs.PromptFailed(number=number, reason="no voice"))
            case commands.PreparePrompt(sounds=sounds):
                media = tuple("sound:http://media/1" for _ in sounds)
                self.driver.feed(inputs.PromptReady(number=number, media=media))
            case commands.FindTarget():
                waves = data.draw(st.lists(st.integers(0, 2), min_size=phones, max_size=phones))
                legs = tuple(agent_leg(f"20{place:02}", wave=wave) for place, wave in enumerate(waves))
                self.driver.feed(
                    inputs.TargetFound(
                        number=number,
                        legs=legs if kind == "legs" else (),
                        queue=QueueWait(queue_id=QUEUE, max_wait_seconds=60.0) if kind == "queue" else None,
                        flow=run_of(STEPS, start="menu") if kind == "flow" else None,
                    )
                )

    @precondition(lambda self: any(one.is_recording for one in self.driver.asterisk.snoops.values()))
    @rule(talked=st.integers(0, 5))
    def the_caller_falls_silent(self, talked: int) -> None:
        recording_id = next(key[0] for key, one in self.driver.asterisk.snoops.items() if one.is_recording)
        self.driver.asterisk.fall_silent(recording_id, talking_seconds=talked)

    @precondition(lambda self: self.driver.call.media_streams)
    @rule(reason=st.sampled_from(MediaStreamEnd), outcome=st.sampled_from([None, "9"]))
    def the_program_is_done(self, reason: MediaStreamEnd, outcome: str | None) -> None:
        self.driver.asterisk.close_stream(self.driver.call.media_streams[0].id, reason, outcome=outcome)

    @rule(digits=st.text("123456", min_size=1, max_size=3))
    def the_caller_presses(self, digits: str) -> None:
        flow = self.driver.call.flow
        leg_id = None if flow is None else flow.leg_id
        if leg_id is not None and leg_id in self.driver.asterisk.channels:
            for digit in digits:
                self.driver.asterisk.press(leg_id, digit)

    @rule(failure=st.sampled_from([None, "failed"]), is_gone=st.booleans())
    def a_sound_breaks_off(self, failure: str | None, is_gone: bool) -> None:
        """Asterisk says it of whoever hangs up a moment before it says that it is gone."""
        flow = self.driver.call.flow
        if flow is None or flow.playback_id is None or flow.playback_id not in self.driver.asterisk.playbacks:
            return
        self.driver.asterisk.break_off(flow.playback_id, failure)
        if is_gone and flow.leg_id in self.driver.asterisk.channels:
            self.driver.asterisk.end(flow.leg_id)

    @rule(start=st.sampled_from([step.name for step in STEPS]), waves=st.lists(st.integers(0, 1), max_size=2))
    def the_customer_is_given_to_a_flow(self, start: str, waves: list[int]) -> None:
        """At once, or when nobody of a group was had."""
        flow = run_of(STEPS, start=start)
        if waves:
            self.driver.feed(msgspec.structs.replace(ask_transfer(TransferKind.BLIND, waves=waves), flow=flow))
            return
        asked = ask_transfer(TransferKind.BLIND)
        self.driver.feed(msgspec.structs.replace(asked, leg=None, or_legs=(), flow=flow, queue_name="Main menu"))

    @rule()
    def somebody_who_rings_answers(self) -> None:
        self.driver.hear_all()
        flow = self.driver.call.flow
        for leg_id in () if flow is None else flow.offers:
            if self.driver.call.leg(leg_id).state in {LegState.DIALING, LegState.RINGING}:
                self.driver.asterisk.answer(leg_id)
                return

    @invariant()
    def every_flow_has_one_end(self) -> None:
        if not hasattr(self, "driver"):
            return
        counted = Counter(type(fact) for fact in self.driver.facts)
        flow = self.driver.call.flow
        assert flow is not None
        is_inside = not flow.is_over and flow.stage is not FlowStage.COMING
        assert counted[FlowStarted] == counted[FlowEnded] + is_inside
        assert not (self.driver.call.is_ending and is_inside)
        assert flow.runs <= 5

    def teardown(self) -> None:
        super().teardown()
        if not hasattr(self, "driver"):
            return
        messages = {one.id for one in self.driver.call.recordings if one.kind == "VOICEMAIL"}
        saved = [fact.recording_id for fact in self.driver.facts if isinstance(fact, RecordingSaved)]
        received = [fact.recording_id for fact in self.driver.facts if isinstance(fact, VoicemailReceived)]
        assert received == [one for one in saved if one in messages]


TestAnyFlow = AnyFlow.TestCase
TestAnyFlow.settings = settings(
    max_examples=200, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
