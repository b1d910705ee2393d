"""Traces: what a machine took, done again, comes to the same; and what must not be in one is not."""

import json
from datetime import timedelta
from hashlib import sha256
from typing import Any, get_args

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from app.calls.core import commands, inputs
from app.calls.core.inputs import Input
from app.calls.core.machine import step
from app.calls.core.model.call import Call
from app.calls.core.turn import Happening
from app.calls.core.verbs import Play, SendDtmf, Verb
from app.calls.traces.keeper import pack, unpack
from app.calls.traces.masking import hide
from app.calls.traces.replay import UnreadableTraceError, replay
from app.calls.traces.trace import Trace, follow, note_exchange
from app.calls.traces.words import Document, Exchanged, FactLine, Final_, Snapshot, Taken, encode, tag, untag
from app.facts.vocabulary import LegRole, RecordingMode
from app.ids import LegId, PlaybackId
from app.ownership import wire
from tests.calls.making import NOON, SOMEBODY, make_call
from tests.calls.test_machine_any_order import _CALLS, _any_command, _any_input

_CALM = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
_DIGITS = "48159263"


def run_trace(call: Call, events: list[tuple[Input, float]], *, size: int = 600) -> tuple[Trace, list[Happening]]:
    trace, now = Trace(call, call.created_at, version="1", size=size), call.created_at
    told: list[Happening] = []
    for event, seconds in events:
        now += timedelta(seconds=seconds)
        trace.take(event, now, now)
        result = step(call, event, now, at=now)
        trace.come_of(result)
        for command in result.commands:
            trace.carry_out(command)
        call = result.call
        told += result.happenings
    return trace, told


def file_of(document: Document, told: list[Happening], *, numbers: bool = False) -> list[bytes]:
    """As the service writes it."""
    header = document.header
    if numbers:
        header = msgspec.structs.replace(header, masked=(*header.masked, "numbers"))
    facts = [
        FactLine(
            sequence=one.sequence,
            at=one.at,
            type=one.fact.type,
            actor=one.actor,
            data=one.fact,
            request_id=one.request_id,
        )
        for one in told
    ]
    lines: list[Any] = [
        header,
        Snapshot(call=document.before),
        *document.entries,
        *facts,
        Final_(call=document.after),
    ]
    return [encode(hide(msgspec.to_builtins(line), numbers=numbers)) for line in lines]


def story_of(call: Call) -> list[tuple[Input, float]]:
    first, second = call.legs
    return [
        (inputs.Start(), 0.0),
        (inputs.LegCreated(leg_id=first.id, channel_name="PJSIP/a"), 0.1),
        (inputs.LegAnswered(leg_id=first.id), 1.0),
        (inputs.LegCreated(leg_id=second.id, channel_name="PJSIP/b"), 0.1),
        (inputs.LegAnswered(leg_id=second.id), 2.0),
        *((inputs.DtmfReceived(leg_id=second.id, digit=digit, duration_milliseconds=80), 0.2) for digit in _DIGITS),
        (inputs.LegDestroyed(leg_id=second.id, cause=16, sip_code=None), 5.0),
        (inputs.LegDestroyed(leg_id=first.id, cause=16, sip_code=None), 0.1),
    ]


@given(data=st.data(), call=st.sampled_from(list(_CALLS.values())), is_masked=st.booleans())
@_CALM
def test_given_any_inputs_in_any_order_when_their_trace_is_done_again_then_it_comes_to_the_same(
    data: st.DataObject, call: Call, is_masked: bool
) -> None:
    events = data.draw(st.lists(st.tuples(_any_input(call), st.floats(0, 400)), max_size=30))
    trace, told = run_trace(call, [(inputs.Start(), 0.0), *events])
    done = replay(file_of(unpack(pack(trace.document())), told, numbers=is_masked))
    assert done.difference is None
    assert (done.inputs, done.facts, done.facts_missing) == (len(events) + 1, len(told), 0)


