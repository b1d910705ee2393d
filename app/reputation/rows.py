"""The rows of reputation: what is known of numbers is gathered here, and what is thought of them written.

Whoever writes about several numbers locks their rows in the order of account and number.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import asyncpg

from app.db.engine import PooledConnection
from app.numbers.parse import E164
from app.reputation.judging import (
    Evidence,
    FlagReason,
    Judgement,
    Listing,
    Opinion,
    Reason,
    ReputationVerdict,
    Rules,
    judge,
)

#: A number of an account's: what every row is about.
Subject = tuple[str, E164]


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberStanding:
    """What is thought of a number, and what that was judged by; ``reviewed_at`` is None before the first time.

    ``calls`` and ``answered`` are those in the window; without calls there is no ``answer_rate``.
    """

    verdict: ReputationVerdict = ReputationVerdict.UNKNOWN
    reasons: tuple[Reason, ...] = ()
    calls: int = 0
    answered: int = 0
    complaints: int = 0
    flagged_at: datetime | None = None
    reviewed_at: datetime | None = None

    @property
    def answer_rate(self) -> float | None:
        """The share of calls that were answered."""
        return self.answered / self.calls if self.calls else None


UNKNOWN_STANDING: Final = NumberStanding()
#: A call is counted on the day of its beginning, once it has ended: such days are left alone by whoever tidies.
_STILL_COUNTED: Final = timedelta(days=2)

_READ: Final = """
SELECT number, verdict, reasons, calls, answered, complaints, flagged_at, reviewed_at FROM number_reputation
WHERE account_id = $1 AND number = ANY($2::text[])
"""

_ENSURE: Final = """
INSERT INTO number_reputation (account_id, number, due_at)
SELECT account_id, number, $3 FROM unnest($1::text[], $2::text[]) AS subject (account_id, number)
ORDER BY account_id, number
ON CONFLICT (account_id, number) DO NOTHING
"""

# $3 the day that the window begins with, $4 complaints are counted from then on, $5 now. After the lock, in a statement
# of its own: what others have committed while it was waited for must be seen.
_LOCK: Final = """
SELECT FROM number_reputation
JOIN unnest($1::text[], $2::text[]) AS subject (account_id, number) USING (account_id, number)
ORDER BY account_id, number FOR UPDATE OF number_reputation
"""
_GATHER: Final = """
SELECT standing.account_id, standing.number, standing.verdict, standing.manual,
    history.calls, history.answered, history.unwanted, complaints.complaints,
    listings.sources, listings.reasons AS listing_reasons,
    opinion.is_flagged AS opinion, opinion.reason AS opinion_reason
FROM unnest($1::text[], $2::text[]) AS subject (account_id, number)
JOIN number_reputation AS standing USING (account_id, number)
CROSS JOIN LATERAL (
    SELECT coalesce(sum(calls), 0)::int AS calls, coalesce(sum(answered), 0)::int AS answered,
        coalesce(sum(unwanted), 0)::int AS unwanted
    FROM number_history AS each
    WHERE each.account_id = standing.account_id AND each.number = standing.number AND day >= $3
) AS history
CROSS JOIN LATERAL (
    SELECT count(*)::int AS complaints FROM number_complaint AS each
    WHERE each.account_id = standing.account_id AND each.number = standing.number
        AND reported_at >= greatest($4, standing.cleared_at)
) AS complaints
CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(source ORDER BY source), '{}') AS sources,
        coalesce(array_agg(reason ORDER BY source), '{}') AS reasons
    FROM number_listing AS each
    WHERE each.account_id = standing.account_id AND each.number = standing.number
) AS listings
LEFT JOIN number_opinion AS opinion
    ON opinion.account_id = standing.account_id AND opinion.number = standing.number AND opinion.expires_at > $5
ORDER BY standing.account_id, standing.number
"""
_WRITE: Final = """
UPDATE number_reputation SET verdict = $3::text, reasons = $4, calls = $5, answered = $6, complaints = $7,
    reviewed_at = $8, flagged_at = CASE WHEN $3::text <> 'FLAGGED' THEN NULL ELSE coalesce(flagged_at, $8) END
WHERE account_id = $1 AND number = $2
"""
_FORGET: Final = """
DELETE FROM number_history USING unnest($1::text[], $2::text[]) AS subject (account_id, number)
WHERE number_history.account_id = subject.account_id AND number_history.number = subject.number AND day < $3
"""


async def read_standings(
    connection: PooledConnection, account_id: str, numbers: Sequence[str]
) -> dict[str, NumberStanding]:
    """What is thought of each of the numbers; those that nobody has looked at are not there."""
    return {row["number"]: _standing(row) for row in await connection.fetch(_READ, account_id, list(numbers))}


async def review(
    connection: PooledConnection, subjects: Sequence[Subject], rules: Rules, now: datetime
) -> list[tuple[Subject, Judgement]]:
    """Judge these numbers anew by all that is known, and write it down; gives those that came out otherwise.

    Inside a transaction: nobody else judges them before it ends.
    """
    ordered = sorted(set(subjects))
    accounts, numbers = [one for one, _ in ordered], [str(one) for _, one in ordered]
    await connection.execute(_ENSURE, accounts, numbers, now)
    await connection.execute(_LOCK, accounts, numbers)
    first_day = (now - timedelta(days=rules.window_days - 1)).date()
    complaints_from = now - timedelta(days=rules.complaint_days)
    rows = await connection.fetch(_GATHER, accounts, numbers, first_day, complaints_from, now)
    changed, written = [], []
    for row in rows:
        judgement = judge(_evidence(row), rules)
        if judgement.verdict.value != row["verdict"]:
            changed.append(((row["account_id"], E164(row["number"])), judgement))
        counts = (row["calls"], row["answered"], row["complaints"])
        reasons = [{"code": one.code.value, "message": one.message} for one in judgement.reasons]
        written.append((row["account_id"], row["number"], judgement.verdict.value, reasons, *counts, now))
    await connection.executemany(_WRITE, written)
    await connection.execute(_FORGET, accounts, numbers, first_day - _STILL_COUNTED)
    return changed


def _evidence(row: asyncpg.Record) -> Evidence:
    return Evidence(
        calls=row["calls"],
        answered=row["answered"],
        unwanted=row["unwanted"],
        complaints=row["complaints"],
        listings=tuple(map(Listing, row["sources"], row["listing_reasons"])),
        opinion=None if row["opinion"] is None else Opinion(row["opinion"], row["opinion_reason"]),
        manual=row["manual"],
    )


def _standing(row: asyncpg.Record) -> NumberStanding:
    values: dict[str, Any] = dict(row)
    del values["number"]
    values["verdict"] = ReputationVerdict(values["verdict"])
    values["reasons"] = tuple(Reason(FlagReason(one["code"]), one["message"]) for one in values["reasons"])
    return NumberStanding(**values)
