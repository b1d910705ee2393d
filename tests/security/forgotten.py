"""Somebody whom an account knows in every way that there is, and how one looks whether anything of them is left."""

import re
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from app.calls.core import inputs
from app.db.engine import Database, PooledConnection
from app.erasure.inventory import Table, read_tables
from app.facts.vocabulary import CallState, LegRole
from app.ids import Kind, RecordingId, new_id
from tests.api.conftest import Surface
from tests.api.lists_desk import do, finished, make_dnc_list, make_list, upload, working
from tests.api.silent_asterisk import move_leg
from tests.api.test_calls import ORIGINATE, originate_input
from tests.api.test_errands import ANNOUNCE, SCHEDULE

NUMBER: Final = "+15550147392"
NAME: Final = "Ximena Quastelberg"
#: Nobody wrote this beside the number: it is in words about the person alone.
SECRET: Final = "prefers to be called in the evening"
SOMEBODY_ELSE: Final = "+15550147393"
_SIDES: Final = (LegRole.AGENT, LegRole.CUSTOMER)
_NOON: Final = datetime(2026, 5, 1, 12, tzinfo=UTC)
HANG_UP: Final = "mutation($input: HangupCallInput!) { hangupCall(input: $input) { userErrors { code } } }"
START: Final = """mutation($input: StartRecordingInput!) { startRecording(input: $input) {
  recording { id } userErrors { code } } }"""
STOP: Final = """mutation($input: StopRecordingInput!) { stopRecording(input: $input) { userErrors { code } } }"""

#: How people write the number.
SPELLINGS: Final = (
    NUMBER,
    NUMBER.lstrip("+"),
    "5550147392",
    "(555) 014-7392",
    "+1 555.014.7392",
    "001-555-014-7392",
    "tel:+15550147392",
    "915550147392",
)
_TRACES_LEFT: Final = re.compile(
    "5[^0-9A-Za-z]{0,3}5[^0-9A-Za-z]{0,3}5[^0-9A-Za-z]{0,3}0[^0-9A-Za-z]{0,3}1"
    "[^0-9A-Za-z]{0,3}4[^0-9A-Za-z]{0,3}7[^0-9A-Za-z]{0,3}3[^0-9A-Za-z]{0,3}9[^0-9A-Za-z]{0,3}2"
)


async def talk(surface: Surface, number: str = NUMBER, name: str = NAME, *, store: Path | None = None) -> str:
    """A call with the person: it connects, is recorded, keys are pressed, and it ends."""
    wish = SECRET if number == NUMBER else f"knows {SPELLINGS[3]}"
    given = originate_input(
        idempotencyKey=f"lead {number} {name}",
        destination={"number": number},
        destinationName=name,
        externalId=f"crm {number}",
        metadata=[{"key": "wish", "value": f"{name} {wish}"}, {"key": "phone", "value": number[2:]}],
        tags=["spring", f"of-{number}"],
        softphoneMessage=f"{name} at {number}: {wish}",
    )
    payload = (await surface.ask(ORIGINATE, {"input": given}))["originateCall"]
    assert payload["userErrors"] == []
    call_id: str = payload["call"]["id"]
    actor = surface.registry.find(call_id)
    assert actor is not None
    for role in _SIDES:
        await actor.wait_until(lambda call, role=role: call.leg_of(role).dialing_at is not None)  # type: ignore[misc]
        move_leg(surface.registry, call_id, role, inputs.LegAnswered)
    await actor.wait_until(lambda call: call.state is CallState.CONNECTED)
    actor.post(inputs.DtmfReceived(leg_id=actor.call.leg_of(LegRole.CUSTOMER).id, digit="7", duration_milliseconds=100))
    if store is not None:
        await _record(surface, call_id, store)
    await surface.ask(HANG_UP, {"input": {"callId": call_id}})
    await actor.wait_until(lambda call: call.is_settled)
    return call_id


