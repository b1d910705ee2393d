"""The end of a campaign: every contact that has no outcome by then gets one, so that each can be explained.

A campaign is over at once; what it leaves behind is gone through afterwards, batch by batch, each in a transaction of
its own, by whoever dials for it. Contacts that wait to be called (again) are skipped with a fact each,
``CAMPAIGN_OVER``. Contacts that the campaign never came to are skipped with a row each, ``NOT_REACHED``, and no more:
there may be a million. When calls that were under way have ended as well, the campaign is settled (``settled_at``).
"""

from datetime import datetime
from enum import StrEnum
from typing import Final

from app.campaigns import figures
from app.campaigns.core.lifecycle import Step, is_over
from app.campaigns.core.words import SkipReason
from app.campaigns.figures import Figure
from app.campaigns.model import Campaign
from app.campaigns.outcomes import about
from app.campaigns.store import change_campaign, draft, lock_campaign, lock_for, take_step
from app.clock import Clock
from app.db.engine import PooledConnection
from app.db.kept import read_by_index
from app.db.locks import CAMPAIGN_SETTLING
from app.events.log import EventLog, LogTransaction
from app.facts.campaigns import ContactSkipped, FinishReason

#: So many contacts that wait are let go of in one transaction, and so many that were never reached.
MOST_LET_GO: Final = 500
MOST_LEFT_OUT: Final = 2_000
#: So many transactions before calls that have ended meanwhile are looked at.
_MOST_BATCHES: Final = 10

_LETTING_GO: Final = f"SELECT pg_advisory_xact_lock({CAMPAIGN_SETTLING}, hashtext($1))"
_LEFT: Final = """
SELECT EXISTS (SELECT FROM campaign_contact WHERE campaign_id = $1 AND state = 'WAITING') AS has_waiting,
    EXISTS (SELECT FROM campaign_contact WHERE campaign_id = $1 AND state IN ('CLAIMED', 'DIALING')) AS has_calls,
    EXISTS (
        SELECT FROM campaign_list AS one
        JOIN contact_list AS list ON list.id = one.list_id AND list.deleted_at IS NULL
        JOIN contact ON contact.list_id = one.list_id
            AND contact.position > one.cursor AND contact.deleted_at IS NULL
        WHERE one.campaign_id = $1
    ) AS has_fresh
"""
_LET_GO: Final = """
WITH waiting AS (
    SELECT contact_id FROM campaign_contact WHERE campaign_id = $1 AND state = 'WAITING'
    ORDER BY contact_id LIMIT $2 FOR UPDATE
)
UPDATE campaign_contact AS kept SET state = 'SKIPPED', reason = $3, due_at = NULL, updated_at = $4
FROM waiting LEFT JOIN contact ON contact.id = waiting.contact_id
WHERE kept.campaign_id = $1 AND kept.contact_id = waiting.contact_id
RETURNING kept.contact_id, kept.list_id, kept.number, kept.attempts, contact.name, contact.external_id
"""
# The next contacts of the first list that has any. A number that the campaign has from another list has its outcome.
_LEAVE_OUT: Final = """
WITH next AS MATERIALIZED (
    SELECT one.list_id, one.cursor FROM campaign_list AS one
    JOIN contact_list AS list ON list.id = one.list_id AND list.deleted_at IS NULL
    WHERE one.campaign_id = $1 AND EXISTS (
        SELECT FROM contact
        WHERE contact.list_id = one.list_id AND contact.position > one.cursor AND contact.deleted_at IS NULL
    )
    ORDER BY one.place LIMIT 1
),
fresh AS MATERIALIZED (
    SELECT found.id, found.list_id, found.number, found.position FROM next CROSS JOIN LATERAL (
        SELECT contact.id, contact.list_id, contact.number, contact.position FROM contact
        WHERE contact.list_id = next.list_id AND contact.position > next.cursor AND contact.deleted_at IS NULL
        ORDER BY contact.position LIMIT $2
    ) AS found
),
added AS (
    INSERT INTO campaign_contact (campaign_id, contact_id, account_id, list_id, number, state, reason, updated_at)
    SELECT $1, id, $3, list_id, number, 'SKIPPED', $4, $5 FROM fresh
    ON CONFLICT DO NOTHING
    RETURNING contact_id
),
moved AS (
    UPDATE campaign_list AS one SET cursor = (SELECT max(position) FROM fresh)
    FROM next WHERE one.campaign_id = $1 AND one.list_id = next.list_id
)
SELECT (SELECT count(*) FROM fresh) AS seen, (SELECT count(*) FROM added) AS added
"""


