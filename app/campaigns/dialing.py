"""Dialling what was claimed: each claim once, and none after the campaign was stopped.

While calls of a batch begin, the campaign's dialling lock is held shared, and the rows of the claims are locked.
Whoever takes the campaign out of RUNNING waits for that lock (``store.lock_dialing``), so what is answered to a stop is
answered after the last INVITE; what was claimed but not dialled by then is let go. A do-not-call entry that came since
the claim is seen here as well, and so is a calling window that has closed: nobody is dialled once it has.

A call has the id that its claim names, and the claim's idempotency key, so it is placed once, whoever tries it how
often: a process that dies here leaves a claim, and perhaps its call. ``following`` finds the call, or the lease ends.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

import msgspec
import structlog

from app import failpoints
from app.accounts.principal import Principal
from app.calls.asking.live_calls import LiveCall
from app.calls.core import inputs
from app.calls.core.model.call import Call
from app.calls.keeping.change import FencedError
from app.calls.planning.placing import Places
from app.campaigns.claim import Claim
from app.campaigns.core.lifecycle import Step
from app.campaigns.core.schedule import Open, Schedule, closes_at, judge_time
from app.campaigns.core.words import CampaignState
from app.campaigns.model import AgentContent, Campaign, FlowContent, SayContent
from app.campaigns.noting import Fate, Tried, note
from app.campaigns.placing import caller_for, own_call_for, request_for
from app.campaigns.questions import find_dnc
from app.campaigns.rows import AHEAD
from app.campaigns.store import lock_for, take_step
from app.clock import Clock
from app.db.engine import Database, PooledConnection
from app.db.kept import KeptConnection
from app.db.locks import CAMPAIGN_DIALING
from app.errors import DatabaseUnavailableError, OverloadedError, RefusedError, UnavailableError
from app.events.log import EventLog
from app.facts.campaigns import PauseReason
from app.facts.event import SYSTEM
from app.facts.vocabulary import LegState
from app.flows.announcement import Announcement
from app.routing.model import CallFlow
from app.testclock.rows import read_ahead

_log = structlog.get_logger(__name__)

#: How many batches are dialled at the same time by one node.
LANES: Final = 8
#: How long placing a call may take, its row's commit included. It is never dialled later, and a claim whose lease is
#: not longer than this is not tried: whoever finds the lease over and no call may claim the contact anew.
PLACE_SECONDS: Final = 20.0
#: How long a call may take from its row to its INVITE. One that takes longer is given up.
_DIAL_SECONDS: Final = 5.0
#: From being told to dial, an Asterisk takes a moment to send its INVITE, and nobody says when it has: a phone that
#: rings says so, and for the others that moment is waited out.
_INVITE_SECONDS: Final = 0.25
#: How often it is seen that the locks are still held. Whoever dials without them cannot be stopped.
_WATCH_SECONDS: Final = 1.0
#: How long the database keeps the locks of a process that is frozen: longer than any batch takes.
_LONGEST_SECONDS: Final = 60

_PATIENTLY: Final = f"SET LOCAL idle_in_transaction_session_timeout = '{_LONGEST_SECONDS}s'"

_SHARE: Final = f"SELECT pg_advisory_xact_lock_shared({CAMPAIGN_DIALING}, hashtext($1))"
_STANDING: Final = f"""
SELECT campaign.state, campaign.dnc_list_ids, campaign.definition -> 'schedule' AS schedule, account.name,
    account.default_region, {AHEAD} AS ahead
