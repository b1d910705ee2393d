"""Whatever happens, in whatever order: a call ends once, and leaves nothing behind."""

from datetime import timedelta

import hypothesis.strategies as st
import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from app.calls.core import commands, inputs
from app.calls.core.inputs import FailureKind, Input
from app.calls.core.machine import step
from app.calls.core.model import Call, TimerName, decode_call
from app.facts.calls import CallCreated, CallEnded, CdrRecord, Fact
from app.facts.recordings import RecordingFailed, RecordingSaved, RecordingStarted
from app.facts.vocabulary import LegRole, Pair, RecordingMode
from app.ids import RecordingId
from tests.calls.driving import Driver
from tests.calls.making import NOON, SOMEBODY, make_call
from tests.calls.simulated_asterisk import Fate, Stage

_ROUNDING = 0.002


class AnyOrder(RuleBasedStateMachine):
    """The far ends, the network, Asterisk, the API and the service itself do what they like."""

    driver: Driver

    def __init__(self) -> None:
        super().__init__()
        #: Whether something happened that the machine cannot know of without looking.
        self.is_blind = False
        #: Whether nobody watched for a while: then instants are those of the look that followed.
        self.was_away = False

    @initialize(dial_first=st.sampled_from(LegRole), mode=st.sampled_from(RecordingMode), head_start=st.integers(0, 6))
    def begin(self, dial_first: LegRole, mode: RecordingMode, head_start: int) -> None:
        self.driver = Driver(make_call(dial_first=dial_first, recording_mode=mode))
        self.driver.feed(inputs.Start())
        for _ in range(head_start):
            self.driver.go_on()

    @rule()
    def it_goes_as_it_should(self) -> None:
        self.driver.go_on()

    @rule(seconds=st.floats(0.001, 20.0), name=st.none() | st.sampled_from(TimerName))
    def time_passes(self, seconds: float, name: TimerName | None) -> None:
        self.driver.pass_seconds(seconds)
        if name is not None:
            self.driver.feed(inputs.TimerFired(name=name))

    @precondition(lambda self: self.driver.call.timers)
    @rule()
    def a_timer_comes_due(self) -> None:
        self.driver.fire()

    @precondition(lambda self: self.driver.asterisk.said)
    @rule(data=st.data(), is_kept=st.booleans())
    def something_is_heard_out_of_turn(self, data: st.DataObject, is_kept: bool) -> None:
        index = data.draw(st.integers(0, len(self.driver.asterisk.said) - 1))
        self.is_blind = self.is_blind or bool(index)
        self.driver.hear(index, is_kept=is_kept)

    @precondition(lambda self: self.driver.asterisk.said)
    @rule(data=st.data())
    def something_is_never_heard(self, data: st.DataObject) -> None:
        self.driver.asterisk.said.pop(data.draw(st.integers(0, len(self.driver.asterisk.said) - 1)))
        self.is_blind = True

    @precondition(lambda self: self.driver.asterisk.channels)
    @rule(data=st.data(), digit=st.sampled_from("0123456789*#"))
    def a_far_end_does_something(self, data: st.DataObject, digit: str) -> None:
        asterisk = self.driver.asterisk
        leg_id = data.draw(st.sampled_from(list(asterisk.channels)))
        asterisk.press(leg_id, digit)
        if asterisk.channels[leg_id].stage in {Stage.DIALLED, Stage.RINGING}:
            if data.draw(st.booleans()):
                asterisk.answer(leg_id)
            else:
                asterisk.ring(leg_id)

    @precondition(lambda self: self.driver.asterisk.channels)
    @rule(
        data=st.data(), cause=st.sampled_from([None, 0, 1, 16, 17, 19, 21, 34, 127]), code=st.sampled_from([None, 486])
    )
    def a_far_end_hangs_up(self, data: st.DataObject, cause: int | None, code: int | None) -> None:
        leg_id = data.draw(st.sampled_from(list(self.driver.asterisk.channels)))
        self.driver.asterisk.end(leg_id, cause=cause, sip_code=code)

    @precondition(lambda self: self.driver.asterisk.to_collect)
    @rule(is_lost=st.booleans())
    def the_collector_comes_back(self, is_lost: bool) -> None:
        self.driver.collect(is_lost=is_lost)

    @rule(tags=st.lists(st.sampled_from(["a", "b"]), max_size=2).map(tuple), is_hangup=st.booleans())
    def somebody_asks(self, tags: tuple[str, ...], is_hangup: bool) -> None:
        self.driver.feed(
            inputs.HangupRequested(actor=SOMEBODY) if is_hangup else inputs.UpdateRequested(actor=SOMEBODY, tags=tags)
        )

    @rule(fates=st.lists(st.sampled_from(Fate), min_size=1, max_size=4))
    def commands_will_fail(self, fates: list[Fate]) -> None:
        self.driver.fates += fates
        self.is_blind = True

    @precondition(lambda self: self.driver.asterisk.underway)
    @rule(data=st.data())
    def a_late_request_takes_effect(self, data: st.DataObject) -> None:
        self.driver.asterisk.catch_up(data.draw(st.integers(0, len(self.driver.asterisk.underway) - 1)))

    @rule(trouble=st.sampled_from(["service", "connection", "asterisk"]))
    def something_restarts(self, trouble: str) -> None:
        self.was_away = True
        match trouble:
            case "service":
                self.driver.restart_service()
            case "connection":
                self.driver.asterisk.said.clear()
                self.driver.reconcile()
            case _:
                self.driver.restart_asterisk()

    def teardown(self) -> None:
        if not hasattr(self, "driver"):
            return
        driver = self.driver
        driver.fates.clear()
        driver.drain()
        if self.is_blind:
            # What a lost event or an unclear command leaves, the next look finds.
            driver.hang_up_strays()
            driver.drain()
        assert driver.call.is_settled
        assert not driver.asterisk.channels
        assert not driver.asterisk.snoops
        assert not driver.asterisk.has_bridge or self.is_blind
        _check_whole(driver.call, driver.facts)
        if not self.is_blind and not self.was_away:
            _check_true(driver)


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(
    max_examples=150, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)


