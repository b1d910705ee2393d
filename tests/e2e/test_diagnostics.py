"""A call's trace, exported and done again; and how a call sounded, over a line that loses packets."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest

from app.accounts.scopes import Scope
from app.calls.core.verbs import Hold, SendDtmf, StartTransfer, Target, Unhold
from app.calls.traces.replay import replay
from app.facts.vocabulary import LegRole, RecordingMode, TransferKind
from tests.rig.desk import Desk
from tests.rig.far_end import FarEnd
from tests.rig.lossy_phone import PACKET_SECONDS, lossy_phone
from tests.rig.service import RunningOffhook
from tests.rig.sipp import SippPorts

pytestmark = pytest.mark.asterisk

AGENT_NUMBER, CUSTOMER_NUMBER, TARGET_NUMBER = "+15550116001", "+15550116002", "+15550116003"
SECRET = "48159263"
_SECONDS = 30.0


@pytest.fixture
async def served_desk(served_offhook: RunningOffhook) -> AsyncIterator[Desk]:
    async with served_offhook.desk() as calling:
        yield calling


async def _get(offhook: RunningOffhook, call_id: str, token: str) -> httpx.Response:
    async with httpx.AsyncClient(timeout=_SECONDS) as http:
        return await http.get(
            f"{offhook.url}/v1/calls/{call_id}/diagnostics.ndjson", headers={"Authorization": f"Bearer {token}"}
        )


async def _kept(offhook: RunningOffhook, call_id: str, token: str) -> list[dict[str, Any]]:
    """The lines of the trace, once it is written: that is done in the background."""
    async with asyncio.timeout(_SECONDS):
        while True:
            async with offhook.service.database.acquire() as connection:
                if await connection.fetchval("SELECT true FROM call_trace WHERE call_id = $1", call_id):
                    break
            await asyncio.sleep(0.05)
    answer = await _get(offhook, call_id, token)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    return [json.loads(line) for line in answer.text.splitlines()]


async def _key(offhook: RunningOffhook, *scopes: Scope) -> str:
    issued = await offhook.service.services.keys.create(offhook.principal.account_id, name="t", scopes=list(scopes))
    return issued.token


async def test_given_a_held_recorded_and_transferred_call_when_its_trace_is_done_again_then_it_is_the_same_call(
    served_offhook: RunningOffhook, served_desk: Desk, far_end: FarEnd
) -> None:
    offhook, desk = served_offhook, served_desk
    placed = await desk.place_call(
        CUSTOMER_NUMBER, connect_number=AGENT_NUMBER, trunk="farend", record=RecordingMode.BOTH
    )
    agent = await far_end.expect_call(AGENT_NUMBER)
    await agent.answer()
    customer = await far_end.expect_call(CUSTOMER_NUMBER)
    await customer.answer()
    await desk.wait_for(placed.id, "call.connected")
    await desk.wait_for(placed.id, "recording.started")
    await desk.act(placed.id, Hold())
    await desk.wait_for(placed.id, "leg.held")
    await desk.act(placed.id, Unhold())
    await desk.wait_for(placed.id, "leg.unheld")
    agent_leg = (await desk.wait_for(placed.id, "leg.answered", "AGENT")).body["leg"]["id"]
    await desk.act(
        placed.id, SendDtmf(leg_id=agent_leg, digits=SECRET, duration_milliseconds=40, between_milliseconds=40)
    )

    live = await _get(offhook, placed.id, offhook.token)
    assert live.status_code == 200
    assert replay(live.text.splitlines()).difference is None

    transfer = StartTransfer(
        idempotency_key=str(uuid.uuid4()), kind=TransferKind.BLIND, target=Target(number=TARGET_NUMBER)
    )
    await desk.act(placed.id, transfer)
    target = await far_end.expect_call(TARGET_NUMBER)
    await target.answer()
    await desk.wait_for(placed.id, "transfer.completed")
    await customer.hang_up()
    story = await desk.wait_for_end(placed.id)

    lines = await _kept(offhook, placed.id, offhook.token)
    done = replay([json.dumps(line) for line in lines])
    assert done.difference is None
    assert (done.facts, done.facts_missing, done.dropped) == (len(story.facts), 0, 0)
    told = [(line["sequence"], line["type"]) for line in lines if line["line"] == "fact"]
    assert told == [(fact.call_sequence, fact.type) for fact in story.facts]
    assert {"ChannelDestroyed", "StasisStart"} <= {line["type"] for line in lines if line["line"] == "event"}
    operations = {line["operation"] for line in lines if line["line"] == "request"}
    assert "POST /channels/{}/dial" in operations
    assert all(line["latencyMs"] > 0 for line in lines if line["line"] == "request")
    assert SECRET not in json.dumps(lines)

    masked = await _kept(offhook, placed.id, await _key(offhook, Scope.CALLS_READ))
    text = json.dumps(masked)
    assert not [number for number in (AGENT_NUMBER, CUSTOMER_NUMBER, TARGET_NUMBER) if number[1:] in text]
    assert replay([json.dumps(line) for line in masked]).difference is None


async def test_given_a_call_when_somebody_without_the_right_asks_for_its_trace_then_it_is_not_given_out(
    served_offhook: RunningOffhook, served_desk: Desk
) -> None:
    offhook, desk = served_offhook, served_desk
    placed = await desk.place_call("+15550100001")
    await desk.wait_for_end(placed.id)
    await _kept(offhook, placed.id, offhook.token)
    assert (await _get(offhook, placed.id, await _key(offhook, Scope.CDRS_READ))).status_code == 403
    assert (await _get(offhook, placed.id, "ofk_nobody")).status_code == 401
    assert (await _get(offhook, "call_01m7yh72059rkfdhh1vk87jxrz", offhook.token)).status_code == 404
    assert (await _get(offhook, "nonsense", offhook.token)).status_code == 404
    async with offhook.service.database.acquire() as connection:
        await connection.execute("UPDATE call_trace SET account_id = 'acc_other' WHERE call_id = $1", placed.id)
    assert (await _get(offhook, placed.id, offhook.token)).status_code == 404


async def test_given_a_call_that_was_refused_when_its_diagnostics_are_asked_for_then_they_tell_the_sip_code(
    served_offhook: RunningOffhook, served_desk: Desk
) -> None:
    offhook, desk = served_offhook, served_desk
    placed = await desk.place_call("+15550100001")
    await desk.wait_for_end(placed.id)
    await _kept(offhook, placed.id, offhook.token)
    query = """query($id: ID!) { call(id: $id) { diagnostics {
        inputCount requestCount failureCount droppedCount slowestRequest { operation latencySeconds status }
        errors { operation } legEnds { role sipCode hangupCause } url } } }"""
    async with httpx.AsyncClient(timeout=_SECONDS) as http:
        key = {"Authorization": f"Bearer {offhook.token}"}
        answer = await http.post(
            f"{offhook.url}/graphql", json={"query": query, "variables": {"id": placed.id}}, headers=key
        )
        told = answer.json()["data"]["call"]["diagnostics"]
        assert (await http.get(told["url"], headers=key)).status_code == 200
    assert {"role": "CUSTOMER", "sipCode": 486, "hangupCause": 17} in told["legEnds"]
    assert told["inputCount"] > 5
    assert told["requestCount"] > 3
    assert told["slowestRequest"]["latencySeconds"] > 0
    assert told["droppedCount"] == 0


@pytest.mark.parametrize(("lose_every", "loss", "best"), [(20, 5.0, 4.2), (10**9, 0.0, 4.41)])
async def test_given_a_line_that_loses_packets_when_the_call_ends_then_its_record_says_how_many(
    offhook: RunningOffhook, desk: Desk, sipp_ports: SippPorts, lose_every: int, loss: float, best: float
) -> None:
    async with lossy_phone(sipp_ports, lose_every=lose_every) as phone:
        placed = await desk.place_call("+15550116101", trunk="sipp", first=LegRole.CUSTOMER)
        await desk.wait_for(placed.id, "call.connected")
        # Asterisk counts every two seconds; the more of them, the less what comes after the last weighs.
        await phone.wait_until_said(int(10.5 / PACKET_SECONDS))
        await desk.hang_up(placed.id)
        story = await desk.wait_for_end(placed.id)
    assert phone.loss_percent == pytest.approx(loss, abs=0.3)
    quality = story.record["quality"]
    assert quality["lossPercent"] == pytest.approx(loss, abs=1.5)
    assert best - 0.7 < quality["mos"] <= best
    record = await offhook.service.services.cdr_queries.get_by_call(offhook.principal.account_id, [placed.id])
    assert msgspec.to_builtins(record[placed.id].quality) == quality
    call = await offhook.service.services.call_queries.get(offhook.principal.account_id, placed.id)
    assert call is not None
    customer = call.leg_of(LegRole.CUSTOMER).quality
    assert customer is not None
    assert customer.loss_percent == pytest.approx(loss, abs=1.5)
