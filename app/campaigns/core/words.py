"""Words of campaigns. The enums are open to growth, as all of Offhook's are."""

from enum import StrEnum


class CampaignKind(StrEnum):
    """What whoever answers gets: words or a file, a call flow, or an agent."""

    ANNOUNCEMENT = "ANNOUNCEMENT"
    FLOW = "FLOW"
    AGENT = "AGENT"


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


class SkipReason(StrEnum):
    """Why a contact is not called by this campaign at all."""

    DNC = "DNC"
    DESTINATION_DENIED = "DESTINATION_DENIED"
    ZONE_UNKNOWN = "ZONE_UNKNOWN"
    NO_COMMON_WINDOW = "NO_COMMON_WINDOW"
    WINDOW_AFTER_END = "WINDOW_AFTER_END"
    CAMPAIGN_OVER = "CAMPAIGN_OVER"
    CAP_OUTLASTS_CAMPAIGN = "CAP_OUTLASTS_CAMPAIGN"


class DelayReason(StrEnum):
    """Why a contact is not called yet."""

    NOT_STARTED = "NOT_STARTED"
    OUTSIDE_WINDOW = "OUTSIDE_WINDOW"
    FREQUENCY_CAP = "FREQUENCY_CAP"
    CAMPAIGN_FULL = "CAMPAIGN_FULL"
    TRUNK_FULL = "TRUNK_FULL"
    ACCOUNT_FULL = "ACCOUNT_FULL"


class ZoneSource(StrEnum):
    """Where a contact's zones come from: the contact's own row, its number, or the account."""

    GIVEN = "GIVEN"
    NUMBER = "NUMBER"
    ACCOUNT = "ACCOUNT"
