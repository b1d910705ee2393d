"""A leg as the service will make it: created, seen in Stasis, dialled; its events and its true end."""

import contextlib
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass

from tests.rig.ari_ears import PATIENCE_SECONDS, AriEars, AriRefusedError, Event, channel_id_of
from tests.rig.far_end import FarEnd, FarEndCall
from tests.rig.fixtures import FAR_END_TRUNK

_numbers = itertools.count(1)
CALLER_NUMBER = "+12125550100"
CALLER_NAME = "Acme Co"


@dataclass(frozen=True, slots=True)
class Leg:
    ears: AriEars
    channel_id: str

    async def wait_for(self, event_type: str, *, seconds: float = PATIENCE_SECONDS, **fields: object) -> Event:
        return await self.ears.wait_for_channel(self.channel_id, event_type, seconds=seconds, **fields)

    async def wait_until_ended(self, *, seconds: float = PATIENCE_SECONDS) -> tuple[int, int | None]:
        """Return ChannelDestroyed's cause and tech_cause."""
        event = await self.wait_for("ChannelDestroyed", seconds=seconds)
        return event["cause"], event.get("tech_cause")

    async def hang_up(self) -> None:
        await self.ears.request("DELETE", f"/channels/{self.channel_id}")

    async def remembered_end(self) -> tuple[float, int, str]:
        """Return what the hang-up handler left: epoch seconds, cause, the technology's words."""
        answer = await self.ears.request("GET", "/asterisk/variable", variable=f"hup_{self.channel_id}")
        at, cause, tech, _, _ = answer.json()["value"].split("|")
        return float(at), int(cause), tech

    async def remembered_answer(self) -> float:
        """Return what it left of the answer: epoch seconds, 0 when there was none."""
        answer = await self.ears.request("GET", "/asterisk/variable", variable=f"hup_{self.channel_id}")
        return float(answer.json()["value"].split("|")[3])

    def saw(self, event_type: str, **fields: object) -> bool:
        return any(
            event["type"] == event_type
            and channel_id_of(event) == self.channel_id
            and all(event.get(name) == value for name, value in fields.items())
            for event in self.ears.events
        )


@contextlib.asynccontextmanager
async def dialled(ears: AriEars, endpoint: str, *, ring_seconds: int = 20) -> AsyncIterator[Leg]:
    """Dial ``PJSIP/…``; whatever is left of the leg at the end of the block is hung up."""
    leg = Leg(ears, f"test-{next(_numbers)}")
    await ears.request(
        "POST",
        "/channels/create",
        body={
            "variables": {
                "CONNECTEDLINE(num)": CALLER_NUMBER,
                "CONNECTEDLINE(name)": CALLER_NAME,
                "CHANNEL(hangup_handler_push)": "offhook-hangup,s,1",
                "TIMEOUT(absolute)": "120",
            }
        },
        endpoint=endpoint,
        app=ears.app,
        channelId=leg.channel_id,
    )
    await leg.wait_for("StasisStart")
    await ears.request("POST", f"/channels/{leg.channel_id}/dial", timeout=ring_seconds)
    try:
        yield leg
    finally:
        if not leg.saw("ChannelDestroyed"):
            with contextlib.suppress(AriRefusedError):  # it ended in this very moment
                await leg.hang_up()
            await leg.wait_until_ended()


@contextlib.asynccontextmanager
async def reaching(ears: AriEars, far_end: FarEnd, number: str) -> AsyncIterator[tuple[Leg, FarEndCall]]:
    """Dial a number of the far end; gives the leg, and the call as the far end sees it come in."""
    async with dialled(ears, f"PJSIP/{number}@{FAR_END_TRUNK}") as leg:
        yield leg, await far_end.expect_call(number)


async def ring(leg: Leg, call: FarEndCall) -> None:
    """The far end rings, and the leg hears of it."""
    await call.ring()
    await leg.wait_for("Dial", dialstatus="RINGING")


async def answer(leg: Leg, call: FarEndCall) -> Event:
    """The far end answers; gives what the leg hears of it."""
    await call.answer()
    return await leg.wait_for("Dial", dialstatus="ANSWER")
