"""The dialer of one node: a loop for each campaign that is under way, for as long as the Asterisk is ours.

A loop settles what has ended, lets go of what was claimed in vain, claims what may be called now, and has it dialled.
It sleeps until the next instant at which something is due, or until there is news of the campaign. All it knows is in
the rows: another process that gets the Asterisk goes on where this one was, and several nodes share a campaign.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import msgspec
import structlog

from app import failpoints
from app.calls.planning.placing import Readiness
from app.campaigns.claim import Batch, Claim
from app.campaigns.claiming import Claims
from app.campaigns.closing import Closed, Closing
from app.campaigns.core.lifecycle import is_over
from app.campaigns.core.words import CampaignState
from app.campaigns.dialing import Dialing
from app.campaigns.following import Following
from app.campaigns.model import Campaign, OptOut
from app.campaigns.news import CampaignNews, PressedKey
from app.campaigns.rows import AHEAD
from app.campaigns.sweeping import sweep_attempts
from app.clock import Clock
from app.daemon import Health, Vitals, backoff_seconds, look_again_and_again
from app.db.engine import Database
from app.db.kept import KeptConnection, read_by_index
from app.errors import DatabaseUnavailableError
from app.metrics import PACING_ERROR_SECONDS
from app.testclock.rows import read_ahead

_log = structlog.get_logger(__name__)

#: How often everything is looked at beside being told: for what other nodes did, and for news that was lost.
LOOK_SECONDS: Final = 5.0
#: Between two claims of one campaign, so that a fast pace costs a transaction for some calls and not for each.
LEAST_SECONDS: Final = 0.1
#: While nothing can be dialled on this node.
_NOT_READY_SECONDS: Final = 1.0
#: Between two sweeps of what was called when.
_SWEEP_SECONDS: Final = 60.0

# Campaigns that are over stay until every contact has its outcome.
_ALIVE: Final = f"""
SELECT id FROM campaign
WHERE state IN ('SCHEDULED', 'RUNNING')
    OR (state = 'PAUSED' AND end_at IS NOT NULL AND end_at <= $1::timestamptz + make_interval(secs => {AHEAD}))
UNION
SELECT DISTINCT campaign_id FROM campaign_contact WHERE state IN ('CLAIMED', 'DIALING')
UNION
SELECT id FROM campaign WHERE state IN ('STOPPED', 'FINISHED') AND settled_at IS NULL
"""  # noqa: S608  # our own words
_STANDING: Final = f"""
SELECT state, start_at, end_at, {AHEAD} AS ahead, kind = 'AGENT' AS is_served,
    definition #> '{{content,optOut}}' AS opt_out,
    EXISTS (
        SELECT FROM campaign_contact WHERE campaign_id = $1 AND state IN ('CLAIMED', 'DIALING')
    ) AS has_calls
FROM campaign WHERE id = $1
"""  # noqa: S608  # our own words


@dataclass(slots=True)
class _Loop:
    """What wakes one campaign's loop, and what was seen of the campaign: nothing before its first look."""

    has_news: asyncio.Event = field(default_factory=asyncio.Event)
    is_seen: bool = False
    is_served: bool = False
    opt_out: OptOut | None = None
    #: When more of its contacts are to be claimed, by what the last claim said.
    due_at: datetime | None = None

    def heeds(self, key: PressedKey) -> bool:
        """Whether the key may be a wish to be called no more."""
        return not self.is_seen or (self.opt_out is not None and self.opt_out.digit == key.digit)

    def note_claim(self, batch: Batch, now: datetime) -> None:
        """Measure how late contacts were claimed. News may bring a claim before its time: that is no error."""
        if batch.claims and self.due_at is not None and now >= self.due_at:
            PACING_ERROR_SECONDS.observe((now - self.due_at).total_seconds())
        self.due_at = batch.again_at


