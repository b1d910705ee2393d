"""Campaigns: made and started in one, stopped, and listed."""

from collections.abc import Mapping
from typing import Any, Final

from app.dialects.cpaas import answers
from app.dialects.cpaas.again import MADE_BY, describe
from app.dialects.cpaas.content import announcement, survey
from app.dialects.cpaas.given import Given, GivenRefusedError
from app.dialects.desk import AskRefusedError, Desk
from app.facts.vocabulary import Disposition

_CREATE: Final = """mutation CpaasCampaign($input: CreateCampaignInput!) {
  createCampaign(input: $input) { campaign { id } userErrors { code message field currentState retryAfterSeconds } }
}"""
_START: Final = """mutation CpaasStart($input: StartCampaignInput!) {
  startCampaign(input: $input) { campaign { id } userErrors { code message field currentState retryAfterSeconds } }
}"""
_STOP: Final = """mutation CpaasStop($input: StopCampaignInput!) {
  stopCampaign(input: $input) { campaign { id } userErrors { code message field currentState retryAfterSeconds } }
}"""
_ARCHIVE: Final = """mutation CpaasArchive($input: ArchiveCampaignInput!) {
  archiveCampaign(input: $input) { campaign { id } userErrors { code message field currentState retryAfterSeconds } }
}"""
_LATEST: Final = """query CpaasLatest($first: Int!) {
  campaigns(first: $first) { nodes { id name state description } }
}"""
_DETAILS: Final = """query CpaasCampaigns($first: Int!, $after: String) {
  campaigns(first: $first, after: $after) {
    nodes {
      id name kind state callsPerMinute maxRetries retryAfterSeconds callerIds { number } startAt endAt startedAt
      finishedAt createdAt content { announcement { announcement { repeat } } }
    }
    pageInfo { hasNextPage endCursor }
  }
}"""

_PAGE: Final = 200
_MOST_PAGES: Final = 50
_ANNOUNCING: Final = "0"
_LEADING: Final = "1"
_TYPES: Final = {"0": _ANNOUNCING, "1": _LEADING}
_DEFAULT_ZONE: Final = "UTC"
_STATES: Final[Mapping[str, str]] = {
    "DRAFT": "0",
    "SCHEDULED": "0",
    "RUNNING": "1",
    "PAUSED": "2",
    "STOPPED": "3",
    "FINISHED": "3",
}
#: Asterisk's words for how a dialling came out, and the misprint of the document.
_RETRIED: Final[Mapping[str, tuple[Disposition, ...]]] = {
    "NOANSWER": (Disposition.NO_ANSWER,),
    "NOANSER": (Disposition.NO_ANSWER,),
    "BUSY": (Disposition.BUSY,),
    "CONGESTION": (Disposition.CONGESTION,),
    "CANCEL": (Disposition.CANCELLED,),
    "CHANUNAVAIL": (Disposition.UNREACHABLE, Disposition.REJECTED, Disposition.FAILED),
    "FAILED": (Disposition.UNREACHABLE, Disposition.REJECTED, Disposition.FAILED),
}


async def create(desk: Desk, given: Given, key: str) -> dict[str, Any]:
    """Make a campaign and start it; it calls from its start on. One that cannot be started is put away again.

    The same request again gives the same campaign.
    """
    kind = given.word("campaign_type", _TYPES)
    if kind is None:
        raise GivenRefusedError("campaign_type", "this is required.")
    wanted = {
        **_read_settings(given),
        "content": await (announcement(desk, given) if kind == _ANNOUNCING else survey(desk, given)),
        "description": describe(key),  # so that the same request again finds it
    }
    campaign_id = await _make(desk, wanted)
    try:
        await desk.ask(_START, {"input": {"id": campaign_id, "idempotencyKey": key}})
    except AskRefusedError as refused:
        if not refused.is_outage:
            await desk.ask(_ARCHIVE, {"input": {"id": campaign_id}})  # its name is to be had again
        raise
    return answers.succeed(campaign_id=campaign_id)


async def stop(desk: Desk, given: Given, _key: str) -> dict[str, Any]:
    """Stop a campaign for good. One that was stopped before is stopped, as a callback taken back twice is."""
    try:
        await desk.ask(_STOP, {"input": {"id": given.needed("campaign_id")}})
    except AskRefusedError as refused:
        if refused.extensions.get("currentState") != "STOPPED":
            raise
    return answers.succeed(message="campaign stopped successfully")


