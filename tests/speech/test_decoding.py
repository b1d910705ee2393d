"""Uploaded sound files: what can be played is converted, everything else is refused in words, nothing harms us."""

import asyncio
import io
import os
import struct
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile  # type: ignore[import-untyped]
from numpy.typing import NDArray

from app.errors import RefusedError
from app.recordings.wave_format import HEADER_LIMIT, read_layout, write_header
from app.speech import decoding
from app.speech.decoding import Decoded, Decoder, DecoderUnavailableError
from app.speech.words import AudioFormat


@pytest.fixture
def decoder() -> Decoder:
    return Decoder(timeout_seconds=120.0)


def _tone(hertz: float, rate: int, seconds: float, *, channels: int = 1) -> NDArray[np.float64]:
    wave = 0.5 * np.sin(2 * np.pi * hertz * np.arange(int(rate * seconds)) / rate)
    return np.stack([wave] * channels, axis=1)


def _file(samples: NDArray[np.float64], rate: int, kind: str, subtype: str | None = None) -> bytes:
    made = io.BytesIO()
    soundfile.write(made, samples, rate, format=kind, subtype=subtype)
    return made.getvalue()


async def _decode(decoder: Decoder, tmp_path: Path, content: bytes) -> tuple[Decoded, dict[int, Path]]:
    source = tmp_path / "source"
    source.write_bytes(content)
    targets = {rate: tmp_path / f"target-{rate}" for rate in (8_000, 16_000)}
    return await decoder.decode(source, targets), targets


async def _refuse(decoder: Decoder, tmp_path: Path, content: bytes) -> str:
    with pytest.raises(RefusedError) as refused:
        await _decode(decoder, tmp_path, content)
    (problem,) = refused.value.problems
    assert (problem.code, problem.field) == ("INVALID_INPUT", ("uploadId",))
    return problem.message


