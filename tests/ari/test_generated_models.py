"""The committed models are what the script writes, and the script notices when Asterisk changes."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from app.ari.events import KNOWN_EVENT_TYPES

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "generate_ari_models.py"
DESCRIPTION: dict[str, Any] = json.loads((ROOT / "asterisk" / "rest-api" / "description.json").read_text())


def run_check(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPT), "--check", *arguments], capture_output=True, text=True, check=False, timeout=60
    )


def test_given_the_committed_models_when_checked_then_nothing_differs() -> None:
    result = run_check()

    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_given_an_asterisk_that_describes_something_else_when_checked_then_it_fails_and_names_the_files(
    tmp_path: Path,
) -> None:
    model = {"properties": {"type": {"type": "string", "required": True}}, "subTypes": ["StasisEnd"]}
    models = {"Event": model, "StasisEnd": {"properties": {"reason": {"type": "string"}}}}
    (tmp_path / "events.json").write_text(json.dumps({"models": models, "apis": []}))

    result = run_check("--source", str(tmp_path))

    assert result.returncode == 1
    assert "asterisk/rest-api/description.json differs" in result.stdout
    assert "app/ari/_generated/events.py differs" in result.stdout


def test_given_asterisks_event_types_when_compared_then_ours_are_all_but_the_answers_to_socket_requests() -> None:
    assert set(DESCRIPTION["models"]["Event"]["subTypes"]) - KNOWN_EVENT_TYPES == {"RESTResponse"}


def test_given_the_committed_description_when_read_then_it_holds_facts_and_no_prose() -> None:
    assert {key for operation in DESCRIPTION["operations"] for key in operation} == {
        "method",
        "path",
        "name",
        "answers",
        "errors",
        "parameters",
    }
    parameters = [p for operation in DESCRIPTION["operations"] for p in operation["parameters"].values()]
    assert {key for parameter in parameters for key in parameter} == {"in", "type", "required", "values"}
    fields = [f for model in DESCRIPTION["models"].values() for f in model["fields"].values()]
    assert {key for field in fields for key in field} == {"type", "required", "values"}
