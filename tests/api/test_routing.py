"""Agents, extensions, devices, groups, queues, trunks, numbers and routes over GraphQL."""

from typing import Any, Final

import pytest

from app.accounts.scopes import Scope
from tests.api.conftest import Surface

pytestmark = pytest.mark.postgres


async def do(surface: Surface, mutation: str, given: dict[str, Any], shown: str = "", *, token: str = "") -> Any:
    """A mutation's payload."""
    kind = mutation[0].upper() + mutation[1:]
    fields = f"{shown} userErrors {{ code field currentState }}"
    query = f"mutation($input: {kind}Input!) {{ {mutation}(input: $input) {{ {fields} }} }}"
    return (await surface.ask(query, {"input": given}, token=token))[mutation]


async def make(surface: Surface, noun: str, given: dict[str, Any], shown: str = "id") -> Any:
    """What was made."""
    payload = await do(surface, f"create{noun}", given, f"{noun[0].lower() + noun[1:]} {{ {shown} }}")
    assert payload["userErrors"] == []
    return payload[noun[0].lower() + noun[1:]]


async def make_agent(surface: Surface, name: str = "Ada") -> str:
    agent_id: str = (await make(surface, "Agent", {"name": name}))["id"]
    return agent_id


async def make_queue(surface: Surface, name: str = "sales") -> str:
    queue_id: str = (await make(surface, "Queue", {"name": name, "strategy": "ROUND_ROBIN"}))["id"]
    return queue_id


#: For each kind: what makes it, a change and what it shows then, and the plural.
KINDS: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any], str]] = {
    "Agent": (
        {"name": "Ada", "email": "ada@example.com", "ringSeconds": 20},
        {"name": "Ada L.", "email": None, "wrapUpSeconds": 5},
        {"name": "Ada L.", "email": None, "ringSeconds": 20.0, "wrapUpSeconds": 5.0},
        "agents",
    ),
    "Extension": ({"number": "3001", "label": "Desk"}, {"number": "3002"}, {"number": "3002", "label": "Desk"},
                  "extensions"),
    "Trunk": (
        {"name": "carrier", "host": "192.0.2.7", "username": "us", "secret": "s3cret", "registers": True},
        {"host": "sip.example.com", "maxChannels": 4, "codecs": ["G722"], "isEnabled": False},
        {"host": "sip.example.com", "maxChannels": 4, "codecs": ["G722"], "isEnabled": False, "registers": True,
         "hasSecret": True, "matchAddresses": ["192.0.2.7"], "state": "UNKNOWN", "qualifySeconds": 30,
         "username": "us", "endpoint": "ofh-sandbox-trunk-carrier"},
        "trunks",
    ),
    "OutboundNumber": (
        {"number": "+12125550123", "label": "Main"},
        {"label": None, "capabilities": ["INBOUND"]},
        {"label": None, "capabilities": ["INBOUND"], "isVerified": False},
        "outboundNumbers",
    ),
    "OutboundNumberPool": ({"name": "west"}, {"name": "east"}, {"name": "east", "numberIds": []},
                           "outboundNumberPools"),
    "RingGroup": (
        {"name": "all", "strategy": "ALL", "ringSeconds": 15, "overflow": {"number": "+12125550100"}},
        {"strategy": "IN_ORDER", "overflow": None},
        {"name": "all", "strategy": "IN_ORDER", "ringSeconds": 15.0, "overflow": None},
        "ringGroups",
    ),
    "Queue": (
        {"name": "help", "strategy": "LONGEST_IDLE", "maxWaitSeconds": 60, "overflow": {"number": "+12125550100"}},
        {"strategy": "RING_ALL", "maxWaitSeconds": None, "maxLength": 3},
        {"strategy": "RING_ALL", "maxWaitSeconds": None, "maxLength": 3, "musicClass": "default", "ringSeconds": 20.0,
         "overflow": {"kind": "NUMBER", "number": {"number": "+12125550100"}}},
        "queues",
    ),
    "CallFlow": (
        {"name": "menu", "steps": [{"hangUp": {"name": "bye"}}]},
        {"name": "main menu"},
        {"name": "main menu", "version": 2, "start": "bye"},
        "callFlows",
    ),
    "InboundRoute": (
        {"pattern": "+1212*", "target": {"number": "+12125550100"}, "overflow": {"number": "+12125550101"}},
        {"label": "New York", "isEnabled": False, "recordingMode": "BOTH", "overflow": None},
        {"pattern": "+1212*", "label": "New York", "isEnabled": False, "trunkId": None, "recordingMode": "BOTH",
         "overflow": None,
         "target": {"kind": "NUMBER", "number": {"number": "+12125550100"}}},
        "inboundRoutes",
    ),
}  # fmt: skip


