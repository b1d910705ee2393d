"""Campaigns on a running service, and SIPp's view of them."""

import asyncio
from collections import Counter
from datetime import datetime
from pathlib import Path

from app.campaigns.news import CAMPAIGNS_CHANGED
from app.config import Settings
from app.local.asterisk import AsteriskInstall, AsteriskInstance
from tests.campaigns.sheet import Sheet
from tests.rig.service import RunningOffhook, make_settings
from tests.rig.sipp import SippServer
from tests.rig.spoken import write_espeak

PATIENCE_SECONDS = 90.0


def speaking_settings(
    asterisk: AsteriskInstance, asterisk_install: AsteriskInstall, dsn: str, folder: Path
) -> Settings:
    """With the espeak-ng that was found for this machine, whatever is on the PATH."""
    return make_settings(asterisk, dsn, folder / "data", espeak=write_espeak(asterisk_install, folder))


async def wake(offhook: RunningOffhook, sheet: Sheet) -> None:
    await offhook.service.bus.publish(CAMPAIGNS_CHANGED, sheet.campaign_id)


async def wait_for_state(sheet: Sheet, state: str, *, seconds: float = PATIENCE_SECONDS) -> None:
    try:
        async with asyncio.timeout(seconds):
            while await sheet.state() != state:
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError(f"not {state}: {await sheet.state()} {await sheet.totals()}") from None


async def wait_for_calls(sheet: Sheet, calls: int) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await sheet.totals()).get("DIALLED", 0) < calls:
            await asyncio.sleep(0.05)


async def wait_until_decided(sheet: Sheet, number: str) -> None:
    """Until a contact waits for its turn no more, whatever came of it."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (row := (await sheet.contacts()).get(number)) is None or row["state"] == "WAITING":
            await asyncio.sleep(0.05)


def dialled(sipp: SippServer) -> Counter[str]:
    """How often SIPp was called at each number."""
    return Counter(call.dialled for call in sipp.calls())


def first_invites(sipp: SippServer) -> dict[str, datetime]:
    """When each Call-ID's INVITE came, the first time that it was sent."""
    first: dict[str, datetime] = {}
    for message in sipp.messages():
        if message.method == "INVITE":
            first.setdefault(message.call_id, message.at)
    return first


async def assert_never_faster(sheet: Sheet, calls_per_minute: int) -> None:
    """In no stretch of time did more calls begin than the pace allows, by the instants at which they were claimed.

    So it holds however slow this machine is. Half a second's worth may be made up for at once.
    """
    rows = await sheet.fetch(
        "SELECT at FROM number_attempt JOIN campaign_decision USING (call_id) WHERE campaign_id = $1 ORDER BY at",
        sheet.campaign_id,
    )
    instants = [row["at"].timestamp() for row in rows]
    assert instants
    for first, begin in enumerate(instants):
        for last, end in enumerate(instants[first:], first):
            most = (end - begin + 0.5) * calls_per_minute / 60 + 1
            assert last - first + 1 <= most + 1e-3, f"{last - first + 1} calls within {end - begin:.3f} s"


async def wait_until_nobody_is_called(sheet: Sheet) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while any(row["state"] in {"CLAIMED", "DIALING"} for row in (await sheet.contacts()).values()):
            await asyncio.sleep(0.1)
