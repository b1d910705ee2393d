"""Call detail records: by date, by what they were asked with, and by campaign."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from app.dialects.cpaas import answers
from app.dialects.cpaas.given import Given, GivenRefusedError
from app.dialects.desk import Desk
from app.dialects.slices import read_slice
from app.facts.vocabulary import Disposition
from app.ids import Kind, kind_of

_ROW: Final = """fragment CpaasRow on Cdr {
  id callId kind disposition uniqueId createdAt answeredAt endedAt durationSeconds dtmf recordingIds isDnc
  campaignId contactListId callbackId otpId
  agentParty { number extension } customerParty { number extension } dialledNumber { number extension }
  callerId { number } campaign { kind }
}"""
_ROWS: Final = f"""query CpaasRecords($filter: CallFilterInput, $first: Int!, $after: String) {{
  cdrs(filter: $filter, first: $first, after: $after, order: CREATED_AT_ASC) {{
    nodes {{ ...CpaasRow }} pageInfo {{ hasNextPage endCursor }}
  }}
}}
{_ROW}"""
_SKIP: Final = """query CpaasSkip($filter: CallFilterInput, $first: Int!, $after: String) {
  cdrs(filter: $filter, first: $first, after: $after, order: CREATED_AT_ASC) { pageInfo { hasNextPage endCursor } }
}"""
_OF_CALL: Final = f"""query CpaasRecordOfCall($id: ID!) {{
  call(id: $id) {{ cdr {{ ...CpaasRow }} }}
}}
{_ROW}"""
_OF_OTP: Final = f"""query CpaasRecordOfOtp($id: ID!) {{
  otp(id: $id) {{ call {{ cdr {{ ...CpaasRow }} }} }}
}}
{_ROW}"""

_DEFAULT_COUNT: Final = 1000
_MOST: Final = 10_000
_DEEPEST: Final = 100_000
_DIGITS: Final = 4


async def by_date(desk: Desk, given: Given, _key: str) -> dict[str, Any]:
    """The records of calls that began on some days, by UTC, the oldest first."""
    where = {"created": given.day_range("start_call_date", "end_call_date")}
    return _tell(await _read(desk, given, where, _DEFAULT_COUNT), given)


async def by_request(desk: Desk, given: Given, _key: str) -> dict[str, Any]:
    """The record of the call that a request has placed, or those of all attempts of a callback."""
    request_id = given.needed("request_id")
    match kind_of(request_id):
        case Kind.CALL:
            call = (await desk.ask(_OF_CALL, {"id": request_id}))["call"]
        case Kind.OTP:
            call = ((await desk.ask(_OF_OTP, {"id": request_id}))["otp"] or {}).get("call")
        case Kind.CALLBACK:
            return _tell(await _read(desk, given, {"callbackId": request_id}, _DEFAULT_COUNT), given)
        case _:
            call = None
    record = None if call is None else call["cdr"]
    return _tell([] if record is None else [record], given)


async def by_campaign(desk: Desk, given: Given, _key: str) -> dict[str, Any]:
    """The records of a campaign's calls, and of the contacts that it must not call."""
    rows = await _read(desk, given, {"campaignId": given.needed("campaign_id")}, _MOST)
    return _tell(rows, given, is_campaign=True)


async def _read(desk: Desk, given: Given, where: dict[str, Any], count: int) -> list[dict[str, Any]]:
    asked, offset = given.whole("record_count"), given.whole("offset") or 0
    if asked is not None and not 1 <= asked <= _MOST:
        raise GivenRefusedError("record_count", f"give 1 to {_MOST}.")
    if offset > _DEEPEST:
        raise GivenRefusedError("offset", f"give at most {_DEEPEST}, and later days instead.")
    return await read_slice(desk, _ROWS, _SKIP, {"filter": where}, offset=offset, count=asked or count)


def _tell(rows: list[dict[str, Any]], given: Given, *, is_campaign: bool = False) -> dict[str, Any]:
    written = [write_record(one, given.account, is_campaign=is_campaign) for one in rows]
    return answers.succeed(message="cdr found" if rows else "cdr not found", result=written)


def write_record(record: Mapping[str, Any], account: str, *, is_campaign: bool = False) -> dict[str, Any]:
    """A record of the schema as the document shows it. Pure.

    Instants that never were are empty, and what was never dialled has no durations: the document shows 1970 there.
    """
    dial_status = answers.DIAL_STATUSES[Disposition(record["disposition"])]
    is_dialled = record["callId"] is not None
    told: dict[str, Any] = {
        "account_id": account,
        "agent_number": answers.write_party(record["agentParty"]),
        "answer": answers.write_instant(record["answeredAt"]),
        "billsec": _seconds_talked(record) if is_dialled else None,
        "call_date": answers.write_instant(record["createdAt"]),
        "call_direction": _DIRECTIONS[record["kind"]],
        "call_duration": round(record["durationSeconds"], _DIGITS) if is_dialled else None,
        "call_status": answers.CALL_STATUSES.get(dial_status),
        "caller_id": answers.write_party(record["callerId"]),
        "customer_number": answers.write_party(record["customerParty"]),
        "destination_context": _context_of(record),
        "dial_status": dial_status,
        "dialed_number": answers.write_party(record["dialledNumber"]),
        "dtmf_inputs": record["dtmf"] or "",
        "end": answers.write_instant(record["endedAt"]) if is_dialled else "",
        "id": answers.number_of(record["id"]),
        "recording_name": ",".join(record["recordingIds"]),
        "request_id": record["otpId"] or record["callbackId"] or record["callId"] or "",
        "uniqueid": record["uniqueId"] if is_dialled else "",
    }
    if is_campaign:
        told |= {"is_dnd": "1" if record["isDnc"] else "0", "list_id": record["contactListId"] or ""}
    return told


_DIRECTIONS: Final[Mapping[str, str]] = {
    "CLICK_TO_CALL": "outbound-api",
    "OTP": "outbound-api",
    "CALLBACK": "outbound-api",
    "CAMPAIGN": "outbound-campaign",
    "INBOUND": "inbound",
    "INTERNAL": "internal",
}
_CONTEXTS: Final[Mapping[str, str]] = {
    "CLICK_TO_CALL": "click2call",
    "OTP": "local_call",
    "CALLBACK": "callback",
    "INBOUND": "inbound",
    "INTERNAL": "internal",
}


def _context_of(record: Mapping[str, Any]) -> str:
    campaign = record["campaign"]
    if campaign is None:
        return _CONTEXTS.get(record["kind"], "")
    return f"local_call_campaign_type_{0 if campaign['kind'] == 'ANNOUNCEMENT' else 1}"


def _seconds_talked(record: Mapping[str, Any]) -> float:
    """From the answer to the end, as Asterisk's own records count what is billed."""
    if record["answeredAt"] is None:
        return 0.0
    answered, ended = (datetime.fromisoformat(record[name]) for name in ("answeredAt", "endedAt"))
    return round(max(0.0, (ended - answered).total_seconds()), _DIGITS)
