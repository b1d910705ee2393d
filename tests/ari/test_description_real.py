"""The running Asterisk still describes what the committed description, and so our models, say."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest

pytestmark = pytest.mark.asterisk

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "generate_ari_models.py"
DESCRIPTION: dict[str, Any] = json.loads((ROOT / "asterisk" / "rest-api" / "description.json").read_text())
RESOURCES = ("applications", "asterisk", "bridges", "channels", "deviceStates", "endpoints", "events", "mailboxes",
             "playbacks", "recordings", "sounds")  # fmt: skip


class RunningAsterisk(Protocol):
    @property
    def ari_url(self) -> str: ...
    @property
    def ari_username(self) -> str: ...
    @property
    def ari_password(self) -> str: ...


async def test_given_the_running_asterisk_when_asked_then_it_describes_all_that_our_models_rely_on(
    asterisk: RunningAsterisk, tmp_path: Path
) -> None:
    async with httpx.AsyncClient(
        base_url=asterisk.ari_url, auth=(asterisk.ari_username, asterisk.ari_password), trust_env=False
    ) as http:
        for name in RESOURCES:
            answer = (await http.get(f"/ari/api-docs/{name}.json")).raise_for_status()
            (tmp_path / f"{name}.json").write_bytes(answer.content)
        version = (await http.get("/ari/asterisk/info")).json()["system"]["version"]
    code = (
        "import runpy, sys, json, pathlib\n"
        f"names = runpy.run_path({str(SCRIPT)!r})\n"
        f"print(json.dumps(names['reduce_description'](pathlib.Path({str(tmp_path)!r}), {version!r})))\n"
    )
    result = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    theirs = json.loads(result.stdout)

    for name, model in DESCRIPTION["models"].items():
        for field, fact in model["fields"].items():
            if fact["required"]:
                described = theirs["models"][name]["fields"][field]
                assert (described["type"], described["required"]) == (fact["type"], True), f"{name}.{field}"
    operations = {(operation["method"], operation["path"]): operation for operation in theirs["operations"]}
    for operation in DESCRIPTION["operations"]:
        described = operations[operation["method"], operation["path"]]
        assert set(operation["parameters"]) <= set(described["parameters"]), operation["path"]
        assert described["answers"] == operation["answers"], operation["path"]
