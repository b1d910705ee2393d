"""Hostile files on every way in: uploads, sounds, contacts, numbers that must not be called; and on the way out."""

import asyncio
import csv
import io
import time
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.contacts.csv_records import Unreadable, guess_separator, read_records
from app.contacts.csv_text import EncodingGuess, split_lines
from app.contacts.words import CsvEncoding
from app.errors import RefusedError
from app.exports.sheets import write_rows
from app.paging import CursorSigner
from app.speech.texts import check_template, fields_of, fill_template
from tests.api.conftest import Surface
from tests.api.lists_desk import (
    do,
    fetch_report,
    finished,
    make_dnc_list,
    make_list,
    mutation_of,
    refused,
    upload,
    working,
)
from tests.security.hostile_files import FORMULAS, GOOD, HONEST_ENOUGH, LISTS, NAMES, SOUNDS, HostileFile, Outcome

pytestmark = pytest.mark.postgres

_MAKE_SOUND: Final = """mutation($input: CreateAudioFileInput!) { createAudioFile(input: $input) {
  audioFile { id name durationSeconds } userErrors { code field message } } }"""
#: Far more than any of them takes, and far less than one that is unpacked or read for ever.
_SECONDS: Final = 30.0
#: No machine is so slow that a refusal takes so much of the processor.
_CPU_SECONDS: Final = 5.0


async def make_sound(surface: Surface, file: HostileFile, name: str = "x") -> Any:
    upload_id = await upload(surface, file.content, file.content_type)
    given = {"uploadId": upload_id, "name": name}
    return (await surface.ask(_MAKE_SOUND, {"input": given}))["createAudioFile"]


def is_discreet(text: str, folder: Path) -> bool:
    """Whether a message tells nothing of this machine."""
    return str(folder) not in text and "Traceback" not in text and ".py" not in text


async def test_given_files_that_are_no_sounds_when_made_sound_files_then_each_is_refused_soon_and_told_why(
    surface: Surface, tmp_path: Path
) -> None:
    for file in SOUNDS:
        async with asyncio.timeout(_SECONDS):
            payload = await make_sound(surface, file)

        assert payload["audioFile"] is None, file
        told = [(one["code"], one["field"]) for one in payload["userErrors"]]
        assert told == [("INVALID_INPUT", ["uploadId"])], file
        assert is_discreet(payload["userErrors"][0]["message"], tmp_path), file
    assert (await surface.ask("{ audioFiles { nodes { id } } }"))["audioFiles"]["nodes"] == []


async def test_given_a_header_that_promises_more_than_there_is_when_made_a_sound_file_then_what_is_there_counts(
    surface: Surface,
) -> None:
    payload = await make_sound(surface, HONEST_ENOUGH)

    assert payload["userErrors"] == []
    assert payload["audioFile"]["durationSeconds"] == pytest.approx(1.0)


