"""The times that one request is made of: together they end before nobody would hear the answer."""

import asyncio
import time
from typing import Any

import pytest

from app.api.context import Options
from app.calls.planning.requests import Placed, WaitFor, WaitOutcome
from app.calls.time_limits import (
    ACCEPT_SECONDS,
    ANSWER_SECONDS,
    EFFECT_SECONDS,
    GIVEN_UP_SECONDS,
    LONGEST_WAIT_SECONDS,
    TAKE_GRACE_SECONDS,
    TAKE_SECONDS,
)
from app.db.engine import Database
from tests.calls.standing_in_process import Process, make_principal, make_request
from tests.ownership.processes import asking_here

#: For the statements in between, and for writing the answer.
_ROOM_SECONDS = 3.0


def test_given_the_limits_when_added_up_then_placing_fits_into_the_wait_and_the_wait_into_the_mutation() -> None:
    through_the_inbox = TAKE_SECONDS + TAKE_GRACE_SECONDS + ANSWER_SECONDS
    mutation_seconds = Options().mutation_seconds
    assert ACCEPT_SECONDS < ANSWER_SECONDS  # or the one who asks gives up before the one who tries
    assert ACCEPT_SECONDS + through_the_inbox <= LONGEST_WAIT_SECONDS  # it changed hands under the request
    assert LONGEST_WAIT_SECONDS + _ROOM_SECONDS <= mutation_seconds < GIVEN_UP_SECONDS
    assert EFFECT_SECONDS + through_the_inbox + _ROOM_SECONDS <= mutation_seconds


@pytest.mark.postgres
async def test_given_placing_took_all_the_time_when_waiting_for_the_call_then_it_comes_back_at_once_as_it_stands(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = Process(database, await make_principal(database))
    originate = process.calls.originate
    placed_at = 0.0

    async def originate_slowly(*given: Any) -> Placed:
        nonlocal placed_at
        placed = await originate(*given)
        await asyncio.sleep(4.1)
        placed_at = time.monotonic()
        return placed

    monkeypatch.setattr(process.calls, "originate", originate_slowly)
    async with process.living(), asking_here(process, wait_seconds=4.0) as calls:
        outcome = await calls.originate(process.principal, make_request(wait_for=WaitFor.CONNECTED))
        assert time.monotonic() - placed_at < 3.5  # it does not wait anew
    assert outcome.wait_outcome is WaitOutcome.TIMED_OUT
