"""The events' types for Python and TypeScript, against the samples of all events."""

import re
import types
import typing
from typing import Any, Literal

import orjson
import pytest

from app.facts.catalogue import FACT_TYPES, encode_event
from app.facts.samples import sample_event
from app.facts.typings import write_python, write_typescript
from tests.facts.test_samples import TYPES, triggered

MODULE = types.ModuleType("offhook_events")
exec(compile(write_python(), "offhook_events.py", "exec"), MODULE.__dict__)  # noqa: S102  # it is what users import
EVENTS = {
    typing.get_args(typing.get_type_hints(event)["type"])[0]: event for event in typing.get_args(MODULE.OffhookEvent)
}


@pytest.mark.parametrize("event_type", TYPES)
def test_given_an_event_then_its_python_type_is_exactly_its_form(event_type: str) -> None:
    check(orjson.loads(encode_event(sample_event(triggered(event_type)))), EVENTS[event_type])


def test_given_all_events_then_each_has_a_type_in_both_languages() -> None:
    assert set(EVENTS) == set(FACT_TYPES)
    named = re.findall(r'^  type: "([a-z_.]+)";$', write_typescript(), re.MULTILINE)
    assert sorted(named) == sorted(FACT_TYPES)


def test_given_typescript_then_every_name_in_it_is_defined_once() -> None:
    text = re.sub(r"/\*.*?\*/", "", write_typescript(), flags=re.DOTALL)
    defined = re.findall(r"^export (?:interface|type) (\w+)", text, re.MULTILINE)
    assert len(defined) == len(set(defined))
    fields = re.findall(r"^  \w+\??: (.+);$", text, re.MULTILINE)
    used = {name for field in fields for name in re.findall(r"\b[A-Z]\w+\b", re.sub(r'"[^"]*"', "", field))}
    assert used - {"Array"} <= set(defined)


def check(value: Any, kind: Any) -> None:
    """Fail unless a value of JSON is of a type: every key there is named, and every key that is named is there."""
    if typing.is_typeddict(kind):
        hints = typing.get_type_hints(kind)
        assert kind.__required_keys__ <= set(value) <= set(hints), kind
        for key, one in value.items():
            check(one, hints[key])
        return
    origin = typing.get_origin(kind)
    if origin is Literal:
        assert value in typing.get_args(kind), (value, kind)
    elif origin is list:
        for one in value:
            check(one, *typing.get_args(kind))
    elif origin in {typing.Union, types.UnionType}:
        first, nothing = typing.get_args(kind)
        assert nothing is types.NoneType
        if value is not None:
            check(value, first)
    else:
        assert type(value) is kind, (value, kind)