@given(data=st.data(), size=st.integers(1, 12))
@_CALM
def test_given_a_trace_without_room_when_done_again_then_what_is_left_comes_to_the_same(
    data: st.DataObject, size: int
) -> None:
    call = _CALLS[LegRole.AGENT, RecordingMode.BOTH]
    events = data.draw(st.lists(st.tuples(_any_input(call), st.floats(0, 400)), max_size=30))
    trace, told = run_trace(call, [(inputs.Start(), 0.0), *events], size=size)
    document = trace.document()
    assert len(document.entries) <= size
    done = replay(file_of(document, told))
    assert done.difference is None
    assert done.dropped >= len(events) + 1 - done.inputs


@given(data=st.data(), call=st.sampled_from(list(_CALLS.values())))
@_CALM
def test_given_any_input_or_command_when_written_and_read_then_it_is_the_same(data: st.DataObject, call: Call) -> None:
    event = data.draw(_any_input(call) | _any_command(call))
    assert untag(msgspec.json.decode(encode(tag(event)), type=type(tag(event)))) == event


@pytest.mark.parametrize("first", [LegRole.AGENT, LegRole.CUSTOMER])
def test_given_a_call_of_which_the_file_tells_something_else_when_done_again_then_the_first_difference_is_shown(
    first: LegRole,
) -> None:
    trace, told = run_trace(*_with_story(make_call(dial_first=first)))
    lines = file_of(trace.document(), told)
    assert replay(lines).difference is None
    at = next(number for number, line in enumerate(lines) if b'"call.ended"' in line)
    other = json.loads(lines[at])
    other["data"]["cdr"]["talkSeconds"] = 99.0
    difference = replay([*lines[:at], encode(other), *lines[at + 1 :]]).difference
    assert difference is not None
    assert difference.where.endswith("(call.ended).cdr.talkSeconds")
    assert (difference.recorded, difference.replayed) == (99.0, 6.6)


def test_given_a_final_state_that_is_another_when_done_again_then_its_field_is_shown() -> None:
    trace, told = run_trace(*_with_story(make_call()))
    document = trace.document()
    other = msgspec.structs.replace(document, after=msgspec.structs.replace(document.after, extension="9999"))
    difference = replay(file_of(other, told)).difference
    assert difference is not None
    assert (difference.where, difference.recorded, difference.replayed) == ("the final state.extension", "9999", "2001")


def test_given_pressed_keys_and_spoken_digits_when_traced_then_none_is_in_what_is_stored() -> None:
    call = make_call()
    leg_id = call.legs[1].id
    secret = "48159263"
    address = f"sound:http://offhook:8000/media/1800000000/{secret}/{secret}.wav"  # with it the sound can be fetched
    play = Play(playback_id=PlaybackId("pb_1"), media=(f"digits:{secret}", "sound:hello", address))
    send = SendDtmf(leg_id=leg_id, digits=secret, duration_milliseconds=80, between_milliseconds=80)
    story = story_of(call)
    story[-2:-2] = [
        (inputs.Requested(verb=play, actor=SOMEBODY), 0.1),
        (inputs.Requested(verb=send, actor=SOMEBODY), 0.1),
        (inputs.CommandFailed(command=_digits(leg_id, secret), kind=inputs.FailureKind.REFUSED, detail="no"), 0.1),
    ]
    trace, told = run_trace(call, story)
    document = trace.document()
    assert secret not in encode(document).decode()
    assert not [entry for entry in document.entries if isinstance(entry, Taken) and _digit_of(entry) in _DIGITS]
    assert document.after.dtmf == "x" * len(_DIGITS)
    assert b"sound:hello" in encode(document)
    assert b"sound:http://xxxx" in encode(document)
    done = replay(file_of(document, told))
    assert (done.difference, done.masked) == (None, ("digits",))


def _digits(leg_id: LegId, digits: str) -> commands.SendDigits:
    return commands.SendDigits(leg_id=leg_id, digits=digits, duration_milliseconds=80, between_milliseconds=80)


def _digit_of(entry: Taken) -> str:
    return str(getattr(entry.input, "digit", "-"))


def test_given_a_reader_without_pii_when_given_a_trace_then_no_number_or_name_is_in_it_and_it_is_done_again() -> None:
    trace, told = run_trace(*_with_story(make_call()))
    lines = file_of(trace.document(), told, numbers=True)
    text = b"\n".join(lines).decode()
    assert "15550100000" not in text
    assert "15550199999" not in text
    assert "Grace" not in text
    assert "+1********00" in text
    assert replay(lines).difference is None