def shown_by(values: dict[str, Any]) -> str:
    targets = {"overflow", "target"}
    return " ".join(f"{name} {{ kind number {{ number }} }}" if name in targets else name for name in values)


async def test_given_any_kind_when_made_changed_listed_and_deleted_then_each_shows(
    surface: Surface, subtests: pytest.Subtests
) -> None:
    for noun, (given, change, expected, plural) in KINDS.items():
        with subtests.test(noun):
            field = noun[0].lower() + noun[1:]
            made = await make(surface, noun, given)
            changed = await do(
                surface, f"update{noun}", {"id": made["id"], **change}, f"{field} {{ {shown_by(expected)} }}"
            )
            assert changed["userErrors"] == []
            assert changed[field] == expected

            query = f"""query($id: ID!) {{ {field}(id: $id) {{ {shown_by(expected)} }} node(id: $id) {{ __typename id }}
              {plural} {{ nodes {{ id }} totalCount {{ count precision }} }} }}"""
            seen = await surface.ask(query, {"id": made["id"]})
            assert seen[field] == expected
            assert seen["node"] == {"__typename": noun, "id": made["id"]}
            assert made["id"] in {one["id"] for one in seen[plural]["nodes"]}
            assert seen[plural]["totalCount"] == {"count": len(seen[plural]["nodes"]), "precision": "EXACT"}

            assert await do(surface, f"delete{noun}", {"id": made["id"]}, "deletedId") == {
                "deletedId": made["id"],
                "userErrors": [],
            }
            gone = await surface.ask(query, {"id": made["id"]})
            assert (gone[field], gone["node"]) == (None, None)
            again = await do(surface, f"delete{noun}", {"id": made["id"]}, "deletedId")
            assert again == {
                "deletedId": None,
                "userErrors": [{"code": "NOT_FOUND", "field": ["id"], "currentState": None}],
            }


async def test_given_another_accounts_thing_when_read_changed_or_deleted_then_there_is_none(
    surface: Surface, subtests: pytest.Subtests
) -> None:
    other = await surface.key(account=await surface.accounts.create("other"))
    for noun, (given, change, _, plural) in KINDS.items():
        with subtests.test(noun):
            field = noun[0].lower() + noun[1:]
            made = await make(surface, noun, given)
            query = (
                f"query($id: ID!) {{ {field}(id: $id) {{ id }} node(id: $id) {{ id }} {plural} {{ nodes {{ id }} }} }}"
            )
            assert await surface.ask(query, {"id": made["id"]}, token=other) == {
                field: None, "node": None, plural: {"nodes": []}
            }  # fmt: skip
            for payload in (
                await do(surface, f"update{noun}", {"id": made["id"], **change}, token=other),
                await do(surface, f"delete{noun}", {"id": made["id"]}, token=other),
            ):
                assert [(one["code"], one["field"]) for one in payload["userErrors"]] == [("NOT_FOUND", ["id"])]


async def test_given_a_key_without_the_scope_when_it_asks_then_it_is_forbidden(
    surface: Surface, subtests: pytest.Subtests
) -> None:
    for noun in [*KINDS, "Device"]:
        with subtests.test(noun):
            field = noun[0].lower() + noun[1:]
            scope = Scope.AGENTS if noun == "Agent" else Scope.ROUTING
            token = await surface.key(set(Scope) - {scope})
            for query in (
                f'{{ {field}(id: "x") {{ id }} }}',
                f'mutation {{ delete{noun}(input: {{id: "x"}}) {{ deletedId }} }}',
            ):
                (error,) = (await surface.post(query, token=token)).json()["errors"]
                assert error["extensions"]["code"] == "FORBIDDEN"
                assert scope.value in error["message"]


