"""The examples that are pages, in a real Chromium, with real calls."""

import asyncio
import itertools
import json
import re
import shutil
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import httpx
import pytest
from playwright.async_api import Browser, Page, WebSocketRoute
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from app.facts.vocabulary import LegRole
from tests.api.conftest import serving
from tests.examples.running import EXAMPLES, PATIENCE_SECONDS, Example
from tests.rig.browser import running_browser
from tests.rig.chromium import ensure_chromium
from tests.rig.desk import Desk
from tests.rig.fault_proxy import proxy_to_asterisk
from tests.rig.programs import ensure_programs

pytestmark = pytest.mark.asterisk

TALKS, STAYS = "+15550100011", "+15550100012"


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    chromium = await asyncio.to_thread(ensure_chromium)
    async with running_browser(chromium) as running:
        yield running


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    page = await browser.new_page()
    page.set_default_timeout(PATIENCE_SECONDS * 1000)
    yield page
    await page.close()


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[str]:
    """A folder behind a web server of the CRM's; gives its origin."""
    async with serving(Starlette(routes=[Mount("/", StaticFiles(directory=folder, html=True))])) as port:
        yield f"http://127.0.0.1:{port}"


async def _token(example: Example, origin: str, *scopes: str, agent_id: str | None = None) -> str:
    made = await example.ask(
        "mutation($input: CreateAccessTokenInput!) "
        "{ createAccessToken(input: $input) { token userErrors { message } } }",
        input={"scopes": scopes, "allowedOrigins": [origin], "agentId": agent_id},
    )
    token: str = made["createAccessToken"]["token"]
    return token


async def test_given_a_wallboard_when_calls_come_and_the_line_breaks_then_it_shows_what_is_and_says_when_it_cannot(
    example: Example, desk: Desk, page: Page
) -> None:
    row = "[...document.querySelectorAll('#calls tr')].map((row) => row.innerText).join()"
    async with proxy_to_asterisk(example.url) as proxy:
        await page.goto(f"{(EXAMPLES / 'wallboard' / 'index.html').as_uri()}?{urlencode({'url': proxy.address})}")
        await page.fill("#key", example.offhook.token)
        await page.click("#sign-in button")
        await page.wait_for_function("document.querySelector('#status').textContent === 'Live'")
        assert await page.evaluate("document.querySelector('#live').textContent") == "0"
        first = await desk.place_call(TALKS)
        await page.wait_for_function(f"{row}.includes('CONNECTED') && {row}.includes('{TALKS}')")
        assert await page.evaluate("document.querySelector('#talking').textContent") == "1"
        proxy.cut()
        await page.wait_for_function("document.querySelector('#status').textContent.startsWith('Not live since')")
        await desk.hang_up(first.id)
        await desk.wait_for_end(first.id)
        second = await desk.place_call(STAYS)
        await desk.wait_for(second.id, "call.connected")
        proxy.mend()
        await page.wait_for_function("document.querySelector('#status').textContent === 'Live'")
        assert await page.evaluate(f"{row}.includes('{STAYS}') && !{row}.includes('{TALKS}')")
        await desk.hang_up(second.id)
        await page.wait_for_function("document.querySelector('#live').textContent === '0'")
        await desk.wait_for_end(second.id)


async def _stand_in(page: Page, say: Callable[[int, Any], Iterable[object]]) -> list[WebSocketRoute]:
    """Be the service: ``say`` answers what the page's n-th connection says, counted from 1. Gives the connections."""
    lines: list[WebSocketRoute] = []

    def connect(line: WebSocketRoute) -> None:
        lines.append(line)
        turn = len(lines)

        def hear(text: str | bytes) -> None:
            for said in say(turn, json.loads(text)):
                line.send(json.dumps(said))

        line.on_message(hear)

    await page.route_web_socket(re.compile(r"/graphql$"), connect)
    return lines


def _next(operation: str, data: object) -> dict[str, object]:
    return {"type": "next", "id": operation, "payload": {"data": data}}


def _calls(*calls: object) -> dict[str, object]:
    return _next("calls", {"liveCalls": {"chunk": 1, "isLast": True, "calls": calls}})


