"""`offhook serve` at a terminal tells what to do next, and to programs nothing but its log."""

import contextlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import httpx
import pytest

from app.local.asterisk import AsteriskInstall
from tests.rig.free_port import reserve_port
from tests.rig.terminal import watched

pytestmark = [pytest.mark.asterisk, pytest.mark.postgres]

_OFFHOOK: Final = str(Path(sys.executable).with_name("offhook"))
_SECONDS: Final = 60


def _environment(tmp_path: Path, dsn: str, **more: str) -> dict[str, str]:
    plain = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("OFFHOOK_") or name == "OFFHOOK_CACHE_DIR"
    }
    settings = {"OFFHOOK_DATA_DIR": str(tmp_path / "data"), "OFFHOOK_DATABASE_URL": dsn, "OFFHOOK_PORT": "0"}
    return {**plain, **settings, **more}


def test_given_a_terminal_when_it_serves_then_its_addresses_answer_and_the_line_that_makes_a_key_can_be_pasted(
    asterisk_install: AsteriskInstall, database_dsn: str, tmp_path: Path
) -> None:
    assert asterisk_install.asterisk  # else it would fetch one
    environment = _environment(tmp_path, database_dsn)
    with watched((_OFFHOOK, "serve"), cwd=tmp_path, env=environment) as serving:
        told = serving.until_shown("Ctrl-C ends it.\n\n")
        found = re.search(
            r"dashboard +(\S+)\n *GraphQL and its IDE +(\S+)\n *make an API key +(.+)\n"
            r" *for other terminals +export OFFHOOK_URL=(\S+)\n",
            told,
        )
        assert found is not None, told
        assert found[2] == f"{found[4]}/graphql"
        made = subprocess.run(
            ["bash", "-c", found[3]], cwd=tmp_path, env=environment, capture_output=True, timeout=_SECONDS, check=True
        )
        with httpx.Client(trust_env=False, timeout=_SECONDS) as http:
            assert (
                http.get(found[1], follow_redirects=True, headers={"Accept": "text/html"}).status_code == httpx.codes.OK
            )
            answer = http.post(
                found[2],
                json={"query": "{ viewer { account { name } } }"},
                headers={"Authorization": f"Bearer {made.stdout.decode().strip()}"},
            )
        assert answer.json()["data"] == {"viewer": {"account": {"name": "sandbox"}}}
        serving.press_ctrl_c()
        assert serving.until_over() == 0, serving.shown
    # The database is elsewhere.
    assert re.search(r"\nStopped\. Recordings stay in \S+\.\n$", serving.shown), serving.shown


@pytest.mark.parametrize("is_offhook", [True, False])
def test_given_a_port_that_is_taken_when_it_serves_then_it_says_whether_that_is_an_offhook(
    database_dsn: str, tmp_path: Path, is_offhook: bool
) -> None:
    second = [_OFFHOOK, "serve", "--roles", "api", "--port"]
    with contextlib.ExitStack() as stack:
        if is_offhook:
            command = (_OFFHOOK, "serve", "--roles", "api")
            environment = _environment(tmp_path, database_dsn)
            serving = stack.enter_context(watched(command, cwd=tmp_path, env=environment))
            told = serving.until_shown("Ctrl-C ends it.\n\n")
            port = told.partition("dashboard ")[2].split()[0].rstrip("/").rpartition(":")[2]
        else:
            taken = stack.enter_context(reserve_port())
            taken.listen()
            port = str(taken.getsockname()[1])
        done = subprocess.run(
            [*second, port],
            cwd=tmp_path,
            env=_environment(tmp_path / "other", database_dsn),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 2, done.stderr
        assert (f"Another Offhook serves at 127.0.0.1:{port} already." in done.stderr) == is_offhook, done.stderr
        assert (f"Cannot listen on 127.0.0.1:{port}" in done.stderr) != is_offhook, done.stderr
        assert "--port" in done.stderr
        if is_offhook:
            serving.press_ctrl_c()
            assert serving.until_over() == 0, serving.shown


def test_given_a_terminal_when_the_doctor_looks_then_it_says_so_before_what_it_found(
    database_dsn: str, tmp_path: Path
) -> None:
    with watched((_OFFHOOK, "doctor"), cwd=tmp_path, env=_environment(tmp_path, database_dsn)) as looking:
        looking.until_over()
    assert looking.shown.startswith("Looking at this machine and what Offhook needs …\n")
    assert "ok      python: " in looking.shown


def test_given_a_terminal_and_logs_for_programs_when_it_serves_then_every_line_is_json(
    database_dsn: str, tmp_path: Path
) -> None:
    environment = _environment(tmp_path, database_dsn, OFFHOOK_LOG_FORMAT="json")
    with watched((_OFFHOOK, "serve", "--roles", "api"), cwd=tmp_path, env=environment) as serving:
        serving.until_shown('"serving"')
        serving.press_ctrl_c()
        assert serving.until_over() == 0, serving.shown
    assert all(json.loads(line) for line in serving.shown.splitlines() if line.strip())
