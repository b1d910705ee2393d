"""Call and leg rows for tests of what reads them."""

from collections.abc import Sequence

from app.calls.model import Call
from app.calls.rows import UPSERT_CALL, UPSERT_LEG, call_row, leg_row
from app.db.engine import Database


async def insert_calls(database: Database, calls: Sequence[Call]) -> None:
    async with database.acquire() as connection, connection.transaction():
        await connection.executemany(UPSERT_CALL, [call_row(call) for call in calls])
        await connection.executemany(UPSERT_LEG, [leg_row(call, leg) for call in calls for leg in call.legs])
