"""The few fields that move calls, read as the full reader reads them, and nothing raised whatever comes."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ari.events import KNOWN_EVENT_TYPES, MalformedEvent, UnknownEvent, decode_event
from app.ari.signals import READ_EVENT_TYPES, UNREAD_EVENT_TYPES, decode_signal
from bench.dispatch.record import read_stream
from tests.ari.event_server import channel_json, event_json

_RECORDING = {"name": "r", "format": "wav", "state": "recording", "target_uri": "channel:c"}
_PLAYBACK = {"id": "p", "media_uri": "sound:beep", "target_uri": "channel:c", "state": "done"}
_FIELDS: dict[str, dict[str, Any]] = {
    "StasisStart": {"channel": channel_json(), "args": ["leg"]},
    "ChannelStateChange": {"channel": channel_json()},
    "Dial": {"peer": channel_json(), "dialstatus": "RINGING", "forward": "", "dialstring": "x"},
    "ChannelDestroyed": {"channel": channel_json(), "cause": 17, "cause_txt": "Busy", "tech_cause": 486},
    "ChannelDtmfReceived": {"channel": channel_json(), "digit": "#", "duration_ms": 90},
    "RecordingStarted": {"recording": _RECORDING},
    "RecordingFinished": {"recording": _RECORDING},
    "RecordingFailed": {"recording": _RECORDING},
    "PlaybackStarted": {"playback": _PLAYBACK},
    "PlaybackFinished": {"playback": _PLAYBACK},
}


def _assert_agrees(signal: Any, event: Any) -> None:
    """What the signal says, the event says; the event says more."""
    for name in signal.__struct_fields__:
        told, full = getattr(signal, name), getattr(event, name)
        if hasattr(told, "__struct_fields__"):
            _assert_agrees(told, full)
        else:
            assert told == full


@pytest.mark.parametrize("kind", sorted(READ_EVENT_TYPES))
def test_given_an_event_that_moves_calls_when_read_then_it_says_what_the_full_reader_says(kind: str) -> None:
    message = event_json(kind, **_FIELDS[kind]).encode()

    signal = decode_signal(message)

    assert type(signal).__name__ == kind
    _assert_agrees(signal, decode_event(message))


def test_given_the_recorded_stream_when_read_then_both_readers_agree_on_every_event() -> None:
    for message in read_stream():
        signal, event = decode_signal(message), decode_event(message)
        assert type(signal).__name__ == type(event).__name__
        _assert_agrees(signal, event)


@pytest.mark.parametrize("kind", sorted(KNOWN_EVENT_TYPES - READ_EVENT_TYPES))
def test_given_an_event_that_moves_no_call_when_read_then_it_is_its_type_and_nothing_else(kind: str) -> None:
    signal = decode_signal(json.dumps({"channel": {"id": 7}, "type": kind}).encode())

    assert type(signal).__name__ == kind
    assert signal.__struct_fields__ == ()


def test_given_all_types_when_sorted_then_only_those_read_and_our_replacement_are_wanted() -> None:
    assert set(_FIELDS) == READ_EVENT_TYPES
    assert READ_EVENT_TYPES | UNREAD_EVENT_TYPES | {"ApplicationReplaced"} == KNOWN_EVENT_TYPES


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        (b'{"type": "Levitated"}', UnknownEvent),
        (b'{"type": "Levitated", "x": tru', MalformedEvent),
        (b'{"type": "Dial"}', MalformedEvent),
        (b'{"type": "StasisEnd", "x": tru', MalformedEvent),
        (b"[" * 100_000, MalformedEvent),
        (b"\xff", MalformedEvent),
        (b"", MalformedEvent),
    ],
)
def test_given_what_is_no_event_when_read_then_it_is_unknown_or_malformed(message: bytes, kind: type) -> None:
    assert isinstance(decode_signal(message), kind)


@given(st.binary())
def test_given_any_bytes_when_read_then_nothing_is_raised(message: bytes) -> None:
    decode_signal(message)
