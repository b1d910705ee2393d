"""Databases with 10 thousand, 1 million and 10 million call detail records, made once and kept in the cache.

They live in a PostgreSQL cluster of their own, ``<cache>/cdrs``. A database's name holds a fingerprint of the rows'
maker: when that changes, it is made anew (and the old one dropped). Migrations that are new since are run on it, as on
a customer's records; it is made anew when one that was run before has been rewritten, which its comment remembers. One
million rows take about 1.8 GB on disk, ten million about 15 GB; delete the folder to have the room back.
"""

import asyncio
import hashlib
import shutil
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import asyncpg
import orjson

from app.cdrs.statistics_rollup import count_in_rollup
from app.db.migrate import find_migrations, migrate
from app.local.postgres import LocalPostgres, running_postgres
from bench.data import cdr_rows
from bench.data.cdr_rows import ACCOUNTS, COLUMNS, account_id, make_rows
from bench.far_end import ACCOUNT
from bench.harness import BenchError, Context

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

#: For the making alone: nothing is replicated, and a load that breaks off is thrown away.
_LOADING: Final = {
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "4GB",
    "maintenance_work_mem": "512MB",
    "checkpoint_timeout": "30min",
}
_FREE_BYTES_PER_ROW: Final = 2_500
#: Counted up by hand when what is done here with the rows changes.
_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class CdrDatabase:
    """One of them: ``rows`` records, of which ``account_id`` has the most; its name is ``bench.far_end.ACCOUNT``."""

    dsn: str
    rows: int
    account_id: str
    bytes_on_disk: int


async def cdr_database(context: Context, rows: int) -> CdrDatabase:
    """The database with so many records, made if it is not in the cache yet.

    Raises:
        BenchError: there is no room for it.
    """
    server = await context.enter_shared("cdr-postgres", lambda: _running(context.cache_dir / "cdrs"))

    async def find_or_make() -> CdrDatabase:
        return await _find_or_make(context, server, rows)

    return await context.shared(f"cdr-database-{rows}", find_or_make)


@asynccontextmanager
async def _running(folder: Path) -> AsyncIterator[LocalPostgres]:
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    async with running_postgres(folder / "postgresql", settings=_LOADING) as server:
        yield server


async def _find_or_make(context: Context, server: LocalPostgres, rows: int) -> CdrDatabase:
    name = f"cdr_{rows}_{_fingerprint()}"
    admin = await asyncpg.connect(server.admin_dsn)
    try:
        present = [row["datname"] for row in await admin.fetch("SELECT datname FROM pg_database")]
        if name not in present or not await _upgrade(context, server.dsn_of(name)):
            for outdated in present:
                if outdated.startswith(f"cdr_{rows}_"):
                    await server.drop_database(outdated)  # of another maker or other migrations, or never finished
            await _make(context, server, name, rows)
        size = await admin.fetchval("SELECT pg_database_size($1::text)", name)
    finally:
        await admin.close()
    return CdrDatabase(server.dsn_of(name), rows, account_id(0), size)


async def _upgrade(context: Context, dsn: str) -> bool:
    """Run the migrations that are new since; False when those that were run are not today's any more."""
    migrations = _read_migrations()
    connection = await asyncpg.connect(dsn)
    try:
        applied: dict[str, str] = orjson.loads(await connection.fetchval(_READ_COMMENT) or "{}")
        if applied == migrations:
            return True
        if not applied or any(migrations.get(name) != digest for name, digest in applied.items()):
            return False
        context.say(f"  migrations run on the kept records: {', '.join(sorted(migrations.keys() - applied.keys()))}")
        await migrate(dsn)
        await connection.execute("VACUUM (ANALYZE) cdr, cdr_rollup")
        await _remember_migrations(connection)
    finally:
        await connection.close()
    return True


_READ_COMMENT: Final = (
    "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()"
)


async def _remember_migrations(connection: Connection) -> None:
    text = orjson.dumps(_read_migrations(), option=orjson.OPT_SORT_KEYS).decode()
    name = await connection.fetchval("SELECT current_database()")
    await connection.execute(f"COMMENT ON DATABASE \"{name}\" IS '{text}'")


