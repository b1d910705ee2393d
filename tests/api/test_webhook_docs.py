"""What the page for receivers shows is what the API takes."""

import re
from pathlib import Path

import pytest
from graphql import parse, validate

from app.api.schema import build_schema
from app.config import WEBHOOK_SCHEDULE

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "webhooks.md").read_text()
OPERATIONS = re.findall(r"```graphql\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_given_an_operation_on_the_page_when_validated_then_the_schema_has_all_of_it(operation: str) -> None:
    assert validate(build_schema()._schema, parse(operation)) == []


def test_given_the_page_when_compared_then_it_has_operations_and_the_schedule_is_the_settings() -> None:
    assert len(OPERATIONS) >= 5
    (waits,) = re.findall(r"\| after the one before \|(.*)\|", PAGE)
    units = {"s": 1, "min": 60, "h": 3600}
    told = [float(number) * units[unit] for number, unit in re.findall(r"(\d+) (s|min|h)", waits)]
    assert tuple(told) == WEBHOOK_SCHEDULE