_MALFORMED: Final[list[tuple[str, dict[str, Any], str, list[str] | None]]] = [
    ("createAgent", {"name": " "}, "REQUIRED", ["name"]),
    ("createAgent", {"name": "A", "email": "nobody"}, "INVALID_INPUT", ["email"]),
    ("createAgent", {"name": "A", "extensionId": "ext_x"}, "NOT_FOUND", ["extensionId"]),
    ("createAgent", {"name": "A", "ringSeconds": 0}, "INVALID_INPUT", ["ringSeconds"]),
    ("createExtension", {"number": "1"}, "INVALID_NUMBER", ["number"]),
    ("createExtension", {"number": "20;1"}, "INVALID_NUMBER", ["number"]),
    ("createDevice", {}, "REQUIRED", None),
    ("createDevice", {"extensionId": "ext_x", "agentId": "agent_x"}, "REQUIRED", None),
    ("createDevice", {"extensionId": "ext_x"}, "NOT_FOUND", ["extensionId"]),
    ("createTrunk", {"name": "Main", "host": "192.0.2.1"}, "INVALID_INPUT", ["name"]),
    ("createTrunk", {"name": "a", "host": "evil;x=y"}, "INVALID_INPUT", ["host"]),
    ("createTrunk", {"name": "a", "host": "a.example\n[b]"}, "INVALID_INPUT", ["host"]),
    ("createTrunk", {"name": "a", "host": "169.254.169.254"}, "INVALID_INPUT", ["host"]),
    ("createTrunk", {"name": "a", "host": "192.0.2.1", "port": 0}, "INVALID_INPUT", ["port"]),
    ("createTrunk", {"name": "a", "host": "192.0.2.1", "username": "me"}, "REQUIRED", ["secret"]),
    ("createTrunk", {"name": "a", "host": "192.0.2.1", "registers": True}, "REQUIRED", ["username"]),
    ("createTrunk", {"name": "a", "host": "192.0.2.1", "matchAddresses": ["0.0.0.0/0"]}, "INVALID_INPUT",
     ["matchAddresses", "0"]),
    ("createTrunk", {"name": "a", "host": "192.0.2.1", "matchAddresses": ["127.0.0.1"]}, "INVALID_INPUT",
     ["matchAddresses", "0"]),
    ("createTrunk", {"name": "a", "host": "192.0.2.1", "codecs": []}, "INVALID_INPUT", ["codecs"]),
    ("createTrunk", {"name": "a", "host": "192.0.2.1", "dialTemplate": "{x}"}, "INVALID_INPUT", ["dialTemplate"]),
    ("createOutboundNumber", {"number": "12"}, "INVALID_NUMBER", ["number"]),
    ("createOutboundNumberPool", {"name": "p", "numberIds": ["num_x"]}, "NOT_FOUND", ["numberIds", "0"]),
    ("createRingGroup", {"name": "g", "strategy": "ALL", "ringSeconds": 5, "members": [{"agentId": "agent_x"}]},
     "NOT_FOUND", ["members", "0", "agentId"]),
    ("createQueue", {"name": "q", "strategy": "RING_ALL", "musicClass": "a,b"}, "INVALID_INPUT", ["musicClass"]),
    ("createQueue", {"name": "q", "strategy": "RING_ALL", "members": [{"agentId": "a", "penalty": -1}]},
     "INVALID_INPUT", ["members", "0", "penalty"]),
    ("createInboundRoute", {"pattern": "_X.", "target": {"number": "+12125550100"}}, "INVALID_INPUT", ["pattern"]),
    ("createInboundRoute", {"pattern": "*", "target": {"queueId": "queue_x"}}, "NOT_FOUND", ["target", "queueId"]),
    ("createInboundRoute", {"pattern": "*", "target": {"extension": "7777"}}, "NOT_FOUND", ["target", "extension"]),
    ("createInboundRoute", {"pattern": "*", "target": {"number": "911"}}, "INVALID_NUMBER", ["target", "number"]),
    ("updateAgent", {"id": "agent_x", "name": None}, "INVALID_INPUT", ["name"]),
    ("updateQueue", {"id": "queue_x", "ringSeconds": None}, "INVALID_INPUT", ["ringSeconds"]),
    ("rotateDeviceSecret", {"id": "dev_x"}, "NOT_FOUND", ["id"]),
]  # fmt: skip


