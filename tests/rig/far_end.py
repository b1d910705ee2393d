"""A far end with ears and a mouth: a second Asterisk whose every move a test decides.

::

    call = await far_end.expect_call("+15557770001")
    await call.ring()
    await call.answer()
    async with call.playing_tone(1000):
        heard = await call.hear(2.0)
    await call.hang_up()
"""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass

from app.local.asterisk import AsteriskConfig, AsteriskInstall, AsteriskInstance, SipPeer, running_asterisk
from tests.rig.ari_ears import PATIENCE_SECONDS, AriEars, AriRefusedError, Event, channel_id_of
from tests.rig.voice import Voice

_APP = "far-end"
_ANYONE = "anyone"
_numbers = itertools.count(1)

# Final SIP responses that chan_pjsip sends for a hang-up cause (Q.850) of a call not yet answered.
CAUSE_FOR_SIP_STATUS = {
    403: 21,
    404: 1,
    408: 18,
    410: 22,
    480: 19,
    484: 28,
    486: 17,
    500: 38,
    501: 29,
    502: 27,
    503: 34,
    603: 16,
}


@dataclass(slots=True)
class FarEndCall(Voice):
    """One call as its far end sees it. ``dialled``, ``caller_number``, ``caller_name``: what the SIP INVITE said."""

    dialled: str
    caller_number: str
    caller_name: str

    async def ring(self) -> None:
        """Send 180 Ringing."""
        await self.ears.request("POST", f"/channels/{self.channel_id}/ring")

    async def answer(self) -> None:
        await self.ears.request("POST", f"/channels/{self.channel_id}/answer")
        await self.ears.wait_for_channel(self.channel_id, "ChannelStateChange")

    async def reject(self, sip_status: int) -> None:
        """Refuse a call that was not answered, with one of the statuses of ``CAUSE_FOR_SIP_STATUS``."""
        await self._delete(CAUSE_FOR_SIP_STATUS[sip_status])

    async def hang_up(self) -> None:
        await self._delete(16)

    async def header(self, name: str) -> str:
        """The first header of this name in the INVITE."""
        read = f"PJSIP_HEADER(read,{name})"
        answer = await self.ears.request("GET", f"/channels/{self.channel_id}/variable", variable=read)
        return str(answer.json()["value"])

    async def _delete(self, cause: int) -> None:
        await self.ears.request("DELETE", f"/channels/{self.channel_id}", reason_code=cause)
        await self.wait_until_ended()

    async def wait_until_ended(self, *, seconds: float = PATIENCE_SECONDS) -> Event:
        """Return ChannelDestroyed (``cause``, ``tech_cause``), whoever ended the call."""
        return await self.ears.wait_for_channel(self.channel_id, "ChannelDestroyed", seconds=seconds)

    @property
    def has_ended(self) -> bool:
        return any(
            event["type"] == "ChannelDestroyed" and channel_id_of(event) == self.channel_id
            for event in self.ears.events
        )

    async def refer_to(self, sip_uri: str) -> None:
        """Ask the other side by REFER to call ``sip_uri`` instead of us (blind transfer); the call must be answered."""
        await self.ears.request("POST", f"/channels/{self.channel_id}/redirect", endpoint=f"PJSIP/{sip_uri}")


class FarEnd:
    """The instance and its application. Dial it at ``sip:<digits>@127.0.0.1:<sip_port>`` over UDP."""

    def __init__(self, asterisk: AsteriskInstance, ears: AriEars) -> None:
        self.asterisk = asterisk
        self.ears = ears
        self._taken: set[str] = set()

    @property
    def sip_port(self) -> int:
        return self.asterisk.sip_port

    async def expect_call(self, dialled: str | None = None, *, seconds: float = PATIENCE_SECONDS) -> FarEndCall:
        """Return the next call that no test has taken yet, with these digits dialled if they are given."""

        def matches(event: Event) -> bool:
            return (
                event["type"] == "StasisStart"
                and event["args"][:1] == ["inbound"]
                and event["channel"]["id"] not in self._taken
                and dialled in (None, event["args"][-1])
            )

        event = await self.ears.wait_for(matches, seconds=seconds, what=f"a call to {dialled or 'anyone'}")
        channel = event["channel"]
        self._taken.add(channel["id"])
        return FarEndCall(
            ears=self.ears,
            channel_id=channel["id"],
            dialled=event["args"][-1],
            caller_number=channel["caller"]["number"],
            caller_name=channel["caller"]["name"],
        )

    async def place_call(
        self, sip_uri: str, *, caller_number: str, caller_name: str = "", ring_seconds: int = 30
    ) -> FarEndCall:
        """Call ``sip:<digits>@127.0.0.1:<port>``; the call is ringing or on its way when this returns."""
        channel_id = f"far-{next(_numbers)}"
        await self.ears.request(
            "POST",
            "/channels/create",
            body={"variables": {"CONNECTEDLINE(num)": caller_number, "CONNECTEDLINE(name)": caller_name}},
            endpoint=f"PJSIP/{_ANYONE}/{sip_uri}",
            app=self.ears.app,
            appArgs="outbound",
            channelId=channel_id,
        )
        await self.ears.wait_for_channel(channel_id, "StasisStart")
        await self.ears.request("POST", f"/channels/{channel_id}/dial", timeout=ring_seconds)
        dialled = sip_uri.removeprefix("sip:").partition("@")[0]
        return FarEndCall(self.ears, channel_id, dialled, caller_number, caller_name)

    def calls_since(self, count: int) -> list[Event]:
        """The beginnings of channels since ``count`` events had been heard."""
        return [event for event in self.ears.events[count:] if event["type"] == "ChannelCreated"]

    async def hang_up_everything(self) -> None:
        """End what a test left and forget what was heard of it, so that the next one starts with silence."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while channels := (await self.ears.request("GET", "/channels")).json():
                for channel in channels:
                    with contextlib.suppress(AriRefusedError):  # gone in the meantime
                        await self.ears.request("DELETE", f"/channels/{channel['id']}")
                await asyncio.sleep(0.02)
        self._taken.update(event["channel"]["id"] for event in self.ears.events if event["type"] == "StasisStart")
        self.ears.forget()


@contextlib.asynccontextmanager
async def running_far_end(install: AsteriskInstall) -> AsyncIterator[FarEnd]:
    """Start a far end that takes calls from anybody on this machine."""
    config = AsteriskConfig(
        stasis_app=_APP, system_name=_APP, has_sandbox=False, peers=(SipPeer(name=_ANYONE),), ari_username=_APP
    )
    async with (
        running_asterisk(config, install=install) as asterisk,
        AriEars.listening(
            asterisk.ari_url, asterisk.ari_username, asterisk.ari_password, _APP, hears_everything=True
        ) as ears,
    ):
        yield FarEnd(asterisk, ears)