def _read_migrations() -> dict[str, str]:
    """Each migration by its file's name, and a digest of what is in it."""
    return {
        path.stem: hashlib.sha256(path.read_bytes()).hexdigest()[:12]
        for path in find_migrations().glob("versions/*.py")
    }


async def _make(context: Context, server: LocalPostgres, name: str, rows: int) -> None:
    _require_room(server.data_dir, rows)
    unfinished = f"{name}_unfinished"
    began = time.perf_counter()
    dsn = await server.create_database(unfinished)
    await migrate(dsn)
    connection = await asyncpg.connect(dsn, server_settings={"timezone": "UTC"})
    try:
        await connection.executemany(
            "INSERT INTO account (id, name, display_name, default_region, is_sandbox) VALUES ($1, $2, $2, 'US', false)",
            [(account_id(number), f"{ACCOUNT}{number}" if number else ACCOUNT) for number in range(ACCOUNTS)],
        )
        await _fill(connection, rows, context.say)
        await _remember_migrations(connection)
    finally:
        await connection.close()
    admin = await asyncpg.connect(server.admin_dsn)
    try:
        await admin.execute(f'ALTER DATABASE "{unfinished}" RENAME TO "{name}"')
    finally:
        await admin.close()
    context.say(f"  {rows:,} records ready after {time.perf_counter() - began:.0f} s")


async def _fill(connection: Connection, rows: int, tell: Callable[[str], None]) -> None:
    """Rows by COPY into the empty table, then its indexes, the rollup and the planner's statistics."""
    began = time.perf_counter()
    async with connection.transaction():
        restore = await _drop_indexes(connection, "cdr")
        # Emptied in this transaction, the table needs no log of what is put into it (wal_level=minimal).
        await connection.execute("TRUNCATE cdr")
        await connection.copy_to_table("cdr", source=_source(rows), columns=COLUMNS)
        copied = time.perf_counter()
        tell(f"  {rows:,} records copied, {rows / (copied - began):,.0f} a second")
        for statement in restore:
            await connection.execute(statement)
    indexed = time.perf_counter()
    tell(f"  indexes made in {indexed - copied:.0f} s")
    await connection.execute("SET work_mem = '512MB'")
    await connection.execute(count_in_rollup("cdr"))
    tell(f"  rollup made in {time.perf_counter() - indexed:.0f} s")
    await connection.execute("VACUUM (ANALYZE) cdr, cdr_rollup")


async def _drop_indexes(connection: Connection, table: str) -> list[str]:
    """Drop all indexes of a table; returns the statements that make them again."""
    constraint = await connection.fetchrow(
        "SELECT conname AS name, pg_get_constraintdef(oid) AS definition FROM pg_constraint "
        "WHERE conrelid = $1::text::regclass AND contype = 'p'",
        table,
    )
    assert constraint is not None
    indexes = await connection.fetch(
        "SELECT indexname AS name, indexdef AS definition FROM pg_indexes "
        "WHERE schemaname = 'public' AND tablename = $1 AND indexname <> $2",
        *(table, constraint["name"]),
    )
    await connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {constraint['name']}")
    for index in indexes:
        await connection.execute(f"DROP INDEX {index['name']}")
    restore = f"ALTER TABLE {table} ADD CONSTRAINT {constraint['name']} {constraint['definition']}"
    return [restore, *(index["definition"] for index in indexes)]


async def _source(rows: int) -> AsyncIterator[bytes]:
    for piece in make_rows(rows):
        yield piece


def _fingerprint() -> str:
    return hashlib.sha256(Path(cdr_rows.__file__).read_bytes() + str(_VERSION).encode()).hexdigest()[:12]


def _require_room(folder: Path, rows: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < rows * _FREE_BYTES_PER_ROW:
        raise BenchError(
            f"{rows:,} records need {rows * _FREE_BYTES_PER_ROW / 1e9:.1f} GB in {folder}, and {free / 1e9:.1f} GB "
            "are free: make room, or set XDG_CACHE_HOME to a larger disk."
        )