async def test_given_something_malformed_when_asked_for_then_user_errors_say_what(
    surface: Surface, subtests: pytest.Subtests
) -> None:
    for mutation, given, code, field in _MALFORMED:
        with subtests.test(f"{mutation} {given}"):
            payload = await do(surface, mutation, given)
            assert (payload["userErrors"][0]["code"], payload["userErrors"][0]["field"]) == (code, field)


_NAMED: Final = ("Extension", "Trunk", "OutboundNumber", "OutboundNumberPool", "RingGroup", "Queue", "InboundRoute")


async def test_given_a_name_that_is_taken_when_made_again_then_it_exists_already_until_it_is_deleted(
    surface: Surface, subtests: pytest.Subtests
) -> None:
    for noun in _NAMED:
        with subtests.test(noun):
            given = {name: value for name, value in KINDS[noun][0].items() if name != "overflow"}
            made = await make(surface, noun, given)
            if noun == "Trunk":
                given = {**given, "matchAddresses": []}
            (error,) = (await do(surface, f"create{noun}", given))["userErrors"]
            assert error["code"] == "ALREADY_EXISTS"
            await do(surface, f"delete{noun}", {"id": made["id"]})
            await make(surface, noun, given)


async def test_given_a_device_when_made_moved_and_rotated_then_its_secret_is_shown_each_time_once(
    surface: Surface,
) -> None:
    extension = await make(surface, "Extension", {"number": "3001"})
    agent_id = await make_agent(surface)
    shown = "device { id username extensionId agentId transport codecs isRegistered registeredAt contact } secret"
    made = await do(surface, "createDevice", {"extensionId": extension["id"], "codecs": ["ALAW", "G722"]}, shown)
    device = made["device"]
    assert device == {
        "id": device["id"], "username": "ofh-sandbox-1", "extensionId": extension["id"], "agentId": None,
        "transport": "UDP", "codecs": ["ALAW", "G722"], "isRegistered": False, "registeredAt": None, "contact": None,
    }  # fmt: skip
    assert len(made["secret"]) == 24
    moved = await do(surface, "updateDevice", {"id": device["id"], "agentId": agent_id, "label": "Cell"},
                     "device { extensionId agentId agent { name } label username }")  # fmt: skip
    assert moved["device"] == {
        "extensionId": None, "agentId": agent_id, "agent": {"name": "Ada"}, "label": "Cell",
        "username": "ofh-sandbox-1",
    }  # fmt: skip
    rotated = await do(surface, "rotateDeviceSecret", {"id": device["id"]}, "device { id } secret")
    assert rotated["device"]["id"] == device["id"]
    assert rotated["secret"] not in {None, made["secret"]}
    async with surface.database.acquire() as connection:
        stored = await connection.fetchrow("SELECT * FROM device WHERE id = $1", device["id"])
    assert stored is not None
    assert rotated["secret"] not in str(dict(stored))

    await do(surface, "deleteDevice", {"id": device["id"]})
    next_one = await do(surface, "createDevice", {"extensionId": extension["id"]}, "device { username }")
    assert next_one["device"]["username"] == "ofh-sandbox-2"


async def test_given_an_extension_in_use_when_deleted_then_its_devices_go_and_its_agents_sit_nowhere(
    surface: Surface,
) -> None:
    extension = await make(surface, "Extension", {"number": "3001"})
    agent = await make(surface, "Agent", {"name": "Ada", "extensionId": extension["id"]}, "id extension { number }")
    assert agent["extension"] == {"number": "3001"}
    await do(surface, "createDevice", {"extensionId": extension["id"]})
    await do(surface, "createDevice", {"agentId": agent["id"]})
    seen = await surface.ask(
        "query($id: ID!) { extension(id: $id) { devices { username } agents { name devices { username } } } }",
        {"id": extension["id"]},
    )
    assert seen["extension"] == {
        "devices": [{"username": "ofh-sandbox-1"}],
        "agents": [{"name": "Ada", "devices": [{"username": "ofh-sandbox-2"}]}],
    }
    await do(surface, "deleteExtension", {"id": extension["id"]})
    left = await surface.ask("{ agents { nodes { extensionId } } devices { nodes { username } } }")
    assert {"extensionId": None} in left["agents"]["nodes"]
    names = {one["username"] for one in left["devices"]["nodes"]}
    assert {name for name in names if name.startswith("ofh-")} == {"ofh-sandbox-2"}


