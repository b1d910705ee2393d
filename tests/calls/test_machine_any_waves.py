"""Whatever happens while several phones ring for one side: one of them at most is the party, and nobody is missed."""

from hypothesis import HealthCheck, settings

from tests.calls.any_waves import AnyWaves

TestAnyWaves = AnyWaves.TestCase
TestAnyWaves.settings = settings(
    max_examples=200, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
