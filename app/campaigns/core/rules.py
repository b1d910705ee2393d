"""May this contact be called now? One answer, at the instant of dialling, from everything that may forbid it.

First what forbids it for good (do-not-call lists, the destination policy), then the calling window, the frequency cap,
and last the caps on concurrent calls. The first that speaks is the reason. `previewCampaign` asks the same function
without limits (but that of a trunk that is down), so what it counts is what will happen.

The answer is stored with the `Basis` it was given on: which versions of what, in which zones, at which instant.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final, TypeAlias, assert_never

from app.campaigns.core.pacing import Limit, delay_of, room_for
from app.campaigns.core.schedule import NeverOpens, Open, OpensAt, Schedule, judge_time
from app.campaigns.core.words import DelayReason, SkipReason
from app.facts.vocabulary import Words
from app.numbers.policy import Allowed, DenialReason, Denied, Verdict
from app.numbers.zones import Zones

#: Over how long calls to one number are counted. Any 24 hours, so that midnight gives nobody two days' calls in a row;
#: Florida Statutes 501.616(6)(b) counts the same way (three calls in 24 hours).
FREQUENCY_PERIOD: Final = timedelta(hours=24)
#: How long a contact waits that only a cap on concurrent calls keeps from being called.
ROOM_RETRY: Final = timedelta(seconds=1)


class Version(Words, frozen=True, kw_only=True):
    """A thing that was asked, as it was then: its public id and its version."""

    id: str
    version: int


class Basis(Words, frozen=True, kw_only=True, omit_defaults=True):
    """What a decision was made on.

    ``campaign`` and ``dnc_lists`` are those that were asked, in the versions read in the transaction that decided;
    ``policy`` is the version of the account's destination policy (`app.numbers.policy.version_of`), ``zone_data`` that
    of the time zones' rules (such as ``2026.6``), ``number_data`` that of the numbering plans from which the contact's
    zones were read, None where they were not.
    """

    decided_at: datetime
    zones: Zones
    campaign: Version
    policy: str | None = None
    dnc_lists: tuple[Version, ...] = ()
    zone_data: str | None = None
    number_data: str | None = None


class Question(Words, frozen=True, kw_only=True, omit_defaults=True):
    """All that is known of a contact at the instant of dialling.

    ``dnc_list_ids`` are the lists that have its number. ``attempts`` are the instants at which the account dialled this
    number within `FREQUENCY_PERIOD`, by any campaign, in any order; ``most_per_day`` None is no cap.
    ``limits`` are empty for a preview, unless the trunk is down.
    """

    at: datetime
    zones: Zones
    verdict: Verdict
    schedule: Schedule
    dnc_list_ids: tuple[str, ...] = ()
    attempts: tuple[datetime, ...] = ()
    most_per_day: int | None = None
    limits: tuple[Limit, ...] = ()


class Dial(Words, frozen=True, kw_only=True, tag_field="outcome", tag="DIAL"):
    """Call the contact now."""


class Skip(Words, frozen=True, kw_only=True, omit_defaults=True, tag_field="outcome", tag="SKIP"):
    """Never call the contact in this campaign.

    ``dnc_list_ids`` say which lists have its number, ``denial`` what the destination policy said.
    """

    reason: SkipReason
    dnc_list_ids: tuple[str, ...] = ()
    denial: DenialReason | None = None


class Later(Words, frozen=True, kw_only=True, tag_field="outcome", tag="LATER"):
    """Ask again at ``at``: the first instant at which nothing that is known now forbids the call."""

    at: datetime
    reason: DelayReason


Outcome: TypeAlias = Dial | Skip | Later


class Decision(Words, frozen=True, kw_only=True):
    """What was decided for a contact, and on what: as stored, and as the contact's `explain` reads it."""

    outcome: Outcome
    basis: Basis


def decide(question: Question) -> Outcome:
    """Whether to dial the contact now, later or never, with the first reason that applies."""
    if question.dnc_list_ids:
        return Skip(reason=SkipReason.DNC, dnc_list_ids=question.dnc_list_ids)
    match question.verdict:
        case Denied(reason=denial):
            return Skip(reason=SkipReason.DESTINATION_DENIED, denial=denial)
        case Allowed():
            pass
        case _:
            assert_never(question.verdict)
    match judge_time(question.schedule, question.zones.names, question.at):
        case NeverOpens(reason=reason):
            return Skip(reason=reason)
        case OpensAt(at=at, reason=delay):
            return _with_frequency(question, at, delay)
        case Open():
            pass
    free_at = frequency_free_at(question.attempts, question.most_per_day, question.at)
    if free_at > question.at:
        return _with_frequency(question, free_at, DelayReason.FREQUENCY_CAP)
    limited_by = room_for(1, question.limits).limited_by
    return Dial() if limited_by is None else Later(at=question.at + ROOM_RETRY, reason=delay_of(limited_by))


def frequency_free_at(attempts: Sequence[datetime], most_per_day: int | None, at: datetime) -> datetime:
    """The first instant from ``at`` on at which the number has had fewer calls than ``most_per_day`` in 24 hours.

    Raises:
        ValueError: a cap below one, which would forbid every call.
    """
    if most_per_day is None:
        return at
    if most_per_day < 1:
        raise ValueError("a frequency cap is at least one call a day")
    counted = sorted(attempt for attempt in attempts if attempt > at - FREQUENCY_PERIOD)
    return at if len(counted) < most_per_day else counted[-most_per_day] + FREQUENCY_PERIOD


def tally(outcomes: Iterable[Outcome]) -> Counter[str]:
    """How many contacts would be dialled (``DIAL``), skipped or delayed, by reason: what a preview tells."""
    return Counter("DIAL" if isinstance(outcome, Dial) else outcome.reason.value for outcome in outcomes)


def _with_frequency(question: Question, at: datetime, reason: DelayReason) -> Outcome:
    """The first instant from ``at`` on that both the window and the frequency cap allow."""
    while True:
        free_at = frequency_free_at(question.attempts, question.most_per_day, at)
        match judge_time(question.schedule, question.zones.names, free_at):
            case NeverOpens():  # by the clock alone there was an instant, or this would not be asked
                return Skip(reason=SkipReason.CAP_OUTLASTS_CAMPAIGN)
            case OpensAt(at=opens_at):
                at = opens_at  # later than what the cap asks for, so the cap is met there as well
            case Open():
                return Later(at=free_at, reason=reason)