@pytest.mark.parametrize(
    ("kind", "subtype", "rate", "channels", "name"),
    [
        ("WAV", "PCM_16", 8_000, 1, AudioFormat.WAV),
        ("WAV", "PCM_U8", 8_000, 1, AudioFormat.WAV),
        ("WAV", "PCM_24", 48_000, 2, AudioFormat.WAV),
        ("WAV", "FLOAT", 44_100, 2, AudioFormat.WAV),
        ("WAV", "ULAW", 8_000, 1, AudioFormat.WAV),
        ("WAV", "GSM610", 8_000, 1, AudioFormat.WAV),
        ("WAVEX", "PCM_16", 16_000, 2, AudioFormat.WAV),
        ("FLAC", None, 44_100, 2, AudioFormat.FLAC),
        ("OGG", "VORBIS", 44_100, 1, AudioFormat.OGG),
        ("OGG", "OPUS", 48_000, 1, AudioFormat.OGG),
        ("MP3", None, 44_100, 2, AudioFormat.MP3),
    ],
)
async def test_given_a_sound_file_when_decoded_then_the_tone_is_in_both_rates(
    decoder: Decoder, tmp_path: Path, kind: str, subtype: str | None, rate: int, channels: int, name: AudioFormat
) -> None:
    content = _file(_tone(700, rate, 1.5, channels=channels), rate, kind, subtype)
    decoded, targets = await _decode(decoder, tmp_path, content)
    assert (decoded.format, decoded.channels, decoded.sample_rate) == (name, channels, rate)
    assert decoded.duration_seconds == pytest.approx(1.5, abs=0.1)
    for wanted, path in targets.items():
        content = path.read_bytes()
        layout = read_layout(content[:HEADER_LIMIT], len(content))
        assert (layout.channels, layout.sample_rate) == (1, wanted)
        assert layout.duration_seconds == pytest.approx(decoded.duration_seconds, abs=0.001)
        sound, _ = soundfile.read(io.BytesIO(content))
        inner = sound[wanted // 4 : wanted]
        spectrum = np.abs(np.fft.rfft(inner * np.hanning(len(inner))))
        assert np.argmax(spectrum) * wanted / len(inner) == pytest.approx(700, abs=5)
        assert np.sqrt(np.mean(inner**2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.2)


async def test_given_stereo_when_decoded_then_both_sides_are_heard(decoder: Decoder, tmp_path: Path) -> None:
    both = np.concatenate([_tone(500, 16_000, 1.0), _tone(1_500, 16_000, 1.0)], axis=1)
    _, targets = await _decode(decoder, tmp_path, _file(both, 16_000, "WAV"))
    sound, _ = soundfile.read(targets[8_000])
    spectrum = np.abs(np.fft.rfft(sound[:8_000] * np.hanning(8_000)))
    assert spectrum[500] == pytest.approx(spectrum[1_500], rel=0.05)


def _riff(*, channels: int = 1, rate: int = 8_000, bits: int = 16, code: int = 1, data: bytes = bytes(16_000)) -> bytes:
    form = struct.pack(
        "<HHIIHH", code, channels, rate, rate * channels * bits // 8 % 2**32, channels * bits // 8 % 2**16, bits
    )
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


HOSTILE = {
    "nothing": b"",
    "one byte": b"R",
    "text": b"this is not a sound at all, whatever its name says" * 100,
    "a page": b"<!doctype html><script>alert(1)</script>" * 100,
    "a program": b"\x7fELF" + bytes(5000),
    "an archive": b"PK\x03\x04" + bytes(5000),
    "a header and no more": write_header(1, 8_000, 8_000)[:20],
    "a header without samples": _riff(data=b""),
    "no frames but a promise": write_header(1, 8_000, 2**31),
    "a format nobody knows": _riff(code=0x4242),
    "no channels": _riff(channels=0),
    "no rate": _riff(rate=0),
    "a rate that cannot be": _riff(rate=2**31),
    "a low rate": _riff(rate=4_000),
    "a high rate": _riff(rate=192_000),
    "many channels": _riff(channels=6),
    "very many channels": _riff(channels=65_535),
    "a moment": _riff(data=bytes(100)),
    "not a number": _riff(code=3, bits=32, data=np.full(8_000, np.nan, "<f4").tobytes()),
    "infinite": _riff(code=3, bits=32, data=np.full(8_000, np.inf, "<f4").tobytes()),
    "a broken flac": _file(_tone(400, 8_000, 1.0), 8_000, "FLAC")[:60] + os.urandom(2000),
    "a broken ogg": b"OggS" + bytes(4000),
    "a broken mp3": b"\xff\xfb\x90\x00" + bytes(300),
    "a raw name": b"\x00\x01" * 4000,
    "an aiff": _file(_tone(400, 8_000, 1.0), 8_000, "AIFF"),
    "an au": _file(_tone(400, 8_000, 1.0), 8_000, "AU"),
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
async def test_given_a_hostile_file_when_decoded_then_it_is_refused_and_no_sound_is_made(
    decoder: Decoder, tmp_path: Path, content: bytes
) -> None:
    message = await _refuse(decoder, tmp_path, content)
    assert str(tmp_path) not in message
    assert "Traceback" not in message
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


async def test_given_a_file_that_is_longer_than_its_bytes_show_when_decoded_then_it_is_refused(
    decoder: Decoder, tmp_path: Path
) -> None:
    silence = np.zeros((8_000 * 700, 1))
    bomb = _file(silence, 8_000, "FLAC")
    assert len(bomb) < 1_000_000
    assert "longer than 600 seconds" in await _refuse(decoder, tmp_path, bomb)


async def test_given_a_header_that_promises_too_much_when_decoded_then_what_is_there_counts(
    decoder: Decoder, tmp_path: Path
) -> None:
    content = bytearray(_file(_tone(700, 8_000, 1.0), 8_000, "WAV", "PCM_16"))
    content[40:44] = struct.pack("<I", 2**31)
    decoded, _ = await _decode(decoder, tmp_path, bytes(content))
    assert decoded.duration_seconds == pytest.approx(1.0, abs=0.01)


async def test_given_the_longest_sound_when_decoded_then_the_limits_suffice(decoder: Decoder, tmp_path: Path) -> None:
    long = np.zeros((48_000 * 600, 1))
    decoded, targets = await _decode(decoder, tmp_path, _file(long, 48_000, "FLAC"))
    assert decoded.duration_seconds == 600
    assert targets[16_000].stat().st_size == 600 * 16_000 * 2 + 44


@pytest.mark.parametrize("script", ["raise SystemExit(3)", "import os; os.kill(os.getpid(), 11)"])
async def test_given_a_decoder_that_dies_when_asked_then_the_file_is_refused(
    decoder: Decoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    _replace_program(monkeypatch, tmp_path, script)
    assert "cannot be decoded" in await _refuse(decoder, tmp_path, b"x")


async def test_given_a_decoder_that_hangs_when_asked_then_it_is_killed_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _replace_program(monkeypatch, tmp_path, "import time; time.sleep(1000)")
    with pytest.raises(DecoderUnavailableError):
        await _decode(Decoder(timeout_seconds=1.0), tmp_path, b"x")


def _replace_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str) -> None:
    program = tmp_path / "python"
    program.write_text(f"#!{sys.executable}\n{script}\n")
    program.chmod(0o755)

    class Fake:
        executable = str(program)

    monkeypatch.setattr(decoding, "sys", Fake)


async def test_given_several_files_at_once_when_decoded_then_each_is(decoder: Decoder, tmp_path: Path) -> None:
    async def decode(number: int) -> float:
        folder = tmp_path / str(number)
        folder.mkdir()
        decoded, _ = await _decode(decoder, folder, _file(_tone(500, 8_000, 0.2 * number), 8_000, "WAV"))
        return decoded.duration_seconds

    lengths = await asyncio.gather(*(decode(number) for number in range(1, 6)))
    assert lengths == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
