"""Ranges of numbers: what is said of a number is what its whole look-up says, whichever of its range came first."""

import random
import re
from collections.abc import Iterator
from contextlib import contextmanager

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from app.numbers import policy
from app.numbers.parse import E164
from app.numbers.patterns import NEVER, Pattern, UnknownPatternError, derive, is_done, is_open, read
from app.numbers.policy import Allowed, DenialReason, Rule, Verdict, country_rule, evaluate
from app.numbers.ranges import Ranges

CODES = sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)
REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
TYPES = sorted(PhoneNumberType.values())
ALL = [Rule("+", is_allowed=True)]


class _KnowsNothing:
    def find(self, number: str) -> None:
        """Every number takes the long way."""


@contextmanager
def long_way() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(policy, "_KINDS", _KnowsNothing())
        yield


def evaluate_slowly(number: E164, rules: list[Rule]) -> Verdict:
    with long_way():
        return evaluate(number, rules)


def _example(region: str, kind: int) -> str | None:
    found = phonenumbers.example_number_for_type(region, kind)
    return None if found is None else phonenumbers.format_number(found, PhoneNumberFormat.E164)


EXAMPLES = [found for region in REGIONS for kind in TYPES if (found := _example(region, kind)) is not None]

digits = st.text(st.sampled_from("0123456789"), min_size=1, max_size=12)
any_number = st.builds(lambda code, rest: E164(f"+{code}{rest}"), st.sampled_from(CODES), digits)
of_a_plan = st.sampled_from(EXAMPLES).map(E164)


@st.composite
def siblings(draw: st.DrawFn) -> list[E164]:
    """Numbers of one beginning: of a plan, or of nobody's; some longer, and some shorter."""
    first = draw(of_a_plan | any_number)
    found = [first]
    for _ in range(draw(st.integers(1, 6))):
        kept = draw(st.integers(2, len(first)))
        ending = draw(st.text(st.sampled_from("0123456789"), max_size=16 - kept))
        exact = draw(st.booleans())
        found.append(
            E164(first[:kept] + (ending.ljust(len(first) - kept, "7")[: len(first) - kept] if exact else ending))
        )
    return found


rules = st.lists(
    st.builds(
        Rule,
        prefix=st.sampled_from(["+", "+1", "+1876", "+44", "+449", "+49", "+33", "+7", "+39", "+262", "+881"]),
        is_allowed=st.booleans(),
    )
    | st.sampled_from(["US", "JM", "GB", "GG", "DE", "RU", "KZ", "IT", "VA", "RE", "YT"]).map(
        lambda country: country_rule(country, is_allowed=True) or ALL[0]
    ),
    max_size=4,
)


@given(siblings(), rules)
def test_given_numbers_of_any_country_when_evaluated_then_the_verdict_is_that_of_the_whole_look_up(
    numbers: list[E164], own: list[Rule]
) -> None:
    for number in numbers:
        for policy_rules in (ALL, own):
            assert evaluate(number, policy_rules) == evaluate_slowly(number, policy_rules), number


def test_given_numbers_of_every_country_when_evaluated_then_most_go_the_short_way_and_none_is_judged_otherwise() -> (
    None
):
    dice, hurried, asked = random.Random(11), 0, 0
    for code in CODES:
        for _ in range(12):
            number = E164(f"+{code}" + "".join(dice.choice("0123456789") for _ in range(dice.randint(5, 11))))
            assert evaluate(number, ALL) == evaluate_slowly(number, ALL), number
    for example in EXAMPLES:
        number = E164(example[:-2] + f"{dice.randrange(100):02}")
        assert evaluate(number, ALL) == evaluate_slowly(number, ALL), number
        asked += 1
        hurried += policy._KINDS.find(number) is not None
    assert hurried > asked * 0.9


def test_given_a_second_number_of_a_range_when_evaluated_then_phonenumbers_is_not_asked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert isinstance(evaluate(E164("+12125550123"), ALL), Allowed)
    monkeypatch.setattr(policy, "parse", None)
    monkeypatch.setattr(policy, "number_type", None)
    assert isinstance(evaluate(E164("+12125559999"), ALL), Allowed)


def test_given_an_exchange_that_is_premium_everywhere_when_evaluated_then_its_range_does_not_hide_it() -> None:
    assert isinstance(evaluate(E164("+12129551234"), ALL), Allowed)
    denied = evaluate(E164("+12129761234"), ALL)
    assert isinstance(denied, policy.Denied)
    assert denied.reason is DenialReason.PREMIUM_RATE


def test_given_what_may_be_told_apart_further_on_when_found_then_its_range_is_longer() -> None:
    coarse = Ranges(lambda number: number)
    assert coarse.find("+4930123456") == coarse.find("+4930987654") == "+4930123456"
    fine = Ranges(lambda number: number, is_stem=lambda number: number == "4930"[: len(number)])
    assert fine.find("+4930123456") == "+4930123456"
    assert fine.find("+4930987654") == "+4930987654"
    assert fine.find("+4930155555") == "+4930123456"


@pytest.mark.parametrize("number", ["+", "+1", "+0301234567", "+999123456", "1212", "", "+49a0123456", "+12x5550123"])
def test_given_what_is_no_number_when_found_then_it_is_of_no_range(number: str) -> None:
    assert Ranges(lambda found: found).find(number) is None


def test_given_a_number_that_is_rewritten_on_reading_when_found_then_it_takes_the_long_way() -> None:
    ranges = Ranges(lambda number: number)
    assert ranges.find("+4403012345678") is None  # a national prefix behind the country code
    assert ranges.find("+81000212345") is None


@pytest.mark.parametrize("text", ["[1-9]\\d+", "a", "(?:1", "\\w{3}", "1*", "[a-z]", "1{x}"])
def test_given_an_expression_of_another_kind_when_read_then_it_is_refused(text: str) -> None:
    with pytest.raises((UnknownPatternError, ValueError)):
        read(text)


@given(st.sampled_from(["[2-9]\\d{3}", "1(?:2|34)?5", "(?:[1-3]|4\\d){2}", "\\d{2,4}"]), digits)
def test_given_an_expression_when_derived_by_every_digit_of_a_text_then_it_is_done_when_the_text_fits(
    text: str, written: str
) -> None:
    left: Pattern = read(text)
    for digit in written:
        left = derive(left, digit)
    assert (left != NEVER and is_done(left)) == (re.fullmatch(text, written) is not None)
    assert is_open(read("\\d{2,4}"))
    assert not is_open(read("[2-9]\\d{3}"))


def test_given_a_text_that_no_country_has_when_evaluated_then_it_is_of_an_unknown_kind() -> None:
    number = E164("+999123456789")
    with pytest.raises(NumberParseException):
        phonenumbers.parse(number)
    verdict = evaluate(number, ALL)
    assert isinstance(verdict, policy.Denied)
    assert verdict.reason is DenialReason.UNKNOWN_TYPE
