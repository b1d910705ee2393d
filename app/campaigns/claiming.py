"""Claims: who is called next, decided in one transaction at the instant of dialling, so that nobody is called twice.

Whoever claims holds the campaign's row, which says whether it runs and how far its pace has come. First come contacts
that wait and are due, then fresh ones: those of the lists beyond the cursor, which have no row of their own yet. Each
is judged by ``core.rules`` on what the same transaction reads; the decision is stored with what it was made on.

A claim is a contact with a call's id, and a lease. Nothing is dialled here (``dialing``). A claim whose call never came
to be is let go once its lease is over (``releasing``), and the contact is judged anew.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import msgspec
import orjson

from app.campaigns import claim_statements as statements
from app.campaigns import releasing, waking
from app.campaigns.claim import LEASE, MOST_CLAIMS, Batch, Claim
from app.campaigns.core.lifecycle import may_dial
from app.campaigns.core.pacing import calls_due, room_for, take_slots
from app.campaigns.core.words import PacingMode
from app.campaigns.gathering import gather
from app.campaigns.judging import Judgements
from app.campaigns.limits import lock_attempts, pace_of, read_limits, read_turn
from app.campaigns.model import AgentContent, Campaign
from app.campaigns.previewing import gather_asked
from app.campaigns.serving import calls_to_drop, calls_wanted
from app.campaigns.store import lock_campaign
from app.clock import Clock
from app.db.engine import Database
from app.db.kept import read_by_index
from app.events.log import EventLog, LogTransaction
from app.ids import Kind, new_id

_ENCODER: Final = msgspec.json.Encoder()


class Claims:
    """Every method raises DatabaseUnavailableError when the database is away."""

    def __init__(
        self,
        database: Database,
        log: EventLog,
        clock: Clock,
        *,
        lease: timedelta = LEASE,
        make_id: Callable[[Kind], str] = new_id,
    ) -> None:
        self._database = database
        self._log = log
        self._clock = clock
        self._lease = lease
        self._make_id = make_id

    async def claim(self, campaign_id: str) -> Batch:
        """Claim as many contacts as may be called now."""
        async with self._log.transaction() as transaction:
            await read_by_index(transaction.connection)
            campaign = await lock_campaign(transaction.connection, campaign_id)
            now = self._clock.now()
            if campaign is None or not may_dial(campaign.state):
                return Batch()
            has_more = await waking.wake(transaction.connection, campaign, now)
            batch = await self._claim(transaction, campaign, now)
            return replace(batch, again_at=now) if has_more else batch

    async def take_one(
        self, transaction: LogTransaction, campaign: Campaign, now: datetime, lease: timedelta
    ) -> Claim | None:
        """Claim one contact for an agent who looks at it first, in the caller's transaction that has the campaign.

        Its number has not been called by that, and may be called by others meanwhile.
        """
        judgements = Judgements(campaign=campaign, now=now, lease=lease, make_id=self._make_id)
        await gather(transaction.connection, judgements, 1)
        await judgements.write(transaction, is_to_be_dialled=False)
        return judgements.claims[0] if judgements.claims else None

    async def release_stale(self, campaign_id: str) -> int:
        """Let go of the claims whose lease is over and whose call never came to be; gives how many those were."""
        now = self._clock.now()
        async with self._database.acquire() as connection, connection.transaction():
            await read_by_index(connection)
            return await releasing.release_stale(connection, campaign_id, now)

    async def _claim(self, transaction: LogTransaction, campaign: Campaign, now: datetime) -> Batch:
        connection, pace = transaction.connection, pace_of(campaign, now)
        flight = await connection.fetchrow(statements.IN_FLIGHT, campaign.id)
        assert flight is not None  # it counts
        content = campaign.definition.content
        if isinstance(content, AgentContent) and content.mode is PacingMode.PREVIEW:
            return await self._claim_asked(transaction, campaign, flight["calls"], flight["claimed"], now)
        limits = await read_limits(connection, campaign, flight["calls"], flight["claimed"], now)
        due = min(calls_due(pace, now), MOST_CLAIMS)
        if isinstance(content, AgentContent):
            wish = await calls_wanted(connection, campaign, content, now)
            if wish.calls == 0:
                to_drop = await calls_to_drop(connection, campaign, now)
                return Batch(
                    campaign=campaign,
                    is_exhausted=flight["calls"] == 0,
                    is_at_the_cap=wish.is_at_the_cap,
                    to_drop=tuple(to_drop),
                )
            due = min(due, wish.calls)
        room = room_for(due, limits)
        if room.calls == 0:
            return Batch(campaign=campaign, again_at=pace.next_slot if due == 0 else room.more_at)
        await lock_attempts(connection, campaign)
        judgements = self._judgements(campaign, now)
        is_dry = await gather(connection, judgements, room.calls)
        await judgements.write(transaction)
        pace = take_slots(pace, len(judgements.claims), now)
        await connection.execute(statements.PACE, campaign.id, orjson.Fragment(_ENCODER.encode(pace)))
        again_at: datetime | None = pace.next_slot
        is_exhausted = False
        if is_dry:
            due_at = await connection.fetchval(statements.NEXT_DUE, campaign.id)
            again_at = None if due_at is None else campaign.truly(due_at)
            is_exhausted = again_at is None and not judgements.claims and flight["calls"] == 0
        elif room.limited_by is not None and len(judgements.claims) == room.calls:
            again_at = None if room.more_at is None else max(room.more_at, pace.next_slot)
        return Batch(campaign=campaign, claims=tuple(judgements.claims), again_at=again_at, is_exhausted=is_exhausted)

    async def _claim_asked(
        self, transaction: LogTransaction, campaign: Campaign, calls: int, claimed: int, now: datetime
    ) -> Batch:
        judgements = self._judgements(campaign, now)
        claims = await gather_asked(transaction.connection, judgements, calls, claimed)
        await judgements.write(transaction)
        is_idle = calls == 0 and not claims
        again_at = None if is_idle else await read_turn(transaction.connection, campaign, len(claims), now)
        return Batch(campaign=campaign, claims=tuple(claims), again_at=again_at, is_exhausted=is_idle)

    def _judgements(self, campaign: Campaign, now: datetime) -> Judgements:
        return Judgements(campaign=campaign, now=now, lease=self._lease, make_id=self._make_id)
