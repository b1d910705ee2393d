"""Which texts are spoken, and how templates become texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Problem, RefusedError
from app.speech import texts
from app.speech.model import Speech, VoiceSettings
from app.speech.texts import LONGEST_TEXT, LONGEST_VALUE, MOST_FIELDS


def _codes(problems: list[Problem]) -> list[str]:
    return [problem.code for problem in problems]


@pytest.mark.parametrize(
    "text",
    [
        "Hello.",
        "Your code is 1 9 8 7.",
        "3 < 4 & 5 > 4",
        "Größe, naïve, Łódź, 你好, שלום, नमस्ते",
        "one\r\ntwo\tthree",
        "AT&T; R&D",
        "x" * LONGEST_TEXT,
    ],
)
def test_given_plain_text_when_checked_then_it_is_spoken(text: str) -> None:
    assert texts.check_text(text, "text") == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "REQUIRED"),
        (" \n\t ", "REQUIRED"),
        ("…—!?", "INVALID_INPUT"),
        ("x" * (LONGEST_TEXT + 1), "INVALID_INPUT"),
        ("code\x00", "INVALID_INPUT"),
        ("\x1b[31mred", "INVALID_INPUT"),
        ("bell\x07", "INVALID_INPUT"),
        ("delete\x7f", "INVALID_INPUT"),
        ("next\x85line", "INVALID_INPUT"),
        ("a\u2028b", "INVALID_INPUT"),
        ("a\u2029b", "INVALID_INPUT"),
        ("lone \ud800 surrogate", "INVALID_INPUT"),
        ("turned \u202e round", "INVALID_INPUT"),
        ("isolated \u2066 x", "INVALID_INPUT"),
        ("private \ue000 use", "INVALID_INPUT"),
        ("<speak>hi</speak>", "INVALID_INPUT"),
        ("hi <break time='99999s'/>", "INVALID_INPUT"),
        ("</prosody></speak><speak>", "INVALID_INPUT"),
        ("<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>", "INVALID_INPUT"),
        ("<?xml version='1.0'?>", "INVALID_INPUT"),
        ("&lt;speak&gt;", "INVALID_INPUT"),
        ("&#60;speak&#62;", "INVALID_INPUT"),
        ("&#x3c;", "INVALID_INPUT"),
    ],
)
def test_given_markup_or_characters_that_are_not_spoken_when_checked_then_they_are_refused(
    text: str, code: str
) -> None:
    problems = texts.check_text(text, "say", "text")
    assert _codes(problems) == [code]
    assert problems[0].field == ("say", "text")


@given(st.text())
def test_given_any_text_when_refused_then_the_message_does_not_quote_it(text: str) -> None:
    for problem in texts.check_text(f"code 4711 {text}", "text"):
        assert "4711" not in problem.message


@given(st.text(max_size=200))
def test_given_any_text_that_is_spoken_when_folded_then_it_is_one_line_and_stays_so(text: str) -> None:
    folded = texts.fold(text)
    assert texts.fold(folded) == folded
    assert "  " not in folded
    if not texts.check_text(text, "text"):
        assert not set("\r\n\t") & set(folded)
        assert "\x00" not in folded


def test_given_a_speech_when_printed_then_its_text_is_not_in_it() -> None:
    assert "4711" not in repr(Speech(text="Your code is 4711."))


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("No fields.", ()),
        ("Dear {name}, you owe {amount}. Yes, {name}.", ("name", "amount")),
        ("{field1}{_x}{A9}", ("field1", "_x", "A9")),
    ],
)
def test_given_a_template_when_read_then_its_fields_are_found_each_once(text: str, fields: tuple[str, ...]) -> None:
    assert texts.check_template(text, "text") == []
    assert texts.fields_of(text) == fields


@pytest.mark.parametrize(
    "text",
    [
        "Dear {field.__class__}",
        "Dear {0}",
        "Dear {}",
        "Dear {name!r}",
        "Dear {name:>10}",
        "Dear {name[0]}",
        "Dear {{name}}",
        "Dear { name }",
        "Dear {name",
        "Dear name}",
        "Dear {näme}",
        "Dear {" + "n" * 41 + "}",
        "<b>{name}</b>",
        "".join(f"{{f{number}}}" for number in range(MOST_FIELDS + 1)),
        "{name}" * LONGEST_TEXT,
    ],
)
def test_given_a_template_with_other_braces_or_too_much_when_checked_then_it_is_refused(text: str) -> None:
    assert set(_codes(texts.check_template(text, "text"))) == {"INVALID_INPUT"}


def test_given_a_template_when_filled_then_values_stand_as_they_are_and_are_filled_only_once() -> None:
    filled = texts.fill_template("{a} and {b} and {a}", {"a": "{b}", "b": "two", "unused": "x"}, "fields")
    assert filled == "{b} and two and {b}"


def test_given_fields_without_values_when_filled_then_each_is_named() -> None:
    with pytest.raises(RefusedError) as refused:
        texts.fill_template("{a} {b} {c}", {"a": "1", "b": "  "}, "fields")
    assert [(one.code, one.field) for one in refused.value.problems] == [
        ("FIELD_MISSING", ("fields", "b")),
        ("FIELD_MISSING", ("fields", "c")),
    ]


@pytest.mark.parametrize("value", ["<break/>", "a\x00b", "x" * (LONGEST_VALUE + 1), "\u202e"])
def test_given_a_hostile_value_when_filled_then_it_is_refused_by_its_field(value: str) -> None:
    with pytest.raises(RefusedError) as refused:
        texts.fill_template("Dear {name}", {"name": value}, "fields")
    assert [(one.code, one.field) for one in refused.value.problems] == [("INVALID_INPUT", ("fields", "name"))]


def test_given_markup_that_only_comes_together_in_the_template_when_filled_then_it_is_refused() -> None:
    with pytest.raises(RefusedError):
        texts.fill_template("{a}{b}", {"a": "<", "b": "speak>"}, "fields")


def test_given_values_that_make_the_text_too_long_when_filled_then_it_is_refused() -> None:
    text = "{a}" * 7
    with pytest.raises(RefusedError):
        texts.fill_template(text, {"a": "x" * LONGEST_VALUE}, "fields")


@pytest.mark.parametrize("voice", ["Joanna", "en-us", "en-us+f2", "zh-cmn"])
def test_given_a_voice_s_name_when_checked_then_it_may_be_one(voice: str) -> None:
    assert texts.check_settings(VoiceSettings(voice=voice, language="en-US")) == []


@pytest.mark.parametrize("voice", ["", "-w/etc/passwd", "../x", "a b", "x" * 65, "ü", "a\nb", "--voices", "+f2"])
def test_given_what_cannot_be_a_voice_when_checked_then_it_is_refused(voice: str) -> None:
    assert _codes(texts.check_settings(VoiceSettings(voice=voice))) == ["INVALID_INPUT"]


@pytest.mark.parametrize("language", ["", "e", "english", "en_US", "en-US\n", "en-", "x" * 50])
def test_given_what_is_no_language_tag_when_checked_then_it_is_refused(language: str) -> None:
    assert _codes(texts.check_settings(VoiceSettings(language=language))) == ["INVALID_INPUT"]
