"""Whatever happens, in whatever order: a call ends once, and leaves nothing behind."""

from collections.abc import Sequence
from datetime import timedelta
from functools import cache

import hypothesis.strategies as st
import msgspec
from hypothesis import HealthCheck, given, settings

from app.calls.core import commands, inputs, verbs
from app.calls.core.inputs import FailureKind, Input
from app.calls.core.machine import step
from app.calls.core.model.call import Call, decode_call
from app.facts.calls import CallCreated, CallEnded, Fact
from app.facts.vocabulary import LegRole, Pair, RecordingMode
from app.ids import LegId, RecordingId
from tests.calls.any_order import AnyOrder, check_sums
from tests.calls.making import NOON, SOMEBODY, make_call

TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(
    max_examples=150, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)


_CALLS = {
    (dial_first, mode): make_call(dial_first=dial_first, recording_mode=mode)
    for dial_first in (LegRole.AGENT, LegRole.CUSTOMER)
    for mode in RecordingMode
}
_NUMBERS = st.integers(1, 3)
_INSTANTS = st.floats(-100, 4000).map(lambda seconds: NOON + timedelta(seconds=seconds))


def _any_command(call: Call) -> st.SearchStrategy[commands.Command]:
    return _commands_about(*_ids_of(call))


def _any_input(call: Call) -> st.SearchStrategy[Input]:
    return _inputs_about(*_ids_of(call))


def _ids_of(call: Call) -> tuple[tuple[LegId, ...], tuple[RecordingId, ...]]:
    recordings = (*(one.id for one in call.recordings), RecordingId("rec_none"))
    return tuple(leg.id for leg in call.legs), recordings


# Made once for the same ids: to make them for each example takes longer than all that is done with it.
@cache
def _commands_about(legs: Sequence[LegId], recordings: Sequence[RecordingId]) -> st.SearchStrategy[commands.Command]:
    leg_ids, recording_ids = st.sampled_from(legs), st.sampled_from(recordings)
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
        st.builds(commands.MuteParts, recording_id=recording_ids, parts=st.just(()), is_muted=st.booleans()),
        st.builds(commands.CollectRecording, recording_id=recording_ids),
        st.builds(commands.ForgetHangups, leg_ids=st.just(())),
    )


@cache
def _inputs_about(legs: Sequence[LegId], recordings: Sequence[RecordingId]) -> st.SearchStrategy[Input]:
    leg_ids, recording_ids = st.sampled_from(legs), st.sampled_from(recordings)
    return st.one_of(
        st.builds(inputs.Start),
        st.builds(inputs.LegCreated, leg_id=leg_ids, channel_name=st.just("PJSIP/x")),
        st.builds(inputs.LegRinging, leg_id=leg_ids),
        st.builds(inputs.LegAnswered, leg_id=leg_ids),
        st.builds(inputs.LegDestroyed, leg_id=leg_ids, at=st.none() | _INSTANTS),
        st.builds(inputs.DtmfReceived, leg_id=leg_ids, digit=st.just("1"), duration_milliseconds=st.just(80)),
        st.builds(inputs.SnoopCreated, recording_id=recording_ids, number=_NUMBERS),
        st.builds(inputs.PartStarted, recording_id=recording_ids, at=_INSTANTS, number=_NUMBERS),
        st.builds(
            inputs.PartStopped, recording_id=recording_ids, failure=st.none() | st.just("disk full"), number=_NUMBERS
        ),
        st.builds(
            inputs.Requested,
            verb=st.one_of(
                st.builds(verbs.StartRecording, recording_id=st.just(RecordingId("rec_new"))),
                st.builds(verbs.StopRecording, recording_id=recording_ids),
                st.builds(verbs.PauseRecording, recording_id=recording_ids),
                st.builds(verbs.ResumeRecording, recording_id=recording_ids),
                st.just(verbs.Hold()),
                st.just(verbs.Unhold()),
            ),
            actor=st.just(SOMEBODY),
        ),
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
        st.builds(inputs.CommandFailed, command=_commands_about(legs, recordings), kind=st.sampled_from(FailureKind)),
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
        check_sums(ended.cdr)
    if facts:
        assert isinstance(facts[0], CallCreated)
