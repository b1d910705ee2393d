"""Reading telephone numbers: what is read, and that nothing else ever gets through."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.errors import ConfigurationError, RefusedError
from app.numbers.parse import (
    E164,
    dial_digits,
    is_dial_template,
    is_e164,
    is_sandbox_number,
    parse_caller_id,
    parse_destination,
    parse_extension,
)

READ = [
    ("+12024561111", "US", "+12024561111"),
    ("+1 (202) 456-1111", "US", "+12024561111"),
    ("+1.202.456.1111", "DE", "+12024561111"),
    ("(202) 456-1111", "US", "+12024561111"),
    ("202-456-1111", "US", "+12024561111"),
    ("  2024561111  ", "US", "+12024561111"),
    ("12024561111", "US", "+12024561111"),
    ("12024561111", "DE", "+12024561111"),
    ("442079460958", "US", "+442079460958"),
    ("+44 (0)20 7946 0958", "US", "+442079460958"),
    ("020 7946 0958", "GB", "+442079460958"),
    ("0151 23456789", "DE", "+4915123456789"),
    ("0049 151 23456789", "DE", "+4915123456789"),
    ("011 44 20 7946 0958", "US", "+442079460958"),
    ("06 698 12345", "IT", "+390669812345"),
    ("13912345678", "CN", "+8613912345678"),
]

HOSTILE = [
    # dial-string injection and other technologies
    "300&PJSIP/1900@trunk",
    "300&PJSIP/19005551234@sandbox-trunk-main",
    "+12024561111&+19005551234",
    "1001/sip:x@evil",
    "Local/9@x",
    "PJSIP/2001",
    "sip:+12024561111@example.com",
    "tel:+12024561111",
    "+12024561111@evil",
    "+12024561111;tgrp=x",
    "+12024561111?X-H=1",
    "+12024561111,30,g",
    "+12024561111|30",
    "${EXTEN}",
    "+1202456${EPOCH}",
    "$[1+1]",
    "+12024561111!",
    # control characters and separators that are none
    "+12024561111\r\nX-Evil: 1",
    "+12024561111\n",
    "\n+12024561111",
    "+1202456\x001111",
    "+12024561111\u2028",
    "+1\t2024561111",
    "+1\u00a0202\u00a04561111",
    "+1\u20112024561111",
    "\u202a+12024561111",
    # digits that are none
    "＋12024561111",
    "+１２０２４５６１１１１",
    "+١٢٠٢٤٥٦١١١١",
    "+1202456111①",
    "+1202456111²",
    # more than one plus sign, unbalanced or nested parentheses
    "++12024561111",
    "+1+2024561111",
    "1202+4561111",
    "+1 (202 4561111",
    "+1 202) 4561111",
    "+1 ((202)) 4561111",
    "+1 (202) (456) 1111",
    "+1 () 2024561111",
    # letters, extensions, waits
    "+1 800 FLOWERS",
    "+12024561111x9",
    "+12024561111 ext 9",
    "+12024561111w1",
    "*69",
    "#31#+12024561111",
    "+12024561111#",
    # wrong lengths
    "",
    " ",
    "+",
    "-",
    "+1",
    "+1202456111",
    "+120245611111",
    "1" * 16,
    "+" + "1" * 16,
    "9" * 41,
    "+1" + " " * 50 + "2024561111",
    # short, emergency, service and feature codes
    "911",
    "112",
    "999",
    "110",
    "+911",
    "+1911",
    "411",
    "72727",
    # country codes and ranges that do not exist
    "+9991234567890",
    "+10000000000",
    "+11234567890",
    "+15555555555",
    "+0123456789",
    "00",
]


def codes_of(refused: RefusedError) -> list[str]:
    return [problem.code for problem in refused.problems]


@pytest.mark.parametrize(("text", "region", "number"), READ)
def test_given_a_way_of_writing_a_number_when_parsed_then_it_is_e164(text: str, region: str, number: str) -> None:
    assert parse_destination(text, default_region=region, is_sandbox=False) == number


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("is_sandbox", [False, True])
def test_given_hostile_or_malformed_text_when_parsed_then_it_is_refused_as_invalid_number(
    text: str, is_sandbox: bool
) -> None:
    with pytest.raises(RefusedError) as refused:
        parse_destination(text, default_region="US", is_sandbox=is_sandbox)

    assert [problem.code for problem in refused.value.problems] == ["INVALID_NUMBER"]
    assert refused.value.problems[0].field == ("destination", "number")
    assert len(refused.value.message) < 200


def test_given_ten_megabytes_when_parsed_then_they_are_refused_unread_and_not_repeated() -> None:
    with pytest.raises(RefusedError, match="too long") as refused:
        parse_destination("+1" * 5_000_000, default_region="US", is_sandbox=False)

    assert len(refused.value.message) < 200


def test_given_digits_valid_with_and_without_country_code_when_parsed_then_the_caller_is_asked_for_a_plus() -> None:
    # A mobile in China, and with a plus sign a line in Virginia.
    with pytest.raises(RefusedError, match="Begin with"):
        parse_destination("17034567890", default_region="CN", is_sandbox=False)


@pytest.mark.parametrize("text", ["+15550100000", "+1 555 010 0000", "1 (555) 010-0000", "15550100000", "555 010 0000"])
def test_given_a_sandbox_number_when_parsed_then_it_is_valid_in_the_sandbox_only(text: str) -> None:
    assert parse_destination(text, default_region="US", is_sandbox=True) == "+15550100000"

    with pytest.raises(RefusedError) as refused:
        parse_destination(text, default_region="US", is_sandbox=False)
    assert refused.value.problems[0].code == "INVALID_NUMBER"


def test_given_a_foreign_national_number_that_looks_like_the_sandbox_when_parsed_then_it_is_the_real_number() -> None:
    assert parse_destination("5550100000", default_region="MX", is_sandbox=False) == "+525550100000"
    assert parse_destination("5550100000", default_region="MX", is_sandbox=True) == "+525550100000"


@pytest.mark.parametrize("suffix", [f"{number:04d}" for number in range(14)])
def test_given_every_acting_sandbox_number_when_parsed_then_it_keeps_its_last_four_digits(suffix: str) -> None:
    number = parse_destination(f"+1555010{suffix}", default_region="US", is_sandbox=True)

    assert number[-4:] == suffix
    assert is_sandbox_number(number)


@given(st.text(max_size=60))
@example("+1 2024561111")
def test_given_any_text_when_parsed_then_the_outcome_is_plain_e164_or_a_refusal(text: str) -> None:
    try:
        number = parse_destination(text, default_region="US", is_sandbox=False)
    except RefusedError as refused:
        assert codes_of(refused) == ["INVALID_NUMBER"]  # noqa: PT017  # either outcome is fine for arbitrary text
    else:
        assert re.fullmatch(r"\+[1-9][0-9]{6,14}", number)
        assert not is_sandbox_number(number)


@given(
    st.text(alphabet="0123456789+ ().-", max_size=24),
    st.sampled_from(["US", "GB", "DE", "CN", "IT", "MX", "AU"]),
    st.booleans(),
)
def test_given_any_digits_and_separators_when_parsed_then_reading_the_result_again_changes_nothing(
    text: str, region: str, is_sandbox: bool
) -> None:
    try:
        number = parse_destination(text, default_region=region, is_sandbox=is_sandbox)
    except RefusedError as refused:
        assert codes_of(refused) == ["INVALID_NUMBER"]  # noqa: PT017  # either outcome is fine for arbitrary text
    else:
        assert parse_destination(number, default_region="FR", is_sandbox=is_sandbox) == number
        assert dial_digits("{digits}", number) == number[1:]


@pytest.mark.parametrize(
    ("template", "number", "dialled"),
    [
        ("{e164}", "+12024561111", "+12024561111"),
        ("{digits}", "+12024561111", "12024561111"),
        ("{national}", "+12024561111", "2024561111"),
        ("{national}", "+390669812345", "0669812345"),
        ("{national}", "+15550100000", "5550100000"),
        ("9{digits}", "+12024561111", "912024561111"),
        ("1234#{digits}", "+12024561111", "1234#12024561111"),
        ("011{digits}#", "+442079460958", "011442079460958#"),
        ("+{digits}", "+442079460958", "+442079460958"),
    ],
)
def test_given_a_trunks_template_when_filled_then_it_dials_its_digits(template: str, number: str, dialled: str) -> None:
    assert is_dial_template(template)
    assert dial_digits(template, E164(number)) == dialled


@pytest.mark.parametrize(
    "template",
    [
        "",
        "{digits}@evil",
        "{digits}&PJSIP/x",
        "${EXTEN}",
        "{digits.__class__}",
        "{digits!r}",
        "{0}",
        "{digits}{digits}",
        "x{digits}",
        "9\n{digits}",
        "{digits}\n",
        "９{digits}",
        "1" * 17 + "{digits}",
    ],
)
def test_given_a_hostile_template_when_filled_then_it_is_a_configuration_error(template: str) -> None:
    assert not is_dial_template(template)
    with pytest.raises(ConfigurationError):
        dial_digits(template, E164("+12024561111"))


@given(st.text(max_size=30))
def test_given_any_template_when_filled_then_only_dialable_characters_come_out(template: str) -> None:
    try:
        dialled = dial_digits(template, E164("+12024561111"))
    except ConfigurationError:
        assert not is_dial_template(template)
    else:
        assert re.fullmatch(r"\+?[0-9*#]{1,40}|[0-9*#]*\+[0-9]+[0-9*#]*", dialled)


@pytest.mark.parametrize("number", ["12024561111", "+1202456111x", "+1&PJSIP/9", "", "+1 2024561111", "+12024561111\n"])
def test_given_what_is_not_e164_when_dial_digits_are_wanted_then_it_is_a_programming_error(number: str) -> None:
    assert not is_e164(number)
    with pytest.raises(ValueError, match="not an E"):
        dial_digits("{digits}", E164(number))


@pytest.mark.parametrize("text", ["20", "2001", "999999", "007"])
def test_given_two_to_six_digits_when_read_as_extension_then_they_are_one(text: str) -> None:
    assert parse_extension(text, field=("x",)) == text


@pytest.mark.parametrize(
    "text", ["", "2", "1234567", "20 01", "2001\n", "２００１", "+2001", "*99", "2001@x", "2" * 10**6]
)
def test_given_anything_else_when_read_as_extension_then_it_is_refused(text: str) -> None:
    with pytest.raises(RefusedError) as refused:
        parse_extension(text, field=("connect", "extension"))

    assert refused.value.problems[0].code == "INVALID_NUMBER"
    assert refused.value.problems[0].field == ("connect", "extension")


def test_given_a_caller_id_when_read_then_its_form_counts_and_its_range_does_not() -> None:
    assert parse_caller_id("+15550100100", default_region="US") == "+15550100100"
    assert parse_caller_id("+1 555-010-0100", default_region="DE") == "+15550100100"
    assert parse_caller_id("(202) 456-1111", default_region="US") == "+12024561111"


@pytest.mark.parametrize("text", ['Bob" <+19005551234>', "+1202456\r\n1111", "anonymous", "1" * 1000, "<b>+1</b>"])
def test_given_a_hostile_caller_id_when_read_then_it_is_refused(text: str) -> None:
    with pytest.raises(RefusedError) as refused:
        parse_caller_id(text, default_region="US")

    assert refused.value.problems[0].field == ("callerId",)
