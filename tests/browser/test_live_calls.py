"""A real call, seen as it goes on: it rings, connects, is held, recorded, transferred, listened to, and ends."""

import re

import pytest
from playwright.async_api import Locator, expect

from app.accounts.scopes import Scope
from app.facts.vocabulary import LegRole
from tests.rig.browser import Window
from tests.rig.desk import Desk
from tests.rig.far_end import FarEnd
from tests.rig.service import RunningOffhook

pytestmark = pytest.mark.asterisk

CUSTOMER, TARGET = "+15550117002", "+15550117003"
STAYS = "+15550100012"


def _row(window: Window, number: str) -> Locator:
    return window.page.get_by_role("row", name=re.compile(re.escape(number)))


async def test_given_a_call_when_it_goes_its_way_then_each_step_of_it_is_seen_and_done_from_the_page(
    signed_in: Window, desk: Desk, far_end: FarEnd
) -> None:
    page = signed_in.page
    call = await desk.place_call(CUSTOMER, connect="2001", first=LegRole.CUSTOMER, trunk="farend")
    row = _row(signed_in, CUSTOMER)
    await expect(row).to_contain_text("Amara Osei")
    customer = await far_end.expect_call(CUSTOMER)
    await customer.ring()
    await desk.wait_for(call.id, "leg.ringing", "CUSTOMER")
    await expect(row).to_contain_text("Ringing")
    await expect(page.get_by_role("button", name="Ringing")).to_contain_text("1")
    await customer.answer()
    await expect(row).to_contain_text("Connected")
    await expect(row.get_by_role("timer")).to_have_text(re.compile(r"0:\d\d"))

    await page.get_by_role("button", name=re.compile(re.escape(CUSTOMER))).first.click()
    sheet = page.get_by_role("dialog", name=CUSTOMER)
    await expect(sheet.get_by_text("Call connected")).to_be_visible()
    assert await signed_in.find_barriers() == []

    await sheet.get_by_role("button", name="Record").click()
    await desk.wait_for(call.id, "recording.started")
    await expect(sheet.get_by_role("button", name="Stop recording")).to_be_visible()
    await expect(sheet.get_by_text("Rec", exact=True)).to_be_visible()

    await sheet.get_by_role("button", name="Hold", exact=True).click()
    await desk.wait_for(call.id, "leg.held")
    await expect(sheet.get_by_text("On hold").first).to_be_visible()
    await sheet.get_by_role("button", name="Take off hold").click()
    await desk.wait_for(call.id, "leg.unheld")

    await sheet.get_by_role("button", name="Monitor").click()
    await page.get_by_label("Your extension").fill("2005")
    await page.get_by_role("radio", name="Whisper").check()
    await page.get_by_role("button", name="Ring my phone").click()
    await desk.wait_for(call.id, "supervision.started")
    await expect(sheet.get_by_text("Supervised")).to_be_visible()
    await expect(sheet.get_by_role("region", name="Supervisors")).to_contain_text("Eleni Marchetti")
    await sheet.get_by_role("button", name="Stop", exact=True).click()
    await desk.wait_for(call.id, "supervision.ended")

    await _refuse_then_transfer(signed_in, sheet, call.id, desk, far_end)

    await sheet.get_by_role("button", name="End", exact=True).click()
    await page.get_by_role("dialog", name="End this call?").get_by_role("button", name="End the call").click()
    story = await desk.wait_for_end(call.id)
    await expect(sheet.get_by_text("Ended · answered")).to_be_visible()
    assert story.disposition == "ANSWERED"
    assert len(story.recording_ids) == 1
    await page.keyboard.press("Escape")
    await expect(page.get_by_text("No calls right now.")).to_be_visible()


