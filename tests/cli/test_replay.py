"""``offhook replay``: its words and its exit status."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli.program import program
from tests.calls.making import make_call
from tests.calls.test_traces import file_of, run_trace, story_of


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    call = make_call()
    path = tmp_path / "trace.ndjson"
    made, told = run_trace(call, story_of(call))
    path.write_bytes(b"\n".join(file_of(made.document(), told)) + b"\n")
    return path


def test_given_a_trace_when_replayed_then_it_is_equal_and_what_is_masked_is_said(trace: Path) -> None:
    done = CliRunner().invoke(program, ["replay", str(trace)])
    assert done.exit_code == 0
    assert "Equal" in done.stdout
    assert "Masked in the file, and so in the replayed state: digits" in done.stdout


def test_given_a_trace_that_tells_something_else_when_replayed_then_the_difference_is_shown_and_it_fails(
    trace: Path,
) -> None:
    trace.write_text(trace.read_text().replace('"talkSeconds":6.6', '"talkSeconds":7.5', 1))
    done = CliRunner().invoke(program, ["replay", str(trace)])
    assert done.exit_code == 1
    assert "talkSeconds" in done.stdout
    assert "recorded: 7.5" in done.stdout
    assert "replayed: 6.6" in done.stdout
    as_json = CliRunner().invoke(program, ["replay", str(trace), "--json"])
    assert as_json.exit_code == 1
    assert json.loads(as_json.stdout)["difference"]["recorded"] == 7.5


def test_given_a_file_that_is_no_trace_when_replayed_then_it_says_where(tmp_path: Path) -> None:
    path = tmp_path / "other.ndjson"
    path.write_text("not a trace\n")
    done = CliRunner().invoke(program, ["replay", str(path)])
    assert done.exit_code == 1
    assert "Line 1 cannot be read" in done.stderr
