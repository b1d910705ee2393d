"""What was counted of a campaign, how far it has come, and what would become of its contacts."""

from datetime import datetime, timedelta
from typing import Self

import strawberry

from app.campaigns import figures
from app.campaigns.core.words import CampaignState, DelayReason, SkipReason
from app.campaigns.figures import Figure
from app.campaigns.forecast import Forecast
from app.campaigns.queries import Standing
from app.facts.vocabulary import Disposition

_PERCENT = 100.0


@strawberry.type(description="How many attempts came out in one way.")
class AttemptCount:
    disposition: Disposition = strawberry.field(description="How they came out.")
    attempts: int = strawberry.field(description="How many.")


@strawberry.type(description="How many contacts were skipped for one reason.")
class SkipCount:
    reason: SkipReason = strawberry.field(description="Why.")
    contacts: int = strawberry.field(description="How many.")


@strawberry.type(description="How many contacts would be called later, for one reason.")
class DelayCount:
    reason: DelayReason = strawberry.field(description="Why not now.")
    contacts: int = strawberry.field(description="How many.")


@strawberry.type(
    description="What was counted of a campaign. What became of a call counts for the minute in which it was dialled. "
    "Contacts that `retryContacts` puts to the start are taken off `finished`, `skipped`, `dnc` and `skips` in that "
    "minute: over a range these may be below 0."
)
class CampaignStatistics:
    total: int = strawberry.field(description="Attempts that have ended, and contacts not called for a DNC list.")
    dialled: int = strawberry.field(description="Attempts that were begun.")
    answered: int = strawberry.field(description="Attempts that were `ANSWERED`.")
    busy: int = strawberry.field(description="Attempts that were `BUSY`.")
    no_answer: int = strawberry.field(description="Attempts with `NO_ANSWER`.")
    cancelled: int = strawberry.field(description="Attempts that were `CANCELLED`.")
    unreachable: int = strawberry.field(description="Attempts that were `UNREACHABLE`.")
    congestion: int = strawberry.field(description="Attempts with `CONGESTION`.")
    machine: int = strawberry.field(description="Attempts that a `MACHINE` answered.")
    abandoned: int = strawberry.field(description="Persons who answered and found no agent within two seconds.")
    abandoned_percent: float = strawberry.field(
        description="How many of 100 persons who answered found no agent within two seconds: what the law's cap is "
        "about. 0 when nobody answered."
    )
    dnc: int = strawberry.field(description="Contacts that were skipped because they are on a do-not-call list.")
    skipped: int = strawberry.field(description="Contacts that were skipped, for whatever reason.")
    finished: int = strawberry.field(description="Contacts that were called and have their outcome.")
    talk_seconds: float = strawberry.field(description="How long was talked, to the second for each attempt.")
    ring_seconds: float = strawberry.field(description="How long it rang, to the second for each attempt.")
    attempts: list[AttemptCount] = strawberry.field(description="Attempts by how they came out; none of 0.")
    skips: list[SkipCount] = strawberry.field(description="Skipped contacts by reason; none of 0.")

    @classmethod
    def of(cls, counted: figures.Figures) -> Self:
        persons, dnc = counted[Figure.ANSWERED_BY_PERSON], counted.skipped_for(SkipReason.DNC)
        abandoned = counted[Figure.ABANDONED]
        return cls(
            total=counted[Figure.ENDED] + dnc,
            dialled=counted[Figure.DIALLED],
            answered=counted.came_out(Disposition.ANSWERED),
            busy=counted.came_out(Disposition.BUSY),
            no_answer=counted.came_out(Disposition.NO_ANSWER),
            cancelled=counted.came_out(Disposition.CANCELLED),
            unreachable=counted.came_out(Disposition.UNREACHABLE),
            congestion=counted.came_out(Disposition.CONGESTION),
            machine=counted.came_out(Disposition.MACHINE),
            abandoned=abandoned,
            abandoned_percent=_PERCENT * abandoned / persons if persons else 0.0,
            dnc=dnc,
            skipped=counted[Figure.SKIPPED],
            finished=counted[Figure.FINISHED],
            talk_seconds=float(counted[Figure.TALK_SECONDS]),
            ring_seconds=float(counted[Figure.RING_SECONDS]),
            attempts=[
                AttemptCount(disposition=one, attempts=counted.came_out(one))
                for one in Disposition
                if counted.came_out(one)
            ],
            skips=[
                SkipCount(reason=one, contacts=counted.skipped_for(one))
                for one in SkipReason
                if counted.skipped_for(one)
            ],
        )


