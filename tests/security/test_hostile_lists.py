"""Files full of hostile numbers, of contacts and of those nobody may call: each row is told of, and none is dialled."""

import csv
import io
from pathlib import Path

import pytest

from app.exports.sheets import write_rows
from app.numbers.parse import E164, SANDBOX_PREFIX, is_e164
from app.numbers.policy import Denied, Rule, evaluate
from tests.api.conftest import Surface
from tests.api.lists_desk import do, fetch_report, finished, make_dnc_list, make_list, upload, working
from tests.security.hostile import GOOD_NUMBER, Field, Row, rows, samples
from tests.security.hostile_row import OWN_NUMBER

pytestmark = pytest.mark.postgres

RULES = (Rule("+", is_allowed=True), Rule(SANDBOX_PREFIX, is_allowed=True))


def _writable() -> list[Row]:
    """What a file can say: it is text, and a row of it is not endless."""
    return [row for row in rows(Field.NUMBER) if "\x00" not in row.sample and len(row.sample) < 1000]


def _file(found: list[Row]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n", quoting=csv.QUOTE_ALL)
    writer.writerow(["number", "name"])
    writer.writerows([row.sample, row.kind] for row in found)
    return text.getvalue().encode()


@pytest.mark.parametrize("kind", ["contacts", "dnc"])
async def test_given_a_file_of_hostile_numbers_when_imported_then_none_of_them_could_be_dialled(
    surface: Surface, tmp_path: Path, kind: str
) -> None:
    found = _writable()
    list_id = await (make_list if kind == "contacts" else make_dnc_list)(surface)
    upload_id = await upload(surface, _file(found))
    mutation = "importContacts" if kind == "contacts" else "importDncEntries"
    async with working(surface, tmp_path):
        asked = await do(surface, mutation, listId=list_id, source={"uploadId": upload_id})
        job = await finished(surface, asked["job"]["id"])
        report = await fetch_report(surface, job)
    assert (job["state"], job["counts"]["processed"]) == ("FINISHED", len(found))
    assert job["counts"]["rejected"] >= 200
    table = "contact" if kind == "contacts" else "dnc_entry"
    async with surface.database.acquire() as connection:
        numbers = [row["number"] for row in await connection.fetch(f"SELECT number FROM {table}")]  # noqa: S608  # ours
        assert await connection.fetchval("SELECT count(*) FROM call") == 0
    assert [number for number in numbers if not is_e164(number)] == []
    allowed = [number for number in numbers if not isinstance(evaluate(E164(number), RULES), Denied)]
    # White space around a cell is the file's, not the number's: what is left of those samples is an honest number. That
    # a number is the account's own is asked of who calls it.
    assert set(allowed) <= {GOOD_NUMBER, OWN_NUMBER}
    lines = report.splitlines()
    assert len(lines) == len(found) + 1  # one line for each row: nothing in a cell began another
    assert not [line for line in lines if line.startswith(("=", "+", "-", "@"))]


async def test_given_names_that_a_spreadsheet_would_run_when_exported_then_they_are_text(
    surface: Surface, tmp_path: Path
) -> None:
    cells = [cell for cell in samples(Field.CSV_CELL) if cell.isprintable()]
    list_id = await make_list(surface)
    contacts = [{"number": f"+155501780{place:02d}", "name": cell} for place, cell in enumerate(cells)]
    await do(surface, "addContacts", listId=list_id, contacts=contacts)
    async with working(surface, tmp_path):
        asked = await do(surface, "createExport", subject={"contacts": {"listId": list_id}})
        job = await finished(surface, asked["job"]["id"])
        report = await fetch_report(surface, job)
    exported = {cell for line in csv.reader(io.StringIO(report.removeprefix("\ufeff"))) for cell in line}
    assert {f"'{cell}" for cell in cells} <= exported
    assert exported & set(cells) == set()


@pytest.mark.parametrize("cell", samples(Field.CSV_CELL))
def test_given_a_cell_that_a_spreadsheet_would_run_when_written_then_a_quote_stands_before_it(cell: str) -> None:
    ((written,),) = csv.reader(io.StringIO(write_rows([[cell]]).decode(), newline=""))
    assert written == f"'{cell}"
