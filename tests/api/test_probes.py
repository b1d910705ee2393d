"""The probes: alive, ready, and what Prometheus reads."""

import asyncio
import math
import re

import pytest

from app.errors import DatabaseUnavailableError
from app.facts.event import Draft
from app.facts.jobs import JobKind
from app.facts.webhooks import WebhookTest
from app.health import PartHealth
from app.ids import Kind, new_id
from app.jobs.model import NewJob
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
        ("campaigns", 200, "degraded"),
        ("callbacks", 200, "degraded"),
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


async def _samples(surface: Surface) -> dict[str, float]:
    text = (await surface.client.get("/metrics")).text
    return {name: float(value) for name, value in re.findall(r"^(offhook_\S+) (\S+)$", text, re.MULTILINE)}


async def test_given_campaigns_when_metrics_are_read_then_those_that_live_are_told_and_whom_they_are_calling(
    surface: Surface,
) -> None:
    before = await _samples(surface)
    assert before['offhook_campaigns{state="RUNNING"}'] == 0
    assert before['offhook_campaign_contacts_in_flight{state="DIALING"}'] == 0
    async with surface.database.acquire() as connection:
        for number, state in enumerate(("DRAFT", "RUNNING", "RUNNING", "PAUSED", "SCHEDULED", "FINISHED")):
            await connection.execute(
                "INSERT INTO campaign (id, account_id, name, kind, state, definition, list_ids, dnc_list_ids) "
                "VALUES ($1, $2, $1, 'ANNOUNCEMENT', $3, '{}', '{}', '{}')",
                f"camp_{number}",
                surface.account.id,
                state,
            )
        for number, state in enumerate(("WAITING", "CLAIMED", "DIALING", "DIALING", "FINISHED")):
            await connection.execute(
                "INSERT INTO campaign_contact (campaign_id, contact_id, account_id, list_id, number, state) "
                "VALUES ('camp_1', $1, $2, 'list_1', $1, $3)",
                f"contact {number}",
                surface.account.id,
                state,
            )
    after = await _samples(surface)
    counted = ("offhook_campaigns{", "offhook_campaign_contacts_in_flight{")
    assert {name: value for name, value in after.items() if name.startswith(counted)} == {
        'offhook_campaigns{state="SCHEDULED"}': 1,
        'offhook_campaigns{state="RUNNING"}': 2,
        'offhook_campaigns{state="PAUSED"}': 1,
        'offhook_campaign_contacts_in_flight{state="CLAIMED"}': 1,
        'offhook_campaign_contacts_in_flight{state="DIALING"}': 2,
    }


async def test_given_jobs_when_metrics_are_read_then_they_are_told_by_kind_and_state_and_how_long_the_oldest_waits(
    surface: Surface,
) -> None:
    before = await _samples(surface)
    assert before['offhook_jobs{kind="EXPORT",state="QUEUED"}'] == 0
    assert before["offhook_job_oldest_queued_seconds"] == 0
    kinds = (JobKind.EXPORT, JobKind.EXPORT, JobKind.EXPORT, JobKind.EXPORT, JobKind.DNC_IMPORT)
    ids = [(await surface.services.jobs.enqueue(NewJob(account_id=surface.account.id, kind=one))).id for one in kinds]
    async with surface.database.acquire() as connection:
        # One that somebody does, one that is put off until its next try, one that has been waiting for an hour.
        for job_id, change in zip(
            ids,
            (
                "state = 'RUNNING', due_at = now() - interval '5 hours'",
                "due_at = now() + interval '1 hour'",
                "due_at = now() - interval '1 hour'",
                "state = 'FINISHED', finished_at = now()",
            ),
            strict=False,
        ):
            await connection.execute(f"UPDATE job SET {change} WHERE id = $1", job_id)  # noqa: S608 -- the words above
    after = await _samples(surface)
    assert after['offhook_jobs{kind="EXPORT",state="RUNNING"}'] == 1
    assert after['offhook_jobs{kind="EXPORT",state="QUEUED"}'] == 2
    assert after['offhook_jobs{kind="DNC_IMPORT",state="QUEUED"}'] == 1
    assert after['offhook_jobs{kind="TRANSCRIPTION",state="QUEUED"}'] == 0
    assert not [name for name in after if "FINISHED" in name]
    assert 3600 <= after["offhook_job_oldest_queued_seconds"] < 3700


