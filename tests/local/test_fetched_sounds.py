"""What the embedded Asterisk has fetched is tidied up while it runs."""

import os
from pathlib import Path

from app.clock import SystemClock
from app.local.fetched_sounds import KEPT_SECONDS, FetchedSoundsSweeper, drop_fetched_sounds

NOW = 1_800_000_000.0


def _file(cache: Path, name: str, *, age: float, now: float = NOW) -> Path:
    path = cache / name
    path.write_bytes(b"RIFF")
    os.utime(path, (now - age, now - age))
    return path


def test_given_fetched_sounds_when_a_day_has_passed_then_they_go_and_nothing_else_does(
    tmp_path: Path,
) -> None:
    old = _file(tmp_path, "bucket-ABCDEF.wav", age=KEPT_SECONDS + 1)
    fresh = _file(tmp_path, "bucket-FEDCBA.wav", age=KEPT_SECONDS - 60)
    other = _file(tmp_path, "something-else", age=10 * KEPT_SECONDS)
    assert drop_fetched_sounds(tmp_path, now=NOW) == 1
    assert [path.exists() for path in (old, fresh, other)] == [False, True, True]
    assert drop_fetched_sounds(tmp_path, now=NOW) == 0


def test_given_no_cache_yet_when_tidied_then_there_is_nothing_to_do(tmp_path: Path) -> None:
    assert drop_fetched_sounds(tmp_path / "nowhere", now=NOW) == 0


async def test_given_a_service_that_runs_for_days_when_its_round_comes_then_old_sounds_go(tmp_path: Path) -> None:
    old = _file(tmp_path, "bucket-ABCDEF.wav", age=KEPT_SECONDS + 60, now=SystemClock().now().timestamp())
    sweeper = FetchedSoundsSweeper(tmp_path, SystemClock())
    assert await sweeper.run_round() is False
    assert not old.exists()