async def _record(surface: Surface, call_id: str, store: Path) -> None:
    begun = (await surface.ask(START, {"input": {"callId": call_id}}))["startRecording"]
    assert begun["userErrors"] == []
    recording_id = RecordingId(begun["recording"]["id"])
    for role in _SIDES:
        surface.registry.post(recording_id, inputs.SnoopCreated(recording_id=recording_id, role=role))
        surface.registry.post(recording_id, inputs.PartStarted(recording_id=recording_id, role=role, at=_NOON))
    actor = surface.registry.find(call_id)
    assert actor is not None
    await actor.wait_until(lambda call: call.recordings[0].started_at is not None)
    await surface.ask(STOP, {"input": {"recordingId": recording_id}})
    key = f"{surface.account.id}/2026/05/01/{recording_id}.wav"
    path = store / "recordings" / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(f"RIFF {NAME} {NUMBER}".encode())
    collected = inputs.RecordingCollected(
        recording_id=recording_id,
        object_key=key,
        duration_seconds=2.5,
        size_bytes=path.stat().st_size,
        channels=2,
        sample_rate=8000,
        sha256="ab",
    )
    surface.registry.post(recording_id, collected)
    await actor.wait_until(lambda call: call.recordings[0].is_settled)


async def be_known(surface: Surface, folder: Path, *, by_asking_alone: bool = False) -> dict[str, str]:
    """Let the account know the person in every way; gives ids of some of what it knows.

    ``by_asking_alone``: in every way that the API has, so that all rows are as the service writes them.
    """
    known = {"call": await talk(surface, store=folder)}
    known["other call"] = await talk(surface, SOMEBODY_ELSE, "Otto Unberuehrt")
    await _be_on_lists(surface, folder, known)
    await _be_asked_for(surface, known)
    if by_asking_alone:
        return known
    async with surface.database.acquire() as connection:
        await _be_in_rows(connection, surface.account.id, known)
        await _be_everywhere_else(connection, surface.account.id)
    return known


async def _be_on_lists(surface: Surface, folder: Path, known: dict[str, str]) -> None:
    known["list"] = await make_list(surface)
    contact = {
        "number": NUMBER,
        "name": NAME,
        "externalId": f"crm {NUMBER}",
        "fields": [{"name": "wish", "value": SECRET}],
    }
    added = await do(
        surface,
        "addContacts",
        listId=known["list"],
        contacts=[contact, {"number": SOMEBODY_ELSE, "name": "Otto Unberuehrt"}],
    )
    known["contact"] = next(one["id"] for one in added["contacts"] if one["party"]["number"] == NUMBER)
    known["dnc"] = await make_dnc_list(surface)
    await do(surface, "addDncEntries", listId=known["dnc"], entries=[{"number": NUMBER, "reason": f"{NAME} wished so"}])
    rows = f"number,name\n{NUMBER},{NAME}\n{NUMBER} or 12,{NAME}\n".encode()
    async with working(surface, folder):
        source = {"uploadId": await upload(surface, rows)}
        job = (await do(surface, "importContacts", listId=await make_list(surface, "April"), source=source))["job"]
        assert (await finished(surface, job["id"]))["report"] is not None
        job = (await do(surface, "createExport", subject={"contacts": {"listId": known["list"]}}))["job"]
        known["export"] = job["id"]
        assert (await finished(surface, job["id"]))["report"] is not None
    known["upload"] = await upload(surface, rows)
    laid = folder / "recordings" / surface.account.id / "imports" / "march.csv"
    laid.parent.mkdir(parents=True, exist_ok=True)
    laid.write_bytes(rows.decode().encode("utf-16"))


async def _be_asked_for(surface: Surface, known: dict[str, str]) -> None:
    at = {"at": (datetime.now(UTC) + timedelta(days=3)).isoformat()}
    callback = {
        "idempotencyKey": f"back to {NUMBER}",
        "at": at,
        "destination": {"number": NUMBER},
        "connect": {"extension": "2001"},
        "destinationName": NAME,
        "externalId": f"crm {NUMBER}",
        "metadata": [{"key": "wish", "value": SECRET}],
    }
    scheduled = (await surface.ask(SCHEDULE, {"input": callback}))["scheduleCallback"]
    assert scheduled["userErrors"] == []
    known["callback"] = scheduled["callback"]["id"]
    otp = {
        "idempotencyKey": f"code for {NUMBER}",
        "number": NUMBER,
        "code": "4719",
        "announcement": {"text": f"{NAME}, your code is {{code}}."},
        "metadata": [{"key": "wish", "value": SECRET}],
    }
    announced = (await surface.ask(ANNOUNCE, {"input": otp}))["announceOtp"]
    assert announced["userErrors"] == []
    known["otp"] = announced["otp"]["id"]


