"""What is counted of a campaign: for its statistics, its progress, and the periods of predictive dialling.

Counts are kept as they happen, so that reading them does not grow with the list: the total of each word, and the same
for each minute. What becomes of a call counts for the minute in which it was dialled.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import asyncpg

from app.campaigns.core.words import SkipReason
from app.db.engine import PooledConnection
from app.facts.vocabulary import Disposition


class Figure(StrEnum):
    """What is counted, besides dispositions and skips.

    TAKEN: contacts that were looked at for the first time. DIALLED: attempts that were begun; ENDED: those that are
    over. ANSWERED_BY_PERSON and ABANDONED as in ``core.predictive``. FINISHED and SKIPPED: contacts that have come to
    their end (less those that were put to the start again). TALK_SECONDS and RING_SECONDS: of what has ended, rounded.
    """

    TAKEN = "TAKEN"
    DIALLED = "DIALLED"
    ENDED = "ENDED"
    ANSWERED_BY_PERSON = "ANSWERED_BY_PERSON"
    ABANDONED = "ABANDONED"
    FINISHED = "FINISHED"
    SKIPPED = "SKIPPED"
    TALK_SECONDS = "TALK_SECONDS"
    RING_SECONDS = "RING_SECONDS"


def of_disposition(disposition: Disposition) -> str:
    """The word that counts attempts which came out like this."""
    return f"ATTEMPT:{disposition.value}"


def of_skip(reason: SkipReason) -> str:
    """The word that counts contacts which were skipped for this reason (less those put to the start again)."""
    return f"SKIP:{reason.value}"


DAY: Final = timedelta(days=1)
MONTH: Final = timedelta(days=30)

# One statement for all minutes: counts are locked in one order, whoever counts what, so nobody waits in a circle.
_COUNT: Final = """
WITH counted AS (
    SELECT date_trunc('minute', at) AS minute, word, sum(count)::bigint AS count
    FROM unnest($2::timestamptz[], $3::text[], $4::bigint[]) AS one (at, word, count) GROUP BY 1, 2
),
minutes AS (
    INSERT INTO campaign_minute AS kept (campaign_id, minute, word, count)
    SELECT $1, minute, word, count FROM counted ORDER BY minute, word
    ON CONFLICT (campaign_id, minute, word) DO UPDATE SET count = kept.count + excluded.count
)
INSERT INTO campaign_total AS kept (campaign_id, word, count)
SELECT $1, word, sum(count)::bigint FROM counted GROUP BY word ORDER BY word
ON CONFLICT (campaign_id, word) DO UPDATE SET count = kept.count + excluded.count
"""
_TOTALS: Final = "SELECT campaign_id, word, count FROM campaign_total WHERE campaign_id = ANY($1::text[])"
_BETWEEN: Final = """
SELECT campaign_id, word, sum(count)::bigint AS count FROM campaign_minute
WHERE campaign_id = ANY($1::text[]) AND minute >= $2 AND minute < $3 GROUP BY campaign_id, word
"""
# Word by word, each from its own part of the index by words.
_WORDS_BETWEEN: Final = """
SELECT asked.word, found.count FROM unnest($4::text[]) AS asked (word)
CROSS JOIN LATERAL (
    SELECT sum(count)::bigint AS count FROM campaign_minute AS kept
    WHERE kept.campaign_id = $1 AND kept.word = asked.word AND kept.minute >= $2 AND kept.minute < $3
) AS found
WHERE found.count IS NOT NULL
"""


async def count(connection: PooledConnection, campaign_id: str, at: datetime, counts: Mapping[str, int]) -> None:
    """Count these, in the caller's transaction, for the minute of ``at``. Best late in it: the counts are locked.

    Words are those of `Figure`, `of_disposition` and `of_skip`; a count may be negative.
    """
    await count_minutes(connection, campaign_id, {at: counts})


async def count_minutes(
    connection: PooledConnection, campaign_id: str, counts: Mapping[datetime, Mapping[str, int]]
) -> None:
    """As :func:`count`, for several minutes. Once in a transaction: who counts twice may wait in a circle."""
    counted = [(at, word, one) for at, words in counts.items() for word, one in words.items() if one]
    if counted:
        ats, words, ones = zip(*counted, strict=True)
        await connection.execute(_COUNT, campaign_id, ats, words, ones)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Counts by word; what was never counted is 0."""

    counts: Mapping[str, int]

    def __getitem__(self, word: str) -> int:
        return self.counts.get(word, 0)

    def came_out(self, disposition: Disposition) -> int:
        """How many attempts came out like this."""
        return self[of_disposition(disposition)]

    def skipped_for(self, reason: SkipReason) -> int:
        """How many contacts were skipped for this reason."""
        return self[of_skip(reason)]


async def read_totals(connection: PooledConnection, campaign_id: str) -> Figures:
    """Everything that was counted of the campaign."""
    return (await read_totals_of(connection, [campaign_id]))[campaign_id]


async def read_totals_of(connection: PooledConnection, campaign_ids: Sequence[str]) -> dict[str, Figures]:
    """Everything that was counted of each of the campaigns."""
    return _by_campaign(campaign_ids, await connection.fetch(_TOTALS, list(campaign_ids)))


async def read_between_of(
    connection: PooledConnection, campaign_ids: Sequence[str], begin: datetime, end: datetime
) -> dict[str, Figures]:
    """What was counted of each of the campaigns in ``[begin, end)``, as :func:`read_between`."""
    return _by_campaign(campaign_ids, await connection.fetch(_BETWEEN, list(campaign_ids), begin, end))


async def read_between(
    connection: PooledConnection, campaign_id: str, begin: datetime, end: datetime, words: tuple[str, ...]
) -> Figures:
    """What was counted of these words in ``[begin, end)``, to the minute: all minutes that begin in it."""
    rows = await connection.fetch(_WORDS_BETWEEN, campaign_id, begin, end, list(words))
    return Figures(counts={row["word"]: row["count"] for row in rows})


def _by_campaign(campaign_ids: Sequence[str], rows: Sequence[asyncpg.Record]) -> dict[str, Figures]:
    counts: dict[str, dict[str, int]] = {campaign_id: {} for campaign_id in campaign_ids}
    for row in rows:
        counts[row["campaign_id"]][row["word"]] = row["count"]
    return {campaign_id: Figures(counts=counted) for campaign_id, counted in counts.items()}
