"""What a leg to the outside may cost at most is reserved before it is dialled: no life of a call gets beyond that."""

from datetime import timedelta

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.stateful import initialize, invariant

from app.calls.core import commands, inputs
from app.calls.core.lifetimes import MARGIN_SECONDS, allowance, allowed_seconds, is_outside
from app.calls.core.model.call import Call
from app.calls.core.model.leg import Leg
from app.calls.core.model.queue import MOST_QUEUES, QueueWait
from app.calls.core.model.timers import TimerName
from app.calls.core.setup import lifetime_of
from app.calls.keeping.change import Change
from app.calls.keeping.counted import ended_of, outside_legs, reserved_seconds
from app.facts.flows import FlowEnded, FlowEnding
from app.facts.vocabulary import Disposition, EndCode, LegRole, LegState, Party, RecordingMode
from app.flows.steps import Enqueue, Step
from tests.calls.driving import Driver
from tests.calls.flow_calls import call_in_flow, run_of, survey
from tests.calls.flow_calls import coming_call as coming_to_flow
from tests.calls.making import NOON, make_call
from tests.calls.queue_calls import QUEUE, agent_leg, coming_call, waiting_call
from tests.calls.test_machine_any_flow import STEPS, AnyFlow

SIDES = st.lists(st.integers(0, 2), min_size=1, max_size=3)
SECONDS = st.floats(1.0, 600.0)


def limited(call: Call) -> Call:
    """The call as that of an account with limits."""
    seconds = allowance(call.max_duration_seconds, call.queue or call.next_queue)
    return msgspec.structs.replace(call, allowance_seconds=seconds)


def with_mobile(call: Call) -> Call:
    """The call with an agent who is rung outside."""
    legs = tuple(
        msgspec.structs.replace(leg, party=Party(number="+15550142000")) if leg.role is LegRole.AGENT else leg
        for leg in call.legs
    )
    return msgspec.structs.replace(call, legs=legs)


@given(
    agents=SIDES,
    customers=SIDES,
    dial_first=st.sampled_from([LegRole.AGENT, LegRole.CUSTOMER]),
    rings=st.tuples(SECONDS, SECONDS),
    talk=SECONDS,
    wait=st.none() | SECONDS,
    has_flow=st.booleans(),
    is_limited=st.booleans(),
    later=st.integers(0, 3),
)
def test_given_any_plan_when_its_legs_are_made_then_asterisk_is_told_no_more_than_was_reserved(
    agents: list[int],
    customers: list[int],
    dial_first: LegRole,
    rings: tuple[float, float],
    talk: float,
    wait: float | None,
    has_flow: bool,
    is_limited: bool,
    later: int,
) -> None:
    call = make_call(
        agent_waves=agents,
        customer_waves=customers,
        dial_first=dial_first,
        agent_ring_seconds=rings[0],
        customer_ring_seconds=rings[1],
        max_duration_seconds=talk,
    )
    waiting = None if wait is None else QueueWait(queue_id=QUEUE, max_wait_seconds=wait)
    flow = run_of(STEPS, start="menu") if has_flow else None
    call = with_mobile(msgspec.structs.replace(call, next_queue=waiting, next_flow=flow))
    call = limited(call) if is_limited else call
    reserved = {leg.id: leg.seconds for leg in outside_legs(call, call.legs)}
    assert reserved.keys() == {leg.id for leg in call.legs}
    for leg in call.legs:
        assert lifetime_of(call, leg) + 1 <= reserved[leg.id]
        # Whom a call leads its customer to afterwards, and who joins, takes nothing from what holds.
        longer = QueueWait(queue_id=QUEUE, max_wait_seconds=9000.0, queues=MOST_QUEUES)
        others = tuple(agent_leg(ring_seconds=90.0) for _ in range(later))
        grown = msgspec.structs.replace(call, legs=(*call.legs, *others), queue=longer, flow=run_of(STEPS))
        assert not is_limited or lifetime_of(grown, leg) == lifetime_of(call, leg)
    # Who joins a call is reserved for as it will be made.
    guest = msgspec.structs.replace(agent_leg(ring_seconds=rings[0]), party=Party(number="+15550142001"))
    (asked,) = outside_legs(call, (guest,))
    assert asked.seconds >= lifetime_of(msgspec.structs.replace(call, legs=(*call.legs, guest)), guest) + 1


