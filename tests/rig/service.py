"""Fixtures: Offhook itself on the rig's Asterisk and a database of the test's own, and a desk to call from.

Every service has a node name and a Stasis application of its own, so that tests run side by side on one Asterisk, and
what one of them leaves behind can be told from everything else.
"""

import asyncio
import contextlib
import dataclasses
import itertools
import os
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from app.accounts.audit import AuditLog
from app.accounts.principal import Principal
from app.accounts.scopes import Scope
from app.calls.names import snoop_of
from app.config import Settings, load_settings
from app.facts.vocabulary import LegRole
from app.ids import RecordingId, asterisk_prefix
from app.local.asterisk import AsteriskInstance
from app.process.bootstrap import running_service
from app.process.running import Service
from app.process.serve import serving
from app.routing.sandbox import seed_sandbox
from app.routing.service import Routing
from tests.rig.desk import PATIENCE_SECONDS, Desk
from tests.rig.graphql_line import GraphQLLine
from tests.rig.service_line import ServiceLine
from tests.rig.witness import Witness
from tests.webhooks.sink import Sink, running_sink

_POLL_SECONDS = 0.05
#: Of each side; more than a recording in a test has.
_PARTS_LOOKED_FOR = 4
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class RunningOffhook:
    """A running service of one sandbox account.

    ``token`` is a key with every scope, ``trunks`` are ids by name, ``url`` is where it serves, if it does.
    """

    service: Service
    principal: Principal
    token: str
    trunks: dict[str, str]
    url: str | None = None

    @property
    def node(self) -> str:
        return self.service.settings.node

    async def wait_until_ready(self, *, seconds: float = PATIENCE_SECONDS) -> None:
        async with asyncio.timeout(seconds):
            while (why := self.service.node.why_not_ready) is not None:
                await _pause(why)

    async def wait_until_unready(self, *, seconds: float = PATIENCE_SECONDS) -> None:
        async with asyncio.timeout(seconds):
            while self.service.node.is_ready:
                await _pause("still ready")

    def desk(self) -> AbstractAsyncContextManager[Desk]:
        """A caller that speaks to the services themselves."""
        return Desk.listening(ServiceLine(self.service.services, self.principal), self.node, self.trunks)

    @contextlib.asynccontextmanager
    async def desk_over_graphql(self) -> AsyncIterator[Desk]:
        """A caller that has only the public API."""
        assert self.url is not None, "this service does not serve: see running_offhook"
        async with GraphQLLine.to(self.url, self.token) as line, Desk.listening(line, self.node, self.trunks) as desk:
            yield desk

    async def ask(self, query: str, **variables: Any) -> Any:
        """What the one field of a GraphQL document gives, over HTTP."""
        async with httpx.AsyncClient(timeout=PATIENCE_SECONDS, trust_env=False) as client:
            answer = await client.post(
                f"{self.url}/graphql",
                json={"query": query, "variables": variables},
                headers={"Authorization": f"Bearer {self.token}"},
            )
        body = answer.json()
        assert "errors" not in body, body["errors"]
        (given,) = body["data"].values()
        return given

    async def change(self, mutation: str, **given: Any) -> Any:
        """What came of a mutation with this ``input``, which is not refused."""
        payload = await self.ask(mutation, input=given)
        assert payload["userErrors"] == []
        return payload

    async def limit_trunk(self, name: str, most: int) -> None:
        """The operator says how many calls a trunk takes at once."""
        routing = Routing(self.service.database, AuditLog(self.service.database))
        await routing.set_trunk(self.principal.account_id, name, {"max_channels": most})

    async def assert_nothing_is_left(self, witness: Witness, *, seconds: float = PATIENCE_SECONDS) -> None:
        """No live call, no unsettled row, and nothing of ours in Asterisk by an independent client's word."""
        try:
            async with asyncio.timeout(seconds):
                await self.service.registry.wait_until_empty()
        except TimeoutError:
            left = [(actor.call.id, actor.call.state, actor.call.timers) for actor in self.service.registry]
            raise AssertionError(f"calls are still alive: {left}") from None
        async with self.service.database.acquire() as connection:
            open_calls = await connection.fetch("SELECT id, state FROM call WHERE NOT is_settled OR state <> 'ENDED'")
            recordings = await connection.fetch("SELECT id FROM recording")
        assert open_calls == []
        names = [
            snoop_of(self.node, RecordingId(row["id"]), role, number)
            for row in recordings
            for role in (LegRole.AGENT, LegRole.CUSTOMER)
            for number in range(1, _PARTS_LOOKED_FOR + 1)
        ]
        await witness.wait_until_gone(asterisk_prefix(self.node), recording_names=names)


