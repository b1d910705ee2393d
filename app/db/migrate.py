"""Brings a database to the newest schema, also when several services start at the same moment."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

import app
from app.db.engine import normalise_dsn, telling_when_away
from app.errors import ConfigurationError

_LOCK = 0x0FF_400C  # one number for all Offhooks: an advisory lock is per database
_CONNECT_SECONDS = 10.0
_MIGRATION_SECONDS = 3600.0


def find_migrations() -> Path:
    """The migrations of this installation: inside the package in a wheel, beside it in a checkout.

    Raises:
        ConfigurationError: neither is there.
    """
    package = Path(app.__file__).resolve().parent
    for candidate in (package / "_migrations", package.parent / "migrations"):
        if (candidate / "env.py").exists():
            return candidate
    raise ConfigurationError(f"The migrations are missing beside {package}: install Offhook again.")


def make_config() -> Config:
    """Alembic's configuration; there is no file for it. ``attributes['connection']`` is where the work happens."""
    config = Config()
    config.set_main_option("script_location", str(find_migrations()).replace("%", "%%"))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    return config


async def migrate(dsn: str) -> None:
    """Upgrade to the newest revision; returns at once when the database is there already.

    Raises:
        DatabaseUnavailableError: the server cannot be reached.
        ConfigurationError: a newer Offhook has been here.
    """
    try:
        async with telling_when_away():
            await run_on_connection(dsn, _upgrade_under_lock)
    except CommandError as error:
        raise ConfigurationError(f"The database was migrated by another version of Offhook: {error}.") from error


async def run_on_connection(dsn: str, work: Callable[[Connection], None]) -> None:
    """Call ``work(connection)`` with a synchronous SQLAlchemy connection, as Alembic wants one."""

    async def open_connection() -> Any:
        return await asyncpg.connect(
            normalise_dsn(dsn),
            timeout=_CONNECT_SECONDS,
            command_timeout=_MIGRATION_SECONDS,
            server_settings={"application_name": "offhook migrations", "timezone": "UTC"},
        )

    engine = create_async_engine("postgresql+asyncpg://", async_creator=open_connection, poolclass=NullPool)
    try:
        async with asyncio.timeout(_MIGRATION_SECONDS), engine.connect() as connection:
            await connection.run_sync(work)
    finally:
        await engine.dispose()


def _upgrade_under_lock(connection: Connection) -> None:
    config = make_config()
    scripts = ScriptDirectory.from_config(config)
    if _read_revisions(connection) == set(scripts.get_heads()):
        return
    # For the session, not the transaction: a migration may commit in between, to build an index concurrently. It goes
    # with the connection, which is closed after this.
    connection.exec_driver_sql(f"SELECT pg_advisory_lock({_LOCK})")
    connection.commit()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    connection.commit()


def _read_revisions(connection: Connection) -> set[str]:
    revisions = set(MigrationContext.configure(connection).get_current_heads())
    connection.rollback()  # the look opened a transaction
    return revisions
