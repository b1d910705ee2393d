"""``make demo`` on a machine where Offhook never ran, as whoever tries it first sees it."""

import asyncio
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from rich.console import Console

from app.demo.run import Story, show_failures, show_next_steps
from app.local.asterisk import AsteriskInstall
from app.local.postgres_directory import owning
from app.local.process import SupervisedProcess
from tests.rig.free_port import reserve_port
from tests.rig.programs import ensure_programs
from tests.rig.terminal import watched

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres]

_ROOT: Final = Path(__file__).resolve().parents[2]
_DEMO: Final = (sys.executable, "-c", "from app.cli.program import main; main()", "demo")
#: Where the Asterisk of the tests was unpacked, if not in the usual place.
_CACHE: Final = "OFFHOOK_CACHE_DIR"
_SECONDS: Final = 150.0
_POLL_SECONDS: Final = 0.1


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """Where the user that PostgreSQL runs under can get to (pytest's own folders are closed)."""
    parent = Path(tempfile.mkdtemp(prefix="offhook-test-"))
    parent.chmod(0o711)
    yield parent / "data"
    shutil.rmtree(parent)


async def test_given_a_new_machine_when_the_demo_is_over_then_all_was_real_and_the_lines_it_shows_can_be_pasted(
    asterisk_install: AsteriskInstall, data_dir: Path, tmp_path: Path
) -> None:
    assert asterisk_install.asterisk  # else the demo would fetch one
    await asyncio.to_thread(ensure_programs, "bash", "curl")
    log = tmp_path / "demo.log"
    plain = {name: value for name, value in os.environ.items() if name == _CACHE or not name.startswith("OFFHOOK_")}
    environment = plain | {"OFFHOOK_DATA_DIR": str(data_dir), "OFFHOOK_PORT": "0"}
    async with await SupervisedProcess.start(
        _DEMO, stdout_path=log, cwd=_ROOT, env=environment, stop_signal=signal.SIGINT, grace_seconds=_SECONDS
    ) as demo:
        async with asyncio.timeout(_SECONDS):
            while "\nNext: " not in log.read_text(encoding="utf-8"):
                assert demo.is_running, log.read_text(encoding="utf-8")
                await asyncio.sleep(_POLL_SECONDS)
        told = log.read_text(encoding="utf-8")
        assert "SHA-256 verified" in told, told
        assert "the demo's own hangupCall" in told, told
        assert "each signature verified, 0 refused" in told, told
        pasted = [line.strip() for line in told.partition("\nIn a second terminal:\n")[2].splitlines()[:2]]
        # It is not at the usual port, where what the reader does next would look for it.
        (url,) = re.findall(r"GraphQL and its IDE +(http://\S+)/graphql", told)
        assert pasted[0].endswith(f" OFFHOOK_URL={url}")
        assert "cause 16, normal clearing" in told, told
        done = await asyncio.to_thread(
            subprocess.run, ["bash", "-euc", "\n".join(pasted)], env=plain, capture_output=True, timeout=60, check=True
        )
        (record,) = json.loads(done.stdout)["data"]["cdrs"]["nodes"]
        assert record["disposition"] == "ANSWERED"
        assert record["talkSeconds"] > 0
        # It says itself what was not as it should be, as on a machine that is too busy.
        assert await demo.stop() == ("✗" in told), told


