"""Reserving before anybody is dialled: what is taken is written down before, and given back with the leg's end.

An account without limits has no row in ``account_limits``, and none of this. For one that has, whoever is about to dial
locks the account's row of counters, decides on what it says (``deciding``), writes what it takes as rows of
``usage_hold`` and counts them, and commits: that is short, waits for nobody's Asterisk, and other accounts wait for
nothing. What is taken goes with the commit that says that the leg has ended (``settling``).

The counters are sums of rows that are there, and a row of ``usage_hold`` is of a leg or call that is there. So what a
process that died has taken is found by looking (``rebuild``): at the start, whenever an account is refused, and when
its limits change.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil
from typing import Final

import asyncpg
import structlog

from app.clock import Clock
from app.db.engine import Database, PooledConnection
from app.errors import Problem, RefusedError, UnavailableError
from app.events.log import Appended, EventLog
from app.facts.event import Draft
from app.facts.usage import Cap, UsageLimitReached
from app.facts.vocabulary import Money
from app.ids import Kind, new_id
from app.usage import holds
from app.usage.deciding import (
    Caps,
    InUse,
    Reached,
    Wanted,
    decide,
    problem_of,
    read_instants,
    write_instants,
)
from app.usage.rates import Rate, cost_of, find_rate, money_of

_log = structlog.get_logger(__name__)

#: How long something is kept for a leg or call that is not written yet: longer than a call may take to be written.
UNWRITTEN_SECONDS: Final = 60.0
#: How often at most an account that is refused is looked at for what nobody has any more.
REBUILD_SECONDS: Final = 1.0
#: How often at most it is told that a cap is reached; that of a day once a day.
TELL_AGAIN: Final = timedelta(minutes=1)

_STANDING: Final = """
SELECT account.suspended_at IS NOT NULL AS is_suspended, limits.account_id IS NOT NULL AS is_limited
FROM account LEFT JOIN account_limits AS limits ON limits.account_id = account.id WHERE account.id = $1
"""
_LOCK: Final = "SELECT FROM account_usage WHERE account_id = $1 FOR UPDATE"
_READ: Final = """
SELECT limits.*, used.live, used.begun, used.day, used.held_micros, used.spent_micros, used.rate_told_at,
    used.concurrent_told_at, used.spend_told_on, ($2::timestamptz AT TIME ZONE account.time_zone)::date AS today,
    account.is_sandbox
FROM account_limits AS limits
JOIN account_usage AS used USING (account_id)
JOIN account ON account.id = limits.account_id
WHERE limits.account_id = $1
"""
_COUNT: Final = """
UPDATE account_usage SET live = $2, begun = $3, day = $4, held_micros = $5, spent_micros = $6 WHERE account_id = $1
"""
_GIVE_BACK: Final = """
WITH given AS (DELETE FROM usage_hold WHERE id = ANY($1::text[]) RETURNING account_id, day, micros),
latest AS (SELECT account_id, max(day) AS day, count(*) AS places FROM given GROUP BY account_id)
INSERT INTO account_usage AS used (account_id, live, day, held_micros)
SELECT latest.account_id, -latest.places, latest.day,
    -(SELECT coalesce(sum(micros), 0) FROM given WHERE given.account_id = latest.account_id AND given.day = latest.day)
FROM latest ORDER BY 1
ON CONFLICT (account_id) DO UPDATE SET
    live = used.live + excluded.live,
    held_micros = used.held_micros + CASE WHEN used.day = excluded.day THEN excluded.held_micros ELSE 0 END
