"""Fields of the dialect CPAAS that change what a call, a password or a campaign is: none of them is lost on the way."""

import asyncio
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from tests.api.conftest import Surface
from tests.dialects.cpaas_client import Cpaas
from tests.dialects.test_cpaas_document import World

pytestmark = pytest.mark.postgres

_CLICK: Final = {"agent_number": "2001", "destination_number": "15550104001"}
_PASSWORD: Final = {"customer_number": "15550104001", "otp": "1987"}


@pytest.fixture
async def world(surface: Surface) -> World:
    return World(await Cpaas.of(surface), surface)


async def _list(world: World) -> str:
    made: str = (await world.cpaas.do("POST", "/api/create_campaign_list", {"list_name": "A"}))["list_id"]
    return made


async def _campaign(world: World, **given: str) -> str:
    body = {
        "campaign_name": "spring",
        "campaign_type": "0",
        "announcement_text": "Hello.",
        "list_id": await _list(world),
        "campaign_start_date": world.later(days=20),
        **given,
    }
    made: str = (await world.cpaas.do("POST", "/api/create_campaign", body))["campaign_id"]
    return made


async def test_given_a_campaigns_zone_when_it_is_made_then_it_begins_and_ends_by_the_clocks_there(world: World) -> None:
    begin, end = world.later(days=20), world.later(days=21)
    campaign_id = await _campaign(world, campaign_start_date=begin, campaign_end_date=end, time_zone="Asia/Kolkata")
    query = "query($id: ID!) { campaign(id: $id) { startAt endAt } }"
    kept = (await world.surface.ask(query, {"id": campaign_id}))["campaign"]
    found = [datetime.fromisoformat(kept[name]) for name in ("startAt", "endAt")]
    zone = ZoneInfo("Asia/Kolkata")
    assert found == [datetime.fromisoformat(one).replace(tzinfo=zone) for one in (begin, end)]
    (row,) = (await world.cpaas.do("GET", "/api/get_campaign_details"))["result"]
    told = [row[name] for name in ("campaign_start_date", "campaign_end_date")]
    assert told == [f"{one.astimezone(UTC):%a, %d %b %Y %H:%M:%S} GMT" for one in found]


async def test_given_the_same_password_five_times_when_it_is_to_be_told_then_it_is_told_once(
    world: World,
) -> None:
    answers = await asyncio.gather(*(world.cpaas.do("POST", "/api/outbound_call", _PASSWORD) for _ in range(4)))
    answers.append(await world.cpaas.do("POST", "/api/outbound_call", _PASSWORD))
    assert len({one["request_id"] for one in answers}) == 1
    async with world.surface.database.acquire() as connection:
        count = await connection.fetchval("SELECT count(*) FROM otp")
    assert count == 1
    other = await world.cpaas.do("POST", "/api/outbound_call", {**_PASSWORD, "otp": "1988"})
    assert other["request_id"] != answers[0]["request_id"]


@pytest.mark.parametrize(
    ("given", "mode", "is_transcribed"),
    [
        ({"recording_option": "both"}, "BOTH", False),
        ({"recording_option": "agent"}, "AGENT", False),
        ({"recording_option": "customer"}, "CUSTOMER", False),
        ({"recording_option": "off"}, "OFF", False),
        ({}, "OFF", False),
        ({"transcript": "on"}, "BOTH", True),
        ({"transcript": "on", "recording_option": "agent"}, "AGENT", True),
        ({"transcript": "off", "recording_option": "on"}, "BOTH", False),
    ],
)
async def test_given_whose_voice_is_wanted_when_a_call_is_placed_then_that_is_recorded_and_transcribed(
    world: World, given: dict[str, str], mode: str, *, is_transcribed: bool
) -> None:
    told = await world.cpaas.do("POST", "/api/click2call", {**_CLICK, **given})
    actor = world.surface.registry.find(told["request_id"])
    assert actor is not None
    assert (actor.call.recording_mode.value, actor.call.transcribe) == (mode, is_transcribed)


