"""Nested arrays in queries: what PHP itself makes of them, and back."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.dialects.originate_call import is_signed
from app.dialects.php_query import QueryError, build_query, parse_query

_VECTORS: list[dict[str, Any]] = json.loads((Path(__file__).parent / "php_vectors.json").read_text("utf-8"))["vectors"]
_ids = [one["name"] for one in _VECTORS]

_TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
_NAMES = st.text(st.characters(codec="utf-8", exclude_characters="[]"), min_size=1, max_size=10)
_TREES = st.recursive(_TEXTS, lambda inner: st.dictionaries(_NAMES, inner, min_size=1, max_size=4), max_leaves=20)


@pytest.mark.parametrize("vector", _VECTORS, ids=_ids)
def test_given_an_array_when_built_then_the_query_is_phps_own(vector: dict[str, Any]) -> None:
    assert build_query(json.loads(vector["given"])) == vector["query"]


@pytest.mark.parametrize("vector", _VECTORS, ids=_ids)
def test_given_phps_query_when_read_and_built_again_then_it_is_the_same(vector: dict[str, Any]) -> None:
    assert build_query(parse_query(vector["query"])) == vector["query"]


@given(st.dictionaries(_NAMES, _TREES, max_size=5))
def test_given_any_nested_texts_when_built_and_read_then_they_are_the_same(tree: dict[str, Any]) -> None:
    assert parse_query(build_query(tree)) == tree


def test_given_the_documents_parameters_when_signed_then_the_signature_holds_for_them_alone() -> None:
    documented = json.loads(next(one["given"] for one in _VECTORS if one["name"] == "documented"))
    query = next(one["query"] for one in _VECTORS if one["name"] == "documented")
    # What PHP says: php -r 'echo md5(http_build_query($params) . "your_api_key");'
    signature = "65fc0a7a04153c1f94958d255dfcafbb"
    assert signature == hashlib.md5(f"{query}your_api_key".encode(), usedforsecurity=False).hexdigest()

    assert is_signed(documented, "your_api_key", signature)
    assert is_signed(parse_query(query), "your_api_key", signature.upper())
    assert not is_signed({**documented, "more": "1"}, "your_api_key", signature)
    assert not is_signed(dict(reversed(documented.items())), "your_api_key", signature)
    assert not is_signed(documented, "your_api_kez", signature)
    assert not is_signed(documented, "", hashlib.md5(query.encode(), usedforsecurity=False).hexdigest())


@pytest.mark.parametrize(
    "query",
    [
        "&".join(f"a{index}=1" for index in range(1001)),
        "a" + "[b]" * 16 + "=1",
        "a=1&a[b]=2",
        "a[b]=1&a[b][c]=2",
    ],
    ids=["too many", "too deep", "text and array", "text and array below"],
)
def test_given_a_query_that_means_nothing_when_read_then_it_is_refused(query: str) -> None:
    with pytest.raises(QueryError):
        parse_query(query)


def test_given_lists_without_numbers_when_read_then_they_are_counted() -> None:
    assert parse_query("a[]=x&a[]=y&a[7]=z&a[]=w") == {"a": {"0": "x", "1": "y", "7": "z", "8": "w"}}


def test_given_brackets_that_do_not_match_when_read_then_they_are_part_of_the_name() -> None:
    assert parse_query("a[b=1&]c[=2&[d]=3") == {"a[b": "1", "]c[": "2", "[d]": "3"}


def test_given_bytes_that_are_no_utf_8_when_read_and_built_again_then_they_are_the_same() -> None:
    assert build_query(parse_query("name=Jos%E9&%E9=%C3%A9")) == "name=Jos%E9&%E9=%C3%A9"
