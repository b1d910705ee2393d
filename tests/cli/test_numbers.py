"""``offhook number …``."""

from pathlib import Path

import pytest

from tests.cli.command import Command

pytestmark = pytest.mark.postgres


def test_given_a_list_of_flagged_numbers_when_imported_then_it_is_said_how_many_there_are(
    offhook: Command, tmp_path: Path
) -> None:
    offhook.run("account", "create", "acme")
    listed = tmp_path / "flagged.csv"
    listed.write_text("\ufeffnumber,reason\n(202) 456-1111,scam\n+442071234567\n")
    assert offhook.read("number", "import-flagged", "acme", "hiya", str(listed)) == {"listed": 2, "flagged": []}
    said = offhook.run("number", "import-flagged", "acme", "hiya", str(listed))
    assert (said.status, said.out) == (0, "2 numbers are on the list hiya.\n")


def test_given_a_list_that_is_none_when_imported_then_the_lines_that_are_wrong_are_named(
    offhook: Command, tmp_path: Path
) -> None:
    offhook.run("account", "create", "acme")
    listed = tmp_path / "flagged.csv"
    listed.write_text("+442071234567\nhello\n")
    said = offhook.run("number", "import-flagged", "acme", "hiya", str(listed))
    assert said.status == 1
    assert "numbers.1.number" in said.err
    assert offhook.run("number", "import-flagged", "nobody", "hiya", str(listed)).status == 1
    listed.write_bytes(b"\xff\xfe\x00")
    said = offhook.run("number", "import-flagged", "acme", "hiya", str(listed))
    assert (said.status, "no CSV" in said.err) == (1, True)
