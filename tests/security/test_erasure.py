"""Somebody asks to be forgotten: then nothing in any table and no file tells of them, and all sums are as before."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from app.accounts.scopes import Scope
from app.clock import SystemClock
from app.erasure.inventory import SCOPES, WITHOUT_PERSONS, read_tables
from app.erasure.person import TOMBSTONE_PREFIX
from app.erasure.runner import ErasureRunner
from app.files.store import FileStore
from app.ids import Kind, new_id
from app.jobs.worker import JobWorker
from app.recordings.deletion import RecordingDeletion
from app.secrets.sealing import Sealer
from tests.api.conftest import ALL_SCOPES, DEADLINE_SECONDS, VEIL, Surface, until
from tests.api.lists_desk import fetch_report, finished
from tests.api.test_errands import ANNOUNCE
from tests.jobs.world import NearBus
from tests.security.conftest import Tenant
from tests.security.forgotten import (
    NAME,
    NUMBER,
    SOMEBODY_ELSE,
    be_known,
    left_in_files,
    left_in_rows,
    tables_with_number,
    talk,
)

pytestmark = pytest.mark.postgres

ERASE: Final = """mutation($input: ErasePersonalDataInput!) { erasePersonalData(input: $input) {
  job { id kind state subjectId } userErrors { code field currentState } } }"""
SUMS: Final = """{ cdrStatistics(range: { from: { at: "2026-01-01T00:00:00Z" }, to: { at: "2027-12-01T00:00:00Z" } }) {
  total { calls connectedCalls talkSeconds durationSeconds } } cdrs(first: 50) { totalCount { count } nodes { id
  disposition talkSeconds durationSeconds } } calls(first: 50) { totalCount { count } } }"""


@asynccontextmanager
async def erasing(surface: Surface, folder: Path, *, patience_seconds: float = 60.0) -> AsyncIterator[None]:
    """A worker that does erasures, for the block."""
    store, clock = FileStore.open(None, folder), SystemClock()
    deletion = RecordingDeletion(surface.database, surface.log, store, clock)
    runner = ErasureRunner(
        *(surface.database, surface.log, store, deletion, Sealer(bytes(32)), clock),
        veil=VEIL,
        look_seconds=0.02,
        patience_seconds=patience_seconds,
    )
    worker = JobWorker(*(surface.database, surface.log, store, NearBus(), clock, [runner]), folder=folder / "jobs")
    surface.services.jobs.on_enqueued(worker.wake)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(worker.run())
        try:
            yield
        finally:
            task.cancel()


async def ask_for(surface: Surface, *, token: str = "", **given: Any) -> Any:
    payload = (await surface.ask(ERASE, {"input": {"number": NUMBER, **given}}, token=token))["erasePersonalData"]
    assert payload["userErrors"] == []
    return payload["job"]


async def erase(surface: Surface, folder: Path, **given: Any) -> Any:
    """An erasure, done; gives its report."""
    async with erasing(surface, folder):
        job = await finished(surface, (await ask_for(surface, **given))["id"])
    assert (job["state"], job["failure"]) == ("FINISHED", None)
    return await fetch_report(surface, job)


async def all_events(surface: Surface) -> list[tuple[Any, ...]]:
    async with surface.database.acquire() as connection:
        rows = await connection.fetch(
            "SELECT sequence, id, type, subject_id, call_sequence, occurred_at, actor_kind, request_id FROM event "
            "WHERE type NOT LIKE 'job.%' AND type NOT IN ('recording.deleted', 'callback.cancelled') ORDER BY sequence"
        )
    return [tuple(row) for row in rows]


async def test_given_somebody_known_everywhere_when_forgotten_then_no_row_and_no_file_tells_of_them(
    surface: Surface, tmp_path: Path
) -> None:
    await be_known(surface, tmp_path)
    async with surface.database.acquire() as connection:
        tables = await read_tables(connection)
    unfilled = {one.name for one in tables.values() if one.scope is not None and {*one.swept} > {"account_id"}}
    unfilled -= await tables_with_number(surface.database)
    # Of these the rows in use are about the person by way of their ids, or of a name.
    assert unfilled <= {"webhook_attempt", "callback_attempt", "call_flow_version", "destination_rule"}
    assert left_in_files(tmp_path) != []
    sums, events = await surface.ask(SUMS), await all_events(surface)

    report = await erase(surface, tmp_path)

    assert await left_in_rows(surface.database) == {}
    assert left_in_files(tmp_path) == []
    assert NUMBER not in report
    assert NAME not in report
    assert await surface.ask(SUMS) == sums
    assert await all_events(surface) == events


async def test_given_somebody_forgotten_when_everything_around_them_is_read_then_it_is_there_under_one_pseudonym(
    surface: Surface, tmp_path: Path
) -> None:
    known = await be_known(surface, tmp_path)
    await erase(surface, tmp_path)

    answer = await surface.ask(
        """query($call: ID!, $other: ID!, $callback: ID!, $otp: ID!) {
          other: call(id: $other) { metadata { key value } dtmf externalId customerParty { number display } }
          call(id: $call) { state disposition dialledNumber { number } externalId metadata { key value } dtmf tags
            customerParty { number display isMasked } recordings { state } legs { party { number } } }
          cdrs(first: 50) { nodes { call { id } customer: customerParty { number display }
            dialledNumber { number } externalId } }
          callback(id: $callback) { state customer { number display } metadata { value } }
          otp(id: $otp) { state customer { number } text metadata { value } }
          events(first: 200) { nodes { id type sequence ... on CallEvent { call { id } } } }
          dncLists(first: 5) { nodes { name } }
        }""",
        {"call": known["call"], "other": known["other call"], "callback": known["callback"], "otp": known["otp"]},
    )

    call = answer["call"]
    pseudonym = call["dialledNumber"]["number"]
    assert pseudonym.startswith(TOMBSTONE_PREFIX)
    assert call["customerParty"] == {"number": pseudonym, "display": None, "isMasked": False}
    assert (call["externalId"], call["dtmf"]) == (None, "x")
    assert [one["value"] for one in call["metadata"]] == ["", ""]
    assert call["tags"] == ["spring", f"of-{pseudonym}"]
    assert [one["state"] for one in call["recordings"]] == ["DELETED"]
    (own,) = (one for one in answer["cdrs"]["nodes"] if one["call"]["id"] == known["call"])
    assert (own["customer"]["number"], own["dialledNumber"]["number"]) == (pseudonym, pseudonym)
    assert (answer["callback"]["state"], answer["callback"]["customer"]["number"]) == ("CANCELLED", pseudonym)
    assert (answer["otp"]["state"], answer["otp"]["text"]) == ("FAILED", "")
    assert {"CALL_CREATED", "CALL_ENDED", "CALLBACK_CANCELLED", "RECORDING_DELETED", "JOB_FINISHED"} <= {
        one["type"] for one in answer["events"]["nodes"]
    }
    other = answer["other"]
    assert other["metadata"] == [
        {"key": "wish", "value": f"Otto Unberuehrt knows ({pseudonym}"},
        {"key": "phone", "value": SOMEBODY_ELSE[2:]},
    ]
    assert (other["dtmf"], other["externalId"]) == ("7", f"crm {SOMEBODY_ELSE}")
    assert other["customerParty"] == {"number": SOMEBODY_ELSE, "display": "Otto Unberuehrt"}
    others = [one for one in answer["cdrs"]["nodes"] if one["call"]["id"] != known["call"]]
    assert [(one["customer"]["number"], one["customer"]["display"]) for one in others] == [
        (SOMEBODY_ELSE, "Otto Unberuehrt")
    ]


async def test_given_somebody_when_first_tried_then_forgotten_and_then_once_more_then_each_does_its_own_part(
    surface: Surface, tmp_path: Path, subtests: pytest.Subtests
) -> None:
    await be_known(surface, tmp_path)

    with subtests.test("a dry run counts what would go and changes nothing"):
        tables, files = await tables_with_number(surface.database), left_in_files(tmp_path)
        report = await erase(surface, tmp_path, dryRun=True)
        assert '"isDryRun": true' in report
        assert '"call": 2' in report  # the person's own, and one whose metadata mention the number
        assert await tables_with_number(surface.database) == tables
        assert left_in_files(tmp_path) == files
        assert (await surface.ask("{ callbacks(first: 5) { nodes { state } } }"))["callbacks"]["nodes"] == [
            {"state": "SCHEDULED"}
        ]

    with subtests.test("on a DNC list the number stays, without a reason"):
        report = await erase(surface, tmp_path)
        async with surface.database.acquire() as connection:
            rows = await connection.fetch("SELECT number, reason FROM dnc_entry")
        assert [tuple(row) for row in rows] == [(NUMBER, None)]
        assert '"dncEntriesKept": 1' in report

    with subtests.test("once more nothing is left to do"):
        events = await all_events(surface)
        report = await erase(surface, tmp_path)
        assert '"rows": {}' in report
        assert '"files": {}' in report
        assert await all_events(surface) == events


async def test_given_words_that_are_to_go_as_well_when_forgotten_then_they_go_where_the_number_is(
    surface: Surface, tmp_path: Path
) -> None:
    async with surface.database.acquire() as connection:
        await connection.execute(
            "INSERT INTO audit_line (account_id, actor_kind, action, outcome, details) VALUES "
            "($1, 'SYSTEM', 'x.y', 'OK', $2)",
            surface.account.id,
            {"about": f"{NAME} at {NUMBER}"},
        )

    await erase(surface, tmp_path, names=[NAME])

    assert await left_in_rows(surface.database) == {}


async def test_given_a_call_under_way_when_its_person_is_to_be_forgotten_then_that_waits_for_its_end(
    surface: Surface, tmp_path: Path
) -> None:
    otp = {"idempotencyKey": "k", "number": NUMBER, "code": "4719"}
    assert (await surface.ask(ANNOUNCE, {"input": otp}))["announceOtp"]["userErrors"] == []
    async with erasing(surface, tmp_path):
        job = await ask_for(surface)
        assert await state_of(surface, job["id"], "RUNNING")
        assert await tables_with_number(surface.database) >= {"otp"}
        async with surface.database.acquire() as connection:
            await connection.execute("UPDATE otp SET state = 'FAILED', ended_at = now()")
        assert (await finished(surface, job["id"]))["state"] == "FINISHED"

    assert await left_in_rows(surface.database) == {}


async def state_of(surface: Surface, job_id: str, state: str) -> bool:
    """Wait until a job is in a state."""

    async def is_so() -> bool:
        found = await surface.ask("query($id: ID!) { job(id: $id) { state } }", {"id": job_id})
        return bool(found["job"]["state"] == state)

    await until(is_so)
    return True


async def test_given_what_is_under_way_never_ends_when_patience_does_then_the_job_says_so_and_forgets_who_it_was(
    surface: Surface, tmp_path: Path
) -> None:
    otp = {"idempotencyKey": "k", "number": NUMBER, "code": "4719"}
    await surface.ask(ANNOUNCE, {"input": otp})
    async with erasing(surface, tmp_path, patience_seconds=0.0):
        job = await finished(surface, (await ask_for(surface))["id"])

    assert job["state"] == "FAILED"
    assert "one-time password" in job["failure"]
    async with surface.database.acquire() as connection:
        payload = await connection.fetchval("SELECT payload::text FROM job WHERE id = $1", job["id"])
    assert 'sealed":null' in payload.replace(" ", "") or "sealed" not in payload


async def test_given_the_worker_dies_in_the_middle_when_another_goes_on_then_the_person_is_forgotten_all_the_same(
    surface: Surface, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await be_known(surface, tmp_path)
    killed = asyncio.Event()
    rewrite = ErasureRunner._rewrite

    async def die_at_the_calls(self: ErasureRunner, job: Any, rows: Any, tables: Any, table: Any, *rest: Any) -> Any:
        if table.name == "call":
            killed.set()
            await asyncio.Event().wait()
        return await rewrite(self, job, rows, tables, table, *rest)

    monkeypatch.setattr(ErasureRunner, "_rewrite", die_at_the_calls)
    async with erasing(surface, tmp_path):
        job = await ask_for(surface)
        await asyncio.wait_for(killed.wait(), DEADLINE_SECONDS)
    monkeypatch.setattr(ErasureRunner, "_rewrite", rewrite)
    async with surface.database.acquire() as connection:
        await connection.execute("UPDATE job SET leased_until = NULL, due_at = now() WHERE id = $1", job["id"])

    async with erasing(surface, tmp_path):
        assert (await finished(surface, job["id"]))["state"] == "FINISHED"

    assert await left_in_rows(surface.database) == {}
    assert left_in_files(tmp_path) == []


async def test_given_the_same_number_at_another_account_when_forgotten_here_then_it_stays_there(
    surface: Surface, tenant_b: Tenant, tmp_path: Path
) -> None:
    async with surface.database.acquire() as connection:
        await connection.execute(
            "INSERT INTO contact_list (id, account_id, name) VALUES ('list_b', $1, 'theirs')", tenant_b.account.id
        )
        await connection.execute(
            "INSERT INTO contact (id, account_id, list_id, number, name, zone_source) "
            "VALUES ($1, $2, 'list_b', $3, $4, 'NUMBER')",
            *(new_id(Kind.CONTACT), tenant_b.account.id, NUMBER, NAME),
        )

    await erase(surface, tmp_path)

    async with surface.database.acquire() as connection:
        assert await connection.fetchval("SELECT name FROM contact WHERE number = $1", NUMBER) == NAME


async def test_given_a_key_without_one_of_the_scopes_when_it_asks_then_it_is_told_which(
    surface: Surface, subtests: pytest.Subtests
) -> None:
    for missing in [Scope.RECORDINGS_DELETE, Scope.CONTACTS, Scope.PII_READ]:
        with subtests.test(missing.value):
            token = await surface.key(ALL_SCOPES - {missing})

            refused = await surface.refuse(ERASE, {"input": {"number": NUMBER}}, token=token)

            assert refused["code"] == "FORBIDDEN" or refused["code"].endswith("SCOPE")
            async with surface.database.acquire() as connection:
                assert await connection.fetchval("SELECT count(*) FROM job") == 0


_NOT_TO_BE: Final[list[tuple[dict[str, Any], list[tuple[str, str]]]]] = [
    ({"number": "12"}, [("INVALID_NUMBER", "number")]),
    ({"number": "+1555' OR 1=1"}, [("INVALID_NUMBER", "number")]),
    ({"number": "+12125550123"}, [("SANDBOX_ONLY", "number")]),
    ({"number": "(212) 555-0123"}, [("SANDBOX_ONLY", "number")]),
    ({"names": ["xy"]}, [("INVALID_INPUT", "names.0")]),
    ({"names": ["12345"]}, [("INVALID_INPUT", "names.0")]),
    ({"names": ["x" * 201]}, [("INVALID_INPUT", "names.0")]),
    ({"names": ["abc"] * 21}, [("INVALID_INPUT", "names")]),
    ({"names": ["Ada Lovelace", "A1 B2"]}, [("INVALID_INPUT", "names.1")]),
    ({"names": ["Customer", "call", "Ringing", " The "]}, [("INVALID_INPUT", f"names.{one}") for one in range(4)]),
]


async def test_given_what_cannot_be_when_asked_for_then_it_is_refused_by_its_path(
    surface: Surface, subtests: pytest.Subtests
) -> None:
    for given, errors in _NOT_TO_BE:
        with subtests.test(str(given)):
            payload = (await surface.ask(ERASE, {"input": {"number": NUMBER, **given}}))["erasePersonalData"]

            assert payload["job"] is None
            assert [(one["code"], ".".join(one["field"])) for one in payload["userErrors"]] == errors


async def test_given_one_of_the_accounts_own_numbers_when_asked_for_then_it_is_refused(surface: Surface) -> None:
    async with surface.database.acquire() as connection:
        own = await connection.fetchval("SELECT number FROM outbound_number WHERE account_id = $1", surface.account.id)

    payload = (await surface.ask(ERASE, {"input": {"number": own}}))["erasePersonalData"]

    assert [(one["code"], one["currentState"]) for one in payload["userErrors"]] == [("INVALID_STATE", "IN_USE")]


async def test_given_an_erasure_under_way_when_asked_for_again_then_it_is_the_same_one(surface: Surface) -> None:
    first, again = await ask_for(surface), await ask_for(surface, number="+1 555 014 7392")

    assert first["id"] == again["id"]
    assert first["kind"] == "ERASURE"
    async with surface.database.acquire() as connection:
        told = await connection.fetchval("SELECT job::text FROM job")
    assert "5550147392" not in told


async def test_given_the_person_calls_after_being_forgotten_when_looked_at_then_that_is_known_as_of_anybody(
    surface: Surface, tmp_path: Path
) -> None:
    await talk(surface)
    await erase(surface, tmp_path)

    await talk(surface, name="Somebody")

    assert await tables_with_number(surface.database) >= {"call", "cdr", "event"}


async def test_given_all_tables_that_there_are_when_the_inventory_is_asked_then_it_knows_whose_rows_each_has(
    surface: Surface,
) -> None:
    async with surface.database.acquire() as connection:
        tables = await read_tables(connection)

    unknown = {name for name, one in tables.items() if one.scope is None} - set(WITHOUT_PERSONS)
    assert not unknown, (
        f"say in app/erasure/inventory.py whose rows these have, or why nobody can be in them: {unknown}"
    )
    assert set(SCOPES) <= set(tables)
    assert set(WITHOUT_PERSONS) <= set(tables)
    assert not {name for name, one in tables.items() if not one.keys} - set(WITHOUT_PERSONS)
