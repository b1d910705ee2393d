"""Putting contacts that are done to the start again, at somebody's word."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.campaigns import figures
from app.campaigns.figures import Figure
from app.campaigns.model import ContactState
from app.db.engine import PooledConnection
from app.facts.campaigns import SkipReason
from app.facts.vocabulary import Disposition

#: At most so many at once: whoever asks holds the campaign meanwhile.
MOST_AT_ONCE: Final = 20_000
MOST_NAMED: Final = 1_000

# The last came first and ties break by id, so that two who ask at once lock rows in the same order.
_PUT_BACK: Final = """
WITH chosen AS (
    SELECT contact_id, state FROM campaign_contact
    WHERE campaign_id = $1 AND state IN ('FINISHED', 'SKIPPED') AND disposition IS DISTINCT FROM 'INVALID_NUMBER'
        AND ($2::text[] = '{}' OR contact_id = ANY($2))
        AND (disposition = ANY($3::text[]) AND state = 'FINISHED'
             OR reason = ANY($4::text[]) AND state = 'SKIPPED'
             OR $3::text[] = '{}' AND $4::text[] = '{}')
    ORDER BY contact_id LIMIT $5 FOR UPDATE
),
put_back AS (
    UPDATE campaign_contact AS kept
    SET state = 'WAITING', attempts = 0, due_at = $6, lease_until = NULL, reason = NULL, updated_at = $6
    FROM chosen WHERE kept.campaign_id = $1 AND kept.contact_id = chosen.contact_id
    RETURNING chosen.state
)
SELECT state, count(*) AS count FROM put_back GROUP BY state
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryChoice:
    """Which contacts: of these ids (none: any), and with one of these outcomes (neither given: any outcome).

    Those whose number does not exist are never among them.
    """

    contact_ids: tuple[str, ...] = ()
    dispositions: tuple[Disposition, ...] = ()
    skip_reasons: tuple[SkipReason, ...] = ()


@dataclass(frozen=True, slots=True)
class Retried:
    """How many were put to the start; there may be more (``has_more``) when that is the most at once."""

    count: int
    has_more: bool


async def put_back(connection: PooledConnection, campaign_id: str, choice: RetryChoice, now: datetime) -> Retried:
    """Put the contacts to the start, in the transaction of whoever holds the campaign. The rules are asked anew."""
    rows = await connection.fetch(
        _PUT_BACK,
        campaign_id,
        list(choice.contact_ids),
        [one.value for one in choice.dispositions],
        [one.value for one in choice.skip_reasons],
        MOST_AT_ONCE,
        now,
    )
    by_state = {ContactState(row["state"]): int(row["count"]) for row in rows}
    words = {ContactState.FINISHED: Figure.FINISHED, ContactState.SKIPPED: Figure.SKIPPED}
    await figures.count(connection, campaign_id, now, {words[state]: -count for state, count in by_state.items()})
    total = sum(by_state.values())
    return Retried(total, has_more=total == MOST_AT_ONCE)
