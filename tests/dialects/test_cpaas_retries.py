"""Requests of the dialect CPAAS whose answer is lost, before or after each thing that they do: a retry completes them.

Whoever asks is told of an outage, and asks the same again: what was begun is gone on with, and nothing is there twice.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import pytest

from app.calls.core.model.call import Call
from app.dialects.desk import AskRefusedError, Desk
from app.facts.vocabulary import CallState, LegRole, LegState
from tests.api.conftest import Surface, until
from tests.dialects.cpaas_client import Cpaas
from tests.dialects.test_cpaas_document import World

pytestmark = pytest.mark.postgres

Body: TypeAlias = dict[str, Any]

_PARTIES: Final = {"agent_number": "2001", "destination_number": "15550104001"}
_ROWS: Final = """
SELECT (SELECT count(*) FROM call) AS calls, (SELECT count(*) FROM callback) AS callbacks,
    (SELECT count(*) FROM otp) AS otps, (SELECT count(*) FROM campaign WHERE archived_at IS NULL) AS campaigns,
    (SELECT count(*) FROM call_flow) AS flows, (SELECT count(*) FROM contact_list) AS lists,
    (SELECT count(*) FROM dnc_list) AS dnc_lists, (SELECT count(*) FROM contact) AS contacts,
    (SELECT count(*) FROM dnc_entry) AS entries
