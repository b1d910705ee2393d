""".env.example: every setting, with a default that is the default."""

import os
from pathlib import Path

import pytest

from app.config import Settings

EXAMPLE = Path(__file__).resolve().parents[2] / ".env.example"


def written_settings() -> dict[str, str]:
    lines = [line.removeprefix("#") for line in EXAMPLE.read_text().splitlines() if line.startswith("#OFFHOOK_")]
    return dict(line.split("=", 1) for line in lines)


def test_given_the_example_when_read_then_it_names_every_setting_once() -> None:
    names = [f"OFFHOOK_{name.upper()}" for name in Settings.model_fields]

    assert list(written_settings()) == names


def test_given_all_its_lines_taken_as_they_are_when_settings_are_read_then_they_are_the_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("OFFHOOK_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)  # a developer's own .env stays out
    defaults = Settings()
    for name, value in written_settings().items():
        if value:
            monkeypatch.setenv(name, value)

    assert Settings() == defaults
