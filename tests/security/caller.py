"""A program with every scope, which asks a running service over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from app.numbers.parse import SANDBOX_PREFIX
from app.numbers.policy import Rule
from tests.rig.desk import PATIENCE_SECONDS
from tests.rig.service import RunningOffhook

#: Every number that is not dear, and the sandbox's.
ORDINARY: Final = (Rule("+", is_allowed=True), Rule(SANDBOX_PREFIX, is_allowed=True))
_ENDED: Final = {"FINISHED", "FAILED", "CANCELLED", "COMPLETED"}


@dataclass(frozen=True, slots=True)
class Caller:
    """Asks as a program with every scope does."""

    client: httpx.AsyncClient
    offhook: RunningOffhook

    async def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        answer = await self.client.post("/graphql", json={"query": document, "variables": variables})
        assert answer.status_code < 500, answer.text[:300]
        body: dict[str, Any] = answer.json()
        return body

    async def do(self, mutation: str, fields: str, **given: Any) -> Any:
        """The payload of what must not be refused."""
        body = await self.ask(_document_of(mutation, fields), input=given)
        payload = body["data"][mutation]
        assert payload["userErrors"] == [], (mutation, payload)
        return payload

    async def refuse(self, mutation: str, **given: Any) -> set[str]:
        """The codes of what must be."""
        body = await self.ask(_document_of(mutation, ""), input=given)
        codes = {one["extensions"]["code"] for one in body.get("errors") or ()}
        if body.get("data"):
            codes |= {one["code"] for one in body["data"][mutation]["userErrors"]}
        assert codes, (mutation, given)
        return codes

    async def until_over(self, kind: str, id_: str, fields: str) -> Any:
        """A job, campaign or callback, once nothing more becomes of it."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                body = await self.ask(f"query ($id: ID!) {{ {kind}(id: $id) {{ state {fields} }} }}", id=id_)
                if body["data"][kind]["state"] in _ENDED:
                    return body["data"][kind]
                await asyncio.sleep(0.1)

    async def allow(self, *rules: Rule) -> None:
        policies = self.offhook.service.services.routing.policies
        await policies.set_rules(self.offhook.principal.account_id, rules)

    async def upload(self, content: bytes) -> str:
        given = {"contentType": "text/csv", "sizeBytes": len(content)}
        made = (await self.do("createUpload", "upload { id url }", **given))["upload"]
        address = urlsplit(made["url"])
        answer = await self.client.put(
            f"{address.path}?{address.query}", content=content, headers={"Content-Type": "text/csv"}
        )
        assert answer.status_code == 201
        return str(made["id"])


def _document_of(mutation: str, fields: str) -> str:
    kind = f"{mutation[0].upper()}{mutation[1:]}Input!"
    asked = f"{fields} userErrors {{ code message field }}"
    return f"mutation ($input: {kind}) {{ {mutation}(input: $input) {{ {asked} }} }}"


@asynccontextmanager
async def calling(offhook: RunningOffhook) -> AsyncIterator[Caller]:
    """One that may call every ordinary number."""
    assert offhook.url is not None
    headers = {"authorization": f"Bearer {offhook.token}"}
    async with httpx.AsyncClient(base_url=offhook.url, headers=headers, timeout=60, trust_env=False) as client:
        caller = Caller(client, offhook)
        await caller.allow(*ORDINARY)
        yield caller
