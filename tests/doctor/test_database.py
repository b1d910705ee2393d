"""What the doctor says about the database, and how it comes to the embedded one."""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

import asyncpg
import pytest
from pydantic import SecretStr

from app.config import Settings
from app.doctor.database import _judge_clock, check_database
from app.doctor.findings import Finding, Status
from app.errors import ConfigurationError
from app.local.database import embedded_directory, open_database
from app.local.postgres import LocalPostgres
from app.local.postgres_directory import DataDirectoryInUseError, entering
from tests.doctor.test_machine import assert_failed

pytestmark = pytest.mark.postgres


def by_check(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.check: finding for finding in findings}


def settings_for(dsn: str, tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, database_url=SecretStr(dsn))


@pytest.fixture
async def empty_dsn(postgres: LocalPostgres) -> AsyncIterator[str]:
    yield await postgres.create_database("doctor_empty")
    await postgres.drop_database("doctor_empty")


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """Where another user, under whom the server may run, can get to."""
    parent = Path(tempfile.mkdtemp(prefix="offhook-test-"))
    parent.chmod(0o711)
    yield parent / "data"
    shutil.rmtree(parent)


async def test_given_a_process_that_has_the_embedded_server_to_itself_when_checked_then_what_to_do_is_told_once(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(data_dir=data_dir)
    monkeypatch.setattr("app.local.database._JOIN_SECONDS", 0.1)
    with entering(embedded_directory(settings)) as (directory, user):
        cluster = directory / "cluster"
        cluster.mkdir()
        if user.is_other:
            os.chown(cluster, user.uid, user.gid)
        (finding,) = await check_database(settings)

    assert_failed(finding, "does not take connections", "wait until it says that it is up", "server.log")
    assert f"{finding.message} {finding.mend}".count("OFFHOOK_DATABASE_URL") == 1


async def test_given_an_embedded_server_that_cannot_be_run_when_checked_then_a_server_of_ones_own_is_named_once(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(data_dir=data_dir)
    (embedded_directory(settings) / "cluster").mkdir(parents=True)

    def refuse(_directory: Path) -> NoReturn:
        raise ConfigurationError("Add one named postgres, or set OFFHOOK_DATABASE_URL to a server of your own.")

    monkeypatch.setattr("app.local.postgres.entering", refuse)
    (finding,) = await check_database(settings)

    assert_failed(finding, "Add one named postgres", "server.log")
    assert f"{finding.message} {finding.mend}".count("OFFHOOK_DATABASE_URL") == 1


async def test_given_a_migrated_database_when_checked_then_all_is_ok(database_dsn: str, tmp_path: Path) -> None:
    found = by_check(await check_database(settings_for(database_dsn, tmp_path)))

    assert {finding.status for finding in found.values()} == {Status.OK}
    assert set(found) == {"database", "schema", "clock"}


async def test_given_an_empty_database_when_checked_then_it_is_worth_knowing_and_no_more(
    empty_dsn: str, tmp_path: Path
) -> None:
    found = by_check(await check_database(settings_for(empty_dsn, tmp_path)))

    assert found["database"].status is Status.OK
    assert found["schema"].status is Status.WARNING
    assert "offhook serve" in (found["schema"].mend or "")


async def test_given_a_newer_schema_when_checked_then_it_fails(database_dsn: str, tmp_path: Path) -> None:
    connection = await asyncpg.connect(database_dsn, timeout=5)
    await connection.execute("UPDATE alembic_version SET version_num = 'from_the_future'")
    await connection.close()

    assert_failed(by_check(await check_database(settings_for(database_dsn, tmp_path)))["schema"], "newer version")


@pytest.mark.parametrize(
    ("dsn", "words"),
    [
        ("postgresql://u:hush@127.0.0.1:1/offhook", ("cannot be reached", "OFFHOOK_DATABASE_URL")),
        ("postgresql://u:hush@host.invalid/offhook", ("cannot be reached", "OFFHOOK_DATABASE_URL")),
        ("nonsense", ("OFFHOOK_DATABASE_URL",)),
        ("mysql://u:hush@127.0.0.1/x", ("OFFHOOK_DATABASE_URL",)),
    ],
)
async def test_given_a_wrong_address_when_checked_then_it_fails_without_showing_the_password(
    tmp_path: Path, dsn: str, words: tuple[str, ...]
) -> None:
    (finding,) = await check_database(settings_for(dsn, tmp_path))

    assert_failed(finding, *words)
    assert "hush" not in f"{finding.message} {finding.mend}"


async def test_given_a_database_that_does_not_exist_when_checked_then_its_refusal_is_told(
    postgres: LocalPostgres, tmp_path: Path
) -> None:
    (finding,) = await check_database(settings_for(postgres.dsn_of("no_such_database"), tmp_path))

    assert_failed(finding, "no_such_database", "OFFHOOK_DATABASE_URL")


async def test_given_a_user_that_may_not_come_in_when_checked_then_its_refusal_is_told(
    postgres: LocalPostgres, tmp_path: Path
) -> None:
    dsn = postgres.dsn_of("postgres").replace("offhook@", "stranger@")

    (finding,) = await check_database(settings_for(dsn, tmp_path))

    assert_failed(finding, "stranger", "OFFHOOK_DATABASE_URL")


async def test_given_no_embedded_cluster_yet_when_checked_then_none_is_made(data_dir: Path) -> None:
    (finding,) = await check_database(Settings(data_dir=data_dir))

    assert finding.status is Status.OK
    assert not data_dir.exists()


async def test_given_an_embedded_server_in_use_when_opened_again_then_the_running_one_is_joined(data_dir: Path) -> None:
    settings = Settings(data_dir=data_dir)
    async with open_database(settings) as owner:
        async with owner.acquire() as connection:
            await connection.execute(
                "INSERT INTO account (id, name, display_name, default_region, is_sandbox) "
                "VALUES ('acc_1', 'acme', 'Acme', 'US', false)"
            )

        async with open_database(settings, may_join=True) as guest, guest.acquire() as connection:
            assert await connection.fetchval("SELECT name FROM account") == "acme"
        with pytest.raises(DataDirectoryInUseError):  # as a second service would
            async with open_database(settings):
                pass
        while_running = by_check(await check_database(settings))
        await owner.check()  # the guest's leaving has not stopped it
    afterwards = by_check(await check_database(settings))

    for found in (while_running, afterwards):
        assert {finding.status for finding in found.values()} == {Status.OK}


async def test_given_a_damaged_embedded_cluster_when_checked_then_its_log_is_named(data_dir: Path) -> None:
    settings = Settings(data_dir=data_dir)
    async with open_database(settings):
        pass
    shutil.rmtree(embedded_directory(settings) / "cluster" / "pg_wal")

    (finding,) = await check_database(settings)

    assert_failed(finding, "PostgreSQL", "server.log")


async def test_given_an_embedded_cluster_of_another_version_when_checked_then_the_way_on_is_told(
    data_dir: Path,
) -> None:
    settings = Settings(data_dir=data_dir)
    async with open_database(settings):
        pass
    (embedded_directory(settings) / "cluster" / "PG_VERSION").write_text("12\n")

    (finding,) = await check_database(settings)

    assert_failed(finding, "PostgreSQL 12")


@pytest.mark.parametrize(
    ("server_seconds", "status"),
    [
        (0.0, Status.OK),
        (0.5, Status.OK),
        (1.5, Status.OK),
        (5.0, Status.WARNING),
        (-5.0, Status.WARNING),
        (3600.0, Status.FAILED),
        (-90.0, Status.FAILED),
    ],
)
def test_given_two_clocks_when_they_differ_then_it_is_told_by_how_much(server_seconds: float, status: Status) -> None:
    before = datetime(2030, 1, 1, tzinfo=UTC)

    finding = _judge_clock(before, before + timedelta(seconds=server_seconds), before + timedelta(seconds=0.5))

    assert finding.status is status
