"""A supervision's taps and its bridge, in Asterisk's words. Each of these may be done again, and does no harm twice."""

from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import dataclass

from app.ari.channels import MuteDirection, SnoopDirection
from app.ari.client import AriClient
from app.ari.errors import AriConflict, AriNotFound
from app.calls.core.commands import CreateTaps, PlaceSupervisor
from app.calls.core.guests_model import TapKind
from app.calls.names import bridge_of, supervision_bridge_of, tap_of
from app.facts.vocabulary import SupervisionMode
from app.ids import CallId, SupervisionId

_NORMAL_CLEARING = 16


@dataclass(frozen=True, slots=True)
class Supervising:
    """Carries out what supervisions ask of one Asterisk."""

    ari: AriClient
    node: str

    async def create_taps(self, command: CreateTaps, *, listens_to: str, supervisor: str) -> None:
        """Make the ear on the channel ``listens_to``, the mouth on the supervisor's. Each comes as a StasisStart."""
        ear, mouth = (tap_of(self.node, command.supervision_id, command.number, kind) for kind in TapKind)
        with suppress(AriConflict):  # it is there: the answer to an earlier request was lost
            await self.ari.snoop(
                listens_to, ear, spy=SnoopDirection.BOTH, whisper=SnoopDirection.OUT, app_args=("tap",)
            )
        with suppress(AriConflict):  # as above
            await self.ari.snoop(supervisor, mouth, spy=SnoopDirection.IN, app_args=("tap",))

    async def place(self, command: PlaceSupervisor, call_id: CallId, *, supervisor: str) -> None:
        """Silence first, so that no word goes where it must not; then put all where it belongs."""
        ear, mouth = (tap_of(self.node, command.supervision_id, command.number, kind) for kind in TapKind)
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
        await self._put(bridge, ear)
        await self._put(bridge, supervisor)
        await self._put(bridge_of(self.node, call_id), mouth)

    async def end_taps(self, supervision_id: SupervisionId, number: int) -> None:
        """Take a pair of taps away."""
        for kind in TapKind:
            tap = tap_of(self.node, supervision_id, number, kind)
            await _unless_gone(self.ari.hangup(tap, reason_code=_NORMAL_CLEARING))

    async def end(self, supervision_id: SupervisionId, number: int) -> None:
        """Take a supervision's taps and its bridge away."""
        await self.end_taps(supervision_id, number)
        await _unless_gone(self.ari.destroy_bridge(supervision_bridge_of(self.node, supervision_id)))

    async def _put(self, bridge: str, channel: str) -> None:
        # One that is there already stays: to be put there again would interrupt what it hears.
        if channel not in (await self.ari.get_bridge(bridge)).channels:
            await self.ari.add_channel(bridge, channel)


async def _unless_gone(request: Awaitable[None]) -> None:
    with suppress(AriNotFound):  # it is what was asked for
        await request
