"""A good value for every place of ``hostile_places``: what shows that a place takes anything at all.

A place that refuses its good value refuses the hostile ones for nothing, and a test of them would prove nothing.
"""

import uuid
from typing import Any, Final

from tests.api.conftest import Surface
from tests.security.hostile import Field
from tests.security.hostile_places import DUE, GOOD, Place, Things
from tests.security.hostile_row import OWN_NUMBER
from tests.security.hostile_speech_places import GOOD_VALUES

_BY_FIELD: Final[dict[Field, Any]] = {
    Field.NUMBER: GOOD,
    Field.EXTENSION: "2002",
    Field.CALLER_ID: OWN_NUMBER,
    Field.SHOWN_NAME: "Müller & Söhne",
    Field.VARIABLES: {"CRM_LEAD": "4711"},
    Field.CONTEXT: "house-menus",
    Field.MESSAGE: "Ask for the invoice's number.",
    Field.OTP_CODE: "271828",
    Field.SPOKEN_TEXT: "Please hold the line.",
    Field.TEMPLATE: "Your code is {code}.",
    Field.VOICE: {"languageCode": "en-US"},
    Field.PITCH: 1.25,
    Field.INSTANT: DUE["local"]["dateTime"] + "Z",
    Field.LOCAL_TIME: DUE["local"],
    Field.ZONE: "Pacific/Chatham",
    Field.SECONDS: 30.0,
    Field.COUNT: 2,
    Field.WEBHOOK_URL: "https://8.8.8.8/hook",
    **GOOD_VALUES,
}
#: Where what is good elsewhere is not, because of what there is already.
_BY_PLACE: Final[dict[str, Any]] = {
    "createExtension.number": "8421",
    "createOutboundNumber.number": "+15550177001",
    "createMediaEndpoint.url": "wss://8.8.8.8/bot",
}
#: What is asked so that there is one, and where in the answer its id stands; of the world, or of a place by name.
_MADE: Final[dict[str, tuple[str, dict[str, Any], str]]] = {
    "queueId": ("createQueue", {"name": "q", "strategy": "LONGEST_IDLE"}, "queue"),
    "outboundNumberId": ("createOutboundNumber", {"number": "+15550177004"}, "outboundNumber"),
    "callFlowId": ("createCallFlow", {"name": "f", "steps": [{"hangUp": {"name": "end"}}]}, "callFlow"),
    "updateAgent.id": ("createAgent", {"name": "Kim"}, "agent"),
    "verifyOtp.id": ("announceOtp", {"number": GOOD, "code": "1234", "idempotencyKey": "good"}, "otp"),
    "verifyOutboundNumber.id": ("createOutboundNumber", {"number": "+15550177002"}, "outboundNumber"),
}
_FOUND: Final = {
    "agentId": "{ agents(first: 1) { nodes { id } } }",
    "trunkId": "{ trunks(first: 1) { nodes { id } } }",
}
#: What must be there before an id of it is good; the place itself needs nothing for a hostile one.
NEEDS: Final = {"callId": "call", "updateCallback.id": "callback", "startCampaign.id": "lists"}
#: What is refused all the same, by the field that is to blame: the place itself is not.
REFUSED_ELSEWHERE: Final[dict[str, dict[str, str]]] = {
    # The number was found, and nobody has begun to verify it.
    "verifyOutboundNumber.id": {"code": "INVALID_STATE"},
}


async def good_value(world: Things, surface: Surface, place: Place) -> Any:
    """What the place takes."""
    if place.name in _BY_PLACE:
        return _BY_PLACE[place.name]
    if place.field is Field.IDEMPOTENCY_KEY:
        return str(uuid.uuid4())
    if place.field is not Field.ID:
        return _BY_FIELD[place.field]
    return await _id_for(world, surface, place)


def needs_of(place: Place) -> str:
    """What the world must hold."""
    return place.needs or NEEDS.get(place.name) or NEEDS.get(_last(place), "")


def _last(place: Place) -> str:
    return place.where.rpartition(".")[2]


async def _id_for(world: Things, surface: Surface, place: Place) -> str:
    last = _last(place)
    if last == "callId":
        return world.call_id
    if place.name == "updateCallback.id":
        return world.callback_id
    if last in _FOUND:
        return await _find(surface, last)
    if place.name == "startCampaign.id":
        campaign = {"name": "c", "contactListIds": [world.list_id], "content": {"announcement": {"text": "Hello."}}}
        return await _make(surface, "createCampaign", campaign, "campaign")
    if last == "ringGroupId":
        agent_id = await _find(surface, "agentId")
        members = [{"agentId": agent_id}]
        group = {"name": "g", "strategy": "ALL", "ringSeconds": 15.0, "members": members}
        return await _make(surface, "createRingGroup", group, "ringGroup")
    return await _make(surface, *_MADE[place.name if place.name in _MADE else last])


async def _find(surface: Surface, name: str) -> str:
    (page,) = (await surface.ask(_FOUND[name])).values()
    found: str = page["nodes"][0]["id"]
    return found


async def _make(surface: Surface, mutation: str, given: dict[str, Any], part: str) -> str:
    kind = f"{mutation[0].upper()}{mutation[1:]}Input!"
    document = (
        f"mutation($input: {kind}) {{ {mutation}(input: $input) {{ {part} {{ id }} userErrors {{ code field }} }} }}"
    )
    payload = (await surface.ask(document, {"input": given}))[mutation]
    assert payload["userErrors"] == [], (mutation, payload)
    made: str = payload[part]["id"]
    return made
