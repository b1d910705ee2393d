"""Live calls that the dialect CPAAS modifies: to a number outside, hostile targets, and whose call it is."""

from typing import Any, Final

import pytest

from app.calls.core.model.call import Call
from app.facts.vocabulary import CallState, LegRole
from app.ids import Kind, new_id
from app.numbers.parse import SANDBOX_PREFIX
from app.numbers.policy import Rule
from tests.api.conftest import Surface
from tests.dialects.cpaas_client import Cpaas
from tests.dialects.test_cpaas_document import World
from tests.security.hostile import Field, rows
from tests.security.insides import INSIDES

pytestmark = pytest.mark.postgres

_MODIFY: Final = "/api/modify_call"
_TARGET: Final = "query($id: ID!) { call(id: $id) { transfer { kind target { number } } } }"
_KINDS: Final = ("0", "1", "2", "3")


@pytest.fixture
async def world(surface: Surface) -> World:
    return World(await Cpaas.of(surface), surface)


def _now(world: World, call: Call) -> Call:
    """The call as it is now."""
    actor = world.surface.registry.find(call.id)
    assert actor is not None
    return actor.call


@pytest.mark.parametrize(("kind", "name"), [("0", "BLIND"), ("1", "ATTENDED")])
async def test_given_a_live_call_when_transferred_to_a_number_outside_then_that_number_is_the_target(
    world: World, kind: str, name: str
) -> None:
    call = await world.talk()
    agent = call.leg_of(LegRole.AGENT)
    asked = {"channel": f" {agent.channel_name}", "modify_type": kind, "transfer_to": " 15550104002"}
    told = await world.cpaas.do("POST", _MODIFY, asked)
    assert told == {"message": f"{name.lower()} transferred successfully"}
    shown = (await world.surface.ask(_TARGET, {"id": call.id}))["call"]["transfer"]
    assert shown == {"kind": name, "target": {"number": "+15550104002"}}


@pytest.mark.parametrize(
    ("kind", "named", "by"),
    [
        ("0", LegRole.AGENT, LegRole.AGENT),
        ("0", LegRole.CUSTOMER, LegRole.CUSTOMER),
        ("1", LegRole.AGENT, LegRole.AGENT),
        ("1", LegRole.CUSTOMER, LegRole.AGENT),
    ],
)
@pytest.mark.parametrize("is_by_leg", [False, True])
async def test_given_whose_channel_it_is_when_a_call_is_transferred_then_a_blind_ones_leaves_else_the_agent_consults(
    world: World, kind: str, named: LegRole, by: LegRole, *, is_by_leg: bool
) -> None:
    call = await world.talk()
    leg = call.leg_of(named)
    asked = {"channel": leg.id if is_by_leg else leg.channel_name, "modify_type": kind, "transfer_to": "2003"}
    await world.cpaas.do("POST", _MODIFY, asked)
    query = "query($id: ID!) { call(id: $id) { transfer { by { id } } } }"
    shown = (await world.surface.ask(query, {"id": call.id}))["call"]["transfer"]
    assert shown == {"by": {"id": call.leg_of(by).id}}


@pytest.mark.parametrize("kind", ["0", "1"])
@pytest.mark.parametrize(
    ("target", "code"), [("", "INVALID_INPUT"), ("9999", "NOT_FOUND"), ("1" * 65, "INVALID_INPUT")]
)
async def test_given_no_such_target_when_a_call_is_to_be_transferred_then_the_documents_field_is_named(
    world: World, kind: str, target: str, code: str
) -> None:
    call = await world.talk()
    asked = {"channel": call.leg_of(LegRole.AGENT).channel_name, "modify_type": kind, "transfer_to": target}
    _, told, message = await world.cpaas.refused("POST", _MODIFY, asked)
    assert (told, message.partition(":")[0]) == (code, "transfer_to")
    assert _now(world, call) == call


@pytest.mark.parametrize("kind", _KINDS)
@pytest.mark.parametrize("channel", ["", "  ", None])
async def test_given_no_channel_when_a_call_is_modified_then_the_field_is_named_and_no_call_is_touched(
    world: World, kind: str, channel: str | None
) -> None:
    call = await world.talk()
    asked = {"channel": channel, "modify_type": kind, "transfer_to": "2003"}
    refused = await world.cpaas.refused("POST", _MODIFY, asked)
    assert refused == (400, "INVALID_INPUT", "channel: this is required.")
    assert _now(world, call) == call


@pytest.mark.parametrize("kind", ["0", "1"])
async def test_given_a_hostile_target_when_a_live_call_is_to_be_transferred_then_it_stays_as_it_is(
    world: World, kind: str
) -> None:
    surface = world.surface
    call = await world.talk()
    channel = call.leg_of(LegRole.AGENT).channel_name
    rules = [Rule("+", is_allowed=True), Rule(SANDBOX_PREFIX, is_allowed=True)]
    await surface.services.routing.policies.set_rules(surface.account.id, rules)
    kinds: dict[str, list[Any]] = {}
    for row in rows(Field.NUMBER):
        if not isinstance(row.sample, str) or len(row.sample) < 1024 * 1024:
            kinds.setdefault(row.kind, []).append(row)
    wrong, count = [], 0
    for row in [one for of in kinds.values() for one in (*of[:4], *of[4:][-2:])]:
        asked = {"channel": channel, "modify_type": kind, "transfer_to": row.sample}
        answer = await world.cpaas.send("POST", _MODIFY, asked)
        told = answer.json()["response"]
        count += 1
        is_right = 400 <= answer.status_code < 500 and told["success"] == "false"
        is_right = is_right and told["error_code"] not in {"ALREADY_EXISTS", "INVALID_STATE", "RATE_LIMITED"}
        if not is_right or INSIDES.search(answer.text):
            wrong.append(f"{row}: {answer.status_code} {answer.text[:200]}")
    assert wrong == []
    assert count > 30
    assert _now(world, call) == call