async def _pause(_why: str) -> None:
    await asyncio.sleep(_POLL_SECONDS)


def make_settings(asterisk: AsteriskInstance, dsn: str, data_dir: Path, **changes: object) -> Settings:
    """Settings for one service of a test; ``changes`` win."""
    node = f"t{os.getpid()}-{next(_numbers)}"
    values: dict[str, object] = {
        "node": node,
        "data_dir": data_dir,
        "database_url": SecretStr(dsn),
        "ari_url": asterisk.ari_url,
        "ari_username": asterisk.ari_username,
        "ari_password": SecretStr(asterisk.ari_password),
        "ari_application": f"offhook-{node}",
        "webhook_allow_networks": [IPv4Network("127.0.0.0/8")],
        "media_allow_networks": [IPv4Network("127.0.0.0/8")],
        "webhook_schedule_seconds": (0.0, 0.2, 0.5, 1.0, 2.0),
        "port": 0,
        **changes,
    }
    return load_settings(**values)


async def prepare_account(service: Service) -> RunningOffhook:
    """Seed the sandbox, the rig's far ends as trunks, and a key with every scope. Doing it again changes nothing."""
    audit = AuditLog(service.database)
    sandbox = await seed_sandbox(service.database, audit)
    routing = Routing(service.database, audit)
    trunks = {trunk.name: trunk.id for trunk in await routing.list_trunks(sandbox.account.id)}
    for name in ("farend", "sipp"):
        if name not in trunks:
            trunk = await routing.create_trunk(sandbox.account.id, name, dial_template="{e164}", is_sandbox=True)
            trunks[name] = trunk.id
    issued = await service.services.keys.create(sandbox.account.id, name="the desk's", scopes=list(Scope))
    principal = await service.services.keys.authenticate(issued.token, "127.0.0.1")
    return RunningOffhook(service, principal, issued.token, trunks)


@contextlib.asynccontextmanager
async def running_offhook(settings: Settings, *, is_serving: bool = False) -> AsyncIterator[RunningOffhook]:
    """A service that is ready to dial; ``is_serving``: over HTTP as well."""
    async with contextlib.AsyncExitStack() as stack:
        if is_serving:
            running = await stack.enter_async_context(serving(settings))
            service, url = running.service, running.url
        else:
            service, url = await stack.enter_async_context(running_service(settings)), None
        offhook = dataclasses.replace(await prepare_account(service), url=url)
        await offhook.wait_until_ready()
        yield offhook


@pytest.fixture
def settings(asterisk: AsteriskInstance, database_dsn: str, tmp_path: Path) -> Settings:
    return make_settings(asterisk, database_dsn, tmp_path / "data")


@pytest.fixture
async def offhook(settings: Settings, witness: Witness) -> AsyncIterator[RunningOffhook]:
    """The service of this test. At its end nothing may be left of its calls, in Asterisk or in the database."""
    async with running_offhook(settings) as running:
        yield running
        await running.assert_nothing_is_left(witness)


@pytest.fixture
async def desk(offhook: RunningOffhook) -> AsyncIterator[Desk]:
    async with offhook.desk() as calling:
        yield calling


@pytest.fixture
async def served_offhook(settings: Settings, witness: Witness) -> AsyncIterator[RunningOffhook]:
    """As ``offhook``, and reachable over HTTP."""
    async with running_offhook(settings, is_serving=True) as running:
        yield running
        await running.assert_nothing_is_left(witness)


@pytest.fixture
async def graphql_desk(served_offhook: RunningOffhook) -> AsyncIterator[Desk]:
    async with served_offhook.desk_over_graphql() as calling:
        yield calling


@pytest.fixture
async def webhook_sink() -> AsyncIterator[Sink]:
    """A customer's server on this machine."""
    async with running_sink() as sink:
        yield sink
