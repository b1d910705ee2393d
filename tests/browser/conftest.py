"""Real Chromium at a real service with a real Asterisk: a browser for each test process, a service for each module."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import TypeAlias

import pytest
from playwright.async_api import Browser

from app.local.asterisk import AsteriskInstall, AsteriskInstance
from app.local.postgres import LocalPostgres
from tests.campaigns.live import speaking_settings
from tests.rig.browser import DESK, Scheme, Window, opened_window, running_browser
from tests.rig.chromium import ensure_chromium
from tests.rig.desk import Desk
from tests.rig.service import RunningOffhook, running_offhook

_numbers = itertools.count(1)

OpenWindow: TypeAlias = Callable[..., Awaitable[Window]]


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Installed on first use, which takes half a minute."""
    chromium = await asyncio.to_thread(ensure_chromium)
    async with running_browser(chromium) as running:
        yield running


@pytest.fixture(scope="module")
async def offhook(
    asterisk: AsteriskInstance,
    asterisk_install: AsteriskInstall,
    postgres: LocalPostgres,
    migrated_template: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[RunningOffhook]:
    """A service that serves the dashboard, with the sandbox's phones and agents, for the tests of a module."""
    name = f"browser_{next(_numbers)}"
    dsn = await postgres.create_database_from_template(name, migrated_template)
    settings = speaking_settings(asterisk, asterisk_install, dsn, tmp_path_factory.mktemp("browser"))
    async with running_offhook(settings, is_serving=True) as running:
        yield running
    await postgres.drop_database(name)


@pytest.fixture(scope="module")
async def desk(offhook: RunningOffhook) -> AsyncIterator[Desk]:
    """Somebody who places the calls that are looked at."""
    async with offhook.desk() as calling:
        yield calling


@pytest.fixture
async def open_window(browser: Browser, offhook: RunningOffhook) -> AsyncIterator[OpenWindow]:
    """Opens windows; at the end none of them may have a complaint that its test has not forgiven."""
    windows: list[Window] = []
    async with AsyncExitStack() as stack:

        async def opened(url: str | None, size: tuple[int, int], scheme: Scheme) -> Window:
            assert offhook.url is not None
            window = await stack.enter_async_context(
                opened_window(browser, url or offhook.url, size=size, scheme=scheme)
            )
            windows.append(window)
            return window

        yield lambda url=None, size=DESK, scheme="light": opened(url, size, scheme)
        complaints = [complaint for window in windows for complaint in window.unforgiven]
    assert complaints == []


@pytest.fixture
async def window(open_window: OpenWindow) -> Window:
    """A window at a desk, in light colours, where nobody is signed in."""
    return await open_window()


@pytest.fixture
async def signed_in(window: Window, offhook: RunningOffhook) -> Window:
    """Where somebody with every scope looks at the calls."""
    await window.sign_in(offhook.token)
    return window
