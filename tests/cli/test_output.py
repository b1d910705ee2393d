"""How commands end, and how values are written."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from app.cli.output import as_document, telling_errors
from app.errors import AsteriskUnavailableError, ConfigurationError, Problem, RefusedError


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (ConfigurationError("Set this.\nAnd that."), 2, ("Set this.", "And that.")),
        (AsteriskUnavailableError("No Asterisk."), 1, ("No Asterisk.",)),
        (
            RefusedError([Problem("INVALID_INPUT", "One.", ("a", "b")), Problem("REQUIRED", "Two.")]),
            1,
            ("a.b: One.", "Two."),
        ),
        (ExceptionGroup("tasks", [ExceptionGroup("inner", [ConfigurationError("Mend me.")])]), 2, ("Mend me.",)),
    ],
)
def test_given_an_error_of_ours_when_a_command_ends_with_it_then_its_message_and_status_are_given(
    error: Exception, status: int, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end, telling_errors():
        raise error

    said = capsys.readouterr()
    assert end.value.code == status
    assert said.out == ""
    for word in words:
        assert word in said.err


def test_given_a_bug_among_errors_of_ours_when_a_command_ends_then_it_is_not_hidden() -> None:
    with pytest.raises(ExceptionGroup), telling_errors():
        raise ExceptionGroup("tasks", [ConfigurationError("x"), ExceptionGroup("inner", [ZeroDivisionError()])])


def test_given_ctrl_c_when_a_command_ends_then_its_status_says_so() -> None:
    with pytest.raises(SystemExit) as end, telling_errors():
        raise KeyboardInterrupt

    assert end.value.code == 130


@dataclass(frozen=True)
class Thing:
    is_fine: bool
    made_at: datetime
    names: tuple[str, ...]


def test_given_a_dataclass_when_written_as_json_then_keys_are_camel_case_and_instants_are_utc() -> None:
    assert as_document(
        {"a": [Thing(is_fine=True, made_at=datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC), names=("x",))]}
    ) == {"a": [{"isFine": True, "madeAt": "2030-01-02T03:04:05Z", "names": ["x"]}]}
