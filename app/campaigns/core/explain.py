"""A contact's story in plain words, told from what was stored when it happened; nothing is worked out anew.

Times are the wall clock's in the first of the zones the decision was made for. No number is named, so that the story
may be read without the right to see numbers.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, TypeAlias, assert_never
from zoneinfo import ZoneInfo

from app.campaigns.core.retries import AfterAttempt, Done, Retry
from app.campaigns.core.rules import Basis, Decision, Dial, Later, Skip
from app.campaigns.core.words import DelayReason, SkipReason
from app.facts.campaigns import GivenUp
from app.facts.vocabulary import Disposition, Words
from app.numbers.zones import ZoneSource


class Attempted(Words, frozen=True, kw_only=True, omit_defaults=True, tag="ATTEMPTED"):
    """An attempt that ended: its number from 1, when, how it came out, and what was to follow."""

    attempt: int
    ended_at: datetime
    disposition: Disposition
    follows: AfterAttempt


class LetGo(Words, frozen=True, kw_only=True, tag="LET_GO"):
    """The campaign was over, and the contact had no outcome yet."""

    at: datetime
    reason: SkipReason


Entry: TypeAlias = Decision | Attempted | LetGo

_SKIPPED: Final = {
    SkipReason.DNC: "the number is on a do-not-call list",
    SkipReason.DESTINATION_DENIED: "the account's destination policy denies the number",
    SkipReason.ZONE_UNKNOWN: "nobody can say what time it is there",
    SkipReason.NO_COMMON_WINDOW: "the calling window is never open in all of the contact's time zones at once",
    SkipReason.WINDOW_AFTER_END: "the calling window opens only after the campaign's end",
    SkipReason.CAMPAIGN_OVER: "the campaign was over",
    SkipReason.CAP_OUTLASTS_CAMPAIGN: "the number may be called again only after the campaign's end",
    SkipReason.REMOVED: "the contact was removed from its list",
    SkipReason.NOT_REACHED: "the campaign was over before the contact's turn came",
    SkipReason.CALL_FAILED: "placing the call failed again and again, by no fault of the contact's",
}
_DELAYED: Final = {
    DelayReason.NOT_STARTED: "the campaign had not begun",
    DelayReason.OUTSIDE_WINDOW: "the calling window was closed",
    DelayReason.FREQUENCY_CAP: "the number had been called as often as it may be within 24 hours",
    DelayReason.CAMPAIGN_FULL: "the campaign had as many calls as it may",
    DelayReason.TRUNK_DOWN: "the trunk did not answer",
    DelayReason.TRUNK_FULL: "the trunk had as many calls as it may",
    DelayReason.ACCOUNT_FULL: "the account had as many calls as it may",
    DelayReason.CALL_FAILED: "placing the call failed, by no fault of the contact's",
}
_ZONES: Final = {
    ZoneSource.GIVEN: "given with the contact",
    ZoneSource.NUMBER: "of the number",
    ZoneSource.ACCOUNT: "the account's",
}
_DONE: Final = {
    GivenUp.ANSWERED: "somebody answered, so this contact is done",
    GivenUp.NEVER_RETRIED: "this is never tried again",
    GivenUp.NOT_IN_RETRY_ON: "the campaign does not try this again",
    GivenUp.NO_RETRIES_LEFT: "no retry is left",
    GivenUp.CAMPAIGN_OVER: "the campaign is over",
}
_MOST_ZONES_NAMED: Final = 3


def explain(story: Sequence[Entry]) -> tuple[str, ...]:
    """One sentence for each thing that happened, in the order given; times of attempts in the last decision's zone."""
    sentences = []
    zone: str | None = None
    for entry in story:
        match entry:
            case Decision():
                zone = next(iter(entry.basis.zones.names), None)
                sentences.append(_decided(entry, zone))
            case Attempted():
                sentences.append(_attempted(entry, zone))
            case LetGo(at=at, reason=reason):
                sentences.append(f"{_clock(at, zone)}: skipped, because {_SKIPPED[reason]}.")
            case _:
                assert_never(entry)
    return tuple(sentences)


def _decided(decision: Decision, zone: str | None) -> str:
    at = _clock(decision.basis.decided_at, zone)
    match decision.outcome:
        case Dial():
            said = f"{at}: dialled; nothing forbade it."
        case Skip(reason=SkipReason.DNC, dnc_list_ids=lists):
            said = f"{at}: skipped, because {_SKIPPED[SkipReason.DNC]} ({', '.join(lists)})."
        case Skip(reason=reason, denial=denial):
            said = f"{at}: skipped, because {_SKIPPED[reason]}{f' ({denial.value})' if denial else ''}."
        case Later(at=later, reason=delay):
            said = f"{at}: not called yet, because {_DELAYED[delay]}; next at {_clock(later, zone)}."
        case _:
            assert_never(decision.outcome)
    return f"{said} {_grounds(decision.basis)}"


def _attempted(attempted: Attempted, zone: str | None) -> str:
    at = _clock(attempted.ended_at, zone)
    match attempted.follows:
        case Retry(at=later, attempt=attempt):
            follows = f"attempt {attempt} from {_clock(later, zone)} on"
        case Done(reason=reason):
            follows = _DONE[reason]
        case _:
            assert_never(attempted.follows)
    return f"{at}: attempt {attempted.attempt} came out as {attempted.disposition.value}; {follows}."


def _grounds(basis: Basis) -> str:
    asked = [f"campaign version {basis.campaign.version}"]
    if basis.policy is not None:
        asked.append(f"destination policy version {basis.policy}")
    asked += [f"do-not-call list {one.id} version {one.version}" for one in basis.dnc_lists]
    asked.append(_zones(basis))
    if basis.zone_data is not None:
        asked.append(f"time zone rules {basis.zone_data}")
    if basis.number_data is not None:
        asked.append(f"numbering plans {basis.number_data}")
    return f"Decided on {', '.join(asked)}."


def _zones(basis: Basis) -> str:
    names = basis.zones.names
    if not names:
        return "no known time zone"
    rest = len(names) - _MOST_ZONES_NAMED
    named = ", ".join(names[:_MOST_ZONES_NAMED]) + (f" and {rest} more" if rest > 0 else "")
    return f"time zone{'s' if len(names) > 1 else ''} {named} ({_ZONES[basis.zones.source]})"


def _clock(instant: datetime, zone: str | None) -> str:
    where = UTC if zone is None else ZoneInfo(zone)
    local = instant.astimezone(where)
    return f"{local:%Y-%m-%d %H:%M:%S} {zone or 'UTC'}"
