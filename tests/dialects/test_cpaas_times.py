"""Hostile times and counts in the dialect CPAAS: refused in its form, with the field named, and nothing is left."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from tests.api.conftest import Surface
from tests.dialects.cpaas_client import Cpaas
from tests.security.insides import INSIDES

pytestmark = pytest.mark.postgres

_BERLIN, _SYDNEY = ZoneInfo("Europe/Berlin"), ZoneInfo("Australia/Sydney")
_NEXT: Final = datetime.now(UTC) + timedelta(days=30)
_SOON: Final = f"{_NEXT:%Y-%m-%d %H:%M:%S}"
_BEFORE: Final = f"{_NEXT - timedelta(days=1):%Y-%m-%d %H:%M:%S}"
_NO_TIMES: Final[tuple[Any, ...]] = (
    *("now", "0", "2027-02-30 12:00:00", "2027-13-01 00:00:00", "2027-01-01 25:00:00", "2027-01-01", "x" * 10_000),
    *("10000-01-01 00:00:00", "-1-01-01 00:00:00", "2027-01-01 00:00:00Z", "2027-01-01 00:00:00\x00"),
    *("２０２７-01-01 00:00:00", "2027-W01-1", "2027-01-01 00:00:00\r\nX: 1", "${EPOCH}", "' OR '1'='1"),
    *(True, 1.5, [_SOON], {"at": _SOON}),
)
_PAST: Final = ("2001-01-01 00:00:00", "0001-01-01 00:00:00", "1970-01-01 00:00:00")
_FAR: Final = ("9999-12-31 23:59:59", "2999-01-01 00:00:00")
_COUNTS: Final[tuple[Any, ...]] = (
    -1,
    2**31,
    10**9,
    1.5,
    True,
    [3],
    {"a": 3},
    "-1",
    "1e3",
    "0x1",
    "３",
    "1;2",
    "9" * 40,
)
_LEFT: Final = """
SELECT (SELECT count(*) FROM callback) AS callbacks, (SELECT count(*) FROM campaign WHERE state <> 'DRAFT') AS begun,
    (SELECT count(*) FROM campaign WHERE archived_at IS NULL) AS campaigns, (SELECT count(*) FROM dnc_entry) AS entries
