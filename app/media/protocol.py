"""What is said between Offhook and a program at a media stream's other end: docs/reference/media-streams.md in code.

Sound goes in binary messages, all else as JSON objects in text messages, told apart by ``event``. Pure.
"""

from typing import Any, Final, TypeAlias

import msgspec

from app.facts.vocabulary import MediaStreamEnd
from app.media.model import FRAME_MILLISECONDS, Sound, StreamJob

#: Of the protocol; what is added to it raises no number, for readers ignore what they do not know.
VERSION: Final = 1
LONGEST_TEXT_BYTES: Final = 4096
LONGEST_BINARY_BYTES: Final = 1_048_576
LONGEST_NAME: Final = 128
LONGEST_OUTCOME: Final = 64


class ProtocolError(Exception):
    """The program said what cannot be understood. The text says what, and may be shown."""


class Mark(msgspec.Struct, frozen=True, tag="mark"):
    """Say when all sound that was sent before this has been heard."""

    name: str


class Clear(msgspec.Struct, frozen=True, tag="clear"):
    """Drop all that has not been heard yet."""


class Stop(msgspec.Struct, frozen=True, tag="stop"):
    """The program is done: the caller goes on without it. ``outcome`` is its word for how it went."""

    outcome: str | None = None


FromProgram: TypeAlias = Mark | Clear | Stop


class _Message(msgspec.Struct, frozen=True):
    event: str
    name: str | None = None
    outcome: str | None = None


_decode: Final = msgspec.json.Decoder(_Message).decode
_encode: Final = msgspec.json.Encoder().encode


def read_message(text: bytes) -> FromProgram | None:
    """What a text message says; None for an event that this version does not know.

    Raises:
        ProtocolError: it is no such message.
    """
    if len(text) > LONGEST_TEXT_BYTES:
        raise ProtocolError(f"a text message is longer than {LONGEST_TEXT_BYTES} bytes")
    try:
        message = _decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise ProtocolError("a text message is no JSON object with an event") from error
    match message.event:
        case "mark":
            return Mark(_read_text(message.name, "a mark's name", LONGEST_NAME))
        case "clear":
            return Clear()
        case "stop":
            word = message.outcome
            return Stop(None if word is None else _read_text(word, "an outcome", LONGEST_OUTCOME))
        case _:
            return None


def _read_text(text: str | None, what: str, longest: int) -> str:
    if text is None or not text or len(text) > longest or not text.isprintable():
        raise ProtocolError(f"{what} has 1 to {longest} printable characters")
    return text


def signed_content(url: str) -> bytes:
    """What a connection's signature is over: its URL as JSON, since what verifies webhooks takes nothing else."""
    return _encode(url)


def write_start(job: StreamJob) -> bytes:
    """The first message: what this stream is."""
    return _write(
        "start",
        version=VERSION,
        streamId=job.stream_id,
        callId=job.call_id,
        legId=job.leg_id,
        format={
            "encoding": "pcm_s16le",
            "sampleRate": job.sample_rate,
            "channels": 1,
            "frameMilliseconds": FRAME_MILLISECONDS,
            "frameBytes": Sound(job.sample_rate).frame_bytes,
        },
        parameters=dict(job.parameters),
    )


def write_digit(digit: str, duration_milliseconds: int) -> bytes:
    """A key was pressed."""
    return _write("dtmf", digit=digit, durationMilliseconds=duration_milliseconds)


def write_mark(name: str, *, is_heard: bool) -> bytes:
    """A mark was reached, or what it marks was dropped before."""
    return _write("mark", name=name, state="REACHED" if is_heard else "CLEARED")


def write_gap(direction: str, milliseconds: int) -> bytes:
    """Sound was lost: ``FROM_CALL``, the program did not read in time; ``TO_CALL``, it sent more than is kept."""
    return _write("gap", direction=direction, milliseconds=milliseconds)


def write_stop(reason: MediaStreamEnd) -> bytes:
    """The last message: why nothing follows."""
    return _write("stop", reason=reason.value)


def _write(event: str, **fields: Any) -> bytes:
    return _encode({"event": event, **fields})
