"""The inputs of mutations about campaigns."""

from datetime import UTC, datetime
from typing import Any, Final, cast

import strawberry

from app.api.instants import LocalTimeInput, TimeInput
from app.api.mutations.campaign_content_inputs import CampaignContentInput, read_content
from app.api.mutations.changes import Identified, read_given
from app.api.mutations.inputs import KEY_CHARACTERS, MetadataPairInput, read_pairs
from app.api.scalars import PhoneNumber
from app.calls import texts as call_texts
from app.campaigns import checks
from app.campaigns.changes import CampaignChanges
from app.campaigns.core import breaker
from app.campaigns.core.words import SkipReason
from app.campaigns.retrying import MOST_NAMED
from app.errors import Problem, RefusedError
from app.facts.vocabulary import Disposition, MachineAction, RecordingMode
from app.hours import local_time, windows
from app.hours.week import Weekday
from app.numbers.parse import parse_caller_id
from app.resources.shown_names import LONGEST_NAME

_REFUSED: Final = " Null is refused."


@strawberry.input(description="When contacts may be called, by their own clocks.")
class CallingWindowInput:
    from_: str = strawberry.field(name="from", description="From this time of day on, `HH:MM`.")
    to: str = strawberry.field(
        description="Before this one, at most `24:00`. Earlier than `from`: it goes over midnight, and belongs to the "
        "day on which it began."
    )
    weekdays: list[Weekday] = strawberry.field(default_factory=list, description="On these days; none is every day.")


@strawberry.input(
    description="The trunk's circuit breaker: enough failures (see `CampaignBreaker`) in the time pause it."
)
class CampaignBreakerInput:
    failures: int = strawberry.field(default=10, description=f"So many failures: 1 to {checks.MOST_FAILURES}.")
    seconds: float = strawberry.field(
        default=60.0, description=f"Within so many seconds: 1 to {checks.LONGEST_BREAKER_SECONDS:g}."
    )
    share_percent: int = strawberry.field(
        default=50, description="When they are at least this part of all attempts that ended then: 1 to 100."
    )


