"""What of an account its lists depend on."""

from typing import Final

from app.contacts.numbers import NumberReader
from app.db.engine import PooledConnection

_FIND: Final = """
SELECT default_region, time_zone, is_sandbox OR EXISTS (
    SELECT FROM trunk WHERE trunk.account_id = account.id AND trunk.is_sandbox AND trunk.deleted_at IS NULL
) AS has_sandbox
FROM account WHERE id = $1
"""


async def find_reader(connection: PooledConnection, account_id: str, *, is_test: bool = False) -> NumberReader:
    """Reads numbers as this account writes them. ``is_test``: whoever asks knows the sandbox alone."""
    row = await connection.fetchrow(_FIND, account_id)
    assert row is not None  # an account is never deleted
    return NumberReader(
        default_region=row["default_region"],
        account_zone=row["time_zone"],
        is_sandbox=is_test or row["has_sandbox"],
    )