async def test_given_members_when_replaced_added_and_removed_then_the_order_is_as_said(surface: Surface) -> None:
    ada, bob, cyd = [await make_agent(surface, name) for name in ("Ada", "Bob", "Cyd")]
    extension = await make(surface, "Extension", {"number": "3001"})
    group = await make(surface, "RingGroup", {
        "name": "g", "strategy": "IN_ORDER", "ringSeconds": 10, "members": [{"agentId": bob}, {"agentId": ada}],
    }, "id members { agentId agent { name } }")  # fmt: skip
    assert [one["agent"]["name"] for one in group["members"]] == ["Bob", "Ada"]

    async def change(**given: Any) -> list[tuple[str | None, str | None]]:
        shown = "ringGroup { members { agentId extensionId } }"
        payload = await do(surface, "updateRingGroup", {"id": group["id"], **given}, shown)
        assert payload["userErrors"] == []
        return [(one["agentId"], one["extensionId"]) for one in payload["ringGroup"]["members"]]

    assert await change(addMembers=[{"extensionId": extension["id"]}, {"agentId": bob}]) == [
        (bob, None), (ada, None), (None, extension["id"]),
    ]  # fmt: skip
    assert await change(removeMembers=[{"agentId": ada}]) == [(bob, None), (None, extension["id"])]
    assert await change(name="h") == [(bob, None), (None, extension["id"])]
    assert await change(members=[{"agentId": cyd}]) == [(cyd, None)]
    twice = await do(surface, "updateRingGroup", {"id": group["id"], "members": [{"agentId": ada}, {"agentId": ada}]})
    assert twice["userErrors"][0]["code"] == "INVALID_INPUT"
    await do(surface, "deleteAgent", {"id": cyd})
    assert await change() == []


async def test_given_a_queues_members_when_added_again_then_the_penalty_is_the_new_one(surface: Surface) -> None:
    ada, bob = [await make_agent(surface, name) for name in ("Ada", "Bob")]
    queue_id = await make_queue(surface)

    async def change(**given: Any) -> list[tuple[str, int]]:
        shown = "queue { members { agentId penalty } }"
        payload = await do(surface, "updateQueue", {"id": queue_id, **given}, shown)
        assert payload["userErrors"] == []
        return [(one["agentId"], one["penalty"]) for one in payload["queue"]["members"]]

    assert await change(members=[{"agentId": ada, "penalty": 2}, {"agentId": bob}]) == [(bob, 0), (ada, 2)]
    assert await change(addMembers=[{"agentId": bob, "penalty": 5}]) == [(ada, 2), (bob, 5)]
    assert await change(removeAgentIds=[ada]) == [(bob, 5)]


async def test_given_a_pool_when_numbers_come_and_go_then_it_has_what_is_said(surface: Surface) -> None:
    one, two = [(await make(surface, "OutboundNumber", {"number": f"+1212555012{end}"}))["id"] for end in "34"]
    pool = await make(surface, "OutboundNumberPool", {"name": "p", "numberIds": [two]}, "id numberIds")
    shown = "outboundNumberPool { numberIds numbers { number { number } } }"
    grown = await do(surface, "updateOutboundNumberPool", {"id": pool["id"], "addNumberIds": [one, two]}, shown)
    assert grown["outboundNumberPool"]["numberIds"] == [two, one]
    assert grown["outboundNumberPool"]["numbers"][0] == {"number": {"number": "+12125550124"}}
    shrunk = await do(surface, "updateOutboundNumberPool", {"id": pool["id"], "removeNumberIds": [two]}, shown)
    assert shrunk["outboundNumberPool"]["numberIds"] == [one]
    await do(surface, "deleteOutboundNumber", {"id": one})
    empty = await do(surface, "updateOutboundNumberPool", {"id": pool["id"]}, shown)
    assert empty["outboundNumberPool"]["numberIds"] == []