async def _refuse_then_transfer(window: Window, sheet: Locator, call_id: str, desk: Desk, far_end: FarEnd) -> None:
    """To nobody, which is said where it was asked; then to the target, step by step."""
    page = window.page
    await sheet.get_by_role("button", name="Transfer", exact=True).click()
    question = page.get_by_role("dialog", name="Transfer the call")
    await page.get_by_label("To", exact=True).fill("9999")
    await question.get_by_role("button", name="Transfer").click()
    await expect(question.get_by_role("status").get_by_text("There is no such extension.")).to_be_visible()
    assert await window.find_barriers() == []
    await page.get_by_label("To", exact=True).fill(TARGET)
    await question.get_by_role("button", name="Transfer").click()
    target = await far_end.expect_call(TARGET)
    await target.ring()
    parties = sheet.get_by_role("region", name="Parties").get_by_role("listitem")
    await expect(parties.filter(has_text=TARGET)).to_contain_text("Ringing")
    await expect(sheet.get_by_text("Transfer", exact=True)).to_be_visible()
    await target.answer()
    await desk.wait_for(call_id, "transfer.completed")
    await expect(parties.filter(has_text=TARGET)).to_contain_text("Up")
    await expect(parties.filter(has_text="Amara Osei")).to_contain_text("Ended")
    await expect(sheet.get_by_text("Transfer completed")).to_be_visible()


async def test_given_nothing_but_a_keyboard_when_a_call_is_on_then_it_can_be_ended(
    signed_in: Window, desk: Desk
) -> None:
    page = signed_in.page
    call = await desk.place_call(STAYS, connect="2002")
    await desk.wait_for(call.id, "call.connected")
    end = page.get_by_role("button", name=f"End the call with {STAYS}")
    await expect(end).to_be_visible()
    await _tab_to(signed_in, end)
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="End this call?")
    await expect(dialog).to_be_visible()
    await _tab_to(signed_in, dialog.get_by_role("button", name="End the call"))
    await page.keyboard.press("Enter")
    await desk.wait_for_end(call.id)
    await expect(page.get_by_text("No calls right now.")).to_be_visible()


async def _tab_to(window: Window, element: Locator) -> None:
    """Press Tab until the element has the focus."""
    for _ in range(60):
        if await element.evaluate("one => one === document.activeElement"):
            return
        await window.page.keyboard.press("Tab")
    raise AssertionError("Tab does not lead there")


async def test_given_a_key_that_may_supervise_when_a_call_is_on_then_it_may_listen_and_no_more(
    window: Window, desk: Desk, offhook: RunningOffhook
) -> None:
    issued = await offhook.service.services.keys.create(
        offhook.principal.account_id, name="an ear", scopes=[Scope.CALLS_READ, Scope.SUPERVISE]
    )
    call = await desk.place_call(STAYS, connect="2002")
    await desk.wait_for(call.id, "call.connected")
    await window.sign_in(issued.token, f"/calls?call={call.id}")
    buttons = window.page.get_by_role("group", name="What can be done").get_by_role("button")
    await expect(buttons).to_have_text(["Monitor"])
    await buttons.click()
    await window.page.get_by_label("Your extension").fill("2005")
    await window.page.get_by_role("button", name="Ring my phone").click()
    await desk.wait_for(call.id, "supervision.started")
    await expect(window.page.get_by_role("region", name="Supervisors")).to_contain_text("Active")
    await desk.hang_up(call.id)
    await desk.wait_for_end(call.id)


async def test_given_a_key_that_may_only_look_when_a_call_is_on_then_nothing_can_be_done_to_it(
    window: Window, desk: Desk, offhook: RunningOffhook
) -> None:
    issued = await offhook.service.services.keys.create(
        offhook.principal.account_id, name="a look", scopes=[Scope.CALLS_READ]
    )
    call = await desk.place_call(STAYS, connect="2002")
    await desk.wait_for(call.id, "call.connected")
    await window.sign_in(issued.token)
    row = window.page.get_by_role("table", name="Live calls").locator("tbody tr")
    await expect(row).to_contain_text("Connected")
    await expect(row).not_to_contain_text(STAYS)  # without pii:read numbers are masked
    assert await row.get_by_role("button", name="End").count() == 0
    await row.get_by_role("button").first.click()
    await expect(window.page.get_by_role("dialog").get_by_text("Call connected")).to_be_visible()
    assert await window.page.get_by_role("group", name="What can be done").count() == 0
    await desk.hang_up(call.id)
    await desk.wait_for_end(call.id)
