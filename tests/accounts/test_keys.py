"""API keys: shown once, kept as a hash, refused in one voice."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from app.accounts.audit import AuditLog
from app.accounts.key_rows import IssuedKey
from app.accounts.keys import ApiKeys
from app.accounts.scopes import Scope
from app.accounts.service import Account, Accounts
from app.db.engine import Database
from app.errors import AuthenticationError, DatabaseUnavailableError, RefusedError
from tests.accounts.stepped_clock import SteppedClock

pytestmark = pytest.mark.postgres

READ_CALLS = [Scope.CALLS_READ]


async def refusal_of(work: Awaitable[object]) -> list[tuple[str, tuple[str, ...]]]:
    with pytest.raises(RefusedError) as refused:
        await work
    return [(problem.code, problem.field) for problem in refused.value.problems]


async def test_given_a_new_key_when_used_then_it_is_its_accounts_principal(keys: ApiKeys, account: Account) -> None:
    issued = await keys.create(account.id, name="CRM", scopes=[Scope.CALLS_READ, Scope.CALLS_ORIGINATE], by=None)

    principal = await keys.authenticate(issued.token, "198.51.100.7")

    assert re.fullmatch(r"ofk_live_[0-9A-Za-z]{40}", issued.token)
    assert principal.account_id == account.id
    assert principal.account_name == "acme"
    assert principal.default_region == "US"
    assert principal.key_id == issued.key.id
    assert principal.scopes == {Scope.CALLS_READ, Scope.CALLS_ORIGINATE}
    assert principal.is_test is False
    assert principal.remote_address == "198.51.100.7"


async def test_given_a_key_when_stored_then_neither_row_nor_representation_holds_it(
    keys: ApiKeys, account: Account, database: Database
) -> None:
    issued = await keys.create(account.id, name="CRM", scopes=READ_CALLS)

    async with database.acquire() as connection:
        row = str(await connection.fetchrow("SELECT * FROM api_key"))
    secret = issued.token.removeprefix("ofk_live_")
    assert secret not in row
    assert secret not in repr(issued)
    assert issued.key.hint == f"ofk_live_…{secret[-4:]}"


async def test_given_a_sandbox_account_when_a_key_is_made_then_it_is_a_test_key(
    keys: ApiKeys, accounts: Accounts
) -> None:
    sandbox = await accounts.create("playground", is_sandbox=True)

    issued = await keys.create(sandbox.id, name="demo", scopes=READ_CALLS)

    assert issued.token.startswith("ofk_test_")
    assert (await keys.authenticate(issued.token, None)).is_test


async def test_given_a_test_key_of_a_live_account_when_used_then_it_is_a_test_principal(
    keys: ApiKeys, account: Account
) -> None:
    issued = await keys.create(account.id, name="try", scopes=READ_CALLS, is_test=True)

    assert (await keys.authenticate(issued.token, None)).is_test


Breaking = Callable[[ApiKeys, IssuedKey, SteppedClock], Awaitable[tuple[str | None, str | None]]]


async def wrong_key(_keys: ApiKeys, issued: IssuedKey, _clock: SteppedClock) -> tuple[str | None, str | None]:
    last = "A" if issued.token[-1] != "A" else "B"
    return issued.token[:-1] + last, "10.0.0.1"


async def longer_key(_keys: ApiKeys, issued: IssuedKey, _clock: SteppedClock) -> tuple[str | None, str | None]:
    return issued.token + "A", "10.0.0.1"


async def huge_key(_keys: ApiKeys, issued: IssuedKey, _clock: SteppedClock) -> tuple[str | None, str | None]:
    return issued.token * 100_000, "10.0.0.1"


async def odd_characters(_keys: ApiKeys, _issued: IssuedKey, _clock: SteppedClock) -> tuple[str | None, str | None]:
    return "ofk_live_\x00'; DROP TABLE api_key; --\ud800é", "10.0.0.1"


async def revoked(keys: ApiKeys, issued: IssuedKey, _clock: SteppedClock) -> tuple[str | None, str | None]:
    await keys.revoke(issued.key.account_id, issued.key.id)
    return issued.token, "10.0.0.1"


async def expired(_keys: ApiKeys, issued: IssuedKey, clock: SteppedClock) -> tuple[str | None, str | None]:
    clock.advance(3600)
    return issued.token, "10.0.0.1"


async def rotated(keys: ApiKeys, issued: IssuedKey, _clock: SteppedClock) -> tuple[str | None, str | None]:
    await keys.rotate(issued.key.account_id, issued.key.id)
    return issued.token, "10.0.0.1"


async def elsewhere(_keys: ApiKeys, issued: IssuedKey, _clock: SteppedClock) -> tuple[str | None, str | None]:
    return issued.token, "10.0.1.1"


async def no_address(_keys: ApiKeys, issued: IssuedKey, _clock: SteppedClock) -> tuple[str | None, str | None]:
    return issued.token, None


@pytest.mark.parametrize("is_known", [False, True])
@pytest.mark.parametrize(
    "break_it",
    [
        wrong_key,
        longer_key,
        huge_key,
        odd_characters,
        revoked,
        expired,
        rotated,
        elsewhere,
        no_address,
    ],
)
async def test_given_a_key_that_is_wrong_in_any_way_when_used_then_the_answer_is_always_the_same(
    keys: ApiKeys, account: Account, clock: SteppedClock, break_it: Breaking, is_known: bool
) -> None:
    issued = await keys.create(
        account.id,
        name="CRM",
        scopes=READ_CALLS,
        ip_allow_list=["10.0.0.0/24"],
        expires_at=clock.now() + timedelta(hours=1),
    )
    if is_known:
        await keys.authenticate(issued.token, "10.0.0.1")
    token, address = await break_it(keys, issued, clock)

    with pytest.raises(AuthenticationError) as refused:
        await keys.authenticate(token, address)

    assert refused.value.message == (
        "The API key is wrong, expired or revoked, or may not be used from this address. "
        "`offhook key create sandbox` makes one for the sandbox."
    )


@pytest.mark.parametrize("token", [None, ""])
async def test_given_no_key_when_used_then_the_answer_says_how_one_is_sent_and_made(
    keys: ApiKeys, token: str | None
) -> None:
    with pytest.raises(AuthenticationError) as refused:
        await keys.authenticate(token, "10.0.0.1")

    assert refused.value.message == (
        "This needs an API key: send 'Authorization: Bearer ofk_…'. "
        "`offhook key create sandbox` makes one for the sandbox."
    )


@pytest.mark.parametrize("token", ["ofk_test_…", "ofk_live_...", "…", "ofk_test_â\x80¦"])
async def test_given_the_placeholder_of_a_page_when_used_as_a_key_then_the_answer_says_so(
    keys: ApiKeys, token: str
) -> None:
    with pytest.raises(AuthenticationError, match="placeholder"):
        await keys.authenticate(token, "10.0.0.1")


async def test_given_a_suspended_account_when_its_key_is_used_then_it_is_refused(
    keys: ApiKeys, account: Account, database: Database
) -> None:
    issued = await keys.create(account.id, name="CRM", scopes=READ_CALLS)
    async with database.acquire() as connection:
        await connection.execute("UPDATE account SET suspended_at = now() WHERE id = $1", account.id)

    with pytest.raises(AuthenticationError):
        await keys.authenticate(issued.token, None)


async def test_given_a_known_key_when_used_again_then_the_database_is_asked_only_after_the_stated_seconds(
    keys: ApiKeys, account: Account, clock: SteppedClock, database: Database
) -> None:
    issued = await keys.create(account.id, name="CRM", scopes=READ_CALLS)
    await keys.authenticate(issued.token, None)
    async with database.acquire() as connection:  # as another process would revoke it
        await connection.execute("UPDATE api_key SET revoked_at = now()")

    clock.advance(4.9)
    await keys.authenticate(issued.token, None)
    clock.advance(0.2)
    with pytest.raises(AuthenticationError):
        await keys.authenticate(issued.token, None)


async def test_given_a_revocation_while_the_key_is_being_read_when_read_then_it_is_not_remembered(
    keys: ApiKeys, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued = await keys.create(account.id, name="CRM", scopes=READ_CALLS)
    remember = keys.credentials._known.remember

    def remember_late(hashed: bytes, value: object, generation: int) -> None:
        keys.credentials.forget(account.id)  # the revocation comes between the read and the remembering
        remember(hashed, value, generation)  # type: ignore[arg-type]  # passed on untouched

    monkeypatch.setattr(keys.credentials._known, "remember", remember_late)
    await keys.authenticate(issued.token, None)

    assert not keys.credentials._known._values


async def test_given_more_keys_than_the_memory_holds_when_used_then_all_work_and_the_memory_stays_small(
    database: Database, audit: AuditLog, account: Account
) -> None:
    keys = ApiKeys(database, b"k" * 32, audit, cache_size=2)
    issued = [await keys.create(account.id, name=f"key {number}", scopes=READ_CALLS) for number in range(4)]

    for key in issued * 2:
        assert (await keys.authenticate(key.token, None)).key_id == key.key.id

    assert len(keys.credentials._known._values) == 2


async def test_given_a_known_key_when_the_database_is_away_then_it_still_works_and_an_unknown_one_says_so(
    database_dsn: str, account: Account, keys: ApiKeys
) -> None:
    issued = await keys.create(account.id, name="CRM", scopes=READ_CALLS)
    busy = await Database.connect(database_dsn, pool_size=2, command_timeout=2.0)
    try:
        own = ApiKeys(busy, b"k" * 32, AuditLog(busy))
        await own.authenticate(issued.token, None)
        async with busy.acquire(), busy.acquire():  # no connection is left to ask with
            await own.authenticate(issued.token, None)
            with pytest.raises(DatabaseUnavailableError):
                await own.authenticate("ofk_live_unknown", None)
    finally:
        await busy.aclose()


async def test_given_a_key_used_before_the_database_went_away_when_used_then_it_works_for_a_quarter_of_an_hour(
    database_dsn: str, account: Account, keys: ApiKeys, clock: SteppedClock
) -> None:
    issued = await keys.create(account.id, name="CRM", scopes=READ_CALLS)
    busy = await Database.connect(database_dsn, pool_size=1, command_timeout=2.0)
    present = 0.0
    try:
        own = ApiKeys(busy, b"k" * 32, AuditLog(busy), clock=clock, cache_seconds=5.0, monotonic=lambda: present)
        await own.authenticate(issued.token, None)
        async with busy.acquire():  # no connection is left to ask with
            present = 5.0 + 899.0
            assert (await own.authenticate(issued.token, None)).key_id == issued.key.id
            present = 5.0 + 901.0
            with pytest.raises(DatabaseUnavailableError):
                await own.authenticate(issued.token, None)
    finally:
        await busy.aclose()


async def test_given_a_key_hashed_with_another_secret_when_used_then_it_is_refused(
    keys: ApiKeys, account: Account, database: Database, audit: AuditLog
) -> None:
    issued = await keys.create(account.id, name="CRM", scopes=READ_CALLS)

    with pytest.raises(AuthenticationError):
        await ApiKeys(database, b"x" * 32, audit).authenticate(issued.token, None)


async def test_given_a_rotation_with_grace_when_both_keys_are_used_then_the_old_one_ends_after_it(
    keys: ApiKeys, account: Account, clock: SteppedClock
) -> None:
    old = await keys.create(
        account.id,
        name="CRM",
        scopes=READ_CALLS,
        ip_allow_list=["192.0.2.1"],
        expires_at=clock.now() + timedelta(days=9),
    )

    new = await keys.rotate(account.id, old.key.id, grace=timedelta(minutes=10))

    assert new.token != old.token
    assert new.key.id != old.key.id
    assert (new.key.scopes, new.key.ip_allow_list, new.key.expires_at) == (
        old.key.scopes,
        ("192.0.2.1/32",),
        old.key.expires_at,
    )
    await keys.authenticate(old.token, "192.0.2.1")
    clock.advance(601)
    await keys.authenticate(new.token, "192.0.2.1")
    with pytest.raises(AuthenticationError):
        await keys.authenticate(old.token, "192.0.2.1")


async def test_given_two_rotations_at_once_when_both_run_then_one_successor_exists(
    keys: ApiKeys, account: Account
) -> None:
    old = await keys.create(account.id, name="CRM", scopes=READ_CALLS)

    outcomes = await asyncio.gather(
        keys.rotate(account.id, old.key.id), keys.rotate(account.id, old.key.id), return_exceptions=True
    )

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["IssuedKey", "RefusedError"]
    assert len(await keys.list_of(account.id)) == 2


async def test_given_a_dead_key_when_rotated_then_its_state_is_told(
    keys: ApiKeys, account: Account, clock: SteppedClock
) -> None:
    key = (await keys.create(account.id, name="CRM", scopes=READ_CALLS)).key
    short = (
        await keys.create(account.id, name="CRM", scopes=READ_CALLS, expires_at=clock.now() + timedelta(seconds=1))
    ).key
    await keys.revoke(account.id, key.id)
    clock.advance(2)

    for dead in (key, short):
        assert await refusal_of(keys.rotate(account.id, dead.id)) == [("INVALID_STATE", ("id",))]
    assert await refusal_of(keys.rotate(account.id, key.id, grace=timedelta(seconds=-1))) == [
        ("INVALID_INPUT", ("graceSeconds",))
    ]


async def test_given_another_accounts_key_when_listed_revoked_or_rotated_then_it_does_not_exist(
    keys: ApiKeys, account: Account, other_account: Account
) -> None:
    issued = await keys.create(account.id, name="CRM", scopes=READ_CALLS)

    assert await keys.list_of(other_account.id) == []
    assert await refusal_of(keys.revoke(other_account.id, issued.key.id)) == [("NOT_FOUND", ("id",))]
    assert await refusal_of(keys.rotate(other_account.id, issued.key.id)) == [("NOT_FOUND", ("id",))]
    await keys.authenticate(issued.token, None)


async def test_given_a_revoked_key_when_revoked_again_then_its_instant_stays(
    keys: ApiKeys, account: Account, clock: SteppedClock
) -> None:
    issued = await keys.create(account.id, name="CRM", scopes=READ_CALLS)

    first = await keys.revoke(account.id, issued.key.id)
    clock.advance(60)
    second = await keys.revoke(account.id, issued.key.id)

    assert first.revoked_at == second.revoked_at is not None


async def test_given_a_key_that_makes_keys_when_it_gives_what_it_lacks_then_it_is_refused(
    keys: ApiKeys, account: Account
) -> None:
    issued = await keys.create(account.id, name="admin", scopes=[Scope.KEYS, Scope.CALLS_READ])
    strong = await keys.create(account.id, name="strong", scopes=[Scope.CALLS_ORIGINATE])
    holder = await keys.authenticate(issued.token, None)
    test_holder = replace(holder, is_test=True)

    assert await refusal_of(keys.create(account.id, name="more", scopes=[Scope.KEYS, Scope.PII_READ], by=holder)) == [
        ("INVALID_INPUT", ("scopes",))
    ]
    assert await refusal_of(keys.rotate(account.id, strong.key.id, by=holder)) == [("INVALID_INPUT", ("scopes",))]
    assert await refusal_of(keys.create(account.id, name="live", scopes=READ_CALLS, by=test_holder)) == [
        ("SANDBOX_ONLY", ("isTest",))
    ]
    assert (await keys.create(account.id, name="less", scopes=READ_CALLS, by=holder)).key.scopes == (Scope.CALLS_READ,)


@pytest.mark.parametrize(
    ("allow_list", "code"),
    [
        (["0.0.0.0/0"], "INVALID_INPUT"),
        (["::/0"], "INVALID_INPUT"),
        (["10.0.0.1/8"], "INVALID_INPUT"),
        (["10.0.0.0/33"], "INVALID_INPUT"),
        (["evil.example"], "INVALID_INPUT"),
        ([""], "INVALID_INPUT"),
        (["10.0.0.0/24\r\n"], None),
        (["10.0.0.1"] * 101, "INVALID_INPUT"),
    ],
)
async def test_given_an_allow_list_when_a_key_is_made_then_only_real_networks_are_taken(
    keys: ApiKeys, account: Account, allow_list: list[str], code: str | None
) -> None:
    made = keys.create(account.id, name="CRM", scopes=READ_CALLS, ip_allow_list=allow_list)
    if code is None:
        assert (await made).key.ip_allow_list == ("10.0.0.0/24",)
    else:
        assert {problem[0] for problem in await refusal_of(made)} == {code}


async def test_given_everything_wrong_at_once_when_a_key_is_made_then_every_problem_is_told(
    keys: ApiKeys, account: Account, clock: SteppedClock
) -> None:
    found = await refusal_of(
        keys.create(account.id, name="a\x1b[31m", scopes=[], ip_allow_list=["x"], expires_at=clock.now())
    )

    assert found == [
        ("INVALID_INPUT", ("ipAllowList", "0")),
        ("INVALID_INPUT", ("name",)),
        ("REQUIRED", ("scopes",)),
        ("INVALID_INPUT", ("expiresAt",)),
    ]
    assert await refusal_of(keys.create("acc_nobody", name="CRM", scopes=READ_CALLS)) == [("NOT_FOUND", ("account",))]


async def test_given_keys_were_made_used_wrongly_and_revoked_when_audited_then_each_has_its_line(
    keys: ApiKeys, account: Account, audit: AuditLog, database: Database
) -> None:
    issued = await keys.create(account.id, name="CRM", scopes=READ_CALLS, ip_allow_list=["10.0.0.0/24"])
    with pytest.raises(AuthenticationError):
        await keys.authenticate(issued.token, "192.0.2.9")
    await keys.revoke(account.id, issued.key.id)
    await audit.flush()

    async with database.acquire() as connection:
        rows = await connection.fetch(
            "SELECT action, outcome, remote_address FROM audit_line WHERE subject_id = $1 ORDER BY id", issued.key.id
        )
    assert [tuple(row) for row in rows] == [
        ("api_key.create", "OK", None),
        ("api_key.use", "UNAUTHENTICATED", "192.0.2.9"),
        ("api_key.revoke", "OK", None),
    ]
