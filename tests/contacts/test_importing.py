"""Files into lists: every row once, whatever stops the import in between, and of each it is said what became of it."""

import asyncio
import csv
import importlib.metadata
import io
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from app.contacts.import_batches import BATCH_ROWS, FileRefusedError
from app.contacts.import_plan import GivenColumn, ImportOptions, OnDnc, OnDuplicate
from app.contacts.importing import ContactTarget, DncTarget, import_csv
from app.contacts.numbers import NumberReader
from app.contacts.rows import NewEntry, write_entries
from app.contacts.words import ColumnRole, CsvEncoding, DncSource
from app.db.engine import Database, PooledConnection
from app.errors import RefusedError
from app.facts.jobs import Counts

pytestmark = pytest.mark.postgres

AT = datetime(2026, 3, 1, tzinfo=UTC)
READER = NumberReader(default_region="US", account_zone="America/New_York")
NUMBERS = [f"+1212{first}{last:04}" for first in range(200, 203) for last in range(10_000)]


class _StoppedError(Exception):
    """The process would be dead here."""


class _Saved:
    """A job's row, as far as an import knows it; it can fail as a commit does."""

    def __init__(self) -> None:
        self.checkpoint: bytes | None = None
        self.counts = Counts()
        self.report = b""
        self.fractions: list[float] = []
        self.fails_at: int | None = None
        self.calls = 0

    async def save_in(
        self,
        connection: PooledConnection,
        *,
        checkpoint: Any = None,
        counts: Counts | None = None,
        fraction: float | None = None,
        report: bytes = b"",
    ) -> None:
        del connection
        self.calls += 1
        if self.calls == self.fails_at:
            raise _StoppedError
        self.checkpoint = msgspec.json.encode(checkpoint)
        self.counts = counts or self.counts
        self.fractions.append(fraction or 0.0)
        self.report += report

    @property
    def lines(self) -> list[tuple[int, str, str]]:
        read = list(csv.reader(io.StringIO(self.report.decode(), newline="")))
        assert read[0] == ["row", "outcome", "reason", "detail"]
        return [(int(row), outcome, reason) for row, outcome, reason, _ in read[1:]]


class _Kept(_Saved):
    """Keeps it in the transaction, as a job does: what is rolled back was never saved."""

    async def save_in(
        self,
        connection: PooledConnection,
        *,
        checkpoint: Any = None,
        counts: Counts | None = None,
        fraction: float | None = None,
        report: bytes = b"",
    ) -> None:
        del fraction
        values = (msgspec.json.encode(checkpoint), msgspec.json.encode(counts), report)
        await connection.execute("INSERT INTO kept (checkpoint, counts, report) VALUES ($1, $2, $3)", *values)

    async def load(self, database: Database) -> None:
        rows = await _fetch(database, "SELECT checkpoint, counts, report FROM kept ORDER BY number")
        if rows:
            self.checkpoint, self.counts = rows[-1][0], msgspec.json.decode(rows[-1][1], type=Counts)
            self.report = b"".join(report for _, _, report in rows)


@pytest.fixture
async def lists(database: Database) -> Database:
    async with database.acquire() as connection:
        await connection.execute(
            "INSERT INTO account (id, name, display_name, default_region, is_sandbox) "
            "VALUES ('acc_1', 'a', 'A', 'US', false)"
        )
        await connection.execute("INSERT INTO contact_list (id, account_id, name) VALUES ('list_1', 'acc_1', 'March')")
        await connection.execute("INSERT INTO dnc_list (id, account_id, name) VALUES ('dnc_1', 'acc_1', 'Never')")
    return database


async def _import(
    database: Database, path: Path, saved: _Saved, *, at: datetime = AT, options: ImportOptions | None = None
) -> Counts:
    options = options or ImportOptions()
    target = ContactTarget(
        account_id="acc_1", list_id="list_1", at=at, on_duplicate=options.on_duplicate, on_dnc=options.on_dnc
    )
    return await import_csv(path, options, database=database, target=target, reader=READER, saving=saved)


async def _fetch(database: Database, query: str) -> list[Any]:
    async with database.acquire() as connection:
        return [tuple(row) for row in await connection.fetch(query)]


