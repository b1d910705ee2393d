"""Media streams, in Asterisk's words and the relay's. Each of these may be done again, and does no harm twice."""

from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol

from app.ari.client import AriClient
from app.ari.errors import AriConflict, AriInvalid, AriNotFound
from app.calls.core.causes import NORMAL_CLEARING
from app.calls.core.commands import CloseStream, OpenStream, PressInStream
from app.calls.core.model.call import Call
from app.calls.doing.answers import make_sure, unless_gone
from app.calls.names import stream_of
from app.errors import OverloadedError
from app.facts.vocabulary import MediaStreamEnd
from app.ids import LegId
from app.media.model import StreamJob


class Relays(Protocol):
    """Who relays: `app.media.desk`."""

    def open(self, job: StreamJob) -> None:
        """Open a stream; what comes of it is told as inputs. Raises OverloadedError: there are too many."""
        ...

    def press(self, stream_id: str, digit: str, duration_milliseconds: int) -> None:
        """Tell its program of a key."""
        ...

    def close(self, stream_id: str, reason: MediaStreamEnd) -> None:
        """End it."""
        ...


class NoRelays:
    """Where nobody relays."""

    def open(self, job: StreamJob) -> None:
        """Always refused."""
        raise OverloadedError(f"Nobody relays media streams here: {job.stream_id}.")

    def press(self, stream_id: str, digit: str, duration_milliseconds: int) -> None:
        """There is none."""

    def close(self, stream_id: str, reason: MediaStreamEnd) -> None:
        """There is none."""


@dataclass(frozen=True, slots=True)
class Streaming:
    """Carries out what media streams ask."""

    ari: AriClient
    node: str
    relays: Relays

    def open(self, command: OpenStream, call: Call, channel: str) -> None:
        """Have a program connected to, for the leg that is this channel. Raises OverloadedError."""
        self.relays.open(
            StreamJob(
                stream_id=command.stream_id,
                call_id=call.id,
                leg_id=command.leg_id,
                account_id=call.account_id,
                url=command.url,
                sample_rate=command.sample_rate,
                parameters={pair.key: pair.value for pair in command.parameters},
                finds_beep=command.finds_beep,
                leg_channel=channel,
            )
        )

    async def join(self, call: Call, leg_id: LegId, channel: str) -> None:
        """Put a leg's channel and its stream's into a bridge of their own; nothing, when the stream is over by now."""
        stream = call.stream_on(leg_id)
        if stream is None:
            return
        name = stream_of(self.node, stream.id)
        creation = self.ari.create_bridge(name, bridge_type=("mixing",), name=stream.id)
        with suppress(AriConflict):  # it is there: the leg is put back
            await make_sure(creation, lambda: self.ari.get_bridge(name))
        for one in (name, channel):
            await self._put(name, one)

    def press(self, command: PressInStream) -> None:
        """Tell its program of a key."""
        self.relays.press(command.stream_id, command.digit, command.duration_milliseconds)

    async def close(self, command: CloseStream, channel: str | None) -> None:
        """Say good-bye to its program, let the leg's channel out, and take away the stream's and the bridge."""
        self.relays.close(command.stream_id, command.reason)
        name = stream_of(self.node, command.stream_id)
        if channel is not None:
            with suppress(AriInvalid, AriNotFound):  # it is not in it, or gone; or there is no bridge
                await self.ari.remove_channel(name, channel)
        await unless_gone(self.ari.hangup(name, reason_code=NORMAL_CLEARING))
        await unless_gone(self.ari.destroy_bridge(name))

    async def _put(self, bridge: str, channel: str) -> None:
        async def look() -> None:
            if channel not in (await self.ari.get_bridge(bridge)).channels:
                raise AriNotFound("The channel is not in it.", operation="GET /bridges/{}", status=HTTPStatus.NOT_FOUND)

        await make_sure(self.ari.add_channel(bridge, channel, inhibit_connected_line_updates=True), look)
