import struct
from pathlib import Path

import pytest
import soundfile  # type: ignore[import-untyped]  # it ships no types
from hypothesis import given
from hypothesis import strategies as st

from app.recordings.wave_format import HEADER_LIMIT, AudioError, WaveLayout, read_layout, write_header


def with_length(data_length: int, samples: bytes = b"") -> bytes:
    header = bytearray(write_header(1, 8000, 0))
    struct.pack_into("<I", header, 40, data_length)
    return bytes(header) + samples


@pytest.mark.parametrize(
    ("said", "samples", "frames"),
    [
        pytest.param(0, b"\1\0" * 500, 500, id="Asterisk crashed before it mended the length"),
        pytest.param(0, b"", 0, id="nothing was recorded"),
        pytest.param(0xFFFFFFFF, b"\1\0" * 500, 500, id="written to a pipe"),
        pytest.param(0x7FFFF000, b"\1\0" * 500, 500, id="a length beyond the file"),
        pytest.param(1000, b"\1\0" * 400, 400, id="cut off"),
        pytest.param(800, b"\1\0" * 400 + b"LIST\4\0\0\0INFO", 400, id="another chunk after the samples"),
        pytest.param(801, b"\1\0" * 400 + b"\1", 400, id="half a sample at the end"),
        pytest.param(0, b"\1", 0, id="half a sample alone"),
    ],
)
def test_given_a_header_with_this_length_then_the_samples_are_those_in_the_file(
    said: int, samples: bytes, frames: int
) -> None:
    data = with_length(said, samples)

    assert read_layout(data, len(data)) == WaveLayout(1, 8000, 44, frames)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(b"", "empty", id="empty file"),
        pytest.param(b"RIFF", "no WAV header", id="four bytes"),
        pytest.param(b"OggS" + bytes(100), "no WAV header", id="another container"),
        pytest.param(write_header(1, 8000, 10)[:20], "cut off", id="cut in the format"),
        pytest.param(write_header(1, 8000, 10)[:40], "cut off", id="cut in the data chunk's header"),
        pytest.param(b"RIFF\0\0\0\0WAVEdata\0\0\0\0", "what the samples are", id="no format"),
        pytest.param(b"RIFF\0\0\0\0WAVEjunk\xff\xff\xff\xff" + bytes(50), "cut off", id="endless junk chunk"),
        pytest.param(
            b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0" + struct.pack("<HHIIHH", 7, 1, 8000, 8000, 1, 8), "16-bit", id="µ-law"
        ),
        pytest.param(
            b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0" + struct.pack("<HHIIHH", 1, 6, 8000, 96000, 12, 16),
            "6 channels",
            id="six channels",
        ),
        pytest.param(
            b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0" + struct.pack("<HHIIHH", 1, 1, 0, 0, 2, 16), "0 Hz", id="no sample rate"
        ),
        pytest.param(b"RIFF\0\0\0\0WAVEfmt \2\0\0\0\1\0", "cut off", id="a format too short"),
    ],
)
def test_given_what_is_no_usable_audio_when_read_then_the_reason_is_said(data: bytes, reason: str) -> None:
    with pytest.raises(AudioError, match=reason):
        read_layout(data, len(data))


@given(st.binary(max_size=200), st.integers(0, 2**40))
def test_given_any_bytes_when_read_then_it_is_a_layout_or_an_audio_error(data: bytes, more: int) -> None:
    for start in (b"", b"RIFF\0\0\0\0WAVE", b"RF64\0\0\0\0WAVEds64", write_header(1, 8000, 3)[:36]):
        try:
            layout = read_layout(start + data, len(start + data) + more)
        except AudioError:
            continue
        assert layout.data_offset + layout.frames * 2 * layout.channels <= len(start + data) + more


@pytest.mark.parametrize("name", ["WAV", "WAVEX", "RF64"])
def test_given_a_file_of_libsndfile_when_read_then_its_layout_is_found(name: str, tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, [[0.0, 0.5]] * 77, 16000, subtype="PCM_16", format=name)
    data = path.read_bytes()

    layout = read_layout(data[:HEADER_LIMIT], len(data))

    assert (layout.channels, layout.sample_rate, layout.frames) == (2, 16000, 77)


@pytest.mark.parametrize("frames", [0, 1, 8000, 2**30 - 10, 2**30, 3 * 2**30])
def test_given_a_header_of_ours_when_libsndfile_reads_it_then_it_finds_every_frame(frames: int, tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    header = write_header(2, 16000, frames)
    with path.open("wb") as file:
        file.write(header)
        file.truncate(len(header) + frames * 4)  # a hole: no disk is used for hours of silence

    info = soundfile.info(path)

    assert (info.channels, info.samplerate, info.frames) == (2, 16000, frames)
    layout = read_layout(header, path.stat().st_size)
    assert (layout.channels, layout.sample_rate, layout.frames) == (2, 16000, frames)
