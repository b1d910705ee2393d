"""``examples/campaign-csv``: a CSV file becomes calls, and the calls a report."""

import csv
import re
import shutil
from pathlib import Path

import pytest

from tests.examples.running import EXAMPLES, Example
from tests.rig.programs import ensure_programs

pytestmark = pytest.mark.asterisk


async def test_given_a_csv_file_when_the_script_is_run_then_all_in_it_are_called_and_the_report_has_their_calls(
    example: Example, tmp_path: Path
) -> None:
    ensure_programs("bash", "curl", "jq")
    folder, report = EXAMPLES / "campaign-csv", tmp_path / "report.csv"
    said = await example.run(
        *(str(folder / "campaign.sh"), str(folder / "contacts.csv"), "Hello {name}, your order is ready."),
        log=tmp_path / "log",
        cwd=tmp_path,
        FROM="00:00",
        TO="24:00",
        REPORT=str(report),
    )
    assert "imported: 2 contacts, 1 rows rejected" in said
    assert re.search(r"^FINISHED: 0 waiting, 0 in flight, 2 finished, 0 skipped$", said, re.MULTILINE), said
    with report.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert sorted(row["disposition"] for row in rows) == ["ANSWERED", "BUSY"]


async def test_given_a_key_that_is_wrong_when_the_script_is_run_then_it_says_so_and_ends(
    example: Example, tmp_path: Path
) -> None:
    ensure_programs("bash", "curl", "jq")
    folder = EXAMPLES / "campaign-csv"
    command = (str(folder / "campaign.sh"), str(folder / "contacts.csv"), "Hello.")
    async with example.started(*command, log=tmp_path / "log", cwd=tmp_path, OFFHOOK_KEY="ofk_test_wrong") as running:
        assert await running.process.wait() != 0
    assert "key" in running.said


async def test_given_a_machine_without_jq_when_the_script_is_run_then_one_line_says_what_to_install(
    example: Example, tmp_path: Path
) -> None:
    folder, bash = EXAMPLES / "campaign-csv", shutil.which("bash")
    assert bash is not None
    command = (bash, str(folder / "campaign.sh"), str(folder / "contacts.csv"), "Hello.")
    async with example.started(*command, log=tmp_path / "log", cwd=tmp_path, PATH=str(tmp_path)) as running:
        assert await running.process.wait() == 1
    assert running.said == "campaign.sh needs jq: sudo apt-get install jq\n"