async def test_given_an_offhook_that_runs_when_a_demo_is_started_then_that_is_told_and_nothing_of_a_port_that_is_free(
    data_dir: Path,
) -> None:
    directory = data_dir / "postgresql"
    directory.mkdir(parents=True)
    with owning(directory), reserve_port() as taken:
        taken.listen()
        plain = {name: value for name, value in os.environ.items() if not name.startswith("OFFHOOK_")}
        port = str(taken.getsockname()[1])
        done = await asyncio.to_thread(
            subprocess.run,
            [*_DEMO, "--once"],
            cwd=_ROOT,
            env=plain | {"OFFHOOK_DATA_DIR": str(data_dir), "OFFHOOK_PORT": port},
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    assert done.returncode == 2, done.stderr
    assert f"process {os.getpid()}" in done.stderr
    assert "Port" not in done.stderr


def test_given_ctrl_c_when_the_demos_call_is_on_then_it_ends_in_a_line_and_without_a_traceback(
    asterisk_install: AsteriskInstall, data_dir: Path
) -> None:
    assert asterisk_install.asterisk  # else the demo would fetch one
    plain = {name: value for name, value in os.environ.items() if name == _CACHE or not name.startswith("OFFHOOK_")}
    environment = plain | {"OFFHOOK_DATA_DIR": str(data_dir), "OFFHOOK_PORT": "0"}
    with watched(_DEMO, cwd=_ROOT, env=environment) as demo:
        demo.until_shown("CALL_CONNECTED")
        demo.press_ctrl_c()
        assert demo.until_over() == 130, demo.shown
    assert demo.shown.splitlines()[-1].startswith("Stopped")
    assert "Traceback" not in demo.shown


def test_given_ctrl_c_when_a_demo_serves_then_its_last_line_says_that_it_is_over_and_where_what_it_made_lies(
    asterisk_install: AsteriskInstall, data_dir: Path
) -> None:
    assert asterisk_install.asterisk  # else the demo would fetch one
    plain = {name: value for name, value in os.environ.items() if name == _CACHE or not name.startswith("OFFHOOK_")}
    environment = plain | {"OFFHOOK_DATA_DIR": str(data_dir), "OFFHOOK_PORT": "0"}
    with watched(_DEMO, cwd=_ROOT, env=environment) as demo:
        told = demo.until_shown("\nNext: ")
        assert f"Making a database in {data_dir / 'postgresql'} (once) …" in told
        demo.press_ctrl_c()
        demo.until_over()
    assert demo.shown.endswith(f"\n\nStopped. Database and recordings stay in {data_dir}.\n")


@pytest.mark.parametrize(
    ("url", "exported"),
    [("http://127.0.0.1:8000", ["OFFHOOK_KEY"]), ("http://127.0.0.1:43210", ["OFFHOOK_KEY", "OFFHOOK_URL"])],
)
def test_given_where_a_demo_serves_when_next_steps_are_shown_then_only_an_unusual_address_is_one_to_export(
    url: str, exported: list[str]
) -> None:
    written = io.StringIO()
    show_next_steps(Console(file=written, width=80), url, "ofk_test_example")
    (line,) = re.findall(r"^ +export (.+)$", written.getvalue(), re.MULTILINE)
    assert re.findall(r"(\w+)=", line) == exported


@pytest.mark.parametrize(
    ("recorded", "lost", "is_told"),
    [
        pytest.param(3.34, 1.729, True, id="it is known why"),
        pytest.param(3.34, 0.0, False, id="nothing was lost"),
        pytest.param(3.34, None, False, id="nobody knows"),
        pytest.param(4.5, 0.5, False, id="they differ by less than would be told"),
    ],
)
def test_given_a_recording_that_is_too_short_when_that_is_shown_then_so_is_why_where_asterisk_had_no_time(
    recorded: float, lost: float | None, is_told: bool
) -> None:
    recording = {"durationSeconds": recorded, "lostSeconds": lost}
    story = Story(call={"disposition": "ANSWERED", "cdr": {"talkSeconds": 5.2}, "recordings": [recording]})
    written = io.StringIO()
    show_failures(Console(file=written, width=80), story)
    lines = written.getvalue().splitlines()
    reason = (
        "    Asterisk had no time to write 1.7 s of it: this machine was too busy. Run it again when it is less so."
    )
    assert (reason in lines) == is_told == ("had no time" in written.getvalue())
    if is_told:
        assert lines[lines.index(reason) - 1] == "  ✗ talk time and recording differ by over a second"
