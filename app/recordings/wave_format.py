"""The WAV container: reading headers as they really come, and writing correct ones.

Asterisk writes a header with length 0 when it opens a file and mends it when it closes the file; after a crash the 0
is what stays. Programs that write to a pipe leave 0xFFFFFFFF or another length that cannot be. In all these cases the
samples reach to the end of the file.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from app.facts.stretches import Segment

SAMPLE_BYTES: Final = 2

#: How much of a file's start holds the header of any file this module reads.
HEADER_LIMIT: Final = 64 * 1024

_PCM: Final = 1
_EXTENSIBLE: Final = 0xFFFE
_SAMPLE_BITS: Final = 8 * SAMPLE_BYTES
_RIFF_HEADER: Final = 12
_CHUNK_HEADER: Final = 8
_FORMAT_BODY: Final = 16
_EXTENSIBLE_BODY: Final = 26
_DS64_BODY: Final = 28
_UNKNOWN_LENGTH: Final = 0xFFFFFFFF
_MOST_CHANNELS: Final = 2
_LEAST_RATE: Final = 8_000
_MOST_RATE: Final = 48_000
_SEGMENTS: Final = b"ofsg"
_LOST: Final = b"oflo"
#: More than any map takes.
TRAILER_LIMIT: Final = 1024 * 1024
_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(tuple[Segment, ...])
_LOST_DECODER: Final = msgspec.json.Decoder(float)


class AudioError(Exception):
    """A file is not audio that Offhook can use; the text says why, without quoting content. Trying again won't help."""


class EmptyAudioError(AudioError):
    """There is not one sample, or none that may be kept: it is to be deleted."""


@dataclass(frozen=True, slots=True)
class WaveLayout:
    """What a WAV file holds and where: ``frames`` samples per channel, 16-bit signed, from byte ``data_offset`` on."""

    channels: int
    sample_rate: int
    data_offset: int
    frames: int

    @property
    def duration_seconds(self) -> float:
        return self.frames / self.sample_rate

    @property
    def data_end(self) -> int:
        """The first byte after the samples."""
        return self.data_offset + self.frames * self.channels * SAMPLE_BYTES


def read_layout(head: bytes, file_size: int) -> WaveLayout:
    """The layout of a WAV file from its first bytes (HEADER_LIMIT of them are enough) and its size in bytes.

    A last half sample, or a sample for one channel only, is left out.

    Raises:
        AudioError: it is no WAV file, its header is cut off, or its samples are not 16-bit PCM, mono or stereo,
            8 to 48 kHz.
    """
    if len(head) < _RIFF_HEADER or head[:4] not in {b"RIFF", b"RF64"} or head[8:12] != b"WAVE":
        raise AudioError("The file is empty." if file_size == 0 else "The file has no WAV header.")
    at, form, long_length = _RIFF_HEADER, None, None
    while at + _CHUNK_HEADER <= len(head):
        name, length = struct.unpack_from("<4sI", head, at)
        body = at + _CHUNK_HEADER
        if name == b"data":
            if form is None:
                raise AudioError("The WAV header does not say what the samples are.")
            channels, rate = form
            left = max(0, file_size - body)
            if length == _UNKNOWN_LENGTH and long_length is not None:
                length = long_length
            size = length if 0 < length <= left else left
            return WaveLayout(channels, rate, body, size // (SAMPLE_BYTES * channels))
        if name == b"fmt ":
            form = _read_form(head[body : body + length])
        elif name == b"ds64" and len(head) >= body + _FORMAT_BODY:
            _riff_length, long_length = struct.unpack_from("<QQ", head, body)
        at = body + length + length % 2
    raise AudioError("The WAV header is cut off.")


def _read_form(body: bytes) -> tuple[int, int]:
    """Channels and sample rate from a format chunk."""
    if len(body) < _FORMAT_BODY:
        raise AudioError("The WAV header is cut off.")
    code, channels, rate, _bytes_per_second, _frame_bytes, bits = struct.unpack_from("<HHIIHH", body)
    if code == _EXTENSIBLE and len(body) >= _EXTENSIBLE_BODY:
        # The real code is the start of the sub-format's GUID.
        (code,) = struct.unpack_from("<H", body, _EXTENSIBLE_BODY - 2)
    if code != _PCM or bits != _SAMPLE_BITS:
        raise AudioError(f"The samples are not 16-bit PCM (format {code}, {bits} bits).")
    if not 1 <= channels <= _MOST_CHANNELS:
        raise AudioError(f"The file has {channels} channels.")
    if not _LEAST_RATE <= rate <= _MOST_RATE:
        raise AudioError(f"The sample rate is {rate} Hz.")
    return channels, rate


def write_header(channels: int, sample_rate: int, frames: int, *, trailer_bytes: int = 0) -> bytes:
    """The header of a 16-bit PCM file: RIFF, or RF64 (EBU Tech 3306) when it would pass RIFF's 4 GiB.

    ``trailer_bytes`` follow the samples, in chunks of their own.
    """
    frame_bytes = SAMPLE_BYTES * channels
    data_length = frames * frame_bytes
    form = struct.pack(
        "<4sIHHIIHH", b"fmt ", _FORMAT_BODY, _PCM, channels, sample_rate, sample_rate * frame_bytes, frame_bytes, 16
    )
    riff_length = 4 + len(form) + _CHUNK_HEADER + data_length + trailer_bytes
    if riff_length < _UNKNOWN_LENGTH:
        return struct.pack("<4sI4s", b"RIFF", riff_length, b"WAVE") + form + struct.pack("<4sI", b"data", data_length)
    riff_length += _CHUNK_HEADER + _DS64_BODY
    return (
        struct.pack("<4sI4s", b"RF64", _UNKNOWN_LENGTH, b"WAVE")
        + struct.pack("<4sIQQQI", b"ds64", _DS64_BODY, riff_length, data_length, frames, 0)
        + form
        + struct.pack("<4sI", b"data", _UNKNOWN_LENGTH)
    )


def write_segments(segments: Sequence[Segment]) -> bytes:
    """The chunk after the samples that holds the map of the file, so that the file alone tells all of the recording.

    Readers of WAV files pass over chunks that they do not know.
    """
    return _chunk(_SEGMENTS, _ENCODER.encode(segments))


def write_lost(seconds: float | None) -> bytes:
    """The chunk after the map that says how much sound is missing; nothing at all when that is not known."""
    return b"" if seconds is None else _chunk(_LOST, _ENCODER.encode(seconds))


def read_segments(trailer: bytes) -> tuple[Segment, ...]:
    """The map from what follows the samples; empty when there is none, or none that can be read."""
    body = _find_chunk(trailer, _SEGMENTS)
    try:
        return () if body is None else _DECODER.decode(body)
    except msgspec.DecodeError:  # not of our making, or cut off; the sound is none the worse for it
        return ()


def read_lost(trailer: bytes) -> float | None:
    """How many seconds of sound are missing, from what follows the samples; None when it does not say."""
    body = _find_chunk(trailer, _LOST)
    try:
        return None if body is None else _LOST_DECODER.decode(body)
    except msgspec.DecodeError:  # as above
        return None


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack("<4sI", name, len(body)) + body + b"\0" * (len(body) % 2)


def _find_chunk(trailer: bytes, wanted: bytes) -> bytes | None:
    at = 0
    while at + _CHUNK_HEADER <= len(trailer):
        name, length = struct.unpack_from("<4sI", trailer, at)
        body = at + _CHUNK_HEADER
        if name == wanted and body + length <= len(trailer):
            return trailer[body : body + length]
        at = body + length + length % 2
    return None
