"""Every step of a campaign's life in every state, asked for over GraphQL: the right effect, or INVALID_STATE."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from app.campaigns.core.lifecycle import Step, after, may_archive, may_update
from app.campaigns.core.words import CampaignState
from app.db.locks import CAMPAIGN_DIALING
from app.ids import Kind, new_id
from tests.api.campaign_desk import do, done, make, make_list, put, read, refused, types_of_events
from tests.api.conftest import Surface, until

pytestmark = pytest.mark.postgres

STEPS = {
    "startCampaign": Step.START,
    "pauseCampaign": Step.PAUSE,
    "resumeCampaign": Step.RESUME,
    "stopCampaign": Step.STOP,
}
KEYED = {"startCampaign", "resumeCampaign"}
FACTS = {
    "startCampaign": "campaign.started",
    "pauseCampaign": "campaign.paused",
    "resumeCampaign": "campaign.resumed",
    "stopCampaign": "campaign.stopped",
}


def _asked(name: str, campaign_id: str) -> dict[str, Any]:
    return {"id": campaign_id} | ({"idempotencyKey": new_id(Kind.REQUEST)} if name in KEYED else {})


@pytest.mark.parametrize("state", list(CampaignState))
async def test_given_a_state_when_each_step_is_asked_for_then_it_is_taken_or_the_state_is_told(
    surface: Surface, state: CampaignState
) -> None:
    list_id = await make_list(surface)
    for name, step in STEPS.items():
        made = await make(surface, contactListIds=[list_id])
        await put(surface, made["id"], state=state.value)
        before = await read(surface, made["id"])
        payload = await do(surface, name, _asked(name, made["id"]))
        expected = after(state, step)
        if expected is None:
            [error] = payload["userErrors"]
            assert (error["code"], error["field"], error["currentState"]) == ("INVALID_STATE", ["id"], state.value)
            assert payload["campaign"] is None
            assert await read(surface, made["id"]) == before
            assert await types_of_events(surface, made["id"]) == ["campaign.created"]
        else:
            assert payload["userErrors"] == []
            assert payload["campaign"]["state"] == expected.value
            assert await types_of_events(surface, made["id"]) == ["campaign.created", FACTS[name]]


@pytest.mark.parametrize("state", list(CampaignState))
async def test_given_a_state_when_it_is_changed_put_away_or_its_contacts_called_again_then_the_state_decides(
    surface: Surface, state: CampaignState
) -> None:
    may_retry = state in {CampaignState.RUNNING, CampaignState.PAUSED}
    for name, its_id, extra, may in (
        ("updateCampaign", "id", {"tags": ["a"]}, may_update(state)),
        ("archiveCampaign", "id", {}, may_archive(state)),
        ("retryContacts", "campaignId", {"idempotencyKey": "again", "dispositions": ["BUSY"]}, may_retry),
    ):
        made = await make(surface)
        await put(surface, made["id"], state=state.value)
        payload = await do(surface, name, {its_id: made["id"], **extra})
        if may:
            assert payload["userErrors"] == []
            assert payload["campaign"]["state"] == state.value
        else:
            [error] = payload["userErrors"]
            assert (error["code"], error["field"], error["currentState"]) == ("INVALID_STATE", [its_id], state.value)
            unchanged = await read(surface, made["id"], "tags archivedAt version")
            assert unchanged == {"tags": [], "archivedAt": None, "version": 1}


async def test_given_an_archived_draft_when_anything_is_asked_of_it_then_it_is_archived(surface: Surface) -> None:
    made = await make(surface)
    await done(surface, "archiveCampaign", {"id": made["id"]})
    for name in (*STEPS, "updateCampaign", "archiveCampaign"):
        payload = await do(surface, name, _asked(name, made["id"]))
        assert [(one["code"], one["currentState"]) for one in payload["userErrors"]] == [("INVALID_STATE", "ARCHIVED")]


async def test_given_a_whole_life_when_it_is_led_then_instants_and_reasons_follow_it(surface: Surface) -> None:
    made = await make(surface)
    campaign_id = made["id"]
    started = await done(surface, "startCampaign", {"id": campaign_id, "idempotencyKey": "k"})
    assert started["startedAt"] is not None
    paused = await done(surface, "pauseCampaign", {"id": campaign_id})
    assert (paused["pauseReason"], paused["pausedAt"] is not None) == ("REQUESTED", True)
    assert paused["pauseDetail"] is None
    await put(surface, campaign_id, pause_detail="NOT_FOUND")
    assert (await read(surface, campaign_id))["pauseDetail"] == "NOT_FOUND"
    resumed = await done(surface, "resumeCampaign", {"id": campaign_id, "idempotencyKey": "k"})
    assert (resumed["pauseReason"], resumed["pauseDetail"], resumed["pausedAt"]) == (None, None, None)
    assert resumed["startedAt"] == started["startedAt"]
    stopped = await done(surface, "stopCampaign", {"id": campaign_id})
    assert (stopped["finishedAt"] is not None, stopped["finishReason"]) == (True, None)
    query = (
        "query($id: ID!) { events(filter: {subjectId: $id}) "
        "{ nodes { type ... on CampaignEvent { campaignId name campaign { id state } } } } }"
    )
    nodes = (await surface.ask(query, {"id": campaign_id}))["events"]["nodes"]
    assert [one["type"] for one in nodes] == [
        *("CAMPAIGN_CREATED", "CAMPAIGN_STARTED", "CAMPAIGN_PAUSED", "CAMPAIGN_RESUMED", "CAMPAIGN_STOPPED")
    ]
    assert {(one["campaignId"], one["name"]) for one in nodes} == {(campaign_id, made["name"])}
    assert all(one["campaign"] == {"id": campaign_id, "state": "STOPPED"} for one in nodes)


async def test_given_a_start_that_is_yet_to_come_when_it_is_started_then_it_is_scheduled_and_nothing_has_begun(
    surface: Surface,
) -> None:
    at = (datetime.now(UTC) + timedelta(hours=3)).replace(microsecond=0)
    made = await make(surface, startAt={"at": at.isoformat()})
    scheduled = await done(surface, "startCampaign", {"id": made["id"], "idempotencyKey": "k"})
    assert (scheduled["state"], scheduled["startedAt"]) == ("SCHEDULED", None)
    assert datetime.fromisoformat(scheduled["startAt"]) == at
    assert await types_of_events(surface, made["id"]) == ["campaign.created"]
    # Without a start it begins at once: as soon as a dialer looks.
    sooner = await done(surface, "updateCampaign", {"id": made["id"], "startAt": None})
    assert sooner["state"] == "SCHEDULED"
    assert datetime.fromisoformat(sooner["startAt"]) <= datetime.now(UTC)


async def test_given_a_campaign_whose_end_has_passed_or_whose_list_is_gone_when_it_is_started_then_it_is_told(
    surface: Surface,
) -> None:
    list_id = await make_list(surface)
    made = await make(surface, contactListIds=[list_id])
    async with surface.database.acquire() as connection:
        await connection.execute("UPDATE contact_list SET deleted_at = now() WHERE id = $1", list_id)
    start = {"id": made["id"], "idempotencyKey": "k"}
    assert await refused(surface, "startCampaign", start) == [("NOT_FOUND", "contactListIds.0")]
    # A refused request has not burnt its key.
    await done(surface, "updateCampaign", {"id": made["id"], "contactListIds": [await make_list(surface)]})
    assert (await done(surface, "startCampaign", start))["state"] == "RUNNING"


async def test_given_a_key_when_it_comes_again_then_the_campaign_is_shown_as_it_stands(surface: Surface) -> None:
    made, other = await make(surface), await make(surface)
    start = {"id": made["id"], "idempotencyKey": "once"}
    assert (await do(surface, "startCampaign", start))["replayed"] is False
    await done(surface, "pauseCampaign", {"id": made["id"]})
    again = await do(surface, "startCampaign", start)
    assert (again["replayed"], again["campaign"]["state"]) == (True, "PAUSED")
    reused = {"id": other["id"], "idempotencyKey": "once"}
    assert await refused(surface, "startCampaign", reused) == [("IDEMPOTENCY_KEY_REUSED", "idempotencyKey")]
    # Keys of another mutation do not meet these.
    resumed = await do(surface, "resumeCampaign", {"id": made["id"], "idempotencyKey": "once"})
    assert (resumed["replayed"], resumed["campaign"]["state"]) == (False, "RUNNING")
    for key in ("", "x" * 256, "tab\t"):
        bad = {"id": other["id"], "idempotencyKey": key}
        assert await refused(surface, "startCampaign", bad) == [("INVALID_INPUT", "idempotencyKey")]


async def test_given_one_key_when_it_comes_many_times_at_once_then_the_campaign_starts_once(surface: Surface) -> None:
    made = await make(surface)
    start = {"id": made["id"], "idempotencyKey": "once"}
    payloads = await asyncio.gather(*(do(surface, "startCampaign", start) for _ in range(8)))
    assert sorted(one["replayed"] for one in payloads) == [False] + 7 * [True]
    assert {one["campaign"]["state"] for one in payloads} == {"RUNNING"}
    assert await types_of_events(surface, made["id"]) == ["campaign.created", "campaign.started"]


async def test_given_one_key_when_it_comes_for_two_campaigns_at_once_then_one_of_them_starts(surface: Surface) -> None:
    made = [(await make(surface))["id"] for _ in range(4)]
    payloads = await asyncio.gather(
        *(do(surface, "startCampaign", {"id": one, "idempotencyKey": "once"}) for one in made)
    )
    codes = [error["code"] for one in payloads for error in one["userErrors"]]
    assert codes == 3 * ["IDEMPOTENCY_KEY_REUSED"]
    states = [(await read(surface, one, "state"))["state"] for one in made]
    assert sorted(states) == ["DRAFT", "DRAFT", "DRAFT", "RUNNING"]


@pytest.mark.parametrize("name", ["pauseCampaign", "stopCampaign"])
async def test_given_calls_that_are_about_to_begin_when_it_is_stopped_then_the_answer_waits_for_them(
    surface: Surface, name: str
) -> None:
    made = await make(surface)
    await put(surface, made["id"], state="RUNNING")
    lock = f"({CAMPAIGN_DIALING}, hashtext($1))"
    async with surface.database.acquire() as dialer:
        await dialer.execute(f"SELECT pg_advisory_lock_shared{lock}", made["id"])
        asked = asyncio.ensure_future(do(surface, name, {"id": made["id"]}))

        async def waits() -> bool:
            query = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = $1 AND NOT granted"
            return bool(await dialer.fetchval(query, CAMPAIGN_DIALING))

        await until(waits)
        assert not asked.done()
        assert (await read(surface, made["id"], "state"))["state"] == "RUNNING"
        await dialer.execute(f"SELECT pg_advisory_unlock_shared{lock}", made["id"])
    payload = await asked
    assert payload["userErrors"] == []
    assert payload["campaign"]["state"] in {"PAUSED", "STOPPED"}


class _Model:
    """What a campaign must do, as the table says."""

    def __init__(self) -> None:
        self.state = CampaignState.DRAFT
        self.version = 1
        self.events = ["campaign.created"]

    def ask(self, name: str) -> bool:
        """Whether it is done."""
        if name == "updateCampaign":
            self.version += may_update(self.state)
            return may_update(self.state)
        state = after(self.state, STEPS[name])
        if state is None:
            return False
        self.state = state
        self.events.append(FACTS[name])
        return True


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(st.sampled_from([*STEPS, "updateCampaign"]), max_size=12))
async def test_given_any_steps_in_any_order_when_they_are_asked_for_then_campaign_and_table_agree(
    surface: Surface, names: list[str]
) -> None:
    campaign_id, model = (await make(surface))["id"], _Model()
    for name in names:
        extra = {"tags": [new_id(Kind.REQUEST)]} if name == "updateCampaign" else {}
        payload = await do(surface, name, _asked(name, campaign_id) | extra)
        assert (payload["userErrors"] == []) is model.ask(name)
        seen = await read(surface, campaign_id, "state version")
        assert seen == {"state": model.state.value, "version": model.version}
    assert await types_of_events(surface, campaign_id) == model.events
