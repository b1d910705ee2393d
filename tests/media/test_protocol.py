"""What a program may say, and what it is told."""

import json

import pytest

from app.facts.vocabulary import MediaStreamEnd
from app.media import protocol
from app.media.model import StreamJob
from app.media.protocol import Clear, FromProgram, Mark, ProtocolError, Stop, read_message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"event":"mark","name":"end of greeting"}', Mark("end of greeting")),
        ('{"event":"clear","name":null}', Clear()),
        ('{"event":"stop"}', Stop()),
        ('{"event":"stop","outcome":"sales","more":[1,2]}', Stop("sales")),
        ('{"event":"something newer","anything":{"at":"all"}}', None),
    ],
)
def test_given_a_message_when_read_then_it_is_what_it_says_and_what_is_not_known_is_left(
    text: str, said: FromProgram | None
) -> None:
    assert read_message(text.encode()) == said


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{}",
        '{"event":1}',
        '{"event":"mark"}',
        '{"event":"mark","name":""}',
        '{"event":"mark","name":"a\\nb"}',
        '{"event":"mark","name":"' + "x" * 129 + '"}',
        '{"event":"mark","name":7}',
        '{"event":"stop","outcome":"' + "x" * 65 + '"}',
        '{"event":"stop","outcome":"\\u2028"}',
        '{"event":"clear"' + " " * 5000 + "}",
        "{" * 5000,
        "\x00",
    ],
)
def test_given_what_is_no_message_when_read_then_it_is_refused_in_words_that_may_be_shown(text: str) -> None:
    with pytest.raises(ProtocolError) as refused:
        read_message(text.encode())
    assert "{" not in str(refused.value)


def test_given_bytes_that_are_no_text_when_read_then_they_are_refused() -> None:
    with pytest.raises(ProtocolError):
        read_message(b'{"event":"\xff\xfe"}')


def test_given_a_stream_when_it_begins_and_goes_on_then_the_program_is_told_as_documented() -> None:
    job = StreamJob(
        stream_id="strm_1",
        call_id="call_1",
        leg_id="leg_1",
        account_id="acc_1",
        url="wss://bot.example/talk",
        sample_rate=16000,
        parameters={"language": "de", "case": "4711"},
    )
    assert json.loads(protocol.write_start(job)) == {
        "event": "start",
        "version": 1,
        "streamId": "strm_1",
        "callId": "call_1",
        "legId": "leg_1",
        "format": {
            "encoding": "pcm_s16le",
            "sampleRate": 16000,
            "channels": 1,
            "frameMilliseconds": 20,
            "frameBytes": 640,
        },
        "parameters": {"language": "de", "case": "4711"},
    }
    told = [
        protocol.write_digit("#", 120),
        protocol.write_mark("a", is_heard=True),
        protocol.write_mark("a", is_heard=False),
        protocol.write_gap("FROM_CALL", 40),
        protocol.write_stop(MediaStreamEnd.LEG_ENDED),
    ]
    assert [json.loads(one) for one in told] == [
        {"event": "dtmf", "digit": "#", "durationMilliseconds": 120},
        {"event": "mark", "name": "a", "state": "REACHED"},
        {"event": "mark", "name": "a", "state": "CLEARED"},
        {"event": "gap", "direction": "FROM_CALL", "milliseconds": 40},
        {"event": "stop", "reason": "LEG_ENDED"},
    ]
    assert protocol.signed_content("wss://bot.example/talk?a=b&c=d") == b'"wss://bot.example/talk?a=b&c=d"'
