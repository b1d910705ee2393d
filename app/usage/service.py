"""Limits as rows: what the operator has granted an account, and what the account lets itself have of it.

The operator, at the command line, grants; the account's own keys may go below that, and back up to it, never above: so
a key that has leaked cannot raise what its account may spend. Each has columns of its own, and the tighter word holds:
whoever speaks does not undo what the other has said.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, TypedDict

from app.accounts.audit import AuditLog, entry_by
from app.accounts.principal import Principal
from app.accounts.scopes import Scope
from app.clock import Clock
from app.db.engine import Database, PooledConnection
from app.errors import Problem, RefusedError
from app.facts.usage import SuspendedBy
from app.usage.caps import CapacityDesk, read_caps
from app.usage.deciding import Caps
from app.usage.rates import MOST_RATES, Rate, check_rates

MOST_CALLS_PER_SECOND: Final = 1_000
MOST_CONCURRENT_CALLS: Final = 1_000_000
MOST_SPEND_MICROS: Final = 10**15
_CURRENCY_LETTERS: Final = 3

_NAMES: Final = ("calls_per_second", "concurrent_calls", "daily_spend_micros")
_FIELDS: Final = {
    "calls_per_second": ("callsPerSecond", MOST_CALLS_PER_SECOND),
    "concurrent_calls": ("concurrentCalls", MOST_CONCURRENT_CALLS),
    "daily_spend_micros": ("dailySpend", MOST_SPEND_MICROS),
}
_READ: Final = """
SELECT limits.*, account.suspended_at, account.suspended_by, account.suspension_reason,
    ($2::timestamptz AT TIME ZONE account.time_zone)::date AS today, account.time_zone,
    used.live, used.day, used.held_micros, used.spent_micros, used.begun,
    (SELECT count(*) FROM destination_rate AS rate WHERE rate.account_id = account.id) AS rates
FROM account
LEFT JOIN account_limits AS limits ON limits.account_id = account.id
LEFT JOIN account_usage AS used ON used.account_id = account.id
WHERE account.id = $1
"""
_OPEN: Final = "INSERT INTO account_limits (account_id) VALUES ($1) ON CONFLICT DO NOTHING"
_OPEN_USAGE: Final = "INSERT INTO account_usage (account_id) VALUES ($1) ON CONFLICT DO NOTHING"
_GRANT: Final = """
UPDATE account_limits SET
    granted_calls_per_second = $2, granted_concurrent_calls = $3, granted_daily_spend_micros = $4,
    currency = $5, updated_at = $6
WHERE account_id = $1
"""
_SET_OWN: Final = "UPDATE account_limits SET {column} = $2, updated_at = $3 WHERE account_id = $1"
# What was refused for want of money says nothing of the money that there is from now on.
_FORGET_REFUSAL: Final = "UPDATE account_usage SET refused_at = NULL, spend_told_on = NULL WHERE account_id = $1"
_RATES: Final = """
SELECT prefix, minute_micros, fee_micros, minimum_seconds, increment_seconds, label
FROM destination_rate WHERE account_id = $1 ORDER BY prefix
"""
_INSERT_RATES: Final = """
INSERT INTO destination_rate
    (account_id, prefix, minute_micros, fee_micros, minimum_seconds, increment_seconds, label)
