"""Whatever text comes: a number in E.164, built anew from its digits, or a refusal in words. Never anything else."""

import re
import unicodedata
from collections.abc import Callable

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.errors import RefusedError
from app.numbers.parse import E164, dial_digits, is_e164, is_sandbox_number, parse_caller_id, parse_destination
from app.numbers.policy import Allowed, Denied, Rule, evaluate, is_beyond

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
_ANY = st.text(max_size=60)
_DIGITS = st.text("0123456789+ ().-", max_size=45)
#: Digits with something among them that means something to a dialler, a SIP stack or a reader.
_SPICED = st.builds(
    lambda before, spice, after: before + spice + after,
    st.text("+0123456789", max_size=12),
    st.sampled_from(
        [*"&|@;?/\\^,<>\"'$`{}[]%*#!~_=:\r\n\t\0\x85\u2028\u202e\u200b\ufeff\u0661\uff11\u2070", "ext", "x"]
    ),
    st.text("+0123456789", max_size=12),
)
#: What looks like a real number of some country.
_EXAMPLES = st.sampled_from(
    [
        phonenumbers.format_number(one, form)
        for region in REGIONS
        for kind in (0, 1, 4, 6)
        if (one := phonenumbers.example_number_for_type(region, kind)) is not None
        for form in (phonenumbers.PhoneNumberFormat.E164, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    ]
)
_TEXTS = st.one_of(_ANY, _DIGITS, _SPICED, _EXAMPLES)


def _read(reading: Callable[[], E164], text: str) -> E164 | None:
    """What was read; None when it was refused as it should be."""
    try:
        return reading()
    except RefusedError as error:
        refused = error
    assert [problem.code for problem in refused.problems] == ["INVALID_NUMBER"]
    assert len(refused.message) < 300
    assert len(text) < 20 or text not in refused.message  # what is refused is not said again
    return None


@given(text=_TEXTS, region=st.sampled_from(REGIONS), is_sandbox=st.booleans())
@example(text="911", region="US", is_sandbox=True)
@example(text="+15550114001", region="DE", is_sandbox=True)
@example(text="+1555011\uff14001", region="US", is_sandbox=True)
def test_given_any_text_when_read_as_a_destination_then_it_is_plain_e164_of_its_own_digits_or_refused(
    text: str, region: str, *, is_sandbox: bool
) -> None:
    number = _read(lambda: parse_destination(text, default_region=region, is_sandbox=is_sandbox), text)
    if number is None:
        return
    assert is_e164(number)
    assert re.fullmatch(r"\+[1-9][0-9]{6,14}", number, re.ASCII)
    written = "".join(char for char in text if char in "0123456789")
    assert written[-6:] == number[-len(written[-6:]) :]
    assert {unicodedata.category(char) for char in text} <= {"Nd", "Sm", "Zs", "Ps", "Pe", "Pd", "Po"}
    assert is_sandbox or not is_sandbox_number(number)
    for template in ("{e164}", "{digits}", "9{digits}", "{national}#"):
        assert re.fullmatch(r"[+0-9*#]+", dial_digits(template, number), re.ASCII)
    # Read again it is itself, wherever one is at home.
    assert parse_destination(number, default_region="US", is_sandbox=is_sandbox) == number


@given(text=_TEXTS, region=st.sampled_from(REGIONS))
@example(text='"Bob" <+15550100100>', region="US")
@example(text='Bob" <+19005551234>', region="US")
def test_given_any_text_when_read_as_a_caller_id_then_it_is_plain_e164_or_refused(text: str, region: str) -> None:
    number = _read(lambda: parse_caller_id(text, default_region=region), text)
    if number is None:
        return
    assert is_e164(number)
    assert not set(text) - set("+0123456789 ().-")


@pytest.mark.parametrize("region", REGIONS)
def test_given_a_countrys_emergency_and_short_numbers_when_dialled_at_home_then_none_passes(region: str) -> None:
    metadata = phonenumbers.PhoneMetadata.short_metadata_for_region(region)
    if metadata is None:
        assert region in REGIONS  # a territory without short numbers of its own
        return
    codes = {"112", "911", "999", "000"}
    for one in (metadata.emergency, metadata.short_code, metadata.premium_rate, metadata.toll_free):
        if one is not None and one.example_number:
            codes.add(one.example_number)
    for code in codes:
        try:
            number = parse_destination(code, default_region=region, is_sandbox=False)
        except RefusedError:
            continue
        # As long as a subscriber's number, and one: it is that number which would be called.
        assert phonenumbers.is_valid_number(phonenumbers.parse(number))
        assert not phonenumbers.is_emergency_number(code, region)


_PREFIXES = st.builds(lambda digits: "+" + digits, st.text("0123456789", max_size=6))
_RULES = st.lists(
    st.builds(
        Rule,
        prefix=st.one_of(_PREFIXES, st.sampled_from(["+", "+1", "+44", "+1900", "+1212", "+8816", "+49"])),
        is_allowed=st.booleans(),
        country=st.one_of(st.none(), st.sampled_from(["US", "CA", "JM", "GB", "DE"])),
        is_own=st.booleans(),
    ),
    max_size=8,
    unique_by=lambda rule: (rule.prefix, rule.country, rule.is_own),
)
_NUMBERS = st.sampled_from(
    [
        *("+12125550123", "+14155552671", "+16135550123", "+18765550123", "+19005551234", "+442079460000"),
        *("+449098790879", "+4930123456", "+881612345678", "+97912345678", "+33612345678", "+12129765555"),
    ]
)


@given(number=_NUMBERS, rules=_RULES)
def test_given_any_rules_when_a_number_is_judged_then_an_accounts_own_never_open_what_is_not_granted(
    number: E164, rules: list[Rule]
) -> None:
    granted = [rule for rule in rules if not rule.is_own]
    verdict = evaluate(number, rules)
    by_grant = evaluate(number, granted)
    if isinstance(verdict, Allowed):
        assert isinstance(by_grant, Allowed)
    if isinstance(by_grant, Denied):
        assert verdict == by_grant
    assert evaluate(number, list(reversed(rules))) == verdict


@given(number=_NUMBERS, granted=_RULES, own=_RULES)
def test_given_a_rule_that_allows_nothing_of_what_is_granted_when_it_stands_alone_then_no_number_passes(
    number: E164, granted: list[Rule], own: list[Rule]
) -> None:
    grant = [Rule(rule.prefix, rule.is_allowed, None, rule.country) for rule in granted if not rule.is_own]
    for rule in own:
        alone = Rule(rule.prefix, is_allowed=True, country=rule.country, is_own=True)
        if is_beyond(alone, grant):
            assert isinstance(evaluate(number, [*grant, alone]), Denied)
