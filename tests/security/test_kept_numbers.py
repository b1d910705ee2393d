"""Numbers that may be written down and not be dialled, when their hour comes: who calls in is not sent out to them."""

import uuid
from typing import Any, Final

import httpx
import pytest

from app.config import Settings
from app.local.asterisk import AsteriskInstance
from tests.rig.desk import Desk
from tests.rig.service import RunningOffhook
from tests.security.sip_peer import SipPeer
from tests.security.test_sip_side import trunk_peer

pytestmark = pytest.mark.asterisk

__all__ = ["trunk_peer"]

#: Premium and satellite: well formed, and nothing that the sandbox may call.
_DEAR: Final = ("+19005550199", "+881612345678")
_HANG_UP: Final = {"hangUp": {"name": "end"}}


@pytest.fixture
def settings(settings: Settings, asterisk: AsteriskInstance) -> Settings:
    """Of the one service that the dialplan sends calls to."""
    return settings.model_copy(update={"ari_application": asterisk.config.stasis_app})


class _Client:
    """Makes things, and gives their ids."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def make(self, mutation: str, part: str, given: dict[str, Any]) -> str:
        kind = f"{mutation[0].upper()}{mutation[1:]}Input!"
        fields = f"{part} {{ id }} userErrors {{ code message field }}"
        document = f"mutation($input: {kind}) {{ {mutation}(input: $input) {{ {fields} }} }}"
        answer = await self._client.post("/graphql", json={"query": document, "variables": {"input": given}})
        payload = answer.json()["data"][mutation]
        assert payload["userErrors"] == [], (mutation, payload)
        made: str = payload[part]["id"]
        return made


async def _target(client: _Client, where: str, number: str) -> dict[str, Any]:
    """A route's target that comes to the number in its own way, at once."""
    name, kept = str(uuid.uuid4()), {"number": number}
    match where:
        case "route":
            return kept
        case "queue":
            # Nobody serves it, so whoever comes has waited too long in a second.
            given = {"name": name, "strategy": "LONGEST_IDLE", "maxWaitSeconds": 1.0, "overflow": kept}
            return {"queueId": await client.make("createQueue", "queue", given)}
        case "ring group":
            given = {"name": name, "strategy": "ALL", "ringSeconds": 1.0, "members": [], "overflow": kept}
            return {"ringGroupId": await client.make("createRingGroup", "ringGroup", given)}
        case "flow":
            steps = [{"transfer": {"name": "out", "target": kept, "failed": "end"}}, _HANG_UP]
            return {"callFlowId": await client.make("createCallFlow", "callFlow", {"name": name, "steps": steps})}
    raise AssertionError(where)


@pytest.mark.parametrize("where", ["route", "queue", "ring group", "flow"])
async def test_given_a_kept_number_that_may_not_be_dialled_when_its_hour_comes_then_the_far_end_sees_no_invite(
    served_offhook: RunningOffhook, graphql_desk: Desk, trunk_peer: SipPeer, where: str
) -> None:
    assert served_offhook.url is not None
    headers = {"authorization": f"Bearer {served_offhook.token}"}
    async with httpx.AsyncClient(base_url=served_offhook.url, headers=headers, timeout=60) as connection:
        client = _Client(connection)
        for place, number in enumerate(_DEAR):
            dialled = f"+1555011700{place}"
            given = {"pattern": dialled, "target": await _target(client, where, number)}
            await client.make("createInboundRoute", "inboundRoute", given)
            trunk_peer.invite(dialled)
            arrived = await graphql_desk.wait_for_arrival(dialled)
            story = await graphql_desk.wait_for_end(arrived)
            assert [fact for fact in story.facts if fact.type == "call.ended"], story.words
            for fact in story.facts:
                assert number not in str(fact.body.get("leg", "")), (where, number, fact)
    assert trunk_peer.invites() == set()
