"""The served JSON Schemas against what webhooks really carry."""

from datetime import UTC, datetime

import httpx
import orjson
import pytest
from starlette.applications import Starlette

from app.api import event_schemas
from app.facts.catalogue import FACT_TYPES, encode_event, json_schema
from app.facts.event import SYSTEM, Event
from app.facts.typings import write_python, write_typescript
from app.facts.webhooks import WebhookTest


@pytest.fixture
def web() -> httpx.AsyncClient:
    app = Starlette(routes=[*event_schemas.ROUTES])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://offhook.test")


async def test_given_the_list_then_every_event_type_has_a_schema_that_is_served(web: httpx.AsyncClient) -> None:
    listed = (await web.get("/schemas/events")).json()
    assert set(listed) == set(FACT_TYPES)
    for event_type, path in listed.items():
        answer = await web.get(path)
        assert answer.status_code == 200
        assert answer.json() == orjson.loads(orjson.dumps(json_schema(event_type)))


async def test_given_an_unknown_type_then_not_found(web: httpx.AsyncClient) -> None:
    answer = await web.get("/schemas/events/call.imagined")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NOT_FOUND")


async def test_given_the_types_then_they_are_served_for_both_languages(web: httpx.AsyncClient) -> None:
    for path, written in (("/schemas/events.py", write_python()), ("/schemas/events.ts", write_typescript())):
        answer = await web.get(path)
        assert (answer.status_code, answer.text) == (200, written)


def test_given_an_event_when_written_then_its_keys_are_the_schemas() -> None:
    event = Event(
        id="evt_1",
        type="webhook.test",
        timestamp=datetime(2026, 1, 2, tzinfo=UTC),
        sequence=1,
        account_id="acc_1",
        subject_id="whe_1",
        actor=SYSTEM,
        fact=WebhookTest(endpoint_id="whe_1"),
    )
    assert list(orjson.loads(encode_event(event))) == json_schema("webhook.test")["required"]
