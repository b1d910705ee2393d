"""The network goes away, and comes back: the page says that it is not live, since when, and is right again after."""

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Locator, expect

from tests.browser.conftest import OpenWindow
from tests.rig.browser import Window
from tests.rig.desk import Desk
from tests.rig.fault_proxy import FaultProxy, proxy_to_asterisk
from tests.rig.service import RunningOffhook

pytestmark = pytest.mark.asterisk

HANGS_UP, SPEAKS, STAYS = "+15550100008", "+15550100011", "+15550100012"


@pytest.fixture
async def wire(offhook: RunningOffhook) -> AsyncIterator[FaultProxy]:
    """What is between the browser and the service."""
    assert offhook.url is not None
    async with proxy_to_asterisk(offhook.url) as proxy:
        yield proxy


@pytest.fixture
async def distant(wire: FaultProxy, open_window: OpenWindow, offhook: RunningOffhook) -> Window:
    window = await open_window(wire.address)
    await window.sign_in(offhook.token)
    await expect(window.page.get_by_text("No calls right now.")).to_be_visible()
    return window


def _call_with(window: Window, number: str) -> Locator:
    return window.page.get_by_role("row", name=re.compile(re.escape(number)))


async def test_given_a_wire_that_is_cut_while_calls_come_and_go_when_it_is_mended_then_the_list_is_right(
    distant: Window, wire: FaultProxy, desk: Desk
) -> None:
    first = await desk.place_call(SPEAKS, connect="2001")
    await desk.wait_for(first.id, "call.connected")
    await expect(_call_with(distant, SPEAKS)).to_contain_text("Connected")

    wire.cut()
    banner = distant.page.get_by_text(re.compile(r"Not live since \d\d:\d\d:\d\d"))
    await expect(banner).to_be_visible()
    await desk.hang_up(first.id)
    await desk.wait_for_end(first.id)
    second = await desk.place_call(STAYS, connect="2002")
    await desk.wait_for(second.id, "call.connected")
    await expect(_call_with(distant, SPEAKS)).to_be_visible()  # as it was last heard of, which the banner says
    assert await distant.find_barriers() == []

    wire.mend()
    await expect(banner).to_be_hidden()
    await expect(_call_with(distant, STAYS)).to_contain_text("Connected")
    await expect(_call_with(distant, SPEAKS)).to_be_hidden()
    await desk.hang_up(second.id)
    await expect(distant.page.get_by_text("No calls right now.")).to_be_visible()
    distant.forgive("WebSocket|Failed to load resource")


async def test_given_a_wire_that_falls_silent_while_a_call_is_looked_at_then_it_says_so_and_is_right_after(
    distant: Window, wire: FaultProxy, desk: Desk
) -> None:
    call = await desk.place_call(STAYS, connect="2002")
    await desk.wait_for(call.id, "call.connected")
    await distant.page.get_by_role("button", name=re.compile(re.escape(STAYS))).first.click()
    sheet = distant.page.get_by_role("dialog", name=STAYS)
    await expect(sheet.get_by_text("Call connected")).to_be_visible()

    wire.hold()
    banner = sheet.get_by_text(re.compile(r"Not live since \d\d:\d\d:\d\d"))
    await expect(banner).to_be_visible()
    await desk.hang_up(call.id)
    await desk.wait_for_end(call.id)
    await expect(sheet.get_by_text("Connected", exact=True).first).to_be_visible()
    wire.mend()
    await expect(banner).to_be_hidden()
    await expect(sheet.get_by_text("Ended · answered")).to_be_visible()
    await expect(sheet.get_by_text("Call ended")).to_be_visible()
    await expect(distant.page.locator(".menu .live-mark")).to_have_text("Live")
    distant.forgive("WebSocket|Failed to load resource")


async def test_given_a_browser_that_knows_that_it_is_offline_when_it_is_online_again_then_it_is_live_again(
    signed_in: Window,
) -> None:
    banner = signed_in.page.get_by_text(re.compile(r"Not live since \d\d:\d\d:\d\d"))
    await expect(signed_in.page.get_by_text("No calls right now.")).to_be_visible()
    await signed_in.page.context.set_offline(True)
    await expect(banner).to_be_visible()
    await signed_in.page.context.set_offline(False)
    await expect(banner).to_be_hidden()
    signed_in.forgive("WebSocket|Failed to load resource")


async def test_given_a_page_first_opened_while_the_wire_is_cut_when_it_is_mended_then_the_page_is_whole_with_its_style(
    distant: Window, wire: FaultProxy, desk: Desk
) -> None:
    page = distant.page
    call = await desk.place_call(HANGS_UP, connect="2002")
    await desk.wait_for_end(call.id)
    wire.cut()
    await expect(page.get_by_text(re.compile("Not live since"))).to_be_visible()
    await distant.open("/cdrs")
    await page.get_by_role("button", name="Try again").click()
    await expect(page.get_by_text("Offhook cannot be reached.")).to_be_visible()
    await expect(page.get_by_text("The page could not be loaded.")).to_be_visible()  # no browser's page of errors

    wire.mend()
    await distant.open("/calls")
    await expect(page.get_by_role("heading", name="Calls", level=1)).to_be_visible()
    await distant.open("/cdrs")
    customer = page.get_by_role("row", name=re.compile(re.escape(HANGS_UP))).locator(".cdr-way").first
    await expect(customer).to_have_css("display", "inline-flex")
    distant.forgive("WebSocket|Failed to load resource|dynamically imported module")