@strawberry.input
class CampaignSettingsInput:
    description: str | None = strawberry.field(
        default=strawberry.UNSET, description=f"Your own words about it: 1 to {checks.LONGEST_DESCRIPTION} characters."
    )
    dnc_list_ids: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET,
        description="Do-not-call lists to ask besides those that apply to all campaigns: at most "
        f"{checks.MOST_DNC_LISTS}." + _REFUSED,
    )
    calls_per_minute: int | None = strawberry.field(
        default=strawberry.UNSET,
        description=f"How many calls may begin in a minute: 1 to {checks.MOST_CALLS_PER_MINUTE}; a new campaign has 60 "
        "when this is left out." + _REFUSED,
    )
    max_concurrent_calls: int | None = strawberry.field(
        default=strawberry.UNSET,
        description=f"How many there may be at once: 1 to {checks.MOST_CONCURRENT_CALLS}; a new campaign has 10 when "
        "this is left out." + _REFUSED,
    )
    windows: list[CallingWindowInput] | None = strawberry.field(
        default=strawberry.UNSET,
        description=f"When contacts may be called, 1 to {checks.MOST_WINDOWS} windows; a new campaign has 08:00 to "
        "21:00 on every day when this is left out. A contact without a time zone of its own is called when "
        "one is open in all zones of its number." + _REFUSED,
    )
    start_at: TimeInput | None = strawberry.field(
        default=strawberry.UNSET, description="It begins then, once it is started; null is at once."
    )
    end_at: TimeInput | None = strawberry.field(
        default=strawberry.UNSET, description="It calls nobody from then on; null is no end."
    )
    retry_on: list[Disposition] | None = strawberry.field(
        default=strawberry.UNSET,
        description="What is tried again; `BUSY`, `NO_ANSWER` and `CONGESTION` by a new campaign when this is left "
        "out. `ANSWERED`, `INVALID_NUMBER`, `DNC` and `BLOCKED` never are." + _REFUSED,
    )
    max_retries: int | None = strawberry.field(
        default=strawberry.UNSET,
        description=f"How often a contact is called again, beyond the first attempt: 0 to {checks.MOST_RETRIES}; by a "
        "new campaign never when this is left out." + _REFUSED,
    )
    retry_after_seconds: float | None = strawberry.field(
        default=strawberry.UNSET,
        description=f"How long after the end of one attempt the next is due: {checks.SHORTEST_RETRY_SECONDS:g} to "
        f"{checks.LONGEST_RETRY_SECONDS:.0f} seconds; with a new campaign an hour when this is left "
        "out." + _REFUSED,
    )
    max_calls_per_number_per_day: int | None = strawberry.field(
        default=strawberry.UNSET,
        description="How often a number may be called within any 24 hours, by all campaigns of the account: 1 to "
        f"{checks.MOST_PER_DAY}; null is no limit.",
    )
    breaker: CampaignBreakerInput | None = strawberry.field(
        default=strawberry.UNSET,
        description="What pauses it when its trunk fails; with a new campaign 10 failures in a minute that are half of "
        "all when this is left out; null is nothing.",
    )
    caller_ids: list[PhoneNumber] | None = strawberry.field(
        default=strawberry.UNSET,
        description="What contacts see calling, in turn: outbound numbers of the account, at most "
        f"{checks.MOST_CALLER_IDS}. None is the pool's, or the account's default one." + _REFUSED,
    )
    caller_id_pool_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET,
        description="A pool of outbound numbers that the caller id is chosen from for each contact; null is none.",
    )
    caller_id_name: str | None = strawberry.field(
        default=strawberry.UNSET,
        description=f"The name that contacts see calling: 1 to {LONGEST_NAME} characters, without quotes, "
        "`<`, `>` or backslashes; null is none.",
    )
    trunk_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="The trunk to dial out over; null is the account's default one."
    )
    ring_seconds: float | None = strawberry.field(
        default=strawberry.UNSET,
        description=f"How long it may ring: {call_texts.SHORTEST_RING_SECONDS:g} to "
        f"{call_texts.LONGEST_RING_SECONDS:g} seconds; null is the server's setting.",
    )
    max_duration_seconds: float | None = strawberry.field(
        default=strawberry.UNSET,
        description=f"How long a talk may last: {call_texts.SHORTEST_TALK_SECONDS:g} to "
        f"{call_texts.LONGEST_TALK_SECONDS:.0f} seconds; null is the server's setting.",
    )
    recording_mode: RecordingMode | None = strawberry.field(
        default=strawberry.UNSET,
        description="Whose voice is recorded; a new campaign has `OFF` when this is left out." + _REFUSED,
    )
    detect_machine: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="Find out whether a person or an answering machine has answered, which takes up to 5 seconds. Not "
        "with `PREDICTIVE`." + _REFUSED,
    )
    on_machine: MachineAction | None = strawberry.field(
        default=strawberry.UNSET,
        description="What is done when a machine has answered; a new campaign has `HANG_UP` when this is left out."
        + _REFUSED,
    )
    metadata: list[MetadataPairInput] | None = strawberry.field(
        default=strawberry.UNSET,
        description=f"Your own pairs, which each call has: at most {call_texts.MOST_PAIRS}." + _REFUSED,
    )
    tags: list[str] | None = strawberry.field(
        default=strawberry.UNSET,
        description=f"Your own tags, which each call has: at most {call_texts.MOST_TAGS}." + _REFUSED,
    )


@strawberry.input(description="A campaign to be made. What is left out is as is said at each field.")
class CreateCampaignInput(CampaignSettingsInput):
    name: str = strawberry.field(description="The name, 1 to 100 characters, of no other campaign.")
    content: CampaignContentInput = strawberry.field(description="What whoever answers gets.")
    contact_list_ids: list[strawberry.ID] = strawberry.field(
        description=f"The lists to call, one after the other: 1 to {checks.MOST_LISTS}. A number in several is called "
        "once."
    )


