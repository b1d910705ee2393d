"""Two accounts on one running service, each with keys of all scopes: A is the sandbox's, B an ordinary one.

The service is the one of ``tests/api``: in process, on a real PostgreSQL, with an Asterisk that does as told. ``port``
is where it serves behind a real uvicorn, for whatever the protocol itself decides.
"""

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.accounts.scopes import Scope
from app.accounts.service import Account
from app.local.asterisk import AsteriskInstall
from tests.api import conftest as api
from tests.rig.service import RunningOffhook
from tests.rig.sipp import SippPorts, SippServer, sipp_called_party
from tests.security.caller import Caller, calling

surface = api.surface
port = api.port


@dataclass(frozen=True, slots=True)
class Tenant:
    """One account, asked for by ``token``: a key with every scope."""

    surface: api.Surface
    account: Account
    token: str

    async def key(self, *scopes: Scope) -> str:
        """A new key's token; with every scope when none is named."""
        chosen: Collection[Scope] = scopes or api.ALL_SCOPES
        return await self.surface.key(chosen, account=self.account)

    async def post(self, query: str, variables: dict[str, Any] | None = None) -> httpx.Response:
        """One operation, as it is answered."""
        return await self.surface.post(query, variables, token=self.token)

    async def ask(self, query: str, variables: dict[str, Any] | None = None) -> Any:
        """The data of an operation that has no top-level errors."""
        return await self.surface.ask(query, variables, token=self.token)

    async def refuse(self, query: str, variables: dict[str, Any] | None = None) -> Any:
        """The first top-level error's extensions of an operation that fails."""
        return await self.surface.refuse(query, variables, token=self.token)


@pytest.fixture
async def tenant_a(surface: api.Surface) -> Tenant:
    """The sandbox account: it has extensions, agents, devices, a trunk and numbers; all its keys are test keys."""
    return Tenant(surface, surface.account, surface.token)


@pytest.fixture
async def tenant_b(surface: api.Surface) -> Tenant:
    """An account of its own, with a live key and nothing else."""
    account = await surface.accounts.create("bravo")
    return Tenant(surface, account, await surface.key(account=account))


@pytest.fixture
async def caller(served_offhook: RunningOffhook) -> AsyncIterator[Caller]:
    """Of a service beside a real Asterisk."""
    async with calling(served_offhook) as one:
        yield one


@pytest.fixture
async def sipp(asterisk_install: AsteriskInstall, sipp_ports: SippPorts, tmp_path: Path) -> AsyncIterator[SippServer]:
    """The far end of that Asterisk's trunk ``sipp``, which logs each SIP message."""
    async with sipp_called_party(asterisk_install, sipp_ports, tmp_path) as called:
        yield called
