"""The call detail record: its sums add up, whatever the instants were."""

from datetime import datetime, timedelta

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import given

from app.calls.core.model.call import Call
from app.calls.core.record import deciding_legs, make_record, seconds_between, talk_seconds
from app.facts.vocabulary import (
    CallState,
    Disposition,
    EndCode,
    EndParty,
    EndReason,
    LegRole,
    RecordingMode,
    RecordingState,
)
from tests.calls.making import NOON, make_call

#: Each of the three durations is rounded to a millisecond.
_ROUNDING = 0.0015
_SPANS = st.integers(0, 4_000_000_000).map(lambda microseconds: timedelta(microseconds=microseconds))


@st.composite
def _ended_calls(draw: st.DrawFn) -> Call:
    """A call whose legs got as far as they like, one after the other."""
    call = make_call(dial_first=draw(st.sampled_from([LegRole.AGENT, LegRole.CUSTOMER])))
    first, second = call.legs
    now = NOON

    def later() -> datetime:
        nonlocal now
        now += draw(_SPANS)
        return now

    stages = draw(st.integers(0, 7))
    fields: list[dict[str, datetime]] = [{}, {}]
    for number in range(stages):
        leg, name = divmod(number, 3)
        if leg < 2:
            fields[leg][("dialing_at", "ringing_at", "answered_at")[name]] = later()
    connected_at = fields[1].get("answered_at")
    ends = [later(), later()]
    if draw(st.booleans()):
        ends.reverse()
    legs = tuple(
        msgspec.structs.replace(leg, created_at=NOON, ended_at=end if known else None, **known)
        for leg, known, end in zip((first, second), fields, ends, strict=True)
    )
    return msgspec.structs.replace(
        call,
        legs=legs,
        state=CallState.ENDED,
        connected_at=connected_at,
        outcome=Disposition.ANSWERED,
        end_reason=EndReason(code=EndCode.HANGUP, party=EndParty.AGENT),
        ended_at=max((leg.ended_at for leg in legs if leg.ended_at), default=now),
    )


@given(_ended_calls())
def test_given_any_ended_call_when_recorded_then_its_parts_are_no_longer_than_the_whole(call: Call) -> None:
    assert call.ended_at is not None
    record = make_record(call, record_id="cdr_1", ended_at=call.ended_at, disposition=Disposition.ANSWERED)
    assert min(record.ring_seconds, record.talk_seconds, record.duration_seconds) >= 0
    assert record.ring_seconds + record.talk_seconds <= record.duration_seconds + _ROUNDING
    assert (record.talk_seconds > 0) <= (call.connected_at is not None)
    if call.connected_at is not None:
        first_end = min(leg.ended_at for leg in call.legs if leg.ended_at is not None)
        assert abs(record.talk_seconds - (first_end - call.connected_at).total_seconds()) <= _ROUNDING
    assert (record.agent, record.customer) == (call.leg_of(LegRole.AGENT).party, call.leg_of(LegRole.CUSTOMER).party)
    (decider,) = deciding_legs(call)
    assert (record.ringing_at, record.answered_at) == (decider.ringing_at, decider.answered_at)


@given(_SPANS, st.booleans())
def test_given_two_instants_when_the_time_between_is_asked_then_it_is_never_less_than_nothing(
    span: timedelta, is_reversed: bool
) -> None:
    start, end = (NOON + span, NOON) if is_reversed else (NOON, NOON + span)
    seconds = seconds_between(start, end)
    assert seconds == (0.0 if is_reversed else round(span.total_seconds(), 3))
    assert seconds_between(None, end) == seconds_between(start, None) == 0.0


def test_given_a_call_that_never_dialled_when_recorded_then_its_durations_are_nothing() -> None:
    call = msgspec.structs.replace(
        make_call(), end_reason=EndReason(code=EndCode.API_HANGUP, party=EndParty.SYSTEM), outcome=Disposition.CANCELLED
    )
    record = make_record(call, record_id="cdr_1", ended_at=NOON, disposition=Disposition.CANCELLED)
    assert (record.ring_seconds, record.talk_seconds, record.duration_seconds) == (0, 0, 0)
    assert talk_seconds(call) == 0


@pytest.mark.parametrize("state", RecordingState)
def test_given_a_recording_when_recorded_then_only_one_that_failed_is_left_out(state: RecordingState) -> None:
    call = make_call(recording_mode=RecordingMode.BOTH)
    (recording,) = call.recordings
    call = msgspec.structs.replace(
        call,
        recordings=(msgspec.structs.replace(recording, state=state),),
        end_reason=EndReason(code=EndCode.HANGUP, party=EndParty.AGENT),
    )
    record = make_record(call, record_id="cdr_1", ended_at=NOON, disposition=Disposition.ANSWERED)
    assert record.recording_ids == (() if state is RecordingState.FAILED else (recording.id,))


def test_given_a_call_whose_end_is_not_decided_when_recorded_then_that_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="end reason"):
        make_record(make_call(), record_id="cdr_1", ended_at=NOON, disposition=Disposition.FAILED)
