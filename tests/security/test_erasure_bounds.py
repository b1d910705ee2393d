"""How far an erasure goes: not into what belongs to others, nor into words of ours, nor does it free used keys."""

import enum
import importlib
import pkgutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
import orjson
import pytest

import app
from app.calls.core.model.call import decode_call
from app.erasure.person import Person, new_tombstone
from app.erasure.rows import PersonRows
from app.facts.calls import CallEnded
from app.facts.catalogue import decode_fact
from tests.api.conftest import VEIL, Surface
from tests.api.lists_desk import upload
from tests.api.test_calls import ORIGINATE, originate_input
from tests.api.test_errands import ANNOUNCE, SCHEDULE
from tests.security.forgotten import NAME, NUMBER, SOMEBODY_ELSE, be_known, talk
from tests.security.test_erasure import erase

pytestmark = pytest.mark.postgres

OTHERS: Final = f"number,name\n{SOMEBODY_ELSE},{NAME}\n+155501473920,{NAME}\n".encode()
PAGES: Final = """{
  calls(first: 50) { nodes { id state kind direction disposition tags metadata { key value } customerParty { number }
    agentParty { number display } legs { id role state } recordings { id state } } }
  cdrs(first: 50) { nodes { id kind direction disposition customerParty { number } metadata { key value } tags } }
  events(first: 200) { nodes { id type sequence actor { kind } ... on CallEvent { call { id state } } } }
  callbacks(first: 50) { nodes { id state customer { number display } tags metadata { key value } } }
  recordings(first: 50) { nodes { id state } }
  contactLists(first: 50) { nodes { id name contacts(first: 50) { nodes { id party { number display } } } } }
  dncLists(first: 50) { nodes { id name } }
  jobs(first: 50) { nodes { id kind state } }
  auditEvents(first: 50) { nodes { action outcome details { name value } } }
}"""
_OURS: Final = """
SELECT 'event', id::text, type, subject_id, actor_kind FROM event
UNION ALL SELECT 'call', id, concat_ws(' ', kind, direction, state, disposition, node), agent_id, extension FROM call
UNION ALL SELECT 'cdr', id, concat_ws(' ', kind, direction, disposition, end_code, end_party, source), unique_id, ''
    FROM cdr
UNION ALL SELECT 'leg', id, concat_ws(' ', role, state), channel_name, trunk_id FROM leg WHERE number IS NULL
UNION ALL SELECT 'job', id, concat_ws(' ', kind, state, scope), subject_id, key FROM job
UNION ALL SELECT 'callback', id, concat_ws(' ', state, resolution), time_zone, failure FROM callback
UNION ALL SELECT 'otp', id, concat_ws(' ', state, disposition), '', failure FROM otp
UNION ALL SELECT 'contact', id, zone_source, list_id, '' FROM contact
ORDER BY 1, 2
"""


async def test_given_files_that_only_share_the_name_when_somebody_is_forgotten_then_they_stay(
    surface: Surface, tmp_path: Path
) -> None:
    await talk(surface)
    uploaded = await upload(surface, OTHERS)
    laid = tmp_path / "recordings" / surface.account.id / "imports" / "april.csv"
    laid.parent.mkdir(parents=True, exist_ok=True)
    laid.write_bytes(OTHERS)

    report = await erase(surface, tmp_path, names=[NAME])

    assert '"files": {}' in report
    assert laid.read_bytes() == OTHERS
    async with surface.database.acquire() as connection:
        key = await connection.fetchval("SELECT object_key FROM upload WHERE id = $1", uploaded)
    assert (tmp_path / "recordings" / key).read_bytes() == OTHERS


def all_words_of_ours() -> Iterator[str]:
    """The values of every enum in the service."""
    for found in pkgutil.walk_packages(app.__path__, "app."):
        module = importlib.import_module(found.name)
        for one in vars(module).values():
            if isinstance(one, type) and issubclass(one, enum.StrEnum):
                yield from (word.value for word in one)


def keys_of(document: Any) -> Iterator[str]:
    """All keys of a document, however deep."""
    if isinstance(document, dict):
        yield from document
        for value in document.values():
            yield from keys_of(value)
    elif isinstance(document, list):
        for value in document:
            yield from keys_of(value)


