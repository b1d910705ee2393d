"""Call and leg rows for tests of what reads them."""

from collections.abc import Sequence

from orjson import Fragment

from app.calls.core.model.call import Call
from app.calls.keeping.rows import fill_calls, fill_legs
from app.db.compound import Filled, write_expressions
from app.db.engine import Database


async def insert_calls(database: Database, calls: Sequence[Call]) -> None:
    if calls:
        await insert(database, fill_calls(calls), fill_legs((call, leg) for call in calls for leg in call.legs))


async def insert(database: Database, *filled: Filled) -> None:
    """Write these rows as the store does."""
    expressions = ", ".join(write_expressions([one.part for one in filled]))
    async with database.acquire() as connection:
        await connection.execute(f"WITH {expressions} SELECT", *(Fragment(one.rows) for one in filled))