async def test_given_a_target_that_calls_are_sent_to_when_deleted_then_it_says_who_sends_them(surface: Surface) -> None:
    queue_id = await make_queue(surface)
    extension = await make(surface, "Extension", {"number": "3001"})
    group = await make(surface, "RingGroup", {
        "name": "g", "strategy": "ALL", "ringSeconds": 9, "overflow": {"queueId": queue_id},
    })  # fmt: skip
    route = await make(surface, "InboundRoute", {"pattern": "*", "target": {"extension": "3001"}})
    in_use = {"code": "INVALID_STATE", "field": ["id"], "currentState": "IN_USE"}
    assert (await do(surface, "deleteQueue", {"id": queue_id}))["userErrors"] == [in_use]
    assert (await do(surface, "deleteExtension", {"id": extension["id"]}))["userErrors"] == [in_use]
    renumbered = await do(surface, "updateExtension", {"id": extension["id"], "number": "3002"})
    assert renumbered["userErrors"] == [in_use]
    itself = await do(surface, "updateRingGroup", {"id": group["id"], "overflow": {"ringGroupId": group["id"]}})
    assert itself["userErrors"][0]["field"] == ["overflow", "ringGroupId"]
    await do(surface, "updateRingGroup", {"id": group["id"], "overflow": None})
    await do(surface, "deleteInboundRoute", {"id": route["id"]})
    assert (await do(surface, "deleteQueue", {"id": queue_id}))["userErrors"] == []
    assert (await do(surface, "deleteExtension", {"id": extension["id"]}))["userErrors"] == []


async def test_given_another_trunks_address_when_a_trunk_is_made_then_it_is_refused_whosever_it_is(
    surface: Surface,
) -> None:
    await make(surface, "Trunk", {"name": "one", "host": "192.0.2.7"})
    other = await surface.key(account=await surface.accounts.create("other"))
    for matches in (["192.0.2.0/24"], ["192.0.2.7:5070"], ["198.51.100.1", "192.0.2.7"]):
        given = {"name": "two", "host": "sip.example.com", "matchAddresses": matches}
        (error,) = (await do(surface, "createTrunk", given, token=other))["userErrors"]
        assert (error["code"], error["field"]) == ("ALREADY_EXISTS", ["matchAddresses", str(len(matches) - 1)])
    ported = {"name": "two", "host": "sip.example.com", "matchAddresses": ["192.0.2.8:5070"]}
    assert (await do(surface, "createTrunk", ported, token=other))["userErrors"] == []


async def test_given_a_host_that_is_an_address_when_no_source_is_said_then_its_calls_come_from_there(
    surface: Surface,
) -> None:
    shown = "id matchAddresses"
    public = await make(surface, "Trunk", {"name": "one", "host": "192.0.2.7", "port": 5080}, shown)
    here = await make(surface, "Trunk", {"name": "two", "host": "127.0.0.1", "port": 5080}, shown)
    named = await make(surface, "Trunk", {"name": "three", "host": "sip.example.com"}, shown)
    assert [one["matchAddresses"] for one in (public, here, named)] == [["192.0.2.7"], ["127.0.0.1:5080"], []]


async def test_given_a_trunks_secret_when_anything_is_read_then_it_is_not_there(surface: Surface) -> None:
    given = {"name": "one", "host": "192.0.2.7", "username": "us", "secret": "hunter2hunter2"}
    trunk = await make(surface, "Trunk", given, "id hasSecret username")
    assert trunk["hasSecret"] is True
    async with surface.database.acquire() as connection:
        stored = await connection.fetchrow("SELECT * FROM trunk WHERE id = $1", trunk["id"])
    assert stored is not None
    assert "hunter2" not in str(dict(stored))
    cleared = await do(surface, "updateTrunk", {"id": trunk["id"], "secret": None, "username": None},
                       "trunk { hasSecret username }")  # fmt: skip
    assert cleared["trunk"] == {"hasSecret": False, "username": None}


async def test_given_a_trunk_in_asterisks_own_files_when_its_address_is_changed_then_it_says_where_it_is(
    surface: Surface,
) -> None:
    trunks = (await surface.ask("{ trunks { nodes { id name isProvisioned isDefault } } }"))["trunks"]["nodes"]
    (own,) = [one for one in trunks if not one["isProvisioned"]]
    (error,) = (await do(surface, "updateTrunk", {"id": own["id"], "host": "192.0.2.1"}))["userErrors"]
    assert (error["code"], error["currentState"]) == ("INVALID_STATE", "NOT_PROVISIONED")
    changed = await do(surface, "updateTrunk", {"id": own["id"], "isDefault": True}, "trunk { isDefault }")
    assert changed["trunk"] == {"isDefault": True}


