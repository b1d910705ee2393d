"""Reputation as the settings want it: the provider of the settings is asked, and flags."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from pydantic import SecretStr
from standardwebhooks.webhooks import Webhook

from app.config import Settings, load_settings
from app.db.engine import Database
from app.errors import ConfigurationError
from app.reputation.judging import FlagReason, ReputationVerdict
from app.reputation.setting_up import open_reputation
from tests.reputation.offices import FIRST, SECOND, THIRD, open_office
from tests.webhooks.sink import Received, Reply, Sink, running_sink

SECRET = "whsec_YSBrZXkgdGhhdCBib3RoIHNpZGVzIGtub3c="


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    async with running_sink() as running:
        yield running


def _flags_the_second(question: Received) -> Reply:
    verdict = b"FLAGGED" if question.json["number"] == SECOND else b"CLEAN"
    return Reply(body=b'{"verdict": "' + verdict + b'", "reason": "robocalls"}')


@pytest.mark.postgres
async def test_given_a_provider_in_the_settings_when_numbers_are_reviewed_then_it_is_asked_and_what_it_flags_is_flagged(
    database: Database, sink: Sink, tmp_path: Path
) -> None:
    office = await open_office(database)
    sink.behaviours["/spam"] = _flags_the_second
    settings = Settings(
        data_dir=tmp_path,
        reputation_url=sink.url("/spam"),
        reputation_secret=SecretStr(SECRET),
        reputation_allow_networks=["127.0.0.0/8"],  # type: ignore[list-item]  # pydantic reads it
        reputation_timeout_seconds=10,
    )
    async with AsyncExitStack() as stack:
        reputations = open_reputation(stack, settings, database, office.audit, office.clock)
        assert await reputations.reviewer.run_round() is False
        standings = await reputations.service.standings(office.account_id, [FIRST, SECOND, THIRD])
        assert {number: one.verdict for number, one in standings.items()} == {
            FIRST: ReputationVerdict.CLEAN,
            SECOND: ReputationVerdict.FLAGGED,
            THIRD: ReputationVerdict.CLEAN,
        }
        (reason,) = standings[SECOND].reasons
        assert (reason.code, reason.message) == (FlagReason.PROVIDER, "The reputation provider flags it: robocalls.")
        assert sorted(one.json["number"] for one in sink.received) == sorted([FIRST, SECOND, THIRD])
        for question in sink.received:
            signed = Webhook(SECRET).sign(question.webhook_id, office.clock.now(), question.body.decode())
            assert question.headers["webhook-signature"] == signed
        sink.received.clear()
        verdict = await reputations.service.verdict_of(office.account_id, SECOND, may_ask=True)
        assert (verdict.is_flagged, sink.received) == (True, [])


async def test_given_a_provider_without_a_secret_when_the_settings_are_read_then_the_mend_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OFFHOOK_REPUTATION_URL", "https://spam.example/ask")
    monkeypatch.delenv("OFFHOOK_REPUTATION_SECRET", raising=False)
    with pytest.raises(ConfigurationError, match="OFFHOOK_REPUTATION_SECRET"):
        load_settings()