def test_given_a_machine_that_fails_when_its_trace_is_done_again_then_it_fails_in_the_same_way() -> None:
    call = make_call()
    trace, told = run_trace(call, story_of(call)[:3])
    trace.take(inputs.LegAnswered(leg_id=LegId("leg_unknown")), NOON + timedelta(seconds=9), NOON)
    trace.fail(KeyError("leg_unknown"))
    lines = file_of(trace.document(), told)
    assert replay(lines).difference is None  # a leg that the call does not have is a KeyError of today's machine too
    unsaid = [line.replace(b',"raised":"KeyError"', b"") for line in lines]
    difference = replay(unsaid).difference
    assert difference is not None
    assert (difference.recorded, difference.replayed) == ("no error", "KeyError: 'leg_unknown'")


@pytest.mark.parametrize(
    ("cut", "said"),
    [
        (lambda lines: lines[:-1], "cut short"),
        (lambda lines: lines[1:], "Line 1"),
        (lambda lines: [*lines[:3], b"{", *lines[3:]], "Line 4"),
        (lambda lines: [lines[0].replace(b'"format":1', b'"format":2'), *lines[1:]], "form 1"),
        (lambda _: [], "cut short"),
    ],
)
def test_given_a_damaged_file_when_done_again_then_it_says_where(cut: Any, said: str) -> None:
    trace, told = run_trace(*_with_story(make_call()))
    with pytest.raises(UnreadableTraceError, match=said):
        replay(cut(file_of(trace.document(), told)))


def test_given_requests_in_a_calls_task_when_they_are_answered_then_they_are_in_its_trace_and_in_no_other() -> None:
    trace, other = (Trace(make_call(), NOON, version="1") for _ in range(2))
    follow(trace)
    note_exchange("POST /channels/{}/dial", 404, 0.25, "Channel not found")
    follow(None)
    note_exchange("GET /channels", 200, 0.1, None)
    (entry,) = trace.document().entries
    assert isinstance(entry, Exchanged)
    assert (entry.operation, entry.status, entry.latency_ms) == ("POST /channels/{}/dial", 404, 250.0)
    assert entry.error == "Channel not found"
    assert not other.document().entries


def test_given_a_trace_that_is_far_too_large_when_packed_then_what_can_be_done_again_is_kept() -> None:
    call = make_call()
    trace, told = run_trace(call, story_of(call))
    document = trace.document()
    noise = tuple(
        Exchanged(ms=n, operation=sha256(str(n).encode()).hexdigest(), latency_ms=n / 7) for n in range(20_000)
    )
    large = msgspec.structs.replace(document, entries=(*document.entries, *noise))
    kept = unpack(pack(large))
    assert kept.header.dropped >= len(noise)
    assert replay(file_of(kept, told)).difference is None


def _with_story(call: Call) -> tuple[Call, list[tuple[Input, float]]]:
    return call, story_of(call)


def test_given_every_kind_of_input_command_and_verb_when_it_holds_digits_then_the_trace_knows_to_hide_them() -> None:
    """Whoever adds another place for digits adds it to ``calls.traces.trace`` too."""
    holders = {
        kind.__name__
        for kind in (*get_args(Input), *get_args(commands.Command), *get_args(Verb))
        if {"digit", "digits", "dtmf", "media", "pin", "code", "otp"} & set(kind.__struct_fields__)
    }
    assert holders == {
        "DtmfReceived",
        "PromptReady",
        "SendDtmf",
        "SendDigits",
        "Play",
        "StartPlayback",
        "PressInStream",
    }


@given(data=st.data(), call=st.sampled_from(list(_CALLS.values())))
@_CALM
def test_given_a_trace_that_another_process_asked_for_when_it_comes_over_the_wire_then_it_is_the_same(
    data: st.DataObject, call: Call
) -> None:
    events = data.draw(st.lists(st.tuples(_any_input(call), st.floats(0, 400)), max_size=10))
    trace, _ = run_trace(call, [(inputs.Start(), 0.0), *events])
    document = trace.document()
    reply = wire.decode_reply(wire.encode(wire.Traced(document=document)).decode())
    assert reply == wire.Traced(document=document)
    assert wire.decode_reply(wire.encode(wire.Traced()).decode()) == wire.Traced()
