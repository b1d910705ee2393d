"""``offhook import``."""

import errno
import os
import pty
import re
import select
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import Command

pytestmark = pytest.mark.postgres

_ROOT = Path(__file__).parents[2]
_PATIENCE_SECONDS = 60.0


def test_given_a_file_when_imported_then_the_list_is_made_and_the_report_says_what_became_of_each_row(
    offhook: Command, tmp_path: Path
) -> None:
    offhook.run("account", "create", "acme")
    file, report = tmp_path / "leads.csv", tmp_path / "report.csv"
    file.write_text("Tel;Who;Where\n+12125550123;Eva;Rome\n1900;x;y\n")
    into = ("--account", "acme", "--list", "March")
    more = ("--create", "--column", "Who=NAME", "--column", "3=FIELD:city", "--report", str(report))
    done = offhook.read("import", "contacts", str(file), *into, *more)
    assert (done["state"], done["failure"]) == ("FINISHED", None)
    assert done["counts"] == {"processed": 2, "added": 1, "updated": 0, "skipped": 0, "rejected": 1, "dnc": 0}
    assert report.read_text().splitlines()[1] == "2,ADDED,,"
    said = offhook.run("import", "contacts", str(file), *into)
    assert (said.status, said.out) == (0, "2 processed, 0 added, 1 updated, 0 skipped, 1 rejected, 0 dnc\n")
    kept = offhook.run("import", "contacts", str(file), *into, "--keep-existing")
    assert kept.out == "2 processed, 0 added, 0 updated, 1 skipped, 1 rejected, 0 dnc\n"


def test_given_a_terminal_when_a_file_is_imported_then_a_bar_goes_from_nothing_to_all_on_it_and_nowhere_else(
    offhook: Command, tmp_path: Path
) -> None:
    offhook.run("account", "create", "acme")
    file = tmp_path / "leads.csv"
    file.write_text("Tel\n" + "".join(f"+1212{2_000_000 + place}\n" for place in range(3000)))
    into = ("--account", "acme", "--list", "March", "--create")
    status, out, shown = _run_on_terminal("import", "contacts", str(file), *into)
    assert (status, out) == (0, "3000 processed, 3000 added, 0 updated, 0 skipped, 0 rejected, 0 dnc\n"), shown
    percents = [int(percent) for percent in re.findall(r"leads\.csv[^%]*?(\d+)%", shown)]
    assert percents == sorted(percents)
    assert (percents[0], percents[-1]) == (0, 100)
    elsewhere = offhook.run("import", "contacts", str(file), *into)
    assert (elsewhere.status, elsewhere.err) == (0, "")


def _run_on_terminal(*arguments: str) -> tuple[int, str, str]:
    """``offhook`` as a process whose stderr is a terminal: its status, its stdout, and what was shown."""
    here, there = pty.openpty()
    try:
        with subprocess.Popen(
            [sys.executable, "-c", "from app.cli.program import main; main()", *arguments],
            env={**os.environ, "PYTHONPATH": str(_ROOT), "TERM": "xterm", "COLUMNS": "100", "LC_ALL": "C.UTF-8"},
            stdout=subprocess.PIPE,
            stderr=there,
            text=True,
        ) as process:
            os.close(there)
            shown = _read_terminal(here)
            assert process.stdout is not None
            return process.wait(_PATIENCE_SECONDS), process.stdout.read(), shown
    finally:
        os.close(here)


def _read_terminal(terminal: int) -> str:
    """All that is shown, until nobody has it open any more."""
    shown = b""
    while select.select([terminal], [], [], _PATIENCE_SECONDS)[0]:
        try:
            shown += os.read(terminal, 4096)
        except OSError as error:
            if error.errno != errno.EIO:  # Linux says so of a terminal that nobody has open any more
                raise
            break
    return shown.decode()


def test_given_numbers_when_imported_onto_a_dnc_list_then_they_are_on_it(offhook: Command, tmp_path: Path) -> None:
    offhook.run("account", "create", "acme")
    file = tmp_path / "dnc.csv"
    file.write_text("+12125550123\n+12125550124\n")
    into = ("--account", "acme", "--list", "Never", "--create")
    assert offhook.read("import", "dnc", str(file), *into)["counts"]["added"] == 2
    assert offhook.read("import", "dnc", str(file), *into)["counts"]["skipped"] == 2


def test_given_a_file_that_cannot_be_used_when_imported_then_it_fails_and_says_why(
    offhook: Command, tmp_path: Path
) -> None:
    offhook.run("account", "create", "acme")
    file = tmp_path / "leads.csv"
    file.write_text("name,city\nEva,Rome\n")
    said = offhook.run("import", "contacts", str(file), "--account", "acme", "--list", "March", "--create")
    assert said.status == 1
    assert "telephone numbers" in said.err
    said = offhook.run("import", "contacts", str(file), "--account", "acme", "--list", "None")
    assert (said.status, "no contact list" in said.err) == (1, True)


@pytest.mark.parametrize("option", [("--encoding", "x"), ("--separator", "x"), ("--column", "x"), ("--column", "a=x")])
def test_given_an_option_that_is_none_when_imported_then_usage_is_told(
    offhook: Command, tmp_path: Path, option: tuple[str, str]
) -> None:
    file = tmp_path / "leads.csv"
    file.write_text("+12125550123\n")
    said = offhook.run("import", "contacts", str(file), "--account", "acme", "--list", "March", *option)
    assert said.status == 2
