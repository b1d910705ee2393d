"""One id for a request: in its answer's header, in every error, in every line of the log that was written for it."""

import io
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
import structlog

from app.calls.living.actor import CallActor
from app.webhooks.queries import WebhookQueries
from tests.api.conftest import Surface
from tests.api.test_subscriptions import PLACE
from tests.rig.logs import all_logged

pytestmark = pytest.mark.postgres

OURS = "request-of-a-test-0001"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    with all_logged() as stream:
        yield stream


def lines(log: io.StringIO) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in log.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("DELETE", "/healthz", 405),
        ("GET", "/recordings/rec_x", 403),
        ("GET", "/job-reports/job_x", 403),
        ("PUT", "/uploads/upl_x", 403),
        ("GET", "/v1/calls/call_x/diagnostics.ndjson", 401),
        ("GET", "/schemas/events/call.imagined", 404),
    ],
)
async def test_given_an_error_outside_graphql_then_it_has_the_requests_id_and_ends_with_a_line_break(
    surface: Surface, method: str, path: str, status: int
) -> None:
    answer = await surface.client.request(method, path, headers={"x-request-id": OURS})
    assert answer.status_code == status
    assert answer.text.endswith("}\n")
    assert answer.json()["error"]["requestId"] == answer.headers["x-request-id"] == OURS


@pytest.mark.parametrize(
    ("query", "token", "code"),
    [
        ("{", "", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "", "GRAPHQL_VALIDATION_FAILED"),
        ("{ viewer { account { id } } }", None, "UNAUTHENTICATED"),
        ("{ viewer { account { id } } }", "ofk_test_wrong", "UNAUTHENTICATED"),
        ('{ cdrs(after: "nonsense") { nodes { id } } }', "", "INVALID_CURSOR"),
    ],
)
async def test_given_an_error_of_graphql_then_it_has_the_requests_id(
    surface: Surface, query: str, token: str | None, code: str
) -> None:
    answer = await surface.post(query, token=token, headers={"x-request-id": OURS})
    (error,) = answer.json()["errors"]
    assert (error["extensions"]["code"], error["extensions"]["requestId"]) == (code, OURS)
    assert answer.headers["x-request-id"] == OURS


async def test_given_a_fault_when_it_is_masked_then_the_log_has_it_under_the_id_that_was_answered(
    surface: Surface, monkeypatch: pytest.MonkeyPatch, log: io.StringIO
) -> None:
    async def break_down(*_: Any, **__: Any) -> None:
        structlog.get_logger("a part that knows nothing of requests").warning("something_odd")
        raise ZeroDivisionError

    monkeypatch.setattr(WebhookQueries, "get", break_down)
    answer = await surface.post('{ webhookDelivery(id: "whd_x") { id } }', headers={"x-request-id": OURS})
    (error,) = answer.json()["errors"]
    assert (error["extensions"]["code"], error["extensions"]["requestId"]) == ("INTERNAL", OURS)
    told = {line["event"]: line["request_id"] for line in lines(log)}
    assert told == {"something_odd": OURS, "graphql_field_failed": OURS, "http_request": OURS}


async def test_given_two_requests_when_answered_then_nothing_of_the_first_is_in_the_lines_of_the_second(
    surface: Surface, log: io.StringIO
) -> None:
    for request_id in (OURS, "request-of-a-test-0002"):
        await surface.post("{ viewer { account { id } } }", headers={"x-request-id": request_id})
    structlog.get_logger().info("afterwards")
    assert [line.get("request_id") for line in lines(log)] == [OURS, "request-of-a-test-0002", None]


async def test_given_a_call_when_its_own_task_logs_then_the_line_names_the_call_and_the_request_that_placed_it(
    surface: Surface, monkeypatch: pytest.MonkeyPatch, log: io.StringIO
) -> None:
    live = CallActor.run

    async def run(actor: CallActor) -> None:
        structlog.get_logger().info("call_lives")
        await live(actor)

    monkeypatch.setattr(CallActor, "run", run)
    answer = await surface.post(PLACE, headers={"x-request-id": OURS})
    call_id = answer.json()["data"]["originateCall"]["call"]["id"]
    (line,) = [one for one in lines(log) if one["event"] == "call_lives"]
    assert (line["call_id"], line["request_id"]) == (call_id, OURS)
