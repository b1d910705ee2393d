"""The table of faults is whole: each case has a test that exists or a reason, each test stands in it."""

import re
from collections import Counter
from pathlib import Path

from tests.faults.table import CASES, find_tests

_ROOT = Path(__file__).resolve().parents[2]


def test_given_the_table_when_its_references_are_followed_then_every_case_has_a_test_or_says_why_not() -> None:
    for case in CASES:
        assert bool(case.tests) != bool(case.not_run), f"{case.id} needs tests, or a reason, and not both"
        for path, name in case.references:
            assert any(one.startswith(name) for one in find_tests(path)), f"{case.id}: no {name}… in {path}"


def test_given_the_tests_of_faults_when_looked_for_in_the_table_then_each_stands_there() -> None:
    told = [reference for case in CASES for reference in case.references]
    for file in sorted(Path(__file__).parent.glob("test_*.py")):
        if file.name == Path(__file__).name:
            continue
        path = str(file.relative_to(_ROOT))
        for test in find_tests(path):
            assert any(path == where and test.startswith(name) for where, name in told), (
                f"{path}::{test} stands in no case of tests/faults/table.py"
            )


def test_given_the_table_when_its_ids_are_counted_then_each_is_there_once() -> None:
    assert [case_id for case_id, count in Counter(case.id for case in CASES).items() if count > 1] == []


def test_given_the_page_on_reliability_when_it_names_tests_then_they_exist() -> None:
    page = (_ROOT / "docs" / "explanation" / "reliability.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(test_\w+\.py)`", page))
    assert named
    assert named <= {path.name for path in (_ROOT / "tests" / "faults").glob("test_*.py")}
