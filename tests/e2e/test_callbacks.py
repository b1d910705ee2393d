"""Callbacks on the real thing: they come when they were to come, as calls that can be told from others."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.rig.desk import PATIENCE_SECONDS
from tests.rig.far_end import FarEnd
from tests.rig.service import RunningOffhook
from tests.rig.talk import answer_both

pytestmark = pytest.mark.asterisk

_CALLBACK = (
    "id state dueAt callId attemptCount failure detail startedAt "
    "attempts { number callId disposition isConnected startedAt endedAt } "
    "call { kind disposition callbackId callback { id } recordings { state } cdr { kind callbackId } }"
)
_SCHEDULE = (
    "mutation($input: ScheduleCallbackInput!) { scheduleCallback(input: $input) "
    f"{{ callback {{ {_CALLBACK} }} replayed userErrors {{ code message field }} }} }}"
)
_UPDATE = (
    "mutation($input: UpdateCallbackInput!) { updateCallback(input: $input) { callback { id } userErrors { code } } }"
)
_READ = f"query($id: ID!) {{ callback(id: $id) {{ {_CALLBACK} }} }}"
_ADVANCE = (
    "mutation($input: AdvanceTestClockInput!) "
    "{ advanceTestClock(input: $input) { testClock { aheadSeconds } userErrors { code message } } }"
)
_EVENTS = "query($id: ID!) { events(filter: {subjectId: $id}, first: 200) { nodes { type } } }"


async def _schedule(offhook: RunningOffhook, at: datetime, customer: str, **fields: Any) -> Any:
    given = {
        "idempotencyKey": f"back {customer}",
        "at": {"at": at.isoformat()},
        "destination": {"number": customer},
        "trunkId": offhook.trunks["farend"],
        **fields,
    }
    return (await offhook.change(_SCHEDULE, **given))["callback"]


async def _until(offhook: RunningOffhook, callback_id: str, *states: str) -> Any:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            callback = await offhook.ask(_READ, id=callback_id)
            if callback["state"] in states:
                return callback
            await asyncio.sleep(0.1)


async def test_given_a_callback_when_its_time_comes_then_both_sides_are_connected_recorded_and_told(
    served_offhook: RunningOffhook, far_end: FarEnd
) -> None:
    agent, customer = "+15550118201", "+15550118202"
    later = datetime.now(UTC) + timedelta(hours=1)
    fields = {"connect": {"number": agent}, "recordingMode": "BOTH", "externalId": "lead 7"}
    callback = await _schedule(served_offhook, later, customer, **fields)
    assert (callback["state"], callback["call"]) == ("SCHEDULED", None)
    due_at = datetime.now(UTC) + timedelta(seconds=1)
    await served_offhook.change(_UPDATE, id=callback["id"], at={"at": due_at.isoformat()})

    _, called = await answer_both(far_end, agent, customer)
    started = await _until(served_offhook, callback["id"], "STARTED")
    assert datetime.fromisoformat(started["startedAt"]) >= due_at
    async with called.playing_tone(1000):
        await asyncio.sleep(1.0)  # a second of talk, which the recording needs
    await called.hang_up()
    over = await _until(served_offhook, callback["id"], "COMPLETED", "FAILED")

    assert over["state"] == "COMPLETED"
    assert over["call"]["kind"] == "CALLBACK"
    assert over["call"]["callbackId"] == over["call"]["callback"]["id"] == callback["id"]
    assert over["call"]["cdr"] == {"kind": "CALLBACK", "callbackId": callback["id"]}
    assert len(over["call"]["recordings"]) == 1
    (attempt,) = over["attempts"]
    assert (attempt["number"], attempt["disposition"], attempt["isConnected"]) == (1, "ANSWERED", True)
    told = [node["type"] for node in (await served_offhook.ask(_EVENTS, id=callback["id"]))["nodes"]]
    assert told == ["CALLBACK_SCHEDULED", "CALLBACK_UPDATED", "CALLBACK_STARTED", "CALLBACK_COMPLETED"]
    again = await _schedule(served_offhook, later, customer, **fields)
    assert again["id"] == callback["id"]


async def test_given_a_callback_that_may_be_tried_twice_when_the_first_is_busy_then_the_second_is_placed(
    served_offhook: RunningOffhook, far_end: FarEnd
) -> None:
    agent, customer = "+15550118203", "+15550118204"
    fields = {"connect": {"number": agent}, "dialFirst": "CUSTOMER", "maxAttempts": 2, "retryAfterSeconds": 1.0}
    callback = await _schedule(served_offhook, datetime.now(UTC), customer, **fields)
    await (await far_end.expect_call(customer)).reject(486)
    called, _ = await answer_both(far_end, customer, agent)
    await _until(served_offhook, callback["id"], "STARTED")
    await called.hang_up()
    over = await _until(served_offhook, callback["id"], "COMPLETED", "FAILED")
    assert [(one["number"], one["disposition"]) for one in over["attempts"]] == [(1, "BUSY"), (2, "ANSWERED")]
    assert len({one["callId"] for one in over["attempts"]}) == 2
    told = [node["type"] for node in (await served_offhook.ask(_EVENTS, id=callback["id"]))["nodes"]]
    assert told == [
        *("CALLBACK_SCHEDULED", "CALLBACK_STARTED", "CALLBACK_UPDATED", "CALLBACK_STARTED", "CALLBACK_COMPLETED"),
    ]


async def test_given_a_callback_of_tomorrow_when_the_test_clock_is_advanced_to_it_then_real_phones_ring_now_and_once(
    served_offhook: RunningOffhook, far_end: FarEnd
) -> None:
    agent, customer = "+15550118207", "+15550118208"
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    callback = await _schedule(served_offhook, tomorrow, customer, connect={"number": agent})
    given = {"idempotencyKey": "to tomorrow", "to": {"at": tomorrow.isoformat()}}
    for _ in ("once", "again, under the same key"):
        advanced = await served_offhook.ask(_ADVANCE, input=given)
        assert advanced["userErrors"] == []
    _, called = await answer_both(far_end, agent, customer)
    started = await _until(served_offhook, callback["id"], "STARTED")
    # What has happened has its true time, and what was to happen the clock's.
    assert datetime.fromisoformat(started["startedAt"]) < tomorrow - timedelta(hours=23)
    assert datetime.fromisoformat(started["dueAt"]) == tomorrow
    await called.hang_up()
    over = await _until(served_offhook, callback["id"], "COMPLETED", "FAILED")
    assert (over["state"], over["attemptCount"], over["call"]["disposition"]) == ("COMPLETED", 1, "ANSWERED")
