"""The probes: alive, ready, and what Prometheus reads."""

import re

import pytest

from app.errors import DatabaseUnavailableError
from app.facts.event import Draft
from app.facts.webhooks import WebhookTest
from app.health import PartHealth
from app.ids import Kind, new_id
from tests.api.conftest import Surface

pytestmark = pytest.mark.postgres

VIEWER = "{ viewer { keyId } }"


async def test_given_health_when_a_part_is_away_then_readyz_says_which_and_why_and_healthz_stays_up(
    surface: Surface,
) -> None:
    ready = await surface.client.get("/readyz")
    assert (ready.status_code, ready.json()["status"]) == (200, "ready")
    surface.health.parts = [
        PartHealth("database", is_ready=True),
        PartHealth("asterisk", is_ready=False, reason="Not connected."),
    ]
    away = await surface.client.get("/readyz")
    assert away.status_code == 503
    assert away.json()["parts"] == {
        "database": {"ready": True, "reason": None},
        "asterisk": {"ready": False, "reason": "Not connected."},
    }
    assert (await surface.client.get("/healthz")).json() == {"status": "ok"}


@pytest.mark.parametrize(
    ("name", "status", "word"),
    [
        ("database", 503, "unavailable"),
        ("asterisk", 503, "unavailable"),
        ("feed", 200, "degraded"),
        ("webhook-deliverer", 200, "degraded"),
        ("recordings", 200, "degraded"),
    ],
)
async def test_given_a_part_that_is_not_ready_when_readyz_is_asked_then_only_database_and_asterisk_send_callers_away(
    surface: Surface, name: str, status: int, word: str
) -> None:
    others = [part for part in surface.health.parts if part.name != name]
    surface.health.parts = [*others, PartHealth(name, is_ready=False, reason="Behind.")]
    response = await surface.client.get("/readyz")
    assert (response.status_code, response.json()["status"]) == (status, word)
    assert response.json()["parts"][name] == {"ready": False, "reason": "Behind."}


async def test_given_some_traffic_when_metrics_are_read_then_they_count_it_without_any_strangers_words(
    surface: Surface,
) -> None:
    await surface.ask(VIEWER)
    await surface.refuse(VIEWER, token=None)
    await surface.client.get("/somebody-made-this-up")
    text = (await surface.client.get("/metrics")).text
    assert 'offhook_graphql_operations_total{outcome="ok",type="query"} 1.0' in text
    assert 'offhook_graphql_operations_total{outcome="UNAUTHENTICATED",type="query"} 1.0' in text
    assert 'offhook_part_ready{part="asterisk"} 1.0' in text
    assert 'offhook_http_requests_total{method="POST",route="/graphql",status="200"} 1.0' in text
    assert "somebody" not in text
    assert "# TYPE offhook_events_total counter" in text  # what the process counts is told as well


async def test_given_deliveries_that_wait_when_metrics_are_read_then_they_and_the_oldest_ones_age_are_told(
    surface: Surface,
) -> None:
    created = await surface.services.webhooks.create(surface.account.id, url="http://127.0.0.1:9999/hook")
    endpoint_id = created.endpoint.id
    drafts = [
        Draft(
            id=new_id(Kind.EVENT),
            account_id=surface.account.id,
            subject_id=endpoint_id,
            occurred_at=surface.services.clock.now(),
            fact=WebhookTest(endpoint_id=endpoint_id),
        )
        for _ in range(3)
    ]
    await surface.log.append(drafts)
    async with surface.database.acquire() as connection:
        await connection.execute(
            "UPDATE webhook_delivery SET attempts = 1, created_at = now() - interval '1 hour' "
            "WHERE event_sequence = (SELECT min(event_sequence) FROM webhook_delivery)"
        )
    text = (await surface.client.get("/metrics")).text
    assert 'offhook_webhook_deliveries_pending{attempt="new"} 2.0' in text
    assert 'offhook_webhook_deliveries_pending{attempt="retry"} 1.0' in text
    assert 'offhook_webhook_endpoints{state="enabled"} 1.0' in text
    (age,) = re.findall(r"^offhook_webhook_oldest_pending_seconds (\S+)$", text, re.MULTILINE)
    assert 3600 <= float(age) < 3700


async def test_given_no_database_when_metrics_are_read_then_the_rest_is_told_and_no_old_backlog(
    surface: Surface, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert 'attempt="new"' in (await surface.client.get("/metrics")).text

    async def is_away(*_: object) -> None:
        raise DatabaseUnavailableError("The database is away.")

    monkeypatch.setattr(type(surface.services.webhook_queries), "backlog", is_away)
    response = await surface.client.get("/metrics")
    assert response.status_code == 200
    assert 'attempt="new"' not in response.text
    assert "offhook_webhook_oldest_pending_seconds NaN" in response.text
