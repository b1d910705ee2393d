"""An Offhook that is started beside another on the same embedded PostgreSQL: told at once, and what to do."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from pydantic import SecretStr

from app.config import Settings
from app.local.asterisk import AsteriskInstall
from app.local.database import embedded_directory, keeping_others_out
from app.local.postgres_directory import DataDirectoryInUseError
from tests.rig.terminal import watched

_OFFHOOK: Final = str(Path(sys.executable).with_name("offhook"))
_SECONDS: Final = 120
_STARTS: Final = (["serve"], ["serve", "--port", "0"], ["demo"], ["demo", "--once"])
#: The command as users run it; at its end it writes which of a service's modules it had imported.
_PROGRAM: Final = """
import json, sys
from app.cli.program import main

try:
    main()
finally:
    print(json.dumps(sorted({"app.process", "app.asgi", "app.demo", "strawberry", "rich"} & set(sys.modules))))
"""


@dataclass(frozen=True, slots=True)
class _Told:
    """How a second start ended; ``imported`` is what of a service it had imported by then."""

    status: int
    err: str
    imported: list[str]


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """Where the user that PostgreSQL runs under can get to (pytest's own folders are closed)."""
    parent = Path(tempfile.mkdtemp(prefix="offhook-test-"))
    parent.chmod(0o711)
    yield parent / "data"
    shutil.rmtree(parent)


def _environment(data_dir: Path) -> dict[str, str]:
    plain = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("OFFHOOK_") or name == "OFFHOOK_CACHE_DIR"
    }
    return {**plain, "OFFHOOK_DATA_DIR": str(data_dir), "OFFHOOK_PORT": "0"}


def _start_second(data_dir: Path, cwd: Path, *arguments: str) -> _Told:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, *arguments],
        cwd=cwd,
        env=_environment(data_dir),
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    return _Told(done.returncode, done.stderr, json.loads(done.stdout))


@pytest.mark.parametrize("arguments", _STARTS, ids=" ".join)
def test_given_an_offhook_that_gets_ready_when_a_second_is_started_then_it_is_refused_before_it_imports_a_service(
    data_dir: Path, tmp_path: Path, arguments: list[str]
) -> None:
    settings = Settings(data_dir=data_dir)
    with keeping_others_out(settings):
        told = _start_second(data_dir, tmp_path, *arguments)
    assert (told.status, told.imported) == (2, []), told.err
    assert f"process {os.getpid()}" in told.err
    assert "End that one first" in told.err
    assert "Or use" not in told.err  # it does not serve yet, and perhaps never will
    assert "Traceback" not in told.err


@pytest.mark.asterisk
@pytest.mark.postgres
def test_given_an_offhook_that_serves_when_a_second_is_started_then_it_is_told_where_the_first_is_and_how_it_is_used(
    asterisk_install: AsteriskInstall, data_dir: Path, tmp_path: Path
) -> None:
    assert asterisk_install.asterisk  # else it would fetch one
    environment = _environment(data_dir)
    with watched((_OFFHOOK, "serve"), cwd=tmp_path, env=environment) as serving:
        shown = serving.until_shown("Ctrl-C ends it.\n\n")
        url = shown.partition("dashboard ")[2].split()[0]
        for arguments in _STARTS:
            told = _start_second(data_dir, tmp_path, *arguments)
            assert (told.status, told.imported) == (2, []), told.err
            assert f"its dashboard is at {url}, and `offhook key create sandbox` makes a key." in told.err
            assert "Traceback" not in told.err
        command = told.err.rpartition("`offhook ")[2].partition("`")[0]
        made = subprocess.run(
            [_OFFHOOK, *shlex.split(command)],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=True,
        )
        assert made.stdout.startswith("ofk_test_")
        serving.press_ctrl_c()
        assert serving.until_over() == 0, serving.shown


def test_given_a_directory_that_was_kept_when_its_keeper_lets_go_or_is_killed_then_the_next_may_have_it(
    data_dir: Path,
) -> None:
    settings = Settings(data_dir=data_dir)
    for _ in range(2):
        with keeping_others_out(settings), pytest.raises(DataDirectoryInUseError), keeping_others_out(settings):
            pytest.fail("two have it")
    keeper = (
        "import sys, time; from pathlib import Path; from app.config import Settings; "
        "from app.local.database import keeping_others_out\n"
        "with keeping_others_out(Settings(data_dir=Path(sys.argv[1]))): print('kept', flush=True); time.sleep(1000)"
    )
    with subprocess.Popen([sys.executable, "-c", keeper, str(data_dir)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "kept\n"
        with pytest.raises(DataDirectoryInUseError, match=str(process.pid)), keeping_others_out(settings):
            pytest.fail("two have it")
        process.send_signal(signal.SIGKILL)
        process.wait()
    with keeping_others_out(settings):
        pass


def test_given_a_database_of_ones_own_when_a_service_gets_ready_then_no_directory_is_made_for_an_embedded_one(
    data_dir: Path,
) -> None:
    settings = Settings(data_dir=data_dir, database_url=SecretStr("postgresql://somewhere/offhook"))
    with keeping_others_out(settings), keeping_others_out(settings):
        assert not embedded_directory(settings).exists()
