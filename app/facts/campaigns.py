"""Facts about campaigns, and about what becomes of their contacts."""

from datetime import datetime
from enum import StrEnum

from app.facts.calls import Fact
from app.facts.vocabulary import Disposition, Party


class CampaignKind(StrEnum):
    """What whoever answers gets: words or a file, a call flow, or an agent."""

    ANNOUNCEMENT = "ANNOUNCEMENT"
    FLOW = "FLOW"
    AGENT = "AGENT"


class PauseReason(StrEnum):
    """Why a campaign is paused: somebody asked for it, its trunk fails again and again, no call can be placed as it is
    set up (its caller id is not the account's any more, say), or agents let so many calls ring that its cap on
    abandoned calls bears no more.
    """

    REQUESTED = "REQUESTED"
    TRUNK_FAILED = "TRUNK_FAILED"
    CALLS_REFUSED = "CALLS_REFUSED"
    TOO_MANY_ABANDONED = "TOO_MANY_ABANDONED"


class FinishReason(StrEnum):
    """Why a campaign is finished: every contact has its outcome, or the campaign's end has come."""

    ALL_DONE = "ALL_DONE"
    END_REACHED = "END_REACHED"


class SkipReason(StrEnum):
    """Why a contact is not called by this campaign at all."""

    DNC = "DNC"
    DESTINATION_DENIED = "DESTINATION_DENIED"
    ZONE_UNKNOWN = "ZONE_UNKNOWN"
    NO_COMMON_WINDOW = "NO_COMMON_WINDOW"
    WINDOW_AFTER_END = "WINDOW_AFTER_END"
    CAMPAIGN_OVER = "CAMPAIGN_OVER"
    CAP_OUTLASTS_CAMPAIGN = "CAP_OUTLASTS_CAMPAIGN"
    REMOVED = "REMOVED"
    NOT_REACHED = "NOT_REACHED"
    CALL_FAILED = "CALL_FAILED"


class GivenUp(StrEnum):
    """Why a contact is not tried again."""

    ANSWERED = "ANSWERED"
    NEVER_RETRIED = "NEVER_RETRIED"
    NOT_IN_RETRY_ON = "NOT_IN_RETRY_ON"
    NO_RETRIES_LEFT = "NO_RETRIES_LEFT"
    CAMPAIGN_OVER = "CAMPAIGN_OVER"


class CampaignFact(Fact, frozen=True, kw_only=True):
    """Base of the facts of one campaign, which is also what they are about."""

    campaign_id: str
    name: str


class CampaignCreated(CampaignFact, frozen=True, kw_only=True):
    """A campaign was made. It calls nobody before it is started."""

    type = "campaign.created"
    campaign_kind: CampaignKind


class CampaignStarted(CampaignFact, frozen=True, kw_only=True):
    """The campaign has begun to call, in this version; what changes later counts from then on."""

    type = "campaign.started"
    campaign_kind: CampaignKind
    version: int


class CampaignPaused(CampaignFact, frozen=True, kw_only=True):
    """No call of the campaign begins any more until it is resumed; what is under way goes on to its own end."""

    type = "campaign.paused"
    reason: PauseReason


class CampaignResumed(CampaignFact, frozen=True, kw_only=True):
    """The campaign calls again."""

    type = "campaign.resumed"
    version: int


class CampaignStopped(CampaignFact, frozen=True, kw_only=True):
    """No call of the campaign begins any more, for good; what is under way goes on to its own end."""

    type = "campaign.stopped"


class CampaignFinished(CampaignFact, frozen=True, kw_only=True):
    """The campaign is over by itself. ``attempts`` were made, ``finished`` contacts called, ``skipped`` ones never.

    Contacts that it never came to are not among them: those are counted afterwards.
    """

    type = "campaign.finished"
    reason: FinishReason
    attempts: int
    finished: int
    skipped: int


class ContactFact(Fact, frozen=True, kw_only=True):
    """Base of the facts of one contact of a campaign. They are about the contact.

    ``contact_external_id`` is the caller's own id for the contact.
    """

    campaign_id: str
    contact_id: str
    contact_list_id: str
    contact: Party
    contact_external_id: str | None = None


class ContactAttempted(ContactFact, frozen=True, kw_only=True):
    """A call to the contact has ended. ``attempt`` counts from 1; ``next_at`` is null when it was the last one."""

    type = "contact.attempted"
    call_id: str
    attempt: int
    disposition: Disposition
    next_at: datetime | None = None


class ContactSkipped(ContactFact, frozen=True, kw_only=True):
    """The contact is not called by this campaign; ``attempts`` were made before that was known."""

    type = "contact.skipped"
    reason: SkipReason
    attempts: int = 0
    dnc_list_ids: tuple[str, ...] = ()


class ContactFinished(ContactFact, frozen=True, kw_only=True):
    """The contact has its outcome, and is not called again by this campaign. ``call_id`` is its last call."""

    type = "contact.finished"
    disposition: Disposition
    reason: GivenUp
    attempts: int
    call_id: str | None = None
