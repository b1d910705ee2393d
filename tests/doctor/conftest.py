"""The doctor sees the settings of the test alone."""

import os
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a developer's .env nor the machine's variables come in."""
    for name in [name for name in os.environ if name.startswith("OFFHOOK_") and name != "OFFHOOK_CACHE_DIR"]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
