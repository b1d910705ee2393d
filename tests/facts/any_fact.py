"""Any fact of the catalogue, as Hypothesis makes them."""

from datetime import UTC, datetime
from enum import Enum
from types import NoneType, UnionType
from typing import Any, get_args, get_origin

import hypothesis.strategies as st
import msgspec

from app.facts.catalogue import FACT_TYPES

_TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)
_PLAIN: dict[type, st.SearchStrategy[Any]] = {
    str: _TEXTS,
    int: st.integers(-(2**31), 2**31),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    NoneType: st.none(),
    datetime: st.datetimes(timezones=st.just(UTC)),
}


def _any(kind: Any) -> st.SearchStrategy[Any]:
    """Any value of a type that facts are made of."""
    if kind in _PLAIN:
        return _PLAIN[kind]
    if get_origin(kind) is UnionType:
        return st.one_of(*map(_any, get_args(kind)))
    if get_origin(kind) is tuple:
        return st.lists(_any(get_args(kind)[0]), max_size=2).map(tuple)
    if issubclass(kind, Enum):
        return st.sampled_from(kind)
    fields = {field.name: _any(field.type) for field in msgspec.structs.fields(kind)}
    return st.builds(kind, **fields)


FACTS = st.sampled_from(list(FACT_TYPES.values())).flatmap(_any)