SELECT $1, * FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::text[])
"""


class LimitChanges(TypedDict, total=False):
    """Caps that are to change; one that is not there stays. None: without a limit of one's own."""

    calls_per_second: int | None
    concurrent_calls: int | None
    daily_spend_micros: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What holds for an account, what is granted to it, and what it uses of that just now.

    ``day`` is today where the account is; money is of that day, in millionths of ``currency``.
    """

    account_id: str
    caps: Caps
    granted: Caps
    currency: str
    day: date
    time_zone: str
    concurrent_calls: int
    spent_micros: int
    held_micros: int
    rates: int
    suspended_at: datetime | None = None
    suspended_by: SuspendedBy | None = None
    suspension_reason: str | None = None


class AccountLimits:
    """The limits of all accounts; every method names the account. Raises DatabaseUnavailableError as all do."""

    def __init__(self, database: Database, audit: AuditLog, clock: Clock, desk: CapacityDesk) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._desk = desk

    async def read(self, account_id: str) -> Limits:
        """What holds just now.

        Raises:
            RefusedError: NOT_FOUND.
        """
        async with self._database.acquire() as connection:
            return await self._read(connection, account_id)

    async def grant(self, account_id: str, changes: LimitChanges, *, currency: str | None = None) -> Limits:
        """The operator's word: caps that hold from now on, and above which no key may go.

        Raises:
            RefusedError: NOT_FOUND, INVALID_INPUT.
        """
        problems = _check(changes)
        if currency is not None and not (
            len(currency) == _CURRENCY_LETTERS and currency.isascii() and currency.isalpha() and currency.isupper()
        ):
            problems.append(
                Problem("INVALID_INPUT", "A currency is three capital letters, such as USD.", ("currency",))
            )
        if problems:
            raise RefusedError(problems)
        async with self._database.acquire() as connection, connection.transaction():
            before = await self._open(connection, account_id)
            caps = [changes.get(name, getattr(before.granted, name)) for name in _NAMES]
            await connection.execute(_GRANT, account_id, *caps, currency or before.currency, self._clock.now())
            if "daily_spend_micros" in changes or currency is not None:
                await connection.execute(_FORGET_REFUSAL, account_id)
        await self._desk.rebuild(account_id)
        self._audit.record(entry_by(None, "account_limits.grant", account_id=account_id, subject_id=account_id))
        return await self.read(account_id)

    async def set_own(self, by: Principal, changes: LimitChanges) -> Limits:
        """The account's own word: caps up to what is granted; None is back to that.

        Raises:
            RefusedError: INVALID_INPUT; LIMIT_ABOVE_GRANT.
        """
        by.require(Scope.USAGE)
        problems = _check(changes)
        if problems:
            raise RefusedError(problems)
        async with self._database.acquire() as connection, connection.transaction():
            before = await self._open(connection, by.account_id)
            said = [name for name in _NAMES if name in changes]
            for name in said:
                most, wanted = getattr(before.granted, name), changes.get(name)
                if wanted is not None and most is not None and wanted > most:
                    message = "This is more than the operator has granted the account. Ask the operator."
                    problems.append(Problem("LIMIT_ABOVE_GRANT", message, (_FIELDS[name][0],)))
            if problems:
                raise RefusedError(problems)
            for name in said:
                own = changes.get(name)
                await connection.execute(_SET_OWN.format(column=name), by.account_id, own, self._clock.now())
            if "daily_spend_micros" in said:
                await connection.execute(_FORGET_REFUSAL, by.account_id)
        await self._desk.rebuild(by.account_id)
        self._audit.record(entry_by(by, "account_limits.set", account_id=by.account_id, subject_id=by.account_id))
        return await self.read(by.account_id)

    async def rates_of(self, account_id: str) -> list[Rate]:
        """What calls cost the account, by prefix."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(_RATES, account_id)
        return [Rate(**dict(row)) for row in rows]

    async def set_rates(self, account_id: str, rates: Sequence[Rate]) -> int:
        """Replace what calls cost the account; none takes all prices away. What is under way keeps its price.

        Raises:
            RefusedError: NOT_FOUND, INVALID_INPUT.
        """
        check_rates(rates)
        if len(rates) > MOST_RATES:
            raise RefusedError(Problem("INVALID_INPUT", f"Give at most {MOST_RATES:,} rates.", ("rates",)))
        async with self._database.acquire() as connection, connection.transaction():
            await self._open(connection, account_id)
            await connection.execute("DELETE FROM destination_rate WHERE account_id = $1", account_id)
            columns = ("prefix", "minute_micros", "fee_micros", "minimum_seconds", "increment_seconds", "label")
            values = [[getattr(rate, name) for rate in rates] for name in columns]
            await connection.execute(_INSERT_RATES, account_id, *values)
        self._audit.record(entry_by(None, "destination_rates.set", account_id=account_id, subject_id=account_id))
        return len(rates)

    async def _open(self, connection: PooledConnection, account_id: str) -> Limits:
        """The limits as they are, locked, in the caller's transaction; an account without any has them open."""
        await self._read(connection, account_id)  # or there is no such account
        await connection.execute(_OPEN, account_id)
        await connection.execute(_OPEN_USAGE, account_id)
        await connection.execute("SELECT FROM account_usage WHERE account_id = $1 FOR UPDATE", account_id)
        return await self._read(connection, account_id)  # behind the lock: whoever had it before has changed them

    async def _read(self, connection: PooledConnection, account_id: str) -> Limits:
        row = await connection.fetchrow(_READ, account_id, self._clock.now())
        if row is None:
            raise RefusedError(Problem("NOT_FOUND", "There is no such account."))
        is_today = row["day"] == row["today"]
        caps, granted = read_caps(row)
        return Limits(
            account_id=account_id,
            caps=caps,
            granted=granted,
            currency=row["currency"] or "USD",
            day=row["today"],
            time_zone=row["time_zone"],
            concurrent_calls=row["live"] or 0,
            spent_micros=(row["spent_micros"] or 0) if is_today else 0,
            held_micros=(row["held_micros"] or 0) if is_today else 0,
            rates=row["rates"],
            suspended_at=row["suspended_at"],
            suspended_by=None if row["suspended_at"] is None else SuspendedBy(row["suspended_by"] or "OPERATOR"),
            suspension_reason=row["suspension_reason"],
        )


def _check(changes: LimitChanges) -> list[Problem]:
    problems = []
    for name, (field, most) in _FIELDS.items():
        wanted: Any = changes.get(name)
        if wanted is not None and not 0 <= wanted <= most:
            what = f"{most // 1_000_000:,}" if name == "daily_spend_micros" else f"{most:,}"
            problems.append(Problem("INVALID_INPUT", f"Give 0 to {what}; null is without a limit.", (field,)))
    return problems
