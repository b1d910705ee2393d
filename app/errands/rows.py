"""What whoever places an errand's call reads besides the errand itself."""

from collections.abc import Sequence

import asyncpg

from app.db.engine import PooledConnection


async def accounts_of(connection: PooledConnection, ids: Sequence[str]) -> dict[str, asyncpg.Record]:
    """The accounts by their ids, each with its ``name`` and its ``default_region``."""
    rows = await connection.fetch("SELECT id, name, default_region FROM account WHERE id = ANY($1::text[])", list(ids))
    return {row["id"]: row for row in rows}


async def calls_there(connection: PooledConnection, call_ids: Sequence[str]) -> set[str]:
    """Those of the calls that were written: they are not placed again."""
    rows = await connection.fetch("SELECT id FROM call WHERE id = ANY($1::text[])", list(call_ids))
    return {row["id"] for row in rows}
