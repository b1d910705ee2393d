"""Which number of a pool a call shows."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.facts.vocabulary import Nearness
from app.numbers.parse import E164
from app.reputation.choosing import Candidate, choose, nearness_of

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
WASHINGTON, WASHINGTON_TOO, NEW_YORK = E164("+12024561111"), E164("+12024561414"), E164("+12123456789")
LONDON, MUNICH, GERMAN_MOBILE = E164("+442071234567"), E164("+498912345678"), E164("+4915123456789")
SATELLITE, SANDBOX, SANDBOX_TOO = E164("+881612345678"), E164("+15550100100"), E164("+15550100000")


def candidate(number: E164, *, used: float | None = None, flagged: bool = False) -> Candidate:
    """``used``: so many minutes after noon."""
    last_used_at = None if used is None else NOON + timedelta(minutes=used)
    return Candidate(number_id=f"num_{number}", number=number, is_flagged=flagged, last_used_at=last_used_at)


@pytest.mark.parametrize(
    ("number", "other", "expected"),
    [
        (WASHINGTON, WASHINGTON_TOO, Nearness.SAME_AREA),
        (WASHINGTON, NEW_YORK, Nearness.SAME_COUNTRY),
        (WASHINGTON, E164("+14165550123"), Nearness.ELSEWHERE),  # Toronto: the country code alone is no country
        (WASHINGTON, LONDON, Nearness.ELSEWHERE),
        (MUNICH, E164("+498987654321"), Nearness.SAME_AREA),
        (MUNICH, GERMAN_MOBILE, Nearness.SAME_COUNTRY),
        (GERMAN_MOBILE, E164("+4915198765432"), Nearness.SAME_COUNTRY),  # a mobile's digits tell no area
        (SATELLITE, E164("+881612345679"), Nearness.ELSEWHERE),
        (SANDBOX, SANDBOX_TOO, Nearness.SAME_COUNTRY),
        (WASHINGTON, None, Nearness.ELSEWHERE),
    ],
)
def test_given_two_numbers_when_compared_then_they_are_this_near(
    number: E164, other: E164 | None, expected: Nearness
) -> None:
    assert nearness_of(number, other) is expected


@pytest.mark.parametrize(
    ("candidates", "seen_by", "chosen"),
    [
        pytest.param([], WASHINGTON, None, id="no numbers"),
        pytest.param([candidate(LONDON), candidate(NEW_YORK)], WASHINGTON, NEW_YORK, id="country first"),
        pytest.param(
            [candidate(NEW_YORK), candidate(WASHINGTON_TOO, used=9)], WASHINGTON, WASHINGTON_TOO, id="area before use"
        ),
        pytest.param([candidate(LONDON, used=2), candidate(MUNICH, used=1)], WASHINGTON, MUNICH, id="longest unused"),
        pytest.param([candidate(LONDON, used=-9), candidate(MUNICH)], WASHINGTON, MUNICH, id="never used first"),
        pytest.param([candidate(MUNICH), candidate(LONDON)], WASHINGTON, MUNICH, id="then the pool's order"),
        pytest.param([candidate(MUNICH, used=1), candidate(LONDON, used=1)], None, MUNICH, id="nobody outside"),
        pytest.param(
            [candidate(WASHINGTON_TOO, flagged=True), candidate(LONDON, used=9)],
            WASHINGTON,
            LONDON,
            id="flagged is out",
        ),
        pytest.param([candidate(WASHINGTON_TOO, flagged=True)], WASHINGTON, None, id="all flagged"),
        pytest.param([candidate(WASHINGTON), candidate(LONDON)], WASHINGTON, LONDON, id="not the destination itself"),
        pytest.param([candidate(WASHINGTON)], WASHINGTON, None, id="only the destination itself"),
    ],
)
def test_given_a_pool_when_a_number_is_chosen_then_it_is_this_one(
    candidates: list[Candidate], seen_by: E164 | None, chosen: E164 | None
) -> None:
    found = choose(candidates, seen_by)
    assert (None if found is None else found.number) == chosen


def test_given_a_choice_when_looked_at_then_it_says_of_how_many_and_how_near() -> None:
    chosen = choose([candidate(LONDON, flagged=True), candidate(NEW_YORK), candidate(MUNICH)], WASHINGTON)
    assert chosen is not None
    assert (chosen.size, chosen.flagged, chosen.nearness) == (3, 1, Nearness.SAME_COUNTRY)
    assert chosen.number_id == f"num_{NEW_YORK}"


_NUMBERS = [WASHINGTON, WASHINGTON_TOO, NEW_YORK, LONDON, MUNICH, GERMAN_MOBILE, SATELLITE, SANDBOX, SANDBOX_TOO]
_CANDIDATES = st.lists(
    st.builds(candidate, st.sampled_from(_NUMBERS), used=st.none() | st.integers(-100, 100), flagged=st.booleans()),
    unique_by=lambda one: one.number,
    max_size=len(_NUMBERS),
)


@given(_CANDIDATES, st.none() | st.sampled_from(_NUMBERS))
def test_given_any_pool_when_a_number_is_chosen_then_it_is_not_flagged_and_one_is_found_whenever_there_is_one(
    candidates: list[Candidate], seen_by: E164 | None
) -> None:
    chosen = choose(candidates, seen_by)
    usable = [one for one in candidates if not one.is_flagged and one.number != seen_by]
    if chosen is None:
        assert usable == []
        return
    assert chosen.number in {one.number for one in usable}
    assert chosen.nearness is min((nearness_of(one.number, seen_by) for one in usable), key=list(Nearness).index)
    assert choose(candidates, seen_by) == chosen


@given(_CANDIDATES, st.sampled_from(_NUMBERS), st.integers(1, 40))
def test_given_a_pool_that_is_used_again_and_again_when_numbers_are_equally_near_then_all_are_used_alike(
    candidates: list[Candidate], seen_by: E164, rounds: int
) -> None:
    uses: dict[E164, int] = {}
    for minute in range(rounds):
        chosen = choose(candidates, seen_by)
        if chosen is None:
            return
        uses[chosen.number] = uses.get(chosen.number, 0) + 1
        candidates = [
            candidate(one.number, used=200 + minute) if one.number == chosen.number else one for one in candidates
        ]
    nearest = min((nearness_of(number, seen_by) for number in uses), key=list(Nearness).index)
    alike = [
        uses.get(one.number, 0)
        for one in candidates
        if not one.is_flagged and one.number != seen_by and nearness_of(one.number, seen_by) is nearest
    ]
    assert max(alike) - min(alike) <= 1
