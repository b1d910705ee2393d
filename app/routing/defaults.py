"""Trunks and numbers: an account has at most one default of them, and one as soon as it has any."""

from app.db.engine import PooledConnection
from app.errors import Problem, RefusedError
from app.resources.shelf import Shelf
from app.routing.model import OutboundNumber, Trunk


async def lock_account(connection: PooledConnection, account_id: str) -> str:
    """The account's name. Until the transaction ends nobody else makes another default.

    Raises:
        RefusedError: NOT_FOUND.
    """
    name: str | None = await connection.fetchval("SELECT name FROM account WHERE id = $1 FOR NO KEY UPDATE", account_id)
    if name is None:
        raise RefusedError(Problem("NOT_FOUND", "There is no such account.", ("accountId",)))
    return name


async def settle_default(
    connection: PooledConnection, shelf: Shelf[Trunk] | Shelf[OutboundNumber], account_id: str, *, is_wanted: bool
) -> bool:
    """Whether a row that is about to be made is the default: when it is wanted so, or there is none yet."""
    if is_wanted:
        await take_default(connection, shelf, account_id)
        return True
    has_default: bool = await connection.fetchval(
        f"SELECT EXISTS (SELECT FROM {shelf.table} WHERE account_id = $1 AND is_default AND deleted_at IS NULL)",  # noqa: S608  # our own tables
        account_id,
    )
    return not has_default


async def take_default(
    connection: PooledConnection, shelf: Shelf[Trunk] | Shelf[OutboundNumber], account_id: str
) -> None:
    """Whatever was the default is so no more."""
    await connection.execute(
        f"UPDATE {shelf.table} SET is_default = false WHERE account_id = $1 AND is_default",  # noqa: S608  # our own tables
        account_id,
    )
