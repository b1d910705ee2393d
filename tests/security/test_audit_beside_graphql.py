"""The audit log of what is refused where no GraphQL operation is: files behind signed addresses, and websockets."""

from datetime import timedelta
from typing import Any, Final

import pytest

from app.accounts.scopes import Scope
from app.api.websocket import MESSAGES_AT_ONCE
from app.ids import Kind, new_id
from tests.api.conftest import Surface
from tests.security.conftest import Tenant
from tests.security.generated import document_for, roots
from tests.security.raw_socket import BINARY, TEXT, frame, message, raw_socket

pytestmark = pytest.mark.postgres

_MINUTE: Final = timedelta(minutes=1)
_FORGED: Final = "?expires=4102444800&signature=forged"
_RECORDING, _UPLOAD, _JOB = (new_id(kind) for kind in (Kind.RECORDING, Kind.UPLOAD, Kind.JOB))
_AUDIO: Final = new_id(Kind.AUDIO_FILE)


async def lines_about(surface: Surface, action: str) -> list[Any]:
    """What was written about something, oldest first."""
    await surface.services.access.audit.flush()
    async with surface.database.acquire() as connection:
        return list(await connection.fetch("SELECT * FROM audit_line WHERE action = $1 ORDER BY id", action))


@pytest.mark.parametrize(
    ("method", "address", "action", "code", "named"),
    [
        ("GET", f"/recordings/{_RECORDING}{_FORGED}", "recording_file.read", "URL_SIGNATURE_INVALID", _RECORDING),
        ("PUT", f"/uploads/{_UPLOAD}{_FORGED}", "upload_file.put", "URL_SIGNATURE_INVALID", _UPLOAD),
        ("GET", f"/job-reports/{_JOB}{_FORGED}", "job_report.read", "URL_SIGNATURE_INVALID", _JOB),
        ("GET", f"/media/4102444800/forged/{_AUDIO}-8000.wav", "media.read", "URL_SIGNATURE_INVALID", None),
        ("GET", f"/recordings/'--{_FORGED}", "recording_file.read", "URL_SIGNATURE_INVALID", None),
    ],
    ids=["recording", "upload", "report", "sound", "what is no id"],
)
async def test_given_a_forged_address_when_asked_for_again_and_again_then_it_is_one_line(
    surface: Surface, method: str, address: str, action: str, code: str, named: str | None
) -> None:
    answers = [await surface.client.request(method, address, content=b"") for _ in range(10)]

    assert {answer.status_code for answer in answers} == {403}
    (line,) = await lines_about(surface, action)
    assert (line["outcome"], line["account_id"], line["subject_id"]) == (code, None, None)
    assert line["request_id"] == answers[0].headers["x-request-id"]
    assert line["remote_address"]
    assert dict(line["details"]) == ({} if named is None else {"id": named})


async def test_given_a_signed_address_of_what_is_not_there_when_asked_for_then_it_is_a_line(surface: Surface) -> None:
    services = surface.services
    path = services.recording_urls.sign(_RECORDING, services.clock.now(), _MINUTE)

    assert (await surface.client.get(path)).status_code == 404

    (line,) = await lines_about(surface, "recording_file.read")
    assert (line["outcome"], dict(line["details"])) == ("NOT_FOUND", {"id": _RECORDING})


# Websockets

_SUBSCRIBE: Final = message(type="subscribe", id="1", payload={"query": "subscription { events { __typename } }"})
_INIT: Final = message(type="connection_init")
_BROKEN: Final = {
    "binary": (frame(BINARY, b"{}"), 4400, "BAD_REQUEST"),
    "no JSON": (frame(TEXT, b"{"), 4400, "BAD_REQUEST"),
    "no object": (frame(TEXT, b"[]"), 4400, "BAD_REQUEST"),
    "no such type": (message(type="x"), 4400, "BAD_REQUEST"),
    "no query": (message(type="subscribe", id="1", payload={}), 4400, "BAD_REQUEST"),
    "too fast": (message(type="pong") * (2 * MESSAGES_AT_ONCE), 1008, "RATE_LIMITED"),
}


