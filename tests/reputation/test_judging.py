"""What is thought of a number, from what is known about it."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.reputation.judging import Evidence, FlagReason, Listing, Opinion, ReputationVerdict, Rules, judge

RULES = Rules(
    window_days=7,
    least_calls=50,
    least_answer_rate=0.1,
    most_unwanted_rate=0.05,
    flagging_complaints=3,
    complaint_days=30,
)
CLEAN, UNKNOWN = ReputationVerdict.CLEAN, ReputationVerdict.UNKNOWN
NOTHING: list[FlagReason] = []


@pytest.mark.parametrize(
    ("evidence", "expected", "reasons"),
    [
        (Evidence(), UNKNOWN, NOTHING),
        (Evidence(calls=49, answered=0), UNKNOWN, NOTHING),
        (Evidence(calls=50, answered=4), ReputationVerdict.FLAGGED, [FlagReason.LOW_ANSWER_RATE]),
        (Evidence(calls=50, answered=5), CLEAN, NOTHING),
        (Evidence(calls=50, answered=50, unwanted=2), CLEAN, NOTHING),
        (Evidence(calls=50, answered=47, unwanted=3), ReputationVerdict.FLAGGED, [FlagReason.UNWANTED]),
        (Evidence(calls=49, answered=0, unwanted=49), UNKNOWN, NOTHING),
        (Evidence(complaints=2), UNKNOWN, NOTHING),
        (Evidence(complaints=3), ReputationVerdict.FLAGGED, [FlagReason.COMPLAINTS]),
        (Evidence(listings=[Listing("acme")]), ReputationVerdict.FLAGGED, [FlagReason.LISTED]),
        (Evidence(listings=[Listing("a"), Listing("b")]), ReputationVerdict.FLAGGED, [FlagReason.LISTED] * 2),
        (Evidence(opinion=Opinion(is_flagged=True)), ReputationVerdict.FLAGGED, [FlagReason.PROVIDER]),
        (Evidence(opinion=Opinion(is_flagged=False)), CLEAN, NOTHING),
        (Evidence(manual="tired"), ReputationVerdict.FLAGGED, [FlagReason.MANUAL]),
        (
            Evidence(
                calls=100,
                answered=1,
                unwanted=20,
                complaints=9,
                listings=[Listing("a")],
                opinion=Opinion(is_flagged=True),
                manual="x",
            ),
            ReputationVerdict.FLAGGED,
            list(FlagReason),
        ),
    ],
)
def test_given_what_is_known_of_a_number_when_judged_then_this_is_thought_of_it(
    evidence: Evidence, expected: ReputationVerdict, reasons: list[FlagReason]
) -> None:
    judgement = judge(evidence, RULES)
    assert (judgement.verdict, [one.code for one in judgement.reasons]) == (expected, reasons)


def test_given_a_good_word_of_the_provider_when_customers_complain_then_the_number_is_flagged_all_the_same() -> None:
    evidence = Evidence(calls=100, answered=90, complaints=3, opinion=Opinion(is_flagged=False))
    assert judge(evidence, RULES).verdict is ReputationVerdict.FLAGGED


def test_given_rules_that_never_flag_when_the_worst_is_known_of_own_history_then_nothing_is_held_against_it() -> None:
    lax = Rules(least_calls=1, least_answer_rate=0, most_unwanted_rate=1, flagging_complaints=0)
    assert judge(Evidence(calls=500, answered=0, unwanted=500, complaints=500), lax).reasons == ()


def test_given_reasons_when_read_then_they_say_the_figures_and_where_the_limit_is() -> None:
    low, listed = (
        judge(Evidence(calls=80, answered=2, listings=[Listing("hiya", "robocalls")]), RULES).reasons[place].message
        for place in (1, 0)
    )
    assert low == "2.5% of 80 calls within 7 days were answered; less than 10.0% flag."
    assert listed == "It is on the imported list hiya: robocalls."


_EVIDENCE = st.builds(
    Evidence,
    calls=st.integers(0, 200),
    answered=st.integers(0, 200),
    unwanted=st.integers(0, 200),
    complaints=st.integers(0, 10),
    listings=st.lists(st.builds(Listing, st.text(max_size=5)), max_size=2),
    opinion=st.none() | st.builds(Opinion, st.booleans()),
    manual=st.none() | st.text(max_size=5),
)


@given(_EVIDENCE)
def test_given_any_evidence_when_judged_then_there_are_reasons_exactly_when_it_is_flagged(evidence: Evidence) -> None:
    judgement = judge(evidence, RULES)
    assert bool(judgement.reasons) is (judgement.verdict is ReputationVerdict.FLAGGED)


@given(_EVIDENCE, st.integers(1, 5))
def test_given_any_evidence_when_there_are_more_complaints_then_a_flag_does_not_go(
    evidence: Evidence, more: int
) -> None:

    worse = dataclasses.replace(evidence, complaints=evidence.complaints + more)
    before, after = judge(evidence, RULES), judge(worse, RULES)
    assert {one.code for one in before.reasons} <= {one.code for one in after.reasons}