async def _stranger(surface: Surface) -> Cpaas:
    """A client of another account."""
    token = await surface.key(account=await surface.accounts.create("bravo"))
    document = """mutation { createDialectCredential(input: {dialect: CPAAS, name: "crm"}) {
      dialectCredential { username } secret userErrors { code } } }"""
    made = (await surface.ask(document, token=token))["createDialectCredential"]
    assert made["userErrors"] == []
    return Cpaas(surface.client, made["dialectCredential"]["username"], made["secret"])


async def test_given_another_accounts_call_when_named_by_channel_leg_or_id_then_it_is_as_if_there_were_none(
    world: World,
) -> None:
    call = await world.talk()
    stranger = await _stranger(world.surface)
    agent = call.leg_of(LegRole.AGENT)
    pairs = (
        (agent.channel_name, "PJSIP/test-none"),
        (agent.id, new_id(Kind.LEG)),
        (call.id, new_id(Kind.CALL)),
    )
    for kind in _KINDS:
        for pair in pairs:
            told = {
                await stranger.refused("POST", _MODIFY, {"channel": one, "modify_type": kind, "transfer_to": "2003"})
                for one in pair
            }
            assert {(status, code) for status, code, _ in told} == {(404, "NOT_FOUND")}, told
            assert len(told) == 1, told
    assert _now(world, call) == call
    assert call.state is CallState.CONNECTED
    # Whose call it is can do what the stranger could not.
    await world.cpaas.do("POST", _MODIFY, {"channel": agent.channel_name, "modify_type": "2"})


async def test_given_another_accounts_campaign_callback_and_lists_when_named_then_each_is_as_if_there_were_none(
    world: World,
) -> None:
    stranger, mine = await _stranger(world.surface), world.cpaas
    list_id = (await mine.do("POST", "/api/create_campaign_list", {"list_name": "A"}))["list_id"]
    dnd_list_id = (await mine.do("POST", "/api/create_campaign_dnd_list", {"dnd_list_name": "B"}))["dnd_list_id"]
    announced = {"campaign_type": "0", "announcement_text": "Hello.", "campaign_start_date": world.later(days=2)}
    campaign = {**announced, "campaign_name": "mine", "list_id": list_id}
    campaign_id = (await mine.do("POST", "/api/create_campaign", campaign))["campaign_id"]
    scheduled = {"agent_number": "2001", "destination_number": "15550104001", "scheduled_at": world.later(days=2)}
    callback_id = (await mine.do("POST", "/api/callback", scheduled))["request_id"]
    contact = [{"contact_number": "33123456789"}]
    dnd = [{"dnd_contact_number": "33123456789"}]
    asked: tuple[tuple[str, str, str, str, Kind, dict[str, Any]], ...] = (
        ("DELETE", "/api/callback", "request_id", callback_id, Kind.CALLBACK, {}),
        ("PATCH", "/api/callback", "request_id", callback_id, Kind.CALLBACK, {"recording_option": "on"}),
        ("PATCH", "/api/callback", "request_id", callback_id, Kind.CALLBACK, {"scheduled_at": world.later(days=3)}),
        ("POST", "/api/stop_campaign", "campaign_id", campaign_id, Kind.CAMPAIGN, {}),
        ("POST", "/api/get_campaign_cdr_statistics", "campaign_id", campaign_id, Kind.CAMPAIGN, {}),
        ("POST", "/api/add_contact_to_list", "list_id", list_id, Kind.CONTACT_LIST, {"contacts": contact}),
        ("POST", "/api/import_broadcast_contacts_csv", "list_id", list_id, Kind.CONTACT_LIST, {"csv_name": "a.csv"}),
        ("POST", "/api/create_campaign", "list_id", list_id, Kind.CONTACT_LIST, {**announced, "campaign_name": "his"}),
        ("POST", "/api/add_dnd_contact_to_list", "dnd_list_id", dnd_list_id, Kind.DNC_LIST, {"dnd_contacts": dnd}),
        ("POST", "/api/import_dnd_contacts_csv", "dnd_list_id", dnd_list_id, Kind.DNC_LIST, {"dnd_csv_name": "a.csv"}),
    )
    for method, path, name, others, kind, more in asked:
        told = {await stranger.refused(method, path, {**more, name: one}) for one in (others, new_id(kind))}
        assert {(status, code) for status, code, _ in told} == {(404, "NOT_FOUND")}, (path, told)
        assert len(told) == 1, (path, told)
    for one in (campaign_id, new_id(Kind.CAMPAIGN)):
        told_records = await stranger.do("POST", "/api/get_cdr_by_campaign_id", {"campaign_id": one})
        assert told_records == {"message": "cdr not found", "result": []}
    assert await stranger.do("GET", "/api/get_campaign_details") == {"message": "campaign not found", "result": []}
    query = "query($c: ID!, $b: ID!) { campaign(id: $c) { state } callback(id: $b) { state recordingMode } }"
    assert await world.surface.ask(query, {"c": campaign_id, "b": callback_id}) == {
        "campaign": {"state": "SCHEDULED"},
        "callback": {"state": "SCHEDULED", "recordingMode": "OFF"},
    }
