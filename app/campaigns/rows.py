"""From rows to what `app.campaigns.model` says."""

from collections.abc import Mapping
from typing import Any, Final

import asyncpg
import msgspec

from app.campaigns.core.pacing import Pace
from app.campaigns.core.words import CampaignKind, CampaignState
from app.campaigns.model import Campaign, CampaignContact, CampaignId, ContactId, ContactState, definition_from_json
from app.db.keyset import Key
from app.facts.campaigns import FinishReason, PauseReason
from app.facts.vocabulary import Disposition, Pair
from app.testclock.rows import ahead_of, read_ahead

CAMPAIGN_NAMES: Final = (
    *("id", "account_id", "name", "description", "kind", "state", "version", "is_sandbox", "definition", "list_ids"),
    *("dnc_list_ids", "start_at", "end_at", "began_at", "resumed_at", "paused_at", "pause_reason", "pause_detail"),
    *("finished_at", "finish_reason", "settled_at", "pace", "created_by", "created_at", "updated_at", "archived_at"),
    *("woken_to", "ahead"),
)
#: SQL: how many seconds the clock that a campaign's rules go by is ahead of the true time.
AHEAD: Final = ahead_of("campaign", when="campaign.is_sandbox")
CAMPAIGN_COLUMNS: Final = ", ".join((*CAMPAIGN_NAMES[:-1], f"{AHEAD} AS ahead"))
CONTACT_NAMES: Final = (
    *("campaign_id", "contact_id", "list_id", "number", "state", "attempts", "decisions", "due_at", "reason"),
    *("disposition", "call_id", "answers", "updated_at"),
)
CONTACT_COLUMNS: Final = ", ".join(CONTACT_NAMES)
BY_ID: Final = (Key("id", str),)
BY_CONTACT: Final = (Key("contact_id", str),)


def read_campaign(row: asyncpg.Record | Mapping[str, Any]) -> Campaign:
    """The campaign behind a row of ``CAMPAIGN_COLUMNS``."""
    values: dict[str, Any] = {name: row[name] for name in CAMPAIGN_NAMES}
    return Campaign(
        **values
        | {
            "id": CampaignId(values["id"]),
            "kind": CampaignKind(values["kind"]),
            "state": CampaignState(values["state"]),
            "definition": definition_from_json(values["definition"]),
            "list_ids": tuple(values["list_ids"]),
            "dnc_list_ids": tuple(values["dnc_list_ids"]),
            "pause_reason": None if values["pause_reason"] is None else PauseReason(values["pause_reason"]),
            "finish_reason": None if values["finish_reason"] is None else FinishReason(values["finish_reason"]),
            "ahead": read_ahead(values["ahead"]),
            "pace": None if values["pace"] is None else msgspec.convert(values["pace"], Pace),
        }
    )


def read_contact(row: asyncpg.Record | Mapping[str, Any]) -> CampaignContact:
    """The contact of a campaign behind a row of ``CONTACT_COLUMNS``."""
    values: dict[str, Any] = {name: row[name] for name in CONTACT_NAMES}
    return CampaignContact(
        **values
        | {
            "campaign_id": CampaignId(values["campaign_id"]),
            "contact_id": ContactId(values["contact_id"]),
            "state": ContactState(values["state"]),
            "disposition": None if values["disposition"] is None else Disposition(values["disposition"]),
            "answers": msgspec.convert(values["answers"] or [], tuple[Pair, ...]),
        }
    )