#: What comes when the service could not read what it was to tell.
_FAILED_READ = (
    {"type": "next", "id": "calls", "payload": {"data": None, "errors": [{"message": "It went wrong."}]}},
    {"type": "complete", "id": "calls"},
)


async def test_given_a_wallboard_when_its_list_breaks_off_on_a_good_line_then_it_connects_again_and_shows_what_is(
    page: Page,
) -> None:
    numbers = itertools.chain([TALKS], itertools.repeat(STAYS))

    def say(_: int, heard: Any) -> Iterable[object]:
        match heard:
            case {"type": "connection_init"}:
                yield {"type": "connection_ack"}
            case {"type": "subscribe", "id": "calls"}:
                party = {"number": next(numbers), "display": None, "extension": None}
                call = {"id": "call_1", "state": "CONNECTED", "createdAt": "2026-01-01T00:00:00Z", "connectedAt": None}
                yield _calls({**call, "lastCallSequence": 1, "customerParty": party, "agentParty": None})

    lines = await _stand_in(page, say)
    await page.goto((EXAMPLES / "wallboard" / "index.html").as_uri())
    await page.fill("#key", "ofk_live_any")
    await page.click("#sign-in button")
    shown = "document.querySelector('#calls').innerText.includes"
    await page.wait_for_function(f"{shown}('{TALKS}')")
    for said in _FAILED_READ:
        lines[0].send(json.dumps(said))
    await page.wait_for_function(f"{shown}('{STAYS}') && document.querySelector('#status').textContent === 'Live'")
    assert len(lines) == 2


@pytest.mark.parametrize(
    ("news", "connections"),
    [
        pytest.param((_next("calls", {"liveCalls": {}}), _calls()), 1, id="a gap, and a new snapshot"),
        pytest.param(_FAILED_READ, 2, id="a read that fails"),
    ],
)
async def test_given_a_pop_up_when_a_call_ends_unheard_then_its_card_goes_with_the_next_snapshot(
    page: Page, news: tuple[object, ...], connections: int
) -> None:
    def say(turn: int, heard: Any) -> Iterable[object]:
        match heard:
            case {"type": "connection_init"}:
                yield {"type": "connection_ack"}
            case {"type": "subscribe", "id": "me"}:
                yield _next("me", {"viewer": {"agentId": "agent_1"}})
                yield {"type": "complete", "id": "me"}
            case {"type": "subscribe", "id": "calls"}:
                customer = {"number": TALKS, "display": None, "extension": None, "isAnonymous": False}
                call = {"id": "call_1", "state": "RINGING", "agentId": "agent_1", "externalId": None}
                legs = [{"role": "AGENT", "state": "RINGING"}]
                ringing = {**call, "lastCallSequence": 1, "customerParty": customer, "legs": legs}
                yield _calls(*([ringing] if turn == 1 else []))

    lines = await _stand_in(page, say)
    asked = urlencode({"url": "http://127.0.0.1:8000", "token": "oft_any"})
    await page.goto(f"{(EXAMPLES / 'softphone-popup' / 'index.html').as_uri()}#{asked}")
    await page.wait_for_function("document.querySelector('article p')?.innerText.endsWith('is ringing you')")
    for said in news:
        lines[0].send(json.dumps(said))
    await page.wait_for_function(
        "!document.querySelector('article') && document.querySelector('#status').textContent === 'Live'"
    )
    assert len(lines) == connections