def _write(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "file.csv"
    path.write_bytes(text.encode(encoding))
    return path


async def test_given_a_file_when_imported_then_contacts_have_what_it_says_and_each_row_its_line(
    lists: Database, tmp_path: Path
) -> None:
    path = _write(
        tmp_path,
        "Phone;Name;City;Time zone;ID\r\n"
        "+12125550123;Müller;Köln;Europe/Berlin;a1\r\n"
        "(212) 555-0124;;;;\r\n"
        "1900;x;;;\r\n"
        "\r\n"
        "+12125550123;again;;;\r\n"
        "+12125550125;x;;Nowhere/Land;\r\n"
        "+12125550126;x\r\n"
        "=cmd();x;;;\r\n",
        "cp1252",
    )
    saved = _Saved()
    counts = await _import(lists, path, saved)
    assert counts == Counts(total=8, processed=8, added=2, skipped=2, rejected=4)
    assert saved.lines == [
        (2, "ADDED", ""),
        (3, "ADDED", ""),
        (4, "REJECTED", "NUMBER_INVALID"),
        (5, "SKIPPED", "EMPTY_ROW"),
        (6, "SKIPPED", "DUPLICATE_IN_FILE"),
        (7, "REJECTED", "TIME_ZONE_UNKNOWN"),
        (8, "REJECTED", "COLUMN_COUNT"),
        (9, "REJECTED", "NUMBER_INVALID"),
    ]
    assert not any(
        cell.startswith(("=", "+", "-", "@")) for cell in saved.report.decode().replace("\r\n", ",").split(",")
    )
    assert saved.fractions[-1] == 1.0
    query = "SELECT number, name, time_zone, zones, zone_source, fields, external_id FROM contact ORDER BY position"
    assert await _fetch(lists, query) == [
        ("+12125550123", "Müller", "Europe/Berlin", ["Europe/Berlin"], "GIVEN", {"city": "Köln"}, "a1"),
        ("+12125550124", None, None, ["America/New_York"], "NUMBER", {}, None),
    ]
    assert await _fetch(lists, "SELECT columns, version FROM contact_list") == [(["city"], 2)]
    plans = importlib.metadata.version("phonenumbers")
    assert await _fetch(lists, "SELECT number_data FROM contact ORDER BY position") == [(None,), (plans,)]


async def test_given_zones_of_older_plans_when_an_import_goes_over_them_then_their_version_is_told_as_it_is(
    lists: Database, tmp_path: Path
) -> None:
    path = _write(tmp_path, "Phone\n+12125550123\n+12125550124\n+18005550125\n")
    await _import(lists, path, _Saved())
    await _fetch(lists, "UPDATE contact SET number_data = '8.1' WHERE number <> '+18005550125'")
    again = _write(tmp_path, "Phone,Name,Time zone\n+12125550123,Eve,\n+12125550124,Bo,Europe/Berlin\n")
    counts = await _import(lists, again, _Saved(), at=AT + timedelta(days=1))
    assert counts.updated == 2
    # The zones of the first stayed, and so does what they are from.
    assert await _fetch(lists, "SELECT name, zones, number_data FROM contact ORDER BY position") == [
        ("Eve", ["America/New_York"], "8.1"),
        ("Bo", ["Europe/Berlin"], None),
        (None, ["America/New_York"], None),
    ]


async def test_given_an_import_that_dies_at_every_batch_when_gone_on_then_each_row_is_there_once_and_told_once(
    lists: Database, tmp_path: Path
) -> None:
    numbers = NUMBERS[: 5 * BATCH_ROWS + 17]
    # Each number comes again, far away from where it was first, so often in another batch and another attempt.
    path = _write(tmp_path, "number,name\n" + "".join(f"{one},n\n" for one in [*numbers, *numbers[::-1]]))
    saved = _Saved()
    for attempt in range(100):
        saved.fails_at = saved.calls + 1 + attempt % 3
        try:
            counts = await _import(lists, path, saved)
        except _StoppedError:
            continue
        break
    assert attempt > 4
    assert counts == Counts(
        total=2 * len(numbers), processed=2 * len(numbers), added=len(numbers), skipped=len(numbers)
    )
    assert [row for row, _, _ in saved.lines] == list(range(2, 2 * len(numbers) + 2))
    assert {line[1:] for line in saved.lines[: len(numbers)]} == {("ADDED", "")}
    assert {line[1:] for line in saved.lines[len(numbers) :]} == {("SKIPPED", "DUPLICATE_IN_FILE")}
    found = await _fetch(lists, "SELECT number FROM contact ORDER BY position")
    assert [number for (number,) in found] == numbers


async def test_given_an_import_that_is_cancelled_again_and_again_when_gone_on_then_each_row_is_there_once(
    lists: Database, tmp_path: Path
) -> None:
    numbers = NUMBERS[: 4 * BATCH_ROWS]
    path = _write(tmp_path, "number\n" + "".join(f"{one}\n" for one in numbers))
    saved = _Kept()
    async with lists.acquire() as connection:
        await connection.execute("CREATE TABLE kept (number serial, checkpoint bytea, counts bytea, report bytea)")
    for turns in range(60):
        await saved.load(lists)
        work = asyncio.create_task(_import(lists, path, saved))
        for _ in range(turns):  # at another place each time
            await asyncio.sleep(0)
        work.cancel()
        done = (await asyncio.gather(work, return_exceptions=True))[0]
        assert isinstance(done, asyncio.CancelledError | Counts)
    await saved.load(lists)
    assert (await _import(lists, path, saved)).added == len(numbers)
    await saved.load(lists)
    assert [row for row, _, _ in saved.lines] == list(range(2, len(numbers) + 2))
    found = await _fetch(lists, "SELECT number FROM contact ORDER BY position")
    assert [number for (number,) in found] == numbers


async def test_given_contacts_that_are_there_when_imported_again_then_they_are_updated_or_left_as_is_asked(
    lists: Database, tmp_path: Path
) -> None:
    await _import(lists, _write(tmp_path, "number,name,city,plan\n+12125550123,Eva,Rome,gold\n"), _Saved())
    path = _write(tmp_path, "number,name,plan\n+12125550123,,silver\n+12125550124,Bo,\n")
    left = _Saved()
    options = ImportOptions(on_duplicate=OnDuplicate.SKIP)
    counts = await _import(lists, path, left, at=AT + timedelta(hours=1), options=options)
    assert (counts.skipped, counts.existing) == (1, 1)
    assert left.lines == [(2, "SKIPPED", "ALREADY_IN_LIST"), (3, "ADDED", "")]
    again = _Saved()
    assert (await _import(lists, path, again, at=AT + timedelta(hours=2))).updated == 2
    assert again.lines == [(2, "UPDATED", ""), (3, "UPDATED", "")]
    assert await _fetch(lists, "SELECT name, fields FROM contact ORDER BY position") == [
        ("Eva", {"city": "Rome", "plan": "silver"}),
        ("Bo", {}),
    ]


async def test_given_a_removed_contact_when_imported_again_then_it_is_new_and_behind_all_others(
    lists: Database, tmp_path: Path
) -> None:
    path = _write(tmp_path, "number,name\n+12125550123,Eva\n+12125550124,Bo\n")
    await _import(lists, path, _Saved())
    async with lists.acquire() as connection:
        await connection.execute(
            "UPDATE contact SET deleted_at = now(), name = NULL, fields = '{}' WHERE number = '+12125550123'"
        )
    again = _Saved()
    await _import(lists, path, again, at=AT + timedelta(days=1))
    assert again.lines == [(2, "ADDED", ""), (3, "UPDATED", "")]
    found = await _fetch(lists, "SELECT number, name FROM contact WHERE deleted_at IS NULL ORDER BY position")
    assert found == [("+12125550124", "Bo"), ("+12125550123", "Eva")]


@pytest.mark.parametrize("on_dnc", list(OnDnc))
async def test_given_a_number_that_must_not_be_called_when_imported_then_it_is_told_and_left_out_if_wished(
    lists: Database, tmp_path: Path, on_dnc: OnDnc
) -> None:
    async with lists.acquire() as connection:
        entries = [NewEntry("+12125550123", None)]
        await write_entries(connection, "acc_1", "dnc_1", entries, at=AT, source=DncSource.API)
    saved = _Saved()
    path = _write(tmp_path, "number\n+12125550123\n+12125550124\n")
    assert (await _import(lists, path, saved, options=ImportOptions(on_dnc=on_dnc))).dnc == 1
    expected = ("ADDED" if on_dnc is OnDnc.KEEP else "SKIPPED", "ON_DNC_LIST")
    assert saved.lines == [(2, *expected), (3, "ADDED", "")]


async def test_given_a_file_of_numbers_when_read_onto_a_dnc_list_then_they_are_on_it_once(
    lists: Database, tmp_path: Path
) -> None:
    path = _write(tmp_path, "+12125550123,moved\n2125550124,\n+12125550123,\nnonsense,\n")
    target = DncTarget(account_id="acc_1", list_id="dnc_1", at=AT)
    options = ImportOptions(
        columns=(GivenColumn(role=ColumnRole.NUMBER, place=1), GivenColumn(role=ColumnRole.REASON, place=2))
    )
    for number, expected in ((1, "ADDED"), (2, "SKIPPED")):
        saved = _Saved()
        target = DncTarget(account_id="acc_1", list_id="dnc_1", at=AT + timedelta(days=number))
        await import_csv(path, options, database=lists, target=target, reader=READER, saving=saved)
        assert [outcome for _, outcome, _ in saved.lines] == [expected, expected, "SKIPPED", "REJECTED"]
    query = "SELECT number, reason, source FROM dnc_entry ORDER BY position"
    assert await _fetch(lists, query) == [("+12125550123", "moved", "IMPORT"), ("+12125550124", None, "IMPORT")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
async def test_given_any_encoding_and_separator_when_imported_then_they_are_recognised(
    lists: Database, tmp_path: Path, encoding: str, separator: str
) -> None:
    rows = [["number", "name", "city"], ["+12125550123", "Zoë", "Köln"], ["+12125550124", "Åse", "Málaga"]]
    await _import(lists, _write(tmp_path, "\r\n".join(separator.join(row) for row in rows), encoding), _Saved())
    found = await _fetch(lists, "SELECT number, name, fields->>'city' FROM contact ORDER BY position")
    assert [list(one) for one in found] == rows[1:]


async def test_given_an_encoding_that_is_said_when_imported_then_it_is_used(lists: Database, tmp_path: Path) -> None:
    path = _write(tmp_path, "number,name\n+12125550123,Łódź\n", "cp1250")
    await _import(lists, path, _Saved(), options=ImportOptions(encoding=CsvEncoding.WINDOWS_1250))
    assert await _fetch(lists, "SELECT name FROM contact") == [("Łódź",)]


@pytest.mark.parametrize(
    "content", [b"", b"\n\n", b"name,city\nBob,Rome\n", b'"' + b"x\n" * 3, b"\0" * 50, b"PK\x03\x04\0"]
)
async def test_given_a_file_that_is_none_when_imported_then_it_is_refused_as_a_whole(
    lists: Database, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    with pytest.raises(FileRefusedError):
        await _import(lists, path, _Saved())
    assert await _fetch(lists, "SELECT * FROM contact") == []


async def test_given_a_list_that_is_deleted_meanwhile_when_imported_then_it_says_so(
    lists: Database, tmp_path: Path
) -> None:
    async with lists.acquire() as connection:
        await connection.execute("UPDATE contact_list SET deleted_at = now()")
    with pytest.raises(RefusedError):
        await _import(lists, _write(tmp_path, "number\n+12125550123\n"), _Saved())


async def test_given_a_file_of_many_megabytes_when_imported_then_memory_does_not_grow_with_it(
    lists: Database, database_dsn: str, tmp_path: Path
) -> None:
    del lists  # they are there
    small, large = _write(tmp_path, "number,note\n" + f"+12125550123,{'x' * 450}\n" * 4000), tmp_path / "large.csv"
    with large.open("w") as file:
        file.write("number,note\n")
        file.writelines(f"{one},{'x' * 450}\n" for one in NUMBERS[:4000])
        file.writelines("9" * 1_000_000 for _ in range(80))
        file.write("\n")
        file.writelines(f"{one},{'y' * 450}\n" for one in NUMBERS[:4000])
    # In a process of its own, which has never had more in its memory.
    program = Path(__file__).with_name("import_process.py")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(program), database_dsn, str(small), str(large)),
        cwd=Path(__file__).parents[2],
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(120):
            output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0
    told = msgspec.json.decode(output)
    assert (told["counts"]["processed"], told["counts"]["rejected"]) == (8001, 1)
    assert "4002,REJECTED,ROW_TOO_LONG,\r\n" in told["report"]
    assert told["grown_kib"] < 40 * 1024
