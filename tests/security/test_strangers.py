"""Who shows no key can read the schema, and pays from its address's purse: a tenth of a key's."""

from typing import Any, Final

import httpx
import pytest

from app.api.budget import Budget
from app.api.context import Options
from tests.api.conftest import Surface

pytestmark = pytest.mark.postgres

_OF_A_KEY: Final = 100_000
_OF_A_STRANGER: Final = 10_000
_QUERY: Final = '{ __type(name: "Call") { name } }'


@pytest.fixture
def surface(surface: Surface, monkeypatch: pytest.MonkeyPatch) -> Surface:
    """With purses that no time fills again."""
    endpoint = next(route for route in surface.app.routes if getattr(route, "name", "") == "graphql").endpoint.__self__  # type: ignore[attr-defined]
    monkeypatch.setattr(endpoint, "_options", Options(budget=Budget(_OF_A_KEY, monotonic=lambda: 1.0)))
    return surface


async def _ask_from(surface: Surface, address: str, **headers: str) -> httpx.Response:
    """Without a key."""
    transport = httpx.ASGITransport(app=surface.app, client=(address, 4711))
    async with httpx.AsyncClient(transport=transport, base_url="http://offhook.test", headers=headers) as client:
        return await client.post("/graphql", json={"query": _QUERY})


def _cost(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()["extensions"]["cost"]


async def test_given_strangers_when_they_have_spent_a_tenth_of_a_keys_points_then_they_wait_and_nobody_else_does(
    surface: Surface,
) -> None:
    asked = _cost(await surface.post(_QUERY))  # from now on it is known, and reading it costs nothing
    price = asked["points"]
    assert _OF_A_KEY - 2 * price < asked["remaining"] < _OF_A_KEY
    served = [_cost(await _ask_from(surface, "192.0.2.1"))["remaining"] for _ in range(_OF_A_STRANGER // price)]
    assert served == [_OF_A_STRANGER - place * price for place in range(1, len(served) + 1)]

    refused = await _ask_from(surface, "192.0.2.1")
    assert refused.status_code == 429
    (error,) = refused.json()["errors"]
    assert (error["extensions"]["code"], error["extensions"]["retryable"]) == ("RATE_LIMITED", True)
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert "This address's points are spent" in error["message"]
    # Another name for oneself is no other address, and fills no purse.
    for name in ("x-forwarded-for", "forwarded", "x-real-ip", "user-agent"):
        again = await _ask_from(surface, "192.0.2.1", **{name: "198.51.100.7"})
        assert again.status_code == 429, name

    assert _cost(await _ask_from(surface, "192.0.2.2"))["remaining"] == _OF_A_STRANGER - price
    assert _cost(await surface.post(_QUERY))["remaining"] == asked["remaining"] - price


async def test_given_an_address_whose_points_are_spent_when_somebody_there_has_a_key_then_it_is_served(
    surface: Surface,
) -> None:
    while (await _ask_from(surface, "192.0.2.1")).status_code == 200:
        pass
    served = await _ask_from(surface, "192.0.2.1", authorization=f"Bearer {surface.token}")
    assert _cost(served)["remaining"] > _OF_A_STRANGER