async def _be_in_rows(connection: PooledConnection, account_id: str, known: dict[str, str]) -> None:
    """What is only there once Asterisk, a campaign or a receiver has had a part in it."""
    words = f"{NAME} {NUMBER} {SECRET}"
    await connection.execute(
        "UPDATE otp SET state = 'FAILED', ended_at = now(), detail = $2 WHERE id = $1", known["otp"], words
    )
    call, recording = (
        known["call"],
        await connection.fetchval("SELECT id FROM recording WHERE call_id = $1", known["call"]),
    )
    await connection.execute(
        "INSERT INTO transcript (id, account_id, recording_id, call_id, job_id, state, language, segments, created_at) "
        "VALUES ($1, $2, $3, $4, 'job_1', 'READY', 'en-US', $5, now())",
        *(new_id(Kind.TRANSCRIPT), account_id, recording, call, [{"text": words}]),
    )
    await connection.execute(
        "INSERT INTO call_trace (call_id, account_id, document) VALUES ($1, $2, $3) "
        "ON CONFLICT (call_id) DO UPDATE SET document = excluded.document",
        *(call, account_id, zlib.compress(words.encode())),
    )
    campaign = await connection.fetchval(
        "INSERT INTO campaign (id, account_id, name, kind, state) VALUES ('camp_1', $1, 'spring', 'AGENT', 'RUNNING') "
        "RETURNING id",
        account_id,
    )
    await connection.execute(
        "INSERT INTO campaign_contact (campaign_id, contact_id, account_id, list_id, number, state, call_id, answers) "
        "VALUES ($1, $2, $3, $4, $5, 'WAITING', $6, $7)",
        *(campaign, known["contact"], account_id, known["list"], NUMBER, call, [{"name": "age", "held": SECRET}]),
    )
    await connection.execute(
        "INSERT INTO campaign_decision (campaign_id, contact_id, n, decided_at, decision) "
        "VALUES ($1, $2, 1, now(), $3)",
        *(campaign, known["contact"], {"why": NUMBER, "note": f"{NAME} {NUMBER}", "text": SECRET}),
    )
    await connection.execute(
        "INSERT INTO number_attempt (call_id, account_id, number, at) VALUES ($1, $2, $3, now())",
        *(call, account_id, NUMBER),
    )
    await connection.execute(
        "INSERT INTO number_complaint (account_id, number, call_id, note, reported_at) VALUES ($1, $2, $3, $4, now())",
        *(account_id, "+15550109999", call, f"{NAME}: {SECRET}"),
    )
    await connection.execute(
        "INSERT INTO audit_line (account_id, actor_kind, action, outcome, details) "
        "VALUES ($1, 'SYSTEM', 'x.y', 'OK', $2)",
        *(account_id, {"about": f"dialled {SPELLINGS[4]}"}),
    )
    await connection.execute("UPDATE job SET error = $2 WHERE id = $1", known["export"], f"what {NUMBER} is")
    await connection.execute(
        "INSERT INTO webhook_endpoint (id, account_id, url, api_version, secret_sealed, is_enabled, "
        "next_delivery_sequence) VALUES ('ep_1', $1, 'https://crm.example/', '2026-01-01', '', true, 2)",
        account_id,
    )
    await connection.execute(
        "INSERT INTO webhook_delivery (id, account_id, endpoint_id, event_sequence, event_type, subject_id, "
        "delivery_sequence, state, finished_at) SELECT 'del_1', $1, 'ep_1', sequence, type, subject_id, 1, "
        "'DELIVERED', now() FROM event WHERE subject_id = $2 ORDER BY sequence LIMIT 1",
        *(account_id, call),
    )
    await connection.execute(
        "INSERT INTO webhook_attempt (id, delivery_id, number, started_at, latency_seconds, response_excerpt) "
        "VALUES ('att_1', 'del_1', 1, now(), 0.1, $1)",
        f"thanks for {NAME}, who {SECRET}",
    )


async def _be_everywhere_else(connection: PooledConnection, account_id: str) -> None:
    """A row with the number in each table of accounts that has none yet, whatever the table is for."""
    for table in (await read_tables(connection)).values():
        if table.scope != "held.account_id = $1" or table.name in {"dnc_entry", "destination_rule"}:
            continue
        if await _has_number(connection, table):
            continue
        columns: dict[str, Any] = {"account_id": account_id}
        told = await connection.fetch(
            "SELECT column_name, udt_name, is_nullable, column_default, is_identity FROM information_schema.columns "
            "WHERE table_schema = current_schema() AND table_name = $1",
            table.name,
        )
        for row in told:
            name = row["column_name"]
            if name in columns or row["is_identity"] == "YES":
                continue
            fits = _FITTING.get(row["udt_name"])
            if name in {"deleted_at", "archived_at"}:
                columns[name] = fits  # what is configured still is not a stranger's, and refused
            is_needed = row["is_nullable"] == "NO" and row["column_default"] is None
            if fits is not None and (is_needed or row["udt_name"] in _WORDS):
                columns[name] = fits
        await _insert(connection, table, columns)


