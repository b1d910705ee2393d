"""The command line as a program would call it, over the test's own database and directory."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli.program import program
from tests.cli.command import Command
from tests.rig.logs import logging_restored


@pytest.fixture(autouse=True)
def root_logger() -> Iterator[None]:
    """Commands set logging up."""
    with logging_restored():
        yield


@pytest.fixture
def environment(database_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Settings of this test alone: nothing of the machine's own comes in."""
    for name in [name for name in os.environ if name.startswith("OFFHOOK_") and name != "OFFHOOK_CACHE_DIR"]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OFFHOOK_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("OFFHOOK_DATABASE_URL", database_dsn)
    monkeypatch.setenv("OFFHOOK_PORT", "0")
    return monkeypatch


@pytest.fixture
def offhook(environment: pytest.MonkeyPatch) -> Command:
    return Command(CliRunner(), program)
