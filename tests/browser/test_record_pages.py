"""What has been, in the dashboard: recordings, records, statistics, webhooks, keys, the audit log, usage."""

import csv
import hashlib
import io
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Route, expect
from standardwebhooks.webhooks import Webhook

from app.accounts.scopes import Scope
from tests.browser.conftest import OpenWindow
from tests.browser.history import (
    BUSY,
    FORMULA,
    SHORT,
    TALK_SECONDS,
    TALKED,
    History,
    ask_as,
    cells,
    fact,
    length_of,
    save,
    show,
    until,
    written_history,
)
from tests.browser.pages import left_out
from tests.rig.browser import PHONE, Scheme, Window
from tests.rig.desk import Body, Desk
from tests.rig.service import RunningOffhook

pytestmark = pytest.mark.asterisk


@pytest.fixture(scope="module")
async def history(offhook: RunningOffhook, desk: Desk) -> AsyncIterator[History]:
    async with written_history(offhook, desk) as history:
        yield history


async def test_given_a_recorded_call_when_its_number_is_searched_for_then_it_is_played_and_moved_by_keys(
    window: Window, offhook: RunningOffhook, history: History
) -> None:
    page, fetched = window.page, []
    page.on("response", lambda one: fetched.append(one.status) if "/recordings/rec_" in one.url else None)
    await window.sign_in(offhook.token, "/recordings")
    await expect(page.get_by_role("row")).to_have_count(3)
    await page.get_by_label("Customer’s number").fill("+1 (555) 010-0000")
    await expect(page.get_by_role("row")).to_have_count(2)
    await page.get_by_role("link", name=TALKED).click()
    lost = history.recording["lostSeconds"]
    told = f"{lost:.1f} s, which Asterisk had no time to write" if lost else "None"
    await expect(page.get_by_role("definition").filter(has_text=told)).to_have_count(1)
    await page.get_by_role("button", name="Play").click()
    await until(page, "() => document.querySelector('audio').currentTime > 0.3")
    assert 206 in fetched  # in parts, as players ask
    assert max(fetched) < 400
    length = await page.evaluate("() => document.querySelector('audio').duration")
    assert length == pytest.approx(history.recording["durationSeconds"], abs=0.01)
    assert length >= TALK_SECONDS - 1
    place = page.get_by_role("slider", name="Place in the recording")
    await place.focus()
    await page.keyboard.press("Space")
    await expect(page.get_by_role("button", name="Play")).to_be_visible()
    await page.keyboard.press("Home")
    await until(page, "() => document.querySelector('audio').currentTime === 0")
    await page.keyboard.press("ArrowRight")
    await until(page, "() => document.querySelector('audio').currentTime === 5")
    await expect(place).to_have_attribute("aria-valuetext", re.compile(r"^0:05 of "))
    await page.keyboard.press("k")
    await expect(page.get_by_role("button", name="Pause")).to_be_visible()
    await until(page, "() => document.querySelector('audio').ended")
    await expect(page.get_by_role("button", name="Play")).to_be_visible()


async def test_given_an_address_that_is_good_no_more_when_played_then_another_is_asked_for_and_it_plays(
    window: Window, offhook: RunningOffhook, history: History
) -> None:
    page, refused = window.page, []

    async def refuse(route: Route) -> None:
        refused.append(route.request.url)
        await route.fulfill(status=403, json={"error": {"code": "SIGNATURE_EXPIRED"}})

    await page.route(re.compile(r"/recordings/rec_[^/]*\?"), refuse, times=1)
    await window.sign_in(offhook.token, f"/recordings/{history.recording['id']}")
    await page.get_by_role("button", name="Play").click()
    await until(page, "() => document.querySelector('audio').currentTime > 0.3")
    assert len(refused) == 1
    await expect(page.get_by_role("alert")).to_have_count(0)
    window.forgive("status of 403")


async def test_given_a_recording_when_downloaded_then_it_is_the_file_that_was_stored(
    window: Window, offhook: RunningOffhook, history: History
) -> None:
    await window.sign_in(offhook.token, "/recordings")
    async with window.page.expect_download() as coming:
        await window.page.get_by_role("button", name=f"Download the recording with {TALKED}").click()
    download = await coming.value
    assert download.suggested_filename.endswith(f"{history.recording['id']}.wav")
    assert hashlib.sha256(await save(download)).hexdigest() == history.recording["sha256"]