"""


@pytest.fixture
async def cpaas(surface: Surface) -> Cpaas:
    return await Cpaas.of(surface)


async def _assert_refused(
    cpaas: Cpaas, path: str, given: dict[str, Any], name: str, samples: tuple[Any, ...], *, named: str | None = None
) -> None:
    for sample in samples:
        status, code, message = await cpaas.refused("POST", path, {**given, name: sample})
        assert 400 <= status < 500, (name, sample, status, code, message)
        assert code not in {"ALREADY_EXISTS", "RATE_LIMITED"}, (name, sample, message)
        assert named is None or message.startswith(named) or "NUL" in message, (name, sample, message)
        assert INSIDES.search(message) is None, (name, sample, message)


async def test_given_hostile_times_when_a_callback_is_asked_for_then_there_is_none(
    cpaas: Cpaas, surface: Surface
) -> None:
    path, given = "/api/callback", {"agent_number": "2001", "destination_number": "15550104001", "time_zone": "UTC"}
    samples = (*_NO_TIMES, *_PAST, *_FAR)
    await _assert_refused(cpaas, path, given, "scheduled_at", samples, named="scheduled_at: ")
    async with surface.database.acquire() as connection:
        assert await connection.fetchval("SELECT count(*) FROM callback") == 0


async def test_given_hostile_times_and_counts_when_a_campaign_is_made_then_none_begins(
    cpaas: Cpaas, surface: Surface
) -> None:
    list_id = (await cpaas.do("POST", "/api/create_campaign_list", {"list_name": "A"}))["list_id"]
    path = "/api/create_campaign"
    given = {
        "campaign_name": "hostile",
        "campaign_type": "0",
        "announcement_text": "Hello.",
        "list_id": list_id,
        "campaign_start_date": _SOON,
    }
    for name in ("campaign_start_date", "campaign_end_date"):
        await _assert_refused(cpaas, path, given, name, _NO_TIMES, named=f"{name}: ")
    await _assert_refused(cpaas, path, given, "campaign_end_date", (*_PAST, _BEFORE, _SOON))
    for name in ("repeat", "repeat_count", "retry_time", "max_retries", "retry_attempts", "calls_per_minute"):
        await _assert_refused(cpaas, path, given, name, _COUNTS)
    recorded = {**given, "dynamic_announcement": "0", "announcement_text": ""}
    files = ("../../etc/passwd", "/etc/passwd", "nul\x00.wav", "con.wav\r\n", "file:///etc/passwd", "x" * 5_000, "%", 7)
    await _assert_refused(cpaas, path, recorded, "recorded_filename", (*files, True, ["a.wav"]))
    async with surface.database.acquire() as connection:
        left = dict(await connection.fetchrow(_LEFT) or {})
    assert (left["campaigns"], left["callbacks"]) == (0, 0)


def _nights() -> Iterator[datetime]:
    """Half past two of each night to come, on one half of the earth and the other."""
    days = [datetime.now(UTC).replace(hour=2, minute=30, second=0, microsecond=0) + timedelta(d) for d in range(2, 366)]
    return (day.replace(tzinfo=zone) for day in days for zone in (_BERLIN, _SYDNEY))


def _next_gap() -> datetime:
    """The next half past two of a night that has none: within some months."""
    return next(one for one in _nights() if one.astimezone(UTC).astimezone(one.tzinfo).hour != one.hour)


def _next_overlap() -> datetime:
    """The next half past two that comes twice in a night."""
    nights = (one for one in _nights() if one.astimezone(UTC).astimezone(one.tzinfo).hour == one.hour)
    return next(one for one in nights if one.utcoffset() != one.replace(fold=1).utcoffset())


async def test_given_a_time_that_a_night_leaves_out_when_a_callback_is_asked_for_then_it_is_moved_on_by_the_gap(
    cpaas: Cpaas, surface: Surface
) -> None:
    gap = _next_gap()
    given = {"agent_number": "2001", "destination_number": "15550104001", "time_zone": str(gap.tzinfo)}
    told = await cpaas.do("POST", "/api/callback", {**given, "scheduled_at": f"{gap:%Y-%m-%d %H:%M:%S}"})
    async with surface.database.acquire() as connection:
        due = await connection.fetchval("SELECT due_at FROM callback WHERE id = $1", told["request_id"])
    assert due == gap.astimezone(UTC)
    assert due.astimezone(gap.tzinfo).hour == 3


async def test_given_hostile_numbers_when_put_on_a_list_of_those_not_to_be_called_then_none_of_it_is_taken(
    cpaas: Cpaas, surface: Surface
) -> None:
    dnd_list_id = (await cpaas.do("POST", "/api/create_campaign_dnd_list", {"dnd_list_name": "B"}))["dnd_list_id"]
    samples: tuple[Any, ...] = (
        *("", "300&PJSIP/1900@trunk", "+1555011\r\n4001", "${EXTEN}", "%", "x" * 5_000, "15550104001\x00"),
        *(None, True, 1.5, ["15550104001"], {}),
    )
    for sample in samples:
        contacts = [{"dnd_contact_number": "15550104001"}, {"dnd_contact_number": sample}]
        asked = {"dnd_list_id": dnd_list_id, "dnd_contacts": contacts}
        status, code, message = await cpaas.refused("POST", "/api/add_dnd_contact_to_list", asked)
        assert (status, code == "ALREADY_EXISTS") == (400, False), (sample, message)
        assert INSIDES.search(message) is None
    async with surface.database.acquire() as connection:
        assert await connection.fetchval("SELECT count(*) FROM dnc_entry") == 0


_KEPT: Final = "query($id: ID!) { campaign(id: $id) { state startAt startedAt } }"
_PREVIEW: Final = "query($id: ID!) { previewCampaign(id: $id) { counted dial } }"


async def _begun(cpaas: Cpaas, surface: Surface, start: str, **more: str) -> tuple[dict[str, Any], dict[str, str]]:
    """What there is of a campaign that begins at a time, over GraphQL and in the dialect's own details."""
    list_id = (await cpaas.do("POST", "/api/create_campaign_list", {"list_name": "A"}))["list_id"]
    contacts = [{"contact_number": "15550104001"}]
    await cpaas.do("POST", "/api/add_contact_to_list", {"list_id": list_id, "contacts": contacts})
    asked = {"campaign_name": "x", "campaign_type": "0", "announcement_text": "Hello.", "list_id": list_id, **more}
    told = await cpaas.do("POST", "/api/create_campaign", {**asked, "campaign_start_date": start})
    kept = (await surface.ask(_KEPT, {"id": told["campaign_id"]}))["campaign"]
    (shown,) = (await cpaas.do("GET", "/api/get_campaign_details"))["result"]
    assert shown["campaign_id"] == told["campaign_id"]
    return kept, shown


