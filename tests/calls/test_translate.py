"""From Asterisk's events to inputs: ours are understood, everybody else's give nothing."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ari.signals import decode_signal
from app.calls.arrival import Arrival
from app.calls.core import inputs
from app.calls.hearing.translate import Addressed, translate
from app.calls.names import bridge_of, call_in, channel_of, hangup_memory, leg_in, recorded_part, snoop_of
from app.facts.vocabulary import AnsweredBy, LegRole
from app.ids import CallId, Kind, LegId, RecordingId, new_id
from tests.calls.standing_in_asterisk import channel_json, live_recording_json

# Written out: they are in the names of tests, which every worker must call the same.
_LEG = LegId("leg_01k3v7q2h4n8r6t0w5y9abcdef")
_RECORDING = RecordingId("rec_01k3v7q2h4n8r6t0w5y9abcdef")
_CALL = CallId("call_01k3v7q2h4n8r6t0w5y9abcdef")
_CHANNEL = channel_of("n1", _LEG)
_SNOOP = snoop_of("n1", _RECORDING, LegRole.CUSTOMER)
_AT = datetime(2026, 3, 2, 12, 0, 1, 500_000, tzinfo=UTC)
_SIDE: dict[str, Any] = {"recording_id": _RECORDING, "role": LegRole.CUSTOMER}

_NODES = st.from_regex(r"[a-z0-9][a-z0-9-]{0,10}", fullmatch=True)


def _event(kind: str, **fields: Any) -> bytes:
    common = {"type": kind, "application": "offhook", "timestamp": "2026-03-02T12:00:01.500+0000", "asterisk_id": "a"}
    return orjson.dumps(common | fields)


def _on_channel(kind: str, channel_id: str, state: str = "Up", **fields: Any) -> bytes:
    return _event(kind, channel=channel_json(channel_id, state), **fields)


def _translated(message: bytes, node: str = "n1") -> Addressed | None:
    addressed = translate(node, decode_signal(message))
    assert not isinstance(addressed, Arrival)
    return addressed


def _dial(status: str, peer: str = _CHANNEL) -> bytes:
    return _event("Dial", peer=channel_json(peer), dialstatus=status, forward="", dialstring="x")


@pytest.mark.parametrize(
    ("message", "subject_id", "expected"),
    [
        (
            _on_channel("StasisStart", _CHANNEL, "Down", args=["leg"]),
            _LEG,
            inputs.LegCreated(leg_id=_LEG, channel_name=f"PJSIP/{_CHANNEL[-6:]}"),
        ),
        (_on_channel("StasisStart", _SNOOP, args=["snoop"]), _RECORDING, inputs.SnoopCreated(**_SIDE)),
        (_on_channel("ChannelStateChange", _CHANNEL, "Ringing"), _LEG, inputs.LegRinging(leg_id=_LEG)),
        (_on_channel("ChannelStateChange", _CHANNEL, "Up"), _LEG, inputs.LegAnswered(leg_id=_LEG)),
        (_dial("RINGING"), _LEG, inputs.LegRinging(leg_id=_LEG)),
        (_dial("PROGRESS"), _LEG, inputs.LegRinging(leg_id=_LEG)),
        (_dial("ANSWER"), _LEG, inputs.LegAnswered(leg_id=_LEG)),
        (
            _on_channel("ChannelDestroyed", _CHANNEL, cause=17, cause_txt="User busy", tech_cause=486),
            _LEG,
            inputs.LegDestroyed(leg_id=_LEG, cause=17, sip_code=486),
        ),
        (
            _on_channel("ChannelDestroyed", _CHANNEL, cause=16, cause_txt="Normal"),
            _LEG,
            inputs.LegDestroyed(leg_id=_LEG, cause=16),
        ),
        (
            _on_channel("ChannelDtmfReceived", _CHANNEL, digit="#", duration_ms=90),
            _LEG,
            inputs.DtmfReceived(leg_id=_LEG, digit="#", duration_milliseconds=90),
        ),
        (
            _event("RecordingStarted", recording=live_recording_json(_SNOOP)),
            _RECORDING,
            inputs.PartStarted(**_SIDE, at=_AT),
        ),
        (
            _event("RecordingFinished", recording=live_recording_json(_SNOOP)),
            _RECORDING,
            inputs.PartStopped(**_SIDE, at=_AT),
        ),
        (
            _event("RecordingFailed", recording=live_recording_json(_SNOOP)),
            _RECORDING,
            inputs.PartStopped(**_SIDE, failure="Asterisk could not write the recording"),
        ),
    ],
)
def test_given_an_event_of_ours_when_translated_then_it_is_the_input_of_its_call_at_asterisks_instant(
    message: bytes, subject_id: str, expected: inputs.Input
) -> None:
    assert _translated(message) == Addressed(subject_id, expected, _AT)
    assert _translated(message, node="n2") is None


_OTHERS = [
    "1700000000.1",
    "ofk.n2." + _LEG,
    "ofk.n1.",
    "ofk.n1.leg_short",
    f"{_CHANNEL}-agent",
    f"{_CHANNEL}-",
    f"{_CHANNEL};2",
    f" {_CHANNEL}",
    bridge_of("n1", _CALL),
    f"ofk.n1.{_RECORDING}",
    f"ofk.n1.{_RECORDING}-nobody",
]


@pytest.mark.parametrize("name", _OTHERS)
def test_given_a_channel_or_recording_that_is_none_of_ours_when_translated_then_it_gives_nothing(name: str) -> None:
    for message in (
        _on_channel("StasisStart", name, args=[]),
        _on_channel("ChannelStateChange", name, "Up"),
        _on_channel("ChannelStateChange", name, "Ringing"),
        _on_channel("ChannelDestroyed", name, cause=16, cause_txt=""),
        _on_channel("ChannelDtmfReceived", name, digit="1", duration_ms=1),
        _dial("RINGING", name),
        _dial("ANSWER", name),
        _event("RecordingStarted", recording=live_recording_json(name)),
        _event("RecordingFinished", recording=live_recording_json(name)),
        _event("RecordingFailed", recording=live_recording_json(name)),
    ):
        assert _translated(message) is None


@pytest.mark.parametrize(
    "message",
    [
        _on_channel("ChannelStateChange", _CHANNEL, "Down"),
        _on_channel("StasisEnd", _CHANNEL),
        _dial(""),
        _dial("BUSY"),  # what ended it comes with the channel's end
        _dial("NOANSWER"),
        b"not json",
        b'{"type": "Invented"}',
    ],
)
def test_given_an_event_that_changes_no_call_when_translated_then_it_gives_nothing(message: bytes) -> None:
    assert _translated(message) is None


@given(_NODES)
def test_given_any_node_when_names_are_made_then_they_are_read_back_as_what_they_were_made_of(node: str) -> None:
    call_id, leg_id, recording_id = (
        CallId(new_id(Kind.CALL)),
        LegId(new_id(Kind.LEG)),
        RecordingId(new_id(Kind.RECORDING)),
    )
    assert leg_in(node, channel_of(node, leg_id)) == leg_id
    assert call_in(node, bridge_of(node, call_id)) == call_id
    for role in (LegRole.AGENT, LegRole.CUSTOMER):
        for number in (1, 2, 13, 128):
            assert recorded_part(node, snoop_of(node, recording_id, role, number)) == (recording_id, role, number)
    names = [channel_of(node, leg_id), bridge_of(node, call_id), snoop_of(node, recording_id, LegRole.AGENT)]
    assert [leg_in(node, name) is not None for name in names] == [True, False, False]
    assert [call_in(node, name) is not None for name in names] == [False, True, False]
    assert [recorded_part(node, name) is not None for name in names] == [False, False, True]
    assert hangup_memory(channel_of(node, leg_id)) == f"hup_ofk.{node}.{leg_id}"


def test_given_the_names_of_all_parts_when_compared_then_none_begins_with_another() -> None:
    """Asterisk takes two channels for one when the id of the later begins with that of the earlier."""
    sides = (LegRole.AGENT, LegRole.CUSTOMER)
    names = [snoop_of("n1", _RECORDING, role, number) for role in sides for number in range(1, 129)]
    assert not [(one, other) for one in names for other in names if one != other and one.startswith(other)]
    assert snoop_of("n1", _RECORDING, LegRole.AGENT) == f"ofk.n1.{_RECORDING}-agent", (
        "as it was before there were numbers"
    )


@given(_NODES, _NODES)
def test_given_two_nodes_when_one_reads_the_others_names_then_it_sees_nothing(node: str, other: str) -> None:
    if node != other:
        assert leg_in(node, channel_of(other, _LEG)) is None
        assert recorded_part(node, snoop_of(other, _RECORDING, LegRole.AGENT)) is None


@given(st.text() | st.text().map(lambda text: f"ofk.n1.{text}"))
def test_given_any_text_when_read_as_a_name_then_it_is_none_of_ours(text: str) -> None:
    assert leg_in("n1", text) is None
    assert call_in("n1", text) is None
    assert recorded_part("n1", text) is None


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (["SUCCESS", "200"], {"is_done": True, "sip_code": 200}),
        (["SUCCESS", ""], {"is_done": True}),
        (["FAILURE", "486"], {"sip_code": 486}),
        (["TIMEOUT", ""], {"is_timed_out": True}),
        (["UNSUPPORTED", "9999"], {}),
        ([], {}),
    ],
)
def test_given_a_leg_that_was_lent_to_the_dialplan_when_it_is_back_then_what_its_device_said_is_told(
    said: list[str], expected: dict[str, Any]
) -> None:
    message = _on_channel("StasisStart", _CHANNEL, args=["referred", *said])
    assert _translated(message) == Addressed(_LEG, inputs.LegReferred(leg_id=_LEG, **expected), _AT)
    assert _translated(_on_channel("StasisStart", "somebody.1", args=["referred", *said])) is None


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (["HUMAN", "HUMAN-800-800", ""], {"answered_by": AnsweredBy.HUMAN, "cause": "HUMAN-800-800"}),
        (
            ["MACHINE", "MAXWORDS-3-2", "SILENCE"],
            {"answered_by": AnsweredBy.MACHINE, "cause": "MAXWORDS-3-2", "is_after_beep": True},
        ),
        (["MACHINE", "LONGGREETING-1", "TIMEOUT"], {"answered_by": AnsweredBy.MACHINE, "cause": "LONGGREETING-1"}),
        (["NOTSURE", "TOOLONG-5000"], {"answered_by": AnsweredBy.UNKNOWN, "cause": "TOOLONG-5000"}),
        (["HANGUP", "x" * 100], {"answered_by": AnsweredBy.UNKNOWN, "cause": "x" * 64}),
        ([], {"answered_by": AnsweredBy.UNKNOWN, "cause": ""}),
    ],
)
def test_given_a_leg_that_was_lent_to_find_out_what_answered_when_it_is_back_then_the_verdict_is_told(
    said: list[str], expected: dict[str, Any]
) -> None:
    message = _on_channel("StasisStart", _CHANNEL, args=["amd", *said])
    assert _translated(message) == Addressed(_LEG, inputs.LegDetected(leg_id=_LEG, **expected), _AT)
    assert _translated(_on_channel("StasisStart", "somebody.1", args=["amd", *said])) is None
