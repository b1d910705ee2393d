"""Exports over GraphQL: what they hold, who may have them made and fetched, and that no cell is a formula."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.accounts.scopes import Scope
from app.exports import exporting
from app.exports.course import Course
from app.exports.plan import ExportKind
from app.facts.jobs import Counts
from app.ids import Kind, new_id
from app.jobs.progress import Progress
from tests.api.conftest import ALL_SCOPES, Surface
from tests.api.lists_desk import do, fetch_report, finished, make_dnc_list, make_list, mutation_of, working
from tests.cdrs.records import insert_cdrs, make_cdr

pytestmark = pytest.mark.postgres

_RECORDING = """
INSERT INTO recording (id, account_id, call_id, mode, state, created_at, saved_at, duration_seconds, size_bytes,
    channels, sample_rate, sha256, lost_seconds)
VALUES ($1, $2, $3, 'BOTH', 'SAVED', $4, $4, 1.5, 4, 2, 8000, 'ab', 0.5)
"""
FORMULA = '=HYPERLINK("http://x","y")'


async def _export(surface: Surface, subject: dict[str, Any], form: str = "CSV", *, token: str = "") -> str:
    asked = await do(surface, "createExport", subject=subject, format=form, token=token)
    job = await finished(surface, asked["job"]["id"], token=token)
    assert (job["state"], job["failure"]) == ("FINISHED", None)
    return await fetch_report(surface, job)


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


async def _fill(surface: Surface) -> tuple[str, str]:
    """Contacts with a formula among them, entries, records, recordings; the two lists."""
    list_id, dnc_id = await make_list(surface), await make_dnc_list(surface)
    contacts: list[dict[str, Any]] = [
        {"number": f"+1212555{one:04}", "name": FORMULA if one == 100 else f"N{one}"} for one in range(100, 110)
    ]
    contacts[0]["fields"] = [{"name": "note", "value": "@SUM(A1)"}]
    await do(surface, "addContacts", listId=list_id, contacts=contacts)
    await do(surface, "addDncEntries", listId=dnc_id, entries=[{"number": "+12125550123", "reason": "-1+1"}])
    return list_id, dnc_id


async def test_given_contacts_when_exported_then_the_file_has_them_in_order_and_no_formula(
    surface: Surface, tmp_path: Path
) -> None:
    list_id, dnc_id = await _fill(surface)
    async with working(surface, tmp_path):
        rows = _rows(await _export(surface, {"contacts": {"listId": list_id}}))
        assert [row["number"] for row in rows] == [f"+1212555{one:04}" for one in range(100, 110)]
        assert (rows[0]["name"], rows[0]["note"], rows[1]["name"]) == ("'" + FORMULA, "'@SUM(A1)", "N101")
        lines = (await _export(surface, {"contacts": {"listId": list_id}}, "NDJSON")).splitlines()
        first = json.loads(lines[0])
        assert (first["name"], first["fields"], len(lines)) == (FORMULA, {"note": "@SUM(A1)"}, 10)
        (entry,) = _rows(await _export(surface, {"dncEntries": {"listId": dnc_id}}))
        assert (entry["number"], entry["reason"], entry["source"]) == ("+12125550123", "'-1+1", "API")


async def test_given_more_rows_than_a_page_when_exported_then_each_is_there_once(
    surface: Surface, tmp_path: Path
) -> None:
    records = [(surface.account.id, make_cdr(id=f"cdr_{one:04}", call_id=f"call_{one:04}")) for one in range(2300)]
    async with surface.database.acquire() as connection:
        await insert_cdrs(connection, records)
    async with working(surface, tmp_path):
        rows = _rows(await _export(surface, {"cdrs": {}}))
        lines = (await _export(surface, {"cdrs": {}}, "NDJSON")).splitlines()
    assert [row["id"] for row in rows] == [record.id for _, record in records]
    assert [json.loads(line)["id"] for line in lines] == [record.id for _, record in records]


async def test_given_every_kind_and_form_when_exported_then_the_file_has_what_is_there(
    surface: Surface, tmp_path: Path
) -> None:
    list_id, dnc_id = await _fill(surface)
    call_id, recording_id, at = new_id(Kind.CALL), new_id(Kind.RECORDING), datetime(2026, 5, 1, 12, tzinfo=UTC)
    record = make_cdr(at, call_id=call_id)
    async with surface.database.acquire() as connection:
        await insert_cdrs(connection, [(surface.account.id, record)])
        await connection.execute(_RECORDING, recording_id, surface.account.id, call_id, at)
    made = {"id": recording_id, "mode": "BOTH", "state": "SAVED", "sha256": "ab"}
    # Of each kind: what is asked for, how many rows there are, and what the first says in CSV and in NDJSON.
    files: list[tuple[dict[str, Any], int, dict[str, str], dict[str, Any]]] = [
        ({"cdrs": {}}, 1, {"id": record.id, "talk_seconds": "60.0"}, {"id": record.id, "talkSeconds": 60.0}),
        ({"contacts": {"listId": list_id}}, 10, {"number": "+12125550100"}, {"number": "+12125550100"}),
        ({"dncEntries": {"listId": dnc_id}}, 1, {"number": "+12125550123"}, {"number": "+12125550123"}),
        (
            {"recordings": {}},
            1,
            {**made, "call_id": call_id, "duration_seconds": "1.5", "size_bytes": "4", "lost_seconds": "0.5"},
            {**made, "callId": call_id, "durationSeconds": "1.5", "sizeBytes": "4", "lostSeconds": "0.5"},
        ),
        (
            {"events": {"filter": {"types": ["DNC_ENTRY_ADDED"]}}},
            1,
            {"type": "dnc.entry_added"},
            {"type": "dnc.entry_added"},
        ),
    ]
    async with working(surface, tmp_path):
        for subject, count, cells, values in files:
            rows = _rows(await _export(surface, subject))
            lines = [json.loads(line) for line in (await _export(surface, subject, "NDJSON")).splitlines()]
            assert (len(rows), len(lines)) == (count, count), subject
            assert cells.items() <= rows[0].items()
            assert {name: lines[0].get(name) for name in values} == values


async def test_given_a_key_that_may_not_see_numbers_when_it_exports_then_they_are_masked(
    surface: Surface, tmp_path: Path
) -> None:
    list_id, dnc_id = await _fill(surface)
    token = await surface.key(ALL_SCOPES - {Scope.PII_READ})
    async with working(surface, tmp_path):
        subjects: list[dict[str, Any]] = [{"contacts": {"listId": list_id}}, {"dncEntries": {"listId": dnc_id}}]
        for subject in (*subjects, {"events": {}}):
            for form in ("CSV", "NDJSON"):
                assert "+12125550" not in await _export(surface, subject, form, token=token)
        asked = await do(surface, "createExport", subject={"contacts": {"listId": list_id}})
        whole = await finished(surface, asked["job"]["id"])
        assert whole["report"] is not None
        # Another key sees the job, and not the file that shows more than it may see.
        assert (await finished(surface, asked["job"]["id"], token=token))["report"] is None


@pytest.mark.parametrize(
    ("subject", "scope"),
    [
        ({"cdrs": {}}, Scope.CDRS_READ),
        ({"contacts": {"listId": "x"}}, Scope.CONTACTS),
        ({"dncEntries": {"listId": "x"}}, Scope.DNC),
        ({"recordings": {}}, Scope.RECORDINGS_READ),
        ({"events": {}}, Scope.CALLS_READ),
    ],
)
async def test_given_a_key_without_the_scope_of_a_kind_when_it_exports_then_it_is_forbidden(
    surface: Surface, subject: dict[str, Any], scope: Scope
) -> None:
    token = await surface.key(ALL_SCOPES - {scope})
    error = await surface.refuse(mutation_of("createExport"), {"input": {"subject": subject}}, token=token)
    assert error["code"] == "FORBIDDEN"


async def test_given_two_accounts_when_one_exports_then_it_gets_its_own_rows_alone(
    surface: Surface, tmp_path: Path
) -> None:
    await _fill(surface)
    other = await surface.key(account=await surface.accounts.create("other", display_name="Other"))
    async with working(surface, tmp_path):
        of_lists = {"filter": {"types": ["DNC_ENTRY_ADDED"]}}
        for kind, given in (("cdrs", {}), ("recordings", {}), ("events", of_lists)):
            assert _rows(await _export(surface, {kind: given}, token=other)) == []


async def test_given_a_filter_when_exported_then_only_what_it_admits_is_in_the_file(
    surface: Surface, tmp_path: Path
) -> None:
    await _fill(surface)
    at = surface.services.clock.now()
    later = {"occurred": {"from": {"at": (at + timedelta(days=1)).isoformat()}}}
    async with working(surface, tmp_path):
        assert len(_rows(await _export(surface, {"events": {"filter": {"types": ["DNC_ENTRY_ADDED"]}}}))) == 1
        assert _rows(await _export(surface, {"events": {"filter": later}})) == []


def test_given_more_rows_than_are_counted_when_exported_then_the_time_that_it_has_come_to_says_how_far() -> None:
    now = datetime.now(UTC)
    begun = now - timedelta(days=1)
    instants = [begun + timedelta(days=1) * one / 3000 for one in range(3000)]
    cdrs = [make_cdr(at, id=f"cdr_{one:04}", call_id=f"call_{one:04}") for one, at in enumerate(instants)]
    counted, by_time = Course(ExportKind.CDRS, 3000, now), Course(ExportKind.CDRS, None, now)
    unknown = Course(ExportKind.CONTACTS, None, now)
    for page in range(3):
        first, last = cdrs[page * 1000], cdrs[page * 1000 + 999]
        part = (page + 1) / 3
        assert counted.fraction((page + 1) * 1000, first, last) == pytest.approx(part)
        assert by_time.fraction((page + 1) * 1000, first, last) == pytest.approx(part, abs=0.001)
        assert unknown.fraction((page + 1) * 1000, first, last) is None


async def test_given_more_rows_than_a_list_counts_when_exported_then_how_far_it_is_is_told_all_the_same(
    surface: Surface, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "MOST_COUNTED", 1000)
    records = [(surface.account.id, make_cdr(id=f"cdr_{one:04}", call_id=f"call_{one:04}")) for one in range(2300)]
    async with surface.database.acquire() as connection:
        await insert_cdrs(connection, records)
    told: list[tuple[int | None, float | None]] = []
    note = Progress.note

    def noting(progress: Progress, *, counts: Counts | None = None, fraction: float | None = None) -> None:
        assert counts is not None
        told.append((counts.total, fraction))
        note(progress, counts=counts, fraction=fraction)

    monkeypatch.setattr(Progress, "note", noting)
    async with working(surface, tmp_path):
        rows = _rows(await _export(surface, {"cdrs": {}}))
    assert len(rows) == 2300
    assert [total for total, _ in told] == [None, None, None]
    fractions = [fraction for _, fraction in told]
    assert None not in fractions
    assert fractions == sorted(fractions, key=lambda one: one or 0.0)
