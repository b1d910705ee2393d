"""What others wrote to try GraphQL servers, run as it is against the service."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
from gql import Client, gql
from gql.transport.exceptions import TransportQueryError
from gql.transport.httpx import HTTPXAsyncTransport
from gql.transport.websockets import WebsocketsTransport

from app.egress.signing import Signer, new_secret, show_secret
from tests.rig.public_suites import Script, node_suites
from tests.security.conftest import Tenant

_AUDITS = 61


@pytest.fixture
async def node(tmp_path: Path) -> Script:
    folder = tmp_path / "node"
    folder.mkdir()
    return await node_suites(folder)


@pytest.mark.postgres
async def test_given_the_audits_of_graphql_over_http_when_run_then_all_of_them_are_content(
    node: Script, port: int
) -> None:
    results = await node.run("audits.mjs", f"http://127.0.0.1:{port}/graphql")
    assert [one for one in results if one["status"] != "ok"] == []
    assert len({one["id"] for one in results}) == _AUDITS


@pytest.mark.postgres
async def test_given_the_reference_client_of_the_protocol_when_it_asks_and_follows_then_it_is_served(
    node: Script, port: int, tenant_b: Tenant
) -> None:
    said = await node.run("follow.mjs", f"ws://127.0.0.1:{port}/graphql", tenant_b.token)
    query, variables, *rest = said
    assert query["query"]["viewer"]["isTest"] is False
    assert variables == {"variables": {"calls": {"nodes": []}}}
    assert rest == [
        {"subscription": {"events": {"__typename": "CaughtUp"}}},
        {"refused": ["GRAPHQL_VALIDATION_FAILED"]},
        {"closed": 4401},
    ]


@pytest.mark.postgres
async def test_given_the_python_client_when_it_reads_the_schema_and_asks_then_its_own_validation_agrees(
    port: int, tenant_b: Tenant
) -> None:
    headers = {"authorization": f"Bearer {tenant_b.token}"}
    transport = HTTPXAsyncTransport(url=f"http://127.0.0.1:{port}/graphql", headers=headers)
    async with Client(transport=transport, fetch_schema_from_transport=True) as session:
        asked = gql("query($first: Int) { calls(first: $first) { nodes { id } pageInfo { hasNextPage } } }")
        asked.variable_values = {"first": 2}
        answer = await session.execute(asked)
        assert answer == {"calls": {"nodes": [], "pageInfo": {"hasNextPage": False}}}


@pytest.mark.postgres
async def test_given_the_python_client_on_a_websocket_when_it_follows_and_fails_then_both_are_told(
    port: int, tenant_b: Tenant
) -> None:
    transport = WebsocketsTransport(
        url=f"ws://127.0.0.1:{port}/graphql",
        init_payload={"authorization": f"Bearer {tenant_b.token}"},
        subprotocols=[WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL],
    )
    async with Client(transport=transport, fetch_schema_from_transport=False) as session:
        async for message in session.subscribe(gql("subscription { events { __typename } }")):
            assert message == {"events": {"__typename": "CaughtUp"}}
            break
        with pytest.raises(TransportQueryError, match="nothing"):
            await session.execute(gql("{ nothing }"))


async def test_given_signed_webhooks_when_the_public_verifier_of_javascript_looks_then_it_takes_ours_alone(
    node: Script,
) -> None:
    key, retired = new_secret(), new_secret()
    body = '{"type": "call.ended", "data": {"who": "Zoë · 你好"}}'
    now = datetime.now(UTC)

    def signed(keys: list[bytes], at: datetime) -> dict[str, object]:
        headers = dict(Signer(keys).headers(webhook_id="evt_1", at=at, body=body.encode()))
        return {"body": body, "headers": headers}

    good, rotated = signed([key], now), signed([new_secret(), key], now)
    deliveries = [
        good,
        rotated,
        {**good, "body": body.replace("ended", "endee")},
        signed([retired], now),
        signed([key], now - timedelta(hours=1)),
    ]
    file = node.folder / "deliveries.json"
    file.write_bytes(orjson.dumps(deliveries))
    results = await node.run("verify.mjs", show_secret(key), file.name)
    assert [list(one) for one in results] == [["verified"], ["verified"], ["refused"], ["refused"], ["refused"]]
    assert results[0]["verified"] == orjson.loads(body)
