"""Programs come and go as they like: each that was asked for comes out once, and no leg is left with one."""

from collections import Counter

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import initialize, invariant, precondition, rule

from app.calls.core import inputs
from app.calls.core.verbs import StopMediaStream
from app.facts.media_streams import MediaStreamConnected, MediaStreamEnded, MediaStreamFailed
from app.facts.vocabulary import CallState, LegRole, MediaStreamEnd
from tests.calls.any_order import SEATS, AnyOrder
from tests.calls.asking import ask, ask_stream
from tests.calls.driving import Driver
from tests.calls.making import make_call
from tests.calls.resting import assert_streamed


class AnyStreams(AnyOrder):
    """A call of two, to whom programs talk."""

    @initialize(first=st.sampled_from(SEATS), roles=st.lists(st.sampled_from(SEATS), max_size=2))
    def begin(self, first: LegRole, roles: list[LegRole]) -> None:
        self.driver = Driver(make_call(dial_first=first))
        self.driver.feed(inputs.Start())
        self.driver.go_on_until(CallState.CONNECTED)
        for role in roles:
            self.driver.feed(ask_stream(self.driver.leg(role).id))

    @rule(data=st.data())
    def somebody_asks_for_a_program(self, data: st.DataObject) -> None:
        self.driver.feed(ask_stream(data.draw(st.sampled_from([leg.id for leg in self.driver.call.legs]))))

    @precondition(lambda self: self.driver.call.media_streams)
    @rule(data=st.data(), reason=st.sampled_from(MediaStreamEnd), is_told_late=st.booleans())
    def a_program_goes(self, data: st.DataObject, reason: MediaStreamEnd, is_told_late: bool) -> None:
        stream = data.draw(st.sampled_from(self.driver.call.media_streams))
        self.driver.asterisk.close_stream(stream.id, reason)
        if not is_told_late:
            self.driver.hear_all()

    @precondition(lambda self: self.driver.call.media_streams)
    @rule(data=st.data())
    def somebody_stops_a_program(self, data: st.DataObject) -> None:
        stream = data.draw(st.sampled_from(self.driver.call.media_streams))
        self.driver.feed(ask(StopMediaStream(stream_id=stream.id)))

    @invariant()
    def every_stream_comes_out_once(self) -> None:
        if not hasattr(self, "driver"):
            return
        facts = self.driver.facts
        came_out = Counter(one.stream_id for one in facts if isinstance(one, MediaStreamEnded | MediaStreamFailed))
        assert set(came_out.values()) <= {1}
        assert not set(came_out) & {one.id for one in self.driver.call.media_streams}
        connected = {one.stream_id for one in facts if isinstance(one, MediaStreamConnected)}
        assert {one.stream_id for one in facts if isinstance(one, MediaStreamEnded)} <= connected
        assert not {one.stream_id for one in facts if isinstance(one, MediaStreamFailed)} & connected

    def teardown(self) -> None:
        if hasattr(self, "driver"):
            self.driver.fates.clear()
            self.driver.settle()
            if self.is_blind:
                self.driver.reconcile()
                self.driver.settle()
            if not self.is_late:
                assert_streamed(self.driver)
        super().teardown()


TestAnyStreams = AnyStreams.TestCase
TestAnyStreams.settings = settings(
    max_examples=150, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
