"""The table of hostile input, through the dialects: refused in each one's own form, and nothing is dialled."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeAlias

import httpx
import pytest

from app.ids import is_variable_name
from tests.dialects.conftest import Client
from tests.dialects.test_originate_call import PLAIN, ask
from tests.security.hostile import Field, Row, rows
from tests.security.insides import INSIDES

pytestmark = pytest.mark.postgres

Send: TypeAlias = Callable[[Any], Awaitable[httpx.Response]]

#: Which field of which dialect takes what.
PLACES: Final = {
    "asteriskapi destination": Field.NUMBER,
    "asteriskapi extension": Field.EXTENSION,
    "asteriskapi msg": Field.MESSAGE,
    "asteriskapi voice_pitch": Field.PITCH,
    "asteriskapi phone": Field.NUMBER,
    "originate caller_id": Field.NUMBER,
    "originate caller_id_name": Field.SHOWN_NAME,
    "originate destination": Field.EXTENSION,
    "originate context": Field.CONTEXT,
    "originate outbound_number": Field.CALLER_ID,
    "originate vars": Field.VARIABLES,
    "originate queue": Field.SEARCH,
    "originate type": Field.SEARCH,
    "originate outbound_trunk": Field.SEARCH,
    "cloud_pbx number": Field.NUMBER,
    "cloud_pbx user": Field.EXTENSION,
    "cloud_pbx users": Field.SEARCH,
    "cloud_pbx queues": Field.SEARCH,
    "cloud_pbx ring_groups": Field.SEARCH,
    "cloud_pbx date": Field.LOCAL_TIME,
    "cloud_pbx sort": Field.SEARCH,
    "cloud_pbx offset": Field.COUNT,
    "cloud_pbx limit": Field.COUNT,
}
#: What the server lets onto channels: of these every value must be good.
LISTED: Final = frozenset({"CRM_LEAD", "CRM_TEAM"})


def some(found: list[Row]) -> list[Row]:
    """The first, the last and one between of each class, of those that must be refused."""
    kinds: dict[str, list[Row]] = {}
    for row in found:
        if row.codes:
            kinds.setdefault(row.kind, []).append(row)
    return [
        row for of in kinds.values() for row in {id(one): one for one in (of[0], of[len(of) // 2], of[-1])}.values()
    ]


def _way(place: str, clients: dict[str, Client]) -> Send:
    dialect, _, name = place.partition(" ")
    client = clients[dialect]
    key = {"api-key": client.secret}

    async def send(sample: Any) -> httpx.Response:
        match dialect, name:
            case "asteriskapi", "phone":
                return await client.send("POST", "/recorded/v1/find_phone_files.pl", headers=key, json={name: sample})
            case "asteriskapi", _:
                body = {"extension": "2001", "destination": "15550100000", name: sample}
                return await client.send("POST", "/api/v1/asteriskapi.pl", headers=key, json=body)
            case "originate", "context":
                return await ask(client, {**PLAIN, "type": "context", "destination": sample})
            case "originate", "queue":
                return await ask(client, {**PLAIN, "type": "queue", "destination": sample})
            case "originate", _:
                return await ask(client, {**PLAIN, name: sample})
            case _, "users" | "queues" | "ring_groups":
                query = {"date": "2026-05-01", name: str(sample)[:5000]}
                path = f"/api/calls/{name.replace('_', '-')}"
                return await client.send("GET", path, headers=key, params=query)
            case _, "date" | "sort" | "offset" | "limit":
                query = {"date": "2026-05-01", "users": "2001", name: str(sample)[:5000]}
                return await client.send("GET", "/api/calls/users", headers=key, params=query)
            case _:
                body = {"user": "2001", "number": "+15550100000", name: sample}
                return await client.send("POST", "/api/calls", headers=key, json=body)

    return send


def _is_refused(place: str, answer: httpx.Response) -> bool:
    body = answer.json()
    match place.partition(" ")[0]:
        case "asteriskapi" if place.endswith("phone") and answer.status_code == 200:
            return bool(body == [])  # who looks for a number that nobody has called finds nothing
        case "asteriskapi":
            return answer.status_code in {400, 413} and (body["icon"], bool(body["error"])) == ("error", True)
        case "originate":
            is_form = (body["has_error"], body["results"], len(body["messages"])) == (True, [], 1)
            return answer.status_code in {200, 400, 413} and is_form
        case _:
            return answer.status_code in {400, 404, 413} and set(body) == {"error"}


@pytest.mark.parametrize("place", PLACES)
async def test_given_hostile_input_when_it_comes_through_a_dialect_then_it_is_refused_in_its_form_and_nothing_rings(
    place: str, asteriskapi: Client, originating: Client, cloud_pbx: Client
) -> None:
    send = _way(place, {"asteriskapi": asteriskapi, "originate": originating, "cloud_pbx": cloud_pbx})
    taken = refused = 0
    samples = some(rows(PLACES[place]))
    assert len(samples) >= 3
    for row in samples:
        answer = await send(row.sample)
        assert answer.status_code < 500, (str(row), answer.text)
        assert INSIDES.search(answer.text) is None, (str(row), answer.text)
        if _is_nothing(place, row.sample):
            taken += 1
            continue
        assert _is_refused(place, answer), (str(row), answer.status_code, answer.text)
        refused += answer.status_code != 413 and answer.json() != []  # what is too large is nobody's
    assert await _count_refusals(asteriskapi) >= refused
    calls = await asteriskapi.calls()
    assert len(calls) <= taken
    for call in calls:
        actor = asteriskapi.surface.registry.find(call["id"])
        assert actor is not None
        assert actor.call.variables == ()


async def _count_refusals(client: Client) -> int:
    """Lines of the account's audit log."""
    await client.surface.services.access.audit.flush()
    async with client.surface.database.acquire() as connection:
        count: int = await connection.fetchval(
            "SELECT count(*) FROM audit_line WHERE outcome <> 'OK' AND account_id = $1", client.account.id
        )
    return count


def _is_nothing(place: str, sample: Any) -> bool:
    """What a dialect may leave out, or keeps as the call's own data alone, is no harm."""
    if place == "originate vars":
        return len(sample) <= 50 and all(_is_a_name(name) and name not in LISTED for name in sample)
    optional = {"asteriskapi msg", "asteriskapi voice_pitch", "originate outbound_number"}
    return place in optional and (sample is None or sample == "" or str(sample).strip(" ") == "")


def _is_a_name(name: str) -> bool:
    return is_variable_name(name.lstrip("_")) or name.isidentifier()
