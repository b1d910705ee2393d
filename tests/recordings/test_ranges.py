import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.recordings.ranges import ByteRange, UnsatisfiableRangeError, none_match_fails, range_applies, read_range


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-0", ByteRange(0, 1)),
        ("bytes=0-99", ByteRange(0, 100)),
        ("bytes=10-19", ByteRange(10, 20)),
        ("bytes=10-", ByteRange(10, 100)),
        ("bytes=99-", ByteRange(99, 100)),
        ("bytes=90-4000", ByteRange(90, 100)),
        ("bytes=-1", ByteRange(99, 100)),
        ("bytes=-30", ByteRange(70, 100)),
        ("bytes=-5000", ByteRange(0, 100)),
        ("BYTES=5-6", ByteRange(5, 7)),
        ("bytes = 5-6", ByteRange(5, 7)),
        ("bytes=,5-6,", ByteRange(5, 7)),
        ("bytes=0005-6", ByteRange(5, 7)),
        (f"bytes=5-{'9' * 5000}", ByteRange(5, 100)),
        (f"bytes=-{'9' * 5000}", ByteRange(0, 100)),
        (None, None),
        ("", None),
        ("bytes", None),
        ("bytes=", None),
        ("bytes=-", None),
        ("bytes=,", None),
        ("bytes=a-b", None),
        ("bytes=5", None),
        ("bytes=5-4", None),
        ("bytes=5-6-7", None),
        ("bytes=5 - 6", None),
        ("bytes=--5", None),
        ("bytes=+5-6", None),
        ("bytes=٣-٤", None),
        ("bytes=1.5-2", None),
        ("bytes=0-1,5-6", None),
        ("items=0-1", None),
        ("bytes=0-1\r\nX: y", None),
    ],
)
def test_given_a_range_header_when_read_for_100_bytes_then_this_part_is_asked_for(
    header: str | None, expected: ByteRange | None
) -> None:
    assert read_range(header, 100) == expected


@pytest.mark.parametrize(
    ("header", "size"),
    [
        ("bytes=100-", 100),
        ("bytes=100-200", 100),
        (f"bytes={'9' * 5000}-", 100),
        ("bytes=-0", 100),
        ("bytes=0-", 0),
        ("bytes=-5", 0),
    ],
)
def test_given_a_range_outside_the_file_when_read_then_it_cannot_be_satisfied(header: str, size: int) -> None:
    with pytest.raises(UnsatisfiableRangeError):
        read_range(header, size)


@given(st.text(alphabet="bytes=0123456789-, \t", max_size=30) | st.text(max_size=30), st.integers(0, 200))
def test_given_any_header_when_read_then_the_part_lies_in_the_file(text: str, size: int) -> None:
    for header in (text, f"bytes={text}"):
        try:
            part = read_range(header, size)
        except UnsatisfiableRangeError:
            continue
        assert part is None or 0 <= part.start < part.end <= size


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, False),
        ('"abc"', True),
        ('W/"abc"', True),
        ('"x", W/"abc", "y"', True),
        ("*", True),
        ('"abcd"', False),
        ("abc", False),
        ("", False),
        ('"a"bc"', False),
    ],
)
def test_given_if_none_match_then_it_names_this_file_or_not(header: str | None, expected: bool) -> None:
    assert none_match_fails(header, '"abc"') is expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, True),
        ('"abc"', True),
        ('W/"abc"', False),
        ('"abd"', False),
        ("Fri, 01 May 2026 12:00:00 GMT", False),
    ],
)
def test_given_if_range_then_the_range_counts_for_the_same_file_only(header: str | None, expected: bool) -> None:
    assert range_applies(header, '"abc"') is expected
