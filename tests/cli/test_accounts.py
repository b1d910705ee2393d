"""``offhook account`` and ``offhook key``."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Final

import msgspec
import pytest
import structlog

from app.accounts.audit import AuditLog
from app.accounts.keys import ApiKeys
from app.config import load_settings
from app.db.engine import Database
from app.errors import AuthenticationError
from app.facts.vocabulary import CallState
from app.routing.sandbox import seed_sandbox
from app.secrets.service_secret import Purpose, ServiceSecret
from tests.calls.making import make_call
from tests.calls.rows import insert_calls
from tests.cli.command import Command
from tests.rig.terminal import watched

pytestmark = pytest.mark.postgres

OFFHOOK: Final = str(Path(sys.executable).with_name("offhook"))


async def _opened_database() -> Database:
    settings = load_settings()
    assert settings.database_url is not None
    return await Database.connect(settings.database_url.get_secret_value(), pool_size=2)


def authenticate(token: str) -> str:
    """The account's name behind a token, as a service with the same settings would see it."""

    async def ask() -> str:
        database = await _opened_database()
        try:
            key = ServiceSecret.load(load_settings()).derive(Purpose.API_KEYS)
            return (await ApiKeys(database, key, AuditLog(database)).authenticate(token, "10.0.0.5")).account_name
        finally:
            await database.aclose()

    return asyncio.run(ask())


