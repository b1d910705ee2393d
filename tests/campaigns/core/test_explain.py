"""The same story afterwards."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from app.campaigns.core.explain import Attempted, Entry, explain
from app.campaigns.core.retries import Done, Retry
from app.campaigns.core.rules import Basis, Decision, Dial, Later, Outcome, Skip, Version
from app.campaigns.core.words import DelayReason, SkipReason
from app.facts.campaigns import GivenUp
from app.facts.vocabulary import Disposition
from app.numbers.policy import DenialReason
from app.numbers.zones import Zones, ZoneSource

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def decided(outcome: Outcome, at: datetime = NOON, zones: tuple[str, ...] = ("Europe/Berlin",)) -> Decision:
    basis = Basis(
        decided_at=at,
        zones=Zones(names=zones, source=ZoneSource.NUMBER),
        campaign=Version(id="camp_1", version=3),
        policy="0a1b2c3d4e5f",
        dnc_lists=(Version(id="dnc_1", version=9),),
        zone_data="2026.6",
        number_data="9.0.10",
    )
    return Decision(outcome=outcome, basis=basis)


def attempted(attempt: int, at: datetime, disposition: Disposition, follows: Retry | Done) -> Attempted:
    return Attempted(attempt=attempt, ended_at=at, disposition=disposition, follows=follows)


GROUNDS = (
    "Decided on campaign version 3, destination policy version 0a1b2c3d4e5f, do-not-call list dnc_1 version 9, "
    "time zone Europe/Berlin (of the number), time zone rules 2026.6, "
    "numbering plans 9.0.10."
)


def test_given_a_contact_that_was_tried_twice_when_explained_then_everything_is_told_in_order() -> None:
    morning = NOON + 19 * HOUR
    story: list[Entry] = [
        decided(Dial()),
        attempted(1, NOON + HOUR, Disposition.BUSY, Retry(at=NOON + 9 * HOUR, attempt=2)),
        decided(Later(at=morning, reason=DelayReason.OUTSIDE_WINDOW), NOON + 9 * HOUR),
        decided(Dial(), morning),
        attempted(2, morning + HOUR, Disposition.ANSWERED, Done(reason=GivenUp.ANSWERED)),
    ]
    first, busy, closed, second, reached = explain(story)
    assert first == f"2026-03-02 13:00:00 Europe/Berlin: dialled; nothing forbade it. {GROUNDS}"
    assert busy == (
        "2026-03-02 14:00:00 Europe/Berlin: attempt 1 came out as BUSY; "
        "attempt 2 from 2026-03-02 22:00:00 Europe/Berlin on."
    )
    assert closed == (
        "2026-03-02 22:00:00 Europe/Berlin: not called yet, because the calling window was closed; "
        f"next at 2026-03-03 08:00:00 Europe/Berlin. {GROUNDS}"
    )
    assert second == f"2026-03-03 08:00:00 Europe/Berlin: dialled; nothing forbade it. {GROUNDS}"
    assert reached == (
        "2026-03-03 09:00:00 Europe/Berlin: attempt 2 came out as ANSWERED; somebody answered, so this contact is done."
    )


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (Skip(reason=SkipReason.DNC, dnc_list_ids=("dnc_1", "dnc_2")), "on a do-not-call list (dnc_1, dnc_2)."),
        (
            Skip(reason=SkipReason.DESTINATION_DENIED, denial=DenialReason.PAGER),
            "the account's destination policy denies the number (PAGER).",
        ),
        (Skip(reason=SkipReason.CAMPAIGN_OVER), "skipped, because the campaign was over."),
    ],
)
def test_given_a_contact_that_was_skipped_when_explained_then_the_reason_is_named(outcome: Skip, told: str) -> None:
    (sentence,) = explain([decided(outcome)])
    assert told in sentence


def test_given_every_reason_when_explained_then_each_has_words_of_its_own() -> None:
    outcomes: list[Outcome] = [Skip(reason=reason) for reason in SkipReason]
    outcomes += [Later(at=NOON + HOUR, reason=reason) for reason in DelayReason]
    told = [explain([decided(outcome)]) for outcome in outcomes]
    told += [explain([attempted(1, NOON, Disposition.FAILED, Done(reason=reason))]) for reason in GivenUp]
    assert len(set(told)) == len(SkipReason) + len(DelayReason) + len(GivenUp)


def test_given_a_contact_of_many_zones_or_none_when_explained_then_it_says_so() -> None:
    (many,) = explain([decided(Dial(), zones=ZONES)])
    assert "time zones Australia/Adelaide, Australia/Brisbane, Australia/Darwin and 1 more (of the number)" in many
    (none,) = explain([decided(Skip(reason=SkipReason.ZONE_UNKNOWN), zones=())])
    assert none.startswith("2026-03-02 12:00:00 UTC: skipped, because nobody can say what time it is there.")
    assert "no known time zone" in none


ZONES = ("Australia/Adelaide", "Australia/Brisbane", "Australia/Darwin", "Australia/Perth")


def test_given_a_story_when_stored_and_read_then_it_is_told_the_same() -> None:
    entry = attempted(1, NOON, Disposition.BUSY, Retry(at=NOON + HOUR, attempt=2))
    assert msgspec.json.decode(msgspec.json.encode(entry), type=Attempted) == entry