@strawberry.input(
    description="Changes of a campaign. What is left out stays; lists replace. While it runs they count from the next "
    "decision on."
)
class UpdateCampaignInput(CampaignSettingsInput, Identified):
    name: str | None = strawberry.field(default=strawberry.UNSET, description="The name." + _REFUSED)
    content: CampaignContentInput | None = strawberry.field(
        default=strawberry.UNSET,
        description="All of what whoever answers gets, anew; of the same kind as before." + _REFUSED,
    )
    contact_list_ids: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET,
        description="The lists to call. One that is left out is read no further; contacts that were taken from it stay."
        + _REFUSED,
    )


@strawberry.input(
    description="Which contacts are to be called again: give at least one of `contactIds`, `dispositions` and "
    "`skipReasons`. A contact must be one of `contactIds`, if they are given, and have come to one of `dispositions` "
    "or `skipReasons`, if any of these two is. An empty list is refused, with `INVALID_INPUT`."
)
class RetryContactsInput:
    campaign_id: strawberry.ID = strawberry.field(description="The campaign whose contacts they are.")
    idempotency_key: str = strawberry.field(
        description=f"{KEY_CHARACTERS} The same key with the same input puts nobody back again, and answers as it did "
        "then, with `replayed: true`. Kept for good; a refused request does not burn its key."
    )
    contact_ids: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description=f"These, 1 to {MOST_NAMED}; those that the campaign has not taken up are passed over. Alone, it "
        "means them whatever they came to: whoever `ANSWERED` is called once more.",
    )
    dispositions: list[Disposition] | None = strawberry.field(
        default=None,
        description="Those that are `FINISHED` and whose last call came out so. `INVALID_NUMBER` is refused.",
    )
    skip_reasons: list[SkipReason] | None = strawberry.field(
        default=None, description="Those that were skipped for one of these reasons; the rules are asked anew."
    )


#: What null clears.
_NULLABLE: Final = frozenset(
    {
        *("description", "start_at", "end_at", "max_calls_per_number_per_day", "breaker", "caller_id_pool_id"),
        *("caller_id_name", "trunk_id", "ring_seconds", "max_duration_seconds"),
    }
)


def read_campaign(given: CampaignSettingsInput, default_region: str) -> CampaignChanges:
    """What is to be set.

    Raises:
        RefusedError: INVALID_INPUT for each null where there can be none; CALLER_ID_NOT_OWNED.
    """
    values = read_given(given, nullable=_NULLABLE)
    return cast("CampaignChanges", {name: _read(name, value, default_region) for name, value in values.items()})


def _read(name: str, value: Any, default_region: str) -> Any:
    match value:
        case CampaignContentInput():
            return read_content(value)
        case TimeInput():
            return _read_time(value)
        case CampaignBreakerInput():
            return breaker.BreakerRule(
                failures=value.failures, seconds=value.seconds, share_percent=value.share_percent
            )
        case list() if name == "windows":
            return tuple(
                windows.CallingWindow(from_time=one.from_, to_time=one.to, weekdays=tuple(one.weekdays))
                for one in value
            )
        case list() if name == "metadata":
            return read_pairs(value)
        case list() if name == "caller_ids":
            return tuple(_read_caller_id(one, place, default_region) for place, one in enumerate(value))
        case list():
            return tuple(value)
        case _:
            return value


def _read_time(given: TimeInput) -> local_time.LocalTime:
    if isinstance(given.local, LocalTimeInput):
        return local_time.LocalTime(date_time=given.local.date_time, time_zone=given.local.time_zone)
    assert isinstance(given.at, datetime)  # one of the two is given
    return local_time.LocalTime(date_time=given.at.astimezone(UTC).replace(tzinfo=None), time_zone="Etc/UTC")


def _read_caller_id(given: str, place: int, default_region: str) -> str:
    try:
        return parse_caller_id(given, default_region=default_region)
    except RefusedError as refused:
        message = "The caller id is not one of the account's outbound numbers."
        raise RefusedError(Problem("CALLER_ID_NOT_OWNED", message, ("callerIds", str(place)))) from refused
