"""Whatever happens while somebody is transferred: every transfer comes out once, and nobody is left alone."""

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import initialize

from app.calls.core import inputs
from app.facts.vocabulary import CallState, LegRole, RecordingMode, TransferKind
from tests.calls.any_order import SEATS
from tests.calls.any_waves import WAVES, AnyWaves
from tests.calls.asking import ask_transfer
from tests.calls.driving import Driver
from tests.calls.making import make_call


class AnyTransfer(AnyWaves):
    """Two parties talk, and one of them transfers the other to somebody with any number of phones, in any waves; from
    there on everything may happen, in any order.
    """

    @initialize(
        dial_first=st.sampled_from(SEATS),
        by=st.sampled_from(SEATS),
        kind=st.sampled_from(TransferKind),
        mode=st.sampled_from([RecordingMode.OFF, RecordingMode.BOTH]),
        recalls=st.booleans(),
        with_music=st.booleans(),
        waves=WAVES,
        head_start=st.integers(0, 4),
    )
    def begin(
        self,
        dial_first: LegRole,
        by: LegRole,
        kind: TransferKind,
        mode: RecordingMode,
        recalls: bool,
        with_music: bool,
        waves: tuple[int, ...],
        head_start: int,
    ) -> None:
        self.driver = Driver(make_call(dial_first=dial_first, recording_mode=mode))
        self.driver.feed(inputs.Start())
        self.driver.go_on_until(CallState.CONNECTED)
        leg = self.driver.leg(by)
        self.driver.feed(ask_transfer(kind, by=leg.id, recalls=recalls, with_music=with_music, waves=waves))
        for _ in range(head_start):
            self.driver.go_on()


TestAnyTransfer = AnyTransfer.TestCase
TestAnyTransfer.settings = settings(
    max_examples=200, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
