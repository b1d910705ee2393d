"""A contact that is to be called, and what one look for such contacts has found."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.campaigns.model import Campaign
from app.campaigns.questions import ContactCard
from app.ids import CallId

#: How long a claim may be without its call: between the two lie look-ups and a commit (``dialing.PLACE_SECONDS``).
LEASE: Final = timedelta(seconds=45)
#: So many calls of one batch at most.
MOST_CLAIMS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A contact that is to be called now, by the call of this id. ``number`` counts the contact's decisions."""

    contact: ContactCard
    call_id: CallId
    number: int
    attempt: int
    #: Who asked for this contact, and is called first (PREVIEW).
    agent_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What came of one look: ``campaign`` is None when it may not call just now.

    ``again_at`` is when there may be more without any news, None when only news can bring more. ``is_exhausted``: every
    contact has its outcome.
    """

    campaign: Campaign | None = None
    claims: tuple[Claim, ...] = ()
    again_at: datetime | None = None
    is_exhausted: bool = False
    #: So many were abandoned that nobody is called before somebody has seen to it.
    is_at_the_cap: bool = False
    #: Calls that ring for nobody since an agent has vanished; to be hung up.
    to_drop: tuple[str, ...] = ()
