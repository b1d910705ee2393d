"""A real Asterisk, and a trunk whose far end keeps a log of each SIP message: no hostile number leaves the house."""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from app.facts.vocabulary import LegRole
from app.local.asterisk import AsteriskInstall
from app.numbers.parse import SANDBOX_PREFIX
from app.numbers.policy import Rule
from tests.rig.desk import PATIENCE_SECONDS, Desk
from tests.rig.load import STAYS
from tests.rig.service import RunningOffhook
from tests.rig.sipp import SippPorts, SippServer, sipp_called_party
from tests.rig.story import assert_is_whole
from tests.security.hostile import BEFORE_THE_FIELD, Field, Row, rows

pytestmark = pytest.mark.asterisk

ORIGINATE: Final = """mutation($number: PhoneNumber!, $trunk: ID!, $key: String!) { originateCall(input: {
  destination: {number: $number}, connect: {extension: "2001"}, dialFirst: CUSTOMER, trunkId: $trunk,
  idempotencyKey: $key}) { userErrors { code } } }"""
CONNECT: Final = """mutation($number: PhoneNumber!, $trunk: ID!, $key: String!) { originateCall(input: {
  destination: {extension: "2002"}, connect: {number: $number}, trunkId: $trunk, idempotencyKey: $key}) {
  userErrors { code } } }"""
TRANSFER: Final = """mutation($number: PhoneNumber!, $call: ID!, $key: String!) { transferCall(input: {
  callId: $call, kind: BLIND, target: {number: $number}, idempotencyKey: $key}) { userErrors { code } } }"""
REFER: Final = TRANSFER.replace("kind: BLIND", "kind: BLIND, method: REFER")
ADD: Final = """mutation($number: PhoneNumber!, $call: ID!, $key: String!) { addParticipant(input: {
  callId: $call, target: {number: $number}, idempotencyKey: $key}) { userErrors { code } } }"""
CALL_BACK: Final = """mutation($number: PhoneNumber!, $trunk: ID!, $key: String!) { scheduleCallback(input: {
  at: {at: "WHEN"}, destination: {number: $number}, connect: {extension: "2001"}, trunkId: $trunk,
  idempotencyKey: $key}) { userErrors { code } } }""".replace(
    "WHEN", (datetime.now(UTC) + timedelta(days=20)).isoformat()
)
ORDERED: Final = "mutation($input: OriginateCallInput!) { originateCall(input: $input) { userErrors { code field } } }"
LONGEST_SCALAR: Final = 64
#: So many mutations that ring a phone may be in one operation.
AT_ONCE: Final = 10
ON_A_CALL: Final = (TRANSFER, REFER, ADD)


def some(found: list[Row]) -> list[Row]:
    """Two of each class."""
    kinds: dict[str, list[Row]] = {}
    for row in found:
        kinds.setdefault(row.kind, []).append(row)
    return [row for of in kinds.values() for row in (of[0], of[-1])]


#: What else of an order may be hostile, and where it stands.
FIELDS: Final = (
    (Field.CALLER_ID, "callerId"),
    (Field.SHOWN_NAME, "callerIdName"),
    (Field.SHOWN_NAME, "destinationName"),
    (Field.EXTENSION, "connect.extension"),
    (Field.VARIABLES, "variables"),
    (Field.CONTEXT, "connect.dialplan"),
)


def _order(trunk_id: str, name: str, sample: Any) -> dict[str, Any]:
    """An order that would be dialled at once, were it not for one value."""
    order: dict[str, Any] = {
        "destination": {"number": f"+1555018099{STAYS}"},
        "connect": {"extension": "2001"},
        "dialFirst": "CUSTOMER",
        "trunkId": trunk_id,
        "idempotencyKey": str(uuid.uuid4()),
    }
    match name:
        case "connect.extension":
            order["connect"] = {"extension": sample}
        case "connect.dialplan":
            order["connect"] = {"dialplan": {"context": sample, "extension": "s"}}
        case "variables":
            order[name] = [{"key": key, "value": value} for key, value in sample.items()]
        case _:
            order[name] = sample
    return order


async def _refuse_order(client: httpx.AsyncClient, trunk_id: str, name: str, row: Row) -> None:
    document = {"query": ORDERED, "variables": {"input": _order(trunk_id, name, row.sample)}}
    answer = await client.post("/graphql", json=document)
    assert answer.status_code < 500, (name, row, answer.text[:300])
    body: dict[str, Any] = answer.json()
    if body.get("errors"):
        assert {error["extensions"]["code"] for error in body["errors"]} <= BEFORE_THE_FIELD, (name, row, body)
        return
    errors = body["data"]["originateCall"]["userErrors"]
    assert errors, (name, row)
    assert {error["code"] for error in errors} <= row.codes | {"NOT_FOUND"}, (name, row, errors)
    assert {error["field"][0] for error in errors} == {name.partition(".")[0]}, (name, row, errors)


async def _accept(client: httpx.AsyncClient, document: str, **variables: Any) -> None:
    """The same with good values is taken, so that what was refused was refused for its number."""
    answer = (await client.post("/graphql", json={"query": document, "variables": variables})).json()
    (payload,) = answer["data"].values()
    assert payload["userErrors"] == [], (document, answer)


