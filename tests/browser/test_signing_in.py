"""Who comes in, with what, and what they are shown."""

from datetime import datetime
from typing import Any, Final

import pytest
from playwright.async_api import Route, WebSocket, expect

from app.accounts.scopes import Scope
from tests.rig.browser import Window
from tests.rig.service import RunningOffhook

pytestmark = pytest.mark.asterisk

#: It is renewed in the middle of it.
_SHORT_LIFE_SECONDS: Final = 16

_STORED = "() => sessionStorage.getItem('offhook.session')"


async def _key_with(offhook: RunningOffhook, *scopes: Scope) -> str:
    keys, account = offhook.service.services.keys, offhook.principal.account_id
    return (await keys.create(account, name="a few scopes", scopes=list(scopes))).token


async def test_given_a_keyboard_and_a_key_when_signing_in_then_the_calls_are_shown(
    window: Window, offhook: RunningOffhook
) -> None:
    await window.open()
    await expect(window.page.get_by_label("API key")).to_be_focused()
    await window.page.keyboard.type(offhook.token)
    await window.page.keyboard.press("Enter")
    await expect(window.page.get_by_role("heading", name="Calls", level=1)).to_be_visible()


async def test_given_a_key_that_makes_tokens_when_signed_in_then_only_a_token_is_kept_in_the_tab(
    window: Window, offhook: RunningOffhook
) -> None:
    await window.sign_in(offhook.token)
    stored = await window.page.evaluate(_STORED)
    assert "oft_" in stored
    assert offhook.token not in stored
    assert await window.page.evaluate("() => Object.values(localStorage).join()") == ""


async def test_given_a_reload_when_the_page_comes_again_then_the_session_goes_on(
    window: Window, offhook: RunningOffhook
) -> None:
    await window.sign_in(offhook.token, "/agents")
    await window.page.reload()
    await expect(window.page.get_by_role("heading", name="Agents", level=1)).to_be_visible()
    await expect(window.page.get_by_role("row", name="Amara Osei")).to_be_visible()


async def test_given_a_signing_out_when_it_is_done_then_the_token_is_worth_nothing(
    window: Window, offhook: RunningOffhook
) -> None:
    await window.sign_in(offhook.token)
    token = (await window.page.evaluate(f"() => JSON.parse(({_STORED})()).token")).strip()
    async with window.page.expect_response(lambda one: "RevokeOwnToken" in (one.request.post_data or "")):
        await window.page.get_by_role("button", name="Sign out").click()
    await expect(window.page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert await window.page.evaluate(_STORED) is None
    status = await window.page.evaluate(
        """async token => (await fetch("/graphql", {method: "POST", body: '{"query": "{viewer {isTest}}"}', headers: {
             "Content-Type": "application/json", Authorization: `Bearer ${token}`}})).status""",
        token,
    )
    assert status == 401
    window.forgive("status of 401")


async def test_given_a_key_that_is_unknown_when_signing_in_then_that_is_said_at_the_field(window: Window) -> None:
    await window.open()
    await expect(window.page.get_by_text("offhook key create ACCOUNT")).to_be_visible()
    await expect(window.page.get_by_placeholder("ofk_…", exact=True)).to_be_visible()
    await window.page.get_by_label("API key").fill("ofk_live_nobody")
    await window.page.get_by_role("button", name="Sign in").click()
    await expect(window.page.get_by_text("This key is not known")).to_be_visible()
    await expect(window.page.get_by_label("API key")).to_have_attribute("aria-invalid", "true")
    assert await window.find_barriers() == []
    window.forgive("status of 401")


async def test_given_a_key_of_few_scopes_when_signed_in_then_the_menu_has_what_it_may_see_and_no_more(
    window: Window, offhook: RunningOffhook
) -> None:
    token = await _key_with(offhook, Scope.CALLS_READ, Scope.CAMPAIGNS_READ)
    await window.sign_in(token)
    links = window.page.get_by_role("navigation", name="Pages").get_by_role("link")
    assert await links.all_inner_texts() == ["Calls", "Queues", "Campaigns", "GraphQL editor"]
    await window.open("/agents")
    await expect(window.page.get_by_text("It lacks the scope AGENTS")).to_be_visible()


async def test_given_a_key_that_is_revoked_when_its_page_is_open_then_it_is_signed_out_and_told_why(
    window: Window, offhook: RunningOffhook
) -> None:
    keys, account = offhook.service.services.keys, offhook.principal.account_id
    issued = await keys.create(account, name="for a moment", scopes=[Scope.CALLS_READ])
    await window.sign_in(issued.token)
    await expect(window.page.get_by_text("No calls right now.")).to_be_visible()
    await keys.revoke(account, issued.key.id)
    await expect(window.page.get_by_text("You were signed out")).to_be_visible()
    window.forgive("WebSocket|401")  # the socket that was closed, or a question too late


async def test_given_a_token_that_ends_soon_when_the_page_stays_open_then_its_socket_goes_on_under_the_next_one(
    window: Window, offhook: RunningOffhook
) -> None:
    page = window.page
    made: list[Any] = []
    told: list[object] = []

    async def shorten(route: Route) -> None:
        asked: Any = route.request.post_data_json
        if "createAccessToken" not in asked["query"]:
            await route.continue_()
            return
        asked["variables"]["input"]["ttlSeconds"] = _SHORT_LIFE_SECONDS
        answer = await route.fetch(post_data=asked)
        made.append((await answer.json())["data"]["createAccessToken"])
        await route.fulfill(response=answer)

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: told.append(frame) if "accepted" in str(frame) else None)

    await page.route("**/graphql", shorten)
    page.on("websocket", listen)
    await window.sign_in(offhook.token)
    await expect(page.locator(".menu .live-mark")).to_have_text("Live")
    ends_at = datetime.fromisoformat(made[0]["accessToken"]["expiresAt"])
    await page.wait_for_function("end => Date.now() > end", arg=(ends_at.timestamp() + 1) * 1000)

    assert len(made) >= 2
    stored = await page.evaluate(_STORED)
    assert any(one["token"] in stored for one in made[1:])
    assert told, "the service took no other token on the open socket"
    await expect(page.locator(".menu .live-mark")).to_have_text("Live")
    await window.open("/agents")
    await expect(page.get_by_role("row", name="Amara Osei")).to_be_visible()