async def test_given_somebody_who_is_called_as_all_our_words_are_when_forgotten_then_all_is_read_as_before(
    surface: Surface, tmp_path: Path
) -> None:
    known = await be_known(surface, tmp_path, by_asking_alone=True)
    async with surface.database.acquire() as connection:
        before = [tuple(row) for row in await connection.fetch(_OURS)]
        documents = [
            orjson.loads(row[0])
            for row in await connection.fetch("SELECT data::text FROM event UNION ALL SELECT snapshot::text FROM call")
        ]
    words = {*all_words_of_ours(), *(key for one in documents for key in keys_of(one))}
    words |= {
        part for row in before for word in row if word for part in word.replace(".", " ").replace("_", " ").split()
    }
    assert {"call.ended", "CUSTOMER", "legs", "role", "ended"} <= words
    person = Person(NUMBER, new_tombstone(), frozenset({NAME, *filter(None, words)}))

    rewritten = await sweep(surface, person)

    assert rewritten >= 10
    async with surface.database.acquire() as connection:
        assert [tuple(row) for row in await connection.fetch(_OURS)] == before
        events = await connection.fetch("SELECT type, data::text FROM event")
        calls = await connection.fetch("SELECT id, snapshot::text FROM call")
    facts = [decode_fact(row["type"], row["data"]) for row in events]
    records = [fact.cdr for fact in facts if isinstance(fact, CallEnded)]
    assert {one.call_id for one in records} == {known["call"], known["other call"]}
    assert {decode_call(row["snapshot"]).id for row in calls} == {known["call"], known["other call"]}
    told = [msgspec.json.encode(fact).decode() for fact in facts] + [row["snapshot"] for row in calls]
    assert NUMBER not in "".join(told)
    pages = await surface.ask(PAGES)
    assert len(pages["calls"]["nodes"]) == len(pages["cdrs"]["nodes"]) == 2
    assert len(pages["events"]["nodes"]) == min(len(events), 200)


async def sweep(surface: Surface, person: Person) -> int:
    """What an erasure's job does with rows, for whatever names; gives how many it has rewritten."""
    rows = PersonRows(surface.database, surface.account.id, VEIL, is_dry_run=False)
    tables = await rows.read_tables()
    rewritten = 0
    for table in tables.values():
        piece = await rows.look(table, person, None)
        async with surface.database.acquire() as connection, connection.transaction():
            done = await rows.rewrite(connection, tables, table, piece.hits, person)
        rewritten += sum(done.rows.values())
    return rewritten


async def test_given_keys_with_the_number_when_somebody_is_forgotten_then_no_used_key_calls_again(
    surface: Surface, tmp_path: Path
) -> None:
    own = originate_input(idempotencyKey=f"lead {NUMBER}", destination={"number": NUMBER})
    other = originate_input(idempotencyKey=f"after {NUMBER}", destination={"number": SOMEBODY_ELSE})
    at = {"at": (datetime.now(UTC) + timedelta(days=3)).isoformat()}
    asked = (
        ("originateCall", ORIGINATE, own),
        ("originateCall", ORIGINATE, other),
        (
            "scheduleCallback",
            SCHEDULE,
            {
                "idempotencyKey": f"back {NUMBER}",
                "at": at,
                "destination": {"number": NUMBER},
                "connect": {"extension": "2001"},
            },
        ),
        ("announceOtp", ANNOUNCE, {"idempotencyKey": f"code {NUMBER}", "number": NUMBER, "code": "4719"}),
    )
    for name, text, given in asked:
        assert (await surface.ask(text, {"input": given}))[name]["userErrors"] == []
    for call in (await surface.ask("{ calls(first: 5) { nodes { id } } }"))["calls"]["nodes"]:
        await hang_up(surface, call["id"])
    async with surface.database.acquire() as connection:
        await connection.execute("UPDATE otp SET state = 'FAILED', ended_at = now()")
    counted = await count(surface)

    await erase(surface, tmp_path)

    again = [(await surface.ask(text, {"input": given}))[name] for name, text, given in asked]
    assert await count(surface) == counted
    refused = [one["userErrors"][0]["code"] if one["userErrors"] else None for one in again]
    assert refused == ["IDEMPOTENCY_KEY_REUSED", None, "IDEMPOTENCY_KEY_REUSED", "IDEMPOTENCY_KEY_REUSED"]
    assert again[1]["replayed"] is True
    async with surface.database.acquire() as connection:
        keys = [row["key"] for row in await connection.fetch("SELECT key FROM request_key")]
    assert len(keys) == 4
    assert not any(NUMBER.lstrip("+") in key for key in keys)


async def test_given_one_key_of_several_accounts_when_veiled_then_nothing_tells_that_it_is_one() -> None:
    forms = {
        VEIL.of(account, mutation, f"lead {NUMBER}")
        for account in ("acc_1", "acc_2")
        for mutation in ("originateCall", "announceOtp")
    }

    assert len(forms) == 4
    for form in forms:
        assert VEIL.of("acc_1", "originateCall", form) == form
        assert not any(character.isdigit() for character in form)


async def hang_up(surface: Surface, call_id: str) -> None:
    """End a call, to its last breath."""
    actor = surface.registry.find(call_id)
    assert actor is not None
    await surface.ask(
        "mutation($input: HangupCallInput!) { hangupCall(input: $input) { userErrors { code } } }",
        {"input": {"callId": call_id}},
    )
    await actor.wait_until(lambda call: call.is_settled)


async def count(surface: Surface) -> tuple[int, ...]:
    """How many calls, callbacks and one-time passwords there are."""
    async with surface.database.acquire() as connection:
        row = await connection.fetchrow(
            "SELECT (SELECT count(*) FROM call), (SELECT count(*) FROM callback), (SELECT count(*) FROM otp)"
        )
    assert row is not None
    return tuple(row)
