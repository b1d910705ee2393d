"""Supervisors and participants come and go as they like: nobody is left alone, and nothing of theirs is left over."""

from collections import Counter

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import initialize, invariant, precondition, rule

from app.calls.core import inputs
from app.calls.core.purpose import is_guest
from app.calls.core.verbs import RemoveParticipant, StopSupervision, UpdateSupervision
from app.facts.supervisions import (
    ParticipantJoined,
    ParticipantLeft,
    SupervisionChanged,
    SupervisionEnded,
    SupervisionStarted,
)
from app.facts.vocabulary import CallState, LegRole, RecordingMode, SupervisionMode
from tests.calls.any_order import SEATS, AnyOrder
from tests.calls.asking import ask
from tests.calls.asking_guests import ask_participant, ask_supervision
from tests.calls.driving import Driver
from tests.calls.making import make_call
from tests.calls.resting import assert_supervised
from tests.calls.simulated_asterisk import Stage

_KEYS = st.none() | st.sampled_from(["k1", "k2"])


class AnyGuests(AnyOrder):
    """A call of two, to which others come."""

    asked: set[str]

    @initialize(
        first=st.sampled_from(SEATS),
        recording=st.sampled_from(RecordingMode),
        modes=st.lists(st.sampled_from(SupervisionMode), max_size=2),
        others=st.integers(0, 2),
        reached=st.lists(st.booleans(), max_size=4),
    )
    def begin(
        self, first: LegRole, recording: RecordingMode, modes: list[SupervisionMode], others: int, reached: list[bool]
    ) -> None:
        self.asked = set()
        self.driver = Driver(make_call(dial_first=first, recording_mode=recording))
        self.driver.feed(inputs.Start())
        self.driver.go_on_until(CallState.CONNECTED)
        for mode in modes:
            self.somebody_supervises(mode, None, 1)
        for _ in range(others):
            self.driver.feed(ask_participant())
        for answers in reached:
            self.the_first_guest_is_reached(answers)

    @rule(mode=st.sampled_from(SupervisionMode), key=_KEYS, phones=st.integers(1, 3))
    def somebody_supervises(self, mode: SupervisionMode, key: str | None, phones: int) -> None:
        event = ask_supervision(mode, key=key, phones=phones)
        self.driver.feed(event)
        if any(used.subject_id == event.supervision_id for used in self.driver.call.keys):
            self.asked.add(event.supervision_id)

    @rule(key=_KEYS, phones=st.integers(1, 3))
    def somebody_calls_another_in(self, key: str | None, phones: int) -> None:
        self.driver.feed(ask_participant(key=key, phones=phones))

    @precondition(lambda self: self.driver.call.supervisions)
    @rule(data=st.data(), mode=st.sampled_from(SupervisionMode), is_stop=st.booleans())
    def somebody_changes_a_supervision(self, data: st.DataObject, mode: SupervisionMode, is_stop: bool) -> None:
        supervision_id = data.draw(st.sampled_from([one.id for one in self.driver.call.supervisions]))
        stop, update = StopSupervision(supervision_id=supervision_id), UpdateSupervision
        self.driver.feed(ask(stop if is_stop else update(supervision_id=supervision_id, mode=mode)))

    @rule(data=st.data())
    def somebody_removes_a_leg(self, data: st.DataObject) -> None:
        leg_id = data.draw(st.sampled_from([leg.id for leg in self.driver.call.legs]))
        self.driver.feed(ask(RemoveParticipant(leg_id=leg_id)))

    @rule(answers=st.booleans())
    def the_first_guest_is_reached(self, answers: bool) -> None:
        self.driver.hear_all()
        for leg in self.driver.call.legs:
            channel = self.driver.asterisk.channels.get(leg.id)
            if is_guest(leg) and channel and channel.stage in {Stage.DIALLED, Stage.RINGING}:
                if answers:
                    self.driver.asterisk.answer(leg.id)
                else:
                    self.driver.asterisk.end(leg.id, cause=17, sip_code=486)
                break
        self.driver.hear_all()

    @invariant()
    def every_supervision_ends_once(self) -> None:
        if not hasattr(self, "driver"):
            return
        ended = Counter(fact.supervision_id for fact in self.driver.facts if isinstance(fact, SupervisionEnded))
        assert set(ended.values()) <= {1}
        assert set(ended) | {one.id for one in self.driver.call.supervisions} == self.asked
        started = Counter(fact.supervision_id for fact in self.driver.facts if isinstance(fact, SupervisionStarted))
        assert set(started.values()) <= {1}
        changed = {fact.supervision_id for fact in self.driver.facts if isinstance(fact, SupervisionChanged)}
        assert changed <= set(started)

    @invariant()
    def who_joined_leaves_once(self) -> None:
        if not hasattr(self, "driver"):
            return
        joined = Counter(fact.leg.id for fact in self.driver.facts if isinstance(fact, ParticipantJoined))
        left = Counter(fact.leg.id for fact in self.driver.facts if isinstance(fact, ParticipantLeft))
        assert set(joined.values()) | set(left.values()) <= {1}

    def teardown(self) -> None:
        if hasattr(self, "driver"):
            self.driver.fates.clear()
            self.driver.settle()
            if self.is_blind:
                self.driver.reconcile()
                self.driver.settle()
            assert_supervised(self.driver)
        super().teardown()
        if hasattr(self, "driver"):
            self.driver.hang_up_strays()
            assert not self.driver.call.supervisions
            assert not self.driver.asterisk.taps
            assert {one.supervision_id for one in self.driver.facts if isinstance(one, SupervisionEnded)} == self.asked


TestAnyGuests = AnyGuests.TestCase
TestAnyGuests.settings = settings(
    max_examples=200, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
