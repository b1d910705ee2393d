"""What clients of the dialect CPAAS send twice: a callback that was taken back, a number that a list has already."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from app.dialects.cpaas import lists
from tests.api.conftest import Surface
from tests.dialects.cpaas_client import Cpaas

pytestmark = pytest.mark.postgres

_SOON: Final = f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%d %H:%M:%S}"
_LATER: Final = {
    "agent_number": "2001",
    "destination_number": "15550104001",
    "scheduled_at": _SOON,
    "time_zone": "UTC",
}


@pytest.fixture
async def cpaas(surface: Surface) -> Cpaas:
    return await Cpaas.of(surface)


async def test_given_a_callback_that_was_taken_back_when_asked_for_again_at_once_then_there_is_another(
    cpaas: Cpaas, surface: Surface
) -> None:
    async def schedule() -> str:
        made: str = (await cpaas.do("POST", "/api/callback", _LATER))["request_id"]
        return made

    ids = []
    for _ in range(3):
        ids.append(await schedule())
        assert await schedule() == ids[-1]
        await cpaas.do("DELETE", "/api/callback", {"request_id": ids[-1]})
    ids.append(await schedule())
    assert len(set(ids)) == 4
    states = [
        (await surface.ask("query($id: ID!) { callback(id: $id) { state } }", {"id": one}))["callback"] for one in ids
    ]
    assert [one["state"] for one in states] == ["CANCELLED", "CANCELLED", "CANCELLED", "SCHEDULED"]


async def _make_lists(cpaas: Cpaas) -> tuple[str, str]:
    made = await cpaas.do("POST", "/api/create_campaign_list", {"list_name": "A"})
    dnd = await cpaas.do("POST", "/api/create_campaign_dnd_list", {"dnd_list_name": "B"})
    return made["list_id"], dnd["dnd_list_id"]


async def test_given_a_number_that_is_twice_in_a_list_when_added_then_the_last_of_them_counts(
    cpaas: Cpaas, surface: Surface
) -> None:
    list_id, dnd_list_id = await _make_lists(cpaas)
    # The same number however it is written.
    numbers = ["15550104001", "15550104002", "+1 555 010 4001", "15550104003", "15550104001"]
    contacts = [{"contact_number": one, "contact_name": str(place)} for place, one in enumerate(numbers)]
    told = await cpaas.do("POST", "/api/add_contact_to_list", {"list_id": list_id, "contacts": contacts})
    assert told == {"message": "(3) contacts imported successfully"}
    query = "query($id: ID!) { contactList(id: $id) { contacts { nodes { party { display number } } } } }"
    kept = (await surface.ask(query, {"id": list_id}))["contactList"]["contacts"]["nodes"]
    assert {one["party"]["number"]: one["party"]["display"] for one in kept} == {
        "+15550104001": "4",
        "+15550104002": "1",
        "+15550104003": "3",
    }
    dnd = [{"dnd_contact_number": one, "dnd_contact_name": str(place)} for place, one in enumerate(numbers)]
    told = await cpaas.do("POST", "/api/add_dnd_contact_to_list", {"dnd_list_id": dnd_list_id, "dnd_contacts": dnd})
    assert told == {"message": "(3) DND contacts imported successfully"}


async def test_given_a_wrong_number_behind_one_that_is_twice_there_when_added_then_its_place_is_that_in_the_whole_list(
    cpaas: Cpaas, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "_AT_ONCE", 4)
    list_id, dnd_list_id = await _make_lists(cpaas)
    numbers = [f"1555010400{digit}" for digit in range(4)] + ["15550104005", "15550104005", "15550104006", "911"]

    async def refused(path: str, given: dict[str, Any]) -> tuple[int, str, str]:
        status, code, message = await cpaas.refused("POST", path, given)
        return status, code, message.partition(":")[0]

    contacts = [{"contact_number": one} for one in numbers]
    answer = await refused("/api/add_contact_to_list", {"list_id": list_id, "contacts": contacts})
    assert answer == (400, "INVALID_NUMBER", "contacts[7]")
    dnd = [{"dnd_contact_number": one} for one in numbers]
    answer = await refused("/api/add_dnd_contact_to_list", {"dnd_list_id": dnd_list_id, "dnd_contacts": dnd})
    assert answer == (400, "INVALID_NUMBER", "dnd_contacts[7]")
