"""Cursors cannot be made up, changed or carried to another list; page arguments go together or are refused."""

import base64
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from app.errors import RefusedError
from app.paging import DEFAULT_PAGE, LARGEST_PAGE, CursorSigner, PageRequest, page_request

SECRET = b"s" * 32
VALUES = st.one_of(st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False), st.text(), st.none())


def _signer(
    *, secret: bytes = SECRET, account_id: str = "acc_1", list_name: str = "calls", shape: object = None
) -> CursorSigner:
    return CursorSigner(secret, account_id=account_id, list_name=list_name, shape=shape)


def _code(error: RefusedError) -> tuple[str, tuple[str, ...]]:
    return error.problems[0].code, error.problems[0].field


@given(st.lists(VALUES, max_size=4).map(tuple))
def test_given_a_position_when_written_and_read_then_it_is_the_same(position: tuple[Any, ...]) -> None:
    cursor = _signer().write(position)
    assert _signer().read(cursor, field="after") == position
    assert cursor.isascii()
    assert not set("+/= ") & set(cursor)


def test_given_equal_shapes_when_signed_then_their_cursors_are_interchangeable() -> None:
    one = _signer(shape={"tags": ["a"], "from": None})
    two = _signer(shape={"from": None, "tags": ["a"]})
    assert one.write((1,)) == two.write((1,))


@pytest.mark.parametrize(
    "other",
    [
        _signer(secret=b"t" * 32),
        _signer(account_id="acc_2"),
        _signer(list_name="cdrs"),
        _signer(shape={"tag": "vip"}),
    ],
)
def test_given_a_cursor_of_another_list_when_read_then_it_is_refused(other: CursorSigner) -> None:
    with pytest.raises(RefusedError) as caught:
        _signer().read(other.write((1, "x")), field="before")
    assert _code(caught.value) == ("INVALID_CURSOR", ("before",))


@given(st.integers(0, 200), st.integers(1, 255))
def test_given_a_cursor_when_any_bit_is_changed_then_it_is_refused(place: int, change: int) -> None:
    cursor = _signer().write(("2026-03-02T12:00:00.000000+00:00", "call_1"))
    raw = bytearray(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    raw[place % len(raw)] ^= change
    forged = base64.urlsafe_b64encode(bytes(raw)).decode().rstrip("=")
    with pytest.raises(RefusedError):
        _signer().read(forged, field="after")


@given(st.text())
def test_given_any_text_when_read_as_a_cursor_then_it_is_refused_and_nothing_worse(text: str) -> None:
    with pytest.raises(RefusedError):
        _signer().read(text, field="after")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, PageRequest(limit=DEFAULT_PAGE)),
        ({"first": 1}, PageRequest(limit=1)),
        ({"first": LARGEST_PAGE}, PageRequest(limit=LARGEST_PAGE)),
        ({"after": (7,)}, PageRequest(limit=DEFAULT_PAGE, position=(7,))),
        ({"first": 5, "after": (7,)}, PageRequest(limit=5, position=(7,))),
        ({"last": 5}, PageRequest(limit=5, backwards=True)),
        ({"before": (7,)}, PageRequest(limit=DEFAULT_PAGE, position=(7,), backwards=True)),
        ({"last": 5, "before": (7,)}, PageRequest(limit=5, position=(7,), backwards=True)),
    ],
)
def test_given_arguments_that_go_together_when_read_then_they_are_one_request(
    arguments: dict[str, Any], expected: PageRequest
) -> None:
    signer = _signer()
    signed: dict[str, Any] = {
        name: signer.write(value) if isinstance(value, tuple) else value for name, value in arguments.items()
    }
    assert page_request(signer, **signed) == expected


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"first": 0}, ("INVALID_INPUT", ("first",))),
        ({"first": -1}, ("INVALID_INPUT", ("first",))),
        ({"first": LARGEST_PAGE + 1}, ("INVALID_INPUT", ("first",))),
        ({"last": 0}, ("INVALID_INPUT", ("last",))),
        ({"last": LARGEST_PAGE + 1}, ("INVALID_INPUT", ("last",))),
        ({"first": 1, "last": 1}, ("INVALID_INPUT", ("first",))),
        ({"first": 1, "before": "x"}, ("INVALID_INPUT", ("first",))),
        ({"after": "x", "last": 1}, ("INVALID_INPUT", ("first",))),
        ({"after": "x", "before": "x"}, ("INVALID_INPUT", ("first",))),
        ({"after": "x"}, ("INVALID_CURSOR", ("after",))),
        ({"after": ""}, ("INVALID_CURSOR", ("after",))),
        ({"last": 3, "before": "é"}, ("INVALID_CURSOR", ("before",))),
    ],
)
def test_given_arguments_that_do_not_go_together_when_read_then_the_one_to_blame_is_named(
    arguments: dict[str, Any], expected: tuple[str, tuple[str, ...]]
) -> None:
    with pytest.raises(RefusedError) as caught:
        page_request(_signer(), **arguments)
    assert _code(caught.value) == expected