@pytest.mark.parametrize(
    ("state", "due_at", "try_at", "least"),
    [
        ("SCHEDULED", "1 hour", "1 hour", 0),
        ("SCHEDULED", "-10 minutes", "-10 minutes", 600),
        ("SCHEDULED", "-10 minutes", "2 seconds", 600),  # it could not be placed, and is tried again
        ("CLAIMED", "-10 minutes", "-10 minutes", 600),
        ("STARTED", "-10 minutes", "-10 minutes", 0),
    ],
)
async def test_given_a_callback_when_metrics_are_read_then_how_late_it_is_is_told_until_it_is_placed(
    surface: Surface, state: str, due_at: str, try_at: str, least: float
) -> None:
    async with surface.database.acquire() as connection:
        await connection.execute(
            "INSERT INTO callback (id, account_id, state, due_at, try_at, wanted, asked_by, grace_seconds, "
            "max_attempts, retry_after_seconds, created_at, updated_at) VALUES ('cb_1', $1, $2, "
            "now() + $3::text::interval, now() + $4::text::interval, '{}', '{}', 900, 1, 300, now(), now())",
            surface.account.id,
            state,
            due_at,
            try_at,
        )
    late = (await _samples(surface))["offhook_callback_oldest_due_seconds"]
    assert least <= late < least + 100


async def test_given_trunks_when_metrics_are_read_then_those_in_use_are_told_by_the_worst_that_is_said_of_them(
    surface: Surface,
) -> None:
    before = await _samples(surface)
    assert before['offhook_trunks{state="DOWN"}'] == 0
    async with surface.database.acquire() as connection:
        for name, is_enabled, states in (
            ("fine", True, {"n1": "UP", "n2": "UP"}),
            ("half", True, {"n1": "UP", "n2": "DOWN"}),
            ("new", True, {}),
            ("off", False, {"n1": "DOWN"}),
        ):
            await connection.execute(
                "INSERT INTO trunk (id, account_id, name, endpoint, dial_template, is_default, is_sandbox, is_enabled) "
                "VALUES ($1, $2, $1, $1, '{digits}', false, false, $3)",
                *(name, surface.account.id, is_enabled),
            )
            for node, state in states.items():
                await connection.execute(
                    "INSERT INTO line_state (line_id, node, account_id, state, changed_at) "
                    "VALUES ($1, $2, $3, $4, now())",
                    *(name, node, surface.account.id, state),
                )
    after = await _samples(surface)
    grown = {name: after[name] - before[name] for name in after if name.startswith("offhook_trunks")}
    assert grown == {
        'offhook_trunks{state="UP"}': 1,
        'offhook_trunks{state="DOWN"}': 1,
        'offhook_trunks{state="UNKNOWN"}': 1,
    }


async def test_given_a_part_that_is_no_longer_this_process_s_when_metrics_are_read_then_nothing_is_told_of_it(
    surface: Surface,
) -> None:
    parts = surface.health.parts
    surface.health.parts = [*parts, PartHealth("campaigns", is_ready=False, reason="RuntimeError")]
    assert (await _samples(surface))['offhook_part_ready{part="campaigns"}'] == 0
    surface.health.parts = parts
    assert 'offhook_part_ready{part="campaigns"}' not in await _samples(surface)


async def test_given_no_database_when_metrics_are_read_then_the_rest_is_told_and_no_old_backlog(
    surface: Surface, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = (
        'offhook_webhook_deliveries_pending{attempt="new"}',
        'offhook_campaigns{state="RUNNING"}',
        'offhook_campaign_contacts_in_flight{state="DIALING"}',
        'offhook_jobs{kind="EXPORT",state="QUEUED"}',
        'offhook_trunks{state="DOWN"}',
    )
    ages = (
        *("offhook_webhook_oldest_pending_seconds", "offhook_job_oldest_queued_seconds"),
        "offhook_callback_oldest_due_seconds",
    )
    assert (await _samples(surface)).keys() >= {*numbers, *ages}

    async def is_away(*_: object) -> None:
        raise DatabaseUnavailableError("The database is away.")

    monkeypatch.setattr(type(surface.services.webhook_queries), "backlog", is_away)
    monkeypatch.setattr(type(surface.services.campaigns.queries), "activity", is_away)
    monkeypatch.setattr(type(surface.services.jobs), "backlog", is_away)
    monkeypatch.setattr(type(surface.services.callbacks), "late_seconds", is_away)
    monkeypatch.setattr(type(surface.services.routing.trunks), "count_by_state", is_away)
    assert (await surface.client.get("/metrics")).status_code == 200
    away = await _samples(surface)
    assert not away.keys() & set(numbers)
    assert all(math.isnan(away[age]) for age in ages)
    assert away['offhook_part_ready{part="asterisk"}'] == 1


async def test_given_a_database_that_does_not_answer_when_metrics_are_read_then_one_wait_is_for_all_that_is_asked(
    surface: Surface, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.asgi._HEALTH_SECONDS", 0.5)
    asked: list[str] = []

    async def hangs(self: object) -> None:
        asked.append(type(self).__name__)
        await asyncio.Event().wait()

    monkeypatch.setattr(type(surface.services.webhook_queries), "backlog", hangs)
    monkeypatch.setattr(type(surface.services.jobs), "backlog", hangs)
    away = await _samples(surface)
    assert asked == ["WebhookQueries", "Jobs"]
    assert math.isnan(away["offhook_webhook_oldest_pending_seconds"])
    assert math.isnan(away["offhook_job_oldest_queued_seconds"])
