"""Campaigns and the contacts that they have taken up."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self, TypeVar

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import guarded_field
from app.api.instants import TimeRangeInput, read_range
from app.api.paging import After, Before, Connection, First, Last, Paging, connect_filtered
from app.api.scalars import Long, PhoneNumber
from app.api.types.call import Call
from app.api.types.campaign_figures import CampaignPeriod, CampaignProgress, CampaignStatistics
from app.api.types.campaign_links import find_contact
from app.api.types.campaign_parts import CallingWindow, CampaignBreaker, CampaignContent
from app.api.types.contacts import Contact, ContactList, DncList
from app.api.types.node import Node
from app.api.types.values import MetadataPair, Party
from app.campaigns import model
from app.campaigns.core.words import CampaignKind, CampaignState, DelayReason, SkipReason
from app.campaigns.figures import DAY, MONTH
from app.campaigns.model import ContactState
from app.campaigns.queries import CampaignContactFilter, Minutes
from app.facts.campaigns import FinishReason, GivenUp, PauseReason
from app.facts.masking import Sight, mask_digits
from app.facts.vocabulary import Disposition, MachineAction, RecordingMode
from app.ids import Kind, part_id
from app.numbers.parse import parse_destination

W = TypeVar("W", bound=StrEnum)


@strawberry.input(
    description="Which contacts of a campaign; everything that is given must hold, and of `skipReasons`, "
    "`delayReasons` and `finishReasons` one, for a contact has one of them at most. An empty list holds for all."
)
class CampaignContactFilterInput:
    states: list[ContactState] | None = strawberry.field(default=None, description="Is in one of these states.")
    skip_reasons: list[SkipReason] | None = strawberry.field(
        default=None, description="Was `SKIPPED` for one of these reasons."
    )
    delay_reasons: list[DelayReason] | None = strawberry.field(
        default=None, description="Is `WAITING` for one of these reasons."
    )
    finish_reasons: list[GivenUp] | None = strawberry.field(
        default=None, description="Is `FINISHED`, and is not called again for one of these reasons."
    )
    dispositions: list[Disposition] | None = strawberry.field(
        default=None, description="Its last call came out in one of these ways."
    )
    number: PhoneNumber | None = strawberry.field(default=None, description="Has this number.")


@strawberry.type(description="A contact that a campaign has taken from one of its lists.")
class CampaignContact(Node):
    contact_id: strawberry.ID = strawberry.field(description="The contact.")
    campaign_id: strawberry.ID = strawberry.field(description="The campaign.")
    list_id: strawberry.ID = strawberry.field(description="The list it was taken from.")
    party: Party = strawberry.field(description="Its number.")
    state: ContactState = strawberry.field(description="Where it stands.")
    attempts: int = strawberry.field(description="How often it was called, since `retryContacts` if that was used.")
    due_at: datetime | None = strawberry.field(description="When it is called next; null unless it is `WAITING`.")
    skip_reason: SkipReason | None = strawberry.field(description="Why it is not called; null unless it is `SKIPPED`.")
    delay_reason: DelayReason | None = strawberry.field(
        description="Why it was not called when its turn came; null unless it is `WAITING` for that."
    )
    finish_reason: GivenUp | None = strawberry.field(
        description="Why it is not called again; null unless it is `FINISHED`."
    )
    disposition: Disposition | None = strawberry.field(
        description="How the last call to it came out; null while none has ended."
    )
    call_id: strawberry.ID | None = strawberry.field(description="The last call to it; null before the first.")
    answers: list[MetadataPair] = strawberry.field(
        description="What its call flow has asked for, by variable; each character reads `x` without `dtmf:read`."
    )
    updated_at: datetime = strawberry.field(description="When something about it changed last.")
    row: strawberry.Private[model.CampaignContact]

    @classmethod
    def of(cls, contact: model.CampaignContact, sight: Sight) -> Self:
        party = Party.of_number(contact.number, sight)
        assert party is not None  # there is a number
        return cls(
            id=strawberry.ID(part_id(Kind.CAMPAIGN_CONTACT, contact.campaign_id, contact.contact_id)),
            row=contact,
            contact_id=strawberry.ID(contact.contact_id),
            campaign_id=strawberry.ID(contact.campaign_id),
            list_id=strawberry.ID(contact.list_id),
            party=party,
            state=contact.state,
            attempts=contact.attempts,
            due_at=contact.due_at if contact.state is ContactState.WAITING else None,
            skip_reason=_word(SkipReason, contact, ContactState.SKIPPED),
            delay_reason=_word(DelayReason, contact, ContactState.WAITING),
            finish_reason=_word(GivenUp, contact, ContactState.FINISHED),
            disposition=contact.disposition,
            call_id=None if contact.call_id is None else strawberry.ID(contact.call_id),
            answers=[
                MetadataPair(key=one.key, value=one.value if sight.has_digits else mask_digits(one.value))
                for one in contact.answers
            ],
            updated_at=contact.updated_at,
        )

    @guarded_field(
        Scope.CAMPAIGNS_READ,
        "What was decided for it and what came of it, in plain words, oldest first, told from what was stored then. "
        "The last 200 decisions.",
    )
    async def explain(self, info: Info) -> list[str] | None:
        return list(await info.context.services.campaigns.queries.explain(self.row))

    @guarded_field(Scope.CONTACTS, "The contact as it is now; null once it was removed.")
    async def contact(self, info: Info) -> Contact | None:
        return await find_contact(info, self.contact_id)

    @guarded_field(Scope.CALLS_READ, "The last call to it.")
    async def call(self, info: Info) -> Call | None:
        if self.call_id is None:
            return None
        found = await info.context.loaders.call.load(self.call_id)
        return None if found is None else Call.of(found, info.context.sight)


@strawberry.type(description="A campaign: whom to call, when, how many at once, and what whoever answers gets.")
class Campaign(Node):
    name: str = strawberry.field(description="The name.")
    description: str | None = strawberry.field(description="Your own words about it.")
    kind: CampaignKind = strawberry.field(description="What whoever answers gets.")
    state: CampaignState = strawberry.field(description="Where it stands.")
    version: Long = strawberry.field(description="Grows with each update; decisions name the one they were made on.")
    sandbox: bool = strawberry.field(description="It was made with a test key, and calls sandbox numbers alone.")
    content: CampaignContent = strawberry.field(description="What whoever answers gets.")
    contact_list_ids: list[strawberry.ID] = strawberry.field(description="The lists, in the order they are called in.")
    dnc_list_ids: list[strawberry.ID] = strawberry.field(
        description="The do-not-call lists that are asked besides those that apply to all campaigns."
    )
    calls_per_minute: int = strawberry.field(description="How many calls may begin in a minute.")
    max_concurrent_calls: int = strawberry.field(description="How many of its calls there may be at once.")
    windows: list[CallingWindow] = strawberry.field(
        description="When contacts may be called, in any of these windows by their own clocks."
    )
    start_at: datetime | None = strawberry.field(description="It begins then; null is as soon as it is started.")
    end_at: datetime | None = strawberry.field(description="It calls nobody from then on.")
    retry_on: list[Disposition] = strawberry.field(description="What is tried again.")
    max_retries: int = strawberry.field(description="How often a contact is tried again, beyond the first attempt.")
    retry_after_seconds: float = strawberry.field(
        description="How long after the end of an attempt the contact is tried again."
    )
    max_calls_per_number_per_day: int | None = strawberry.field(
        description="How often a number is called within any 24 hours, by all campaigns; null is no limit."
    )
    breaker: CampaignBreaker | None = strawberry.field(
        description="What pauses it when its trunk fails; null is nothing."
    )
    caller_ids: list[Party] = strawberry.field(description="What contacts see calling, in turn.")
    caller_id_pool_id: strawberry.ID | None = strawberry.field(
        description="The pool from which the number that a contact sees calling is chosen; null is none."
    )
    caller_id_name: str | None = strawberry.field(description="The name that contacts see calling; null is none.")
    trunk_id: strawberry.ID | None = strawberry.field(description="The trunk; null is the account's default one.")
    ring_seconds: float | None = strawberry.field(
        description="How long a contact's phone may ring; null is the server's setting."
    )
    max_duration_seconds: float | None = strawberry.field(
        description="How long a talk may last; null is the server's setting."
    )
    recording_mode: RecordingMode = strawberry.field(description="Whose voice is recorded.")
    detect_machine: bool = strawberry.field(description="It is found out whether a machine has answered.")
    on_machine: MachineAction = strawberry.field(
        description="What is done when a machine has answered; see `detectMachine`."
    )
    metadata: list[MetadataPair] = strawberry.field(description="Your own pairs, which each call has.")
    tags: list[str] = strawberry.field(description="Your own tags, which each call has.")
    started_at: datetime | None = strawberry.field(description="When it began to call, the first time.")
    paused_at: datetime | None = strawberry.field(description="Since when it is paused.")
    pause_reason: PauseReason | None = strawberry.field(description="Why it is paused; null unless it is `PAUSED`.")
    pause_detail: str | None = strawberry.field(
        description="More of why it paused itself: how many attempts the trunk failed, or the codes for which no call "
        "can be placed (`CALLER_ID_FLAGGED`, `NOT_FOUND`). Null when there is no more to say."
    )
    finished_at: datetime | None = strawberry.field(description="When it was stopped, or was over.")
    settled_at: datetime | None = strawberry.field(
        description="When it was over and every contact had its outcome, also those whose turn never came."
    )
    finish_reason: FinishReason | None = strawberry.field(description="Why it is over, when it ended by itself.")
    created_at: datetime = strawberry.field(description="When it was made.")
    updated_at: datetime = strawberry.field(description="When it was changed last.")
    archived_at: datetime | None = strawberry.field(description="When it was put away.")
    row: strawberry.Private[model.Campaign]

    @classmethod
    def of(cls, campaign: model.Campaign, sight: Sight) -> Self:
        definition = campaign.definition
        breaker, pool_id = definition.breaker, definition.caller_id_pool_id
        shown = (Party.of_number(one, sight) for one in definition.caller_ids)
        return cls(
            row=campaign,
            id=strawberry.ID(campaign.id),
            name=campaign.name,
            description=campaign.description,
            kind=campaign.kind,
            state=campaign.state,
            version=Long(campaign.version),
            sandbox=campaign.is_sandbox,
            content=CampaignContent.of(definition.content),
            contact_list_ids=[strawberry.ID(one) for one in campaign.list_ids],
            dnc_list_ids=[strawberry.ID(one) for one in campaign.dnc_list_ids],
            calls_per_minute=definition.pacing.calls_per_minute,
            max_concurrent_calls=definition.pacing.max_concurrent_calls,
            windows=[CallingWindow.of(one) for one in definition.schedule.windows],
            start_at=campaign.start_at,
            end_at=campaign.end_at,
            retry_on=list(definition.retries.retry_on),
            max_retries=definition.retries.max_retries,
            retry_after_seconds=definition.retries.retry_after_seconds,
            max_calls_per_number_per_day=definition.most_per_day,
            breaker=None if breaker is None else CampaignBreaker.of(breaker),
            caller_ids=[one for one in shown if one is not None],
            caller_id_pool_id=None if pool_id is None else strawberry.ID(pool_id),
            caller_id_name=definition.caller_id_name,
            trunk_id=None if definition.trunk_id is None else strawberry.ID(definition.trunk_id),
            ring_seconds=definition.ring_seconds,
            max_duration_seconds=definition.max_duration_seconds,
            recording_mode=definition.recording_mode,
            detect_machine=definition.detect_machine,
            on_machine=definition.on_machine,
            metadata=MetadataPair.of_all(definition.metadata),
            tags=list(definition.tags),
            started_at=campaign.began_at,
            paused_at=campaign.paused_at,
            pause_reason=campaign.pause_reason,
            pause_detail=campaign.pause_detail,
            finished_at=campaign.finished_at,
            settled_at=campaign.settled_at,
            finish_reason=campaign.finish_reason,
            created_at=campaign.created_at,
            updated_at=campaign.updated_at,
            archived_at=campaign.archived_at,
        )

    @guarded_field(Scope.CAMPAIGNS_READ, "How far it has come.")
    async def progress(self, info: Info) -> CampaignProgress | None:
        standing = await info.context.loaders.campaign_standing.load(self.id)
        return None if standing is None else CampaignProgress.of(standing)

    @guarded_field(
        Scope.CAMPAIGNS_READ,
        "What was counted of it: all, or the minutes that begin in a range, such as the last 24 hours or 30 days.",
    )
    async def statistics(
        self,
        info: Info,
        range: Annotated[  # noqa: A002  # the argument's public name
            TimeRangeInput | None, strawberry.argument(description="When the calls were dialled; left out, ever.")
        ] = None,
    ) -> CampaignStatistics | None:
        begin, end = read_range(range, field=("range",))
        return await self._count(info, Minutes.between(begin, end))

    @guarded_field(Scope.CAMPAIGNS_READ, "What was counted of it in the last 24 hours, to the minute.")
    async def last_24_hours(self, info: Info) -> CampaignStatistics | None:
        return await self._count(info, info.context.services.campaigns.queries.last(DAY))

    @guarded_field(Scope.CAMPAIGNS_READ, "What was counted of it in the last 30 days, to the minute.")
    async def last_30_days(self, info: Info) -> CampaignStatistics | None:
        return await self._count(info, info.context.services.campaigns.queries.last(MONTH))

    @guarded_field(
        Scope.CAMPAIGNS_READ,
        "The periods that are under way, over which `abandonmentCapPercent` is held: of 24 hours, and of 30 days. What "
        "`PREDICTIVE` goes by; none before the first start.",
    )
    async def abandonment_periods(self, info: Info) -> list[CampaignPeriod] | None:
        if self.started_at is None:
            return []
        spans = info.context.services.campaigns.queries.current_periods(self.started_at)
        loader = info.context.loaders.campaign_figures
        counted = await loader.load_many([(self.id, Minutes(begin, end)) for begin, end in spans])
        return [CampaignPeriod.of(begin, end, one) for (begin, end), one in zip(spans, counted, strict=True)]

    async def _count(self, info: Info, when: Minutes) -> CampaignStatistics:
        return CampaignStatistics.of(await info.context.loaders.campaign_figures.load((self.id, when)))

    @guarded_field(Scope.CAMPAIGNS_READ, "The contacts that it has taken up, by their ids.")
    async def contacts(
        self,
        info: Info,
        filter: Annotated[  # noqa: A002  # the argument's public name
            CampaignContactFilterInput | None, strawberry.argument(description="Which of the contacts.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[CampaignContact] | None:
        context, queries = info.context, info.context.services.campaigns.queries
        return await connect_filtered(
            context,
            "campaignContacts",
            _read_filter(self.id, filter, info),
            load=queries.page_contacts,
            count=queries.count_contacts,
            make=CampaignContact.of,
            paging=Paging(first, after, last, before),
        )

    @guarded_field(Scope.CAMPAIGNS_READ, "One contact that it has taken up; null when it has not.")
    async def contact(
        self, info: Info, contact_id: Annotated[strawberry.ID, strawberry.argument(description="The contact.")]
    ) -> CampaignContact | None:
        context = info.context
        found = await context.services.campaigns.queries.get_contact(context.account_id, self.id, contact_id)
        return None if found is None else CampaignContact.of(found, context.sight)

    @guarded_field(Scope.CONTACTS, "The lists that are still there, in the order they are called in.")
    async def contact_lists(self, info: Info) -> list[ContactList] | None:
        found = await info.context.loaders.contact_list.load_many(self.row.list_ids)
        return [ContactList.of(one) for one in found if one is not None]

    @guarded_field(Scope.DNC, "The do-not-call lists of `dncListIds` that are still there.")
    async def dnc_lists(self, info: Info) -> list[DncList] | None:
        found = await info.context.loaders.dnc_list.load_many(self.row.dnc_list_ids)
        return [DncList.of(one) for one in found if one is not None]


def _read_filter(campaign_id: str, given: CampaignContactFilterInput | None, info: Info) -> CampaignContactFilter:
    """Raises RefusedError: INVALID_NUMBER."""
    if given is None:
        return CampaignContactFilter(campaign_id=campaign_id)
    number = given.number
    region = info.context.caller.default_region
    return CampaignContactFilter(
        campaign_id=campaign_id,
        states=tuple(given.states or ()),
        reasons=tuple(
            (state, tuple(words))
            for state, words in (
                (ContactState.SKIPPED, given.skip_reasons),
                (ContactState.WAITING, given.delay_reasons),
                (ContactState.FINISHED, given.finish_reasons),
            )
            if words
        ),
        dispositions=tuple(given.dispositions or ()),
        number=None
        if number is None
        else parse_destination(number, default_region=region, is_sandbox=True, field=("filter", "number")),
    )


def _word(kind: type[W], contact: model.CampaignContact, state: ContactState) -> W | None:
    """The contact's reason, when it is one of these words and the contact is in the state that they are about."""
    if contact.state is not state or contact.reason is None or contact.reason not in kind.__members__:
        return None
    return kind[contact.reason]
