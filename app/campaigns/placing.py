"""The call to a contact, in the words of the call service: as the campaign is set, and the contact's own."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from app.accounts.principal import Principal
from app.accounts.scopes import Scope
from app.calls.planning.requests import OriginateRequest, OwnCall
from app.campaigns.claim import Claim
from app.campaigns.leading import apology_of, lead_through
from app.campaigns.model import AgentContent, Campaign
from app.campaigns.questions import ContactCard
from app.facts.event import SYSTEM, Actor
from app.facts.vocabulary import CallKind, Errand, LegRole
from app.flows.announcement import Announcement
from app.resources.shown_names import check_shown_name
from app.routing.model import CallFlow

#: The key space of campaigns' calls, beside those of clients' mutations.
KEYS: Final = "campaign"


class _House(Principal):
    """Offhook itself, calling for an account."""

    __slots__ = ()

    @property
    def actor(self) -> Actor:
        return SYSTEM


def caller_for(campaign: Campaign, account_name: str, default_region: str) -> Principal:
    """Whose right it is to place the campaign's calls."""
    return _House(
        account_id=campaign.account_id,
        account_name=account_name,
        default_region=default_region,
        key_id=campaign.created_by or "",
        scopes=frozenset({Scope.CALLS_ORIGINATE}),
        is_test=campaign.is_sandbox,
    )


def own_call_for(
    campaign: Campaign, claim: Claim, lead: Announcement | CallFlow | None, not_after: datetime
) -> OwnCall:
    """What makes it a call of the campaign's. ``lead`` is what whoever answers is led through."""
    contact, definition = claim.contact, campaign.definition
    content = definition.content
    return OwnCall(
        kind=CallKind.CAMPAIGN,
        errand=Errand(campaign_id=campaign.id, contact_id=contact.id, contact_list_id=contact.list_id),
        call_id=claim.call_id,
        keys=KEYS,
        lead=None
        if lead is None
        else lead_through(
            lead,
            contact,
            opt_out=content.opt_out,
            on_machine=definition.on_machine,
        ),
        apology=apology_of(content) if isinstance(content, AgentContent) else None,
        not_after=not_after,
    )


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
    return None if check_shown_name(contact.name, "destinationName") else contact.name