FROM campaign JOIN account ON account.id = campaign.account_id WHERE campaign.id = $1
"""  # noqa: S608  # our own words
_HOLD: Final = """
SELECT kept.contact_id
FROM campaign_contact AS kept JOIN unnest($2::text[], $3::text[]) AS claim (contact_id, call_id) USING (contact_id)
WHERE kept.campaign_id = $1 AND kept.state = 'CLAIMED' AND kept.call_id = claim.call_id AND kept.lease_until > $4
ORDER BY kept.contact_id FOR UPDATE OF kept
"""
#: Refusals that are about the number; all others are about the campaign, and would be the same for any contact.
_OF_THE_NUMBER: Final = frozenset({"DESTINATION_DENIED", "DESTINATION_NOT_PRICED", "INVALID_NUMBER"})


class Living(Protocol):
    """The live calls of one node: `app.calls.living.registry.CallRegistry`."""

    def find(self, call_id: str) -> LiveCall | None:
        """One of them; None when it is over, or lives elsewhere."""
        ...


class Flows(Protocol):
    """The accounts' call flows: `app.routing.stops.Stops`."""

    async def find_flow(self, account_id: str, flow_id: str) -> CallFlow | None:
        """The flow at its latest version."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    """Claims that are held, and all that their calls have in common.

    None is placed after ``not_after``, and none (by its contact) is dialled from ``closes_at`` on.
    """

    campaign: Campaign
    claims: tuple[Claim, ...]
    closes_at: Mapping[str, datetime]
    principal: Principal
    lead: Announcement | CallFlow | None
    not_after: datetime


@dataclass(frozen=True, slots=True)
class Dialled:
    """What came of a batch: how many calls began, and whether there is something to be looked at again at once."""

    begun: int
    has_news: bool


class Dialing:
    """Dials for the campaigns of one node. ``close`` lets go of its connections."""

    def __init__(
        self,
        database: Database,
        log: EventLog,
        clock: Clock,
        *,
        calls: Places,
        living: Living,
        flows: Flows,
        lanes: int = LANES,
        place_seconds: float = PLACE_SECONDS,
        dial_seconds: float = _DIAL_SECONDS,
        watch_seconds: float = _WATCH_SECONDS,
    ) -> None:
        self._log = log
        self._clock = clock
        self._calls = calls
        self._living = living
        self._flows = flows
        self._place_seconds = place_seconds
        self._dial_seconds = dial_seconds
        self._watch_seconds = watch_seconds
        self._lanes: asyncio.Queue[KeptConnection] = asyncio.Queue()
        for number in range(lanes):
            self._lanes.put_nowait(KeptConnection(database, application_name=f"offhook dialing {number}"))

    def close(self) -> None:
        """Let go of the connections that nobody uses."""
        while not self._lanes.empty():
            self._lanes.get_nowait().close()

    async def take_lane(self) -> KeptConnection:
        """A connection to dial a batch on, once one is free; to be given back."""
        return await self._lanes.get()

    def give_lane(self, lane: KeptConnection) -> None:
        """Whoever took it has done with it."""
        self._lanes.put_nowait(lane)

    def drop(self, call_id: str) -> None:
        """Hang up a call that was not answered, if it lives here."""
        actor = self._living.find(call_id)
        if actor is not None and not actor.call.is_ending:
            with suppress(OverloadedError):  # it has hundreds of news to read first; the next look asks again
                actor.post(inputs.HangupRequested(actor=SYSTEM))

    async def dial(self, lane: KeptConnection, campaign: Campaign, claims: Sequence[Claim]) -> Dialled:
        """Dial these claims, as far as they still hold.

        Raises:
            DatabaseUnavailableError: what was not dialled waits for the end of its lease.
        """
        lead = await self._read_lead(campaign)
        async with lane.use() as connection:
            with ExitStack() as until_committed:
                async with connection.transaction():
                    tried = await self._dial(connection, campaign, claims, lead)
                    if failpoints.armed is not None and tried:
                        await failpoints.reach(failpoints.Failpoint.CAMPAIGN_PLACED)
                    until_committed.enter_context(self._log.in_flight())
                    facts = await note(connection, campaign, tried, self._clock.now())
                    appended = await self._log.append_in(connection, facts)
        self._log.announce(appended)
        hopeless = [one for one in tried if one.fate is Fate.NOT_AT_ALL]
        if hopeless:
            await self._pause(campaign, hopeless[0].words)
        begun = [one.call.id for one in tried if one.call is not None]
        # While the rows were held, nobody could settle a call that ended at once.
        living = [self._living.find(call_id) for call_id in begun]
        return Dialled(len(begun), has_news=any(actor is None or actor.call.is_ended for actor in living))

    async def _dial(
        self,
        connection: PooledConnection,
        campaign: Campaign,
        claims: Sequence[Claim],
        lead: Announcement | CallFlow | None,
    ) -> list[Tried]:
        await connection.execute(_PATIENTLY)
        await connection.execute(_SHARE, campaign.id)
        standing = await connection.fetchrow(_STANDING, campaign.id)
        now = self._clock.now()
        not_after = now + timedelta(seconds=self._place_seconds)
        rows = await connection.fetch(
            _HOLD, campaign.id, [one.contact.id for one in claims], [one.call_id for one in claims], not_after
        )
        held = {row["contact_id"] for row in rows}
        claims = [one for one in claims if one.contact.id in held]
        if standing is None or standing["state"] != CampaignState.RUNNING:
            return [Tried(one, Fate.NOT_NOW) for one in claims]
        numbers = [one.contact.number for one in claims]
        listed = await find_dnc(connection, campaign.account_id, numbers, standing["dnc_list_ids"])
        closings = self._closings(standing["schedule"], claims, now, read_ahead(standing["ahead"]))
        # The rules are asked again about the others, and tell of the list or the window.
        put_off = [one for one in claims if one.contact.number in listed or one.contact.id not in closings]
        late = {one.call_id for one in put_off}
        batch = _Batch(
            campaign=campaign,
            claims=tuple(one for one in claims if one.call_id not in late),
            closes_at=closings,
            principal=caller_for(campaign, standing["name"], standing["default_region"]),
            lead=lead,
            not_after=not_after,
        )
        return [*await self._try_all(connection, batch), *(Tried(one, Fate.NOT_NOW) for one in put_off)]

    def _closings(
        self, schedule: object, claims: Sequence[Claim], now: datetime, ahead: timedelta
    ) -> dict[str, datetime]:
        """Until when (truly) those of the contacts may be called, by id, that may be called now, as far as it matters.

        By the campaign's schedule and clock of now, which may be others than those that they were claimed by.
        """
        set_up = Schedule() if schedule is None else msgspec.convert(schedule, Schedule)
        at = now + ahead
        until = at + timedelta(seconds=self._place_seconds + self._dial_seconds)
        return {
            one.contact.id: closes_at(set_up, one.contact.zones.names, at, until) - ahead
            for one in claims
            if isinstance(judge_time(set_up, one.contact.zones.names, at), Open)
        }

    async def _try_all(self, connection: PooledConnection, batch: _Batch) -> list[Tried]:
        """Try all, for as long as the transaction holds what it has locked."""
        if not batch.claims:
            return []
        if failpoints.armed is not None:
            await failpoints.reach(failpoints.Failpoint.CAMPAIGN_HELD)
        are_tried = asyncio.Event()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._watch(connection, are_tried))
                tasks = [group.create_task(self._try(batch, one)) for one in batch.claims]
                await asyncio.wait(tasks)
                are_tried.set()
            return [task.result() for task in tasks]
        except BaseException as error:
            for claim in batch.claims:
                self._give_up(claim.call_id)
            if isinstance(error, ExceptionGroup):
                raise error.exceptions[0] from None  # the watch's: no other task lets one out
            raise

    async def _watch(self, connection: PooledConnection, are_tried: asyncio.Event) -> None:
        """Fail once the session is gone, and the locks with it."""
        while not are_tried.is_set():
            try:
                async with asyncio.timeout(self._watch_seconds):
                    await are_tried.wait()
            except TimeoutError:
                await connection.execute("SELECT 1")

    async def _try(self, batch: _Batch, claim: Claim) -> Tried:
        try:
            tried = await self._place(batch, claim)
        except Exception as error:  # noqa: BLE001 -- one contact that meets a mistake of ours must not stop the others
            # The kind of error and where it is, never its text: that may quote the contact.
            where = error.__traceback__
            while where is not None and where.tb_next is not None:
                where = where.tb_next
            _log.error(
                "campaign_contact_failed",
                campaign_id=batch.campaign.id,
                contact_id=claim.contact.id,
                call_id=claim.call_id,
                error=type(error).__name__,
                where=None if where is None else f"{where.tb_frame.f_code.co_qualname}:{where.tb_lineno}",
            )
            self._give_up(claim.call_id)
            return Tried(claim, Fate.FAILED)
        if tried.call is not None:
            await self._see_dialled(tried.call, batch.closes_at[claim.contact.id])
        return tried

    async def _place(self, batch: _Batch, claim: Claim) -> Tried:
        campaign = batch.campaign
        if batch.lead is None and not isinstance(campaign.definition.content, AgentContent):
            return Tried(claim, Fate.NOT_AT_ALL, words="NOT_FOUND")
        not_after = min(batch.not_after, batch.closes_at[claim.contact.id])
        request, own = request_for(campaign, claim), own_call_for(campaign, claim, batch.lead, not_after)
        try:
            async with asyncio.timeout(self._place_seconds):
                placed = await self._calls.place(batch.principal, request, own)
        except RefusedError as error:
            codes = {problem.code for problem in error.problems}
            if claim.agent_id is not None and "AGENT_OFFLINE" in codes:
                return Tried(claim, Fate.NOT_NOW)
            fate = Fate.NOT_THIS_NUMBER if codes <= _OF_THE_NUMBER else Fate.NOT_AT_ALL
            return Tried(claim, fate, words=", ".join(sorted(codes)))
        except (DatabaseUnavailableError, TimeoutError):
            self._give_up(claim.call_id)
            return Tried(claim, Fate.UNKNOWN)
        except (UnavailableError, FencedError):
            return Tried(claim, Fate.NOT_NOW)
        return Tried(claim, Fate.BEGUN, placed.call)

    def _give_up(self, call_id: str) -> None:
        """Have nobody dialled for this call who is not dialled already."""
        actor = self._living.find(call_id)
        if actor is not None:
            actor.give_up()

    async def _see_dialled(self, call: Call, closes_at: datetime) -> None:
        """Wait until the call's INVITE is out, or will never be: nobody is dialled once the window has closed."""
        actor = self._living.find(call.id)
        if actor is None:
            return
        seconds = min(self._dial_seconds, (closes_at - self._clock.now()).total_seconds())
        try:
            async with asyncio.timeout(seconds):
                await actor.wait_until(_is_dialled)
        except TimeoutError:
            _log.warning("campaign_call_not_dialled", call_id=call.id, seconds=seconds)
            # At once, whatever it is about to do. Nobody was called, so it ends as such a call, and not as hung up.
            actor.give_up()
            return
        try:
            async with asyncio.timeout(_INVITE_SECONDS):
                await actor.wait_until(_has_rung)
        except TimeoutError:
            pass  # the moment is over

    async def _pause(self, campaign: Campaign, words: str) -> None:
        """No call of this campaign can be placed as it is set up: say so, rather than try the whole list."""
        _log.warning("campaign_cannot_call", campaign_id=campaign.id, codes=words)
        async with self._log.transaction() as transaction:
            locked = await lock_for(transaction.connection, campaign.id, Step.PAUSE)
            if locked is None or locked.version != campaign.version:
                return
            now = self._clock.now()
            taken = await take_step(
                transaction.connection, locked, Step.PAUSE, now, pause=PauseReason.CALLS_REFUSED, detail=words
            )
            await transaction.append(() if taken is None else taken[1])

    async def _read_lead(self, campaign: Campaign) -> Announcement | CallFlow | None:
        match campaign.definition.content:
            case SayContent(announcement=announcement):
                return announcement
            case FlowContent(call_flow_id=flow_id):
                return await self._flows.find_flow(campaign.account_id, flow_id)
            case AgentContent():
                return None


def _is_dialled(call: Call) -> bool:
    return call.is_ending or any(leg.dialing_at is not None for leg in call.legs)


def _has_rung(call: Call) -> bool:
    return call.is_ending or any(
        leg.ringing_at is not None or leg.answered_at is not None or leg.state is LegState.ENDED for leg in call.legs
    )