async def test_given_records_when_filtered_and_exported_then_the_file_has_what_is_shown_and_no_formula(
    window: Window, offhook: RunningOffhook, history: History
) -> None:
    page = window.page

    async def exported() -> list[dict[str, str]]:
        async with page.expect_download() as coming:
            await page.get_by_role("button", name="Export CSV").click()
        download = await coming.value
        assert download.suggested_filename.endswith(".csv")
        return list(csv.DictReader(io.StringIO((await save(download)).decode())))

    await window.sign_in(offhook.token, "/cdrs")
    await expect(page.get_by_role("row")).to_have_count(1 + len(history.records))
    rows = await exported()
    assert {row["id"] for row in rows} == {record["id"] for record in history.records}
    (formula,) = (row["external_id"] for row in rows if row["external_id"])
    assert formula == "'" + FORMULA
    await page.get_by_label("Outcome").select_option("BUSY")
    await expect(page.get_by_role("row")).to_have_count(2)
    await expect(page.get_by_role("link", name=BUSY)).to_be_visible()
    assert [(row["disposition"], row["customer_number"]) for row in await exported()] == [("BUSY", BUSY)]
    assert "disposition=BUSY" in page.url  # a view that can be sent to somebody
    await page.get_by_role("button", name="Reset").click()
    await page.get_by_label("Tag").fill("vip")
    await expect(page.get_by_role("row")).to_have_count(2)
    await page.get_by_role("link", name=TALKED).click()
    await expect(page.get_by_text("Both could talk")).to_be_visible()  # the call's own explanation
    assert await fact(page, "Your id") == FORMULA


async def test_given_more_records_than_a_page_holds_when_paged_through_then_each_is_shown_once(
    window: Window, offhook: RunningOffhook, history: History
) -> None:
    page = window.page

    async def ask_for_two(route: Route) -> None:
        asked = route.request.post_data_json
        assert asked is not None
        if "first" in asked["variables"]:
            asked["variables"]["first"] = 2
        await route.continue_(post_data=asked)

    async def shown() -> list[str]:
        links = page.get_by_role("table", name="Call records").get_by_role("link")
        return [(await link.get_attribute("href") or "").rpartition("/")[2] for link in await links.all()]

    await page.route("**/graphql", ask_for_two)
    await window.sign_in(offhook.token, "/cdrs?order=CREATED_AT_ASC")
    await expect(page.get_by_role("row")).to_have_count(3)
    first = await shown()
    await expect(page.get_by_role("button", name="Older")).to_be_disabled()
    await page.get_by_role("button", name="Newer").click()
    await expect(page.get_by_role("row")).to_have_count(2)
    assert [*first, *await shown()] == [record["id"] for record in sorted(history.records, key=_by_time)]
    await expect(page.get_by_role("button", name="Newer")).to_be_disabled()
    await page.get_by_role("button", name="Older").click()
    await expect(page.get_by_role("row")).to_have_count(3)
    assert await shown() == first
    await page.get_by_role("button", name="Newer").click()
    await expect(page.get_by_text("Page 2")).to_be_visible()
    assert await window.find_barriers() == []
    await page.get_by_label("Order").select_option("TALK_DESC")  # another list, from its beginning
    await expect(page.get_by_text("Page 1")).to_be_visible()
    await expect(page.get_by_role("link").filter(has_text="+1555").first).to_contain_text(TALKED)


def _by_time(record: Body) -> tuple[str, str]:
    return record["createdAt"], record["id"]


