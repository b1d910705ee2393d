"""What the log says while hostile input comes from everywhere: one event, one line, and no code, key or digit."""

import io
import json
import re
from collections.abc import Iterator
from typing import Any, Final

import pytest

from app.calls.core import inputs
from app.calls.reading.log_lines import say_transitions
from app.facts.vocabulary import CallState, LegRole, LegState
from tests.api.conftest import Surface, until
from tests.api.silent_asterisk import move_leg
from tests.rig.logs import all_logged
from tests.security.raw_socket import message, raw_socket
from tests.security.test_hostile_inputs import document_of

pytestmark = pytest.mark.postgres

_EVIL: Final = '\r\n2026-01-01T00:00:00Z [error] root_logged_in\x1b[2J\x1b[31m\u2028\u2029\x85\x7f{"level":"error"}'
_CODE: Final = "739184205511"
#: Letters are keys too, and nothing else that is logged is one of them alone.
_LETTER: Final = re.compile(r"(?<![\w-])[A-D](?![\w-])")
_PRESSED: Final = "7A39B184C2D5"
_RATING: Final = "D60B95A1C73"
_SENT: Final = "C48A20D7B16"
_SURVEY: Final = {
    "name": "survey",
    "steps": [
        {
            "gather": {
                "name": "ask",
                "prompt": [{"tone": {"tone": "RING", "seconds": 30.0}}],
                "maxDigits": len(_RATING),
                "variable": "rating",
                "next": "bye",
                "noInput": "bye",
            }
        },
        {"hangUp": {"name": "bye"}},
    ],
}
_STRANGERS_KEY: Final = "ofk_live_" + "Q" * 40
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")


@pytest.fixture
def log(surface: Surface, request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """In one of its formats."""
    assert surface.token
    with all_logged(request.param) as stream:
        yield stream


_INPUTS: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("originateCall", {"destination": {"number": _EVIL}, "connect": {"extension": _EVIL}, "idempotencyKey": _EVIL}),
    ("hangupCall", {"callId": _EVIL}),
    ("createContactList", {"name": _EVIL}),
    ("createWebhookEndpoint", {"url": f"https://{_EVIL}/", "description": _EVIL}),
    ("createUpload", {"contentType": _EVIL, "sizeBytes": 1}),
    ("setAgentState", {"agentId": _EVIL, "state": _EVIL}),
    ("createTrunk", {"name": _EVIL, "host": _EVIL}),
    ("announceOtp", {"number": "+15550100000", "code": _CODE, "ttlSeconds": 60, "idempotencyKey": "k"}),
    ("verifyOtp", {"id": _EVIL, "code": _CODE}),
)


async def _say_it_everywhere(surface: Surface) -> int:
    """In inputs, as variables and as literals, in headers, paths and keys; gives how many requests those were."""
    for mutation, given in _INPUTS:
        await surface.post(document_of(mutation, None), {"input": given})
        await surface.post(document_of(mutation, given))
    bare = _EVIL.encode()
    for name in ("x-request-id", "user-agent", "origin", "x-forwarded-for", "authorization"):
        headers = {b"authorization": f"Bearer {surface.token}".encode(), b"content-type": b"application/json"}
        headers[name.encode()] = bare
        await surface.client.post("/graphql", content=b'{"query": "{ viewer { isTest } }"}', headers=headers)
    await surface.post("{ viewer { isTest } }", token=_STRANGERS_KEY)
    await surface.post(f"query A{{ viewer {{ isTest }} }} # {_EVIL}", {"x": _EVIL})
    await surface.client.post("/graphql", content=bare, headers={"content-type": "application/json"})
    paths = ("/recordings/%0d%0a%1b%5b2J", "/%E2%80%A8%0a", "/graphql?query=%0d%0a%1b%5b2J", "/schemas/events/%0a%1b")
    for path in paths:
        await surface.client.get(path)
    return 2 * len(_INPUTS) + 5 + 3 + len(paths)


