"""Hostile times and counts in the dialect CPAAS: refused in its form, with the field named, and nothing is left."""

from datetime import UTC, datetime, timedelta
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


def _next_gap() -> datetime:
    """The next half past two of a night that has none: within some months, of one half of the earth or the other."""
    days = [datetime.now(UTC).replace(hour=2, minute=30, second=0, microsecond=0) + timedelta(d) for d in range(2, 366)]
    moments = (day.replace(tzinfo=zone) for day in days for zone in (_BERLIN, _SYDNEY))
    return next(one for one in moments if one.astimezone(UTC).astimezone(one.tzinfo).hour != one.hour)


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