_WORDS: Final = {"text": f"of {NUMBER}", "varchar": f"of {NUMBER}", "_text": [f"of {NUMBER}"], "json": {"of": NUMBER}}
_FITTING: Final[dict[str, Any]] = {
    **_WORDS,
    "jsonb": {"of": NUMBER},
    "bool": False,
    "int2": 1,
    "int4": 1,
    "int8": 1,
    "float8": 1.0,
    "numeric": 1,
    "bytea": b"",
    "date": _NOON.date(),
    "timestamptz": _NOON,
    "_timestamptz": [],
    "_bytea": [],
}


async def _insert(connection: PooledConnection, table: Table, columns: dict[str, Any]) -> None:
    names = ", ".join(f'"{name}"' for name in columns)
    places = ", ".join(f"${place}" for place in range(1, len(columns) + 1))
    async with connection.transaction():
        # What such rows point at is not there, and their words are none; nobody reads them but a sweep.
        checks = await connection.fetch(
            "SELECT conname FROM pg_constraint WHERE conrelid = $1::text::regclass AND contype IN ('c', 'f')",
            f'"{table.name}"',
        )
        for check in checks:
            await connection.execute(f'ALTER TABLE "{table.name}" DROP CONSTRAINT "{check["conname"]}"')
        await connection.execute(f'INSERT INTO "{table.name}" ({names}) VALUES ({places})', *columns.values())  # noqa: S608  # names from the catalogue


async def _has_number(connection: PooledConnection, table: Table) -> bool:
    found: bool = await connection.fetchval(
        f'SELECT EXISTS (SELECT FROM "{table.name}" AS held WHERE strpos(held::text, $1) > 0)',  # noqa: S608
        NUMBER.lstrip("+"),
    )
    return found


async def tables_with_number(database: Database) -> set[str]:
    """The tables of accounts in which the number stands somewhere as it is dialled."""
    async with database.acquire() as connection:
        tables = (await read_tables(connection)).values()
        return {one.name for one in tables if one.scope is not None and await _has_number(connection, one)}


def is_told_of(text: str) -> bool:
    """Whether a text has the number, the name, or what is known of the person."""
    return (
        _TRACES_LEFT.search(text) is not None
        or any(word.lower() in text.lower() for word in NAME.split())
        or SECRET in text
    )


async def left_in_rows(database: Database) -> dict[str, list[str]]:
    """All rows of all tables that still tell of the person: of entries of DNC lists, by more than the number."""
    left: dict[str, list[str]] = {}
    async with database.acquire() as connection:
        for table in (await read_tables(connection)).values():
            columns = ["held::text"]
            if table.name == "dnc_entry":
                columns = ["(to_jsonb(held) - 'number')::text"]
            for row in await connection.fetch(f'SELECT {columns[0]} AS words FROM "{table.name}" AS held'):  # noqa: S608
                if any(is_told_of(text) for text in _readings(row["words"])):
                    left.setdefault(table.name, []).append(row["words"][:400])
    return left


def _readings(words: str) -> list[str]:
    """A row as it is written, and what its bytes say, unpacked too."""
    texts = [words]
    for found in re.findall(r"\\\\x([0-9a-f]+)", words):
        data = bytes.fromhex(found if len(found) % 2 == 0 else found[:-1])
        texts.append(data.decode("latin-1"))
        try:
            texts.append(zlib.decompress(data).decode("latin-1"))
        except zlib.error:
            continue  # not packed
    return texts


def left_in_files(folder: Path) -> list[str]:
    """All files of the data directory that still tell of the person, by name or by what is in them."""
    left = []
    for path in folder.rglob("*"):
        texts = [str(path.relative_to(folder))]
        if path.is_file():
            content = path.read_bytes()
            texts += [content.decode("latin-1"), content.replace(b"\x00", b"").decode("latin-1")]
        if any(is_told_of(text) for text in texts):
            left.append(str(path.relative_to(folder)))
    return left
