"""What is open under a credential ends with it: revoked, expired, from elsewhere, or its account suspended."""

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from app.accounts.access import Access
from app.accounts.audit import AuditLog
from app.accounts.scopes import Scope
from app.accounts.sessions import CREDENTIALS_CHANGED
from app.clock import SystemClock
from app.errors import DatabaseUnavailableError
from app.events.bus import Bus
from tests.api.conftest import DEADLINE_SECONDS, Surface, endpoint_of, serving, until
from tests.api.test_subscriptions import append, fact
from tests.api.test_websocket import Socket, opened
from tests.security.conftest import Tenant

pytestmark = pytest.mark.postgres

_SOCKETS = 50
_NEVER = 3600.0
_FOLLOW = "subscription { events { __typename ... on EventDelivered { event { id } } } }"


@pytest.fixture
async def port(surface: Surface) -> AsyncIterator[int]:
    """Where nothing that ends a socket can have waited for its heartbeat: that comes in an hour."""
    endpoint = endpoint_of(surface)
    endpoint._options = dataclasses.replace(endpoint._options, heartbeat_seconds=_NEVER)
    async with serving(surface.app) as port:
        async with opened(port) as socket:
            assert (await socket.init(surface.token))["payload"] == {"heartbeatSeconds": _NEVER}
        yield port


@contextlib.asynccontextmanager
async def following(port: int, token: str, count: int = 1, **options: Any) -> AsyncIterator[list[Socket]]:
    """Connections that follow the account's log, and have been told that they are up to date."""
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(opened(port, **options)) for _ in range(count)]
        for socket in sockets:
            assert (await socket.init(token))["type"] == "connection_ack"
            await socket.subscribe(_FOLLOW)
            assert (await socket.receive())["payload"]["data"]["events"]["__typename"] == "CaughtUp"
        yield sockets


async def told_until_closed(socket: Socket) -> tuple[list[dict[str, Any]], int]:
    """The facts that still came, and the code that it closed with."""
    facts = []
    async with asyncio.timeout(DEADLINE_SECONDS):
        with contextlib.suppress(ConnectionClosed):
            while True:
                message = await socket.receive()
                if message["type"] == "next":
                    facts.append(message)
    assert socket.connection.close_code is not None
    return facts, socket.connection.close_code


async def test_given_50_sockets_of_a_key_when_it_is_revoked_then_all_close_and_none_is_told_another_fact(
    tenant_a: Tenant, surface: Surface, port: int
) -> None:
    issued = await surface.services.keys.create(tenant_a.account.id, name="leaked", scopes={Scope.CALLS_READ})
    async with following(port, issued.token, _SOCKETS) as sockets, following(port, tenant_a.token) as (other,):
        revoked = await tenant_a.ask(
            "mutation ($id: ID!) { revokeApiKey(input: {id: $id}) { apiKey { revokedAt } userErrors { code } } }",
            {"id": issued.key.id},
        )
        assert revoked["revokeApiKey"]["apiKey"]["revokedAt"]
        # What happens from here on is none of theirs, though their connections may not even be closed yet.
        await append(surface, [fact(number) for number in range(20)], account_id=tenant_a.account.id)
        ends = await asyncio.gather(*(told_until_closed(socket) for socket in sockets))
        assert {code for _, code in ends} == {4401}
        assert [facts for facts, _ in ends if facts] == []
        told = [await other.receive() for _ in range(20)]
        assert {one["payload"]["data"]["events"]["__typename"] for one in told} == {"EventDelivered"}
    await until(lambda: len(surface.services.sessions) == 0)


