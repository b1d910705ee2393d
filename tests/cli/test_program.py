"""The command line itself: help, errors, exit statuses."""

import json
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from app.errors import ConfigurationError
from tests.cli.command import Command

pytestmark = pytest.mark.postgres

ROOT = Path(__file__).resolve().parents[2]


def test_given_help_when_asked_for_then_neither_database_nor_asterisk_code_is_imported() -> None:
    program = (
        "import sys\n"
        "from app.cli import main\n"
        "sys.argv = ['offhook', '--help']\n"
        "try:\n"
        "    main()\n"
        "except SystemExit as end:\n"
        "    assert not end.code\n"
        "heavy = {'asyncpg', 'sqlalchemy', 'strawberry', 'phonenumbers', 'httpx', 'pydantic'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, timeout=60, check=False)

    assert done.returncode == 0, done.stderr.decode()
    assert b"doctor" in done.stdout


def test_given_a_wrong_setting_when_a_command_runs_then_it_is_named_and_the_status_is_two(
    offhook: Command, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("OFFHOOK_PORT", "eight thousand")
    environment.setenv("OFFHOOK_NODE", "Not A Name")

    for command in (("account", "list"), ("serve",), ("demo", "--once")):
        said = offhook.run(*command)
        assert said.status == 2
        assert "OFFHOOK_PORT" in said.err
        assert "OFFHOOK_NODE" in said.err


def test_given_a_database_that_is_away_when_a_command_runs_then_it_says_so(
    offhook: Command, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("OFFHOOK_DATABASE_URL", "postgresql://offhook:hush@127.0.0.1:1/offhook")

    said = offhook.run("account", "list")

    assert said.status == 1
    assert "database is not available" in said.err
    assert "hush" not in said.err


def test_given_an_unknown_role_when_served_then_the_roles_are_named(offhook: Command) -> None:
    said = offhook.run("serve", "--roles", "api,singer")

    assert said.status == 2
    assert "'singer'" in said.err
    assert "controller" in said.err


def test_given_options_when_served_then_they_win_over_the_environment(
    offhook: Command, environment: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []

    async def serve(settings: Any, *, roles: frozenset[str], when_up: object) -> None:
        # Nobody watches: it is no terminal.
        assert when_up is None
        seen.append((settings.host, settings.port, roles))

    stand_in = types.SimpleNamespace(serve=serve, PortTakenError=ConfigurationError)
    environment.setitem(sys.modules, "app.process.serve", stand_in)

    said = offhook.run("serve", "--host", "0.0.0.0", "--port", "8123", "--roles", "api, worker")  # noqa: S104

    assert said.status == 0
    assert seen == [("0.0.0.0", 8123, frozenset({"api", "worker"}))]  # noqa: S104


@pytest.mark.parametrize("status", [0, 1])
def test_given_a_demo_when_it_ends_then_its_status_is_the_commands(
    offhook: Command, environment: pytest.MonkeyPatch, status: int
) -> None:
    seen: list[bool] = []

    async def run(_settings: Any, *, once: bool) -> int:
        seen.append(once)
        return status

    environment.setitem(sys.modules, "app.demo.run", types.SimpleNamespace(run=run))

    assert offhook.run("demo", "--once").status == status
    assert seen == [True]


def test_given_a_healthy_machine_when_the_doctor_looks_then_all_is_ok_and_the_status_is_zero(offhook: Command) -> None:
    said = offhook.run("doctor", "--json")

    document = json.loads(said.out)
    assert said.status == 0
    assert document["isFit"] is True
    assert [finding["check"] for finding in document["findings"]][:3] == ["python", "settings", "data directory"]


def test_given_a_broken_setting_when_the_doctor_looks_then_it_is_a_finding_with_its_mend(
    offhook: Command, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("OFFHOOK_ARI_URL", "http://127.0.0.1:8088")

    said = offhook.run("doctor")

    assert said.status == 1
    line = next(line for line in said.out.splitlines() if line.startswith("FAILED"))
    assert "OFFHOOK_ARI_PASSWORD" in line
    assert ".env" in line


def test_given_the_example_environment_when_compared_with_the_settings_then_nothing_has_drifted() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/make_env_example.py", "--check"],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": "/"},
        capture_output=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr.decode()
