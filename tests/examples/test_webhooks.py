"""``examples/webhooks-…``: a consumer that is built with ``offhook listen`` and ``trigger``, and meets a real call."""

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from tests.docs.blocks import read_blocks
from tests.examples.running import EXAMPLES, OFFHOOK, PATIENCE_SECONDS, Example, Started
from tests.rig.desk import Desk
from tests.rig.free_port import reserve_port
from tests.rig.programs import ensure_programs

pytestmark = pytest.mark.asterisk


@asynccontextmanager
async def consumer(example: Example, language: str, folder: Path, port: int) -> AsyncIterator[Started]:
    secret = (await example.run(*OFFHOOK, "listen", "--print-secret", log=folder / "secret.log")).split()[-1]
    settings = {"OFFHOOK_WEBHOOK_SECRET": secret, "PORT": str(port)}
    if language == "python":
        command = (sys.executable, str(EXAMPLES / "webhooks-python" / "consumer.py"))
        settings["DATABASE"] = str(folder / "crm.sqlite3")
        cwd = folder
    else:
        ensure_programs("node", "npm")
        cwd = folder / "consumer"
        if not cwd.exists():
            shutil.copytree(EXAMPLES / "webhooks-node", cwd, ignore=shutil.ignore_patterns("node_modules"))
            await example.run("npm", "ci", "--no-audit", "--no-fund", log=folder / "npm.log", cwd=cwd)
        command = ("node", "consumer.mjs")
    async with example.started(*command, log=folder / "consumer.log", cwd=cwd, **settings) as running:
        yield running


async def _calls(port: int) -> list[dict[str, Any]]:
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_SECONDS) as http:
        found: list[dict[str, Any]] = (await http.get(f"http://127.0.0.1:{port}/calls")).json()
        return found


@pytest.mark.parametrize("language", ["python", "node"])
async def test_given_a_consumer_when_samples_and_a_real_call_are_forwarded_then_it_keeps_the_call_and_each_event_once(
    example: Example, desk: Desk, tmp_path: Path, language: str
) -> None:
    with reserve_port() as reserved:
        port = reserved.getsockname()[1]
        listen = (*OFFHOOK, "listen", "--forward-to", f"http://127.0.0.1:{port}/webhooks", "--json")
        async with consumer(example, language, tmp_path, port) as receiving:
            # It waits for the consumer, should that not be there yet.
            async with example.started(*listen, log=tmp_path / "listen.log") as listening:
                await listening.until_said("listening to")
                cursor = await _trigger(example, tmp_path, listening)
                placed = await _place_as_its_readme_says(example, language, tmp_path)
                story = await desk.wait_for_end(placed)
                await listening.until_said(story.ended.id)
            answers = _forwarded(listening)
            assert {one["answer"]["status"] for one in answers} == {204}
            assert {fact.id for fact in story.facts} <= {one["event"]["id"] for one in answers}
            (kept,) = [one for one in await _calls(port) if one["id"] == placed]
            assert kept["number"] == "+15550100008"
            assert kept["disposition"] == "ANSWERED"
            said = await receiving.until_said(story.ended.id)
            assert "(test)" in said
            # What the sample names is no call of theirs.
            assert not any("sample" in str(one) for one in await _calls(port))
            # All of it once more, as after an outage: every event is known.
            again = (*OFFHOOK, "listen", "--forward-to", f"http://127.0.0.1:{port}/webhooks", "--after", cursor)
            count = str(len(story.facts))
            said = await example.run(*again, "--limit", count, log=tmp_path / "again.log")
            target = f"--forward-to http://127.0.0.1:{port}/webhooks"
            assert f"To go on from here: offhook listen {target} --limit {count} --after " in said
            assert receiving.said.count("seen") == len(story.facts)
        async with consumer(example, language, tmp_path, port) as restarted:
            await example.run(*again, "--limit", count, log=tmp_path / "after restart.log")
            assert restarted.said.count("seen") == 2 * len(story.facts)
            assert [one for one in await _calls(port) if one["id"] == placed] == [kept]


async def _place_as_its_readme_says(example: Example, language: str, folder: Path) -> str:
    """The call that the README has a line for; gives its id."""
    ensure_programs("bash", "curl")
    page = f"examples/webhooks-{language}/README.md"
    (line,) = [block.text for block in read_blocks(page) if block.language == "sh" and "originateCall" in block.text]
    told = orjson.loads(await example.run("bash", "-euc", line, log=folder / "call.log"))
    assert told["data"]["originateCall"]["userErrors"] == []
    call_id: str = told["data"]["originateCall"]["call"]["id"]
    return call_id


async def _trigger(example: Example, folder: Path, listening: Started) -> str:
    """Send a sample of an ended call; gives its place in the log, once it was forwarded."""
    told = orjson.loads(await example.run(*OFFHOOK, "trigger", "call.ended", "--json", log=folder / "trigger.log"))
    await listening.until_said(told[0]["eventId"])
    cursor: str = told[0]["cursor"]
    return cursor


def _forwarded(listening: Started) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in listening.said.splitlines() if line.startswith("{")]


@pytest.mark.parametrize("language", ["python", "node"])
async def test_given_a_consumer_when_what_comes_is_not_signed_then_it_is_refused(
    example: Example, tmp_path: Path, language: str
) -> None:
    with reserve_port() as reserved:
        port = reserved.getsockname()[1]
        async with consumer(example, language, tmp_path, port):
            transport = httpx.AsyncHTTPTransport(retries=5)
            async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_SECONDS, transport=transport) as http:
                forged = await http.post(
                    f"http://127.0.0.1:{port}/webhooks", json={"id": "evt_1", "type": "call.ended", "data": {}}
                )
            assert forged.status_code == 401
            assert await _calls(port) == []


async def test_given_a_taken_port_when_the_consumer_of_node_starts_then_one_line_says_so_and_how_to_choose_another(
    example: Example, tmp_path: Path
) -> None:
    with reserve_port() as taken:
        taken.listen()
        port = taken.getsockname()[1]
        async with consumer(example, "node", tmp_path, port) as refused:
            async with asyncio.timeout(PATIENCE_SECONDS):
                assert await refused.process.wait() == 1
            assert (
                refused.said
                == f"Cannot listen at port {port}: EADDRINUSE. Choose another: PORT=3001 node consumer.mjs\n"
            )
