"""What the log says of attempts that fail: whoever only has the log sees why nothing comes."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest
import structlog

from app.ids import Kind, new_id
from app.webhooks.failure_lines import MOST_A_MINUTE
from tests.webhooks.rig import Rig
from tests.webhooks.sink import Reply, Sink

pytestmark = pytest.mark.postgres

SERVER_ERROR = Reply(status=500, body=b"the answer's body")


def _lines(logs: Sequence[Any]) -> list[Any]:
    return [line for line in logs if line["event"] == "webhook_attempt_failed"]


async def test_given_an_endpoint_that_fails_when_it_is_tried_again_then_each_attempt_has_a_line_without_its_address(
    rig: Rig, sink: Sink
) -> None:
    endpoint_id, secret = await rig.add_endpoint(sink.url("/of-the-crm?token=hidden"))
    sink.behaviours["/of-the-crm?token=hidden"] = lambda _: SERVER_ERROR
    with structlog.testing.capture_logs() as logs:
        async with rig.delivering() as deliverer:
            await rig.happen(new_id(Kind.CALL))
            await rig.wait_for_attempts(1)
            rig.clock.advance(6)
            deliverer.wake()
            await rig.wait_for_attempts(2)
    ((delivery_id, second_at),) = await rig.fetch("SELECT id, next_attempt_at FROM webhook_delivery")
    lines = _lines(logs)
    assert [line["attempt"] for line in lines] == [1, 2]
    for line in lines:
        assert line["log_level"] == "info"
        assert (line["account_id"], line["endpoint_id"]) == (rig.account_id, endpoint_id)
        assert (line["delivery_id"], line["status"], line["failure"]) == (delivery_id, 500, "answered 500")
        assert "untold" not in line
    assert abs((datetime.fromisoformat(lines[1]["next_attempt_at"]) - second_at).total_seconds()) < 0.01
    for hidden in ("hidden", "of-the-crm", "127.0.0.1", "the answer's body", secret):
        assert hidden not in str(lines)


async def test_given_an_endpoint_where_nobody_listens_when_it_is_tried_then_the_line_says_that_there_was_no_connection(
    rig: Rig, sink: Sink
) -> None:
    await rig.add_endpoint(sink.url("/down"))
    await sink.stop()
    with structlog.testing.capture_logs() as logs:
        async with rig.delivering():
            await rig.happen(new_id(Kind.CALL))
            await rig.wait_for_attempts(1)
    (line,) = _lines(logs)
    assert (line["status"], line["failure"]) == (None, "no connection")


async def test_given_an_endpoint_that_is_gone_when_it_is_disabled_then_its_line_tells_of_no_next_attempt(
    rig: Rig, sink: Sink
) -> None:
    await rig.add_endpoint(sink.url("/gone"))
    sink.behaviours["/gone"] = lambda _: Reply(status=410)
    with structlog.testing.capture_logs() as logs:
        async with rig.delivering():
            await rig.happen(new_id(Kind.CALL))
            await rig.wait_for_attempts(1)
    (line,) = _lines(logs)
    assert (line["status"], line["next_attempt_at"]) == (410, None)


async def test_given_a_backlog_when_all_of_it_fails_then_an_endpoint_has_so_many_lines_a_minute_and_the_rest_is_counted(
    rig: Rig, sink: Sink
) -> None:
    endpoints = [(await rig.add_endpoint(sink.url(path)))[0] for path in ("/one", "/other")]
    sink.behaviours |= {"/one": lambda _: SERVER_ERROR, "/other": lambda _: SERVER_ERROR}
    backlog = MOST_A_MINUTE + 15
    with structlog.testing.capture_logs() as logs:
        async with rig.delivering() as deliverer:
            for _ in range(backlog):
                await rig.happen(new_id(Kind.CALL))
            await rig.wait_for_attempts(2 * backlog)
            first = _lines(logs)
            rig.clock.advance(60)
            deliverer.wake()
            await rig.wait_for_attempts(4 * backlog)
    second = _lines(logs)[len(first) :]
    for lines, untold in ((first, []), (second, [15])):
        assert Counter(line["endpoint_id"] for line in lines) == dict.fromkeys(endpoints, MOST_A_MINUTE)
        for endpoint_id in endpoints:
            of_it = [line for line in lines if line["endpoint_id"] == endpoint_id]
            assert [line["untold"] for line in of_it if "untold" in line] == untold
