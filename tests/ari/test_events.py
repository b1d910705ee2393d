import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.ari.events import (
    KNOWN_EVENT_TYPES,
    ChannelDestroyed,
    MalformedEvent,
    StasisStart,
    UnknownEvent,
    decode_event,
)
from tests.ari.event_server import channel_json, event_json

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def test_given_a_known_event_when_decoded_then_it_is_typed() -> None:
    event = decode_event(event_json("StasisStart", args=["agent", "1"], channel=channel_json("ofh-7")))

    assert isinstance(event, StasisStart)
    assert event.args == ("agent", "1")
    assert event.channel.id == "ofh-7"
    assert event.replace_channel is None
    assert event.channel.creationtime == datetime(2026, 1, 2, 2, 4, 5, 678000, tzinfo=UTC)


def test_given_fields_nobody_knows_when_decoded_then_they_are_ignored() -> None:
    channel = channel_json() | {"shoe_size": 43, "caller": {"name": "A", "number": "1", "mood": "good"}}

    event = decode_event(
        event_json("ChannelDestroyed", cause=16, cause_txt="Normal Clearing", channel=channel, phase_of_moon=None)
    )

    assert isinstance(event, ChannelDestroyed)
    assert event.tech_cause is None
    assert event.channel.caller.name == "A"


def test_given_a_type_nobody_knows_when_decoded_then_it_is_unknown_with_its_content() -> None:
    event = decode_event(event_json("ChannelLevitated", height=3))

    assert isinstance(event, UnknownEvent)
    assert event.type == "ChannelLevitated"
    assert event.raw["height"] == 3


def test_given_a_known_type_without_its_channel_when_decoded_then_it_is_malformed_and_says_which() -> None:
    event = decode_event(event_json("ChannelDestroyed", cause=16, cause_txt="x"))

    assert isinstance(event, MalformedEvent)
    assert event.event_type == "ChannelDestroyed"
    assert "channel" in event.reason


@pytest.mark.parametrize(
    "message",
    [
        "",
        "hello",
        "{",
        "[]",
        "null",
        '"StasisStart"',
        "{}",
        '{"type": 7}',
        "[" * 100_000,
        "\ud800",
        b"\xff\xfe",
        b"\x00",
    ],
)
def test_given_something_that_is_no_event_when_decoded_then_it_is_malformed(message: str | bytes) -> None:
    assert isinstance(decode_event(message), MalformedEvent)


def test_given_a_known_start_and_a_broken_end_when_decoded_then_it_is_malformed() -> None:
    assert isinstance(decode_event('{"type": "Levitated", "x": tru'), MalformedEvent)


def test_given_a_huge_malformed_message_when_kept_then_only_its_beginning_is_and_its_repr_shows_none_of_it() -> None:
    event = decode_event("4111111111111111 " * 1_000_000)

    assert isinstance(event, MalformedEvent)
    assert len(event.raw) == 2_000
    assert "4111" not in repr(event)


@given(st.text() | st.binary())
@example('{"type":"StasisStart","application":"a","timestamp":"9999-99-99T99:99:99"}')
def test_given_any_text_when_decoded_then_nothing_is_raised(message: str | bytes) -> None:
    decode_event(message)


@given(st.sampled_from(sorted(KNOWN_EVENT_TYPES)) | st.text(), st.dictionaries(st.text(), JSON_VALUES), JSON_VALUES)
def test_given_any_json_object_with_a_type_when_decoded_then_nothing_is_raised(
    event_type: str, fields: dict[str, Any], channel: object
) -> None:
    message = {"application": "a", "timestamp": "2026-01-01T00:00:00+00:00", "channel": channel, **fields}

    decode_event(json.dumps(message | {"type": event_type}))
