"""Dialling what was claimed: each claim once, and none after the campaign was stopped.

While calls of a batch begin, the campaign's dialling lock is held shared, and the rows of the claims are locked.
Whoever takes the campaign out of RUNNING waits for that lock (``store.lock_dialing``), so what is answered to a stop is
answered after the last INVITE; what was claimed but not dialled by then is let go. A do-not-call entry that came since
the claim is seen here as well.

A call has the id that its claim names, and the claim's idempotency key, so it is placed once, whoever tries it how
often: a process that dies here leaves a claim, and perhaps its call. ``following`` finds the call, or the lease ends.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

import msgspec
import orjson
import structlog

from app.accounts.principal import Principal
from app.accounts.scopes import Scope
from app.calls import texts
from app.calls.actor import CallActor
from app.calls.change import FencedError
from app.calls.core import inputs
from app.calls.core.model.call import Call
from app.calls.requests import OriginateRequest, OwnCall, Placed
from app.campaigns import figures
from app.campaigns.claiming import Claim, release, skipped
from app.campaigns.core.lifecycle import Step
from app.campaigns.core.rules import Skip
from app.campaigns.core.words import CampaignState, SkipReason
from app.campaigns.figures import Figure
from app.campaigns.leading import apology_of, lead_through
from app.campaigns.model import AgentContent, Campaign, FlowContent, SayContent
from app.campaigns.questions import ContactCard, find_dnc
from app.campaigns.store import lock_for, take_step
from app.clock import Clock
from app.db.engine import Database, PooledConnection
from app.db.kept import KeptConnection
from app.db.locks import CAMPAIGN_DIALING
from app.errors import DatabaseUnavailableError, OverloadedError, RefusedError, UnavailableError
from app.events.log import Appended, EventLog
from app.facts.campaigns import PauseReason
from app.facts.event import SYSTEM, Actor
from app.facts.vocabulary import CallKind, Errand, LegRole, LegState
from app.flows.announcement import Announcement
from app.routing.model import CallFlow

_log = structlog.get_logger(__name__)

#: The key space of campaigns' calls, beside those of clients' mutations.
KEYS: Final = "campaign"
#: How many batches are dialled at the same time by one node.
LANES: Final = 8
#: What could not be dialled for want of something that comes back is judged again after so long.
_AGAIN: Final = timedelta(seconds=1)
#: How long a call may take from its row to its INVITE. One that takes longer is given up.
_DIAL_SECONDS: Final = 5.0
#: From being told to dial, an Asterisk takes a moment to send its INVITE, and nobody says when it has: a phone that
#: rings says so, and for the others that moment is waited out.
_INVITE_SECONDS: Final = 0.25

_SHARE: Final = f"SELECT pg_advisory_xact_lock_shared({CAMPAIGN_DIALING}, hashtext($1))"
_STANDING: Final = """
SELECT campaign.state, account.name, account.default_region
FROM campaign JOIN account ON account.id = campaign.account_id WHERE campaign.id = $1
"""
_HOLD: Final = """
SELECT kept.contact_id
FROM campaign_contact AS kept JOIN unnest($2::text[], $3::text[]) AS claim (contact_id, call_id) USING (contact_id)
WHERE kept.campaign_id = $1 AND kept.state = 'CLAIMED' AND kept.call_id = claim.call_id
ORDER BY kept.contact_id FOR UPDATE OF kept
"""
_DIALLED: Final = """
UPDATE campaign_contact AS kept
SET state = 'DIALING', attempts = attempts + 1, call_id = begun.call_id, lease_until = NULL, updated_at = $4
FROM unnest($2::text[], $3::text[]) AS begun (contact_id, call_id)
WHERE kept.campaign_id = $1 AND kept.contact_id = begun.contact_id
"""
_SKIP: Final = """
WITH told AS (
    UPDATE campaign_decision SET decision = jsonb_set(decision::jsonb, '{outcome}', $4::jsonb)::json, call_id = NULL
    WHERE campaign_id = $1 AND contact_id = $2 AND n = $3
)
UPDATE campaign_contact SET state = 'SKIPPED', reason = $5, call_id = NULL, lease_until = NULL, updated_at = $6
WHERE campaign_id = $1 AND contact_id = $2
"""
_SERVED: Final = """
UPDATE campaign_agent SET contact_id = NULL, lease_until = NULL, asked_at = NULL
WHERE campaign_id = $1 AND agent_id = ANY($2::text[])
"""
_FORGET: Final = "DELETE FROM number_attempt WHERE call_id = $1"

#: Refusals that are about the number; all others are about the campaign, and would be the same for any contact.
_OF_THE_NUMBER: Final = frozenset({"DESTINATION_DENIED", "INVALID_NUMBER"})

_ENCODER: Final = msgspec.json.Encoder()


class Placing(Protocol):
    """What places calls on one node: `app.calls.service.CallService`."""

    async def place(self, principal: Principal, request: OriginateRequest, own: OwnCall) -> Placed:
        """Place a call of our own."""
        ...


class Living(Protocol):
    """The live calls of one node: `app.calls.registry.CallRegistry`."""

    def find(self, call_id: str) -> CallActor | None:
        """The actor of a live call."""
        ...


class Flows(Protocol):
    """The accounts' call flows: `app.routing.stops.Stops`."""

    async def find_flow(self, account_id: str, flow_id: str) -> CallFlow | None:
        """The flow at its latest version."""
        ...