class AnyAllowance(AnyFlow):
    """Everything that may happen in a flow, to calls whose every leg is paid for."""

    @initialize(start=st.sampled_from([step.name for step in STEPS]), talk=st.sampled_from([5.0, 30.0, 3600.0]))
    def begin(self, start: str, talk: float) -> None:
        self.driver = coming_to_flow(STEPS, start=start)
        call = msgspec.structs.replace(self.driver.call, max_duration_seconds=talk, recording_mode=RecordingMode.OFF)
        self.driver.call = limited(call)
        self.driver.feed(inputs.Start())

    @invariant()
    def asterisk_is_told_what_was_reserved(self) -> None:
        if not hasattr(self, "driver"):
            return
        call = self.driver.call
        for command in self.driver.asked:
            if isinstance(command, commands.CreateChannel):
                leg = call.leg(command.leg_id)
                assert not is_outside(leg) or command.lifetime_seconds < reserved_seconds(call, leg)
            assert not isinstance(command, commands.KeepChannel) or not is_outside(call.leg(command.leg_id))

    @invariant()
    def the_call_ends_before_anybody_costs_more(self) -> None:
        if not hasattr(self, "driver") or self.driver.call.is_ending:
            return
        call = self.driver.call
        for leg in call.legs:
            seconds = allowed_seconds(call, leg)
            if leg.state is LegState.UP and seconds is not None and leg.created_at is not None:
                timer = call.timer(TimerName.MAX_DURATION)
                assert timer is not None
                assert timer.due <= leg.created_at + timedelta(seconds=seconds - MARGIN_SECONDS)


TestAnyAllowance = AnyAllowance.TestCase
TestAnyAllowance.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)


def ending(driver: Driver) -> tuple[Disposition | None, EndCode | None]:
    reason = driver.call.end_reason
    return driver.call.outcome, None if reason is None else reason.code


def test_given_limits_when_the_customer_stays_in_a_flow_then_the_call_is_over_when_a_talk_would_be() -> None:
    driver = coming_to_flow(survey())
    driver.call = limited(msgspec.structs.replace(driver.call, max_duration_seconds=100.0))
    driver.feed(inputs.Start())
    driver.go_on_until(driver.call.state.ANSWERED)
    customer = driver.leg(LegRole.CUSTOMER)
    assert customer.created_at is not None
    timer = driver.call.timer(TimerName.MAX_DURATION)
    assert timer is not None
    assert (timer.due - customer.created_at).total_seconds() == 100 + customer.ring_seconds
    driver.fire(TimerName.MAX_DURATION)
    assert ending(driver) == (Disposition.ANSWERED, EndCode.MAX_DURATION)
    assert [fact.ending for fact in driver.facts if isinstance(fact, FlowEnded)] == [FlowEnding.STOPPED]


def test_given_limits_when_the_customer_waits_on_and_on_then_the_call_is_over_and_the_customer_abandoned() -> None:
    driver = coming_call(max_wait_seconds=120.0)
    driver.call = limited(msgspec.structs.replace(driver.call, max_duration_seconds=100.0))
    driver.feed(inputs.Start())
    driver.go_on_until(driver.call.state.WAITING_IN_QUEUE)
    customer = driver.leg(LegRole.CUSTOMER)
    timer = driver.call.timer(TimerName.MAX_DURATION)
    assert timer is not None
    assert customer.created_at is not None
    assert (timer.due - customer.created_at).total_seconds() == 100 + 120 + customer.ring_seconds
    driver.fire(TimerName.MAX_DURATION)
    assert ending(driver) == (Disposition.ABANDONED, EndCode.MAX_DURATION)


def test_given_no_limits_when_the_customer_waits_then_nothing_ends_the_call_before_its_talk() -> None:
    assert waiting_call().call.timer(TimerName.MAX_DURATION) is None


def test_given_limits_when_a_flow_leads_to_a_queue_then_the_channel_lives_no_longer_than_was_reserved() -> None:
    steps: tuple[Step, ...] = (Enqueue(name="wait", queue_id=QUEUE, priority=5),)
    driver = call_in_flow(steps)
    driver.call = limited(driver.call)
    driver.assist(inputs.TargetFound(number=0, queue=QueueWait(queue_id=QUEUE, max_wait_seconds=9000.0)))
    assert not [one for one in driver.asked if isinstance(one, commands.KeepChannel)]


@pytest.mark.parametrize("is_limited", [False, True])
def test_given_an_end_that_was_seen_late_when_it_is_settled_then_it_costs_no_more_than_was_reserved(
    is_limited: bool,
) -> None:
    call = make_call(max_duration_seconds=100.0)
    call = limited(call) if is_limited else call

    def gone(leg: Leg) -> Leg:
        answered, ended = NOON + timedelta(seconds=5), NOON + timedelta(hours=9)
        return msgspec.structs.replace(
            leg, state=LegState.ENDED, created_at=NOON, dialing_at=NOON, answered_at=answered, ended_at=ended
        )

    call = msgspec.structs.replace(call, legs=tuple(gone(leg) for leg in call.legs))
    (ended,) = [one for one in ended_of(Change(call=call, drafts=(), legs=call.legs)) if one.country]
    (outside,) = outside_legs(call, call.legs)
    assert ended.milliseconds == (outside.seconds * 1000 if is_limited else (9 * 3600 - 5) * 1000)
