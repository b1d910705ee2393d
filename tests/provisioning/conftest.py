"""An Asterisk of the test's own that can be started again with what it keeps, and Offhook on it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.local.asterisk import AsteriskConfig, AsteriskInstall, AsteriskInstance, running_asterisk
from tests.rig.fault_proxy import FaultProxy, proxy_to_asterisk
from tests.rig.service import RunningOffhook, make_settings, running_offhook

PATIENCE_SECONDS = 30.0
_POLL_SECONDS = 0.05


class Exchange:
    """The Asterisk, at one address for ARI whatever its ports are; its directory outlives each start."""

    def __init__(self, install: AsteriskInstall, directory: Path) -> None:
        self._install = install
        self._directory = directory
        self._config = AsteriskConfig(rtp_port_count=200)
        self._stack = contextlib.AsyncExitStack()
        self.wire: FaultProxy
        self.asterisk: AsteriskInstance

    async def start(self, wires: contextlib.AsyncExitStack) -> None:
        self.asterisk = await self._stack.enter_async_context(
            running_asterisk(self._config, install=self._install, directory=self._directory)
        )
        if not hasattr(self, "wire"):
            self.wire = await wires.enter_async_context(proxy_to_asterisk(self.asterisk.ari_url))
        self.wire.open_target = lambda: asyncio.open_connection("127.0.0.1", self.asterisk.ports.http)

    async def stop(self) -> None:
        await self._stack.aclose()


@pytest.fixture
async def wires() -> AsyncIterator[contextlib.AsyncExitStack]:
    async with contextlib.AsyncExitStack() as stack:
        yield stack


@pytest.fixture
async def exchange(
    asterisk_install: AsteriskInstall, tmp_path: Path, wires: contextlib.AsyncExitStack
) -> AsyncIterator[Exchange]:
    made = Exchange(asterisk_install, tmp_path / "asterisk")
    await made.start(wires)
    yield made
    await made.stop()


class Office:
    """An administrator: makes lines over GraphQL, and reads what is told of them."""

    def __init__(self, offhook: RunningOffhook, client: httpx.AsyncClient) -> None:
        self.offhook = offhook
        self._client = client

    async def ask(self, query: str, **variables: object) -> Any:
        """The data of an operation without errors."""
        answer = (await self._client.post("/graphql", json={"query": query, "variables": variables})).json()
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    async def do(self, mutation: str, given: dict[str, Any], shown: str) -> Any:
        """A mutation's payload, which has no ``userErrors``."""
        kind = mutation[0].upper() + mutation[1:]
        fields = f"{shown} userErrors {{ code message }}"
        query = f"mutation($input: {kind}Input!) {{ {mutation}(input: $input) {{ {fields} }} }}"
        payload = (await self.ask(query, input=given))[mutation]
        assert payload.pop("userErrors") == []
        return payload

    async def wait_for_event(self, subject_id: str, *types: str) -> list[dict[str, Any]]:
        """The events about something, once they are exactly of these types, in order."""
        query = """query($id: ID!) { events(filter: {subjectId: $id}, first: 100) { nodes { type
            ... on DeviceUnregisteredEvent { reason } } } }"""
        seen: list[dict[str, Any]] = []
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while [one["type"] for one in seen] != list(types):
                    await asyncio.sleep(_POLL_SECONDS)
                    seen = (await self.ask(query, id=subject_id))["events"]["nodes"]
        except TimeoutError:
            raise AssertionError(f"waited for {types}, saw {seen}") from None
        return seen


async def until_configured(asterisk: AsteriskInstance, endpoint: str, *, is_there: bool = True) -> None:
    """Return once Asterisk's own console knows the endpoint whole, or no more."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            said = await asterisk.run_cli(f"pjsip show auth {endpoint}")
            if ("Unable to find" not in said) == is_there:
                return
            await asyncio.sleep(_POLL_SECONDS)


@pytest.fixture
async def office(exchange: Exchange, database_dsn: str, tmp_path: Path) -> AsyncIterator[Office]:
    settings = make_settings(exchange.asterisk, database_dsn, tmp_path / "data", ari_url=exchange.wire.address)
    async with running_offhook(settings, is_serving=True) as offhook:
        assert offhook.url is not None
        headers = {"Authorization": f"Bearer {offhook.token}"}
        async with httpx.AsyncClient(base_url=offhook.url, headers=headers, trust_env=False, timeout=60.0) as client:
            yield Office(offhook, client)