async def list_details(desk: Desk, _given: Given, _key: str) -> dict[str, Any]:
    """All campaigns of the account."""
    found: list[dict[str, Any]] = []
    after = None
    for _ in range(_MOST_PAGES):
        page = (await desk.ask(_DETAILS, {"first": _PAGE, "after": after}))["campaigns"]
        found += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    message = "campaign found" if found else "campaign not found"
    return answers.succeed(message=message, result=[write_campaign(one) for one in found])


def write_campaign(campaign: Mapping[str, Any]) -> dict[str, str]:
    """A campaign of the schema as the document shows it. Pure."""
    said = campaign["content"]["announcement"]
    return {
        "calls_per_minute": str(campaign["callsPerMinute"]),
        "campaign_caller_id": ",".join(answers.write_party(one) for one in campaign["callerIds"]),
        "campaign_end_date": answers.write_instant(campaign["endAt"] or campaign["finishedAt"]),
        "campaign_id": campaign["id"],
        "campaign_name": campaign["name"],
        "campaign_start_date": answers.write_instant(campaign["startAt"] or campaign["startedAt"]),
        "campaign_status": _STATES[campaign["state"]],
        "campaign_type": _ANNOUNCING if campaign["kind"] == "ANNOUNCEMENT" else _LEADING,
        "max_retries": str(campaign["maxRetries"]),
        "repeat_announcement_count": "1" if said is None else str(said["announcement"]["repeat"]),
        "retry_time": answers.write_number(campaign["retryAfterSeconds"]),
    }


def read_retries(text: str) -> list[str]:
    """What is tried again, out of words with commas or blanks between.

    Raises:
        GivenRefusedError: a word of no known result.
    """
    found: list[str] = []
    for word in text.replace(",", " ").replace("NO ANSWER", "NOANSWER").split():
        known = _RETRIED.get(word.upper().replace("_", "").replace("-", ""))
        if known is None:
            raise GivenRefusedError("retry_on_statuses", f"use some of {', '.join(_RETRIED)}.")
        found += [one.value for one in known if one.value not in found]
    return found


def _read_settings(given: Given) -> dict[str, Any]:
    zone = given.text("time_zone") or _DEFAULT_ZONE
    begin, end = given.moment("campaign_start_date"), given.moment("campaign_end_date")
    dnd_list_id, caller_id = given.text("dnd_list_id"), given.text("campaign_caller_id")
    retries = given.whole("max_retries")
    statuses = given.text("retry_on_statuses")
    found: dict[str, Any] = {
        "name": given.needed("campaign_name"),
        "contactListIds": [given.needed("list_id")],
        "dncListIds": None if dnd_list_id is None else [dnd_list_id],
        "callerIds": None if caller_id is None else [caller_id],
        "startAt": None if begin is None else {"local": {"dateTime": begin, "timeZone": zone}},
        "endAt": None if end is None else {"local": {"dateTime": end, "timeZone": zone}},
        "maxRetries": given.whole("retry_attempts") if retries is None else retries,
        "retryAfterSeconds": given.whole("retry_time"),
        "retryOn": None if statuses is None else read_retries(statuses),
        "callsPerMinute": given.whole("calls_per_minute"),
    }
    return {name: value for name, value in found.items() if value is not None}


async def _make(desk: Desk, wanted: dict[str, Any]) -> str:
    """The id of a new campaign, or of the one that the same request has made a moment ago.

    A draft of that name which no start followed, since something failed between the two, makes room for the new one.
    """
    try:
        return await _create(desk, wanted)
    except AskRefusedError as refused:
        if refused.code != "ALREADY_EXISTS":
            raise
        latest = (await desk.ask(_LATEST, {"first": _PAGE}))["campaigns"]["nodes"]
        before = next((one for one in latest if one["name"] == wanted["name"]), None)
        if before is None or not (before["description"] or "").startswith(MADE_BY):
            raise
        if before["description"] == wanted["description"]:
            found: str = before["id"]
            return found
        if before["state"] != "DRAFT":
            raise
    await desk.ask(_ARCHIVE, {"input": {"id": before["id"]}})
    return await _create(desk, wanted)


async def _create(desk: Desk, wanted: dict[str, Any]) -> str:
    made: str = (await desk.ask(_CREATE, {"input": wanted}))["createCampaign"]["campaign"]["id"]
    return made
