"""What the doctor says about trunks: of a real Asterisk, and of every state there is."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.accounts.audit import AuditLog
from app.accounts.service import Accounts
from app.config import Settings
from app.db.engine import Database
from app.doctor.findings import Status
from app.doctor.trunks import TrunkRow, _read_trunks, check_trunks, judge_told, judge_trunks
from app.local.asterisk import AsteriskConfig, AsteriskInstall, AsteriskInstance, running_asterisk
from app.local.asterisk_config import SipPeer
from app.routing.sandbox import seed_sandbox
from app.routing.words import LineState
from tests.calls.making import NOON
from tests.doctor.test_machine import assert_failed

MAIN = TrunkRow(account="acme", name="main", endpoint="acme-trunk-main", is_sandbox=False)
SANDBOX = TrunkRow(account="sandbox", name="main", endpoint="sandbox-trunk-main", is_sandbox=True)


def test_given_a_trunk_whose_far_end_answers_when_judged_then_it_is_online() -> None:
    (finding,) = judge_trunks([MAIN], {"acme-trunk-main": "online", "acme-2001": "offline"})
    assert (finding.status, finding.message) == (Status.OK, "1 of 1 online")


def test_given_a_trunk_that_is_down_beside_one_that_is_not_when_judged_then_both_are_told() -> None:
    other = TrunkRow(account="acme", name="backup", endpoint="acme-trunk-backup", is_sandbox=False)
    fine, down = judge_trunks([other, MAIN], {"acme-trunk-main": "offline", "acme-trunk-backup": "online"})
    assert fine.message == "1 of 2 online"
    assert_failed(down, "'main'", "'acme'", "down", "pjsip.conf", "acme-trunk-main")


def test_given_a_trunk_that_a_service_knows_to_be_down_when_judged_then_its_id_and_since_when_are_told() -> None:
    row = replace(MAIN, id="trunk_1", state=LineState.DOWN, changed_at=datetime(2026, 11, 22, 2, 59, 1, tzinfo=UTC))
    (finding,) = judge_trunks([row], {"acme-trunk-main": "offline"})
    assert_failed(finding, "trunk_1", "since 2026-11-22 02:59:01 UTC", "acme-trunk-main")


def test_given_an_asterisk_that_ends_with_its_service_when_trunks_are_judged_then_by_what_that_was_told_last() -> None:
    down = replace(MAIN, id="trunk_1", state=LineState.DOWN, changed_at=datetime(2026, 11, 22, 2, 59, 1, tzinfo=UTC))
    up, unknown = replace(MAIN, name="backup", state=LineState.UP), replace(MAIN, name="new", state=LineState.UNKNOWN)
    fine, finding = judge_told([down, up, unknown, SANDBOX])
    assert fine.message == "1 of 2 online, when last asked"
    assert_failed(finding, "'main'", "'acme'", "since 2026-11-22 02:59:01 UTC", "acme-trunk-main")
    assert judge_told([unknown, SANDBOX]) == []


def test_given_an_asterisk_that_has_just_started_when_a_trunk_is_offline_then_it_may_be_that_nobody_asked_yet() -> None:
    (finding,) = judge_trunks([MAIN], {"acme-trunk-main": "offline"}, has_asked=False)
    assert finding.status is Status.WARNING
    assert "just started" in finding.message


@pytest.mark.parametrize(
    ("state", "words"),
    [("offline", "updateTrunk"), ("unknown", "qualifySeconds"), ("missing", "trunk_not_provisioned")],
)
def test_given_a_trunk_that_an_account_made_when_something_is_amiss_then_nobody_is_sent_to_asterisks_files(
    state: str, words: str
) -> None:
    made = TrunkRow(account="acme", name="main", endpoint="ofh-acme-trunk-main", is_sandbox=False, is_provisioned=True)
    states = {} if state == "missing" else {"ofh-acme-trunk-main": state}
    (finding,) = judge_trunks([made], states)
    assert words in (finding.mend or "")
    assert "pjsip.conf" not in (finding.mend or "")
    assert "aor" not in (finding.mend or "")


@pytest.mark.postgres
async def test_given_trunks_that_are_not_in_use_when_read_then_the_kill_switch_brings_no_advice(
    database: Database, database_dsn: str, tmp_path: Path
) -> None:
    accounts = Accounts(database, AuditLog(database))
    running = await accounts.create("acme", display_name="Acme", default_region="US")
    suspended = await accounts.create("rogue", display_name="Rogue", default_region="US")
    async with database.acquire() as connection:
        await connection.execute("UPDATE account SET suspended_at = now() WHERE id = $1", suspended.id)
        for name, account_id, is_enabled, deleted_at in (
            ("used", running.id, True, None),
            ("disabled", running.id, False, None),
            ("deleted", running.id, True, NOON),
            ("stopped", suspended.id, True, None),
        ):
            await connection.execute(
                "INSERT INTO trunk (id, account_id, name, endpoint, dial_template, is_default, is_sandbox, "
                "is_provisioned, is_enabled, deleted_at) "
                "VALUES ($1, $2, $1, $1, '{digits}', false, false, true, $3, $4)",
                *(name, account_id, is_enabled, deleted_at),
            )
        await connection.execute(
            "INSERT INTO line_state (line_id, node, account_id, state, changed_at) "
            "VALUES ('used', 'n1', $1, 'UP', $2), ('used', 'n2', $1, 'DOWN', $2)",
            *(running.id, NOON),
        )
    settings = Settings(data_dir=tmp_path, database_url=SecretStr(database_dsn))
    found = await _read_trunks(settings)
    assert [(one.account, one.name, one.is_provisioned) for one in found] == [("acme", "used", True)]
    assert [(one.id, one.state, one.changed_at) for one in found] == [("used", LineState.DOWN, NOON)]
    (finding,) = await check_trunks(settings)
    assert_failed(finding, "'used'", "'acme'", "is down since", "updateTrunk")


@pytest.mark.parametrize("state", ["unknown", None])
def test_given_a_trunk_that_nobody_asks_when_judged_then_the_setting_is_named(state: str | None) -> None:
    (finding,) = judge_trunks([MAIN], {"acme-trunk-main": state})
    assert finding.status is Status.WARNING
    assert "qualify_frequency" in (finding.mend or "")


def test_given_a_trunk_that_asterisk_does_not_know_when_judged_then_it_fails_unless_it_is_the_sandboxs() -> None:
    (finding,) = judge_trunks([MAIN, SANDBOX], {})
    assert_failed(finding, "unknown to Asterisk", "acme-trunk-main")


async def test_given_no_asterisk_of_ones_own_or_none_that_answers_when_checked_then_other_checks_say_so(
    tmp_path: Path,
) -> None:
    assert await check_trunks(Settings(data_dir=tmp_path)) == []
    nowhere = Settings(data_dir=tmp_path, ari_url="http://127.0.0.1:1", ari_password=SecretStr("x"))
    assert await check_trunks(nowhere) == []


@pytest.mark.postgres
async def test_given_a_database_without_a_schema_or_without_trunks_when_checked_then_nothing_is_said(
    database_dsn: str, tmp_path: Path
) -> None:
    settings = Settings(
        data_dir=tmp_path,
        database_url=SecretStr(database_dsn),
        ari_url="http://127.0.0.1:1",
        ari_password=SecretStr("x"),
    )
    assert await check_trunks(settings) == []


@pytest.mark.asterisk
@pytest.mark.postgres
async def test_given_a_real_asterisk_when_its_trunks_are_checked_then_those_there_and_those_missing_are_told_apart(
    database: Database, database_dsn: str, asterisk_install: AsteriskInstall, tmp_path: Path
) -> None:
    audit = AuditLog(database)
    await seed_sandbox(database, audit)
    account = await Accounts(database, audit).create("acme", display_name="Acme", default_region="US")
    async with database.acquire() as connection:
        for name in ("here", "missing"):
            await connection.execute(
                "INSERT INTO trunk (id, account_id, name, endpoint, dial_template, is_default, is_sandbox) "
                "VALUES ($1, $2, $1, $3, '{digits}', false, false)",
                name,
                account.id,
                f"acme-trunk-{name}",
            )
    config = AsteriskConfig(peers=(SipPeer(name="acme-trunk-here", port=9),))
    async with running_asterisk(config, install=asterisk_install) as asterisk:
        found = await check_trunks(_settings(asterisk, database_dsn, tmp_path))
    # Nobody asks "here" whether it is there, so Asterisk takes it to be. The sandbox's is asked within half a minute of
    # the start: it is online by now, or has not been asked yet.
    online, *others = found
    assert (online.status, online.message) in {(Status.OK, "1 of 3 online"), (Status.OK, "2 of 3 online")}
    (missing,) = [one for one in others if one.status is Status.FAILED]
    assert_failed(missing, "'missing'", "unknown to Asterisk", "acme-trunk-missing")
    assert all("'sandbox'" in one.message for one in others if one.status is Status.WARNING)
    assert len(others) == (2 if online.message.startswith("1") else 1)


def _settings(asterisk: AsteriskInstance, dsn: str, tmp_path: Path) -> Settings:
    return Settings(
        data_dir=tmp_path,
        database_url=SecretStr(dsn),
        ari_url=asterisk.ari_url,
        ari_username=asterisk.ari_username,
        ari_password=SecretStr(asterisk.ari_password),
    )