def _check_whole(call: Call, facts: list[Fact]) -> None:
    """The facts of a call that is over, from the first to the last."""
    assert isinstance(facts[0], CallCreated)
    (ended,) = [fact for fact in facts if isinstance(fact, CallEnded)]
    assert call.sequence == len(facts)
    assert ended.cdr.disposition == ended.disposition == call.outcome
    _check_sums(ended.cdr)
    started = [fact.recording_id for fact in facts if isinstance(fact, RecordingStarted)]
    settled = [fact.recording_id for fact in facts if isinstance(fact, RecordingSaved | RecordingFailed)]
    assert len(set(started)) == len(started)
    assert len(set(settled)) == len(settled)
    assert set(started) <= set(settled)


def _check_true(driver: Driver) -> None:
    """However late its events were heard, the call's instants and seconds are those that the far ends know."""
    answered, ended = driver.asterisk.answered, driver.asterisk.ended
    assert {leg.id: leg.answered_at for leg in driver.call.legs if leg.answered_at is not None} == answered
    assert {leg.id: leg.ended_at for leg in driver.call.legs if leg.ended_at is not None} == ended
    talked = 0.0
    if len(answered) == len(driver.call.legs):
        talked = max(0.0, (min(ended.values()) - max(answered.values())).total_seconds())
    assert abs(driver.ended.talk_seconds - talked) <= _ROUNDING
    dated = [happening.at for happening in driver.log]
    assert dated == sorted(dated)


def _check_sums(record: CdrRecord) -> None:
    assert min(record.ring_seconds, record.talk_seconds, record.duration_seconds) >= 0
    assert record.ring_seconds + record.talk_seconds <= record.duration_seconds + _ROUNDING
    instants = (record.created_at, record.ringing_at, record.answered_at, record.connected_at, record.ended_at)
    known = [instant for instant in instants if instant is not None]
    assert known == sorted(known)
    if record.connected_at is None:
        assert not record.talk_seconds


_CALLS = {
    (dial_first, mode): make_call(dial_first=dial_first, recording_mode=mode)
    for dial_first in LegRole
    for mode in RecordingMode
}
_INSTANTS = st.floats(-100, 4000).map(lambda seconds: NOON + timedelta(seconds=seconds))


def _any_command(call: Call) -> st.SearchStrategy[commands.Command]:
    leg_ids = st.sampled_from([leg.id for leg in call.legs])
    recording_ids = st.sampled_from([*(one.id for one in call.recordings), RecordingId("rec_none")])
    return st.one_of(
        st.builds(
            commands.CreateChannel,
            leg_id=leg_ids,
            endpoint=st.just("PJSIP/x"),
            shown_number=st.none(),
            shown_name=st.none(),
            lifetime_seconds=st.just(1.0),
        ),
        st.builds(commands.DialChannel, leg_id=leg_ids, timeout_seconds=st.just(1.0)),
        st.builds(commands.HangupChannel, leg_id=leg_ids),
        st.builds(commands.CreateBridge),
        st.builds(commands.JoinBridge, leg_id=leg_ids),
        st.builds(commands.DestroyBridge),
        st.builds(commands.VerifyLeg, leg_id=leg_ids),
        st.builds(commands.CreateSnoop, recording_id=recording_ids, leg_id=leg_ids),
        st.builds(commands.RecordSnoop, recording_id=recording_ids, roles=st.just((LegRole.AGENT,))),
        st.builds(commands.StopPart, recording_id=recording_ids),
        st.builds(commands.CollectRecording, recording_id=recording_ids),
        st.builds(commands.ForgetHangups, leg_ids=st.just(())),
    )


