"""The accounts' endpoints."""

import asyncio

import pytest

from app.errors import RefusedError
from app.ids import Kind, kind_of
from app.paging import PageRequest
from app.webhooks.endpoints import LONGEST_DESCRIPTION, MOST_ENDPOINTS
from tests.webhooks.rig import Rig
from tests.webhooks.sink import Sink

pytestmark = pytest.mark.postgres
URL = "http://127.0.0.1:9999/hook"


async def test_given_a_good_url_when_created_then_it_can_be_read_back_and_its_secret_is_shown_once_and_kept_sealed(
    rig: Rig,
) -> None:
    created = await rig.endpoints.create(
        rig.account_id, url=URL, event_types=["call.*", "leg.answered"], description="CRM"
    )
    endpoint = created.endpoint
    assert kind_of(endpoint.id) is Kind.WEBHOOK_ENDPOINT
    assert (endpoint.url, endpoint.event_types, endpoint.description) == (URL, ("call.*", "leg.answered"), "CRM")
    assert (endpoint.is_enabled, endpoint.disabled_reason, endpoint.api_version) == (True, None, "1")
    assert await rig.endpoints.get(rig.account_id, endpoint.id) == endpoint
    assert created.secret.startswith("whsec_")
    ((everything,),) = await rig.fetch("SELECT webhook_endpoint::text FROM webhook_endpoint")
    assert created.secret.removeprefix("whsec_") not in everything


@pytest.mark.parametrize(
    "url",
    ["http://10.0.0.1/", "https://169.254.169.254/latest/meta-data/", "https://user:pass@127.0.0.1/", "ftp://127.0.0.1/",
     "http://127.0.0.1:5060/", "http://2130706433/", "https://[::1]/", "nonsense"],
)  # fmt: skip
async def test_given_a_hostile_url_when_created_or_updated_then_it_is_refused_and_nothing_changes(
    rig: Rig, url: str
) -> None:
    endpoint_id, _ = await rig.add_endpoint(URL)
    for attempt in (
        rig.endpoints.create(rig.account_id, url=url),
        rig.endpoints.update(rig.account_id, endpoint_id, url=url, description="changed"),
    ):
        with pytest.raises(RefusedError) as refusal:
            await attempt
        assert [(problem.code, problem.field) for problem in refusal.value.problems] == [("URL_NOT_ALLOWED", ("url",))]
    page = await rig.endpoints.page(rig.account_id, PageRequest())
    assert [(each.url, each.description) for each in page.items] == [(URL, None)]


async def test_given_too_long_a_description_or_nul_in_it_when_created_then_it_is_refused(rig: Rig) -> None:
    for description in ("x" * (LONGEST_DESCRIPTION + 1), "a\x00b"):
        with pytest.raises(RefusedError) as refusal:
            await rig.endpoints.create(rig.account_id, url=URL, description=description)
        assert refusal.value.problems[0].field == ("description",)


async def test_given_an_endpoint_when_updated_then_only_what_is_given_changes_and_null_clears(rig: Rig) -> None:
    created = await rig.endpoints.create(rig.account_id, url=URL, event_types=["call.*"], description="CRM")
    before = created.endpoint
    untouched = await rig.endpoints.update(rig.account_id, before.id)
    assert untouched == before
    changed = await rig.endpoints.update(
        rig.account_id, before.id, url=URL + "2", event_types=["leg.*"], description=None
    )
    assert (changed.url, changed.event_types, changed.description) == (URL + "2", ("leg.*",), None)
    assert (changed.id, changed.created_at, changed.is_enabled) == (before.id, before.created_at, True)
    await rig.happen("call_a")
    assert await rig.states() == {}  # the patterns changed with the types


