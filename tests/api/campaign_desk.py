"""Campaigns over GraphQL, and the lists that they call."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from orjson import Fragment

from app.campaigns import figures
from app.ids import Kind, new_id
from tests.api.conftest import Surface

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
HUMAN, OTHER, FORBIDDEN = "+15550100007", "+15550100010", "+15550100001"
ALWAYS = [{"from": "00:00", "to": "24:00"}]
CAMPAIGN = (
    "id name description kind state version sandbox contactListIds dncListIds callsPerMinute maxConcurrentCalls "
    "windows { from to weekdays } startAt endAt retryOn maxRetries retryAfterSeconds maxCallsPerNumberPerDay "
    "breaker { failures seconds sharePercent } callerIds { number } callerIdPoolId callerIdName trunkId ringSeconds "
    "maxDurationSeconds recordingMode detectMachine onMachine metadata { key value } tags startedAt pausedAt "
    "pauseReason pauseDetail finishedAt finishReason archivedAt content { callFlowId optOut { digit dncListId } "
    "announcement { announcement { text audioFileId repeat pauseSeconds voice { id } } } "
    "agent { mode agentId queueId abandonmentCapPercent previewSeconds message { text } } }"
)
CONTACTS = (
    "query($id: ID!, $filter: CampaignContactFilterInput, $first: Int, $after: String) { campaign(id: $id) { "
    "contacts(filter: $filter, first: $first, after: $after) { nodes { contactId party { number isMasked } state "
    "attempts dueAt skipReason delayReason finishReason disposition callId answers { key value } } "
    "pageInfo { hasNextPage endCursor } totalCount { count } } } }"
)
MORE = {"startCampaign": "replayed", "resumeCampaign": "replayed", "retryContacts": "retriedCount hasMore replayed"}


async def do(surface: Surface, name: str, given: dict[str, Any], *, token: str = "") -> Any:
    """The payload of a mutation about a campaign."""
    query = (
        f"mutation($input: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $input) {{ campaign {{ {CAMPAIGN} }} "
        f"{MORE.get(name, '')} userErrors {{ code field message currentState }} }} }}"
    )
    return (await surface.ask(query, {"input": given}, token=token))[name]


async def done(surface: Surface, name: str, given: dict[str, Any], *, token: str = "") -> Any:
    """The campaign after a mutation that must not be refused."""
    payload = await do(surface, name, given, token=token)
    assert payload["userErrors"] == []
    return payload["campaign"]


async def refused(surface: Surface, name: str, given: dict[str, Any], *, token: str = "") -> list[tuple[str, str]]:
    """The problems of a mutation that must be: code, and path."""
    payload = await do(surface, name, given, token=token)
    assert payload["campaign"] is None
    return [(error["code"], ".".join(error["field"] or [])) for error in payload["userErrors"]]


async def read(surface: Surface, campaign_id: str, fields: str = CAMPAIGN, *, token: str = "") -> Any:
    """One campaign."""
    query = f"query($id: ID!) {{ campaign(id: $id) {{ {fields} }} }}"
    return (await surface.ask(query, {"id": campaign_id}, token=token))["campaign"]


async def make_list(
    surface: Surface,
    numbers: Sequence[str] = (),
    *,
    columns: Sequence[str] = ("debt",),
    zones: Sequence[str] = ("Etc/UTC",),
    account_id: str | None = None,
) -> str:
    """A contact list with contacts of these numbers."""
    list_id, account = new_id(Kind.CONTACT_LIST), account_id or surface.account.id
    rows = [{"id": new_id(Kind.CONTACT), "number": one, "name": f"No. {at}"} for at, one in enumerate(numbers)]
    async with surface.database.acquire() as connection, connection.transaction():
        await connection.execute(
            "INSERT INTO contact_list (id, account_id, name, columns) VALUES ($1, $2, $1, $3)",
            *(list_id, account, list(columns)),
        )
        await connection.execute(
            """
            INSERT INTO contact (id, account_id, list_id, number, name, zones, zone_source)
            SELECT id, $1, $2, number, name, $4, 'NUMBER'
            FROM json_to_recordset($3::json) AS one (id text, number text, name text)
            """,
            *(account, list_id, Fragment(msgspec.json.encode(rows)), list(zones)),
        )
    return list_id


async def make_dnc_list(surface: Surface, numbers: Sequence[str] = (), *, applies_to_all: bool = True) -> str:
    """A do-not-call list with these numbers."""
    list_id = new_id(Kind.DNC_LIST)
    async with surface.database.acquire() as connection, connection.transaction():
        await connection.execute(
            "INSERT INTO dnc_list (id, account_id, name, applies_to_all) VALUES ($1, $2, $1, $3)",
            *(list_id, surface.account.id, applies_to_all),
        )
        await connection.executemany(
            "INSERT INTO dnc_entry (list_id, number, account_id, source) VALUES ($1, $2, $3, 'API')",
            [(list_id, number, surface.account.id) for number in numbers],
        )
    return list_id


async def make(surface: Surface, *, token: str = "", **fields: Any) -> Any:
    """A campaign that says something to a new, empty list, unless told otherwise."""
    given: dict[str, Any] = {
        "name": f"spring {new_id(Kind.REQUEST)}",
        "content": {"announcement": {"text": "Hello {name}, you owe {debt}."}},
        "windows": ALWAYS,
        **fields,
    }
    if "contactListIds" not in given:
        given["contactListIds"] = [await make_list(surface)]
    return await done(surface, "createCampaign", given, token=token)


async def put(surface: Surface, campaign_id: str, **columns: object) -> None:
    """Write columns of a campaign's row."""
    settings = ", ".join(f"{name} = ${place}" for place, name in enumerate(columns, start=2))
    async with surface.database.acquire() as connection:
        await connection.execute(f"UPDATE campaign SET {settings} WHERE id = $1", campaign_id, *columns.values())  # noqa: S608  # our own names


