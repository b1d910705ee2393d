"""Contacts whose call could not be placed, by no fault of theirs: tried again after a while, and in the end no more."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec
import orjson

from app.campaigns import claim_statements as statements
from app.campaigns.core.rules import Later, Skip
from app.campaigns.core.words import DelayReason, SkipReason
from app.campaigns.model import Campaign, ContactState
from app.db.engine import PooledConnection

#: What could not be placed by a mistake of ours is judged again after so long, each time; then no more.
AFTER_MISTAKES: Final = (timedelta(minutes=1), timedelta(minutes=10))
#: What never got there: Asterisk may have been ending, the trunk may be gone, or silent. The breaker counts these too.
AFTER_FAILED_DIALS: Final = (timedelta(seconds=5), *AFTER_MISTAKES)

_RETELL: Final = """
WITH told AS (
    UPDATE campaign_decision SET decision = jsonb_set(decision::jsonb, '{outcome}', $4::jsonb)::json, call_id = NULL
    WHERE campaign_id = $1 AND contact_id = $2 AND n = $3
)
UPDATE campaign_contact
SET state = $5, reason = $6, due_at = $7, call_id = NULL, lease_until = NULL, updated_at = $8,
    attempts = attempts - CASE WHEN state = 'DIALING' THEN 1 ELSE 0 END
WHERE campaign_id = $1 AND contact_id = $2
"""
# In a row. Whoever puts a contact that was skipped to the start again wants it tried as often once more.
_FAILURES: Final = """
SELECT count(*) FROM campaign_decision
WHERE campaign_id = $1 AND contact_id = $2 AND decision->'outcome'->>'outcome' = 'LATER'
    AND decision->'outcome'->>'reason' = 'CALL_FAILED' AND n > coalesce((
        SELECT max(n) FROM campaign_decision
        WHERE campaign_id = $1 AND contact_id = $2
            AND (decision->'outcome'->>'outcome' = 'SKIP' OR outcome IS NOT NULL)
    ), 0)
"""

_ENCODER: Final = msgspec.json.Encoder()


async def put_off(
    connection: PooledConnection,
    campaign: Campaign,
    contact_id: str,
    number: int,
    call_id: str,
    *,
    waits: Sequence[timedelta],
    now: datetime,
) -> SkipReason | None:
    """Have a contact called later whose decision of this ``number`` came to nothing; or why it is skipped at last."""
    failures = int(await connection.fetchval(_FAILURES, campaign.id, contact_id))
    if failures < len(waits):
        outcome = Later(at=campaign.by_its_clock(now) + waits[failures], reason=DelayReason.CALL_FAILED)
        await retell(connection, campaign.id, contact_id, number, call_id, outcome, now)
        return None
    await retell(connection, campaign.id, contact_id, number, call_id, Skip(reason=SkipReason.CALL_FAILED), now)
    return SkipReason.CALL_FAILED


async def retell(
    connection: PooledConnection,
    campaign_id: str,
    contact_id: str,
    number: int,
    call_id: str,
    outcome: Skip | Later,
    now: datetime,
) -> None:
    """The contact is not called after all. The decision is told as it came out, and the call counts as none."""
    is_skipped = isinstance(outcome, Skip)
    await connection.execute(
        _RETELL,
        campaign_id,
        contact_id,
        number,
        orjson.Fragment(_ENCODER.encode(outcome)),
        (ContactState.SKIPPED if is_skipped else ContactState.WAITING).value,
        outcome.reason.value,
        outcome.at if isinstance(outcome, Later) else None,
        now,
    )
    await connection.execute(statements.FORGET, [call_id])
