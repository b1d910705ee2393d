"""A supervision's taps and bridges, in Asterisk's words. Each of these may be done again, and does no harm twice."""

from contextlib import suppress
from dataclasses import dataclass

from app.ari.channels import MuteDirection, SnoopDirection
from app.ari.client import AriClient
from app.ari.errors import AriConflict, AriError
from app.calls.core.causes import NORMAL_CLEARING
from app.calls.core.commands import CreateTaps, PlaceSupervisor
from app.calls.core.inputs import SupervisionPlaced
from app.calls.core.model.call import Call
from app.calls.core.model.guests import TapKind
from app.calls.core.taps import host_of
from app.calls.doing.answers import unless_gone
from app.calls.doing.booth import Booth
from app.calls.names import booth_of, bridge_of, supervision_bridge_of, tap_of
from app.facts.vocabulary import SupervisionMode
from app.ids import LegId, SupervisionId


@dataclass(frozen=True, slots=True)
class Supervising:
    """Carries out what supervisions ask of one Asterisk."""

    ari: AriClient
    node: str

    async def create_taps(self, command: CreateTaps, *, listens_to: str, supervisor: str) -> None:
        """Make the mouth on the supervisor's channel, the rest on ``listens_to``. Each comes as a StasisStart."""
        ear, mouth, voice, line = (tap_of(self.node, command.supervision_id, command.number, kind) for kind in TapKind)
        with suppress(AriConflict):  # it is there: the answer to an earlier request was lost
            await self.ari.snoop(
                listens_to, ear, spy=SnoopDirection.BOTH, whisper=SnoopDirection.OUT, app_args=("tap",)
            )
        with suppress(AriConflict):  # as above
            await self.ari.snoop(supervisor, mouth, spy=SnoopDirection.IN, app_args=("tap",))
        with suppress(AriConflict):  # as above
            await self.ari.snoop(listens_to, voice, spy=SnoopDirection.IN, app_args=("tap",))
        with suppress(AriConflict):  # as above; what is written to the voice is what the others say
            await self.ari.snoop(voice, line, spy=SnoopDirection.OUT, app_args=("tap",))

    async def place(self, command: PlaceSupervisor, call: Call, *, supervisor: str) -> SupervisionPlaced:
        """Silence first, so that no word goes where it must not; then put all where it belongs."""
        kinds = (TapKind.EAR, TapKind.MOUTH)
        ear, mouth = (tap_of(self.node, command.supervision_id, command.number, kind) for kind in kinds)
        if command.mode is not SupervisionMode.WHISPER:
            await self.ari.mute(ear, direction=MuteDirection.OUT)
        if command.mode is not SupervisionMode.BARGE:
            await self.ari.mute(mouth, direction=MuteDirection.IN)
        if command.mode is SupervisionMode.WHISPER:
            await self.ari.unmute(ear, direction=MuteDirection.OUT)
        if command.mode is SupervisionMode.BARGE:
            await self.ari.unmute(mouth, direction=MuteDirection.IN)
        bridge = supervision_bridge_of(self.node, command.supervision_id)
        with suppress(AriConflict):  # it is there: the mode changes, or all this is done once more
            await self.ari.create_bridge(bridge, bridge_type=("mixing",), name=command.supervision_id)
        await self._booth.put(bridge, ear)
        await self._booth.put(bridge, supervisor)
        await self._booth.put(bridge_of(self.node, call.id), mouth)
        try:
            await self._booth.arrange(call)
        except AriError:
            await self._booth.abandon(call)  # to listen is tried again; the talk goes on meanwhile
            raise
        return SupervisionPlaced(supervision_id=command.supervision_id, number=command.number, mode=command.mode)

    async def join(self, call: Call, leg_id: LegId) -> PlaceSupervisor | None:
        """An agent that is listened to joins the talk; gives what is to be done anew when it could not as it should.

        Raises:
            AriError: it could not at all.
        """
        host = host_of(call)
        if host is None or host.listens_to != leg_id:
            msg = "who is not listened to sits in no booth"
            raise ValueError(msg)
        try:
            await self._booth.arrange(call)
        except AriError:
            await self._booth.abandon(call)
            return PlaceSupervisor(supervision_id=host.id, number=host.taps, leg_id=host.leg_id, mode=host.mode)
        return None

    async def leave(self, call: Call, leg_id: LegId) -> None:
        """A leg is to be out of the talk: an agent that sits apart from it as well."""
        await self._booth.leave(call, leg_id)

    async def end_taps(self, call: Call, supervision_id: SupervisionId, number: int) -> None:
        """Take a set of taps away; an agent that sits apart goes back into the talk first."""
        await self._booth.vacate(call, supervision_id, number)
        for kind in TapKind:
            tap = tap_of(self.node, supervision_id, number, kind)
            await unless_gone(self.ari.hangup(tap, reason_code=NORMAL_CLEARING))

    async def end(self, call: Call, supervision_id: SupervisionId, number: int) -> None:
        """Take a supervision's taps and its bridges away."""
        await self.end_taps(call, supervision_id, number)
        for bridge in (supervision_bridge_of, booth_of):
            await unless_gone(self.ari.destroy_bridge(bridge(self.node, supervision_id)))

    @property
    def _booth(self) -> Booth:
        return Booth(self.ari, self.node)
