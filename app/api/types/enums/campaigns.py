"""Campaigns and their contacts."""

from app.api.types.enums.describing import OPEN, describe
from app.campaigns.core.words import CampaignState, DelayReason, PacingMode
from app.campaigns.model import ContactState
from app.facts.campaigns import CampaignKind, FinishReason, GivenUp, PauseReason, SkipReason

describe(
    CampaignKind,
    "What whoever answers a campaign's call gets. " + OPEN,
    {
        "ANNOUNCEMENT": "A text, spoken, or a sound file.",
        "FLOW": "A call flow: a survey, a menu, a transfer, a voice bot.",
        "AGENT": "An agent, or the agents of a queue.",
    },
)
describe(
    CampaignState,
    "Where a campaign stands. `STOPPED` and `FINISHED` are the end. " + OPEN,
    {
        "DRAFT": "It was made, and never started.",
        "SCHEDULED": "It was started, and begins at its `startAt`.",
        "RUNNING": "It calls.",
        "PAUSED": "It calls nobody until it is resumed.",
        "STOPPED": "It was stopped, for good.",
        "FINISHED": "Every contact has its outcome, or its `endAt` has come.",
    },
)
describe(
    PacingMode,
    "How the calls of a campaign follow its agents. " + OPEN,
    {
        "PREVIEW": "An agent looks at each contact first, and has it dialled.",
        "PROGRESSIVE": "One call for each idle agent.",
        "PREDICTIVE": "More calls than there are idle agents, as far as the cap on abandoned calls bears it.",
    },
)
describe(
    PauseReason,
    "Why a campaign is paused. " + OPEN,
    {
        "REQUESTED": "`pauseCampaign`.",
        "TRUNK_FAILED": "Its trunk has failed again and again: `breaker`.",
        "CALLS_REFUSED": "As it is set up no call can be placed: its caller id, trunk or call flow is not there, say.",
        "TOO_MANY_ABANDONED": "Agents let so many calls ring that `abandonmentCapPercent` bears no more.",
    },
)
describe(
    FinishReason,
    "Why a campaign is finished. " + OPEN,
    {"ALL_DONE": "Every contact has its outcome.", "END_REACHED": "Its `endAt` has come."},
)
describe(
    SkipReason,
    "Why a contact is not called by a campaign at all. " + OPEN,
    {
        "DNC": "The number is on a do-not-call list.",
        "DESTINATION_DENIED": "The account's destination policy denies the number.",
        "ZONE_UNKNOWN": "Nobody can say what time it is there.",
        "NO_COMMON_WINDOW": "The calling window is never open in all of the contact's time zones at once.",
        "WINDOW_AFTER_END": "The calling window opens only after the campaign's end.",
        "CAMPAIGN_OVER": "The campaign was over, and the contact waited to be called, or called again.",
        "CAP_OUTLASTS_CAMPAIGN": "The number may be called again only after the campaign's end.",
        "REMOVED": "The contact was removed from its list.",
        "NOT_REACHED": "The campaign was over before the contact's turn came; nothing else was asked about it.",
        "CALL_FAILED": "The call could not be placed, again and again, and by no fault of the contact's.",
    },
)
describe(
    DelayReason,
    "Why a contact is not called yet. " + OPEN,
    {
        "NOT_STARTED": "The campaign has not begun.",
        "OUTSIDE_WINDOW": "The calling window is closed, by the contact's clock.",
        "FREQUENCY_CAP": "The number was called as often as it may be within 24 hours.",
        "CAMPAIGN_FULL": "The campaign has as many calls as it may.",
        "TRUNK_DOWN": "The trunk does not answer, so nobody is called over it until it does.",
        "TRUNK_FULL": "The trunk has as many calls as it may.",
        "ACCOUNT_FULL": "The account has as many calls as it may.",
        "CALL_FAILED": "The call could not be placed, by no fault of the contact's; it is tried again.",
    },
)
describe(
    GivenUp,
    "Why a contact is not tried again. " + OPEN,
    {
        "ANSWERED": "Somebody answered.",
        "NEVER_RETRIED": "What came of the call is never tried again.",
        "NOT_IN_RETRY_ON": "The campaign does not try again what came of the call.",
        "NO_RETRIES_LEFT": "No retry is left.",
        "CAMPAIGN_OVER": "A retry was left, and the campaign was over before it.",
    },
)
describe(
    ContactState,
    "Where a contact of a campaign stands. " + OPEN,
    {
        "WAITING": "It is called, or called again, at `dueAt`.",
        "CLAIMED": "It is about to be dialled.",
        "DIALING": "Its call is under way.",
        "FINISHED": "It was called, and has its outcome.",
        "SKIPPED": "It is not called.",
    },
    name="CampaignContactState",
)
