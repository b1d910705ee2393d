"""A credential that was known and may not be used: its account's log says so, once in a while, and why."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from app.accounts.audit import AuditLog
from app.accounts.key_rows import IssuedKey
from app.accounts.keys import ApiKeys
from app.accounts.knocks import Knocks
from app.accounts.scopes import Scope
from app.accounts.service import Account
from app.accounts.tokens import AccessTokens
from app.db.engine import Database
from app.errors import AuthenticationError, DatabaseUnavailableError
from app.events.log import EventLog
from app.usage.suspension import Suspensions
from tests.accounts.stepped_clock import SteppedClock

pytestmark = pytest.mark.postgres

HERE = "10.0.0.1"


class Desk:
    """Keys and their log on one clock, and the lines about credentials that were refused."""

    def __init__(self, database: Database, clock: SteppedClock, account: Account) -> None:
        self.database, self.clock, self.account = database, clock, account
        self.audit = AuditLog(database, clock=clock)
        self.keys = ApiKeys(database, b"k" * 32, self.audit, clock=clock, monotonic=clock.monotonic)

    async def issue(self) -> IssuedKey:
        return await self.keys.create(
            self.account.id,
            name="CRM",
            scopes=[Scope.CALLS_READ],
            ip_allow_list=["10.0.0.0/24"],
            expires_at=self.clock.now() + timedelta(hours=1),
        )

    async def refuse(self, token: str, address: str = HERE, origin: str | None = None) -> None:
        with pytest.raises(AuthenticationError):
            await self.keys.authenticate(token, address, origin, "a-request")

    async def lines(self) -> list[Any]:
        await self.audit.flush()
        async with self.database.acquire() as connection:
            return list(await connection.fetch("SELECT * FROM audit_line WHERE action LIKE '%.use' ORDER BY id"))


@pytest.fixture
def desk(database: Database, clock: SteppedClock, account: Account) -> Desk:
    return Desk(database, clock, account)


async def revoke(desk: Desk, issued: IssuedKey) -> str:
    await desk.keys.revoke(desk.account.id, issued.key.id)
    return HERE


async def suspend(desk: Desk, _issued: IssuedKey) -> str:
    suspensions = Suspensions(EventLog(desk.database), desk.audit, desk.clock, desk.keys.sessions)
    assert await suspensions.suspend(None, desk.account.id)
    return HERE


async def expire(desk: Desk, _issued: IssuedKey) -> str:
    desk.clock.advance(3600)
    return HERE


async def move(_desk: Desk, _issued: IssuedKey) -> str:
    return "10.0.1.1"


@pytest.mark.parametrize("is_known", [False, True])
@pytest.mark.parametrize(
    ("end", "reason"), [(revoke, "REVOKED"), (suspend, "SUSPENDED"), (expire, "EXPIRED"), (move, "ADDRESS")]
)
async def test_given_a_key_that_may_no_longer_when_used_then_its_account_is_told_once_with_the_reason(
    desk: Desk, end: Callable[[Desk, IssuedKey], Awaitable[str]], reason: str, is_known: bool
) -> None:
    issued = await desk.issue()
    if is_known:
        await desk.keys.authenticate(issued.token, HERE)
    address = await end(desk, issued)

    for _ in range(100):
        await desk.refuse(issued.token, address)

    (line,) = await desk.lines()
    assert (line["action"], line["outcome"], line["subject_id"]) == ("api_key.use", "UNAUTHENTICATED", issued.key.id)
    assert (line["account_id"], line["remote_address"], line["request_id"]) == (desk.account.id, address, "a-request")
    assert line["details"] == {"reason": reason}
    desk.clock.advance(10)
    for _ in range(5):
        await desk.refuse(issued.token, address)
    assert [line["details"] for line in await desk.lines()][1:] == [{"reason": reason, "refusedBefore": 99}]


@pytest.mark.parametrize(
    ("change", "origin", "reason"),
    [
        ("UPDATE access_token SET revoked_at = now()", "https://crm.example", "REVOKED"),
        ("UPDATE api_key SET revoked_at = now()", "https://crm.example", "REVOKED"),
        ("UPDATE agent SET deleted_at = now()", "https://crm.example", "AGENT_DELETED"),
        ("SELECT 1", "https://evil.example", "ORIGIN"),
        ("SELECT 1", None, "ORIGIN"),
    ],
)
async def test_given_an_access_token_that_may_not_when_used_then_its_account_is_told_why(
    desk: Desk, change: str, origin: str | None, reason: str
) -> None:
    issued = await desk.issue()
    holder = await desk.keys.authenticate(issued.token, HERE)
    tokens = AccessTokens(desk.database, desk.keys.credentials, desk.keys.sessions, desk.audit, desk.clock)
    async with desk.database.acquire() as connection:
        await connection.execute(
            "INSERT INTO agent (id, account_id, name, created_at) VALUES ('agent_1', $1, 'Ada', now())", desk.account.id
        )
    made = await tokens.create(
        holder, scopes={Scope.CALLS_READ}, allowed_origins=["https://crm.example"], agent_id="agent_1"
    )
    async with desk.database.acquire() as connection:
        await connection.execute(change)

    await desk.refuse(made.secret, origin=origin)
    await desk.refuse(made.secret, origin=origin)

    (line,) = await desk.lines()
    assert (line["action"], line["subject_id"], line["account_id"]) == (
        "access_token.use",
        made.token.id,
        desk.account.id,
    )
    assert line["details"] == {"reason": reason, "accessTokenId": made.token.id, "agentId": "agent_1"}


async def test_given_a_leaked_key_from_many_places_when_used_then_each_place_is_a_line_and_a_whole_network_one(
    desk: Desk,
) -> None:
    leaked, other = await desk.issue(), await desk.issue()
    for host in range(50):
        await desk.refuse(leaked.token, f"2001:db8:0:1::{host:x}")
        await desk.refuse(leaked.token, f"::ffff:192.0.2.{host % 2}")
    await desk.refuse(leaked.token, "2001:db8:0:2::1")
    await desk.refuse(other.token, "2001:db8:0:1::1")

    told = [(line["subject_id"], line["remote_address"]) for line in await desk.lines()]

    assert told == [
        (leaked.key.id, "2001:db8:0:1::0"),
        (leaked.key.id, "::ffff:192.0.2.0"),
        (leaked.key.id, "::ffff:192.0.2.1"),
        (leaked.key.id, "2001:db8:0:2::1"),
        (other.key.id, "2001:db8:0:1::1"),
    ]


async def test_given_a_revocation_that_was_seen_when_the_database_goes_away_then_the_key_is_not_believed_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued = await desk.issue()
    await desk.keys.authenticate(issued.token, HERE)
    async with desk.database.acquire() as connection:  # as another process does it, whose word is lost
        await connection.execute("UPDATE api_key SET revoked_at = now()")
    desk.clock.advance(6)
    await desk.refuse(issued.token)

    async def away(*_: object, **__: object) -> None:
        raise DatabaseUnavailableError("The database is away.")

    monkeypatch.setattr(desk.keys.credentials, "_look_up", away)
    with pytest.raises(DatabaseUnavailableError):
        await desk.keys.authenticate(issued.token, HERE)


def test_given_more_knockers_than_are_remembered_when_time_passes_then_the_memory_stays_bounded() -> None:
    clock, knocks = SteppedClock(), Knocks(most=3)
    assert [knocks.count(("a",), f"192.0.2.{host}", clock.now()) for host in (1, 2, 2)] == [0, 0, None]
    clock.advance(6)
    assert knocks.count(("a",), "192.0.2.3", clock.now()) == 0
    clock.advance(6)
    # The first two are over, so they make room; the third is still being counted.
    assert knocks.count(("a",), "192.0.2.4", clock.now()) == 0
    assert knocks.count(("a",), "192.0.2.3", clock.now()) is None
    assert len(knocks._told) == 2
    for host in range(100):
        knocks.count(("b",), f"203.0.113.{host}", clock.now())
    assert len(knocks._told) <= 3