@pytest.mark.parametrize("name", _BROKEN)
async def test_given_frames_of_a_stranger_that_close_a_websocket_when_they_come_again_then_they_are_one_line(
    surface: Surface, port: int, name: str
) -> None:
    sent, close_code, outcome = _BROKEN[name]
    for _ in range(3):
        async with raw_socket(port) as socket:
            await socket.send(sent)
            assert await socket.close_code() == close_code
    (line,) = await lines_about(surface, "graphql.socket")
    assert (line["outcome"], line["account_id"], line["remote_address"]) == (outcome, None, "127.0.0.1")
    assert dict(line["details"]) == {"closeCode": close_code}


@pytest.mark.parametrize("name", _BROKEN)
async def test_given_frames_of_a_key_that_close_its_websocket_when_closed_then_its_account_has_the_line(
    tenant_b: Tenant, port: int, name: str
) -> None:
    sent, close_code, outcome = _BROKEN[name]
    async with raw_socket(port, token=tenant_b.token, x_request_id="req_closed") as socket:
        await socket.send(sent)
        assert await socket.close_code() == close_code
    (line,) = await lines_about(tenant_b.surface, "graphql.socket")
    assert (line["outcome"], line["account_id"]) == (outcome, tenant_b.account.id)


@pytest.mark.parametrize(
    ("sent", "close_code", "outcome"),
    [
        (_INIT, 4429, "BAD_REQUEST"),
        (_SUBSCRIBE + _SUBSCRIBE, 4409, "BAD_REQUEST"),
    ],
    ids=["a second init", "an id in use"],
)
async def test_given_a_breach_of_the_protocol_when_it_closes_the_websocket_then_it_is_a_line(
    tenant_b: Tenant, port: int, sent: bytes, close_code: int, outcome: str
) -> None:
    async with raw_socket(port, token=tenant_b.token) as socket:
        await socket.send(sent)
        assert await socket.close_code() == close_code
    (line,) = await lines_about(tenant_b.surface, "graphql.socket")
    assert (line["outcome"], dict(line["details"])) == (outcome, {"closeCode": close_code})


async def test_given_a_subscription_before_any_init_when_it_closes_the_websocket_then_it_is_a_line(
    surface: Surface, port: int
) -> None:
    async with raw_socket(port) as socket:
        await socket.send(_SUBSCRIBE)
        assert await socket.close_code() == 4401
    (line,) = await lines_about(surface, "graphql.socket")
    assert (line["outcome"], line["account_id"]) == ("UNAUTHENTICATED", None)


async def test_given_another_subprotocol_when_it_is_closed_then_it_is_a_line(surface: Surface, port: int) -> None:
    async with raw_socket(port, protocol="graphql-ws") as socket:
        assert await socket.close_code() == 4406
    (line,) = await lines_about(surface, "graphql.socket")
    assert dict(line["details"]) == {"closeCode": 4406}


async def test_given_a_socket_that_ends_in_peace_when_it_is_closed_then_there_is_no_line(
    tenant_b: Tenant, port: int
) -> None:
    async with raw_socket(port, token=tenant_b.token) as socket:
        await socket.send(message(type="subscribe", id="1", payload={"query": "{ viewer { isTest } }"}))
        assert [(await socket.receive())["type"] for _ in range(2)] == ["next", "complete"]
    assert await lines_about(tenant_b.surface, "graphql.socket") == []


async def test_given_every_subscription_when_asked_without_its_scope_then_the_refusal_is_one_line(
    tenant_a: Tenant, surface: Surface, port: int
) -> None:
    token = await tenant_a.key(Scope.DTMF_READ)
    asked = [root for root in roots("subscription") if root.scope is not None]
    assert all(root.scope is not Scope.DTMF_READ for root in asked)
    async with raw_socket(port, token=token) as socket:
        for root in asked:
            document, variables = document_for(root)
            payload = {"query": document, "variables": variables}
            await socket.send(message(type="subscribe", id=root.name, payload=payload))
            answer = await socket.receive()
            assert (answer["type"], answer["payload"][0]["extensions"]["code"]) == ("error", "FORBIDDEN"), root
    lines = await lines_about(surface, "graphql.subscription")
    assert [(line["outcome"], line["account_id"]) for line in lines] == [("FORBIDDEN", tenant_a.account.id)] * len(
        asked
    )
