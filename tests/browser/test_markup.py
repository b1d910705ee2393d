"""Markup in whatever has a name, a note or a tag is text in the dashboard: nothing is made of it, and nothing runs."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final

import pytest
from playwright.async_api import expect

from app.dashboard.files import POLICY
from tests.browser.history import show
from tests.rig.browser import Window
from tests.rig.desk import Desk
from tests.rig.service import RunningOffhook
from tests.security.caller import Caller, calling

pytestmark = pytest.mark.asterisk

#: Each sets ``window.ran`` if a page takes it for more than text.
_ELEMENT: Final = "<img src=x onerror=ran=1>"
_SCRIPT: Final = "<script>ran=1</script>"
_BREAKS_OUT: Final = "\"'><svg onload=ran=1>"
_LINK: Final = "javascript:ran=1"
_TEMPLATE: Final = "{{constructor.constructor('ran=1')()}}"
_FORM: Final = '</textarea></title><iframe srcdoc="<script>parent.ran=1</script>">'
#: What would be there if any of them had been taken for markup, or had run.
_MADE: Final = """() => ['ran' in window, ...document.querySelectorAll(
  'img[src="x"], script:not([src]), svg[onload], iframe, [href^="javascript:"], [onerror], [onload], [onclick]')
].map(one => one.outerHTML ?? one).filter(one => one)"""
#: Ways in which a page could make markup or a program of a text; each says how it ended.
_SINKS: Final = """() => {
  const ways = {
    markup: () => { document.createElement('div').innerHTML = '<b>x</b>' },
    handler: () => { document.body.setAttribute('onclick', 'ran=1') },
    script: () => { document.createElement('script').textContent = 'ran=1' },
  }
  return Object.entries(ways).map(([name, way]) => { try { way(); return name } catch (error) { return error.name } })
}"""


@dataclass(frozen=True, slots=True)
class Marked:
    """What has markup wherever it takes a text: ids, and the number that is being called."""

    call_id: str
    number: str
    campaign_id: str
    endpoint_id: str


@pytest.fixture(scope="module")
async def caller(offhook: RunningOffhook) -> AsyncIterator[Caller]:
    async with calling(offhook) as one:
        yield one


@pytest.fixture(scope="module")
async def marked(caller: Caller, desk: Desk) -> Marked:
    number = "+15550100012"
    async with caller.offhook.service.database.acquire() as connection:
        # The API takes no markup in an agent's name; whatever stands there must be harmless all the same.
        await connection.execute(
            "UPDATE agent SET name = $1, display_name = $2 WHERE extension_id = "
            "(SELECT id FROM extension WHERE number = '2001')",
            *(_BREAKS_OUT, _ELEMENT),
        )
    placed = await caller.do(
        "originateCall",
        "call { id }",
        destination={"number": number},
        connect={"extension": "2001"},
        externalId=_FORM,
        tags=[_SCRIPT, _LINK],
        metadata=[{"key": "note", "value": _ELEMENT}, {"key": "word", "value": _TEMPLATE}],
        idempotencyKey="marked",
    )
    await desk.wait_for(placed["call"]["id"], "call.connected")
    made = await caller.do("createContactList", "contactList { id }", name=_SCRIPT)
    list_id = made["contactList"]["id"]
    await caller.do("createQueue", "queue { id }", name=_ELEMENT, strategy="LONGEST_IDLE")
    await caller.do("createApiKey", "apiKey { id }", name=_BREAKS_OUT, scopes=["CALLS_READ"], isTest=True)
    campaign = await caller.do(
        "createCampaign",
        "campaign { id }",
        name=_ELEMENT,
        contactListIds=[list_id],
        content={"announcement": {"text": "Hello."}},
    )
    endpoint = await caller.do(
        "createWebhookEndpoint", "webhookEndpoint { id }", url="https://8.8.8.8/hook", description=_SCRIPT
    )
    return Marked(placed["call"]["id"], number, campaign["campaign"]["id"], endpoint["webhookEndpoint"]["id"])


async def _look(window: Window, *shown: str) -> None:
    """Everything is to be read as it was written, and nothing has come of it."""
    for sample in shown:
        await expect(window.page.get_by_text(sample).first).to_be_visible()
    assert await window.page.evaluate(_MADE) == []


async def test_given_markup_in_names_notes_and_tags_when_their_pages_are_looked_at_then_it_is_text_and_nothing_runs(
    window: Window, offhook: RunningOffhook, desk: Desk, marked: Marked
) -> None:
    page, dialogs = window.page, []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    await window.sign_in(offhook.token)
    await _look(window, _BREAKS_OUT)
    await page.get_by_role("button", name=marked.number).first.click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    await _look(window, _FORM)
    await page.keyboard.press("Escape")
    for path, title, shown in (
        ("/agents", "Agents", [_ELEMENT]),
        ("/queues", "Queues", [_ELEMENT]),
        ("/campaigns", "Campaigns", [_ELEMENT]),
        (f"/campaigns/{marked.campaign_id}", _ELEMENT, [_ELEMENT]),
        ("/webhooks", "Webhooks", [_SCRIPT]),
        (f"/webhooks/{marked.endpoint_id}", _SCRIPT, [_SCRIPT]),
        ("/keys", "API keys", [_BREAKS_OUT]),
        ("/audit", "Audit log", []),
    ):
        await show(window, path, title)
        await _look(window, *shown)
    await desk.hang_up(marked.call_id)
    story = await desk.wait_for_end(marked.call_id)
    await show(window, f"/cdrs/{story.record['id']}", marked.number)
    await _look(window, f"{_SCRIPT}, {_LINK}", _FORM, _ELEMENT, _TEMPLATE)
    assert dialogs == []


async def test_given_the_dashboards_policy_when_a_page_would_make_markup_or_a_program_of_a_text_then_it_cannot(
    window: Window, offhook: RunningOffhook
) -> None:
    window.forgive("requires 'Trusted(HTML|Script)' assignment")
    answers: list[Any] = []
    window.page.on("response", lambda one: answers.append(one) if one.request.is_navigation_request() else None)
    await window.sign_in(offhook.token)
    policies = [await answer.header_value("content-security-policy") for answer in answers]
    assert policies == [POLICY] * len(answers) != []
    rules = dict(rule.strip().partition(" ")[::2] for rule in POLICY.split(";"))
    assert rules["script-src"] == rules["style-src"] == "'self'"
    assert (rules["default-src"], rules["base-uri"], rules["form-action"]) == ("'none'",) * 3
    assert await window.page.evaluate(_SINKS) == ["TypeError"] * 3
    assert await window.page.evaluate(_MADE) == []
