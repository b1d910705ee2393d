"""For how long a request's key lasts: through an answer that does not come, and for a moment after one that does."""

import asyncio
from typing import Final

import pytest

from app.accounts.dialects import Dialect
from app.dialects import desk
from app.dialects.desk import LONGEST_SECONDS, AskRefusedError, Desk
from app.dialects.gate import Gate
from app.dialects.names import AmbiguousNameError
from app.dialects.refusals import DialectRefusedError
from app.errors import UnavailableError
from app.files.errors import StoreUnavailableError
from app.speech.engine import SpeechUnavailableError
from app.usage.caps import LimitReachedError
from tests.dialects.conftest import HOME, Client, become

pytestmark = pytest.mark.postgres

_LEFT: Final = "SELECT extract(epoch FROM until - clock_timestamp())::float FROM dialect_request ORDER BY until DESC"
_OVER: Final = "UPDATE dialect_request SET until = until - make_interval(secs => $1)"
_PARTS: Final = b"POST /api "
#: Before any test has changed it.
_AS_IT_COMES: Final = desk.REPEAT_SECONDS


async def _desk(client: Client) -> Desk:
    """What a request of this client's has."""
    surface = client.surface
    gate: Gate = next(
        route.endpoint.__self__._gate  # type: ignore[attr-defined]  # a bound method
        for route in surface.app.routes
        if getattr(route, "name", "") == "asteriskapi"
    )
    holder = await surface.services.dialects.keys.authenticate(
        Dialect.ASTERISKAPI, client.secret, remote_address=HOME, request_id="r"
    )
    return Desk(gate.surface, holder, Dialect.ASTERISKAPI, "r", HOME)


@pytest.fixture
async def asking(asteriskapi: Client, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(desk, "REPEAT_SECONDS", 5.0)
    return await _desk(asteriskapi)


def test_given_the_time_for_which_a_request_is_the_same_when_documented_then_it_is_five_seconds() -> None:
    assert _AS_IT_COMES == 5.0


async def _left(client: Client) -> float:
    async with client.surface.database.acquire() as connection:
        found: float = await connection.fetchval(_LEFT)
    return found


async def _pass(client: Client, seconds: float) -> None:
    """As if so much time had gone by."""
    async with client.surface.database.acquire() as connection:
        await connection.execute(_OVER, seconds)


async def test_given_a_request_that_was_answered_when_it_comes_again_then_it_is_the_same_for_a_moment_only(
    asteriskapi: Client, asking: Desk
) -> None:
    async with asking.repeating(_PARTS, LONGEST_SECONDS) as first:
        pass
    assert await _left(asteriskapi) <= 5.0
    await _pass(asteriskapi, 5.0)
    async with asking.repeating(_PARTS, LONGEST_SECONDS) as second:
        assert second != first
    with pytest.raises(AskRefusedError):
        async with asking.repeating(b"refused", LONGEST_SECONDS):
            raise AskRefusedError("INVALID_NUMBER", "No.")
    with pytest.raises(DialectRefusedError):
        async with asking.repeating(b"refused here", LONGEST_SECONDS):
            raise AmbiguousNameError("user")
    async with asteriskapi.surface.database.acquire() as connection:
        assert await connection.fetchval(_LEFT) <= 5.0


@pytest.mark.parametrize(
    "unanswered",
    [
        AskRefusedError("TIMEOUT", "Later."),
        AskRefusedError("DATABASE_UNAVAILABLE", "Later."),
        asyncio.CancelledError(),
        KeyError("a defect of the dialect's own, which clients see as a 500"),
    ],
    ids=repr,
)
async def test_given_a_request_that_nobody_answered_when_the_client_asks_again_later_then_it_is_the_same(
    asteriskapi: Client, asking: Desk, unanswered: BaseException
) -> None:
    with pytest.raises(type(unanswered)):
        async with asking.repeating(_PARTS, 50.0) as first:
            raise unanswered
    await _pass(asteriskapi, LONGEST_SECONDS + 10.0)
    async with asking.repeating(_PARTS, 50.0) as second:
        assert second == first


async def test_given_an_answer_that_comes_as_the_client_gives_up_when_it_asks_again_then_it_is_the_same(
    asteriskapi: Client, asking: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "REPEAT_SECONDS", 3600.0)  # however long the test takes
    async with asking.repeating(_PARTS, LONGEST_SECONDS) as first:
        await _pass(asteriskapi, LONGEST_SECONDS - 2.0)
    await _pass(asteriskapi, 2.5)
    async with asking.repeating(_PARTS, LONGEST_SECONDS) as second:
        assert second == first


async def test_given_a_request_that_has_taken_all_its_time_when_more_is_asked_then_it_is_given_up(asking: Desk) -> None:
    """However many operations it takes, they have one time together."""
    calls = "query { calls(first: 1) { nodes { id } } }"
    assert (await asking.ask(calls))["calls"] == {"nodes": []}
    asking._began_at -= 600.0
    with pytest.raises(AskRefusedError) as refused:
        await asking.ask(calls)
    assert (refused.value.code, refused.value.http_status, refused.value.is_outage) == ("TIMEOUT", 504, True)


async def test_given_a_test_and_a_live_credential_of_an_account_when_both_ask_the_same_then_they_share_no_key(
    asteriskapi: Client,
) -> None:
    surface = asteriskapi.surface
    account = await surface.accounts.create("bravo")
    keys = set()
    for is_test in (False, True):
        client = await become(surface, account, Dialect.ASTERISKAPI, is_test=is_test)
        async with (await _desk(client)).repeating(_PARTS, LONGEST_SECONDS) as key:
            keys.add(key)
    assert len(keys) == 2


def _codes(kind: type[UnavailableError]) -> set[str]:
    return {kind.code}.union(*(_codes(one) for one in kind.__subclasses__()))


def test_given_whatever_can_be_away_when_a_dialect_meets_it_then_it_is_an_outage_but_a_cap_is_the_accounts_own() -> (
    None
):
    assert {one for one in _codes(UnavailableError) if not AskRefusedError(one, "").is_outage} == {
        LimitReachedError.code
    }
    assert {StoreUnavailableError.code, SpeechUnavailableError.code} <= _codes(UnavailableError)
    assert AskRefusedError(LimitReachedError.code, "").http_status == 400
