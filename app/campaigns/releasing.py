"""Letting go of claims whose calls never came to be: their contacts are judged anew."""

from collections.abc import Mapping
from datetime import datetime

from app.campaigns import claim_statements as statements
from app.db.engine import PooledConnection


async def release(
    connection: PooledConnection, campaign_id: str, claims: Mapping[str, str], due_at: datetime, now: datetime
) -> None:
    """Let go of claims (contact to call); their contacts are judged anew at ``due_at``."""
    if claims:
        await connection.execute(statements.RELEASE, campaign_id, list(claims), due_at, now)
        await connection.execute(statements.FORGET, list(claims.values()))


async def release_stale(connection: PooledConnection, campaign_id: str, now: datetime) -> int:
    """Let go of those whose lease is over; gives how many those were."""
    rows = await connection.fetch(statements.STALE, campaign_id, now)
    await release(connection, campaign_id, {row["contact_id"]: row["call_id"] for row in rows}, now, now)
    return len(rows)
