"""The events' types for Python and TypeScript, against the samples of all events."""

import os
import re
import subprocess
import sys
import types
import typing
from pathlib import Path
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


_USED = """
from offhook_events import OffhookEvent


def tell(event: OffhookEvent) -> str:
    if event["type"] == "call.ended":
        return event["data"]["disposition"]
    if event["type"] == "recording.saved":
        return event["data"]["disposition"]
    return event["id"]
"""


def test_given_a_program_that_is_wrong_in_one_place_when_it_is_checked_by_the_types_then_that_is_found_and_no_other(
    tmp_path: Path,
) -> None:
    (tmp_path / "offhook_events.py").write_text(write_python(), encoding="utf-8")
    (tmp_path / "used.py").write_text(_USED, encoding="utf-8")
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", os.devnull, "used.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    wrong = [line for line in checked.stdout.splitlines() if ": error: " in line]
    assert {line.partition(": ")[0] for line in wrong} == {"used.py:9"}, checked.stdout + checked.stderr
    assert any('TypedDict "RecordingSaved" has no key "disposition"' in line for line in wrong)


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
