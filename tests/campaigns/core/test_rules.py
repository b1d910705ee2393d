"""One contact at the instant of dialling."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.campaigns.core.pacing import Limit, LimitKind
from app.campaigns.core.rules import (
    FREQUENCY_PERIOD,
    Basis,
    Decision,
    Dial,
    Later,
    Outcome,
    Question,
    Skip,
    Version,
    decide,
    frequency_free_at,
    tally,
)
from app.campaigns.core.schedule import Schedule
from app.campaigns.core.words import DelayReason, SkipReason
from app.hours.local_time import LocalTime
from app.hours.windows import is_open
from app.numbers.policy import Allowed, DenialReason, Denied, Rule
from app.numbers.zones import Zones, ZoneSource

BERLIN = Zones(names=("Europe/Berlin",), source=ZoneSource.NUMBER)
NOON = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)
NIGHT = datetime(2026, 3, 2, 22, 0, tzinfo=UTC)
MORNING = datetime(2026, 3, 3, 7, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ALLOWED = Allowed(Rule("+49", is_allowed=True))
DENIED = Denied(DenialReason.PREMIUM_RATE)
FULL = {kind: Limit(kind=kind, most=1, in_use=1) for kind in LimitKind}
ROOM = {kind: Limit(kind=kind, most=2, in_use=1) for kind in LimitKind}


def question(**given_facts: Any) -> Question:
    facts: dict[str, Any] = {"at": NOON, "zones": BERLIN, "verdict": ALLOWED, "schedule": Schedule()}
    return Question(**{**facts, **given_facts})


def ends(text: str) -> Schedule:
    return Schedule(ends=LocalTime(date_time=datetime.fromisoformat(text), time_zone="Europe/Berlin"))


@pytest.mark.parametrize(
    ("asked", "outcome"),
    [
        (question(), Dial()),
        (question(limits=tuple(ROOM.values())), Dial()),
        (question(dnc_list_ids=("dnc_1", "dnc_2")), Skip(reason=SkipReason.DNC, dnc_list_ids=("dnc_1", "dnc_2"))),
        (question(verdict=DENIED), Skip(reason=SkipReason.DESTINATION_DENIED, denial=DenialReason.PREMIUM_RATE)),
        (question(zones=Zones(names=(), source=ZoneSource.NUMBER)), Skip(reason=SkipReason.ZONE_UNKNOWN)),
        (question(schedule=Schedule(windows=())), Skip(reason=SkipReason.NO_COMMON_WINDOW)),
        (question(schedule=ends("2026-03-02T12:00")), Skip(reason=SkipReason.CAMPAIGN_OVER)),
        (question(at=NIGHT, schedule=ends("2026-03-03T07:00")), Skip(reason=SkipReason.WINDOW_AFTER_END)),
        (question(at=NIGHT), Later(at=MORNING, reason=DelayReason.OUTSIDE_WINDOW)),
        (
            question(attempts=(NOON - HOUR,), most_per_day=1),
            Later(at=NOON + 23 * HOUR, reason=DelayReason.FREQUENCY_CAP),
        ),
        (question(attempts=(NOON - HOUR,), most_per_day=2), Dial()),
        (question(attempts=(NOON - 24 * HOUR,), most_per_day=1), Dial()),
        *[
            (
                question(limits=(ROOM[LimitKind.CAMPAIGN], FULL[kind])),
                Later(at=NOON + timedelta(seconds=1), reason=reason),
            )
            for kind, reason in [
                (LimitKind.CAMPAIGN, DelayReason.CAMPAIGN_FULL),
                (LimitKind.TRUNK_DOWN, DelayReason.TRUNK_DOWN),
                (LimitKind.TRUNK, DelayReason.TRUNK_FULL),
                (LimitKind.ACCOUNT, DelayReason.ACCOUNT_FULL),
            ]
        ],
    ],
)
def test_given_a_contact_when_its_turn_comes_then_the_first_rule_that_speaks_decides(
    asked: Question, outcome: Outcome
) -> None:
    assert decide(asked) == outcome


def test_given_everything_at_once_when_decided_then_reasons_come_in_their_order() -> None:
    """What forbids a call for good comes first, so that a contact that cannot be called does not wait to hear it."""
    order: list[str] = []
    facts: dict[str, Any] = {
        "at": NIGHT,
        "dnc_list_ids": ("dnc_1",),
        "verdict": DENIED,
        "attempts": (NIGHT - HOUR,),
        "most_per_day": 1,
        "limits": tuple(FULL.values()),
    }
    cures: list[dict[str, Any]] = [
        {"dnc_list_ids": ()},
        {"verdict": ALLOWED},
        {"at": NOON + timedelta(days=1), "attempts": (NOON + 20 * HOUR,)},
        {"attempts": ()},
        {"limits": ()},
    ]
    for cure in cures:
        order.append(reason_of(decide(question(**facts))))
        facts |= cure
    assert order == ["DNC", "DESTINATION_DENIED", "OUTSIDE_WINDOW", "FREQUENCY_CAP", "CAMPAIGN_FULL"]
    assert decide(question(**facts)) == Dial()


def reason_of(outcome: Outcome) -> str:
    assert not isinstance(outcome, Dial)
    return outcome.reason.value


def test_given_a_frequency_cap_that_ends_at_night_when_decided_then_the_next_morning_is_told() -> None:
    late = datetime(2026, 3, 1, 21, 30, tzinfo=UTC)
    asked = question(attempts=(late,), most_per_day=1)
    assert decide(asked) == Later(at=MORNING, reason=DelayReason.FREQUENCY_CAP)


def test_given_a_window_that_opens_before_the_cap_ends_when_decided_then_both_are_waited_for() -> None:
    asked = question(at=NIGHT, attempts=(NOON,), most_per_day=1)
    assert decide(asked) == Later(at=NOON + 24 * HOUR, reason=DelayReason.OUTSIDE_WINDOW)


def test_given_a_cap_that_outlasts_the_campaign_when_decided_then_the_contact_is_skipped() -> None:
    asked = question(attempts=(NOON - HOUR,), most_per_day=1, schedule=ends("2026-03-02T18:00"))
    assert decide(asked) == Skip(reason=SkipReason.CAP_OUTLASTS_CAMPAIGN)


def test_given_a_cap_below_one_when_decided_then_it_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        frequency_free_at((), 0, NOON)


_OFFSETS = st.lists(st.integers(-3 * 86400, -1), max_size=12)


@given(offsets=_OFFSETS, most=st.integers(1, 5))
def test_given_any_attempts_when_calls_follow_the_cap_then_no_24_hours_have_more(offsets: list[int], most: int) -> None:
    attempts: list[datetime] = []
    for offset in sorted(offsets):
        at = NOON + timedelta(seconds=offset)
        free_at = frequency_free_at(attempts, most, at)
        assert free_at >= at
        if free_at == at:
            attempts.append(at)
        else:
            # Not a moment too late either: a moment before, there were as many as there may be.
            before = free_at - timedelta(microseconds=1)
            assert sum(before - FREQUENCY_PERIOD < one <= at for one in attempts) >= most
    for attempt in attempts:
        assert sum(attempt - FREQUENCY_PERIOD < one <= attempt for one in attempts) <= most


@given(offsets=_OFFSETS, most=st.integers(1, 3), minutes=st.integers(0, 3 * 1440))
def test_given_later_when_that_instant_has_come_then_the_contact_is_dialled(
    offsets: list[int], most: int, minutes: int
) -> None:
    at = NOON + timedelta(minutes=minutes)
    attempts = tuple(NOON + timedelta(seconds=offset) for offset in offsets)
    asked = question(at=at, attempts=attempts, most_per_day=most)
    outcome = decide(asked)
    if isinstance(outcome, Later):
        assert outcome.at > at
        asked = msgspec.structs.replace(asked, at=outcome.at)
        outcome = decide(asked)
    assert outcome == Dial()
    assert is_open(Schedule().windows, BERLIN.names, asked.at)


def test_given_many_contacts_when_tallied_then_each_reason_is_counted() -> None:
    asked = [question(), question(), question(at=NIGHT), question(dnc_list_ids=("dnc_1",))]
    assert tally(decide(one) for one in asked) == {"DIAL": 2, "OUTSIDE_WINDOW": 1, "DNC": 1}


@pytest.mark.parametrize(
    "outcome",
    [
        Dial(),
        Skip(reason=SkipReason.DNC, dnc_list_ids=("dnc_1",)),
        Skip(reason=SkipReason.DESTINATION_DENIED, denial=DenialReason.PAGER),
        Later(at=MORNING, reason=DelayReason.TRUNK_FULL),
    ],
)
def test_given_a_decision_when_stored_and_read_then_it_is_the_same(outcome: Outcome) -> None:
    basis = Basis(
        decided_at=NOON,
        zones=BERLIN,
        campaign=Version(id="camp_1", version=3),
        policy="0a1b2c3d4e5f",
        dnc_lists=(Version(id="dnc_1", version=9),),
        zone_data="2026.6",
        number_data="9.0.10",
    )
    decision = Decision(outcome=outcome, basis=basis)
    assert msgspec.json.decode(msgspec.json.encode(decision), type=Decision) == decision
