"""The agents of AGENT campaigns: who serves which, and the contacts that they look at before they are called (PREVIEW).

An agent serves one campaign at a time. A contact that it previews is claimed for it, so nobody else gets it; what it
asks for is dialled by the dialer, under the rules of that instant.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import asyncpg

from app.accounts.audit import AuditLog
from app.accounts.principal import Principal
from app.calls.keeping.keys import (
    KeyClaim,
    KeyVeil,
    check_key,
    check_same_input,
    claim_keys,
    find_key,
    hash_input,
    key_is_reused,
)
from app.campaigns.change_notes import ChangeNotes
from app.campaigns.claiming import Claims
from app.campaigns.core.lifecycle import is_over, may_dial
from app.campaigns.core.words import PacingMode
from app.campaigns.model import AgentContent, Campaign, CampaignContact
from app.campaigns.releasing import release
from app.campaigns.serving import is_idle, may_agent_leave
from app.campaigns.store import get_campaigns, get_contacts, lock_campaign
from app.clock import Clock
from app.db.engine import Database, PooledConnection
from app.errors import Problem, RefusedError
from app.events.log import EventLog, LogTransaction

DIAL_PREVIEW: Final = "dialPreviewContact"

_AGENT: Final = "SELECT EXISTS (SELECT FROM agent WHERE id = $1 AND account_id = $2 AND deleted_at IS NULL)"
_SERVING: Final = """
SELECT campaign_id, contact_id, lease_until, asked_at FROM campaign_agent WHERE agent_id = $1 AND account_id = $2
FOR UPDATE
"""
_JOIN: Final = """
INSERT INTO campaign_agent (agent_id, campaign_id, account_id, joined_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (agent_id) DO NOTHING
"""
_LEAVE: Final = "DELETE FROM campaign_agent WHERE agent_id = $1 AND campaign_id = $2"
_PREVIEW: Final = """
UPDATE campaign_agent SET contact_id = $3, lease_until = $4, asked_at = NULL WHERE agent_id = $1 AND campaign_id = $2
"""
# Whoever had it before, and asked for it in vain, does not get it in the other's place.
_HAND_ON: Final = """
UPDATE campaign_agent SET contact_id = NULL, lease_until = NULL, asked_at = NULL
WHERE campaign_id = $2 AND contact_id = $3 AND agent_id <> $1
"""
_ASK: Final = "UPDATE campaign_agent SET asked_at = $3 WHERE agent_id = $1 AND campaign_id = $2"
# What was asked for must not run out while it is on its way to the phones.
_KEEP_CLAIM: Final = """
UPDATE campaign_contact SET lease_until = greatest(lease_until, $3)
WHERE campaign_id = $1 AND contact_id = $2 AND state = 'CLAIMED' RETURNING call_id
"""
_ASKED_LEASE: Final = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A contact that an agent looks at, until ``until``; None when none may be called just now."""

    campaign: Campaign
    contact: CampaignContact | None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A contact that is about to be called, by the call of this id."""

    contact: CampaignContact
    call_id: str
    is_replayed: bool = False


class CampaignAgents:
    """Every method raises DatabaseUnavailableError, and RefusedError: NOT_FOUND; INVALID_STATE with the campaign's."""

    def __init__(
        self,
        database: Database,
        log: EventLog,
        audit: AuditLog,
        clock: Clock,
        *,
        veil: KeyVeil | None = None,
        changed: Callable[[str], Awaitable[None]],
    ) -> None:
        self._log = log
        self._veil = veil
        self._clock = clock
        self._note = ChangeNotes(audit, changed).note
        self._claims = Claims(database, log, clock)

    async def join(self, by: Principal, campaign_id: str, agent_id: str) -> Campaign:
        """The agent serves the campaign from now on.

        Raises:
            RefusedError: INVALID_STATE also when it serves another one.
        """
        async with self._working(by, campaign_id, agent_id) as (transaction, campaign, _):
            connection = transaction.connection
            if is_over(campaign.state):
                raise _invalid("The campaign is over.", campaign.state.value, "campaignId")
            await connection.execute(_JOIN, agent_id, campaign_id, by.account_id, self._clock.now())
            serving = await _serving(connection, by, agent_id)
            if serving is None or serving["campaign_id"] != campaign_id:
                raise _invalid("The agent serves another campaign. It leaves that first.", "SERVING", "agentId")
        await self._note(by, "join", campaign_id)
        return campaign

    async def leave(self, by: Principal, campaign_id: str, agent_id: str) -> Campaign:
        """The agent serves it no longer; a contact that it previewed goes back.

        Raises:
            RefusedError: INVALID_STATE also while a call rings, or is offered to it, that only this agent could take.
        """
        async with self._working(by, campaign_id, agent_id) as (transaction, campaign, content):
            connection, now = transaction.connection, self._clock.now()
            serving = await _serving(connection, by, agent_id)
            if serving is not None and serving["campaign_id"] == campaign_id:
                is_promised = content.mode is not PacingMode.PREVIEW and await is_idle(
                    connection, campaign, agent_id, now
                )
                if is_promised and not await may_agent_leave(connection, campaign, content, now):
                    raise _invalid("A call rings for the agent. Ask again in a moment.", "RINGING", "agentId")
                await self._put_back(connection, campaign, serving, now, now)
                await connection.execute(_LEAVE, agent_id, campaign_id)
        await self._note(by, "leave", campaign_id)
        return campaign

    async def take(self, by: Principal, campaign_id: str, agent_id: str) -> Preview:
        """The contact that the agent looks at next: the same until it has dialled or skipped it, or time is up."""
        async with self._working(by, campaign_id, agent_id) as (transaction, campaign, content):
            connection, now = transaction.connection, self._clock.now()
            serving = await self._preview_of(connection, by, campaign, content, agent_id)
            held = await _held(connection, campaign, serving, now)
            if held is not None:
                return Preview(campaign=campaign, contact=held, until=serving["lease_until"])
            if not may_dial(campaign.state):
                raise _invalid("The campaign does not run.", campaign.state.value, "campaignId")
            lease = timedelta(seconds=content.preview_seconds)
            claim = await self._claims.take_one(transaction, campaign, now, lease)
            contact_id = None if claim is None else claim.contact.id
            until = None if claim is None else now + lease
            await connection.execute(_PREVIEW, agent_id, campaign_id, contact_id, until)
            await connection.execute(_HAND_ON, agent_id, campaign_id, contact_id)
            found = [] if contact_id is None else await get_contacts(connection, campaign_id, [contact_id])
            return Preview(campaign=campaign, contact=found[0] if found else None, until=until)

    async def dial(self, by: Principal, campaign_id: str, agent_id: str, idempotency_key: str) -> Asked:
        """Have the contact called that the agent looks at: first the agent's phone rings, then the contact's.

        Raises:
            RefusedError: INVALID_INPUT, IDEMPOTENCY_KEY_REUSED; INVALID_STATE also when it looks at none (any more).
        """
        check_key(idempotency_key)
        asked = hash_input({"campaign": campaign_id, "agent": agent_id})
        async with self._working(by, campaign_id, agent_id) as (transaction, campaign, content):
            connection, now = transaction.connection, self._clock.now()
            holder = await find_key(connection, by.account_id, DIAL_PREVIEW, idempotency_key, self._veil)
            if holder is not None:
                check_same_input(holder, asked)
                found = await get_contacts(connection, campaign_id, [holder.subject_id])
                return Asked(contact=found[0], call_id=found[0].call_id or "", is_replayed=True)
            serving = await self._preview_of(connection, by, campaign, content, agent_id)
            held = await _held(connection, campaign, serving, now)
            if held is None or serving["asked_at"] is not None:
                raise _invalid("The agent looks at no contact. Take one first.", "NO_CONTACT", "agentId")
            if not may_dial(campaign.state):
                raise _invalid("The campaign does not run.", campaign.state.value, "campaignId")
            claim = KeyClaim(by.account_id, DIAL_PREVIEW, idempotency_key, asked, held.contact_id)
            if held.contact_id not in await claim_keys(connection, [claim]):
                raise key_is_reused()
            call_id = await connection.fetchval(_KEEP_CLAIM, campaign_id, held.contact_id, now + _ASKED_LEASE)
            await connection.execute(_ASK, agent_id, campaign_id, now)
        await self._note(by, "dial_preview", campaign_id)
        return Asked(contact=held, call_id=call_id)

    async def skip(self, by: Principal, campaign_id: str, agent_id: str) -> CampaignContact:
        """Not this one now: it comes again after the campaign's ``retryAfterSeconds``.

        Raises:
            RefusedError: INVALID_STATE also when the agent looks at none (any more).
        """
        async with self._working(by, campaign_id, agent_id) as (transaction, campaign, content):
            connection, now = transaction.connection, self._clock.now()
            serving = await self._preview_of(connection, by, campaign, content, agent_id)
            held = await _held(connection, campaign, serving, now)
            if held is None or serving["asked_at"] is not None:
                raise _invalid("The agent looks at no contact.", "NO_CONTACT", "agentId")
            later = campaign.by_its_clock(now) + timedelta(seconds=campaign.definition.retries.retry_after_seconds)
            await self._put_back(connection, campaign, serving, later, now)
            await connection.execute(_PREVIEW, agent_id, campaign_id, None, None)
            [found] = await get_contacts(connection, campaign_id, [held.contact_id])
        await self._note(by, "skip_preview", campaign_id)
        return found

    @asynccontextmanager
    async def _working(
        self, by: Principal, campaign_id: str, agent_id: str
    ) -> AsyncIterator[tuple[LogTransaction, Campaign, AgentContent]]:
        """A transaction that has the campaign, one that agents serve."""
        async with self._log.transaction() as transaction:
            connection = transaction.connection
            # Looked for first: nobody waits for what another account's campaign is doing.
            is_there = await get_campaigns(connection, by.account_id, (campaign_id,))
            campaign = await lock_campaign(connection, campaign_id) if is_there else None
            if campaign is None:
                raise RefusedError(Problem("NOT_FOUND", "There is no such campaign.", ("campaignId",)))
            by.require_sandbox(is_sandbox=campaign.is_sandbox, field=("campaignId",))
            if not await connection.fetchval(_AGENT, agent_id, by.account_id):
                raise RefusedError(Problem("NOT_FOUND", "There is no such agent.", ("agentId",)))
            content = campaign.definition.content
            if not isinstance(content, AgentContent):
                raise _invalid("No agents serve this campaign.", campaign.kind.value, "campaignId")
            yield transaction, campaign, content

    async def _preview_of(
        self, connection: PooledConnection, by: Principal, campaign: Campaign, content: AgentContent, agent_id: str
    ) -> asyncpg.Record:
        if content.mode is not PacingMode.PREVIEW:
            message = "Agents take contacts themselves in PREVIEW campaigns alone."
            raise _invalid(message, content.mode.value, "campaignId")
        serving = await _serving(connection, by, agent_id)
        if serving is None or serving["campaign_id"] != campaign.id:
            raise _invalid("The agent does not serve this campaign. It joins first.", "NOT_SERVING", "agentId")
        return serving

    async def _put_back(
        self, connection: PooledConnection, campaign: Campaign, serving: asyncpg.Record, due_at: datetime, now: datetime
    ) -> None:
        held = await _held(connection, campaign, serving, now)
        if held is not None and serving["asked_at"] is None and held.call_id is not None:
            await release(connection, campaign.id, {held.contact_id: held.call_id}, due_at, now)


async def _serving(connection: PooledConnection, by: Principal, agent_id: str) -> asyncpg.Record | None:
    return await connection.fetchrow(_SERVING, agent_id, by.account_id)


async def _held(
    connection: PooledConnection, campaign: Campaign, serving: asyncpg.Record, now: datetime
) -> CampaignContact | None:
    """The contact that the agent looks at, while it is claimed for it: after that it may be another's."""
    if serving["contact_id"] is None or serving["lease_until"] is None or serving["lease_until"] <= now:
        return None
    found = await get_contacts(connection, campaign.id, [serving["contact_id"]])
    return found[0] if found and found[0].state == "CLAIMED" else None


def _invalid(message: str, state: str, field: str) -> RefusedError:
    return RefusedError(Problem("INVALID_STATE", message, (field,), current_state=state))
