"""Reads campaigns and their contacts; always one account's, in SQL itself."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Self

from app.campaigns import figures, store
from app.campaigns.activity import Activity, read_activity
from app.campaigns.core.explain import Entry, LetGo, explain
from app.campaigns.core.predictive import current_periods
from app.campaigns.core.rules import Decision, Skip
from app.campaigns.core.words import CampaignKind, CampaignState, SkipReason
from app.campaigns.figures import Figures
from app.campaigns.model import Campaign, CampaignContact, ContactState
from app.campaigns.rows import (
    BY_CONTACT,
    BY_ID,
    CAMPAIGN_COLUMNS,
    CAMPAIGN_NAMES,
    CONTACT_COLUMNS,
    CONTACT_NAMES,
    read_campaign,
    read_contact,
)
from app.clock import Clock
from app.db.conditions import Conditions
from app.db.engine import Database
from app.db.keyset import Listing, RowCount, count_listed, keyset_rows
from app.errors import Problem, RefusedError
from app.facts.vocabulary import Disposition
from app.paging import Page, PageRequest

#: A story that has more decisions than that is told from its last ones.
LONGEST_STORY: Final = 200
#: How often it is looked how far a campaign has come.
FOLLOW_SECONDS: Final = 1.0

_MINUTE: Final = timedelta(minutes=1)
_FIRST: Final = datetime.min.replace(tzinfo=UTC)
_LAST: Final = datetime.max.replace(tzinfo=UTC)
_AT_THE_END: Final = frozenset({SkipReason.CAMPAIGN_OVER, SkipReason.NOT_REACHED})

_IN_FLIGHT: Final = """
SELECT campaign_id, count(*) AS count FROM campaign_contact
WHERE campaign_id = ANY($1::text[]) AND state IN ('CLAIMED', 'DIALING') GROUP BY campaign_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignFilter:
    """Which campaigns; every field that is set must hold."""

    states: tuple[CampaignState, ...] = ()
    kinds: tuple[CampaignKind, ...] = ()
    with_archived: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignContactFilter:
    """Which contacts of a campaign; every field that is set must hold.

    ``reasons`` are one: the contact stands at one of these states for one of the state's reasons.
    """

    campaign_id: str
    states: tuple[ContactState, ...] = ()
    reasons: tuple[tuple[ContactState, tuple[str, ...]], ...] = ()
    dispositions: tuple[Disposition, ...] = ()
    number: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How far a campaign has come: what was counted of it, and how many of its calls are under way."""

    campaign: Campaign
    totals: Figures
    in_flight: int


@dataclass(frozen=True, slots=True)
class Minutes:
    """Those that begin in ``[begin, end)``, which are whole minutes; None is no bound."""

    begin: datetime | None = None
    end: datetime | None = None

    @classmethod
    def between(cls, begin: datetime | None, end: datetime | None) -> Self:
        """Those that begin in a range of any instants: many who ask within a minute ask for the same."""
        return cls(_next_minute(begin), _next_minute(end))


EVER: Final = Minutes()


class CampaignQueries:
    """Every method raises DatabaseUnavailableError when the database is away."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def get(self, account_id: str, campaign_id: str) -> Campaign | None:
        """One, None when the account has no such; an archived one too."""
        found = await self.get_many(account_id, (campaign_id,))
        return found[0] if found else None

    async def get_many(self, account_id: str, ids: Sequence[str]) -> list[Campaign]:
        """Those of them that the account has, in no particular order."""
        async with self._database.acquire() as connection:
            return await store.get_campaigns(connection, account_id, ids)

    async def page(self, account_id: str, where: CampaignFilter, request: PageRequest) -> Page[Campaign]:
        """The account's, newest first.

        Raises:
            RefusedError: INVALID_CURSOR.
        """
        async with self._database.acquire() as connection:
            return await keyset_rows(
                connection,
                _campaigns(account_id, where),
                keys=BY_ID,
                descending=True,
                page=request,
                item=read_campaign,
            )

    async def count(self, account_id: str, where: CampaignFilter) -> RowCount:
        """How many :meth:`page` goes through."""
        async with self._database.acquire() as connection:
            return await count_listed(connection, _campaigns(account_id, where))

    async def activity(self) -> Activity:
        """What the campaigns of all accounts are at, for ``/metrics``."""
        return await read_activity(self._database)

    async def page_contacts(
        self, account_id: str, where: CampaignContactFilter, request: PageRequest
    ) -> Page[CampaignContact]:
        """Contacts that the campaign has taken up, by their ids.

        Raises:
            RefusedError: INVALID_CURSOR.
        """
        async with self._database.acquire() as connection:
            return await keyset_rows(
                connection,
                _contacts(account_id, where),
                keys=BY_CONTACT,
                descending=False,
                page=request,
                item=read_contact,
            )

    async def count_contacts(self, account_id: str, where: CampaignContactFilter) -> RowCount:
        """How many :meth:`page_contacts` goes through."""
        async with self._database.acquire() as connection:
            return await count_listed(connection, _contacts(account_id, where))

    async def get_contact(self, account_id: str, campaign_id: str, contact_id: str) -> CampaignContact | None:
        """A contact of a campaign, None when the campaign has not taken it up or is another account's."""
        where = Conditions(account_id, campaign_id, contact_id)
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(
                f"SELECT {CONTACT_COLUMNS} FROM campaign_contact "  # noqa: S608  # our own names
                "WHERE account_id = $1 AND campaign_id = $2 AND contact_id = $3",
                *where.values,
            )
        return None if row is None else read_contact(row)

    async def explain(self, contact: CampaignContact) -> tuple[str, ...]:
        """The contact's story, one sentence for each thing that happened, oldest first."""
        async with self._database.acquire() as connection:
            story = await store.read_story(connection, contact.campaign_id, contact.contact_id, at_most=LONGEST_STORY)
        return explain((*story, *_let_go(contact, story)))

    async def stand(self, account_id: str, campaign_ids: Sequence[str]) -> dict[str, Standing]:
        """How far campaigns have come, read at one instant; of those of them that the account has."""
        async with (
            self._database.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            found = {one.id: one for one in await store.get_campaigns(connection, account_id, campaign_ids)}
            totals = await figures.read_totals_of(connection, list(found))
            rows = await connection.fetch(_IN_FLIGHT, list(found))
        in_flight = {row["campaign_id"]: row["count"] for row in rows}
        return {
            one.id: Standing(campaign=one, totals=totals[one.id], in_flight=in_flight.get(one.id, 0))
            for one in found.values()
        }

    async def follow(self, account_id: str, campaign_id: str) -> AsyncGenerator[Standing, None]:
        """How far a campaign has come: at once, and whenever that has changed, at most once a second; to its end, when
        it is over and every contact has its outcome.

        Raises:
            RefusedError: NOT_FOUND.
        """
        told: Standing | None = None
        while True:
            standing = (await self.stand(account_id, (campaign_id,))).get(campaign_id)
            if standing is None:
                raise RefusedError(Problem("NOT_FOUND", "There is no such campaign.", ("id",)))
            if standing != told:
                told = standing
                yield standing
            if standing.campaign.settled_at is not None and not standing.in_flight:
                return
            await asyncio.sleep(FOLLOW_SECONDS)

    async def figures(self, campaign_ids: Sequence[str], when: Minutes) -> dict[str, Figures]:
        """What was counted of each of these campaigns, whosever they are."""
        async with self._database.acquire() as connection:
            if when == EVER:
                return await figures.read_totals_of(connection, campaign_ids)
            return await figures.read_between_of(connection, campaign_ids, when.begin or _FIRST, when.end or _LAST)

    def last(self, length: timedelta) -> Minutes:
        """The minutes that have begun in this time."""
        return Minutes.between(self._clock.now() - length, None)

    def current_periods(self, began_at: datetime) -> list[tuple[datetime, datetime]]:
        """From when until when the periods are under way over which abandoned calls are counted, the shorter first."""
        return current_periods(began_at, self._clock.now())


def _let_go(contact: CampaignContact, story: Sequence[Entry]) -> tuple[LetGo, ...]:
    """What the end of the campaign did to the contact, which is told by its row alone."""
    is_let_go = contact.state is ContactState.SKIPPED and contact.reason in _AT_THE_END
    is_told = bool(story) and isinstance(story[-1], Decision) and isinstance(story[-1].outcome, Skip)
    if not is_let_go or is_told or contact.reason is None:
        return ()
    return (LetGo(at=contact.updated_at, reason=SkipReason(contact.reason)),)


def _next_minute(at: datetime | None) -> datetime | None:
    """The first minute that begins then or later."""
    if at is None:
        return None
    begun = at.replace(second=0, microsecond=0)
    return begun if begun == at else begun + _MINUTE


def _campaigns(account_id: str, where: CampaignFilter) -> Listing:
    conditions = Conditions()
    conditions.add("account_id = {}", account_id)
    if not where.with_archived:
        conditions.add("archived_at IS NULL")
    conditions.add_any_of("state", where.states)
    conditions.add_any_of("kind", where.kinds)
    return Listing("campaign", CAMPAIGN_NAMES, CAMPAIGN_COLUMNS, conditions)


def _contacts(account_id: str, where: CampaignContactFilter) -> Listing:
    conditions = Conditions()
    conditions.add("account_id = {}", account_id)
    conditions.add("campaign_id = {}", where.campaign_id)
    conditions.add_any_of("state", where.states)
    _add_reasons(conditions, where.reasons)
    conditions.add_any_of("disposition", where.dispositions)
    conditions.add_given("number = {}", where.number)
    return Listing("campaign_contact", CONTACT_NAMES, CONTACT_COLUMNS, conditions)


def _add_reasons(conditions: Conditions, reasons: Sequence[tuple[ContactState, tuple[str, ...]]]) -> None:
    if not reasons:
        return
    # By the word, which there is an index of; and with its state, for some words are those of two.
    conditions.add_any_of("reason", sorted({str(word) for _, words in reasons for word in words}))
    texts = ["(state = {} AND reason = ANY({}::text[]))"] * len(reasons)
    values = [value for state, words in reasons for value in (state.value, [str(word) for word in words])]
    conditions.add(f"({' OR '.join(texts)})", *values)