async def test_given_a_recording_when_it_is_deleted_then_that_is_asked_first_and_said_after(
    window: Window, offhook: RunningOffhook, history: History
) -> None:
    page = window.page
    await window.sign_in(offhook.token, f"/recordings/{history.doomed_id}")
    question = page.get_by_role("dialog", name="Delete this recording?")
    await page.get_by_role("button", name="Delete").click()
    await question.get_by_role("button", name="Cancel").click()
    await expect(page.get_by_role("button", name="Play")).to_be_visible()
    await page.get_by_role("button", name="Delete").click()
    await question.get_by_role("button", name="Delete").click()
    await expect(page.get_by_text("This recording was deleted.")).to_be_visible()
    await expect(page.get_by_role("button", name="Play")).to_have_count(0)
    await show(window, "/recordings", "Recordings")
    await expect(page.get_by_role("row", name=SHORT).get_by_text("Deleted")).to_be_visible()
    await expect(page.get_by_role("row", name=SHORT).get_by_role("button")).to_have_count(0)


async def test_given_calls_when_statistics_are_shown_then_they_are_those_of_the_records(
    window: Window, offhook: RunningOffhook, history: History
) -> None:
    page, records = window.page, history.records
    await window.sign_in(offhook.token, "/statistics")
    connected = [record for record in records if record["connectedAt"] is not None]
    assert await fact(page, "Calls") == str(len(records))
    assert (await fact(page, "Connected")).startswith(str(len(connected)))
    assert await fact(page, "Talk") == length_of(sum(record["talkSeconds"] for record in records))
    assert await fact(page, "Longest talk") == length_of(max(record["talkSeconds"] for record in records))
    outcomes = await cells(page.get_by_role("table", name="How calls came out"))
    assert sorted(row[:2] for row in outcomes) == [["Answered", "2"], ["Busy", "1"]]
    extensions = await cells(page.get_by_role("table", name="By extension"))
    assert sorted(row[0] for row in extensions) == sorted(record["extension"] for record in records)
    await page.get_by_text("Table", exact=True).first.click()
    days = await cells(page.get_by_role("table", name="Calls by day"))
    assert len(days) == 7
    assert [sum(int(day[column]) for day in days) for column in (1, 2)] == [len(connected), 1]
    await page.get_by_label("Direction").select_option("INBOUND")
    await expect(page.get_by_text("No calls in this time.").first).to_be_visible()
    assert await fact(page, "Calls") == "0"


async def test_given_a_delivery_when_replayed_then_it_is_sent_again_under_its_id(
    window: Window, offhook: RunningOffhook, history: History
) -> None:
    page, sink = window.page, history.sink
    await window.sign_in(offhook.token, "/webhooks")
    await page.get_by_role("link", name=sink.url("/crm")).click()
    await page.get_by_label("About").fill(history.records[0]["callId"])
    await expect(page.get_by_role("row")).to_have_count(2)
    await page.get_by_role("button", name="call.ended").click()
    sheet = page.get_by_role("dialog", name="call.ended")
    await expect(sheet.get_by_text("Delivered")).to_be_visible()
    tried = await sheet.get_by_role("listitem").count()
    came = len(sink.at("/crm"))
    await sheet.get_by_role("button", name="Replay").click()
    await sink.wait_until(lambda: len(sink.at("/crm")) > came)
    await expect(sheet.get_by_role("listitem")).not_to_have_count(tried)
    await expect(sheet.get_by_text("Delivered")).to_be_visible()
    first = next(one for one in sink.at("/crm") if one.json["subjectId"] == history.records[0]["callId"])
    again = {(one.webhook_id, one.headers["offhook-replay"]) for one in sink.at("/crm")[came:]}
    assert again == {(first.webhook_id, "true")}  # this one, and no other
    await page.keyboard.press("Escape")
    await expect(sheet).to_have_count(0)
    await expect(page.get_by_role("row", name="call.ended").get_by_text("Replay")).to_be_visible()


