"""Agents, queues and campaigns as they go on, and that no live page keeps anybody out."""

import asyncio
import re
import uuid
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import OpenWindow
from tests.browser.pages import left_out
from tests.rig.browser import PHONE, Scheme, Window
from tests.rig.desk import PATIENCE_SECONDS, Desk
from tests.rig.service import RunningOffhook

pytestmark = pytest.mark.asterisk

STAYS = "+15550100012"
#: The last four digits of sandbox numbers that answer.
_THAT_ANSWER = ("0000", "0008", "0011", "0012")
_POLL_SECONDS = 0.1
_PAGES = ("/calls", "/agents", "/queues", "/campaigns")


async def _do(offhook: RunningOffhook, verb: str, wanted: str, **given: Any) -> Any:
    kind = f"{verb[0].upper()}{verb[1:]}Input!"
    query = f"mutation($input: {kind}) {{ {verb}(input: $input) {{ {wanted} userErrors {{ code message field }} }} }}"
    return await offhook.change(query, **given)


async def _campaign(offhook: RunningOffhook, campaign_id: str) -> Any:
    """How it stands by the API's own word, beside the page."""
    query = "query($id: ID!) { campaign(id: $id) { state progress { inFlight statistics { dialled } } } }"
    return await offhook.ask(query, id=campaign_id)


