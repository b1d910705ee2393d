"""A trace over HTTP: for whom it is, and what it costs."""

from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette

from app.accounts.scopes import Scope
from app.api.budget import Budget
from app.api.diagnostics import POINTS, DiagnosticsFiles
from app.ids import Kind, new_id
from tests.api.conftest import Surface

pytestmark = pytest.mark.postgres


def path_of(call_id: str) -> str:
    return f"/v1/calls/{call_id}/diagnostics.ndjson"


@pytest.fixture
async def poor_client(surface: Surface) -> AsyncIterator[httpx.AsyncClient]:
    """Where a key has points for one trace."""
    app = Starlette(routes=DiagnosticsFiles(surface.services, Budget(POINTS + 1)).routes)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://offhook.test") as client:
        yield client


async def test_given_a_key_that_is_limited_to_documents_when_it_asks_for_a_trace_then_it_is_refused(
    surface: Surface,
) -> None:
    issued = await surface.services.keys.create(
        surface.account.id, name="kiosk", scopes={Scope.CALLS_READ}, document_hashes=["a" * 64]
    )
    path = path_of(new_id(Kind.CALL))
    answer = await surface.client.get(path, headers={"authorization": f"Bearer {issued.token}"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "DOCUMENT_NOT_ALLOWED")
    free = await surface.client.get(path, headers={"authorization": f"Bearer {surface.token}"})
    assert (free.status_code, free.json()["error"]["code"]) == (404, "NOT_FOUND")
    audit = surface.services.access.audit
    await audit.flush()
    async with surface.database.acquire() as connection:
        outcome = await connection.fetchval("SELECT outcome FROM audit_line WHERE action = 'diagnostics.read'")
    assert outcome == "DOCUMENT_NOT_ALLOWED"


async def test_given_a_key_that_has_spent_its_points_when_it_asks_for_a_trace_then_it_is_told_when_to_ask_again(
    surface: Surface, poor_client: httpx.AsyncClient
) -> None:
    path, headers = path_of(new_id(Kind.CALL)), {"authorization": f"Bearer {surface.token}"}
    assert (await poor_client.get(path, headers=headers)).status_code == 404
    answer = await poor_client.get(path, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "RATE_LIMITED")
    assert int(answer.headers["retry-after"]) >= 1
