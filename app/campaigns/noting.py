"""What became of a batch of claims, noted in the transaction that has held them while they were dialled."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from app.calls.core.model.call import Call
from app.campaigns import claim_statements as statements
from app.campaigns import figures
from app.campaigns.claim import Claim
from app.campaigns.core.rules import Skip
from app.campaigns.core.words import SkipReason
from app.campaigns.figures import Figure
from app.campaigns.judging import skipped
from app.campaigns.model import Campaign
from app.campaigns.putting_off import AFTER_MISTAKES, put_off, retell
from app.campaigns.releasing import release
from app.db.engine import PooledConnection
from app.facts.event import Draft

#: What could not be dialled for want of something that comes back is judged again after so long.
AGAIN: Final = timedelta(seconds=1)

_DIALLED: Final = """
UPDATE campaign_contact AS kept
SET state = 'DIALING', attempts = attempts + 1, call_id = begun.call_id, lease_until = NULL, updated_at = $4
FROM unnest($2::text[], $3::text[]) AS begun (contact_id, call_id)
WHERE kept.campaign_id = $1 AND kept.contact_id = begun.contact_id
"""
_WRITTEN: Final = "SELECT id FROM call WHERE id = ANY($1::text[])"


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
    undialled = {
        one.claim.contact.id: one.claim.call_id for one in tried if one.fate in {Fate.NOT_NOW, Fate.NOT_AT_ALL}
    }
    await release(connection, campaign.id, undialled, campaign.by_its_clock(now) + AGAIN, now)
    asked_by = [one.claim.agent_id for one in tried if one.claim.agent_id is not None]
    if asked_by:
        await connection.execute(statements.SERVED, campaign.id, asked_by)
    given_up = [(one.claim, SkipReason.DESTINATION_DENIED) for one in tried if one.fate is Fate.NOT_THIS_NUMBER]
    for claim, denied in given_up:
        await retell(connection, campaign.id, claim.contact.id, claim.number, claim.call_id, Skip(reason=denied), now)
    for claim in await _without_call(connection, [one.claim for one in tried if one.fate is Fate.FAILED]):
        reason = await put_off(
            connection, campaign, claim.contact.id, claim.number, claim.call_id, waits=AFTER_MISTAKES, now=now
        )
        if reason is not None:
            given_up.append((claim, reason))
    counts: defaultdict[datetime, Counter[str]] = defaultdict(Counter)
    for _, call in begun:
        counts[call.created_at.replace(second=0, microsecond=0)][Figure.DIALLED] += 1
    for _, reason in given_up:
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