class Closed(StrEnum):
    """How far a campaign's end has come: there is more to do now, or once a call has ended, or nothing any more."""

    MORE = "MORE"
    WAITS = "WAITS"
    SETTLED = "SETTLED"


class Closing:
    """Ends campaigns. Every method raises DatabaseUnavailableError when the database is away."""

    def __init__(self, log: EventLog, clock: Clock) -> None:
        self._log = log
        self._clock = clock

    async def finish(self, campaign_id: str) -> bool:
        """End a campaign whose contacts all have their outcome, or whose end has come; whether it has ended now."""
        while True:
            async with self._log.transaction() as transaction:
                await read_by_index(transaction.connection)
                campaign = await lock_for(transaction.connection, campaign_id, Step.RUN_OUT)
                if campaign is None or is_over(campaign.state):
                    return False
                now = self._clock.now()
                reason = FinishReason.ALL_DONE
                if campaign.end_at is not None and campaign.end_at <= campaign.by_its_clock(now):
                    # The fact counts those that waited, so they go first.
                    reason = FinishReason.END_REACHED
                    if await self._let_go(transaction, campaign, now) == MOST_LET_GO:
                        continue
                elif not await _is_run_out(transaction.connection, campaign_id):
                    return False
                taken = await take_step(transaction.connection, campaign, Step.RUN_OUT, now, finish=reason)
                if taken is not None:
                    if reason is FinishReason.ALL_DONE:
                        await change_campaign(transaction.connection, campaign_id, {"settled_at": now})
                    await transaction.append(taken[1])
                return taken is not None

    async def close(self, campaign_id: str) -> Closed:
        """Go on with what a campaign that is over has left behind."""
        for _ in range(_MOST_BATCHES):
            closed = await self._close(campaign_id)
            if closed is not Closed.MORE:
                return closed
        return Closed.MORE

    async def _close(self, campaign_id: str) -> Closed:
        async with self._log.transaction() as transaction:
            connection = transaction.connection
            await read_by_index(connection)
            campaign = await lock_campaign(connection, campaign_id)
            if campaign is None or not is_over(campaign.state) or campaign.settled_at is not None:
                return Closed.SETTLED
            now = self._clock.now()
            if await self._let_go(transaction, campaign, now):
                return Closed.MORE
            if await _leave_out(connection, campaign, now):
                return Closed.MORE
            left = await connection.fetchrow(_LEFT, campaign_id)
            assert left is not None  # it selects no table
            if left["has_waiting"]:
                return Closed.MORE  # a claim came back after those that waited were let go
            if left["has_calls"]:
                return Closed.WAITS
            await change_campaign(connection, campaign_id, {"settled_at": now})
        return Closed.SETTLED

    async def _let_go(self, transaction: LogTransaction, campaign: Campaign, now: datetime) -> int:
        """Contacts that wait are not called any more; gives how many those were."""
        connection, reason = transaction.connection, SkipReason.CAMPAIGN_OVER
        await connection.execute(_LETTING_GO, campaign.id)
        rows = await connection.fetch(_LET_GO, campaign.id, MOST_LET_GO, reason.value, now)
        if rows:
            counts = {Figure.SKIPPED: len(rows), figures.of_skip(reason): len(rows)}
            await figures.count(connection, campaign.id, now, counts)
            await transaction.append(
                [
                    draft(
                        campaign,
                        ContactSkipped(**about(campaign, row), reason=reason, attempts=row["attempts"]),
                        now,
                        subject_id=row["contact_id"],
                    )
                    for row in rows
                ]
            )
        return len(rows)


async def _leave_out(connection: PooledConnection, campaign: Campaign, now: datetime) -> bool:
    """The campaign does not come to its next contacts; whether there were any."""
    reason = SkipReason.NOT_REACHED
    row = await connection.fetchrow(_LEAVE_OUT, campaign.id, MOST_LEFT_OUT, campaign.account_id, reason.value, now)
    assert row is not None  # it counts
    counts = {Figure.TAKEN: row["added"], Figure.SKIPPED: row["added"], figures.of_skip(reason): row["added"]}
    await figures.count(connection, campaign.id, now, counts)
    return bool(row["seen"])


async def _is_run_out(connection: PooledConnection, campaign_id: str) -> bool:
    left = await connection.fetchrow(_LEFT, campaign_id)
    assert left is not None  # it selects no table
    return not (left["has_waiting"] or left["has_calls"] or left["has_fresh"])
