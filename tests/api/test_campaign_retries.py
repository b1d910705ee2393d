"""Calling contacts again over GraphQL: those that were meant, and once for each key."""

import asyncio
from typing import Any

import pytest

from app.campaigns import retrying
from app.campaigns.figures import Figure
from app.ids import Kind, new_id
from tests.api.campaign_desk import (
    CONTACTS,
    NOON,
    count_figures,
    do,
    make,
    put,
    read,
    refused,
    take_up,
    take_up_three,
    value,
)
from tests.api.conftest import Surface

pytestmark = pytest.mark.postgres


async def _retry(surface: Surface, campaign_id: str, key: str = "", **choice: Any) -> Any:
    given = {"campaignId": campaign_id, "idempotencyKey": key or new_id(Kind.REQUEST), **choice}
    return await do(surface, "retryContacts", given)


async def _refusals(surface: Surface, campaign_id: str, key: str = "", **choice: Any) -> list[tuple[str, str]]:
    given = {"campaignId": campaign_id, "idempotencyKey": key or new_id(Kind.REQUEST), **choice}
    return await refused(surface, "retryContacts", given)


async def _running(surface: Surface) -> str:
    campaign_id: str = (await make(surface))["id"]
    await put(surface, campaign_id, state="RUNNING")
    return campaign_id


async def _busy(surface: Surface, campaign_id: str, number: str) -> str:
    """A contact that was busy to the last."""
    outcome = {"reason": "NO_RETRIES_LEFT", "disposition": "BUSY", "attempts": 3}
    return await take_up(surface, campaign_id, number, state="FINISHED", **outcome)


async def _waiting(surface: Surface, campaign_id: str) -> set[str]:
    data = await surface.ask(CONTACTS, {"id": campaign_id, "filter": {"states": ["WAITING"]}})
    return {one["contactId"] for one in data["campaign"]["contacts"]["nodes"]}


async def _is_over_again(surface: Surface, contact_id: str) -> None:
    """It was called since it was put back, and was busy once more."""
    async with surface.database.acquire() as connection:
        await connection.execute(
            "UPDATE campaign_contact SET state = 'FINISHED', reason = 'NO_RETRIES_LEFT' WHERE contact_id = $1",
            contact_id,
        )


async def test_given_contacts_with_outcomes_when_they_are_called_again_then_those_that_were_meant_wait(
    surface: Surface,
) -> None:
    campaign_id = await _running(surface)
    _, reached, forbidden = await take_up_three(surface, campaign_id)
    nobody = await take_up(
        surface, campaign_id, "+15550100004", state="FINISHED", reason="NEVER_RETRIED", disposition="INVALID_NUMBER"
    )
    busy = await _busy(surface, campaign_id, "+15550100005")
    await count_figures(surface, campaign_id, NOON, {Figure.TAKEN: 5, Figure.FINISHED: 3, Figure.SKIPPED: 1})

    before = await _waiting(surface, campaign_id)
    retried = await _retry(surface, campaign_id, dispositions=["BUSY"])
    assert (retried["retriedCount"], retried["hasMore"], retried["replayed"]) == (1, False, False)
    assert await _waiting(surface, campaign_id) == before | {busy}
    assert await value(surface, "SELECT attempts FROM campaign_contact WHERE contact_id = $1", busy) == 0
    both = await _retry(surface, campaign_id, skipReasons=["DNC"], contactIds=[forbidden, reached])
    assert both["retriedCount"] == 1
    assert await _waiting(surface, campaign_id) == before | {busy, forbidden}
    # Of those that are named, a number that does not exist is left alone, and so is who waits already.
    named = await _retry(surface, campaign_id, contactIds=[reached, nobody, busy, new_id(Kind.CONTACT)])
    assert named["retriedCount"] == 1
    assert await _waiting(surface, campaign_id) == before | {busy, forbidden, reached}
    assert await _refusals(surface, campaign_id, dispositions=["INVALID_NUMBER"]) == [
        ("INVALID_INPUT", "dispositions.0")
    ]
    progress = await read(surface, campaign_id, "progress { contactsTaken waiting inFlight finished skipped }")
    assert progress["progress"] == {"contactsTaken": 5, "waiting": 4, "inFlight": 0, "finished": 1, "skipped": 0}


@pytest.mark.parametrize(
    ("choice", "problems"),
    [
        ({}, [("REQUIRED", "")]),
        ({"contactIds": None, "dispositions": None, "skipReasons": None}, [("REQUIRED", "")]),
        ({"contactIds": []}, [("INVALID_INPUT", "contactIds")]),
        ({"dispositions": []}, [("INVALID_INPUT", "dispositions")]),
        ({"skipReasons": []}, [("INVALID_INPUT", "skipReasons")]),
        ({"dispositions": ["ANSWERED"], "contactIds": []}, [("INVALID_INPUT", "contactIds")]),
        (
            {"contactIds": [], "dispositions": [], "skipReasons": []},
            [("INVALID_INPUT", "contactIds"), ("INVALID_INPUT", "dispositions"), ("INVALID_INPUT", "skipReasons")],
        ),
        ({"contactIds": ["cont_x"] * 1001}, [("INVALID_INPUT", "contactIds")]),
    ],
)
async def test_given_nobody_chosen_when_contacts_are_to_be_called_again_then_it_is_refused_and_nobody_is(
    surface: Surface, choice: dict[str, Any], problems: list[tuple[str, str]]
) -> None:
    campaign_id = await _running(surface)
    await take_up_three(surface, campaign_id)
    before = await _waiting(surface, campaign_id)
    assert await _refusals(surface, campaign_id, **choice) == problems
    assert await _waiting(surface, campaign_id) == before


