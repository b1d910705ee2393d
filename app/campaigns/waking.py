"""Contacts that were put off, once their campaign changes when contacts may be called: due at once, and judged anew.

There may be a million of them, and each has an instant of its own in its row. So whoever changes the campaign marks it
in the same transaction (``Campaign.woken_to``), and whoever claims next makes some of them due and moves the mark on:
in the order of contacts, under the campaign's row, until there are no more. What is put off anew by then lies behind
the mark, so nobody is woken twice for one change; another change puts the mark back to the start.
"""

from datetime import datetime
from typing import Any, Final

from app.campaigns.core.words import DelayReason
from app.campaigns.model import Campaign, Definition
from app.db.engine import PooledConnection

#: So many with one claim: more than it looks at, and few enough that it waits some ten milliseconds for them.
MOST_WOKEN: Final = 2_000
#: ``Campaign.woken_to`` before the first contact.
FROM_THE_START: Final = ""

#: What the schedule and the cap on calls to one number say. What else delays a contact does not change with them.
_REASONS: Final = (DelayReason.NOT_STARTED, DelayReason.OUTSIDE_WINDOW, DelayReason.FREQUENCY_CAP)
# Each reason is read in the order of its index, from the mark on, and each row is found by its key, however few rows a
# planner believes that a campaign has: none is inserted, as contacts are never taken from a campaign.
_WAKE: Final = """
WITH found AS MATERIALIZED (
    SELECT found.* FROM unnest($3::text[]) AS one (word) CROSS JOIN LATERAL (
        SELECT contact_id, account_id, list_id, number FROM campaign_contact
        WHERE campaign_id = $1 AND reason = one.word AND contact_id > $2 ORDER BY contact_id LIMIT $4
    ) AS found
    ORDER BY contact_id LIMIT $4
),
woken AS (
    INSERT INTO campaign_contact AS kept
        (campaign_id, contact_id, account_id, list_id, number, state, due_at, updated_at)
    SELECT $1, contact_id, account_id, list_id, number, 'WAITING', $5, $6 FROM found ORDER BY contact_id
    ON CONFLICT (campaign_id, contact_id) DO UPDATE SET due_at = excluded.due_at, updated_at = excluded.updated_at
        WHERE kept.state = 'WAITING' AND kept.due_at > excluded.due_at
)
SELECT count(*) AS seen, max(contact_id) AS last FROM found
"""
_MARK: Final = "UPDATE campaign SET woken_to = $2 WHERE id = $1"


def is_to_wake(before: Definition, after: Definition) -> bool:
    """Whether contacts that were put off may have been put off for what is no longer so."""
    return before.schedule != after.schedule or before.most_per_day != after.most_per_day


def wake_statement(campaign_id: str, woken_to: str, at: datetime, now: datetime) -> tuple[Any, ...]:
    """The statement that makes the next of them due at ``at``, by the campaign's clock, and its values."""
    return _WAKE, campaign_id, woken_to, [one.value for one in _REASONS], MOST_WOKEN, at, now


async def wake(connection: PooledConnection, campaign: Campaign, now: datetime) -> bool:
    """Wake the next contacts of a campaign that is locked, if it is marked; whether there may be more."""
    if campaign.woken_to is None:
        return False
    statement, *values = wake_statement(campaign.id, campaign.woken_to, campaign.by_its_clock(now), now)
    row = await connection.fetchrow(statement, *values)
    assert row is not None  # it counts
    has_more = bool(row["seen"] == MOST_WOKEN)
    await connection.execute(_MARK, campaign.id, row["last"] if has_more else None)
    return has_more