class CampaignDialer:
    """One node's. ``run`` goes on until cancelled; the database may come and go."""

    def __init__(
        self,
        *,
        database: Database,
        claims: Claims,
        dialing: Dialing,
        following: Following,
        closing: Closing,
        readiness: Readiness,
        news: CampaignNews,
        clock: Clock,
        look_seconds: float = LOOK_SECONDS,
        least_seconds: float = LEAST_SECONDS,
    ) -> None:
        self._database = database
        self._claims = claims
        self._dialing = dialing
        self._following = following
        self._closing = closing
        self._readiness = readiness
        self._news = news
        self._clock = clock
        self._look_seconds = look_seconds
        self._least_seconds = least_seconds
        self._loops: dict[str, _Loop] = {}
        self._swept_at: float | None = None
        self._vitals = Vitals("campaigns", clock)

    @property
    def health(self) -> Health:
        """How the dialer fares, and with it the campaign that has failed most often in a row."""
        return self._vitals.health

    async def run(self) -> None:
        """Dial until cancelled."""
        try:
            with self._vitals.running():
                async with asyncio.TaskGroup() as self._group:
                    await look_again_and_again(self._vitals, self._look_and_hear, event="campaigns_not_looked_at")
        finally:
            self._dialing.close()

    async def _look_and_hear(self) -> None:
        await self._look()
        await self._sweep()
        await self._hear()

    async def _look(self) -> None:
        """Have a loop for each campaign that needs one."""
        async with self._database.acquire() as connection, connection.transaction(readonly=True):
            await read_by_index(connection)
            rows = await connection.fetch(_ALIVE, self._clock.now())
        for row in rows:
            if row["id"] not in self._loops:
                self._begin(row["id"])

    async def _sweep(self) -> None:
        """Forget, now and then, when numbers were called that may be called again."""
        at = asyncio.get_running_loop().time()
        if self._swept_at is None or at - self._swept_at >= _SWEEP_SECONDS:
            self._swept_at = at
            await sweep_attempts(self._database, self._clock.now())

    async def _hear(self) -> None:
        """Wake the loops of which there is news, until it is time to look at everything."""
        began_at = asyncio.get_running_loop().time()
        until = began_at + self._look_seconds
        while (left := until - asyncio.get_running_loop().time()) > 0:
            await self._news.wait(left)
            news = self._news.take()
            for campaign_id in news.campaigns:
                if campaign_id in self._loops:
                    self._loops[campaign_id].has_news.set()
                else:
                    self._begin(campaign_id)
            for loop in self._loops.values():
                if news.is_everywhere or (news.is_of_agents and (loop.is_served or not loop.is_seen)):
                    loop.has_news.set()
            await self._hear_keys(news.pressed)
            if news.is_everywhere:
                until = min(until, began_at + self._least_seconds)

    def _begin(self, campaign_id: str) -> None:
        self._loops[campaign_id] = _Loop()
        self._group.create_task(self._serve(campaign_id), name=f"campaign {campaign_id}")

    async def _hear_keys(self, keys: Sequence[PressedKey]) -> None:
        for key in keys:
            loop = self._loops.get(key.campaign_id)
            if loop is not None and not loop.heeds(key):
                continue
            with suppress(DatabaseUnavailableError):  # what was pressed is seen again when the call is settled
                await self._following.hear_key(key.campaign_id, key.call_id, key.number, key.digit)

    async def _serve(self, campaign_id: str) -> None:
        """Serve one campaign until nothing is left to be done for it."""
        loop = self._loops[campaign_id]
        try:
            is_due = True
            while is_due:
                async with asyncio.TaskGroup() as group:
                    await self._serve_on(campaign_id, loop, group)
                is_due = loop.has_news.is_set()  # it came while the last batch was being dialled
        finally:
            self._vitals.forget(campaign_id, _dialling_of(campaign_id))
            del self._loops[campaign_id]

    async def _serve_on(self, campaign_id: str, loop: _Loop, group: asyncio.TaskGroup) -> None:
        while True:
            loop.has_news.clear()
            try:
                seconds = await self._round(campaign_id, loop, group)
            except DatabaseUnavailableError as error:
                failures = self._vitals.note_failure(campaign_id, error)
                level = _log.warning if failures == 1 else _log.debug
                level("campaign_not_served", campaign_id=campaign_id, reason=error.message)
                seconds = backoff_seconds(failures)
            except Exception as error:  # noqa: BLE001 -- one campaign that meets a mistake of ours must not stop the others
                failures = self._vitals.note_failure(campaign_id, error)
                _log.exception("campaign_round_failed", campaign_id=campaign_id)
                seconds = backoff_seconds(failures)
            else:
                self._vitals.note_success(campaign_id)
            if seconds is None:
                return
            await self._sleep(loop, seconds)

    async def _sleep(self, loop: _Loop, seconds: float) -> None:
        await asyncio.sleep(min(seconds, self._least_seconds))
        if seconds <= self._least_seconds:
            return
        try:
            async with asyncio.timeout(seconds - self._least_seconds):
                await loop.has_news.wait()
        except TimeoutError:
            pass  # the instant that was waited for

    async def _round(self, campaign_id: str, loop: _Loop, group: asyncio.TaskGroup) -> float | None:
        """One look; gives the seconds until the next, None when nothing is left to be done."""
        is_shaky = False
        while True:
            settled = await self._following.settle(campaign_id)
            is_shaky |= settled.is_shaky
            if not settled.has_more:
                break
        if is_shaky:
            await self._following.trip(campaign_id)
        await self._claims.release_stale(campaign_id)
        async with self._database.acquire() as connection, connection.transaction(readonly=True):
            await read_by_index(connection)
            standing = await connection.fetchrow(_STANDING, campaign_id)
        if standing is None:
            return None
        loop.is_seen, loop.is_served = True, standing["is_served"]
        loop.opt_out = msgspec.convert(standing["opt_out"], OptOut | None)
        now = self._clock.now() + read_ahead(standing["ahead"])
        state = CampaignState(standing["state"])
        if state is not CampaignState.RUNNING:
            loop.due_at = None  # what a pause holds up is not late
        if is_over(state):
            return await self._close(campaign_id)
        if standing["end_at"] is not None and standing["end_at"] <= now:
            await self._closing.finish(campaign_id)
            return 0.0
        match state:
            case CampaignState.SCHEDULED:
                if not await self._following.begin(campaign_id):
                    return self._seconds_until(standing["start_at"], now)
                return 0.0
            case CampaignState.RUNNING:
                return await self._claim(campaign_id, loop, group)
            case _:
                return self._look_seconds if standing["has_calls"] else None

    async def _claim(self, campaign_id: str, loop: _Loop, group: asyncio.TaskGroup) -> float | None:
        if self._readiness.why_not_ready is not None:
            return _NOT_READY_SECONDS
        lane = await self._dialing.take_lane()
        is_taken = False
        try:
            batch = await self._claims.claim(campaign_id)
            loop.note_claim(batch, self._clock.now())
            if failpoints.armed is not None and batch.claims:
                await failpoints.reach(failpoints.Failpoint.CAMPAIGN_CLAIMED)
            if batch.claims and batch.campaign is not None:
                dialling = self._dial(lane, batch.campaign, batch.claims, loop)
                group.create_task(dialling, name=f"dial {campaign_id}")
                is_taken = True
        finally:
            if not is_taken:
                self._dialing.give_lane(lane)
        for call_id in batch.to_drop:
            self._dialing.drop(call_id)
        if batch.is_exhausted and await self._closing.finish(campaign_id):
            return 0.0
        if batch.is_at_the_cap and await self._following.restrain(campaign_id):
            return 0.0
        return self._seconds_until(batch.again_at, self._clock.now())

    async def _close(self, campaign_id: str) -> float | None:
        match await self._closing.close(campaign_id):
            case Closed.MORE:
                return 0.0
            case Closed.WAITS:
                return self._look_seconds
            case Closed.SETTLED:
                return None

    async def _dial(self, lane: KeptConnection, campaign: Campaign, claims: Sequence[Claim], loop: _Loop) -> None:
        try:
            dialled = await self._dialing.dial(lane, campaign, claims)
        except DatabaseUnavailableError as error:
            self._vitals.note_failure(_dialling_of(campaign.id), error)
            _log.warning("campaign_not_dialled", campaign_id=campaign.id, reason=error.message)
        except Exception as error:  # noqa: BLE001 -- one batch that meets a mistake of ours must not stop the others
            self._vitals.note_failure(_dialling_of(campaign.id), error)
            _log.exception("campaign_dialling_failed", campaign_id=campaign.id)
        else:
            self._vitals.note_success(_dialling_of(campaign.id))
            if dialled.has_news:
                loop.has_news.set()
        finally:
            self._dialing.give_lane(lane)

    def _seconds_until(self, at: datetime | None, now: datetime) -> float:
        return self._look_seconds if at is None else max(0.0, min(self._look_seconds, (at - now).total_seconds()))


def _dialling_of(campaign_id: str) -> str:
    """How the dialling of its batches is called among the loops."""
    return f"dial {campaign_id}"