async def test_given_a_new_endpoint_when_tested_and_disabled_then_its_secret_verifies_and_it_is_sent_no_more(
    window: Window, offhook: RunningOffhook, history: History
) -> None:
    page, sink = window.page, history.sink
    await window.sign_in(offhook.token, "/webhooks")
    await page.get_by_role("button", name="New endpoint").click()
    sheet = page.get_by_role("dialog", name="New endpoint")
    await sheet.get_by_label("URL").fill("ftp://crm.example")
    await sheet.get_by_role("button", name="Create").click()
    await expect(sheet.get_by_label("URL")).to_have_attribute("aria-invalid", "true")
    await sheet.get_by_label("URL").fill(sink.url("/made"))
    await sheet.get_by_label("Events").fill("call.ended")
    await sheet.get_by_role("button", name="Create").click()
    shown = page.get_by_role("dialog", name="The signing secret")
    secret = await shown.locator("code").inner_text()
    await shown.get_by_role("button", name="I have kept it").click()
    await page.get_by_role("button", name="Send a test").click()
    await expect(page.get_by_role("dialog", name="What came of the test").get_by_text("200")).to_be_visible()
    (test,) = sink.at("/made")
    Webhook(secret).verify(test.body, dict(test.headers))  # raises when it is not ours
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Rotate the secret").click()
    await page.get_by_role("button", name="Rotate", exact=True).click()
    fresh = page.get_by_role("dialog", name="The new signing secret")
    assert await fresh.locator("code").inner_text() != secret
    await fresh.get_by_role("button", name="I have kept it").click()
    await expect(page.get_by_text("Older secrets sign until")).to_be_visible()
    await page.get_by_role("button", name="Disable").click()
    await expect(page.get_by_role("button", name="Enable")).to_be_visible()
    await expect(page.get_by_role("button", name="Send a test")).to_be_disabled()
    await page.get_by_role("button", name="Delete").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(page.get_by_role("heading", name="Webhooks", level=1)).to_be_visible()
    await expect(page.get_by_role("link", name=sink.url("/crm"))).to_be_visible()
    await expect(page.get_by_role("link", name=sink.url("/made"))).to_have_count(0)


async def test_given_a_new_key_when_it_is_rotated_and_revoked_then_each_works_as_long_as_it_says(
    window: Window, offhook: RunningOffhook
) -> None:
    page = window.page
    await window.sign_in(offhook.token, "/keys")
    await page.get_by_role("button", name="New key").click()
    sheet = page.get_by_role("dialog", name="New key")
    await sheet.get_by_label("Name", exact=True).fill("Wallboard")
    await sheet.get_by_label("See calls and their events").check()
    await sheet.get_by_role("button", name="Create").click()
    shown = page.get_by_role("dialog", name="The new key")
    token = await shown.locator("code").inner_text()
    await shown.get_by_role("button", name="I have kept it").click()
    assert (await ask_as(offhook, token)).json()["data"]["viewer"]["scopes"] == ["CALLS_READ"]
    assert token not in await page.content()  # it was shown that once
    await page.get_by_role("button", name="Rotate Wallboard").click()
    dialog = page.get_by_role("dialog", name="Rotate “Wallboard”")
    await dialog.get_by_label("The present key").select_option("0")
    await dialog.get_by_role("button", name="Rotate", exact=True).click()
    successor = await page.get_by_role("dialog", name="The successor of “Wallboard”").locator("code").inner_text()
    await page.get_by_role("button", name="I have kept it").click()
    assert [(await ask_as(offhook, one)).status_code for one in (token, successor)] == [401, 200]
    await page.get_by_role("button", name="Revoke Wallboard").click()
    await page.get_by_role("dialog").get_by_role("button", name="Revoke", exact=True).click()
    await expect(page.get_by_role("row", name="Wallboard").get_by_text("Revoked")).to_have_count(2)
    assert (await ask_as(offhook, successor)).status_code == 401
    await window.open("/audit?action=api_key.*")
    await expect(page.get_by_role("row", name="api_key.revoke")).to_have_count(1)
    await page.get_by_label("Outcome").select_option("REFUSED")
    await expect(page.get_by_role("row", name="api_key.revoke")).to_have_count(0)


async def test_given_a_reload_when_keys_are_looked_at_then_the_key_is_asked_for_again(
    window: Window, offhook: RunningOffhook
) -> None:
    page = window.page
    await window.sign_in(offhook.token, "/keys")
    await expect(page.get_by_role("table", name="API keys")).to_be_visible()
    await page.reload()  # what was in memory alone is gone
    await expect(page.get_by_role("heading", level=1, name="API keys")).to_be_visible()
    assert await window.find_barriers() == []
    await page.get_by_label("API key").fill(offhook.token)
    await page.get_by_role("button", name="Continue").click()
    await expect(page.get_by_role("table", name="API keys")).to_be_visible()


