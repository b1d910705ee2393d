"""One running service with two accounts, and credentials of dialects for both.

The service is the one of ``tests/api``: in process, on a real PostgreSQL, with an Asterisk that does as told.
"""

from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from app.accounts.dialect_rows import IssuedCredential
from app.accounts.dialects import Dialect
from app.accounts.service import Account
from app.api.budget import Budget
from app.dialects import desk
from tests.api import conftest as api

surface = api.surface

#: Where tests of listed addresses come from: what the in-process client says of itself.
HOME = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Client:
    """A client of a dialect, of one account."""

    surface: api.Surface
    account: Account
    issued: IssuedCredential

    @property
    def name(self) -> str:
        """The credential's user name."""
        return self.issued.credential.user_name or ""

    @property
    def secret(self) -> str:
        return self.issued.secret

    @property
    def signing_key(self) -> str:
        return self.issued.signing_key or ""

    async def send(self, method: str, path: str, **given: Any) -> httpx.Response:
        """One request, as it is answered."""
        return await self.surface.client.request(method, path, **given)

    async def calls(self) -> list[dict[str, Any]]:
        """The account's calls as rows, newest first."""
        async with self.surface.database.acquire() as connection:
            rows = await connection.fetch(
                "SELECT * FROM call WHERE account_id = $1 ORDER BY created_at DESC, id DESC", self.account.id
            )
        return [dict(row) for row in rows]


async def become(surface: api.Surface, account: Account, dialect: Dialect, **given: Any) -> Client:
    """A client with a new credential."""
    issued = await surface.services.dialects.credentials.create(account.id, dialect=dialect, name="test", **given)
    return Client(surface, account, issued)


@pytest.fixture(autouse=True)
def slow_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long a test takes: an equal request is the same one until the test says that time has passed."""
    monkeypatch.setattr(desk, "REPEAT_SECONDS", 3600.0)


@pytest.fixture
async def asteriskapi(surface: api.Surface) -> Client:
    return await become(surface, surface.account, Dialect.ASTERISKAPI)


@pytest.fixture
async def originating(surface: api.Surface) -> Client:
    return await become(surface, surface.account, Dialect.ORIGINATE_CALL)


@pytest.fixture
async def cloud_pbx(surface: api.Surface) -> Client:
    return await become(surface, surface.account, Dialect.CLOUD_PBX, ip_allow_list=(HOME,))


@pytest.fixture
async def cpaas(surface: api.Surface) -> Client:
    return await become(surface, surface.account, Dialect.CPAAS)


async def make(surface: api.Surface, token: str, name: str, part: str, /, **given: Any) -> str:
    """What a mutation that makes something has made: its id."""
    wanted = f"{name[0].upper()}{name[1:]}Input"
    document = f"mutation ($input: {wanted}!) {{ {name}(input: $input) {{ {part} {{ id }} userErrors {{ code }} }} }}"
    payload = (await surface.ask(document, {"input": given}, token=token))[name]
    assert payload["userErrors"] == [], (name, given, payload)
    made: str = payload[part]["id"]
    return made


def budget_of(surface: api.Surface) -> Budget:
    """What callers may spend, of the service of this test."""
    budget: Budget = next(
        route.endpoint.__self__._gate.surface.options.budget  # type: ignore[attr-defined]  # a bound method
        for route in surface.app.routes
        if getattr(route, "name", "") == "originate-call"
    )
    return budget
