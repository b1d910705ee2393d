"""The sandbox's phones as Asterisk sees them: the far ends of its own loop are channels of it too."""

import asyncio

from tests.rig.ari_ears import PATIENCE_SECONDS, AriEars


async def the_phone_that_rings(ears: AriEars) -> dict[str, str]:
    """``number`` and ``name`` that it shows; that of a call before, which is still hanging up, is waited for."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(phones := await _phones(ears)) != 1:
            await asyncio.sleep(0.02)
    return phones[0]


async def _phones(ears: AriEars) -> list[dict[str, str]]:
    channels = (await ears.request("GET", "/channels")).json()
    return [channel["caller"] for channel in channels if channel["name"].startswith("PJSIP/sandbox-farend-")]
