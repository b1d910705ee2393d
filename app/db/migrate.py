"""Brings a database to the newest schema, also when several services start at the same moment.

Alembic and SQLAlchemy are imported when there is something to do: nearly every start finds the database as it should
be, and nothing else of the service needs them.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg

import app
from app.db.engine import heed_cancellation, is_away, normalise_dsn, say_away, telling_when_away
from app.db.locks import MIGRATIONS
from app.errors import ConfigurationError

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection

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


def find_newest_revision() -> str:
    """The revision that the migrations lead to: they are a single line, and each file's name begins with its number."""
    return max(path.name.partition("_")[0] for path in (find_migrations() / "versions").glob("[0-9]*_*.py"))


def make_config() -> "Config":
    """Alembic's configuration; there is no file for it. ``attributes['connection']`` is where the work happens."""
    from alembic.config import Config

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
    async with telling_when_away():
        if await _read_revisions(dsn) == [find_newest_revision()]:
            return
    from alembic.util.exc import CommandError
    from sqlalchemy.exc import DBAPIError

    try:
        async with telling_when_away():
            await run_on_connection(dsn, _upgrade_under_lock)
    except CommandError as error:
        raise ConfigurationError(f"The database was migrated by another version of Offhook: {error}.") from error
    except DBAPIError as error:
        # SQLAlchemy's dialect wraps asyncpg's error, and that is the cause of what it raises.
        cause = error.orig.__cause__ if error.orig is not None else None
        if error.connection_invalidated or is_away(cause):
            heed_cancellation(error)
            raise say_away(cause or error) from error
        raise


async def run_on_connection(dsn: str, work: "Callable[[Connection], None]") -> None:
    """Call ``work(connection)`` with a synchronous SQLAlchemy connection, as Alembic wants one."""
    from sqlalchemy.ext.asyncio import create_async_engine
    from sqlalchemy.pool import NullPool

    async def open_connection() -> Any:
        return await _connect(dsn)

    engine = create_async_engine("postgresql+asyncpg://", async_creator=open_connection, poolclass=NullPool)
    try:
        async with asyncio.timeout(_MIGRATION_SECONDS), engine.connect() as connection:
            await connection.run_sync(work)
    finally:
        await engine.dispose()


async def _connect(dsn: str) -> "asyncpg.Connection[asyncpg.Record]":
    return await asyncpg.connect(
        normalise_dsn(dsn),
        timeout=_CONNECT_SECONDS,
        command_timeout=_MIGRATION_SECONDS,
        server_settings={"application_name": "offhook migrations", "timezone": "UTC"},
    )


async def _read_revisions(dsn: str) -> list[str]:
    """Where a database stands, in Alembic's own table; an empty list where nobody has migrated yet."""
    connection = await _connect(dsn)
    try:
        return [row["version_num"] for row in await connection.fetch("SELECT version_num FROM alembic_version")]
    except asyncpg.UndefinedTableError:
        return []
    finally:
        await connection.close(timeout=_CONNECT_SECONDS)


def _upgrade_under_lock(connection: "Connection") -> None:
    from alembic import command

    config = make_config()
    # For the session, not the transaction: a migration may commit in between, to build an index concurrently. It goes
    # with the connection, which is closed after this.
    connection.exec_driver_sql(f"SELECT pg_advisory_lock({MIGRATIONS})")
    connection.commit()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    connection.commit()
