"""The dashboard in a real browser: windows that sign in, look, and listen for complaints.

A window remembers every error of its page: what the page threw, what the browser refused by the content security
policy, and what it logged as an error. Tests end with none of them, but for what they broke themselves.
"""

import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Literal

from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright, expect

from tests.rig.chromium import ARGUMENTS

#: Two cores are shared with Asterisk, PostgreSQL and whoever else tests: only an outright hang should hit this.
PATIENCE_MS: Final = 60_000
DESK: Final = (1320, 860)
PHONE: Final = (390, 844)

_AXE: Final = files("axe_playwright_python").joinpath("axe.min.js")
#: Everything that WCAG 2.2 AA asks for and a program can check, and what axe's authors hold for good besides.
_AXE_RULES: Final = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
}

#: Of what can be pressed, what is lower than a finger needs. A row's link takes the whole row; a box its label's place.
_FINGER_PX: Final = 44
_TOO_SMALL: Final = """least => [...document.querySelectorAll('button, a[href], input, select, textarea, summary')]
  .filter(one => one.checkVisibility({ visibilityProperty: true }) && !one.matches('.skip'))
  .map(one => [one, one.closest('.row-link') ? one.closest('tr')
    : one.matches('[type=checkbox], [type=radio]') ? one.closest('.checkbox, .mode') : one])
  .filter(([, place]) => place.getBoundingClientRect().height < least - 0.5)
  .map(([one]) => (one.ariaLabel ?? one.textContent) || one.outerHTML.slice(0, 80))"""

Scheme = Literal["light", "dark"]

expect.set_options(timeout=PATIENCE_MS)


@contextlib.asynccontextmanager
async def running_browser(chromium: Path) -> AsyncIterator[Browser]:
    """Ends with the block, with all its windows."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium, args=list(ARGUMENTS), timeout=PATIENCE_MS, handle_sigint=False
        )
        try:
            yield browser
        finally:
            await browser.close()


@dataclass
class Window:
    """A window of the dashboard at ``url``. ``complaints`` are what its page got wrong."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)
    _forgiven: list[re.Pattern[str]] = field(default_factory=list)

    def forgive(self, pattern: str) -> None:
        """Make nothing of such complaints, before or after: of what the test itself broke."""
        self._forgiven.append(re.compile(pattern))

    @property
    def unforgiven(self) -> list[str]:
        return [one for one in self.complaints if not any(pattern.search(one) for pattern in self._forgiven)]

    async def open(self, path: str = "/") -> None:
        """Go to a page of the dashboard: ``/calls``."""
        await self.page.goto(f"{self.url}/#{path}")

    async def sign_in(self, token: str, path: str = "/calls") -> None:
        """Sign in, and be shown that page."""
        await self.open(path)
        await self.page.get_by_label("API key").fill(token)
        await self.page.get_by_role("button", name="Sign in").click()
        await expect(self.page.get_by_role("navigation", name="Pages", include_hidden=True)).to_be_attached()
        await self.until_shown()

    async def until_shown(self) -> None:
        """Its page has its heading, and nothing of it is still being asked for."""
        await expect(self.page.locator("#page-title")).to_be_visible()
        await expect(self.page.locator(".loading")).to_have_count(0)

    async def find_barriers(self) -> list[str]:
        """What axe finds that keeps people out: the rule, and where it is broken."""
        await self.until_still()
        if not await self.page.evaluate("'axe' in window"):
            # Evaluated as from the browser's own tools, which the page's policy does not bind.
            await self.page.evaluate(_AXE.read_text(encoding="utf-8"))
        found: dict[str, Any] = await self.page.evaluate("rules => axe.run(document, rules)", _AXE_RULES)
        return [
            f"{one['id']}: {node['html'][:160]} ({node['any'][0]['message'] if node['any'] else one['help']})"
            for one in found["violations"]
            for node in one["nodes"]
        ]

    async def until_still(self) -> None:
        """No animation that has an end is under way: half-transparent text has another contrast."""
        await self.page.wait_for_function(
            "() => document.getAnimations().every(one => one.playState !== 'running'"
            " || one.effect.getComputedTiming().iterations === Infinity)",
            timeout=PATIENCE_MS,
        )

    async def overhang(self) -> int:
        """By how many pixels the page is wider than the window."""
        width: int = await self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        return width

    async def too_small(self) -> list[str]:
        """What a finger would miss: what can be pressed, and is less than 44 px high."""
        await self.until_still()
        found: list[str] = await self.page.evaluate(_TOO_SMALL, _FINGER_PX)
        return found


@contextlib.asynccontextmanager
async def opened_window(
    browser: Browser, url: str, *, size: tuple[int, int] = DESK, scheme: Scheme = "light"
) -> AsyncIterator[Window]:
    """A window with a session of its own, at no page yet. A phone's is touched; others have a mouse."""
    context = await browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,
        locale="en-GB",
        timezone_id="UTC",
        reduced_motion="reduce",
        has_touch=size == PHONE,
    )
    context.set_default_timeout(PATIENCE_MS)
    try:
        window = Window(await context.new_page(), url)
        window.page.on("pageerror", lambda error: window.complaints.append(f"threw {error}"))
        window.page.on("console", lambda message: _note(window, message))
        yield window
    finally:
        await context.close()


def _note(window: Window, message: ConsoleMessage) -> None:
    if message.type == "error":
        window.complaints.append(message.text)