async def test_given_an_agents_token_when_the_agent_is_rung_then_the_pop_up_shows_who_it_is_and_hangs_up(
    example: Example, desk: Desk, page: Page
) -> None:
    found = await example.ask("{ extensions { nodes { id number } } }")
    extension_id = next(one["id"] for one in found["extensions"]["nodes"] if one["number"] == "2002")
    made = await example.ask(
        "mutation($input: CreateAgentInput!) { createAgent(input: $input) { agent { id } userErrors { message } } }",
        input={"name": "Sam", "extensionId": extension_id},
    )
    agent_id = made["createAgent"]["agent"]["id"]
    async with served(EXAMPLES / "softphone-popup") as origin:
        token = await _token(example, origin, "CALLS_READ", "CALLS_CONTROL", "PII_READ", agent_id=agent_id)
        await page.goto(f"{origin}/index.html#{urlencode({'url': example.url, 'token': token})}")
        await page.wait_for_function("document.querySelector('#status').textContent === 'Live'")
        others = await desk.place_call(STAYS, connect="2003")
        await desk.wait_for(others.id, "call.connected")
        mine = await desk.place_call(
            TALKS, connect=None, connect_agent_id=agent_id, first=LegRole.CUSTOMER, external_id="lead 47/11"
        )
        await page.wait_for_function("document.querySelector('article p')?.innerText.endsWith('talks to you')")
        card = await page.evaluate("document.querySelector('main').innerText")
        assert TALKS in card
        assert STAYS not in card
        assert await page.evaluate("document.querySelector('article a').getAttribute('href')") == "/crm/lead%2047%2F11"
        await page.click("article button")
        await page.wait_for_function("!document.querySelector('article')")
        story = await desk.wait_for_end(mine.id)
        assert story.ended.body["endReason"]["code"] == "API_HANGUP"
        await desk.hang_up(others.id)
        await desk.wait_for_end(others.id)


_EVENTS_USED: Final = """
import type { EventOf, OffhookEvent } from "./offhook-events.ts";

export function tell(event: OffhookEvent): string {
  switch (event.type) {
    case "call.ended":
      return `${event.data.call.id} ${event.data.disposition} ${event.data.talkSeconds.toFixed(1)}`;
    case "recording.saved":
      // @ts-expect-error -- a recording has no disposition
      return event.data.disposition;
    default:
      return event.id;
  }
}

export const legOf = (event: EventOf<"leg.ringing">): string => event.data.leg.id;
"""


async def test_given_the_typescript_front_end_when_it_is_built_then_its_types_hold_and_a_call_is_placed_and_ended(
    example: Example, desk: Desk, page: Page, tmp_path: Path
) -> None:
    ensure_programs("node", "npm")
    folder = tmp_path / "checkout" / "examples" / "typescript-frontend"
    shutil.copytree(
        EXAMPLES / "typescript-frontend", folder, ignore=shutil.ignore_patterns("node_modules", "dist", "*.d.ts")
    )
    shutil.copy(EXAMPLES.parent / "schema.graphql", tmp_path / "checkout")
    # The types that the running version serves, and a program that is right and wrong where it says so.
    async with httpx.AsyncClient(trust_env=False, timeout=60.0) as http:
        types = (await http.get(f"{example.url}/schemas/events.ts")).raise_for_status().text
    (folder / "src" / "offhook-events.ts").write_text(types, encoding="utf-8")
    (folder / "src" / "events-used.ts").write_text(_EVENTS_USED, encoding="utf-8")
    await example.run("npm", "ci", "--no-audit", "--no-fund", log=tmp_path / "npm.log", cwd=folder)
    await example.run("npm", "run", "build", log=tmp_path / "build.log", cwd=folder)
    async with served(folder / "dist") as origin:
        token = await _token(example, origin, "CALLS_ORIGINATE", "CALLS_READ", "CALLS_CONTROL")
        await page.goto(f"{origin}/index.html#{urlencode({'url': example.url, 'token': token})}")
        await page.wait_for_function("document.querySelector('[name=number]') !== null")
        await page.fill("[name=number]", TALKS)
        await page.fill("[name=extension]", "2001")
        await page.click("#dial button")
        await page.wait_for_function("document.querySelector('#state').textContent === 'Talking'")
        await page.click("#hang-up")
        await page.wait_for_function("document.querySelector('#state').textContent.startsWith('Ended: ANSWERED')")
        await page.wait_for_function("document.querySelector('#hang-up').hidden")
    main = folder / "src" / "main.ts"
    main.write_text(
        main.read_text(encoding="utf-8").replace("disposition talkSeconds", "disposition"), encoding="utf-8"
    )
    async with example.started("npm", "run", "check", log=tmp_path / "check.log", cwd=folder) as checking:
        assert await checking.process.wait() != 0
    assert "Property 'talkSeconds' does not exist" in checking.said
    assert json.loads((folder / "package-lock.json").read_text(encoding="utf-8"))["lockfileVersion"] == 3