"""
_CONTACTS: Final = [{"contact_number": "15550104001"}, {"contact_number": "15550104002"}]
_DND_CONTACTS: Final = [{"dnd_contact_number": "15550104001"}, {"dnd_contact_number": "15550104002"}]


@dataclass(frozen=True, slots=True)
class Things:
    """What there is before the request."""

    world: World
    list_id: str
    dnd_list_id: str
    callback_id: str
    campaign_id: str

    def campaign(self, **more: str) -> Body:
        begin = self.world.later(days=2)
        said = {"announcement_text": "Hello.", "campaign_start_date": begin, "list_id": self.list_id}
        return {"campaign_name": "spring", **said, **more}


@dataclass(frozen=True, slots=True)
class Row:
    """A request, the mutations that it takes, and what there is more of once it is done."""

    method: str
    path: str
    body: Callable[[Things], Body]
    mutations: tuple[str, ...]
    more: Mapping[str, int]


_TABLE: Final = {
    "click": Row("POST", "/api/click2call", lambda _: _PARTIES, ("originateCall",), {"calls": 1}),
    "password": Row(
        *("POST", "/api/outbound_call", lambda _: {"customer_number": "15550104001", "otp": "1987"}),
        *(("announceOtp",), {"otps": 1}),
    ),
    "callback made": Row(
        *("POST", "/api/callback", lambda one: {**_PARTIES, "scheduled_at": one.world.later(days=3)}),
        *(("scheduleCallback",), {"callbacks": 1}),
    ),
    "callback changed": Row(
        *("PATCH", "/api/callback", lambda one: {"request_id": one.callback_id, "recording_option": "on"}),
        *(("updateCallback",), {}),
    ),
    "callback deleted": Row(
        *("DELETE", "/api/callback", lambda one: {"request_id": one.callback_id}, ("cancelCallback",), {}),
    ),
    "list": Row(
        *("POST", "/api/create_campaign_list", lambda _: {"list_name": "B"}, ("createContactList",), {"lists": 1}),
    ),
    "dnd list": Row(
        *("POST", "/api/create_campaign_dnd_list", lambda _: {"dnd_list_name": "B"}),
        *(("createDncList",), {"dnc_lists": 1}),
    ),
    "contacts": Row(
        *("POST", "/api/add_contact_to_list", lambda one: {"list_id": one.list_id, "contacts": _CONTACTS}),
        *(("addContacts",), {"contacts": 2}),
    ),
    "dnd contacts": Row(
        *("POST", "/api/add_dnd_contact_to_list"),
        lambda one: {"dnd_list_id": one.dnd_list_id, "dnd_contacts": _DND_CONTACTS},
        *(("addDncEntries",), {"entries": 2}),
    ),
    "campaign 0": Row(
        *("POST", "/api/create_campaign", lambda one: one.campaign(campaign_type="0")),
        *(("createCampaign", "startCampaign"), {"campaigns": 1}),
    ),
    "campaign 1": Row(
        *("POST", "/api/create_campaign", lambda one: one.campaign(campaign_type="1")),
        *(("createCallFlow", "createCampaign", "startCampaign"), {"campaigns": 1, "flows": 1}),
    ),
    "stop": Row("POST", "/api/stop_campaign", lambda one: {"campaign_id": one.campaign_id}, ("stopCampaign",), {}),
}


@pytest.fixture
async def world(surface: Surface) -> World:
    return World(await Cpaas.of(surface), surface)


@pytest.fixture
async def things(world: World) -> Things:
    await world.make("createCallFlow", "callFlow", {"name": "campaign_type_1", "steps": [{"hangUp": {"name": "end"}}]})
    cpaas = world.cpaas
    list_id = (await cpaas.do("POST", "/api/create_campaign_list", {"list_name": "A"}))["list_id"]
    dnd_list_id = (await cpaas.do("POST", "/api/create_campaign_dnd_list", {"dnd_list_name": "A"}))["dnd_list_id"]
    later = {**_PARTIES, "scheduled_at": world.later(days=2)}
    callback_id = (await cpaas.do("POST", "/api/callback", later))["request_id"]
    made = Things(world, list_id, dnd_list_id, callback_id, "")
    campaign = made.campaign(campaign_type="0", campaign_name="before")
    campaign_id = (await cpaas.do("POST", "/api/create_campaign", campaign))["campaign_id"]
    return Things(world, list_id, dnd_list_id, callback_id, campaign_id)


def _lose_once(monkeypatch: pytest.MonkeyPatch, mutation: str, *, is_done: bool) -> None:
    """The next time that a dialect asks for this, it hears of an outage alone: whether it was done or not."""
    ask = Desk.ask
    lost: list[str] = []

    async def lose(desk: Desk, document: str, variables: Mapping[str, Any] | None = None) -> Body:
        is_meant = f" {mutation}(" in document and not lost
        if is_meant:
            lost.append(mutation)
        if not is_meant or is_done:
            told = await ask(desk, document, variables)
        if is_meant:
            raise AskRefusedError("DATABASE_UNAVAILABLE", "The database does not answer.")
        return told

    monkeypatch.setattr(Desk, "ask", lose)


async def _rows(surface: Surface) -> dict[str, int]:
    async with surface.database.acquire() as connection:
        return dict(await connection.fetchrow(_ROWS) or {})


@pytest.mark.parametrize("is_done", [False, True], ids=["not done", "done"])
@pytest.mark.parametrize(
    ("name", "mutation"), [(name, mutation) for name, row in _TABLE.items() for mutation in row.mutations]
)
async def test_given_an_outage_at_any_step_when_the_same_is_asked_again_then_it_is_done_once_and_wholly(
    things: Things, monkeypatch: pytest.MonkeyPatch, name: str, mutation: str, *, is_done: bool
) -> None:
    row, cpaas, surface = _TABLE[name], things.world.cpaas, things.world.surface
    body, before = row.body(things), await _rows(surface)
    _lose_once(monkeypatch, mutation, is_done=is_done)
    assert (await cpaas.refused(row.method, row.path, body))[:2] == (503, "DATABASE_UNAVAILABLE")
    told = await cpaas.do(row.method, row.path, body)
    assert await cpaas.do(row.method, row.path, body) == told
    after = await _rows(surface)
    assert {key: after[key] - before[key] for key in after if after[key] != before[key]} == row.more
    if "campaign_id" in told:
        query = "query($id: ID!) { campaign(id: $id) { state } }"
        assert (await surface.ask(query, {"id": told["campaign_id"]}))["campaign"] == {"state": "SCHEDULED"}


_MODIFIED: Final = {"0": "transferCall", "1": "transferCall", "2": "hangupCall", "3": "startRecording"}


def _now(world: World, call: Call) -> Call:
    actor = world.surface.registry.find(call.id)
    assert actor is not None
    return actor.call


@pytest.mark.parametrize("is_done", [False, True], ids=["not done", "done"])
@pytest.mark.parametrize("kind", sorted(_MODIFIED))
async def test_given_an_outage_when_a_call_is_modified_by_channel_and_the_same_asked_again_then_it_is_done_once(
    world: World, monkeypatch: pytest.MonkeyPatch, kind: str, *, is_done: bool
) -> None:
    call = await world.talk()
    agent = call.leg_of(LegRole.AGENT)
    asked = {"channel": agent.channel_name, "modify_type": kind, "transfer_to": "2003"}
    _lose_once(monkeypatch, _MODIFIED[kind], is_done=is_done)
    assert (await world.cpaas.refused("POST", "/api/modify_call", asked))[:2] == (503, "DATABASE_UNAVAILABLE")
    told = await world.cpaas.do("POST", "/api/modify_call", asked)
    # Also when the channel is gone, as that of whoever has transferred the call.
    assert await world.cpaas.do("POST", "/api/modify_call", asked) == told
    if kind == "2":
        await until(lambda: world.surface.registry.find(call.id) is None)
        assert await world.cpaas.do("POST", "/api/modify_call", asked) == told
        return
    now = _now(world, call)
    assert (len(now.legs), len(now.recordings)) == {"0": (3, 0), "1": (3, 0), "3": (2, 1)}[kind]


async def test_given_a_recording_that_was_refused_when_asked_for_again_then_it_is_refused_again(world: World) -> None:
    call = await world.talk()
    agent = call.leg_of(LegRole.AGENT)
    recorded = {"channel": agent.channel_name, "modify_type": "3"}
    await world.cpaas.do("POST", "/api/modify_call", recorded)
    again = {"channel": call.id, "modify_type": "3"}  # another request: the call is named otherwise
    for _ in range(2):
        refused = await world.cpaas.refused("POST", "/api/modify_call", again)
        assert refused[:2] == (409, "INVALID_STATE")
    assert len(_now(world, call).recordings) == 1


async def test_given_a_channel_that_has_left_the_call_when_another_request_names_it_then_there_is_no_such_call(
    world: World,
) -> None:
    call = await world.talk()
    agent = call.leg_of(LegRole.AGENT)
    blind = {"channel": agent.channel_name, "modify_type": "0", "transfer_to": "2003"}
    await world.cpaas.do("POST", "/api/modify_call", blind)
    await until(lambda: _now(world, call).leg(agent.id).state is LegState.ENDED)
    for other in ({**blind, "transfer_to": "2004"}, {"channel": agent.channel_name, "modify_type": "2"}):
        assert (await world.cpaas.refused("POST", "/api/modify_call", other))[:2] == (404, "NOT_FOUND")
    assert _now(world, call).state is not CallState.ENDED


async def test_given_a_list_of_a_name_that_another_request_has_made_when_made_then_it_is_refused(
    world: World,
) -> None:
    for path, name in (("/api/create_campaign_list", "list_name"), ("/api/create_campaign_dnd_list", "dnd_list_name")):
        await world.cpaas.do("POST", path, {name: "A"})
        status, code, _ = await world.cpaas.refused("POST", path, {name: "A", "more": "1"})
        assert (status, code) == (409, "ALREADY_EXISTS")
