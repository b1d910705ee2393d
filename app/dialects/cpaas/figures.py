"""Statistics: of all calls, of a campaign, and of what is going on."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from app.dialects.cpaas import answers
from app.dialects.cpaas.given import Given, RefusedHereError
from app.dialects.desk import Desk
from app.facts.vocabulary import Disposition

_COUNT: Final = """query CpaasFigures($range: TimeRangeInput!) {
  cdrStatistics(range: $range, groupBy: [DISPOSITION]) { groups { disposition calls } }
}"""
_COUNT_CAMPAIGN: Final = """query CpaasCampaignFigures($range: TimeRangeInput!, $id: ID!) {
  campaign(id: $id) { id }
  cdrStatistics(range: $range, filter: { campaignId: $id }, groupBy: [DISPOSITION]) { groups { disposition calls } }
}"""
_COUNT_LIVE: Final = "query CpaasLive { liveStatistics { live { kind calls } } }"

#: Before the first call that any account has had.
_BEGINNING: Final = "2020-01-01T00:00:00Z"
_NAMES: Final[Mapping[str, str]] = {
    "ANSWER": "answer_calls",
    "BUSY": "busy_calls",
    "CANCEL": "cancel_calls",
    "CHANUNAVAIL": "chanunavail_calls",
    "CONGESTION": "congestion_calls",
    "DND": "dnd_calls",
    "NOANSWER": "noanswer_calls",
}
_LIVE: Final[Mapping[str, str]] = {
    "CLICK_TO_CALL": "live_calls_c2c",
    "CALLBACK": "live_calls_c2c",
    "CAMPAIGN": "live_calls_campaign",
    "INBOUND": "live_calls_inbound",
    "OTP": "live_calls_otp",
}


async def of_all(desk: Desk, _given: Given, _key: str) -> dict[str, Any]:
    """How the account's calls came out, ever."""
    data = await desk.ask(_COUNT, {"range": _ever(desk)})
    return answers.succeed(result=count_statuses(data["cdrStatistics"]["groups"], has_dnd=False))


async def of_campaign(desk: Desk, given: Given, _key: str) -> dict[str, Any]:
    """How a campaign's calls came out, with the contacts that it must not call."""
    campaign_id = given.needed("campaign_id")
    data = await desk.ask(_COUNT_CAMPAIGN, {"range": _ever(desk), "id": campaign_id})
    if data["campaign"] is None:
        raise RefusedHereError("NOT_FOUND", "campaign_id: there is no such campaign.")
    return answers.succeed(result=count_statuses(data["cdrStatistics"]["groups"], has_dnd=True))


async def of_live_calls(desk: Desk, _given: Given, _key: str) -> dict[str, Any]:
    """How many calls of each kind there are now."""
    counted = dict.fromkeys(sorted(set(_LIVE.values())), 0)
    for one in (await desk.ask(_COUNT_LIVE))["liveStatistics"]["live"]:
        name = _LIVE.get(one["kind"])
        if name is not None:
            counted[name] += one["calls"]
    return answers.succeed(result=counted)


def count_statuses(groups: Sequence[Mapping[str, Any]], *, has_dnd: bool) -> dict[str, list[int]]:
    """Counts by disposition as the document has them: each a list of one number. Pure."""
    counted = Counter[str]()
    for one in groups:
        counted[answers.DIAL_STATUSES[Disposition(one["disposition"])]] += one["calls"]
    told = {name: [counted[status]] for status, name in _NAMES.items() if has_dnd or status != "DND"}
    return told | {"total_calls": [sum(counted.values())]}


def _ever(desk: Desk) -> dict[str, Any]:
    tomorrow = desk.services.clock.now() + timedelta(days=1)
    return {"from": {"at": _BEGINNING}, "to": {"at": tomorrow.isoformat()}}