async def test_given_names_that_lead_elsewhere_when_sound_files_have_them_then_they_are_names_and_no_paths(
    surface: Surface, tmp_path: Path
) -> None:
    upload_id = await upload(surface, HONEST_ENOUGH.content, HONEST_ENOUGH.content_type)
    for name in NAMES:
        response = await surface.post(_MAKE_SOUND, {"input": {"uploadId": upload_id, "name": name}})
        body = response.json()
        assert response.status_code < 500, name[:100]
        if "errors" in body:  # refused before the field is looked at
            assert body["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT", name[:100]
        elif (payload := body["data"]["createAudioFile"])["audioFile"] is None:
            (error,) = payload["userErrors"]
            assert error["code"] in {"INVALID_INPUT", "REQUIRED"}, name[:100]
            assert error["field"] == ["name"], name[:100]
        else:
            assert payload["audioFile"]["name"] == name
            upload_id = await upload(surface, HONEST_ENOUGH.content, HONEST_ENOUGH.content_type)
    stored = [path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.parts[0] for path in stored} <= {"recordings", "media", "jobs"}
    assert all(path.parts[1] in {surface.account.id, "uploads"} for path in stored if path.parts[0] == "recordings")


async def _import(surface: Surface, file: HostileFile, kind: str) -> tuple[Any, float]:
    """The job of an import, over; and the processor's time that it took."""
    name = f"list of {file.kind}"
    list_id = await (make_list(surface, name) if kind == "importContacts" else make_dnc_list(surface, name))
    upload_id = await upload(surface, file.content)
    began = time.process_time()
    async with asyncio.timeout(_SECONDS):
        job = (await do(surface, kind, listId=list_id, source={"uploadId": upload_id}))["job"]
        return {**await finished(surface, job["id"]), "listId": list_id}, time.process_time() - began


async def _numbers_in(surface: Surface, list_id: str) -> list[str]:
    async with surface.database.acquire() as connection:
        rows = await connection.fetch(
            "SELECT number FROM contact WHERE list_id = $1 UNION ALL SELECT number FROM dnc_entry WHERE list_id = $1",
            list_id,
        )
    return [row["number"] for row in rows]


@pytest.mark.parametrize("kind", ["importContacts", "importDncEntries"])
async def test_given_hostile_lists_when_imported_then_good_rows_are_there_and_nothing_else_is(
    surface: Surface, tmp_path: Path, kind: str
) -> None:
    async with working(surface, tmp_path):
        for file in LISTS:
            job, seconds = await _import(surface, file, kind)
            numbers = await _numbers_in(surface, job["listId"])
            assert seconds < _CPU_SECONDS, file
            assert is_discreet(job["failure"] or "", tmp_path), file
            match file.outcome:
                case Outcome.GOOD_ROWS:
                    assert (job["state"], numbers) == ("FINISHED", [GOOD]), file
                    assert job["counts"]["rejected"] >= 1, file
                case Outcome.ALL_ROWS:
                    assert (job["state"], job["counts"]["rejected"]) == ("FINISHED", 0), file
                    assert GOOD in numbers, file
                case _:
                    assert numbers == [], file
                    assert job["state"] == "FAILED" or job["counts"]["rejected"] > 0, file


async def test_given_names_that_lead_elsewhere_when_objects_are_imported_then_nothing_is_opened(
    surface: Surface,
) -> None:
    list_id = await make_list(surface)
    for name in NAMES:
        if "\x00" in name:
            given = {"listId": list_id, "source": {"objectName": name}}
            refusal = await surface.refuse(mutation_of("importContacts"), {"input": given})
            assert refusal["code"] == "BAD_USER_INPUT"
            continue
        errors = await refused(surface, "importContacts", listId=list_id, source={"objectName": name})
        assert errors in ([("INVALID_INPUT", "source.objectName")], [("NOT_FOUND", "source.objectName")]), name[:100]


async def test_given_cells_that_would_be_calculated_when_exported_or_reported_then_they_are_text(
    surface: Surface, tmp_path: Path
) -> None:
    list_id = await make_list(surface)
    rows = io.StringIO()
    csv.writer(rows).writerows(
        [("number", "name"), *((f"+155501000{number:02}", text) for number, text in enumerate(FORMULAS, start=20))]
        + [(text, "bad number") for text in FORMULAS]
    )
    async with working(surface, tmp_path):
        source = {"uploadId": await upload(surface, rows.getvalue().encode())}
        imported = await finished(
            surface, (await do(surface, "importContacts", listId=list_id, source=source))["job"]["id"]
        )
        exported = await finished(
            surface, (await do(surface, "createExport", subject={"contacts": {"listId": list_id}}))["job"]["id"]
        )
    files = [await fetch_report(surface, imported), await fetch_report(surface, exported)]

    for file in files:
        for row in csv.reader(io.StringIO(file)):
            for cell in row:
                is_number = cell.lstrip("+-").replace(".", "").isdigit()
                assert is_number or not cell.lstrip().startswith(("=", "+", "-", "@", "\uff1d")), cell
                assert not cell.startswith(("\t", "\r", "\n")), cell
    assert "HYPERLINK" in files[1]


async def test_given_a_file_that_is_sent_packed_when_put_then_it_is_taken_by_its_bytes_and_never_unpacked(
    surface: Surface,
) -> None:
    packed = next(one for one in LISTS if one.kind == "a packed list").content
    made = (await do(surface, "createUpload", contentType="text/csv", sizeBytes=len(packed)))["upload"]
    address = made["url"].removeprefix("https://offhook.example")

    answer = await surface.client.put(
        address, content=packed, headers={"Content-Type": "text/csv", "Content-Encoding": "gzip"}
    )

    assert (answer.status_code, answer.json()["upload"]["sizeBytes"]) == (201, len(packed))


@given(rows=st.lists(st.lists(st.text(max_size=30), min_size=1, max_size=5), max_size=8))
def test_given_any_cells_when_written_then_none_is_calculated_and_each_is_found_again(rows: list[list[str]]) -> None:
    cells = [[cell.replace("\x00", "").encode("utf-8", "replace").decode() for cell in row] for row in rows]

    read = list(csv.reader(io.StringIO(write_rows(cells).decode(), newline="")))

    told = [
        [cell.removeprefix("'") if cell[:1] == "'" and cell != told else cell for cell, told in zip(a, b, strict=True)]
        for a, b in zip(read, cells, strict=True)
    ]
    assert told == cells
    for row in read:
        for cell in row:
            assert cell.lstrip("+-").replace(".", "").isdigit() or cell.lstrip()[:1] not in {"=", "+", "-", "@"}


@given(content=st.binary(max_size=3000), encoding=st.sampled_from([*CsvEncoding, None]))
def test_given_any_bytes_when_read_as_a_list_then_every_row_is_cells_or_is_refused_and_reading_ends(
    content: bytes, encoding: CsvEncoding | None
) -> None:
    if encoding is None:
        guess = EncodingGuess()
        guess.feed(content)
        encoding = guess.result()
    lines = list(split_lines([content], encoding))

    records = list(read_records(lines, guess_separator(lines[:100])))

    assert len(records) <= len(lines)
    assert all(isinstance(one, list | Unreadable) for one in records)


@given(text=st.text(st.sampled_from("ab{}_.[]!:%$ \n9é"), max_size=60), value=st.text(max_size=40))
def test_given_any_template_when_it_is_taken_and_filled_then_fields_are_words_and_values_stay_values(
    text: str, value: str
) -> None:
    if check_template(text, "text"):
        return
    assert all(name.isidentifier() for name in fields_of(text))
    try:
        filled = fill_template(text, dict.fromkeys(fields_of(text), value), "fields")
    except RefusedError:
        return
    for name in fields_of(text):
        text = text.replace(f"{{{name}}}", "\0")
    # A value that looks like a field is not filled once more.
    assert filled == text.replace("\0", value)


@pytest.mark.parametrize(
    "text",
    [
        "{field.__class__}",
        "{field[0]}",
        "{field!r}",
        "{field:>1000000000}",
        "{0}",
        "{}",
        "{{field}}",
        "{field",
        "field}",
        "{" + "a" * 41 + "}",
        "{é}",
        "{a b}",
        "%(field)s",
        "${field}{",
    ],
)
def test_given_a_field_that_reaches_into_things_when_a_template_has_it_then_it_is_refused_or_a_text(text: str) -> None:
    assert check_template(text, "text") or fields_of(text) == ()


@given(
    cursor=st.text(max_size=200),
    position=st.tuples(st.integers(-(2**62), 2**62), st.text(st.characters(codec="utf-8"), max_size=30)),
)
def test_given_any_cursor_when_read_then_it_is_ours_as_it_was_written_or_is_refused(
    cursor: str, position: tuple[int, str]
) -> None:
    signer = CursorSigner(bytes(32), account_id="acc_1", list_name="calls", shape=("filter", 1))
    others = [
        CursorSigner(bytes(32), account_id="acc_2", list_name="calls", shape=("filter", 1)),
        CursorSigner(bytes(32), account_id="acc_1", list_name="cdrs", shape=("filter", 1)),
        CursorSigner(bytes(32), account_id="acc_1", list_name="calls", shape=("filter", 2)),
        CursorSigner(b"\x01" * 32, account_id="acc_1", list_name="calls", shape=("filter", 1)),
    ]
    written = signer.write(position)

    assert tuple(signer.read(written, field="after")) == position
    for other in others:
        with pytest.raises(RefusedError):
            other.read(written, field="after")
    for forged in {cursor, written[:-1], written + "A", written[1:], written.swapcase()} - {written}:
        with pytest.raises(RefusedError) as refusal:
            signer.read(forged, field="after")
        assert refusal.value.problems[0].code == "INVALID_CURSOR"
