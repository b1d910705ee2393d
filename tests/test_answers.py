"""What every surface outside GraphQL answers with: JSON that nobody keeps, and a pause that is never too short."""

import orjson
import pytest

from app.answers import json_answer, retry_after


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.0, "1"), (0.2, "1"), (1.0, "1"), (1.2, "2"), (2.5, "3"), (29.001, "30"), (60, "60")]
)
def test_given_a_pause_when_told_then_it_is_whole_seconds_at_least_one_and_never_over_too_early(
    seconds: float, said: str
) -> None:
    assert retry_after(seconds) == {"Retry-After": said}


def test_given_no_pause_when_told_then_there_is_no_header() -> None:
    assert retry_after(None) == {}


def test_given_a_body_when_answered_then_it_is_json_with_its_status_and_headers_and_not_kept() -> None:
    answer = json_answer({"error": "später"}, 429, {"Retry-After": "3"})
    assert orjson.loads(answer.body) == {"error": "später"}
    assert answer.status_code == 429
    assert answer.headers["content-type"] == "application/json"
    assert (answer.headers["cache-control"], answer.headers["retry-after"]) == ("no-store", "3")
    assert json_answer([]).status_code == 200
