"""A campaign as it is set, as it stands, and how far it has come.

`Definition` is stored as JSON in the campaign's row: what is left out has its default, so the default of a field that
exists must never change.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, NewType, TypeAlias, assert_never

import msgspec

from app.campaigns.core.breaker import BreakerRule
from app.campaigns.core.pacing import Pace
from app.campaigns.core.predictive import LAWFUL_CAP
from app.campaigns.core.retries import RetryRule
from app.campaigns.core.schedule import Schedule
from app.campaigns.core.words import CampaignKind, CampaignState, PacingMode
from app.facts.campaigns import FinishReason, PauseReason
from app.facts.vocabulary import Disposition, MachineAction, Pair, RecordingMode, Words
from app.flows.steps import Announcement

CampaignId = NewType("CampaignId", str)
ContactId = NewType("ContactId", str)


class ContactState(StrEnum):
    """Where a contact of a campaign stands. FRESH ones have no row yet: nobody has looked at them."""

    WAITING = "WAITING"
    CLAIMED = "CLAIMED"
    DIALING = "DIALING"
    FINISHED = "FINISHED"
    SKIPPED = "SKIPPED"


class OptOut(Words, frozen=True, kw_only=True, omit_defaults=True):
    """The key by which whoever was called asks never to be called again, and the list that it puts them on.

    ``dnc_list_id`` None: the account's own list for that.
    """

    digit: str = "9"
    dnc_list_id: str | None = None


class SayContent(Words, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="ANNOUNCEMENT"):
    """Say this. ``{field}`` in a text stands for the contact's field, its ``name`` or its ``number``."""

    announcement: Announcement
    opt_out: OptOut | None = None


class FlowContent(Words, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="FLOW"):
    """Lead whoever answers through this call flow, at its latest version. The contact's fields are its variables.

    ``opt_out``: its key is heard at any time in the call, whatever else the flow makes of it.
    """

    call_flow_id: str
    opt_out: OptOut | None = None


class AgentContent(Words, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="AGENT"):
    """Connect whoever answers to an agent: exactly one of ``agent_id`` and ``queue_id`` (whose members serve it).

    ``abandonment_cap`` is in hundredths of a percent (PREDICTIVE). ``message`` is what somebody hears for whom no agent
    is free within two seconds; None is the built-in one. The key of ``opt_out`` is heard by whom no agent talks to.
    """

    mode: PacingMode = PacingMode.PROGRESSIVE
    agent_id: str | None = None
    queue_id: str | None = None
    abandonment_cap: int = LAWFUL_CAP
    message: Announcement | None = None
    preview_seconds: float = 120.0
    opt_out: OptOut | None = None


Content: TypeAlias = SayContent | FlowContent | AgentContent


class Pacing(Words, frozen=True, kw_only=True, omit_defaults=True):
    """How many calls may begin in a minute, and how many there may be at once."""

    calls_per_minute: int = 60
    max_concurrent_calls: int = 10


class Definition(Words, frozen=True, kw_only=True, omit_defaults=True):
    """All of a campaign that can be set, besides its name and its lists.

    ``most_per_day`` is how often a number may be called within 24 hours, by all of the account's campaigns; None is no
    cap. ``breaker`` None: the trunk's failures pause nothing. ``caller_ids`` are outbound numbers (E.164), used in
    turn; none: the pool's, or the account's default one. None elsewhere: the server's setting, or the account's.
    """

    content: Content
    pacing: Pacing = Pacing()
    schedule: Schedule = Schedule()
    retries: RetryRule = RetryRule()
    most_per_day: int | None = None
    breaker: BreakerRule | None = BreakerRule()
    caller_ids: tuple[str, ...] = ()
    caller_id_pool_id: str | None = None
    caller_id_name: str | None = None
    trunk_id: str | None = None
    ring_seconds: float | None = None
    max_duration_seconds: float | None = None
    recording_mode: RecordingMode = RecordingMode.OFF
    detect_machine: bool = False
    on_machine: MachineAction = MachineAction.HANG_UP
    metadata: tuple[Pair, ...] = ()
    tags: tuple[str, ...] = ()

    @property
    def kind(self) -> CampaignKind:
        """What whoever answers gets."""
        match self.content:
            case SayContent():
                return CampaignKind.ANNOUNCEMENT
            case FlowContent():
                return CampaignKind.FLOW
            case AgentContent():
                return CampaignKind.AGENT
            case _:
                assert_never(self.content)


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """A campaign as it stands. ``version`` grows with each update; instants are UTC.

    ``began_at`` is its first start, ``resumed_at`` the last time it began to run, ``settled_at`` when the last contact
    had its outcome. ``list_ids`` are in the order in
    which they are called. ``is_sandbox``: made with a test key, it calls sandbox numbers alone; its rules go by the
    account's test clock, which is ``ahead`` of the true time. ``woken_to``: since it changed when contacts may be
    called, those up to this id that were put off were made due, and the others are to be; None when all were.
    """

    id: CampaignId
    account_id: str
    name: str
    description: str | None
    kind: CampaignKind
    state: CampaignState
    version: int
    is_sandbox: bool
    definition: Definition
    list_ids: tuple[str, ...]
    dnc_list_ids: tuple[str, ...]
    start_at: datetime | None
    end_at: datetime | None
    began_at: datetime | None
    resumed_at: datetime | None
    paused_at: datetime | None
    pause_reason: PauseReason | None
    pause_detail: str | None
    finished_at: datetime | None
    finish_reason: FinishReason | None
    settled_at: datetime | None
    pace: Pace | None
    created_by: str | None
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None
    ahead: timedelta = timedelta()
    woken_to: str | None = None

    def by_its_clock(self, at: datetime) -> datetime:
        """What its rules take for the present at this true instant."""
        return at + self.ahead

    def truly(self, at: datetime) -> datetime:
        """The true instant at which its rules take this for the present."""
        return at - self.ahead


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignContact:
    """A contact that a campaign has taken up. ``attempts`` were begun since it was last put to the start.

    ``reason`` is a word of SkipReason (SKIPPED), DelayReason (WAITING) or GivenUp (FINISHED).
    """

    campaign_id: CampaignId
    contact_id: ContactId
    list_id: str
    number: str
    state: ContactState
    attempts: int
    decisions: int
    due_at: datetime | None
    reason: str | None
    disposition: Disposition | None
    call_id: str | None
    answers: tuple[Pair, ...]
    updated_at: datetime


_ENCODER: Final = msgspec.json.Encoder()


def definition_as_json(definition: Definition) -> bytes:
    """What is stored."""
    return _ENCODER.encode(definition)


def definition_from_json(stored: Any) -> Definition:
    """What was stored, as the database gives it.

    Raises:
        msgspec.ValidationError: it is no definition.
    """
    return msgspec.convert(stored, Definition)
