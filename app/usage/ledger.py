"""The ledger: what an account has used, by day, kind of call and country of destination."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from app.db.conditions import Conditions
from app.db.engine import Database
from app.errors import Problem, RefusedError
from app.facts.vocabulary import CallKind

LONGEST_RANGE: Final = timedelta(days=366)
MOST_ROWS: Final = 10_000
_COLUMNS: Final = "day, kind, country, currency, calls, answered, milliseconds, cost_micros"


@dataclass(frozen=True, slots=True)
class UsageRow:
    """So many calls of a kind to a country on a day; ``country`` is empty for calls to nobody outside."""

    day: date
    kind: CallKind
    country: str
    currency: str
    calls: int
    answered: int
    milliseconds: int
    cost_micros: int


class Ledger:
    """Raises DatabaseUnavailableError when the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(
        self, account_id: str, day_from: date, day_to: date, *, kinds: Sequence[CallKind] = ()
    ) -> list[UsageRow]:
        """The account's rows of ``[day_from, day_to)``, by day, kind and country.

        Raises:
            RefusedError: INVALID_INPUT, the range is empty, or longer than a year.
        """
        if not day_from < day_to:
            raise RefusedError(Problem("INVALID_INPUT", "The range ends before it begins.", ("to",)))
        if day_to - day_from > LONGEST_RANGE:
            raise RefusedError(Problem("INVALID_INPUT", "Ask for at most 366 days at once.", ("to",)))
        conditions = Conditions()
        conditions.add("account_id = {}", account_id)
        conditions.add("day >= {}", day_from)
        conditions.add("day < {}", day_to)
        conditions.add_any_of("kind", kinds)
        query = (
            f"SELECT {_COLUMNS} FROM usage_day WHERE {conditions} "  # noqa: S608 -- only our own texts
            f"ORDER BY day, kind, country, currency LIMIT {MOST_ROWS}"
        )
        async with self._database.acquire() as connection:
            rows = await connection.fetch(query, *conditions.values)
        return [UsageRow(**{**dict(row), "kind": CallKind(row["kind"])}) for row in rows]
