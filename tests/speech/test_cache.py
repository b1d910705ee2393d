"""Spoken texts as files: by content, whole, private, bounded."""

import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from app.speech.cache import ContentKey, SpeechCache, content_key, is_content_key
from app.speech.model import Speech, VoiceSettings
from app.speech.words import Engine, EngineType, Pitch, Rate, Volume
from tests.speech.tone_engine import VOICES

SECRET = b"s" * 32
SPEECH = Speech(text="Your code is 4711.")
VOICE = VOICES[1]


def _key(number: int) -> ContentKey:
    return ContentKey(f"{number:064x}")


def test_given_anything_that_changes_the_sound_when_keyed_then_the_key_is_another() -> None:
    def key(**changes: object) -> str:
        settings = replace(VoiceSettings(), **changes)  # type: ignore[arg-type]  # the test names them right
        return content_key(SECRET, "acc_1", replace(SPEECH, settings=settings), VOICE, "en-US")

    keys = {
        key(),
        key(volume=Volume.LOUD),
        key(rate=Rate.FAST),
        key(pitch=Pitch.HIGH),
        key(engine_type=EngineType.NEURAL),
        content_key(SECRET, "acc_1", replace(SPEECH, text="Your code is 4712."), VOICE, "en-US"),
        content_key(SECRET, "acc_1", SPEECH, VOICE, "en-GB"),
        content_key(SECRET, "acc_1", SPEECH, VOICES[0], "en-US"),
        content_key(SECRET, "acc_1", SPEECH, replace(VOICE, engine=Engine.POLLY), "en-US"),
        content_key(SECRET, "acc_2", SPEECH, VOICE, "en-US"),
        content_key(b"t" * 32, "acc_1", SPEECH, VOICE, "en-US"),
    }
    assert len(keys) == 11
    assert all(map(is_content_key, keys))
    assert key() == key()


def test_given_a_voice_named_or_chosen_when_keyed_then_the_sound_is_the_same() -> None:
    named = replace(SPEECH, settings=VoiceSettings(voice=VOICE.id, language="en-GB"))
    assert content_key(SECRET, "a", named, VOICE, "en-GB") == content_key(SECRET, "a", SPEECH, VOICE, "en-GB")


def test_given_a_sound_when_kept_then_it_is_read_back_and_nobody_else_may_read_it(tmp_path: Path) -> None:
    cache = SpeechCache(tmp_path / "speech", most_bytes=1000)
    assert not cache.has(_key(1), 8_000)
    assert cache.read(_key(1), 8_000) is None
    cache.put(_key(1), {8_000: b"narrow", 16_000: b"wide"})
    assert cache.has(_key(1), 16_000)
    assert (cache.read(_key(1), 8_000), cache.read(_key(1), 16_000)) == (b"narrow", b"wide")
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 2
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert stat.S_IMODE(files[0].parent.stat().st_mode) == 0o700


def test_given_a_full_cache_when_more_comes_then_the_longest_unused_goes_and_the_fresh_stay(tmp_path: Path) -> None:
    cache = SpeechCache(tmp_path, most_bytes=1000)
    for number in range(9):
        cache.put(_key(number), {8_000: bytes(100)})
        path = next(tmp_path.glob(f"*/{_key(number)}*"))
        os.utime(path, (1_000_000 + number, 1_000_000 + number))
    assert cache.read(_key(0), 8_000) is not None  # used now, so it stays
    cache.put(_key(9), {8_000: bytes(200)})
    there = [number for number in range(10) if cache.has(_key(number), 8_000)]
    assert there == [0, 3, 4, 5, 6, 7, 8, 9]


def test_given_sounds_of_an_earlier_process_when_more_comes_then_they_count(tmp_path: Path) -> None:
    SpeechCache(tmp_path, most_bytes=1000).put(_key(1), {8_000: bytes(900)})
    old = next(tmp_path.glob(f"*/{_key(1)}*"))
    os.utime(old, (1_000_000, 1_000_000))
    SpeechCache(tmp_path, most_bytes=1000).put(_key(2), {8_000: bytes(900)})
    assert not old.exists()


def test_given_a_killed_process_s_half_file_when_room_is_made_then_it_goes_and_was_never_a_sound(
    tmp_path: Path,
) -> None:
    folder = tmp_path / _key(3)[:2]
    folder.mkdir()
    half = folder / f".{_key(3)}-8000.wav.abcd"
    half.write_bytes(bytes(50))
    os.utime(half, (1_000_000, 1_000_000))
    cache = SpeechCache(tmp_path, most_bytes=1000)
    assert not cache.has(_key(3), 8_000)
    cache.put(_key(1), {8_000: bytes(10)})
    assert not half.exists()


def test_given_a_disk_that_refuses_when_kept_then_it_is_an_error_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OSError, match="No space"):
        SpeechCache(tmp_path, most_bytes=1000).put(_key(1), {8_000: b"x"})
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
