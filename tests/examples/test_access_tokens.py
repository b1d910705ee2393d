"""The pages' own README files: a key made as they say is enough for all that they ask for."""

import re
from typing import Any

import httpx
import pytest

from app.accounts.scopes import Scope
from tests.docs.blocks import read_blocks
from tests.examples.running import EXAMPLES, PATIENCE_SECONDS, Example
from tests.rig.desk import Desk

pytestmark = pytest.mark.asterisk


@pytest.mark.parametrize("folder", ["softphone-popup", "typescript-frontend"])
async def test_given_a_key_with_the_scopes_of_a_readme_when_its_graphql_is_sent_then_nothing_of_it_is_refused(
    example: Example, desk: Desk, folder: str
) -> None:
    page = f"examples/{folder}/README.md"
    (command,) = re.findall(r"offhook key create sandbox (.+)", (EXAMPLES / folder / "README.md").read_text("utf-8"))
    scopes = [Scope(name) for name in re.findall(r"--scope (\S+)", command)]
    account_id = example.offhook.principal.account_id
    issued = await example.offhook.service.services.keys.create(account_id, name=folder, scopes=scopes)
    told: dict[str, Any] = {}
    for block in read_blocks(page):
        if block.language == "graphql":
            told |= await _ask(example, issued.token, _fill_in(block.text, told))
    assert told["createAccessToken"]["token"].startswith("oft_")
    if folder == "softphone-popup":
        call_id = told["originateCall"]["call"]["id"]
        await desk.hang_up(call_id)
        await desk.wait_for_end(call_id)


def _fill_in(text: str, told: dict[str, Any]) -> str:
    """The page's operation with the agent that it has asked for; before it has, for nobody in particular."""
    if "agents" not in told:
        return text.replace('agentId: "agent_…", ', "")
    return text.replace("agent_…", told["agents"]["nodes"][0]["id"])


async def _ask(example: Example, token: str, query: str) -> dict[str, Any]:
    async with httpx.AsyncClient(timeout=PATIENCE_SECONDS, trust_env=False) as http:
        answer = await http.post(
            f"{example.url}/graphql", json={"query": query}, headers={"Authorization": f"Bearer {token}"}
        )
    body = answer.json()
    assert "errors" not in body, body["errors"]
    for payload in body["data"].values():
        assert not payload.get("userErrors"), payload
    data: dict[str, Any] = body["data"]
    return data