async def _accept_good_numbers(
    client: httpx.AsyncClient, offhook: RunningOffhook, desk: Desk, sipp: SippServer, placed_id: str
) -> list[str]:
    """Ask all of it again with numbers that may be called; gives those that are dialled for it.

    (A transfer by REFER dials nothing itself; that good ones are taken is shown without an Asterisk.)
    """
    trunk_id, numbers = offhook.trunks["sipp"], [f"+155501810{place}{STAYS}" for place in range(6)]
    transferred, added, originated, connected, ordered, promised = numbers
    await _accept(client, TRANSFER, number=transferred, call=placed_id, key=str(uuid.uuid4()))
    await desk.wait_for(placed_id, "transfer.completed")
    await _accept(client, ADD, number=added, call=placed_id, key=str(uuid.uuid4()))
    await desk.wait_for(placed_id, "participant.joined")
    await _accept(client, ORIGINATE, number=originated, trunk=trunk_id, key=str(uuid.uuid4()))
    await _accept(client, CONNECT, number=connected, trunk=trunk_id, key=str(uuid.uuid4()))
    order = _order(trunk_id, "callerIdName", "Bob")
    order["destination"] = {"number": ordered}
    await _accept(client, ORDERED, input=order)
    await _accept(client, CALL_BACK, number=promised, trunk=trunk_id, key=str(uuid.uuid4()))
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not {call.dialled for call in sipp.calls() if call.connected_at} >= set(numbers[:-1]):
            await asyncio.sleep(0.1)
    for call_id in [actor.call.id for actor in offhook.service.registry]:
        await desk.hang_up(call_id)
        await assert_is_whole(desk, await desk.wait_for_end(call_id))
    return numbers[:-1]


async def test_given_every_hostile_number_when_dialled_transferred_added_or_promised_then_the_far_end_sees_no_invite(
    served_offhook: RunningOffhook,
    graphql_desk: Desk,
    asterisk_install: AsteriskInstall,
    sipp_ports: SippPorts,
    tmp_path: Path,
) -> None:
    offhook, desk = served_offhook, graphql_desk
    assert offhook.url is not None
    rules = [Rule("+", is_allowed=True), Rule(SANDBOX_PREFIX, is_allowed=True)]
    policies = offhook.service.services.routing.policies
    await policies.set_rules(offhook.principal.account_id, rules)
    headers = {"authorization": f"Bearer {offhook.token}"}
    async with (
        sipp_called_party(asterisk_install, sipp_ports, tmp_path) as sipp,
        httpx.AsyncClient(base_url=offhook.url, headers=headers, timeout=60) as client,
    ):
        placed = await desk.place_call(
            f"+1555018000{STAYS}", connect_number=f"+1555019000{STAYS}", trunk="sipp", first=LegRole.CUSTOMER
        )
        await desk.wait_for(placed.id, "call.connected")

        async def refuse(document: str, row: Row) -> None:
            subject = {"call": placed.id} if document in ON_A_CALL else {"trunk": offhook.trunks["sipp"]}
            variables = {"number": row.sample, "key": str(uuid.uuid4()), **subject}
            answer = await client.post("/graphql", json={"query": document, "variables": variables})
            assert answer.status_code < 500, (row, answer.text[:300])
            body: dict[str, Any] = answer.json()
            codes = [one["extensions"]["code"] for one in body.get("errors") or ()]
            for payload in (body.get("data") or {}).values():
                codes += [one["code"] for one in payload["userErrors"]]
            assert codes, (document, row)
            assert set(codes) <= row.codes | BEFORE_THE_FIELD, (document, row, codes)

        async def refuse_together(given: list[Row]) -> None:
            inputs = {
                f"i{place}": {
                    "destination": {"number": row.sample},
                    "connect": {"extension": "2001"},
                    "dialFirst": "CUSTOMER",
                    "trunkId": offhook.trunks["sipp"],
                    "idempotencyKey": str(uuid.uuid4()),
                }
                for place, row in enumerate(given)
            }
            heads = ", ".join(f"${name}: OriginateCallInput!" for name in inputs)
            fields = " ".join(f"{name}: originateCall(input: ${name}) {{ userErrors {{ code }} }}" for name in inputs)
            document = {"query": f"mutation({heads}) {{ {fields} }}", "variables": inputs}
            data = (await client.post("/graphql", json=document)).json()["data"]
            for place, row in enumerate(given):
                codes = {one["code"] for one in data[f"i{place}"]["userErrors"]}
                assert codes, row
                assert codes <= row.codes, (row, codes)

        # What GraphQL refuses by itself takes all that is asked with it along, so it is asked alone.
        together = [row for row in rows(Field.NUMBER) if len(row.sample) <= LONGEST_SCALAR and "\x00" not in row.sample]
        for row in rows(Field.NUMBER):
            if row not in together:
                await refuse(ORIGINATE, row)
        for first in range(0, len(together), AT_ONCE):
            await refuse_together(together[first : first + AT_ONCE])
        for document in (CONNECT, *ON_A_CALL, CALL_BACK):
            for row in some(rows(Field.NUMBER)):
                if row.kind != "ten megabytes":
                    await refuse(document, row)
        for field, name in FIELDS:
            for row in some(rows(field)):
                await _refuse_order(client, offhook.trunks["sipp"], name, row)
        actor = offhook.service.registry.find(placed.id)
        assert actor is not None
        assert len(actor.call.legs) == 2
        assert len(offhook.service.registry) == 1
        parties = [f"+1555018000{STAYS}", f"+1555019000{STAYS}"]
        assert sorted(call.dialled for call in sipp.calls()) == parties
        good = await _accept_good_numbers(client, offhook, desk, sipp, placed.id)
        seen = await sipp.wait_until_idle(len(parties) + len(good))
        assert sorted(call.dialled for call in seen) == sorted([*parties, *good])
        assert {m.method for m in sipp.messages() if not m.is_sent} - {None} <= {"INVITE", "ACK", "BYE", "OPTIONS"}
    async with offhook.service.database.acquire() as connection:
        assert await connection.fetchval("SELECT count(*) FROM call") == 4
