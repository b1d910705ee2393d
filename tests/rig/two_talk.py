"""Waiting until Asterisk hands the sound of two parties on as it comes, as it does when nobody else is with them."""

import asyncio

from tests.rig.ari_ears import PATIENCE_SECONDS, AriEars

_POLL_SECONDS = 0.02


async def until_two_talk_directly(ears: AriEars, call_id: str) -> None:
    """Return once the call's bridge has two channels, and passes packets on; both parties have to sound meanwhile.

    Packets that are passed on have the numbers that their sender gave them. Debian's Asterisk, which the far end is as
    well, hears nothing for minutes where they begin in the middle of listening, and begin lower.
    """
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            bridges = (await ears.request("GET", "/bridges")).json()
            (talk,) = [bridge for bridge in bridges if bridge["id"].endswith(f".{call_id}")]
            if len(talk["channels"]) == 2 and talk["technology"] == "native_rtp":  # the two
                return
            await asyncio.sleep(_POLL_SECONDS)
