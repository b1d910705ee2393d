"""What has been, for the pages that show it: three calls that have ended, and words for reading pages."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
from playwright.async_api import Download, Locator, Page, expect

from app.facts.vocabulary import LegRole, RecordingMode
from tests.rig.browser import Window
from tests.rig.desk import Body, Desk
from tests.rig.service import RunningOffhook
from tests.webhooks.sink import Sink, running_sink

FORMULA: Final = '=HYPERLINK("https://evil.example","click")'
#: Long enough to be moved about in.
TALK_SECONDS: Final = 7.0
TALKED: Final = "+15550100000"
SHORT: Final = "+15550100008"
BUSY: Final = "+15550100001"
#: Their headings, by where they are.
PAGES: Final = {
    "/recordings": "Recordings",
    "/cdrs": "Call records",
    "/statistics": "Statistics",
    "/webhooks": "Webhooks",
    "/keys": "API keys",
    "/audit": "Audit log",
    "/usage": "Usage",
}


@dataclass(frozen=True, slots=True)
class History:
    """Three calls that have ended: two were talked on and recorded, one was busy. ``records`` are theirs.

    The first one's recording is ``recording``; what is done for good is done to the other, ``doomed_id``.
    """

    records: tuple[Body, ...]
    recording: Body
    doomed_id: str
    endpoint_id: str
    sink: Sink

    @property
    def pages(self) -> dict[str, str]:
        """All of them, those of single things too; no two neighbours have one heading."""
        return PAGES | {
            f"/recordings/{self.recording['id']}": TALKED,
            f"/webhooks/{self.endpoint_id}": "The CRM",
            f"/cdrs/{self.records[0]['id']}": TALKED,
        }


@asynccontextmanager
async def written_history(offhook: RunningOffhook, desk: Desk) -> AsyncIterator[History]:
    """The calls are placed, talked and ended; what becomes of them is awaited."""
    async with running_sink() as sink:
        made = await offhook.service.services.webhooks.create(
            offhook.principal.account_id, url=sink.url("/crm"), event_types=["call.ended"], description="The CRM"
        )
        talked = await desk.place_call(TALKED, record=RecordingMode.BOTH, external_id=FORMULA, tags=("vip",))
        short = await desk.place_call(SHORT, connect="2002", record=RecordingMode.BOTH)
        busy = await desk.place_call(BUSY, connect="2003", first=LegRole.CUSTOMER)
        await desk.wait_for(talked.id, "call.connected")
        await asyncio.sleep(TALK_SECONDS)  # the talk itself, not a wait for anything
        await desk.hang_up(talked.id)
        stories = [await desk.wait_for_end(call.id) for call in (talked, short, busy)]
        for call in (talked, short):
            await desk.wait_for(call.id, "recording.saved")
        await sink.wait_for(len(stories), "/crm")
        recording, doomed = [(await desk.line.recordings(call.id))[0] for call in (talked, short)]
        yield History(tuple(story.record for story in stories), recording, doomed["id"], made.endpoint.id, sink)


async def save(download: Download) -> bytes:
    return await asyncio.to_thread(Path(await download.path()).read_bytes)


async def show(window: Window, path: str, title: str) -> None:
    """A page, and not the one before it."""
    await window.open(path)
    await expect(window.page.get_by_role("heading", level=1, name=title, exact=True)).to_be_visible()
    await window.until_shown()


def length_of(seconds: float) -> str:
    """As the dashboard says it."""
    minutes, rest = divmod(int(seconds + 0.5), 60)
    return f"{minutes} min {rest} s" if minutes and rest else f"{minutes} min" if minutes else f"{rest} s"


async def until(page: Page, condition: str) -> None:
    await page.wait_for_function(condition)


async def ask_as(offhook: RunningOffhook, token: str) -> httpx.Response:
    """Who that is, of the API itself."""
    async with httpx.AsyncClient() as client:
        headers = {"Authorization": f"Bearer {token}"}
        return await client.post(f"{offhook.url}/graphql", json={"query": "{ viewer { scopes } }"}, headers=headers)


async def fact(page: Page, label: str) -> str:
    """What stands under a label, in a list of figures or facts, with plain spaces where no line may break."""
    found = page.locator("dl > div", has=page.locator("dt", has_text=re.compile(f"^{label}$"))).locator("dd")
    return (await found.first.inner_text()).replace("\xa0", " ")


async def cells(table: Locator) -> list[list[str]]:
    """The text of each cell of a table's body."""
    await expect(table).to_be_visible()
    read: list[list[str]] = await table.locator("tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.cells].map(cell => cell.textContent.trim()))"
    )
    return read