@pytest.mark.parametrize("zone", ["", "Asia/Kolkata", "America/New_York"])
@pytest.mark.parametrize("start", ["2023-09-25 14:05:00", "1970-01-02 00:00:00", "0002-01-01 00:00:00"])
async def test_given_a_start_that_has_passed_when_a_campaign_is_made_then_it_begins_at_once(
    cpaas: Cpaas, surface: Surface, start: str, zone: str
) -> None:
    kept, shown = await _begun(cpaas, surface, start, time_zone=zone)
    assert (kept["state"], shown["campaign_status"]) == ("RUNNING", "1")
    assert datetime.now(UTC) - datetime.fromisoformat(kept["startedAt"]) < timedelta(hours=1)
    meant = datetime.fromisoformat(start).replace(tzinfo=ZoneInfo(zone or "UTC"))
    assert datetime.fromisoformat(kept["startAt"]) == meant
    assert shown["campaign_start_date"] == format_datetime(meant.astimezone(UTC), usegmt=True)


@pytest.mark.parametrize("start", ["9999-12-31 23:59:59", "9999-12-20 00:00:00", "2999-01-01 00:00:00"])
async def test_given_a_start_at_the_end_of_the_calendar_when_a_campaign_is_made_then_it_waits_and_can_be_stopped(
    cpaas: Cpaas, surface: Surface, start: str
) -> None:
    kept, shown = await _begun(cpaas, surface, start)
    assert (kept["state"], kept["startedAt"], shown["campaign_status"]) == ("SCHEDULED", None, "0")
    preview = await surface.ask(_PREVIEW, {"id": shown["campaign_id"]})
    assert preview["previewCampaign"] == {"counted": 1, "dial": 0}
    meant = datetime.fromisoformat(start).replace(tzinfo=UTC)
    assert shown["campaign_start_date"] == format_datetime(meant, usegmt=True)
    await cpaas.do("POST", "/api/stop_campaign", {"campaign_id": shown["campaign_id"]})


@pytest.mark.parametrize(
    ("start", "zone"),
    [("9999-12-31 23:59:59", "America/New_York"), ("0001-01-01 00:00:00", "Asia/Kolkata")],
)
async def test_given_a_start_outside_of_the_calendar_when_a_campaign_is_made_then_there_is_none(
    cpaas: Cpaas, surface: Surface, start: str, zone: str
) -> None:
    list_id = (await cpaas.do("POST", "/api/create_campaign_list", {"list_name": "A"}))["list_id"]
    asked = {"campaign_name": "x", "campaign_type": "0", "announcement_text": "Hello.", "list_id": list_id}
    for name in ("campaign_start_date", "campaign_end_date"):
        given = {**asked, name: start, "time_zone": zone}
        status, code, message = await cpaas.refused("POST", "/api/create_campaign", given)
        assert (status, code, message.partition(":")[0]) == (400, "INVALID_INPUT", name)
    async with surface.database.acquire() as connection:
        assert dict(await connection.fetchrow(_LEFT) or {})["campaigns"] == 0


@pytest.mark.parametrize("find", [_next_gap, _next_overlap])
async def test_given_a_night_in_which_clocks_change_when_a_campaign_is_to_start_then_it_is_moved_on_or_the_first_of_two(
    cpaas: Cpaas, surface: Surface, find: Callable[[], datetime]
) -> None:
    night = find()
    kept, shown = await _begun(cpaas, surface, f"{night:%Y-%m-%d %H:%M:%S}", time_zone=str(night.tzinfo))
    meant = night.replace(fold=0).astimezone(UTC)
    assert (kept["state"], datetime.fromisoformat(kept["startAt"])) == ("SCHEDULED", meant)
    assert meant.astimezone(night.tzinfo).hour == (3 if find is _next_gap else 2)
    assert shown["campaign_start_date"] == format_datetime(meant, usegmt=True)
