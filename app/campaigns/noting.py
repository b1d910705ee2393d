"""What became of a batch of claims, noted in the transaction that has held them while they were dialled."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec
import orjson

from app.calls.core.model.call import Call
from app.campaigns import claim_statements as statements
from app.campaigns import figures
from app.campaigns.claiming import Claim, release, skipped
from app.campaigns.core.rules import Later, Skip
from app.campaigns.core.words import DelayReason, SkipReason
from app.campaigns.figures import Figure
from app.campaigns.model import Campaign, ContactState
from app.db.engine import PooledConnection
from app.facts.event import Draft

#: What could not be dialled for want of something that comes back is judged again after so long.
AGAIN: Final = timedelta(seconds=1)
#: What could not be dialled by a mistake of ours is judged again after so long, each time; then no more.
AGAIN_AFTER_FAILURE: Final = (timedelta(minutes=1), timedelta(minutes=10))

_DIALLED: Final = """
UPDATE campaign_contact AS kept
SET state = 'DIALING', attempts = attempts + 1, call_id = begun.call_id, lease_until = NULL, updated_at = $4
FROM unnest($2::text[], $3::text[]) AS begun (contact_id, call_id)
WHERE kept.campaign_id = $1 AND kept.contact_id = begun.contact_id
"""
_RETELL: Final = """
WITH told AS (
    UPDATE campaign_decision SET decision = jsonb_set(decision::jsonb, '{outcome}', $4::jsonb)::json, call_id = NULL
    WHERE campaign_id = $1 AND contact_id = $2 AND n = $3
)
UPDATE campaign_contact
SET state = $5, reason = $6, due_at = $7, call_id = NULL, lease_until = NULL, updated_at = $8
WHERE campaign_id = $1 AND contact_id = $2
"""
# Since it was last skipped: whoever puts it to the start again wants it tried as often once more.
_FAILURES: Final = """
SELECT count(*) FROM campaign_decision
WHERE campaign_id = $1 AND contact_id = $2 AND decision->'outcome'->>'outcome' = 'LATER'
    AND decision->'outcome'->>'reason' = 'CALL_FAILED' AND n > coalesce((
        SELECT max(n) FROM campaign_decision
        WHERE campaign_id = $1 AND contact_id = $2 AND decision->'outcome'->>'outcome' = 'SKIP'
    ), 0)
"""
_WRITTEN: Final = "SELECT id FROM call WHERE id = ANY($1::text[])"

_ENCODER: Final = msgspec.json.Encoder()


class Fate(StrEnum):
    """What became of a claim: a call, nobody knows, or why there is none."""

    BEGUN = "BEGUN"
    UNKNOWN = "UNKNOWN"
    FAILED = "FAILED"
    NOT_NOW = "NOT_NOW"
    NOT_THIS_NUMBER = "NOT_THIS_NUMBER"
    NOT_AT_ALL = "NOT_AT_ALL"


@dataclass(frozen=True, slots=True)
class Tried:
    """A claim that was tried. ``words`` say more of why there is no call."""

    claim: Claim
    fate: Fate
    call: Call | None = None
    words: str = ""


async def note(
    connection: PooledConnection, campaign: Campaign, tried: Sequence[Tried], now: datetime
) -> tuple[Draft, ...]:
    """Note what became of these claims; gives the facts to append in the same transaction."""
    begun = [(one.claim.contact.id, one.call) for one in tried if one.call is not None]
    if begun:
        await connection.execute(
            _DIALLED, campaign.id, [contact_id for contact_id, _ in begun], [call.id for _, call in begun], now
        )
    put_off = {one.claim.contact.id: one.claim.call_id for one in tried if one.fate in {Fate.NOT_NOW, Fate.NOT_AT_ALL}}
    await release(connection, campaign.id, put_off, now + AGAIN, now)
    asked_by = [one.claim.agent_id for one in tried if one.claim.agent_id is not None]
    if asked_by:
        await connection.execute(statements.SERVED, campaign.id, asked_by)
    given_up = [(one.claim, SkipReason.DESTINATION_DENIED) for one in tried if one.fate is Fate.NOT_THIS_NUMBER]
    for claim in await _without_call(connection, [one.claim for one in tried if one.fate is Fate.FAILED]):
        failures = int(await connection.fetchval(_FAILURES, campaign.id, claim.contact.id))
        if failures == len(AGAIN_AFTER_FAILURE):
            given_up.append((claim, SkipReason.CALL_FAILED))
        else:
            outcome = Later(at=now + AGAIN_AFTER_FAILURE[failures], reason=DelayReason.CALL_FAILED)
            await _retell(connection, campaign, claim, outcome, now)
    counts: defaultdict[datetime, Counter[str]] = defaultdict(Counter)
    for _, call in begun:
        counts[call.created_at.replace(second=0, microsecond=0)][Figure.DIALLED] += 1
    for claim, reason in given_up:
        await _retell(connection, campaign, claim, Skip(reason=reason), now)
        counts[now] += Counter({Figure.SKIPPED: 1, figures.of_skip(reason): 1})
    await figures.count_minutes(connection, campaign.id, counts)
    return tuple(
        skipped(campaign, claim.contact, reason, now, attempts=claim.attempt - 1) for claim, reason in given_up
    )


async def _without_call(connection: PooledConnection, claims: Sequence[Claim]) -> list[Claim]:
    """Those that have no call after all. What became of the others is read off their calls."""
    if not claims:
        return []
    written = {row["id"] for row in await connection.fetch(_WRITTEN, [one.call_id for one in claims])}
    return [one for one in claims if one.call_id not in written]


async def _retell(
    connection: PooledConnection, campaign: Campaign, claim: Claim, outcome: Skip | Later, now: datetime
) -> None:
    """The contact is not called after all. The decision is told as it came out."""
    is_skipped = isinstance(outcome, Skip)
    await connection.execute(
        _RETELL,
        campaign.id,
        claim.contact.id,
        claim.number,
        orjson.Fragment(_ENCODER.encode(outcome)),
        (ContactState.SKIPPED if is_skipped else ContactState.WAITING).value,
        outcome.reason.value,
        outcome.at if isinstance(outcome, Later) else None,
        now,
    )
    await connection.execute(statements.FORGET, [claim.call_id])