_OPERATORS: Final[list[dict[str, Any]]] = [
    {"dialTemplate": "0044{national}"},
    {"isEnabled": False},
    {"maxChannels": 1},
    {"maxChannels": None},
]


async def test_given_a_trunk_in_asterisks_own_files_when_a_key_says_what_is_dialled_there_then_it_is_refused(
    surface: Surface, subtests: pytest.Subtests
) -> None:
    for operators in _OPERATORS:
        with subtests.test(str(operators)):
            # A number is judged and priced as it was asked for: a template could make another one of it.
            shown = "{ trunks { nodes { id isProvisioned dialTemplate isEnabled maxChannels } } }"
            (own,) = [one for one in (await surface.ask(shown))["trunks"]["nodes"] if not one["isProvisioned"]]
            (error,) = (await do(surface, "updateTrunk", {"id": own["id"], "isDefault": True, **operators}))[
                "userErrors"
            ]
            assert (error["code"], error["currentState"]) == ("INVALID_STATE", "NOT_PROVISIONED")
            assert own in (await surface.ask(shown))["trunks"]["nodes"]


async def test_given_defaults_when_another_becomes_it_then_there_is_one(surface: Surface) -> None:
    first = await make(surface, "OutboundNumber", {"number": "+12125550123"}, "id isDefault")
    second = await make(surface, "OutboundNumber", {"number": "+12125550124", "isDefault": True}, "id isDefault")
    assert second["isDefault"] is True
    seen = await surface.ask("{ outboundNumbers { nodes { id isDefault } } }")
    defaults = [one["id"] for one in seen["outboundNumbers"]["nodes"] if one["isDefault"]]
    assert defaults == [second["id"]]
    await do(surface, "updateOutboundNumber", {"id": first["id"], "isDefault": True})
    seen = await surface.ask("{ outboundNumbers { nodes { id isDefault } } }")
    assert [one["id"] for one in seen["outboundNumbers"]["nodes"] if one["isDefault"]] == [first["id"]]


async def test_given_a_key_that_may_not_see_numbers_when_it_reads_then_they_are_masked(surface: Surface) -> None:
    await make(surface, "OutboundNumber", {"number": "+12125550123"})
    await make(surface, "InboundRoute", {"pattern": "*", "target": {"number": "+12125550199"}})
    token = await surface.key({Scope.ROUTING})
    seen = await surface.ask(
        "{ outboundNumbers { nodes { number { number isMasked } } } "
        "inboundRoutes { nodes { target { number { number } } } } }",
        token=token,
    )
    assert {"number": {"number": "+1********23", "isMasked": True}} in seen["outboundNumbers"]["nodes"]
    assert seen["inboundRoutes"]["nodes"] == [{"target": {"number": {"number": "+1********99"}}}]


async def test_given_changes_when_made_then_the_audit_log_names_each_and_who(surface: Surface) -> None:
    agent_id = await make_agent(surface)
    await do(surface, "updateAgent", {"id": agent_id, "name": "Bob"})
    await do(surface, "deleteAgent", {"id": agent_id})
    audit = surface.services.routing.agents._office.audit
    await audit.flush()
    async with surface.database.acquire() as connection:
        rows = await connection.fetch(
            "SELECT action, actor_kind FROM audit_line WHERE subject_id = $1 ORDER BY id", agent_id
        )
    assert [(row["action"], row["actor_kind"]) for row in rows] == [
        ("agent.create", "API_KEY"), ("agent.update", "API_KEY"), ("agent.delete", "API_KEY"),
    ]  # fmt: skip


async def test_given_a_placed_call_when_it_is_to_be_connected_with_a_queue_then_only_the_customer_is_dialled(
    surface: Surface,
) -> None:
    queue_id = await make_queue(surface)
    given = {"idempotencyKey": "k", "destination": {"extension": "2002"}, "connect": {"queueId": queue_id}}
    placed = await do(surface, "originateCall", given)
    assert placed["userErrors"] == []
    (actor,) = surface.registry
    assert [leg.party.extension for leg in actor.call.legs] == ["2002"]