"""
# What nobody has any more: of legs and calls that have ended, and of those that were never written.
_LET_GO: Final = """
DELETE FROM usage_hold WHERE id IN (
    SELECT hold.id FROM usage_hold AS hold
    LEFT JOIN leg ON leg.id = hold.id LEFT JOIN call ON call.id = hold.call_id
    WHERE hold.account_id = $1 AND CASE
        WHEN leg.id IS NOT NULL THEN leg.state = 'ENDED'
        WHEN call.id IS NOT NULL AND hold.id = call.id THEN call.state = 'ENDED'
        ELSE hold.taken_at < $2::timestamptz - make_interval(secs => $3)
    END
    FOR UPDATE OF hold SKIP LOCKED
)
"""
# Live calls some of which is not held: they began while the account had no limits, or what they held was lost. What a
# call came in on is nobody's, and which of the others count is not said here.
_LIVING: Final = """
SELECT id, snapshot::text FROM call
WHERE NOT is_settled AND account_id = $1 AND state <> 'ENDED' AND (
    (direction <> 'INBOUND' AND NOT EXISTS (SELECT FROM usage_hold WHERE usage_hold.call_id = call.id))
    OR EXISTS (
        SELECT FROM leg WHERE leg.call_id = call.id AND leg.number IS NOT NULL AND leg.state <> 'ENDED'
            AND NOT (call.direction = 'INBOUND' AND leg.role = 'CUSTOMER')
            AND NOT EXISTS (SELECT FROM usage_hold WHERE usage_hold.id = leg.id)
    )
)
"""
_RECOUNT: Final = """
UPDATE account_usage SET day = $2,
    live = (SELECT count(*) FROM usage_hold WHERE account_id = $1),
    held_micros = (SELECT coalesce(sum(micros), 0) FROM usage_hold WHERE account_id = $1 AND day = $2),
    spent_micros = (
        SELECT coalesce(sum(cost_micros), 0) FROM usage_day WHERE account_id = $1 AND day = $2
            AND currency = (SELECT currency FROM account_limits WHERE account_id = $1)
    )
