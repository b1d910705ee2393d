"""Words of campaigns. The enums are open to growth, as all of Offhook's are; those that facts tell live with them."""

from enum import StrEnum

from app.facts.campaigns import CampaignKind, SkipReason

__all__ = ["CampaignKind", "CampaignState", "DelayReason", "PacingMode", "SkipReason"]


class CampaignState(StrEnum):
    """Where a campaign stands."""

    DRAFT = "DRAFT"
    SCHEDULED = "SCHEDULED"
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    STOPPED = "STOPPED"
    FINISHED = "FINISHED"


class PacingMode(StrEnum):
    """How calls follow agents: an agent asks for each; one call for each idle agent; more calls than agents."""

    PREVIEW = "PREVIEW"
    PROGRESSIVE = "PROGRESSIVE"
    PREDICTIVE = "PREDICTIVE"


class DelayReason(StrEnum):
    """Why a contact is not called yet."""

    NOT_STARTED = "NOT_STARTED"
    OUTSIDE_WINDOW = "OUTSIDE_WINDOW"
    FREQUENCY_CAP = "FREQUENCY_CAP"
    CAMPAIGN_FULL = "CAMPAIGN_FULL"
    TRUNK_DOWN = "TRUNK_DOWN"
    TRUNK_FULL = "TRUNK_FULL"
    ACCOUNT_FULL = "ACCOUNT_FULL"
    CALL_FAILED = "CALL_FAILED"
