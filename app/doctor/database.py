"""The database: reachable, migrated, and of the same opinion about the time."""

from datetime import UTC, datetime
from typing import Final

import asyncpg
from alembic.script import ScriptDirectory

from app.config import Settings
from app.db.engine import Database
from app.db.migrate import make_config
from app.doctor.findings import Finding, failed, ok, warning
from app.errors import ConfigurationError, DatabaseUnavailableError
from app.local.database import embedded_directory, reachable_database

OLDEST_SERVER: Final = 130000  # PostgreSQL 13: the oldest with pg_current_xact_id
#: Signed addresses, expiries and retry schedules are compared across machines.
SKEW_WORTH_KNOWING: Final = 2.0
SKEW_IN_THE_WAY: Final = 60.0
_TIMEOUT_SECONDS: Final = 5.0


async def check_database(settings: Settings) -> list[Finding]:
    """Connect as the service would; the embedded server is started for it when nobody runs it."""
    if settings.database_url is None and not (embedded_directory(settings) / "cluster").exists():
        return [ok("database", f"the embedded PostgreSQL is made in {embedded_directory(settings)} at the first start")]
    try:
        async with reachable_database(settings, may_join=True) as dsn:
            database = await Database.connect(dsn, pool_size=2, command_timeout=_TIMEOUT_SECONDS)
            try:
                return await _examine(settings, database)
            finally:
                await database.aclose()
    except ConfigurationError as error:
        return [failed("database", error.message, _mend(settings, error.message))]
    except DatabaseUnavailableError as error:
        return [failed("database", f"PostgreSQL cannot be reached. {error.message}", _mend(settings, error.message))]


async def _examine(settings: Settings, database: Database) -> list[Finding]:
    async with database.acquire() as connection:
        version = connection.get_server_version()
        number = int(await connection.fetchval("SHOW server_version_num"))
        before = datetime.now(UTC)
        server_time: datetime = await connection.fetchval("SELECT clock_timestamp()")
        after = datetime.now(UTC)
        try:
            found = {row["version_num"] for row in await connection.fetch("SELECT version_num FROM alembic_version")}
        except asyncpg.UndefinedTableError:
            found = set()  # Offhook has never been here
    kind = "embedded" if settings.database_url is None else "your own"
    findings = [ok("database", f"PostgreSQL {version.major}.{version.minor} ({kind}) answers")]
    if number < OLDEST_SERVER:
        findings = [failed("database", f"PostgreSQL {version.major} is too old.", "Use PostgreSQL 13 or later.")]
    findings.append(_judge_schema(found))
    findings.append(_judge_clock(before, server_time, after))
    return findings


def _judge_schema(found: set[str]) -> Finding:
    scripts = ScriptDirectory.from_config(make_config())
    newest = set(scripts.get_heads())
    known = {script.revision for script in scripts.walk_revisions()}
    if found == newest:
        return ok("schema", "at the newest revision")
    if found <= known:
        return warning(
            "schema",
            "There is no schema yet." if not found else "The schema is of an older version.",
            "Nothing to do: `offhook serve` brings it up to date.",
        )
    return failed(
        "schema",
        "The database was migrated by a newer version of Offhook.",
        "Run that version, or restore a backup from before it.",
    )


def _judge_clock(before: datetime, server_time: datetime, after: datetime) -> Finding:
    """The server's time must lie between ours before and after the question; what lies outside is skew."""
    skew = max((before - server_time).total_seconds(), (server_time - after).total_seconds(), 0.0)
    mend = "Let both machines keep time (`timedatectl set-ntp true`)."
    if skew > SKEW_IN_THE_WAY:
        return failed("clock", f"This machine and the database differ by {skew:.0f} s.", mend)
    if skew > SKEW_WORTH_KNOWING:
        return warning("clock", f"This machine and the database differ by {skew:.1f} s.", mend)
    return ok("clock", "agrees with the database's")


def _mend(settings: Settings, told: str) -> str:
    """What is yet to be said of it: nothing that ``told`` says already."""
    if settings.database_url is None:
        elsewhere = "" if "OFFHOOK_DATABASE_URL" in told else ", or set OFFHOOK_DATABASE_URL to a server of your own"
        return f"See {embedded_directory(settings) / 'server.log'}{elsewhere}."
    return "Check host, port, user, password and database in OFFHOOK_DATABASE_URL, and that PostgreSQL runs there."
