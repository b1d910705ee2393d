"""A client of the dialect CPAAS, which knows its two headers and the form of its answers."""

import json
from dataclasses import dataclass
from typing import Any

import httpx

from app.accounts.dialects import Dialect
from tests.api.conftest import Surface


@dataclass(frozen=True, slots=True)
class Cpaas:
    """Whoever holds a credential: what it shows in the headers ``account`` and ``auth``."""

    client: httpx.AsyncClient
    account: str
    auth: str

    @classmethod
    async def of(cls, surface: Surface) -> "Cpaas":
        """With a new credential of the surface's account."""
        issued = await surface.services.dialects.credentials.create(
            surface.account.id, dialect=Dialect.CPAAS, name="crm"
        )
        assert issued.credential.user_name is not None
        return cls(surface.client, issued.credential.user_name, issued.secret)

    async def send(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """A request as the document's examples send it; ``body`` may be the very bytes."""
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        shown = {"account": self.account, "auth": self.auth, "content-type": "application/json", **headers}
        return await self.client.request(method, path, content=content, headers=shown)

    async def do(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """What is told of a request that succeeds."""
        answer = await self.send(method, path, body)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/json"
        assert list(answer.json()) == ["response"]
        told: dict[str, Any] = answer.json()["response"]
        assert told.pop("success") == "true"
        return told

    async def refused(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str, str]:
        """Status, code and message of a request that is refused in the dialect's own form."""
        answer = await self.send(method, path, body, **headers)
        assert list(answer.json()) == ["response"], answer.text
        told = answer.json()["response"]
        assert (set(told), told["success"]) == ({"error_code", "message", "success"}, "false"), answer.text
        return answer.status_code, told["error_code"], told["message"]