async def test_given_a_transcript_of_a_call_that_is_not_recorded_when_asked_for_then_it_is_refused(
    world: World,
) -> None:
    asked = {**_CLICK, "recording_option": "off", "transcript": "on"}
    status, code, _ = await world.cpaas.refused("POST", "/api/click2call", asked)
    assert (status, code) == (400, "INVALID_INPUT")


_SPOKEN: Final = {"volume": "x- loud", "rate": "x-slow", "pitch": "high", "language_code": "en-US"}
_KEPT: Final = {"volume": "X_LOUD", "rate": "X_SLOW", "pitch": "HIGH", "languageCode": "en-US"}


async def test_given_how_it_is_spoken_when_a_password_is_to_be_told_then_it_is_kept(world: World) -> None:
    told = await world.cpaas.do("POST", "/api/outbound_call", {**_PASSWORD, **_SPOKEN, "repeat": "4"})
    async with world.surface.database.acquire() as connection:
        kept = await connection.fetchval("SELECT spoken FROM otp WHERE id = $1", told["request_id"])
    spoken = {name: kept[name] for name in ("volume", "rate", "pitch", "language", "repeat")}
    assert spoken == {"volume": "X_LOUD", "rate": "X_SLOW", "pitch": "HIGH", "language": "en-US", "repeat": 4}


async def test_given_how_it_is_spoken_when_a_campaign_is_made_then_it_is_kept(world: World) -> None:
    campaign_id = await _campaign(world, **_SPOKEN)
    query = """query($id: ID!) { campaign(id: $id) { content { announcement { announcement {
        voice { volume rate pitch languageCode } } } } } }"""
    kept = (await world.surface.ask(query, {"id": campaign_id}))["campaign"]["content"]
    assert kept["announcement"]["announcement"]["voice"] == _KEPT


async def test_given_other_names_of_the_same_settings_when_a_campaign_is_made_then_they_count_and_the_table_wins(
    world: World,
) -> None:
    query = """query($id: ID!) { campaign(id: $id) { maxRetries retryAfterSeconds callsPerMinute
        content { announcement { announcement { repeat } } } } }"""

    async def settings(campaign_id: str) -> tuple[Any, ...]:
        kept = (await world.surface.ask(query, {"id": campaign_id}))["campaign"]
        repeat = kept["content"]["announcement"]["announcement"]["repeat"]
        return kept["maxRetries"], kept["retryAfterSeconds"], kept["callsPerMinute"], repeat

    list_id = await _list(world)
    others = {"list_id": list_id, "retry_time": "90", "calls_per_minute": "7"}
    body = {"campaign_type": "0", "announcement_text": "Hi.", "campaign_start_date": world.later(days=20), **others}
    for name, given, expected in (
        ("aliases", {"retry_attempts": "4", "repeat_count": "3"}, (4, 90.0, 7, 3)),
        ("both", {"retry_attempts": "4", "max_retries": "2", "repeat_count": "3", "repeat": "5"}, (2, 90.0, 7, 5)),
    ):
        asked = {**body, "campaign_name": name, **given}
        made = await world.cpaas.do("POST", "/api/create_campaign", asked)
        assert await settings(made["campaign_id"]) == expected


async def test_given_a_campaign_when_stopped_then_it_is_stopped_and_its_status_is_3(world: World) -> None:
    campaign_id = await _campaign(world)
    await world.cpaas.do("POST", "/api/stop_campaign", {"campaign_id": campaign_id})
    query = "query($id: ID!) { campaign(id: $id) { state } }"
    assert (await world.surface.ask(query, {"id": campaign_id}))["campaign"] == {"state": "STOPPED"}
    (row,) = (await world.cpaas.do("GET", "/api/get_campaign_details"))["result"]
    assert (row["campaign_id"], row["campaign_status"]) == (campaign_id, "3")
