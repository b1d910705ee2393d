"""The test clock over GraphQL: who may set it, and that callbacks and campaigns are read by it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.accounts.scopes import Scope
from app.campaigns.news import CAMPAIGNS_CHANGED
from app.errands.news import ERRANDS_CHANGED
from app.events.bus import Bus
from tests.api.campaign_desk import done, make_list, refused
from tests.api.conftest import ALL_SCOPES, Surface
from tests.calls.standing_in import running, until

pytestmark = pytest.mark.postgres

CLOCK = "testClock { now aheadSeconds advancedAt }"
ADVANCE = f"""mutation($input: AdvanceTestClockInput!) {{ advanceTestClock(input: $input) {{
  {CLOCK} replayed userErrors {{ code field currentState }} }} }}"""
RESET = f"""mutation($input: ResetTestClockInput!) {{ resetTestClock(input: $input) {{
  {CLOCK} userErrors {{ code field currentState }} }} }}"""
SCHEDULE = """mutation($input: ScheduleCallbackInput!) { scheduleCallback(input: $input) {
  callback { id dueAt } userErrors { code field } } }"""
DAY = 86_400.0


async def advance(surface: Surface, *, token: str = "", **given: Any) -> Any:
    given = {"idempotencyKey": "k", **given}
    return (await surface.ask(ADVANCE, {"input": given}, token=token))["advanceTestClock"]


async def look(surface: Surface, *, token: str = "") -> Any:
    return (await surface.ask(f"{{ {CLOCK} }}", token=token))["testClock"]


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def test_given_a_test_key_when_it_advances_and_resets_the_clock_then_it_is_told_what_it_shows(
    surface: Surface,
) -> None:
    assert (await look(surface))["advancedAt"] is None
    before = datetime.now(UTC)
    advanced = await advance(surface, bySeconds=DAY)
    assert (advanced["userErrors"], advanced["replayed"]) == ([], False)
    clock = advanced["testClock"]
    assert clock["aheadSeconds"] == DAY
    assert instant(clock["now"]) >= before + timedelta(days=1)
    assert instant(clock["advancedAt"]) >= before
    again = await advance(surface, bySeconds=DAY)
    assert (again["replayed"], again["testClock"]["aheadSeconds"]) == (True, DAY)
    reset = (await surface.ask(RESET, {"input": {}}))["resetTestClock"]
    assert (reset["userErrors"], reset["testClock"]["aheadSeconds"], reset["testClock"]["advancedAt"]) == ([], 0, None)


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({}, "INVALID_INPUT", ["to"]),
        ({"bySeconds": 1.0, "to": {"at": "2100-01-01T00:00:00Z"}}, "INVALID_INPUT", ["to"]),
        ({"to": {"at": "2020-01-01T00:00:00Z"}}, "INVALID_INPUT", ["to"]),
        ({"to": {"at": "9999-12-31T23:59:59Z"}}, "INVALID_INPUT", ["to"]),
        ({"to": {"local": {"dateTime": "2100-01-01T00:00:00", "timeZone": "Nowhere"}}}, "INVALID_INPUT", ["to"]),
        ({"bySeconds": -1.0}, "INVALID_INPUT", ["bySeconds"]),
        ({"bySeconds": 1.0, "idempotencyKey": ""}, "INVALID_INPUT", ["idempotencyKey"]),
    ],
)
async def test_given_what_cannot_be_when_advanced_then_it_is_refused_by_its_path(
    surface: Surface, given: dict[str, Any], code: str, field: list[str]
) -> None:
    payload = await advance(surface, **given)
    assert payload["testClock"] is None
    assert (payload["userErrors"][0]["code"], payload["userErrors"][0]["field"]) == (code, field)
    assert (await look(surface))["advancedAt"] is None


async def test_given_an_account_with_live_keys_when_its_test_key_sets_the_clock_then_the_live_ones_have_none(
    surface: Surface,
) -> None:
    account = await surface.accounts.create("acme")
    live = await surface.key(account=account)
    test = (await surface.services.keys.create(account.id, name="t", scopes=ALL_SCOPES, is_test=True)).token
    assert await look(surface, token=live) is None
    for payload in (
        await advance(surface, token=live, bySeconds=1.0),
        (await surface.ask(RESET, {"input": {}}, token=live))["resetTestClock"],
    ):
        assert payload["testClock"] is None
        assert payload["userErrors"] == [{"code": "INVALID_STATE", "field": None, "currentState": "LIVE"}]
    assert (await advance(surface, token=test, bySeconds=DAY))["userErrors"] == []
    assert (await look(surface, token=test))["aheadSeconds"] == DAY
    assert await look(surface, token=live) is None
    assert (await look(surface))["aheadSeconds"] == 0


async def test_given_a_key_when_it_has_neither_scope_then_it_is_told_which_it_takes(surface: Surface) -> None:
    token = await surface.key(ALL_SCOPES - {Scope.CALLBACKS, Scope.CAMPAIGNS_WRITE})
    assert (await surface.refuse(f"{{ {CLOCK} }}", token=token))["code"] == "FORBIDDEN"
    variables = {"input": {"idempotencyKey": "k", "bySeconds": 1.0}}
    assert (await surface.refuse(ADVANCE, variables, token=token))["code"] == "FORBIDDEN"
    assert (await surface.refuse(RESET, {"input": {}}, token=token))["code"] == "FORBIDDEN"


async def test_given_a_clock_that_is_ahead_when_a_callback_is_scheduled_then_what_has_passed_by_it_is_over(
    surface: Surface,
) -> None:
    await advance(surface, bySeconds=2 * DAY)
    given = {
        "idempotencyKey": "one",
        "destination": {"number": "+15550100000"},
        "connect": {"extension": "2001"},
        "at": {"at": (datetime.now(UTC) + timedelta(days=1)).isoformat()},
    }
    refusal = (await surface.ask(SCHEDULE, {"input": given}))["scheduleCallback"]["userErrors"]
    assert refusal == [{"code": "INVALID_INPUT", "field": ["at"]}]
    given["at"] = {"at": (datetime.now(UTC) + timedelta(days=2, hours=1)).isoformat()}
    assert (await surface.ask(SCHEDULE, {"input": given}))["scheduleCallback"]["userErrors"] == []


async def test_given_a_clock_that_is_ahead_when_a_campaign_is_made_and_started_then_it_goes_by_that_clock(
    surface: Surface,
) -> None:
    await advance(surface, bySeconds=2 * DAY)
    list_id = await make_list(surface)
    given = {"name": "Spring", "contactListIds": [list_id], "content": {"announcement": {"text": "Hello"}}}

    def at(days: float) -> dict[str, str]:
        return {"at": (datetime.now(UTC) + timedelta(days=days)).isoformat()}

    assert ("INVALID_INPUT", "endAt") in await refused(surface, "createCampaign", {**given, "endAt": at(1)})
    made = await done(surface, "createCampaign", {**given, "startAt": at(1), "endAt": at(3)})
    await done(surface, "updateCampaign", {"id": made["id"], "endAt": at(4)})
    begun = await done(surface, "startCampaign", {"id": made["id"], "idempotencyKey": "start"})
    assert begun["state"] == "RUNNING"  # its start has come
    later = await done(surface, "createCampaign", {**given, "name": "Autumn", "startAt": at(2.1)})
    waiting = await done(surface, "startCampaign", {"id": later["id"], "idempotencyKey": "later"})
    assert waiting["state"] == "SCHEDULED"


async def test_given_other_processes_when_the_clock_is_advanced_or_reset_then_whoever_places_calls_there_looks_now(
    surface: Surface,
) -> None:
    bus = Bus(surface.database)
    heard: list[str] = []
    bus.on(ERRANDS_CHANGED, lambda _: heard.append("callbacks"))
    bus.on(CAMPAIGNS_CHANGED, lambda campaign: heard.append(campaign or "any campaign"))
    async with running(bus.run()):
        await until(lambda: len(heard) == 2)  # as it begins: something may have been missed
        heard.clear()
        await advance(surface, bySeconds=1.0)
        await until(lambda: sorted(heard) == ["any campaign", "callbacks"])
        await surface.ask(RESET, {"input": {}})
        await until(lambda: sorted(heard) == ["any campaign"] * 2 + ["callbacks"] * 2)
