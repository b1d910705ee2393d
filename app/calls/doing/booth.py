"""The booth: where an agent sits while somebody listens, apart from the talk and joined to it by two snoop channels.

::

    customer ──┐                        ┌── agent
               ├─ the call's bridge     ├─ booth
    voice ─────┘   (what the agent      └── line   (what the talk writes to
                    says)                           the voice)

The ear on the agent's leg hears and whispers where Asterisk writes to that leg. What a bridge of several writes there
may be encoded already, and numbered 0; Debian's Asterisk drops that when it has to decode it, where it decoded numbered
packets of the other party before. What the line brings is neither. See decision 19.
"""

from contextlib import suppress
from dataclasses import dataclass

from app.ari.client import AriClient
from app.ari.errors import AriConflict, AriError, AriInvalid, AriNotFound
from app.calls.core.model.call import Call
from app.calls.core.model.guests import Supervision, TapKind
from app.calls.core.taps import host_of, is_to_talk
from app.calls.names import booth_of, bridge_of, channel_of_leg, tap_of
from app.ids import LegId, SupervisionId


@dataclass(frozen=True, slots=True)
class Booth:
    """Puts agents into their booths, and back. Each of these may be done again, and does no harm twice."""

    ari: AriClient
    node: str

    async def arrange(self, call: Call) -> None:
        """Have the agent in the booth of its host, with the talk beside it; one that is not to talk is left alone.

        Raises:
            AriError: it may be half done: :meth:`abandon`.
        """
        host, agent = host_of(call), call.seats[0]
        if host is None or agent is None or not is_to_talk(agent):
            return
        booth = booth_of(self.node, host.id)
        with suppress(AriConflict):  # it is there: all this is done once more
            await self.ari.create_bridge(booth, bridge_type=("mixing",), name=host.id)
        await self.put(booth, self._tap(host, TapKind.LINE))
        # For some milliseconds it is in the talk twice, rather than not at all.
        await self.put(bridge_of(self.node, call.id), self._tap(host, TapKind.VOICE))
        await self.put(booth, channel_of_leg(self.node, agent))
        for other in call.supervisions:
            if other.taps and other.id != host.id:
                await self._take_out(bridge_of(self.node, call.id), self._tap(other, TapKind.VOICE))

    async def abandon(self, call: Call) -> None:
        """Have the agent in the talk itself, if it belongs there: heard and hearing, though perhaps not whispered to.

        Raises:
            AriError: Asterisk will not have it there either.
        """
        agent = call.seats[0]
        for one in call.supervisions:
            with suppress(AriError):  # should it stay, the agent is heard twice: better than not
                await self._take_out(bridge_of(self.node, call.id), self._tap(one, TapKind.VOICE))
        if agent is not None and is_to_talk(agent):
            await self.put(bridge_of(self.node, call.id), channel_of_leg(self.node, agent))

    async def leave(self, call: Call, leg_id: LegId) -> None:
        """Take an agent out of wherever it sits apart: it hears the talk no more, and is not heard."""
        for one in call.supervisions:
            if one.taps and one.listens_to == leg_id:
                await self._take_out(bridge_of(self.node, call.id), self._tap(one, TapKind.VOICE))
                await self._take_out(booth_of(self.node, one.id), channel_of_leg(self.node, call.leg(leg_id)))

    async def vacate(self, call: Call, supervision_id: SupervisionId, number: int) -> None:
        """A booth is about to be taken down: whoever sits in it goes to that of another host, or into the talk."""
        agent = call.seats[0]
        if call.is_ending or agent is None or not is_to_talk(agent):
            return
        try:
            inside = (await self.ari.get_bridge(booth_of(self.node, supervision_id))).channels
        except AriNotFound:
            return  # it never was
        channel = channel_of_leg(self.node, agent)
        if channel not in inside:
            return
        voice = tap_of(self.node, supervision_id, number, TapKind.VOICE)
        await self._take_out(bridge_of(self.node, call.id), voice)
        host = host_of(call)
        if host is None or host.id == supervision_id:
            await self.put(bridge_of(self.node, call.id), channel)
        else:
            await self.arrange(call)

    async def put(self, bridge: str, channel: str) -> None:
        """Have a channel in a bridge, wherever it was."""
        # One that is there already stays: to be put there again would interrupt what it hears.
        if channel not in (await self.ari.get_bridge(bridge)).channels:
            await self.ari.add_channel(bridge, channel, inhibit_connected_line_updates=True)

    async def _take_out(self, bridge: str, channel: str) -> None:
        with suppress(AriInvalid, AriNotFound):  # it is not in it, or one of the two is gone
            await self.ari.remove_channel(bridge, channel)

    def _tap(self, supervision: Supervision, kind: TapKind) -> str:
        return tap_of(self.node, supervision.id, supervision.taps, kind)