async def test_given_a_key_when_it_comes_again_then_it_answers_as_it_did_and_nobody_is_put_back_again(
    surface: Surface, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrying, "MOST_AT_ONCE", 1)
    campaign_id = await _running(surface)
    busy = await _busy(surface, campaign_id, "+15550100005")
    first = await _retry(surface, campaign_id, "once", dispositions=["BUSY", "NO_ANSWER"])
    assert (first["retriedCount"], first["hasMore"], first["replayed"]) == (1, True, False)
    await _is_over_again(surface, busy)
    # Which way round a list is makes no other request of it.
    again = await _retry(surface, campaign_id, "once", dispositions=["NO_ANSWER", "BUSY"])
    assert (again["retriedCount"], again["hasMore"], again["replayed"]) == (1, True, True)
    assert await _waiting(surface, campaign_id) == set()
    assert await value(surface, "SELECT attempts FROM campaign_contact WHERE contact_id = $1", busy) == 0
    # Nor does the campaign's end make the answer another one.
    await put(surface, campaign_id, state="STOPPED")
    late = await _retry(surface, campaign_id, "once", dispositions=["BUSY", "NO_ANSWER"])
    assert (late["retriedCount"], late["replayed"], late["campaign"]["state"]) == (1, True, "STOPPED")
    # Another key is another request.
    await put(surface, campaign_id, state="RUNNING")
    other = await _retry(surface, campaign_id, "twice", dispositions=["BUSY", "NO_ANSWER"])
    assert (other["retriedCount"], other["replayed"]) == (1, False)
    assert await _waiting(surface, campaign_id) == {busy}


async def test_given_a_key_that_was_used_when_it_comes_with_another_input_then_that_is_refused(
    surface: Surface,
) -> None:
    campaign_id, elsewhere = await _running(surface), await _running(surface)
    busy = await _busy(surface, campaign_id, "+15550100005")
    await _busy(surface, elsewhere, "+15550100005")
    assert (await _retry(surface, campaign_id, "once", dispositions=["BUSY"]))["retriedCount"] == 1
    await _is_over_again(surface, busy)
    reused = [("IDEMPOTENCY_KEY_REUSED", "idempotencyKey")]
    assert await _refusals(surface, campaign_id, "once", dispositions=["BUSY", "NO_ANSWER"]) == reused
    assert await _refusals(surface, campaign_id, "once", dispositions=["BUSY"], contactIds=[busy]) == reused
    assert await _refusals(surface, campaign_id, "once", contactIds=[busy]) == reused
    assert await _refusals(surface, elsewhere, "once", dispositions=["BUSY"]) == reused
    assert await _waiting(surface, campaign_id) | await _waiting(surface, elsewhere) == set()
    for key in ("x" * 256, "tab\t", "é"):
        bad = await _refusals(surface, campaign_id, key, dispositions=["BUSY"])
        assert bad == [("INVALID_INPUT", "idempotencyKey")]


async def test_given_a_request_that_was_refused_when_its_key_comes_again_then_it_is_not_burnt(
    surface: Surface,
) -> None:
    campaign_id = (await make(surface))["id"]
    busy = await _busy(surface, campaign_id, "+15550100005")
    assert await _refusals(surface, campaign_id, "once", dispositions=["BUSY"]) == [("INVALID_STATE", "campaignId")]
    assert await _refusals(surface, campaign_id, "once", dispositions=[]) == [("INVALID_INPUT", "dispositions")]
    assert await value(surface, "SELECT count(*) FROM request_key WHERE mutation = 'retryContacts'") == 0
    await put(surface, campaign_id, state="PAUSED")
    retried = await _retry(surface, campaign_id, "once", dispositions=["BUSY"])
    assert (retried["retriedCount"], retried["replayed"]) == (1, False)
    assert await _waiting(surface, campaign_id) == {busy}


async def test_given_one_key_when_it_comes_many_times_at_once_then_contacts_are_put_back_once(
    surface: Surface,
) -> None:
    campaign_id = await _running(surface)
    for number in range(3):
        await _busy(surface, campaign_id, f"+1555010001{number}")
    payloads = await asyncio.gather(*(_retry(surface, campaign_id, "once", dispositions=["BUSY"]) for _ in range(8)))
    assert sorted(one["replayed"] for one in payloads) == [False] + 7 * [True]
    assert {one["retriedCount"] for one in payloads} == {3}


async def test_given_one_key_when_it_comes_for_several_campaigns_at_once_then_contacts_of_one_are_put_back(
    surface: Surface,
) -> None:
    campaigns = [await _running(surface) for _ in range(4)]
    for campaign_id in campaigns:
        await _busy(surface, campaign_id, "+15550100005")
    payloads = await asyncio.gather(*(_retry(surface, one, "once", dispositions=["BUSY"]) for one in campaigns))
    codes = [error["code"] for one in payloads for error in one["userErrors"]]
    assert codes == 3 * ["IDEMPOTENCY_KEY_REUSED"]
    assert sorted([len(await _waiting(surface, one)) for one in campaigns]) == [0, 0, 0, 1]
