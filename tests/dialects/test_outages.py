"""What a dialect tells when something that Offhook stands on is away: 503 in its own form, and nothing was done."""

from typing import Any

import httpx
import pytest

from app.errors import DatabaseUnavailableError
from tests.dialects.conftest import Client, budget_of
from tests.dialects.test_originate_call import PLAIN, ask

pytestmark = pytest.mark.postgres


async def _ask_each(asteriskapi: Client, originating: Client, cloud_pbx: Client) -> list[httpx.Response]:
    return [
        await asteriskapi.send(
            *("POST", "/api/v1/asteriskapi.pl"),
            headers={"api-key": asteriskapi.secret},
            json={"extension": "2001", "destination": "15550100000"},
        ),
        await ask(originating, PLAIN),
        await cloud_pbx.send(
            *("POST", "/api/calls"),
            headers={"api-key": cloud_pbx.secret},
            json={"user": "2001", "number": "15550100000"},
        ),
    ]


def _assert_forms(answers: list[httpx.Response]) -> None:
    assert [one.status_code for one in answers] == [503, 503, 503]
    assert all(int(one.headers["retry-after"]) >= 1 for one in answers)
    by_key, originate, pbx = (one.json() for one in answers)
    assert (by_key["status"], by_key["icon"]) == ("503 Service Unavailable", "error")
    assert (originate["has_error"], originate["results"], len(originate["messages"])) == (True, [], 1)
    assert set(pbx) == {"error"}


async def test_given_no_asterisk_when_calls_are_asked_for_then_each_dialect_says_503_and_later_it_is_done(
    asteriskapi: Client, originating: Client, cloud_pbx: Client
) -> None:
    ready = asteriskapi.surface.ready
    ready.why_not_ready = "Asterisk is away."
    _assert_forms(await _ask_each(asteriskapi, originating, cloud_pbx))
    assert await asteriskapi.calls() == []
    ready.why_not_ready = None
    # The same again, a moment later: what was refused has not used anything up.
    assert [one.status_code for one in await _ask_each(asteriskapi, originating, cloud_pbx)] == [200, 200, 200]
    assert len(await asteriskapi.calls()) == 3


async def test_given_no_database_when_asked_then_each_dialect_says_503(
    asteriskapi: Client, originating: Client, cloud_pbx: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def be_away(*_: Any, **__: Any) -> None:
        raise DatabaseUnavailableError("PostgreSQL is away.")

    monkeypatch.setattr(asteriskapi.surface.services.dialects.keys, "authenticate", be_away)
    _assert_forms(await _ask_each(asteriskapi, originating, cloud_pbx))


async def test_given_no_points_left_when_asked_then_it_is_429_in_the_dialects_form(
    originating: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    budget = budget_of(originating.surface)
    monkeypatch.setattr(budget, "_monotonic", lambda: 0.0)  # and none come while the test looks
    budget.spend(originating.issued.credential.id, 1_000_000)
    answer = await ask(originating, PLAIN)
    assert (answer.status_code, answer.json()["has_error"]) == (429, True)
    assert int(answer.headers["retry-after"]) >= 1