WHERE account_id = $1
"""
_TOLD: Final = {
    Cap.CALLS_PER_SECOND: "UPDATE account_usage SET rate_told_at = $2 WHERE account_id = $1",
    Cap.CONCURRENT_CALLS: "UPDATE account_usage SET concurrent_told_at = $2 WHERE account_id = $1",
    Cap.DAILY_SPEND: "UPDATE account_usage SET refused_at = $2, spend_told_on = $3 WHERE account_id = $1",
}
# When money was refused last, of which campaigns take notice (``room``).
_REFUSED: Final = "UPDATE account_usage SET refused_at = $2 WHERE account_id = $1"


class LimitReachedError(UnavailableError):
    """A cap of the account is reached: nothing was dialled, and what is called later is tried again."""

    code = "LIMIT_REACHED"


@dataclass(frozen=True, slots=True)
class OutsideLeg:
    """A leg to a number that is about to be dialled, and how long it may last at most."""

    id: str
    number: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Occupants:
    """What of a live call has places: legs outside, and the call itself if it ``is_one`` beside them."""

    legs: tuple[OutsideLeg, ...]
    is_one: bool


class CapacityDesk:
    """Every method raises DatabaseUnavailableError when the database is away.

    ``occupants`` reads a call's snapshot: what counts of a call, and for how long, is the calls' business.
    """

    def __init__(self, database: Database, log: EventLog, clock: Clock, occupants: Callable[[str], Occupants]) -> None:
        self._database = database
        self._log = log
        self._clock = clock
        self._occupants = occupants
        self._rebuilt: dict[str, float] = {}

    async def take(
        self,
        account_id: str,
        call_id: str,
        legs: Sequence[OutsideLeg],
        *,
        begins: bool = True,
        is_new: bool = False,
        fields: Sequence[str] = (),
    ) -> None:
        """Have these legs, and a call that ``is_new``, within the account's limits, until they have ended.

        What is had already is not taken again. ``begins``: it counts as a call of this second.

        Raises:
            RefusedError: ACCOUNT_SUSPENDED, RATE_LIMITED, CONCURRENT_CALLS_REACHED, SPEND_CAP_REACHED,
                DESTINATION_NOT_PRICED.
        """
        reached = await self._take(account_id, call_id, legs, begins=begins, is_new=is_new)
        if (
            reached is not None
            and reached[0].kind in {Cap.CONCURRENT_CALLS, Cap.DAILY_SPEND}
            and self._may_rebuild(account_id)
        ):
            await self.rebuild(account_id)
            reached = await self._take(account_id, call_id, legs, begins=begins, is_new=is_new)
        if reached is not None:
            await self._tell(account_id, *reached)
            raise RefusedError(problem_of(*reached, fields))

    async def give_back(self, ids: Sequence[str]) -> None:
        """The legs, or calls, never came to be."""
        async with self._database.acquire() as connection:
            await connection.execute(_GIVE_BACK, list(ids))

    async def rebuild(self, account_id: str) -> None:
        """Let go of what nobody has any more, count what lives without having been counted, and count anew."""
        async with self._database.acquire() as connection, connection.transaction():
            await connection.execute(_LOCK, account_id)
            now = self._clock.now()
            row = await connection.fetchrow(_READ, account_id, now)
            if row is None:
                return
            await connection.execute(_LET_GO, account_id, now, UNWRITTEN_SECONDS)
            await self._adopt(connection, account_id, now, row["today"])
            await connection.execute(_RECOUNT, account_id, row["today"])

    async def rebuild_all(self) -> None:
        """The same for every account with limits, one after the other."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch("SELECT account_id FROM account_limits ORDER BY account_id")
        for row in rows:
            await self.rebuild(row["account_id"])

    async def quote(self, account_id: str, legs: Sequence[OutsideLeg]) -> Money | None:
        """What a new call with these legs may cost at most, were it placed now; None without prices. Takes nothing.

        Raises:
            RefusedError: as :meth:`take`, but for the calls of this second.
        """
        async with self._database.acquire() as connection:
            now = self._clock.now()
            row = await connection.fetchrow(_READ, account_id, now)
            if row is None:
                return None
            rates = await holds.read_rates(connection, account_id, [leg.number for leg in legs])
        found = [(leg, find_rate(leg.number, rates)) for leg in legs]
        wanted = Wanted(
            begins=0,
            places=max(1, len(legs)),
            micros=sum(_price(rate, leg.seconds) for leg, rate in found),
            unpriced=tuple(leg.number for leg, rate in found if rate is None),
        )
        outcome = decide(read_caps(row)[0], _read_used(row), wanted, now, row["today"])
        if isinstance(outcome, Reached):
            raise RefusedError(problem_of(outcome, row["currency"]))
        if not legs or wanted.unpriced:
            return None
        return Money(amount=f"{money_of(wanted.micros):f}", currency=row["currency"])

    async def _adopt(self, connection: PooledConnection, account_id: str, now: datetime, today: date) -> None:
        """Hold what lives and is not held, at what it may cost at most."""
        holders: dict[str, str] = {}
        legs: list[OutsideLeg] = []
        for row in await connection.fetch(_LIVING, account_id):
            occupants = self._occupants(row["snapshot"])
            legs += occupants.legs
            holders |= dict.fromkeys([one.id for one in occupants.legs], row["id"])
            if occupants.is_one:
                holders[row["id"]] = row["id"]
        had = await holds.find(connection, list(holders))
        missing = {one: call_id for one, call_id in holders.items() if one not in had}
        if not missing:
            return
        rates = await holds.read_rates(connection, account_id, [leg.number for leg in legs])
        prices = {leg.id: find_rate(leg.number, rates) for leg in legs}
        micros = {leg.id: _price(prices[leg.id], leg.seconds) for leg in legs}
        await holds.write(connection, account_id, missing, micros, prices, now, today)

    def _may_rebuild(self, account_id: str) -> bool:
        now = asyncio.get_running_loop().time()
        if now - self._rebuilt.get(account_id, -REBUILD_SECONDS) < REBUILD_SECONDS:
            return False
        self._rebuilt[account_id] = now
        return True

    async def _take(
        self, account_id: str, call_id: str, legs: Sequence[OutsideLeg], *, begins: bool, is_new: bool
    ) -> tuple[Reached, str] | None:
        """Take it, or give the cap in the way and the account's currency."""
        async with self._database.acquire() as connection:
            standing = await connection.fetchrow(_STANDING, account_id)
            if standing is None or standing["is_suspended"]:
                raise suspended()
            if not standing["is_limited"]:
                return None
            rates = await holds.read_rates(connection, account_id, [leg.number for leg in legs]) if legs else {}
            async with connection.transaction():
                await connection.execute(_LOCK, account_id)
                now = self._clock.now()  # behind the lock: those before have had their instants
                row = await connection.fetchrow(_READ, account_id, now)
                if row is None:
                    return None
                ids = [leg.id for leg in legs] if legs or not is_new else [call_id]
                had = await holds.find(connection, ids)
                missing = [leg for leg in legs if leg.id not in had]
                free = [one for one in ids if one not in had]
                if not free and ids:
                    return None
                prices = {leg.id: find_rate(leg.number, rates) for leg in missing}
                micros = {leg.id: _price(prices[leg.id], leg.seconds) for leg in missing}
                wanted = Wanted(
                    begins=int(begins),
                    places=len(free),
                    micros=sum(micros.values()),
                    unpriced=tuple(leg.number for leg in missing if prices[leg.id] is None),
                )
                used = _read_used(row)
                outcome = decide(read_caps(row)[0], used, wanted, now, row["today"])
                if isinstance(outcome, Reached):
                    return outcome, row["currency"]
                holders = dict.fromkeys(free, call_id)
                await holds.write(connection, account_id, holders, micros, prices, now, row["today"])
                await _write_used(connection, account_id, outcome)
        return None

    async def _tell(self, account_id: str, reached: Reached, currency: str) -> None:
        """Say so, once in a while: who is refused a thousand times has one event of it."""
        appended = Appended(0, ())
        async with self._database.acquire() as connection:
            with self._log.in_flight():
                async with connection.transaction():
                    await connection.execute(_LOCK, account_id)
                    now = self._clock.now()
                    row = await connection.fetchrow(_READ, account_id, now)
                    if reached.kind is Cap.DAILY_SPEND:
                        await connection.execute(_REFUSED, account_id, now)
                    if row is not None and reached.kind is not None and _is_news(reached.kind, row, now):
                        today = (row["today"],) if reached.kind is Cap.DAILY_SPEND else ()
                        await connection.execute(_TOLD[reached.kind], account_id, now, *today)
                        fact = _fact(reached, reached.kind, currency)
                        appended = await self._log.append_in(
                            connection, [_draft(account_id, fact, now, is_sandbox=row["is_sandbox"])]
                        )
        self._log.announce(appended)
        if appended.events:
            _log.warning("usage_limit_reached", account_id=account_id, cap=str(reached.kind), most=reached.most)


