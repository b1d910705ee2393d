"""Everything about campaigns that surfaces call, together."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Self

from app.accounts.audit import AuditLog
from app.calls.keeping.keys import KeyVeil
from app.campaigns.attending import CampaignAgents
from app.campaigns.forecast import Forecaster
from app.campaigns.queries import CampaignQueries
from app.campaigns.service import Campaigns
from app.clock import Clock
from app.db.engine import Database
from app.events.log import EventLog
from app.speech.resources import SpeechResources


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignResources:
    """The use cases, the queries, and what would become of a campaign's contacts."""

    campaigns: Campaigns
    agents: CampaignAgents
    queries: CampaignQueries
    forecaster: Forecaster

    @classmethod
    def open(
        cls,
        database: Database,
        log: EventLog,
        audit: AuditLog,
        clock: Clock,
        speech: SpeechResources,
        *,
        veil: KeyVeil,
        changed: Callable[[str], Awaitable[None]],
    ) -> Self:
        """``changed`` is awaited with a campaign's id after each commit that dialers have to hear of."""
        return cls(
            campaigns=Campaigns(log, audit, clock, speech, veil=veil, changed=changed),
            agents=CampaignAgents(database, log, audit, clock, veil=veil, changed=changed),
            queries=CampaignQueries(database, clock),
            forecaster=Forecaster(database, clock),
        )
