"""Who may dial which number: longest prefix, nothing by default, and classes that must be named."""

from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.numbers.parse import E164
from app.numbers.policy import Allowed, DenialReason, Denied, Rule, evaluate, refusal, version_of


def allow(*prefixes: str) -> list[Rule]:
    return [Rule(prefix, is_allowed=True) for prefix in prefixes]


def deny(*prefixes: str) -> list[Rule]:
    return [Rule(prefix, is_allowed=False) for prefix in prefixes]


def test_given_no_rules_when_any_number_is_dialled_then_it_is_denied() -> None:
    assert evaluate(E164("+12024561111"), []) == Denied(DenialReason.NOT_ALLOWED)


def test_given_an_allowed_country_when_its_number_is_dialled_then_the_rule_is_named() -> None:
    assert evaluate(E164("+442079460958"), allow("+1", "+44")) == Allowed(Rule("+44", is_allowed=True))


def test_given_a_longer_denial_when_its_number_is_dialled_then_the_longest_prefix_wins_in_any_order() -> None:
    rules = [*allow("+44"), *deny("+4420"), *allow("+442079")]

    for order in (rules, rules[::-1]):
        assert isinstance(evaluate(E164("+442079460958"), order), Allowed)
        assert evaluate(E164("+442012345678"), order) == Denied(
            DenialReason.DENIED_BY_RULE, Rule("+4420", is_allowed=False)
        )
        assert isinstance(evaluate(E164("+441614960000"), order), Allowed)


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("+19005551234", DenialReason.PREMIUM_RATE),
        ("+12029761234", DenialReason.PREMIUM_RATE),  # a 976 exchange
        ("+449098790000", DenialReason.PREMIUM_RATE),
        ("+499001123456", DenialReason.PREMIUM_RATE),
        ("+33899123456", DenialReason.PREMIUM_RATE),
        ("+979123456789", DenialReason.PREMIUM_RATE),
        ("+448431234567", DenialReason.PREMIUM_RATE),
        ("+33810123456", DenialReason.SHARED_COST),
        ("+4918012345678", DenialReason.SHARED_COST),
        ("+447012345678", DenialReason.PERSONAL_NUMBER),
        ("+445512345678", DenialReason.UNIVERSAL_ACCESS),
        ("+881612345678", DenialReason.SATELLITE),
        ("+870773123456", DenialReason.SATELLITE),
        ("+8823123456789", DenialReason.SATELLITE),
        ("+883510012345", DenialReason.SATELLITE),
        ("+80012345678", DenialReason.GLOBAL_NETWORK),
        ("+88812345678", DenialReason.GLOBAL_NETWORK),
        ("+80812345678", DenialReason.SHARED_COST),
        ("+18765230123", DenialReason.SHARED_COUNTRY_CODE),  # Jamaica
        ("+18095551234", DenialReason.SHARED_COUNTRY_CODE),  # Dominican Republic
        ("+15550100000", DenialReason.SANDBOX_NUMBER),
    ],
)
def test_given_countries_allowed_as_a_whole_when_a_class_nobody_means_is_dialled_then_it_is_denied(
    number: str, reason: DenialReason
) -> None:
    for rules in (allow("+"), allow(number[:2]), []):
        verdict = evaluate(E164(number), rules)
        assert isinstance(verdict, Denied)
        assert verdict.reason is reason


@pytest.mark.parametrize(
    ("number", "prefix"),
    [
        ("+19005551234", "+1900"),
        ("+12029761234", "+1202976"),
        ("+449098790000", "+44909"),
        ("+979123456789", "+979"),
        ("+881612345678", "+881"),
        ("+870773123456", "+870"),
        ("+18765230123", "+1876"),
        ("+15550100000", "+155501"),
    ],
)
def test_given_a_rule_that_names_the_class_when_it_is_dialled_then_it_is_allowed_and_a_shorter_rule_is_not_enough(
    number: str, prefix: str
) -> None:
    assert isinstance(evaluate(E164(number), allow(prefix)), Allowed)
    assert isinstance(evaluate(E164(number), allow(prefix[:-1])), Denied)


