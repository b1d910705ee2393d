"""What is installed without a checkout, as the unit for systemd runs it, has all that it needs."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from app.local.postgres import LocalPostgres

ROOT: Final = Path(__file__).parents[2]
_SECONDS: Final = 300
_DATABASE: Final = "of_the_wheel"
#: Where an installation says that its folders are.
_FOLDERS: Final = """
import json
from app.dashboard.files import BUILT
from app.db.migrate import find_migrations
from app.local.asterisk_config import ASTERISK_FOLDER
print(json.dumps([str(one) for one in (BUILT, find_migrations(), ASTERISK_FOLDER)]))
"""


def _run(*command: str | Path, environment: dict[str, str], cwd: Path) -> str:
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=_SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package alone, as ``pip install --no-deps .`` makes it: the packages that it needs are those of the tests."""
    folder = tmp_path_factory.mktemp("wheel")
    plain = {"PATH": os.environ["PATH"], "HOME": str(folder), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    pip = (sys.executable, "-m", "pip", "-q", "install", "--no-deps", "--no-index", "--no-build-isolation")
    _run(*pip, "--target", folder / "opt", ROOT, environment=plain, cwd=folder)
    return folder / "opt"


@pytest.fixture
def environment(installed: Path, tmp_path: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(installed),
        "OFFHOOK_DATA_DIR": str(tmp_path / "data"),
        "OFFHOOK_LOG_FORMAT": "json",
    }


def test_given_an_installation_when_it_looks_for_its_folders_then_each_is_in_it_and_whole(
    installed: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    said = _run(sys.executable, "-c", _FOLDERS, environment=environment, cwd=tmp_path)
    folders = [Path(one) for one in json.loads(said)]
    assert all(folder.is_relative_to(installed) for folder in folders), folders
    sources = (ROOT / "app" / "dashboard" / "built", ROOT / "migrations", ROOT / "asterisk" / "templates")
    for source, folder in zip(sources, (*folders[:2], folders[2] / "templates"), strict=True):
        assert _files(folder) == _files(source)
    assert os.access(folders[2] / "get-asterisk", os.X_OK)


def _files(folder: Path) -> set[str]:
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {str(one) for one in found if "__pycache__" not in one.parts}


@pytest.mark.postgres
async def test_given_an_installation_and_an_empty_database_when_an_account_is_made_then_the_tables_are_there(
    installed: Path, environment: dict[str, str], tmp_path: Path, postgres: LocalPostgres
) -> None:
    environment["OFFHOOK_DATABASE_URL"] = await postgres.create_database(_DATABASE)
    offhook = installed / "bin" / "offhook"
    try:
        _run(offhook, "account", "create", "acme", "--allow", "US", environment=environment, cwd=tmp_path)
        told = _run(offhook, "account", "list", "--json", environment=environment, cwd=tmp_path)
    finally:
        await postgres.drop_database(_DATABASE)
    assert [one["name"] for one in json.loads(told)] == ["acme"]