class _House(Principal):
    """Offhook itself, calling for an account."""

    __slots__ = ()

    @property
    def actor(self) -> Actor:
        return SYSTEM


class _Fate(StrEnum):
    """What became of a claim: a call, nobody knows, or why there is none."""

    BEGUN = "BEGUN"
    UNKNOWN = "UNKNOWN"
    NOT_NOW = "NOT_NOW"
    NOT_THIS_NUMBER = "NOT_THIS_NUMBER"
    NOT_AT_ALL = "NOT_AT_ALL"


@dataclass(frozen=True, slots=True)
class _Tried:
    claim: Claim
    fate: _Fate
    call: Call | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Dialled:
    """What came of a batch: how many calls began, and whether there is something to be looked at again at once."""

    begun: int
    has_news: bool


class Dialing:
    """Dials for the campaigns of one node. ``aclose`` lets go of its connections."""

    def __init__(
        self,
        database: Database,
        log: EventLog,
        clock: Clock,
        *,
        calls: Placing,
        living: Living,
        flows: Flows,
        lanes: int = LANES,
    ) -> None:
        self._database = database
        self._log = log
        self._clock = clock
        self._calls = calls
        self._living = living
        self._flows = flows
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
        appended: list[Appended] = []
        async with lane.use() as connection:
            with self._log.in_flight():
                async with connection.transaction():
                    tried = await self._dial(connection, campaign, claims, lead)
                    appended.append(await self._write(connection, campaign, tried))
        for one in appended:
            self._log.announce(one)
        hopeless = [one for one in tried if one.fate is _Fate.NOT_AT_ALL]
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
    ) -> list[_Tried]:
        await connection.execute(_SHARE, campaign.id)
        standing = await connection.fetchrow(_STANDING, campaign.id)
        rows = await connection.fetch(
            _HOLD, campaign.id, [one.contact.id for one in claims], [one.call_id for one in claims]
        )
        held = {row["contact_id"] for row in rows}
        claims = [one for one in claims if one.contact.id in held]
        if standing is None or standing["state"] != CampaignState.RUNNING:
            return [_Tried(one, _Fate.NOT_NOW) for one in claims]
        numbers = [one.contact.number for one in claims]
        listed = await find_dnc(connection, campaign.account_id, numbers, campaign.dnc_list_ids)
        principal = _House(
            account_id=campaign.account_id,
            account_name=standing["name"],
            default_region=standing["default_region"],
            key_id=campaign.created_by or "",
            scopes=frozenset({Scope.CALLS_ORIGINATE}),
            is_test=campaign.is_sandbox,
        )
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self._try(principal, campaign, one, lead))
                for one in claims
                if one.contact.number not in listed
            ]
        # The rules are asked again, and tell of the list.
        put_off = [_Tried(one, _Fate.NOT_NOW) for one in claims if one.contact.number in listed]
        return [*(task.result() for task in tasks), *put_off]

    async def _try(
        self, principal: Principal, campaign: Campaign, claim: Claim, lead: Announcement | CallFlow | None
    ) -> _Tried:
        contact, definition = claim.contact, campaign.definition
        content = definition.content
        if lead is None and not isinstance(content, AgentContent):
            return _Tried(claim, _Fate.NOT_AT_ALL, words="NOT_FOUND")
        own = OwnCall(
            kind=CallKind.CAMPAIGN,
            errand=Errand(campaign_id=campaign.id, contact_id=contact.id, contact_list_id=contact.list_id),
            call_id=claim.call_id,
            keys=KEYS,
            lead=None
            if lead is None
            else lead_through(
                lead,
                contact,
                opt_out=content.opt_out if isinstance(content, SayContent) else None,
                on_machine=definition.on_machine,
            ),
            apology=apology_of(content) if isinstance(content, AgentContent) else None,
        )
        try:
            placed = await self._calls.place(principal, request_for(campaign, claim), own)
        except RefusedError as error:
            codes = {problem.code for problem in error.problems}
            if claim.agent_id is not None and "AGENT_OFFLINE" in codes:
                return _Tried(claim, _Fate.NOT_NOW)
            fate = _Fate.NOT_THIS_NUMBER if codes <= _OF_THE_NUMBER else _Fate.NOT_AT_ALL
            return _Tried(claim, fate, words=", ".join(sorted(codes)))
        except DatabaseUnavailableError:
            return _Tried(claim, _Fate.UNKNOWN)
        except (UnavailableError, FencedError):
            return _Tried(claim, _Fate.NOT_NOW)
        await self._see_dialled(placed.call)
        return _Tried(claim, _Fate.BEGUN, placed.call)

    async def _see_dialled(self, call: Call) -> None:
        """Wait until the call's INVITE is out, or will never be."""
        actor = self._living.find(call.id)
        if actor is None:
            return
        try:
            async with asyncio.timeout(_DIAL_SECONDS):
                await actor.wait_until(_is_dialled)
        except TimeoutError:
            _log.warning("campaign_call_not_dialled", call_id=call.id, seconds=_DIAL_SECONDS)
            with suppress(OverloadedError):  # it has hundreds of news to read first; its own timers end it
                actor.post(inputs.HangupRequested(actor=SYSTEM))
            return
        try:
            async with asyncio.timeout(_INVITE_SECONDS):
                await actor.wait_until(_has_rung)
        except TimeoutError:
            pass  # the moment is over

    async def _write(self, connection: PooledConnection, campaign: Campaign, tried: Sequence[_Tried]) -> Appended:
        now = self._clock.now()
        begun = [(one.claim.contact.id, one.call) for one in tried if one.call is not None]
        if begun:
            await connection.execute(
                _DIALLED, campaign.id, [contact_id for contact_id, _ in begun], [call.id for _, call in begun], now
            )
        put_off = {
            one.claim.contact.id: one.claim.call_id for one in tried if one.fate in {_Fate.NOT_NOW, _Fate.NOT_AT_ALL}
        }
        await release(connection, campaign.id, put_off, now + _AGAIN, now)
        asked_by = [one.claim.agent_id for one in tried if one.claim.agent_id is not None]
        if asked_by:
            await connection.execute(_SERVED, campaign.id, asked_by)
        refused = [one.claim for one in tried if one.fate is _Fate.NOT_THIS_NUMBER]
        for claim in refused:
            await self._skip(connection, campaign, claim, now)
        minutes = Counter(call.created_at.replace(second=0, microsecond=0) for _, call in begun)
        for minute, calls in sorted(minutes.items()):
            await figures.count(connection, campaign.id, minute, {Figure.DIALLED: calls})
        if refused:
            word = figures.of_skip(SkipReason.DESTINATION_DENIED)
            await figures.count(connection, campaign.id, now, {Figure.SKIPPED: len(refused), word: len(refused)})
        drafts = [
            skipped(campaign, one.contact, SkipReason.DESTINATION_DENIED, now, attempts=one.attempt - 1)
            for one in refused
        ]
        return await self._log.append_in(connection, drafts)

    async def _skip(self, connection: PooledConnection, campaign: Campaign, claim: Claim, now: datetime) -> None:
        """The account may not call this number after all: from itself, say. The decision is told as it came out."""
        reason = SkipReason.DESTINATION_DENIED
        outcome = orjson.Fragment(_ENCODER.encode(Skip(reason=reason)))
        await connection.execute(_SKIP, campaign.id, claim.contact.id, claim.number, outcome, reason.value, now)
        await connection.execute(_FORGET, claim.call_id)

    async def _pause(self, campaign: Campaign, words: str) -> None:
        """No call of this campaign can be placed as it is set up: say so, rather than try the whole list."""
        _log.warning("campaign_cannot_call", campaign_id=campaign.id, codes=words)
        async with self._database.acquire() as connection:
            with self._log.in_flight():
                async with connection.transaction():
                    locked = await lock_for(connection, campaign.id, Step.PAUSE)
                    taken = (
                        None
                        if locked is None or locked.version != campaign.version
                        else await take_step(
                            connection, locked, Step.PAUSE, self._clock.now(), pause=PauseReason.CALLS_REFUSED
                        )
                    )
                    appended = await self._log.append_in(connection, () if taken is None else taken[1])
        self._log.announce(appended)

    async def _read_lead(self, campaign: Campaign) -> Announcement | CallFlow | None:
        match campaign.definition.content:
            case SayContent(announcement=announcement):
                return announcement
            case FlowContent(call_flow_id=flow_id):
                return await self._flows.find_flow(campaign.account_id, flow_id)
            case AgentContent():
                return None