async def test_given_calls_when_usage_is_shown_then_the_ledger_has_them(
    window: Window, offhook: RunningOffhook, history: History
) -> None:
    await window.sign_in(offhook.token, "/usage")
    ledger = window.page.get_by_role("table", name="Usage by day, kind and country")
    counts: list[Any] = [row[3:5] for row in await cells(ledger)]
    assert sum(int(calls) for calls, _ in counts) == len(history.records)
    assert sum(int(answered) for _, answered in counts) == 2


async def test_given_a_key_that_only_reads_when_it_looks_then_nothing_is_offered_that_it_may_not_do(
    window: Window, offhook: RunningOffhook, history: History
) -> None:
    page, scopes = window.page, [Scope.CDRS_READ, Scope.WEBHOOKS_READ]
    keys, account = offhook.service.services.keys, offhook.principal.account_id
    issued = await keys.create(account, name="a reader's", scopes=scopes)
    await window.sign_in(issued.token, "/cdrs")
    menu = page.get_by_role("navigation", name="Pages")
    assert await menu.get_by_role("link").all_inner_texts() == [
        "Call records",
        "Statistics",
        "Webhooks",
        "GraphQL editor",
    ]
    masked = TALKED[:2] + "*" * (len(TALKED) - 4) + TALKED[-2:]
    await page.get_by_label("Tag").fill("vip")
    await expect(page.get_by_role("row")).to_have_count(2)
    await page.get_by_role("link", name=masked).click()
    await expect(page.get_by_text("Your id")).to_be_visible()
    await expect(page.get_by_text("Why it went so")).to_have_count(0)  # that is the call's to say
    await expect(page.get_by_role("link", name="Recording", exact=True)).to_have_count(0)
    await show(window, "/webhooks", "Webhooks")
    await page.get_by_role("link", name=history.sink.url("/crm")).click()
    await expect(page.get_by_role("button", name="call.ended").first).to_be_visible()
    for name in ("Send a test", "Change", "Rotate the secret", "Disable", "Delete", "Replay all"):
        await expect(page.get_by_role("button", name=name)).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_given_either_colour_scheme_when_the_pages_are_shown_then_nothing_keeps_anybody_out(
    open_window: OpenWindow, offhook: RunningOffhook, history: History, scheme: Scheme
) -> None:
    window = await open_window(scheme=scheme)
    await window.sign_in(offhook.token)
    barriers: dict[str, list[str]] = {}
    for path, title in history.pages.items():
        await show(window, path, title)
        barriers[path] = await window.find_barriers()
    assert left_out(barriers, "History", "Account") == []
    for path, opener in (
        ("/webhooks", "New endpoint"),
        ("/keys", "New key"),
        ("/audit", "api_key.create"),
        (f"/webhooks/{history.endpoint_id}", "call.ended"),
    ):
        await show(window, path, history.pages[path])
        await window.page.get_by_role("button", name=opener).first.click()
        await expect(window.page.get_by_role("dialog")).to_be_visible()
        barriers[f"{path}: {opener}"] = await window.find_barriers()
        await window.page.keyboard.press("Escape")
    assert {path: found for path, found in barriers.items() if found} == {}


async def test_given_a_phone_when_the_pages_are_shown_then_none_is_wider_than_the_screen_and_none_keeps_anybody_out(
    open_window: OpenWindow, offhook: RunningOffhook, history: History
) -> None:
    window = await open_window(size=PHONE)
    await window.sign_in(offhook.token)
    overhang: dict[str, int] = {}
    barriers: dict[str, list[str]] = {}
    small: dict[str, list[str]] = {}
    for path, title in history.pages.items():
        await show(window, path, title)
        overhang[path] = await window.overhang()
        barriers[path] = await window.find_barriers()
        small[path] = await window.too_small()
    assert set(overhang.values()) == {0}, overhang
    assert {path: found for path, found in barriers.items() if found} == {}
    assert {path: found for path, found in small.items() if found} == {}