async def test_given_a_key_that_is_changed_and_still_good_when_facts_come_meanwhile_then_none_is_lost(
    tenant_a: Tenant, surface: Surface, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued = await surface.services.keys.create(tenant_a.account.id, name="fine", scopes={Scope.CALLS_READ})
    credentials = surface.services.keys.credentials
    look_up, is_asked, may_answer = credentials._look_up, asyncio.Event(), asyncio.Event()

    async def look_up_slowly(hashed: bytes, *, is_access: bool) -> Any:
        is_asked.set()
        await may_answer.wait()
        return await look_up(hashed, is_access=is_access)

    async with following(port, issued.token) as (socket,):
        monkeypatch.setattr(credentials, "_look_up", look_up_slowly)
        await surface.services.keys.update(tenant_a.account.id, issued.key.id, name="finer")
        await is_asked.wait()
        await append(surface, [fact(number) for number in range(5)], account_id=tenant_a.account.id)
        with pytest.raises(TimeoutError):  # it is held: nothing comes while nobody has said that it may
            async with asyncio.timeout(0.3):
                await socket.receive()
        may_answer.set()
        told = [await socket.receive() for _ in range(5)]
        assert [one["payload"]["data"]["events"]["__typename"] for one in told] == ["EventDelivered"] * 5


Ending = Callable[[Tenant, str], Awaitable[None]]


async def narrow(tenant: Tenant, key_id: str) -> None:
    await tenant.surface.services.keys.update(tenant.account.id, key_id, scopes={Scope.ROUTING})


async def shut_out(tenant: Tenant, key_id: str) -> None:
    await tenant.surface.services.keys.update(tenant.account.id, key_id, ip_allow_list=["203.0.113.0/24"])


async def shut_account_out(tenant: Tenant, _key_id: str) -> None:
    await tenant.surface.services.access.allow_lists.set(tenant.account.id, ["203.0.113.0/24"])


async def suspend(tenant: Tenant, _key_id: str) -> None:
    assert await tenant.surface.services.usage.suspensions.suspend(None, tenant.account.id, reason="fraud")


async def rotate(tenant: Tenant, key_id: str) -> None:
    await tenant.surface.services.keys.rotate(tenant.account.id, key_id)


@pytest.mark.parametrize(
    ("end", "code"),
    [(narrow, 4403), (shut_out, 4401), (shut_account_out, 4401), (suspend, 4401), (rotate, 4401)],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
async def test_given_an_open_socket_when_its_key_may_no_longer_then_it_closes_with_the_stated_code(
    tenant_b: Tenant, surface: Surface, port: int, end: Ending, code: int
) -> None:
    issued = await surface.services.keys.create(tenant_b.account.id, name="k", scopes={Scope.CALLS_READ})
    async with following(port, issued.token) as (socket,):
        await end(tenant_b, issued.key.id)
        await append(surface, [fact(1)], account_id=tenant_b.account.id)
        assert await told_until_closed(socket) == ([], code)


async def test_given_an_expiry_when_it_comes_then_the_socket_closes_with_4403_and_is_told_nothing_more(
    tenant_b: Tenant, surface: Surface, port: int
) -> None:
    expires_at = surface.services.clock.now() + timedelta(seconds=1.5)
    issued = await surface.services.keys.create(
        tenant_b.account.id, name="short", scopes={Scope.CALLS_READ}, expires_at=expires_at
    )
    async with following(port, issued.token) as (socket,):
        await until(lambda: surface.services.clock.now() >= expires_at)
        await append(surface, [fact(1)], account_id=tenant_b.account.id)
        assert await told_until_closed(socket) == ([], 4403)


async def test_given_no_database_when_a_key_is_in_doubt_then_its_socket_closes_with_1013(
    tenant_b: Tenant, surface: Surface, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object, **__: object) -> None:
        raise DatabaseUnavailableError("The database is away.")

    async with following(port, tenant_b.token) as (socket,):
        monkeypatch.setattr(surface.services.keys.credentials, "_look_up", away)
        await surface.services.sessions.recheck(tenant_b.account.id)
        await append(surface, [fact(1)], account_id=tenant_b.account.id)
        assert await told_until_closed(socket) == ([], 1013)


async def test_given_another_process_when_it_revokes_a_key_then_sockets_here_close(
    tenant_b: Tenant, surface: Surface, port: int
) -> None:
    here, there = Bus(surface.database), Bus(surface.database)
    here.on(CREDENTIALS_CHANGED, surface.services.sessions.hear)
    is_listening = asyncio.Event()
    here.on(CREDENTIALS_CHANGED, lambda _: is_listening.set())

    async def tell(payload: str) -> None:
        await there.publish(CREDENTIALS_CHANGED, payload)

    elsewhere = Access.open(surface.database, bytes(32), AuditLog(surface.database), SystemClock(), tell=tell)
    issued = await surface.services.keys.create(tenant_b.account.id, name="k", scopes={Scope.CALLS_READ})
    ear = asyncio.create_task(here.run())
    try:
        await until(is_listening.is_set)  # its first word is that something may have been missed
        async with following(port, issued.token, 5) as sockets, following(port, tenant_b.token) as (other,):
            await elsewhere.keys.revoke(tenant_b.account.id, issued.key.id)
            ends = [await told_until_closed(socket) for socket in sockets]
            assert ends == [([], 4401)] * 5
            await append(surface, [fact(1)], account_id=tenant_b.account.id)
            assert (await other.receive())["payload"]["data"]["events"]["__typename"] == "EventDelivered"
    finally:
        ear.cancel()
        await asyncio.gather(ear, return_exceptions=True)


async def test_given_a_revocation_while_a_socket_begins_when_it_is_let_in_then_it_is_looked_at_again(
    tenant_b: Tenant, surface: Surface, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued = await surface.services.keys.create(tenant_b.account.id, name="k", scopes={Scope.CALLS_READ})
    credentials = surface.services.keys.credentials
    look_up, count = credentials._look_up, 0

    async def look_up_and_revoke(hashed: bytes, *, is_access: bool) -> Any:
        nonlocal count
        count += 1
        found = await look_up(hashed, is_access=is_access)
        if count == 1:  # it was read, and before anybody knows of it, it is over
            await surface.services.keys.revoke(tenant_b.account.id, issued.key.id)
        return found

    monkeypatch.setattr(credentials, "_look_up", look_up_and_revoke)
    async with opened(port) as socket:
        await socket.send(type="connection_init", payload={"authorization": f"Bearer {issued.token}"})
        assert (await told_until_closed(socket))[1] == 4401
    assert count == 2