@pytest.mark.parametrize("number", ["+12024561111", "+14165550123", "+17872345678", "+18002345678"])
def test_given_plus_one_allowed_when_a_domestic_number_is_dialled_then_it_is_allowed(number: str) -> None:
    assert isinstance(evaluate(E164(number), allow("+1")), Allowed)


def test_given_the_caller_id_itself_when_dialled_then_it_is_denied() -> None:
    number = E164("+12024561111")

    assert evaluate(number, allow("+1"), caller_id=number) == Denied(
        DenialReason.OWN_NUMBER, Rule("+1", is_allowed=True)
    )
    assert isinstance(evaluate(number, allow("+1"), caller_id="+12024561112"), Allowed)


@pytest.mark.parametrize("reason", list(DenialReason))
def test_given_any_reason_when_told_then_the_problem_says_it_in_words(reason: DenialReason) -> None:
    problem = refusal(Denied(reason), field=("destination", "number")).problems[0]

    assert problem.code == "DESTINATION_DENIED"
    assert problem.field == ("destination", "number")
    assert problem.message.endswith(".")


numbers = st.from_regex(r"\A\+[1-9][0-9]{7,13}\Z").map(E164)
rules_of_any_kind = st.lists(
    st.builds(Rule, prefix=st.from_regex(r"\A\+[0-9]{0,6}\Z"), is_allowed=st.booleans()),
    max_size=12,
    unique_by=lambda rule: rule.prefix,
)


@given(numbers, rules_of_any_kind)
def test_given_any_policy_when_evaluated_then_only_a_matching_longest_allowance_allows(
    number: E164, rules: list[Rule]
) -> None:
    matching = sorted((rule for rule in rules if number.startswith(rule.prefix)), key=lambda rule: len(rule.prefix))
    match evaluate(number, rules):
        case Allowed(rule):
            assert matching
            assert rule == matching[-1]
            assert rule.is_allowed
        case Denied(_, rule):
            assert rule == (matching[-1] if matching else None)


@given(numbers, rules_of_any_kind)
def test_given_any_policy_when_a_denial_is_added_then_nothing_new_is_allowed(number: E164, rules: list[Rule]) -> None:
    stricter = [rule for rule in rules if rule.prefix != number] + deny(number)

    assert isinstance(evaluate(number, stricter), Denied)


@given(numbers)
def test_given_everything_allowed_by_a_bare_plus_when_a_global_service_is_dialled_then_it_is_denied(
    number: E164,
) -> None:
    for code in ("+870", "+881", "+882", "+883", "+979"):
        assert isinstance(evaluate(E164(code + number[4:]), allow("+")), Denied)


@given(rules_of_any_kind, st.randoms())
def test_given_any_policy_when_its_rules_are_shuffled_or_noted_otherwise_then_its_version_stays(
    rules: list[Rule], random: Random
) -> None:
    other = [replace(rule, note="said otherwise") for rule in random.sample(rules, len(rules))]
    assert version_of(other) == version_of(rules)


@given(rules_of_any_kind, st.data())
def test_given_any_policy_when_a_rule_is_changed_then_its_version_is_another(
    rules: list[Rule], data: st.DataObject
) -> None:
    rules = [*rules, Rule("+99", is_allowed=True)]
    place = data.draw(st.integers(0, len(rules) - 1))
    rule = rules[place]
    changes: list[dict[str, Any]] = [
        {"prefix": rule.prefix + "7"},
        {"is_allowed": not rule.is_allowed},
        {"country": "DE"},
        {"is_own": not rule.is_own},
    ]
    changed = replace(rule, **data.draw(st.sampled_from(changes)))
    assert version_of([*rules[:place], changed, *rules[place + 1 :]]) != version_of(rules)
    assert version_of([*rules[:place], *rules[place + 1 :]]) != version_of(rules)
