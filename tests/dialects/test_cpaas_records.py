"""Call detail records through the dialect CPAAS: by date, page by page, by request and by campaign."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from app.facts.calls import CdrRecord
from app.facts.vocabulary import CallKind, Disposition, Errand
from app.ids import Kind, new_id
from tests.api.conftest import Surface
from tests.cdrs.records import insert_cdrs, make_cdr
from tests.dialects.cpaas_client import Cpaas

pytestmark = pytest.mark.postgres

NOON: Final = datetime(2026, 6, 13, 12, tzinfo=UTC)
#: The keys of the document's own samples, and what each is in JSON.
_TYPES: Final = {
    **dict.fromkeys(("account_id", "agent_number", "answer", "call_date", "call_direction", "call_status"), str),
    **dict.fromkeys(("caller_id", "customer_number", "destination_context", "dial_status", "dialed_number"), str),
    **dict.fromkeys(("dtmf_inputs", "end", "recording_name", "request_id", "uniqueid"), str),
    "billsec": float,
    "call_duration": float,
    "id": int,
}
_ATTEMPT: Final = (
    "INSERT INTO callback_attempt (callback_id, attempt, call_id, due_at, started_at) VALUES ($1, $2, $3, $4, $4)"
)
_OF_CAMPAIGN: Final = {**_TYPES, "is_dnd": str, "list_id": str}


async def _insert(surface: Surface, *records: CdrRecord) -> None:
    async with surface.database.acquire() as connection:
        await insert_cdrs(connection, [(surface.account.id, record) for record in records])


def _types(row: dict[str, Any]) -> dict[str, type]:
    return {name: type(value) for name, value in row.items()}


async def test_given_more_records_than_a_page_when_read_by_offset_and_count_then_each_is_told_once_in_order(
    surface: Surface,
) -> None:
    cpaas = await Cpaas.of(surface)
    # Some share their instant: the order between them must hold all the same.
    records = [make_cdr(NOON + timedelta(seconds=number // 3)) for number in range(470)]
    await _insert(surface, *records)
    days = {"start_call_date": "2026-06-13", "end_call_date": "2026-06-13"}
    told = await cpaas.do("POST", "/api/get_cdr_by_date", days)
    assert told["message"] == "cdr found"
    rows = told["result"]
    assert [_types(row) for row in (rows[0], rows[-1])] == [_TYPES, _TYPES]
    assert rows[0]["account_id"] == cpaas.account
    ordered = [one.call_id for one in sorted(records, key=lambda one: (one.created_at, one.id))]
    assert [row["request_id"] for row in rows] == ordered
    for offset, count in ((1, 5), (205, 210), (0, 1), (400, 200), (469, 10), (470, 10), (10_000, 1)):
        asked = {**days, "record_count": str(count), "offset": str(offset)}
        rows = (await cpaas.do("POST", "/api/get_cdr_by_date", asked))["result"]
        assert [row["request_id"] for row in rows] == ordered[offset : offset + count], (offset, count)
    none = {"start_call_date": "2026-06-14", "end_call_date": "2026-06-15"}
    assert await cpaas.do("POST", "/api/get_cdr_by_date", none) == {"message": "cdr not found", "result": []}
    for name, value in (("record_count", "0"), ("record_count", "10001"), ("offset", "100001"), ("offset", "-1")):
        status, code, message = await cpaas.refused("POST", "/api/get_cdr_by_date", {**days, name: value})
        assert (status, code, message.partition(":")[0]) == (400, "INVALID_INPUT", name)


async def test_given_a_campaigns_records_when_read_then_those_not_called_are_among_them_with_the_documents_types(
    surface: Surface,
) -> None:
    cpaas, campaign_id, list_id = await Cpaas.of(surface), new_id(Kind.CAMPAIGN), new_id(Kind.CONTACT_LIST)
    errand = Errand(campaign_id=campaign_id, contact_id=new_id(Kind.CONTACT), contact_list_id=list_id)
    called = make_cdr(NOON, kind=CallKind.CAMPAIGN, errand=errand)
    never = make_cdr(
        NOON + timedelta(minutes=1),
        kind=CallKind.CAMPAIGN,
        errand=errand,
        call_id=None,
        disposition=Disposition.DNC,
        answered_at=None,
    )
    await _insert(surface, called, never, make_cdr(NOON))
    told = await cpaas.do("POST", "/api/get_cdr_by_campaign_id", {"campaign_id": campaign_id})
    first, second = told["result"]
    assert _types(first) == _OF_CAMPAIGN
    nothing = {name: type(None) for name in ("billsec", "call_duration", "call_status")}
    assert _types(second) == {**_OF_CAMPAIGN, **nothing}
    assert [(one["is_dnd"], one["dial_status"], one["list_id"]) for one in (first, second)] == [
        ("0", "ANSWER", list_id),
        ("1", "DND", list_id),
    ]


async def test_given_another_accounts_call_or_none_when_its_record_is_asked_for_then_both_are_told_alike(
    surface: Surface,
) -> None:
    cpaas = await Cpaas.of(surface)
    own, other = make_cdr(NOON), make_cdr(NOON)
    await _insert(surface, own)
    stranger = await surface.accounts.create("bravo")
    async with surface.database.acquire() as connection:
        await insert_cdrs(connection, [(stranger.id, other)])
    unknown = (other.call_id, new_id(Kind.CALL), new_id(Kind.OTP), new_id(Kind.CALLBACK), "91da7c083f", "x" * 200, "%")
    for request_id in unknown:
        told = await cpaas.do("POST", "/api/get_cdr_by_request_id", {"request_id": request_id})
        assert told == {"message": "cdr not found", "result": []}
    for path in ("/api/get_campaign_cdr_statistics", "/api/stop_campaign"):
        answers = {await cpaas.refused("POST", path, {"campaign_id": one}) for one in (new_id(Kind.CAMPAIGN), "CM1")}
        assert {(status, code) for status, code, _ in answers} == {(404, "NOT_FOUND")}
        assert len(answers) == 1


async def test_given_records_when_counted_then_each_count_is_a_list_of_one_number(surface: Surface) -> None:
    cpaas = await Cpaas.of(surface)
    told = await cpaas.do("GET", "/api/get_cdr_statistics")
    names = ("answer", "busy", "cancel", "chanunavail", "congestion", "noanswer", "total")
    assert told == {"result": {f"{name}_calls": [0] for name in names}}


async def test_given_a_callbacks_attempts_when_its_records_are_asked_for_then_all_of_its_own_come_and_no_others(
    surface: Surface,
) -> None:
    cpaas = await Cpaas.of(surface)
    later = f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%d %H:%M:%S}"
    asked = {"agent_number": "2001", "scheduled_at": later}
    numbers = ("15550104001", "15550104002")
    callback_id, other_id = [
        (await cpaas.do("POST", "/api/callback", {**asked, "destination_number": one}))["request_id"] for one in numbers
    ]
    mine = [
        make_cdr(
            NOON + timedelta(minutes=one),
            kind=CallKind.CALLBACK,
            errand=Errand(callback_id=callback_id),
            unique_id=f"ofk.n1.leg_{one}",
        )
        for one in range(2)
    ]
    other = make_cdr(NOON, kind=CallKind.CALLBACK, errand=Errand(callback_id=other_id))
    await _insert(surface, *mine, other, make_cdr(NOON))
    attempts = [(callback_id, 1, mine[0].call_id), (callback_id, 2, mine[1].call_id), (other_id, 1, other.call_id)]
    async with surface.database.acquire() as connection:
        await connection.executemany(_ATTEMPT, [(*one, NOON) for one in attempts])
    told = await cpaas.do("POST", "/api/get_cdr_by_request_id", {"request_id": callback_id})
    assert told["message"] == "cdr found"
    assert [(one["request_id"], one["destination_context"]) for one in told["result"]] == [
        (callback_id, "callback")
    ] * 2
    assert [one["uniqueid"] for one in told["result"]] == [one.unique_id for one in mine]


async def test_given_calls_of_a_campaign_and_others_when_counted_then_each_count_has_its_own(surface: Surface) -> None:
    cpaas = await Cpaas.of(surface)
    list_id = (await cpaas.do("POST", "/api/create_campaign_list", {"list_name": "A"}))["list_id"]
    asked = {"campaign_name": "x", "campaign_type": "0", "announcement_text": "Hello.", "list_id": list_id}
    later = f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%d %H:%M:%S}"
    made = await cpaas.do("POST", "/api/create_campaign", {**asked, "campaign_start_date": later})
    errand = Errand(campaign_id=made["campaign_id"], contact_id=new_id(Kind.CONTACT), contact_list_id=list_id)
    busy = make_cdr(NOON, kind=CallKind.CAMPAIGN, errand=errand, disposition=Disposition.BUSY, answered_at=None)
    await _insert(surface, make_cdr(NOON, kind=CallKind.CAMPAIGN, errand=errand), busy, make_cdr(NOON), make_cdr(NOON))
    of_campaign = await cpaas.do("POST", "/api/get_campaign_cdr_statistics", {"campaign_id": made["campaign_id"]})
    of_all = await cpaas.do("GET", "/api/get_cdr_statistics")
    counted = [{name: one for name, (one,) in told["result"].items() if one} for told in (of_campaign, of_all)]
    assert counted == [
        {"answer_calls": 1, "busy_calls": 1, "total_calls": 2},
        {"answer_calls": 3, "busy_calls": 1, "total_calls": 4},
    ]