async def test_given_a_disabled_endpoint_when_enabled_then_its_reason_is_cleared_and_what_was_kept_is_due(
    rig: Rig,
) -> None:
    endpoint_id, _ = await rig.add_endpoint(URL)
    await rig.happen("call_a")
    async with rig.database.acquire() as connection:
        await connection.execute(
            "UPDATE webhook_endpoint SET is_enabled = false, disabled_reason = 'why', failing_since = now()"
        )
        await connection.execute("UPDATE webhook_delivery SET next_attempt_at = now() + interval '1 day'")
    endpoint = await rig.endpoints.update(rig.account_id, endpoint_id, is_enabled=True)
    assert (endpoint.is_enabled, endpoint.disabled_reason, endpoint.failing_since) == (True, None, None)
    assert await rig.fetch("SELECT next_attempt_at FROM webhook_delivery") == [(rig.clock.now(),)]


async def test_given_an_endpoint_when_deleted_then_it_is_gone_its_deliveries_are_dropped_and_a_second_time_is_refused(
    rig: Rig, sink: Sink
) -> None:
    endpoint_id, _ = await rig.add_endpoint(sink.url())
    await rig.happen("call_a", 2)
    await rig.endpoints.delete(rig.account_id, endpoint_id)
    assert await rig.endpoints.get(rig.account_id, endpoint_id) is None
    assert not (await rig.endpoints.page(rig.account_id, PageRequest())).items
    assert await rig.states() == {"DROPPED": 2}
    for attempt in (
        rig.endpoints.delete(rig.account_id, endpoint_id),
        rig.endpoints.update(rig.account_id, endpoint_id, is_enabled=True),
    ):
        with pytest.raises(RefusedError) as refusal:
            await attempt
        assert refusal.value.problems[0].code == "NOT_FOUND"


async def test_given_another_accounts_endpoint_when_read_changed_or_deleted_then_it_does_not_exist(rig: Rig) -> None:
    endpoint_id, _ = await rig.add_endpoint(URL)
    other = await rig.add_account("other")
    assert await rig.endpoints.get(other, endpoint_id) is None
    assert not (await rig.endpoints.page(other, PageRequest())).items
    for foreign, unknown in (
        (rig.endpoints.delete(other, endpoint_id), rig.endpoints.delete(other, "whe_unknown")),
        (
            rig.endpoints.update(other, endpoint_id, is_enabled=False),
            rig.endpoints.update(other, "x", is_enabled=False),
        ),
    ):
        with pytest.raises(RefusedError) as one:
            await foreign
        with pytest.raises(RefusedError) as two:
            await unknown
        assert one.value.problems == two.value.problems
    endpoint = await rig.endpoints.get(rig.account_id, endpoint_id)
    assert endpoint is not None
    assert endpoint.is_enabled


async def test_given_many_creations_at_once_when_over_the_limit_then_exactly_the_limit_is_made(rig: Rig) -> None:
    made = await asyncio.gather(
        *(rig.endpoints.create(rig.account_id, url=URL) for _ in range(MOST_ENDPOINTS + 5)), return_exceptions=True
    )
    refused = [each for each in made if isinstance(each, BaseException)]
    assert len(refused) == 5
    assert all(isinstance(each, RefusedError) and each.problems[0].code == "INVALID_INPUT" for each in refused)
    other = await rig.add_account("other")
    await rig.endpoints.create(other, url=URL)


async def test_given_several_endpoints_when_paged_both_ways_then_every_one_comes_once_in_the_order_of_making(
    rig: Rig,
) -> None:
    ids = sorted([(await rig.add_endpoint(f"{URL}{number}"))[0] for number in range(5)])
    first = await rig.endpoints.page(rig.account_id, PageRequest(limit=2))
    second = await rig.endpoints.page(rig.account_id, PageRequest(limit=2, position=first.positions[-1]))
    third = await rig.endpoints.page(rig.account_id, PageRequest(limit=2, position=second.positions[-1]))
    assert [each.id for page in (first, second, third) for each in page.items] == ids
    assert (first.has_next, third.has_next) == (True, False)
    back = await rig.endpoints.page(rig.account_id, PageRequest(limit=2, position=third.positions[0], backwards=True))
    assert [each.id for each in back.items] == ids[2:4]
