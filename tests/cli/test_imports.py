"""``offhook import``."""

from pathlib import Path

import pytest

from tests.cli.command import Command

pytestmark = pytest.mark.postgres


def test_given_a_file_when_imported_then_the_list_is_made_and_the_report_says_what_became_of_each_row(
    offhook: Command, tmp_path: Path
) -> None:
    offhook.run("account", "create", "acme")
    file, report = tmp_path / "leads.csv", tmp_path / "report.csv"
    file.write_text("Tel;Who;Where\n+12125550123;Eva;Rome\n1900;x;y\n")
    into = ("--account", "acme", "--list", "March")
    more = ("--create", "--column", "Who=NAME", "--column", "3=FIELD:city", "--report", str(report))
    done = offhook.read("import", "contacts", str(file), *into, *more)
    assert (done["state"], done["error"]) == ("FINISHED", None)
    assert done["counts"] == {"processed": 2, "added": 1, "updated": 0, "skipped": 0, "rejected": 1, "dnc": 0}
    assert report.read_text().splitlines()[1] == "2,ADDED,,"
    said = offhook.run("import", "contacts", str(file), *into)
    assert (said.status, said.out) == (0, "2 processed, 0 added, 1 updated, 0 skipped, 1 rejected, 0 dnc\n")
    kept = offhook.run("import", "contacts", str(file), *into, "--keep-existing")
    assert kept.out == "2 processed, 0 added, 0 updated, 1 skipped, 1 rejected, 0 dnc\n"


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