def _price(rate: Rate | None, seconds: float) -> int:
    return 0 if rate is None else cost_of(rate, ceil(seconds * 1_000))


def read_caps(row: asyncpg.Record) -> tuple[Caps, Caps]:
    """What a row of ``account_limits`` says: what holds, and what of that the operator has granted."""
    own, granted = (
        Caps(
            calls_per_second=row[f"{whose}calls_per_second"],
            concurrent_calls=row[f"{whose}concurrent_calls"],
            daily_spend_micros=row[f"{whose}daily_spend_micros"],
        )
        for whose in ("", "granted_")
    )
    return own.within(granted), granted


def _read_used(row: asyncpg.Record) -> InUse:
    return InUse(
        live=row["live"],
        begun=read_instants(row["begun"]),
        day=row["day"],
        held_micros=row["held_micros"],
        spent_micros=row["spent_micros"],
    )


async def _write_used(connection: PooledConnection, account_id: str, used: InUse) -> None:
    begun = write_instants(used.begun)
    await connection.execute(_COUNT, account_id, used.live, begun, used.day, used.held_micros, used.spent_micros)


def _is_news(kind: Cap, row: asyncpg.Record, now: datetime) -> bool:
    match kind:
        case Cap.CALLS_PER_SECOND:
            told_at = row["rate_told_at"]
        case Cap.CONCURRENT_CALLS:
            told_at = row["concurrent_told_at"]
        case Cap.DAILY_SPEND:
            return bool(row["spend_told_on"] != row["today"])
    return told_at is None or bool(now - told_at >= TELL_AGAIN)


def _fact(reached: Reached, kind: Cap, currency: str) -> UsageLimitReached:
    if kind is Cap.DAILY_SPEND:
        spend = Money(amount=f"{money_of(reached.most):f}", currency=currency)
        return UsageLimitReached(limit=kind, most=None, most_spend=spend)
    return UsageLimitReached(limit=kind, most=reached.most)


def _draft(account_id: str, fact: UsageLimitReached, at: datetime, *, is_sandbox: bool) -> Draft:
    return Draft(
        id=new_id(Kind.EVENT),
        account_id=account_id,
        subject_id=account_id,
        occurred_at=at,
        fact=fact,
        is_sandbox=is_sandbox,
    )


def suspended(fields: Sequence[str] = ()) -> RefusedError:
    """The refusal of whatever an account asks for that is suspended."""
    message = "The account is suspended: nothing is dialled for it until it is resumed."
    return RefusedError(Problem("ACCOUNT_SUSPENDED", message, tuple(fields)))