async def types_of_events(surface: Surface, subject_id: str) -> list[str]:
    """The types of all events about something, oldest first."""
    async with surface.database.acquire() as connection:
        rows = await connection.fetch("SELECT type FROM event WHERE subject_id = $1 ORDER BY sequence", subject_id)
    return [row["type"] for row in rows]


async def value(surface: Surface, query: str, *values: object) -> Any:
    """One value of the database."""
    async with surface.database.acquire() as connection:
        return await connection.fetchval(query, *values)


async def take_up(surface: Surface, campaign_id: str, number: str, **columns: Any) -> str:
    """A contact that the campaign has taken up, as a dialer leaves it; gives its id."""
    [list_id] = (await read(surface, campaign_id, "contactListIds"))["contactListIds"]
    row: dict[str, Any] = {
        "campaign_id": campaign_id,
        "contact_id": new_id(Kind.CONTACT),
        "account_id": surface.account.id,
        "list_id": list_id,
        "number": number,
        "state": "WAITING",
        **columns,
    }
    names, marks = ", ".join(row), ", ".join(f"${place}" for place in range(1, len(row) + 1))
    async with surface.database.acquire() as connection:
        await connection.execute(f"INSERT INTO campaign_contact ({names}) VALUES ({marks})", *row.values())  # noqa: S608  # our own names
    return str(row["contact_id"])


async def take_up_three(surface: Surface, campaign_id: str) -> tuple[str, str, str]:
    """One that waits, one that was reached, one that must not be called."""
    return (
        await take_up(surface, campaign_id, OTHER, due_at=NOON, reason="OUTSIDE_WINDOW"),
        await take_up(
            surface,
            campaign_id,
            HUMAN,
            state="FINISHED",
            attempts=2,
            reason="ANSWERED",
            disposition="ANSWERED",
            call_id="call_1",
            answers=[{"key": "choice", "value": "12"}],
        ),
        await take_up(surface, campaign_id, FORBIDDEN, state="SKIPPED", reason="DNC"),
    )


async def count_figures(surface: Surface, campaign_id: str, at: datetime, counts: dict[str, int]) -> None:
    """Count for a campaign, as of this instant."""
    async with surface.database.acquire() as connection, connection.transaction():
        await figures.count(connection, campaign_id, at, counts)