def request_for(campaign: Campaign, claim: Claim) -> OriginateRequest:
    """The call to a contact, as the campaign is set."""
    definition, contact, content = campaign.definition, claim.contact, campaign.definition.content
    return OriginateRequest(
        idempotency_key=f"{campaign.id}:{contact.id}:{claim.number}",
        destination_number=contact.number,
        destination_name=_shown_name(contact),
        connect_agent_id=claim.agent_id or (content.agent_id if isinstance(content, AgentContent) else None),
        connect_queue_id=content.queue_id if isinstance(content, AgentContent) and not claim.agent_id else None,
        dial_first=LegRole.AGENT if claim.agent_id else LegRole.CUSTOMER,
        caller_id=_caller_id(definition.caller_ids, claim) or definition.caller_id_pool_id,
        caller_id_name=definition.caller_id_name,
        trunk_id=definition.trunk_id,
        customer_ring_seconds=definition.ring_seconds,
        max_duration_seconds=definition.max_duration_seconds,
        recording_mode=definition.recording_mode,
        external_id=contact.external_id,
        metadata=definition.metadata,
        tags=definition.tags,
        detect_machine=definition.detect_machine,
    )


def _caller_id(numbers: Sequence[str], claim: Claim) -> str | None:
    """The campaign's numbers in turn, another one for the next attempt."""
    return numbers[(claim.contact.position + claim.attempt) % len(numbers)] if numbers else None


def _shown_name(contact: ContactCard) -> str | None:
    return None if texts.check_shown_name(contact.name, "destinationName") else contact.name


def _is_dialled(call: Call) -> bool:
    return call.is_ending or any(leg.dialing_at is not None for leg in call.legs)


def _has_rung(call: Call) -> bool:
    return call.is_ending or any(
        leg.ringing_at is not None or leg.answered_at is not None or leg.state is LegState.ENDED for leg in call.legs
    )