def test_given_a_command_when_something_within_it_logs_an_error_then_stdout_has_the_result_and_stderr_no_variable(
    offhook: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def flush(_log: AuditLog) -> None:
        secret = "hunter2".upper()
        try:
            assert len(secret) // 0
        except ZeroDivisionError:
            structlog.get_logger("app.accounts.audit").exception("audit_failed")

    monkeypatch.setattr(AuditLog, "flush", flush)
    structlog.reset_defaults()  # as a process begins
    said = offhook.run("account", "list", "--json")
    assert json.loads(said.out) == []
    assert "audit_failed" in said.err
    assert "ZeroDivisionError" in said.err
    assert "HUNTER2" not in said.err


def test_given_a_new_account_when_shown_then_its_policy_is_what_was_allowed(offhook: Command) -> None:
    made = offhook.read("account", "create", "acme", "--display-name", "Acme [Ltd.]", "--allow", "+1", "--allow", "+44")

    shown = offhook.read("account", "show", "acme")
    assert shown["id"] == made["id"]
    assert shown["displayName"] == "Acme [Ltd.]"
    assert [rule["prefix"] for rule in shown["destinationRules"]] == ["+1", "+44"]
    assert shown["keys"] == []
    assert [account["name"] for account in offhook.read("account", "list")] == ["acme"]
    for arguments in (("account", "show", made["id"]), ("account", "list")):
        said = offhook.run(*arguments)
        assert said.status == 0
        assert "Acme [Ltd.]" in said.out


def test_given_an_account_that_is_suspended_while_it_has_live_calls_when_listed_then_both_are_told(
    offhook: Command,
) -> None:
    made = offhook.read("account", "create", "acme")
    offhook.read("account", "create", "quiet")
    call = make_call(account_id=made["id"])
    ended = msgspec.structs.replace(make_call(account_id=made["id"]), state=CallState.ENDED)
    offhook.read("account", "suspend", "acme")

    async def insert() -> None:
        settings = load_settings()
        assert settings.database_url is not None
        database = await Database.connect(settings.database_url.get_secret_value(), pool_size=2)
        try:
            await insert_calls(database, [call, ended])
        finally:
            await database.aclose()

    asyncio.run(insert())
    acme, quiet = offhook.read("account", "list")
    assert (acme["liveCalls"], quiet["liveCalls"]) == (1, 0)
    assert acme["suspendedAt"] is not None
    assert quiet["suspendedAt"] is None
    heading = offhook.run("account", "list").out
    assert "suspended" in heading
    assert "live calls" in heading


def test_given_a_grant_when_made_then_it_replaces_the_former_and_says_who_may_be_called(offhook: Command) -> None:
    offhook.run("account", "create", "acme", "--allow", "+49")

    said = offhook.run("account", "grant", "acme", "--allow", "US", "--allow", "+44", "--deny", "+1212")

    assert (said.status, said.out) == (0, "May call now: US, +44.\n")
    rules = offhook.read("account", "show", "acme")["destinationRules"]
    assert [(rule["prefix"], rule["country"], rule["isAllowed"]) for rule in rules] == [
        ("+1", "US", True),
        ("+44", None, True),
        ("+1212", None, False),
    ]
    for wrong in ("us", "XX", "44", "+44 ", "+" + "1" * 16):
        assert offhook.run("account", "grant", "acme", "--allow", wrong).status == 1
    assert offhook.run("account", "grant", "acme").out == "May call now: nobody.\n"
    assert offhook.read("account", "show", "acme")["destinationRules"] == []


def test_given_the_sandbox_when_a_grant_leaves_its_numbers_out_then_it_is_refused_and_they_stay(
    offhook: Command,
) -> None:
    async def seed() -> None:
        database = await _opened_database()
        try:
            await seed_sandbox(database, AuditLog(database))
        finally:
            await database.aclose()

    asyncio.run(seed())
    before = offhook.read("account", "show", "sandbox")["destinationRules"]
    for rules in (["--allow", "+1"], [], ["--deny", "+155501"]):
        said = offhook.run("account", "grant", "sandbox", *rules)
        assert said.status == 1
        assert "+155501…" in said.err
        assert "account create NAME --allow +1" in said.err
    assert offhook.read("account", "show", "sandbox")["destinationRules"] == before
    assert offhook.run("account", "grant", "sandbox", "--allow", "+155501", "--allow", "GB").status == 0


def test_given_a_key_when_made_then_stdout_is_the_key_alone_and_it_works(offhook: Command) -> None:
    offhook.run("account", "create", "acme")

    said = offhook.run("key", "create", "acme", "--name", "CRM", "--ip", "10.0.0.0/24", "--expires-in-days", "1")

    token = said.out.strip()
    assert said.status == 0
    assert token.startswith("ofk_live_")
    assert "\n" not in token
    assert said.err == ""  # a program has it; whoever started that has not seen what could not be shown again
    assert authenticate(token) == "acme"
    listed = offhook.run("key", "list", "acme")
    assert "CRM" in listed.out
    assert token not in listed.out


def test_given_a_terminal_when_a_key_is_made_then_it_is_told_that_it_cannot_be_shown_again(
    offhook: Command, tmp_path: Path
) -> None:
    offhook.run("account", "create", "acme")

    with watched((OFFHOOK, "key", "create", "acme", "--name", "CRM"), cwd=tmp_path, env=os.environ) as making:
        assert making.until_over() == 0, making.shown

    token, told = making.shown.splitlines()
    assert authenticate(token) == "acme"
    assert told.startswith("Key key_")
    assert told.endswith(" (CRM). It cannot be shown again: keep it safe.")


def test_given_an_asterisk_of_ones_own_when_a_key_of_the_sandbox_is_made_then_nobody_is_told_to_wait_for_it(
    environment: pytest.MonkeyPatch, offhook: Command
) -> None:
    environment.setenv("OFFHOOK_ARI_URL", "http://127.0.0.1:1")
    environment.setenv("OFFHOOK_ARI_PASSWORD", "secret")

    said = offhook.run("key", "create", "sandbox")

    assert said.status == 1
    assert "There is no account 'sandbox'. `offhook account list` names them." in said.err


def test_given_scopes_by_name_when_a_key_is_made_then_it_has_those_alone(offhook: Command) -> None:
    offhook.run("account", "create", "acme")

    made = offhook.read("key", "create", "acme", "--scope", "calls:read", "--scope", "keys", "--test")

    assert made["scopes"] == ["calls:read", "keys"]
    assert made["isTest"] is True
    assert made["token"].startswith("ofk_test_")
    assert {"keys", "audit", "dtmf:read"}.isdisjoint(offhook.read("key", "create", "acme")["scopes"])


def test_given_a_key_when_rotated_and_revoked_then_old_ones_stop_working(offhook: Command) -> None:
    offhook.run("account", "create", "acme")
    first = offhook.read("key", "create", "acme")

    second = offhook.read("key", "rotate", "acme", first["id"])
    assert authenticate(second["token"]) == "acme"
    with pytest.raises(AuthenticationError):
        authenticate(first["token"])

    said = offhook.run("key", "revoke", "acme", second["id"])
    assert said.status == 0
    with pytest.raises(AuthenticationError):
        authenticate(second["token"])
    assert all(key["revokedAt"] for key in offhook.read("key", "list", "acme"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("account", "create", "Not Good"), "2 to 20 lower-case"),
        (("account", "create", "acme"), "already"),
        (("account", "create", "other", "--allow", "1"), "prefix"),
        (("account", "create", "other", "--region", "Mars"), "two-letter"),
        (("account", "show", "nobody"), "offhook account list"),
        (("key", "create", "nobody"), "no account"),
        (("key", "create", "sandbox"), "not there yet: Offhook makes it when it starts. Wait until it says"),
        (("key", "create", "acme", "--ip", "0.0.0.0/0"), "all addresses"),
        (("key", "revoke", "acme", "key_x"), "no such API key"),
        (("key", "rotate", "acme", "key_x"), "no such API key"),
    ],
)
def test_given_a_mistake_when_a_command_runs_then_one_message_says_it_and_the_status_is_one(
    offhook: Command, arguments: tuple[str, ...], message: str
) -> None:
    offhook.run("account", "create", "acme")

    said = offhook.run(*arguments)

    assert (said.status, said.out) == (1, "")
    assert message in said.err
    assert "Traceback" not in said.err
    assert [account["name"] for account in offhook.read("account", "list")] == ["acme"]


@pytest.mark.parametrize("scope", ["everything", "calls:*", ""])
def test_given_an_unknown_scope_when_a_key_is_made_then_the_known_ones_are_named(offhook: Command, scope: str) -> None:
    said = offhook.run("key", "create", "acme", "--scope", scope)

    assert said.status == 2
    assert "calls:originate" in said.err


def test_given_what_commands_did_when_audited_then_the_operator_stands_as_system(offhook: Command) -> None:
    offhook.run("account", "create", "acme")
    key = offhook.read("key", "create", "acme")
    offhook.run("key", "revoke", "acme", key["id"])

    async def read() -> list[tuple[str, str]]:
        settings = load_settings()
        assert settings.database_url is not None
        database = await Database.connect(settings.database_url.get_secret_value(), pool_size=2)
        try:
            async with database.acquire() as connection:
                rows = await connection.fetch("SELECT actor_kind, action FROM audit_line ORDER BY id")
            return [(row["actor_kind"], row["action"]) for row in rows]
        finally:
            await database.aclose()

    assert asyncio.run(read()) == [
        ("SYSTEM", "account.create"),
        ("SYSTEM", "destination_policy.grant"),
        ("SYSTEM", "api_key.create"),
        ("SYSTEM", "api_key.revoke"),
    ]