@strawberry.type(
    description="One of the successive periods over which `abandonmentCapPercent` is held: 24 hours, and 30 days. They "
    "begin with the campaign's first start, to the minute. A call counts in the one in which it was dialled, once it "
    "has ended."
)
class CampaignPeriod:
    hours: int = strawberry.field(description="How long it is: 24, or 720.")
    from_: datetime = strawberry.field(name="from", description="When it began.")
    to: datetime = strawberry.field(description="When it ends, and the next one begins.")
    answered_by_person: int = strawberry.field(
        description="Calls that a person answered, the abandoned ones among them."
    )
    abandoned: int = strawberry.field(description="Those of them for whom no agent came within two seconds.")
    abandoned_percent: float = strawberry.field(description="How many of 100 that is; 0 when nobody answered.")

    @classmethod
    def of(cls, begin: datetime, end: datetime, counted: figures.Figures) -> Self:
        answered, abandoned = counted[Figure.ANSWERED_BY_PERSON], counted[Figure.ABANDONED]
        return cls(
            hours=(end - begin) // timedelta(hours=1),
            from_=begin,
            to=end,
            answered_by_person=answered,
            abandoned=abandoned,
            abandoned_percent=_PERCENT * abandoned / answered if answered else 0.0,
        )


@strawberry.type(description="How far a campaign has come.")
class CampaignProgress:
    campaign_id: strawberry.ID = strawberry.field(description="The campaign.")
    state: CampaignState = strawberry.field(description="Where it stands.")
    contacts_taken: int = strawberry.field(description="Contacts that were taken from the lists so far.")
    waiting: int = strawberry.field(description="Contacts taken that are called, or called again, later.")
    in_flight: int = strawberry.field(description="Contacts taken that are being called.")
    finished: int = strawberry.field(description="Contacts taken that were called and have their outcome.")
    skipped: int = strawberry.field(description="Contacts taken that are not called.")
    statistics: CampaignStatistics = strawberry.field(description="What was counted so far.")

    @classmethod
    def of(cls, standing: Standing) -> Self:
        totals, campaign = standing.totals, standing.campaign
        taken, finished, skipped = totals[Figure.TAKEN], totals[Figure.FINISHED], totals[Figure.SKIPPED]
        return cls(
            campaign_id=strawberry.ID(campaign.id),
            state=campaign.state,
            contacts_taken=taken,
            waiting=max(0, taken - finished - skipped - standing.in_flight),
            in_flight=standing.in_flight,
            finished=finished,
            skipped=skipped,
            statistics=CampaignStatistics.of(totals),
        )


@strawberry.type(
    description="What the rules would decide for the contacts of a campaign's lists if it called all of them now, "
    "whatever it has called already."
)
class CampaignPreview:
    is_complete: bool = strawberry.field(
        description="All contacts were counted. False: counting took too long, and these are the first ones."
    )
    counted: int = strawberry.field(description="How many contacts were counted.")
    dial: int = strawberry.field(description="How many would be dialled at once, as far as the rules go.")
    skip: int = strawberry.field(description="How many would be skipped.")
    delay: int = strawberry.field(description="How many would be called later.")
    duplicates: int = strawberry.field(
        description="How many have a number that an earlier list of the campaign has: it is called once."
    )
    skips: list[SkipCount] = strawberry.field(description="Those to be skipped, by reason; none of 0.")
    delays: list[DelayCount] = strawberry.field(description="Those to be called later, by reason; none of 0.")
    at: datetime = strawberry.field(description="The instant that it was decided for.")

    @classmethod
    def of(cls, forecast: Forecast) -> Self:
        return cls(
            is_complete=forecast.is_complete,
            counted=forecast.counted,
            dial=forecast.dial,
            skip=forecast.skipped.total(),
            delay=forecast.delayed.total(),
            duplicates=forecast.duplicates,
            skips=[SkipCount(reason=reason, contacts=count) for reason, count in forecast.skipped.items()],
            delays=[DelayCount(reason=reason, contacts=count) for reason, count in forecast.delayed.items()],
            at=forecast.at,
        )
