"""What the log says while hostile input comes from everywhere: one event, one line, and no code, key or digit."""

import io
import json
import logging
import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
import structlog

from app.config import Settings
from app.logging import configure_logging
from tests.api.conftest import Surface
from tests.security.test_hostile_inputs import document_of

pytestmark = pytest.mark.postgres

_EVIL: Final = '\r\n2026-01-01T00:00:00Z [error] root_logged_in\x1b[2J\x1b[31m\u2028\u2029\x85\x7f{"level":"error"}'
_CODE: Final = "739184205511"
_STRANGERS_KEY: Final = "ofk_live_" + "Q" * 40
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")


@pytest.fixture
def log(surface: Surface, request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """All that a service at its most talkative writes to its log, in one of its formats."""
    assert surface.token
    root, stream = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers[:], root.level
    configure_logging(Settings(log_format=request.param, log_level="debug"), stream=stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


_INPUTS: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("originateCall", {"destination": {"number": _EVIL}, "connect": {"extension": _EVIL}, "idempotencyKey": _EVIL}),
    ("hangupCall", {"callId": _EVIL}),
    ("createContactList", {"name": _EVIL}),
    ("createWebhookEndpoint", {"url": f"https://{_EVIL}/", "description": _EVIL}),
    ("createUpload", {"contentType": _EVIL, "sizeBytes": 1}),
    ("setAgentState", {"agentId": _EVIL, "state": _EVIL}),
    ("createTrunk", {"name": _EVIL, "host": _EVIL}),
    ("announceOtp", {"number": "+15550100000", "code": _CODE, "expiresInSeconds": 60, "idempotencyKey": "k"}),
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