async def _dialled_once_nobody_is_called(offhook: RunningOffhook, campaign_id: str, state: str) -> int:
    """Calls that are on when it is paused or stopped go on to their end."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (campaign := await _campaign(offhook, campaign_id))["progress"]["inFlight"] > 0:
            await asyncio.sleep(_POLL_SECONDS)
    assert campaign["state"] == state
    dialled: int = campaign["progress"]["statistics"]["dialled"]
    return dialled


async def _agent_id(offhook: RunningOffhook, extension: str) -> str:
    query = "SELECT agent.id FROM agent JOIN extension ON extension.id = agent.extension_id WHERE extension.number = $1"
    async with offhook.service.database.acquire() as connection:
        return str(await connection.fetchval(query, extension))


async def _make_campaign(offhook: RunningOffhook, *, contacts: int, calls_per_minute: int) -> tuple[str, str]:
    """The name, which is new, and the id of a draft whose contacts answer and stay a while."""
    name = f"Spring {uuid.uuid4().hex[:6]}"
    made = await _do(offhook, "createContactList", "contactList { id }", name=name)
    list_id = made["contactList"]["id"]
    numbers = [f"+155501{place % 10}{_THAT_ANSWER[place // 10]}" for place in range(contacts)]
    given = [{"number": number, "timeZone": "Etc/UTC"} for number in numbers]
    await _do(offhook, "addContacts", "", listId=list_id, contacts=given)
    made = await _do(
        offhook,
        "createCampaign",
        "campaign { id }",
        name=name,
        content={"announcement": {"text": "A reminder.", "repeat": 1}},
        contactListIds=[list_id],
        callsPerMinute=calls_per_minute,
        maxConcurrentCalls=2,
        windows=[{"from": "00:00", "to": "24:00"}],
    )
    return name, made["campaign"]["id"]


async def test_given_a_campaign_when_started_paused_resumed_and_stopped_from_the_page_then_it_does_so(
    window: Window, offhook: RunningOffhook
) -> None:
    name, campaign_id = await _make_campaign(offhook, contacts=40, calls_per_minute=30)
    await window.sign_in(offhook.token, "/campaigns")
    page = window.page
    row = page.get_by_role("row", name=re.compile(name))
    await expect(row).to_contain_text("Draft")
    await row.get_by_role("link", name=name).click()
    await expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
    assert (await _campaign(offhook, campaign_id))["state"] == "DRAFT"
    await page.get_by_role("button", name=f"Start {name}").click()
    await expect(page.get_by_text("Running", exact=True)).to_be_visible()
    assert (await _campaign(offhook, campaign_id))["state"] == "RUNNING"
    await expect(_figure(page, "Dialled")).not_to_have_text("0")
    await expect(_figure(page, "Answered")).not_to_have_text(re.compile(r"^0"))  # real calls that were picked up
    await expect(page.locator(".pace-now strong")).not_to_have_text("0")
    await expect(page.locator(".pace-now")).to_contain_text("of the target")
    await expect(page.get_by_text("Target 30 a minute")).to_be_visible()
    await expect(page.get_by_text("40 contacts")).to_be_visible()
    assert await window.find_barriers() == []

    await page.get_by_role("button", name=f"Pause {name}").click()
    await expect(page.get_by_text("Paused", exact=True)).to_be_visible()
    dialled = await _dialled_once_nobody_is_called(offhook, campaign_id, "PAUSED")
    await expect(_figure(page, "On the line")).to_have_text(re.compile(r"^0"))
    await expect(_figure(page, "Dialled")).to_have_text(str(dialled))
    await page.get_by_role("link", name="Campaigns").first.click()
    done = page.get_by_role("row", name=re.compile(name)).get_by_role("progressbar")
    await expect(done).to_have_attribute(
        "aria-valuenow", str(int(dialled / 40 * 100 + 0.5))
    )  # of all, not of those begun
    await page.get_by_role("link", name=name).click()

    await page.get_by_role("button", name=f"Resume {name}").click()
    await expect(page.get_by_text("Running", exact=True)).to_be_visible()
    await expect(_figure(page, "Dialled")).not_to_have_text(str(dialled))
    await page.get_by_role("button", name=f"Stop {name}").click()
    await page.get_by_role("button", name="Stop the campaign").click()
    await expect(page.get_by_text("Stopped", exact=True)).to_be_visible()
    assert dialled < await _dialled_once_nobody_is_called(offhook, campaign_id, "STOPPED") < 40
    await expect(_figure(page, "On the line")).to_have_text(re.compile(r"^0"))


def _figure(page: Page, label: str) -> Locator:
    return page.locator(".stat", has=page.get_by_text(label, exact=True)).locator("dd")


async def test_given_an_agent_when_it_is_paused_and_made_available_from_the_page_then_everybody_sees_it(
    open_window: OpenWindow, offhook: RunningOffhook
) -> None:
    one, other = await open_window(), await open_window()
    await one.sign_in(offhook.token, "/agents")
    await other.sign_in(offhook.token, "/agents")
    for said, shown in (("Make Hiro Tanabe available", "Available"), ("Pause Hiro Tanabe", "Paused")):
        await one.page.get_by_role("button", name=said).click()
        await expect(other.page.get_by_role("row", name="Hiro Tanabe")).to_contain_text(shown)


async def test_given_a_caller_who_waits_when_the_queue_is_shown_then_it_is_there_with_its_wait_until_it_leaves(
    window: Window, offhook: RunningOffhook, desk: Desk
) -> None:
    agent = await _agent_id(offhook, "2010")
    made = await _do(
        offhook, "createQueue", "queue { id }", name="Support", strategy="LONGEST_IDLE", members=[{"agentId": agent}]
    )
    await window.sign_in(offhook.token, "/queues")
    queue = window.page.get_by_role("region", name="Support")
    await expect(queue.get_by_text("Nobody waits.")).to_be_visible()
    placed = await _do(
        offhook,
        "originateCall",
        "call { id }",
        destination={"number": STAYS},
        connect={"queueId": made["queue"]["id"]},
        dialFirst="CUSTOMER",
        idempotencyKey=uuid.uuid4().hex,
    )
    waiting = queue.get_by_role("list", name="Waiting in Support")
    await expect(waiting.get_by_role("listitem")).to_contain_text(STAYS)
    await expect(waiting.get_by_role("timer")).to_have_text(re.compile(r"0:\d\d"))
    assert await window.find_barriers() == []
    await desk.hang_up(placed["call"]["id"])
    await expect(queue.get_by_text("Nobody waits.")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_given_either_colour_scheme_when_the_live_pages_are_shown_then_nothing_keeps_anybody_out(
    open_window: OpenWindow, offhook: RunningOffhook, desk: Desk, scheme: Scheme
) -> None:
    window = await open_window(scheme=scheme)
    await window.open()
    barriers = {"sign-in": await window.find_barriers()}
    await window.sign_in(offhook.token)
    _, campaign_id = await _make_campaign(offhook, contacts=2, calls_per_minute=60)
    call = await desk.place_call(STAYS, connect="2004")
    await desk.wait_for(call.id, "call.connected")
    for path in (*_PAGES, "/nowhere", f"/campaigns/{campaign_id}", f"/calls?call={call.id}"):
        await window.open(path)
        await window.until_shown()
        barriers[path] = await window.find_barriers()
    assert left_out(barriers, "Live") == []
    for opener in ("Transfer", "Monitor", "End"):
        await window.page.get_by_role("button", name=opener, exact=True).first.click()
        barriers[opener] = await window.find_barriers()
        await window.page.keyboard.press("Escape")
    await desk.hang_up(call.id)
    await desk.wait_for_end(call.id)
    assert {path: found for path, found in barriers.items() if found} == {}


async def test_given_a_phone_when_the_live_pages_are_shown_then_they_fit_and_keep_nobody_out_and_the_menu_opens(
    open_window: OpenWindow, offhook: RunningOffhook, desk: Desk
) -> None:
    window = await open_window(size=PHONE)
    await window.open()
    overhang = {"sign-in": await window.overhang()}
    barriers = {"sign-in": await window.find_barriers()}
    small = {"sign-in": await window.too_small()}
    await window.sign_in(offhook.token)
    _, campaign_id = await _make_campaign(offhook, contacts=2, calls_per_minute=60)
    call = await desk.place_call(STAYS, connect="2004")
    await desk.wait_for(call.id, "call.connected")
    for path in (*_PAGES, f"/campaigns/{campaign_id}", f"/calls?call={call.id}"):
        await window.open(path)
        await window.until_shown()
        overhang[path] = await window.overhang()
        barriers[path] = await window.find_barriers()
        small[path] = await window.too_small()
    await desk.hang_up(call.id)
    await desk.wait_for_end(call.id)
    assert set(overhang.values()) == {0}, overhang
    assert {path: found for path, found in barriers.items() if found} == {}
    assert {path: found for path, found in small.items() if found} == {}

    await window.open("/calls")
    await window.page.get_by_role("button", name="Open the menu").click()
    assert await window.find_barriers() == []
    assert await window.too_small() == []
    await window.page.get_by_role("link", name="Agents").focus()
    await window.page.keyboard.press("Escape")
    await expect(window.page.get_by_role("button", name="Open the menu")).to_be_focused()
    await expect(window.page.get_by_role("link", name="Agents")).to_be_hidden()
    await window.page.keyboard.press("Enter")
    await window.page.get_by_role("link", name="Agents").click()
    await expect(window.page.get_by_role("heading", name="Agents", level=1)).to_be_visible()
    await expect(window.page.get_by_role("link", name="Agents")).to_be_hidden()
