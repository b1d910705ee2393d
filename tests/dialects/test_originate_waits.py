"""The dialect ORIGINATE_CALL while somebody's answer is waited for, and when the client's own answer is lost."""

from collections.abc import Mapping
from typing import Any, Final

import pytest

from app.calls.core import inputs
from app.calls.core.model.call import Call
from app.dialects import desk
from app.dialects.desk import AskRefusedError, Desk
from app.facts.vocabulary import LegRole
from tests.api.silent_asterisk import move_leg
from tests.dialects.conftest import Client, make
from tests.dialects.test_originate_call import PLAIN, ask

pytestmark = pytest.mark.postgres

_PASS: Final = "UPDATE dialect_request SET until = until - interval '20 seconds'"


async def _the_call(client: Client) -> Call:
    (row,) = await client.calls()
    actor = client.surface.registry.find(row["id"])
    assert actor is not None
    return actor.call


async def test_given_nobody_has_answered_in_time_when_asked_again_then_it_is_told_what_became_of_the_same_call(
    originating: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "REPEAT_SECONDS", 5.0)
    with monkeypatch.context() as patch:
        patch.setattr(originating.surface.services.calls, "_wait_seconds", 0.2)
        told = (await ask(originating, {**PLAIN, "async": 0})).json()
    assert told == {"has_error": True, "messages": ["Timeout. The user did not answer"], "results": []}
    # Much later than a request is the same that was answered: the phone is ringing still.
    async with originating.surface.database.acquire() as connection:
        await connection.execute(_PASS)
    call = await _the_call(originating)
    actor = originating.surface.registry.find(call.id)
    assert actor is not None
    await actor.wait_until(lambda now: now.leg_of(LegRole.AGENT).dialing_at is not None)
    move_leg(originating.surface.registry, call.id, LegRole.AGENT, inputs.LegAnswered)
    told = (await ask(originating, {**PLAIN, "async": 0})).json()
    assert told["results"] == ["Call successfully originated for user: 2001"]
    assert len(await originating.calls()) == 1


@pytest.mark.parametrize(
    ("kind", "destination", "wait", "seconds"),
    [
        ("user", "2001", "AGENT_ANSWERED", {LegRole.AGENT: 40.0, LegRole.CUSTOMER: 45.0}),
        ("queue", "Help", "AGENT_ANSWERED", {LegRole.CUSTOMER: 40.0}),
        ("context", "house-menus", "FIRST_ANSWER", {LegRole.CUSTOMER: 40.0}),
        ("user", "2001", "CREATED", {LegRole.AGENT: 30.0, LegRole.CUSTOMER: 45.0}),
        ("queue", "Help", "CREATED", {LegRole.CUSTOMER: 45.0}),
        ("context", "house-menus", "CREATED", {LegRole.CUSTOMER: 45.0}),
    ],
)
async def test_given_somebody_is_waited_for_when_called_then_whoever_is_first_rings_for_less_than_the_answer_waits(
    originating: Client,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    destination: str,
    wait: str,
    seconds: dict[LegRole, float],
) -> None:
    surface, really = originating.surface, Desk.ask
    waits: list[str] = []

    async def look(one: Desk, document: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        waits.extend([variables["input"]["waitFor"]] if variables and "originateCall(" in document else [])
        return await really(one, document, variables)

    monkeypatch.setattr(Desk, "ask", look)
    await make(surface, surface.token, "createQueue", "queue", name="Help", strategy="LONGEST_IDLE")
    monkeypatch.setattr(surface.services.calls, "_wait_seconds", 0.1)
    await ask(originating, {**PLAIN, "type": kind, "destination": destination, "async": int(wait == "CREATED")})
    assert waits == [wait]
    assert {leg.role: leg.ring_seconds for leg in (await _the_call(originating)).legs} == seconds


@pytest.mark.parametrize("lost", [1, 2])
async def test_given_variables_that_are_left_out_and_an_answer_that_is_lost_when_asked_again_then_it_is_the_same_call(
    originating: Client, monkeypatch: pytest.MonkeyPatch, lost: int
) -> None:
    """It takes two requests of the schema, the first with all the variables: both are asked again with one key."""
    data = {**PLAIN, "vars": {"SKIP_WELCOME": "1", "CRM_LEAD": "l-9"}}
    really = Desk.ask
    asked: list[str] = []

    async def lose(one: Desk, document: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        if "originateCall(" not in document:
            return await really(one, document, variables)
        asked.append(document)
        try:
            return await really(one, document, variables)
        finally:
            if len(asked) == lost:
                raise AskRefusedError("TIMEOUT", "This took too long and was given up.")

    monkeypatch.setattr(Desk, "ask", lose)
    first = await ask(originating, data)
    assert (first.status_code, first.json()["has_error"]) == (504, True)
    assert len(await originating.calls()) == lost - 1
    for _ in range(2):
        answer = await ask(originating, data)
        assert (answer.status_code, answer.json()["has_error"]) == (200, False), answer.text
    call = await _the_call(originating)
    assert [pair.key for pair in call.variables] == ["CRM_LEAD"]