def _any_input(call: Call) -> st.SearchStrategy[Input]:
    leg_ids = st.sampled_from([leg.id for leg in call.legs])
    recording_ids = st.sampled_from([*(one.id for one in call.recordings), RecordingId("rec_none")])
    return st.one_of(
        st.builds(inputs.Start),
        st.builds(inputs.LegCreated, leg_id=leg_ids, channel_name=st.just("PJSIP/x")),
        st.builds(inputs.LegRinging, leg_id=leg_ids),
        st.builds(inputs.LegAnswered, leg_id=leg_ids),
        st.builds(inputs.LegDestroyed, leg_id=leg_ids, at=st.none() | _INSTANTS),
        st.builds(inputs.DtmfReceived, leg_id=leg_ids, digit=st.just("1"), duration_milliseconds=st.just(80)),
        st.builds(inputs.SnoopCreated, recording_id=recording_ids),
        st.builds(inputs.PartStarted, recording_id=recording_ids, at=_INSTANTS),
        st.builds(inputs.PartStopped, recording_id=recording_ids, failure=st.none() | st.just("disk full")),
        st.builds(
            inputs.RecordingCollected,
            recording_id=recording_ids,
            object_key=st.just("k"),
            duration_seconds=st.just(1.0),
            size_bytes=st.just(1),
            channels=st.just(1),
            sample_rate=st.just(8000),
            sha256=st.just("ab"),
        ),
        st.builds(inputs.RecordingLost, recording_id=recording_ids, reason=st.just("empty")),
        st.builds(inputs.TimerFired),
        st.builds(inputs.CommandFailed, command=_any_command(call), kind=st.sampled_from(FailureKind)),
        st.builds(inputs.HangupRequested, actor=st.just(SOMEBODY)),
        st.builds(inputs.UpdateRequested, actor=st.just(SOMEBODY), metadata=st.just((Pair(key="a", value="b"),))),
        st.builds(inputs.Recovered, blind_from=_INSTANTS, blind_until=_INSTANTS),
        st.builds(inputs.NodeLost),
    )


@given(
    data=st.data(),
    call=st.sampled_from(list(_CALLS.values())),
    has_begun=st.booleans(),
    seconds=st.lists(st.floats(0, 400), min_size=1, max_size=30),
)
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
def test_given_any_inputs_in_any_order_when_stepped_then_the_call_keeps_its_promises(
    data: st.DataObject, call: Call, has_begun: bool, seconds: list[float]
) -> None:
    events = data.draw(st.lists(_any_input(call), min_size=len(seconds), max_size=len(seconds)))
    facts: list[Fact] = []
    now = call.created_at
    if has_begun:
        events = [inputs.Start(), *events]
    for event, passed in zip(events, (0.0, *seconds), strict=False):
        now += timedelta(seconds=passed)
        before = call
        result = step(before, event, now, at=data.draw(st.none() | _INSTANTS))
        call = result.call
        assert {one.at for one in result.happenings} <= {now}
        for leg in call.legs:
            instants = (call.created_at, leg.dialing_at, leg.ringing_at, leg.answered_at, leg.ended_at, now)
            known = [instant for instant in instants if instant is not None]
            assert known == sorted(known)
        assert decode_call(msgspec.json.encode(call)) == call
        assert [one.sequence for one in result.happenings] == list(range(before.sequence + 1, call.sequence + 1))
        assert not before.is_ended or call.is_ended
        is_connected_after_all = call.connected_at is not None and before.connected_at is None
        assert not before.is_ending or call.end_reason == before.end_reason or is_connected_after_all
        assert not call.sequence or call.is_ended or call.timers
        facts += [one.fact for one in result.happenings]
    ends = [fact for fact in facts if isinstance(fact, CallEnded)]
    assert len(ends) == call.is_ended
    assert len([fact for fact in facts if isinstance(fact, CallCreated)]) == bool(facts)
    for ended in ends:
        _check_sums(ended.cdr)
    if facts:
        assert isinstance(facts[0], CallCreated)
