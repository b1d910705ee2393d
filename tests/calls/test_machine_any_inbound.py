"""Whatever happens, in whatever order, to a call that comes in: it ends once, and leaves nobody waiting."""

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import initialize, invariant

from app.calls.core import inputs
from app.calls.core.commands import AnswerChannel
from app.facts.vocabulary import LegRole
from tests.calls.any_order import AnyOrder
from tests.calls.driving import Driver
from tests.calls.making import make_inbound_call

_WAVES = st.lists(st.integers(0, 2), min_size=1, max_size=4).map(sorted).map(tuple)


class AnyInbound(AnyOrder):
    """The caller is there first; any number of phones may be rung, in any waves."""

    @initialize(agents=_WAVES, head_start=st.integers(0, 6))
    def begin(self, agents: tuple[int, ...], head_start: int) -> None:
        self.driver = Driver(make_inbound_call(agent_waves=agents))
        self.driver.feed(inputs.Start())
        for _ in range(head_start):
            self.driver.go_on()

    @invariant()
    def nobody_pays_before_somebody_has_answered(self) -> None:
        asked = any(isinstance(command, AnswerChannel) for command in self.driver.asked)
        answered = any(leg.answered_at for leg in self.driver.call.legs if leg.role is LegRole.AGENT)
        assert answered or not asked


TestAnyInbound = AnyInbound.TestCase
TestAnyInbound.settings = settings(
    max_examples=200, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