@pytest.mark.parametrize("log", ["json", "console"], indirect=True)
async def test_given_hostile_input_from_everywhere_when_it_is_logged_then_each_event_is_one_line_and_tells_no_secret(
    surface: Surface, log: io.StringIO, request: pytest.FixtureRequest
) -> None:
    requests = await _say_it_everywhere(surface)
    written = log.getvalue()
    assert _CONTROL.search(written) is None
    lines = written.removesuffix("\n").split("\n")
    if request.node.callspec.params["log"] == "json":
        events = [json.loads(line)["event"] for line in lines]
        assert {type(event) for event in events} == {str}
        assert events.count("http_request") == requests
    else:
        assert all(re.match(r"\d{4}-\d\d-\d\dT", line) for line in lines)
        assert sum("http_request " in line for line in lines) == requests
    for secret in (_CODE, _STRANGERS_KEY, surface.token):
        assert secret not in written


@pytest.mark.parametrize("log", ["json"], indirect=True)
async def test_given_secrets_in_a_websockets_frames_when_all_is_logged_then_no_line_tells_them(
    surface: Surface, port: int, log: io.StringIO
) -> None:
    key = await surface.key()
    given = {"number": "+15550100000", "idempotencyKey": "k", "code": _CODE}
    asked = {"query": document_of("announceOtp", None), "variables": {"input": given}}
    async with raw_socket(port, token=key, authorization=f"Bearer {key}") as socket:
        # Of what is too long to be logged whole, the end would be.
        await socket.send(message(type="subscribe", id="1", payload=asked), message(type="ping", payload={"x": _CODE}))
        while (await socket.receive())["type"] != "complete":
            pass
        await socket.send(message(digits=_CODE))
        await socket.close_code()
    await surface.ask("{ viewer { isTest } }")
    events = [json.loads(line)["event"] for line in log.getvalue().splitlines()]
    assert "http_request" in events
    assert _CODE not in log.getvalue()
    assert key[-8:] not in log.getvalue()


async def _place(surface: Surface, **connect: str) -> Any:
    """Somebody who has answered a call, and will be led or connected."""
    given = {"destination": {"number": "+15550110000"}, "connect": connect, "dialFirst": "CUSTOMER"}
    query = "mutation($input: OriginateCallInput!) { originateCall(input: $input) { call { id } userErrors { code } } }"
    made = await surface.ask(query, {"input": {**given, "idempotencyKey": str(connect)}})
    actor = surface.registry.find(made["originateCall"]["call"]["id"])
    assert actor is not None
    await until(lambda: actor.call.leg_of(LegRole.CUSTOMER).state is LegState.DIALING)
    move_leg(surface.registry, actor.call.id, LegRole.CUSTOMER, inputs.LegAnswered)
    return actor


async def _press(actor: Any, keys: str) -> None:
    leg_id = actor.call.leg_of(LegRole.CUSTOMER).id
    for key in keys:
        actor.post(inputs.DtmfReceived(leg_id=leg_id, digit=key, duration_milliseconds=100))
    await until(lambda: actor.call.dtmf == keys)


@pytest.mark.parametrize("log", ["json"], indirect=True)
async def test_given_keys_that_are_pressed_answered_and_sent_when_all_is_logged_then_no_line_tells_them(
    surface: Surface, log: io.StringIO
) -> None:
    surface.log.on_appended(say_transitions)  # as the service's root does it
    query = "mutation($input: CreateCallFlowInput!) { createCallFlow(input: $input) { callFlow { id } } }"
    flow = (await surface.ask(query, {"input": _SURVEY}))["createCallFlow"]["callFlow"]
    surveyed = await _place(surface, callFlowId=flow["id"])
    await until(lambda: surveyed.call.flow is not None and surveyed.call.flow.stage is not None)
    await _press(surveyed, _RATING)

    talking = await _place(surface, extension="2001")
    await until(lambda: talking.call.leg_of(LegRole.AGENT).state is LegState.DIALING)
    move_leg(surface.registry, talking.call.id, LegRole.AGENT, inputs.LegAnswered)
    await until(lambda: talking.call.state is CallState.CONNECTED)
    await _press(talking, _PRESSED)
    for legs_id in (talking.call.leg_of(LegRole.CUSTOMER).id, _PRESSED):  # the second is no leg
        answer = await surface.post(document_of("sendDtmf", None), {"input": {"legId": legs_id, "digits": _SENT}})
        assert answer.status_code == 200

    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert {surveyed.call.id, talking.call.id} <= {line.get("call_id") for line in lines}
    assert _LETTER.search(log.getvalue()) is None
    for keys in (_RATING, _PRESSED, _SENT):
        for piece in (keys[:6], keys[-6:]):
            assert piece not in log.getvalue()
